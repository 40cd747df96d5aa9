"""Metrics of a host: what is known has a sample, what is not has none, and Prometheus' own tool has nothing to say."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.patch_metrics import patch_metrics
from ansible_collections.groundcrew.fleet.tests.unit.plugins.plugin_utils.patch_answers import (
    NOW,
    answer,
    held,
    reboot,
    update,
)

SAMPLE = re.compile(r'groundcrew_([a-z_]+(?:\{security="(?:true|false)"\})?) (\S+)')
BUSY = answer(
    plan=[update("curl"), update("vim", security=False), update("bash")],
    held=[held("nginx", security=True)],
    reboot=reboot(True, "a new kernel"),
    cves={"open": ["CVE-2026-1", "CVE-2026-2"], "source": "changelogs"},
    restart={"due": ["ssh.service"], "after": ["nginx.service"], "left": {"ssh.service": "", "dbus.service": ""}},
    patch_age_days=1.5,
)
MUTE: list[dict[str, Any]] = [{"failed": True, "msg": "no python3-apt"}, {"unreachable": True}, {}]


def samples(result: dict[str, Any]) -> dict[str, float]:
    """The samples of the text by name and label; every line is one, or help, or a type."""
    lines = [line for line in patch_metrics(result, NOW).splitlines() if not line.startswith("# ")]
    found = [SAMPLE.fullmatch(line) for line in lines]
    return {one[1]: float(one[2]) for one in found if one}


def test_all_that_is_known_has_its_sample() -> None:
    assert samples(BUSY) == {
        "patch_unknown": 0,
        "patch_report_timestamp_seconds": 1774958400,
        "patch_compliant": 1,
        'patch_pending_updates{security="false"}': 1,
        'patch_pending_updates{security="true"}': 2,
        'patch_held_updates{security="false"}': 0,
        'patch_held_updates{security="true"}': 1,
        "patch_age_seconds": 129600,
        "patch_open_cves": 2,
        "patch_lists_age_seconds": 3600,
        "patch_last_run_timestamp_seconds": 1774836000,
        "patch_stale_units": 2,
        "patch_unfinished": 0,
        "reboot_pending": 1,
    }


@pytest.mark.parametrize(
    "differs, absent",
    [
        ({"patch_age_days": None}, {"patch_age_seconds", "patch_compliant"}),
        ({"reboot": reboot(None)}, {"reboot_pending", "patch_compliant"}),
        ({"lists_age_s": None}, {"patch_lists_age_seconds", "patch_compliant"}),
        ({"cves": {"open": None, "source": ""}}, {"patch_open_cves"}),
        ({"unknown": ["whether a.service runs replaced code"]}, {"patch_stale_units"}),
    ],
)
def test_what_is_not_known_is_absent_and_said_to_be_unknown(differs: dict[str, Any], absent: set[str]) -> None:
    told = samples(answer(**differs))
    assert set(samples(answer())) - set(told) == absent
    assert told["patch_unknown"] == 1


def test_a_host_that_no_run_has_patched_has_no_time_of_one_and_is_known_all_the_same() -> None:
    told = samples(answer(last_patched=""))
    assert "patch_last_run_timestamp_seconds" not in told
    assert told["patch_unknown"] == 0


def test_pending_updates_are_absent_where_a_repair_comes_first() -> None:
    told = samples(answer(interrupted=["libc6"], repair_first=True))
    assert not [name for name in told if "updates" in name or ("age_seconds" in name and "lists" not in name)]
    assert (told["patch_unfinished"], told["patch_compliant"], told["patch_unknown"]) == (1, 0, 1)


@pytest.mark.parametrize("result", MUTE)
def test_a_host_that_tells_nothing_is_unknown_and_nothing_else(result: dict[str, Any]) -> None:
    assert samples(result) == {"patch_unknown": 1, "patch_report_timestamp_seconds": 1774958400}


def test_nothing_that_a_host_says_gets_into_the_text() -> None:
    said = answer(plan=[update('x"} 1\n')], held=[held("y\n")], unknown=["z\n"], interrupted=["w\n"])
    assert {*"xyzw"}.isdisjoint(re.sub(r"# .*|groundcrew\w+|security|true|false", "", patch_metrics(said, NOW)))


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
@pytest.mark.parametrize("result", [BUSY, answer(interrupted=["libc6"]), *MUTE])
def test_prometheus_own_tool_has_nothing_to_say(result: dict[str, Any]) -> None:
    done = subprocess.run(
        ["promtool", "check", "metrics"],
        input=patch_metrics(result, NOW),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
