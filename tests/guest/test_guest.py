"""The layers that a container cannot take, on a machine with a kernel of its own: bare, hardened, booted anew, and back."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest
from ansible_collections.groundcrew.fleet.tests.guest.guest import STRAY, Guest

OPTIONS = {
    "layers": ["kernel", "modules", "mounts", "apparmor", "audit", "firewall"],
    "mounts": {"hidepid": True},
}
BACK = {**OPTIONS, "state": "absent"}
# These the kernel gives back at a boot only.
ONE_WAY = {"kernel-kernel-kexec-load-disabled", "kernel-kernel-unprivileged-bpf-disabled"}
STRAY_UNIT = f"""
printf '[Service]\\nExecStart=/usr/bin/python3 -m http.server {STRAY} --directory /usr/share\\n[Install]\\nWantedBy=multi-user.target\\n' \
    >/etc/systemd/system/stray.service
systemctl --quiet enable --now stray.service
"""
# Our own recovery stays on a host, and auditd keeps the rules that it had before.
FILES = """
find /etc -xdev -type f -not -name 'groundcrew-*.service' -not -name audit.rules.prev -exec sha256sum {} + -exec stat -c '%n %a %u %g' {} + | sort
find /etc -xdev -type l -not -name 'groundcrew-recover.service' -printf '%p -> %l\\n' | sort
systemctl list-unit-files --no-legend --no-pager | grep -v -e groundcrew -e transient | sort
systemctl is-active apparmor.service auditd.service nftables.service || true
"""
KEYS = (
    *("fs.protected", "fs.suid", "dev.tty", "kernel.core_uses", "kernel.dmesg", "kernel.kptr", "kernel.perf_event_par"),
    *(
        "kernel.randomize",
        "kernel.sysrq",
        "kernel.yama",
        "net.core.bpf",
        "net.ipv4.icmp",
        "net.ipv4.conf.(all|default)",
    ),
    *("net.ipv4.tcp_(syncookies|rfc1337)", "net.ipv6.conf.(all|default)", "vm.mmap_min"),
)
KERNEL = f"""
grep -E ' (/|/tmp|/dev/shm|/proc) ' /proc/mounts
nft list ruleset
auditctl -l
sysctl -a 2>/dev/null | grep -E '^({"|".join(KEYS)})'
"""


def differences(before: str, after: str) -> list[str]:
    """Return the lines that only one of the two has."""
    return [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] in "+-"]


class Life(NamedTuple):
    """How the guest was, what was foretold, and what was then done."""

    files: str
    kernel: str
    foretold: Mapping[str, Any]
    done: Mapping[str, Any]


@pytest.fixture(scope="module")
def life(guest: Guest) -> Life:
    """Harden the guest."""
    guest.run(STRAY_UNIT)
    assert guest.is_stray_reached()
    files, kernel = guest.run(FILES), guest.run(KERNEL)
    return Life(files, kernel, guest.call("hardening", OPTIONS, "--check"), guest.call("hardening", OPTIONS))


@pytest.fixture(scope="module")
def booted(guest: Guest, life: Life) -> Life:
    """Boot the hardened guest anew."""
    guest.reboot()
    return life


def test_a_run_on_a_machine_leaves_nothing_out_and_proves_that_it_can_be_reached(life: Life) -> None:
    assert life.done.get("changed"), life.done
    assert life.done["left_out"] == {}
    assert life.done["proof"]["became_root"]


def test_the_check_on_a_bare_machine_foretells_the_very_steps(life: Life) -> None:
    assert life.foretold["steps"] == life.done["steps"]


def test_a_second_run_changes_nothing(guest: Guest, life: Life) -> None:
    assert life.done["changed"]
    assert not guest.call("hardening", OPTIONS)["changed"]


def test_after_a_boot_every_rule_is_kept(guest: Guest, booted: Life) -> None:
    told = guest.call("hardening_info", OPTIONS)
    assert [one for one in told["rules"] if not one["ok"]] == [], booted.done
    assert told["score"] == 100


def test_after_a_boot_the_kernel_itself_refuses(guest: Guest, booted: Life) -> None:
    assert booted.done["changed"]
    assert guest.run("sysctl -n kernel.kptr_restrict net.ipv4.conf.all.accept_redirects").split() == ["2", "0"]
    assert guest.attempt("modprobe udf").returncode != 0
    assert guest.attempt("cp /bin/true /dev/shm/program && /dev/shm/program").returncode != 0
    assert guest.run("su crew -s /bin/sh -c 'ls -d /proc/1 2>/dev/null || echo hidden'") == "hidden"


def test_after_a_boot_auditd_records_who_touches_the_people(guest: Guest, booted: Life) -> None:
    assert booted.done["changed"]
    guest.run("touch /etc/passwd")
    assert "/etc/passwd" in guest.run("sleep 2; ausearch --input-logs -k identity -i")


def test_after_a_boot_profiles_of_apparmor_are_enforced(guest: Guest, booted: Life) -> None:
    assert booted.done["changed"]
    assert "(enforce)" in guest.run("cat /sys/kernel/security/apparmor/profiles")


def test_after_a_boot_what_is_not_listed_is_not_reached(guest: Guest, booted: Life) -> None:
    assert booted.done["changed"]
    assert not guest.is_stray_reached()


def test_all_of_it_goes_back_but_for_what_only_a_boot_takes_back(guest: Guest, booted: Life) -> None:
    told = guest.call("hardening", BACK)
    assert told.get("changed"), told
    assert set(told["left_out"]) == ONE_WAY
    assert told["kept"] == []
    assert differences(booted.files, guest.run(FILES)) == []
    assert differences(booted.kernel, guest.run(KERNEL)) == []
    assert guest.is_stray_reached()
    assert not guest.call("hardening", BACK)["changed"]
