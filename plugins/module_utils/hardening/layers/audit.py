# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""auditd: who changed what decides about access, time, the kernel and the log."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..._transaction import steps
from ..facts import Facts
from ..rule import File, Package, Rule, Unit

OPTIONS: Mapping[str, Any] = {
    "max_log_file_mib": {"type": "int", "default": 8},
    "num_logs": {"type": "int", "default": 10},
    "max_log_file_action": {"type": "str", "choices": ["rotate", "keep_logs"], "default": "rotate"},
}
LOAD = steps.argv(["augenrules", "--load"])
CONF = """# Managed by groundcrew.fleet.hardening: changes made here are replaced.
local_events = yes
write_logs = yes
log_file = /var/log/audit/audit.log
log_group = root
log_format = ENRICHED
flush = INCREMENTAL_ASYNC
freq = 50
max_log_file = {max_log_file_mib}
num_logs = {num_logs}
max_log_file_action = {max_log_file_action}
priority_boost = 4
name_format = NONE
q_depth = 2000
space_left = 75
space_left_action = SYSLOG
admin_space_left = 50
admin_space_left_action = SUSPEND
disk_full_action = SUSPEND
disk_error_action = SUSPEND
action_mail_acct = root
"""
IDENTITY = ("/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow", "/etc/security/opasswd")
SCOPE = (
    "/etc/sudoers",
    "/etc/sudoers.d",
    "/etc/ssh/sshd_config",
    "/etc/ssh/sshd_config.d",
    "/etc/pam.d",
    "/etc/groundcrew",
)
BY_PEOPLE = " -F auid>=1000 -F auid!=unset"
SYSTEM = ("/etc/hosts", "/etc/network", "/etc/apparmor.d", "/etc/sysctl.d", "/etc/modprobe.d", "/etc/systemd/system")
# Key, system calls, and what else has to be so.
CALLS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("time-change", ("adjtimex", "settimeofday", "clock_settime"), ""),
    ("modules", ("init_module", "finit_module", "delete_module"), ""),
    ("mounts", ("mount", "umount2"), BY_PEOPLE),
    ("delete", ("unlink", "unlinkat", "rename", "renameat", "renameat2"), BY_PEOPLE),
    ("perm_mod", ("chmod", "fchmod", "fchmodat", "chown", "fchown", "fchownat", "lchown"), BY_PEOPLE),
    ("user_emulation", ("execve",), " -C euid!=uid -F auid!=unset"),
)
# Younger machines never had these, and one rule with an unknown call keeps all rules from being loaded.
OLD = frozenset({"unlink", "rename", "chmod", "chown", "lchown"})
YOUNG = frozenset({"aarch64", "riscv64", "loongarch64"})
# What 32-bit programs call instead.
ALSO_B32 = {"clock_settime": "clock_settime64", "chown": "chown32", "fchown": "fchown32", "lchown": "lchown32"}
WHY = "After an intrusion, what was recorded is all that can be known."


def rules(settings: Mapping[str, Any], facts: Facts) -> tuple[Rule, ...]:
    """Return the rules of this layer."""
    inside = (
        f"the kernel's audit belongs to the machine, not to a container ({facts.container})" if facts.container else ""
    )
    load = () if inside else (LOAD,)
    return (
        Rule("audit-installed", "audit", "auditd is installed", WHY, Package("auditd"), ("CIS Debian 12 6.2.1.1",), 2),
        Rule(
            "audit-conf",
            "audit",
            "It keeps its log, and says when space is short",
            WHY,
            File("/etc/audit/auditd.conf", CONF.format(**settings), 0o640),
            ("CIS Debian 12 6.2.2",),
        ),
        Rule(
            "audit-rules",
            "audit",
            "Changes of access, time, kernel and log are recorded",
            WHY,
            File("/etc/audit/rules.d/50-groundcrew-hardening.rules", text_of(facts.machine), 0o640, load),
            ("CIS Debian 12 6.2.3",),
            2,
        ),
        Rule(
            "audit-journal",
            "audit",
            "The journal does not keep every record a second time",
            "It would crowd out what services say.",
            Unit("systemd-journald-audit.socket", "masked"),
        ),
        Rule(
            "audit-running", "audit", "auditd runs", WHY, Unit("auditd.service"), ("CIS Debian 12 6.2.1.2",), 2, inside
        ),
    )


def text_of(machine: str) -> str:
    """Return the rules for a machine, as uname(2) names it: each system call that it has, by each kind of its programs."""
    lines = [
        "# Managed by groundcrew.fleet.hardening: changes made here are replaced.",
        *(f"-w {path} -p wa -k identity" for path in IDENTITY),
        *(f"-w {path} -p wa -k scope" for path in SCOPE),
        *(f"-w {path} -p wa -k system" for path in SYSTEM),
        *(
            f"-a always,exit -F arch={arch}{those} -S {','.join(_calls(calls, machine, arch))} -k {key}"
            for arch in _arches(machine)
            for key, calls, those in CALLS
        ),
    ]
    return "".join(f"{line}\n" for line in lines)


def _arches(machine: str) -> tuple[str, ...]:
    if machine == "x86_64":
        return ("b64", "b32")
    return ("b32",) if re.fullmatch(r"i[3-6]86|arm.*", machine) else ("b64",)


def _calls(calls: Sequence[str], machine: str, arch: str) -> list[str]:
    known = [call for call in calls if not (machine in YOUNG and call in OLD)]
    return [*known, *(ALSO_B32[call] for call in known if arch == "b32" and call in ALSO_B32)]
