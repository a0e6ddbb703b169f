"""The workload that every Python peer simulates: its constants, command line and table.

    PEER SEED REPLICATIONS CELL...

A cell is written `mode:rate:prefill`, such as `disagg:2:8000`. Prints one row of CSV per job. Without
replications a peer still imports and compiles all that it needs, so that the time of such a run is
its start-up.
"""

import argparse
import sys
from typing import NamedTuple

import numpy as np

SIM_S = 600.0
WARMUP_S = 60.0
WINDOW_S = SIM_S - WARMUP_S

LOG_MEAN_TOKENS = 6.0
LOG_SIGMA_TOKENS = 1.0
MIN_PROMPT_TOKENS = 8.0
MIN_OUTPUT_TOKENS = 16.0

DECODE_TOKENS_PER_S = 2000.0
FIRST_TOKEN_S = 1.0 / DECODE_TOKENS_PER_S
NUM_GPUS = 4
PREFILL_GPUS = 2
DECODE_GPUS = 2

PERCENTILES = (50.0, 90.0, 99.0)
COLUMNS = (
    "cell,replication,num_simulated,num_samples,mean_ttft_s,p50_ttft_s,p90_ttft_s,p99_ttft_s,"
    "mean_wait_prefill_s,mean_wait_decode_s,utilization_prefill,utilization_decode"
)


class Cell(NamedTuple):
    name: str
    mode: str
    rate_rps: float
    prefill_tokens_per_s: float


def parse_cell(name):
    mode, rate, prefill = name.split(":")
    return Cell(name, mode, float(rate), float(prefill))


def argument_parser(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("seed", type=int)
    parser.add_argument("replications", type=int)
    parser.add_argument("cells", nargs="+", type=parse_cell)
    return parser


def percentiles(values):
    """Exact and linear between order statistics, as np.percentile's default, which takes ten times as long."""
    ranks = [percentile / 100.0 * (len(values) - 1) for percentile in PERCENTILES]
    below = [int(rank) for rank in ranks]
    above = [min(index + 1, len(values) - 1) for index in below]
    ordered = np.partition(values, below + above)
    return [
        float(ordered[low] + (rank - low) * (ordered[high] - ordered[low]))
        for rank, low, high in zip(ranks, below, above)
    ]


def print_header():
    print(COLUMNS)


def print_row(cell, replication, num_simulated, ttft_s, waits_s, busy_s):
    """One job: its TTFTs, the waits summed over them, and the busy GPU-seconds of each pool."""
    gpus = (NUM_GPUS,) if cell.mode == "mono" else (PREFILL_GPUS, DECODE_GPUS)
    values = [cell.name, replication, num_simulated, len(ttft_s), float(ttft_s.sum()) / len(ttft_s)]
    values += percentiles(ttft_s)
    values += by_pool(wait_s / len(ttft_s) for wait_s in waits_s)
    values += by_pool(pool_busy_s / (count * WINDOW_S) for pool_busy_s, count in zip(busy_s, gpus))
    sys.stdout.write(",".join(map(str, values)) + "\n")


def by_pool(values):
    """One value for each of two pools; the second is empty where there is only one."""
    values = list(values)
    return values + [""] * (2 - len(values))
