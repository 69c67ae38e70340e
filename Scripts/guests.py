"""What the scripts about guests share: Debian's images, a console that a script can type into, initrds of our own."""
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
