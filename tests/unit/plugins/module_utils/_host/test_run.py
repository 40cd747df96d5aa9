from __future__ import annotations

import sys
import time

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import CommandFailed
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.run import require, run


@pytest.mark.parametrize(
    "argv, rc, out, err",
    [
        (["sh", "-c", "echo out; echo err >&2; exit 3"], 3, "out\n", "err\n"),
        (["no-such-command"], 127, "", "no-such-command: command not found"),
        (["sh", "-c", "printf '\\377'"], 0, "\N{REPLACEMENT CHARACTER}", ""),
        (["sh", "-c", "echo $LC_ALL $LANGUAGE"], 0, "C.UTF-8 C\n", ""),
    ],
)
def test_command_ends_as_a_result_whatever_its_status(argv: list[str], rc: int, out: str, err: str) -> None:
    done = run(argv)
    assert (done.rc, done.out, done.err) == (rc, out, err)


def test_command_gets_input_environment_and_directory() -> None:
    done = run(["sh", "-c", "cat; echo $COLOUR; pwd"], stdin=b"in\n", env={"COLOUR": "blue"}, cwd="/")
    assert done.out == "in\nblue\n/\n"


def test_command_without_input_does_not_wait_for_any() -> None:
    assert run(["cat"]).rc == 0


def test_tools_of_sbin_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert run(["sh", "-c", "echo $PATH"]).out.startswith("/usr/local/sbin:")


def test_command_that_does_not_end_is_killed_with_its_children() -> None:
    began = time.monotonic()
    done = run([sys.executable, "-c", "import subprocess; subprocess.run(['sleep', '60'])"], timeout_s=0.5)
    assert time.monotonic() - began < 10
    assert done.rc == 124
    assert "stopped after 0.5 s without an end" in done.err


def test_required_command_raises_with_what_it_printed() -> None:
    assert require(["echo", "fine"]).out == "fine\n"
    with pytest.raises(CommandFailed, match="sh -c echo broken >&2; exit 4 ended with 4: broken"):
        require(["sh", "-c", "echo broken >&2; exit 4"])
