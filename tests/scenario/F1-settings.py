# SPDX-License-Identifier: MIT
"""Settings: every error at once and in words, the environment alone is enough,
secrets come from files and are never shown."""

import os
import pwd
import re
import subprocess
import unittest

import ferry

# Read when no file is named: the host's own, which no test may read.
SETTINGS = "/etc/postferry/postferry.conf"

BAD = """\
[server]
hostnam = ferry.example.com
answer = delivered

[listener local]
deadline = soon
address = 127.0.0.1:99999

[provider mailgun]
type = mailgn
domain = mg.example.com

[provider upstream]
type = smtp
host = smtp.example.net
port = 465

[route default]
providers = mailgun, upstrem
"""

# What must be said of it, each in one line that names file and line.
SAID = [
    r":2: .*hostnam.*hostname",
    r":6: .*deadline.*soon",
    r":7: .*address.*99999",
    r":10: .*type.*mailgn.*mailgun",
]

# Errors of both kinds: a value by itself, and what does not fit together.
BOTH = """\
[server]
state_dr = /var/lib/postferry
doubt_proof = 40m
doubt_once = soon
bounce_route = nowhere
[listener local]
address = 127.0.0.1:x
[provider mailgun]
type = mailgn
domain = mg.example.com
[provider mandrill]
type = mandrill
api_key_file = /nonexistent/key
[provider upstream]
type = smtp
host = smtp.example.net
port = 465
[route codes]
sender_domain = example.com
providers = mailgun, mandrill, upstrem
weights = 1, 2
[provder spare]
type = mandrill
[reserve]
[route rest]
providers = spare, reserve
"""

TOGETHER = [
    r":2: .*state_dr.*did you mean state_dir",
    r":4: .*doubt_once = soon",
    r":5: .*bounce_route.*nowhere",
    r":7: .*address",
    r":9: .*type = mailgn",
    r":13: .*api_key_file",
    r":17: .*port",
    r":19: .*sender_domain.*did you mean sender_domains",
    r":20: .*upstrem",
    r":21: .*weights",
    r":22: .*did you mean \[provider spare\]",
    r":24: .*there is no such section; there are",
    r":26: .*names \"reserve\", and there is no",
]

ROUTES = """\
[server]
bounce_route = reports
[listener local]
address = 127.0.0.1:2500
answer = delivered
control_headers = yes
[provider a]
type = smtp
host = h
domains = shop.example
[provider b]
type = smtp
host = h
port = 2587
[provider c]
type = mailgun
region = eu
domain = mg.shop.example
api_key = 0123456789
[provider d]
type = mandrill
api_key = 0123456789
base_url = https://api.example.net
[route codes]
header = X-Class: otp*
listeners = local
providers = b, a
give_up = 15m
doubt = never_twice
tags = otp, login
metadata = shop=4
track_opens = no
[route shop]
sender_domains = shop.example, .shop.example
providers = a, b
order = weighted
weights = 3, 1
format = raw
[route even]
recipient_domains = example.net
providers = a, b
order = weighted
from = Shop <shop@shop.example>
[route staging]
only_to = example.com, qa@example.net
redirect_to = staging@example.com
providers = a
from = shop@shop.example
rewrite_from = always
[route few]
only_to = example.com
providers = a
[route later]
providers = c, d
track_clicks = html
send_delay = 5m
template = news
[route reports]
redirect_to = postmaster@example.com
providers = b
"""

SUMMARY = """\
  provider a: smtp, h:587
  provider b: smtp, h:2587
  provider c: mailgun, https://api.eu.mailgun.net
  provider d: mandrill, https://api.example.net
  route codes: mail with listeners = local and header = X-Class: otp*
    providers, in the order of trying: b, a
    given up after 15m; doubt = never_twice
    asked of its providers: tags = otp, login; metadata = shop=4; \
track_opens = no
  route shop: mail with sender_domains = shop.example, .shop.example
    providers, drawn by weight, the others follow: a 3, b 1
    given up after 5d; doubt = prefer_delivery; format = raw
  route even: mail with recipient_domains = example.net
    providers, drawn by weight, the others follow: a 1, b 1
    given up after 5d; doubt = prefer_delivery
    leaves as from Shop <shop@shop.example> where a provider may not carry \
its From
  route staging: mail that names it
    providers, in the order of trying: a
    given up after 5d; doubt = prefer_delivery
    leaves as from shop@shop.example
    mail to others than example.com, qa@example.net goes to \
staging@example.com
  route few: mail that names it
    providers, in the order of trying: a
    given up after 5d; doubt = prefer_delivery
    mail to others than example.com is dropped
  route later: mail that names it
    providers, in the order of trying: c, d
    given up after 5d; doubt = prefer_delivery
    asked of its providers: track_clicks = html; send_delay = 5m; \
template = news
  route reports: our bounces
    providers, in the order of trying: b
    given up after 5d; doubt = prefer_delivery
    all of it goes to postmaster@example.com
  route default: all other mail
    providers, in the order of trying: a, b, c, d
    given up after 5d; doubt = prefer_delivery
"""

SECRET = "key-0123456789-secret"


def sanitizers():
    return {name: value for name, value in os.environ.items()
            if name.endswith("SAN_OPTIONS")}


class Settings(ferry.Scenario):
    providers = ("mailgun",)

    def setUp(self):
        self.prepare()

    def write(self, name, text, mode=0o600):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def run_command(self, *arguments, environment=None):
        return subprocess.run(
            [ferry.POSTFERRY, *arguments], capture_output=True, text=True,
            env=environment, timeout=ferry.PATIENCE)

    def test_check_says_all_errors_at_once(self):
        path = self.write("bad.conf", BAD)
        done = self.run_command("check", "--config", path)
        self.assertEqual(done.returncode, 78, done.stderr)
        for pattern in SAID:
            with self.subTest(pattern):
                self.assertRegex(done.stderr, path + pattern)

    def test_one_error_hides_no_other(self):
        """What can be checked together is, and nothing follows from what is
        told already."""
        path = self.write("both.conf", BOTH)
        done = self.run_command("check", "--config", path)
        self.assertEqual(done.returncode, 78, done.stderr)
        lines = done.stderr.splitlines()
        self.assertEqual(len(lines), len(TOGETHER) + 1, done.stderr)
        for line, pattern in zip(lines, TOGETHER):
            self.assertRegex(line, path + pattern)

    def test_serve_refuses_them_too(self):
        path = self.write("bad.conf", BAD)
        done = self.run_command("serve", "--config", path)
        self.assertEqual(done.returncode, 78, done.stderr)
        self.assertIn("hostnam", done.stderr)

    def test_what_does_not_fit_together_is_said_at_once(self):
        path = self.write("fit.conf", "[server]\n"
                          "state_dir = /nonexistent/state\n"
                          "[provider upstream]\ntype = smtp\n"
                          "host = smtp.example.net\nport = 465\n"
                          "[provider idle]\ntype = smtp\n"
                          "host = smtp.example.net\nport = 465\n"
                          "[route default]\nproviders = upstream, mailgn\n")
        for command in ("check", "serve"):
            done = self.run_command(command, "--config", path)
            self.assertEqual(done.returncode, 78, done.stderr)
            self.assertRegex(
                done.stderr,
                rf"(?s){path}:2: .*state_dir = /nonexistent/state: .*"
                rf"{path}:6: .*port.*{path}:10: .*port.*"
                rf"{path}:12: .*mailgn.*"
                r"settings: .*\[listener NAME\].*\b5 errors in the settings")

    def test_state_dir_must_be_a_directory(self):
        good = "[listener local]\naddress = 127.0.0.1:0\n" \
            "[provider upstream]\ntype = smtp\nhost = smtp.example.net\n" \
            "[server]\nstate_dir = "
        file = self.write("file", "")
        for place, said in ((file, "no directory"),
                            (self.folder, None)):
            path = self.write("state.conf", good + place + "\n")
            done = self.run_command("check", "--config", path)
            self.assertEqual(done.returncode, 78 if said else 0, done.stderr)
            if said:
                self.assertRegex(done.stderr, f"{path}:7: .*{file}.*{said}")

    def test_a_queue_needs_a_directory(self):
        """Queued is the default; who does not want it has to say so."""
        good = "[listener local]\naddress = 127.0.0.1:0\n%s" \
            "[provider upstream]\ntype = smtp\nhost = smtp.example.net\n" \
            "[server]\n%s\n"
        far = os.path.join(self.folder, "x" * 100)
        os.mkdir(far)
        for listener, server, said in (
                ("", "", "state_dir = /var/lib/postferry"),
                ("answer = queued\n", "answer = delivered", "no state_dir"),
                ("answer = delivered\n", "", None),
                ("", "answer = delivered", None),
                ("", f"state_dir = {self.folder}", None),
                ("", f"state_dir = {far}", "too long.*at most")):
            path = self.write("queue.conf", good % (listener, server))
            done = self.run_command("check", "--config", path)
            with self.subTest(listener=listener, server=server):
                self.assertEqual(done.returncode, 78 if said else 0,
                                 done.stderr)
                self.assertRegex(done.stderr, said or "^$")

    def test_port_465_says_587(self):
        path = self.write("465.conf", "[listener local]\n"
                          "address = 127.0.0.1:0\n"
                          "[provider upstream]\ntype = smtp\n"
                          "host = smtp.example.net\nport = 465\n"
                          "[route default]\nproviders = upstream\n")
        done = self.run_command("check", "--config", path)
        self.assertEqual(done.returncode, 78, done.stderr)
        self.assertIn("587", done.stderr)

    def test_a_route_names_a_provider_that_is_not_there(self):
        path = self.write("route.conf", "[listener local]\n"
                          "address = 127.0.0.1:0\n"
                          "[provider upstream]\ntype = smtp\n"
                          "host = smtp.example.net\n"
                          "[route default]\nproviders = upstrem\n")
        done = self.run_command("check", "--config", path)
        self.assertEqual(done.returncode, 78, done.stderr)
        self.assertIn("upstrem", done.stderr)

    def test_no_file_is_named(self):
        done = self.run_command("check", "--config", "/nonexistent/x.conf")
        self.assertEqual(done.returncode, 78, done.stderr)
        self.assertIn("/nonexistent/x.conf", done.stderr)

    def test_a_good_file_is_fine(self):
        self.addresses = {"mailgun": "127.0.0.1:1"}
        path = self.write("good.conf", self.write_settings())
        done = self.run_command("check", "--config", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("mailgun", done.stdout)
        self.assertNotIn("key-of-mailgun", done.stdout + done.stderr)

    def test_check_says_what_it_read(self):
        path = self.write("two.conf", "[listener local]\n"
                          "address = 127.0.0.1:2500\n"
                          "answer = delivered\n"
                          "[provider a]\ntype = smtp\nhost = h\n"
                          "[provider b]\ntype = smtp\nhost = h\n"
                          "username = me\npassword = ${SMTP_PASSWORD}\n"
                          "[provider c]\ntype = smtp\nhost = h\n"
                          "[route default]\nproviders = c, b\n")
        done = self.run_command(
            "check", "--config", path, environment={
                "MAILGUN_API_KEY": SECRET, "SMTP_PASSWORD": SECRET,
                "MAILGUN_DOMAIN": "", **sanitizers()})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"file: {path}\n", done.stdout)
        self.assertIn(
            "listener local: 127.0.0.1:2500, SMTP, answer delivered\n"
            "    TLS: off\n    AUTH: off\n"
            "    may send: 127.0.0.0/8, ::1\n", done.stdout)
        self.assertIn("queue: none", done.stdout)
        self.assertIn("trying: c, b\n", done.stdout)
        self.assertRegex(done.stdout, r"in no route, so never used: a\n")
        self.assertRegex(done.stdout, r"not looked at: MAILGUN_API_KEY;")

    def test_check_finds_what_would_end_the_start(self):
        users = self.write("users", "shop:$y$j9T$abcdefghijkl$abcdefghijklmno"
                           "pqrstuvwxyzabcdefghijklmnopq:\n")
        good = ("answer = delivered\n[listener a]\n"
                "address = 127.0.0.1:2500\n[provider p]\ntype = smtp\n"
                "host = h\n")
        listener = ("[listener b]\naddress = 127.0.0.1:2501\n"
                    "auth_plaintext = yes\n")
        as_root = os.geteuid() == 0
        for settings, said in (
                ("[server]\n" + good + "[listener b]\n"
                 "address = 127.0.0.1:2500\n",
                 r":9: \[listener b\] address = 127\.0\.0\.1:2500: "
                 r"\[listener a\] listens there already \(\S+:4, "),
                ("[server]\n" + good + "[listener b]\n"
                 "address = 0.0.0.0:2500\n", r":9: .*listens there already"),
                ("[server]\n" + good + "[listener b]\n"
                 "address = [::1]:2500\n", None),
                (f"[server]\nusers = {users}\n" + good + listener +
                 "[route r]\nuser = shpo, spho\nproviders = p\n",
                 r":13: \[route r\] user: nothing goes by it, for there is "
                 r"no user \"shpo\""),
                (f"[server]\nusers = {users}\n" + good + listener +
                 "[route r]\nuser = a:shop\nproviders = p\n",
                 r":13: \[route r\] user: \"a:shop\" cannot be the name"),
                (f"[server]\nusers = {users}\n" + good + listener +
                 "[route r]\nuser = shop\nproviders = p\n", None),
                ("[server]\nuser = no-such-account\n" + good,
                 as_root and r":2: \[server\] user = no-such-account: there "
                 r"is no such account")):
            with self.subTest(settings):
                path = self.write("start.conf", settings)
                for command in ("check", "serve") if said else ("check",):
                    done = self.run_command(command, "--config", path)
                    self.assertEqual(done.returncode, 78 if said else 0,
                                     done.stderr)
                    self.assertRegex(done.stderr, said or "^$")

        path = self.write(
            "users.conf", f"[server]\nusers = {users}\n" + good + listener +
            "[route r]\nuser = shop, later\nproviders = p\n")
        done = self.run_command("check", "--config", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('warning: [route r] user: there is no user "later" by '
                      "now", done.stdout)

    @unittest.skipUnless(os.geteuid() == 0, "only root can become another")
    def test_state_dir_is_the_accounts(self):
        """Of whom we will be, not of root, who looks."""
        good = "\n[listener local]\naddress = 127.0.0.1:0\n" \
            "[provider upstream]\ntype = smtp\nhost = smtp.example.net\n"
        for user, owner, place, said in (
                ("nobody", 0, self.folder, r"this user may not write into it; "
                 r".*\(here nobody\)"),
                ("nobody", 65534, "/nonexistent", r"\(here nobody\)"),
                ("root", 65534, self.folder,
                 r"belongs to uid 65534, and postferry is to run as root "
                 r"\(user = root\)"),
                ("root", 0, self.folder, None)):
            with self.subTest((user, owner)):
                os.chown(self.folder, owner, owner)
                path = self.write("own.conf", f"[server]\nuser = {user}\n"
                                  f"state_dir = {place}" + good)
                done = self.run_command("check", "--config", path)
                self.assertEqual(done.returncode, 78 if said else 0,
                                 done.stderr)
                self.assertRegex(done.stderr, said or "^$")
        os.chown(self.folder, 0, 0)

    @unittest.skipUnless(os.geteuid() == 0, "only root can become another")
    def test_a_secret_that_is_roots_alone(self):
        """It is read at the start, and cannot be read again."""
        secret = self.write("secret", "key-0123456789\n")
        path = self.write(
            "roots.conf", "[server]\nuser = nobody\nanswer = delivered\n"
            "[listener local]\naddress = 127.0.0.1:0\n[provider mandrill]\n"
            f"type = mandrill\napi_key_file = {secret}\n")
        os.chmod(self.folder, 0o711)
        account = pwd.getpwnam("nobody")
        for group, mode, told in ((0, 0o600, True), (0, 0o640, True),
                                  (account.pw_gid, 0o640, False)):
            with self.subTest(group=group, mode=oct(mode)):
                os.chown(secret, 0, group)
                os.chmod(secret, mode)
                done = self.run_command("check", "--config", path)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(
                    f"warning: the daemon's user cannot read {secret} "
                    in done.stdout, told, done.stdout)

    def test_check_says_who_gets_bounces(self):
        for queue, server, provider, said in (
                (True, "", "type = smtp\nhost = h", "nobody: set .server. "
                 "bounce_domains"),
                (True, "bounce_domains = a.example, b.example",
                 "type = smtp\nhost = h", "senders in: a.example, b.example"),
                (True, "", "type = mailgun\ndomain = mg.example.com\n"
                 "api_key = ${KEY}", "senders in: mg.example.com, "
                 "example.com"),
                (False, "", "type = smtp\nhost = h", None)):
            where = f"state_dir = {self.folder}" if queue else ""
            path = self.write(
                "bounces.conf", f"[server]\n{where}\n{server}\n"
                "[listener local]\naddress = 127.0.0.1:2500\n"
                f"answer = {'queued' if queue else 'delivered'}\n"
                f"[provider b]\n{provider}\n")
            done = self.run_command("check", "--config", path, environment={
                "KEY": SECRET, **sanitizers()})
            with self.subTest(server=server, provider=provider):
                self.assertEqual(done.returncode, 0, done.stderr)
                if said is None:
                    self.assertNotIn("bounces go", done.stdout)
                else:
                    self.assertRegex(done.stdout, f"bounces go to {said}\n")

    def test_check_says_whom_no_bounce_reaches(self):
        """What is refused of their mail is held: that should be meant."""
        text = "[server]\nstate_dir = %s\nbounce_domains = %s\n" \
            "[listener local]\naddress = 127.0.0.1:2500\n" \
            "[provider b]\ntype = mailgun\ndomain = mg.example.com\n" \
            "api_key = ${KEY}\ndomains = mg.example.com, example.org\n"
        for listed, missing in (
                ("nowhere.example", "mg.example.com, example.org"),
                ("example.com, example.org", "mg.example.com"),
                ("*.example.com, example.org", None),
                (".example.com", "example.org"),
                (".mg.example.com, example.org", "mg.example.com"),
                ("MG.example.com, example.org", None)):
            path = self.write("none.conf", text % (self.folder, listed))
            done = self.run_command("check", "--config", path, environment={
                "KEY": SECRET, **sanitizers()})
            self.assertEqual(done.returncode, 0, done.stderr)
            with self.subTest(listed):
                said = re.search(r"warning: these senders get no bounces"
                                 r".*mail: (.*?);", done.stdout)
                self.assertEqual(said and said[1], missing, done.stdout)
        for wrong in ("a.*.example", "*", "exa..mple.com", "a@example.com"):
            path = self.write("none.conf", text % (self.folder, wrong))
            done = self.run_command("check", "--config", path, environment={
                "KEY": SECRET, **sanitizers()})
            self.assertEqual(done.returncode, 78, done.stdout)
            self.assertRegex(done.stderr, ":3: .server. bounce_domains names")

    def test_check_says_what_routes_do(self):
        path = self.write("routes.conf", ROUTES)
        done = self.run_command("check", "--config", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(SUMMARY, done.stdout)

    def test_serve_says_what_it_read(self):
        path = self.write("one.conf", "[listener local]\n"
                          "address = 127.0.0.1:0\nanswer = delivered\n"
                          "[provider b]\ntype = smtp\nhost = h\n")
        server = self.start(
            "postferry", "serve", "--config", path, environment={
                "SMTP_HOST": "smtp.example.net", **sanitizers()})
        server.wait_line(rf"started .*file={path}")
        server.wait_line(r"not looked at.*variables=SMTP_HOST")

    def test_serve_and_check_tell_one_rule(self):
        rules = [re.search(r"(?s)Settings come from.*?\.\.\.\n\n",
                           self.run_command(command, "--help").stdout)[0]
                 for command in ("serve", "check")]
        self.assertEqual(rules[0], rules[1])

    def test_settings_lists_every_key(self):
        done = self.run_command("settings")
        self.assertEqual(done.returncode, 0)
        for key in ("hostname", "address", "api_key", "base_url",
                    "providers", "allow", "deadline"):
            self.assertRegex(done.stdout, rf"(?m)^{key}$")

    def test_a_wrong_command_is_told_where_the_right_ones_stand(self):
        for arguments, said in (
                ((), "sandbox"), (("serv",), "--help"),
                (("simulate", "upstream"), "mailgun, mandrill or smtp"),
                (("sandbox", "--listen", "127.0.0.1:0", "more"), "more")):
            done = self.run_command(*arguments)
            self.assertEqual(done.returncode, 64)
            self.assertIn(said, done.stderr)


    def test_help_and_version_without_hyphens(self):
        for word in ("help", "version"):
            with self.subTest(word):
                bare, long = (self.run_command(prefix + word)
                              for prefix in ("", "--"))
                self.assertEqual((bare.returncode, bare.stdout),
                                 (0, long.stdout))


class Twice(ferry.Scenario):
    """Two daemons cannot have one address or one state_dir."""
    providers = ("mailgun",)

    def setUp(self):
        self.prepare()
        self.addresses = {"mailgun": "127.0.0.1:1"}
        self.settings = {"server": {"state_dir": self.folder}}
        self.start_ferry()

    def run_second(self, **changes):
        self.settings = changes
        path = os.path.join(self.folder, "second.conf")
        ferry.write_private(path, self.write_settings())
        return subprocess.run(
            [ferry.POSTFERRY, "serve", "--config", path], capture_output=True,
            text=True, timeout=ferry.PATIENCE)

    def test_one_state_dir(self):
        done = self.run_second(server={"state_dir": self.folder})
        self.assertEqual(done.returncode, 75, done.stderr)
        self.assertIn(str(self.ferry.child.pid), done.stderr)

    def test_one_address(self):
        done = self.run_second(**{"listener local": {"address":
                                                     self.address}})
        self.assertEqual(done.returncode, 69, done.stderr)
        self.assertIn(self.address, done.stderr)


@unittest.skipIf(os.path.exists(SETTINGS),
                 f"{SETTINGS} is there: without --config it would be read")
class Environment(ferry.Scenario):
    """No file at all: the usual variables are enough."""

    def setUp(self):
        self.prepare()
        self.mailgun = ferry.Simulator(
            self.home, "mailgun", "mailgun", "--key", SECRET,
            "--domain", "mg.example.com")

    def serve(self, **variables):
        base = {"PATH": os.environ["PATH"],
                "MAILGUN_DOMAIN": "mg.example.com",
                "POSTFERRY_PROVIDER_MAILGUN_BASE_URL":
                    f"http://{self.mailgun.address}",
                "POSTFERRY_LISTENER_LOCAL_ADDRESS": "127.0.0.1:0",
                **sanitizers()}
        self.ferry = self.start("postferry", "serve",
                                environment={**base, **variables})
        self.address = self.ferry.wait_line(
            r"listening.*address=(\S+:\d+)")[1]

    def test_the_usual_variables(self):
        self.serve(MAILGUN_API_KEY=SECRET)
        self.accept(ferry.simple())
        self.assertEqual(len(self.mailgun.mails(1)), 1)
        self.assertNotIn(SECRET, self.ferry.text())
        self.assertRegex(self.ferry.text(), r"started .*file=none")

    def test_errors_name_the_usual_variables(self):
        for variables, first, said in (
                ({"MAILGUN_API_KEY": SECRET}, "MAILGUN_API_KEY",
                 r"\bMAILGUN_DOMAIN$"),
                ({"MAILGUN_DOMAIN": "mg.example.com", "MAILGUN_API_KEY": ""},
                 "MAILGUN_DOMAIN", r"\bMAILGUN_API_KEY$"),
                ({"SMTP_HOST": "smtp.example.net", "SMTP_PORT": "465"},
                 "SMTP_PORT", "port = 465.*587"),
                ({"SMTP_PORT": "587"}, "SMTP_PORT", r"\bSMTP_HOST$")):
            with self.subTest(variables):
                done = subprocess.run(
                    [ferry.POSTFERRY, "check"], capture_output=True,
                    text=True, env={**variables, **sanitizers()},
                    timeout=ferry.PATIENCE)
                self.assertEqual(done.returncode, 78, done.stderr)
                self.assertRegex(done.stderr,
                                 rf"(?m)^postferry: {first}: .*{said}")
                self.assertNotIn("POSTFERRY_", done.stderr)

    def test_nothing_at_all(self):
        """Where settings were looked for is told, but not of a file named."""
        empty = os.path.join(self.folder, "empty.conf")
        with open(empty, "w", encoding="utf-8"):
            pass
        for options, missed in (((), True), (("--config", empty), False)):
            with self.subTest(options):
                done = subprocess.run(
                    [ferry.POSTFERRY, "check", *options], capture_output=True,
                    text=True, env=sanitizers(), timeout=ferry.PATIENCE)
                self.assertEqual(done.returncode, 78, done.stderr)
                self.assertIn("no provider is set", done.stderr)
                self.assertEqual(
                    f"there is no file {SETTINGS}" in done.stderr, missed)

    def test_a_secret_from_a_file(self):
        path = os.path.join(self.folder, "key")
        with open(path, "w", encoding="utf-8") as file:
            file.write(SECRET + "\n")
        os.chmod(path, 0o600)
        self.serve(MAILGUN_API_KEY_FILE=path)
        self.accept(ferry.simple())
        self.assertEqual(len(self.mailgun.mails(1)), 1)


if __name__ == "__main__":
    ferry.main()
