"""What a call of hardening does to a host, and how it goes back: two transactions, the second one with a proof."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ansible_collections.groundcrew.fleet.plugins.module_utils import _managed
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import files
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.files import FileState
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.systemd import UnitState
from ansible_collections.groundcrew.fleet.plugins.module_utils._managed import Managed
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import steps
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.steps import Plan, Step
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening import assess
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.facts import Facts
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.plan import plan
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.rule import (
    File,
    Line,
    Mode,
    Mount,
    Package,
    Rule,
    Sshd,
    Sysctl,
    Thing,
    Unit,
)
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.state import FSTAB, Have, mounts
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.want import Want
from ansible_collections.groundcrew.fleet.plugins.module_utils.kernel_settings.state import Have as Kernel
from ansible_collections.groundcrew.fleet.plugins.module_utils.kernel_settings.state import Key

LAYERS = ("banners", "permissions", "firewall", "ssh")
SSHD = "/etc/ssh/sshd_config.d/00-groundcrew-hardening.conf"
UNIT = "wall.service"
WALL = "/etc/systemd/system/wall.service"


def rule(layer: str, thing: Thing, skip: str = "") -> Rule:
    return Rule(f"{layer}-{type(thing).__name__}", layer, "what", "why", thing, (), 1, skip)


RULES = (
    rule("banners", File("/etc/issue", "keep out\n")),
    rule("permissions", Mode("/usr/bin/su", 0o4750)),
    rule("firewall", File(WALL, "[Service]\n")),
    rule("firewall", Unit(UNIT)),
    rule("ssh", Sshd("UseDNS", "no")),
)


def want(*, present: bool = True, force: bool = False, port: int | None = None) -> Want:
    return Want(LAYERS, {"ssh": {"port": port}}, present, force, 60)


def bare() -> Have:
    there = {
        "/etc/issue": FileState("/etc/issue", files.FILE, b"Debian\n", mode=0o644),
        "/usr/bin/su": FileState("/usr/bin/su", files.FILE, mode=0o4755),
        SSHD: FileState(SSHD, files.ABSENT),
        WALL: FileState(WALL, files.ABSENT),
    }
    for folder in ("/etc", "/", "/etc/ssh", "/etc/ssh/sshd_config.d", "/etc/systemd", "/etc/systemd/system"):
        there[folder] = FileState(folder, files.DIRECTORY, mode=0o755)
    units = {UNIT: UnitState(UNIT), "ssh.service": UnitState("ssh.service", "loaded", "active", enabled="enabled")}
    facts = Facts(groups={"root": 0}, sshd={"port": ["22"], "usedns": ["yes"]})
    return Have(facts, there, units, managed={layer: Managed() for layer in LAYERS})


def after(planned: Sequence[Plan], have: Have) -> Have:
    """The host once the plans were carried out there."""
    there, units, managed = dict(have.files), dict(have.units), dict(have.managed)
    for step in (step for one in planned for step in one.steps):
        if "/managed/hardening-" in step.target:
            managed[step.target.split("hardening-")[1][:-5]] = _kept(step)
        elif step.kind == "write":
            mode = step.args["mode"] if step.args["mode"] is not None else there[step.target].mode
            there[step.target] = FileState(step.target, files.FILE, step.args["content"], mode=mode)
        elif step.kind == "mode":
            there[step.target] = there[step.target]._replace(mode=step.args["mode"])
        elif step.kind == "remove":
            there[step.target] = FileState(step.target, files.ABSENT)
        elif step.kind == "unit" and step.args["action"] == "enable":
            units[step.target] = units[step.target]._replace(enabled="enabled", load="loaded")
        elif step.kind == "unit" and step.args["action"] == "start":
            units[step.target] = units[step.target]._replace(active="active")
    return have._replace(files=there, units=units, managed=managed)


def _kept(step: Step) -> Managed:
    if step.kind == "remove":
        return Managed()
    told = json.loads(step.args["content"])
    return Managed({path: _managed._kept(one) for path, one in told["files"].items()}, told["facts"])


def told(planned: Plan) -> list[tuple[str, str]]:
    """Kind or action, and target, without the manifests."""
    return [
        (step.args.get("action", step.kind), step.target) for step in planned.steps if "/managed/" not in step.target
    ]


def test_what_can_cut_access_comes_last_and_needs_a_proof() -> None:
    safe, access = plan(want(), RULES, bare())
    assert told(safe) == [("write", "/etc/issue"), ("mode", "/usr/bin/su")]
    assert safe.proof_within_s == 0
    assert told(access) == [
        ("write", WALL),
        ("write", SSHD),
        ("daemon-reload", ""),
        ("argv", "sshd"),
        ("enable", UNIT),
        ("start", UNIT),
        ("reload", "ssh.service"),
    ]
    assert access.proof_within_s == 60


def test_a_second_call_has_nothing_to_do_and_nothing_to_prove() -> None:
    have = after(plan(want(), RULES, bare()), bare())
    assert [(one.steps, one.proof_within_s) for one in plan(want(), RULES, have)] == [((), 0), ((), 0)]


def test_all_of_it_goes_back_to_what_it_was_units_before_their_files() -> None:
    hardened = after(plan(want(), RULES, bare()), bare())
    planned = plan(want(present=False), RULES, hardened)
    assert told(planned[0]) == [("write", "/etc/issue"), ("mode", "/usr/bin/su")]
    assert told(planned[1])[:3] == [("stop", UNIT), ("disable", UNIT), ("remove", WALL)]
    back = after(planned, hardened)
    assert {path: (one.content, one.mode) for path, one in back.files.items()} == {
        path: (one.content, one.mode) for path, one in bare().files.items()
    }
    assert all(one == Managed() for one in back.managed.values())


def test_what_only_its_owner_may_read_is_not_shown_when_it_goes() -> None:
    secret = FileState("/etc/issue", files.FILE, b"machine example.com password pass-word\n", mode=0o600)
    have = bare()._replace(files={**bare().files, "/etc/issue": secret})
    safe, _access = plan(want(), [rule("banners", File("/etc/issue", None))], have)
    assert ("remove", "/etc/issue") in told(safe)
    assert "pass-word" not in str(safe.diff)


def test_a_file_that_was_edited_stays_and_is_named_unless_forced() -> None:
    have = after(plan(want(), RULES, bare()), bare())
    have = have._replace(files={**have.files, "/etc/issue": FileState("/etc/issue", files.FILE, b"mine\n", mode=0o644)})
    safe, _access = plan(want(present=False), RULES, have)
    assert safe.summary["kept"] == ["/etc/issue"]
    assert ("write", "/etc/issue") not in told(safe)
    assert ("write", "/etc/issue") in told(plan(want(present=False, force=True), RULES, have)[0])


def test_what_left_the_rules_goes_back_too() -> None:
    have = after(plan(want(), RULES, bare()), bare())
    assert told(plan(want(), RULES[1:], have)[0]) == [("write", "/etc/issue")]


def test_a_line_a_mount_and_a_unit_that_become_exceptions_go_back_while_their_neighbours_stay() -> None:
    defs = "/etc/login.defs"
    rules = [
        rule("login", Line(defs, "UMASK", "027")),
        rule("login", Line(defs, "PASS_MAX_DAYS", "365")),
        rule("login", Mount("/tmp", ("nosuid",))),
        rule("login", Mount("/dev/shm", ("noexec",))),
        rule("login", Unit(UNIT, "masked")),
    ]
    rows = "tmpfs /tmp tmpfs rw{} 0 0\ntmpfs /dev/shm tmpfs rw{} 0 0\n"
    have = bare()._replace(
        files={
            **bare().files,
            defs: FileState(defs, files.FILE, b"UMASK 022\nPASS_MAX_DAYS 99999\n", mode=0o644),
            FSTAB: FileState(FSTAB, files.FILE, b"", mode=0o644),
        },
        mounts=mounts(rows.format("", "")),
        units={**bare().units, UNIT: UnitState(UNIT, "loaded", "active", enabled="enabled")},
        managed={"login": Managed()},
    )
    asked = Want(("login",), {"ssh": {"port": None}})
    hardened = after(plan(asked, rules, have), have)._replace(
        mounts=mounts(rows.format(",nosuid", ",noexec")),
        units={**bare().units, UNIT: UnitState(UNIT, "masked", "inactive", enabled="masked")},
    )
    assert plan(asked, rules, hardened)[0].steps == ()
    excepted = [one._replace(skip="ours") if number in (0, 2, 4) else one for number, one in enumerate(rules)]
    safe, _access = plan(asked, excepted, hardened)
    written = {step.target: step.args["content"] for step in safe.steps if step.kind == "write"}
    assert written[defs] == b"UMASK 022\nPASS_MAX_DAYS 365\n"
    assert b"/tmp" not in written[FSTAB]
    assert b"/dev/shm" in written[FSTAB]
    assert [step.args["argv"] for step in safe.steps if step.kind == "argv"] == [
        ["mount", "-o", "remount,suid", "/tmp"]
    ]
    assert ("unmask", UNIT) in told(safe)
    assert ("start", UNIT) in told(safe)
    again = after([safe], hardened)._replace(
        mounts=mounts(rows.format("", ",noexec")),
        units={**bare().units, UNIT: UnitState(UNIT, "loaded", "active", enabled="enabled")},
    )
    assert plan(asked, excepted, again)[0].steps == ()


def test_a_rule_that_is_left_out_does_nothing_and_is_told_with_its_reason() -> None:
    rules = (rule("banners", File("/etc/issue", "x"), skip="ours"), *RULES[1:])
    safe, _access = plan(want(), rules, bare())
    assert ("write", "/etc/issue") not in told(safe)
    assert safe.summary["left_out"] == {"banners-File": "ours"}


def test_a_new_port_is_told_on_the_way_there_and_back() -> None:
    rules = (*RULES, rule("ssh", Sshd("Port", "2222")))
    planned = plan(want(port=2222), rules, bare())
    assert planned[1].summary["new_port"] == 2222
    moved = after(planned, bare())
    moved = moved._replace(facts=moved.facts._replace(sshd={"port": ["2222"], "usedns": ["no"]}))
    assert "new_port" not in plan(want(port=2222), rules, moved)[1].summary
    assert plan(want(present=False, port=2222), rules, moved)[1].summary["new_port"] == 22


def test_the_score_is_whole_only_where_every_rule_is_kept() -> None:
    have = bare()
    found = assess.findings(RULES, have)
    assert assess.score(found) == 0
    hardened = after(plan(want(), RULES, have), have)
    hardened = hardened._replace(facts=hardened.facts._replace(sshd={"usedns": ["no"]}))
    assert assess.score(assess.findings(RULES, hardened)) == 100


def test_a_broken_rule_tells_how_to_mend_it_and_one_that_is_left_out_does_not_count() -> None:
    (one,) = assess.findings(
        [rule("packages", Package("xinetd", present=False))], bare()._replace(installed={"xinetd": "1"})
    )
    assert (assess.told(one)["is"], assess.told(one)["ok"], assess.told(one)["mend"]) == (
        "1",
        False,
        "apt-get purge xinetd",
    )
    assert assess.score(assess.findings([rule("banners", File("/etc/issue", "x"), skip="why")], bare())) == 100


def test_a_unit_that_does_not_run_is_not_asked_to_read_its_files() -> None:
    thing = File("/etc/issue", "x", then=(steps.unit(UNIT, "reload"),))
    assert ("reload", UNIT) not in told(plan(want(), [rule("banners", thing)], bare())[0])


KEXEC = "kernel.kexec_load_disabled"


def with_kernel(value: str, managed: Managed) -> Have:
    path = "/etc/sysctl.d/99-zz-groundcrew-hardening.conf"
    own, folder = FileState(path, files.ABSENT), FileState("/etc/sysctl.d", files.DIRECTORY, mode=0o755)
    kernel = Kernel(own, folder, (), {KEXEC: Key(value, 0o644, writable=True)}, managed)
    return bare()._replace(kernel=kernel, managed={"kernel": Managed()})


def test_what_only_a_boot_takes_back_is_told_by_the_name_of_its_rule() -> None:
    before = {KEXEC: {"runtime": "0", "file": None}}
    have = with_kernel("1", Managed({}, {"settings": [[KEXEC, "1"]], "before": before}))
    asked = Want(("kernel",), {"ssh": {"port": None}}, present=False)
    safe, _access = plan(asked, [rule("kernel", Sysctl(KEXEC, "1"))], have)
    assert list(safe.summary["left_out"]) == ["kernel-kernel-kexec-load-disabled"]
    assert "next boot" in safe.summary["left_out"]["kernel-kernel-kexec-load-disabled"]


def test_mounts_go_back_unless_somebodys_own_fstab_says_how_they_are() -> None:
    asked = Want(("mounts",), {"ssh": {"port": None}})
    fstab = FileState(FSTAB, files.FILE, b"/dev/sda1 /home ext4 defaults 0 2\n", mode=0o644)
    have = bare()._replace(
        files={**bare().files, FSTAB: fstab},
        mounts=mounts("/dev/sda1 /home ext4 rw 0 0\n"),
        managed={"mounts": Managed()},
    )
    rules = [rule("mounts", Mount("/home", ("nosuid",)))]
    hardened = after(plan(asked, rules, have), have)._replace(mounts=mounts("/dev/sda1 /home ext4 rw,nosuid 0 0\n"))
    back = asked._replace(present=False)
    assert told(plan(back, rules, hardened)[0]) == [("write", FSTAB), ("argv", "mount")]
    edited = FileState(FSTAB, files.FILE, b"# mine\n/dev/sda1 /home ext4 nosuid 0 2\n", mode=0o644)
    hardened = hardened._replace(files={**hardened.files, FSTAB: edited})
    assert told(plan(back, rules, hardened)[0]) == []
