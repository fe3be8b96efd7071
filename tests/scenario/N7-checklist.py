# SPDX-License-Identifier: MIT
"""What a listener must stand before it faces strangers: a test for each item,
here or where it belongs.

| item | test |
|---|---|
| every spelling of the end of data | N8-smuggling |
| what goes out: no lone CR or LF, no NUL, no long line | Content.test_long_lines, N8-smuggling |
| plain text before and after STARTTLS | N1-tls test_injected, smtp/tls |
| AUTH without TLS | Commands.test_auth_without_tls, smtp/auth |
| DATA in one piece with the mail | Commands.test_pipelined_data |
| who talks before the banner | Commands.test_early_talk |
| the session after a mail that was refused | Content.test_after_refusals |
| a command of 2,049 bytes | Commands.test_long_commands |
| a line of 70 KiB | Content.test_long_lines |
| NUL | Content.test_after_refusals, Commands.test_control_characters |
| 1,001 recipients | C1-odd-mails Sizes.test_1001_recipients |
| SIZE that lies, both ways | Content.test_sizes |
| open relay: 12 spellings, 4 peers | Relay.test_matrix |
| PROXY from who is not trusted | Commands.test_who_we_believe, N3-doors |
| XCLIENT | Commands.test_who_we_believe |
| control characters in commands, Subject, log | Commands.test_control_characters |
| a canary in all that is written | N6-canary, N2-auth |
| Bcc is never shown | C1-odd-mails Hiding, A3-rich-mail |
| hop 51 | Circles.test_hops |
| a loop by our own name | Circles.test_own_name, test_real_circle |
| no report to <> | H7-bounce NobodyToTell.test_null_sender |
| bombs of MIME and header | Bombs.test_bombs, mail/hostile |
| 10,000 that are slow, in each phase | N9-idle |
| what a TLS scanner finds | N1-tls test_scanned |
| an unknown user costs a hash, too | smtp/authority |
| no exec, no file elsewhere | confine/confine, N5-confined |
| rights do not come back | confine/privileges, N5-confined |
| as many connections as there are files for | Limits.test_files |
| memory by the control group | Limits.test_files |
| a queue that is full | Full.test_full_queue |
| a queue that grows | smtp/inflow, smtp/server |
| a loop by a name in DNS | circle |
| every limit can be set | smtp/listener |
| orders that cannot be obeyed | smtp/heed, K1-routes |
"""

import base64
import os
import re
import socket
import subprocess
import threading

import durable
import ferry

BOB = "bob@example.net"
LOGIN = base64.b64encode(b"\0joe\0a-secret-of-joe").decode()

# What bombs may take beside what the daemon has without them.
BOMB_KB = 64 * 1024


def read_kb(pid, key):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(rf"{key}:\s+(\d+) kB", file.read())[1])


class Checked(ferry.Scenario):
    """Ways in: from our own networks, from elsewhere, by login, behind a
    proxy."""
    providers = ("upstream",)

    def prepare(self):
        super().prepare()
        users = os.path.join(self.folder, "users")
        subprocess.run(
            [ferry.POSTFERRY, "user", "add", "joe", "--cost", "1", "--file",
             users], input=b"a-secret-of-joe\n", check=True,
            capture_output=True, timeout=ferry.PATIENCE)
        certificate, key = ferry.make_certificate(
            self.folder, "own", "DNS:ferry.example.com")
        outside = {"address": "127.0.0.1:0", "allow": "192.0.2.0/24",
                   "greet_pause": "0"}
        self.settings = {
            "server": {"users": users, "auth_delay": "1ms"},
            "listener stranger": outside,
            "listener user": {**outside, "auth_plaintext": "yes"},
            "listener secure": {**outside, "tls_certificate": certificate,
                                "tls_key": key},
            "listener waits": {**outside, "greet_pause": "20s"},
            "listener proxied": {**outside, "proxy": "127.0.0.1"},
            **self.settings}

    def find(self, listener):
        return self.ferry.wait_line(
            rf"listening listener={listener} address=(\S+)")[1]

    def visit(self, listener="local", **keywords):
        return ferry.Client(self.find(listener), **keywords)

    def expect(self, client, command, code, said=""):
        got, text = client.command(command)
        self.assertEqual(got, code, f"{command[:60]!r}: {text}")
        self.assertIn(said, text)

    def expect_end(self, client):
        self.assertEqual(client.reply()[0], 0)

    def arrived(self):
        return self.upstream.count()


class Commands(Checked):
    def test_auth_without_tls(self):
        with self.visit("secure") as client:
            self.assertIn("STARTTLS", client.hello[1])
            self.assertNotIn("AUTH", client.hello[1])
            self.expect(client, f"AUTH PLAIN {LOGIN}", 538, "5.7.11")
            self.expect(client, "MAIL FROM:<ann@example.com>", 250)
            self.expect(client, f"RCPT TO:<{BOB}>", 530, "5.7.0")

    def test_pipelined_data(self):
        """What follows DATA in one piece was written by who did not wait for
        the 354."""
        with self.visit() as client:
            client.write(b"MAIL FROM:<ann@example.com>\r\n"
                         b"RCPT TO:<bob@example.net>\r\nDATA\r\n" +
                         ferry.simple() + b".\r\n")
            self.assertEqual([client.reply()[0] for _ in range(3)],
                             [250, 250, 554])
            self.expect_end(client)
        self.assertEqual(self.arrived(), 0)

    def test_early_talk(self):
        """Never heard: the banner of this listener comes after 20 s."""
        host, port = self.find("waits").rsplit(":", 1)
        with socket.create_connection((host, int(port)),
                                      ferry.PATIENCE) as early:
            early.sendall(b"EHLO early.example.com\r\n")
            self.assertRegex(early.recv(512), rb"^554 5\.5\.0 ")
            self.assertEqual(early.recv(512), b"")

    def test_long_commands(self):
        with self.visit() as client:
            self.expect(client, "NOOP " + "x" * (2048 - len("NOOP \r\n")),
                        250)
            self.expect(client, "NOOP " + "x" * (2049 - len("NOOP \r\n")),
                        500, "5.5.6")
            self.expect(client, "NOOP", 250)
            # the rest of it is not read: it need not be heard of
            client.write(b"x" * 9000)
            self.assertEqual(client.reply()[0], 500)
            self.assertEqual(client.reply()[0], 421)
            self.expect_end(client)

    def test_who_we_believe(self):
        """Nobody who says that he is somebody else."""
        for word in ("XCLIENT ADDR=192.0.2.1", "XCLIENT LOGIN=joe"):
            with self.visit("stranger") as client:
                self.assertNotIn("XCLIENT", client.hello[1])
                self.expect(client, word, 502)
                self.expect(client, "MAIL FROM:<ann@example.com>", 250)
                self.expect(client, f"RCPT TO:<{BOB}>", 554)
        with self.visit("stranger", hello=None) as client:
            self.expect(client, "PROXY TCP4 192.0.2.1 192.0.2.9 1 25", 500)
            self.expect(client, "EHLO x", 250)
            self.expect(client, "XFORWARD ADDR=192.0.2.1", 502)
            self.expect(client, "MAIL FROM:<ann@example.com>", 250)
            self.expect(client, f"RCPT TO:<{BOB}>", 554)
        self.assertEqual(self.ferry.stop(), 0)
        self.assertNotIn("client=192.0.2.1", self.ferry.text())

    def test_control_characters(self):
        """Not in a command, and in no line of the log."""
        for control in b"\0\1\7\b\x1b\x7f\r":
            for word in ("EHLO a%sb", "MAIL FROM:<a%s@example.com>",
                         "RCPT TO:<b%s@example.net>", "N%sOP"):
                with self.visit() as client:
                    self.expect(client, "MAIL FROM:<ann@example.com>", 250)
                    self.expect(client, word % chr(control), 500, "5.5.2")
        for name in ("\x9b31m.example.com", "a=b c\"d", "\u202eevil"):
            with self.visit(hello=None) as client:
                self.expect(client, f"EHLO {name}", 250)
                client.mail("ann@example.com", [BOB], ferry.simple(
                    subject="\x1b[31mred\x07 \u202e"))
        self.assertEqual(self.ferry.stop(), 0)
        with open(self.ferry.path, "rb") as file:
            text = file.read().decode()
        self.assertIn("mail received", text)
        self.assertIsNone(re.search("[^\n -~]", text))


class Relay(Checked):
    # {spelling: to whom it goes when our own clients say it; None: nowhere}
    SPELLINGS = {
        "bob@example.net": BOB,
        "bob%example.net@ferry.example.com":
            "bob%example.net@ferry.example.com",
        "bob%example.net": None,
        '"bob@example.net"': None,
        '"bob%example.net"': None,
        "@ferry.example.com:bob@example.net": BOB,
        "@a.example,@b.example:bob@example.net": BOB,
        "example.net!bob": None,
        "example.net!bob@ferry.example.com":
            "example.net!bob@ferry.example.com",
        '"bob@example.net"@ferry.example.com':
            '"bob@example.net"@ferry.example.com',
        "bob@example.net@ferry.example.com": None,
        "bob@[127.0.0.1]": None,
    }
    SENDERS = ("ann@example.com", "root@ferry.example.com",
               "root@localhost.example")

    def try_spelling(self, client, spelling):
        self.expect(client, "RSET", 250)
        self.expect(client, "MAIL FROM:<ann@example.com>", 250)
        return client.command(f"RCPT TO:<{spelling}>")

    def trusted(self, client):
        for spelling, goes_to in self.SPELLINGS.items():
            code, text = self.try_spelling(client, spelling)
            if goes_to is None:
                self.assertIn(code, (501, 550, 553), f"{spelling}: {text}")
                continue
            self.assertEqual(code, 250, f"{spelling}: {text}")
            self.expect(client, "DATA", 354)
            client.write(ferry.simple() + b".\r\n")
            self.assertEqual(client.reply()[0], 250, spelling)
            self.assertEqual(self.upstream.mails(1)[-1].recipients,
                             [goes_to])

    def test_matrix(self):
        """Our own, and who logged in, send to anyone; others to nobody,
        however they write it and whoever they say they are."""
        with self.visit() as client:
            self.trusted(client)
        with self.visit("user") as client:
            self.expect(client, f"AUTH PLAIN {LOGIN}", 235)
            self.trusted(client)
        before = self.arrived()
        for spelling in self.SPELLINGS:
            for listener, proxy in (("stranger", b""), ("user", b""),
                                    ("proxied", b"PROXY TCP4 198.51.100.7 "
                                     b"192.0.2.9 4711 25\r\n")):
                self.refuse(listener, proxy, spelling)
        self.assertEqual(self.arrived(), before)

    def refuse(self, listener, proxy, spelling):
        host, port = self.find(listener).rsplit(":", 1)
        with socket.create_connection((host, int(port)),
                                      ferry.PATIENCE) as connected:
            connected.sendall(proxy)
            file = connected.makefile("rb")
            file.readline()
            connected.sendall(b"HELO ferry.example.com\r\n")
            file.readline()
            connected.sendall(b"".join(
                b"MAIL FROM:<%s>\r\nRCPT TO:<%s>\r\nRSET\r\n" % (
                    sender.encode(), spelling.encode())
                for sender in self.SENDERS))
            codes = [file.readline()[:10] for _ in range(9)]
            file.close()
            # who could log in is told to
            told = b"530 5.7.0 " if listener == "user" else b"554 5.7.1 "
            self.assertEqual(codes[1::3], [told] * 3,
                             (listener, spelling, codes))


class Content(Checked):
    settings = {"listener local": {"address": "127.0.0.1:0",
                                   "max_size": "200000", "hops": "50"}}

    def test_after_refusals(self):
        """A mail is refused and forgotten, the session is as before it."""
        refused = (
            (ferry.simple(body="a\0b\n"), 550),
            (b"X: " + b"y" * 70000 + b"\r\n\r\n", 550),
            (b"X: y\r\n" * 1100 + b"\r\n", 550),
            (b"Received: by x\r\n" * 51 + ferry.simple(), 554),
            (ferry.simple(body="z" * 70 + "\n") * 2000, 552))
        with self.visit() as client:
            for number, (data, code) in enumerate(refused):
                reply = client.mail("eve@example.com", ["eve@example.net"],
                                    data)
                self.assertEqual(reply[0], code, reply)
                self.expect(client, f"RCPT TO:<{BOB}>", 503)
                self.expect(client, "DATA", 503)
                reply = client.mail("ann@example.com", [BOB],
                                    ferry.simple(f"good {number}"))
                self.assertEqual(reply[0], 250, reply)
        mails = self.upstream.mails(len(refused))
        self.assertEqual([(mail.recipients, mail.header("Subject"))
                          for mail in mails],
                         [([BOB], f"good {number}")
                          for number in range(len(refused))])

    def test_long_lines(self):
        """Taken whole, and never sent so."""
        text = "v" * 70000
        self.accept(ferry.simple(body=text + "\nend\n"))
        raw = self.upstream.mails(1)[0].raw
        self.assertLessEqual(max(map(len, raw.split(b"\r\n"))), 998)
        self.assertNotRegex(raw, rb"(?<!\r)\n|\r(?!\n)|\0")
        self.assertTrue(raw.endswith(b"\r\n"))
        shown = re.sub(r"\s", "", self.upstream.mails(1)[0].text)
        self.assertIn("v" * 70000 + "end", shown.replace("=", ""))
        code, reply = self.send(ferry.crlf(f"X-Long: {text}\n\nx\n"))
        self.assertEqual(code, 550, reply)

    def test_sizes(self):
        mail = ferry.simple(body="w" * 70 + "\n")
        large = mail + (b"w" * 998 + b"\r\n") * 300
        with self.visit() as client:
            for size in ("200001", "9" * 19, "9" * 20):
                self.expect(client, f"MAIL FROM:<a@example.com> SIZE={size}",
                            552, "5.3.4")
            for size in ("9" * 21, "-1", "1x", ""):
                self.expect(client, f"MAIL FROM:<a@example.com> SIZE={size}",
                            501)
            for size, data, code in ((10, mail, 250), (200000, mail, 250),
                                     (10, large, 552)):
                self.expect(client, f"MAIL FROM:<a@example.com> SIZE={size}",
                            250)
                self.expect(client, f"RCPT TO:<{BOB}>", 250)
                self.expect(client, "DATA", 354)
                client.write(data + b".\r\n")
                reply = client.reply()
                self.assertEqual(reply[0], code, reply)
        self.assertEqual(self.arrived(), 2)


class Repeater(threading.Thread):
    """A port that leads to an address that is known later."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.address = None
        self.open = [self.socket]

    def close(self):
        """The accept() of the thread is not ended by a close alone."""
        for one in self.open:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()

    def run(self):
        while True:
            try:
                one, _ = self.socket.accept()
            except OSError:
                return
            other = socket.create_connection(self.address)
            self.open += one, other
            for source, sink in ((one, other), (other, one)):
                threading.Thread(target=self.carry, args=(source, sink),
                                 daemon=True).start()

    @staticmethod
    def carry(source, sink):
        try:
            while data := source.recv(1 << 16):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class Circles(Checked):
    OURS = b"Received: from x by ferry.example.com (postferry) id 1; x\r\n"

    def test_hops(self):
        hop = b"Received: from a by b; Fri, 21 Nov 2025 10:00:00 +0000\r\n"
        self.accept(hop * 50 + ferry.simple())
        code, text = self.send(hop * 51 + ferry.simple())
        self.assertEqual((code, text[:5]), (554, "5.4.6"))
        self.assertEqual(self.arrived(), 1)

    def test_own_name(self):
        folded = self.OURS.replace(b" by ", b"\r\n\tby ")
        self.accept(self.OURS + folded + ferry.simple())
        code, text = self.send(self.OURS * 2 + folded + ferry.simple())
        self.assertEqual((code, text[:5]), (554, "5.4.6"))
        self.assertEqual(self.arrived(), 1)

    def test_said_by_the_settings(self):
        path = os.path.join(self.folder, "circle.conf")
        for host in ("127.0.0.1", "localhost", "ferry.example.com"):
            ferry.write_private(path, f"""\
[server]
hostname = ferry.example.com
answer = delivered
[listener in]
address = 127.0.0.1:2525
[provider next]
type = smtp
host = {host}
port = 2525
tls = off
""")
            done = subprocess.run(
                [ferry.POSTFERRY, "check", "--config", path],
                capture_output=True, text=True, timeout=ferry.PATIENCE,
                check=False)
            said = done.stdout + done.stderr
            self.assertEqual(done.returncode, 78, said)
            self.assertIn(f"[provider next] host = {host}, port = 2525 is"
                          " our own [listener in]", said)


class RealCircle(ferry.Scenario):
    """A server that hands all mail back to us: so it seems from here."""
    providers = ("upstream",)
    settings = {"server": {"refusal_wait": "50ms"}}

    def start_simulator(self, name):
        repeater = Repeater()
        self.addCleanup(repeater.close)
        return repeater

    def test_real_circle(self):
        self.upstream.address = ("127.0.0.1",
                                 int(self.address.rsplit(":", 1)[1]))
        self.upstream.start()
        code, text = self.send(ferry.simple())
        self.assertEqual(code, 554, text)
        self.ferry.wait_line(r"refused .*code=554 status=5\.4\.6")
        self.ferry.wait_line(r"warn provider .* calls itself ferry\.example"
                             r"\.com, as we do")
        self.assertEqual(self.ferry.stop(), 0)
        self.assertEqual(self.ferry.text().count(" mail received "), 3)


def nest(depth, lines):
    """Multiparts in each other, and lines that look like boundaries."""
    text = "MIME-Version: 1.0\n"
    for number in range(depth):
        text += (f"Content-Type: multipart/mixed; boundary=b{number}\n\n"
                 f"--b{number}\n")
    return ferry.crlf(text + "\n" + "--\n" * lines)


HEAD = b"From: ann@example.com\r\nMIME-Version: 1.0\r\n"
MIXED = b"Content-Type: multipart/mixed; boundary=b\r\n"

# {name: mail}: each is refused, or carried as it is.
BOMBS = {
    "groups in groups": b"To: " + b"g:" * 60000 + b"\r\n\r\n",
    "groups in a field that fits": b"To: " + b"g:" * 30000 + b"\r\n\r\n",
    "groups that may be parsed": b"To: " + b"g:" * 1000 + b"\r\n\r\n",
    "empty parts": HEAD + MIXED + b"\r\n" + b"--b\r\n\r\n" * 200000,
    "fields": b"X: y\r\n" * 200000 + b"\r\n",
    "fields of a part": HEAD + MIXED + b"\r\n--b\r\n" +
                        b"X: y\r\n" * 200000 + b"\r\n--b--\r\n",
    "boundaries to compare": nest(1000, 250000),
    "multiparts": nest(20000, 0),
    "pieces of a parameter":
        HEAD + b"Content-Type: text/plain;\r\n" +
        b"".join(b" a*%d=b;\r\n" % number for number in range(50000)) +
        b"\r\n\r\n",
    "parentheses": b"To: " + b"(" * 1000000 + b"\r\n\r\n",
    "parentheses that fit": b"To: " + b"(" * 60000 + b"\r\n\r\n",
    "brackets that fit": b"To: " + b"<" * 60000 + b"\r\n\r\n",
    "quotes that fit": b"To: " + b'"' * 60000 + b"\r\n\r\n",
    "encoded words": b"Subject: " + b"=?utf-8?q?a?= " * 4500 +
                     b"\r\n\r\n",
    "addresses": b"To: a@b.c" + b", a@b.c" * 100000 + b"\r\n\r\n",
    "addresses that fit": b"To: a@b.c" + b", a@b.c" * 9000 + b"\r\n\r\n",
}


class Bombs(ferry.Scenario):
    """At whoever would look into them."""
    settings = {"server": {"workers": "1", "loops": "1"}}
    providers = ("mailgun", "upstream")

    def test_bombs(self):
        pid = self.ferry.child.pid
        self.accept(ferry.simple())
        base = read_kb(pid, "VmRSS")
        for name, data in BOMBS.items():
            with self.subTest(name):
                code, text = self.send(data + b"text\r\n")
                self.assertIn(code, (250, 550), text)
        self.accept(ferry.simple())
        if not durable.is_sanitized():
            self.assertLess(read_kb(pid, "VmHWM") - base, BOMB_KB)


class Limits(ferry.Scenario):
    providers = ("upstream",)

    def start(self, name, *arguments, environment=None):
        if "serve" not in arguments:
            return super().start(name, *arguments, environment=environment)
        return ferry.Process(
            self.home, name, ["prlimit", "--nofile=300:300",
                              ferry.POSTFERRY, *arguments], environment)

    def test_files(self):
        """22 clients have two files each, beside the 256 for the rest."""
        self.ferry.wait_line(
            r"warn connections lowered .*connections=22 wanted=1000 files=300")
        self.ferry.wait_line(r"info memory budget bytes=\d+ memory=\d+")
        clients = [ferry.Client(self.address) for _ in range(22)]
        self.ferry.wait_line(r"warn stress: .*connections=18 of=22")
        with ferry.Client(self.address, hello=None) as one:
            self.assertEqual(one.greeting[0], 421)
        for client in clients:
            self.assertEqual(client.command("NOOP")[0], 250)
            client.close()


class Full(durable.Durable):
    """A queue of two mails, before a provider that takes none."""
    providers = ("upstream",)
    settings = {"server": {"max_messages": "2"}}

    def test_full_queue(self):
        self.upstream.fault("refuse")
        self.accept(ferry.simple())
        self.accept(ferry.simple())
        with ferry.Client(self.address) as client:
            for _ in range(3):
                code, text = client.command("MAIL FROM:<ann@example.com>")
                self.assertEqual((code, text[:5]), (452, "4.3.1"))
        self.ferry.wait_line(r"warn no mail is begun: .*mails=2 "
                             r"max_messages=2")
        self.assertEqual(self.queue.ask("/readyz")[0], 503)
        # what is there is known to the next process before the first mail
        self.restart()
        with ferry.Client(self.address) as client:
            self.assertEqual(
                client.command("MAIL FROM:<ann@example.com>")[0], 452)
        self.upstream.fault(None)
        self.queue.drain()
        self.accept(ferry.simple())
        self.upstream.mails(3)


if __name__ == "__main__":
    ferry.main()
