# SPDX-License-Identifier: MIT
"""A clean Debian to install packages in: made by debootstrap once per build
folder, unpacked into memory for each run, in namespaces of its own.  When their
first process ends all mounts and processes are gone, and nothing of this machine
was touched."""

import fcntl
import hashlib
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading

import ferry

BUILD = os.path.dirname(os.path.abspath(ferry.POSTFERRY))
SKIPPED = 77
APART = ["unshare", "--mount", "--pid", "--ipc", "--fork", "--kill-child",
         "--mount-proc"]
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"

# root: a file system in memory; $1 mirror, $2 packages, $3 release, $4 the
# archive that comes of it.
MAKE = """set -e
mount -t tmpfs -o mode=755 none root
debootstrap --variant=minbase --include="$2" "$3" root/clean "$1"
tar -C root/clean -cf "$4" --exclude=./dev/* --exclude=./proc/* \
	--exclude=./sys/* --exclude=./var/cache/apt/*.bin \
	--exclude=./var/cache/apt/archives/*.deb \
	--exclude=./var/lib/apt/lists/* .
"""

# systemctl in there: asks the Manager.
SYSTEMCTL = """#!/bin/sh
echo "$*" >/run/systemd/asked
read -r code text </run/systemd/answered
[ -z "$text" ] || echo "$text"
exit "$code"
"""


def skip(*why):
    print("SKIPPED, the package was not tried:", *why)
    sys.exit(SKIPPED)


def check_rights():
    if os.geteuid() != 0:
        skip("a clean root needs root")
    for program in ("debootstrap", "dpkg-shlibdeps", "file", "cpack"):
        if not shutil.which(program):
            skip(f"{program} is not here")
    done = subprocess.run([*APART, "--net", "mount", "-t", "tmpfs", "none",
                           "/mnt"], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        skip("no namespaces of our own here:", done.stderr)


def make_packages(folder, release):
    """The paths of the packages of that release, of the program as built."""
    subprocess.run(
        ["cpack", "--config", os.path.join(BUILD, "CPackConfig.cmake"),
         "-B", folder, "-D", f"CPACK_DEBIAN_PACKAGE_RELEASE={release}"],
        check=True, stdout=subprocess.DEVNULL)
    return [os.path.join(folder, name) for name in os.listdir(folder)
            if re.fullmatch(rf"postferry.*-{release}_\w+\.deb", name)]


def tell(*command):
    return subprocess.run(command, check=True, capture_output=True,
                          text=True).stdout


def make_clean(folder, packages):
    """The archive of a root that has what the packages depend on."""
    depends = ",".join(sorted({
        name.split()[0] for package in packages for name in
        tell("dpkg-deb", "-f", package, "Depends").split(",")
        if not name.split()[0].startswith("postferry")}))
    key = hashlib.sha256(depends.encode()).hexdigest()[:12]
    archive = os.path.join(BUILD, f"debian-{key}.tar")
    if os.path.exists(archive):
        return archive
    mirror = tell("apt-get", "indextargets", "--format", "$(SITE)",
                  "Created-By: Packages").split("\n", 1)[0]
    release = re.search(r"^VERSION_CODENAME=(\w+)", open(
        "/etc/os-release", encoding="utf-8").read(), re.M)[1]
    part = f"{archive}.{os.getpid()}"
    done = subprocess.run(
        [*APART, "sh", "-c", MAKE, "sh", mirror, depends, release, part],
        cwd=folder, check=False, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        if os.path.exists(part):
            os.unlink(part)
        skip("debootstrap:", *done.stdout.splitlines(True)[-5:])
    os.replace(part, archive)
    return archive


def run_apart(script, releases):
    """Runs script again where it may install; its exit code."""
    check_rights()
    folder = tempfile.mkdtemp(prefix="ferry-debian-")
    root = os.path.join(folder, "root")
    os.mkdir(root)
    try:
        packages = [package for release in releases
                    for package in make_packages(folder, release)]
        archive = make_clean(folder, packages)
        return subprocess.run(
            [*APART, "--net", sys.executable, script, *sys.argv[1:]],
            check=False, env={**os.environ, "ROOT": root, "CLEAN": archive,
                              "PACKAGES": ":".join(packages)}).returncode
    finally:
        os.rmdir(root)  # what was mounted there is gone, or this fails
        shutil.rmtree(folder)


def raise_loopback():
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, 0x8914,  # SIOCSIFFLAGS, to IFF_UP
                    struct.pack("16sh14x", b"lo", 1))


class Root:
    """The clean Debian, unpacked."""

    def __init__(self):
        self.path = os.environ["ROOT"]
        raise_loopback()
        for command in (
                ["mount", "-t", "tmpfs", "-o", "mode=755", "none", self.path],
                ["tar", "-C", self.path, "-xf", os.environ["CLEAN"]],
                ["mount", "--bind", "/dev", self.at("dev")],
                ["mount", "-t", "proc", "none", self.at("proc")]):
            subprocess.run(command, check=True)
        os.mkdir(self.at("packages"))
        for package in os.environ["PACKAGES"].split(":"):
            shutil.copy(package, self.at("packages"))

    def package(self, name, release):
        """Its path in there."""
        return next(
            f"/packages/{each}" for each in os.listdir(self.at("packages"))
            if re.fullmatch(rf"{name}_.*-{release}_\w+\.deb", each))

    def at(self, path):
        return os.path.join(self.path, path.lstrip("/"))

    def read(self, path):
        with open(self.at(path), encoding="utf-8") as file:
            return file.read()

    def run(self, *command, text=None):
        """(exit code, all that it said)"""
        done = subprocess.run(
            ["chroot", self.path, *command], check=False, input=text,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={"PATH": PATH, "DEBIAN_FRONTEND": "noninteractive",
                 "LC_ALL": "C.UTF-8"}, timeout=10 * ferry.PATIENCE)
        return done.returncode, done.stdout

    def apt(self, *arguments):
        return self.run("apt-get", "-y", "-o", "APT::Sandbox::User=root",
                        "-o", "Dpkg::Use-Pty=0", *arguments)

    def files(self):
        """All there are, but those of a running system."""
        found = set()
        for folder, folders, names in os.walk(self.path):
            if folder == self.path:
                for name in ("dev", "proc", "run", "tmp", "packages"):
                    folders.remove(name)
            for name in names + folders:
                found.add(os.path.relpath(os.path.join(folder, name),
                                          self.path))
        return found


class Manager(threading.Thread):
    """The little of systemd that maintainer scripts ask for: starts the
    service as its unit says, and waits until it is ready."""

    UNIT = "usr/lib/systemd/system/postferry.service"
    WANTED = "etc/systemd/system/multi-user.target.wants/postferry.service"

    def __init__(self, root, home):
        super().__init__(daemon=True)
        self.root, self.home = root, home
        self.service = None
        self.starts = 0
        self.codes = []  # what the service ended with
        os.makedirs(root.at("run/systemd/system"))
        for name in ("asked", "answered"):
            os.mkfifo(root.at(f"run/systemd/{name}"))
        with open(root.at("usr/bin/systemctl"), "w",
                  encoding="utf-8") as file:
            file.write(SYSTEMCTL)
        os.chmod(root.at("usr/bin/systemctl"), 0o755)
        self.heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.heard.bind(root.at("run/systemd/notify"))
        self.heard.settimeout(ferry.PATIENCE)
        os.chmod(root.at("run/systemd/notify"), 0o777)

    def run(self):
        while True:
            with open(self.root.at("run/systemd/asked"),
                      encoding="utf-8") as file:
                words = [word for word in file.read().split()
                         if not word.startswith("-")]
            try:
                answer = self.obey(words[0], words[1:])
            except Exception as error:  # whoever asked waits for an answer
                answer = f"1 {error}"
            with open(self.root.at("run/systemd/answered"), "w",
                      encoding="utf-8") as file:
                file.write(answer + "\n")

    def obey(self, action, units):
        """Exit code and text."""
        ours = "postferry.service" in units
        if ours and action == "preset":
            wanted = self.root.at(self.WANTED)
            os.makedirs(os.path.dirname(wanted), exist_ok=True)
            os.symlink("/" + self.UNIT, wanted)
        if action == "is-enabled":
            enabled = os.path.lexists(self.root.at(self.WANTED))
            return "0 enabled" if ours and enabled else "1 disabled"
        if action == "is-active":
            return "0" if ours and self.service else "3"
        if ours and action in ("stop", "restart"):
            self.stop()
        if ours and action in ("start", "restart"):
            return self.start_service()
        return "0"

    def stop(self):
        if self.service:
            self.codes.append(self.service.stop())
            shutil.rmtree(self.root.at("run/postferry"), ignore_errors=True)
            self.service = None

    def start_service(self):
        unit = self.root.read(self.UNIT)
        program = re.search(r"^ExecStart=(.*)$", unit, re.M)[1].split()
        user = re.search(r"^User=(.*)$", unit, re.M)[1]
        self.starts += 1
        self.root.run("install", "-d", "-o", user, "-g", user,
                      "/run/postferry")  # RuntimeDirectory=
        self.service = ferry.Process(
            self.home, f"postferry-{self.starts}",
            ["chroot", f"--userspec={user}:{user}", self.root.path, *program],
            {"PATH": PATH, "NOTIFY_SOCKET": "/run/systemd/notify"})
        while b"READY=1" not in self.heard.recv(1024):
            pass
        return "0"
