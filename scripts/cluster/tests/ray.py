"""A real Ray on this machine loses a worker and a process in the middle of a sweep; the result must not show it.

    python3 scripts/cluster/tests/ray.py [--sweep target/release/sweep] [--install] [--if-possible]

Ray listens on all interfaces and looks for others outside, whatever it is told: it is started in a network namespace
that has loopback and nothing else. While shards run, one worker of Ray is killed while its `sweep` lives on, frozen:
the new attempt must wait, and go on once the old process is dead. One `sweep` is killed, too. Then the program that
waits for all shards is ended, and the same command given again. The merged tables must have the bytes of a run on one
machine.

Linux, as root; standard library only, and Ray in a virtual environment of its own.
"""

import os
import signal
import subprocess
import sys
import venv
from pathlib import Path

from common import OPTIONS, SCRIPTS, Skipped, Sweep, command_line, fail, kill_all_of, main, need, wait_until

SHARDS = 6
REQUIREMENTS = SCRIPTS / "ray" / "requirements.txt"
# Made once, and kept.
ENVIRONMENT = SCRIPTS.parent.parent / "target" / "ray"
LOOPBACK_UP = 'ip link set lo up && exec "$@"'


def test(sweep, folder, install):
    need(["unshare", "nsenter", "ip"], ["util-linux", "iproute2"], install)
    install_ray(install)
    sweep = Sweep(sweep, folder, SHARDS)
    sweep.environment |= {
        "RAY_TMPDIR": str(folder),
        "RAY_USAGE_STATS_ENABLED": "0",
        # Of the lines that workers write, none is left out.
        "RAY_DEDUP_LOGS": "0",
        # Earlier versions of Ray have no such care for children of a lost worker.
        "RAY_process_group_cleanup_enabled": "0",
    }
    try:
        ray = Ray(sweep)
        run(sweep, ray)
    except SystemExit:
        for log in folder.glob("*.log"):
            print(f"--- {log.name}\n{log.read_text()[-5000:]}", file=sys.stderr)
        raise
    finally:
        kill_all_of(folder)


def run(sweep, ray):
    first = ray.start_run()
    lost = wait_until("a shard is in mid-run", sweep.in_midrun)
    lost.orphan("ray::")
    # Not before: a stopped process is sent SIGHUP when its parents die.
    lost.kill(signal.SIGSTOP)
    print(f"killed the worker of shard {lost.shard}, whose process still holds it", flush=True)
    others = set(range(1, SHARDS + 1)) - {lost.shard}
    killed = wait_until("another is", lambda: sweep.in_midrun(others))
    killed.kill()
    print(f"killed the process of shard {killed.shard}", flush=True)

    log = sweep.folder / "run.log"
    waits = f"shard {lost.shard}/{SHARDS}: waiting"
    wait_until("the lost shard waits for its old process", lambda: waits in log.read_text())
    wait_until("the killed shard has been tried again", lambda: killed.status()["is_complete"])
    lost.kill()
    again = wait_until("the lost shard goes on", lambda: sweep.in_midrun({lost.shard}))
    print(f"shard {killed.shard} was tried again; shard {lost.shard} waited, and goes on now", flush=True)

    first.send_signal(signal.SIGINT)
    code = first.wait(timeout=40)
    if code != 130 or command_line(again.process):
        fail(f"Ctrl-C gave exit code {code}, or left a process behind")
    print("ended the program in mid-run", flush=True)
    if ray.start_run().wait(timeout=90) != 0:
        fail("the second command failed")
    sweep.compare()


class Ray:
    """A cluster of one node and two CPUs, in a network namespace that has loopback and nothing else."""

    def __init__(self, sweep):
        self.sweep = sweep
        hold = ["unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec sleep 900"]
        output = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        holder = subprocess.Popen(hold, env=sweep.environment, **output)
        if holder.stdout.readline() != "up\n":
            raise Skipped(f"Ray must not be started without a network namespace: {holder.stderr.read().strip()}")
        self.inside = ["nsenter", f"--target={holder.pid}", "--net"]
        links = subprocess.check_output([*self.inside, "ip", "-oneline", "link"], text=True).splitlines()
        if len(links) != 1 or " lo: " not in links[0]:
            fail(f"there are interfaces besides loopback: {links}")
        options = ["--head", "--num-cpus=2", "--node-ip-address=127.0.0.1", "--include-dashboard=false"]
        if self.start("start", ENVIRONMENT / "bin" / "ray", "start", *options).wait(timeout=60) != 0:
            fail("Ray does not start")

    def start(self, log, *command):
        log = open(self.sweep.folder / f"{log}.log", "a")
        command = [*self.inside, *command]
        return subprocess.Popen(command, cwd=self.sweep.folder, env=self.sweep.environment, stdout=log, stderr=log)

    def start_run(self):
        command = [SCRIPTS / "ray" / "run.py", "big.yaml", "--shards", str(SHARDS), *OPTIONS]
        return self.start("run", ENVIRONMENT / "bin" / "python", *command)


def install_ray(install):
    """Ray in a virtual environment, in the version that the requirements name."""
    name, _, version = REQUIREMENTS.read_text().strip().partition("==")
    if list(ENVIRONMENT.glob(f"lib/*/site-packages/{name}-{version}.dist-info")):
        return
    if not install:
        raise Skipped(f"there is no Ray {version} in {ENVIRONMENT}; --install fetches it")
    venv.create(ENVIRONMENT, with_pip=True, clear=True)
    command = [ENVIRONMENT / "bin" / "pip", "install", "--quiet", "--requirement", REQUIREMENTS]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        raise Skipped(f"pip cannot install Ray {version}: {result.stderr.strip()[-300:]}")


if __name__ == "__main__":
    main(test, __doc__)
