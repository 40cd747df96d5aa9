"""Validators are real commands here, asked about a real staged tree."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import files
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.files import FileState
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.run import Completed, run
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config import validate
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config.state import Have
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config.want import (
    Access,
    DirectoryWant,
    FileWant,
    Want,
)

CONF = "/etc/shop/shop.conf"


def want(
    *validators: tuple[str, ...], content: bytes = b"good\n", sensitive: bool = False, rehearsal: bool = False
) -> Want:
    file = FileWant(CONF, content, sensitive=sensitive, access=Access(mode=0o640))
    return Want("shop", files=(file,), validate=validators, rehearsal=rehearsal)


HAVE = Have(files={CONF: FileState(CONF, files.ABSENT)})


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[str]:
    """Where the trees are staged; whatever the test does, none may be left."""
    yield str(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_validator_sees_the_new_file_at_its_full_path(runtime: str) -> None:
    command = ("grep", "-q", "good", "{staged}" + CONF)
    assert validate.validate(want(command), HAVE, runtime=runtime) == ["grep -q good {staged}" + CONF]


def test_what_it_refuses_is_told_with_real_paths(runtime: str) -> None:
    with pytest.raises(BadInput) as refused:
        validate.validate(want(("grep", "-c", "bad", "{staged}" + CONF, "{staged}/etc/none")), HAVE, runtime=runtime)
    told = str(refused.value)
    assert told.startswith(f"grep -c bad {CONF} /etc/none refuses the new files, so nothing was touched")
    assert "groundcrew-staged" not in told


def test_a_secret_in_its_words_is_hidden(runtime: str) -> None:
    secret = want(("cat", "{staged}" + CONF, "/nonexistent"), content=b"password=hunter2\n", sensitive=True)
    with pytest.raises(BadInput) as refused:
        validate.validate(secret, HAVE, runtime=runtime)
    assert "hunter2" not in str(refused.value)
    assert "********" in str(refused.value)


def test_a_secret_of_a_preview_is_hidden(runtime: str) -> None:
    told = want(("cat", "{staged}" + CONF, "/nonexistent"), content=b"password=hunter2\n", sensitive=True)
    with pytest.raises(BadInput) as refused:
        validate.validate(told._replace(files=(), previews=told.files), HAVE, runtime=runtime)
    assert "refuses" in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "content, shown, hidden",
    [
        ("route:\n  receiver: hunter22\n", "receiver", "hunter22"),
        ("  - 'colour': hunter22\n", "colour", "hunter22"),
        ("PASSWORD=hunter22\n", "PASSWORD", "hunter22"),
        ("level = hunter22\n", "level", "hunter22"),
        ("key: |\n  line\n  hunter22==\n", "key", "hunter22"),
        ("key: |\n  hunter22=\n", "key", "hunter22"),
        ("url: https://one:hunter22@example.com\n", "url", "hunter22"),
    ],
)
def test_the_names_of_settings_are_told_and_their_values_are_not(
    runtime: str, content: str, shown: str, hidden: str
) -> None:
    secret = want(("cat", "{staged}" + CONF, "/nonexistent"), content=content.encode(), sensitive=True)
    with pytest.raises(BadInput) as refused:
        validate.validate(secret, HAVE, runtime=runtime)
    assert shown in str(refused.value)
    assert hidden not in str(refused.value)


def test_a_path_is_told_even_if_the_secret_file_has_its_words(runtime: str) -> None:
    word = CONF.rpartition("/")[2].partition(".")[0]
    command = ("sh", "-c", "cat {staged}" + CONF + "; echo {staged}" + CONF + " line 3; false")
    with pytest.raises(BadInput) as refused:
        validate.validate(want(command, content=f"name: {word}\n".encode(), sensitive=True), HAVE, runtime=runtime)
    assert f"{CONF} line 3" in str(refused.value)
    assert "name: ********" in str(refused.value)


def test_a_validator_without_the_staged_tree_is_left_for_later(runtime: str) -> None:
    assert validate.validate(want(("false",)), HAVE, runtime=runtime) == []


def test_one_that_is_missing_is_refused_but_not_in_a_rehearsal(runtime: str) -> None:
    command = ("no-such-validator", "{staged}" + CONF)
    with pytest.raises(BadInput, match="command not found"):
        validate.validate(want(command), HAVE, runtime=runtime)
    assert validate.validate(want(command, rehearsal=True), HAVE, runtime=runtime) == []


def test_the_tree_holds_files_links_and_directories_for_root_alone(runtime: str) -> None:
    seen: dict[str, object] = {}

    def look(argv: list[str], *, timeout_s: float) -> Completed:
        tree = argv[1]
        seen["tree"] = os.stat(tree).st_mode & 0o777
        seen["file"] = os.stat(tree + CONF).st_mode & 0o777
        seen["kept"] = os.stat(tree + "/etc/shop/kept").st_mode & 0o777
        seen["to staged"] = os.readlink(tree + "/etc/shop/link") == tree + CONF
        seen["to real"] = os.readlink(tree + "/etc/shop/away")
        seen["directory"] = os.path.isdir(tree + "/etc/shop/d")
        return run(["true"], timeout_s=timeout_s)

    kept = FileState("/etc/shop/kept", files.FILE, content=b"", uid=os.getuid(), gid=os.getgid(), mode=0o604)
    whole = want(("check", "{staged}"))._replace(
        files=(
            *want().files,
            FileWant("/etc/shop/kept", b"x"),
            FileWant("/etc/shop/link", link="shop.conf"),
            FileWant("/etc/shop/away", link="/usr/share/shop"),
            FileWant("/etc/shop/gone"),
        ),
        directories=(DirectoryWant("/etc/shop/d"),),
    )
    validate.validate(whole, Have(files={**HAVE.files, "/etc/shop/kept": kept}), runner=look, runtime=runtime)

    assert seen == {
        "tree": 0o700,
        "file": 0o640,
        "kept": 0o604,
        "to staged": True,
        "to real": "/usr/share/shop",
        "directory": True,
    }
