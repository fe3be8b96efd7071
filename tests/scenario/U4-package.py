# SPDX-License-Identifier: MIT
"""The Debian package in a clean root: installed, configured, upgraded with mail
waiting, spoiled, removed, installed again, purged.

MAILS=10000: how many wait.  Needs root, and a Debian mirror for the first run of
a build folder."""

import os
import re
import sys
import threading

import debian
import ferry

MAILS = int(os.environ.get("MAILS", "200"))
SESSIONS = 4
ADDRESS = "127.0.0.1:2525"  # the package's own, in a network of our own
CONF = "etc/postferry/postferry.conf"

# What apt and dpkg leave of any package.
USUAL = re.compile(
    r"var/(log|cache)/|var/lib/(apt|dpkg)/(?!.*(postferry|sendmail))"
    r"|etc/(passwd|group|shadow|gshadow|subuid|subgid)-$|etc/ld\.so\.cache$"
    r"|var/lib/systemd(/deb-systemd-helper-enabled(/[\w.-]*\.wants)?)?$"
    r"|etc/systemd/system/[\w.-]*\.wants$")
ACCOUNTS = ("etc/passwd", "etc/group", "etc/shadow", "etc/gshadow")


class Package(ferry.Scenario):
    def setUp(self):
        self.prepare()
        self.mailgun = ferry.Simulator(self.home, "mailgun", "mailgun")
        self.root = debian.Root()
        self.manager = debian.Manager(self.root, self.home)
        self.manager.start()

    def do(self, *command, text=None):
        code, said = self.root.run(*command, text=text)
        self.assertEqual(code, 0, said)
        return said

    def apt(self, *arguments):
        code, said = self.root.apt(*arguments)
        self.assertEqual(code, 0, said)
        return said

    def install(self, release, *options):
        return self.apt("install", *options,
                        self.root.package("postferry", release))

    def sendmail(self, number):
        """As a program of this host does, with no rights of its own."""
        self.do("setpriv", "--reuid=nobody", "--regid=nogroup",
                "--clear-groups", "/usr/sbin/sendmail", "-i", "-f",
                "ann@example.com", f"n{number}@example.net",
                text=ferry.simple(f"Mail {number}").decode())

    def configure(self):
        """What the head of the file tells to do."""
        settings = self.root.read(CONF)
        block = re.search(r"#\[provider mailgun\]\n(#.+\n)+", settings)[0]
        settings = settings.replace(
            block, block.replace("#", "") +
            f"base_url = http://{self.mailgun.address}\n")
        settings = settings.replace(
            "[server]", "[server]\npause_max = 1s\nretry = 1s")
        with open(self.root.at(CONF), "w", encoding="utf-8") as file:
            file.write(settings)
        self.do("install", "-m", "640", "-g", "postferry", "/dev/stdin",
                "/etc/postferry/mailgun.key", text="key-of-mailgun\n")
        self.do("postferry", "check")
        return settings

    def fill(self, first, count):
        """So many mails, each to a recipient of its own."""
        refused = []

        def send(numbers):
            with ferry.Client(ADDRESS) as client:
                for number in numbers:
                    code, text = client.mail(
                        "ann@example.com", [f"n{number}@example.net"],
                        ferry.simple(f"Mail {number}"))
                    if code != 250:
                        refused.append(text)

        threads = [threading.Thread(target=send, args=(
            range(first + each, first + count, SESSIONS),))
            for each in range(SESSIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(refused, [])

    def listed(self):
        said = self.do("postferry", "queue", "list")
        return len(re.findall(r"n\d+@example\.net", said))

    def check_arrived(self, count):
        """All, and each once."""
        for number in range(1000, count, 1000):
            self.mailgun.numbers(number)
        arrived = [mail.recipients for mail in self.mailgun.mails(count)]
        self.assertEqual(sorted(arrived), sorted(
            [f"n{number}@example.net"] for number in range(count)))

    def check_installed(self):
        said = self.install(1)
        self.assertIn("postferry is not started yet", said)
        self.assertEqual(self.manager.starts, 0)
        self.assertIn("postferry:x:", self.root.read("etc/passwd"))
        self.assertEqual(
            self.do("stat", "-c", "%a %U", "/var/lib/postferry"),
            "700 postferry\n")
        self.sendmail(0)  # kept for the first start

    def check_upgraded(self, settings):
        """The scripts restart it; what waits stays, and so do settings."""
        self.check_arrived(1)
        self.mailgun.fault("status=503")
        self.sendmail(1)
        self.fill(2, MAILS - 2)
        said = self.install(2)
        self.assertEqual(self.manager.starts, 2, said)
        self.assertEqual(self.root.read(CONF), settings)
        self.assertEqual(self.listed(), MAILS - 1)
        self.mailgun.fault(None)
        self.check_arrived(MAILS)

    def check_spoiled(self, settings):
        """What the new one cannot start with: the old one goes on."""
        with open(self.root.at(CONF), "a", encoding="utf-8") as file:
            file.write("\n[nonsense]\n")
        said = self.install(2, "--reinstall")
        self.assertIn("postferry is not restarted", said)
        self.assertIn("nonsense", said)
        self.assertEqual(self.manager.starts, 2)
        with open(self.root.at(CONF), "w", encoding="utf-8") as file:
            file.write(settings)

    def check_other(self):
        """Another mail server has a sendmail of its own: it stays."""
        path = self.root.at("usr/sbin/sendmail")
        os.unlink(path)
        with open(path, "x", encoding="utf-8") as file:
            file.write("another's")
        self.install(2, "--reinstall")
        self.check_removed()
        self.assertEqual(self.root.read("usr/sbin/sendmail"), "another's")
        os.unlink(path)

    def check_removed(self):
        self.mailgun.fault("status=503")
        self.fill(MAILS, 1)
        said = self.apt("remove", "postferry")
        self.assertIn("its queue stays in /var/lib/postferry", said)
        self.assertIsNone(self.manager.service)
        self.assertFalse(os.path.exists(self.root.at("usr/sbin/postferry")))
        for path in (CONF, "var/lib/postferry/queue.db"):
            self.assertTrue(os.path.exists(self.root.at(path)), path)

    def check_again(self):
        """Installed over what it left: the mail that waited goes.  With it
        what says that it is the mail system of this host."""
        self.mailgun.fault(None)
        said = self.install(2, self.root.package("postferry-mta", 2))
        self.assertEqual(self.manager.starts, 4, said)
        self.check_arrived(MAILS + 1)

    def start_alone(self):
        """As where there is no systemd: nobody's but the administrator's."""
        self.manager.stop()
        os.rmdir(self.root.at("run/systemd/system"))
        self.do("install", "-d", "-o", "postferry", "-g", "postferry",
                "/run/postferry")
        daemon = ferry.Process(
            self.home, "alone",
            ["chroot", "--userspec=postferry:postferry", self.root.path,
             "/usr/sbin/postferry", "serve"], {"PATH": debian.PATH})
        daemon.wait_line("listening")
        return daemon

    def test_life(self):
        before = self.root.files()
        accounts = [self.root.read(path) for path in ACCOUNTS]
        self.check_installed()
        settings = self.configure()
        self.assertEqual(self.root.run("systemctl", "restart",
                                       "postferry.service")[0], 0)
        self.check_upgraded(settings)
        self.check_spoiled(settings)
        self.check_other()
        self.check_again()
        daemon = self.start_alone()
        said = self.apt("purge", "postferry-mta", "postferry")
        self.assertEqual(daemon.wait_end(), 0)
        self.assertRegex(said, r"postferry: stopping the daemon, pid \d+\n")
        self.assertNotIn("still runs", said)
        self.assertIn("removing its queue in /var/lib/postferry", said)
        self.assertEqual(self.manager.codes, 4 * [0])
        after = self.root.files()
        self.assertEqual(before - after, set())
        self.assertEqual([path for path in sorted(after - before)
                          if not USUAL.match(path)], [])
        self.assertEqual([self.root.read(path) for path in ACCOUNTS],
                         accounts)


if __name__ == "__main__":
    if "ROOT" not in os.environ:
        sys.exit(debian.run_apart(os.path.abspath(__file__), (1, 2)))
    ferry.main()
