"""Queues with exact answers, as flags of `sweep` and as numbers to hold results against.

Every queue has unit mean service time (one prompt token at 1 token/s on average) and is seen
through TTFT: in mono the time to the end of service, in disagg the time to the start of decoding.
Sources: Erlang C for M/M/c; Reich (1957) for the independence of stations in a tandem; Gross &
Harris, Fundamentals of Queueing Theory, for D/M/1 and M/D/1 (Erlang's sum, in 80 digits).
"""

import math
from dataclasses import dataclass
from decimal import Decimal, getcontext

getcontext().prec = 80

EXPONENTIAL = {
    "prompt_tokens.mode": "exponential",
    "prompt_tokens.mean": "1",
    "prompt_tokens.integer": "false",
    "prompt_tokens.min_value": "0",
}
CONSTANT = {"prompt_tokens.mode": "fixed", "prompt_tokens.value": "1"}
NO_DECODE = {"output_tokens.mode": "fixed", "output_tokens.value": "1"}


@dataclass
class Queue:
    """A queue: its name, its settings, its arrival rate, and the tail P(TTFT > t)."""

    name: str
    settings: dict
    rate_per_s: float
    mean_s: float
    tail: object

    def quantile_s(self, probability):
        """The time that a share `probability` of requests does not exceed, by bisection."""
        low, high = 0.0, 1.0
        while self.tail(high) > 1 - probability:
            high *= 2
        for _ in range(100):
            middle = (low + high) / 2
            if self.tail(middle) > 1 - probability:
                low = middle
            else:
                high = middle
        return high


def mono(servers, lengths):
    return {
        "mode": "mono",
        "num_gpus": str(servers),
        "cluster_mono.prefill_tokens_per_s": "1",
        "cluster_mono.decode_tokens_per_s": "1e15",
        **lengths,
        **NO_DECODE,
    }


def erlang_c(servers, offered):
    """Probability of waiting in M/M/c."""
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = offered * blocked / (n + offered * blocked)
    load = offered / servers
    return blocked / (1 - load + load * blocked)


def mmc(servers, load):
    rate = load * servers
    waits = erlang_c(servers, rate)
    spare = servers - rate

    def tail(t):
        # Service is exponential at rate 1; the wait is 0, or exponential at the spare rate.
        if abs(spare - 1) < 1e-12:
            return (1 - waits) * math.exp(-t) + waits * (1 + t) * math.exp(-t)
        both = (spare * math.exp(-t) - math.exp(-spare * t)) / (spare - 1)
        return (1 - waits) * math.exp(-t) + waits * both

    mean = waits / spare + 1
    return Queue(f"M/M/{servers} at {load}", mono(servers, EXPONENTIAL), rate, mean, tail)


def md1(load):
    rate = Decimal(repr(load))

    def wait_cdf(t):
        if t < 0:
            return 0.0
        t = Decimal(repr(t))
        terms = Decimal(0)
        for k in range(int(t) + 1):
            x = rate * (k - t)
            terms += x**k * (-x).exp() / math.factorial(k) if k or x else (-x).exp()
        return float((1 - rate) * terms)

    mean = load / (2 * (1 - load)) + 1
    tail = lambda t: 1 - wait_cdf(t - 1) if t >= 1 else 1.0
    return Queue(f"M/D/1 at {load}", mono(1, CONSTANT), load, mean, tail)


def dm1(load):
    sigma = 0.5
    for _ in range(10_000):
        sigma = math.exp(-(1 - sigma) / load)
    settings = {**mono(1, EXPONENTIAL), "arrival.kind": "deterministic"}
    tail = lambda t: math.exp(-(1 - sigma) * t)
    return Queue(f"D/M/1 at {load}", settings, load, 1 / (1 - sigma), tail)


def tandem(load_first, load_second):
    """M/M/1 feeding M/M/1: TTFT is a sojourn and, independently, a wait (and one decode step)."""
    rate = load_first
    tokens = 1e6
    decode_rate = rate / load_second
    speed = tokens * decode_rate
    settings = {
        "mode": "disagg",
        "prefill_gpus": "1",
        "decode_gpus": "1",
        "cluster_disagg.prefill_tokens_per_s": "1",
        "cluster_disagg.decode_tokens_per_s": repr(speed),
        "output_tokens.mode": "exponential",
        "output_tokens.mean": repr(tokens),
        "output_tokens.integer": "false",
        "output_tokens.min_value": "0",
        **EXPONENTIAL,
    }
    a, b, step = 1 - rate, decode_rate - rate, 1 / speed

    def tail(t):
        t = max(t - step, 0.0)
        both = (b * math.exp(-a * t) - a * math.exp(-b * t)) / (b - a)
        return (1 - load_second) * math.exp(-a * t) + load_second * both

    mean = 1 / a + load_second / b + step
    return Queue(f"M/M/1 at {load_first}, then M/M/1 at {load_second}", settings, rate, mean, tail)
