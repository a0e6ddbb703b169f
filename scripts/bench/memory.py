"""What `sweep plan` says of memory, held against what the run takes.

    python3 scripts/bench/memory.py --sweep target/release/sweep [--only NAME] [--long]

Runs sweeps that are large in one way each (cells, jobs of a chunk, samples, single runs, GPUs, a trace, replications
for a precision) on 1 and 2 threads, and prints a Markdown table: the estimate, the peak of the process, their ratio.
Exit code 1 if a run takes more than its estimate, or a large one (300 MB or more) less than a third of it. The peak is
the largest resident set, as the kernel counts it.

`--long` adds sweeps of a million jobs and of long runs, which take minutes. Linux; standard library only.
"""

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

UNITS = {"KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}
LARGE = 300e6
MOST_RATIO = 3.0
TRACE = "trace.csv"
TRACED_REQUESTS = 2_000_000
SHORT = "--sim-seconds 20 --warmup-seconds 2"
GRID = f"--modes mono {SHORT} --rates lin:0.5:4"
LONG_RUNS = "--modes mono --rates 2 --warmup-seconds 60 --sim-seconds"
REPLAYED = f"--set arrival.kind=trace --set arrival.path={TRACE} --sim-seconds"


@dataclass(frozen=True)
class Case:
    """A sweep that is large in one way."""

    name: str
    flags: str
    is_long: bool = False
    threads: tuple = (1, 2)


CASES = (
    Case("nothing much", "--modes mono --rates 1 --replications 1"),
    Case("README", "--rates 0.5,1,2 --prefill 4000,8000"),
    Case("10,000 cells", f"{GRID}:1000 --prefill lin:4000:8000:10 --replications 1", threads=(1,)),
    Case("100,000 cells", f"{GRID}:1000 --prefill lin:4000:8000:100 --replications 1", threads=(1,)),
    Case(
        "100,000 cells, small chunks",
        f"{GRID}:1000 --prefill lin:4000:8000:100 --replications 1 --chunk-requests 5e5",
        threads=(1,),
    ),
    Case("100,000 jobs of 10,000 cells", f"{GRID}:1000 --prefill lin:4000:8000:10 --replications 10"),
    Case("the same, all failing", f"{GRID}:1000 --prefill lin:4000:8000:10 --max-job-seconds 1e-9", threads=(1,)),
    Case("the same, CSV", f"{GRID}:1000 --prefill lin:4000:8000:10 --format csv", threads=(1,)),
    Case("the same, independent", f"{GRID}:1000 --prefill lin:4000:8000:10 --seeding independent"),
    Case("100,000 jobs of 100 cells", f"{GRID}:10 --prefill lin:4000:8000:10 --replications 1000"),
    Case("200,000 jobs of 2 cells", f"--rates 1 {SHORT} --replications 100000"),
    Case("1,000,000 jobs in a chunk", f"{GRID}:1000 --prefill lin:4000:8000:20 --replications 50", is_long=True),
    Case(
        "1,000,000 jobs of docs/scaling.md",
        "--rates lin:0.5:5:250 --prefill lin:4000:13950:200 --replications 10",
        is_long=True,
    ),
    Case("a run of 1,000,000 requests", f"{LONG_RUNS} 500000 --replications 1", threads=(1,)),
    Case("a run of 8,000,000 requests", f"{LONG_RUNS} 4000000 --replications 1", threads=(1,)),
    Case("2 runs of 8,000,000", f"{LONG_RUNS} 4000000 --replications 2"),
    Case("4 runs of 50,000,000", f"{LONG_RUNS} 25000000 --replications 4", is_long=True),
    Case("16 runs of 1,000,000", f"{LONG_RUNS} 500000 --replications 16"),
    Case("32 runs of 1,000,000", f"{LONG_RUNS} 500000 --replications 32"),
    Case("a wave of many cells", "--rates lin:1:4:40 --replications 10 --sim-seconds 10000"),
    Case("narrowed samples", "--rates lin:1:4:40 --replications 100 --sim-seconds 10000", threads=(1,)),
    Case("near saturation", "--modes mono --rates lin:7.2:8.2:20 --replications 500 --sim-seconds 3000"),
    Case("saturated", "--modes mono --rates 20 --replications 100 --sim-seconds 30000"),
    Case("2 x 65,536 GPUs", "--modes disagg --rates 2 --replications 64 --set cluster_disagg.decode_gpus=65536 "
         "--set cluster_disagg.prefill_gpus=65536"),
    Case("the start of a long trace", f"--rates 1,2 {REPLAYED} 20000 --replications 4"),
    Case("replay of a trace of 2,000,000 requests", f"--rates 5 {REPLAYED} 400000 --replications 4"),
    Case("warm-up", "--rates lin:1:4:20 --warmup-seconds auto"),
    Case("precision", "--rates lin:1:4:20 --precision 0.02"),
    Case("precision of many cells", "--rates lin:1:4:200 --precision 0.05 --max-replications 200", is_long=True),
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sweep", type=Path, required=True, help="the command that is measured")
    parser.add_argument("--only", help="cases whose names have this in them")
    parser.add_argument("--long", action="store_true", help="also sweeps that take minutes")
    arguments = parser.parse_args()
    command = arguments.sweep.resolve()
    cases = [case for case in CASES if (arguments.only or "") in case.name]
    cases = [case for case in cases if arguments.long or not case.is_long]
    failures = 0
    print("| sweep | threads | estimate, MB | peak, MB | ratio |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        write_trace(Path(folder, TRACE))
        for case in cases:
            for threads in case.threads:
                failures += not holds(command, folder, case, threads)
    if failures:
        sys.exit(f"{failures} estimates do not hold")


def holds(command, folder, case, threads):
    """Measures one sweep, prints its row, and says whether the estimate is good enough."""
    flags = f"{case.flags} --threads {threads} --max-memory 1TB".split()
    estimate, peak = estimated(command, folder, flags), measured(command, folder, flags)
    ratio = estimate / peak
    is_good = ratio >= 1.0 and (peak < LARGE or ratio <= MOST_RATIO)
    mark = "" if is_good else " !"
    print(f"| {case.name} | {threads} | {estimate / 1e6:.0f} | {peak / 1e6:.0f} | {ratio:.1f}{mark} |", flush=True)
    return is_good


def estimated(command, folder, flags):
    """Bytes that the plan says."""
    text = subprocess.run([command, "plan", *flags], cwd=folder, capture_output=True, text=True, check=True).stdout
    number, unit = re.search(r"^Memory: up to (\S+) (\wB)", text, re.MULTILINE).groups()
    return float(number) * UNITS[unit]


def measured(command, folder, flags):
    """Largest resident set of the run, bytes."""
    with tempfile.TemporaryDirectory(dir=folder) as out:
        run = [command, "run", *flags, "--out", out, "--quiet"]
        process = subprocess.Popen(run, cwd=folder, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
    # Failed jobs are a result, too.
    if os.waitstatus_to_exitcode(status) not in (0, 3):
        sys.exit(f"exit code {os.waitstatus_to_exitcode(status)} of {' '.join(map(str, run))}")
    return 1024 * usage.ru_maxrss


def write_trace(path):
    """Five requests a second, of lengths that do not matter."""
    draws = random.Random(1)
    now = 0.0
    with path.open("w") as file:
        file.write("arrival_s,prompt_tokens,output_tokens\n")
        for _ in range(TRACED_REQUESTS):
            now += draws.expovariate(5)
            file.write(f"{now:.3f},{draws.randint(10, 2000)},{draws.randint(10, 300)}\n")


if __name__ == "__main__":
    main()
