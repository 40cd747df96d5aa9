"""For every role: argument_specs, defaults and README tell the same variables with the same defaults."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

ROLES = Path(__file__).resolve().parents[3] / "roles"
SECTIONS = ["What it is", "Requirements", "Variables", "Example", "What it changes", "How to undo it"]
TABLE_ROW = re.compile(
    r"^\|\s*`(?P<name>[a-z_0-9]+)`\s*\|\s*(?:`(?P<default>[^|]*)`|(?P<word>required|none))\s*\|", re.MULTILINE
)


class Role(NamedTuple):
    """`options` by entry point; an option of two entry points is one variable."""

    name: str
    options: dict[str, dict[str, dict[str, Any]]]
    defaults: dict[str, Any]
    readme: str

    def spec(self) -> dict[str, dict[str, Any]]:
        return {name: option for options in self.options.values() for name, option in options.items()}


def load(name: str) -> Role:
    role = ROLES / name
    specs = yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"]
    options = {entry: spec.get("options") or {} for entry, spec in specs.items()}
    defaults = role / "defaults/main.yml"
    readme = role / "README.md"
    return Role(
        name,
        options,
        (yaml.safe_load(defaults.read_text()) or {}) if defaults.exists() else {},
        readme.read_text() if readme.exists() else "",
    )


@pytest.fixture(params=sorted(path.name for path in ROLES.iterdir() if path.is_dir()))
def role(request: pytest.FixtureRequest) -> Role:
    return load(request.param)


def test_every_default_is_in_the_spec_and_equal(role: Role) -> None:
    specified = {name: option["default"] for name, option in role.spec().items() if "default" in option}
    assert role.defaults == specified


def test_an_option_is_the_same_wherever_it_is_taken(role: Role) -> None:
    for options in role.options.values():
        for name, option in options.items():
            assert option == role.spec()[name], name


def test_every_option_has_a_type_and_a_description(role: Role) -> None:
    lacking = [name for name, option in role.spec().items() if not (option.get("type") and option.get("description"))]
    assert lacking == []


def test_every_option_has_a_default_or_is_required_or_may_be_left_out(role: Role) -> None:
    torn = [name for name, option in role.spec().items() if option.get("required") and "default" in option]
    assert torn == []


def test_every_variable_starts_with_the_name_of_its_role(role: Role) -> None:
    assert [name for name in {**role.spec(), **role.defaults} if not name.startswith(f"{role.name}_")] == []


def test_the_readme_has_its_sections_in_order(role: Role) -> None:
    assert re.findall(r"^## (.*)$", role.readme, re.MULTILINE) == SECTIONS


def test_the_readme_lists_every_variable_with_its_default(role: Role) -> None:
    told = {row["name"]: row["word"] or yaml.safe_load(row["default"]) for row in TABLE_ROW.finditer(role.readme)}
    assert told == {name: expected(option) for name, option in role.spec().items()}


def expected(option: dict[str, Any]) -> Any:
    """What the second column says: the default itself, or one word for an option that has none."""
    if option.get("required"):
        return "required"
    return option.get("default", "none")
