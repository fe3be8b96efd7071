#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Whether the build is hardened: hardening.py BINARY COMPILE_COMMANDS

checksec reads the program, blhc (Debian's build log hardening check) and the
table below the commands that compiled it.  Prints a line per fault, and exits
1 when there is one."""

import json
import platform
import re
import shutil
import subprocess
import sys
import tempfile

# What checksec says of a program that is hardened.
PROGRAM = {"relro": "full", "canary": "yes", "nx": "yes", "pie": "yes",
           "rpath": "no", "runpath": "no", "fortify_source": "yes"}

# What each source is compiled with, beside what blhc looks for.
FLAGS = ["-fstack-protector-strong", "-fstack-clash-protection",
         "-ftrivial-auto-var-init=zero", "-Werror=format-security",
         "-D_FORTIFY_SOURCE=3"]
ARCHITECTURES = {"x86_64": ["-fcf-protection=full"],
                 "aarch64": ["-mbranch-protection=standard"]}


def read_program(path):
    done = subprocess.run(["checksec", f"--file={path}", "--output=json"],
                          check=True, capture_output=True, text=True)
    return next(iter(json.loads(done.stdout).values()))


def check_program(path):
    found = read_program(path)
    return [f"{path}: checksec says {key} is {found.get(key)!r}, {value!r} is"
            " wanted" for key, value in PROGRAM.items()
            if found.get(key) != value]


def read_commands(path):
    """(file, command) of each source of the program."""
    with open(path, encoding="utf-8") as file:
        for entry in json.load(file):
            if "/tests/" not in entry["file"]:
                yield entry["file"], entry["command"]


def check_flags(commands):
    wanted = FLAGS + ARCHITECTURES.get(platform.machine(), [])
    return [f"{path}: compiled without {flag}"
            for path, command in commands for flag in wanted
            if flag not in command.split()]


def check_log(commands):
    """As the log of a package's build, which blhc reads."""
    log = "dpkg-buildpackage: source package postferry\n" + "".join(
        re.sub(r"^(\S*ccache )?\S*/", "", command) + "\n"
        for _, command in commands)
    with tempfile.NamedTemporaryFile("w", suffix=".log") as file:
        file.write(log)
        file.flush()
        done = subprocess.run(["blhc", "--all", file.name],
                              capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return []
    return [f"blhc: {line[:200]}" for line in
            (done.stdout + done.stderr).splitlines()]


def main(program, log):
    missing = [tool for tool in ("checksec", "blhc") if not shutil.which(tool)]
    if missing:
        sys.exit(f"hardening: {', '.join(missing)} not found: "
                 "sh etc/install.sh test")
    commands = list(read_commands(log))
    if not commands:
        sys.exit(f"hardening: {log} names no source of the program")
    faults = check_program(program) + check_flags(commands)
    faults += check_log(commands)
    print("\n".join(faults))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
