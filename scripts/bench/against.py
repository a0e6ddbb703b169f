"""CPU time of one build of `sweep` against another, the same jobs side by side.

    python3 scripts/bench/against.py BASE NEW [--rounds 11]

BASE and NEW are paths of the command, say of two commits. Both run in turn on one thread; prints
the median of the ratio NEW / BASE over the rounds, and its range. Standard library only.
"""

import argparse
import resource
import statistics
import subprocess
import tempfile
from pathlib import Path

GRID = "--rates 0.5,1,2,3,4,5 --prefill 4000,8000,12000,16000 --threads 1 --quiet --force --name b"
WORKLOADS = {
    "48 cells, 10 replications of 600 s": "",
    "48 cells, 200 replications of 600 s": "--replications 200",
    "48 cells, 10 replications of 20,000 s": "--sim-seconds 20000",
}


def cpu_s(command, flags, folder):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    arguments = [str(Path(command).resolve()), *GRID.split(), *flags.split()]
    subprocess.run(arguments, cwd=folder, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base")
    parser.add_argument("new")
    parser.add_argument("--rounds", type=int, default=11)
    chosen = parser.parse_args()
    print("| workload | base, CPU s | new, CPU s | ratio | range |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, flags in WORKLOADS.items():
            rounds = [
                (cpu_s(chosen.base, flags, folder), cpu_s(chosen.new, flags, folder))
                for _ in range(chosen.rounds)
            ]
            base, new = (statistics.median(times) for times in zip(*rounds))
            ratios = sorted(new / base for base, new in rounds)
            middle = statistics.median(ratios)
            print(f"| {name} | {base:.3f} | {new:.3f} | {middle:.2f} | "
                  f"{ratios[0]:.2f} to {ratios[-1]:.2f} |", flush=True)


if __name__ == "__main__":
    main()
