"""What the shop sells; since 2.0.0 with a line that sums up."""

from __future__ import annotations

import time

CATALOGUE: dict[str, int] = {}
WAREHOUSE_S = 0.02


def open_catalogue() -> None:
    """Know the prices, in cents."""
    CATALOGUE.update({"wrench": 1900, "torch": 1250, "chocks": 3400, "headset": 8900})


def page() -> str:
    """The price list and its sum; asking the warehouse what is in stock takes about 20 ms."""
    time.sleep(WAREHOUSE_S)
    lines = [f"{item}: {cents / 100:.2f}" for item, cents in sorted(CATALOGUE.items())]
    return "\n".join([*lines, f"all of it: {sum(CATALOGUE.values()) / 100:.2f}", ""])


def order(body: bytes) -> str:
    """Take an order, which the warehouse confirms."""
    time.sleep(WAREHOUSE_S)
    return f"ordered {len(body)} bytes\n"
