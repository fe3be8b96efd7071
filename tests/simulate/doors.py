# SPDX-License-Identifier: MIT
"""Starts simulators as people do and talks to them as clients do."""

import base64
import contextlib
import http.client
import json
import os
import socket
import subprocess
import tempfile

POSTFERRY = os.environ.get("POSTFERRY", "postferry")
PATIENCE = 60
BOUNDARY = "b0undary"


def request(address, method, path, body=None, headers=None):
    """(status, headers, body)"""
    door = http.client.HTTPConnection(address, timeout=PATIENCE)
    try:
        door.request(method, path, body, headers or {})
        answer = door.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        door.close()


class Simulator:
    def __init__(self, kind, *options):
        self.child = subprocess.Popen(
            [POSTFERRY, "simulate", kind, *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        line = self.child.stdout.readline()
        words = dict(word.split("=", 1) for word in line.split()[1:])
        self.address, self.control = words["address"], words["control"]
        self.port = int(self.address.rsplit(":", 1)[1])

    def end(self):
        self.child.terminate()
        self.child.stdout.read()
        self.child.stdout.close()
        return self.child.wait(PATIENCE)

    def ask(self, method, path, body=None):
        status, _, text = request(self.control, method, path, body)
        if status != 200:
            raise AssertionError(f"{method} {path}: {status} {text!r}")
        return json.loads(text)

    def fault(self, words=None):
        if words is None:
            self.ask("DELETE", "/fault")
        else:
            self.ask("PUT", "/fault", words)

    def state(self, name):
        return self.ask("GET", "/state")[name]

    def accepted(self):
        return self.state("accepted")

    def violations(self):
        return [one["text"] for one in self.ask("GET", "/violations")]

    def last(self):
        return self.ask("GET", f"/mails/{self.accepted()}")

    def file(self, number, index):
        return request(
            self.control, "GET", f"/mails/{number}/files/{index}")[2]

    def raw(self, number):
        return request(self.control, "GET", f"/mails/{number}/raw")[2]


def help_text():
    return subprocess.run([POSTFERRY, "simulate", "--help"],
                          capture_output=True, text=True, check=True,
                          timeout=PATIENCE).stdout


@contextlib.contextmanager
def certificate():
    """The files of a certificate for localhost that nobody signed, and of its
    key."""
    with tempfile.TemporaryDirectory() as folder:
        pair = [os.path.join(folder, name) for name in ("crt", "key")]
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
             "-subj", "/CN=localhost", "-out", pair[0], "-keyout", pair[1]],
            check=True, capture_output=True, timeout=PATIENCE)
        yield pair


def form(*parts):
    """Parts are (name, value) or (name, value, more of its disposition, its
    type)."""
    body = b""
    for name, value, *more in parts:
        if isinstance(value, str):
            value = value.encode()
        head = f'Content-Disposition: form-data; name="{name}"'
        if more:
            head += more[0]
        if len(more) > 1:
            head += f"\r\nContent-Type: {more[1]}"
        body += (f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode("utf-8")
                 + value + b"\r\n")
    return body + f"--{BOUNDARY}--\r\n".encode()


def basic(user, password):
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return f"Basic {pair}"


def mailgun_headers(key="key-1"):
    return {"Authorization": basic("api", key),
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def fields(record):
    return [(one["name"], one.get("value")) for one in record["fields"]]


def exchange(address, payload, half_close=False):
    """Writes bytes, reads until the end; (bytes, how it ended)."""
    host, port = address.rsplit(":", 1)
    answer = b""
    try:
        with socket.create_connection((host, int(port)), PATIENCE) as wire:
            wire.sendall(payload)
            if half_close:
                wire.shutdown(socket.SHUT_WR)
            while True:
                piece = wire.recv(65536)
                if not piece:
                    return answer, "closed"
                answer += piece
    except (ConnectionResetError, BrokenPipeError):
        return answer, "reset"
