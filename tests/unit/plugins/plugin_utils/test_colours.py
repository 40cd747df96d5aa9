from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.colours import Colours, choose

BOTH = ("blue", "green")


@pytest.mark.parametrize(
    "versions, running, servers, expected",
    [
        pytest.param(
            ("", ""), (), (), Colours("", "blue", "blue", settled=True), id="nothing runs yet: the first colour"
        ),
        pytest.param(
            ("1", ""), ("blue",), (), Colours("blue", "green", "green", settled=True), id="one runs: the other one"
        ),
        pytest.param(
            ("2", ""), ("blue",), (), Colours("blue", "green", "blue", settled=True), id="the one that runs has it"
        ),
        pytest.param(
            ("1", "0"), BOTH, ("app1-blue",), Colours("blue", "green", "green", settled=True), id="the idle one is next"
        ),
        pytest.param(
            ("1", "0"), BOTH, ("app1-green",), Colours("green", "blue", "blue", settled=True), id="whichever that is"
        ),
        pytest.param(
            ("1", "2"), BOTH, ("app1-green",), Colours("green", "blue", "green", settled=True), id="the live one has it"
        ),
        pytest.param(
            ("1", "2"),
            BOTH,
            ("app1-blue", "app1-green"),
            Colours("blue", "green", "green", settled=False),
            id="a swap that was cut short is finished",
        ),
        pytest.param(
            ("2", "2"),
            BOTH,
            ("app1-blue", "app1-green"),
            Colours("blue", "green", "blue", settled=False),
            id="both have it and may be asked",
        ),
        pytest.param(
            ("1", "0"), BOTH, (), Colours("blue", "green", "green", settled=False), id="both run and nobody is asked"
        ),
        pytest.param(
            ("1", "0"),
            ("green",),
            ("app1-blue",),
            Colours("green", "blue", "blue", settled=True),
            id="the one that is asked has died",
        ),
    ],
)
def test_version_2_goes_to_the_colour_that_nobody_asks(
    versions: tuple[str, str], running: tuple[str, ...], servers: tuple[str, ...], expected: Colours
) -> None:
    assert choose(dict(zip(BOTH, versions)), running, servers, "2", change_version=True) == expected


def test_a_host_that_runs_another_version_keeps_it_where_none_is_to_change() -> None:
    found = choose({"blue": "1", "green": "0"}, BOTH, ("app1-blue",), "2", change_version=False)
    assert found == Colours("blue", "green", "blue", settled=True)


def test_a_colour_is_told_from_one_whose_name_ends_alike() -> None:
    versions = {"green": "1", "evergreen": "0"}
    assert choose(versions, list(versions), ("app1-evergreen",), "2", change_version=True).live == "evergreen"
