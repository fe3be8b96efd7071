# SPDX-License-Identifier: MIT
"""`check --online`: each provider is asked how our account there is, nothing is
sent, and whoever reads it knows what to do."""

import json
import os
import subprocess

import ferry

UNAVAILABLE, USAGE, CONFIG = 69, 64, 78


class Checks(ferry.Scenario):
    options = {}

    def setUp(self):
        self.prepare()
        self.addresses = {}
        for name in self.providers:
            setattr(self, name, ferry.Simulator(
                self.home, self.kinds[name], name,
                *self.options.get(name, ())))
        self.path = os.path.join(self.folder, "postferry.conf")

    def check(self, *words, code=0):
        ferry.write_private(self.path, self.write_settings())
        done = subprocess.run(
            [ferry.POSTFERRY, "check", "--config", self.path, *words],
            capture_output=True, timeout=ferry.PATIENCE, check=False)
        self.error = done.stderr.decode()
        self.assertIsNone(ferry.REPORT.search(self.error), self.error)
        self.assertEqual(done.returncode, code, (done.stdout, self.error))
        return done.stdout.decode()

    def lines(self, text):
        """What follows the settings: {name: line}."""
        return {line.split(" ")[0]: line for line in text.splitlines()
                if line.split(" ")[0] in self.providers}

    def count(self):
        return sum(getattr(self, name).count() for name in self.providers)


class Online(Checks):
    def test_all_are_well(self):
        text = self.check("--online")
        self.assertTrue(text.startswith("The settings are fine.\n"))
        lines = self.lines(text)
        self.assertEqual(list(lines), list(self.providers))
        for name, line in lines.items():
            self.assertRegex(
                line, rf"^{name} \({self.kinds[name]}\): (good|unknown): ")
        self.assertEqual(self.count(), 0)

    def test_json(self):
        found = json.loads(self.check("--online", "--json"))["providers"]
        self.assertEqual([one["name"] for one in found], list(self.providers))
        for one in found:
            self.assertEqual(set(one), {"name", "type", "health", "text",
                                        "advice"})

    def test_nobody_is_there(self):
        for name in self.providers:
            self.assertEqual(getattr(self, name).stop(), 0)
        text = self.check("--online", code=UNAVAILABLE)
        for line in self.lines(text).values():
            self.assertRegex(line, r": unreachable: ")

    def test_a_certificate_that_nobody_knows(self):
        """And one that cannot even be asked is told as such."""
        self.settings = {"provider mailgun": {
            "base_url": f"https://{self.mailgun.address}"}}
        text = self.check("--online", code=UNAVAILABLE)
        self.assertRegex(self.lines(text)["mailgun"],
                         r": (bad|unreachable): ")

    def test_options(self):
        self.check("--json", code=USAGE)
        self.assertIn("--json goes with --online", self.error)
        self.check("--online", "x", code=USAGE)
        self.settings = {"provider mailgun": {"domain": "not a domain"}}
        self.check("--online", code=CONFIG)


class Refused(Checks):
    """The key is another account's."""
    options = {"mailgun": ("--key", "the-key-of-another"),
               "mandrill": ("--key", "the-key-of-another")}

    def test_a_refused_key(self):
        text = self.check("--online", code=UNAVAILABLE)
        self.assertRegex(self.lines(text)["mailgun"],
                         r": bad: api_key is refused .*401")
        self.assertRegex(self.lines(text)["mandrill"], r": bad: ")
        self.assertRegex(text, r"(?m)^mandrill .*\n    \S")
        found = json.loads(self.check("--online", "--json",
                                      code=UNAVAILABLE))["providers"]
        self.assertEqual(found[1]["health"], "bad")
        self.assertTrue(found[1]["advice"])
        self.assertEqual(self.count(), 0)


class Sending(Checks):
    """A key that may send and nothing else is told from a wrong one, without
    sending."""
    providers = ("mailgun",)

    def test_a_sending_key(self):
        self.mailgun.fault("sending-key")
        text = self.check("--online")
        self.assertRegex(self.lines(text)["mailgun"],
                         r": unknown: api_key may send, but not look")
        self.assertIn("set lookup_key", text)
        self.assertEqual(self.count(), 0)


class Second(Checks):
    """A lookup_key that is good hides no api_key that is wrong."""
    providers = ("mailgun",)
    options = {"mailgun": ("--key", "the-key-of-another",
                           "--lookup-key", "the-key-of-the-account")}

    def test_a_wrong_key_beside_it(self):
        self.settings = {"provider mailgun": {
            "lookup_key": "the-key-of-the-account"}}
        text = self.check("--online", code=UNAVAILABLE)
        self.assertRegex(self.lines(text)["mailgun"],
                         r": bad: api_key is refused .*401")


if __name__ == "__main__":
    ferry.main()
