// SPDX-License-Identifier: MIT
// The last hour as the daemon tells it: arrays with a point for each step,
// oldest first.  Here they are cut or filled up to the time that is shown.

import { at, hour_and_minute } from "./words.js";

const BARS = { 10: 60, 60: 120 }; // drawn, for so many minutes

let shown = 60;

export function minutes() {
	return shown;
}

export function show_minutes(count) {
	shown = count;
}

// How many points are drawn as one.
export function size_of(series) {
	return Math.max(1, Math.round(shown * 60000 / series.step_ms / BARS[shown]));
}

// As many points as the time shown has; before the first nothing is known.
export function column(series, points) {
	const count = Math.round(shown * 60000 / series.step_ms);
	const last = (points || []).slice(-count);
	return [...new Array(count - last.length).fill(null), ...last];
}

// "16:12", of the i-th of `count` bars.
export function clock_of(series, i, count) {
	return hour_and_minute(at(series.at) -
		(count - 1 - i) * size_of(series) * series.step_ms);
}

export function last_of(points) {
	for (let i = (points || []).length - 1; i >= 0; i--)
		if (points[i] !== null)
			return points[i];
	return null;
}
