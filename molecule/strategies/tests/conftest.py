"""Everything that happens to the fleet, once and in its order; the tests judge it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest
from ansible_collections.groundcrew.fleet.molecule.strategies.tests.world import (
    APPS,
    BALANCERS,
    BLUE,
    FULL,
    GREEN,
    SCENARIO,
    SINGLE,
    Played,
    Seen,
    certificate,
    on,
    play,
    quiet,
    requests,
    row,
    servers,
    version,
)

RETIRED = f"--inventory={SCENARIO}/retired.yml"
WITHOUT_APP3 = {"in_service": ["app1", "app2"]}
BLUE_GREEN = {"deployment_strategy": "blue_green"}


class Look(NamedTuple):
    """Which version each host answers with, at each port of the shop, and what each load balancer makes of its servers."""

    versions: Mapping[str, tuple[str, ...]]
    servers: Mapping[str, Mapping[str, str]]


class Chapter(NamedTuple):
    """Plays under load, the look of the fleet after each of them, what the users saw, and the version that it should leave."""

    plays: tuple[Played, ...]
    looks: tuple[Look, ...]
    seen: Seen
    leaves: str


def look() -> Look:
    found = {app: tuple(version(app, port) for port in (SINGLE, BLUE, GREEN)) for app in APPS}
    return Look(found, {one: servers(one) for one in BALANCERS})


def deploy(number: str, *arguments: str, **variables: Any) -> Played:
    return play("deploy", *arguments, deployment_version=number, **variables)


class Story:
    """The chapters so far, each told once it is over; in some of them the certificates or the weights that there were meanwhile."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self.chapters: dict[str, Chapter] = {}
        self.shown: list[Mapping[str, str]] = []
        self.weights: list[Mapping[str, str]] = []

    def chapter(self, name: str, *plays: Callable[[], Played], check: Callable[[], Played], leaves: str) -> None:
        """Let the plays run one after the other under load; `check` is one of them in check mode."""
        before = quiet(name, check)
        looks = []
        with requests(name) as traffic:
            done = []
            for one in plays:
                done.append(one())
                looks.append(look())
        seen = Seen(traffic.summary, before)
        self._tell(row(name, seen))
        self.chapters[name] = Chapter(tuple(done), tuple(looks), seen, leaves)


def renew(name: str, shown: list[Mapping[str, str]]) -> Callable[[], None]:
    """Give both load balancers another certificate, and reload them once more by hand."""

    def now() -> None:
        done = play("converge", "--limit=load_balancer", certificate=name)
        assert done.rc == 0, done.why
        for one in BALANCERS:
            on(one, "systemctl", "reload", "haproxy")
        shown.append({one: certificate(one) for one in BALANCERS})

    return now


def deployments(story: Story, old: str, new: str) -> None:
    """From the old version to the new one, back, to it once more, and on to one that is taken back."""
    renewals = {
        # While a host is drained, and then between two of them.
        "TASK [Record that the host may change from here on]": renew("second", story.shown),
        "TASK [Record that the host is done]": renew("first", story.shown),
    }
    story.chapter(
        "rolling, with reloads and other certificates in the middle",
        lambda: deploy(new, marks=renewals),
        check=lambda: deploy(new, "--check"),
        leaves=new,
    )
    story.chapter(
        "rollback",
        lambda: play("rollback", deployment_version=new),
        check=lambda: play("rollback", "--check", deployment_version=new),
        leaves=old,
    )
    canary = {"deployment_strategy": "canary"}
    weigh = {"TASK [Record that the host is done]": lambda: story.weights.append(servers("lb2", "weight"))}
    story.chapter(
        "canary",
        lambda: deploy(new, marks=weigh, **canary),
        check=lambda: deploy(new, "--check", **canary),
        leaves=new,
    )
    story.weights.append(servers("lb2", "weight"))
    story.chapter(
        "a failed version taken back",
        *([lambda: deploy("3.0.0")] if FULL else []),
        # On the last host alone, so that there are others to take back.
        lambda: deploy(f"{{{{ '3.0.0' if inventory_hostname == 'app3' else '{old}' }}}}", rollout_take_back="all"),
        check=lambda: deploy("3.0.0", "--check"),
        leaves=new,
    )


def scaling(story: Story, new: str) -> None:
    as_deployed = {"deployment_version": new}
    story.chapter(
        "scale in and out",
        lambda: play("scale", RETIRED, **WITHOUT_APP3, **as_deployed),
        lambda: play("scale", **as_deployed),
        lambda: play("scale", **as_deployed),
        check=lambda: play("scale", RETIRED, "--check", **WITHOUT_APP3, **as_deployed),
        leaves=new,
    )


def swaps(story: Story) -> None:
    # Not under load: a server that HAProxy has never checked is asked at once, and half of these do not run yet.
    for done in (
        deploy("1.0.0", rollout_drain=False, rollout_gate={}, rollout_gate_default={}, **BLUE_GREEN),
        play("converge", "--limit=load_balancer", **BLUE_GREEN),
        deploy("2.0.0", "--check", **BLUE_GREEN),
    ):
        assert done.rc == 0, done.why
    story.chapter(
        "blue/green there and back again",
        lambda: deploy("2.0.0", **BLUE_GREEN),
        lambda: deploy("3.0.0", **BLUE_GREEN),
        lambda: play("rollback", **BLUE_GREEN),
        check=lambda: deploy("2.0.0", "--check", **BLUE_GREEN),
        leaves="1.0.0",
    )


@pytest.fixture(scope="session")
def story(request: pytest.FixtureRequest) -> Story:
    """The shop is at 1.0.0 when it begins; 3.0.0 never comes up. The long way has more of what the short way shows elsewhere."""
    terminal, capture = map(request.config.pluginmanager.getplugin, ("terminalreporter", "capturemanager"))

    def tell(text: str) -> None:
        with capture.global_and_fixture_disabled():
            terminal.write_line(f"\n{text}")

    story = Story(tell)
    old, new = "1.0.0", "2.0.0"
    if FULL:
        story.chapter("rolling", lambda: deploy("2.0.0"), check=lambda: deploy("2.0.0", "--check"), leaves="2.0.0")
        old, new = new, old
    deployments(story, old, new)
    scaling(story, new)
    swaps(story)
    return story
