"""The action plugin of release: when the host is asked, when an artefact is carried, and what the host is told."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.groundcrew.fleet.plugins.action import release
from ansible_collections.groundcrew.fleet.plugins.action.release import ActionModule
from ansible_collections.groundcrew.fleet.plugins.module_utils.release import manifest, record
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import kept_code

Told = dict[str, Any]


class Host:
    """Answers each call with the next of `answers`, and notes calls and files."""

    def __init__(self, *answers: Told) -> None:
        self.answers = list(answers)
        self._shell = SimpleNamespace(tmpdir=None)
        self.calls: list[Told] = []
        self.files: list[tuple[bytes, str]] = []
        # What the host's Python answers to what is sent in the place of the module, None where the module itself is sent.
        self.said: list[Told | None] = []

    def put_file(self, path: str, to: str) -> None:
        self.files.append((Path(path).read_bytes(), to))

    def act(self, *, check_mode: bool = False, **arguments: Any) -> Told:
        task = SimpleNamespace(
            args={"app": "shop", "version": "2", **arguments},
            async_val=0,
            check_mode=check_mode,
            diff=False,
            action="release",
            delegate_to=None,
        )
        action = ActionModule(task, self, SimpleNamespace(check_mode=False, diff=False), DataLoader(), TEMPLAR, None)
        action._execute_module = self.execute
        self._action = action
        return dict(action.run(None, {}))

    def execute(self, *, module_name: str, module_args: Told, task_vars: Told) -> Told:
        assert (module_name, task_vars) == ("groundcrew.fleet.release", {})
        self.calls.append(dict(module_args))
        self.said.append(said(self._action, module_args))
        return dict(self.answers.pop(0))


TEMPLAR = Templar(loader=DataLoader(), variables={})


def said(action: ActionModule, arguments: Told) -> Told | None:
    if not action._sent:
        return None
    # A tuple of four before core 2.19, a tuple of two since.
    built = action._configure_module("groundcrew.fleet.release", arguments, {})
    source = built[2] if len(built) == 4 else built[0].b_module_data
    done = subprocess.run([sys.executable], input=source, capture_output=True, check=True, timeout=60)
    told: Told = json.loads(done.stdout)
    return told


@pytest.fixture(autouse=True)
def records(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the app's releases are recorded."""
    base = tmp_path_factory.mktemp("lib") / "groundcrew"
    found = base / "releases" / "shop"
    found.mkdir(parents=True)
    monkeypatch.setattr(release, "HOST", SimpleNamespace(base=str(base)))
    monkeypatch.setattr(kept_code, "HOST", SimpleNamespace(code=str(base / "code")))
    monkeypatch.setattr(record, "path_of", lambda _app, version: str(found / f"{version}.json"))
    return found


@pytest.fixture
def source(tmp_path: Path) -> str:
    (tmp_path / "VERSION").write_text("2\n")
    return str(tmp_path)


DONE = {"changed": True}
LACKS = {"changed": False, "needs_artefact": True}
LACKS_CODE = {"changed": False, "lacks_code": True}


def test_a_host_that_has_the_release_is_asked_once(source: str) -> None:
    host = Host(DONE)
    assert host.act(state="active", source=source) == DONE
    assert (len(host.calls), host.files) == (1, [])
    assert "archive" not in host.calls[0]


def test_a_host_that_lacks_it_gets_it_between_two_calls(source: str) -> None:
    host = Host(LACKS, DONE)
    assert host.act(state="staged", source=source) == DONE
    [(content, path)] = host.files
    assert host.calls[1] == {**host.calls[0], "archive": path}
    told = manifest.parse(host.calls[0]["manifest_text"].encode())
    assert (told.name, told.size) == ("shop", len(content))


def test_where_it_is_carried_to_cannot_be_guessed(source: str) -> None:
    hosts = [Host(LACKS, DONE), Host(LACKS, DONE)]
    for host in hosts:
        host.act(state="staged", source=source)
    paths = {host.files[0][1] for host in hosts}
    assert len(paths) == 2
    assert all(path.startswith("/var/tmp/groundcrew-") for path in paths)


def test_what_the_host_fetches_itself_is_not_carried() -> None:
    host = Host(DONE)
    host.act(state="staged", url="https://example.com/shop-2.tar.gz")
    assert "manifest_text" not in host.calls[0]


def test_nobody_sets_what_the_plugin_fills() -> None:
    host = Host(DONE)
    host.act(
        state="active",
        manifest_text="forged",
        signature_text="forged",
        archive="/etc/shadow",
        payload="forged",
        code="x",
    )
    assert host.calls[0].keys() == {"app", "version", "state", "payload"}
    assert host.calls[0]["payload"] != "forged"


def test_files_travel_outside_of_the_arguments_that_are_logged() -> None:
    host = Host(DONE)
    host.act(state="active", files=[{"path": "/etc/shop", "content": "hunter2"}])
    assert host.calls[0]["files"] == [{"path": "/etc/shop"}]
    assert "hunter2" not in str(host.calls)


def test_what_is_not_there_is_said_before_the_host_is_asked(tmp_path: Path) -> None:
    host = Host()
    with pytest.raises(AnsibleActionFail, match="is not on the controller"):
        host.act(state="staged", artefact=str(tmp_path / "shop-2.tar.gz"))
    assert host.calls == []


def test_a_host_without_a_record_says_that_it_lacks_the_artefact_before_any_module_runs(source: str) -> None:
    host = Host(LACKS, DONE)
    host.act(state="staged", source=source)
    # The second time the module's own code is asked for, which nobody has kept here.
    assert host.said == [LACKS, LACKS_CODE]


def test_a_host_with_a_record_goes_on_to_the_module(source: str, records: Path) -> None:
    (records / "2.json").touch()
    host = Host(DONE)
    host.act(state="active", source=source)
    assert host.said == [LACKS_CODE]


@pytest.mark.parametrize(
    "setting, value",
    [("HOST", SimpleNamespace(base="/nowhere/groundcrew")), ("CARRIED", "/proc/{}")],
    ids=["nobody may look", "no room"],
)
def test_where_it_cannot_be_carried_the_module_finds_the_words(
    monkeypatch: pytest.MonkeyPatch, source: str, setting: str, value: Any
) -> None:
    monkeypatch.setattr(release, setting, value)
    host = Host(DONE)
    host.act(state="staged", source=source)
    assert host.said == [LACKS_CODE]


def test_a_host_that_lacks_the_code_is_sent_the_module_to_keep_it(source: str) -> None:
    host = Host(LACKS_CODE, DONE)
    assert host.act(state="active", source=source) == DONE
    name = host.calls[1].pop("code")
    assert re.fullmatch("release-[0-9a-f]{64}", name)
    assert host.calls[1] == host.calls[0]
    assert host.said[1] is None


def test_a_host_without_the_python_that_was_guessed_is_sent_the_module(source: str) -> None:
    host = Host({"failed": True, "rc": 127}, DONE)
    assert host.act(state="active", source=source) == DONE


@pytest.mark.parametrize(
    "given",
    [{"check_mode": True}, {"change_version": False}, {"change_version": "no"}, {"state": "absent"}],
    ids=str,
)
def test_a_host_that_may_need_no_artefact_is_asked_by_the_module(source: str, given: Told) -> None:
    host = Host(DONE)
    host.act(**{"state": "active", "source": source, **given})
    assert host.said == [LACKS_CODE]


def test_another_artefact_than_the_one_that_was_judged_is_not_even_offered(source: str) -> None:
    host = Host(DONE)
    with pytest.raises(AnsibleActionFail, match=f"and {'0' * 64} is asked for"):
        host.act(state="staged", source=source, sha256="0" * 64)
    assert host.calls == []


def test_an_instance_of_an_app_is_packed_as_the_app(source: str) -> None:
    host = Host(DONE)
    host.act(app="shop-blue", artefact_name="shop", state="staged", source=source)
    assert manifest.parse(host.calls[0]["manifest_text"].encode()).name == "shop"


def test_who_goes_back_needs_no_artefact() -> None:
    host = Host(DONE)
    host.act(state="undone", version="", source="/nowhere")
    assert not {"source", "manifest_text"} & set(host.calls[0])
