# SPDX-License-Identifier: MIT
"""Alarms: what a person has to know is told by a command and by a URL, once
when it begins and once when it is over; neither makes the mail wait."""

import http.server
import json
import os
import threading
import time

import durable
import ferry


class Bell(http.server.ThreadingHTTPServer):
    """Notes what is posted to it; says nothing while it is silent."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.heard = []
        self.changed = threading.Condition()
        self.silent = threading.Event()
        self.silent.set()  # cleared: answers wait
        threading.Thread(target=self.serve_forever,
                         kwargs={"poll_interval": 0.05}, daemon=True).start()

    def note(self, alarm):
        with self.changed:
            self.heard.append(alarm)
            self.changed.notify_all()

    def wait(self, **facts):
        """The first alarm with these facts."""
        deadline = time.monotonic() + ferry.PATIENCE
        with self.changed:
            while True:
                for alarm in self.heard:
                    if facts.items() <= alarm.items():
                        return alarm
                left = deadline - time.monotonic()
                if left <= 0:
                    raise ferry.Stuck(f"{facts} not among {self.heard}")
                self.changed.wait(left)


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        alarm = json.loads(body)
        alarm["path"] = self.path
        alarm["type"] = self.headers["Content-Type"]
        self.server.note(alarm)
        self.server.silent.wait(ferry.PATIENCE)
        self.send_response(204)
        self.end_headers()


class Alarmed(ferry.Scenario):
    providers = ("mailgun", "mandrill")
    pause = "1h"

    def setUp(self):
        self.prepare()
        self.bell = Bell()
        self.addCleanup(self.bell.server_close)
        self.addCleanup(self.bell.shutdown)
        self.told = os.path.join(self.folder, "told")
        script = os.path.join(self.folder, "alarm")
        with open(script, "w", encoding="ascii") as file:
            file.write("#!/bin/sh\ncat >>\"$1\"\n"
                       "echo \"$POSTFERRY_ALARM_KIND\" >>\"$1\"\n")
        os.chmod(script, 0o700)
        self.settings = {"server": {
            "alarm_command": f"{script} {self.told}",
            "alarm_url": f"http://127.0.0.1:{self.bell.server_port}/hook?a=b",
            "alarm_pause": self.pause, "account_pause": "100ms"}}
        self.addresses = {}
        for name in self.providers:
            setattr(self, name, ferry.Simulator(
                self.home, self.kinds[name], name))
        self.start_ferry()

    def lines(self, count):
        """What the command wrote: two lines for each alarm."""
        deadline = time.monotonic() + ferry.PATIENCE
        while time.monotonic() < deadline:
            if os.path.exists(self.told):
                with open(self.told, encoding="utf-8") as file:
                    lines = file.read().splitlines()
                if len(lines) >= 2 * count:
                    return lines
            threading.Event().wait(0.01)
        raise ferry.Stuck(f"the command did not tell {count} alarms")

    def recover(self):
        """Mail goes out until mailgun has one again."""
        self.mailgun.fault(None)
        deadline = time.monotonic() + ferry.PATIENCE
        while self.mailgun.count() == 0 and time.monotonic() < deadline:
            self.accept(ferry.simple())


class Account(Alarmed):
    def test_begins_and_is_over(self):
        self.mailgun.fault("status=401")
        self.accept(ferry.simple())
        alarm = self.bell.wait(kind="provider_unusable", over=False)
        self.assertEqual(alarm["subject"], "mailgun")
        self.assertEqual(alarm["host"], "ferry.example.com")
        self.assertEqual((alarm["path"], alarm["type"]),
                         ("/hook?a=b", "application/json"))
        self.assertRegex(alarm["since"], r"^20\d\d-\d\d-\d\dT.*Z$")
        self.assertIn("mailgun", alarm["text"])
        self.assertTrue(alarm["advice"])
        first = json.loads(self.lines(1)[0])
        self.assertEqual(first, {key: value for key, value in alarm.items()
                                 if key not in ("path", "type")})
        self.recover()
        self.bell.wait(kind="provider_unusable", over=True)

    def test_the_reserve_is_loud(self):
        self.mailgun.fault("status=401")
        for _ in range(20):  # fewer are no reason to wake anybody
            self.accept(ferry.simple())
        alarm = self.bell.wait(kind="reserve", over=False)
        self.assertIn("mandrill", alarm["text"])
        self.recover()
        self.bell.wait(kind="reserve", over=True)


class Quiet(Alarmed):
    def test_again_is_not_told_within_the_pause(self):
        for _ in range(3):
            self.mailgun.fault("status=401")
            deadline = time.monotonic() + ferry.PATIENCE
            seen = self.mailgun.requests()
            while (self.mailgun.requests() == seen
                   and time.monotonic() < deadline):
                self.accept(ferry.simple())
            self.mailgun.clear()
            self.recover()
        self.bell.wait(kind="provider_unusable", over=True)
        self.assertEqual(self.ferry.stop(), 0)
        begun = [alarm for alarm in self.bell.heard
                 if alarm["kind"] == "provider_unusable"
                 and not alarm["over"]]
        self.assertEqual(len(begun), 1)


class Deaf(Alarmed):
    """Nobody answers at the URL: mail goes on."""

    def test_mail_does_not_wait(self):
        self.bell.silent.clear()
        self.addCleanup(self.bell.silent.set)
        self.mailgun.fault("status=401")
        self.accept(ferry.simple())
        self.bell.wait(kind="provider_unusable")
        for _ in range(20):
            self.accept(ferry.simple())
        self.bell.silent.set()
        self.assertEqual(self.ferry.stop(), 0)


class Held(durable.Durable):
    """Mail after mail that a person has to decide of is one alarm."""
    providers = ("mandrill",)

    def setUp(self):
        self.bell = Bell()
        self.addCleanup(self.bell.server_close)
        self.addCleanup(self.bell.shutdown)
        self.settings = {"server": {
            "alarm_url": f"http://127.0.0.1:{self.bell.server_port}/hook",
            "bounce_domains": "nowhere.example"}}
        super().setUp()

    def test_they_are_collected(self):
        self.mandrill.fault("reject-reason=hard-bounce")
        ids = [self.accept_id(ferry.simple(), ("eve@example.org",),
                              "ann@example.com") for _ in range(5)]
        alarm = self.bell.wait(kind="mail_held", over=False)
        self.assertEqual(alarm["left_out"], 4)
        self.assertIn(alarm["subject"], ids)
        self.assertRegex(alarm["text"], r"^5 times: .* and 2 more; the last: "
                         r"mail .* is held: ")
        self.assertIn("queue list --state held", alarm["advice"])
        self.assertEqual(len(self.bell.heard), 1)


if __name__ == "__main__":
    ferry.main()
