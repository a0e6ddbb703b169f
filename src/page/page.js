"use strict";

// The page of a report: a chart to explore, a table to sort and filter, a command to copy.
// What is computed comes first, and knows no page; then what is shown. Without this script the page is still read.
(() => {

// ---- Numbers with no more digits than they deserve, as on the terminal.

function significant(number) {
    const rounded = Number(number.toExponential(3));
    const size = Math.abs(rounded);
    const isPlain = size === 0 || (size >= 1e-5 && size < 1e9);
    return isPlain ? String(rounded) : rounded.toExponential().replace("+", "");
}

/** Decimal places that show one digit of a half width, or two if it begins with 1. */
function placeOf(halfWidth) {
    const [digits, exponent] = halfWidth.toExponential(1).split("e");
    return Number(digits.startsWith("1")) - Number(exponent);
}

function toPlace(number, place) {
    const unit = 10 ** Math.max(-place, 0);
    const text = (Math.round(number / unit) * unit).toFixed(0);
    const exact = place > 0 ? number.toFixed(place) : text;
    return /[1-9]/.test(exact) ? exact : exact.replace("-", "");
}

/** `0.87 ± 0.03`, `~0.9` without a half width, `-` without a value. */
function estimate(value, halfWidth) {
    if (value === null) {
        return "-";
    }
    if (halfWidth === null) {
        return `~${String(Number(value.toExponential(1)))}`;
    }
    if (halfWidth <= 1e-9 * Math.abs(value)) {
        return significant(value);
    }
    const place = placeOf(halfWidth);
    return `${toPlace(value, place)} ± ${toPlace(halfWidth, place)}`;
}

/** A result of a cell, with its half width if it has one. */
function resultText(data, result, cell) {
    const value = data.cells.results[result][cell];
    if (value === null) {
        return "-";
    }
    return data.results[result].interval ? estimate(value, halfWidth(data, result, cell)) : significant(value);
}

function halfWidth(data, result, cell) {
    const halfWidths = data.cells.half_widths[result];
    return halfWidths ? halfWidths[cell] : null;
}

function withUnit(axis, index) {
    return `${axis.texts[index]} ${axis.unit}`.trim();
}

// ---- Scales: where a value stands, from 0 to 1, and which values get a tick. The rules are those of `sweep plot`.

const MARGIN = 0.04;
/** Lower ends of intervals stretch a logarithmic scale by at most this factor. */
const MAX_STRETCH = 3;

const clamped = place => Math.min(Math.max(place, 0), 1);
const range = count => Array.from({ length: count }, (_, i) => i);

function linearScale(low, high) {
    return { low, isLog: false, place: value => clamped((value - low) / (high - low)), ticks: fit => linearTicks(low, high, fit) };
}

/** With room at both ends; from 0 where asked for and near. */
function roomyScale(least, most, mayStartAtZero) {
    const isFromZero = mayStartAtZero && least >= 0 && (least < 0.5 * most || most === 0);
    const low = isFromZero ? 0 : least;
    const span = most > low ? most - low : Math.abs(most) || 1;
    return linearScale(isFromZero ? 0 : low - MARGIN * span, most + MARGIN * span);
}

function logScale(least, most) {
    const ratio = Math.max(most / least, 1.2);
    const room = ratio ** MARGIN;
    const [low, high] = [least / room, least * ratio * room];
    const place = value => (value <= low ? 0 : clamped(Math.log(value / low) / Math.log(high / low)));
    return { low, isLog: true, place, ticks: fit => logTicks(low, high, fit) };
}

/** Words stand evenly, in their order. */
function wordScale(texts) {
    const ticks = fit => {
        const every = Math.ceil(texts.length / Math.max(fit, 1));
        return range(texts.length).filter(i => i % every === 0).map(i => [i, texts[i]]);
    };
    return { low: 0, isLog: false, place: index => (index + 0.5) / texts.length, ticks };
}

/** Multiples of 1, 2 or 5 times a power of ten. */
function linearTicks(low, high, fit) {
    const rough = (high - low) / Math.max(fit, 1);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map(factor => factor * power).find(size => size >= 0.999 * rough) ?? 10 * power;
    const places = Math.max(-Math.floor(Math.log10(step) + 1e-9), 0);
    const text = value => (places > 5 ? significant(value) : value.toFixed(places));
    const first = Math.ceil(low / step - 1e-9);
    const last = Math.floor(high / step + 1e-9);
    // Adding 0 takes the sign from -0.
    return range(last - first + 1).map(i => (first + i) * step + 0).map(value => [value, text(value)]);
}

/** Powers of ten, with as many of their multiples between them as fit. */
function logTicks(low, high, fit) {
    if (high < 4 * low) {
        return linearTicks(low, high, fit);
    }
    const first = Math.floor(Math.log10(low));
    const powers = range(Math.floor(Math.log10(high)) - first + 1).map(i => first + i);
    const inside = multiples => powers
        .flatMap(power => multiples.map(multiple => Number(`${multiple}e${power}`)))
        .filter(tick => low <= tick && tick <= high);
    const choices = [[1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 5], [1, 3], [1]].map(inside);
    const every = Math.ceil(choices[3].length / Math.max(fit, 1));
    const ticks = choices.find(choice => choice.length <= fit) ?? choices[3].filter((_, i) => i % every === 0);
    return ticks.map(tick => [tick, significant(tick)]);
}

const least = values => values.reduce((a, b) => Math.min(a, b), Infinity);
const most = values => values.reduce((a, b) => Math.max(a, b), -Infinity);

/** Whether steps grow with the values: they are more even as ratios. */
function isGeometric(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const spread = step => {
        const steps = sorted.slice(1).map((value, i) => step(sorted[i], value));
        return most(steps) / least(steps);
    };
    return sorted.length > 2 && sorted[0] > 0 && spread((a, b) => Math.log(b / a)) < spread((a, b) => b - a);
}

// ---- Which cells a chart shows, as curves.

/** Most curves that can be told apart, and most markers of one. */
const MAX_CURVES = 7;
const MANY_POINTS = 60;
/** Okabe and Ito's colours for words, a ramp from dark to light for numbers: as in `sweep plot`. */
const PALETTE = ["#0072b2", "#e69f00", "#000000", "#cc79a7", "#009e73", "#d55e00", "#56b4e9"];
const DASHES = ["", "7 3", "2 3", "9 3 2 3", "12 3", "4 2", "9 3 2 3 2 3"];
const RAMP = ["440154", "472d7b", "3b528b", "2c728e", "21918c", "28ae80", "5ec962", "addc30", "fde725"];
const LIGHTEST = 0.82;
const MARKERS = ["circle", "square", "triangle", "diamond", "wedge"];

function inkOf(index, count, isOrdered) {
    const isRamp = isOrdered && count > 2;
    const colour = isRamp ? rampColour(index / (count - 1) * LIGHTEST) : PALETTE[index];
    return { colour, dash: isRamp ? "" : DASHES[index], marker: MARKERS[index % MARKERS.length] };
}

function rampColour(place) {
    const position = place * (RAMP.length - 1);
    const low = Math.min(Math.floor(position), RAMP.length - 2);
    const part = (text, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16);
    const mix = i => part(RAMP[low], i) + (position - low) * (part(RAMP[low + 1], i) - part(RAMP[low], i));
    return `rgb(${range(3).map(i => Math.round(mix(i))).join(" ")})`;
}

/** At most so many indices, evenly spread, with both ends. */
function thinned(count, limit) {
    return count <= limit ? range(count) : range(limit).map(i => Math.round(i * (count - 1) / (limit - 1)));
}

/** Axes that advance together with this one, itself included. */
function groupOf(data, axis) {
    return data.zip.find(group => group.includes(axis)) ?? [axis];
}

/** What must be held so that a curve has one cell at each x: axes, or groups of them, and their settings. */
function dimensionsOf(data, view) {
    const shown = [view.x, view.by].filter(axis => axis !== null).flatMap(axis => groupOf(data, axis));
    const free = range(data.axes.length).filter(axis => data.axes[axis].values.length > 1 && !shown.includes(axis));
    const groups = free.map(axis => groupOf(data, axis).filter(other => free.includes(other)));
    return groups.filter((axes, i) => axes[0] === free[i]).map(axes => dimension(data, axes));
}

function dimension(data, axes) {
    const settings = new Map();
    const places = axes.map(axis => data.cells.axes[axis]);
    for (const cell of range(data.cells.saturated.length)) {
        const setting = places.map(place => place[cell]);
        if (!setting.includes(null)) {
            settings.set(setting.join(" "), setting);
        }
    }
    const sorted = [...settings.values()].sort((a, b) => a[0] - b[0]);
    return { axes, key: axes.join(" "), settings: sorted, start: data.axes[axes[0]].numeric ? Math.floor(sorted.length / 2) : 0 };
}

/** Cells with the held settings; an axis that means nothing in a cell holds nothing there. */
function heldCells(data, view, dimensions) {
    const isHeld = (cell, { axes, key, settings, start }) => {
        const setting = settings[view.held.get(key) ?? start];
        return axes.every((axis, i) => [null, setting[i]].includes(data.cells.axes[axis][cell]));
    };
    return range(data.cells.saturated.length).filter(cell => dimensions.every(held => isHeld(cell, held)));
}

/** All that is drawn, or the reason why there is nothing. */
function chartOf(data, view) {
    const [x, y] = [data.axes[view.x], data.results[view.y]];
    const by = view.by === null ? null : data.axes[view.by];
    const dimensions = dimensionsOf(data, view);
    const cells = heldCells(data, view, dimensions);
    const chart = { x, y, by, notes: [], ...titlesOf(data, view, x, y, by, dimensions) };
    const indices = by ? thinned(by.values.length, MAX_CURVES) : [null];
    chart.curves = indices.map((index, i) => ({
        label: by ? withUnit(by, index) : y.short,
        ink: inkOf(i, indices.length, by !== null && by.numeric),
        points: pointsOf(data, view, by ? cells.filter(cell => data.cells.axes[view.by][cell] === index) : cells),
    }));
    const drawn = chart.curves.flatMap(curve => curve.points).filter(point => point && point.y !== null);
    const shown = drawn.filter(point => !view.logY || point.y > 0);
    chart.problem = shown.length > 0 ? "" : reason(data, view, cells, drawn);
    chart.curves = chart.curves
        .map(curve => ({ ...curve, points: curve.points.map(point => (shown.includes(point) ? point : null)) }))
        .filter(curve => curve.points.some(point => point));
    if (chart.problem === "") {
        chart.scaleX = xScale(x, view.logX);
        chart.scaleY = yScale(y, shown, view.logY);
        chart.notes = notesOf(data, view, chart, indices, shown, drawn.length - shown.length);
    }
    return chart;
}

/** Cells by rising x. */
function pointsOf(data, view, cells) {
    const axis = data.axes[view.x];
    const point = cell => {
        const index = data.cells.axes[view.x][cell];
        const y = data.cells.results[view.y][cell];
        const x = axis.numeric ? axis.values[index] : index;
        return { cell, x, y, half: halfWidth(data, view.y, cell), isSaturated: Boolean(data.cells.saturated[cell]) };
    };
    const known = cells.filter(cell => data.cells.axes[view.x][cell] !== null);
    return known.map(point).sort((a, b) => a.x - b.x);
}

function titlesOf(data, view, x, y, by, dimensions) {
    const title = `${y.short} against ${x.short}${by ? `, by ${by.short}` : ""}`;
    const setting = ({ axes, key, settings, start }) =>
        axes.map((axis, i) => `${data.axes[axis].short} ${withUnit(data.axes[axis], settings[view.held.get(key) ?? start][i])}`);
    const held = dimensions.flatMap(setting).join(", ");
    return { title: title[0].toUpperCase() + title.slice(1), held };
}

function reason(data, view, cells, drawn) {
    const means = axis => cells.some(cell => data.cells.axes[axis][cell] !== null);
    if (cells.length === 0) {
        return "The run has no cell with these settings: choose others.";
    }
    const idle = [view.x, view.by].find(axis => axis !== null && !means(axis));
    if (idle !== undefined) {
        return `${data.axes[idle].short} means nothing with these settings: choose another axis, or other settings.`;
    }
    if (drawn.length > 0) {
        return "No value is above 0, so none has a place on a logarithmic axis: leave log y.";
    }
    return `${data.results[view.y].short} is not known in these cells: choose another result, or other settings.`;
}

function xScale(axis, isLog) {
    if (!axis.numeric) {
        return wordScale(axis.texts);
    }
    const [low, high] = [least(axis.values), most(axis.values)];
    const scale = isLog && low > 0 ? logScale(low, high) : roomyScale(low, high, false);
    // A few values speak for themselves.
    const own = axis.values.map((value, i) => [value, axis.texts[i]]).sort((a, b) => a[0] - b[0]);
    return axis.values.length <= 6 ? { ...scale, ticks: () => own } : scale;
}

function yScale(result, points, isLog) {
    const values = points.map(point => point.y);
    const ends = sign => points.map(point => point.y + sign * (point.half ?? 0));
    if (isLog) {
        return logScale(Math.max(least(ends(-1)), least(values) / MAX_STRETCH), most(ends(1)));
    }
    // Shares are seen against the whole.
    const isShare = result.unit === "share";
    return roomyScale(isShare ? Math.min(0, least(ends(-1))) : least(ends(-1)), Math.max(most(ends(1)), isShare ? 1 : -Infinity), true);
}

function notesOf(data, view, chart, indices, shown, lost) {
    const notes = [];
    const intervals = shown.some(point => point.half !== null);
    if (intervals) {
        notes.push(`${chart.x.numeric ? "Bands" : "Bars"} are ${percent(data.level)} % intervals.`);
    }
    if (shown.some(point => point.isSaturated)) {
        notes.push("Hollow points are saturated: more load than can be served. Their values grow with the length of the run.");
    }
    if (chart.scaleY.isLog && shown.some(point => point.y - (point.half ?? 0) < chart.scaleY.low)) {
        notes.push("An interval that ends at the lower edge goes on below it, down to 0 or less.");
    }
    if (lost > 0) {
        notes.push(`${lost} values are not above 0 and have no place on a logarithmic axis.`);
    }
    if (chart.by && indices.length < chart.by.values.length) {
        notes.push(`${indices.length} of the ${chart.by.values.length} values of ${chart.by.short} are shown.`);
    }
    for (const axis of [view.x, view.by].filter(axis => axis !== null)) {
        const others = groupOf(data, axis).filter(other => ![view.x, view.by].includes(other));
        if (others.length > 0) {
            const names = others.map(other => data.axes[other].short).join(", ");
            notes.push(`${names} ${others.length === 1 ? "goes" : "go"} with ${data.axes[axis].short}.`);
        }
    }
    return notes;
}

function percent(level) {
    return String(Math.round(level * 1e12) / 1e10);
}

// ---- Conditions, in the language of `sweep show --where`: comparisons of columns with values, joined by `and`.

const ACCEPTS = {
    "==": order => order === 0, "!=": order => order !== 0, "<=": order => order <= 0, ">=": order => order >= 0,
    "=": order => order === 0, "<": order => order < 0, ">": order => order > 0,
};
const TOKEN = /\s*(?:(==|!=|<=|>=|=|<|>)|'([^']*)'|"([^"]*)"|([^\s=!<>'"]+))/y;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Whether a cell satisfies a condition, as a function. Throws an error in words if the text is none. */
function condition(text, columns) {
    const parts = [[]];
    for (const token of tokensOf(text)) {
        if (token.word === "and") {
            parts.push([]);
        } else if (["or", "not"].includes(token.word)) {
            throw new Error(`${token.word} is not known here: comparisons are joined by “and”.`);
        } else {
            parts.at(-1).push(token);
        }
    }
    const tests = parts.map(part => comparison(part, columns));
    return cell => tests.every(test => test(cell));
}

function tokensOf(text) {
    const tokens = [];
    const rest = text.trimEnd();
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < rest.length) {
        const from = TOKEN.lastIndex;
        const found = TOKEN.exec(rest);
        if (!found) {
            const first = rest.slice(from).trimStart()[0];
            throw new Error("'\"".includes(first) ? "A quote is not closed." : `Unexpected ${first}`);
        }
        const [, operator, single, double, word] = found;
        tokens.push({ operator, quoted: single ?? double, word });
    }
    return tokens;
}

function comparison(part, columns) {
    const [left, middle, right] = part;
    const isWhole = part.length === 3 && middle.operator && !left.operator && !right.operator;
    if (!isWhole) {
        throw new Error("A comparison is a column, an operator (= != < <= > >=) and a value.");
    }
    if (left.word === undefined || isNumber(left.word)) {
        throw new Error("The left side of a comparison must be a column.");
    }
    const column = columns.find(known => known.column === left.word);
    if (!column) {
        throw new Error(`There is no column ${left.word}: ${nearestOrAll(left.word, columns.map(known => known.column))}`);
    }
    const value = rightSide(column, right, columns);
    return cell => {
        const order = orderOf(column.value(cell), value(cell));
        return order !== null && ACCEPTS[middle.operator](order);
    };
}

function isNumber(word) {
    return NUMBER.test(word) && Number.isFinite(Number(word));
}

/** The right side of a comparison, as a function of the cell: a column, or the same value for all. */
function rightSide(column, { quoted, word }, columns) {
    if (quoted !== undefined) {
        return () => quoted;
    }
    if (isNumber(word)) {
        return () => Number(word);
    }
    const other = columns.find(known => known.column === word);
    if (other) {
        return other.value;
    }
    if (["true", "false"].includes(word)) {
        return () => word === "true";
    }
    if (column.kind !== "word") {
        const names = columns.filter(known => known.kind === column.kind).map(known => known.column);
        throw new Error(`${word} is neither a ${column.kind} nor a column: ${nearestOrAll(word, names)}`);
    }
    return () => word;
}

/** Negative, 0 or positive; null where either is null, and between values of different kinds. */
function orderOf(one, other) {
    if (one === null || other === null || typeof one !== typeof other) {
        return null;
    }
    return one < other ? -1 : Number(one > other);
}

/** What to write instead of a misspelt name. */
function nearestOrAll(name, known) {
    const tolerance = Math.floor(name.length / 3);
    const near = known.map(other => [distance(name, other), other]).filter(([steps]) => steps <= tolerance);
    near.sort(([one], [other]) => one - other);
    return near.length > 0 ? `did you mean ${near[0][1]}?` : `choose from ${known.slice(0, 24).join(", ")}.`;
}

/** Letters to change, add, leave out or swap with their neighbour. */
function distance(one, other) {
    const steps = range(one.length + 1).map(i => range(other.length + 1).map(j => (i === 0 ? j : j === 0 ? i : 0)));
    for (let i = 1; i <= one.length; i += 1) {
        for (let j = 1; j <= other.length; j += 1) {
            const isSame = one[i - 1] === other[j - 1];
            const isSwapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
            steps[i][j] = Math.min(steps[i - 1][j] + 1, steps[i][j - 1] + 1, steps[i - 1][j - 1] + Number(!isSame),
                isSwapped ? steps[i - 2][j - 2] + 1 : Infinity);
        }
    }
    return steps[one.length][other.length];
}

// ---- Columns of the table, and their order.

/** All columns that a condition may name; those that are shown have a label. */
function columnsOf(data) {
    const { axes, results, saturated, replications } = data.cells;
    const axisColumns = data.axes.map((axis, i) => ({
        column: axis.column, label: axis.values.length > 1 ? axis.label : null, kind: axis.numeric ? "number" : "word",
        value: cell => (axes[i][cell] === null ? null : axis.values[axes[i][cell]]),
        text: cell => (axes[i][cell] === null ? "-" : axis.texts[axes[i][cell]]),
    }));
    const resultColumns = data.results.map((result, i) => ({
        column: result.column, label: result.label, kind: "number",
        value: cell => results[i][cell], text: cell => resultText(data, i, cell),
    }));
    const halfWidths = data.results.map((result, i) => ({
        column: `${result.column}_ci${percent(data.level)}`, label: null, kind: "number",
        value: cell => halfWidth(data, i, cell),
    }));
    return [
        { column: "cell", label: "cell", kind: "number", value: cell => cell, text: String },
        ...axisColumns,
        {
            column: "saturated", label: "load", kind: "flag",
            value: cell => Boolean(saturated[cell]), text: cell => (saturated[cell] ? "saturated" : ""),
        },
        ...resultColumns,
        {
            column: "replications", label: "replications", kind: "number",
            value: cell => replications[cell], text: cell => String(replications[cell]),
        },
        ...halfWidths.filter((_, i) => data.results[i].interval),
    ];
}

/** Sorted by a column, null last; what is equal stays in order. */
function sorted(cells, column, isFalling) {
    const values = new Map(cells.map(cell => [cell, column.value(cell)]));
    return [...cells].sort((a, b) => {
        const [one, other] = [values.get(a), values.get(b)];
        if (one === null || other === null) {
            return Number(one === null) - Number(other === null);
        }
        return orderOf(one, other) * (isFalling ? -1 : 1);
    });
}

// ---- The page.

const at = id => document.getElementById(id);

function element(name, properties = {}, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
}

function shape(parent, name, attributes, text = "") {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) {
        made.setAttribute(key, typeof value === "number" ? String(Math.round(value * 100) / 100) : value);
    }
    made.textContent = text;
    parent.append(made);
    return made;
}

function marker(parent, ink, x, y, isHollow, attributes) {
    const corners = {
        square: [[-3.3, -3.3], [3.3, -3.3], [3.3, 3.3], [-3.3, 3.3]],
        triangle: [[0, -4.4], [4.2, 3.2], [-4.2, 3.2]],
        diamond: [[0, -4.8], [4.8, 0], [0, 4.8], [-4.8, 0]],
        wedge: [[0, 4.4], [4.2, -3.2], [-4.2, -3.2]],
    }[ink.marker];
    const look = { class: isHollow ? "marker hollow" : "marker", fill: isHollow ? "#ffffff" : ink.colour, stroke: ink.colour, "stroke-width": "1.5", ...attributes };
    return corners
        ? shape(parent, "path", { d: `${pathOf(corners.map(([dx, dy]) => [x + dx, y + dy]))}Z`, ...look })
        : shape(parent, "circle", { cx: x, cy: y, r: 3.6, ...look });
}

function pathOf(places) {
    return places.map(([x, y], i) => `${i === 0 ? "M" : "L"}${x.toFixed(2)} ${y.toFixed(2)}`).join("");
}

/** Runs of neighbours that all satisfy a test. */
function pieces(points, test) {
    const found = [[]];
    for (const point of points) {
        if (point && test(point)) {
            found.at(-1).push(point);
        } else {
            found.push([]);
        }
    }
    return found.filter(piece => piece.length > 0);
}

/** Draws a chart so wide; returns its points with their places. */
function draw(svg, chart, width) {
    const height = width < 560 ? 300 : 400;
    svg.replaceChildren();
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const ticksY = chart.scaleY.ticks(7);
    const letters = most(ticksY.map(([, text]) => text.length));
    const frame = { left: 14 + 7.2 * letters, right: width - 12, top: 30, bottom: height - 44 };
    const placeX = value => frame.left + chart.scaleX.place(value) * (frame.right - frame.left);
    const placeY = value => frame.bottom - chart.scaleY.place(value) * (frame.bottom - frame.top);
    const longest = most(chart.scaleX.ticks(8).map(([, text]) => text.length));
    const ticksX = chart.scaleX.ticks(Math.max(2, Math.min(10, Math.floor((frame.right - frame.left) / (7.2 * longest + 16)))));
    drawAxes(svg, chart, frame, ticksX.map(([value, text]) => [placeX(value), text]), ticksY.map(([value, text]) => [placeY(value), text]));
    const step = Math.min(14, (frame.right - frame.left) / chart.x.values.length / (chart.curves.length + 1));
    const placed = chart.curves.map((curve, i) => {
        const aside = chart.x.numeric ? 0 : (i - (chart.curves.length - 1) / 2) * step;
        return curve.points.map(point => point && { ...point, curve, left: placeX(point.x) + aside, top: placeY(point.y) });
    });
    const ends = point => [placeY(point.y + point.half), placeY(point.y - point.half)];
    const layers = [drawIntervals, drawCurve];
    for (const layer of layers) {
        placed.forEach((points, i) => layer(svg, chart.curves[i], points, chart.x.numeric, ends));
    }
    return placed.flat().filter(point => point);
}

function drawAxes(svg, chart, { left, right, top, bottom }, ticksX, ticksY) {
    const grid = shape(svg, "g", { class: "grid" });
    const texts = shape(svg, "g", { class: "ticks" });
    for (const [x, text] of ticksX) {
        shape(grid, "path", { d: `M${x.toFixed(2)} ${top}V${bottom}` });
        shape(texts, "text", { x, y: bottom + 17, "text-anchor": "middle" }, text);
    }
    for (const [y, text] of ticksY) {
        shape(grid, "path", { d: `M${left} ${y.toFixed(2)}H${right}` });
        shape(texts, "text", { x: left - 7, y: y + 4, "text-anchor": "end" }, text);
    }
    shape(svg, "path", { class: "axis", d: `M${left} ${top}V${bottom}H${right}` });
    shape(svg, "text", { class: "label", x: 2, y: 16 }, chart.y.label);
    shape(svg, "text", { class: "label", x: (left + right) / 2, y: bottom + 37, "text-anchor": "middle" }, chart.x.label);
}

/** Bands along numbers; bars where points stand alone. */
function drawIntervals(svg, curve, points, isJoined, ends) {
    const group = shape(svg, "g", { class: "intervals" });
    for (const piece of pieces(points, point => point.half !== null)) {
        if (isJoined && piece.length > 1) {
            const upper = piece.map(point => [point.left, ends(point)[0]]);
            const lower = piece.map(point => [point.left, ends(point)[1]]).reverse();
            shape(group, "path", { class: "band", d: `${pathOf([...upper, ...lower])}Z`, fill: curve.ink.colour, "fill-opacity": "0.2" });
            continue;
        }
        for (const point of piece) {
            const [upper, lower] = ends(point).map(place => place.toFixed(2));
            const d = `M${point.left.toFixed(2)} ${upper}V${lower}m-4 0h8m-8 0M${(point.left - 4).toFixed(2)} ${upper}h8`;
            shape(group, "path", { class: "bar", d, stroke: curve.ink.colour, "stroke-width": "1.5", fill: "none" });
        }
    }
}

function drawCurve(svg, curve, points, isJoined) {
    const group = shape(svg, "g", { class: "curve" });
    for (const piece of isJoined ? pieces(points, () => true) : []) {
        const d = pathOf(piece.map(point => [point.left, point.top]));
        shape(group, "path", { d, stroke: curve.ink.colour, "stroke-width": "2", "stroke-dasharray": curve.ink.dash || "none", fill: "none" });
    }
    // Of many points every few have a marker, and those that must be told apart.
    const every = Math.ceil(points.length / MANY_POINTS);
    points.forEach((point, i) => {
        if (point && (point.isSaturated || i % every === 0)) {
            marker(group, curve.ink, point.left, point.top, point.isSaturated, { "data-cell": String(point.cell) });
        }
    });
}

/** The chart to explore, with its controls. */
function showExplorer(data) {
    const { x, y, by, log_x: logX, log_y: logY } = data.start;
    const view = { x, y, by, logX, logY, held: new Map() };
    const swept = range(data.axes.length).filter(axis => data.axes[axis].values.length > 1 || axis === x);
    let chart = null;
    let points = [];
    let chosen = null;

    function fill(select, options, value) {
        select.replaceChildren(...options.map(([key, text]) => element("option", { value: String(key), textContent: text, selected: key === value })));
    }

    function showControls() {
        const name = axis => [axis, data.axes[axis].short];
        fill(at("y"), data.results.map((result, i) => [i, result.short]), view.y);
        fill(at("x"), swept.map(name), view.x);
        fill(at("by"), [["", "nothing"], ...swept.filter(axis => !groupOf(data, view.x).includes(axis)).map(name)], view.by ?? "");
        at("held").replaceChildren(...dimensionsOf(data, view).map(control));
        const canLogX = data.axes[view.x].numeric && data.axes[view.x].values.every(value => value > 0);
        view.logX = view.logX && canLogX;
        Object.assign(at("log-x"), { checked: view.logX, disabled: !canLogX });
        at("log-y").checked = view.logY;
    }

    /** What an axis that is not shown is held at. */
    function control({ axes, key, settings, start }) {
        const select = element("select");
        const text = setting => setting.map((index, i) => withUnit(data.axes[axes[i]], index)).join(", ");
        fill(select, settings.map((setting, i) => [i, text(setting)]), view.held.get(key) ?? start);
        select.addEventListener("change", () => {
            view.held.set(key, Number(select.value));
            showChart();
        });
        return element("label", {}, `${axes.map(axis => data.axes[axis].short).join(", ")} `, select);
    }

    function showChart() {
        chart = chartOf(data, view);
        at("chart-title").replaceChildren(chart.title, ...(chart.held ? [element("span", { className: "with", textContent: `, at ${chart.held}` })] : []));
        at("nothing").textContent = chart.problem;
        at("chart").toggleAttribute("hidden", chart.problem !== "");
        at("reader").hidden = chart.problem !== "";
        at("chart-notes").replaceChildren(...chart.notes.map(note => element("li", { textContent: note })));
        at("legend").replaceChildren(...(chart.by ? chart.curves.map(legendEntry) : []));
        points = [];
        if (chart.problem === "") {
            redraw();
        }
    }

    function legendEntry({ ink, label }) {
        const entry = element("li");
        const sample = shape(entry, "svg", { viewBox: "0 0 40 16", "aria-hidden": "true" });
        shape(sample, "path", { d: "M0 8H40", stroke: ink.colour, "stroke-width": "2", "stroke-dasharray": ink.dash || "none" });
        marker(sample, ink, 20, 8, false, {});
        entry.append(label);
        return entry;
    }

    function redraw() {
        const width = Math.max(Math.round(at("chart").getBoundingClientRect().width), 240);
        points = draw(at("chart"), chart, width);
        at("point").max = String(points.length - 1);
        const index = points.findIndex(point => point.cell === chosen);
        read(index === -1 ? null : index);
    }

    /** Says what a point is, and marks it. */
    function read(index) {
        at("chart").querySelector(".cursor")?.remove();
        const point = points[index ?? 0];
        chosen = index === null ? null : point.cell;
        at("point").value = String(index ?? 0);
        at("point").setAttribute("aria-valuetext", pointText(point));
        at("reading").textContent = index === null ? "Point at the chart, or go along its points with the slider." : pointText(point);
        if (index !== null) {
            shape(at("chart"), "circle", { class: "cursor", cx: point.left, cy: point.top, r: 8 });
        }
    }

    function pointText({ cell, curve, isSaturated }) {
        const place = withUnit(chart.x, data.cells.axes[view.x][cell]);
        const value = `${resultText(data, view.y, cell)} ${["share", "no unit"].includes(chart.y.unit) ? "" : chart.y.unit}`.trim();
        const head = chart.by ? `${curve.label}, ` : "";
        return `${head}${chart.x.short} ${place}: ${chart.y.short} ${value}${isSaturated ? ", saturated" : ""} (cell ${cell})`;
    }

    function onPointer(event) {
        const box = at("chart").getBoundingClientRect();
        const scale = at("chart").viewBox.baseVal.width / box.width;
        const [left, top] = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
        const far = point => Math.hypot(point.left - left, point.top - top);
        const index = points.reduce((best, point, i) => (far(point) < far(points[best]) ? i : best), 0);
        if (points.length > 0 && far(points[index]) < 40) {
            read(index);
        }
    }

    function onAxis(axis, value) {
        const before = view.x;
        view[axis] = value;
        if (view.by !== null && groupOf(data, view.x).includes(view.by)) {
            // Axes change places.
            view.by = groupOf(data, view.x).includes(before) ? null : before;
        }
        view.logX = axis === "x" ? data.axes[view.x].numeric && isGeometric(data.axes[view.x].values) : view.logX;
        showControls();
        showChart();
    }

    function onResult() {
        view.y = Number(at("y").value);
        view.logY = false;
        const values = chartOf(data, view).curves.flatMap(curve => curve.points).filter(point => point).map(point => point.y);
        const isWide = least(values) > 0 && most(values) > 10 * least(values);
        view.logY = isWide && data.results[view.y].unit !== "share";
        showControls();
        showChart();
    }

    at("explore-note").remove();
    at("explorer").hidden = false;
    at("x").addEventListener("change", () => onAxis("x", Number(at("x").value)));
    at("by").addEventListener("change", () => onAxis("by", at("by").value === "" ? null : Number(at("by").value)));
    at("y").addEventListener("change", onResult);
    for (const [id, key] of [["log-x", "logX"], ["log-y", "logY"]]) {
        at(id).addEventListener("change", () => {
            view[key] = at(id).checked;
            showChart();
        });
    }
    at("point").addEventListener("input", () => read(Number(at("point").value)));
    at("chart").addEventListener("pointermove", onPointer);
    at("chart").addEventListener("pointerdown", onPointer);
    at("view").addEventListener("submit", event => event.preventDefault());
    showControls();
    showChart();
    let width = at("explorer").clientWidth;
    new ResizeObserver(() => {
        if (at("explorer").clientWidth !== width) {
            width = at("explorer").clientWidth;
            showChart();
        }
    }).observe(at("explorer"));
}

/** Rows of the table that are on the page at once. */
const PAGE = 100;

/** The table of all cells. Returns what shows those of an answer. */
function showTable(data) {
    const columns = columnsOf(data);
    const shownColumns = columns.filter(column => column.label !== null);
    const count = data.cells.saturated.length;
    const state = { order: range(count), column: columns[0], isFalling: false, test: () => true, only: null, from: 0 };

    function heading(column) {
        const button = element("button", { type: "button", textContent: column.label });
        button.addEventListener("click", () => sortBy(column));
        const cell = element("th", { scope: "col", className: column.kind }, button, element("code", { textContent: column.column }));
        return cell;
    }

    function sortBy(column) {
        state.isFalling = state.column === column && !state.isFalling;
        state.column = column;
        state.order = sorted(state.order, column, state.isFalling);
        showRows(0);
    }

    function row(cell) {
        return element("tr", {}, ...shownColumns.map(column => element("td", { className: column.kind, textContent: column.text(cell) })));
    }

    function showRows(from) {
        const cells = state.order.filter(cell => (!state.only || state.only.has(cell)) && state.test(cell));
        state.from = from;
        const page = cells.slice(from, from + PAGE);
        at("rows").replaceChildren(...page.map(row));
        shownColumns.forEach((column, i) => {
            const order = state.isFalling ? "descending" : "ascending";
            at("head").rows[0].cells[i].setAttribute("aria-sort", column === state.column ? order : "none");
        });
        const span = page.length < cells.length ? `, rows ${from + 1} to ${from + page.length}` : "";
        at("shown").textContent = `${cells.length} of ${count} cell${count === 1 ? "" : "s"}${span}`;
        at("pager").hidden = cells.length <= PAGE;
        at("previous").disabled = from === 0;
        at("next").disabled = from + PAGE >= cells.length;
        at("table-box").scrollTop = 0;
    }

    function onFilter() {
        const text = at("where").value.trim();
        try {
            state.test = text === "" ? () => true : condition(text, columns);
            at("where-problem").textContent = "";
            at("where").removeAttribute("aria-invalid");
            showRows(0);
        } catch (problem) {
            at("where-problem").textContent = problem.message;
            at("where").setAttribute("aria-invalid", "true");
        }
    }

    function showOnly(cells, sentence) {
        state.only = cells && new Set(cells);
        at("chosen").hidden = !cells;
        at("chosen-text").textContent = cells ? `Only the cells of the answer “${sentence}”` : "";
        at("where").value = "";
        onFilter();
        at("cells-title").focus();
    }

    at("cells-note").remove();
    at("tools").hidden = false;
    at("head").replaceChildren(element("tr", {}, ...shownColumns.map(heading)));
    at("where-help").replaceChildren("Such as ", element("code", { textContent: example(data) }), ". Names of columns stand below their headings.");
    at("table-note").textContent = tableNote(data);
    at("filter").addEventListener("submit", event => {
        event.preventDefault();
        onFilter();
    });
    at("where").addEventListener("input", () => at("where").value === "" && onFilter());
    at("all").addEventListener("click", () => showOnly(null, ""));
    at("previous").addEventListener("click", () => showRows(state.from - PAGE));
    at("next").addEventListener("click", () => showRows(state.from + PAGE));
    showRows(0);
    return showOnly;
}

/** A condition that fits this run. */
function example(data) {
    const number = data.axes.find(axis => axis.numeric && axis.values.length > 1);
    const word = data.axes.find(axis => !axis.numeric && axis.values.length > 1 && axis.values.every(value => typeof value === "string"));
    const parts = [
        number && `${number.column} >= ${number.values[Math.floor(number.values.length / 2)]}`,
        word && `${word.column} = ${/^[\w.-]+$/.test(word.values[0]) ? word.values[0] : `'${word.values[0]}'`}`,
    ];
    return parts.filter(part => part).join(" and ") || "replications > 1";
}

function tableNote(data) {
    const constant = data.axes.filter((axis, i) => axis.values.length === 1 && data.cells.axes[i].some(index => index !== null));
    const settings = constant.map(axis => `${axis.short} ${withUnit(axis, 0)}`).join(", ");
    return `± is the half width of a ${percent(data.level)} % interval, ~ a value without one, - nothing known.`
        + (settings ? ` The same wherever it means something: ${settings}.` : "");
}

/** Each answer gets a button that shows its cells. */
function showAnswers(showOnly) {
    for (const item of at("answers-list").children) {
        const cells = (item.dataset.cells ?? "").split(" ").filter(text => text !== "").map(Number);
        if (cells.length > 0) {
            const sentence = item.textContent;
            const text = cells.length === 1 ? "Show its cell" : `Show its ${cells.length} cells`;
            const button = element("button", { type: "button", className: "as-link", textContent: text });
            button.addEventListener("click", () => showOnly(cells, sentence));
            item.append(" ", button);
        }
    }
}

function showCopying() {
    const say = text => at("copied").replaceChildren(text);
    at("copy").hidden = false;
    at("copy").addEventListener("click", async () => {
        try {
            await navigator.clipboard.writeText(at("command").textContent);
            say("Copied.");
        } catch {
            getSelection().selectAllChildren(at("command"));
            say("This browser does not let a page copy. The command is selected: press Ctrl-C or ⌘C.");
        }
    });
}

/** What a box cannot show at once is scrolled by keys, too. */
function reachScrollers() {
    for (const box of document.querySelectorAll("#figures figure")) {
        if (box.scrollWidth > box.clientWidth) {
            Object.assign(box, { tabIndex: 0 });
        }
    }
}

/** On paper nothing can be opened. */
function openForPrint() {
    const closed = () => document.querySelectorAll("details:not([open])");
    let opened = [];
    addEventListener("beforeprint", () => {
        opened = [...closed()];
        opened.forEach(details => { details.open = true; });
    });
    addEventListener("afterprint", () => opened.forEach(details => { details.open = false; }));
}

/** The data of the page, unpacked. */
async function unpacked() {
    const bytes = Uint8Array.from(atob(at("data").textContent.trim()), letter => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
}

async function show() {
    document.title = `${document.querySelector("h1").textContent}: report of a sweep`;
    showCopying();
    reachScrollers();
    openForPrint();
    if (!("DecompressionStream" in window)) {
        at("explore-note").textContent = "This browser is too old to unpack the data of this page: there is no chart to explore, and the table shows the first cells only.";
        return;
    }
    try {
        const data = await unpacked();
        showExplorer(data);
        showAnswers(showTable(data));
    } catch (problem) {
        at("explore-note")?.replaceChildren(`The data of this page cannot be read: ${problem.message}`);
    }
}

show();
})();
