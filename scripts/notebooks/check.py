"""Executes the notebooks, and opens the tables with all readers, in a fresh environment.

    python3 scripts/notebooks/check.py [--sweep target/release/sweep] [--pictures FOLDER] [--if-possible]

A virtual environment is made from requirements.txt, in a temporary folder. There the runs are made with the very
commands that the notebooks name; all notebooks are executed, and so are the snippet of README.md and the query of
docs/reading.md, which must give the table that stands there. An error in a cell, a notebook without a chart, a chart
without data, an interval where there is none: each is a failure, and so is a notebook with stored outputs. Then polars, pandas and DuckDB (and R, if it is there) must read what is in the tables.

With --if-possible all is skipped, and said so, where the packages cannot be installed. Standard library only.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TABLES_RUN = "tables"
# All types, many nulls: saturated cells, both modes, an objective, and jobs that fail, having too many requests.
TABLES_GRID = [
    "--rates", "0.5,2", "--prefill", "500,8000", "--replications", "10", "--sim-seconds", "300", "--slo", "ttft_s=0.5",
    "--max-requests", "610", "--name", TABLES_RUN,
]
SOME_FAILED = 3
# Opens the file as the query of the docs does, below the folder that holds `results`; the answer as Markdown.
RUN_QUERY = """
import duckdb, sys
answer = duckdb.sql(sys.argv[1])
for row in [answer.columns, ["---"] * len(answer.columns), *answer.fetchall()]:
    print("|", " | ".join(map(str, row)), "|")
"""
# An interval that would reach below 0 ends above it; a result without one has no ends.
CHECK_INTERVALS = """
table = pl.DataFrame({"x": [1.0, 1.0, 1.0], "x_ci95": [0.25, 2.0, None]})
ends = with_interval(table, "x").select("low", "high").rows()
if ends != [(0.75, 1.25), (0.01, 3.0), (None, None)]:
    raise SystemExit(f"FAILED: with_interval gives {ends}")
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sweep", type=Path, default=Path("target/release/sweep"))
    parser.add_argument("--pictures", type=Path, help="write all charts to this folder, as PNG")
    parser.add_argument("--if-possible", action="store_true", help="skip all where packages cannot be installed")
    arguments = parser.parse_args()
    notebooks = sorted(HERE.glob("*.ipynb"))
    check_is_clean(notebooks)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        if fault := install(folder / "environment"):
            if not arguments.if_possible:
                fail(f"pip cannot install the packages: {fault}")
            print(f"skipped: pip cannot install the packages: {fault}")
            return
        started = time.monotonic()
        Check(arguments.sweep.resolve(), folder, arguments.pictures).run(notebooks)
        print(f"{time.monotonic() - started:.0f} s after the installation")


def check_is_clean(notebooks):
    for path in notebooks:
        for cell in json.loads(path.read_text())["cells"]:
            if cell["cell_type"] == "code" and (cell["outputs"] or cell["execution_count"] is not None):
                fail(f"{path.name} has stored outputs: clear them before you commit")


def install(environment):
    """Makes the virtual environment; says what went wrong, or None."""
    venv.create(environment, with_pip=True)
    command = [environment / "bin" / "pip", "install", "--quiet", "--requirement", HERE / "requirements.txt"]
    result = subprocess.run(command, capture_output=True, text=True)
    return result.stderr.strip().splitlines()[-1] if result.returncode else None


class Check:
    """A folder laid out like this repository, with its notebooks, sweep files and results."""

    def __init__(self, sweep, folder, pictures):
        self.sweep = sweep
        self.folder = folder
        self.pictures = pictures and pictures.resolve()
        self.notebooks = folder / "scripts" / "notebooks"
        shutil.copytree(HERE, self.notebooks)
        shutil.copytree(ROOT / "sweeps", folder / "sweeps")

    def run(self, notebooks):
        for path in notebooks:
            self.simulate(command_of(path))
            self.execute(self.notebooks / path.name)
            self.python("-c", "import polars as pl\n" + function(path, "with_interval") + CHECK_INTERVALS)
        self.check_readme()
        self.check_query()
        self.check_readers()

    def simulate(self, arguments, may_fail=False):
        result = subprocess.run([self.sweep, *arguments, "--quiet"], cwd=self.folder, capture_output=True, text=True)
        if result.returncode not in {0, SOME_FAILED if may_fail else 0}:
            fail(f"sweep {' '.join(arguments)}: {result.stderr}")

    def execute(self, notebook):
        self.python(HERE / "execute.py", notebook, *(["--pictures", self.pictures] if self.pictures else []))

    def check_readme(self):
        """The snippet of the README, on the run that the README begins with, as a notebook of one cell."""
        self.simulate(["--rates", "0.5,1,2", "--prefill", "4000,8000"])
        cell = {"cell_type": "code", "id": "readme", "metadata": {}, "execution_count": None, "outputs": []}
        cell["source"] = snippet(ROOT / "README.md", "python")
        notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        path = self.folder / "readme.ipynb"
        path.write_text(json.dumps(notebook))
        self.execute(path)

    def check_query(self):
        """The query of the docs: its answer must be the table below it."""
        path = ROOT / "docs" / "reading.md"
        command = [self.folder / "environment" / "bin" / "python", "-c", RUN_QUERY, snippet(path, "sql")]
        result = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        if result.returncode:
            fail(f"the query of {path.name}: {result.stderr}")
        table = re.search(r"^```sql\n.*?^```\n+((?:\|[^\n]*\n)+)", path.read_text(), re.MULTILINE | re.DOTALL)
        if cells(table and table[1]) != cells(result.stdout):
            fail(f"the table below the query of {path.name} is not what it gives:\n{result.stdout}")
        print(f"query of {path.name}: {len(cells(result.stdout)) - 2} rows, as they stand there")

    def check_readers(self):
        for format_ in ("parquet", "csv"):
            self.simulate([*TABLES_GRID, "--format", format_], may_fail=True)
        columns = self.folder / "columns.json"
        columns.write_bytes(subprocess.check_output([self.sweep, "columns", "--format", "json"]))
        run = self.folder / "results" / TABLES_RUN
        if "failed" not in (run / "jobs.csv").read_text():
            fail("no job has failed: some should, to have rows without results")
        self.python(HERE / "readers.py", run, columns)

    def python(self, *arguments):
        """Runs Python in the environment; what it prints is shown, a failure is one of the check."""
        command = [self.folder / "environment" / "bin" / "python", *arguments]
        if subprocess.run(command, cwd=self.folder).returncode:
            sys.exit(1)


def command_of(notebook):
    """The arguments of `sweep` that the second cell of a notebook names."""
    text = "".join(json.loads(notebook.read_text())["cells"][1]["source"])
    if not (command := re.search(r"^    sweep (run .+)$", text, re.MULTILINE)):
        fail(f"the second cell of {notebook.name} does not say which command made the run")
    return command[1].split()


def function(notebook, name):
    """The code of a function that a notebook defines."""
    cells_of_code = (cell for cell in json.loads(notebook.read_text())["cells"] if cell["cell_type"] == "code")
    code = "\n".join("".join(cell["source"]) for cell in cells_of_code)
    if not (found := re.search(rf"^def {name}\(.*?(?=^\S|\Z)", code, re.MULTILINE | re.DOTALL)):
        fail(f"{notebook.name} has no function {name}")
    return found[0]


def cells(table):
    """The words of a Markdown table, row by row."""
    return [[word.strip() for word in line.strip("|").split("|")] for line in (table or "").splitlines()]


def snippet(path, language):
    """The first block of code in this language."""
    if not (block := re.search(rf"^```{language}\n(.*?)^```", path.read_text(), re.MULTILINE | re.DOTALL)):
        fail(f"{path.name} has no block of {language}")
    return block[1]


def fail(text):
    sys.exit(f"FAILED: {text}")


if __name__ == "__main__":
    main()
