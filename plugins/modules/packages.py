# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: packages
short_description: Repositories, packages, exact versions, holds and marks of a host, in one call and one transaction
version_added: 0.1.0
description:
  - Brings Debian packages and the repositories that they come from to what is listed.
  - Asks C(apt-get) itself what that would mean, and shows each package with versions and sizes, dependencies included. Check mode does the
    same, also for packages of a repository that the host does not have yet; their lists are then fetched to a temporary directory.
  - Removes nothing that is not listed, unless O(allow_removals) says so, and nothing that Debian marks as essential or protected.
  - But for what a listed package takes the place of, since both provide the same name and conflict with it, such as C(time-daemon) or
    C(mail-transport-agent). It is told in RV(replaced), and comes back when that package leaves the list or is listed as absent.
  - Ends what an interrupted dpkg has left before anything else, and shows that as a step.
  - What it installed and what left the list goes again, unless something that stays needs it. Dependencies that came along stay
    also where something that stays recommends them. What was there before stays; one that was installed automatically is so again.
  - Recommended packages are not installed. Configuration files that somebody has edited are kept.
  - On a host that is as listed it starts nothing but one C(dpkg-query).
  - When a step or the verification fails, new packages are purged, and others return to their former version where a repository still has
    it; where none has, the failure says so. What dpkg had been interrupted at, and configuration that was purged, do not come back.
author:
  - The groundcrew.fleet founders (@groundcrew)
extends_documentation_fragment:
  - groundcrew.fleet.run
  - groundcrew.fleet.attributes
  - groundcrew.fleet.attributes.actiongroup
options:
  packages:
    description:
      - Packages, each a name, or a dictionary with C(name) and what is asked of it.
      - C(state) is V(present), the default, or V(absent). Present is any version, unless C(version) names an exact one, which may be older
        than the installed one.
      - C(held) says whether apt leaves its version alone from now on; as it is by default. What is on hold changes only where it is listed
        itself.
      - C(purge) takes its configuration too when it goes, now or when it leaves the list, and that of dependencies that came for its sake
        alone and go with it.
    type: list
    elements: raw
    default: []
  repositories:
    description: Repositories, each C(/etc/apt/sources.list.d/NAME.sources) with its key and pin.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Names its files.
        type: str
        required: true
      state:
        description: Whether it shall be there. Packages from it stay.
        type: str
        choices: [present, absent]
        default: present
      uris:
        description: Where it is.
        type: list
        elements: str
        default: []
      types:
        description: Whether it has packages or their sources.
        type: list
        elements: str
        choices: [deb, deb-src]
        default: [deb]
      suites:
        description: Such as V(bookworm), or a path with a slash at its end.
        type: list
        elements: str
        default: []
      components:
        description: Such as V(main); none where the suite is a path.
        type: list
        elements: str
        default: []
      architectures:
        description: Architectures to take from it; the host's own by default.
        type: list
        elements: str
        default: []
      key:
        description:
          - The key that signs it, in ASCII armour or as base64; it is put into C(/etc/apt/keyrings/NAME.asc) and counts for this repository only.
          - Or the path of a keyring that is on the host.
          - Without it, the keys that the host trusts for all repositories count.
        type: str
      pin:
        description: How its packages rank, as C(/etc/apt/preferences.d/NAME).
        type: dict
        suboptions:
          priority:
            description: As apt_preferences(5) has it. Below 0 is never, 500 as others, above 1000 even if it is older.
            type: int
            required: true
          packages:
            description: Names or patterns that it is for.
            type: list
            elements: str
            default: ["*"]
          match:
            description: What to pin, such as V(release n=bookworm-backports); all from the hosts of C(uris) by default.
            type: str
  name:
    description: Names the list, so that several can stand side by side. A package goes when no list has it any more.
    type: str
    default: fleet
  purge_unlisted:
    description:
      - Whether what left the list goes, as far as this module had installed it. Repositories go too, and their files become what was there before.
      - What this host is managed through (the SSH server, sudo, Python, systemd) only goes when it is listed as absent.
    type: bool
    default: true
  allow_removals:
    description:
      - Lets a plan pass that removes packages that are not listed, since they need one that goes, or conflict with one that comes. These
        do not come back.
    type: bool
    default: false
  cache_valid_time_s:
    description: Seconds for which lists of packages that were fetched before are good enough when something is to be installed.
    type: int
    default: 3600
  lock_wait_s:
    description:
      - Seconds to wait for another run that holds the host's lock before failing with its name.
      - Also for another program that holds the lock of dpkg or apt, before failing with its process and command.
    type: int
    default: 60
  force:
    description: Whether files of repositories that leave go even if somebody has edited them; otherwise they are kept and named in RV(kept).
    type: bool
    default: false
seealso:
  - module: groundcrew.fleet.package_updates
  - module: ansible.builtin.apt
  - module: ansible.builtin.deb822_repository
"""

EXAMPLES = r"""
- name: Ensure that the host has its tools, and none that left the list
  groundcrew.fleet.packages:
    packages:
      - ca-certificates
      - {name: openssh-server, held: true}
      - {name: nano, state: absent, purge: true}
  become: true

- name: Ensure that newer packages can be had from the backports where they are asked for
  groundcrew.fleet.packages:
    name: backports
    repositories:
      - name: backports
        uris: [http://deb.debian.org/debian]
        suites: [bookworm-backports]
        components: [main]
        key: /usr/share/keyrings/debian-archive-keyring.gpg
        pin: {priority: 100, match: release n=bookworm-backports}
  become: true
"""

RETURN = r"""
packages:
  description:
    - The packages that were installed, replaced or removed, or would be, with dependencies. C(from) or C(to) is empty for one that is not there.
    - C(download_bytes) is its archive, C(installed_bytes) what it takes on the disk, C(replaced_bytes) what the former version took.
  type: list
  elements: dict
  returned: success
  sample:
    - {"name": "curl", "from": "", "to": "7.88.1-10+deb12u14", "download_bytes": 315892, "installed_bytes": 514048, "replaced_bytes": 0}
download_bytes:
  description: The sum of all archives.
  type: int
  returned: success
  sample: 315892
disk_bytes:
  description: What the disk has to give; negative where space becomes free.
  type: int
  returned: success
  sample: 514048
interrupted:
  description: What dpkg had been interrupted at, which was finished first.
  type: list
  elements: str
  returned: success
  sample: []
replaced:
  description: What makes place for a listed package, and for which.
  type: dict
  returned: success
  sample: {"systemd-timesyncd": "chrony"}
kept:
  description: What left the list and stays, with the reason.
  type: dict
  returned: success
  sample: {"libcurl4": "something that stays needs it: it stays, marked as automatic"}
steps:
  description: The steps that were taken, or would be.
  type: list
  elements: dict
  returned: success
  sample: [{"kind": "package", "target": "curl", "action": "install"}]
verified:
  description: What was verified.
  type: list
  elements: dict
  returned: success
  sample: [{"check": "packages curl", "detail": "curl 7.88.1-10+deb12u14", "seconds": 0.02}]
seconds:
  description: How long it took.
  type: float
  returned: success
  sample: 4.1
ledger:
  description: The digest of the host's last ledger line; empty when nothing was to be done.
  type: str
  returned: success
  sample: ""
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils._module import converge
from ansible_collections.groundcrew.fleet.plugins.module_utils.packages.plan import plan
from ansible_collections.groundcrew.fleet.plugins.module_utils.packages.spec import SPEC
from ansible_collections.groundcrew.fleet.plugins.module_utils.packages.state import read
from ansible_collections.groundcrew.fleet.plugins.module_utils.packages.want import parse


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        want = parse(module.params)
    except FleetError as error:
        module.fail_json(msg=str(error))
    wait_s, rehearsal = module.params["lock_wait_s"], module.check_mode
    converge(
        module,
        read=lambda: read(want, wait_s=wait_s, own_lists=rehearsal),
        plan=lambda have: plan(want, have),
    )


if __name__ == "__main__":
    main()
