"""What a host tells Prometheus of itself: from a ledger of the lab, from its records, and in a form that nothing can break."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.files import digest
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import (
    cli,
    ledger,
    lock,
    metrics,
    quarantine,
    textfile,
)
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.lock import Actor
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import Paths
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.world import World
from ansible_collections.groundcrew.fleet.plugins.module_utils.release import record
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.record import Record

WORLD = World()
CAPTURED = Path(__file__).parents[3] / "fixtures/ledgers/app1.jsonl"
LONG = 50_000
# Twenty times what it takes on an idle machine.
FAST_S = 20


@pytest.fixture
def lab(paths: Paths, tmp_path: Path) -> Paths:
    """A host of the lab: its ledger, and the two colours of the shop, of which blue has been switched twice."""
    shutil.copy(CAPTURED, paths.ledger)
    for app, versions in {"shop-blue": ("1.0.0", "3.0.0"), "shop-green": ("2.0.0",), "shop": ("1.0.0",)}.items():
        root = tmp_path / app
        root.mkdir()
        Path(paths.base, "releases", app).mkdir(parents=True)
        for number, version in enumerate(versions):
            noted = Record(app, version, "a" * 64, {}, str(root), activated_at=f"2026-03-0{number + 1}T00:00:00Z")
            Path(record.path_of(app, version, paths.base)).write_bytes(record.dump(noted))
    (tmp_path / "shop-blue/current").symlink_to("releases/3.0.0")
    (tmp_path / "shop-green/current").symlink_to("releases/2.0.0")
    return paths


def samples(paths: Paths) -> dict[str, float]:
    lines = [line for line in metrics.told(paths).splitlines() if not line.startswith("# ")]
    return {name: float(value) for name, _space, value in (line.rpartition(" ") for line in lines)}


def test_a_host_tells_its_runs_its_releases_and_its_state(lab: Paths) -> None:
    found = samples(lab)
    runs = {name: value for name, value in found.items() if name.startswith("groundcrew_runs_total")}
    assert runs == {
        'groundcrew_runs_total{module="accounts",result="done"}': 1,
        'groundcrew_runs_total{module="console",result="done"}': 1,
        'groundcrew_runs_total{module="packages",result="done"}': 1,
        'groundcrew_runs_total{module="release",result="done"}': 18,
        'groundcrew_runs_total{module="release",result="undone"}': 1,
    }
    assert {name: value for name, value in found.items() if "runs_total" not in name} == {
        'groundcrew_last_run_timestamp_seconds{module="accounts",result="done"}': 1795967965,
        'groundcrew_last_run_timestamp_seconds{module="console",result="done"}': 1795967962,
        'groundcrew_last_run_timestamp_seconds{module="packages",result="done"}': 1795967962,
        'groundcrew_last_run_timestamp_seconds{module="release",result="done"}': 1795968451,
        'groundcrew_last_run_timestamp_seconds{module="release",result="undone"}': 1795968181,
        "groundcrew_ledger_intact": 1,
        "groundcrew_quarantined": 0,
        "groundcrew_unfinished": 0,
        "groundcrew_locked": 0,
        'groundcrew_release_info{app="shop-blue",version="3.0.0"}': 1,
        'groundcrew_release_info{app="shop-green",version="2.0.0"}': 1,
        'groundcrew_release_active_timestamp_seconds{app="shop-blue",version="3.0.0"}': 1772409600,
        'groundcrew_release_active_timestamp_seconds{app="shop-green",version="2.0.0"}': 1772323200,
    }


def test_a_host_that_nobody_has_changed_tells_its_state_alone(tmp_path: Path) -> None:
    assert set(samples(Paths(str(tmp_path / "none")))) == {
        "groundcrew_ledger_intact",
        "groundcrew_quarantined",
        "groundcrew_unfinished",
        "groundcrew_locked",
    }


def test_what_stands_in_the_way_of_the_next_run_is_told(paths: Paths) -> None:
    Path(paths.journal, "tx1").mkdir(parents=True)
    quarantine.enter(paths, WORLD, txid="tx1", name="shop", why="broken", undo="stuck")
    lock.hold(paths, WORLD, Actor("ann", "patching", "r1"))
    found = samples(paths)
    assert [found[f"groundcrew_{name}"] for name in ("unfinished", "quarantined", "locked")] == [1, 1, 1]


@pytest.mark.parametrize("damage", [b'{"what": "forged", "prev": "x"}\n', b"rubbish\n", b"[]\n"])
def test_an_edited_ledger_shows_and_is_counted_on(lab: Paths, damage: bytes) -> None:
    before = sum(value for name, value in samples(lab).items() if "runs_total" in name)
    with Path(lab.ledger).open("ab") as file:
        file.write(damage)
    found = samples(lab)
    assert found["groundcrew_ledger_intact"] == 0
    assert sum(value for name, value in found.items() if "runs_total" in name) == before + 1


def test_a_torn_line_does_not_count(lab: Paths) -> None:
    before = metrics.told(lab)
    with Path(lab.ledger).open("ab") as file:
        file.write(b'{"what": "half of')
    assert metrics.told(lab) == before


def test_heals_are_counted_by_unit_and_no_ledger_makes_endless_series(paths: Paths) -> None:
    for number in range(metrics.MOST_UNITS + 5):
        ledger.append(paths, WORLD, {"what": "heal", "heal": f"u{number}.service", "result": "done"})
    ledger.append(paths, WORLD, {"what": "heal", "heal": "u0.service", "result": "done"})
    found = {name: value for name, value in samples(paths).items() if "heals" in name}
    assert found['groundcrew_heals_total{result="done",unit="u0.service"}'] == 2
    assert found['groundcrew_heals_total{result="done",unit="other"}'] == 5
    assert len(found) == metrics.MOST_UNITS + 1


@pytest.mark.parametrize(
    "what, module",
    [
        ("packages", "packages"),
        ("update 3 packages", "package_updates"),
        ("return 2 packages of r1", "package_updates"),
        ("restart 2 units that run replaced code", "package_updates"),
        ("repair what was interrupted", "package_updates"),
        ("hardening of access", "hardening"),
        ("host settings: what is left over", "host_settings"),
        ("kernel settings web", "kernel_settings"),
        ("rebooted", "reboot"),
        ("lock released by hand", "by_hand"),
        ("shop 2.0.0", "release"),
        ("shop: who may sign", "release"),
        ("shop", "service_config"),
        ("shopping 1", "service_config"),
        ("load-balancer", "service_config"),
    ],
)
def test_the_module_is_known_by_what_the_line_says(what: str, module: str) -> None:
    assert metrics.module_of({"what": what}, frozenset({"shop"})) == module


HOSTILE = 'x"} 1\n# TYPE y gauge\ny 1\n\\\udcff'


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_nothing_that_a_host_says_breaks_the_format(lab: Paths, tmp_path: Path) -> None:
    entry = {"what": HOSTILE, "result": HOSTILE, "when": "9999-99-99T99:99:99Z", "heal": HOSTILE, "who": HOSTILE}
    ledger.append(lab, WORLD, entry)
    (tmp_path / "shop/current").symlink_to('releases/1"}\n0')
    told = metrics.told(lab)
    done = subprocess.run(["promtool", "check", "metrics"], input=told, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert 'unit="x\\"} 1\\n# TYPE y gauge\\ny 1\\n\\\\?"' in told
    assert 'version="1\\"}\\n0"' in told


def test_fifty_thousand_lines_are_read_in_a_moment(paths: Paths) -> None:
    previous, line = "", json.loads(CAPTURED.read_bytes().splitlines()[7])
    with Path(paths.ledger).open("wb") as file:
        for _number in range(LONG):
            told = json.dumps({**line, "prev": previous}, sort_keys=True).encode()
            file.write(told + b"\n")
            previous = digest(told)
    began = time.process_time()
    found = samples(paths)
    assert time.process_time() - began < FAST_S
    assert found['groundcrew_runs_total{module="service_config",result="done"}'] == LONG
    assert found["groundcrew_ledger_intact"] == 1


def command(paths: Paths, *arguments: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("the command is for root")
    cli.main(["metrics", *arguments], paths)


def test_the_command_prints_or_writes_a_file_that_everybody_may_read(
    lab: Paths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command(lab)
    (tmp_path / "textfile").mkdir()
    command(lab, "--write", str(tmp_path / "textfile"))
    assert (tmp_path / "textfile/groundcrew.prom").read_text() == capsys.readouterr().out == metrics.told(lab)
    assert (tmp_path / "textfile/groundcrew.prom").stat().st_mode & 0o777 == 0o644
    assert os.listdir(tmp_path / "textfile") == ["groundcrew.prom"]


def test_the_command_changes_nothing_else(lab: Paths, tmp_path: Path) -> None:
    def tree() -> dict[str, tuple[int, int]]:
        found = [Path(top, name) for top, _folders, names in os.walk(tmp_path) for name in names]
        return {str(path): (path.lstat().st_mtime_ns, path.lstat().st_size) for path in found}

    before = tree()
    command(lab)
    assert tree() == before


def test_a_directory_that_nobody_reads_is_refused_with_the_cure(lab: Paths, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"there is no directory .*/none: install prometheus-node-exporter"):
        command(lab, "--write", str(tmp_path / "none"))


def test_a_file_that_cannot_be_put_in_place_leaves_the_old_one_and_no_other(tmp_path: Path) -> None:
    class Failing(World):
        def rename(self, old: str, new: str) -> None:
            raise OSError(28, "No space left on device", old, None, new)

    (tmp_path / "a.prom").write_text("old")
    with pytest.raises(OSError, match="No space"):
        textfile.write(Failing(), str(tmp_path), "a.prom", "new")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.prom": "old"}
    with pytest.raises(BadInput):
        textfile.write(WORLD, str(tmp_path / "a.prom"), "b.prom", "new")
