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


def copy_haraka(home, port):
    """A folder of its own, with what Haraka itself puts into one."""
    folder = os.path.join(home.folder, "haraka")
    shutil.copytree(os.path.join(PEERS, "haraka"), folder)
    shutil.copy(os.path.join(PEERS, "node_modules/Haraka/config",
                             "connection.ini"),
                os.path.join(folder, "config"))
    os.symlink(os.path.abspath(os.path.join(PEERS, "node_modules")),
               os.path.join(folder, "node_modules"))
    with open(os.path.join(folder, "config/smtp.ini"), "w",
              encoding="ascii") as file:
        file.write(f"listen=127.0.0.1:{port}\nnodes={CORES}\n")
    return folder


def start_haraka(home, api):
    port = rival.find_port()
    ferry.Process(home, "haraka", [
        "node", os.path.join(PEERS, "node_modules/.bin/haraka"), "-c",
        copy_haraka(home, port)], {
            **os.environ, "BENCH_API": api,
            "BENCH_PEERS": os.path.abspath(PEERS)})
    rival.wait_port(port)
    return f"127.0.0.1:{port}"


def start_bridge(home, api, processes):
    bridge = ferry.Process(home, f"bridge-{processes}", [
        "node", os.path.join(PEERS, "bridge.mjs"), api, str(processes)])
    return "127.0.0.1:" + bridge.wait_line(r"^(\d+)$")[1]


def start_all(home):
    base = through.start_api(home)
    api = f"http://{base}"
    return {
        "postferry": through.start(home, base)[1],
        "smtp-server + undici": start_bridge(home, api, 1),
        f"the same, {CORES} processes": start_bridge(home, api, CORES),
        f"Haraka + undici, {CORES} processes": start_haraka(home, api),
    }


def measure(home, mails):
    peers = start_all(home)
    rates = {name: [] for name in peers}
    for address in peers.values():  # warm
        through.measure_rate(address, mails // 10)
    for _ in range(TURNS):
        for name, address in peers.items():
            rates[name].append(through.measure_rate(address, mails))
    medians = {name: statistics.median(all) for name, all in rates.items()}
    ours = medians["postferry"]
    print(f"through to the Mailgun simulator, {mails} mails of 5 KB,"
          f" {through.SESSIONS} sessions kept open, median of {TURNS}:")
    for name, rate in medians.items():
        turns = " ".join(f"{one:.0f}" for one in rates[name])
        print(f"  {rate:7.0f} mails/s  {name} ({turns});"
              f" postferry is {ours / rate:.1f} times that")


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
