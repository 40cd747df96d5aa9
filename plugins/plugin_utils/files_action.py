# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of modules that take files: it renders and reads them, and sends them in one option never logged."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.module_utils.common.text.converters import to_text
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config.payload import pack
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.kept_code import KeptCode

try:
    from ansible.template import trust_as_template
except ImportError:
    # Before core 2.19 a template is an ordinary string, and results are text only in an environment of its own.
    from ansible.template import AnsibleEnvironment

    trust_as_template = str
    TEXT_ONLY: dict[str, Any] = {"environment_class": AnsibleEnvironment}
else:
    TEXT_ONLY = {}

SOURCES = ("content", "template", "src")
FILLED = ("payload", "code")


class FilesAction(KeptCode):
    """Take content, template and src out of the option `files`; what they stand for travels in `payload`."""

    TRANSFERS_FILES = False

    def with_contents(self, given: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        """Return the module's arguments for those of the task; raise AnsibleActionFail, naming the file that is at fault."""
        arguments = {key: value for key, value in given.items() if key not in FILLED}
        files = self._files(arguments.get("files"))
        contents = {}
        for index, file in enumerate(files):
            source = self._source(file)
            if source:
                contents[index] = self._content(source, file, variables)
        if files:
            arguments["files"] = [{key: value for key, value in file.items() if key not in SOURCES} for file in files]
        arguments["payload"] = pack(contents)
        return arguments

    def _files(self, given: Any) -> list[dict[str, Any]]:
        if given is None:
            return []
        if not isinstance(given, list) or not all(isinstance(file, Mapping) for file in given):
            raise AnsibleActionFail("files must be a list of dictionaries, each with a path")
        return [dict(file.items()) for file in given]

    def _source(self, file: Mapping[str, Any]) -> str:
        """Return which of the three options tells the content; refuse more than one, as the module would not see it."""
        given = [source for source in SOURCES if file.get(source) is not None]
        others = [name for name in ("link",) if file.get(name) is not None]
        if len(given + others) > 1:
            raise AnsibleActionFail(f"{file.get('path')} is given by {' and '.join(given + others)}: keep one of them")
        return given[0] if given else ""

    def _content(self, source: str, file: Mapping[str, Any], variables: Mapping[str, Any]) -> bytes:
        if source == "content":
            return _text(file["content"]).encode()
        try:
            if source == "src":
                return self._read(self._find_needle("files", str(file["src"])))
            return self._render(self._find_needle("templates", str(file["template"])), file, variables).encode()
        except (AnsibleError, UnicodeDecodeError) as error:
            raise AnsibleActionFail(f"{source} {file[source]} for {file.get('path')}: {to_text(error)}") from error

    def _read(self, path: str) -> bytes:
        """Return the bytes of a file on the controller, decrypted if it is in a vault."""
        real = self._loader.get_real_file(path)
        try:
            with open(real, "rb") as file:
                return file.read()
        finally:
            self._loader.cleanup_tmp_file(real)

    def _render(self, path: str, file: Mapping[str, Any], variables: Mapping[str, Any]) -> str:
        """Return the template as ansible.builtin.template renders it: block lines vanish, the last newline stays."""
        own = {"template_path": str(file["template"]), "template_fullpath": path, "template_destpath": file.get("path")}
        given = {"ansible_managed": "Ansible managed", **variables, **own}
        templar = self._templar.copy_with_new_env(
            searchpath=self._search_path(path, variables), available_variables=given, **TEXT_ONLY
        )
        text = trust_as_template(self._read(path).decode())
        overrides = {"trim_blocks": True, "lstrip_blocks": False}
        if TEXT_ONLY:
            return str(
                templar.do_template(
                    text, preserve_trailing_newlines=True, escape_backslashes=False, overrides=overrides
                )
            )
        rendered = templar.template(text, escape_backslashes=False, overrides=overrides)
        return "" if rendered is None else to_text(rendered)

    def _search_path(self, path: str, variables: Mapping[str, Any]) -> list[str]:
        roots = [*variables.get("ansible_search_path", []), self._loader.get_basedir(), os.path.dirname(path)]
        return [place for root in roots for place in (os.path.join(root, "templates"), root)]


def _text(value: Any) -> str:
    """Return content as text; what YAML or Jinja made a structure of is told as JSON, as ansible.builtin.copy does."""
    return json.dumps(value) if isinstance(value, (dict, list)) else to_text(value)
