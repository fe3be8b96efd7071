#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Whether `cmake --install` puts what into which place, and whether the shells
complete what the installed program knows: install.py SOURCE BUILD

Prints what is wrong, and exits 1 then.  Without zsh nothing is said of it."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

PREFIX = "/opt/ferry"
FILES = {
    "lib/systemd/system/postferry.service",
    "lib/systemd/system/postferry.socket",
    "sbin/postferry",
    "share/bash-completion/completions/postferry",
    "share/doc/postferry/README.md",
    "share/doc/postferry/openapi.yaml",
    "share/doc/postferry/recipes.md",
    "share/doc/postferry/examples/postferry.conf",
    "share/doc/postferry/examples/postferry.conf.full",
    "share/doc/postferry/grafana/postferry.json",
    "share/doc/postferry/prometheus/postferry.rules.yaml",
    "share/man/man5/postferry.conf.5",
    "share/man/man8/postferry.8",
    "share/man/man8/postferry-sendmail.8",
    "share/zsh/site-functions/_postferry",
}

# What follows `postferry`, and what is offered in place of its last word.
OFFERS = (
    ("queue ", {"list", "show", "export", "retry", "hold", "release", "drop"}),
    ("queue re", {"retry", "release"}),
    ("user ", {"add", "token", "remove", "check", "list"}),
    ("simulate ", {"mailgun", "mandrill", "smtp"}),
    ("user add shop --", {"--senders", "--cost", "--scope", "--file",
                         "--config"}),
    ("status --r", {"--ready"}),
    ("check --o", {"--online"}),
    ("serve ", set()),
    ("nothing ", set()),
    ("nothing --", set()),
)

BASH = """
. "$SCRIPT"
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_postferry
printf '%s\\n' "${COMPREPLY[@]}"
"""

# Stand-ins for what offers in zsh: matching is its own business.
ZSH = """
_call_program() { shift; "$@" }
_files() { }
_describe() {
	local array=${@[-1]} each
	for each in ${(P)array}; do
		[[ $each == ${words[CURRENT]}* ]] && print -r -- ${each%%:*}
	done
}
words=("$@") CURRENT=$#
source "$SCRIPT"
"""


def install(build, folder):
    done = subprocess.run(
        ["cmake", "--install", build, "--prefix", PREFIX], check=False,
        env={**os.environ, "DESTDIR": folder}, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stdout + done.stderr)


def check_files(root):
    found = {os.path.relpath(os.path.join(folder, name), root)
             for folder, _, names in os.walk(root) for name in names}
    return [f"{name}: not installed" for name in sorted(FILES - found)] + \
        [f"{name}: installed, and nobody knows" for name in
         sorted(found - FILES)]


def check_unit(root):
    path = os.path.join(root, "lib/systemd/system/postferry.service")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    program = f"{PREFIX}/sbin/postferry"
    return [f"{path}: {name} does not name {program}"
            for name in ("ExecStart", "ExecPaths")
            if not re.search(f"^{name}={program} ", text, re.M)]


def complete(shell, code, script, words):
    done = subprocess.run(
        [*shell, "-c", code, shell[0], *words], check=False,
        env={**os.environ, "SCRIPT": script}, capture_output=True, text=True)
    return set(done.stdout.split()), done.stderr


def read_commands(source):
    """What the program's own table has."""
    with open(os.path.join(source, "src/main.c"), encoding="utf-8") as file:
        return set(re.findall(r'^\t\{ "(\w+)", cli_\w+,', file.read(), re.M))


def check_shell(source, root, shell, code, script):
    program = os.path.join(root, "sbin/postferry")
    commands = read_commands(source)
    faults = []
    for line, wanted in (("", commands), ("help ", commands)) + OFFERS:
        words = [program, *line.split(" ")]
        found, said = complete(shell, code, script, words)
        if shell[0] == "bash" and line == "":
            found -= {"help", "--help", "--version"}
        if found != wanted or said:
            faults.append(f"{shell[0]}: postferry {line!r} offers {found},"
                          f" not {wanted} {said}")
    return faults


def main(source, build):
    with tempfile.TemporaryDirectory() as folder:
        install(build, folder)
        root = folder + PREFIX
        faults = check_files(root) + check_unit(root)
        faults += check_shell(
            source, root, ["bash", "--norc"], BASH,
            f"{root}/share/bash-completion/completions/postferry")
        if shutil.which("zsh"):
            faults += check_shell(
                source, root, ["zsh", "-f"], ZSH,
                f"{root}/share/zsh/site-functions/_postferry")
        else:
            print("zsh is not here: its completion is not looked at")
    print("\n".join(faults) or "all installed, all completed")
    return 1 if faults else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2]))
