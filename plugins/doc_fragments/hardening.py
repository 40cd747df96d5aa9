# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options in module_utils/hardening/spec.py: SHARED."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  layers:
    description: The layers that the call is about; all of them by default.
    type: list
    elements: str
    default: []
    choices: [packages, updates, kernel, modules, mounts, permissions, login, coredumps, cron, banners, apparmor, audit, sandboxing, integrity,
      fail2ban, sudo, pam, ssh, firewall]
  exceptions:
    description: Rules that do not hold for this host, by their identifier, each with the reason, which every result repeats.
    type: dict
    default: {}
  packages:
    description: Settings of the layer packages.
    type: dict
    suboptions:
      absent:
        description: Packages that shall not be there.
        type: list
        elements: str
        default: [xinetd, openbsd-inetd, inetutils-inetd, nis, ypserv, rsh-server, rsh-redone-server, rsh-client, rsh-redone-client, telnetd,
          inetutils-telnetd, talk, talkd, tftpd, tftpd-hpa, atftpd, prelink, libpam-ccreds]
  updates:
    description: Settings of the layer updates.
    type: dict
    suboptions:
      needrestart:
        description: Whether needrestart is there after an update, to V(list) services that run replaced code, or to V(restart) them by itself.
        type: str
        choices: [absent, list, restart]
        default: absent
  kernel:
    description: Settings of the layer kernel.
    type: dict
    suboptions:
      settings:
        description: Kernel settings by key, besides or instead of the usual ones; an empty value leaves that one alone.
        type: dict
        default: {}
      router:
        description: Whether this host passes packets on, as one with containers or a VPN does. One that does so now is left as it is,
          unless O(kernel.settings) says otherwise.
        type: bool
        default: false
  modules:
    description: Settings of the layer modules.
    type: dict
    suboptions:
      disabled:
        description: Kernel modules that are not to be loaded. A file system that is in use is left alone.
        type: list
        elements: str
        default: [cramfs, freevxfs, hfs, hfsplus, jffs2, squashfs, udf, dccp, rds, sctp, tipc, usb-storage, firewire-core]
  mounts:
    description: Settings of the layer mounts.
    type: dict
    suboptions:
      hidepid:
        description: Whether people see their own processes only. Some services need to see all of them.
        type: bool
        default: false
  permissions:
    description: Settings of the layer permissions.
    type: dict
    suboptions:
      setuid_absent:
        description: Programs that lose their setuid and setgid bits.
        type: list
        elements: str
        default: [/usr/bin/rcp, /usr/bin/rlogin, /usr/bin/rsh, /usr/lib/openssh/ssh-keysign, /usr/sbin/usernetctl, /usr/sbin/userisdnctl,
          /usr/sbin/pppd, /usr/bin/lockfile, /usr/bin/mail-lock, /usr/bin/mail-unlock, /usr/bin/mail-touchlock, /usr/bin/dotlockfile,
          /usr/bin/arping, /usr/sbin/uuidd, /usr/bin/mtr, /usr/lib/pt_chown, /usr/lib/eject/dmcrypt-get-device, /usr/lib/mc/cons.saver]
      su_for_all:
        description: Whether people besides root and its group may use su.
        type: bool
        default: false
      keep_homes:
        description: Accounts whose homes keep their permissions.
        type: list
        elements: str
        default: []
      compilers_for_root:
        description: Whether compilers are root's alone.
        type: bool
        default: true
  login:
    description: Settings of the layer login. Ages are those of accounts that are made from now on.
    type: dict
    suboptions:
      pass_max_days:
        description: Days after which a password has to be changed.
        type: int
        default: 365
      pass_min_days:
        description: Days before which it cannot be changed again.
        type: int
        default: 1
      pass_warn_days:
        description: Days before its end on which its owner is told.
        type: int
        default: 7
      umask:
        description: The umask of logins, in octal digits.
        type: str
        default: "027"
      idle_logout_s:
        description: Seconds after which an idle shell ends; V(0) for never.
        type: int
        default: 900
      console_ttys:
        description: Terminals at which root may log in.
        type: list
        elements: str
        default: [console, tty1, tty2, tty3, tty4, tty5, tty6]
  cron:
    description: Settings of the layer cron.
    type: dict
    suboptions:
      allow:
        description: Who may use crontab and at.
        type: list
        elements: str
        default: [root]
  banners:
    description: Settings of the layer banners.
    type: dict
    suboptions:
      text:
        description: What is told before a login.
        type: str
        default: |
          This system is for authorized use only. Activity on it is monitored and recorded.
          Unauthorized access is prohibited, and evidence of it is passed on to law enforcement.
  audit:
    description: Settings of the layer audit.
    type: dict
    suboptions:
      max_log_file_mib:
        description: Size at which a log file is full, in MiB.
        type: int
        default: 8
      num_logs:
        description: How many full ones are kept.
        type: int
        default: 10
      max_log_file_action:
        description: Whether full ones beyond that go, or all of them stay.
        type: str
        choices: [rotate, keep_logs]
        default: rotate
  sandboxing:
    description: Settings of the layer sandboxing.
    type: dict
    suboptions:
      units:
        description: Services that get systemd's sandbox, and are restarted in it.
        type: list
        elements: str
        default: []
  integrity:
    description: Settings of the layer integrity.
    type: dict
    suboptions:
      on_calendar:
        description: When the disk is held against what was recorded, as systemd.time(7) writes it.
        type: str
        default: "*-*-* 05:00"
  fail2ban:
    description: Settings of the layer fail2ban.
    type: dict
    suboptions:
      ignore:
        description: Addresses and networks that are never shut out; give that of the controller.
        type: list
        elements: str
        default: []
      ban_s:
        description: For how many seconds somebody is shut out.
        type: int
        default: 600
      retries:
        description: After how many failures.
        type: int
        default: 5
  sudo:
    description: Settings of the layer sudo.
    type: dict
    suboptions:
      timestamp_timeout_min:
        description: Minutes for which sudo remembers a password.
        type: int
        default: 5
  pam:
    description: Settings of the layer pam.
    type: dict
    suboptions:
      deny:
        description: After how many wrong passwords an account is shut for a while. root never is.
        type: int
        default: 5
      unlock_s:
        description: The while, in seconds.
        type: int
        default: 600
      minlen:
        description: How many characters a new password has at least.
        type: int
        default: 14
      remember:
        description: How many former passwords are not taken again.
        type: int
        default: 24
  ssh:
    description: Settings of the layer ssh. Host keys are never made anew.
    type: dict
    suboptions:
      port:
        description: Where the server listens; as it is by default. The proof, and what follows, goes there.
        type: int
      permit_root_login:
        description: Whether and how root may log in by SSH.
        type: str
        choices: ["no", prohibit-password, forced-commands-only]
        default: "no"
      allow_users:
        description: The only people who may log in; O(ssh.break_glass) is always one of them.
        type: list
        elements: str
        default: []
      allow_groups:
        description: The only groups whose members may log in; one of O(ssh.break_glass)'s has to be among them.
        type: list
        elements: str
        default: []
      tcp_forwarding:
        description: Whether connections may be forwarded, as a jump host has to; V(local) is enough for one.
        type: str
        choices: ["no", local, remote, "yes"]
        default: "no"
      classic_key_exchange:
        description: Whether clients get in that know no key exchange which holds against a quantum computer, such as OpenSSH before 8.5 and paramiko.
        type: bool
        default: false
      min_rsa_bits:
        description: How many bits an RSA key has at least, where the server knows of that (OpenSSH since 9.1).
        type: int
        default: 2048
      max_auth_tries:
        description: How many keys or passwords one connection may try. A client that has many keys tries all of them.
        type: int
        default: 3
      banner:
        description: A file that is shown before the login.
        type: path
      user_ca_keys:
        description: Authorities whose certificates let people in, each the whole line of a C(.pub) file.
        type: list
        elements: str
        default: []
      host_certificate:
        description: The host's own certificate, a file that is there.
        type: path
      revoked_keys:
        description: Keys, and certificates of keys, that open nothing any more, each the whole line of a C(.pub) file.
        type: list
        elements: str
        default: []
      break_glass:
        description: The account for emergencies, which is never shut out. root has the console.
        type: str
        default: root
  firewall:
    description: Settings of the layer firewall. SSH is always let in, at the port where the server listens.
    type: dict
    suboptions:
      allow:
        description: What is let in besides SSH.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: What it is, for people who read the rules.
            type: str
            required: true
          ports:
            description: Ports and ranges of them, such as V(443) and V(8000-8010). V(tcp) and V(udp) need some, the others have none.
            type: list
            elements: str
            default: []
          protocol:
            description: Its protocol; V(ah) by IPv4 only.
            type: str
            choices: [tcp, udp, vrrp, esp, ah, gre]
            default: tcp
          sources:
            description: Addresses and networks that may reach it; everybody by default.
            type: list
            elements: str
            default: []
      ssh_sources:
        description: Addresses and networks that may reach the SSH server; everybody by default.
        type: list
        elements: str
        default: []
      log_dropped:
        description: Whether some of what is dropped is told in the journal.
        type: bool
        default: true
      ping:
        description: Whether a ping is answered.
        type: bool
        default: true
"""
