# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options in module_utils/_argspec.py: RUN_OPTIONS."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  run_id:
    description:
      - The run that this change belongs to. Modules of the same run share the host's lock.
      - Playbooks hand it to all modules at once through C(module_defaults) of C(group/groundcrew.fleet.fleet).
      - Without it each call is a run of its own.
    type: str
  run_attempt:
    description: Which attempt of the run this is; a resumed run counts up, so that it never meets its own orphan.
    type: int
    default: 1
  owner:
    description:
      - Who makes the change, in the lock and in the host's ledger.
      - Without it, the user that logged in to the host.
    type: str
  reason:
    description: Why the change is made, in the lock and in the host's ledger.
    type: str
  lock_wait_s:
    description: Seconds to wait for another run that holds the host's lock before failing with its name.
    type: int
    default: 60
  lock_ttl_s:
    description: Seconds after which the lock of a run that has died no longer counts. Each module of the run renews it.
    type: int
    default: 3600
"""
