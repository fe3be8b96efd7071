# SPDX-License-Identifier: MIT
"""TLS on the listener: the clients people have, certificates renewed under way,
STARTTLS injection, and what a scanner finds."""

import json
import os
import re
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import unittest
import xml.etree.ElementTree

import ferry
import postfix

NAME = "ferry.example.com"

# What testssl.sh may take, and what it says of any certificate of a test.
JUDGED_S = 1200
VOUCHED = ("cert_chain_of_trust", "cert_trust", "cert_revocation",
           "OCSP_", "cert_crl", "cert_ocsp", "cert_expiration",
           "cert_notAfter", "DNS_CAArecord")


class Tls(ferry.Scenario):
    providers = ("mailgun",)

    def setUp(self):
        self.prepare()
        self.addresses = {}
        self.settings = {"server": {"state_dir": self.folder}}
        self.mailgun = self.start_simulator("mailgun")
        self.certificate, self.key = self.renew()
        self.start_ferry(settings=self.write_settings() + "".join(f"""\
[listener {name}]
address = 127.0.0.1:0
tls = {name}
tls_certificate = {self.certificate}
tls_key = {self.key}
""" for name in ("required", "implicit")))
        self.at = {name: self.find_address(name)
                   for name in ("required", "implicit")}

    def find_address(self, name):
        return self.ferry.wait_line(
            rf"listening.*listener={name} .*address=(\S+:\d+)")[1]

    def renew(self):
        return ferry.make_certificate(
            self.folder, "own", f"DNS:{NAME},IP:127.0.0.1")

    def run_client(self, *command, data=None):
        done = subprocess.run(command, input=data, capture_output=True,
                              timeout=ferry.PATIENCE, cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout.decode(errors="replace")

    def expect_mail(self, subject, version=r"TLSv1\.3"):
        mail, = self.mailgun.mails(1)
        self.assertEqual(mail.header("Subject"), subject)
        self.mailgun.clear()
        self.ferry.wait_line(rf"mail received .*tls={version} ")

    def trust(self):
        context = ssl.create_default_context(cafile=self.certificate)
        context.check_hostname = True
        return context

    def port(self, name):
        return self.at[name].rsplit(":", 1)[1]

    def test_swaks(self):
        for name, option in (("required", "--tls"),
                             ("implicit", "--tls-on-connect")):
            self.run_client(
                "swaks", "--server", "127.0.0.1", "--port", self.port(name),
                option, "--tls-verify", "--tls-ca-path", self.certificate,
                "--from", "ann@example.com", "--to", "bob@example.net",
                "--header", "Subject: by swaks", "--body", "Hello.")
            self.expect_mail("by swaks")

    def test_curl(self):
        path = os.path.join(self.folder, "mail.eml")
        with open(path, "wb") as file:
            file.write(ferry.simple(subject="by curl"))
        for url, version in (
                (f"smtps://{self.at['implicit']}", "1.3"),
                (f"smtp://{self.at['required']}", "1.2")):
            self.run_client(
                "curl", "-sS", url + "/client.example.com", "--ssl-reqd",
                "--cacert", self.certificate, "--tls-max", version,
                "--mail-from", "ann@example.com",
                "--mail-rcpt", "bob@example.net", "--upload-file", path)
            self.expect_mail("by curl", re.escape("TLSv" + version))

    def test_openssl(self):
        talk = b"QUIT\n"
        for name, more in (("required", ("-starttls", "smtp")),
                           ("implicit", ())):
            said = self.run_client(
                "openssl", "s_client", "-connect", self.at[name], "-brief",
                "-crlf", "-quiet", "-verify_return_error", "-CAfile",
                self.certificate, "-servername", NAME, *more, data=talk)
            self.assertIn("221 2.0.0", said)

    def test_smtplib(self):
        for text in ("STARTTLS", "implicit"):
            if text == "implicit":
                client = smtplib.SMTP_SSL(
                    "127.0.0.1", self.port("implicit"),
                    context=self.trust(), timeout=ferry.PATIENCE)
            else:
                client = smtplib.SMTP("127.0.0.1", self.port("required"),
                                      timeout=ferry.PATIENCE)
                with self.assertRaises(smtplib.SMTPSenderRefused) as refused:
                    client.sendmail("ann@example.com", "bob@example.net",
                                    "Subject: early\r\n\r\n")
                self.assertEqual(refused.exception.smtp_code, 530)
                client.starttls(context=self.trust())
            with client:
                client.sendmail("ann@example.com", "bob@example.net",
                                ferry.simple(subject="by Python"))
            self.expect_mail("by Python")

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which(
        "postqueue", path="/usr/sbin:/usr/bin"), "Postfix needs root")
    def test_postfix(self):
        client = postfix.Postfix(
            self.home, int(self.port("required")), {
                "smtp_tls_security_level": "verify",
                "smtp_tls_verify_cert_match": NAME,
                "smtp_tls_CAfile": self.certificate,
                "smtp_tls_loglevel": "1"})
        client.send(ferry.simple(subject="by Postfix"), "ann@example.com",
                    ["bob@example.net"])
        client.wait_line(r"Verified TLS connection established")
        client.wait_line(r"status=sent")
        self.expect_mail("by Postfix")

    def serial(self):
        """Of the certificate that who comes now is shown."""
        host, port = self.at["implicit"].rsplit(":", 1)
        plain = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        plain.check_hostname = False
        plain.verify_mode = ssl.CERT_NONE
        with socket.create_connection((host, port), ferry.PATIENCE) as door:
            with plain.wrap_socket(door, server_hostname=NAME) as session:
                return session.getpeercert(binary_form=True)

    def expect_complaints(self):
        """The key is none, and the certificate lasts for two days."""
        status = self.run_client(
            ferry.POSTFERRY, "status", "--config",
            os.path.join(self.folder, "postferry.conf"))
        for said in (r"the certificate in \S+own\.pem \(.*\) ends 20",
                     r"\[listener implicit\] could not read its certificates "
                     r"again, and shows the old ones: .*own\.key holds no",
                     r"mend the file; "):
            self.assertRegex(status, said)

    def test_renewed(self):
        with smtplib.SMTP_SSL("127.0.0.1", self.port("implicit"),
                              context=self.trust(),
                              timeout=ferry.PATIENCE) as old:
            before = self.serial()
            self.renew()
            self.assertEqual(self.serial(), before)
            self.ferry.signal(signal.SIGHUP)
            for name in ("required", "implicit"):
                self.ferry.wait_line(
                    rf"certificates read again listener={name}")
            after = self.serial()
            self.assertNotEqual(after, before)
            with open(self.key, "w", encoding="utf-8") as file:
                file.write("no key\n")
            self.ferry.signal(signal.SIGHUP)
            self.ferry.wait_line(
                r"certificates not read again.*listener=implicit "
                r".*own\.key holds no private key")
            self.assertEqual(self.serial(), after)
            self.expect_complaints()
            old.sendmail("ann@example.com", "bob@example.net",
                         ferry.simple(subject="by the old one"))
        self.expect_mail("by the old one")

    def test_injected(self):
        """CVE-2011-0411: what comes behind STARTTLS in plain text."""
        with ferry.Client(self.at["required"]) as client:
            client.write(b"STARTTLS\r\nRSET\r\n")
            self.assertEqual(client.reply()[0], 554)
            self.assertEqual(client.file.read(), b"")
        with ferry.Client(self.at["required"]) as client:
            self.assertEqual(client.command("STARTTLS")[0], 220)
            client.write(b"EHLO e\r\nMAIL FROM:<eve@example.org>\r\n")
            self.assertNotIn(b"250", client.file.read())
        self.ferry.wait_line(r"tls failed .*plain text came")

    @unittest.skipUnless(shutil.which("sslscan"), "sslscan is not there")
    def test_scanned(self):
        for name, more in (("implicit", ()),
                           ("required", ("--starttls-smtp",))):
            path = os.path.join(self.folder, name + ".xml")
            self.run_client("sslscan", "--no-colour", f"--xml={path}", *more,
                            self.at[name])
            found, = xml.etree.ElementTree.parse(path).iter("ssltest")
            self.assertEqual(
                {f"{one.get('type')}v{one.get('version')}"
                 for one in found.iter("protocol")
                 if one.get("enabled") == "1"}, {"tlsv1.2", "tlsv1.3"})
            ciphers = list(found.iter("cipher"))
            self.assertEqual(len(ciphers), 6)
            for cipher in ciphers:
                self.assertRegex(cipher.get("cipher"), "GCM|POLY1305")
            for mark, key, good in (("compression", "supported", "0"),
                                    ("heartbleed", "vulnerable", "0"),
                                    ("fallback", "supported", "1")):
                for one in found.iter(mark):
                    self.assertEqual(one.get(key), good, mark)

    @unittest.skipUnless(os.environ.get("FULL") and shutil.which("testssl"),
                         "FULL is not set, or testssl is not there")
    def test_judged(self):
        """By testssl.sh: nothing above low, but that nobody vouches for a
        certificate that we have made ourselves."""
        for name, more in (("implicit", ()), ("required", ("-t", "smtp"))):
            path = os.path.join(self.folder, name + ".json")
            subprocess.run(
                ["testssl", "--quiet", "--warnings", "off", "--color", "0",
                 "--jsonfile", path, *more, self.at[name]],
                cwd=self.folder, timeout=JUDGED_S, check=False,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            with open(path, encoding="utf-8") as file:
                found = json.load(file)
            said = [f"{one['id']}: {one['severity']}: {one['finding']}"
                    for one in found]
            print(name, len(said), "findings", flush=True)
            self.assertIn("TLS1_3: OK: offered with final", said)
            self.assertEqual([one for one in said if re.search(
                ": (LOW|MEDIUM|HIGH|CRITICAL|WARN|FATAL): ", one)
                and not one.startswith(VOUCHED)], [])


if __name__ == "__main__":
    ferry.main()
