# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The manifest of a release: what its artefact is, from which source it was made, and how it is told in a file.

It holds the artefact's digest, so that one signature over the manifest's bytes covers both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from .._errors import BadInput
from .._host import files

FORMAT = 1
NAMESPACE = "release@groundcrew.fleet"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]*", re.ASCII)
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~-]*", re.ASCII)
SUFFIXES = (".tar.gz", ".whl")
_SHA256, _REVISION = re.compile(r"[0-9a-f]{64}"), re.compile(r"([0-9a-f]{40}|[0-9a-f]{64})?")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_REMADE = "make it anew with playbook package"


class Source(NamedTuple):
    """Where a release comes from; `revision` and `ref` are "" where it was no git checkout."""

    repository: str = ""
    revision: str = ""
    ref: str = ""
    dirty: bool = False


class Python(NamedTuple):
    """What the host builds the virtual environment from: a directory of wheels and a requirements file of the tree."""

    wheelhouse: str
    requirements: str


class Manifest(NamedTuple):
    """What stands in the file `NAME-VERSION.json` beside the artefact."""

    name: str
    version: str
    artefact: str
    sha256: str
    size: int
    source: Source = Source()
    built_at: str = ""
    python: Python | None = None


digest_of = files.digest_of


def check_names(name: str, version: str) -> None:
    """Raise BadInput unless both can be part of a path and of a unit's name."""
    if not NAME.fullmatch(name):
        raise BadInput(f"name {name!r} must be small letters, digits, '_' and '-', and begin with a letter or a digit")
    if not VERSION.fullmatch(version):
        raise BadInput(
            f"version {version!r} must be letters, digits, '.', '_', '+', '~' and '-', and begin with a letter or a digit"
        )


def file_name(artefact: str) -> str:
    """Return the manifest's name (or path) for that of an artefact; raise BadInput where it is none."""
    for suffix in SUFFIXES:
        if artefact.endswith(suffix) and artefact != suffix:
            return f"{artefact[: -len(suffix)]}.json"
    raise BadInput(f"artefact {artefact!r} is neither a .tar.gz nor a .whl; give the path of one")


def dump(manifest: Manifest) -> bytes:
    """Return the file's bytes: the same manifest always gives the same ones."""
    told = {
        **manifest._asdict(),
        "format": FORMAT,
        "source": manifest.source._asdict(),
        "python": manifest.python and manifest.python._asdict(),
    }
    return (json.dumps(told, sort_keys=True, indent=1) + "\n").encode()


def parse(content: bytes) -> Manifest:
    """Return what `dump` was given; raise BadInput for anything else, naming what is wrong and the cure."""
    try:
        told = json.loads(content)
    except ValueError as error:
        raise BadInput(f"the manifest is no JSON: {error}; {_REMADE}") from None
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        found = told.get("format") if isinstance(told, dict) else told
        raise BadInput(f"the manifest has format {found!r}, this collection reads {FORMAT}; {_REMADE}")
    manifest = Manifest(
        name=_text(told, "name"),
        version=_text(told, "version"),
        artefact=_text(told, "artefact"),
        sha256=_text(told, "sha256", _SHA256),
        size=_size(told),
        source=_source(told),
        built_at=_text(told, "built_at", _TIME),
        python=_python(told),
    )
    check_names(manifest.name, manifest.version)
    _check_artefact(manifest)
    return manifest


def _check_artefact(manifest: Manifest) -> None:
    expected = [f"{manifest.name}-{manifest.version}{suffix}" for suffix in SUFFIXES]
    if manifest.artefact not in expected:
        raise BadInput(f"artefact {manifest.artefact!r} of the manifest is not {' or '.join(expected)}; {_REMADE}")


def _text(told: Mapping[str, Any], key: str, form: re.Pattern[str] | None = None, *, within: str = "") -> str:
    value = told.get(key)
    if not isinstance(value, str) or (form is not None and not form.fullmatch(value)):
        wanted = f"a text of the form {form.pattern}" if form is not None else "a text"
        raise BadInput(f"{within}{key} of the manifest is {value!r}, not {wanted}; {_REMADE}")
    return value


def _size(told: Mapping[str, Any]) -> int:
    value = told.get("size")
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadInput(f"size of the manifest is {value!r}, not a number of bytes; {_REMADE}")
    return value


def _mapping(told: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = told.get(key)
    if not isinstance(value, dict):
        raise BadInput(f"{key} of the manifest is {value!r}, not a mapping; {_REMADE}")
    return value


def _source(told: Mapping[str, Any]) -> Source:
    source = _mapping(told, "source")
    if not isinstance(source.get("dirty"), bool):
        raise BadInput(f"source.dirty of the manifest is {source.get('dirty')!r}, not true or false; {_REMADE}")
    return Source(
        repository=_text(source, "repository", within="source."),
        revision=_text(source, "revision", _REVISION, within="source."),
        ref=_text(source, "ref", within="source."),
        dirty=source["dirty"],
    )


def _python(told: Mapping[str, Any]) -> Python | None:
    if told.get("python") is None:
        return None
    python = _mapping(told, "python")
    return Python(_within(python, "wheelhouse"), _within(python, "requirements"))


def _within(told: Mapping[str, Any], key: str) -> str:
    """Return a path of the tree: the host joins it to the release's directory."""
    value = _text(told, key, within="python.")
    if value.startswith(("/", "-")) or not value.isprintable() or {"", ".", ".."} & set(value.split("/")):
        raise BadInput(f"python.{key} of the manifest is {value!r}, which is no path within the release; {_REMADE}")
    return value
