# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of one app by the RED method, rate, errors and duration, with its objectives and its releases."""

from __future__ import annotations

from .pages_model import ANY_IS_BAD, BUDGET, BURN, CERTIFICATE, DOWN_IS_BAD, Limits, Page, Panel, Query, firing, number

HAPROXY = "HAProxy for the app's backend"
SLO = "the recording rules of the app's SLOs"
PROBES = "blackbox exporter"
LEDGER = "the collection's metrics of the app's hosts"
BACKEND = 'proxy=~"$backend"'


NOW = (
    number(
        "Error budget left",
        'min by (slo) (slo:error_budget_left:ratio{app="$app"})',
        SLO,
        unit="ratio",
        limits=BUDGET,
        legend="{slo}",
        good="above 25 %",
    ),
    number(
        "Burn rate", 'max by (slo) (slo:burn_rate:1h{app="$app"})', SLO, limits=BURN, legend="{slo}", good="below 1"
    ),
    number(
        "Servers that answer",
        f"sum(haproxy_backend_active_servers{{{BACKEND}}})",
        HAPROXY,
        limits=Limits(1, 0, low_is_bad=True),
        good="all, at least 2",
    ),
    number("Probes", 'min(probe_success{app="$app"})', PROBES, unit="up", limits=DOWN_IS_BAD, good="up"),
)

RED = (
    Panel(
        "Rate: requests by answer",
        "graph",
        (Query(f"sum by (code) (rate(haproxy_backend_http_responses_total{{{BACKEND}}}[$window]))", "{code}"),),
        HAPROXY,
        unit="1/s",
        good="steady for the time of day",
        section="Rate, errors, duration",
        stacked=True,
    ),
    Panel(
        "Errors: share of requests that failed",
        "graph",
        (
            Query('max by (slo) (slo:errors:ratio_rate5m{app="$app"})', "{slo}, 5 minutes"),
            Query('max by (slo) (slo:errors:ratio_rate1h{app="$app"})', "{slo}, an hour"),
            Query('max by (slo) (1 - slo:objective:ratio{app="$app"})', "{slo}, allowed"),
        ),
        SLO,
        unit="ratio",
        good="below what is allowed",
        section="Rate, errors, duration",
    ),
    Panel(
        "Duration",
        "graph",
        (
            Query(
                f"max(haproxy_backend_response_time_average_seconds{{{BACKEND}}})",
                "answer, average of the last 1024 requests",
            ),
            Query(
                f"max(haproxy_backend_queue_time_average_seconds{{{BACKEND}}})", "in the queue before, the same average"
            ),
            Query('max(probe_duration_seconds{app="$app"})', "slowest probe"),
        ),
        f"{HAPROXY}, {PROBES}",
        unit="s",
        good="steady, no step at a release",
        section="Rate, errors, duration",
    ),
)

OBJECTIVES = (
    Panel(
        "Error budget left",
        "graph",
        (Query('min by (slo) (slo:error_budget_left:ratio{app="$app"})', "{slo}"),),
        SLO,
        unit="ratio",
        limits=BUDGET,
        good="above 25 %",
        section="Objectives",
    ),
    Panel(
        "Burn rate over an hour",
        "graph",
        (Query('max by (slo) (slo:burn_rate:1h{app="$app"})', "{slo}"),),
        SLO,
        limits=BURN,
        good="below 1",
        section="Objectives",
    ),
    Panel(
        "Objectives",
        "table",
        (
            Query('max by (slo) (slo:objective:ratio{app="$app"})', "objective", "ratio"),
            Query('min by (slo) (slo:error_budget_left:ratio{app="$app"})', "budget left", "ratio", BUDGET),
            Query('max by (slo) (slo:burn_rate:1h{app="$app"})', "burn rate, an hour", "count", BURN),
            Query('max by (slo) (slo:errors:ratio_rate1h{app="$app"})', "errors, an hour", "ratio"),
            Query('max by (slo) (slo:errors:ratio_rate1d{app="$app"})', "errors, a day", "ratio"),
            Query('sum by (slo) (slo:requests:rate5m{app="$app"})', "requests", "1/s"),
        ),
        SLO,
        key=("slo",),
        section="Objectives",
    ),
)

WHERE = (
    Panel(
        "Releases",
        "table",
        (
            Query('groundcrew_release_info{app="$app"}', "version", text="version"),
            Query('max by (host) (groundcrew_release_active_timestamp_seconds{app="$app"})', "active since", "age"),
        ),
        LEDGER,
        key=("host",),
        link="host",
        good="one version on all hosts",
        section="Where it runs",
    ),
    Panel(
        "Servers as the load balancer sees them",
        "table",
        (
            Query(f"haproxy_server_status{{{BACKEND}}} == 1", "state", text="state"),
            Query('max by (server) (haproxy_server_status{proxy=~"$backend",state="DOWN"})', "down", "yes", ANY_IS_BAD),
            Query(
                f"sum by (server) (rate(haproxy_server_http_responses_total{{{BACKEND}}}[$window]))", "requests", "1/s"
            ),
            Query(
                'sum by (server) (rate(haproxy_server_http_responses_total{proxy=~"$backend",code="5xx"}[$window]))',
                "failed",
                "1/s",
                Limits(warn=0.1),
            ),
            Query(f"max by (server) (haproxy_server_response_time_average_seconds{{{BACKEND}}})", "answer", "s"),
            Query(f"sum by (server) (haproxy_server_current_sessions{{{BACKEND}}})", "sessions", "count"),
        ),
        HAPROXY,
        key=("server",),
        link="load_balancer",
        good="UP",
        section="Where it runs",
    ),
    Panel(
        "Probes",
        "table",
        (
            Query('min by (instance) (probe_success{app="$app"})', "probe", "up", DOWN_IS_BAD),
            Query('max by (instance) (probe_duration_seconds{app="$app"})', "took", "s"),
            Query('max by (instance) (probe_http_status_code{app="$app"})', "status", "count", optional=True),
            Query(
                'min by (instance) (probe_ssl_earliest_cert_expiry{app="$app"} - time())',
                "certificate ends in",
                "s",
                CERTIFICATE,
                optional=True,
            ),
        ),
        PROBES,
        key=("instance",),
        good="up, certificates good for 21 days and more",
        section="Where it runs",
    ),
)

APP = Page(
    "app",
    "App",
    "Rate, errors and duration of an app, its objectives and its releases.",
    (*NOW, firing("Alerts of this app", 'app="$app"'), *RED, *OBJECTIVES, *WHERE),
    parameter="app",
    choices='{__name__=~"groundcrew_release_info|slo:objective:ratio",app!=""}',
    releases='max by (app, version) (last_over_time(groundcrew_release_active_timestamp_seconds{app="$app"}[$range]))',
)
