"""Makes sweeps/traces/chat-burst.csv: ten minutes of a chat service with bursts, all invented.

Requests come from a Poisson process whose rate switches between a calm and a busy state; a long
prompt tends to get a long answer. Standard library only; the seed is fixed, so the file is always
the same:

    python3 scripts/traces/chat_burst.py > sweeps/traces/chat-burst.csv
"""

import math
import random

HORIZON_S = 600.0
CALM_RATE_PER_S, BUSY_RATE_PER_S = 1.2, 6.0
MEAN_CALM_S, MEAN_BUSY_S = 40.0, 12.0
PROMPT_LOG_MEAN, PROMPT_LOG_SIGMA = 6.2, 0.9
OUTPUT_LOG_MEAN, OUTPUT_LOG_SIGMA = 5.2, 0.8
LENGTH_CORRELATION = 0.4


def lengths(rng):
    shared, own = rng.gauss(0, 1), rng.gauss(0, 1)
    mixed = LENGTH_CORRELATION * shared + math.sqrt(1 - LENGTH_CORRELATION**2) * own
    prompt = math.exp(PROMPT_LOG_MEAN + PROMPT_LOG_SIGMA * shared)
    output = math.exp(OUTPUT_LOG_MEAN + OUTPUT_LOG_SIGMA * mixed)
    return max(8, int(prompt)), max(4, int(output))


def main():
    rng = random.Random(20240607)
    now_s, busy, switch_s = 0.0, False, rng.expovariate(1 / MEAN_CALM_S)
    print("arrival_s,prompt_tokens,output_tokens")
    while True:
        gap_s = rng.expovariate(BUSY_RATE_PER_S if busy else CALM_RATE_PER_S)
        if now_s + gap_s >= switch_s:
            # Memoryless: the rest of the gap is drawn anew in the next state.
            now_s, busy = switch_s, not busy
            switch_s += rng.expovariate(1 / (MEAN_BUSY_S if busy else MEAN_CALM_S))
            continue
        now_s += gap_s
        if now_s >= HORIZON_S:
            return
        prompt, output = lengths(rng)
        print(f"{now_s:.4f},{prompt},{output}")


if __name__ == "__main__":
    main()
