# SPDX-License-Identifier: MIT
"""Signed mail still verifies behind what keeps its bytes: Mailgun's raw form
and SMTP, with 8-bit text and lines over 998 octets too.  Mandrill makes mails
anew: the plan leaves it for another provider, or says what is lost."""

import os
import subprocess

import dkim

import ferry

SELECTOR, DOMAIN = b"test", b"example.com"

BODIES = {
    "plain": ("7bit", "Good day.\n\n.dot\n-- \nAnn\n"),
    "eight bits": ("8bit", "Grüße aus Zürich.\nÄÖÜ \t\n"),
    "long line": ("7bit", "x" * 1500 + "\n" + "words " * 400 + "\n"),
    "long line of eight bits": ("8bit", "ü" * 1500 + " end\n"),
}


def run(*command, data=b""):
    return subprocess.run(command, input=data, check=True, timeout=60,
                          capture_output=True).stdout


class Keys:
    def __init__(self, folder):
        self.key = os.path.join(folder, "dkim.key")
        run("openssl", "genrsa", "-traditional", "-out", self.key, "2048")
        public = run("openssl", "rsa", "-in", self.key, "-pubout")
        self.record = b"v=DKIM1; k=rsa; p=" + b"".join(
            public.splitlines()[1:-1])
        self.certificate, self.signer = ferry.make_certificate(
            folder, "smime", "email:ann@example.com")

    def sign_dkim(self, mail, how):
        with open(self.key, "rb") as file:
            signature = dkim.sign(
                mail, SELECTOR, DOMAIN, file.read(),
                canonicalize=(how, how),
                include_headers=[b"from", b"to", b"subject", b"date",
                                 b"message-id"])
        return signature + mail

    def verifies_dkim(self, mail):
        return dkim.verify(mail, dnsfunc=lambda *_, **__: self.record)

    def sign_smime(self, mail):
        """The content is signed; From and the like stand outside of it."""
        head, _, body = mail.partition(b"\r\n\r\n")
        outer, inner = [], []
        for line in head.split(b"\r\n"):
            known = line.lower().startswith((b"content-", b"mime-"))
            (inner if known else outer).append(line)
        content = b"\r\n".join(
            line for line in inner if not line.startswith(b"MIME")
        ) + b"\r\n\r\n" + body
        signed = run("openssl", "cms", "-sign", "-signer", self.certificate,
                     "-inkey", self.signer, data=content)
        return ferry.crlf(b"\n".join(outer) + b"\n" + signed)

    def verifies_smime(self, mail):
        done = subprocess.run(
            ["openssl", "cms", "-verify", "-CAfile", self.certificate,
             "-purpose", "any"],
            input=mail, capture_output=True, timeout=60, check=False)
        return done.returncode == 0


def write_mail(encoding, body):
    return ferry.simple(
        body=body, MIME_Version="1.0",
        Content_Type="text/plain; charset=utf-8",
        Content_Transfer_Encoding=encoding)


class Signed(ferry.Scenario):
    providers = ("mailgun", "upstream")
    # A signature holds for the lines that were signed, however long.
    expected = "lines over 998 bytes|8BITMIME"

    def setUp(self):
        super().setUp()
        self.keys = Keys(self.folder)

    def mails(self):
        """(what it is, the mail, what verifies it)"""
        for name, (encoding, body) in BODIES.items():
            mail = write_mail(encoding, body)
            for how in (b"simple", b"relaxed"):
                yield (f"{name}, DKIM {how.decode()}",
                       self.keys.sign_dkim(mail, how),
                       self.keys.verifies_dkim)
            yield (f"{name}, S/MIME", self.keys.sign_smime(mail),
                   self.keys.verifies_smime)

    def check(self, simulator, form):
        for name, mail, verifies in self.mails():
            with self.subTest(name):
                self.assertTrue(verifies(mail), "as it was made")
                self.accept(mail)
                received, = simulator.mails(1)
                simulator.clear()
                self.assertEqual(received.form, form)
                self.assertTrue(verifies(received.raw))
                self.assertFalse(verifies(
                    received.raw.replace(b"end", b"eMd")
                    .replace(b"words", b"Words").replace(b"x", b"X")
                    .replace(b"ann@", b"bob@").replace(b"Z", b"z")
                    .replace(b"Good", b"Bad")), "it can fail")


class Mailgun(Signed):
    """A signature is lost as fields, so auto takes the raw form."""

    def test_mailgun(self):
        self.check(self.mailgun, "raw")


class Upstream(Signed):
    providers = ("upstream",)

    def test_upstream(self):
        self.check(self.upstream, "smtp")

    def test_header_beyond_ascii(self):
        """It is encoded, for there is no SMTPUTF8, and that is said."""
        mail = write_mail(*BODIES["eight bits"]).replace(
            b"Subject: ", "Subject: f\u00fcr ".encode())
        start = len(self.ferry.lines)
        self.accept(self.keys.sign_dkim(mail, b"simple"))
        self.ferry.wait_line("mail loses something.*lost=.*signature", start)
        received, = self.upstream.mails(1)
        self.assertTrue(received.raw.split(b"\r\n\r\n")[0].isascii())
        self.assertIn("f\u00fcr", received.header("Subject"))


class SevenBit(Signed):
    """A server without 8BITMIME: what is signed is not made 7-bit."""
    providers = ("upstream",)

    def test_upstream(self):
        self.upstream.fault("no-8bitmime")
        self.check(self.upstream, "smtp")

    def test_said(self):
        self.upstream.fault("no-8bitmime")
        mail = write_mail(*BODIES["eight bits"])
        for signed in (self.keys.sign_dkim(mail, b"simple"),
                       self.keys.sign_smime(mail)):
            start = len(self.ferry.lines)
            self.accept(signed)
            self.ferry.wait_line(
                "mail leaves as 8-bit without 8BITMIME.* server=", start)

    def test_unsigned(self):
        self.upstream.fault("no-8bitmime")
        for encoding, body in BODIES.values():
            self.accept(write_mail(encoding, body))
            mail, = self.upstream.mails(1)
            self.upstream.clear()
            self.assertTrue(mail.raw.isascii())
            self.assertEqual(mail.text.replace("\r\n", "\n"), body)


class Avoided(Signed):
    """Mandrill would break each of them: the next one gets them."""
    providers = ("mandrill", "mailgun")

    def test_avoided(self):
        self.check(self.mailgun, "raw")
        self.assertEqual(self.mandrill.count(), 0)


class Said(Signed):
    """There is nobody but Mandrill: what is lost is logged."""
    providers = ("mandrill",)

    def test_said(self):
        for name, mail, _ in self.mails():
            with self.subTest(name):
                start = len(self.ferry.lines)
                self.accept(mail)
                self.ferry.wait_line("lost=.*signature", start)


if __name__ == "__main__":
    ferry.main()
