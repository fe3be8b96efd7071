# SPDX-License-Identifier: MIT
"""postferry sandbox: no settings, one readable line per mail."""

import http.client
import signal

import ferry


class Sandbox(ferry.Scenario):
    def setUp(self):
        self.prepare()
        self.sandbox = self.start("sandbox", "sandbox", "--listen",
                                  "127.0.0.1:0")
        self.address = self.sandbox.wait_line(r"mail in +(\S+:\d+)")[1]

    def test_a_mail_is_told(self):
        self.accept(ferry.simple(subject="Grüß Gott"))
        line = self.sandbox.wait_line(r"^\d\d:\d\d:\d\d  250 ")
        self.assertIn("ann@example.com to 1 recipient", line.string)
        self.assertIn("Grüß Gott", line.string)
        self.assertIn("mailgun took it as", line.string)

    def test_failover_is_told(self):
        control = self.sandbox.wait_line(
            r"mailgun .*control door http://(\S+)")[1]
        door = http.client.HTTPConnection(control, timeout=ferry.PATIENCE)
        door.request("PUT", "/fault", "refuse")
        self.assertLess(door.getresponse().status, 300)
        door.close()
        self.accept(ferry.simple())
        line = self.sandbox.wait_line(r"^\d\d:\d\d:\d\d  250 ")
        self.assertRegex(line.string, r"mailgun failed: outage.*; "
                         r"mandrill took it as")

    def test_end(self):
        self.accept(ferry.simple())
        self.sandbox.signal(signal.SIGTERM)
        self.assertEqual(self.sandbox.wait_end(), 0)


if __name__ == "__main__":
    ferry.main()
