"""What package_updates_info tells of a host, for the tests of reports: a host that is well, and what is to differ."""

from __future__ import annotations

from typing import Any

NOW = "2026-03-31T12:00:00Z"
WELL: dict[str, Any] = {
    "manager": "apt",
    "release": "debian 12 amd64",
    "plan": [],
    "held": [],
    "no_longer_needed": [],
    "restart": {"due": [], "after": [], "left": {}},
    "reboot": {"needed": False, "why": [], "after": [], "running_kernel": "6.1.0-30", "newest_kernel": "6.1.0-30"},
    "space": [],
    "way_back": {"complete": True, "missing": {}},
    "cves": {"open": [], "source": "changelogs"},
    "interrupted": [],
    "unknown": [],
    "history": [],
    "patch_age_days": 0.0,
    "last_patched": "2026-03-30T02:00:00Z",
    "last_boot": "2026-03-01T12:00:00Z",
    "lists_age_s": 3600.0,
    "idle": True,
    "repair_first": False,
}


def answer(**differs: Any) -> dict[str, Any]:
    """The answer of a host that is well but for what `differs`."""
    return {**WELL, **differs}


def update(name: str, **differs: Any) -> dict[str, Any]:
    """An update of a plan."""
    usual = {
        "name": name,
        "from": "1.0-1",
        "to": "1.0-2",
        "origin": "Debian-Security:bookworm-security",
        "security": True,
        "cves": [],
        "priority": "",
        "source": name,
        "download_bytes": 1000,
        "disk_bytes": 0,
        "age_days": 1.0,
        "config_files": [],
    }
    return {**usual, **differs}


def held(name: str, why: str = "on hold", *, security: bool = False) -> dict[str, Any]:
    return {"name": name, "from": "1.0-1", "to": "1.0-2", "security": security, "why": why}


def reboot(needed: bool | None, *why: str) -> dict[str, Any]:
    return {"needed": needed, "why": list(why), "after": [], "running_kernel": "6.1.0-29", "newest_kernel": "6.1.0-30"}


def run(when: str, run_id: str = "r1", result: str = "done", **differs: Any) -> dict[str, Any]:
    """An entry of a host's history."""
    usual = {"what": "update 1 packages", "who": "alice@ops", "reason": "", "packages": {"bash": ["1", "2"]}}
    return {"when": when, "run_id": run_id, "result": result, **usual, **differs}
