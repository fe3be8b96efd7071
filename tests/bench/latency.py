#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Time from the dot that ends DATA to the last byte of the request, by size and
form, against a sink on this machine that takes everything: the medians."""

import os
import re
import shutil
import socket
import socketserver
import statistics
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../scenario"))
import ferry  # noqa: E402

SIZES = {"5 KB": 5_000, "1 MB": 1_000_000, "25 MB": 24_800_000}
FORMS = {
    "fields Mailgun": ("mailgun", "fields"),
    "fields Mandrill": ("mandrill", "fields"),
    "raw Mailgun": ("mailgun", "raw"),
    "raw Mandrill": ("mandrill", "raw"),
    "SMTP": ("smtp", None),
}
ANSWERS = {
    "mailgun": b'{"id": "<1@mg.example.com>", "message": "Queued."}',
    "mandrill": b'[{"email": "bob@example.net", "status": "sent", '
                b'"_id": "0123456789abcdef0123456789abcdef"}]',
}


class Sink(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, kind):
        self.kind = kind
        self.ends = []
        super().__init__(("127.0.0.1", 0),
                         SmtpTalk if kind == "smtp" else HttpTalk)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class HttpTalk(socketserver.StreamRequestHandler):
    def handle(self):
        while line := self.rfile.readline():
            length = 0
            while (field := self.rfile.readline()) not in (b"\r\n", b""):
                found = re.match(rb"content-length:\s*(\d+)", field, re.I)
                length = int(found[1]) if found else length
            while length > 0:
                length -= len(self.rfile.read(min(length, 1 << 16)))
            if line.startswith(b"POST"):
                self.server.ends.append(time.monotonic())
            answer = ANSWERS[self.server.kind]
            self.wfile.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (len(answer), answer))


class SmtpTalk(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 sink\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
                self.server.ends.append(time.monotonic())
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT"
                             else b"250 sink\r\n")


def write_settings(state, sink, form):
    provider = {"type": sink.kind}
    port = sink.server_address[1]
    if sink.kind == "smtp":
        provider.update(host="127.0.0.1", port=port, tls="off")
    else:
        provider.update(api_key="key-0123456789", format=form,
                        base_url=f"http://127.0.0.1:{port}")
    if sink.kind == "mailgun":
        provider["domain"] = "mg.example.com"
    lines = "".join(f"{key} = {value}\n" for key, value in provider.items())
    return ("[server]\nhostname = ferry.example.com\nanswer = delivered\n"
            f"state_dir = {state}\n[listener local]\naddress = 127.0.0.1:0\n"
            f"[provider p]\n{lines}[route default]\nproviders = p\n")


def measure(address, sink, size, count):
    mail = ferry.stuff(ferry.attach(
        "From: ann@example.com\nTo: bob@example.net\nSubject: x\n", "x.bin",
        os.urandom(size // 78 * 57)))
    spans = []
    with ferry.Client(address) as client:
        # the dot must not wait for what went before it to be acknowledged
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(count):
            assert client.begin("ann@example.com", ["bob@example.net"]) is None
            client.write(mail)
            begin = time.monotonic()
            client.write(b".\r\n")
            assert client.reply()[0] == 250
            spans.append(sink.ends[-1] - begin)
    return statistics.median(spans) * 1000


def measure_form(home, name, count):
    kind, form = FORMS[name]
    sink = Sink(kind)
    state = os.path.join(home.folder, name.replace(" ", "-"))
    os.mkdir(state, 0o700)
    path = state + ".conf"
    ferry.write_private(path, write_settings(state, sink, form))
    daemon = ferry.Process(home, name.replace(" ", "-"),
                           [ferry.POSTFERRY, "serve", "--config", path])
    address = daemon.wait_line(r"listening.*address=(\S+:\d+)")[1]
    times = [measure(address, sink, size, count) for size in SIZES.values()]
    print(f"{name:16}" + "".join(f"{ms:>10.1f} ms" for ms in times),
          flush=True)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    home = ferry.Home("/var/tmp")
    print(" " * 16 + "".join(f"{size:>13}" for size in SIZES))
    try:
        for name in FORMS:
            measure_form(home, name, count)
    finally:
        for process in reversed(home.processes):
            process.stop()
        shutil.rmtree(home.folder)


if __name__ == "__main__":
    main()
