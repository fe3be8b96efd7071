# SPDX-License-Identifier: MIT
"""U1: postferry is watched by HTTP."""

import http.client
import json
import os
import re
import shutil
import subprocess
import threading
import time

import ferry
import package

HOUSE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
RULES = os.path.join(HOUSE, "etc/prometheus/postferry.rules.yaml")
RULES_TEST = os.path.join(HOUSE, "etc/prometheus/postferry.test.yaml")
DASHBOARD = os.path.join(HOUSE, "etc/grafana/postferry.json")

DOOR = r"serving HTTP address=(\S+)"


class Watched(ferry.Scenario):
    """A scenario whose postferry has an HTTP door, on a port of its own."""

    settings = {"server": {"http_address": "127.0.0.1:0"}}

    def start_ferry(self, *arguments, settings=None):
        ferry.write_private(f"{self.folder}/postferry.conf",
                            settings or self.write_settings())
        self.ferry = self.start(
            "postferry", "serve", "--config", f"{self.folder}/postferry.conf",
            *arguments, environment={})
        self.door = self.ferry.wait_line(DOOR)[1]
        self.address = self.ferry.wait_line(
            r"listening.*address=(\S+:\d+)")[1]

    def ask(self, path, method="GET", **fields):
        """(code, text)"""
        door = http.client.HTTPConnection(self.door, timeout=ferry.PATIENCE)
        try:
            door.request(method, path, headers=fields)
            answer = door.getresponse()
            return answer.status, answer.read().decode()
        finally:
            door.close()

    def command(self, *words, address=None):
        environment = {"POSTFERRY_SERVER_HTTP_ADDRESS": address or self.door}
        return subprocess.run(
            [ferry.POSTFERRY, *words, "--config",
             f"{self.folder}/postferry.conf"], capture_output=True, text=True,
            timeout=ferry.PATIENCE, env=environment)


class Scrape:
    """What /metrics says, by name and labels."""

    def __init__(self, text):
        self.text = text
        self.samples = {}
        for line in text.splitlines():
            if not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                self.samples[name] = float(value)

    def of(self, name, **labels):
        inner = ",".join(f'{key}="{value}"' for key, value in labels.items())
        return self.samples["postferry_" + name + (inner and f"{{{inner}}}")]

    def names(self):
        return {name.split("{")[0] for name in self.samples}

    def balance(self):
        count = {word: self.of(f"recipients_{word}_total") for word in
                 ("accepted", "settled", "bounced", "dead")}
        return (count["accepted"] - count["settled"] - count["bounced"]
                - count["dead"] - self.of("recipients_waiting"))


def promtool():
    installed = shutil.which("promtool")
    if installed:
        return installed
    folder = os.path.join(os.path.dirname(os.path.abspath(ferry.POSTFERRY)),
                          "prometheus")
    program = os.path.join(folder, "usr/bin/promtool")
    if not os.access(program, os.X_OK):
        package.unpack("prometheus", folder)
    return program


class Outage(Watched):
    """A provider is away for a while: all is counted, all the while."""

    providers = ("mailgun",)
    settings = {"server": {"http_address": "127.0.0.1:0", "answer": "queued",
                           "retry": "100ms", "pause_min": "100ms",
                           "pause_max": "200ms", "probe_interval": "0"}}

    def write_settings(self):
        state = os.path.join(self.folder, "state")
        os.mkdir(state, 0o700)
        self.settings["server"]["state_dir"] = state
        return super().write_settings()

    def scrape(self):
        code, text = self.ask("/metrics")
        self.assertEqual(code, 200, text)
        scrape = Scrape(text)
        self.assertEqual(scrape.of("recipients_unaccounted"), 0)
        self.assertEqual(scrape.balance(), 0)
        self.scrapes += 1
        return scrape

    def wait_for(self, what, good):
        deadline = time.monotonic() + ferry.PATIENCE
        while True:
            scrape = self.scrape()
            if good(scrape):
                return scrape
            if time.monotonic() > deadline:
                raise ferry.Stuck(f"{what}:\n{scrape.text}")
            threading.Event().wait(0.02)

    def send_some(self):
        for _ in range(3):
            self.accept(ferry.simple(), ("a@example.net", "b@example.net"))

    def test_balance(self):
        self.scrapes = 0
        self.send_some()
        before = self.wait_for("settled", lambda scrape: scrape.of(
            "recipients_settled_total") == 6)
        self.assertEqual(before.of("mails_total", reply="2xx"), 3)
        self.assertGreater(before.of("mail_bytes_total"), 3 * 100)
        self.assertEqual(before.of("provider_attempts_total",
                                   provider="mailgun", **{"class": "accepted"}
                                   ), 3)

        self.mailgun.fault("refuse")
        self.send_some()
        during = self.wait_for("an outage", lambda scrape: scrape.of(
            "provider_attempts_total", provider="mailgun",
            **{"class": "outage"}) >= 1)
        self.assertEqual(during.of("recipients_accepted_total"), 12)
        self.assertEqual(during.of("recipients_waiting"), 6)
        self.wait_for("paused", lambda scrape: scrape.of(
            "provider_state", provider="mailgun", state="open") == 0)

        self.mailgun.fault(None)
        after = self.wait_for("all settled", lambda scrape: scrape.of(
            "recipients_settled_total") == 12)
        self.assertEqual(after.of("recipients_waiting"), 0)
        self.wait_for("open again", lambda scrape: scrape.of(
            "provider_state", provider="mailgun", state="open") == 1
            and scrape.of("sessions") == 0)
        self.assertEqual(after.of("answer_seconds_count"), 6)
        self.assertIn(after.of("start_seconds_count"), range(3, 7))
        self.assertGreater(after.of("store_commit_seconds_count"), 0)
        self.assertGreaterEqual(
            after.of("provider_request_seconds_count", provider="mailgun"), 7)
        self.assertEqual(after.of("sessions_total"), 6)
        self.assertGreater(self.scrapes, 5)
        self.assertGreater(after.samples["process_resident_memory_bytes"], 1e6)
        self.assertNotRegex(after.text, r"@|127\.0\.0|example")

    def test_rules_and_dashboard(self):
        """They name nothing that there is not, and Prometheus takes all."""
        self.scrapes = 0
        there = self.scrape()
        with open(RULES, encoding="utf-8") as file:
            self.check_names(file.read(), there)
        with open(DASHBOARD, encoding="utf-8") as file:
            named = self.check_names(json.dumps(
                [panel["targets"] for panel in json.load(file)["panels"]]),
                there)
        # All there is can be seen.
        plain = {re.sub("_(bucket|sum|count)$", "", name)
                 for name in there.names()}
        self.assertEqual(plain - {re.sub("_bucket$", "", name)
                                  for name in named}, set())

        tool = promtool()
        self.run_tool([tool, "check", "metrics"], there.text)
        self.run_tool([tool, "check", "rules", RULES])
        self.run_tool([tool, "test", "rules", RULES_TEST])

    def check_names(self, text, scrape):
        named = set(re.findall(r"\b(?:postferry|process)_[a-z_]+", text))
        self.assertEqual(named - scrape.names(), set())
        return named

    def run_tool(self, command, text=None):
        done = subprocess.run(command, input=text, capture_output=True,
                              text=True, timeout=ferry.PATIENCE)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class Sidecar(Watched):
    """Without state_dir there is no control socket; the door is there."""

    providers = ("mailgun",)

    def test_pages(self):
        self.accept(ferry.simple())
        self.assertEqual(self.ask("/livez"), (200, '{"alive":true}\n'))
        self.assertEqual(self.ask("/readyz"), (200, '{"ready":true}\n'))
        code, text = self.ask("/status")
        self.assertEqual(code, 200)
        status = json.loads(text)
        self.assertEqual(status["pid"], self.ferry.child.pid)
        self.assertEqual(status["providers"][0]["accepted"], 1)

        self.assertEqual(self.ask("/livez", Host="evil.example")[0], 421)
        self.assertEqual(self.ask("/livez", "POST")[0], 405)
        self.assertEqual(self.ask("/v1/messages")[0], 401)
        self.assertNotIn("livez", self.ferry.text())

    def test_commands(self):
        done = self.command("status", "--ready")
        self.assertEqual((done.returncode, done.stdout), (0, "ready\n"),
                         done.stderr)
        done = self.command("status", "--json")
        self.assertEqual(json.loads(done.stdout)["pid"],
                         self.ferry.child.pid)
        self.assertIn("state_dir", self.command("status").stdout)
        done = self.command("queue", "list")
        self.assertEqual(done.returncode, 78)
        self.assertIn("state_dir", done.stderr)
        done = self.command("status", "--ready", address="off")
        self.assertEqual(done.returncode, 78)
        self.assertIn("http_address", done.stderr)
        self.ferry.stop()
        done = self.command("status", "--ready")
        self.assertEqual(done.returncode, 69)
        self.assertIn(self.door, done.stderr)

    def test_taken(self):
        done = self.command("serve")
        self.assertEqual(done.returncode, 69)
        self.assertIn(f"http_address = {self.door}", done.stdout + done.stderr)
        self.assertIn("in use", done.stdout + done.stderr)


if __name__ == "__main__":
    ferry.main()
