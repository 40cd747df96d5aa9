"""Releases packed from real checkouts by git, tar, pip and ssh-keygen: the same bytes each time, and never other ones."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import signature
from ansible_collections.groundcrew.fleet.plugins.module_utils.release import manifest, package
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.manifest import Manifest, Python

pytestmark = pytest.mark.of_python_alone

COMMITTED = "2026-11-29T01:02:03+0200"
Make = Callable[..., dict[str, Any]]


def git(checkout: Path, *arguments: str, **env: str) -> str:
    given = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", **env}
    command = ["git", "-C", str(checkout), "-c", "user.name=crew", "-c", "user.email=crew@example.com", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=given).stdout.strip()


def commit(checkout: Path, message: str, when: str = COMMITTED) -> str:
    git(checkout, "add", "--all")
    git(checkout, "commit", "--quiet", "-m", message, GIT_AUTHOR_DATE=when, GIT_COMMITTER_DATE=when)
    return git(checkout, "rev-parse", "HEAD")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A checkout with a program, a link, an odd name, a subdirectory, and a file that is not for hosts."""
    path = tmp_path / "origin"
    (path / "web/static").mkdir(parents=True)
    (path / "run").write_text("#!/bin/sh\n")
    (path / "run").chmod(0o755)
    (path / "web/shop.py").write_text("print('shop')\n")
    (path / "web/static/straße ☂.txt").write_text("öffnen\n" * 100)
    (path / "requirements.txt").write_text("six==1.16.0\n")
    (path / "notes.md").write_text("for us\n")
    (path / ".gitattributes").write_text("notes.md export-ignore\n.gitattributes export-ignore\n")
    (path / "current").symlink_to("web/shop.py")
    git(tmp_path, "init", "--quiet", "--initial-branch", "main", str(path))
    commit(path, "Open the shop")
    return path


@pytest.fixture
def make(tmp_path: Path, shop: Path) -> Make:
    def made(*, check: bool = False, **options: Any) -> dict[str, Any]:
        given: dict[str, Any] = {"source": str(shop), "name": "shop", "version": "2.0.0", "python": sys.executable}
        given.update({"destination": str(tmp_path / "artefacts"), **options})
        spec = dict.fromkeys(package.Want._fields)
        return package.make(package.wanted({**spec, **given}), put=os.replace, check=check)

    return made


def told(result: dict[str, Any]) -> Manifest:
    return manifest.parse(Path(result["manifest"]).read_bytes())


def names(result: dict[str, Any]) -> list[str]:
    with tarfile.open(result["artefact"]) as archive:
        return archive.getnames()


def test_a_revision_becomes_an_artefact_with_its_manifest(shop: Path, make: Make) -> None:
    git(shop, "remote", "add", "origin", "https://robot:hunter2@git.example.com/shop")
    git(shop, "tag", "other")
    git(shop, "tag", "v2.0.0")
    made = make()
    assert made["changed"]
    assert [change["after"] for change in made["diff"]] == [Path(made["manifest"]).read_text()]
    assert names(made) == ["current", "requirements.txt", "run", "web/shop.py", "web/static/straße ☂.txt"]
    found = told(made)
    assert found.source == manifest.Source(
        "https://git.example.com/shop", git(shop, "rev-parse", "HEAD"), "v2.0.0", dirty=False
    )
    assert (found.artefact, found.built_at, found.python) == ("shop-2.0.0.tar.gz", "2026-11-28T23:02:03Z", None)
    assert found.sha256 == made["sha256"] == manifest.digest_of(made["artefact"])
    assert found.size == made["size"] == os.path.getsize(made["artefact"])
    assert (made["signature"], made["revision"], made["built_at"]) == ("", found.source.revision, found.built_at)


def test_members_are_roots_with_plain_modes_and_the_time_of_the_commit(shop: Path, make: Make) -> None:
    (shop / "web/shop.py").chmod(0o600)
    with tarfile.open(make()["artefact"]) as archive:
        found = {info.name: info for info in archive}
    assert {(info.uid, info.gid, info.uname, info.gname, info.mtime) for info in found.values()} == {
        (0, 0, "", "", 1795906923)
    }
    assert (found["run"].mode, found["web/shop.py"].mode) == (0o755, 0o644)
    assert (found["current"].linkname, found["current"].issym()) == ("web/shop.py", True)


def test_two_clones_give_the_same_bytes_whoever_packs_them_when_and_where(
    tmp_path: Path, shop: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = []
    mask = os.umask(0)
    try:
        for number in (1, 2):
            os.umask((0o022, 0o077)[number - 1])
            clone = tmp_path / f"elsewhere-{number}" / f"clone-{number}"
            git(tmp_path, "clone", "--quiet", str(shop), str(clone))
            git(clone, "config", "tar.umask", ("0022", "0077")[number - 1])
            git(clone, "config", "core.autocrlf", ("false", "true")[number - 1])
            monkeypatch.setenv("TZ", ("UTC", "Asia/Tokyo")[number - 1])
            time.tzset()
            results.append(make(source=f"{clone}/", destination=f"{tmp_path}/out-{number}"))
            time.sleep(1.1)
    finally:
        os.umask(mask)
        monkeypatch.undo()
        time.tzset()
    first, second = results
    assert Path(first["artefact"]).read_bytes() == Path(second["artefact"]).read_bytes()
    assert Path(first["manifest"]).read_bytes() == Path(second["manifest"]).read_bytes()


def test_what_is_not_committed_is_not_packed(shop: Path, make: Make) -> None:
    clean = make(destination=f"{shop}-out")
    (shop / "web/shop.py").write_text("print('tried out')\n")
    (shop / "new.py").write_text("new\n")
    git(shop, "add", "new.py")
    assert make()["sha256"] == clean["sha256"]


def test_any_revision_can_be_packed(shop: Path, make: Make) -> None:
    git(shop, "tag", "1.0.0")
    first = git(shop, "rev-parse", "HEAD")
    (shop / "more.py").write_text("more\n")
    commit(shop, "Sell more")
    assert "more.py" in names(make())
    old = make(revision="1.0.0", version="1.0.0")
    assert "more.py" not in names(old)
    assert (told(old).source.revision, told(old).source.ref) == (first, "1.0.0")


def test_a_subdirectory_is_packed_as_if_it_were_the_whole(make: Make) -> None:
    assert names(make(subdirectory="web/")) == ["shop.py", "static/straße ☂.txt"]


def test_an_artefact_that_is_there_already_stays(make: Make) -> None:
    made = make()
    os.utime(made["artefact"], (1, 1))
    again = make()
    assert again == {**made, "changed": False, "diff": []}
    assert os.path.getmtime(made["artefact"]) == 1


def test_another_content_under_the_same_version_is_refused(shop: Path, make: Make) -> None:
    made = make()
    before = Path(made["artefact"]).read_bytes()
    (shop / "more.py").write_text("more\n")
    commit(shop, "Sell more")
    with pytest.raises(BadInput, match=r"shop-2\.0\.0\.tar\.gz is there already, of revision .*: give a new version"):
        make()
    assert Path(made["artefact"]).read_bytes() == before


@pytest.mark.parametrize(
    "options, said",
    [
        (
            {"subdirectory": "web"},
            "differs in .* files, such as 'current'; an artefact never changes: give a new version",
        ),
        ({"python_requirements": "requirements.txt"}, "is there already, with other python_requirements"),
    ],
)
def test_the_same_revision_packed_in_another_way_is_refused(make: Make, options: dict[str, str], said: str) -> None:
    make()
    with pytest.raises(BadInput, match=said):
        make(**options)


def test_an_artefact_that_was_touched_is_told(make: Make) -> None:
    made = make()
    with open(made["artefact"], "ab") as file:
        file.write(b"!")
    with pytest.raises(
        BadInput, match=r"is not what its manifest says \(.*\); bring it back as it was, or remove both"
    ):
        make()
    os.unlink(made["artefact"])
    with pytest.raises(BadInput, match=r"\(missing, not"):
        make()


def test_an_artefact_without_manifest_was_cut_off_and_is_made_anew(make: Make) -> None:
    made = make()
    os.unlink(made["manifest"])
    Path(made["artefact"]).write_bytes(b"half")
    assert make() == made


@pytest.mark.parametrize("there", [True, False])
def test_check_mode_tells_and_makes_nothing(tmp_path: Path, make: Make, *, there: bool) -> None:
    if there:
        make()
    found = make(check=True)
    assert found["changed"] is not there
    assert bool(found["sha256"]) is there
    assert os.path.exists(tmp_path / "artefacts") is there


def test_the_manifest_is_signed_and_one_signature_is_enough(tmp_path: Path, make: Make) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key], check=True)
    (tmp_path / "signers").write_text(f"crew@example.com {key.with_suffix('.pub').read_text()}")
    make()
    assert make(signing_key=str(key), check=True)["changed"]
    made = make(signing_key=str(key))
    assert made["changed"]
    content = Path(made["manifest"]).read_bytes()
    signer = signature.verify(content, made["signature"], f"{tmp_path}/signers", "release@groundcrew.fleet")
    assert signer == "crew@example.com"
    assert make(signing_key=str(key)) == {**made, "changed": False, "diff": []}
    assert make()["signature"] == made["signature"]


def test_wheels_come_along_with_pip_itself_and_the_host_needs_no_network(tmp_path: Path, make: Make) -> None:
    made = make(python_requirements="requirements.txt")
    brought = [name for name in names(made) if name.startswith("wheelhouse/")]
    assert [name.split("-")[0] for name in brought] == ["wheelhouse/pip", "wheelhouse/six"]
    # An older one fails on hosts with Python 3.12 and later, whichever the controller has.
    assert tuple(map(int, brought[0].split("-")[1].split(".")[:2])) >= (24, 2)
    assert told(made).python == Python("wheelhouse", "requirements.txt")
    assert make(python_requirements="requirements.txt") == {**made, "changed": False, "diff": []}
    assert make(python_requirements="requirements.txt", destination=f"{tmp_path}/again")["sha256"] == made["sha256"]
    release = tmp_path / "release"
    release.mkdir()
    subprocess.run(["tar", "-xzf", made["artefact"], "-C", release], check=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", release / "venv"], check=True)
    pip = next((release / "wheelhouse").glob("pip-*.whl")) / "pip"
    alone = ["--no-index", "--find-links", f"{release}/wheelhouse", "--only-binary", ":all:"]
    python = release / "venv/bin/python"
    subprocess.run([python, pip, "install", "--quiet", *alone, "-r", release / "requirements.txt"], check=True)
    subprocess.run([python, "-c", "import six; assert six.__version__ == '1.16.0'"], check=True, cwd="/")


@pytest.mark.parametrize(
    "options, said",
    [
        ({"source": "/none"}, "source '/none' is no directory on the controller"),
        ({"revision": "v9"}, "revision 'v9' is not in .*; fetch it first, or give another"),
        ({"revision": "--output=x"}, "revision '--output=x' is not in"),
        ({"subdirectory": "none"}, "cannot be packed: .*; give a subdirectory that HEAD has"),
        ({"subdirectory": "../other"}, "subdirectory '../other' is not below the source"),
        ({"python_requirements": "none.txt"}, "python_requirements 'none.txt' is no file of what is packed"),
        ({"python_requirements": "requirements.txt", "python": "/bin/false"}, "python '/bin/false' has no pip"),
        ({"name": "Shop"}, "name 'Shop' must be"),
        ({"version": "../2"}, "version '../2' must be"),
    ],
)
def test_what_cannot_be_packed_is_refused_with_its_cure(
    tmp_path: Path, make: Make, options: dict[str, str], said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        make(**options)
    assert not os.path.exists(tmp_path / "artefacts")


def test_a_pip_that_fails_with_its_python_is_told_as_that(tmp_path: Path, make: Make) -> None:
    python = tmp_path / "python3.12"
    python.write_text("#!/bin/sh\necho 'pip 23.0.1 from /usr/lib (python 3.12)'\n")
    python.chmod(0o755)
    with pytest.raises(
        BadInput, match=r"pip 23\.0\.1 of python .* is too old for Python 3\.12: upgrade it to 23\.1\.2"
    ):
        make(python_requirements="requirements.txt", python=str(python))


def test_what_a_host_would_refuse_is_refused_here(shop: Path, make: Make) -> None:
    (shop / "venv").mkdir()
    (shop / "venv/pyvenv.cfg").write_text("home = /usr/bin\n")
    commit(shop, "Bring an environment of ours")
    with pytest.raises(BadInput, match="member 'venv' lies in venv/, which each host builds"):
        make()


def test_a_submodule_is_refused_since_git_leaves_it_out(shop: Path, make: Make) -> None:
    git(shop, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(shop), "web/till")
    commit(shop, "Take in the till")
    with pytest.raises(BadInput, match="web/till is a submodule, which git does not pack"):
        make()
    assert make(subdirectory="web/static")["changed"]


def test_a_wheelhouse_that_is_committed_is_not_mixed_with_one_that_is_brought(shop: Path, make: Make) -> None:
    (shop / "wheelhouse").mkdir()
    (shop / "wheelhouse/a.whl").write_text("")
    commit(shop, "Bring wheels ourselves")
    with pytest.raises(BadInput, match="the source has a wheelhouse of its own"):
        make(python_requirements="requirements.txt")


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "plain"
    for folder in ("lib/__pycache__", ".git-not", "empty"):
        (path / folder).mkdir(parents=True)
    (path / "lib/shop.py").write_text("print('shop')\n")
    (path / "lib/__pycache__/shop.pyc").write_text("of this machine\n")
    os.utime(path / "lib/shop.py", (1_000_000_000, 1_000_000_000))
    return path


def test_a_plain_directory_is_packed_with_the_time_of_its_newest_file(plain: Path, make: Make) -> None:
    made = make(source=str(plain))
    assert names(made) == [".git-not", "empty", "lib/shop.py"]
    assert told(made).source == manifest.Source()
    assert told(made).built_at == "2001-09-09T01:46:40Z"
    os.utime(plain / "lib/shop.py")
    assert make(source=str(plain)) == {**made, "changed": False, "diff": []}
    (plain / "lib/shop.py").chmod(0o755)
    with pytest.raises(BadInput, match=r"differs in 1 files, such as 'lib/shop\.py'; .* give a new version"):
        make(source=str(plain))


def test_a_given_time_is_that_of_a_plain_directory(plain: Path, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert make(source=str(plain))["built_at"] == "2023-11-14T22:13:20Z"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "now")
    with pytest.raises(BadInput, match="SOURCE_DATE_EPOCH is 'now', not a number of seconds"):
        make(source=str(plain))


def test_a_plain_directory_has_no_revisions_and_no_pipes(plain: Path, make: Make) -> None:
    with pytest.raises(BadInput, match=r"revision 'v1': .*/plain is no git checkout; leave revision away"):
        make(source=str(plain), revision="v1")
    os.mkfifo(plain / "pipe")
    with pytest.raises(BadInput, match="/pipe is neither a file, a link nor a directory, so it cannot be packed"):
        make(source=str(plain))
