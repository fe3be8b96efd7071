# SPDX-License-Identifier: MIT
"""Killed at every system call that writes, syncs, renames or sends, in every
thread, while three mails cross, and again while the next start finds out what
the first crash left: nothing is lost at any of these points.

All points of the calls that make a mail durable are tried, of the others as
many as POINTS says, chosen by SEED; FULL=1 tries all."""

import collections
import concurrent.futures
import itertools
import os
import random
import shutil
import signal
import time
import unittest

import durable
import ferry
import ledger
import load
import sabotage

FULL = bool(os.environ.get("FULL"))
POINTS = int(os.environ.get("POINTS", "400"))
SEED = int(os.environ.get("SEED", random.randrange(1 << 32)))
WORKERS = 3

# "restart" is the main thread of a start after a crash.
KINDS = ("main", "restart", "smtp", "store", "sync", "work", "dispatch",
         "relay", "records")
SYNCS = ("fdatasync", "fsync", "rename", "renameat", "renameat2", "link",
         "linkat", "unlink", "unlinkat", "ftruncate", "fallocate")
WRITES = ("write", "writev", "pwrite64", "pwritev", "sendto", "sendmsg",
          "close")
ALL = SYNCS + WRITES


def is_vital(point):
    """Tried in every run: what makes a mail durable, where it is made so."""
    return point.call in SYNCS and point.kind in ("store", "sync", "main",
                                                  "restart")


def last_points(points):
    """Of each thread and call the last one."""
    last = {}
    for point in sorted(points):
        last[point[:3]] = point
    return last.values()


Point = collections.namedtuple("Point", "provider kind call number")


class Arrivals:
    """What the simulators have, each file read once."""

    def __init__(self, simulators):
        self.simulators = simulators
        self.known = {}

    def of(self, book):
        for simulator in self.simulators:
            folder = os.path.join(os.path.dirname(simulator.path),
                                  simulator.name)
            for name in os.listdir(folder):
                path = os.path.join(folder, name)
                if name.endswith(".json") and path not in self.known:
                    self.known[path] = ledger.Arrival(folder, name)
        return [arrival for arrival in list(self.known.values())
                if arrival.name in book.letters]


@unittest.skipIf(sabotage.STRACE is None, "strace is not installed")
@unittest.skipIf(durable.is_sanitized(), "strace and sanitizers do not mix")
class Syscalls(durable.Durable):
    """The providers are shared by all points; the queues are not."""
    providers = ("mailgun", "upstream")
    blob = ledger.Blob(random.Random(1).randbytes(150_000))

    def start_ferry(self, *_, settings=None):
        self.serial = itertools.count(1)
        self.arrivals = Arrivals(self.simulators())

    def inspect(self):
        return []

    def open_queue(self, provider, name):
        def write(state):
            kept = self.settings, self.providers
            self.settings = {
                "server": {"loops": "1", "workers": "1", "relays": "1"},
                "route default": {"providers": provider}}
            try:
                return self.write_durable(state)
            finally:
                self.settings, self.providers = kept
        return durable.Queue(self.home, name, write)

    def write_mails(self, name):
        book = ledger.Ledger()
        book.write(f"{name}-small", load.addresses(f"{name}-small"))
        book.write_large(f"{name}-large", self.blob,
                         load.addresses(f"{name}-large"))
        book.write(f"{name}-two", load.addresses(f"{name}-two", 2))
        return book

    def send_mails(self, address, book):
        """Until it dies."""
        try:
            for letter in book.letters.values():
                with ferry.Client(address) as client:
                    code, text = client.mail(
                        letter.sender, letter.recipients, letter.data)
                    if code == 0:
                        return
                    letter.answered(code, text, time.time())
                    client.command("QUIT")
        except OSError:
            return

    def run_to_the_end(self, queue, book):
        """Mails, drain, SIGTERM; the exit code, whenever it comes."""
        if not any(letter.code for letter in book.letters.values()):
            self.send_mails(queue.address, book)
        try:
            queue.drain()
        except (OSError, AssertionError, durable.http.client.HTTPException,
                KeyError, TypeError):
            pass
        queue.process.wanted = None
        queue.process.signal(signal.SIGTERM)
        return queue.process.wait_end()

    def judge_point(self, queue, book, point):
        """After the crash: it starts, drains, ends, and all is there."""
        queue.forget()
        queue.start()
        queue.drain()
        queue.wait_swept()
        unaccounted = queue.status()["totals"]["unaccounted"]
        queue.end()
        risk = [(load.name_of(address), address)
                for _, address, _ in queue.database.at_risk()]
        judgement = ledger.Judgement(book, self.arrivals.of(book))
        faults = judgement.faults(may_double=risk)
        faults += queue.database.faults()
        if unaccounted != 0:
            faults.append(f"{unaccounted} recipients are unaccounted for")
        doubled = sum(count - 1 for count in judgement.doubled.values())
        return [f"{point}: {fault}" for fault in faults], doubled

    def clean(self, queue):
        for process in queue.dead:
            if process in self.home.processes:
                self.home.processes.remove(process)
        shutil.rmtree(queue.state)

    def try_point(self, point):
        """(the point was met, faults, duplicates)"""
        name = f"p{next(self.serial)}"
        queue, book = self.open_queue(point.provider, name), None
        book = self.write_mails(name)
        action = sabotage.inject(point.call, "signal=KILL", point.number)
        if point.kind == "restart":
            self.crash(queue, book)
        if point.kind in ("main", "restart"):
            output = os.path.join(self.folder, name + ".trace")
            met = self.run_wrapped(queue, book, sabotage.wrap(output, *action))
        else:
            met = self.run_attached(queue, book, point, action)
        faults, doubled = self.judge_point(queue, book, point)
        if not faults:
            self.clean(queue)
        return met, faults, doubled

    def crash(self, queue, book):
        """Three mails, more or less delivered, and a kill."""
        queue.start()
        self.send_mails(queue.address, book)
        queue.kill()

    def run_wrapped(self, queue, book, wrap):
        """From the first instruction on: it may die before it listens."""
        queue.spawn(wrap)
        try:
            queue.wait_listening()
        except ferry.Stuck:
            queue.process.wanted = None
            return queue.process.wait_end() == -signal.SIGKILL
        return self.run_to_the_end(queue, book) == -signal.SIGKILL

    def try_beyond(self, point):
        """The calls there were when they were counted need not be all: on
        until three in a row are not met."""
        met, missed, faults = 0, 0, []
        while missed < 3:
            point = point._replace(number=point.number + 1)
            one = self.try_point(point)
            met, missed = met + one[0], 0 if one[0] else missed + 1
            faults += one[1]
        return met, faults

    def run_attached(self, queue, book, point, action):
        queue.start()
        numbers = sabotage.find(queue.process.child.pid, point.kind)
        if not numbers:
            self.run_to_the_end(queue, book)
            return False
        tracer = sabotage.Trace(self.home, queue.name + "-strace", numbers,
                             *action)
        code = self.run_to_the_end(queue, book)
        tracer.close()
        return code == -signal.SIGKILL

    def count_points(self, provider, main="main"):
        """How often each thread makes each call, when nothing happens."""
        name = f"count-{provider}-{main}"
        queue, book = self.open_queue(provider, name), self.write_mails(name)
        if main == "restart":
            self.crash(queue, book)
        output = os.path.join(self.folder, name + ".trace")
        queue.start(sabotage.wrap(output, "-f",
                                  "-e", "trace=" + ",".join(ALL)))
        names = sabotage.threads(queue.process.child.pid)
        names[queue.process.child.pid] = main
        code = self.run_to_the_end(queue, book)
        self.assertEqual(code, 0, queue.process.text())
        with open(output, encoding="utf-8", errors="replace") as file:
            counts = sabotage.count_calls(file, names)
        self.assertEqual(
            self.judge_point(queue, book, "nothing")[0], [])
        self.clean(queue)
        return {Point(provider, kind, call, number)
                for (kind, call), count in counts.items() if kind in KINDS
                for number in range(1, count + 1)}

    def choose(self, points):
        """All that are vital, and some of the others."""
        if FULL:
            return sorted(points)
        vital = {point for point in points if is_vital(point)}
        others = sorted(points - vital)
        dice = random.Random(SEED)
        return sorted(vital) + dice.sample(others, min(POINTS, len(others)))

    def print_figures(self, points, chosen, met, doubled):
        counts = collections.Counter((point.kind, point.call)
                                     for point in points)
        tried = collections.Counter((point.kind, point.call)
                                    for point in chosen)
        print(f"points {len(points)}, tried {len(chosen)}, met {met},"
              f" duplicates {doubled}, seed {SEED}")
        for kind in sorted({kind for kind, _ in counts}):
            print(f"  {kind}: " + ", ".join(
                f"{call} {tried[kind, call]} of {count}"
                for (one, call), count in sorted(counts.items())
                if one == kind), flush=True)

    def test_every_point(self):
        points = (self.count_points("mailgun") |
                  {point for point in self.count_points("upstream")
                   if point.kind in ("relay", "dispatch")} |
                  {point for point in self.count_points("mailgun", "restart")
                   if point.kind == "restart"})
        chosen = self.choose(points)
        self.assertGreater(len(chosen), 20)
        faults, met, doubled = [], 0, 0
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            for one in pool.map(self.try_point, chosen):
                met += one[0]
                faults += one[1]
                doubled += one[2]
            if FULL:
                for found in pool.map(self.try_beyond, last_points(points)):
                    met += found[0]
                    faults += found[1]
        self.print_figures(points, chosen, met, doubled)
        self.assertEqual(faults, [])
        # A point may be missed: what is grouped together differs.
        self.assertGreater(met, len(chosen) // 2)


if __name__ == "__main__":
    ferry.main()
