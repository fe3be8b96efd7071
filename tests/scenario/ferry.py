# SPDX-License-Identifier: MIT
"""What the scenarios stand on: postferry and its simulators as real processes.

A scenario is a class over Scenario: it names the providers it wants, sends
mail, sets faults, and looks at what each simulator recorded.  When it is over
Scenario checks what must hold always: every process ended with 0, no sanitizer
spoke, no simulator saw a request that the real provider would not understand.

Nothing here sleeps: one waits for a line of a log, for a reply, for a record.
Ports are the system's choice.  Only processes started here are ended here.
"""

import base64
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from received import Received

POSTFERRY = os.environ.get("POSTFERRY", "build-check/postferry")
if not os.access(POSTFERRY, os.X_OK):
    sys.exit(f"{POSTFERRY} is not there: build it, and name it in POSTFERRY")

# Daemons run beside each other here: whoever wants the HTTP door says so.
os.environ["POSTFERRY_SERVER_HTTP_ADDRESS"] = "off"

# How long any single thing may take on a slow and busy machine before the
# scenario is called stuck.  Never a measure of speed.
PATIENCE = 60

# What no program of ours may write.
REPORT = re.compile(r"Sanitizer|runtime error:|CRITICAL|\*\*\*")


class Stuck(Exception):
    """What was waited for did not come."""


def write_private(path, text):
    """postferry reads no secret that everyone may read."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
              "w", encoding="utf-8") as file:
        file.write(text)


class Home:
    """Where a scenario's files are, and the processes it started."""

    def __init__(self, place=None):
        self.folder = tempfile.mkdtemp(prefix="ferry-", dir=place)
        self.processes = []


class Process:
    """A program started here, its output kept in a file and searchable."""

    def __init__(self, home, name, command, environment=None):
        self.name = name
        self.path = os.path.join(home.folder, name + ".log")
        self.lines = []
        self.grown = threading.Condition()
        self.ended = False
        self.wanted = 0  # exit code; None: any
        # Should this program be killed, what it started ends too.
        self.child = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=environment)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        home.processes.append(self)

    def read(self):
        # In large pieces: a program that logs a lot must not wait for us.
        rest = b""
        with open(self.path, "wb", buffering=0) as file:
            while piece := os.read(self.child.stdout.fileno(), 1 << 16):
                file.write(piece)
                *lines, rest = (rest + piece).split(b"\n")
                with self.grown:
                    self.lines += [line.decode("utf-8", "replace") + "\n"
                                   for line in lines]
                    self.grown.notify_all()
        if rest:
            with self.grown:
                self.lines.append(rest.decode("utf-8", "replace"))
        self.child.stdout.close()
        with self.grown:
            self.ended = True
            self.grown.notify_all()

    def wait_line(self, pattern, start=0, patience=PATIENCE):
        """The match of the first line from number start on that fits."""
        deadline = time.monotonic() + patience
        number = start
        with self.grown:
            while True:
                while number < len(self.lines):
                    found = re.search(pattern, self.lines[number])
                    if found:
                        return found
                    number += 1
                left = deadline - time.monotonic()
                if self.ended or left <= 0:
                    raise Stuck(f"{self.name} did not say {pattern!r}")
                self.grown.wait(left)

    def text(self):
        with self.grown:
            return "".join(self.lines)

    def signal(self, number):
        if self.child.poll() is None:
            self.child.send_signal(number)

    def wait_end(self, patience=PATIENCE):
        """The exit code."""
        try:
            code = self.child.wait(patience)
        except subprocess.TimeoutExpired:
            raise Stuck(f"{self.name} did not end") from None
        self.reader.join(patience)
        return code

    def kill(self):
        """Ends it as a crash does: at once, in the middle of anything."""
        self.wanted = -signal.SIGKILL
        self.signal(signal.SIGKILL)
        return self.wait_end()

    def stop(self):
        """Ends it as a service manager does; the exit code."""
        self.signal(signal.SIGTERM)
        try:
            return self.wait_end()
        except Stuck:
            self.child.kill()
            self.wait_end()
            raise


class Simulator(Process):
    """postferry simulate KIND, and its control door."""

    def __init__(self, home, kind, name, *options):
        self.control = None
        # Its memory keeps no large mail; its folder does.
        super().__init__(
            home, name,
            [POSTFERRY, "simulate", kind, "--listen", "127.0.0.1:0",
             "--control", "127.0.0.1:0", "--record",
             os.path.join(home.folder, name), *options])
        self.forgotten = 0
        found = self.wait_line(
            r"listening.*address=(127\.0\.0\.1:\d+).*"
            r"control=(127\.0\.0\.1:\d+)")
        self.address, self.control = found[1], found[2]
        self.port = int(self.address.rsplit(":", 1)[1])

    def ask(self, method, path, body=None):
        door = http.client.HTTPConnection(self.control,
                                          timeout=PATIENCE + 10)
        try:
            door.request(method, path, body)
            answer = door.getresponse()
            text = answer.read()
        finally:
            door.close()
        if answer.status >= 300:
            raise AssertionError(
                f"{self.name}: {method} {path}: {answer.status} {text!r}")
        return text

    def fault(self, words):
        """What goes wrong from now on; None: nothing."""
        if words is None:
            self.ask("DELETE", "/fault")
        else:
            self.ask("PUT", "/fault", words)

    def state(self):
        return json.loads(self.ask("GET", "/state"))

    def numbers(self, count=0):
        """The numbers of the mails accepted; waits until there are count."""
        listed = json.loads(self.ask(
            "GET", f"/mails?after={self.forgotten}&count={count}"
            f"&wait={PATIENCE * 1000 if count else 0}"))
        if len(listed["mails"]) < count:
            raise Stuck(f"{self.name} has {len(listed['mails'])} mails, not"
                        f" {count}")
        return [mail["number"] for mail in listed["mails"]]

    def mails(self, count=0):
        """The mails accepted, as Received; waits until there are count."""
        return [self.read_mail(number) for number in self.numbers(count)]

    def read_mail(self, number):
        record = json.loads(self.ask("GET", f"/mails/{number}"))
        raw = None
        if "raw" in record:
            raw = self.ask("GET", f"/mails/{number}/raw")
        return Received(record, raw)

    def count(self):
        """How many mails it accepted."""
        return len(self.numbers())

    def clear(self):
        """Forgets the mails there are."""
        self.forgotten = self.state()["accepted"]
        self.ask("DELETE", "/mails")

    def requests(self):
        """Requests to send seen so far, refused ones too."""
        return self.state()["sends"]

    def wait_requests(self, count):
        """Its door tells of requests only when asked."""
        deadline = time.monotonic() + PATIENCE
        while self.requests() < count:
            if time.monotonic() > deadline:
                raise Stuck(f"{self.name} saw no {count} requests")

    def violations(self):
        return [violation["text"] for violation in
                json.loads(self.ask("GET", "/violations"))]


class Client:
    """An SMTP client that says exactly what it is told to."""

    def __init__(self, address, hello="EHLO client.example.com"):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), PATIENCE)
        self.file = self.socket.makefile("rb")
        try:
            self.greeting = self.reply()
            if hello:
                self.hello = self.command(hello)
        except OSError:
            self.close()
            raise

    def reply(self):
        """(code, text of all lines); code 0 when the server hung up."""
        texts = []
        while True:
            line = self.file.readline()
            if not line:
                return 0, "\n".join(texts)
            texts.append(line[4:].decode("utf-8", "replace").rstrip("\r\n"))
            if line[3:4] != b"-":
                return int(line[:3]), "\n".join(texts)

    def write(self, data):
        self.socket.sendall(data)

    def command(self, line):
        self.write(line.encode() + b"\r\n")
        return self.reply()

    def begin(self, sender, recipients):
        """MAIL, RCPT..., DATA up to the 354; the reply that is not good, or
        None."""
        steps = [(f"MAIL FROM:<{sender}>", 250)]
        steps += [(f"RCPT TO:<{to}>", 250) for to in recipients]
        steps += [("DATA", 354)]
        for line, good in steps:
            reply = self.command(line)
            if reply[0] != good:
                return reply
        return None

    def mail(self, sender, recipients, data):
        """One whole transaction; data is sent dot-stuffed, its line ends as
        they are.  The last reply."""
        refused = self.begin(sender, recipients)
        if refused:
            return refused
        self.write(stuff(data) + b".\r\n")
        return self.reply()

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def stuff(data):
    """Dot-stuffed, ended by CRLF."""
    data = re.sub(rb"(^|\r\n)\.", rb"\1..", data)
    return data if not data or data.endswith(b"\r\n") else data + b"\r\n"


def crlf(text):
    """Bytes of a mail written with plain line ends."""
    data = text if isinstance(text, bytes) else text.encode()
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def simple(subject="Hello", body="Good day.\n", **fields):
    """A plain mail; fields are further header fields, _ for -."""
    head = {"From": "Ann <ann@example.com>", "To": "bob@example.net",
            "Subject": subject, "Message-ID": f"<{os.urandom(8).hex()}@c>",
            "Date": "Fri, 21 Nov 2025 10:00:00 +0000"}
    head.update((name.replace("_", "-"), value)
                for name, value in fields.items())
    lines = [f"{name}: {value}" for name, value in head.items() if value]
    return crlf("\n".join(lines) + "\n\n" + body)


def connect_to_nobody():
    """A port that neither takes nor refuses a connection: (address, what keeps
    it so).  Its backlog is full, so the kernel drops what comes."""
    full = socket.create_server(("127.0.0.1", 0), backlog=0)
    keep = [full]
    for _ in range(4):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(full.getsockname())
        keep.append(one)
    return "127.0.0.1:%d" % full.getsockname()[1], keep


def make_certificate(folder, name, subject):
    """A self-signed certificate for an address; (its path, its key's)."""
    path = os.path.join(folder, name)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
         "/CN=upstream", "-addext", f"subjectAltName={subject}",
         "-keyout", path + ".key", "-out", path + ".pem"],
        check=True, capture_output=True, timeout=PATIENCE)
    return path + ".pem", path + ".key"


def attach(head, name, blob):
    """A mail with a text and one file; head without MIME's fields."""
    return crlf(
        head + "MIME-Version: 1.0\n"
        "Content-Type: multipart/mixed; boundary=ferry\n\n"
        "--ferry\nContent-Type: text/plain\n\nSee the file.\n"
        "--ferry\nContent-Type: application/octet-stream\n"
        f"Content-Disposition: attachment; filename={name}\n"
        "Content-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(blob).decode() + "--ferry--\n")


class Scenario(unittest.TestCase):
    """A folder of its own, simulators for `providers`, and postferry."""

    # In the order of the route, by the name of their section.
    providers = ("mailgun", "mandrill", "upstream")
    # Settings beside the usual ones: {"server": {"deadline": "5s"}}.
    settings = {}
    # Violations that the scenario means to cause.
    expected = None
    kinds = {"mailgun": "mailgun", "mandrill": "mandrill", "upstream": "smtp"}

    def prepare(self):
        self.home = Home()
        self.folder = self.home.folder
        self.addCleanup(self.finish)

    def setUp(self):
        self.prepare()
        self.addresses = {}
        for name in self.providers:
            setattr(self, name, self.start_simulator(name))
        self.start_ferry()

    def start_simulator(self, name):
        return Simulator(self.home, self.kinds[name], name)

    def start_ferry(self, *arguments, settings=None):
        path = os.path.join(self.folder, "postferry.conf")
        write_private(path, settings or self.write_settings())
        self.ferry = self.start("postferry", "serve", "--config", path,
                                *arguments)
        self.address = self.ferry.wait_line(
            r"listening.*address=(\S+:\d+)")[1]

    def start(self, name, *arguments, environment=None):
        return Process(self.home, name, [POSTFERRY, *arguments], environment)

    def write_settings(self):
        sections = {
            "server": {"hostname": "ferry.example.com",
                       "answer": "delivered"},
            "listener local": {"address": "127.0.0.1:0"},
            "provider mailgun": {
                "type": "mailgun", "domain": "mg.example.com",
                "api_key": "key-of-mailgun-0123456789"},
            "provider mandrill": {
                "type": "mandrill",
                "api_key": "key-of-mandrill-0123456789"},
            "provider upstream": {
                "type": "smtp", "host": "127.0.0.1", "tls": "off"},
            "route default": {"providers": ", ".join(self.providers)},
        }
        if os.geteuid() == 0:  # the folders here are root's
            sections["server"]["user"] = "root"
        for name in ("mailgun", "mandrill", "upstream"):
            section = f"provider {name}"
            if name not in self.providers:
                del sections[section]
            elif name == "upstream":
                sections[section]["port"] = str(self.upstream.port)
            else:
                address = self.addresses.get(name)
                address = address or getattr(self, name).address
                sections[section]["base_url"] = f"http://{address}"
        for section, keys in self.settings.items():
            sections.setdefault(section, {}).update(keys)
        return "".join(
            f"[{section}]\n" + "".join(
                f"{key} = {value}\n" for key, value in keys.items()) + "\n"
            for section, keys in sections.items())

    def send(self, data, recipients=("bob@example.net",),
             sender="ann@example.com"):
        """One mail over a connection of its own; (code, text)."""
        with Client(self.address) as client:
            reply = client.mail(sender, recipients, data)
            client.command("QUIT")
            return reply

    def accept(self, *arguments, **keywords):
        """Sends and insists on the 250."""
        code, text = self.send(*arguments, **keywords)
        self.assertEqual(code, 250, text)
        return text

    def send_until(self, code, data, recipients=("bob@example.net",)):
        """As a queue does, again and again until it is told anything but 451;
        insists on code."""
        deadline = time.monotonic() + PATIENCE
        while True:
            got, text = self.send(data, recipients)
            if got != 451 or time.monotonic() > deadline:
                break
            threading.Event().wait(0.02)
        self.assertEqual(got, code, text)
        return text

    def finish(self):
        """Ends what runs, from the sea to the spring, and looks at it."""
        faults = []
        for process in reversed(self.home.processes):
            try:
                faults += self.look_at(process)
            except Stuck as stuck:
                faults.append(str(stuck))
        faults += self.inspect()
        failed = self.has_failed()
        if faults or failed:
            self.show_logs()
        shutil.rmtree(self.folder, ignore_errors=True)
        if failed and faults:
            print("and then:", *faults, sep="\n", file=sys.stderr)
        elif faults:
            self.fail("\n".join(faults))

    def look_at(self, process):
        faults = []
        if getattr(process, "control", None) and process.child.poll() is None:
            for text in process.violations():
                if not (self.expected and re.search(self.expected, text)):
                    faults.append(f"{process.name} saw a bad request: {text}")
        code = process.stop()
        if process.wanted not in (None, code):
            faults.append(f"{process.name} ended with {code}")
        if REPORT.search(process.text()):
            faults.append(f"{process.name} wrote a report, see its log")
        return faults

    def inspect(self):
        """What is wrong with the files that are left when all has ended."""
        return []

    def has_failed(self):
        result = self._outcome.result
        return any(test is self or getattr(test, "test_case", None) is self
                   for test, _ in result.failures + result.errors)

    def show_logs(self):
        for process in self.home.processes:
            print(f"---- {process.name}\n{process.text()[-20000:]}",
                  file=sys.stderr)


def main():
    unittest.main(verbosity=2)
