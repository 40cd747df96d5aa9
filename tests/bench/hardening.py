"""One host hardened, and hardened again, beside devsec.hardening; its controls on our host; Lynis and ssh-audit on both releases."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from .harness import ROOT, SSH_CONFIG, BenchFailedError, Case, Contender, Lab, Result

HOSTS = "bench1,bench2,bench3"
OURS, PEER, TRIXIE = "bench1", "bench2", "bench3"
PEER_ARCHIVE = ROOT.parent / "shared" / "peers" / "devsec-hardening-10.6.0.tar.gz"
CONTROLS = Path(__file__).parent / "controls"
# The peer takes at least this many times as long.
FIRST, AGAIN = 4, 15
INDEX = 85
# What the peer does; the rest of our layers comes on top of it for Lynis.
SCOPE = ["packages", "kernel", "modules", "mounts", "permissions", "login", "coredumps", "cron", "audit", "pam", "ssh"]
# The clock is the machine's; chrony runs beside it.
MACHINE = """
apt-get -q update
apt-get -q -y install --no-install-recommends chrony
mkdir -p /etc/systemd/system/chrony.service.d
printf '[Unit]\\nConditionCapability=\\n[Service]\\nExecStart=\\nExecStart=!/usr/sbin/chronyd -x\\n' > /etc/systemd/system/chrony.service.d/lab.conf
systemctl daemon-reload
systemctl restart chrony
sed -i /MaxStartups/d /etc/ssh/sshd_config.d/lab.conf
"""
COUNTED = re.compile(r"^\S+\s+: ok=\d+\s+changed=(\d+)", re.MULTILINE)


def measure(lab: Lab, _rounds: int) -> list[Result]:
    """Return the figures of the first run and of the second; raise BenchFailedError where a control or an index is missed."""
    controls = yaml.safe_load((CONTROLS / "devsec.yml").read_text())
    for host in (OURS, TRIXIE):
        _prepare(host)
    ours = Contender("ours", lab.playbook("ours", [{"groundcrew.fleet.hardening": _equal(controls)}], hosts=OURS))
    peer = Contender("peer", _peer(lab))
    first = {one.name: [lab.run(one.playbook)] for one in (peer, ours)}
    again = {one.name: [lab.run(one.playbook)] for one in (peer, ours)}
    for what, seconds in (("first run", first), ("again", again)):
        print(
            f"{what}: peer {seconds['peer'][0]:.1f} s, ours {seconds['ours'][0]:.1f} s, {seconds['peer'][0] / seconds['ours'][0]:.1f} times"
        )
    changes = int(COUNTED.findall(lab.said)[0])
    print(f"second run: ours reports {changes} changes")
    missed = [f"control: {one}" for one in _check(controls)]
    missed += [f"the second run reports {changes} changes"] if changes else []
    print(f"{len(controls['sysctl']) + len(controls['controls'])} controls of the peer, {len(missed)} missed")
    missed += [one for host in (OURS, TRIXIE) for one in _scores(lab, host)]
    if missed:
        raise BenchFailedError("\n".join(missed))
    none = {"peer": 0, "ours": 0}
    return [
        Result(Case("hardened", ours, peer, 1 / FIRST), first, none),
        Result(Case("hardened again", ours, peer, 1 / AGAIN), again, none),
    ]


def _prepare(host: str) -> None:
    """Make more of a machine of it: its clock is kept, the settings of its network are its own, and the lab's wishes for sshd are not."""
    _ssh(host, "sudo sh -eux", MACHINE)
    sudo = [] if os.geteuid() == 0 else ["sudo"]
    inspect = [*sudo, "podman", "inspect", "--format", "{{.State.Pid}}", f"bench-{host}"]
    process = subprocess.run(inspect, capture_output=True, text=True, check=True).stdout.strip()
    script = "mount --bind /proc/sys/net /proc/sys/net; mount -o remount,bind,rw /proc/sys/net"
    subprocess.run([*sudo, "nsenter", "-t", process, "-m", "--", "sh", "-euc", script], check=True)


def _equal(controls: Mapping[str, Any]) -> dict[str, Any]:
    """Our options with the peer's values, where these are not our own."""
    return {
        "layers": SCOPE,
        "kernel": {"settings": {key: str(value) for key, value in controls["sysctl"].items()}},
        "modules": {"disabled": [*_modules(controls)]},
        "login": {"pass_max_days": 60, "pass_min_days": 7},
        "audit": {"max_log_file_mib": 6, "num_logs": 5, "max_log_file_action": "keep_logs"},
        "ssh": {"max_auth_tries": 2},
    }


def _modules(controls: Mapping[str, Any]) -> list[str]:
    return [one["control"].split(" ")[1] for one in controls["controls"] if one["control"].startswith("module ")]


def _peer(lab: Lab) -> Path:
    lab.install(PEER_ARCHIVE)
    # In a container it cannot set the kernel nor mount /proc anew, and would end there; its handler cannot start auditd.
    roles = [{"role": f"devsec.hardening.{name}_hardening"} for name in ("os", "ssh")]
    return lab.playbook(
        "peer", [], hosts=PEER, gather_facts=True, roles=roles, ignore_errors=True, vars={"os_auditd_enabled": False}
    )


def _check(controls: Mapping[str, Any]) -> list[str]:
    """Return the names of the peer's controls that do not hold on our host."""
    program = (CONTROLS / "check.py").read_text()
    _ssh(OURS, "sudo tee /run/check.py > /dev/null", program)
    failed: list[str] = json.loads(_ssh(OURS, "sudo python3 /run/check.py", json.dumps(controls)))
    return failed


def _scores(lab: Lab, host: str) -> list[str]:
    """Print the indices of the host bare (as far as it is) and hardened; return what is missed."""
    reasons = yaml.safe_load((CONTROLS / "lynis.yml").read_text())
    _ssh(host, "sudo sh -c 'apt-get -q update && apt-get -q -y install --no-install-recommends lynis'")
    full = {
        "allow_groups": ["crew"],
    }
    lab.run(lab.playbook(f"full-{host}", [{"groundcrew.fleet.hardening": {"ssh": full}}], hosts=host))
    _ssh(host, "sudo lynis audit system --quick --no-colors > /dev/null 2>&1; true")
    report = _ssh(host, "sudo cat /var/log/lynis-report.dat")
    index = int(re.findall(r"^hardening_index=(\d+)$", report, re.MULTILINE)[0])
    found = sorted(set(re.findall(r"^(?:warning|suggestion)\[\]=([A-Z]+(?:-\d+)?)\|", report, re.MULTILINE)))
    told = [
        f"{host}: Lynis finds {one}, and controls/lynis.yml has no reason for it" for one in found if one not in reasons
    ]
    told += [] if index >= INDEX else [f"{host}: Lynis index {index}, bar {INDEX}"]
    audit = _ssh_audit(host)
    version = re.findall(r"^lynis_version=(.+)$", report, re.MULTILINE)[0]
    print(
        f"{host}: Lynis {version} index {index} (bar {INDEX}), {len(found)} findings; ssh-audit {audit[0]} failures, {audit[1]} warnings"
    )
    return told + ([] if audit == (0, 0) else [f"{host}: ssh-audit has {audit[0]} failures, {audit[1]} warnings"])


def _ssh_audit(host: str) -> tuple[int, int]:
    """Return how many failures and warnings ssh-audit has for the server."""
    address = re.search(rf"Host {host} (\S+)", SSH_CONFIG.read_text())
    done = subprocess.run(
        [ROOT / ".venv/bin/ssh-audit", "--no-colors", "--skip-rate-test", address[1] if address else host],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.count("[fail]"), done.stdout.count("[warn]")


def _ssh(host: str, command: str, given: str = "") -> str:
    done = subprocess.run(
        ["ssh", "-F", SSH_CONFIG, host, command], input=given, capture_output=True, text=True, check=False, timeout=600
    )
    if done.returncode != 0:
        raise BenchFailedError(
            f"{command} on {host} ended with {done.returncode}: {(done.stdout + done.stderr)[-800:]}"
        )
    return done.stdout
