# SPDX-License-Identifier: MIT
"""Mails of others in the folder that CORPUS names, mail/NAME.eml, with what
several parsers make of them in expected/NAME.json: what these agree on arrives
by every form, or is in the loss list."""

import glob
import os
import sys

import ferry
import roads
import verdicts

FOLDER = os.environ.get("CORPUS", "")
SKIPPED = 77


def read_mails():
    return [verdicts.read_judged(path, os.path.join(
        FOLDER, "expected", os.path.basename(path)[:-len("eml")] + "json"))
            for path in sorted(glob.glob(f"{FOLDER}/mail/*.eml"))]


def print_missed(arrivals):
    """Each must that a reader misses, and the loss that says so."""
    for one in arrivals:
        for difference in one.differences:
            if difference.level == "must" and one.verdict != "wrong":
                print(f"missed: {one.expected.name} by {one.form}:"
                      f" {difference.kind}: {one.losses}")
        if one.reply[0] != 250:
            print(f"refused: {one.expected.name} by {one.form}:"
                  f" {one.reply[1]}")


class Foreign(roads.Roads):
    def test_every_mail_by_every_form(self):
        mails = read_mails()
        self.assertGreater(len(mails), 0, f"no mail in {FOLDER}/mail")
        arrivals = self.travel(mails)
        print_missed(arrivals)
        print(roads.table(arrivals, f"{len(mails)} mails"))
        print(roads.level_table(arrivals))
        wrong = [line for one in arrivals for line in one.lines()]
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))


if __name__ == "__main__":
    if not os.path.isdir(os.path.join(FOLDER, "mail")):
        print(f"skipped: there is no folder of mails of others ({FOLDER!r},"
              " named by CORPUS)")
        sys.exit(SKIPPED)
    ferry.main()
