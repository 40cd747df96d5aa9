"""People come in, or do not, as they are listed; what would lock everybody out is refused or taken back."""

from __future__ import annotations

import json
import subprocess

import pytest
from ansible_collections.groundcrew.fleet.molecule.shared.calls import PROJECT, call, name_of, play_on
from ansible_collections.groundcrew.fleet.tests.fleet import today
from testinfra.host import Host

testinfra_hosts = today.releases()

SSH_CONFIG = f"{PROJECT}/.cache/lab/lab-accounts/ssh_config"
ALONE = ["-o", "ControlPath=none", "-o", "ControlMaster=no", "-o", "BatchMode=yes"]
LOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGt7qPZ0dLXqbGXe2yl0tq7xvCzTGYwfbMS5nGW5zEkJ nobody"


def login(host: Host, who: str, *command: str) -> subprocess.CompletedProcess[str]:
    """A login of its own, by the scenario's key."""
    ssh = ["ssh", "-F", SSH_CONFIG, *ALONE, "-l", who, name_of(host), *command]
    return subprocess.run(ssh, capture_output=True, text=True, check=False, timeout=60)


def state(host: Host) -> str:
    """The digests of everything that decides who may do what."""
    return str(
        host.check_output(
            "find /etc/passwd /etc/shadow /etc/group /etc/gshadow /etc/sudoers.d /etc/ssh/sshd_config.d /etc/groundcrew /home "
            "-xdev -type f -exec sha256sum {} + | sort -k 2; ls -ld /home/*"
        )
    )


def test_a_person_with_a_key_comes_in_and_becomes_root(host: Host) -> None:
    done = login(host, "alice", "sudo -n id -u; id -nG; pwd; ls -A")
    assert done.stdout.split("\n")[:3] == ["0", "alice developers deployers", "/home/alice"], done.stderr
    assert ".profile" in done.stdout
    assert host.file("/home/alice").mode == 0o700
    assert host.group("deployers").gid == 4242


@pytest.mark.parametrize("who", ["bob", "carol", "dave"])
def test_exclusive_keys_an_expired_account_and_a_locked_one_let_nobody_in(host: Host, who: str) -> None:
    assert login(host, who, "true").returncode == 255


def test_sudo_gives_the_listed_commands_and_no_other(host: Host) -> None:
    assert login(host, "eve", "sudo -n /usr/bin/id -u").stdout == "0\n"
    assert login(host, "eve", "sudo -n /usr/bin/true").returncode != 0


def test_an_account_made_by_hand_keeps_what_nobody_asked_for(host: Host) -> None:
    bob = host.user("bob")
    assert (bob.shell, bob.home) == ("/bin/bash", "/home/bob")
    assert host.file("/home/bob/.ssh/authorized_keys").exists


def test_a_service_has_a_system_number_and_no_home(host: Host) -> None:
    shop = host.user("shop")
    assert shop.uid < 1000
    assert (shop.shell, shop.home) == ("/usr/sbin/nologin", "/nonexistent")


def test_the_distributions_own_checkers_find_nothing_wrong(host: Host) -> None:
    assert host.run("pwck -q -r").rc == 0
    assert host.run("grpck -r").rc == 0
    assert host.run("visudo -c -f /etc/sudoers.d/groundcrew").rc == 0


@pytest.mark.parametrize("who", ["alice", "eve", "shop"])
def test_who_has_only_keys_has_no_password_that_gets_old(host: Host, who: str) -> None:
    assert host.file("/etc/login.defs").contains("^PASS_MAX_DAYS 365$")
    assert host.check_output("getent shadow %s", who).split(":")[3:] == [""] * 6


def test_a_password_gets_old_while_there_is_one(host: Host) -> None:
    call(host, "accounts", {"purge": "kept", "accounts": [{"name": "kim", "password_hash": "$6$salt$planted"}]})
    assert host.check_output("getent shadow kim").split(":")[3:6] == ["0", "365", "7"]
    call(host, "accounts", {"purge": "kept", "proof_within_s": 30, "accounts": [{"name": "kim", "password_hash": "*"}]})
    assert host.check_output("getent shadow kim").split(":")[3:] == [""] * 6
    assert call(host, "accounts", {"purge": "kept", "accounts": [{"name": "kim", "state": "absent"}]})["removed"] == [
        "kim"
    ]


def test_the_server_reads_our_keys_first_and_then_those_that_the_host_had(host: Host) -> None:
    own = {
        "old": ".ssh/authorized_keys .ssh/authorized_keys2",
        "new": ".ssh/authorized_keys /etc/ssh/own_keys/%u",
    }[name_of(host)]
    told = host.check_output("sshd -T").splitlines()
    assert f"authorizedkeysfile /etc/groundcrew/authorized_keys/%u {own}" in told
    if name_of(host) == "new":
        assert login(host, "olga", "id -un").stdout == "olga\n"


def test_a_setting_that_would_win_over_ours_is_refused_by_the_name_of_its_file(host: Host) -> None:
    path = "/etc/ssh/sshd_config.d/05-own.conf"
    host.check_output("echo AuthorizedKeysFile .ssh/authorized_keys > %s", path)
    before = state(host)
    told = call(host, "accounts", {"purge": "kept", "accounts": [{"name": "alice", "sudo": True}]})
    after = state(host)
    host.check_output("rm %s", path)
    assert f"{path} sets AuthorizedKeysFile before" in told["msg"]
    assert after == before


def test_who_is_locked_and_was_unlocked_by_hand_is_locked_again(host: Host) -> None:
    key = host.file("/etc/groundcrew/authorized_keys/eve").content_string.strip()
    call(host, "accounts", {"purge": "kept", "accounts": [{"name": "lena", "ssh_keys": [key]}]})
    assert login(host, "lena", "true").returncode == 0
    locked = {"purge": "kept", "proof_within_s": 30, "accounts": [{"name": "lena", "state": "locked"}]}
    assert call(host, "accounts", locked)["changed"]
    assert not call(host, "accounts", locked)["changed"]
    host.check_output("usermod --password '*' --expiredate '' lena")
    assert call(host, "accounts", locked)["changed"]
    assert host.check_output("getent shadow lena").split(":")[1::6] == ["!*", "1"]
    assert login(host, "lena", "true").returncode == 255
    assert call(host, "accounts", {"purge": "kept", "accounts": [{"name": "lena", "state": "absent"}]})["removed"] == [
        "lena"
    ]


def test_what_somebody_gave_away_of_ours_is_roots_again(host: Host) -> None:
    paths = "/etc/groundcrew/authorized_keys/eve /etc/groundcrew /etc/sudoers.d/groundcrew"
    host.check_output(f"chmod 0700 {paths}; chown 1000 {paths}")
    key = host.file("/etc/groundcrew/authorized_keys/eve").content_string.strip()
    eve = {"name": "eve", "ssh_keys": [key], "sudo": ["/usr/bin/id", "/usr/bin/systemctl status ssh.service"]}
    assert call(host, "accounts", {"purge": "kept", "proof_within_s": 30, "accounts": [eve]})["changed"]
    assert host.check_output(f"stat -c '%a %U' {paths}").splitlines() == ["644 root", "755 root", "440 root"]


def test_shadow_is_neither_shown_nor_readable(host: Host) -> None:
    assert host.file("/etc/shadow").mode == 0o640
    told = call(
        host,
        "accounts",
        {"purge": "kept", "accounts": [{"name": "alice", "password_hash": "$6$salt$planted"}]},
        "--check",
        "--diff",
    )
    assert told["changed"]
    assert "planted" not in json.dumps(told["diff"]) + json.dumps(told["steps"])


def test_removing_the_last_administrator_is_refused_and_each_is_told_why(host: Host) -> None:
    before = state(host)
    told = call(
        host,
        "accounts",
        {
            "purge": "kept",
            "accounts": [
                {"name": "alice", "state": "locked"},
                {"name": "crew", "ssh_keys_exclusive": True},
            ],
        },
    )
    assert "nobody could log in by SSH and become root any more: 0 accounts of" in told["msg"]
    assert "alice is locked or expired" in told["msg"]
    assert "crew has neither a key nor a password" in told["msg"]
    assert "allow_lockout" in told["msg"]
    assert state(host) == before


def test_an_administrators_key_that_is_exchanged_for_a_wrong_one_comes_back(host: Host) -> None:
    before = state(host)
    crew = {"name": "crew", "ssh_keys": [LOST_KEY], "ssh_keys_exclusive": True}
    told = call(host, "accounts", {"purge": "kept", "proof_within_s": 12, "accounts": [crew]})
    assert told["failed"]
    assert told["undone"]
    assert "no new login could become root, so it does not stand: Failed to connect" in told["msg"]
    assert state(host) == before
    assert login(host, "crew", "sudo -n true").returncode == 0


def test_who_leaves_the_list_is_removed_and_the_number_stays_unused(host: Host) -> None:
    call(host, "accounts", {"purge": "kept", "accounts": [{"name": "frank"}, {"name": "grace"}]})
    uid = host.user("grace").uid
    foreseen = call(host, "accounts", {"purge": "kept", "accounts": [{"name": "grace", "state": "absent"}]}, "--check")
    told = call(
        host, "accounts", {"purge": "kept", "proof_within_s": 30, "accounts": [{"name": "grace", "state": "absent"}]}
    )
    assert told["removed"] == ["grace"]
    assert told["proof"]["new_login"]
    assert [step["target"] for step in foreseen["steps"]] == [step["target"] for step in told["steps"]]
    assert host.file("/home/grace").uid == uid
    call(host, "accounts", {"purge": "kept", "accounts": [{"name": "heidi"}]})
    assert host.user("heidi").uid > uid
    call(host, "accounts", {"purge": "kept", "accounts": [{"name": "grace"}]})
    assert host.user("grace").uid == uid
    call(host, "accounts", {"purge": "kept", "proof_within_s": 30, "accounts": [{"name": "grace", "state": "absent"}]})
    gone = [{"name": name, "state": "absent"} for name in ("frank", "heidi")]
    assert call(host, "accounts", {"purge": "kept", "accounts": gone})["removed"] == ["frank", "heidi"]


def test_who_still_has_processes_is_locked_now_and_removed_later(host: Host) -> None:
    call(host, "accounts", {"purge": "kept", "accounts": [{"name": "ivan"}]})
    host.check_output("systemd-run --unit=ivan --uid=ivan sleep 600")
    told = call(host, "accounts", {"purge": "kept", "accounts": [{"name": "ivan", "state": "absent"}]})
    assert "has running processes" in told["kept"]["ivan"]
    assert host.user("ivan").exists
    host.check_output("systemctl stop ivan")
    assert call(host, "accounts", {"purge": "kept", "accounts": [{"name": "ivan", "state": "absent"}]})["removed"] == [
        "ivan"
    ]


def test_a_short_task_of_who_is_to_be_removed_is_waited_for(host: Host) -> None:
    call(host, "accounts", {"purge": "kept", "accounts": [{"name": "ivan"}]})
    host.check_output("systemd-run --unit=short --uid=ivan sleep 2.5")
    assert call(host, "accounts", {"purge": "kept", "accounts": [{"name": "ivan", "state": "absent"}]})["removed"] == [
        "ivan"
    ]


def test_useradd_that_is_at_work_is_waited_for_and_named(host: Host) -> None:
    hold = "import fcntl,time; f=open('/etc/.pwd.lock','r+b'); fcntl.lockf(f, fcntl.LOCK_EX); time.sleep(20)"
    host.check_output("systemd-run --unit=holder python3 -c %s", hold)
    told = call(host, "accounts", {"purge": "kept", "lock_wait_s": 1, "accounts": [{"name": "judy"}]})
    host.check_output("systemctl stop holder")
    assert "passwd, useradd or the like" in told["msg"]


def test_what_cannot_be_is_refused_before_anything_is_touched(host: Host) -> None:
    before = state(host)
    play_on(host, "refusals.yml")
    assert state(host) == before
