#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What clients cost that do nothing, or a byte now and then."""

import os
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../scenario"))
import ferry  # noqa: E402
import idlers  # noqa: E402
import through  # noqa: E402

SESSIONS = 10_000
BUDGETS = {"plain": 10_000, "tls": 40_000}  # bytes a session
SECONDS = 5  # the deadlines of those that drip
VISITS = 50
GUESTS = 100  # connections beside the idle ones


def write_settings(home, sessions, base):
    certificate, key = ferry.make_certificate(
        home.folder, "own", "IP:127.0.0.1")
    sections = {
        "server": {"hostname": "ferry.example.com", "answer": "delivered",
                   "connections": sessions + GUESTS,
                   **({"user": "root"} if os.geteuid() == 0 else {})},
        "listener plain": {"address": "127.0.0.1:0"},
        "listener tls": {"address": "127.0.0.1:0", "tls": "implicit",
                         "tls_certificate": certificate, "tls_key": key},
        **idlers.list_listeners(SECONDS, certificate, key),
        "provider mailgun": {
            "type": "mailgun", "domain": "mg.example.com",
            "api_key": "key-of-mailgun-0123456789",
            "base_url": f"http://{base}"}}
    path = os.path.join(home.folder, "postferry.conf")
    ferry.write_private(path, "".join(
        f"[{section}]\n" + "".join(
            f"{key} = {value}\n" for key, value in keys.items())
        for section, keys in sections.items()))
    return path


class Bench:
    def __init__(self, home, sessions):
        self.sessions = sessions
        self.daemon = ferry.Process(home, "postferry", [
            ferry.POSTFERRY, "serve", "--config",
            write_settings(home, sessions, through.start_api(home))])
        self.pid = self.daemon.child.pid
        self.at = idlers.find_addresses(
            self.daemon, ("plain", "tls", "slow", "implicit", "proxy"))

    def visit(self):
        """Seconds that one usual client needs for one mail."""
        begin = time.monotonic()
        with ferry.Client(self.at["plain"]) as client:
            code, text = client.mail("ann@example.com", ["bob@example.net"],
                                     ferry.simple())
        assert code == 250, text
        return time.monotonic() - begin

    def tell_visits(self, visits):
        visits.sort()
        return (f"a client's mail meanwhile: {visits[len(visits) // 2]:.3f} s,"
                f" at most {visits[-1]:.3f} s")

    def enter(self, name, count):
        return idlers.Idlers(self.at[name], count, None if name == "plain"
                             else idlers.trust_anybody())

    def measure_idle(self, name):
        self.enter(name, 50).leave()
        self.visit()
        before = idlers.read_memory(self.pid)
        begin = time.monotonic()
        crowd = self.enter(name, self.sessions)
        seconds = time.monotonic() - begin
        most = idlers.read_memory(self.pid)
        visits = [self.visit() for _ in range(VISITS)]
        still = crowd.all_open()
        crowd.leave()
        after = idlers.settle_memory(self.pid, before)
        print(f"{name}: {self.sessions} idle sessions, come in {seconds:.1f} s:"
              f" {(most - before) / self.sessions:.0f} bytes each (budget"
              f" {BUDGETS[name]}), {before / 1e6:.1f} MB before,"
              f" {most / 1e6:.1f} MB with them, {after / 1e6:.1f} MB behind"
              f" them{'' if still else '; some were hung up on'};"
              f" {self.tell_visits(visits)}")

    def measure_slow(self):
        each = self.sessions // len(idlers.PHASES)
        before = idlers.read_memory(self.pid)
        loris = idlers.Loris(1)
        visits = []
        loris.attack(self.at, each, lambda: visits.append(self.visit()))
        while not loris.done.wait(0.1):
            visits.append(self.visit())
        most = idlers.read_memory(self.pid)
        after = idlers.settle_memory(self.pid, before)
        print(f"slow ones, {each} in each phase, a byte a second, deadlines of"
              f" {SECONDS} s: {before / 1e6:.1f} MB before,"
              f" {most / 1e6:.1f} MB when the last was hung up on,"
              f" {after / 1e6:.1f} MB behind them; {self.tell_visits(visits)}")
        for phase, waits in loris.waits.items():
            seconds = sorted(wait for wait, _ in waits)
            print(f"  {phase}: hung up on after {seconds[0]:.2f} to"
                  f" {seconds[-1]:.2f} s")


def main():
    sessions = int(sys.argv[1]) if len(sys.argv) > 1 else SESSIONS
    # postferry counts two files for each connection
    files = idlers.raise_limit(2 * (sessions + GUESTS) + 256)
    if files < 2 * (sessions + GUESTS) + 256:
        sessions = (files - 256) // 2 - GUESTS
        print(f"the limit of open files, {files} (ulimit -n), is one for"
              f" {sessions} sessions")
    home = ferry.Home("/var/tmp")
    try:
        bench = Bench(home, sessions)
        bench.measure_idle("plain")
        bench.measure_idle("tls")
        bench.measure_slow()
    finally:
        for process in reversed(home.processes):
            process.stop()
        shutil.rmtree(home.folder)


if __name__ == "__main__":
    main()
