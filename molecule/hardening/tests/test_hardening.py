"""A hardened host keeps strangers out and its people in, and goes back to what it was, byte for byte."""

from __future__ import annotations

import json
import socket
from pathlib import Path

from ansible_collections.groundcrew.fleet.molecule.shared.calls import ansible, call, name_of
from ansible_collections.groundcrew.fleet.tests.fleet import today
from testinfra.host import Host

testinfra_hosts = today.releases()

ADDRESS = {"old": "10.89.94.12", "new": "10.89.94.13"}
DROPIN = "/etc/ssh/sshd_config.d/00-groundcrew-hardening.conf"
# Each needs the network or the kernel of a machine; tests/guest has one.
NOT_IN_A_CONTAINER = ("apparmor-", "audit-running", "kernel-", "mounts-")


def play(name: str, *flags: str) -> dict[str, dict[str, int]]:
    """Run one of the collection's playbooks; return the counts of each host."""
    done = ansible("ansible-playbook", f"groundcrew.fleet.{name}", *flags)
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    counts: dict[str, dict[str, int]] = json.loads(done.stdout)["stats"]
    return counts


def answers(host: Host, port: int) -> bool:
    try:
        socket.create_connection((ADDRESS[name_of(host)], port), timeout=2).close()
    except OSError:
        return False
    return True


def test_the_audit_finds_every_rule_kept_that_this_host_can_take(host: Host) -> None:
    told = call(
        host,
        "hardening_info",
        {"layers": ["packages", "kernel", "modules", "permissions", "login", "sudo", "pam", "ssh"]},
    )
    assert told["score"] == 100, [one for one in told["rules"] if not one["ok"] and not one["left_out"]]
    assert not told.get("changed")


def test_the_page_of_the_fleet_tells_each_host_and_ends_badly_below_the_least_score(host: Host, tmp_path: Path) -> None:
    name = name_of(host)
    files = {"audit_page": str(tmp_path / "audit.html"), "audit_json": str(tmp_path / "audit.json")}
    least = {"audit_minimum_score": 101}
    assert play("audit", "--limit", name, "--extra-vars", json.dumps({**files, **least}))[name]["failures"] == 1
    told = json.loads((tmp_path / "audit.json").read_text())
    assert [one["name"] for one in told["hosts"]] == [name]
    page = (tmp_path / "audit.html").read_text()
    assert f'<a href="#host-1">{name}</a>' in page
    assert "This fleet has a banner of its own" in page


def test_what_a_container_cannot_take_is_left_out_with_its_reason(host: Host) -> None:
    told = call(host, "hardening_info", {"exceptions": {}})
    left = {one["id"]: one["left_out"] for one in told["rules"] if one["left_out"]}
    assert all(name.startswith(NOT_IN_A_CONTAINER) for name in left if not name.startswith("fail2ban")), left
    assert "container" in left["mounts-dev-shm"]
    assert all(left.values())


def test_only_what_is_listed_is_reached(host: Host) -> None:
    assert answers(host, 22)
    assert not answers(host, 8081)
    # The controller is no load balancer.
    assert not answers(host, 8080)
    assert "tcp dport 8080" in host.check_output("nft list table inet groundcrew").replace("{ 8080 }", "8080")


def test_the_firewall_is_loaded_at_boot_before_the_network(host: Host) -> None:
    assert host.service("groundcrew-firewall.service").is_enabled
    assert "network-pre.target" in host.check_output("systemctl show -p Before groundcrew-firewall.service")


def test_our_rules_outlive_a_restart_of_the_distributions_and_come_back_when_somebody_flushes_all(host: Host) -> None:
    host.check_output("systemctl restart nftables.service")
    # It waits for its own job alone: ours is done right after.
    host.check_output(
        "timeout 60 sh -c 'while systemctl list-jobs --no-legend | grep -q groundcrew-firewall; do sleep 0.1; done'"
    )
    host.check_output("nft list table inet groundcrew")
    host.check_output("nft flush ruleset")
    told = call(host, "hardening_info", {"layers": ["firewall"]})
    assert {one["id"] for one in told["rules"] if not one["ok"]} >= {"firewall-running"}
    assert play("harden", "--limit", name_of(host))[name_of(host)]["changed"] == 1
    assert not answers(host, 8081)


def test_people_who_may_use_cron_can_read_that_they_may(host: Host) -> None:
    groups = {line.split(":")[0] for line in host.file("/etc/group").content_string.splitlines()}
    expected = "root crontab 640" if "crontab" in groups else "root root 640"
    assert host.check_output("stat -c '%U %G %a' /etc/cron.allow") == expected


def test_passwords_for_other_hosts_stay_and_are_read_by_their_owner_alone(host: Host) -> None:
    assert host.check_output("stat -c '%U %a' /home/crew/.netrc") == "crew 600"


def test_no_password_is_taken_and_no_weak_algorithm_offered(host: Host) -> None:
    told = host.check_output("sshd -T")
    assert "\npasswordauthentication no\n" in told
    assert "\npermitrootlogin no\n" in told
    assert "sha1" not in "".join(
        line for line in told.splitlines() if line.startswith(("macs", "kexalgorithms", "hostkeyalgorithms"))
    )


def test_a_service_of_ours_runs_in_its_sandbox(host: Host) -> None:
    assert host.service("shop.service").is_running
    assert "NoNewPrivileges=yes" in host.check_output("systemctl show -p NoNewPrivileges shop.service")


def test_an_exception_stays_as_it_is_and_is_told_with_its_reason(host: Host) -> None:
    assert "Debian" in host.file("/etc/issue").content_string
    told = call(host, "hardening_info", {"layers": ["banners"], "exceptions": {"banners-issue": "ours"}})
    assert {one["id"]: one["left_out"] for one in told["rules"]}["banners-issue"] == "ours"


def test_who_fails_too_often_is_refused_for_a_while(host: Host) -> None:
    stack = host.file("/etc/pam.d/common-auth").content_string
    assert stack.index("pam_faillock.so preauth") < stack.index("pam_unix.so") < stack.index("pam_faillock.so authfail")


def test_a_weak_password_is_refused(host: Host) -> None:
    # Who is root is told, and held to it too.
    done = host.run("useradd -M weak && printf 'secret1\\nsecret1\\n' | passwd weak; code=$?; userdel weak; exit $code")
    assert done.rc != 0
    assert "BAD PASSWORD" in done.stderr


def test_bad_settings_are_refused_by_name_before_anything_is_touched(host: Host) -> None:
    before = host.check_output("sh /root/state | sha256sum")
    cases = {
        "ssh.port": {"layers": ["ssh"], "ssh": {"port": 70000}},
        "192.0.2.300": {"layers": ["firewall"], "firewall": {"ssh_sources": ["192.0.2.300"]}},
        "one-from-1": {"layers": ["firewall"], "firewall": {"allow": [{"name": "x", "ports": ["one-from-1"]}]}},
        "allow_groups": {"layers": ["ssh"], "ssh": {"allow_groups": ["nobodys"], "break_glass": "crew"}},
        "no-such-rule": {"exceptions": {"no-such-rule": "why not"}},
    }
    for word, options in cases.items():
        told = call(host, "hardening", options)
        assert told.get("failed"), (word, told)
        assert word in told["msg"], told["msg"]
    assert host.check_output("sh /root/state | sha256sum") == before


def test_the_ssh_port_moves_is_found_by_the_next_run_and_moves_back(host: Host) -> None:
    name = name_of(host)
    moved = ("--limit", name, "--extra-vars", json.dumps({"hardening_ssh": {"port": 2222}}))
    assert play("harden", *moved)[name]["changed"] == 1
    assert not answers(host, 22)
    again = play("harden", *moved)[name]
    assert (again["changed"], again["failures"], again["unreachable"]) == (0, 0, 0)
    # The inventory says nothing of a port any more.
    back = play("harden", "--limit", name, "--extra-vars", json.dumps({"ansible_port": 2222}))[name]
    assert (back["changed"], back["failures"], back["unreachable"]) == (1, 0, 0)
    assert answers(host, 22)
    assert not answers(host, 2222)


def test_a_layer_that_goes_back_leaves_the_others(host: Host) -> None:
    name = name_of(host)
    assert play("unharden", "--limit", name, "--tags", "hardening_firewall")[name]["changed"] == 1
    assert answers(host, 8081)
    assert host.file(DROPIN).exists
    assert play("harden", "--limit", name)[name]["changed"] == 1
    assert not answers(host, 8081)


def test_a_file_that_was_edited_stays_and_is_named(host: Host) -> None:
    host.check_output("echo '# mine' >> /etc/issue.net")
    told = call(host, "hardening", {"layers": ["banners"], "state": "absent"}, "--check")
    assert told["kept"] == ["/etc/issue.net"]


def test_all_of_it_goes_back_byte_for_byte(host: Host) -> None:
    name = name_of(host)
    assert play("unharden", "--limit", name, "--extra-vars", "hardening_force=true")[name]["changed"] == 1
    host.check_output("sh /root/state > /root/after")
    assert host.run("diff /root/before /root/after").stdout == ""
    assert answers(host, 8081)
    assert play("unharden", "--limit", name)[name]["changed"] == 0
