"""What the rollout playbook promises, end to end."""

from __future__ import annotations


def test_all_hosts_are_done_in_waves_of_one(fleet):
    outcome = fleet.rollout()

    assert outcome.status == 0
    assert outcome.states() == {"app1": "done", "app2": "done", "app3": "done"}
    assert outcome.notes == [
        f"{host} {what}" for host in ("app1", "app2", "app3") for what in ("drain", "apply", "restore")
    ]
