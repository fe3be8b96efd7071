// SPDX-License-Identifier: MIT
// A cursor in a chart: where the pointer is, the values of that moment.  What
// it tells is also in the chart's text, so nobody needs a pointer.

import { make, say } from "./element.js";

const plots = new WeakMap(); // of each: its line, its words, what it tells

function move(event) {
	const plot = event.currentTarget;
	const of = plots.get(plot);
	const box = plot.getBoundingClientRect();
	const share = (event.clientX - box.left) / box.width;
	const i = Math.min(of.count - 1, Math.max(0, Math.floor(share * of.count)));
	const left = (i + 0.5) / of.count;
	if (!of.line.isConnected)
		plot.append(of.line, of.words);
	of.line.style.left = `${100 * left}%`;
	of.words.style.left = left < 0.5 ? `${100 * left}%` : "auto";
	of.words.style.right = left < 0.5 ? "auto" : `${100 - 100 * left}%`;
	say(of.words, of.tell(i));
}

function leave(event) {
	const of = plots.get(event.currentTarget);
	of.line.remove();
	of.words.remove();
}

// tell(i) says what there is at the i-th of `count` places of the plot.
export function follow(plot, count, tell) {
	const known = plots.get(plot);
	if (known) {
		Object.assign(known, { count, tell });
		return;
	}
	plots.set(plot, { count, tell,
		line: make("span", { class: "cursor", "aria-hidden": "true" }),
		words: make("span", { class: "cursor-words", "aria-hidden": "true" }) });
	plot.addEventListener("pointermove", move);
	plot.addEventListener("pointerleave", leave);
}
