# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from textwrap import indent

from .checks import ModuleDocFragment as Checks


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  files:
    description:
      - The files, each by one of O(files[].content), O(files[].template), O(files[].src), O(files[].link) or
        O(files[].state=absent).
      - Directories that are missing above them are made, as root, V(0755).
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Where the file is on the host; absolute, without V(..).
        type: path
        required: true
      content:
        description: The content itself. A dictionary or list is written as JSON.
        type: str
      template:
        description:
          - A Jinja2 template on the controller, found and rendered as M(ansible.builtin.template) does, with the task's
            variables; O(files[].path) is C(template_destpath) in it.
        type: str
      src:
        description: A file on the controller, found as M(ansible.builtin.copy) does and sent byte for byte.
        type: str
      link:
        description: Make a symbolic link that points there.
        type: str
      state:
        description: Whether it is there.
        type: str
        choices: [present, absent]
        default: present
      owner:
        description: The owner. What there is stays when it is left out; a new file belongs to root.
        type: str
      group:
        description: The group. What there is stays when it is left out; a new file belongs to root.
        type: str
      mode:
        description:
          - The mode as a quoted string of octal digits, such as V('0640'). What there is stays when it is left out, and so
            do ACLs; a new file has V('0644').
          - A number is refused, since YAML reads V(0644) as 420.
        type: raw
      sensitive:
        description: Keep the content out of diffs and messages, and destroy the undo copy at the end.
        type: bool
        default: false
  directories:
    description: The directories. Their parents are made where they are missing.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Where the directory is; absolute, without V(..).
        type: path
        required: true
      owner:
        description: The owner. What there is stays when it is left out.
        type: str
      group:
        description: The group. What there is stays when it is left out.
        type: str
      mode:
        description: The mode as a quoted string of octal digits, such as V('0750'). What there is stays when it is left out.
        type: raw
      purge:
        description: Remove the files and links directly in it that O(files) does not list. Directories in it stay.
        type: bool
        default: false
  validate:
    description:
      - Commands, each a list of words, that must end with 0. No shell reads them. They run only when a file changes.
      - In one with V({staged}), that stands for a directory with every file of O(files) at its full path, such as
        C({staged}/etc/haproxy/haproxy.cfg). It runs before anything is touched, in check mode too.
      - One without V({staged}) runs when the files are in place, before the unit reads them. If it fails, all is undone.
    type: list
    elements: list
    default: []
  unit_enabled:
    description: Whether the unit is started at boot. Left as it is by default.
    type: bool
  payload:
    description: The contents of the files, filled by the action plugin. Never set it.
    type: str
  code:
    description: The name under which the host keeps the code of this module, filled by the action plugin. Never set it.
    type: str
  verify:
    description:
      - When the change counts as good. The unit must be active in any case. Not looked at when nothing was to be done.
    type: dict
    suboptions:
"""
    # Sanity reads what is assigned, and only as it stands.
    DOCUMENTATION += indent(Checks.DOCUMENTATION.partition("options:\n")[2], "    ")
