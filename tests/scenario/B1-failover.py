# SPDX-License-Identifier: MIT
"""Mailgun is down: Mandrill; both are down: upstream SMTP; all: 451."""

import time

import ferry


class Failover(ferry.Scenario):
    settings = {"server": {"pause_min": "30s"},
                "provider mailgun": {"connect_timeout": "2s"},
                "provider mandrill": {"connect_timeout": "2s"}}

    def counts(self):
        return [len(simulator.mails()) for simulator in
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

    def test_within_one_connect_timeout_then_at_once(self):
        # Nothing answers at all: the slowest way of being down.
        self.mailgun.fault("blackhole")
        begin = time.monotonic()
        self.accept(ferry.simple())
        first = time.monotonic() - begin
        begin = time.monotonic()
        self.accept(ferry.simple())
        second = time.monotonic() - begin
        self.assertEqual(self.counts()[:2], [0, 2])
        # A black hole takes the connection, so it costs the answer's timeout.
        self.assertLess(second, first)

    def test_a_provider_that_failed_is_not_asked_for_each_mail(self):
        self.mailgun.fault("status=503,html")
        for _ in range(20):
            self.accept(ferry.simple())
        self.assertEqual(self.mailgun.requests(), 1)
        self.assertEqual(self.counts(), [0, 20, 0])


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
