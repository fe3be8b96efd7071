# SPDX-License-Identifier: MIT
"""A container without an engine: builds an image by buildah, and starts its
program as its settings say, with the root file system read-only, as process 1.

Run as a program (by what launch() says) it is what stands between: it makes the
namespaces, goes in, and passes signals on.
"""

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

NEWNS, NEWUTS, NEWIPC, NEWPID = 0x20000, 0x4000000, 0x8000000, 0x20000000
RDONLY, NOSUID, NODEV, NOEXEC = 1, 2, 4, 8
REMOUNT, BIND, REC, PRIVATE = 32, 4096, 16384, 1 << 18
PDEATHSIG, NO_NEW_PRIVS = 1, 38
DEVICES = ("null", "zero", "urandom", "random")
# Of one step of building it, on a busy machine; all of it takes longer.
PATIENCE = 1800 if os.environ.get("FULL") else 120


class Builder:
    """buildah with all that it keeps below one folder, and no mounts."""

    def __init__(self, folder):
        self.command = ["buildah", "--storage-driver", "vfs", "--root",
                        os.path.join(folder, "store"), "--runroot",
                        os.path.join(folder, "run")]

    def run(self, *arguments, **keywords):
        try:
            done = subprocess.run([*self.command, *arguments],
                                  timeout=PATIENCE, text=True,
                                  capture_output=True, check=False, **keywords)
        except subprocess.TimeoutExpired as stuck:
            raise AssertionError(f"buildah {arguments[0]}: {stuck}") from None
        if done.returncode:
            raise AssertionError(f"buildah {arguments[0]}: {done.stderr}")
        return done.stdout.strip()

    def build(self, project, *options):
        """docker/Dockerfile of the project."""
        self.run("bud", "--isolation", "chroot", "--pull-never", "--format",
                 "docker", *options, "--file", "docker/Dockerfile", "--tag",
                 "postferry", ".", cwd=project)

    def open(self):
        """What was built: (its settings, where its files are)."""
        settings = json.loads(self.run("inspect", "--type", "image",
                                       "postferry"))["Docker"]["config"]
        root = self.run("mount", self.run("from", "--pull-never", "postferry"))
        return settings, root

    def make_base(self, folder):
        """What the Dockerfile's first stage begins from, by debootstrap and
        of the mirror that this host uses."""
        mirror = subprocess.run(
            ["apt-get", "indextargets", "--format", "$(SITE)",
             "Created-By: Packages", "Codename: bookworm"], check=True,
            capture_output=True, text=True, timeout=PATIENCE).stdout.split()[0]
        subprocess.run(["debootstrap", "--variant=minbase", "bookworm", folder,
                        mirror], check=True, timeout=PATIENCE,
                       stdout=subprocess.DEVNULL)
        base = self.run("from", "scratch")
        self.run("add", base, folder, "/")
        self.run("commit", base, "docker.io/library/debian:bookworm-slim")
        self.run("rm", base)


def find_obstacle():
    """Why no image can be built and run here, or None."""
    if os.geteuid() != 0:
        return "root is needed"
    for name in ("buildah", *(["debootstrap"] if os.environ.get("FULL")
                              else [])):
        if not shutil.which(name):
            return f"{name} is not installed"
    done = subprocess.run(
        ["unshare", "--mount", "--uts", "--ipc", "--pid", "--net", "--fork",
         "mount", "-t", "proc", "proc", "/proc"], timeout=PATIENCE,
        capture_output=True, text=True, check=False)
    if done.returncode:
        return "namespaces cannot be made: " + done.stderr.strip()
    with tempfile.TemporaryDirectory(prefix="image-") as place:
        os.mkdir(os.path.join(place, "docker"))
        with open(os.path.join(place, "docker/Dockerfile"), "w",
                  encoding="utf-8") as file:
            file.write("FROM scratch\nCOPY docker /\n")
        try:
            Builder(place).build(place)
        except AssertionError as error:
            return f"buildah cannot build anything: {error}"
    return None


def describe(settings, root, environment=(), command=None, binds=()):
    """What a container is, in words for this program.  binds: (path outside,
    path inside, whether it may be written to)."""
    variables = dict(one.split("=", 1) for one in settings["Env"])
    variables.update(environment)
    user, _, group = settings["User"].partition(":")
    return {"root": root, "user": int(user), "group": int(group),
            "folder": settings["WorkingDir"], "environment": variables,
            "binds": [*binds],
            "command": [*settings["Entrypoint"],
                        *(command or settings["Cmd"])]}


def launch(container):
    """The command that runs it."""
    return [sys.executable, os.path.abspath(__file__), json.dumps(container)]


LIBC = ctypes.CDLL(None, use_errno=True)


def call(name, *arguments):
    if getattr(LIBC, name)(*arguments) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}{arguments}: {os.strerror(code)}")


def mount(source, target, kind, flags):
    call("mount", source and source.encode(), target.encode(),
         kind and kind.encode(), ctypes.c_ulong(flags), None)


def bind(source, target, writable):
    """Both files or both folders; what is not there yet is made."""
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    elif not os.path.exists(target):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "x", encoding="utf-8"):
            pass
    mount(source, target, None, BIND)
    if not writable:
        mount(None, target, None, REMOUNT | BIND | RDONLY | NOSUID)


def enter(container):
    """Becomes the container's first process; in namespaces of its own."""
    root = container["root"]
    mount(None, "/", None, REC | PRIVATE)
    mount(root, root, None, BIND)
    for name in DEVICES:
        bind(f"/dev/{name}", f"{root}/dev/{name}", True)
    mount("proc", f"{root}/proc", "proc", NOSUID | NODEV | NOEXEC)
    for source, target, writable in container["binds"]:
        bind(source, root + target, writable)
    mount(None, root, None, REMOUNT | BIND | RDONLY | NOSUID)
    os.chroot(root)
    os.chdir(container["folder"])
    os.umask(0o022)
    os.setgroups([])
    os.setresgid(*[container["group"]] * 3)
    os.setresuid(*[container["user"]] * 3)
    call("prctl", NO_NEW_PRIVS, 1, 0, 0, 0)
    call("prctl", PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    os.execve(container["command"][0], container["command"],
              container["environment"])


def main():
    call("unshare", NEWNS | NEWUTS | NEWIPC | NEWPID)
    passed = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    signal.pthread_sigmask(signal.SIG_BLOCK, passed)
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, passed)
        enter(json.loads(sys.argv[1]))
    for number in passed:
        signal.signal(number, lambda number, _: os.kill(child, number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, passed)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


if __name__ == "__main__":
    main()
