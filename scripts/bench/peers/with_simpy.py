"""The workload in SimPy, as its documentation teaches: a process per request, a `Resource` per pool.

Fair to SimPy: interarrival times and lengths are drawn in bulk by NumPy and handed over as lists,
which are quicker to read one by one than arrays; percentiles are taken once, from all samples.
"""

import numpy as np
import simpy
import workload as w


def main():
    arguments = w.argument_parser(__doc__.splitlines()[0]).parse_args()
    generator = np.random.default_rng(arguments.seed)
    w.print_header()
    for replication in range(arguments.replications):
        for cell in arguments.cells:
            job = Job(cell, generator)
            job.environment.run(until=w.SIM_S)
            ttft_s = np.array(job.ttft_s)
            w.print_row(cell, replication, job.num_simulated, ttft_s, job.waits_s, job.busy_s)


class Job:
    """One replication of a cell, and what is counted in its window."""

    def __init__(self, cell, generator):
        self.cell = cell
        self.environment = simpy.Environment()
        self.num_simulated = 0
        self.ttft_s = []
        if cell.mode == "mono":
            gpus, serve = [w.NUM_GPUS], self.serve_mono
        else:
            gpus, serve = [w.PREFILL_GPUS, w.DECODE_GPUS], self.serve_disagg
        self.pools = [simpy.Resource(self.environment, capacity=count) for count in gpus]
        self.waits_s = [0.0] * len(gpus)
        self.busy_s = [0.0] * len(gpus)
        self.environment.process(self.arrive(generator, serve))

    def arrive(self, generator, serve):
        environment = self.environment
        for gap_s, prompt_tokens, output_tokens in requests(self.cell.rate_rps, generator):
            yield environment.timeout(gap_s)
            self.num_simulated += 1
            environment.process(serve(prompt_tokens, output_tokens))

    def serve_mono(self, prompt_tokens, output_tokens):
        environment = self.environment
        arrival_s = environment.now
        prefill_s = prompt_tokens / self.cell.prefill_tokens_per_s
        service_s = prefill_s + output_tokens / w.DECODE_TOKENS_PER_S
        with self.pools[0].request() as gpu:
            yield gpu
            start_s = environment.now
            self.count_busy(0, start_s, service_s)
            self.count_first_token(arrival_s, start_s + prefill_s + w.FIRST_TOKEN_S, [start_s - arrival_s])
            yield environment.timeout(service_s)

    def serve_disagg(self, prompt_tokens, output_tokens):
        environment = self.environment
        arrival_s = environment.now
        with self.pools[0].request() as gpu:
            yield gpu
            start_s = environment.now
            prefill_s = prompt_tokens / self.cell.prefill_tokens_per_s
            self.count_busy(0, start_s, prefill_s)
            yield environment.timeout(prefill_s)
        joined_s = environment.now
        with self.pools[1].request() as gpu:
            yield gpu
            decode_start_s = environment.now
            decode_s = output_tokens / w.DECODE_TOKENS_PER_S
            self.count_busy(1, decode_start_s, decode_s)
            waits_s = [start_s - arrival_s, decode_start_s - joined_s]
            self.count_first_token(arrival_s, decode_start_s + w.FIRST_TOKEN_S, waits_s)
            yield environment.timeout(decode_s)

    def count_busy(self, pool, start_s, service_s):
        self.busy_s[pool] += max(0.0, min(start_s + service_s, w.SIM_S) - max(start_s, w.WARMUP_S))

    def count_first_token(self, arrival_s, first_token_s, waits_s):
        if w.WARMUP_S <= first_token_s < w.SIM_S:
            self.ttft_s.append(first_token_s - arrival_s)
            for pool, wait_s in enumerate(waits_s):
                self.waits_s[pool] += wait_s


def requests(rate_rps, generator):
    """Gaps and lengths, drawn many at a time; more than the horizon needs in all but one of many thousand runs."""
    mean_count = rate_rps * w.SIM_S
    count = int(mean_count + 4.0 * mean_count**0.5)
    while True:
        gaps_s = generator.exponential(1.0 / rate_rps, count)
        tokens = np.floor(generator.lognormal(w.LOG_MEAN_TOKENS, w.LOG_SIGMA_TOKENS, (2, count)))
        prompt_tokens = np.maximum(tokens[0], w.MIN_PROMPT_TOKENS)
        output_tokens = np.maximum(tokens[1], w.MIN_OUTPUT_TOKENS)
        yield from zip(gaps_s.tolist(), prompt_tokens.tolist(), output_tokens.tolist())


if __name__ == "__main__":
    main()
