// SPDX-License-Identifier: MIT
// Marks for states: a shape for each, so that the colour is never alone.

import { draw, make } from "./element.js";

const SHAPES = {
	sent: "M2.5 6.5l2.5 2.5 5-6",
	partly: "M6 1.5a4.5 4.5 0 0 0 0 9z M6 1.5a4.5 4.5 0 0 1 0 9",
	sending: "M1.5 6h8 M6.5 3l3 3-3 3",
	waiting: "M6 1.5a4.5 4.5 0 1 0 .01 0z M6 3.5v2.7l1.8 1.1",
	doubt: "M4 4.2a2 2 0 1 1 2.7 1.9c-.5.2-.7.5-.7 1.1 M6 9.4v.4",
	held: "M4 2.5v7 M8 2.5v7",
	bounced: "M3 3l6 6 M9 3l-6 6",
	dropped: "M2.5 6h7",
};

export function mark(state) {
	return draw("svg", { viewBox: "0 0 12 12", width: 12, height: 12,
		class: `mark s-${state}`, "aria-hidden": "true" },
		draw("path", { d: SHAPES[state] }));
}

// The mark and the word for it.
export function badge(state, word) {
	return make("span", { class: `badge s-${state}`, "data-state": state },
		mark(state), make("span", {}, word));
}
