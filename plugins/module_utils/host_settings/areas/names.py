# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The host's own name, and the names of others in /etc/hosts: a block of ours there, all other lines byte for byte."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ..._errors import BadInput
from ..._host import checks, confines
from ..._transaction import steps
from ..._transaction.steps import Step
from ..area import Asked, Content, Have, Part, Wanted, as_it_is, paths_of, settle, shared

AREA = "names"
HOSTNAME, HOSTS = "/etc/hostname", "/etc/hosts"
BEGIN, END = "# BEGIN groundcrew.fleet", "# END groundcrew.fleet"
BLOCK = re.compile(rf"^{BEGIN}\n(.*?)^{END}(\n|\Z)", re.MULTILINE | re.DOTALL)
LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
NAME = re.compile(rf"{LABEL}(\.{LABEL})*", re.IGNORECASE)
OWN_ADDRESS = "127.0.1.1"
KERNEL = "/proc/sys/kernel/hostname"
MOUNTED = "it is a mount of its own, as in a container, whose engine writes it"
NOT_ALLOWED = "this process may not set it, as in a container, whose engine gives the name"


class Want(NamedTuple):
    """The name ("" gives back the former one, None leaves it alone) and the entries (None leaves them alone)."""

    hostname: str | None
    hosts: tuple[tuple[str, tuple[str, ...]], ...] | None


def parse(params: Mapping[str, Any]) -> Want | None:
    """Return the wanted names, None where neither is asked for; raise BadInput for what is no name or address."""
    hostname, hosts = params["hostname"], params["hosts"]
    if hostname is None and hosts is None:
        return None
    if hostname:
        _check_name("hostname", hostname)
        if len(hostname) > 64:
            raise BadInput(f"hostname {hostname} is longer than the 64 characters that the kernel takes: shorten it")
    return Want(hostname, None if hosts is None else tuple(_entry(one) for one in hosts))


def _check_name(what: str, name: str) -> None:
    if not NAME.fullmatch(name):
        raise BadInput(f"{what} {name!r} is no host name: use letters, digits and -, in parts separated by dots")


def _entry(entry: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    address, names = entry["address"], entry["names"]
    try:
        ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        raise BadInput(
            f"address {address!r} in hosts is no IP address: write it like 192.0.2.10 or 2001:db8::1"
        ) from None
    if not names:
        raise BadInput(f"address {address} in hosts has no names: give it one, or leave it out")
    for name in names:
        _check_name(f"name of {address} in hosts", name)
    return address, tuple(names)


def reads(_want: Want, past: Mapping[str, Any]) -> Asked:
    """Return what the plan has to know of the host."""
    looks: dict[str, Callable[[], Any]] = {
        "hostname": socket.gethostname,
        "mounts": confines.mount_points,
        "may administer": lambda: confines.may(confines.SYS_ADMIN),
    }
    return Asked((HOSTNAME, HOSTS, *paths_of(past)), (), looks)


def plan(want: Want, have: Have) -> Part:
    """Return the file, the block and the kernel's name."""
    wanted, no_file = _file(want.hostname, have)
    facts = _facts(want, have)
    edits, no_block = _block(facts, have)
    kernel, no_name = _kernel(want, have)
    settled = settle(AREA, wanted, have)
    return Part(
        settled,
        edits=edits,
        after=kernel,
        checks=(checks.command(["grep", "-Fqx", want.hostname, KERNEL]),) if want.hostname and kernel else (),
        facts={key: value for key, value in {**facts, "paths": list(settled.paths)}.items() if value},
        skipped={what: why for what, why in ((HOSTNAME, no_file), (HOSTS, no_block), ("hostname", no_name)) if why},
    )


def _file(hostname: str | None, have: Have) -> tuple[dict[str, Wanted], str]:
    """Return the file with the name, or why there is none."""
    if hostname is None:
        ours = HOSTNAME in paths_of(have.past(AREA)) and have.files[HOSTNAME].exists
        return {HOSTNAME: as_it_is(HOSTNAME, have)} if ours else {}, ""
    if hostname and HOSTNAME in have.seen["mounts"]:
        return {}, "" if have.text(HOSTNAME).strip() == hostname else MOUNTED
    return {HOSTNAME: Content(f"{hostname}\n".encode())} if hostname else {}, ""


def _block(facts: Mapping[str, Any], have: Have) -> tuple[tuple[Step, ...], str]:
    """Return the step that brings our block up to date, or why there is none."""
    text = shared(HOSTS, have)
    edited = _hosts(text, facts, unended=_unended(have))
    if edited == text:
        return (), ""
    if HOSTS in have.seen["mounts"]:
        return (), MOUNTED
    return (steps.write(HOSTS, edited.encode("utf-8", "surrogateescape")),), ""


def _facts(want: Want, have: Have) -> dict[str, Any]:
    """What stands in our block, whether the file before it had no end of line, and the name before ours."""
    past = have.past(AREA)
    hosts = past.get("hosts", []) if want.hosts is None else [[address, *names] for address, names in want.hosts]
    own = past.get("own", "") if want.hostname is None else want.hostname
    before = past.get("hostname_before", "")
    if want.hostname is not None:
        before = (before or have.seen["hostname"]) if want.hostname else ""
    unended = bool(hosts or own) and _unended(have)
    return {"hosts": hosts, "own": own, "unended": unended, "hostname_before": before}


def _unended(have: Have) -> bool:
    """Tell whether the last line of others had no end before we came."""
    text = shared(HOSTS, have)
    if BLOCK.search(text):
        return bool(have.past(AREA).get("unended", False))
    return bool(text) and not text.endswith("\n")


def _hosts(text: str, facts: Mapping[str, Any], *, unended: bool) -> str:
    """Return the hosts file with our block in its place, or without it where it would be empty."""
    if text.count(f"{BEGIN}\n") != len(BLOCK.findall(text)) or text.count(BEGIN) > 1:
        raise BadInput(
            f"{HOSTS} has a broken block of ours: see that '{BEGIN}' and '{END}' stand there once each, or never"
        )
    lines = ["\t".join((entry[0], " ".join(entry[1:]))) for entry in facts["hosts"]]
    if facts["own"] and not _is_named(facts["own"], [*BLOCK.sub("", text).splitlines(), *lines]):
        short = facts["own"].partition(".")[0]
        names = facts["own"] if short == facts["own"] else f"{facts['own']} {short}"
        lines.append(f"{OWN_ADDRESS}\t{names}")
    block = "".join(f"{line}\n" for line in (BEGIN, *lines, END)) if lines else ""
    if BLOCK.search(text):
        left = BLOCK.sub(lambda _found: block, text)
        return left[:-1] if unended and not block else left
    return text + ("\n" if unended else "") + block if block else text


def _is_named(name: str, lines: Sequence[str]) -> bool:
    return any(name in line.partition("#")[0].split()[1:] for line in lines)


def _kernel(want: Want, have: Have) -> tuple[tuple[Step, ...], str]:
    """Return the step that gives the kernel its name, or why there is none."""
    now = have.seen["hostname"]
    name = have.past(AREA).get("hostname_before", "") if want.hostname == "" else want.hostname
    if not name or name == now:
        return (), ""
    if not have.seen["may administer"]:
        return (), NOT_ALLOWED
    return (steps.argv(["hostname", name], undo=["hostname", now]),), ""
