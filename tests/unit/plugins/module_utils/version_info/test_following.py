"""Which version comes next: a table of the last release, what the commits ask for, the branch, and what is tagged."""

from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.version_info import following, semver
from ansible_collections.groundcrew.fleet.plugins.modules.version_info import CHANNELS

KNOWN = following.channels(CHANNELS)


def follow(base: str, bump: str, branch: str, *taken: str, count: int = 5, below_one: str = "minor") -> following.Step:
    return following.after(
        semver.parse(base, "base") if base else None,
        bump=bump,
        channel=following.channel_of(branch, KNOWN),
        branch=branch,
        count=count,
        taken={semver.parse(one, "taken") for one in (base, *taken) if one},
        initial=semver.parse("0.1.0", "initial"),
        breaking_below_one=below_one,
    )


@pytest.mark.parametrize(
    "base,bump,branch,taken,expected",
    [
        ("2.0.0", "minor", "main", (), "2.1.0"),
        ("2.0.0", "patch", "main", (), "2.0.1"),
        ("2.0.0", "major", "main", (), "3.0.0"),
        ("2.0.0", "none", "main", (), "2.0.0"),
        ("0.4.2", "major", "main", (), "0.5.0"),
        ("", "minor", "main", (), "0.1.0"),
        ("", "none", "develop", (), "0.1.0-dev.5"),
        ("2.0.0", "minor", "develop", (), "2.1.0-dev.5"),
        ("2.0.0", "none", "develop", (), "2.0.1-dev.5"),
        ("2.0.0", "minor", "develop", ("2.1.0-dev.7",), "2.1.0-dev.8"),
        ("2.0.0", "minor", "develop", ("2.1.0-rc.9",), "2.1.0-dev.5"),
        ("2.0.0", "minor", "release/next", (), "2.1.0-rc.1"),
        ("2.0.0", "minor", "release/next", ("2.1.0-rc.1", "2.1.0-rc.2"), "2.1.0-rc.3"),
        ("2.0.0", "patch", "release/2.1", (), "2.1.0-rc.1"),
        ("2.0.0", "patch", "release/3.0.0", ("3.0.0-rc.9", "3.0.0-rc.10"), "3.0.0-rc.11"),
        ("2.1.0", "patch", "release/2.1", ("2.2.0",), "2.1.1-rc.1"),
        ("2.1.0", "minor", "release/v2.1.x", (), "2.1.1-rc.1"),
        ("2.0.0", "patch", "hotfix/cart", ("2.1.0",), "2.0.1"),
        ("2.0.0", "patch", "hotfix/cart", ("2.0.1", "2.1.0"), "2.0.2"),
        ("2.0.0", "minor", "hotfix/cart", (), "2.0.1"),
        ("2.0.0", "minor", "main", ("2.1.0",), "2.2.0"),
        ("2.0.0", "minor", "develop", ("2.1.0",), "2.2.0-dev.5"),
        ("2.0.0", "minor", "feature/Big_thing", (), "2.1.0-feature-Big-thing.5"),
        ("2.0.0", "minor", "feature/django-4.2", (), "2.1.0-feature-django-4-2.5"),
        ("2.0.0", "minor", "4711", (), "2.1.0-branch-4711.5"),
        ("2.0.0", "minor", "", (), "2.1.0-detached.5"),
    ],
)
def test_the_version_that_comes_next(base: str, bump: str, branch: str, taken: tuple[str, ...], expected: str) -> None:
    assert str(follow(base, bump, branch, *taken).next) == expected
    assert semver.read(expected) is not None


def test_before_one_something_that_breaks_may_raise_the_major_number_if_asked() -> None:
    assert str(follow("0.4.2", "major", "main", below_one="major").next) == "1.0.0"
    assert follow("0.4.2", "major", "main").notes == ("something breaks, which before 1.0.0 raises minor",)


def test_a_branch_without_commits_of_its_own_has_nothing_to_release() -> None:
    assert follow("2.0.0", "none", "develop", count=0) == following.Step(semver.parse("2.0.0", "x"), "none", ())


def test_what_does_not_belong_on_a_branch_of_patches_is_told() -> None:
    assert follow("2.0.0", "minor", "hotfix/cart").notes == (
        "branch hotfix/cart only gets patches of 2.0, yet a commit asks for minor: it belongs elsewhere",
    )


def test_a_number_that_another_branch_has_taken_is_told() -> None:
    assert follow("2.0.0", "minor", "main", "2.1.0").notes == ("2.1.0 is tagged already, on another branch",)


@pytest.mark.parametrize("pre", ["1", "a.b", "ä", "a b"])
def test_a_pre_release_that_semver_does_not_allow_is_refused_with_its_branch(pre: str) -> None:
    with pytest.raises(BadInput, match=r"channels: pre .* of main must be letters"):
        following.channels([{"branch": "main", "pre": pre}])
