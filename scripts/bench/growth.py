"""How the cost of `sweep` grows: with requests, GPUs, cells, jobs and threads, and what a request is made of.

    python3 scripts/bench/growth.py --sweep target/release/sweep [--rounds 5] [--only NAME] [--long]

Prints a Markdown table for each question, every number measured now. CPU time is the user and system
time of the whole process: start-up, simulation, tables on disk and summary. Memory is the peak of the
process. All workloads of a table run in turn, round by round; a number is the median of the rounds, with
their range in brackets. Simulation is on one thread, except where threads are the question.

Workloads differ in size by nature, so most are given as many replications as make `REQUESTS` of all their
cells together. What fits into memory together is decided by samples (ARCHITECTURE.md, waves and bundles):
costs may jump where a cell, or a job, outgrows such a limit. The last line says how busy other programs kept
the machine: speed-ups hold on an idle one only.

`--long` adds workloads of minutes. The table of instructions needs valgrind. Linux; standard library only.
"""

import argparse
import hashlib
import itertools
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

# More than a second of work, so that start-up is a small part.
REQUESTS = 40_000_000
# A shorter run says how long it was.
SHORT_RUN_S = 0.5

RATES = (0.5, 1, 2, 3, 4, 5)
PREFILLS = (4000, 8000, 12000, 16000)
GPUS = (1, 2, 4, 8, 16, 32, 64, 128, 512)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sweep", type=Path, required=True, help="the command that is measured")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=TABLES, help="one table")
    parser.add_argument("--long", action="store_true", help="also workloads that take minutes")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        # A copy, so that a build that ends meanwhile does not change what is measured.
        command = Path(shutil.copy2(arguments.sweep, Path(folder, "sweep")))
        bench = Bench(command, Path(folder), arguments.rounds, arguments.long)
        before = Clocks.now()
        for name in [arguments.only] if arguments.only else TABLES:
            TABLES[name](bench)
        others = before.share_of_others(Clocks.now())
    if bench.version is None:
        sys.exit("nothing was measured")
    print(
        f"sweep {bench.version}, {os.cpu_count()} CPUs, {arguments.rounds} rounds; "
        f"other programs kept {others:.0%} of the machine busy"
    )


# Questions, each a table.


def requests_table(bench):
    rows = {}
    for exponent in range(3, 9 if bench.long else 8):
        requests = 10**exponent
        one = Workload("--modes disagg --rates 2 --prefill 8000", cells=1, rate=2)
        many = grid(modes=("mono", "disagg"))
        rows[f"10^{exponent}"] = {"1 cell": one.lengthened(requests)}
        if exponent < (8 if bench.long else 7):
            rows[f"10^{exponent}"]["48 cells"] = many.lengthened(requests)
    print_table("requests per job", bench.measure(rows), (NS, MEMORY, CPU))


def gpus_table(bench):
    requests = 10_000
    rows = {}
    for gpus in GPUS:
        mono = f"--modes mono --set cluster_mono.num_gpus={gpus}"
        rows[f"{gpus}"] = {
            "mono": four_prefill_speeds(mono, 1.5 * gpus).lengthened(requests),
            "disagg": four_prefill_speeds(disagg_pools(gpus, gpus), 2 * gpus).lengthened(requests),
        }
    # One fast prefill GPU that 64 slow decode GPUs keep up with.
    unequal = f"{disagg_pools(1, 64)} --set cluster_disagg.decode_tokens_per_s=62.5"
    rows["1 + 64"] = {"disagg": four_prefill_speeds(unequal, 4).lengthened(requests)}
    print_table("GPUs per pool (prefill + decode)", bench.measure(rows), (NS, CPU))


def cells_table(bench):
    sweeps = {
        1: Workload("--modes disagg --rates 2 --prefill 8000", cells=1, rate=2),
        6: grid(prefills=(8000,)),
        12: grid(modes=("mono", "disagg"), prefills=(8000,)),
        48: grid(modes=("mono", "disagg")),
        480: grid(modes=("mono", "disagg"), prefills=range(4000, 20_000, 400)),
    }
    rows = {
        str(cells): {
            "runs of 600 s": workload.repeated(),
            "10 long runs": workload.lengthened(REQUESTS // 10 // cells),
        }
        for cells, workload in sweeps.items()
    }
    print_table("cells", bench.measure(rows), (NS, MEMORY, CPU))


def jobs_table(bench):
    rows = {}
    for exponent in range(3, 7 if bench.long else 6):
        cells = 10 ** (exponent - 1)
        # Cells are rates by prefill speeds.
        rates = 10 ** (exponent // 2)
        axes = f"--rates lin:1.5:2.5:{rates} --prefill lin:4000:16000:{cells // rates} --modes disagg"
        workload = Workload(axes, cells=cells, rate=2)
        rows[f"10^{exponent}"] = {"": workload.replicated(10)}
    measured = bench.measure(rows)
    print_table("jobs of 600 s, 10 replications", measured, (WALL, CPU, NS, MEMORY))
    print_table("jobs of 600 s, 10 replications", measured, (SIMULATION, TABLES_WRITTEN, REST))


def threads_table(bench):
    many = grid(modes=("mono", "disagg"))
    sweeps = {
        "1 cell": Workload("--modes disagg --rates 2 --prefill 8000", cells=1, rate=2).repeated(),
        "48 cells": many.repeated(),
        "48 cells, 10 long runs": many.lengthened(REQUESTS // 10 // 48),
    }
    rows = {
        name: {str(threads): workload.on_threads(threads) for threads in (1, 2)}
        for name, workload in sweeps.items()
    }
    measured = bench.measure(rows)
    print("| workload | wall s, 1 thread | wall s, 2 threads | speed-up | CPU per request, 2 to 1 |")
    print("|---|---|---|---|---|")
    for name, columns in measured.items():
        one, two = columns["1"], columns["2"]
        figures = [
            spread([run.wall_s for run in one]),
            spread([run.wall_s for run in two]),
            spread([before.wall_s / after.wall_s for before, after in zip(one, two)]),
            spread([after.ns_per_request / before.ns_per_request for before, after in zip(one, two)]),
        ]
        print(f"| {name} | {' | '.join(figures)} |")
    print()


def instructions_table(bench):
    """What valgrind counts for a sweep of two horizons: the difference is that of the requests.

    Valgrind shows the program a CPU without AVX-512, so vectors are narrower than they may be natively.
    """
    if not shutil.which("valgrind"):
        print("instructions: needs valgrind, which is not installed\n", file=sys.stderr)
        return
    sweeps = {
        "mono, 1 cell": grid(modes=("mono",), rates=(2,), prefills=(8000,)),
        "disagg, 1 cell": grid(rates=(2,), prefills=(8000,)),
        "mono, 24 cells": grid(modes=("mono",)),
        "disagg, 24 cells": grid(),
    }
    print(f"| per request | {' | '.join(COUNTED)} |\n|{'---|' * (1 + len(COUNTED))}")
    for name, workload in sweeps.items():
        short, long = (bench.count(workload.lengthened(n, 10 * n * workload.cells)) for n in (1000, 3000))
        requests = long["requests"] - short["requests"]
        figures = (
            f"{weight * sum(long[event] - short[event] for event in events) / requests:.3g}"
            for weight, events in COUNTED.values()
        )
        print(f"| {name} | {' | '.join(figures)} |", flush=True)
    print("\nCounted by valgrind with AVX2 at most; its caches are simulated, with the sizes of this CPU's.\n")


# Workloads.


@dataclass(frozen=True)
class Workload:
    """Flags of `sweep`, with the number of cells and their mean rate."""

    flags: str
    cells: int
    rate: float
    threads: int = 1

    def lengthened(self, requests_per_job, requests=REQUESTS):
        """Jobs of so many requests on average; at least two replications, since one alone is cut into
        batches, which is other work."""
        horizon_s = requests_per_job / self.rate
        replications = max(2, round(requests / (self.cells * requests_per_job)))
        # The cell with the highest rate has more requests than the mean.
        limit = max(100_000_000, 4 * requests_per_job)
        window = f"--sim-seconds {horizon_s:.6g} --warmup-seconds {horizon_s / 10:.6g} --max-requests {limit}"
        return self.with_flags(f"{window} --replications {replications}")

    def repeated(self):
        """Jobs of 600 s, as many as make `REQUESTS`."""
        return self.replicated(round(REQUESTS / (600 * self.rate * self.cells)))

    def replicated(self, replications):
        return self.with_flags(f"--replications {replications}")

    def on_threads(self, threads):
        return Workload(self.flags, self.cells, self.rate, threads)

    def with_flags(self, flags):
        return Workload(f"{self.flags} {flags}", self.cells, self.rate, self.threads)

    def arguments(self):
        return [*self.flags.split(), "--threads", str(self.threads), "--force", "--name", "growth"]


def grid(modes=("disagg",), rates=RATES, prefills=PREFILLS):
    axes = (("--modes", modes), ("--rates", rates), ("--prefill", prefills))
    flags = " ".join(f"{flag} {','.join(map(str, values))}" for flag, values in axes)
    return Workload(flags, len(modes) * len(rates) * len(prefills), statistics.fmean(rates))


def four_prefill_speeds(flags, rate):
    return Workload(f"{flags} --rates {rate} --prefill {','.join(map(str, PREFILLS))}", len(PREFILLS), rate)


def disagg_pools(prefill_gpus, decode_gpus):
    gpus = {"prefill_gpus": prefill_gpus, "decode_gpus": decode_gpus}
    return " ".join(["--modes disagg", *(f"--set cluster_disagg.{key}={value}" for key, value in gpus.items())])


# Measuring.


@dataclass(frozen=True)
class Run:
    """What one run of `sweep` took."""

    cpu_s: float
    wall_s: float
    simulation_s: float
    tables_s: float
    peak_mib: float
    requests: int

    @property
    def ns_per_request(self):
        return self.cpu_s / self.requests * 1e9


@dataclass(frozen=True)
class Clocks:
    """How long the CPUs were busy, and this program with what it started; and the time."""

    busy_s: float
    own_s: float
    wall_s: float

    @classmethod
    def now(cls):
        # user, nice, system, idle, iowait, irq, softirq, steal
        ticks = [int(field) for field in Path("/proc/stat").read_text().split()[1:9]]
        busy_ticks = sum(ticks) - ticks[3] - ticks[4]
        own = os.times()
        own_s = own.user + own.system + own.children_user + own.children_system
        return cls(busy_ticks / os.sysconf("SC_CLK_TCK"), own_s, time.perf_counter())

    def share_of_others(self, later):
        others_s = (later.busy_s - self.busy_s) - (later.own_s - self.own_s)
        return max(0.0, others_s / ((later.wall_s - self.wall_s) * os.cpu_count()))


class Bench:
    def __init__(self, command, folder, rounds, long):
        self.command = command
        self.folder = folder
        self.rounds = rounds
        self.long = long
        self.version = None
        # The commit alone does not tell builds of changed sources apart.
        self.build = hashlib.sha256(command.read_bytes()).hexdigest()[:8]

    def measure(self, rows):
        """The runs of each workload in a table of them, round by round."""
        runs = {name: {column: [] for column in row} for name, row in rows.items()}
        places = [(name, column) for name, row in rows.items() for column in row]
        for step, (_, (name, column)) in enumerate(itertools.product(range(self.rounds), places), 1):
            runs[name][column].append(self.run(rows[name][column]))
            print(f"\r{step} of {self.rounds * len(places)}", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        return runs

    def run(self, workload):
        start_s = time.perf_counter()
        usage, printed = self.usage([self.command, *workload.arguments()])
        wall_s = time.perf_counter() - start_s
        outcome = self.outcome()
        simulation_s = float(re.search(r"simulated in ([\d.,]+) s", printed)[1].replace(",", ""))
        return Run(
            cpu_s=usage.ru_utime + usage.ru_stime,
            wall_s=wall_s,
            simulation_s=simulation_s,
            tables_s=outcome["wall_s"] - simulation_s,
            peak_mib=usage.ru_maxrss / 1024,
            requests=outcome["simulated_requests"],
        )

    def count(self, workload):
        """Events that valgrind counts, and simulated requests."""
        counts = self.folder / "callgrind.out"
        valgrind = ["valgrind", "--tool=callgrind", "--cache-sim=yes", "--branch-sim=yes"]
        self.usage([*valgrind, f"--callgrind-out-file={counts}", self.command, *workload.arguments()])
        text = counts.read_text()
        events = re.search(r"^events: (.+)$", text, re.MULTILINE)[1].split()
        totals = re.search(r"^totals: (.+)$", text, re.MULTILINE)[1].split()
        requests = self.outcome()["simulated_requests"]
        return {**dict(zip(events, map(int, totals))), "requests": requests}

    def usage(self, command):
        """Resources of a command, of it alone, and what it prints."""
        with tempfile.TemporaryFile("w+") as output:
            process = subprocess.Popen(command, cwd=self.folder, stdout=output, stderr=output)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            printed = output.read()
        if process.returncode != 0:
            sys.exit(f"{' '.join(map(str, command))} failed:\n{printed}")
        return usage, printed

    def outcome(self):
        record = json.loads((self.folder / "results/growth/run.json").read_text())
        versions = record["versions"]
        self.version = f"{versions['sweep']} ({versions['git_commit'][:7]}, build {self.build})"
        return record["outcome"]


# Columns and tables.

# What is made of valgrind's events: a weight, and the events that are added up.
CACHE_LINE_BYTES = 64
COUNTED = {
    "instructions": (1, ("Ir",)),
    "branches": (1, ("Bc", "Bi")),
    "mispredicted": (1, ("Bcm", "Bim")),
    "loads and stores": (1, ("Dr", "Dw")),
    "misses of the first cache": (1, ("D1mr", "D1mw")),
    "bytes missed in the last cache": (CACHE_LINE_BYTES, ("DLmr", "DLmw")),
}


def spread(values, digits=2):
    """Median and range."""
    low, middle, high = (
        f"{value:,.{digits}f}" for value in (min(values), statistics.median(values), max(values))
    )
    return middle if len(values) == 1 else f"{middle} ({low} to {high})"


def column(heading, of_run, digits):
    return heading, lambda runs: spread([of_run(run) for run in runs], digits)


def cpu(runs):
    middle = statistics.median(run.cpu_s for run in runs)
    return f"{middle:.2f}" + (" (short)" if middle < SHORT_RUN_S else "")


NS = column("ns CPU per request", lambda run: run.ns_per_request, 1)
WALL = column("wall s", lambda run: run.wall_s, 2)
SIMULATION = column("simulation s", lambda run: run.simulation_s, 3)
TABLES_WRITTEN = column("tables s", lambda run: run.tables_s, 3)
REST = column("start, plan and summary s", lambda run: run.wall_s - run.simulation_s - run.tables_s, 3)
MEMORY = ("peak MiB", lambda runs: f"{max(run.peak_mib for run in runs):,.0f}")
CPU = ("CPU s", cpu)


def print_table(what, rows, figures):
    """A row for each name, with all figures of each of its workloads."""
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    headings = [
        f"{column}: {heading}" if column else heading for column in columns for heading, _ in figures
    ]
    print(f"| {what} | {' | '.join(headings)} |\n|{'---|' * (1 + len(headings))}")
    for name, row in rows.items():
        cells = [
            show(row[column]) if column in row else "" for column in columns for _, show in figures
        ]
        print(f"| {name} | {' | '.join(cells)} |")
    print()


TABLES = {
    "requests": requests_table,
    "gpus": gpus_table,
    "cells": cells_table,
    "jobs": jobs_table,
    "threads": threads_table,
    "instructions": instructions_table,
}


if __name__ == "__main__":
    main()
