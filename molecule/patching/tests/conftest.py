"""What the tests share: the scenario's playbooks, each played once for both hosts, and what their tasks answered."""

from __future__ import annotations

from ansible_collections.groundcrew.fleet.molecule.shared.calls import play

__all__ = ["play"]
