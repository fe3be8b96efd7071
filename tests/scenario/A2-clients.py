# SPDX-License-Identifier: MIT
"""The clients people have: swaks, curl, msmtp."""

import hashlib
import os
import subprocess

import ferry

# Not a readable document, but any byte there is, as a PDF has.
PDF = b"%PDF-1.4\n" + bytes(range(256)) * 300 + os.urandom(20000)


class Clients(ferry.Scenario):
    providers = ("mailgun",)

    def setUp(self):
        super().setUp()
        self.host, self.port = self.address.rsplit(":", 1)

    def run_client(self, *command, data=None):
        done = subprocess.run(command, input=data, capture_output=True,
                              timeout=ferry.PATIENCE, cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def write(self, name, data):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(data)
        os.chmod(path, 0o600)
        return path

    def test_swaks_with_a_pdf(self):
        path = self.write("offer.pdf", PDF)
        self.run_client(
            "swaks", "--server", self.host, "--port", self.port,
            "--from", "ann@example.com", "--to", "bob@example.net",
            "--header", "Subject: =?utf-8?B?w4RuZ3N0bGljaGUgR3LDvMOfZQ==?=",
            "--body", "See the offer.",
            "--attach-type", "application/pdf", "--attach", f"@{path}")
        mail, = self.mailgun.mails(1)
        self.assertEqual(mail.header("Subject"), "Ängstliche Grüße")
        self.assertEqual(mail.text.strip(), "See the offer.")
        self.assertEqual(mail.files, {
            "offer.pdf": hashlib.sha256(PDF).hexdigest()})

    def test_swaks_with_a_raw_utf8_subject(self):
        self.run_client(
            "swaks", "--server", self.host, "--port", self.port,
            "--from", "ann@example.com", "--to", "bob@example.net",
            "--header", "Subject: Schöne Grüße", "--body", "Hello.")
        mail, = self.mailgun.mails(1)
        self.assertEqual(mail.header("Subject"), "Schöne Grüße")

    def test_curl(self):
        path = self.write("mail.eml", ferry.simple(subject="by curl"))
        self.run_client(
            "curl", "-sS", f"smtp://{self.address}/client.example.com",
            "--mail-from", "ann@example.com",
            "--mail-rcpt", "bob@example.net",
            "--mail-rcpt", "eve@example.org", "--upload-file", path)
        mail, = self.mailgun.mails(1)
        self.assertEqual(mail.header("Subject"), "by curl")
        self.assertEqual(mail.recipients,
                         ["bob@example.net", "eve@example.org"])

    def test_msmtp(self):
        conf = self.write("msmtprc", f"""\
account default
host {self.host}
port {self.port}
from ann@example.com
tls off
auth off
""".encode())
        data = ferry.simple(subject="by msmtp").replace(b"\r\n", b"\n")
        self.run_client("msmtp", "-C", conf, "-t", "--read-envelope-from",
                        data=data)
        mail, = self.mailgun.mails(1)
        self.assertEqual(mail.header("Subject"), "by msmtp")
        self.assertEqual(mail.recipients, ["bob@example.net"])


if __name__ == "__main__":
    ferry.main()
