# SPDX-License-Identifier: MIT
"""A client that was told 451 sends its mail again: who has it is skipped, and
what is in doubt is waited out."""

import ferry

BOTH = ["bob@example.net", "eve@example.org"]
SETTINGS = {"server": {"pause_min": "10ms", "pause_max": "20ms",
                       "throttle_pause": "10ms"}}


class Resend(ferry.Scenario):
    providers = ("upstream",)
    settings = SETTINGS

    def test_all_down_then_up(self):
        data = ferry.simple()
        self.upstream.fault("refuse")
        self.assertEqual(self.send(data, BOTH)[0], 451)
        self.upstream.fault(None)
        self.send_until(250, data, BOTH)
        mail, = self.upstream.mails(1)
        self.assertEqual(mail.recipients, BOTH)


class Skip(ferry.Scenario):
    """Mandrill takes it for one of two, and nobody is there for the other."""
    providers = ("mandrill", "upstream")
    settings = SETTINGS

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
        self.send_until(250, data, BOTH)
        mail, = self.upstream.mails(1)
        self.assertEqual(mail.recipients, BOTH[1:])

    def test_another_mail_is_not_skipped(self):
        self.send_half(ferry.simple())
        self.send_until(250, ferry.simple(), BOTH)
        self.assertEqual(self.upstream.mails(1)[0].recipients, BOTH)


class Doubt(ferry.Scenario):
    """Mailgun took the whole mail and hung up: nobody knows."""
    providers = ("mailgun", "mandrill")
    settings = {"server": {"doubt_wait": "6s", "doubt_wait_error": "1s",
                           "answer_floor": "500ms",
                           "pause_min": "10ms", "pause_max": "20ms"},
                "listener local": {"deadline": "1s"}}

    def test_nobody_else_gets_it_while_in_doubt(self):
        data = ferry.simple()
        self.mailgun.fault("reset-accepted")
        code, text = self.send(data)
        self.assertEqual(code, 451, text)
        self.mailgun.fault(None)
        code, text = self.send(data)
        self.assertEqual(code, 451, text)
        self.assertEqual(self.mailgun.count(), 1)
        self.assertEqual(self.mandrill.mails(), [])

    def test_after_the_wait_it_is_sent_on(self):
        data = ferry.simple()
        self.mailgun.fault("reset-after-body")
        self.assertEqual(self.send(data)[0], 451)
        self.send_until(250, data)
        self.assertEqual(self.mailgun.mails(), [])
        self.assertEqual(self.mandrill.count(), 1)


class UpstreamDoubt(ferry.Scenario):
    """An SMTP server took the mail and its last word is missing."""
    providers = ("upstream", "mailgun")
    settings = {**Doubt.settings,
                "server": {**Doubt.settings["server"],
                           "doubt_wait_smtp": "6s", "doubt_move_smtp": "7s"},
                "provider upstream": {"answer_timeout": "500ms"}}

    def check(self, words):
        data = ferry.simple()
        self.upstream.fault(words)
        code, text = self.send(data, BOTH)
        self.assertEqual(code, 451, text)
        self.upstream.fault(None)
        code, text = self.send(data, BOTH)
        self.assertEqual(code, 451, text)
        self.assertEqual(self.upstream.count(), 1)
        self.assertEqual(self.mailgun.mails(), [])
        self.send_until(250, data, BOTH)

    def test_closed_after_the_dot(self):
        self.check("close-after-dot-accepted")

    def test_silent_after_the_dot(self):
        self.check("silent-after-dot,accepted")

    def test_reset_after_the_dot(self):
        self.check("reset-accepted")


class UpstreamEnds(ferry.Scenario):
    """An SMTP server ends the session among several recipients, and the next
    provider has the mail."""
    providers = ("upstream", "mailgun")
    settings = SETTINGS

    def check(self, words):
        self.upstream.fault(words)
        self.accept(ferry.simple(), [f"r{i}@example.net" for i in range(5)])
        self.assertEqual(self.upstream.mails(), [])
        self.assertEqual(self.mailgun.count(), 1)

    def test_421_to_rcpt(self):
        self.check("rcpt=421")

    def test_421_to_mail(self):
        self.check("mail=421")

    def test_reset_before_the_body(self):
        self.check("reset-before-body")


if __name__ == "__main__":
    ferry.main()
