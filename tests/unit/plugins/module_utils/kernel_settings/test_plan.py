"""The steps for kernel settings: the file that wins, the running kernel in one command, and exactly back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils import _managed
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import files, sysctl
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.files import FileState
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.sysctl import Assignment
from ansible_collections.groundcrew.fleet.plugins.module_utils._managed import Managed
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import steps
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.steps import Plan, Step
from ansible_collections.groundcrew.fleet.plugins.module_utils.kernel_settings.plan import HEADER, plan
from ansible_collections.groundcrew.fleet.plugins.module_utils.kernel_settings.state import Have, Key
from ansible_collections.groundcrew.fleet.plugins.module_utils.kernel_settings.want import Want

PATH = "/etc/sysctl.d/99-zz-groundcrew-fleet.conf"
FOLDER = FileState("/etc/sysctl.d", files.DIRECTORY, mode=0o755)
ABSENT = FileState(PATH, files.ABSENT)
FORWARD, BACKLOG = "net.ipv4.ip_forward", "net.core.somaxconn"


def key(value: str | None, **others: Any) -> Key:
    return Key(**{"value": value, "mode": 0o644, "writable": True, **others})


def host(
    keys: Mapping[str, Key], *others: tuple[str, str, str], own: FileState = ABSENT, managed: Managed | None = None
) -> Have:
    lines = tuple(Assignment(path, sysctl.key_path(name), value) for path, name, value in others)
    return Have(own, FOLDER, lines, keys, managed or Managed())


def want(settings: Mapping[str, str], **others: Any) -> Want:
    return Want("fleet", settings, **others)


def text(**settings: str) -> bytes:
    return (HEADER + "".join(f"{name.replace('__', '.')} = {value}\n" for name, value in settings.items())).encode()


def after(planned: Plan, have: Have, runtime: Mapping[str, str] | None = None) -> Have:
    """The host once the plan was carried out there."""
    own, managed = have.own, have.managed
    for step in planned.steps:
        if step.kind == "write" and step.target == PATH:
            own = FileState(PATH, files.FILE, content=step.args["content"], mode=step.args["mode"])
        elif step.kind == "remove" and step.target == PATH:
            own = ABSENT
        elif step.target.endswith("kernel-fleet.json"):
            managed = kept(step)
    told = {name: one["runtime"] for name, one in planned.summary["settings"].items()}
    keys = {name: one._replace(value=told.get(name, one.value)) for name, one in have.keys.items()}
    keys.update({name: key(value) for name, value in (runtime or {}).items()})
    return have._replace(own=own, managed=managed, keys=keys)


def kept(step: Step) -> Managed:
    if step.kind == "remove":
        return Managed()
    told = json.loads(step.args["content"])
    return Managed({path: _managed._kept(one) for path, one in told["files"].items()}, told["facts"])


def commands(planned: Plan) -> list[tuple[list[str], list[str]]]:
    return [(step.args["argv"][3:], step.args["undo"][3:]) for step in planned.steps if step.kind == "argv"]


def written(planned: Plan) -> list[Any]:
    return [
        step.args.get("content", step.kind)
        for step in planned.steps
        if step.target == PATH and step.kind in ("write", "remove")
    ]


def test_all_keys_are_set_by_one_command_that_can_go_back() -> None:
    have = host({FORWARD: key("0"), BACKLOG: key("4096"), "kernel.pid_max": key("4194304")})
    planned = plan(want({FORWARD: "1", BACKLOG: "8192", "kernel.pid_max": "4194304"}), have)
    assert written(planned) == [text(net__ipv4__ip_forward="1", net__core__somaxconn="8192", kernel__pid_max="4194304")]
    assert commands(planned) == [([f"{FORWARD}=1", f"{BACKLOG}=8192"], [f"{FORWARD}=0", f"{BACKLOG}=4096"])]
    assert planned.summary["settings"][FORWARD] == {
        "desired": "1",
        "file": "1",
        "wins": PATH,
        "runtime": "1",
        "before": "0",
        "skipped": "",
    }


def test_a_change_of_the_network_needs_a_proof_and_no_other() -> None:
    have = host({FORWARD: key("0"), "kernel.pid_max": key("32768")})
    proven = {"proof_within_s": 60}
    assert plan(want({FORWARD: "1"}, **proven), have).proof_within_s == 60
    assert plan(want({FORWARD: "0"}, **proven), have).proof_within_s == 0
    assert plan(want({"kernel.pid_max": "4194304"}, **proven), have).proof_within_s == 0


def test_what_was_set_is_read_back_with_fields_apart_by_whatever_the_kernel_puts_there() -> None:
    ports = "net.ipv4.ip_local_port_range"
    (check,) = plan(want({ports: "1024 65000"}), host({ports: key("32768 60999")})).checks
    assert check.spec["argv"][-2:] == ["1024[[:space:]]+65000[[:space:]]*", "/proc/sys/net/ipv4/ip_local_port_range"]


def test_redirects_are_set_again_after_a_change_of_forwarding_which_resets_them() -> None:
    redirects = "net.ipv4.conf.all.accept_redirects"
    there = host({redirects: key("0"), FORWARD: key("1")})
    planned = plan(want({redirects: "0", FORWARD: "0"}), there)
    assert commands(planned) == [([f"{FORWARD}=0", f"{redirects}=0"], [f"{FORWARD}=1", f"{redirects}=0"])]
    assert next(line for line in written(planned)[0].decode().splitlines() if "=" in line).startswith(FORWARD)


def test_a_second_call_changes_nothing() -> None:
    have = host({FORWARD: key("0")})
    wanted = want({FORWARD: "1"})
    first = plan(wanted, have)
    again = plan(wanted, after(first, have))
    assert again.steps == ()
    assert again.summary == first.summary


def test_a_kernel_that_has_drifted_is_set_again() -> None:
    have = host({FORWARD: key("0")})
    wanted = want({FORWARD: "1"})
    now = after(plan(wanted, have), have, {FORWARD: "0"})
    again = plan(wanted, now)
    assert [step.kind for step in again.steps] == ["argv"]
    assert again.summary["settings"][FORWARD]["before"] == "0"


def test_a_file_of_ours_whose_manifest_was_lost_is_taken_for_ours() -> None:
    own = FileState(PATH, files.FILE, content=text(net__ipv4__ip_forward="1"), mode=0o644)
    have = host({FORWARD: key("1")}, own=own)
    now = after(plan(want({FORWARD: "1"}), have), have)
    assert plan(want({FORWARD: "1"}), now).steps == ()
    assert written(plan(want({}, present=False), now)) == ["remove"]


SKIPPED = [
    (key("0", writable=False, read_only_mount=True), "mounted read-only here, as in a container"),
    (key("0", writable=False), "this process may not set it"),
]


@pytest.mark.parametrize("now,why", SKIPPED, ids=[why for _now, why in SKIPPED])
def test_a_kernel_that_cannot_be_set_here_is_told_and_the_file_written(now: Key, why: str) -> None:
    planned = plan(want({FORWARD: "1"}), host({FORWARD: now}))
    told = planned.summary["settings"][FORWARD]
    assert why in told["skipped"]
    assert (told["runtime"], told["file"]) == ("0", "1")
    assert written(planned) == [text(net__ipv4__ip_forward="1")]
    assert (commands(planned), planned.checks) == ([], ())


def test_a_kernel_that_cannot_be_set_but_has_the_value_is_no_matter() -> None:
    now = key("1", writable=False, read_only_mount=True)
    assert plan(want({FORWARD: "1"}), host({FORWARD: now})).summary["settings"][FORWARD]["skipped"] == ""


REFUSED = [
    ("ipv4.ip_forward", "1", Key(), "is not known to this kernel: did you mean net.ipv4.ip_forward?"),
    ("no.such", "1", Key(), "is not known to this kernel: Correct it"),
    ("kernel.ostype", "x", key("Linux", mode=0o444, writable=False), "the kernel only tells this one"),
    ("vm.drop_caches", "1", key(None, mode=0o200), "is a command to the kernel"),
    (FORWARD, "0x10", key("0"), "would be told by the kernel as 16: write that"),
]


@pytest.mark.parametrize("name,value,now,why", REFUSED, ids=[one[3] for one in REFUSED])
def test_a_key_that_cannot_be_is_refused(name: str, value: str, now: Key, why: str) -> None:
    have = host({name: now})._replace(known=(FORWARD, BACKLOG))
    with pytest.raises(BadInput) as caught:
        plan(want({name: value}), have)
    assert why in str(caught.value)


def test_an_unknown_key_passes_where_that_is_allowed() -> None:
    planned = plan(want({"net.bridge.x": "1"}, allow_unknown=True), host({"net.bridge.x": Key()}))
    assert "this kernel has no such key" in planned.summary["settings"]["net.bridge.x"]["skipped"]
    assert commands(planned) == []


def test_sysctl_has_to_be_there_only_where_something_is_set() -> None:
    have = host({FORWARD: key("0")})._replace(has_tool=False)
    with pytest.raises(BadInput, match="install procps"):
        plan(want({FORWARD: "1"}), have)
    assert plan(want({FORWARD: "0"}), have).steps


LATER = ("/etc/sysctl.d/zz-local.conf", FORWARD, "0")


def test_a_later_file_that_says_otherwise_is_an_error_that_names_it() -> None:
    with pytest.raises(BadInput, match=r"/etc/sysctl.d/zz-local.conf comes later and sets it to 0"):
        plan(want({FORWARD: "1"}), host({FORWARD: key("0")}, LATER))


def test_a_later_file_that_says_the_same_wins_and_does_no_harm() -> None:
    planned = plan(want({FORWARD: "0"}), host({FORWARD: key("0")}, LATER))
    assert planned.summary["settings"][FORWARD]["wins"] == LATER[0]


def test_a_later_file_may_win_where_that_is_allowed_and_the_kernel_is_left_alone() -> None:
    planned = plan(want({FORWARD: "1"}, allow_overridden=True), host({FORWARD: key("0")}, LATER))
    told = planned.summary["settings"][FORWARD]
    assert (told["wins"], told["runtime"], commands(planned)) == (LATER[0], "0", [])
    assert "comes later and sets it to 0" in told["skipped"]


@pytest.mark.parametrize("path", ["/usr/lib/sysctl.d/99-protect-links.conf", "/etc/sysctl.d/99-sysctl.conf"])
def test_the_files_of_the_distribution_do_not_win(path: str) -> None:
    planned = plan(want({FORWARD: "1"}), host({FORWARD: key("0")}, (path, FORWARD, "0")))
    assert planned.summary["settings"][FORWARD]["wins"] == PATH


def test_a_key_that_left_the_list_goes_back_to_what_it_was() -> None:
    have = host({FORWARD: key("0"), BACKLOG: key("4096")})
    now = after(plan(want({FORWARD: "1", BACKLOG: "8192"}), have), have)
    planned = plan(want({BACKLOG: "8192"}), now)
    assert written(planned) == [text(net__core__somaxconn="8192")]
    assert commands(planned) == [([f"{FORWARD}=0"], [f"{FORWARD}=1"])]
    assert planned.summary["reverted"] == {FORWARD: {"runtime": "0", "skipped": ""}}


def test_a_key_that_left_the_list_stays_without_purge() -> None:
    have = host({FORWARD: key("0"), BACKLOG: key("4096")})
    now = after(plan(want({FORWARD: "1"}), have), have)
    planned = plan(want({BACKLOG: "8192"}, purge=False), now)
    assert written(planned) == [text(net__ipv4__ip_forward="1", net__core__somaxconn="8192")]


def test_a_key_of_many_is_called_for_alone_without_a_change_of_order() -> None:
    have = host({FORWARD: key("0"), BACKLOG: key("4096")})
    now = after(plan(want({FORWARD: "1", BACKLOG: "8192"}), have), have)
    assert plan(want({FORWARD: "1"}, purge=False), now).steps == ()


def test_absent_brings_back_file_and_kernel_and_forgets() -> None:
    have = host({FORWARD: key("0")})
    now = after(plan(want({FORWARD: "1"}), have), have)
    planned = plan(want({}, present=False), now)
    assert [step.kind for step in planned.steps] == ["remove", "argv", "remove"]
    back = after(planned, now, {FORWARD: "0"})
    assert (back.own, back.managed) == (ABSENT, Managed())
    assert plan(want({}, present=False), back).steps == ()


def test_what_somebody_has_set_since_stays_and_is_told_unless_forced() -> None:
    """A container engine that came later makes the host pass packets on."""
    have = host({FORWARD: key("0"), BACKLOG: key("4096")})
    now = after(plan(want({FORWARD: "0", BACKLOG: "8192"}), have), have, {FORWARD: "1"})
    planned = plan(want({}, present=False), now)
    assert commands(planned) == [([f"{BACKLOG}=4096"], [f"{BACKLOG}=8192"])]
    assert "somebody has set it to 1 since" in planned.summary["reverted"][FORWARD]["skipped"]
    assert commands(plan(want({}, present=False, force=True), now))[0][0] == [f"{FORWARD}=0", f"{BACKLOG}=4096"]


def test_a_value_that_the_kernel_keeps_until_its_next_boot_is_told_and_never_asked_back() -> None:
    kexec = "kernel.kexec_load_disabled"
    have = host({kexec: key("0"), BACKLOG: key("4096")})
    first = plan(want({kexec: "1", BACKLOG: "8192"}), have)
    assert commands(first) == [([f"{kexec}=1", f"{BACKLOG}=8192"], [f"{BACKLOG}=4096"])]
    planned = plan(want({}, present=False), after(first, have))
    assert commands(planned) == [([f"{BACKLOG}=4096"], [f"{BACKLOG}=8192"])]
    assert "at its next boot only" in planned.summary["reverted"][kexec]["skipped"]


def test_absent_gives_back_a_file_that_stood_there_before() -> None:
    theirs = FileState(PATH, files.FILE, content=b"kernel.pid_max = 7\n", mode=0o600)
    have = host({FORWARD: key("0")}, own=theirs)
    now = after(plan(want({FORWARD: "1"}), have), have)
    planned = plan(want({}, present=False), now)
    assert planned.steps[0] == steps.write(PATH, b"kernel.pid_max = 7\n", owner="0", group="0", mode=0o600)


def test_the_kernel_goes_to_what_another_file_has_come_to_say_since() -> None:
    have = host({FORWARD: key("0")})
    now = after(plan(want({FORWARD: "1"}), have), have)
    hardened = now._replace(others=(Assignment("/etc/sysctl.d/99-a.conf", sysctl.key_path(FORWARD), "2"),))
    assert commands(plan(want({}, present=False), hardened)) == [([f"{FORWARD}=2"], [f"{FORWARD}=1"])]


def test_a_file_that_somebody_edited_is_kept_named_and_still_holds() -> None:
    have = host({FORWARD: key("0"), BACKLOG: key("4096")})
    now = after(plan(want({FORWARD: "1", BACKLOG: "8192"}), have), have)
    edited = now._replace(own=now.own._replace(content=b"net.ipv4.ip_forward = 1\n"))
    planned = plan(want({}, present=False), edited)
    assert planned.summary["kept"] == [PATH]
    assert written(planned) == []
    assert commands(planned) == [([f"{BACKLOG}=4096"], [f"{BACKLOG}=8192"])]
    forced = plan(want({}, present=False, force=True), edited)
    assert written(forced) == ["remove"]
