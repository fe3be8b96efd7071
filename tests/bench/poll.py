#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What it costs to be asked again and again by a page that is open."""

import http.client
import json
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../scenario"))
import ferry  # noqa: E402

MAILS = 3000
ANEW, AGAIN = 200, 5000  # requests
TARGETS = ("/v1/messages?order=newest&limit=50",
           "/v1/messages?order=newest&limit=1000", "/v1/series")


def fill(address, mails):
    subprocess.run(["/usr/sbin/smtp-source", "-m", str(mails), "-s", "20", "-l", "1000",
                    "-f", "me@sandbox.example", "-t", "you@example.org",
                    address], check=True)


def wait_finished(door, mails):
    client = http.client.HTTPConnection(door)
    while True:
        client.request("GET", "/status")
        if json.load(client.getresponse())["totals"]["settled"] >= mails:
            return
        time.sleep(0.1)


def ask(door, target, count, known):
    """Prints how often, and how many of the answers were which."""
    client = http.client.HTTPConnection(door)
    head, took, codes, size = {}, [], {}, 0
    for _ in range(count):
        begin = time.monotonic()
        client.request("GET", target, headers=head)
        answer = client.getresponse()
        size = max(size, len(answer.read()))
        took.append(time.monotonic() - begin)
        codes[answer.status] = codes.get(answer.status, 0) + 1
        if known:
            head = {"If-None-Match": answer.getheader("ETag")}
    print(f"{target}, {'with what is known' if known else 'anew'}: "
          f"{count / sum(took):,.0f}/s, "
          f"median {sorted(took)[count // 2] * 1e3:.2f} ms, "
          f"at most {size:,} bytes, {codes}")


def main():
    mails = int(sys.argv[1]) if len(sys.argv) > 1 else MAILS
    home = ferry.Home()
    sandbox = ferry.Process(home, "sandbox", [
        ferry.POSTFERRY, "sandbox", "--listen", "127.0.0.1:0"])
    door = sandbox.wait_line(r"http://(\S+)/status")[1]
    fill(sandbox.wait_line(r"mail in +(\S+:\d+)")[1], mails)
    wait_finished(door, mails)
    for target in TARGETS:
        ask(door, target, ANEW, False)
        ask(door, target, AGAIN, True)
    sandbox.stop()
    shutil.rmtree(home.folder, ignore_errors=True)


if __name__ == "__main__":
    main()
