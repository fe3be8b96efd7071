# SPDX-License-Identifier: MIT
"""A real Postfix with everything below one folder, as a client of postferry.

It listens nowhere: mail enters by its sendmail command, leaves to relayhost,
and its log comes to standard output, where Process reads it.
"""

import os
import shutil
import signal
import subprocess

from ferry import Process

DAEMONS = "/usr/lib/postfix/sbin"

MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = /dev/stdout
myhostname = client.example.com
mydestination =
alias_maps =
alias_database =
local_transport = error:no local mail
local_recipient_maps =
inet_interfaces = loopback-only
inet_protocols = ipv4
smtp_tls_security_level = none
smtp_host_lookup = native
message_size_limit = 30000000
mailbox_size_limit = 0
# Minutes become seconds, so that what was deferred comes again soon.
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
transport_retry_time = 1s
relayhost = [127.0.0.1]:{port}
"""

# service type private unpriv chroot wakeup maxproc command
MASTER = """\
postlog   unix-dgram n - n - 1 postlogd
pickup    unix n - n 60  1 pickup
cleanup   unix n - n -   0 cleanup
qmgr      unix n - n 300 1 qmgr
rewrite   unix - - n -   - trivial-rewrite
bounce    unix - - n -   0 bounce
defer     unix - - n -   0 bounce
trace     unix - - n -   0 bounce
verify    unix - - n -   1 verify
flush     unix n - n 1000? 0 flush
proxymap  unix - - n -   - proxymap
proxywrite unix - - n -  1 proxymap
smtp      unix - - n -   20 smtp
lmtp      unix - - n -   20 lmtp
relay     unix - - n -   20 smtp
showq     unix n - n -   - showq
error     unix - - n -   - error
retry     unix - - n -   - error
discard   unix - - n -   - discard
anvil     unix - - n -   1 anvil
scache    unix - - n -   1 scache
tlsmgr    unix - - n 1000? 1 tlsmgr
"""


class Postfix(Process):
    """Postfix in the foreground; needs root, as Postfix does.  settings
    go before those above; one that is given `smtpd`, a port, listens there."""

    def __init__(self, home, port, settings=None, smtpd=None):
        self.folder = os.path.join(home.folder, "postfix")
        self.conf = os.path.join(self.folder, "conf")
        for name in ("conf", "queue", "data"):
            os.makedirs(os.path.join(self.folder, name))
        # Postfix's own user must get through to the queue.
        os.chmod(home.folder, 0o755)
        shutil.chown(os.path.join(self.folder, "data"), "postfix")
        self.write("main.cf", self.write_main(port, settings or {}))
        listens = f"127.0.0.1:{smtpd} inet n - n - - smtpd\n"
        self.write("master.cf", MASTER + (listens if smtpd else ""))
        # Makes the queue's folders; the master is then our own child.
        subprocess.run(["/usr/sbin/postfix", "-c", self.conf, "check"],
                       check=True, timeout=60)
        super().__init__(home, "postfix",
                         [os.path.join(DAEMONS, "master"), "-c", self.conf,
                          "-s"], {**os.environ, "MAIL_CONFIG": self.conf})
        self.wait_line(r"daemon started")

    def write_main(self, port, settings):
        lines = MAIN.format(folder=self.folder, port=port).splitlines()
        kept = [line for line in lines
                if line.partition(" =")[0] not in settings]
        return "\n".join(
            kept + [f"{key} = {value}" for key, value in settings.items()]
        ) + "\n"

    def write(self, name, text):
        with open(os.path.join(self.conf, name), "w",
                  encoding="utf-8") as file:
            file.write(text)

    def send(self, data, sender, recipients):
        """Hands a mail to Postfix's queue."""
        subprocess.run(
            ["/usr/sbin/sendmail", "-C", self.conf, "-i", "-f", sender,
             *recipients], input=data.replace(b"\r\n", b"\n"), check=True,
            timeout=60)

    def waiting(self):
        """Mails in its queue."""
        done = subprocess.run(["/usr/sbin/postqueue", "-c", self.conf, "-j"],
                              capture_output=True, text=True, timeout=60,
                              check=True)
        return len(done.stdout.splitlines())

    def flush(self):
        """Tries everything that waits now."""
        subprocess.run(["/usr/sbin/postqueue", "-c", self.conf, "-f"],
                       check=True, timeout=60)

    def requeue(self):
        """Its queue manager forgets a mail that it meets while the delivery
        agent still has it ("skipped, still being delivered")."""
        subprocess.run(["/usr/sbin/postsuper", "-c", self.conf, "-r", "ALL"],
                       check=True, timeout=60)

    def stop(self):
        """Ends the master, and with it all that it started."""
        self.signal(signal.SIGTERM)
        code = self.wait_end()
        # It sends its own process group the signal, and dies of it too.
        return 0 if code == -signal.SIGTERM else code
