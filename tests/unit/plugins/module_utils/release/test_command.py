"""How commands of a release are run."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils.release import command
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.command import Given, Place

PLACE = Place("shop", "2.0+a~b", "/opt/shop/releases/2.0+a~b", "/etc/default/shop")


def hook(*argv: str, place: Place = PLACE) -> dict[str, Any]:
    return dict(command.hook(place, argv, user="web", timeout_s=5, label="before-0").args)


def test_systemd_runs_it_as_the_account_in_the_release_and_ends_it_in_time() -> None:
    argv = hook("bin/check", "--all")["argv"]
    assert argv[:5] == ["systemd-run", "--wait", "--pipe", "--collect", "--unit=groundcrew-shop-2.0_a_b-before-0"]
    assert {"--uid=web", "--working-directory=/opt/shop/releases/2.0+a~b", "--property=RuntimeMaxSec=5"} <= set(argv)
    assert argv[argv.index("--") :] == ["--", "/opt/shop/releases/2.0+a~b/bin/check", "--all"]


def test_the_step_outlives_the_command_so_that_systemd_ends_it() -> None:
    assert hook("x")["timeout_s"] == 35


def test_the_environment_is_a_file_and_may_be_missing_while_staging() -> None:
    assert "--property=EnvironmentFile=/etc/default/shop" in hook("x")["argv"]
    assert "--property=EnvironmentFile=-/etc/default/shop" in hook("x", place=PLACE._replace(optional=True))["argv"]
    assert not any("Environment" in word for word in hook("x", place=PLACE._replace(environment_file=""))["argv"])


def test_a_dollar_sign_reaches_the_command() -> None:
    assert hook("echo", "$HOME")["argv"][-1] == "$$HOME"


def test_a_program_by_name_or_whole_path_stays_so() -> None:
    assert hook("true")["argv"][-1] == "true"
    assert hook("/bin/true")["argv"][-1] == "/bin/true"


def test_a_command_that_cannot_be_undone_is_stopped_at_least() -> None:
    assert hook("x")["undo"] == ["systemctl", "stop", "groundcrew-shop-2.0_a_b-before-0*.service"]


def test_an_undo_ends_what_it_takes_back_first() -> None:
    step = command.undoable(PLACE, ["up"], ["down"], user="web", timeout_s=5, label="m")
    forward = "groundcrew-shop-2.0_a_b-m.service"
    assert {f"--property=Conflicts={forward}", f"--property=After={forward}"} <= set(step.args["undo"])
    assert step.args["undo"][-1] == "down"


GIVEN = [
    ("nothing by no unit", "", Given()),
    (
        "home, state directory and umask by the role's unit",
        "[Unit]\nDescription=x\n[Service]\nUser=web\nEnvironment=HOME=/var/lib/shop\nStateDirectory=shop\nUMask=0077\n",
        Given("web", ("--setenv=HOME=/var/lib/shop", "--property=StateDirectory=shop", "--property=UMask=0077")),
    ),
    (
        "home among other variables, which may be secret",
        '[Service]\nUser=web\nEnvironment=A=1 "HOME=/srv/a b" \\\n  B=2\n',
        Given("web", ("--setenv=HOME=/srv/a b",)),
    ),
    ("the last home", "[Service]\nEnvironment=HOME=/a\nEnvironment=HOME=/b\n", Given("", ("--setenv=HOME=/b",))),
    ("no home that is taken back", "[Service]\nEnvironment=HOME=/a\nEnvironment=\n", Given()),
    (
        "nothing of a comment, of another section or of its sandbox",
        "[Service]\n#UMask=0077\n; UMask=0027\nProtectHome=yes\n[Install]\nUMask=0027\n",
        Given(),
    ),
    (
        "no specifier, which here would stand for something else",
        "[Service]\nStateDirectory=%p\nEnvironment=HOME=%S/a\n",
        Given(),
    ),
    ("nothing by a line that systemd would not read either", "[Service]\nEnvironment='HOME=/a\n", Given()),
]


@pytest.mark.parametrize("text, expected", [case[1:] for case in GIVEN], ids=[case[0] for case in GIVEN])
def test_a_unit_gives_to_commands(text: str, expected: Given) -> None:
    assert command.given_by(text.encode()) == expected


@pytest.mark.parametrize("account, is_given", [("web", True), ("root", False)])
def test_only_a_command_of_the_units_own_account_has_its_directory_and_umask(account: str, is_given: bool) -> None:
    place = PLACE._replace(given=Given(account, ("--property=UMask=0077",)))
    assert ("--property=UMask=0077" in hook("x", place=place)["argv"]) is is_given
