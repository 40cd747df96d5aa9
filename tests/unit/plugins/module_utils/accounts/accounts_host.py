"""A host with root and bob, what is asked of it, and what comes out."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from ansible_collections.groundcrew.fleet.plugins.module_utils import _managed
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import files
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.files import FileState
from ansible_collections.groundcrew.fleet.plugins.module_utils._managed import Managed
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.steps import Plan
from ansible_collections.groundcrew.fleet.plugins.module_utils.accounts.server import CONFIG, DROPIN, KEYS, OURS
from ansible_collections.groundcrew.fleet.plugins.module_utils.accounts.state import SUDOERS, Have
from ansible_collections.groundcrew.fleet.plugins.module_utils.accounts.want import parse

TODAY = 20780
RISK = "nobody can become root"
PASSWD = "root:x:0:0:root:/root:/bin/bash\nodd line\nbob:x:1000:1000:Bob:/home/bob:/bin/bash\n"
SHADOW = "root:*:19000:0:99999:7:::\nbob:$6$s$hash:19000:0:99999:7:::\n"
GROUP = "root:x:0:\nsudo:x:27:bob\nwheel:x:50:\nbob:x:1000:\n"
GSHADOW = "root:*::\nsudo:*::bob\nwheel:!::\nbob:!::\n"
BLOB = base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(32)).decode()
KEY = f"ssh-ed25519 {BLOB} somebody"
DATABASES = {"/etc/passwd": PASSWD, "/etc/shadow": SHADOW, "/etc/group": GROUP, "/etc/gshadow": GSHADOW, CONFIG: ""}
ABSENT = (
    *(SUDOERS, DROPIN, KEYS, "/etc/groundcrew", "/home/alice", "/home/yan", "/home/zoe"),
    *(f"{KEYS}/{name}" for name in ("alice", "bob", "shop", "root")),
)
MODES = {SUDOERS: 0o440, "/etc/shadow": 0o640, "/etc/gshadow": 0o640}


def want(**options: Any) -> Any:
    return parse({"proof_within_s": 60, **options})


def _standing(texts: Mapping[str, str]) -> dict[str, FileState]:
    """Every path that a plan may touch: these files, three homes, and nothing at the others."""
    found = {path: FileState(path, files.ABSENT) for path in ABSENT}
    found.update({path: written_file(path, text) for path, text in texts.items()})
    for home, uid in (("/home", 0), ("/home/bob", 1000), ("/root", 0)):
        found[home] = FileState(home, files.DIRECTORY, uid=uid, mode=0o755)
    return found


def have(
    texts: Mapping[str, str] | None = None,
    managed: Managed | None = None,
    *,
    by_hand: int = 1,
    busy: int = -1,
    elsewhere: Mapping[Any, str] | None = None,
) -> Have:
    """A host with root and bob, who has a key at home and is in group sudo.

    `by_hand` counts his keys, and `elsewhere` is what LDAP knows: a name by database and name or number.
    """
    there = {**DATABASES, **(texts or {})}
    known = elsewhere or {}
    reads = f"{OURS} .ssh/authorized_keys" if DROPIN in there else ".ssh/authorized_keys"
    return Have(
        files=_standing(there),
        settings={"UID_MIN": "1000", "SYS_UID_MAX": "999", "PASS_MAX_DAYS": "365"},
        shells=frozenset({"/bin/bash", "/bin/sh"}),
        skeleton={".profile": FileState("/etc/skel/.profile", files.FILE, content=b"# hello\n", mode=0o644)},
        patterns=(".ssh/authorized_keys",),
        other_keys={("bob", "/home/bob"): by_hand},
        sudoers={"/etc/sudoers": "root ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\n"},
        sshd={
            "permitrootlogin": ["prohibit-password"],
            "passwordauthentication": ["no"],
            "authorizedkeysfile": [reads],
        },
        keys_first=(DROPIN, f"{OURS} .ssh/authorized_keys"),
        ssh_active=True,
        processes={busy: [812]},
        managed=managed or Managed(),
        today=TODAY,
        entry=lambda database, key: known.get((database, key), ""),
    )


def written_file(path: str, text: str) -> FileState:
    return FileState(path, files.FILE, content=text.encode(), mode=MODES.get(path, 0o644))


def after(planned: Plan, before: Have) -> Have:
    """The host once the plan was taken."""
    texts = {path: text for path, text in written(planned).items() if not path.startswith("/var")}
    found = {**before.files, **{path: written_file(path, text) for path, text in texts.items()}}
    for step in planned.steps:
        if step.kind == "remove":
            found[step.target] = FileState(step.target, files.ABSENT)
        if step.kind == "directory":
            uid = int(step.args["owner"])
            found[step.target] = FileState(step.target, files.DIRECTORY, uid=uid, mode=step.args["mode"])
    reads = f"{OURS} {' '.join(before.patterns)}" if found[DROPIN].exists else " ".join(before.patterns)
    managed = manifest(planned) if _managed.path_of("accounts") in written(planned) else before.managed
    return before._replace(files=found, managed=managed, sshd={**before.sshd, "authorizedkeysfile": [reads]})


def written(planned: Plan) -> dict[str, str]:
    return {step.target: step.args["content"].decode() for step in planned.steps if step.kind == "write"}


def line(planned: Plan, path: str, name: str) -> str:
    return next(one for one in written(planned)[path].splitlines() if one.startswith(f"{name}:"))


def manifest(planned: Plan) -> Managed:
    return Managed(facts=json.loads(written(planned)[_managed.path_of("accounts")])["facts"])
