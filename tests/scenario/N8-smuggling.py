# SPDX-License-Identifier: MIT
"""SMTP smuggling: every spelling of the end of data, split at every byte over
two TCP segments, in both modes of line_endings.  What comes out at the exits is
one mail per mail, whoever reads it: as raw MIME, as fields, strict and lenient
servers, a real Postfix with its old default, a real Exim.

Each run tries every spelling, and as many splits as SECONDS (3) allow; FULL=1
all splits.  SEED=N repeats a choice.
"""

import itertools
import os
import random
import re
import shutil
import socket
import time
import unittest

import exim
import ferry
import postfix
import smuggling

FULL = os.environ.get("FULL") == "1"
SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 32)))
SECONDS = float(os.environ.get("SECONDS", 3))
BATCH = 64
MODELS = tuple(smuggling.READERS)


class Attempt(ferry.Client):
    """A session that sends the case in two segments, and what it was told."""

    def __init__(self, address, case, name, exits):
        super().__init__(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.case = case
        self.name = name
        refused = self.begin("ann@example.com",
                             [f"{name}@{exit}.example" for exit in exits])
        assert refused is None, refused

    def accepted(self):
        """Reads on to the end: of each mail whether it was taken."""
        codes = [354]
        while codes[-1]:
            codes.append(self.reply()[0])
        self.close()
        return [after == 250 for code, after in zip(codes, codes[1:])
                if code == 354]


class Smuggling(ferry.Scenario):
    """Each exit has a route of its own, which its domain goes by."""
    providers = ()
    exits = ("strict",)

    def setUp(self):
        self.prepare()
        self.addresses = {}
        self.sinks = {name: smuggling.Sink(name)
                      for name in self.exits if name in MODELS}
        for sink in self.sinks.values():
            self.addCleanup(sink.close)
        self.settings = self.make_settings()
        self.start_ferry()
        self.at = {name: self.ferry.wait_line(
            rf"listening.*listener={name} .*address=(\S+:\d+)")[1]
            for name in ("fix", "reject")}
        self.control = ferry.Client(self.address)
        self.addCleanup(self.control.close)
        self.random = random.Random(SEED)
        self.numbers = itertools.count()
        print(f"SEED={SEED}", end=" ", flush=True)

    def make_settings(self):
        settings = {
            "server": {"loops": "1"},
            "listener local": {"idle_commands": "1000000"},
            **{f"listener {mode}": {"address": "127.0.0.1:0",
                                    "line_endings": mode}
               for mode in ("fix", "reject")},
            "route default": {"providers": self.exits[0]}}
        for name in self.exits:
            settings[f"provider {name}"] = self.make_exit(name)
            settings[f"route {name}"] = {
                "providers": name, "recipient_domains": f"{name}.example"}
        return settings

    def make_exit(self, name):
        return {"type": "smtp", "host": "127.0.0.1", "tls": "off",
                "port": self.sinks[name].port}

    def sync(self):
        """All that was written to the one loop before was read by it."""
        for _ in range(2):
            self.assertEqual(self.control.command("NOOP")[0], 250)

    def attack(self, mode, chosen):
        """chosen: [(case, where it is split)], tried side by side.  Returns
        [(attempt, its mails taken)]."""
        attempts = [Attempt(self.at[mode], case, f"case{next(self.numbers)}",
                            self.exits) for case, _ in chosen]
        text = [case.text + b"QUIT\r\n" for case, _ in chosen]
        for attempt, whole, (_, split) in zip(attempts, text, chosen):
            attempt.write(whole[:split])
        self.sync()
        for attempt, whole, (_, split) in zip(attempts, text, chosen):
            attempt.write(whole[split:])
        return [(attempt, self.check_told(mode, attempt, split))
                for attempt, (_, split) in zip(attempts, chosen)]

    def check_told(self, mode, attempt, split):
        """As the law says: its mail, and another only when the text really
        ends in between, and the client waited for the next 354."""
        taken = attempt.accepted()
        case = attempt.case
        self.assertEqual(taken[0], case.taken(mode), (mode, case.name, split))
        if not case.rest:
            self.assertEqual(len(taken), 1, (mode, case.name, split))
        return taken

    def expected(self, told):
        """{name: attempt} of the mails that must come out, and how many
        times somebody was told that the second one is taken."""
        return ({attempt.name: attempt for attempt, taken in told if taken[0]},
                sum(sum(taken[1:]) for _, taken in told))

    def check_mails(self, told, exit, mails):
        """mails: [(sender, recipients, content)] that came out there."""
        mine, second = self.expected(told)
        forged = [mail for mail in mails if mail[0] == "eve@example.org"]
        honest = [mail for mail in mails if mail[0] != "eve@example.org"]
        self.assertEqual(len(forged), second if exit == "strict" else 0, exit)
        self.assertEqual(
            sorted(to for _, tos, _ in honest for to in tos),
            sorted(f"{name}@{exit}.example" for name in mine))
        self.assertEqual(len(honest), len(mine), exit)
        for _, (to,), content in honest:
            case = mine[to.partition("@")[0]].case
            self.check_content(case, exit, content)

    def check_content(self, case, exit, content):
        """What came in is what goes out; of a mail that was attacked in its
        header that it is one mail suffices."""
        self.assertEqual(smuggling.find_faults(content), [],
                         (case.name, exit, content))
        for model in MODELS:
            self.assertEqual(
                smuggling.read_text(model, ferry.stuff(content) + b".\r\n"),
                1, (case.name, exit, model, content))
        if case.place == "text":
            body = content.partition(b"\r\n\r\n")[2]
            self.assertEqual(body, case.mended().partition(b"\r\n\r\n")[2],
                             (case.name, exit))

    def check_sinks(self, told):
        mine, second = self.expected(told)
        for name, sink in self.sinks.items():
            count = len(mine) + (second if name == "strict" else 0)
            self.check_mails(told, name, [
                (mail.sender, mail.recipients, mail.data())
                for mail in sink.take(count)])

    def choose(self, case):
        return case, self.random.randrange(1, len(case.text))

    def batches(self, chosen):
        for at in range(0, len(chosen), BATCH):
            yield chosen[at:at + BATCH]


class Law(unittest.TestCase):
    """The models are as loose as they should be, and the law is not."""

    def count(self, model, before, after, dots="."):
        return smuggling.read_text(
            model, smuggling.Case("text", before, dots, after).text)

    def test_models(self):
        for model, ends in (
                ("strict", {"CRLF", "CRCRLF", "NUL-CRLF"}),
                ("lf", {"CRLF", "LF", "CRCRLF", "NUL-LF", "NUL-CRLF",
                        "CR-NUL-LF"}),
                ("cr", {"CRLF", "LF", "CR", "CRCRLF", "LFCR", "NUL-LF",
                        "NUL-CRLF", "CR-NUL-LF"})):
            found = {end for end in smuggling.ENDS
                     if self.count(model, end, "CRLF") == 2}
            self.assertEqual(found, ends, model)
        self.assertEqual(self.count("first", "LF", "LF"), 1)
        self.assertEqual(self.count("nul", "CR-NUL-LF", "NUL-LF"), 2)
        self.assertEqual(self.count("lf", "LF", "LF", ".."), 1)

    def test_law(self):
        two = {case.name for case in smuggling.all_cases() if case.rest}
        self.assertEqual(two, {
            f"{place} {before} . {after}" for place in smuggling.PLACES
            for before in ("CRLF", "CRCRLF", "NUL-CRLF")
            for after in ("CRLF", "CRLF-NUL")})


class Splits(Smuggling):
    """Any split, at one exit."""

    def choose_all(self):
        every = [(mode, case, split) for mode in ("fix", "reject")
                 for case in smuggling.all_cases()
                 for split in range(1, len(case.text))]
        self.random.shuffle(every)
        return every

    def test_splits(self):
        every, tried = self.choose_all(), 0
        deadline = time.monotonic() + SECONDS
        while every and (FULL or time.monotonic() < deadline):
            some, every = every[:BATCH], every[BATCH:]
            for mode in ("fix", "reject"):
                chosen = [(case, split) for which, case, split in some
                          if which == mode]
                self.check_sinks(self.attack(mode, chosen))
            tried += len(some)
        print(f"{tried} splits, {len(every)} left", end=" ")


class Exits(Smuggling):
    """Any spelling, at all of them."""
    providers = ("mailgun", "fields", "mandrill")
    kinds = {"mailgun": "mailgun", "fields": "mailgun",
             "mandrill": "mandrill"}
    exits = ("strict", "lf", "cr", "first", "nul", *providers)

    def make_exit(self, name):
        if name not in self.providers:
            return super().make_exit(name)
        simulator = self.start_simulator(name)
        setattr(self, name, simulator)
        return {"type": self.kinds[name], "api_key": "key-0123456789",
                "base_url": f"http://{simulator.address}",
                "format": "raw" if name == "mailgun" else "fields",
                **({} if name == "mandrill" else
                   {"domain": "mg.example.com"})}

    def test_exits(self):
        for mode in ("fix", "reject"):
            chosen = [self.choose(case) for case in smuggling.all_cases()]
            for some in self.batches(chosen):
                told = self.attack(mode, some)
                self.check_sinks(told)
                self.check_providers(told)

    def check_providers(self, told):
        count = len(self.expected(told)[0])
        for name in self.providers:
            simulator = getattr(self, name)
            # no sender in what an API is told
            self.check_mails(told, name, [
                ("", mail.recipients, self.find_content(mail))
                for mail in simulator.mails(count)])
            simulator.clear()

    @staticmethod
    def find_content(mail):
        if mail.raw is not None:
            return mail.raw
        return b"Subject: honest\r\n\r\n" + ferry.crlf(mail.text or "\n")

    def check_content(self, case, exit, content):
        if exit in ("fields", "mandrill") and not content.endswith(b"\n"):
            content += b"\r\n"
        super().check_content(case, exit, content)


class Real(Smuggling):
    """Any spelling, at a real server, which passes it on or keeps it."""

    def setUp(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        super().setUp()

    def make_exit(self, name):
        return {"type": "smtp", "host": "127.0.0.1", "tls": "off",
                "port": self.port}

    def attack_all(self):
        """Returns to whom mails must have come."""
        cases = [case for case in smuggling.all_cases(self.exits[0])
                 if case.taken("fix") and not case.rest]
        names = []
        for some in self.batches([self.choose(case) for case in cases]):
            names += [attempt.name for attempt, _ in self.attack("fix", some)]
        self.assertGreater(len(names), 80)
        return sorted(f"{name}@{self.exits[0]}.example" for name in names)


@unittest.skipUnless(os.geteuid() == 0 and shutil.which(
    "postqueue", path="/usr/sbin:/usr/bin"), "Postfix needs root")
class Postfix(Real):
    """What it makes of them comes to a strict server behind it."""
    exits = ("postfix",)

    def make_settings(self):
        self.behind = smuggling.Sink("strict")
        self.addCleanup(self.behind.close)
        self.server = postfix.Postfix(
            self.home, self.behind.port,
            {"smtpd_forbid_bare_newline": "no", "smtpd_tls_security_level":
             "none", "smtpd_recipient_restrictions": "permit"},
            smtpd=self.port)
        return super().make_settings()

    def test_postfix(self):
        wanted = self.attack_all()
        mails = self.behind.take(len(wanted))
        deadline = time.monotonic() + ferry.PATIENCE
        while self.server.waiting():  # one too many would be among those
            self.assertLess(time.monotonic(), deadline)
        mails += self.behind.take()
        self.assertEqual(sorted(to for mail in mails
                                for to in mail.recipients), wanted)
        self.assertEqual(len(mails), len(wanted))
        for mail in mails:
            self.assertEqual(mail.sender, "ann@example.com")
            self.assertIn(b"forged", mail.data())


class Exim(Real):
    exits = ("exim",)

    def make_settings(self):
        self.server = exim.Server(self.home, self.port)
        return super().make_settings()

    def test_exim(self):
        wanted = self.attack_all()
        mails = self.server.exim.queued()
        self.assertEqual(sorted(
            to for head, _ in mails
            for to in re.findall(r"^\S+@exim\.example$", head, re.M)), wanted)
        self.assertEqual(len(mails), len(wanted))
        for head, body in mails:
            self.assertIn("\n<ann@example.com>\n", head)
            self.assertIn("forged", head + body)


if __name__ == "__main__":
    ferry.main()
