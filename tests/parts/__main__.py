"""script/test: the parts in their order, and what the command line says about them."""

from __future__ import annotations

import argparse
import sys

from . import cores, lab, static
from .runner import Part, run

CORES = ("2.16", "2.19", "2.21")
CORES_BETWEEN = ("2.17", "2.18", "2.20")
# Of what takes containers, the longest parts start first and the shortest ones last, so that the lanes end together.
LONGEST = ("crash", "molecule-packages", "molecule-site", f"facts-{cores.DEVELOPMENT_CORE}")
SHORTEST = ("molecule-lab", "secrets")


def all_parts() -> list[Part]:
    """Every part in its order: what fails fast comes first, then what takes containers, and what runs alone at the end."""
    return sorted(_parts(), key=_turn)


def _turn(part: Part) -> tuple[bool, ...]:
    """The key to sort by; equal ones keep their order."""
    return (part.alone, not part.fast, part.name in SHORTEST, part.name not in LONGEST)


def _parts() -> list[Part]:
    return [
        Part("ruff", "style and formatting", static.ruff, fast=True),
        Part(
            "sanity",
            "ansible-test sanity, the oldest and the newest Python that is here and ours",
            static.sanity,
            fast=True,
        ),
        Part("mypy", "types, strict", static.mypy, fast=True),
        Part("docs", "documentation and changelog", static.docs, fast=True),
        Part("lint", "ansible-lint, profile production", static.lint, fast=True),
        *(_units(core, default=True) for core in CORES),
        Part("importer", "the artefact judged as Galaxy does", static.importer, fast=True),
        Part("artefact", "the artefact installed and read elsewhere", static.artefact, fast=True),
        Part("pages", "every query has data, every page is whole in a browser", static.pages, fast=True),
        Part(
            "crash",
            "stop at a third of the recorded operations, recover",
            lab.crash,
            lab.CRASH_HOSTS,
            shows=r"^\d+ .* survived",
        ),
        Part("lockout", "cut off by a change, and let in again", lab.lockout),
        *_kill(),
        Part("guest", "hardening of a machine with a kernel of its own", lab.guest),
        *_molecule(),
        Part("secrets", "a planted secret is searched for everywhere", lab.secrets, lab.CRASH_HOSTS),
        Part("examples", "the installed artefact, and every documented example, on the lab", lab.examples, lab.LAB),
        *(_facts(core, default=core in (cores.DEVELOPMENT_CORE, cores.other_of_today(CORES))) for core in CORES),
        Part(
            "demo",
            "a day of the fleet under load, no request lost",
            lab.demo,
            lab.LAB,
            alone=True,
            shows=r"requests|lost",
        ),
        *_when_asked_for(),
    ]


def _when_asked_for() -> list[Part]:
    """What takes too long for every run, and the cores between the oldest and the newest."""
    return [
        Part(
            "releases", "scenarios whose tests look at one Debian release a day, at both", lab.releases, default=False
        ),
        Part(
            "crash-all",
            "the same at every operation instead of a third",
            lab.crash_all,
            lab.CRASH_HOSTS,
            default=False,
            shows=r"^\d+ .* survived",
        ),
        Part(
            "mutations",
            "the crash tests notice each way to break the interpreter",
            lab.mutations,
            lab.CRASH_HOSTS,
            default=False,
        ),
        *(_units(core, default=False) for core in CORES_BETWEEN),
        *(_facts(core, default=False) for core in CORES_BETWEEN),
    ]


def _kill() -> list[Part]:
    """Updates that are killed: a case of each kind, and, when it is asked for, every moment of each."""
    return [
        Part(name, about, run, lab.KILL_HOSTS, default=default, shows=r"^killed: ")
        for name, about, run, default in (
            ("patch-kill", "updates killed in the middle, and finished by the next run", lab.patch_kill, True),
            ("patch-kill-all", "the same at 20 moments of each kind", lab.patch_kill_all, False),
        )
    ]


def _molecule() -> list[Part]:
    """Every scenario, and, when it is asked for, the long way of those that measure."""
    scenarios = [
        Part(
            f"molecule-{name}",
            f"Molecule scenario {name}",
            lab.scenario(name),
            # What users wait for is measured there, and whatever runs beside it would be measured too.
            alone=name in (lab.STRATEGIES, lab.MONITORING),
            shows=r"^(under load|from stop to page)",
        )
        for name in lab.scenarios()
    ]
    full = [
        Part(
            name,
            about,
            run,
            f"molecule-{scenario}",
            default=False,
            alone=True,
            shows=r"^(under load|from stop to page)",
        )
        for name, about, run, scenario in (
            (
                "strategies-full",
                "each way to deploy under 10,000 requests, beside the quiet",
                lab.strategies_full,
                lab.STRATEGIES,
            ),
            ("monitoring-full", "20 pages, and what only the servers refuse", lab.monitoring_full, lab.MONITORING),
        )
    ]
    return [*scenarios, *full]


def _units(core: str, *, default: bool) -> Part:
    run = cores.units_under_core(core)
    fast = not cores.needs_container(core)
    # One environment serves the units and the facts of a core; whichever comes first makes it.
    return Part(
        f"core-{core}", f"unit tests under ansible-core {core}", run, f"venv-{core}", default=default, fast=fast
    )


def _facts(core: str, *, default: bool) -> Part:
    run = cores.facts_under_core(core)
    return Part(f"facts-{core}", f"what rollouts rest on, ansible-core {core}", run, f"venv-{core}", default=default)


def groups(parts: list[Part]) -> dict[str, list[Part]]:
    """The names that stand for several parts."""
    return {
        "fast": [part for part in parts if part.default and part.fast],
        "unit": [part for part in parts if part.name == f"core-{cores.DEVELOPMENT_CORE}"],
        "facts": [part for part in parts if part.name in [f"facts-{core}" for core in CORES]],
        "molecule": [part for part in parts if part.name.startswith("molecule-")],
        "matrix": [part for part in parts if part.name.split("-")[-1] in CORES_BETWEEN],
    }


def chosen(names: list[str], parts: list[Part]) -> list[Part]:
    """The parts that the names stand for, in their order; without a name all but the matrix. Raise ValueError for others."""
    if not names:
        return [part for part in parts if part.default]
    known = {**{part.name: [part] for part in parts}, **groups(parts)}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"no part is named {', '.join(unknown)}; the known ones are {', '.join(known)}")
    wanted = {part.name for name in names for part in known[name]}
    return [part for part in parts if part.name in wanted]


def main() -> int:
    arguments = argparse.ArgumentParser(prog="script/test", description="Run all tests, or the named parts of them.")
    arguments.add_argument("names", nargs="*", metavar="NAME")
    arguments.add_argument("--list", action="store_true", help="name the parts, with a line each")
    arguments.add_argument("--lanes", type=int, default=2, help="how many parts run side by side (2)")
    arguments.add_argument("--check", action="store_true", help=argparse.SUPPRESS)
    options = arguments.parse_args()
    parts = all_parts()
    try:
        wanted = chosen(options.names, parts)
    except ValueError as error:
        sys.stderr.write(f"script/test: {error}\n")
        return 2
    if options.list:
        _list(parts)
    elif not options.check:
        return run(wanted, lanes=options.lanes)
    return 0


def _list(parts: list[Part]) -> None:
    for part in parts:
        print(f"{part.name:<24} {part.about}" + ("" if part.default else " (not part of the default)"))
    for name, members in groups(parts).items():
        print(f"{name:<24} = {' '.join(part.name for part in members) or 'nothing yet'}")


if __name__ == "__main__":
    sys.exit(main())
