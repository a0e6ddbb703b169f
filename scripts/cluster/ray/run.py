"""Hands a sweep to a Ray cluster: shards are tasks, which Ray starts again when a worker is lost; then a merge.

    python3 scripts/cluster/ray/run.py FILE --shards N [--name NAME] [--out DIR] [--cpus 1] [--retries 5]
        [--address auto] [options of sweep run]

Call it where Ray is installed (requirements.txt), in a folder that all workers share under the same path; the workers
need `sweep` and bash. Given again, the same command does what is missing. The environment variable SWEEP names the
command, here and on the workers, if it is not `sweep`.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import ray

# Handed over as text, so that workers need no copy of this folder.
SHARD = (Path(__file__).resolve().parent.parent / "shard.sh").read_text()
# A mistake in the sweep file, which no other worker would take for anything else.
BAD_INPUT = 2
PROGRESS_S = 10


class Failed(Exception):
    """An attempt at a shard that another one may do better."""


@ray.remote
def run_shard(shard, command, folder, environment):
    """Runs a shard to its end; its exit code, if there is no use in trying again."""
    command = ["bash", "-c", SHARD, "shard.sh", *command]
    # If this worker is killed, its child may live on: then the next attempt waits for it, in shard.sh.
    process = subprocess.Popen(command, cwd=folder, env={**os.environ, **environment})
    try:
        code = process.wait()
    finally:
        # When the task is cancelled.
        if process.poll() is None:
            process.terminate()
            process.wait()
    if code not in (0, BAD_INPUT):
        raise Failed(f"shard {shard}: exit code {code}")
    return code


def main():
    arguments, options = parse()
    run = Run(arguments, options)
    ray.init(address=arguments.address)
    sys.exit(run.shards() or run.merge())


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("file", type=Path)
    parser.add_argument("--shards", type=int, required=True)
    parser.add_argument("--name", help="name of the run; the stem of the file")
    parser.add_argument("--out", default="results")
    parser.add_argument("--cpus", type=int, default=1, help="CPUs, and threads, of a shard")
    parser.add_argument("--retries", type=int, default=5, help="how often a shard is tried again")
    parser.add_argument("--address", default="auto", help="of the Ray cluster")
    arguments, options = parser.parse_known_args()
    if arguments.shards < 1:
        parser.error("--shards must be at least 1")
    arguments.name = arguments.name or arguments.file.stem
    return arguments, options


class Run:
    def __init__(self, arguments, options):
        self.arguments = arguments
        self.sweep = os.environ.get("SWEEP", "sweep")
        self.target = ["--name", arguments.name, "--out", arguments.out]
        self.options = ["--threads", str(arguments.cpus), *options, *self.target]
        self.names = [f"{arguments.name}.shard-{i}-of-{arguments.shards}" for i in range(1, arguments.shards + 1)]

    def shards(self):
        """Runs all shards; 0 if all are done."""
        environment = {key: value for key, value in os.environ.items() if key.startswith("SWEEP")}
        retries = self.arguments.retries
        task = run_shard.options(num_cpus=self.arguments.cpus, max_retries=retries, retry_exceptions=[Failed])
        tasks = []
        for i in range(1, self.arguments.shards + 1):
            command = [str(self.arguments.file), f"{i}/{self.arguments.shards}", *self.options]
            tasks.append(task.remote(i, command, os.getcwd(), environment))
        try:
            return self.wait(tasks)
        except KeyboardInterrupt:
            for left in tasks:
                ray.cancel(left)
            ray.wait(tasks, num_returns=len(tasks), timeout=30)
            print("stopped; the same command goes on", file=sys.stderr)
            return 130

    def wait(self, tasks):
        """Shows how far the shards are until all have ended; 0 if all are done."""
        failed, left = 0, tasks
        while left:
            ended, left = ray.wait(left, num_returns=len(left), timeout=PROGRESS_S)
            for task in ended:
                try:
                    failed = failed or ray.get(task)
                except (Failed, ray.exceptions.RayError) as error:
                    print(str(error).splitlines()[-1], file=sys.stderr)
                    failed = 1
            done = sum(1 for name in self.names for _ in Path(self.arguments.out, name, "parts").glob("*.parquet"))
            print(f"{len(tasks) - len(left)} of {len(tasks)} shards have ended, {done} chunks are done", flush=True)
        if failed:
            print("not all shards are done; the same command goes on", file=sys.stderr)
        return failed

    def merge(self):
        """Puts the shards together; the exit code."""
        return subprocess.run([self.sweep, "merge", *self.names, *self.target]).returncode


if __name__ == "__main__":
    main()
