"""On-call files for tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

PEOPLE: dict[str, Any] = {
    "alice": {"time_zone": "Europe/Berlin", "contact": {"email": "alice@example.com"}},
    "bob": {"time_zone": "America/New_York", "contact": {"webhook": "https://pager.example.com/bob-secret"}},
    "carol": {"time_zone": "Australia/Lord_Howe", "contact": {"chat": "https://chat.example.com/carol-secret"}},
    "dan": {"contact": {"email": ["dan@example.com", "dan@example.net"]}},
}
WEEKLY: dict[str, Any] = {"people": ["alice", "bob"], "start": "2026-01-05"}


def team(*layers: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"time_zone": "Europe/Berlin", "tickets": {"email": "shop@example.com"}, "layers": list(layers), **more}


def file(*layers: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A file with one team, shop, of these layers, or of one weekly rotation."""
    return {"people": PEOPLE, "teams": {"shop": team(*(layers or (WEEKLY,)), **more)}}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")
