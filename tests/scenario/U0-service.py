# SPDX-License-Identifier: MIT
"""A service manager hears when postferry is ready, that it lives, and that it
stops (sd_notify(3)); its journal hears each key of a line as a field."""

import os
import queue
import signal
import socket
import threading

import exim
import ferry

# A journal of ours where systemd has its own, and standard error as its stream.
AS_UNIT = """set -e
mount -t tmpfs none /run
mkdir -p /run/systemd/journal
touch /run/systemd/journal/socket
mount --bind "$1" /run/systemd/journal/socket
shift
JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2)
export JOURNAL_STREAM
exec "$@"
"""


class Service(ferry.Scenario):
    providers = ("mailgun",)
    watchdog = ""

    def setUp(self):
        self.prepare()
        self.addresses = {}
        self.mailgun = self.start_simulator("mailgun")
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.manager.close)
        self.manager.settimeout(ferry.PATIENCE)

    def listen(self, address, **variables):
        self.manager.bind(address.replace("@", "\0"))
        self.conf = path = os.path.join(self.folder, "postferry.conf")
        ferry.write_private(path, self.write_settings().replace(
            "api_key = \n", ""))
        self.ferry = self.start(
            "postferry", "serve", "--config", path,
            environment={**os.environ, "NOTIFY_SOCKET": address, **variables})

    def hear(self):
        return self.manager.recv(1024).decode()

    def end(self):
        self.ferry.signal(signal.SIGTERM)
        self.assertEqual(self.ferry.wait_end(), 0)

    def test_ready_and_stopping(self):
        self.listen(os.path.join(self.folder, "notify"))
        self.assertEqual(self.hear(), "READY=1")
        # whoever hears it may send
        self.address = self.ferry.wait_line(
            r"listening.*address=(\S+:\d+)")[1]
        self.accept(ferry.simple())
        self.end()
        self.assertEqual(self.hear(), "STOPPING=1")
        self.manager.setblocking(False)
        self.assertRaises(BlockingIOError, self.hear)

    def test_reload(self):
        """Heard from its beginning to its end; the key is one that the
        manager hands over."""
        key = os.path.join(self.folder, "key")
        ferry.write_private(key, "key-of-mailgun-0123456789\n")
        self.settings = {"provider mailgun": {
            "api_key": "", "api_key_file": "${CREDENTIALS_DIRECTORY}/key"}}
        self.listen(os.path.join(self.folder, "notify"),
                    CREDENTIALS_DIRECTORY=self.folder)
        self.assertEqual(self.hear(), "READY=1")
        self.ferry.signal(signal.SIGHUP)
        self.assertRegex(self.hear(), r"^RELOADING=1\nMONOTONIC_USEC=\d+$")
        self.assertEqual(self.hear(), "READY=1")
        self.ferry.wait_line("settings read again")
        ferry.write_private(self.conf, "[nonsense]\n")
        self.ferry.signal(signal.SIGHUP)
        self.assertIn("RELOADING=1", self.hear())
        self.assertEqual(self.hear(), "READY=1")
        self.ferry.wait_line("settings not read again")
        self.end()

    def test_watchdog(self):
        self.listen(f"@postferry-{os.getpid()}", WATCHDOG_USEC="60000")
        said = [self.hear() for _ in range(6)]
        self.assertEqual(said, ["READY=1"] + 5 * ["WATCHDOG=1"])
        self.end()

    def test_watchdog_of_another(self):
        self.listen(os.path.join(self.folder, "notify"),
                    WATCHDOG_USEC="1000", WATCHDOG_PID="1")
        self.assertEqual(self.hear(), "READY=1")
        self.end()
        self.assertEqual(self.hear(), "STOPPING=1")

    def test_nobody_listens(self):
        """The manager has gone: said, and nothing else."""
        self.listen(os.path.join(self.folder, "notify"))
        self.assertEqual(self.hear(), "READY=1")
        self.manager.close()
        self.end()
        self.assertIn('service manager not told words="STOPPING=1"',
                      self.ferry.text())


class Journal(ferry.Scenario):
    """From behind all doors that the running daemon has closed."""
    providers = ("mailgun",)

    def setUp(self):
        if not exim.may_unshare():
            self.skipTest("needs root and a mount name space")
        self.prepare()
        self.addresses = {}
        self.mailgun = self.start_simulator("mailgun")
        self.journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.journal.close)
        self.journal.bind(os.path.join(self.folder, "journal"))
        self.entries = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        """At once: who logs waits for it."""
        while entry := self.journal.recv(1 << 18):
            self.entries.put(entry.decode())

    def hear(self, event):
        """The fields of the next line of that event."""
        while True:
            entry = self.entries.get(timeout=ferry.PATIENCE)
            fields = dict(line.split("=", 1) for line in entry.splitlines())
            if fields["POSTFERRY_EVENT"] == event:
                return fields

    def test_fields(self):
        conf = os.path.join(self.folder, "postferry.conf")
        ferry.write_private(conf, self.write_settings())
        daemon = ferry.Process(
            self.home, "postferry",
            ["unshare", "-m", "sh", "-c", AS_UNIT, "sh",
             os.path.join(self.folder, "journal"),
             os.path.abspath(ferry.POSTFERRY), "serve", "--config", conf])
        self.address = self.hear("listening")["POSTFERRY_ADDRESS"]
        self.accept(ferry.simple())
        accepted = self.hear("delivery accepted")
        self.assertEqual(accepted["PRIORITY"], "6")
        self.assertEqual(accepted["SYSLOG_IDENTIFIER"], "postferry")
        self.assertEqual(accepted["POSTFERRY_PROVIDER"], "mailgun")
        self.assertTrue(accepted["MESSAGE"].startswith(
            "delivery accepted mail=" + accepted["POSTFERRY_MAIL"]))
        daemon.signal(signal.SIGTERM)
        self.assertEqual(daemon.wait_end(), 0)
        self.hear("stopped")
        self.assertEqual(daemon.text(), "")


if __name__ == "__main__":
    ferry.main()
