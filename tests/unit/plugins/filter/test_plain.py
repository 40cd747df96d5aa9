# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from collections import UserString

from ansible_collections.groundcrew.fleet.plugins.filter.plain import FilterModule


class Vaulted(UserString):
    """A text as core 2.16 has one that is vaulted in place: a sequence that is no str."""


def test_texts_that_are_vaulted_in_place_are_told_and_all_else_stays() -> None:
    receivers = [
        {"name": "team", "webhook_configs": [{"url": Vaulted("https://hook"), "send_resolved": True, "max": 3}]}
    ]
    told = FilterModule().filters()["plain"](receivers)
    assert json.loads(json.dumps(told)) == [
        {"name": "team", "webhook_configs": [{"url": "https://hook", "send_resolved": True, "max": 3}]}
    ]
