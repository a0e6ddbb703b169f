"""Kills a sweep again and again, and checks that what comes out is what an undisturbed run gives.

    python3 scripts/robustness/kill.py [--sweep target/release/sweep] [--kills 200] [--seed 1]

A sweep of a few thousand jobs in a few dozen chunks is started, ended by SIGKILL, SIGTERM or SIGINT in turn
at a random moment, and started again with the same command, until all kills are used up and it completes. Then
its tables must have the bytes of a run that nobody disturbed. Every few kills the run has completed by itself
before it could be killed: then the next round starts over under a new name, and every completed run is compared.
Every other round begins with a smaller sweep of the same name, which is left alone: the killed one has grown from it.

Checked after every kill, too: the exit code, that the message says how to go on, that no chunk that was there
is lost, and that nothing half-written has a final name. Linux or macOS; standard library only.
"""

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

GRID = ["--rates", "0.5:6:0.5", "--prefill", "2000:16000:1000", "--replications", "20", "--chunk-requests", "200000"]
# Some of its rates, and half of its replications.
SMALLER = ["--rates", "1:5:2", "--prefill", "2000:16000:1000", "--replications", "10", "--chunk-requests", "200000"]
SIGNALS = [signal.SIGKILL, signal.SIGTERM, signal.SIGINT]
EXIT_CODES = {signal.SIGKILL: -signal.SIGKILL, signal.SIGTERM: 143, signal.SIGINT: 130}
TABLES = ["jobs.parquet", "cells.parquet"]
# What a stopped run may leave: the rest of it is hidden.
FINAL_NAMES = {"run.json", "parts", *TABLES}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sweep", type=Path, default=Path("target/release/sweep"))
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    dice = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        test = KillTest(arguments.sweep.resolve(), Path(folder), dice)
        test.run(arguments.kills)
        print(test.report())


class KillTest:
    def __init__(self, sweep, folder, dice):
        self.sweep = sweep
        self.folder = folder
        self.dice = dice
        started = time.monotonic()
        self.whole = self.finish("undisturbed")
        self.whole_s = time.monotonic() - started
        self.kills = dict.fromkeys(SIGNALS, 0)
        self.completed = 0
        self.grown = 0
        self.too_late = 0

    def run(self, kills):
        name = "killed-0"
        while (done := sum(self.kills.values())) < kills:
            signal_ = SIGNALS[done % len(SIGNALS)]
            if self.kill(name, signal_):
                self.kills[signal_] += 1
            else:
                self.too_late += 1
                self.compare(name)
                name = f"killed-{self.completed}"
                if self.completed % 2 == 1:
                    self.finish(name, SMALLER)
                    self.grown += 1
        self.finish(name)
        self.compare(name)

    def kill(self, name, signal_):
        """Starts or goes on with a run and ends it by a signal; false if it was done before."""
        # Those of a complete run make way for the one that has grown.
        before = set() if self.is_complete(name) else self.parts(name)
        process = subprocess.Popen(self.command(name), cwd=self.folder, stderr=subprocess.PIPE, text=True)
        time.sleep(self.dice.uniform(0.0, 0.35 * self.whole_s))
        process.send_signal(signal_)
        _, errors = process.communicate(timeout=60)
        if process.returncode == 0:
            return False
        # Before the handlers are installed, a signal simply ends the process.
        expected = {EXIT_CODES[signal_], -signal_}
        if process.returncode not in expected:
            fail(f"{signal_.name} gave exit code {process.returncode}: {errors}")
        if process.returncode > 0 and "same command again goes on" not in errors and "nothing was written" not in errors:
            fail(f"{signal_.name} was not explained: {errors}")
        if lost := before - self.parts(name):
            fail(f"{signal_.name} lost {sorted(lost)}")
        run = self.folder / "results" / name
        strange = {path.name for path in run.glob("[!.]*")} - FINAL_NAMES if run.exists() else set()
        if strange:
            fail(f"{signal_.name} left {sorted(strange)}")
        return True

    def finish(self, name, grid=GRID):
        subprocess.run(self.command(name, grid), cwd=self.folder, check=True, stderr=subprocess.DEVNULL)
        return [(self.folder / "results" / name / table).read_bytes() for table in TABLES]

    def compare(self, name):
        tables = [(self.folder / "results" / name / table).read_bytes() for table in TABLES]
        if tables != self.whole:
            fail(f"the tables of {name} differ from those of the undisturbed run")
        self.completed += 1

    def parts(self, name):
        return {path.name for path in (self.folder / "results" / name / "parts").glob("*.parquet")}

    def is_complete(self, name):
        record = self.folder / "results" / name / "run.json"
        return record.exists() and "outcome" in json.loads(record.read_text())

    def command(self, name, grid=GRID):
        return [self.sweep, *grid, "--name", name, "--quiet"]

    def report(self):
        kills = ", ".join(f"{count} {signal_.name}" for signal_, count in self.kills.items())
        return (
            f"{sum(self.kills.values())} kills ({kills}), {self.completed} completed runs of "
            f"{len(self.parts('undisturbed'))} chunks, {self.grown} of them grown from smaller ones, each byte for byte as undisturbed; {self.too_late} "
            "signals came too late"
        )


def fail(text):
    sys.exit(f"FAILED: {text}")


if __name__ == "__main__":
    main()
