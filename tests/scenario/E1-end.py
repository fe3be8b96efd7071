# SPDX-License-Identifier: MIT
"""SIGTERM: the end is clean, nothing is accepted twice, nothing is lost."""

import signal
import threading

import ferry


class End(ferry.Scenario):
    providers = ("mailgun",)

    def end(self):
        self.ferry.signal(signal.SIGTERM)
        self.assertEqual(self.ferry.wait_end(), 0)

    def test_idle(self):
        self.end()

    def test_sigint_too(self):
        self.ferry.signal(signal.SIGINT)
        self.assertEqual(self.ferry.wait_end(), 0)

    def test_session_between_mails_is_told_421(self):
        with ferry.Client(self.address) as client:
            self.ferry.signal(signal.SIGTERM)
            self.assertEqual(client.reply()[0], 421)
        self.assertEqual(self.ferry.wait_end(), 0)

    def test_a_mail_under_way_is_answered(self):
        with ferry.Client(self.address) as client:
            self.assertIsNone(client.begin("ann@example.com",
                                           ["bob@example.net"]))
            client.write(ferry.simple()[:-5])
            self.ferry.signal(signal.SIGTERM)
            self.ferry.wait_line(r"stopping")
            client.write(ferry.simple()[-5:] + b".\r\n")
            code, text = client.reply()
        self.assertEqual(self.ferry.wait_end(), 0)
        self.assertIn(code, (250, 451), text)
        self.assertEqual(self.mailgun.count(), code == 250)

    def test_an_attempt_under_way_is_waited_for(self):
        self.mailgun.fault("slow=500")
        replies = []
        sender = threading.Thread(
            target=lambda: replies.append(self.send(ferry.simple())))
        sender.start()
        self.mailgun.wait_requests(1)
        self.end()
        sender.join()
        self.assertEqual(replies[0][0], 250, replies)
        self.assertEqual(self.mailgun.count(), 1)


class Load(ferry.Scenario):
    """Many clients send as fast as they can when the signal comes."""
    providers = ("mailgun", "upstream")

    def send_until_refused(self, who):
        """Each mail again until it is accepted, as a queue would."""
        for number in range(1000):
            name = f"{who}-{number}"
            try:
                with ferry.Client(self.address) as client:
                    code = client.mail("ann@example.com", ["bob@example.net"],
                                       ferry.simple(subject=name))[0]
            except OSError:
                return
            if code == 250:
                self.accepted.append(name)
            else:
                return

    def test_under_load(self):
        self.accepted = []
        self.mailgun.fault("slow=50")
        threads = [threading.Thread(target=self.send_until_refused, args=(n,))
                   for n in range(16)]
        for thread in threads:
            thread.start()
        self.mailgun.numbers(100)
        self.ferry.signal(signal.SIGTERM)
        self.assertEqual(self.ferry.wait_end(), 0)
        for thread in threads:
            thread.join()
        got = [mail.header("Subject") for simulator in
               (self.mailgun, self.upstream) for mail in simulator.mails()]
        self.assertEqual(len(got), len(set(got)), "a mail was sent twice")
        self.assertEqual(set(self.accepted) - set(got), set(), "a mail is lost")


if __name__ == "__main__":
    ferry.main()
