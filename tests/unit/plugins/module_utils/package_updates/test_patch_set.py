"""A patch set says the same, byte for byte, wherever it was made from the same plans, and an edited one shows."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates import patch_set

RELEASE = "debian 12 x86_64"
MADE = "2026-11-25T08:00:00Z"


def change(name: str, to: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "from": "1.0", "to": to, "security": False, "cves": None, "sha256": "ab", **more}


def plan_of(*changes: dict[str, Any], release: str = RELEASE) -> dict[str, Any]:
    return {"release": release, "plan": list(changes), "held": []}


def make(**plans: dict[str, Any]) -> dict[str, Any]:
    return patch_set.make("2026-11", MADE, plans)


def test_its_bytes_are_sorted_and_without_spaces_and_end_with_a_line() -> None:
    told = make(a=plan_of(change("libssl3", "3.0.2", security=True, cves=["CVE-2026-1"])))
    assert patch_set.canonical({**told, "sha256": ""}).decode() == (
        '{"format":1,"made":"2026-11-25T08:00:00Z","name":"2026-11","packages":{"debian 12 x86_64":{"libssl3":'
        '{"cves":["CVE-2026-1"],"security":true,"sha256":"ab","version":"3.0.2"}}},"sha256":""}\n'
    )


def test_its_digest_is_that_of_the_same_without_it() -> None:
    told = make(a=plan_of(change("libssl3", "3.0.2")))
    rest = {key: value for key, value in told.items() if key != "sha256"}
    assert told["sha256"] == hashlib.sha256(patch_set.canonical(rest)).hexdigest()


def test_the_order_of_hosts_does_not_matter() -> None:
    ssl, vim = plan_of(change("libssl3", "3.0.2")), plan_of(change("vim", "9.1"), change("libssl3", "3.0.2"))
    other = plan_of(change("vim", "9.2"), release="debian 13 x86_64")
    one = patch_set.make("n", MADE, {"a": ssl, "b": vim, "c": other})
    assert patch_set.canonical(one) == patch_set.canonical(patch_set.make("n", MADE, {"c": other, "b": vim, "a": ssl}))
    assert {release: sorted(packages) for release, packages in one["packages"].items()} == {
        RELEASE: ["libssl3", "vim"],
        "debian 13 x86_64": ["vim"],
    }


def test_a_package_is_a_fix_where_any_host_calls_it_one() -> None:
    told = make(
        a=plan_of(change("libssl3", "3.0.2", security=True)), b=plan_of(change("libssl3", "3.0.2", security=False))
    )
    assert told["packages"][RELEASE]["libssl3"]["security"] is True


def test_what_goes_is_not_in_it() -> None:
    assert make(a=plan_of(change("libold", ""), change("libnew", "1.0")))["packages"][RELEASE].keys() == {"libnew"}


def test_a_release_without_updates_is_in_it_so_that_its_hosts_are_not_refused() -> None:
    other = {**plan_of(change("vim", "9.1")), "release": "debian 13 x86_64"}
    assert make(a=plan_of(), b=other)["packages"][RELEASE] == {}


def test_hosts_that_disagree_are_named() -> None:
    with pytest.raises(BadInput, match=r"libssl3 would become 3\.0\.2 on a and 3\.0\.3 on c: their mirrors differ"):
        make(
            a=plan_of(change("libssl3", "3.0.2")),
            b=plan_of(change("vim", "9.1")),
            c=plan_of(change("libssl3", "3.0.3")),
        )


def test_hosts_of_different_releases_may_differ() -> None:
    make(a=plan_of(change("vim", "9.1")), b=plan_of(change("vim", "9.2"), release="debian 13 x86_64"))


@pytest.mark.parametrize("told", [{}, {"failed": True, "msg": "no"}, {"plan": []}])
def test_what_tells_no_plan_is_refused_with_its_host(told: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="plans: b has no plan; give what package_updates_info returned for it"):
        make(a=plan_of(), b=told)


def test_what_was_written_is_read() -> None:
    told = make(a=plan_of(change("libssl3", "3.0.2"), change("größe", "1:2.0~rc1")))
    assert patch_set.parse(patch_set.canonical(told), "set.json") == told


def edited(told: dict[str, Any]) -> bytes:
    told["packages"][RELEASE]["libssl3"]["version"] = "3.0.9"
    return patch_set.canonical(told)


@pytest.mark.parametrize(
    "damage,said",
    [
        (edited, "set.json was changed since it was made: its digest does not fit"),
        (lambda told: json.dumps(told, indent=1).encode(), "set.json is not as it was made: its form is another one"),
        (lambda told: patch_set.canonical(told)[:-9], "set.json is no patch set: "),
        (lambda told: patch_set.canonical(patch_set.sealed({**told, "format": 2})), "no patch set of format 1"),
        (lambda _told: b"[]\n", "no patch set of format 1"),
        (lambda _told: b"\xff", "set.json is no patch set: "),
        (lambda _told: b"", "set.json is no patch set: "),
    ],
)
def test_a_damaged_or_edited_file_is_refused(damage: Any, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        patch_set.parse(damage(make(a=plan_of(change("libssl3", "3.0.2")))), "set.json")


def test_a_host_gets_the_versions_of_its_release() -> None:
    told = make(a=plan_of(change("libssl3", "3.0.2")), b=plan_of(change("vim", "9.1"), release="debian 13 x86_64"))
    found = patch_set.versions_for(told, RELEASE)
    assert (found.versions, found.digests) == ({"libssl3": "3.0.2"}, {"libssl3": "ab"})


def test_a_release_that_is_missing_is_refused_with_those_that_are_there() -> None:
    told = make(a=plan_of(change("libssl3", "3.0.2")))
    with pytest.raises(
        BadInput, match=r"'2026-11' has nothing for debian 13 x86_64, but for debian 12 x86_64: plan it"
    ):
        patch_set.versions_for(told, "debian 13 x86_64")
    with pytest.raises(BadInput, match="nothing is pending on a; make the patch set before they are patched"):
        make(a=plan_of())
