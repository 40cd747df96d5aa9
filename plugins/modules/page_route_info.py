# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: page_route_info
short_description: Tell who is paged, by which way, for these labels at that time
version_added: 0.1.0
description:
  - Simulates the routing of Alertmanager on the controller, with its routes, matchers, C(continue), and active and mute time intervals.
  - The labels that C(amtool config routes test) takes are not all that decides. It knows no time, and this does.
  - Silences and inhibition are the server's and are not known here.
author:
  - The groundcrew.fleet founders (@groundcrew)
extends_documentation_fragment:
  - groundcrew.fleet.attributes.info_module
options:
  labels:
    description: The labels of the alert.
    type: dict
    required: true
  at:
    description: The moment, in ISO 8601 with its zone. Empty is now, by the controller's clock.
    type: str
    default: ""
  config:
    description: Alertmanager's whole configuration as data. One of O(config), O(src) and O(oncall) is needed.
    type: dict
  src:
    description: A file on the controller with Alertmanager's configuration. Values without quotes are read as Alertmanager reads them.
    type: path
  oncall:
    description: An on-call file as data. The configuration is made of it as of the moment that is asked about.
    type: dict
  receivers:
    description: With O(oncall), receivers that are passed through.
    type: list
    elements: dict
    default: []
  route:
    description: With O(oncall), the top route's settings, as the filter P(groundcrew.fleet.oncall_alerting#filter) has them.
    type: dict
    default: {}
  extra:
    description: With O(oncall), further parts of the configuration, as the filter has them.
    type: dict
    default: {}
notes:
  - Regular expressions are Python's here and Go's there. They differ in rare constructs.
seealso:
  - plugin: groundcrew.fleet.oncall_alerting
    plugin_type: filter
  - plugin: groundcrew.fleet.who_is_on_call
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Tell who is paged on a Sunday at three when the shop is down
  groundcrew.fleet.page_route_info:
    labels: {alertname: ShopDown, owner: shop, severity: page}
    at: "2026-03-29T03:00+02:00"
    oncall:
      people:
        alice: {time_zone: Europe/Berlin, contact: {email: alice@example.com}}
        bob: {time_zone: America/New_York, contact: {email: bob@example.com}}
      teams:
        shop:
          time_zone: Europe/Berlin
          layers:
            - {people: [alice, bob], start: "2026-01-05"}
  register: sunday
  failed_when: sunday.receivers | length != 1
"""

RETURN = r"""
receivers:
  description: The receivers that are told, each once.
  type: list
  elements: str
  returned: success
  sample: [person/alice]
at:
  description: The moment, in UTC.
  type: str
  returned: success
  sample: "2026-03-29T01:00:00Z"
routes:
  description: Every route that the alert comes to, in the order of the configuration.
  type: list
  elements: dict
  returned: success
  contains:
    receiver:
      description: Its receiver.
      type: str
      returned: always
      sample: person/alice
    ways:
      description: The kinds of integration that the receiver has, none where it tells nobody.
      type: list
      elements: str
      returned: always
      sample: [email]
    told:
      description: Whether the receiver is told at that moment.
      type: bool
      returned: always
      sample: true
    why:
      description: Which time intervals keep it back. Empty when none does.
      type: str
      returned: always
      sample: ""
    path:
      description: The matchers of each route on the way, from the top.
      type: list
      elements: str
      returned: always
      sample: ["any alert", "any alert", "any alert"]
    group_by:
      description: The labels that alerts are grouped by.
      type: list
      elements: str
      returned: always
      sample: [alertname, owner, app]
    group_wait:
      description: How long a new group waits.
      type: str
      returned: always
      sample: 10s
    group_interval:
      description: How long a group waits for what is new.
      type: str
      returned: always
      sample: 1m
    repeat_interval:
      description: How long until an alert that still fires is told again.
      type: str
      returned: always
      sample: 4h
"""

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "labels": {"type": "dict", "required": True},
            "at": {"type": "str", "default": ""},
            "config": {"type": "dict"},
            "src": {"type": "path"},
            "oncall": {"type": "dict"},
            "receivers": {"type": "list", "elements": "dict", "default": []},
            "route": {"type": "dict", "default": {}},
            "extra": {"type": "dict", "default": {}},
        },
        mutually_exclusive=[("config", "src", "oncall")],
        required_one_of=[("config", "src", "oncall")],
        supports_check_mode=True,
    )
    module.fail_json(msg="who is paged is worked out on the controller, by the action plugin of this name")


if __name__ == "__main__":
    main()
