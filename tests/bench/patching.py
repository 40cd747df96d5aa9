"""Three hosts updated and rebooted under 200 requests a second, with a service that takes 60 s to start: lost requests, beside the plain play."""

from __future__ import annotations

import re
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from fleet.traffic import Traffic

from .harness import ROOT, SSH_CONFIG, BenchFailedError, Case, Contender, Lab, Result

HOSTS = "load_balancer,app"
APP = ("web1", "web2", "web3")
SHOP = "http://127.0.0.1:18090/"
RATE, AT_LEAST = 200, 10_000
P999_S = 1.0
START_S = 60
# What is packed again under a higher version; python3 has mapped the first.
UPDATED = ("zlib1g", "media-types")
PLAIN: list[dict[str, Any]] = [
    {"name": "Update", "ansible.builtin.apt": {"upgrade": "dist", "update_cache": True}},
    # A container has the machine's boot id for ever; when its first process began is its own.
    {"name": "Reboot", "ansible.builtin.reboot": {"boot_time_command": "cut -d ' ' -f 22 /proc/1/stat"}},
]


def measure(lab: Lab, _rounds: int) -> list[Result]:
    """Return the seconds of both plays; raise BenchFailedError where ours lost a request, or was slow."""
    lab.env["GROUNDCREW_STATE"] = str(lab.directory / "rollouts")
    lab.run(_site(lab))
    plain = Contender("plain play", lab.playbook("plain", PLAIN, hosts="app", serial=1))
    ours = Contender("ours", ROOT / "playbooks" / "patch.yml")
    took, seen = {}, {}
    for number, (one, options) in enumerate(((plain, ()), (ours, ("-e", "patching_reboot=always"))), 1):
        _offer(number)
        _until_well()
        took[one.name], seen[one.name] = _under_load(lab, one, options)
    for name, summary in seen.items():
        print(
            f"{name}: {took[name][0]:.0f} s, {summary['lost']:,} of {summary['sent']:,} requests lost "
            f"({100 * summary['lost'] / summary['sent']:.1f} %), p99.9 {summary['p999_s'] * 1000:.0f} ms, {summary['failures']}"
        )
    _judge(seen["ours"])
    # A play that waits for its service takes three starts of it, one after the other, and the other one none.
    return [Result(Case("updated and rebooted", ours, plain, 20), took, dict.fromkeys(took, 0))]


def _judge(summary: dict[str, Any]) -> None:
    if summary["lost"] or summary["sent"] < AT_LEAST or summary["p999_s"] >= P999_S:
        raise BenchFailedError(
            f"ours: {summary['lost']} of {summary['sent']:,} lost, p99.9 {summary['p999_s']} s; bar: 0 of {AT_LEAST:,}, {P999_S} s"
        )


def _site(lab: Lab) -> Path:
    path = lab.directory / "site.yml"
    roles = {"app": ("provisioning", "deployment"), "load_balancer": ("load_balancer",)}
    plays = "".join(
        f"- hosts: {hosts}\n  gather_facts: false\n  roles: [{', '.join(f'groundcrew.fleet.{name}' for name in names)}]\n"
        for hosts, names in roles.items()
    )
    path.write_text(plays)
    return path


def _under_load(lab: Lab, one: Contender, options: tuple[str, ...]) -> tuple[list[float], dict[str, Any]]:
    """Return the play's seconds and what its users saw until every host serves again."""
    traffic = Traffic(SHOP, rate=RATE, record=lab.directory / f"{one.name.replace(' ', '-')}.jsonl")
    with traffic.flowing(at_least=AT_LEAST):
        seconds = lab.run(one.playbook, *options)
        _until_well()
    return [seconds], traffic.summary


def _until_well() -> None:
    """Wait until each host of the app answers for itself."""
    addresses = {host: re.findall(rf"Host {host} (\S+)", SSH_CONFIG.read_text())[0] for host in APP}
    deadline = time.monotonic() + 3 * START_S
    while not all(_answers(f"http://{address}:8000/health") for address in addresses.values()):
        if time.monotonic() > deadline:
            raise BenchFailedError(f"not every host of {', '.join(APP)} answers after {3 * START_S} s")
        time.sleep(1)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _offer(number: int) -> None:
    """Give each host a repository with Debian's own packages under a higher version."""
    script = """
    set -eu
    rm -f /etc/apt/sources.list.d/bench.list; apt-get -q update >/dev/null; apt-get -q -y install --no-install-recommends apt-utils >/dev/null
    mkdir -p /srv/repo && cd /srv/repo && rm -f *.deb && work=$(mktemp -d)
    for name in "$@"; do
      plain=$(dpkg-query -W -f '${Version}' "$name" | sed 's/+gc[0-9]*$//')
      (cd "$work" && apt-get -q download "$name=$plain" >/dev/null)
      dpkg-deb --raw-extract "$work/$name"_*.deb "$work/$name"
      sed -i "s/^Version: .*/&+gcNUMBER/" "$work/$name/DEBIAN/control"
      dpkg-deb -Zgzip --root-owner-group --build "$work/$name" . >/dev/null
    done
    apt-ftparchive packages . > Packages
    apt-ftparchive -o APT::FTPArchive::Release::Label=Debian-Security release . > Release.new && mv Release.new Release
    echo "deb [trusted=yes] file:/srv/repo ./" > /etc/apt/sources.list.d/bench.list
    apt-get -q update >/dev/null
    """.replace("NUMBER", str(number))
    for host in APP:
        done = subprocess.run(
            ["ssh", "-F", SSH_CONFIG, host, "sudo", "sh", "-s", "--", *UPDATED],
            input=script,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise BenchFailedError(f"no updates for {host}: {done.stderr[-800:]}")
