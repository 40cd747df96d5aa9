"""Environments as data: what cannot be right is refused before anything is judged by it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.environments import Environment, find

STAGING = {"name": "staging", "after": "development", "tests": ["smoke"], "branch": "release/*"}


def test_an_environment_is_found_with_what_it_asks_for() -> None:
    assert find([{"name": "development"}, STAGING], "staging") == Environment("staging", "development", ("smoke",))


@pytest.mark.parametrize(
    "environments,name,said",
    [
        ([], "live", "promote_to: 'live' is no environment; environments has none"),
        ([{"name": "a"}, {"name": "b"}], "live", "promote_to: 'live' is no environment; environments has a, b"),
        ([{"name": "a"}, {"name": "a"}], "a", "environments: a name is there twice in a, a"),
        ([{"name": "a/b"}], "a/b", "environments: 'a/b' must be small letters"),
        ([STAGING], "staging", "staging comes after 'development', which is not in the list"),
        ([{"name": "a", "after": "a"}], "a", "environments: a after a has no beginning"),
        (
            [{"name": "a", "after": "b"}, {"name": "b", "after": "a"}, {"name": "c"}],
            "c",
            "environments: a after b after a has no beginning",
        ),
        ([{"name": "a", "soak_s": 1}], "a", "a asks for a soak or a gate, and has no environment to prove it in"),
        ([{"name": "a", "approvals": 2, "approvers": ["x", "x"]}], "a", "a asks for 2 approvals, and has 1 approver"),
    ],
)
def test_what_cannot_be_right_is_refused(environments: list[dict[str, Any]], name: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        find(environments, name)
    assert said in str(refused.value)
