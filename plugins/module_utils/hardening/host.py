# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Read a host for hardening: what it is, which rules it has, and what these are about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .._errors import BadInput
from .._host import machine, pam
from .._host.logins import SSHD_CONFIG
from .._managed import Managed
from . import assess, facts, registry, state
from .facts import Facts
from .layers import pam as pam_layer
from .rule import Rule
from .state import Have
from .want import Want, port_of

ROOT = "ssh-permit-root-login"


class Seen(NamedTuple):
    rules: tuple[Rule, ...]
    have: Have


def read(want: Want, *, wait_s: float = 0, rehearsal: bool = True, audit: bool = False) -> Seen:
    """Return the rules of this host and how it is; raise BadInput where a setting cannot be right on it.

    An `audit` changes nothing, and asks nothing of the way in.
    """
    managed = state.manifests(registry.LAYERS)
    known = with_wishes(want, facts.read(), managed)
    rules = registry.rules(want.layers, want.settings, known)
    if not audit:
        refuse(want, known, managed, by_root=machine.is_root_over_ssh())
    asked = assess.asked(want.layers, rules, present=want.present)
    return Seen(rules, state.read(known, asked, managed, wait_s=wait_s, rehearsal=rehearsal))


def refuse(want: Want, known: Facts, managed: Mapping[str, Managed], *, by_root: bool) -> None:
    """Raise BadInput where the call would have no effect, or shut out whoever makes it; `by_root`: root himself has logged in."""
    if "ssh" not in want.layers:
        return
    if want.present and known.sshd and not known.sshd_includes:
        raise BadInput(
            f"{SSHD_CONFIG} does not read /etc/ssh/sshd_config.d, so that nothing there has an effect: add "
            f"'Include /etc/ssh/sshd_config.d/*.conf' as the first line of {SSHD_CONFIG}"
        )
    ports = [int(port) for port in known.sshd.get("port", ())]
    port = port_of(want, managed)
    if port and ports and port not in ports and managed["firewall"].files and "firewall" not in want.layers:
        raise BadInput(
            f"the SSH server would move to port {port}, and the firewall of the layer firewall, which this call leaves as it is, "
            "keeps that closed: take both layers together, as by --tags hardening_ssh,hardening_firewall"
        )
    shut = (
        want.present and want.settings["ssh"]["permit_root_login"] == "no" and ROOT not in want.settings["exceptions"]
    )
    if shut and by_root:
        raise BadInput(
            "this run logs in as root, whom the layer ssh would shut out: log in as somebody who can become root, or say "
            "ssh: {permit_root_login: prohibit-password}"
        )


def with_wishes(want: Want, known: Facts, managed: Mapping[str, Managed]) -> Facts:
    """Return the facts as far as one layer's wish is another one's fact."""
    port = port_of(want, managed)
    if port:
        known = known._replace(ssh_ports=(port,))
    if "pam" in want.layers and want.present:
        quality = pam_layer.INSTALLED not in want.settings["exceptions"] and not pam.enabled("pwquality", "password")
        profiles = pam_layer.profiles(want.settings["pam"], quality=quality)
        known = known._replace(pam=pam.staged(profiles), pam_waiting=pam.waiting(profiles))
    return known
