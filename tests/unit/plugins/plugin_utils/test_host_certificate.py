# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.host_certificate import Certificate, of_host

NOW = datetime.now(timezone.utc)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "certificates"


def of(directory: Path, name: str = "app1", *subjects: str, after_days: int = 0) -> Certificate:
    return of_host(directory, name, subjects or ("app1", "192.0.2.11"), days=90, now=NOW + timedelta(days=after_days))


def openssl(*words: str) -> str:
    return subprocess.run(["openssl", *words], capture_output=True, text=True, check=True).stdout


def test_a_certificate_is_for_its_names_and_addresses_and_others_can_verify_it(directory: Path) -> None:
    of(directory)
    authority, made = str(directory / "ca.crt"), str(directory / "app1.crt")
    assert openssl("verify", "-purpose", "sslserver", "-verify_ip", "192.0.2.11", "-CAfile", authority, made).endswith(
        "OK\n"
    )
    assert openssl("verify", "-verify_hostname", "app1", "-CAfile", authority, made).endswith("OK\n")
    with pytest.raises(subprocess.CalledProcessError):
        openssl("verify", "-verify_ip", "192.0.2.12", "-CAfile", authority, made)


def test_it_is_strictly_right(directory: Path) -> None:
    of(directory)
    authority, made = str(directory / "ca.crt"), str(directory / "app1.crt")
    assert openssl("verify", "-x509_strict", "-check_ss_sig", "-CAfile", authority, made).endswith("OK\n")


def test_the_key_is_the_certificates(directory: Path) -> None:
    of(directory)
    public = openssl("pkey", "-pubout", "-in", str(directory / "app1.key"))
    assert openssl("x509", "-noout", "-pubkey", "-in", str(directory / "app1.crt")) == public


def test_a_second_time_it_is_the_same(directory: Path) -> None:
    assert of(directory) == of(directory, "app1", "192.0.2.11", "app1")


@pytest.mark.parametrize("days, same", [(59, True), (61, False)])
def test_it_is_made_anew_when_a_third_of_its_time_is_left(directory: Path, days: int, *, same: bool) -> None:
    first = of(directory)
    assert (of(directory, after_days=days) == first) is same


def test_it_is_made_anew_for_other_names(directory: Path) -> None:
    first = of(directory)
    second = of(directory, "app1", "app1", "192.0.2.99")
    assert (second.certificate != first.certificate, second.ca) == (True, first.ca)


def test_another_authority_signs_anew(directory: Path) -> None:
    first = of(directory)
    (directory / "ca.key").unlink()
    second = of(directory)
    assert second.ca != first.ca
    assert second.certificate != first.certificate


def test_many_hosts_at_once_have_one_authority(directory: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda number: of(directory, f"app{number}", f"app{number}"), range(16)))
    assert len({one.ca for one in made}) == 1
    assert len({one.key for one in made}) == 16


def test_what_it_keeps_is_its_owners_alone(directory: Path) -> None:
    of(directory)
    assert directory.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in directory.iterdir()} == {0o600}


def test_a_directory_that_is_open_to_others_is_refused(directory: Path) -> None:
    directory.mkdir(mode=0o755)
    with pytest.raises(BadInput, match="chmod 0700"):
        of(directory)


@pytest.mark.parametrize("name", ["", "ca", "../app1", ".app1"])
def test_a_name_that_is_no_file_is_refused(directory: Path, name: str) -> None:
    with pytest.raises(BadInput, match="cannot name a certificate"):
        of(directory, name, "app1")


def test_a_broken_file_is_named_and_not_overwritten(directory: Path) -> None:
    of(directory)
    (directory / "ca.crt").write_text("broken", encoding="ascii")
    with pytest.raises(BadInput, match="cannot be used"):
        of(directory)
    assert (directory / "ca.crt").read_text(encoding="ascii") == "broken"
