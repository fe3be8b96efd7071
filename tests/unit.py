#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Whether systemd understands our units, and how much the service leaves open:
unit.py ROOT

systemd-analyze verify must say nothing of them, systemd-analyze security at
most EXPOSURE_MOST.  Prints what is wrong, and exits 1 then; without
systemd-analyze nothing can be said, and nothing is wrong."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

EXPOSURE_MOST = 2.0
PROGRAM = "/usr/sbin/postferry"
UNITS = ("postferry.service", "postferry.socket")


def run(*arguments):
    done = subprocess.run(["systemd-analyze", *arguments], text=True,
                          capture_output=True, check=False, timeout=60)
    return done.stdout + done.stderr


def copy_units(source, folder):
    """The program need not be installed here."""
    for name in UNITS:
        with open(os.path.join(source, name), encoding="utf-8") as file:
            text = file.read()
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text.replace(f"={PROGRAM} ", "=/bin/true "))


def verify(folder):
    said = run("verify", *(os.path.join(folder, name) for name in UNITS))
    return [line for line in said.splitlines() if "postferry" in line]


def measure(path):
    found = re.search(r"exposure level for \S+: ([\d.]+)",
                      run("security", "--offline=yes", path))
    return float(found[1]) if found else None


def main(root):
    if not shutil.which("systemd-analyze"):
        print("systemd-analyze is not here: not looked at")
        return 0
    source = os.path.join(root, "etc")
    with tempfile.TemporaryDirectory() as folder:
        copy_units(source, folder)
        faults = verify(folder)
        exposure = measure(os.path.join(folder, UNITS[0]))
    if exposure is None or exposure > EXPOSURE_MOST:
        faults.append(f"{UNITS[0]}: its exposure is {exposure},"
                      f" {EXPOSURE_MOST} at most")
    print("\n".join(faults) or f"exposure {exposure}")
    return 1 if faults else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
