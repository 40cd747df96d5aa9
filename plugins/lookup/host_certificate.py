# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: host_certificate
short_description: A certificate for a server of the fleet, made where it is missing
version_added: 0.1.0
description:
  - Keeps an authority of the fleet's own in a directory of the controller, and a key and a certificate for each host, as the lookup
    P(ansible.builtin.password#lookup) keeps passwords. Whoever has that directory can pretend to be any of the hosts.
  - A certificate is made anew when a third of its days or less is left, or when it is for other names. Check mode makes it too.
author:
  - The groundcrew.fleet founders (@groundcrew)
requirements:
  - cryptography 42 or later on the controller, which comes with ansible-core from PyPI
options:
  _terms:
    description: The host's name, given once.
    type: list
    elements: str
    required: true
  directory:
    description: Where they are kept. It is made where it is missing, and is its owner's alone.
    type: path
    required: true
  subjects:
    description: The names and IP addresses that the certificate is for. Without any it is for the host's name.
    type: list
    elements: str
    default: []
  days:
    description: How long it is valid.
    type: int
    default: 365
"""

EXAMPLES = r"""
- name: Show what a host's certificate is signed by
  ansible.builtin.debug:
    msg: "{{ lookup('groundcrew.fleet.host_certificate', 'app1', directory='~/.fleet-certificates', subjects=['app1', '192.0.2.11']).ca }}"
"""

RETURN = r"""
_raw:
  description: V(key), V(certificate) and V(ca), the authority's certificate, in PEM.
  type: list
  elements: dict
"""

from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import host_certificate


class LookupModule(LookupBase):
    """One name in, its certificate out."""

    def run(self, terms: list[str], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> list[dict[str, str]]:
        self.set_options(var_options=variables, direct=kwargs)
        if len(terms) != 1:
            raise AnsibleError(f"host_certificate takes one name, not {len(terms)}")
        name, subjects = str(terms[0]), [str(one) for one in self.get_option("subjects")]
        try:
            made = host_certificate.of_host(
                Path(self.get_option("directory")).expanduser(),
                name,
                subjects or [name],
                days=self.get_option("days"),
                now=datetime.now(timezone.utc),
            )
        except FleetError as error:
            raise AnsibleError(str(error)) from error
        return [made._asdict()]
