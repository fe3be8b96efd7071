# SPDX-License-Identifier: MIT
"""U1: postferry is watched by HTTP."""

import http.client
import json
import subprocess

import ferry

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
        self.assertEqual(self.ask("/v1/messages")[0], 404)
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
