"""The workload in NumPy and numba: one compiled loop per job, no event calendar.

Fair to numba: a pool is a short sorted array of the times at which its GPUs become free; requests that
overtake each other in prefill are put in order by insertion, since they are few; all arrays are made
once. Of the honest ways to draw, the quickest in trials is used: gaps and normals one by one inside
the compiled loop, from an SFC64 generator of NumPy, their exponentials by NumPy's vector code.
Compiling (cached on disk) happens before the first job. `--share-draws` lets the cells of a replication
share their draws, as common random numbers do anyway, so that each is drawn once for all cells.
"""

import numpy as np
import workload as w
from numba import njit


def main():
    parser = w.argument_parser(__doc__.splitlines()[0])
    parser.add_argument("--share-draws", action="store_true")
    arguments = parser.parse_args()
    generator = np.random.Generator(np.random.SFC64(arguments.seed))
    most_arrivals = max(cell.rate_rps for cell in arguments.cells) * w.SIM_S
    requests = Requests(most_arrivals)
    ttft_s = np.empty(requests.capacity)
    compile_all(generator, requests, ttft_s)
    w.print_header()
    for replication in range(arguments.replications):
        if arguments.share_draws:
            requests.draw(generator, most_arrivals)
        for cell in arguments.cells:
            if not arguments.share_draws:
                requests.draw(generator, cell.rate_rps * w.SIM_S)
            simulate = simulate_mono if cell.mode == "mono" else simulate_disagg
            num_simulated, num_samples, waits_s, busy_s = simulate(
                *requests.arrays(), cell.rate_rps, cell.prefill_tokens_per_s, ttft_s
            )
            w.print_row(cell, replication, num_simulated, ttft_s[:num_samples], waits_s, busy_s)


def compile_all(generator, requests, ttft_s):
    requests.draw(generator, 1.0)
    for simulate in (simulate_mono, simulate_disagg):
        simulate(*requests.arrays(), 1.0, 1.0, ttft_s)


class Requests:
    """Requests by arrival, on a clock on which one arrives per unit of time."""

    def __init__(self, most_arrivals):
        self.capacity = int(most_arrivals + 10.0 * most_arrivals**0.5) + 100
        self.count = 0
        self.unit_time = np.empty(self.capacity)
        self.prompt_tokens = np.empty(self.capacity)
        self.output_tokens = np.empty(self.capacity)

    def draw(self, generator, until):
        self.count = draw(generator, until, self.unit_time, self.prompt_tokens, self.output_tokens)
        assert self.count < self.capacity, "ten standard deviations more arrivals than expected"
        for tokens, least in (
            (self.prompt_tokens[: self.count], w.MIN_PROMPT_TOKENS),
            (self.output_tokens[: self.count], w.MIN_OUTPUT_TOKENS),
        ):
            np.exp(tokens, out=tokens)
            np.floor(tokens, out=tokens)
            np.maximum(tokens, least, out=tokens)

    def arrays(self):
        return self.count, self.unit_time, self.prompt_tokens, self.output_tokens


@njit(nogil=True, cache=True)
def draw(generator, until, unit_time, log_prompt_tokens, log_output_tokens):
    """Arrivals of rate 1 up to a time, and normals for their lengths; returns how many."""
    now = generator.standard_exponential()
    count = 0
    while now < until and count < len(unit_time):
        unit_time[count] = now
        log_prompt_tokens[count] = w.LOG_MEAN_TOKENS + w.LOG_SIGMA_TOKENS * generator.standard_normal()
        log_output_tokens[count] = w.LOG_MEAN_TOKENS + w.LOG_SIGMA_TOKENS * generator.standard_normal()
        now += generator.standard_exponential()
        count += 1
    return count


@njit(nogil=True, cache=True)
def simulate_mono(count, unit_time, prompt_tokens, output_tokens, rate_rps, prefill_tokens_per_s, ttft_s):
    free_at_s = np.zeros(w.NUM_GPUS)
    num_simulated = num_samples = 0
    wait_sum_s = busy_s = 0.0
    for i in range(count):
        arrival_s = unit_time[i] / rate_rps
        if arrival_s >= w.SIM_S:
            break
        num_simulated += 1
        prefill_s = prompt_tokens[i] / prefill_tokens_per_s
        service_s = prefill_s + output_tokens[i] / w.DECODE_TOKENS_PER_S
        start_s = start_service(free_at_s, arrival_s, service_s)
        busy_s += in_window(start_s, start_s + service_s)
        first_token_s = start_s + prefill_s + w.FIRST_TOKEN_S
        if w.WARMUP_S <= first_token_s < w.SIM_S:
            ttft_s[num_samples] = first_token_s - arrival_s
            num_samples += 1
            wait_sum_s += start_s - arrival_s
    return num_simulated, num_samples, (wait_sum_s,), (busy_s,)


@njit(nogil=True, cache=True)
def simulate_disagg(count, unit_time, prompt_tokens, output_tokens, rate_rps, prefill_tokens_per_s, ttft_s):
    prefill_free_at_s = np.zeros(w.PREFILL_GPUS)
    busy_prefill_s = 0.0
    # By end of prefill: its time, then arrival, wait and output tokens.
    prefilled = np.empty((count, 4))
    num_simulated = 0
    for i in range(count):
        arrival_s = unit_time[i] / rate_rps
        if arrival_s >= w.SIM_S:
            break
        service_s = prompt_tokens[i] / prefill_tokens_per_s
        start_s = start_service(prefill_free_at_s, arrival_s, service_s)
        end_s = start_s + service_s
        busy_prefill_s += in_window(start_s, end_s)
        place = num_simulated
        while place > 0 and prefilled[place - 1, 0] > end_s:
            prefilled[place] = prefilled[place - 1]
            place -= 1
        prefilled[place, 0] = end_s
        prefilled[place, 1] = arrival_s
        prefilled[place, 2] = start_s - arrival_s
        prefilled[place, 3] = output_tokens[i]
        num_simulated += 1

    decode_free_at_s = np.zeros(w.DECODE_GPUS)
    num_samples = 0
    wait_prefill_sum_s = wait_decode_sum_s = busy_decode_s = 0.0
    for i in range(num_simulated):
        joined_s = prefilled[i, 0]
        service_s = prefilled[i, 3] / w.DECODE_TOKENS_PER_S
        start_s = start_service(decode_free_at_s, joined_s, service_s)
        busy_decode_s += in_window(start_s, start_s + service_s)
        first_token_s = start_s + w.FIRST_TOKEN_S
        if w.WARMUP_S <= first_token_s < w.SIM_S:
            ttft_s[num_samples] = first_token_s - prefilled[i, 1]
            num_samples += 1
            wait_prefill_sum_s += prefilled[i, 2]
            wait_decode_sum_s += start_s - joined_s
    waits_s = (wait_prefill_sum_s, wait_decode_sum_s)
    return num_simulated, num_samples, waits_s, (busy_prefill_s, busy_decode_s)


@njit(nogil=True, cache=True)
def start_service(free_at_s, joined_s, service_s):
    """Gives the next request of a FIFO pool the GPU that is free first; the array stays sorted."""
    start_s = max(joined_s, free_at_s[0])
    end_s = start_s + service_s
    place = 0
    while place + 1 < len(free_at_s) and free_at_s[place + 1] < end_s:
        free_at_s[place] = free_at_s[place + 1]
        place += 1
    free_at_s[place] = end_s
    return start_s


@njit(nogil=True, cache=True)
def in_window(start_s, end_s):
    """How much of an interval lies in the observation window, seconds."""
    return max(0.0, min(end_s, w.SIM_S) - max(start_s, w.WARMUP_S))


if __name__ == "__main__":
    main()
