# SPDX-License-Identifier: MIT
"""A provider dies under load, comes back, and flaps: nothing is lost, mail
moves to the next one soon, and who comes back is not overrun.

RATE=200: mails a second; SECONDS=4: before, and while it is dead;
FULL=1: how soon, too, which wants a machine for itself."""

import os
import re
import threading
import time

import durable
import ferry
import ledger
import load

FULL = os.environ.get("FULL") == "1"
RATE = int(os.environ.get("RATE", "200"))
SECONDS = float(os.environ.get("SECONDS", "4"))
SESSIONS = 20
SIZES = ((100, 1_000, 5_000),)

PAUSED = re.compile(r"provider paused provider=mailgun")


class Watch(threading.Thread):
    """Samples a simulator: (seconds, mails accepted, most sends at once)."""

    def __init__(self, simulator):
        super().__init__(daemon=True)
        self.simulator = simulator
        self.samples = []
        self.over = threading.Event()
        simulator.ask("DELETE", "/most")
        self.before = simulator.state()["accepted"]
        self.began = time.monotonic()

    def run(self):
        while not self.over.wait(0.01):
            state = self.simulator.state()
            self.samples.append((time.monotonic() - self.began,
                                 state["accepted"] - self.before,
                                 state["most_busy"]))

    def stop(self):
        self.over.set()
        self.join()


class Recovery(durable.Durable):
    providers = ("mailgun", "mandrill")
    settings = {"server": {"pause_min": "500ms", "pause_max": "4s",
                           "doubt_asks": "200ms, 1s", "doubt_wait": "20s",
                           "probe_interval": "0"},
                # what is slow only because the machine is busy is no doubt
                "provider mailgun": {"answer_timeout": "10s",
                                     "connect_timeout": "500ms"}}

    def setUp(self):
        super().setUp()
        self.book = ledger.Ledger()
        self.load = load.Load(self.book, 5, sessions=SESSIONS,
                              pace=SESSIONS / RATE, sizes=SIZES)

    def openings(self):
        return sum(bool(PAUSED.search(line)) for line in
                   list(self.ferry.lines))

    def finish_all(self, copies=False):
        self.load.stop()
        self.queue.drain(3 * ferry.PATIENCE)
        judgement = ledger.Judgement(
            self.book, ledger.read_arrivals(self.simulators()),
            self.find_elsewhere(self.book))
        self.assertEqual(
            judgement.faults(judgement.doubled if copies else ()), [])
        extra = sum(judgement.doubled.values()) - len(judgement.doubled)
        self.assertLessEqual(
            extra, self.check_totals()["possible_duplicates"])
        return judgement

    def delays(self, since, until):
        """Seconds from the 250 to the first arrival, of mails told then."""
        first = {}
        for arrival in ledger.read_arrivals(self.simulators()):
            first.setdefault(arrival.name, arrival.time_ms / 1000)
        return [first[letter.name] - letter.told
                for letter in self.book.accepted()
                if since <= letter.told < until]

    def die(self, fault):
        """Under load; when it died."""
        self.load.start(self.address)
        durable.pause(SECONDS)
        died = time.time()
        self.mailgun.fault(fault)
        durable.pause(SECONDS)
        return died

    def report(self, what, died):
        end = died + SECONDS
        delays = self.delays(died - 1, end)
        told = len(self.delays(0, end)) / (2 * SECONDS)
        opened = self.openings()
        print(f"{what}: {told:.0f} mails/s, {len(delays)} from a second"
              f" before until {SECONDS:g} s behind the death: median"
              f" {durable.percentile(delays, 50):.2f} s, p99"
              f" {durable.percentile(delays, 99):.2f} s, last"
              f" {max(delays):.2f} s; breaker opened {opened} times,"
              f" mailgun had {self.mailgun.state()['sends']} sends, mandrill"
              f" {self.mandrill.count()} mails", flush=True)
        return delays


class Death(Recovery):
    """With the default pause, as people have it."""
    settings = {"server": {**Recovery.settings["server"],
                           "pause_min": "5s", "pause_max": "5m",
                           "doubt_wait": "2s"},
                "provider mailgun":
                Recovery.settings["provider mailgun"]}

    def check(self, fault, copies=False):
        died = self.die(fault)
        # The first failures open it; more of them is waste.
        opened = self.openings()
        self.load.stop()
        self.queue.drain()
        delays = self.report(fault, died)
        self.finish_all(copies)
        self.assertGreaterEqual(opened, 1)
        if FULL:
            self.assertLess(durable.percentile(delays, 99), 10)
            self.assertLess(max(delays), 20)

    def test_refused(self):
        self.check("refuse")

    def test_reset(self):
        self.check("reset-before-body", copies=True)

    def test_503(self):
        self.check("status=503")


class Silence(Death):
    """Those it had are doubts, and wait for the policy's time, as do those
    that it was slow to answer before."""
    settings = {**Death.settings,
                "provider mailgun": {
                    **Death.settings["provider mailgun"],
                    "answer_timeout": "1s"}}
    test_refused = test_reset = test_503 = None

    def test_silent(self):
        self.check("stall", copies=True)

    def test_silent_and_accepted(self):
        self.check("stall-accepted", copies=True)


class Return(Recovery):
    """Back, and slow enough for many to be under way at once."""

    def test_no_burst(self):
        self.mailgun.fault("slow=100")
        self.die("refuse")
        self.mailgun.fault("slow=100")
        watch = Watch(self.mailgun)
        back = time.monotonic()
        watch.start()
        self.ferry.wait_line("provider back provider=mailgun")
        known = time.monotonic() - back
        durable.pause(5)
        watch.stop()
        self.load.stop()
        # Those it had when it died cannot be asked about.
        self.finish_all(copies=True)
        course = [(round(at, 1), accepted, most) for at, accepted, most in
                  watch.samples][::60]
        print(f"recovery: known {known:.2f} s after it was back, then (s,"
              f" accepted, most at once): {course}", flush=True)
        for at, accepted, most in watch.samples:
            # One at a time while it is tried, +1 for each success up to 10,
            # then +1 for each round: accepted counts those answered, and up
            # to `most` that are recorded and not answered yet.
            done = accepted
            allowed = 1 + min(done, 9) + max(0, done - 9) // 10
            self.assertLessEqual(most, max(allowed, 1), (at, accepted, most))
        self.assertGreater(watch.samples[-1][2], 4)

    def test_the_backlog_does_not_burst(self):
        """All are down, a backlog waits for the one that comes back."""
        self.mailgun.fault("slow=100")
        # not refuse: who reaches nobody is cut off, which is another story
        self.mandrill.fault("status=503")
        self.die("status=503")
        self.load.stop()
        waiting = self.queue.counts()["waiting"]
        self.mailgun.fault("slow=100")
        watch = Watch(self.mailgun)
        watch.start()
        self.ferry.wait_line("provider back provider=mailgun")
        durable.pause(3)
        watch.stop()
        for at, accepted, most in watch.samples:
            allowed = 1 + min(accepted, 9) + max(0, accepted - 9) // 10
            self.assertLessEqual(most, allowed, (at, accepted, most))
        self.mandrill.fault(None)
        self.mailgun.fault(None)
        began = time.monotonic()
        self.finish_all(copies=True)
        print(f"backlog: {waiting} mails waited, drained in"
              f" {time.monotonic() - began:.1f} s after both were back,"
              f" at most {watch.samples[-1][2]} at once in the first 3 s",
              flush=True)


class Flapping(Recovery):
    """Up and down, again and again, under load."""

    def check(self, fault, copies=False):
        self.mailgun.fault(fault)
        self.load.start(self.address)
        durable.pause(3 * SECONDS)
        opened, sends = self.openings(), self.mailgun.state()["sends"]
        self.mailgun.fault(None)
        judgement = self.finish_all(copies)
        failed = sum("delivery failed" in line for line in
                     list(self.ferry.lines))
        print(f"{fault}: {judgement.wanted} recipients in"
              f" {3 * SECONDS:g} s, breaker opened {opened} times, {sends}"
              f" sends, {failed} attempts failed, copies"
              f" {len(judgement.doubled)}", flush=True)
        # Ten percent of the mails, and the first ones before it opened.
        self.assertLess(failed, len(self.book.letters) / 10 + 40)
        return judgement

    def test_up_and_down(self):
        self.check("flap=1000/1000")

    def test_mostly_down(self):
        self.check("flap=100/2000")

    def test_half_fail(self):
        self.check("status=503 chance=50 seed=4")

    def test_half_are_lost_on_the_way_back(self):
        self.assertEqual(
            self.check("reset-accepted chance=50 seed=4").doubled, {})


if __name__ == "__main__":
    ferry.main()
