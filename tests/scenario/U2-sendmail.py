# SPDX-License-Identifier: MIT
"""The sendmail command: mail from programs that know no SMTP, handed over to
the daemon, or left for it while that is away."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import threading
import time
import unittest

import ferry

NOBODY = 65534

MAIL = """\
From: Ann <ann@example.com>
To: Bob <bob@example.net>, "C, D" <cd@example.net>
Cc: friends: eve@example.net, fay@example.org;
Bcc: hidden@example.org
Subject: Hello

Good day.
"""


class Sendmail(ferry.Scenario):
    providers = ("upstream",)

    def prepare(self):
        super().prepare()
        os.chmod(self.folder, 0o711)  # others than us leave mail, too
        self.drop = os.path.join(self.folder, "drop")
        os.mkdir(self.drop)
        os.chmod(self.drop, 0o3733)
        self.alarms = os.path.join(self.folder, "alarms")
        ferry.write_private(self.alarms, "")
        self.place = "unix:" + os.path.join(self.folder, "sendmail.socket")
        self.program = os.path.join(self.folder, "sendmail")
        os.symlink(os.path.abspath(ferry.POSTFERRY), self.program)

    def write_settings(self):
        state = os.path.join(self.folder, "state")
        os.makedirs(state, exist_ok=True)
        self.settings = {
            "server": {"answer": "queued", "state_dir": state,
                       "sendmail": self.place, "drop": self.drop,
                       "alarm_command": "/usr/bin/tee -a " + self.alarms},
            "listener sendmail": {
                "address": self.place, "socket_mode": "0666",
                "aliases": "root:ops@example.com", "recipients": "3"},
        }
        return super().write_settings()

    def environment(self):
        return {**os.environ, "POSTFERRY_SERVER_SENDMAIL": self.place,
                "POSTFERRY_SERVER_DROP": self.drop}

    def run_as(self, words, data=b"", uid=None):
        if isinstance(data, str):
            data = data.encode()
        who = [] if uid is None else [
            "setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
        return subprocess.run(
            [*who, *words], input=data, capture_output=True, check=False,
            timeout=ferry.PATIENCE, env=self.environment())

    def sendmail(self, *arguments, data=MAIL, code=0, uid=None):
        """What it wrote."""
        done = self.run_as([self.program, *arguments], data, uid)
        said = (done.stdout + done.stderr).decode()
        self.assertEqual(done.returncode, code, said)
        return said

    def end_ferry(self, number=signal.SIGTERM):
        self.ferry.signal(number)
        self.ferry.wait_end()
        self.home.processes.remove(self.ferry)

    def left(self):
        return sorted(os.listdir(self.drop))

    def wait_left(self, wanted):
        """Until these are what is left in the drop directory."""
        deadline = time.monotonic() + ferry.PATIENCE
        while self.left() != wanted:
            self.assertLess(time.monotonic(), deadline, self.left())
            threading.Event().wait(0.02)

    def leave(self, *arguments, **keywords):
        """The name of the file of a mail that nobody took."""
        before = self.left()
        self.sendmail(*arguments, **keywords)
        names = [name for name in self.left() if name not in before]
        self.assertEqual(len(names), 1)
        return names[0]


class HandedOver(Sendmail):
    def one(self):
        mail, = self.upstream.mails(1)
        self.upstream.clear()
        return mail

    def test_header(self):
        """More recipients than are taken at once: a mail of three, and one of
        two."""
        self.sendmail("-t", "-f", "ann@example.com", "--", data=MAIL)
        mails = self.upstream.mails(2)
        self.assertEqual(
            sorted(sum((mail.recipients for mail in mails), [])),
            ["bob@example.net", "cd@example.net", "eve@example.net",
             "fay@example.org", "hidden@example.org"])
        for mail in mails:
            self.assertNotIn("hidden", mail.shown)
            self.assertEqual(mail.header("Subject"), "Hello")
            self.assertEqual(mail.text.split(), ["Good", "day."])
        self.assertEqual(self.left(), [])

    def test_recipients_of_both(self):
        """As Postfix has it: those of the header are added."""
        self.sendmail("-ti", "zoe@example.org",
                      data="To: bob@example.net\n\nx\n")
        self.assertEqual(self.one().recipients,
                         ["bob@example.net", "zoe@example.org"])

    def test_resent(self):
        self.sendmail("-t", data="Resent-To: zoe@example.org\n"
                      "Resent-Bcc: yan@example.org\n" + MAIL)
        mail = self.one()
        self.assertEqual(mail.recipients,
                         ["yan@example.org", "zoe@example.org"])
        self.assertNotIn("yan", mail.shown)

    def test_cron(self):
        """As Debian's cron calls it."""
        self.sendmail(
            "-FCronDaemon", "-i", "-B8BITMIME", "-oem", "root",
            data="From: root (Cron Daemon)\nTo: root\n"
            "Subject: Cron <root@host> job\n"
            "Content-Type: text/plain; charset=UTF-8\n\nout\n.\nput\n")
        mail = self.one()
        self.assertEqual(mail.recipients, ["ops@example.com"])
        self.assertIn("root@ferry.example.com", mail.header("From"))
        self.assertEqual(mail.text.split(), ["out", ".", "put"])

    @unittest.skipUnless(shutil.which("bsd-mailx"), "bsd-mailx is not here")
    def test_mailx(self):
        """`mail` of those who type it, and of scripts."""
        settings = os.path.join(self.folder, "mailrc")
        with open(settings, "w", encoding="ascii") as file:
            file.write(f"set sendmail={self.program}\n")
        done = subprocess.run(
            ["bsd-mailx", "-s", "Disk is full", "-c", "eve@example.net", "-b",
             "hidden@example.org", "-a", "X-Job: 7", "-r",
             "ann@example.com", "bob@example.net", "root"],
            input=b"Good\n.\nday, gr\xc3\xbc\xc3\x9f dich.\n", check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=ferry.PATIENCE,
            env={**self.environment(), "MAILRC": settings,
                 "HOME": self.folder, "LC_ALL": "C.UTF-8"})
        self.assertEqual((done.returncode, done.stdout), (0, b""))
        mails = self.upstream.mails(2)  # three recipients at a time
        self.assertEqual(
            sorted(sum((mail.recipients for mail in mails), [])),
            ["bob@example.net", "eve@example.net", "hidden@example.org",
             "ops@example.com"])
        for mail in mails:
            self.assertNotIn("hidden", mail.shown)
            self.assertEqual(mail.header("Subject"), "Disk is full")
            self.assertEqual(mail.header("X-Job"), "7")
            self.assertEqual(mail.header("From"), "ann@example.com")
            self.assertTrue(mail.raw.endswith(
                b"\r\n\r\nGood\r\n.\r\nday, gr\xc3\xbc\xc3\x9f dich.\r\n"))

    def test_nothing_but_text(self):
        self.sendmail("-F", 'Ann "A" B', "bob@example.net",
                      data="no header, you see\n.\nnot this\n")
        mail = self.one()
        self.assertEqual(mail.text.strip(), "no header, you see")
        (name, address), = mail.addresses("From")
        self.assertEqual(name, 'Ann "A" B')
        self.assertTrue(address.endswith("@ferry.example.com"), address)
        self.assertTrue(mail.header("Date"))

    def test_line_ends(self):
        self.sendmail("-i", "bob@example.net", data=b"From: a@example.com\r\n"
                      b"Subject: x\r\n\r\none\r\n..two\r\n.\r\nlast")
        self.assertIn(b"\r\n\r\none\r\n..two\r\n.\r\nlast\r\n",
                      self.one().raw)

    def test_smtp(self):
        talk = subprocess.Popen(
            [self.program, "-bs"], env=self.environment(), bufsize=0,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        with talk:
            for line, code in (
                    (None, b"220 "), ("HELO a", b"250 "),
                    ("MAIL FROM:<ann@example.com>", b"250 "),
                    ("RCPT TO:<bob@example.net>", b"250 "),
                    ("DATA", b"354 "), ("Subject: x\r\n\r\ny\r\n.", b"250 "),
                    ("QUIT", b"221 ")):
                if line:
                    talk.stdin.write(line.encode() + b"\r\n")
                said = talk.stdout.readline()
                self.assertTrue(said.startswith(code), said)
        self.assertEqual(talk.returncode, 0)
        self.assertEqual(self.one().recipients, ["bob@example.net"])

    def test_smtp_away(self):
        self.end_ferry()
        self.assertIn("421 4.3.2", self.sendmail("-bs", data="", code=75))
        self.start_ferry()

    @unittest.skipUnless(shutil.which("php"), "php-cli is not here")
    def test_php(self):
        done = self.run_as(
            ["php", "-d", f"sendmail_path={self.program} -t -i", "-r",
             'exit(mail("bob@example.net", "Hello", "Good\\nday.",'
             ' "From: ann@example.com\\r\\nBcc: zoe@example.org") ? 0 : 1);'])
        self.assertEqual(done.returncode, 0, done.stderr)
        mail = self.one()
        self.assertEqual(mail.recipients,
                         ["bob@example.net", "zoe@example.org"])
        self.assertEqual(mail.text.split(), ["Good", "day."])
        self.assertEqual(mail.header("Subject"), "Hello")

    def test_verbose(self):
        self.assertIn("taken: 250", self.sendmail("-v", "bob@example.net"))

    def test_other_names(self):
        for name, code in (("newaliases", 0), ("mailq", 0)):
            path = os.path.join(self.folder, name)
            os.symlink(self.program, path)
            done = self.run_as([path, "-C", os.path.join(
                self.folder, "postferry.conf")])
            self.assertEqual(done.returncode, code, done.stderr)


class Refused(Sendmail):
    rows = [
        ([], MAIL, 64, "recipients are expected"),
        (["-Q", "bob@example.net"], MAIL, 64, "there is no option -Q"),
        (["-bd"], MAIL, 64, "-bd is not known"),
        (["-f"], MAIL, 64, "-f needs an argument"),
        (["-F", "A\nBcc: x@example.org", "bob@example.net"], MAIL, 64,
         "control"),
        (["bob@example.net\nzoe@example.org"], MAIL, 65, "control"),
        (["-f", "ann@example.com>\r\nRCPT TO:<x@example.org",
          "bob@example.net"], MAIL, 65, "control"),
        (["-N", "never ORCPT=x", "bob@example.net"], MAIL, 64, "-N never"),
        (["-N", "sometimes", "bob@example.net"], MAIL, 76, "501"),
        (["-t"], "Subject: x\n\nTo: bob@example.net\n", 65, "no recipient"),
        (["-t"], "To: bob@@example.net\n\n", 67, "bob@@example.net"),
        (["-t"], "Bcc\x01: bob@example.net\n\nx\n", 65, "Bcc"),
        (["bob@example.net"], b"Subject: x\n\na\0b\n", 65, "NUL"),
        (["bob@example..net"], MAIL, 67, "bob@example..net"),
        (["nobody-knows"], MAIL, 67, "nobody-knows"),
        (["bob@example.net", "nobody-knows"], MAIL, 67, "nobody-knows"),
        (["bob@example.net"], "Subject: x\n\n" + "x" * 70 + "\n", 69, "552"),
    ]

    def write_settings(self):
        super().write_settings()
        self.settings["listener sendmail"]["max_size"] = "1024"
        return ferry.Scenario.write_settings(self)

    def test_all(self):
        for arguments, data, code, words in self.rows:
            with self.subTest(arguments=arguments):
                if code == 69:
                    data += 1024 * "y\n"
                said = self.sendmail(*arguments, data=data, code=code)
                self.assertIn(words, said)
        self.assertEqual(self.left(), [])
        self.assertEqual(self.upstream.count(), 0)

    def test_null_sender(self):
        for sender in ("", "<>"):
            self.sendmail("-f", sender, "bob@example.net")
        for mail in self.upstream.mails(2):
            self.assertEqual(mail.record["sender"], "")


class Left(Sendmail):
    def setUp(self):
        super().setUp()
        self.uid = NOBODY if os.geteuid() == 0 else None

    def test_away(self):
        """As any user, and taken at the start."""
        self.end_ferry()
        name = self.leave("-f", "", "bob@example.net", uid=self.uid)
        status = os.stat(os.path.join(self.drop, name))
        self.assertEqual(stat.S_IMODE(status.st_mode), 0o640)
        self.assertEqual(status.st_gid, os.stat(self.drop).st_gid)
        self.assertEqual(self.upstream.count(), 0)
        self.start_ferry()
        mail, = self.upstream.mails(1)
        self.assertEqual(mail.recipients, ["bob@example.net"])
        uid = self.uid or os.getuid()
        self.ferry.wait_line(rf"mail taken from the drop directory.*"
                             rf"drop={name} uid={uid} ")
        self.wait_left([])

    def test_while_serving(self):
        """What is left by then is noticed."""
        nowhere = "unix:" + os.path.join(self.folder, "nobody")
        place, self.place = self.place, nowhere
        said = self.sendmail("-v", "bob@example.net")
        self.place = place
        self.assertIn("left in", said)
        self.upstream.mails(1)
        self.wait_left([])

    def test_taken_once(self):
        """Killed between the queue's commit and the removal of the file."""
        self.end_ferry()
        # five of them: three and two, which are the two mails of one ident
        name = self.leave("-t", "-f", "ann@example.com")
        path = os.path.join(self.drop, name)
        shutil.copy2(path, path + ".copy")
        self.start_ferry()
        self.upstream.mails(2)
        self.wait_left([name + ".copy"])
        self.end_ferry(signal.SIGKILL)
        os.rename(path + ".copy", path)
        self.start_ferry()
        for count in (3, 2):
            self.ferry.wait_line(
                f"resend known .*recipients={count} queued=0")
        self.wait_left([])

    def test_no_drop(self):
        self.end_ferry()
        os.rmdir(self.drop)
        said = self.sendmail("bob@example.net", code=75)
        self.assertIn("cannot be reached", said)
        self.assertIn("cannot be left", said)
        self.start_ferry()
        self.ferry.wait_line("no mail is taken from the drop directory")

    def test_bad_directory(self):
        """Where others could see mail none is taken, and that is said."""
        self.end_ferry()
        os.chmod(self.drop, 0o777)
        self.start_ferry()
        self.ferry.wait_line(r"no mail is taken.*mode 0777.*3733")

    def test_traps(self):
        self.end_ferry()
        good = self.leave("bob@example.net")
        with open(os.path.join(self.drop, good), "rb") as file:
            whole = file.read()
        secret = os.path.join(self.folder, "secret")
        ferry.write_private(secret, whole.decode())
        os.chmod(secret, 0o640)

        def path(number):
            return os.path.join(self.drop, f"{number:026}")

        def write(number, data, mode=0o640):
            with open(path(number), "wb") as file:
                file.write(data)
            os.chmod(path(number), mode)

        os.symlink(secret, path(1))
        os.link(secret, path(2))
        write(3, whole, 0o660)
        write(4, whole[:-1])
        write(5, whole.replace(b"bob@", b"bob@@"))
        write(6, whole.replace(b"to ", b"to x>\r", 1))
        os.mkfifo(path(7))
        os.mkdir(path(8))
        write(9, b"\n\n")
        write(10, b"")
        write(11, whole.replace(b"to bob@example.net", b"to nobody-knows"))
        write(12, whole.replace(b"\nfrom ", b"\nfrom x@@"))
        # what cannot be renamed
        write(13, b"")
        os.makedirs(os.path.join(self.drop, f"refused-{13:026}", "full"))
        self.start_ferry()
        self.upstream.mails(1)
        self.wait_left([f"{13:026}"] + [
            f"refused-{number:026}" for number in range(1, 14)
            if number not in (1, 7)])
        os.remove(secret)
        self.assertEqual(self.upstream.count(), 1)
        for number in range(1, 13):
            event = ("what is no file was removed from the drop directory"
                     if number in (1, 7) else
                     "mail of the drop directory refused")
            self.ferry.wait_line(f"{event} drop={number:026} ")
        self.ferry.wait_line(f"cannot be renamed drop={13:026} ")
        self.wait_status("12 mails of the drop directory were refused")
        self.wait_alarm("drop_refused", 1)
        for name in self.left():
            path = os.path.join(self.drop, name)
            (shutil.rmtree if os.path.isdir(path) else os.remove)(path)
        self.wait_alarm("not so any more", 1)
        log = self.ferry.text()
        self.assertEqual(log.count("cannot be renamed"), 1, log)

    def wait_alarm(self, words, count):
        deadline = time.monotonic() + ferry.PATIENCE
        said = ""
        while said.count(words) < count:
            self.assertLess(time.monotonic(), deadline, said)
            with open(self.alarms, encoding="utf-8") as file:
                said = file.read()

    def wait_status(self, words):
        deadline = time.monotonic() + ferry.PATIENCE
        said = ""
        while words not in said:
            self.assertLess(time.monotonic(), deadline, said)
            said = self.run_as([
                ferry.POSTFERRY, "status", "--config",
                os.path.join(self.folder, "postferry.conf")]).stdout.decode()

    def test_one_waits(self):
        """One that is told 4xx, or never answered, holds up no other."""
        path = self.place.removeprefix("unix:")
        os.remove(path)
        door = socket.socket(socket.AF_UNIX)
        self.addCleanup(door.close)
        door.bind(path)
        door.listen()
        threading.Thread(target=stand_in, args=(door,), daemon=True).start()
        self.place = "unix:" + os.path.join(self.folder, "nobody")
        for who in ("later", "gone"):
            self.sendmail(f"{who}@example.net")
        waiting = self.left()
        self.sendmail("bob@example.net")
        self.wait_left(waiting)


def stand_in(door):
    """A listener that never takes mail for two, and speaks with one at a
    time."""
    while True:
        try:
            client = door.accept()[0]
        except OSError:
            return
        with client, client.makefile("rb") as lines:
            try:
                speak(client, lines)
            except OSError:  # it says QUIT, and is gone
                pass


def speak(client, lines):
    client.sendall(b"220 a\r\n")
    for line in lines:
        if b"gone@" in line:
            return
        code = (b"451" if b"later@" in line else
                b"354" if line == b"DATA\r\n" else b"250")
        client.sendall(code + b" a\r\n")
        if code == b"354":
            while lines.readline() not in (b".\r\n", b""):
                pass
            client.sendall(b"250 a\r\n")


if __name__ == "__main__":
    ferry.main()
