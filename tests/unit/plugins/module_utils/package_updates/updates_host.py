"""A host before an update, a package manager that answers from a table, and what is asked of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.groundcrew.fleet.plugins.module_utils._argspec import UPDATES_OPTIONS
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.kernel import Kernel
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.stale import Process, Scan
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.updates import ON_HOLD, Resolved, Update
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.steps import Plan, describe
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates.patch_set import Versions
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates.state import Have
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates.want import Want, parse

INSTALLED = {"libssl3": "3.0.1", "nginx": "1.22", "vim": "9.0"}
SSL = Update("libssl3", "3.0.1", "3.0.2", security=True)
NGINX = Update("nginx", "1.22", "1.24")
NEW = Update("libnew", "", "1.0")
GONE = Update("libold", "1.0", "")
LIBRARY = ("/usr/lib/libssl.so.3",)


class Table:
    """A manager whose repositories have what `offered` says, versions by name; to resolve changes nothing but what is asked."""

    name = "apt"
    cve_source = "changelogs"

    def __init__(
        self,
        installed: Mapping[str, str] | None = None,
        offered: Mapping[str, Sequence[str]] | None = None,
        *,
        drawn: Mapping[str, str] | None = None,
        side_by_side: Mapping[str, tuple[str, ...]] | None = None,
        on_hold: Sequence[str] = (),
    ) -> None:
        self._installed = INSTALLED if installed is None else installed
        self._offered, self._drawn = offered or {}, drawn or {}
        self._side_by_side, self._on_hold = side_by_side or {}, on_hold
        self.rehearsed: tuple[str, ...] = ()

    def installed(self) -> Mapping[str, str]:
        return self._installed

    def candidates(self) -> tuple[Update, ...]:
        return tuple(Update(name, self._installed[name], max(there)) for name, there in self._offered.items())

    def held(self) -> Mapping[str, str]:
        return dict.fromkeys(self._on_hold, ON_HOLD)

    def resolve(self, wanted: Mapping[str, str], *, removals: bool) -> Resolved:  # noqa: ARG002 - it never removes
        found = [Update(name, self._installed.get(name, ""), version) for name, version in wanted.items()]
        return Resolved(tuple(one for one in found if self.offers(one.name, one.after)))

    def compare(self, one: str, other: str) -> int:
        return (one > other) - (one < other)

    def offers(self, name: str, version: str) -> bool:
        return version in self._offered.get(name, ())

    def rehearse(self, words: Sequence[str]) -> Mapping[str, str]:
        self.rehearsed = tuple(words)
        return {**{word.rstrip("-"): "" for word in words if word.endswith("-")}, **self._drawn}

    def beside(self, name: str) -> tuple[str, ...]:
        return self._side_by_side.get(name, ())

    def auto(self) -> frozenset[str]:
        return frozenset()

    def lists_age_s(self) -> float | None:
        return 0.0

    def interrupted(self) -> tuple[str, ...]:
        return ()

    def is_broken(self) -> bool:
        return False

    def edited(self, names: Sequence[str]) -> Mapping[str, tuple[str, ...]]:  # noqa: ARG002 - nobody edits here
        return {}

    def files_of(self, name: str) -> tuple[str, ...]:  # noqa: ARG002 - its packages are empty
        return ()

    def rate(self, update: Update, store: str) -> Update:  # noqa: ARG002 - it knows no CVE
        return update

    def wants_reboot(self) -> None:
        return None


def want(*, patch_set: Mapping[str, str] | None = None, **options: Any) -> Want:
    """The defaults of the module, but for these options."""
    given = {name: one.get("default") for name, one in UPDATES_OPTIONS.items()}
    return parse({**given, "run_id": "", **options}, None if patch_set is None else Versions(patch_set, {}))


def have(*changes: Update, processes: Sequence[Process] = (), **more: Any) -> Have:
    """A host to which these changes are to be done."""
    given: dict[str, Any] = {"scan": Scan(tuple(processes), ()), "kernel": Kernel("6.1.0-30-amd64"), **more}
    return Have(Table(), INSTALLED, changes=changes, **given)


def steps_of(plan: Plan) -> list[tuple[str, str]]:
    """Kind and target of each step, with its action where it has one."""
    told = [describe(step) for step in plan.steps]
    return [(" ".join([one["kind"], *([one["action"]] if "action" in one else [])]), one["target"]) for one in told]
