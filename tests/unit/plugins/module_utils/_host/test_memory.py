from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import memory

# As Debian 12 told them, shortened.
MEMINFO = "MemTotal:       24684156 kB\nMemAvailable:   24061440 kB\nHugePages_Total:       0\n"
PRESSURE = """some avg10=0.12 avg60=1.50 avg300=0.00 total=77
full avg10=0.00 avg60=0.25 avg300=0.00 total=3
"""
ROLLUP = """55d9734cf000-7ffe481d2000 ---p 00000000 00:00 0                          [rollup]
Rss:               11836 kB
Pss:                4736 kB
Pss_Dirty:          2764 kB
"""
SLAB = """slabinfo - version: 2.1
# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <limit> <batchcount>
btrfs_delayed_node      0      0    312   13    1 : tunables    0    0    0 : slabdata      0      0      0
bio-312                10     12    320   12    1 : tunables    0    0    0 : slabdata      1      1      0
dentry             100000 100000    192   21    1 : tunables    0    0    0 : slabdata   4762   4762      0
"""
ACCOUNTED = "MemoryCurrent=1048576\nId=shop.service\n\nMemoryCurrent=[not set]\nId=ssh.service\n"


def test_meminfo_is_told_in_bytes_but_for_counts() -> None:
    found = memory.parse_meminfo(MEMINFO)
    assert found == {"MemTotal": 24684156 * 1024, "MemAvailable": 24061440 * 1024, "HugePages_Total": 0}


def test_pressure_is_told_by_kind_and_span() -> None:
    found = memory.parse_pressure(PRESSURE)
    assert (found["some_avg10"], found["some_avg60"], found["full_avg60"], len(found)) == (0.12, 1.5, 0.25, 6)


def test_the_fair_share_of_a_process_is_the_line_pss_alone() -> None:
    assert memory.parse_pss(ROLLUP) == 4736 * 1024
    with pytest.raises(ValueError, match="no line Pss"):
        memory.parse_pss("")


def test_the_biggest_cache_of_the_kernel_comes_first_and_empty_ones_not_at_all() -> None:
    assert memory.parse_slab(SLAB) == [("dentry", 19200000), ("bio-312", 3840)]


def test_a_unit_that_systemd_does_not_count_is_left_out() -> None:
    assert memory.parse_accounted(ACCOUNTED) == {"shop.service": 1048576}


def test_this_very_machine_has_processes_with_a_name_and_a_size() -> None:
    found = memory.processes()
    assert found == sorted(found, key=lambda one: (-one.size, one.pid))
    assert all(one.name and one.size > 0 and one.measure in ("pss", "rss") for one in found)
