# SPDX-License-Identifier: MIT
"""Y1: mail comes in by HTTP, in every shape, and takes the road of all mail."""

import base64
import http.client
import json
import os
import re
import subprocess
import time
import urllib.parse

import durable
import ferry
import openapi
from received import digest

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTI = "multipart/form-data"
FILE = bytes(range(256)) * 40
MORE_KB = 2048


def encode_form(fields):
    pairs = []
    for name, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            pairs.append((name, one))
    return urllib.parse.urlencode(pairs).encode(), FORM


def encode_multipart(fields, files=(), boundary="ferry-boundary"):
    """files: (name of the part, of the file, type, bytes)"""
    blocks = []
    for name, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            blocks.append(
                f'--{boundary}\r\nContent-Disposition: form-data; '
                f'name="{name}"\r\n\r\n{one}\r\n'.encode())
    for name, filename, kind, data in files:
        blocks.append(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; '
            f'filename="{filename}"\r\nContent-Type: {kind}\r\n\r\n'.encode()
            + data + b"\r\n")
    blocks.append(f"--{boundary}--\r\n".encode())
    return b"".join(blocks), f"{MULTI}; boundary={boundary}"


def encode_json(fields):
    return json.dumps(fields).encode(), JSON


class Door(ferry.Scenario):
    """postferry with an HTTP door for programs on this host; each answer is
    held against etc/openapi.yaml."""

    providers = ("mailgun",)
    loopback = "send, read, operate"
    server = {}
    description = openapi.Description()

    def write_settings(self):
        state = os.path.join(self.folder, "state")
        os.mkdir(state, 0o700)
        self.settings = {"server": {
            "http_address": "127.0.0.1:0", "answer": "queued",
            "state_dir": state, **self.server}}
        if self.loopback:
            self.settings["server"]["http_loopback"] = self.loopback
        return super().write_settings()

    def start_ferry(self, *arguments, settings=None):
        ferry.write_private(f"{self.folder}/postferry.conf",
                            settings or self.write_settings())
        self.ferry = self.start(
            "postferry", "serve", "--config", f"{self.folder}/postferry.conf",
            environment={})
        self.door = self.ferry.wait_line(r"serving HTTP address=(\S+)")[1]
        self.address = self.ferry.wait_line(
            r"listening.*address=(\S+:\d+)")[1]

    def ask(self, method, target, body=None, kind=None, **fields):
        """(code, head, text)"""
        head = {name.replace("_", "-"): value
                for name, value in fields.items()}
        if kind:
            head["Content-Type"] = kind
        door = http.client.HTTPConnection(self.door, timeout=ferry.PATIENCE)
        try:
            door.request(method, target, body, head)
            answer = door.getresponse()
            text = answer.read().decode()
        finally:
            door.close()
        self.description.check(method, target, answer.status, answer.headers,
                               text)
        return answer.status, answer.headers, text

    def hand_in(self, target, encoded, code=202, **fields):
        """The answer's JSON; insists on the code."""
        got, head, text = self.ask("POST", target, *encoded, **fields)
        self.assertEqual(got, code, text)
        answer = json.loads(text)
        if code in (200, 202):
            self.assertEqual(head["Location"], f"/v1/messages/{answer['id']}")
        return answer

    def counts(self):
        """Mails that were ever accepted, here and there."""
        totals = json.loads(self.ask("GET", "/status")[2])["totals"]
        return totals["accepted"], self.mailgun.count()


MESSAGE = {"from": "Ann <ann@example.com>", "subject": "Gr\u00fc\u00dfe",
           "text": "Guten Tag.\n", "html": "<p>Guten Tag.</p>"}
SEND = {"sender": "ann@example.com", "subject": "Gr\u00fc\u00dfe",
        "text": "Guten Tag.\n"}
EMAIL = {"from": "ann@example.com", "from_name": "Ann", "to_name": "Bob",
         "subject": "Gr\u00fc\u00dfe", "body": "<p>Guten Tag.</p>"}
TWO = "bob@example.net", "carl@example.net"


class Shapes(Door):
    """Three pages, three types, recipients as a text, with commas, a list."""

    def check_mail(self, mail, fields, recipients):
        self.assertEqual(mail.header("Subject"), fields["subject"])
        self.assertEqual(mail.recipients, sorted(recipients))
        self.assertEqual(mail.addresses("From")[0][1], "ann@example.com")
        if "text" in fields:
            self.assertEqual(mail.text.strip(), "Guten Tag.")
        if "html" in fields or "body" in fields:
            self.assertIn("<p>Guten Tag.</p>", mail.html)

    def shapes(self, fields):
        """(to, its recipients)"""
        yield TWO[0], TWO[:1]
        if "to_name" in fields:
            return
        yield ", ".join(TWO), TWO
        yield list(TWO), TWO

    def check_page(self, target, fields):
        count = 0
        for encode in (encode_json, encode_form, encode_multipart):
            for to, recipients in self.shapes(fields):
                with self.subTest(target=target, encode=encode.__name__,
                                  to=to):
                    said = {**fields, "to": to}
                    answer = self.hand_in(target, encode(said))
                    self.assertEqual(answer["status"], "queued")
                    count += 1
                    mail = self.mailgun.mails(count)[-1]
                    self.check_mail(mail, fields, recipients)

    def test_message(self):
        self.check_page("/v1/messages", MESSAGE)

    def test_send(self):
        self.check_page("/send", SEND)

    def test_email(self):
        self.check_page("/email", EMAIL)
        mail = self.mailgun.mails(1)[0]
        self.assertEqual(mail.addresses("From"), [("Ann", "ann@example.com")])
        self.assertEqual(mail.addresses("To"), [("Bob", TWO[0])])

    def test_files(self):
        """In base64, as a part of form data; shown within the html."""
        coded = base64.b64encode(FILE).decode()
        one = {"name": "a.bin", "type": "application/x-a", "content": coded}
        seen = {**one, "name": "logo.png", "type": "image/png",
                "content_id": "logo", "inline": True}
        html = {"html": '<img src="cid:logo">'}
        said = {**MESSAGE, "to": TWO[0]}
        requests = [
            ("/v1/messages", encode_json(
                {**said, **html, "attachments": [one, seen]})),
            ("/v1/messages", encode_form({
                **said, **html, "attachments[0][name]": "a.bin",
                "attachments[0][content]": coded,
                "attachments[1][name]": "logo.png",
                "attachments[1][type]": "image/png",
                "attachments[1][content]": coded,
                "attachments[1][content_id]": "logo",
                "attachments[1][inline]": "true"})),
            ("/v1/messages", encode_multipart(
                {**said, "html": '<img src="cid:logo.png">'},
                [("files", "a.bin", "application/x-a", FILE),
                 ("inline", "logo.png", "image/png", FILE)])),
            ("/send", encode_json(
                {**SEND, "to": TWO[0], "attachments": [one]})),
            ("/send", encode_multipart(
                {**SEND, "to": TWO[0]},
                [("attachments", "a.bin", "application/x-a", FILE)])),
            ("/email", encode_multipart(
                {**EMAIL, "to": TWO[0]},
                [("f", "a.bin", "application/x-a", FILE)]))]
        for count, (target, encoded) in enumerate(requests, 1):
            self.hand_in(target, encoded)
            mail = self.mailgun.mails(count)[-1]
            self.assertEqual(mail.files, {"a.bin": digest(FILE)})
            self.assertEqual(list(mail.inline.values()),
                             [digest(FILE)] if count <= 3 else [])

    def test_all_fields(self):
        """What is asked of the provider arrives there; Bcc shows nowhere."""
        self.hand_in("/v1/messages", encode_json({
            **MESSAGE, "to": {"name": "Bob, B.", "address": TWO[0]},
            "cc": [TWO[1]], "bcc": "dan@example.net",
            "reply_to": "desk@example.com", "headers": {"X-Ours": "1"},
            "tags": ["invoice"], "metadata": {"order": 7},
            "tracking": {"opens": True, "clicks": False},
            "doubt": "prefer_once"}))
        mail = self.mailgun.mails(1)[0]
        self.assertEqual(mail.recipients, sorted(
            [*TWO, "dan@example.net"]))
        self.assertEqual(mail.addresses("To"), [("Bob, B.", TWO[0])])
        self.assertEqual(mail.header("Reply-To"), "desk@example.com")
        self.assertEqual(mail.header("X-Ours"), "1")
        self.assertEqual(mail.field("o:tag"), "invoice")
        self.assertEqual(mail.field("o:tracking-opens"), "yes")
        self.assertNotIn("dan@example.net", mail.shown)
        self.assertNotIn("X-Postferry", mail.shown)

    def test_whole_mail(self):
        raw = ferry.simple(subject="Whole").replace(b"\r\n", b"\n")
        self.hand_in("/v1/messages", (raw, "message/rfc822"))
        self.mailgun.mails(1)  # they come in the order of their dispatch
        self.hand_in("/v1/messages?sender=x@example.com&to=carl@example.net,"
                     "dan@example.net", (raw, "message/rfc822"))
        one, two = self.mailgun.mails(2)
        self.assertEqual(one.header("Subject"), "Whole")
        self.assertEqual(one.recipients, ["bob@example.net"])
        self.assertEqual(two.recipients,
                         ["carl@example.net", "dan@example.net"])

    def test_again(self):
        """One key, one mail, however it is said."""
        said = {**SEND, "to": TWO[0]}
        one = self.hand_in("/send", encode_json(said), Idempotency_Key="k-1")
        code, head, text = self.ask("POST", "/send", *encode_form(said),
                                    Idempotency_Key="k-1")
        self.assertIn(code, (200, 202), text)
        self.assertEqual(head["Idempotency-Replayed"], "true")
        self.assertEqual(json.loads(text)["id"], one["id"])
        code, _, text = self.ask(
            "POST", "/send", *encode_json({**said, "text": "Another.\n"}),
            Idempotency_Key="k-1")
        self.assertEqual(code, 409, text)
        two = self.hand_in("/v1/messages", encode_json(
            {**MESSAGE, "to": TWO[0], "idempotency_key": "k-2"}))
        self.assertNotEqual(one["id"], two["id"])
        self.mailgun.mails(2)
        self.assertEqual(self.counts()[0], 2)

    def test_record(self):
        """What the Location names, once it is there."""
        answer = self.hand_in("/send", encode_json({**SEND, "to": TWO[0]}))
        self.mailgun.mails(1)
        code, _, text = self.ask("GET", f"/v1/messages/{answer['id']}")
        self.assertEqual(code, 200, text)
        record = json.loads(text)
        self.assertEqual(record["listener"], "http")
        self.assertEqual(record["recipients"][0]["address"], TWO[0])

    def test_pages(self):
        """Every other page answers as it is described, too."""
        one = self.hand_in("/send", encode_json({**SEND, "to": TWO[0]}))["id"]
        self.mailgun.mails(1)
        mails, nowhere = "/v1/messages", "/v1/messages/" + 26 * "0"
        for method, target, codes in (
                ("GET", f"{mails}?limit=1&order=newest", (200,)),
                ("GET", f"{mails}?state=finished&include=attempts", (200,)),
                ("GET", f"{mails}?fields=id,state", (200,)),
                ("GET", f"{mails}?state=lost", (400,)),
                ("GET", f"{mails}/{one}", (200,)),
                ("GET", f"{mails}/{one}?fields=id,subject", (200,)),
                ("GET", f"{mails}/{one}/raw", (200, 410)),
                ("GET", f"{mails}/{one}/parts", (200, 410)),
                ("GET", f"{mails}/{one}/parts/0", (200, 410)),
                ("POST", f"{mails}/{one}/retry", (200, 409, 410)),
                ("POST", f"{mails}/{one}/drop", (200, 409, 410)),
                ("POST", f"{mails}/hold", (200,)),
                ("POST", f"{mails}/release?state=held", (200,)),
                ("GET", nowhere, (404,)),
                ("GET", f"{nowhere}/raw", (404,)),
                ("POST", f"{nowhere}/hold", (404,)),
                ("POST", "/v1/suppressions?address=x@example.org", (200,)),
                ("GET", "/v1/suppressions", (200,)),
                ("GET", "/v1/suppressions?address=y@example.org", (404,)),
                ("DELETE", "/v1/suppressions?address=x@example.org", (200,)),
                ("POST", "/v1/suppressions", (400,)),
                ("GET", "/v1/series", (200,)),
                ("GET", "/v1/sandbox", (404,)),
                ("GET", "/v1/events/mailgun", (200, 404)),
                ("POST", "/v1/events/nobody", (404,)),
                ("GET", "/livez", (200,)),
                ("GET", "/readyz", (200,)),
                ("GET", "/status", (200,)),
                ("GET", "/metrics", (200,)),
                ("GET", "/nowhere", (404,)),
                ("GET", "/send", (405,)),
                ("DELETE", mails, (405,))):
            with self.subTest(f"{method} {target}"):
                code, _, text = self.ask(method, target)
                self.assertIn(code, codes, text)

    def test_known(self):
        """What a client has already is not sent again."""
        self.hand_in("/send", encode_json({**SEND, "to": TWO[0]}))
        self.mailgun.mails(1)
        deadline = time.monotonic() + ferry.PATIENCE
        code = None
        while code != 304 and time.monotonic() < deadline:
            head = self.ask("GET", "/v1/messages")[1]
            code, _, _ = self.ask("GET", "/v1/messages",
                                  If_None_Match=head["ETag"])
        self.assertEqual(code, 304)


def large_json(padding):
    return json.dumps({**MESSAGE, "to": TWO[0], "subject":
                       "x" * padding}).encode()


DEEP = b'{"from":' + b"[" * 100_000

# name, target, (body, type), code, what the answer tells
REFUSED = [
    ("no JSON", "/send", (b'{"to": ', JSON), 400, "no JSON"),
    ("empty", "/v1/messages", (b"", JSON), 400, "no JSON"),
    ("nothing", "/v1/messages", (b"{}", JSON), 400, '"field":"from"'),
    ("deep JSON", "/v1/messages", (DEEP, JSON), 400, "more than 32"),
    ("huge JSON", "/v1/messages", (large_json(5_000_000), JSON), 413,
     "too large"),
    ("larger than any", "/v1/messages", (large_json(50_000_000), JSON), 413,
     "40000000 bytes"),
    ("wrong types", "/v1/messages", encode_json(
        {"from": 1, "to": [True], "text": []}), 400, '"field":"to[0]"'),
    ("an unknown field", "/send", encode_json(
        {**SEND, "to": TWO[0], "form": "x"}), 400, '"field":"form"'),
    ("broken base64", "/send", encode_json(
        {**SEND, "to": TWO[0], "attachments": [
            {"name": "a", "content": "abc$"}]}), 400,
     '"field":"attachments[0].content"'),
    ("cut form data", "/send",
     (encode_multipart({**SEND, "to": TWO[0]})[0][:-20],
      f"{MULTI}; boundary=ferry-boundary"), 400, "last boundary"),
    ("rubbish for form data", "/email",
     (b"rubbish", f"{MULTI}; boundary=b"), 400, "last boundary"),
    ("a broken form", "/send", (b"to=%zz", FORM), 400, "% code"),
    ("no recipient", "/send", encode_form(SEND), 400, '"field":"to"'),
    ("10,000 recipients", "/send", encode_json(
        {**SEND, "to": [f"a{n}@example.net" for n in range(10_000)]}), None,
     "recipients"),
    ("an address that is none", "/send", encode_form(
        {**SEND, "to": "bob@"}), 400, '"field":"to'),
    ("a sender that is none", "/send", encode_form(
        {**SEND, "sender": "ann at home", "to": TWO[0]}), 400,
     '"field":"sender'),
    ("no body", "/email", encode_form(
        {"from": "a@example.com", "to": TWO[0]}), 400, '"field":"body'),
    ("a header with a line end", "/v1/messages", encode_json(
        {**MESSAGE, "to": TWO[0], "headers": {"X": "a\r\nBcc: b@c.example"}}),
     400, '"field":"headers.X'),
    ("plain text", "/send", (b"hello", "text/plain"), 415, "text/plain"),
    ("no type", "/send", (b"{}", None), 415, "Content-Type"),
    ("parameters of another type", "/v1/messages?to=a@example.net",
     encode_json({**MESSAGE}), 400, "message/rfc822"),
]


class Refusals(Door):
    def test_refusals(self):
        """A clear word each, and nothing queued."""
        for name, target, encoded, code, words in REFUSED:
            with self.subTest(name):
                got, _, text = self.ask("POST", target, *encoded)
                self.assertIn(got, [code] if code else [400, 413, 422], text)
                self.assertIn(words, text)
        self.assertEqual(self.counts(), (0, 0))
        self.hand_in("/send", encode_json({**SEND, "to": TWO[0]}))

    def test_pages_of_others(self):
        """What a browser sends for a page."""
        form = encode_form({**SEND, "to": TWO[0]})
        data = encode_json({**SEND, "to": TWO[0]})
        own = f"http://{self.door}"
        for name, encoded, fields, code in (
                ("another's form", form, {"Origin": "https://x.example"}, 403),
                ("another's JSON", data, {"Origin": "https://x.example"}, 403),
                ("without an origin", form,
                 {"Sec_Fetch_Site": "cross-site"}, 403),
                ("our own form", form, {"Origin": own}, 403),
                ("our own JSON", data, {"Origin": own}, 202),
                ("through a proxy", data, {"X_Forwarded_For": "192.0.2.1"},
                 401),
                ("a program's form", form, {}, 202)):
            with self.subTest(name):
                got, _, text = self.ask("POST", "/send", *encoded, **fields)
                self.assertEqual(got, code, text)
        self.mailgun.mails(2)

    def test_description(self):
        self.assertEqual(openapi.find_faults(self.description), [])


class Tokens(Door):
    """Without http_loopback nobody does anything without a token."""

    loopback = None

    def write_settings(self):
        self.users = os.path.join(self.folder, "users")
        self.server = {"users": self.users, "reread": "100ms"}
        self.secrets = {
            "shop": self.make("shop", "send", "--senders", "@example.com"),
            "eye": self.make("eye", "read"),
            "hand": self.make("hand", "read,operate")}
        return super().write_settings()

    def user(self, *words):
        return subprocess.run(
            [ferry.POSTFERRY, "user", *words, "--file", self.users],
            capture_output=True, text=True, timeout=ferry.PATIENCE)

    def make(self, name, scope, *more):
        done = self.user("token", name, "--scope", scope, *more)
        self.assertEqual(done.returncode, 0, done.stderr)
        secret = done.stdout.splitlines()[-1]
        self.assertRegex(secret, r"^pfy_[\w-]{43}$")
        with open(self.users, encoding="utf-8") as file:
            self.assertNotIn(secret, file.read())
        return secret

    def bearer(self, name):
        return {"Authorization": f"Bearer {self.secrets[name]}"}

    def try_all(self, fields):
        """The codes of handing in, looking, and acting."""
        codes = []
        for method, target, encoded in (
                ("POST", "/send", encode_json({**SEND, "to": TWO[0]})),
                ("GET", "/v1/messages", ()),
                ("POST", "/v1/messages/retry", ())):
            code, head, _ = self.ask(method, target, *encoded, **fields)
            codes.append(code)
            self.assertEqual(head["WWW-Authenticate"] is not None,
                             code in (401, 403))
        return codes

    def test_scopes(self):
        self.assertEqual(self.try_all({}), [401, 401, 401])
        self.assertEqual(self.try_all(
            {"Authorization": "Bearer pfy_wrong"}), [401, 401, 401])
        self.assertEqual(self.try_all(self.bearer("shop")), [202, 403, 403])
        self.assertEqual(self.try_all(self.bearer("eye")), [403, 200, 403])
        self.assertEqual(self.try_all(self.bearer("hand")), [403, 200, 200])
        self.mailgun.mails(1)

    def test_senders(self):
        """A token sends for whom it may, and is named in the record."""
        answer = self.hand_in("/send", encode_json(
            {**SEND, "to": TWO[0]}), **self.bearer("shop"))
        self.mailgun.mails(1)
        text = self.ask("GET", f"/v1/messages/{answer['id']}",
                        **self.bearer("eye"))[2]
        self.assertEqual(json.loads(text)["user"], "shop")
        code, _, text = self.ask(
            "POST", "/send", *encode_json(
                {**SEND, "sender": "boss@example.org", "to": TWO[0]}),
            **self.bearer("shop"))
        self.assertIn(code, (400, 403, 422), text)
        self.assertIn("example.org", text)

    def test_form_of_a_page(self):
        """With a token it is no page's doing."""
        self.hand_in("/send", encode_multipart({**SEND, "to": TWO[0]}),
                     Origin=f"http://{self.door}", **self.bearer("shop"))
        self.mailgun.mails(1)

    def test_taken_back(self):
        self.assertEqual(self.try_all(self.bearer("eye"))[1], 200)
        self.assertEqual(self.user("remove", "eye").returncode, 0)
        self.ferry.wait_line(r"users read .*users=2")
        self.assertEqual(self.try_all(self.bearer("eye"))[1], 401)
        listed = self.user("list").stdout
        self.assertRegex(listed, r"shop +@example.com \(token: send\)")
        self.assertNotIn("eye", listed)

    def test_command(self):
        """A name is a user's or a token's; what is wrong is told."""
        self.assertEqual(self.user("token", "x").returncode, 64)
        self.assertEqual(
            self.user("token", "x", "--scope", "root").returncode, 64)
        done = subprocess.run(
            [ferry.POSTFERRY, "user", "add", "shop", "--file", self.users],
            input="secret\n", capture_output=True, text=True,
            timeout=ferry.PATIENCE)
        self.assertEqual(done.returncode, 64, done.stderr)
        self.assertIn("a token of that name", done.stderr)
        before = self.secrets["shop"]
        done = self.user("token", "shop", "--scope", "send,read")
        self.assertIn("shop has another secret", done.stdout)
        self.assertNotIn(before, done.stdout)


def read_status(pid, key):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(rf"{key}:\s+(\d+) kB", file.read())[1])


class Memory(Door):
    """A file of 20 MB is never in memory as a whole; in base64 it is more than
    Mailgun takes."""

    providers = ("upstream",)
    server = {"max_size": "40000000"}

    def grow(self, target, encoded):
        """kB more than before, at most."""
        pid = self.ferry.child.pid
        self.hand_in("/send", encode_multipart(
            {**SEND, "to": TWO[0]}, [("f", "a", "text/plain", b"x" * 70000)]))
        self.upstream.numbers(1)
        before = read_status(pid, "VmRSS")
        with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
        self.hand_in(target, encoded)
        self.upstream.numbers(2)
        more = read_status(pid, "VmHWM") - before
        print(f"{more} kB more than {before} kB", end=" ")
        return more

    def check(self, target, encoded):
        more = self.grow(target, encoded)
        if not durable.is_sanitized():
            self.assertLess(more, MORE_KB)

    def test_form_data(self):
        self.check("/send", encode_multipart(
            {**SEND, "to": TWO[0]},
            [("attachments", "a.bin", "application/octet-stream",
              os.urandom(20_000_000))]))

    def test_json(self):
        self.check("/v1/messages", encode_json(
            {**MESSAGE, "to": TWO[0], "attachments": [
                {"name": "a.bin", "content": base64.b64encode(
                    os.urandom(20_000_000)).decode()}]}))


if __name__ == "__main__":
    ferry.main()
