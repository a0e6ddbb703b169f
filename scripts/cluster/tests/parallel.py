"""GNU parallel and two hosts that share nothing; processes and a connection are cut in mid-run.

    python3 scripts/cluster/tests/parallel.py [--sweep target/release/sweep] [--install] [--if-possible]

The hosts are two ports of an sshd on loopback, each with a home folder of its own. While shards run there, one `sweep`
is killed, and one connection is cut: both shards must be tried again by themselves. Then GNU parallel itself is ended,
and the same command given again. The merged tables must have the bytes of a run on one machine.

Linux, as root, with Debian's packages of GNU parallel, OpenSSH and rsync; standard library only.
"""

import os
import signal
import shutil
import subprocess
import sys

from common import OPTIONS, SCRIPTS, Skipped, Sweep, fail, kill_all_of, main, need, wait_until

SHARDS = 6
PROGRAMS = ["parallel", "sshd", "ssh", "ssh-keygen", "rsync"]
PACKAGES = ["parallel", "openssh-server", "openssh-client", "rsync"]
HOSTS = ["host1", "host2"]
JOBLOG = f"results/big.logs/joblog-{SHARDS}"
SERVER = """\
ListenAddress 127.0.0.1:26822
ListenAddress 127.0.0.1:26823
HostKey {folder}/key
AuthorizedKeysFile {folder}/key.pub
PidFile none
StrictModes no
PasswordAuthentication no
PermitRootLogin yes
Match LocalPort 26822
    ForceCommand cd {folder}/host1 && eval "$SSH_ORIGINAL_COMMAND"
Match LocalPort 26823
    ForceCommand cd {folder}/host2 && eval "$SSH_ORIGINAL_COMMAND"
"""
CLIENT = """\
Host host1
    Port 26822
Host host2
    Port 26823
Host *
    HostName 127.0.0.1
    IdentityFile {folder}/key
    StrictHostKeyChecking no
    UserKnownHostsFile {folder}/known_hosts
    LogLevel ERROR
"""


def test(sweep, folder, install):
    need(PROGRAMS, PACKAGES, install)
    if os.geteuid() != 0:
        raise Skipped("this sshd needs root")
    # Paths below the home folder here are paths below the one there.
    work = folder / "home" / "work"
    work.mkdir(parents=True)
    sweep = Sweep(sweep, work, SHARDS)
    sweep.environment["HOME"] = str(work.parent)
    try:
        start_sshd(folder)
        run(sweep, folder)
    except SystemExit:
        for log in [*folder.glob("*.log"), sweep.folder / JOBLOG]:
            print(f"--- {log.name}\n{log.read_text()[-3000:]}", file=sys.stderr)
        raise
    finally:
        kill_all_of(folder)


def run(sweep, folder):
    first = start(sweep, folder)
    killed = wait_until("a shard is in mid-run", sweep.in_midrun)
    killed.kill()
    print(f"killed the process of shard {killed.shard}", flush=True)
    others = set(range(1, SHARDS + 1)) - {killed.shard}
    cut = wait_until("another is", lambda: sweep.in_midrun(others))
    cut.orphan("sshd:")
    print(f"cut the connection to shard {cut.shard}", flush=True)
    again = {killed.shard, cut.shard}
    wait_until("both have been tried again", lambda: again <= done(sweep))
    last = wait_until("a third one is", lambda: sweep.in_midrun(others - done(sweep)))
    # As Ctrl-C does.
    os.killpg(first.pid, signal.SIGINT)
    first.wait(timeout=30)
    if (sweep.folder / "results" / "big").exists():
        fail("GNU parallel was done before it could be ended")
    print(f"both were tried again; ended GNU parallel while shard {last.shard} was at work", flush=True)
    if start(sweep, folder).wait(timeout=90) != 0:
        fail("the second command failed")
    sweep.compare()


def done(sweep):
    """The shards that have ended well, as GNU parallel sees it."""
    rows = [line.split("\t") for line in (sweep.folder / JOBLOG).read_text().splitlines()[1:]]
    return {int(row[0]) for row in rows if row[6:8] == ["0", "0"]}


def start(sweep, folder):
    command = [SCRIPTS / "parallel" / "run.sh", "big.yaml", "--shards", str(SHARDS), *OPTIONS, "--threads", "1", "--"]
    for host in HOSTS:
        command += ["--sshlogin", f"ssh -F {folder}/ssh_config {host}"]
    log = open(folder / "run.log", "a")
    where = {"cwd": sweep.folder, "env": sweep.environment, "start_new_session": True}
    return subprocess.Popen(command, **where, stdout=log, stderr=log)


def start_sshd(folder):
    for host in HOSTS:
        (folder / host).mkdir()
    (folder / "sshd_config").write_text(SERVER.format(folder=folder))
    (folder / "ssh_config").write_text(CLIENT.format(folder=folder))
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key"], check=True)
    # It separates privileges into this empty folder.
    os.makedirs("/run/sshd", exist_ok=True)
    log = open(folder / "sshd.log", "w")
    daemon = [shutil.which("sshd"), "-D", "-e", "-f", folder / "sshd_config"]
    subprocess.Popen(daemon, stdout=log, stderr=log, start_new_session=True)
    for host in HOSTS:
        command = ["ssh", "-F", folder / "ssh_config", host, "true"]
        wait_until(f"{host} answers", lambda: subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0, 20)


if __name__ == "__main__":
    main(test, __doc__)
