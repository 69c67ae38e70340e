"""A running emulator: its command line, its console, and the processor time that it has used."""
import os
import select
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KERNEL = "/usr/lib/debian-installer/images/12/ppc64el/text/debian-installer/ppc64el/vmlinux"
INSTALLER = os.path.join(os.path.dirname(KERNEL), "initrd.gz")


class Failure(Exception):
    """An emulator did not do what a row needs; the message says which and what it printed last."""


class Emulator:
    """How to start one of the two."""

    def __init__(self, name, path, accelerator=None):
        self.name = name
        self.path = path
        self.accelerator = accelerator

    def command(self, *arguments):
        accelerator = ["-accel", self.accelerator] if self.accelerator else []
        return [self.path, *accelerator, "-nodefaults", "-display", "none", *arguments]

    def version(self):
        text = subprocess.run([self.path, "--version"], capture_output=True, text=True, check=True).stdout
        return text.splitlines()[0]


class Run:
    """One process with its console on pipes."""

    def __init__(self, emulator, arguments, timeout):
        self.emulator = emulator
        self.deadline = time.monotonic() + timeout
        self.began = time.monotonic()
        self.process = subprocess.Popen(emulator.command(*arguments), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, bufsize=0)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def clocks(self):
        """Processor time of all threads, living and gone, and elapsed time since the start; seconds."""
        # The kernel's name for the processor clock of another process: CPUCLOCK_SCHED of its id.
        processor = time.clock_gettime((~self.process.pid << 3) | 2)
        return processor, time.monotonic() - self.began

    def expect(self, mark):
        """Reads on until the console has printed `mark`; returns what came before it."""
        mark = mark.encode()
        while (at := self.buffer.find(mark)) < 0:
            left = self.deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise Failure(f"{self.emulator.name}: no {mark!r} in time after {self.buffer[-200:]!r}")
            piece = os.read(self.process.stdout.fileno(), 65536)
            if not piece:
                raise Failure(f"{self.emulator.name}: ended before {mark!r} after {self.buffer[-200:]!r}")
            self.buffer += piece
        before, self.buffer = self.buffer[:at], self.buffer[at + len(mark):]
        return before.decode(errors="replace")

    def line(self, beginning):
        """The rest of the next line that contains `beginning`."""
        self.expect(beginning)
        return self.expect("\n").rstrip("\r")

    def send(self, text):
        self.process.stdin.write(text.encode())
