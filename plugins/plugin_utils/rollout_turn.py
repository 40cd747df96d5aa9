# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The states of the rollout's action that are about one host: its preflight and its turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout import decide, silence
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout.events import Run, host_event, silence_event
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import rollout_ledgers
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.rollout_action import Result, RolloutAction

# An answer of the host is worth a sentence in the record; these options are for it, the others for the controller.
FOR_HOST = ("state", "run_id", "run_attempt", "reason", "lock_wait_s", "lock_ttl_s")


class HostStates(RolloutAction):
    """One method a state. Only `host_begin` and `host_end` need the host's connection, and open it when they do."""

    def _host_looked(self) -> Result:
        failure = self._options["failure"]
        if failure is not None:
            why = f"preflight, {decide.why_failed(failure, self._options['task'])}"
            self._record(self._event("failed", why=why))
            self._display.warning(f"{self._host}: {why}")
        elif self._options["idle"]:
            self._record(self._idle)
        else:
            self._record(self._event("looked"))
        if failure is None and not self._options["idle"]:
            self._say(f"{self._host}: {self._options['found'] or 'it takes part'}")
        return {}

    def _idle(self, run: Run) -> list[dict[str, Any]]:
        """Nothing to do is the end, unless an earlier attempt may have left the host drained: then it has its turn."""
        if run.hosts[self._host].handled:
            return [host_event(self._host, "looked")]
        why = f"nothing to do: {self._options['found'] or 'no reason was given'}"
        return [host_event(self._host, "done", why=why)]

    def _host_begin(self) -> Result:
        undo = self._options["undo"]
        silenced = silence.understand(self._options["silence"], self._host, self._vars["hostvars"])
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
        return {**answer, "silence": silenced}

    def _watch_ledger(self, ledger: Mapping[str, Any], seen: str) -> None:
        if not ledger["holds"]:
            what = f"the line seen last ({seen[:12]}) is not in it" if seen else "its lines do not follow each other"
            self._display.warning(f"{self._host}: the ledger was edited or cut: {what}")
        self._remember(ledger)

    def _remember(self, ledger: Mapping[str, Any]) -> None:
        if ledger["digest"] and not self._task.check_mode:
            rollout_ledgers.remember(self._place.root, self._host, ledger["digest"], self._facts["run_id"])

    def _host_silenced(self) -> Result:
        """Record where the host is silenced, or with `ending` where it still is."""
        url, answered = self._options["silence"]["url"], silence.judge(self._options["answers"])
        ending = self._options["ending"]
        kept = list(answered.others if ending else answered.by)
        self._record(lambda _run: [silence_event(self._host, [(name, url) for name in kept])])
        if not (ending or answered.by or self._options["undo"]):
            return self._not_silenced("; ".join(f"{name}: {why}" for name, why in answered.others.items()))
        for name, why in answered.others.items():
            what = "did not end the silence, which ends by itself" if ending else "took no silence"
            self._display.warning(f"{self._host}: Alertmanager on {name} {what}: {why}")
        return {"at": kept, "silence": self._options["silence"]}

    def _not_silenced(self, others: str) -> Result:
        """Nobody is to be paged for a change: the host is left alone, and its rescue must not return what never left."""
        why = f"no Alertmanager took the silence, so the host was left alone: {others}"
        self._record(self._event("failed", why=why[: decide.WHY_LENGTH], keeps_lock=True, spared=True))
        return {"failed": True, "msg": why}

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
            # What fails before the first change fails at draining: then nobody knows what the load balancers did.
            unsure = balancer == "drained" and not host.touched
            known = balancer if host.locked and not host.spared and not unsure else ""
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
