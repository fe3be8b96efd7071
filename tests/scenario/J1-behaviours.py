# SPDX-License-Identifier: MIT
"""How providers fail, one behaviour after the other: each with 200 mails, by a
provider that is all there is until it is mended, and by the first of three.
Nothing is lost or changed, the log says what it was taken for, and a second
copy is there only where the policy says so.

FULL=1: all of them; ONLY=N06,drip: those with that in their title; MAILS=50:
fewer mails.  A table comes at the end."""

import collections
import os
import re
import time
import unittest

import durable
import ferry
import ledger
import load

MAILS = int(os.environ.get("MAILS", "200"))
FULL = bool(os.environ.get("FULL"))
ONLY = [name for name in os.environ.get("ONLY", "").split(",") if name]
# Of a body that has to be under way when the connection ends.
LARGE = ((100, 6_000_000, 6_000_001),)
SMALL = ((100, 1_000, 5_000),)

FAILED = re.compile(r"delivery failed .*?provider=(\S+) .*?class=(\w+)")

SERVER = {
    "doubt_asks": "150ms, 1500ms, 3s", "doubt_wait": "2s",
    "doubt_wait_error": "300ms", "doubt_wait_smtp": "300ms",
    "doubt_move_smtp": "300ms", "doubt_attempts": "100",
    "account_pause": "200ms", "sender_pause": "200ms", "refusal_wait": "1s",
    "throttle_pause": "50ms", "probe_interval": "0",
    # nobody wants bounces of made-up refusals
    "bounce_domains": "nowhere.example"}
PROVIDER = {"connect_timeout": "1s", "upload_window": "1s"}

OUTAGE, DOUBT = {"outage"}, {"doubt"}
EITHER = OUTAGE | DOUBT
ACCOUNT, PAYLOAD = {"account"}, {"payload"}
THROTTLE = {"throttle"}
NONE = set()


class Row:
    """kind: whose behaviour; classes: what the log may call it, one of them
    at least (none: it is none; maybe: or none); copies: the policy allows
    second copies; alone: it can be mended; quick: in every run."""

    def __init__(self, name, kind, faults, classes, **more):
        self.name, self.kind, self.faults = name, kind, faults
        self.classes = classes
        self.copies = more.pop("copies", False)
        self.alone = more.pop("alone", True)
        self.quick = more.pop("quick", False)
        self.large = more.pop("large", False)
        self.settings = more.pop("settings", {})
        self.tls = more.pop("tls", False)
        self.refuses = more.pop("refuses", False)
        self.most = more.pop("most", MAILS)
        self.maybe = more.pop("maybe", False)
        # what comes and goes wants mail for a while: 100 a second
        self.pace = 0.08 if "flap" in faults else 0
        self.timeout = more.pop(
            "timeout", "1s" if self.is_silent() else "5s")
        assert not more, more

    def is_silent(self):
        """It is waited for, for as long as it is allowed; whoever is only
        slow because the machine is busy is allowed more."""
        return not self.large and not durable.is_sanitized() and any(
            word in self.faults for word in
            ("stall", "blackhole", "drip", "sip", "silent", "half-close"))

    @property
    def title(self):
        return f"{self.name} {self.kind} {self.faults}"


def mailgun(name, faults, classes, **more):
    return Row(name, "mailgun", faults, classes, **more)


def mandrill(name, faults, classes, **more):
    return Row(name, "mandrill", faults, classes, **more)


def smtp(name, faults, classes, **more):
    return Row(name, "upstream", faults, classes, **more)


def secure(name, faults, classes, **more):
    return smtp(name, faults, classes, tls=True, **more)


def statuses():
    """Each status an HTTP server can say, as it is, and in other words."""
    classes = {400: PAYLOAD | {"recipient"}, 401: ACCOUNT, 402: ACCOUNT,
               403: ACCOUNT | PAYLOAD, 404: ACCOUNT, 408: DOUBT, 413: PAYLOAD,
               422: PAYLOAD, 429: THROTTLE, 500: DOUBT, 502: DOUBT,
               503: OUTAGE | THROTTLE, 504: DOUBT, 520: DOUBT}
    for status, wanted in classes.items():
        for make in (mailgun, mandrill):
            if make is mandrill and status == 402:
                wanted = wanted | PAYLOAD
            yield make("N14", f"status={status}",
                       wanted, quick=status in (401, 503) and make is mailgun)
    for after in ("1", "Sat, 21 Nov 2020 10:00:00 GMT", "-5", "soon"):
        for status in (429, 503):
            yield mailgun("N14", f"status={status},retry-after={after}"
                          .replace(", ", "-").replace(" ", "-"),
                          THROTTLE | OUTAGE,
                          # what cannot be read is a minute
                          alone=after == "1")
    yield mailgun("N14", "status=429,retry-after=1000000000000",
                  THROTTLE, alone=False)
    for words in ("throttle=1", "throttle=1,date", "throttle=1,reset",
                  "throttle=1,reset-fraction", "throttle=1,retry-date",
                  "throttle=1,plain"):
        yield mailgun("N14", words, THROTTLE)


def replies():
    """What an SMTP server can say at each stage."""
    forever = {"greeting": OUTAGE, "ehlo": OUTAGE, "mail": {"sender"},
               "rcpt": {"recipient"}, "data": PAYLOAD, "dot": PAYLOAD}
    for stage, wanted in forever.items():
        # some of these say "too many"
        yield smtp("N23", f"{stage}=421", OUTAGE | THROTTLE)
        yield smtp("N23", f"{stage}=451", OUTAGE, quick=stage == "dot")
        yield smtp("N23", f"{stage}=554", wanted)


ROWS = [
    mailgun("N01", "refuse", OUTAGE, quick=True),
    mandrill("N01", "refuse", OUTAGE),
    smtp("N01", "refuse", OUTAGE),
    mailgun("N02", "unreachable", OUTAGE),
    smtp("N02", "unreachable", OUTAGE),
    mailgun("N02", "blackhole", DOUBT),
    smtp("N02", "blackhole", OUTAGE),
    mailgun("N03", "reset-connect", EITHER),
    mandrill("N03", "reset-connect", EITHER),
    smtp("N03", "reset-connect", OUTAGE),
    mailgun("N04", "reset-before-body", EITHER),
    smtp("N04", "reset-before-body", EITHER),
    mailgun("N05", "reset-mid-body=1", OUTAGE, large=True),
    mailgun("N05", "reset-mid-body=50", EITHER, large=True),
    mailgun("N05", "reset-mid-body=99", EITHER, large=True),
    mandrill("N05", "reset-mid-body=1", OUTAGE, large=True),
    smtp("N05", "reset-mid-body=50", EITHER, large=True),
    mailgun("N06", "reset-accepted", DOUBT, quick=True),
    mandrill("N06", "reset-accepted", DOUBT, most=40),
    smtp("N06", "reset-accepted", DOUBT, copies=True),
    mailgun("N07", "reset-after-body", DOUBT, quick=True),
    mandrill("N07", "reset-after-body", DOUBT),
    smtp("N07", "reset-after-body", DOUBT),
    mailgun("N08", "close-after-body", DOUBT),
    mailgun("N08", "close-accepted", DOUBT),
    mailgun("N08", "close-reused", DOUBT, quick=True),
    mandrill("N08", "close-reused", DOUBT, most=40),
    # a mail that is on its way when the end comes is a doubt
    mailgun("N08", "close-idle", DOUBT, maybe=True),
    mailgun("N09", "stall-mid-body", EITHER, large=True, timeout="1500ms"),
    mailgun("N09", "stall", DOUBT),
    mailgun("N09", "stall-accepted", DOUBT),
    mailgun("N09", "stall-head", DOUBT),
    mailgun("N09", "stall-answer", DOUBT),
    mandrill("N09", "stall-answer", DOUBT, most=40),
    smtp("N09", "stall", DOUBT),
    smtp("N09", "stall-accepted", DOUBT, copies=True),
    mailgun("N10", "sip=5", NONE),
    mailgun("N10", "sip=200", EITHER),
    # the others wait for the first status line, see CURLOPT_PIPEWAIT
    mailgun("N10", "drip=1", OUTAGE, maybe=True, timeout="10s"),
    mailgun("N10", "drip=1,body", NONE, timeout="5s"),
    mailgun("N10", "drip=100", DOUBT),
    mailgun("N10", "drip=100,body", DOUBT),
    # a 250 without the end of its line is one
    smtp("N10", "drip=100", EITHER, copies=True, maybe=True),
    mailgun("N11", "half-close", DOUBT),
    mailgun("N11", "half-close,accepted", DOUBT),
    mailgun("N12", "garbage", DOUBT),
    mailgun("N12", "garbage,accepted", DOUBT, quick=True),
    mailgun("N12", "huge=1024,accepted", DOUBT),
    mailgun("N12", "odd=headers", DOUBT),
    mailgun("N12", "odd=length", DOUBT),
    mailgun("N12", "odd=nul", DOUBT, maybe=True),
    mailgun("N12", "odd=chunk-cut", DOUBT),
    mailgun("N12", "odd=chunk-nonsense", DOUBT),
    mailgun("N12", "odd=gzip", DOUBT),
    mailgun("N12", "cut-answer", DOUBT),
    mailgun("N13", "empty", DOUBT),
    mailgun("N13", "empty=200,accepted", DOUBT, quick=True),
    mailgun("N13", "magnificent", ACCOUNT, quick=True),
    mailgun("N13", "odd=page", DOUBT),
    mailgun("N13", "odd=half", DOUBT),
    mailgun("N13", "odd=number", DOUBT),
    mailgun("N13", "odd=deep", DOUBT),
    mandrill("N13", "odd=page", DOUBT, most=40),
    mandrill("N13", "odd=half", DOUBT, most=40),
    # the answer says nothing of anybody
    mandrill("N13", "odd=none", DOUBT | {"none"}, most=40),
    mandrill("N13", "odd=nameless", DOUBT | {"none"}, most=40),
    *statuses(),
    mailgun("N14", "text=unverified", ACCOUNT),
    mailgun("N14", "text=probation", THROTTLE | ACCOUNT),
    mailgun("N14", "text=recipient-limit", THROTTLE, alone=False),
    mandrill("N14", "text=GeneralError", DOUBT),
    mandrill("N14", "text=Invalid_Key", ACCOUNT, quick=True),
    mandrill("N14", "text=Invalid_Key,status=500", ACCOUNT),
    mandrill("N14", "text=PaymentRequired", ACCOUNT | PAYLOAD),
    mandrill("N14", "text=RequestLimitExceeded", THROTTLE),
    mandrill("N14", "text=ServiceUnavailable", OUTAGE),
    mandrill("N14", "text=Unknown_Subaccount", ACCOUNT),
    mandrill("N14", "text=Unknown_Name", PAYLOAD | ACCOUNT),
    mandrill("N14", "reject-reason=unsigned", {"sender"}),
    mandrill("N14", "reject-reason=rule",
             ACCOUNT | PAYLOAD | {"recipient"}),
    mandrill("N14", "reject-reason=invalid-sender", {"sender"}),
    mailgun("N15", "early=417", EITHER | PAYLOAD | ACCOUNT),
    mailgun("N15", "early=413", PAYLOAD),
    mailgun("N16", "redirect=self", ACCOUNT),
    mailgun("N16", "redirect=file:///etc/passwd,status=301", ACCOUNT),
    mailgun("N16", "redirect=http://169.254.169.254/,status=302", ACCOUNT),
    secure("N17", "no-starttls", OUTAGE | ACCOUNT),
    secure("N17", "starttls=454", OUTAGE | ACCOUNT),
    secure("N17", "tls-garbage", OUTAGE | ACCOUNT),
    secure("N17", "starttls-injection", OUTAGE | ACCOUNT),
    Row("N17", "upstream", "a certificate that nobody signed",
        OUTAGE | ACCOUNT, alone=False, tls=True,
        settings={"ca_file": "/etc/ssl/certs/ca-certificates.crt"}),
    Row("N18", "mailgun", "a name that is none", OUTAGE, alone=False,
        settings={"base_url": "https://nowhere.invalid"}),
    Row("N18", "upstream", "a name that is none", OUTAGE, alone=False,
        settings={"host": "nowhere.invalid"}),
    mailgun("N20", "accept=2", {"recipient", "payload"}, refuses=True),
    mandrill("N20", "accept=2,reason=hard-bounce", {"recipient"},
             refuses=True),
    smtp("N20", "accept=2", {"recipient"}, refuses=True),
    mailgun("N21", "slow=400", NONE),
    mailgun("N21", "slow=1300", DOUBT, timeout="1s"),
    mailgun("N21", "slow=7000", DOUBT, quick=True),
    mandrill("N21", "slow=1300", DOUBT, most=40, timeout="1s"),
    smtp("N21", "slow=1300", DOUBT, copies=True, timeout="1s"),
    *replies(),
    # nothing of the mail was sent
    *(smtp("N23", f"{what}-at={stage}", OUTAGE)
      for what in ("close", "stall")
      for stage in ("greeting", "EHLO", "MAIL", "RCPT", "DATA")),
    smtp("N23", "odd=long", EITHER, copies=True, maybe=True),
    smtp("N23", "odd=lines", EITHER, copies=True, maybe=True),
    smtp("N23", "odd=unfinished", EITHER, copies=True, maybe=True),
    smtp("N23", "ehlo-lines", OUTAGE),
    smtp("N23", "close-after-dot", DOUBT),
    smtp("N23", "close-after-dot-accepted", DOUBT, copies=True, quick=True),
    smtp("N23", "silent-after-dot", DOUBT),
    smtp("N23", "silent-after-dot,accepted", DOUBT, copies=True),
    mailgun("N24", "flap=300/300", EITHER),
    mailgun("N24", "flap=100/900", EITHER),
    smtp("N24", "flap=300/300", EITHER, copies=True),
    mailgun("N24", "status=503 chance=50 seed=4", OUTAGE | THROTTLE),
    mailgun("N24", "reset-accepted chance=50 seed=4", DOUBT, quick=True),
    mailgun("N24", "slow=400 chance=50 seed=4", NONE),
]

RESULTS = []


class Behaviours(durable.Durable):
    """One row; its tests are made below."""
    row = None
    mode = None

    def setUp(self):
        if self.row is None:
            self.skipTest("no row")
        self.began = time.monotonic()
        kind = self.row.kind
        others = [name for name in self.kinds if name != kind]
        self.providers = (kind, *others) if self.mode == "first" else (kind,)
        self.expected = r"^4\d\d: |Too many|a command is"
        super().setUp()
        self.first = getattr(self, kind)
        self.book = ledger.Ledger()

    def make_settings(self):
        mine = {**PROVIDER, "answer_timeout": self.row.timeout}
        settings = {"server": dict(SERVER), f"provider {self.row.kind}": mine}
        if self.row.kind == "upstream":
            del mine["upload_window"]
        if self.row.tls:
            mine.update({"tls": "starttls", "ca_file": self.certificate[0]})
        mine.update(self.row.settings)
        return settings

    def start_simulator(self, name):
        if name == self.row.kind and self.row.tls:
            return ferry.Simulator(
                self.home, self.kinds[name], name, "--certificate",
                self.certificate[0], "--private-key", self.certificate[1])
        return super().start_simulator(name)

    def prepare(self):
        super().prepare()
        if self.row.tls:
            self.certificate = ferry.make_certificate(
                self.folder, "upstream", "IP:127.0.0.1")
        self.settings = self.make_settings()

    def classes(self):
        """What attempts at it were taken for: {class: how often}."""
        with self.ferry.grown:
            found = [FAILED.search(line) for line in self.ferry.lines]
        return collections.Counter(
            match[2] for match in found
            if match and match[1] == self.row.kind)

    def send_all(self):
        most = self.row.most
        sizes = LARGE if self.row.large else SMALL
        # to many domains: who refuses all of these is at fault itself
        sender = load.Load(self.book, 4, sessions=8, pace=self.row.pace,
                           sizes=sizes, domains=7)
        if self.row.refuses:
            self.send_to_five(most)
            return
        sender.start(self.address, most=min(most, 30) if self.row.large
                     else most)
        sender.join()

    def send_to_five(self, count):
        for number in range(count):
            name = f"m-0-{number}"
            self.post(self.book.write(name, load.addresses(name, 5), 2000))

    def let_it_fail(self):
        """Until what goes wrong was seen for a while, or all got through."""
        deadline = time.monotonic() + ferry.PATIENCE
        while not self.classes():
            if self.queue.counts()["waiting"] + \
                    self.queue.counts()["active"] == 0:
                return
            self.assertLess(time.monotonic(), deadline,
                            "nothing went wrong")
            durable.pause(0.05)
        durable.pause(1)

    def test_row(self):
        row = self.row
        if not row.settings:
            self.first.fault(row.faults)
        self.send_all()
        self.assertEqual(self.book.count(250), len(self.book.letters))
        if self.mode == "alone":
            self.let_it_fail()
            if not row.refuses:
                self.first.fault(None)
        # who was told "too many" goes on at one a second, at first
        held = self.queue.drain(5 * ferry.PATIENCE)["held"]
        self.check(held)

    def check(self, held):
        row, found = self.row, self.classes()
        totals = self.check_totals()
        judgement = ledger.Judgement(
            self.book, ledger.read_arrivals(self.simulators()),
            self.find_elsewhere(self.book))
        extra = sum(count - 1 for count in judgement.doubled.values())
        RESULTS.append((row.title, self.mode, len(self.book.letters),
                        ", ".join(f"{name} {count}" for name, count in
                                  sorted(found.items())) or "-",
                        len(judgement.lost), len(judgement.changed), extra,
                        totals["doubts"], totals["resolved"],
                        totals["possible_duplicates"],
                        time.monotonic() - self.began))
        may_double = {}
        if row.copies:
            self.assertLessEqual(extra, totals["possible_duplicates"])
            may_double = {key: count for key, count in
                          judgement.doubled.items()}
        self.assertEqual(judgement.faults(may_double), [])
        if not row.refuses:
            self.assertEqual(held, 0)
            self.assertEqual(
                sum(judgement.counts.values()) - extra, judgement.wanted)
        self.assertLessEqual(set(found), row.classes, row.title)
        if row.classes and not row.maybe:
            self.assertTrue(found, "it failed in no way")


def make_tests():
    """A class for each row and mode, so that each has its own line."""
    for number, row in enumerate(ROWS):
        wanted = any(word in row.title for word in ONLY)
        if not (wanted if ONLY else FULL or row.quick):
            continue
        for mode in ("alone", "first"):
            if mode == "alone" and not row.alone:
                continue
            word = re.sub(r"\W+", "_", f"{row.kind}_{row.faults}").strip("_")
            name = f"{row.name}_{number:03}_{word}_{mode}"
            globals()[name] = type(
                name, (Behaviours,), {"row": row, "mode": mode,
                                      "__module__": __name__})


def tearDownModule():
    rows = [("behaviour", "mode", "mails", "taken for", "lost", "altered",
             "copies", "doubts", "resolved", "possible", "s")]
    rows += [(*row[:-1], f"{row[-1]:.1f}") for row in RESULTS]
    rows = [tuple(str(field) for field in row) for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(field.ljust(width) for field, width in
                        zip(row, widths)).rstrip(), flush=True)


def load_tests(loader, _, __):
    suite = unittest.TestSuite()
    for name in sorted(globals()):
        if re.match(r"N\d\d_", name):
            suite.addTests(loader.loadTestsFromTestCase(globals()[name]))
    return suite


make_tests()

if __name__ == "__main__":
    ferry.main()
