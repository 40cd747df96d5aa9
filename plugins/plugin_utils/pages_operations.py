# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of what serves all apps and all people: the load balancer and those on call."""

from __future__ import annotations

from .pages_model import (
    ANY_IS_BAD,
    ANY_IS_WORTH_A_LOOK,
    DAY_S,
    DOWN_IS_BAD,
    FULL,
    Limits,
    Page,
    Panel,
    Query,
    firing,
    number,
)

HAPROXY = "HAProxy's own metrics (job haproxy)"
ALERTMANAGER = "Alertmanager (job alertmanager)"
RULES = "alert rules"
FAILS = Limits(0.001, 0.01)
ERRORS = (
    'sum by (proxy) (rate(haproxy_backend_http_responses_total{code="5xx"}[$window]))'
    " / (sum by (proxy) (rate(haproxy_backend_http_responses_total[$window])) > 0)"
)

LOAD_BALANCER = Page(
    "load_balancer",
    "Load balancer",
    "What comes in, where it goes, and who answers.",
    (
        number(
            "Load balancers",
            'min by (host) (up{job="haproxy"})',
            HAPROXY,
            unit="up",
            limits=DOWN_IS_BAD,
            legend="{host}",
            good="up",
        ),
        number("Requests", "sum(rate(haproxy_frontend_http_requests_total[$window]))", HAPROXY, unit="1/s"),
        number(
            "Connections of the limit",
            "max(haproxy_process_current_connections / haproxy_process_max_connections)",
            HAPROXY,
            unit="ratio",
            limits=FULL,
            good="below 80 %",
        ),
        number(
            "Idle",
            "min(haproxy_process_idle_time_percent) / 100",
            HAPROXY,
            unit="ratio",
            limits=Limits(0.2, 0.05, low_is_bad=True),
            good="above 20 %",
        ),
        Panel(
            "Backends",
            "table",
            (
                Query(
                    "max by (proxy) (haproxy_backend_active_servers)",
                    "servers up",
                    "count",
                    Limits(1, 0, low_is_bad=True),
                ),
                Query("sum by (proxy) (rate(haproxy_backend_http_responses_total[$window]))", "requests", "1/s"),
                Query(ERRORS, "failed", "ratio", FAILS, optional=True),
                Query("max by (proxy) (haproxy_backend_response_time_average_seconds)", "answer", "s"),
                Query("sum by (proxy) (haproxy_backend_current_queue)", "queued", "count", ANY_IS_WORTH_A_LOOK),
                Query("sum by (proxy) (haproxy_backend_current_sessions)", "sessions", "count"),
                Query(
                    "sum by (proxy) (rate(haproxy_backend_retry_warnings_total[$window]))",
                    "tried again",
                    "1/s",
                    Limits(warn=0.1),
                ),
            ),
            HAPROXY,
            key=("proxy",),
            good="no queue, below 0.1 % failed",
            section="Backends",
        ),
        Panel(
            "Requests by backend",
            "graph",
            (Query("sum by (proxy) (rate(haproxy_backend_http_responses_total[$window]))", "{proxy}"),),
            HAPROXY,
            unit="1/s",
            good="steady for the time of day",
            section="Backends",
        ),
        Panel(
            "Share of requests that failed",
            "graph",
            (Query(ERRORS, "{proxy}"),),
            HAPROXY,
            unit="ratio",
            limits=FAILS,
            good="below 0.1 %",
            section="Backends",
        ),
        Panel(
            "Answer time",
            "graph",
            (Query("max by (proxy) (haproxy_backend_response_time_average_seconds)", "{proxy}"),),
            HAPROXY,
            unit="s",
            good="steady: averages of the last 1024 requests",
            section="Backends",
        ),
        Panel(
            "Requests in the queue",
            "graph",
            (Query("sum by (proxy) (haproxy_backend_current_queue)", "{proxy}"),),
            HAPROXY,
            limits=ANY_IS_WORTH_A_LOOK,
            good="0",
            section="Backends",
        ),
        Panel(
            "Servers",
            "table",
            (
                Query("haproxy_server_status == 1", "state", text="state"),
                Query('max by (proxy, server) (haproxy_server_status{state="DOWN"})', "down", "yes", ANY_IS_BAD),
                Query("max by (proxy, server) (haproxy_server_weight)", "weight", "count"),
                Query("sum by (proxy, server) (rate(haproxy_server_http_responses_total[$window]))", "requests", "1/s"),
                Query("max by (proxy, server) (haproxy_server_response_time_average_seconds)", "answer", "s"),
                Query("sum by (proxy, server) (haproxy_server_current_sessions)", "sessions", "count"),
                Query(
                    "sum by (proxy, server) (increase(haproxy_server_check_failures_total[1h]))",
                    "failed checks in an hour",
                    "count",
                    ANY_IS_WORTH_A_LOOK,
                ),
            ),
            HAPROXY,
            key=("proxy", "server"),
            good="UP, no failed check",
            section="Servers",
        ),
        Panel(
            "Frontends",
            "table",
            (
                Query("sum by (proxy) (rate(haproxy_frontend_http_requests_total[$window]))", "requests", "1/s"),
                Query("sum by (proxy) (haproxy_frontend_current_sessions)", "sessions", "count"),
                Query(
                    "max by (proxy) (haproxy_frontend_current_sessions / haproxy_frontend_limit_sessions)",
                    "of the limit",
                    "ratio",
                    FULL,
                ),
                Query("sum by (proxy) (rate(haproxy_frontend_bytes_in_total[$window]))", "in", "bytes/s"),
                Query("sum by (proxy) (rate(haproxy_frontend_bytes_out_total[$window]))", "out", "bytes/s"),
                Query(
                    "sum by (proxy) (rate(haproxy_frontend_request_errors_total[$window]))",
                    "broken requests",
                    "1/s",
                    Limits(warn=1),
                ),
            ),
            HAPROXY,
            key=("proxy",),
            good="sessions below 80 % of the limit",
            section="Frontends",
        ),
    ),
)

ONCALL = Page(
    "oncall",
    "On-call",
    "What fires, who is on, and whether pages get through.",
    (
        number(
            "Alerts that page",
            'count(ALERTS{alertstate="firing",severity="page"})',
            RULES,
            limits=ANY_IS_BAD,
            quiet="none",
            good="none",
        ),
        number(
            "Tickets",
            'count(ALERTS{alertstate="firing",severity="ticket"})',
            RULES,
            limits=ANY_IS_WORTH_A_LOOK,
            quiet="none",
            good="none",
        ),
        number(
            "Silences in force",
            'max(alertmanager_silences{state="active"})',
            ALERTMANAGER,
            good="those that you know of",
        ),
        number(
            "Alerts held back",
            'max(alertmanager_alerts{state="suppressed"})',
            ALERTMANAGER,
            good="those that you silenced",
        ),
        number(
            "Notifications that failed, in an hour",
            "sum(increase(alertmanager_notifications_failed_total[1h]))",
            ALERTMANAGER,
            limits=ANY_IS_BAD,
            good="0",
        ),
        number(
            "Dead man's switch",
            'max(ALERTS{alertname="Watchdog",alertstate="firing"})',
            "the alert Watchdog",
            unit="up",
            limits=DOWN_IS_BAD,
            good="up",
        ),
        Panel("Who is on", "people", (), "oncall.json among the pages", section="Who is on"),
        Panel(
            "Covered until",
            "table",
            (
                Query(
                    "min by (team) (groundcrew_oncall_covered_until_timestamp_seconds - time())",
                    "for another",
                    "s",
                    Limits(14 * DAY_S, 3 * DAY_S, low_is_bad=True),
                ),
            ),
            "the on-call file's metrics",
            key=("team",),
            good="14 days and more",
            section="Who is on",
        ),
        firing("Alerts now", 'severity=~".+"'),
        Panel(
            "Alerts by severity",
            "graph",
            (Query('count by (severity) (ALERTS{alertstate="firing",alertname!="Watchdog"})', "{severity}"),),
            RULES,
            quiet="No alert fired.",
            good="nothing that pages",
            section="Alerts",
        ),
        Panel(
            "Alerts by owner",
            "graph",
            (Query('count by (owner) (ALERTS{alertstate="firing",alertname!="Watchdog"})', "{owner}"),),
            RULES,
            quiet="No alert fired.",
            good="nothing that comes back every night",
            section="Alerts",
        ),
        Panel(
            "Notifications in an hour",
            "graph",
            (
                Query("sum(increase(alertmanager_notifications_total[1h]))", "sent"),
                Query("sum(increase(alertmanager_notifications_failed_total[1h]))", "failed"),
            ),
            ALERTMANAGER,
            good="none failed",
            section="Alerts",
        ),
    ),
)
