// SPDX-License-Identifier: MIT
// The queue: how much waits now, and over time.

import { bundle, ceiling, corners, lines, most } from "./chart.js";
import { follow } from "./cursor.js";
import { find, keep, make, replace, say } from "./element.js";
import { clock_of, column, minutes, size_of } from "./series.js";
import { at, duration, number, size } from "./words.js";

const KINDS = [
	{ name: "active", word: "sending" },
	{ name: "waiting", word: "waiting" },
	{ name: "held", word: "held" },
	{ name: "doubts", word: "in doubt" },
];

function build(card) {
	if (card.childElementCount > 0)
		return;
	replace(card,
		make("h3", { id: "queue-title" }, "Queue"),
		make("dl", { id: "queue-now", class: "tiles" }),
		make("div", { id: "queue-chart", class: "plot" }),
		make("p", { id: "queue-more", class: "hint" }));
}

export function show_queue(status) {
	const card = find("#queue");
	const { queue, totals } = status;
	build(card);
	if (!queue)
		return;
	keep(find("#queue-now"), KINDS, {
		key: (kind) => kind.name,
		create: (kind) => make("div", { "data-queue": kind.name },
			make("dt", {}, make("span", { class: `key l-${kind.name}`,
				"aria-hidden": "true" }), kind.word), make("dd", {})),
		update: (tile, kind) => {
			say(tile.lastChild, number(queue[kind.name]));
			tile.classList.toggle("zero", queue[kind.name] === 0);
		},
	});
	const oldest = at(queue.oldest);
	say(find("#queue-more"), [
		oldest === null ? "Nothing waits."
			: `The oldest came ${duration(Math.max(0, Date.now() - oldest))} ago; ${size(queue.bytes)}.`,
		totals ? `Recipients so far: ${number(totals.settled)} sent, ${number(totals.bounced)} bounced.` : "",
	].join(" "));
}

export function show_queue_chart(series) {
	const told = series.queue || {};
	build(find("#queue"));
	const size_ = size_of(series);
	const all = KINDS.map(({ name, word }) => ({ name, word,
		points: bundle(column(series, told[name]), size_, most) }));
	const highest = Math.max(0, ...all.flatMap((one) => one.points));
	const top = ceiling(highest, 4);
	const text = highest === 0
		? `Nothing waited in the last ${minutes()} minutes.`
		: `The queue over the last ${minutes()} minutes, at most ${number(highest)} mails of a kind.`;
	const plot = find("#queue-chart");
	replace(plot, lines(all, top, text), corners(number(top), minutes()));
	follow(plot, all[0].points.length, (i) => [
		`${clock_of(series, i, all[0].points.length)}:`,
		...all.filter((one) => one.points[i] > 0)
			.map((one) => `${number(one.points[i])} ${one.word}`)].join(" "));
}
