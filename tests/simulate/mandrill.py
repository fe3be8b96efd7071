# SPDX-License-Identifier: MIT
"""The Mandrill simulator over real HTTP: what it takes, what it refuses and in
which words, what it notices, and what it says of each recipient."""

import base64
import copy
import hashlib
import http.client
import json
import unittest

import doors
from doors import request

SEND = "/api/1.0/messages/send.json"
RAW = "/api/1.0/messages/send-raw.json"
MIME = ("From: ann@example.com\r\nTo: bob@example.org\r\n"
        "X-MC-PreserveRecipients: true\r\nSubject: Grüße\r\n\r\n"
        "quote \" backslash \\ tab \t astral \U0001f600 end\r\n")
GOOD = {"key": "key-1", "message": {
    "from_email": "ann@example.com", "from_name": "Ann", "subject": "Hello",
    "text": "Hi", "preserve_recipients": True,
    "to": [{"email": "bob@example.org", "name": "Bob", "type": "to"}]}}
GOOD_RAW = {"key": "key-1", "raw_message": MIME, "to": ["bob@example.org"]}


def encode(data):
    return base64.b64encode(data).decode()


def but(document, **changes):
    """A copy with members changed, those of message by message__NAME; None
    takes one out."""
    document = copy.deepcopy(document)
    for path, value in changes.items():
        where, name = document, path
        if path.startswith("message__"):
            where, name = document["message"], path[len("message__"):]
        if value is None:
            del where[name]
        else:
            where[name] = value
    return document


def people(count):
    return [{"email": f"r{i}@example.org"} for i in range(count)]


FILE = {"type": "text/plain", "name": "a.txt", "content": encode(b"a")}

# (name, path, document, status, name of the error, part of its message)
REFUSED = (
    ("no key", SEND, but(GOOD, key=None), 422, "ValidationError",
     "You must specify a key value"),
    ("wrong key", SEND, but(GOOD, key="key-2"), 401, "Invalid_Key",
     "Invalid API key"),
    ("no message", SEND, but(GOOD, message=None), 422, "ValidationError",
     '{"message":"Please enter a value"}'),
    ("name in from_email", SEND,
     but(GOOD, message__from_email="Ann <ann@example.com>"), 400,
     "ValidationError", 'Validation error: {"message":{"from_email":"The '
     'username portion of the email address is invalid (the portion before '
     'the @: Ann <ann)"}}'),
    ("no @", SEND, but(GOOD, message__from_email="ann"), 400,
     "ValidationError", '{"message":{"from_email":"An email address must '
     'contain a single @"}}'),
    ("no from_email", SEND, but(GOOD, message__from_email=None), 400,
     "ValidationError", '"from_email"'),
    ("to as text", SEND, but(GOOD, message__to="bob@example.org"), 422,
     "ValidationError", '{"message":{"to":"Please enter an array"}}'),
    ("to as texts", SEND, but(GOOD, message__to=["bob@example.org"]), 422,
     "ValidationError", '{"message":{"to":"Please enter an array of objects'),
    ("to empty", SEND, but(GOOD, message__to=[]), 422, "ValidationError",
     '{"message":{"to":'),
    ("to of no kind", SEND,
     but(GOOD, message__to=[{"email": "a@b.c", "type": "from"}]), 422,
     "ValidationError", '{"message":{"to":{"type":'),
    ("name of no kind", SEND, but(GOOD, message__from_name=[]), 422,
     "ValidationError", '{"message":{"from_name":"Please enter a string"}}'),
    ("bool as text", SEND, but(GOOD, message__preserve_recipients="true"),
     422, "ValidationError", '"preserve_recipients":"Please enter a boolean'),
    ("long subject", SEND, but(GOOD, message__subject="x" * 999), 422,
     "ValidationError", '"subject"'),
    ("tag", SEND, but(GOOD, message__tags=["_a"]), 422, "ValidationError",
     '"tags"'),
    ("metadata", SEND, but(GOOD, message__metadata={"a": "x" * 200}), 422,
     "ValidationError", '"metadata"'),
    ("no image", SEND, but(GOOD, message__images=[FILE]), 422,
     "ValidationError", '{"message":{"images":{"type":'),
    ("send_at", SEND, but(GOOD, send_at="tomorrow"), 422, "ValidationError",
     '"send_at"'),
    ("raw: to as objects", RAW, but(GOOD_RAW, to=people(1)), 422,
     "ValidationError", '{"to":"Please enter an array of strings"}'),
    ("raw: names in to", RAW, but(GOOD_RAW, to=["Bob <bob@example.org>"]),
     422, "ValidationError", '{"to":"Please enter bare addresses"}'),
    ("raw: nothing", RAW, but(GOOD_RAW, raw_message=None), 422,
     "ValidationError", '{"raw_message":"Please enter a value"}'),
)

PRESERVE = "each recipient gets a copy with only himself in To"

# (name, path, document, what a violation says): taken with 200 all the same
NOTICED = (
    ("headers as list", SEND,
     but(GOOD, message__headers=["Reply-To: a@b.c"]),
     "headers is a list: all of it is lost"),
    ("header no string", SEND, but(GOOD, message__headers={"X-A": 1}),
     "header X-A is no string"),
    ("Bcc header", SEND, but(GOOD, message__headers={"Bcc": "e@b.c"}),
     "header Bcc inside the message"),
    ("broken header", SEND, but(GOOD, message__headers={"X-A": "a\r\nB: c"}),
     "header X-A holds a line break"),
    ("unknown member", SEND, but(GOOD, message__cc=[]),
     "cc is not known: it is ignored"),
    ("copies", SEND,
     but(GOOD, message__to=people(2), message__preserve_recipients=None),
     "preserve_recipients is not true: " + PRESERVE),
    ("base64", SEND,
     but(GOOD, message__attachments=[dict(FILE, content="YWJj\r\nYWJj")]),
     "message.attachments[0] is no clean base64"),
    ("base64 cut", SEND,
     but(GOOD, message__attachments=[dict(FILE, content="YWJ")]),
     "message.attachments[0] is no clean base64"),
    ("data URL", SEND, but(GOOD, message__attachments=[
        dict(FILE, content="data:text/plain;base64,YQ==")]),
     "message.attachments[0] is no clean base64"),
    ("no name", SEND,
     but(GOOD, message__attachments=[dict(FILE, name="")]),
     "message.attachments[0] has no name"),
    ("name is not there", SEND,
     but(GOOD, message__images=[{"type": "image/png", "content": "YQ=="}]),
     "message.images[0] has no name"),
    ("type is not there", SEND,
     but(GOOD, message__attachments=[{"name": "a", "content": "YQ=="}]),
     "message.attachments[0] has no type"),
    ("raw: Bcc", RAW,
     but(GOOD_RAW, raw_message="Bcc: e@b.c\r\n" + MIME),
     "header Bcc inside the message"),
    ("raw: another's control header", RAW,
     but(GOOD_RAW, raw_message="X-Mailgun-Tag: a\r\n" + MIME),
     "header X-Mailgun-Tag inside the message"),
    ("raw: copies", RAW,
     but(GOOD_RAW, to=["a@b.c", "d@e.f"],
         raw_message=MIME.replace("true", "false")),
     "X-MC-PreserveRecipients is not true: " + PRESERVE),
    ("raw: bare LF", RAW, but(GOOD_RAW, raw_message=MIME + "a\nb\r\n"),
     "bare LF in the message: 1"),
)


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mandrill = doors.Simulator("mandrill", "--key", "key-1")

    @classmethod
    def tearDownClass(cls):
        assert cls.mandrill.end() == 0

    def setUp(self):
        self.mandrill.fault(None)

    def post(self, document, path=SEND):
        if not isinstance(document, bytes):
            document = json.dumps(document).encode()
        status, _, text = request(
            self.mandrill.address, "POST", path, document,
            {"Content-Type": "application/json"})
        return status, json.loads(text)

    def send(self, document, path=SEND):
        """{address: (status, reason)}"""
        status, answer = self.post(document, path)
        self.assertEqual(status, 200, answer)
        return {one["email"]: (one["status"], one.get("reject_reason")
                               or one.get("queued_reason"))
                for one in answer}


class Checks(Case):
    def test_refused(self):
        for name, path, document, status, error, message in REFUSED:
            with self.subTest(name):
                before = self.mandrill.accepted()
                got, answer = self.post(document, path)
                self.assertEqual((got, answer["name"], answer["status"]),
                                 (status, error, "error"))
                self.assertIn(message, answer["message"])
                self.assertEqual(self.mandrill.accepted(), before)

    def test_noticed(self):
        for name, path, document, note in NOTICED:
            with self.subTest(name):
                self.send(document, path)
                self.assertIn(note, self.mandrill.last()["violations"])

    def test_good_ones_are_not_noticed(self):
        count = self.mandrill.state("violations")
        self.send(but(GOOD, message__attachments=[FILE],
                      message__headers={"Reply-To": "a@b.c"},
                      message__tags=["a"], message__metadata={"a": "b"}))
        self.send(GOOD_RAW, RAW)
        self.assertEqual(self.mandrill.state("violations"), count)

    def test_null(self):
        """Mandrill takes null for what may be left out, but not for names."""
        document = copy.deepcopy(GOOD)
        document["message"].update(html=None, track_opens=None)
        self.send(document)
        document["message"]["from_name"] = None
        self.assertEqual(self.post(document)[1]["name"], "ValidationError")
        document = copy.deepcopy(GOOD)
        document["message"]["to"][0]["name"] = None
        self.assertEqual(self.post(document)[1]["name"], "ValidationError")

    def test_no_json(self):
        whole = json.dumps(GOOD).encode()
        for document in (b"", b"{", whole[:-1], whole + b"x", b"[]",
                         b'{"key": "key-1", "message": {"text": "\\x"}}',
                         b'{"key": "key-1", "message": {"text": "a\nb"}}',
                         b'{"key": "\xff"}', b"null", b'{"key": 1}'):
            with self.subTest(document):
                status, answer = self.post(document)
                self.assertEqual(answer["name"], "ValidationError")
                self.assertGreaterEqual(status, 400)

    def test_other_calls(self):
        for path, expected in (
                ("/api/1.0/users/ping.json", "PONG!"),
                ("/api/1.4/users/ping2", {"PING": "PONG!"})):
            self.assertEqual(self.post({"key": "key-1"}, path),
                             (200, expected))
        self.assertEqual(self.post({"key": "key-1"}, "/api/1.0/x")[0], 404)


class Records(Case):
    def test_fields(self):
        blob = bytes(range(256)) * 4000
        document = but(
            GOOD, message__html="<b>\u20ac</b>",
            message__headers={"Reply-To": "x@example.com"},
            message__attachments=[
                {"type": "application/pdf", "name": "报告.pdf",
                 "content": encode(blob)}],
            message__images=[{"type": "image/png", "name": "ii",
                              "content": encode(b"png")}])
        self.send(document)
        record = self.mandrill.last()
        fields = dict(doors.fields(record))
        self.assertEqual(record["violations"], [])
        self.assertEqual(fields["message.to[0].email"], "bob@example.org")
        self.assertEqual(fields["message.html"], "<b>\u20ac</b>")
        self.assertEqual(fields["message.headers.Reply-To"], "x@example.com")
        self.assertNotIn("key", fields)
        attachment, picture = record["files"]
        self.assertEqual(attachment["filename"], "报告.pdf")
        self.assertEqual(attachment["sha256"],
                         hashlib.sha256(blob).hexdigest())
        self.assertEqual(picture["content_id"], "ii")
        self.assertEqual(self.mandrill.file(record["number"], 0), blob)

    def test_raw(self):
        for plain in (True, False):
            document = json.dumps(GOOD_RAW, ensure_ascii=plain)
            self.send(document.encode(), RAW)
            record = self.mandrill.last()
            self.assertEqual(record["violations"], [])
            self.assertEqual(self.mandrill.raw(record["number"]),
                             MIME.encode())

    def test_raw_without_a_list(self):
        mime = "To: a@b.c, D <d@e.f>\r\nCc: g@h.i\r\nBcc: j@k.l\r\n\r\nx\r\n"
        got = self.send(but(GOOD_RAW, to=None, raw_message=mime), RAW)
        self.assertEqual(set(got), {"a@b.c", "d@e.f", "g@h.i"})

    def test_pieces(self):
        """The body comes byte by byte."""
        body = json.dumps(GOOD_RAW, ensure_ascii=False).encode()
        door = http.client.HTTPConnection(self.mandrill.address,
                                          timeout=doors.PATIENCE)
        door.request("POST", RAW, iter([bytes([one]) for one in body]),
                     {"Content-Type": "application/json"},
                     encode_chunked=True)
        self.assertEqual(door.getresponse().status, 200)
        door.close()
        self.assertEqual(self.mandrill.raw(self.mandrill.accepted()),
                         MIME.encode())

    def test_surrogates(self):
        for text, note in (("\\ud83d\\ude00", False), ("\\ud83d", True),
                           ("\\ude00", True), ("\\ud83d\\ud83d", True),
                           ("\\u0041", False), ("\\ud83dx", True)):
            document = json.dumps(GOOD_RAW).replace("Gr", text)
            self.send(document.encode(), RAW)
            self.assertEqual("raw_message is not UTF-8" in
                             self.mandrill.last()["violations"], note, text)


class Recipients(Case):
    def test_sent(self):
        self.assertEqual(self.send(GOOD),
                         {"bob@example.org": ("sent", None)})

    def test_ids(self):
        _, answer = self.post(but(GOOD, message__to=people(3)))
        self.assertEqual([one["email"] for one in answer],
                         [f"r{i}@example.org" for i in (2, 1, 0)])
        self.assertEqual(len({one["_id"] for one in answer}), 3)
        for one in answer:
            self.assertRegex(one["_id"], "^[0-9a-f]{32}$")

    def test_queued(self):
        many = self.send(but(GOOD, message__to=people(11)))
        self.assertEqual(set(many.values()),
                         {("queued", "multiple-recipients")})
        self.assertEqual(
            self.send(but(GOOD, message__attachments=[FILE])),
            {"bob@example.org": ("queued", "attachments")})
        self.assertEqual(self.send(but(GOOD, send_at="2999-01-01 00:00:00")),
                         {"bob@example.org": ("scheduled", None)})
        self.assertEqual(self.send(but(GOOD, send_at="2000-01-01 00:00:00")),
                         {"bob@example.org": ("sent", None)})

    def test_invalid(self):
        before = self.mandrill.accepted()
        _, answer = self.post(but(GOOD, message__to=[{"email": "bob"}]))
        self.assertEqual(answer[0]["status"], "invalid")
        self.assertNotIn("_id", answer[0])
        self.assertEqual(self.mandrill.accepted(), before)

    def test_reasons(self):
        before = self.mandrill.accepted()
        self.mandrill.fault("reject-reason=unsigned")
        self.assertEqual(self.send(GOOD),
                         {"bob@example.org": ("rejected", "unsigned")})
        self.assertEqual(self.mandrill.accepted(), before)
        self.mandrill.fault("queued-reason=sending-paused")
        self.assertEqual(self.send(GOOD),
                         {"bob@example.org": ("queued", "sending-paused")})
        self.assertEqual(self.mandrill.accepted(), before + 1)

    def test_partial(self):
        self.mandrill.fault("partial=r0@example.org,R2@example.org,"
                            "reason=rule")
        self.assertEqual(
            self.send(but(GOOD, message__to=people(4))),
            {"r0@example.org": ("rejected", "rule"),
             "r1@example.org": ("sent", None),
             "r2@example.org": ("rejected", "rule"),
             "r3@example.org": ("sent", None)})
        record = self.mandrill.last()
        self.assertEqual(
            sorted((one["address"], one["status"])
                   for one in record["recipients"]),
            [("r0@example.org", "rejected"), ("r1@example.org", "sent"),
             ("r2@example.org", "rejected"), ("r3@example.org", "sent")])


# (fault, status, name of the error or None)
ANSWERS = (
    ("status=500", 500, "GeneralError"),
    ("status=401", 401, "Invalid_Key"),
    ("status=429,retry-after=5", 429, "RequestLimitExceeded"),
    ("status=503", 503, "ServiceUnavailable"),
    ("status=418,json", 418, "Unknown_Name"),
    ("unauthorized", 401, "Invalid_Key"),
    ("unauthorized,old", 500, "Invalid_Key"),
    ("throttle", 429, "RequestLimitExceeded"),
    ("throttle,status=403", 403, "RequestLimitExceeded"),
    ("text=ValidationError,status=422", 422, "ValidationError"),
    ("text=PaymentRequired,old", 500, "PaymentRequired"),
    ("text=Unknown_Subaccount", 404, "Unknown_Subaccount"),
)


class Faults(Case):
    def test_answers(self):
        before = self.mandrill.accepted()
        for fault, status, name in ANSWERS:
            with self.subTest(fault):
                self.mandrill.fault(fault)
                got, answer = self.post(GOOD)
                self.assertEqual((got, answer["name"]), (status, name))
        self.assertEqual(self.mandrill.accepted(), before)

    def test_odd_lists(self):
        for name, emails in (
                ("none", []),
                ("fewer", ["r1@example.org", "r0@example.org"]),
                ("more", ["r2@example.org", "r1@example.org",
                          "r0@example.org", "r2@example.org"]),
                ("case", ["R2@EXAMPLE.ORG", "R1@EXAMPLE.ORG",
                          "R0@EXAMPLE.ORG"]),
                ("nameless", [None, None, None])):
            with self.subTest(name):
                before = self.mandrill.accepted()
                self.mandrill.fault("odd=" + name)
                _, answer = self.post(but(GOOD, message__to=people(3)))
                self.assertEqual([one.get("email") for one in answer],
                                 emails)
                self.assertEqual(self.mandrill.accepted(), before + 1)


if __name__ == "__main__":
    unittest.main()
