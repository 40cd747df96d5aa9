# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: host_settings
short_description: Names, time, locales, swap, limits, logs, timers and mounts of a host, as one transaction
version_added: 0.1.0
description:
  - Brings what remains of a bare host's provisioning to what is listed, in one call.
  - An option that is not given is not touched. What was ours and left a list goes back to what was there before; an empty list, dictionary
    or text takes all of it back.
  - Every value is looked at before the first change, by the host's own tools where these can (C(logrotate), C(systemd-analyze)).
  - Limits and mounts can keep everybody out. They come last, in a transaction of their own that stands only when a new login has become root.
  - What a container cannot do, such as to mount or to swap, is left out and told in RV(left_out) with its reason.
author:
  - The groundcrew.fleet founders (@groundcrew)
extends_documentation_fragment:
  - groundcrew.fleet.run
  - groundcrew.fleet.proof
  - groundcrew.fleet.attributes
  - groundcrew.fleet.attributes.actiongroup
options:
  hostname:
    description:
      - The host's name, now and in C(/etc/hostname). Where C(/etc/hosts) does not name it, it is added there with C(127.0.1.1).
      - An empty text gives back the name that it had before.
    type: str
  hosts:
    description: Entries of C(/etc/hosts), kept in a block of ours; all other lines stay byte for byte.
    type: list
    elements: dict
    suboptions:
      address:
        description: The IP address.
        type: str
        required: true
      names:
        description: Its names.
        type: list
        elements: str
        required: true
  timezone:
    description: The time zone, such as V(Europe/Berlin). Services that run go on in the zone that they were started in.
    type: str
  locale:
    description: The locale that sessions and services get, C(LANG) in C(/etc/default/locale).
    type: str
  locales:
    description: Locales that are generated. Needs the package locales.
    type: list
    elements: str
  swap:
    description: Swap files, each made once and turned on by a swap unit.
    type: list
    elements: dict
    suboptions:
      path:
        description: The file. One that is there already and was not made by this module is refused.
        type: path
        required: true
      size_mb:
        description: Its size in MiB.
        type: int
      state:
        description: Whether it shall be there.
        type: str
        choices: [present, absent]
        default: present
  journald:
    description: Settings of journald.conf(5), such as C(SystemMaxUse), in a drop-in.
    type: dict
  limits:
    description: Lines of limits.conf(5). Sessions that are open keep theirs.
    type: list
    elements: dict
    suboptions:
      domain:
        description: A user, C(@group), V(*) or a range of numbers.
        type: str
        required: true
      type:
        description: Which limit it is; V(-) is both.
        type: str
        choices: [soft, hard, "-"]
        required: true
      item:
        description: What is limited, such as V(nofile).
        type: str
        required: true
      value:
        description: A number, or V(unlimited).
        type: str
        required: true
  logrotate:
    description: Rules for the rotation of logs. Needs the package logrotate.
    type: list
    elements: dict
    suboptions:
      name:
        description: Names the rule; its file is C(/etc/logrotate.d/groundcrew-NAME).
        type: str
        required: true
      paths:
        description: The logs, wildcards allowed.
        type: list
        elements: str
        required: true
      options:
        description: Directives of logrotate, one each; one with a script has several lines.
        type: list
        elements: str
        default: []
  timers:
    description: Unattended tasks, each a service and a timer C(groundcrew-NAME) of systemd.
    type: list
    elements: dict
    suboptions:
      name:
        description: Names the task.
        type: str
        required: true
      command:
        description: What is run, as C(ExecStart) takes it; no shell reads it.
        type: str
      on_calendar:
        description: When, as C(OnCalendar) takes it, such as V(daily) or V(Mon 04:00).
        type: str
      user:
        description: As whom.
        type: str
        default: root
      randomized_delay_s:
        description: Seconds that it may be late, so that not all hosts begin at once.
        type: int
        default: 0
      persistent:
        description: Whether a time that was missed, as the host was off, is made up for at boot.
        type: bool
        default: true
      state:
        description: Whether it shall be there.
        type: str
        choices: [present, absent]
        default: present
  time_servers:
    description: Servers that chrony sets the clock by, besides those of its own config. Needs the package chrony.
    type: list
    elements: str
  mounts:
    description: File systems, each mounted by a unit of systemd, at boot and now. C(/etc/fstab) is not touched, and may not have the same point.
    type: list
    elements: dict
    suboptions:
      point:
        description: Where; the directory is made if need be.
        type: path
        required: true
      what:
        description: The device, such as V(/dev/disk/by-label/data), or whatever the type takes.
        type: str
      type:
        description: The type, such as V(ext4).
        type: str
      options:
        description: Its options.
        type: list
        elements: str
        default: []
      state:
        description: Whether it shall be there.
        type: str
        choices: [present, absent]
        default: present
  force:
    description: Whether files that go, go even if somebody has edited them since; otherwise these are kept and named in RV(kept).
    type: bool
    default: false
requirements:
  - systemd
"""

EXAMPLES = r"""
- name: Ensure the time zone, a task for every night and room for many files
  groundcrew.fleet.host_settings:
    timezone: Europe/Berlin
    journald:
      SystemMaxUse: 500M
    limits:
      - {domain: "@developers", type: "-", item: nofile, value: "65536"}
    timers:
      - name: tidy
        command: /usr/bin/find /var/tmp -mindepth 1 -mtime +30 -delete
        on_calendar: "*-*-* 04:00"
        randomized_delay_s: 1800
  become: true

- name: Ensure that no task of ours is left
  groundcrew.fleet.host_settings:
    timers: []
  become: true
"""

RETURN = r"""
areas:
  description: The areas in which something was changed, or would be.
  type: list
  elements: str
  returned: success
  sample: [timezone, journald, limits, timers]
left_out:
  description: What this host cannot do, with the reason.
  type: dict
  returned: success
  sample: {"swap /swapfile": "a container has the machine's swap and none of its own"}
kept:
  description: Files that were to go and stay, since somebody has edited them.
  type: list
  elements: str
  returned: success
  sample: []
proof:
  description: The new login that let the change stand, where one was needed.
  type: dict
  returned: when limits or mounts were changed
  sample: {"new_login": true, "became_root": true, "seconds": 0.6}
steps:
  description: The steps that were taken, or would be.
  type: list
  elements: dict
  returned: success
  sample: [{"kind": "link", "target": "/etc/localtime", "to": "/usr/share/zoneinfo/Europe/Berlin"}]
verified:
  description: What was looked at after the change.
  type: list
  elements: dict
  returned: success
  sample: []
seconds:
  description: How long it took on the host.
  type: float
  returned: success
  sample: 0.3
ledger:
  description: The digest of the host's last ledger line; empty when nothing was to be done.
  type: str
  returned: success
  sample: ""
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils._module import converge
from ansible_collections.groundcrew.fleet.plugins.module_utils.host_settings.registry import parse
from ansible_collections.groundcrew.fleet.plugins.module_utils.host_settings.spec import SPEC
from ansible_collections.groundcrew.fleet.plugins.module_utils.host_settings.state import read
from ansible_collections.groundcrew.fleet.plugins.module_utils.host_settings.validate import validated


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        want = parse(module.params)
    except FleetError as error:
        module.fail_json(msg=str(error))
    force, rehearsal = module.params["force"], module.check_mode
    converge(
        module,
        read=lambda: read(want, rehearsal=rehearsal, force=force),
        plan=lambda have: validated(want, have, proof_within_s=module.params["proof_within_s"]),
    )


if __name__ == "__main__":
    main()
