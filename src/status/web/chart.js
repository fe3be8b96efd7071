// SPDX-License-Identifier: MIT
// Small charts.  They are drawn in a box of their own units and stretched to
// the room there is; what is to be read stands beside them as text.

import { draw, make } from "./element.js";

const HIGH = 100;

function svg(count, name, text) {
	return draw("svg", { viewBox: `0 0 ${count} ${HIGH}`, class: `chart ${name}`,
		preserveAspectRatio: "none", role: "img", "aria-label": text });
}

// Sums (or the worst, or the last) of `size` points each; null is no point.
export function bundle(points, size, join) {
	const out = [];
	for (let i = 0; i < points.length; i += size) {
		const some = points.slice(i, i + size).filter((one) => one !== null);
		out.push(some.length === 0 ? null : some.reduce(join));
	}
	return out;
}

export const sum = (a, b) => a + b;
export const most = (a, b) => Math.max(a, b);

// A round number not under the highest, so that the chart does not jump.
export function ceiling(highest, least) {
	for (let power = 1; ; power *= 10)
		for (const step of [1, 2, 5])
			if (step * power >= Math.max(highest, least))
				return step * power;
}

// series: { name, points }, stacked from the bottom; one path each.
export function stacked(series, top, text) {
	const count = series.length === 0 ? 1 : series[0].points.length;
	const node = svg(count, "stacked", text);
	const floor = new Array(count).fill(0);
	for (const { name, points } of series) {
		let d = "";
		points.forEach((value, i) => {
			if (!value)
				return;
			// what happened once is seen beside what happened often
			const high = Math.max(HIGH * value / top, 4);
			const y = HIGH - floor[i] - high;
			d += `M${i + 0.1} ${y.toFixed(2)}h0.8v${high.toFixed(2)}h-0.8z`;
			floor[i] += high;
		});
		if (d !== "")
			node.append(draw("path", { d, class: `f-${name}` }));
	}
	return node;
}

function line_of(points, top) {
	let d = "";
	let pen = false;
	points.forEach((value, i) => {
		if (value === null) {
			pen = false;
			return;
		}
		const y = (HIGH - HIGH * Math.min(1, value / top)).toFixed(2);
		d += `${pen ? "L" : "M"}${i} ${y}h1`;
		pen = true;
	});
	return d;
}

// series: { name, points }; null interrupts the line.
export function lines(series, top, text) {
	const count = series.length === 0 ? 1 : series[0].points.length;
	const node = svg(count, "lines", text);
	for (const { name, points } of series)
		node.append(draw("path", { d: line_of(points, top), class: `l-${name}` }));
	return node;
}

// One band of words, each run of the same in its colour.
export function strip(words, text) {
	const node = svg(words.length || 1, "strip", text);
	for (let i = 0; i < words.length;) {
		let until = i + 1;
		while (until < words.length && words[until] === words[i])
			until++;
		if (words[i] !== null)
			node.append(draw("rect", { x: i, y: 0, width: until - i, height: HIGH,
				class: `b-${words[i].replace(/ /g, "-")}` }));
		i = until;
	}
	return node;
}

// What its edges mean: the highest value, and from when until when.
export function corners(top, minutes) {
	const corner = (name, text) =>
		make("span", { class: name, "aria-hidden": "true" }, text);
	return [corner("top", top), corner("since", `${minutes} min ago`),
		corner("until", "now")];
}
