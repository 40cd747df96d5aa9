"""What the shop sells; 3.0.0 is the release that never comes up, on purpose."""

from __future__ import annotations


def open_catalogue() -> None:
    """Fail as a release does whose migration was forgotten."""
    raise RuntimeError("the catalogue of 3.0.0 has no prices")
