"""A real Slurm on this machine loses a node and a process in the middle of a sweep; the result must not show it.

    python3 scripts/cluster/tests/slurm.py [--sweep target/release/sweep] [--install] [--if-possible]

Two nodes (two slurmd), one controller and munge listen on loopback, in a temporary folder. While an array of shards
runs, one node's slurmd is killed and its shard's processes stay behind, frozen: Slurm starts the shard on the other
node, where it must wait, and go on once the old process is dead. One `sweep` is killed, and one is told that its time
is up: both must come back by themselves. The merged tables must have the bytes of a run on one machine.

Linux, as root, with Debian's packages of Slurm; standard library only.
"""

import os
import re
import signal
import subprocess
import sys

from common import OPTIONS, SCRIPTS, Skipped, Sweep, fail, kill_all_of, main, need, wait_until

SHARDS = 6
PROGRAMS = ["slurmctld", "slurmd", "sbatch", "scontrol", "squeue", "munged", "mungekey"]
PACKAGES = ["munge", "slurmctld", "slurmd", "slurm-client"]
# Timeouts are those of a test: Slurm's own take minutes to give up a node and to start its jobs again.
CONFIGURATION = """\
ClusterName=test
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=26817
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
SchedulerParameters=bf_interval=2,sched_interval=2
SlurmdTimeout=10
KillWait=5
MailProg=/bin/true
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
NodeName=node1 NodeHostname=localhost NodeAddr=127.0.0.1 Port=26818 CPUs=1
NodeName=node2 NodeHostname=localhost NodeAddr=127.0.0.1 Port=26819 CPUs=1
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def test(sweep, folder, install):
    need(PROGRAMS, PACKAGES, install)
    if os.geteuid() != 0:
        raise Skipped("slurmd needs root")
    sweep = Sweep(sweep, folder, SHARDS)
    slurm = Slurm(folder, sweep.environment)
    try:
        slurm.start()
        run(sweep, slurm)
    except SystemExit:
        slurm.show_logs()
        raise
    finally:
        slurm.stop()


def run(sweep, slurm):
    command = [SCRIPTS / "slurm" / "submit.sh", "big.yaml", "--shards", str(SHARDS), *OPTIONS]
    told = subprocess.check_output(command, cwd=sweep.folder, env=slurm.environment, text=True)
    print(told, end="", flush=True)
    array = re.search(r"shards: job (\d+)", told)[1]
    lost = wait_until("a shard runs on node2", lambda: sweep.in_midrun(slurm.shards_on("node2")))
    slurm.lose("node2", lost)
    # Not before: a stopped process is sent SIGHUP when its parents die.
    lost.kill(signal.SIGSTOP)
    print(f"node2 is lost with shard {lost.shard}, whose process still holds it", flush=True)

    killed = wait_until("a shard runs on node1", lambda: sweep.in_midrun(slurm.shards_on("node1")))
    killed.kill()
    print(f"killed the process of shard {killed.shard}", flush=True)
    ended = wait_until("another does", lambda: sweep.in_midrun(set(slurm.shards_on("node1")) - {killed.shard}))
    slurm.command("scancel", "--batch", "--signal=USR1", f"{array}_{ended.shard}")
    print(f"told shard {ended.shard} that its time is up", flush=True)

    logs = sweep.folder / "results" / "big.logs"
    log = logs / f"shard-{lost.shard}.log"
    wait_until("the lost shard waits for its old process", lambda: "waiting for the other" in log.read_text())
    lost.kill()
    print(f"shard {lost.shard} was started again, and waited; now its old process is dead", flush=True)
    wait_until("the queue is empty", lambda: not slurm.command("squeue", "--noheader"), 90, 0.5)
    for victim in lost, killed, ended:
        text = (logs / f"shard-{victim.shard}.log").read_text()
        if "start 2" not in text or "going on" not in text:
            fail(f"shard {victim.shard} did not go on:\n{text}")
    sweep.compare()


class Slurm:
    """munge, a controller and two nodes."""

    def __init__(self, folder, environment):
        self.folder = folder
        self.environment = {**environment, "SLURM_CONF": str(folder / "slurm.conf")}
        self.nodes = {}
        self.daemons = []

    def start(self):
        (self.folder / "slurm.conf").write_text(CONFIGURATION.format(folder=self.folder))
        (self.folder / "state").mkdir()
        key, socket = self.folder / "munge.key", self.folder / "munge.socket"
        subprocess.run(["mungekey", "--create", f"--keyfile={key}"], check=True)
        files = [f"--{name}-file={self.folder}/munge.{name}" for name in ("key", "pid", "log", "seed")]
        self.daemon("munged", "--foreground", "--force", f"--socket={socket}", *files)
        wait_until("munge listens", socket.exists)
        self.daemon("slurmctld", "-D")
        for node in "node1", "node2":
            self.nodes[node] = self.daemon("slurmd", "-D", "-N", node)
        wait_until("both nodes are idle", lambda: self.command("sinfo", "--noheader", "-o", "%t %D") == "idle 2")

    def daemon(self, *command):
        log = open(self.folder / f"{command[0]}.out", "a")
        # Of its own session: Ctrl-C is for the test, which then ends its daemons.
        daemon = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log, start_new_session=True)
        self.daemons.append(daemon)
        return daemon

    def command(self, *command):
        """What a command prints; nothing while the controller is not there."""
        result = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        return result.stdout.strip()

    def shards_on(self, wanted):
        """The shards that a node is at work on."""
        lines = self.command("squeue", "--noheader", "--name=big", "--states=RUNNING", "-o", "%i %N").splitlines()
        jobs = [line.split() for line in lines]
        return [int(job.partition("_")[2]) for job, *node in jobs if node == [wanted]]

    def lose(self, node, victim):
        """A machine that no one can reach: its processes are still there, but nothing of Slurm above them."""
        self.nodes[node].kill()
        self.nodes[node].wait()
        victim.orphan("slurmstepd")

    def show_logs(self):
        for log in sorted([*self.folder.glob("*.log"), *self.folder.glob("results/*.logs/*")]):
            print(f"--- {log.name}\n{log.read_text()[-3000:]}", file=sys.stderr)

    def stop(self):
        for daemon in reversed(self.daemons):
            daemon.kill()
            daemon.wait()
        kill_all_of(self.folder)


if __name__ == "__main__":
    main(test, __doc__)
