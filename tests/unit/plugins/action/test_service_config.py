"""The action plugin, run by the real ansible-playbook of whichever core is installed, in check mode on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

COLLECTIONS = Path(__file__).parents[4] / ".cache" / "collections"
SECRET = "hunter2-correct-horse"


class Play:
    """A role whose tasks each are one service_config; `run` returns their results and all output."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.target = root / "target"
        self.target.mkdir()
        self.write("roles/shop/tasks/main.yml", "")

    def write(self, name: str, content: str | bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def run(self, *calls: Any, flags: tuple[str, ...] = (), **variables: Any) -> tuple[list[dict[str, Any]], str]:
        tasks = [{"groundcrew.fleet.service_config": {"files": files}, "ignore_errors": True} for files in calls]
        self.write("roles/shop/tasks/main.yml", json.dumps(tasks))
        play = {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars": variables,
            "roles": ["shop"],
        }
        self.write("play.yml", json.dumps([play]))
        done = subprocess.run(
            [sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", "--check", *flags, "play.yml"],
            cwd=self.root,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        output = done.stdout + done.stderr
        results = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        assert len(results) == len(calls), output
        return results, output

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "ANSIBLE_CALLBACK_PLUGINS": str(self.root / "callbacks"),
            "ANSIBLE_STDOUT_CALLBACK": "result_line",
            # The newest core leaves the arguments out of the result unless asked.
            "ANSIBLE_INJECT_INVOCATION": "1",
        }


CALLBACK = """
import json
from ansible.plugins.callback import CallbackBase

class CallbackModule(CallbackBase):
    CALLBACK_VERSION, CALLBACK_TYPE, CALLBACK_NAME = 2.0, "stdout", "result_line"

    def tell(self, result, *, failed=False):
        told = {**(getattr(result, "result", None) or result._result), "failed": failed}
        self._display.display(json.dumps(told, default=str))

    def v2_runner_on_ok(self, result):
        self.tell(result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.tell(result, failed=True)
"""


@pytest.fixture
def play(tmp_path: Path) -> Play:
    made = Play(tmp_path)
    made.write("callbacks/result_line.py", CALLBACK)
    return made


def after(result: dict[str, Any]) -> list[str]:
    return [one["after"] for one in result["diff"]]


def test_content_template_and_src_reach_the_host(play: Play) -> None:
    play.write("roles/shop/templates/shop.j2", "{% if open %}\nname={{ name }}\n{% endif %}\n{% include 'part.j2' %}\n")
    play.write("roles/shop/templates/part.j2", "for={{ template_destpath | basename }}")
    play.write("roles/shop/files/blob", b"\0\xff\x01")
    files = [
        {"path": f"{play.target}/content", "content": "{{ name }}\n"},
        {"path": f"{play.target}/template", "template": "shop.j2"},
        {"path": f"{play.target}/src", "src": "blob"},
        {"path": f"{play.target}/json", "content": {"a": [1]}},
        {"path": f"{play.target}/link", "link": "content"},
    ]
    [result], output = play.run(files, name="grüß", open=True)

    assert after(result)[:2] == ["grüß\n", "name=grüß\nfor=template\n"], output
    assert after(result)[2].startswith("(3 bytes, sha256 ")
    assert after(result)[3:] == ['{"a": [1]}', "-> content\n"]
    assert list(play.target.iterdir()) == []


def test_a_template_is_rendered_as_by_the_builtin(play: Play) -> None:
    lines = "{# gone #}\n  {% for n in [1, 2] %}\n  n={{ n }}\n  {% endfor %}\n\n{{ ansible_managed }}\n\n"
    play.write("roles/shop/templates/a.j2", lines)
    [result], output = play.run([{"path": f"{play.target}/a", "template": "a.j2"}])
    assert after(result) == ["    n=1\n    n=2\n  \nAnsible managed\n\n"], output


def test_a_template_that_is_one_number_is_text(play: Play) -> None:
    play.write("roles/shop/templates/a.j2", "{{ 5 }}")
    [result], output = play.run([{"path": f"{play.target}/a", "template": "a.j2"}])
    assert after(result) == ["5"], output


FAILURES: list[tuple[Any, str]] = [
    ({"template": "a.j2"}, "template a.j2 for /etc/shop/a: "),
    ({"template": "a.j2"}, "'nobody_set_this' is undefined"),
    ({"template": "none.j2"}, "template none.j2 for /etc/shop/a: "),
    ({"src": "none"}, "src none for /etc/shop/a: "),
    ({"content": "a", "link": "b"}, "/etc/shop/a is given by content and link: keep one of them"),
    ({"content": "a", "template": "a.j2"}, "/etc/shop/a is given by content and template: keep one of them"),
    ({"content": "a", "mode": 0o644}, "mode 420 of /etc/shop/a is a number"),
    ({"contents": "a"}, "Unsupported parameters for (groundcrew.fleet.service_config) module: files.contents"),
]


def test_a_failure_names_the_file_and_the_cause(play: Play) -> None:
    play.write("roles/shop/templates/a.j2", "{{ nobody_set_this }}")
    calls = [[{"path": "/etc/shop/a", **case[0]}] for case in FAILURES]
    results, output = play.run(*calls, "a, b")

    expected = [*(case[1] for case in FAILURES), "files must be a list of dictionaries"]
    for result, said in zip(results, expected):
        assert result["failed"], output
        assert said in result["msg"]


def test_a_secret_shows_nowhere(play: Play) -> None:
    play.write("roles/shop/templates/a.j2", "{{ secret }}")
    files = [
        {"path": f"{play.target}/a", "content": "token={{ secret }}\n", "sensitive": True},
        {"path": f"{play.target}/b", "template": "a.j2", "sensitive": True},
    ]
    [result], output = play.run(files, flags=("-vvv", "--diff"), secret=SECRET)
    assert result["changed"], output
    assert SECRET not in output


def test_contents_are_not_among_the_arguments_that_are_logged(play: Play) -> None:
    [result], output = play.run([{"path": f"{play.target}/a", "content": "plain\n"}], flags=("-vvv",))
    arguments = result["invocation"]["module_args"]
    assert arguments["payload"] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER", output
    assert arguments["files"][0]["content"] is None
