"""The kinds of things: how each is looked at, and the steps that bring it about."""

from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import files
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.files import FileState
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.systemd import UnitState
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import steps
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.facts import Facts
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.kinds import mode, mount, text, unit
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.rule import (
    File,
    KernelModule,
    Line,
    Mode,
    Mount,
    Sshd,
    Unit,
)
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.state import (
    FSTAB,
    WITHOUT_EFFECT,
    Have,
    MountState,
    mounts,
)

DEFS = "/etc/login.defs"
GROUPS = {"root": 0, "shadow": 42, "staff": 50}
READS = steps.unit("a.service", "reload")


def file(path: str, content: str | None, mode: int = 0o644, uid: int = 0, gid: int = 0) -> FileState:
    if content is None:
        return FileState(path, files.ABSENT)
    return FileState(path, files.FILE, content.encode(), uid=uid, gid=gid, mode=mode)


@pytest.mark.parametrize(
    "line, before, after",
    [
        pytest.param(Line(DEFS, "UMASK", "027", "\t"), "A 1\n", "A 1\nUMASK\t027\n", id="a new one comes last"),
        pytest.param(Line(DEFS, "UMASK", "027", "\t"), "", "UMASK\t027\n", id="an empty file has it alone"),
        pytest.param(
            Line(DEFS, "UMASK", "027", "\t"), "UMASK 022\nB 2\n", "UMASK\t027\nB 2\n", id="another value is replaced"
        ),
        pytest.param(
            Line(DEFS, "UMASK", "027", "\t"), "UMASK   027\n", "UMASK   027\n", id="other blanks are no other value"
        ),
        pytest.param(
            Line(DEFS, "UMASK", "027", "\t"), "UMASK 022\nB 2\nUMASK 077\n", "UMASK\t027\nB 2\n", id="a second one goes"
        ),
        pytest.param(
            Line(DEFS, "UMASK", "027", "\t"),
            "# UMASK 022\nB 2\n",
            "# UMASK 022\nUMASK\t027\nB 2\n",
            id="after its comment",
        ),
        pytest.param(Line(DEFS, "UMASK", "027", "\t"), "B 2", "B 2\nUMASK\t027\n", id="a last line without its end"),
        pytest.param(
            Line(DEFS, "UMASK", "027", "\t"), "UMASK_X 1\n", "UMASK_X 1\nUMASK\t027\n", id="a longer key is another one"
        ),
        pytest.param(
            Line(DEFS, "deny", "5", " = "),
            "# deny = 3\neven_deny_root\n",
            "# deny = 3\ndeny = 5\neven_deny_root\n",
            id="=",
        ),
        pytest.param(Line(DEFS, "deny", "5", " = "), "deny=3\n", "deny = 5\n", id="= without blanks"),
    ],
)
def test_line_is_set_once_and_stays(line: Line, before: str, after: str) -> None:
    assert text.set_line(before, line) == after
    assert text.set_line(after, line) == after


def test_files_are_written_with_their_mode_and_read_by_their_readers() -> None:
    thing = File("/etc/a", "x\n", 0o440, (READS,))
    planned, then = text.steps_for([thing], {"/etc/a": file("/etc/a", "x\n", 0o644)})
    assert [(one.kind, one.args["content"], one.args["mode"]) for one in planned] == [("write", b"x\n", 0o440)]
    assert then == [READS]
    assert text.steps_for([thing], {"/etc/a": file("/etc/a", "x\n", 0o440)}) == ([], [])


def test_file_that_shall_not_be_there_is_removed_once() -> None:
    thing = File("/etc/a", None)
    assert [one.kind for one in text.steps_for([thing], {"/etc/a": file("/etc/a", "x")})[0]] == ["remove"]
    assert text.steps_for([thing], {"/etc/a": file("/etc/a", None)}) == ([], [])


def test_settings_of_one_file_are_one_write() -> None:
    things: list[text.Text] = [Sshd("X11Forwarding", "no"), Sshd("UsePAM", "yes"), KernelModule("udf")]
    have = {text.SSHD: file(text.SSHD, None), text.MODPROBE: file(text.MODPROBE, None)}
    planned, then = text.steps_for(things, have)
    assert [one.args["content"].decode() for one in planned] == [
        f"{text.HEADER}X11Forwarding no\nUsePAM yes\n",
        f"{text.HEADER}install udf /bin/false\nblacklist udf\n",
    ]
    assert then == [text.SSHD_TEST, text.SSHD_READS]


def test_lines_of_one_file_are_one_write_that_keeps_its_mode() -> None:
    things = [Line(DEFS, "A", "1"), Line(DEFS, "B", "2")]
    planned, _then = text.steps_for(things, {DEFS: file(DEFS, "A 0\n", 0o600)})
    assert [(one.args["content"], one.args["mode"]) for one in planned] == [(b"A 1\nB 2\n", None)]


@pytest.mark.parametrize(
    "told, ok",
    [({"permitrootlogin": ["without-password"]}, True), ({"permitrootlogin": ["yes"]}, False), ({}, False)],
)
def test_ssh_setting_is_judged_by_what_the_server_says(told: dict[str, list[str]], *, ok: bool) -> None:
    have = Have(Facts(sshd=told), {text.SSHD: file(text.SSHD, None)})
    assert text.look(Sshd("PermitRootLogin", "prohibit-password"), have).ok is ok


def test_module_that_is_loaded_is_told_even_where_it_is_listed() -> None:
    listed = {text.MODPROBE: file(text.MODPROBE, "install udf /bin/false\n")}
    assert text.look(KernelModule("udf"), Have(Facts(), listed)).ok
    assert text.look(KernelModule("udf"), Have(Facts(), listed, modules=frozenset({"udf"}))).now == "loaded"


@pytest.mark.parametrize(
    "thing, there, planned",
    [
        pytest.param(Mode("/a", 0o644), (0o666, 0, 0), ("0644", None, None), id="what is too much goes"),
        pytest.param(Mode("/a", 0o644), (0o600, 0, 0), None, id="what is less stays less"),
        pytest.param(Mode("/a", 0o755, None, ()), (0o4755, 0, 0), ("0755", None, None), id="setuid goes"),
        pytest.param(
            Mode("/a", 0o4750), (0o4755, 0, 0), ("4750", None, None), id="setuid that may stay is given again"
        ),
        pytest.param(Mode("/a", 0o4750), (0o4750, 7, 0), ("4750", "0", None), id="and after a change of owner"),
        pytest.param(Mode("/a", 0o640, 0, ("root", "shadow")), (0o640, 0, 42), None, id="each of its groups will do"),
        pytest.param(
            Mode("/a", 0o640, 0, ("shadow", "root")), (0o640, 0, 50), ("0640", None, "42"), id="the first is given"
        ),
        pytest.param(Mode("/a", 0o700, None, ()), (0o700, 9, 9), None, id="whose it is was not asked"),
    ],
)
def test_modes(thing: Mode, there: tuple[int, int, int], planned: tuple[str | None, ...] | None) -> None:
    bits, uid, gid = there
    state = file("/a", "", bits, uid, gid)
    found = [
        (f"{one.args['mode']:04o}", one.args["owner"], one.args["group"])
        for one in mode.steps_for([thing], {"/a": state}, GROUPS)
    ]
    assert found == ([planned] if planned else [])
    assert mode.look(thing, state, GROUPS).ok is (planned is None)


@pytest.mark.parametrize("kind", [files.ABSENT, files.LINK])
def test_what_has_no_mode_of_its_own_is_left_alone(kind: str) -> None:
    assert mode.steps_for([Mode("/a", 0)], {"/a": FileState("/a", kind, mode=0o777)}, GROUPS) == []


def unit_state(enabled: str, active: str, load: str = "loaded") -> UnitState:
    return UnitState("a.service", load=load, active=active, enabled=enabled)


@pytest.mark.parametrize(
    "want, state, actions",
    [
        ("enabled", unit_state("disabled", "inactive"), ["enable", "start"]),
        ("enabled", unit_state("enabled", "inactive"), ["start"]),
        ("enabled", unit_state("enabled", "active"), []),
        ("masked", unit_state("enabled", "active"), ["stop", "mask"]),
        ("masked", unit_state("disabled", "inactive"), ["mask"]),
        ("masked", unit_state("masked", "inactive", "masked"), []),
        ("masked", unit_state("", "inactive", "not-found"), []),
    ],
)
def test_units(want: str, state: UnitState, actions: list[str]) -> None:
    planned = unit.steps_for([Unit("a.service", want)], {"a.service": state})
    assert [one.args["action"] for one in planned] == actions


@pytest.mark.parametrize(
    "was, now, gone, actions",
    [
        pytest.param(
            unit_state("enabled", "active"),
            unit_state("masked", "inactive", "masked"),
            (),
            ["unmask", "start"],
            id="masked by us",
        ),
        pytest.param(
            unit_state("disabled", "inactive"), unit_state("enabled", "active"), (), ["stop", "disable"], id="started"
        ),
        pytest.param(
            unit_state("", "inactive", "not-found"),
            unit_state("enabled", "active"),
            ("a.service",),
            ["stop", "disable"],
            id="a unit of ours ends",
        ),
        pytest.param(unit_state("enabled", "active"), unit_state("enabled", "active"), (), [], id="back already"),
    ],
)
def test_units_go_back_to_what_they_were(
    was: UnitState, now: UnitState, gone: tuple[str, ...], actions: list[str]
) -> None:
    facts = unit.before([steps.unit("a.service", "start")], {"a.service": was})
    assert [one.args["action"] for one in unit.back(facts, {"a.service": now}, gone)] == actions


def test_a_second_port_that_stands_elsewhere_is_told() -> None:
    have = Have(Facts(sshd={"port": ["2222", "22"]}))
    look = text.look(Sshd("Port", "2222"), have)
    assert (look.now, look.ok) == ("2222 22", False)
    assert "leave Port 2222 alone" in text.mend(Sshd("Port", "2222"))


@pytest.mark.parametrize(
    "there", [file("/etc/cron.allow", "", 0o640), file("/etc/cron.allow", "", 0o640, uid=1, gid=7)]
)
def test_a_file_gets_the_owner_and_the_group_that_it_is_to_have(there: FileState) -> None:
    thing = File("/etc/cron.allow", "", 0o640, gid=7)
    (write,), _read = text.steps_for([thing], {thing.path: there})
    assert (write.args["owner"], write.args["group"]) == ("0", "7")
    assert not text.look(thing, Have(Facts(), {thing.path: there})).ok


def test_a_unit_that_is_active_without_effect_is_told_and_started_anew() -> None:
    thing = Unit("a.service", effect=("nft", "list", "table", "inet", "groundcrew"))
    lost = UnitState("a.service", "loaded", WITHOUT_EFFECT, enabled="enabled")
    assert unit.look(thing, lost) == ("enabled, active without effect", "enabled, active", False, "")
    assert [one.args["action"] for one in unit.steps_for([thing], {"a.service": lost})] == ["restart"]


def test_a_socket_that_journald_takes_at_its_start_is_left_to_the_next_boot() -> None:
    name = "systemd-journald-audit.socket"
    was = {name: {"enabled": "static", "active": True}}
    masked = {name: UnitState(name, "masked", "inactive", enabled="masked")}
    assert [one.args["action"] for one in unit.back(was, masked, ())] == ["unmask"]


def mounted(fstab: str, options: str, kind: str = "ext4") -> Have:
    return Have(
        Facts(),
        {FSTAB: file(FSTAB, fstab)},
        mounts=mounts(f"/dev/sda1 /home {kind} {options} 0 0\n"),
    )


HOME = Mount("/home", ("nodev", "nosuid"))


def test_mount_gets_its_options_at_once_and_for_the_next_boot() -> None:
    have = mounted("# disks\n/dev/sda1  /home\text4 defaults 0 2\n", "rw,nodev")
    written, remount = mount.steps_for([HOME], have)
    assert written.args["content"] == b"# disks\n/dev/sda1  /home\text4 defaults,nodev,nosuid 0 2\n"
    assert remount.args["argv"] == ["mount", "-o", "remount,nosuid", "/home"]
    assert remount.args["undo"] == ["mount", "-o", "remount,suid", "/home"]


def test_mount_without_a_line_gets_one() -> None:
    written, *_remounts = mount.steps_for([HOME], mounted("", "rw", "tmpfs"))
    assert written.args["content"] == b"/dev/sda1 /home tmpfs defaults,nodev,nosuid 0 0\n"


def test_mount_that_somebody_else_makes_is_left_to_him_and_told() -> None:
    """A line for what autofs brings would end the next boot."""
    have = mounted("", "rw,nodev", "autofs")
    assert mount.steps_for([HOME], have) == []
    assert mount.added([HOME], have) == {}
    look = mount.look(HOME, have)
    assert (look.now, look.ok) == ("without nosuid", False)
    assert "no line in /etc/fstab" in look.skip
    assert mount.look(HOME, mounted("", "rw,nodev,nosuid", "zfs")).ok


def test_mount_without_a_line_gets_one_that_keeps_the_flags_it_has_now() -> None:
    have = Have(
        Facts(), {FSTAB: file(FSTAB, "")}, mounts=mounts("proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\n")
    )
    written, *_remounts = mount.steps_for([Mount("/proc", ("hidepid=2",))], have)
    assert written.args["content"] == b"proc /proc proc defaults,nodev,nosuid,noexec,hidepid=2 0 0\n"


def test_mount_that_is_as_it_should_be_or_not_there_has_no_steps() -> None:
    have = mounted("/dev/sda1 /home ext4 nodev,nosuid 0 2\n", "rw,nodev,nosuid")
    assert mount.steps_for([HOME, Mount("/srv", ("nodev",))], have) == []
    assert mount.look(HOME, have).ok
    assert mount.look(Mount("/srv", ("nodev",)), have).ok


def test_mount_that_only_runs_so_is_told() -> None:
    assert mount.look(HOME, mounted("/dev/sda1 /home ext4 defaults 0 2\n", "nodev,nosuid")).now == "not so after a boot"


def test_mount_goes_back_by_the_options_that_were_ours_and_are_still_there() -> None:
    ours = mount.added([HOME, Mount("/srv", ("nodev",))], mounted("", "rw,nodev", "tmpfs"))
    assert ours == {"/home": ["nosuid"]}
    (back,) = mount.back(ours, mounted("", "rw,nodev,nosuid"))
    assert back.args["argv"] == ["mount", "-o", "remount,suid", "/home"]
    assert back.args["undo"] == ["mount", "-o", "remount,nosuid", "/home"]
    assert mount.back(ours, mounted("", "rw,nodev")) == []
    assert mount.back({"/srv": ["nodev"]}, mounted("", "rw")) == []


def test_an_option_with_a_value_goes_back_to_none_by_whatever_name_the_kernel_tells_it() -> None:
    have = Have(Facts(), mounts=mounts("proc /proc proc rw,hidepid=invisible 0 0\n"))
    (back,) = mount.back({"/proc": ["hidepid=2"]}, have)
    assert back.args["argv"] == ["mount", "-o", "remount,hidepid=0", "/proc"]


def test_of_several_mounts_at_one_place_the_last_counts() -> None:
    found = mounts("a /x tmpfs rw 0 0\nb /x ext4 ro 0 0\nbroken\n")
    assert found == {"/x": MountState("b", "ext4", frozenset({"ro"}))}


def test_a_folder_that_is_not_there_is_made_before_a_package_makes_a_wider_one() -> None:
    thing = Mode("/etc/cron.weekly", 0o700, folder=True)
    (step,) = mode.steps_for([thing], {"/etc/cron.weekly": FileState("/etc/cron.weekly", files.ABSENT)}, GROUPS)
    assert (step.kind, step.args["mode"]) == ("directory", 0o700)
