# SPDX-License-Identifier: MIT
"""Secrets that would be known again are in the settings and in what clients
say, providers say them back in every kind of answer, and nothing that
postferry ever writes holds one: no line of the log at debug, no file of
state_dir, no answer of a command, no reply to a client, no alarm, no bounce.
"""

import base64
import contextlib
import http.server
import json
import os
import re
import smtplib
import socket
import socketserver
import ssl
import subprocess
import threading
import unittest
import urllib.parse

import durable
import ferry

MAILGUN = "canary-mailgun-5b1f6a7c0d"
MANDRILL = "canary-mandrill-93c8e2b7"
UPSTREAM = "canary-upstream-d41d8cd9"
HOOK = "canary-hook-7f83b1657ff1"
USER = "canary-user-0a4d55a8d778"
WRONG = "canary-wrong-e99a18c428c"
ANY = "canary-any-3858f62230ac3c"
CANARIES = (MAILGUN, MANDRILL, UPSTREAM, HOOK, USER, WRONG, ANY)

# How a login is written.
FORMS = [
    lambda secret: secret,
    lambda secret: urllib.parse.quote(secret, safe=""),
    lambda secret: base64.b64encode(secret.encode()).decode(),
    lambda secret: base64.b64encode(f"api:{secret}".encode()).decode(),
    lambda secret: base64.b64encode(f"\0joe\0{secret}".encode()).decode(),
    lambda secret: base64.b64encode(f"\0ferry\0{secret}".encode()).decode(),
    lambda secret: secret.encode().hex(),
]
NEEDLES = sorted({form(secret) for secret in CANARIES for form in FORMS})


# Half a secret is one, too.
PATTERN = re.compile("|".join(
    [re.escape(needle) for needle in NEEDLES]
    + [secret[:16] for secret in CANARIES]).encode())


def find_canaries(data):
    data = data.encode() if isinstance(data, str) else data
    return [found.decode() for found in PATTERN.findall(data)]


class Echo(http.server.BaseHTTPRequestHandler):
    """A provider that says back all it was sent, with the status it is told
    to."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode("utf-8", "replace")
        if self.path.startswith("/hook"):
            self.server.alarms.append(body)
            self.say(500, body + self.path)
            return
        status, kind = self.server.plan
        self.server.seen += 1
        credentials = self.headers.get("Authorization", "")
        secret = MAILGUN if self.server.name == "mailgun" else MANDRILL
        # Where a text is cut, too: there is a secret at each place.
        echo = (f"{kind} your key {secret} is in {credentials}; "
                + f"{secret} " * 40 + body)
        self.say(status, self.word(status, kind, echo))

    do_POST = do_PUT = do_GET

    def word(self, status, kind, echo):
        if kind == "html":
            return f"<html><body>{echo}</body></html>"
        if kind == "nul":
            return "\0" + echo
        if self.server.name == "mailgun":
            answer = {"message": echo}
            if status == 200:
                answer["id"] = "<20251121.1@mg.example.com>"
        elif status == 200:
            answer = [{"email": "bob@example.net", "status": "sent",
                       "_id": "0123456789abcdef", "reject_reason": None,
                       "queued_reason": echo}]
        else:
            answer = {"status": "error", "code": -1, "name": kind,
                      "message": echo}
        return json.dumps(answer)

    def say(self, status, text):
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("X-Echo", MAILGUN)
        self.end_headers()
        self.wfile.write(data)


class Provider(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, name):
        super().__init__(("127.0.0.1", 0), Echo)
        self.name = name
        self.plan = (200, "fine")
        self.seen = 0
        self.alarms = []
        threading.Thread(target=self.serve_forever,
                         kwargs={"poll_interval": 0.05}, daemon=True).start()


class Upstream(socketserver.ThreadingTCPServer):
    """A mail server that refuses the login, and says why at length; or takes
    the mail."""
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, certificate, key):
        super().__init__(("127.0.0.1", 0), Dialogue)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(certificate, key)
        self.refusing = None
        self.mails = []
        self.grown = threading.Condition()
        threading.Thread(target=self.serve_forever,
                         kwargs={"poll_interval": 0.05}, daemon=True).start()


class Dialogue(socketserver.BaseRequestHandler):
    def say(self, line):
        self.request.sendall(line.encode() + b"\r\n")

    def handle(self):
        # the client goes when it likes
        with contextlib.suppress(OSError, ValueError):
            self.talk()
        self.request.close()

    def start_tls(self):
        self.say("220 go")
        self.request = self.server.tls.wrap_socket(self.request,
                                                   server_side=True)
        return self.request.makefile("rb")

    def greet(self):
        self.say("250-upstream\r\n250-STARTTLS" if not
                 isinstance(self.request, ssl.SSLSocket)
                 else "250-upstream\r\n250 AUTH PLAIN LOGIN")
        if not isinstance(self.request, ssl.SSLSocket):
            self.say("250 8BITMIME")

    def talk(self):
        self.say("220 upstream ESMTP")
        file = self.request.makefile("rb")
        said = ""
        while line := file.readline().decode("latin-1").rstrip("\r\n"):
            verb = line.split(" ")[0].upper()
            said += line + "; "
            if verb == "EHLO":
                self.greet()
            elif verb == "STARTTLS":
                file = self.start_tls()
            elif verb == "AUTH" and self.server.refusing == "auth":
                if len(line.split(" ")) < 3:
                    self.say("334 ")
                    said += file.readline().decode("latin-1").strip()
                self.say(f"535 5.7.8 no {UPSTREAM}, as you said: {said[:300]}")
            elif verb == "AUTH":
                if len(line.split(" ")) < 3:
                    self.say("334 ")
                    file.readline()
                self.say("235 2.7.0 welcome")
            elif verb == "DATA":
                self.take(file)
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 2.0.0 fine")

    def take(self, file):
        self.say("354 go")
        mail = b""
        while (line := file.readline()) != b".\r\n":
            mail += line
        with self.server.grown:
            self.server.mails.append(mail)
            self.server.grown.notify_all()
        self.say(f"250 2.0.0 taken, {UPSTREAM}")


class Canary(ferry.Scenario):
    def setUp(self):
        self.prepare()
        self.servers = {name: Provider(name)
                        for name in ("mailgun", "mandrill")}
        certificate, key = ferry.make_certificate(self.folder, "upstream",
                                                  "IP:127.0.0.1")
        self.servers["upstream"] = Upstream(certificate, key)
        for server in self.servers.values():
            self.addCleanup(server.server_close)
            self.addCleanup(server.shutdown)
        self.certificate = certificate
        self.spoken = []  # all that any command or reply ever said
        self.state = os.path.join(self.folder, "state")
        os.mkdir(self.state)
        self.told = os.path.join(self.folder, "told")
        script = os.path.join(self.folder, "alarm")
        with open(script, "w", encoding="ascii") as file:
            file.write("#!/bin/sh\n{ cat; env; } >>\"$1\"\n")
        os.chmod(script, 0o700)
        self.script = script
        self.add_user()

    def add_user(self):
        self.users = os.path.join(self.folder, "users")
        done = subprocess.run(["openssl", "passwd", "-6", USER],
                              capture_output=True, check=True, text=True)
        ferry.write_private(self.users, f"joe:{done.stdout.strip()}:\n")

    def write_settings(self, form="text"):
        mailgun, mandrill, upstream = self.servers.values()
        key = os.path.join(self.folder, "mandrill.key")
        ferry.write_private(key, MANDRILL + "\n")
        user = "user = root" if os.geteuid() == 0 else ""
        return f"""\
[server]
{user}
hostname = ferry.example.com
state_dir = {self.state}
log_level = debug
log_format = {form}
users = {self.users}
auth_delay = 10ms
alarm_command = {self.script} {self.told}
alarm_url = http://127.0.0.1:{mailgun.server_port}/hook/{HOOK}
alarm_pause = 0
account_pause = 20ms
throttle_pause = 10ms
pause_min = 10ms
pause_max = 20ms
retry = 20ms, 40ms
refusal_wait = 20ms
doubt_wait = 50ms
doubt_wait_error = 50ms
doubt_asks = 10ms, 20ms
bounce_domains = example.com
ballast = 0
bounce_route = upstream
[listener local]
address = 127.0.0.1:0
[listener waits]
address = 127.0.0.1:0
answer = delivered
deadline = 200ms
auth_plaintext = yes
auth = users
[listener any]
address = 127.0.0.1:0
auth = any
[listener refused]
address = 127.0.0.1:0
[provider mailgun]
type = mailgun
domain = mg.example.com
api_key = {MAILGUN}
base_url = http://127.0.0.1:{mailgun.server_port}
[provider mandrill]
type = mandrill
api_key_file = {key}
base_url = http://127.0.0.1:{mandrill.server_port}
[provider upstream]
type = smtp
host = 127.0.0.1
port = {upstream.server_address[1]}
ca_file = {self.certificate}
username = ferry
password = {UPSTREAM}
[route default]
providers = mailgun, mandrill, upstream
[route upstream]
providers = upstream
[route refused]
listeners = refused
providers = mailgun, mandrill
"""

    def begin(self, form="text"):
        self.start_ferry(settings=self.write_settings(form))
        pattern = (r"listener={} .*address=(\S+:\d+)" if form == "text" else
                   r'"listener":"{}".*"address":"([^"]+)"')
        self.at = {name: self.ferry.wait_line(pattern.format(name))[1]
                   for name in ("local", "waits", "any", "refused")}
        self.address = self.at["local"]

    def start_ferry(self, *arguments, settings=None):
        path = os.path.join(self.folder, "postferry.conf")
        ferry.write_private(path, settings)
        self.ferry = self.start("postferry", "serve", "--config", path)

    def plan(self, status, kind):
        for name in ("mailgun", "mandrill"):
            self.servers[name].plan = (status, kind)

    def run_command(self, *arguments):
        done = subprocess.run(
            [ferry.POSTFERRY, *arguments], capture_output=True, check=False,
            timeout=ferry.PATIENCE)
        self.spoken.append(done.stdout + done.stderr)
        return done.stdout.decode()

    def ask(self, *arguments):
        return self.run_command(
            *arguments, "--config",
            os.path.join(self.folder, "postferry.conf"))

    def post(self, listener="local"):
        code, text = 0, ""
        with ferry.Client(self.at[listener]) as client:
            code, text = client.mail("ann@example.com", ["bob@example.net"],
                                     ferry.simple())
        self.spoken.append(text)
        return code, text

    def login(self, listener, user, password, mechanism):
        host, port = self.at[listener].rsplit(":", 1)
        with smtplib.SMTP(host, int(port), timeout=ferry.PATIENCE) as client:
            client.ehlo()
            client.user, client.password = user, password
            method = getattr(client, f"auth_{mechanism.lower()}")
            with contextlib.suppress(smtplib.SMTPAuthenticationError):
                client.auth(mechanism, method)
            self.spoken.append(str(client.noop()))
        self.cut_off(host, int(port), password)

    def cut_off(self, host, port, password):
        """The password where a command is expected, and half a login."""
        with socket.create_connection((host, port), ferry.PATIENCE) as client:
            client.sendall(f"EHLO c\r\nAUTH LOGIN\r\n*\r\n{password}\r\n"
                           f"AUTH PLAIN {password}\r\nQUIT\r\n".encode())
            while piece := client.recv(4096):
                self.spoken.append(piece)

    def look_around(self, mail=None):
        for words in (("status",), ("status", "--json"), ("queue", "list"),
                      ("queue", "list", "--json"), ("check",),
                      ("check", "--online")):
            self.ask(*words)
        self.run_command("settings")
        if mail:
            for words in (("why", mail), ("why", mail, "--json"),
                          ("queue", "show", mail),
                          ("queue", "show", mail, "--json"),
                          ("queue", "export", mail)):
                self.ask(*words)

    def drive(self):
        """Every kind of answer, and everybody who tells of it."""
        self.plan(200, "fine")
        code, text = self.post()
        self.assertEqual(code, 250, text)
        first = re.search(durable.ID, text)[0]
        self.ferry.wait_line(rf"mail finished.*{first}")
        self.look_around(first)
        self.assertEqual(self.post("waits")[0] // 100, 2)
        # all refuse us
        self.plan(401, "Invalid_Key")
        self.servers["upstream"].refusing = "auth"
        waiting = re.search(durable.ID, self.post()[1])[0]
        self.ferry.wait_line(rf"mail landed.*{waiting}")
        self.post("waits")
        self.look_around(waiting)
        for status, kind in ((429, "slow"), (500, "GeneralError"),
                             (502, "html"), (404, "nul"), (418, "what")):
            self.plan(status, kind)
            mail = re.search(durable.ID, self.post()[1])[0]
            self.post("waits")
        self.look_around(mail)
        # refused: the sender is told, by the upstream, which has no part in
        # the route of what is refused and so cannot take that itself
        self.servers["upstream"].refusing = None
        self.plan(400, "ValidationError")
        self.ask("queue", "retry", "--all")
        self.post("refused")
        self.post("waits")

    def check_spoken(self):
        for said in self.spoken:
            self.assertEqual(find_canaries(said), [], said[:2000])

    def check_files(self):
        """All that is below our folder but what we wrote ourselves."""
        ours = {"postferry.conf", "mandrill.key"}
        looked = []
        for folder, _, names in os.walk(self.folder):
            for name in set(names) - ours:
                path = os.path.join(folder, name)
                with contextlib.suppress(OSError), open(path, "rb") as file:
                    looked.append(name)
                    self.assertEqual(find_canaries(file.read()), [], path)
        for name in ("queue.db", "records.db", "postferry.log", "told"):
            self.assertIn(name, looked)

    def check_no_core(self):
        if durable.is_sanitized():
            return
        with open(f"/proc/{self.ferry.child.pid}/limits",
                  encoding="ascii") as file:
            self.assertRegex(file.read(), r"Max core file size +0 +0 ")

    def check_arguments(self):
        with open(f"/proc/{self.ferry.child.pid}/cmdline", "rb") as file:
            self.assertEqual(find_canaries(file.read()), [])

    def check_alarms(self):
        alarms = self.servers["mailgun"].alarms
        self.assertTrue(any("provider_unusable" in one for one in alarms))
        for one in alarms:
            self.assertEqual(find_canaries(one), [])

    def check_bounces(self):
        upstream = self.servers["upstream"]
        with upstream.grown:
            upstream.grown.wait_for(
                lambda: any(b"multipart/report" in mail
                            for mail in upstream.mails), ferry.PATIENCE)
            mails = list(upstream.mails)
        self.assertTrue(any(b"multipart/report" in mail for mail in mails))
        for mail in mails:
            self.assertEqual(find_canaries(mail), [])

    def exercise(self, form):
        self.begin(form)
        self.check_no_core()
        self.check_arguments()
        self.login("waits", "joe", USER, "PLAIN")
        self.login("waits", "joe", USER, "LOGIN")
        self.login("waits", "joe", WRONG, "PLAIN")
        self.login("any", "whoever", ANY, "PLAIN")
        self.login("any", "whoever", ANY, "LOGIN")
        self.drive()
        self.check_bounces()
        # while it runs: what is in the write-ahead log, too
        self.check_files()
        self.ferry.stop()
        self.look_around()
        self.check_files()
        self.check_spoken()
        self.check_alarms()
        text = self.ferry.text()
        self.assertIn("<redacted>", text)

    def test_text(self):
        self.exercise("text")

    @unittest.skipIf(durable.is_sanitized(), "the text of a line is enough")
    def test_json(self):
        self.exercise("json")


if __name__ == "__main__":
    ferry.main()
