# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of the fleet: every host and every app, worst first."""

from __future__ import annotations

from .pages_model import (
    ANY_IS_BAD,
    ANY_IS_WORTH_A_LOOK,
    BUDGET,
    BURN,
    DOWN_IS_BAD,
    FULL,
    PATCH_AGE,
    Limits,
    Page,
    Panel,
    Query,
    firing,
    number,
)

NODE = "node exporter (job node)"
SLO = "the recording rules of SLOs"
PATCHES = "playbook patch_report"
DISKS = '{fstype!~"tmpfs|ramfs"}'
LOAD = 'max by (host) (node_load5) / count by (host) (node_cpu_seconds_total{mode="idle"})'

HOSTS = Panel(
    "Hosts",
    "table",
    (
        Query('min by (host) (up{job="node"})', "answers", "up", DOWN_IS_BAD),
        Query(
            'count by (host) (ALERTS{alertstate="firing",host!=""})',
            "alerts",
            "count",
            ANY_IS_WORTH_A_LOOK,
            optional=True,
        ),
        Query('1 - avg by (host) (rate(node_cpu_seconds_total{mode="idle"}[$window]))', "CPU", "ratio", FULL),
        Query(LOAD, "load per CPU", "count", Limits(1, 2)),
        Query(
            "max by (host) (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)", "memory", "ratio", FULL
        ),
        Query(
            f"max by (host) (1 - node_filesystem_avail_bytes{DISKS} / node_filesystem_size_bytes{DISKS})",
            "fullest disk",
            "ratio",
            FULL,
        ),
        Query("max by (host) (groundcrew_patch_age_seconds)", "patch waits", "s", PATCH_AGE, optional=True),
        Query("max by (host) (groundcrew_reboot_pending)", "reboot due", "yes", ANY_IS_WORTH_A_LOOK, optional=True),
        Query("max by (host) (groundcrew_quarantined)", "quarantined", "yes", ANY_IS_BAD, optional=True),
    ),
    NODE,
    key=("host",),
    link="host",
    good="every host answers, CPU, memory and disks below 80 %",
    section="Hosts, worst first",
)

APPS = Panel(
    "Apps",
    "table",
    (
        Query("min by (app) (slo:error_budget_left:ratio)", "error budget left", "ratio", BUDGET),
        Query("max by (app) (slo:burn_rate:1h)", "burn rate", "count", BURN),
        Query("sum by (app) (slo:requests:rate5m)", "requests", "1/s"),
        Query("max by (app) (slo:errors:ratio_rate5m)", "errors", "ratio", optional=True),
        Query(
            'avg by (app) (up{app!="",job!~"probe-.*"})',
            "hosts that answer",
            "ratio",
            Limits(0.999, 0.5, low_is_bad=True),
            optional=True,
        ),
        Query('min by (app) (probe_success{app!=""})', "probe", "up", DOWN_IS_BAD, optional=True),
        Query("groundcrew_release_info", "version", text="version", optional=True),
    ),
    SLO,
    key=("app",),
    link="app",
    good="budget left above 25 %, burn rate below 1",
    section="Apps, worst first",
)

FLEET = Page(
    "fleet",
    "Fleet",
    "Every host and app, the worst first.",
    (
        number("Hosts", 'count(up{job="node"})', NODE),
        number("Hosts that do not answer", 'sum(1 - up{job="node"})', NODE, limits=ANY_IS_BAD, good="0"),
        number(
            "Alerts that page",
            'count(ALERTS{alertstate="firing",severity="page"})',
            "alert rules",
            limits=ANY_IS_BAD,
            quiet="none",
            good="none",
            link="oncall",
        ),
        number(
            "Least error budget left",
            "min(slo:error_budget_left:ratio)",
            SLO,
            unit="ratio",
            limits=BUDGET,
            good="above 25 %",
        ),
        number(
            "Reboots due",
            "sum(groundcrew_reboot_pending)",
            PATCHES,
            limits=ANY_IS_WORTH_A_LOOK,
            good="0",
            link="patches",
        ),
        number(
            "Hosts with drift",
            "sum(groundcrew_drift_changes > bool 0)",
            "playbook drift",
            limits=ANY_IS_WORTH_A_LOOK,
            good="0",
            link="patches",
        ),
        HOSTS,
        APPS,
        firing("Alerts", 'severity=~".+"'),
    ),
)
