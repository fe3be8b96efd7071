# SPDX-License-Identifier: MIT
"""The queue: 250 once a mail is on disk, delivered when a provider is there,
over restarts."""

import json
import os
import re
import signal
import subprocess

import ferry

# A kill may meet an open attempt, which is a doubt then.
QUICK = {"retry": "100ms, 200ms", "pause_min": "10ms", "pause_max": "50ms",
         "doubt_wait": "200ms", "doubt_wait_smtp": "200ms",
         "doubt_move_smtp": "400ms"}


class Queue(ferry.Scenario):
    providers = ("mailgun", "upstream")

    def write_settings(self):
        state = os.path.join(self.folder, "state")
        os.makedirs(state, exist_ok=True)
        self.settings = {"server": {"answer": "queued", "state_dir": state,
                                    **QUICK}}
        return super().write_settings()

    def command(self, *arguments, code=0):
        path = os.path.join(self.folder, "postferry.conf")
        done = subprocess.run(
            [ferry.POSTFERRY, *arguments, "--config", path],
            capture_output=True, timeout=ferry.PATIENCE, check=False)
        self.assertEqual(done.returncode, code, done.stderr.decode())
        return done.stdout

    def ask(self, *arguments, code=0):
        return json.loads(self.command(*arguments, "--json", code=code))

    def all_down(self):
        self.mailgun.fault("refuse")
        self.upstream.fault("refuse")

    def mail_id(self, text):
        return re.search(r"[0-9A-HJKMNP-TV-Z]{26}", text)[0]

    def restart(self, number=signal.SIGTERM):
        self.ferry.signal(number)
        self.ferry.wait_end()
        self.home.processes.remove(self.ferry)
        self.start_ferry()

    def test_fresh_mail_goes_at_once(self):
        text = self.accept(ferry.simple(subject="Fresh"))
        self.assertIn("queued as", text)
        self.assertEqual(len(self.mailgun.mails(1)), 1)

    def test_waits_for_a_provider(self):
        self.all_down()
        number = self.mail_id(self.accept(ferry.simple()))
        self.ferry.wait_line(rf"mail landed.*{number}")
        self.mailgun.fault(None)
        self.assertEqual(len(self.mailgun.mails(1)), 1)

    def test_survives_the_end(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            with self.subTest(number=number):
                self.all_down()
                before = self.mailgun.count() + self.upstream.count()
                big = ferry.simple(body="Good day.\n" * 30000)
                self.accept(big)
                self.accept(ferry.simple())
                self.restart(number)
                self.mailgun.fault(None)
                self.assertEqual(
                    len(self.mailgun.mails(before + 2)), before + 2)

    def test_the_story_is_told(self):
        self.all_down()
        number = self.mail_id(self.accept(ferry.simple()))
        self.ferry.wait_line(rf"mail landed.*{number}")
        story = self.command("why", number).decode()
        self.assertIn("mailgun", story)
        self.assertIn("upstream", story)
        status = self.ask("status")
        self.assertIn(number, json.dumps(self.ask("queue", "list")))
        self.mailgun.fault(None)
        self.mailgun.mails(1)
        self.assertTrue(status)


if __name__ == "__main__":
    ferry.main()
