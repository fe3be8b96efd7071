# SPDX-License-Identifier: MIT
"""The image: docker/Dockerfile built, its program run as process 1 of
namespaces of its own, with the root file system read-only and nothing else to
write to than the volume.

Of the Dockerfile the last stage is built here; in place of the first one, which
installs packages and compiles, are the program at hand and docker/files.sh.
FULL=1 builds that one too, on a base that debootstrap makes: some minutes, and
a Debian mirror.
"""

import http.client
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import unittest

import contain
import durable
import ferry
import manifests
import network
import postfix

SKIPPED = 77
PROJECT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
STATE = "/var/lib/postferry"
# Another host of a private network, and a stranger.
NEIGHBOUR, STRANGER = "10.77.0.2", "198.51.100.7"
SIZE_MOST = 60_000_000
# What docker's users are told to give it (stop_grace_period).
GRACE = 90


def build(place):
    """The image, below a new folder."""
    builder = contain.Builder(place)
    if os.environ.get("FULL"):
        builder.make_base(os.path.join(place, "base"))
        builder.build(PROJECT)
        return
    program = os.path.join(place, "postferry")
    files = os.path.join(place, "build")
    os.mkdir(files)
    for command in (["strip", "-o", program, ferry.POSTFERRY],
                    ["sh", os.path.join(PROJECT, "docker/files.sh"), program,
                     os.path.join(files, "image")]):
        subprocess.run(command, check=True, timeout=contain.PATIENCE)
    builder.build(PROJECT, "--build-context", "build=" + files)


def list_tree(root):
    """Every path with what would change if it was written to."""
    found = {}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            found[path] = (status.st_mode, status.st_uid, status.st_size)
    return found


class Image(ferry.Scenario):
    """image: its settings; root: where its files are."""

    def setUp(self):
        self.prepare()
        self.volume = os.path.join(self.folder, "volume")
        # A new volume takes after what the image has there.
        like = os.stat(self.root + STATE)
        os.mkdir(self.volume, stat.S_IMODE(like.st_mode))
        os.chown(self.volume, like.st_uid, like.st_gid)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def describe(self, environment, binds=(), command=None):
        # As docker and Kubernetes hand in the settings of a network.
        usual = [(self.write("hosts", "127.0.0.1 localhost\n"
                             "127.0.0.1 api.mailgun.test\n"), "/etc/hosts"),
                 (self.write("resolv.conf", "nameserver 127.0.0.1\n"),
                  "/etc/resolv.conf"),
                 (self.write("mailgun.key", "key-0123456789abcdef\n"),
                  "/run/secrets/mailgun"),
                 (self.write("upstream.key", "a password\n"),
                  "/run/secrets/upstream")]
        return contain.describe(
            self.image, self.root, environment, command,
            [*((*one, False) for one in [*usual, *binds]),
             (self.volume, STATE, True)])

    def start_container(self, environment, binds=()):
        self.environment = environment
        self.ferry = ferry.Process(self.home, "postferry", contain.launch(
            self.describe(environment, binds)))
        self.ferry.wait_line(r"listening.*address=0\.0\.0\.0:2525")
        self.address = NEIGHBOUR + ":2525"

    def check_health(self):
        """The exit code of HEALTHCHECK's command in the container."""
        kind, *command = self.image["Healthcheck"]["Test"]
        self.assertEqual(kind, "CMD")
        self.assertEqual(command[:1], self.image["Entrypoint"])
        return subprocess.run(
            contain.launch(self.describe(self.environment,
                                         command=command[1:])),
            timeout=ferry.PATIENCE, check=False).returncode

    def stop(self):
        """As docker does it; within the time it is told to give."""
        self.ferry.signal(getattr(signal, self.image["StopSignal"]))
        self.assertEqual(self.ferry.wait_end(GRACE), 0)


class Contents(Image):
    def test_size(self):
        size = sum(size for mode, _, size in list_tree(self.root).values()
                   if stat.S_ISREG(mode))
        print(f"the image has {size / 1e6:.1f} MB", file=sys.stderr)
        self.assertLess(size, SIZE_MOST)

    def test_nothing_but_the_program(self):
        tree = list_tree(self.root)
        sbin = os.path.join(self.root, "usr/sbin/")
        for path, (mode, user, _) in tree.items():
            self.assertFalse(mode & (stat.S_ISUID | stat.S_ISGID), path)
            if stat.S_ISLNK(mode):
                continue
            self.assertFalse(mode & stat.S_IWOTH, path)
            self.assertTrue(user == 0 or "/var/lib/" in path, path)
        self.assertEqual([path for path in tree if path.startswith(sbin)],
                         [sbin + "postferry"])
        for name in ("bin", "sbin", "usr/bin", "tmp", "var/tmp"):
            self.assertNotIn(os.path.join(self.root, name), tree)

    def test_settings(self):
        self.assertRegex(self.image["User"], r"^[1-9]\d*:[1-9]\d*$")
        self.assertEqual(self.image["StopSignal"], "SIGTERM")
        self.assertEqual(self.image["Volumes"], {STATE: {}})
        self.assertEqual(self.image["ExposedPorts"], {"2525/tcp": {}})
        # Others than ours are not in there, so no secret either.
        names = {one.split("=")[0] for one in self.image["Env"]} - {"PATH"}
        self.assertEqual(names, {"POSTFERRY_SERVER_STATE_DIR",
                                 "POSTFERRY_LISTENER_LOCAL_ADDRESS",
                                 "POSTFERRY_LISTENER_LOCAL_ALLOW"})


JAPANESE, KOREAN = "\u65e5\u672c\u8a9e\u306e\u30e1\u30fc\u30eb", "\ud55c\uad6d\uc5b4"


def write_in(charset, text):
    """A mail whose text is in a charset of its own."""
    head = ferry.simple(
        subject=text.isascii() and text or charset, body="",
        MIME_Version="1.0", Content_Type=f"text/plain; charset={charset}",
        Content_Transfer_Encoding="8bit")
    return head + text.encode(charset) + b"\r\n"


class Road(Image):
    """A mail on its way through the image, to providers that it knows by name
    and by their certificates."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.names = network.Names("smtp.example.net")

    def setUp(self):
        super().setUp()
        certificates = [ferry.make_certificate(self.folder, name, "DNS:" + name)
                        for name in ("api.mailgun.test", "smtp.example.net")]
        self.mailgun = ferry.Simulator(self.home, "mailgun", "mailgun")
        self.upstream = ferry.Simulator(
            self.home, "smtp", "upstream", "--username", "me", "--password",
            "a password", "--certificate", certificates[1][0],
            "--private-key", certificates[1][1])
        self.front = network.TlsFront(self.mailgun.port, certificates[0])
        bundle = self.write("bundle.pem", "")
        with open(bundle, "wb") as file:
            subprocess.run(["cat", *(path for path, _ in certificates)],
                           stdout=file, check=True, timeout=ferry.PATIENCE)
        self.trusted = [(bundle, BUNDLE)]
        self.variables = {
            "MAILGUN_DOMAIN": "mg.example.com",
            "MAILGUN_API_KEY_FILE": "/run/secrets/mailgun",
            "POSTFERRY_PROVIDER_MAILGUN_BASE_URL":
            f"https://api.mailgun.test:{self.front.port}",
            "SMTP_HOST": "smtp.example.net",
            "SMTP_PORT": str(self.upstream.port), "SMTP_USERNAME": "me",
            "SMTP_PASSWORD_FILE": "/run/secrets/upstream",
            "POSTFERRY_SERVER_HTTP_ADDRESS": "0.0.0.0:8025",
            "POSTFERRY_SERVER_HTTP_ALLOW": "private"}

    def test_mails_cross(self):
        before = list_tree(self.root)
        self.start_container(self.variables, self.trusted)
        self.assertEqual(self.check_health(), 0)
        self.assertEqual(self.find_writable(), {STATE})
        for charset, text in (("iso-2022-jp", JAPANESE), ("euc-kr", KOREAN)):
            self.accept(write_in(charset, text))
        mails = self.mailgun.mails(2)
        for text in (JAPANESE, KOREAN):
            self.assertTrue(any(text in mail.text for mail in mails))
        # not as they came, for somebody else to read
        self.assertEqual({mail.form for mail in mails}, {"fields"})
        # /etc/hosts knows the one, the name server the other
        self.mailgun.fault("unauthorized")
        self.accept(ferry.simple(subject="by SMTP"))
        self.assertEqual(self.upstream.mails(1)[0].header("Subject"),
                         "by SMTP")
        self.refuse_stranger()
        self.assertEqual(self.ask_from_elsewhere("/readyz"), 200)
        self.stop()
        self.assertEqual(self.check_health(), os.EX_UNAVAILABLE)
        self.assertEqual(self.find_new(before), [])

    def find_writable(self):
        """Where the container has a file system that it may write to."""
        between = self.ferry.child.pid
        with open(f"/proc/{between}/task/{between}/children",
                  encoding="ascii") as file:
            first = file.read().split()[0]
        with open(f"/proc/{first}/mountinfo", encoding="utf-8") as file:
            mounts = [line.split()[4:6] for line in file]
        self.assertEqual(mounts[0][0], "/")
        return {place for place, options in mounts
                if "rw" in options.split(",") and
                not place.startswith(("/dev/", "/proc"))}

    def find_new(self, before):
        """What is in the root file system that neither the image had nor is a
        place for what is handed in."""
        handed = ("/dev/", "/etc/hosts", "/etc/resolv.conf", "/run/secrets")
        return [path for path, what in list_tree(self.root).items()
                if before.get(path) != what and
                not path[len(self.root):].startswith(handed)]

    def ask_from_elsewhere(self, page):
        """As Prometheus does."""
        door = http.client.HTTPConnection(NEIGHBOUR, 8025, ferry.PATIENCE,
                                          (NEIGHBOUR, 0))
        try:
            door.request("GET", page)
            return door.getresponse().status
        finally:
            door.close()

    def refuse_stranger(self):
        stranger = socket.create_connection((STRANGER, 2525), ferry.PATIENCE,
                                            (STRANGER, 0))
        with stranger, stranger.makefile("rwb", 0) as file:
            for line in (b"HELO x", b"MAIL FROM:<ann@example.com>",
                         b"RCPT TO:<bob@example.net>"):
                file.readline()
                file.write(line + b"\r\n")
            self.assertRegex(file.readline(), rb"^55\d ")

    def test_authorities_are_asked(self):
        self.start_container(self.variables)
        self.accept(ferry.simple())
        for provider in ("mailgun", "upstream"):
            self.ferry.wait_line(rf"provider={provider}.*certificate")
        self.stop()
        self.assertEqual(self.mailgun.count() + self.upstream.count(), 0)


class Stop(Image):
    """docker stop while mail is under way."""

    def setUp(self):
        super().setUp()
        self.mailgun = ferry.Simulator(self.home, "mailgun", "mailgun")
        self.variables = {
            "MAILGUN_DOMAIN": "mg.example.com",
            "MAILGUN_API_KEY_FILE": "/run/secrets/mailgun",
            "POSTFERRY_PROVIDER_MAILGUN_BASE_URL":
            f"http://127.0.0.1:{self.mailgun.port}"}

    def send_until_refused(self, who):
        for number in range(100):
            name = f"{who}-{number}"
            try:
                with ferry.Client(self.address) as client:
                    code, _ = client.mail("ann@example.com",
                                          ["bob@example.net"],
                                          ferry.simple(subject=name))
            except OSError:
                return
            if code != 250:
                return
            self.accepted.append(name)

    def read_subjects(self, known, wanted):
        """Of the mails after those known; waits until there are wanted."""
        return [self.mailgun.read_mail(number).header("Subject")
                for number in self.mailgun.numbers(wanted)[known:]]

    def test_under_load(self):
        self.accepted = []
        self.mailgun.fault("slow=3000")
        self.start_container(self.variables)
        threads = [threading.Thread(target=self.send_until_refused,
                                    args=(who,)) for who in range(8)]
        for thread in threads:
            thread.start()
        self.mailgun.wait_requests(20)
        self.stop()
        for thread in threads:
            thread.join()
        _, _, after = self.ferry.text().partition(" stopping ")
        self.assertIn("delivery accepted", after)
        self.assertEqual(durable.Database(self.volume).at_risk(), [])
        self.mailgun.fault(None)
        self.start_container(self.variables)
        got = []
        while set(self.accepted) - set(got):
            got += self.read_subjects(len(got), len(got) + 1)
        self.stop()
        # those that are left were taken, but their clients not told so
        got += self.read_subjects(len(got), 0)
        self.assertEqual(len(got), len(set(got)), "a mail was sent twice")
        self.assertIsNone(re.search(r"doubts?=[1-9]|duplicate=",
                                    self.ferry.text()))


class Places(Image):
    """What the files for compose and Kubernetes say, against the image and
    against each other."""

    def setUp(self):
        super().setUp()
        self.cluster = manifests.read("kubernetes.yaml")
        self.whole = manifests.read_compose("compose.yaml")
        self.behind = manifests.read_compose("compose.yaml",
                                             "postfix/compose.yaml")
        self.places = [*manifests.clustered(self.cluster),
                       manifests.composed(self.whole)["postferry"],
                       manifests.composed(self.behind)["postferry"]]

    def test_settings_are_good(self):
        """Each variable has a name that there is, and a value that may be."""
        for number, place in enumerate(self.places):
            binds = [(self.write(f"{number}-{os.path.basename(path)}", text),
                      path) for path, text in place.secrets.items()]
            done = subprocess.run(
                contain.launch(contain.describe(
                    self.image, self.root, place.environment, ["check"],
                    [*((*one, False) for one in binds),
                     (self.volume, STATE, True)])), capture_output=True,
                text=True, timeout=ferry.PATIENCE, check=False)
            self.assertEqual(done.returncode, 0, (place.name, done.stderr))

    def test_secrets_are_files_that_are_there(self):
        for place in self.places:
            named = {value for key, value in place.environment.items()
                     if key.endswith("_FILE")}
            self.assertEqual(named, set(place.secrets), place.name)
            for key in place.environment:
                self.assertNotRegex(key, "(KEY|PASSWORD|SECRET)$", place.name)

    def test_they_last_and_end_well(self):
        for place in self.places:
            self.assertEqual(place.mounts, [*self.image["Volumes"]],
                             place.name)
            self.assertEqual(place.grace, GRACE, place.name)
            self.assertTrue(place.closed, place.name)

    def test_ports(self):
        (port,) = (int(one.split("/")[0]) for one in self.image["ExposedPorts"])
        self.assertEqual(self.whole["services"]["application"]["environment"],
                         {"SMTP_SERVER": f"postferry:{port}"})
        (service,) = [one for one in self.cluster if one["kind"] == "Service"]
        pods = {name: template for name, template, _ in
                manifests.find_pods(self.cluster)}
        alone = pods["StatefulSet postferry"]
        self.assertEqual(service["spec"]["selector"],
                         alone["metadata"]["labels"])
        container = manifests.find_container(alone)
        named = {one["name"]: one["containerPort"]
                 for one in container["ports"]}
        (offered,) = service["spec"]["ports"]
        self.assertEqual((offered["port"], named[offered["targetPort"]]),
                         (port, port))
        (door,) = (one["value"] for one in container["env"]
                   if one["name"] == "POSTFERRY_SERVER_HTTP_ADDRESS")
        scraped = alone["metadata"]["annotations"]["prometheus.io/port"]
        self.assertEqual(door, f"0.0.0.0:{scraped}")
        self.assertEqual(str(named["http"]), scraped)
        sidecar = pods["Deployment shop"]
        self.assertEqual(
            manifests.find_container(sidecar)["env"][0]["value"],
            sidecar["spec"]["containers"][0]["env"][0]["value"])

    def test_pods(self):
        command = self.image["Healthcheck"]["Test"][1:]
        user, group = (int(one) for one in self.image["User"].split(":"))
        version = subprocess.run(
            [ferry.POSTFERRY, "--version"], capture_output=True, text=True,
            check=True, timeout=ferry.PATIENCE).stdout.split()[1]
        for name, template, _ in manifests.find_pods(self.cluster):
            container = manifests.find_container(template)
            for probe, wanted in (("startupProbe", command),
                                  ("readinessProbe", command),
                                  ("livenessProbe", command[:-1])):
                self.assertEqual(container[probe]["exec"]["command"], wanted,
                                 name)
            rights = container["securityContext"]
            self.assertEqual((rights["runAsUser"], rights["runAsGroup"]),
                             (user, group), name)
            self.assertEqual(template["spec"]["securityContext"]["fsGroup"],
                             group, name)
            self.assertEqual(container["image"], "postferry:" + version)
            for document in self.cluster:
                if name == " ".join((document["kind"],
                                     document["metadata"]["name"])):
                    self.assertEqual(
                        document["spec"]["selector"]["matchLabels"],
                        template["metadata"]["labels"])


class Composed(Image):
    """The services of compose.yaml, each as it says, on one network."""

    def start_service(self, name, place):
        binds = [(self.write(f"{name}-{os.path.basename(path)}", text), path,
                  False) for path, text in place.secrets.items()]
        if place.mounts:
            binds.append((self.volume, *place.mounts, True))
        return ferry.Process(self.home, name, contain.launch(contain.describe(
            self.image, self.root, place.environment, place.command, binds)))

    def start_all(self, *names):
        places = manifests.composed(manifests.read_compose(*names))
        # The providers first, so that none is found missing and waited for.
        for name in sorted(places, key=lambda name: name == "postferry"):
            self.ferry = self.start_service(name, places[name])
            self.ferry.wait_line(r"listening .*address=")

    def test_application(self):
        self.start_all("compose.yaml")
        subprocess.run(
            ["sh", os.path.join(PROJECT, "docker/application/send.sh")],
            env={**os.environ, "SMTP_SERVER": NEIGHBOUR + ":2525",
                 "MAILS": "2", "PAUSE": "0"}, check=True,
            timeout=ferry.PATIENCE)
        for number in ("1", "2"):
            self.ferry.wait_line(rf"delivery accepted .*customer{number}@")

    @unittest.skipUnless(os.path.exists("/usr/sbin/postqueue"), "no Postfix")
    def test_postfix_in_front(self):
        self.start_all("compose.yaml", "postfix/compose.yaml")
        with open(os.path.join(PROJECT, "docker/postfix/main.cf"),
                  encoding="utf-8") as file:
            settings = dict(line.strip().split(" = ", 1) for line in file
                            if " = " in line and not line.startswith("#"))
        self.assertEqual(settings["relayhost"], "[postferry]:2525")
        settings["relayhost"] = f"[{NEIGHBOUR}]:2525"
        front = postfix.Postfix(self.home, 2525, settings)
        front.send(ferry.simple(), "ann@example.com", ["bob@example.net"])
        self.assertEqual(front.wait_line(r"to=<bob@.*status=(\w+)")[1], "sent")
        self.ferry.wait_line(r"delivery accepted .*bob@")
        said = subprocess.run(["/usr/sbin/postconf", "-c", front.conf, "-n"],
                              capture_output=True, text=True, check=True,
                              timeout=ferry.PATIENCE)
        self.assertNotIn("unused parameter", said.stderr)


def main():
    obstacle = contain.find_obstacle()
    if obstacle:
        print(f"SKIPPED: no image is built or run here: {obstacle}",
              file=sys.stderr)
        sys.exit(SKIPPED)
    place = os.environ.get("IMAGE")
    if place is None:
        with tempfile.TemporaryDirectory(prefix="image-") as place:
            build(place)
            # Ports and addresses are then ours alone.
            sys.exit(subprocess.run(
                ["setpriv", "--pdeathsig", "TERM", "unshare", "--net",
                 sys.executable, *sys.argv], check=False,
                env={**os.environ, "IMAGE": place}).returncode)
    network.raise_loopback(NEIGHBOUR, STRANGER)
    Image.image, Image.root = contain.Builder(place).open()
    ferry.main()


if __name__ == "__main__":
    main()
