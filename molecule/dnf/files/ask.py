"""Ask the collection's reader of dnf what the arguments say, a method and its arguments in JSON; print its answer in JSON."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

# The tests put the collection's files beside this one.
from module_utils._errors import FleetError
from module_utils._host import dnf, dnf_base

FUNCTIONS = {"needs_reboot": dnf.needs_reboot, "refresh": dnf_base.refresh}


def answer(asked: str, given: dict[str, Any]) -> dict[str, Any]:
    try:
        told = FUNCTIONS[asked](**given) if asked in FUNCTIONS else getattr(dnf.open_manager(), asked)(**given)
    except FleetError as error:
        return {"error": type(error).__name__, "message": str(error)}
    if asked in ("candidates", "resolve"):
        changes = told if asked == "candidates" else told.changes
        return {"changes": [one._asdict() for one in changes], "left": {} if asked == "candidates" else dict(told.left)}
    return {"answer": sorted(told) if isinstance(told, (frozenset, tuple)) else told}


began = time.monotonic()
found = answer(sys.argv[1], json.loads(sys.argv[2]))
json.dump({**found, "seconds": time.monotonic() - began}, sys.stdout)
