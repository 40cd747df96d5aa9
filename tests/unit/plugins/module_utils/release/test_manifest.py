"""Manifests: the same bytes for the same release, and a cure for each one that cannot be read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.release import manifest
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.manifest import Manifest, Python, Source

SHOP = Manifest(
    name="shop",
    version="2.0.0",
    artefact="shop-2.0.0.tar.gz",
    sha256="ab" * 32,
    size=123,
    source=Source("https://git.example.com/shop", "0f" * 20, "v2.0.0", dirty=False),
    built_at="2026-11-29T00:00:00Z",
    python=Python("wheelhouse", "requirements.txt"),
)


def edited(**changes: Any) -> bytes:
    return json.dumps({**json.loads(manifest.dump(SHOP)), **changes}).encode()


@pytest.mark.parametrize(
    "one",
    [
        SHOP,
        SHOP._replace(python=None),
        SHOP._replace(artefact="shop-2.0.0.whl"),
        SHOP._replace(source=Source(revision="0f" * 32, dirty=True)),
        SHOP._replace(source=Source()),
    ],
)
def test_what_was_dumped_is_parsed_again(one: Manifest) -> None:
    assert manifest.parse(manifest.dump(one)) == one


def test_a_manifest_is_canonical_json_with_a_format() -> None:
    content = manifest.dump(SHOP)
    assert content.endswith(b"}\n")
    told = json.loads(content)
    assert list(told) == sorted(told)
    assert (told["format"], told["python"]["wheelhouse"]) == (1, "wheelhouse")


@pytest.mark.parametrize(
    "content, said",
    [
        (b"no JSON", "is no JSON: .*; make it anew with playbook package"),
        (b"\xff\xfe", "is no JSON"),
        (b"[]", r"has format \[\], this collection reads 1"),
        (edited(format=2), "has format 2, this collection reads 1"),
        (edited(name="Shop"), "name 'Shop' must be small letters"),
        (edited(name="../shop"), "name '../shop' must be"),
        (edited(name="shop\n"), r"name 'shop\\n' must be"),
        (edited(name=None), "name of the manifest is None, not a text"),
        (edited(version="-1"), "version '-1' must be letters, digits"),
        (edited(version="1/2"), "version '1/2' must be"),
        (edited(artefact="till-2.0.0.tar.gz"), r"'till-2.0.0.tar.gz' of the manifest is not shop-2.0.0.tar.gz or"),
        (edited(artefact="../shop-2.0.0.tar.gz"), "of the manifest is not shop-2.0.0.tar.gz or"),
        (edited(sha256="AB" * 32), "sha256 of the manifest is 'ABAB"),
        (edited(size="1"), "size of the manifest is '1', not a number of bytes"),
        (edited(size=True), "size of the manifest is True"),
        (edited(size=-1), "size of the manifest is -1"),
        (edited(source=[]), r"source of the manifest is \[\], not a mapping"),
        (edited(source={"repository": "", "revision": "main", "ref": "", "dirty": False}), "source.revision .* 'main'"),
        (edited(source={"repository": "", "revision": "", "ref": ""}), "source.dirty of the manifest is None"),
        (edited(built_at="yesterday"), "built_at of the manifest is 'yesterday'"),
        (edited(python="yes"), "python of the manifest is 'yes', not a mapping"),
        (edited(python={"wheelhouse": "../w", "requirements": "r"}), "python.wheelhouse .*'../w', which is no path"),
        (edited(python={"wheelhouse": "w", "requirements": "/r"}), "python.requirements .*'/r', which is no path"),
        (edited(python={"wheelhouse": "-r", "requirements": "r"}), "python.wheelhouse .*'-r', which is no path"),
    ],
)
def test_a_manifest_that_cannot_be_is_refused_with_its_cure(content: bytes, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        manifest.parse(content)


@pytest.mark.parametrize(
    "artefact, told",
    [("shop-2.0.0.tar.gz", "shop-2.0.0.json"), ("/a/shop-2.0.0.whl", "/a/shop-2.0.0.json")],
)
def test_the_manifest_has_the_name_of_its_artefact(artefact: str, told: str) -> None:
    assert manifest.file_name(artefact) == told


@pytest.mark.parametrize("artefact", ["shop-2.0.0.zip", "shop-2.0.0", ".whl"])
def test_what_is_no_artefact_has_no_manifest(artefact: str) -> None:
    with pytest.raises(BadInput, match=r"is neither a \.tar\.gz nor a \.whl; give the path of one"):
        manifest.file_name(artefact)
