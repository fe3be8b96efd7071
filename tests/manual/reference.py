#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Holds what is written of settings, events and commands against the program.

usage: reference.py SOURCE POSTFERRY [--write]

The settings of postferry.conf.5 and etc/postferry.conf.full are made of what
`postferry settings` prints (--write makes them anew), each event that the
source logs stands in postferry.8 with its level and no other does, each command
is told of there, and mandoc finds nothing to complain about.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap

SOURCE = pathlib.Path(sys.argv[1])
POSTFERRY = sys.argv[2]
WRITE = sys.argv[3:] == ['--write']

PAGE = SOURCE / 'src/manual/postferry.8'
CONF_PAGE = SOURCE / 'src/manual/postferry.conf.5'
SENDMAIL_PAGE = SOURCE / 'src/manual/postferry-sendmail.8'
FULL = SOURCE / 'etc/postferry.conf.full'

BEGIN = '.\\" begin of what tests/manual/reference.py writes\n'
END = '.\\" end of what tests/manual/reference.py writes\n'

FULL_HEAD = """\
# Every setting there is, as a comment: what it may hold, its default, what it
# is for.  postferry.conf(5) tells the same, `postferry settings` too.
# Made by tests/manual/reference.py.
"""

faults = []


def ask(*words):
    """What the program prints of these words."""
    return subprocess.run([POSTFERRY, *words], check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def settings():
    """[(section, [(key, form, help)])], as the program prints them."""
    sections = []
    for block in ask('settings').strip().split('\n\n'):
        lines = block.split('\n')
        if lines[0].startswith('['):
            sections.append((lines[0], []))
            continue
        key, form, *rest = lines
        sections[-1][1].append(
            (key, form.strip(), ' '.join(line.strip() for line in rest)))
    return sections


def roff(text):
    """The text as lines of mdoc, one a sentence."""
    text = text.replace('\\', '\\e').replace('-', '\\-')
    text = re.sub(r'`([^`]*)`', r'\\fI\1\\fR', text)
    lines = re.sub(r'([.;]) +(?=[A-Za-z0-9\\])',
                   lambda m: '.\n' if m[1] == '.' else '; ', text).split('\n')
    return [('\\&' + line if line[:1] in ".'" else line).strip()
            for line in lines]


def page_part():
    """The settings as mdoc."""
    lines = []
    for section, keys in settings():
        lines += [f'.Ss {section}', '.Bl -tag -width Ds']
        for key, form, text in keys:
            lines += [f'.It Cm {key}', *roff(form[:1].upper() + form[1:] + '.'),
                      *roff(text)]
        lines.append('.El')
    return '\n'.join(lines) + '\n'


def full():
    """The settings as a file of comments."""
    parts = [FULL_HEAD]
    for section, keys in settings():
        parts.append(f'\n{section.replace("NAME", "example")}\n'
                     if section == '[server]' else
                     f'\n#{section.replace("NAME", "example")}\n')
        for key, form, text in keys:
            default = re.search(r'; default ([^;]*)', form)
            value = '' if default is None or default[1] == 'empty' \
                else default[1]
            told = textwrap.wrap(f'{form[:1].upper()}{form[1:]}. {text}', 76,
                                 break_long_words=False,
                                 break_on_hyphens=False)
            parts.append('\n' + ''.join(f'# {line}\n' for line in told)
                         + f'#{key} = {value}'.rstrip() + '\n')
    return ''.join(parts)


def keep(path, text):
    """The file holds the text, or is written."""
    old = path.read_text() if path.exists() else ''
    if old == text:
        return
    if WRITE:
        path.write_text(text)
        return
    faults.append(f'{path}: is not what `postferry settings` says; run '
                  f'{sys.argv[0]} {SOURCE} {POSTFERRY} --write')


def keep_page():
    text = CONF_PAGE.read_text()
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    keep(CONF_PAGE, head + BEGIN + page_part() + END + tail)


STRING = r'"(?:[^"\\]|\\.)*"'
EVENT = rf'((?:{STRING}\s*)+)'


def join(literals):
    """What string literals, one behind the other, say."""
    return ''.join(part[1:-1].replace('\\"', '"')
                   for part in re.findall(STRING, literals))


def logged():
    """{(event, level)} that the source logs."""
    found = set()
    for path in sorted((SOURCE / 'src').rglob('*.c')):
        text = path.read_text()
        for level, choice in re.findall(
                r'\blog_(debug|info|warn|error)\(\s*([^,;]*?(?:' + STRING
                + r'[^,;"]*?)*?),', text):
            for event in re.findall(EVENT, re.sub(r'^[^"]*\?', '', choice)):
                found.add((join(event), level))
        for level, event in re.findall(
                r'LOG_LEVEL_(DEBUG|INFO|WARN|ERROR),\s*' + EVENT, text):
            found.add((join(event), level.lower()))
        # a table of events that are logged alike
        for event in re.findall(
                r'\[BOUNCE_\w+\] = \{ ' + STRING + r', ' + EVENT, text):
            found.add((join(event), 'info'))
        # what the log says of itself
        for event in re.findall(r'make_line\(line\.level, ' + EVENT, text):
            found.add((join(event), 'warn'))
    return found


def told():
    """{(event, level)} that the page tells of."""
    return set(re.findall(r'^\.It Sy "(.*)" Pq (\w+)$', PAGE.read_text(),
                          re.MULTILINE))


def check_events():
    for event, level in sorted(logged() - told()):
        faults.append(f'{PAGE}: does not tell of the event: '
                      f'.It Sy "{event}" Pq {level}')
    for event, level in sorted(told() - logged()):
        faults.append(f'{PAGE}: tells of an event that nobody logs: '
                      f'"{event}" Pq {level}')


def check_commands():
    page = PAGE.read_text()
    for command in re.findall(r'^  (\w+)  ', ask('help'), re.MULTILINE):
        for line in (f'.Cm {command}', f'.It Cm {command}'):
            if not re.search(rf'^{re.escape(line)}\b', page, re.MULTILINE):
                faults.append(f'{PAGE}: has no line "{line}"')


def check_short():
    """The short example is fine, with secrets and a directory that are here."""
    path = SOURCE / 'etc/postferry.conf'
    with tempfile.TemporaryDirectory() as directory:
        secret = pathlib.Path(directory, 'secret')
        secret.write_text('not a secret\n')
        secret.chmod(0o600)
        variables = {'POSTFERRY_SERVER_STATE_DIR': directory}
        for section, key in (('MAILGUN', 'API_KEY'), ('MANDRILL', 'API_KEY'),
                             ('UPSTREAM', 'PASSWORD')):
            variables[f'POSTFERRY_PROVIDER_{section}_{key}_FILE'] = str(secret)
        done = subprocess.run([POSTFERRY, 'check', '--config', path],
                              text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False,
                              env={'PATH': os.environ['PATH'], **variables})
    if done.returncode != 0:
        faults.append(f'{path}: `postferry check` says: {done.stdout}')


def lint():
    for page in (PAGE, CONF_PAGE, SENDMAIL_PAGE):
        done = subprocess.run(['mandoc', '-Tlint', '-Wwarning', page],
                              text=True, stdout=subprocess.PIPE, check=False)
        faults.extend(done.stdout.strip().split('\n') if done.stdout else [])


keep_page()
keep(FULL, full())
check_events()
check_commands()
check_short()
lint()
for fault in faults:
    print(fault)
sys.exit(1 if faults else 0)
