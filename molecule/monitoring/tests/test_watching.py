"""What roles/monitoring/README.md promises of what is watched, from the outside."""

from __future__ import annotations

import json
import os
import random
import statistics
import sys
import time
from collections.abc import Iterator

import pytest
from ansible_collections.groundcrew.fleet.molecule.monitoring.tests.world import (
    ALERTMANAGER,
    APPS,
    HOSTS,
    PROMETHEUS,
    WATCHING,
    Pages,
    Played,
    api,
    ask,
    health,
    looking,
    on,
    play,
    series,
    unanswered,
    with_other_secrets,
    within,
    without,
)

# What takes a minute and more.
FULL = os.environ.get("PAGES") == "full"
TRIALS = 20 if FULL else 5
PAGE_WITHIN_S = 5
EVERYTHING = {
    *(("node", f"{address}:9100") for address in HOSTS.values()),
    *(("process", f"{address}:9256") for address in HOSTS.values()),
    *(
        (job, f"{address}:{port}")
        for job, port in (("prometheus", 9090), ("alertmanager", 9093))
        for address in WATCHING.values()
    ),
    *(("shop", f"{address}:8000") for address in APPS.values()),
    *(("probe-http", f"http://{address}:8000/health") for address in APPS.values()),
    ("probe-http", f"http://{HOSTS['lb1']}:80/health"),
    ("probe-http", f"https://{HOSTS['lb1']}:443/health"),
    ("probe-tls", f"{HOSTS['lb1']}:443"),
    ("haproxy", f"{HOSTS['lb1']}:8404"),
    ("blackbox", "127.0.0.1:9115"),
}


@pytest.mark.parametrize("watching", WATCHING)
def test_all_that_the_inventory_and_the_roles_have_is_watched_by_both(watching: str) -> None:
    assert within(30, lambda: set(health(watching).values()) == {"up"}), health(watching)
    assert set(health(watching)) == EVERYTHING


@pytest.mark.parametrize("watching", WATCHING)
def test_what_is_probed_answers_and_the_end_of_its_certificate_is_known(watching: str) -> None:
    assert within(
        30, lambda: series(watching, "min by (host) (probe_success)") == dict.fromkeys(("app1", "app2", "lb1"), 1.0)
    )
    (left,) = series(watching, "probe_ssl_earliest_cert_expiry{job='probe-tls'} - time()").values()
    assert 86400 < left < 2 * 86400


def test_every_target_has_its_hosts_owner() -> None:
    targets = [one["labels"] for one in api("mon1", "targets?state=active")["activeTargets"]]
    assert {(one["host"], one["owner"]) for one in targets} == {
        *((app, "shop") for app in APPS),
        # What the load balancer answers for the app is whose the app is.
        ("lb1", "shop"),
        *((host, "ops") for host in (*WATCHING, "lb1")),
    }


@pytest.mark.parametrize("watching", WATCHING)
def test_every_rule_has_been_evaluated_and_none_of_them_fails(watching: str) -> None:
    def rules() -> list[dict[str, str]]:
        return [rule for group in api(watching, "rules")["groups"] for rule in group["rules"]]

    assert within(180, lambda: {rule["health"] for rule in rules()} == {"ok"}), [
        one for one in rules() if one["health"] != "ok"
    ]
    assert {"InstanceDown", "SloBudgetBurnsFast", "Watchdog"} <= {rule["name"] for rule in rules()}


def test_an_slo_beside_the_app_is_measured() -> None:
    def left() -> dict[str, float]:
        return series("mon1", "sum by (app) (slo:objective:ratio{app='shop', owner='shop'}) * 100")

    assert within(60, lambda: [round(value, 3) for value in left().values()] == [99.9]), left()


def test_what_the_ledgers_know_is_there_for_every_host() -> None:
    def runs() -> dict[str, float]:
        return series("mon1", "sum by (host) (groundcrew_runs_total{result='done'})")

    assert within(90, lambda: set(runs()) == set(HOSTS)), runs()
    assert min(runs().values()) >= 1


@pytest.mark.parametrize(
    "host, port", [("mon1", 9090), ("mon1", 9093), ("mon1", 9100), ("mon1", 9256), ("lb1", 9100), ("lb1", 8404)]
)
def test_who_has_no_password_is_told_nothing(host: str, port: int) -> None:
    assert ask(host, port, "/metrics", password="").status == 401
    assert ask(host, port, "/metrics", password="another password").status == 401
    assert ask(host, port, "/metrics").status == 200


def test_no_secret_shows_in_the_output_of_a_change() -> None:
    # All that is secret has other values, and each of them would be written.
    inventories, secrets = with_other_secrets()
    done = play("-vvv", "--check", inventories=inventories)
    assert done.rc == 0, done.said[-3000:]
    assert sum(done.changed.values()) >= len(secrets)
    assert [secret for secret in secrets if secret in done.said] == []
    assert "PRIVATE KEY" not in done.said


@pytest.mark.parametrize("host", HOSTS)
def test_no_secret_is_left_where_others_can_read_it(host: str) -> None:
    for_others = "find / -xdev -type f -size -9M -perm /o=r -not -path '/proc/*' -exec grep -l z[q]-planted {} +"
    # In brackets, since sudo writes this command into the journal.
    kept = "grep -rl z[q]-planted /var/lib/groundcrew /var/log /run/log; journalctl --no-pager | grep z[q]-planted"
    assert on(host, "sh", "-c", f"'({for_others}; {kept}) || true'").split() == []


def test_the_keys_are_not_for_everybody() -> None:
    modes = on(
        "mon1", "stat", "--format=%a:%U:%G", "/etc/prometheus/tls/host.key", "/etc/prometheus/tls/password"
    ).split()
    assert modes == ["640:root:prometheus"] * 2


def are_one() -> bool:
    status = [json.loads(ask(watching, ALERTMANAGER, "/api/v2/status").body)["cluster"] for watching in WATCHING]
    return all((one["status"], len(one["peers"])) == ("ready", 2) for one in status)


def test_both_alertmanagers_are_one() -> None:
    assert within(30, are_one)


def test_a_host_that_leaves_the_inventory_is_forgotten_and_one_that_joins_is_watched() -> None:
    of_app2 = {one for one in EVERYTHING if APPS["app2"] in one[1]}
    with looking(lambda: unanswered("mon1")) as silent:
        gone = play("--limit=monitoring", inventories=without("app2"))
    assert gone.rc == 0, gone.said[-3000:]
    assert silent == []
    for watching in WATCHING:
        assert within(10, lambda watching=watching: set(health(watching)) == EVERYTHING - of_app2), health(watching)
    joined = play("--limit=monitoring")
    assert joined.rc == 0, joined.said[-3000:]
    for watching in WATCHING:
        assert within(10, lambda watching=watching: set(health(watching)) == EVERYTHING), health(watching)
        assert within(20, lambda watching=watching: set(health(watching).values()) == {"up"}), health(watching)


def test_one_of_the_two_can_tell_an_alert_at_each_moment_of_a_change() -> None:
    """After a reload Prometheus knows no Alertmanager for some seconds."""

    def known() -> Iterator[int]:
        yield sum(len(api(watching, "alertmanagers")["activeAlertmanagers"]) for watching in WATCHING)

    with looking(known) as seen:
        done = play(
            "--limit=monitoring", monitoring_rules=[{"name": "own", "rules": [{"record": "own:up", "expr": "up"}]}]
        )
    assert done.rc == 0, done.said[-3000:]
    assert len(seen) > 10
    assert min(seen) >= 2
    assert list(known()) == [4]


def process(host: str, unit: str) -> str:
    return on(host, "systemctl", "show", "--property=MainPID,ActiveEnterTimestampMonotonic", unit)


WRONG = [
    pytest.param(
        {"monitoring_rules": [{"name": "own", "rules": [{"alert": "Wrong", "expr": "up =="}]}]}, "site.yml", id="a rule"
    ),
    pytest.param(
        {
            "monitoring_route": {"group_wait": "7s"},
            "monitoring_rules": [{"name": "own", "rules": [{"alert": "Wrong", "expr": "up =="}]}],
        },
        "site.yml",
        id="a rule beside a new route",
    ),
    pytest.param(
        {"monitoring_remote_write": [{"url": "nowhere", "colour": "red"}]}, "colour", id="a scrape configuration"
    ),
    pytest.param(
        {"monitoring_route": {"routes": [{"receiver": "stranger"}]}},
        "undefined receiver",
        id="a route to nobody",
    ),
    pytest.param(
        {"monitoring_jobs": [{"name": "db", "groups": ["database"], "port": 9187}]},
        "groups that the inventory has",
        id="a group",
    ),
]


def as_it_stands() -> list[str]:
    """The files and the processes of both servers on mon1."""
    files = "'cat /etc/prometheus/*.yml /etc/prometheus/*/*.yml /etc/default/prometheus* | sha256sum'"
    return [
        on("mon1", "sh", "-c", files),
        *(process("mon1", unit) for unit in ("prometheus", "prometheus-alertmanager")),
    ]


def refused(said: str, wrong: dict[str, object]) -> Played:
    """A change that fails with these words, while both servers answer all the time, and after which all stands as before."""
    before = as_it_stands()
    with looking(lambda: unanswered("mon1")) as silent:
        done = play("--limit=mon1", **wrong)
    assert done.rc == 2
    assert silent == []
    assert said in done.said
    assert as_it_stands() == before
    return done


@pytest.mark.parametrize("wrong, said", WRONG)
def test_what_would_be_refused_is_refused_before_anything_is_touched(wrong: dict[str, object], said: str) -> None:
    assert refused(said, wrong).changed["mon1"] == 0


UNREADABLE = {"tls_config": {"ca_file": "/root/ca.pem"}}
FAR = {"name": "far", "webhook_configs": [{"url": "https://127.0.0.1:9/", "http_config": UNREADABLE}]}
TO_FAR = {"routes": [{"receiver": "far", "matchers": ['alertname="Far"']}]}


@pytest.mark.skipif(not FULL, reason="each waits as long as a service may take to come up: script/test monitoring-full")
@pytest.mark.parametrize(
    "wrong, port, metric",
    [
        (
            {"monitoring_remote_write": [{"url": "https://127.0.0.1:9/", **UNREADABLE}]},
            PROMETHEUS,
            "prometheus_config_last_reload_successful 1",
        ),
        (
            {"monitoring_receivers": [FAR], "monitoring_route": TO_FAR},
            ALERTMANAGER,
            "alertmanager_config_last_reload_successful 1",
        ),
    ],
    ids=["prometheus", "alertmanager"],
)
def test_what_only_the_server_itself_refuses_is_taken_back(wrong: dict[str, object], port: int, metric: str) -> None:
    # There for promtool and amtool, and not for the user of the services.
    on("mon1", "touch", "/root/ca.pem")
    refused(metric, wrong)
    assert f"\n{metric}" in ask("mon1", port, "/metrics").body


# Before all others that stop this app: Prometheus tells for a quarter of an hour that an alert is over, and when it comes back
# meanwhile, the second Alertmanager may be late with that.
@pytest.mark.usefixtures("alerted")
def test_an_alert_that_both_see_is_told_once(pages: Pages) -> None:
    assert within(30, are_one)
    begin = time.monotonic()
    on("app1", "systemctl", "stop", "shop")
    try:
        assert pages.wait(begin, "AppStopped", "app1") <= PAGE_WITHIN_S
        # Longer than the second Alertmanager waits for the first.
        time.sleep(18)
        told = pages.firing(begin, "AppStopped", "app1")
        assert len(told) == 1, [(one.came - begin, one.whom) for one in told]
    finally:
        on("app1", "systemctl", "start", "shop")
    pages.wait(begin, "AppStopped", "app1", "resolved", at_most_s=60)


@pytest.mark.usefixtures("alerted", "by_one")
def test_an_app_that_stops_is_paged_for_in_time(pages: Pages, capsys: pytest.CaptureFixture[str]) -> None:
    waits = []
    # Looks, rules and groups have their turn each second: after a page all of them stand where they stood before.
    draw = random.Random(20261130)
    for number in range(TRIALS):
        app = ("app1", "app2")[number % 2]
        time.sleep(draw.random())
        stopped = time.monotonic()
        on(app, "systemctl", "stop", "shop")
        waits.append(pages.wait(stopped, "AppStopped", app))
        started = time.monotonic()
        on(app, "systemctl", "start", "shop")
        pages.wait(started, "AppStopped", app, "resolved")
    with capsys.disabled():
        sys.stdout.write(
            f"\nfrom stop to page, {TRIALS} times: median {statistics.median(waits):.1f} s, worst {max(waits):.1f} s\n"
        )
    assert max(waits) <= PAGE_WITHIN_S
