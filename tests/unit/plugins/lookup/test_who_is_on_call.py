"""The lookup and page_route_info, run by the real ansible-playbook of whichever core is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import oncall_filters, oncall_origin
from ansible_collections.groundcrew.fleet.tests.unit.plugins.plugin_utils.oncall_files import WEEKLY, file

COLLECTIONS = Path(__file__).parents[4] / ".cache" / "collections"
CHRISTMAS = "2026-12-24T18:00+01:00"
BROKEN = file({**WEEKLY, "people": ["alice", "dirk"]}, time_zone="Berlin")
PAGE = {"alertname": "Down", "owner": "shop", "severity": "page"}


def play(folder: Path, *tasks: dict[str, Any]) -> list[str]:
    """What each task says in a playbook that lies in the folder, and how it fails."""
    named = [{**task, "ignore_errors": True} for task in tasks]
    (folder / "oncall.yml").write_text(yaml.safe_dump({"broken": BROKEN}, sort_keys=False))
    plays = [{"hosts": "localhost", "gather_facts": False, "vars": {"monitoring_oncall": file()}, "tasks": named}]
    plays[0]["vars_files"] = ["oncall.yml"]
    (folder / "play.yml").write_text(json.dumps(plays))
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "-v", "-i", "localhost,", "-c", "local", "play.yml"],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return [" ".join(part.split()) for part in (done.stdout + done.stderr).split("TASK [")[1:]]


def lookup(arguments: str) -> dict[str, Any]:
    return {"ansible.builtin.debug": {"msg": f"{{{{ lookup('groundcrew.fleet.who_is_on_call', {arguments}) }}}}"}}


def info(**options: Any) -> dict[str, Any]:
    return {"groundcrew.fleet.page_route_info": {"labels": PAGE, "at": CHRISTMAS, **options}}


def test_who_is_on_call_and_who_is_paged_are_told_without_any_server(tmp_path: Path) -> None:
    config = oncall_filters.routes(file(), now="2026-12-20T00:00Z")
    # As people write it, and as Alertmanager reads it.
    (tmp_path / "alertmanager.yml").write_text(yaml.safe_dump(config).replace("'24:00'", "24:00"))
    (tmp_path / "broken.yml").write_text("route: [secret")
    told = play(
        tmp_path,
        lookup(f"'shop', at='{CHRISTMAS}'"),
        lookup("'shoop'"),
        lookup("'shop', layer=3"),
        info(oncall="{{ monitoring_oncall }}"),
        info(src="alertmanager.yml"),
        info(config=config, labels={**PAGE, "severity": "ticket"}),
        info(src="broken.yml"),
        info(),
        info(oncall=file({**WEEKLY, "days": "mon-fri"})),
        info(oncall=file(), at="Christmas"),
        {"ansible.builtin.debug": {"msg": "{{ broken | groundcrew.fleet.oncall_page }}"}},
    )
    assert '"person": "alice"' in told[0]
    assert "team 'shoop' is not in the on-call file" in told[1]
    assert "team 'shop' has no layer 3" in told[2]
    for one in told[3:5]:
        assert '"receivers": ["person/alice"]' in one
        assert '"why": "outside shop/0/bob"' in one
        assert '"changed": false' in one
    assert '"receivers": ["team/shop/tickets"]' in told[5]
    assert "src 'broken.yml' is no YAML" in told[6]
    assert "one of the following is required: config, src, oncall" in told[7]
    assert "nobody is on call from" in told[8]
    assert "at 'Christmas' is no moment" in told[9]
    lines = (tmp_path / "oncall.yml").read_text().splitlines()
    for part, text in (("  - dirk", "people[1]"), ("time_zone: Berlin", "time_zone")):
        (number,) = [number for number, line in enumerate(lines, 1) if part in line]
        # Which file and line it was, the cores before 2.19 do not always know.
        assert f"{text} ({tmp_path}/oncall.yml:{number}): " in told[10] or f"{text}: " in told[10]
    assert "secret" not in "".join(told)


@pytest.mark.parametrize(
    "place,line",
    [
        ("", 1),
        ("teams.the.shop.layers[0].people[1]", 7),
        ("teams.the.shop.layers[0].hours", 5),
        ("teams.the.shop", 4),
        ("teams.nobody", 2),
    ],
)
def test_a_place_leads_to_its_line_or_to_that_of_what_should_hold_it(tmp_path: Path, place: str, line: int) -> None:
    path = tmp_path / "oncall.yml"
    path.write_text("teams:\n  the: {}\n  the.shop:\n    layers:\n    - people:\n      - alice\n      - dirk\n")
    assert oncall_origin.line_of(DataLoader().load_from_file(str(path)), place) == f"{path}:{line}"
