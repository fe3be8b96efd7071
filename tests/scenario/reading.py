# SPDX-License-Identifier: MIT
"""What a reader makes of a mail, in one form for all: of raw bytes, of the
fields of Mailgun, of those of Mandrill.  Nothing of postferry's own parser is
in here, it is all Python's email package."""

import email.header
import email.headerregistry
import email.parser
import email.policy
import email.utils
import hashlib
import json
import os
import re
import unicodedata

ADDRESS_FIELDS = {"from": "from", "to": "to", "cc": "cc",
                  "reply_to": "reply-to"}
REGISTRY = email.headerregistry.HeaderRegistry()


def digest(data):
    return hashlib.sha256(data).hexdigest()


def lf(data):
    return data.replace(b"\r\n", b"\n")


def tidy(text):
    """Text as compared: NFC, line ends LF, no blanks at the end of a line or
    of the text."""
    text = unicodedata.normalize("NFC", text or "").replace("\r\n", "\n")
    return re.sub(r"[ \t]+(?=\n|$)", "", text).rstrip()


def one_line(text):
    return re.sub(r"\s+", " ", text or "").strip()


def decode_words(value):
    try:
        return one_line(str(email.header.make_header(
            email.header.decode_header(value))))
    except (LookupError, UnicodeError, ValueError, email.errors.HeaderParseError):
        return one_line(value)


def canonical(address):
    """The domain in lower case and IDNA form."""
    local, at, domain = address.rpartition("@")
    try:
        domain = domain.encode("idna").decode()
    except UnicodeError:
        pass
    return local + at + domain.lower()


def read_addresses(values):
    """[(name, address)] of the values of an address field, groups open."""
    found = []
    for value in values:
        # Python's parser takes a blank between two words for one of the name.
        value = re.sub(r"\?=[ \t]+=\?", "?=\n =?", value)
        try:
            pairs = [(one.display_name, one.addr_spec)
                     for one in REGISTRY("to", value).addresses]
        except (IndexError, ValueError, AttributeError, TypeError,
                email.errors.HeaderParseError):
            pairs = email.utils.getaddresses([value])
        comments = {spec: name for name, spec in
                    email.utils.getaddresses([value])}
        found += [(decode_words(name or comments.get(spec, "")),
                   canonical(spec)) for name, spec in pairs if spec or name]
    return found


def read_groups(value):
    try:
        return [one_line(group.display_name)
                for group in REGISTRY("to", value).groups
                if group.display_name is not None and
                (len(group.addresses) != 1 or
                 group.addresses[0].display_name != group.display_name)]
    except (IndexError, ValueError, AttributeError, TypeError,
            email.errors.HeaderParseError):
        return []


class Attachment:
    """A part that is not the text or the html."""

    def __init__(self, content, name, kind, cid="", inline=False):
        self.name = one_line(name)
        self.kind = (kind or "").split(";")[0].strip().lower()
        self.cid = (cid or "").strip().strip("<>")
        self.inline = inline
        if self.kind == "message/rfc822":
            content = email.message_from_bytes(lf(content)).as_bytes()
        if self.kind.startswith("message/"):
            content = lf(content).rstrip(b"\n")
        self.content = content

    def __str__(self):
        return (f"{self.kind} name={self.name!r} cid={self.cid!r}"
                f" inline={self.inline} {len(self.content)} bytes"
                f" {digest(self.content)[:8]}")


class Reading:
    """addresses (by ADDRESS_FIELDS: [(name, address)]), subject, date,
    message_id, text, html, attachments, headers ({lower name: [value]}), also
    (what APIs know no field for, in words), shown (all that a copy shows)."""

    def __init__(self):
        self.addresses = {name: [] for name in ADDRESS_FIELDS}
        self.subject = self.date = self.message_id = ""
        self.text = self.html = None
        self.attachments = []
        self.headers = {}
        self.also = set()
        self.shown = ""

    def specs(self, field):
        return [spec for _, spec in self.addresses[field]]

    def names(self, field):
        return [name for name, _ in self.addresses[field]]

    def resolved_html(self):
        """The html with the content in place of each cid:, since an API makes
        Content-IDs of its own."""
        return resolve(self.html, {one.cid: digest(one.content)
                                   for one in reversed(self.attachments)
                                   if one.cid})

    def read_values(self, values):
        """Takes what stands in the header: {lower name: [value]}."""
        for field, name in ADDRESS_FIELDS.items():
            self.addresses[field] = read_addresses(values.get(name, []))
            for value in values.get(name, []):
                self.also |= {f"group {group}" for group in read_groups(value)}
        first = {name: one_line(held[0]) for name, held in values.items()}
        self.subject = decode_words(first.get("subject", ""))
        self.date = first.get("date", "")
        self.message_id = first.get("message-id", "")
        self.headers = {name: [decode_words(value) for value in held]
                        for name, held in values.items()}


def resolve(html, digests):
    def find(match):
        return "cid:" + digests.get(match[1], match[1])
    return re.sub(r"cid:([^\"'\s>)]+)", find, tidy(html))


# What readers take for a label that is wrong more often than right.
USUAL = {"iso-8859-1": "cp1252", "us-ascii": "utf-8", "gb2312": "gb18030",
         "iso-8859-8-i": "iso-8859-8", "utf-8": "utf-8-sig"}


def decode_text(content, charset):
    charset = (charset or "").lower()
    for name in (USUAL.get(charset, charset), "utf-8", "cp1252", "latin-1"):
        try:
            return content.decode(name)
        except (LookupError, UnicodeError, TypeError):
            continue
    return ""


def readable(value):
    """A header value of the parser, its 8-bit bytes as text."""
    data = value.encode("ascii", "surrogateescape") if value.isascii() or any(
        0xdc80 <= ord(one) <= 0xdcff for one in value) else value.encode()
    return decode_text(data, "utf-8")


class RawReading(Reading):
    def __init__(self, raw):
        super().__init__()
        self.raw = raw
        self.mime = email.parser.BytesParser(
            policy=email.policy.compat32).parsebytes(raw)
        self.shown = raw.decode("utf-8", "replace")
        values = {}
        for name, value in self.mime.raw_items():
            values.setdefault(name.lower().strip(), []).append(
                re.sub(r"\r?\n(?=[ \t])", "", readable(value)))
        self.read_values(values)
        self.walk(self.mime, (), True)

    def parameter(self, part, field, name):
        try:
            value = part.get_param(name, "", field)
            return decode_words(readable(
                email.utils.collapse_rfc2231_value(value)))
        except (LookupError, UnicodeError, ValueError, TypeError):
            return ""

    def walk(self, part, above, body):
        kind = part.get_content_type()
        if kind.startswith("message/"):  # the parser takes some apart
            self.add(part, part.as_bytes().partition(b"\n\n")[2], above)
        elif part.is_multipart():
            if kind == "multipart/signed":
                self.also.add("signed " + self.find_signed(part))
            elif kind in ("multipart/encrypted", "multipart/report"):
                self.also.add(kind[len("multipart/"):])
            for child in part.get_payload():
                self.walk(child, (*above, kind), body)
        elif body and self.is_body(part, kind):
            content = decode_text(part.get_payload(decode=True) or b"",
                                  part.get_content_charset())
            if kind == "text/plain":
                self.text = content
            else:
                self.html = content
        else:
            content = part.get_payload(decode=True)
            if content is None:
                content = str(part.get_payload()).encode(
                    "utf-8", "surrogateescape")
            self.add(part, content, above)
        if above:
            self.read_part_fields(part)

    def is_body(self, part, kind):
        free = {"text/plain": self.text, "text/html": self.html}.get(kind, "")
        return (free is None and not self.name_of(part) and
                part.get_content_disposition() != "attachment")

    def name_of(self, part):
        return (self.parameter(part, "content-disposition", "filename") or
                self.parameter(part, "content-type", "name"))

    def add(self, part, content, above):
        cid = str(part.get("content-id") or "")
        disposition = part.get_content_disposition()
        one = Attachment(
            content, self.name_of(part), part.get_content_type(), cid,
            disposition == "inline" or (disposition is None and bool(cid)))
        if above[-1:] == ("multipart/alternative",):
            method = self.parameter(part, "content-type", "method")
            self.also.add(f"alternative {one.kind}" +
                          (f" {method}" if method else ""))
        self.attachments.append(one)

    def read_part_fields(self, part):
        for name in ("description", "location", "language", "duration"):
            for value in part.get_all("content-" + name, []):
                self.also.add(f"part {name} {decode_words(str(value))}")

    def find_signed(self, part):
        """SHA-256 of the exact bytes of what is signed."""
        boundary = part.get_boundary("").encode()
        found = re.search(
            rb"--" + re.escape(boundary) + rb"[ \t]*\r?\n(.*?)\r?\n--" +
            re.escape(boundary), self.raw, re.S)
        return digest(lf(found[1])) if found else "nothing"


class FieldsReading(Reading):
    """Of a record; folder: where its simulator keeps the larger values."""

    def __init__(self, record, folder):
        super().__init__()
        self.folder = folder
        self.fields = [(field["name"], self.value(field))
                       for field in record["fields"]]
        self.shown = "\n".join(value for name, value in self.fields
                               if not self.is_blind(name))
        self.open()
        for file in record["files"]:
            if not file.get("dropped"):
                self.attachments.append(self.take(file))

    def value(self, field):
        if "value" in field:
            return field["value"]
        with open(os.path.join(self.folder, field["stored"]), "rb") as file:
            return file.read().decode("utf-8", "replace")

    def content(self, file):
        if "stored" not in file:
            return b""
        with open(os.path.join(self.folder, file["stored"]), "rb") as stored:
            return stored.read()

    def all(self, name):
        return [value for key, value in self.fields if key == name]

    def first(self, name):
        return next(iter(self.all(name)), None)


class MailgunReading(FieldsReading):
    def is_blind(self, name):
        return name == "bcc"

    def open(self):
        values = {}
        for name, value in self.fields:
            if name.startswith("h:"):
                values.setdefault(name[2:].lower(), []).append(value)
        for name in ("from", "to", "cc", "subject"):
            if self.all(name):
                values[name] = self.all(name)
        self.read_values(values)
        self.text, self.html = self.first("text"), self.first("html")
        if self.first("amp-html") is not None:
            self.also.add("alternative text/x-amp-html")
            self.attachments.append(Attachment(
                self.first("amp-html").encode(), "", "text/x-amp-html"))

    def take(self, file):
        return Attachment(self.content(file), file["filename"], file["type"],
                          file.get("content_id"), file["name"] == "inline")


class MandrillReading(FieldsReading):
    """The record has the JSON path by path (message.to[0].email)."""

    def __init__(self, record, folder):
        self.blind = set()
        for field in record["fields"]:
            found = re.fullmatch(r"message\.to\[(\d+)\]\.type", field["name"])
            if found and field["value"] == "bcc":
                self.blind.add(f"message.to[{found[1]}].email")
        super().__init__(record, folder)

    def is_blind(self, name):
        return name in self.blind

    def open(self):
        prefix = "message.headers."
        values = {}
        for name, value in self.fields:
            if name.startswith(prefix):
                values.setdefault(name[len(prefix):].lower(),
                                  []).append(value)
        values["subject"] = [self.first("message.subject") or ""]
        self.read_values(values)
        self.addresses["from"] = [
            (one_line(self.first("message.from_name")),
             canonical(self.first("message.from_email")))]
        for number in range(len([1 for name, _ in self.fields if re.fullmatch(
                r"message\.to\[\d+\]\.email", name)])):
            path = f"message.to[{number}]."
            role = self.first(path + "type") or "to"
            if role != "bcc":
                self.addresses[role].append(
                    (one_line(self.first(path + "name")),
                     canonical(self.first(path + "email"))))
        self.text = self.first("message.text")
        self.html = self.first("message.html")

    def take(self, file):
        return Attachment(self.content(file), file["filename"], file["type"],
                          file.get("content_id"), bool(file.get("content_id")))


def read_record(folder, number):
    """(record, its reading) of what a simulator keeps in its folder."""
    path = os.path.join(folder, f"{number:06d}")
    with open(path + ".json", encoding="utf-8") as file:
        record = json.load(file)
    if record["form"] == "fields":
        kind = {"mailgun": MailgunReading, "mandrill": MandrillReading}
        return record, kind[record["provider"]](record, folder)
    with open(path + ".mime", "rb") as file:
        return record, RawReading(file.read())
