"""What a call of kernel_settings asks for is understood, or refused with the value and the cure."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.kernel_settings.want import Want, parse


def asked(settings: dict[str, Any], **others: Any) -> Want:
    defaults = {
        "name": "fleet",
        "state": "present",
        "purge": True,
        "allow_unknown": False,
        "allow_overridden": False,
        "force": False,
        "proof_within_s": 60,
    }
    return parse({**defaults, **others, "settings": settings})


def test_keys_are_dotted_and_fields_one_space_apart() -> None:
    want = asked({"net/ipv4/ip_forward": 1, "net.ipv4.ip_local_port_range": "1024\t 65000 ", "kernel.modprobe": ""})
    assert want.settings == {
        "net.ipv4.ip_forward": "1",
        "net.ipv4.ip_local_port_range": "1024 65000",
        "kernel.modprobe": "",
    }


REFUSED = [
    ({"net.ipv4.ip_forward": True}, {}, "is True, which the kernel does not know: write 1"),
    ({"net.ipv4.ip_forward": None}, {}, "net.ipv4.ip_forward is None: give one line"),
    ({"net.ipv4.ip_forward": "1\n2"}, {}, "give one line of text or a number"),
    ({"net.ipv4.conf.*.rp_filter": 1}, {}, "without wildcards"),
    ({"-net.ipv4.ip_forward": 1}, {}, "is no key: write it like net.ipv4.ip_forward"),
    ({"net/../../../etc/passwd": 1}, {}, "is no key"),
    ({"kernel.pid_max": 1, "kernel/pid_max": 2}, {}, "kernel.pid_max is given twice, once as kernel/pid_max"),
    ({}, {"name": "../x"}, "name '../x' is no good file name"),
    ({"kernel.pid_max": 1}, {"state": "absent"}, "leave one of the two out"),
]


@pytest.mark.parametrize("settings,others,why", REFUSED, ids=[why for _s, _o, why in REFUSED])
def test_what_cannot_be_is_refused(settings: dict[str, Any], others: dict[str, Any], why: str) -> None:
    with pytest.raises(BadInput) as caught:
        asked(settings, **others)
    assert why in str(caught.value)
