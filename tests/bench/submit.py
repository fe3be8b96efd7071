#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""How fast mail of 5 KB is accepted durably by HTTP and by SMTP, in turns, by
one postferry whose provider is away: nothing but accepting is done.  Clients
take their share of the processors.  Of the runs the best counts."""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../scenario"))
import ferry  # noqa: E402
import accept  # noqa: E402
import rival  # noqa: E402

SIZE = 5_000
SMTP_MAILS = 20_000
TEXT = ("It is a fine day for a crossing, they said. " + "x" * 34 + "\n") * (
    SIZE // 79)
SAID = {"sender": accept.SENDER, "to": accept.RECIPIENT, "subject": "Hello",
        "text": TEXT}
SCRIPT = """wrk.method = "POST"
wrk.body = "{body}"
wrk.headers["Content-Type"] = "{kind}"
"""


def escape(text):
    """For Lua, which mends line ends where nothing is escaped."""
    return "".join(one if one.isalnum() else f"\\{ord(one):03}"
                   for one in text)


def form_data():
    return "".join(f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n'
                   f"\r\n{value}\r\n" for name, value in SAID.items()) + (
                       "--b--\r\n")


# (title, page, Content-Type, body)
ROWS = (
    ("HTTP, JSON", "/send", "application/json", json.dumps(SAID)),
    ("HTTP, a form", "/send", "application/x-www-form-urlencoded",
     urllib.parse.urlencode(SAID)),
    ("HTTP, form data", "/send", "multipart/form-data; boundary=b",
     form_data()),
    ("HTTP, a whole mail", "/v1/messages", "message/rfc822",
     ferry.simple(body=TEXT).decode()),
)


def count_accepted(door):
    with urllib.request.urlopen(f"http://{door}/status") as answer:
        return json.load(answer)["totals"]["accepted"]


def measure_http(home, door, row, seconds):
    """(mails a second, p50, p99) of wrk; every answer must be a 2xx, and every
    one of them a mail."""
    title, page, kind, body = row
    script = os.path.join(home.folder, "wrk.lua")
    with open(script, "w", encoding="ascii", newline="") as file:
        file.write(SCRIPT.format(body=escape(body), kind=kind))
    before = count_accepted(door)
    output = subprocess.run(
        ["wrk", "-t", "2", "-c", str(accept.SESSIONS), "-d", f"{seconds}s",
         "--latency", "-s", script, f"http://{door}{page}"],
        check=True, capture_output=True, text=True).stdout
    done = int(re.search(r"(\d+) requests in", output)[1])
    if "Non-2xx" in output or count_accepted(door) - before < done:
        raise SystemExit(f"{title}: not every mail was accepted:\n{output}")
    rate = float(re.search(r"Requests/sec:\s*([\d.]+)", output)[1])
    return rate, *(re.search(rf"{share}%\s+(\S+)", output)[1]
                   for share in (50, 99))


def measure(home, arguments):
    one = rival.Postferry(home, True)
    door = one.queue.process.wait_line(r"serving HTTP address=(\S+)")[1]
    accept.describe(home.folder)
    best, smtp = {}, 0
    for _ in range(arguments.runs):
        smtp = max(smtp, accept.measure_rate(one.address, SIZE, SMTP_MAILS,
                                             ["-d"]))
        for row in ROWS:
            best[row[0]] = max(best.get(row[0], (0,)), measure_http(
                home, door, row, arguments.seconds))
    p50, p99 = accept.measure_answers(one.address, SIZE, SMTP_MAILS // 4)
    print(f"\n{'5 KB, 50 connections':24}{'mails/s':>9}{'x SMTP':>8}"
          f"{'p50':>10}{'p99':>10}")
    print(f"{'SMTP':24}{smtp:9.0f}{1:8.2f}{p50:8.1f}ms{p99:8.1f}ms")
    for title, (rate, p50, p99) in best.items():
        print(f"{title:24}{rate:9.0f}{rate / smtp:8.2f}{p50:>10}{p99:>10}")
    one.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("directory", nargs="?", default="/var/tmp")
    arguments = parser.parse_args()
    os.environ["POSTFERRY_SERVER_HTTP_ADDRESS"] = "127.0.0.1:0"
    os.environ["POSTFERRY_SERVER_HTTP_LOOPBACK"] = "send"
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
