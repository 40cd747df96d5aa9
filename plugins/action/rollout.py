# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of the rollout: every state is an event in the record; two of them also ask the host."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleError
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput, FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils._http import Server, server_of
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout import (
    decide,
    figures,
    opt_out,
    report,
    silence,
    waves,
)
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout.events import (
    Run,
    host_event,
    open_hosts,
    plan_event,
    silence_event,
    stop_event,
)
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout.spec import REQUIRED_IF, SPEC
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import (
    rollout_alerts,
    rollout_begin,
    rollout_calendar,
    rollout_driver,
    rollout_figures,
    rollout_record,
    rollout_windows,
)
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.rollout_action import Result, owner
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.rollout_record import Place
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.rollout_turn import HostStates

SILENT = "it stopped answering"


class ActionModule(HostStates):
    """One method a state; those about one host are in HostStates."""

    _requires_connection = False
    # The figures of both groups that the gate has seen, empty where it asked for none.
    _seen: Result = {}  # noqa: RUF012 - replaced, never changed
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> Result:
        super().run(tmp, task_vars)
        self._vars = task_vars or {}
        _validated, self._options = self.validate_argument_spec(argument_spec=SPEC, required_if=REQUIRED_IF)
        self._driver = rollout_driver.identify(os.getppid())
        try:
            result: Result = getattr(self, "_" + self._options["state"])()
        except (FleetError, OSError) as error:
            return {"failed": True, "changed": False, "msg": str(error)}
        return {"changed": False, **result}

    def _begin(self) -> Result:
        check = bool(self._task.check_mode)
        # Both before anything is recorded: what cannot be right, or may not be now, has never begun.
        in_force = rollout_begin.in_force(self._options, datetime.now(timezone.utc), check=check)
        wanted = rollout_begin.understand(self._options, self._opted_out())
        root = rollout_record.state_directory(self._options["state_dir"] or "", os.environ)
        run = rollout_begin.begin(wanted, Place(root, check=check), self._driver)
        told = [report.head(run), *in_force, *(["check mode: no host is changed"] if check else [])]
        self._say("\n".join(told))
        facts: Result = {
            "run_id": run.run_id,
            "attempt": run.attempt,
            "reason": run.reason or run.intent or run.name,
            "owner": owner(),
            "state_dir": root,
            "check": check,
            # What the gate asks for again; YAML may have read dates, which are text in facts.
            **json.loads(json.dumps({key: self._options[key] for key in ("windows", "freezes", "waves")}, default=str)),
            "outside_windows": wanted.outside_windows,
            "total": len(wanted.hosts),
            "gate": self._options["gate"] or {},
            # --limit drops hosts that are added later: then a batch that dies ends the playbook, which ends in error.
            "may_add": "ansible_limit" not in self._vars,
        }
        facts.update(rollout_begin.plan_facts(run.waves, sentinels=facts["may_add"]))
        facts["look"] = rollout_begin.look_at(facts) if self._options["preflight"] else rollout_begin.NO_HOST
        return {"ansible_facts": {"rollout": facts}}

    def _opted_out(self) -> dict[str, str]:
        name = opt_out.check_name(self._options["opt_out"])
        if not name:
            return {}
        values: dict[str, object] = {}
        for host in map(str, self._options["hosts"]):
            try:
                # Asked for by name: that is when hostvars fills templates in.
                found = self._vars["hostvars"][host]
                values.update({host: found[name]} if name in found else {})
            except AnsibleError as error:
                raise BadInput(f"opt_out: {name} of {host} cannot be filled in: {error}. Mend its template") from error
        return opt_out.reasons(name, values)

    def _plan(self) -> Result:
        """Judge the preflight: who is lost, and with the waves laid out anew for whoever has something to do."""
        looks: list[decide.Look] = []
        sizes = waves.parse_waves(self._facts["waves"])
        batches: list[tuple[tuple[str, ...], ...]] = []

        def judged(run: Run) -> list[dict[str, Any]]:
            look = decide.look(run)
            looks.append(look)
            batches.append(() if look.why else waves.split(look.left, sizes, total=int(self._facts["total"])))
            told = stop_event(look.why, stands=True) if look.why else plan_event(batches[0])
            return [*(host_event(host, "lost", why=f"{SILENT} before the first wave") for host in look.lost), told]

        run = self._record(judged)
        self._say("\n".join(_looked(run, looks[0])))
        planned = rollout_begin.plan_facts(batches[0], sentinels=bool(self._facts["may_add"]))
        return {"ansible_facts": {"rollout": {**self._facts, **planned}}}

    def _watch(self) -> Result:
        """Return what load balancers are to be asked of the hosts that have the change; nobody where there are none yet."""
        watched, gate = self._watched(), self._facts["gate"]
        return {
            "load_balancers": gate["load_balancers"] if watched.canary else [],
            "backend": gate.get("backend") or "",
            "groups": {figures.CANARY: list(watched.canary), figures.REST: list(watched.rest)},
            "changed_at": watched.since,
            "observe_until": watched.since + gate.get("observe_s", 0),
            "min_requests": gate.get("min_requests", 0),
            "wait_s": gate.get("wait_s", 0),
        }

    def _watched(self) -> figures.Watch:
        """Return whom to compare: nobody in a rehearsal, in a run that stops anyhow, or where no figures are asked for."""
        run, gate = self._now(), self._facts["gate"]
        asks = gate.get("load_balancers") or gate.get("prometheus")
        return figures.watch(run) if asks and not self._facts["check"] and not run.stopped else figures.Watch()

    def _age(self, watched: figures.Watch) -> float:
        return max(0.0, time.time() - watched.since) if watched.canary else 0.0

    def _to_observe(self, watched: figures.Watch) -> float:
        """Return the seconds that the changed hosts are still to be watched for."""
        return max(0.0, self._facts["gate"]["observe_s"] - self._age(watched)) if watched.canary else 0.0

    def _gate(self) -> Result:
        batch = self._options["wave"]
        decision = self._decide(batch)
        if decision.go and decision.wave:
            self._say(f"wave {decision.wave}: {', '.join(host for host in batch if host in self._facts['planned'])}")
        return {
            "go": decision.go,
            "why": decision.why,
            "lost": list(decision.lost),
            "proven": self._proven(decision.wave or -1),
        }

    def _proven(self, wave: int) -> list[str]:
        return [] if self._facts["check"] else list(figures.proven(self._now(), wave))

    def _decide(self, batch: Sequence[str]) -> decide.Gate:
        """Judge the wave of `batch` and record who was lost and why it stops."""
        # Where the run stops anyhow there is nothing to wait for.
        alerts = [*self._alerts(), *self._figures()] if decide.gate(self._now(), batch).go else []
        closed = self._closed()
        decisions: list[decide.Gate] = []

        def judged(run: Run) -> list[dict[str, Any]]:
            decision = decide.gate(run, batch, alerts=alerts, closed=closed)
            decisions.append(decision)
            stop = [] if decision.go or run.stopped else [stop_event(decision.why, stands=decision.stands)]
            return [*(host_event(host, "lost", why=SILENT) for host in decision.lost), *stop]

        self._record(judged)
        if not decisions[0].go:
            self._say(f"stopped: {decisions[0].why}")
        return decisions[0]

    def _alerts(self) -> list[str]:
        """Return what closes the gate after it has waited; a rehearsal waits for nobody."""
        gate = self._facts["gate"]
        if not gate.get("alertmanager_url"):
            return []
        server = self._server("Alertmanager", gate["alertmanager_url"])
        return rollout_alerts.wait_until_clear(
            lambda: rollout_alerts.closed_by(server, gate["alerts"]),
            0 if self._facts["check"] else gate["wait_s"],
            say=self._say,
        )

    def _figures(self) -> list[str]:
        """Return what closes the gate of what requests tell; what was seen is said."""
        watched, gate = self._watched(), self._facts["gate"]
        if not watched.canary:
            return []
        limits = figures.limits(gate)
        if gate["load_balancers"]:
            found, against = rollout_figures.of_balancers(self._options["figures"])
        else:
            time.sleep(self._to_observe(watched))
            try:
                found, against = self._ask_prometheus(watched, limits), []
            except FleetError as error:
                return [str(error)]
        self._say(figures.tell(found[figures.CANARY], found[figures.REST]))
        self._seen = {group: one._asdict() for group, one in found.items()}
        return [*against, *figures.judge(found[figures.CANARY], found[figures.REST], limits)]

    def _ask_prometheus(self, watched: figures.Watch, limits: figures.Limits) -> dict[str, figures.Figures]:
        asked = self._facts["gate"]["prometheus"]
        server = self._server("Prometheus", asked["url"])
        return rollout_figures.wait_until_enough(
            lambda: rollout_figures.of_prometheus(server, asked, watched, self._age(watched)),
            limits,
            self._facts["gate"]["wait_s"],
        )

    def _server(self, name: str, url: str) -> Server:
        return server_of(name, {**self._options["access"], "url": url})

    def _closed(self) -> str:
        if self._facts["check"]:
            return ""
        when = rollout_windows.understand(self._facts["windows"], self._facts["freezes"])
        return rollout_calendar.closed(when, datetime.now(timezone.utc), outside=str(self._facts["outside_windows"]))

    def _settle(self) -> Result:
        decision = self._decide([])
        batches = decide.to_take_back(self._now())
        if batches:
            self._say("taken back: " + "; then ".join(", ".join(batch) for batch in batches))
        facts = rollout_begin.plan_facts(batches, sentinels=bool(self._facts["may_add"]))
        return {
            "why": decision.why,
            "proven": self._proven(0),
            "ansible_facts": {"rollout_back": facts, "rollout_figures": self._seen},
        }

    def _unsilence(self) -> Result:
        """Return where silences are left, of hosts whose turn never came to its end."""
        kept = dict.fromkeys(pair for host in self._now().hosts.values() for pair in host.silenced)
        return {"left": [{"at": name, "url": url} for name, url in kept]}

    def _end(self) -> Result:
        ended = silence.judge(self._options["answers"])
        for name, why in ended.others.items():
            self._display.warning(f"Alertmanager on {name} did not end silences, which end by themselves: {why}")

        def last_words(run: Run) -> list[dict[str, Any]]:
            halfway = [name for name, host in run.hosts.items() if host.undoing]
            silenced = {
                name: [one for one in host.silenced if one[0] not in ended.by] for name, host in run.hosts.items()
            }
            return [
                *(host_event(name, "stuck", why="it stopped answering while it was taken back") for name in halfway),
                *(host_event(name, "lost", why=SILENT) for name in open_hosts(run) if name not in halfway),
                *(silence_event(name, left) for name, left in silenced.items() if run.hosts[name].silenced),
                {"event": "end"},
            ]

        run = self._record(last_words)
        files = rollout_record.reports(self._place, run.run_id)
        for path, text in zip(files, (report.as_json(run), report.as_junit(run))):
            rollout_record.write_file(path, text)
        self._say(report.table(run) + ("\ncheck mode: no host was changed" if self._place.check else ""))
        judged = decide.verdict(run)
        result = {"files": list(files), "msg": f"{run.run_id}: {judged.text}"}
        # Ansible prints a failure whole: below the table, the same once more would only bury it.
        return {"report": report.as_dict(run), **result} if judged.ok else {"failed": True, **result}


def _looked(run: Run, look: decide.Look) -> list[str]:
    """Return what is said after the preflight: every failure with its reason, who has nothing to do, the waves."""
    lines = [f"{name}: {run.hosts[name].why}" for name in (*look.failed, *look.lost, *look.idle)]
    return [*lines, *([f"stopped: {look.why}"] if look.why else report.waves(run))]
