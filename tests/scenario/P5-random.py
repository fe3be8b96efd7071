# SPDX-License-Identifier: MIT
"""Mails made by chance, each by one form (FULL=1: by all): what a simulator
reads of it is what was made, byte for byte where it went raw, or the difference
stands in the loss list.  SEED=N makes those of an earlier run again, MAILS=N so
many of them; BEGIN=N begins with that one."""

import os
import re
import threading

import ferry
import roads
from random_mails import Mail
from reading import RawReading, one_line
from verdicts import Difference

SEED = int(os.environ.get("SEED") or 1)
MAILS = int(os.environ.get("MAILS") or 2000)
BEGIN = int(os.environ.get("BEGIN") or 0)
FULL = os.environ.get("FULL") == "1"

# Removed always, or not the mail's own.
REMOVED = ("bcc", "resent-bcc", "received", "content-transfer-encoding")


def is_removed(name):
    return name in REMOVED or name.startswith("x-mc-")


def unfold(value):
    return re.sub(r"\r?\n(?=[ \t])", "", value).strip()


def read_head(mail):
    """[(name, value)] of the fields as they were written."""
    pairs = [field.decode("utf-8", "surrogateescape").partition(":")
             for field in mail.head]
    return sorted((name.lower(), unfold(value)) for name, _, value in pairs
                  if not is_removed(name.lower()))


def read_bytes(value):
    """Of a field of the parser's, the bytes beyond ASCII as text."""
    return str(value).encode("utf-8", "surrogateescape").decode(
        "utf-8", "surrogateescape")


def compare_raw(mail, reading):
    """Fields in their own bytes, and the content of every part."""
    got = sorted((name.lower(), unfold(read_bytes(value)))
                 for name, value in reading.mime.raw_items()
                 if not is_removed(name.lower()))
    # bytes beyond ASCII may become words: then what they say is compared
    wanted = [pair for pair in read_head(mail) if pair[1].isascii()]
    plain = {name for name, _ in wanted}
    got = [pair for pair in got if pair[0] in plain and pair[1].isascii()]
    if got != wanted:
        yield Difference("header", "must", wanted, got)
    leaves = [part.get_payload(decode=True) for part in reading.mime.walk()
              if not part.is_multipart() and
              part.get_content_maintype() != "message"]
    nested = any(part.get_content_type() == "message/rfc822"
                 for part in reading.mime.walk())
    if not nested and [leaf.rstrip(b"\r\n") for leaf in leaves] != [
            leaf.rstrip(b"\r\n") for leaf in mail.leaves]:
        yield Difference("text", "must", mail.leaves, leaves)


def compare_fields(mail, reading):
    """Texts to the last blank; an API takes none that is empty."""
    subject = reading.first("subject") or reading.first("message.subject")
    if (subject or " ") != (mail.subject or " "):
        yield Difference("subject", "must", repr(mail.subject), repr(subject))
    for kind, text in mail.bodies.items():
        got = (getattr(reading, kind) or "").replace("\r\n", "\n")
        if "cid:" not in text and got.rstrip("\n") != text.rstrip("\n") and (
                text.strip() or got.strip()):
            yield Difference(kind, "must", repr(text), repr(got))


class Arrival(roads.Arrival):
    def list_differences(self, reading):
        if isinstance(reading, RawReading):
            yield from compare_raw(self.expected, reading)
        else:
            yield from compare_fields(self.expected, reading)
        for one in super().list_differences(reading):
            if not self.is_verbatim(one, reading):
                yield one

    def is_verbatim(self, difference, reading):
        """A field that went as it was written, whatever charset the words in
        it name."""
        name = difference.kind.removeprefix("header ").lower()
        written = dict(read_head(self.expected)).get(name)
        return written is not None and not isinstance(
            reading, RawReading) and any(
                one_line(value) == one_line(written) for key, value in reading.fields
                if key.lower() in ("h:" + name, "message.headers." + name))


class RandomMails(roads.Roads):
    arrival = Arrival

    def test_each_arrives_as_it_was_made(self):
        print(f"SEED={SEED} MAILS={MAILS} BEGIN={BEGIN}")
        mails = [Mail(SEED, number) for number in range(BEGIN, BEGIN + MAILS)]
        forms = list(self.forms)
        shares = {form: mails if FULL else mails[place::len(forms)]
                  for place, form in enumerate(forms)}
        arrivals = self.travel(shares)
        print(roads.table(arrivals, f"{MAILS} mails"))
        wrong = [line for one in arrivals for line in one.lines()]
        self.assertEqual(wrong, [], f"\nSEED={SEED}\n" + "\n".join(wrong))

    def travel(self, shares):
        """[Arrival] of every mail by the forms it has a share in."""
        replies = {form: [] for form in shares}
        senders = [threading.Thread(target=self.send_all,
                                    args=(mails, form, replies[form]))
                   for form, mails in shares.items()]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        return [arrival for form, mails in shares.items() for arrival in
                self.read_form(mails, form, replies[form])]


if __name__ == "__main__":
    ferry.main()
