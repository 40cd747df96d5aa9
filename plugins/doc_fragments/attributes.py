# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The attributes that every module declares."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Can run in C(check_mode) and tells what a run would change, without changing anything.
    support: full
  diff_mode:
    description: Returns what has changed, or would change, when in diff mode.
    support: full
  idempotent:
    description: Makes no change when run again with the same options on the same host.
    support: full
  platform:
    description: Systems that it works on.
    platforms: debian
    support: full
"""

    INFO_MODULE = r"""
attributes:
  check_mode:
    description: Only reads, so check mode changes nothing about it.
    support: full
  diff_mode:
    description: Only reads, so there is nothing to show.
    support: N/A
  idempotent:
    description: Makes no change, ever.
    support: full
  platform:
    description: Systems that it works on.
    platforms: debian
    support: full
"""

    ACTIONGROUP = r"""
options: {}
attributes:
  action_group:
    description: Takes the options of a run from C(module_defaults) of C(group/groundcrew.fleet.fleet).
    support: full
    membership:
      - groundcrew.fleet.fleet
"""
