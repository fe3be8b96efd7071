# SPDX-License-Identifier: MIT
"""Every provider is down while 10,000 mails come in, and then they are back:
all is delivered once, memory stays flat meanwhile, and fresh mail is not stuck
behind the backlog."""

import os
import threading

import durable
import ferry
import ledger
import load

MAILS = int(os.environ.get("MAILS", "10000"))
# Resident memory may grow by so much over what it was after WARM mails.
GROWTH_MB = 40
WARM = 500


class Memory(threading.Thread):
    """Samples what the process holds, by the mails that came in so far."""

    def __init__(self, queue, book):
        super().__init__(daemon=True)
        self.queue, self.book = queue, book
        self.samples = []
        self.over = threading.Event()

    def run(self):
        while not self.over.wait(0.05):
            self.samples.append((len(self.book.letters),
                                 self.queue.memory_kb() / 1024))

    def stop(self):
        self.over.set()
        self.join()

    def at(self, mails):
        """MB when so many had come."""
        return next(mb for count, mb in self.samples if count >= mails)

    def most(self):
        return max(mb for _, mb in self.samples)


class Outage(durable.Durable):
    providers = ("mailgun", "mandrill", "upstream")
    settings = {"server": {"retry": "1s, 2s", "pause_min": "100ms",
                           "pause_max": "1s"}}

    def overtake(self, book):
        """A fresh mail while the backlog drains: (its seconds, how many of
        the backlog were delivered before it)."""
        self.wait_some(MAILS // 50)
        letter = book.write("fresh", load.addresses("fresh"))
        self.post(letter)
        self.assertEqual(letter.code, 250, letter.reply)
        return letter

    def wait_some(self, count):
        while sum(simulator.state()["accepted"]
                  for simulator in self.simulators()) < count:
            durable.pause(0.02)

    def test_all_down_then_up(self):
        book = ledger.Ledger()
        self.fault_all("refuse")
        memory = Memory(self.queue, book)
        memory.start()
        pressure = load.Load(book, 4, pace=0, sizes=((100, 1_000, 5_000),))
        pressure.start(self.address, most=MAILS)
        pressure.join()
        self.assertEqual(book.count(250), MAILS)
        waiting = self.queue.counts()
        self.assertEqual(waiting["waiting"] + waiting["active"], MAILS)
        memory.stop()
        warm, most = memory.at(WARM), memory.most()
        course = [memory.at(MAILS * part // 8) for part in (1, 2, 4, 6, 7)]
        self.fault_all(None)
        fresh = self.overtake(book)
        self.queue.drain(5 * ferry.PATIENCE)
        arrivals = ledger.read_arrivals(self.simulators())
        ahead, delay = self.place(fresh, arrivals)
        print(f"outage: {MAILS} mails, {warm:.0f} MB resident after {WARM},"
              f" then {', '.join(f'{mb:.0f}' for mb in course)},"
              f" {most:.0f} MB at most; fresh mail {delay:.2f} s after its"
              f" 250, {ahead} of the backlog before it", flush=True)
        judgement = self.judge(book)
        self.assertEqual(judgement.doubled, {})
        if not durable.is_sanitized():  # they have memory of their own
            self.assertLess(most - warm, GROWTH_MB)
        self.assertLess(ahead, MAILS // 2)
        self.check_totals()

    def place(self, fresh, arrivals):
        for number, arrival in enumerate(arrivals):
            if arrival.name == fresh.name:
                return number, arrival.time_ms / 1000 - fresh.told
        raise AssertionError("the fresh mail did not come")


if __name__ == "__main__":
    ferry.main()
