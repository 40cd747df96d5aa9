"""A plan for a host with 300 pending updates: as a process beside `apt-get -s dist-upgrade`, and as a module call."""

from __future__ import annotations

import json
import shlex
import subprocess

from .harness import HOST, ROOT, SSH_CONFIG, BenchFailedError, Case, Contender, Lab, Result, take_turns

PENDING, KEPT_BACK = 300, 5
PROCESS = 1.5
# The bar of 2 s for the call, and what else a play takes, over the 0.83 s of one with a ping on an idle machine.
CALL = 3.1
# As the module does it, but for Ansible's own start.
PLAN = """
import json, sys
sys.path.insert(0, "/opt/plans")
from module_utils.package_updates import turn, want
told = turn.report(want.Want(), "apt", remember=False)
json.dump(told, sys.stdout)
"""
# Warm caches, and turns, so that a busy moment hits both alike.
RACE = """
import json, subprocess, sys, time
ways = {"ours": ["python3", "/opt/plans/plan.py"], "apt-get": ["apt-get", "-s", "dist-upgrade"]}
seconds, said = {name: [] for name in ways}, {}
for number in range(int(sys.argv[1]) + 1):
    for name, argv in ways.items():
        began = time.monotonic()
        said[name] = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
        if number:
            seconds[name].append(time.monotonic() - began)
told = [line.split()[1] for line in said["apt-get"].splitlines() if line.startswith("Inst ")]
plan = [one["name"] for one in json.loads(said["ours"])["plan"]]
print(json.dumps({"seconds": seconds, "apt-get": sorted(told), "ours": sorted(plan)}))
"""


def measure(lab: Lab, rounds: int) -> list[Result]:
    """Return the figures of both; raise BenchFailedError where the two plans differ."""
    folder = {"ansible.builtin.file": {"path": "/opt/plans", "state": "directory", "mode": "0755"}}
    lab.run(lab.playbook("plans", [folder, _bring("plan.py", PLAN), _bring("race.py", RACE), *_pending()]))
    _reader()
    told = json.loads(_ssh(f"python3 /opt/plans/race.py {rounds}"))
    if told["ours"] != told["apt-get"] or len(told["ours"]) < PENDING:
        differ = sorted({*told["ours"]} ^ {*told["apt-get"]})
        raise BenchFailedError(
            f"{len(told['ours'])} updates are planned here, {len(told['apt-get'])} by apt-get: {differ}"
        )
    ours = Contender("ours", lab.playbook("info", [{"groundcrew.fleet.package_updates_info": {}}]))
    ping = Contender("ping", lab.playbook("ping", [{"ansible.builtin.ping": {}}]))
    process = Case(f"{len(told['ours'])} updates, as a process", ours, ping._replace(name="apt-get"), PROCESS)
    lab.run(ping.playbook)
    return [
        Result(process, told["seconds"], {"ours": 1, "apt-get": 1}),
        *take_turns(lab, [Case("the same, as a module call", ours, ping, CALL)], rounds),
    ]


def _pending() -> list[dict[str, object]]:
    """Packages that need one another, with an update each, and some whose update lacks something; Debian's own lists stay."""
    packages: list[dict[str, object]] = [
        {
            "name": f"crew-bench-{number}",
            "versions": ["1.0", "1.1"],
            "repository": "plain" if number % 3 else "security",
            "conffile": number % 4 == 0,
            "fields": {"Depends": f"crew-bench-{number // 2}"} if number else {},
        }
        for number in range(PENDING)
    ]
    lonely: list[dict[str, object]] = [
        {"name": f"crew-bench-lonely-{number}", "versions": ["1.0"]} for number in range(KEPT_BACK)
    ]
    wanted = " ".join(f"{one['name']}=1.0" for one in (*packages, *lonely))
    packages += lonely + [{**one, "versions": ["1.1"], "fields": {"Depends": "crew-nowhere"}} for one in lonely]
    install = f"""
        set -e
        python3 /opt/plans/repositories.py /srv/repositories 1 < /opt/plans/packages.json
        for name in plain security; do
          echo "deb [trusted=yes] file:/srv/repositories/$name ./" > /etc/apt/sources.list.d/$name.list
        done
        apt-get -qq update
        apt-get -qq -o Dpkg::Options::=--force-unsafe-io install --no-install-recommends {wanted}
    """
    source = ROOT / "molecule/patching/files/repositories.py"
    return [
        {"ansible.builtin.copy": {"src": str(source), "dest": "/opt/plans/repositories.py", "mode": "0644"}},
        _bring("packages.json", json.dumps(packages) + "\n"),
        {"ansible.builtin.shell": {"cmd": install}},
    ]


def _bring(name: str, content: str) -> dict[str, object]:
    return {"ansible.builtin.copy": {"content": content, "dest": f"/opt/plans/{name}", "mode": "0644"}}


def _reader() -> None:
    """Bring the engine's files to the host."""
    pack = ["tar", "-c", "--exclude=__pycache__", "-C", str(ROOT / "plugins"), "module_utils"]
    packed = subprocess.run(pack, capture_output=True, check=True).stdout
    _ssh("tar -x --no-same-owner -C /opt/plans", stdin=packed)


def _ssh(command: str, stdin: bytes = b"") -> str:
    argv = ["ssh", "-F", str(SSH_CONFIG), HOST, f"sudo sh -euc {shlex.quote(command)}"]
    return subprocess.run(argv, input=stdin, capture_output=True, check=True, timeout=600).stdout.decode()
