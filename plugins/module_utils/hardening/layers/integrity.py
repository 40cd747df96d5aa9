# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""File integrity: AIDE, whose database is made in the background and held against the disk every day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..facts import Facts
from ..rule import File, Package, Rule, Unit

OPTIONS: Mapping[str, Any] = {"on_calendar": {"type": "str", "default": "*-*-* 05:00"}}
CONF = """# Managed by groundcrew.fleet.hardening: changes made here are replaced.
database_in=file:/var/lib/groundcrew/aide.db
database_out=file:/var/lib/groundcrew/aide.db.new
report_url=stdout
Everything = p+u+g+s+b+m+c+sha256
/boot Everything
/etc Everything
/usr/bin Everything
/usr/sbin Everything
/usr/lib Everything
/usr/local Everything
!/etc/mtab$
!/usr/lib/.*/__pycache__
"""
AIDE, DATABASE = "/etc/aide/aide.conf", "/var/lib/groundcrew/aide.db"
# A record is of the life of this file, by its time: what was recorded before the layer was taken back is nothing to hold against.
UNIT_FILE = "/etc/systemd/system/groundcrew-integrity.service"
SERVICE = """# Managed by groundcrew.fleet.hardening: changes made here are replaced.
[Unit]
Description=Hold the files of this host against their recorded state
[Service]
Type=oneshot
Nice=19
IOSchedulingClass=idle
ExecStartPre=/bin/sh -c 'of=$$(stat -c %%Y {unit}); test -e {db} -a "$$(cat {db}.of 2>&-)" = "$$of" || {{ \\
    aide --config={conf} --init && mv {db}.new {db} && echo "$$of" >{db}.of; }}'
ExecStart=/usr/bin/aide --config={conf} --check
"""
TIMER = """# Managed by groundcrew.fleet.hardening: changes made here are replaced.
[Unit]
Description=Hold the files of this host against their recorded state every day
[Timer]
OnActiveSec=5min
OnCalendar={on_calendar}
Persistent=true
RandomizedDelaySec=30min
[Install]
WantedBy=timers.target
"""
DEBSUMS = """# Managed by groundcrew.fleet.hardening: changes made here are replaced.
CRON_CHECK=weekly
"""
SUMS = "What was exchanged before the first record differs from its package all the same."
WHY = "A command that was exchanged is noticed."


def rules(settings: Mapping[str, Any], _facts: Facts) -> tuple[Rule, ...]:
    """Return the rules of this layer."""
    return (
        Rule(
            "integrity-installed", "integrity", "aide is installed", WHY, Package("aide"), ("CIS Debian 12 6.3.1",), 2
        ),
        Rule(
            "integrity-conf",
            "integrity",
            "It watches commands, libraries and settings",
            WHY,
            File(AIDE, CONF, 0o600),
            ("CIS Debian 12 6.3.1",),
        ),
        Rule(
            "integrity-service",
            "integrity",
            "A service holds the disk against what was recorded",
            WHY,
            File(UNIT_FILE, SERVICE.format(conf=AIDE, db=DATABASE, unit=UNIT_FILE)),
            ("CIS Debian 12 6.3.2",),
        ),
        Rule(
            "integrity-timer",
            "integrity",
            "It does so every day",
            WHY,
            File("/etc/systemd/system/groundcrew-integrity.timer", TIMER.format(**settings)),
            ("CIS Debian 12 6.3.2",),
        ),
        Rule("integrity-debsums", "integrity", "debsums is installed", SUMS, Package("debsums")),
        Rule(
            "integrity-debsums-weekly",
            "integrity",
            "It holds files against their packages every week",
            SUMS,
            File("/etc/default/debsums", DEBSUMS),
        ),
        Rule(
            "integrity-running",
            "integrity",
            "The timer runs",
            WHY,
            Unit("groundcrew-integrity.timer"),
            ("CIS Debian 12 6.3.2",),
            2,
        ),
    )
