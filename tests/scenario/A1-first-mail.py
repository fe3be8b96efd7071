# SPDX-License-Identifier: MIT
"""One plain mail through each provider alone: it arrives as it was written."""

import re

import ferry

PLAIN = ferry.simple(subject="=?utf-8?Q?Gr=C3=BC=C3=9Fe?=",
                     body="Good day.\n.A line with a dot.\n",
                     Message_ID="<one@example.com>", X_Mine="kept")

# Fields cannot carry a calendar beside the text: this must go raw.
CALENDAR = ferry.crlf("""\
From: Ann <ann@example.com>
To: bob@example.net
Subject: Meet
Date: Fri, 21 Nov 2025 10:00:00 +0000
Message-ID: <two@example.com>
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain

At noon.
--b
Content-Type: text/calendar; method=REQUEST

BEGIN:VCALENDAR
END:VCALENDAR
--b--
""")


class Fields:
    """What holds of a plain mail at any API, whatever its form."""

    def check_plain(self, simulator):
        text = self.accept(PLAIN)
        mail, = simulator.mails(1)
        self.assertEqual(mail.form, "fields")
        self.assertEqual(mail.recipients, ["bob@example.net"])
        self.assertEqual(mail.header("From"), "Ann <ann@example.com>")
        self.assertEqual(mail.header("To"), "bob@example.net")
        self.assertEqual(mail.header("Subject"), "Grüße")
        self.assertEqual(mail.header("Message-ID"), "<one@example.com>")
        self.assertEqual(mail.header("X-Mine"), "kept")
        self.assertEqual(mail.text.strip(), "Good day.\n.A line with a dot.")
        self.assertRegex(text, r"\b[0-9A-HJKMNP-TV-Z]{26}\b")

    def check_calendar(self, simulator):
        self.accept(CALENDAR)
        mail, = simulator.mails(1)
        self.assertEqual(mail.form, "raw")
        self.assertEqual(mail.recipients, ["bob@example.net"])
        self.assertEqual(without_received(mail.raw), CALENDAR)


def without_received(raw):
    """The mail as it came: our own Received, which is on top, taken off."""
    found = re.match(rb"Received: [^\r\n]+\r\n(?:[ \t][^\r\n]*\r\n)*", raw)
    return raw[found.end():] if found else b"(no Received on top) " + raw


class Mailgun(Fields, ferry.Scenario):
    providers = ("mailgun",)

    def test_trace(self):
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        self.accept(ferry.simple(
            traceparent=f"00-{trace}-00f067aa0ba902b7-01"))
        for event in ("delivery accepted", "mail answered"):
            self.ferry.wait_line(
                rf" {event} mail=[0-9A-Z]{{26}} trace_id={trace} ")
        mail, = self.mailgun.mails(1)
        self.assertIn(trace, mail.header("traceparent"))

    def test_fields(self):
        self.check_plain(self.mailgun)

    def test_raw(self):
        self.check_calendar(self.mailgun)


class Mandrill(Fields, ferry.Scenario):
    providers = ("mandrill",)

    def test_fields(self):
        self.check_plain(self.mandrill)

    def test_raw(self):
        self.accept(CALENDAR)
        mail, = self.mandrill.mails(1)
        self.assertEqual(mail.form, "raw")
        self.assertEqual(mail.recipients, ["bob@example.net"])
        self.assertIn(b"BEGIN:VCALENDAR", mail.raw)


class Upstream(ferry.Scenario):
    providers = ("upstream",)

    def test_bytes(self):
        for name, data in (("plain", PLAIN), ("calendar", CALENDAR)):
            with self.subTest(name):
                self.accept(data)
                mail = self.upstream.mails(1)[-1]
                self.assertEqual(mail.recipients, ["bob@example.net"])
                self.assertEqual(without_received(mail.raw), data)

    def test_several_in_one_session(self):
        with ferry.Client(self.address) as client:
            for number in range(3):
                reply = client.mail("ann@example.com", ["bob@example.net"],
                                    ferry.simple(subject=f"number {number}"))
                self.assertEqual(reply[0], 250, reply)
        mails = self.upstream.mails(3)
        self.assertEqual([mail.header("Subject") for mail in mails],
                         ["number 0", "number 1", "number 2"])


if __name__ == "__main__":
    ferry.main()
