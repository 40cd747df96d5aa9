"""What comes to the host is what its manifest tells of, by whichever way, or nothing is made of it."""

from __future__ import annotations

import contextlib
import http.server
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.release import bring, manifest, pack, want
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.manifest import NAMESPACE, Manifest
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.offer import Offer, offered, signer_today
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.record import Record
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.want import Want

pytestmark = pytest.mark.of_python_alone


class Shelf:
    """A directory with the artefact of shop 2, its manifest and signature."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.artefact = path / "shelf/shop-2.tar.gz"
        self.manifest = path / "shelf/shop-2.json"
        source = path / "source"
        for folder in (source, path / "shelf"):
            folder.mkdir()
        (source / "a.txt").write_text("a\n")
        pack.write(str(self.artefact), pack.items(str(source)), 0)
        digest, size = manifest.digest_of(str(self.artefact)), self.artefact.stat().st_size
        told = Manifest("shop", "2", "shop-2.tar.gz", digest, size, built_at="2026-11-29T00:00:00Z")
        self.manifest.write_bytes(manifest.dump(told))

    def key(self, name: str) -> str:
        """Make a key, and return the public half of it."""
        make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(self.path / name)]
        subprocess.run(make, check=True)
        return " ".join((self.path / f"{name}.pub").read_text().split()[:2])

    def sign(self, key: str) -> str:
        sign = ["ssh-keygen", "-q", "-Y", "sign", "-f", str(self.path / key), "-n", NAMESPACE, str(self.manifest)]
        subprocess.run(sign, check=True)
        return Path(f"{self.manifest}.sig").read_text()

    def want(self, **params: str) -> Want:
        asked = want.parse({"app": "shop", "version": "2", "state": "staged", **params})
        return asked._replace(base=str(self.path / "base"), root=str(self.path / "opt"))

    def carried(self, **params: str) -> Want:
        """The call after the artefact was carried: with the path of a copy."""
        copy = self.path / "carried"
        copy.write_bytes(self.artefact.read_bytes())
        return self.want(manifest_text=self.manifest.read_text(), archive=str(copy), **params)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


@pytest.fixture
def server(shelf: Shelf) -> Iterator[str]:
    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *given: object) -> None:
            super().__init__(*given, directory=str(shelf.path / "shelf"))  # type: ignore[arg-type]  # passed on

        def log_message(self, *_said: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}/shop-2.tar.gz"
        running.shutdown()


def brought(asked: Want) -> Offer:
    offer = offered(asked)
    assert offer is not None
    return bring.bring(asked, offer)


def test_what_was_carried_is_copied_and_removed(shelf: Shelf) -> None:
    offer = brought(shelf.carried(shared=[{"path": "up"}]))  # type: ignore[arg-type]  # as a module has it
    assert Path(offer.archive).read_bytes() == shelf.artefact.read_bytes()
    assert (offer.size, offer.room, dict(offer.members)) == (2, 4098, {"a.txt": "file"})
    assert not (shelf.path / "carried").exists()


def test_what_is_fetched_is_kept_as_its_manifest_says(shelf: Shelf, server: str) -> None:
    assert Path(brought(shelf.want(url=server)).archive).read_bytes() == shelf.artefact.read_bytes()


@pytest.mark.parametrize("change", [b"", b"x", b"x" * 100])
def test_what_was_changed_on_the_way_is_refused_and_not_left(shelf: Shelf, server: str, change: bytes) -> None:
    shelf.artefact.write_bytes(shelf.artefact.read_bytes()[:-1] + change)
    for asked in (shelf.want(url=server), shelf.carried()):
        with pytest.raises(BadInput, match="is not the artefact that its manifest tells of"):
            brought(asked)
    assert list((shelf.path / "base/artefacts").iterdir()) == []


def test_no_more_is_taken_than_the_manifest_allows(shelf: Shelf) -> None:
    offer = offered(shelf.carried())
    assert offer is not None
    flood = iter([b"x" * offer.manifest.size] * 10)
    with pytest.raises(BadInput, match="more than"):
        bring._keep(flood, str(shelf.path / "kept"), offer, "a flood")
    assert len(list(flood)) == 8


def test_what_a_killed_call_has_left_is_cleared_away(shelf: Shelf) -> None:
    (shelf.path / "base/artefacts").mkdir(parents=True)
    (shelf.path / "base/artefacts/left").write_text("")
    brought(shelf.carried())
    assert os.listdir(shelf.path / "base/artefacts") == ["shop-2.tar.gz"]


def test_a_link_in_place_of_what_was_carried_is_not_followed(shelf: Shelf) -> None:
    asked = shelf.carried()
    os.rename(asked.archive, shelf.path / "elsewhere")
    os.symlink(shelf.path / "elsewhere", asked.archive)
    with pytest.raises(OSError, match="symbolic links"):
        brought(asked)


def test_only_what_was_brought_is_cleaned_up(shelf: Shelf) -> None:
    offer = brought(shelf.carried())
    bring.clean(offer.archive, bring.identity(offer.archive) + 1)
    assert os.path.exists(offer.archive)
    bring.clean(offer.archive, bring.identity(offer.archive))
    assert not os.path.exists(offer.archive)


def test_a_server_that_has_nothing_is_told(shelf: Shelf, server: str) -> None:
    with pytest.raises(BadInput, match=r"shop-3\.json cannot be fetched: "):
        offered(shelf.want(url=server.replace("shop-2", "shop-3")))


def test_a_login_in_an_address_is_refused_and_not_told(shelf: Shelf, server: str) -> None:
    with pytest.raises(BadInput, match="url has a login in it") as refused:
        shelf.want(url=server.replace("//", "//crew:secret@"))
    assert "secret" not in str(refused.value)


def test_a_server_that_drips_is_not_waited_for_longer_than_asked_for(shelf: Shelf) -> None:
    def drip(listener: socket.socket) -> None:
        while True:
            try:
                client, _address = listener.accept()
            except OSError:
                return
            with client, contextlib.suppress(OSError):
                client.recv(4096)
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
                for _second in range(100):
                    client.sendall(b"x")
                    time.sleep(0.1)

    offer = offered(shelf.carried())
    assert offer is not None
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=drip, args=(listener,), daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/shop-2.tar.gz"
        asked = shelf.want(url=url, manifest_text=shelf.manifest.read_text())._replace(fetch_timeout_s=0.5)
        began = time.monotonic()
        with pytest.raises(BadInput, match=r"did not come within 0\.5 s"):
            bring.bring(asked, offer)
    assert time.monotonic() - began < 5


def test_the_manifest_has_to_be_that_of_the_version(shelf: Shelf) -> None:
    asked = shelf.carried()._replace(version="3")
    with pytest.raises(BadInput, match="is that of shop 2, not of shop 3"):
        offered(asked)


def signers(shelf: Shelf, **keys: str) -> str:
    return "".join(f'{name}@x namespaces="{NAMESPACE}"{more} {shelf.key(name)}\n' for name, more in keys.items())


def test_the_signer_is_known_by_name(shelf: Shelf) -> None:
    asked = shelf.carried(allowed_signers_content=signers(shelf, crew=""), signature_text="")
    offer = offered(asked._replace(signature_text=shelf.sign("crew")))
    assert offer is not None
    assert offer.signer == "crew@x"


def test_a_file_of_signers_on_the_host_counts_as_well(shelf: Shelf) -> None:
    (shelf.path / "allowed").write_text(signers(shelf, crew=""))
    asked = shelf.carried(allowed_signers=str(shelf.path / "allowed"), signature_text=shelf.sign("crew"))
    offer = offered(asked)
    assert offer is not None
    assert offer.signer == "crew@x"


@pytest.mark.parametrize("by, said", [("", "is not signed"), ("other", "by nobody in"), ("old", "expired")])
def test_an_untrusted_signature_is_refused(shelf: Shelf, by: str, said: str) -> None:
    allowed = signers(shelf, crew="", old=',valid-before="20250101"')
    shelf.key("other")
    asked = shelf.carried(allowed_signers_content=allowed, signature_text=shelf.sign(by) if by else "")
    with pytest.raises(BadInput, match=said):
        offered(asked)


def test_a_release_that_is_staged_is_judged_by_those_who_may_sign_today(shelf: Shelf) -> None:
    crew, other = shelf.key("crew"), shelf.key("other")
    offer = offered(shelf.carried(signature_text=shelf.sign("crew"), allowed_signers_content=f"crew@x {crew}"))
    assert offer is not None
    known = Record("shop", "2", "", {}, signer="crew@x", manifest_text=offer.text, signature=offer.signature)
    judged = {
        said: signer_today(shelf.want(allowed_signers_content=said), known)
        for said in (f"crew@x {crew}", f"new@x {crew}", f"crew@x {other}", f'crew@x valid-before="20250101" {crew}')
    }
    assert list(judged.values()) == ["crew@x", "new@x", "", ""]
    today = shelf.want(allowed_signers_content=f"crew@x {crew}")
    assert signer_today(today, known._replace(signature="")) == ""
    assert signer_today(today, known._replace(manifest_text=offer.text.replace("29T", "28T"))) == ""


def test_a_signature_over_another_manifest_does_not_hold(shelf: Shelf) -> None:
    asked = shelf.carried(allowed_signers_content=signers(shelf, crew=""), signature_text="")
    asked = asked._replace(signature_text=shelf.sign("crew"), manifest_text=asked.manifest_text.replace("29T", "28T"))
    with pytest.raises(BadInput, match="does not hold for what it lies beside"):
        offered(asked)


def test_a_url_without_signature_is_told_as_unsigned(shelf: Shelf, server: str) -> None:
    with pytest.raises(BadInput, match="is not signed"):
        offered(shelf.want(url=server, allowed_signers_content=signers(shelf, crew="")))


def test_a_pinned_manifest_holds_the_server_to_it(shelf: Shelf, server: str) -> None:
    pinned = shelf.manifest.read_text()
    shelf.artefact.write_bytes(b"other")
    with pytest.raises(BadInput, match="is not the artefact"):
        brought(shelf.want(url=server, manifest_text=pinned))


def test_the_very_artefact_that_was_judged_is_taken_and_no_other(shelf: Shelf) -> None:
    digest = manifest.digest_of(str(shelf.artefact))
    assert offered(shelf.carried(sha256=digest)) is not None
    with pytest.raises(BadInput, match=f"has sha256 {digest}, and {'0' * 64} is asked for"):
        offered(shelf.carried(sha256="0" * 64))


def test_two_instances_of_an_app_take_the_same_artefact(shelf: Shelf) -> None:
    assert offered(shelf.carried(app="shop-blue", artefact_name="shop")) is not None
    with pytest.raises(BadInput, match="that of shop 2, not of shop-blue 2"):
        offered(shelf.carried(app="shop-blue"))
