# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which updates are let through, said once for package_updates and package_updates_info."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  only:
    description:
      - Packages to update, by name or shell pattern, with what they newly need; all if empty.
      - One that is tied to the new version of another is kept back until that is among them.
    type: list
    elements: str
    default: []
  exclude:
    description: Packages that are left as they are, by name or shell pattern. What needs a newer one of them is kept back too.
    type: list
    elements: str
    default: []
  security_only:
    description:
      - Whether to take security updates only.
      - One is a security update when any version between the installed and the new one came from a security archive, or has an
        advisory of that kind.
    type: bool
    default: false
  min_priority:
    description:
      - The least priority that an update must have, as the security tracker or the advisory rates it.
      - A security update that nobody has rated counts as V(critical), any other one as V(low).
    type: str
    choices: [low, medium, high, critical]
  min_age_days:
    description:
      - How many days an update must have been known. For apt that is since this host first saw it, by these modules.
    type: float
    default: 0
  allow_removals:
    description: Whether an update may remove other packages; without it, one that would is kept back.
    type: bool
    default: false
  patch_set:
    description:
      - The patch set whose versions this host gets, as the lookup P(groundcrew.fleet.patch_set#lookup) returns it; then
        O(security_only), O(min_priority) and O(min_age_days) were decided when it was made.
      - A version that no repository of this host has is refused. What is newer here than in the set stays.
    type: dict
  security_tracker:
    description:
      - Path on the host of a copy of U(https://security-tracker.debian.org/tracker/data/json), also gzipped. CVEs and priorities of
        Debian's updates come from it.
      - Without one, the CVEs of an update are known when its archive is at hand already, from its changelog.
    type: path
  config_files:
    description:
      - What becomes of a configuration file that somebody has edited and that comes new. V(keep) leaves it and tells where the new one
        lies, V(take) takes the new one, V(refuse) fails before anything is changed.
    type: str
    choices: [keep, take, refuse]
    default: keep
  require_way_back:
    description: Whether to refuse an update when a version that it replaces could not be kept for the way back.
    type: bool
    default: false
  restart:
    description: Whether units that run replaced code are restarted.
    type: bool
    default: true
  keep_running:
    description: Units, as shell patterns, that are never restarted but told.
    type: list
    elements: str
    default: []
  update_cache:
    description: Whether to fetch the lists of packages first. Check mode does so too, since its plan would be another one without.
    type: bool
    default: true
  cache_valid_time_s:
    description: Seconds for which lists that were fetched before are good enough.
    type: int
    default: 3600
  manager:
    description: The package manager; V(auto) is the one that the host has, apt where it has both.
    type: str
    choices: [auto, apt, dnf]
    default: auto
"""
