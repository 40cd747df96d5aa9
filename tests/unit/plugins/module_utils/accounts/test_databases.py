"""Lines that nobody asked for stay byte for byte."""

from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils.accounts.databases import Table

ODD = "root:x:0:0:a\u2028b\u0085c\x0bd:/root:/bin/sh\nnonsense\n\nlast:x:1:1::/:/bin/sh"


@pytest.mark.parametrize("text", [ODD, f"{ODD}\n", f"{ODD}\n\n", "\n", ""])
def test_what_is_not_changed_comes_out_as_it_came_in(text: str) -> None:
    assert Table(text).text() == text


def test_only_a_newline_ends_a_line() -> None:
    table = Table(ODD)
    assert table.names() == ["root", "last"]
    assert table.field("root", 4) == "a\u2028b\u0085c\x0bd"
    table.put(["new", "x"])
    assert table.text() == f"{ODD}\nnew:x\n"
