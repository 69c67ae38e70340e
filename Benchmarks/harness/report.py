"""Tables of ratios from figures, and what changed between two result files."""
import math
import statistics

from .emulator import Failure
from .rows import PARALLEL, PROGRAMS

CLOCKS = {"cpu": 0, "elapsed": 1}


def measure_of(row, default):
    """What several vCPUs gain shows in elapsed time only; the rest in the clock that was asked for."""
    return "elapsed" if row.startswith(PARALLEL) else default


def summary(row, figures, measure):
    """Medians, and the ratio with the range of the ratios of single rounds. Above 1: emu-launch is faster."""
    clock = CLOCKS[measure_of(row, measure)]
    qemu = [figure[clock] for figure in figures["qemu"]]
    emu = [figure[clock] for figure in figures["emu-launch"]]
    ratios = [a / b for a, b in zip(qemu, emu)]
    return {"qemu": statistics.median(qemu), "emu-launch": statistics.median(emu),
            "ratio": statistics.median(qemu) / statistics.median(emu), "lowest": min(ratios), "highest": max(ratios)}


def geometric_mean(values):
    return math.exp(statistics.fmean(map(math.log, values)))


def table(result, measure):
    """Lines of Markdown."""
    lines = [f"Seconds ({measure}), median of {result['rounds']} rounds; ratio above 1: emu-launch is faster.", "",
             "| row | QEMU | emu-launch | ratio | lowest - highest |", "|---|---:|---:|---:|---:|"]
    ratios = []
    for row, figures in result["rows"].items():
        s = summary(row, figures, measure)
        lines.append(f"| {row} | {s['qemu']:.3f} | {s['emu-launch']:.3f} | {s['ratio']:.2f} | "
                     f"{s['lowest']:.2f} - {s['highest']:.2f} |")
        if row in PROGRAMS:
            ratios.append((s["ratio"], row))
    if ratios:
        slowest = min(ratios)
        lines += ["", f"Geometric mean of {len(ratios)} guest programs: {geometric_mean([r for r, _ in ratios]):.2f}; "
                  f"lowest: {slowest[1]} {slowest[0]:.2f}; below 1: {sum(r < 1 for r, _ in ratios)}."]
    pair = [result["rows"].get(f"{PARALLEL}-{n}") for n in (1, 2)]
    if all(pair):
        for who in ("qemu", "emu-launch"):
            one, two = (statistics.median(f[1] for f in figures[who]) for figures in pair)
            lines.append(f"Two vCPUs over one, {who}: {one / two:.2f} of the throughput.")
    return lines


def compare(old, new, measure, tolerance):
    """Lines that show every row of both files, and the rows that became slower.

    A row has become slower when its ratio fell by more than `tolerance` and the ranges of both files lie apart.
    """
    for name in ("options", "programs"):
        if old[name] != new[name]:
            raise Failure(f"the files cannot be compared: {name} {old[name]} and {new[name]} differ")
    lines, slower = ["| row | old ratio | new ratio | change |  |", "|---|---:|---:|---:|---|"], []
    for row, figures in old["rows"].items():
        if row not in new["rows"]:
            lines.append(f"| {row} | | | | not measured |")
            continue
        a, b = summary(row, figures, measure), summary(row, new["rows"][row], measure)
        change = b["ratio"] / a["ratio"] - 1
        verdict = ""
        if change < -tolerance:
            verdict = "slower" if b["highest"] < a["lowest"] else "slower, within the spread"
        elif change > tolerance:
            verdict = "faster" if b["lowest"] > a["highest"] else "faster, within the spread"
        if verdict == "slower":
            slower.append(row)
        lines.append(f"| {row} | {a['ratio']:.2f} | {b['ratio']:.2f} | {change:+.0%} | {verdict} |")
    return lines, slower
