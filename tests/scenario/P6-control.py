# SPDX-License-Identifier: MIT
"""Control headers: what a mail asks of its provider in any dialect is said to
whichever provider carries it, in either form, and no such header leaves; what
cannot be had is said in the log, or keeps the mail from that provider; a
listener without control_headers obeys none; a route asks for all of its
mail."""

import email.utils
import json
import os
import re
import subprocess
import time

import ferry

# The same in each: a tag, metadata, opens but not clicks.
DIALECTS = {
    "mailgun": ["X-Mailgun-Tag: news", 'X-Mailgun-Variables: {"order":\n "12"}',
                "X-Mailgun-Track-Opens: yes", "X-Mailgun-Track-Clicks: no"],
    "mandrill": ["X-MC-Tags: news", 'X-MC-Metadata: {"order": "12"}',
                 "X-MC-Track: opens"],
    "postferry": ["X-Postferry-Tag: news",
                  'X-Postferry-Metadata: {"order": "12"}',
                  "X-Postferry-Track-Opens: yes",
                  "X-Postferry-Track-Clicks: no"],
    "postmark": ["X-PM-Tag: news", "X-PM-Metadata-order: 12",
                 "X-PM-TrackOpens: true", "X-PM-TrackLinks: None"],
    "sendgrid": ['X-SMTPAPI: {"category": ["news"], "unique_args":'
                 ' {"order": "12"},\n "filters": {"opentrack": {"settings":'
                 ' {"enable": 1}},\n "clicktrack": {"settings": {"enable":'
                 " 0}}}}"],
    "ses": ["X-SES-MESSAGE-TAGS: order=12", "X-MC-Tags: news",
            "X-MC-Track: opens"],
}

# Routes by name: the provider, and its form.
ROADS = {"mailgun-fields": ("mailgun", "fields"),
         "mailgun-raw": ("mailgun", "raw"),
         "mandrill-fields": ("mandrill", "fields"),
         "mandrill-raw": ("mandrill", "raw"),
         "upstream-raw": ("upstream", "raw")}

CONTROL = re.compile(r"X-(Mailgun|MC|PM|SMTPAPI|SES|Postferry)", re.I)


def options(mail):
    """What the request asks for: {name: [values]}, as the API has it."""
    found = {}
    for name, value in mail.fields:
        if re.match(r"(o:|v:|t:|template|recipient-variables|send_at|ip_pool|"
                    r"message\.(tags|metadata|track))", name):
            found.setdefault(re.sub(r"\[\d+\]$", "", name), []).append(value)
    found.pop("message.metadata.postferry_id", None)
    return found


def orders(mail):
    """The control headers of raw mail but those that are always there."""
    found = [(name, value) for name, value in mail.mime.items()
             if CONTROL.match(name) and name != "X-MC-PreserveRecipients"]
    return [(name, value) for name, value in found
            if not (name == "X-MC-Metadata" and
                    list(json.loads(value)) == ["postferry_id"])]


class Control(ferry.Scenario):
    settings = {
        "listener local": {"address": "127.0.0.1:0"},
        "listener other": {"address": "127.0.0.1:0", "control_headers": "no"},
        **{f"route {name}": {"providers": provider, "format": form}
           for name, (provider, form) in ROADS.items()}}

    def start_ferry(self):
        super().start_ferry()
        self.addresses = {
            name: self.ferry.wait_line(
                rf"listening.*listener={name} address=(\S+:\d+)")[1]
            for name in ("local", "other")
            if f"listener {name}" in self.settings}
        self.address = self.addresses.get("local", self.address)

    def take(self, provider):
        """The one mail that it has, which it forgets."""
        simulator = getattr(self, provider)
        mail, = simulator.mails(1)
        simulator.clear()
        return mail

    def pass_on(self, lines, road):
        """The mail as it arrives by that road."""
        provider, form = ROADS[road]
        self.accept(ferry.crlf("\n".join(
            [f"X-Postferry-Route: {road}", *lines]) + "\n") + ferry.simple())
        mail = self.take(provider)
        self.assertEqual(mail.form, "smtp" if provider == "upstream" else form)
        return mail

    def wait_changed(self, why):
        return self.ferry.wait_line(
            rf"control header changed .*why=.*{why}")


class Dialects(Control):
    wanted = {
        "mailgun": {"o:tag": ["news"], "v:order": ["12"],
                    "o:tracking-opens": ["yes"], "o:tracking-clicks": ["no"]},
        "mandrill": {"message.tags": ["news"],
                     "message.metadata.order": ["12"],
                     "message.track_opens": ["true"],
                     "message.track_clicks": ["false"]}}

    def check(self, lines, road):
        provider, form = ROADS[road]
        mail = self.pass_on(lines, road)
        if provider == "mailgun" or form == "fields":
            self.assertEqual(options(mail), self.wanted[provider])
        if provider == "mandrill" and form == "raw":
            (first, metadata), *others = orders(mail)
            self.assertEqual(first, "X-MC-Metadata")
            self.assertEqual(json.loads(metadata)["order"], "12")
            self.assertEqual(others, [("X-MC-Tags", "news"),
                                      ("X-MC-Track", "opens")])
        elif form == "raw":
            self.assertEqual(orders(mail), [])
            self.assertNotIn("news", mail.raw.decode())
        else:
            self.assertIsNone(re.search(
                CONTROL, "\n".join(name for name, _ in mail.fields)))

    def test_each_to_each(self):
        for dialect, lines in DIALECTS.items():
            for road in ROADS:
                with self.subTest(dialect=dialect, road=road):
                    self.check(lines, road)
        self.wait_changed("tags left out: type smtp has none")

    def test_a_time(self):
        at = int(time.time()) // 60 * 60 + 7200
        plain = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at))
        dated = email.utils.formatdate(at)
        for line in (f"X-Mailgun-Deliver-By: {dated}", f"X-MC-SendAt: {plain}",
                     f"X-Postferry-Send-At: {plain}",
                     f'X-SMTPAPI: {{"send_at": {at}}}'):
            for road in ROADS:
                if road == "upstream-raw":
                    continue
                with self.subTest(line=line, road=road):
                    found = options(self.pass_on([line], road))
                    if "o:deliverytime" in found:
                        value = email.utils.parsedate_to_datetime(
                            found["o:deliverytime"][0]).timestamp()
                        self.assertEqual(value, at)
                    else:
                        self.assertEqual(found, {"send_at": [plain]})
            code, text = self.send(
                ferry.crlf(f"X-Postferry-Route: upstream-raw\n{line}\n")
                + ferry.simple())
            self.assertEqual(code, 554, text)
            self.assertIn(line.split(":")[0], text)
        past = self.pass_on(["X-MC-SendAt: 2001-01-01 00:00:00"],
                            "upstream-raw")
        self.assertEqual(orders(past), [])

    def test_a_template(self):
        mail = self.pass_on(["X-Mailgun-Template-Name: welcome",
                             'X-Mailgun-Template-Variables: {"a": 1}'],
                            "mailgun-raw")
        self.assertEqual(options(mail), {"template": ["welcome"],
                                         "t:variables": ['{ "a": 1 }']})
        mail = self.pass_on(["X-MC-Template: welcome|main",
                             'X-MC-MergeVars: {"a": 1}'], "mandrill-raw")
        self.assertEqual(orders(mail), [("X-MC-Template", "welcome|main"),
                                        ("X-MC-MergeVars", '{ "a": 1 }')])


class Hostile(Control):
    def test_broken(self):
        for road in ROADS:
            mail = self.pass_on(['X-SMTPAPI: {"category": "a"'], road)
            self.assertEqual(options(mail), {})
        self.wait_changed("X-SMTPAPI is .*was left out; expected a JSON")

    def test_too_many_tags(self):
        tags = ["X-MC-Tags: " + ",\n ".join(
            ",".join(f"t{i}" for i in range(row, row + 100))
            for row in range(0, 10000, 100))]
        self.assertEqual(options(self.pass_on(tags, "mailgun-fields")),
                         {"o:tag": ["t0", "t1", "t2"]})
        self.wait_changed("t100.* was left out: a mail has 100 at most")
        self.wait_changed("t3.* left out: type mailgun takes 3")
        mail = self.pass_on(tags, "mandrill-raw")
        self.assertEqual(dict(orders(mail))["X-MC-Tags"].replace(" ", ""),
                         ",".join(f"t{i}" for i in range(100)))

    def test_huge_metadata(self):
        lines = ["X-PM-Metadata-a: 1",
                 "X-PM-Metadata-b: " + "\n ".join(["x" * 70] * 100),
                 "X-PM-Metadata-c: 2"]
        self.assertEqual(options(self.pass_on(lines, "mailgun-raw")),
                         {"v:a": ["1"], "v:c": ["2"]})
        self.wait_changed("metadata .*b.* left out: 7.* and 4096")
        self.assertEqual(options(self.pass_on(lines, "mandrill-fields")),
                         {"message.metadata.a": ["1"],
                          "message.metadata.c": ["2"]})
        self.wait_changed("metadata .*b.* left out: 7.* and 155")

    def test_nobody_adds_a_field(self):
        lines = ['X-Mailgun-Variables: {"a": "b\\r\\nBcc: eve@example.org",'
                 ' "c\\r\\nX-Evil": "d"}',
                 "X-Mailgun-Tag: =?utf-8?q?a=0D=0ABcc:_eve@example.org?=",
                 "X-MC-Subaccount: =?utf-8?q?s=0D=0AX-Evil:_1?="]
        for road in ROADS:
            mail = self.pass_on(lines, road)
            self.assertEqual(mail.recipients, ["bob@example.net"])
            if mail.raw is not None:
                for name in ("Bcc", "X-Evil"):
                    self.assertNotIn(name, mail.mime)
            for name, _ in mail.fields:
                self.assertNotRegex(name, "(?i)evil|bcc")

    def test_what_makes_no_sense_is_refused(self):
        for line, said in (
                ("X-MC-SendAt: soon", "expected a date"),
                ("X-Mailgun-Template-Variables: {", "expected a JSON object"),
                ('X-SMTPAPI: {"to": ["eve@example.org"]}', "RCPT TO"),
                ('X-SMTPAPI: {"sub": {"-n-": ["x"]}}', "substitutions")):
            code, text = self.send(ferry.crlf(line + "\n") + ferry.simple())
            self.assertEqual(code, 554, text)
            self.assertIn(said, text)
            self.assertEqual(self.mailgun.count(), 0)


class Untrusted(Control):
    def test_headers_are_taken_out_and_count_for_nothing(self):
        self.address = self.addresses["other"]
        lines = [line for dialect in DIALECTS.values() for line in dialect]
        lines += ["X-Mailgun-Drop-Message: yes", "X-MC-SendAt: soon",
                  "X-MC-BccAddress: eve@example.org",
                  'X-SMTPAPI: {"to": ["eve@example.org"]}']
        data = ferry.crlf("\n".join(lines) + "\n") + ferry.simple()
        for provider, others in (("mailgun", []), ("mandrill", ["mailgun"]),
                                 ("upstream", ["mailgun", "mandrill"])):
            for other in others:
                getattr(self, other).fault("refuse")
            self.send_until(250, data)
            mail = self.take(provider)
            self.assertEqual(options(mail), {})
            self.assertEqual(mail.recipients, ["bob@example.net"])
            self.assertIsNone(CONTROL.search(
                "\n".join(name for name, _ in mail.fields)))
            self.assertNotIn("news", mail.shown)


class Failover(Control):
    def test_the_next_one_hears_it_in_its_own_words(self):
        self.mailgun.fault("refuse")
        self.send_until(250, ferry.crlf(
            "\n".join(DIALECTS["mailgun"]) + "\n") + ferry.simple())
        self.assertEqual(options(self.take("mandrill")),
                         Dialects.wanted["mandrill"])


class Routes(Control):
    settings = {
        "listener local": {"address": "127.0.0.1:0"},
        "route asks": {"providers": "mandrill", "tags": "shop, all",
                       "metadata": "kind=invoice, site=4",
                       "track_opens": "yes", "track_clicks": "html"},
        "route late": {"providers": "mailgun", "send_delay": "1h"},
        "route drawn": {"providers": "mandrill", "template": "invoice|main"}}

    def by(self, road, *lines):
        self.accept(ferry.crlf("\n".join(
            [f"X-Postferry-Route: {road}", *lines]) + "\n") + ferry.simple())
        return self.take(self.settings[f"route {road}"]["providers"])

    def test_all_of_its_mail(self):
        self.assertEqual(options(self.by("asks")), {
            "message.tags": ["shop", "all"],
            "message.metadata.kind": ["invoice"],
            "message.metadata.site": ["4"],
            "message.track_opens": ["true"],
            "message.track_clicks": ["true"]})

    def test_the_mail_itself_counts_more(self):
        self.assertEqual(options(self.by(
            "asks", "X-MC-Tags: own", 'X-MC-Metadata: {"site": "5"}',
            "X-MC-Track: none")), {
                "message.tags": ["own", "shop", "all"],
                "message.metadata.kind": ["invoice"],
                "message.metadata.site": ["5"],
                "message.track_opens": ["false"],
                "message.track_clicks": ["false"]})

    def test_later(self):
        before = time.time()
        found = options(self.by("late"))["o:deliverytime"][0]
        at = email.utils.parsedate_to_datetime(found).timestamp()
        # the clock may be set meanwhile
        self.assertLess(abs(at - before - 3600), 1800)
        own = int(before) // 60 * 60 + 36000
        found = options(self.by("late", f"X-Postferry-Send-At: {own}"))
        self.assertEqual(email.utils.parsedate_to_datetime(
            found["o:deliverytime"][0]).timestamp(), own)

    def test_by_a_template(self):
        mail = self.by("drawn")
        self.assertEqual(mail.form, "raw")
        self.assertEqual(orders(mail), [("X-MC-Template", "invoice|main")])

    def test_check(self):
        path = os.path.join(self.folder, "check.conf")
        text = self.write_settings() + (
            "[route odd]\nproviders = mailgun, upstream\ntemplate = t\n"
            "send_delay = 1h\n[route odder]\nproviders = mailgun\n"
            "metadata = no\n")
        for section, said in (
                (text, ["metadata = no; expected key=value"]),
                (text.replace("metadata = no", "metadata = a=b"),
                 ["template: [provider upstream] is of type smtp",
                  "send_delay: [provider upstream] is of type smtp"])):
            ferry.write_private(path, section)
            done = subprocess.run(
                [ferry.POSTFERRY, "check", "--config", path], text=True,
                capture_output=True, timeout=ferry.PATIENCE, check=False)
            self.assertNotEqual(done.returncode, 0)
            for words in said:
                self.assertIn(words, done.stdout + done.stderr)


if __name__ == "__main__":
    ferry.main()
