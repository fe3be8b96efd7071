# SPDX-License-Identifier: MIT
"""Senders say what they wish to be told (RFC 3461), and are told that and
nothing else; clients send again what they heard no answer to, and it arrives
once."""

import email
import email.policy
import re
import signal
import smtplib
import unittest

import durable
import ferry
import sabotage

ANN, BOB, EVE = "ann@example.com", "bob@example.net", "eve@example.org"
ROAD = {"bounce_route": "reports", "bounce_domains": "example.com"}
ROUTES = {"route default": {"providers": "mandrill"},
          "route reports": {"providers": "upstream"}}


class Wishes(durable.Durable):
    """Mail goes by Mandrill, reports go by the upstream server."""
    providers = ("mandrill", "upstream")
    settings = {"server": ROAD, **ROUTES}

    def wish(self, data, recipients, mail=(), sender=ANN):
        """Sends with Python's own client: recipients is {address: options};
        the mail's id."""
        host, port = self.address.rsplit(":", 1)
        with smtplib.SMTP(host, int(port), timeout=ferry.PATIENCE) as client:
            client.ehlo("client.example.com")
            code, text = client.mail(sender, list(mail))
            self.assertEqual(code, 250, text)
            for address, options in recipients.items():
                code, text = client.rcpt(address, options)
                self.assertEqual(code, 250, text)
            code, text = client.data(data)
            self.assertEqual(code, 250, text)
            return re.search(durable.ID, text.decode())[0]

    def report(self, server=None):
        """The one report, as a mail client reads it, and its blocks."""
        mail, = (server or self.upstream).mails(1)
        self.assertEqual(mail.recipients, [ANN])
        self.assertIn(mail.record.get("sender"), (None, ""))
        report = email.message_from_bytes(mail.raw,
                                          policy=email.policy.default)
        self.assertEqual(report.get_content_type(), "multipart/report")
        _, status, original = report.iter_parts()
        return original, status.get_payload()

    def settle(self):
        self.queue.drain()
        self.check_totals()


class Refused(Wishes):
    def setUp(self):
        super().setUp()
        self.mandrill.fault("reject-reason=hard-bounce")

    def test_all_that_can_be_wished_for(self):
        data = ferry.simple(subject="Refused", body="The whole text.\n")
        number = self.wish(data, {EVE: ["NOTIFY=FAILURE",
                                        "ORCPT=rfc822;Eve+2B1@old.example"]},
                           ["RET=FULL", "ENVID=QQ+2B314"])
        original, (mail, recipient) = self.report()
        self.assertEqual(mail["Original-Envelope-Id"], "QQ+314")
        self.assertEqual(recipient["Original-Recipient"],
                         "rfc822;Eve+1@old.example")
        self.assertEqual(recipient["Final-Recipient"], f"rfc822; {EVE}")
        self.assertEqual(recipient["Action"], "failed")
        self.assertEqual(original.get_content_type(), "message/rfc822")
        whole = original.get_payload(0)
        self.assertEqual(whole["Subject"], "Refused")
        self.assertEqual(whole.get_content().splitlines(),
                         ["The whole text."])
        self.settle()
        story = self.queue.command("why", number).decode()
        self.assertRegex(story, r"reports are to name it QQ\+314\n")
        self.assertRegex(story, r"wishes to be told of: failure\n")
        self.assertRegex(story, r"was at first rfc822;Eve\+1@old\.example\n")

    def test_header_alone(self):
        self.wish(ferry.simple(body="The whole text.\n"),
                  {EVE: []}, ["RET=HDRS"])
        original, _ = self.report()
        self.assertEqual(original.get_content_type(), "text/rfc822-headers")
        self.assertNotIn("whole text", original.get_content())

    def test_never(self):
        number = self.wish(ferry.simple(), {EVE: ["NOTIFY=NEVER"],
                                            BOB: ["NOTIFY=SUCCESS,DELAY"]})
        self.settle()
        story = self.queue.story(number)
        self.assertEqual([one["state"] for one in story["recipients"]],
                         ["refused"] * 2)
        self.assertEqual(self.upstream.count(), 0)
        self.assertEqual(self.check_totals()["bounced"], 2)
        self.assertRegex(self.queue.command("why", number).decode(),
                         r"it wished for no bounce \(NOTIFY\)")

    def test_one_of_two(self):
        self.wish(ferry.simple(), {EVE: ["NOTIFY=NEVER"], BOB: []})
        _, (_, recipient) = self.report()
        self.assertEqual(recipient["Final-Recipient"], f"rfc822; {BOB}")
        self.settle()
        self.assertEqual(self.upstream.count(), 1)

    def test_the_wish_survives_a_crash(self):
        self.mandrill.fault("refuse")
        number = self.wish(ferry.simple(), {EVE: ["NOTIFY=NEVER"]})
        while self.queue.story(number)["rounds"] == 0:
            durable.pause(0.02)
        self.restart(signal.SIGKILL)
        self.mandrill.fault("reject-reason=hard-bounce")
        self.settle()
        self.assertEqual(self.upstream.count(), 0)
        self.assertEqual(
            self.queue.story(number)["recipients"][0]["notify"], ["never"])


class Accepted(Wishes):
    def check_success(self, recipients, server=None):
        original, (_, *blocks) = self.report(server)
        self.assertEqual(original.get_content_type(), "text/rfc822-headers")
        self.assertEqual([block["Final-Recipient"] for block in blocks],
                         [f"rfc822; {one}" for one in recipients])
        self.assertEqual({block["Action"] for block in blocks}, {"relayed"})
        self.assertRegex(blocks[0]["Status"], r"^2\.")

    def test_one_report_for_all_who_asked(self):
        number = self.wish(
            ferry.simple(), {BOB: ["NOTIFY=SUCCESS"], EVE: ["NOTIFY=FAILURE"],
                             "kim@example.net": ["NOTIFY=SUCCESS,FAILURE"]},
            ["RET=FULL"])
        self.check_success([BOB, "kim@example.net"])
        self.settle()
        self.assertEqual(self.upstream.count(), 1)
        self.assertEqual(
            [one["success_told"]
             for one in self.queue.story(number)["recipients"]],
            [True, False, True])

    def test_who_did_not_ask(self):
        self.wish(ferry.simple(), {BOB: [], EVE: ["NOTIFY=FAILURE,DELAY"]})
        self.settle()
        self.assertEqual(self.upstream.count(), 0)

    def test_null_sender(self):
        self.wish(ferry.simple(), {BOB: ["NOTIFY=SUCCESS"]}, sender="")
        self.settle()
        self.assertEqual(self.upstream.count(), 0)

    def test_the_report_survives_a_crash(self):
        self.upstream.fault("refuse")
        self.wish(ferry.simple(), {BOB: ["NOTIFY=SUCCESS"]})
        self.mandrill.mails(1)
        while self.queue.counts()["waiting"] != 1:
            durable.pause(0.02)
        self.restart(signal.SIGKILL)
        self.upstream.fault(None)
        self.check_success([BOB])
        self.settle()
        self.assertEqual(self.upstream.count(), 1)
        self.assertEqual(self.mandrill.count(), 1)

    def test_client_that_waits_for_the_provider(self):
        self.queue.end()
        self.answer = "delivered"
        self.start_ferry()
        self.wish(ferry.simple(), {BOB: ["NOTIFY=SUCCESS"]})
        self.check_success([BOB])
        self.settle()

    def test_the_next_server_offers_it_too(self):
        """Then it is that one that tells of it, and of its recipients
        alone."""
        far = self.queue
        def write(state):
            kept, self.providers = self.providers, ("upstream",)
            self.settings = {"provider upstream": {
                "port": far.address.rsplit(":", 1)[1]}}
            try:
                return self.write_durable(state)
            finally:
                self.providers, self.settings = kept, {}
        near = durable.Queue(self.home, "near", write)
        self.queue, self.address = near, near.start()
        number = self.wish(ferry.simple(), {
            BOB: ["NOTIFY=SUCCESS", "ORCPT=rfc822;Bob@old.example"]},
                           ["ENVID=Q1"])
        _, (mail, recipient) = self.report()
        self.assertEqual(mail["Original-Envelope-Id"], "Q1")
        self.assertEqual(recipient["Original-Recipient"],
                         "rfc822;Bob@old.example")
        self.assertNotEqual(mail["X-Postferry-ID"], number)
        near.drain()
        far.drain()
        self.assertEqual(self.upstream.count(), 1)
        self.assertTrue(near.story(number)["recipients"][0]["success_told"])
        near.end()
        self.queue = far


class Delayed(Wishes):
    settings = {"server": {**ROAD, "warn_after": "1s"}, **ROUTES}

    def test_whoever_may_be_told(self):
        self.mandrill.fault("refuse")
        self.wish(ferry.simple(), {BOB: ["NOTIFY=DELAY"],
                                   EVE: ["NOTIFY=FAILURE"],
                                   "kim@example.net": ["NOTIFY=NEVER"]})
        _, (_, recipient) = self.report()
        self.assertEqual(recipient["Final-Recipient"], f"rfc822; {BOB}")
        self.assertEqual(recipient["Action"], "delayed")
        self.mandrill.fault(None)
        self.settle()
        self.assertEqual(self.upstream.count(), 1)


class Offered(ferry.Scenario):
    providers = ("mandrill",)

    def test_without_a_queue(self):
        with ferry.Client(self.address) as client:
            self.assertNotIn("DSN", client.hello[1].split("\n"))
            self.assertEqual(
                client.command(f"MAIL FROM:<{ANN}> RET=FULL")[0], 555)


class Resends(durable.Durable):
    """A mail server that says by XFORWARD what its mail is called there."""
    providers = ("mandrill",)
    settings = {"listener local": {"xforward": "127.0.0.0/8"},
                "server": {"bounce_domains": "example.com", "loops": "1"}}
    data = ferry.simple(subject="Once")

    def client(self, ident):
        client = ferry.Client(self.address)
        self.assertEqual(client.command(f"XFORWARD IDENT={ident}")[0], 250)
        return client

    def forward(self, ident, recipients=(BOB,)):
        with self.client(ident) as client:
            code, text = client.mail(ANN, recipients, self.data)
            self.assertEqual(code, 250, text)
            return re.search(durable.ID, text)[0], text

    def expect(self, recipients):
        self.queue.drain()
        # whichever of two was faster there
        self.assertEqual(
            sorted(mail.recipients for mail in self.mandrill.mails()),
            sorted(recipients))
        self.check_totals()

    def test_the_same_and_another(self):
        first, _ = self.forward("4A1")
        again, text = self.forward("4A1")
        self.assertEqual(again, first)
        self.assertIn("Ok: duplicate of", text)
        self.ferry.wait_line(rf"resend known .*first={first}")
        other, text = self.forward("4A2")
        self.assertNotEqual(other, first)
        self.assertIn("Ok: queued as", text)
        self.expect([[BOB], [BOB]])

    def test_more_recipients(self):
        first, _ = self.forward("4A1")
        second, text = self.forward("4A1", [BOB, EVE])
        self.assertIn("Ok: queued as", text)
        self.assertNotEqual(first, second)
        self.expect([[BOB], [EVE]])

    def test_known_after_a_restart(self):
        first, _ = self.forward("4A1")
        self.queue.drain()
        self.restart()
        self.assertEqual(self.forward("4A1")[0], first)
        self.restart(signal.SIGKILL)
        self.assertEqual(self.forward("4A1")[0], first)
        self.expect([[BOB]])

    def test_refused_the_first_time(self):
        self.mandrill.fault("reject-reason=hard-bounce")
        first, _ = self.forward("4A1", ["no@example.net"])
        while self.queue.counts()["active"] + self.queue.counts()["waiting"]:
            durable.pause(0.02)
        self.mandrill.fault(None)
        second, text = self.forward("4A1", ["no@example.net"])
        self.assertNotEqual(first, second)
        self.assertIn("Ok: queued as", text)
        self.queue.drain()
        self.assertIn(["no@example.net"],
                      [mail.recipients for mail in self.mandrill.mails()])

    @unittest.skipIf(sabotage.STRACE is None, "strace is not installed")
    @unittest.skipIf(durable.is_sanitized(), "strace and sanitizers do not mix")
    def test_killed_before_the_answer(self):
        """It is on disk, and the client has heard nothing."""
        with self.client("4A1") as client:
            self.assertIsNone(client.begin(ANN, [BOB]))
            trace = sabotage.Trace(
                self.home, "trace",
                sabotage.find(self.ferry.child.pid, "smtp"),
                *sabotage.inject("sendto", "signal=SIGKILL", 1))
            client.write(ferry.stuff(self.data) + b".\r\n")
            self.assertEqual(client.reply()[0], 0)
        self.ferry.wanted = -signal.SIGKILL
        self.ferry.wait_end()
        self.queue.forget()
        trace.close()
        self.address = self.queue.start()
        _, text = self.forward("4A1")
        self.assertIn("Ok: duplicate of", text)
        self.expect([[BOB]])


if __name__ == "__main__":
    ferry.main()
