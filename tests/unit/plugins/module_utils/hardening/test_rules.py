"""The rules of all layers: which host gets which, and what is refused before anything is touched."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening import registry
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.assess import TEXTS
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.facts import Facts, Person
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.kinds import text
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.layers import audit, firewall, integrity, pam
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
        ((9, 2), "RequiredRSASize", "2048"),
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


def ruleset(**firewall_options: Any) -> str:
    thing = by_id(layers=["firewall"], firewall=firewall_options)["firewall-rules"].thing
    assert isinstance(thing, File)
    return thing.content or ""


def test_the_firewall_lets_the_network_itself_work_by_ipv6_from_neighbours_only() -> None:
    told = ruleset()
    assert (
        "ip6 saddr { ::, fe80::/10 } icmpv6 type { mld-listener-query, mld-listener-report, mld-listener-done, mld2-listener-report } accept"
        in told
    )
    assert "ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept" in told


def test_the_firewall_lets_in_protocols_that_have_no_ports() -> None:
    told = ruleset(
        allow=[
            {"name": "keepalived", "protocol": "vrrp", "sources": ["192.0.2.0/24"]},
            {"name": "ipsec", "protocol": "esp"},
        ]
    )
    assert '    ip saddr { 192.0.2.0/24 } meta l4proto 112 accept comment "keepalived"\n' in told
    assert '    meta l4proto 50 accept comment "ipsec"\n' in told


@pytest.mark.parametrize("directive", ["After", "PartOf", "ReloadPropagatedFrom"])
def test_the_firewall_is_loaded_again_after_the_distributions_unit_which_flushes_all_tables(directive: str) -> None:
    assert f"\n{directive}=nftables.service\n" in firewall.SYSTEMD.partition("[Service]")[0]


def calls(machine: str, arch: str) -> set[str]:
    lines = [line for line in audit.text_of(machine).splitlines() if f"arch={arch} " in line]
    return {call for line in lines for call in line.split(" -S ")[1].split(" ")[0].split(",")}


def test_a_machine_that_never_had_a_system_call_is_not_asked_to_record_it() -> None:
    """One unknown call, and none of the rules is loaded."""
    arm = calls("aarch64", "b64")
    assert {"unlinkat", "renameat", "renameat2", "fchmodat", "fchownat", "execve"} <= arm
    assert not arm & {"unlink", "rename", "chmod", "chown", "lchown"}
    assert {"unlink", "rename", "chmod", "chown", "lchown"} <= calls("x86_64", "b64")
    assert by_id(FACTS._replace(machine="aarch64"))["audit-rules"] != by_id()["audit-rules"]


def test_programs_of_32_bits_are_recorded_as_those_of_64() -> None:
    assert calls("x86_64", "b64") < calls("x86_64", "b32")
    assert {"chown32", "lchown32", "fchown32", "clock_settime64"} <= calls("x86_64", "b32")
    keys = [line.rsplit(" -k ", 1)[1] for line in audit.text_of("x86_64").splitlines() if "arch=b32" in line]
    assert keys == ["time-change", "modules", "mounts", "delete", "perm_mod", "user_emulation"]


@pytest.mark.parametrize(
    "machine, arches",
    [("x86_64", {"b64", "b32"}), ("aarch64", {"b64"}), ("ppc64le", {"b64"}), ("i686", {"b32"}), ("armv7l", {"b32"})],
)
def test_rules_of_audit_are_for_the_kinds_of_programs_that_the_machine_has(machine: str, arches: set[str]) -> None:
    assert set(re.findall(r"arch=(b\d\d)", audit.text_of(machine))) == arches


FORWARDS = FACTS._replace(forwards=frozenset({"net.ipv4.ip_forward"}))


def test_a_host_that_passes_packets_on_now_goes_on_until_somebody_decides() -> None:
    told = by_id(FORWARDS, layers=["kernel"])
    assert "kernel.router true" in told["kernel-net-ipv4-ip-forward"].skip
    assert "net.ipv4.ip_forward=0 to end it" in told["kernel-net-ipv4-ip-forward"].skip
    assert told["kernel-net-ipv6-conf-all-forwarding"].skip == ""


def test_a_host_that_passes_packets_on_ends_it_where_that_is_asked_for() -> None:
    told = by_id(FORWARDS, layers=["kernel"], kernel={"settings": {"net.ipv4.ip_forward": 0}})
    assert told["kernel-net-ipv4-ip-forward"].skip == ""
    assert "kernel-net-ipv4-ip-forward" not in by_id(FORWARDS, layers=["kernel"], kernel={"router": True})


def test_certificates_of_every_kind_of_key_that_is_taken_are_taken_too() -> None:
    rule = by_id(layers=["ssh"])["ssh-pubkey-accepted-algorithms"]
    assert isinstance(rule.thing, Sshd)
    taken = rule.thing.value.split(",")
    assert {one if "-cert-" in one else f"{one.partition('@')[0]}-cert-v01@openssh.com" for one in taken} == {
        one for one in taken if "-cert-" in one
    }


@pytest.mark.parametrize("alone", ["any", "publickey", "publickey publickey,password", "password", ""])
def test_a_server_that_takes_less_than_a_key_is_told_to_take_a_key_only(alone: str) -> None:
    told = by_id(FACTS._replace(sshd={"port": ["22"], "authenticationmethods": [alone]}), layers=["ssh"])
    assert not any(rule.skip for rule in told.values())
    assert told["ssh-authentication-methods"].thing == Sshd("AuthenticationMethods", "publickey")


@pytest.mark.parametrize(
    "methods, left",
    [
        ("publickey,publickey", {"ssh-authentication-methods"}),
        ("publickey,keyboard-interactive:pam", {"ssh-authentication-methods", "ssh-kbd-interactive-authentication"}),
        (
            "publickey,password publickey,keyboard-interactive",
            {"ssh-authentication-methods", "ssh-password-authentication", "ssh-kbd-interactive-authentication"},
        ),
    ],
)
def test_a_server_that_asks_for_more_than_a_key_goes_on_to_do_so(methods: str, left: set[str]) -> None:
    told = by_id(FACTS._replace(sshd={"port": ["22"], "authenticationmethods": [methods]}), layers=["ssh"])
    assert {name for name, rule in told.items() if rule.skip} == left
    assert methods in told["ssh-authentication-methods"].skip


@pytest.mark.parametrize("glass", ["ann", "ldap"])
def test_an_account_for_emergencies_may_be_in_its_group_by_a_directory(glass: str) -> None:
    known = FACTS._replace(groups_of={"ann": frozenset({"staff"}), "ldap": frozenset({"people", "staff"})}.__getitem__)
    rule = by_id(known, layers=["ssh"], ssh={"allow_groups": ["staff"], "break_glass": glass})["ssh-allow-groups"]
    assert rule.thing == Sshd("AllowGroups", "staff")


def test_an_account_for_emergencies_that_this_host_does_not_know_now_is_not_said_to_be_shut_out() -> None:
    assert "ssh-allow-groups" in by_id(layers=["ssh"], ssh={"allow_groups": ["staff"], "break_glass": "rescue"})


def test_passwords_for_other_hosts_stay_with_their_owner_and_nobody_else() -> None:
    told = by_id(layers=["permissions"])
    assert told["permissions-home-ann-netrc"].thing == Mode("/home/ann/.netrc", 0o600, 1000, ())
    assert told["permissions-home-ann-rhosts"].thing == File("/home/ann/.rhosts", None)
    shared = by_id(FACTS._replace(strange_homes={"/home/ann": 0}), layers=["permissions"])
    assert "belongs to user 0" in shared["permissions-home-ann-netrc"].skip


def test_who_has_no_home_has_none_to_harden() -> None:
    people = (*FACTS.people, Person("bob", 1001, 1001, "", "/bin/sh"))
    assert not any("bob" in name for name in by_id(FACTS._replace(people=people), layers=["permissions"]))


@pytest.mark.parametrize("groups, gids", [({"crontab": 101, "daemon": 1}, (101, 1)), ({"daemon": 1}, (0, 1))])
def test_crontab_and_at_can_read_who_may_use_them(groups: dict[str, int], gids: tuple[int, int]) -> None:
    told = by_id(FACTS._replace(groups=groups), layers=["cron"])
    assert told["cron-cron-allow"].thing == File("/etc/cron.allow", "root\n", 0o640, gid=gids[0])
    assert told["cron-at-allow"].thing == File("/etc/at.allow", "root\n", 0o640, gid=gids[1])


def test_the_log_of_sudo_is_rotated() -> None:
    thing = by_id(layers=["sudo"])["sudo-log-rotation"].thing
    assert isinstance(thing, File)
    assert "/var/log/sudo.log {" in (thing.content or "")


def test_what_was_recorded_in_an_earlier_life_of_the_layer_is_recorded_anew(tmp_path: Path) -> None:
    database, unit = tmp_path / "aide.db", tmp_path / "unit"
    text = integrity.SERVICE.format(conf="aide.conf", db=database, unit=unit).replace("\\\n", " ")
    line = next(one for one in text.splitlines() if one.startswith("ExecStartPre="))
    script = line.split("'")[1].replace("$$", "$").replace("%%", "%")
    (tmp_path / "aide").write_text(f"#!/bin/sh\necho x >>{tmp_path}/made; cp {tmp_path}/made {database}.new\n")
    (tmp_path / "aide").chmod(0o755)

    def records_after_a_start() -> int:
        path = f"{tmp_path}:{os.environ['PATH']}"
        subprocess.run(["/bin/sh", "-c", script], check=True, env={"PATH": path})
        return len(database.read_text().splitlines())

    unit.touch()
    os.utime(unit, (1_000, 1_000))
    assert [records_after_a_start(), records_after_a_start()] == [1, 1]
    # Written anew, with whatever clock.
    os.utime(unit, (900, 900))
    assert [records_after_a_start(), records_after_a_start()] == [2, 2]
    database.unlink()
    assert records_after_a_start() == 3


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
        ({"firewall": {"allow": [{"name": "x"}]}}, "x has no ports: give those of tcp"),
        ({"firewall": {"allow": [{"name": "x", "protocol": "vrrp", "ports": ["9"]}]}}, "vrrp does not know"),
        ({"ssh": {"min_rsa_bits": 1023}}, "1023"),
        ({"fail2ban": {"ignore": ["home"]}}, "'home'"),
        ({"exceptions": {"no-such-rule": "x"}}, "no-such-rule"),
        ({"layers": ["ssh"], "exceptions": {"ssh-use-dsn": "x"}}, "ssh-use-dsn"),
    ],
)
def test_what_cannot_be_is_refused_with_its_value(options: Mapping[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=re.escape(words)):
        rules(**options)
