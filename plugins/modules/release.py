# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: release
short_description: Stage, switch, take back and remove the releases of an app
version_added: 0.1.0
author: The groundcrew.fleet founders (@groundcrew)
description:
  - A release is an immutable artefact with a manifest, which holds its digest, and perhaps a signature over the manifest. The host verifies
    all of that itself, and refuses what has no place in a tree of files before anything is touched.
  - Releases live side by side below C(ROOT/releases). C(ROOT/current) leads to the one that runs, C(ROOT/former) to the one before it. Each
    is recorded last of all when it is staged, so what was cut off half-way is never switched to.
  - A switch is one transaction with the app's unit, its configuration and its restart. When the app is not well after it, all is put back
    and the former release runs again.
options:
  app:
    description: The app's name. Lower case, digits, V(-) and V(_).
    type: str
    required: true
  version:
    description:
      - The version. The same version is never two things, so one that is offered with other content is refused.
      - With O(state=undone) the host goes back only if it runs this version; left out, it does from any.
    type: str
    default: ""
  state:
    description:
      - V(staged) brings the release to the host, verified and complete. What runs does not notice.
      - V(active) stages it if need be, switches to it, converges the service and proves that it is well.
      - V(undone) goes back to the release before, and undoes the migrations that can be.
      - V(absent) removes a release that neither runs nor is the way back.
    type: str
    choices: [staged, active, undone, absent]
    required: true
  root:
    description: The app's directory, by default C(/opt/) and the app's name.
    type: path
  user:
    description: The account that the app runs as, by default one of its name. Hooks and migrations run as it, and shared paths belong to it.
    type: str
  artefact_name:
    description: The app's name in the manifest, by default O(app). Another one where a host runs the same app more than once.
    type: str
  sha256:
    description: The digest that the artefact has to have. Another one is refused, wherever it comes from, and so is one that is staged.
    type: str
    default: ""
  artefact:
    description:
      - Path of the artefact (C(NAME-VERSION.tar.gz) or C(.whl)) on the controller, with its manifest (C(.json)) and signature (C(.json.sig))
        beside it. It is carried only to a host that lacks it.
    type: path
  source:
    description: A directory on the controller that is packed instead, for development. It has no signature.
    type: path
  url:
    description:
      - Address of the artefact for http or https, with manifest and signature beside it. The host fetches it, no more than its manifest says.
    type: str
  manifest:
    description: Path of a manifest on the controller, for which O(url) is taken; what is fetched has to be what this one tells of.
    type: path
  fetch_timeout_s:
    description: Seconds that the artefact at O(url) may take.
    type: float
    default: 300
  allowed_signers:
    description:
      - Path on the host of a file of allowed signers (see ssh-keygen(1)). A manifest that none of them has signed, in the namespace
        C(release@groundcrew.fleet), is refused, and so is one by a key that has expired.
      - It is asked again of what is staged when it is to be switched to, so that nothing new runs by a key that was withdrawn meanwhile. What
        runs is left alone, and so is the way back; but a manifest that comes with the call is judged in every call.
      - Without it no signature is asked for.
    type: path
  allowed_signers_content:
    description: The content of that file, which is brought first. The path is then V(/etc/groundcrew/allowed_signers) by default.
    type: str
    default: ""
  keep:
    description:
      - How many releases are kept. Older ones are removed once a newer one is staged or active.
      - Never the one that runs, the one before it, nor one that is staged and waits for its switch, however long; O(state=absent) removes that.
    type: int
    default: 5
  python:
    description: The interpreter on the host that builds the virtual environment of a release whose manifest asks for one.
    type: path
    default: /usr/bin/python3
  shared:
    description:
      - Paths of the release that all releases share, such as uploads. Each is made below C(ROOT/shared) if it is missing, and linked into the
        release. A release that brings content of its own there is refused, and one that is staged already stays as it is.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: The path, relative to the release.
        type: str
        required: true
      kind:
        description: What is made where it is missing.
        type: str
        choices: [directory, file]
        default: directory
      owner:
        description: The owner of what is made, by default O(user).
        type: str
      group:
        description: The group of what is made.
        type: str
      mode:
        description: The mode of what is made, as a quoted string of octal digits.
        type: raw
  hooks:
    description:
      - Commands, run in the release's directory by systemd, with the variables of O(environment_file). No shell reads them. A program with a
        slash in its name is one of the release, unless it begins with one.
      - Those of the account that O(unit) runs as also have what its unit file says of C(HOME), C(StateDirectory), C(StateDirectoryMode) and
        C(UMask), as long as it says so without specifiers. Drop-ins are not read, and the unit's sandbox is not theirs.
    type: dict
    default: {}
    suboptions:
      staged:
        description: Run at the end of staging. Where one fails, the release is not staged.
        type: list
        elements: dict
        default: []
        suboptions: &hook
          argv:
            description: The command as a list of words.
            type: list
            elements: str
            required: true
          timeout_s:
            description: Seconds after which it is ended, with all that it has started, and counts as failed.
            type: float
            default: 60
          user:
            description: The account that it runs as, by default O(user).
            type: str
      before:
        description: Run before the switch. Where one fails, there is no switch.
        type: list
        elements: dict
        default: []
        suboptions: *hook
      after:
        description: Run when the new release runs and is well. Where one fails, the task does, the release stays, and the next call runs them again.
        type: list
        elements: dict
        default: []
        suboptions: *hook
  migrations:
    description: Changes of the app's data, each run once for a release, as hooks are.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: How the host remembers it.
        type: str
        required: true
      expand:
        description:
          - Run before the switch. It adds what the new release needs, and the former one still has to work with it. Without an undo it has
            to bear being run again.
        type: list
        elements: str
        default: []
      undo:
        description:
          - Takes O(migrations[].expand) back when the switch fails or is taken back. It has to bear that this did half of its work, or none;
            where it fails itself, the host is quarantined.
        type: list
        elements: str
        default: []
      contract:
        description: Removes what only the former release needs, where O(contract) is set. There is no way back behind it.
        type: list
        elements: str
        default: []
      timeout_s:
        description: Seconds that each of these may take.
        type: float
        default: 300
  this_run:
    description: With O(state=undone) and a O(run_id), whether a release that another run has switched to stays.
    type: bool
    default: false
  contract:
    description:
      - Run the contract steps of the release that runs, after which going back behind it is refused. A call that would stage it or switch
        to it as well is refused.
    type: bool
    default: false
  environment_file:
    description: File on the host with the environment of hooks and migrations, in the form that systemd reads. It may be one of O(files).
    type: path
  change_version:
    description: Whether a host that runs another version is switched. With V(false) that one stays, with the service's files as they are given.
    type: bool
    default: true
  unit:
    description: The systemd unit that the app runs as. It is started, and restarted after a switch.
    type: str
  on_change:
    description:
      - What makes a running unit read changed files when the version stays. A unit that cannot reload is restarted, and so is one whose
        program has changed.
    type: str
    choices: [reload, restart]
    default: restart
  sockets:
    description: Socket units that are enabled and started before O(unit). A restart of the unit leaves them, so no connection is lost.
    type: list
    elements: str
    default: []
  manifest_text:
    description: Filled by the action plugin. Never set it.
    type: str
  signature_text:
    description: Filled by the action plugin. Never set it.
    type: str
  archive:
    description: Filled by the action plugin. Never set it.
    type: path
extends_documentation_fragment:
  - groundcrew.fleet.service_files
  - groundcrew.fleet.attributes
  - groundcrew.fleet.attributes.actiongroup
  - groundcrew.fleet.run
notes:
  - In O(verify), C({version}) stands for the version that shall run, in URLs, texts and commands.
  - In check mode the artefact is not brought, so what only its members could tell is not looked at; nor is, again, the signature of a
    release that is staged.
seealso:
  - module: groundcrew.fleet.release_info
  - module: groundcrew.fleet.service_config
"""

EXAMPLES = r"""
- name: Ensure that the shop's new release is on the host
  groundcrew.fleet.release:
    app: shop
    version: 1.0.0
    state: staged
    url: https://releases.example.com/shop/shop-1.0.0.tar.gz
    allowed_signers: /etc/groundcrew/allowed_signers

- name: Ensure that the shop runs it
  groundcrew.fleet.release:
    app: shop
    version: 1.0.0
    state: active
    unit: shop
    shared:
      - path: uploads
    environment_file: /etc/default/shop
    hooks:
      before:
        - argv: [venv/bin/python, manage.py, check]
          timeout_s: 30
    migrations:
      - name: prices
        expand: [venv/bin/python, manage.py, migrate]
        undo: [venv/bin/python, manage.py, unmigrate]
    files:
      - path: /etc/systemd/system/shop.service
        content: |
          [Service]
          User=shop
          WorkingDirectory=/opt/shop/current
          ExecStart=/opt/shop/current/venv/bin/python server.py
          [Install]
          WantedBy=multi-user.target
    verify:
      http:
        - url: http://127.0.0.1:8000/version
          contains: "{version}"

- name: Ensure that the shop is back at the release before
  groundcrew.fleet.release:
    app: shop
    version: 2.0.0
    state: undone
    unit: shop
"""

RETURN = r"""
from:
  description: The version that ran before, empty for none.
  returned: success
  type: str
  sample: 1.0.0
to:
  description: The version that runs now, or in check mode would.
  returned: success
  type: str
  sample: 2.0.0
release:
  description: The release of O(version), as M(groundcrew.fleet.release_info) tells it.
  returned: success
  type: dict
idle:
  description: Whether O(state=active) with the same options would change nothing.
  returned: when O(state=staged)
  type: bool
steps:
  description: The steps that were taken, or in check mode would be, in their order, without contents.
  returned: always
  type: list
  elements: dict
  sample:
    - {kind: tree, target: /opt/shop/releases/2.0.0}
    - {kind: link, target: /opt/shop/current, to: releases/2.0.0}
converge:
  description: Why the unit was reloaded or restarted - each path, and whether this call or something earlier changed it.
  returned: success
  type: list
  elements: dict
validated:
  description: The commands that accepted the files before these were put in place.
  returned: success
  type: list
  elements: str
verified:
  description: What was looked at after the change, and how many seconds each took.
  returned: when steps were taken
  type: list
  elements: dict
seconds:
  description: How long it took on the host.
  returned: always
  type: float
run_id:
  description: The run that the change belongs to.
  returned: always
  type: str
ledger:
  description: The digest of the last line of the host's ledger.
  returned: when steps were taken
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.groundcrew.fleet.plugins.module_utils.release import service
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.spec import EXCLUSIVE, REQUIRED, SPEC


def main() -> None:
    service.run(
        AnsibleModule(argument_spec=SPEC, mutually_exclusive=EXCLUSIVE, required_if=REQUIRED, supports_check_mode=True)
    )


if __name__ == "__main__":
    main()
