# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout import opt_out


@pytest.mark.parametrize(
    "value, why",
    [
        ("audit\n until May", "audit until May"),
        (True, "stay_out is true"),
        ("Yes", "stay_out is true"),
        (False, None),
        ("", None),
        ("  ", None),
        ("false", None),
        ("no", None),
    ],
)
def test_a_text_or_true_takes_a_host_out_and_says_why(value: object, why: str | None) -> None:
    assert opt_out.reasons("stay_out", {"a": value}) == ({} if why is None else {"a": why})


@pytest.mark.parametrize("value", [None, 1, 0, ["audit"], {"why": "audit"}])
def test_a_value_of_another_kind_is_refused_with_its_host(value: object) -> None:
    with pytest.raises(BadInput, match=r"stay_out of app1 is .*, neither text nor a yes or no\. Give a reason as text"):
        opt_out.reasons("stay_out", {"app1": value})


def test_a_template_that_was_not_filled_in_is_refused() -> None:
    with pytest.raises(BadInput, match=r"stay_out of a cannot be filled in: \{\{ nowhere \}\}"):
        opt_out.reasons("stay_out", {"a": "{{ nowhere }}"})


def test_the_option_names_a_variable() -> None:
    assert [opt_out.check_name(name) for name in ("", "stay_out")] == ["", "stay_out"]
    with pytest.raises(BadInput, match="opt_out: 'stay-out' is no name of a variable"):
        opt_out.check_name("stay-out")
