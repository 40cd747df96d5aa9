"""One service, changed in every way that goes well or wrong: what must not change is compared byte for byte."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from ansible_collections.groundcrew.fleet.molecule.shared.calls import INVENTORIES, SCENARIO, name_of
from ansible_collections.groundcrew.fleet.tests.fleet import today
from testinfra.host import Host

testinfra_hosts = today.releases()

CONF, EXTRA, STATE = "/etc/shop/shop.json", "/etc/shop/conf.d/extra.json", "/var/lib/groundcrew"
UNTOUCHED = "stat -c '%n %i %Y %Z %a %U' /etc/shop/* /etc/shop/conf.d/*; cat /etc/shop/*.json /etc/shop/conf.d/*"
ASK = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8000/{}').read().decode())"
# Answers in the place of the module.
OTHER_CODE = r"""
import hashlib, io, sys, zipfile
content = io.BytesIO()
with zipfile.ZipFile(content, "w") as archive:
    answer = "dict(changed=False, told_by='what is kept')"
    archive.writestr("kept_entry.py", f"import json\ndef run(options):\n    print(json.dumps({answer}))\n")
with open(sys.argv[1], "wb") as file:
    file.write(hashlib.sha256(content.getvalue()).hexdigest().encode() + b"\n" + content.getvalue())
"""


class Shop(NamedTuple):
    """The scenario's service on one host; `call` is converge.yml with other variables."""

    host: Host

    def call(self, *flags: str, **variables: Any) -> dict[str, Any]:
        run = self.play(*flags, **variables)
        tasks = json.loads(run.stdout[run.stdout.index("\n{\n") if "-vvv" in flags else 0 :])["plays"][0]["tasks"]
        result: dict[str, Any] = next(iter(tasks[-1]["hosts"].values()))
        return result

    def play(
        self, *flags: str, callback: str = "ansible.posix.json", **variables: Any
    ) -> subprocess.CompletedProcess[str]:
        words = [f"--limit={name_of(self.host)}", *flags, "-e", json.dumps(variables), f"{SCENARIO}/converge.yml"]
        return subprocess.run(
            ["ansible-playbook", *INVENTORIES, *words],
            env={**os.environ, "ANSIBLE_STDOUT_CALLBACK": callback},
            capture_output=True,
            text=True,
            check=False,
        )

    def changed(self, **variables: Any) -> dict[str, Any]:
        result = self.call(**variables)
        assert not result.get("failed"), result["msg"]
        assert result["changed"]
        return result

    def health(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.ask("health"))
        return told

    def ask(self, path: str) -> str:
        return str(self.host.check_output(f'python3 -c "{ASK.format(path)}"')).strip()

    def pid(self) -> str:
        return str(self.host.check_output("systemctl show --property MainPID --value shop"))

    def untouched(self) -> tuple[str, str, Any]:
        return self.host.check_output(UNTOUCHED), self.pid(), self.health()["reloads"]

    def write(self, path: str, content: str) -> None:
        """Change a file behind everybody's back, as a run would that died before its reload."""
        self.host.check_output(f"printf '%s' '{content}' > {path}")


@pytest.fixture
def shop(host: Host) -> Shop:
    """The service as converge.yml has it; a test that leaves it otherwise asks for `changing` too."""
    return Shop(host)


@pytest.fixture
def changing(shop: Shop) -> Iterator[None]:
    """Bring the service back to what converge.yml says, however the test ends."""
    yield
    result = shop.call()
    assert not result.get("failed"), result["msg"]


def actions(result: dict[str, Any]) -> list[str]:
    return [step["action"] for step in result["steps"] if step["kind"] == "unit"]


def test_the_service_runs_with_its_config(shop: Shop) -> None:
    assert shop.ask("token") == "planted-secret-1"
    assert shop.host.service("shop").is_enabled
    assert shop.host.file("/etc/shop/environment").mode == 0o600
    assert shop.host.file("/etc/shop/current").linked_to == CONF
    assert shop.host.file("/etc/shop/conf.d").mode == 0o750


def test_a_config_that_the_validator_refuses_touches_nothing(shop: Shop) -> None:
    before = shop.untouched()
    result = shop.call(shop_extra={"colour": "red"}, shop_greeting="new")

    assert result["failed"]
    assert (
        "refuses the new files, so nothing was touched: /etc/shop/conf.d/extra.json: greeting is missing"
        in result["msg"]
    )
    assert shop.untouched() == before
    assert shop.host.run("ls -d /run/groundcrew-staged-*").rc != 0


def test_check_mode_refuses_it_as_well(shop: Shop) -> None:
    assert "greeting is missing" in shop.call("--check", shop_extra={"colour": "red"})["msg"]


def test_a_late_validator_that_fails_takes_all_back_before_the_service_reads_it(shop: Shop) -> None:
    reloads, pid = shop.health()["reloads"], shop.pid()
    printing = ["sh", "-c", "cat /etc/shop/environment >&2; exit 3"]
    result = shop.call(shop_greeting="late", shop_late_validator=printing)

    assert result["failed"]
    assert result["undone"], result
    assert "ended with 3: it has to do with a secret, so what it said is not shown" in result["msg"]
    assert '"greeting": "hello"' in shop.host.file(CONF).content_string
    assert (shop.health()["reloads"], shop.pid()) == (reloads, pid)


def test_a_service_that_is_not_well_gets_its_old_files_back(shop: Shop) -> None:
    content, pid = shop.host.file(EXTRA).content, shop.pid()
    result = shop.call(shop_extra={"greeting": "ill", "healthy": False}, shop_within_s=3)

    assert result["failed"]
    assert result["undone"], result
    assert "answered 500 instead of 200" in result["msg"]
    assert "shop.service" in result["unit_journal"]
    assert shop.host.file(EXTRA).content == content
    assert shop.health()["greeting"] == "hello"
    assert shop.pid() == pid


@pytest.mark.usefixtures("changing")
def test_a_changed_file_is_reloaded_and_a_changed_environment_restarts(shop: Shop) -> None:
    pid = shop.pid()
    wanted = {"shop_greeting": "changed", "shop_extra": {"greeting": "changed"}}
    assert actions(shop.changed(**wanted)) == ["reload"]
    assert (shop.health()["greeting"], shop.pid()) == ("changed", pid)
    assert not shop.call(**wanted)["changed"]

    result = shop.changed(**wanted, shop_token="planted-secret-2")
    assert actions(result) == ["restart"]
    assert [one["path"] for one in result["converge"]] == ["/etc/shop/environment"]
    assert shop.ask("token") == "planted-secret-2"


@pytest.mark.usefixtures("changing")
def test_a_lost_reload_is_made_up_for_once(shop: Shop) -> None:
    shop.write(EXTRA, '{"greeting": "lost"}')
    assert shop.health()["greeting"] == "hello"

    result = shop.changed(shop_extra={"greeting": "lost"})
    assert actions(result) == ["reload"]
    assert [one["path"] for one in result["converge"]] == [EXTRA]
    assert shop.health()["greeting"] == "lost"
    assert not shop.call(shop_extra={"greeting": "lost"})["changed"]


@pytest.mark.usefixtures("changing")
def test_a_restart_by_hand_is_not_repeated(shop: Shop) -> None:
    shop.write(EXTRA, '{"greeting": "by hand"}')
    shop.host.check_output("systemctl restart shop")
    assert not shop.call(shop_extra={"greeting": "by hand"})["changed"]


@pytest.mark.usefixtures("changing")
def test_the_same_bytes_written_again_change_nothing(shop: Shop) -> None:
    shop.changed(shop_greeting="again")
    shop.host.check_output(f"cp {CONF} /tmp/copy && cp /tmp/copy {CONF} && touch /etc/shop/environment")
    assert not shop.call(shop_greeting="again")["changed"]


def test_a_dropin_by_hand_is_read_with_a_restart(shop: Shop) -> None:
    shop.host.check_output("mkdir -p /etc/systemd/system/shop.service.d")
    shop.write("/etc/systemd/system/shop.service.d/a.conf", "[Service]\nNice=5\n")
    shop.host.check_output("systemctl daemon-reload")
    assert actions(shop.changed()) == ["restart"]
    assert not shop.call()["changed"]

    shop.host.check_output("rm -r /etc/systemd/system/shop.service.d")
    assert actions(shop.changed()) == ["daemon-reload", "restart"]
    assert not shop.call()["changed"]


def test_a_dead_service_is_started(shop: Shop) -> None:
    shop.host.check_output("systemctl stop shop")
    result = shop.changed()
    assert actions(result) == ["start"]
    assert [one["check"] for one in result["verified"]] == [
        "unit shop.service",
        "http GET http://127.0.0.1:8000/health",
    ]


def test_what_is_not_listed_is_purged(shop: Shop) -> None:
    shop.write("/etc/shop/conf.d/stray.json", '{"greeting": "stray"}')
    result = shop.changed()
    assert ("remove", "/etc/shop/conf.d/stray.json") in [(step["kind"], step["target"]) for step in result["steps"]]
    assert shop.host.check_output("ls /etc/shop/conf.d") == "extra.json"


@pytest.mark.usefixtures("changing")
def test_owner_mode_and_acl_stay_where_they_are_not_asked(shop: Shop) -> None:
    shop.host.check_output(f"chown daemon:daemon {CONF}; chmod 0640 {CONF}; setfacl -m u:nobody:r {CONF}")
    before = shop.host.check_output(f"getfacl -p {CONF}")
    shop.changed(shop_greeting="access")
    assert shop.host.check_output(f"getfacl -p {CONF}") == before
    assert "user:nobody:r--" in before
    shop.host.check_output(f"setfacl -b {CONF}; chown root:root {CONF}; chmod 0644 {CONF}; systemctl restart shop")


@pytest.mark.usefixtures("changing")
def test_check_mode_shows_the_very_steps_that_a_run_takes(shop: Shop) -> None:
    wanted = {"shop_greeting": "steps", "shop_token": "planted-secret-3"}
    before = shop.untouched()
    foreseen = shop.call("--check", "--diff", **wanted)
    assert shop.untouched() == before

    taken = shop.changed(**wanted)
    assert (foreseen["steps"], foreseen["diff"]) == (taken["steps"], taken["diff"])


def test_a_secret_shows_nowhere(shop: Shop) -> None:
    secret = "planted-secret-4"
    run = shop.play("-vvv", "--diff", callback="ansible.builtin.default", shop_token=secret)
    assert "changed=1" in run.stdout, run.stdout
    # It is among the extra variables, which nobody but this test prints.
    assert secret not in run.stdout.replace(json.dumps({"shop_token": secret}), "") + run.stderr
    assert shop.ask("token") == secret

    shop.changed()
    # sshd and sudo log nothing of it either: it came on standard input.
    assert shop.host.check_output("journalctl --no-pager | grep -c 'Invoked with'") != "0"
    for place in ("journalctl --no-pager", f"grep -rs planted-secret {STATE} /run /tmp", "ps axww -o args"):
        assert "planted-secret" not in shop.host.run(f"{place} | grep -v 'grep'").stdout, place


@pytest.mark.usefixtures("changing")
def test_a_whole_call_is_one_execution(shop: Shop) -> None:
    count = "journalctl --sync; journalctl -q -o cat -t sshd -t sshd-session | grep -c 'Starting session: command'"
    before = int(shop.host.check_output(count))
    shop.changed(shop_greeting="counted")
    # The second question is a session too.
    assert int(shop.host.check_output(count)) - before == 2


@pytest.mark.usefixtures("changing")
def test_code_that_the_host_keeps_is_what_runs(shop: Shop) -> None:
    kept = shop.host.check_output(f"ls -td {STATE}/code/service_config-* | head -n 1")
    shop.host.check_output("python3 -c %s %s", OTHER_CODE, kept)
    told = shop.call()
    shop.host.check_output(f"rm {kept}")
    assert told.get("told_by") == "what is kept", told


@pytest.mark.parametrize("damage", ["truncate --size 1000 {}", "rm {}"])
def test_code_that_is_damaged_or_gone_is_brought_anew(shop: Shop, damage: str) -> None:
    kept = shop.host.check_output(f"ls -td {STATE}/code/service_config-* | head -n 1")
    before = shop.host.check_output(f"sha256sum {kept}")
    shop.host.check_output(damage.format(kept))
    assert not shop.call().get("failed")
    assert shop.host.check_output(f"sha256sum {kept}") == before
    assert shop.host.check_output(f"stat -c '%U %a' {kept} {STATE}/code") == "root 600\nroot 700"
