# SPDX-License-Identifier: MIT
"""Doubts: a provider had the whole mail and never answered.  It is asked
whether it has it; who has it is not sent it again, who has it not gets it from
the next one when the policy's time is over, and what cannot be known is held,
or sent again and counted.

FULL=1: 200 mails each where few would do; MAILS=N: so many."""

import os
import re
import time

import durable
import ferry
import ledger
import load

MAILS = int(os.environ.get("MAILS",
                           "200" if os.environ.get("FULL") else "40"))
FEW = min(MAILS, 40)
SIZES = ((100, 1_000, 5_000),)

DOUBTED = re.compile(r"delivery failed mail=(\S+) provider=(\S+) .*"
                     r"class=doubt")
SERVER = {"doubt_asks": "200ms, 500ms, 1s", "doubt_wait": "1500ms",
          "doubt_wait_error": "500ms", "doubt_attempts": "100",
          "probe_interval": "0"}


class Doubts(durable.Durable):
    # The one in doubt is the first.
    settings = {"server": SERVER}
    answer_timeout = "200ms"

    def prepare(self):
        super().prepare()
        first = f"provider {self.providers[0]}"
        self.settings = {
            **self.settings,
            first: {"answer_timeout": self.answer_timeout,
                    **self.settings.get(first, {})}}
        self.book = ledger.Ledger()

    @property
    def first(self):
        return getattr(self, self.providers[0])

    def send_all(self, count=MAILS, recipients=1):
        """As fast as they are taken."""
        sender = load.Load(self.book, 4, sessions=4, pace=0, sizes=SIZES)
        if recipients > 1:
            for number in range(count):
                name = f"m-0-{number}"
                self.post(self.book.write(
                    name, load.addresses(name, recipients)))
        else:
            sender.start(self.address, most=count)
            sender.join()
        self.assertEqual(self.book.count(250), count)

    def doubted(self):
        """{(mail, provider)} of attempts that ended in doubt."""
        return {found.groups() for line in list(self.ferry.lines)
                if (found := DOUBTED.search(line))}

    def finish_all(self, copies=False, patience=4 * ferry.PATIENCE):
        """Drains; (totals, second copies, held)."""
        counts = self.queue.drain(patience)
        totals = self.check_totals()
        judgement = ledger.Judgement(
            self.book, ledger.read_arrivals(self.simulators()),
            self.find_elsewhere(self.book))
        extra = sum(judgement.doubled.values()) - len(judgement.doubled)
        self.assertEqual(
            judgement.faults(judgement.doubled if copies else ()), [])
        self.assertLessEqual(extra, totals["possible_duplicates"])
        self.judgement = judgement
        return totals, extra, counts["held"]

    def tell(self, what, totals, **more):
        more.update({name: totals[name] for name in
                     ("doubts", "resolved", "possible_duplicates",
                      "confirmed_duplicates")})
        print(f"{what}: {len(self.book.letters)} mails," + ",".join(
            f" {name.replace('_', ' ')} {value}"
            for name, value in more.items()), flush=True)


class Accepted(Doubts):
    """Accepted, then silence; there is nobody else, and it stays so."""
    settings = {"server": {**SERVER, "pause_min": "1ms", "pause_max": "5ms",
                           "doubt_wait": "60s"}}

    def check(self, name):
        self.first.fault("stall-accepted")
        began = time.monotonic()
        self.send_all()
        totals, extra, held = self.finish_all()
        self.tell(f"{name}, accepted then silent", totals, copies=extra,
                  lookups=self.first.state()["lookups"],
                  seconds=round(time.monotonic() - began, 1))
        self.assertEqual((extra, held), (0, 0))
        self.assertEqual(totals["possible_duplicates"], 0)
        # Each by being asked: nobody ever answered.
        self.assertEqual(totals["resolved"], self.judgement.wanted)
        self.assertEqual(self.first.count(), MAILS)


class AcceptedByMailgun(Accepted):
    providers = ("mailgun",)

    def test_each_is_resolved_by_asking(self):
        self.check("Mailgun")

    def test_why_tells_of_it(self):
        self.first.fault("stall-accepted")
        number = self.accept_id(ferry.simple())
        self.queue.drain()
        story = self.queue.command("why", number).decode()
        self.assertRegex(story, r"asked mailgun")
        self.assertRegex(story, r"(?i)doubt")


class AcceptedByMandrill(Accepted):
    providers = ("mandrill",)

    def test_each_is_resolved_by_asking(self):
        self.check("Mandrill")


class LogsOfMailgun(Accepted):
    """The newer interface."""
    providers = ("mailgun",)
    settings = {**Accepted.settings, "provider mailgun": {"lookup": "logs"}}

    def test_each_is_resolved_by_asking(self):
        self.check("Mailgun by logs")


class SecondKey(Accepted):
    """The sending key may not ask; the other one may."""
    providers = ("mailgun",)
    settings = {**Accepted.settings,
                "provider mailgun": {"lookup_key": "key-of-the-account-0123"}}

    def start_simulator(self, name):
        return ferry.Simulator(
            self.home, "mailgun", name, "--key", "key-of-mailgun-0123456789",
            "--lookup-key", "key-of-the-account-0123")

    def test_it_is_used(self):
        self.first.fault("stall-accepted")
        self.send_all(FEW)
        totals, extra, held = self.finish_all()
        self.assertEqual((extra, held), (0, 0))
        self.assertEqual(totals["resolved"], self.judgement.wanted)


class Never(Doubts):
    """Never accepted, and silence: the next one gets it, not too soon."""

    def check(self, name):
        self.first.fault("stall")
        self.send_all()
        totals, extra, held = self.finish_all()
        doubted = self.doubted()
        waited = self.find_waits({mail for mail, _ in doubted})
        self.tell(f"{name}, never accepted and silent", totals, copies=extra,
                  waited=f"{min(waited):.1f} to {max(waited):.1f} s")
        self.assertEqual((extra, held, self.first.count()), (0, 0, 0))
        self.assertEqual({provider for _, provider in doubted},
                         {self.providers[0]})
        # from the beginning of the attempt, a clock tick aside
        self.assertGreater(min(waited), 1.4)
        self.assertEqual(totals["possible_duplicates"], totals["doubts"])

    def find_waits(self, doubted):
        """Seconds from the 250 to the next provider, of those in doubt."""
        told = {letter.name: letter.told
                for letter in self.book.letters.values()
                if letter.id in doubted}
        return [arrival.time_ms / 1000 - told[arrival.name]
                for arrival in ledger.read_arrivals(self.simulators())
                if arrival.name in told]


class NeverByMailgun(Never):
    providers = ("mailgun", "upstream")

    def test_the_next_delivers_them(self):
        self.check("Mailgun")


class NeverByMandrill(Never):
    providers = ("mandrill", "upstream")

    def test_the_next_delivers_them(self):
        self.check("Mandrill")


class Lookups(Doubts):
    """The lookups themselves go wrong, while the mail was accepted."""
    providers = ("mailgun", "upstream")

    def run_one(self, words, recipients=1, **more):
        self.first.fault("stall-accepted\n" + words)
        self.send_all(FEW, recipients)
        result = self.finish_all(copies=True, **more)
        self.tell(f"accepted then silent, {words}", result[0],
                  copies=result[1], held=result[2])
        return result


class Failing(Lookups):
    """Never an answer: prefer_delivery sends it again, and counts."""

    def check(self, words):
        totals, extra, held = self.run_one(words)
        self.assertEqual((totals["resolved"], held), (0, 0))
        self.assertEqual(totals["possible_duplicates"], totals["doubts"])
        self.assertEqual(extra, totals["doubts"])
        self.assertGreater(extra, 0)

    def test_not_allowed(self):
        self.check("lookup-status=401")

    def test_forbidden(self):
        self.check("lookup-status=403,json")

    def test_broken(self):
        self.check("lookup-status=500")

    def test_nonsense(self):
        self.check("lookup-odd=page")

    def test_bytes(self):
        self.check("lookup-garbage")

    def test_silence(self):
        self.check("lookup-stall")

    def test_never_there(self):
        self.check("lookup-never")

    def test_too_often(self):
        self.check("lookup-throttle=60")


class Odd(Lookups):
    """Late, in disorder, twice, after errors: found all the same."""
    settings = {"server": {**SERVER, "doubt_wait": "4s"}}

    def check(self, words):
        totals, extra, held = self.run_one(words)
        self.assertEqual((extra, held, totals["possible_duplicates"]),
                         (0, 0, 0))
        self.assertGreater(totals["resolved"], 0)
        self.assertEqual(totals["resolved"], totals["doubts"])

    def test_late(self):
        self.check("lookup-lag=800")

    def test_in_the_wrong_order(self):
        self.check("lookup-shuffle")

    def test_twice(self):
        self.check("lookup-twice")

    def test_after_errors(self):
        self.check("lookup-status=500 count=5")

    def test_slow(self):
        self.check("lookup-slow=150")


class Partial(Lookups):
    """Two of five are found: those are settled, the others go on."""

    def test_it(self):
        totals, extra, held = self.run_one("lookup-partial=2", recipients=5)
        self.assertEqual(held, 0)
        self.assertEqual(totals["resolved"] * 3, extra * 2)
        self.assertEqual(totals["possible_duplicates"], extra)


class Late(Lookups):
    """Found when another provider has it already: a confirmed duplicate."""
    settings = {"server": {**SERVER, "doubt_asks": "200ms, 500ms, 3s, 5s, 10s, 20s"}}

    def test_it(self):
        totals, extra, _ = self.run_one("lookup-lag=2500")
        self.assertEqual(extra, totals["possible_duplicates"])
        self.assertGreater(extra, 0)
        deadline = time.monotonic() + ferry.PATIENCE
        while self.check_totals()["confirmed_duplicates"] < extra:
            self.assertLess(time.monotonic(), deadline, self.check_totals())
            durable.pause(0.1)


class Policy(Lookups):
    """What becomes of it when it is not confirmed."""
    settings = {"server": {**SERVER, "doubt_once": "1200ms",
                           "doubt_proof": "800ms"}}

    def send_with(self, policy, fault):
        for number in range(FEW):
            name = f"m-0-{number}"
            letter = self.book.write(name, load.addresses(name))
            letter.data = (f"X-Postferry-Doubt: {policy}\r\n".encode()
                           + letter.data)
        self.first.fault(fault)
        for letter in self.book.letters.values():
            self.post(letter)

    def check(self, policy, fault, expected):
        """expected: held, copies."""
        self.send_with(policy, fault)
        totals, extra, held = self.finish_all(copies=True)
        self.tell(f"{policy}, {fault.replace(chr(10), ', ')}", totals,
                  copies=extra, held=held)
        self.assertEqual((held > 0, extra > 0), expected)
        self.assertEqual(
            held, len(self.doubted()) if expected[0] else 0)

    def test_once_and_no_answer_yet(self):
        """Who is only broken is asked on, until it answers."""
        self.send_with("prefer_once",
                       "stall-accepted\nlookup-status=500")
        while (counts := self.queue.counts())["waiting"] + counts["active"] \
                > counts["doubts"] or not counts["doubts"]:
            durable.pause(0.1)
        durable.pause(2)  # doubt_once is over
        self.assertEqual(self.queue.counts()["held"], 0)
        self.assertEqual(self.queue.counts()["doubts"], counts["doubts"])
        self.first.fault(None)
        totals, extra, held = self.finish_all()
        self.assertEqual((extra, held, totals["resolved"]),
                         (0, 0, totals["doubts"]))

    def test_once_and_absent(self):
        """Its word, late enough, is believed."""
        self.check("prefer_once", "stall", (False, False))

    def test_once_and_not_to_be_asked(self):
        self.check("prefer_once", "stall-accepted\nlookup-status=401",
                   (True, False))

    def test_once_and_there(self):
        self.check("prefer_once", "stall-accepted\nlookup-lag=600",
                   (False, False))

    def test_never_and_absent(self):
        self.check("never_twice", "stall", (True, False))

    def test_never_and_there(self):
        self.check("never_twice", "stall-accepted\nlookup-lag=600",
                   (False, False))

    def test_delivery_and_unknown(self):
        self.check("prefer_delivery", "stall-accepted\nlookup-status=500",
                   (False, True))


class Lossy(Doubts):
    """An SMTP server that has each mail, and loses each answer."""
    settings = {"server": {**SERVER, "doubt_wait_smtp": "300ms",
                           "doubt_move_smtp": "600ms",
                           "doubt_attempts": "3"}}
    answer = "delivered"
    fault = "close-after-dot-accepted"
    policy = None

    def check(self, most, held):
        """Copies at the first one; what `why` tells."""
        self.first.fault(self.fault)
        data = ferry.simple()
        if self.policy:
            data = f"X-Postferry-Doubt: {self.policy}\r\n".encode() + data
        number = self.accept_id(data)
        counts = self.queue.drain()
        totals = self.check_totals()
        copies = self.first.count()
        others = sum(simulator.count() for simulator in self.simulators()
                     if simulator is not self.first)
        print(f"{type(self).__name__}: {copies} copies at the first,"
              f" {others} at the others, {counts['held']} held,"
              f" possible duplicates {totals['possible_duplicates']}",
              flush=True)
        self.assertEqual((copies, counts["held"]), (most, held))
        self.assertEqual(others, 0 if held else 1)
        self.assertEqual(totals["doubts"], copies)
        self.assertEqual(totals["possible_duplicates"], copies + others - 1)
        return self.queue.command("why", number).decode()


class LossyAlone(Lossy):
    providers = ("upstream",)

    def test_it_is_held(self):
        story = self.check(3, 1)
        self.assertIn("3 attempts ended in doubt: it may have been delivered",
                      story)
        self.assertEqual(story.count("in doubt: it may or may not have been"),
                         3, story)


class LossyQueued(LossyAlone):
    answer = "queued"


class LossyTold(Doubts):
    """What is told of the doubt does not depend on whether a daemon runs."""
    providers = ("upstream",)
    answer = "queued"
    settings = {"server": {**SERVER, "doubt_wait_smtp": "1h",
                           "doubt_move_smtp": "2h"}}

    def tell(self, number):
        """What comes next, without the seconds that pass."""
        story = self.queue.command("why", number).decode()
        self.assertIn("What happens next\n  It waits for the end of its doubt",
                      story)
        story = story.partition("What happens next\n")[2]
        return re.sub(r"\((in|\d+)[^)]*\)| in [\d.]+ .*?(?= \()", "", story)

    def test_one_story(self):
        self.first.fault("close-after-dot-accepted")
        number = self.accept_id(ferry.simple())
        self.ferry.wait_line(rf" mail landed mail={number} .*doubt=1")
        told = self.tell(number)
        self.assertNotIn("It is asked", told)
        self.assertNotIn("not asked yet", told)
        self.queue.end()
        self.assertEqual(
            self.tell(number),
            told + "  postferry is not running: nothing is sent until it is "
            "started.\n")
        self.queue.start()


class LossyFirst(Lossy):
    """The next one gets the last copy."""
    providers = ("upstream", "mailgun")

    def test_the_next_delivers_it(self):
        story = self.check(2, 0)
        self.assertRegex(story, r"attempt 3: mailgun was asked")


class LossyFirstQueued(LossyFirst):
    answer = "queued"


class LossyOnce(Lossy):
    """Never another one."""
    providers = ("upstream", "mailgun")
    policy = "prefer_once"
    settings = {"server": {**Lossy.settings["server"], "doubt_proof": "200ms",
                           "doubt_once": "300ms"}}

    def test_it_is_held(self):
        self.check(3, 1)


class LossyNever(LossyOnce):
    policy = "never_twice"

    def test_it_is_held(self):
        self.assertIn("never_twice", self.check(1, 1))


if __name__ == "__main__":
    ferry.main()
