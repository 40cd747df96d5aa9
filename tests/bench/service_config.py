"""Config files of one service that are all as wanted: service_config, ansible.builtin.template with a handler, one ping.

Unchanged files are what a play meets on nearly every host of nearly every run, so that is what must be cheap.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .harness import Case, Contender, Lab, Result, take_turns

UNIT = "[Service]\nExecStart=/bin/sleep infinity\nExecReload=/bin/true\n"
VARIABLES = {"bench_level": 3, "bench_name": "shop"}
# 22 lines of which 20 hang on a condition, as grown templates do.
TEMPLATE = "# {{ bench_name }}\n" + "".join(
    f"{{% if bench_level > {number % 5} %}}\nsetting_{number} = {{{{ bench_name }}}} {number}\n{{% endif %}}\n"
    for number in range(20)
)
CONTENT = "".join(f"setting_{number} = shop {number}\n" for number in range(22))
# The peer takes half a second a file and more: further rounds would tell no more.
PEER_ROUNDS = {1: 9, 20: 3, 200: 1}


def measure(lab: Lab, rounds: int) -> list[Result]:
    """Return the figures for 1, 20 and 200 files, given as templates and as content."""
    templates = lab.directory / "templates"
    templates.mkdir(exist_ok=True)
    (templates / "bench.j2").write_text(TEMPLATE)
    lab.run(lab.playbook("prepare", [_service([{"path": "/etc/systemd/system/bench.service", "content": UNIT}])]))
    floor = Contender("ping", lab.playbook("ping", [{"ansible.builtin.ping": {}}]))
    cases = [
        _case(lab, floor, "1 template", 1, 1.5, template="bench.j2"),
        _case(lab, floor, "20 templates", 20, 1.5, template="bench.j2"),
        _case(lab, floor, "20 contents", 20, 1.3, content=CONTENT),
        _case(lab, floor, "200 contents", 200, 2.0, content=CONTENT),
    ]
    return take_turns(lab, cases, rounds)


def _case(lab: Lab, floor: Contender, name: str, count: int, at_most: float, **source: str) -> Case:
    """The files of all three are brought before the first round, so that nobody has anything to change."""
    slug = name.replace(" ", "-")
    paths = [f"/etc/bench/{slug}/{number}.conf" for number in range(count)]
    ours = lab.playbook(f"ours-{slug}", [_service([{"path": path, **source} for path in paths])], vars=VARIABLES)
    theirs = [{"path": f"{path}.peer", "template": "bench.j2"} for path in paths]
    lab.run(ours)
    lab.run(lab.playbook(f"prepare-{slug}", [_service(theirs)], vars=VARIABLES))
    peer = Contender("peer", _peer(lab, slug, [file["path"] for file in theirs]), PEER_ROUNDS[count])
    return Case(name, Contender("ours", ours), floor, at_most, peer)


def _service(files: Sequence[dict[str, str]]) -> dict[str, Any]:
    return {"groundcrew.fleet.service_config": {"unit": "bench", "files": files}}


def _peer(lab: Lab, slug: str, paths: Sequence[str]) -> Any:
    task = {
        "ansible.builtin.template": {"src": "bench.j2", "dest": "{{ item }}", "mode": "0644"},
        "loop": paths,
        "notify": "Reload",
    }
    handler = {"name": "Reload", "ansible.builtin.systemd_service": {"name": "bench", "state": "reloaded"}}
    return lab.playbook(f"peer-{slug}", [task], vars=VARIABLES, handlers=[handler])
