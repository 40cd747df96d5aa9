"""What converge.yml has made of the hosts."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable

import pytest
from ansible_collections.groundcrew.fleet.tests.fleet import today
from testinfra.host import Host

testinfra_hosts = today.releases()
SECRETS = "zq-planted-secret", "zq-other-secret"


@pytest.fixture
def unit(host: Host) -> Callable[[str], str]:
    """Return what systemd says of one property of the shop's unit."""
    return lambda name: host.check_output("systemctl show --value --property %s shop.service", name)


def test_the_release_that_was_packaged_runs_from_an_environment_of_its_own_wheels(host: Host) -> None:
    ask = "import urllib.request as u; print(*(u.urlopen('http://127.0.0.1:8000' + x).read().decode() for x in ('/version', '/greeting')))"
    assert host.check_output("python3 -c %s", ask) == "1.0.0 good morning"
    assert host.file("/opt/shop/current").linked_to == "/opt/shop/releases/1.0.0"


def test_the_host_remembers_who_has_signed_it(host: Host) -> None:
    noted = host.file("/var/lib/groundcrew/releases/shop/1.0.0.json")
    told = json.loads(noted.content_string)
    assert (told["signer"], told["failed"], noted.mode) == ("crew@example.com", False, 0o600)


def test_a_release_is_roots_and_what_releases_share_is_the_apps(host: Host) -> None:
    assert host.check_output("find /opt/shop/releases -not -user root -or -perm /022 -not -type l") == ""
    assert host.file("/opt/shop/releases/1.0.0/data").linked_to == "/opt/shop/shared/data"
    assert host.file("/opt/shop/shared/data").user == "shop"


def test_the_unit_says_itself_when_it_has_started_and_takes_its_socket_from_systemd(
    host: Host, unit: Callable[[str], str]
) -> None:
    assert unit("Type") == "notify"
    assert unit("TriggeredBy") == "shop.socket"
    assert host.service("shop.socket").is_enabled
    assert host.service("shop.service").is_enabled


def test_the_unit_may_touch_nothing_but_what_is_its_own(unit: Callable[[str], str]) -> None:
    assert [unit(name) for name in ("User", "ProtectSystem", "ProtectHome", "NoNewPrivileges", "PrivateTmp")] == [
        *("shop", "strict", "yes", "yes", "yes")
    ]
    assert unit("CapabilityBoundingSet") == ""
    assert unit("MemoryMax") == str(200 * 1024 * 1024)
    assert unit("ReadWritePaths") == "-/opt/shop/shared"


def test_the_unit_is_called_safe_by_systemd_itself(host: Host) -> None:
    told = host.run("systemd-analyze security shop.service --no-pager").stdout
    score = float(told.split("Overall exposure level for shop.service:")[1].split()[0])
    # The older host alone has the system call filters, which a container of the newer one cannot have.
    assert score < (3 if host.system_info.release.startswith("12") else 7), told


def test_secrets_are_in_no_output_record_journal_or_argument(host: Host) -> None:
    name = host.backend.get_pytest_id().removeprefix("ssh://")
    project, scenario = os.environ["MOLECULE_PROJECT_DIRECTORY"], os.environ["MOLECULE_SCENARIO_DIRECTORY"]
    inventories = [f"--inventory={project}/molecule/shared/inventory", f"--inventory={scenario}/hosts.yml"]
    other = ["-e", json.dumps({"deployment_environment": {"SHOP_TOKEN": SECRETS[1]}})]
    command = ["ansible-playbook", "-vvv", "--check", "--diff", *inventories, f"--limit={name}", *other]
    said = subprocess.run([*command, f"{scenario}/converge.yml"], capture_output=True, text=True, check=True).stdout
    assert "changed=1" in said
    for secret in SECRETS:
        assert secret not in said
        assert host.run(f"journalctl --no-pager | grep -v COMMAND= | grep {secret}").rc == 1
        assert host.run(f"grep -r {secret} /var/lib/groundcrew /opt/shop").rc == 1
        # In brackets, so that it does not find itself.
        assert host.run(f"cat /proc/[0-9]*/cmdline | grep --text '[z]{secret[1:]}'").rc == 1
    assert SECRETS[0] in host.file("/etc/default/shop").content_string
    assert host.file("/etc/default/shop").mode == 0o600
