"""What is measured: guest programs inside one booted Linux, boots, and start-up."""
import json
import os
import subprocess

from .emulator import INSTALLER, KERNEL, ROOT, Failure, Run

SOURCE = os.path.join(ROOT, "Benchmarks", "programs", "bench.c")
INTEGER = ["sieve", "sort", "hash", "tree", "interpreter", "compress", "strings"]
FLOATING = ["nbody", "mandelbrot", "matrix", "vectorfp", "vectorint"]
MEMORY = ["stream", "random"]
CONTROL = ["calls", "indirect"]
SYSTEM = ["syscalls", "pagefaults", "forks", "pipes", "selfmod"]
PROGRAMS = INTEGER + FLOATING + MEMORY + CONTROL + SYSTEM
BOOTS = ["kernel", "slof", "shell", "startup"]
PARALLEL = "parallel"
GROUPS = {"integer": INTEGER, "floating": FLOATING, "memory": MEMORY, "control": CONTROL, "system": SYSTEM,
          "programs": PROGRAMS, "boots": BOOTS, "smp": [PARALLEL]}
DESCRIPTIONS = {
    "kernel": "Linux on the built-in firmware, from start to /init",
    "slof": "SLOF, from start to its prompt",
    "shell": "SLOF, Linux and the installer's initrd, from start to a shell",
    "startup": "from start to the greeting of the monitor",
    PARALLEL: "two processes of independent work, one vCPU against two",
}


def chosen(names):
    """Rows that names of rows and groups stand for, in the order of the table."""
    known = PROGRAMS + BOOTS + [PARALLEL]
    wanted = set()
    for name in names:
        if name not in GROUPS and name not in known:
            raise Failure(f"no row or group '{name}': rows are {', '.join(known)}; groups are {', '.join(GROUPS)}")
        wanted.update(GROUPS.get(name, [name]))
    return [name for name in known if name in wanted]


class Bench:
    """Runs rows with one set of options and keeps every figure as (processor seconds, elapsed seconds)."""

    def __init__(self, options, folder):
        self.options = options
        self.initrd = os.path.join(folder, "bench.gz")
        self.checksums = {}
        subprocess.run([os.path.join(ROOT, "Scripts", "make-initrd"), SOURCE, self.initrd], check=True)

    def machine(self, *switches, vcpus=None, memory=1024):
        model = ",".join([self.options.machine, *switches])
        return ["-M", model, "-cpu", self.options.cpu, "-m", str(memory), "-smp", str(vcpus or self.options.smp)]

    def linux(self, initrd, *words):
        append = " ".join(["console=hvc0", "quiet", "loglevel=1", *self.options.append, *words])
        return ["-kernel", KERNEL, "-initrd", initrd, "-append", append]

    def programs(self, emulator, names, vcpus=None):
        """Boots Linux once and runs programs in it; also gives the time to /init as row `kernel`."""
        figures = {}
        arguments = [*self.machine("x-vof=on", vcpus=vcpus), "-serial", "stdio",
                     *self.linux(self.initrd, "bench_wait=1", f"bench_only={','.join(names) or 'none'}")]
        with Run(emulator, arguments, self.options.timeout) as run:
            run.line("bench begins")
            figures["kernel"] = run.clocks()
            while (name := run.line("bench ready ")) != "end":
                before = run.clocks()
                run.send("\n")
                done, seconds, checksum = run.line("bench done ").split()
                after = run.clocks()
                if done != name:
                    raise Failure(f"{emulator.name}: {done} ended where {name} began")
                if self.checksums.setdefault(name, checksum) != checksum:
                    raise Failure(f"{emulator.name}: {name} gives {checksum}, elsewhere {self.checksums[name]}")
                figures[name] = (after[0] - before[0], float(seconds))
        return figures

    def until(self, emulator, arguments, mark):
        with Run(emulator, arguments, self.options.timeout) as run:
            run.expect(mark)
            return run.clocks()

    def slof(self, emulator):
        return self.until(emulator, [*self.machine(), "-serial", "stdio"], "\n0 > ")

    def shell(self, emulator):
        linux = self.linux(INSTALLER, "rdinit=/bin/sh")
        return self.until(emulator, [*self.machine(), "-serial", "stdio", *linux], "# ")

    def startup(self, emulator):
        with Run(emulator, [*self.machine(), "-S", "-qmp", "stdio"], self.options.timeout) as run:
            json.loads(run.expect("\n"))
            return run.clocks()

    def round(self, emulator, rows):
        """One figure for every row."""
        figures = {}
        programs = [row for row in rows if row in PROGRAMS]
        if programs or "kernel" in rows:
            figures |= self.programs(emulator, programs)
        for row, measure in (("slof", self.slof), ("shell", self.shell), ("startup", self.startup)):
            if row in rows:
                figures[row] = measure(emulator)
        if PARALLEL in rows:
            for vcpus in (1, 2):
                figures[f"{PARALLEL}-{vcpus}"] = self.programs(emulator, [PARALLEL], vcpus)[PARALLEL]
        return {row: figure for row, figure in figures.items()
                if row in rows or row.startswith(PARALLEL)}
