# SPDX-License-Identifier: MIT
"""The clients people have, each with TLS and as a user that logs in: by
STARTTLS, by TLS from the first byte, and mail servers by LMTP and with XFORWARD
inside TLS.

FULL=1: nodemailer, too, which comes from the npm registry.
"""

import os
import re
import shutil
import smtplib
import socket
import ssl
import subprocess
import unittest

import exim
import ferry
import postfix

FULL = os.environ.get("FULL") == "1"
NAME = "ferry.example.com"
SECRET = "canary-7f3a9b2e"
BOB = "bob@example.net"
DOORS = ("required", "implicit")

NODEMAILER = """
const [host, port, secure, user, pass, ca] = process.argv.slice(2);
const transport = require("nodemailer").createTransport({
	host, port, secure: secure === "implicit",
	requireTLS: true, auth: { user, pass },
	tls: { ca: require("fs").readFileSync(ca) },
});
transport.sendMail({
	from: "Joe <joe@example.com>", to: "bob@example.net",
	subject: "by nodemailer", text: "Hello.",
	attachments: [{ filename: "a.bin", content: Buffer.alloc(100000, 7) }],
}).then((sent) => { console.log(sent.response); },
	(error) => { console.error(error); process.exit(1); });
"""


class Clients(ferry.Scenario):
    """Only users may send, by two doors; and one for LMTP, one for a mail
    server that tells of its clients."""
    providers = ("mailgun",)

    def setUp(self):
        self.prepare()
        self.addresses = {}
        self.mailgun = self.start_simulator("mailgun")
        self.certificate, key = ferry.make_certificate(
            self.folder, "own", f"DNS:{NAME},DNS:localhost,IP:127.0.0.1")
        users = os.path.join(self.folder, "users")
        self.run_client(ferry.POSTFERRY, "user", "add", "joe", "--cost", "1",
                        "--file", users, data=SECRET.encode() + b"\n")
        keys = {"address": "127.0.0.1:0", "tls_certificate": self.certificate,
                "tls_key": key}
        shut = {**keys, "allow": "none", "greet_pause": "0"}
        self.settings = {
            "server": {"users": users},
            "listener required": {**shut, "tls": "required"},
            "listener implicit": {**shut, "tls": "implicit"},
            "listener forward": {**shut, "tls": "required",
                                 "xforward": "127.0.0.1"},
            "listener lmtp": {**keys, "tls": "required", "protocol": "lmtp"}}
        self.start_ferry()

    def run_client(self, *command, data=None, environment=None):
        done = subprocess.run(command, input=data, capture_output=True,
                              timeout=ferry.PATIENCE, cwd=self.folder,
                              env=environment, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout.decode(errors="replace")

    def port(self, name):
        return self.ferry.wait_line(
            rf"listening.*listener={name} .*address=\S+:(\d+)")[1]

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        ferry.write_private(path, text)
        return path

    def expect_mail(self, subject, user="joe", more=""):
        """It came, inside TLS, of that user."""
        mail, = self.mailgun.mails(1)
        self.assertEqual(mail.header("Subject"), subject)
        self.assertEqual(mail.recipients, [BOB])
        self.mailgun.clear()
        user = f"user={user} " if user else ""
        start = getattr(self, "seen", 0)
        self.ferry.wait_line(
            rf"mail received .*{user}tls=TLSv1\.3 .*{more}", start)
        self.seen = len(self.ferry.lines)
        return mail


class Programs(Clients):
    def test_swaks(self):
        for door, option in zip(DOORS, ("--tls", "--tls-on-connect")):
            self.run_client(
                "swaks", "--server", "127.0.0.1", "--port", self.port(door),
                option, "--tls-verify", "--tls-ca-path", self.certificate,
                "--auth-user", "joe", "--auth-password", SECRET, "--from",
                "joe@example.com", "--to", BOB, "--h-Subject", "by swaks")
            self.expect_mail("by swaks")

    def test_curl(self):
        path = self.write("mail.eml", ferry.simple(subject="by curl").decode())
        for door, scheme in zip(DOORS, ("smtp", "smtps")):
            self.run_client(
                "curl", "-sS", f"{scheme}://127.0.0.1:{self.port(door)}",
                "--ssl-reqd", "--cacert", self.certificate, "--user",
                f"joe:{SECRET}", "--mail-from", "joe@example.com",
                "--mail-rcpt", BOB, "--upload-file", path)
            self.expect_mail("by curl")

    def test_msmtp(self):
        for door, starttls in zip(DOORS, ("on", "off")):
            conf = self.write("msmtprc", f"""\
account default
host 127.0.0.1
port {self.port(door)}
from joe@example.com
tls on
tls_starttls {starttls}
tls_trust_file {self.certificate}
auth on
user joe
password {SECRET}
""")
            self.run_client(
                "msmtp", "-C", conf, BOB,
                data=b"From: joe@example.com\nSubject: by msmtp\n\nHello.\n")
            self.expect_mail("by msmtp")

    def test_nail(self):
        for door, scheme in zip(DOORS, ("smtp", "smtps")):
            for way in ("plain", "login"):
                server = f"joe:{SECRET}@localhost:{self.port(door)}"
                settings = {
                    "v15-compat": "yes", "mta": f"{scheme}://{server}",
                    "smtp-auth": way, "smtp-use-starttls": "yes",
                    "tls-verify": "strict", "tls-ca-file": self.certificate,
                    "tls-ca-no-defaults": "yes", "from": "joe@example.com",
                    "sendwait": "yes"}
                self.run_client(
                    "s-nail", "-:/",
                    *(word for key, value in settings.items()
                      for word in ("-S", f"{key}={value}")),
                    "-s", "by s-nail", BOB, data="Grüße\n".encode(),
                    environment={**os.environ, "HOME": self.folder,
                                 "LC_ALL": "C.UTF-8"})
                mail = self.expect_mail("by s-nail")
                self.assertEqual(mail.text.strip(), "Grüße")

    def test_smtplib(self):
        trust = ssl.create_default_context(cafile=self.certificate)
        for door in DOORS:
            if door == "implicit":
                client = smtplib.SMTP_SSL("127.0.0.1", self.port(door),
                                          context=trust,
                                          timeout=ferry.PATIENCE)
            else:
                client = smtplib.SMTP("127.0.0.1", self.port(door),
                                      timeout=ferry.PATIENCE)
                client.starttls(context=trust)
            with client:
                client.login("joe", SECRET)
                client.sendmail("joe@example.com", BOB,
                                ferry.simple(subject="by Python"))
            self.expect_mail("by Python")

    @unittest.skipUnless(FULL, "comes from the npm registry: FULL=1")
    @unittest.skipUnless(shutil.which("npm"), "npm is not here")
    def test_nodemailer(self):
        self.write("package.json", '{"private": true}')
        # a dependency's newest version may not be in the registry yet
        done = subprocess.run(
            ["npm", "install", "nodemailer@^7", "--before=2026-09-10",
             "--no-audit", "--no-fund", "--ignore-scripts"], cwd=self.folder,
            capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            self.skipTest(f"npm cannot fetch nodemailer: {done.stderr}")
        path = self.write("send.cjs", NODEMAILER)
        for door in DOORS:
            told = self.run_client(
                "node", path, "127.0.0.1", self.port(door), door, "joe",
                SECRET, self.certificate)
            self.assertRegex(told, "^250 2.0.0 ")
            mail = self.expect_mail("by nodemailer")
            self.assertEqual(list(mail.files), ["a.bin"])


class Exim(Clients):
    def make(self, door):
        shutil.rmtree(self.folder + "/exim", ignore_errors=True)
        protocol = "smtps" if door == "implicit" else "smtp"
        return exim.Exim(self.home, main="", routers=f"""\
out:
  driver = manualroute
  transport = remote
  self = send
  route_list = * 127.0.0.1::{self.port(door)}
""", transports=f"""\
remote:
  driver = smtp
  protocol = {protocol}
  hosts_require_tls = *
  hosts_require_auth = *
  tls_verify_certificates = {self.certificate}
  tls_verify_hosts = *
  tls_verify_cert_hostnames =
""", authenticators=f"""\
plain:
  driver = plaintext
  public_name = PLAIN
  client_send = ^joe^{SECRET}
""")

    def test_exim(self):
        for door in DOORS:
            told = self.make(door).send(ferry.simple(subject="by Exim"),
                                        "joe@example.com", [BOB])
            self.assertRegex(told, rf"=> {re.escape(BOB)} .*CV=yes .*A=plain")
            self.expect_mail("by Exim")


@unittest.skipUnless(os.geteuid() == 0 and shutil.which(
    "postqueue", path="/usr/sbin:/usr/bin"), "Postfix needs root")
class Postfix(Clients):
    def trust(self, protocol):
        return {f"{protocol}_tls_security_level": "encrypt",
                f"{protocol}_tls_CAfile": self.certificate,
                f"{protocol}_tls_loglevel": "1"}

    def test_user_and_origin(self):
        """AUTH, and XFORWARD behind it."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            door = free.getsockname()
        server = postfix.Postfix(self.home, self.port("forward"), {
            **self.trust("smtp"), "smtp_send_xforward_command": "yes",
            "smtp_sasl_auth_enable": "yes", "smtp_sasl_security_options": "",
            "smtp_sasl_password_maps": f"static:joe:{SECRET}",
            "mynetworks": "127.0.0.0/8"}, smtpd=door[1])
        with ferry.Client("%s:%d" % door, "EHLO origin.example.org") as one:
            self.assertEqual(one.mail("joe@example.com", [BOB], ferry.simple(
                subject="by Postfix"))[0], 250)
        number = server.wait_line(
            rf"smtp\[\d+\]: (\w+): to=<{BOB}>.*status=sent")[1]
        server.wait_line("Trusted TLS connection established")
        self.expect_mail("by Postfix", more=r"origin=127\.0\.0\.1 "
                         rf"origin_helo=origin\.example\.org ident={number} ")

    def test_lmtp(self):
        server = postfix.Postfix(self.home, "0", {
            **self.trust("lmtp"), "relayhost": "",
            "default_transport": f"lmtp:inet:127.0.0.1:{self.port('lmtp')}"})
        server.send(ferry.simple(subject="by LMTP"), "ann@example.com", [BOB])
        server.wait_line(rf"to=<{BOB}>.*status=sent")
        self.expect_mail("by LMTP", user="")


if __name__ == "__main__":
    ferry.main()
