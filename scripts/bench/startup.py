"""What `sweep` costs before and beside simulating: `--version`, the smallest sweep, and steps between them.

    python3 scripts/bench/startup.py --sweep target/release/sweep [--before OTHER] [--rounds 50] [--disk DIR]

Prints a Markdown table, every number measured now. Each row does what the row above it does and something
more, so differences between rows say where the time goes. All rows (and a build from before a change, with
`--before`) run in turn, round by round; numbers are medians of the rounds.

Wall time includes starting a process from here, which is all that the first row does. CPU time is exact, but
the kernel samples what is its own share only every few milliseconds: the share is that of all rounds together.
A new process begins with the peak memory of this program, so smaller peaks do not show. Linux; standard
library only.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from growth import Clocks

MEMORY_FOLDER = "/dev/shm"
CELL = "--rates 1 --prefill 8000 --modes mono --sim-seconds 61"
RUN = f"{CELL} --quiet --force --name s"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sweep", type=Path, required=True, help="the command that is measured")
    parser.add_argument("--before", type=Path, help="another build, for ratios")
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--disk", default=tempfile.gettempdir(), help="where tables on disk are written")
    arguments = parser.parse_args()
    builds = [build.resolve() for build in (arguments.sweep, arguments.before) if build]
    with (
        tempfile.TemporaryDirectory(dir=MEMORY_FOLDER) as memory,
        tempfile.TemporaryDirectory(dir=arguments.disk) as disk,
    ):
        start = Clocks.now()
        measured = measure(builds, steps(memory, disk), arguments.rounds)
        others = start.share_of_others(Clocks.now())
    print_table(*measured)
    print(f"{arguments.rounds} rounds, {os.cpu_count()} CPUs; other programs kept {others:.0%} of them busy")


@dataclass(frozen=True)
class Step:
    """What is run in a folder; no arguments stand for a program that does nothing."""

    name: str
    arguments: str | None
    folder: str


def steps(memory, disk):
    return [
        Step("a program that does nothing", None, memory),
        Step("`sweep --version`", "--version", memory),
        Step("`sweep theory` of one cell", f"theory {CELL}", memory),
        Step("smallest sweep, CSV in memory", f"{RUN} --replications 1 --format csv", memory),
        Step("smallest sweep, Parquet in memory", f"{RUN} --replications 1", memory),
        Step("10 replications, Parquet in memory", f"{RUN} --replications 10", memory),
        Step("smallest sweep, Parquet on disk", f"{RUN} --replications 1", disk),
        Step("10 replications, Parquet on disk", f"{RUN} --replications 10", disk),
    ]


@dataclass(frozen=True)
class Run:
    """What one process took."""

    wall_ms: float
    user_ms: float
    system_ms: float
    peak_mib: float
    page_faults: int

    @property
    def cpu_ms(self):
        return self.user_ms + self.system_ms


def measure(builds, rows, rounds):
    """For each build, the runs of every step."""
    runs = [{step: [] for step in rows} for _ in builds]
    # One round more, which fetches programs from disk and does not count.
    for round_number in range(rounds + 1):
        for step in rows:
            # Whoever runs first finds caches full of the step before.
            for build, of_build in list(zip(builds, runs))[:: 1 if round_number % 2 else -1]:
                run = run_step(build, step)
                if round_number > 0:
                    of_build[step].append(run)
    return runs


def run_step(build, step):
    command = ["true"] if step.arguments is None else [build, *step.arguments.split()]
    start_s = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=step.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - start_s
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed")
    return Run(
        wall_ms=wall_s * 1e3,
        user_ms=usage.ru_utime * 1e3,
        system_ms=usage.ru_stime * 1e3,
        peak_mib=usage.ru_maxrss / 1024,
        page_faults=usage.ru_minflt,
    )


def print_table(runs, before=None):
    headings = ["wall ms", "CPU ms", "of it in the kernel", "page faults", "peak MiB"]
    if before:
        headings += ["wall ms before", "CPU ms before", "ratio of wall", "ratio of CPU"]
    print(f"|  | {' | '.join(headings)} |\n|{'---|' * (1 + len(headings))}")
    own_peak_mib = None
    for step, of_step in runs.items():
        wall_ms, cpu_ms = median(of_step, "wall_ms"), median(of_step, "cpu_ms")
        kernel = sum(run.system_ms for run in of_step) / sum(run.cpu_ms for run in of_step)
        peak_mib = median(of_step, "peak_mib")
        own_peak_mib = own_peak_mib or peak_mib
        hidden = peak_mib < own_peak_mib + 0.5
        figures = [
            f"{wall_ms:.2f}",
            f"{cpu_ms:.2f}",
            f"{kernel:.0%}",
            f"{median(of_step, 'page_faults'):,.0f}",
            f"up to {own_peak_mib:.0f}" if hidden else f"{peak_mib:.0f}",
        ]
        if before:
            wall_before_ms, cpu_before_ms = (median(before[step], name) for name in ("wall_ms", "cpu_ms"))
            figures += [f"{wall_before_ms:.2f}", f"{cpu_before_ms:.2f}"]
            figures += [f"{wall_ms / wall_before_ms:.2f}", f"{cpu_ms / cpu_before_ms:.2f}"]
        print(f"| {step.name} | {' | '.join(figures)} |")
    print()


def median(runs, name):
    return statistics.median(getattr(run, name) for run in runs)


if __name__ == "__main__":
    main()
