"""What the scripts about guests share: Debian's images, a console that a script can type into, initrds of our own."""
import json
import os
import re
import select
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
EMU = [os.environ.get("EMU_LAUNCH") or os.path.join(ROOT, ".build", "release", "emu-launch")]
QEMU = ["qemu-system-ppc64"]
IMAGES = "/usr/lib/debian-installer/images/12/ppc64el/text/debian-installer/ppc64el/"
KERNEL = IMAGES + "vmlinux"
INITRD = IMAGES + "initrd.gz"


class GuestError(Exception):
    """The guest did something else than it should."""


class Guest:
    """A machine whose terminal is a pair of pipes; what it prints is kept."""

    def __init__(self, command):
        self.stderr = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.stderr)
        self.output = ""
        self.position = 0
        self.ended = False

    def read(self, seconds):
        """Takes what comes within some seconds; False when nothing did."""
        descriptor = self.process.stdout.fileno()
        if self.ended or not select.select([descriptor], [], [], max(seconds, 0))[0]:
            return False
        data = os.read(descriptor, 65536)
        if not data:
            self.ended = True
            return False
        self.output += data.decode("utf-8", "replace").replace("\r", "")
        return True

    def expect(self, pattern, seconds):
        """Waits for a regular expression after the last match; returns the text up to its end."""
        deadline = time.monotonic() + seconds
        while True:
            match = re.compile(pattern, re.M).search(self.output, self.position)
            if match:
                text = self.output[self.position:match.end()]
                self.position = match.end()
                return text
            left = deadline - time.monotonic()
            if left <= 0 or (not self.read(left) and self.ended):
                why = "ended" if self.ended else f"printed nothing like it in {seconds} s"
                raise GuestError(f"waiting for '{pattern}': the guest {why}: …{self.output[-400:]}{self.errors()}")

    def send(self, text):
        try:
            self.process.stdin.write(text.encode())
            self.process.stdin.flush()
        except BrokenPipeError as error:
            raise GuestError(f"the guest has ended: …{self.output[-400:]}{self.errors()}") from error

    def errors(self):
        self.stderr.seek(0)
        return self.stderr.read().decode("utf-8", "replace")

    def wait(self, seconds):
        """Reads to the end; returns the exit status."""
        deadline = time.monotonic() + seconds
        while not self.ended and time.monotonic() < deadline:
            self.read(deadline - time.monotonic())
        try:
            return self.process.wait(max(deadline - time.monotonic(), 1))
        except subprocess.TimeoutExpired as error:
            raise GuestError(f"the guest did not end in {seconds} s: …{self.output[-400:]}") from error

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Machine:
    """A machine driven by QMP, its terminal in a file."""

    def __init__(self, command, log, extra=()):
        self.log = log
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            command + ["-nodefaults", "-display", "none", "-m", "512", "-qmp", "stdio", "-serial", f"file:{log}"]
            + list(extra), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors)
        try:
            self.process.stdout.readline()
            self.run("qmp_capabilities")
        except GuestError:
            self.kill()
            raise

    def run(self, name, **arguments):
        try:
            self.process.stdin.write(json.dumps({"execute": name, "arguments": arguments}).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError as error:
            raise GuestError(f"{name}: the machine has ended: {self.said()}") from error
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise GuestError(f"{name}: the machine ended: {self.said()}")
            answer = json.loads(line)
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise GuestError(f"{name}: {answer['error']['desc']}")

    def said(self):
        self.errors.seek(0)
        return self.errors.read().decode("utf-8", "replace")[-400:]

    def poll(self, what, wanted, seconds):
        """Asks until an answer's status is one of those wanted."""
        deadline = time.monotonic() + seconds
        while True:
            status = self.run(what).get("status")
            if status in wanted:
                return status
            if time.monotonic() > deadline:
                raise GuestError(f"{what} still says {status} after {seconds} s")
            time.sleep(0.01)

    def migrate(self, uri):
        self.run("migrate-set-parameters", **{"max-bandwidth": 1 << 40})
        self.run("migrate", uri=uri)
        return self.poll("query-migrate", ["completed", "failed"], 120)

    def quit(self):
        try:
            self.run("quit")
        except GuestError:
            pass
        self.process.wait(20)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def text_of(path):
    if not os.path.exists(path):
        return ""
    with open(path, errors="replace") as file:
        return file.read().replace("\r", "")


def make_initrd(program, folder):
    """Packs a program of Fixtures/guests as /init; returns the initrd's path."""
    path = os.path.join(folder, program + ".gz")
    if not os.path.exists(path):
        source = os.path.join(ROOT, "Fixtures", "guests", program + ".c")
        subprocess.run([os.path.join(ROOT, "Scripts", "make-initrd"), source, path], check=True)
    return path


def newer_kernel():
    """Debian's 6.12 kernel, fetched by package on first use."""
    found = subprocess.run([os.path.join(ROOT, "Scripts", "debian-kernel")], check=True, stdout=subprocess.PIPE)
    return found.stdout.decode().strip()


def wait_for(condition, seconds, reason):
    """Waits until a condition holds; raises with the text that `reason` gives when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise GuestError(reason())
        time.sleep(0.02)
