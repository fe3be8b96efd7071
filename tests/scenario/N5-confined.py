# SPDX-License-Identifier: MIT
"""Whose rights the running daemon has: started as root it binds a port below
1024 and becomes another user for good, in every thread; it has no capability,
can gain none, runs nothing itself, and everything works all the same.  (What a
confined process cannot do, tests/confine tries.)"""

import json
import os
import pwd
import random
import socket
import unittest

import durable
import ferry

USER = "nobody"
# No account has it.
STRANGER = 2140000001

# What a thread's /proc/.../status must say once it serves.
NOTHING = "0" * 16
SEALED = {"CapInh": NOTHING, "CapPrm": NOTHING, "CapEff": NOTHING,
          "CapAmb": NOTHING, "NoNewPrivs": "1"}


def read_status(pid, thread):
    with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii") as file:
        return {key: value.strip() for key, value in
                (line.split(":", 1) for line in file)}


def find_children(pid):
    found = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/children",
                  encoding="ascii") as file:
            found += [int(number) for number in file.read().split()]
    return found


def find_low_port():
    """A port that only root may bind, and nobody has."""
    for port in random.sample(range(600, 1024), 400):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise ferry.Stuck("all low ports are taken")


class Confined(ferry.Scenario):
    """state_dir and what the command writes are in a folder of the user's."""
    providers = ("mailgun",)

    def setUp(self):
        self.prepare()
        self.mailgun = self.start_simulator("mailgun")
        self.addresses = {}
        os.chmod(self.folder, 0o711)
        self.state = os.path.join(self.folder, "state")
        os.mkdir(self.state, 0o700)
        self.server = {"answer": "queued", "state_dir": self.state,
                       **durable.QUICK}

    def give(self, uid, gid):
        os.chown(self.state, uid, gid)

    def begin(self, address="127.0.0.1:0", **server):
        self.settings = {"server": {**self.server, **server},
                         "listener local": {"address": address}}
        text = self.write_settings()
        if "user" not in server:
            text = text.replace("user = root\n", "")
        self.start_ferry(settings=text)

    def check_threads(self, uid, gid, pid=None):
        pid = pid or self.ferry.child.pid
        sanitized = durable.is_sanitized()
        # the log's, the store's, the loops' and the main one at the least
        threads = os.listdir(f"/proc/{pid}/task")
        self.assertGreater(len(threads), 5)
        for thread in threads:
            status = read_status(pid, thread)
            name = status["Name"]
            self.assertEqual(status["Uid"].split(), [str(uid)] * 4, name)
            self.assertEqual(status["Gid"].split(), [str(gid)] * 4, name)
            if sanitized and name.startswith("tsan"):
                continue  # its own, from before main()
            for key, value in SEALED.items():
                self.assertEqual(status[key], value, f"{name} {key}")
            if not sanitized:
                self.assertEqual(status["Seccomp"], "2", name)

    def check_log(self):
        if durable.is_sanitized():
            self.ferry.wait_line(r"info not confined why=.*sanitizer")
        else:
            self.ferry.wait_line(r"info confined.* seccomp=yes landlock=")


@unittest.skipUnless(os.geteuid() == 0, "only root can become another")
class Root(Confined):
    def test_a_named_user_at_a_low_port(self):
        account = pwd.getpwnam(USER)
        self.give(account.pw_uid, account.pw_gid)
        address = f"127.0.0.1:{find_low_port()}"
        self.begin(address=address, user=USER)
        self.assertEqual(self.address, address)
        self.check_threads(account.pw_uid, account.pw_gid)
        self.check_log()
        for number in range(3):
            self.accept(ferry.simple(subject=f"Mail {number}"))
        # large enough for a file of its own
        self.accept(ferry.attach("From: a@example.com\nSubject: Large\n",
                                 "a.bin", os.urandom(200000)))
        self.assertEqual(len(self.mailgun.mails(4)), 4)
        for name in os.listdir(self.state):
            owner = os.stat(os.path.join(self.state, name)).st_uid
            self.assertEqual(owner, account.pw_uid, name)
        self.assertEqual(find_children(self.ferry.child.pid), [])
        if not durable.is_sanitized():
            # no other process of the user's reads our memory
            self.assertEqual(os.stat(
                f"/proc/{self.ferry.child.pid}/mem").st_uid, 0)

    def test_the_owner_of_state_dir(self):
        self.give(STRANGER, STRANGER)
        self.begin()
        self.check_threads(STRANGER, STRANGER)
        self.accept(ferry.simple())
        self.mailgun.mails(1)

    def test_a_socket_is_of_the_group_it_runs_as(self):
        self.give(STRANGER, STRANGER)
        path = os.path.join(self.folder, "door")
        self.settings = {"server": self.server,
                         "listener local": {"address": "127.0.0.1:0"},
                         "listener unix": {"address": f"unix:{path}"}}
        text = self.write_settings().replace("user = root\n", "")
        self.start_ferry(settings=text)
        status = os.stat(path)
        self.assertEqual((status.st_uid, status.st_gid), (0, STRANGER))

    def test_alarms_are_run_by_a_process_without_secrets(self):
        told = os.path.join(self.state, "told")
        script = os.path.join(self.folder, "alarm")
        with open(script, "w", encoding="ascii") as file:
            file.write("#!/bin/sh\n{ id -u; id -g; cat; } >>\"$1\"\n")
        os.chmod(script, 0o755)
        account = pwd.getpwnam(USER)
        self.give(account.pw_uid, account.pw_gid)
        self.mailgun.fault("status=401")
        os.environ["POSTFERRY_SERVER_HOSTNAME"] = "canary.example.com"
        self.addCleanup(os.environ.pop, "POSTFERRY_SERVER_HOSTNAME")
        self.begin(user=USER, alarm_command=f"{script} {told}",
                   account_pause="60s")
        self.check_threads(account.pw_uid, account.pw_gid)
        herald, = find_children(self.ferry.child.pid)
        with open(f"/proc/{herald}/environ", "rb") as file:
            self.assertNotIn(b"canary", file.read())
        self.accept(ferry.simple())
        self.ferry.wait_line(r"account")
        while not (os.path.exists(told) and os.stat(told).st_size > 20):
            durable.pause(0.01)
        with open(told, encoding="ascii") as file:
            lines = file.read().splitlines()
        self.assertEqual(lines[:2], [str(account.pw_uid),
                                     str(account.pw_gid)])
        self.assertEqual(json.loads(lines[2])["kind"], "provider_unusable")
        self.assertEqual(self.ferry.stop(), 0)
        with self.assertRaises(ProcessLookupError):
            os.kill(herald, 0)

    def test_a_root_that_stays_lends_alarms_nothing(self):
        told = os.path.join(self.state, "told")
        script = os.path.join(self.folder, "alarm")
        with open(script, "w", encoding="ascii") as file:
            file.write("#!/bin/sh\ncat >&-\n"
                       "grep Cap /proc/self/status >\"$1.new\"\n"
                       "mv \"$1.new\" \"$1\"\n")
        os.chmod(script, 0o755)
        self.mailgun.fault("status=401")
        self.begin(user="root", alarm_command=f"{script} {told}",
                   account_pause="60s")
        self.accept(ferry.simple())
        while not os.path.exists(told):
            durable.pause(0.01)
        with open(told, encoding="ascii") as file:
            held = dict(line.split(":\t") for line in file.read().split("\n")
                        if line)
        for key in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(held[key], NOTHING, key)

    def test_files_that_cannot_be_read_again(self):
        certificate, key = ferry.make_certificate(self.folder, "local",
                                                  "IP:127.0.0.1")
        os.chmod(certificate, 0o644)
        os.chmod(key, 0o600)
        self.give(STRANGER, STRANGER)
        self.settings = {"listener local": {
            "tls_certificate": certificate, "tls_key": key}}
        text = self.settings["listener local"]
        self.begin_with(text)
        found = self.ferry.wait_line(
            r"warn a file could be read by root and cannot be read again"
            r" file=(\S+)")
        self.assertEqual(found[1], key)
        self.assertNotIn(f"again file={certificate}", self.ferry.text())

    def begin_with(self, listener):
        self.settings = {"server": self.server, "listener local": {
            "address": "127.0.0.1:0", **listener}}
        text = self.write_settings().replace("user = root\n", "")
        self.start_ferry(settings=text)

    def refused(self, pattern, **server):
        path = os.path.join(self.folder, "refused.conf")
        self.settings = {"server": {**self.server, **server}}
        ferry.write_private(path, self.write_settings())
        process = self.start("refused", "serve", "--config", path)
        # EX_CONFIG: no service manager starts it again
        process.wanted = 78
        self.assertEqual(process.wait_end(), 78)
        process.wait_line(pattern)

    def test_who_cannot_be(self):
        self.refused(r"refused.conf:\d+: .*no-such-account: there is no such"
                     r" account; make it", user="no-such-account")

    def test_a_state_dir_of_others(self):
        self.give(STRANGER, STRANGER)
        self.refused(rf"refused.conf:\d+: .*\(here {USER}\).*chown -R "
                     rf"{USER} {self.state}", user=USER)


class Same(Confined):
    """Whoever started it: it stays who it is, and is confined too."""

    def test_who_it_was(self):
        if os.geteuid() == 0:
            self.begin(user="root")
            self.ferry.wait_line(r"warn running as root why=\"the setting")
        else:
            self.begin()
        self.check_threads(os.geteuid(), os.getegid())
        self.check_log()
        self.accept(ferry.simple())
        self.mailgun.mails(1)

    def test_unless_it_is_not_wanted(self):
        self.begin(confine="no", **({"user": "root"} if os.geteuid() == 0
                                    else {}))
        self.ferry.wait_line(r"info not confined why=")
        pid = self.ferry.child.pid
        for thread in os.listdir(f"/proc/{pid}/task"):
            self.assertEqual(read_status(pid, thread)["Seccomp"], "0")


if __name__ == "__main__":
    ferry.main()
