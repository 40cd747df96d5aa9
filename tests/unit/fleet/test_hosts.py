from __future__ import annotations

from ansible_collections.groundcrew.fleet.tests.fleet import hosts


def test_the_recap_tells_the_changes_of_each_host() -> None:
    recap = """PLAY RECAP *****
app1                       : ok=12   changed=0    unreachable=0    failed=0    skipped=1    rescued=0    ignored=0
lb1                        : ok=7    changed=2    unreachable=0    failed=0    skipped=0    rescued=0    ignored=0
"""
    assert hosts.changes(recap) == {"app1": 0, "lb1": 2}
