// SPDX-License-Identifier: MIT
// The drawing of a mail's story.  A mail is sent in milliseconds and may wait
// for days: the axis is no scale, a stretch grows with the logarithm of its
// time, and each says how long it was.
//
//	postferry  o--received        .....waited 30 s.....          (v) sent
//	mailgun     \=1=== outage 503 .                  .
//	mandrill                                          \=2= accepted

import { draw } from "./element.js";
import { duration, moment } from "./words.js";

const LANE = 58;
const TOP = 14;
const AXIS = 26;
const BAR = 18;
const LETTER = 6.3; // px, at 11 px: enough to know what fits
const BOLD = 7.2;
const NARROW = 560;
const STEP = 34; // px, the least that a stretch gets before it scrolls
const FELT = 500; // ms: shorter waiting is nobody's concern

function weight(ms) {
	return 0.55 + Math.log10(1 + Math.max(0, ms) / 10);
}

// Every instant there is, and where it stands.
function scale_of(story, now, left, right) {
	const instants = new Set([story.start]);
	for (const fact of story.facts) {
		instants.add(fact.from);
		if (fact.until !== undefined)
			instants.add(fact.until);
	}
	if (story.end && story.end.from !== null)
		instants.add(story.end.from);
	else
		instants.add(now);
	const sorted = [...instants].sort((a, b) => a - b);
	const sums = [0];
	for (let i = 1; i < sorted.length; i++)
		sums.push(sums[i - 1] + weight(sorted[i] - sorted[i - 1]));
	const total = sums[sums.length - 1] || 1;
	const x = new Map(sorted.map((instant, i) =>
		[instant, left + (right - left) * sums[i] / total]));
	return { instants: sorted, x: (instant) => x.get(instant) };
}

// The first of the texts that fits.
function fitting(texts, room, letter) {
	return texts.find((text) => text.length * letter <= room) || "";
}

// Above each lane there is one line for words: who comes first has it.
function claim(frame, lane, from, until) {
	const taken = frame.taken[lane] || (frame.taken[lane] = []);
	if (taken.some((one) => from < one.until + 6 && until + 6 > one.from))
		return false;
	taken.push({ from, until });
	return true;
}

function label(x, y, text, name, anchor) {
	return draw("text", { x, y, class: name, "text-anchor": anchor || "start" },
		text);
}

function titled(node, text) {
	node.append(draw("title", {}, text));
	return node;
}

function lane_lines(frame) {
	return frame.lanes.map((name, i) => {
		const y = frame.y(i);
		if (!frame.gutter)
			claim(frame, i, 0, name.length * LETTER + 6);
		return draw("line", { class: "lane", x1: frame.left, x2: frame.right,
			y1: y, y2: y });
	});
}

function lane_names(frame) {
	return frame.lanes.map((name, i) => label(0,
		frame.y(i) + (frame.gutter ? 4 : -13), name, "lane-name"));
}

// Where nothing was under way, and long enough to be felt: how long it waited.
function gaps(frame, story) {
	const out = [];
	const { instants, x } = frame.scale;
	const y = frame.y(0);
	const busy = (from, until) => story.facts.some((fact) =>
		fact.kind === "attempt" && fact.from < until && fact.until > from);
	const last = story.end && story.end.kind === "settled"
		? story.end.from : Infinity;
	for (let i = 1; i < instants.length; i++) {
		const [from, until] = [instants[i - 1], instants[i]];
		if (busy(from, until) || from >= last || until - from < FELT)
			continue;
		const word = until > frame.now ? "waits" : "waited";
		const text = fitting([`${word} ${duration(until - from)}`,
			duration(until - from)], x(until) - x(from) - 28, LETTER);
		const middle = (x(from) + x(until)) / 2;
		const half = text.length * LETTER / 2;
		out.push(titled(draw("line", { class: until > frame.now ? "to-come" : "gap",
			x1: x(from), x2: x(until), y1: y, y2: y }),
			`${word} ${duration(until - from)}`));
		if (text !== "" && claim(frame, 0, middle - half, middle + half))
			out.push(label(middle, y - 11, text, "small", "middle"));
	}
	return out;
}

function bar(frame, fact, next) {
	const y = frame.y(frame.lanes.indexOf(fact.provider));
	const from = frame.scale.x(fact.from);
	const width = Math.max(BAR, frame.scale.x(fact.until) - from);
	const took = fact.took === null ? "" : ` ${duration(fact.took)}`;
	const code = fact.status ? ` ${fact.status}` : "";
	const texts = [`${fact.what}${code} ·${took}`, `${fact.what} ·${took}`,
		fact.what, took.trim()];
	const text = fact.open ? "asked…"
		: fitting(texts, Math.max(next - from, width), BOLD);
	return titled(draw("g", { class: `attempt c-${fact.class}`,
		"data-class": fact.class, "data-provider": fact.provider },
		draw("rect", { x: from, y: y - BAR / 2, width, height: BAR, rx: 3 }),
		label(from + BAR / 2, y + 4, String(fact.number), "number", "middle"),
		label(from, y + BAR / 2 + 13, text, "class")),
		`${fact.provider}: ${fact.what}${code}${took}. ${fact.detail}`);
}

// From where the mail was to who is asked next.
function road(frame, from, to) {
	if (from.y === to.y)
		return null;
	const x = Math.max(to.x, from.x);
	const middle = (from.x + x) / 2;
	return draw("path", { class: "road",
		d: `M${from.x} ${from.y}C${middle} ${from.y} ${middle} ${to.y} ${x} ${to.y}` });
}

function bars(frame, story) {
	const attempts = story.facts.filter((fact) => fact.kind === "attempt");
	const roads = [];
	const out = [];
	let before = { x: frame.scale.x(story.start), y: frame.y(0) };
	for (const [i, fact] of attempts.entries()) {
		const after = attempts.slice(i + 1)
			.find((one) => one.provider === fact.provider);
		const y = frame.y(frame.lanes.indexOf(fact.provider));
		const x = frame.scale.x(fact.from);
		roads.push(road(frame, before, { x, y }));
		out.push(bar(frame, fact, after ? frame.scale.x(after.from) - 4
			: frame.width));
		before = { x: Math.max(frame.scale.x(fact.until), x + BAR), y };
	}
	if (story.end)
		roads.push(road(frame, before, { x: end_x(frame, story), y: frame.y(0) }));
	return [...roads, ...out];
}

// Of what was asked, done and told: a mark, and its word where there is room.
function marks(frame, story) {
	const out = [];
	for (const fact of story.facts.filter((one) => one.short)) {
		const lane = Math.max(0, frame.lanes.indexOf(fact.provider));
		const x = frame.scale.x(fact.from);
		const y = frame.y(lane);
		const length = fact.short.length * LETTER;
		const at_end = x - 4 + length > frame.width;
		const from = at_end ? x + 4 - length : x - 4;
		const room = from > 0 && claim(frame, lane, from, from + length);
		const kind = fact.kind === "event" && fact.bad ? "event bad" : fact.kind;
		out.push(titled(draw("g", { class: `mark-at ${kind}`,
			"data-kind": fact.kind },
			draw("path", { d: `M${x} ${y - 6}l6 6-6 6-6-6z` }),
			room ? label(at_end ? x + 4 : x - 4, y - 11, fact.short, "small",
				at_end ? "end" : "start") : ""),
			`${fact.what} ${fact.detail}`));
	}
	return out;
}

function start_mark(frame, story) {
	const x = frame.scale.x(story.start);
	const y = frame.y(0);
	const text = "received";
	// a lane's own name stands there where there is no gutter
	const room = frame.gutter &&
		claim(frame, 0, x - 6, x - 6 + text.length * LETTER);
	return titled(draw("g", { class: "mark-at received" },
		draw("circle", { cx: x, cy: y, r: 6 }),
		room ? label(x - 6, y - 11, text, "small") : ""), text);
}

const ENDS = {
	sent: "M-4 0l3 3 5-6",
	partly: "M-4 0h8M0-4v8",
	bounced: "M-3-3l6 6M3-3l-6 6",
	dropped: "M-4 0h8",
	held: "M-2.5-3.5v7M2.5-3.5v7",
	waiting: "M0-4.5v4.5l3 2",
	doubt: "M-2-2.2a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.4M0 4v.1",
};

function end_x(frame, story) {
	return story.end.from === null ? frame.right - 12
		: frame.scale.x(story.end.from);
}

function end_mark(frame, story) {
	const end = story.end;
	if (!end)
		return null;
	const x = end_x(frame, story);
	const y = frame.y(0);
	return draw("g", { class: `mark-at end s-${end.state}`,
		"data-end": end.state },
		draw("circle", { cx: x, cy: y, r: 9 }),
		draw("path", { transform: `translate(${x} ${y})`, d: ENDS[end.state] }),
		label(Math.min(x + 9, frame.width), y + 24, end.what, "end-name", "end"));
}

// The clock at the left, then how long after that.
function axis(frame, story) {
	const y = frame.height - AXIS + 4;
	const out = [draw("line", { class: "axis", x1: frame.left, x2: frame.right,
		y1: y, y2: y })];
	let free = frame.left;
	const { instants, x } = frame.scale;
	for (const instant of instants) {
		const text = instant === story.start ? moment(instant)
			: `+${duration(instant - story.start)}`;
		const length = text.length * LETTER;
		const at_end = x(instant) + length > frame.width;
		const from = at_end ? frame.width - length : x(instant);
		out.push(draw("line", { class: "axis", x1: x(instant), x2: x(instant),
			y1: y - 3, y2: y + 3 }));
		if (from < free)
			continue;
		out.push(label(at_end ? frame.width : x(instant), y + 17, text, "tick",
			at_end ? "end" : "start"));
		free = from + length + 10;
	}
	return out;
}

// An SVG of that width, or wider when there is more to tell than fits.
export function timeline(story, now, room) {
	const gutter = room >= NARROW;
	const names = ["postferry", ...story.providers];
	const longest = Math.max(...names.map((name) => name.length));
	const left = gutter ? Math.min(150, Math.max(80, longest * 7 + 22)) : 8;
	const steps = story.facts.length + 2;
	const width = Math.max(room, left + steps * STEP);
	const height = TOP + names.length * LANE + AXIS + 8;
	const frame = { gutter, taken: {}, left, right: width - 14, width, height, now,
		lanes: names, y: (lane) => TOP + 22 + lane * LANE };
	frame.scale = scale_of(story, now, left + 8, frame.right - 12);
	const svg = draw("svg", { width, height, viewBox: `0 0 ${width} ${height}`,
		class: "timeline", role: "img" });
	svg.append(draw("defs", {}, draw("pattern", { id: "hatch", width: 6,
		height: 6, patternUnits: "userSpaceOnUse",
		patternTransform: "rotate(45)" },
		draw("rect", { width: 6, height: 6, class: "hatch-ground" }),
		draw("rect", { width: 2.5, height: 6, class: "hatch-line" }))));
	// words find their places in this order; the first mark stands on a road
	const start = start_mark(frame, story);
	const marked = marks(frame, story);
	for (const node of [lane_lines(frame), gaps(frame, story), start,
		bars(frame, story), marked, end_mark(frame, story),
		axis(frame, story), lane_names(frame)].flat())
		if (node)
			svg.append(node);
	return svg;
}
