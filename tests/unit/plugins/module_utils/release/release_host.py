"""A host with releases of the shop, and what a call asks of it, as the planners see them."""

from __future__ import annotations

from typing import Any

from ansible_collections.groundcrew.fleet.plugins.module_utils._host import files
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.files import FileState
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.systemd import UnitState
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.steps import Plan, Step
from ansible_collections.groundcrew.fleet.plugins.module_utils.release import activate, decide, want
from ansible_collections.groundcrew.fleet.plugins.module_utils.release import plan as planner
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.manifest import Manifest
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.offer import Offer
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.record import Record
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.state import Have, Layout, Release
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.want import Want
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config import plan as service_plan
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config.state import Have as ServiceHave

UNIT_FILE = "/etc/systemd/system/shop.service"
NOW = "2026-11-29T03:00:00Z"
ROOMY = 10**9


def ask(state: str, version: str = "2", **params: Any) -> Want:
    given = {"app": "shop", "state": state, "version": version, "user": "shop", "unit": "shop", **params}
    return want.parse(given, {}, now=NOW)


def noted(version: str, **more: Any) -> Record:
    """The record of a release that ran once, as most did."""
    given = {
        "staged_at": f"2026-11-0{version[0]}T00:00:00Z",
        "activated_at": f"2026-11-0{version[0]}T01:00:00Z",
        **more,
    }
    return Record("shop", version, f"{version[0]}" * 64, {}, **given)


def layout(*records: Record, active: str = "", former: str = "", incomplete: tuple[str, ...] = ()) -> Layout:
    releases = {one.version: Release(one.version, one) for one in records}
    releases.update({version: Release(version) for version in incomplete})
    return Layout(active, former, releases)


def offered(version: str = "2", *, members: tuple[str, ...] = (), python: Any = None, **more: Any) -> Offer:
    manifest = Manifest("shop", version, f"shop-{version}.tar.gz", f"{version[0]}" * 64, 1000, python=python)
    kinds = {name: "file" if "." in name else "directory" for name in members}
    return Offer(manifest, {}, archive=f"/a/shop-{version}.tar.gz", members=kinds, size=3000, room=3000)._replace(
        **more
    )


def host(asked: Want, known: Layout, offer: Offer | None = None, **more: Any) -> Have:
    """A host whose service runs, with the links of the layout."""
    links = {}
    for path, version in ((asked.current, known.active), (asked.former, known.former)):
        links[path] = (
            FileState(path, files.LINK, target=f"releases/{version}") if version else FileState(path, files.ABSENT)
        )
    unit = UnitState("shop.service", load="loaded", active="active" if known.active else "inactive", started_at=1.0)
    service = ServiceHave(files=links, unit=unit, record_path="/r/units/shop.service.json", digest=lambda path: path)
    target = decide.target(asked, known)
    wanted = activate.service_of(asked, known, target) if target else Have().wanted
    shared = {one.path: FileState(asked.shared_path(one.path), files.ABSENT) for one in asked.shared}
    given = {"room": ROOMY, "shared": shared, "wanted": wanted, "service": service, **more}
    return Have(layout=known, offer=offer, **given)


def draw(asked: Want, known: Layout, offer: Offer | None = None, **more: Any) -> list[Plan]:
    return planner.plan(asked, host(asked, known, offer, **more), service_plan.plan)


def told(step: Step) -> str:
    """One step in a few words: what it does, and to what."""
    if step.kind == "argv":
        words = step.args["argv"]
        unit = next((word[len("--unit=groundcrew-shop-") :] for word in words if word.startswith("--unit=")), "")
        return f"run {unit}" if unit else f"run {words[0]}"
    action = step.args.get("action") or step.args.get("to") or ""
    return f"{step.kind} {step.target.replace('/opt/shop/', '').replace('/var/lib/groundcrew/', '')} {action}".strip()


def story(plans: list[Plan]) -> list[list[str]]:
    """Each transaction as the words of its steps."""
    return [[told(step) for step in one.steps] for one in plans]
