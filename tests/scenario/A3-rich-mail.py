# SPDX-License-Identifier: MIT
"""To, Cc and Bcc, text and html, two inline images, a file with a Chinese
name: what is recorded is what was written, and no copy shows the Bcc."""

import base64
import hashlib
import os
import re

import ferry

RED, BLUE, FILE = (os.urandom(size) for size in (3000, 70000, 12345))
HTML = ('<p>Grüße</p><img src="cid:red@example.com">'
        '<img src="cid:blue@example.com">')
RECIPIENTS = ["bob@example.net", "cleo@example.org", "secret@example.com"]


def encode(data):
    return base64.encodebytes(data).decode()


MAIL = ferry.crlf(f"""\
From: =?utf-8?Q?J=C3=BCrgen_=22X=22_K.?= <ann@example.com>
To: "Bob, the builder" <bob@example.net>
Cc: cleo@example.org
Bcc: secret@example.com
Subject: =?utf-8?B?5rWL6K+V?= and more
Date: Fri, 21 Nov 2025 10:00:00 +0000
Message-ID: <rich@example.com>
Reply-To: office@example.com
X-Order: 4711
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: multipart/related; boundary=middle

--middle
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Gr=FC=DFe
--inner
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

{encode(HTML.encode())}
--inner--
--middle
Content-Type: image/png
Content-ID: <red@example.com>
Content-Disposition: inline
Content-Transfer-Encoding: base64

{encode(RED)}
--middle
Content-Type: image/jpeg
Content-ID: <blue@example.com>
Content-Disposition: inline
Content-Transfer-Encoding: base64

{encode(BLUE)}
--middle--
--outer
Content-Type: application/pdf; name="=?utf-8?B?5oql5ZGKLnBkZg==?="
Content-Disposition: attachment; filename*=utf-8''%E6%8A%A5%E5%91%8A.pdf
Content-Transfer-Encoding: base64

{encode(FILE)}
--outer--
""")


def digest(data):
    return hashlib.sha256(data).hexdigest()


class Rich:
    def check(self, simulator):
        self.accept(MAIL, RECIPIENTS)
        mail, = simulator.mails(1)
        self.assertEqual(mail.recipients, sorted(RECIPIENTS))
        self.assertEqual(mail.addresses("From"),
                         [('Jürgen "X" K.', "ann@example.com")])
        self.assertEqual(mail.addresses("To"),
                         [("Bob, the builder", "bob@example.net")])
        self.assertEqual(mail.addresses("Cc"), [("", "cleo@example.org")])
        self.assertEqual(mail.header("Subject"), "测试 and more")
        self.assertEqual(mail.header("Reply-To"), "office@example.com")
        self.assertEqual(mail.header("X-Order"), "4711")
        self.assertEqual(mail.text.strip(), "Grüße")
        self.assertEqual(mail.html.strip(), HTML)
        self.assertEqual(mail.files, {"报告.pdf": digest(FILE)})
        self.assertEqual(mail.inline, {"red@example.com": digest(RED),
                                       "blue@example.com": digest(BLUE)})
        self.assertNotIn("secret@example.com", mail.shown)


class Mailgun(Rich, ferry.Scenario):
    providers = ("mailgun",)

    def test_rich(self):
        self.check(self.mailgun)


class Mandrill(Rich, ferry.Scenario):
    providers = ("mandrill",)

    def test_rich(self):
        self.check(self.mandrill)


class Raw(Rich, ferry.Scenario):
    """The same, forced into the raw form."""
    providers = ("mailgun", "mandrill")
    settings = {"provider mailgun": {"format": "raw"},
                "provider mandrill": {"format": "raw"}}

    def test_mailgun(self):
        self.check(self.mailgun)

    def test_mandrill(self):
        self.mailgun.fault("refuse")
        self.check(self.mandrill)


class Upstream(ferry.Scenario):
    """Byte for byte but for Received on top and the Bcc taken out."""
    providers = ("upstream",)

    def test_rich(self):
        self.accept(MAIL, RECIPIENTS)
        mail, = self.upstream.mails(1)
        self.assertEqual(mail.recipients, sorted(RECIPIENTS))
        expected = re.sub(rb"Bcc: [^\r]*\r\n", b"", MAIL)
        self.assertTrue(mail.raw.startswith(b"Received: "))
        self.assertTrue(mail.raw.endswith(expected))


if __name__ == "__main__":
    ferry.main()
