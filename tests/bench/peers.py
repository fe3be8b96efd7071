#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Through to a mail API, beside what people run today: 5 KB mails from the
same client to the same simulator, a 250 when the API has taken the mail.

Each takes its turn several times, because a machine is not always as fast; of
each the median counts.
"""

import os
import shutil
import statistics
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../scenario"))
import ferry  # noqa: E402
import rival  # noqa: E402
import through  # noqa: E402

PEERS = "build-bench/peers"
TURNS = 3
CORES = os.cpu_count()
TICK = os.sysconf("SC_CLK_TCK")


class Peer:
    """A program that listens; what it and its children do is measured."""

    def __init__(self, pid, address):
        self.pid = pid
        self.address = address
        self.rates = []
        self.costs = []  # processor time of a mail, microseconds

    def read_ticks(self):
        """Of the process and those it started, over all their lives."""
        parents, ticks = {}, {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                    fields = file.read().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            parents[int(pid)] = int(fields[1])
            ticks[int(pid)] = int(fields[11]) + int(fields[12])
        return ticks[self.pid] + sum(
            ticks[pid] for pid, parent in parents.items()
            if parent == self.pid)

    def measure(self, mails):
        begin = self.read_ticks()
        self.rates.append(through.measure_rate(self.address, mails))
        spent = (self.read_ticks() - begin) / TICK
        self.costs.append(spent / mails * 1e6)


def copy_haraka(home, port, processes):
    """A folder of its own, with what Haraka itself puts into one."""
    folder = os.path.join(home.folder, f"haraka-{processes}")
    shutil.copytree(os.path.join(PEERS, "haraka"), folder)
    shutil.copy(os.path.join(PEERS, "node_modules/Haraka/config",
                             "connection.ini"),
                os.path.join(folder, "config"))
    os.symlink(os.path.abspath(os.path.join(PEERS, "node_modules")),
               os.path.join(folder, "node_modules"))
    with open(os.path.join(folder, "config/smtp.ini"), "w",
              encoding="ascii") as file:
        file.write(f"listen=127.0.0.1:{port}\n")
        if processes > 1:  # one is Haraka's default
            file.write(f"nodes={processes}\n")
    return folder


def start_haraka(home, api, processes):
    port = rival.find_port()
    haraka = ferry.Process(home, f"haraka-{processes}", [
        "node", os.path.join(PEERS, "node_modules/.bin/haraka"), "-c",
        copy_haraka(home, port, processes)], {
            **os.environ, "BENCH_API": api,
            "BENCH_PEERS": os.path.abspath(PEERS)})
    rival.wait_port(port)
    return Peer(haraka.child.pid, f"127.0.0.1:{port}")


def start_bridge(home, api, form, processes):
    bridge = ferry.Process(home, f"bridge-{form}-{processes}", [
        "node", os.path.join(PEERS, "bridge.mjs"), api, form, str(processes)])
    port = bridge.wait_line(r"^(\d+)$")[1]
    return Peer(bridge.child.pid, f"127.0.0.1:{port}")


def start_postferry(home, base):
    daemon, address = through.start(home, base)
    return Peer(daemon.child.pid, address)


def start_all(home):
    base = through.start_api(home)
    api = f"http://{base}"
    return {
        "postferry": start_postferry(home, base),
        "smtp-server + mailparser + undici, as fields":
            start_bridge(home, api, "fields", 1),
        f"the same, {CORES} processes":
            start_bridge(home, api, "fields", CORES),
        "smtp-server + undici, raw": start_bridge(home, api, "raw", 1),
        f"the same, {CORES} processes ": start_bridge(home, api, "raw", CORES),
        "Haraka + undici, raw": start_haraka(home, api, 1),
        f"the same, {CORES} processes  ": start_haraka(home, api, CORES),
    }


def measure(home, mails):
    peers = start_all(home)
    for peer in peers.values():  # warm
        through.measure_rate(peer.address, mails // 4)
    for _ in range(TURNS):
        for peer in peers.values():
            peer.measure(mails)
    ours = peers["postferry"]
    rate = statistics.median(ours.rates)
    cost = statistics.median(ours.costs)
    print(f"through to the Mailgun simulator, {mails} mails of 5 KB,"
          f" {through.SESSIONS} sessions kept open, medians of {TURNS};"
          f" client and simulator share the {CORES} processors:")
    for name, peer in peers.items():
        its = statistics.median(peer.rates), statistics.median(peer.costs)
        print(f"  {its[0]:6.0f} mails/s, {its[1]:5.0f} us of processor a"
              f" mail: {name}; postferry {rate / its[0]:.1f} x as fast,"
              f" {its[1] / cost:.1f} x as cheap")


def main():
    mails = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    home = ferry.Home("/var/tmp")
    try:
        measure(home, mails)
    finally:
        for process in reversed(home.processes):
            process.stop()
        shutil.rmtree(home.folder)


if __name__ == "__main__":
    main()
