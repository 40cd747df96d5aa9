"""What the shop sells."""

from __future__ import annotations

import time

CATALOGUE: dict[str, int] = {}
WAREHOUSE_S = 0.02


def open_catalogue() -> None:
    """Know the prices, in cents."""
    CATALOGUE.update({"wrench": 1900, "torch": 1250, "chocks": 3400})


def page() -> str:
    """The price list; asking the warehouse what is in stock takes about 20 ms."""
    time.sleep(WAREHOUSE_S)
    return "".join(f"{item}: {cents / 100:.2f}\n" for item, cents in sorted(CATALOGUE.items()))


def order(body: bytes) -> str:
    """Take an order, which the warehouse confirms."""
    time.sleep(WAREHOUSE_S)
    return f"ordered {len(body)} bytes\n"
