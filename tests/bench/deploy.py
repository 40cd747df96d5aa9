"""A release of 1 MB on three hosts at once, restarted and well: ours beside raw ssh, pyinfra and ansistrano; and again without change."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import statistics
import subprocess
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from .harness import ROOT, SSH_CONFIG, BenchFailedError, Case, Contender, Lab, Result, interval

HOSTS = "app,load_balancer"
WEB = ("web1", "web2", "web3")
SHOP = ROOT / "examples" / "shop" / "2.0.0"
PEER_ARCHIVE = ROOT.parent / "shared" / "peers" / "ansistrano.deploy.tar.gz"
PEER_PINS = ROOT / "requirements" / "pyinfra.txt"
# Every contender has an app of its own on the same hosts. That of the whole rollout is the one which hosts.yml tells of.
PORTS = {"raw": 8101, "pyinfra": 8102, "ansistrano": 8103, "ours": 8104}
ROLLING_PORT = 8000
BLOB_BYTES = 1_000_000
# What the start of a small app takes; everybody waits for it.
START_S, WITHIN_S = 0.8, 30
# How many times as long as each of them ours may take, and again without change as a ping.
PYINFRA_BAR, RAW_BAR, ANSISTRANO_BAR, AGAIN_BAR = 1.0, 2.0, 1 / 5, 2.0
# It is printed, not judged.
ROLLING_ROUNDS = 3


class Way(NamedTuple):
    """A contender, and the seconds that it takes to bring a version."""

    contender: Contender
    bring: Callable[[str], float]


def measure(lab: Lab, rounds: int) -> list[Result]:
    """Return the figures of every contender; raise BenchFailedError where a host does not serve what was brought."""
    # The first version makes what is made only once, such as the service of ours, and nobody's time is taken.
    versions = [f"1.0.{number}" for number in range(rounds + 1)]
    _package(lab, versions)
    _prepare(lab)
    raw, pyinfra, ansistrano, ours = ways = _raw(lab), _pyinfra(lab), _ansistrano(lab), _ours(lab)
    ping, again, rolling = _ping(lab), Way(Contender("ours again", ours.contender.playbook), ours.bring), _rolling(lab)
    everyone = [*ways, ping, again, rolling]
    for way in everyone:
        way.bring(versions[0])
    seconds: dict[str, list[float]] = {way.contender.name: [] for way in everyone}
    executions: dict[str, int] = {}
    for number, version in enumerate(versions[1:]):
        for name, way in ((way.contender.name, way) for way in everyone if number < way.contender.rounds):
            # Nobody pays for a connection that the one before let go.
            _on_all("true")
            before = 0 if number else lab.sessions(WEB[0])
            seconds[name].append(way.bring(version))
            # The question itself is a session too.
            executions.update({} if number else {name: lab.sessions(WEB[0]) - before - 1})
    for name, took in seconds.items():
        print(_line(name, took, executions[name]))
    cases = [
        Case("a new version, floor pyinfra", ours.contender, pyinfra.contender, PYINFRA_BAR),
        Case("a new version, floor raw ssh", ours.contender, raw.contender, RAW_BAR),
        Case("a new version, floor ansistrano", ours.contender, ansistrano.contender, ANSISTRANO_BAR),
        Case("again without change, floor ping", again.contender, ping.contender, AGAIN_BAR),
    ]
    return [Result(case, seconds, executions) for case in cases]


def _line(name: str, took: Sequence[float], executions: int) -> str:
    low, high = interval(took)
    return f"{name:10} {statistics.median(took):6.2f} s, 90 % {low:.2f} to {high:.2f} s, {executions} executions on a host, rounds {len(took)}"


def _tree(lab: Lab, version: str) -> Path:
    return lab.directory / "trees" / version


def _artefact(lab: Lab, version: str) -> Path:
    return lab.directory / "artefacts" / f"ours-{version}.tar.gz"


def _package(lab: Lab, versions: Sequence[str]) -> None:
    """Make a tree and an artefact of each version; no two have the same megabyte, so that nobody can keep one."""
    for kind in ("trees", "artefacts"):
        shutil.rmtree(lab.directory / kind, ignore_errors=True)
    for version in versions:
        tree = shutil.copytree(SHOP, _tree(lab, version), ignore=shutil.ignore_patterns("__pycache__"))
        (tree / "VERSION").write_text(f"{version}\n")
        (tree / "blob").write_bytes(os.urandom(BLOB_BYTES))
    told = {
        "source": f"{_tree(lab, '{{ item }}')}",
        "name": "ours",
        "version": "{{ item }}",
        "destination": f"{lab.directory / 'artefacts'}",
    }
    task = {"groundcrew.fleet.release_artefact": told, "loop": list(versions)}
    lab.run(lab.playbook("package", [task], hosts="localhost", connection="local", become=False))


def _prepare(lab: Lab) -> None:
    """Give the hosts the services of the peers, and the whole fleet of hosts.yml for the rollout."""
    peers = [name for name in PORTS if name != "ours"]
    tasks: list[dict[str, Any]] = [
        {"ansible.builtin.apt": {"name": "curl", "update_cache": True, "install_recommends": False}},
        *({"ansible.builtin.file": {"path": f"/opt/{name}/releases", "state": "directory"}} for name in peers),
        *({"ansible.builtin.copy": {"dest": _unit_path(name), "content": _unit(name)}} for name in peers),
        {"ansible.builtin.systemd_service": {"daemon_reload": True}},
    ]
    lab.run(lab.playbook("prepare", tasks, hosts="app"))
    fleet = lab.directory / "fleet.json"
    plays = {"app": ["provisioning"], "load_balancer": ["load_balancer"]}
    fleet.write_text(
        json.dumps(
            [
                {"hosts": hosts, "gather_facts": False, "roles": [f"groundcrew.fleet.{name}" for name in names]}
                for hosts, names in plays.items()
            ]
        )
    )
    lab.run(fleet)


def _unit_path(name: str) -> str:
    return f"/etc/systemd/system/{name}.service"


def _unit(name: str) -> str:
    return f"""[Unit]
Description=The shop that {name} brings
[Service]
User=www-data
WorkingDirectory=/opt/{name}/current
Environment=SHOP_STARTUP_S={START_S} SHOP_PORT={PORTS[name]}
ExecStart=/usr/bin/python3 server.py
[Install]
WantedBy=multi-user.target
"""


def _health(name: str) -> str:
    question = f"curl -fso /dev/null http://127.0.0.1:{PORTS[name]}/health"
    return f"timeout {WITHIN_S} sh -c 'until {question}; do sleep 0.1; done'"


def _raw(lab: Lab) -> Way:
    """The floor: what has to happen on a host and nothing else, in one command over a connection that is up."""
    work = f"""
        mkdir /opt/raw/releases/$1
        tar -xz --no-same-owner -C /opt/raw/releases/$1
        ln -s releases/$1 /opt/raw/current.new
        mv -T /opt/raw/current.new /opt/raw/current
        systemctl restart raw
        {_health("raw")}
    """
    command = shlex.quote(f"sudo sh -euc {shlex.quote(work)} raw")
    script = lab.directory / "raw.sh"
    script.write_text(
        f"""# Takes an artefact and its version.
        brought=
        for host in {" ".join(WEB)}; do
          ssh -F {shlex.quote(str(SSH_CONFIG))} "$host" {command}" $2" < "$1" &
          brought="$brought $!"
        done
        for one in $brought; do wait "$one"; done
        """
    )

    def bring(version: str) -> float:
        return _timed("raw", version, ["sh", "-eu", script, _artefact(lab, version), version])

    return Way(Contender("raw", script), bring)


def _pyinfra(lab: Lab) -> Way:
    place, directory = lab.directory / "pyinfra", lab.directory / "pyinfra-deploy"
    make = 'set -euo pipefail; . script/lib.sh; make_venv "$@"'
    subprocess.run(["bash", "-c", make, ROOT / "script/bench", place, PEER_PINS], cwd=ROOT, check=True)
    directory.mkdir(exist_ok=True)
    login = {
        "ssh_user": "crew",
        "ssh_key": str(SSH_CONFIG.parent.parent / "id_ed25519"),
        "ssh_known_hosts_file": str(directory / "known_hosts"),
        "ssh_allow_agent": False,
        "ssh_look_for_keys": False,
    }
    # The hosts are new, and so are their keys.
    (directory / "known_hosts").unlink(missing_ok=True)
    (directory / "inventory.py").write_text(f"app = {[(address, login) for address in _addresses().values()]!r}\n")
    script = directory / "deploy.py"
    script.write_text(
        f"""from pyinfra import config, host
from pyinfra.operations import files, server, systemd

config.SUDO = True
carried = f"/var/tmp/{{host.data.version}}.tar.gz"
release = f"/opt/pyinfra/releases/{{host.data.version}}"
files.put(name="Carry the artefact", src=host.data.archive, dest=carried)
server.shell(
    name="Unpack it",
    commands=[f"mkdir {{release}} && tar -xzf {{carried}} --no-same-owner -C {{release}} && rm {{carried}}"],
)
files.link(name="Switch", path="/opt/pyinfra/current", target=release)
systemd.service(name="Restart", service="pyinfra", restarted=True)
server.shell(name="Wait until it is well", commands=[{_health("pyinfra")!r}])
"""
    )

    def bring(version: str) -> float:
        data = ["--data", f"version={version}", "--data", f"archive={_artefact(lab, version)}"]
        return _timed("pyinfra", version, [place / "bin/pyinfra", "-y", *data, "inventory.py", script.name], directory)

    return Way(Contender("pyinfra", script), bring)


def _ansistrano(lab: Lab) -> Way:
    if not PEER_ARCHIVE.exists():
        raise BenchFailedError(f"the peer is not at {PEER_ARCHIVE}")
    roles = lab.directory / "roles"
    shutil.rmtree(roles, ignore_errors=True)
    roles.mkdir()
    subprocess.run(["tar", "-xzf", PEER_ARCHIVE, "-C", roles], check=True, capture_output=True)
    lab.env["ANSIBLE_ROLES_PATH"] = str(roles)
    told = {
        "ansistrano_deploy_from": f"{_artefact(lab, '{{ version }}')}",
        "ansistrano_deploy_to": "/opt/ansistrano",
        "ansistrano_deploy_via": "copy_unarchive",
        "ansistrano_release_version": "{{ version }}",
        "ansistrano_allow_anonymous_stats": False,
    }
    answer = {"url": f"http://127.0.0.1:{PORTS['ansistrano']}/health"}
    after = [
        {"ansible.builtin.systemd_service": {"name": "ansistrano", "state": "restarted"}},
        {"ansible.builtin.uri": answer, "register": "answer", "until": "answer.status == 200", "retries": WITHIN_S}
        | {"delay": 1},
    ]
    playbook = lab.playbook("ansistrano", [], hosts="app", roles=["ansistrano.deploy"], post_tasks=after, vars=told)
    return Way(Contender("ansistrano", playbook), lambda version: _played(lab, "ansistrano", playbook, version))


def _ours(lab: Lab) -> Way:
    release = {
        "app": "ours",
        "version": "{{ version }}",
        "state": "active",
        "artefact": f"{_artefact(lab, '{{ version }}')}",
        "user": "www-data",
        "unit": "ours",
        "files": [{"path": _unit_path("ours"), "content": _unit("ours")}],
        "verify": {"within_s": WITHIN_S, "http": [{"url": f"http://127.0.0.1:{PORTS['ours']}/health"}]},
    }
    playbook = lab.playbook("ours", [{"groundcrew.fleet.release": release}], hosts="app")
    return Way(Contender("ours", playbook), lambda version: _played(lab, "ours", playbook, version))


def _ping(lab: Lab) -> Way:
    playbook = lab.playbook("ping", [{"ansible.builtin.ping": {}}], hosts="app")
    return Way(Contender("ping", playbook), lambda _version: lab.run(playbook))


def _rolling(lab: Lab) -> Way:
    """One host after the other, each drained first, by the playbook that users have."""
    lab.env["GROUNDCREW_STATE"] = str(lab.directory / "rollouts")
    playbook = ROOT / "playbooks" / "deploy.yml"

    def bring(version: str) -> float:
        told = {
            "deployment_version": version,
            "deployment_source": f"{_tree(lab, version)}",
            "deployment_environment": {"SHOP_STARTUP_S": START_S, "SHOP_PORT": ROLLING_PORT},
        }
        seconds = lab.run(playbook, "-e", json.dumps(told))
        _expect(ROLLING_PORT, version)
        return seconds

    return Way(Contender("rolling", playbook, ROLLING_ROUNDS), bring)


def _played(lab: Lab, name: str, playbook: Path, version: str) -> float:
    seconds = lab.run(playbook, "-e", f"version={version}")
    _expect(PORTS[name], version)
    return seconds


def _timed(name: str, version: str, command: Sequence[str | Path], directory: Path = ROOT) -> float:
    began = time.monotonic()
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False, timeout=600)
    seconds = time.monotonic() - began
    if done.returncode != 0:
        raise BenchFailedError(f"{name} failed with {version}:\n{(done.stdout + done.stderr)[-3000:]}")
    _expect(PORTS[name], version)
    return seconds


def _expect(port: int, version: str) -> None:
    """Raise BenchFailedError unless each host serves the version at once: whoever says that it is done has waited for it."""
    for host, address in _addresses().items():
        with urllib.request.urlopen(f"http://{address}:{port}/health", timeout=5) as answer:
            served = answer.headers["Server"]
        if served.split("/")[1].strip() != version:
            raise BenchFailedError(f"{host} serves {served} on port {port}, not version {version}")


def _addresses() -> dict[str, str]:
    config = SSH_CONFIG.read_text()
    return {host: re.findall(rf"Host {host} (\S+)", config)[0] for host in WEB}


def _on_all(command: str) -> None:
    for host in WEB:
        subprocess.run(["ssh", "-F", SSH_CONFIG, host, command], check=True, capture_output=True, timeout=60)
