"""What is told of real git checkouts: trunk, branches, hotfixes, and those that are cut, detached or odd."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.version_info.tell import tell
from ansible_collections.groundcrew.fleet.plugins.modules.version_info import CHANNELS
from ansible_collections.groundcrew.fleet.tests.unit.plugins.module_utils.version_info.conftest import Repository

ENVIRONMENTS = [
    {"name": "production", "tag": "v[0-9]*"},
    {"name": "staging", "branch": "release/*"},
    {"name": "development", "branch": "main"},
]


def told(repository: Repository, **options: Any) -> dict[str, Any]:
    given = {
        "path": str(repository.path),
        "prefix": "v",
        "branch": "",
        "channels": CHANNELS,
        "initial": "0.1.0",
        "unconventional": "none",
        "breaking_below_one": "minor",
        "environments": ENVIRONMENTS,
        **options,
    }
    return tell(given)


def test_a_trunk_with_tags_tells_what_comes_next_and_why(repository: Repository) -> None:
    repository.commit("feat: begin", tag="v2.0.0")
    repository.commit("docs: explain")
    fix = repository.commit("fix(cart): keep the sum")
    feat = repository.commit("feat(cart): keep it over a restart")
    found = told(repository)
    assert (found["current"], found["next"], found["tag"], found["bump"]) == ("2.0.0", "2.1.0", "v2.1.0", "minor")
    assert found["why"] == [
        {"revision": feat, "subject": "feat(cart): keep it over a restart", "bump": "minor", "breaking": ""}
    ]
    assert (found["branch"], found["revision"], found["dirty"]) == ("main", feat, False)
    assert found["environment"] == "development"
    assert found["changelog_markdown"] == (
        "## 2.1.0 (2026-11-29)\n\n"
        f"### Features\n\n- **cart**: keep it over a restart ({feat[:7]})\n\n"
        f"### Fixes\n\n- **cart**: keep the sum ({fix[:7]})\n"
    )
    assert [entry["section"] for entry in found["changelog"]] == ["Features", "Fixes"]
    assert found["notes"] == []


def test_what_breaks_comes_first_in_the_changelog_with_what_breaks(repository: Repository) -> None:
    repository.commit("feat: begin", tag="v1.0.0")
    repository.commit("feat: more")
    last = repository.commit("fix!: be strict\n\nBREAKING CHANGE: empty names are refused")
    found = told(repository)
    assert found["next"] == "2.0.0"
    assert found["why"][0]["breaking"] == "empty names are refused"
    assert (
        f"### Breaking changes\n\n- be strict - empty names are refused ({last[:7]})\n\n### Features"
        in found["changelog_markdown"]
    )


def test_a_checkout_without_tags_gets_the_first_version(repository: Repository) -> None:
    repository.commit("chore: begin")
    found = told(repository)
    assert (found["current"], found["former"], found["next"]) == ("", "", "0.1.0")
    assert found["notes"] == ["no release is tagged yet: this is the first version"]
    assert told(repository, initial="1.0.0")["next"] == "1.0.0"


def test_a_revision_that_is_tagged_has_that_version_and_the_changelog_that_led_there(repository: Repository) -> None:
    repository.commit("feat: begin", tag="v1.0.0")
    repository.commit("fix: mend", tag="v1.0.1")
    found = told(repository)
    assert (found["current"], found["former"], found["next"], found["bump"]) == ("1.0.1", "1.0.0", "1.0.1", "none")
    assert not found["release_due"]
    assert found["environment"] == "production"
    assert "- mend (" in found["changelog_markdown"]


def test_a_candidate_that_is_tagged_becomes_the_release_on_the_trunk(repository: Repository) -> None:
    repository.commit("feat: begin", tag="v1.0.0")
    repository.branch("release/1.1")
    repository.commit("feat: more", tag="v1.1.0-rc.1")
    assert (told(repository)["current"], told(repository)["next"]) == ("1.1.0-rc.1", "1.1.0-rc.1")
    repository.git("switch", "-q", "main")
    repository.git("merge", "-q", "--ff-only", "release/1.1")
    found = told(repository)
    assert (found["current"], found["next"], found["bump"]) == ("1.0.0", "1.1.0", "minor")


def test_branches_get_pre_releases_and_then_their_own_line(repository: Repository) -> None:
    repository.commit("feat: begin", tag="v2.0.0")
    repository.branch("develop")
    repository.commit("feat: more")
    repository.commit("chore: tidy")
    assert told(repository)["next"] == "2.1.0-dev.2"
    repository.branch("release/2.1")
    assert (told(repository)["next"], told(repository)["environment"]) == ("2.1.0-rc.1", "staging")
    repository.git("tag", "v2.1.0-rc.1")
    repository.commit("fix: what staging found")
    assert told(repository)["next"] == "2.1.0-rc.2"


def test_a_hotfix_is_a_patch_of_the_release_that_it_starts_from(repository: Repository) -> None:
    repository.commit("feat: begin", tag="v2.0.0")
    repository.commit("feat: more", tag="v2.1.0")
    repository.branch("hotfix/cart", "v2.0.0")
    repository.commit("fix: the cart")
    found = told(repository)
    assert (found["current"], found["next"], found["bump"]) == ("2.0.0", "2.0.1", "patch")
    repository.git("tag", "v2.0.1")
    repository.git("switch", "-q", "main")
    repository.merge("hotfix/cart")
    assert told(repository)["next"] == "2.1.1"


def test_a_merge_counts_by_what_it_brings_and_by_its_message_only_if_that_is_conventional(
    repository: Repository,
) -> None:
    repository.commit("feat: begin", tag="v1.0.0")
    repository.branch("topic")
    repository.commit("fix: on the side")
    repository.git("switch", "-q", "main")
    repository.merge("topic")
    found = told(repository)
    assert (found["next"], found["unconventional"]) == ("1.0.1", [])
    repository.branch("other")
    repository.commit("wip")
    repository.git("switch", "-q", "main")
    repository.merge("other", "feat: the other thing")
    found = told(repository)
    assert found["next"] == "1.1.0"
    assert [one["subject"] for one in found["unconventional"]] == ["wip"]


def test_what_was_reverted_counts_as_nothing_and_a_revert_of_the_revert_brings_it_back(repository: Repository) -> None:
    repository.commit("feat: begin", tag="v1.0.0")
    repository.commit("fix: stay")
    repository.commit("feat!: go")
    repository.git("revert", "--no-edit", "HEAD")
    found = told(repository)
    assert (found["next"], found["bump"]) == ("1.0.1", "patch")
    assert [entry["description"] for entry in found["changelog"]] == ["stay"]
    assert found["notes"] == ["2 commits take each other back and count as nothing"]
    repository.git("revert", "--no-edit", "HEAD")
    assert told(repository)["next"] == "2.0.0"


def test_the_revert_of_what_was_released_is_a_patch(repository: Repository) -> None:
    repository.commit("feat: begin")
    repository.commit("feat: bad", tag="v1.0.0")
    repository.git("revert", "--no-edit", "HEAD")
    found = told(repository)
    assert (found["next"], found["changelog"][0]["section"]) == ("1.0.1", "Taken back")


def test_commits_that_do_not_say_what_they_are_are_told_and_count_as_asked(repository: Repository) -> None:
    repository.commit("feat: begin", tag="v1.0.0")
    odd = repository.commit("Update file")
    found = told(repository)
    assert (found["next"], found["bump"]) == ("1.0.0", "none")
    assert found["unconventional"] == [{"revision": odd, "subject": "Update file"}]
    assert found["notes"] == ["1 commit does not say what it is (conventionalcommits.org)"]
    found = told(repository, unconventional="patch")
    assert (found["next"], found["changelog"][0]["section"]) == ("1.0.1", "Other changes")


def test_a_detached_head_has_the_only_branch_that_is_there_or_none(repository: Repository) -> None:
    repository.commit("feat: begin", tag="v1.0.0")
    repository.commit("feat: more")
    repository.git("switch", "-q", "--detach")
    assert (told(repository)["branch"], told(repository)["next"]) == ("main", "1.1.0")
    repository.git("branch", "develop")
    found = told(repository)
    assert (found["branch"], found["next"]) == ("", "1.1.0-detached.1")
    assert found["notes"][-1].endswith("give branch, which CI knows")
    found = told(repository, branch="develop")
    assert (found["branch"], found["next"]) == ("develop", "1.1.0-dev.1")


def test_a_detached_head_at_a_tag_needs_no_branch(repository: Repository) -> None:
    repository.commit("feat: begin", tag="v1.0.0")
    repository.git("branch", "develop")
    repository.git("switch", "-q", "--detach", "v1.0.0")
    found = told(repository)
    assert (found["next"], found["environment"]) == ("1.0.0", "production")
    assert found["notes"] == ["this revision is tagged v1.0.0"]


def cloned(repository: Repository, tmp_path: Path, *options: str) -> Repository:
    repository.git("clone", "-q", *options, repository.path.as_uri(), str(tmp_path / "clone"))
    return Repository(tmp_path / "clone")


def test_a_shallow_clone_that_ends_before_the_last_release_is_refused_with_the_cure(
    repository: Repository, tmp_path: Path
) -> None:
    repository.commit("feat: begin", tag="v1.0.0")
    for number in range(3):
        repository.commit(f"fix: {number}")
    clone = cloned(repository, tmp_path, "--depth", "2")
    with pytest.raises(BadInput, match="is a shallow clone, which ends before the last release: git fetch --unshallow"):
        told(clone)
    clone.git("fetch", "-q", "--unshallow", "--tags")
    assert told(clone)["next"] == "1.0.1"


def test_a_shallow_clone_that_has_the_last_release_is_as_good_as_a_whole_one(
    repository: Repository, tmp_path: Path
) -> None:
    for number in range(3):
        repository.commit(f"feat: {number}")
    repository.git("tag", "v1.0.0")
    repository.commit("fix: mend")
    clone = cloned(repository, tmp_path, "--depth", "2")
    assert clone.git("rev-parse", "--is-shallow-repository") == "true"
    assert (told(clone)["current"], told(clone)["next"]) == ("1.0.0", "1.0.1")


def test_a_clone_without_its_tags_is_a_whole_history_without_a_release(repository: Repository, tmp_path: Path) -> None:
    repository.commit("feat: begin", tag="v1.0.0")
    repository.commit("fix: mend")
    clone = cloned(repository, tmp_path, "--no-tags")
    assert told(clone)["notes"] == ["no release is tagged yet: this is the first version"]


def test_tags_of_other_prefixes_and_forms_are_passed_over(repository: Repository) -> None:
    repository.commit("feat: begin", tag="v1.0.0")
    repository.commit("fix: mend", tag="shop-9.0.0")
    repository.git("tag", "-a", "-m", "annotated", "v1.0")
    repository.git("tag", "-a", "-m", "of a tree", "v5.0.0", "HEAD^{tree}")
    found = told(repository)
    assert (found["current"], found["next"]) == ("1.0.0", "1.0.1")
    assert found["notes"] == ["tag v1.0 is no version of three numbers and was passed over"]
    found = told(repository, prefix="shop-")
    assert (found["current"], found["tag"]) == ("9.0.0", "shop-9.0.0")


def test_an_annotated_tag_counts_as_any_other(repository: Repository) -> None:
    repository.commit("feat: begin")
    repository.git("tag", "-a", "-m", "the first", "v1.0.0")
    repository.commit("fix: mend")
    assert told(repository)["next"] == "1.0.1"


def test_the_greatest_release_counts_and_not_the_newest_tag(repository: Repository) -> None:
    repository.commit("feat: begin", tag="v1.9.0")
    repository.commit("feat: more", tag="v1.10.0")
    repository.commit("fix: mend", tag="v1.10.1-rc.1")
    repository.commit("fix: again")
    assert (told(repository)["current"], told(repository)["next"]) == ("1.10.0", "1.10.1")


def test_a_changed_file_is_dirty_and_an_unknown_one_is_not(repository: Repository) -> None:
    repository.commit("feat: begin")
    (repository.path / "unknown").touch()
    assert not told(repository)["dirty"]
    (repository.path / "file").write_text("changed")
    found = told(repository)
    assert found["dirty"]
    assert found["notes"][-1] == "files are changed and not committed"


def test_messages_in_any_language_and_form_are_told_as_they_are(repository: Repository) -> None:
    repository.commit("feat: begin", tag="v1.0.0")
    repository.commit("feat(größe): ¿qué? \x1b[31m\n\ntext\n\n\nmore")
    repository.commit("")
    entry = told(repository)["changelog"][0]
    assert (entry["scope"], entry["description"]) == ("größe", "¿qué?  [31m")


def test_looking_changes_nothing_in_the_checkout(repository: Repository) -> None:
    repository.commit("feat: begin")
    (repository.path / "file").touch()
    before = {path: path.stat().st_mtime_ns for path in repository.path.rglob("*") if path.is_file()}
    told(repository)
    assert {path: path.stat().st_mtime_ns for path in repository.path.rglob("*") if path.is_file()} == before


def test_what_is_no_checkout_is_refused_with_its_path(repository: Repository, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="has no commit yet; commit something first"):
        told(repository)
    with pytest.raises(BadInput, match="nowhere is no directory; give that of a git checkout"):
        told(repository, path=str(tmp_path / "nowhere"))
    (tmp_path / "plain").mkdir()
    with pytest.raises(BadInput, match="plain cannot be read by git: fatal: not a git repository"):
        told(repository, path=str(tmp_path / "plain"))
    repository.git("clone", "-q", "--bare", ".", str(tmp_path / "bare"))
    with pytest.raises(BadInput, match="bare has no files checked out"):
        told(repository, path=str(tmp_path / "bare"))
