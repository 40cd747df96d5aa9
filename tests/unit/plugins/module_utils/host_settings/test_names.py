"""The host's name and its hosts file: whose lines are whose, whatever stands around them."""

from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils.host_settings.area import Have
from ansible_collections.groundcrew.fleet.plugins.module_utils.host_settings.plan import plan

from .settings_host import after, host, planned, standing_on, text_file, told

HOSTS = "/etc/hosts"
DATABASE = {"hosts": [{"address": "192.0.2.10", "names": ["database"]}]}
BLOCK = "# BEGIN groundcrew.fleet\n192.0.2.10\tdatabase\n# END groundcrew.fleet\n"


def converged(have: Have, **options: object) -> Have:
    return after(planned(options, have), have)


AROUND = [
    ("", BLOCK),
    ("127.0.0.1 localhost\n", f"127.0.0.1 localhost\n{BLOCK}"),
    ("127.0.0.1 localhost", f"127.0.0.1 localhost\n{BLOCK}"),
    (f"1.2.3.4 a\n{BLOCK}1.2.3.5 b\n", f"1.2.3.4 a\n{BLOCK}1.2.3.5 b\n"),
]


@pytest.mark.parametrize("before,now", AROUND)
def test_the_lines_of_others_stay_byte_for_byte(before: str, now: str) -> None:
    have = converged(host(text_file(HOSTS, before)), **DATABASE)
    assert have.text(HOSTS) == now
    assert converged(have, hosts=[]).text(HOSTS) == before.replace(BLOCK, "")


def test_lines_that_others_add_later_stay_where_they_are() -> None:
    have = converged(host(), **DATABASE)
    added = standing_on(have, text_file(HOSTS, f"192.0.2.8 new\n{have.text(HOSTS)}192.0.2.9 newer\n"))
    later = converged(added, hosts=[{"address": "192.0.2.10", "names": ["database", "db"]}])
    assert later.text(HOSTS) == added.text(HOSTS).replace("database", "database db")


@pytest.mark.parametrize("line", ["127.0.1.1 shop1 x\n", "192.0.2.1\tx shop1 # comment\n"])
def test_a_name_that_the_file_has_already_is_not_added_to_it(line: str) -> None:
    have = converged(host(text_file(HOSTS, line)), hostname="shop1")
    assert have.text(HOSTS) == line


def test_a_name_in_a_comment_is_none() -> None:
    have = converged(host(text_file(HOSTS, "# shop1\n")), hostname="shop1")
    assert "\n127.0.1.1\tshop1\n" in have.text(HOSTS)


def test_the_name_that_the_kernel_had_before_ours_comes_back_even_after_two_of_ours() -> None:
    have = converged(converged(host(), hostname="one"), hostname="two")
    assert have.seen["hostname"] == "two"
    back = converged(have, hostname="")
    assert (back.seen["hostname"], back.text("/etc/hostname")) == ("bare", "bare\n")


def test_the_name_stays_while_only_the_entries_change() -> None:
    have = converged(host(), hostname="shop1", **DATABASE)
    assert told(planned({"hosts": []}, have)) == [("write", HOSTS)]
    assert converged(have, hosts=[]).text("/etc/hostname") == "shop1\n"


def test_a_kernel_name_that_was_changed_by_hand_is_set_again() -> None:
    have = converged(host(), hostname="shop1")
    drifted = have._replace(seen={**have.seen, "hostname": "mine"})
    assert told(planned({"hostname": "shop1"}, drifted)) == [("run", "hostname", "shop1")]


def test_the_name_is_read_back_from_the_kernel() -> None:
    (check,) = planned({"hostname": "shop1"}, host())[0].checks
    assert check.spec["argv"] == ["grep", "-Fqx", "shop1", "/proc/sys/kernel/hostname"]


def test_a_container_keeps_the_names_that_its_engine_gives_and_says_so() -> None:
    seen = {"mounts": frozenset({HOSTS, "/etc/hostname"}), "may administer": False}
    (planned_one,) = planned({"hostname": "shop1", **DATABASE}, host(seen=seen))
    assert told([planned_one]) == []
    assert sorted(planned_one.summary["left_out"]) == ["/etc/hostname", HOSTS, "hostname"]
    assert all("as in a container" in why for why in planned_one.summary["left_out"].values())


def test_nothing_asked_is_nothing_planned() -> None:
    assert [one.steps for one in plan({}, host())] == [()]
