"""One report in the browser, compared with the table of its run: the page, its chart, its table."""

import base64
import gzip
import json
import re
import time

import table
from chart import READ_CHART, READ_VIEW, Chart

PARTS = ["answers", "minded", "explore", "pictures", "cells", "provenance"]
MAX_BYTES = 1_000_000
MAX_ELEMENTS = 12_000
MAX_ROWS = 200
STATIC_ROWS = 50
PHONES = [375, 360]
# A4 within the margins of the page, as CSS pixels, upright; and as it lies for the table.
PAPER = 703
WIDE_PAPER = 1032
LOGS = [(False, False), (True, True), (False, True), (True, False)]
CONTROLS = "a[href], button, select, input, summary, [tabindex='0']"
# Elements that a control can be, where they show.
VISIBLE = f"[...document.querySelectorAll(`{CONTROLS}`)].filter(e => e.getClientRects().length > 0 && !e.disabled)"
SHOWN_CELLS = "return [...document.getElementById('rows').rows].map(row => Number(row.cells[0].textContent))"
# Goes to the next page of the table, if there is one, and says so.
GO_ON = """const next = document.getElementById("next");
const goes = next.getClientRects().length > 0 && !next.disabled;
goes && next.click();
return goes"""
NAMED_ROLES = {"button", "combobox", "checkbox", "searchbox", "slider", "link", "img", "region", "form", "navigation"}


class Report:
    """The report of a run, opened, and what should be in it."""

    def __init__(self, check, name):
        self.owner = check
        self.browser = check.browser
        self.js = check.browser.run
        self.expect = check.expect
        self.name = name
        self.path = check.folder / "results" / name / "report.html"
        self.data = unpacked(self.path)
        self.rows = table.read(self.path.parent / "cells.csv")
        self.charts = 0
        self.empty_charts = 0

    def at(self, what):
        """Says what is looked at, for the message of a failure."""
        self.owner.where = f"{self.name}, {what}"

    def open(self, width=1280, dark=False):
        self.at("opening")
        self.browser.screen(width, dark=dark)
        self.browser.log("performance")
        self.browser.open(self.path)
        deadline = time.monotonic() + 60
        while self.js("return document.getElementById('shown').textContent === ''"):
            text = "there is no table, and the console says"
            self.expect(time.monotonic() < deadline, f"{text} {self.browser.log('browser')}")
            time.sleep(0.02)
        self.check_silence()

    def check(self):
        self.open()
        self.check_page()
        self.check_data()
        self.check_charts()
        self.check_sorting()
        self.check_phone()
        self.check_paper()
        self.check_without_script()

    def summary(self):
        return (
            f"{self.name}: {self.path.stat().st_size:,} bytes, {self.elements:,} elements, {len(self.rows):,} cells; "
            f"{self.charts:,} charts as in cells.csv, of which {self.empty_charts} say why they are empty"
        )

    def check_silence(self):
        """No request but for the file, nothing in the console."""
        for event in self.browser.log("performance"):
            if event["method"] == "Network.requestWillBeSent":
                url = event["params"]["request"]["url"]
                self.expect(url.startswith((self.path.as_uri(), "data:")), f"the page asks for {url}")
        messages = self.browser.log("browser")
        self.expect(messages == [], f"there are messages in the console: {messages}")

    # ---- The page as it is opened.

    def check_page(self):
        self.at("page")
        size = self.path.stat().st_size
        self.expect(size < MAX_BYTES, f"report.html has {size:,} bytes")
        self.elements = self.js("return document.querySelectorAll('*').length")
        self.expect(self.elements < MAX_ELEMENTS, f"there are {self.elements:,} elements")
        left = re.findall(r"{{\w+}}", self.path.read_text())
        self.expect(not left, f"nothing has filled {left}")
        parts = self.js("return [...document.querySelectorAll('main > section')].map(part => part.id)")
        self.expect(parts == PARTS, f"the parts are {parts}")
        self.expect(self.name in self.js("return document.title"), "the title of the window does not name the run")
        for scheme in ["light", "dark"]:
            self.open(dark=scheme == "dark")
            self.check_audit(scheme)
        self.check_names()

    def check_audit(self, scheme):
        """What axe-core says."""
        self.at(f"axe-core, {scheme}")
        found = self.js(f"{(self.owner.folder / 'axe.js').read_text()}; return axe.run(document)")
        faults = [
            f"{fault['id']} ({fault['help']}): {[node['html'][:200] for node in fault['nodes'][:3]]}"
            for fault in found["violations"]
        ]
        self.expect(not faults, "; ".join(faults))
        self.expect(len(found["passes"]) > 20, f"only {len(found['passes'])} rules apply")

    def check_names(self):
        """Every control and part is called something."""
        self.at("names")
        nodes = self.browser.cdp("Accessibility.getFullAXTree")["nodes"]
        named = [node for node in nodes if not node["ignored"] and node["role"]["value"] in NAMED_ROLES]
        nameless = [node["role"]["value"] for node in named if not node.get("name", {}).get("value", "").strip()]
        self.expect(len(named) > 20, f"there are only {len(named)} controls and parts")
        self.expect(not nameless, f"these have no name: {nameless}")

    def check_data(self):
        """The data in the page are those of cells.csv, but for some digits."""
        cells = self.data["cells"]
        for axis, indices in zip(self.data["axes"], cells["axes"]):
            values = [None if index is None else axis["values"][index] for index in indices]
            self.check_column(axis["column"], values, 1e-12)
        level = f"{self.data['level'] * 100:.10g}"
        for result, values, half_widths in zip(self.data["results"], cells["results"], cells["half_widths"]):
            self.check_column(result["column"], values, table.value_rounding(len(self.rows)))
            self.expect((half_widths is not None) == result["interval"], "an interval is where there is none")
            if half_widths:
                self.check_column(f"{result['column']}_ci{level}", half_widths, table.HALF_WIDTH_ROUNDING)
        self.check_column("saturated", [saturated == 1 for saturated in cells["saturated"]], 0)
        self.check_column("replications", cells["replications"], 0)

    def check_column(self, name, values, rounding):
        self.at(f"data, {name}")
        self.expect(len(values) == len(self.rows), f"there are {len(values)} values for {len(self.rows)} cells")
        for value, row in zip(values, self.rows):
            message = f"cell {row['cell']:.0f} has {value} instead of {row[name]}"
            self.expect(table.is_near(value, row[name], rounding), message)

    # ---- The chart.

    def check_charts(self):
        """Whatever the controls say, the chart shows the values of the table."""
        if self.data["start"]["x"] is None:
            self.at("explorer")
            self.expect("no axis" in self.js("return document.getElementById('explore').innerText"), "nothing is said")
            is_hidden = self.js("return document.getElementById('explorer').hidden")
            self.expect(is_hidden, "there are controls without a use")
            return
        every = 1 if len(self.rows) < 1000 else 7
        for x in self.options("#x"):
            self.choose("#x", x)
            for by in self.options("#by"):
                self.choose("#by", by)
                for i, y in enumerate(self.options("#y")[::every]):
                    self.choose("#y", y)
                    for log_x, log_y in LOGS if i == 0 else LOGS[:2]:
                        self.tick("log-x", log_x)
                        self.tick("log-y", log_y)
                        self.check_chart()
                self.check_held()
        self.at("charts")
        self.check_silence()

    def check_held(self):
        for held in self.js("return [...document.querySelectorAll('#held select')].map(select => select.name)"):
            selector = f"#held [name='{held}']"
            for setting in self.options(selector)[:: 1 if len(self.rows) < 1000 else 10]:
                self.choose(selector, setting)
                self.check_chart()

    def options(self, selector):
        return self.js(f"return [...document.querySelector(`{selector}`).options].map(option => option.value)")

    def choose(self, selector, value):
        self.js(
            f"""const select = document.querySelector(`{selector}`);
            select.value = arguments[0];
            select.dispatchEvent(new Event("change"));""",
            value,
        )

    def tick(self, identity, wanted):
        """Clicks a box unless it is as wanted, or cannot be."""
        box = "const box = document.getElementById(arguments[0]);"
        self.js(f"{box} box.checked === arguments[1] || box.click()", identity, wanted)

    def check_chart(self):
        chart = Chart(self.js(READ_CHART), self.js(READ_VIEW), self.data, self.rows, self.expect)
        self.at(chart.name())
        chart.check()
        self.charts += 1
        self.empty_charts += chart.is_empty

    # ---- The table.

    def check_sorting(self):
        """Each column, up and down, as Python sorts; what is equal stays as it was."""
        heads = self.js("return [...document.querySelectorAll('#head code')].map(name => name.textContent)")
        columns = self.column_values()
        order = list(range(len(self.rows)))
        # The table is sorted by cell from the start, so the first click turns it round.
        for i, name in enumerate(heads if len(self.rows) < 1000 else heads[:5]):
            for is_falling in [True, False] if i == 0 else [False, True]:
                self.at(f"sorted by {name}, {'falling' if is_falling else 'rising'}")
                self.js("document.querySelectorAll('#head button')[arguments[0]].click()", i)
                known = [cell for cell in order if columns[name][cell] is not None]
                known.sort(key=columns[name].__getitem__, reverse=is_falling)
                order = known + [cell for cell in order if columns[name][cell] is None]
                found = self.all_cells()
                self.expect(found == order, f"{found[:20]} ... instead of {order[:20]} ...")
                sorts = self.js("return [...document.querySelectorAll('#head th')].map(head => head.ariaSort)")
                expected = ["none"] * len(heads)
                expected[i] = "descending" if is_falling else "ascending"
                self.expect(sorts == expected, f"aria-sort is {sorts}")

    def column_values(self):
        """Values of all columns that the table shows, as the page has them."""
        data, cells = self.data, self.data["cells"]
        values = {"cell": range(len(self.rows)), "saturated": cells["saturated"], "replications": cells["replications"]}
        for axis, indices in zip(data["axes"], cells["axes"]):
            values[axis["column"]] = [None if index is None else axis["values"][index] for index in indices]
        values.update((result["column"], column) for result, column in zip(data["results"], cells["results"]))
        return values

    def all_cells(self):
        """The cells that the table shows, page by page."""
        cells = []
        while True:
            shown = self.js(SHOWN_CELLS)
            self.expect(len(shown) <= MAX_ROWS, f"there are {len(shown)} rows at once")
            cells += shown
            if not self.js(GO_ON):
                return cells

    # ---- Other ways to read it.

    def check_phone(self):
        for width in PHONES:
            self.open(width)
            self.at(f"{width} pixels wide")
            self.js("document.querySelectorAll('details').forEach(details => { details.open = true; })")
            self.check_width(width)

    def check_width(self, width):
        wide = self.js("return document.documentElement.scrollWidth")
        widest = self.js(
            """const far = e => e.getBoundingClientRect().right;
            const inside = e => !e.closest(".scroll, figure") || e.matches(".scroll, figure");
            const all = [...document.body.querySelectorAll("*")].filter(inside);
            return all.sort((a, b) => far(b) - far(a))[0].outerHTML.slice(0, 120)"""
        )
        self.expect(wide <= width, f"the page is {wide} pixels wide, because of {widest}")

    def check_paper(self):
        """On paper: white, whole, without controls."""
        self.browser.screen(PAPER, dark=True, media="print")
        self.at("on paper")
        colour = self.js("return getComputedStyle(document.body).backgroundColor")
        self.expect(colour == "rgb(255, 255, 255)", f"paper is {colour}")
        left = self.visible("th button")
        self.expect(not left, f"controls stand on paper: {left}")
        breaks = self.js("return [...document.querySelectorAll('figure')].map(f => getComputedStyle(f).breakInside)")
        self.expect(set(breaks) == {"avoid"}, f"pictures may break over pages: {breaks}")
        height = self.js("return document.querySelector('#provenance details pre').getBoundingClientRect().height")
        self.expect(height > 100, "run.json does not show")
        self.check_within("svg, img, pre, dl", PAPER)
        self.browser.screen(WIDE_PAPER, dark=True, media="print")
        self.check_within("table", WIDE_PAPER)
        self.browser.screen(1280)
        pages = len(re.findall(rb"/Type /Page\b", self.browser.pdf()))
        self.expect(pages >= 2, f"{pages} pages are printed")

    def check_within(self, selector, width):
        wide = self.js(
            """const edge = e => [e.getBoundingClientRect().right, e.outerHTML.slice(0, 80)];
            const all = [...document.querySelectorAll(arguments[0])].map(edge);
            return all.filter(([right]) => right > arguments[1] + 1)""",
            selector, width,
        )
        self.expect(not wide, f"wider than {width} pixels: {wide}")

    def check_without_script(self):
        """Without JavaScript there are answers, pictures, and the first rows."""
        self.browser.cdp("Emulation.setScriptExecutionDisabled", value=True)
        self.browser.open(self.path)
        self.at("without JavaScript")
        text = self.js("return document.body.innerText")
        for word in ["Answers", "needs JavaScript", "The first cells", "How it was made"]:
            self.expect(word in text, f"“{word}” is missing")
        rows = self.js("return document.querySelectorAll('#rows tr').length")
        self.expect(rows == min(len(self.rows), STATIC_ROWS), f"there are {rows} rows")
        pictures = self.js("return document.querySelectorAll('#figures svg, #figures img').length")
        self.expect(pictures > 0 or len(self.rows) == 1, "there are no pictures")
        answers = self.js("return document.querySelectorAll('#answers li').length")
        self.expect(answers > 0 or len(self.rows) == 1, "there are no answers")
        dead = self.visible("a")
        self.expect(not dead, f"there are controls without a use: {dead}")
        self.browser.cdp("Emulation.setScriptExecutionDisabled", value=False)

    def visible(self, but):
        """Controls that show, but for some, and for what opens and scrolls by itself."""
        others = f"{VISIBLE}.filter(e => !e.matches(`summary, .scroll, figure, {but}`))"
        return self.js(f"return {others}.map(e => e.outerHTML.slice(0, 80))")

    def shoot(self, folder):
        """Pictures for people: light, dark, phone, and paper."""
        folder.mkdir(parents=True, exist_ok=True)
        for kind, width, dark in [("light", 1280, False), ("dark", 1280, True), ("phone", 375, False)]:
            self.open(width, dark)
            (folder / f"{self.name}-{kind}.png").write_bytes(self.browser.picture())
        self.browser.screen(1280)
        (folder / f"{self.name}-print.pdf").write_bytes(self.browser.pdf())


def unpacked(path):
    """The data of a page."""
    packed = re.search(r'<script type="text/plain" id="data">([^<]*)</script>', path.read_text())[1]
    return json.loads(gzip.decompress(base64.b64decode(packed)))
