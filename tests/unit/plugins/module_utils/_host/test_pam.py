"""Which PAM profiles wait for the next pam-auth-update."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.groundcrew.fleet.plugins.module_utils._host import pam

PROFILE = "Name: x\nDefault: {default}\nPriority: 1\n"


def test_a_profile_waits_that_is_on_by_default_and_that_nobody_has_seen(tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    for name, default in {"unix": "yes", "refuse": "yes", "mkhomedir": "no", "ours": "yes", "old~": "yes"}.items():
        (tmp_path / "profiles" / name).write_text(PROFILE.format(default=default))
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "seen").write_text("unix\n")
    assert pam.waiting(["ours"], str(tmp_path / "profiles"), str(tmp_path / "saved")) == ("refuse",)


def test_a_host_without_profiles_has_none_that_wait(tmp_path: Path) -> None:
    assert pam.waiting([], str(tmp_path / "none"), str(tmp_path)) == ()
