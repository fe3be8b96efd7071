# SPDX-License-Identifier: MIT
"""kill -9 at any moment, under load, again and again: every mail that was told
250 is delivered, unchanged; only what was on its way at a kill, or longer than
it is waited for, may come twice.

KILLS=1000 SEED=7 in the environment for a longer run, or the same one again.
"""

import os
import random
import time

import durable
import ferry
import ledger
import load

KILLS = int(os.environ.get("KILLS", "100"))
SEED = int(os.environ.get("SEED", random.randrange(1 << 32)))
LONGEST = 1.5  # seconds from a start to its kill

# Answers after 50 to 500 ms, and a few never.
WEATHER = "\n".join(
    ["stall chance=2 seed={0}"] +
    [f"slow={ms} chance={chance} seed={{0}}" for ms, chance in
     ((50, 25), (100, 33), (200, 50), (350, 50), (500, 100))])
STORM = "refuse"


class Kill(durable.Durable):
    settings = {
        "provider mailgun": {"answer_timeout": "4s"},
        "provider mandrill": {"answer_timeout": "4s"},
        "provider upstream": {"answer_timeout": "4s"},
    }

    def setUp(self):
        print(f"SEED={SEED} KILLS={KILLS}", flush=True)
        self.dice = random.Random(SEED)
        super().setUp()

    def change_weather(self):
        """Now this provider is down, now that, mostly none."""
        down = self.dice.choice((None, None, None, *self.simulators()))
        for number, simulator in enumerate(self.simulators()):
            simulator.fault(STORM if simulator is down else
                            WEATHER.format(self.dice.randrange(1 << 31)))

    def live_and_die(self, pressure):
        """From one start to the kill; it may come before it listens."""
        deadline = time.monotonic() + self.dice.uniform(0, LONGEST)
        try:
            pressure.move(self.queue.wait_listening(
                deadline - time.monotonic()))
            durable.pause(max(0, deadline - time.monotonic()))
        except ferry.Stuck:
            self.early += 1
        pressure.move(None)
        self.queue.kill()
        self.queue.spawn()

    def name(self, found):
        return [(load.name_of(address), address) for _, address, *_ in found]

    def explain(self, judgement, risk):
        """What was done about some that came more than once: first those that
        were never at risk."""
        known = set(self.name(risk))
        doubled = sorted(judgement.doubled, key=lambda key: key in known)
        return "\n".join(
            f"{key[1]} came {judgement.doubled[key]} times:\n" + "\n".join(
                map(str, self.queue.database.attempts(key[1])))
            for key in doubled[:3])

    def print_figures(self, book, judgement, risk, again):
        ready = self.queue.ready_ms
        doubled = sum(count - 1 for count in judgement.doubled.values())
        print(f"kills {KILLS} ({self.early} before it listened),"
              f" mails accepted {book.count(250)}"
              f" ({judgement.wanted} recipients), unknown {book.count(0)}"
              f" ({judgement.recovered} came all the same),"
              f" at risk {len(risk)}, lost {len(judgement.lost)},"
              f" duplicates possible {len(again)} confirmed {doubled},"
              f" restart to listening p50 {durable.percentile(ready, 50):.0f}"
              f" p99 {durable.percentile(ready, 99):.0f} ms,"
              f" seed {SEED}", flush=True)

    def test_nothing_is_lost(self):
        book, self.early = ledger.Ledger(), 0
        pressure = load.Load(book, SEED)
        pressure.start()
        for number in range(KILLS):
            if number % 5 == 0:
                self.change_weather()
            self.live_and_die(pressure)
        self.queue.wait_listening()
        pressure.stop()
        self.fault_all(None)
        self.queue.drain(5 * ferry.PATIENCE)
        self.check_totals()
        self.queue.end()
        risk = self.queue.database.at_risk()
        again = [later for _, _, later in risk if later]
        judgement = ledger.Judgement(
            book, ledger.read_arrivals(self.simulators()),
            self.name(self.queue.database.elsewhere()))
        self.print_figures(book, judgement, risk, again)
        self.assertEqual(judgement.faults(may_double=self.name(risk)), [],
                         self.explain(judgement, risk))
        self.assertGreater(judgement.wanted, KILLS)
        self.assertGreater(
            len(self.queue.database.at_risk(durable.CUT_SHORT)), 0,
            "no kill met an attempt")


if __name__ == "__main__":
    ferry.main()
