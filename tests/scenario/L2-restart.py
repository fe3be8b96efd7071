# SPDX-License-Identifier: MIT
"""A restart forgets no account that was refused and wakes nobody anew; a key
that was mended is tried at once."""

import durable
import ferry

WAIT = {"account_pause": "1h", "probe_interval": "1h", "alarm_pause": "1h"}


class Restart(durable.Durable):
    providers = ("mailgun", "mandrill")
    settings = {"server": WAIT}

    def refuse(self):
        self.mailgun.fault("status=401")
        self.accept(ferry.simple())
        self.ferry.wait_line("provider refuses our account provider=mailgun")
        self.mandrill.mails(1)
        self.ferry.wait_line("mail finished")

    def arrives_first(self):
        """The next mail goes by the first again."""
        before = self.mailgun.count()
        self.accept(ferry.simple())
        self.assertEqual(len(self.mailgun.mails(before + 1)), before + 1)
        self.ferry.wait_line("provider (back|is asked anew)")

    def test_another_key(self):
        self.refuse()
        self.settings = {"server": WAIT, "provider mailgun": {
            "type": "mailgun", "domain": "mg.example.com",
            "api_key": "another-key-0123456789"}}
        self.mailgun.fault(None)
        self.restart()
        self.assertNotIn("refuses our account", self.ferry.text())
        self.arrives_first()

    def test_mended_there(self):
        self.refuse()
        self.mailgun.fault(None)
        self.restart()
        self.ferry.wait_line("provider is as before the start.*mailgun.*"
                             "unusable")
        self.ferry.wait_line("provider is well by its probe.*mailgun")
        self.arrives_first()
        self.assertNotIn("refuses our account", self.ferry.text())


if __name__ == "__main__":
    ferry.main()
