"""What a host looks like second by second after its boot, and when it is called whole."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.systemd import UnitState
from ansible_collections.groundcrew.fleet.plugins.module_utils.reboot import verify
from ansible_collections.groundcrew.fleet.plugins.module_utils.reboot.verify import Clock, Look, Verdict


def unit(active: str = "active", sub: str = "running", *, enabled: str = "enabled", run: str = "1") -> UnitState:
    result = "exit-code" if active == "failed" else "success"
    return UnitState("shop.service", "loaded", active, sub, enabled, result, invocation=run)


def look(shop: UnitState, *failed: str, settled: bool = True) -> Look:
    return Look({"shop.service": shop}, failed, settled)


UP = look(unit())
STARTING = look(unit("activating", "start-pre"), settled=False)
FAILED = look(unit("failed", "failed"), "shop.service")


class Film:
    """A look a second; the last one stays."""

    def __init__(self, looks: Sequence[Look | None]) -> None:
        self.looks = looks
        self.time = 0.0

    def look(self, names: Sequence[str]) -> Look | None:
        seen = self.looks[min(int(self.time), len(self.looks) - 1)]
        return seen and seen._replace(units={name: seen.units[name] for name in names})

    def sleep(self, seconds: float) -> None:
        self.time += seconds


def waited(
    *looks: Look | None, before: Sequence[str] = (), ignore: Sequence[str] = (), within_s: float = 30
) -> Verdict:
    film = Film(looks)
    clock = Clock(film.look, lambda: film.time, film.sleep)
    return verify.wait(["shop.service"], before, within_s=within_s, ignore=ignore, clock=clock)


def test_a_host_is_whole_when_it_was_so_twice_in_a_row() -> None:
    verdict = waited(UP)
    assert (verdict.ok, verdict.seconds) == (True, 1)


def test_a_slow_start_is_waited_for() -> None:
    verdict = waited(None, *[STARTING] * 9, UP)
    assert (verdict.ok, verdict.seconds) == (True, 11)


def test_a_unit_that_is_up_while_systemd_still_boots_is_not_enough() -> None:
    verdict = waited(*[look(unit(), settled=False)] * 5, UP)
    assert (verdict.ok, verdict.seconds) == (True, 6)


def test_a_unit_that_fails_is_not_waited_for_to_the_end() -> None:
    verdict = waited(STARTING, FAILED)
    assert verdict.missing == {"shop.service": "failed (failed), result exit-code"}
    assert verdict.seconds == 1


def test_a_unit_that_does_not_start_in_time_is_missing() -> None:
    verdict = waited(STARTING, within_s=5)
    assert verdict.missing == {"shop.service": "activating (start-pre)"}
    assert verdict.seconds == 5


def test_a_unit_that_dies_and_is_started_all_the_time_is_missing() -> None:
    flapping = [look(unit(run=str(number))) for number in range(60)]
    verdict = waited(*flapping, within_s=5)
    assert verdict.missing == {"shop.service": "active, but started again and again"}


@pytest.mark.parametrize("enabled", ["disabled", "", "masked"])
def test_a_unit_that_is_disabled_or_gone_meanwhile_need_not_come_back(enabled: str) -> None:
    assert waited(look(unit("inactive", "dead", enabled=enabled))).ok


def test_a_unit_that_fails_and_did_not_before_is_named() -> None:
    verdict = waited(look(unit(), "backup.service", "old.service"), before=["old.service"])
    assert (verdict.ok, verdict.failed) == (False, ("backup.service",))


def test_what_is_to_be_ignored_may_fail_and_stay_away() -> None:
    assert waited(look(unit("failed", "failed"), "shop.service", "x.mount"), ignore=["shop.*", "*.mount"]).ok


def test_a_systemd_that_cannot_be_asked_is_never_called_well() -> None:
    assert not waited(None, within_s=3).ok


def test_a_boot_that_does_not_come_to_its_end_is_told_but_no_failure() -> None:
    verdict = waited(look(unit(), settled=False), within_s=3)
    assert (verdict.ok, verdict.settled) == (True, False)
