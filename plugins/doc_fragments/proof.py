# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options in module_utils/_argspec.py: PROOF_OPTIONS."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  proof_within_s:
    description:
      - Seconds within which a new login has to prove that the host can still be reached, after a change that could prevent that.
      - The new login shares no connection with the one that is open, takes the same user, proxy and way to become root, and is made by itself.
      - Without it, after a lost connection, a killed controller or a reboot, the host takes the change back by itself.
    type: float
    default: 60
"""
