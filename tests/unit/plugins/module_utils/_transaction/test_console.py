from __future__ import annotations

import io
import json
import os
import subprocess
import zipfile
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import cli, console, ledger, lock
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import paths as clock
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.lock import Actor
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import Paths
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.world import World

WORLD = World()
HERE = Path(clock.__file__).parents[1]


def test_bundle_is_the_same_bytes_each_time_and_carries_its_version() -> None:
    packed = console.bundle()
    assert packed == console.bundle()
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.comment.decode() == console.version()
        assert archive.testzip() is None


def test_bundle_has_every_module_of_the_interpreter() -> None:
    with zipfile.ZipFile(io.BytesIO(console.bundle())) as archive:
        packed = set(archive.namelist())
    for path in (HERE / "_transaction").glob("*.py"):
        assert f"groundcrew/_transaction/{path.name}" in packed


def test_bundle_runs_under_the_python_of_the_host(tmp_path: Path) -> None:
    command = tmp_path / "groundcrew"
    command.write_bytes(console.bundle())
    done = subprocess.run(["/usr/bin/python3", "-I", command, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "recover" in done.stdout


def install(paths: Paths) -> list[str]:
    """Take the file steps of the plan; return what each step was about."""
    planned = console.plan(paths).steps
    for step in planned:
        if step.kind == "write":
            Path(step.target).write_bytes(step.args["content"])
    return [f"{step.kind} {os.path.basename(step.target)} {step.args.get('action', '')}".strip() for step in planned]


def enabled(paths: Paths) -> None:
    wants = Path(paths.systemd, "multi-user.target.wants")
    wants.mkdir(exist_ok=True)
    (wants / console.RECOVER_UNIT).symlink_to(f"{paths.systemd}/{console.RECOVER_UNIT}")


def test_first_transaction_installs_command_boot_unit_and_undo_service(paths: Paths) -> None:
    assert install(paths) == [
        "write groundcrew-recover.service",
        "write groundcrew-undo.service",
        "write groundcrew",
        "unit  daemon-reload",
        "unit groundcrew-recover.service enable",
    ]
    assert f"ConditionDirectoryNotEmpty={paths.journal}" in Path(paths.systemd, console.RECOVER_UNIT).read_text("utf-8")


def test_installed_interpreter_is_left_alone(paths: Paths) -> None:
    install(paths)
    enabled(paths)
    assert console.plan(paths).steps == ()


@pytest.mark.parametrize("damage", ["other version", "no zip", "gone"])
def test_command_of_another_version_is_renewed(paths: Paths, damage: str) -> None:
    install(paths)
    enabled(paths)
    if damage == "other version":
        with zipfile.ZipFile(paths.command, "a") as archive:
            archive.comment = b"older"
    elif damage == "no zip":
        Path(paths.command).write_bytes(b"#!/bin/sh\n")
    else:
        os.unlink(paths.command)
    assert install(paths) == ["write groundcrew"]
    assert console.installed_version(paths) == console.version()


def test_boot_unit_that_somebody_disabled_is_enabled_again(paths: Paths) -> None:
    install(paths)
    assert install(paths) == ["unit  daemon-reload", "unit groundcrew-recover.service enable"]


def told(paths: Paths, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run the command line; return what it printed, or after "refused: " why it did not."""
    if os.geteuid() != 0:
        pytest.skip("the command is for root")
    try:
        cli.main(arguments, paths)
    except SystemExit as error:
        return f"refused: {error.code}"
    return capsys.readouterr().out


def test_command_tells_when_there_is_nothing_to_tell(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(paths, capsys, "recover", "--show") == "nothing is unfinished on this host\n"
    assert told(paths, capsys, "recover", "--undo") == "nothing is unfinished on this host\n"
    assert told(paths, capsys, "lock") == "nobody holds this host\n"
    assert told(paths, capsys, "ledger") == ""
    assert told(paths, capsys, "ledger", "--verify") == "0 entries, every line follows from the one before\n"


def test_command_prints_the_ledger_for_people_and_for_programs(
    paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger.append(paths, WORLD, {"what": "shop", "who": "alice", "run_id": "r1", "result": "undone", "why": "broken"})
    line = told(paths, capsys, "ledger", "--last", "1")
    assert line.endswith("undone    shop  by alice  run r1  (broken)\n")
    assert json.loads(told(paths, capsys, "ledger", "--json"))["what"] == "shop"


def test_command_notices_an_edited_ledger(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    for what in ("one", "two"):
        ledger.append(paths, WORLD, {"what": what})
    Path(paths.ledger).write_bytes(Path(paths.ledger).read_bytes().replace(b"one", b"ONE"))
    assert "was edited or cut" in told(paths, capsys, "ledger", "--verify")


def test_command_shows_and_releases_a_lock(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    lock.hold(paths, WORLD, Actor("alice", "patching", "r1"))
    assert told(paths, capsys, "lock").startswith("alice, run r1 (attempt 1), reason: patching, since ")
    assert "--reason" in told(paths, capsys, "lock", "--release")
    assert told(paths, capsys, "lock", "--release", "--reason", "dead").startswith("was held by: alice")
    assert told(paths, capsys, "lock") == "nobody holds this host\n"


@pytest.mark.parametrize("arguments", [["recover"], ["recover", "--undo", "--finish"], ["nonsense"], []])
def test_wrong_usage_ends_with_2(paths: Paths, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments, paths)
    assert caught.value.code == 2


def test_command_tells_whether_a_transaction_is_settled(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(paths, capsys, "recover", "--settled", "tx1") == "unknown\n"
    Path(paths.journal, "tx1").mkdir(parents=True)
    assert "tx1 is still unfinished" in told(paths, capsys, "recover", "--settled", "tx1")


def test_command_refuses_a_proof_that_nobody_waits_for(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert "does not wait for a proof" in told(paths, capsys, "confirm", "tx1")
