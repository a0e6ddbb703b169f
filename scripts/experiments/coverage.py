"""How often do the intervals of `sweep` hold the truth?

    cargo build --release && python3 scripts/experiments/coverage.py [--experiments 4000] [--sweep PATH]

Every experiment is one cell of a sweep over seeds, so what is tested is what users get: the columns
of `cells` and their flags. Truths are exact (`queues.py`). Prints Markdown tables; says at the end
how many long-run coverages lie outside the binomial region around 95 %, and exits with 1 if one does.
Takes about half an hour on two idle cores; standard library only.
"""

import argparse
import csv
import math
import subprocess
import sys
import tempfile
from pathlib import Path

import queues

LEVEL = 0.95
FAMILY_WISE = 0.05
OBJECTIVE = 0.9  # The SLO is the exact 90th percentile, so that it is attained by this share.
FLAGS = ["low_samples", "short_runs", "short_warmup"]

# Queue, requests per run. Long: many times the memory of the queue, and enough for the tail.
LONG = [
    (queues.mmc(1, 0.5), 50_000),
    (queues.mmc(1, 0.7), 50_000),
    (queues.mmc(1, 0.8), 100_000),
    (queues.mmc(1, 0.9), 200_000),
    (queues.mmc(2, 0.7), 50_000),
    (queues.mmc(4, 0.7), 50_000),
    (queues.mmc(4, 0.8), 100_000),
    (queues.mmc(4, 0.9), 200_000),
    (queues.mmc(16, 0.8), 100_000),
    (queues.md1(0.5), 50_000),
    (queues.md1(0.8), 100_000),
    (queues.dm1(0.8), 50_000),
    (queues.tandem(0.6, 0.8), 100_000),
]
SHORT = [
    (queues.mmc(1, 0.5), 300),
    (queues.mmc(1, 0.5), 10_000),
    (queues.mmc(1, 0.8), 1_000),
    (queues.mmc(4, 0.8), 1_000),
    (queues.mmc(1, 0.9), 1_000),
    (queues.mmc(1, 0.9), 10_000),
    (queues.mmc(1, 0.95), 2_000),
    (queues.md1(0.9), 2_000),
    (queues.tandem(0.6, 0.9), 2_000),
]
SINGLE = [
    (queues.mmc(1, 0.5), 10_000),
    (queues.mmc(1, 0.8), 10_000),
    (queues.mmc(1, 0.8), 100_000),
    (queues.mmc(1, 0.9), 100_000),
    (queues.mmc(4, 0.9), 100_000),
    (queues.md1(0.8), 100_000),
]
PRECISE = [
    (queues.mmc(1, 0.5), 2_000),
    (queues.mmc(1, 0.8), 2_000),
    (queues.mmc(1, 0.8), 20_000),
    (queues.mmc(4, 0.9), 20_000),
    (queues.md1(0.8), 2_000),
]


class Command:
    """The `sweep` command, run in a temporary folder."""

    def __init__(self, path):
        self.path = str(Path(path).resolve())

    def tables(self, queue, requests, experiments, *flags):
        """Rows of `cells` and of `jobs`, one cell per experiment."""
        window = requests / queue.rate_per_s
        settings = {**queue.settings, "random_seed": f"1:{experiments}:1"}
        arguments = [self.path, "--rates", repr(queue.rate_per_s), "--observe", "arrivals"]
        arguments += ["--warmup-seconds", repr(0.1 * window), "--sim-seconds", repr(1.1 * window)]
        arguments += ["--slo", f"ttft_s={queue.quantile_s(OBJECTIVE)!r}"]
        for key, value in settings.items():
            arguments += ["--set", f"{key}={value}"]
        arguments += ["--format", "csv", "--name", "run", "--quiet", *flags]
        with tempfile.TemporaryDirectory() as folder:
            ran = subprocess.run(arguments, cwd=folder, capture_output=True, text=True)
            if ran.returncode != 0:
                sys.exit(f"{' '.join(arguments)}\n{ran.stderr}")
            run = Path(folder, "results", "run")
            return [list(csv.DictReader(open(run / f"{name}.csv"))) for name in ("cells", "jobs")]


def window_s(row):
    return float(row["sim_seconds"]) - float(row["warmup_seconds"])


def truths(queue):
    return {
        "mean_ttft_s": queue.mean_s,
        "pooled_p90_ttft_s": queue.quantile_s(0.9),
        "pooled_p99_ttft_s": queue.quantile_s(0.99),
        "slo_attainment": OBJECTIVE,
    }


def coverage(rows, name, truth):
    """Share of the intervals that hold the truth, and share of rows without an interval."""
    given = [(float(r[name]), float(r[f"{name}_ci95"])) for r in rows if r[f"{name}_ci95"]]
    if not given:
        return None, 1.0
    hits = sum(abs(value - truth) <= half_width for value, half_width in given)
    return hits / len(given), 1 - len(given) / len(rows)


def binomial_region(trials, probability, significance):
    """The central region that a binomial share leaves with at most this probability."""
    log_odds = math.log(probability / (1 - probability))
    log_mass = [
        math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1)
        + k * log_odds + trials * math.log(1 - probability)
        for k in range(trials + 1)
    ]
    low, tail = 0, 0.0
    while (tail := tail + math.exp(log_mass[low])) <= significance / 2:
        low += 1
    high, tail = trials, 0.0
    while (tail := tail + math.exp(log_mass[high])) <= significance / 2:
        high -= 1
    return low / trials, high / trials


def percent(share):
    return "-" if share is None else f"{100 * share:.1f} %"


def table(header, rows):
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)
    print()


def long_runs(command, experiments):
    names = list(truths(LONG[0][0]))
    region = binomial_region(experiments, LEVEL, FAMILY_WISE / (len(LONG) * len(names)))
    print(f"## Long runs\n\n{experiments} experiments of 10 replications each; the region around "
          f"95 % is {percent(region[0])} to {percent(region[1])}.\n")
    outside = []

    def lines():
        for queue, requests in LONG:
            cells, _ = command.tables(queue, requests, experiments)
            line = [queue.name, f"{requests:,}"]
            for name, truth in truths(queue).items():
                covered, without = coverage(cells, name, truth)
                is_inside = covered is not None and region[0] <= covered <= region[1] and without == 0
                if not is_inside:
                    outside.append(f"{name} of {queue.name}: {percent(covered)}")
                line.append(percent(covered) + ("" if is_inside else " !"))
            yield line

    table(["queue", "requests per run", "mean", "pooled p90", "pooled p99", "SLO attainment"], lines())
    return outside


def short_runs(command, experiments):
    print("## Short or nearly saturated runs\n")

    def lines():
        for queue, requests in SHORT:
            cells, _ = command.tables(queue, requests, experiments)
            length = window_s(cells[0]) / float(cells[0]["relaxation_s"])
            line = [queue.name, f"{requests:,}", f"{length:.0f}"]
            for name, truth in truths(queue).items():
                covered, without = coverage(cells, name, truth)
                line.append(percent(covered) + (f" ({percent(without)} without)" if without else ""))
            line += [percent(sum(r[flag] == "true" for r in cells) / len(cells)) for flag in FLAGS]
            line.append(percent(sum(r["steady"] == "false" for r in cells) / len(cells)))
            warned = [
                any(r[flag] == "true" for flag in FLAGS) or r["steady"] == "false" or length < 20
                for r in cells
            ]
            line.append(percent(sum(warned) / len(cells)))
            yield line

    header = ["queue", "requests per run", "relaxation times", "mean", "pooled p90", "pooled p99",
              "SLO attainment"]
    table(header + FLAGS + ["not steady", "warned at all"], lines())


def single_runs(command, experiments):
    print("## One run: batch means, and the naive interval\n\n"
          "The naive one takes requests for independent: mean ± 1.96 std_ttft_s / sqrt(num_samples).\n")

    def lines():
        for queue, requests in SINGLE:
            cells, jobs = command.tables(queue, requests, experiments, "--replications", "1")
            line = [queue.name, f"{requests:,}"]
            naive = [
                abs(float(r["mean_ttft_s"]) - queue.mean_s)
                <= 1.96 * float(r["std_ttft_s"]) / math.sqrt(float(r["num_samples"]))
                for r in jobs
            ]
            line.append(percent(sum(naive) / len(naive)))
            for name, truth in truths(queue).items():
                covered, without = coverage(cells, name, truth)
                line.append(percent(covered) + (f" ({percent(without)} without)" if without else ""))
            yield line

    table(["queue", "requests", "naive mean", "mean", "p90", "p99", "SLO attainment"], lines())


def precision(command, experiments):
    print("## Replications to a wanted precision\n\n"
          "`--precision 0.1`, of pooled_p99_ttft_s and mean_ttft_s.\n")

    def lines():
        for queue, requests in PRECISE:
            cells, jobs = command.tables(queue, requests, experiments, "--precision", "0.1")
            line = [queue.name, f"{requests:,}"]
            for name in ("mean_ttft_s", "pooled_p99_ttft_s"):
                line.append(percent(coverage(cells, name, truths(queue)[name])[0]))
            line.append(percent(sum(r["stop_reason"] == "precision" for r in cells) / len(cells)))
            line.append(f"{sum(float(r['replications']) for r in cells) / len(cells):.1f}")
            longer = [float(r["sim_seconds"]) * queue.rate_per_s / (1.1 * requests) for r in cells]
            line.append(f"{sum(longer) / len(longer):.1f} times")
            yield line

    table(["queue", "requests per run", "mean", "pooled p99", "reached", "replications", "longer runs"],
          lines())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--experiments", type=int, default=4000)
    parser.add_argument("--sweep", default="target/release/sweep", help="the command")
    parser.add_argument("--parts", default="long,short,single,precision")
    chosen = parser.parse_args()
    command = Command(chosen.sweep)
    parts = chosen.parts.split(",")
    outside = long_runs(command, chosen.experiments) if "long" in parts else []
    for name, part in [("short", short_runs), ("single", single_runs), ("precision", precision)]:
        if name in parts:
            part(command, chosen.experiments)
    if outside:
        sys.exit("outside the region: " + "; ".join(outside))


if __name__ == "__main__":
    main()
