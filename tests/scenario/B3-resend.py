# SPDX-License-Identifier: MIT
"""A client that was told 451 sends its mail again: who has it is skipped, and
what is in doubt is waited out."""

import ferry

BOTH = ["bob@example.net", "eve@example.org"]


class Again:
    settings = {"server": {"pause_min": "10ms", "pause_max": "20ms",
                           "throttle_pause": "10ms"}}

    def send_until_accepted(self, data, recipients):
        """As a queue does, at most a few hundred times."""
        for _ in range(500):
            code, text = self.send(data, recipients)
            if code != 451:
                return code, text
        self.fail("still 451")


class Resend(Again, ferry.Scenario):
    providers = ("upstream",)
    settings = Again.settings

    def test_all_down_then_up(self):
        data = ferry.simple()
        self.upstream.fault("refuse")
        self.assertEqual(self.send(data, BOTH)[0], 451)
        self.upstream.fault(None)
        code, text = self.send_until_accepted(data, BOTH)
        self.assertEqual(code, 250, text)
        mail, = self.upstream.mails(1)
        self.assertEqual(mail.recipients, BOTH)


class Skip(Again, ferry.Scenario):
    """Mandrill takes it for one of two, and nobody is there for the other."""
    providers = ("mandrill", "upstream")
    settings = Again.settings

    def send_half(self, data):
        self.mandrill.fault("partial=eve@example.org,reason=unsigned")
        self.upstream.fault("refuse")
        code, text = self.send(data, BOTH)
        self.assertEqual(code, 451, text)
        self.assertEqual(self.mandrill.mails(1)[0].recipients, BOTH[:1])
        self.mandrill.fault("refuse")
        self.upstream.fault(None)

    def test_who_has_it_is_skipped(self):
        data = ferry.simple()
        self.send_half(data)
        code, text = self.send_until_accepted(data, BOTH)
        self.assertEqual(code, 250, text)
        mail, = self.upstream.mails(1)
        self.assertEqual(mail.recipients, BOTH[1:])

    def test_another_mail_is_not_skipped(self):
        self.send_half(ferry.simple())
        code, text = self.send_until_accepted(ferry.simple(), BOTH)
        self.assertEqual(code, 250, text)
        self.assertEqual(self.upstream.mails(1)[0].recipients, BOTH)


class Doubt(ferry.Scenario):
    """Mailgun took the whole mail and hung up: nobody knows."""
    providers = ("mailgun", "mandrill")
    settings = {"server": {"doubt_wait": "3s", "doubt_wait_error": "1s",
                           "deadline": "1s", "answer_floor": "500ms",
                           "pause_min": "10ms", "pause_max": "20ms"}}

    def test_nobody_else_gets_it_while_in_doubt(self):
        data = ferry.simple()
        self.mailgun.fault("reset-accepted")
        code, text = self.send(data)
        self.assertEqual(code, 451, text)
        self.mailgun.fault(None)
        code, text = self.send(data)
        self.assertEqual(code, 451, text)
        self.assertEqual(len(self.mailgun.mails()), 1)
        self.assertEqual(self.mandrill.mails(), [])

    def test_after_the_wait_it_is_sent_on(self):
        data = ferry.simple()
        self.mailgun.fault("reset-after-body")
        self.assertEqual(self.send(data)[0], 451)
        for _ in range(100):
            code, text = self.send(data)
            if code == 250:
                break
        self.assertEqual(code, 250, text)
        self.assertEqual(self.mailgun.mails(), [])
        self.assertEqual(len(self.mandrill.mails()), 1)


if __name__ == "__main__":
    ferry.main()
