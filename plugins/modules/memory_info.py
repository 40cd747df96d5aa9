# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: memory_info
short_description: Tell what eats a host's memory, and when it runs out
version_added: 0.1.0
description:
  - Reads, in one execution, how much memory there is and for how long the host has been up, what ate the memory, which reboots there
    were, and, from Prometheus, in how many seconds it will be out of memory.
  - The forecast looks at the floor of used memory, the least that was used in each of twelve parts of the time. A floor that
    rises (test of Mann and Kendall) is drawn on with the slope of Theil and Sen, less the usual swing above it. What
    lies before the last boot or a big drop that stays does not count, and a single step is no leak.
  - What cannot be read is told in RV(unknown), and is never taken for well.
author:
  - The groundcrew.fleet founders (@groundcrew)
extends_documentation_fragment:
  - groundcrew.fleet.run
  - groundcrew.fleet.attributes.info_module
  - groundcrew.fleet.attributes.actiongroup
options:
  threshold_available_mib:
    description: RV(low) is true when less memory than this is available.
    type: float
  threshold_available_percent:
    description: RV(low) is true when less than this share of the memory is available.
    type: float
  evidence:
    description: Whether to look at processes, units, slab and the kernel's journal too.
    type: bool
    default: true
  horizon_s:
    description: RV(forecast.within_horizon) is true when memory runs out within so many seconds.
    type: float
    default: 86400
  prometheus:
    description: Where to ask for the past. Without it there is no forecast.
    type: dict
    suboptions:
      url:
        description: The address of Prometheus as seen from the host.
        type: str
        required: true
      query:
        description:
          - A PromQL expression that gives one series, used memory in bytes.
          - Without it, what node exporter tells of the host with O(prometheus.label).
        type: str
      label:
        description: The label by which node exporter's metrics name the host.
        type: str
        default: host
      host:
        description: The value of that label. Without it, the name of the host, without its domain.
        type: str
      capacity_query:
        description: A PromQL expression that gives one series, the bytes that there are.
        type: str
      capacity_bytes:
        description: The bytes that there are. Without it and O(prometheus.capacity_query), all memory of the host.
        type: float
      window_s:
        description: How many seconds of the past to look at, twelve times what used memory usually takes to rise and fall again.
        type: float
        default: 21600
      step_s:
        description: Seconds between two samples.
        type: float
        default: 60
      url_username:
        description: User for basic authentication.
        type: str
      url_password:
        description: Password for basic authentication.
        type: str
      ca_path:
        description: A file on the host with the authorities that may have signed the certificate. Without it, the system's.
        type: path
      validate_certs:
        description: Whether the certificate of an https URL must be valid.
        type: bool
        default: true
      timeout_s:
        description: Seconds that one question may take.
        type: float
        default: 10
notes:
  - Command lines are never read, since arguments may hold secrets. A process is told by the kernel's name for it and by its unit.
  - The slab, the ledger and the share of other users' processes are readable by root only.
  - It takes no host lock; O(run_id), O(run_attempt), O(owner), O(reason), O(lock_wait_s) and O(lock_ttl_s) are taken so that the
    defaults of the action group fit, and have no effect.
"""

EXAMPLES = r"""
- name: Read what eats the memory
  groundcrew.fleet.memory_info:
    threshold_available_percent: 10
  register: found

- name: Show the biggest unit
  ansible.builtin.debug:
    msg: "{{ found.evidence.units[0].unit }} has {{ found.evidence.units[0].mib }} MiB"

- name: Read whether memory runs out within a day
  groundcrew.fleet.memory_info:
    evidence: false
    horizon_s: 86400
    prometheus:
      url: http://mon1:9090
"""

RETURN = r"""
memory:
  description: Memory and swap in MiB; C(used_mib) is what is not available.
  type: dict
  returned: success
  sample: {"total_mib": 2048.0, "available_mib": 310.5, "used_mib": 1737.5, "available_percent": 15.2, "slab_mib": 80.1,
           "swap_total_mib": 0.0, "swap_used_mib": 0.0}
pressure:
  description: The share of time, in percent, that some or all work stood still for want of memory; null where the kernel does not tell.
  type: dict
  returned: success
  sample: {"some_avg10": 0.0, "some_avg60": 0.0, "some_avg300": 0.0, "full_avg10": 0.0, "full_avg60": 0.0, "full_avg300": 0.0}
uptime:
  description: How long the host has been up, of a container the container.
  type: dict
  returned: success
  sample: {"days": 41.2, "seconds": 3559680, "since": "2026-01-01T10:00:00Z"}
boots:
  description: The last reboots in the host's ledger, the latest first, and how many days the boot before each had lasted.
  type: list
  elements: dict
  returned: success
  sample: [{"when": "2026-01-01T10:00:31Z", "why": "memory runs out in 3.0 hours", "days_up": 40.8, "result": "done"}]
unsettled:
  description: A reboot whose end nobody has seen, since its run died; null where there is none.
  type: dict
  returned: success
  sample: null
low:
  description: Whether less memory is available than a threshold.
  type: bool
  returned: success
  sample: false
low_why:
  description: A sentence about it.
  type: str
  returned: success
  sample: 310.5 MiB (15.2 %) of memory are available
forecast:
  description: When memory runs out; null where nobody asked.
  type: dict
  returned: success
  contains:
    state:
      description: V(rising), V(steady) or V(unknown).
      type: str
      sample: rising
    why:
      description: A sentence about it.
      type: str
      sample: the floor of used memory rises by 100.2 MiB an hour and meets the limit in 3.0 hours
    seconds:
      description: Seconds until out of memory, null unless the floor rises.
      type: int
      sample: 10800
    within_horizon:
      description: Whether that is within O(horizon_s); null where it is unknown.
      type: bool
      sample: true
    early:
      description: Whether it is unknown only because the host or the service has just started.
      type: bool
      sample: false
    mib_per_hour:
      description: How fast the floor rises.
      type: float
      sample: 100.2
    floor_mib:
      description: The floor now.
      type: float
      sample: 1700.0
    capacity_mib:
      description: What there is.
      type: float
      sample: 2048.0
    samples:
      description: How many samples counted.
      type: int
      sample: 360
evidence:
  description: What ate the memory, null where nobody asked.
  type: dict
  returned: success
  contains:
    processes:
      description: The ten biggest. The measure is C(pss), its fair share, or C(rss) where that may not be read.
      type: list
      elements: dict
      sample: [{"pid": 77, "name": "python3", "unit": "shop.service", "mib": 812.3, "measure": "pss"}]
    units:
      description: The ten units with most, the sum of their processes, and what their control group counts, page cache included.
      type: list
      elements: dict
      sample: [{"unit": "shop.service", "mib": 820.1, "measure": "pss", "processes": 3, "accounted_mib": 990.0}]
    slab:
      description: The ten biggest caches of the kernel.
      type: list
      elements: dict
      sample: [{"name": "dentry", "mib": 20.2}]
    oom_kills:
      description: How many processes the kernel has killed for want of memory.
      type: int
      sample: 0
    oom_lines:
      description: What kernel and systemd said of it in this boot, the last twenty lines.
      type: list
      elements: str
      sample: []
    kernel_errors:
      description: The kernel's errors in this boot, the last twenty lines.
      type: list
      elements: str
      sample: []
unknown:
  description: What could not be read, a sentence each.
  type: list
  elements: str
  returned: success
  sample: []
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.groundcrew.fleet.plugins.module_utils._argspec import RUN_OPTIONS
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import HOST
from ansible_collections.groundcrew.fleet.plugins.module_utils.memory_info import state
from ansible_collections.groundcrew.fleet.plugins.module_utils.memory_info.spec import SPEC, want_from


def main() -> None:
    module = AnsibleModule(argument_spec={**SPEC, **RUN_OPTIONS}, supports_check_mode=True)
    try:
        found = state.read(want_from(module.params), HOST)
    except (FleetError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
