# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of the run in check mode that drift is read from."""

from __future__ import annotations

from collections.abc import Sequence

# The inner run has no terminal.
PROMPTS = ("ask_pass", "become_ask_pass", "ask_vault_pass")


def argv(own: Sequence[str], own_playbooks: Sequence[str], playbooks: Sequence[str]) -> list[str]:
    """Return the arguments of our command line with other playbooks, in check and diff mode."""
    # `python -m ansible playbook` has a word more than `ansible-playbook`.
    kept = list(own[2:] if own[0].endswith("__main__.py") else own[1:])
    for playbook in own_playbooks:
        # From the right: a file of that name may also be the value of an option before it.
        if playbook in kept:
            del kept[len(kept) - 1 - kept[::-1].index(playbook)]
    return [*kept, "--check", "--diff", *playbooks]


def environment(report: str) -> dict[str, str]:
    """Return what the inner run's environment has beyond ours."""
    return {
        "ANSIBLE_STDOUT_CALLBACK": "groundcrew.fleet.drift",
        "GROUNDCREW_DRIFT_REPORT": report,
    }
