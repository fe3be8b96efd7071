# SPDX-License-Identifier: MIT
"""A real Postfix hands over 200 mails while the providers fail in turn: all
arrive exactly once, and Postfix bounces nothing."""

import collections
import hashlib
import os
import random
import shutil
import time
import unittest

import durable
import ferry
import postfix

MAILS = 200
# What each provider does while its share of the mails comes in.
PHASES = [
    (None, None, None),
    ("refuse", None, None),
    ("unauthorized", "throttle=1,retry-after", None),
    ("reset-mid-body", "status=503,html", "refuse"),
    ("status=503", "reset-mid-body", None),
    ("throttle=1,retry-after", "refuse", None),
    ("refuse", "refuse", "refuse"),
]
# What must stand in the log, so that each of them was really met.
MET = [r"class=outage .*onnect", r"class=account status=401",
       r"class=throttle status=429", r"status=503", r"reset by peer|closed"]


@unittest.skipUnless(os.geteuid() == 0 and shutil.which("postqueue", path=
                     "/usr/sbin:/usr/bin"), "Postfix needs root")
class Postfix(ferry.Scenario):
    settings = {"server": {
        # A hundredth of what they are, so that a provider comes back soon.
        "pause_min": "50ms", "pause_max": "1s", "account_pause": "500ms",
        "throttle_pause": "500ms", "doubt_wait": "1200ms",
        "doubt_wait_error": "200ms", "doubt_wait_smtp": "1200ms",
        "doubt_move_smtp": "2s"}}

    def setUp(self):
        super().setUp()
        self.postfix = postfix.Postfix(
            self.home, int(self.address.rsplit(":", 1)[1]))

    def write_mail(self, number, seed):
        size = seed.choice([100, 900, 5000, 70_000, 400_000])
        blob = seed.randbytes(size)
        head = (f"From: Ann <ann@example.com>\nTo: bob{number}@example.net\n"
                f"Subject: number {number}\n"
                "Date: Fri, 21 Nov 2025 10:00:00 +0000\n"
                f"Message-ID: <{number}.d1@example.com>\n")
        self.digests[number] = hashlib.sha256(blob).hexdigest()
        return ferry.attach(head, "blob.bin", blob)

    def test_all_arrive_once(self):
        seed = random.Random(7)
        self.digests = {}
        simulators = (self.mailgun, self.mandrill, self.upstream)
        for phase, faults in enumerate(PHASES):
            for simulator, fault in zip(simulators, faults):
                simulator.fault(fault)
            share = range(phase * MAILS // len(PHASES),
                          (phase + 1) * MAILS // len(PHASES))
            for number in share:
                self.postfix.send(self.write_mail(number, seed),
                                  "ann@example.com",
                                  [f"bob{number}@example.net"])
            for number in share:
                self.postfix.wait_line(
                    rf"to=<bob{number}@example.net>.*status=(sent|deferred)")
        for simulator in simulators:
            simulator.fault(None)
        self.wait_until_gone()
        self.check_ledger(simulators)

    def wait_until_gone(self):
        """Its queue tells: its log may lack a line when it is busy."""
        begin, asked = time.monotonic(), 0
        while waiting := self.postfix.waiting():
            waited = time.monotonic() - begin
            self.assertLess(waited, 180, waiting)
            if waited > asked + 15:
                self.postfix.requeue()
                asked = waited
            durable.pause(0.2)

    def check_ledger(self, simulators):
        got = collections.Counter()
        for simulator in simulators:
            for mail in simulator.mails():
                number = int(mail.header("Subject").rsplit(" ", 1)[1])
                got[number] += 1
                self.assertEqual(mail.recipients,
                                 [f"bob{number}@example.net"])
                self.assertEqual(mail.files,
                                 {"blob.bin": self.digests[number]})
        self.assertEqual({n: c for n, c in got.items() if c != 1}, {})
        self.assertEqual(len(got), MAILS)
        self.assertNotRegex(self.postfix.text(), "status=(bounced|expired)")
        self.assertIn("status=deferred", self.postfix.text())
        for pattern in MET:
            self.assertRegex(self.ferry.text(), pattern)


if __name__ == "__main__":
    ferry.main()
