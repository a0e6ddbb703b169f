"""Opens reports in a real browser, uses them as people do, and compares what they show with the tables of the runs.

    python3 scripts/report/browser.py [--sweep target/release/sweep] [--screenshots FOLDER] [--install] [--if-possible]

Runs are made and `report.html` is written by the real commands. Chromium, without a window and without a network,
opens the files: any request for anything else and any message in the console is a failure. Then:

- the chart shows the values of cells.csv, at places that its axes confirm, linear or logarithmic; bands are the
  intervals, hollow points the saturated cells, whatever the controls say; nothing that is no number stands in it;
- the table is sorted as Python sorts it, and filtered as Python and `sweep show --where` filter it; wrong conditions
  say why and leave the rows;
- the copied command gives a run with the same bytes;
- keys alone reach every control, visibly; every control has a name; axe-core finds nothing to blame;
- nothing is wider than a phone; all is there on paper, and what can be without JavaScript is.

Linux with Debian's packages chromium and chromium-driver; axe-core comes from npm. With --install they are fetched,
with --if-possible all is skipped, and said so, where that fails. Standard library only.
"""

import argparse
import csv
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

from chromium import ARROWS, CONTROL, ENTER, TAB, Browser

PROGRAMS = {"chromium": "chromium", "chromedriver": "chromium-driver"}
AXE = "axe-core@4.14.1"
GRID = """\
why: Does a faster prefill help, and where does it end?
axes:
  modes: [mono, disagg]
  rates: [2, 4, 6, 8]
  prefill: [500, 2000, 8000]
base:
  sim_seconds: 300
  slo: {ttft_s: 0.5}
replications: 5
"""
# Axes that advance together, one cell left out, many values.
SPLIT = """\
base: {mode: disagg, sim_seconds: 200}
axes:
  rates: [1, 1.5, 2, 3, 4, 6, 8, 10]
  cluster_disagg.prefill_gpus: [1, 2, 3]
  cluster_disagg.decode_gpus: [7, 6, 5]
zip:
  - [cluster_disagg.prefill_gpus, cluster_disagg.decode_gpus]
exclude:
  - rate_per_s = 10 and cluster_disagg.prefill_gpus = 1
replications: 4
"""
MANY = ["--rates", "log:0.05:12:100", "--prefill", "log:500:64000:50", "--sim-seconds", "100", "--warmup-seconds", "10"]
ONE = ["--rates", "2", "--modes", "mono", "--sim-seconds", "100"]
MAX_BYTES = 1_000_000
MAX_ELEMENTS = 12_000
MAX_ROWS = 200
# Values in the page are rounded, to at least so many digits.
ROUNDING = 2e-4
PHONE = 375
# `sweep show --where` and Python must agree on the first, and the page with both.
CONDITIONS = [
    ("rate_per_s>2 and mode=disagg", lambda row: row["rate_per_s"] > 2 and row["mode"] == "disagg"),
    ("mode != mono", lambda row: row["mode"] != "mono"),
    ("mode = 'disagg' and prefill_tokens_per_s <= 2e3",
     lambda row: row["mode"] == "disagg" and row["prefill_tokens_per_s"] <= 2000),
    ("saturated = true", lambda row: row["saturated"]),
    ("saturated = false and cell >= 5", lambda row: not row["saturated"] and row["cell"] >= 5),
    ("pooled_p99_ttft_s < 1.5", lambda row: row["pooled_p99_ttft_s"] < 1.5),
    ("pooled_p50_ttft_s_ci95 > 0.01", lambda row: row["pooled_p50_ttft_s_ci95"] > 0.01),
    ("utilization_prefill > 0.5", lambda row: row["utilization_prefill"] is not None and row["utilization_prefill"] > 0.5),
    ("mean_ttft_s > pooled_p50_ttft_s", lambda row: row["mean_ttft_s"] > row["pooled_p50_ttft_s"]),
    ("mode > disagg", lambda row: row["mode"] > "disagg"),
    ("mode = 3", lambda row: False),
]
# With a word that the complaint must have.
WRONG = [
    ("raet_per_s > 2", "rate_per_s"),
    ("rate_per_s > 2 or mode = mono", "or"),
    ("rate_per_s >", "operator"),
    ("rate_per_s > 2 and", "operator"),
    ("2 < rate_per_s", "column"),
    ("mode = 'mono", "quote"),
    ("rate_per_s > fast", "fast"),
    ("mean_ttft_s > pooled_p50_ttft", "pooled_p50_ttft_s"),
]
CONTROLS = "a[href], button, select, input, summary, [tabindex='0']"


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
        check = Check(arguments.sweep.resolve(), folder, arguments.screenshots)
        try:
            check.run()
        finally:
            check.browser.close()
    print(f"passed in {time.monotonic() - started:.0f} s")


def install(folder, may_install):
    """Makes sure that the browser is there, and fetches axe-core; says what went wrong, or None."""
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    if missing and not may_install:
        return f"{' and '.join(missing)} is not installed; --install fetches it"
    if missing and (os.geteuid() != 0 or not shutil.which("apt-get")):
        return f"there is no root or no apt-get to install {' and '.join(missing)}"
    commands = [["apt-get", "update", "-q"], ["apt-get", "install", "-qy", "--no-install-recommends", *missing]]
    if not shutil.which("npm"):
        return f"there is no npm to fetch {AXE}"
    for command in [*(commands if missing else []), ["npm", "pack", "--silent", AXE]]:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        if result.returncode != 0:
            return f"{' '.join(command[:2])} failed: {result.stderr.strip()[-300:]}"
    with tarfile.open(next(folder.glob("axe-core-*.tgz"))) as archive:
        (folder / "axe.js").write_bytes(archive.extractfile("package/axe.min.js").read())
    return None


class Check:
    """Runs, their reports, and the browser that shows them."""

    def __init__(self, sweep, folder, screenshots):
        self.sweep = sweep
        self.folder = folder
        self.screenshots = screenshots
        self.where = "at the start"
        if screenshots:
            screenshots.mkdir(parents=True, exist_ok=True)
        self.browser = Browser(folder, open(folder / "chromedriver.log", "w"))

    def run(self):
        for name, text in [("grid", GRID), ("split", SPLIT)]:
            (self.folder / f"{name}.yaml").write_text(text)
            self.make(name, "run", f"{name}.yaml")
        self.make("many", *MANY, "--replications", "3", "--name", "many")
        self.make("one", *ONE, "--replications", "3", "--name", "one")
        for name in ["grid", "split", "many", "one"]:
            report = Report(self, name)
            report.check_page()
            report.check_charts()
            report.check_sorting()
            report.check_phone_and_paper()
            report.check_without_script()
            if self.screenshots:
                report.shoot()
            print(f"{name}: {report.summary()}", flush=True)
        grid = Report(self, "grid")
        grid.check_reading()
        grid.check_conditions()
        grid.check_answers()
        grid.check_keyboard()
        grid.check_old_browser()
        grid.check_command()

    def make(self, name, *arguments):
        """Makes a run, with CSV tables, and its report."""
        self.where = name
        self.call(*arguments, "--format", "csv", "--quiet")
        self.call("report", name)

    def call(self, *arguments):
        result = subprocess.run([self.sweep, *arguments], cwd=self.folder, capture_output=True, text=True)
        if result.returncode != 0:
            self.fail(f"sweep {' '.join(arguments)} gave exit code {result.returncode}: {result.stderr}")
        return result.stdout

    def fail(self, text):
        sys.exit(f"FAILED: {self.where}: {text}")

    def expect(self, is_right, text):
        if not is_right:
            self.fail(text)


class Report:
    """The report of a run in the browser, and what should be in it."""

    def __init__(self, check, name):
        self.check = check
        self.browser = check.browser
        self.expect = check.expect
        self.name = name
        self.path = check.folder / "results" / name / "report.html"
        with open(self.path.parent / "cells.csv", newline="") as table:
            self.rows = [{key: value_of(text) for key, text in row.items()} for row in csv.DictReader(table)]
        self.charts = 0
        self.open()

    def at(self, what):
        """Says what is looked at, for the message of a failure."""
        self.check.where = f"{self.name}, {what}"

    def open(self, width=1280, dark=False):
        self.at("opening")
        self.browser.screen(width, dark=dark)
        self.browser.log("performance")
        self.browser.open(self.path)
        self.settle()
        self.check_silence()

    def settle(self):
        """Waits until the script has shown its table, if there is one."""
        deadline = time.monotonic() + 60
        while not self.js("return document.getElementById('shown').textContent !== ''"):
            if time.monotonic() > deadline:
                self.check.fail(f"there is no table: {self.js('return document.body.innerText.slice(0, 2000)')}")
            time.sleep(0.05)

    def js(self, script, *arguments):
        return self.browser.run(script, *arguments)

    def check_silence(self):
        """No request but for the file, nothing in the console."""
        allowed = (self.path.as_uri(), "data:")
        for event in self.browser.log("performance"):
            if event["method"] == "Network.requestWillBeSent":
                url = event["params"]["request"]["url"]
                self.expect(url.startswith(allowed), f"the page asks for {url}")
        messages = self.browser.log("browser")
        self.expect(messages == [], f"messages in the console: {messages}")

    # ---- The page as it is opened.

    def check_page(self):
        self.at("page")
        size = self.path.stat().st_size
        self.expect(size < MAX_BYTES, f"report.html has {size} bytes")
        self.elements = self.js("return document.querySelectorAll('*').length")
        self.expect(self.elements < MAX_ELEMENTS, f"{self.elements} elements")
        left = re.findall(r"{{\w+}}", self.path.read_text())
        self.expect(not left, f"slots that nothing fills: {left}")
        order = self.js("return [...document.querySelectorAll('main > section')].map(part => part.id)")
        self.expect(order == ["answers", "minded", "explore", "pictures", "cells", "provenance"], f"parts: {order}")
        self.expect(self.name in self.js("return document.title"), "the title of the window does not name the run")
        for dark in [False, True]:
            self.open(dark=dark)
            self.check_audit("dark" if dark else "light")
            self.check_names()

    def check_audit(self, scheme):
        """What axe-core says."""
        self.at(f"axe-core, {scheme}")
        found = self.js(f"{(self.check.folder / 'axe.js').read_text()}; return axe.run(document)")
        faults = [
            f"{fault['id']}: {fault['help']}: {[node['html'][:200] for node in fault['nodes'][:3]]}"
            for fault in found["violations"]
        ]
        self.expect(not faults, "\n".join(faults))
        self.expect(len(found["passes"]) > 20, f"only {len(found['passes'])} rules applied")

    def check_names(self):
        """Every control is called something."""
        self.at("names")
        nodes = self.browser.cdp("Accessibility.getFullAXTree")["nodes"]
        roles = {"button", "combobox", "checkbox", "searchbox", "slider", "link", "img", "region", "form", "navigation"}
        named = [node for node in nodes if node.get("role", {}).get("value") in roles and not node["ignored"]]
        nameless = [node["role"]["value"] for node in named if not node.get("name", {}).get("value", "").strip()]
        self.expect(len(named) > 10 and not nameless, f"of {len(named)} controls and parts some have no name: {nameless}")

    # ---- The chart.

    def check_charts(self):
        """Whatever the controls say, the chart shows the values of the table."""
        for x in self.options("x"):
            self.choose("x", x)
            for by in self.options("by"):
                self.choose("by", by)
                for result in self.options("y")[:: 1 if len(self.rows) < 1000 else 5]:
                    self.choose("y", result)
                    for log_x in [False, True]:
                        for log_y in [False, True]:
                            self.set_log("log-x", log_x)
                            self.set_log("log-y", log_y)
                            self.check_chart(f"{result} against {x} by {by}, log x {log_x}, log y {log_y}")
        self.check_held()
        self.check_silence()

    def check_held(self):
        """Each value of each held axis gives another chart."""
        for i in range(self.js("return document.querySelectorAll('#held select').length")):
            values = self.options(f"held select:nth-of-type({i + 1})") if False else self.held_options(i)
            for value in values:
                self.hold(i, value)
                self.check_chart(f"held {i} at {value}")

    def options(self, identity):
        return self.js("return [...document.getElementById(arguments[0]).options].map(option => option.text)", identity)

    def held_options(self, i):
        return self.js("return [...document.querySelectorAll('#held select')[arguments[0]].options].map(o => o.text)", i)

    def choose(self, identity, text):
        self.js(
            """const select = document.getElementById(arguments[0]);
            select.value = [...select.options].find(option => option.text === arguments[1]).value;
            select.dispatchEvent(new Event("change"));""",
            identity, text,
        )

    def hold(self, i, text):
        self.js(
            """const select = document.querySelectorAll("#held select")[arguments[0]];
            select.value = [...select.options].find(option => option.text === arguments[1]).value;
            select.dispatchEvent(new Event("change"));""",
            i, text,
        )

    def set_log(self, identity, wanted):
        """Clicks a box unless it is as wanted, or cannot be."""
        self.js(
            "const box = document.getElementById(arguments[0]); if (box.checked !== arguments[1]) { box.click(); }",
            identity, wanted,
        )

    def check_chart(self, what):
        self.at(what)
        self.charts += 1
        chart = Chart(self.js(READ_CHART))
        view = self.view()
        expected = self.expected_curves(view)
        if not any(expected):
            self.expect(chart.problem and not chart.curves, f"nothing can be drawn, and the page says: {chart.problem!r}")
            return
        self.expect(not chart.problem, f"the page says that nothing can be drawn: {chart.problem}")
        found = [[point["cell"] for point in curve["points"]] for curve in chart.curves]
        self.expect(found == [curve for curve in expected if curve], f"cells {found} instead of {expected}")
        strange = re.search(r"NaN|Infinity|undefined|null", chart.svg)
        self.expect(not strange, f"{strange and strange[0]} in the SVG")
        self.check_places(chart, view)
        self.check_intervals(chart, view)
        self.check_saturated(chart)

    def view(self):
        """What the controls say, in columns and values."""
        return View(self.js(READ_CONTROLS), self.data())

    def data(self):
        """The data of the page, unpacked by Python."""
        if not hasattr(self, "unpacked"):
            self.unpacked = unpacked(self.path)
        return self.unpacked


# What the chart is made of.
READ_CHART = """
const svg = document.getElementById("chart");
const isShown = !svg.hasAttribute("hidden");
const ticks = [...svg.querySelectorAll(".ticks text")].map(tick => ({
    text: tick.textContent, x: Number(tick.getAttribute("x")), y: Number(tick.getAttribute("y")),
    isX: tick.getAttribute("text-anchor") === "middle"}));
return {}
"""
