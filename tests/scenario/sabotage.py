# SPDX-License-Identifier: MIT
"""strace as a saboteur: at the Nth call of some kind, in one thread, the
process is killed or the call fails.  (strace counts `when=` per thread and per
call, so one kind of thread at a time is traced.)"""

import collections
import os
import re
import shutil
import signal

import ferry

STRACE = shutil.which("strace")


def threads(pid):
    """{thread id: name}"""
    found = {}
    for number in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{number}/comm",
                      encoding="ascii") as file:
                found[int(number)] = file.read().strip()
        except FileNotFoundError:  # it has just ended
            pass
    return found


def group(name):
    """Threads of one kind do the same: sync-1 is sync."""
    return re.sub(r"-\d+$", "", name)


def find(pid, kind):
    return [number for number, name in sorted(threads(pid).items())
            if group(name) == kind]


class Trace:
    """strace attached to threads of a process, until that ends."""

    def __init__(self, home, name, numbers, *arguments):
        self.output = os.path.join(home.folder, name + ".trace")
        self.strace = ferry.Process(
            home, name, [STRACE, "-ttt", "-o", self.output, *arguments]
            + [word for number in numbers for word in ("-p", str(number))])
        self.strace.wanted = None
        self.home = home
        for _ in numbers:
            self.strace.wait_line(r"attached")

    def lines(self):
        with open(self.output, encoding="utf-8", errors="replace") as file:
            return file.readlines()

    def injected_at(self):
        """Wall clock, in seconds, of the first call that was made to fail;
        None: none was."""
        for line in self.lines():
            if "(INJECTED)" in line:
                return float(re.search(r"\d{9,}\.\d+", line)[0])
        return None

    def close(self):
        self.strace.signal(signal.SIGTERM)
        self.strace.wait_end()
        self.home.processes.remove(self.strace)
        os.unlink(self.strace.path)
        if os.path.exists(self.output):
            os.unlink(self.output)


def inject(call, action, when):
    """The options that make it happen once."""
    return ["-e", f"trace={call}", "-e", f"inject={call}:{action}:when={when}"]


def wrap(output, *arguments):
    """What to put before a command to trace its first thread from the start.
    The command keeps its process id."""
    return [STRACE, "-D", "-q", "-ttt", "-o", output, *arguments]


def count_calls(lines, names):
    """{(kind of thread, call): how often}, of the output of strace -f."""
    counts = collections.Counter()
    for line in lines:
        found = re.match(r"(\d+) +[\d.]+ (\w+)\(", line)
        if found and int(found[1]) in names:
            counts[group(names[int(found[1])]), found[2]] += 1
    return counts
