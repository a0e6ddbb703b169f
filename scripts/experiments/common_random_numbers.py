"""How much less a difference varies under common random numbers than under independent seeding.

For each of a few changes, `sweep` simulates the system before and after it, in many replications, once
with `--seeding common` and once with `--seeding independent`. The script takes the difference of both
systems within each replication and prints, as a Markdown table, the variance of it under either seeding
and their ratio, with a 95 % interval from a bootstrap over replications (percentile, fixed seed). The
square root of the ratio is the factor by which intervals become narrower; the ratio itself, how many
times more replications independent runs would need.

    python3 scripts/experiments/common_random_numbers.py [target/release/sweep] [--replications 400]

Standard library only.
"""

import argparse
import csv
import math
import pathlib
import random
import statistics
import subprocess
import tempfile

METRICS = ("mean_ttft_s", "p99_ttft_s")

# What changes, the column that tells before from after, and the flags of the sweep.
CHANGES = (
    ("rate 2 -> 2.2 (mono)", "rate_per_s", ["--rates", "2,2.2", "--modes", "mono"]),
    ("rate 2 -> 2.2 (disagg)", "rate_per_s", ["--rates", "2,2.2", "--modes", "disagg"]),
    ("prefill 8000 -> 9000 (mono)", "prefill_tokens_per_s", ["--prefill", "8000,9000", "--modes", "mono"]),
    ("prefill 8000 -> 9000 (disagg)", "prefill_tokens_per_s", ["--prefill", "8000,9000", "--modes", "disagg"]),
    ("decode GPUs 2 -> 3 (disagg)", "decode_gpus", ["--modes", "disagg", "--set", "decode_gpus=2,3"]),
    ("mode mono -> disagg", "mode", ["--modes", "mono,disagg"]),
)

BOOTSTRAP_SAMPLES = 2000


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sweep", nargs="?", default="target/release/sweep", type=pathlib.Path)
    parser.add_argument("--replications", type=int, default=400)
    arguments = parser.parse_args()
    print("| change | result | variance, independent | variance, common | ratio | intervals narrower by |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, column, flags) in enumerate(CHANGES):
            runs = {}
            for seeding in ("independent", "common"):
                command = [arguments.sweep.resolve(), *flags, "--seeding", seeding, "--format", "csv", "--quiet"]
                command += ["--replications", str(arguments.replications), "--name", f"{seeding}-{number}"]
                subprocess.run(command, cwd=folder, check=True)
                table = pathlib.Path(folder, "results", f"{seeding}-{number}", "jobs.csv")
                runs[seeding] = differences(table, column)
            for metric in METRICS:
                print(row(name, metric, runs["independent"][metric], runs["common"][metric]))


def differences(table, column):
    """After minus before, by replication, for each metric."""
    with table.open(newline="") as file:
        jobs = list(csv.DictReader(file))
    before = next(job[column] for job in jobs if job["cell"] == "0")
    values = {(job["replication"], job[column] == before): job for job in jobs}
    replications = sorted({replication for replication, _ in values}, key=int)

    def difference(replication, metric):
        return float(values[replication, False][metric]) - float(values[replication, True][metric])

    return {metric: [difference(r, metric) for r in replications] for metric in METRICS}


def row(name, metric, independent, common):
    ratio = variance(independent) / variance(common)
    low, high = bootstrap_interval(independent, common)
    variances = f"{variance(independent):.3g} | {variance(common):.3g}"
    interval = f"{digits(ratio)} ({digits(low)} to {digits(high)})"
    return f"| {name} | {metric} | {variances} | {interval} | {digits(math.sqrt(ratio))} |"


def digits(number):
    """Two significant digits, without an exponent."""
    return f"{float(f'{number:.1e}'):.0f}" if number >= 10 else f"{number:.2g}"


def variance(sample):
    mean = statistics.fmean(sample)
    return math.fsum((value - mean) ** 2 for value in sample) / (len(sample) - 1)


def bootstrap_interval(independent, common):
    """95 % percentile interval of the ratio of variances; both samples are resampled on their own."""
    generator = random.Random(42)

    def resampled(sample):
        return variance(generator.choices(sample, k=len(sample)))

    ratios = sorted(resampled(independent) / resampled(common) for _ in range(BOOTSTRAP_SAMPLES))
    return ratios[round(0.025 * BOOTSTRAP_SAMPLES)], ratios[round(0.975 * BOOTSTRAP_SAMPLES) - 1]


if __name__ == "__main__":
    main()
