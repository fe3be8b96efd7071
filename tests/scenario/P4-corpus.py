# SPDX-License-Identifier: MIT
"""Every mail of tests/corpus by every form: what was written is what arrives,
or the difference stands in the loss list."""

import glob
import os

import ferry
import roads
import verdicts

MAILS = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                     "../corpus/mails")


class Corpus(roads.Roads):
    def test_every_mail_by_every_form(self):
        mails = [verdicts.read_own(path)
                 for path in sorted(glob.glob(f"{MAILS}/*.eml"))]
        self.assertGreaterEqual(len(mails), 150)
        arrivals = self.travel(mails)
        print(roads.table(arrivals, f"{len(mails)} mails"))
        wrong = [line for one in arrivals for line in one.lines()]
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))


if __name__ == "__main__":
    ferry.main()
