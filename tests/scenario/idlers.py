# SPDX-License-Identifier: MIT
"""Many clients that do nothing, and clients that do it on purpose, a byte now
and then, in each phase of a session."""

import gc
import re
import resource
import select
import socket
import ssl
import threading
import time

import ferry

# Source addresses, so that no one runs short of ports.
SOURCES = [f"127.0.0.{number}" for number in range(2, 50)]


def raise_limit(files):
    """Of this process and those that it starts; the limit that then holds."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= files:
        return soft
    for most in (max(hard, files), min(hard, files)):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE,
                               (min(most, files), most))
            return min(most, files)
        except (ValueError, PermissionError):  # only root may have more
            pass
    return soft


def read_memory(pid):
    """Resident bytes that are the process's own."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(r"RssAnon:\s+(\d+)", file.read())[1]) * 1024


def settle_memory(pid, most):
    """Waits until there are no more than that, or it no longer falls; what it
    is then."""
    best, since = read_memory(pid), time.monotonic()
    while best > most and time.monotonic() - since < 3:
        threading.Event().wait(0.05)
        now = read_memory(pid)
        if now < best:
            best, since = now, time.monotonic()
    return best


def split_address(address):
    host, port = address.rsplit(":", 1)
    return host, int(port)


class Idlers:
    """Clients that say EHLO, inside TLS where there is a context, and no
    more."""

    def __init__(self, address, count, context=None):
        self.sockets = []
        self.address = split_address(address)
        self.context = context
        gc.freeze()  # thousands of objects that stay
        for number in range(count):
            self.sockets.append(self.enter(SOURCES[number % len(SOURCES)]))

    def enter(self, source):
        one = socket.create_connection(self.address, ferry.PATIENCE,
                                       (source, 0))
        if self.context:
            one = self.context.wrap_socket(one)
        self.expect(one, b"220 ")
        one.sendall(b"EHLO idle.example.com\r\n")
        self.expect(one, b"250 ")
        return one

    @staticmethod
    def expect(one, code):
        text = b""
        while not re.search(rb"(?m)^" + code + rb".*\r\n\Z", text):
            data = one.recv(4096)
            if not data:
                raise ferry.Stuck(f"hung up behind {text!r}")
            text += data

    def all_open(self):
        """No one has been told anything, or was hung up on."""
        poll = select.poll()
        for one in self.sockets:
            poll.register(one, select.POLLIN)
        return not poll.poll(0)

    def leave(self):
        for one in self.sockets:
            one.close()
        self.sockets = []


HELLO = [(b"", b"220 "), (b"EHLO slow.example.com\r\n", b"250 ")]
MAIL = (b"MAIL FROM:<ann@example.com>\r\n", b"250 ")
# The first bytes of a handshake, which never ends.
CLIENT_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500)

# {phase: (listener, what is said and answered before, what is dripped)}
PHASES = {
    "proxy": ("proxy", [], b"PROXY TCP4 192.0.2.1"),
    "banner": ("slow", [], b""),
    "greeting": ("slow", HELLO[:1], b"EHLO " + b"x" * 200),
    "handshake": ("implicit", [], CLIENT_HELLO),
    "starttls": ("slow", HELLO + [(b"STARTTLS\r\n", b"220 ")], CLIENT_HELLO),
    "login": ("slow", HELLO + [(b"AUTH LOGIN\r\n", b"334 ")], b"QUJD" * 50),
    "sender": ("slow", HELLO, b"MAIL FROM:<" + b"a" * 200),
    "recipient": ("slow", HELLO + [MAIL], b"RCPT TO:<" + b"b" * 200),
    "data": ("slow", HELLO + [MAIL, (b"RCPT TO:<bob@example.net>\r\n", b"250 "),
                              (b"DATA\r\n", b"354 ")], b"x" * 500),
}
# Where nothing can be said, not even goodbye.
SILENT = ("proxy", "handshake", "starttls")


def list_listeners(seconds, certificate, key):
    """Settings of the listeners that the phases need, with deadlines this
    long."""
    wait = f"{seconds}s"
    keys = {"address": "127.0.0.1:0", "tls_certificate": certificate,
            "tls_key": key, "tls_timeout": wait, "command_timeout": wait,
            "data_timeout": wait, "data_progress": wait, "auth": "any",
            "linger_timeout": "100ms"}
    return {"listener slow": keys,
            "listener implicit": {**keys, "tls": "implicit"},
            "listener proxy": {**keys, "proxy": "127.0.0.0/8",
                               "proxy_timeout": wait}}


class Slow:
    """One that is in a phase, and how long it was left there."""

    def __init__(self, phase, address, source):
        self.phase = phase
        _, before, self.drip = PHASES[phase]
        self.at = 0
        self.told = b""
        self.socket = socket.create_connection(
            split_address(address), ferry.PATIENCE, (source, 0))
        self.since = time.monotonic()
        for say, answer in before:
            self.socket.sendall(say)
            # the last answer begins the wait
            self.since = time.monotonic()
            Idlers.expect(self.socket, answer)
        self.socket.setblocking(False)

    def push(self):
        """One byte more; there may be nobody there any more."""
        piece = self.drip[self.at:self.at + 1]
        self.at += 1
        try:
            self.socket.send(piece)
        except OSError:
            pass

    def ended(self):
        """Reads what there is; whether that was all."""
        try:
            data = self.socket.recv(4096)
        except BlockingIOError:
            return False
        except ConnectionError:
            data = b""
        self.told += data
        return not data


class Loris(threading.Thread):
    """All of them at once, each byte `pause` seconds after the one before,
    until all are hung up on: `waits`, {phase: [(seconds, last words)]}."""

    def __init__(self, pause):
        super().__init__(daemon=True)
        self.pause = pause
        self.poll = select.epoll()
        self.lock = threading.Lock()
        self.there = {}
        self.waits = {phase: [] for phase in PHASES}
        self.complete = False
        self.done = threading.Event()

    def add(self, slow):
        with self.lock:
            self.there[slow.socket.fileno()] = slow
        self.poll.register(slow.socket, select.EPOLLIN)

    def run(self):
        push = time.monotonic() + self.pause
        while not self.complete or self.there:
            wait = max(push - time.monotonic(), 0)
            for number, _ in self.poll.poll(wait):
                self.look(number)
            if time.monotonic() >= push:
                push = time.monotonic() + self.pause
                with self.lock:
                    those = list(self.there.values())
                for slow in those:
                    slow.push()
        self.done.set()

    def look(self, number):
        slow = self.there[number]
        if slow.ended():
            self.waits[slow.phase].append(
                (time.monotonic() - slow.since, slow.told))
            with self.lock:
                del self.there[number]
            self.poll.unregister(number)
            slow.socket.close()

    def attack(self, addresses, each, meanwhile=None):
        """That many in each phase; addresses by listener.  meanwhile() is
        called after each hundred."""
        self.start()
        for number in range(each):
            if meanwhile and number % 100 == 99:
                meanwhile()
            for phase, (listener, _, _) in PHASES.items():
                self.add(Slow(phase, addresses[listener],
                              SOURCES[number % len(SOURCES)]))
        self.complete = True

    def wait(self):
        if not self.done.wait(ferry.PATIENCE):
            raise ferry.Stuck("still there: " + " ".join(sorted(
                slow.phase for slow in self.there.values())))


def trust_anybody():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def find_addresses(daemon, names):
    return {name: daemon.wait_line(
        rf"listening.*listener={name} .*address=(\S+:\d+)")[1]
        for name in names}
