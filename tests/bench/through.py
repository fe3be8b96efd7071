#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Rate and memory of `answer = delivered`, through to the Mailgun simulator.

Everything runs on this machine: the simulator and the client take their share
of the processors, so the rate is that of the three together.
"""

import os
import re
import shutil
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../scenario"))
import ferry  # noqa: E402

SETTINGS = """\
[server]
hostname = ferry.example.com
answer = delivered
state_dir = {state}
[listener local]
address = 127.0.0.1:0
[provider mailgun]
type = mailgun
domain = mg.example.com
api_key = key-of-mailgun-0123456789
base_url = http://{address}
connections = 32
[route default]
providers = mailgun
"""
SESSIONS = 20
LARGE = 25_000_000


class Memory(threading.Thread):
    """Samples VmRSS of a process until told to stop."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid = pid
        self.most_kb = 0
        self.done = threading.Event()

    def read(self, key):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            return int(re.search(rf"{key}:\s+(\d+) kB", file.read())[1])

    def run(self):
        while not self.done.wait(0.01):
            self.most_kb = max(self.most_kb, self.read("VmRSS"))


def start_api(home):
    # Without a folder to record in: its disk is not what is measured.
    mailgun = ferry.Process(home, "mailgun", [
        ferry.POSTFERRY, "simulate", "mailgun", "--listen", "127.0.0.1:0"])
    return mailgun.wait_line(r"listening.*address=(\S+:\d+)")[1]


def start(home, base):
    folder = home.folder
    state = os.path.join(folder, "state")
    os.mkdir(state, 0o700)
    path = os.path.join(folder, "postferry.conf")
    ferry.write_private(
        path, SETTINGS.format(state=state, address=base))
    daemon = ferry.Process(home, "postferry",
                           [ferry.POSTFERRY, "serve", "--config", path])
    address = daemon.wait_line(r"listening.*address=(\S+:\d+)")[1]
    return daemon, address


def measure_rate(address, mails):
    begin = time.monotonic()
    subprocess.run(["/usr/sbin/smtp-source", "-d", "-l", "5000",
                    "-m", str(mails), "-s", str(SESSIONS),
                    "-f", "ann@example.com", "-t", "bob@example.net",
                    address], check=True, stdout=subprocess.DEVNULL)
    return mails / (time.monotonic() - begin)


def large_mail():
    """A mail of nearly LARGE bytes whose bulk is one attachment."""
    return ferry.attach("From: ann@example.com\nTo: bob@example.net\n"
                        "Subject: large\n", "large.bin",
                        os.urandom(LARGE // 78 * 57 - 1000))


def send_large(address, data, gate, codes):
    with ferry.Client(address) as client:
        refused = client.begin("ann@example.com", ["bob@example.net"])
        gate.wait()
        if refused is None:
            client.write(data + b".\r\n")
        codes.append((refused or client.reply())[0])


def measure_memory(daemon, address):
    memory = Memory(daemon.child.pid)
    idle_kb = memory.read("VmRSS")
    memory.start()
    data, codes, gate = large_mail(), [], threading.Barrier(SESSIONS)
    senders = [threading.Thread(target=send_large,
                                args=(address, data, gate, codes))
               for _ in range(SESSIONS)]
    begin = time.monotonic()
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    seconds = time.monotonic() - begin
    memory.done.set()
    memory.join()
    return idle_kb, memory, codes, seconds


def measure(home, mails):
    daemon, address = start(home, start_api(home))
    rate = measure_rate(address, mails)
    print(f"rate: {rate:.0f} mails/s through to the Mailgun simulator"
          f" ({mails} mails of 5 KB, {SESSIONS} sessions kept open)")
    idle_kb, memory, codes, seconds = measure_memory(daemon, address)
    print(f"memory: {memory.most_kb / 1024:.0f} MB resident at most"
          f" while {SESSIONS} mails of 25 MB cross at once"
          f" ({idle_kb / 1024:.0f} MB before, high-water mark"
          f" {memory.read('VmHWM') / 1024:.0f} MB, {seconds:.1f} s,"
          f" {codes.count(250)} accepted)")


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
