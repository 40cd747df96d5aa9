"""In which order a host is mended, updated and its services restarted, and what keeps an update from beginning."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.kernel import Kernel
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.stale import Process, Scan
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.updates import Update
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.steps import Plan, describe
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates import plan as planning
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates import tell
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates.policy import Held
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates.room import Disk
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates.state import Have
from ansible_collections.groundcrew.fleet.tests.unit.plugins.module_utils.package_updates.updates_host import (
    GONE,
    LIBRARY,
    NEW,
    NGINX,
    SSL,
    Table,
    have,
    steps_of,
    want,
)

IMAGE = Update("linux-image-6.1.0-31-amd64", "", "6.1.31-1")
SERVER = Process(7, "nginx.service", LIBRARY)
EDITED = {"nginx": ("/etc/nginx/nginx.conf", "/etc/nginx/mime.types"), "libssl3": ("/etc/ssl/a.cnf",)}


def planned(found: Have, *disks: Disk, **options: Any) -> Plan:
    return planning.plan(want(**options), found, disks)


def test_nothing_to_do_is_an_empty_plan() -> None:
    assert planned(have()).steps == ()


def test_what_was_interrupted_is_mended_before_any_package_changes() -> None:
    found = planned(have(SSL, processes=[SERVER], interrupted=("libssl3",)))
    assert steps_of(found) == [("argv", "dpkg")]
    assert found.steps[0].args["argv"][-2:] == ["--configure", "-a"]
    assert found.summary["interrupted"] == ["libssl3"]


def test_what_lacks_something_is_mended_by_apt_after_dpkgs_journal_is_closed() -> None:
    found = planned(have(interrupted=("libssl3",), broken=True))
    assert [step.args["argv"][0] for step in found.steps] == ["dpkg", "apt-get"]
    assert found.summary["unknown"] == ["what there is to update: libssl3 must be repaired first"]


def test_what_is_half_unpacked_is_installed_anew_before_dpkg_is_asked_to_configure_what_needs_it() -> None:
    found = planned(have(interrupted=("libssl3",), half=("/store/libssl3_1_amd64.deb",)))
    told = [" ".join(step.args["argv"]) for step in found.steps]
    assert [told[0], told[1].split(" -o ")[-1], told[2].split()[-2:]] == [
        "dpkg --set-selections",
        "Dpkg::Options::=--force-confold --reinstall --allow-downgrades install /store/libssl3_1_amd64.deb",
        ["--configure", "-a"],
    ]


def test_packages_change_before_anything_is_restarted() -> None:
    assert steps_of(planned(have(SSL, processes=[SERVER]))) == [("package install", "libssl3")]


def test_packages_are_named_with_exact_versions_and_what_comes_along_is_told() -> None:
    found = planned(have(SSL, NEW, GONE))
    told = describe(found.steps[0])
    assert told["packages"] == {"libssl3": "3.0.2", "libnew": "1.0", "libold": ""}
    assert (told["along"], told["archived"], told["config_files"]) == (["libnew"], True, "keep")
    assert [check.spec["versions"] for check in found.checks] == [{"libssl3": "3.0.2", "libnew": "1.0", "libold": ""}]
    assert found.name == "update 3 packages"


def test_the_diff_has_one_line_for_each_package_on_the_side_where_it_is_there() -> None:
    (diff,) = planned(have(SSL, NEW, GONE)).diff
    assert (diff["before"], diff["after"]) == ("libssl3 3.0.1\nlibold 1.0\n", "libssl3 3.0.2\nlibnew 1.0\n")


def test_without_updates_units_with_replaced_code_are_restarted_and_verified() -> None:
    found = planned(have(processes=[SERVER, SERVER._replace(pid=8)]), within_s=90)
    assert steps_of(found) == [("unit restart", "nginx.service")]
    assert [check.spec["name"] for check in found.checks] == ["nginx.service"]
    assert (found.within_s, found.units, found.summary["restarted"]) == (90, ("nginx.service",), ["nginx.service"])


def test_with_restarts_switched_off_they_are_told() -> None:
    found = planned(have(processes=[SERVER]), restart=False)
    assert found.steps == ()
    assert found.summary["left"] == {"nginx.service": "restarts are switched off: set restart to true"}


def test_what_was_held_back_is_told_in_the_words_of_the_modules() -> None:
    found = planned(have(held=(Held("vim", "9.0", "9.1", True, "on hold on this host"),))).summary["held"]
    assert [{key: one[key] for key in ("name", "from", "to", "security", "why")} for one in found] == [
        {"name": "vim", "from": "9.0", "to": "9.1", "security": True, "why": "on hold on this host"}
    ]


def test_edited_configuration_files_stay_without_a_step_of_their_own() -> None:
    found = planned(have(NGINX, edited=EDITED))
    assert steps_of(found) == [("package install", "nginx")]
    assert found.summary["packages"][0]["config_files"] == list(EDITED["nginx"])


def test_edited_configuration_files_that_are_to_be_taken_new_are_kept_for_the_way_back_first() -> None:
    found = planned(have(SSL, NGINX, edited=EDITED), config_files="take")
    assert steps_of(found) == [
        ("preserve", "/etc/nginx/nginx.conf"),
        ("preserve", "/etc/nginx/mime.types"),
        ("preserve", "/etc/ssl/a.cnf"),
        ("package install", "libssl3 nginx"),
    ]
    assert describe(found.steps[-1])["config_files"] == "take"


@pytest.mark.parametrize(
    "found,disks,options,told",
    [
        (
            have(SSL, NGINX, edited=EDITED),
            (),
            {"config_files": "refuse"},
            "somebody has edited /etc/nginx/nginx.conf, /etc/nginx/mime.types, /etc/ssl/a.cnf: say keep or take, or exclude libssl3, nginx",
        ),
        (
            have(SSL, unsaved={"libssl3": "it is nowhere"}),
            (),
            {"require_way_back": True},
            r"there would be none for libssl3 \(it is nowhere\): install dpkg-repack, or exclude these",
        ),
        (
            have(SSL),
            (Disk("/usr", 10 * 1024**2, 40 * 1024**2, "what the packages grow by"), Disk("/var", 99, 9, "the rest")),
            {},
            "there is no room: /usr has 10 MiB free, and what the packages grow by needs 40 MiB: make room",
        ),
        (
            have(Update("linux-image-6.1.0-30-amd64", "6.1.30-1", "")),
            (),
            {},
            "it would remove linux-image-6.1.0-30-amd64, which is running and the way back",
        ),
        (
            have(IMAGE, kernel=Kernel("6.1.0-29-amd64", has_fallback=False)),
            (),
            {},
            r"a kernel comes, and the running one \(6.1.0-29-amd64\) is not installed to fall back to",
        ),
    ],
)
def test_an_update_that_would_leave_the_host_in_trouble_does_not_begin(
    found: Have, disks: tuple[Disk, ...], options: dict[str, Any], told: str
) -> None:
    with pytest.raises(BadInput, match=told) as raised:
        planned(found, *disks, **options)
    assert str(raised.value).endswith(". Nothing was changed")


@pytest.mark.parametrize(
    "found,options",
    [
        (have(SSL, edited=EDITED), {"config_files": "keep"}),
        (have(SSL, unsaved={"libssl3": "it is nowhere"}), {}),
        (have(IMAGE), {}),
        (have(NGINX, kernel=Kernel("6.1.0-29-amd64", has_fallback=False)), {}),
        (have(Update("linux-image-6.1.0-29-amd64", "6.1.29-1", "")), {}),
    ],
)
def test_what_the_policy_allows_begins(found: Have, options: dict[str, Any]) -> None:
    assert planned(found, Disk("/usr", 9, 9, "what the packages grow by"), **options).steps


def test_all_objections_are_told_at_once() -> None:
    found = have(SSL, edited=EDITED, unsaved={"libssl3": "it is nowhere"})
    told = planning.objections(
        want(config_files="refuse", require_way_back=True), found, (Disk("/var", 1, 2, "what comes"),)
    )
    assert len(told) == 3


def test_what_could_not_be_looked_into_is_told_as_unknown() -> None:
    summary = planned(have(scan=Scan((), ("nginx.service",)))).summary
    assert summary["unknown"] == ["whether nginx.service runs replaced code: its processes may not be looked into"]
    assert summary["reboot"]["needed"] is None


def test_cves_that_only_some_changelogs_tell_are_not_all() -> None:
    found = have(rated=(SSL._replace(cves=("CVE-2026-1",)), NGINX), rated_by="changelogs")
    assert tell.unknown(found) == ["which CVEs 1 of 2 updates close: their changelogs are not at hand"]
    assert tell.unknown(found._replace(rated_by="updateinfo")) == []


def test_without_lists_of_packages_nothing_on_offer_is_unknown_and_not_well() -> None:
    class Blind(Table):
        def lists_age_s(self) -> None:
            return None

    found = have()._replace(manager=Blind())
    assert tell.unknown(found)[0].startswith("what there is to update: no list of packages is here")
    told = tell.report(found, [])
    assert (told["cves"]["open"], told["patch_age_days"]) == (None, None)


def test_the_report_tells_due_and_coming_restarts_apart() -> None:
    found = have(SSL, processes=[SERVER], uses=frozenset({"nginx.service", "app.service", "dbus.service"}))
    told = tell.report(found, [])["restart"]
    assert (told["due"], told["after"]) == (["nginx.service"], ["app.service"])
    assert (list(told["left"]), list(told["left_after"])) == ([], ["dbus.service"])


@pytest.mark.parametrize(
    "rated,rated_by,told",
    [
        ((), "", {"open": [], "source": ""}),
        ((SSL,), "", {"open": None, "source": ""}),
        ((SSL,), "security tracker", {"open": [], "source": "security tracker"}),
        (
            (SSL._replace(cves=("CVE-2", "CVE-1")), NGINX._replace(cves=("CVE-1",))),
            "changelogs",
            {"open": ["CVE-1", "CVE-2"], "source": "changelogs"},
        ),
    ],
)
def test_open_cves_are_unknown_where_nobody_could_tell(
    rated: tuple[Update, ...], rated_by: str, told: dict[str, Any]
) -> None:
    assert tell.report(have(rated=rated, rated_by=rated_by), [])["cves"] == told


def test_the_patch_age_is_that_of_the_oldest_pending_security_update() -> None:
    rated = (SSL._replace(age_days=3.456), SSL._replace(age_days=1.0), NGINX._replace(age_days=90.0))
    assert tell.report(have(rated=rated), [])["patch_age_days"] == 3.46
    assert tell.report(have(rated=rated[2:]), [])["patch_age_days"] == 0.0


def test_a_host_was_last_patched_when_the_newest_good_run_ended() -> None:
    history = [{"when": when, "result": result} for when, result in (("c", "undone"), ("b", "finished"), ("a", "done"))]
    assert tell.past(history)["last_patched"] == "b"
    assert tell.past([])["last_patched"] == ""
