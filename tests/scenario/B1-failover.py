# SPDX-License-Identifier: MIT
"""Mailgun is down: Mandrill; both are down: upstream SMTP; all: 451."""

import time

import ferry


class Failover(ferry.Scenario):
    settings = {"server": {"pause_min": "30s"}}

    def counts(self):
        return [simulator.count() for simulator in
                (self.mailgun, self.mandrill, self.upstream)]

    def test_down_the_route(self):
        self.accept(ferry.simple(subject="one"))
        self.assertEqual(self.counts(), [1, 0, 0])
        self.mailgun.fault("refuse")
        self.accept(ferry.simple(subject="two"))
        self.assertEqual(self.counts(), [1, 1, 0])
        self.mandrill.fault("refuse")
        data = ferry.simple(subject="three")
        self.accept(data)
        self.assertEqual(self.counts(), [1, 1, 1])
        raw = self.upstream.mails(1)[0].raw
        self.assertTrue(raw.startswith(b"Received: "), raw)
        self.assertTrue(raw.endswith(data), raw)
        self.upstream.fault("refuse")
        code, text = self.send(ferry.simple(subject="four"))
        self.assertEqual(code, 451, text)
        self.assertEqual(self.counts(), [1, 1, 1])

    def test_a_provider_that_failed_is_not_asked_for_each_mail(self):
        self.mailgun.fault("status=503,html")
        for _ in range(20):
            self.accept(ferry.simple())
        self.assertEqual(self.mailgun.requests(), 5)
        self.assertEqual(self.counts(), [0, 20, 0])


class Throttle(ferry.Scenario):
    """Too many requests: not asked before the time it named."""

    def test_not_before_its_time(self):
        self.mailgun.fault("throttle=60,retry-after")
        for _ in range(10):
            self.accept(ferry.simple())
        self.assertEqual(self.mailgun.requests(), 1)
        self.assertEqual(self.mandrill.count(), 10)

    def test_again_after_it(self):
        self.mailgun.fault("throttle=1,retry-after count=1")
        for _ in range(10000):
            self.accept(ferry.simple())
            if self.mailgun.count():
                return
        self.fail("Mailgun was not asked again")


class Unreachable(ferry.Scenario):
    """The slowest way of being down: nothing comes back at all."""
    settings = {"provider mailgun": {"connect_timeout": "2s"}}

    def start_ferry(self):
        self.addresses["mailgun"], self.keep = ferry.connect_to_nobody()
        self.addCleanup(self.close)
        super().start_ferry()

    def close(self):
        for one in self.keep:
            one.close()

    def test_one_connect_timeout_then_at_once(self):
        begin = time.monotonic()
        self.accept(ferry.simple())
        self.assertGreater(time.monotonic() - begin, 1.9)
        self.ferry.wait_line("provider paused provider=mailgun")
        self.accept(ferry.simple())
        self.assertEqual(self.mandrill.count(), 2)
        failed = [line for line in list(self.ferry.lines)
                  if "delivery failed" in line]
        self.assertEqual(len(failed), 1, failed)


class Return(ferry.Scenario):
    settings = {"server": {"pause_min": "50ms", "pause_max": "200ms"}}

    def test_a_provider_that_is_back_is_used_again(self):
        self.mailgun.fault("refuse")
        self.accept(ferry.simple())
        self.mailgun.fault(None)
        for _ in range(1000):
            self.accept(ferry.simple())
            if self.mailgun.mails():
                return
        self.fail("Mailgun was not asked again")


if __name__ == "__main__":
    ferry.main()
