"""What the rollout playbook rests on in Ansible itself. A core on which one of these fails needs another skeleton."""

from __future__ import annotations

import textwrap

import pytest
from ansible_collections.groundcrew.fleet.tests.rollout_facts.playing import Fleet, Outcome

pytestmark = pytest.mark.every_core


def play(fleet: Fleet, text: str, *words: str) -> Outcome:
    return fleet.play(textwrap.dedent(text), *words)


def test_hosts_and_serial_are_templated_from_facts_of_an_earlier_play_and_keep_their_order(fleet: Fleet) -> None:
    """Also: the sentinel is not the run_once host, reject keeps the order, include_tasks runs for its own hosts only."""
    outcome = play(
        fleet,
        """
        - hosts: localhost:app
          gather_facts: false
          tasks:
            - note: {what: "opens-{{ ansible_play_hosts_all | reject('eq', 'localhost') | join('-') }}"}
              run_once: true
            - note: {what: plan, facts: {plan: {hosts: [app3, w1, app1, app2, w2], serial: [2, 3]}}}
              run_once: true
              delegate_to: localhost
              delegate_facts: true
            - add_host: {name: "{{ item }}", groups: sentinels, ansible_connection: local}
              loop: [w1, w2]
        - hosts: "{{ hostvars.localhost.ansible_facts.plan.hosts }}"
          serial: "{{ hostvars.localhost.ansible_facts.plan.serial }}"
          gather_facts: false
          tasks:
            - note: {what: "gate-{{ ansible_play_batch | join('-') }}"}
              run_once: true
        """,
    )
    assert outcome.status == 0, outcome.output
    assert outcome.notes == [
        "localhost opens-app1-app2-app3",
        "localhost plan",
        "app3 gate-app3-w1",
        "app1 gate-app1-app2-w2",
    ]


def test_a_batch_that_fails_as_a_whole_ends_the_playbook(fleet: Fleet) -> None:
    outcome = play(
        fleet,
        """
        - hosts: app
          serial: 1
          gather_facts: false
          tasks: [{note: {what: apply, fail_on: [app1]}}]
        - hosts: localhost
          gather_facts: false
          tasks: [{note: {what: settle}}]
        """,
    )
    assert (outcome.status, outcome.notes) == (2, ["app1 apply"])


def test_a_local_host_that_survives_its_batch_keeps_the_playbook_going(fleet: Fleet) -> None:
    """And an unreachable host sees neither rescue nor later plays, until clear_host_errors opens that one play."""
    fleet.hosts("app1", "app2", dead=("app1",))
    outcome = play(
        fleet,
        """
        - hosts: localhost
          gather_facts: false
          tasks: [{add_host: {name: w1, ansible_connection: local}}]
        - hosts: [app1, w1, app2]
          serial: [2, 1]
          gather_facts: false
          tasks:
            - when: inventory_hostname != 'w1'
              block:
                - ping:
                - note: {what: applied}
              rescue:
                - note: {what: rescued}
        - hosts: localhost:app
          gather_facts: false
          tasks: [{note: {what: later}}]
        - hosts: localhost:app
          gather_facts: false
          tasks:
            - meta: clear_host_errors
            - note: {what: cleared}
        - hosts: localhost:app
          gather_facts: false
          tasks: [{note: {what: gone_again}}]
        """,
    )
    assert sorted(outcome.notes) == [
        "app1 cleared",
        "app2 applied",
        "app2 cleared",
        "app2 gone_again",
        "app2 later",
        "localhost cleared",
        "localhost gone_again",
        "localhost later",
    ]


def test_end_play_on_a_registered_verdict_ends_all_batches_and_later_plays_run(fleet: Fleet) -> None:
    """Also: a host whose rescue came to its end is not failed, so its play and its batch go on."""
    outcome = play(
        fleet,
        """
        - hosts: app
          serial: 1
          gather_facts: false
          tasks:
            - note: {what: gate, fail_on: []}
              run_once: true
              register: gate
            - set_fact: {go: "{{ inventory_hostname == 'app1' }}"}
            - meta: end_play
              when: not go
            - block: [{note: {what: apply, fail_on: [app1]}}]
              rescue: [{note: {what: rescued}}]
            - note: {what: after}
        - hosts: app
          gather_facts: false
          tasks: [{note: {what: later}}]
        """,
    )
    assert outcome.status == 0, outcome.output
    assert outcome.notes[:5] == ["app1 gate", "app1 apply", "app1 rescued", "app1 after", "app2 gate"]
    assert sorted(outcome.notes[5:]) == ["app1 later", "app2 later", "app3 later"]


def test_under_limit_neither_localhost_nor_added_hosts_are_in_a_play_but_facts_for_localhost_are_kept(
    fleet: Fleet,
) -> None:
    outcome = play(
        fleet,
        """
        - hosts: localhost:app
          gather_facts: false
          tasks:
            - note: {what: "open-{{ ansible_limit }}"}
              run_once: true
            - note: {what: plan, facts: {plan: [w1, app2]}}
              run_once: true
              delegate_to: localhost
              delegate_facts: true
            - add_host: {name: w1, ansible_connection: local}
        - hosts: "{{ hostvars.localhost.ansible_facts.plan }}"
          gather_facts: false
          tasks: [{note: {what: wave}}]
        - hosts: [localhost]
          gather_facts: false
          tasks: [{note: {what: nobody}}]
        - hosts: localhost:app
          gather_facts: false
          tasks: [{note: {what: close}}]
        """,
        "--limit",
        "app2,app3",
    )
    assert outcome.status == 0, outcome.output
    assert outcome.notes[:3] == ["app2 open-app2,app3", "app2 plan", "app2 wave"]
    assert sorted(outcome.notes[3:]) == ["app2 close", "app3 close"]


def test_a_play_whose_pattern_matches_nobody_is_passed_over(fleet: Fleet) -> None:
    outcome = play(
        fleet,
        """
        - hosts: "{{ 'all' }}:!all"
          gather_facts: false
          tasks: [{note: {what: nobody}}]
        - hosts: app1
          gather_facts: false
          tasks: [{note: {what: later}}]
        """,
    )
    assert (outcome.status, outcome.notes) == (0, ["app1 later"]), outcome.output


def test_always_runs_after_a_rescue_and_dead_delegates_of_a_loop_that_are_ignored_are_in_its_results(
    fleet: Fleet,
) -> None:
    fleet.hosts("app1", "app2", "mon1", dead=("mon1",))
    outcome = play(
        fleet,
        """
        - hosts: app1
          gather_facts: false
          tasks:
            - block:
                - note: {what: apply, fail_on: [app1]}
              rescue:
                - note: {what: rescued}
              always:
                - ping: {data: "{{ item }}"}
                  loop: [mon1, app2]
                  delegate_to: "{{ item }}"
                  register: asked
                  failed_when: false
                  ignore_unreachable: true
                - note:
                    what: "{{ asked.results | map(attribute='item') | join('-') }}"
                - note:
                    what: "{{ asked.results | selectattr('ping', 'defined') | map(attribute='item') | join('-') }}"
        """,
    )
    assert outcome.notes == ["app1 apply", "app1 rescued", "app1 mon1-app2", "app1 app2"], outcome.output
    assert outcome.status == 0


def test_a_file_included_once_is_for_one_host_and_its_dead_delegate_does_not_end_the_play(fleet: Fleet) -> None:
    """With run_once on the task itself the play would end there, ignored or not."""
    fleet.hosts("app1", "app2", "mon1", dead=("mon1",))
    (fleet.base / "ask.yml").write_text(
        "- ping:\n  delegate_to: '{{ item }}'\n  loop: [mon1]\n  register: asked\n"
        "  failed_when: false\n  ignore_unreachable: true\n- note: {what: included}\n"
    )
    outcome = play(
        fleet,
        """
        - hosts: app1:app2
          gather_facts: false
          tasks:
            - include_tasks: ask.yml
              run_once: true
            - note: {what: "closed-{{ asked.results | length }}"}
              run_once: true
        """,
    )
    assert (outcome.status, outcome.notes) == (0, ["app1 included", "app1 closed-1"]), outcome.output


def test_a_dead_delegate_takes_its_host_along_unless_that_is_ignored_and_judged(fleet: Fleet) -> None:
    fleet.hosts("app1", "app2", "lb1", dead=("lb1",))
    outcome = play(
        fleet,
        """
        - hosts: app1:app2
          gather_facts: false
          tasks:
            - block:
                - ping:
                  loop: [lb1]
                  delegate_to: "{{ item }}"
                  ignore_unreachable: "{{ inventory_hostname == 'app2' }}"
                  register: drained
                - fail: {msg: "the load balancer gave no answer"}
                  when: drained.results | selectattr('unreachable', 'defined') | list | length > 0
                - note: {what: went_on}
              rescue: [{note: {what: rescued}}]
        """,
    )
    assert outcome.notes == ["app2 rescued"], outcome.output
