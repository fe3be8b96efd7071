# SPDX-License-Identifier: MIT
"""Y5: who bounced, complained or unsubscribed gets no mail any more, by whatever
provider; and a sender who knows of nothing but bounces hears of it."""

import email
import email.policy
import os
import time

import durable
import ferry

# Any port; of these scenarios alone.
os.environ["POSTFERRY_SERVER_HTTP_ADDRESS"] = "127.0.0.1:0"

KEY = "webhook-key-0123456789"
URL = "http://ferry.example.com/v1/events/mandrill"
BOB, SPAM, CAROL = "bounce@example.net", "complain@example.net", "carol@example.net"
ANN = "ann@example.com"


class Told(durable.Durable):
    """The simulators bounce, and tell of it."""
    settings = {"server": {"probe_interval": "0",
                           "bounce_route": "reports",
                           "bounce_domains": "example.com"},
                "provider mailgun": {"webhook_key": KEY},
                "provider mandrill": {"webhook_key": KEY, "webhook_url": URL},
                "route default": {"providers": "mailgun, mandrill"},
                "route reports": {"providers": "upstream"}}

    def start_ferry(self, *arguments, settings=None):
        super().start_ferry(*arguments, settings=settings)
        self.hire()

    def restart(self, *arguments):
        super().restart(*arguments)
        self.hire()

    def hire(self):
        """The simulators post to the door that there is now."""
        door = self.ferry.wait_line(r"serving HTTP address=(\S+)")[1]
        for name in ("mailgun", "mandrill"):
            getattr(self, name).ask(
                "PUT", "/webhook",
                f"http://{door}/v1/events/{name} {KEY} {URL}")

    def wait_for(self, look, what):
        deadline = time.monotonic() + ferry.PATIENCE
        while not (found := look()):
            if time.monotonic() > deadline:
                raise ferry.Stuck(what)
            durable.pause(0.05)
        return found

    def listed(self):
        answer = self.ask("GET", "/v1/suppressions")
        return {one["address"]: one for one in answer["suppressions"]}

    def ask(self, method, target):
        code, body = self.queue.ask(target, method)
        self.assertEqual(code, 200, body)
        return body

    def wait_listed(self, address):
        return self.wait_for(lambda: self.listed().get(address),
                             f"{address} is not on the list")

    def settled(self, number):
        """The recipients of the mail, when it is through."""
        self.wait_for(
            lambda: self.queue.story(number)["state"] == "finished",
            f"{number} is not finished")
        return {one["address"]: one
                for one in self.queue.story(number)["recipients"]}

    def report(self):
        mail, = self.upstream.mails(1)
        self.assertEqual(mail.recipients, [ANN])
        return email.message_from_bytes(mail.raw,
                                        policy=email.policy.default)


class Listed(Told):
    def test_honoured_across_providers_and_restarts(self):
        first = self.accept_id(ferry.simple(), recipients=[BOB], sender=ANN)
        self.assertEqual(self.settled(first)[BOB]["provider"], "mailgun")
        row = self.wait_listed(BOB)
        self.assertEqual((row["why"], row["provider"], row["message"]),
                         ("hard_bounce", "mailgun", first))
        self.mailgun.fault("status=503")  # so that Mandrill has its turn
        asked = self.mandrill.count()
        second = self.accept_id(ferry.simple(), recipients=[BOB, CAROL],
                                sender=ANN)
        said = self.settled(second)
        self.assertEqual(said[CAROL]["state"], "accepted")
        self.assertEqual((said[BOB]["state"], said[BOB]["suppressed"],
                          said[BOB]["provider"]), ("refused", True, None))
        self.assertEqual(self.mandrill.count(), asked + 1)
        for mail in self.mandrill.mails(asked + 1)[asked:]:
            self.assertEqual(mail.recipients, [CAROL])
        text = self.report().as_string()
        self.assertIn("Status: 5.7.1", text)
        self.assertIn("suppression list", text)
        self.restart()
        third = self.accept_id(ferry.simple(), recipients=[BOB], sender="")
        self.wait_for(lambda: self.queue.story(third)["state"] == "held",
                      "nobody is there to be told, and it is not held")
        self.ask("POST", f"/v1/messages/{third}/drop")
        self.assertEqual(self.mandrill.count(), asked + 1)
        # taken off, he gets mail again
        self.assertEqual(self.ask(
            "DELETE", f"/v1/suppressions?address={BOB}")["changed"], 1)
        fourth = self.accept_id(ferry.simple(), recipients=[BOB], sender=ANN)
        self.assertEqual(self.settled(fourth)[BOB]["state"], "accepted")
        self.check_totals()

    def test_a_complaint_by_the_other_provider(self):
        self.mailgun.fault("status=503")
        first = self.accept_id(ferry.simple(), recipients=[SPAM], sender=ANN)
        self.assertEqual(self.settled(first)[SPAM]["provider"], "mandrill")
        self.assertEqual(self.wait_listed(SPAM)["why"], "complaint")
        self.mailgun.fault("")
        second = self.accept_id(ferry.simple(), recipients=[SPAM], sender=ANN)
        self.assertTrue(self.settled(second)[SPAM]["suppressed"])
        # a mail that is to go all the same says so
        third = self.accept_id(
            b"X-Postferry-Suppress: no\r\n" + ferry.simple(),
            recipients=[SPAM], sender=ANN)
        self.assertEqual(self.settled(third)[SPAM]["state"], "accepted")


class Reported(Told):
    settings = {**Told.settings,
                "server": {**Told.settings["server"], "suppress": "none",
                           "event_reports": "yes"}}

    def test_a_late_bounce_reaches_its_sender_once(self):
        number = self.accept_id(ferry.simple(subject="Late"),
                                recipients=[BOB, CAROL], sender=ANN)
        self.settled(number)
        self.ferry.wait_line(r"bounce made .*mail=" + number)
        report = self.report()
        self.assertEqual(report.get_content_type(), "multipart/report")
        text = report.as_string()
        self.assertIn(f"Final-Recipient: rfc822; {BOB}", text)
        self.assertIn("Action: failed", text)
        self.assertIn("Status: 5.1.1", text)
        self.assertIn("no such mailbox", text)
        self.assertIn("Subject: Late", text)
        self.assertNotIn(CAROL, text)
        self.assertEqual(self.listed(), {})
        # the recipient stays what he was, the report is a mail of its own
        self.queue.drain()
        states = {one["address"]: one["state"] for one in
                  self.queue.story(number)["recipients"]}
        self.assertEqual(states, {BOB: "accepted", CAROL: "accepted"})
        totals = self.check_totals()
        self.assertEqual((totals["accepted"], totals["settled"]), (3, 3))

    def test_nobody_is_told_who_does_not_want_to_be(self):
        number = self.accept_id(ferry.simple(), recipients=[BOB], sender="")
        self.settled(number)
        self.ferry.wait_line(
            r"report of an event not made mail=" + number + r".*no sender")
        self.assertEqual(self.upstream.count(), 0)


if __name__ == "__main__":
    ferry.main()
