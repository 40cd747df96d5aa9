"""Make two repositories below the directory of the first argument: `advised` has advisories, `plain` has none.

Both have all versions of what they have: the first is what a host has, the later ones are what it could get.
"""

from __future__ import annotations

import pathlib
import subprocess
import sys
import tempfile
from typing import NamedTuple


class Spec(NamedTuple):
    """One version of a package; `more` are lines of its preamble, `scripts` whole sections."""

    name: str
    version: str
    more: str = ""
    scripts: str = ""
    config: str = ""
    target: str = "noarch"
    repository: str = "advised"


class Advisory(NamedTuple):
    kind: str
    severity: str
    issued: str
    package: tuple[str, str]
    cves: tuple[str, ...] = ()


KERNEL = "Provides: installonlypkg(kernel)"
# A script that takes as long as the file says, and leaves a trace of its end.
SLOW = "%post\ntest ! -e /srv/slow || sleep $(cat /srv/slow)\necho {0} >> /srv/slow.done"
FILLERS, FILLER = (
    300,
    "%package -n crew-filler-{0}\nSummary: A test\n%description -n crew-filler-{0}\nA test\n%files -n crew-filler-{0}\n",
)
SPECS = (
    *(Spec("crew-library", version) for version in ("1.0", "1.1", "1.2")),
    # As the packages of one source do: each version of the tool needs that of the library.
    *(Spec("crew-tool", version, f"Requires: crew-library = {version}") for version in ("1.0", "1.1", "1.2")),
    # What scripts are run with is from no rpm here.
    Spec("crew-shell", "1.0", "Provides: /bin/sh"),
    Spec("crew-agent", "1.0"),
    Spec("crew-agent", "2.0", "Requires: crew-helper\nRecommends: crew-extra"),
    Spec("crew-helper", "1.0"),
    Spec("crew-extra", "1.0"),
    *(Spec(name, version) for name in ("crew-locked", "crew-excluded") for version in ("1.0", "1.1")),
    *(Spec("crew-edited", version, config=version) for version in ("1.0", "2.0")),
    Spec("crew-victim", "1.0"),
    Spec("crew-rival", "1.0"),
    Spec("crew-rival", "2.0", "Conflicts: crew-victim"),
    Spec("crew-legacy", "1.0"),
    Spec("crew-heir", "1.0"),
    Spec("crew-heir", "2.0", "Obsoletes: crew-legacy < 2"),
    *(Spec("crew-kernel", version, KERNEL) for version in ("1.0", "2.0", "3.0")),
    *(Spec("crew-slow", version, scripts=SLOW.format(version)) for version in ("1.0", "1.1")),
    *(Spec("crew-epoch", version, "Epoch: 1") for version in ("1.0", "1.1")),
    Spec("crew-lonely", "1.0"),
    Spec("crew-lonely", "1.1", "Requires: crew-nowhere"),
    *(Spec("crew-foreign", version, target="i686", repository="plain") for version in ("1.0", "1.1")),
)
ADVISORIES = (
    Advisory(
        "security", "Important", "2026-01-10 10:00:00", ("crew-library", "1.1"), ("CVE-2026-0001", "CVE-2026-0002")
    ),
    Advisory("bugfix", "", "2026-02-10 10:00:00", ("crew-library", "1.2")),
    Advisory("security", "Moderate", "2026-01-10 10:00:00", ("crew-tool", "1.1"), ("CVE-2026-0003",)),
    Advisory("security", "Critical", "2026-03-01 00:00:00", ("crew-tool", "1.2"), ("CVE-2026-0004",)),
    Advisory("security", "Low", "2026-01-20 10:00:00", ("crew-locked", "1.1")),
    Advisory("enhancement", "None", "2026-01-20 10:00:00", ("crew-agent", "2.0")),
)
UPDATE = """<update from="crew@example.com" status="final" type="{0.kind}" version="1"><id>CREW-{1}</id><title>A test</title>
<issued date="{0.issued}"/><updated date="{0.issued}"/><severity>{0.severity}</severity><references>{2}</references>
<pkglist><collection short="crew"><name>crew</name><package name="{0.package[0]}" version="{0.package[1]}" release="1" epoch="0" arch="noarch"
src="{0.package[0]}.src.rpm"><filename>{0.package[0]}-{0.package[1]}-1.noarch.rpm</filename></package></collection></pkglist></update>
"""
REFERENCE = '<reference href="https://example.com/{0}" id="{0}" title="{0}" type="cve"/>'
BUILD = """Name: {0.name}
Version: {0.version}
Release: 1
Summary: A test
License: GPL
{0.more}
%description
A test
%install
mkdir -p %{{buildroot}}/usr/share/{0.name} %{{buildroot}}/etc
echo {0.version} > %{{buildroot}}/usr/share/{0.name}/{0.version}
{1}
{0.scripts}
%files
/usr/share/{0.name}
{2}
"""
CONFIGURE = "for kind in kept replaced; do echo {0} > %{{buildroot}}/etc/crew-$kind.conf; done"
CONFIGURED = "%config(noreplace) /etc/crew-kept.conf\n%config /etc/crew-replaced.conf\n"


def text(spec: Spec) -> str:
    """Return the spec file."""
    return BUILD.format(spec, CONFIGURE.format(spec.config), CONFIGURED) if spec.config else BUILD.format(spec, "", "")


def build(into: pathlib.Path, content: str, target: str) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch, "test.spec")
        path.write_text(content)
        where = ["--define", f"_topdir {scratch}", "--define", f"_rpmdir {into}"]
        subprocess.run(
            ["rpmbuild", "-bb", "--quiet", "--target", target, *where, path], check=True, capture_output=True
        )


def fillers(version: str) -> str:
    """Return a spec file of many packages, for what takes time by their number."""
    return text(Spec("crew-filler", version)) + "".join(FILLER.format(number) for number in range(FILLERS))


def updateinfo() -> str:
    updates = (
        UPDATE.format(one, number, "".join(REFERENCE.format(cve) for cve in one.cves))
        for number, one in enumerate(ADVISORIES)
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<updates>{"".join(updates)}</updates>\n'


def main(root: pathlib.Path) -> None:
    for name in ("advised", "plain"):
        (root / name).mkdir(parents=True, exist_ok=True)
    for spec in SPECS:
        build(root / spec.repository, text(spec), spec.target)
    for version in ("1.0", "1.1"):
        build(root / "plain", fillers(version), "noarch")
    for name in ("advised", "plain"):
        subprocess.run(["createrepo_c", "--quiet", root / name], check=True)
    (root / "updateinfo.xml").write_text(updateinfo())
    subprocess.run(
        ["modifyrepo_c", root / "updateinfo.xml", root / "advised" / "repodata"], check=True, capture_output=True
    )


main(pathlib.Path(sys.argv[1]))
