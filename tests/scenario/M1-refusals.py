# SPDX-License-Identifier: MIT
"""A provider that refuses everything is at fault, not the mails: none bounces,
and all arrive when it is well; one bad mail alone bounces after a while."""

import time

import durable
import ferry

MAILS = 200


class Everything(durable.Durable):
    """Alone, and as the first of three."""
    settings = {"server": {"account_pause": "2s",
                           "bounce_domains": "example.com"}}
    fault = "text=ValidationError"

    def send_all(self):
        for i in range(MAILS):
            self.accept(ferry.simple(subject=str(i)),
                        ("a@r%u.example" % i,), "s%u@example.com" % i)

    def check_all_delivered(self):
        self.queue.drain()
        totals = self.check_totals()
        self.assertEqual((totals["settled"], totals["bounced"]), (MAILS, 0))
        self.assertEqual(
            sum(simulator.count() for simulator in self.simulators()), MAILS)


class Alone(Everything):
    providers = ("mandrill",)

    def test_all_arrive_when_it_is_mended(self):
        self.mandrill.fault(self.fault)
        self.send_all()
        self.ferry.wait_line("refuses everything")
        while self.queue.counts()["waiting"] < MAILS:
            durable.pause(0.02)
        self.assertEqual(self.check_totals()["bounced"], 0)
        self.mandrill.fault(None)
        self.check_all_delivered()


class First(Everything):
    providers = ("mandrill", "mailgun", "upstream")

    def test_the_next_takes_them(self):
        self.mandrill.fault(self.fault)
        self.send_all()
        self.check_all_delivered()
        self.assertEqual(self.mandrill.count(), 0)
        self.assertLess(self.mandrill.requests(), 40)


class One(durable.Durable):
    """A single bad mail on a quiet host."""
    providers = ("mandrill", "upstream")
    settings = {"server": {"bounce_domains": "example.com",
                           "bounce_route": "reports",
                           "refusal_wait": "2s"},
                "route default": {"providers": "mandrill"},
                "route reports": {"providers": "upstream"}}

    def test_it_bounces_after_refusal_wait(self):
        self.mandrill.fault("text=ValidationError")
        begin = time.monotonic()
        self.accept(ferry.simple())
        self.upstream.mails(1)
        self.assertGreater(time.monotonic() - begin, 1.9)
        self.assertEqual(self.check_totals()["bounced"], 1)


class Soft(durable.Durable):
    providers = ("mandrill", "upstream")
    settings = {"server": {"soft_bounce": "yes", "refusal_wait": "0"}}

    def test_nothing_bounces(self):
        self.mandrill.fault("reject-reason=invalid")
        number = self.accept_id(ferry.simple())
        self.ferry.wait_line(r"would bounce, waits \(soft_bounce\)")
        recipient, = self.queue.story(number)["recipients"]
        self.assertIn("it would bounce but for soft_bounce",
                      recipient["text"])
        self.mandrill.fault(None)
        self.queue.drain()
        self.assertEqual(self.mandrill.count(), 1)
        self.assertEqual(self.check_totals()["bounced"], 0)


class Untried(durable.Durable):
    """Why a mail waits that nobody was asked to take."""
    providers = ("mandrill",)

    def test_it_names_the_provider(self):
        self.mandrill.fault("unauthorized")
        self.accept(ferry.simple())
        self.ferry.wait_line("refuses our account")
        number = self.accept_id(ferry.simple())
        self.ferry.wait_line("mail landed mail=" + number)
        self.assertRegex(
            self.queue.command("queue", "list").decode(),
            rf"(?m)^{number} .* waiting; no provider was asked: mandrill is "
            r"unusable until 20\S+$")
        self.mandrill.fault(None)


if __name__ == "__main__":
    ferry.main()
