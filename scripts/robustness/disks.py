"""Lets disks fail under a sweep, and checks that nothing is lost, half-written, or trusted that should not be.

    python3 scripts/robustness/disks.py [--sweep target/release/sweep] [--quick] [--every-call] [--if-possible]

A sweep of a few hundred jobs in about ten chunks meets a fault and then, when it is gone, goes on by the same command:

- full: a file system that is really full, of many sizes, so that it fills up at different moments
- limits: a limit on the size of files, with the signal that comes with it ignored or not
- calls: one call to the system fails (no space, broken disk, read-only), in a new run, one that goes on, one that
  replaces another; of every kind of call the first, the middle and the last one, or with --every-call all of them
- folders: read-only, without permission, removed in mid-run, a file or a dangling link in its place
- parts: cut short, empty, with bits flipped, of another run, of another chunk
- output: standard output or standard error on a full disk
- clocks: set back and forward between runs, before 1970 and after 2100

Checked each time: the exit code; a message with path, reason and advice; no panic; finished chunks are still there,
unchanged, and are not done again; whatever has its final name has the very bytes that an undisturbed run gives; and
the run that goes on ends with the tables of an undisturbed one.

Linux, as root, with strace and faketime. With --if-possible what this machine cannot do is skipped, and said so.
--quick does every fifth fault, --only WORD those of one kind. Standard library only.
"""

import argparse
import contextlib
import itertools
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

GRID = [
    "--rates", "1:6:1", "--prefill", "4000,8000", "--replications", "10", "--sim-seconds", "200",
    "--warmup-seconds", "20", "--chunk-requests", "20000", "--name", "a", "--quiet",
]
# Chunks that a stopped run has.
DONE = 4
OTHER_SEED = ["--seed", "7"]
TABLES = ["jobs.parquet", "cells.parquet"]
BAD_START, IO_FAILED = 2, 4
ADVICE = re.compile(r"same command|choose another|move it elsewhere|remove it")
# `nobody`, who may do nothing.
NOBODY = 65534
# Calls of which a failure may do no harm: questions, and attempts to clean up. All others must end the run.
HARMLESS = {"statx", "newfstatat", "unlink", "unlinkat", "rmdir", "openat", "getdents64", "read"}
CALLS = ["mkdir", "openat", "write", "fsync", "fdatasync", "rename", "symlink", "flock", "unlink", "unlinkat", "rmdir"]
ASKING_CALLS = ["statx", "getdents64", "read"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sweep", type=Path, default=Path("target/release/sweep"))
    parser.add_argument("--if-possible", action="store_true", help="skip what this machine cannot do")
    parser.add_argument("--quick", action="store_true", help="every fifth fault")
    parser.add_argument("--every-call", action="store_true", help="let every single call fail")
    parser.add_argument("--flips", type=int, default=20, help="bits of parts to flip, at random places")
    parser.add_argument("--only", help="one kind of faults, such as `full`")
    arguments = parser.parse_args()
    kinds = {
        "full": full_disk,
        "limits": file_size_limits,
        "calls": lambda bench: failing_calls(bench, arguments.every_call),
        "folders": folders,
        "parts": lambda bench: damaged_parts(bench, arguments.flips),
        "output": full_output,
        "clocks": clocks,
    }
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        bench = Bench(arguments.sweep.resolve(), Path(folder), 5 if arguments.quick else 1)
        for kind, test in kinds.items():
            if arguments.only in (None, kind):
                bench.kind = kind
                try:
                    test(bench)
                except Missing as missing:
                    if not arguments.if_possible:
                        fail(f"{kind}: {missing} (--if-possible goes on without)")
                    bench.skipped.append(f"{kind} ({missing})")
        print(bench.report())


class Missing(Exception):
    """Something that a test needs is not there."""


class Bench:
    """A folder to run sweeps in, what an undisturbed one gives, and what has been seen."""

    def __init__(self, sweep, folder, stride):
        self.sweep = sweep
        self.folder = folder
        self.stride = stride
        self.offered = 0
        self.kind = ""
        self.faults = Counter()
        self.unharmed = 0
        self.skipped = []
        self.trials = 0
        self.run("undisturbed")
        self.run("other", more=OTHER_SEED)
        self.whole = files_of(folder / "undisturbed" / "a")
        self.other = files_of(folder / "other" / "a")
        self.chunks = sum(name.startswith("parts/") and name.endswith(".parquet") for name in self.whole)

    def some(self, faults):
        """All of the faults, or a few of them."""
        for fault in faults:
            self.offered += 1
            if self.offered % self.stride == 0:
                yield fault

    def command(self, out, more=()):
        return [str(self.sweep), *GRID, *more, "--out", str(out)]

    def run(self, out, more=(), prefix=(), code=0, **options):
        """Runs the sweep to its end, with this exit code."""
        ran = subprocess.run(
            [*prefix, *self.command(out, more)], cwd=self.folder, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=120, **options,
        )
        if ran.returncode != code and code is not None:
            fail(f"{self.kind}: exit code {ran.returncode} instead of {code}: {ran.stderr}")
        return ran

    def new(self, stopped=False):
        """A folder of results that is not there yet, or has a run that was stopped after some chunks."""
        self.trials += 1
        out = self.folder / f"results-{self.trials}"
        if stopped:
            self.stop(out)
        return out

    def stop(self, out):
        """A run that was killed while it wrote a part."""
        shutil.copytree(self.folder / "undisturbed", out, symlinks=True)
        run = out / "a"
        (out / "latest").unlink()
        record = json.loads((run / "run.json").read_text())
        del record["outcome"]
        (run / "run.json").write_text(json.dumps(record))
        for table in TABLES:
            (run / table).unlink()
        for path in (run / "parts").glob("[!.]*"):
            if int(path.stem) >= DONE:
                path.unlink()
        (run / "parts" / f".{DONE:05}.parquet.partial").write_bytes(b"half")

    def fault(self, what, out, ran, before, codes=(IO_FAILED,)):
        """Checks what a fault did: what was said, and what is left."""
        what = f"{self.kind}: {what}"
        if ran.returncode not in codes:
            fail(f"{what}: exit code {ran.returncode}: {ran.stderr}")
        if "panicked" in ran.stderr:
            fail(f"{what}: it panicked: {ran.stderr}")
        if ran.returncode != 0:
            check_message(what, out, ran.stderr)
        self.check_left(what, out / "a", before)
        self.faults[self.kind] += 1
        self.unharmed += ran.returncode == 0

    def check_left(self, what, run, before):
        """All that was finished is there, and all that is there is finished."""
        left = files_of(run)
        if lost := sorted(name for name in before if left.get(name) != before[name] and name != "run.json"):
            fail(f"{what}: {lost} lost or changed")
        for name, content in left.items():
            if name == "run.json":
                json.loads(content)
            elif content not in (self.whole.get(name), before.get(name)):
                fail(f"{what}: {name} is not what it should be")

    def goes_on(self, what, out, more=(), **options):
        """The same command once more, without the fault."""
        what = f"{self.kind}: {what}, then going on"
        parts = {path: path.stat().st_mtime_ns for path in (out / "a" / "parts").glob("*.parquet")}
        ran = self.run(out, more, code=None, **options)
        if ran.returncode != 0:
            fail(f"{what}: exit code {ran.returncode}: {ran.stderr}")
        if any(files_of(out / "a").get(name) != self.whole[name] for name in self.whole if name != "run.json"):
            fail(f"{what}: the tables or parts differ from those of an undisturbed run")
        if again := [path.name for path, time_ns in parts.items() if path.stat().st_mtime_ns != time_ns]:
            if "--force" not in more:
                fail(f"{what}: {again} done again")
        if strange := [path.name for path in (out / "a").rglob(".*.partial")]:
            fail(f"{what}: {strange} left behind")

    def report(self):
        kinds = ", ".join(f"{count} {kind}" for kind, count in self.faults.items())
        skipped = f"; skipped: {', '.join(self.skipped)}" if self.skipped else ""
        return (
            f"{sum(self.faults.values())} faults ({kinds}), {self.unharmed} of them harmless; no chunk lost, nothing "
            f"half-written, and tables byte for byte as undisturbed after each{skipped}"
        )


def full_disk(bench):
    """A small file system fills up: at once, in the parts, in the tables. Then it is made larger."""
    needed = sum(map(len, bench.whole.values())) // 1024
    with mounted(bench, "size=4k") as disk:
        for size in bench.some(range(4, needed, needed // 30)):
            out = bench.new()
            out = disk / out.name
            remount(disk, f"size={size}k")
            ran = bench.run(out, code=None)
            if ran.returncode == 0:
                continue
            what = f"full at {size} KiB"
            bench.fault(what, out, ran, {}, (IO_FAILED, BAD_START))
            remount(disk, "size=64m")
            bench.goes_on(what, out)
            shutil.rmtree(out)
    if not bench.faults["full"]:
        fail("the disk was never full")


def file_size_limits(bench):
    """No file may become larger than so many bytes: a short write, then an error and a signal."""
    lengths = [len(content) for content in bench.whole.values()]
    sizes = [100, 1000, 20_000, max(lengths) - 1, max(len(bench.whole[table]) for table in TABLES) - 1]
    for size, is_ignored, stopped in bench.some(itertools.product(sizes, [True, False], [False, True])):
        if stopped and size == max(lengths) - 1:
            # The largest part is there already.
            continue
        out = bench.new(stopped)
        before = files_of(out / "a")
        ran = bench.run(out, code=None, preexec_fn=limiter(size, is_ignored), restore_signals=False)
        what = f"files of up to {size} bytes, signal {'ignored' if is_ignored else 'not ignored'}"
        bench.fault(what, out, ran, before)
        bench.goes_on(what, out)


def limiter(size, is_ignored):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN if is_ignored else signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return limit


def failing_calls(bench, every_call):
    """One call fails: of each kind the first, the middle and the last one that has to do with results."""
    if not shutil.which("strace"):
        raise Missing("no strace")
    probe = subprocess.run(["strace", "-qq", "-e", "inject=getppid:error=EIO", "true"], capture_output=True, text=True)
    if probe.returncode != 0:
        raise Missing("strace may not trace")
    for scenario in [Fresh(bench), Stopped(bench), Forced(bench)]:
        for call, number, error in bench.some(failures(calls_of(bench, scenario), every_call)):
            one_call_fails(bench, scenario, call, number, error)


def failures(places, every_call):
    """Which calls are to fail, and with which error: they take turns."""
    for call, where in sorted(places.items()):
        if call not in CALLS + ASKING_CALLS:
            continue
        if not every_call:
            where = sorted({where[0], where[len(where) // 2], where[-1]})
        errors = ["EIO"] if call in ASKING_CALLS else ["ENOSPC", "EIO", "EROFS"]
        yield from zip([call] * len(where), where, itertools.cycle(errors))


def one_call_fails(bench, scenario, call, number, error):
    out, before = scenario.prepare()
    ran = bench.run(
        out, scenario.flags, code=None,
        prefix=["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={call}:error={error}:when={number}"],
    )
    what = f"{scenario.name}, {call} number {number} gives {error}"
    scenario.check(what, out)
    codes = (0, IO_FAILED, BAD_START) if call in HARMLESS else (IO_FAILED, BAD_START)
    bench.fault(what, out, ran, before, codes)
    bench.goes_on(what, out, scenario.flags)
    shutil.rmtree(out)


def calls_of(bench, scenario):
    """Per kind of call, which ones have to do with results. Other threads make none of them."""
    out, _ = scenario.prepare()
    log = bench.folder / "calls.log"
    bench.run(out, scenario.flags, prefix=["strace", "-f", "-qq", "-y", "-o", str(log)])
    main, places, counts = None, {}, Counter()
    for line in log.read_text(errors="replace").splitlines():
        thread, text = line.split(maxsplit=1)
        main = main or thread
        if thread == main and (found := re.match(r"(\w+)\(", text)):
            call = found[1]
            counts[call] += 1
            if str(out) in text:
                places.setdefault(call, []).append(counts[call])
    if "write" not in places or "rename" not in places:
        fail(f"{bench.kind}: no calls found in {log}")
    return places


class Fresh:
    """A run that begins."""

    name, flags = "new", ()

    def __init__(self, bench):
        self.bench = bench

    def prepare(self):
        return self.bench.new(), {}

    def check(self, what, out):
        pass


class Stopped(Fresh):
    """A run that goes on."""

    name = "going on"

    def prepare(self):
        out = self.bench.new(stopped=True)
        return out, files_of(out / "a")


class Forced(Fresh):
    """A run that replaces another one."""

    name, flags = "forced", ("--force",)

    def prepare(self):
        out = self.bench.new()
        shutil.copytree(self.bench.folder / "other", out, symlinks=True)
        return out, {}

    def check(self, what, out):
        """The earlier run is there until the new one is complete."""
        aside, run = out / ".a.replaced", out / "a"
        if files_of(run) == self.bench.other:
            # Not a trace of the new one.
            shutil.copytree(run, out / "earlier")
            shutil.rmtree(run)
            os.rename(out / "earlier", aside)
        elif files_of(aside) != self.bench.other and "outcome" not in json.loads(files_of(run)["run.json"]):
            fail(f"{self.bench.kind}: {what}: the earlier run is lost")


def folders(bench):
    for name, content in [("file", "file"), ("link", "dangling"), ("below", "file/below")]:
        no_folder(bench, name, content)
    for what, removed in [("run", "a"), ("results", "."), ("parts", "a/parts")]:
        vanishing(bench, what, removed)
    forbidden(bench)
    read_only(bench)


def no_folder(bench, name, content):
    """Something else is where results should be."""
    (bench.folder / "file").write_text("x")
    dangling = bench.folder / "dangling"
    if not dangling.is_symlink():
        dangling.symlink_to(bench.folder / "nowhere")
    out = bench.folder / content
    ran = bench.run(out, code=BAD_START)
    bench.fault(name, out, ran, {}, (BAD_START,))
    if (bench.folder / "file").read_text() != "x" or not dangling.is_symlink():
        fail(f"folders: {name}: it was replaced")


def vanishing(bench, what, removed):
    """A folder is removed in mid-run. Nothing can be kept then, but it must be said, and a new start must work."""
    out, process = in_mid_run(bench)
    shutil.rmtree(out / removed)
    ran = resumed(process)
    bench.fault(f"{what} removed in mid-run", out, ran, {})
    if removed == "a/parts":
        bench.goes_on(what, out)
        return
    if (out / "a" / "jobs.parquet").exists():
        fail(f"folders: tables in a folder that was removed: {what}")
    bench.goes_on(what, out)


def forbidden(bench):
    """Permissions are taken away, at the start and in mid-run; root would not notice."""
    user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
    try:
        subprocess.run([bench.sweep, "--version"], check=True, stdout=subprocess.DEVNULL, **user)
    except PermissionError as error:
        raise Missing("an ordinary user cannot run the command") from error
    closed = bench.folder / "closed"
    closed.mkdir()
    closed.chmod(0o000)
    out = closed / "results"
    ran = bench.run(out, code=None, **user)
    closed.chmod(0o755)
    bench.fault("no permission", out, ran, {}, (BAD_START,))
    if user:
        os.chown(closed, NOBODY, NOBODY)
    _, process = in_mid_run(bench, out, **user)
    before = files_of(out / "a")
    (out / "a" / "parts").chmod(0o000)
    ran = resumed(process)
    (out / "a" / "parts").chmod(0o755)
    bench.fault("permission taken away in mid-run", out, ran, before)
    bench.goes_on("permission taken away in mid-run", out, **user)


def read_only(bench):
    """A file system that cannot be written to, for a run that begins and for one that goes on."""
    with mounted(bench, "size=64m") as disk:
        for stopped in [False, True]:
            out = disk / ("stopped" if stopped else "new")
            if stopped:
                bench.stop(out)
            before = files_of(out / "a")
            remount(disk, "ro")
            ran = bench.run(out, code=None)
            remount(disk, "rw")
            bench.fault(f"read-only, {out.name}", out, ran, before, (IO_FAILED, BAD_START))
            bench.goes_on(f"read-only, {out.name}", out)


def in_mid_run(bench, out=None, **options):
    """A run that is halted after some chunks."""
    for _ in range(50):
        here = out or bench.new()
        process = subprocess.Popen(
            bench.command(here), cwd=bench.folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
        )
        parts = here / "a" / "parts"
        while process.poll() is None and not (parts / "00001.parquet").exists():
            time.sleep(0.0003)
        process.send_signal(signal.SIGSTOP)
        if process.poll() is None and len(list(parts.glob("0*.parquet"))) < bench.chunks - 1:
            return here, process
        process.kill()
        process.communicate()
        shutil.rmtree(here, ignore_errors=True)
    fail("folders: no run was ever halted in time")


def resumed(process):
    process.send_signal(signal.SIGCONT)
    stdout, stderr = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def damaged_parts(bench, flips):
    """A part that is not what was written: its name is said, and it is neither used nor replaced."""
    for what, content in bench.some(damage(bench, flips).items()):
        out = bench.new(stopped=True)
        part = out / "a" / "parts" / "00001.parquet"
        part.write_bytes(content)
        before = files_of(out / "a")
        ran = bench.run(out, code=None)
        bench.fault(what, out, ran, before)
        if part.name not in ran.stderr:
            fail(f"parts: {what}: the part is not named: {ran.stderr}")
        part.unlink()
        bench.goes_on(what, out)


def damage(bench, flips):
    name = "parts/00001.parquet"
    whole = bench.whole[name]
    footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    dice = random.Random(1)
    found = {f"cut to {share} %": whole[: len(whole) * share // 100] for share in [1, 10, 50, 90, 99]}
    found |= {f"{count} bytes short": whole[:-count] for count in [1, 4, 8, 9, 100]}
    bits = [8 * (len(whole) - 7) + bit for bit in range(8)] + [dice.randrange(8 * len(whole)) for _ in range(flips)]
    found |= {f"bit {bit % 8} of byte {bit // 8} of {len(whole)} flipped": flipped(whole, bit) for bit in bits}
    found |= {
        "empty": b"",
        "one byte": b"P",
        "zeros": bytes(len(whole)),
        "footer of zeros": whole[:footer] + bytes(len(whole) - 8 - footer) + whole[-8:],
        "no Parquet": b"once upon a time",
        "longer": whole + b"\0",
        "of another run": bench.other[name],
        "of another chunk": bench.whole["parts/00000.parquet"],
    }
    return found


def flipped(content, bit):
    altered = bytearray(content)
    altered[bit // 8] ^= 1 << bit % 8
    return bytes(altered)


def full_output(bench):
    """What is printed cannot be: the run is complete all the same."""
    for stream in ["stdout", "stderr"]:
        out = bench.new()
        with open("/dev/full", "w", encoding="utf-8") as full:
            streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: full}
            command = [part for part in bench.command(out) if part != "--quiet"]
            ran = subprocess.run(command, cwd=bench.folder, text=True, timeout=60, **streams)
        expected = IO_FAILED if stream == "stdout" else 0
        if ran.returncode != expected or "panicked" in (ran.stderr or ""):
            fail(f"output: full {stream}: exit code {ran.returncode}: {ran.stderr}")
        bench.faults[bench.kind] += 1
        bench.goes_on(f"full {stream}", out)


def clocks(bench):
    """The clock is set to another century, and parts have times that make no sense."""
    if not shutil.which("faketime"):
        raise Missing("no faketime")
    dates = ["1960-01-01 00:00:00", "1969-12-31 23:59:59", "2026-01-01 12:00:00", "2150-06-01 00:00:00"]
    for then, now in bench.some(itertools.product(dates, dates)):
        out = bench.new(stopped=True)
        parts = sorted((out / "a" / "parts").glob("*.parquet"))
        os.utime(parts[0], (seconds_of(then), seconds_of(then)))
        os.utime(parts[-1], (seconds_of(now), seconds_of(now)))
        prefix = ["faketime", "-f", f"@{now}"]
        check_status(bench, out, len(parts), prefix)
        bench.goes_on(f"from {then} to {now}", out, prefix=prefix)
        check_status(bench, out, None, prefix)
        bench.faults[bench.kind] += 1


def check_status(bench, out, chunks, prefix):
    command = [*prefix, bench.sweep, "status", "a", "--out", str(out), "--json"]
    ran = subprocess.run(command, cwd=bench.folder, text=True, capture_output=True, timeout=60)
    if ran.returncode != 0:
        fail(f"clocks: status gives exit code {ran.returncode}: {ran.stderr}")
    status = json.loads(ran.stdout)
    done, left = status["chunks_done"], status["seconds_left"]
    if status["is_complete"] != (chunks is None) or (chunks is not None and done != chunks):
        fail(f"clocks: strange status: {status}")
    if left is not None and not 0 <= left:
        fail(f"clocks: strange time left: {left}")


def seconds_of(date):
    return int(time.mktime(time.strptime(date, "%Y-%m-%d %H:%M:%S")))


def files_of(run):
    """What has its final name in the folder of a run."""
    found = {}
    for path in sorted(run.rglob("[!.]*")) if run.is_dir() else []:
        if path.is_file():
            found[str(path.relative_to(run))] = path.read_bytes()
    return found


def check_message(what, out, text):
    """Path, reason and advice."""
    if "error: " not in text or str(out) not in text:
        fail(f"{what}: the message names no path: {text}")
    if not ADVICE.search(text):
        fail(f"{what}: the message says nothing on what to do: {text}")
    reasons = ["os error", "damaged", "belongs to another run", "is no folder", "moved, removed or replaced"]
    if not any(reason in text for reason in reasons):
        fail(f"{what}: the message names no reason: {text}")


@contextlib.contextmanager
def mounted(bench, options):
    """A file system in memory."""
    disk = bench.folder / f"disk-{bench.kind}"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "sweep-test", str(disk)]
    try:
        if subprocess.run(command, capture_output=True).returncode != 0:
            raise Missing("nothing can be mounted")
    except FileNotFoundError as error:
        raise Missing("no mount") from error
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def remount(disk, options):
    subprocess.run(["mount", "-o", f"remount,{options}", str(disk)], check=True)


def fail(text):
    sys.exit(f"FAILED: {text}")


if __name__ == "__main__":
    main()
