# SPDX-License-Identifier: MIT
"""Who accepts mail in the bench: postferry, Postfix, and smtp-sink, which
keeps nothing and so shows what the client and the wire can do."""

import os
import re
import socket
import subprocess
import time

import durable
import ferry
import postfix

SETTINGS = """\
[server]
hostname = ferry.example.com
state_dir = {state}
pause_min = {pause}
pause_max = {pause}
retry = {retry}
inline_max = {inline_max}
[listener local]
address = 127.0.0.1:0
[provider mailgun]
type = mailgun
domain = mg.example.com
api_key = key-of-mailgun-0123456789
base_url = http://{address}
[route default]
providers = mailgun
"""

# What Debian's Postfix has as a server, and no delivery.
SERVER = """\
defer_transports = smtp, relay
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
"""
SMTPD = "127.0.0.1:{port} inet n - n - {sessions} smtpd\n"


def find_port():
    """One that was free a moment ago, for programs that cannot say which one
    they got."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


def wait_port(port):
    deadline = time.monotonic() + ferry.PATIENCE
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port)) as one:
                return one.recv(100)
        except OSError:
            if time.monotonic() > deadline:
                raise
            durable.pause(0.05)


class Postferry:
    """held: its provider refuses connections and is not asked again, so that
    nothing but accepting is done.  inline_max: mails up to it are rows of the
    database, larger ones files."""

    def __init__(self, home, held, inline_max="64k"):
        self.name = "postferry, held" if held else "postferry, delivering"
        self.simulator = None
        if held:
            base, pause = f"127.0.0.1:{find_port()}", "1h"
            retry = "1d"
        else:
            # Without a folder: its disk is not what is measured.
            self.simulator = ferry.Process(home, "mailgun", [
                ferry.POSTFERRY, "simulate", "mailgun", "--listen",
                "127.0.0.1:0"])
            base = self.simulator.wait_line(
                r"listening.*address=(\S+:\d+)")[1]
            pause, retry = "100ms", "30s"
        self.queue = durable.Queue(
            home, f"{'held' if held else 'delivering'}-{inline_max}",
            lambda state: SETTINGS.format(state=state, address=base,
                                          pause=pause, retry=retry,
                                          inline_max=inline_max))
        self.address = self.queue.start()
        if held:
            # The first mail finds out that the provider is not there.
            with ferry.Client(self.address) as client:
                client.mail("ann@example.com", ["bob@example.net"],
                            ferry.simple())
            durable.pause(0.5)

    def settle(self):
        """Until the last delivery is over."""
        if self.simulator:
            self.queue.drain(10 * ferry.PATIENCE)

    def stop(self):
        self.queue.process.stop()
        if self.simulator:
            self.simulator.stop()

    def threads_ms(self):
        """Processor time of each thread so far: {name: ms}"""
        folder = f"/proc/{self.queue.process.child.pid}/task"
        tick = 1000 / os.sysconf("SC_CLK_TCK")
        times = {}
        for number in os.listdir(folder):
            with open(f"{folder}/{number}/stat", encoding="ascii") as file:
                name, rest = re.match(r"\d+ \((.*)\) (.*)",
                                      file.read()).groups()
            fields = rest.split()
            times[f"{name} {number}"] = tick * (int(fields[11])
                                                + int(fields[12]))
        return times


class Postfix(postfix.Postfix):
    """A Postfix that listens, accepts, and delivers nothing."""

    def __init__(self, home, sessions):
        port = find_port()
        postfix.MAIN, kept_main = postfix.MAIN + SERVER, postfix.MAIN
        postfix.MASTER, kept_master = postfix.MASTER + SMTPD.format(
            port=port, sessions=sessions + 10), postfix.MASTER
        try:
            super().__init__(home, find_port())
        finally:
            postfix.MAIN, postfix.MASTER = kept_main, kept_master
        self.address = f"127.0.0.1:{port}"
        wait_port(port)

    def settle(self):
        pass


class Sink:
    def __init__(self, home, sessions):
        port = find_port()
        self.address = f"127.0.0.1:{port}"
        # As root it drops its rights only when told to.
        self.process = ferry.Process(home, "smtp-sink", [
            "/usr/sbin/smtp-sink", "-u", "nobody", "-m", str(sessions + 10),
            self.address, "100"])
        wait_port(port)

    def settle(self):
        pass

    def stop(self):
        self.process.child.kill()
        self.process.wait_end()


def version():
    return subprocess.run(["/usr/sbin/postconf", "-h", "mail_version"],
                          capture_output=True, text=True,
                          check=False).stdout.strip()
