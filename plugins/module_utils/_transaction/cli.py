# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The command `groundcrew` on a host: for its boot unit, for its undo timer, and for the human at the console."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Callable

from .._errors import FleetError, Unfinished
from . import interpreter, journal, ledger, lock, metrics, quarantine, recovery, textfile
from .interpreter import Context
from .lock import Actor
from .paths import HOST, Paths
from .world import World

# The boot unit and the timer have nobody who would try again for them.
PATIENCE_S = {True: 3600.0, False: 60.0}


def main(arguments: Sequence[str] | None = None, paths: Paths = HOST) -> None:
    """Run one command and exit: 0 done, 1 refused or failed with the reason on stderr, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    if os.geteuid() != 0:
        raise SystemExit("groundcrew: the state of this host belongs to root: run it with sudo")
    actor = Actor(
        lock.login(), getattr(options, "reason", None) or "", wait_s=PATIENCE_S[getattr(options, "unproven", False)]
    )
    try:
        _COMMANDS[options.command](options, Context(paths, World(), actor))
    except (FleetError, OSError) as error:
        raise SystemExit(f"groundcrew: {error}") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("groundcrew", description="Look at this host's transactions, and settle them.")
    commands = parser.add_subparsers(dest="command", required=True)
    recover = commands.add_parser("recover", help="an unfinished or quarantined transaction: show it, or settle it")
    how = recover.add_mutually_exclusive_group(required=True)
    how.add_argument("--show", action="store_true", help="what is unfinished, and whether the host is quarantined")
    how.add_argument("--undo", action="store_true", help="bring back what was before")
    how.add_argument("--finish", action="store_true", help="take the steps that are left")
    how.add_argument("--accept", action="store_true", help="keep the host as it is now (needs --reason)")
    how.add_argument("--unproven", action="store_true", help="what the boot unit and the undo timer do")
    how.add_argument(
        "--settled", metavar="TXID", help="how this transaction ended, in one word; ends with 1 while it is unfinished"
    )
    recover.add_argument("--reason", help="why, for the ledger")
    confirm = commands.add_parser("confirm", help="let a transaction stand that waits for the proof of a new login")
    confirm.add_argument("txid")
    book = commands.add_parser("ledger", help="what was done to this host")
    book.add_argument("--last", type=int, default=20, metavar="N", help="the last N entries (20)")
    book.add_argument("--verify", action="store_true", help="check that no line was edited or cut out")
    book.add_argument("--json", action="store_true", help="whole entries, one JSON object a line")
    hold = commands.add_parser("lock", help="which run holds this host")
    what = hold.add_mutually_exclusive_group()
    what.add_argument("--show", action="store_true", help="the holder (the default)")
    what.add_argument("--release", action="store_true", help="end its hold (needs --reason)")
    what.add_argument("--take", action="store_true", help="hold the host yourself for an hour (needs --reason)")
    hold.add_argument("--reason", help="why, for the ledger")
    figures = commands.add_parser(
        "metrics", help="what stands here of transactions and releases, as metrics for Prometheus"
    )
    figures.add_argument(
        "--write", metavar="DIR", help="to DIR/groundcrew.prom, for node exporter, in place of the terminal"
    )
    return parser


def _recover(options: argparse.Namespace, context: Context) -> None:
    if options.show:
        _show_unfinished(context.paths)
        return
    if options.settled:
        _settled(options.settled, context.paths)
        return
    how = next((name for name in ("undo", "finish", "accept") if getattr(options, name)), recovery.AUTO)
    with lock.exclusive(context.paths, context.world, context.actor, any_run=True):
        done = recovery.recover(context, how, unproven=options.unproven)
    for one in done:
        _say(f"{one.txid}  {one.result}  {one.name}")
    if not done:
        _say("nothing is unfinished on this host")


def _settled(txid: str, paths: Paths) -> None:
    if f"{paths.journal}/{txid}" in journal.unfinished(paths):
        raise Unfinished(f"transaction {txid} is still unfinished")
    _say(ledger.result_of(paths, txid) or "unknown")


def _confirm(options: argparse.Namespace, context: Context) -> None:
    with lock.exclusive(context.paths, context.world, context.actor, any_run=True):
        interpreter.confirm(options.txid, context)
    _say(f"{options.txid} stands")


def _show_unfinished(paths: Paths) -> None:
    told = quarantine.read(paths)
    if told:
        _say(f"QUARANTINED since {told['since']}: {told['what']}")
        _say(f"  it failed:               {told['why']}")
        _say(f"  and could not be undone: {told['undo']}")
        _say(f"  {quarantine.CURE}")
    waiting = recovery.pending(paths)
    for one in waiting:
        who = one.get("who", {})
        _say(f"{one['txid']}  {one['what']}")
        _say(f"  by {who.get('owner', '?')}, run {who.get('run_id') or 'without id'}; last mark: {one['state']}")
        _say(f"  {one.get('taken', 0)} of {one.get('steps', 0)} steps are known to be taken")
    if not told and not waiting:
        _say("nothing is unfinished on this host")


def _ledger(options: argparse.Namespace, context: Context) -> None:
    if options.verify:
        if not ledger.holds(context.paths):
            raise FleetError(f"the ledger {context.paths.ledger} was edited or cut: its chain of digests is broken")
        _say(f"{len(ledger.lines(context.paths))} entries, every line follows from the one before")
        return
    for entry in ledger.entries(context.paths, options.last):
        _say(json.dumps(entry, sort_keys=True) if options.json else _line(entry))


def _line(entry: Mapping[str, Any]) -> str:
    head = f"{entry.get('when', '?')}  {entry.get('result', '?'):<9} {entry.get('what', '?')}"
    tail = [f"by {entry.get('who', '?')}", f"run {entry['run_id']}" if entry.get("run_id") else ""]
    why = entry.get("why") or entry.get("reason")
    return "  ".join([head, *filter(None, tail), *([f"({why})"] if why else [])])


def _lock(options: argparse.Namespace, context: Context) -> None:
    if options.release or options.take:
        with lock.exclusive(context.paths, context.world, context.actor, any_run=True):
            found = lock.seize(context.paths, context.world, context.actor, take=options.take)
        _say(f"was held by: {lock.tell(found) if found else 'nobody'}")
        return
    found = lock.read(context.paths)
    _say(lock.tell(found) if found else "nobody holds this host")


def _metrics(options: argparse.Namespace, context: Context) -> None:
    told = metrics.told(context.paths)
    if options.write:
        textfile.write(context.world, options.write, metrics.FILE, told)
    else:
        sys.stdout.write(told)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


_COMMANDS: Mapping[str, Callable[[argparse.Namespace, Context], None]] = {
    "confirm": _confirm,
    "recover": _recover,
    "ledger": _ledger,
    "lock": _lock,
    "metrics": _metrics,
}
