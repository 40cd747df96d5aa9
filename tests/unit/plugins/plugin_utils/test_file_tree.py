# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.file_tree import files_under


def test_every_file_below_the_source_stands_at_the_same_place_below_the_target(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "shop.py").write_text("print()\n")
    (tmp_path / "VERSION").write_text("1.0.0\n")
    assert files_under(str(tmp_path), "/opt/shop") == [
        {"path": "/opt/shop/VERSION", "content": "1.0.0\n", "mode": "0644"},
        {"path": "/opt/shop/lib/shop.py", "content": "print()\n", "mode": "0644"},
    ]


def test_a_file_that_its_owner_may_execute_stays_executable(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("#!/bin/sh\n")
    (tmp_path / "run").chmod(0o700)
    assert files_under(str(tmp_path), "/opt")[0]["mode"] == "0755"


def test_a_link_is_read_as_the_file_that_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("text")
    source = tmp_path / "release"
    source.mkdir()
    (source / "linked").symlink_to("../elsewhere")
    assert files_under(str(source), "/opt")[0]["content"] == "text"


def test_what_python_and_git_leave_behind_is_left_out(tmp_path: Path) -> None:
    for litter in ("__pycache__", ".git"):
        (tmp_path / litter).mkdir()
        (tmp_path / litter / "file").write_text("")
    (tmp_path / "VERSION").write_text("1")
    assert [file["path"] for file in files_under(str(tmp_path), "/opt")] == ["/opt/VERSION"]


def test_a_missing_source_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no directory"):
        files_under(str(tmp_path / "absent"), "/opt")


def test_an_empty_source_is_refused_since_a_release_of_nothing_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="has no files"):
        files_under(str(tmp_path), "/opt")


def test_a_file_that_is_not_text_is_refused_rather_than_mangled(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\xff")
    with pytest.raises(BadInput, match="not UTF-8"):
        files_under(str(tmp_path), "/opt")
