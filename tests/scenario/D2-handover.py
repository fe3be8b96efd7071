# SPDX-License-Identifier: MIT
"""A real Postfix hands over by LMTP, where it hears of each recipient, or by
SMTP with XFORWARD, where it says whose mail it is."""

import os
import shutil
import socket
import unittest

import ferry
import postfix
from doors import BOB, DAN, EVE, Lmtp


@unittest.skipUnless(os.geteuid() == 0 and shutil.which("postqueue", path=
                     "/usr/sbin:/usr/bin"), "Postfix needs root")
class Handover(Lmtp):
    listeners = {
        **Lmtp.listeners,
        "forward": {"address": "127.0.0.1:0", "xforward": "127.0.0.1",
                    "deadline": "240s"}}

    def start_by_lmtp(self):
        address = self.find("lmtp")
        return postfix.Postfix(self.home, "0", {
            "relayhost": "", "default_transport": f"lmtp:inet:{address}"})

    def start_by_smtp(self, smtpd):
        port = self.find("forward").rsplit(":", 1)[1]
        return postfix.Postfix(self.home, port, {
            "smtp_send_xforward_command": "yes",
            "enable_long_queue_ids": "yes",
            "mynetworks": "127.0.0.0/8"}, smtpd)

    def test_one_is_refused(self):
        self.mandrill.fault(f"partial={EVE},reason=hard-bounce count=1")
        server = self.start_by_lmtp()
        server.send(ferry.simple(subject="Three"), "ann@example.com",
                    [BOB, EVE, DAN])
        for address, status in ((BOB, "sent"), (EVE, "bounced"),
                                (DAN, "sent")):
            server.wait_line(rf"to=<{address}>.*status={status}")
        # Postfix tells its sender, and we do not
        server.wait_line("to=<ann@example.com>.*status=sent")
        self.assertEqual(self.recipients(self.mandrill) +
                         self.recipients(self.upstream),
                         [[BOB, DAN], ["ann@example.com"]])
        self.assertEqual(server.waiting(), 0)

    def test_one_waits(self):
        self.mandrill.fault(f"partial={EVE},reason=unsigned")
        self.upstream.fault("refuse")
        server = self.start_by_lmtp()
        server.send(ferry.simple(), "ann@example.com", [BOB, EVE])
        server.wait_line(rf"to=<{BOB}>.*status=sent")
        server.wait_line(rf"to=<{EVE}>.*status=deferred")
        self.upstream.fault(None)
        server.wait_line(rf"to=<{EVE}>.*status=sent")
        self.assertEqual(self.recipients(self.mandrill), [[BOB]])
        self.assertEqual(self.recipients(self.upstream), [[EVE]])

    def test_xforward(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            smtpd = free.getsockname()
        server = self.start_by_smtp(smtpd[1])
        with ferry.Client("%s:%d" % smtpd, "EHLO origin.example.org") as one:
            self.assertEqual(one.mail("ann@example.com", [BOB],
                                      ferry.simple())[0], 250)
        number = server.wait_line(
            rf"smtp\[\d+\]: (\w+): to=<{BOB}>.*status=sent")[1]
        self.ferry.wait_line(
            r"mail received .*origin=127\.0\.0\.1 "
            rf"origin_helo=origin\.example\.org ident={number} ")
        self.assertNotIn("in reply to XFORWARD", server.text())


if __name__ == "__main__":
    ferry.main()
