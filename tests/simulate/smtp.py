# SPDX-License-Identifier: MIT
"""The SMTP sink over real sockets: what it keeps, what it refuses, what it
notices, and how it goes wrong."""

import base64
import os
import re
import smtplib
import socket
import ssl
import subprocess
import tempfile
import unittest

import doors

MAIL = (b"From: ann@example.com\r\nTo: bob@example.org\r\nSubject: x\r\n\r\n"
        b"body\r\n.leading dot\r\n..two\r\n.\r\nend\r\n")
ENVELOPE = (b"EHLO client.example\r\nMAIL FROM:<ann@example.com>\r\n"
            b"RCPT TO:<bob@example.org>\r\nDATA\r\n")


def stuff(mail):
    lines = mail.split(b"\r\n")
    return b"\r\n".join(b"." + line if line.startswith(b".") else line
                        for line in lines)


class Case(unittest.TestCase):
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.sink = doors.Simulator("smtp", *cls.options)

    @classmethod
    def tearDownClass(cls):
        assert cls.sink.end() == 0

    def setUp(self):
        self.sink.fault(None)

    def dial(self, hello=True):
        client = smtplib.SMTP("127.0.0.1", self.sink.port,
                              timeout=doors.PATIENCE)
        self.addCleanup(client.close)
        if hello:
            client.ehlo()
        return client

    def say(self, payload, half_close=True):
        """All at once, as a pipelining client may; (answers, ending)."""
        return doors.exchange(self.sink.address, payload, half_close)


class Mails(Case):
    def test_bytes(self):
        client = self.dial()
        client.mail("ann@example.com", ["SIZE=1000"])
        client.rcpt("bob@example.org")
        client.rcpt("carl@example.org")
        client.putcmd("DATA")
        self.assertEqual(client.getreply()[0], 354)
        client.send(stuff(MAIL) + b".\r\n")
        self.assertRegex(client.getreply()[1], b"^2.0.0 Ok: queued as")
        record = self.sink.last()
        self.assertEqual(record["sender"], "ann@example.com")
        self.assertEqual(
            [one["address"] for one in record["recipients"]],
            ["bob@example.org", "carl@example.org"])
        self.assertEqual(record["violations"], [])
        self.assertEqual(self.sink.raw(record["number"]), MAIL)

    def test_pieces(self):
        host, port = self.sink.address.split(":")
        with socket.create_connection((host, int(port))) as wire:
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in ENVELOPE + stuff(MAIL) + b".\r\nQUIT\r\n":
                wire.sendall(bytes([byte]))
            while wire.recv(4096):
                pass
        self.assertEqual(self.sink.raw(self.sink.accepted()), MAIL)

    def test_two_in_one_write(self):
        before = self.sink.accepted()
        answers, _ = self.say(
            ENVELOPE + b"one\r\n.\r\n" + ENVELOPE[21:] + b"two\r\n.\r\nQUIT\r\n")
        self.assertIn(b"221 ", answers)
        self.assertEqual(self.sink.accepted(), before + 2)
        self.assertEqual(self.sink.raw(before + 2), b"two\r\n")

    def test_only_the_real_end_ends(self):
        inner = (b"a\n.\nb\r\n.\nc\n.\r\nd\r\r\n.\re\r\n")
        self.say(ENVELOPE + b"x\r\n\r\n" + inner + b".\r\nQUIT\r\n")
        record = self.sink.last()
        self.assertEqual(self.sink.raw(record["number"]),
                         b"x\r\n\r\n" + inner.replace(b"\r\n.", b"\r\n"))
        self.assertIn("bare LF in the message: 4", record["violations"])
        self.assertIn("bare CR in the message: 2", record["violations"])

    def test_empty_sender_and_empty_mail(self):
        self.say(ENVELOPE.replace(b"ann@example.com", b"") + b".\r\n")
        record = self.sink.last()
        self.assertEqual((record["sender"], record["raw"]["size"]), ("", 0))

    def test_noticed(self):
        for mail, envelope, note in (
                (b"Bcc: eve@example.org\r\n\r\nx\r\n", ENVELOPE,
                 "header Bcc inside the message"),
                (b"X-MC-Tags: a\r\n\r\nx\r\n", ENVELOPE,
                 "header X-MC-Tags inside the message"),
                (b"A: b\r\n\r\n\xc3\xa4\r\n", ENVELOPE,
                 "8-bit bytes without BODY=8BITMIME"),
                (b"A: b\r\n\r\n" + b"x" * 999 + b"\r\n", ENVELOPE,
                 "lines over 998 bytes in the message: 1"),
                (b"A: b\r\n\r\na\0b\r\n", ENVELOPE, "NUL in the message: 1"),
                (b"no header\r\n", ENVELOPE,
                 "a line of the header is no field"),
                (b"A: b\r\n\r\nx\r\n",
                 ENVELOPE.replace(b"com>", b"com> SIZE=3"),
                 "the mail is larger than SIZE= said")):
            with self.subTest(note):
                self.say(envelope + mail + b".\r\nQUIT\r\n")
                self.assertEqual(self.sink.last()["violations"], [note])

    def test_eightbit(self):
        self.say(ENVELOPE.replace(b"com>", b"com> BODY=8BITMIME")
                 + b"A: b\r\n\r\n\xc3\xa4\r\n.\r\nQUIT\r\n")
        self.assertEqual(self.sink.last()["violations"], [])

    def test_eightbit_that_is_not_offered(self):
        for fault, hello in ((None, b"HELO"), ("no-8bitmime", b"EHLO")):
            with self.subTest(fault):
                before = self.sink.accepted()
                self.sink.fault(fault)
                self.say(ENVELOPE.replace(b"EHLO", hello)
                         + b"A: b\r\n\r\n\xc3\xa4\r\n.\r\nQUIT\r\n")
                self.assertEqual(self.sink.accepted() - before, 1)
                self.assertEqual(self.sink.last()["violations"], [])


# (what is said after the greeting, the last code)
REFUSED = (
    (b"MAIL FROM:<a@b.c>", b"503"),
    (b"EHLO", b"501"),
    (b"EHLO x\r\nRCPT TO:<a@b.c>", b"503"),
    (b"EHLO x\r\nDATA", b"503"),
    (b"EHLO x\r\nMAIL FROM:a@b.c", b"501"),
    (b"EHLO x\r\nMAIL FROM:<a@b.c> DSN=1", b"555"),
    (b"EHLO x\r\nMAIL FROM:<a@b.c> SIZE=99999999999", b"552"),
    (b"EHLO x\r\nMAIL FROM:<a@b.c>\r\nMAIL FROM:<a@b.c>", b"503"),
    (b"EHLO x\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<a>", b"501"),
    (b"EHLO x\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<a@b.c> NOTIFY=NEVER", b"501"),
    (b"EHLO x\r\nMAIL FROM:<a@b.c>\r\nDATA", b"554"),
    (b"EHLO x\r\nMAIL FROM:<a@b.c>\r\nRSET\r\nRCPT TO:<a@b.c>", b"503"),
    (b"EHLO x\r\nSTARTTLS", b"502"),
    (b"EHLO x\r\nAUTH PLAIN", b"503"),
    (b"EHLO x\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nBDAT 3", b"500"),
    (b"NONSENSE", b"500"),
    (b"NOOP\nNOOP", b"500"),
    (b"NO\0OP", b"500"),
    (b"NOOP " + b"x" * 20000, b"500"),
    (b"VRFY a", b"252"),
)


class Refused(Case):
    def test_refused(self):
        before = self.sink.accepted()
        for words, code in REFUSED:
            with self.subTest(words[:60]):
                answers, _ = self.say(words + b"\r\n")
                self.assertEqual(answers.split(b"\r\n")[-2][:3], code)
        self.assertEqual(self.sink.accepted(), before)

    def test_many_recipients(self):
        words = (b"EHLO x\r\nMAIL FROM:<a@b.c>\r\n"
                 + b"".join(b"RCPT TO:<r%d@e.f>\r\n" % i
                            for i in range(1001)))
        answers, _ = self.say(words)
        self.assertTrue(answers.split(b"\r\n")[-2].startswith(b"452 4.5.3"))


# (fault, the answers to a whole pipelined mail, how it ends, recorded)
FAULTS = (
    ("greeting=421", rb"^421 Not now\r\n$", None, 0),
    ("ehlo=451", rb"^220 .*\r\n451 .*\r\n503 ", None, 0),
    ("mail=452", rb"\r\n452 4.7.1 .*\r\n503 ", None, 0),
    ("mail=421", rb"\r\n421 4.7.1 [^\n]*\n$", None, 0),
    ("rcpt=450", rb"\r\n450 4.7.1 .*\r\n554 5.5.1 ", None, 0),
    ("data=554", rb"\r\n554 5.7.1 [^\n]*\n500 ", None, 0),
    ("dot=451", rb"\r\n354 [^\n]*\n451 4.3.0 [^\n]*\n$", "closed", 0),
    ("dot=554", rb"\r\n354 [^\n]*\n554 5.3.0 [^\n]*\n$", "closed", 0),
    ("close-after-dot", rb"\r\n354 [^\n]*\n$", "closed", 0),
    ("close-after-dot-accepted", rb"\r\n354 [^\n]*\n$", "closed", 1),
    ("reset-connect", rb"", "reset", 0),
    ("odd=lines", rb"\r\n250-line 19999\r\n250 2.0.0 ", "closed", 1),
    ("odd=long", rb"\r\n250 2.0.0 Ok: queued as \d+x{65536}\r\n$", "closed",
     1),
    ("odd=unfinished", rb"\r\n250 2.0.0 Ok: queued as \d+$", "closed", 1),
    ("reset-before-body", rb"", "reset", 0),
    ("reset-mid-body", rb"", "reset", 0),
    ("reset-after-body", rb"", "reset", 0),
    ("reset-accepted", rb"", "reset", 1),
    ("slow=20", rb"\r\n354 [^\n]*\n250 [^\n]*\n221 ", None, 1),
    ("drip=1", rb"\r\n354 [^\n]*\n250 2.0.0 Ok: queued as \d+\r\n221 ",
     None, 1),
    ("partial=bob@example.org", rb"\r\n550 5.1.1 .*\r\n554 ", None, 0),
    ("no-8bitmime", rb"^((?!8BITMIME).)*$", None, 1),
    ("chunking", rb"250-CHUNKING", "closed", 1),
)


class Faults(Case):
    def test_faults(self):
        for fault, pattern, ending, recorded in FAULTS:
            with self.subTest(fault):
                before = self.sink.accepted()
                self.sink.fault(fault)
                end = b"" if ending == "closed" else b"QUIT\r\n"
                answers, got = self.say(
                    ENVELOPE + MAIL[:40] + b"\r\n.\r\n" + end,
                    half_close=ending == "closed")
                if not re.search(b"(?s)" + pattern, answers):
                    self.fail(f"{answers[:300]} ... {answers[-300:]}")
                self.assertIn(got, (ending or got,))
                self.assertEqual(self.sink.accepted() - before, recorded)

    def test_silence(self):
        for fault, recorded in (("stall", 0), ("stall-accepted", 1),
                                ("silent-after-dot", 0),
                                ("silent-after-dot,accepted", 1),
                                ("stall-mid-body", 0),
                                ("blackhole", 0)):
            with self.subTest(fault):
                before = self.sink.accepted()
                self.sink.fault(fault)
                host, port = self.sink.address.split(":")
                with socket.create_connection((host, int(port)), 0.3) as wire:
                    wire.sendall(ENVELOPE + b"x\r\n.\r\n")
                    with self.assertRaises(TimeoutError):
                        while True:
                            self.assertNotEqual(wire.recv(4096), b"")
                self.assertEqual(self.sink.accepted() - before, recorded)

    def test_refuse_and_return(self):
        kept = self.dial()
        self.sink.fault("refuse")
        with self.assertRaises(ConnectionRefusedError):
            self.dial()
        with self.assertRaises((smtplib.SMTPServerDisconnected, OSError)):
            kept.noop()
            kept.noop()
        self.sink.fault(None)
        self.assertEqual(self.dial().noop()[0], 250)

    def test_chunking(self):
        self.sink.fault("chunking")
        answers, _ = self.say(
            ENVELOPE[:-6] + b"BDAT 5\r\nab\r\n.BDAT 0\r\nBDAT 4 LAST\r\n"
            b"c\r\n\nQUIT\r\n")
        self.assertIn(b"221 ", answers)
        self.assertEqual(self.sink.raw(self.sink.accepted()),
                         b"ab\r\n.c\r\n\n")

    def test_count(self):
        self.sink.fault("dot=451 count=1")
        client = self.dial()
        with self.assertRaises(smtplib.SMTPDataError):
            client.sendmail("a@b.c", ["d@e.f"], MAIL)
        self.assertEqual(client.sendmail("a@b.c", ["d@e.f"], MAIL), {})


class Secured(Case):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.certificate = os.path.join(cls.folder.name, "cert.pem")
        key = os.path.join(cls.folder.name, "key.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
             "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
             "-keyout", key, "-out", cls.certificate],
            check=True, capture_output=True)
        cls.options = ("--certificate", cls.certificate, "--private-key",
                       key, "--username", "user", "--password", "secret")
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.folder.cleanup()

    def secure(self):
        context = ssl.create_default_context(cafile=self.certificate)
        client = smtplib.SMTP("localhost", self.sink.port,
                              timeout=doors.PATIENCE)
        self.addCleanup(client.close)
        self.assertEqual(client.starttls(context=context)[0], 220)
        return client

    def test_whole_road(self):
        mail = MAIL.replace(b"body", b"x" * 900 + b"\r\n" + b"y" * 900)
        for mechanism in ("auth_plain", "auth_login"):
            client = self.secure()
            client.ehlo()
            client.user, client.password = "user", "secret"
            name = mechanism[5:].upper()
            client.auth(name, getattr(client, mechanism))
            self.assertEqual(client.sendmail("a@b.c", ["d@e.f"], mail), {})
            client.quit()
            self.assertEqual(self.sink.raw(self.sink.accepted()), mail)

    def test_wrong_password(self):
        client = self.secure()
        with self.assertRaises(smtplib.SMTPAuthenticationError):
            client.login("user", "wrong")
        self.assertEqual(client.docmd("MAIL FROM:<a@b.c>")[0], 530)

    def test_auth_fault(self):
        self.sink.fault("auth=535")
        with self.assertRaises(smtplib.SMTPAuthenticationError):
            self.secure().login("user", "secret")

    def test_offers(self):
        client = self.dial()
        self.assertTrue(client.has_extn("starttls"))
        self.assertFalse(client.has_extn("auth"))
        client = self.secure()
        client.ehlo()
        self.assertFalse(client.has_extn("starttls"))
        self.assertTrue(client.has_extn("auth"))
        self.sink.fault("no-starttls")
        client = self.dial()
        self.assertFalse(client.has_extn("starttls"))

    def test_injection_by_us(self):
        self.sink.fault("starttls-injection")
        client = self.dial()
        self.assertEqual(client.docmd("STARTTLS")[0], 220)
        self.assertEqual(client.getreply(), (250, b"2.0.0 Injected"))

    def test_injection(self):
        answers, _ = self.say(b"EHLO x\r\nSTARTTLS\r\nNOOP\r\n")
        self.assertIn(b"554 ", answers)

    def test_no_secret_is_no_secret(self):
        self.sink.fault("no-starttls")
        client = self.dial()
        pair = base64.b64encode(b"user").decode()
        self.assertEqual(client.docmd("AUTH PLAIN " + pair)[0], 535)
        self.assertEqual(client.docmd("AUTH CRAM-MD5")[0], 504)


if __name__ == "__main__":
    unittest.main()
