# SPDX-License-Identifier: MIT
"""The commands that ask the queue: what they ask for, what they say of it, and
their exit codes.  A daemon of the test answers at the socket; then there is
none, and they read the queue themselves."""

import datetime
import fcntl
import http.server
import json
import os
import re
import shutil
import socketserver
import struct
import subprocess
import tempfile
import termios
import threading
import unittest

import ferry

ID = "01KAKX3V5T8Q2N7R4M6P9S1WAB"
OTHER = "01KAKX3V5T8Q2N7R4M6P9S1WAC"

# sysexits.h
USAGE, NOINPUT, UNAVAILABLE, TEMPFAIL, CONFIG = 64, 66, 69, 75, 78

SETTINGS = """\
[server]
{state}answer = {answer}

[listener local]
address = 127.0.0.1:0

[provider mailgun]
type = mailgun
domain = mg.example.com
api_key = 0123456789
"""

PARTNERS = """\

[provider away]
type = smtp
host = mail.example.com

[provider bulk]
type = smtp
host = bulk.example.com

[route default]
providers = mailgun

[route partners]
providers = away
recipient_domains = partner.example

[route bulk]
providers = bulk
header = X-Bulk: yes
"""


def moment(seconds):
    """So many seconds from now, as the daemon writes it."""
    date = (datetime.datetime.now(datetime.timezone.utc)
            + datetime.timedelta(seconds=seconds))
    return date.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def recipient(address, state="waiting", **facts):
    return {"address": address, "state": state, "provider": None,
            "provider_id": None, "class": None, "status": None, "text": None,
            "suppressed": False, "refused_by": [], "until": None,
            "doubts": 0, "since": None, "asks": 0, "absent": None, **facts}


def mail(**facts):
    return {"id": ID, "state": "waiting", "received": moment(-185),
            "due": moment(252.9), "finished": None, "listener": "local",
            "peer": "192.0.2.1", "helo": "app.example.com",
            "sender": "me@example.com", "size_bytes": 5200, "report": False,
            "rounds": 1, "hold": None,
            "recipients": [recipient("you@example.org")],
            "attempts": [], "acts": [], **facts}


ACCEPTED = recipient("a@example.org", "accepted", provider="mailgun",
                     provider_id="<1@mg.example.com>",
                     **{"class": "accepted", "status": 200})
DOUBT = recipient("b@example.org", "doubt", provider="mandrill",
                  until=moment(3600), **{"class": "doubt"})
TRIED = recipient("c@example.org", provider="mailgun", text="Slow down",
                  **{"class": "throttle", "status": 429})
REFUSED = recipient("d@example.org", "refused", provider="mailgun",
                    suppressed=True, text="no such user",
                    **{"class": "recipient", "status": 550})
UNHEARD = recipient("g@example.org", provider="mailgun", text="no route",
                    **{"class": "outage", "status": None})
TWICE = recipient("h@example.org", provider="mailgun", text="HTTP 400: no",
                  **{"class": "outage", "status": 400})
AGAIN = recipient("i@example.org", provider="upstream",
                  text="450 4.2.0 later", **{"class": "outage", "status": 450})
HELD = recipient("e@example.org", "held", text="it has crashed us")
DROPPED = recipient("f@example.org", "dropped")

ATTEMPT = {"number": 1, "provider": "mailgun", "form": "fields",
           "recipients": ["a@example.org", "b@example.org", "c@example.org",
                          "d@example.org", "e@example.org"],
           "begun": moment(-180), "ended": moment(-179), "duration_ms": 1250,
           "sent_bytes": 6000, "class": "throttle", "status": 429,
           "text": "Slow down"}
OPEN = {"number": 2, "provider": "mandrill", "form": "raw",
        "recipients": ["b@example.org"], "begun": moment(-60), "ended": None,
        "duration_ms": None, "sent_bytes": 0, "class": None, "status": None,
        "text": None}
# The first ended in doubt, the second was accepted.
DOUBTED = [{**ATTEMPT, "provider": "mandrill", "class": "doubt",
            "status": None, "text": None},
           {**ATTEMPT, "number": 2, "class": "accepted", "status": 200,
            "recipients": ["a@example.org"], "text": "Queued"}]
ACT = {"at": moment(-100), "what": "retry", "who": "uid 0"}
NOTE = {"at": moment(-120), "what": "asked mandrill: it has the mail",
        "who": "postferry"}
EVENT = {"provider": "mailgun", "recipient": "a@example.org",
         "at": moment(-50), "heard": moment(-49), "status": None,
         "enhanced": None, "text": None, "event_id": "e1"}
BOUNCED = {"at": moment(-90), "who": "postferry",
           "what": f"bounce {OTHER} made for me@example.com, about 1 recipient"}
POLICY = {"at": moment(-100), "who": "postferry",
          "what": "in doubt at mandrill for 1 recipient, doubt = prefer_once: "
                  "it is asked whether it has the mail"}
# Asked twice, which said that it has it not; asked again in a minute.
ASKED = recipient("b@example.org", "doubt", provider="mandrill", doubts=1,
                  since=moment(-60), until=moment(60), asks=2,
                  absent=moment(-40), **{"class": "doubt"})
SILENT = {**ASKED, "absent": None}
RELAYED = recipient("b@example.org", "doubt", provider="third", doubts=1,
                    since=moment(-60), until=moment(240),
                    **{"class": "doubt"})
HELD_DOUBT = recipient("b@example.org", "held", provider="mandrill", doubts=1,
                       text="mandrill may have it", **{"class": "doubt"})



def provider(name, kind="mailgun", state="open", **facts):
    return {"name": name, "type": kind, "state": state, "why": None,
            "failing": 0,
            "since": None, "until_ms": 0, "reserve": False, "requests": 0,
            "limit": 0, "connections": 32, "waiting": 0, "doubts": 0,
            "accepted": 0, "failed": 0, "hour_sent": 0, "hour_max": None,
            "day_sent": 0, "day_max": None, "refused_senders": [],
            "health": {"state": "unknown", "text": None, "advice": None,
                       "probed": None}, **facts}


STATUS = {
    "version": "9.9", "running": True, "pid": 4711, "started": moment(-5042),
    "ready": False, "why": "the disk is full",
    "disk": {"state": "full", "free_bytes": 1500000, "total_bytes": 40 * 10**9,
             "min_free_bytes": 200000000},
    "queue": {"waiting": 12, "active": 3, "held": 1, "doubts": 2,
              "oldest": moment(-7270), "bytes": 4200000},
    "totals": {"accepted": 1234, "settled": 1200, "bounced": 4, "dead": 0,
               "waiting": 31, "unaccounted": -1, "doubts": 40, "resolved": 30,
               "possible_duplicates": 8, "confirmed_duplicates": 1},
    "providers": [
        provider("first", requests=3, limit=8, waiting=7, doubts=2,
                 hour_sent=60, hour_max=100, accepted=1200, failed=34,
                 health={"state": "good", "text": "key and domain are fine",
                         "advice": None, "probed": moment(-240)}),
        provider("second", "mandrill", "paused", until_ms=34000,
                 why="connection refused", since=moment(-125)),
        provider("third", "smtp", "probing", requests=1),
        provider("fourth", "smtp", "paused", waiting=1)]}


def problem(status, detail):
    return (status, {"type": "about:blank", "title": "x", "status": status,
                     "detail": detail})


class Daemon(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Answers what the test put into `answers`, by method and target; what is
    asked stands in `asked`."""

    daemon_threads = True

    def __init__(self, path):
        super().__init__(path, Handler)
        self.asked = []
        self.answers = {}
        threading.Thread(target=self.serve_forever,
                         kwargs={"poll_interval": 0.05}, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        pass

    def answer(self):
        key = f"{self.command} {self.path}"
        code, body = self.server.answers.get(
            key, problem(404, f"nothing known of {key}"))
        if key == "GET /livez":
            code, body = 200, {"alive": True}
        else:
            self.server.asked.append(key)
        if not isinstance(body, bytes):
            body = json.dumps(body).encode() + b"\n"
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer


class Commands(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="ferry-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.state = os.path.join(self.folder, "state")
        os.mkdir(self.state, 0o700)
        self.write_settings(f"state_dir = {self.state}\n", "queued")

    def write_settings(self, state, answer):
        self.settings = os.path.join(self.folder, "postferry.conf")
        ferry.write_private(self.settings,
                            SETTINGS.format(state=state, answer=answer))

    def start_daemon(self, answers):
        daemon = Daemon(os.path.join(self.state, "control"))
        self.addCleanup(daemon.server_close)
        self.addCleanup(daemon.shutdown)
        daemon.answers = answers
        return daemon

    def run_command(self, *words, code=0):
        done = subprocess.run(
            [ferry.POSTFERRY, *words, "--config", self.settings],
            capture_output=True, timeout=ferry.PATIENCE, check=False)
        self.out, self.error = done.stdout, done.stderr.decode()
        self.assertIsNone(ferry.REPORT.search(self.error), self.error)
        self.assertEqual(done.returncode, code, (words, self.error))
        return done.stdout.decode(errors="replace")


    def run_as(self, uid, *words):
        return subprocess.run(
            [ferry.POSTFERRY, *words, "--config", self.settings],
            capture_output=True, timeout=ferry.PATIENCE, check=False,
            user=uid, group=uid, extra_groups=[])


# What the list of the queue asks first.
QUEUE = "GET /v1/messages?limit=500&state=unfinished"


class List(Commands):
    def test_a_line_per_mail(self):
        self.start_daemon({QUEUE: (200, {"messages": [
            mail(recipients=[ACCEPTED, TRIED, DOUBT]),
            mail(id=OTHER, state="held", due=None, sender="",
                 hold="a bounce of a bounce")], "next": None})})
        heading, first, second = self.run_command("queue", "list").splitlines()
        self.assertEqual(heading.split(), ["ID", "AGE", "SIZE", "STATE",
                                           "NEXT", "SENDER", "RECIPIENTS",
                                           "REASON"])
        self.assertRegex(first, rf"^{ID} +3 min +5\.2 kB +waiting +in 4 min +"
                         r"me@example\.com +c@example\.org \+2 +"
                         r"waiting; mailgun said 429: Slow down$")
        self.assertRegex(second, rf"^{OTHER} .* held +- +<> .*"
                         r"a bounce of a bounce$")
        for column in ("AGE", "SENDER", "RECIPIENTS"):
            at = heading.index(column) + (2 if column == "AGE" else -1)
            self.assertEqual(first[at] == " ", column != "AGE")
        self.assertEqual(self.error, "")

    def test_a_long_reason(self):
        """Is cut to the terminal, and whole where one mail is shown."""
        long = mail(recipients=[{**TRIED, "text": "ä" * 100 + " end"}])
        self.start_daemon({
            QUEUE: (200, {"messages": [long],
                                                 "next": None}),
            f"GET /v1/messages/{ID}": (200, long)})
        row = self.run_command("queue", "list").splitlines()[1]
        self.assertEqual(len(row.partition("  waiting; ")[2]), 80 - 9)
        self.assertRegex(row, r"ä\.\.\.$")
        for columns, width in ((200, 200), (80, 127 + 40), (0, 127 + 80)):
            with self.subTest(columns=columns):
                row = self.run_in_terminal(columns, "queue", "list")[1]
                self.assertEqual(len(row), width)
                self.assertRegex(row, r"ä\.\.\.$")
        self.assertTrue(self.run_in_terminal(300, "queue", "list")[1].endswith(
            "ä end"))
        self.assertIn(f"429: {'ä' * 100} end\n",
                      self.run_command("queue", "show", ID))

    def run_in_terminal(self, columns, *words):
        """The lines written to one so wide."""
        ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 24, columns, 0, 0))
        with open(ours, "rb", buffering=0) as terminal:
            subprocess.run(
                [ferry.POSTFERRY, *words, "--config", self.settings],
                stdout=theirs, timeout=ferry.PATIENCE, check=True)
            text = b""
            while text.count(b"\n") < 2:
                text += terminal.read(65536)
            os.close(theirs)
        return text.decode().splitlines()

    def test_of_a_recipient(self):
        """All pages, empty ones too; finished mail is among it."""
        path = "GET /v1/messages?limit=500"
        whom = "&state=all&recipient=a%2Bb%40example.org"
        daemon = self.start_daemon({
            path + whom: (200, {"messages": [], "next": ID}),
            path + f"&after={ID}" + whom: (200, {"messages": [
                mail(), mail(id=OTHER, state="finished",
                             recipients=[ACCEPTED])], "next": None})})
        text = self.run_command("queue", "list", "--recipient",
                                "a+b@example.org")
        self.assertRegex(text, rf"(?s)^ID .*\n{ID} .*\n{OTHER} ")
        self.assertEqual(len(text.splitlines()), 3)
        self.assertEqual(len(daemon.asked), 2)
        daemon.answers = {path + whom: (200, {"messages": [], "next": None})}
        self.assertEqual(
            self.run_command("queue", "list", "--recipient",
                             "a+b@example.org"),
            "There is no mail to a+b@example.org.\n")

    def test_reasons(self):
        daemon = self.start_daemon({})
        for facts, said in (
                ({"state": "finished", "due": None, "recipients": [ACCEPTED]},
                 r" -  .*  mailgun accepted it as <1@mg\.example\.com>$"),
                ({"state": "finished", "due": None, "recipients": [UNHEARD]},
                 r"  not taken; mailgun: no route$"),
                ({"due": moment(-5), "recipients": [ACCEPTED, DOUBT]},
                 r" in (59 min|1 h) .*  in doubt until 20"),
                ({"recipients": [recipient("x@example.org", text="no provider "
                                           "was asked: first is paused")]},
                 r" x@example\.org +waiting; no provider was asked: first is "
                 r"paused$"),
                ({"state": "held", "due": None, "hold": "its sender is elsewhere",
                  "recipients": [ACCEPTED, REFUSED, HELD]},
                 r" e@example\.org \+2 +held: it has crashed us$"),
                ({"recipients": []}, r"  -  +$")):
            with self.subTest(said):
                daemon.answers = {QUEUE: (
                    200, {"messages": [mail(**facts)], "next": None})}
                row = self.run_command("queue", "list").splitlines()[1]
                self.assertRegex(row, said)

    def test_pages(self):
        names = [f"{number:026}" for number in range(1100)]
        daemon = self.start_daemon({})
        after = ""
        for at in range(0, 1100, 500):
            some = names[at:at + 500]
            more = some[-1] if at < 1000 else None
            daemon.answers[f"GET /v1/messages?limit=500{after}&state=unfinished"] = (
                200, {"messages": [mail(id=name) for name in some],
                      "next": more})
            after = f"&after={more}"
        lines = self.run_command("queue", "list").splitlines()
        self.assertEqual([line.split()[0] for line in lines[1:]], names)
        pages = [json.loads(line) for line in
                 self.run_command("queue", "list", "--json").splitlines()]
        self.assertEqual([len(page["messages"]) for page in pages],
                         [500, 500, 100])

    def test_limit_and_state(self):
        daemon = self.start_daemon({
            "GET /v1/messages?limit=500&state=held": (200, {
                "messages": [mail()] * 500, "next": ID}),
            f"GET /v1/messages?limit=3&after={ID}&state=held": (200, {
                "messages": [mail()] * 3, "next": ID})})
        text = self.run_command(
            "queue", "list", "--state", "held", "--limit", "503")
        self.assertEqual(len(text.splitlines()), 504)
        self.assertEqual(len(daemon.asked), 2)
        daemon.answers = {"GET /v1/messages?limit=500&state=a%26b":
                          problem(400, "state = \"a&b\" is wrong")}
        self.run_command("queue", "list", "--state", "a&b", code=USAGE)
        self.assertIn("state = \"a&b\" is wrong", self.error)

    def test_none(self):
        self.start_daemon({QUEUE: (
            200, {"messages": [], "next": None})})
        self.assertEqual(self.run_command("queue", "list"),
                         "There is no mail in the queue.\n")

    def test_reader_goes_away(self):
        daemon = self.start_daemon({QUEUE: (
            200, {"messages": [mail()] * 500, "next": ID})})
        daemon.answers[QUEUE.replace("&", f"&after={ID}&")] = (
            daemon.answers[QUEUE])  # without end
        with subprocess.Popen(
                [ferry.POSTFERRY, "queue", "list", "--config", self.settings],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
            child.stdout.readline()
            child.stdout.close()
            self.assertEqual(child.wait(ferry.PATIENCE), 0)
            self.assertEqual(child.stderr.read(), b"")


# A mail, and what `why` must say of it.
STORIES = [
    ("fresh", {}, [
        r"^mail +" + ID,
        r"^received +20\S+Z \(\d+ min [^)]*ago\) from 192\.0\.2\.1, which calls "
        r"itself app\.example\.com, by the listener local$",
        r"^sender +<me@example\.com>$", r"^size +5\.2 kB$",
        r"^recipients +<you@example\.org>: waiting$",
        r"^  No provider was asked\.$",
        r"It waits; next attempt in 4 min \d+ s \(20\S+Z\)"]),
    ("tried", {"recipients": [ACCEPTED, DOUBT, TRIED, REFUSED, HELD, DROPPED],
               "attempts": [ATTEMPT, OPEN],
               "acts": [ACT, {**ACT, "what": "drop"}]}, [
        r"<a@example\.org>: mailgun accepted it as <1@mg\.example\.com>$",
        r"<b@example\.org>: in doubt until 20\S+Z \(in .*\): "
        r"mandrill may have it; it is sent nowhere before$",
        r"<c@example\.org>: waiting; mailgun said 429: Slow down$",
        r"<d@example\.org>: refused; mailgun said 550: no such user \(it is on "
        r"that provider's suppression list\)$",
        r"<e@example\.org>: held: it has crashed us$",
        r"<f@example\.org>: dropped by a person",
        r"attempt 1: mailgun was asked for <a@example\.org>, "
        r"<b@example\.org>, <c@example\.org> and 2 more, as fields$",
        r"not taken: it wants to be asked more slowly \(throttle, 429\), after "
        r"1250 ms and 6\.0 kB sent: \"Slow down\"$",
        r"(?s)attempt 1.*retry by uid 0.*attempt 2: mandrill was asked for "
        r"<b@example\.org>, as raw MIME\n +under way",
        r"<b@example\.org> is in doubt until 20"]),
    ("wished for", {
        "user": "app", "protocol": "ESMTPSA", "return": "full",
        "envid": "QQ314", "recipients": [
            {**ACCEPTED, "notify": ["success", "failure"],
             "success_told": True},
            {**TRIED, "notify": ["success"], "success_told": False,
             "original_recipient": "rfc822;C@example.net"},
            {**REFUSED, "notify": ["never"]}]}, [
        r"by the listener local, as the user app \(ESMTPSA\)$",
        r"^wishes +a bounce is to bring the whole mail back; reports are to "
        r"name it QQ314$",
        r"(?s)<a@example\.org>: mailgun [^\n]*\n +its sender wishes to be told "
        r"of: success, failure; of the success it was$",
        r"(?s)<c@example\.org>: [^\n]*\n +its sender wishes to be told of: "
        r"success\n +its address was at first rfc822;C@example\.net$",
        r"(?s)<d@example\.org>: [^\n]*\n +its sender wishes to be told "
        r"nothing$"]),
    ("refused, and nobody wants to know", {
        "state": "finished", "due": None, "finished": moment(-60),
        "recipients": [{**REFUSED, "notify": ["success", "delay"]}]}, [
        r"Its sender is not told: it wished for no bounce \(NOTIFY\)\."]),
    ("a report is owed", {
        "recipients": [{**ACCEPTED, "notify": ["success"],
                        "success_told": False}]}, [
        r"of: success; of the success it was not yet$",
        r"It waits for the report of success that its sender wished for, to "
        r"be made in 4 min"]),
    ("said once", {"recipients": [TWICE, AGAIN], "attempts": [
        {**ATTEMPT, "status": 400, "text": "HTTP 400: no"}]}, [
        r"<h@example\.org>: waiting; mailgun said HTTP 400: no$",
        r"<i@example\.org>: waiting; upstream said 450 4\.2\.0 later$",
        r"more slowly \(throttle\), after .*: \"HTTP 400: no\"$"]),
    ("doubt alone", {"due": moment(-1), "recipients": [ACCEPTED, DOUBT]}, [
        r"^state +waiting, due 20\S+Z \(in (59|1 h)",
        r"It waits for the end of its doubt in (59 min|1 h).* \(20\S+Z\)\.$",
        r"<b@example\.org> is in doubt until 20",
        r"mandrill was not asked yet whether it has it\.$",
        r"prefer_delivery +it goes to another provider; it may then arrive",
        rf"If you know that it arrived: postferry queue drop {ID} forgets"]),
    ("asked", {"due": moment(30), "recipients": [ASKED],
               "attempts": [{**DOUBTED[0]}], "acts": [NOTE]}, [
        r"(?s)attempt 1: mandrill was asked for.*in doubt: it may or may not "
        r"have been taken \(doubt\).*20\S+Z  asked mandrill: it has the mail$",
        r"<b@example\.org> is in doubt until 20",
        r"^    The attempt began 20\S+Z \(1 min.* ago\)\.$",
        r"^    mandrill was asked whether it has it; the last time it had it "
        r"not: 20\S+Z \([^)]* ago\)\.$",
        r"^    It is asked (in [^,]*|now)\.$"]),
    ("asked in vain", {"due": moment(90), "recipients": [SILENT]}, [
        r"mandrill was asked whether it has it, and gave no answer so far\.$",
        r"^    It is asked (in [^,]*|now), the last time\.$"]),
    ("cannot be asked", {"due": moment(240), "recipients": [RELAYED]}, [
        r"<b@example\.org> is in doubt until 20\S+Z .*: third may have it",
        r"An SMTP server cannot be asked: it gets the mail again itself"]),
    ("a doubt that is held", {"state": "held", "due": None,
                              "hold": "a person has to decide",
                              "recipients": [HELD_DOUBT]}, [
        rf"(?s)postferry queue release {ID} sends it again, and who has it "
        r"already then\s+gets it twice \(counted as a possible duplicate\),$"]),
    ("events", {"state": "finished", "due": None, "finished": moment(-60),
                "recipients": [ACCEPTED], "attempts": [ATTEMPT],
                "acts": [NOTE],
                "events": [{**EVENT, "kind": "accepted", "at": moment(-70)},
                           {**EVENT, "kind": "bounced", "status": 550,
                            "enhanced": "5.1.1", "text": "no such user"},
                           {**EVENT, "kind": "clicked"}]}, [
        r"<a@example\.org>: mailgun accepted it as <1@mg\.example\.com>; "
        r"bounced, 550 5\.1\.1: no such user$",
        r"(?s)attempt 1.*^  20\S+Z  mailgun tells: it has the mail "
        r"\(<a@example\.org>\)$.*^  20\S+Z  mailgun tells: bounced "
        r"\(<a@example\.org>\), 550 5\.1\.1: no such user$.*a link in it"]),
    ("a note alone", {"acts": [NOTE]}, [
        r"^  No provider was asked\.$",
        r"^  20\S+Z  asked mandrill: it has the mail$"]),
    ("dropped as late", {"state": "finished", "due": None, "recipients": [
        recipient("f@example.org", "dropped", text="too late")],
        "acts": [NOTE]}, [r"dropped: not sent, nobody told; too late"]),
    ("dropped by a person", {"state": "finished", "due": None,
                             "recipients": [DROPPED],
                             "acts": [NOTE, {**ACT, "what": "drop"}]}, [
        r"dropped by a person", r"  drop by uid 0$"]),
    ("doubt waited out", {"state": "finished", "due": None,
                          "finished": moment(-60), "recipients": [ACCEPTED],
                          "attempts": DOUBTED}, [
        r"^  Attempt 1 at mandrill was in doubt: if mandrill took it after "
        r"all, it was delivered twice\.$"]),
    ("doubt waited out for one", {"recipients": [ACCEPTED, TRIED],
                                  "attempts": DOUBTED}, [
        r"it was delivered twice \(to 1 recipient\)\.$"]),
    ("client keeps it", {"state": "finished", "due": None,
                         "finished": moment(-60), "recipients": [UNHEARD]}, [
        r"<g@example\.org>: not taken; mailgun: no route$",
        r"(?s)Nothing: its client was told to try again \(451\) and keeps it; "
        r"this is only a\s+record\.$"]),
    ("client keeps it in doubt", {"state": "finished", "due": None,
                                  "recipients": [DOUBT]}, [
        r"<b@example\.org>: in doubt: mandrill may have it$",
        r"its client was told to try again"]),
    ("refused", {"state": "finished", "due": None, "finished": moment(-60),
                 "recipients": [REFUSED]}, [
        r"it is finished: refused; mailgun said 550: no such user",
        r"(?s)Its sender was told in the answer: its client waited \(answer = "
        r"delivered\); no\s+bounce was made\.$"]),
    ("a bounce of another time", {"state": "finished", "due": None,
                                  "recipients": [REFUSED],
                                  "acts": [BOUNCED]}, [
        rf"Its sender is told by the bounce {OTHER}: it is not known any "
        r"more\.$"]),
    ("a held bounce", {"state": "held", "due": None, "report": True,
                       "sender": "", "hold": "it is a report of our own",
                       "recipients": [HELD]}, [
        r"(?s)It is a bounce or a warning of postferry's own, and it was "
        r"refused: nobody\s+is told of that\.$"]),
    ("held after a refusal", {"state": "held", "due": None,
                              "recipients": [HELD], "hold": "it has no sender"},
     [r"It was refused, and its sender was not told\.$"]),
    ("not heard", {"recipients": [UNHEARD]}, [
        r"<g@example\.org>: waiting; mailgun: no route$"]),
    ("overdue", {"due": moment(-10)}, [r"it is due since 20"]),
    ("active", {"state": "active", "due": None}, [r"It is being sent now\."]),
    ("held", {"state": "held", "due": None, "hold": "it has crashed us"}, [
        r"^state +held: it has crashed us$", r"It is held: it has crashed us",
        rf"postferry queue release {ID} sends it",
        rf"postferry queue drop {ID} forgets it"]),
    ("finished", {"state": "finished", "due": None, "finished": moment(-60),
                  "recipients": [ACCEPTED]}, [
        r"^state +finished since 20\S+Z \(\d+ min.* ago\)$",
        r"it is finished: mailgun accepted it as <1@mg\.example\.com>"]),
    ("finished for many", {"state": "finished", "due": None,
                           "recipients": [ACCEPTED, REFUSED, DROPPED]}, [
        r"of 3 recipients 1 accepted, 1 refused, 1 dropped"]),
    ("refused, weighed", {"state": "active", "due": None, "recipients": [
        {**REFUSED, "state": "waiting", "suppressed": False}]}, [
        r"<d@example\.org>: refused, which is not final yet; mailgun said 550: "
        r"no such user$",
        r"Nothing is being sent: mailgun refused it\. Should mailgun refuse"]),
    ("another's turn", {"state": "active", "due": None, "recipients": [
        {**REFUSED, "state": "open"}]}, [
        r"<d@example\.org>: being sent to mailgun$",
        r"^  It is being sent now\.$"]),
    ("a report", {"report": True, "sender": ""}, [
        r"^received .*made by postferry itself", r"^sender +<>$"]),
]


class One(Commands):
    def test_stories(self):
        daemon = self.start_daemon({"GET /status": (200, {
            **STATUS, "providers": [provider("mandrill", "mandrill"),
                                    provider("third", "smtp")]})})
        for name, facts, said in STORIES:
            with self.subTest(name):
                daemon.answers[f"GET /v1/messages/{ID}"] = (200, mail(**facts))
                text = self.run_command("why", ID)
                for pattern in said:
                    self.assertRegex(text, re.compile(pattern, re.M))

    def test_a_doubt_at_a_provider_that_is_gone(self):
        self.start_daemon({f"GET /v1/messages/{ID}": (
            200, mail(due=moment(240), recipients=[RELAYED]))})
        text = self.run_command("why", ID)
        self.assertIn("third may have it", text)
        self.assertNotIn("not asked yet", text)

    def test_pauses_of_its_route_alone(self):
        """Of the route that its recipient, and a field of it, choose."""
        with open(self.settings, "a", encoding="ascii") as settings:
            settings.write(PARTNERS)
        daemon = self.start_daemon({"GET /status": (200, {
            **STATUS, "providers": [
                provider("mailgun", state="paused", until_ms=250_000),
                provider("away", "smtp", "paused", until_ms=250_000),
                provider("bulk", "smtp", "throttled", until_ms=250_000)]})})
        for address, raw, named in (
                ("you@example.org", b"Subject: x\r\n\r\nbody\r\n",
                 ["mailgun"]),
                ("you@partner.example", b"Subject: x\r\n\r\nbody\r\n",
                 ["away"]),
                ("you@example.org", b"X-Bulk: yes\r\n\r\nX\r\n", ["bulk"]),
                # its bytes are not there: of all
                ("you@example.org", None, ["mailgun", "away", "bulk"])):
            with self.subTest(address=address, raw=raw):
                daemon.answers[f"GET /v1/messages/{ID}"] = (
                    200, mail(recipients=[recipient(address)]))
                daemon.answers[f"GET /v1/messages/{ID}/raw"] = (
                    (200, raw) if raw else problem(410, "not kept"))
                self.assertEqual(re.findall(r"  The provider (\w+) ",
                                            self.run_command("why", ID)),
                                 named)

    def test_show_is_facts_alone(self):
        self.start_daemon({f"GET /v1/messages/{ID}": (
            200, mail(attempts=[ATTEMPT]))})
        text = self.run_command("queue", "show", ID)
        self.assertRegex(text, rf"^mail +{ID}\n")
        self.assertNotIn("attempt 1", text)

    def test_json_as_it_came(self):
        story = mail(attempts=[ATTEMPT])
        self.start_daemon({f"GET /v1/messages/{ID}": (200, story)})
        for words in (("why",), ("queue", "show")):
            self.assertEqual(
                json.loads(self.run_command(*words, ID, "--json")), story)

    def test_nothing_reaches_the_terminal(self):
        self.start_daemon({f"GET /v1/messages/{ID}": (200, mail(
            sender="\x1b[31m\u202eevil\u009b", helo="a\r\nb\tc",
            recipients=[recipient("x\0y@example.org", text="\x07\x7f",
                                  provider="p\x1b]0;t\x07")]))})
        self.run_command("why", ID)
        self.assertIsNone(re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", self.out))
        self.assertNotIn("\u009b".encode(), self.out)
        self.assertNotIn("\u202e".encode(), self.out)

    def test_several_and_one_unknown(self):
        self.start_daemon({f"GET /v1/messages/{ID}": (200, mail())})
        text = self.run_command("why", OTHER, ID, code=NOINPUT)
        self.assertIn(f"mail        {ID}", text)
        self.assertIn(f"nothing known of GET /v1/messages/{OTHER}", self.error)

    def test_odd_id_is_one_segment(self):
        daemon = self.start_daemon({})
        self.run_command("why", "../a b?c", code=NOINPUT)
        self.assertEqual(daemon.asked, ["GET /v1/messages/..%2Fa%20b%3Fc"])

    def test_export_is_exact(self):
        blob = b"Subject: \xff\x00x\r\n\r\n" + bytes(range(256)) * 2000
        self.start_daemon({f"GET /v1/messages/{ID}/raw": (200, blob)})
        self.run_command("queue", "export", ID)
        self.assertEqual(self.out, blob)

    def test_export_of_a_finished_mail(self):
        self.start_daemon({f"GET /v1/messages/{ID}/raw": problem(
            410, "its bytes are not kept")})
        self.run_command("queue", "export", ID, code=NOINPUT)
        self.assertEqual((self.out, self.error),
                         (b"", "postferry: its bytes are not kept\n"))

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full")
    def test_export_into_a_full_disk(self):
        self.start_daemon({f"GET /v1/messages/{ID}/raw": (200, b"x" * 9999)})
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [ferry.POSTFERRY, "queue", "export", ID, "--config",
                 self.settings], stdout=full, stderr=subprocess.PIPE,
                timeout=ferry.PATIENCE, check=False)
        self.assertEqual(done.returncode, 74)
        self.assertIn(b"No space left", done.stderr)


class Told(Commands):
    """Whether the sender of a refused mail knows."""

    def test_by_a_bounce(self):
        daemon = self.start_daemon({})
        for bounce, said in (
                (mail(id=OTHER, recipients=[ACCEPTED]),
                 "mailgun accepted it as <1@mg.example.com>"),
                (mail(id=OTHER, state="held", recipients=[
                    recipient("me@example.com", "held", text="no route")]),
                 "held: no route"),
                (mail(id=OTHER), "waiting")):
            with self.subTest(said):
                daemon.answers = {
                    f"GET /v1/messages/{ID}": (200, mail(
                        state="finished", due=None, recipients=[REFUSED],
                        acts=[BOUNCED])),
                    f"GET /v1/messages/{OTHER}": (200, bounce)}
                self.assertIn(
                    f"  Its sender is told by the bounce {OTHER}: {said}.\n",
                    self.run_command("why", ID))

    def test_policy_of_a_doubt(self):
        self.start_daemon({f"GET /v1/messages/{ID}": (200, mail(
            recipients=[DOUBT], acts=[POLICY]))})
        text = self.run_command("why", ID)
        self.assertIn("  When that is over its policy decides, doubt = "
                      "prefer_once: it is asked whether it has the mail.\n",
                      text)
        self.assertNotIn("never_twice", text)


class History(Commands):
    def test_order_and_words(self):
        """What was learnt stands before what it led to; an attempt of which
        one is refused is not refused for all."""
        now = moment(-50)
        self.start_daemon({f"GET /v1/messages/{ID}": (200, mail(
            acts=[{**NOTE, "at": now}],
            attempts=[{**ATTEMPT, "begun": now, "ended": now,
                       "redirected": "staging@example.com",
                       "class": "recipient", "status": 550}]))})
        self.assertRegex(
            self.run_command("why", ID),
            r"(?s)asked mandrill: it has the mail\n.*attempt 1: .*\n"
            r" +redirected to <staging@example\.com>\n"
            r" +one of the recipients, or more, was refused \(recipient, 550\)"
            r", after 1250 ms and ")

    def test_span(self):
        """As the log says it where that is short."""
        daemon = self.start_daemon({})
        for ms, said in ((999, "999 ms"), (1000, "1 s"), (9999, "9999 ms"),
                         (10001, "10 s"), (62000, "1 min 2 s")):
            daemon.answers = {f"GET /v1/messages/{ID}": (200, mail(
                attempts=[{**ATTEMPT, "duration_ms": ms}]))}
            self.assertIn(f"after {said} and ", self.run_command("why", ID))


class Acts(Commands):
    def test_one_by_one(self):
        for verb, done in (("retry", "due now"), ("hold", "held"),
                           ("release", "released"), ("drop", "dropped")):
            with self.subTest(verb):
                daemon = self.start_daemon({
                    f"POST /v1/messages/{ID}/{verb}": (200, {"changed": 1}),
                    f"POST /v1/messages/{OTHER}/{verb}":
                        (200, {"changed": 0})})
                text = self.run_command("queue", verb, ID, OTHER)
                self.assertEqual(text, f"{ID}: {done}\n{OTHER}: there was "
                                 "nothing to change\n")
                self.assertEqual(
                    [key for key in daemon.asked if key.startswith("POST")],
                    [f"POST /v1/messages/{one}/{verb}"
                     for one in (ID, OTHER)])
                daemon.shutdown()
                daemon.server_close()
                os.unlink(os.path.join(self.state, "control"))

    def test_all(self):
        daemon = self.start_daemon({
            "POST /v1/messages/drop?state=held": (200, {"changed": 12}),
            "POST /v1/messages/retry": (200, {"changed": 1})})
        self.assertEqual(
            self.run_command("queue", "drop", "--all", "--state", "held"),
            "12 mails dropped\n")
        self.assertEqual(self.run_command("queue", "retry", "--all"),
                         "1 mail due now\n")
        self.assertEqual(json.loads(self.run_command(
            "queue", "retry", "--all", "--json")), {"changed": 1})
        self.assertEqual(
            len([key for key in daemon.asked if key.startswith("POST")]), 3)

    def test_nothing_is_sent_yet(self):
        full = "The disk is full: nothing is sent until there is room.\n"
        doubt = "1 recipient is in doubt: sent to only when that is over.\n"
        daemon = self.start_daemon({})
        for verb, state, doubts, changed, said in (
                ("retry", "full", 0, 3, "3 mails due now\n" + full),
                ("release", "full", 1, 1, "1 mail released\n" + full + doubt),
                ("retry", "well", 1, 2, "2 mails due now\n" + doubt),
                ("retry", "low", 0, 1, "1 mail due now\n"),
                ("retry", "full", 1, 0, "0 mails due now\n"),
                ("drop", "full", 1, 1, "1 mail dropped\n")):
            with self.subTest((verb, state)):
                daemon.answers = {
                    f"POST /v1/messages/{verb}": (200, {"changed": changed}),
                    "GET /status": (200, {
                        **STATUS, "disk": {**STATUS["disk"], "state": state},
                        "providers": [],
                        "queue": {**STATUS["queue"], "doubts": doubts}})}
                self.assertEqual(self.run_command("queue", verb, "--all"),
                                 said)

    def test_a_doubt_is_not_cut_short(self):
        daemon = self.start_daemon({})
        doubt = rf"^{ID}: in doubt; it is sent when that is over, in (59|1 h)"
        for verb, recipients, said in (
                ("retry", [ACCEPTED, DOUBT], doubt),
                ("retry", [DOUBT, TRIED], rf"^{ID}: due now$"),
                ("hold", [DOUBT], rf"^{ID}: held$")):
            with self.subTest((verb, said)):
                daemon.answers = {
                    f"POST /v1/messages/{ID}/{verb}": (200, {"changed": 1}),
                    f"GET /v1/messages/{ID}": (200, mail(
                        due=moment(0), recipients=recipients))}
                self.assertRegex(self.run_command("queue", verb, ID), said)

    def test_release_sends_who_is_in_doubt(self):
        daemon = self.start_daemon({
            f"POST /v1/messages/{ID}/release": (200, {"changed": 1}),
            f"GET /v1/messages/{ID}": (200, mail(
                state="held", recipients=[DOUBT, ACCEPTED]))})
        self.assertEqual(
            self.run_command("queue", "release", ID),
            f"{ID}: released\n{ID}: 1 recipient was in doubt: sent to again "
            "now, a copy if it arrived before\n")
        self.assertEqual(daemon.asked[0], f"GET /v1/messages/{ID}")

    def test_a_retry_tells_who_is_not_asked(self):
        self.start_daemon({
            f"POST /v1/messages/{ID}/retry": (200, {"changed": 1}),
            "GET /status": (200, {**STATUS, "disk": None, "providers": [
                provider("first", state="paused", until_ms=250_000),
                provider("second")]})})
        self.assertRegex(
            self.run_command("queue", "retry", ID),
            rf"^{ID}: due now\n  The provider first failed: is not asked for "
            r"another 4 min 1\d s\.\n  This asks no provider before its time")

    def test_refused(self):
        for status, code in ((409, TEMPFAIL), (404, NOINPUT),
                             (503, UNAVAILABLE), (400, USAGE), (500, 76)):
            with self.subTest(status):
                daemon = self.start_daemon({
                    f"POST /v1/messages/{ID}/drop":
                        problem(status, "it is being sent"),
                    f"POST /v1/messages/{OTHER}/drop":
                        (200, {"changed": 1})})
                text = self.run_command("queue", "drop", ID, OTHER, code=code)
                self.assertEqual(self.error, "postferry: it is being sent\n")
                self.assertEqual(text, f"{OTHER}: dropped\n")
                daemon.shutdown()
                daemon.server_close()
                os.unlink(os.path.join(self.state, "control"))


class Status(Commands):
    def test_all_of_it(self):
        self.start_daemon({"GET /status": (200, STATUS)})
        text = self.run_command("status")
        for pattern in (
                r"^postferry +9\.9, pid 4711, since 20\S+Z \(1 h 24 min ago\)$",
                r"^ready +no: the disk is full$",
                r"^disk +full: 1\.5 MB of 40\.0 GB are free; mail is taken "
                r"while 200\.0 MB are$",
                r"^queue +12 waiting, 3 being sent, 1 held; 4\.2 MB$",
                r"^ +the oldest came 20\S+Z \(2 h 1 min ago\)$",
                r"^ +2 recipients in doubt$",
                r"^totals +of 1234 recipients that were queued, those of "
                r"bounces too, 1200 settled, 4 bounced, 0 "
                r"dropped, 31 waiting$",
                r"^ +-1 unaccounted for: this must be 0",
                r"^ +40 doubts so far: 30 resolved as accepted; 8 sent again, "
                r"so possibly duplicates, of which 1 confirmed$",
                r"^providers +first \(mailgun\) is asked; 3 requests under "
                r"way of the 8 it bears now, 32 at most, 7 mails wait for a "
                r"free one, it is to be asked about 2 mails in doubt$",
                r"^ +recipients accepted since the start: 1200, attempts that "
                r"failed: 34; 60 of 100 this hour$",
                r"^ +its health is good \(probed 4 min.* ago\): key and "
                r"domain are fine$",
                r"^ +second \(mandrill\) failed: is not asked for another "
                r"34 s; ",
                r"^ +third \(smtp\) failed; asked again with the next mail, "
                r"one at a time until it is back; 1 request under way$",
                r"^ +fourth \(smtp\) failed; asked again with the next mail; 0 "
                r"requests under way, 1 mail waits for a free one$"):
            self.assertRegex(text, re.compile(pattern, re.M))
        self.assertEqual(json.loads(self.run_command("status", "--json")),
                         STATUS)

    def test_what_is_wrong(self):
        """It is said first, worst first, each with what to do."""
        daemon = self.start_daemon({})
        well = {**STATUS, "ready": True, "why": None,
                "queue": {**STATUS["queue"], "held": 0, "doubts": 0},
                "totals": {**STATUS["totals"], "unaccounted": 0},
                "providers": [provider("first"), provider("second")]}
        ill = {"state": "bad", "text": "HTTP 401: the key is refused",
               "advice": "set api_key_file", "probed": moment(-5)}
        for facts, said in (
                ({}, []),
                ({"ready": False, "why": "the disk is full"},
                 [r"No mail is accepted: the disk is full\."]),
                ({"providers": [
                    provider("first", state="unusable", why="HTTP 401: no",
                             since=moment(-7200), until_ms=60000, health=ill),
                    provider("second", reserve=True)]},
                 [r"first cannot be used: it refuses our account; tried again "
                  r"in 1 min.*; so since 20\S+Z \(2 h.* ago\)\.  It said: HTTP "
                  r"401: no  Its probe: HTTP 401: the key is refused",
                  r"    set api_key_file",
                  r"Mail goes by second, the reserve: "]),
                ({"providers": [
                    provider("first", failing=4, why="HTTP 503",
                             health={**ill, "state": "unreachable"}),
                    provider("second", state="probing",
                             health={**ill, "state": "good"})]},
                 [r"first is asked, and failed 4 times in a row; .* HTTP 503",
                  r"first was probed .* ago, and its health is "
                  r"unreachable: ", r"    set api_key_file",
                  r"second failed; asked again with the next mail, one at a "
                  r"time until it is back; its probe is good\.",
                  r"    Nothing: mail returns"]),
                ({"providers": [provider("first", state="distrusted"),
                                provider("second", state="throttled",
                                         until_ms=5000)]},
                 [r"No provider takes mail now: all that comes waits, and ",
                  r"first refuses every mail", r"    Look at what it says",
                  r"second wants to be asked more slowly: is not asked for "
                  r"another 5"]),
                ({"providers": [provider("first", state="exhausted"),
                                provider("second", state="cut off",
                                         refused_senders=["a.example",
                                                          "b.example"])]},
                 [r"No provider takes", r"first has used up its quota",
                  r"    Raise quota_hour", r"second cannot be reached, nor can",
                  r"second refuses mail that is from a\.example, b\.example\.",
                  r"    Verify that domain at the provider"]),
                ({"providers": [
                    provider(name, state="cut off", since=moment(-60),
                             why="refused") for name in ("first", "second")]},
                 [r"No provider can be reached from here: all mail waits; so "
                  r"since 20\S+Z \(.* ago\)\.  Of first: refused",
                  r"    See whether this host reaches anything else"]),
                ({"queue": {**STATUS["queue"], "held": 0, "doubts": 5}},
                 [r"5 recipients are in doubt: ", r"    Nothing at once: "]),
                ({"queue": {**STATUS["queue"], "held": 2, "doubts": 0}},
                 [r"2 mails are held, and not sent until you say so\.",
                  r"    See them with `postferry queue list --state held`"]),
                ({"complaints": [
                    {"kind": "certificate_ended", "subject": "/mail.pem",
                     "since": moment(-7200), "advice": "put a new one there",
                     "text": "the certificate in /mail.pem has ended"}]},
                 [r"Since 20\S+Z \(2 h.* ago\): the certificate in "
                  r"/mail\.pem has ended\.", r"    put a new one there"]),
                ({"totals": STATUS["totals"]},
                 [r"-1 recipients are unaccounted for: this must be 0\.",
                  r"    Please report it\."])):
            with self.subTest(said):
                daemon.answers = {"GET /status": (200, {**well, **facts})}
                text = self.run_command("status").split("\n\n")[0]
                heading, *lines = text.splitlines()
                self.assertEqual(heading, "What is wrong, and what to do"
                                 if said else "Nothing is wrong.")
                self.assertEqual(len(lines), len(said), lines)
                for line, pattern in zip(lines, said):
                    self.assertRegex(line, "^  " + pattern)

    def test_disk(self):
        """A disk that is well is called so only while mail is taken."""
        daemon = self.start_daemon({})
        for state, space, said in (
                ("well", 430_000, "nearly full"), ("well", 4_200_000, "well"),
                ("low", 430_000, "low"), ("full", 0, "full")):
            with self.subTest(said):
                disk = {"state": state, "free_bytes": space,
                        "total_bytes": 41_900_000, "min_free_bytes": 4_200_000}
                daemon.answers = {
                    "GET /status": (200, {**STATUS, "disk": disk})}
                self.assertRegex(self.run_command("status"),
                                 rf"(?m)^disk +{said}: ")

    def test_ready(self):
        daemon = self.start_daemon({"GET /readyz": (200, {"ready": True})})
        self.assertEqual(self.run_command("status", "--ready"), "ready\n")
        daemon.answers = {"GET /readyz": problem(503, "the disk is full")}
        self.run_command("status", "--ready", code=UNAVAILABLE)
        self.assertEqual(self.error, "postferry: the disk is full\n")


# Words that are no command, and what is said.
WRONG = [
    (["queue"], "usage:"),
    (["queue", "eat"], "\"eat\" is none of list, show"),
    (["queue", "list", "x"], "no ID is expected"),
    (["queue", "list", "--all"], "no option here called all"),
    (["queue", "list", "--limit", "0"], "--limit takes a number"),
    (["queue", "list", "--limit", "x"], "--limit takes a number"),
    (["queue", "show"], "the ID of a mail is expected"),
    (["queue", "export"], "the ID of one mail"),
    (["queue", "export", "a", "b"], "the ID of one mail"),
    (["queue", "export", "a", "--json"], "no option here called json"),
    (["queue", "drop"], "either IDs of mails or --all"),
    (["queue", "drop", "x", "--all"], "either IDs of mails or --all"),
    (["queue", "drop", "x", "--state", "held"], "--state goes with --all"),
    (["queue", "drop", "--state", "held"], "--state goes with --all"),
    (["why"], "the ID of a mail is expected"),
    (["why", "x", "--ready"], "no option here called ready"),
    (["status", "x"], "\"x\" is not expected here"),
    (["status", "--nonsense"], "an option is wrong"),
    (["queue", "list", "--nonsense"],
     "postferry queue list: unrecognized option"),
    (["check", "--nonsense"], "postferry check: unrecognized option"),
    (["check", "x"], "postferry check: \"x\" is not expected here"),
    (["queue", "drop", "--al"], "cut short; write it out: all"),
    (["queue", "drop", "--all", "--stat", "held"], "write it out: state"),
    (["queue", "drop", "--all", "--stat=held"], "write it out: state"),
    (["queue", "drop", "--all", "--state", "held", "x"], "either IDs of"),
    (["status", "--conf", "x"], "cut short; write it out: config"),
    (["help", "eat"], "there is no command \"eat\""),
]


class Words(Commands):
    def test_wrong(self):
        for words, said in WRONG:
            with self.subTest(words):
                done = subprocess.run([ferry.POSTFERRY, *words],
                                      capture_output=True, check=False,
                                      timeout=ferry.PATIENCE)
                self.assertEqual(done.returncode, USAGE)
                self.assertIn(said, done.stderr.decode())
                self.assertEqual(done.stdout, b"")

    def test_help(self):
        for words in (["queue"], ["queue", "drop"], ["why"], ["status"]):
            done = subprocess.run([ferry.POSTFERRY, *words, "--help"],
                                  capture_output=True, check=True,
                                  timeout=ferry.PATIENCE)
            text = done.stdout.decode()
            self.assertIn("usage: postferry " + words[0], text)
            self.assertIn("Exit codes:", text)
            self.assertLessEqual(max(map(len, text.splitlines())), 80)
        text = subprocess.run([ferry.POSTFERRY, "--help"], check=True,
                              capture_output=True).stdout.decode()
        for word in ("queue", "why", "status"):
            self.assertRegex(text, rf"(?m)^  {word} ")

    def test_help_of_a_command(self):
        for words in (["serve"], ["check"], ["status"], ["queue"],
                      ["queue", "drop"], ["why"], ["settings"], ["sandbox"],
                      ["simulate"], ["simulate", "smtp"]):
            with self.subTest(words):
                told, asked = (
                    subprocess.run([ferry.POSTFERRY, *line], check=True,
                                   capture_output=True).stdout.decode()
                    for line in (["help", *words], [*words, "--help"]))
                self.assertEqual(told, asked)
                self.assertIn("usage: postferry " + words[0], told)

    def test_faults_are_told_in_their_form(self):
        text = subprocess.run([ferry.POSTFERRY, "simulate", "--help"],
                              check=True, capture_output=True).stdout.decode()
        for form in ("slow=N", "throttle[=N]", "status=STATUS", "text=TEXT",
                     "rcpt=CODE", "refuse"):
            self.assertRegex(text, rf"(?m)^  {re.escape(form)} ")
        self.assertIn("--fault throttle=30 ", text)


class Nobody(Commands):
    """No daemon, or one that cannot be asked."""

    def test_no_state_dir(self):
        self.write_settings("", "delivered")
        self.run_command("queue", "list", code=CONFIG)
        self.assertIn("[server] state_dir is not set", self.error)

    def test_bad_settings(self):
        self.write_settings("hostnam = x\n", "delivered")
        self.run_command("queue", "list", code=CONFIG)
        self.assertIn("hostnam", self.error)

    def test_bad_settings_and_a_daemon(self):
        """It is well with what it read: only where it is must be known."""
        self.start_daemon({"GET /status": (200, STATUS)})
        for bad in ("[server]\nhostnam = x\n", "nothing\n", "min_free = much\n",
                    "[nowhere]\nkey = x\n"):
            with self.subTest(bad):
                self.write_settings(f"state_dir = {self.state}\n{bad}",
                                    "queued")
                self.run_command("status")
                self.assertRegex(
                    self.error, r"(?s)^postferry: warning: .*"
                    rf"{self.settings}:\d+: .*would not start again: .*"
                    rf"asking the one at state_dir = {self.state}\n$")
                self.run_command("check", code=CONFIG)

    def test_the_state_dir_is_given(self):
        """With settings that cannot be read at all."""
        self.start_daemon({"GET /status": (200, STATUS)})
        os.unlink(self.settings)
        self.run_command("status", code=CONFIG)
        done = subprocess.run(
            [ferry.POSTFERRY, "status", "--config", self.settings],
            capture_output=True, timeout=ferry.PATIENCE, check=False,
            env={**os.environ, "POSTFERRY_SERVER_STATE_DIR": self.state})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"warning: settings: cannot read", done.stderr)

    def test_reads_no_more_than_it_needs(self):
        """Who may ask the daemon need not be able to be the daemon."""
        self.start_daemon({"GET /status": (200, STATUS)})
        with open(self.settings, "a", encoding="ascii") as file:
            file.write("[provider mandrill]\ntype = mandrill\n"
                       f"api_key_file = {self.folder}/nowhere\n"
                       "[provider upstream]\ntype = smtp\n"
                       "host = ${NOWHERE}\n"
                       "[route default]\nproviders = nobody\n")
        self.run_command("status")
        self.assertEqual(self.error, "")
        self.run_command("check", code=CONFIG)

    @unittest.skipUnless(os.geteuid() == 0, "only root can become another")
    def test_as_a_member_of_the_group(self):
        self.start_daemon({"GET /status": (200, STATUS)})
        control = os.path.join(self.state, "control")
        os.chmod(self.folder, 0o711)
        os.chmod(self.settings, 0o640)
        os.chown(self.settings, -1, 65534)
        os.chmod(self.state, 0o750)
        os.chown(self.state, -1, 65534)
        for mode, code in ((0o660, 0), (0o600, UNAVAILABLE)):
            with self.subTest(oct(mode)):
                os.chown(control, 0, 65534)
                os.chmod(control, mode)
                done = self.run_as(65534, "status")
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertEqual(b"may this user (uid 65534) open that socket"
                                 in done.stderr, code != 0)

    @unittest.skipUnless(os.geteuid() == 0, "only root can become another")
    def test_lock_of_another(self):
        os.chmod(self.folder, 0o711)
        os.chmod(self.settings, 0o640)
        os.chown(self.settings, -1, 65534)
        ferry.write_private(os.path.join(self.state, "lock"), "")
        os.chown(self.state, 65534, 65534)
        done = self.run_as(65534, "queue", "list")
        self.assertEqual(done.returncode, UNAVAILABLE)
        self.assertIn(b"lock: it belongs to uid 0, and this is uid 65534; run "
                      b"postferry as that user, or", done.stderr)

    def test_no_http(self):
        daemon = self.start_daemon({})
        daemon.RequestHandlerClass = lambda request, *_: (
            request.recv(4096),
            request.sendall(b"220 mail.example.com ESMTP\r\n"))
        self.run_command("queue", "list", code=UNAVAILABLE)
        self.assertIn("the daemon at", self.error)

    @unittest.skipUnless(os.environ.get("FULL"), "FULL=1: takes 20 s")
    def test_no_answer(self):
        """A daemon that hangs is not waited for by who asks how it is."""
        daemon = self.start_daemon({})
        over = threading.Event()
        self.addCleanup(over.set)
        daemon.RequestHandlerClass = lambda request, *_: (
            request.recv(4096), over.wait(2 * ferry.PATIENCE))
        for words in (["status"], ["status", "--ready"]):
            self.run_command(*words, code=UNAVAILABLE)
            self.assertIn("the daemon at", self.error)

    def test_no_json(self):
        self.start_daemon({"GET /status": (200, b"<html>"),
                           f"GET /v1/messages/{ID}": (502, b"oops")})
        self.run_command("status", code=76)
        self.assertIn("the answer is no JSON", self.error)
        self.run_command("why", ID, code=76)
        self.assertIn("of another version", self.error)

    def test_lock_held_and_nobody_answers(self):
        with open(os.path.join(self.state, "lock"), "w",
                  encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.run_command("queue", "list", code=UNAVAILABLE)
        self.assertIn("another postferry holds " + self.state, self.error)

    def test_ready_does_not_open_the_queue(self):
        self.run_command("status", "--ready", code=UNAVAILABLE)
        self.assertEqual(os.listdir(self.state), [])

    def test_reads_the_queue_itself(self):
        told = f"(postferry is not running; read from the queue in {self.state}"
        self.assertEqual(self.run_command("queue", "list"),
                         "There is no mail in the queue.\n")
        self.assertIn(told, self.error)
        text = self.run_command("status")
        self.assertRegex(text, r"(?m)^postferry +\S+, not running$")
        self.assertRegex(text, r"(?m)^queue +0 waiting, 0 being sent, 0 held")
        self.assertRegex(text, r"(?m)^ +0 unaccounted for$")
        self.run_command("why", ID, code=NOINPUT)
        self.assertIn(f"there is no mail {ID}", self.error)
        self.run_command("queue", "drop", ID, code=NOINPUT)
        self.assertEqual(self.run_command("queue", "hold", "--all"),
                         "0 mails held\n")
        self.run_command("queue", "list", "--state", "lost", code=USAGE)
        self.assertIn("one of waiting, active, held, finished", self.error)

    @unittest.skipUnless(os.geteuid() == 0, "only root can become another")
    def test_files_belong_to_the_owner_of_the_directory(self):
        os.chmod(self.folder, 0o711)
        os.chown(self.state, 65534, 65534)
        self.run_command("queue", "list")
        names = os.listdir(self.state)
        self.assertIn("lock", names)
        for name in names:
            status = os.stat(os.path.join(self.state, name))
            self.assertEqual((name, status.st_uid), (name, 65534))


if __name__ == "__main__":
    unittest.main()
