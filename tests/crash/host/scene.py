"""The host before and after the transaction: how it is set up, what the transaction is, how it is looked at.

Every trace takes real steps on a real service. `old` and `new` are whole snapshots: content, owner, mode, extended
attributes, links, time stamps, packages, and what systemd runs.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import shutil
import stat
import struct
import subprocess
import tarfile
import time
import urllib.request
from typing import Any, NamedTuple

from ansible_collections.groundcrew.fleet.plugins.module_utils._host import checks, files
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import ledger, steps
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.lock import Actor
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import HOST, Paths
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.steps import Plan, Step

from . import shop

TOP = "/srv/crash"
ROOT = shop.ROOT
UNITS = "/etc/systemd/system"
SIDE = "crash-side.service"
SECRET_OLD, SECRET_NEW = b"planted-old-5e1f\n", b"planted-new-77aa\n"
# Where hosts have a release's artefact before its transaction begins.
ARTEFACT = f"{TOP}/release.tar.gz"
STAMP_NS = 1_700_000_000_123_456_789
GAMES, MAIL = 5, 8
RUN = "run-of-the-crash-test"
SIDE_UNIT = b"[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n"


class Facts(NamedTuple):
    kind: str
    uid: int
    gid: int
    mode: int
    xattrs: tuple[tuple[str, bytes], ...]
    content: bytes
    mtime_ns: int


Snapshot = dict[str, Any]


def actor(attempt: int = 1, *, wait_s: float = 60) -> Actor:
    """The run whose transaction is cut off; its next attempt takes over."""
    return Actor("crash", "crash test", RUN, attempt, wait_s)


def reset(paths: Paths = HOST, root: str = ROOT) -> None:
    """Bring the host to the old state, with an empty state directory."""
    forget(paths)
    shutil.rmtree(root, ignore_errors=True)
    build(root)
    if root == ROOT:
        reset_units()


def forget(paths: Paths = HOST) -> None:
    """Clear what transactions leave in the state directory."""
    for folder in (paths.journal, paths.undo):
        for name in os.listdir(folder) if os.path.isdir(folder) else []:
            shutil.rmtree(f"{folder}/{name}")
    for path in (paths.ledger, paths.lock, paths.quarantine):
        if os.path.exists(path):
            os.unlink(path)


def reset_units() -> None:
    timer = f"{UNITS}/groundcrew-undo.timer"
    if os.path.lexists(timer):
        call("systemctl", "disable", "--now", "groundcrew-undo.timer")
        os.unlink(timer)
    for path in (f"{UNITS}/multi-user.target.wants/{SIDE}", f"{UNITS}/{SIDE}"):
        if os.path.lexists(path):
            os.unlink(path)
    # The transaction reloads systemd's own view of its files: here it would only cost time.
    call("systemctl", "stop", SIDE)
    if version_of("crash-tool"):
        call("dpkg", "--purge", "crash-tool")
    if stale_service(within_s=0):
        call("systemctl", "reload-or-restart", "crash-shop")


def build(root: str) -> None:
    """Make the old tree: odd owners and modes, an ACL, a user attribute, a link."""
    for folder in ("", "/releases", "/releases/1", "/releases/2", "/legacy.d"):
        os.mkdir(root + folder, 0o755)
    _file(f"{root}/service.conf", b"version = 1\n", GAMES, MAIL, 0o640, acl=True)
    _file(f"{root}/secret.key", SECRET_OLD, 0, 0, 0o600)
    _file(f"{root}/legacy.conf", b"legacy\n", GAMES, 0, 0o604, acl=True)
    _file(f"{root}/legacy.d/a", b"a\n", 0, MAIL, 0o444)
    _file(f"{root}/data.db", b"data\n" * 1000, GAMES, GAMES, 0o600)
    _file(f"{root}/bystander", b"not ours\n", MAIL, MAIL, 0o4711)
    _file(f"{root}/releases/1/app.py", b"old\n", GAMES, MAIL, 0o640)
    # Whoever follows it takes away what is not the release's own.
    os.symlink("../../legacy.d", f"{root}/releases/1/shared")
    os.symlink("releases/1", f"{root}/current")


def _file(path: str, content: bytes, uid: int, gid: int, mode: int, *, acl: bool = False) -> None:
    with open(path, "wb") as file:
        file.write(content)
    os.chown(path, uid, gid)
    os.chmod(path, mode)
    if acl:
        # user::rw- user:mail:r-- group::r-- mask::r-- other::---, as setfacl -m u:mail:r writes it.
        nobody = 0xFFFFFFFF
        rows = ((1, 6, nobody), (2, 4, MAIL), (4, 4, nobody), (16, 4, nobody), (32, mode & 7, nobody))
        os.setxattr(
            path, "system.posix_acl_access", struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *r) for r in rows)
        )
        # A tmpfs has no attributes of users before Linux 6.6.
        with contextlib.suppress(OSError):
            os.setxattr(path, "user.origin", b"by hand")
    os.utime(path, ns=(STAMP_NS, STAMP_NS))


def file_steps(root: str = ROOT) -> tuple[Step, ...]:
    return (
        steps.directory(f"{root}/conf.d", owner="games", mode=0o750),
        steps.write(f"{root}/conf.d/new.conf", b"new\n", owner="mail", mode=0o640),
        steps.write(f"{root}/service.conf", b"version = 2\n"),
        steps.write(f"{root}/secret.key", SECRET_NEW, sensitive=True),
        steps.remove(f"{root}/legacy.conf"),
        steps.remove(f"{root}/legacy.d/a"),
        steps.remove(f"{root}/legacy.d"),
        steps.link(f"{root}/current", "releases/2"),
        steps.mode(f"{root}/data.db", group="mail", mode=0o640),
    )


def release_steps(root: str = ROOT) -> tuple[Step, ...]:
    """A release that is unpacked, unless it is there, and switched to, and the former one that goes."""
    new = f"{root}/releases/3"
    unpacked = () if os.path.exists(new) else (steps.tree(new, artefact(), sha256=files.digest_of(artefact())),)
    return (
        *unpacked,
        steps.link(f"{root}/current", "releases/3"),
        steps.erase(f"{root}/releases/1"),
    )


def artefact() -> str:
    """Return the path of the artefact, which is made at the first call."""
    if not os.path.exists(ARTEFACT):
        with tarfile.open(f"{ARTEFACT}.new", "w:gz") as archive:
            for number in range(10):
                info = tarfile.TarInfo(f"lib{number % 2}/{number}.py")
                info.size, info.mtime, info.mode = 500, STAMP_NS // 10**9, 0o755 if number else 0o600
                archive.addfile(info, io.BytesIO(b"%d" % number * 500))
            link = tarfile.TarInfo("lib0/now")
            link.type, link.linkname = tarfile.SYMTYPE, "../lib1"
            archive.addfile(link)
        os.rename(f"{ARTEFACT}.new", ARTEFACT)
    return ARTEFACT


def plan(trace: str) -> Plan:
    """The transaction of each trace: `disk` files and a reload, `files` all step kinds but packages and trees, `package`, `release`."""
    reload = steps.unit("crash-shop.service", "reload")
    proof = (checks.unit("crash-shop.service"), checks.http(f"http://127.0.0.1:{shop.PORT}/", contains="version = 2"))
    if trace == "disk":
        chosen = (*file_steps(), reload)
    elif trace == "release":
        chosen = (steps.write(f"{ROOT}/service.conf", b"version = 2\n"), *release_steps(), reload)
    elif trace == "package":
        few = tuple(step for step in file_steps() if not step.target.startswith(f"{ROOT}/legacy"))
        chosen = (*few, steps.package("install", {"crash-tool": "1.0"}), reload)
    else:
        chosen = (
            *file_steps(),
            steps.write(f"{UNITS}/{SIDE}", SIDE_UNIT),
            steps.unit("", "daemon-reload"),
            steps.unit(SIDE, "enable"),
            steps.unit(SIDE, "start"),
            steps.argv(["touch", f"{ROOT}/flag"], undo=["rm", "-f", f"{ROOT}/flag"]),
            reload,
        )
    return Plan(f"crash {trace}", chosen, checks=proof, within_s=10, units=("crash-shop.service",))


def snapshot(root: str = ROOT, *, packages: bool = False) -> Snapshot:
    """Everything that a transaction may have touched; packages where the trace has some."""
    found: Snapshot = {}
    for top in (root, UNITS) if root == ROOT else (root,):
        for folder, folders, names in os.walk(top):
            for name in (".", *folders, *names):
                found[os.path.normpath(f"{folder}/{name}")] = _facts(f"{folder}/{name}")
    if root == ROOT:
        found["side"] = call("systemctl", "is-active", SIDE).strip() == "active"
    if packages:
        found["packages"] = call("dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package} ${Version}\n")
        found["tool"] = os.path.exists("/usr/share/crash-tool/data")
    return found


def _facts(path: str) -> Facts:
    info = os.lstat(path)
    link = stat.S_ISLNK(info.st_mode)
    kind = "link" if link else "directory" if stat.S_ISDIR(info.st_mode) else "file"
    content = b""
    if link:
        content = os.readlink(path).encode()
    elif kind == "file":
        with open(path, "rb") as file:
            content = file.read()
    if len(content) > 100:
        content = hashlib.sha256(content).hexdigest().encode()
    xattrs = () if link else tuple((name, os.getxattr(path, name)) for name in sorted(os.listxattr(path)))
    # A directory's time stamp tells of every temporary that ever lay in it.
    mtime = info.st_mtime_ns if kind == "file" else 0
    return Facts(kind, info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode), xattrs, content, mtime)


def ageless(one: Snapshot) -> Snapshot:
    """A snapshot without time stamps: new files are as young as their transaction."""
    return {key: facts._replace(mtime_ns=0) if isinstance(facts, Facts) else facts for key, facts in one.items()}


def differences(wanted: Snapshot, found: Snapshot) -> list[str]:
    keys = sorted(set(wanted) | set(found))
    return [
        f"{key}: wanted {wanted.get(key)}, found {found.get(key)}" for key in keys if wanted.get(key) != found.get(key)
    ]


def stale_service(within_s: float = 5) -> str:
    """Return "" when the service runs with the files on the disk; a reload's signal takes a moment to arrive."""
    deadline = time.monotonic() + within_s
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{shop.PORT}/", timeout=5) as answer:
                running = answer.read().split(b"\n")[0].decode()
        except OSError as error:
            running = str(error)
        if running == shop.digest(shop.files()):
            return ""
        if time.monotonic() > deadline:
            return f"the service runs with other files than those on the disk: {running}"
        time.sleep(0.02)


def litter(paths: Paths, root: str, results: list[str]) -> list[str]:
    """Return what an ended transaction must not have left."""
    found = [f"unfinished journal {name}" for name in os.listdir(paths.journal)]
    for top in (root, UNITS):
        for folder, folders, names in os.walk(top):
            found += [f"{folder}/{name}" for name in (*folders, *names) if ".groundcrew-" in name]
    found += [path for path in (f"{UNITS}/groundcrew-undo.timer", paths.quarantine) if os.path.lexists(path)]
    wants = f"{UNITS}/timers.target.wants/groundcrew-undo.timer"
    found += [wants] if os.path.lexists(wants) else []
    kept = len(os.listdir(paths.undo))
    stands = sum(result in ("done", "finished") for result in results)
    if kept != stands:
        found.append(f"{kept} undo directories for {stands} transactions that stand")
    return found + secrets(paths)


def secrets(paths: Paths) -> list[str]:
    """Return the files of the state directory that hold a planted secret."""
    found = []
    for folder, _folders, names in os.walk(paths.base):
        for name in names:
            with open(f"{folder}/{name}", "rb") as file:
                content = file.read()
            if SECRET_OLD.strip() in content or SECRET_NEW.strip() in content:
                found.append(f"a secret in {folder}/{name}")
    return found


def results(paths: Paths) -> list[str]:
    """Return how the transactions in the ledger ended, and a complaint where its chain does not hold."""
    broken = [] if ledger.holds(paths) else ["BROKEN CHAIN"]
    return [str(entry["result"]) for entry in ledger.entries(paths)] + broken


def version_of(package: str) -> str:
    done = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True, check=False
    )
    return done.stdout


def call(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=False).stdout
