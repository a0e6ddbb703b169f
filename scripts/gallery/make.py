"""Makes docs/gallery/: a page for every sweep file, from a real run of it.

    python3 scripts/gallery/make.py [--sweep target/release/sweep] [--check]

Beside this script lies the reading of each sweep file, NAME.md, written by hand. In it an indented line is a command,
run after `sweep run sweeps/NAME.yaml`: of `sweep plot` the picture follows on the page, of any other what it prints.
Around the reading the script puts the question of the sweep file, the command that makes the run, and the answers that
`sweep report` gives. A reading has no digits but those of commands, P50, P90, P99 and the like, since nobody would
notice when they are no longer true.

The same program makes the same bytes. With --check nothing is written: all is made anew in a temporary folder, and
what differs from docs/gallery/ is an error. Who makes it anew should read the pages anew. Standard library only.
"""

import argparse
import difflib
import json
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
GALLERY = ROOT / "docs" / "gallery"
INTRODUCTION = """# Gallery

Every file in [sweeps/](../../sweeps) with its question, a picture, and a link to what the run answers and why. Each
takes seconds: `sweep run sweeps/NAME.yaml`, then `sweep plot NAME` or `sweep report NAME`. How to read the pictures:
[pictures.md](../pictures.md).
"""
# Percentiles, and requests out of a hundred, are names rather than results.
HARMLESS_NUMBERS = re.compile(r"\bP\d\d\b|\b99 of 100\b")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sweep", type=Path, default=Path("target/release/sweep"))
    parser.add_argument("--check", action="store_true", help="write nothing; fail where docs/gallery/ is out of date")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workshop = Workshop(arguments.sweep.resolve(), Path(folder))
        pages = workshop.make(names())
    if arguments.check:
        check(pages)
    else:
        write(pages)
    print(f"{len(pages)} files of docs/gallery/ {'are up to date' if arguments.check else 'written'}")


def names():
    """Names of the sweep files, in the order in which README.md presents them."""
    found = {path.stem for path in (ROOT / "sweeps").glob("*.yaml")}
    presented = re.findall(r"^\| \[sweeps/([\w-]+)\.yaml\]", (ROOT / "README.md").read_text(), re.MULTILINE)
    readings = {path.stem for path in HERE.glob("*.md")}
    if odd := found ^ set(presented) | found ^ readings:
        fail(f"{', '.join(sorted(odd))}: a file in sweeps/, a row in README.md and a reading here go together")
    return presented


class Workshop:
    """A temporary folder with the sweep files and their runs, and the files of the gallery as they come to be."""

    def __init__(self, sweep, folder):
        self.sweep = sweep
        self.folder = folder
        self.files = {}
        shutil.copytree(ROOT / "sweeps", folder / "sweeps")

    def make(self, sweeps):
        """All files of the gallery: names and bytes."""
        index = [INTRODUCTION]
        for name in sweeps:
            page = self.page(name)
            self.files[f"{name}.md"] = page.encode()
            question = page.splitlines()[2].removeprefix("# ")
            picture = re.search(r"^!\[.*$", page, re.MULTILINE)
            if not picture:
                fail(f"{name}.md draws no picture")
            index.append(f"## [{name}]({name}.md)\n\n{question}\n\n[{picture[0]}]({name}.md)\n")
        self.files["README.md"] = "\n".join(index).encode()
        return self.files

    def page(self, name):
        self.run(["run", f"sweeps/{name}.yaml", "--quiet"])
        report = self.run(["report", name, "--format", "markdown"])
        question = json.loads((self.folder / "results" / name / "run.json").read_text())["sweep"]["why"]
        # Behind the counts stands the date.
        counts = re.search(r"^\d[\d,]* cells?, .*?(?=;)", report, re.MULTILINE)[0]
        sections = [
            f"<!-- Made by scripts/gallery/make.py. What is written by hand is in {name}.md beside it. -->",
            f"# {question}",
            f"[sweeps/{name}.yaml](../../sweeps/{name}.yaml): {counts}",
            f"    sweep run sweeps/{name}.yaml",
            self.reading(name),
            section(report, "Answers"),
            section(report, "What to mind"),
            f"`sweep report {name}` makes a page with all cells. [All questions](README.md)",
        ]
        return "\n\n".join(filter(None, sections)) + "\n"

    def reading(self, name):
        """What was written by hand, with the results of its commands."""
        text = (HERE / f"{name}.md").read_text().strip("\n")
        lines = []
        for number, line in enumerate(text.splitlines(), 1):
            lines.append(line)
            if line.startswith("    "):
                lines.append(self.result(name, line.strip()))
            elif re.search(r"\d", HARMLESS_NUMBERS.sub("", line)):
                fail(f"scripts/gallery/{name}.md:{number} has a number that may go stale: {line}")
        return "\n".join(lines)

    def result(self, name, command):
        """What follows a command on the page."""
        program, verb, *arguments = shlex.split(command)
        if program != "sweep":
            fail(f"{name}.md: `{command}` is no command of sweep")
        if verb != "plot":
            return f"\n```text\n{self.run([verb, *arguments]).rstrip()}\n```"
        pictures = self.run([verb, *arguments, "--format", "svg"]).split()
        if len(pictures) != 1:
            fail(f"{name}.md: `{command}` draws {len(pictures)} pictures: say which one")
        svg = (self.folder / pictures[0]).read_bytes()
        title = re.search(r"<title>(.*?)</title>", svg.decode())[1]
        # Names of our own: README.md links to pictures, and no flag of `sweep plot` should change a link.
        count = sum(file.endswith(".svg") and file.startswith(f"{name}.") for file in self.files)
        file = f"{name}.{count + 1}.svg"
        self.files[file] = svg
        return f"\n![{title}]({file})"

    def run(self, arguments):
        result = subprocess.run([self.sweep, *arguments], cwd=self.folder, capture_output=True, text=True)
        if result.returncode:
            fail(f"sweep {shlex.join(arguments)}: {result.stderr}")
        return result.stdout


def section(report, title):
    """A section of a report with its heading, or nothing."""
    found = re.search(rf"^## {title}\n.*?(?=\n## |\Z)", report, re.MULTILINE | re.DOTALL)
    return found and found[0].strip()


def write(pages):
    GALLERY.mkdir(exist_ok=True)
    for path in GALLERY.iterdir():
        if path.name not in pages:
            path.unlink()
    for name, content in pages.items():
        (GALLERY / name).write_bytes(content)


def check(pages):
    committed = {path.name: path.read_bytes() for path in GALLERY.iterdir()} if GALLERY.exists() else {}
    differing = [name for name in sorted(pages.keys() | committed.keys()) if pages.get(name) != committed.get(name)]
    for name in differing:
        before, after = (files.get(name, b"").decode().splitlines() for files in (committed, pages))
        lines = difflib.unified_diff(before, after, f"docs/gallery/{name}", "made anew", lineterm="", n=0)
        print(*list(lines)[:20], sep="\n")
    if differing:
        fail(f"{', '.join(differing)}: out of date; run scripts/gallery/make.py, and read what has changed")


def fail(text):
    sys.exit(f"FAILED: {text}")


if __name__ == "__main__":
    main()
