# SPDX-License-Identifier: MIT
"""The Mailgun simulator over real HTTP: what it takes, what it refuses and in
which words, what it notices, and how it goes wrong."""

import hashlib
import http.client
import json
import socket
import tempfile
import threading
import unittest
import os

import doors
from doors import form, request

PATH = "/v3/mg.example.com/messages"
MIME = PATH + ".mime"
GOOD = (("from", "Ann <ann@example.com>"), ("to", "bob@example.org"),
        ("subject", "Hello"), ("text", "Hi"))
RAW = (b"From: ann@example.com\r\nTo: bob@example.org\r\n"
       b"Message-ID: <own@example.com>\r\nSubject: x\r\n\r\nbody\r\n")


def without(name):
    return tuple(part for part in GOOD if part[0] != name)


def mime(raw=RAW, more='; filename="message.mime"'):
    return (("to", "bob@example.org"), ("message", raw, more,
                                        "message/rfc822"))


NOT_ADDRESS = ("'{}' parameter is not a valid address. please check "
               "documentation")
BODY = ("Need at least one of 'text', 'html', 'amp-html' or 'template' "
        "parameters specified")

# (name, path, parts, the message of its 400)
REFUSED = (
    ("no from", PATH, without("from"), "from parameter is missing"),
    ("no to", PATH, without("to"), "to parameter is missing"),
    ("bad from", PATH, GOOD[1:] + (("from", "ann"),),
     NOT_ADDRESS.format("from")),
    ("bad to", PATH, GOOD + (("to", "bob@"),), NOT_ADDRESS.format("to")),
    ("bad cc", PATH, GOOD + (("cc", "a@b, <c"),), NOT_ADDRESS.format("cc")),
    ("bad bcc", PATH, GOOD + (("bcc", "a b@c"),), NOT_ADDRESS.format("bcc")),
    ("no body", PATH, without("text"), BODY),
    ("empty body", PATH, without("text") + (("text", ""),), BODY),
    ("html and template", PATH,
     GOOD + (("html", "x"), ("template", "y")),
     "Only one parameters 'html' or 'template' is allowed"),
    ("too many options", PATH,
     GOOD + (("h:X-A", "a" * 10000), ("v:b", "b" * 7000)),
     "Send options (parameters starting with o:, h:, or v:) are limited to "
     "16 kB total"),
    ("too many recipients", PATH,
     GOOD + (("cc", ",".join(f"r{i}@example.org" for i in range(1000))),),
     "Too many recipients, max is 1000"),
    ("header name", PATH, GOOD + (("h:X-Ä", "a"),),
     "Header name must be pure ASCII: X-Ä"),
    ("date", PATH, GOOD + (("o:deliverytime", "tomorrow"),),
     "tomorrow is not an RFC-2822 compliant date"),
    ("yes or no", PATH, GOOD + (("o:dkim", "maybe"),),
     "Invalid value for parameter 'o:dkim'"),
    ("variables", PATH, GOOD + (("recipient-variables", "[]"),),
     "'recipient-variables' parameter is not a valid JSON"),
    ("no message", MIME, mime()[:1], "message parameter is missing"),
    ("no envelope", MIME, mime()[1:], "to parameter is missing"),
    ("message as field", MIME, mime(more=""),
     "'message' parameter is not a file"),
    ("message with filename*", MIME,
     mime(more="; filename*=utf-8''message.mime"),
     "'message' parameter is not a file"),
)

# (name, path, parts, what a violation says): taken with 200 all the same
NOTICED = (
    ("unknown field", PATH, GOOD + (("reply-to", "a@b.c"),),
     "field reply-to is not known"),
    ("no subject", PATH, without("subject"),
     "subject is missing, which is required"),
    ("two subjects", PATH, GOOD + (("subject", "again"),),
     "field subject comes more than 1 times"),
    ("lost attachment", PATH, GOOD + (("attachment", "x"),),
     "part attachment without filename: the file is lost"),
    ("lost with filename*", PATH,
     GOOD + (("attachment", "x", "; filename*=utf-8''a.pdf"),),
     "part attachment uses filename*=, which the provider does not read"),
    ("inline twice", PATH,
     GOOD + (("inline", "x", '; filename="a"'),
             ("inline", "y", '; filename="a"')),
     "two inline files are called a"),
    ("slash in a name", PATH, GOOD + (("attachment", "x",
                                       '; filename="a/b"'),),
     "filename of part attachment holds a slash, a backslash or a quote: "
     "how the provider reads it is not known"),
    ("Bcc as header", PATH, GOOD + (("h:Bcc", "eve@example.org"),),
     "header Bcc inside the message"),
    ("control header", PATH, GOOD + (("h:X-MC-Tags", "a"),),
     "header X-MC-Tags inside the message"),
    ("Content-Type", PATH, GOOD + (("h:Content-Type", "a/b"),),
     "h:Content-Type stands beside a field of its own"),
    ("domain", PATH, GOOD + (("to", "bob@bücher.example"),),
     "domain of bob@bücher.example is not in ASCII"),
    ("Bcc in MIME", MIME, mime(b"Bcc: eve@example.org\r\n" + RAW),
     "header Bcc inside the message"),
    ("folded control header", MIME,
     mime(b"X-SMTPAPI: {\r\n \"to\": 1}\r\n" + RAW),
     "header X-SMTPAPI inside the message"),
    ("bare LF", MIME, mime(RAW + b"a\nb\r\n"), "bare LF in the message: 1"),
    ("bare CR", MIME, mime(RAW + b"a\rb\r\n"), "bare CR in the message: 1"),
    ("NUL", MIME, mime(RAW + b"a\0b\r\n"), "NUL in the message: 1"),
    ("long line", MIME, mime(RAW + b"x" * 999 + b"\r\n"),
     "lines over 998 bytes in the message: 1"),
    ("no end", MIME, mime(RAW + b"x"),
     "the message does not end with CRLF"),
)


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mailgun = doors.Simulator(
            "mailgun", "--domain", "mg.example.com", "--key", "key-1")

    @classmethod
    def tearDownClass(cls):
        assert cls.mailgun.end() == 0

    def setUp(self):
        self.mailgun.fault(None)

    def post(self, parts=GOOD, path=PATH, headers=None, body=None):
        status, fields, text = request(
            self.mailgun.address, "POST", path,
            form(*parts) if body is None else body,
            doors.mailgun_headers() if headers is None else headers)
        return status, fields, text

    def message(self, *arguments, **more):
        status, _, text = self.post(*arguments, **more)
        return status, json.loads(text)["message"]


class Checks(Case):
    def test_refused(self):
        for name, path, parts, message in REFUSED:
            with self.subTest(name):
                before = self.mailgun.accepted()
                self.assertEqual(self.message(parts, path), (400, message))
                self.assertEqual(self.mailgun.accepted(), before)
                self.assertEqual(
                    self.mailgun.violations()[-1], f"400: {message}")

    def test_noticed(self):
        for name, path, parts, note in NOTICED:
            with self.subTest(name):
                self.assertEqual(self.message(parts, path),
                                 (200, "Queued. Thank you."))
                self.assertIn(note, self.mailgun.last()["violations"])
                self.assertIn(note, self.mailgun.violations())

    def test_good_ones_are_not_noticed(self):
        count = self.mailgun.state("violations")
        self.post(GOOD + (("h:Message-Id", "<a@b.c>"), ("o:tag", "x"),
                          ("o:tag", "y"), ("v:a", "1"),
                          ("o:deliverytime",
                           "Fri, 14 Oct 2011 12:00:00 +0000"),
                          ("o:deliver-within", "1h30m")))
        self.post(mime(), MIME)
        self.assertEqual(self.mailgun.state("violations"), count)

    def test_account(self):
        wrong = doors.mailgun_headers("key-2")
        status, fields, text = self.post(headers=wrong)
        self.assertEqual((status, text), (401, b"Forbidden"))
        self.assertTrue(fields["Content-Type"].startswith("text/plain"))
        self.assertEqual(self.message(path="/v3/other.example/messages"),
                         (404, "Domain not found: other.example"))
        for path in ("/v3/a%2Fb/messages", "/v3/messages", "/nowhere",
                     "/v3/a/b/messages"):
            status, _, text = self.post(path=path)
            self.assertEqual((status, text),
                             (200, b"Mailgun Magnificent API"), path)

    def test_content_type(self):
        headers = doors.mailgun_headers()
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.assertEqual(
            self.message(path=MIME, body=b"to=a", headers=headers),
            (400, "Invalid request content type. Expecting "
             "'multipart/form-data' but got "
             "'application/x-www-form-urlencoded'"))

    def test_broken_forms(self):
        whole = form(*GOOD)
        self.assertEqual(self.message(body=whole[:-30]),
                         (400, "unable to parse request: unexpected EOF"))
        self.assertEqual(
            self.message(body=whole.replace(b"form-data; ", b"form-dada; ")),
            (400, "malformed multipart/form-data request"))

    def test_too_large(self):
        size = 52 * 1024 * 1024 + 512 * 1024
        self.assertEqual(self.message(body=b"x" * size),
                         (413, "request size exceeds 52.4MiB limit"))

    def test_questions(self):
        status, _, text = request(
            self.mailgun.address, "GET", "/v4/domains/mg.example.com",
            headers=doors.mailgun_headers())
        self.assertEqual((status, json.loads(text)["domain"]["state"]),
                         (200, "active"))


class Records(Case):
    def test_fields(self):
        blob = bytes(range(256)) * 1000
        parts = (("from", "Ann <ann@example.com>"),
                 ("to", "Bob <bob@example.org>, carl@example.org"),
                 ("to", "BOB@example.org"), ("cc", "dora@example.org"),
                 ("bcc", "eve@example.org"), ("subject", "Grüße"),
                 ("text", "Hi"), ("html", "<img src='cid:ii'>"),
                 ("attachment", blob, '; filename="报告.pdf"',
                  "application/pdf"),
                 ("inline", b"png", '; filename="ii"', "image/png"))
        status, _, text = self.post(parts)
        record = self.mailgun.last()
        self.assertEqual(status, 200)
        self.assertEqual(json.loads(text)["id"], record["id"])
        self.assertEqual(record["violations"], [])
        self.assertEqual(record["form"], "fields")
        self.assertEqual(
            [(one["address"], one["status"]) for one in record["recipients"]],
            [(f"{name}@example.org", "queued")
             for name in ("bob", "carl", "dora", "eve")])
        self.assertEqual(doors.fields(record), list(parts[:8]))
        attachment, picture = record["files"]
        self.assertEqual(attachment["filename"], "报告.pdf")
        self.assertEqual(attachment["type"], "application/pdf")
        self.assertEqual(attachment["sha256"],
                         hashlib.sha256(blob).hexdigest())
        self.assertEqual(attachment["size"], len(blob))
        self.assertEqual(picture["content_id"], "ii")
        self.assertEqual(self.mailgun.file(record["number"], 0), blob)
        self.assertEqual(self.mailgun.file(record["number"], 1), b"png")

    def test_mime(self):
        _, _, text = self.post(mime(), MIME)
        record = self.mailgun.last()
        self.assertEqual(json.loads(text)["id"], "<own@example.com>")
        self.assertEqual(record["form"], "raw")
        self.assertEqual(record["recipients"],
                         [{"address": "bob@example.org",
                           "status": "queued"}])
        self.assertEqual(self.mailgun.raw(record["number"]), RAW)

    def test_id(self):
        _, _, text = self.post(GOOD + (("h:Message-Id", "<a.b@c.d>"),))
        self.assertEqual(json.loads(text)["id"], "<a.b@c.d>")
        _, _, text = self.post(GOOD + (("h:Message-Id", "no id"),))
        self.assertRegex(json.loads(text)["id"], r"^<\d+\..*@mg.example.com>$")

    def test_files(self):
        blob = os.urandom(3 * 1024 * 1024)
        with tempfile.TemporaryDirectory() as folder:
            keeper = doors.Simulator("mailgun", "--record", folder)
            request(keeper.address, "POST", PATH,
                    form(*GOOD, ("html", "h" * 100000),
                         ("attachment", blob, '; filename="a"')),
                    doors.mailgun_headers())
            request(keeper.address, "POST", MIME, form(*mime()),
                    doors.mailgun_headers())
            self.assertEqual(keeper.file(1, 0), blob)
            self.assertEqual(keeper.end(), 0)
            self.assertEqual(
                sorted(os.listdir(folder)),
                ["000001-4.part", "000001-5.part", "000001.json",
                 "000002.json", "000002.mime"])
            with open(os.path.join(folder, "000001-5.part"), "rb") as file:
                self.assertEqual(file.read(), blob)
            with open(os.path.join(folder, "000002.mime"), "rb") as file:
                self.assertEqual(file.read(), RAW)
            with open(os.path.join(folder, "000001.json"), "rb") as file:
                record = json.load(file)
            self.assertEqual(record["files"][0]["stored"], "000001-5.part")

    def test_large_ones_in_memory(self):
        blob = b"a" * (5 * 1024 * 1024)
        self.post(GOOD + (("attachment", blob, '; filename="a"'),))
        record = self.mailgun.last()
        self.assertEqual(record["files"][0]["sha256"],
                         hashlib.sha256(blob).hexdigest())
        status, _, text = request(
            self.mailgun.control, "GET",
            f"/mails/{record['number']}/files/0")
        self.assertEqual(status, 404)
        self.assertIn("not kept", json.loads(text)["message"])


class Control(Case):
    def test_wait(self):
        after = self.mailgun.accepted()
        got = []
        waiter = threading.Thread(target=lambda: got.append(
            self.mailgun.ask("GET", f"/mails?after={after}&count=2"
                                    f"&wait=60000")))
        waiter.start()
        self.post()
        self.post()
        waiter.join(doors.PATIENCE)
        self.assertEqual([mail["number"] for mail in got[0]["mails"]],
                         [after + 1, after + 2])

    def test_wait_in_vain(self):
        after = self.mailgun.accepted()
        listed = self.mailgun.ask("GET", f"/mails?after={after}&wait=20")
        self.assertEqual(listed["mails"], [])

    def test_a_waiter_that_leaves(self):
        after = self.mailgun.accepted()
        host, port = self.mailgun.control.split(":")
        with socket.create_connection((host, int(port))) as wire:
            wire.sendall(f"GET /mails?after={after}&wait=60000 HTTP/1.1\r\n"
                         f"Host: x\r\n\r\n".encode())
        self.assertEqual(self.post()[0], 200)

    def test_list(self):
        self.post()
        self.post()
        count = self.mailgun.accepted()
        listed = self.mailgun.ask("GET", f"/mails?after={count - 2}&limit=1")
        self.assertEqual([mail["number"] for mail in listed["mails"]],
                         [count - 1])
        self.mailgun.ask("DELETE", "/mails")
        self.assertEqual(self.mailgun.ask("GET", "/mails"),
                         {"accepted": count, "mails": []})
        self.post()
        self.assertEqual(self.mailgun.last()["number"], count + 1)

    def test_wrong_questions(self):
        for method, path, body, status in (
                ("GET", "/", None, 404), ("GET", "/mails/0", None, 404),
                ("GET", "/mails/999999", None, 404),
                ("GET", "/mails/x", None, 404),
                ("POST", "/mails", b"", 404),
                ("DELETE", "/state", None, 404),
                ("PUT", "/fault", b"nonsense", 400),
                ("PUT", "/fault", b"text=nonsense", 400),
                ("PUT", "/fault", b"dot=451", 400),
                ("PUT", "/fault", b"status=abc", 400),
                ("PUT", "/fault", b"stall count=0", 400),
                ("PUT", "/fault", b"stall colour=3", 400)):
            with self.subTest(f"{method} {path} {body}"):
                got, _, text = request(self.mailgun.control, method, path,
                                       body)
                self.assertEqual(got, status)
                self.assertTrue(json.loads(text)["message"])


LIMIT = "Domain mg.example.com is not allowed to send: "

# (fault, status, pattern of the body, headers that are there, recorded)
ANSWERS = (
    ("status=503", 503, b"<html>.*503 Service Unavailable", {}, 0),
    ("status=502,json", 502, b'{"message":"Bad Gateway"}', {}, 0),
    ("status=503,empty", 503, b"^$", {}, 0),
    ("status=500", 500, b'{"message":"Internal Server Error"}', {}, 0),
    ("status=500,accepted", 500, b"Internal Server Error", {}, 1),
    ("status=413,html", 413, b"<title>413 ", {}, 0),
    ("status=429,retry-after=7", 429, b"account-requests-per-sec",
     {"Retry-After": "7"}, 0),
    ("status=401", 401, b"^Forbidden$", {}, 0),
    ("status=420", 420, b"recipient limit exceeded, try again after ", {}, 0),
    ("text=sandbox", 400, b"Sandbox subdomains are for test purposes", {}, 0),
    ("text=recipient-limit,status=400", 400, b"recipient limit exceeded",
     {}, 0),
    ("magnificent", 200, b"^Mailgun Magnificent API$", {}, 0),
    ("unauthorized", 401, b"^Forbidden$", {}, 0),
    ("unauthorized,json", 401, b'^"Forbidden"$', {}, 0),
    ("throttle=120", 429, b"try again after 120 seconds", {}, 0),
    ("throttle=120,date", 429, b"try again after ..., .. ... .... ..:..:.. "
     b"UTC", {}, 0),
    ("throttle=9,retry-after", 429, b"after 9 seconds",
     {"Retry-After": "9"}, 0),
    ("throttle=9,plain", 429, b"^Too Many Requests$", {}, 0),
    ("partial=bob@example.org", 400, b"'to' parameter is not a valid", {}, 0),
    ("partial=other@example.org", 200, b"Queued", {}, 1),
    ("empty", 200, b"^$", {}, 0),
    ("empty=502,accepted", 502, b"^$", {}, 1),
    ("slow=20", 200, b"Queued", {}, 1),
    ("drip=1", 200, b"Queued", {}, 1),
    ("huge=1,accepted", 200, b"^ {1048576}$", {}, 1),
    ("odd=type", 200, b"Queued", {"Content-Type": "text/html"}, 1),
    ("odd=http10", 200, b"Queued", {}, 1),
    ("odd=chunked", 200, b"^{.*Queued.*}$", {}, 1),
    ("odd=bom", 200, b"^\xef\xbb\xbf{", {}, 1),
    ("odd=page", 200, b"^<html>", {"Content-Type": "application/json"}, 1),
    ("odd=number", 200, b'^{"id":12,', {}, 1),
    ("odd=deep", 200, rb"^\[{100000}{", {}, 1),
    ("odd=nul", 200, b"\0\xff$", {}, 1),
    ("odd=duplicate", 200, b'^{"id":1,"id":', {}, 1),
    ("close-idle", 200, b"Queued", {"Connection": None}, 1),
    ("odd=redirect", 307, b"", {"Location":
                                "http://127.0.0.1:9/elsewhere"}, 0),
)

# (fault, what the wire shows, how it ends, recorded)
ENDS = (
    ("reset-connect", b"^$", "reset", 0),
    ("reset-before-body", b"^$", "reset", 0),
    ("close-after-body", b"^$", "closed", 0),
    ("close-accepted", b"^$", "closed", 1),
    ("reset-mid-body=1", b"^$", "reset", 0),
    ("reset-mid-body", b"^$", "reset", 0),
    ("reset-after-body", b"^$", "reset", 0),
    ("reset-accepted", b"^$", "reset", 1),
    ("cut-answer", rb"^HTTP/1.1 200 OK\r\n[^{]*{\"id\":[^}]*$", "reset", 1),
    ("garbage", b"^\x16\x03\x01", "closed", 0),
    ("garbage,accepted", b"^\x16\x03\x01", "closed", 1),
    ("odd=length", b"Content-Length: 99999\r\n\r\n{.*}$", "closed", 1),
    ("odd=chunk-cut", rb"chunked\r\n.*}\r\n$", "closed", 1),
    ("odd=headers", rb"X-19999: 0+19999\r\n$", "closed", 1),
    ("early=413", b"^HTTP/1.1 413 ", None, 0),
)


class Faults(Case):
    def test_answers(self):
        for fault, status, pattern, headers, recorded in ANSWERS:
            with self.subTest(fault):
                before = self.mailgun.accepted()
                self.mailgun.fault(fault)
                got, fields, text = self.post()
                self.assertEqual(got, status)
                self.assertRegex(text, b"(?s)" + pattern)
                for name, value in headers.items():
                    self.assertEqual(fields.get(name), value)
                self.assertEqual(self.mailgun.accepted() - before, recorded)

    def test_ends(self):
        body = form(*GOOD, ("attachment", b"x" * 300000, '; filename="a"'))
        head = (f"POST {PATH} HTTP/1.1\r\nHost: x\r\n"
                f"Content-Length: {len(body)}\r\n").encode()
        for name, value in doors.mailgun_headers().items():
            head += f"{name}: {value}\r\n".encode()
        for fault, pattern, ending, recorded in ENDS:
            with self.subTest(fault):
                before = self.mailgun.accepted()
                self.mailgun.fault(fault)
                answer, got = doors.exchange(
                    self.mailgun.address, head + b"\r\n" + body)
                self.assertRegex(answer, b"(?s)" + pattern)
                self.assertIn(got, (ending or got,))
                self.assertEqual(self.mailgun.accepted() - before, recorded)

    def test_silence(self):
        for fault, recorded in (("stall", 0), ("stall-accepted", 1),
                                ("blackhole", 0), ("stall-mid-body", 0),
                                ("stall-answer", 1)):
            with self.subTest(fault):
                before = self.mailgun.accepted()
                self.mailgun.fault(fault)
                door = http.client.HTTPConnection(self.mailgun.address,
                                                  timeout=0.3)
                with self.assertRaises(TimeoutError):
                    door.request("POST", PATH, form(*GOOD),
                                 doors.mailgun_headers())
                    answer = door.getresponse()
                    answer.read()
                self.assertEqual(self.mailgun.accepted() - before, recorded)
                self.assertGreater(self.mailgun.state("connections_open"), 0)
                door.close()
                answer = None

    def test_refuse_and_return(self):
        kept = http.client.HTTPConnection(self.mailgun.address,
                                          timeout=doors.PATIENCE)
        kept.request("POST", PATH, form(*GOOD), doors.mailgun_headers())
        kept.getresponse().read()
        self.mailgun.fault("refuse")
        with self.assertRaises(ConnectionRefusedError):
            self.post()
        kept.auto_open = 0
        with self.assertRaises((ConnectionError, http.client.HTTPException)):
            kept.request("POST", PATH, form(*GOOD), doors.mailgun_headers())
            kept.getresponse()
        kept.close()
        self.mailgun.fault(None)
        self.assertEqual(self.post()[0], 200)

    def test_close_reused(self):
        self.mailgun.fault("close-reused count=1")
        before = self.mailgun.accepted()
        kept = http.client.HTTPConnection(self.mailgun.address,
                                          timeout=doors.PATIENCE)
        for expected in (1, 2):
            kept.request("POST", PATH, form(*GOOD), doors.mailgun_headers())
            if expected == 1:
                self.assertEqual(kept.getresponse().read()[:6], b'{"id":')
            else:
                with self.assertRaises(http.client.RemoteDisconnected):
                    kept.getresponse()
            self.assertEqual(self.mailgun.accepted() - before, expected)
        kept.close()
        self.assertEqual(self.post()[0], 200)

    def test_options(self):
        for words, wanted in (
                ("status=503 count=2", [503, 503, 200, 200]),
                ("status=503 skip=1 count=1", [200, 503, 200, 200]),
                ("status=503 every=2", [503, 200, 503, 200]),
                ("status=503 count=1\nstatus=429 count=1\nstatus=502 skip=1",
                 [503, 429, 200, 502]),
                ("status 503 count=1", [503, 200, 200, 200])):
            with self.subTest(words):
                self.mailgun.fault(words)
                self.assertEqual([self.post()[0] for _ in wanted], wanted)

    def test_chance(self):
        self.mailgun.fault("status=503 chance=50 seed=7")
        first = [self.post()[0] for _ in range(20)]
        self.mailgun.fault("status=503 chance=50 seed=7")
        self.assertEqual([self.post()[0] for _ in range(20)], first)
        self.assertEqual(set(first), {200, 503})


class Options(unittest.TestCase):
    def test_wrong(self):
        for options in (["mailgun", "--listen", "192.0.2.1:0"],
                        ["mailgun", "--listen", "nowhere"],
                        ["pigeon"], [], ["smtp", "--key", "x"],
                        ["mailgun", "--username", "x", "--password", "y"],
                        ["smtp", "--username", "x"],
                        ["smtp", "--certificate", "/nowhere",
                         "--private-key", "/nowhere"],
                        ["mailgun", "--fault", "nonsense"],
                        ["mailgun", "--record", "/dev/null/x"],
                        ["mailgun", "--nonsense"], ["mailgun", "more"]):
            with self.subTest(" ".join(options)):
                child = doors.subprocess.run(
                    [doors.POSTFERRY, "simulate", *options],
                    capture_output=True, timeout=doors.PATIENCE)
                self.assertIn(child.returncode, (64, 69))
                self.assertIn(b"postferry", child.stderr)

    def test_help(self):
        child = doors.subprocess.run(
            [doors.POSTFERRY, "simulate", "--help"], capture_output=True,
            timeout=doors.PATIENCE, check=True)
        for word in (b"reset-after-body", b"close-after-dot",
                     b"reject-reason", b"Unknown_Subaccount"):
            self.assertIn(word, child.stdout)


if __name__ == "__main__":
    unittest.main()
