"""CPU time per simulated request: `sweep` beside what one would otherwise write.

    python3 scripts/bench/peers.py [--sweep target/release/sweep] [--rounds 5] [--threads 1] [--draws] [--json FILE]

The peers in scripts/bench/peers simulate the same cells (docs/model.md, defaults of a scenario; 6 rates
by 4 prefill speeds by 2 modes), each as well as its tool allows, on one thread, every job with draws of
its own unless the name says otherwise: SimPy, NumPy and numba, NeXosim (Rust), and a textbook event heap
in Rust. (`sweep` uses the same random numbers in all cells of a replication.) First all must agree with
`sweep` on two cells, within four standard errors of the difference; otherwise nothing is timed.

Then all programs run in turn, round by round, each with as many replications as take it about
`TARGET_CPU_S`. Charged is the user and system time of the process. `sweep` is charged in full: start-up,
aggregation over replications, tables on disk and summary. Python peers are charged less: from each run
goes the time of one without replications just before it, which imports and compiles (from numba's cache)
all the same. Rust peers start in no time. Peers print a row per job, aggregate nothing over replications
and have fewer results than `sweep`. Ratios are formed within rounds.

`--draws` adds what `sweep` spends on random draws alone, measured by `cargo bench` on the sources of this
checkout: compare it with a binary built from them. Tools of the peers go to target/bench-peers; the first
run needs cargo, pip and the registries of both. Standard library only.
"""

import argparse
import csv
import hashlib
import io
import json
import math
import os
import platform
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / "scripts/bench/peers"
TOOLS = ROOT / "target/bench-peers"

RATES = ("0.5", "1", "2", "3", "4", "5")
PREFILLS = ("4000", "8000", "12000", "16000")
MODES = ("mono", "disagg")
CELLS = [f"{mode}:{rate}:{prefill}" for mode in MODES for rate in RATES for prefill in PREFILLS]
SIM_S = 600

# Long enough for the start-up of Python, which differs by a tenth of a second between runs, to matter little.
TARGET_CPU_S = 2.5
REFERENCE = "sweep, 48 cells"

COMPARED_CELLS = ("disagg:2:8000", "mono:5:4000")
COMPARED_COLUMNS = (
    "num_samples", "mean_ttft_s", "p50_ttft_s", "p90_ttft_s", "p99_ttft_s", "mean_wait_prefill_s",
    "mean_wait_decode_s", "utilization_decode",
)
COMPARED_STANDARD_ERRORS = 4
# SimPy would take ten times as long as all others together for as many.
COMPARED_REPLICATIONS = {"SimPy": 60}
DEFAULT_COMPARED_REPLICATIONS = 400


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sweep", type=Path, default=ROOT / "target/release/sweep")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1, help="threads of sweep; CPU time is the sum over threads")
    parser.add_argument("--draws", action="store_true", help="also time sweep's random draws alone (builds a bench)")
    parser.add_argument("--json", type=Path, help="file for the raw figures")
    arguments = parser.parse_args()
    peers = install_peers()
    with tempfile.TemporaryDirectory() as folder:
        # A copy, so that a build that ends meanwhile does not change what is measured.
        command = Path(shutil.copy2(arguments.sweep, Path(folder, "sweep")))
        sweeps = sweep_programs(command, arguments.threads, Path(folder))
        check_agreement(sweeps[0], peers)
        programs = sweeps + ([Draws()] if arguments.draws else []) + peers
        sizes = [program.size_for_target() for program in progress(programs)]
        rounds = [
            {program.name: program.ns_per_request(size) for program, size in zip(programs, sizes)}
            for _ in progress(range(arguments.rounds))
        ]
    figures = {
        program.name: {
            "version": program.version,
            "size": size,
            "ns_per_request": [times[program.name] for times in rounds],
            "ratio": [times[program.name] / times[REFERENCE] for times in rounds],
        }
        for program, size in zip(programs, sizes)
    }
    print_table(figures)
    where = machine()
    print(f"\n{where}")
    if arguments.json:
        arguments.json.write_text(json.dumps({"machine": where, "programs": figures}, indent=2) + "\n")


class Program:
    """What is timed: `measure` gives CPU seconds and simulated requests of a run of some size."""

    name = None
    version = None

    def size_for_target(self):
        """The size that takes about `TARGET_CPU_S`; finding it also fills caches."""
        size = 1
        while (cpu_s := self.measure(size)[0]) < TARGET_CPU_S / 5:
            size *= 4
        return max(1, round(size * TARGET_CPU_S / cpu_s))

    def ns_per_request(self, size):
        cpu_s, requests = self.measure(size)
        return cpu_s / requests * 1e9


class Peer(Program):
    """One of the programs in scripts/bench/peers; its size is a number of replications."""

    def __init__(self, name, version, command, starts_slowly):
        self.name = name
        self.version = version
        self.command = command
        self.starts_slowly = starts_slowly

    def measure(self, size):
        start_up_s = self.jobs(0, CELLS)[0] if self.starts_slowly else 0.0
        cpu_s, jobs = self.jobs(size, CELLS)
        return cpu_s - start_up_s, sum(int(job["num_simulated"]) for job in jobs)

    def jobs(self, replications, cells):
        """CPU seconds and the rows of the table."""
        cpu_s, output = run([*self.command, "1", str(replications), *cells])
        return cpu_s, list(csv.DictReader(io.StringIO(output)))


class Sweep(Program):
    """`sweep` on one grid; `flags` gives its flags for a size."""

    def __init__(self, name, command, folder, flags):
        self.name = name
        self.command = [command, "--force", "--name", "peers"]
        self.results = folder / "results/peers"
        self.folder = folder
        self.flags = flags
        # The commit alone does not tell builds of changed sources apart.
        self.build = hashlib.sha256(command.read_bytes()).hexdigest()[:8]

    def measure(self, size):
        cpu_s, _ = run([*self.command, *self.flags(size)], cwd=self.folder)
        record = json.loads((self.results / "run.json").read_text())
        versions = record["versions"]
        self.version = f"{versions['sweep']} ({versions['git_commit'][:7]}, build {self.build})"
        return cpu_s, record["outcome"]["simulated_requests"]

    def jobs(self, replications, cell):
        """The rows of one cell's jobs."""
        mode, rate, prefill = cell.split(":")
        axes = ["--modes", mode, "--rates", rate, "--prefill", prefill]
        run([*self.command, *axes, "--replications", str(replications), "--format", "csv"], cwd=self.folder)
        with (self.results / "jobs.csv").open(newline="") as file:
            return list(csv.DictReader(file))


class Draws(Program):
    """Arrivals and lengths alone, by the engine's own benchmark, which needs no size."""

    name = "sweep's draws alone"
    version = "sources of this checkout"

    def size_for_target(self):
        self.ns_per_request(None)  # builds it

    def ns_per_request(self, size):
        command = ["cargo", "bench", "--locked", "-p", "sweep-engine", "--bench", "engine", "--", "draws"]
        _, output = run(command, cwd=ROOT)
        # Below the times of a benchmark stand its throughputs: fastest, slowest, median, mean.
        value, prefix = re.findall(r"([\d.]+) ([KMG]?)item/s", output)[2]
        return 1e9 / (float(value) * {"": 1.0, "K": 1e3, "M": 1e6, "G": 1e9}[prefix])


def sweep_programs(command, threads, folder):
    def grid(modes, rates, prefills):
        axes = ["--modes", ",".join(modes), "--rates", ",".join(rates), "--prefill", ",".join(prefills)]
        return [*axes, "--threads", str(threads)]

    def replicated(name, axes):
        return Sweep(name, command, folder, lambda size: [*axes, "--replications", str(size)])

    def lengthened(name, axes):
        return Sweep(name, command, folder, lambda size: [*axes, "--sim-seconds", str(SIM_S * size)])

    whole = grid(MODES, RATES, PREFILLS)
    return [
        replicated(REFERENCE, whole),
        replicated("sweep, 12 cells", grid(MODES, RATES, ["8000"])),
        replicated("sweep, 6 cells", grid(["disagg"], RATES, ["8000"])),
        replicated("sweep, 1 cell", grid(["disagg"], ["2"], ["8000"])),
        lengthened("sweep, 48 cells, 10 long replications", [*whole, "--replications", "10"]),
    ]


def install_peers():
    """Makes a virtual environment and builds the Rust project, where that has not been done."""
    python = TOOLS / "venv/bin/python"
    if not python.exists():
        venv.create(TOOLS / "venv", with_pip=True)
    run([python, "-m", "pip", "install", "--quiet", "--requirement", PEERS / "requirements.txt"])
    cargo_target = TOOLS / "cargo"
    manifest = PEERS / "nexosim/Cargo.toml"
    build = ["cargo", "build", "--quiet", "--release", "--locked", "--manifest-path", manifest]
    run(build, env={"CARGO_TARGET_DIR": str(cargo_target)})
    versions = package_versions()
    numba = [python, PEERS / "with_numba.py"]
    numba_version = f"{versions['numba']}, NumPy {versions['numpy']}"
    heap_version = f"rand_distr {versions['rand_distr']}"
    binaries = cargo_target / "release"
    return [
        Peer("SimPy", versions["simpy"], [python, PEERS / "with_simpy.py"], starts_slowly=True),
        Peer("numba", numba_version, numba, starts_slowly=True),
        Peer("numba, draws shared by cells", numba_version, [*numba, "--share-draws"], starts_slowly=True),
        Peer("NeXosim", versions["nexosim"], [binaries / "nexosim"], starts_slowly=False),
        Peer("event heap in Rust", heap_version, [binaries / "event_heap"], starts_slowly=False),
    ]


def package_versions():
    required = (PEERS / "requirements.txt").read_text().splitlines()
    locked = tomllib.loads((PEERS / "nexosim/Cargo.lock").read_text())["package"]
    return dict(line.split("==") for line in required) | {crate["name"]: crate["version"] for crate in locked}


# Agreement.


def check_agreement(sweep, peers):
    """Exits where a peer's means over replications are too far from those of `sweep`."""
    expected = {cell: sweep.jobs(DEFAULT_COMPARED_REPLICATIONS, cell) for cell in COMPARED_CELLS}
    faults = []
    for peer in progress(peers):
        replications = COMPARED_REPLICATIONS.get(peer.name, DEFAULT_COMPARED_REPLICATIONS)
        _, jobs = peer.jobs(replications, COMPARED_CELLS)
        for cell in COMPARED_CELLS:
            of_cell = [job for job in jobs if job["cell"] == cell]
            faults += disagreements(peer.name, cell, of_cell, expected[cell])
    if faults:
        sys.exit("not the same workload, so there is nothing to compare:\n" + "\n".join(faults))


def disagreements(name, cell, jobs, expected_jobs):
    for column in COMPARED_COLUMNS:
        ours, theirs = (values(rows, column) for rows in (expected_jobs, jobs))
        if not ours and not theirs:
            continue
        difference = statistics.fmean(theirs) - statistics.fmean(ours)
        standard_error = math.hypot(standard_error_of_mean(ours), standard_error_of_mean(theirs))
        if abs(difference) > COMPARED_STANDARD_ERRORS * standard_error:
            yield (
                f"{name}, {cell}, {column}: {statistics.fmean(theirs):.6g}, sweep {statistics.fmean(ours):.6g}, "
                f"{difference / standard_error:+.1f} standard errors"
            )


def values(jobs, column):
    """A column of numbers; empty where it does not apply."""
    return [float(job[column]) for job in jobs if job[column]]


def standard_error_of_mean(sample):
    return statistics.stdev(sample) / math.sqrt(len(sample))


# Timing.


def run(command, env=None, **options):
    """CPU seconds (user and system) of a command and its children, and what it prints."""
    environment = {
        **os.environ,
        "NUMBA_CACHE_DIR": str(TOOLS / "numba"),
        "OPENBLAS_NUM_THREADS": "1",
        **(env or {}),
    }
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, **options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if finished.returncode != 0:
        sys.exit(f"{Path(command[0]).name} failed:\n{finished.stderr}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, finished.stdout


def progress(steps):
    for number, step in enumerate(steps, 1):
        yield step
        print(f"\r{number} of {len(steps)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


# Report.


def print_table(figures):
    print("| program | version | ns CPU per request | range | ratio to sweep, 48 cells | range |")
    print("|---|---|---|---|---|---|")
    for name, figure in figures.items():
        cells = [name, figure["version"]]
        for key, digits in (("ns_per_request", 0), ("ratio", 2)):
            rounds = figure[key]
            low, middle, high = (
                f"{value:,.{digits}f}" for value in (min(rounds), statistics.median(rounds), max(rounds))
            )
            cells += [middle, f"{low} to {high}"]
        print(f"| {' | '.join(cells)} |")


def machine():
    listing = subprocess.run(["lscpu"], capture_output=True, text=True, check=True).stdout
    model = re.search(r"^Model name:\s*(.+)$", listing, re.MULTILINE)
    rustc = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout
    name = model[1] if model else platform.machine()
    return f"{name}, {os.cpu_count()} CPUs; Python {platform.python_version()}; {' '.join(rustc.split()[:2])}"


if __name__ == "__main__":
    main()
