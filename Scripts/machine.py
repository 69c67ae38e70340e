"""A machine, QEMU's or ours, driven over QMP: what the scripts that exchange streams share."""
import hashlib
import json
import os
import shlex
import socket
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
QEMU = ["qemu-system-ppc64"]


def ours(program, configuration="release"):
    """The command of a program of this package."""
    return [os.path.join(ROOT, ".build", configuration, program)]


def old_qemu(folder):
    """The command of the QEMU that Scripts/install-old-qemu put below a folder."""
    return [os.path.join(ROOT, "Scripts", "old-qemu"), folder]


class Machine:
    """A process that speaks QMP over a socket that it inherits, so that descriptors can be sent to it."""

    def __init__(self, command, pass_fds=()):
        here, there = socket.socketpair()
        with there:
            number = there.fileno()
            self.command = command + ["-chardev", f"socket,id=qmp,fd={number}", "-mon", "qmp,mode=control"]
            self.errors = tempfile.TemporaryFile()
            self.began = time.monotonic()
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                            stderr=self.errors, pass_fds=(number, *pass_fds))
        self.socket = here
        self.answers = here.makefile("rb")
        self.read()
        # Seconds from the start of the process to the greeting.
        self.greeting = time.monotonic() - self.began
        self.run("qmp_capabilities")

    def failure(self, what):
        self.process.kill()
        self.process.wait()
        self.errors.seek(0)
        text = self.errors.read().decode(errors="replace")
        return RuntimeError(f"{what}\n  {shlex.join(self.command)}\n  {text}")

    def read(self):
        line = self.answers.readline()
        if not line:
            self.process.wait(60)
            raise self.failure(f"ended with status {self.process.returncode}")
        return json.loads(line)

    def run(self, name, **arguments):
        """Executes a command; underscores in argument names stand for hyphens."""
        request = {"execute": name}
        if arguments:
            request["arguments"] = {key.replace("_", "-"): value for key, value in arguments.items()}
        self.send(request)
        return self.answer(name)

    def send(self, request, descriptors=()):
        text = json.dumps(request).encode() + b"\n"
        if descriptors:
            socket.send_fds(self.socket, [text], list(descriptors))
        else:
            self.socket.sendall(text)

    def send_descriptor(self, name, descriptor):
        self.send({"execute": "getfd", "arguments": {"fdname": name}}, [descriptor])
        return self.answer("getfd")

    def answer(self, name):
        while True:
            answer = self.read()
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise self.failure(f"{name}: {answer['error']['desc']}")

    def poll(self, command, is_done, seconds=120, pause=0.02):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if is_done(self.run(command).get("status")):
                return
            time.sleep(pause)
        raise self.failure(f"{command} takes too long")

    def wait_migration(self, pause=0.02):
        def is_done(status):
            if status in ("failed", "cancelled"):
                raise self.failure(f"migration {status}")
            return status == "completed"
        self.poll("query-migrate", is_done, pause=pause)

    def wait_incoming(self, pause=0.02):
        self.poll("query-status", lambda status: status != "inmigrate", pause=pause)

    def unlimited(self):
        self.run("migrate-set-parameters", max_bandwidth=1 << 40)

    def save(self, path):
        self.run("migrate", uri=f"exec:cat>{path}")
        self.wait_migration()

    def digest(self, path, megabytes):
        """Digest of the first bytes of guest memory, by way of a file."""
        self.run("pmemsave", val=0, size=megabytes << 20, filename=path)
        with open(path, "rb") as file:
            value = hashlib.sha256(file.read()).hexdigest()
        os.unlink(path)
        return value

    def peak(self):
        """The most memory that the process ever had resident, in MiB."""
        with open(f"/proc/{self.process.pid}/status") as file:
            return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM"))

    def quit(self):
        if self.process.poll() is None:
            try:
                self.run("quit")
            except (RuntimeError, OSError):
                pass
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.answers.close()
        self.socket.close()
