"""A call that would shut out whoever makes it is refused before anything is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils import _managed
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import files
from ansible_collections.groundcrew.fleet.plugins.module_utils._managed import Managed
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.facts import Facts
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.host import refuse
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.want import Want

FACTS = Facts(sshd={"port": ["22"]})
WALL = Managed({"/etc/groundcrew/firewall.nft": _managed.Kept(_managed.Before(files.ABSENT), "file x 0:0 0600")})


def want(
    *layers: str, present: bool = True, root: str = "no", exceptions: Mapping[str, str] | None = None, **ssh: Any
) -> Want:
    settings = {"ssh": {"port": None, "permit_root_login": root, **ssh}, "exceptions": exceptions or {}}
    return Want(layers, settings, present)


def managed(firewall: Managed = WALL, **ssh: Any) -> dict[str, Managed]:
    return {"firewall": firewall, "ssh": Managed({}, ssh)}


def test_port_that_a_firewall_of_ours_keeps_closed_is_refused_with_the_tags_to_take() -> None:
    with pytest.raises(BadInput, match=r"move to port 2222.*hardening_ssh,hardening_firewall"):
        refuse(want("ssh", port=2222), FACTS, managed(), by_root=False)


def test_port_that_goes_back_without_the_firewall_is_refused_too() -> None:
    moved = Facts(sshd={"port": ["2222"]})
    with pytest.raises(BadInput, match="move to port 22"):
        refuse(want("ssh", present=False), moved, managed(port=22), by_root=False)


@pytest.mark.parametrize(
    "asked, there",
    [
        (want("ssh", "firewall", port=2222), managed()),
        (want("ssh", port=2222), managed(Managed())),
        (want("ssh", port=22), managed()),
        (want("sudo"), managed()),
    ],
)
def test_port_that_is_open_then_is_no_matter(asked: Want, there: Mapping[str, Managed]) -> None:
    refuse(asked, FACTS, there, by_root=False)


def test_root_who_has_logged_in_himself_is_told_before_he_is_shut_out() -> None:
    with pytest.raises(BadInput, match=r"logs in as root.*permit_root_login: prohibit-password"):
        refuse(want("ssh"), FACTS, managed(), by_root=True)


@pytest.mark.parametrize(
    "asked",
    [
        want("ssh", present=False),
        want("ssh", root="prohibit-password"),
        want("ssh", exceptions={"ssh-permit-root-login": "the old fleet"}),
        want("sudo"),
    ],
)
def test_root_who_may_stay_is_let_go_on(asked: Want) -> None:
    refuse(asked, FACTS, managed(), by_root=True)


def test_server_that_does_not_read_our_file_is_told_with_the_cure_unless_all_goes_back() -> None:
    deaf = FACTS._replace(sshd_includes=False)
    with pytest.raises(BadInput, match=r"'Include /etc/ssh/sshd_config.d/\*.conf' as the first line"):
        refuse(want("ssh"), deaf, managed(), by_root=False)
    refuse(want("ssh", present=False), deaf, managed(), by_root=False)
    refuse(want("ssh"), deaf._replace(sshd={}), managed(), by_root=False)
