# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's records of rollouts, for whoever reports on them."""

from __future__ import annotations

import os
from typing import Any

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import Unreadable
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout import report
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import rollout_record
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.rollout_record import Place


def history(root: str, since: float) -> dict[str, Any]:
    """Return the rollouts that were under way after `since`, oldest first, and why a record could not be read.

    Each is what its JSON report tells, with when it `began`, its `last` event and whether it has `ended`.
    """
    place = Place(root)
    names = sorted(os.listdir(place.runs)) if os.path.isdir(place.runs) else []
    found, unreadable = [], []
    for name in names:
        if not name.endswith(".jsonl"):
            continue
        try:
            run = rollout_record.read(os.path.join(place.runs, name))
        except (Unreadable, OSError) as error:
            unreadable.append(str(error))
            continue
        if run and run.last >= since:
            found.append({**report.as_dict(run), "began": run.began, "last": run.last, "ended": run.ended})
    return {"rollouts": sorted(found, key=lambda one: one["began"]), "unreadable": unreadable}
