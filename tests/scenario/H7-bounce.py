# SPDX-License-Identifier: MIT
"""Mail that nobody will take is told to its sender, in the form of RFC 3464,
by the bounce_route; and held for a person where nobody may be told."""

import email
import email.policy

import durable
import ferry

ANN, EVE = "ann@example.com", "eve@example.org"


class Bounce(durable.Durable):
    """Mail goes by Mandrill, reports go by the upstream server."""
    providers = ("mandrill", "upstream")
    settings = {"server": {"bounce_route": "reports",
                           "bounce_domains": "example.com"},
                "route default": {"providers": "mandrill"},
                "route reports": {"providers": "upstream"}}
    refusal = "reject-reason=hard-bounce"

    def refuse(self, data=None, recipients=(EVE,), sender=ANN):
        self.mandrill.fault(self.refusal)
        return self.accept_id(data or ferry.simple(subject="Refused"),
                              recipients, sender)

    def report(self):
        """The one report, as a mail client reads it."""
        mail, = self.upstream.mails(1)
        self.assertEqual(mail.recipients, [ANN])
        self.assertIn(mail.record.get("sender"), (None, ""))
        return email.message_from_bytes(mail.raw,
                                        policy=email.policy.default)

    def assert_held(self, number, pattern):
        while self.queue.story(number)["state"] != "held":
            durable.pause(0.02)
        story = self.queue.story(number)
        self.assertRegex(story["hold"], pattern)
        self.assertEqual(self.upstream.count(), 0)
        self.check_totals()
        return story


class Refused(Bounce):
    def test_the_report(self):
        number = self.refuse()
        report = self.report()
        self.assertEqual(report.get_content_type(), "multipart/report")
        self.assertEqual(report.get_param("report-type"), "delivery-status")
        self.assertEqual(report["To"].addresses[0].addr_spec, ANN)
        self.assertTrue(report["From"].addresses[0].addr_spec.startswith(
            "MAILER-DAEMON@"))
        self.assertEqual(report["Auto-Submitted"], "auto-replied")
        for name in ("Subject", "Date", "Message-ID"):
            self.assertTrue(report[name], name)
        text, status, original = report.iter_parts()
        self.assertEqual(text.get_content_type(), "text/plain")
        self.assertIn(EVE, text.get_content())
        self.check_status(status, "failed", r"5\.\d+\.\d+")
        self.assertEqual(original.get_content_type(), "text/rfc822-headers")
        self.assertIn("Subject: Refused", original.get_content())
        self.queue.drain()
        story = self.queue.story(number)
        self.assertEqual(story["recipients"][0]["state"], "refused")
        totals = self.check_totals()
        self.assertEqual((totals["bounced"], totals["settled"]), (1, 1))

    def check_status(self, part, action, pattern):
        self.assertEqual(part.get_content_type(), "message/delivery-status")
        mail, recipient = part.get_payload()
        self.assertEqual(mail["Reporting-MTA"], "dns; ferry.example.com")
        self.assertTrue(mail["Arrival-Date"])
        self.assertEqual(recipient["Final-Recipient"], f"rfc822; {EVE}")
        self.assertEqual(recipient["Action"], action)
        self.assertRegex(recipient["Status"], rf"^{pattern}$")

    def test_only_who_was_refused(self):
        self.mandrill.fault(f"partial={EVE},reason=hard-bounce")
        self.accept(ferry.simple(), ["bob@example.net", EVE])
        report = self.report()
        _, status, _ = report.iter_parts()
        self.assertEqual(len(status.get_payload()), 2)
        self.check_status(status, "failed", r"5\.\d+\.\d+")
        self.assertEqual(self.mandrill.mails(1)[0].recipients,
                         ["bob@example.net"])

    def test_the_report_survives_a_crash(self):
        self.upstream.fault("refuse")
        self.refuse()
        while self.queue.counts()["waiting"] != 1:
            durable.pause(0.02)
        self.restart(durable.signal.SIGKILL)
        self.upstream.fault(None)
        self.report()
        self.queue.drain()
        self.check_totals()


class NobodyToTell(Bounce):
    def test_null_sender(self):
        number = self.refuse(sender="")
        self.assert_held(number, "sender")

    def test_sender_elsewhere(self):
        number = self.refuse(sender="ann@elsewhere.example")
        self.assert_held(number, "bounce_domains")

    def test_automatic_mail(self):
        number = self.refuse(ferry.simple(Auto_Submitted="auto-replied"))
        self.assert_held(number, "Auto-Submitted")

    def test_a_report_that_is_refused(self):
        self.upstream.fault("rcpt=550")
        number = self.refuse()
        while self.queue.counts()["held"] != 1:
            durable.pause(0.02)
        report, = self.queue.list("held")
        self.assertRegex(
            self.queue.command("why", number).decode(),
            rf"Its sender is told by the bounce {report['id']}: held: ")
        self.assertTrue(report["report"])
        self.assertEqual(report["recipients"][0]["address"], ANN)
        self.assertEqual(self.upstream.count(), 0)
        self.check_totals()

    def test_a_person_may_release_it(self):
        number = self.refuse(sender="")
        self.assert_held(number, "sender")
        self.mandrill.fault(None)
        self.queue.command("queue", "release", number)
        self.assertEqual(self.mandrill.mails(1)[0].recipients, [EVE])
        self.queue.drain()
        self.check_totals()


class GivenUp(Bounce):
    settings = {**Bounce.settings,
                "server": {**Bounce.settings["server"], "give_up": "1s",
                           "retry": "200ms"}}
    refusal = "refuse"

    def test_after_its_time(self):
        self.refuse()
        report = self.report()
        self.assertRegex(report["Received"], r"^by \S+ \(postferry\) id ")
        text, status, _ = report.iter_parts()
        recipient = status.get_payload()[1]
        self.assertEqual(recipient["Action"], "failed")
        self.assertEqual(recipient["Status"], "4.4.7")
        self.assertNotIn("Remote-MTA", recipient)
        self.assertRegex(recipient["Diagnostic-Code"],
                         r"^x-postferry; gave up after \d+ s; last tried "
                         r"mandrill: ")
        self.assertRegex(text.get_content(),
                         r"it was tried for \d+ s, and no provider took it; "
                         r"last tried\s+mandrill:\s")
        self.queue.drain()
        self.check_totals()
        self.assertEqual(self.mandrill.count(), 0)


class Delayed(Bounce):
    settings = {**Bounce.settings,
                "server": {**Bounce.settings["server"], "warn_after": "500ms",
                           "retry": "200ms"}}
    refusal = "refuse"

    def test_told_once_then_delivered(self):
        number = self.refuse()
        _, status, _ = self.report().iter_parts()
        recipient = status.get_payload()[1]
        self.assertEqual(recipient["Action"], "delayed")
        self.assertTrue(recipient["Will-Retry-Until"])
        self.mandrill.fault(None)
        self.mandrill.mails(1)
        self.queue.drain()
        self.assertEqual(self.upstream.count(), 1, "told more than once")
        self.assertEqual(self.queue.story(number)["state"], "finished")
        self.check_totals()


class DelayedTooLong(Bounce):
    """Whoever takes the reports is away, too."""
    settings = {**Bounce.settings,
                "server": {**Bounce.settings["server"], "warn_after": "200ms",
                           "give_up": "1s", "retry": "200ms"},
                "route reports": {"providers": "upstream", "give_up": "5d"}}
    refusal = "refuse"

    def test_no_warning_after_the_end(self):
        self.upstream.fault("refuse")
        number = self.refuse()
        while (self.queue.story(number)["state"] != "finished" or
               self.queue.counts()["waiting"] != 1):
            durable.pause(0.02)
        self.upstream.fault(None)
        _, status, _ = self.report().iter_parts()
        self.check_action(status, "failed")
        self.queue.drain()
        self.assertEqual(self.upstream.count(), 1, "warned too late")
        self.check_totals()

    def check_action(self, status, action):
        self.assertEqual(status.get_payload()[1]["Action"], action)


if __name__ == "__main__":
    ferry.main()
