"""The rules that hold for every file of the collection: what a linter does not look at, and a reviewer would."""

from __future__ import annotations

import ast
import fnmatch
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.playbook.block import Block
from ansible.playbook.handler import Handler
from ansible_collections.groundcrew.fleet.tests.parts.static import SHIPPED

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "plugins/modules").glob("[a-z]*.py"))
PLAYBOOKS = sorted((ROOT / "playbooks").glob("*.yml"))
ROLES = sorted(path for path in (ROOT / "roles").iterdir() if path.is_dir())
HEADER = [
    "# Copyright: (c) 2026, The groundcrew.fleet founders",
    "# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)",
    "# SPDX-License-Identifier: GPL-3.0-or-later",
]
PRIVATE = "# PRIVATE to the collection: no promise of a stable interface."
# Joined here, so that this file does not hold the words that it looks for.
FORBIDDEN = re.compile(
    "|".join(
        [r"\bTO" + r"DO\b", "FIX" + "ME", r"\bXX" + r"X\b", "NotImplemented" + "Error", "/wor" + "k/", "/tmp/" + "gc"]
    )
)
BARE_IGNORE = re.compile(r"#\s*(noqa|type:\s*ignore)(\[[^\]]*\]|:\s*[A-Z0-9, ]+)?\s*$", re.MULTILINE)
TEXT = {".py", ".yml", ".yaml", ".md", ".j2", ".toml", ".sh", ".cfg", ".txt", ""}
IGNORED_DIRECTORIES = re.compile(r"^(\..*|__pycache__|\.venv.*)$")
MOST_LINES_AFTER_DOCS = 60
MOST_TASKS = 25
# A task is its action and keywords; the one key that is no keyword names the action.
KEYWORDS = {*Handler.fattributes, *Block.fattributes}


def text_files() -> Iterator[Path]:
    for directory, directories, names in os.walk(ROOT):
        directories[:] = [
            name for name in directories if name in (".ci", ".config") or not IGNORED_DIRECTORIES.match(name)
        ]
        for name in names:
            path = Path(directory) / name
            if path.suffix in TEXT and path.is_file() and not path.is_symlink():
                yield path


def docs_of(module: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(constant(module, "DOCUMENTATION"))
    return found


def constant(module: Path, name: str) -> str:
    """The documentation string of that name."""
    for node in ast.parse(module.read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name:
            return str(ast.literal_eval(node.value))
    raise AssertionError(f"{module.name} has no {name}")


def tasks_in(entries: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every task of a task file, those in blocks included, the blocks themselves too."""
    for entry in entries or []:
        yield entry
        for part in ("block", "rescue", "always"):
            yield from tasks_in(entry.get(part, []))


def role_tasks(role: Path) -> list[dict[str, Any]]:
    return [
        task
        for path in sorted([*role.glob("tasks/**/*.yml"), *role.glob("handlers/*.yml")])
        for task in tasks_in(yaml.safe_load(path.read_text()))
    ]


def plays(playbook: Path) -> list[dict[str, Any]]:
    return [play for play in yaml.safe_load(playbook.read_text()) if "hosts" in play]


def named(path: Path) -> str:
    return path.stem


def test_the_action_group_holds_exactly_the_modules_that_take_the_options_of_a_run() -> None:
    runtime = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())
    takers = [path.stem for path in MODULES if takes_run_options(docs_of(path))]
    assert runtime["action_groups"]["fleet"] == sorted(takers)


def takes_run_options(docs: dict[str, Any]) -> bool:
    return "groundcrew.fleet.run" in docs.get("extends_documentation_fragment", []) or "run_id" in docs.get(
        "options", {}
    )


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_a_module_declares_check_mode_diff_mode_and_idempotence(module: Path) -> None:
    docs = docs_of(module)
    fragments = docs.get("extends_documentation_fragment", [])
    shared = {"groundcrew.fleet.attributes", "groundcrew.fleet.attributes.info_module"} & set(fragments)
    assert shared or {"check_mode", "diff_mode", "idempotent"} <= set(docs.get("attributes", {}))


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_a_module_of_the_action_group_says_so(module: Path) -> None:
    docs = docs_of(module)
    says = "groundcrew.fleet.attributes.actiongroup" in docs.get("extends_documentation_fragment", [])
    assert (says or "action_group" in docs.get("attributes", {})) == takes_run_options(docs)


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_a_module_is_its_documentation_and_one_call(module: Path) -> None:
    source = module.read_text()
    docs_end = max(
        node.end_lineno or 0
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id.isupper()
        and node.targets[0].id in ("DOCUMENTATION", "EXAMPLES", "RETURN")
    )
    assert len(source.splitlines()) - docs_end <= MOST_LINES_AFTER_DOCS


@pytest.mark.parametrize(
    "plugin", sorted((ROOT / "plugins").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_a_plugin_starts_with_its_licence(plugin: Path) -> None:
    lines = plugin.read_text().splitlines()
    if not lines:
        return
    wanted = [*HEADER, PRIVATE] if "module_utils" in plugin.parts else HEADER
    assert lines[: len(wanted)] == wanted


def test_development_files_stay_out_of_the_artefact() -> None:
    patterns = yaml.safe_load((ROOT / "galaxy.yml").read_text())["build_ignore"]
    strays = [
        name
        for name in sorted(os.listdir(ROOT))
        if name not in SHIPPED | {"galaxy.yml"} and not any(fnmatch.fnmatch(name, pattern) for pattern in patterns)
    ]
    assert strays == []


def test_no_file_holds_a_word_that_must_not_be_published() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}" for path in text_files() if (match := FORBIDDEN.search(readable(path)))
    ]
    assert found == []


def test_no_rule_is_ignored_without_a_reason() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in text_files()
        if (match := BARE_IGNORE.search(readable(path)))
    ]
    assert found == []


def test_every_line_of_the_sanity_ignore_files_has_its_reason() -> None:
    lines = [line for path in (ROOT / "tests/sanity").glob("ignore-*.txt") for line in path.read_text().splitlines()]
    assert [line for line in lines if " # " not in line] == []


def readable(path: Path) -> str:
    return path.read_text(errors="replace")


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=named)
def test_a_playbook_gathers_no_facts_that_nobody_asked_for(playbook: Path) -> None:
    assert [play.get("name", "?") for play in plays(playbook) if play.get("gather_facts") is not False] == []


@pytest.mark.parametrize("role", ROLES, ids=named)
def test_a_role_is_a_table_of_contents(role: Path) -> None:
    assert len(role_tasks(role)) <= MOST_TASKS


@pytest.mark.parametrize("role", ROLES, ids=named)
def test_every_task_of_a_role_is_named_as_a_sentence(role: Path) -> None:
    assert [task for task in role_tasks(role) if not re.match(r"[A-Z]\w* ", task.get("name", ""))] == []


@pytest.mark.parametrize("role", ROLES, ids=named)
def test_every_task_of_a_role_names_its_module_in_full(role: Path) -> None:
    short = [key for task in role_tasks(role) for key in set(task) - KEYWORDS if key.count(".") < 2]
    assert short == []
