"""Silences, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import CommandFailed
from ansible_collections.groundcrew.fleet.plugins.module_utils._http import Server
from ansible_collections.groundcrew.fleet.plugins.module_utils.alertmanager_silence.apply import converge
from ansible_collections.groundcrew.fleet.plugins.module_utils.alertmanager_silence.plan import Want
from ansible_collections.groundcrew.fleet.plugins.module_utils.alertmanager_silence.state import Matcher, seconds
from ansible_collections.groundcrew.fleet.tests.rollout_facts.alertmanager import Alertmanager, serving

NOW = seconds("2026-01-31T12:00:00Z")
WANT = Want(
    "present", frozenset({Matcher("instance", "app1")}), "groundcrew", "patching", 600, extend=True, run_id="r1"
)


@pytest.fixture
def alertmanager() -> Iterator[Alertmanager]:
    with serving() as found:
        yield found


def test_a_silence_is_made_once_and_ended(alertmanager: Alertmanager) -> None:
    server = Server("Alertmanager", alertmanager.url)
    assert converge(server, WANT, now=NOW, check_mode=True)["changed"]
    assert alertmanager.calls == []
    assert converge(server, WANT, now=NOW, check_mode=False)["id"] == "s0"
    assert not converge(server, WANT, now=NOW, check_mode=False)["changed"]
    assert converge(server, WANT._replace(state="absent"), now=NOW, check_mode=False)["expired"] == ["s0"]
    assert alertmanager.calls == ["app1 silenced", "app1 ended"]


def test_an_alertmanager_that_refuses_is_told(alertmanager: Alertmanager) -> None:
    alertmanager.refuses = True
    with pytest.raises(CommandFailed, match=r"Alertmanager at .* refused GET .*/api/v2/silences with 503"):
        converge(Server("Alertmanager", alertmanager.url), WANT, now=NOW, check_mode=False)
