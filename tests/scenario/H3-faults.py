# SPDX-License-Identifier: MIT
"""The disk fails: a sync that does not work ends the process before anything
else is believed; a full disk refuses mail, and takes it again when there is
room; either way nothing is lost, and no 250 was untrue."""

import contextlib
import itertools
import os
import random
import subprocess
import threading
import time
import unittest

import durable
import ferry
import ledger
import load
import sabotage

# How soon the process is gone after a sync failed, and mail is taken again
# after there is room: what the daemon promises, and some for this machine.
END_WITHIN = 1.0
BACK_WITHIN = 5.0
SLACK = 1.5
# A request may have been on its way already.
UNDER_WAY = 0.15

EX_TEMPFAIL = 75


class Faulty(durable.Durable):
    providers = ("mailgun",)
    settings = {"server": {"loops": "1", "workers": "1", "min_free": "1m"},
                "provider mailgun": {"connections": "2"}}
    blob = ledger.Blob(random.Random(2).randbytes(150_000))

    def setUp(self):
        self.serial = itertools.count(1)
        self.book = ledger.Ledger()
        super().setUp()

    def write(self, large=False):
        name = f"f-{next(self.serial)}"
        if large:
            return self.book.write_large(name, self.blob,
                                         load.addresses(name))
        return self.book.write(name, load.addresses(name))

    def backlog(self, count=12):
        """Slowly delivered: attempts go on as long as they may."""
        self.mailgun.fault("slow=60")
        for _ in range(count):
            self.assertEqual(self.post(self.write()).code, 250)

    def send_some(self, count=6):
        """One session, every third mail a large one; the codes.  Ends when
        the server hangs up."""
        codes = []
        with (contextlib.suppress(OSError),
              ferry.Client(self.address) as client):
            for number in range(count):
                letter = self.write(number % 3 == 2)
                code, text = client.mail(letter.sender, letter.recipients,
                                         letter.data)
                if code == 0:
                    break
                letter.answered(code, text, time.time())
                codes.append(code)
        return codes

    def sabotage(self, kind, call, action, number):
        numbers = sabotage.find(self.ferry.child.pid, kind)
        self.assertTrue(numbers, f"no thread {kind}")
        return sabotage.Trace(self.home, "strace", numbers,
                              *sabotage.inject(call, action, number))

    def settle(self):
        """All that was accepted arrives."""
        self.mailgun.fault(None)
        self.queue.drain()
        self.check_totals()


@unittest.skipIf(sabotage.STRACE is None, "strace is not installed")
@unittest.skipIf(durable.is_sanitized(), "strace and sanitizers do not mix")
class Sync(Faulty):
    """EIO at each sync."""
    slowest = 0.0

    def fail_at(self, kind, call, number):
        """False when there was no such sync."""
        self.backlog()
        tracer = self.sabotage(kind, call, "error=EIO", number)
        codes = self.send_some()
        at = tracer.injected_at()
        if at is None:
            tracer.close()
            self.settle()
            return False
        code = self.ferry.wait_end(ferry.PATIENCE)
        ended = time.time()
        self.assertEqual(code, EX_TEMPFAIL, self.ferry.text()[-3000:])
        self.ferry.wanted = EX_TEMPFAIL
        self.slowest = max(self.slowest, ended - at)
        self.assertLess(ended - at, END_WITHIN + SLACK)
        self.assertLessEqual(set(codes), {250, 451, 421}, codes)
        self.assert_no_attempt_after(at)
        tracer.close()
        self.queue.forget()
        self.address = self.queue.start()
        self.settle()
        return True

    def assert_no_attempt_after(self, at):
        late = [arrival.name for arrival in
                ledger.read_arrivals(self.simulators())
                if arrival.time_ms > 1000 * (at + UNDER_WAY)]
        self.assertEqual(late, [], "attempts after the store went bad")

    def fail_at_each(self, kind, calls, most):
        points = 0
        for call in calls:
            for number in range(1, most + 1):
                if not self.fail_at(kind, call, number):
                    break
                points += 1
        self.queue.end()
        risk = [(load.name_of(address), address)
                for _, address, _ in self.queue.database.at_risk()]
        # A commit that failed may be there all the same: 451, and sent.
        self.address = self.queue.start()
        self.judge(self.book, risk, refused=True)
        print(f"{kind}: EIO at {points} syncs,"
              f" {self.book.count(250)} mails accepted,"
              f" {self.book.count(451)} told 451, ended within"
              f" {1000 * self.slowest:.0f} ms", flush=True)
        self.assertGreaterEqual(points, len(calls))

    def test_store(self):
        self.fail_at_each("store", ("fdatasync",), 10)

    def test_bodies(self):
        self.fail_at_each("sync", ("fdatasync", "fsync"), 3)

    def test_records_do_not_matter(self):
        """They are no promise: mail goes on."""
        tracer = self.sabotage("records", "pwrite64", "error=EIO", "1+")
        self.assertEqual(set(self.send_some()), {250})
        self.queue.drain()
        self.assertIsNotNone(tracer.injected_at())
        tracer.close()
        self.assertEqual(set(self.send_some()), {250})
        self.queue.drain()
        arrivals = ledger.read_arrivals(self.simulators())
        self.assertEqual(ledger.Judgement(self.book, arrivals).faults(), [])


@unittest.skipIf(sabotage.STRACE is None, "strace is not installed")
@unittest.skipIf(durable.is_sanitized(), "strace and sanitizers do not mix")
class Start(Faulty):
    """EIO at each sync of a start and of a stop: it says so or goes on, and
    the next one finds everything."""

    def run_once(self, call, number):
        """False when there was no such sync."""
        output = os.path.join(self.folder, "start.trace")
        self.queue.spawn(sabotage.wrap(
            output, *sabotage.inject(call, "error=EIO", number)))
        with contextlib.suppress(ferry.Stuck):
            self.queue.wait_listening()
        process = self.queue.process
        process.wanted = None
        process.stop()
        self.assertGreaterEqual(process.child.returncode, 0, process.text())
        self.queue.forget()
        with open(output, encoding="utf-8") as file:
            return "(INJECTED)" in file.read()

    def test_start_and_stop(self):
        self.mailgun.fault("refuse")
        for large in (False, True):
            self.assertEqual(self.post(self.write(large)).code, 250)
        self.queue.kill()
        points = 0
        for call in ("fdatasync", "fsync"):
            for number in range(1, 40):
                if not self.run_once(call, number):
                    break
                points += 1
        self.mailgun.fault(None)
        self.address = self.queue.start()
        self.settle()
        judgement = self.judge(self.book)
        self.assertEqual(judgement.doubled, {})
        print(f"EIO at {points} syncs of a start and its stop", flush=True)
        self.assertGreater(points, 0)


@unittest.skipIf(sabotage.STRACE is None, "strace is not installed")
@unittest.skipIf(durable.is_sanitized(), "strace and sanitizers do not mix")
class Full(Faulty):
    """ENOSPC at each call that takes space, once."""
    # (In a session's thread a plain write may be a letter to another thread;
    # what it writes of a mail fails on the disk that is really full.)
    calls = (("store", "pwrite64"), ("smtp", "openat"), ("sync", "linkat"))
    most = int(os.environ.get("POINTS", "12"))

    def fail_at(self, kind, call, number):
        tracer = self.sabotage(kind, call, "error=ENOSPC", number)
        codes = self.send_some(3)
        met = tracer.injected_at() is not None
        tracer.close()
        self.assertIsNone(self.ferry.child.poll(), self.ferry.text()[-3000:])
        self.assertEqual(len(codes), 3, "the session was broken off")
        self.assertLessEqual(set(codes), {250, 452}, (kind, call, number))
        self.wait_well()
        return met, codes

    def wait_well(self):
        """Mail is taken again."""
        deadline = time.monotonic() + BACK_WITHIN + SLACK
        while self.post(self.write()).code != 250:
            self.assertLess(time.monotonic(), deadline)
            durable.pause(0.05)

    def test_each_call(self):
        figures = []
        for kind, call in self.calls:
            met, refused = 0, 0
            for number in range(1, self.most + 1):
                one, codes = self.fail_at(kind, call, number)
                if not one:
                    break
                met += 1
                refused += codes.count(452)
            self.assertGreater(met, 0, f"{kind} {call} was never met")
            figures.append(f"{kind} {call} {met} ({refused} told 452)")
        print("ENOSPC at " + ", ".join(figures), flush=True)
        self.settle()
        self.judge(self.book)
        self.restart()
        self.check_totals()


class Disk(Faulty):
    """A disk of 64 MB, really full."""
    size = 64 << 20

    def start_ferry(self, *_, settings=None):
        self.disk = os.path.join(self.folder, "disk")
        os.mkdir(self.disk)
        # It is there whatever the mail takes.
        self.filler = os.path.join(self.disk, "filler")
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={self.size}", "tmpfs",
             self.disk], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            self.skipTest("no tmpfs can be mounted here: "
                          + done.stderr.strip())
        # Its log is not on that disk.
        self.queue = durable.Queue(self.home, "postferry", self.write_durable,
                                   self.disk)
        self.address = self.queue.start()

    def inspect(self):
        faults = super().inspect() if hasattr(self, "queue") else []
        subprocess.run(["umount", self.disk], check=False,
                       capture_output=True)
        return faults

    def fill(self):
        """Takes all there is."""
        with contextlib.suppress(OSError):
            with open(self.filler, "ab", buffering=0) as file:
                while True:
                    file.write(bytes(1 << 16))

    def press(self):
        """Mail flows until told to stop."""
        while not self.over.is_set():
            codes = self.send_some(5)
            self.codes += codes
            self.over.wait(0.02 * codes.count(452))

    def wait_code(self, code, seconds):
        """How long it took until some client was told that."""
        begin = time.monotonic()
        seen = len(self.codes)
        while code not in self.codes[seen:]:
            self.assertLess(time.monotonic() - begin, seconds,
                            f"no {code} in time: {self.codes[-10:]}")
            durable.pause(0.01)
        return time.monotonic() - begin

    def wait_unready(self):
        """Whoever balances load sees it too."""
        deadline = time.monotonic() + ferry.PATIENCE
        while self.queue.ask("/readyz")[0] != 503:
            self.assertLess(time.monotonic(), deadline)
            durable.pause(0.01)

    def test_full_and_back(self):
        self.codes, self.over = [], threading.Event()
        self.mailgun.fault("slow=20")
        threads = [threading.Thread(target=self.press) for _ in range(4)]
        for thread in threads:
            thread.start()
        back = []
        try:
            for _ in range(3):
                ferry.write_private(self.filler, "")
                self.wait_code(250, ferry.PATIENCE)
                self.fill()
                self.wait_code(452, ferry.PATIENCE)
                self.wait_unready()
                durable.pause(0.3)
                os.unlink(self.filler)
                back.append(self.wait_code(250, BACK_WITHIN + SLACK))
        finally:
            self.over.set()
            for thread in threads:
                thread.join(ferry.PATIENCE)
        self.settle()
        self.judge(self.book)
        self.assertLessEqual(set(self.codes), {250, 452})
        print(f"full disk: {self.codes.count(250)} told 250,"
              f" {self.codes.count(452)} told 452, back after"
              f" {', '.join(f'{1000 * one:.0f}' for one in back)} ms",
              flush=True)
        # The last look: nothing of it depends on the process.
        self.restart()
        self.judge(self.book)


if __name__ == "__main__":
    ferry.main()
