"""What the shop sells; 3.0.0 is the release that never comes up, on purpose."""

from __future__ import annotations


def open_catalogue() -> None:
    raise RuntimeError("the catalogue of 3.0.0 has no prices")


def page() -> str:
    return ""


def order(body: bytes) -> str:
    return ""
