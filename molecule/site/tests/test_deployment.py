"""What roles/deployment/README.md promises."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator

import pytest
from testinfra.host import Host

testinfra_hosts = ["ssh://old", "ssh://new"]

Play = Callable[..., "subprocess.CompletedProcess[str]"]
Get = Callable[[str], "tuple[int, str]"]
SECRET = "planted"


@pytest.fixture
def second(include_role: Play) -> Iterator[None]:
    """Version 2.0.0 is deployed over 1.0.0, and 1.0.0 is back afterwards, whatever the test did."""
    deployed = include_role("deployment", deployment_version="2.0.0")
    assert deployed.returncode == 0, deployed.stdout
    yield
    back = include_role("deployment")
    assert back.returncode == 0, back.stdout


def running(get: Get) -> str:
    return get("http://127.0.0.1:8000/version")[1]


def test_the_app_runs_the_version_as_its_own_account(host: Host, get: Get) -> None:
    assert '"1.0.0"' in running(get)
    assert host.process.get(user="shop", comm="python3")
    assert host.service("shop").is_enabled


def test_the_app_reads_its_environment_as_it_was_written(host: Host) -> None:
    pid = host.process.get(user="shop", comm="python3").pid
    environment = host.check_output(f"tr '\\0' '\\n' </proc/{pid}/environ").splitlines()
    assert 'SHOP_TOKEN=a "planted" \\ secret' in environment


def test_the_environment_is_readable_by_root_alone(host: Host) -> None:
    assert host.file("/etc/default/shop").mode == 0o600


def test_a_changed_secret_shows_neither_in_the_output_nor_in_the_journal_nor_in_the_ledger(
    host: Host, include_role: Play
) -> None:
    changed = include_role("deployment", deployment_environment={"SHOP_STARTUP_S": 1, "SHOP_KEY": "zq-secret"})
    again = include_role("deployment")
    assert (changed.returncode, again.returncode) == (0, 0), changed.stdout
    assert SECRET not in changed.stdout + again.stdout
    assert SECRET not in host.check_output("journalctl --no-pager")
    assert host.run(f"grep -r {SECRET} /var/lib/groundcrew").rc == 1


@pytest.mark.usefixtures("second")
def test_site_leaves_a_host_alone_that_runs_another_version(get: Get, include_role: Play) -> None:
    site = include_role("deployment", deployment_change_version=False)
    assert site.returncode == 0, site.stdout
    assert "changed=0" in site.stdout
    assert '"2.0.0"' in running(get)


@pytest.mark.usefixtures("second")
def test_undo_brings_exactly_the_version_back_that_was_there_before(get: Get, include_role: Play) -> None:
    undone = include_role("deployment", "undo", deployment_version="2.0.0")
    assert undone.returncode == 0, undone.stdout
    assert '"1.0.0"' in running(get)


@pytest.mark.usefixtures("second")
def test_a_second_undo_changes_nothing(get: Get, include_role: Play) -> None:
    for _ in range(2):
        undone = include_role("deployment", "undo", deployment_version="2.0.0")
    assert undone.returncode == 0, undone.stdout
    assert "changed=0" in undone.stdout
    assert '"1.0.0"' in running(get)


def test_a_version_that_does_not_come_up_is_taken_back_with_the_apps_own_words(
    host: Host, get: Get, include_role: Play
) -> None:
    before = host.check_output("find /opt/shop -printf '%p %l\\n' | sort")
    broken = include_role("deployment", deployment_version="3.0.0")
    assert broken.returncode != 0
    assert "Everything was taken back" in broken.stdout
    assert "the catalogue of 3.0.0 has no prices" in broken.stdout
    assert '"1.0.0"' in running(get)
    assert host.check_output("find /opt/shop -printf '%p %l\\n' | sort") == before


def test_an_account_that_does_not_exist_stops_nothing(host: Host, include_role: Play) -> None:
    pid = host.process.get(user="shop", comm="python3").pid
    refused = include_role("deployment", deployment_user="nobody-of-that-name")
    assert refused.returncode != 0
    assert host.process.get(user="shop", comm="python3").pid == pid


def test_a_version_that_would_leave_its_directory_is_refused(include_role: Play) -> None:
    refused = include_role("deployment", deployment_version="../etc")
    assert refused.returncode != 0
    assert "no slash" in refused.stdout.replace("\n", " ")
