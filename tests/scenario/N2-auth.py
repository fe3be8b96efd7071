# SPDX-License-Identifier: MIT
"""Users who log in: the clients people have, what is refused, limits, senders
and routes by user, the users file changed under way, auth = any, and not a
word of a password in anything that is written."""

import base64
import os
import pty
import select
import signal
import smtplib
import ssl
import subprocess
import threading

import durable
import ferry

NAME = "ferry.example.com"
SECRET = "canary-7f3a9b2e"
OTHER = "canary-Zäh 5512"


class Users(ferry.Scenario):
    """Three listeners: for users by TLS, for users without, for anyone."""
    providers = ("mailgun", "mandrill")
    server = {"auth_delay": "10ms", "auth_failures": "4", "reread": "100ms",
              "log_level": "debug", "loops": "1"}

    def setUp(self):
        self.prepare()
        self.addresses = {}
        for name in self.providers:
            setattr(self, name, self.start_simulator(name))
        self.certificate, key = ferry.make_certificate(
            self.folder, "own", f"DNS:{NAME},IP:127.0.0.1")
        self.users = os.path.join(self.folder, "users")
        self.add("joe", SECRET)
        self.add("ann", OTHER, "--senders", "ann@example.com,@shop.example")
        self.settings = {
            "server": {**self.server, "users": self.users},
            "listener local": {"address": "127.0.0.1:0", "allow": "none",
                               "auth_plaintext": "yes", "greet_pause": "0"},
            "listener tls": {"address": "127.0.0.1:0", "allow": "none",
                             "tls_certificate": self.certificate,
                             "tls_key": key, "greet_pause": "0"},
            "listener any": {"address": "127.0.0.1:0", "auth": "any"},
            "route ann": {"providers": "mandrill", "user": "kim, ann"},
            "route default": {"providers": "mailgun"}}
        self.start_ferry()

    def start_ferry(self):
        super().start_ferry()
        self.at = {name: self.ferry.wait_line(
            rf"listening.*listener={name} .*address=(\S+:\d+)")[1]
            for name in ("local", "tls", "any")}

    def run_client(self, *command, data=None, code=0):
        done = subprocess.run(command, input=data, capture_output=True,
                              timeout=ferry.PATIENCE, cwd=self.folder,
                              check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return (done.stdout + done.stderr).decode(errors="replace")

    def keep(self, verb, *arguments, data=b"", code=0):
        """postferry user"""
        return self.run_client(ferry.POSTFERRY, "user", verb, *arguments,
                               "--file", self.users, data=data, code=code)

    def add(self, name, password, *arguments):
        return self.keep("add", name, "--cost", "1", *arguments,
                         data=password.encode() + b"\n")

    def connect(self, name="local"):
        client = ferry.Client(self.at[name])
        self.addCleanup(client.close)
        return client

    def login(self, client, user, password):
        both = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        return client.command(f"AUTH PLAIN {both}")[0]

    def inspect(self):
        """Nothing that was written holds a password, in whatever clothes."""
        faults = super().inspect()
        for path, _, names in os.walk(self.folder):
            for name in names:
                faults += self.look_for_secrets(os.path.join(path, name))
        return faults

    def look_for_secrets(self, path):
        # What a client was told, and simulators that were sent a mail of it.
        if path.endswith("msmtprc"):
            return []
        with open(path, "rb") as file:
            text = file.read()
        return [f"{path} holds {form!r}" for form in self.forms()
                if form in text]

    @staticmethod
    def forms():
        """A password, its base64, alone and behind the name."""
        for user, password in (("joe", SECRET), ("ann", OTHER)):
            yield password.encode()
            yield base64.b64encode(password.encode())
            yield base64.b64encode(f"\0{user}\0{password}".encode())


class Clients(Users):
    def setUp(self):
        super().setUp()
        self.host, self.port = self.at["tls"].rsplit(":", 1)

    def expect_mail(self, subject, listener="tls"):
        mail, = self.mailgun.mails(1)
        self.assertEqual(mail.header("Subject"), subject)
        self.mailgun.clear()
        self.ferry.wait_line(f"authenticated .*listener={listener} user=joe")
        self.ferry.wait_line("mail received .*user=joe")

    def test_swaks(self):
        host, port = self.at["local"].rsplit(":", 1)
        for mechanism in ("PLAIN", "LOGIN"):
            self.run_client(
                "swaks", "--server", host, "--port", port,
                "--auth", mechanism, "--auth-user", "joe",
                "--auth-password", SECRET, "--from", "joe@example.com",
                "--to", "bob@example.net", "--header",
                f"Subject: by {mechanism}", "--body", "Hello.")
            self.expect_mail(f"by {mechanism}", "local")

    def test_swaks_wrong(self):
        host, port = self.at["local"].rsplit(":", 1)
        told = self.run_client(
            "swaks", "--server", host, "--port", port,
            "--auth", "PLAIN", "--auth-user", "joe", "--auth-password", "no",
            "--to", "bob@example.net", code=28)
        self.assertIn("535 5.7.8", told)
        self.ferry.wait_line("login failed .*client=127.0.0.1 .*user=joe"
                             ".*wrong user or password")

    def test_curl(self):
        path = os.path.join(self.folder, "mail.eml")
        with open(path, "wb") as file:
            file.write(ferry.simple(subject="by curl"))
        for mechanism in ("PLAIN", "LOGIN"):
            self.run_client(
                "curl", "-sS", f"smtp://{self.at['tls']}/c.example.com",
                "--ssl-reqd", "--cacert", self.certificate, "--user",
                f"joe:{SECRET}", "--login-options", f"AUTH={mechanism}",
                "--mail-from", "joe@example.com", "--mail-rcpt",
                "bob@example.net", "--upload-file", path)
            self.expect_mail("by curl")

    def test_msmtp(self):
        conf = os.path.join(self.folder, "msmtprc")
        for mechanism in ("plain", "login", "on"):
            ferry.write_private(conf, f"""\
account default
host {self.host}
port {self.port}
from joe@example.com
tls on
tls_trust_file {self.certificate}
auth {mechanism}
user joe
password {SECRET}
""")
            self.run_client(
                "msmtp", "-C", conf, "bob@example.net",
                data=b"From: joe@example.com\nSubject: by msmtp\n\nHello.\n")
            self.expect_mail("by msmtp")

    def test_smtplib(self):
        with smtplib.SMTP(self.host, self.port,
                          timeout=ferry.PATIENCE) as client:
            client.ehlo()
            self.assertFalse(client.has_extn("auth"))
            with self.assertRaises(smtplib.SMTPAuthenticationError) as early:
                client.auth("PLAIN", lambda _=None: "\0joe\0no")
            self.assertEqual(early.exception.smtp_code, 538)
            client.starttls(context=ssl.create_default_context(
                cafile=self.certificate))
            client.login("joe", SECRET)
            client.sendmail("joe@example.com", "bob@example.net",
                            ferry.simple(subject="by Python"))
        self.expect_mail("by Python")


class Rules(Users):
    def test_nobody_else(self):
        client = self.connect()
        self.assertEqual(
            client.mail("a@example.com", ["bob@example.net"], b"")[0], 530)
        client.command("RSET")
        self.assertEqual(self.login(client, "joe", "no"), 535)
        self.assertEqual(self.login(client, "jim", SECRET), 535)
        self.assertEqual(self.login(client, "jim", SECRET), 421)
        self.assertEqual(self.mailgun.count(), 0)

    def test_route_and_senders(self):
        for user, password, sender, wanted in (
                ("joe", SECRET, "ann@example.com", [1, 0]),
                ("ann", OTHER, "ann@example.com", [1, 1]),
                ("ann", OTHER, "x@shop.example", [1, 2])):
            client = self.connect()
            self.assertEqual(self.login(client, user, password), 235)
            self.assertEqual(client.mail(
                sender, ["bob@example.net"], ferry.simple())[0], 250)
            self.assertEqual(
                [self.mailgun.count(), self.mandrill.count()], wanted)
        # a bounce that a server of theirs sends on
        client.command("RSET")
        self.assertEqual(client.mail(
            "", ["bob@example.net"],
            b"From: MAILER-DAEMON@shop.example\r\n\r\nx\r\n")[0], 250)
        for sender in ("joe@example.com", "x@a.shop.example"):
            self.assertEqual(client.command(f"MAIL FROM:<{sender}>")[0], 553)

    def test_limit(self):
        """Of one name: on loopback addresses are not counted."""
        for _ in range(2):
            client = self.connect()
            self.assertEqual(self.login(client, "ann", "no"), 535)
            self.assertEqual(self.login(client, "ann", "no"), 535)
        self.assertEqual(self.login(client, "ann", OTHER), 421)
        self.ferry.wait_line("login failed .*user=ann .*not even looked at")
        client = self.connect()
        self.assertEqual(self.login(client, "joe", SECRET), 235)

    def test_hashing_holds_nobody_up(self):
        """One loop for all: who comes later is answered first."""
        self.add("slow", "x", "--cost", "9")
        self.ferry.wait_line("users read.* users=3")
        for _ in range(5):
            slow, quick = self.connect(), self.connect()
            slow.write(b"AUTH PLAIN " + base64.b64encode(b"\0slow\0x")
                       + b"\r\n")
            self.assertEqual(quick.command("NOOP")[0], 250)
            first = not select.select([slow.socket], [], [], 0)[0]
            self.assertEqual(slow.reply()[0], 235)
            if first:
                return
            self.ferry.signal(signal.SIGHUP)  # forgets what was right
            durable.pause(0.1)
        self.fail("the hash came before the other session's reply")

    def test_file_changed(self):
        self.add("kim", "new")
        self.ferry.wait_line("users read.* users=3")
        client = self.connect()
        self.assertEqual(self.login(client, "kim", "new"), 235)
        self.keep("remove", "kim")
        self.ferry.wait_line("users read.* users=2")
        # who is in goes on; nobody comes in any more
        self.assertEqual(client.mail("k@example.com", ["bob@example.net"],
                                     ferry.simple())[0], 250)
        self.assertEqual(self.login(self.connect(), "kim", "new"), 535)
        with open(self.users, "a", encoding="utf-8") as file:
            file.write("kim:$y$short\n")
        self.ferry.wait_line("users not read.*users:3: what stands behind")
        self.assertEqual(self.login(self.connect(), "joe", SECRET), 235)

    def test_any(self):
        host, port = self.at["any"].rsplit(":", 1)
        self.run_client(
            "swaks", "--server", host, "--port", port, "--auth", "LOGIN",
            "--auth-user", "whoever", "--auth-password", SECRET, "--to",
            "bob@example.net", "--from", "a@example.com")
        self.assertEqual(self.mailgun.count(), 1)
        self.assertEqual(self.ferry.stop(), 0)
        self.assertNotIn("whoever", self.ferry.text())


class Commands(Users):
    def talk(self, lines, *arguments):
        """Runs postferry user at a terminal; (exit code, what it showed)."""
        ours, theirs = pty.openpty()
        child = subprocess.Popen(
            [ferry.POSTFERRY, "user", *arguments, "--file", self.users],
            stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        shown = b""
        watchdog = threading.Timer(ferry.PATIENCE, child.kill)
        watchdog.start()
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            shown += piece
            if piece.endswith(b": ") and lines:
                os.write(ours, lines.pop(0))
        watchdog.cancel()
        os.close(ours)
        return child.wait(), shown.decode()

    def test_terminal(self):
        word = SECRET.encode() + b"\n"
        code, shown = self.talk([word, word], "add", "kim", "--cost", "1")
        self.assertEqual(code, 0, shown)
        self.assertRegex(shown, r"Password of kim: \s+The same again: ")
        self.assertNotIn(SECRET, shown)
        code, shown = self.talk([word], "check", "kim")
        self.assertEqual((code, shown.split()[-1]), (0, "right"))
        code, shown = self.talk([b"no\n"], "check", "kim")
        self.assertEqual((code, shown.split()[-1]), (1, "wrong"))
        code, shown = self.talk([word, b"no\n"], "add", "kim")
        self.assertIn("the two are not the same", shown)
        self.assertEqual(code, 64)
        code, shown = self.talk([b"abc\x03"], "add", "kim")
        self.assertIn("no password was given", shown)
        self.keep("check", "kim", data=word)

    def test_passwords(self):
        """As the client says it: blanks, every length that there may be."""
        for password in (" blanks ", 511 * "x"):
            self.add("kim", password)
            self.keep("check", "kim", data=password.strip().encode() + b"\n",
                      code=int(password != password.strip()))
            self.keep("check", "kim", data=password.encode() + b"\r\n")
        for password in (512 * "x", 513 * "x", 9000 * "x"):
            self.assertIn("may have 511 bytes", self.keep(
                "add", "kim", data=password.encode() + b"\n", code=64))
        self.assertIn("no control characters", self.keep(
            "add", "kim", data=b"a\tb\n", code=64))
        self.assertIn("no password was given",
                      self.keep("add", "kim", code=64))
        self.keep("check", "kim", data=511 * b"x" + b"\n")

    def test_words(self):
        self.assertEqual(
            self.keep("list").split("\n")[:2],
            [f"{'joe':24} any sender",
             f"{'ann':24} ann@example.com, @shop.example"])
        self.assertIn("joe has a new password", self.add("joe", SECRET))
        self.assertIn("there is no user kim",
                      self.keep("remove", "kim", code=67))
        self.assertIn("one name is expected", self.keep("add", code=64))
        self.assertIn("not a:b", self.keep("add", "a:b", code=64))
        self.assertIn("not x", self.keep("add", "kim", "--senders", "x",
                                         code=64))
        path = os.path.join(self.folder, "postferry.conf")
        listed = self.run_client(ferry.POSTFERRY, "user", "list", "--config",
                                 path)
        self.assertIn("ann@example.com", listed)
        self.assertEqual(os.stat(self.users).st_mode & 0o777, 0o640)
        os.chmod(self.users, 0o644)
        self.assertIn("can be read by everybody",
                      self.keep("list", code=78))
        os.chmod(self.users, 0o640)


class Queued(Users):
    """Whose mail it is, is known after a restart, too."""

    def setUp(self):
        self.server = {**self.server, **durable.QUICK, "answer": "queued"}
        super().setUp()

    def write_settings(self):
        state = self.folder + "/state"
        os.makedirs(state, exist_ok=True)
        self.settings["server"]["state_dir"] = state
        return super().write_settings()

    def test_restart(self):
        self.mandrill.fault("status=503")
        client = self.connect()
        self.assertEqual(self.login(client, "ann", OTHER), 235)
        self.assertEqual(client.mail(
            "ann@example.com", ["bob@example.net"], ferry.simple())[0], 250)
        self.mandrill.wait_requests(1)
        self.ferry.kill()
        self.mandrill.fault(None)
        self.start_ferry()
        self.mandrill.mails(1)
        self.assertEqual(self.mailgun.count(), 0)


if __name__ == "__main__":
    ferry.main()
