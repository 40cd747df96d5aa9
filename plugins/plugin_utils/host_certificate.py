# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates for the fleet's own servers, from an authority that lies in a directory of the controller.

`ca.key` and `ca.crt` are the authority, `NAME.key` and `NAME.crt` a host's. Keys are P-256 (RFC 5480), certificates X.509 (RFC 5280).
"""

from __future__ import annotations

import contextlib
import fcntl
import ipaddress
import os
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    HAS_CRYPTOGRAPHY = hasattr(x509.Certificate, "not_valid_after_utc")
except ImportError:
    HAS_CRYPTOGRAPHY = False

AUTHORITY = "ca"
AUTHORITY_DAYS = 3650
# Clocks differ, and a certificate that is not valid yet is refused.
SKEW = timedelta(hours=1)


class Pair(NamedTuple):
    """A key and its certificate, both in PEM."""

    key: str
    certificate: str


class Certificate(NamedTuple):
    """What a host needs to show who it is, and what others need to believe it; all in PEM."""

    key: str
    certificate: str
    ca: str


def of_host(directory: Path, name: str, subjects: Sequence[str], *, days: int, now: datetime) -> Certificate:
    """Return the certificate of the host `name` for its `subjects` (names and IP addresses), made where it is missing.

    It is made anew when a third of its `days` or less is left, when it is for other subjects, or when the authority is another one.
    Raise BadInput for a name that is no file name, for a directory that is open to others or cannot be used, and where the PyPI package
    cryptography is missing or too old.
    """
    if not HAS_CRYPTOGRAPHY:
        raise BadInput("cryptography 42 or later is missing on the controller: pip install --upgrade cryptography")
    if not name or name == AUTHORITY or "/" in name or name.startswith("."):
        raise BadInput(f"{name!r} cannot name a certificate: give the host's name")
    if not subjects or days < 1:
        raise BadInput(
            f"the certificate of {name} needs a name or an address to be for, and a day or more (days: {days})"
        )
    try:
        with _locked(directory):
            authority = _kept(directory, AUTHORITY)
            if authority is None:
                authority = _write(directory, AUTHORITY, _authority(now))
            pair = _kept(directory, name)
            if pair is None or not _holds(pair, authority, subjects, days=days, now=now):
                pair = _write(directory, name, _signed(authority, name, subjects, days=days, now=now))
    except (OSError, ValueError) as error:
        raise BadInput(
            f"the certificates in {directory} cannot be used ({error}): mend or remove them, or give another directory"
        ) from error
    return Certificate(pair.key, pair.certificate, authority.certificate)


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Ansible asks for several hosts at once, and they shall have one authority."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if directory.stat().st_mode & 0o077:
        raise BadInput(f"{directory} is open to others than its owner: chmod 0700 it, since it holds private keys")
    folder = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _kept(directory: Path, name: str) -> Pair | None:
    key, certificate = directory / f"{name}.key", directory / f"{name}.crt"
    if not (key.exists() and certificate.exists()):
        return None
    return Pair(key.read_text(encoding="ascii"), certificate.read_text(encoding="ascii"))


def _write(directory: Path, name: str, pair: Pair) -> Pair:
    # The certificate last: a pair that is half there is made anew.
    (directory / f"{name}.crt").unlink(missing_ok=True)
    for suffix, content in (("key", pair.key), ("crt", pair.certificate)):
        handle, fresh = tempfile.mkstemp(dir=directory)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(content)
        os.replace(fresh, directory / f"{name}.{suffix}")
    return pair


def _authority(now: datetime) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _called("groundcrew.fleet monitoring")
    return _sealed(
        _blank(name, name, key, key, now=now, days=AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True),
        key,
        key,
    )


def _signed(authority: Pair, name: str, subjects: Sequence[str], *, days: int, now: datetime) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    issuer, signer = _read(authority)
    for_servers = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    return _sealed(
        _blank(_called(name), issuer.subject, key, signer, now=now, days=days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(for_servers, critical=False)
        .add_extension(x509.SubjectAlternativeName([_subject(one) for one in sorted(set(subjects))]), critical=False),
        key,
        signer,
    )


def _called(name: str) -> x509.Name:
    # A common name has at most 64 characters; who it is for stands in the subjects.
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])


def _blank(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    *,
    now: datetime,
    days: int,
) -> x509.CertificateBuilder:
    """What both kinds have. Python 3.13 and later trust no certificate without the identifiers of both keys (RFC 5280, 4.2.1)."""
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(authority, critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _subject(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _sealed(
    builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey
) -> Pair:
    made = builder.sign(signer, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Pair(private.decode("ascii"), made.public_bytes(serialization.Encoding.PEM).decode("ascii"))


def _read(pair: Pair) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = serialization.load_pem_private_key(pair.key.encode("ascii"), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("a key is none on an elliptic curve")  # noqa: TRY004 - what is wrong is the file, no argument
    return x509.load_pem_x509_certificate(pair.certificate.encode("ascii")), key


def _holds(pair: Pair, authority: Pair, subjects: Sequence[str], *, days: int, now: datetime) -> bool:
    made, _key = _read(pair)
    issuer, _signer = _read(authority)
    named = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return (
        made.not_valid_after_utc - now > timedelta(days=days / 3)
        and list(named) == [_subject(one) for one in sorted(set(subjects))]
        and _issued(made, issuer)
    )


def _issued(made: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        made.verify_directly_issued_by(issuer)
    except (InvalidSignature, TypeError, ValueError):
        return False
    return True
