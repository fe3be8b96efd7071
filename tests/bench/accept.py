#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""How fast mail is accepted durably: postferry beside Postfix, in the same run
on the same disk.  Everything is on this machine: clients take their share of
the processors, the same for both.

A rate is the best of the runs, which take turns; the answer to the final dot
is timed by a client of our own."""

import argparse
import os
import platform
import re
import selectors
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../scenario"))
import durable  # noqa: E402
import ferry  # noqa: E402
import rival  # noqa: E402
import sabotage  # noqa: E402

SESSIONS = 50
# (title, bytes, mails for us, mails for Postfix, smtp-source's options)
ROWS = (
    ("5 KB, sessions kept open", 5_000, 20_000, 4_000, ["-d"]),
    ("5 KB, one mail a session", 5_000, 12_000, 3_000, []),
    ("100 KB, sessions kept open", 100_000, 2_500, 1_500, ["-d"]),
    ("5 MB, sessions kept open", 5_000_000, 100, 100, ["-d"]),
)
# Where rows of the database and files of their own are compared, and how often.
SIZES = (4_000, 16_000, 30_000, 60_000)
SIZES_MAILS = 3_000
SENDER, RECIPIENT = "ann@example.com", "bob@example.net"


def measure_rate(address, size, mails, options):
    """Mails a second, from smtp-source's start to its end."""
    begin = time.monotonic()
    subprocess.run(["/usr/sbin/smtp-source", *options, "-l", str(size),
                    "-m", str(mails), "-s", str(SESSIONS), "-f", SENDER,
                    "-t", RECIPIENT, address], check=True,
                   stdout=subprocess.DEVNULL)
    return mails / (time.monotonic() - begin)


class Session:
    """One client that sends as soon as it was answered; times of the dots."""
    steps = (b"MAIL FROM:<%s>\r\n" % SENDER.encode(),
             b"RCPT TO:<%s>\r\n" % RECIPIENT.encode(), b"DATA\r\n")

    def __init__(self, address, data, times):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.data, self.times = data, times
        self.rest, self.step, self.dot = b"", -2, None

    def read(self):
        """False when the mail is accepted."""
        now = time.monotonic()
        self.rest += self.socket.recv(4096)
        while b"\r\n" in self.rest:
            line, self.rest = self.rest.split(b"\r\n", 1)
            if line[3:4] == b" " and not self.answer(line, now):
                return False
        return True

    def answer(self, line, now):
        wanted = {-2: b"220", 3: b"354"}.get(self.step, b"250")
        if not line.startswith(wanted):
            raise SystemExit(f"a client was told {line!r}")
        self.step += 1
        if self.step == 5:
            self.times.append(1000 * (now - self.dot))
            self.step = 0
            return False
        self.say()
        return True

    def say(self):
        if self.step == -1:
            self.socket.sendall(b"EHLO client.example.com\r\n")
        elif self.step == 4:
            self.socket.sendall(self.data)
            self.dot = time.monotonic()
        else:
            self.step = max(self.step, 1)
            self.socket.sendall(self.steps[self.step - 1])

    def begin(self):
        self.step = 1
        self.say()


def measure_answers(address, size, mails):
    """(p50, p99) in ms from the final dot to the 250, SESSIONS at a time."""
    line = b"It is a fine day for a crossing, they said. " + b"x" * 34
    data = ferry.simple(body=(line.decode() + "\n") * (size // 79)) + b".\r\n"
    times, sessions = [], []
    with selectors.DefaultSelector() as selector:
        for _ in range(SESSIONS):
            session = Session(address, data, times)
            sessions.append(session)
            selector.register(session.socket, selectors.EVENT_READ, session)
        begun = SESSIONS
        while len(times) < mails:
            for key, _ in selector.select():
                if key.data.read():
                    continue
                if begun < mails:
                    begun += 1
                    key.data.begin()
                else:
                    selector.unregister(key.data.socket)
    for session in sessions:
        session.socket.close()
    return durable.percentile(times, 50), durable.percentile(times, 99)


def measure_sync(folder):
    """fdatasyncs of 4 KB a second, one after the other."""
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        begin, count = time.monotonic(), 0
        while time.monotonic() - begin < 1:
            os.pwrite(file.fileno(), b"x" * 4096, 4096 * (count % 1000))
            os.fdatasync(file.fileno())
            count += 1
        return count / (time.monotonic() - begin)


def describe(folder):
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    mount = subprocess.run(["df", "--output=source,fstype", folder],
                           capture_output=True, text=True,
                           check=False).stdout.splitlines()[-1]
    print(f"{os.cpu_count()} processors ({model[1] if model else '?'}),"
          f" Linux {platform.release()}, disk {' '.join(mount.split())},"
          f" {measure_sync(folder):.0f} fdatasyncs/s,"
          f" load {os.getloadavg()[0]:.1f};"
          f" Postfix {rival.version()}, {SESSIONS} sessions", flush=True)


def show_threads(before, after, seconds):
    """Where the time went: processor time of each thread."""
    used = sorted(((after[name] - before.get(name, 0)) / (10 * seconds), name)
                  for name in after)
    print("    threads, % of a processor: " + ", ".join(
        f"{name.split()[0]} {percent:.0f}" for percent, name in
        reversed(used) if percent >= 1), flush=True)


def measure_row(rivals, row, runs):
    """{rival: (best rate, p50, p99)}, everyone in turn."""
    title, size, many, few, options = row
    best = {}
    for _ in range(runs):
        for name, one in rivals.items():
            mails = few if name == "Postfix" else many
            before, begin = {}, time.monotonic()
            if isinstance(one, rival.Postferry):
                before = one.threads_ms()
            rate = measure_rate(one.address, size, mails, options)
            seconds = time.monotonic() - begin
            if before and rate > best.get(name, 0):
                print(f"  {title}: {name} {rate:.0f}/s")
                show_threads(before, one.threads_ms(), seconds)
            best[name] = max(rate, best.get(name, 0))
            one.settle()
    answers = {}
    for name, one in rivals.items():
        mails = few if name == "Postfix" else many
        answers[name] = measure_answers(
            one.address, size, max(SESSIONS, mails // 4))
        one.settle()
    return best, answers


def print_table(rows):
    print(f"\n{'':28}{'':24}{'mails/s':>9}{'x Postfix':>11}"
          f"{'p50 ms':>9}{'p99 ms':>9}")
    for title, best, answers in rows:
        for name, rate in best.items():
            p50, p99 = answers[name]
            print(f"{title:28}{name:24}{rate:9.0f}"
                  f"{rate / best['Postfix']:11.1f}{p50:9.1f}{p99:9.1f}")
            title = ""
    sys.stdout.flush()


def show_calls(one):
    """System calls of a short load, counted by strace (which slows it)."""
    output = one.queue.config + ".calls"
    tracer = sabotage.Trace(
        one.queue.home, "strace", [one.queue.process.child.pid],
        "-f", "-c", "-S", "calls", "-o", output)
    measure_rate(one.address, 5_000, 3_000, ["-d"])
    tracer.strace.signal(2)
    tracer.strace.wait_end()
    print(f"\nsystem calls for 3000 mails of 5 KB, {one.name}:")
    with open(output, encoding="ascii") as file:
        print("".join(file.readlines()[:24]), flush=True)


def measure_threshold(home, runs):
    """Mails of one size as rows, then as files: which inline_max is right."""
    kinds = {"rows": rival.Postferry(home, True, "64k"),
             "files": rival.Postferry(home, True, "1")}
    print(f"\n{'size':>8}" + "".join(f"{f'as {kind}, mails/s':>20}"
                                    for kind in kinds))
    for size in SIZES:
        rates = [max(measure_rate(one.address, size, SIZES_MAILS, ["-d"])
                     for _ in range(runs)) for one in kinds.values()]
        print(f"{size:8}" + "".join(f"{rate:20.0f}" for rate in rates),
              flush=True)
    for one in kinds.values():
        one.stop()


def measure(home, arguments):
    if arguments.threshold:
        describe(home.folder)
        measure_threshold(home, arguments.runs)
        return
    rivals = {
        "postferry, held": rival.Postferry(home, True),
        "postferry, delivering": rival.Postferry(home, False),
        "Postfix": rival.Postfix(home, SESSIONS),
        "smtp-sink": rival.Sink(home, SESSIONS),
    }
    describe(home.folder)
    rows = [(row[0], *measure_row(rivals, row, arguments.runs))
            for row in ROWS]
    print_table(rows)
    if arguments.perf:
        show_calls(rivals["postferry, held"])
    for one in rivals.values():
        one.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--perf", action="store_true")
    parser.add_argument("--threshold", action="store_true")
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("directory", nargs="?", default="/var/tmp")
    arguments = parser.parse_args()
    home = ferry.Home(arguments.directory)
    try:
        measure(home, arguments)
    finally:
        for process in reversed(home.processes):
            if process.child.poll() is None:
                process.child.kill()
                process.wait_end()
        shutil.rmtree(home.folder)


if __name__ == "__main__":
    main()
