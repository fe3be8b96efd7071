# SPDX-License-Identifier: MIT
"""explain: what is said of a mail beforehand is what happens when it is sent,
no secret is shown, nothing is sent, and each exit code."""

import json
import os
import subprocess
import tempfile
import unittest

import ferry

# sysexits.h
OK, USAGE, DATAERR, NOINPUT, UNAVAILABLE, CONFIG = 0, 64, 65, 66, 69, 78

KEYS = "key-mailgun-0123", "key-mandrill-4567"

SETTINGS = """\
[server]
hostname = mail.example.com
answer = delivered

[listener local]
address = 127.0.0.1:0

[provider mailgun]
type = mailgun
domain = mg.example.com
api_key = {0}
base_url = http://127.0.0.1:1
domains = example.com

[provider mandrill]
type = mandrill
api_key = {1}
base_url = http://127.0.0.1:1

[provider upstream]
type = smtp
host = 127.0.0.1
port = 1
tls = off
max_size = 100K
"""

PLAIN = """\
From: Ann <ann@example.com>
To: bob@example.net, Eve <eve@example.net>
Bcc: dan@example.net
Subject: hello
X-Tag: 1

Text
"""

MARKED = """\
From: Ann <ann@example.com>
To: bob@example.net
Subject: hello

Dear %recipient.name%
"""

INVITATION = """\
From: Ann <ann@example.com>
To: bob@example.net
Subject: meet
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain

Come.
--b
Content-Type: text/calendar; method=REQUEST

BEGIN:VCALENDAR
--b--
"""


def explain(settings, *words, mail=PLAIN):
    """(exit code, standard output, standard error) of one command."""
    result = subprocess.run(
        [ferry.POSTFERRY, "explain", "--config", settings, *words, "-"],
        input=mail.encode() if isinstance(mail, str) else mail,
        capture_output=True, timeout=60, check=False)
    return result.returncode, result.stdout.decode(), result.stderr.decode()


class Explained(unittest.TestCase):
    """Each test has settings of its own; nobody listens at the providers."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ferry-")
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "postferry.conf")
        self.write(SETTINGS.format(*KEYS))

    def write(self, settings):
        ferry.write_private(self.path, settings)

    def facts(self, *words, mail=PLAIN, code=OK):
        """The JSON of the command, by provider, and the whole."""
        exit_code, out, err = explain(self.path, "--json", *words, mail=mail)
        self.assertEqual(exit_code, code, err)
        facts = json.loads(out)
        ways = {way["provider"]: way
                for way in facts["routes"][0]["providers"]}
        return ways, facts

    def test_a_mail_that_loses_nothing(self):
        ways, facts = self.facts()
        self.assertEqual(facts["mail"]["traits"], [])
        self.assertEqual(facts["routes"][0]["route"], "default")
        self.assertEqual(facts["routes"][0]["order"],
                         ["mailgun", "mandrill", "upstream"])
        self.assertEqual([way["form"] for way in ways.values()],
                         ["fields", "fields", "raw"])
        self.assertEqual([way["lost"] for way in ways.values()], [[], [], []])

    def test_the_request_to_mailgun(self):
        ways, _ = self.facts()
        request = ways["mailgun"]["request"]
        self.assertEqual(request["url"],
                         "http://127.0.0.1:1/v3/mg.example.com/messages")
        form = [(part["name"], part.get("value")) for part in request["form"]]
        self.assertEqual(form[:6], [
            ("from", "Ann <ann@example.com>"), ("to", "bob@example.net"),
            ("to", "Eve <eve@example.net>"), ("bcc", "dan@example.net"),
            ("subject", "hello"), ("text", "Text\n")])
        self.assertIn(("h:X-Tag", "1"), form)

    def test_the_request_to_mandrill(self):
        ways, _ = self.facts()
        message = ways["mandrill"]["request"]["json"]["message"]
        self.assertEqual(message["from_email"], "ann@example.com")
        self.assertEqual([to["type"] for to in message["to"]],
                         ["to", "to", "bcc"])

    def test_the_request_by_smtp(self):
        ways, _ = self.facts("--from", "box@example.com",
                             "--to", "dan@example.net")
        request = ways["upstream"]["request"]
        self.assertEqual(request["host"], "127.0.0.1:1")
        self.assertEqual(request["sender"], "box@example.com")
        self.assertEqual(request["recipients"], ["dan@example.net"])
        self.assertIn("Subject: hello", request["head"])
        self.assertNotIn("Bcc: dan@example.net", request["head"])

    def test_a_mail_that_only_some_keep(self):
        ways, facts = self.facts(mail=INVITATION)
        self.assertEqual(facts["routes"][0]["order"],
                         ["mailgun", "upstream", "mandrill"])
        self.assertEqual(ways["mailgun"]["form"], "raw")
        self.assertEqual(ways["mailgun"]["lost"], [])
        lost = [loss["what"] for loss in ways["mailgun"]["lost_as_fields"]]
        self.assertIn("an alternative body beside text and html", lost)
        lost = ways["mandrill"]["lost"]
        self.assertIn("an alternative body beside text and html",
                      [loss["what"] for loss in lost])
        self.assertTrue(all(loss["why"] for loss in lost))

    def test_what_is_large_is_told_by_its_size(self):
        mail = PLAIN.replace("Text\n", "y" * 70 + "\n")
        ways, _ = self.facts(mail=mail + ("z" * 70 + "\n") * 1000)
        part = next(part for part in ways["mailgun"]["request"]["form"]
                    if part["name"] == "text")
        self.assertEqual(part["bytes"], 71 * 1001)
        self.assertEqual(len(part["value"]), 200)

    def test_obstacles(self):
        big = PLAIN.replace("ann@example.com", "ann@example.org")
        ways, facts = self.facts(mail=big + ("z" * 70 + "\n") * 2000)
        self.assertEqual(facts["routes"][0]["order"], ["mandrill"])
        self.assertIn("example.org", ways["mailgun"]["obstacle"])
        self.assertIn("larger", ways["upstream"]["obstacle"])
        self.assertIsNone(ways["upstream"]["request"])

    def test_nobody_can(self):
        self.write(SETTINGS.format(*KEYS) + "[route default]\n"
                   "providers = mailgun\n")
        mail = PLAIN.replace("ann@example.com", "ann@example.org")
        _, facts = self.facts(mail=mail, code=UNAVAILABLE)
        self.assertIn("example.org", facts["routes"][0]["refused"])

    def test_for_people(self):
        code, out, _ = explain(self.path, mail=INVITATION)
        self.assertEqual(code, OK)
        self.assertIn("tried in this order: mailgun, upstream, mandrill", out)
        self.assertIn("mailgun (mailgun): goes raw, nothing is lost", out)
        self.assertIn("fields would lose:\n      an alternative body", out)
        self.assertIn("RCPT TO:<bob@example.net>", out)
        self.assertIn("| Subject: meet", out)

    def test_a_long_header(self):
        """Lines that go on with the one before are seen to; what is cut is
        said."""
        fields = "".join(f"X-{i}: {i}\n" for i in range(80))
        mail = f"Subject: so\n\tmuch\n to say\n{fields}{INVITATION}"
        code, out, _ = explain(self.path, mail=mail)
        self.assertEqual(code, OK)
        self.assertIn("        | Subject: so\n        | \tmuch\n"
                      "        |  to say\n        | X-0: 0\n", out)
        ways, _ = self.facts(mail=mail)
        head = ways["upstream"]["request"]
        self.assertEqual(len(head["head"]), 60)
        self.assertGreater(head["head_more"], 20)
        self.assertIn(f"        ... and {head['head_more']} more lines of the"
                      " header\n", out)

    def test_no_secret_is_shown(self):
        for mail in PLAIN, INVITATION:
            for words in (), ("--json",):
                code, out, err = explain(self.path, *words, mail=mail)
                self.assertEqual(code, OK, err)
                for key in KEYS:
                    self.assertNotIn(key, out + err)
                self.assertIn("<redacted>", out)

    def test_names_without_a_domain(self):
        """Are read as the listener does."""
        self.write(SETTINGS.format(*KEYS).replace(
            "address = 127.0.0.1:0\n", "address = 127.0.0.1:0\n"
            "aliases = root:ops@example.com\n\n[listener other]\n"
            "address = 127.0.0.1:0\ndomain = example.net\n"))
        for words, named in (
                (("--to", "Root"), "ops@example.com"),
                (("--listener", "other", "--to", "root"), "root@example.net"),
                (("--to", "root", "--to", "bob@example.net"),
                 "ops@example.com, bob@example.net")):
            with self.subTest(words):
                code, out, err = explain(self.path, *words)
                self.assertEqual(code, OK, err)
                self.assertIn(f"route default, for {named}\n", out)
        code, out, err = explain(self.path, "--listener", "other", "--from",
                                 "cron", "--to", "a@example.net")
        self.assertIn("bytes from <cron@example.net>", out, err)
        code, _, err = explain(self.path, "--to", "cron")
        self.assertEqual(code, USAGE)
        self.assertRegex(err, '"cron" is no mail address.*`aliases`')

    def test_exit_codes(self):
        code, _, err = explain(self.path, mail="From: a@b.example\n\nx\n")
        self.assertEqual(code, USAGE)
        self.assertIn("--to", err)
        code, _, err = explain(self.path, "--to", "nobody")
        self.assertEqual(code, USAGE)
        self.assertIn("nobody", err)
        code, _, err = explain(self.path, "--listener", "nope")
        self.assertEqual(code, USAGE)
        self.assertIn("there are: local", err)
        code, _, err = explain(self.path, mail=b"Subject: a\0b\n\nx\n")
        self.assertEqual(code, DATAERR)
        self.assertIn("NUL", err)
        result = subprocess.run(
            [ferry.POSTFERRY, "explain", "--config", self.path,
             "/nonexistent/mail"],
            capture_output=True, timeout=60, check=False)
        self.assertEqual(result.returncode, NOINPUT)
        self.write("[server]\nnothing = 1\n")
        self.assertEqual(explain(self.path)[0], CONFIG)


class Sent(ferry.Scenario):
    """What explain says is what the daemon does."""

    def check(self, mail, provider, form):
        path = os.path.join(self.folder, "postferry.conf")
        code, out, err = explain(path, "--json", "--to", "bob@example.net",
                                 mail=mail)
        self.assertEqual(code, OK, err)
        facts = json.loads(out)["routes"][0]
        self.assertEqual(facts["order"][0], provider)
        way = next(way for way in facts["providers"]
                   if way["provider"] == provider)
        self.assertEqual(way["form"], form)
        simulator = getattr(self, provider)
        before = simulator.count()
        self.accept(ferry.crlf(mail))
        sent = simulator.mails(before + 1)[-1]
        self.assertEqual(sent.form, form)

    def test_form_and_provider(self):
        self.check(PLAIN.replace("bob@example.net, Eve <eve@example.net>",
                                 "bob@example.net"), "mailgun", "fields")
        self.check(INVITATION, "mailgun", "raw")
        self.check(MARKED, "mandrill", "fields")


if __name__ == "__main__":
    ferry.main()
