# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of one host by the USE method: utilisation, saturation and errors of processor, memory, disk and network."""

from __future__ import annotations

from .pages_model import (
    ANY_IS_BAD,
    ANY_IS_WORTH_A_LOOK,
    DOWN_IS_BAD,
    FULL,
    PATCH_AGE,
    Limits,
    Page,
    Panel,
    Query,
    Unit,
    firing,
    number,
)

NODE = "node exporter on this host"
LEDGER = "the collection's metrics of this host"
CPUS = 'count(node_cpu_seconds_total{host="$host",mode="idle"})'
DISKS = 'host="$host",fstype!~"tmpfs|ramfs"'
LINKS = 'host="$host",device!="lo"'
STEAL = 'host="$host",mode="steal"'
# In the parts of a second for which something waited: the kernel's pressure stall information.
WAITING = Limits(warn=0.1, bad=0.5)


def _graph(
    section: str, title: str, queries: tuple[Query, ...], good: str, *, unit: Unit, limits: Limits | None = None
) -> Panel:
    return Panel(title, "graph", queries, NODE, unit=unit, limits=limits, good=good, section=section)


def _per_second(metric: str, labels: str = 'host="$host"') -> str:
    return f"sum(rate({metric}{{{labels}}}[$window]))"


NOW = (
    number("Answers", 'min(up{job="node",host="$host"})', NODE, unit="up", limits=DOWN_IS_BAD, good="up"),
    number("Last boot", 'max(node_boot_time_seconds{host="$host"})', NODE, unit="age"),
    number(
        "Oldest security update waits",
        'max(groundcrew_patch_age_seconds{host="$host"})',
        "playbook patch_report",
        unit="s",
        limits=PATCH_AGE,
        good="below 14 days",
        link="patches",
    ),
    number(
        "Reboot due",
        'max(groundcrew_reboot_pending{host="$host"})',
        "playbook patch_report",
        unit="yes",
        limits=ANY_IS_WORTH_A_LOOK,
        good="no",
        link="patches",
    ),
    number(
        "Quarantined", 'max(groundcrew_quarantined{host="$host"})', LEDGER, unit="yes", limits=ANY_IS_BAD, good="no"
    ),
    number("Last change by a run", 'max(groundcrew_last_run_timestamp_seconds{host="$host"})', LEDGER, unit="age"),
)

CPU = (
    Panel(
        "CPU utilisation",
        "graph",
        (
            Query(
                'sum by (mode) (rate(node_cpu_seconds_total{host="$host",mode=~"user|system|iowait|softirq|nice"}[$window]))'
                f" / ignoring (mode) group_left () {CPUS}",
                "{mode}",
            ),
        ),
        NODE,
        unit="ratio",
        limits=FULL,
        good="below 80 %",
        section="CPU",
        stacked=True,
    ),
    _graph(
        "CPU",
        "CPU saturation",
        (
            Query(f'sum(node_load1{{host="$host"}}) / {CPUS}', "tasks for each CPU"),
            Query(_per_second("node_pressure_cpu_waiting_seconds_total"), "share of time that a task waited"),
        ),
        "below 1 task for each CPU",
        unit="count",
        limits=Limits(1, 2),
    ),
    _graph(
        "CPU",
        "CPU errors: time that the hypervisor took",
        (Query(f"{_per_second('node_cpu_seconds_total', STEAL)} / {CPUS}", "stolen"),),
        "below 5 %",
        unit="ratio",
        limits=Limits(0.05, 0.2),
    ),
)

MEMORY = (
    _graph(
        "Memory",
        "Memory utilisation",
        (
            Query(
                '1 - sum(node_memory_MemAvailable_bytes{host="$host"}) / sum(node_memory_MemTotal_bytes{host="$host"})',
                "used",
            ),
        ),
        "below 80 %",
        unit="ratio",
        limits=FULL,
    ),
    _graph(
        "Memory",
        "Memory saturation: share of time that a task waited for memory",
        (
            Query(_per_second("node_pressure_memory_waiting_seconds_total"), "some task"),
            Query(_per_second("node_pressure_memory_stalled_seconds_total"), "every task"),
        ),
        "below 10 %",
        unit="ratio",
        limits=WAITING,
    ),
    _graph(
        "Memory",
        "Memory errors: processes killed for want of memory, in an hour",
        (Query('sum(increase(node_vmstat_oom_kill{host="$host"}[1h]))', "killed"),),
        "0",
        unit="count",
        limits=ANY_IS_BAD,
    ),
)

DISK = (
    _graph(
        "Disk",
        "Disk utilisation: space",
        (
            Query(
                f"max by (mountpoint) (1 - node_filesystem_avail_bytes{{{DISKS}}} / node_filesystem_size_bytes{{{DISKS}}})",
                "{mountpoint}",
            ),
        ),
        "below 80 %",
        unit="ratio",
        limits=FULL,
    ),
    _graph(
        "Disk",
        "Disk utilisation: time busy",
        (Query('max by (device) (rate(node_disk_io_time_seconds_total{host="$host"}[$window]))', "{device}"),),
        "below 80 %",
        unit="ratio",
        limits=FULL,
    ),
    _graph(
        "Disk",
        "Disk saturation: share of time that a task waited for a disk",
        (
            Query(_per_second("node_pressure_io_waiting_seconds_total"), "some task"),
            Query(_per_second("node_pressure_io_stalled_seconds_total"), "every task"),
        ),
        "below 10 %",
        unit="ratio",
        limits=WAITING,
    ),
    _graph(
        "Disk",
        "Disk errors: file systems",
        (
            Query(f"sum(node_filesystem_device_error{{{DISKS}}})", "cannot be read"),
            Query(f"sum(changes(node_filesystem_readonly{{{DISKS}}}[1d]))", "went read-only or back, in a day"),
        ),
        "0",
        unit="count",
        limits=ANY_IS_BAD,
    ),
)

NETWORK = (
    _graph(
        "Network",
        "Network utilisation",
        (
            Query(_per_second("node_network_receive_bytes_total", LINKS), "received"),
            Query(_per_second("node_network_transmit_bytes_total", LINKS), "sent"),
        ),
        "below what the link can do",
        unit="bytes/s",
    ),
    _graph(
        "Network",
        "Network saturation: dropped",
        (
            Query(_per_second("node_network_receive_drop_total", LINKS), "packets received"),
            Query(_per_second("node_network_transmit_drop_total", LINKS), "packets to send"),
            Query(_per_second("node_netstat_TcpExt_ListenDrops"), "new connections"),
        ),
        "0/s",
        unit="1/s",
        limits=Limits(warn=1),
    ),
    _graph(
        "Network",
        "Network errors",
        (
            Query(_per_second("node_network_receive_errs_total", LINKS), "received"),
            Query(_per_second("node_network_transmit_errs_total", LINKS), "sent"),
            Query(_per_second("node_netstat_Tcp_RetransSegs"), "TCP segments sent again"),
        ),
        "near 0/s",
        unit="1/s",
        limits=Limits(warn=10),
    ),
)

RUNS_HERE = (
    Panel(
        "Processes",
        "table",
        (
            Query(
                'sum by (groupname) (namedprocess_namegroup_memory_bytes{host="$host",memtype="resident"})',
                "memory",
                "bytes",
            ),
            Query(
                'sum by (groupname) (rate(namedprocess_namegroup_cpu_seconds_total{host="$host"}[$window]))',
                "CPUs",
                "count",
            ),
            Query('sum by (groupname) (namedprocess_namegroup_num_procs{host="$host"})', "processes", "count"),
            Query(
                'max by (groupname) (namedprocess_namegroup_worst_fd_ratio{host="$host"})',
                "open files of the limit",
                "ratio",
                FULL,
            ),
        ),
        "process exporter on this host",
        key=("groupname",),
        good="open files below 80 % of the limit",
        section="What runs here",
    ),
    Panel(
        "Releases",
        "table",
        (
            Query('groundcrew_release_info{host="$host"}', "version", text="version"),
            Query('max by (app) (groundcrew_release_active_timestamp_seconds{host="$host"})', "active since", "age"),
        ),
        LEDGER,
        quiet="No release of an app is on this host.",
        key=("app",),
        link="app",
        section="What runs here",
    ),
    Panel(
        "Runs",
        "table",
        (
            Query('max by (module, result) (groundcrew_last_run_timestamp_seconds{host="$host"})', "last", "age"),
            Query('sum by (module, result) (groundcrew_runs_total{host="$host"})', "in all", "count"),
        ),
        LEDGER,
        key=("module", "result"),
        section="What was changed here",
    ),
    Panel(
        "Heals",
        "table",
        (
            Query('sum by (unit, result) (groundcrew_heals_total{host="$host"})', "in all", "count"),
            Query(
                'sum by (unit, result) (increase(groundcrew_heals_total{host="$host"}[1d]))',
                "in a day",
                "count",
                Limits(1, 5),
            ),
        ),
        LEDGER,
        quiet="Nothing was healed here.",
        key=("unit", "result"),
        section="What was changed here",
    ),
)

HOST = Page(
    "host",
    "Host",
    "Utilisation, saturation and errors of what a host has.",
    (*NOW, firing("Alerts of this host", 'host="$host"'), *CPU, *MEMORY, *DISK, *NETWORK, *RUNS_HERE),
    parameter="host",
    choices='up{job="node"}',
    releases='max by (app, version) (last_over_time(groundcrew_release_active_timestamp_seconds{host="$host"}[$range]))',
)
