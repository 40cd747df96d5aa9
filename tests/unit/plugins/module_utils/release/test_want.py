"""What release refuses before it reads anything, and how it understands the rest."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.release import want
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.want import Hook, Shared
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config.want import Access


def parse(**params: Any) -> want.Want:
    return want.parse({"app": "shop", "version": "2.0", "state": "staged", **params})


def test_the_file_of_the_unit_is_known_by_its_place_among_the_files() -> None:
    paths = [{"path": "/etc/shop.conf"}, {"path": "/etc/systemd/system/shop.service"}]
    params = {"app": "shop", "version": "2.0", "state": "active", "unit": "shop", "files": paths}
    assert want.parse(params, {0: b"conf", 1: b"[Service]"}).unit_file == b"[Service]"
    assert want.parse({**params, "files": paths[:1]}, {0: b"conf"}).unit_file is None


@pytest.mark.parametrize(
    "params, said",
    [
        ({"app": "Shop"}, "name 'Shop' must be small letters"),
        ({"version": "../etc"}, "version '../etc' of shop is a directory of its own"),
        ({"version": "2 0"}, "no slash and no space"),
        ({"root": "shop"}, "root 'shop' must be absolute"),
        ({"root": "/opt"}, "a directory of the app's own, such as /opt/shop"),
        ({"root": "/opt/../etc/x"}, "must be absolute, plain"),
        ({"keep": 0}, "keep 0 would keep no release at all"),
        ({"artefact": "/a/shop-2.0.tar.gz"}, "artefact came past the action plugin"),
        ({"source": "/a"}, "source came past the action plugin"),
        ({"url": "ftp://example.com/shop-2.0.tar.gz"}, "is no http or https address"),
        ({"url": "https://example.com/shop-2.0.zip"}, "is neither a .tar.gz nor a .whl"),
        ({"shared": [{"path": "/var/data"}]}, "must be a plain path below the release"),
        ({"shared": [{"path": "../data"}]}, "must be a plain path below the release"),
        ({"shared": [{"path": "venv"}]}, "and not venv"),
        ({"shared": [{"path": "var"}, {"path": "var/up"}]}, "'var/up' is given twice, or lies in 'var'"),
        ({"shared": [{"path": "a"}, {"path": "a-b"}, {"path": "a/c"}]}, "'a/c' is given twice, or lies in 'a'"),
        ({"shared": [{"path": "data", "mode": 488}]}, "mode 488 of shared path data is a number"),
        ({"hooks": {"before": [{"argv": []}]}}, "hooks.before has an empty command"),
        ({"hooks": {"after": [{"argv": ["x"], "timeout_s": 0}]}}, "timeout_s 0 of hooks.after leaves no time"),
        ({"migrations": [{"name": "a b", "expand": ["x"]}]}, "migration 'a b' must be named with letters"),
        ({"migrations": [{"name": "a"}]}, "migration 'a' does nothing"),
        ({"migrations": [{"name": "a", "contract": ["x"], "undo": ["y"]}]}, "has undo, but no expand"),
        ({"migrations": [{"name": "a", "expand": ["x"]}] * 2}, "two migrations have the same name"),
        ({"sockets": ["shop/x"]}, "is not the name of one unit"),
    ],
)
def test_what_cannot_be_right_is_refused_with_its_value(params: Any, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse(**params)
    assert said in str(refused.value)


def test_the_directory_and_the_account_are_named_after_the_app() -> None:
    asked = parse()
    assert (asked.root, asked.user, asked.release_path("2.0")) == ("/opt/shop", "shop", "/opt/shop/releases/2.0")


def test_an_app_that_names_no_account_needs_none_until_something_runs_as_it() -> None:
    assert not parse().needs_user
    assert parse(user="web").needs_user
    assert parse(hooks={"after": [{"argv": ["x"]}]}).needs_user


def test_hooks_run_as_the_app_unless_they_say_otherwise() -> None:
    asked = parse(user="web", hooks={"before": [{"argv": ["a"]}, {"argv": ["b"], "user": "root", "timeout_s": 5}]})
    assert asked.before_hooks == (Hook(("a",), 60, "web"), Hook(("b",), 5, "root"))


def test_what_is_shared_belongs_to_the_app() -> None:
    assert parse(shared=[{"path": "up/"}]).shared == (Shared("up", "directory", Access("shop")),)


def test_a_socket_may_be_named_without_its_suffix() -> None:
    assert parse(sockets=["shop", "admin.socket"]).sockets == ("shop.socket", "admin.socket")


def test_the_content_of_allowed_signers_has_a_place_of_its_own() -> None:
    asked = parse(allowed_signers_content="crew key")
    assert (asked.signers, asked.signers_content) == ("/etc/groundcrew/allowed_signers", "crew key\n")
    assert parse(allowed_signers="/etc/x").signers_content == ""


def test_a_digest_is_one() -> None:
    with pytest.raises(BadInput, match="sha256 'latest' is no digest"):
        want.parse({"app": "shop", "version": "2", "state": "staged", "sha256": "latest"})
