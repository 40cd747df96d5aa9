"""What the reader of dnf tells is what dnf tells itself, and what it then really does."""

from __future__ import annotations

import datetime as dt
import json
import os
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from testinfra.host import Host

testinfra_hosts = ["ssh://rpm"]

PROJECT, SCENARIO = os.environ["MOLECULE_PROJECT_DIRECTORY"], os.environ["MOLECULE_SCENARIO_DIRECTORY"]
BRING = "rm -rf /opt/reader; mkdir -p /opt/reader; tar -x --no-same-owner -C /opt/reader"
EXACT = "dnf -q -y --setopt=install_weak_deps=False --disableexcludes=all --disableplugin=versionlock install "
FILES = "cd /srv/repository/advised/noarch; "
Ask = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module", autouse=True)
def _reader() -> None:
    """Bring the collection's files, as they are now, to the host."""
    pack = ["tar", "-c", "--exclude=__pycache__", "-C", f"{PROJECT}/plugins", "module_utils"]
    packed = subprocess.run([*pack, "-C", f"{SCENARIO}/files", "ask.py"], capture_output=True, check=True).stdout
    config = f"{PROJECT}/.cache/lab/lab-dnf/ssh_config"
    subprocess.run(["ssh", "-F", config, "rpm", f"sudo sh -euc {shlex.quote(BRING)}"], input=packed, check=True)


@pytest.fixture
def ask(host: Host) -> Ask:
    """Return what asks the reader on the host."""

    def asked(method: str, **given: Any) -> dict[str, Any]:
        command = "PYTHONDONTWRITEBYTECODE=1 python3 /opt/reader/ask.py"
        told: dict[str, Any] = json.loads(host.check_output(f"{command} {method} {shlex.quote(json.dumps(given))}"))
        return told

    return asked


@pytest.fixture
def updates(ask: Ask) -> dict[str, dict[str, Any]]:
    """Return what is on offer, by name, less the many that are there for their number."""
    return {one["name"]: one for one in ask("candidates")["changes"] if not one["name"].startswith("crew-filler")}


@pytest.fixture
def as_it_was(host: Host) -> Iterator[None]:
    """Put all packages back afterwards, and what dnf knows of them."""
    kept = "var/lib/rpm var/lib/dnf etc/dnf etc/yum.repos.d"
    host.check_output(f"tar -c -C / -f /root/kept.tar {kept}; rm -f /srv/slow*")
    yield
    host.check_output(
        f"cd / && rm -rf {kept} && tar -x -f /root/kept.tar; rm -f /srv/slow*; "
        "cd /srv/repository; rpm -U --quiet --replacepkgs $(rpm -qa --qf '*/*/%{name}-%{version}-%{release}.%{arch}.rpm\\n' | grep -v filler)"
    )


def packages(host: Host) -> dict[str, str]:
    """Return what rpm has, by the names that the reader gives; kernels by name and version."""
    rows = host.check_output("rpm -qa --qf '%{name} %{arch} %{evr}\\n'").splitlines()
    found = {}
    for name, arch, version in (row.split() for row in rows):
        plain = name if arch == "noarch" else f"{name}.{arch}"
        found[f"{plain} {version}" if name == "crew-kernel" else plain] = version
    return found


def test_what_is_offered_and_not_held_is_what_dnf_offers(host: Host, ask: Ask) -> None:
    told = host.run("dnf -q check-update").stdout.partition("Obsoleting")[0]
    rows = [line.split() for line in told.splitlines() if line.strip()]
    held = ask("held")["answer"]
    assert {
        (one["name"], one["after"], one["origin"]) for one in ask("candidates")["changes"] if one["name"] not in held
    } == {(name.removesuffix(".noarch"), version, origin) for name, version, origin in rows}


def test_some_hundred_updates_are_told_within_two_seconds(ask: Ask) -> None:
    told = ask("candidates")
    assert len(told["changes"]) > 300
    assert told["seconds"] < 2


def test_security_updates_are_those_that_dnf_has_advisories_for(host: Host, updates: dict[str, dict[str, Any]]) -> None:
    rows = [line.split() for line in host.check_output("dnf -q updateinfo list --security").splitlines()]
    assert {name for name, one in updates.items() if one["security"]} == {
        package.rsplit("-", 2)[0] for _id, _kind, package in rows
    }


def test_an_update_closes_what_any_version_on_the_way_to_it_closes(
    host: Host, updates: dict[str, dict[str, Any]]
) -> None:
    rows = [line.split() for line in host.check_output("dnf -q updateinfo list --with-cve").splitlines()]
    found: dict[str, set[str]] = {}
    for cve, _kind, package in rows:
        found.setdefault(package.rsplit("-", 2)[0], set()).add(cve)
    assert {name: set(one["cves"]) for name, one in updates.items() if one["cves"]} == found
    assert updates["crew-library"]["after"] == "1.2-1"
    assert updates["crew-library"]["cves"] == ["CVE-2026-0001", "CVE-2026-0002"]


def test_cves_are_unknown_where_a_repository_has_no_advisories(updates: dict[str, dict[str, Any]]) -> None:
    assert updates["crew-locked"]["cves"] == []
    assert updates["crew-foreign.i686"]["cves"] is None


def test_the_priority_is_the_highest_of_the_security_advisories(updates: dict[str, dict[str, Any]]) -> None:
    told = {name: one["priority"] for name, one in updates.items() if one["priority"]}
    assert told == {"crew-library": "high", "crew-tool": "critical", "crew-locked": "low"}


def test_the_age_counts_from_the_advisory_and_otherwise_from_the_build(updates: dict[str, dict[str, Any]]) -> None:
    issued = dt.datetime(2026, 3, 1, tzinfo=dt.timezone.utc).timestamp()
    assert updates["crew-tool"]["age_days"] == pytest.approx((time.time() - issued) / 86400, abs=0.1)
    assert 0 < updates["crew-slow"]["age_days"] < 1


def test_a_version_is_written_as_dnf_writes_it(updates: dict[str, dict[str, Any]]) -> None:
    assert (updates["crew-epoch"]["before"], updates["crew-epoch"]["after"]) == ("1:1.0-1", "1:1.1-1")


def test_what_is_locked_or_excluded_is_held_with_the_reason(ask: Ask) -> None:
    held = ask("held")["answer"]
    assert sorted(held) == ["crew-excluded", "crew-locked"]
    assert "versionlock crew-locked-0:1.0-1.*" in held["crew-locked"]
    assert "excluded" in held["crew-excluded"]


def test_automatic_packages_are_those_that_dnf_has_as_dependencies(host: Host, ask: Ask) -> None:
    told = host.check_output("dnf -q repoquery --installed --qf '%{name} %{reason}'").splitlines()
    assert (
        ask("auto")["answer"] == [line.split()[0] for line in told if line.endswith("dependency")] == ["crew-library"]
    )


def test_versions_compare_as_rpm_compares_them(ask: Ask) -> None:
    assert ask("compare", one="1.0~rc1-1", other="1.0-1")["answer"] < 0
    assert ask("compare", one="1:1.0-1", other="2.0-1")["answer"] > 0
    assert ask("compare", one="1.0-1", other="0:1.0-1")["answer"] == 0


def test_what_cannot_be_had_is_left_in_the_words_of_dnf(ask: Ask, updates: dict[str, dict[str, Any]]) -> None:
    wanted = {name: one["after"] for name, one in updates.items()}
    left = ask("resolve", wanted={**wanted, "crew-agent": "7-1"}, removals=False)["left"]
    assert sorted(left) == ["crew-agent", "crew-heir", "crew-lonely", "crew-rival"]
    assert left["crew-agent"] == "no repository of this host has version 7-1"
    assert "nothing provides crew-nowhere" in left["crew-lonely"]
    assert "would remove crew-legacy" in left["crew-heir"]
    assert "conflicts with crew-victim" in left["crew-rival"]


def test_nothing_else_changes_its_version_for_one_that_is_asked_for(ask: Ask) -> None:
    told = ask("resolve", wanted={"crew-tool": "1.2-1"}, removals=False)
    assert told["changes"] == []
    assert "requires crew-library = 1.2" in told["left"]["crew-tool"]


@pytest.mark.usefixtures("as_it_was")
def test_what_dnf_does_is_what_was_resolved_there_and_back(host: Host, ask: Ask) -> None:
    before = packages(host)
    wanted = {one["name"]: one["after"] for one in ask("candidates")["changes"]}
    told = ask("resolve", wanted=wanted, removals=False)
    changes = {one["name"]: one for one in told["changes"]}
    assert changes["crew-helper"]["before"] == ""
    assert changes["crew-kernel"]["before"] == "1.0-1"
    asked = " ".join(f"{name}-{wanted[name]}" for name in changes if name in wanted and "." not in name)
    host.check_output(f"{EXACT} {asked} crew-foreign-1.1-1.i686")
    after = packages(host)
    kernels = {f"{name} {one['after']}": one["after"] for name, one in changes.items() if name == "crew-kernel"}
    expected = {name: one["after"] for name, one in changes.items() if name != "crew-kernel"}
    assert after == {**before, **expected, **kernels}
    back = {name: one["before"] for name, one in changes.items() if one["before"] and name != "crew-kernel"}
    returned = ask("resolve", wanted=back, removals=False)
    assert {one["name"]: (one["before"], one["after"]) for one in returned["changes"]} == {
        name: (changes[name]["after"], version) for name, version in back.items()
    }
    assert returned["left"] == {}
    assert ask("resolve", wanted={"crew-kernel": "1.0-1"}, removals=False)["left"] == {
        "crew-kernel": "version 1.0-1 is there, next to 3.0-1"
    }


@pytest.mark.usefixtures("as_it_was")
def test_removals_are_told_when_they_are_allowed(host: Host, ask: Ask) -> None:
    before = packages(host)
    told = ask("resolve", wanted={"crew-rival": "2.0-1", "crew-heir": "2.0-1"}, removals=True)
    gone = [one["name"] for one in told["changes"] if not one["after"]]
    assert gone == ["crew-legacy", "crew-victim"]
    host.check_output(f"{EXACT} --allowerasing crew-rival-2.0-1 crew-heir-2.0-1")
    assert set(before) - set(packages(host)) == set(gone)


@pytest.mark.usefixtures("as_it_was")
def test_an_old_kernel_goes_only_with_removals(host: Host, ask: Ask) -> None:
    host.check_output("sed -i s/installonly_limit=3/installonly_limit=2/ /etc/dnf/dnf.conf")
    host.check_output(f"{EXACT} crew-kernel-2.0-1")
    changes = [
        [
            (one["before"], one["after"])
            for one in ask("resolve", wanted={"crew-kernel": "3.0-1"}, removals=given)["changes"]
        ]
        for given in (False, True)
    ]
    assert changes == [[("2.0-1", "3.0-1")], [("1.0-1", ""), ("2.0-1", "3.0-1")]]


@pytest.mark.usefixtures("as_it_was")
def test_a_killed_dnf_is_told_until_it_is_mended(host: Host, ask: Ask) -> None:
    assert ask("interrupted")["answer"] == []
    host.check_output("echo 3 > /srv/slow")
    wait = "for i in $(seq 600); do pgrep -f rpm-tm[p] && break; sleep 0.1; done"
    killed = f"sh -c 'dnf -q -y upgrade crew-slow crew-tool crew-library & p=$!; {wait}; kill -9 $p'"
    host.run(killed)
    assert ask("interrupted")["answer"] == ["crew-library", "crew-slow", "crew-tool"]
    host.run("for i in $(seq 600); do pgrep -f rpm-tm[p] || break; sleep 0.1; done")
    host.check_output(
        f"rm /srv/slow; {FILES} rpm -U --quiet --replacepkgs crew-slow-1.1* crew-tool-1.2* crew-library-1.2*"
    )
    host.check_output("dnf -q mark remove crew-library")
    assert ask("interrupted")["answer"] == []
    assert host.run("dnf -q check").rc == 0


@pytest.mark.parametrize("name", ["crew-tool", "crew-foreign.i686"])
def test_the_archive_of_an_exact_version_is_fetched_and_proven(
    host: Host, ask: Ask, updates: dict[str, dict[str, Any]], name: str
) -> None:
    path = ask("archive", name=name, version=updates[name]["after"], into="/var/tmp")["answer"]
    assert host.file(path).sha256sum == updates[name]["sha256"]
    old = ask("archive", name=name, version=updates[name]["before"], into="/var/tmp")["answer"]
    assert host.check_output(f"rpm -qp --qf %{{evr}} {old}") == updates[name]["before"]
    assert ask("archive", name=name, version="7-1", into="/var/tmp")["answer"] is None


def test_an_archive_that_is_not_what_the_repository_says_is_refused(host: Host, ask: Ask) -> None:
    files = (
        "/srv/repository/advised/noarch/crew-epoch-1.1-1.noarch.rpm",
        "/srv/repository/plain/noarch/crew-filler-1-1.1-1.noarch.rpm",
    )
    for path, name, version in zip(files, ("crew-epoch", "crew-filler-1"), ("1:1.1-1", "1.1-1")):
        host.check_output(f"cp {path} /root/whole.rpm; printf x | dd of={path} bs=1 seek=3000 conv=notrunc status=none")
        told = ask("archive", name=name, version=version, into="/var/tmp")
        host.check_output(f"cp /root/whole.rpm {path}")
        assert told["error"] == "CommandFailed"
        assert not host.file(f"/var/tmp/{path.rsplit('/', 1)[1]}").exists


@pytest.mark.usefixtures("as_it_was")
def test_an_archive_without_the_signature_that_the_host_asks_for_is_refused(host: Host, ask: Ask) -> None:
    host.check_output("sed -i s/gpgcheck=False/gpgcheck=True/ /etc/dnf/dnf.conf")
    told = ask("archive", name="crew-slow", version="1.1-1", into="/var/tmp")
    assert told["error"] == "CommandFailed"
    assert "not signed" in told["message"]


def test_metadata_is_fetched_when_it_is_older_than_asked_for(host: Host, ask: Ask) -> None:
    host.check_output("dnf -q clean all")
    assert "dnf makecache" in ask("candidates")["message"]
    assert [ask("refresh", valid_s=3600)["answer"] for _time in range(2)] == [True, False]
    assert ask("lists_age_s")["answer"] < 60
    time.sleep(1.1)
    assert ask("refresh", valid_s=0)["answer"] is True


def test_a_repository_that_cannot_be_had_is_an_error(host: Host, ask: Ask) -> None:
    host.check_output("systemctl stop repository")
    told = ask("refresh", valid_s=0)
    host.check_output("systemctl start repository")
    assert told["error"] == "CommandFailed"
    assert "plain" in told["message"]


def test_another_dnf_is_waited_for_as_long_as_asked_for(host: Host, ask: Ask) -> None:
    host.check_output("sleep 60 >/dev/null 2>&1 & echo -n $! > /var/cache/dnf/metadata_lock.pid")
    told = ask("refresh", valid_s=0, wait_s=1)
    host.check_output("kill $(cat /var/cache/dnf/metadata_lock.pid)")
    assert told["error"] == "HostLocked"
    assert ask("refresh", valid_s=0)["answer"] in (True, False)


def test_a_reboot_is_dnf_s_own_word(host: Host, ask: Ask) -> None:
    assert ask("needs_reboot")["answer"] is False
    host.check_output("mkdir -p /etc/dnf/plugins/needs-restarting.d")
    host.check_output("echo crew-tool > /etc/dnf/plugins/needs-restarting.d/crew.conf")
    needed = ask("needs_reboot")["answer"]
    plugin = "/usr/lib/python3/dist-packages/dnf-plugins/needs_restarting.py"
    host.check_output(f"rm -r /etc/dnf/plugins/needs-restarting.d; mv {plugin} /root/")
    unknown = ask("needs_reboot")["answer"]
    host.check_output(f"mv /root/needs_restarting.py {plugin}")
    assert (needed, unknown) == (True, None)
