"""What the role makes of its variables."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
from contextlib import ExitStack
from datetime import datetime, timezone
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import alert_routes, host_certificate
from ansible_collections.groundcrew.fleet.tests.unit.plugins.plugin_utils import live_alertmanager as live
from ansible_collections.groundcrew.fleet.tests.unit.plugins.plugin_utils.live_alertmanager import program
from ansible_collections.groundcrew.fleet.tests.unit.roles.monitoring.variables import ROLE, made, run

BALANCED = {"load_balancer_backends": [{"name": "shop", "hosts": ["app1"], "port": 8000}]}
SLO = {"app": "shop", "objective": 99.9, "backend": "shop"}


def fleet(**variables: Any) -> dict[str, Any]:
    """A load balancer of the platform's, an app of the shop's, and a host that watches."""
    return {
        "vars": variables,
        "children": {
            "load_balancer": {"hosts": {"lb1": {"monitoring_owner": "platform", **BALANCED}}},
            "app": {"hosts": {"app1": {"monitoring_owner": "shop", "monitoring_slos": [SLO]}}},
            "monitoring": {"hosts": {"mon1": {}}},
        },
    }


def test_an_slo_and_the_backend_belong_to_the_owner_of_the_apps_hosts(tmp_path: Path) -> None:
    told = made(tmp_path, fleet(), "mon1", slos="__monitoring_slos", rules="__monitoring_fleet_rules | to_json")
    assert told["slos"] == [{**SLO, "owner": "shop"}]
    assert '{{ if eq $labels.proxy \\"shop\\" }}shop' in told["rules"]


ANSWERING = {"name": "site", "rules": [{"record": "site:up", "expr": "up"}]}


def task(file: str, service: str) -> dict[str, Any]:
    """What the task of a file asks service_config for, by the name of the service."""
    tasks = yaml.safe_load((ROLE / "tasks" / file).read_text(encoding="utf-8"))
    asked = [one["groundcrew.fleet.service_config"] for one in tasks if "groundcrew.fleet.service_config" in one]
    (found,) = [one for one in asked if one["name"] == service]
    return dict(found)


def previewed(directory: Path, **variables: Any) -> Path:
    """Prometheus' files as Alertmanager's transaction stages them; the path of the first of them."""
    config = "lookup('ansible.builtin.template', 'prometheus.yml.j2')"
    told = made(directory, fleet(**variables), "mon1", files="__monitoring_previews", config=config)
    staged = [directory / "staged" / str(file["path"]).lstrip("/") for file in told["files"]]
    for path, file in zip(staged, told["files"]):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.get("content", told["config"]), encoding="utf-8")
    return staged[0]


@pytest.mark.parametrize(
    "variables, said",
    [
        ({}, "SUCCESS"),
        ({"monitoring_rules": [ANSWERING]}, "SUCCESS"),
        (
            {"monitoring_rules": [{**ANSWERING, "rules": [{"record": "x", "expr": "up +"}]}]},
            "could not parse expression",
        ),
        ({"monitoring_remote_write": [{"adress": "http://x"}]}, "field adress not found"),
    ],
)
def test_what_prometheus_would_refuse_is_refused_before_alertmanager_has_changed(
    tmp_path: Path, variables: dict[str, Any], said: str
) -> None:
    asked = task("server.yml", "alertmanager")
    assert asked["files"] == "{{ __monitoring_alertmanager_files + __monitoring_previews }}"
    assert asked["previews"] == "{{ __monitoring_previews | map(attribute='path') }}"
    validators = [argv[:-1] for argv in asked["validate"]]
    assert validators == [["/usr/bin/amtool", "check-config"], ["/usr/bin/promtool", "check", "config"]]
    path = previewed(tmp_path, **variables)
    argv = [program("promtool"), "check", "config", str(path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert said in done.stdout + done.stderr


ESCALATION = ["/etc/groundcrew/escalate.json", "/var/lib/prometheus/node-exporter/groundcrew_oncall.prom"]
DEADMAN = ["/etc/groundcrew/deadman.json"]
TLS = [f"/etc/prometheus/tls/{name}" for name in ("host.key", "password", "web.yml", "cluster.yml")]
ONCALL = {
    "people": {"alice": {"contact": {"webhook": "http://127.0.0.1:1/alice"}}},
    "teams": {"shop": {"time_zone": "UTC", "layers": [{"people": ["alice"], "start": "2026-01-05"}]}},
}


@pytest.mark.parametrize(
    "host, variables, by_the_metrics, by_prometheus",
    [
        ("app1", {}, [*ESCALATION, *DEADMAN, *TLS], []),
        ("app1", {"monitoring_deadman_enabled": True}, [*ESCALATION, *TLS], []),
        ("app1", {"monitoring_tls_enabled": True, "monitoring_oncall": ONCALL}, [*ESCALATION, *DEADMAN], []),
        ("mon1", {}, [*ESCALATION, *DEADMAN], TLS),
        ("mon1", {"monitoring_tls_enabled": True, "monitoring_oncall": ONCALL}, DEADMAN, []),
    ],
)
def test_what_is_switched_off_leaves_no_settings_and_no_figures_behind_and_costs_no_task(
    tmp_path: Path, host: str, variables: dict[str, Any], by_the_metrics: list[str], by_prometheus: list[str]
) -> None:
    asked = {"metrics": "__monitoring_left_behind", "prometheus": "__monitoring_tls_left_behind"}
    told = made(tmp_path, fleet(**variables), host, **asked)
    assert {file["state"] for file in told["metrics"]} == {"absent"}
    assert [file["path"] for file in told["metrics"]] == by_the_metrics
    assert host != "mon1" or [file["path"] for file in told["prometheus"]] == by_prometheus
    assert task("main.yml", "fleet-metrics")["files"] == "{{ __monitoring_metrics_files + __monitoring_left_behind }}"
    wanted = "{{ __monitoring_prometheus_files + __monitoring_tls_left_behind }}"
    assert task("server.yml", "prometheus")["files"] == wanted


@pytest.mark.parametrize("program_of", ["escalate", "deadman"])
def test_a_program_that_is_switched_off_does_not_run_though_its_timer_stays(tmp_path: Path, program_of: str) -> None:
    text = f"lookup('ansible.builtin.template', 'groundcrew-{program_of}.service.j2')"
    unit = str(made(tmp_path, fleet(), "mon1", unit=text)["unit"])
    assert f"ConditionPathExists=/etc/groundcrew/{program_of}.json" in unit.partition("[Service]")[0].splitlines()


@pytest.mark.parametrize("enabled, below", [(True, ["user/calendars", "user/pages"]), (False, [])])
def test_calendars_of_people_who_left_and_pages_of_earlier_versions_are_removed(
    tmp_path: Path, enabled: bool, below: list[str]
) -> None:
    purged = made(tmp_path, fleet(monitoring_pages_enabled=enabled), "mon1", purged="__monitoring_purged")["purged"]
    always = ["/etc/prometheus/targets", "/etc/prometheus/rules"]
    assert [one["path"] for one in purged if one["purge"]] == [
        *always,
        *(f"/usr/local/share/groundcrew-pages/{one}" for one in below),
    ]


@pytest.mark.parametrize("probes", [True, False])
def test_a_job_of_the_site_is_scraped_whatever_its_name_begins_with(tmp_path: Path, probes: bool) -> None:
    job = {"name": "probe-foo", "groups": ["app"], "port": 9187}
    given = {"monitoring_jobs": [job], "monitoring_probes_enabled": probes}
    text = "lookup('ansible.builtin.template', 'prometheus.yml.j2')"
    config = yaml.safe_load(str(made(tmp_path, fleet(**given), "mon1", config=text)["config"]))
    names = [one["job_name"] for one in config["scrape_configs"]]
    assert names.count("probe-foo") == 1
    assert ("probe-http" in names, len(names)) == (probes, len(set(names)))


TLS_ON = {"monitoring_tls_enabled": True, "monitoring_tls_directory": "/nonexistent", "monitoring_password": "x" * 12}


def preflight() -> list[dict[str, Any]]:
    """The tasks of the role before the first that changes anything."""
    tasks = yaml.safe_load((ROLE / "tasks/main.yml").read_text(encoding="utf-8"))
    return list(takewhile(lambda one: "ansible.builtin.assert" in one, tasks))


@pytest.mark.parametrize(
    "host, variables",
    [("app1", {}), ("mon1", {}), ("mon1", {**TLS_ON, "monitoring_oncall": ONCALL})],
)
def test_what_is_right_passes_before_anything_is_installed(
    tmp_path: Path, host: str, variables: dict[str, Any]
) -> None:
    assert "failed=0" in run(tmp_path, fleet(**variables), host, preflight())


@pytest.mark.parametrize(
    "tag, host, variables, said",
    [
        (
            "monitoring_node_exporter",
            "app1",
            {**TLS_ON, "monitoring_password": "correct horse\n"},
            "blank or a newline",
        ),
        ("monitoring_node_exporter", "app1", {**TLS_ON, "monitoring_password": "x" * 73}, "has 73: give another"),
        ("monitoring_process_exporter", "app1", {**TLS_ON, "monitoring_password": ""}, "12 characters or more"),
        ("monitoring_deadman", "app1", {"monitoring_deadman_enabled": True}, "monitoring_deadman says whom to tell"),
        ("monitoring_server", "mon1", {"monitoring_route": {"receiver": "team"}}, "names a receiver"),
        (
            "monitoring_server",
            "mon1",
            {"monitoring_oncall": ONCALL, "monitoring_oncall_horizon_days": 5},
            "horizon_days 5",
        ),
        ("monitoring_server", "mon1", {"monitoring_retention_days": 15}, "samples are kept for 15 days"),
    ],
)
def test_what_is_wrong_is_refused_before_anything_is_installed_whatever_part_of_the_role_is_asked_for(
    tmp_path: Path, tag: str, host: str, variables: dict[str, Any], said: str
) -> None:
    with pytest.raises(AssertionError) as refused:
        run(tmp_path, fleet(**variables), host, preflight(), "--tags", tag)
    assert said in re.sub(r"\s+", " ", str(refused.value))


def arguments(directory: Path, host: str, inventory: dict[str, Any]) -> str:
    """What Alertmanager is started with."""
    text = "lookup('ansible.builtin.template', 'alertmanager.default.j2')"
    return str(made(directory, inventory, host, text=text)["text"]).partition('ARGS="')[2].rstrip('"\n')


def test_alertmanager_knows_the_silences_of_as_many_days_as_samples_are_kept(tmp_path: Path) -> None:
    assert "--data.retention=840h" in arguments(tmp_path, "mon1", fleet()).split()


def two_that_watch(**variables: Any) -> dict[str, Any]:
    hosts = {f"mon{number}": {"ansible_host": f"192.0.2.{number}"} for number in (1, 2)}
    given = {"monitoring_alertmanager_listen": ":9093", "monitoring_tls_enabled": True, **variables}
    return {"vars": given, "children": {"monitoring": {"hosts": hosts}}}


@pytest.mark.parametrize("tls", [True, False])
def test_alertmanagers_meet_by_tls_where_it_is_switched_on(tmp_path: Path, tls: bool) -> None:
    started = arguments(tmp_path, "mon1", two_that_watch(monitoring_tls_enabled=tls)).split()
    assert {"--cluster.listen-address=0.0.0.0:9094", "--cluster.peer=192.0.2.2:9094"} <= set(started)
    assert ("--cluster.tls-config=/etc/prometheus/tls/cluster.yml" in started) == tls


def test_one_alertmanager_alone_meets_nobody(tmp_path: Path) -> None:
    started = arguments(tmp_path, "mon1", fleet(monitoring_tls_enabled=True)).split()
    assert "--cluster.listen-address=" in started
    assert not [one for one in started if "tls-config" in one]


def meeting(directory: Path, port: int, *more: str) -> list[str]:
    """What makes an Alertmanager meet others there."""
    directory.mkdir()
    address = f"127.0.0.1:{port}"
    return [f"--cluster.listen-address={address}", f"--cluster.advertise-address={address}", *more]


def test_alertmanagers_with_certificates_of_the_fleet_meet_and_who_has_none_is_refused(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    now = datetime.now(timezone.utc)
    told = host_certificate.of_host(keys, "mon1", ["127.0.0.1"], days=365, now=now)
    paths = {"certificate": told.certificate, "key": told.key, "ca": told.ca}
    for name, content in paths.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    text = "lookup('ansible.builtin.template', 'cluster.yml.j2')"
    places = {"__monitoring_tls": {name: str(tmp_path / name) for name in paths}}
    config = tmp_path / "cluster.yml"
    config.write_text(str(made(tmp_path, two_that_watch(), "mon1", places, text=text)["text"]), encoding="utf-8")
    ports = [live.free_port(), live.free_port()]
    more = [f"--cluster.tls-config={config}", *(f"--cluster.peer=127.0.0.1:{port}" for port in ports)]
    silent = {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]}
    with ExitStack() as stack:
        servers = [
            stack.enter_context(live.alertmanager(silent, tmp_path / name, *meeting(tmp_path / name, port, *more)))
            for name, port in zip("ab", ports)
        ]
        live.until(lambda: peers(servers) == [2, 2], why="they do not meet")
        with pytest.raises(ssl.SSLError, match=r"BAD_CERTIFICATE|CERTIFICATE_REQUIRED"):
            stranger(ports[0], tmp_path / "ca")


def peers(servers: list[live.Live]) -> list[int]:
    return [len(server.call("GET", "status")["cluster"]["peers"]) for server in servers]


def stranger(port: int, authority: Path) -> bytes:
    """Knock as one who trusts the fleet's authority and has no certificate of it."""
    context = ssl.create_default_context(cafile=str(authority))
    with (
        socket.create_connection(("127.0.0.1", port), 5) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        return secured.recv(1)


@pytest.mark.parametrize("oncall", [False, True])
def test_secrets_that_are_vaulted_in_place_reach_the_files_as_they_are(tmp_path: Path, oncall: bool) -> None:
    (tmp_path / "password").write_text("secret", encoding="utf-8")
    sealed = [
        "ansible-vault",
        "encrypt_string",
        "--vault-password-file",
        str(tmp_path / "password"),
        "http://127.0.0.1/planted",
    ]
    told = subprocess.run(sealed, capture_output=True, text=True, check=True).stdout
    vaulted = {"__ansible_vault": told.partition("\n")[2].replace(" ", "")}
    contact = {"people": {"alice": {"contact": {"webhook": vaulted}}}}
    given = {
        "monitoring_remote_write": [{"url": vaulted}],
        "monitoring_receivers": [] if oncall else [{"name": "team", "webhook_configs": [{"url": vaulted}]}],
        "monitoring_oncall": {**ONCALL, **contact} if oncall else {},
        "monitoring_deadman": {"webhooks": [vaulted]},
    }
    asked = {
        "prometheus": "lookup('ansible.builtin.template', 'prometheus.yml.j2')",
        "alertmanager": "__monitoring_alerting_content | to_nice_yaml",
        "deadman": "__monitoring_deadman_settings | to_nice_json",
    }
    key = {"ANSIBLE_VAULT_PASSWORD_FILE": str(tmp_path / "password")}
    found = made(tmp_path, fleet(**given), "mon1", None, key, **asked)
    assert {name for name, text in found.items() if "planted" in str(text)} == set(asked)
    assert [name for name, text in found.items() if "ANSIBLE_VAULT" in str(text)] == []


@pytest.mark.parametrize(
    "receivers, paged, watchdog",
    [
        ([], "page-of-alertmanager", "page-of-alertmanager"),
        ([{"name": "team"}], "team", "page-of-alertmanager"),
        ([{"name": "team"}, {"name": "watchdog"}], "team", "watchdog"),
    ],
)
def test_the_watchdog_which_fires_for_ever_is_told_to_nobody_but_a_receiver_of_its_name(
    tmp_path: Path, receivers: list[dict[str, Any]], paged: str, watchdog: str
) -> None:
    own = {"matchers": ['app="db"'], "receiver": paged}
    given = {"monitoring_receivers": receivers, "monitoring_route": {"routes": [own]}}
    config = made(tmp_path, fleet(**given), "mon1", config="__monitoring_alerting_content")["config"]
    live.amtool(live.write(tmp_path / "alertmanager.yml", config), "check-config")
    now = datetime.now(timezone.utc)
    for labels, receiver in (
        ({"alertname": "Watchdog", "owner": "ops"}, watchdog),
        ({"app": "db"}, paged),
        ({}, paged),
    ):
        assert alert_routes.paged(config, labels, now) == [receiver]
