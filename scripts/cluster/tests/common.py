"""What the tests of the schedulers share: a sweep, its shards, their processes, and the one right result."""

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent
TABLES = ["jobs.parquet", "cells.parquet"]
# 320 jobs; every cell is a chunk of its own.
SWEEP_FILE = """\
base:
  sim_seconds: {horizon}
axes:
  rates: [1, 2, 3, 4]
  prefill: [4000, 8000, 12000, 16000]
replications: 10
"""
CHUNKS = 32
OPTIONS = ["--chunk-requests", "1000"]
# What one machine should take for all of it: long enough to be killed in the middle.
WHOLE_S = 20
TRIAL_HORIZON = 2000
# Keeps daemons that packages bring along from being started.
POLICY = Path("/usr/sbin/policy-rc.d")


def main(test, doc):
    """Runs a test in a folder of its own: `test(sweep, folder, install)`, which raises Skipped or exits."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--sweep", type=Path, default=Path("target/release/sweep"))
    parser.add_argument("--install", action="store_true", help="install what is missing")
    parser.add_argument("--if-possible", action="store_true", help="skip, if that cannot be installed")
    arguments = parser.parse_args()
    # An end by SIGTERM leaves no daemons either.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    started = time.monotonic()
    try:
        # Daemons may still be writing while they end.
        with tempfile.TemporaryDirectory(prefix="sweep-cluster-", ignore_cleanup_errors=True) as folder:
            test(arguments.sweep.resolve(), Path(folder), arguments.install)
    except Skipped as reason:
        if not arguments.if_possible:
            fail(reason)
        print(f"skipped: {reason}")
    else:
        print(f"passed in {time.monotonic() - started:.0f} s")


class Skipped(Exception):
    """What the test needs is not to be had here."""


class Sweep:
    """One sweep file, the run of one machine, and the shards of another."""

    def __init__(self, sweep, folder, shards):
        self.sweep = sweep
        self.folder = folder
        self.shards = shards
        horizon = TRIAL_HORIZON
        # Much shorter ones measure how long the command takes to start.
        while (took_s := self.run(f"trial-{horizon}", horizon)) < 1:
            horizon *= 5
        self.run("whole", int(horizon * WHOLE_S / took_s))
        self.environment = {**os.environ, "SWEEP": str(sweep), "SWEEP_WAIT_SECONDS": "1"}

    def run(self, name, horizon):
        """Writes the sweep file, and runs it on this machine alone; seconds taken."""
        (self.folder / "big.yaml").write_text(SWEEP_FILE.format(horizon=horizon))
        command = [self.sweep, "run", "big.yaml", *OPTIONS, "--name", name, "--quiet"]
        started = time.monotonic()
        subprocess.run(command, cwd=self.folder, check=True, stderr=subprocess.DEVNULL)
        return time.monotonic() - started

    def in_midrun(self, shards=None):
        """One of these shards (or any) that is at work, with chunks done and others missing: a Victim."""
        for process in processes():
            line = command_line(process)
            if line[:4] != [str(self.sweep), "run", "big.yaml", "--shard"]:
                continue
            shard = int(line[4].partition("/")[0])
            victim = Victim(self, shard, process)
            if (shards is None or shard in shards) and victim.is_in_midrun():
                return victim
        return None

    def compare(self):
        chunks = len(list((self.folder / "results" / "big" / "parts").glob("*.parquet")))
        if chunks != CHUNKS:
            fail(f"{chunks} chunks instead of {CHUNKS}")
        for table in TABLES:
            files = [self.folder / "results" / run / table for run in ("whole", "big")]
            if not files[1].exists():
                fail(f"there is no {files[1]}")
            if files[0].read_bytes() != files[1].read_bytes():
                fail(f"{table} differs from that of one machine")
        print(f"{self.shards} shards merged: each byte as on one machine ({', '.join(TABLES)}; {CHUNKS} chunks)")


class Victim:
    """A shard in the middle of its run, and the process that is at work on it."""

    def __init__(self, sweep, shard, process):
        self.sweep = sweep
        self.shard = shard
        self.process = process
        self.run = f"big.shard-{shard}-of-{sweep.shards}"
        try:
            self.folder = os.readlink(f"/proc/{process}/cwd")
        except FileNotFoundError:
            # It has just ended.
            self.folder = sweep.folder

    def is_in_midrun(self):
        status = self.status()
        return status["is_running"] and 0 < status["chunks_done"] <= status["chunks"] - 2

    def status(self):
        """What `sweep status` says of it, where it is at work."""
        command = [self.sweep.sweep, "status", self.run, "--json"]
        result = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        return json.loads(result.stdout) if result.returncode == 0 else {"is_running": False}

    def orphan(self, title):
        """Kills the process above it that has this title, and nothing else."""
        above = parent(self.process)
        while not command_line(above)[0].startswith(title):
            above = parent(above)
        os.kill(above, signal.SIGKILL)
        wait_until(f"{title} is gone", lambda: above not in map(parent, processes()), pause_s=0.01)
        self.check_in_time()

    def kill(self, signal_=signal.SIGKILL):
        os.kill(self.process, signal_)
        self.check_in_time()

    def check_in_time(self):
        if self.status()["is_complete"]:
            fail(f"shard {self.shard} was complete before it could be killed")


def processes():
    return [int(path.name) for path in Path("/proc").glob("[0-9]*")]


def command_line(process):
    try:
        return Path(f"/proc/{process}/cmdline").read_text().split("\0")[:-1]
    except (FileNotFoundError, ProcessLookupError):
        return []


def kill_all_of(folder):
    """Ends what a test has left behind: whatever has the name of its folder in its environment or command."""
    for process in processes():
        try:
            told = Path(f"/proc/{process}/environ").read_text(errors="replace") + " ".join(command_line(process))
            if str(folder) in told and process != os.getpid():
                os.kill(process, signal.SIGKILL)
        except OSError:
            # It has ended by itself, or is none of ours.
            pass


def parent(process):
    try:
        # The name, in brackets, may hold anything.
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None


def wait_until(what, condition, timeout_s=60, pause_s=0.1):
    """The first true value of a condition."""
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        if time.monotonic() > deadline:
            fail(f"waited {timeout_s} s until {what}")
        time.sleep(pause_s)
    return value


def need(programs, packages, install):
    """Makes sure that programs are there, from Debian's packages."""
    # Not on the path of everyone.
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    missing = [program for program in programs if not shutil.which(program)]
    if not missing:
        return
    if not install:
        raise Skipped(f"there is no {', '.join(missing)}; --install fetches {' '.join(packages)}")
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Skipped(f"there is no {', '.join(missing)}, and no root or no apt-get to install {' '.join(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with no_daemons():
        for command in ["update", "-q"], ["install", "-qy", "--no-install-recommends", *packages]:
            result = subprocess.run(["apt-get", *command], env=environment, capture_output=True, text=True)
            if result.returncode != 0:
                raise Skipped(f"apt-get {command[0]} failed: {result.stderr.strip()[-300:]}")


@contextlib.contextmanager
def no_daemons():
    """Packages are installed without starting what they bring along."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


def fail(text):
    sys.exit(f"FAILED: {text}")
