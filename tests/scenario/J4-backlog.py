# SPDX-License-Identifier: MIT
"""A backlog waits on disk for a provider that is down; when it is back the
backlog comes as fast as it is taken, and fresh mail does not wait for it.

MAILS=10000: how many wait."""

import os
import re
import threading
import time

import durable
import ferry
import ledger
import load

MAILS = int(os.environ.get("MAILS", "1500"))
# The rest of what the provider has, so that the drain lasts.
SLOW_MS = 30
FRESH_EACH = 0.05
# Generous: a busy machine is no reason to fail.
FRESH_DELAY = 2.0
GROWTH_MB = 24


class Watch(threading.Thread):
    """Samples until it is stopped: the most memory, and how many sends there
    were at once when so many mails were accepted."""

    def __init__(self, scenario):
        super().__init__(daemon=True)
        self.scenario = scenario
        self.most_kb, self.samples = 0, []
        self.over = threading.Event()
        scenario.mailgun.ask("DELETE", "/most")
        self.before = scenario.mailgun.state()["accepted"]

    def run(self):
        while not self.over.wait(0.02):
            state = self.scenario.mailgun.state()
            self.samples.append((state["accepted"] - self.before,
                                 state["most_busy"]))
            self.most_kb = max(self.most_kb, self.scenario.queue.memory_kb())

    def stop(self):
        self.over.set()
        self.join()


class Backlog(durable.Durable):
    providers = ("mailgun",)
    settings = {"server": {"pause_min": "500ms", "pause_max": "1s",
                           "retry": "1h", "probe_interval": "0"},
                "provider mailgun": {"connections": "32"}}

    def fill(self):
        self.mailgun.fault("status=503")
        self.book = ledger.Ledger()
        filler = load.Load(self.book, 7, sessions=20, pace=0,
                           sizes=((100, 4_000, 6_000),))
        filler.start(self.address, most=MAILS)
        filler.join()
        deadline = time.monotonic() + ferry.PATIENCE
        while self.queue.counts()["active"] > 0:
            self.assertLess(time.monotonic(), deadline)
            durable.pause(0.02)

    def send_fresh(self):
        """As long as the backlog lasts; the seconds each took to arrive."""
        sent = {}
        deadline = time.monotonic() + 10 * ferry.PATIENCE
        number = 0
        while self.queue.counts()["waiting"] > 0:
            self.assertLess(time.monotonic(), deadline)
            name = f"fresh-{number}"
            letter = self.book.write(name, load.addresses(name), 5_000)
            with ferry.Client(self.address) as client:
                letter.answered(*client.mail(
                    letter.sender, letter.recipients, letter.data),
                    time.time())
            sent[name] = letter.told
            number += 1
            durable.pause(FRESH_EACH)
        self.queue.drain()
        first = {}
        for arrival in ledger.read_arrivals(self.simulators()):
            first.setdefault(arrival.name, arrival.time_ms / 1000)
        return [first[name] - told for name, told in sent.items()]

    def check_ramp(self, samples):
        """One at a time while it is tried, +1 for each success up to 10, then
        +1 for each round."""
        for accepted, most in samples:
            allowed = 1 + min(accepted, 9) + max(0, accepted - 9) // 10
            self.assertLessEqual(most, max(allowed, 1), (accepted, most))

    def test_comes_back(self):
        idle_kb = self.queue.memory_kb()
        self.fill()
        filled_kb = self.queue.memory_kb()
        waiting = self.queue.counts()["waiting"]
        watch = Watch(self)
        self.mailgun.fault(f"slow={SLOW_MS}")
        watch.start()
        self.ferry.wait_line("provider back provider=mailgun")
        began = time.monotonic()
        delays = self.send_fresh()
        seconds = time.monotonic() - began
        watch.stop()
        print(f"backlog: {waiting} mails waited, drained in {seconds:.1f} s"
              f" with {len(delays)} fresh ones: median"
              f" {durable.percentile(delays, 50):.3f} s, p99"
              f" {durable.percentile(delays, 99):.3f} s, last"
              f" {max(delays):.3f} s; memory {idle_kb >> 10} MB at first,"
              f" {filled_kb >> 10} MB filled, {watch.most_kb >> 10} MB at"
              f" most; {watch.samples[-1][1]} requests at once at most",
              flush=True)
        judgement = ledger.Judgement(
            self.book, ledger.read_arrivals(self.simulators()),
            self.find_elsewhere(self.book))
        self.assertEqual(judgement.faults(), [])
        self.check_ramp(watch.samples)
        self.assertLess(durable.percentile(delays, 99), FRESH_DELAY)
        if not durable.is_sanitized():
            self.assertLess(watch.most_kb - filled_kb, GROWTH_MB << 10)


class Apart(durable.Durable):
    """Two routes of one provider each, and the first one's is down."""
    providers = ("mailgun", "mandrill")
    settings = {"server": {"pause_min": "1s", "pause_max": "1h",
                           "account_pause": "1h", "retry": "1h",
                           "probe_interval": "0"},
                "route default": {"providers": "mandrill"},
                "route other": {"providers": "mailgun",
                                "header": "X-Class: other"}}

    def wait_landed(self, number, start=0):
        self.ferry.wait_line(rf"mail landed mail={number} .*waiting=1", start)

    def read_schedule(self, numbers):
        """{id: when it is due}, of each once it waits."""
        due = {}
        deadline = time.monotonic() + ferry.PATIENCE
        while len(due) < len(numbers):
            self.assertLess(time.monotonic(), deadline)
            for number in numbers:
                story = self.queue.story(number)
                if story.get("due"):
                    due[number] = story["due"]
            durable.pause(0.02)
        return due

    def test_trial(self):
        """A provider whose pause is over is tried with a mail that may go by
        it, however many others have waited longer; those stay as they were,
        and one that a person wants tried does too."""
        self.fault_all("status=401")
        others = [self.accept_id(ferry.simple(f"other {i}", X_Class="other"))
                  for i in range(12)]
        for number in others:
            self.wait_landed(number)
        before = self.read_schedule(others)
        start = len(self.ferry.lines)
        self.queue.command("queue", "retry", others[0])
        self.wait_landed(others[0], start)
        self.mandrill.fault("status=503")
        own = []
        for i in range(5):  # at once they would be one failure
            own.append(self.accept_id(ferry.simple(f"own {i}")))
            self.wait_landed(own[-1])
        self.mandrill.fault(None)
        self.ferry.wait_line("provider back provider=mandrill")
        for number in own:
            self.ferry.wait_line(f"mail finished mail={number}")
        self.assertEqual(self.read_schedule(others), before)
        rounds = re.findall(f"mail landed mail={others[0]} .* rounds=([0-9]+)",
                            self.ferry.text())
        self.assertEqual(set(rounds), {"1"})


if __name__ == "__main__":
    ferry.main()
