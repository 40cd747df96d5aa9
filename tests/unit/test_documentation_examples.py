"""Every example in every module's documentation is a task that its module's options allow; tests/integration runs them."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "plugins/modules"
PREFIX = "groundcrew.fleet."


class Example(NamedTuple):
    module: str
    name: str
    task: dict[str, Any]


def examples() -> Iterator[Example]:
    """The tasks in the EXAMPLES of all modules, whichever module they call."""
    for path in sorted(MODULES.glob("[a-z]*.py")):
        for node in ast.parse(path.read_text()).body:
            if (
                isinstance(node, ast.Assign)
                and isinstance(node.targets[0], ast.Name)
                and node.targets[0].id == "EXAMPLES"
            ):
                for task in yaml.safe_load(ast.literal_eval(node.value)) or []:
                    yield Example(path.stem, str(task.get("name", "")), task)


EXAMPLES = list(examples())
CALLS = [
    (key.removeprefix(PREFIX), example.name, arguments or {})
    for example in EXAMPLES
    for key, arguments in example.task.items()
    if key.startswith(PREFIX)
]


@pytest.fixture(scope="session")
def specs() -> dict[str, dict[str, Any]]:
    """The options of every module as its documentation has them; ansible-test proves them equal to those in the code."""
    ansible_doc = Path(sys.executable).parent / "ansible-doc"
    names = sorted({f"{PREFIX}{path.stem}" for path in MODULES.glob("[a-z]*.py")})
    env = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache/collections")}
    # From a directory of its own: whatever ansible.cfg says about hosts is no matter here.
    output = subprocess.check_output([ansible_doc, "--type", "module", "--json", *names], env=env, cwd=MODULES)
    return {name.removeprefix(PREFIX): as_spec(found["doc"]["options"]) for name, found in json.loads(output).items()}


def as_spec(options: dict[str, Any]) -> dict[str, Any]:
    kept = ("type", "elements", "choices", "required", "default", "aliases")
    return {
        name: {key: value for key, value in option.items() if key in kept and value is not None}
        | ({"options": as_spec(option["suboptions"])} if option.get("suboptions") else {})
        for name, option in options.items()
    }


def is_template(value: object) -> bool:
    return isinstance(value, str) and "{{" in value


@pytest.mark.parametrize("module", sorted(path.stem for path in MODULES.glob("[a-z]*.py")))
def test_every_module_shows_how_it_is_called(module: str) -> None:
    assert any(called == module for called, *_rest in CALLS)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example.module}: {example.name}")
def test_every_example_says_the_end_state(example: Example) -> None:
    assert example.name[:1].isupper()
    assert example.name.count(" ") > 0


@pytest.mark.parametrize("module,name,arguments", CALLS, ids=lambda part: part if isinstance(part, str) else "")
def test_every_example_gives_only_what_the_module_takes(
    specs: dict[str, dict[str, Any]], module: str, name: str, arguments: dict[str, Any]
) -> None:
    spec = specs[module]
    templated = {option for option, value in arguments.items() if is_template(value)}
    literal = {option: value for option, value in arguments.items() if option not in templated}
    # What a template gives is known only at run time; that it may be given at all is known now.
    assert templated <= set(spec), name
    validated = ArgumentSpecValidator(
        {option: rule for option, rule in spec.items() if option not in templated}
    ).validate(literal)
    assert validated.error_messages == [], name
