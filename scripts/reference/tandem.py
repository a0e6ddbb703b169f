"""Simulate sample paths of two-station FIFO tandems with an event calendar.

Writes `tests/engine/reference/tandem.csv`: for given arrival and service times, when each request
starts and ends at both stations. The engine needs no calendar; this program has one on purpose,
so that the two share no algorithm.

Needs the standard library of Python 3.9 or later only.

    python3 scripts/reference/tandem.py [OUTPUT.csv]
"""

import csv
import heapq
import random
import sys
from collections import deque
from pathlib import Path

DEFAULT_OUTPUT = Path(__file__).resolve().parents[2] / "tests/engine/reference/tandem.csv"
COLUMNS = [
    "case", "servers1", "servers2", "request", "arrival", "service1", "service2",
    "start1", "end1", "start2", "end2",
]  # fmt: skip

SEED = 20250117
REQUESTS = 400
# Servers at both stations, and whether times lie on a grid of quarters, where sums are exact,
# events coincide and services may take no time.
CASES = [(1, 1, False), (2, 1, True), (2, 3, False), (4, 2, True), (8, 8, False)]
LOAD = 0.9

# At one instant servers are released before anyone arrives. Starting times do not depend on
# that order, the order of requests within one kind does matter: it is their number.
LEAVE_SECOND, LEAVE_FIRST, ARRIVE = range(3)


class Station:
    """Identical servers behind one queue, first come first served."""

    def __init__(self, servers, services):
        self.idle = servers
        self.services = services
        self.queue = deque()
        self.starts = {}
        self.ends = {}

    def join(self, request, now):
        """A request arrives. Returns the services that start now."""
        self.queue.append(request)
        return self.serve(now)

    def release(self, now):
        """A service ends. Returns the services that start now."""
        self.idle += 1
        return self.serve(now)

    def serve(self, now):
        started = []
        while self.idle and self.queue:
            request = self.queue.popleft()
            self.idle -= 1
            self.starts[request] = now
            self.ends[request] = now + self.services[request]
            started.append((self.ends[request], request))
        return started


def simulate(servers, arrivals, services):
    """Run both stations until everyone has left; returns them."""
    first, second = (Station(count, times) for count, times in zip(servers, services))
    calendar = [(time, ARRIVE, request) for request, time in enumerate(arrivals)]
    heapq.heapify(calendar)

    def schedule(kind, started):
        for end, request in started:
            heapq.heappush(calendar, (end, kind, request))

    while calendar:
        now, kind, request = heapq.heappop(calendar)
        if kind == ARRIVE:
            schedule(LEAVE_FIRST, first.join(request, now))
        elif kind == LEAVE_FIRST:
            schedule(LEAVE_FIRST, first.release(now))
            schedule(LEAVE_SECOND, second.join(request, now))
        else:
            schedule(LEAVE_SECOND, second.release(now))
    return first, second


def draw(generator, servers, on_grid):
    """Arrival times and service times of one case."""

    def duration(mean):
        time = generator.expovariate(1 / mean)
        return round(4 * time) / 4 if on_grid else time

    arrivals, now = [], 0.0
    for _ in range(REQUESTS):
        now += duration(1.0)
        arrivals.append(now)
    services = [[duration(LOAD * count) for _ in range(REQUESTS)] for count in servers]
    return arrivals, services


def main():
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_OUTPUT
    generator = random.Random(SEED)
    with output.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for case, (*servers, on_grid) in enumerate(CASES):
            arrivals, services = draw(generator, servers, on_grid)
            first, second = simulate(servers, arrivals, services)
            for request in range(REQUESTS):
                times = [arrivals[request], services[0][request], services[1][request]]
                for station in (first, second):
                    times += [station.starts[request], station.ends[request]]
                writer.writerow([case, *servers, request, *map(repr, times)])


if __name__ == "__main__":
    main()
