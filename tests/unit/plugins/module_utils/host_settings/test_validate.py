"""The host's own tools are asked about real staged files, which are gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.run import Completed
from ansible_collections.groundcrew.fleet.plugins.module_utils.host_settings.area import Ask
from ansible_collections.groundcrew.fleet.plugins.module_utils.host_settings.areas import logrotate, timers
from ansible_collections.groundcrew.fleet.plugins.module_utils.host_settings.validate import validate

CURE = "install the package grep first"


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[str]:
    """Where the files are staged; whatever the test does, none may be left."""
    yield str(tmp_path)
    assert list(tmp_path.iterdir()) == []


def ask(*argv: str) -> Ask:
    return Ask("rule a", argv, timers.refused, CURE, {"rule": b"good\n"})


def test_a_tool_sees_the_file_that_is_to_be(runtime: str) -> None:
    validate([ask("grep", "-q", "good", "{tree}/rule")], runtime=runtime)


def test_what_it_refuses_is_told_without_the_place_of_staging(runtime: str) -> None:
    with pytest.raises(BadInput) as refused:
        validate([ask("ls", "{tree}/none")], runtime=runtime)
    said = str(refused.value)
    assert said.startswith("ls refuses rule a, so nothing was touched: ")
    assert "none" in said
    assert "groundcrew-staged" not in said


def test_a_missing_tool_is_named_with_its_cure_but_not_in_a_rehearsal(runtime: str) -> None:
    missing = ask("no-such-tool", "{tree}/rule")
    with pytest.raises(BadInput, match=f"rule a cannot be checked, since no-such-tool is missing: {CURE}"):
        validate([missing], runtime=runtime)
    validate([missing], rehearsal=True, runtime=runtime)


# As logrotate 3.21 prints it for `-d`.
NOISE = (
    "warning: logrotate in debug mode does nothing except printing debug messages!  Consider using verbose mode (-v) instead if "
    "this is not what you want.\n\nreading config file /x/rule\n"
)
SAID = [
    ("", 0, ""),
    ("error: stat of /var/log/shop.log failed: No such file or directory\n", 0, ""),
    (
        "error: /x/rule:3 unknown option 'dayly' -- ignoring line\n",
        0,
        "error: /x/rule:3 unknown option 'dayly' -- ignoring line",
    ),
    ("error: /x/rule:3 bad rotation count 'four'\n", 1, "error: /x/rule:3 bad rotation count 'four'"),
]


@pytest.mark.parametrize("said,rc,wrong", SAID)
def test_logrotate_is_judged_by_what_it_says_not_by_how_it_ends(said: str, rc: int, wrong: str) -> None:
    assert logrotate.judge(Completed(("logrotate",), rc, "", NOISE + said, 0.1)) == wrong
