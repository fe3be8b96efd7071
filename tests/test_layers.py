#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The layer test can fail: a small sound tree, and rows that break it."""

import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import layers  # noqa: E402

LICENCE = "/* SPDX-License-Identifier: MIT */\n"

SOUND = {
    "include/core/clock.h": "#include <stdint.h>\nint64_t clock_now(void);\n",
    "src/core/clock.c": '#include "core/clock.h"\n'
                        "int64_t\nclock_now(void)\n{\n\treturn 0;\n}\n",
    "include/mail/spool.h": '#include "core/clock.h"\nint spool_x(void);\n',
    "src/mail/spool.c": '#include "mail/spool.h"\n'
                        "int\nspool_x(void)\n{\n\treturn 0;\n}\n",
    "include/mail/parse.h": "int parse_x(void);\n",
    "src/mail/parse.c": '#include "mail/parse.h"\n#include <gmime/gmime.h>\n',
    "src/smtp/session.h": "int session_x(void);\n",
    "src/smtp/session.c": '#include "session.h"\n',
    "src/main.c": '#include "mail/spool.h"\n',
}

LONG = "int\nspool_x(void)\n{\n" + "\treturn 0;\n" * 60 + "}\n"
DEEP = ("int\nspool_x(void)\n{\n\tif (1)\n\t\tif (1)\n\t\t\tif (1)\n"
        "\t\t\t\tif (1)\n\t\t\t\t\treturn 0;\n}\n")

# (what is wrong, file, its text, what must be said)
ROWS = [
    ("up the layers", "src/core/clock.c",
     '#include "core/clock.h"\n#include "mail/spool.h"\n',
     "core may include no other area"),
    ("sideways", "src/smtp/session.c",
     '#include "session.h"\n#include "dispatch/prepare.h"\n',
     "smtp may include core, mail"),
    ("another's private header", "src/mail/spool.c",
     '#include "mail/spool.h"\n#include "../smtp/session.h"\n',
     "private to its folder"),
    ("a library by the wrong door", "src/mail/spool.c",
     '#include "mail/spool.h"\n#include <gmime/gmime.h>\n',
     "only src/mail/parse*.c, src/mail/bounce*.c, src/mail/composition_parts.c"
     " may"),
    ("a library without a door", "src/mail/spool.c",
     '#include "mail/spool.h"\n#include <zlib.h>\n', "no door"),
    ("a header that is not there", "src/mail/spool.c",
     '#include "mail/spool.h"\n#include "nowhere.h"\n', "not in the project"),
    ("a ring of headers", "include/core/clock.h", '#include "core/loop.h"\n',
     "in a ring: include/core/clock.h, include/core/loop.h"),
    ("a ring of sources", "src/core/clock.c",
     '#include "core/clock.h"\n#include "core/loop.h"\n',
     "in a ring: src/core/clock.c, src/core/loop.c"),
    ("a header without its source", "include/mail/raw.h", "", "has no src"),
    ("a source without its header", "src/mail/spool.c",
     '#include "core/clock.h"\n', "does not include its own"),
    ("a long function", "src/mail/spool.c",
     '#include "mail/spool.h"\n' + LONG, "spool_x has 63 lines"),
    ("a deep function", "src/mail/spool.c",
     '#include "mail/spool.h"\n' + DEEP, "nested deeper than 3"),
    ("many parameters", "src/mail/spool.c",
     '#include "mail/spool.h"\nint\nspool_x(int a, int b, int (*c)(int, int),'
     "\n    int d, int e, int f)\n{\n\treturn 0;\n}\n", "has 6 parameters"),
    ("a long file", "src/mail/spool.c",
     '#include "mail/spool.h"\n' + "\n" * 600, "602 lines, 600 at most"),
    ("a long line", "src/mail/spool.c",
     '#include "mail/spool.h"\n' + "\t" * 10 + "x\n", "81 columns"),
    ("goto", "src/mail/spool.c",
     '#include "mail/spool.h"\nint x(void)\n{\n\tgoto out;\n}\n', "goto"),
    ("a lock that TSan does not see", "src/mail/spool.c",
     '#include "mail/spool.h"\nvoid x(void)\n{\n\tg_mutex_lock(NULL);\n}\n',
     "a lock of GLib's"),
    ("a clock that moves", "src/dispatch/round.c",
     "int64_t x(void)\n{\n\treturn clock_wall_ms();\n}\n",
     "a clock that moves"),
    ("typedef struct", "include/mail/spool.h",
     "typedef struct { int x; } spool;\n", "typedef"),
    ("a name that says nothing", "src/mail/util.c", "", "a file is a noun"),
]


def write_tree(root, files):
    for path, text in files.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(LICENCE + text)


class Layers(unittest.TestCase):
    def faults(self, files):
        with tempfile.TemporaryDirectory() as root:
            write_tree(root, files)
            return layers.check_source(root).lines

    def test_sound(self):
        self.assertEqual(self.faults(SOUND), [])

    def test_rows(self):
        extra = {"include/core/loop.h": '#include "core/clock.h"\n',
                 "src/core/loop.c": '#include "core/loop.h"\n'
                                    '#include "core/clock.h"\n',
                 "include/dispatch/prepare.h": "int prepare_x(void);\n",
                 "src/dispatch/prepare.c": '#include "dispatch/prepare.h"\n'}
        for what, path, text, said in ROWS:
            with self.subTest(what):
                lines = self.faults({**SOUND, **extra, path: text})
                self.assertTrue(any(said in line for line in lines), lines)

    def test_licence(self):
        with tempfile.TemporaryDirectory() as root:
            write_tree(root, SOUND)
            with open(os.path.join(root, "src/mail/parse.c"), "w",
                      encoding="utf-8") as file:
                file.write('#include "mail/parse.h"\n')
            lines = layers.check_source(root).lines
        self.assertEqual(len(lines), 1, lines)
        self.assertIn("licence", lines[0])

    def test_comments_are_not_code(self):
        text = '#include "mail/spool.h"\n/* goto */\nchar x[] = "goto";\n'
        self.assertEqual(self.faults({**SOUND, "src/mail/spool.c": text}), [])

    def test_symbols(self):
        rows = [
            ("own", "core/clock", ("g     F", ".text", "clock_now"), 0),
            ("foreign", "core/clock", ("g     F", ".text", "now"), 1),
            ("half a word", "core/clock", ("g     F", ".text", "clocks"), 1),
            ("needed only", "core/clock", ("g     F", "*UND*", "now"), 0),
            ("static", "core/clock", ("l     F", ".text", "now"), 0),
            ("excepted", "carriers/relay", ("g     F", ".text", "connect"), 0),
            ("variable", "core/clock", ("l     O", ".bss", "last"), 1),
            ("initialized", "core/clock", ("l     O", ".data", "last.0"), 1),
            ("table", "core/clock", ("l     O", ".data.rel.ro.local", "t"), 0),
            ("thread's", "core/clock", ("l     O", ".tbss", "last"), 1),
        ]
        for what, noun, symbol, count in rows:
            with self.subTest(what):
                faults = layers.Faults()
                layers.check_symbol(f"src/{noun}.c", noun.split("/")[1],
                                    symbol, faults)
                self.assertEqual(len(faults.lines), count, faults.lines)

    def test_names_of_libraries(self):
        foreign = {"event_new": "libevent.so"}
        rows = [
            ("theirs", ("g     F", ".text", "event_new"), 1),
            ("called", ("g     F", "*UND*", "event_new"), 0),
            ("static", ("l     F", ".text", "event_new"), 0),
            ("ours", ("g     F", ".text", "event_copy"), 0),
        ]
        for what, symbol, count in rows:
            with self.subTest(what):
                faults = layers.Faults()
                layers.check_foreign("src/mail/event.c", symbol, foreign,
                                     faults)
                self.assertEqual(len(faults.lines), count, faults.lines)


if __name__ == "__main__":
    unittest.main()
