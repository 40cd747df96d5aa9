"""What a module's message names as the way past a refusal can be said to the role that calls the module."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
OVERRIDES = {
    "packages": {"allow_removals": "provisioning_packages_allow_removals", "force": "provisioning_force"},
    "host_settings": {"force": "provisioning_force"},
    "kernel_settings": {
        "allow_unknown": "provisioning_kernel_settings_allow_unknown",
        "allow_overridden": "provisioning_kernel_settings_allow_overridden",
        "force": "provisioning_force",
    },
}


@pytest.mark.parametrize("module", OVERRIDES)
def test_each_override_of_a_module_is_handed_over_from_a_variable_of_the_role(module: str) -> None:
    tasks = yaml.safe_load((ROOT / "roles/provisioning/tasks/main.yml").read_text("utf-8"))
    (handed,) = [task[f"groundcrew.fleet.{module}"] for task in tasks if f"groundcrew.fleet.{module}" in task]
    documented = yaml.safe_load((ROOT / f"plugins/modules/{module}.py").read_text("utf-8").split('"""', 2)[1])[
        "options"
    ]
    overrides = {name for name in documented if name == "force" or name.startswith("allow_")}
    assert {name: handed.get(name) for name in overrides} == {
        name: f"{{{{ {variable} }}}}" for name, variable in OVERRIDES[module].items()
    }
