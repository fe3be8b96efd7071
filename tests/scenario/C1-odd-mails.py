# SPDX-License-Identifier: MIT
"""Mail that is missing something, broken, huge or hostile: each has a result
that was decided, none is lost, none crashes."""

import hashlib
import os

import ferry

HEAD = """\
From: ann@example.com
To: bob@example.net
Subject: odd
Date: Fri, 21 Nov 2025 10:00:00 +0000
Message-ID: <odd@example.com>
"""


def mail(head="", body="text\n"):
    return ferry.crlf(HEAD + head + "\n" + body)


def many_parts(count):
    return mail("MIME-Version: 1.0\n"
                "Content-Type: multipart/mixed; boundary=b\n",
                "--b\n\nx\n" * count + "--b--\n")


# (what, the mail, the reply's code, in the reply's text)
REPLIES = [
    ("no From, Date, Message-ID", b"To: b@example.net\r\n\r\nx\r\n", 250, ""),
    ("no header at all", b"just a line\r\n", 250, ""),
    ("nothing at all", b"", 250, ""),
    ("an empty body", mail(body=""), 250, ""),
    ("8-bit header", mail().replace(b"odd", "grün".encode("latin-1"), 1), 250,
     ""),
    ("an unknown charset", mail("Content-Type: text/plain; charset=klingon\n",
                                "\udcff".encode("utf-8", "surrogateescape")
                                .decode("latin-1") + "\n"), 250, ""),
    ("multipart without an end", mail(
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n",
        "--b\nContent-Type: text/plain\n\nhello\n"), 250, ""),
    ("multipart without a boundary", mail(
        "MIME-Version: 1.0\nContent-Type: multipart/mixed\n"), 250, ""),
    ("broken base64", mail(
        "MIME-Version: 1.0\nContent-Type: text/plain\n"
        "Content-Transfer-Encoding: base64\n", "%%%=a=b\n"), 250, ""),
    ("lines of 3,000 octets", mail(body="y" * 3000 + "\n"), 250, ""),
    ("a mbox line on top", b"From ann Fri Nov 21\r\n" + mail(), 250, ""),
    ("an address nested deep", mail("Cc: " + "g:" * 2000 + ";\n"), 250, ""),
    ("2,000 parts", many_parts(2000), 250, ""),
    ("a header of 300 KiB", mail("".join(
        f"X-{n}: {'z' * 900}\n" for n in range(330))), 550, "5.6.0"),
    ("1,100 fields", mail("X: y\n" * 1100), 550, "5.6.0"),
    ("a field of 70 KiB", mail("X: " + "z" * 70000 + "\n"), 550, "5.6.0"),
    ("a NUL", mail(body="a\0b\n"), 550, "5.6.0"),
    ("51 hops", mail("Received: by a; Fri, 21 Nov 2025 10:00:00 +0000\n"
                     * 51), 554, "5.4.6"),
]


HIDDEN = "secret@hidden.example"

# (what, lines of the header with the hidden address, is it refused?)
HIDING = [
    ("8 bit in the name above", f"X-\xe9: y\nBcc: {HIDDEN}\n", False),
    ("a control character above", f"X\1: y\nBcc: {HIDDEN}\n", False),
    ("a blank before the colon", f"Bcc : {HIDDEN}\n", False),
    ("no colon above", f"oops no colon\nBcc: {HIDDEN}\n", True),
    ("no name above", f": x\nResent-Bcc: {HIDDEN}\n", True),
    ("a quoted From above", f">From x\nbcc: {HIDDEN}\n", True),
    ("the colon on the next line", f"Bcc\n : {HIDDEN}\n", True),
    ("8 bit in the name", f"Bcc\xa0: {HIDDEN}\n", True),
    ("a control character in the name", f"Bcc\v: {HIDDEN}\n", True),
    ("behind a lone CR", f"X-a: b\rBcc: {HIDDEN}\n", True),
    ("behind a lone CR that begins a line", f"\rBcc: {HIDDEN}\n", True),
]


class Hiding(ferry.Scenario):
    """Whom Bcc names no one is told, however the header is broken."""
    providers = ("mailgun", "mandrill", "upstream")

    def check(self, simulator):
        for other in {self.mailgun, self.mandrill, self.upstream} - {simulator}:
            other.fault("refuse")
        for what, lines, refused in HIDING:
            with self.subTest(what, provider=simulator.name):
                before = simulator.count()
                data = mail(lines)
                code, text = self.send(data)
                self.assertEqual(code, 550 if refused else 250, text)
                if refused:
                    self.assertIn("Bcc", text)
                self.assertEqual(simulator.count() - before, not refused)
                for got in simulator.mails(before):
                    self.assertNotIn(HIDDEN, repr(vars(got)))

    def test_mailgun(self):
        self.check(self.mailgun)

    def test_mandrill(self):
        self.check(self.mandrill)

    def test_upstream(self):
        self.check(self.upstream)


class Blanks(ferry.Scenario):
    """Blanks before a colon: RFC 5322 4.5."""
    providers = ("upstream",)

    def test_fields_stay_single(self):
        self.accept(ferry.crlf(
            "From : Boss <boss@corp.example>\nTo\t: bob@example.net\n"
            "Date : Fri, 21 Nov 2025 10:00:00 +0000\n"
            "Message-ID : <a@example.com>\n\nbody\n"))
        got, = self.upstream.mails(1)
        for name, value in (("From", "boss@corp.example"),
                            ("To", "bob@example.net"),
                            ("Date", "21 Nov 2025"),
                            ("Message-ID", "<a@example.com>")):
            lines = [line for line in got.raw.decode().splitlines()
                     if line.lower().startswith(name.lower())]
            self.assertEqual(len(lines), 1, lines)
            self.assertIn(value, lines[0])


class Replies(ferry.Scenario):
    providers = ("mailgun", "mandrill", "upstream")

    def arrived(self):
        return sum(simulator.count() for simulator in
                   (self.mailgun, self.mandrill, self.upstream))

    def test_rows(self):
        for what, data, code, said in REPLIES:
            with self.subTest(what):
                before = self.arrived()
                reply = self.send(data)
                self.assertEqual(reply[0], code, reply)
                self.assertIn(said, reply[1])
                self.assertEqual(self.arrived() - before, code == 250)


class Mending(ferry.Scenario):
    providers = ("mailgun",)

    def arrive(self, data, recipients=("bob@example.net",)):
        before = self.mailgun.count()
        self.accept(data, recipients)
        mails = self.mailgun.mails(before + 1)
        self.assertEqual(len(mails), before + 1)
        return mails[-1]

    def test_what_is_missing_is_added(self):
        mail = self.arrive(b"Subject: x\r\n\r\ntext\r\n")
        self.assertEqual(mail.addresses("From")[0][1], "ann@example.com")
        self.assertRegex(mail.header("Message-ID"), r"^<\S+@\S+>$")

    def test_bcc_goes_to_whom_the_envelope_names_only(self):
        data = mail("Bcc: eve@example.org, mallory@example.org\n")
        got = self.arrive(data, ["bob@example.net", "eve@example.org"])
        self.assertEqual(got.recipients,
                         ["bob@example.net", "eve@example.org"])
        self.assertNotIn("eve@example.org", got.shown)
        self.assertNotIn("mallory@example.org", got.shown)

    def test_bare_line_feeds_end_lines_but_never_the_mail(self):
        got = self.arrive(mail(body="one\ntwo\n").replace(
            b"one\r\ntwo", b"one\ntwo\n.\nMAIL FROM:<x@example.com>\n.\r\nq"))
        self.assertEqual(got.text.splitlines()[:2], ["one", "two"])
        self.assertIn("MAIL FROM:<x@example.com>", got.text)

    def test_long_lines_are_kept_in_fields(self):
        got = self.arrive(mail(body="y" * 3000 + "\n"))
        self.assertEqual(got.text.strip(), "y" * 3000)

    def test_unknown_charset_loses_no_letter(self):
        got = self.arrive(mail("Content-Type: text/plain; charset=klingon\n",
                               "plain letters\n"))
        self.assertIn("plain letters", got.text)


class Sizes(ferry.Scenario):
    providers = ("mailgun",)

    def test_no_recipient(self):
        with ferry.Client(self.address) as client:
            self.assertEqual(client.command("MAIL FROM:<a@example.com>")[0],
                             250)
            code, text = client.command("DATA")
            self.assertIn(code, (503, 554), text)
            self.assertEqual(client.command("RSET")[0], 250)

    def test_1001_recipients(self):
        people = [f"r{n}@example.net" for n in range(1001)]
        with ferry.Client(self.address) as client:
            client.command("MAIL FROM:<ann@example.com>")
            client.write("".join(
                f"RCPT TO:<{to}>\r\n" for to in people).encode())
            codes = [client.reply()[0] for _ in people]
            self.assertEqual(codes, [250] * 1000 + [452])
            self.assertEqual(client.command("DATA")[0], 354)
            client.write(mail() + b".\r\n")
            self.assertEqual(client.reply()[0], 250)
        got = [to for mail in self.mailgun.mails(1) for to in mail.recipients]
        self.assertEqual(sorted(got), sorted(people[:1000]))

    def test_too_large_by_declaration(self):
        with ferry.Client(self.address) as client:
            code, text = client.command(
                "MAIL FROM:<ann@example.com> SIZE=25000001")
            self.assertEqual(code, 552)
            self.assertIn("5.3.4", text)
            self.assertEqual(client.mail("ann@example.com",
                                         ["bob@example.net"], mail())[0], 250)

    def test_too_large_in_fact(self):
        line = b"z" * 998 + b"\r\n"
        code, text = self.send(mail() + line * 25001)
        self.assertEqual(code, 552, text)
        self.assertEqual(self.mailgun.mails(), [])


class Large(ferry.Scenario):
    """25 MB through each of the three."""

    def check(self, simulator, size):
        blob = os.urandom(size)
        data = ferry.attach(HEAD, "large.bin", blob)
        self.assertLess(len(data), 25_000_000)
        self.accept(data)
        mail, = simulator.mails(1)
        self.assertEqual(mail.files,
                         {"large.bin": hashlib.sha256(blob).hexdigest()})

    def test_mailgun(self):
        self.check(self.mailgun, 18_000_000)

    def test_mandrill(self):
        self.mailgun.fault("refuse")
        self.check(self.mandrill, 18_000_000)

    def test_upstream(self):
        self.mailgun.fault("refuse")
        self.mandrill.fault("refuse")
        self.check(self.upstream, 18_000_000)


if __name__ == "__main__":
    ferry.main()
