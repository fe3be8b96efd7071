# SPDX-License-Identifier: MIT
"""The judge of the other scenarios, judged: what was lost, changed, doubled or
made up in the simulators' records must be seen."""

import json
import os
import random
import shutil

import ferry
import ledger
import load


class Judge(ferry.Scenario):
    """Each of the three forms a mail arrives in."""
    providers = ("mailgun",)
    blob = ledger.Blob(random.Random(3).randbytes(100_000))

    def setUp(self):
        super().setUp()
        self.book = ledger.Ledger()
        for letter in (
                self.book.write("small", load.addresses("small")),
                self.book.write_large("large", self.blob,
                                      load.addresses("large", 2))):
            letter.answered(*self.send(letter.data, letter.recipients), 0)
        self.simulator = getattr(self, self.providers[0])
        self.simulator.mails(2)
        self.records = os.path.join(self.folder, self.providers[0])

    def judge(self, **keywords):
        found = ledger.Judgement(
            self.book, ledger.read_arrivals([self.simulator]))
        return [fault.split(":")[0].split(" ", 1)[1]
                for fault in found.faults(**keywords)]

    def edit(self, change):
        """Applies the change to the record of the large mail."""
        for name in sorted(os.listdir(self.records)):
            if not name.endswith(".json"):
                continue
            path = os.path.join(self.records, name)
            if ledger.Arrival(self.records, name).name == "large":
                change(path)
                return

    def rewrite(self, path, change):
        with open(path, encoding="utf-8") as file:
            record = json.load(file)
        change(record)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(record, file)

    def test_all_is_well(self):
        self.assertEqual(self.judge(), [])

    def test_lost(self):
        self.edit(os.unlink)
        self.assertEqual(self.judge(), ["lost"])

    def test_lost_to_one_of_two(self):
        self.edit(lambda path: self.rewrite(
            path, lambda record: record["recipients"].pop()))
        self.assertEqual(self.judge(), ["lost"])

    def test_doubled(self):
        self.edit(lambda path: shutil.copy(
            path, os.path.join(self.records, "999999.json")))
        self.assertEqual(self.judge(), ["doubled without a reason"])
        risk = [("large", address) for address in load.addresses("large", 2)]
        self.assertEqual(self.judge(may_double=risk), [])
        self.edit(lambda path: shutil.copy(
            path, os.path.join(self.records, "999998.json")))
        self.assertEqual(self.judge(may_double=risk),
                         ["doubled without a reason"])

    def test_for_somebody_else(self):
        self.edit(lambda path: self.rewrite(
            path, lambda record: record["recipients"].append(
                {"address": "eve@example.org", "status": "queued"})))
        self.assertEqual(self.judge(), ["changed"])

    def test_changed(self):
        self.edit(self.damage)
        self.assertEqual(self.judge(), ["changed"])

    def damage(self, path):
        def swap(record):
            record["files"][0]["sha256"] = "0" * 64
        self.rewrite(path, swap)

    def test_sent_by_nobody(self):
        del self.book.letters["small"]
        self.assertEqual(self.judge(), ["sent, but by nobody"])

    def test_refused_and_sent(self):
        self.book.letters["small"].code = 451
        self.assertEqual(self.judge(), ["refused and sent all the same"])
        self.assertEqual(self.judge(refused=True), [])


class Mandrill(Judge):
    providers = ("mandrill",)


class Upstream(Judge):
    providers = ("upstream",)

    def damage(self, path):
        with open(path.replace(".json", ".mime"), "r+b") as file:
            file.seek(-100, os.SEEK_END)
            file.write(b"x")


if __name__ == "__main__":
    ferry.main()
