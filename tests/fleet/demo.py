"""A day in the life of a fleet, on real hosts: made, deployed to, patched and mishandled under load, and every claim checked.

`python -m fleet.demo` flies the day and exits with 1 if anything did not hold; `--down` takes the lab away.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from . import day
from .screen import Done, Screen, StepFailed

CHECKOUT = Path(__file__).resolve().parents[2]


def fly(fleet: day.Fleet, screen: Screen) -> None:
    """Take every step of the day in turn; raise StepFailed at the first that does not hold."""
    for title, step in day.STEPS:
        with screen.step(title) as running:
            step(fleet, running)


def show_end(fleet: day.Fleet, screen: Screen, *, held: bool) -> None:
    """The tables that say what happened: all of them, also after a failure, as far as the day came."""
    steps = [(done.title, f"{done.seconds:.1f}", done.remark) for done in screen.done]
    screen.table("Steps", ("step", "seconds ", "what was seen"), [*steps, ("whole day", f"{fleet.seconds():.1f}", "")])
    if fleet.traffic:
        screen.table("Requests through the load balancer", day.TRAFFIC_HEAD, day.traffic_rows(fleet))
    if held:
        screen.table("Hosts", day.HOSTS_HEAD, day.host_rows(fleet))
        screen.table("Addresses", ("what", "where"), day.ADDRESSES)
        screen.console.print("\nEverything held. script/demo --down takes the lab away.")


def main() -> int:
    parser = argparse.ArgumentParser(prog="script/demo", description=__doc__.splitlines()[0])
    parser.add_argument("--down", action="store_true", help="take the lab away and leave nothing behind")
    parser.add_argument(
        "--rate", type=int, default=100, help="requests a second through the load balancer (%(default)s)"
    )
    options = parser.parse_args()
    screen = Screen(CHECKOUT / ".cache/demo")
    fleet = day.Fleet(CHECKOUT, rate=options.rate)
    try:
        if options.down:
            with screen.step("Take the lab away") as running:
                day.take_down(fleet, running)
            return 0
        if seconds := float(os.environ.get("SETUP_SECONDS", "0")):
            screen.done.append(Done("Set up this machine", seconds, ""))
        fly(fleet, screen)
    except StepFailed:
        show_end(fleet, screen, held=False)
        return 1
    except KeyboardInterrupt:
        return 130
    show_end(fleet, screen, held=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
