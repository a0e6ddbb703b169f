"use strict";

// The page of a report: a chart to explore, a table to sort and filter, a command to copy.
// What is computed comes first, and knows no page; then what is shown. Without this script the page can still be read.
(() => {

const range = count => Array.from({ length: count }, (_, i) => i);
const least = values => values.reduce((a, b) => Math.min(a, b), Infinity);
const most = values => values.reduce((a, b) => Math.max(a, b), -Infinity);

// ---- Numbers with no more digits than they deserve, as on the terminal.

function significant(number) {
    const rounded = Number(number.toExponential(3));
    const size = Math.abs(rounded);
    return size === 0 || (size >= 1e-5 && size < 1e9) ? String(rounded) : rounded.toExponential().replace("+", "");
}

function toPlace(number, place) {
    const unit = 10 ** Math.max(-place, 0);
    const text = place > 0 ? number.toFixed(place) : String(Math.round(number / unit) * unit);
    return /[1-9]/.test(text) ? text : text.replace("-", "");
}

/** `0.87 ± 0.03`: one digit of the half width, or two if it begins with 1. `~0.9` without a half width. */
function estimate(value, half) {
    if (half === null) {
        return `~${Number(value.toExponential(1))}`;
    }
    if (half <= 1e-9 * Math.abs(value)) {
        return significant(value);
    }
    const [digits, exponent] = half.toExponential(1).split("e");
    const place = Number(digits.startsWith("1")) - Number(exponent);
    return `${toPlace(value, place)} ±\u00a0${toPlace(half, place)}`;
}

function halfWidth(data, result, cell) {
    return data.cells.half_widths[result]?.[cell] ?? null;
}

/** A result of a cell; `-` if it is not known. */
function resultText(data, result, cell) {
    const value = data.cells.results[result][cell];
    if (value === null) {
        return "-";
    }
    return data.results[result].interval ? estimate(value, halfWidth(data, result, cell)) : significant(value);
}

/** `2 requests/s`, `1 GPU`. */
function withUnit({ texts, unit }, index) {
    return `${texts[index]} ${texts[index] === "1" ? unit.replace(/(\w)s(?=\/|$)/, "$1") : unit}`.trim();
}

const percent = level => String(Math.round(level * 1e12) / 1e10);

// ---- Scales: where a value stands, from 0 to 1, and which values get a tick. The rules are those of `sweep plot`.

const MARGIN = 0.04;
/** Lower ends of intervals stretch a logarithmic scale by at most this factor. */
const MAX_STRETCH = 3;

const clamped = place => Math.min(Math.max(place, 0), 1);

function linearScale(low, high) {
    return { low, place: value => clamped((value - low) / (high - low)), ticks: fit => linearTicks(low, high, fit) };
}

/** With room at both ends. */
function tightScale(low, high) {
    const span = high > low ? high - low : Math.abs(high) || 1;
    return linearScale(low - MARGIN * span, high + MARGIN * span);
}

/** From 0, if the values are positive and come near it. */
function levelScale(low, high) {
    const isNear = low >= 0 && (low < 0.5 * high || high === 0);
    return isNear ? linearScale(0, high * (1 + MARGIN) || 1) : tightScale(low, high);
}

function logScale(from, to) {
    const ratio = Math.max(to / from, 1.2);
    const [low, high] = [from / ratio ** MARGIN, from * ratio ** (1 + MARGIN)];
    const place = value => (value <= low ? 0 : clamped(Math.log(value / low) / Math.log(high / low)));
    return { low, isLog: true, place, ticks: fit => logTicks(low, high, fit) };
}

/** Words stand evenly, in their order. */
function wordScale(texts) {
    const every = fit => Math.ceil(texts.length / fit);
    const ticks = fit => texts.map((text, i) => [i, text]).filter(([i]) => i % every(fit) === 0);
    return { place: index => (index + 0.5) / texts.length, ticks };
}

/** Multiples of 1, 2 or 5 times a power of ten. */
function linearTicks(low, high, fit) {
    const rough = (high - low) / fit;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5].map(factor => factor * power).find(size => size >= 0.999 * rough) ?? 10 * power;
    const places = Math.max(-Math.floor(Math.log10(step) + 1e-9), 0);
    const text = value => (places > 5 ? significant(value) : value.toFixed(places));
    const first = Math.ceil(low / step - 1e-9);
    const last = Math.floor(high / step + 1e-9);
    // Adding 0 takes the sign from -0.
    return range(last - first + 1).map(i => (first + i) * step + 0).map(value => [value, text(value)]);
}

/** Powers of ten, with as many of their multiples between them as fit. */
function logTicks(low, high, fit) {
    // Across less than this a logarithm hardly bends.
    if (high < 4 * low) {
        return linearTicks(low, high, fit);
    }
    const first = Math.floor(Math.log10(low));
    const powers = range(Math.floor(Math.log10(high)) - first + 1).map(i => first + i);
    const inside = multiples => powers
        .flatMap(power => multiples.map(multiple => Number(`${multiple}e${power}`)))
        .filter(tick => low <= tick && tick <= high);
    const choices = [[1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 5], [1, 3], [1]].map(inside);
    const thin = choices[3].filter((_, i) => i % Math.ceil(choices[3].length / fit) === 0);
    return (choices.find(choice => choice.length <= fit) ?? thin).map(tick => [tick, significant(tick)]);
}

/** Whether steps grow with the values: they are more even as ratios. */
function isGeometric(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const spread = step => {
        const steps = sorted.slice(1).map((value, i) => step(sorted[i], value));
        return most(steps) / least(steps);
    };
    return sorted.length > 2 && sorted[0] > 0 && spread((a, b) => Math.log(b / a)) < spread((a, b) => b - a);
}

// ---- What a chart shows. A view says which: `x` and `by` are axes, `y` is a result, `held` settings of other axes.

/** Most curves that can be told apart, and most markers of one. */
const MAX_CURVES = 7;
const MANY_POINTS = 60;
/** Okabe and Ito's colours for words, a ramp from dark to light for numbers: those of `sweep plot`. */
const PALETTE = ["#0072b2", "#e69f00", "#000000", "#cc79a7", "#009e73", "#d55e00", "#56b4e9"];
const RAMP = ["#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962"];
const DASHES = ["none", "7 3", "2 3", "9 3 2 3", "12 3", "4 2", "9 3 2 3 2 3"];
/** Circle, square, triangle, diamond, wedge. */
const MARKERS = ["M-3.6 0a3.6 3.6 0 1 0 7.2 0a3.6 3.6 0 1 0-7.2 0Z", "M-3.3-3.3h6.6v6.6h-6.6Z", "M0-4.4L4.2 3.2H-4.2Z",
    "M0-4.8L4.8 0L0 4.8L-4.8 0Z", "M0 4.4L4.2-3.2H-4.2Z"];

function inkOf(index, count, isOrdered) {
    const isRamp = isOrdered && count > 2;
    const colour = isRamp ? RAMP[Math.round(index / (count - 1) * (RAMP.length - 1))] : PALETTE[index];
    return { colour, dash: isRamp ? "none" : DASHES[index], marker: MARKERS[index % MARKERS.length] };
}

/** At most so many indices, evenly spread, with both ends. */
function thinned(count, limit) {
    return count <= limit ? range(count) : range(limit).map(i => Math.round(i * (count - 1) / (limit - 1)));
}

/** Indices of values: numbers by size, words as they were written. */
function ordered(axis) {
    const indices = range(axis.values.length);
    return axis.numeric ? indices.sort((a, b) => axis.values[a] - axis.values[b]) : indices;
}

/** Axes that advance together with this one, itself included. */
const groupOf = (data, axis) => data.zip.find(group => group.includes(axis)) ?? [axis];
const allCells = data => range(data.cells.saturated.length);

/** Axes, or groups of them, that must be held so that a curve has one cell at each x. */
function heldGroups(data, view) {
    const shown = [view.x, view.by].filter(axis => axis !== null).flatMap(axis => groupOf(data, axis));
    const free = range(data.axes.length).filter(axis => data.axes[axis].values.length > 1 && !shown.includes(axis));
    const groups = free.map(axis => groupOf(data, axis).filter(other => free.includes(other)));
    return groups.filter((axes, i) => axes[0] === free[i]);
}

/** What a group can be held at, by its key: indices of values, as they come along in cells. */
function settingsOf(data, axes) {
    // Where an axis means nothing, those that advance with it say how far it is.
    const whole = setting => setting.map(index => index ?? setting.find(other => other !== null));
    const all = allCells(data).map(cell => whole(axes.map(axis => data.cells.axes[axis][cell])));
    const first = data.axes[axes[0]];
    const place = setting => (first.numeric ? first.values[setting[0]] : setting[0]);
    const known = all.filter(setting => !setting.includes(undefined)).sort((a, b) => place(a) - place(b));
    return new Map(known.map(setting => [setting.join(" "), setting]));
}

/** The setting that a group is held at: as chosen, else numbers in the middle and words at the first. */
function settingOf(data, view, axes) {
    const settings = settingsOf(data, axes);
    const start = data.axes[axes[0]].numeric ? Math.floor(settings.size / 2) : 0;
    return settings.get(view.held.get(axes.join(" "))) ?? [...settings.values()][start];
}

/** All that is drawn; with a problem, why there is nothing. */
function chartOf(data, view) {
    const [x, y, by] = [data.axes[view.x], data.results[view.y], data.axes[view.by] ?? null];
    const held = heldGroups(data, view).map(axes => [axes, settingOf(data, view, axes)]);
    // An axis that means nothing in a cell holds nothing there.
    const cells = allCells(data).filter(cell => held.every(([axes, setting]) =>
        axes.every((axis, i) => [null, setting[i]].includes(data.cells.axes[axis][cell]))));
    const indices = by ? thinned(by.values.length, MAX_CURVES).map(place => ordered(by)[place]) : [null];
    const curves = indices.map((index, i) => ({
        label: by ? withUnit(by, index) : "",
        ink: inkOf(i, indices.length, by?.numeric),
        points: pointsOf(data, view, cells.filter(cell => !by || data.cells.axes[view.by][cell] === index)),
    }));
    const known = curves.flatMap(curve => curve.points).filter(point => point.y !== null);
    const isShown = point => point.y !== null && (!view.logY || point.y > 0);
    const shown = known.filter(isShown);
    const title = `${y.short} against ${x.short}${by ? `, by ${by.short}` : ""}`;
    const at = held.flatMap(([axes, setting]) =>
        axes.map((axis, i) => `${data.axes[axis].short} ${withUnit(data.axes[axis], setting[i])}`)).join(", ");
    const chart = { x, y, by, shown, title: title[0].toUpperCase() + title.slice(1) + (at && `, at ${at}`) };
    if (shown.length === 0) {
        return { ...chart, curves: [], notes: [], problem: problemOf(data, view, cells, known) };
    }
    // One that is not shown is a gap.
    const gapped = curve => ({ ...curve, points: curve.points.map(point => (isShown(point) ? point : null)) });
    chart.curves = curves.filter(curve => curve.points.some(isShown)).map(gapped);
    chart.scaleX = xScale(x, view.logX);
    chart.scaleY = yScale(y, shown, view.logY);
    return { ...chart, notes: notesOf(data, view, chart, indices.length, known.length - shown.length), problem: "" };
}

/** Cells by rising x. */
function pointsOf(data, view, cells) {
    const point = cell => {
        const index = data.cells.axes[view.x][cell];
        const [y, half] = [data.cells.results[view.y][cell], halfWidth(data, view.y, cell)];
        return { cell, x: placedAt(data.axes[view.x], index), y, half, isSaturated: data.cells.saturated[cell] === 1 };
    };
    return cells.filter(cell => data.cells.axes[view.x][cell] !== null).map(point).sort((a, b) => a.x - b.x);
}

const placedAt = (axis, index) => (axis.numeric ? axis.values[index] : index);

function problemOf(data, view, cells, known) {
    const isIdle = axis => cells.every(cell => data.cells.axes[axis][cell] === null);
    const idle = [view.x, view.by].find(axis => axis !== null && isIdle(axis));
    if (cells.length === 0) {
        return "The run has no cell with these settings: choose others.";
    }
    if (idle !== undefined) {
        return `${data.axes[idle].short} means nothing with these settings: choose another axis, or other settings.`;
    }
    return known.length > 0
        ? "No value is above 0, so none has a place on a logarithmic axis: leave log y."
        : `${data.results[view.y].short} is not known in these cells: choose another result, or other settings.`;
}

function xScale(axis, isLog) {
    if (!axis.numeric) {
        return wordScale(axis.texts);
    }
    const scale = (isLog ? logScale : tightScale)(least(axis.values), most(axis.values));
    // A few values speak for themselves.
    const own = axis.values.map((value, i) => [value, axis.texts[i]]).sort((a, b) => a[0] - b[0]);
    return own.length <= 6 ? { ...scale, ticks: () => own } : scale;
}

function yScale(result, points, isLog) {
    const lowest = least(points.map(point => point.y));
    const low = least(points.map(point => point.y - (point.half ?? 0)));
    const high = most(points.map(point => point.y + (point.half ?? 0)));
    if (isLog) {
        return logScale(Math.max(low, lowest / MAX_STRETCH), high);
    }
    // Shares are seen against the whole.
    return result.unit === "share" ? levelScale(Math.min(low, 0), Math.max(high, 1)) : levelScale(low, high);
}

function notesOf(data, view, { x, by, shown, scaleY }, count, lost) {
    const intervals = x.numeric ? "Bands" : "Bars";
    const companions = axis => groupOf(data, axis).filter(other => ![view.x, view.by].includes(other));
    const names = axis => companions(axis).map(other => data.axes[other].short).join(", ");
    const together = [view.x, view.by].filter(axis => axis !== null && companions(axis).length > 0);
    return [
        shown.some(point => point.half !== null) && `${intervals} are ${percent(data.level)} % intervals.`,
        shown.some(point => point.isSaturated) && "Hollow points are saturated: more load than can be served. "
            + "Their values grow with the length of the run.",
        scaleY.isLog && shown.some(point => point.y - (point.half ?? 0) < scaleY.low)
            && "An interval that ends at the lower edge goes on below it, down to 0 or less.",
        lost > 0 && `${lost} values are not above 0 and have no place on a logarithmic axis.`,
        by && count < by.values.length && `${count} of the ${by.values.length} values of ${by.short} are shown.`,
        ...together.map(axis => `Goes along with ${data.axes[axis].short}: ${names(axis)}.`),
    ].filter(note => note);
}

// ---- Conditions, in the language of `sweep show --where`: comparisons of columns with values, joined by `and`.

const ACCEPTS = {
    "=": order => order === 0, "==": order => order === 0, "!=": order => order !== 0,
    "<": order => order < 0, "<=": order => order <= 0, ">": order => order > 0, ">=": order => order >= 0,
};
const TOKEN = /^(?:(==|!=|<=|>=|=|<|>)|'([^']*)'|"([^"]*)"|([^\s=!<>'"]+))/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const FLAGS = { yes: true, true: true, no: false, false: false };
const HOLDS = { number: "numbers", flag: "yes and no", word: "words" };

/** Whether a cell satisfies a condition, as a function. Throws an error in words if the text is none. */
function condition(text, columns) {
    const parts = [[]];
    for (const token of tokensOf(text)) {
        if (["or", "not"].includes(token.word)) {
            throw new Error(`${token.word} is not known here: comparisons are joined by “and”.`);
        }
        token.word === "and" ? parts.push([]) : parts.at(-1).push(token);
    }
    const tests = parts.map(part => comparison(part, columns));
    return cell => tests.every(test => test(cell));
}

function tokensOf(text) {
    const tokens = [];
    for (let rest = text.trim(); rest !== ""; rest = rest.slice(tokens.at(-1).length).trimStart()) {
        const found = TOKEN.exec(rest);
        if (!found) {
            throw new Error(rest[0] === "!" ? "Unexpected !" : "A quote is not closed.");
        }
        tokens.push({ operator: found[1], quoted: found[2] ?? found[3], word: found[4], length: found[0].length });
    }
    return tokens;
}

function comparison(part, columns) {
    const [left, { operator } = {}, right] = part;
    if (part.length !== 3 || !operator || left.operator || right.operator) {
        throw new Error("A comparison is a column, an operator (= != < <= > >=) and a value.");
    }
    if (left.word === undefined || isNumber(left.word)) {
        throw new Error("The left side of a comparison must be a column.");
    }
    const column = columns.find(known => known.column === left.word);
    if (!column) {
        throw new Error(`There is no column ${left.word}: ${nearestOrAll(left.word, names(columns))}`);
    }
    const isNull = right.word === "null";
    if (!["=", "==", "!="].includes(operator) && (isNull || column.kind !== "number")) {
        throw new Error(`${isNull ? "null" : HOLDS[column.kind]} can only be compared with = or !=.`);
    }
    if (isNull) {
        return cell => (column.value(cell) === null) === (operator !== "!=");
    }
    const value = rightSide(column, right, columns);
    return cell => {
        const order = orderOf(column.value(cell), value(cell));
        return order !== null && ACCEPTS[operator](order);
    };
}

const isNumber = word => NUMBER.test(word) && Number.isFinite(Number(word));
const names = columns => columns.map(known => known.column);

/** The right side of a comparison, as a function of the cell: a column, or the same value for all. */
function rightSide({ column, kind, words }, { quoted, word }, columns) {
    const other = columns.find(known => known.column === word);
    if (other && (other.kind === kind || kind !== "word")) {
        if (other.kind !== kind) {
            throw new Error(`${column} holds ${HOLDS[kind]}, ${word} holds ${HOLDS[other.kind]}.`);
        }
        return other.value;
    }
    const text = quoted ?? word;
    if (kind === "number" && !isNumber(text)) {
        const numbers = names(columns.filter(known => known.kind === "number"));
        throw new Error(`${text} is neither a number nor a column of numbers: ${nearestOrAll(text, numbers)}`);
    }
    if (kind !== "number" && word !== undefined && isNumber(word)) {
        throw new Error(`${column} holds ${HOLDS[kind]}, not numbers; a word may stand in quotes.`);
    }
    if (kind === "flag" && !Object.hasOwn(FLAGS, text)) {
        throw new Error(`${text}: write ${column} = yes or ${column} = no.`);
    }
    if (kind === "word" && !words.includes(text)) {
        throw new Error(`${column} is never ${text}: ${nearestOrAll(text, words)}`);
    }
    const value = kind === "number" ? Number(text) : text;
    return () => (kind === "flag" ? FLAGS[text] : value);
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
    const steps = new Map(known.map(other => [other, distance(name, other)]));
    const [nearest] = [...known].sort((a, b) => steps.get(a) - steps.get(b));
    const isNear = steps.get(nearest) <= name.length / 3;
    return isNear ? `did you mean ${nearest}?` : `choose from ${known.slice(0, 24).join(", ")}.`;
}

/** Letters to change, add, leave out, or swap with their neighbour. */
function distance(one, other) {
    const steps = range(one.length + 1).map(i => range(other.length + 1).map(j => (i === 0 ? j : i)));
    for (const i of range(one.length).map(place => place + 1)) {
        for (const j of range(other.length).map(place => place + 1)) {
            const isSame = one[i - 1] === other[j - 1];
            const isSwapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
            steps[i][j] = Math.min(steps[i - 1][j] + 1, steps[i][j - 1] + 1, steps[i - 1][j - 1] + Number(!isSame),
                isSwapped ? steps[i - 2][j - 2] + 1 : Infinity);
        }
    }
    return steps[one.length][other.length];
}

// ---- Columns of the table, and the order of rows.

/** Results before what there is to mind about a cell. */
const FRONT = 3;

/** All columns that a condition may name; those with a label are shown. */
function columnsOf(data) {
    const { axes, results, saturated, replications, flags } = data.cells;
    const number = (column, label, value, text = value) => ({ column, label, kind: "number", value, text });
    const index = (i, cell) => axes[i][cell];
    const shown = data.results.map(({ column, label }, i) =>
        number(column, label, cell => results[i][cell], cell => resultText(data, i, cell)));
    return [
        number("cell", "cell", cell => cell),
        ...data.axes.map((axis, i) => ({
            column: axis.column, label: axis.values.length > 1 && axis.label,
            kind: { number: "number", boolean: "flag" }[typeof axis.values[0]] ?? "word", words: axis.values,
            value: cell => (index(i, cell) === null ? null : axis.values[index(i, cell)]),
            text: cell => (index(i, cell) === null ? "-" : axis.texts[index(i, cell)]),
        })),
        ...shown.slice(0, FRONT),
        {
            column: "saturated", label: data.flags.some(text => text !== "") && "to mind", kind: "flag",
            value: cell => saturated[cell] === 1, text: cell => data.flags[flags[cell]],
        },
        ...shown.slice(FRONT),
        number("replications", "replications", cell => replications[cell]),
        ...data.results.map(({ column }, i) =>
            number(`${column}_ci${percent(data.level)}`, false, cell => halfWidth(data, i, cell))),
    ];
}

/** Sorted by a column, null last; what is equal stays in order. */
function sorted(cells, column, isFalling) {
    const values = new Map(cells.map(cell => [cell, column.value(cell)]));
    return [...cells].sort((a, b) => {
        const [one, other] = [values.get(a), values.get(b)];
        const order = orderOf(one, other);
        return order === null ? Number(one === null) - Number(other === null) : order * (isFalling ? -1 : 1);
    });
}

// ---- The page.

const at = id => document.getElementById(id);

function element(name, properties, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
}

function shape(parent, name, attributes, text = "") {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    made.textContent = text;
    parent.append(made);
    return made;
}

const fine = number => number.toFixed(2);
const pathOf = places => places.map(([x, y], i) => `${i === 0 ? "M" : "L"}${fine(x)} ${fine(y)}`).join("");

function marker(parent, { colour, marker: d }, [x, y], isHollow) {
    const look = { class: isHollow ? "marker hollow" : "marker", fill: isHollow ? "#ffffff" : colour, stroke: colour };
    return shape(parent, "path", { d, transform: `translate(${fine(x)} ${fine(y)})`, "stroke-width": 1.5, ...look });
}

/** Runs of neighbours that all satisfy a test. */
function pieces(points, test) {
    const ends = [-1, ...range(points.length).filter(i => !points[i] || !test(points[i])), points.length];
    return ends.slice(1).map((end, i) => points.slice(ends[i] + 1, end)).filter(piece => piece.length > 0);
}

/** Draws a chart so wide; returns its points, with their curves and places. */
function draw(svg, { x, y, scaleX, scaleY, curves }, width) {
    const height = width < 560 ? 300 : 400;
    const letters = ticks => 7.2 * most(ticks.map(([, text]) => text.length));
    const ticksY = scaleY.ticks(7);
    const [left, right, top, bottom] = [14 + letters(ticksY), width - 14, 30, height - 44];
    const fit = Math.floor((right - left) / (letters(scaleX.ticks(8)) + 16));
    const ticksX = scaleX.ticks(Math.min(Math.max(fit, 2), 10));
    const toX = value => left + scaleX.place(value) * (right - left);
    const toY = value => bottom - scaleY.place(value) * (bottom - top);
    svg.replaceChildren();
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    for (const [place, text] of ticksX.map(([value, name]) => [fine(toX(value)), name])) {
        shape(svg, "path", { class: "grid", d: `M${place} ${top}V${bottom}` });
        shape(svg, "text", { class: "tick x", x: place, y: bottom + 17, "text-anchor": "middle" }, text);
    }
    for (const [place, text] of ticksY.map(([value, name]) => [fine(toY(value)), name])) {
        shape(svg, "path", { class: "grid", d: `M${fine(left)} ${place}H${fine(right)}` });
        shape(svg, "text", { class: "tick y", x: fine(left - 7), y: place, dy: 4, "text-anchor": "end" }, text);
    }
    shape(svg, "path", { class: "axis", d: `M${fine(left)} ${top}V${bottom}H${fine(right)}` });
    shape(svg, "text", { x: 2, y: 16 }, y.label);
    shape(svg, "text", { x: fine((left + right) / 2), y: bottom + 37, "text-anchor": "middle" }, x.label);
    // Over words, curves stand beside each other.
    const step = x.numeric ? 0 : Math.min(14, (right - left) / x.values.length / (curves.length + 1));
    const placed = curves.map((curve, i) => curve.points.map(point => point && {
        ...point, curve, at: [toX(point.x) + (i - (curves.length - 1) / 2) * step, toY(point.y)],
        ends: point.half === null ? null : [toY(point.y + point.half), toY(point.y - point.half)],
    }));
    placed.forEach((points, i) => drawIntervals(svg, curves[i].ink, points, x.numeric));
    placed.forEach((points, i) => drawCurve(svg, curves[i].ink, points, x.numeric));
    return placed.flat().filter(point => point);
}

/** Bands along numbers; bars where points stand alone. */
function drawIntervals(svg, { colour }, points, isJoined) {
    const group = shape(svg, "g", { class: "intervals" });
    for (const piece of pieces(points, point => point.ends)) {
        if (isJoined && piece.length > 1) {
            const edge = end => piece.map(point => [point.at[0], point.ends[end]]);
            shape(group, "path", { class: "band", d: `${pathOf([...edge(0), ...edge(1).reverse()])}Z`, fill: colour });
            continue;
        }
        for (const { at: [x], ends: [upper, lower] } of piece) {
            const lines = [[[x, upper], [x, lower]], ...[upper, lower].map(y => [[x - 4, y], [x + 4, y]])];
            shape(group, "path", { class: "bar", d: lines.map(pathOf).join(""), stroke: colour });
        }
    }
}

function drawCurve(svg, ink, points, isJoined) {
    const group = shape(svg, "g", { class: "curve" });
    for (const piece of isJoined ? pieces(points, () => true) : []) {
        const d = pathOf(piece.map(point => point.at));
        shape(group, "path", { class: "line", d, stroke: ink.colour, "stroke-dasharray": ink.dash });
    }
    // Of many points every few have a marker, and those that must be told apart.
    const every = Math.ceil(points.length / MANY_POINTS);
    const marked = points.filter((point, i) => point && (point.isSaturated || i % every === 0));
    marked.forEach(point => marker(group, ink, point.at, point.isSaturated).setAttribute("data-cell", point.cell));
}

function fill(select, options, value) {
    select.replaceChildren(...options.map(([key, text]) => element("option", { value: key, textContent: text })));
    select.value = value;
}

/** The chart to explore, with its controls. */
function showExplorer(data) {
    if (data.start.x === null) {
        at("explore-note").textContent = "There is nothing to draw: no axis has several values.";
        return;
    }
    const { x, y, by, log_x: logX, log_y: logY } = data.start;
    const view = { x, y, by, logX, logY, held: new Map() };
    const swept = range(data.axes.length).filter(axis => data.axes[axis].values.length > 1 || axis === x);
    let [chart, points, chosen] = [null, [], null];

    function showControls() {
        const option = axis => [axis, data.axes[axis].short];
        const others = swept.filter(axis => !groupOf(data, view.x).includes(axis));
        fill(at("y"), data.results.map((result, i) => [i, result.short]), view.y);
        fill(at("x"), swept.map(option), view.x);
        fill(at("by"), [["", "nothing"], ...others.map(option)], view.by ?? "");
        at("held").replaceChildren(...heldGroups(data, view).map(control));
        at("log-x").disabled = !data.axes[view.x].numeric || least(data.axes[view.x].values) <= 0;
        view.logX = view.logX && !at("log-x").disabled;
        [at("log-x").checked, at("log-y").checked] = [view.logX, view.logY];
        showChart();
    }

    /** What axes that are not shown are held at. */
    function control(axes) {
        const text = setting => setting.map((index, i) => withUnit(data.axes[axes[i]], index)).join(", ");
        const select = element("select", { name: axes.join(" ") });
        const options = [...settingsOf(data, axes)].map(([key, setting]) => [key, text(setting)]);
        fill(select, options, settingOf(data, view, axes).join(" "));
        select.addEventListener("change", () => {
            view.held.set(select.name, select.value);
            showChart();
        });
        return element("label", {}, `${axes.map(axis => data.axes[axis].short).join(", ")} `, select);
    }

    function showChart() {
        chart = chartOf(data, view);
        at("chart-title").textContent = chart.title;
        at("nothing").textContent = chart.problem;
        at("chart").toggleAttribute("hidden", chart.problem !== "");
        at("reader").hidden = chart.problem !== "";
        at("chart-notes").replaceChildren(...chart.notes.map(note => element("li", { textContent: note })));
        at("legend").replaceChildren(...(chart.by ? chart.curves.map(legendEntry) : []));
        const width = Math.round(at("chart").getBoundingClientRect().width);
        points = chart.problem === "" ? draw(at("chart"), chart, Math.max(width, 240)) : [];
        at("point").max = String(points.length - 1);
        read(points.findIndex(point => point.cell === chosen));
    }

    function legendEntry({ ink, label }) {
        const entry = element("li", {});
        const sample = shape(entry, "svg", { viewBox: "0 0 40 16", "aria-hidden": "true" });
        shape(sample, "path", { class: "line", d: "M0 8H40", stroke: ink.colour, "stroke-dasharray": ink.dash });
        marker(sample, ink, [20, 8], false);
        entry.append(label);
        return entry;
    }

    /** Says what a point is, and marks it; -1 for none. */
    function read(index) {
        at("chart").querySelector(".cursor")?.remove();
        const hint = "Point at the chart, or go along its points with the slider.";
        const point = points[index];
        at("reading").textContent = point ? textOf(point) : hint;
        at("point").value = String(Math.max(index, 0));
        at("point").setAttribute("aria-valuetext", point ? textOf(point) : "no point");
        if (point) {
            chosen = point.cell;
            shape(at("chart"), "circle", { class: "cursor", cx: fine(point.at[0]), cy: fine(point.at[1]), r: 8 });
        }
    }

    function textOf({ cell, curve, isSaturated }) {
        const place = `${chart.x.short} ${withUnit(chart.x, data.cells.axes[view.x][cell])}`;
        const unit = ["share", "no unit"].includes(chart.y.unit) ? "" : ` ${chart.y.unit}`;
        const value = `${chart.y.short} ${resultText(data, view.y, cell)}${unit}`;
        const head = curve.label && `${curve.label}, `;
        return `${head}${place}: ${value}${isSaturated ? ", saturated" : ""} (cell ${cell})`;
    }

    /** The point next to the pointer, if there is one near it. */
    function onPointer(event) {
        const box = at("chart").getBoundingClientRect();
        const scale = at("chart").viewBox.baseVal.width / box.width;
        const [left, top] = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
        const far = points.map(point => Math.hypot(point.at[0] - left, point.at[1] - top));
        if (least(far) < 40) {
            read(far.indexOf(least(far)));
        }
    }

    function onX() {
        const before = view.x;
        view.x = Number(at("x").value);
        // Axes change places rather than be both.
        if (groupOf(data, view.x).includes(view.by)) {
            view.by = groupOf(data, view.x).includes(before) ? null : before;
        }
        view.logX = data.axes[view.x].numeric && isGeometric(data.axes[view.x].values);
        showControls();
    }

    function onResult() {
        view.y = Number(at("y").value);
        const values = chartOf(data, { ...view, logY: false }).shown.map(point => point.y);
        view.logY = data.results[view.y].unit !== "share" && least(values) > 0 && most(values) > 10 * least(values);
        showControls();
    }

    function on(id, change) {
        at(id).addEventListener("change", () => change(at(id)));
    }

    at("explore-note").remove();
    at("explorer").hidden = false;
    on("x", onX);
    on("y", onResult);
    on("by", ({ value }) => { view.by = value === "" ? null : Number(value); showControls(); });
    on("log-x", ({ checked }) => { view.logX = checked; showChart(); });
    on("log-y", ({ checked }) => { view.logY = checked; showChart(); });
    at("point").addEventListener("input", () => read(Number(at("point").value)));
    at("chart").addEventListener("pointermove", onPointer);
    at("chart").addEventListener("pointerdown", onPointer);
    showControls();
    let width = at("explorer").clientWidth;
    new ResizeObserver(() => {
        if (at("explorer").clientWidth !== width) {
            width = at("explorer").clientWidth;
            showChart();
        }
    }).observe(at("explorer"));
}

/** Most rows of the table that are on the page at once. */
const PAGE = 100;

/** The table of all cells. Returns a function that shows some of them alone. */
function showTable(data) {
    const columns = columnsOf(data);
    const shown = columns.filter(column => column.label);
    const all = allCells(data);
    const state = { order: all, column: columns[0], isFalling: false, test: () => true, only: null, from: 0 };

    function heading(column) {
        const button = element("button", { type: "button", textContent: column.label });
        button.addEventListener("click", () => {
            state.isFalling = state.column === column && !state.isFalling;
            state.column = column;
            state.order = sorted(state.order, column, state.isFalling);
            showRows(0);
        });
        const name = element("code", { textContent: column.column });
        return element("th", { scope: "col", className: column.kind }, button, name);
    }

    function row(cell) {
        const entry = ({ kind, text }) => element("td", { className: kind, textContent: text(cell) });
        return element("tr", {}, ...shown.map(entry));
    }

    function showRows(from) {
        const cells = state.order.filter(cell => (!state.only || state.only.has(cell)) && state.test(cell));
        const page = cells.slice(from, from + PAGE);
        const [some, every] = [cells.length, all.length].map(count => count.toLocaleString("en"));
        const span = page.length < cells.length ? `, rows ${from + 1} to ${from + page.length}` : "";
        state.from = from;
        at("rows").replaceChildren(...page.map(row));
        at("table-box").scrollTop = 0;
        [...at("head").rows[0].cells].forEach((cell, i) => {
            const order = state.isFalling ? "descending" : "ascending";
            cell.ariaSort = shown[i] === state.column ? order : "none";
        });
        at("shown").textContent = `${some} of ${every} cell${all.length === 1 ? "" : "s"}${span}`;
        at("pager").hidden = cells.length <= PAGE;
        at("previous").disabled = from === 0;
        at("next").disabled = from + PAGE >= cells.length;
    }

    function onFilter() {
        const text = at("where").value.trim();
        let problem = "";
        try {
            state.test = text === "" ? () => true : condition(text, columns);
            showRows(0);
        } catch (error) {
            problem = error.message;
        }
        at("where-problem").textContent = problem;
        at("where").ariaInvalid = String(problem !== "");
    }

    function showOnly(cells, sentence) {
        state.only = cells && new Set(cells);
        at("chosen").hidden = !cells;
        at("chosen-text").textContent = `Only cells of the answer “${sentence}”`;
        at("where").value = "";
        onFilter();
        at("cells-title").focus();
    }

    at("cells-note").remove();
    at("tools").hidden = false;
    at("head").replaceChildren(element("tr", {}, ...shown.map(heading)));
    at("example").textContent = example(data);
    at("table-note").textContent = tableNote(data);
    at("filter").addEventListener("submit", event => {
        event.preventDefault();
        onFilter();
    });
    // The cross of a search field has no event of its own everywhere.
    at("where").addEventListener("input", () => at("where").value === "" && onFilter());
    at("all").addEventListener("click", () => showOnly(null, ""));
    at("previous").addEventListener("click", () => showRows(state.from - PAGE));
    at("next").addEventListener("click", () => showRows(state.from + PAGE));
    showRows(0);
    return showOnly;
}

/** A condition that fits this run. */
function example(data) {
    const swept = data.axes.filter(axis => axis.values.length > 1);
    const number = swept.find(axis => axis.numeric);
    const word = swept.find(axis => /^[a-z_]+$/.test(axis.values[0]));
    const parts = [
        number && `${number.column} >= ${number.texts[Math.floor(number.texts.length / 2)]}`,
        word && `${word.column} = ${word.values[0]}`,
    ];
    return parts.filter(part => part).join(" and ") || "replications > 1";
}

function tableNote(data) {
    const constant = data.axes.filter((axis, i) => axis.values.length === 1 && !data.cells.axes[i].includes(null));
    const settings = constant.map(axis => `${axis.short} ${withUnit(axis, 0)}`).join(", ");
    const signs = `± is the half width of a ${percent(data.level)} % interval, ~ a value without one, - nothing known.`;
    return settings ? `${signs} The same in all cells: ${settings}.` : signs;
}

/** Each answer that speaks of cells gets a button that shows them. */
function showAnswers(showOnly) {
    for (const item of document.querySelectorAll("#answers-list li, #minded li")) {
        const cells = (item.dataset.cells ?? "").split(" ").filter(text => text !== "").map(Number);
        const sentence = item.textContent;
        const text = cells.length === 1 ? "Show its cell" : `Show its ${cells.length} cells`;
        const button = element("button", { type: "button", className: "as-link", textContent: text });
        button.addEventListener("click", () => showOnly(cells, sentence));
        item.append(...(cells.length > 0 ? [" ", button] : []));
    }
}

function showCopying() {
    at("copy").hidden = false;
    at("copy").addEventListener("click", async () => {
        try {
            await navigator.clipboard.writeText(at("command").textContent);
            at("copied").textContent = "Copied.";
        } catch {
            getSelection().selectAllChildren(at("command"));
            at("copied").textContent = "This browser lets no page copy. The command is selected: press Ctrl-C or ⌘C.";
        }
    });
}

/** What a box cannot show at once is scrolled by keys, too. */
function reachScrollers() {
    for (const box of document.querySelectorAll("#figures figure")) {
        box.removeAttribute("tabindex");
        if (box.scrollWidth > box.clientWidth) {
            box.tabIndex = 0;
        }
    }
}

/** On paper nothing can be opened. */
function openForPrint() {
    let opened = [];
    addEventListener("beforeprint", () => {
        opened = [...document.querySelectorAll("details:not([open])")];
        opened.forEach(details => { details.open = true; });
    });
    addEventListener("afterprint", () => opened.forEach(details => { details.open = false; }));
}

/** The data of the page. */
async function unpacked() {
    const bytes = Uint8Array.from(atob(at("data").textContent.trim()), letter => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
}

async function show() {
    document.title = `${document.querySelector("h1").textContent}: report of a sweep`;
    showCopying();
    reachScrollers();
    addEventListener("resize", reachScrollers);
    openForPrint();
    let data = null;
    try {
        data = await unpacked();
    } catch {
        at("explore-note").textContent = "This browser cannot unpack the data of this page. "
            + "So there is no chart to explore, and the table has the first cells only.";
        return;
    }
    showExplorer(data);
    showAnswers(showTable(data));
}

show();
})();
