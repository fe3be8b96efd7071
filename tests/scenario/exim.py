# SPDX-License-Identifier: MIT
"""A real Exim with everything below one folder, as a server that keeps all
that it is given, or as a client of postferry.

Its package and Postfix's exclude each other, so where it is not installed it
is unpacked only, beside the program that is tested.  It asks for a user of its
package: it gets to see another list of users, in a name space of its own.
"""

import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
import unittest

import durable
import ferry
import package

PACKAGE = "exim4-daemon-light"
USER = "Debian-exim"

MAIN = """\
exim_path = {program}
primary_hostname = exim.example.net
spool_directory = {folder}/spool
log_file_path = {folder}/spool/%s
pid_file_path = {folder}/spool/pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
tls_advertise_hosts =
keep_environment =
smtp_accept_max = 0
acl_smtp_rcpt = accept
acl_smtp_data = accept
{main}
"""


def find():
    installed = shutil.which("exim4", path="/usr/sbin")
    if installed:
        return installed
    folder = os.path.join(os.path.dirname(os.path.abspath(ferry.POSTFERRY)),
                          "exim")
    program = os.path.join(folder, "usr/sbin/exim4")
    if not os.access(program, os.X_OK):
        package.unpack(PACKAGE, folder)
    return program


def may_unshare():
    return os.geteuid() == 0 and subprocess.run(
        ["unshare", "-m", "true"], capture_output=True,
        check=False).returncode == 0


def require():
    """Skips where there is none."""
    if not may_unshare():
        raise unittest.SkipTest("Exim needs root and a mount name space")
    program = find()
    missing = subprocess.run(["ldd", program], capture_output=True, text=True,
                             check=True).stdout
    if "not found" in missing:
        raise unittest.SkipTest(
            f"Exim lacks libraries, see etc/packages: {missing}")
    return program


class Exim:
    """Its settings: main goes before the sections, which are as in Exim's own
    file; without transports it keeps what it is given."""

    def __init__(self, home, main="queue_only", port=25, **sections):
        self.program = require()
        self.folder = os.path.join(home.folder, "exim")
        os.makedirs(os.path.join(self.folder, "spool"))
        os.chmod(home.folder, 0o755)
        self.conf = self.write("conf", MAIN.format(
            program=self.program, folder=self.folder, port=port,
            main=main) + "".join(
                f"begin {name}\n{text}\n" for name, text in
                {"acl": "accept:\n  accept", **sections}.items()))
        self.add_user()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def add_user(self):
        """To a copy of the list of users, if it is not there."""
        try:
            user = pwd.getpwnam(USER)
        except KeyError:
            user = pwd.getpwnam("mail")
        shutil.chown(os.path.join(self.folder, "spool"), user.pw_uid)
        for kind, row in (
                ("passwd", f"{USER}:x:{user.pw_uid}:{user.pw_gid}"
                 "::/:/bin/false\n"),
                ("group", f"{USER}:x:{user.pw_gid}:\n")):
            with open(f"/etc/{kind}", encoding="utf-8") as file:
                self.write(kind, row + file.read())

    def command(self, *arguments):
        binds = "".join(
            f"mount --bind {self.folder}/{kind} /etc/{kind} && "
            for kind in ("passwd", "group"))
        return ["unshare", "-m", "sh", "-c", binds + 'exec "$@"', "sh",
                self.program, "-C", self.conf, *arguments]

    def send(self, data, sender, recipients):
        """Delivers it now; what the log says of that."""
        subprocess.run(
            self.command("-odf", "-i", "-f", sender, *recipients),
            input=data.replace(b"\r\n", b"\n"), check=True,
            capture_output=True, timeout=ferry.PATIENCE)
        return read(self.folder + "/spool/main")

    def queued(self):
        """[(text of the -H file, body)] of its spool."""
        return [(read(path), read(path[:-1] + "D").partition("\n")[2])
                for path in glob.glob(self.folder + "/spool/input/**/*-H",
                                      recursive=True)]


class Server(ferry.Process):
    """One that listens, in the foreground."""

    def __init__(self, home, port):
        self.exim = Exim(home, port=port)
        super().__init__(home, "exim", self.exim.command("-bdf"))
        self.wait_port(port)

    def wait_port(self, port):
        """It says nowhere else that it is there."""
        deadline = time.monotonic() + ferry.PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return
            except ConnectionRefusedError:
                if self.ended or time.monotonic() > deadline:
                    raise ferry.Stuck("Exim does not listen") from None
                durable.pause(0.02)

    def stop(self):
        self.signal(signal.SIGTERM)
        code = self.wait_end()
        return 0 if code == -signal.SIGTERM else code


def read(path):
    with open(path, encoding="latin-1", newline="") as file:
        return file.read()
