# SPDX-License-Identifier: MIT
"""The settings are read again while mail goes on: none is lost, none refused.

FULL=1: a hundred times, with a key that changes each time."""

import os
import re
import signal
import time

import durable
import ferry
import ledger
import load

FULL = os.environ.get("FULL") == "1"
TIMES = 100 if FULL else 6
SESSIONS = 10
MAIL = "MAIL FROM:<ann@example.com>"
FIRST, SECOND = "RCPT TO:<a@example.net>", "RCPT TO:<b@example.net>"


class Reload(durable.Durable):
    """Keys stand in files; the simulator of mailgun takes what it is told."""
    providers = ("mailgun", "mandrill")
    reread = "0"
    keys = {}

    def setUp(self):
        self.prepare()
        self.addresses = {}
        for name in self.providers:
            setattr(self, name, ferry.Simulator(
                self.home, name, name,
                *(["--key", self.keys[name]] if name in self.keys else [])))
            self.rotate(name, "first")
        self.settings = self.make_settings()
        self.start_ferry()

    def key_file(self, name):
        return os.path.join(self.folder, f"{name}.key")

    def rotate(self, name, word):
        """As whoever rotates keys does it: another file in its place."""
        path = self.key_file(name)
        ferry.write_private(path + ".new", f"key-of-{name}-{word}-0123456\n")
        os.rename(path + ".new", path)

    def make_settings(self):
        # every line is wanted: one tells that it has read them
        return {"server": {**durable.QUICK, "reread": self.reread,
                           "log_rate": "0", "probe_interval": "0"}}

    def write_settings(self):
        text = super().write_settings()
        for name in self.providers:
            text = text.replace(
                f"api_key = key-of-{name}-0123456789",
                f"api_key_file = {self.key_file(name)}")
        return text

    def read_conf(self):
        with open(self.queue.config, encoding="utf-8") as file:
            return file.read()

    def change(self, text):
        ferry.write_private(self.queue.config, text)

    def reload(self, wanted=r"settings read again"):
        """Waits for the line that tells of it."""
        start = len(self.ferry.lines)
        self.ferry.signal(signal.SIGHUP)
        return self.ferry.wait_line(wanted, start)

    def drain(self):
        """Mail that one provider failed goes by the next at three a second,
        however idle that is (src/dispatch/allowance.h)."""
        counts = self.queue.counts()
        left = counts["waiting"] + counts["active"]
        self.queue.drain(3 * ferry.PATIENCE + left / 3)
        self.check_totals()


class Load(Reload):
    def test_rotation_under_load(self):
        book = ledger.Ledger()
        mails = load.Load(book, 7, sessions=SESSIONS, pace=0.02,
                          sizes=((100, 1_000, 5_000),))
        mails.start(self.address)
        for number in range(TIMES):
            before = self.mailgun.requests()
            self.rotate("mailgun", f"{number:03}")
            self.reload()
            # by the new one
            self.mailgun.wait_requests(before + 5)
        mails.stop()
        self.drain()
        self.assertEqual([letter.reply for letter in book.letters.values()
                          if letter.code != 250], [])
        self.assertEqual(len(re.findall(r"settings read again", self.ferry.text())), TIMES)
        self.judge(book)


class LoadDelivered(Load):
    answer = "delivered"


class Trouble(Reload):
    """The first provider fails every third mail, and comes and goes."""

    def test_providers_come_and_go(self):
        both = self.read_conf()
        alone = re.sub(r"\[provider mailgun\][^[]*", "", both)
        alone = alone.replace("mailgun, mandrill", "mandrill")
        book = ledger.Ledger()
        mails = load.Load(book, 11, sessions=SESSIONS, pace=0.02,
                          sizes=((100, 1_000, 5_000),))
        self.mailgun.fault("status=503 chance=30")
        self.mandrill.fault("slow=100 chance=30")
        mails.start(self.address)
        for number in range(TIMES if FULL else 3):
            away = number % 2 == 0
            taker = self.mandrill if away else self.mailgun
            before = taker.requests()
            self.change(alone if away else both)
            self.reload()
            taker.wait_requests(before + 5)
        mails.stop()
        self.drain()
        self.assertEqual([letter.reply for letter in book.letters.values()
                          if letter.code != 250], [])
        self.judge(book)


class TroubleDelivered(Trouble):
    answer = "delivered"


class Rotated(Reload):
    """A key that is noticed without a word, where the old one is no good."""
    providers = ("mailgun",)
    reread = "50ms"
    keys = {"mailgun": "key-of-mailgun-second-0123456"}

    def test_noticed(self):
        self.accept(ferry.simple())
        self.ferry.wait_line(r"provider unusable|provider closed|account")
        self.assertEqual(self.mailgun.count(), 0)
        # what is edited meanwhile is nobody's order yet
        self.change(self.read_conf() + "[nonsense]\n")
        self.rotate("mailgun", "second")
        self.ferry.wait_line(r"settings read again")
        self.mailgun.mails(1)
        self.drain()


class Probed(Reload):
    """Whoever is well as before is no news."""

    def make_settings(self):
        return {"server": {**durable.QUICK, "reread": self.reread}}

    def probed(self):
        """When each was, once all have been."""
        end = time.monotonic() + ferry.PATIENCE
        while time.monotonic() < end:
            times = [provider["health"]["probed"]
                     for provider in self.queue.status()["providers"]]
            if all(times):
                return times
        return self.fail("not probed")

    def test_well_as_before(self):
        first = self.probed()
        self.ferry.wait_line("provider is well provider=mailgun was=unknown")
        self.ferry.wait_line("provider is well provider=mandrill was=unknown")
        self.reload()
        end = time.monotonic() + ferry.PATIENCE
        while any(now == then for now, then in zip(self.probed(), first)):
            self.assertLess(time.monotonic(), end, "not probed again")
        self.assertEqual(
            len(re.findall("provider is well", self.ferry.text())), 2)


class Changes(Reload):
    def test_bad_file_changes_nothing(self):
        good = self.read_conf()
        self.change(good + "\n[provider third]\ntype = mailgnu\n"
                    "[route nowhere]\nproviders = nobody\n")
        lines = good.count("\n")
        found = self.reload(r"settings not read again.*error=2 of=2")
        self.assertIn("nobody", found.string)
        self.assertRegex(self.ferry.text(),
                         rf"postferry.conf:{lines + 3}: .*mailgnu.*error=1 of=2")
        self.accept(ferry.simple("still"))
        self.mailgun.mails(1)
        _, status = self.queue.ask("/status")
        self.assertIn("settings_unread", str(status))
        self.change(good)
        self.reload()
        _, status = self.queue.ask("/status")
        self.assertNotIn("settings_unread", str(status))

    def test_removed_and_added(self):
        """What waits for a provider goes by the one that takes its place."""
        both = self.read_conf()
        alone = re.sub(r"\[provider mandrill\][^[]*", "", both)
        alone = alone.replace("mailgun, mandrill", "mailgun")
        self.mailgun.fault("status=503")
        self.change(alone)
        found = self.reload()
        self.assertIn("providers_removed=mandrill", found.string)
        for number in range(20):
            self.accept(ferry.simple(f"waits {number}"))
        other = re.sub(r"\[provider mailgun\][^[]*", "", both)
        self.change(other.replace("mailgun, mandrill", "mandrill"))
        found = self.reload()
        self.assertIn("providers_added=mandrill", found.string)
        self.assertIn("providers_removed=mailgun", found.string)
        self.mandrill.mails(20)
        self.drain()
        self.assertEqual(self.mailgun.count(), 0)

    def test_listeners(self):
        """One is opened where that can be, one is closed, one has another
        rule; what cannot be bound any more is said."""
        text = self.read_conf()
        socket = os.path.join(self.queue.state, "smtp")
        self.change(text + f"\n[listener second]\naddress = unix:{socket}\n"
                    "[listener third]\naddress = 192.0.2.1:2525\n")
        self.reload()
        self.assertRegex(self.ferry.text(),
                         r"listening listener=second address=unix:")
        self.assertRegex(
            self.ferry.text(),
            r"listener takes effect at the next start listener=third")
        self.assertTrue(os.path.exists(socket))
        self.change(text.replace("[listener local]",
                                 "[listener local]\nrecipients = 1"))
        self.reload()
        self.assertIn("listener closed listener=second", self.ferry.text())
        self.assertFalse(os.path.exists(socket))
        with ferry.Client(self.address) as client:
            code, _ = client.begin("ann@example.com",
                                   ("a@example.net", "b@example.net"))
            self.assertEqual(code, 452)

    def test_open_session(self):
        """It ends its mail by the rules it began with, and begins the next by
        those of now."""
        text = self.read_conf()
        with ferry.Client(self.address) as client:
            self.assertEqual(self.say(client, MAIL, FIRST), 250)
            self.change(text.replace("[listener local]",
                                     "[listener local]\nrecipients = 1"))
            self.reload()
            self.assertEqual(self.say(client, SECOND), 250)
            end = time.monotonic() + ferry.PATIENCE
            code = 250
            while code == 250 and time.monotonic() < end:
                # its loop may hear of it a bit later
                code = self.say(client, "RSET", MAIL, FIRST, SECOND)
            self.assertEqual(code, 452)

    def say(self, client, *commands):
        """What the last was told."""
        for command in commands:
            code, _ = client.command(command)
        return code

    def test_while_it_ends(self):
        """It is asked to reload until it is no more, which is no reason to
        die of it."""
        child = self.queue.process.child
        self.queue.process.signal(signal.SIGTERM)
        while child.poll() is None:
            child.send_signal(signal.SIGHUP)
        self.queue.end(number=None)

    def test_listener_moves(self):
        """Where it cannot go it stays: nobody is turned away meanwhile."""
        text = self.read_conf()
        socket = os.path.join(self.queue.state, "smtp")
        address = re.search(r"^address = .*$", text, re.M)[0]
        for _ in range(2):
            self.change(text.replace(address, "address = 192.0.2.1:2525"))
            self.reload(r"listener stays where it is until the next start"
                        r" listener=local")
            self.accept(ferry.simple("still"))
        self.change(text.replace(address, f"address = unix:{socket}"))
        self.reload(r"listener closed listener=local")
        self.assertRegex(self.ferry.text(),
                         r"listening listener=local address=unix:")
        self.assertTrue(os.path.exists(socket))
        with self.assertRaises(OSError):
            ferry.Client(self.address)

    def test_next_start(self):
        self.change(self.read_conf().replace("[server]\n",
                                             "[server]\nrelays = 2\n"))
        found = self.reload(r"settings take effect at the next start")
        self.assertIn("[server] relays", found.string)


if __name__ == "__main__":
    ferry.main()
