"""Which file sets a kernel setting is judged as systemd-sysctl does at boot."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import sysctl

# What Debian 12 has: procps links its 99-sysctl.conf to /etc/sysctl.conf.
BOOKWORM = {
    "etc/sysctl.conf": "# comment\n; comment\nnet.ipv4.ip_forward = 1\n",
    "usr/lib/sysctl.d/50-pid-max.conf": "kernel.pid_max = 4194304\n",
    "usr/lib/sysctl.d/99-protect-links.conf": "fs.protected_fifos = 1\nfs.protected_regular = 2\n",
    "etc/sysctl.d/README.sysctl": "net.ipv4.ip_forward = 9\n",
}


class Root:
    """A host's sysctl.d directories below a temporary one."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            (self.path / name).write_text(text, encoding="utf-8")

    def link(self, name: str, to: str) -> None:
        (self.path / name).parent.mkdir(parents=True, exist_ok=True)
        (self.path / name).symlink_to(to)

    @property
    def files(self) -> list[str]:
        found = sysctl.files([f"{self.path}{folder}" for folder in sysctl.FOLDERS])
        return [path.removeprefix(f"{self.path}/") for path in found]

    def winner(self, key: str) -> tuple[str, str | None] | None:
        paths = [f"{self.path}/{name}" for name in self.files]
        found = sysctl.winner(key, sysctl.assignments(paths))
        return found and (found.path.removeprefix(f"{self.path}/"), found.value)


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path)


def test_files_of_all_directories_are_read_in_the_order_of_their_names(root: Root) -> None:
    root.write(BOOKWORM)
    root.write({"run/sysctl.d/60-run.conf": "", "usr/local/lib/sysctl.d/10-local.conf": ""})
    assert root.files == [
        "usr/local/lib/sysctl.d/10-local.conf",
        "usr/lib/sysctl.d/50-pid-max.conf",
        "run/sysctl.d/60-run.conf",
        "usr/lib/sysctl.d/99-protect-links.conf",
    ]


def test_sysctl_conf_counts_only_where_a_link_leads_to_it(root: Root) -> None:
    root.write(BOOKWORM)
    assert root.winner("net.ipv4.ip_forward") is None
    root.link("etc/sysctl.d/99-sysctl.conf", "../sysctl.conf")
    assert root.winner("net.ipv4.ip_forward") == ("etc/sysctl.d/99-sysctl.conf", "1")


def test_a_file_masks_those_of_its_name_in_later_directories(root: Root) -> None:
    root.write(BOOKWORM)
    root.write({"etc/sysctl.d/50-pid-max.conf": "kernel.pid_max = 5\n"})
    root.link("etc/sysctl.d/99-protect-links.conf", "/dev/null")
    assert root.winner("kernel.pid_max") == ("etc/sysctl.d/50-pid-max.conf", "5")
    assert root.winner("fs.protected_fifos") is None


def test_the_last_file_wins_wherever_it_lies(root: Root) -> None:
    root.write({"etc/sysctl.d/10-a.conf": "kernel.pid_max = 1", "usr/lib/sysctl.d/90-b.conf": "kernel.pid_max = 2"})
    assert root.winner("kernel.pid_max") == ("usr/lib/sysctl.d/90-b.conf", "2")


LINES = [
    ("named by slashes", "net/ipv4/conf/eth0.7/rp_filter = 2", "2"),
    ("a failure is tolerated", "-net.ipv4.conf.eth0/7.rp_filter=2", "2"),
    ("spaces and tabs", " net.ipv4.conf.eth0/7.rp_filter\t=  2\t3 ", "2 3"),
    ("a wildcard", "net.ipv4.conf.*.rp_filter = 2", "2"),
    ("a name beats a later wildcard", "net.ipv4.conf.eth0/7.rp_filter = 1\nnet.ipv4.conf.*.rp_filter = 2", "1"),
    ("the last wildcard", "net.ipv4.conf.*.rp_filter = 1\nnet.ipv4.conf.eth*.rp_filter = 2", "2"),
    ("taken out of a wildcard", "net.ipv4.conf.*.rp_filter = 2\n-net.ipv4.conf.eth0/7.rp_filter", None),
    ("a wildcard that ends at a slash", "net.ipv4.*.rp_filter = 2", None),
    ("no assignment", "net.ipv4.conf.eth0/7.rp_filter", None),
    ("a comment", "#net.ipv4.conf.eth0/7.rp_filter = 2", None),
]


@pytest.mark.parametrize("_case,text,value", LINES, ids=[line[0] for line in LINES])
def test_lines_are_understood_as_systemd_sysctl_does(_case: str, text: str, value: str | None) -> None:
    found = sysctl.winner("net.ipv4.conf.eth0/7.rp_filter", list(sysctl.parse("a.conf", text)))
    assert (found and found.value) == value


@pytest.mark.parametrize(
    "key,path",
    [
        ("kernel.pid_max", "kernel/pid_max"),
        ("kernel/pid_max", "kernel/pid_max"),
        ("net.ipv4.conf.eth0/7.forwarding", "net/ipv4/conf/eth0.7/forwarding"),
    ],
)
def test_the_first_separator_of_a_key_decides(key: str, path: str) -> None:
    assert sysctl.key_path(key) == path
    assert sysctl.key_path(sysctl.key_name(path)) == path


def test_what_the_kernel_has_is_read_below_proc(tmp_path: Path) -> None:
    (tmp_path / "net/ipv4").mkdir(parents=True)
    (tmp_path / "net/ipv4/ip_local_port_range").write_text("32768\t60999\n", encoding="ascii")
    proc = str(tmp_path)
    assert sysctl.runtime("net.ipv4.ip_local_port_range", proc) == "32768 60999"
    assert sysctl.runtime("net.ipv4.ip_forward", proc) is None
    assert sysctl.keys(proc) == ("net.ipv4.ip_local_port_range",)
    assert sysctl.exists("net.ipv4.ip_local_port_range", proc)
    assert not sysctl.exists("net.ipv4", proc)
    assert sysctl.mode("net.ipv4.ip_local_port_range", proc) & 0o600 == 0o600
    assert sysctl.mode("net.ipv4.ip_forward", proc) == 0
    assert sysctl.writable("net.ipv4.ip_local_port_range", proc)
    assert not sysctl.mounted_read_only("net.ipv4.ip_local_port_range", proc)
