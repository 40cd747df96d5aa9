"""The command line of script/bench."""

from __future__ import annotations

import argparse
import ast
import importlib
import json
import sys
from pathlib import Path

from . import harness

NOT_BENCHES = {"__init__", "__main__", "harness"}


def names() -> dict[str, str]:
    """Every bench with its line, read without running it."""
    files = sorted(path for path in Path(__file__).parent.glob("*.py") if path.stem not in NOT_BENCHES)
    return {path.stem: (ast.get_docstring(ast.parse(path.read_text())) or "").splitlines()[0] for path in files}


def main() -> int:
    """List the benches, or run one; return 1 when it missed its bar."""
    known = names()
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument("name", nargs="?", choices=sorted(known), metavar="NAME", help="the bench to run")
    parser.add_argument("--rounds", type=int, default=9, metavar="N", help="interleaved rounds (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep all figures there")
    parser.add_argument("--check", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not arguments.name:
        print("\n".join(f"{name:16} {line}" for name, line in known.items()))
    elif not arguments.check:
        return _run(arguments.name, max(arguments.rounds, 1), arguments.json)
    return 0


def _run(name: str, rounds: int, kept: Path | None) -> int:
    lab = harness.Lab(name)
    bench = importlib.import_module(f".{name}", __package__)
    with lab.up(getattr(bench, "HOSTS", harness.HOST)):
        results = bench.measure(lab, rounds)
    if kept:
        kept.write_text(json.dumps(harness.figures(name, results), indent=1) + "\n")
    print(harness.table(results))
    print(harness.verdict(name, results))
    return 0 if all(result.met for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
