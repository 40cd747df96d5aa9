"""Versions are read, ordered and raised as semver.org 2.0.0 has it."""

from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.version_info import semver

# The order of §11, lowest first.
IN_ORDER = [
    "0.9.9",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1",
    "1.2.0",
    "1.10.0",
    "2.0.0",
]


def version(text: str) -> semver.Version:
    return semver.parse(text, "test")


def test_precedence_is_that_of_the_specification() -> None:
    assert [str(one) for one in sorted(map(version, reversed(IN_ORDER)), key=semver.rank)] == IN_ORDER


def test_what_was_built_is_no_matter_for_precedence() -> None:
    assert semver.rank(version("1.0.0+a")) == semver.rank(version("1.0.0+b"))


@pytest.mark.parametrize(
    "text", ["1.0.0", "1.0.0-rc.1", "1.0.0-0a.x-y", "1.0.0+20.x", "10.20.30-rc-1.0+exp.sha-5114f85"]
)
def test_a_version_is_told_as_it_was_read(text: str) -> None:
    assert str(version(text)) == text


@pytest.mark.parametrize(
    "text", ["", "1", "1.0", "1.0.0.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0-a..b", "v1.0.0", "1.0.0 ", "1.0.٣"]
)
def test_what_is_no_version_is_none(text: str) -> None:
    assert semver.read(text) is None


def test_an_option_that_is_no_version_is_named_with_its_value() -> None:
    with pytest.raises(BadInput, match=r"initial: '1\.0' is no version; give three numbers"):
        semver.parse("1.0", "initial")


@pytest.mark.parametrize("bump,after", [("major", "2.0.0"), ("minor", "1.3.0"), ("patch", "1.2.4"), ("none", "1.2.3")])
def test_a_bump_sets_what_is_right_of_it_to_nought(bump: str, after: str) -> None:
    assert str(semver.raised(version("1.2.3-rc.1+x"), bump)) == after


def test_the_heavier_bump_wins() -> None:
    assert semver.heavier("patch", "minor") == "minor"
    assert semver.heavier("major", "none") == "major"
