"""Packages, versions, holds, marks and repositories are as listed; check mode foretells each; nothing else goes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.molecule.shared.calls import call, play_on, rehearsed
from ansible_collections.groundcrew.fleet.tests.fleet import today
from testinfra.host import Host

testinfra_hosts = today.releases()

EVERYTHING = (
    "dpkg-query -W -f '${Package} ${db:Status-Abbrev} ${Version}\\n'; apt-mark showauto; apt-mark showhold; "
    "find /etc -xdev -type f -not -name 'groundcrew-*' -exec sha256sum {} + | sort -k 2; "
    "find /var/lib/groundcrew/managed -type f -exec sha256sum {} +; ls /var/tmp"
)
LISTS = "find /var/lib/apt/lists -type f -exec sha256sum {} + | sort -k 2"


CONFIGURE = ["dpkg", "--force-confdef", "--force-confold", "--configure", "-a"]


def state(host: Host) -> str:
    """Everything that the module could touch, and its leftovers."""
    return str(host.check_output(EVERYTHING))


def version(host: Host, name: str) -> str:
    found = host.package(name)
    return str(found.version) if found.is_installed else ""


def brought(told: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    return [(one["name"], one["from"], one["to"]) for one in told["packages"]]


@pytest.fixture
def converged(host: Host) -> Iterator[Host]:
    """The host as converge.yml leaves it, before and after the test."""
    yield host
    play_on(host, "converge.yml")


def test_packages_holds_marks_and_repository_are_as_listed(host: Host) -> None:
    assert (version(host, "crew-tool"), version(host, "crew-lib")) == ("1.0", "1.0")
    assert host.check_output("apt-mark showhold") == "crew-tool"
    assert "apt-utils" not in host.check_output("apt-mark showauto").split()
    assert "crew-lib" in host.check_output("apt-mark showauto").split()
    assert "Signed-By: /etc/apt/keyrings/crew.asc" in host.file("/etc/apt/sources.list.d/crew.sources").content_string
    assert host.file("/etc/apt/keyrings/crew.asc").content_string == host.file("/srv/key.asc").content_string
    assert "     1.1 600\n" in host.check_output("apt-cache policy crew-tool")


def test_a_host_that_is_as_listed_starts_no_apt_and_answers_at_once(host: Host) -> None:
    host.check_output("chmod a-x /usr/bin/apt-get /usr/bin/apt-cache /usr/bin/apt-mark")
    try:
        told = call(host, "packages", {"packages": ["tree", "apt-utils"], "name": "other"}, "--check")
        again = call(host, "packages", {"packages": ["sudo"], "name": "empty"})
        call(host, "packages", {"packages": [], "name": "empty"})
    finally:
        host.check_output("chmod a+x /usr/bin/apt-get /usr/bin/apt-cache /usr/bin/apt-mark")
    assert told["packages"] == again["packages"] == []
    assert 0 < again["seconds"] < 1


def test_check_mode_leaves_no_trace_even_with_a_repository_that_is_new(host: Host) -> None:
    host.check_output("rm -rf /srv/second && cp -a /srv/repository /srv/second")
    before = (state(host), host.check_output(LISTS))
    key = host.file("/srv/key.asc").content_string
    second = {"name": "second", "uris": ["file:/srv/second"], "suites": ["./"], "key": key}
    told = call(
        host, "packages", {"name": "second", "repositories": [second], "packages": ["crew-slow"]}, "--check", "--diff"
    )
    assert (state(host), host.check_output(LISTS)) == before
    assert brought(told) == [("crew-slow", "", "1.0")]
    assert told["packages"][0]["installed_bytes"] == 300 * 1024
    assert [step["target"] for step in told["steps"]][:3] == [
        "/etc/apt/sources.list.d/second.sources",
        "/etc/apt/keyrings/second.asc",
        "crew-slow",
    ]


@pytest.mark.parametrize(
    "options,changes",
    [
        ([{"name": "crew-tool", "version": "1.1"}], [("crew-tool", "1.0", "1.1")]),
        ([{"name": "crew-tool", "version": "1.0"}], [("crew-tool", "1.1", "1.0")]),
        (
            [{"name": "crew-tool", "state": "absent"}, "crew-rival"],
            [("crew-lib", "1.0", ""), ("crew-rival", "", "1.0"), ("crew-tool", "1.0", "")],
        ),
        (
            [
                "crew-plugin",
                {"name": "crew-tool", "held": True},
                {"name": "crew-rival", "state": "absent", "purge": True},
            ],
            [("crew-lib", "", "1.0"), ("crew-plugin", "", "1.0"), ("crew-rival", "1.0", ""), ("crew-tool", "", "2.0")],
        ),
        (
            [{"name": "crew-plugin", "state": "absent"}, {"name": "crew-tool", "version": "1.0", "held": True}],
            [("crew-plugin", "1.0", ""), ("crew-tool", "2.0", "1.0")],
        ),
    ],
    ids=["newer although held", "older", "for a rival", "back, with a plugin", "to where it began"],
)
def test_check_mode_foretells_exactly_what_comes(host: Host, options: list[Any], changes: list[Any]) -> None:
    asked = {"purge_unlisted": False, "packages": options}
    foretold, told, again = rehearsed(host, "packages", asked)
    assert brought(foretold) == brought(told) == changes
    assert foretold["steps"] == told["steps"]
    for name, _before, after in changes:
        assert version(host, name) == after
    assert "crew-tool" in host.check_output("apt-mark showhold") or version(host, "crew-tool") == ""
    assert not again["changed"]


def test_purged_configuration_is_gone(host: Host) -> None:
    assert not host.file("/etc/crew-rival.conf").exists


def test_what_leaves_the_list_goes_and_all_is_as_before_we_came(converged: Host) -> None:
    host = converged
    assert call(host, "packages", {"name": "second", "packages": ["tree"]})["changed"]
    told = call(host, "packages", {"packages": []})
    assert ("crew-lib", "1.0", "") in brought(told)
    assert (version(host, "crew-tool"), version(host, "crew-lib"), told["kept"]) == ("", "", {})
    # Another list has it.
    assert version(host, "tree")
    assert [name for name, _before, _after in brought(call(host, "packages", {"name": "second"}))] == ["tree"]
    assert version(host, "tree") == ""
    assert "apt-utils" in host.check_output("apt-mark showauto").split()
    assert host.check_output("apt-mark showhold") == ""
    assert (
        host.check_output("ls -A /etc/apt/sources.list.d /etc/apt/keyrings /etc/apt/preferences.d | grep crew || true")
        == ""
    )
    assert not host.file("/var/lib/groundcrew/managed/packages.json").exists
    assert host.package("sudo").is_installed


def test_what_something_else_needs_stays_and_is_automatic(converged: Host) -> None:
    host = converged
    call(host, "packages", {"purge_unlisted": False, "packages": ["crew-lib"]})
    told = call(
        host, "packages", {"packages": [{"name": "crew-tool", "version": "1.0", "held": True}], "purge_unlisted": True}
    )
    assert version(host, "crew-lib") == "1.0"
    assert "crew-lib" in host.check_output("apt-mark showauto").split()
    assert [name for name, _before, _after in brought(told)] == ["tree"]


def test_what_came_along_stays_while_a_package_of_the_admin_recommends_it(converged: Host) -> None:
    host = converged
    host.check_output("apt-get -q -y --no-install-recommends install crew-fan")
    told = call(host, "packages", {"packages": []})
    host.check_output("apt-get -q -y purge crew-fan")
    assert ("crew-tool", "1.0", "") in brought(told)
    assert version(host, "crew-lib") == "1.0"


@pytest.fixture
def timesyncd(host: Host) -> Iterator[Host]:
    """A host as Debian installs it: systemd sets the clock, by a package that came as a recommendation."""
    host.check_output("apt-get -q -y install systemd-timesyncd && apt-mark auto systemd-timesyncd")
    yield host
    host.check_output("apt-get -q -y purge systemd-timesyncd")


def marked(host: Host) -> str:
    return str(host.check_output("dpkg-query -W -f '${Package} ${db:Status-Abbrev} ${Version}\n'; apt-mark showauto"))


def test_systemd_timesyncd_makes_place_for_chrony_and_comes_back(timesyncd: Host) -> None:
    host = timesyncd
    listed, empty = {"name": "time", "packages": ["chrony"]}, {"name": "time", "packages": []}
    was = version(host, "systemd-timesyncd")
    foretold, told, again = rehearsed(host, "packages", listed)
    assert foretold["replaced"] == told["replaced"] == {"systemd-timesyncd": "chrony"}, told
    assert foretold["steps"] == told["steps"]
    assert ("systemd-timesyncd", was, "") in brought(foretold)
    assert version(host, "chrony")
    assert version(host, "systemd-timesyncd") == ""
    assert not again["changed"]
    foretold, told, again = rehearsed(host, "packages", empty)
    assert foretold["steps"] == told["steps"]
    assert (version(host, "chrony"), version(host, "systemd-timesyncd")) == ("", was)
    assert "systemd-timesyncd" in host.check_output("apt-mark showauto").split()
    assert not again["changed"]


def test_what_made_place_is_back_with_its_mark_when_the_run_fails(timesyncd: Host) -> None:
    host = timesyncd
    host.check_output("dpkg --purge chrony")
    before = marked(host)
    told = call(host, "packages", {"name": "time", "packages": ["chrony", "crew-broken"]})
    assert told["undone"], told
    assert marked(host) == before


def test_an_edited_file_stays_and_is_named(converged: Host) -> None:
    host = converged
    host.check_output("echo '# mine' >> /etc/apt/preferences.d/crew")
    told = call(host, "packages", {"packages": ["crew-tool", "tree", "apt-utils"]})
    assert list(told["kept"]) == ["/etc/apt/preferences.d/crew"]
    assert host.file("/etc/apt/preferences.d/crew").contains("# mine")
    assert not host.file("/etc/apt/sources.list.d/crew.sources").exists
    host.check_output("rm /etc/apt/preferences.d/crew")


def test_an_interrupted_dpkg_is_finished_first_and_check_mode_shows_that(host: Host) -> None:
    host.check_output("systemd-run --collect --unit=slow apt-get -q -y install crew-slow")
    deadline = time.monotonic() + 30
    while host.run("pgrep -f [c]rew-slow.postinst").rc != 0 and time.monotonic() < deadline:
        time.sleep(0.2)
    host.check_output("systemctl kill -s KILL slow; sleep 0.5; touch /root/quick")
    asked = {"purge_unlisted": False, "packages": ["crew-slow"]}
    foretold, told, _again = rehearsed(host, "packages", asked)
    assert foretold["interrupted"] == told["interrupted"] == ["crew-slow"]
    assert foretold["steps"] == told["steps"]
    assert told["steps"][0]["argv"] == CONFIGURE
    assert host.check_output("dpkg --audit") == ""
    assert call(host, "packages", {"purge_unlisted": False, "packages": [{"name": "crew-slow", "state": "absent"}]})[
        "changed"
    ]


def test_an_interruption_at_the_question_about_an_edited_file_is_finished_and_the_file_stays(host: Host) -> None:
    archives = "/srv/repository/crew-edited_%s_all.deb"
    host.check_output(f"dpkg -i {archives}", "1.0")
    host.check_output("echo mine > /etc/crew-edited.conf")
    host.check_output(f"dpkg --unpack {archives}", "2.0")
    told = call(host, "packages", {"purge_unlisted": False, "packages": ["crew-edited"]})
    assert told["interrupted"] == ["crew-edited"], told
    assert told["steps"][0]["argv"] == CONFIGURE
    assert host.check_output("dpkg --audit") == ""
    assert version(host, "crew-edited") == "2.0"
    assert host.file("/etc/crew-edited.conf").content_string == "mine\n"
    gone = [{"name": "crew-edited", "state": "absent", "purge": True}]
    assert call(host, "packages", {"purge_unlisted": False, "packages": gone})["changed"]
    assert not host.file("/etc/crew-edited.conf").exists


def test_packages_that_lack_what_they_need_are_mended_by_apt(host: Host) -> None:
    host.check_output("cd /srv/repository && (dpkg --force-depends --unpack crew-lonely_*.deb || true)")
    gone = [{"name": "crew-lonely", "state": "absent", "purge": True}]
    told = call(host, "packages", {"purge_unlisted": False, "packages": gone})
    assert told["interrupted"] == ["crew-lonely"], told
    assert version(host, "crew-lonely") == ""
    assert host.check_output("dpkg --audit") == ""


def test_who_has_dpkgs_lock_is_named(host: Host) -> None:
    hold = (
        "import fcntl,time; f=open('/var/lib/dpkg/lock-frontend','r+b'); fcntl.lockf(f, fcntl.LOCK_EX); time.sleep(60)"
    )
    host.check_output("systemd-run --collect --unit=holder python3 -c %s", hold)
    time.sleep(1)
    told = call(host, "packages", {"purge_unlisted": False, "lock_wait_s": 1, "packages": ["crew-slow"]})
    host.check_output("systemctl stop holder")
    assert "python3 -c import fcntl,time" in told["msg"]
    assert "has the lock /var/lib/dpkg/lock-frontend" in told["msg"]
    assert version(host, "crew-slow") == ""


def test_a_package_that_cannot_be_configured_is_taken_back_with_all_that_came(host: Host) -> None:
    before = state(host)
    told = call(host, "packages", {"name": "broken", "packages": ["crew-broken", "crew-slow"]})
    assert told["undone"], told
    assert "I cannot be configured" in told["msg"]
    assert state(host) == before


def test_what_cannot_be_is_refused_before_anything_is_touched(host: Host) -> None:
    before = state(host)
    play_on(host, "refusals.yml")
    after = state(host)
    assert after == before
