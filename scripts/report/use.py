"""What people do with a report: read points, filter, follow answers, go by keys alone, copy the command."""

import csv
import html
import io
import os
import re
import subprocess
import time

from chromium import BACKSPACE, CONTROL, DOWN, ENTER, LEFT, RIGHT, SPACE, TAB, UP
from report import SHOWN_CELLS, STATIC_ROWS, VISIBLE, Report

# Conditions, and the same in Python.
CONDITIONS = [
    ("rate_per_s>2 and mode=disagg", lambda row: row["rate_per_s"] > 2 and row["mode"] == "disagg"),
    ("mode != mono", lambda row: row["mode"] != "mono"),
    ("mode='disagg' and rate_per_s <= 0.4e1", lambda row: row["mode"] == "disagg" and row["rate_per_s"] <= 4),
    ("saturated = true", lambda row: row["saturated"]),
    ("saturated == false and cell >= 5", lambda row: not row["saturated"] and row["cell"] >= 5),
    ("pooled_p99_ttft_s < 1.5", lambda row: row["pooled_p99_ttft_s"] < 1.5),
    ("pooled_p50_ttft_s_ci95 > 0.01", lambda row: row["pooled_p50_ttft_s_ci95"] > 0.01),
    ("utilization_prefill > 0.5", lambda row: (row["utilization_prefill"] or 0) > 0.5),
    ("mean_ttft_s > pooled_p50_ttft_s", lambda row: row["mean_ttft_s"] > row["pooled_p50_ttft_s"]),
    ("saturated = yes and mode = \"mono\"", lambda row: row["saturated"] and row["mode"] == "mono"),
    ("utilization_prefill = null", lambda row: row["utilization_prefill"] is None),
    ("utilization_prefill != null and rate_per_s<'5'", lambda row: row["mode"] == "disagg" and row["rate_per_s"] < 5),
]
# Wrong ones, for `sweep show --where` too, with what the complaint must name.
WRONG = [
    ("raet_per_s > 2", "rate_per_s"),
    ("rate_per_s > 2 or mode = mono", "or"),
    ("rate_per_s >", "operator"),
    ("rate_per_s > 2 and", "operator"),
    ("2 < rate_per_s", "column"),
    ("mode = 'mono", "quote"),
    ("rate_per_s > fast", "fast"),
    ("mean_ttft_s > pooled_p50_ttft", "pooled_p50_ttft_s"),
    ("rate_per_s ! 2", "!"),
    ("mode > mono", "words"),
    ("mode = mno", "mono"),
    ("mode = 3", "not numbers"),
    ("saturated = maybe", "yes"),
    ("rate_per_s < null", "null"),
    ("rate_per_s = mode", "words"),
]
DRAWN = "return document.getElementById('chart').outerHTML"
READ_FOCUS = f"""
const focused = document.activeElement;
const style = getComputedStyle(focused);
const box = focused.getBoundingClientRect();
return {{
    index: {VISIBLE}.indexOf(focused),
    name: focused.outerHTML.slice(0, 80),
    isVisible: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    isInside: box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight,
}}"""


class Use(Report):
    """The report of the run `grid`, in the hands of people."""

    def check(self):
        self.open()
        points = self.check_points()
        self.check_texts()
        self.check_conditions()
        self.check_wrong_conditions()
        self.check_answers()
        controls = self.check_keys()
        self.check_old_browser()
        self.check_copying()
        self.check_command()
        return (
            f"{self.name}: {points} points say their values, {len(CONDITIONS)} conditions choose the rows that Python "
            f"and sweep show choose, {len(WRONG)} wrong ones say why, {controls} controls by keys alone, the command "
            "copied and run"
        )

    def click(self, selector):
        self.browser.click(selector)

    def text(self, identity):
        return plain(self.js("return document.getElementById(arguments[0]).textContent", identity))

    # ---- The chart.

    def check_points(self):
        """By the arrow keys, and under the mouse, each point says what it is."""
        self.at("points")
        self.js("document.getElementById('point').focus()")
        count = int(self.js("return document.getElementById('point').max")) + 1
        self.browser.press(RIGHT, LEFT)
        for i in range(count):
            cell = self.check_reading(self.text("reading"))
            spoken = self.js("return document.getElementById('point').getAttribute('aria-valuetext')")
            self.expect(plain(spoken) == self.text("reading"), f"what is spoken is not what stands there: {spoken}")
            # The mouse there says the same.
            x, y = self.js(
                """const marker = document.querySelector(`#chart [data-cell="${arguments[0]}"]`);
                document.getElementById("chart").scrollIntoView({block: "center", behavior: "instant"});
                const box = marker.getBoundingClientRect();
                return [box.x + box.width / 2, box.y + box.height / 2]""",
                cell,
            )
            self.browser.point(1, 1)
            self.browser.point(x, y)
            said = self.text("reading")
            self.expect(f"(cell {cell})" in said, f"under the mouse is not cell {cell}: {said}")
            self.browser.press(RIGHT)
        return count

    def check_reading(self, text):
        """A sentence about a point; the cell that it names."""
        result = self.data["results"][self.data["start"]["y"]]
        found = re.search(rf": {result['short']} (.+) s(, saturated)? \(cell (\d+)\)$", text)
        self.expect(found, f"a point says: {text}")
        row = self.rows[int(found[3])]
        self.check_number(found[1], row, result)
        is_right = (found[2] is not None) == row["saturated"] and row["mode"] in text
        self.expect(is_right and f"{row['rate_per_s']:g} requests/s" in text, f"cell {found[3]} says: {text}")
        return int(found[3])

    def check_number(self, text, row, result):
        """A rounded number is the one of cells.csv, and so is its half width."""
        value = row[result["column"]]
        if value is None:
            self.expect(text == "-", f"{text} stands where nothing is known")
            return
        names = [result["column"], f"{result['column']}_ci{self.data['level'] * 100:.10g}"]
        for part, name in zip(text.lstrip("~").split(" ± "), names):
            digits = re.fullmatch(r"-?(\d+)(?:\.(\d+))?(?:e(-?\d+))?", part)
            self.expect(digits, f"{part} is no number")
            zeros = len(digits[1]) - len(digits[1].rstrip("0")) if not digits[2] and digits[1] != "0" else 0
            unit = 10.0 ** (int(digits[3] or 0) - len(digits[2] or "") + zeros)
            message = f"cell {row['cell']:.0f} has {part} for {name}, which is {row[name]}"
            # It has been rounded twice: for the page, and for the eye.
            self.expect(abs(float(part) - row[name]) <= 0.55 * unit, message)

    # ---- The table.

    def check_texts(self):
        """The table has the values of cells.csv, saturated cells in words."""
        self.at("texts of the table")
        heads = self.js("return [...document.querySelectorAll('#head code')].map(name => name.textContent)")
        texts_of = "row => [...row.cells].map(cell => cell.textContent)"
        table = self.js(f"return [...document.getElementById('rows').rows].map({texts_of})")
        results = {result["column"]: result for result in self.data["results"]}
        self.expect(set(results) <= set(heads), f"of {set(results)} only {heads} are shown")
        self.expect(len(table) == len(self.rows), f"there are {len(table)} rows")
        for row, texts in zip(self.rows, table):
            for name, text in zip(heads, texts):
                if name in results:
                    self.check_number(plain(text), row, results[name])
                elif name == "saturated":
                    self.expect(text.startswith("SATURATED") == row["saturated"], f"cell {row['cell']:.0f} says {text}")

    def filter(self, condition):
        """Types a condition, and presses Enter; the cells that are left."""
        self.click("#where")
        self.browser.press((CONTROL, "a"), *(condition or BACKSPACE), ENTER)
        return self.js(SHOWN_CELLS)

    def check_conditions(self):
        for condition, test in CONDITIONS:
            self.at(f"filter {condition}")
            found = self.filter(condition)
            self.expect(self.text("where-problem") == "", f"the page says: {self.text('where-problem')}")
            expected = [int(row["cell"]) for row in self.rows if test(row)]
            self.expect(found == expected, f"cells {found} instead of {expected}")
            shown = self.owner.call("show", self.name, "--where", condition, "--format", "csv")
            cells = [int(row["cell"]) for row in csv.DictReader(io.StringIO(shown))]
            self.expect(found == cells, f"cells {found}, of which sweep show --where has {cells}")
            count = self.text("shown")
            self.expect(count.startswith(f"{len(expected)} of {len(self.rows)} cells"), f"the page counts: {count}")
        self.at("filter with nothing in it")
        self.expect(len(self.filter("")) == len(self.rows), "not all rows are back")

    def check_wrong_conditions(self):
        before = self.filter(CONDITIONS[0][0])
        for condition, word in WRONG:
            self.at(f"wrong filter {condition}")
            found = self.filter(condition)
            problem = self.text("where-problem")
            self.expect(word in problem, f"the page says {problem!r}")
            self.expect(found == before, "the rows are others")
            invalid = self.js("return document.getElementById('where').getAttribute('aria-invalid')")
            self.expect(invalid == "true", "the field is not marked as invalid")
            self.owner.call("show", self.name, "--where", condition, exit_code=2)
            self.browser.screen(375)
            self.check_width(375)
            self.browser.screen(1280)
        self.filter("")

    def check_answers(self):
        """An answer shows the cells that it speaks of, and all come back."""
        answers = self.js("return [...document.querySelectorAll('#answers li')].map(item => item.dataset.cells)")
        self.at("answers")
        self.expect(any(answers), f"no answer speaks of cells: {answers}")
        for i, cells in enumerate(answers):
            if not cells:
                continue
            self.at(f"answer {i + 1}")
            self.click(f"#answers li:nth-child({i + 1}) button")
            found = self.js(SHOWN_CELLS)
            self.expect(sorted(found) == sorted(map(int, cells.split())), f"cells {found} instead of {cells}")
            focus = self.js("return document.activeElement.id")
            self.expect(focus == "cells-title", f"the table is not in view, but {focus}")
            self.click("#all")
            self.expect(len(self.js(SHOWN_CELLS)) == len(self.rows), "not all rows are back")

    # ---- Keys, old browsers, copying.

    def check_keys(self):
        """Tab reaches every control, in order, and shows where it is; then keys change what is shown."""
        self.open()
        self.at("keys alone")
        count = self.js(f"return {VISIBLE}.length")
        for i in range(count):
            self.browser.press(TAB)
            focus = self.js(READ_FOCUS)
            self.expect(focus["index"] == i, f"after control {i} of {count} comes {focus['index']}: {focus['name']}")
            self.expect(focus["isVisible"] and focus["isInside"], f"the focus does not show on {focus['name']}")
        for identity, key in [("log-y", SPACE), ("y", UP), ("by", DOWN)]:
            self.js("document.getElementById(arguments[0]).focus()", identity)
            before = self.js(DRAWN)
            self.browser.press(key)
            self.expect(self.js(DRAWN) != before, f"{identity} draws nothing new")
            self.check_chart()
            self.at("keys alone")
        self.js("document.querySelectorAll('#head button')[1].focus()")
        self.browser.press(ENTER)
        sort = self.js("return document.querySelectorAll('#head th')[1].ariaSort")
        self.expect(sort == "ascending", f"after Enter, aria-sort is {sort}")
        return count

    def check_old_browser(self):
        """Without DecompressionStream the page says so, and keeps its rows."""
        old = self.browser.cdp("Page.addScriptToEvaluateOnNewDocument", source="delete window.DecompressionStream")
        self.browser.open(self.path)
        self.at("an old browser")
        self.expect("cannot unpack" in self.text("explore-note"), f"the page says {self.text('explore-note')!r}")
        rows = self.js("return document.querySelectorAll('#rows tr').length")
        self.expect(rows == min(len(self.rows), STATIC_ROWS), f"there are {rows} rows")
        self.check_silence()
        self.browser.cdp("Page.removeScriptToEvaluateOnNewDocument", identifier=old["identifier"])

    def check_copying(self):
        """The button copies the command as it stands there, or selects it where a page may not copy."""
        self.open()
        self.at("copying")
        self.browser.cdp("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
        self.command = html.unescape(re.search(r'<pre id="command">(.*?)</pre>', self.path.read_text(), re.DOTALL)[1])
        self.click("#copy")
        self.wait_for("copied", "Copied")
        copied = self.js("return navigator.clipboard.readText()")
        self.expect(copied == self.command, f"{copied!r} is copied, not {self.command!r}")
        self.js("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
        self.click("#copy")
        self.wait_for("copied", "selected")
        selected = self.js("return getSelection().toString()")
        self.expect(selected.strip() == self.command.strip(), f"{selected!r} is selected, not {self.command!r}")

    def wait_for(self, identity, word):
        deadline = time.monotonic() + 10
        while word not in self.text(identity):
            self.expect(time.monotonic() < deadline, f"the page does not say “{word}”, but {self.text(identity)!r}")
            time.sleep(0.02)

    def check_command(self):
        """In an empty folder it makes the same run."""
        self.at("the command")
        elsewhere = self.owner.folder / "elsewhere"
        (elsewhere / "bin").mkdir(parents=True)
        (elsewhere / "bin" / "sweep").symlink_to(self.owner.sweep)
        path = f"{elsewhere}/bin:{os.environ['PATH']}"
        where = {"cwd": elsewhere, "env": {**os.environ, "PATH": path}}
        result = subprocess.run(["bash", "-c", self.command], **where, capture_output=True, text=True)
        self.expect(result.returncode == 0, f"{self.command}\ngave exit code {result.returncode}: {result.stderr}")
        # `latest` is a link.
        tables = [table for table in elsewhere.glob("results/*/cells.csv") if not table.parent.is_symlink()]
        self.expect(len(tables) == 1, f"{self.command}\nmade {tables}")
        self.expect(tables[0].read_bytes() == (self.path.parent / "cells.csv").read_bytes(), "cells.csv differs")


def plain(text):
    """With spaces that may break."""
    return text.replace("\xa0", " ")
