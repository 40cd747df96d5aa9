"""A real machine with a kernel of its own: a Debian guest under QEMU without KVM, reached over SSH as any host."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.groundcrew.fleet.tests.crash.machine import CHECKOUT, sudo

HERE = CHECKOUT / "tests/guest"
CACHE = CHECKOUT / ".cache/guest"
MEMORY_MIB = 1024
# A boot takes some 30 s on two idle cores; a machine that runs other tests beside takes several times that.
BOOT_S = 300
CALL_S = 600
# Port within the guest where something listens that nobody listed.
STRAY = 8081
SSH = """Host guest
    HostName 127.0.0.1
    Port {port}
    User crew
    HostKeyAlias guest
    UserKnownHostsFile "{image}/known_hosts"
    GlobalKnownHostsFile /dev/null
    StrictHostKeyChecking yes
    IdentityFile "{image}/id_ed25519"
    IdentitiesOnly yes
    BatchMode yes
    ConnectTimeout 10
"""


class Guest:
    """One machine. What is written to its disk lives as long as it does."""

    def __init__(self, folder: Path) -> None:
        CACHE.mkdir(parents=True, exist_ok=True)
        made = subprocess.run([*sudo(), HERE / "image", CACHE], capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr
        self._image = Path(made.stdout.strip())
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._ssh_config = folder / "ssh_config"
        self._inventory = folder / "hosts.yml"
        self.console = folder / "console.log"
        self._stray_port = 0

    def start(self) -> None:
        """Start the machine; return when it can be logged in to."""
        port, self._stray_port = _free_ports(2)
        self._ssh_config.write_text(SSH.format(port=port, image=self._image))
        variables = {
            "ansible_user": "crew",
            "ansible_python_interpreter": "/usr/bin/python3",
            "ansible_ssh_args": "",
            "ansible_ssh_common_args": f"-F {self._ssh_config}",
            "ansible_ssh_pipelining": True,
            "ansible_timeout": 60,
        }
        self._inventory.write_text(json.dumps({"all": {"hosts": {"guest": variables}}}))
        forwards = f"hostfwd=tcp:127.0.0.1:{port}-:22,hostfwd=tcp:127.0.0.1:{self._stray_port}-:{STRAY}"
        with (self._folder / "qemu.log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *("qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none"),
                    *(
                        "-machine",
                        "q35",
                        "-accel",
                        "tcg,thread=multi",
                        "-cpu",
                        "max",
                        "-smp",
                        "2",
                        "-m",
                        str(MEMORY_MIB),
                    ),
                    *("-kernel", self._image / "vmlinuz", "-initrd", self._image / "initrd"),
                    *("-append", "root=/dev/vda rw console=ttyS0 quiet"),
                    *("-drive", f"file={self._image}/disk,format=raw,if=virtio,snapshot=on,cache=unsafe"),
                    *("-netdev", f"user,id=net,{forwards}", "-device", "virtio-net-pci,netdev=net"),
                    *("-device", "virtio-rng-pci", "-serial", f"file:{self.console}"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        self._until_up("")

    def stop(self) -> None:
        """End the machine."""
        if self._process:
            self._process.kill()
            self._process.wait(30)

    def run(self, command: str) -> str:
        """Run a shell command as root; return what it printed; raise AssertionError when it ends badly."""
        done = self.attempt(command)
        assert done.returncode == 0, f"{command} ended with {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def attempt(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a shell command as root; return how it ended."""
        return subprocess.run(
            ["ssh", "-F", self._ssh_config, "guest", "sudo -n sh -s"],
            input=command,
            capture_output=True,
            text=True,
            timeout=CALL_S,
            check=False,
        )

    def call(self, module: str, options: Mapping[str, Any], *more: str) -> dict[str, Any]:
        """Run a module of the collection through ansible; return its result."""
        done = subprocess.run(
            [
                *("ansible", "guest", "--become", "-i", str(self._inventory), *more),
                *("--module-name", f"groundcrew.fleet.{module}"),
                # An empty dictionary would be taken for words of a command.
                *(("--args", json.dumps(options)) if options else ()),
            ],
            cwd=CHECKOUT,
            env={**os.environ, "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1", "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"},
            capture_output=True,
            text=True,
            timeout=CALL_S,
            check=False,
        )
        assert done.stdout.startswith("{"), done.stdout + done.stderr
        told: dict[str, Any] = json.loads(done.stdout)["plays"][0]["tasks"][0]["hosts"]["guest"]
        return told

    def reboot(self) -> None:
        """Boot the machine anew, as its own administrator would; return when it can be logged in to."""
        before = self.run("cat /proc/sys/kernel/random/boot_id")
        self.attempt("systemctl reboot")
        self._until_up(before)

    def is_stray_reached(self) -> bool:
        """Tell whether what listens on STRAY answers us, once it answers the guest itself."""
        self.run(f"timeout 60 bash -c 'until (: </dev/tcp/127.0.0.1/{STRAY}) 2>/dev/null; do sleep 1; done'")
        # QEMU takes the connection itself: only an answer shows that it went through.
        try:
            with socket.create_connection(("127.0.0.1", self._stray_port), 10) as connection:
                connection.settimeout(10)
                connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
                return bool(connection.recv(1))
        except OSError:
            return False

    def _until_up(self, before: str) -> None:
        deadline = time.monotonic() + BOOT_S
        # A login may come in while the boot still goes on: the last of it is what the tests look at.
        command = "systemctl is-system-running --wait >/dev/null; cat /proc/sys/kernel/random/boot_id"
        while True:
            assert self._process, "the machine was not started"
            assert self._process.poll() is None, (self._folder / "qemu.log").read_text()
            try:
                done = self.attempt(command)
            except subprocess.TimeoutExpired:
                done = None
            if done and done.returncode == 0 and done.stdout.strip() not in ("", before):
                return
            told = self.console.read_text(errors="replace")[-2000:] if self.console.exists() else ""
            assert time.monotonic() < deadline, f"nobody could log in for {BOOT_S} s: {told}"
            time.sleep(1)


def _free_ports(count: int) -> Sequence[int]:
    """Return ports that nobody listens on, taken at once so that they differ."""
    held = [socket.create_server(("127.0.0.1", 0)) for _number in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports
