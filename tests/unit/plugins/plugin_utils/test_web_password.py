# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.web_password import web_password

bcrypt = pytest.importorskip("bcrypt")


def test_the_hash_is_the_passwords_and_no_others() -> None:
    made = web_password("correct horse", "app1").encode()
    assert bcrypt.checkpw(b"correct horse", made)
    assert not bcrypt.checkpw(b"correct hors", made)


def test_the_same_password_has_the_same_hash_each_time_and_another_one_elsewhere() -> None:
    assert web_password("correct horse", "app1") == web_password("correct horse", "app1")
    assert web_password("correct horse", "app1") != web_password("correct horse", "app2")


@pytest.mark.parametrize("password", ["correct horse\n", " correct horse", "correct horse\t"])
def test_a_password_with_a_blank_at_an_end_is_refused_and_not_shown(password: str) -> None:
    with pytest.raises(BadInput, match="has a blank or a newline at an end") as refused:
        web_password(password, "app1")
    assert "horse" not in str(refused.value)


def test_fewer_rounds_cost_less_and_are_of_the_same_password() -> None:
    made = web_password("correct horse", "app1", rounds=4)
    assert made.startswith("$2b$04$")
    assert bcrypt.checkpw(b"correct horse", made.encode())


@pytest.mark.parametrize("password", ["", "x" * 73])
def test_what_bcrypt_would_cut_is_refused_and_not_shown(password: str) -> None:
    with pytest.raises(BadInput, match=f"has {len(password)}: give another"):
        web_password(password, "app1")
