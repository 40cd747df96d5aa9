# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: accounts
short_description: All people of a host, their groups, keys and sudo rules, as one transaction that locks nobody out
version_added: 0.1.0
description:
  - Brings accounts, groups, SSH keys and sudo rules to what is listed, in one call, whatever their number.
  - What would leave nobody who can log in by SSH and become root is refused, with the reason for each account.
  - A change that takes something from somebody stands only when a new login has become root (O(proof_within_s)); otherwise the host
    takes it back by itself.
  - Keys lie in C(/etc/groundcrew/authorized_keys), where only root writes. The SSH server reads them before those that the host's own
    setting C(AuthorizedKeysFile) names, which goes on to count. Where another file's setting would win over ours, the call is refused.
  - The account databases are written as files, checked by C(pwck) and C(visudo) before anything is touched, while C(passwd) and its kin
    wait. So the way back is their former bytes.
  - A number that an account had is never given to another one, and the account gets it back when it comes back. Nor is one that somebody
    has elsewhere, such as in LDAP; people and groups from there are refused by name, since only the files of the host are written.
  - In check mode a group that is missing is taken for granted, since a package of the same run may bring it (RV(awaited)).
author:
  - The groundcrew.fleet founders (@groundcrew)
extends_documentation_fragment:
  - groundcrew.fleet.proof
  - groundcrew.fleet.run
  - groundcrew.fleet.attributes
  - groundcrew.fleet.attributes.actiongroup
options:
  accounts:
    description: The accounts.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - The account's name. That of a new one has lower case letters, digits, C(-) and C(_); one that is there may have capital letters
            and dots as well.
        type: str
        required: true
      state:
        description:
          - V(locked) ends all logins by key and password and all sudo rules; groups, home and files stay, and sessions that are open go on.
            Whom somebody has unlocked by hand is locked again.
          - V(absent) removes the account; its home stays. Who still has processes after two seconds is locked now, and removed by a
            later run.
        type: str
        choices: [present, locked, absent]
        default: present
      uid:
        description: Its number; the next free one by default. The number of an existing account is never changed.
        type: int
      group:
        description: Its primary group; a new account gets one of its own name by default.
        type: str
      groups:
        description: Groups that it belongs to besides.
        type: list
        elements: str
      groups_exclusive:
        description: Whether it leaves all groups that O(accounts[].groups) does not name.
        type: bool
        default: false
      comment:
        description: Whose it is. As it is by default.
        type: str
      home:
        description: Its home, made with mode 0700 where it is missing; C(/home/NAME) for a new account, none for a new system account.
        type: path
      shell:
        description: Its shell; C(/bin/bash) for a new account, C(/usr/sbin/nologin) for a new system account.
        type: path
      system:
        description: Whether a new account is a service's, with a number of the system's range and neither home nor shell.
        type: bool
        default: false
      expires:
        description: The day on which it ends, such as V(2027-03-31), or V(never). As it is by default.
        type: str
      password_hash:
        description:
          - Its password as crypt(5) has it; V(*) is none. As it is by default; a new account has none.
          - The first password of a person whom this module made gets as old as C(/etc/login.defs) says. An account of ours without a password
            never has to change it.
        type: str
      ssh_keys:
        description: Public keys that log in as it, each the whole line of a C(.pub) file.
        type: list
        elements: str
        default: []
      ssh_keys_exclusive:
        description: Whether keys in its own home do not count.
        type: bool
        default: false
      sudo:
        description: V(true) for everything, or a list of commands with their full paths, as sudoers(5) writes them.
        type: raw
        default: false
      sudo_password:
        description: Whether sudo asks for its password.
        type: bool
        default: false
  groups:
    description: Groups besides the accounts' own.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The group's name.
        type: str
        required: true
      state:
        description: Whether it shall be there.
        type: str
        choices: [present, absent]
        default: present
      gid:
        description: Its number; the next free one by default.
        type: int
      system:
        description: Whether its number is one of the system's range.
        type: bool
        default: false
  purge:
    description:
      - What becomes of accounts that this module made and that left the list. Others are never touched.
      - With V(absent), groups that it made go too, once they are neither listed nor of use to anybody.
    type: str
    choices: [absent, locked, kept]
    default: absent
  break_glass:
    description:
      - The account for emergencies, which is never locked, expired or removed, and keeps its keys and its sudo rule when it leaves the list.
      - Where it is listed, it must have a shell, and a key or a password.
    type: str
    default: root
  allow_lockout:
    description: Lets a plan pass that leaves nobody who can log in and become root; it has to name the risk, V(nobody can become root).
    type: str
requirements:
  - The packages passwd and, for sudo rules, sudo
  - An SSH server that reads C(/etc/ssh/sshd_config.d), as Debian's does
"""

EXAMPLES = r"""
- name: Ensure that the people of the team have their accounts
  groundcrew.fleet.accounts:
    groups:
      - name: developers
    accounts:
      - name: alice
        comment: Alice Example
        groups: [developers]
        ssh_keys:
          - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGt7qPZ0dLXqbGXe2yl0tq7xvCzTGYwfbMS5nGW5zEkJ alice@example.com
        sudo: true
      - name: shop
        system: true
  become: true

- name: Ensure that a guest may restart the shop until the end of March
  groundcrew.fleet.accounts:
    purge: kept
    accounts:
      - name: guest
        expires: "2027-03-31"
        sudo: [/usr/bin/systemctl restart shop.service]
  become: true
"""

RETURN = r"""
added:
  description: Accounts that were made, or would be.
  type: list
  elements: str
  returned: success
  sample: [alice]
removed:
  description: Accounts that were removed, or would be.
  type: list
  elements: str
  returned: success
  sample: [bob]
locked:
  description: Accounts that this module has locked, now or earlier.
  type: list
  elements: str
  returned: success
  sample: []
kept:
  description: What could not be done as asked, with the reason.
  type: dict
  returned: success
  sample: {"bob": "has running processes (812): locked now, and removed by a run after they have ended"}
awaited:
  description: Groups that are missing and that a package of the same run has to bring; in check mode only, a run refuses them.
  type: list
  elements: str
  returned: success
  sample: []
administrators:
  description: Who can log in by SSH and become root afterwards.
  type: list
  elements: str
  returned: success
  sample: [alice, root]
proof:
  description: The new login that let the change stand, where one was needed.
  type: dict
  returned: when the change took something from somebody
  sample: {"new_login": true, "became_root": true, "seconds": 0.6}
steps:
  description: The steps that were taken, or would be.
  type: list
  elements: dict
  returned: success
  sample: [{"kind": "write", "target": "/etc/passwd"}]
seconds:
  description: How long it took on the host.
  type: float
  returned: success
  sample: 0.4
ledger:
  description: The digest of the host's last ledger line; empty when nothing was to be done, or the proof came after it.
  type: str
  returned: success
  sample: ""
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils._module import converge
from ansible_collections.groundcrew.fleet.plugins.module_utils.accounts.plan import plan
from ansible_collections.groundcrew.fleet.plugins.module_utils.accounts.spec import SPEC
from ansible_collections.groundcrew.fleet.plugins.module_utils.accounts.state import read
from ansible_collections.groundcrew.fleet.plugins.module_utils.accounts.validate import validated
from ansible_collections.groundcrew.fleet.plugins.module_utils.accounts.want import parse


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        want = parse(module.params)
    except FleetError as error:
        module.fail_json(msg=str(error))
    today, wait_s, rehearsal = int(time.time() // 86400), module.params["lock_wait_s"], module.check_mode
    converge(
        module,
        read=lambda: read(want, today=today, wait_s=wait_s, rehearsal=rehearsal),
        plan=lambda have: validated(plan(want, have), have, rehearsal=rehearsal),
    )


if __name__ == "__main__":
    main()
