# SPDX-License-Identifier: MIT
"""What each wrong answer of the first provider comes to: which provider has
the mail, and what the client is told."""

import ferry

SETTINGS = {"server": {"doubt_wait": "300ms", "doubt_wait_error": "100ms"},
            "provider mailgun": {"answer_timeout": "1s",
                                 "upload_window": "1s"}}

# (Mailgun's fault, the client's code, mails at Mailgun, Mandrill, upstream)
ROWS = [
    ("unauthorized", 250, 0, 1, 0),
    ("throttle=2,retry-after", 250, 0, 1, 0),
    ("throttle=2", 250, 0, 1, 0),
    ("status=503", 250, 0, 1, 0),
    ("status=503,html,retry-after=30", 250, 0, 1, 0),
    ("status=502,html", 250, 0, 1, 0),
    ("status=500,json", 250, 0, 1, 0),
    ("magnificent", 250, 0, 1, 0),
    ("empty=503", 250, 0, 1, 0),
    ("reset-before-body", 250, 0, 1, 0),
    ("reset-mid-body", 250, 0, 1, 0),
    ("reset-after-body", 250, 0, 1, 0),
    ("stall", 250, 0, 1, 0),
    ("blackhole", 250, 0, 1, 0),
    ("status=413", 250, 0, 1, 0),
]


class Answers(ferry.Scenario):
    """A large mail, so that a reset in its middle is in its middle."""
    settings = SETTINGS

    def test_rows(self):
        blob = b"z" * 3_000_000
        for fault, code, *expected in ROWS:
            with self.subTest(fault):
                self.restart()
                self.mailgun.fault(fault)
                reply = self.send(ferry.attach(
                    "From: a@example.com\nTo: b@example.net\n"
                    f"Subject: {fault}\n", "z.bin", blob))
                self.assertEqual(reply[0], code, reply)
                self.assertEqual(
                    [simulator.count() for simulator in
                     (self.mailgun, self.mandrill, self.upstream)], expected)

    def restart(self):
        """Fresh: no pause and no memory of the row before."""
        self.assertEqual(self.ferry.stop(), 0)
        self.home.processes.remove(self.ferry)
        for simulator in (self.mailgun, self.mandrill, self.upstream):
            simulator.fault(None)
            simulator.clear()
        self.start_ferry()


class Refusals(ferry.Scenario):
    """None is slow: whoever only waits for the machine is not in doubt."""
    settings = {"server": SETTINGS["server"]}

    def test_a_bad_payload_is_tried_at_one_other(self):
        self.mailgun.fault("text=size")
        self.mandrill.fault("text=ValidationError,status=422")
        code, text = self.send(ferry.simple())
        self.assertEqual(code // 100, 5, text)
        self.assertEqual(self.upstream.mails(), [])

    def test_a_bad_payload_at_one_is_well_at_the_other(self):
        self.mailgun.fault("text=size")
        self.accept(ferry.simple())
        self.assertEqual(self.mandrill.count(), 1)

    def test_a_recipient_that_is_refused_is_not_tried_elsewhere(self):
        self.mailgun.fault("refuse")
        self.mandrill.fault("reject-reason=hard-bounce")
        code, text = self.send(ferry.simple())
        self.assertEqual(code // 100, 5, text)
        self.assertEqual(self.upstream.mails(), [])

    def test_partial_refusal_names_the_refused(self):
        self.mailgun.fault("refuse")
        self.mandrill.fault("partial=eve@example.org,reason=hard-bounce")
        code, text = self.send(
            ferry.simple(), ["bob@example.net", "eve@example.org"])
        self.assertEqual(code // 100, 5, text)
        self.assertIn("eve@example.org", text)
        mail, = self.mandrill.mails(1)
        self.assertEqual(mail.recipients, ["bob@example.net"])
        self.assertEqual(self.upstream.mails(), [])

    def test_mailgun_says_not_which_one_is_bad(self):
        self.mailgun.fault("partial=eve@example.org")
        self.expected = "'to' parameter is not a valid address"
        people = ["bob@example.net", "cleo@example.org", "eve@example.org"]
        code, text = self.send(ferry.simple(), people)
        self.assertEqual(code // 100, 5, text)
        self.assertIn("eve@example.org", text)
        got = [to for mail in self.mailgun.mails() for to in mail.recipients]
        self.assertEqual(sorted(got), people[:2])
        self.assertEqual(self.mandrill.mails(), [])

    def test_upstream_refuses_one_recipient(self):
        self.mailgun.fault("refuse")
        self.mandrill.fault("refuse")
        self.upstream.fault("partial=eve@example.org")
        code, text = self.send(
            ferry.simple(), ["bob@example.net", "eve@example.org"])
        self.assertEqual(code // 100, 5, text)
        mail, = self.upstream.mails(1)
        self.assertEqual(mail.recipients, ["bob@example.net"])

    def test_upstream_takes_so_many_in_one_mail(self):
        """Those that are too many go in further ones, at once; nothing is
        said against the server."""
        self.mailgun.fault("refuse")
        self.mandrill.fault("refuse")
        self.upstream.fault("accept=40,too-many")
        people = [f"r{i}@example.net" for i in range(150)]
        code, text = self.send(ferry.simple(), people)
        self.assertEqual(code, 250, text)
        mails = self.upstream.mails(4)
        # A hundred are asked for at a time, until it says otherwise.
        self.assertEqual([len(mail.recipients) for mail in mails],
                         [40, 40, 40, 30])
        self.assertEqual(sorted(to for mail in mails
                                for to in mail.recipients), sorted(people))
        self.assertNotRegex(
            self.ferry.text(), r"provider \w+ provider=upstream")
        self.accept(ferry.simple())
        self.assertEqual(self.upstream.count(), 5)


if __name__ == "__main__":
    ferry.main()
