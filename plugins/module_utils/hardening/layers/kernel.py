# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Kernel and network settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..facts import FORWARDING, Facts
from ..rule import Rule, Sysctl

REDIRECTED = "A host that believes redirects can be led to send its traffic through somebody else."
ROUTED = "A sender that chooses the route can go round the firewall."
SPOOFED = "Packets with a false sender are dropped where the way back shows it."
LEAK = "Addresses of the kernel are what an attack on it needs first."
LINKS = "A link in a directory that all may write leads privileged programs elsewhere."
# Key, value, reason, numbers, weight.
SETTINGS: tuple[tuple[str, str, str, tuple[str, ...], int], ...] = (
    ("fs.protected_hardlinks", "1", LINKS, (), 2),
    ("fs.protected_symlinks", "1", LINKS, (), 2),
    ("fs.protected_fifos", "2", "Nobody writes into another one's pipe in a directory that all may write.", (), 1),
    ("fs.protected_regular", "2", "Nobody writes into another one's file in a directory that all may write.", (), 1),
    ("fs.suid_dumpable", "0", "The memory of a privileged program holds secrets.", ("CIS Debian 12 1.5.3",), 2),
    ("dev.tty.ldisc_autoload", "0", "Line disciplines are old code that anybody could have loaded.", (), 1),
    ("kernel.core_uses_pid", "1", "One dump does not overwrite another.", (), 1),
    ("kernel.dmesg_restrict", "1", LEAK, ("STIG UBTU-22-213010",), 1),
    ("kernel.kptr_restrict", "2", LEAK, (), 2),
    ("kernel.kexec_load_disabled", "1", "Root cannot start another kernel past the boot loader.", (), 1),
    ("kernel.perf_event_paranoid", "3", "Performance counters tell of other processes.", (), 1),
    ("kernel.randomize_va_space", "2", "An attack has to guess where code lies.", ("CIS Debian 12 1.5.1",), 3),
    ("kernel.sysrq", "0", "Keys at the console, or a serial line, are not to command the kernel.", (), 1),
    ("kernel.unprivileged_bpf_disabled", "1", "Programs inside the kernel are not for everybody.", (), 2),
    ("kernel.yama.ptrace_scope", "2", "No process reads another one's memory.", ("CIS Debian 12 1.5.2",), 2),
    ("net.core.bpf_jit_harden", "2", "Compiled filters cannot be used to place code.", (), 1),
    ("net.ipv4.ip_forward", "0", "A host that is no router does not pass packets on.", ("CIS Debian 12 3.3.1",), 2),
    (
        "net.ipv4.icmp_echo_ignore_broadcasts",
        "1",
        "One packet is not answered by a whole network.",
        ("CIS Debian 12 3.3.4",),
        1,
    ),
    (
        "net.ipv4.icmp_ignore_bogus_error_responses",
        "1",
        "Nobody fills the log by false errors.",
        ("CIS Debian 12 3.3.3",),
        1,
    ),
    ("net.ipv4.tcp_syncookies", "1", "Half-open connections do not keep others out.", ("CIS Debian 12 3.3.10",), 2),
    ("net.ipv4.tcp_rfc1337", "1", "An old connection cannot be ended by a stray packet.", (), 1),
    *((f"net.ipv4.conf.{one}.rp_filter", "1", SPOOFED, ("CIS Debian 12 3.3.7",), 2) for one in ("all", "default")),
    *(
        (f"net.ipv4.conf.{one}.log_martians", "1", "Packets that cannot be are told.", ("CIS Debian 12 3.3.9",), 1)
        for one in ("all", "default")
    ),
    *(
        (f"net.ipv4.conf.{one}.accept_source_route", "0", ROUTED, ("CIS Debian 12 3.3.8",), 2)
        for one in ("all", "default")
    ),
    *(
        (f"net.ipv4.conf.{one}.send_redirects", "0", REDIRECTED, ("CIS Debian 12 3.3.2",), 1)
        for one in ("all", "default")
    ),
    *(
        (f"net.ipv4.conf.{one}.accept_redirects", "0", REDIRECTED, ("CIS Debian 12 3.3.5",), 2)
        for one in ("all", "default")
    ),
    *(
        (f"net.ipv4.conf.{one}.secure_redirects", "0", REDIRECTED, ("CIS Debian 12 3.3.6",), 1)
        for one in ("all", "default")
    ),
    (
        "net.ipv6.conf.all.forwarding",
        "0",
        "A host that is no router does not pass packets on.",
        ("CIS Debian 12 3.3.1",),
        2,
    ),
    *(
        (f"net.ipv6.conf.{one}.accept_source_route", "0", ROUTED, ("CIS Debian 12 3.3.8",), 2)
        for one in ("all", "default")
    ),
    *(
        (f"net.ipv6.conf.{one}.accept_redirects", "0", REDIRECTED, ("CIS Debian 12 3.3.5",), 2)
        for one in ("all", "default")
    ),
    ("vm.mmap_min_addr", "65536", "A null pointer of the kernel leads nowhere.", (), 2),
)
OPTIONS: Mapping[str, Any] = {
    "settings": {"type": "dict", "default": {}},
    "router": {"type": "bool", "default": False},
}
PASSES_ON = "this host passes packets on now: set kernel.router true if it shall, or kernel.settings {0}=0 to end it"


def rules(settings: Mapping[str, Any], facts: Facts) -> tuple[Rule, ...]:
    """The caller's own settings come last; an empty one leaves that key alone.

    Nobody's containers or tunnels end because nobody thought of them.
    """
    own = {key: str(value) for key, value in settings["settings"].items()}
    listed = {row[0]: row for row in SETTINGS if not (settings["router"] and row[0] in FORWARDING)}
    for key, value in own.items():
        usual = listed.get(key, (key, value, "This fleet asks for it.", (), 1))
        listed[key] = (key, value, *usual[2:])
    return tuple(
        Rule(
            name(key),
            "kernel",
            f"{key} is {value}",
            why,
            Sysctl(key, value),
            refs,
            weight,
            PASSES_ON.format(key) if key in facts.forwards and key not in own else "",
        )
        for key, value, why, refs, weight in listed.values()
        if value
    )


def name(key: str) -> str:
    """Return the identifier of the rule for a key."""
    return f"kernel-{key.replace('.', '-').replace('_', '-')}"
