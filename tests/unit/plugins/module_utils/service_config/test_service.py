"""When the validators of a call are asked."""

from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import files
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.files import FileState
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.systemd import UnitState
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config import service
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config.record import Watched
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config.state import Have
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config.want import DirectoryWant, FileWant, Want

CONF = "/etc/shop/shop.conf"
STANDING = FileState(CONF, files.FILE, content=b"old", mode=0o644)
REFUSAL = ("test", "-e", "{staged}/none")


def test_a_validator_is_asked_when_a_file_changes() -> None:
    want = Want("shop", files=(FileWant(CONF, b"new"),), validate=(REFUSAL,))
    with pytest.raises(BadInput, match="refuses the new files"):
        service.validated(want, Have(files={CONF: STANDING}))


def test_a_validator_is_not_asked_when_only_the_unit_starts_and_what_it_read_is_recorded() -> None:
    want = Want("shop", files=(FileWant(CONF, b"old"),), unit="shop.service", validate=(REFUSAL,))
    stopped = UnitState("shop.service", load="loaded", active="inactive")
    watched = {CONF: Watched(999.0, (1,))}
    have = Have(
        files={CONF: STANDING}, unit=stopped, record_path="/record.json", watched=watched, digest=lambda _path: "ab"
    )
    drawn = service.validated(want, have)
    assert [(step.kind, step.target) for step in drawn.steps] == [("unit", "shop.service"), ("write", "/record.json")]
    assert drawn.summary["validated"] == []


def test_a_validator_is_not_asked_about_a_directory() -> None:
    want = Want("shop", directories=(DirectoryWant("/etc/shop/d"),), validate=(REFUSAL,))
    have = Have(directories={"/etc/shop/d": FileState("/etc/shop/d", files.ABSENT)}, missing=frozenset({"/etc/shop"}))
    drawn = service.validated(want, have)
    assert [step.target for step in drawn.steps] == ["/etc/shop", "/etc/shop/d"]
    assert drawn.summary["validated"] == []


@pytest.mark.parametrize("there, asked", [(b"new", False), (b"old", True)])
def test_a_validator_is_asked_about_a_preview_while_it_differs_and_nothing_is_written(
    there: bytes, asked: bool
) -> None:
    looks = ("grep", "-q", "new", "{staged}" + CONF)
    want = Want("other", previews=(FileWant(CONF, b"new"),), validate=(looks,))
    drawn = service.validated(want, Have(files={CONF: STANDING._replace(content=there)}))
    assert drawn.steps == ()
    assert drawn.summary["validated"] == ([" ".join(looks)] if asked else [])


def test_a_preview_that_is_refused_keeps_the_call_from_changing_anything() -> None:
    want = Want("other", previews=(FileWant(CONF, b"new"),), validate=(REFUSAL,))
    with pytest.raises(BadInput, match="refuses the new files, so nothing was touched"):
        service.validated(want, Have(files={CONF: STANDING}))
