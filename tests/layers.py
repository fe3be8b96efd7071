#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The layer test: who may include whom, and what the source may look like.

layers.py source ROOT           reads every #include and every function
layers.py headers ROOT CC       compiles each header by itself
layers.py symbols ROOT BUILD    reads what each object exports

Prints one line per fault, naming file and line, what was found and what is
allowed, and exits 1 when there is one.  The tables below are the rules.
"""

import fnmatch
import os
import re
import subprocess
import sys

# Whose headers an area may include besides its own.  "" is src/ itself and
# src/cli: what wires everything.
AREAS = {
    "core": set(),
    "mail": {"core"},
    "smtp": {"mail", "core"},
    "dispatch": {"mail", "core", "provider.h", "carrier.h", "alarm.h"},
    "providers": {"mail", "core", "provider.h"},
    "carriers": {"mail", "core", "carrier.h"},
    "simulate": {"mail", "core"},
    "store": {"mail", "core", "store.h"},
    "status": {"mail", "core", "store.h", "status.h"},
    "alarm": {"mail", "core", "carrier.h", "alarm.h"},
    "confine": {"core"},
    "": {"core", "mail", "smtp", "dispatch", "simulate", "confine", "store",
         "status",
         "provider.h", "carrier.h", "store.h", "status.h", "alarm.h"},
}

# The contracts that stand in include/ itself, and the area that keeps them.
CONTRACTS = {"provider.h": "providers", "carrier.h": "carriers",
             "store.h": "store", "status.h": "status", "alarm.h": "alarm"}

# An outside library has one door: the files that may include its headers.
DOORS = [
    ("gmime/*", ["src/mail/parse*.c", "src/mail/bounce*.c",
                 "src/mail/composition_parts.c"]),
    ("iconv.h", ["src/mail/charset.c", "src/mail/label.c",
                 "src/confine/modules.c"]),
    ("dlfcn.h", ["src/confine/modules.c"]),
    ("link.h", ["src/confine/modules.c"]),
    ("idn2.h", ["src/mail/address.c"]),
    ("curl/*", ["src/carriers/http*.c", "src/cli/ask.c"]),
    ("libesmtp.h", ["src/carriers/relay*"]),
    ("auth-client.h", ["src/carriers/relay*"]),
    ("openssl/*", ["src/carriers/relay*", "src/simulate/*", "src/smtp/tls*",
                   "src/smtp/authority*"]),
    ("crypt.h", ["src/smtp/users*"]),
    ("malloc.h", ["src/smtp/ebb.c", "src/cli/simulate.c"]),
    ("seccomp.h", ["src/confine/filter.c"]),
    ("ifaddrs.h", ["src/cli/examine_listeners.c"]),
    # Accounts are looked up where the daemon becomes one.
    ("pwd.h", ["src/confine/privileges.c", "src/cli/sendmail*.c"]),
    ("grp.h", ["src/confine/privileges.c", "src/smtp/rules_door.c"]),
    ("json-c/*", ["src/mail/options_json.c", "src/providers/*", "src/simulate/*", "src/status/*",
                  "src/cli/*", "src/alarm/*"]),
    ("microhttpd.h", ["src/simulate/*", "src/status/*"]),
    ("sqlite3.h", ["src/store/*"]),
    ("event2/*", ["src/core/loop.c", "src/smtp/*", "src/carriers/*",
                  "src/simulate/*", "src/alarm/herald.c"]),
    # Threads and locks live where they are stated.
    ("pthread.h", ["src/core/*", "src/carriers/relay*", "src/simulate/*",
                   "src/status/responder.c", "src/status/sampler.c",
                   "src/status/census.c", "src/status/revision.c",
                   "src/status/album.c", "src/status/handin*"]),
    ("glib.h", ["*"]),
    ("glib/*.h", ["*"]),
]

# The C library and Linux, for everyone.
SYSTEM = set("""assert ctype dirent errno fcntl float inttypes limits locale
    math netdb poll semaphore signal spawn stdalign stdarg stdatomic stdbool
    stddef stdint stdio stdlib string strings syslog sysexits termios threads
    time unistd wchar endian getopt sched""".split())
SYSTEM_FOLDERS = ("sys/", "netinet/", "arpa/", "linux/", "net/")

FILE_LINES = 600
FILE_LINES_WARN = 400
FUNCTION_LINES = 60
NESTING = 3
PARAMETERS = 5
COLUMNS = 80

# Exported names that do not begin with their file's name, and why.
NAMES = {
    "src/main.c": ["main"],
    # libESMTP opens its sockets itself; connect() is where it can be watched.
    "src/carriers/relay*.c": ["connect"],
    # The contract of all carriers is one header: carrier_http_new().
    "src/carriers/*.c": ["carrier_"],
    # A translator is a const table named as its file.
    "src/providers/registry.c": ["registry"],
    # The commands share one header, cli.h: cli_serve().
    "src/cli/*.c": ["cli"],
    # The log's contract is one header.
    "src/core/log_secret.c": ["log"],
    # The two forms of what is handed in.
    "src/status/handin_mail.c": ["handin"],
    # One noun, two words for it.
    "src/mail/envelope.c": ["envelope"],
    "src/mail/exchange.c": ["smtp_reply"],
    "src/mail/message.c": ["header_address", "part", "trait"],
    "src/mail/outcome.c": ["verdict"],
    "src/mail/submission.c": ["answer"],
    "src/simulate/record.c": ["fate"],
    # The settings of a listener stand beside what reads them.
    "src/smtp/rules_*.c": ["rules", "server"],
    "src/smtp/server_settings.c": ["server"],
    # What an answer is made of stands in the one header of the area.
    "src/store/answer.c": ["store"],
}

# Variables that may change, by object and name, and why.
VARIABLES = {
    # The log is everybody's: its writer and its level.
    "log.c": [r"\w+"],
    "log_secret.c": ["secrets"],
    # libESMTP forces a hook on us that has no argument of its own.
    "relay*.c": [r"\w+"],
}


class Faults:
    def __init__(self):
        self.lines = []

    def add(self, path, number, text):
        self.lines.append(f"{path}:{number}: {text}")


def sources(root):
    """Every C file below src and include, as a path from the root."""
    for top in ("include", "src"):
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(folder, name), root)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def blank(match):
    """A comment or string as blanks, so that columns and lines stay."""
    return re.sub(r"[^\n\t]", " ", match.group())


def code_of(text):
    return re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|"
                  r"'(?:\\.|[^'\\\n])+'", blank, text, flags=re.S)


def area_of(path):
    parts = path.split("/")
    if path.startswith("include/"):
        if len(parts) == 2:
            return CONTRACTS.get(parts[1])
        return parts[1]
    return "" if len(parts) == 2 or parts[1] == "cli" else parts[1]


def includes(text):
    for number, line in enumerate(text.split("\n"), 1):
        found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if found:
            yield number, found[1] == '"', found[2]


def resolve(root, path, name):
    """The file of ours that an include names, or None."""
    area = area_of(path)
    places = [os.path.dirname(path), "include"]
    if path.startswith("src/"):
        places.append(f"src/{area}" if area else "src")
    for place in places:
        candidate = os.path.normpath(os.path.join(place, name))
        if os.path.isfile(os.path.join(root, candidate)):
            return candidate
    return None


def check_ours(path, number, target, faults):
    area, other = area_of(path), area_of(target)
    if target.startswith("src/"):
        if os.path.dirname(target) != os.path.dirname(path) and area != "":
            faults.add(path, number, f"{target} is private to its folder")
        elif other != area:
            faults.add(path, number, f"{target} is private to {other}")
        return
    if other == area:
        return
    key = target[len("include/"):] if target.count("/") == 1 else other
    if key not in AREAS[area]:
        allowed = ", ".join(sorted(AREAS[area])) or "no other area"
        faults.add(path, number,
                   f"includes {target}; {area or 'src'} may include {allowed}")


def check_outside(path, number, name, faults):
    if name.endswith(".h") and name[:-2] in SYSTEM:
        return
    if name.startswith(SYSTEM_FOLDERS):
        return
    for pattern, files in DOORS:
        if fnmatch.fnmatch(name, pattern):
            if not any(fnmatch.fnmatch(path, file) for file in files):
                faults.add(path, number,
                           f"includes <{name}>; only {', '.join(files)} may")
            return
    faults.add(path, number,
               f"includes <{name}>, which no door of tests/layers.py has")


def check_includes(root, faults):
    """Each include by the tables; returns who includes whom, by file."""
    graph = {}
    for path in sources(root):
        graph[path] = []
        for number, quoted, name in includes(read(root, path)):
            target = resolve(root, path, name)
            if quoted and target is None:
                faults.add(path, number, f'"{name}" is not in the project')
            elif quoted:
                graph[path].append(target)
                check_ours(path, number, target, faults)
            else:
                check_outside(path, number, name, faults)
    return graph


def module_of(path, graph):
    """A noun: its .c with its header.  A header without a .c (a struct that
    several files share) is no module."""
    source = f"src/{area_of(path)}/{os.path.basename(path)[:-2]}.c"
    return source if source in graph else None


def find_rings(edges):
    """The groups of nodes that reach each other (Tarjan's search)."""
    index, low, stack, rings = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(edges.get(node, ())):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            ring = []
            while not ring or ring[-1] != node:
                ring.append(stack.pop())
            if len(ring) > 1:
                rings.append(sorted(ring))

    for node in sorted(edges):
        if node not in index:
            visit(node)
    return rings


def check_cycles(graph, faults):
    """No ring of headers; and none of modules: what a .c includes it calls,
    what a header includes it only names."""
    headers = {path: targets for path, targets in graph.items()
               if path.endswith(".h")}
    modules = {path: {module_of(target, graph) for target in targets}
               - {None, path}
               for path, targets in graph.items() if path.endswith(".c")}
    for ring in find_rings(headers) + find_rings(modules):
        faults.add(ring[0], 0, "these include each other in a ring: "
                   + ", ".join(ring))


def check_pairs(root, graph, faults):
    """A contract has its .c, and a .c includes its own header."""
    for path in graph:
        base = os.path.basename(path)[:-2]
        area = area_of(path)
        folder = f"src/{area}" if area else "src"
        if path.startswith("src/cli/"):
            folder = "src/cli"
        if path.endswith(".h"):
            name = os.path.basename(path)
            if path.count("/") == 1 and name in CONTRACTS:
                continue
            if path.startswith("src/"):
                continue
            if f"{folder}/{base}.c" not in graph:
                faults.add(path, 1, f"has no {folder}/{base}.c")
            continue
        for header in (f"{folder}/{base}.h", f"include/{area}/{base}.h"):
            if header in graph and header not in graph[path]:
                faults.add(path, 1, f"does not include its own {header}")


FUNCTION = re.compile(r"^(?P<name>[a-z_]\w*)\((?P<rest>.*)$")


def functions(code):
    """(name, parameters, first line, its lines) of each definition (KNF: the
    name at the left edge, the body between braces at the left edge)."""
    lines = code.split("\n")
    start = name = None
    for number, line in enumerate(lines, 1):
        found = FUNCTION.match(line)
        if found:
            start, name = number, found["name"]
        elif start and line.startswith("}"):
            body = lines[start - 1:number]
            if any(part.startswith("{") for part in body):
                head = " ".join(body).split("{")[0]
                yield name, head, start, body
            start = None
        elif start and re.match(r"\S.*;\s*$", line):
            start = None


def count_parameters(head):
    inside = head[head.index("(") + 1:head.rindex(")")]
    depth, count = 0, 1
    for letter in inside:
        depth += (letter in "([") - (letter in ")]")
        count += letter == "," and depth == 0
    return 0 if inside.strip() == "void" else count


def check_functions(path, code, faults):
    for name, head, start, body in functions(code):
        if len(body) > FUNCTION_LINES:
            faults.add(path, start, f"{name} has {len(body)} lines,"
                       f" {FUNCTION_LINES} at most")
        # A callback has the parameters that its library gives it.
        if count_parameters(head) > PARAMETERS and not name.startswith("on_"):
            faults.add(path, start, f"{name} has {count_parameters(head)}"
                       f" parameters, {PARAMETERS} at most: a struct is"
                       " missing")
        for number, line in enumerate(body, start):
            found = re.match(r"(\t+)(if|for|while|switch|do)\b", line)
            if found and len(found[1]) > NESTING:
                faults.add(path, number, f"{name} is nested deeper than"
                           f" {NESTING}")
                break


FORBIDDEN = [
    (r"\bgoto\b", "goto: make two functions of it"),
    # A function type may return one.
    (r"\btypedef\s+(struct|union|enum)\b(?![^;{]*\()",
     "typedef: write the struct out"),
    (r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|alloca)\s*\(",
     "an unbounded or stateful call of the C library"),
    (r"\bassert\s*\(", "assert: g_assert stays on"),
    (r"\bg_(mutex|rec_mutex|rw_lock|cond)_\w+\s*\(",
     "a lock of GLib's, which TSan does not see: pthread's"),
    (r"\b(sleep|usleep|nanosleep)\s*\(", "sleep: wait for the event"),
]
# In the dispatcher, but for what runs elsewhere and dates that people see.
CLOCK = re.compile(r"\bclock_(monotonic|wall)_ms\s*\(")
CLOCK_READERS = ("src/dispatch/prepare.c", "src/dispatch/alarms.c",
                 "src/dispatch/flight.c", "src/dispatch/group.c")
FILE_NAMES = ("util", "utils", "misc", "common", "helper", "helpers",
              "manager", "tools", "info", "data_")


def check_form(path, text, faults):
    code = code_of(text)
    lines = text.split("\n")
    if not lines[0].startswith("/* SPDX-License-Identifier: MIT"):
        faults.add(path, 1, "the first line is not the licence")
    if len(lines) - 1 > FILE_LINES:
        faults.add(path, len(lines), f"{len(lines) - 1} lines, {FILE_LINES}"
                   " at most: split it by noun")
    elif len(lines) - 1 > FILE_LINES_WARN:
        print(f"note: {path}: {len(lines) - 1} lines", file=sys.stderr)
    if os.path.basename(path)[:-2] in FILE_NAMES:
        faults.add(path, 1, "the name says nothing: a file is a noun")
    for number, line in enumerate(code.split("\n"), 1):
        for pattern, why in FORBIDDEN:
            if re.search(pattern, line):
                faults.add(path, number, why)
        if (path.startswith("src/dispatch/") and path not in CLOCK_READERS
                and CLOCK.search(line)):
            faults.add(path, number, "a clock that moves while one thing is"
                       " decided: take dispatcher_now(), dispatcher_wall()")
    for number, line in enumerate(lines, 1):
        if len(line.expandtabs(8)) > COLUMNS and '"' not in line:
            faults.add(path, number, f"{len(line.expandtabs(8))} columns,"
                       f" {COLUMNS} at most")
    check_functions(path, code, faults)


def check_source(root):
    faults = Faults()
    graph = check_includes(root, faults)
    check_cycles(graph, faults)
    check_pairs(root, graph, faults)
    for path in graph:
        check_form(path, read(root, path), faults)
    return faults


def check_headers(root, compiler):
    """Each header by itself, with warnings as errors."""
    faults = Faults()
    modules = ["glib-2.0", "gmime-3.0", "libcurl", "json-c", "libevent",
               "libmicrohttpd", "openssl"]
    flags = subprocess.run(["pkg-config", "--cflags", *modules], check=True,
                           capture_output=True, text=True).stdout.split()
    for path in sources(root):
        if not path.endswith(".h"):
            continue
        area = area_of(path)
        done = subprocess.run(
            [compiler, "-std=gnu17", "-D_GNU_SOURCE", "-Wall", "-Wextra",
             "-Werror", "-fsyntax-only", "-xc", "-Iinclude",
             f"-Isrc/{area}", *flags, "-include", path, "-"],
            cwd=root, input="", capture_output=True, text=True)
        if done.returncode != 0:
            faults.add(path, 1, "does not compile alone:\n" + done.stderr)
    return faults


def fits(path, table, name, compare):
    return any(compare(name, word) for pattern, words in table.items()
               if fnmatch.fnmatch(path, pattern) for word in words)


def is_named(name, word):
    """clock_now of clock, records_keep of record: one or many."""
    noun = word.rstrip("_")
    return name == noun or name.startswith((noun + "_", noun + "s_"))


def objects(root, build):
    """(source, object) of each compiled file of ours."""
    for folder, _, names in os.walk(os.path.join(build, "CMakeFiles")):
        for name in sorted(names):
            path = os.path.join(folder, name)
            inner = os.path.relpath(path, build)  # the checkout may be /src
            if name.endswith(".c.o") and "/src/" in inner:
                source = "src/" + inner.split("/src/", 1)[1][:-2]
                if os.path.isfile(os.path.join(root, source)):
                    yield source, path


def names_of_libraries(build):
    """What the shared libraries of the program define: {name: library}."""
    program = os.path.join(build, "postferry")
    if not os.path.isfile(program):
        return {}
    names = {}
    listed = subprocess.run(["ldd", program], check=True, capture_output=True,
                            text=True).stdout
    for library in re.findall(r"=> (/\S+)", listed):
        table = subprocess.run(["nm", "-D", "--defined-only", library],
                               check=True, capture_output=True,
                               text=True).stdout
        for line in table.splitlines():
            # not those that are made to be replaced
            found = re.search(r" [TDBR] ([^@\s]+)", line)
            if found:
                names[found[1]] = os.path.basename(library)
    return names


def check_symbols(root, build):
    faults = Faults()
    foreign = names_of_libraries(build)
    seen = 0
    for source, path in objects(root, build):
        seen += 1
        table = subprocess.run(["objdump", "-t", path], check=True,
                               capture_output=True, text=True).stdout
        noun = os.path.basename(source)[:-2]
        for line in table.split("\n"):
            found = re.match(r"[0-9a-f]+ (.{7}) (\S+)\s+[0-9a-f]+"
                             r"(?: \.hidden)? (\S+)$", line)
            if found:
                check_symbol(source, noun, found.groups(), faults)
                check_foreign(source, found.groups(), foreign, faults)
    if seen == 0:
        faults.add(build, 0, "holds no object of ours: build it first")
    return faults


def check_foreign(source, symbol, foreign, faults):
    """Whoever in the library, too, calls it would come to ours."""
    flags, section, name = symbol
    if flags[0] in "gu!" and section != "*UND*" and name in foreign:
        faults.add(source, 1, f"exports {name}, and so does {foreign[name]}")


def check_symbol(source, noun, symbol, faults):
    flags, section, name = symbol
    if section == "*UND*" or "d" in flags or "f" in flags:
        return
    if flags[0] in "gu!" and not is_named(name, noun) and not fits(
            source, NAMES, name, is_named):
        faults.add(source, 1, f"exports {name}, which does not begin with"
                   f" {noun}_")
    # GLib's quarks (q.0) and once flags are made by its macros.
    mutable = re.match(r"\.(data|bss|tdata|tbss)(?!\.rel\.ro)", section)
    if mutable and not re.match(r"q\.\d+$|__", name) and not fits(
            os.path.basename(source), VARIABLES, name.split(".")[0],
            lambda have, want: re.fullmatch(want, have)):
        faults.add(source, 1, f"{name} is a variable that may change: hang it"
                   " from an object")


def main(arguments):
    checks = {"source": (check_source, 1), "headers": (check_headers, 2),
              "symbols": (check_symbols, 2)}
    check, count = checks.get(arguments[0] if arguments else "", (None, 0))
    if check is None or len(arguments) != count + 1:
        sys.exit(__doc__)
    faults = check(*arguments[1:])
    for line in sorted(faults.lines):
        print(line)
    sys.exit(1 if faults.lines else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
