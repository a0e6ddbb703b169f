"""Executes a notebook where it lies, and checks its charts: each draws marks, from fields that its data have.

    python execute.py NOTEBOOK [--pictures FOLDER]

`check.py` calls it, in an environment that has the packages of requirements.txt. With --pictures every chart is
written there as a PNG, to be looked at.
"""

import argparse
import math
import re
import sys
import tempfile
from pathlib import Path

import nbclient
import nbformat
import vl_convert
from traitlets.config import Config

# Puts the specification of a chart into the output, in place of a page that draws it.
AS_SPECIFICATION = "import altair; altair.renderers.enable('json')"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebook", type=Path)
    parser.add_argument("--pictures", type=Path)
    arguments = parser.parse_args()
    charts = list(execute(arguments.notebook))
    if not charts:
        sys.exit(f"FAILED: {arguments.notebook.name} has no chart")
    for number, chart in enumerate(charts, 1):
        name = f"{arguments.notebook.stem}-{number}"
        if fault := fault_of(chart):
            sys.exit(f"FAILED: chart {name}: {fault}")
        if arguments.pictures:
            (arguments.pictures / f"{name}.png").write_bytes(vl_convert.vegalite_to_png(chart, scale=1.5))
    print(f"{arguments.notebook.name}: {len(charts)} {'chart' if len(charts) == 1 else 'charts'}")


def execute(path):
    """Runs all cells, and gives the charts among their outputs."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(AS_SPECIFICATION))
    with tempfile.TemporaryDirectory() as sockets:
        # The kernel is spoken to through sockets with names, not through ports.
        config = Config({"KernelManager": {"transport": "ipc", "ip": f"{sockets}/kernel"}})
        resources = {"metadata": {"path": str(path.parent)}}
        nbclient.NotebookClient(notebook, timeout=60, config=config, resources=resources).execute()
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if chart := output.get("data", {}).get("application/json"):
                yield chart


def fault_of(chart):
    """What is wrong with a chart; None if nothing is."""
    rows = [row for data in chart["datasets"].values() for row in data]
    if not rows:
        return "no data"
    there = {name for row in rows for name, value in row.items() if is_value(value)}
    if missing := fields_of({key: value for key, value in chart.items() if key != "datasets"}) - there:
        return f"nothing in {', '.join(sorted(missing))}"
    picture = vl_convert.vegalite_to_svg(chart)
    if "NaN" in picture or "undefined" in picture:
        return "draws what is not a number"
    if not re.search(r'class="mark-(symbol|line|area|rect) role-mark[^"]*"[^>]*><path', picture):
        return "draws nothing"
    return None


def is_value(value):
    return value is not None and not (isinstance(value, float) and math.isnan(value))


def fields_of(specification):
    """The names of all fields that a chart draws."""
    if isinstance(specification, list):
        return set().union(*map(fields_of, specification))
    if not isinstance(specification, dict):
        return set()
    own = {specification["field"]} if isinstance(specification.get("field"), str) else set()
    return own.union(*map(fields_of, specification.values()))


if __name__ == "__main__":
    main()
