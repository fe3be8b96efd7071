# SPDX-License-Identifier: MIT
"""What goes wrong on demand between the first and the last byte, seen from a
client: where it stops, what was recorded all the same."""

import http.client
import json
import socket
import time
import unittest

import doors
from doors import exchange, request

PATH = "/v3/mg.example.com/messages"
FORM = doors.form(("from", "ann@example.com"), ("to", "bob@example.org"),
                  ("subject", "Hi"), ("text", "x" * 4000))


def post(address, form=FORM):
    """(status, headers, JSON)"""
    status, headers, text = request(address, "POST", PATH, form,
                                    doors.mailgun_headers())
    return status, headers, text


def wire(form=FORM):
    """The same as bytes."""
    head = "".join(f"{name}: {value}\r\n" for name, value in {
        **doors.mailgun_headers(), "Host": "x",
        "Content-Length": len(form)}.items())
    return f"POST {PATH} HTTP/1.1\r\n{head}\r\n".encode() + form


class Http(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mailgun = doors.Simulator("mailgun")

    @classmethod
    def tearDownClass(cls):
        assert cls.mailgun.end() == 0

    def setUp(self):
        self.addCleanup(self.mailgun.fault, None)
        self.before = self.mailgun.accepted()

    def recorded(self):
        return self.mailgun.accepted() - self.before

    def read_until_silence(self):
        """What comes before nothing comes any more: (bytes, ended)."""
        host, port = self.mailgun.address.rsplit(":", 1)
        answer = b""
        with socket.create_connection((host, int(port)), 1) as line:
            line.sendall(wire())
            try:
                while piece := line.recv(65536):
                    answer += piece
                return answer, True
            except TimeoutError:
                return answer, False

    def test_stall_head(self):
        self.mailgun.fault("stall-head")
        answer, ended = self.read_until_silence()
        self.assertTrue(answer.startswith(b"HTTP/1.1 200"), answer)
        self.assertNotIn(b"\r\n\r\n", answer)
        self.assertEqual((ended, self.recorded()), (False, 1))

    def test_half_close(self):
        for words, recorded in (("half-close", 0), ("half-close,accepted",
                                                    1)):
            self.before = self.mailgun.accepted()
            self.mailgun.fault(words)
            self.assertEqual(self.read_until_silence(), (b"", True))
            self.assertEqual(self.recorded(), recorded)

    def test_sip(self):
        self.mailgun.fault("sip=10")
        began = time.monotonic()
        self.assertEqual(post(self.mailgun.address)[0], 200)
        self.assertGreater(time.monotonic() - began, 0.15)
        self.assertEqual(self.mailgun.last()["recipients"][0]["address"],
                         "bob@example.org")

    def test_drip_of_the_body(self):
        self.mailgun.fault("drip=5,body")
        began = time.monotonic()
        self.assertEqual(post(self.mailgun.address)[0], 200)
        self.assertGreater(time.monotonic() - began, 0.1)

    def test_redirect(self):
        rows = (("redirect=self", 307, PATH),
                ("redirect=file:///etc/passwd,status=302", 302,
                 "file:///etc/passwd"),
                ("redirect=http://169.254.169.254/,status=301", 301,
                 "http://169.254.169.254/"))
        for words, status, place in rows:
            self.mailgun.fault(words)
            found = post(self.mailgun.address)
            self.assertEqual((found[0], found[1]["Location"]),
                             (status, place))
        self.assertEqual(self.recorded(), 0)

    def test_odd(self):
        self.mailgun.fault("odd=half")
        with self.assertRaises(ValueError):
            json.loads(post(self.mailgun.address)[2])
        self.mailgun.fault("odd=gzip")
        _, headers, text = post(self.mailgun.address)
        self.assertEqual((headers["Content-Encoding"], text[:2]),
                         ("gzip", b"\x1f\x8b"))
        self.mailgun.fault("odd=chunk-nonsense")
        with self.assertRaises((ValueError, OverflowError,
                                http.client.HTTPException)):
            post(self.mailgun.address)
        self.assertEqual(self.recorded(), 3)

    def test_accept(self):
        self.mailgun.fault("accept=2")
        for count, status in ((5, 400), (3, 400), (2, 200)):
            people = ", ".join(f"r{i}@example.org" for i in range(count))
            self.assertEqual(post(self.mailgun.address, doors.form(
                ("from", "a@b.c"), ("to", people), ("subject", "x"),
                ("text", "x")))[0], status, count)

    def test_flap(self):
        self.mailgun.fault("flap=150/150")
        seen, began = "", time.monotonic()
        while time.monotonic() - began < 2 and "1010" not in seen:
            try:
                now = str(int(post(self.mailgun.address)[0] == 200))
            except OSError:
                now = "0"
            seen += now if not seen.endswith(now) else ""
        self.assertIn("1010", seen)
        self.mailgun.fault(None)
        self.assertEqual(post(self.mailgun.address)[0], 200)

    def test_busy(self):
        self.mailgun.fault("slow=300")
        self.mailgun.ask("DELETE", "/most")
        doors_open = []
        for _ in range(4):
            door = http.client.HTTPConnection(self.mailgun.address,
                                              timeout=doors.PATIENCE)
            door.request("POST", PATH, FORM, doors.mailgun_headers())
            doors_open.append(door)
        for door in doors_open:
            self.assertEqual(door.getresponse().status, 200)
            door.close()
        self.assertEqual(self.mailgun.state("most_busy"), 4)
        while self.mailgun.state("busy"):
            pass

    def test_help(self):
        text = doors.help_text()
        for word in ("unreachable", "stall-head", "lookup-lag=N",
                     "N24 flapping"):
            self.assertIn(word, text)


class Smtp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sink = doors.Simulator("smtp")

    @classmethod
    def tearDownClass(cls):
        assert cls.sink.end() == 0

    def setUp(self):
        self.addCleanup(self.sink.fault, None)

    TALK = (b"EHLO a\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\n"
            b"DATA\r\n")

    def test_close_at(self):
        for stage, replies in (("greeting", 0), ("EHLO", 1), ("mail", 2),
                               ("RCPT", 3), ("DATA", 4)):
            self.sink.fault(f"close-at={stage}")
            answer, _ = exchange(self.sink.address, self.TALK)
            lines = [line for line in answer.split(b"\r\n")
                     if line[3:4] == b" "]
            self.assertEqual(len(lines), replies, (stage, answer))

    def test_stall_at(self):
        self.sink.fault("stall-at=RCPT")
        host, port = self.sink.address.rsplit(":", 1)
        with socket.create_connection((host, int(port)), 0.3) as line:
            line.sendall(self.TALK)
            answer = b""
            with self.assertRaises(TimeoutError):
                while piece := line.recv(65536):
                    answer += piece
        self.assertTrue(answer.endswith(b"250 2.1.0 Ok\r\n"), answer)

    def test_endless_ehlo(self):
        self.sink.fault("ehlo-lines")
        host, port = self.sink.address.rsplit(":", 1)
        with socket.create_connection((host, int(port)), 0.5) as line:
            line.sendall(b"EHLO a\r\n")
            answer = b""
            with self.assertRaises(TimeoutError):
                while piece := line.recv(65536):
                    answer += piece
        self.assertGreater(answer.count(b"\r\n250-"), 10_000)
        self.assertNotIn(b"\r\n250 ", answer)

    def test_accept(self):
        for fault, code in (("accept=1", b"550"),
                            ("accept=1,too-many", b"452")):
            with self.subTest(fault):
                self.sink.fault(fault)
                answer, _ = exchange(
                    self.sink.address, b"EHLO a\r\nMAIL FROM:<a@b.c>\r\n"
                    b"RCPT TO:<d@e.f>\r\nRCPT TO:<g@e.f>\r\nQUIT\r\n")
                self.assertEqual(
                    [line[:3] for line in answer.split(b"\r\n")[-4:-1]],
                    [b"250", code, b"221"])


class Secure(unittest.TestCase):
    """Where STARTTLS goes wrong."""

    def setUp(self):
        pair = self.enterContext(doors.certificate())
        self.sink = doors.Simulator("smtp", "--certificate", pair[0],
                                    "--private-key", pair[1])
        self.addCleanup(lambda: self.assertEqual(self.sink.end(), 0))

    def talk(self, end):
        """What comes behind STARTTLS, up to that."""
        host, port = self.sink.address.rsplit(":", 1)
        with socket.create_connection((host, int(port)), 5) as line:
            for command, last in ((b"EHLO a", b"\r\n250 "),
                                  (b"STARTTLS", end)):
                line.sendall(command + b"\r\n")
                answer = b""
                while last not in answer:
                    answer += line.recv(65536)
        return answer

    def test_code(self):
        self.sink.fault("starttls=454")
        self.assertTrue(self.talk(b"\r\n").startswith(b"454 "))

    def test_garbage(self):
        self.sink.fault("tls-garbage")
        self.assertTrue(self.talk(b"never was").startswith(b"220 "))


if __name__ == "__main__":
    unittest.main()
