# SPDX-License-Identifier: MIT
"""Scenarios of the durable queue: postferry with a state_dir, killed and
started again over the same folder, asked through its own door, and its
database looked at when all has ended."""

import http.client
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import threading
import time

import ferry
import ledger

INVARIANTS = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                          "../store/invariants.sql")

# What an attempt is ended with when the process died in the middle of it.
CUT_SHORT = "process ended before an answer"

ID = r"[0-9A-HJKMNP-TV-Z]{26}"

# So that nothing waits for long: seconds become milliseconds.
QUICK = {"retry": "100ms, 200ms, 400ms", "pause_min": "20ms",
         "pause_max": "200ms", "account_pause": "200ms",
         "throttle_pause": "50ms", "doubt_wait": "500ms",
         "doubt_wait_error": "200ms", "doubt_wait_smtp": "500ms",
         "doubt_move_smtp": "1s", "refusal_wait": "500ms"}


def is_sanitized():
    """Built with ASan or TSan: some things take too long or cannot be."""
    with open(ferry.POSTFERRY, "rb") as file:
        return re.search(rb"__[at]san_init", file.read()) is not None


def pause(seconds):
    """For what can only be asked again and again."""
    threading.Event().wait(seconds)


def percentile(numbers, percent):
    numbers = sorted(numbers)
    return numbers[min(len(numbers) - 1, len(numbers) * percent // 100)]


class Door(http.client.HTTPConnection):
    """state_dir/control, as postferry's own commands use it."""

    def __init__(self, path):
        super().__init__("localhost", timeout=ferry.PATIENCE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)

    def ask(self, method, target):
        """(status, JSON or bytes)"""
        self.request(method, target)
        answer = self.getresponse()
        data = answer.read()
        if "json" in answer.getheader("Content-Type", ""):
            data = json.loads(data)
        return answer.status, data


# Whose attempt had no answer, as when the process died; and of those the ones
# that some attempt was made for later.
AT_RISK = """
SELECT mail.id, recipient.address, EXISTS (
	SELECT * FROM attempt AS later, json_each(later.recipients) AS those
	WHERE later.mail = mail.number AND later.number > attempt.number
	AND those.value = recipient.number)
FROM attempt JOIN mail ON mail.number = attempt.mail,
	json_each(attempt.recipients) AS these
	JOIN recipient ON recipient.mail = mail.number
	AND recipient.number = these.value
WHERE attempt.class = ? AND attempt.text LIKE '%' || ? || '%'"""

RECIPIENTS = """
SELECT mail.id, recipient.address, recipient.state
FROM recipient JOIN mail ON mail.number = recipient.mail"""

ACCEPTED = 2  # enum recipient_state
DOUBT = 8  # enum verdict_class


class Database:
    """Reads the databases of a postferry that has ended."""

    def __init__(self, folder):
        self.folder = folder

    def rows(self, name, query, *values):
        path = os.path.join(self.folder, name)
        if not os.path.exists(path):
            return []
        # It is closed, so nothing is to be made beside it.
        closed = "" if os.path.exists(path + "-wal") else "&immutable=1"
        database = sqlite3.connect(f"file:{path}?mode=ro{closed}", uri=True)
        try:
            return database.execute(query, values).fetchall()
        finally:
            database.close()

    def both(self, query, *values):
        return (self.rows("queue.db", query, *values) +
                self.rows("records.db", query, *values))

    def at_risk(self, text=""):
        """[(id, address, tried again)], a row for each attempt in doubt that
        says this, like CUT_SHORT."""
        return self.both(AT_RISK, DOUBT, text)

    def elsewhere(self):
        """{(id, address)} that no provider accepted: they wait, are held, are
        in doubt, were refused and bounced, or dropped."""
        return {(number, address) for number, address, state in
                self.both(RECIPIENTS) if state != ACCEPTED}

    def attempts(self, address):
        """All that were made for that recipient, for whoever wants to know
        why it came twice."""
        return self.both(
            "SELECT attempt.* FROM attempt JOIN recipient"
            " ON recipient.mail = attempt.mail, json_each(attempt.recipients)"
            " AS these WHERE these.value = recipient.number"
            " AND recipient.address = ?", address)

    def faults(self):
        """Rows of invariants.sql, and what SQLite itself finds."""
        faults = [f"{name}: {row}" for name in ("queue.db", "records.db")
                  for row, in self.rows(name, "PRAGMA integrity_check")
                  if row != "ok"]
        for query in read_queries(INVARIANTS):
            rows = self.rows("queue.db", query)
            if rows:
                faults.append(f"{query.strip()}: {rows[:3]}")
        return faults


def read_queries(path):
    """The statements of an SQL file."""
    queries, text = [], ""
    with open(path, encoding="utf-8") as file:
        for line in file:
            text += line
            if sqlite3.complete_statement(text):
                queries.append(text)
                text = ""
    return queries


class Queue:
    """postferry with a state_dir of its own: start, kill, ask, read.

    A scenario has one; tests of many small crashes have one for each."""

    def __init__(self, home, name, settings, place=None):
        """settings: writes the text of the file, given the state_dir, which
        is made in the folder `place`, or else in that of home."""
        self.home = home
        self.name = name
        self.state = os.path.join(place or home.folder, name + ".state")
        os.makedirs(self.state, exist_ok=True)
        self.config = os.path.join(home.folder, name + ".conf")
        ferry.write_private(self.config, settings(self.state))
        self.database = Database(self.state)
        self.process = None
        self.address = None
        self.ready_ms = []
        self.dead = []

    def spawn(self, wrap=()):
        """Starts it, without waiting for anything."""
        self.began = time.monotonic()
        self.process = ferry.Process(
            self.home, self.name,
            [*wrap, ferry.POSTFERRY, "serve", "--config", self.config])
        return self.process

    def wait_listening(self, patience=ferry.PATIENCE):
        self.address = self.process.wait_line(
            r"listening.*address=(\S+:\d+)", patience=patience)[1]
        self.ready_ms.append(1000 * (time.monotonic() - self.began))
        return self.address

    def start(self, wrap=()):
        self.spawn(wrap)
        return self.wait_listening()

    def forget(self):
        """Of the many that were killed the last three tell enough."""
        text = self.process.text()
        found = ferry.REPORT.search(text)
        assert not found, text[max(0, found.start() - 2000):][:8000]
        self.dead.append(self.process)
        if len(self.dead) > 3:
            self.home.processes.remove(self.dead.pop(0))
        self.process = self.address = None

    def kill(self):
        code = self.process.kill()
        self.forget()
        if code != -signal.SIGKILL:
            raise AssertionError(f"{self.name} ended with {code} by itself")

    def end(self, wanted=0, number=signal.SIGTERM):
        """Stops it as a service manager does."""
        self.process.wanted = wanted
        if number:
            self.process.signal(number)
        code = self.process.wait_end()
        text = self.process.text()
        self.forget()
        if code != wanted:
            raise AssertionError(f"{self.name} ended with {code}, not"
                                 f" {wanted}\n{text[-3000:]}")

    def ask(self, target, method="GET"):
        door = Door(os.path.join(self.state, "control"))
        try:
            return door.ask(method, target)
        finally:
            door.close()

    def status(self):
        return self.ask("/status")[1]

    def counts(self):
        return self.status()["queue"]

    def story(self, number):
        code, story = self.ask(f"/v1/messages/{number}")
        assert code == 200, story
        return story

    def list(self, state=None):
        """Every mail of a state (None: all that are not finished)."""
        door = Door(os.path.join(self.state, "control"))
        mails, after = [], ""
        try:
            while True:
                code, page = door.ask(
                    "GET", "/v1/messages?limit=1000" + after +
                    f"&state={state or 'unfinished'}")
                assert code == 200, page
                mails += page["messages"]
                if not page["next"]:
                    return mails
                after = "&after=" + page["next"]
        finally:
            door.close()

    def drain(self, patience=ferry.PATIENCE):
        """Until nothing waits and nothing is under way; what is held may
        be."""
        deadline = time.monotonic() + patience
        while True:
            counts = self.counts()
            if counts["waiting"] + counts["active"] == 0:
                return counts
            if time.monotonic() > deadline:
                raise ferry.Stuck(f"{self.name} does not drain: {counts}")
            pause(0.02)

    def wait_swept(self):
        """Of an empty queue: until no file of a body is left.  Those that a
        crash left are swept some time after the start."""
        deadline = time.monotonic() + ferry.PATIENCE
        while left := os.listdir(os.path.join(self.state, "bodies")):
            if time.monotonic() > deadline:
                raise ferry.Stuck(f"bodies without a mail stay: {left[:3]}")
            pause(0.02)

    def command(self, *arguments, code=0):
        """postferry ARGUMENTS --config FILE; what it prints."""
        done = subprocess.run(
            [ferry.POSTFERRY, *arguments, "--config", self.config],
            capture_output=True, timeout=ferry.PATIENCE, check=False)
        assert done.returncode == code, (
            f"{arguments}: {done.returncode}, not {code}: "
            f"{done.stderr.decode()}{done.stdout[-500:].decode()}")
        return done.stdout

    def command_json(self, *arguments, code=0):
        return json.loads(self.command(*arguments, "--json", code=code))

    def memory_kb(self, key="VmRSS"):
        path = f"/proc/{self.process.child.pid}/status"
        with open(path, encoding="ascii") as file:
            return int(re.search(rf"{key}:\s+(\d+) kB", file.read())[1])


class Durable(ferry.Scenario):
    """A scenario whose postferry has a queue."""
    answer = "queued"
    fast = True

    def start_ferry(self, *_, settings=None):
        self.queue = Queue(self.home, "postferry",
                           settings or self.write_durable)
        self.address = self.queue.start()

    def write_durable(self, state):
        given = dict(self.settings)
        server = {"answer": self.answer, "state_dir": state}
        if self.fast:
            server.update(QUICK)
        server.update(given.get("server", {}))
        self.settings = {**given, "server": server}
        try:
            return self.write_settings()
        finally:
            self.settings = given

    @property
    def ferry(self):
        return self.queue.process

    def restart(self, number=signal.SIGTERM):
        if number == signal.SIGKILL:
            self.queue.kill()
        else:
            self.queue.end(number=number)
        self.address = self.queue.start()

    def simulators(self):
        return [getattr(self, name) for name in self.providers]

    def fault_all(self, words):
        for simulator in self.simulators():
            simulator.fault(words)

    def accept_id(self, *arguments, **keywords):
        """Sends, insists on the 250; the mail's id."""
        return re.search(ID, self.accept(*arguments, **keywords))[0]

    def post(self, letter):
        """One mail of the ledger over a connection of its own."""
        letter.answered(*self.send(letter.data, letter.recipients,
                                   letter.sender), time.time())
        return letter

    def find_elsewhere(self, book):
        """{(name, recipient)} that the queue has, holds or bounced, of the
        mails accepted."""
        by_id = {letter.id: letter for letter in book.accepted()}
        return {
            (by_id[mail["id"]].name, recipient["address"])
            for state in (None, "finished") for mail in self.queue.list(state)
            if mail["id"] in by_id for recipient in mail["recipients"]
            if recipient["state"] != "accepted"}

    def judge(self, book, may_double=(), refused=False):
        """Nothing of the ledger is lost, changed or doubled."""
        judgement = ledger.Judgement(
            book, ledger.read_arrivals(self.simulators()),
            self.find_elsewhere(book))
        self.assertEqual(judgement.faults(may_double, refused), [])
        return judgement

    def check_totals(self):
        """The number that must be 0."""
        status = self.queue.status()
        self.assertEqual(status["totals"]["unaccounted"], 0, status)
        return status["totals"]

    def inspect(self):
        if not os.path.exists(os.path.join(self.queue.state, "queue.db")):
            return []
        return self.queue.database.faults()
