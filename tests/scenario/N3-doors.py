# SPDX-License-Identifier: MIT
"""The ways in: TCP, IPv6 and Unix sockets, sockets that systemd opened,
clients behind a proxy, mail servers that say whose mail they send on, and
LMTP, which hears of each recipient."""

import os
import shutil
import socket
import ssl
import stat
import struct
import subprocess
import unittest

import durable
import ferry
from doors import BOB, DAN, EVE, Doors, Lmtp, Visitor, connect_unix

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def header_v2(source, port):
    """PROXY, TCP over IPv4."""
    addresses = (socket.inet_aton(source) + socket.inet_aton("127.0.0.1") +
                 struct.pack(">HH", port, 25))
    return SIGNATURE + b"\x21\x11" + struct.pack(">H", 12) + addresses


class All(Doors):
    """All at once."""
    listeners = {
        "six": {"address": "[::1]:0"},
        "unix": {"address": "unix:{path}", "allow": "192.0.2.1"},
        "proxied": {"address": "127.0.0.1:0", "proxy": "127.0.0.1",
                    "allow": "192.0.2.0/24", "greet_pause": "0"},
    }

    def test_kinds(self):
        self.pass_mail(self.visit("local"), r"127\.0\.0\.1")
        self.pass_mail(self.visit("six"), "::1")
        self.pass_mail(self.visit("unix"), "unix")
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o660)
        self.queue.drain()
        self.assertEqual(self.mandrill.count(), 3)
        # killed: the file stays, and is replaced; stopped: it goes
        self.queue.kill()
        self.assertTrue(os.path.exists(self.path))
        self.queue.start()
        self.pass_mail(self.visit("unix"), "unix")
        self.queue.end()
        self.assertFalse(os.path.exists(self.path))

    def test_proxy(self):
        friend = b"PROXY TCP4 192.0.2.1 127.0.0.1 4711 25\r\n"
        stranger = b"PROXY TCP4 203.0.113.1 127.0.0.1 4711 25\r\n"
        self.pass_mail(self.visit("proxied", friend), r"192\.0\.2\.1")
        self.pass_mail(self.visit("proxied", header_v2("192.0.2.9", 4711)),
                       r"192\.0\.2\.9")
        self.refuse_mail(self.visit("proxied", stranger))
        self.refuse_mail(self.visit("proxied", header_v2("203.0.113.1", 1)))
        # the proxy itself, which looks whether we are there
        self.refuse_mail(self.visit("proxied", SIGNATURE + b"\x20\0\0\0"))
        with self.visit("proxied", b"EHLO x\r\n") as visitor:
            self.assertEqual(visitor.greeting[0], 0)
        with self.visit("local", friend) as visitor:
            self.assertEqual(visitor.hello[0], 500)
        self.ferry.wait_line("proxy refused .*no PROXY header")

    def test_swaks(self):
        port = self.find("proxied").rsplit(":", 1)[1]
        for version in "1", "2":
            done = subprocess.run(
                ["swaks", "--server", "127.0.0.1", "--port", port,
                 "--from", "ann@example.com", "--to", BOB,
                 "--proxy-version", version,
                 "--proxy-family", "TCP4" if version == "1" else "AF_INET",
                 "--proxy-source", f"192.0.2.{version}",
                 "--proxy-source-port", "4711", "--proxy-dest", "127.0.0.1",
                 "--proxy-dest-port", "25",
                 *(["--proxy-protocol", "STREAM", "--proxy-command", "PROXY"]
                   if version == "2" else [])],
                capture_output=True, text=True, timeout=ferry.PATIENCE)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.ferry.wait_line(
                rf"mail received .*listener=\w+ client=192\.0\.2\.{version} ")


class Wrapped:
    """A socket's TLS as bytes in and out."""

    def __init__(self, connected):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.socket = connected
        self.input, self.output = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.input, self.output)

    def step(self, function, first=b""):
        """Does it, with what it wants to read and write."""
        while True:
            try:
                done = function()
                self.socket.sendall(first + self.output.read())
                return done
            except ssl.SSLWantReadError:
                self.socket.sendall(first + self.output.read())
                first = b""
                data = self.socket.recv(1 << 16)
                if not data:
                    return b""
                self.input.write(data)


class ProxyBeforeTls(Doors):
    """The header comes first, and what follows it at once is TLS."""
    listeners = {"tls": {
        "address": "127.0.0.1:0", "proxy": "127.0.0.1", "tls": "implicit",
        "allow": "192.0.2.0/24", "tls_certificate": "{path}.pem",
        "tls_key": "{path}.pem.key"}}

    def prepare(self):
        super().prepare()
        certificate, key = ferry.make_certificate(
            self.folder, "made", "IP:127.0.0.1")
        os.rename(certificate, self.path + ".pem")
        os.rename(key, self.path + ".pem.key")

    def talk(self, header):
        """The banner, behind this header in the segment of the first
        handshake message."""
        with self.connect("tls") as connected:
            connected.settimeout(ferry.PATIENCE)
            wrapped = Wrapped(connected)
            wrapped.step(wrapped.tls.do_handshake, header)
            return wrapped.step(lambda: wrapped.tls.read(1024))

    def test_header_and_handshake(self):
        for header in (b"PROXY TCP4 192.0.2.1 127.0.0.1 4711 25\r\n",
                       b"PROXY UNKNOWN\r\n", header_v2("192.0.2.9", 4711)):
            self.assertRegex(self.talk(header), rb"^220 ")


@unittest.skipUnless(shutil.which("systemd-socket-activate"),
                     "systemd is not here")
class Activated(Doors):
    """A socket that was open before us: it stays when we go."""
    listeners = {"unix": {"address": "unix:{path}"}}

    def start_ferry(self, *_, **__):
        self.queue = durable.Queue(self.home, "postferry", self.write_durable)
        self.stray = os.path.join(self.folder, "stray")
        options = [f"-E{name}={value}" for name, value in os.environ.items()
                   if name.endswith("SAN_OPTIONS")]
        self.queue.spawn(["systemd-socket-activate", *options,
                          "-l", self.path, "-l", self.stray,
                          "--fdname=unix:stray"])
        self.queue.process.wait_line("Listening on.*stray")

    def test_it_is_used(self):
        first = connect_unix(self.path)
        self.queue.wait_listening()
        self.ferry.wait_line(
            rf"listening listener=unix address=unix:{self.path} "
            "socket=inherited")
        self.ferry.wait_line("inherited socket not used .*name=stray")
        self.pass_mail(Visitor(first), "unix")
        self.queue.drain()
        self.queue.end()
        self.assertTrue(os.path.exists(self.path))


class Each(Lmtp):
    """By a client that says LHLO."""
    settings = {"server": {"answer_floor": "100ms",
                           "bounce_domains": "example.com"},
                "provider mandrill": {"answer_timeout": "2s"}}

    def tell(self, *recipients, deadline=None):
        with self.visit("lmtp", hello="LHLO client.example.com") as visitor:
            return [code for code, _ in visitor.each(
                "ann@example.com", recipients, ferry.simple())]

    def test_one_is_refused(self):
        self.mandrill.fault(f"partial={EVE},reason=hard-bounce count=1")
        self.assertEqual(self.tell(BOB, EVE, DAN, BOB), [250, 550, 250, 250])
        # nobody is sent a bounce
        self.queue.drain()
        self.assertEqual(self.recipients(self.mandrill), [[BOB, DAN]])
        self.assertEqual(self.recipients(self.upstream), [])

    def test_one_waits(self):
        self.mandrill.fault(f"partial={EVE},reason=unsigned")
        self.upstream.fault("refuse")
        self.assertEqual(self.tell(BOB, EVE), [250, 451])
        self.assertEqual(self.queue.counts()["waiting"], 0)

    def test_a_doubt_is_taken_over(self):
        self.mandrill.fault("reset-accepted count=1")
        self.upstream.fault("refuse")
        self.assertEqual(self.tell(BOB, EVE), [250, 250])
        self.upstream.fault(None)
        self.queue.drain()
        self.check_totals()


if __name__ == "__main__":
    ferry.main()
