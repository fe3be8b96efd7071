# SPDX-License-Identifier: MIT
"""Mails made by chance, and what each of them says: kept as it was made, never
read back from the mail."""

import base64
import email.utils
import hashlib
import quopri
import random
import re
import time
import urllib.parse

from verdicts import Expected, ExpectedPart

LATIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
CHINESE = "测试你好中文邮件模板天地人和平安发送时间今日明月山水"
TRADITIONAL = "測試你好中文郵件模板天地人和平安發送時間今日明月山水"
JAPANESE = "こんにちは日本語テストメールカタカナ漢字送信時間今日明月山水"
KOREAN = "안녕하세요한국어시험메일보내기시간오늘내일김이박최"
CYRILLIC = "приветмирПочтаёжикЕЁписьмо"
GREEK = "καλημέρακόσμεΓράμμα"
HEBREW = "שלוםעולםמכתב"
ARABIC = "مرحبابالعالم"
THAI = "สวัสดีชาวโลก"
CENTRAL = "ąćęłńóśźżčřšžýáíéőűĄĆŁ"
WESTERN = "äöüßéèêàçñøåÄÖÜÉ"
TURKISH = "çğıöşüİĞŞ"
BALTIC = "āčēģīķļņšūž"
EVERY = (WESTERN + CENTRAL + CYRILLIC + GREEK + HEBREW + CHINESE + JAPANESE +
         KOREAN + "€“”„–—…™😀🎉́")

# (the label, Python's name of what is meant, letters beside ASCII's)
CHARSETS = [
    ("us-ascii", "ascii", ""), ("utf-8", "utf-8", EVERY),
    ("UTF-8", "utf-8", EVERY), ("\"utf-8\"", "utf-8", EVERY),
    ("iso-8859-1", "cp1252", WESTERN + "€“”"),
    ("ISO-8859-1", "latin-1", WESTERN), ("windows-1252", "cp1252", WESTERN),
    ("iso-8859-15", "iso8859-15", WESTERN + "€"),
    ("iso-8859-2", "iso8859-2", CENTRAL), ("windows-1250", "cp1250", CENTRAL),
    ("iso-8859-5", "iso8859-5", CYRILLIC), ("koi8-r", "koi8-r", CYRILLIC),
    ("windows-1251", "cp1251", CYRILLIC), ("cp866", "cp866", CYRILLIC),
    ("iso-8859-7", "iso8859-7", GREEK), ("windows-1253", "cp1253", GREEK),
    ("iso-8859-8-i", "iso8859-8", HEBREW), ("windows-1255", "cp1255", HEBREW),
    ("windows-1256", "cp1256", ARABIC), ("iso-8859-9", "cp1254", TURKISH),
    ("windows-1257", "cp1257", BALTIC), ("tis-620", "cp874", THAI),
    ("gb2312", "gb2312", CHINESE), ("gb2312", "gb18030", CHINESE + "镕€𠀀"),
    ("GBK", "gbk", CHINESE + TRADITIONAL),
    ("gb18030", "gb18030", CHINESE + KOREAN + "😀"),
    ("big5", "big5", TRADITIONAL), ("ks_c_5601-1987", "cp949", KOREAN + "뷁"),
    ("euc-kr", "euc_kr", KOREAN), ("shift_jis", "cp932", JAPANESE + "①ｱ髙"),
    ("euc-jp", "euc_jp", JAPANESE), ("iso-2022-jp", "iso2022_jp", JAPANESE),
    ("iso-2022-jp", "iso2022_jp_ext", JAPANESE + "ｱｲｳ"),
    ("iso-2022-kr", "iso2022_kr", KOREAN), ("utf-7", "utf-7", EVERY),
    ("utf-16", "utf-16", EVERY), ("utf-16le", "utf-16-le", EVERY),
    ("utf-16be", "utf-16-be", EVERY),
]
# No byte of them is the ASCII letter that it looks like.
WIDE = ("utf-16", "utf-16le", "utf-16be")
# Writing begins anew in every encoded word.
STATEFUL = ("iso-2022-jp", "iso-2022-kr", "utf-7", *WIDE)

KINDS = [("application/pdf", "pdf"), ("image/png", "png"),
         ("application/octet-stream", "bin"), ("text/csv", "csv"),
         ("application/zip", "zip"), ("text/calendar", "ics")]

# Every so many mails a text has a line that is more than memory keeps of a mail.
LONG_EVERY = 100
LONG_LINE = 70000


def digest(data):
    return hashlib.sha256(data).hexdigest()


class Mail(Expected):
    """Beside what Expected has: strict_subject, bodies ({kind: text with LF}),
    leaves (the content of each part, in order, as bytes) and lines (name and
    unfolded value of each field), for who compares byte by byte."""

    def __init__(self, seed, number):
        super().__init__(f"mail {number} of seed {seed}", b"")
        self.dice = random.Random(f"{seed}/{number}")
        self.number = number
        self.head, self.leaves, self.bodies = [], [], {}
        self.recipients = [f"m{number}@example.org"]
        self.make_people()
        self.make_subject()
        self.make_fields()
        self.make_body()

    # ---- texts

    def chance(self, percent):
        return self.dice.random() * 100 < percent

    def word(self, letters, most=9):
        return "".join(self.dice.choice(letters)
                       for _ in range(self.dice.randint(1, most)))

    def phrase(self, extra, most=6):
        """Words of ASCII and of the letters of a charset."""
        return " ".join(
            self.word(extra if extra and self.chance(60) else LATIN)
            for _ in range(self.dice.randint(1, most)))

    def text(self, extra):
        """Lines that mail programs have trouble with, among others."""
        lines = []
        for _ in range(self.dice.randint(0, 8)):
            line = self.dice.choice([
                self.phrase(extra, 12), self.phrase(extra, 12), "",
                "." + self.phrase(extra), "From " + self.phrase(extra),
                "--" + self.word(LATIN), "a = b; =3D =\\ %recipient%",
                "\t" + self.phrase(extra) + "  x", "-- "])
            lines.append(line)
        return "\n".join(lines)

    # ---- the header

    def add(self, name, value):
        """value as it is to be written, folded or not."""
        self.head.append(f"{name}: {value}".encode("utf-8", "surrogateescape"))

    def fold(self, value):
        """At some of its blanks; a fold's own blank is the one there was."""
        return re.sub("(?<=[^ \t])[ ](?=[^ \t])",
                      lambda blank: self.dice.choice(
                          [" "] * 6 + ["\r\n ", "\r\n\t"]), value)

    def encode_word(self, data, label):
        if self.chance(50):
            return (f"=?{label}?{self.dice.choice('bB')}?"
                    f"{base64.b64encode(data).decode()}?=")
        safe = (LATIN + "!*+-/").encode()
        quoted = "".join(
            chr(one) if one in safe else
            "_" if one == 32 and label not in WIDE and self.chance(80) else
            f"={one:02X}" if self.chance(90) else f"={one:02x}"
            for one in data)
        return f"=?{label}?{self.dice.choice('qQ')}?{quoted}?="

    def encode_words(self, text, label, codec):
        """RFC 2047, now and then in the midst of a character."""
        if label not in STATEFUL and self.chance(15):
            data = text.encode(codec)
            size = self.dice.randint(5, 40)
            pieces = [data[at:at + size] for at in range(0, len(data), size)]
        else:
            size = self.dice.randint(4, 14)
            pieces = [text[at:at + size].encode(codec)
                      for at in range(0, len(text), size)]
        gap = self.dice.choice([" ", "\r\n ", "\r\n\t", " \r\n  "])
        return gap.join(self.encode_word(piece, label) for piece in pieces)

    def header_charset(self):
        while True:
            label, codec, extra = self.dice.choice(CHARSETS)
            if label not in WIDE and '"' not in label:
                return label, codec, extra

    def encode_text(self, most=6):
        """(what it says, how it is written)."""
        label, codec, extra = self.header_charset()
        text = self.phrase(extra, most)
        if text.isascii() and self.chance(80):
            return text, self.fold(text)
        if self.chance(20):
            plain = self.phrase("")
            return (f"{plain} {text}", self.fold(plain) + " " +
                    self.encode_words(text, label, codec))
        return text, self.encode_words(text, label, codec)

    def make_subject(self):
        if self.chance(4):
            self.subject = ""
            if self.chance(50):
                self.add("Subject", "")
        elif self.chance(6):
            # blanks that are its own
            self.subject = self.dice.choice([
                "two  blanks", "a\ttab", "three   and  two", "tab\t\ttab"])
            self.add("Subject", self.subject)
        else:
            self.subject, written = self.encode_text()
            self.add("Subject", written)
        self.expect("subject", self.subject)

    def mailbox(self, spec):
        """((name, address), as it is written)."""
        kind = self.dice.randrange(8)
        if kind < 2:
            return ("", spec), self.dice.choice([spec, f"<{spec}>"])
        if kind < 4:
            name = self.phrase("", 3)
            return (name, spec), f"{name} <{spec}>"
        if kind < 5:
            name = self.phrase("", 2) + self.dice.choice([
                ", Inc.", " (x)", ' "q"', " a\\b", "; c", " @ d", ": e"])
            quoted = re.sub(r'(["\\])', r"\\\1", name)
            return (name, spec), f'"{quoted}" <{spec}>'
        if kind < 6 and self.chance(30):
            name = self.phrase("", 2)
            return (name, spec), f"{spec} ({name})"
        label, codec, extra = self.header_charset()
        name = self.phrase(extra, 3)
        if self.chance(5):
            return (name, spec), f'"{name}" <{spec}>'
        return (name, spec), f"{self.encode_words(name, label, codec)} <{spec}>"

    def address(self, role):
        local = self.dice.choice(["a.b", "ann", "x+tag", "o_k", "N-1"])
        return (f"{local}.{role}{self.number}@"
                f"{self.dice.choice(['example.org', 'xn--bcher-kva.example'])}")

    def make_list(self, field, name, count, shown=True):
        pairs, written = [], []
        for number in range(count):
            pair, text = self.mailbox(self.address(f"{field[0]}{number}"))
            pairs.append(pair)
            written.append(text)
            if shown and not self.chance(3):
                self.recipients.append(pair[1])
        if pairs:
            self.add(name, self.dice.choice([", ", ",\r\n "]).join(written))
        self.expect(field, [spec for _, spec in pairs])
        self.expect(field + " names", [text for text, _ in pairs])

    def make_people(self):
        self.make_list("from", "From", 2 if self.chance(3) else 1, False)
        first = self.recipients[0]
        pair, text = self.mailbox(first)
        more = self.dice.choice([0, 0, 1, 2])
        pairs, written = [pair], [text]
        for number in range(more):
            pair, text = self.mailbox(self.address(f"t{number}"))
            pairs.append(pair)
            written.append(text)
            self.recipients.append(pair[1])
        self.add("To", self.dice.choice([", ", ",\r\n\t"]).join(written))
        self.expect("to", [spec for _, spec in pairs])
        self.expect("to names", [name for name, _ in pairs])
        self.make_list("cc", "Cc", self.dice.choice([0, 0, 1, 2]))
        self.make_list("reply_to", "Reply-To",
                       self.dice.choice([0, 0, 0, 1, 2]), False)
        if self.chance(20):
            blind = f"blind-{self.number}@hidden.example"
            self.hidden.append(blind)
            self.recipients.append(blind)
            if self.chance(70):
                self.add(self.dice.choice(["Bcc", "BCC", "bcc", "Resent-Bcc"]),
                         blind)
        self.sender = "app@example.com"

    def expect(self, kind, value):
        self.fields.append((kind, "must", value))

    def make_fields(self):
        date = email.utils.formatdate(
            time.time() - self.dice.randint(0, 600), localtime=True)
        identity = f"<{self.word(LATIN)}.{self.number}@example.com>"
        self.add("Date", date)
        self.add(self.dice.choice(["Message-ID", "Message-Id"]), identity)
        self.expect("date", date)
        self.expect("message_id", identity)
        for name in self.dice.sample(
                ["X-Mailer", "Organization", "Comments", "X-Order",
                 "List-Id", "In-Reply-To", "References", "Importance",
                 "Auto-Submitted", "X-Long", "Keywords"],
                self.dice.randint(0, 4)):
            self.make_field(name)
        if self.chance(3):
            values = [self.phrase("") for _ in range(2)]
            for value in values:
                self.add("X-Twice", value)
            self.headers.append(("X-Twice", "must", values))

    def make_field(self, name):
        if name in ("In-Reply-To", "References"):
            value = " ".join(f"<{self.word(LATIN)}@example.com>"
                             for _ in range(self.dice.randint(1, 9)))
            written = value.replace(" ", "\r\n ")
        elif name == "X-Long":
            value = " ".join(self.word(LATIN) for _ in range(
                self.dice.choice([60, 120, 400])))
            written = self.fold(value) if self.chance(50) else value
        elif name == "List-Id":
            value = written = f"<{self.word(LATIN)}.example.com>"
        else:
            value, written = self.encode_text()
        self.add(name, written)
        self.headers.append((name, "must", [value]))

    # ---- the body

    def transfer(self, data, wants_encoding):
        """(field, data as it is written)."""
        kinds = ["base64"]
        if not wants_encoding:
            kinds += ["quoted-printable", "8bit"] + ["7bit", ""] * (max(data, default=0) < 128)
        kind = self.dice.choice(kinds)
        if kind == "base64":
            width = self.dice.choice([76, 76, 60, 72])
            text = base64.b64encode(data)
            data = b"\r\n".join(text[at:at + width]
                                for at in range(0, len(text), width))
        elif kind == "quoted-printable":
            data = b"\r\n".join(
                quopri.encodestring(line).replace(b"\n", b"\r\n")
                for line in data.split(b"\r\n"))
        if kind and self.chance(20):
            kind = kind.upper()
        return [f"Content-Transfer-Encoding: {kind}"] if kind else [], data

    def body(self, kind, refer=()):
        """A text or html, (fields, content)."""
        label, codec, extra = self.dice.choice(CHARSETS)
        text = self.text(extra)
        if kind == "html":
            images = "".join(f'<img src="cid:{cid}">' for cid in refer)
            text = f"<p>{text}</p>{images}"
        if self.number % LONG_EVERY == 0:
            text += "\n" + "x" * LONG_LINE
        end = self.dice.choice(["", "\n"])
        self.bodies[kind] = text + end
        data = (text + end).replace("\n", "\r\n").encode(codec)
        self.leaves.append(data)
        fields, written = self.transfer(data, label in WIDE)
        subtype = "html" if kind == "html" else "plain"
        if kind == "text" and label == "us-ascii" and self.chance(50):
            return fields, written
        return [f"Content-Type: text/{subtype}; charset={label}",
                *fields], written

    def file_name(self, ending):
        """(name, as parameters of Content-Type and Content-Disposition)."""
        kind = self.dice.randrange(6)
        if kind < 2:
            name = f"{self.word(LATIN)}.{ending}"
            return name, f"; filename={name}"
        if kind < 3:
            name = f"{self.phrase('')}.{ending}"
            return name, f'; filename="{name}"'
        label, codec, extra = self.header_charset()
        name = f"{self.word(extra or LATIN)}.{ending}"
        if kind < 4 and label not in STATEFUL:
            return name, ("; filename*=" + label + "''" +
                          urllib.parse.quote(name.encode(codec), safe=""))
        if kind < 5:
            quoted = urllib.parse.quote(name.encode(), safe="")
            cut = self.dice.randint(1, len(quoted))
            while cut < len(quoted) and (quoted[cut - 1] == "%" or
                                         quoted[cut - 2] == "%"):
                cut += 1
            return name, (f";\r\n filename*0*=utf-8''{quoted[:cut]};\r\n"
                          f" filename*1*={quoted[cut:]}")
        word = self.encode_word(name.encode(codec), label)
        return name, f'; filename="{word}"'

    def file(self, cid=""):
        kind, ending = self.dice.choice(KINDS[:1] + KINDS)
        if cid:
            kind, ending = KINDS[1]
        data = self.dice.randbytes(self.dice.choice([0, 1, 2, 3, 57, 900]))
        if kind.startswith("text/"):
            data = self.phrase("", 20).encode() + b"\r\n"
        self.leaves.append(data)
        name, parameters = self.file_name(ending)
        if cid:
            name, parameters = "", ""
        fields = [f"Content-Type: {kind}"]
        fields.append("Content-Disposition: " +
                      ("inline" if cid else "attachment") + parameters)
        if cid:
            fields.append(f"Content-ID: <{cid}>")
        more, written = self.transfer(data, not kind.startswith("text/"))
        values = {"type": kind, "cid": cid, "inline": bool(cid)}
        if not cid:  # what the html shows gets a name of the API's making
            values["name"] = name
        self.parts.append(ExpectedPart(
            "must", [digest(data)], [digest(data.replace(b"\r\n", b"\n"))],
            values, dict.fromkeys(values, "must")))
        return fields + more, written

    def multipart(self, kind, parts):
        boundary = "b" + self.word(LATIN) + str(len(self.leaves))
        lines = [b"This is a mail in parts."] if self.chance(30) else []
        for fields, content in parts:
            lines += [b"--" + boundary.encode(), "\r\n".join(
                fields).encode("utf-8"), b"", content] if fields else [
                    b"--" + boundary.encode(), b"", content]
        lines.append(b"--" + boundary.encode() + b"--")
        return ([f"Content-Type: multipart/{kind};\r\n boundary=\"{boundary}\""],
                b"\r\n".join(lines))

    def related(self):
        cids = [f"i{number}.{self.number}@example.com"
                for number in range(self.dice.randint(1, 2))]
        return self.multipart("related", [
            self.body("html", cids), *(self.file(cid) for cid in cids)])

    def calendar(self):
        data = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
        self.leaves.append(data)
        self.also.add("alternative text/calendar REQUEST")
        self.parts.append(ExpectedPart(
            "must", [digest(data)], [digest(data.replace(b"\r\n", b"\n"))],
            {"type": "text/calendar"}, {"type": "must"}))
        return (["Content-Type: text/calendar; charset=utf-8; method=REQUEST"],
                data)

    def nested(self):
        inner = (f"From: in@example.com\r\nSubject: {self.phrase('')}\r\n\r\n"
                 f"{self.phrase('')}\r\n").encode()
        self.leaves.append(inner)
        clean = inner.replace(b"\r\n", b"\n").rstrip(b"\n")
        self.parts.append(ExpectedPart(
            "must", [], [digest(clean)], {"type": "message/rfc822"},
            {"type": "must"}))
        return ["Content-Type: message/rfc822"], inner

    def alternative(self, more=()):
        text = self.body("text")
        html = self.related() if self.chance(30) else self.body("html")
        return self.multipart("alternative",
                              [text, html, *(make() for make in more)])

    def mixed(self):
        first = self.dice.choice([
            lambda: self.body("text"), lambda: self.body("html"),
            self.alternative, self.related])()
        files = [self.file() for _ in range(self.dice.randint(1, 3))]
        if self.chance(10):
            files.append(self.nested())
        return self.multipart("mixed", [first, *files])

    def make_body(self):
        fields, content = self.dice.choices([
            lambda: self.body("text"), lambda: self.body("html"),
            self.alternative, self.related, self.mixed,
            lambda: self.alternative([self.calendar]), self.file],
            [20, 10, 20, 12, 30, 4, 3])[0]()
        self.expect("text", self.bodies.get("text", ""))
        self.expect("html", self.bodies.get("html", ""))
        self.dice.shuffle(self.head)
        self.add("MIME-Version", "1.0")
        self.head += [field.encode("utf-8") for field in fields]
        self.raw = b"\r\n".join(self.head) + b"\r\n\r\n" + content
        if not self.raw.endswith(b"\r\n"):
            self.raw += b"\r\n"
