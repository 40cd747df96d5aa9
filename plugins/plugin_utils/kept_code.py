# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules run by the code that the host kept of them: what costs in a module call is to build, bring and compile it.

Where the host lacks that code the module goes as Ansible sends it, and the host keeps it (module_utils/_kept.py).
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import ansible.module_utils
from ansible.plugins.action import ActionBase
from ansible.release import __version__
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import HOST

try:
    from ansible.executor.module_common import _BuiltModule
    from ansible.module_utils.common.json import Direction, get_module_encoder
except ImportError:
    # Before core 2.19.
    from ansible.module_utils.common.json import AnsibleJSONEncoder

    ENCODING: dict[str, Any] = {"cls": AnsibleJSONEncoder, "vault_to_text": True}

    def _built(data: bytes, interpreter: str, path: str) -> Any:
        return "new", interpreter, data, path
else:
    ENCODING = {"cls": get_module_encoder("legacy", Direction.CONTROLLER_TO_MODULE)}

    def _built(data: bytes, interpreter: str, path: str) -> Any:
        return _BuiltModule(
            b_module_data=data, module_style="new", shebang=interpreter, serialization_profile="legacy"
        ), path


COLLECTION = "groundcrew.fleet"
PLUGINS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# What the host's Python reads in the place of the module. The first of its path would be the directory that it runs in.
# The options have a line of their own, which cannot fail: Python prints the line that did.
SENT = """import hashlib, os, sys
options = {options!r}
code = {code!r} + "." + sys.implementation.cache_tag
whole = False
if not ({question}):
    print({answer!r})
else:
    try:
        with open(code, "rb") as file:
            whole = file.readline().strip() == hashlib.sha256(file.read()).hexdigest().encode()
        os.utime(code)
    except OSError:
        pass
    if not whole:
        print('{{"changed": false, "lacks_code": true}}')
if whole:
    sys.path[0] = code
    from kept_entry import run
    run(options)
"""
# Every Linux that the collection knows has it there.
PYTHON = "/usr/bin/python3"
NOT_FOUND = 127


class Sent(NamedTuple):
    """What is sent in the place of the module while it is called by the code that is kept of it."""

    python: str
    code: str
    question: str
    answer: str


class KeptCode(ActionBase):
    """An action plugin that calls modules of this collection."""

    _sent: Sent | None = None

    def call(
        self,
        module: str,
        arguments: Mapping[str, Any],
        variables: Mapping[str, Any],
        *,
        question: str = "True",
        answer: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return the result of a module that has the option `code`.

        Where `question`, an expression of Python that knows os, is false on the host, the result may be `answer` at once.
        """
        name = f"{module}-{_digest(module)}"
        self._sent = Sent(self._python(variables), os.path.join(HOST.code, name), question, json.dumps(answer))
        try:
            result = self._send(module, arguments, variables)
        finally:
            self._sent = None
        if result.pop("lacks_code", False) or result.get("rc") == NOT_FOUND:
            result = self._send(module, {**arguments, "code": name}, variables)
        return result

    def _python(self, variables: Mapping[str, Any]) -> str:
        """Return the host's Python: what the inventory says, what Ansible found out earlier, or the usual one.

        Another than Ansible would take is no harm: each Python has code of its own.
        """
        host = self._task.delegate_to
        own = variables.get("ansible_delegated_vars", {}).get(host, {}) if host else variables
        said = str(self._templar.template(own.get("ansible_python_interpreter", "")))
        found = own.get("ansible_facts", {}).get("discovered_interpreter_python", PYTHON)
        return said if said.startswith("/") else str(found)

    def _send(self, module: str, arguments: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = self._execute_module(
            module_name=f"{COLLECTION}.{module}", module_args=dict(arguments), task_vars=variables
        )
        return result

    def _configure_module(  # type: ignore[no-untyped-def]  # it is what Ansible calls it with
        self, module_name, module_args, task_vars
    ):
        """Return what Ansible has to send: as ever, or the options alone for the code that is kept."""
        if not self._sent:
            return super()._configure_module(module_name, module_args, task_vars)
        options = json.dumps({"ANSIBLE_MODULE_ARGS": module_args}, **ENCODING).encode()
        told = self._sent._asdict()
        leaf = module_name.rpartition(".")[2]
        return _built(
            SENT.format(options=options, **told).encode(), f"#!{told['python']}", f"{PLUGINS}/modules/{leaf}.py"
        )


@functools.cache
def _digest(module: str) -> str:
    """Return the SHA-256 of all that a module may be made of, ours and Ansible's."""
    whole = hashlib.sha256(__version__.encode())
    for tree in (PLUGINS, os.path.dirname(os.path.dirname(os.path.abspath(ansible.module_utils.__file__)))):
        for source in sorted(_sources(tree, module)):
            with open(os.path.join(tree, source), "rb") as file:
                content = file.read()
            whole.update(f"{source}\0{len(content)}\0".encode() + content)
    return whole.hexdigest()


def _sources(tree: str, module: str) -> list[str]:
    own = os.path.join("modules", f"{module}.py")
    shared = [
        os.path.relpath(os.path.join(directory, name), tree)
        for directory, _names, files in os.walk(os.path.join(tree, "module_utils"))
        for name in files
        if name.endswith(".py")
    ]
    return shared + [own] * os.path.exists(os.path.join(tree, own))
