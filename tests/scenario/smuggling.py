# SPDX-License-Identifier: MIT
"""SMTP smuggling: every spelling of an end of data with a forged mail behind
it, what the RFC says of such a text (the law), and model servers that read
line ends as loosely as real ones did."""

import re
import socket
import threading

import ferry

ENDS = {"CRLF": b"\r\n", "LF": b"\n", "CR": b"\r", "CRCRLF": b"\r\r\n",
        "LFCR": b"\n\r", "CR-NUL-LF": b"\r\0\n", "CRLF-NUL": b"\r\n\0",
        "NUL-LF": b"\0\n", "NUL-CRLF": b"\0\r\n"}
# Within the text, and within the header.
PLACES = {"text": b"Subject: honest\r\n\r\nbefore",
          "header": b"Subject: honest\r\nX-Before: x"}
FORGED = (b"MAIL FROM:<eve@example.org>\r\nRCPT TO:<forged@%s.example>\r\n"
          b"DATA\r\nSubject: forged\r\n\r\nforged\r\n")
END = re.compile(rb"(?:\A|(?<=\r\n))\.\r\n")


class Case:
    """What is sent behind 354, up to a QUIT."""

    def __init__(self, place, before, dots, after, exit="strict"):
        self.name = f"{place} {before} {dots} {after}"
        self.place = place
        self.text = (PLACES[place] + ENDS[before] + dots.encode() +
                     ENDS[after] + FORGED % exit.encode() + b".\r\n")
        found = END.search(self.text)
        # The law: the mail as it was meant, and what is no part of it.
        self.content = self.text[:found.start()]
        self.rest = self.text[found.end():]

    def bare(self):
        """Has it line ends that are none?"""
        return b"\n" in self.content.replace(b"\r\n", b"") or (
            b"\r" in self.content.replace(b"\r\n", b""))

    def taken(self, line_endings):
        """May it be accepted?  A NUL never is."""
        return b"\0" not in self.content and (
            line_endings == "fix" or not self.bare())

    def mended(self):
        """Dots taken away behind CR LF only; then every line ends in CR LF,
        and a CR of no line end is a blank."""
        text = re.sub(rb"(\A|(?<=\r\n))\.", b"", self.content)
        text = re.sub(rb"\r(?!\n)", b" ", text)
        return re.sub(rb"(?<!\r)\n", b"\r\n", text)


def all_cases(exit="strict"):
    return [Case(place, before, dots, after, exit) for place in PLACES
            for before in ENDS for dots in (".", "..") for after in ENDS]


def find_faults(data):
    """What no exit may let out."""
    return [what for what, found in (
        ("a lone CR", re.search(rb"\r(?!\n)", data)),
        ("a lone LF", re.search(rb"(?<!\r)\n", data)),
        ("a NUL", b"\0" in data),
        ("no line end at the end", not data.endswith(b"\r\n"))) if found]


class Mail:
    def __init__(self, sender):
        self.sender = sender
        self.recipients = []
        self.lines = []

    def data(self):
        return b"".join(line + b"\r\n" for line in self.lines)


def split_strict(data):
    return data.partition(b"\r\n")


def split_lf(data):
    line, end, rest = data.partition(b"\n")
    return line.removesuffix(b"\r"), end, rest


def split_cr(data):
    """CR, LF, or both; a CR that is last may be both."""
    found = re.search(rb"\r\n|\n|\r(?=.)", data, re.DOTALL)
    if not found:
        return data, b"", b""
    return data[:found.start()], found[0], data[found.end():]


# As the name says; "first" is Exim's since 4.98: the first line tells of what
# kind the others are; "nul" reads over NUL and is like "lf".
READERS = {"strict": split_strict, "lf": split_lf, "cr": split_cr,
           "first": split_lf, "nul": split_lf}


class Reader:
    """A model server: bytes in, replies out, `mails`."""

    def __init__(self, kind):
        self.kind = kind
        self.split = READERS[kind]
        self.buffer = b""
        self.mails = []
        self.mail = None
        self.reading = False
        self.ended = False

    def feed(self, data):
        if self.kind == "nul":
            data = data.replace(b"\0", b"")
        self.buffer += data
        said = b""
        while not self.ended:
            line, end, rest = self.split(self.buffer)
            if not end:
                break
            if self.reading and self.kind == "first" and not self.mail.lines:
                if self.buffer[len(line):].startswith(b"\r\n"):
                    self.split = split_strict
            self.buffer = rest
            said += self.take(line)
        return said

    def take(self, line):
        if self.reading:
            return self.take_data(line)
        verb = line[:4].upper()
        if verb == b"EHLO":
            return b"250-sink.example.net\r\n250 8BITMIME\r\n"
        if verb == b"MAIL":
            self.mail = Mail(self.find_path(line))
        elif verb == b"RCPT" and self.mail:
            self.mail.recipients.append(self.find_path(line))
        elif verb == b"DATA" and self.mail:
            self.reading = True
            return b"354 go on\r\n"
        elif verb == b"QUIT":
            self.ended = True
            return b"221 bye\r\n"
        elif verb not in (b"RSET", b"NOOP", b"HELO"):
            return b"500 what?\r\n"
        return b"250 fine\r\n"

    def take_data(self, line):
        if line != b".":
            self.mail.lines.append(line.removeprefix(b"."))
            return b""
        self.mails.append(self.mail)
        self.mail, self.reading, self.split = None, False, READERS[self.kind]
        return b"250 taken\r\n"

    @staticmethod
    def find_path(line):
        return re.search(rb"<(.*?)>", line)[1].decode()


def read_text(kind, text):
    """How many mails such a server makes of what follows a DATA."""
    reader = Reader(kind)
    reader.feed(b"MAIL FROM:<ann@example.com>\r\n"
                b"RCPT TO:<bob@example.net>\r\nDATA\r\n" + text)
    return len(reader.mails)


class Sink:
    """A model server on a socket."""

    def __init__(self, kind):
        self.kind = kind
        self.door = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.door.getsockname()[1]
        self.mails = []
        self.grown = threading.Condition()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connected, _ = self.door.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connected,),
                             daemon=True).start()

    def serve(self, connected):
        reader = Reader(self.kind)
        with connected:
            connected.settimeout(ferry.PATIENCE)
            connected.sendall(b"220 sink.example.net\r\n")
            try:
                while not reader.ended and (data := connected.recv(1 << 16)):
                    said = reader.feed(data)
                    # before its 250 is told, it is seen
                    self.add(reader)
                    connected.sendall(said)
            except OSError:
                pass

    def add(self, reader):
        if reader.mails:
            with self.grown:
                self.mails += reader.mails
                self.grown.notify_all()
            reader.mails = []

    def take(self, count=0):
        """The mails so far, which it then forgets; waits for that many."""
        with self.grown:
            if not self.grown.wait_for(lambda: len(self.mails) >= count,
                                       ferry.PATIENCE):
                raise ferry.Stuck(f"{len(self.mails)} mails, not {count}")
            taken, self.mails = self.mails, []
            return taken

    def close(self):
        self.door.shutdown(socket.SHUT_RDWR)
        self.door.close()
