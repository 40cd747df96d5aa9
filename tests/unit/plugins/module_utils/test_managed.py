"""What an engine manages is remembered with what stood there before, and can go back to it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils import _managed
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import Unreadable
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import files
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.files import FileState
from ansible_collections.groundcrew.fleet.plugins.module_utils._managed import Managed
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import steps
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.steps import Step

CONF = "/etc/a.conf"


def file(content: bytes | None, mode: int = 0o644, path: str = CONF) -> FileState:
    return FileState(path, files.FILE, content=content, mode=mode)


def absent(path: str = CONF) -> FileState:
    return FileState(path, files.ABSENT)


def managed(*rounds: tuple[FileState, Step]) -> Managed:
    kept = Managed()
    for state, step in rounds:
        kept = _managed.adopt(kept, [step], {state.path: state})
    return kept


def back(kept: Managed, now: FileState, *, force: bool = False) -> tuple[Sequence[Step], Sequence[str]]:
    planned, edited, left = _managed.release(kept, {now.path: now}, force=force)
    assert now.path not in left.files
    return planned, edited


CASES = [
    ("new", absent(), steps.write(CONF, b"ours"), file(b"ours"), [steps.remove(CONF)]),
    (
        "replaced",
        file(b"theirs", 0o600),
        steps.write(CONF, b"ours"),
        file(b"ours", 0o600),
        [steps.write(CONF, b"theirs", owner="0", group="0", mode=0o600)],
    ),
    (
        "removed",
        file(b"theirs"),
        steps.remove(CONF),
        absent(),
        [steps.write(CONF, b"theirs", owner="0", group="0", mode=0o644)],
    ),
    (
        "mode of a program whose content nobody read",
        file(None, 0o4755),
        steps.mode(CONF, mode=0o755),
        file(None, 0o755),
        [steps.mode(CONF, owner="0", group="0", mode=0o4755)],
    ),
    (
        "link",
        FileState(CONF, files.LINK, target="/old"),
        steps.link(CONF, "/new"),
        FileState(CONF, files.LINK, target="/new"),
        [steps.link(CONF, "/old")],
    ),
    ("directory", absent(), steps.directory(CONF), FileState(CONF, files.DIRECTORY, mode=0o755), [steps.remove(CONF)]),
]


@pytest.mark.parametrize("before, step, now, expected", [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_release_brings_back_what_stood_there(
    before: FileState, step: Step, now: FileState, expected: list[Step]
) -> None:
    assert back(managed((before, step)), now) == (tuple(expected), ())


@pytest.mark.parametrize("edited", [file(b"by hand"), file(b"ours", 0o666), absent()])
def test_what_somebody_edited_is_kept_and_named_unless_forced(edited: FileState) -> None:
    kept = managed((file(b"theirs"), steps.write(CONF, b"ours")))
    assert back(kept, edited) == ((), (CONF,))
    planned, named = back(kept, edited, force=True)
    assert named == ()
    assert planned[0].args["mode"] == 0o644


def test_what_stood_there_first_is_remembered_over_many_changes() -> None:
    kept = managed((file(b"theirs"), steps.write(CONF, b"one")), (file(b"one"), steps.write(CONF, b"two")))
    assert back(kept, file(b"two"))[0][0].args["content"] == b"theirs"


def test_an_owner_that_was_ours_goes_back_and_one_that_was_changed_since_is_an_edit() -> None:
    theirs = file(None, 0o640)._replace(uid=7, gid=42)
    kept = managed((theirs, steps.mode(CONF, group="0", mode=0o640)))
    ours = theirs._replace(gid=0)
    assert back(kept, ours) == ((steps.mode(CONF, owner="7", group="42", mode=0o640),), ())
    assert back(kept, ours._replace(uid=9)) == ((), (CONF,))


def test_what_others_added_to_a_shared_file_between_two_changes_of_ours_is_not_lost() -> None:
    kept = managed((file(b"theirs\n"), steps.write(CONF, b"theirs ours\n")))
    edited = file(b"theirs ours\nnew\n")
    kept = _managed.adopt(kept, [steps.write(CONF, b"theirs ours\nnew ours\n")], {CONF: edited}, shared=[CONF])
    now = file(b"theirs ours\nnew ours\n")
    assert back(kept, now) == ((), (CONF,))
    assert back(kept, now, force=True)[0][0].args["content"] == b"theirs\n"


def test_an_edit_of_a_file_that_is_wholly_ours_is_replaced_and_what_was_there_first_comes_back() -> None:
    kept = managed((file(b"theirs"), steps.write(CONF, b"ours")), (file(b"mine"), steps.write(CONF, b"ours")))
    assert back(kept, file(b"ours"))[0][0].args["content"] == b"theirs"


def test_content_is_remembered_when_a_write_follows_a_change_of_mode() -> None:
    kept = managed(
        (file(None), steps.mode(CONF, mode=0o600)), (file(b"theirs", 0o600), steps.write(CONF, b"ours", mode=0o600))
    )
    assert back(kept, file(b"ours", 0o600))[0][0].args["content"] == b"theirs"


def test_what_is_back_as_it_was_is_forgotten() -> None:
    kept = managed((file(b"theirs"), steps.write(CONF, b"ours")), (file(b"ours"), steps.write(CONF, b"theirs")))
    assert kept == Managed()


def test_what_is_as_before_already_needs_no_step_and_is_no_edit() -> None:
    kept = managed((file(b"theirs"), steps.write(CONF, b"ours")))
    assert back(kept, file(b"theirs")) == ((), ())


def test_directory_with_files_of_others_stays(tmp_path: Path) -> None:
    ours = tmp_path / "ours.d"
    ours.mkdir(mode=0o755)
    kept = managed((absent(str(ours)), steps.directory(str(ours), mode=0o755)))
    now = FileState(str(ours), files.DIRECTORY, mode=0o755)
    assert back(kept, now)[0] == (steps.remove(str(ours)),)
    (ours / "theirs").touch()
    assert back(kept, now)[0] == ()


def test_manifest_survives_being_written_and_read(tmp_path: Path) -> None:
    kept = managed((file(b"\xff\x00theirs"), steps.write(CONF, b"ours")))._replace(facts={"packages": ["aide"]})
    (tmp_path / "managed").mkdir()
    (tmp_path / "managed/a.json").write_bytes(_managed.dump(kept))
    assert _managed.read("a", str(tmp_path)) == kept
    assert _managed.record("a", kept, kept, str(tmp_path)) == ()
    assert [step.kind for step in _managed.record("a", kept, Managed(), str(tmp_path))] == ["remove"]


def test_first_manifest_is_one_step_whichever_engine_comes_first(tmp_path: Path) -> None:
    made = _managed.record("a", Managed(), Managed(facts={"x": 1}), str(tmp_path))
    assert [(step.kind, step.args["mode"]) for step in made] == [("write", 0o600)]
    assert _managed.read("a", str(tmp_path)) == Managed()


def test_broken_manifest_is_refused_with_a_cure(tmp_path: Path) -> None:
    (tmp_path / "managed").mkdir()
    (tmp_path / "managed/a.json").write_text("{", encoding="utf-8")
    with pytest.raises(Unreadable, match="restore it from a backup"):
        _managed.read("a", str(tmp_path))
