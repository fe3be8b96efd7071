# SPDX-License-Identifier: MIT
"""No mail is ever in memory as a whole: one of 24 MB, accepted, read, planned
and sent, to each kind of provider in each form, adds at most 2 MB to what is
resident.  FULL=1: 100 of them at once, under 256 MB in all."""

import concurrent.futures
import os
import re

import durable
import ferry

LARGE = 24_000_000
MORE_KB = 2048
CROWD = 100
CROWD_KB = 256 * 1024


def read_status(pid, key):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(rf"{key}:\s+(\d+) kB", file.read())[1])


def large_mail():
    return ferry.attach("From: ann@example.com\nTo: bob@example.net\n"
                        "Subject: large\n", "large.bin",
                        os.urandom(LARGE // 78 * 57))


class Memory:
    form = "fields"
    kind = "mailgun"
    large = staticmethod(large_mail)

    def write_settings(self):
        state = os.path.join(self.folder, "state")
        os.mkdir(state, 0o700)
        self.settings = {
            "server": {"state_dir": state},
            # a crowd takes its time where the processors are few
            "listener local": {"deadline": "9m"},
            f"provider {self.kind}":
                {} if self.kind == "upstream" else {"format": self.form}}
        return super().write_settings()

    def send_all(self, mail, count):
        # no two alike: one would be answered for the other
        with concurrent.futures.ThreadPoolExecutor(count) as senders:
            list(senders.map(
                lambda number: self.accept(
                    b"X-Number: %d\r\n" % number + mail), range(count)))

    def wait_mails(self, count):
        """What took too long was queued, and comes all the same."""
        for patience in range(10):
            try:
                return getattr(self, self.kind).numbers(count)
            except ferry.Stuck:
                if patience == 9:
                    raise

    def check(self, count, limit_kb):
        pid = self.ferry.child.pid
        mail = self.large()
        self.accept(ferry.simple())  # what is needed once for all
        before = read_status(pid, "VmRSS")
        # from here on the high-water mark is anew
        with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
        self.send_all(mail, count)
        self.wait_mails(count + 1)
        most = read_status(pid, "VmHWM")
        print(f"{most - before} kB more than {before} kB", end=" ")
        if not durable.is_sanitized():
            self.assertLess(limit_kb(before, most), 0)

    def test_one(self):
        self.check(1, lambda before, most: most - before - MORE_KB)

    def test_crowd(self):
        if not os.environ.get("FULL"):
            self.skipTest("FULL=1")
        self.check(CROWD, lambda before, most: most - CROWD_KB)


class MailgunFields(Memory, ferry.Scenario):
    providers = ("mailgun",)


class MailgunRaw(MailgunFields):
    form = "raw"


class MandrillFields(Memory, ferry.Scenario):
    kind = "mandrill"
    providers = ("mandrill",)


class MandrillRaw(MandrillFields):
    form = "raw"


class MandrillEncoded(MandrillRaw):
    """A text of 8 bits, which becomes quoted-printable on its way."""

    @staticmethod
    def large():
        line = "Gr\u00fc\u00dfe aus Z\u00fcrich, zum Beispiel\n"
        return ferry.simple(
            body=line * (LARGE // 2 // len(line.encode())),
            Content_Type="text/plain; charset=utf-8")


class Upstream(Memory, ferry.Scenario):
    kind = "upstream"
    providers = ("upstream",)


if __name__ == "__main__":
    ferry.main()
