# SPDX-License-Identifier: MIT
"""The ledger: every mail that a scenario sent, what its client was told, and
what the providers have of it.  Mails are told apart by their subject and
compared by the hashes of their text and files, so a mail that was lost,
changed or doubled is seen whatever the log says.
"""

import base64
import collections
import hashlib
import json
import os
import threading

import ferry

POOL_SEED = 7
# What a line of a text is filled with.
FILLING = "The ferry crosses twice a day, in any weather. "


def digest(data):
    return hashlib.sha256(data).hexdigest()


def unify(text):
    """Line ends are the provider's business, the last one too."""
    return text.replace("\r\n", "\n").rstrip("\n")


class Letter:
    """One mail.  code: what its client was told; 0: it does not know."""
    __slots__ = ("name", "sender", "recipients", "data", "text", "files",
                 "body", "size", "code", "reply", "id", "told")

    def __init__(self, name, sender, recipients, text, blob=None):
        self.name = name
        self.sender = sender
        self.recipients = tuple(recipients)
        head = (f"From: {sender}\nTo: {', '.join(recipients)}\n"
                f"Subject: {name}\nMessage-ID: <{name}@client.example.com>\n"
                "Date: Fri, 21 Nov 2025 10:00:00 +0000\n")
        self.files = []
        if blob is None:
            self.data = ferry.crlf(head + "\n" + text)
        else:
            self.data = attach(head, text, blob)
            self.files = [blob.digest]
        self.text = digest(unify(text).encode())
        self.body = digest(self.data.split(b"\r\n\r\n", 1)[1])
        self.size = len(self.data)
        self.code, self.reply, self.id, self.told = 0, "", None, None

    def answered(self, code, reply, told):
        self.code, self.reply, self.told = code, reply, told
        if code == 250 and "queued as" in reply:
            self.id = reply.rsplit(" ", 1)[1]


class Blob:
    """Bytes of an attachment, encoded once for all mails that carry them."""

    def __init__(self, data):
        self.digest = digest(data)
        self.encoded = base64.encodebytes(data).replace(b"\n", b"\r\n")


def attach(head, text, blob):
    return ferry.crlf(
        head + "MIME-Version: 1.0\n"
        "Content-Type: multipart/mixed; boundary=ferry\n\n"
        "--ferry\nContent-Type: text/plain\n\n" + text +
        "\n--ferry\nContent-Type: application/octet-stream\n"
        "Content-Disposition: attachment; filename=load.bin\n"
        "Content-Transfer-Encoding: base64\n\n") + (
            blob.encoded + b"--ferry--\r\n")


class Ledger:
    """All mails of a scenario, by name."""

    def __init__(self):
        self.letters = {}
        self.lock = threading.Lock()

    def add(self, letter):
        with self.lock:
            assert letter.name not in self.letters, letter.name
            self.letters[letter.name] = letter
        return letter

    def write(self, name, recipients=("bob@example.net",), size=1000,
              sender="ann@example.com"):
        """A plain mail of about that size."""
        lines = [f"This is {name}."]
        lines += [FILLING] * (max(0, size - 300) // (len(FILLING) + 1))
        return self.add(Letter(name, sender, recipients,
                               "\n".join(lines) + "\n"))

    def write_large(self, name, blob, recipients=("bob@example.net",),
                    sender="ann@example.com"):
        return self.add(Letter(name, sender, recipients, f"This is {name}.\n",
                               blob))

    def accepted(self):
        return [letter for letter in list(self.letters.values())
                if letter.code == 250]

    def count(self, code):
        return sum(letter.code == code for letter in
                   list(self.letters.values()))


class Arrival:
    """A mail as a simulator recorded it."""
    __slots__ = ("provider", "number", "time_ms", "name", "recipients", "same")

    def __init__(self, folder, name):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            record = json.load(file)
        self.provider = record["provider"]
        self.number = record["number"]
        self.time_ms = record["time_ms"]
        self.recipients = [
            fate["address"] for fate in record["recipients"]
            if fate.get("status") not in ("rejected", "invalid")]
        self.same = self.read_raw if "raw" in record else self.read_fields
        self.same = self.same(record, folder)

    def read_raw(self, record, folder):
        """True when the letter's body is what came."""
        path = os.path.join(folder, record["raw"]["stored"])
        with open(path, "rb") as file:
            head, body = file.read().split(b"\r\n\r\n", 1)
        self.name = next(
            (line[9:].decode() for line in head.split(b"\r\n")
             if line.lower().startswith(b"subject: ")), None)
        found = digest(body)
        return lambda letter: letter.body == found

    def read_fields(self, record, _):
        fields = {field["name"]: field.get("value", "")
                  for field in record["fields"]}
        part = "message." if record["provider"] == "mandrill" else ""
        self.name = fields.get(part + "subject")
        text = digest(unify(fields.get(part + "text", "")).encode())
        files = [file["sha256"] for file in record["files"]]
        return lambda letter: (letter.text == text and letter.files == files)


def read_arrivals(simulators):
    """What all of them recorded so far, oldest first."""
    arrivals = []
    for simulator in simulators:
        folder = os.path.join(os.path.dirname(simulator.path), simulator.name)
        names = [name for name in os.listdir(folder) if name.endswith(".json")]
        arrivals += [Arrival(folder, name) for name in sorted(names)]
    return sorted(arrivals, key=lambda arrival: arrival.time_ms)


class Judgement:
    """What became of each mail.

    elsewhere: {(name, recipient)} that are in the queue, held, bounced or
    dropped by a person: not at a provider, and not lost either."""

    def __init__(self, ledger, arrivals, elsewhere=()):
        letters = ledger.letters
        self.strange = [arrival.name for arrival in arrivals
                        if arrival.name not in letters]
        known = [(arrival, letters[arrival.name]) for arrival in arrivals
                 if arrival.name in letters]
        self.changed = [letter.name for arrival, letter in known
                        if not arrival.same(letter) or not
                        set(arrival.recipients) <= set(letter.recipients)]
        self.counts = collections.Counter(
            (letter.name, recipient) for arrival, letter in known
            for recipient in arrival.recipients)
        wanted = {(letter.name, recipient) for letter in letters.values()
                  if letter.code == 250 for recipient in letter.recipients}
        self.wanted = len(wanted)
        self.lost = sorted(wanted - set(self.counts) - set(elsewhere))
        # Refused to the client's face, and sent all the same.
        self.refused = sorted(key for key in self.counts
                              if letters[key[0]].code >= 400)
        # Sent, though the client never heard a 250: no fault of anyone.
        self.recovered = sum(letters[key[0]].code == 0
                             for key in self.counts)
        self.doubled = {key: count for key, count in self.counts.items()
                        if count > 1}

    def faults(self, may_double=(), refused=False):
        """What must not be, in words; may_double: who was at risk, as many
        times as there may be further copies; refused: a refusal is no
        promise."""
        allowed, faults = collections.Counter(may_double), []
        rows = [("lost", self.lost), ("changed", self.changed),
                ("sent, but by nobody", self.strange),
                ("doubled without a reason",
                 sorted(key for key, count in self.doubled.items()
                        if count - 1 > allowed[key]))]
        if not refused:
            rows.append(("refused and sent all the same", self.refused))
        for word, found in rows:
            if found:
                faults.append(f"{len(found)} {word}: {found[:5]}")
        return faults
