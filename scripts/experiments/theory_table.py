"""Prints the tables of docs/theory.md: predicted against simulated waits over the range of loads.

Standard library only. Takes the path of the command (default target/release/sweep), runs it in a
temporary folder at a fixed seed, and reads `cells.csv`, which has both numbers:

    cargo build --release && python3 scripts/experiments/theory_table.py
"""

import csv
import json
import pathlib
import subprocess
import sys
import tempfile

LOADS = [0.3, 0.5, 0.7, 0.8, 0.9, 0.95]
WINDOW = ["--observe", "arrivals", "--sim-seconds", "100000", "--warmup-seconds", "5000"]
REPLICATIONS = ["--replications", "40"]

SYSTEMS = [
    ("mono, 4 GPUs", ["--modes", "mono"]),
    ("disagg, 2 + 2 GPUs", ["--modes", "disagg"]),
    (
        "mono, 4 GPUs, evenly spaced arrivals",
        ["--modes", "mono", "--set", "arrival.kind=deterministic"],
    ),
    (
        "disagg, 1 + 1 GPUs, all prompts of 600 tokens at 2200 tokens/s",
        ["--modes", "disagg", "--prefill", "2200"]
        + ["--set", "cluster_disagg.prefill_gpus=1", "--set", "cluster_disagg.decode_gpus=1"]
        + ["--set", "prompt_tokens.mode=fixed", "--set", "prompt_tokens.value=600"],
    ),
]


def main():
    command = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "target/release/sweep").resolve()
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, arguments) in enumerate(SYSTEMS):
            rates = rates_of_loads(command, arguments, folder)
            cells = simulated(command, arguments + ["--rates", rates], f"system-{number}", folder)
            print(f"**{name}**\n")
            print("\n".join(table(cells)), end="\n\n")


def rates_of_loads(command, arguments, folder):
    """Arrival rates at which the bottleneck has the loads of the table."""
    flags = ["theory", *arguments, "--rates", "1", "--format", "json"]
    ran = subprocess.run([command, *flags], cwd=folder, check=True, capture_output=True, text=True)
    (cell,) = json.loads(ran.stdout)
    load_per_rate = cell[f"offered_load_{cell['bottleneck']}"]
    return ",".join(f"{load / load_per_rate:.6g}" for load in LOADS)


def simulated(command, arguments, name, folder):
    flags = ["--name", name, "--format", "csv", "--quiet"]
    subprocess.run(
        [command, *arguments, *WINDOW, *REPLICATIONS, *flags], cwd=folder, check=True
    )
    with open(pathlib.Path(folder, "results", name, "cells.csv"), newline="") as file:
        return list(csv.DictReader(file))


def table(cells):
    is_disagg = cells[0]["mode"] == "disagg"
    waits = ["mean_wait_prefill_s"] + (["mean_wait_decode_s"] if is_disagg else [])
    titles = ["prefill wait, s", "decode wait, s"] if is_disagg else ["wait, s"]
    header = ["load"]
    for title in ["mean TTFT, s", *titles]:
        header += [title, "theory"]
    yield "| " + " | ".join(header) + " |"
    yield "|" + "---|" * len(header)
    for cell in cells:
        row = [f"{float(cell['offered_load_' + cell['bottleneck']]):.2f}"]
        for metric in ["mean_ttft_s", *waits]:
            row += [interval(cell, metric), error(cell, metric)]
        yield "| " + " | ".join(row) + " |"


def interval(cell, metric):
    return f"{float(cell[metric]):.3g} ± {relative(cell[metric + '_ci95'], cell[metric]):.1f} %"


def error(cell, metric):
    predicted = cell["theory_" + metric]
    return f"{relative(float(predicted) - float(cell[metric]), cell[metric]):+.1f} %"


def relative(part, whole):
    return 100 * float(part) / float(whole)


if __name__ == "__main__":
    main()
