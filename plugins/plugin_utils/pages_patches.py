# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of patches and drift: which hosts keep the rule, and which are not as they were made."""

from __future__ import annotations

from .pages_model import (
    ANY_IS_BAD,
    ANY_IS_WORTH_A_LOOK,
    DOWN_IS_BAD,
    PATCH_AGE,
    Limits,
    Page,
    Panel,
    Query,
    number,
)

PATCHES = "playbook patch_report"
DRIFT = "playbook drift"

PATCH_HOSTS = Panel(
    "Hosts",
    "table",
    (
        Query('min by (host) (up{job="node"})', "answers", "up", DOWN_IS_BAD),
        Query("min by (host) (groundcrew_patch_compliant)", "keeps the rule", "yes", DOWN_IS_BAD, optional=True),
        Query("max by (host) (groundcrew_patch_age_seconds)", "oldest waits", "s", PATCH_AGE, optional=True),
        Query(
            'sum by (host) (groundcrew_patch_pending_updates{security="true"})',
            "security updates",
            "count",
            optional=True,
        ),
        Query("sum by (host) (groundcrew_patch_held_updates)", "held", "count", optional=True),
        Query("max by (host) (groundcrew_patch_open_cves)", "open CVEs", "count", optional=True),
        Query("max by (host) (groundcrew_reboot_pending)", "reboot due", "yes", ANY_IS_WORTH_A_LOOK, optional=True),
        Query(
            "max by (host) (groundcrew_patch_stale_units)",
            "units on old code",
            "count",
            ANY_IS_WORTH_A_LOOK,
            optional=True,
        ),
        Query("max by (host) (groundcrew_patch_unfinished)", "unfinished updates", "count", ANY_IS_BAD, optional=True),
        Query("max by (host) (groundcrew_patch_unknown)", "something unknown", "yes", ANY_IS_WORTH_A_LOOK),
        Query("max by (host) (groundcrew_patch_report_timestamp_seconds)", "read", "age"),
    ),
    PATCHES,
    key=("host",),
    link="host",
    good="rule kept, no reboot due, nothing unfinished",
    section="Patches, worst first",
)

PATCHED = Page(
    "patches",
    "Patches and drift",
    "Which hosts keep the rule, and which are not as they were made.",
    (
        number(
            "Hosts that keep the rule",
            "avg(groundcrew_patch_compliant)",
            PATCHES,
            unit="ratio",
            limits=Limits(0.99, 0.9, low_is_bad=True),
            good="100 %",
        ),
        number(
            "Oldest security update waits",
            "max(groundcrew_patch_age_seconds)",
            PATCHES,
            unit="s",
            limits=PATCH_AGE,
            good="below 14 days",
        ),
        number("Most open CVEs of a host", "max(groundcrew_patch_open_cves)", PATCHES, good="0"),
        number(
            "Hosts with something unknown",
            "sum(groundcrew_patch_unknown)",
            PATCHES,
            limits=ANY_IS_WORTH_A_LOOK,
            good="0",
        ),
        number(
            "Hosts with drift", "sum(groundcrew_drift_changes > bool 0)", DRIFT, limits=ANY_IS_WORTH_A_LOOK, good="0"
        ),
        number(
            "Hosts in quarantine",
            "sum(groundcrew_quarantined)",
            "the collection's metrics",
            limits=ANY_IS_BAD,
            good="0",
        ),
        PATCH_HOSTS,
        Panel(
            "Hosts that keep the rule",
            "graph",
            (Query("avg(groundcrew_patch_compliant)", "share of hosts"),),
            PATCHES,
            unit="ratio",
            limits=Limits(0.99, 0.9, low_is_bad=True),
            good="100 %",
            section="In time",
        ),
        Panel(
            "Security updates that wait",
            "graph",
            (Query('sum by (host) (groundcrew_patch_pending_updates{security="true"})', "{host}"),),
            PATCHES,
            good="back to 0 after each patch day",
            section="In time",
        ),
        Panel(
            "Drift",
            "table",
            (
                Query("max by (host) (groundcrew_drift_changes)", "changes", "count", ANY_IS_WORTH_A_LOOK),
                Query("max by (host) (groundcrew_drift_timestamp_seconds)", "looked at", "age"),
                Query("max by (host) (groundcrew_quarantined)", "quarantined", "yes", ANY_IS_BAD, optional=True),
                Query("max by (host) (groundcrew_unfinished)", "unfinished change", "yes", ANY_IS_BAD, optional=True),
            ),
            DRIFT,
            key=("host",),
            link="host",
            good="0 changes",
            section="Drift, worst first",
        ),
    ),
)
