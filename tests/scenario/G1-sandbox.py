# SPDX-License-Identifier: MIT
"""postferry sandbox: no settings, one readable line per mail."""

import http.client
import json
import re
import signal
import threading
import time

import ferry


PROVIDERS = ("mailgun", "mandrill", "upstream")

# What is made to go wrong, and how postferry reads that.
FAULTS = {"down": "outage", "throttle": "throttle", "broken": "outage",
          "lost": "doubt", "locked": "account"}


class Switches(ferry.Scenario):
    """What goes wrong is switched at the HTTP door."""

    def setUp(self):
        self.prepare()

    def ask(self, target, body=None):
        door = http.client.HTTPConnection(self.door, timeout=ferry.PATIENCE)
        door.request("GET" if body is None else "POST", target,
                     None if body is None else json.dumps(body),
                     {"Content-Type": "application/json"})
        answer = door.getresponse()
        text = answer.read()
        door.close()
        self.assertEqual(answer.status, 200, text)
        return json.loads(text)

    def switch(self, provider, fault):
        said = self.ask("/v1/sandbox", {"provider": provider, "fault": fault})
        self.assertIn({"name": provider, "fault": fault}, said["providers"])

    def find_class(self, number, provider):
        """Of the first attempt there, once it has ended."""
        deadline = time.monotonic() + ferry.PATIENCE
        while time.monotonic() < deadline:
            for attempt in self.ask(f"/v1/messages/{number}")["attempts"]:
                if attempt["provider"] == provider and attempt["class"]:
                    return attempt["class"]
            threading.Event().wait(0.02)
        raise ferry.Stuck(f"{provider} was not asked")

    def see(self, provider, fault):
        sandbox = self.start(f"{provider}-{fault}", "sandbox", "--listen",
                             "127.0.0.1:0")
        self.address = sandbox.wait_line(r"mail in +(\S+:\d+)")[1]
        self.door = sandbox.wait_line(r"http://(\S+)/status")[1]
        for other in PROVIDERS[:PROVIDERS.index(provider)]:
            self.switch(other, "down")
        self.switch(provider, fault)
        text = self.accept(ferry.simple())
        self.assertEqual(self.find_class(text.rsplit(" ", 1)[1], provider),
                         FAULTS[fault], f"{provider}: {fault}")
        self.switch(provider, "none")
        sandbox.stop()

    def test_mailgun(self):
        for fault in FAULTS:
            self.see("mailgun", fault)

    def test_upstream(self):
        for fault in FAULTS:
            self.see("upstream", fault)


class Sandbox(ferry.Scenario):
    def setUp(self):
        self.prepare()
        self.sandbox = self.start("sandbox", "sandbox", "--listen",
                                  "127.0.0.1:0")
        self.address = self.sandbox.wait_line(r"mail in +(\S+:\d+)")[1]

    def fault(self, name, fault):
        control = self.sandbox.wait_line(
            rf"{name} .*control door http://(\S+)")[1]
        door = http.client.HTTPConnection(control, timeout=ferry.PATIENCE)
        door.request("PUT", "/fault", fault)
        self.assertLess(door.getresponse().status, 300)
        door.close()

    def wait_mail(self, word, number):
        """The line that says so of the mail with this id."""
        return self.sandbox.wait_line(
            rf"^\d\d:\d\d:\d\d  {word} {re.escape(number)}  ")

    def submit(self, **header):
        """The id of the mail, as its client was told."""
        text = self.accept(ferry.simple(**header))
        return text.rsplit(" ", 1)[1]

    def test_a_mail_is_told(self):
        number = self.submit(subject="Grüß Gott")
        line = self.wait_mail("sent", number)
        self.assertIn("ann@example.com to 1 recipient", line.string)
        self.assertIn("Grüß Gott", line.string)
        self.assertIn("mailgun took it as", line.string)

    def test_the_page(self):
        """It is where the first lines say, and knows where it is."""
        page = self.sandbox.wait_line(r"^ +http://(\S+)/$")[1]
        door = http.client.HTTPConnection(page, timeout=ferry.PATIENCE)
        door.request("GET", "/")
        answer = door.getresponse()
        self.assertEqual(answer.status, 200)
        self.assertIn("default-src 'none'",
                      answer.getheader("Content-Security-Policy"))
        for part in re.findall(r'"(/web/\S+)"', answer.read().decode()):
            door.request("GET", part)
            answer = door.getresponse()
            self.assertEqual(answer.status, 200, part)
            answer.read()
        door.request("GET", "/v1/sandbox")
        self.assertEqual(json.load(door.getresponse())["smtp"], self.address)
        door.close()

    def test_its_port_is_taken(self):
        """It says how to name another."""
        second = self.start("second", "sandbox", "--listen", self.address)
        second.wanted = 69
        self.assertEqual(second.wait_end(), 69)
        self.assertRegex(second.text(), r"(?s)Address already in use.*"
                         r"--listen ADDRESS:PORT")

    def test_failover_is_told(self):
        self.fault("mailgun", "refuse")
        line = self.wait_mail("sent", self.submit())
        self.assertRegex(line.string, r"mailgun failed: outage.*; "
                         r"mandrill took it as")

    def test_a_mail_that_waits(self):
        for name in ("mailgun", "mandrill", "upstream"):
            self.fault(name, "refuse")
        line = self.wait_mail("waits", self.submit())
        self.assertRegex(line.string, r"mailgun failed: outage.*; "
                         r"mandrill failed: outage")

    def test_a_mail_that_is_refused(self):
        self.fault("mailgun", "refuse")
        self.fault("mandrill", "reject-reason=hard-bounce")
        self.wait_mail("refused", self.submit())

    def test_end(self):
        self.accept(ferry.simple())
        self.sandbox.signal(signal.SIGTERM)
        self.assertEqual(self.sandbox.wait_end(), 0)


if __name__ == "__main__":
    ferry.main()
