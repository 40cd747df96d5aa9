# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of kernel_settings: the proof that we can still log in."""

from __future__ import annotations

from ansible_collections.groundcrew.fleet.plugins.plugin_utils.proof import ProvenAction


class ActionModule(ProvenAction):
    MODULE = "groundcrew.fleet.kernel_settings"
