from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config import payload


def test_contents_travel_byte_for_byte() -> None:
    contents = {0: "grüß dich\n".encode(), 3: bytes(range(256)), 7: b""}
    assert payload.unpack(payload.pack(contents)) == contents


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_payload_is_no_contents(nothing: str | None) -> None:
    assert payload.unpack(nothing) == {}


@pytest.mark.parametrize("wrong", ["?", "aGFsbG8=", "x" * 7])
def test_what_the_plugin_did_not_make_is_refused(wrong: str) -> None:
    with pytest.raises(BadInput, match="leave it out"):
        payload.unpack(wrong)
