# SPDX-License-Identifier: MIT
"""Every way a mail can take: one postferry, with a listener, a provider and a
simulator for each form, and what came of each mail on each."""

import collections
import os
import re
import threading

import ferry
from durable import ID
from reading import read_record
from verdicts import (FORMS, Difference, compare, count_level,
                      is_as_written)

VERDICTS = ("kept", "said", "wrong")


class Arrival:
    """What came of one mail by one form.  verdict: one of VERDICTS;
    differences: all; missed: those that are wrong, in words."""

    def __init__(self, expected, form, reply):
        self.expected, self.form, self.reply = expected, form, reply
        self.losses = ""
        self.sent = []  # the form of each request: fields, raw or smtp
        self.differences, self.missed = [], []
        self.verdict = "kept"

    def judge(self, copies):
        """copies: (record, reading) of each request that was accepted."""
        if self.reply[0] != 250:
            self.judge_refusal()
            return
        for record, reading in copies:
            self.sent.append(record["form"])
            self.judge_copy(record, reading)
        got = sorted(address for record, _ in copies
                     for address in recipients_of(record))
        if got != sorted(set(self.expected.recipients)):
            self.miss(f"recipients: {self.expected.recipients}, not {got}")
        if self.missed:
            self.verdict = "wrong"
        elif self.differences or self.losses:
            self.verdict = "said"

    def judge_refusal(self):
        said = self.expected.refused.get(self.form)
        if said is not None and re.search(said, " ".join(
                map(str, self.reply))):
            self.verdict = "said"
            return
        self.miss(f"refused: {self.reply}")
        self.verdict = "wrong"

    def judge_copy(self, record, reading):
        found = [Difference("violation", "must", "none", text)
                 for text in record["violations"]]
        for address in self.expected.hidden:
            if address in reading.shown:
                self.miss(f"shows {address}")
        for difference in found + list(self.list_differences(reading)):
            if is_as_written(difference, self.expected, reading):
                continue
            self.differences.append(difference)
            if difference.level == "must" and not difference.is_said(
                    self.losses):
                self.miss(str(difference))

    def list_differences(self, reading):
        return compare(self.expected, reading)

    def miss(self, text):
        if text not in self.missed:
            self.missed.append(text)

    def count(self, level):
        """What was expected at this level: (kept, missed); a mail that was
        refused misses nothing."""
        if self.reply[0] != 250:
            return 0, 0
        missed = len({one.kind + str(one.wanted) for one in self.differences
                      if one.level == level})
        return count_level(self.expected, level) - missed, missed

    def lines(self):
        said = f" (said to be lost: {self.losses})" if self.losses else ""
        return [f"{self.verdict}: {self.expected.name} by {self.form}:"
                f" {text}{said}" for text in self.missed]


def recipients_of(record):
    return [fate["address"] for fate in record["recipients"]
            if fate.get("status") not in ("rejected", "invalid")]


class Roads(ferry.Scenario):
    """travel() sends mails by every form, all forms at once; a postferry of
    its own for each, since one would know a mail that it has sent already."""
    forms = FORMS
    arrival = Arrival
    expected = "."  # a violation is told of the mail that it is of

    def setUp(self):
        self.prepare()
        self.simulators = {
            form: ferry.Simulator(self.home, kind, form)
            for form, (kind, _) in self.forms.items()}
        self.ferries = {form: self.start_road(form) for form in self.forms}

    def start_road(self, form):
        path = os.path.join(self.folder, form + ".conf")
        ferry.write_private(path, self.write_settings(form))
        return self.start("postferry-" + form, "serve", "--config", path)

    def write_settings(self, form):
        kind, style = self.forms[form]
        simulator = self.simulators[form]
        lines = ["[server]", "hostname = ferry.example.com",
                 "answer = delivered", "log_rate = 0",
                 "[listener local]", "address = 127.0.0.1:0",
                 "deadline = 240s", "[provider only]", f"type = {kind}"]
        if kind == "smtp":
            lines += ["host = 127.0.0.1", "tls = off",
                      f"port = {simulator.port}"]
        else:
            lines += [f"base_url = http://{simulator.address}",
                      "api_key = key-0123456789", f"format = {style}"]
        if kind == "mailgun":
            lines.append("domain = mg.example.com")
        lines += ["[route default]", "providers = only"]
        if os.geteuid() == 0:  # the folders here are root's
            lines.insert(1, "user = root")
        return "\n".join(lines) + "\n"

    def travel(self, mails):
        """[Arrival] of every mail by every form."""
        replies = {form: [] for form in self.forms}
        senders = [threading.Thread(target=self.send_all,
                                    args=(mails, form, replies[form]))
                   for form in self.forms]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        self.assertEqual({form: len(done) for form, done in replies.items()},
                         dict.fromkeys(self.forms, len(mails)))
        return [arrival for form in self.forms for arrival in
                self.read_form(mails, form, replies[form])]

    def send_all(self, mails, form, replies):
        """One after the other, so that the records are in their order."""
        address = self.ferries[form].wait_line(
            r"listening listener=local address=(\S+)")[1]
        client = ferry.Client(address)
        for mail in mails:
            try:
                reply = client.mail(mail.sender, mail.recipients, mail.raw)
                if reply[0] != 250:
                    client.command("RSET")
            except OSError as error:
                reply = 0, str(error)
            if reply[0] in (0, 421):
                client.close()
                client = ferry.Client(address)
            replies.append(reply)
        client.command("QUIT")
        client.close()

    def read_log(self, form):
        """By mail: how many requests were accepted, and what was lost."""
        self.ferries[form].stop()
        accepted, losses = collections.Counter(), {}
        for line in self.ferries[form].text().splitlines():
            found = re.search(rf"delivery accepted mail=({ID})", line)
            if found:
                accepted[found[1]] += 1
            found = re.search(
                rf"mail loses something mail=({ID}).* lost=(.*)", line)
            if found:
                self.assertNotRegex(line, r'\.\.\."?$', "the list is cut")
                losses.setdefault(found[1], []).append(
                    found[2].strip('"'))
        return accepted, {mail: ", ".join(lists)
                          for mail, lists in losses.items()}

    def read_form(self, mails, form, replies):
        accepted, losses = self.read_log(form)
        folder = os.path.join(self.folder, form)
        number = 1
        for mail, reply in zip(mails, replies):
            arrival = self.arrival(mail, form, reply)
            found = re.search(ID, reply[1])
            arrival.losses = losses.get(found[0], "") if found else ""
            copies = accepted[found[0]] if found else 0
            arrival.judge([read_record(folder, number + copy)
                           for copy in range(copies)])
            number += copies
            yield arrival


def count_sent(arrivals):
    counts = collections.Counter(form for one in arrivals
                                 for form in one.sent)
    return ", ".join(f"{count} {form}" for form, count in sorted(
        counts.items()))


def table(arrivals, title):
    """Forms and verdicts in totals, as text; "differ": those of which a reader
    sees less than was written, all of which were said to."""
    lines = [f"{title:16}" + "".join(f"{word:>7}" for word in VERDICTS)
             + " differ  sent as"]
    for form in FORMS:
        rows = [one for one in arrivals if one.form == form]
        counts = collections.Counter(one.verdict for one in rows)
        differ = sum(bool(one.differences) for one in rows)
        lines.append(f"{form:16}" + "".join(
            f"{counts[word]:7}" for word in VERDICTS)
            + f"{differ:7}  {count_sent(rows)}")
    return "\n".join(lines)


def level_table(arrivals):
    """What is expected at each level, kept and missed, by form."""
    lines = ["                   must kept missed   should kept missed"]
    for form in FORMS:
        rows = [one for one in arrivals if one.form == form]
        sums = [sum(counts) for level in ("must", "should") for counts in
                zip(*(one.count(level) for one in rows))]
        lines.append("{:16}{:12}{:7}{:14}{:7}".format(form, *sums))
    return "\n".join(lines)
