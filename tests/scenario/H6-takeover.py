# SPDX-License-Identifier: MIT
"""`answer = delivered` with a queue behind it: what a provider has is never
sent again, what is left over is queued and the client hears 250; the end and
the next start; and what a person can do to the queue, with the daemon and
without.
"""

import signal
import threading

import durable
import ferry
import ledger

BOB, EVE = "bob@example.net", "eve@example.org"
BOTH = (BOB, EVE)


class Takeover(durable.Durable):
    answer = "delivered"
    providers = ("mandrill", "upstream")
    settings = {"server": {"bounce_domains": "example.com"}}

    def recipients(self, simulator):
        return [mail.recipients for mail in simulator.mails()]

    def story_of(self, number):
        return {one["address"]: one for one in
                self.queue.story(number)["recipients"]}

    def finish_all(self):
        self.queue.drain()
        self.check_totals()


class LeftOver(Takeover):
    """Mandrill takes it for one, and nobody is there for the other."""

    def test_it_is_queued(self):
        self.mandrill.fault(f"partial={EVE},reason=unsigned")
        self.upstream.fault("refuse")
        number = self.accept_id(ferry.simple(), BOTH)
        told = self.story_of(number)
        self.assertEqual(told[BOB]["state"], "accepted")
        self.assertNotEqual(told[EVE]["state"], "accepted")
        self.upstream.fault(None)
        self.finish_all()
        self.assertEqual(self.recipients(self.mandrill), [[BOB]])
        self.assertEqual(self.recipients(self.upstream), [[EVE]])

    def test_it_survives_a_crash(self):
        self.mandrill.fault(f"partial={EVE},reason=unsigned")
        self.upstream.fault("refuse")
        self.accept(ferry.simple(), BOTH)
        self.mandrill.fault("refuse")
        self.restart(signal.SIGKILL)
        self.upstream.fault(None)
        self.finish_all()
        self.assertEqual(self.recipients(self.mandrill), [[BOB]])
        self.assertEqual(self.recipients(self.upstream), [[EVE]])

    def test_refused_for_good_is_told_by_a_bounce(self):
        self.mandrill.fault(f"partial={EVE},reason=hard-bounce count=1")
        self.accept(ferry.simple(subject="Half"), BOTH)
        self.finish_all()
        mails = self.mandrill.mails() + self.upstream.mails()
        self.assertEqual(sorted(mail.recipients for mail in mails),
                         [["ann@example.com"], [BOB]])


class Untold(Takeover):
    """One has it, one is refused, one waits, and no report may be sent: the
    client is not to send it again, and a person sees who is refused."""
    settings = {"server": {"bounce_domains": "other.example"},
                "route up": {"recipient_domains": "up.example",
                             "providers": "upstream"},
                "route default": {"providers": "mandrill"}}

    def test_the_refused_is_held(self):
        late = "late@up.example"
        self.mandrill.fault(f"partial={EVE},reason=hard-bounce")
        self.upstream.fault("refuse")
        number = self.accept_id(ferry.simple(), (BOB, EVE, late))
        self.wait_held(number)
        self.restart()
        held = self.story_of(number)[EVE]
        self.assertEqual(held["state"], "held")
        self.assertRegex(held["text"], "mandrill: .*bounce_domains")
        self.upstream.fault(None)
        self.finish_all()
        self.assertEqual(self.recipients(self.mandrill), [[BOB]])
        self.assertEqual(self.recipients(self.upstream), [[late]])
        why = self.queue.command("why", number).decode()
        self.assertRegex(why, f"{EVE}.*held")
        self.queue.command("queue", "drop", number)
        self.assertEqual(self.check_totals()["dead"], 1)

    def wait_held(self, number):
        while self.story_of(number)[EVE]["state"] != "held":
            durable.pause(0.02)


class Doubt(Takeover):
    """A provider that does not answer in time, or at all."""
    settings = {"server": {"bounce_domains": "example.com",
                           "answer_floor": "100ms"},
                "listener local": {"deadline": "500ms"},
                "provider mandrill": {"answer_timeout": "2s"}}

    def test_an_open_attempt_is_taken_over(self):
        self.mandrill.fault("slow=1200 count=1")
        number = self.accept_id(ferry.simple(), BOTH)
        self.assertEqual({one["state"] for one in
                          self.story_of(number).values()}, {"open"})
        self.finish_all()
        self.assertEqual(self.recipients(self.mandrill), [list(BOTH)])
        self.assertEqual(self.upstream.count(), 0)
        self.assertEqual({one["state"] for one in
                          self.story_of(number).values()}, {"accepted"})

    def test_a_provider_that_never_answers(self):
        self.mandrill.fault("stall")
        self.accept(ferry.simple(), BOTH)
        self.finish_all()
        self.assertEqual(self.recipients(self.upstream), [list(BOTH)])

    def test_a_crash_with_an_open_attempt(self):
        self.mandrill.fault("stall")
        number = self.accept_id(ferry.simple(), BOTH)
        self.restart(signal.SIGKILL)
        self.mandrill.fault("refuse")
        self.finish_all()
        self.assertEqual(self.recipients(self.upstream), [list(BOTH)])
        attempts = self.queue.story(number)["attempts"]
        self.assertIn(durable.CUT_SHORT, attempts[0]["text"])


class LongDoubt(Takeover):
    """Nobody knows, for a long time: it is kept, and not sent again."""
    settings = {"server": {"doubt_wait": "1h", "doubt_wait_error": "1h"},
                "listener local": {"deadline": "1s"}}

    def test_both_in_doubt(self):
        self.mandrill.fault("reset-accepted")
        number = self.accept_id(ferry.simple(), BOTH)
        self.wait_landed(number)
        self.assertEqual(self.queue.counts()["doubts"], 2)
        self.mandrill.fault("refuse")
        self.restart(signal.SIGKILL)
        self.assertEqual({one["state"] for one in
                          self.story_of(number).values()}, {"doubt"})
        self.assertEqual(self.upstream.count(), 0)
        self.queue.command("queue", "drop", number)
        self.assertEqual(self.check_totals()["dead"], 2)

    def wait_landed(self, number):
        while self.queue.story(number)["state"] != "waiting":
            durable.pause(0.02)


class Ending(Takeover):
    answer = "queued"

    def begin_slow(self, words):
        self.upstream.fault("refuse")
        self.mandrill.fault(words)
        before = self.mandrill.requests()
        self.accept(ferry.simple())
        self.mandrill.wait_requests(before + 1)


class End(Ending):
    """SIGTERM in the middle of it."""
    settings = {"listener local": {"deadline": "500ms"}}

    def test_an_attempt_is_waited_for(self):
        self.begin_slow("slow=500")
        self.queue.end()
        self.assertEqual(self.mandrill.count(), 1)
        self.address = self.queue.start()
        self.finish_all()
        self.assertEqual(self.mandrill.count(), 1, "it was sent twice")

    def test_the_second_signal_ends_at_once(self):
        self.begin_slow("stall")
        self.ferry.signal(signal.SIGTERM)
        self.ferry.wait_line("stopping")
        self.queue.end()
        self.mandrill.fault(None)
        self.address = self.queue.start()
        self.finish_all()
        self.assertEqual(self.mandrill.count(), 1)

    def test_what_waits_is_there_after_it(self):
        self.fault_all("refuse")
        book = ledger.Ledger()
        for number in range(20):
            self.post(book.write(f"w-{number}"))
        self.assertEqual(book.count(250), 20)
        self.restart()
        self.fault_all(None)
        self.finish_all()
        self.assertEqual(self.judge(book).doubled, {})

    def test_load_and_the_signal(self):
        """Clients send as fast as they can when it comes."""
        book, codes = ledger.Ledger(), []

        def press(who):
            for number in range(200):
                try:
                    letter = self.post(book.write(f"l-{who}-{number}"))
                except OSError:
                    return
                codes.append(letter.code)
                if letter.code != 250:
                    return

        self.mandrill.fault("slow=30")
        threads = [threading.Thread(target=press, args=(n,))
                   for n in range(8)]
        for thread in threads:
            thread.start()
        self.mandrill.numbers(10)
        self.ferry.signal(signal.SIGTERM)
        self.queue.end(number=None)
        for thread in threads:
            thread.join()
        self.mandrill.fault(None)
        self.address = self.queue.start()
        self.finish_all()
        self.assertGreater(codes.count(250), 10)
        self.assertEqual(self.judge(book).doubled, {})


class EndInTime(Ending):
    settings = {"server": {"stop_timeout": "300ms"}}

    def test_an_attempt_that_never_ends_is_broken_off(self):
        self.begin_slow("stall")
        self.queue.end()
        self.mandrill.fault(None)
        self.address = self.queue.start()
        self.finish_all()
        self.assertEqual(self.mandrill.count(), 1)


class Commands(Takeover):
    """What a person can do; the same with the daemon and without."""
    answer = "queued"
    settings = {"server": {"retry": "1h", "pause_min": "1h",
                           "pause_max": "1h", "hostname": "f.example.com"}}

    def setUp(self):
        super().setUp()
        self.fault_all("refuse")
        self.data = {}
        for name in ("first", "second", "third"):
            data = ferry.simple(subject=name)
            self.data[self.accept_id(data, BOTH)] = data
        self.wait_all(3)

    def wait_all(self, count):
        """Nothing is being sent now."""
        while self.queue.counts()["waiting"] != count:
            durable.pause(0.02)

    def listed(self, *arguments):
        pages = self.queue.command("queue", "list", "--json", *arguments)
        return {mail["id"]: mail["state"] for page in pages.splitlines()
                for mail in durable.json.loads(page)["messages"]}

    def each_way(self, test, mended=False):
        """Once while the daemon runs, once while none does; mended: all is
        well when it starts again."""
        with self.subTest("daemon"):
            test()
        self.queue.end()
        with self.subTest("no daemon"):
            test()
        if mended:
            self.fault_all(None)
        self.address = self.queue.start()

    def test_list_and_status(self):
        def test():
            self.assertEqual(set(self.listed().values()), {"waiting"})
            self.assertEqual(set(self.listed()), set(self.data))
            for number in self.data:
                self.assertIn(number,
                              self.queue.command("queue", "list").decode())
            status = self.queue.command_json("status")
            self.assertEqual(status["totals"]["unaccounted"], 0)
            self.assertEqual(status["queue"]["waiting"], 3)
            self.assertTrue(self.queue.command("status"))
        self.each_way(test)

    def test_export_gives_the_bytes(self):
        def test():
            for number, data in self.data.items():
                self.assertEqual(self.queue.command("queue", "export", number),
                                 data)
        self.each_way(test)

    def test_why_tells_the_story(self):
        def test():
            for number in self.data:
                text = self.queue.command("why", number).decode()
                for word in (number, *BOTH, "ann@example.com", "waiting"):
                    self.assertIn(word, text)
            # One of them found out that nobody is there.
            number = next(
                number for number in self.data
                if [one["provider"] for one in
                    self.queue.command_json("why", number)["attempts"]]
                == ["mandrill", "upstream"])
            text = self.queue.command("why", number).decode()
            for word in ("mandrill", "upstream", "could not be reached"):
                self.assertIn(word, text)
        self.each_way(test)

    def test_unknown_mail(self):
        def test():
            for words in (("why",), ("queue", "show"), ("queue", "drop"),
                          ("queue", "export")):
                done = durable.subprocess.run(
                    [ferry.POSTFERRY, *words, "0" * 26, "--config",
                     self.queue.config], capture_output=True, check=False)
                self.assertNotEqual(done.returncode, 0, words)
                self.assertRegex(done.stderr.decode(), "no mail " + "0" * 26)
        self.each_way(test)

    def test_hold_and_release(self):
        number = min(self.data)

        def test():
            self.queue.command("queue", "hold", number)
            self.assertEqual(self.listed()[number], "held")
            self.assertEqual(list(self.listed("--state", "held")), [number])
            self.queue.command("queue", "release", number)
            self.assertEqual(self.listed("--state", "held"), {})
        self.each_way(test)
        self.wait_all(3)
        self.queue.command("queue", "hold", "--all")
        self.assertEqual(set(self.listed().values()), {"held"})
        self.fault_all(None)
        self.restart()
        self.assertEqual(set(self.listed().values()), {"held"})
        self.queue.command("queue", "release", number)
        self.queue.drain()
        self.assertEqual(self.mandrill.count() + self.upstream.count(), 1)
        self.assertEqual(set(self.listed().values()), {"held"})
        self.assertEqual(len(self.listed()), 2)
        self.check_totals()

    def test_drop(self):
        numbers = sorted(self.data)

        def test():
            number = numbers.pop()
            self.queue.command("queue", "drop", number)
            self.assertNotIn(number, self.listed())
            story = self.queue.command_json("why", number)
            self.assertEqual({one["state"] for one in story["recipients"]},
                             {"dropped"})
        self.each_way(test, mended=True)
        self.assertEqual(self.check_totals()["dead"], 4)
        self.queue.command("queue", "retry", "--all")
        self.queue.drain()
        self.assertEqual(self.mandrill.count() + self.upstream.count(), 1)
        story = self.queue.command("why", max(self.data)).decode()
        self.assertRegex(story, r"drop.*uid 0|uid 0.*drop")

    def test_retry_sends_before_its_time(self):
        self.queue.end()
        self.fault_all(None)
        number = min(self.data)
        self.queue.command("queue", "retry", number)
        self.address = self.queue.start()
        self.wait_one()
        self.queue.command("queue", "retry", "--all")
        self.queue.drain()
        self.assertEqual(self.mandrill.count() + self.upstream.count(), 3)
        self.check_totals()

    def wait_one(self):
        """Another may be woken by what the first one finds out."""
        while not self.mandrill.count() + self.upstream.count():
            durable.pause(0.02)

    def test_settled_mail_is_remembered(self):
        self.fault_all(None)
        self.restart()
        self.queue.command("queue", "retry", "--all")
        self.queue.drain()
        self.assertEqual(set(self.listed("--state", "finished")),
                         set(self.data))
        for number in self.data:
            self.assertRegex(self.queue.command("why", number).decode(),
                             r"accepted")

    def test_help_and_wrong_words(self):
        self.assertRegex(self.queue.command("queue", "--help").decode(),
                         "hold|release")
        self.queue.command("queue", "vanish", code=64)
        self.queue.command("queue", "drop", code=64)


if __name__ == "__main__":
    ferry.main()
