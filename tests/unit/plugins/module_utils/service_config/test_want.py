"""What service_config refuses before it reads anything, and how it understands the rest."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config import want
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config.want import Access


def parse(files: list[dict[str, Any]], contents: dict[int, bytes] | None = None, **more: Any) -> want.Want:
    return want.parse({"files": files, **more}, contents or {})


@pytest.mark.parametrize(
    "params, contents, said",
    [
        ({}, {}, "nothing to do: give files, directories or unit"),
        ({"files": [{"path": "etc/shop.conf"}]}, {0: b""}, "'etc/shop.conf' must be absolute"),
        ({"files": [{"path": "/etc/../shop.conf"}]}, {0: b""}, "must be absolute and plain"),
        ({"files": [{"path": "/etc//shop.conf"}]}, {0: b""}, "must be absolute and plain"),
        ({"files": [{"path": "/etc/shop/"}]}, {0: b""}, "must be absolute and plain"),
        ({"files": [{"path": "/"}]}, {0: b""}, "must be absolute and plain"),
        ({"files": [{"path": "/var/lib/groundcrew/lock"}]}, {0: b""}, "the collection's own state"),
        ({"files": [{"path": "/a"}, {"path": "/a"}]}, {0: b"", 1: b""}, "/a is given twice"),
        ({"files": [{"path": "/a"}], "directories": [{"path": "/a"}]}, {0: b""}, "/a is given twice"),
        (
            {"files": [{"path": "/a"}, {"path": "/a/b/c"}]},
            {0: b"", 1: b""},
            "/a is given as a file and is the directory of",
        ),
        ({"files": [{"path": "/a"}]}, {}, "/a has nothing to be made of"),
        ({"files": [{"path": "/a", "link": "b"}]}, {0: b""}, "/a is given in two ways"),
        ({"files": [{"path": "/a", "state": "absent"}]}, {0: b""}, "/a is given in two ways"),
        ({"files": [{"path": "/a", "state": "absent", "link": "b"}]}, {}, "/a is given in two ways"),
        ({"files": [{"path": "/a", "link": ""}]}, {}, "link of /a is empty"),
        ({"files": [{"path": "/a", "link": "b", "mode": "0644"}]}, {}, "has no owner, group or mode"),
        ({"files": [{"path": "/a", "content": "x"}]}, {}, "content of /a came past the action plugin"),
        ({"files": [{"path": "/a", "mode": 420}]}, {0: b""}, "mode 420 of /a is a number"),
        ({"files": [{"path": "/a", "mode": "u=rw"}]}, {0: b""}, "mode 'u=rw' of /a is not octal"),
        ({"files": [{"path": "/a", "mode": "0888"}]}, {0: b""}, "not octal"),
        ({"directories": [{"path": "/etc", "purge": True}]}, {}, "would empty a directory of the whole system"),
        ({"directories": [{"path": "/etc/systemd/system", "purge": True}]}, {}, "of the whole system"),
        ({"validate": [[]], "unit": "shop"}, {}, "validate has an empty command"),
        ({"unit": "shop", "previews": ["/etc/shop/a"]}, {}, "previews has /etc/shop/a, which files lacks"),
        ({"unit": "shop/../x"}, {}, "not the name of one unit"),
        ({"unit": "web@"}, {}, "not the name of one unit"),
    ],
)
def test_what_cannot_be_right_is_refused_with_its_value(params: Any, contents: Any, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        want.parse(params, contents)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "given, full",
    [("haproxy", "haproxy.service"), ("web@1", "web@1.service"), ("shop.socket", "shop.socket"), ("", "")],
)
def test_a_unit_may_be_named_without_its_suffix(given: str, full: str) -> None:
    assert want.unit_name(given) == full


@pytest.mark.parametrize(
    "given, mode", [("0644", 0o644), ("644", 0o644), ("0o600", 0o600), ("4755", 0o4755), (None, None), ("", None)]
)
def test_a_mode_is_a_string_of_octal_digits(given: Any, mode: int | None) -> None:
    assert want.parse_mode(given, "/a") == mode


def test_files_directories_and_defaults_are_understood() -> None:
    wanted = parse(
        [{"path": "/etc/shop.conf", "mode": "0640", "owner": "shop", "sensitive": True}, {"path": "/l", "link": "x"}],
        {0: b"a"},
        directories=[{"path": "/etc/shop.d", "purge": True}],
        unit="shop",
        validate=[["check", "{staged}/etc/shop.conf"], ["check", "-t"]],
    )

    assert wanted.files[0] == want.FileWant("/etc/shop.conf", b"a", None, Access("shop", None, 0o640), sensitive=True)
    assert wanted.files[1].link == "x"
    assert wanted.directories[0].purge
    assert (wanted.name, wanted.unit, wanted.unit_state) == ("shop.service", "shop.service", "started")
    assert wanted.staged_validators == (("check", "{staged}/etc/shop.conf"),)
    assert wanted.late_validators == (("check", "-t"),)


def test_an_empty_content_is_a_content() -> None:
    assert parse([{"path": "/a"}], {0: b""}).files[0].content == b""


def test_a_preview_is_for_the_validators_and_no_file_of_the_call() -> None:
    wanted = want.parse({"files": [{"path": "/a"}, {"path": "/b"}], "previews": ["/b"]}, {0: b"a", 1: b"b"})
    assert ([one.path for one in wanted.files], [one.path for one in wanted.staged]) == (["/a"], ["/a", "/b"])
