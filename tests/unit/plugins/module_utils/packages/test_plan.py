"""What becomes of packages, holds, marks and what we remember: tables of want, host and apt's answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import files
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.apt_get import Change, Record
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.dpkg import Known
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.files import FileState
from ansible_collections.groundcrew.fleet.plugins.module_utils._managed import Managed
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.steps import Plan
from ansible_collections.groundcrew.fleet.plugins.module_utils.packages import memory, need, repositories, succession
from ansible_collections.groundcrew.fleet.plugins.module_utils.packages.memory import Memory, Past, Replaced
from ansible_collections.groundcrew.fleet.plugins.module_utils.packages.need import Host
from ansible_collections.groundcrew.fleet.plugins.module_utils.packages.plan import plan, remembered
from ansible_collections.groundcrew.fleet.plugins.module_utils.packages.state import Forecast, Have, unneeded, words
from ansible_collections.groundcrew.fleet.plugins.module_utils.packages.want import Want, parse

KNOWN = {
    "tool": Known("1.0", kib=300),
    "lib": Known("1.0"),
    "pinned": Known("1.0", selected="h"),
    "rest": Known("1.0", "c"),
    "dpkg": Known("1.21", vital=True),
    "sudo": Known("1.9"),
}


def want(*packages: Any, **options: Any) -> Want:
    defaults = {
        "name": "fleet",
        "purge_unlisted": True,
        "allow_removals": False,
        "cache_valid_time_s": 1,
        "force": False,
    }
    return parse({**defaults, "packages": packages, **options})


def host(past: Memory | None = None, **changed: Any) -> Host:
    """A host with KNOWN, where lib was installed automatically."""
    there = {path: FileState(path, files.DIRECTORY) for path in repositories.paths_to_read(())}
    there.update((path, FileState(path, files.ABSENT)) for path in repositories.paths_of("shop"))
    return Host(KNOWN, frozenset({"lib"}), there, Managed(facts=memory.dump(past or Memory())))._replace(**changed)


def have(
    wanted: Want,
    on: Host,
    *changes: Change,
    gone: Sequence[str] = (),
    back: Sequence[str] = (),
    records: Mapping[str, Record] | None = None,
) -> Have:
    every = {**{change.name: Record(100, 1024) for change in changes}, **(records or {})}
    return Have(on, need.find(wanted, on), Forecast(changes, every, tuple(gone), tuple(back)))


def told(planned: Plan) -> list[str]:
    """The steps that are about packages, one line each."""
    lines = []
    for step in planned.steps:
        if step.kind == "argv":
            lines.append(" ".join(step.args["argv"]))
        elif step.kind == "package":
            lines.append(f"{step.args['action']} {step.args['packages']}")
    return lines


@pytest.mark.parametrize(
    "packages, changes, steps",
    [
        (["tool"], [], []),
        ([{"name": "tool", "version": "1.0"}], [], []),
        (["new"], [Change("new", "", "2.0")], ["install {'new': '2.0'}"]),
        (["rest"], [Change("rest", "", "1.0")], ["install {'rest': '1.0'}"]),
        (
            [{"name": "tool", "version": "0.9", "held": True}],
            [Change("tool", "1.0", "0.9")],
            ["install {'tool': '0.9'}", "apt-mark hold tool"],
        ),
        (
            [{"name": "pinned", "version": "2.0"}],
            [Change("pinned", "1.0", "2.0")],
            ["apt-mark unhold pinned", "install {'pinned': '2.0'}", "apt-mark hold pinned"],
        ),
        ([{"name": "pinned", "held": False}], [], ["apt-mark unhold pinned"]),
        (["lib"], [], ["apt-mark manual lib"]),
        ([{"name": "tool", "state": "absent"}], [Change("tool", "1.0", "")], ["remove {'tool': ''}"]),
        (
            [{"name": "tool", "state": "absent", "purge": True}, "rival"],
            [Change("tool", "1.0", ""), Change("rival", "", "1.0")],
            ["install {'rival': '1.0', 'tool-': ''}", "dpkg --purge tool"],
        ),
        ([{"name": "rest", "state": "absent", "purge": True}], [], ["dpkg --purge rest"]),
        ([{"name": "rest", "state": "absent"}], [], []),
    ],
)
def test_steps_are_those_that_are_missing(packages: list[Any], changes: list[Change], steps: list[str]) -> None:
    wanted = want(*packages)
    assert told(plan(wanted, have(wanted, host(), *changes))) == steps


def after(wanted: Want, on: Host, *changes: Change, **foretold: Any) -> Memory:
    return remembered(wanted, have(wanted, on, *changes, **foretold))


def test_it_is_remembered_how_each_package_was_and_what_came_along() -> None:
    changes = [Change(name, "", "1.0") for name in ("new", "along", "further", "unknown")]
    needs = {"new": Record(needs=frozenset({"virtual", "libc"})), "further": Record()}
    along = Record(provides=frozenset({"virtual"}), needs=frozenset({"further"}))
    found = after(want("new", "lib", "tool"), host(), *changes, records={**needs, "along": along})
    assert found.lists == {"fleet": {"new", "lib", "tool"}}
    assert {name: past.was for name, past in found.past.items()} == {"new": "absent", "lib": "automatic", "tool": ""}
    assert found.brought == {"along": {"new"}, "further": {"new"}, "unknown": frozenset()}
    assert memory.load(memory.dump(found)).brought == found.brought


OURS = Memory({"fleet": frozenset({"tool", "lib", "sudo"})}, {}, {"tool": Past("absent"), "lib": Past("automatic")})


def test_what_left_the_list_goes_where_it_came_with_us_and_is_automatic_where_it_was() -> None:
    wanted = want("sudo")
    found = have(wanted, host(OURS, automatic=frozenset()), Change("tool", "1.0", ""), gone=["tool"])
    planned = plan(wanted, found)
    assert (found.need.leaving, found.need.demoted) == (("tool",), ("lib",))
    assert told(planned) == ["remove {'tool': ''}", "apt-mark auto lib"]
    assert remembered(wanted, found) == Memory({"fleet": frozenset({"sudo"})}, {"fleet": frozenset()}, {"sudo": Past()})


def test_what_left_the_list_and_is_needed_stays_as_automatic_and_is_told() -> None:
    wanted = want("sudo", "lib")
    planned = plan(wanted, have(wanted, host(OURS)))
    assert told(planned) == ["apt-mark manual lib", "apt-mark auto tool"]
    assert "something that stays needs it" in planned.summary["kept"]["tool"]


@pytest.mark.parametrize(
    "options, past",
    [
        ({"purge_unlisted": False}, OURS),
        ({}, OURS._replace(lists={**OURS.lists, "other": frozenset({"tool", "lib"})})),
        ({}, OURS._replace(past={})),
        ({"name": "another"}, OURS),
    ],
    ids=["unless asked", "while another list has it", "that was there before", "of another list"],
)
def test_nothing_else_leaves(options: Mapping[str, Any], past: Memory) -> None:
    wanted = want("sudo", **options)
    assert told(plan(wanted, have(wanted, host(past)))) == []


def test_what_the_host_is_managed_through_stays_when_it_leaves_the_list() -> None:
    past = Memory({"fleet": frozenset({"sudo"})}, {}, {"sudo": Past("absent")})
    planned = plan(want(), have(want(), host(past)))
    assert told(planned) == []
    assert "managed through it" in planned.summary["kept"]["sudo"]


@pytest.mark.parametrize(
    "packages, changes, why",
    [
        (["new"], [Change("new", "", "1"), Change("tool", "1.0", "")], "tool would be removed too, and is not listed"),
        (["new", "tool"], [Change("new", "", "1"), Change("tool", "1.0", "")], "tool shall be present, but cannot be"),
        (
            [{"name": "dpkg", "state": "absent"}],
            [Change("dpkg", "1.21", "")],
            "dpkg would be removed, and Debian cannot",
        ),
        (
            ["new"],
            [Change("new", "", "1"), Change("sudo", "1.9", "")],
            "sudo would be removed too, and this host is managed",
        ),
        (["new"], [Change("new", "", "1"), Change("pinned", "1.0", "2")], "pinned is on hold here"),
        (["virtual"], [Change("real", "", "1")], "virtual is no package by that name"),
    ],
)
def test_what_nobody_asked_for_is_refused(packages: list[Any], changes: list[Change], why: str) -> None:
    wanted = want(*packages)
    with pytest.raises(BadInput, match=why):
        plan(wanted, have(wanted, host(), *changes))


def test_removals_can_be_allowed() -> None:
    wanted = want("new", allow_removals=True)
    planned = plan(wanted, have(wanted, host(), Change("new", "", "1"), Change("tool", "1.0", "")))
    assert told(planned) == ["install {'new': '1'}"]
    assert planned.summary["download_bytes"] == 100
    assert planned.summary["disk_bytes"] == 1024 - 300 * 1024


@pytest.mark.parametrize(
    "broken, steps",
    [
        (False, ["dpkg --force-confdef --force-confold --configure -a"]),
        (
            True,
            [
                "dpkg --set-selections",
                "apt-get -q -y -o Dir::Cache::pkgcache= -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold -f install",
            ],
        ),
    ],
)
def test_an_interrupted_dpkg_is_finished_first_without_a_question(broken: bool, steps: list[str]) -> None:
    planned = plan(want("sudo"), have(want("sudo"), host(interrupted=("tool",), broken=broken)))
    assert told(planned) == steps
    assert planned.summary["interrupted"] == ["tool"]


def test_apt_is_asked_for_versions_and_what_goes() -> None:
    wanted = want("new", {"name": "tool", "version": "2.0"}, {"name": "lib", "state": "absent"})
    assert words(need.find(wanted, host()), ("old",)) == ["new", "tool=2.0", "lib-", "old-"]


def test_what_left_the_list_goes_although_something_recommends_it_and_what_came_along_stays_then() -> None:
    """apt's autoremove, where something that stays recommends lib and suggests tool."""

    def lost(asked: list[str], *, strict: bool) -> frozenset[str]:
        return frozenset({"tool", "lib", "other"} if strict else {one[:-1] for one in asked})

    found = need.find(want("sudo"), host(OURS))
    assert unneeded(found, {"lib"}, lost) == ("tool",)
    assert unneeded(found, {"lib"}, lost, exactly=True) == ("lib", "tool")


def test_a_repository_is_its_source_its_key_and_its_pin() -> None:
    key = "mQ" + "A" * 86
    shop = {
        "name": "shop",
        "state": "present",
        "uris": ["https://deb.example.com/a"],
        "types": ["deb"],
        "suites": ["x"],
        "components": ["main"],
        "architectures": [],
        "key": key,
        "pin": {"priority": -1, "packages": ["*"], "match": None},
    }
    wanted = want(repositories=[shop])
    found = need.find(wanted, host())
    overlay = {path: (content or b"").decode() for path, content in found.files.overlay.items()}
    assert found.files.changes_sources
    assert overlay["/etc/apt/sources.list.d/shop.sources"].splitlines()[1:] == [
        "Types: deb",
        "URIs: https://deb.example.com/a",
        "Suites: x",
        "Components: main",
        "Signed-By: /etc/apt/keyrings/shop.asc",
    ]
    assert overlay["/etc/apt/keyrings/shop.asc"].startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQAA")
    assert 'Pin: origin "deb.example.com"\nPin-Priority: -1\n' in overlay["/etc/apt/preferences.d/shop"]
    planned = plan(wanted, have(wanted, host()))
    assert [step.kind for step in planned.steps[:3]] == ["write"] * 3


def test_a_host_that_is_as_listed_asks_nothing_of_apt() -> None:
    wanted = want("tool", {"name": "pinned", "held": True}, {"name": "gone", "state": "absent"})
    found = need.find(wanted, host())
    assert not found.asks_apt
    assert found.files.steps == ()


DATABASE = Record(provides=frozenset({"virtual-mysql-server"}), conflicts=frozenset({"virtual-mysql-server"}))
TIME = Record(provides=frozenset({"time-daemon"}), conflicts=frozenset({"time-daemon"}))
CLOCK = {"clock": Known("1.0"), "user": Known("1.0")}
RECORDS = {"clock": TIME, "better": TIME}
SWITCH = (Change("better", "", "2.0"), Change("clock", "1.0", ""))


def test_what_a_listed_package_takes_the_place_of_goes_and_is_told() -> None:
    wanted = want("better")
    planned = plan(wanted, have(wanted, host(known=CLOCK), *SWITCH, records=RECORDS))
    assert told(planned) == ["install {'better': '2.0', 'clock-': ''}"]
    assert planned.summary["replaced"] == {"clock": "better"}


@pytest.mark.parametrize(
    "packages, changes, records, past, why",
    [
        (["better"], SWITCH, {"better": TIME._replace(provides=frozenset())}, None, "clock would be removed too"),
        (["better"], SWITCH, {"clock": TIME._replace(conflicts=frozenset())}, None, "clock would be removed too"),
        (["other"], (Change("other", "", "1"), *SWITCH), {}, None, "clock would be removed too"),
        (["better"], (*SWITCH, Change("user", "1.0", "")), {}, None, "^user would be removed too"),
        (["better", "clock"], SWITCH, {}, None, "clock shall be present, but cannot be"),
        (["better"], SWITCH, {}, Memory({"other": frozenset({"clock"})}), "clock would be removed too"),
        (["better"], SWITCH, {"better": DATABASE, "clock": DATABASE}, None, "clock would be removed too"),
    ],
    ids=[
        "does not stand for the same",
        "can stand beside it",
        "is not listed",
        "is needed by more",
        "is listed too",
        "is of another list",
        "keeps data",
    ],
)
def test_nothing_makes_place_for_what(
    packages: list[Any],
    changes: Sequence[Change],
    records: Mapping[str, Record],
    past: Memory | None,
    why: str,
) -> None:
    wanted = want(*packages)
    with pytest.raises(BadInput, match=why):
        plan(wanted, have(wanted, host(past, known=CLOCK), *changes, records={**RECORDS, **records}))


def test_what_is_on_hold_makes_no_place() -> None:
    wanted = want("better")
    on = host(known={"clock": Known("1.0", selected="h")})
    with pytest.raises(BadInput, match="clock is on hold here"):
        plan(wanted, have(wanted, on, *SWITCH, records=RECORDS))


def replaced(*, automatic: bool = False) -> Memory:
    return Memory(
        {"fleet": frozenset({"better"})}, {}, {"better": Past("absent")}, {}, {"clock": Replaced("better", automatic)}
    )


WITHOUT = {"better": Known("2.0"), "clock": Known("1.0", "c")}
RETURN = (Change("better", "2.0", ""), Change("clock", "", "1.1"))


@pytest.mark.parametrize("automatic", [True, False])
def test_what_made_place_is_remembered_with_its_mark(*, automatic: bool) -> None:
    on = host(known=CLOCK, automatic=frozenset({"clock"} if automatic else ()))
    found = after(want("better"), on, *SWITCH, records=RECORDS)
    assert found.replaced == {"clock": Replaced("better", automatic)}
    assert memory.load(memory.dump(found)).replaced == found.replaced


@pytest.mark.parametrize("automatic, marks", [(True, ["apt-mark auto clock"]), (False, [])])
def test_what_made_place_comes_back_with_its_mark_and_as_the_hosts_own(*, automatic: bool, marks: list[str]) -> None:
    wanted, on = want(), host(replaced(automatic=automatic), known=WITHOUT)
    found = have(wanted, on, *RETURN, gone=["better"], back=["clock"])
    assert told(plan(wanted, found)) == ["install {'clock': '1.1', 'better-': ''}", *marks]
    assert memory.dump(remembered(wanted, found)) == {}


@pytest.mark.parametrize(
    "packages, gone, heirs, back",
    [
        ([], ["better"], {}, ("clock",)),
        ([{"name": "better", "state": "absent"}], [], {}, ("clock",)),
        ([], [], {}, ()),
        (["third"], ["better"], {"better": "third"}, ()),
        (["clock"], ["better"], {"better": "clock"}, ()),
        ([{"name": "clock", "state": "absent"}], ["better"], {}, ()),
    ],
    ids=["it left", "it is absent", "it stays", "a third takes over", "listed itself", "not wanted any more"],
)
def test_what_made_place_comes_back_when(
    packages: list[Any], gone: list[str], heirs: Mapping[str, str], back: tuple[str, ...]
) -> None:
    wanted, on = want(*packages), host(replaced(), known=WITHOUT)
    assert succession.returning(wanted, on, need.find(wanted, on), gone, heirs) == back


def test_who_takes_over_inherits_what_is_to_come_back() -> None:
    wanted, on = want("third"), host(replaced(), known=WITHOUT)
    changes = (Change("third", "", "1.0"), Change("better", "2.0", ""))
    found = after(wanted, on, *changes, gone=["better"], records={"third": TIME, "better": TIME})
    assert found.replaced == {"clock": Replaced("third")}


def test_what_made_place_and_is_listed_itself_stays_when_it_leaves_the_list_again() -> None:
    wanted, on = want("clock"), host(replaced(), known=WITHOUT)
    found = after(wanted, on, *RETURN, gone=["better"], records=RECORDS)
    assert (found.replaced, found.past["clock"].was) == ({}, "")


def test_what_came_along_and_made_place_does_not_come_back() -> None:
    on = host(Memory(brought={"clock": frozenset({"gone"})}), known=CLOCK)
    assert after(want("better"), on, *SWITCH, records=RECORDS).replaced == {}


@pytest.mark.parametrize(
    "by, purged",
    [
        ({"tool"}, "dpkg --purge along tool"),
        ({"tool", "sudo"}, "dpkg --purge tool"),
        ({"other"}, "dpkg --purge tool"),
        (set(), "dpkg --purge tool"),
    ],
    ids=["for it alone", "for others too", "for another", "nobody knows for whom"],
)
def test_purge_takes_the_configuration_of_what_came_for_that_package_alone(by: set[str], purged: str) -> None:
    past = Memory({"fleet": frozenset({"tool"})}, {}, {"tool": Past("absent", purge=True)}, {"along": frozenset(by)})
    on = host(past, known={**KNOWN, "along": Known("1.0")})
    changes = (Change("along", "1.0", ""), Change("tool", "1.0", ""))
    planned = plan(want(), have(want(), on, *changes, gone=["along", "tool"]))
    assert told(planned) == ["remove {'along': '', 'tool': ''}", purged]
