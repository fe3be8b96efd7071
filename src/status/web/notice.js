// SPDX-License-Identifier: MIT
// What the page tells: a line that goes by itself, and words for who listens.

import { find, say } from "./element.js";

const SHOWN = 6000;  // ms
const QUIET = 10000; // ms between two announcements: who listens also works

let timer = null;
let waits = null;
let last = -QUIET;

export function tell(text) {
	const notice = find("#notice");
	clearTimeout(timer);
	say(notice, text);
	notice.dataset.shown = "";
	timer = setTimeout(() => {
		delete notice.dataset.shown;
		say(notice, "");
	}, SHOWN);
}

// Of what came meanwhile only the last is told.
export function announce(text) {
	const wait = last + QUIET - performance.now();
	clearTimeout(waits);
	waits = setTimeout(() => {
		last = performance.now();
		say(find("#live"), text);
	}, Math.max(0, wait));
}
