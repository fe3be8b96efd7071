# SPDX-License-Identifier: MIT
"""`doctor`: all that the settings rely on is tried, and whoever reads it knows
what is wrong and what to do."""

import json
import os
import subprocess

import ferry

UNAVAILABLE, USAGE, CONFIG = 69, 64, 78


class Doctor(ferry.Scenario):

    def setUp(self):
        self.prepare()
        self.addresses = {}
        for name in self.providers:
            setattr(self, name, self.start_simulator(name))
        # where it is looked for is where it listens, which nobody knows before
        self.path = os.path.join(self.folder, "doctor.conf")
        self.queue = os.path.join(self.folder, "queue")
        os.mkdir(self.queue, 0o700)

    def serve(self, **keys):
        self.settings = {"server": {"state_dir": self.queue},
                         "listener local": {"address": "127.0.0.1:0", **keys}}
        self.start_ferry()
        self.settings["listener local"]["address"] = self.address

    def ask(self, *words, code=0):
        ferry.write_private(self.path, self.write_settings())
        done = subprocess.run(
            [ferry.POSTFERRY, "doctor", "--config", self.path, *words],
            capture_output=True, timeout=ferry.PATIENCE, check=False,
            text=True)
        self.assertIsNone(ferry.REPORT.search(done.stderr), done.stderr)
        self.assertEqual(done.returncode, code, (done.stdout, done.stderr))
        return done.stdout

    def look(self, subject, code=0):
        """What it says of that, as (level, text) each."""
        found = json.loads(self.ask("--json", code=code))["findings"]
        return [(one["level"], one["text"]) for one in found
                if one["subject"] == subject]

    def assert_says(self, said, level, text):
        self.assertTrue([one for one in said
                         if one[0] == level and text in one[1]], said)

    def test_all_is_well(self):
        self.serve()
        text = self.ask()
        self.assertIn("ok    listener local: it answers: 220 ", text)
        self.assertIn("ok    listener local: only this host reaches it", text)
        self.assertRegex(text, r"ok    state_dir: a sync takes \d+\.\d ms|"
                         r"warn  state_dir: a sync takes \d+\.\d ms")
        self.assertIn("open files: the daemon's limit of ", text)
        for name in self.providers:
            self.assertRegex(text, rf"(ok  |warn)  provider {name}: "
                             "(good|unknown)")
            self.assertEqual(getattr(self, name).count(), 0)

    def test_nobody_listens(self):
        self.serve()
        self.assertEqual(self.ferry.stop(), 0)
        said = self.look("listener local", code=UNAVAILABLE)
        self.assert_says(said, "fail", "nobody answers at 127.0.0.1:")
        self.assert_says(self.look("open files", code=UNAVAILABLE), "ok",
                         "this shell's limit of ")

    def serve_to_all(self, allow):
        """It listens on every address, as far as doctor knows, and lets in
        whom `allow` names, while doctor thinks it is another one."""
        self.serve(allow=allow)
        self.settings["listener local"].update(
            address=self.address.replace("127.0.0.1", "0.0.0.0"),
            allow="127.0.0.2/32")

    def test_a_stranger_is_refused(self):
        self.serve_to_all("127.0.0.2/32")
        self.assert_says(self.look("listener local"), "ok",
                         "a stranger hears: 554 5.7.1 ")

    def test_a_stranger_is_let_in(self):
        self.serve_to_all("127.0.0.0/8")
        self.assert_says(self.look("listener local", code=UNAVAILABLE),
                         "fail", "it takes mail of strangers: 127.0.0.1 ")

    def test_an_open_relay(self):
        self.serve(allow="0.0.0.0/0", i_know_this_is_an_open_relay="yes")
        self.assert_says(self.look("listener local", code=UNAVAILABLE),
                         "fail", "the settings make it an open relay")

    def test_a_server_that_is_gone(self):
        self.serve()
        self.assertEqual(self.upstream.stop(), 0)
        said = self.look("provider upstream", code=UNAVAILABLE)
        self.assert_says(said, "fail", "unreachable: ")
        self.assert_says(said, "warn", "can be reached")

    def test_options(self):
        self.serve()
        self.ask("x", code=USAGE)
        self.settings["listener local"]["allow"] = "nobody"
        self.ask(code=CONFIG)


if __name__ == "__main__":
    ferry.main()
