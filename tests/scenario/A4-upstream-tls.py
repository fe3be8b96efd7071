# SPDX-License-Identifier: MIT
"""The upstream over STARTTLS, with AUTH: a certificate that does not prove the
name, or a server that offers no TLS, gets neither mail nor password."""

import ferry

NAME, PASSWORD = "ferryman", "a-password-0123456789"


class Tls(ferry.Scenario):
    def serve(self, subject="IP:127.0.0.1", trusted=None, options=()):
        """Starts an upstream with a certificate, and postferry that trusts
        it or another one."""
        certificate, key = ferry.make_certificate(
            self.folder, "upstream", subject)
        self.upstream = ferry.Simulator(
            self.home, "smtp", "upstream", "--username", NAME,
            "--password", PASSWORD, "--certificate", certificate,
            "--private-key", key, *options)
        self.start_ferry(settings=f"""\
[server]
hostname = ferry.example.com
answer = delivered
account_pause = 10ms
pause_min = 10ms
pause_max = 20ms
[listener local]
address = 127.0.0.1:0
[provider upstream]
type = smtp
host = 127.0.0.1
port = {self.upstream.port}
ca_file = {trusted or certificate}
username = {NAME}
password = {PASSWORD}
""")

    def setUp(self):
        self.prepare()

    def check_refused(self):
        code, text = self.send(ferry.simple())
        self.assertEqual(code, 451, text)
        self.assertEqual(self.upstream.count(), 0)
        self.assertNotIn(PASSWORD, self.ferry.text())

    def test_accepted(self):
        self.serve()
        self.accept(ferry.simple())
        self.assertEqual(self.upstream.count(), 1)
        self.assertNotIn(PASSWORD, self.ferry.text())

    def test_another_name(self):
        self.serve(subject="DNS:other.example.net")
        self.check_refused()

    def test_another_authority(self):
        other, _ = ferry.make_certificate(self.folder, "other",
                                          "IP:127.0.0.1")
        self.serve(trusted=other)
        self.check_refused()

    def test_no_starttls(self):
        self.serve(options=("--fault", "no-starttls"))
        self.check_refused()

    def test_password_refused(self):
        self.serve(options=("--fault", "auth=535"))
        self.check_refused()


if __name__ == "__main__":
    ferry.main()
