# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of the rollout: every state is an event in the record; two of them also ask the host."""

from __future__ import annotations

import getpass
import os
import platform
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput, FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout import decide, report
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout.events import (
    Run,
    host_event,
    open_hosts,
    stop_event,
)
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout.spec import REQUIRED_IF, SPEC
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import (
    rollout_alerts,
    rollout_begin,
    rollout_driver,
    rollout_ledgers,
    rollout_record,
)
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.rollout_record import Place

Result = dict[str, Any]
SILENT = "it stopped answering"
# An answer of the host is worth a sentence in the record; these options are for it, the others for the controller.
FOR_HOST = ("state", "run_id", "run_attempt", "reason", "lock_wait_s", "lock_ttl_s")


class ActionModule(ActionBase):
    """One method a state. Only `host_begin` and `host_end` need the host's connection, and open it when they do."""

    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> Result:
        super().run(tmp, task_vars)
        self._vars: Mapping[str, Any] = task_vars or {}
        _validated, self._options = self.validate_argument_spec(argument_spec=SPEC, required_if=REQUIRED_IF)
        self._driver = rollout_driver.identify(os.getppid())
        try:
            result: Result = getattr(self, "_" + self._options["state"])()
        except (FleetError, OSError) as error:
            return {"failed": True, "changed": False, "msg": str(error)}
        return {"changed": False, **result}

    def _begin(self) -> Result:
        wanted = rollout_begin.understand(self._options)
        root = rollout_record.state_directory(self._options["state_dir"] or "", os.environ)
        place = Place(root, check=bool(self._task.check_mode))
        run = rollout_begin.begin(wanted, place, self._driver)
        self._say(report.head(run) + ("\ncheck mode: no host is changed" if place.check else ""))
        facts = {
            "run_id": run.run_id,
            "attempt": run.attempt,
            "reason": run.reason or run.intent or run.name,
            "owner": _owner(),
            "state_dir": root,
            "check": place.check,
            "gate": self._options["gate"] or {},
            # --limit drops hosts that are added later: then a batch that dies ends the playbook, which ends in error.
            **rollout_begin.plan_facts(run.waves, sentinels="ansible_limit" not in self._vars),
        }
        return {"ansible_facts": {"rollout": facts}}

    def _gate(self) -> Result:
        batch = self._options["wave"]
        decision = self._decide(batch)
        if decision.go and decision.wave:
            self._say(f"wave {decision.wave}: {', '.join(host for host in batch if host in self._facts['planned'])}")
        return {"go": decision.go, "why": decision.why, "lost": list(decision.lost)}

    def _decide(self, batch: Sequence[str]) -> decide.Gate:
        """Judge the wave of `batch` and record who was lost and why it stops."""
        gate = self._facts["gate"]
        alerts = rollout_alerts.closed_by(gate["alertmanager_url"], gate["alerts"]) if gate else []
        decisions: list[decide.Gate] = []

        def judged(run: Run) -> list[dict[str, Any]]:
            decision = decide.gate(run, batch, alerts=alerts)
            decisions.append(decision)
            stop = [] if decision.go or run.stopped else [stop_event(decision.why)]
            return [*(host_event(host, "lost", why=SILENT) for host in decision.lost), *stop]

        self._record(judged)
        if not decisions[0].go:
            self._say(f"stopped: {decisions[0].why}")
        return decisions[0]

    def _host_begin(self) -> Result:
        undo = self._options["undo"]
        self._record(self._event("undoing" if undo else "begun"))
        seen = rollout_ledgers.seen(self._place.root, self._host)
        try:
            answer = self._ask({"ledger_seen": seen})
        except AnsibleConnectionFailure as error:
            # Raised on, it would take the host out of the play without a word in the table, rescue and all.
            why = f"unreachable: {' '.join(str(error).split())}"
            self._record(self._event("stuck" if undo else "lost", why=why[: decide.WHY_LENGTH]))
            return {"failed": True, "msg": why}
        if answer.get("failed"):
            self._record(self._event("stuck" if undo else "failed", why=decide.why_failed(answer)))
            return answer
        self._record(self._event("locked"))
        self._watch_ledger(answer["ledger"], seen)
        for note in answer["notes"]:
            self._display.warning(f"{self._host}: {note}")
        return answer

    def _watch_ledger(self, ledger: Mapping[str, Any], seen: str) -> None:
        if not ledger["holds"]:
            what = f"the line seen last ({seen[:12]}) is not in it" if seen else "its lines do not follow each other"
            self._display.warning(f"{self._host}: the ledger was edited or cut: {what}")
        self._remember(ledger)

    def _remember(self, ledger: Mapping[str, Any]) -> None:
        if ledger["digest"] and not self._task.check_mode:
            rollout_ledgers.remember(self._place.root, self._host, ledger["digest"], self._facts["run_id"])

    def _host_touch(self) -> Result:
        self._record(self._event("touched"))
        return {}

    def _host_end(self) -> Result:
        if self._options["result"] in ("failed", "stuck"):
            return self._host_end_badly()
        answer = self._ask({})
        if answer.get("failed"):
            return answer
        self._remember(answer["ledger"])
        self._record(self._event(self._options["result"], load_balancer=self._options["load_balancer"]))
        return answer

    def _host_end_badly(self) -> Result:
        """Record the failure before anything else can fail; then give the lock back, unless the host may return."""
        failure, balancer = self._options["failure"] or {}, self._options["load_balancer"]
        why = decide.why_failed(failure, self._options["task"])
        returning = [False]
        held = [False]

        def ended(run: Run) -> list[dict[str, Any]]:
            host = run.hosts[self._host]
            held[0] = host.locked
            may = decide.may_return(host, failure, has_checks=self._options["has_checks"])
            returning[0] = may and balancer == "drained" and not self._options["final"]
            known = balancer if host.locked else ""
            return [
                host_event(self._host, self._options["result"], why=why, load_balancer=known, keeps_lock=returning[0])
            ]

        self._record(ended)
        self._display.warning(f"{self._host}: {why}")
        if held[0] and not returning[0]:
            self._release()
        return {"may_return": returning[0], "why": why}

    def _release(self) -> None:
        """Give the lock of a failed host back; where that fails it ends by itself, and the failure is on record."""
        try:
            answer = self._ask({})
        except AnsibleConnectionFailure as error:
            answer = {"failed": True, "msg": f"unreachable: {error}"}
        if answer.get("failed"):
            self._display.warning(f"{self._host}: its lock stays until it ends by itself: {answer.get('msg')}")

    def _settle(self) -> Result:
        decision = self._decide([])
        batches: list[tuple[tuple[str, ...], ...]] = []

        def judged(run: Run) -> list[dict[str, Any]]:
            batches.append(decide.to_take_back(run))
            return []

        self._record(judged)
        if batches[0]:
            self._say("taken back: " + "; then ".join(", ".join(batch) for batch in batches[0]))
        facts = rollout_begin.plan_facts(batches[0], sentinels=bool(self._facts["sentinels"]))
        return {"why": decision.why, "ansible_facts": {"rollout_back": facts}}

    def _end(self) -> Result:
        def last_words(run: Run) -> list[dict[str, Any]]:
            halfway = [name for name, host in run.hosts.items() if host.undoing]
            return [
                *(host_event(name, "stuck", why="it stopped answering while it was taken back") for name in halfway),
                *(host_event(name, "lost", why=SILENT) for name in open_hosts(run) if name not in halfway),
                {"event": "end"},
            ]

        run = self._record(last_words)
        files = rollout_record.reports(self._place, run.run_id)
        for path, text in zip(files, (report.as_json(run), report.as_junit(run))):
            rollout_record.write_file(path, text)
        self._say(report.table(run))
        judged = decide.verdict(run)
        result = {"files": list(files), "msg": f"{run.run_id}: {judged.text}"}
        # Ansible prints a failure whole: below the table, the same once more would only bury it.
        return {"report": report.as_dict(run), **result} if judged.ok else {"failed": True, **result}

    @property
    def _host(self) -> str:
        return str(self._vars["inventory_hostname"])

    @property
    def _facts(self) -> Mapping[str, Any]:
        """What `begin` told, whichever host this task is for. Raise BadInput where there was none."""
        local = self._vars["hostvars"].get("localhost") or {}
        facts: Mapping[str, Any] | None = (local.get("ansible_facts") or {}).get("rollout")
        if facts is None:
            raise BadInput("no rollout has begun. Run the whole playbook, from its first play, without tags")
        return facts

    @property
    def _place(self) -> Place:
        return Place(str(self._facts["state_dir"]), check=bool(self._facts["check"]))

    def _event(self, state: str, *, why: str = "", load_balancer: str = "") -> Any:
        event = host_event(self._host, state, why=why, load_balancer=load_balancer)
        return lambda _run: [event]

    def _record(self, decided: Any) -> Run:
        return rollout_record.append_as(self._place.record(str(self._facts["run_id"])), self._driver, decided)

    def _ask(self, more: Mapping[str, Any]) -> Result:
        """Run the module on the host and return its answer. Raise AnsibleConnectionFailure when nobody answers."""
        facts = self._facts
        options = {key: self._options[key] for key in FOR_HOST}
        options.update(run_id=facts["run_id"], run_attempt=facts["attempt"], reason=facts["reason"])
        options.update(owner=facts["owner"], result=self._options["result"] or "done", **more)
        answer: Result = self._execute_module(
            module_name="groundcrew.fleet.rollout", module_args=options, task_vars=dict(self._vars)
        )
        return answer

    def _say(self, text: str) -> None:
        self._display.display(text)


def _owner() -> str:
    """Return who drives the rollout; in a container the user may have a number only."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{platform.node()}"
