# SPDX-License-Identifier: MIT
"""What must arrive, and what is to be said of what did: kept (no difference),
said (each difference stands in the loss list that postferry logged), wrong."""

import email.utils
import json
import os
import re

from reading import (ADDRESS_FIELDS, Attachment, RawReading, canonical,
                     decode_words, digest, lf, one_line, resolve, tidy)

# What a loss, as the log names it, may be the cause of.
PARTS = {"text", "html", "attachment", "attachment name", "attachment type",
         "attachment cid", "attachment inline", "also"}
PEOPLE = {f"{field}{end}" for field in ADDRESS_FIELDS
          for end in ("", " names")}
LOSSES = [
    ("an alternative body", {"attachment", "also alternative"}),
    ("a nested message", {"attachment", "attachment name",
                          "attachment type"}),
    ("a signature", {"also signed", "attachment", "attachment name"}),
    ("an encrypted part", PARTS),
    ("a report", PARTS),
    ("a DKIM or ARC signature", {"header dkim-signature"}),
    ("a repeated header field", {"header", "subject", "date", "message_id"}
     | PEOPLE),
    ("an overlong header field", {"header", "subject"}),
    ("8-bit bytes in the header", {"header", "subject", "attachment name"}
     | PEOPLE),
    ("name and a Content-ID that differ", {"attachment name"}),
    ("an inline part that is no image", {"attachment cid",
                                         "attachment inline",
                                         "attachment name", "html"}),
    ("two inline parts", {"attachment", "attachment name", "html",
                          "violation"}),
    ("header fields of a part", {"also part", "attachment name"}),
    ("more than one From", {"from", "from names"}),
    ("an address group", PEOPLE | {"also group"}),
    ("a broken address field", PEOPLE),
    ("neither To nor Cc", {"to", "cc"}),
    ("name beyond ASCII", {"attachment name"}),
    ("name with path", {"attachment name"}),
    ("an attachment without a name", {"attachment name"}),
    ("text that is not surely readable", {"text", "html"}),
    ("a malformed structure", PARTS | {"header", "subject"}),
    ("past the limits of parsing", PARTS),
    ("without equivalent", PARTS | {"message_id"}),
    ("a TAB or a run of blanks", {"header", "subject"}),
    ("neither text nor html", {"text", "html"}),
    ("an attachment with a Content-ID", {"attachment cid",
                                         "attachment inline", "html"}),
    ("a display name beyond ASCII", PEOPLE),
    ("header recipients who are not in this envelope",
     {"to", "cc", "to names", "cc names"}),
    ("no recipient in To", {"to", "cc", "to names", "cc names"}),
    ("more header fields than the API takes", {"header"}),
    ("an alternative for AMP", {"attachment", "also alternative"}),
    ("a second field of a kind that stands once",
     {"header", "subject", "date", "message_id"} | PEOPLE),
    ("a header line too long to be folded", {"header", "subject"}),
    ("a line over 998 octets in the body", {"text", "html", "also signed"}),
    ("whose Content-ID cannot be a file name", {"html", "attachment cid"}),
    ("a file name in the form of RFC 2231", {"attachment name"}),
    ("no subject", {"subject"}),
    ("an empty text or html", {"text", "html"}),
    ("a TAB or a run of blanks in the header", {"header", "subject"}),
    ("an empty header field", {"header"}),
    ("Authentication-Results of another host",
     {"header authentication-results"}),
    ("a Date of another time", {"date"}),
    ("marks like", {"text", "html", "header", "subject"}),
    ("a part without content", {"attachment"}),
    ("an address that stands twice", {"to", "cc", "to names", "cc names"}),
    ("a header field that the provider sets itself", {"header"}),
]

# Orders to providers, and what those said to the host before us: no copy
# shows them.
CONTROL = re.compile(r"(?i)x-(mailgun|mandrill|mc|postferry)-")

# name: (type, format)
FORMS = {
    "mailgun-fields": ("mailgun", "fields"),
    "mailgun-raw": ("mailgun", "raw"),
    "mailgun-auto": ("mailgun", "auto"),
    "mandrill-fields": ("mandrill", "fields"),
    "mandrill-raw": ("mandrill", "raw"),
    "mandrill-auto": ("mandrill", "auto"),
    "smtp": ("smtp", None),
}

# When the mails of our own were written: they are sent with the present.
WRITTEN = "Fri, 21 Nov 2025 10:00:00 +0000"


class Difference:
    """kind: a word or two of LOSSES; level: "must" or "should"."""

    def __init__(self, kind, level, wanted, got):
        self.kind, self.level = kind, level
        self.wanted, self.got = wanted, got

    def __str__(self):
        return f"{self.kind}: {short(self.wanted)}, not {short(self.got)}"

    def is_said(self, losses):
        words = self.kind.split(" ")
        names = {" ".join(words[:count]) for count in (1, 2)} | {self.kind}
        return any(text in losses and names & kinds for text, kinds in LOSSES)


def short(value):
    text = str(value)
    return text if len(text) < 200 else text[:150] + "..." + text[-40:]


class Expected:
    """fields: [(kind, level, value)]; parts: [ExpectedPart], headers: [(name,
    level, [value])]; sender and recipients of the envelope, hidden: addresses
    that no copy may show, refused: {form: what its reply says}."""

    def __init__(self, name, raw):
        self.name, self.raw = name, raw
        self.fields, self.parts, self.headers = [], [], []
        self.also = set()
        self.hidden, self.refused = [], {}
        self.sender, self.recipients = "", []
        self.complete = True  # whatever it does not name must not be there
        self.written = None

    def reading(self):
        """How the mail reads as it was written."""
        if self.written is None:
            self.written = RawReading(self.raw)
        return self.written


class ExpectedPart:
    """Digests are any of several; levels: {"name": "must", ...}."""

    def __init__(self, level, digests, digests_lf, values, levels):
        self.level, self.values, self.levels = level, values, levels
        self.digests, self.digests_lf = digests, digests_lf

    def fits(self, one):
        ends = (b"", b"\n", b"\n\n") if one.kind.startswith("message/") else (
            b"",)
        return (digest(one.content) in self.digests or any(
            digest(lf(one.content) + end) in self.digests_lf for end in ends))

    def likeness(self, one):
        return sum(is_same(key, wanted, one)
                   for key, wanted in self.values.items())

    def __str__(self):
        return f"{self.values}"


def pairs_of(given):
    return [(one_line(name), canonical(spec)) for name, spec in given]


def read_own(path):
    """The mail at path, .eml, and what its .json beside says must arrive."""
    now = email.utils.formatdate()
    with open(path, "rb") as file:
        raw = file.read().replace(b"\n", b"\r\n")
    raw = raw.replace(WRITTEN.encode(), now.encode(), 1)
    with open(path[:-len("eml")] + "json", encoding="utf-8") as file:
        given = json.load(file)
    if given.get("date") == WRITTEN:
        given["date"] = now
    expected = Expected(os.path.basename(path)[:-len(".eml")], raw)
    people = {field: pairs_of(given.get(field, []))
              for field in ADDRESS_FIELDS}
    for field, pairs in people.items():
        expected.fields.append(
            (field, "must", [spec for _, spec in pairs]))
        expected.fields.append(
            (field + " names", "must", [name for name, _ in pairs]))
    for kind in ("subject", "text", "html", "date", "message_id"):
        if kind in given or kind in ("subject", "text", "html"):
            expected.fields.append((kind, "must", given.get(kind, "")))
    for part in given.get("attachments", []):
        expected.parts.append(ExpectedPart(
            "must", [part["sha256"]], [part["sha256"]],
            {"name": part.get("name", ""), "type": part["type"],
             "cid": part.get("cid", ""), "inline": part.get("inline", False)},
            dict.fromkeys(("name", "type", "cid", "inline"), "must")))
    expected.headers = [(name.lower(), "must", values)
                        for name, values in given.get("headers", {}).items()]
    expected.also = set(given.get("also", []))
    envelope = given.get("envelope", {})
    expected.sender = envelope.get(
        "from", people["from"][0][1] if people["from"] else "ann@example.com")
    expected.recipients = envelope.get("to") or [
        spec for field in ("to", "cc") for _, spec in people[field]]
    expected.hidden = given.get("hidden", [])
    expected.refused = given.get("refused", {})
    return expected


def read_judged(path, judged):
    """The mail at path and what other parsers agree on, in the file judged;
    of what they do not agree on nothing is expected."""
    with open(path, "rb") as file:
        raw = re.sub(rb"\r?\n", b"\r\n", file.read())
    with open(judged, encoding="utf-8") as file:
        given = json.load(file)
    expected = Expected(os.path.basename(path)[:-len(".eml")], raw)
    expected.complete = False
    # a mail may be over a limit, which the reply names, or malformed
    expected.refused = dict.fromkeys(
        FORMS, "^5" if given["malformed"] else "^5.*at most")
    for kind, row in given["fields"].items():
        value = row.get("value")
        if kind == "from" and value == []:  # a mail gets one that has none
            value = [given["envelope"]["mail_from"]]
        if kind == "from_names" and value == []:
            value = [""]
        if row["level"] != "open":
            expected.fields.append(
                (kind.replace("_names", " names"), row["level"], value))
    for row in given["attachments"]:
        if row["level"] == "open":
            continue
        values = {"name": row["filename"], "type": row["ctype"],
                  "cid": row["cid"], "inline": row["inline"]}
        agreed = {key: one for key, one in values.items()
                  if one["level"] != "open"}
        expected.parts.append(ExpectedPart(
            row["level"], row["sha256"], row["sha_lf"],
            {key: one["value"] for key, one in agreed.items()},
            {key: one["level"] for key, one in agreed.items()}))
    expected.headers = [(name, row["level"], row["value"])
                        for name, row in given["headers"].items()
                        if row["level"] != "open" and
                        not CONTROL.match(name)]
    expected.sender = given["envelope"]["mail_from"]
    expected.recipients = given["envelope"]["rcpt"]
    return expected


def value_of(reading, kind):
    """What a reading has for a kind of Expected.fields."""
    field = kind.split(" ")[0]
    if field in ADDRESS_FIELDS:
        return (reading.names(field) if kind.endswith(" names")
                else reading.specs(field))
    if kind == "attachment_count":
        return len(reading.attachments)
    if kind == "html":
        return reading.resolved_html()
    return tidy(getattr(reading, kind)) if kind == "text" else one_line(
        getattr(reading, kind))


def wanted_of(expected, kind, value):
    """An expected value in the form of value_of()."""
    field = kind.split(" ")[0]
    if field in ADDRESS_FIELDS:
        return [one_line(one) if kind.endswith(" names") else canonical(one)
                for one in value]
    if kind == "html":
        return resolve(value, {part.values["cid"]: (part.digests or [""])[0]
                               for part in reversed(expected.parts)
                               if part.values.get("cid")})
    if kind == "text":
        return tidy(value)
    return value if isinstance(value, int) else one_line(value)


def part_value(one, key):
    return one.kind if key == "type" else getattr(one, key)


def is_same(key, wanted, one):
    """An API makes Content-IDs of its own for what the html shows (the html is
    compared by content), and every reader lists what is neither image nor
    text, inline or not."""
    got = part_value(one, key)
    if key == "cid" and wanted and one.inline:
        return bool(got)
    if key == "inline" and one.kind.split("/")[0] not in ("text", "image"):
        return True
    if key == "name":  # no reader shows that of an image in the html
        return one_line(wanted) == got or not wanted and one.inline
    return wanted == got


def compare_parts(expected, reading):
    left = list(reading.attachments)
    for part in expected.parts:
        same = [one for one in left if part.fits(one)]
        one = max(same, key=part.likeness, default=None)
        if one is None:
            yield Difference("attachment", part.level, part,
                             [str(other) for other in left])
            continue
        left.remove(one)
        for key, wanted in part.values.items():
            if not is_same(key, wanted, one):
                yield Difference(f"attachment {key}", part.levels[key],
                                 wanted, part_value(one, key))
    if expected.complete:
        for one in left:
            yield Difference("attachment", "must", "none", one)


def repair(text):
    """UTF-8 that was believed to be the Latin-1 that its label said."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text


def strip_lines(text):
    return re.sub(r"[^\S\n]+(?=\n|$)", "", text).strip()


def is_judged_same(kind, wanted, got, expected):
    """The judges write addresses in lower case, leave out blank lines at the
    beginning and no-break spaces at the end of lines, believe every label, and
    see no name in a comment."""
    if kind in ADDRESS_FIELDS:
        return [one.lower() for one in wanted] == [one.lower() for one in got]
    if kind in ("text", "html"):
        return strip_lines(got) in (strip_lines(wanted),
                                    strip_lines(repair(wanted)))
    return kind in PEOPLE and got == value_of(expected.reading(), kind)


def compare(expected, reading):
    """Every Difference of a reading from what was expected."""
    for kind, level, value in expected.fields:
        wanted = wanted_of(expected, kind, value)
        got = value_of(reading, kind)
        if wanted != got and (expected.complete or not is_judged_same(
                kind, wanted, got, expected)):
            yield Difference(
                "attachment" if kind == "attachment_count" else kind, level,
                wanted, got)
    yield from compare_parts(expected, reading)
    for name, level, values in expected.headers:
        got = reading.headers.get(name.lower(), [])
        if [decode_words(value) for value in values] != got:
            yield Difference(f"header {name}", level, values, got)
    for words in expected.also - reading.also:
        yield Difference(f"also {words}", "must", "it", "nothing")


def is_as_written(difference, expected, reading):
    """Raw mail that reads as it did before is kept, whatever this parser makes
    of it."""
    written = {(one.kind, str(one.got))
               for one in compare(expected, expected.reading())}
    return (isinstance(reading, RawReading) and
            (difference.kind, str(difference.got)) in written)


def count_level(expected, level):
    """How much is expected at this level."""
    levels = [level for _, level, _ in expected.fields + expected.headers]
    for part in expected.parts:
        levels += [part.level, *part.levels.values()]
    levels += ["must"] * len(expected.also)
    return levels.count(level)
