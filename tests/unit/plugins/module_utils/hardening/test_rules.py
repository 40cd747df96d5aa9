"""The rules of all layers: which host gets which, and what is refused before anything is touched."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening import registry
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.assess import TEXTS
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.facts import Facts, Person
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.kinds import text
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.layers import pam
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.rule import File, Mode, Rule, Sshd
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.spec import SHARED
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.want import parse

FACTS = Facts(
    openssh=(9, 2),
    people=(Person("root", 0, 0, "/root", "/bin/bash"), Person("ann", 1000, 1000, "/home/ann", "/bin/bash")),
    groups={"root": 0, "admins": 900},
    members={"admins": frozenset({"ann"})},
    pam={"/etc/pam.d/common-auth": "auth required pam_unix.so\n"},
    sshd={"port": ["22"]},
)


def rules(facts: Facts = FACTS, **options: Any) -> tuple[Rule, ...]:
    validated = ArgumentSpecValidator(SHARED).validate(options)
    assert not validated.error_messages
    want = parse(validated.validated_parameters)
    return registry.rules(want.layers, want.settings, facts)


def by_id(facts: Facts = FACTS, **options: Any) -> dict[str, Rule]:
    return {rule.id: rule for rule in rules(facts, **options)}


def test_every_rule_has_a_name_of_its_own_that_begins_with_its_layer() -> None:
    names = [rule.id for rule in rules()]
    assert len(names) == len(set(names))
    assert all(rule.id.startswith(f"{rule.layer}-") for rule in rules())


def test_every_rule_says_what_should_be_so_and_why() -> None:
    assert all(rule.title and rule.why.endswith(".") and rule.weight in (1, 2, 3) for rule in rules())
    assert all(re.match(r"(CIS Debian 12 \d|STIG UBTU-22-\d)", ref) for rule in rules() for ref in rule.refs)


def test_no_file_is_two_layers_own_since_each_takes_back_what_it_found() -> None:
    owners: dict[str, set[str]] = {}
    for rule in rules():
        if isinstance(rule.thing, (*TEXTS, Mode)):
            where = text.path(rule.thing) if isinstance(rule.thing, TEXTS) else rule.thing.path
            owners.setdefault(where, set()).add(rule.layer)
    assert {path: layers for path, layers in owners.items() if len(layers) > 1} == {}


def test_a_home_that_belongs_to_somebody_else_is_left_alone_and_told() -> None:
    """A person whose home is / would otherwise own the host."""
    people = (*FACTS.people, *(Person(name, 1001, 1001, "/", "/bin/bash") for name in ("web", "mail")))
    found = {
        rule.thing.path: rule.skip
        for rule in rules(FACTS._replace(people=people, strange_homes={"/": 0}))
        if isinstance(rule.thing, Mode) and rule.title.startswith("The home of")
    }
    ids = [rule.id for rule in rules(FACTS._replace(people=people))]
    assert len(ids) == len(set(ids))
    assert found["/home/ann"] == ""
    assert "/ belongs to user 0: give mail a home of his own" in found["/"]


@pytest.mark.parametrize(
    "version, keyword, value",
    [
        ((8, 4), "KexAlgorithms", "curve25519-sha256,curve25519-sha256@libssh.org"),
        ((9, 2), "KexAlgorithms", "sntrup761x25519-sha512@openssh.com"),
        ((10, 0), "KexAlgorithms", "mlkem768x25519-sha256,sntrup761x25519-sha512,sntrup761x25519-sha512@openssh.com"),
        ((9, 0), "RequiredRSASize", None),
        ((9, 2), "RequiredRSASize", "3072"),
        ((8, 4), "KbdInteractiveAuthentication", None),
    ],
)
def test_a_server_gets_what_its_version_knows(version: tuple[int, int], keyword: str, value: str | None) -> None:
    told = [
        rule.thing.value
        for rule in rules(FACTS._replace(openssh=version), layers=["ssh"])
        if isinstance(rule.thing, Sshd) and rule.thing.keyword == keyword
    ]
    assert told == ([value] if value else [])


def test_who_has_old_clients_can_have_the_classic_key_exchange_besides() -> None:
    rule = by_id(layers=["ssh"], ssh={"classic_key_exchange": True})["ssh-kex-algorithms"]
    assert isinstance(rule.thing, Sshd)
    assert rule.thing.value == "sntrup761x25519-sha512@openssh.com,curve25519-sha256,curve25519-sha256@libssh.org"


def test_the_account_for_emergencies_is_never_shut_out() -> None:
    rule = by_id(layers=["ssh"], ssh={"allow_users": ["bob"], "break_glass": "ann"})["ssh-allow-users"]
    assert isinstance(rule.thing, Sshd)
    assert rule.thing.value == "bob ann"


def test_an_exception_is_left_out_with_its_reason() -> None:
    assert by_id(exceptions={"ssh-use-dns": "slow names"})["ssh-use-dns"].skip == "slow names"


def test_an_exception_of_another_layer_or_for_what_another_host_has_is_no_mistake() -> None:
    assert rules(layers=["ssh"], exceptions={"banners-issue": "ours", "permissions-home-bob": "he left"})


def test_a_container_is_spared_what_only_a_machine_can_take() -> None:
    inside = by_id(FACTS._replace(container="podman", net_admin=False))
    assert {rule.layer for rule in inside.values() if rule.skip} == {
        "mounts",
        "apparmor",
        "audit",
        "fail2ban",
        "firewall",
    }
    assert not any(rule.skip for rule in rules())


def test_a_file_system_in_use_is_not_taken_away() -> None:
    told = by_id(FACTS._replace(file_systems=frozenset({"squashfs"})), layers=["modules"])
    assert "in use" in told["modules-no-squashfs"].skip
    assert not told["modules-no-cramfs"].skip


def test_a_stack_that_was_edited_by_hand_is_left_alone_and_the_cure_told() -> None:
    assert "pam-auth-update --force" in by_id(FACTS._replace(pam={}), layers=["pam"])["pam-stack"].skip


def test_a_profile_of_others_that_would_come_along_stops_the_layer_with_the_cure() -> None:
    told = by_id(FACTS._replace(pam_waiting=("refuse",)), layers=["pam"]).values()
    assert all("profiles refuse wait" in rule.skip and "--disable" in rule.skip for rule in told)


@pytest.mark.parametrize("quality", [True, False])
def test_a_stack_asks_for_the_quality_of_passwords_only_where_its_module_is_there(quality: bool) -> None:
    found = pam.profiles({"remember": 5}, quality=quality)["groundcrew-passwords"]
    assert ("pam_pwquality.so" in found) is quality
    assert "pam_pwhistory.so remember=5" in found


def test_the_firewall_lets_ssh_in_where_it_will_listen_and_services_from_their_sources_only() -> None:
    thing = by_id(
        FACTS._replace(ssh_ports=(2222,)),
        layers=["firewall"],
        firewall={"allow": [{"name": "shop", "ports": ["80", "8000-8010"], "sources": ["192.0.2.7", "2001:db8::/64"]}]},
    )["firewall-rules"].thing
    assert isinstance(thing, File)
    told = thing.content or ""
    assert 'tcp dport { 2222 } accept comment "ssh"' in told
    assert 'ip saddr { 192.0.2.7/32 } tcp dport { 80, 8000-8010 } accept comment "shop"' in told
    assert 'ip6 saddr { 2001:db8::/64 } tcp dport { 80, 8000-8010 } accept comment "shop"' in told
    assert "policy drop" in told


@pytest.mark.parametrize(
    "options, words",
    [
        ({"ssh": {"port": 70000}}, "70000"),
        ({"ssh": {"allow_users": ["a"], "allow_groups": ["b"]}}, "give one"),
        ({"ssh": {"allow_groups": ["staff"], "break_glass": "ann"}}, "shut out ann"),
        ({"ssh": {"user_ca_keys": ["no key"]}}, "'no key'"),
        ({"ssh": {"revoked_keys": ["ssh-rsa"]}}, "'ssh-rsa'"),
        ({"firewall": {"ssh_sources": ["everybody"]}}, "'everybody'"),
        ({"firewall": {"allow": [{"name": "x", "ports": ["99999"]}]}}, "'99999'"),
        ({"firewall": {"allow": [{"name": "x", "ports": ["9-3"]}]}}, "'9-3'"),
        ({"firewall": {"allow": [{"name": "a;b", "ports": ["9"]}]}}, "'a;b'"),
        ({"fail2ban": {"ignore": ["home"]}}, "'home'"),
        ({"exceptions": {"no-such-rule": "x"}}, "no-such-rule"),
        ({"layers": ["ssh"], "exceptions": {"ssh-use-dsn": "x"}}, "ssh-use-dsn"),
    ],
)
def test_what_cannot_be_is_refused_with_its_value(options: Mapping[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=re.escape(words)):
        rules(**options)
