from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils import _checks
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput


def test_no_options_ask_for_no_checks() -> None:
    assert _checks.checks_from({"units": [], "tcp": None}) == ()


def test_each_kind_of_option_becomes_a_check() -> None:
    found = _checks.checks_from(
        {
            "units": ["shop.service"],
            "tcp": [{"port": 80}],
            "http": [{"url": "http://a/", "headers": {"X": 1}, "sensitive_headers": {"Authorization": "s3cret"}}],
            "commands": [["/bin/true", 1]],
        }
    )
    assert [check.kind for check in found] == ["unit", "tcp", "http", "command"]
    assert found[1].spec["host"] == "127.0.0.1"
    assert found[2].spec["headers"] == {"X": "1", "Authorization": "s3cret"}
    assert found[3].spec["argv"] == ["/bin/true", "1"]


def test_an_option_that_cannot_be_right_is_refused() -> None:
    with pytest.raises(BadInput, match="port 0"):
        _checks.checks_from({"tcp": [{"port": 0, "host": None}]})
