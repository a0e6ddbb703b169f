"""The chart of a report, as it is drawn, and as the table of the run says it should be."""

import math
import re

from table import HALF_WIDTH_ROUNDING, is_near, value_rounding

# Coordinates are rounded.
PIXELS = 0.3
MAX_CURVES = 7
MANY_POINTS = 60
READ_CHART = """
const svg = document.getElementById("chart");
const all = (root, what) => [...root.querySelectorAll(what)];
const numbers = text => (text.match(/-?\\d+(\\.\\d+)?/g) ?? []).map(Number);
const pairs = text => numbers(text).reduce((found, number, i) => (
    i % 2 === 0 ? [...found, [number]] : [...found.slice(0, -1), [found.at(-1)[0], number]]), []);
const tick = key => mark => [mark.textContent, Number(mark.getAttribute(key))];
const paths = (root, what) => all(root, what).map(path => pairs(path.getAttribute("d")));
return {
    problem: document.getElementById("nothing").textContent,
    isShown: !svg.hasAttribute("hidden"),
    notes: document.getElementById("chart-notes").textContent,
    legend: all(document, "#legend li").map(entry => entry.textContent),
    source: svg.outerHTML,
    ticks: {x: all(svg, ".tick.x").map(tick("x")), y: all(svg, ".tick.y").map(tick("y"))},
    frame: numbers(svg.querySelector(".axis")?.getAttribute("d") ?? ""),
    curves: all(svg, ".curve").map((group, i) => ({
        lines: paths(group, ".line"),
        bands: paths(all(svg, ".intervals")[i], ".band"),
        bars: paths(all(svg, ".intervals")[i], ".bar"),
        markers: all(group, ".marker").map(marker => ({
            cell: Number(marker.dataset.cell), place: numbers(marker.getAttribute("transform")),
            isHollow: marker.getAttribute("fill") === "#ffffff",
        })),
    })),
};
"""
READ_VIEW = """
const of = id => document.getElementById(id);
const held = [...document.querySelectorAll("#held select")].map(select => [select.name, select.value]);
return {
    x: Number(of("x").value), y: Number(of("y").value), by: of("by").value === "" ? null : Number(of("by").value),
    held: held.map(pair => pair.map(text => text.split(" ").map(Number))),
    logX: of("log-x").checked, logY: of("log-y").checked,
};
"""


class Chart:
    """What is drawn, what the controls say, and the rows of cells.csv that they mean."""

    def __init__(self, drawn, view, data, rows, expect):
        self.drawn = drawn
        self.view = view
        self.rounding = value_rounding(len(rows))
        self.expect = expect
        self.axes = data["axes"]
        self.x = self.axes[view["x"]]
        self.by = None if view["by"] is None else self.axes[view["by"]]
        self.result = data["results"][view["y"]]
        self.half_width = f"{self.result['column']}_ci{data['level'] * 100:.10g}"
        self.curves = [curve for curve in self.curves_of(rows) if any(curve)]
        self.is_empty = not self.curves

    def name(self):
        held = ", ".join(
            f"{self.axes[axis]['column']} = {self.axes[axis]['texts'][value]}"
            for axes, values in self.view["held"] for axis, value in zip(axes, values)
        )
        logs = [axis for axis, is_log in [("x", self.view["logX"]), ("y", self.view["logY"])] if is_log]
        by = self.by["column"] if self.by else "nothing"
        return f"{self.result['column']} against {self.x['column']} by {by} at {held}, log {logs}"

    def curves_of(self, rows):
        """Rows by rising x for each curve; None where nothing can be drawn."""
        held = [(self.axes[axis], value) for axes, values in self.view["held"] for axis, value in zip(axes, values)]
        rows = [row for row in rows if all(row[axis["column"]] is None or is_value(row, axis, i) for axis, i in held)]
        rows = [row for row in rows if row[self.x["column"]] is not None]
        rows.sort(key=self.x_of)
        indices = [ordered(self.by)[place] for place in thinned(len(self.by["values"]))] if self.by else [None]
        for index in indices:
            curve = rows if index is None else [row for row in rows if is_value(row, self.by, index)]
            yield [row if self.can_show(row) else None for row in curve]

    def x_of(self, row):
        value = row[self.x["column"]]
        return value if self.x["numeric"] else self.x["values"].index(value)

    def y_of(self, row):
        return row[self.result["column"]]

    def can_show(self, row):
        return self.y_of(row) is not None and (not self.view["logY"] or self.y_of(row) > 0)

    def check(self):
        drawn = self.drawn
        if self.is_empty:
            self.expect(drawn["problem"] and not drawn["isShown"], "the page does not say that nothing can be drawn")
            return
        self.expect(drawn["isShown"], f"the page says that there is nothing to draw: {drawn['problem']}")
        strange = re.search("NaN|Infinity|undefined|null", drawn["source"])
        self.expect(not strange, f"there is {strange and strange[0]} in the SVG")
        self.expect(len(drawn["curves"]) == len(self.curves), f"{len(drawn['curves'])} curves, not {len(self.curves)}")
        self.expect(len(drawn["legend"]) == (len(self.curves) if self.by else 0), f"the legend has {drawn['legend']}")
        self.ruler_x = Ruler(drawn["ticks"]["x"], self.view["logX"]) if self.x["numeric"] else None
        self.ruler_y = Ruler(drawn["ticks"]["y"], self.view["logY"])
        self.expect(self.ruler_y.is_known, f"the y axis has the ticks {drawn['ticks']['y']}")
        for i, (curve, found) in enumerate(zip(self.curves, drawn["curves"])):
            self.check_markers(curve, found)
            self.check_places(curve, found, i)
            self.check_intervals(curve, found)
        has_hollow = any(row["saturated"] for curve in self.curves for row in curve if row)
        self.expect(("Hollow" in drawn["notes"]) == has_hollow, f"of hollow points the page says: {drawn['notes']}")

    def check_markers(self, curve, found):
        """Every point has one, or some of very many; hollow are the saturated."""
        every = -(-len(curve) // MANY_POINTS)
        marked = [row for i, row in enumerate(curve) if row and (row["saturated"] or i % every == 0)]
        cells = [marker["cell"] for marker in found["markers"]]
        self.expect(cells == [row["cell"] for row in marked], f"the markers are of cells {cells}")
        hollow = [marker["isHollow"] for marker in found["markers"]]
        self.expect(hollow == [row["saturated"] for row in marked], f"of cells {cells} these are hollow: {hollow}")
        self.places = {marker["cell"]: marker["place"] for marker in found["markers"]}

    def check_places(self, curve, found, i):
        """Points stand where the ticks say that their values are, and the line goes through them."""
        left, _, _, right = self.drawn["frame"]
        if self.x["numeric"]:
            pieces = [piece for piece in split(curve, lambda row: row)]
            self.expect(list(map(len, pieces)) == list(map(len, found["lines"])), "the line is broken elsewhere")
            for row, place in zip(sum(pieces, []), sum(found["lines"], [])):
                marker = self.places.setdefault(row["cell"], place)
                self.expect(math.dist(marker, place) < 0.1, f"the line misses cell {row['cell']:.0f}")
        for row in filter(None, curve):
            x, y = self.places[row["cell"]]
            self.check_height(y, row, 0, "a point")
            if self.ruler_x is None:
                slot = (right - left) / len(self.x["values"])
                self.check_side(x, row, left + (self.x_of(row) + 0.5) * slot, slot / 2)
            elif self.ruler_x.is_known:
                self.check_side(x, row, self.ruler_x.place(self.x_of(row)), PIXELS)
            self.expect(left <= x <= right, f"cell {row['cell']:.0f} stands outside")

    def check_side(self, found, row, expected, tolerance):
        message = f"cell {row['cell']:.0f} stands {found:.1f} to the right, not {expected:.1f}"
        self.expect(abs(found - expected) <= tolerance, message)

    def check_intervals(self, curve, found):
        """Bands and bars reach from one end of each interval to the other, or to the lower edge."""
        half_widths = self.result["interval"]
        pieces = split(curve, lambda row: row and half_widths and row[self.half_width] is not None)
        bands = [piece for piece in pieces if self.x["numeric"] and len(piece) > 1]
        bars = [[row] for piece in pieces if piece not in bands for row in piece]
        counts = len(found["bands"]), len(found["bars"])
        self.expect(counts == (len(bands), len(bars)), f"{counts} bands and bars, not {len(bands)} and {len(bars)}")
        drawn = [(band[: len(band) // 2], band[len(band) // 2:][::-1]) for band in found["bands"]]
        drawn += [([bar[0]], [bar[1]]) for bar in found["bars"]]
        for piece, (upper, lower) in zip(bands + bars, drawn):
            self.expect(len(piece) == len(upper) == len(lower), "a band has other corners")
            for row, (x, top), (_, low) in zip(piece, upper, lower):
                place = self.places[row["cell"]]
                is_inside = abs(x - place[0]) < 0.1 and top - 0.1 <= place[1] <= low + 0.1
                self.expect(is_inside, f"the interval of cell {row['cell']:.0f} misses it")
                self.check_height(top, row, 1, "the upper end")
                self.check_height(low, row, -1, "the lower end")

    def check_height(self, found, row, sign, what):
        """A value, or an end of its interval, is where the axis says, as far as roundings let; nothing is below."""
        bottom = self.drawn["frame"][2]
        half_width = sign and sign * row[self.half_width]
        factors = [(a, b) for a in (-self.rounding, self.rounding) for b in (-HALF_WIDTH_ROUNDING, HALF_WIDTH_ROUNDING)]
        values = [self.y_of(row) * (1 + a) + half_width * (1 + b) for a, b in factors]
        is_below = [self.view["logY"] and value <= 0 for value in values]
        places = [bottom if below else min(self.ruler_y.place(value), bottom) for value, below in zip(values, is_below)]
        where = f"is at {found:.1f}, not between {min(places):.1f} and {max(places):.1f}"
        is_there = min(places) - PIXELS <= found <= max(places) + PIXELS
        self.expect(is_there, f"{what} of cell {row['cell']:.0f} {where}")


class Ruler:
    """From values to pixels, as the ticks of an axis say."""

    def __init__(self, ticks, is_log):
        self.bent = math.log if is_log else float
        known = [(self.bent(float(text)), place) for text, place in ticks]
        self.is_known = len({value for value, _ in known}) > 1
        if self.is_known:
            (self.low, self.start), (high, end) = min(known), max(known)
            self.slope = (end - self.start) / (high - self.low)

    def place(self, value):
        return self.start + (self.bent(value) - self.low) * self.slope


def is_value(row, axis, index):
    return is_near(row[axis["column"]], axis["values"][index], 1e-12)


def ordered(axis):
    """Indices of values: numbers by size, words as they were written."""
    indices = range(len(axis["values"]))
    return sorted(indices, key=lambda index: axis["values"][index]) if axis["numeric"] else list(indices)


def thinned(count):
    """Indices of the values that have a curve."""
    if count <= MAX_CURVES:
        return range(count)
    return [int(i * (count - 1) / (MAX_CURVES - 1) + 0.5) for i in range(MAX_CURVES)]


def split(items, test):
    """Runs of neighbours that all satisfy a test."""
    pieces = [[]]
    for item in items:
        if test(item):
            pieces[-1].append(item)
        else:
            pieces.append([])
    return [piece for piece in pieces if piece]
