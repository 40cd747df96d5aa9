"""Which kernel the next boot takes, whatever the distribution calls its kernels."""

from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import kernel

AMD = "6.1.0-30-amd64"
# What `uname -v` tells on Debian, on a kernel of somebody's own, and in a lab.
BUILT = "#1 SMP PREEMPT_DYNAMIC Debian 6.1.124-1 (2025-01-12)"
FOREIGN = "#1 SMP PREEMPT_DYNAMIC Tue Jan 2 03:04:05 UTC 2026"


@pytest.mark.parametrize(
    "installed,running,newest",
    [
        ([AMD], AMD, AMD),
        (["6.1.0-9-amd64", "6.1.0-31-amd64", AMD], AMD, "6.1.0-31-amd64"),
        # A number is compared as a number, in each of its parts.
        (["6.1.0-9-amd64", "6.1.0-10-amd64"], "6.1.0-9-amd64", "6.1.0-10-amd64"),
        (["6.9.7+bpo-amd64", "6.12.9+bpo-amd64"], "6.9.7+bpo-amd64", "6.12.9+bpo-amd64"),
        # Another flavour is another choice: nobody boots a real-time kernel by accident.
        ([AMD, "6.1.0-99-rt-amd64", "6.1.0-99-cloud-amd64"], AMD, AMD),
        (
            ["6.1.0-30-cloud-amd64", "6.1.0-31-cloud-amd64", "6.1.0-99-amd64"],
            "6.1.0-30-cloud-amd64",
            "6.1.0-31-cloud-amd64",
        ),
        # A release's upgrade, a backport and a rebuild are of the same flavour.
        ([AMD, "6.12.43+deb13-amd64"], AMD, "6.12.43+deb13-amd64"),
        ([AMD, "6.12.9+bpo-amd64", "6.12.9+bpo-rt-amd64"], AMD, "6.12.9+bpo-amd64"),
        ([AMD, "6.5.0-0.deb12.4-amd64"], AMD, "6.5.0-0.deb12.4-amd64"),
        (["6.12.43+deb13-amd64", "6.12.57+deb13+1-amd64"], "6.12.43+deb13-amd64", "6.12.57+deb13+1-amd64"),
        (["6.12.43+deb13-amd64", "6.12.48+deb13-amd64"], "6.12.43+deb13-amd64", "6.12.48+deb13-amd64"),
        (
            ["5.14.0-427.el9.x86_64", "5.14.0-503.11.1.el9_5.x86_64"],
            "5.14.0-427.el9.x86_64",
            "5.14.0-503.11.1.el9_5.x86_64",
        ),
        (
            ["5.14.0-503.el9.x86_64", "5.14.0-503.2.1.el9_5.x86_64"],
            "5.14.0-503.el9.x86_64",
            "5.14.0-503.2.1.el9_5.x86_64",
        ),
        ([], AMD, ""),
        (["6.8.0-31-generic"], AMD, ""),
    ],
)
def test_the_newest_of_the_running_kernels_flavour_comes_up_next(
    installed: list[str], running: str, newest: str
) -> None:
    assert kernel.newest_of(installed, running) == newest


@pytest.mark.parametrize(
    "newest,built,versions,why",
    [
        (AMD, BUILT, {}, ""),
        ("", FOREIGN, {}, ""),
        ("6.1.0-31-amd64", BUILT, {}, "kernel 6.1.0-31-amd64 is installed, 6.1.0-30-amd64 is running"),
        # An older one that is left beside it is no reason.
        ("6.1.0-29-amd64", BUILT, {}, ""),
        (AMD, BUILT, {f"linux-image-{AMD}": "6.1.124-1"}, ""),
        (
            AMD,
            BUILT,
            {f"linux-image-{AMD}": "6.1.128-1"},
            f"kernel {AMD} is installed as 6.1.128-1, and running as 6.1.124-1",
        ),
        # What does not tell its version cannot be held against the installed one.
        (AMD, FOREIGN, {f"linux-image-{AMD}": "6.1.128-1"}, ""),
    ],
)
def test_a_newer_kernel_or_another_build_of_the_same_one_is_a_reason_to_reboot(
    newest: str, built: str, versions: dict[str, str], why: str
) -> None:
    assert kernel.why_outdated(AMD, built, newest, versions) == why


def test_this_machine_tells_its_running_kernel() -> None:
    assert kernel.read({}).running
