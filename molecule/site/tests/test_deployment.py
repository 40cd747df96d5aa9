"""What roles/deployment/README.md promises."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from testinfra.host import Host

testinfra_hosts = ["ssh://old", "ssh://new"]

Run = subprocess.CompletedProcess[str]
Play = Callable[..., Run]
Get = Callable[[str], "tuple[int, str]"]
FAILED = """
import glob, json
records = [json.load(open(path)) for path in glob.glob("/var/lib/groundcrew/releases/shop/*.json")]
print(json.dumps([one["version"] for one in records if one["failed"]]))
"""
SECRETS = ("zq-planted-secret", "zq-other-secret")


class Turn(NamedTuple):
    """One run of the role, the version that answered after it, where the app's links led, and which releases had failed."""

    run: Run
    running: str
    links: str
    failed: list[str]


@pytest.fixture(scope="module")
def turn(host: Host, get: Get, include_role: Play) -> Callable[..., Turn]:
    def take(tasks_from: str = "main", **variables: object) -> Turn:
        run = include_role("deployment", tasks_from, **variables)
        links = host.check_output("find /opt/shop -maxdepth 1 -type l -printf '%f %l\\n' | sort")
        failed = json.loads(host.check_output("python3 -c %s", FAILED))
        return Turn(run, get("http://127.0.0.1:8000/version")[1], links, failed)

    return take


class Story(NamedTuple):
    broken: Turn
    second: Turn
    kept: Turn
    undone: Turn
    undone_again: Turn


@pytest.fixture(scope="module")
def story(turn: Callable[..., Turn]) -> Iterator[Story]:
    """A broken version over 1.0.0; then 2.0.0 with another secret, kept by site's way, taken back, and once more."""
    other = {"SHOP_STARTUP_S": 1, "SHOP_TOKEN": SECRETS[1]}
    yield Story(
        broken=turn(deployment_version="3.0.0"),
        second=turn(deployment_version="2.0.0", deployment_environment=other),
        kept=turn(deployment_change_version=False, deployment_environment=other),
        undone=turn("undo", deployment_version="2.0.0"),
        undone_again=turn("undo", deployment_version="2.0.0"),
    )
    turn()


def test_the_app_runs_the_version_as_its_own_account_and_starts_at_boot(host: Host, get: Get) -> None:
    assert '"1.0.0"' in get("http://127.0.0.1:8000/version")[1]
    assert host.process.get(user="shop", comm="python3")
    assert host.service("shop").is_enabled


def test_the_app_reads_its_environment_as_it_was_written(host: Host) -> None:
    pid = host.process.get(user="shop", comm="python3").pid
    # Without the capability SYS_PTRACE not even root may look, but the account itself may.
    environment = host.check_output(f"runuser -u shop -- cat /proc/{pid}/environ").split("\0")
    assert 'SHOP_TOKEN=a "zq-planted-secret" \\ of the shop' in environment


def test_the_environment_is_readable_by_root_alone(host: Host) -> None:
    assert host.file("/etc/default/shop").mode == 0o600


def test_a_version_that_does_not_come_up_is_taken_back_with_the_apps_own_words(story: Story) -> None:
    assert story.broken.run.returncode != 0
    assert "Everything was taken back" in story.broken.run.stdout
    assert "the catalogue of 3.0.0 has no prices" in story.broken.run.stdout
    assert '"1.0.0"' in story.broken.running
    assert "current releases/1.0.0" in story.broken.links


def test_a_version_that_has_failed_stays_and_is_marked(story: Story) -> None:
    assert story.broken.failed == ["3.0.0"]
    assert "3.0.0" not in story.undone_again.links


def test_another_version_runs_after_its_deployment(story: Story) -> None:
    assert story.second.run.returncode == 0, story.second.run.stdout
    assert '"2.0.0"' in story.second.running


def test_site_leaves_a_host_alone_that_runs_another_version(story: Story) -> None:
    assert story.kept.run.returncode == 0, story.kept.run.stdout
    assert "changed=0" in story.kept.run.stdout
    assert '"2.0.0"' in story.kept.running


def test_undo_brings_exactly_the_version_back_that_was_there_before(story: Story) -> None:
    assert story.undone.run.returncode == 0, story.undone.run.stdout
    assert '"1.0.0"' in story.undone.running
    assert story.undone.links == "current releases/1.0.0"


def test_a_second_undo_changes_nothing(story: Story) -> None:
    assert story.undone_again.run.returncode == 0, story.undone_again.run.stdout
    assert "changed=0" in story.undone_again.run.stdout
    assert '"1.0.0"' in story.undone_again.running


def test_a_secret_of_the_environment_shows_neither_in_output_nor_journal_nor_ledger(host: Host, story: Story) -> None:
    for secret in SECRETS:
        assert not any(secret in turn.run.stdout for turn in (story.broken, story.second, story.kept, story.undone))
        assert host.run(f"journalctl --no-pager | grep -v COMMAND= | grep {secret}").rc == 1
        assert host.run(f"grep -r {secret} /var/lib/groundcrew").rc == 1
