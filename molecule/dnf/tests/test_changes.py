"""package_updates through dnf: what is done is what was planned, and it goes back wholly; also after a kill in the middle."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

from testinfra.host import Host

testinfra_hosts = ["ssh://rpm"]
STATE = "rpm -qa --qf '%{NAME}.%{ARCH} %|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\\n' | sort"
# Reasons by name, since those of versions that come and go would differ by nothing else.
ASKED_FOR = "dnf -q -C repoquery --userinstalled --qf '%{name}' | sort -u"

# Waits for the script of crew-slow, then kills dnf, the module that waits for it, and what the module runs in.
STRIKE = """
import os, signal, time
def running(*words):
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            line = open(f"/proc/{name}/cmdline", "rb").read()
        except OSError:
            continue
        if int(name) != os.getpid() and all(word in line for word in words) and b"STRIKE" not in line:
            yield int(name)
STRIKE = time.monotonic() + 60
while not list(running(b"/var/tmp/rpm-tmp.")):
    assert time.monotonic() < STRIKE, "the script of crew-slow never ran"
    time.sleep(0.1)
def parent(process):
    return int(open(f"/proc/{process}/stat").read().rpartition(")")[2].split()[1])
for process in list(running(b"python3", b"dnf", b"install")):
    for one in (parent(process), process):
        os.kill(one, signal.SIGKILL)
"""


def call(module: str, **options: Any) -> dict[str, Any]:
    """Return what the module answers on the host."""
    project, scenario = os.environ["MOLECULE_PROJECT_DIRECTORY"], os.environ["MOLECULE_SCENARIO_DIRECTORY"]
    argv = ["ansible", "-i", f"{project}/molecule/shared/inventory", "-i", f"{scenario}/hosts.yml", "rpm", "-b"]
    argv += ["-m", f"groundcrew.fleet.{module}", "-a", json.dumps({"manager": "dnf", **options})]
    env = {**os.environ, "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1", "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"}
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    told = dict(json.loads(done.stdout)["plays"][0]["tasks"][0]["hosts"]["rpm"])
    assert not told.get("failed"), told
    return told


def versions(host: Host) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in host.check_output(STATE).splitlines():
        name, version = line.split(" ")
        found.setdefault(name.removesuffix(".noarch").removesuffix("(none)"), []).append(version)
    return found


def names_and_changes(told: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {one["name"]: (one["from"], one["to"]) for one in told["plan"]}


def test_what_is_done_is_what_was_planned_and_it_goes_back_wholly(host: Host) -> None:
    before, asked_for, locks = (
        versions(host),
        host.check_output(ASKED_FOR),
        host.check_output("dnf -q versionlock list"),
    )
    pending = call("package_updates_info")
    planned = names_and_changes(pending)
    assert planned["crew-library"] == ("1.0-1", "1.2-1")
    assert planned["crew-helper"] == ("", "1.0-1")
    assert {one["name"] for one in pending["held"]} >= {"crew-locked", "crew-excluded", "crew-rival", "crew-heir"}

    done = call("package_updates", plan=pending["plan"], run_id="there")
    after = versions(host)
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    assert changed == {name for name in planned if name != "crew-foreign.i686"} | {"crew-foreign.i686"}
    assert all(planned[name][1] in after[name] for name in planned)
    assert done["way_back"] == {"complete": True, "missing": {}}
    assert call("package_updates_info")["idle"]
    # A kernel is beside the one before, and everything else in its place.
    assert after["crew-kernel"] == ["1.0-1", "3.0-1"]
    assert "crew-helper" not in host.check_output(ASKED_FOR).split()

    call("package_updates", state="undone", undo="there", run_id="back")
    assert versions(host) == before
    assert host.check_output(ASKED_FOR) == asked_for
    assert host.check_output("dnf -q versionlock list") == locks
    assert not call("package_updates", state="undone", undo="there", run_id="back")["changed"]


def test_an_edited_configuration_file_stays_and_comes_back_where_rpm_would_have_lost_it(host: Host) -> None:
    kept, replaced = "/etc/crew-kept.conf", "/etc/crew-replaced.conf"
    shipped = {path: host.file(path).content_string for path in (kept, replaced)}
    host.check_output(f"echo ours >> {kept}; echo ours >> {replaced}")
    edited = {path: host.file(path).content_string for path in (kept, replaced)}

    (pending,) = call("package_updates_info", only=["crew-edited"])["plan"]
    assert sorted(pending["config_files"]) == [kept, replaced]
    told = call("package_updates", only=["crew-edited"], run_id="files")
    assert f"{kept}.rpmnew" in told["new_config_files"]
    assert host.file(kept).content_string == edited[kept]

    call("package_updates", state="undone", undo="files", run_id="back")
    assert {path: host.file(path).content_string for path in edited} == edited
    for path, content in shipped.items():
        host.check_output("printf %%s %s > %s", content, path)
    host.check_output(f"rm -f {kept}.rpm* {replaced}.rpm*")


def test_what_a_kill_leaves_half_done_is_finished_by_the_next_run(host: Host) -> None:
    host.check_output("echo 4 > /srv/slow; rm -f /srv/slow.done")
    before = versions(host)
    plan = [one for one in call("package_updates_info")["plan"] if "filler" not in one["name"]]
    options = json.dumps({"manager": "dnf", "plan": plan, "run_id": "cut"})
    project, scenario = os.environ["MOLECULE_PROJECT_DIRECTORY"], os.environ["MOLECULE_SCENARIO_DIRECTORY"]
    argv = ["ansible", "-i", f"{project}/molecule/shared/inventory", "-i", f"{scenario}/hosts.yml", "rpm", "-b"]
    with subprocess.Popen([*argv, "-m", "groundcrew.fleet.package_updates", "-a", options], stdout=subprocess.DEVNULL):
        # What is left is the script, which nobody waits for.
        host.check_output("python3 -c %s", STRIKE)

    told = call("package_updates", plan=plan, run_id="cut", run_attempt=2)
    assert told["recovered"]
    after = versions(host)
    assert all(after[one["name"]][-1] == one["to"] for one in plan if one["name"] != "crew-foreign.i686")
    assert not any(len(there) > 1 for name, there in after.items() if name != "crew-kernel")
    assert host.check_output("dnf -q -C check --duplicates") == ""
    assert not host.run("ls /var/lib/groundcrew/journal").stdout.strip()
    call("package_updates", state="undone", undo="cut", run_id="back")
    assert versions(host) == before
    host.check_output("rm -f /srv/slow /srv/slow.done")
