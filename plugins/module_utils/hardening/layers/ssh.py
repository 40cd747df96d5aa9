# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The SSH server, by the advice that is current for its version."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..._errors import BadInput
from ..facts import Facts
from ..rule import File, Rule, Sshd

OPTIONS: Mapping[str, Any] = {
    "port": {"type": "int"},
    "permit_root_login": {
        "type": "str",
        "choices": ["no", "prohibit-password", "forced-commands-only"],
        "default": "no",
    },
    "allow_users": {"type": "list", "elements": "str", "default": []},
    "allow_groups": {"type": "list", "elements": "str", "default": []},
    "tcp_forwarding": {"type": "str", "choices": ["no", "local", "remote", "yes"], "default": "no"},
    "classic_key_exchange": {"type": "bool", "default": False},
    "min_rsa_bits": {"type": "int", "default": 2048},
    "max_auth_tries": {"type": "int", "default": 3},
    "banner": {"type": "path"},
    "user_ca_keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "host_certificate": {"type": "path"},
    "revoked_keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "break_glass": {"type": "str", "default": "root"},
}
CA_KEYS, REVOKED = "/etc/ssh/groundcrew_user_ca_keys", "/etc/ssh/groundcrew_revoked_keys"
KEY = re.compile(r"(ssh|ecdsa|sk)-\S+ [A-Za-z0-9+/]+={0,3}( .*)?")
STRONG = "What is recorded today is not read tomorrow, and nobody in between can weaken it."
Names = tuple[tuple[tuple[int, int], str], ...]
# Each since its version. The first three hold against a quantum computer too, the other two are for clients that have none of them.
KEX: Names = (
    ((9, 9), "mlkem768x25519-sha256"),
    ((9, 9), "sntrup761x25519-sha512"),
    ((8, 5), "sntrup761x25519-sha512@openssh.com"),
)
CLASSIC_KEX: Names = (((7, 4), "curve25519-sha256"), ((6, 5), "curve25519-sha256@libssh.org"))
CIPHERS: Names = (
    ((6, 5), "chacha20-poly1305@openssh.com"),
    ((6, 2), "aes256-gcm@openssh.com"),
    ((6, 2), "aes128-gcm@openssh.com"),
    ((3, 7), "aes256-ctr"),
    ((3, 7), "aes192-ctr"),
    ((3, 7), "aes128-ctr"),
)
MACS: Names = tuple(((6, 2), f"{one}-etm@openssh.com") for one in ("hmac-sha2-512", "hmac-sha2-256", "umac-128"))
SIGNATURES = (
    *("ssh-ed25519-cert-v01@openssh.com", "sk-ssh-ed25519-cert-v01@openssh.com", "rsa-sha2-512-cert-v01@openssh.com"),
    *("rsa-sha2-256-cert-v01@openssh.com", "ssh-ed25519", "sk-ssh-ed25519@openssh.com", "rsa-sha2-512", "rsa-sha2-256"),
)
# People's keys of these kinds are common, and sound; the host's own need not be.
NIST = (
    *(f"ecdsa-sha2-nistp{bits}-cert-v01@openssh.com" for bits in (256, 384, 521)),
    "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
    *(f"ecdsa-sha2-nistp{bits}" for bits in (256, 384, 521)),
    "sk-ecdsa-sha2-nistp256@openssh.com",
)
# Below that the server takes no value.
LEAST_RSA_BITS = 1024
# Keyword, value, since which version, reason, number, weight.
SETTINGS: tuple[tuple[str, str, tuple[int, int], str, str, int], ...] = (
    ("PasswordAuthentication", "no", (0, 0), "A key cannot be guessed.", "", 3),
    ("KbdInteractiveAuthentication", "no", (8, 7), "It is a password by another name.", "", 3),
    ("AuthenticationMethods", "publickey", (6, 2), "A key cannot be guessed.", "", 2),
    ("PubkeyAuthentication", "yes", (0, 0), "It is the way in.", "", 2),
    ("PermitEmptyPasswords", "no", (0, 0), "No password is no door.", "CIS Debian 12 5.1.19", 3),
    (
        "HostbasedAuthentication",
        "no",
        (0, 0),
        "Another host's word is no proof of who somebody is.",
        "CIS Debian 12 5.1.10",
        2,
    ),
    ("IgnoreRhosts", "yes", (0, 0), "Another host's word is no proof of who somebody is.", "CIS Debian 12 5.1.11", 2),
    ("IgnoreUserKnownHosts", "yes", (0, 0), "Another host's word is no proof of who somebody is.", "", 1),
    ("KerberosAuthentication", "no", (0, 0), "It is a password by another name.", "", 1),
    ("GSSAPIAuthentication", "no", (0, 0), "A way in that nobody uses is not watched.", "CIS Debian 12 5.1.9", 1),
    ("UsePAM", "yes", (0, 0), "Locked and expired accounts stay out.", "CIS Debian 12 5.1.22", 2),
    ("StrictModes", "yes", (0, 0), "Keys that others could write do not count.", "", 2),
    ("MaxSessions", "4", (5, 1), "One connection does not use up the host.", "CIS Debian 12 5.1.17", 1),
    ("MaxStartups", "10:30:60", (0, 0), "Strangers do not keep others out.", "CIS Debian 12 5.1.18", 1),
    ("LoginGraceTime", "30", (0, 0), "A connection that does not log in ends.", "CIS Debian 12 5.1.13", 1),
    ("ClientAliveInterval", "300", (0, 0), "A session whose other end is gone ends.", "CIS Debian 12 5.1.7", 1),
    ("ClientAliveCountMax", "2", (0, 0), "A session whose other end is gone ends.", "CIS Debian 12 5.1.7", 1),
    ("TCPKeepAlive", "no", (0, 0), "Its packets can be forged; the server's own cannot.", "", 1),
    ("X11Forwarding", "no", (0, 0), "A server has no screen, and yours is not for it.", "STIG UBTU-22-255040", 2),
    ("AllowAgentForwarding", "no", (5, 1), "Root of the host could use your keys.", "CIS Debian 12 5.1.8", 2),
    ("AllowStreamLocalForwarding", "no", (6, 7), "The host is no tunnel.", "CIS Debian 12 5.1.8", 1),
    ("GatewayPorts", "no", (0, 0), "The host is no tunnel.", "", 1),
    ("PermitTunnel", "no", (4, 3), "The host is no tunnel.", "", 1),
    (
        "PermitUserEnvironment",
        "no",
        (0, 0),
        "Nobody goes round a forced command by a variable.",
        "CIS Debian 12 5.1.21",
        2,
    ),
    ("Compression", "no", (0, 0), "Sizes tell of contents.", "", 1),
    ("UseDNS", "no", (0, 0), "A login does not wait for a name.", "", 1),
    ("LogLevel", "VERBOSE", (0, 0), "Which key logged in is told.", "CIS Debian 12 5.1.14", 2),
    ("DebianBanner", "no", (0, 0), "A stranger is not told which patch is missing.", "", 1),
    ("PrintMotd", "no", (0, 0), "What is told after a login is PAM's.", "", 1),
)


CLIENT = """# Managed by groundcrew.fleet.hardening: changes made here are replaced.
Host *
    ForwardAgent no
    ForwardX11 no
    ForwardX11Trusted no
    GSSAPIAuthentication no
    HashKnownHosts yes
    HostbasedAuthentication no
    PermitLocalCommand no
    StrictHostKeyChecking ask
    Tunnel no
"""


def rules(settings: Mapping[str, Any], facts: Facts) -> tuple[Rule, ...]:
    """Return the rules of this layer."""
    # A server whose list of lost keys is missing lets nobody in: it comes before the setting that names it.
    return (
        *_keys(settings),
        *_own(settings),
        *_doors(settings, facts),
        *_usual(settings, facts),
        *_crypto(settings, facts),
        _client(),
    )


def _rule(keyword: str, value: str, why: str, ref: str = "", weight: int = 1) -> Rule:
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", keyword).lower()
    return Rule(f"ssh-{name}", "ssh", f"{keyword} is {value}", why, Sshd(keyword, value), (ref,) if ref else (), weight)


def _own(settings: Mapping[str, Any]) -> list[Rule]:
    port = settings["port"]
    if port is not None and not 0 < port < 65536:
        raise BadInput(f"ssh.port is {port}, which is no port: give one from 1 to 65535")
    return [_rule("Port", str(port), "This fleet asks for it.")] if port is not None else []


def _doors(settings: Mapping[str, Any], facts: Facts) -> list[Rule]:
    """Who may log in at all: the account for emergencies is never left out."""
    found = [
        _rule(
            "PermitRootLogin",
            settings["permit_root_login"],
            "Everybody logs in as who he is.",
            "CIS Debian 12 5.1.20",
            3,
        )
    ]
    glass = settings["break_glass"]
    people, groups = list(settings["allow_users"]), list(settings["allow_groups"])
    if people and groups:
        raise BadInput(
            "ssh.allow_users and ssh.allow_groups are both given, and sshd lets in only who is in both: give one"
        )
    if people:
        if glass != "root" and glass not in people:
            people.append(glass)
        found.append(_rule("AllowUsers", " ".join(people), "Nobody else has business here.", "CIS Debian 12 5.1.4", 2))
    if groups:
        # Who is in no group at all is known elsewhere only, such as in a directory that is not reached now.
        his = facts.groups_of(glass) | {one for one, names in facts.members.items() if glass in names}
        if glass != "root" and his and not his.intersection(groups):
            raise BadInput(
                f"ssh.allow_groups would shut out {glass}, the account for emergencies: add one of its groups"
            )
        found.append(_rule("AllowGroups", " ".join(groups), "Nobody else has business here.", "CIS Debian 12 5.1.4", 2))
    return found


def _usual(settings: Mapping[str, Any], facts: Facts) -> list[Rule]:
    stays = _stricter(facts)
    found = [
        _rule(keyword, value, why, ref, weight)._replace(skip=stays.get(keyword, ""))
        for keyword, value, since, why, ref, weight in SETTINGS
        if facts.openssh >= since
    ]
    if facts.openssh >= (9, 1):
        bits = settings["min_rsa_bits"]
        if bits < LEAST_RSA_BITS:
            raise BadInput(f"ssh.min_rsa_bits is {bits}, which sshd does not take: give {LEAST_RSA_BITS} at least")
        found.append(_rule("RequiredRSASize", str(bits), "Shorter keys are within reach."))
    found.append(_rule("MaxAuthTries", str(settings["max_auth_tries"]), "Guessing is slow.", "CIS Debian 12 5.1.16", 2))
    found.append(
        _rule("AllowTcpForwarding", settings["tcp_forwarding"], "The host is no tunnel.", "CIS Debian 12 5.1.8", 1)
    )
    if settings["banner"]:
        found.append(_rule("Banner", settings["banner"], "A stranger is told that he is one.", "CIS Debian 12 5.1.5"))
    return found


def _stricter(facts: Facts) -> dict[str, str]:
    """Return which settings stay since the server asks for more than a key already, with the reason."""
    told = " ".join(facts.sshd.get("authenticationmethods", ()))
    ways = [[method.partition(":")[0] for method in way.split(",")] for way in told.split()]
    if not ways or ["publickey"] in ways or not all("publickey" in way for way in ways):
        return {}
    reason = f"the server asks for more than a key already: AuthenticationMethods {told}"
    besides = {"password": "PasswordAuthentication", "keyboard-interactive": "KbdInteractiveAuthentication"}
    needed = [keyword for method, keyword in besides.items() if any(method in way for way in ways)]
    return dict.fromkeys(["AuthenticationMethods", *needed], reason)


def _crypto(settings: Mapping[str, Any], facts: Facts) -> list[Rule]:
    # An older server has no other.
    classic = settings["classic_key_exchange"] or facts.openssh < KEX[-1][0]
    offered = {"KexAlgorithms": (*KEX, *(CLASSIC_KEX if classic else ())), "Ciphers": CIPHERS, "MACs": MACS}
    refs = {"KexAlgorithms": "CIS Debian 12 5.1.12", "Ciphers": "CIS Debian 12 5.1.6", "MACs": "CIS Debian 12 5.1.15"}
    found = [
        _rule(keyword, ",".join(name for since, name in names if facts.openssh >= since), STRONG, refs[keyword], 3)
        for keyword, names in offered.items()
    ]
    signatures = ",".join(SIGNATURES)
    found.append(_rule("HostKeyAlgorithms", signatures, STRONG, "", 2))
    if facts.openssh >= (8, 5):
        found.append(_rule("PubkeyAcceptedAlgorithms", ",".join((*SIGNATURES, *NIST)), STRONG, "", 1))
    return found


def _keys(settings: Mapping[str, Any]) -> list[Rule]:
    """Certificates: who trusts an authority needs no key of each person, and revokes those that were lost."""
    found = [
        Rule(
            "ssh-revoked-keys-file",
            "ssh",
            "The keys that were lost are listed",
            "A lost key opens nothing.",
            File(REVOKED, _lines(settings["revoked_keys"], "revoked_keys")),
        ),
        _rule("RevokedKeys", REVOKED, "A lost key opens nothing."),
    ]
    if settings["user_ca_keys"]:
        text = _lines(settings["user_ca_keys"], "user_ca_keys")
        found.append(
            Rule(
                "ssh-user-ca-keys",
                "ssh",
                "The authorities for people are listed",
                "One key to trust, not hundreds.",
                File(CA_KEYS, text),
            )
        )
        found.append(_rule("TrustedUserCAKeys", CA_KEYS, "One key to trust, not hundreds."))
    if settings["host_certificate"]:
        found.append(
            _rule("HostCertificate", settings["host_certificate"], "Nobody has to trust a host at first sight.")
        )
    # What a setting names is there before it.
    return sorted(found, key=lambda rule: isinstance(rule.thing, Sshd))


def _client() -> Rule:
    why = "Who goes on from here takes neither keys nor a screen along."
    return Rule(
        "ssh-client",
        "ssh",
        "The client forwards nothing unasked",
        why,
        File("/etc/ssh/ssh_config.d/00-groundcrew-hardening.conf", CLIENT),
    )


def _lines(keys: list[str], what: str) -> str:
    for key in keys:
        if not KEY.fullmatch(key.strip()):
            raise BadInput(f"ssh.{what} has {key!r}, which is no public key: give the whole line of a .pub file")
    return "".join(f"{key.strip()}\n" for key in keys)
