# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Talk to a running HAProxy through its administrative socket."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import time
from collections.abc import Iterator

from .._errors import BadInput, CommandFailed

CURE = (
    "check that HAProxy runs, that its `global` section has `stats socket {path} mode 660 level admin`, "
    "and that the task may open it (become: true, or the group haproxy)"
)
# What HAProxy answers to an order that it has followed, where it is not silence.
FOLLOWED = ("New server registered.", "Server deleted.")
UNKNOWN = "No such server."
EXISTS = "Already exists a server"


def ask(path: str, command: str, *, timeout_s: float = 5) -> str:
    """Return HAProxy's answer to one command, without the empty lines around it.

    Raise CommandFailed, with the cure, when the socket cannot be used or stays silent for `timeout_s`.
    """
    deadline = time.monotonic() + timeout_s
    answer = bytearray()
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
            stream.settimeout(timeout_s)
            stream.connect(path)
            stream.sendall(command.encode() + b"\n")
            while chunk := stream.recv(65536):
                answer += chunk
                stream.settimeout(max(deadline - time.monotonic(), 0.01))
    except OSError as error:
        raise CommandFailed(f"HAProxy's socket {path} cannot be used ({error}): {CURE.format(path=path)}") from error
    return answer.decode("utf-8", "replace").strip("\n")


def order(path: str, command: str, *, timeout_s: float = 5) -> None:
    """Give one command that is answered by silence or a confirmation; raise CommandFailed with what HAProxy objects to."""
    objection = ask(path, command, timeout_s=timeout_s)
    if objection in FOLLOWED:
        return
    if "permission denied" in objection.lower():
        raise CommandFailed(f"HAProxy refused `{command}`: {objection}; {CURE.format(path=path)}")
    if objection:
        raise CommandFailed(f"HAProxy refused `{command}`: {objection}")


def reached(host: str, port: int) -> tuple[str, ...]:
    """Return where the host is reached, as HAProxy spells it: one address, or all those of a name, the first one first.

    A running HAProxy looks up no name of a server that is added, so it is looked up here, as HAProxy does when it starts.
    Raise BadInput for a name that this host does not know.
    """
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        found = socket.getaddrinfo(bare, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise BadInput(
            f"address {host!r} is no IP address, and this load balancer knows no such name ({error}): give an IP address, or "
            "have it know the name"
        ) from None
    told = [str(where[0]) for *_others, where in found]
    return tuple(dict.fromkeys(f"[{one}]:{port}" if ":" in one else f"{one}:{port}" for one in told))


@contextlib.contextmanager
def turn(path: str, *, timeout_s: float = 20) -> Iterator[None]:
    """Hold everyone else's `turn` back for a moment: two drains that both count the healthy servers must not overlap.

    The role load_balancer's reload is such a turn too, of some seconds at most: an order that is given while it hands over may
    be heard by the process that leaves, and be lost. The kernel lock is on the socket's directory, so that it leaves no file and
    ends with the process that held it.
    """
    folder = os.open(os.path.dirname(path) or "/", os.O_RDONLY)
    try:
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise CommandFailed(f"another run has kept {path} busy for {timeout_s:g} s: try again") from None
                time.sleep(0.05)
        yield
    finally:
        os.close(folder)
