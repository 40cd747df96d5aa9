"""What has to be there before something else is, on the way there and on the way back."""

from __future__ import annotations

from ansible_collections.groundcrew.fleet.plugins.module_utils._host import files
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.files import FileState
from ansible_collections.groundcrew.fleet.plugins.module_utils._managed import Before, Kept, Managed
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.steps import Plan
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.facts import Facts
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.layers import ssh
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.plan import plan
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.rule import File, Rule, Sshd
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.state import Have
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.want import Want
from ansible_collections.groundcrew.fleet.plugins.module_utils.packages.need import Host, Need
from ansible_collections.groundcrew.fleet.plugins.module_utils.packages.state import Have as Packages

ISSUE = "/etc/issue"
RULES = (Rule("banners-issue", "banners", "what", "why", File(ISSUE, "keep out\n")),)


def host(text: bytes, managed: Managed, packages: Packages | None = None) -> Have:
    there = {path: FileState(path, files.DIRECTORY, mode=0o755) for path in ("/etc", "/")}
    there[ISSUE] = FileState(ISSUE, files.FILE, text, mode=0o644)
    return Have(Facts(), there, managed={"banners": managed}, packages=packages)


def targets(planned: Plan) -> list[str]:
    return [step.target for step in planned.steps]


def test_packages_come_before_the_files_that_are_read_by_them() -> None:
    unfinished = Packages(Host({}, frozenset(), {}, interrupted=("auditd",)), Need())
    safe, _access = plan(Want(("banners",), {}), RULES, host(b"Debian\n", Managed(), unfinished))
    assert targets(safe)[:2] == ["dpkg", ISSUE]


def test_packages_that_we_removed_come_back_after_the_files() -> None:
    ours = b"keep out\n"
    kept = Kept(Before(files.FILE, b"Debian\n", mode=0o644), f"file {files.digest(ours)} 0:0 0644")
    have = host(ours, Managed({ISSUE: kept}, {"removed": ["telnetd"]}))
    safe, _access = plan(Want(("banners",), {}, present=False), RULES, have)
    assert targets(safe)[:2] == [ISSUE, "telnetd"]


def test_lists_of_keys_are_there_before_the_server_is_told_of_them() -> None:
    settings = {name: option.get("default") for name, option in ssh.OPTIONS.items()}
    authority = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJvYg=="
    rules = ssh.rules({**settings, "user_ca_keys": [authority]}, Facts(openssh=(9, 2)))
    first_setting = [isinstance(rule.thing, Sshd) for rule in rules].index(True)
    before = {rule.thing.path for rule in rules[:first_setting] if isinstance(rule.thing, File)}
    assert before == {ssh.REVOKED, ssh.CA_KEYS}
