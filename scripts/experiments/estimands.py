"""Draws docs/estimands.svg: what one run shows, and what the long run has, against run length.

    cargo build --release
    python3 -m venv .venv && .venv/bin/pip install matplotlib==3.11.2
    .venv/bin/python scripts/experiments/estimands.py [--sweep PATH] [--output docs/estimands.svg]

The default disaggregated system at 5 requests/s: 200 runs of each length with the default warm-up
of 60 s, and one long run for the truth.
"""

import argparse
import csv
import subprocess
import tempfile
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

WINDOWS_S = [300, 600, 1200, 2400, 4800, 9600, 19200, 38400]
WARMUP_S = 60


def cells(command, *flags):
    arguments = [command, "--rates", "5", "--modes", "disagg", "--format", "csv", "--name", "run"]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([*arguments, "--quiet", *flags], cwd=folder, check=True)
        with open(Path(folder, "results", "run", "cells.csv")) as table:
            return [{k: v for k, v in row.items()} for row in csv.DictReader(table)]


def series(rows, name):
    return [float(r[name]) for r in rows], [float(r[f"{name}_ci95"]) for r in rows]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sweep", default="target/release/sweep", help="the command")
    parser.add_argument("--output", default="docs/estimands.svg")
    chosen = parser.parse_args()
    command = str(Path(chosen.sweep).resolve())
    horizons = ",".join(str(window + WARMUP_S) for window in WINDOWS_S)
    rows = cells(command, "--set", f"sim_seconds={horizons}", "--replications", "200")
    [long_run] = cells(command, "--sim-seconds", "1000060", "--replications", "40")

    plt.rcParams.update({"font.size": 10, "svg.hashsalt": "estimands", "svg.fonttype": "none"})
    figure, axes = plt.subplots(figsize=(7.2, 4.2), layout="constrained")
    truth = float(long_run["pooled_p99_ttft_s"])
    axes.axhline(truth, color="0.35", linewidth=1, linestyle="--")
    axes.annotate("long run", (WINDOWS_S[-1], truth), xytext=(0, 4), textcoords="offset points",
                  ha="right", color="0.35")
    spread = [float(r["p99_ttft_s_std"]) for r in rows]
    means, widths = series(rows, "p99_ttft_s")
    axes.fill_between(WINDOWS_S, [m - s for m, s in zip(means, spread)],
                      [m + s for m, s in zip(means, spread)], color="#0072b2", alpha=0.15,
                      linewidth=0, label="one standard deviation of a run")
    axes.errorbar(WINDOWS_S, means, widths, color="#0072b2", marker="o", capsize=3,
                  label="p99_ttft_s: mean of the runs' own p99")
    pooled, widths = series(rows, "pooled_p99_ttft_s")
    axes.errorbar([w * 1.04 for w in WINDOWS_S], pooled, widths, color="#d55e00", marker="s",
                  capsize=3, linestyle=":", label="pooled_p99_ttft_s: p99 of all samples")
    axes.set_xscale("log")
    axes.set_xticks(WINDOWS_S, [f"{w:,}" for w in WINDOWS_S])
    axes.minorticks_off()
    axes.set_xlabel("window of one run, s")
    axes.set_ylabel("99th percentile of TTFT, s")
    axes.set_ylim(bottom=0)
    axes.set_title("200 runs of each length, 2 + 2 GPUs at 5 requests/s (load 0.83)", fontsize=10)
    axes.legend(loc="lower right", frameon=False)
    figure.savefig(chosen.output, metadata={"Date": None})
    if chosen.output.endswith(".svg"):
        text = Path(chosen.output).read_text()
        Path(chosen.output).write_text("\n".join(line.rstrip() for line in text.splitlines()) + "\n")


if __name__ == "__main__":
    main()
