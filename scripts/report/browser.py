"""Opens reports in a real browser, uses them as people do, and compares what they show with the tables of the runs.

    python3 scripts/report/browser.py [--sweep target/release/sweep] [--screenshots FOLDER] [--install] [--if-possible]

Runs are made and `report.html` is written by the real commands. Chromium, without a window and without a network,
opens the files: any request for anything else and any message in the console is a failure. Then:

- the chart shows the values of cells.csv, at places that its ticks confirm, linear or logarithmic; bands are the
  intervals, hollow points the saturated cells, whatever the controls say; nothing that is no number stands in it;
- the table is sorted as Python sorts it, and filtered as Python and `sweep show --where` filter it; wrong conditions
  say why and leave the rows;
- the copied command gives a run with the same bytes;
- keys alone reach every control, visibly; every control has a name; axe-core finds nothing to blame;
- nothing is wider than a phone; all is there on paper, and what can be without JavaScript is.

Linux with Debian's packages chromium and chromium-driver; axe-core comes from npm. With --install they are fetched;
with --if-possible all is skipped, and said so, where that fails. Standard library only.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

from chromium import Browser, BrowserError
from report import Report
from use import Use

PROGRAMS = {"chromium": "chromium", "chromedriver": "chromium-driver"}
AXE = "axe-core@4.14.1"
GRID = """\
why: Does a faster prefill help, and where does it end?
base:
  sim_seconds: 300
  slo: {ttft_s: 0.5}
axes:
  modes: [mono, disagg]
  rates: [2, 4, 6, 8]
  prefill: [500, 2000, 8000]
replications: 5
"""
# Axes that advance together, and mean nothing in mono; a cell left out.
SPLIT = """\
base: {sim_seconds: 200}
axes:
  modes: [mono, disagg]
  rates: [1, 2, 4, 6, 8, 10, 12]
  cluster_disagg.prefill_gpus: [1, 2, 3]
  cluster_disagg.decode_gpus: [7, 6, 5]
zip:
  - [cluster_disagg.prefill_gpus, cluster_disagg.decode_gpus]
exclude:
  - rate_per_s = 10 and cluster_disagg.prefill_gpus = 1
replications: 4
"""
SHORT = ["--sim-seconds", "100", "--warmup-seconds", "10", "--replications", "3"]
MANY = ["--rates", "log:0.05:12:100", "--prefill", "log:500:64000:50", *SHORT, "--name", "many"]
ONE = ["--rates", "2", "--modes", "mono", *SHORT, "--name", "one"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sweep", type=Path, default=Path("target/release/sweep"))
    parser.add_argument("--screenshots", type=Path, help="write pictures of all pages to this folder")
    parser.add_argument("--install", action="store_true", help="install what is missing")
    parser.add_argument("--if-possible", action="store_true", help="skip, if that cannot be installed")
    arguments = parser.parse_args()
    started = time.monotonic()
    # The browser may still be writing while it ends.
    with tempfile.TemporaryDirectory(prefix="sweep-report-", ignore_cleanup_errors=True) as folder:
        folder = Path(folder)
        if fault := install(folder, arguments.install):
            if not arguments.if_possible:
                sys.exit(f"FAILED: {fault}")
            print(f"skipped: {fault}")
            return
        with open(folder / "chromedriver.log", "w") as log, Browser(folder, log) as browser:
            check = Check(arguments.sweep.resolve(), folder, browser)
            try:
                check.run(arguments.screenshots)
            except BrowserError as error:
                check.expect(False, str(error))
    print(f"passed in {time.monotonic() - started:.0f} s")


def install(folder, may_install):
    """Makes sure that the browser is there, and fetches axe-core; says what went wrong, or None."""
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    if missing and not may_install:
        return f"not installed: {', '.join(missing)}; --install fetches what is missing"
    if missing and (os.geteuid() != 0 or not shutil.which("apt-get")):
        return f"there is no root or no apt-get to install {', '.join(missing)}"
    if not shutil.which("npm"):
        return f"there is no npm to fetch {AXE}"
    packages = [["apt-get", "update", "-q"], ["apt-get", "install", "-qy", "--no-install-recommends", *missing]]
    for command in [*(packages if missing else []), ["npm", "pack", "--silent", AXE]]:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        if result.returncode != 0:
            return f"{' '.join(command[:2])} failed: {result.stderr.strip()[-300:]}"
    with tarfile.open(next(folder.glob("axe-core-*.tgz"))) as archive:
        (folder / "axe.js").write_bytes(archive.extractfile("package/axe.min.js").read())
    return None


class Check:
    """A folder with runs and their reports, and the browser that shows them."""

    def __init__(self, sweep, folder, browser):
        self.sweep = sweep
        self.folder = folder
        self.browser = browser
        self.where = "at the start"

    def run(self, screenshots):
        for name, text in [("grid", GRID), ("split", SPLIT)]:
            (self.folder / f"{name}.yaml").write_text(text)
            self.make(name, "run", f"{name}.yaml")
        self.make("many", *MANY)
        self.make("one", *ONE)
        for name in ["grid", "split", "many", "one"]:
            report = Report(self, name)
            report.check()
            if screenshots:
                report.shoot(screenshots)
            print(report.summary(), flush=True)
        print(Use(self, "grid").check(), flush=True)

    def make(self, name, *arguments):
        """Makes a run, with CSV tables, and its report."""
        self.where = name
        self.call(*arguments, "--format", "csv", "--quiet")
        self.call("report", name)

    def call(self, *arguments, exit_code=0):
        result = subprocess.run([self.sweep, *arguments], cwd=self.folder, capture_output=True, text=True)
        problem = f"sweep {arguments} gave exit code {result.returncode}: {result.stderr}"
        self.expect(result.returncode == exit_code, problem)
        return result.stdout

    def expect(self, is_right, text):
        if not is_right:
            sys.exit(f"FAILED: {self.where}: {text}")


if __name__ == "__main__":
    main()
