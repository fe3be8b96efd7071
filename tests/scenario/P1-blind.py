# SPDX-License-Identifier: MIT
"""Who gets a mail without being named in it stays unseen: random envelopes of
visible and blind recipients, with Bcc fields in every spelling, by every form
of every provider.  FULL=1 has 1,000 of them, SEED=N other ones."""

import base64
import os
import quopri
import random
import threading
import urllib.parse

import ferry
import forms

COUNT = 1000 if os.environ.get("FULL") else 150
SEED = int(os.environ.get("SEED", "6"))
BATCH = 60  # the simulators keep so many

BCC = ("Bcc: ", "bcc: ", "BCC:", "Bcc : ", "BcC\t:", "Bcc:\r\n ",
       "Resent-Bcc: ", "resent-bCC :\r\n\t", "RESENT-BCC:\r\n  ")

LOCALS = ("{}", "first.{}", "{}+tag", "o'{}", '"{} x"', "a/{}",
          '"{},"', "{}=example.org")
DOMAINS = ("example.net", "Example.ORG", "xn--mnchen-3ya.example",
           "m\u00fcnchen.example")

TEXT = "Content-Type: text/plain; charset=utf-8\r\n"
OUTER = 'MIME-Version: 1.0\r\nContent-Type: multipart/{}; boundary="{}"\r\n'


def write_plain(_):
    return "\r\nBcc: was a word of paper once.\r\n"


def write_eight(_):
    return ("MIME-Version: 1.0\r\n" + TEXT +
            "Content-Transfer-Encoding: 8bit\r\n\r\nGr\u00fc\u00dfe\r\n")


def write_parts(subtype, *parts):
    return (OUTER.format(subtype, "b") + "\r\n" +
            "".join("--b\r\n" + part + "\r\n" for part in parts) + "--b--\r\n")


def write_both(_):
    return write_parts("alternative", TEXT + "\r\nHello.",
                       TEXT.replace("plain", "html") + "\r\n<p>Hello.</p>")


def write_invitation(_):
    return write_parts(
        "alternative", TEXT + "\r\nHello.",
        TEXT.replace("plain", "calendar") + "\r\nBEGIN:VCALENDAR\r\n")


def write_file(dice):
    blob = base64.encodebytes(dice.randbytes(600)).decode().replace(
        "\n", "\r\n")
    return write_parts(
        "mixed", TEXT + "\r\nSee the file.",
        "Content-Type: application/octet-stream\r\n"
        "Content-Disposition: attachment; filename=f.bin\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n" + blob)


def write_opaque(_):
    """So deep that nobody looks into it."""
    depth = 25
    return (OUTER.format("mixed", "b0") + "\r\n" + "".join(
        f"--b{i}\r\n" + OUTER.format("mixed", f"b{i + 1}") + "\r\n"
        for i in range(depth)) + f"--b{depth}\r\n" + TEXT + "\r\nDeep.\r\n")


BODIES = (write_plain, write_plain, write_eight, write_both, write_file,
          write_invitation, write_opaque)


class Envelope:
    """A mail and who gets it: visible, blind (tokens, as all addresses hold
    one), people (addresses by token)."""

    def __init__(self, dice, number):
        self.dice = dice
        self.number = number
        self.people = {}
        self.to = self.make_some(0, 3)
        self.cc = self.make_some(0, 2)
        self.blind = self.make_some(0 if self.to else 1, 4)
        # named in Bcc, and some of them nobody sends it to
        self.named = dice.sample(self.blind, dice.randint(0, len(self.blind)))
        self.receivers = self.to + self.cc + self.blind
        self.named += self.make_some(0, 2)
        self.shown_only = self.make_some(0, 1) if dice.random() < .2 else []
        dice.shuffle(self.receivers)
        self.write_header()
        self.tail = dice.choice(BODIES)(dice)

    def make_some(self, least, most):
        tokens = [f"t{self.number}x{self.dice.randrange(16 ** 8):08x}"
                  for _ in range(self.dice.randint(least, most))]
        for token in tokens:
            self.people[token] = (
                self.dice.choice(LOCALS).format(token) + "@"
                + self.dice.choice(DOMAINS))
        return tokens

    def write_people(self, tokens):
        words = []
        for token in tokens:
            name = self.dice.choice(("", f"N. {token}", f'"N, {token}"',
                                     f"=?utf-8?q?N=C3=BC_{token}?=",
                                     f"N\u00fc {token}"))
            address = self.people[token]
            words.append(f"{name} <{address}>" if name else address)
        return self.dice.choice((", ", ",\r\n\t", " ,\r\n ")).join(words)

    def write_header(self):
        fields = ["From: Ann <ann@example.com>\r\n", "Subject: Hello\r\n",
                  "Date: Fri, 21 Nov 2025 10:00:00 +0000\r\n",
                  "Received: from a by b; Fri, 21 Nov 2025 10:00:00 +0000\r\n"]
        if self.to + self.shown_only:
            fields.append(
                f"To: {self.write_people(self.to + self.shown_only)}\r\n")
        if self.cc:
            fields.append(f"Cc: {self.write_people(self.cc)}\r\n")
        cut = self.dice.randint(0, len(self.named))
        for some in (self.named[:cut], self.named[cut:]):
            if some:
                people = self.write_people(some)
                if self.dice.random() < .2:
                    people = f"Friends: {people};"
                fields.append(self.dice.choice(BCC) + people + "\r\n")
        self.dice.shuffle(fields)
        self.fields = fields

    def write(self, form):
        return (f"Message-ID: <{self.number}.{form}@blind.example>\r\n"
                f"X-Postferry-Route: {form}\r\n" + "".join(self.fields)
                + self.tail).encode()


def as_sent(address):
    """As the outside sees it."""
    local, domain = address.rsplit("@", 1)
    domain = domain.lower().replace("m\u00fcnchen", "xn--mnchen-3ya")
    return f"{local}@{domain}"


def unfold(mail):
    """All that a copy could be read as."""
    texts = [mail.shown]
    if mail.raw is not None:
        texts.append(quopri.decodestring(mail.raw).decode("utf-8", "replace"))
        for part in mail.mime.walk():
            texts += [str(value) for value in part.values()]
            if not part.is_multipart():
                texts.append((part.get_payload(decode=True) or b"").decode(
                    "utf-8", "replace"))
    texts.append(urllib.parse.unquote(mail.shown))
    return "\n".join(texts).lower()


class Blind(forms.Forms):
    def post(self, form, envelopes, faults):
        try:
            with ferry.Client(self.address) as client:
                for envelope in envelopes:
                    self.post_one(client, form, envelope)
                client.command("QUIT")
        except (AssertionError, OSError) as fault:
            faults.append(f"{form}: {fault}")

    def post_one(self, client, form, envelope):
        commands = ["MAIL FROM:<ann@example.com> SMTPUTF8 BODY=8BITMIME"]
        commands += [f"RCPT TO:<{envelope.people[token]}>"
                     for token in envelope.receivers]
        client.write(("\r\n".join(commands) + "\r\nDATA\r\n").encode())
        for command in commands:
            self.assertEqual(client.reply()[0], 250, command)
        self.assertEqual(client.reply()[0], 354)
        client.write(ferry.stuff(envelope.write(form)) + b".\r\n")
        code, text = client.reply()
        self.assertEqual(code, 250, f"{text} of {envelope.write(form)}")

    def post_all(self, envelopes):
        faults = []
        threads = [threading.Thread(target=self.post,
                                    args=(form, envelopes, faults))
                   for form in forms.FORMS]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(ferry.PATIENCE)
        self.assertEqual(faults, [])

    def check(self, form, envelope, mail):
        self.assertEqual(
            mail.recipients,
            sorted(as_sent(envelope.people[token])
                   for token in envelope.receivers))
        text = unfold(mail)
        for token in envelope.blind + envelope.named:
            self.assertNotIn(token, text, f"{form} shows whom it must not")
        for token in envelope.to + envelope.cc:
            self.assertIn(token, text, f"{form} hides whom it must show")
        if form.startswith("md"):
            self.check_preserved(mail)

    def check_preserved(self, mail):
        """Or the account's own setting decides who is shown."""
        if mail.form == "raw":
            self.assertEqual(
                mail.mime.get_all("X-MC-PreserveRecipients"), ["true"])
        else:
            self.assertEqual(
                mail.field("message.preserve_recipients"), "true")

    def check_all(self, envelopes, counts):
        for form in forms.FORMS:
            simulator = getattr(self, form)
            mails = {mail.header("Message-ID"): mail
                     for mail in simulator.mails(len(envelopes))}
            self.assertEqual(len(mails), len(envelopes))
            for envelope in envelopes:
                key = f"<{envelope.number}.{form}@blind.example>"
                mail = mails[key]
                with self.subTest(form=form, envelope=envelope.number):
                    self.check(form, envelope, mail)
                counts[form, mail.form] = counts.get((form, mail.form), 0) + 1
            simulator.clear()

    def test_blind(self):
        print(f"SEED={SEED}, {COUNT} envelopes")
        dice = random.Random(SEED)
        counts = {}
        blind = named = 0
        for start in range(0, COUNT, BATCH):
            envelopes = [Envelope(dice, number) for number in
                         range(start, min(start + BATCH, COUNT))]
            blind += sum(len(envelope.blind) for envelope in envelopes)
            named += sum(len(envelope.named) for envelope in envelopes)
            self.post_all(envelopes)
            self.check_all(envelopes, counts)
        print(f"{blind} blind recipients, {named} named in Bcc;",
              ", ".join(f"{form} as {how}: {count}" for (form, how), count
                        in sorted(counts.items())))
        # what it is about was there
        self.assertGreater(blind, COUNT)
        self.assertGreater(named, COUNT)
        for form in ("mgfields", "mdfields"):
            self.assertGreater(counts[form, "fields"], COUNT // 5)
            self.assertGreater(counts[form, "raw"], COUNT // 10)


if __name__ == "__main__":
    ferry.main()
