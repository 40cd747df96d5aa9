"""`script/test` counts what it ran, shows what failed, and refuses what it does not know."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.tests.fleet import today
from ansible_collections.groundcrew.fleet.tests.parts import job, runner
from ansible_collections.groundcrew.fleet.tests.parts.__main__ import CORES, all_parts, chosen
from ansible_collections.groundcrew.fleet.tests.parts.cores import other_of_today
from ansible_collections.groundcrew.fleet.tests.parts.job import ONE_PASSED, Counts, Job, PartFailedError
from ansible_collections.groundcrew.fleet.tests.parts.runner import Part

pytestmark = pytest.mark.of_python_alone

Run = Callable[..., int]
JUNIT = """<testsuites><testsuite>
<testcase name="a"/>
<testcase name="b"><failure message="no"/></testcase>
<testcase name="c"><error message="no"/></testcase>
<testcase name="d"><skipped message="no such program"/></testcase>
</testsuite></testsuites>"""


def failing(part: Job) -> Counts:
    part.run(["sh", "-c", "echo the reason; exit 3"])
    return ONE_PASSED


def passing(part: Job) -> Counts:
    part.run(["true"])
    return ONE_PASSED


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    return tmp_path / "logs"


@pytest.fixture
def run(logs: Path) -> Run:
    """Run these parts, with their logs in a place of their own: the run that this test is part of writes its own meanwhile."""
    return lambda *parts: runner.run(parts, lanes=2, logs=logs)


def test_the_last_line_is_nothing_but_the_counts(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    status = run(
        Part("one", "", passing), Part("two", "", lambda _job: Counts(4, 0, ("no such program", "no such program")))
    )
    lines = capsys.readouterr().out.splitlines()
    assert (status, lines[-1]) == (0, "5 passed, 0 failed, 2 skipped")
    assert "skipped 2 times: no such program" in lines


def test_a_part_that_fails_shows_its_whole_log_and_decides_the_status(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    status = run(Part("one", "", passing), Part("two", "", failing))
    said = capsys.readouterr().out
    assert status == 1
    assert "the reason\n`sh -c" in said
    assert said.endswith("2 parts: 1 passed, 1 failed: two\n1 passed, 1 failed, 0 skipped\n")


def test_a_mistake_in_a_part_fails_that_part_alone(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(_job: Job) -> Counts:
        raise RuntimeError("a slip")

    assert run(Part("one", "", broken), Part("two", "", passing)) == 1
    said = capsys.readouterr().out
    assert "RuntimeError: a slip" in said
    assert said.endswith("1 passed, 1 failed, 0 skipped\n")


def test_nothing_run_is_no_success(run: Run) -> None:
    assert run() == 1
    assert run(Part("empty", "", lambda _job: Counts(skipped=("no host",)))) == 1


def test_parts_that_use_the_same_thing_never_meet(run: Run) -> None:
    inside: list[str] = []
    most: list[int] = []

    def use(part: Job) -> Counts:
        inside.append(part.name)
        part.run(["sleep", "0.1"])
        most.append(len(inside))
        inside.remove(part.name)
        return ONE_PASSED

    assert run(*(Part(name, "", use, uses="lab") for name in ("a", "b", "c"))) == 0
    assert most == [1, 1, 1]


def test_a_part_cleans_up_however_it_ends(run: Run, logs: Path) -> None:
    def littering(part: Job) -> Counts:
        part.at_end(lambda: part.quietly(["rm", str(logs / "litter")]))
        (logs / "litter").touch()
        part.run(["false"])
        return ONE_PASSED

    run(Part("littering", "", littering))
    assert not (logs / "litter").exists()


def test_a_command_that_takes_too_long_is_ended(run: Run, logs: Path) -> None:
    def endless(part: Job) -> Counts:
        part.run(["sleep", "60"], within_s=0.2)
        return ONE_PASSED

    assert run(Part("endless", "", endless)) == 1
    assert "which is its limit" in (logs / "endless.log").read_text()


def test_tests_are_counted_from_the_junit_file(tmp_path: Path) -> None:
    (tmp_path / "x.xml").write_text(JUNIT)
    assert job.read_junit(tmp_path / "x.xml") == Counts(1, 2, ("no such program",))


def test_a_pytest_that_dies_is_a_failure_although_no_test_failed(logs: Path) -> None:
    part = Job("dying", logs)
    assert part.counted(["false"]) == Counts(failed=1)
    part.close()


def test_an_unknown_name_is_refused_naming_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no part is named nonsense; the known ones are ruff, .*matrix"):
        chosen(["ruff", "nonsense"], all_parts())


def test_without_a_name_everything_but_the_matrix_and_what_takes_too_long_is_run() -> None:
    parts = all_parts()
    left = [part for part in parts if part not in chosen([], parts)]
    (of_another_day,) = [part.name for part in left if part.name in ("facts-2.16", "facts-2.21")]
    long = ["mutations", "crash-all", "patch-kill-all", "releases", "strategies-full", "monitoring-full"]
    assert left == chosen(["matrix", *long, of_another_day], parts)


def test_each_day_another_release_and_another_core_has_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RELEASES", raising=False)
    assert [today.releases(day) for day in (0, 1, 2)] == [["ssh://old"], ["ssh://new"], ["ssh://old"]]
    assert [other_of_today(CORES, day) for day in (0, 1, 2)] == ["2.16", "2.21", "2.16"]
    monkeypatch.setenv("RELEASES", "full")
    assert today.releases(1) == ["ssh://old", "ssh://new"]


def test_the_fast_parts_come_first_then_the_longest_and_at_the_end_the_shortest_and_what_runs_alone() -> None:
    names = [part.name for part in all_parts() if part.default]
    fast = sum(part.fast for part in all_parts() if part.default)
    assert names[fast : fast + 4] == ["crash", "molecule-packages", "molecule-site", "facts-2.19"]
    assert names[-5:] == ["molecule-lab", "secrets", "molecule-monitoring", "molecule-strategies", "demo"]


def test_each_kind_of_rollout_is_played_once_under_every_core() -> None:
    files = sorted((job.ROOT / "tests/rollout_facts").glob("test_*.py"))
    assert files
    assert [file.name for file in files if "pytest.mark.every_core" not in file.read_text()] == []


def test_a_part_that_measures_runs_alone(run: Run) -> None:
    running: list[str] = []
    seen: list[list[str]] = []

    def working(name: str) -> Callable[[Job], Counts]:
        def part(_job: Job) -> Counts:
            running.append(name)
            time.sleep(0.1)
            seen.append(list(running))
            running.remove(name)
            return ONE_PASSED

        return part

    names = ("a", "b", "measure", "c", "d")
    assert run(*(Part(name, "", working(name), alone=name == "measure") for name in names)) == 0
    assert ["measure"] in seen
    assert sum("measure" in one for one in seen) == 1


def test_figures_of_a_part_are_shown_though_it_passed(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    def part(job: Job) -> Counts:
        job.say("7 operations survived")
        job.say("a line of no interest")
        return ONE_PASSED

    run(Part("crash", "", part, shows="survived"))
    said = capsys.readouterr().out
    assert "7 operations survived" in said
    assert "no interest" not in said


def test_a_failed_command_is_told_with_its_status(logs: Path) -> None:
    part = Job("status", logs)
    with pytest.raises(PartFailedError, match="`false` ended with 1"):
        part.run(["false"])
    part.close()
