"""A host that the tests of host_settings plan for, and what it is like once the plans were carried out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.groundcrew.fleet.plugins.module_utils import _managed
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import files
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.files import FileState
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.systemd import UnitState
from ansible_collections.groundcrew.fleet.plugins.module_utils._managed import Managed
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import steps
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.steps import Plan, Step
from ansible_collections.groundcrew.fleet.plugins.module_utils.host_settings import registry
from ansible_collections.groundcrew.fleet.plugins.module_utils.host_settings.area import Have
from ansible_collections.groundcrew.fleet.plugins.module_utils.host_settings.plan import parts, plan
from ansible_collections.groundcrew.fleet.plugins.module_utils.host_settings.spec import SPEC

MANIFEST = _managed.path_of("host-settings")
FOLDERS = (
    *("/etc", "/etc/default", "/etc/logrotate.d", "/etc/security/limits.d", "/etc/systemd/system"),
    *("/etc/chrony/sources.d", "/", "/srv"),
)
TEXTS = {
    "/etc/hostname": "bare\n",
    "/etc/hosts": "127.0.0.1  localhost\n192.0.2.1   a   b # comment",
    "/etc/timezone": "Etc/UTC\n",
    "/etc/locale.gen": "# This file lists locales.\n# de_DE.UTF-8 UTF-8\nfr_FR.UTF-8 UTF-8\n# pt_BR.UTF-8 UTF-8\n",
    "/etc/default/locale": "# The administrator's.\nLC_TIME=C.UTF-8\n",
    "/etc/fstab": "/dev/vda1 / ext4 defaults 0 1\n",
}
LINKS = {"/etc/localtime": "/usr/share/zoneinfo/Etc/UTC"}
SEEN: Mapping[str, Any] = {
    "hostname": "bare",
    "mounts": frozenset({"/"}),
    "may administer": True,
    "zone": True,
    "zones": (),
    "locales": ("C", "C.utf8", "POSIX", "fr_FR.utf8"),
    "supported": "de_DE.UTF-8 UTF-8\nde_DE ISO-8859-1\nfr_FR.UTF-8 UTF-8\npt_BR.UTF-8 UTF-8\nde_DE@euro ISO-8859-15\n",
    "locale-gen": True,
    "logrotate": True,
    "chrony": True,
    "may set the clock": True,
    "container": False,
    "swap files": {},
    "users": frozenset({"root", "nobody"}),
}


class Everywhere(dict[str, FileState]):
    """Files by path; where nothing is said, nothing stands."""

    def __missing__(self, path: str) -> FileState:
        return FileState(path, files.ABSENT)


class Sizes(dict[str, "int | None"]):
    def __missing__(self, path: str) -> None:
        return None


def text_file(path: str, text: str, mode: int = 0o644) -> FileState:
    return FileState(path, files.FILE, content=text.encode(), mode=mode)


def host(*others: FileState, rehearsal: bool = False, seen: Mapping[str, Any] | None = None) -> Have:
    """A Debian 12 machine with all tools; `others` stand on it too, and `seen` is what differs there."""
    there = Everywhere({path: FileState(path, files.DIRECTORY, mode=0o755) for path in FOLDERS})
    there.update({path: text_file(path, text) for path, text in TEXTS.items()})
    there.update({path: FileState(path, files.LINK, target=to) for path, to in LINKS.items()})
    there.update({one.path: one for one in others})
    units = {"chrony.service": UnitState("chrony.service", active="active", enabled="enabled")}
    return Have(there, units, {**SEEN, "swap files": Sizes(), **(seen or {})}, Managed(), rehearsal)


def standing_on(have: Have, *others: FileState) -> Have:
    """The host with these on it, whatever stood there."""
    return have._replace(files=Everywhere({**have.files, **{one.path: one for one in others}}))


def params(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options as a module gets them: all of them, with their defaults."""
    return {name: _filled(spec, options.get(name)) for name, spec in SPEC.items()}


def _filled(spec: Mapping[str, Any], value: Any) -> Any:
    if "options" not in spec or value is None:
        return spec.get("default") if value is None else value
    return [{name: _filled(one, entry.get(name)) for name, one in spec["options"].items()} for entry in value]


def planned(options: Mapping[str, Any], have: Have, *, proof_within_s: float = 0) -> list[Plan]:
    return plan(registry.parse(params(options)), have, proof_within_s=proof_within_s)


def asked(options: Mapping[str, Any], have: Have) -> list[tuple[str, ...]]:
    """The commands that are asked about it before anything is touched."""
    found = parts(registry.parse(params(options)), have)
    return [ask.argv for part in found.values() for ask in part.asks]


def steps_of(plans: Sequence[Plan]) -> list[Step]:
    """The steps without those of our own memory."""
    return [step for one in plans for step in one.steps if step.target != MANIFEST]


def told(plans: Sequence[Plan]) -> list[tuple[str, ...]]:
    """The steps in words: kind and target, or the command."""
    return [_words(step) for step in steps_of(plans)]


def _words(step: Step) -> tuple[str, ...]:
    if step.kind == "argv":
        return ("run", *step.args["argv"])
    return (str(step.args.get("action", step.kind)), step.target)


def after(plans: Sequence[Plan], have: Have) -> Have:
    """The host once all steps were taken there."""
    for one in plans:
        for step in one.steps:
            have = _taken(step, have)
    return have


def _taken(step: Step, have: Have) -> Have:
    if step.target == MANIFEST:
        return have._replace(managed=_remembered(step))
    if step.kind == "unit":
        return have._replace(units={**have.units, step.target: _unit(step, have)})
    if step.kind == "argv":
        have = have._replace(seen=_seen(step.args["argv"], have))
        if step.target != "rm":
            return have
        step = steps.remove(step.args["argv"][-1])
    return standing_on(have, _file(step, have.files[step.target]))


def _remembered(step: Step) -> Managed:
    if step.kind == "remove":
        return Managed()
    kept = json.loads(step.args["content"])
    return Managed({path: _managed._kept(one) for path, one in kept["files"].items()}, kept["facts"])


def _unit(step: Step, have: Have) -> UnitState:
    state = have.units.get(step.target, UnitState(step.target))
    changes: dict[str, dict[str, Any]] = {
        "enable": {"enabled": "enabled"},
        "disable": {"enabled": "disabled"},
        "stop": {"active": "inactive"},
        "daemon-reload": {},
    }
    return state._replace(**changes.get(step.args["action"], {"active": "active"}))


def _seen(argv: Sequence[str], have: Have) -> Mapping[str, Any]:
    if argv[0] == "hostname":
        return {**have.seen, "hostname": argv[1]}
    if argv[0] == "locale-gen":
        lines = have.text("/etc/locale.gen").splitlines()
        names = [line.split()[0].replace("UTF-8", "utf8") for line in lines if not line.startswith("#")]
        return {**have.seen, "locales": ("C", "C.utf8", "POSIX", *names)}
    sizes = Sizes(have.seen["swap files"])
    if argv[0] == "fallocate":
        sizes[argv[3]] = int(argv[2].removesuffix("MiB"))
    elif argv[0] == "rm":
        del sizes[argv[-1]]
    return {**have.seen, "swap files": sizes}


def _file(step: Step, state: FileState) -> FileState:
    path, mode = step.target, step.args.get("mode")
    if step.kind == "remove":
        return FileState(path, files.ABSENT)
    if step.kind == "link":
        return FileState(path, files.LINK, target=step.args["to"])
    new = {"write": 0o644, "directory": 0o755}.get(step.kind, 0)
    kept = state.mode if state.kind in (files.FILE, files.DIRECTORY) else new
    kind = {"write": files.FILE, "directory": files.DIRECTORY}.get(step.kind, state.kind)
    return FileState(path, kind, content=step.args.get("content", state.content), mode=kept if mode is None else mode)
