# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: version_info
short_description: Tell which version a git checkout has, which one comes next, and why
version_added: 0.1.0
description:
  - Reads tags and commit messages of a git checkout, on the machine that it runs on, which mostly is the controller.
  - Versions are those of SemVer 2.0.0, messages those of Conventional Commits 1.0.0. C(feat) raises the minor number, C(fix) and
    C(perf) the patch, C(!) and a footer C(BREAKING CHANGE) the major one, and nothing else raises anything. What a later commit has
    reverted counts as nothing.
  - A branch gets releases or pre-releases, as O(channels) has it. A number that is tagged anywhere in the repository is not given again.
  - Nothing is changed. The tag is for whoever makes the release.
author:
  - The groundcrew.fleet founders (@groundcrew)
extends_documentation_fragment:
  - groundcrew.fleet.environments
  - groundcrew.fleet.attributes.info_module
requirements:
  - git 2.20
options:
  path:
    description: The checkout. It must reach back to the last release. A clone that is too shallow is refused.
    type: path
    required: true
  prefix:
    description: What stands before the version in a tag, such as V(v) in C(v2.1.0). Tags without it are passed over.
    type: str
    default: v
  branch:
    description: The branch, where CI knows it and git does not, since the head is detached.
    type: str
    default: ""
  channels:
    description:
      - Which versions a branch gets. The first pattern that fits counts.
      - A branch of no channel gets pre-releases of its own name. A detached head of no known branch gets C(detached).
      - Where a branch with a pattern ends in a version, as C(release/2.1), it gets that version, and then patches of it.
    type: list
    elements: dict
    default:
      - {branch: main}
      - {branch: master}
      - {branch: develop, pre: dev}
      - {branch: "release/*", pre: rc, count: tags}
      - {branch: "hotfix/*", patch_only: true}
    suboptions:
      branch:
        description: A shell pattern of branches.
        type: str
        required: true
      pre:
        description: The name of its pre-releases, such as V(rc) in C(2.1.0-rc.1). Without one it gets releases.
        type: str
        default: ""
      count:
        description: Whether the number of a pre-release is that of the commits since the last release, or one more than its tags have.
        type: str
        choices: [commits, tags]
        default: commits
      patch_only:
        description: Whether only the last number may rise, whatever the commits ask for. They are told.
        type: bool
        default: false
  initial:
    description: The first version, of a checkout without tags.
    type: str
    default: 0.1.0
  unconventional:
    description: What a commit counts as whose message does not say what it is.
    type: str
    choices: [none, patch]
    default: none
  breaking_below_one:
    description: What something that breaks raises before 1.0.0.
    type: str
    choices: [minor, major]
    default: minor
notes:
  - Dates in the changelog are that of the revision, so that the same revision always gives the same text.
seealso:
  - module: groundcrew.fleet.release_evidence_info
"""

EXAMPLES = r"""
- name: Tell which version comes next, and which environment this revision is for
  groundcrew.fleet.version_info:
    path: "{{ lookup('ansible.builtin.env', 'PWD') }}"
    environments:
      - {name: production, tag: "v[0-9]*"}
      - {name: staging, branch: "release/*"}
      - {name: development, branch: main}
  register: shop
  delegate_to: localhost
  run_once: true

- name: Show it
  ansible.builtin.debug:
    msg: "{{ shop.current }} becomes {{ shop.next }}: {{ shop.why | map(attribute='subject') | join('; ') }}"
  run_once: true
"""

RETURN = r"""
current:
  description: The version of this revision where it is tagged, else of the last release before it. Empty without any.
  type: str
  returned: success
  sample: 2.0.0
former:
  description: The last release before this revision, which the changelog starts from. Empty without any.
  type: str
  returned: success
  sample: 2.0.0
next:
  description: The version that comes next on this branch. RV(current) where nothing asks for one.
  type: str
  returned: success
  sample: 2.1.0
tag:
  description: The tag for it.
  type: str
  returned: success
  sample: v2.1.0
bump:
  description: What leads there, V(major), V(minor), V(patch) or V(none).
  type: str
  returned: success
  sample: minor
release_due:
  description: Whether there is anything to release.
  type: bool
  returned: success
  sample: true
why:
  description: The commits that ask for it.
  type: list
  elements: dict
  returned: success
  sample:
    - revision: 1e242123a5bc60ff0d6acb26a4dc8de9d5d1d4b1
      subject: "feat(cart): keep the cart over a restart"
      bump: minor
      breaking: ""
notes:
  description: What somebody should know about the answer, in sentences.
  type: list
  elements: str
  returned: success
  sample: [2 commits do not say what they are (conventionalcommits.org)]
unconventional:
  description: The commits whose messages do not say what they are.
  type: list
  elements: dict
  returned: success
  sample: [{"revision": "98fb2c1", "subject": "wip"}]
changelog:
  description: What a user of the next version gets, by section.
  type: list
  elements: dict
  returned: success
  sample:
    - section: Features
      type: feat
      scope: cart
      description: keep the cart over a restart
      breaking: ""
      revision: 1e242123a5bc60ff0d6acb26a4dc8de9d5d1d4b1
changelog_markdown:
  description: The same as Markdown.
  type: str
  returned: success
  sample: "## 2.1.0 (2026-11-29)\n\n### Features\n\n- **cart**: keep the cart over a restart (1e24212)\n"
branch:
  description: The branch, empty where nobody knows it.
  type: str
  returned: success
  sample: main
revision:
  description: The revision.
  type: str
  returned: success
  sample: 1e242123a5bc60ff0d6acb26a4dc8de9d5d1d4b1
dirty:
  description: Whether a file that git knows is changed and not committed.
  type: bool
  returned: success
  sample: false
environment:
  description: The environment that this revision is for, empty for none.
  type: str
  returned: success
  sample: development
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.environments import ENVIRONMENTS_OPTIONS
from ansible_collections.groundcrew.fleet.plugins.module_utils.version_info import tell

CHANNELS: list[dict[str, Any]] = [
    {"branch": "main"},
    {"branch": "master"},
    {"branch": "develop", "pre": "dev"},
    {"branch": "release/*", "pre": "rc", "count": "tags"},
    {"branch": "hotfix/*", "patch_only": True},
]
CHANNEL: dict[str, dict[str, Any]] = {
    "branch": {"type": "str", "required": True},
    "pre": {"type": "str", "default": ""},
    "count": {"type": "str", "choices": ["commits", "tags"], "default": "commits"},
    "patch_only": {"type": "bool", "default": False},
}
SPEC: dict[str, dict[str, Any]] = {
    "path": {"type": "path", "required": True},
    "prefix": {"type": "str", "default": "v"},
    "branch": {"type": "str", "default": ""},
    "channels": {"type": "list", "elements": "dict", "default": CHANNELS, "options": CHANNEL},
    "initial": {"type": "str", "default": "0.1.0"},
    "unconventional": {"type": "str", "choices": ["none", "patch"], "default": "none"},
    "breaking_below_one": {"type": "str", "choices": ["minor", "major"], "default": "minor"},
    **ENVIRONMENTS_OPTIONS,
}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        module.exit_json(**tell.tell(module.params))
    except FleetError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
