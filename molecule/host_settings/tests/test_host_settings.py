"""A host's settings are as listed, those that cannot be are told, and all of them find their way back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.molecule.shared.calls import call, name_of, play_on
from ansible_collections.groundcrew.fleet.tests.fleet import today
from testinfra.host import Host

testinfra_hosts = today.releases()

KERNEL, SETTINGS = "kernel_settings", "host_settings"
NOTHING: dict[str, Any] = {
    "hostname": "",
    "hosts": [],
    "timezone": "",
    "locale": "",
    "locales": [],
    "swap": [],
    "journald": {},
    "limits": [],
    "logrotate": [],
    "timers": [],
    "time_servers": [],
    "mounts": [],
}
OTHERS: dict[str, Any] = {
    "hostname": "shop2",
    "hosts": [],
    "timezone": "America/Lima",
    "locales": ["de_DE.UTF-8", "pt_BR.UTF-8"],
    "journald": {"SystemMaxUse": "60M"},
    "limits": [],
    "logrotate": [],
    "timers": [],
    "time_servers": ["192.0.2.7"],
}


def is_new(host: Host) -> bool:
    """The host that has names of its own, a kernel that it may set, and a clock daemon."""
    return name_of(host) == "new"


def state(host: Host) -> str:
    """Everything that the two modules may touch, but for their own memory."""
    return str(
        host.check_output(
            "sh /root/state; locale -a; systemctl list-unit-files --no-legend 'groundcrew-*.timer'; "
            "systemctl is-active 'groundcrew-*.timer' chrony.service systemd-journald.service || true; "
            "sysctl net.core.somaxconn net.ipv4.ip_local_port_range"
        )
    )


@pytest.fixture
def converged(host: Host) -> Iterator[Host]:
    """A host that is as converge.yml says again after the test."""
    yield host
    play_on(host, "converge.yml")


def test_names_are_kept_in_a_block_and_other_lines_byte_for_byte(host: Host) -> None:
    if not is_new(host):
        assert not host.file("/etc/hosts").contains("groundcrew")
        return
    assert host.file("/etc/hostname").content_string == "shop1.example.com\n"
    owner, _begin, block = host.file("/etc/hosts").content_string.partition("\n# BEGIN groundcrew.fleet\n")
    assert owner == "127.0.0.1  localhost\n192.0.2.1   a   b # comment"
    assert block.splitlines() == [
        "192.0.2.10\tdatabase.example.com database",
        "2001:db8::1\tsix",
        "127.0.1.1\tshop1.example.com shop1",
        "# END groundcrew.fleet",
    ]
    assert host.check_output("getent hosts database") == "192.0.2.10      database.example.com database"


def test_what_a_container_cannot_do_is_told_with_its_reason(host: Host) -> None:
    told = call(host, SETTINGS, {"swap": [{"path": "/swapfile", "size_mb": 64}], "hostname": "shop1.example.com"})
    assert told["changed"] is False
    assert "a container" in told["left_out"]["swap /swapfile"]
    assert "a container" in told["left_out"]["hostname"]
    assert ("/etc/hosts" in told["left_out"]) is not is_new(host)
    assert not host.file("/swapfile").exists


def test_the_clock_is_in_the_zone(host: Host) -> None:
    assert host.check_output("date -d @0 +%Z") == "CET"
    assert host.file("/etc/timezone").exists is not is_new(host)


def test_the_locale_is_generated_and_the_default(host: Host) -> None:
    assert "de_DE.utf8" in host.check_output("locale -a").split()
    assert host.check_output(". /etc/default/locale; LC_ALL=$LANG date -d @0 +%A") == "Donnerstag"


def test_a_session_gets_its_limit(host: Host) -> None:
    if host.package("login").is_installed:
        assert host.file("/etc/security/limits.d/groundcrew.conf").contains("^@crew - nofile 65536$")


def test_the_journal_is_bounded(host: Host) -> None:
    said = host.check_output("systemd-analyze cat-config systemd/journald.conf")
    assert "\nSystemMaxUse=50M\n" in said


def test_logrotate_takes_the_rule(host: Host) -> None:
    done = host.run("logrotate -d /etc/logrotate.conf")
    assert 'rotating pattern: "/var/log/shop/*.log"' in done.stderr + done.stdout


def test_a_timer_runs_its_command_as_its_user(host: Host) -> None:
    host.check_output("rm -f /var/tmp/often")
    until = time.monotonic() + 10
    while not host.file("/var/tmp/often").exists and time.monotonic() < until:
        time.sleep(0.5)
    assert host.file("/var/tmp/often").user == "nobody"
    assert host.service("groundcrew-nightly.timer").is_enabled


def test_units_of_all_kinds_are_to_systemd_s_liking(host: Host) -> None:
    host.check_output("systemd-analyze verify --man=no /etc/systemd/system/groundcrew-*.timer")


def test_chrony_has_the_servers_where_it_runs(host: Host) -> None:
    assert host.file("/etc/chrony/sources.d/groundcrew.sources").contains("server 192.0.2.123 iburst")
    if is_new(host):
        assert "192.0.2.123" in host.check_output("chronyc -n sources")


def test_the_kernel_is_set_where_it_can_be_and_the_file_everywhere(host: Host) -> None:
    options = {"settings": {"net.core.somaxconn": 8192, "net.ipv4.ip_local_port_range": "15000 60998"}}
    told = call(host, KERNEL, options)
    assert told["changed"] is False
    one = told["settings"]["net.ipv4.ip_local_port_range"]
    assert (one["file"], one["wins"]) == ("15000 60998", "/etc/sysctl.d/99-zz-groundcrew-fleet.conf")
    now = host.check_output("sysctl -n net.ipv4.ip_local_port_range").split()
    if is_new(host):
        assert (now, one["skipped"]) == (["15000", "60998"], "")
    else:
        assert now == one["before"].split()
        assert "mounted read-only here, as in a container" in one["skipped"]


def test_a_later_file_is_named_as_an_error(host: Host) -> None:
    host.check_output("echo 'net.core.somaxconn = 1' > /etc/sysctl.d/zz-local.conf")
    told = call(host, KERNEL, {"settings": {"net.core.somaxconn": 8192}})
    host.check_output("rm /etc/sysctl.d/zz-local.conf")
    assert "/etc/sysctl.d/zz-local.conf comes later and sets it to 1" in told["msg"]


def test_sysctl_conf_wins_nowhere_over_ours(host: Host) -> None:
    """Debian 12 reads it by a link whose name comes before ours; Debian 13 does not read it at all."""
    host.check_output(
        "cp -a /etc/sysctl.conf /root/ 2>/dev/null || true; echo 'net.core.somaxconn = 1' > /etc/sysctl.conf"
    )
    told = call(host, KERNEL, {"settings": {"net.core.somaxconn": 8192}, "purge": False}, "--check")
    host.check_output("rm /etc/sysctl.conf; cp -a /root/sysctl.conf /etc/ 2>/dev/null || true")
    assert told["changed"] is False
    assert told["settings"]["net.core.somaxconn"]["wins"] == "/etc/sysctl.d/99-zz-groundcrew-fleet.conf"


def test_a_value_that_the_kernel_refuses_leaves_all_as_it_was(host: Host) -> None:
    before = state(host)
    told = call(
        host, KERNEL, {"settings": {"net.core.somaxconn": "many", "net.ipv4.ip_local_port_range": "1024 65000"}}
    )
    if not is_new(host):
        play_on(host, "converge.yml")
        return
    assert "Invalid argument" in told["msg"]
    assert told["undone"] is True
    assert state(host) == before


def test_check_mode_foretells_exactly_the_steps(converged: Host) -> None:
    for module, options in ((SETTINGS, OTHERS), (KERNEL, {"settings": {"net.core.somaxconn": 9000}})):
        foretold = call(converged, module, options, "--check")
        before = state(converged)
        taken = call(converged, module, options)
        assert foretold["steps"] == taken["steps"] != []
        assert state(converged) != before
        assert call(converged, module, options)["steps"] == []


def test_a_call_that_fails_at_its_end_leaves_all_as_it_was(host: Host) -> None:
    """chrony does not start with the new servers, and locales, timers and journal have been changed by then."""
    if not is_new(host):
        return
    dropin = "/etc/systemd/system/chrony.service.d/picky.conf"
    host.check_output(
        "printf '[Service]\\nExecStartPre=/usr/bin/grep -q 192.0.2.123 /etc/chrony/sources.d/groundcrew.sources\\n' "
        f"> {dropin} && systemctl daemon-reload"
    )
    before = state(host)
    told = call(host, SETTINGS, OTHERS)
    after = state(host)
    host.check_output(f"rm {dropin} && systemctl daemon-reload")
    assert told["undone"] is True
    assert "chrony.service" in told["msg"]
    assert after == before


def test_what_leaves_the_lists_goes_back_to_what_was_there_before(converged: Host) -> None:
    call(converged, KERNEL, {"state": "absent"})
    told = call(converged, SETTINGS, NOTHING)
    assert told["kept"] == []
    assert converged.check_output("sh /root/state") == converged.file("/root/before").content_string.rstrip("\n")
    assert converged.check_output("sysctl -n net.core.somaxconn") == "4096"
    assert "de_DE.utf8" not in converged.check_output("locale -a")
    assert converged.check_output("ls /var/lib/groundcrew/managed") == ""
    assert call(converged, SETTINGS, NOTHING)["changed"] is False


def test_a_file_that_somebody_edited_is_kept_and_named(converged: Host) -> None:
    path = "/etc/security/limits.d/groundcrew.conf"
    converged.check_output(f"echo '# mine' >> {path}")
    assert call(converged, SETTINGS, {"limits": []})["kept"] == [path]
    assert converged.file(path).contains("# mine")
    converged.check_output(f"rm {path}")


def test_what_cannot_be_is_refused_and_nothing_touched(host: Host) -> None:
    before = state(host)
    play_on(host, "refusals.yml")
    assert state(host) == before


def test_a_call_that_changes_nothing_is_quick(host: Host) -> None:
    told = call(host, SETTINGS, {"timezone": "Europe/Berlin", "locales": ["de_DE.UTF-8"]})
    assert told["changed"] is False
    assert 0 < told["seconds"] < 5
