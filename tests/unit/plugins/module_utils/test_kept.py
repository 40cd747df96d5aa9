"""The code that a host keeps of a module: made from a zip such as Ansible sends, and run by Python without Ansible's help."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import ansible.module_utils
import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils import _kept
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.world import World
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import kept_code

PLUGINS = "ansible_collections/groundcrew/fleet/plugins"
PACKAGES = ("ansible", "ansible/module_utils", "ansible_collections", *map(str, Path(PLUGINS).parents[:2]), PLUGINS)


@pytest.fixture
def came(tmp_path: Path) -> str:
    """What came along with a module `ping`, which tells its arguments and whether its code was compiled anew."""
    path = tmp_path / "came.zip"
    main = """from ansible.module_utils import basic

def main():
    if b"fails" in basic._ANSIBLE_ARGS:
        raise ValueError("nobody foresaw this")
    print(basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE, __file__)
"""
    with zipfile.ZipFile(path, "w") as archive:
        for package in {*PACKAGES, f"{PLUGINS}/modules"}:
            archive.writestr(f"{package}/__init__.py", "")
        archive.writestr("ansible/module_utils/basic.py", "")
        archive.writestr(f"{PLUGINS}/modules/ping.py", main)
        # As Ansible's own, which is no Python.
        archive.writestr("sitecustomize.py", "\\n")
    return str(path)


class Kept:
    """Code that was kept, called as kept_code.py has it called."""

    def __init__(self, came: str, tmp_path: Path, module: str = "ping") -> None:
        self.place = str(tmp_path / f"{module}-{'0' * 64}")
        self.put(came)
        self.path = Path(f"{self.place}.{sys.implementation.cache_tag}")

    def put(self, came: str) -> None:
        named = _kept.NAME.fullmatch(Path(self.place).name)
        assert named
        _kept._put(World(), str(Path(self.place).parent), named, came)

    def call(self, options: dict[str, Any], *, as_file: bool = False) -> subprocess.CompletedProcess[str]:
        """Call it as a file, as without pipelining, or from stdin."""
        sent = kept_code.SENT.format(
            question="True", answer="", code=self.place, options=json.dumps({"ANSIBLE_MODULE_ARGS": options}).encode()
        )
        script = self.path.parent / "sent.py"
        script.write_text(sent)
        return subprocess.run(
            [sys.executable, *([str(script)] if as_file else [])],
            input=None if as_file else sent,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


def test_it_runs_the_module_with_the_options_and_compiles_nothing(came: str, tmp_path: Path) -> None:
    told = Kept(came, tmp_path).call({"shop": 1}).stdout
    assert told.startswith("""b'{"ANSIBLE_MODULE_ARGS": {"shop": 1}}' legacy """)
    assert told.endswith(".pyc\n")


@pytest.mark.parametrize("at", [0, 100, -300], ids=["its digest", "within", "at the end"])
def test_a_damaged_copy_is_not_run_but_said_to_lack(came: str, tmp_path: Path, at: int) -> None:
    kept = Kept(came, tmp_path)
    content = bytearray(kept.path.read_bytes())
    content[at] ^= 0xFF
    kept.path.write_bytes(content)
    assert json.loads(kept.call({}).stdout) == {"changed": False, "lacks_code": True}


def test_another_python_lacks_it(came: str, tmp_path: Path) -> None:
    kept = Kept(came, tmp_path)
    kept.path.rename(f"{kept.place}.cpython-38")
    assert json.loads(kept.call({}).stdout) == {"changed": False, "lacks_code": True}


@pytest.mark.parametrize("as_file", [False, True])
def test_what_nobody_foresaw_fails_in_its_own_words_without_the_options(
    came: str, tmp_path: Path, as_file: bool
) -> None:
    done = Kept(came, tmp_path).call({"fails": "hunter2"}, as_file=as_file)
    assert json.loads(done.stdout)["msg"] == "ValueError: nobody foresaw this"
    assert "hunter2" not in done.stdout + done.stderr


def test_the_last_few_of_a_module_are_kept_and_what_was_used_of_late_and_those_of_others(
    came: str, tmp_path: Path
) -> None:
    names = [f"ping-{digit * 64}.{age}-days-old" for digit, age in zip("123456", (0.5, 0.9, 2, 3, 4, 5))]
    for name in ["other-1", *names]:
        (tmp_path / name).touch()
        seconds = time.time() - float(name.split(".", 1)[1].split("-")[0] if "." in name else 9) * 86400
        os.utime(tmp_path / name, (seconds, seconds))
    kept = Kept(came, tmp_path)
    assert {path.name for path in tmp_path.glob("*-*")} == {"other-1", *names[:2], kept.path.name}
    assert oct(kept.path.stat().st_mode & 0o777) == "0o600"


def test_whoever_uses_it_makes_it_young_again(came: str, tmp_path: Path) -> None:
    kept = Kept(came, tmp_path)
    os.utime(kept.path, (0, 0))
    kept.call({})
    assert kept.path.stat().st_mtime > time.time() - 600


@pytest.mark.parametrize("name", ["", "../release-" + "0" * 64, "release"])
def test_nothing_is_kept_under_another_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_kept, "_put", lambda *_arguments: pytest.fail("it was kept"))
    _kept.keep(name, directory=str(tmp_path))


def test_a_module_of_ours_runs_on_the_ansible_that_is_installed(tmp_path: Path) -> None:
    path = tmp_path / "came.zip"
    core = Path(ansible.module_utils.__file__).parents[1]
    ours = Path(_kept.__file__).parents[1]
    with zipfile.ZipFile(path, "w") as archive:
        for package in {*PACKAGES, f"{PLUGINS}/modules", f"{PLUGINS}/module_utils"} - {"ansible/module_utils"}:
            archive.writestr(f"{package}/__init__.py", "")
        archive.write(ours / "modules" / "service_config.py", f"{PLUGINS}/modules/service_config.py")
        for root, place in ((core / "module_utils", "ansible"), (ours / "module_utils", PLUGINS)):
            for source in root.rglob("*.py"):
                archive.write(source, f"{place}/{source.relative_to(root.parent)}")
    done = Kept(str(path), tmp_path, "service_config").call(
        {"files": [{"path": "relative"}], "_ansible_check_mode": True}
    )
    assert done.stdout, done.stderr
    told = json.loads(done.stdout)
    assert (told["failed"], "relative" in told["msg"]) == (True, True), told
