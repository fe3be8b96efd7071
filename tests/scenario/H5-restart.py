# SPDX-License-Identifier: MIT
"""A start with 100,000 waiting mails (ROWS=1000000 for more) is as quick as
with none and takes no more memory; what is due of them is delivered."""

import os
import sqlite3
import time

import durable
import ferry
import ledger

ROWS = int(os.environ.get("ROWS", "100000"))
SAMPLE = 500
# Generous: a busy machine is no reason to fail.
LISTENING_MS = 1000
GROWTH_MB = 8
STARTS = 5


def copy(database, table, changes):
    """Copies the row of mail 1 for each of `one`.number."""
    columns = [row[1] for row in
               database.execute(f"PRAGMA table_info({table})")]
    values = [changes.get(column, f"old.{column}") for column in columns]
    key = "number" if table == "mail" else "mail"
    database.execute(
        f"INSERT INTO {table} ({', '.join(columns)})"
        f" SELECT {', '.join(values)} FROM {table} AS old, one"
        f" WHERE old.{key} = (SELECT min(number) FROM mail)")


def multiply(path, rows):
    """Makes `rows` waiting mails of the one there is, due in an hour."""
    database = sqlite3.connect(path)
    due = int(1000 * time.time()) + 3_600_000
    with database:
        database.execute("CREATE TEMP TABLE one (number INTEGER PRIMARY KEY)")
        database.execute(
            "WITH RECURSIVE count(n) AS (SELECT 1 UNION ALL SELECT n + 1"
            " FROM count WHERE n < ?) INSERT INTO one SELECT"
            " n + (SELECT max(number) FROM mail) FROM count", (rows - 1,))
        copy(database, "mail", {
            "number": "one.number", "due": str(due), "landed": "NULL",
            "id": "substr(old.id, 1, 10) || printf('%016d', one.number)"})
        for table in ("body", "attempt"):
            copy(database, table, {"mail": "one.number"})
        copy(database, "recipient", {
            "mail": "one.number",
            "address": "printf('r%d@example.net', one.number)"})
        database.execute("UPDATE mail SET due = ?, landed = NULL", (due,))
        database.execute(
            "UPDATE total SET accepted = accepted * ?1,"
            " remaining = remaining * ?1, waiting = waiting * ?1,"
            " bytes = bytes * ?1", (rows,))
    database.close()


class Restart(durable.Durable):
    providers = ("mailgun",)
    # No mail waits longer than that: who seems to has seen a clock set back.
    settings = {"server": {"retry": "2h"}}

    def measure(self):
        """(ms to listening of each start, MB resident then)"""
        before, memory = len(self.queue.ready_ms), []
        for _ in range(STARTS):
            self.queue.start()
            durable.pause(0.2)
            memory.append(self.queue.memory_kb() / 1024)
            self.queue.end()
        return self.queue.ready_ms[before:], max(memory)

    def make_due(self, count):
        """The newest ones; whom they are for."""
        path = os.path.join(self.queue.state, "queue.db")
        database = sqlite3.connect(path)
        with database:
            database.execute(
                "UPDATE mail SET due = ?, rounds = 0 WHERE number IN (SELECT"
                " number FROM mail ORDER BY number DESC LIMIT ?)",
                (int(1000 * time.time()), count))
        wanted = {row[0] for row in database.execute(
            "SELECT address FROM recipient ORDER BY mail DESC LIMIT ?",
            (count,))}
        database.close()
        return wanted

    def test_many_wait(self):
        self.queue.end()
        empty_ms, empty_mb = self.measure()
        self.address = self.queue.start()
        self.mailgun.fault("refuse")
        self.accept(ferry.simple(subject="copied"))
        while self.queue.counts()["waiting"] != 1:
            durable.pause(0.02)
        self.queue.end()
        begin = time.monotonic()
        multiply(os.path.join(self.queue.state, "queue.db"), ROWS)
        made = time.monotonic() - begin
        self.mailgun.fault(None)
        ready_ms, ready_mb = self.measure()
        print(f"{ROWS} mails waiting (made in {made:.1f} s): listening after"
              f" {', '.join(f'{ms:.0f}' for ms in ready_ms)} ms"
              f" (empty {', '.join(f'{ms:.0f}' for ms in empty_ms)}),"
              f" {ready_mb:.1f} MB resident (empty {empty_mb:.1f})",
              flush=True)
        if not durable.is_sanitized():  # they have memory of their own
            self.assertLess(min(ready_ms), LISTENING_MS)
            self.assertLess(ready_mb - empty_mb, GROWTH_MB)
        self.deliver_sample()

    def deliver_sample(self):
        wanted = self.make_due(SAMPLE)
        self.address = self.queue.start()
        self.mailgun.numbers(SAMPLE)
        while True:
            counts = self.queue.counts()
            if counts["waiting"] + counts["active"] == ROWS - SAMPLE:
                break
            durable.pause(0.02)
        self.check_totals()
        came = [recipient for arrival in
                ledger.read_arrivals(self.simulators())
                for recipient in arrival.recipients]
        self.assertEqual(sorted(came), sorted(wanted))
        # Fresh mail does not stand behind those that wait.
        self.accept(ferry.simple(subject="fresh"))
        self.mailgun.numbers(SAMPLE + 1)


if __name__ == "__main__":
    ferry.main()
