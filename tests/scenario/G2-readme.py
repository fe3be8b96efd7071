# SPDX-License-Identifier: MIT
"""The README's examples for HTTP, run as they stand against the sandbox."""

import glob
import os
import re
import shutil
import subprocess
import unittest

import ferry

README = os.path.join(os.path.dirname(__file__), "../../README.md")

# As the README writes where the HTTP door is.
DOOR = "127.0.0.1:8025"

# In the place of curl: what it was asked, what came of it.
CURL = """#!/bin/sh
call=$CALLS/$$
printf '%s\\n' "$@" >"$call.words"
exec {curl} --fail-with-body -sS -D "$call.head" "$@"
"""

# What a reader has at hand.
FILES = {".eml": "From: me@sandbox.example\r\nTo: you@example.org\r\n"
                 "Subject: A whole mail\r\n\r\nHello\r\n",
         ".html": "<p>Hello</p>\n"}

ENDPOINTS = ("/v1/messages", "/send", "/email")
FORMS = ("json", "form", "multipart")


def blocks():
    """[(line, text)] of the blocks that ask by HTTP."""
    with open(README, encoding="utf-8") as file:
        text = file.read()
    for found in re.finditer(r"^```sh\n(.*?)^```", text, re.M | re.S):
        if "curl" in found[1]:
            yield text.count("\n", 0, found.start()) + 2, found[1]


def form_of(words):
    """How a body is written that these words of curl send; None: another."""
    flags = {word.split("=")[0] for word in words}
    head = " ".join(words).lower()
    if "content-type: message/rfc822" in head:
        return None
    if "--json" in flags or "content-type: application/json" in head:
        return "json"
    if flags & {"-F", "--form", "--form-string"}:
        return "multipart"
    if flags & {"-d", "--data", "--data-urlencode", "--data-binary"}:
        return "form"
    return None


@unittest.skipUnless(shutil.which("curl"), "curl is not there")
class Readme(ferry.Scenario):
    def setUp(self):
        self.prepare()
        self.sandbox = self.start("sandbox", "sandbox", "--listen",
                                  "127.0.0.1:0")
        self.door = self.sandbox.wait_line(r"http://(\S+?)/status")[1]
        self.calls = os.path.join(self.folder, "calls")
        self.work = os.path.join(self.folder, "work")
        tools = os.path.join(self.folder, "tools")
        for folder in (self.calls, self.work, tools):
            os.mkdir(folder)
        path = os.path.join(tools, "curl")
        with open(path, "w", encoding="utf-8") as file:
            file.write(CURL.format(curl=shutil.which("curl")))
        os.chmod(path, 0o755)
        self.environment = {
            **os.environ, "CALLS": self.calls, "HOME": self.work,
            "PATH": f"{tools}:{os.environ['PATH']}"}

    def make_files(self, text):
        """Those that the examples send and do not make themselves."""
        for name in re.findall(r"[\s=]@([\w.-]+)", text):
            path = os.path.join(self.work, name)
            if name == "-" or os.path.exists(path):
                continue
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(FILES.get(os.path.splitext(name)[1], "Ahoy\n"))

    def run_block(self, line, text):
        text = text.replace(DOOR, self.door)
        self.make_files(text)
        done = subprocess.run(
            ["sh", "-euc", text], cwd=self.work, env=self.environment,
            stdin=subprocess.DEVNULL, text=True, timeout=ferry.PATIENCE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0,
                         f"README.md:{line}:\n{text}\n{done.stdout}")
        return done.stdout

    def read_calls(self):
        """{(endpoint, form)} of what was handed in."""
        handed = set()
        for path in glob.glob(os.path.join(self.calls, "*.words")):
            with open(path, encoding="utf-8") as file:
                words = file.read().splitlines()
            with open(path.replace(".words", ".head"),
                      encoding="latin-1") as file:
                codes = re.findall(r"^HTTP/\S+ (\d+)", file.read(), re.M)
            self.assertRegex(codes[-1], "^[23]", words)
            for word in words:
                found = re.fullmatch(
                    rf"http://{re.escape(self.door)}([^?]*).*", word)
                if found and found[1] in ENDPOINTS and form_of(words):
                    handed.add((found[1], form_of(words)))
        return handed

    def test_examples(self):
        said = "".join(self.run_block(*block) for block in blocks())
        self.assertEqual(self.read_calls(), {
            (endpoint, form) for endpoint in ENDPOINTS for form in FORMS})
        numbers = set(re.findall(r'"id": ?"(\w{26})"', said))
        self.assertGreaterEqual(len(numbers), len(ENDPOINTS) * len(FORMS))
        for number in numbers:
            self.sandbox.wait_line(rf"  sent {number}  ")


if __name__ == "__main__":
    ferry.main()
