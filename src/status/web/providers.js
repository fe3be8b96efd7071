// SPDX-License-Identifier: MIT
// The providers: how each stands now, and what came of asking it.

import { bundle, ceiling, corners, lines, most, stacked, strip, sum }
	from "./chart.js";
import { follow } from "./cursor.js";
import { find, keep, make, replace, say } from "./element.js";
import { clock_of, column, last_of, minutes, size_of } from "./series.js";
import { show_switch } from "./sandbox.js";
import { CLASSES, duration, number } from "./words.js";

// What the daemon's words mean to who reads them.
const STATES = {
	"open": "open",
	"paused": "paused: it failed",
	"probing": "being probed",
	"throttled": "throttled",
	"exhausted": "quota used up",
	"unusable": "account unusable",
	"distrusted": "distrusted",
	"cut off": "cut off",
};

// The worse of two states of a breaker or gate, for one bar of several points.
const WORSE = Object.keys(STATES);
const worse = (a, b) => WORSE.indexOf(a) > WORSE.indexOf(b) ? a : b;

let last_series = null;

function build(provider) {
	const id = `provider-${provider.name}`;
	return make("article", { class: "card provider", "aria-labelledby": id,
		"data-provider": provider.name },
		make("div", { class: "card-head" },
			make("h3", { id }, provider.name),
			make("span", { class: "kind" }, provider.type),
			make("span", { class: "standing" })),
		make("p", { class: "why", hidden: true }),
		make("div", { class: "switch", role: "group",
			"aria-label": `What ${provider.name} plays`, hidden: true }),
		make("div", { class: "plots" },
			make("div", { class: "plot-box" },
				make("p", { class: "plot-name" },
					make("span", {}, "Attempts ", make("span", { class: "rate" })),
					make("span", { class: "legend" })),
				make("div", { class: "plot attempts" }),
				make("div", { class: "breaker" })),
			make("div", { class: "plot-box" },
				make("p", { class: "plot-name" }, "Latency",
					make("span", { class: "latency-now" })),
				make("div", { class: "plot latency" })),
			make("div", { class: "plot-box gate-box" },
				make("p", { class: "plot-name" }, "Under way, and the gate",
					make("span", { class: "gate-now" })),
				make("div", { class: "plot gate" }))),
		make("dl", { class: "numbers" }));
}

function why_of(provider) {
	const parts = [provider.why];
	if (provider.state === "open" && provider.failing > 0)
		parts.unshift(`${number(provider.failing)} in a row failed`);
	if (provider.until_ms > 0)
		parts.push(`asked again in ${duration(provider.until_ms)}`);
	if (provider.health && provider.health.state === "bad")
		parts.push(provider.health.text, provider.health.advice);
	return parts.filter(Boolean).join(" · ");
}

function quota(sent, limit) {
	return limit ? `${number(sent)} of ${number(limit)}` : number(sent);
}

function numbers_of(provider) {
	return [
		["Under way", `${number(provider.requests)} of ${number(provider.limit)}`],
		["Wait for it", number(provider.waiting)],
		["Taken", number(provider.accepted)],
		["Failed", number(provider.failed)],
		["This hour", quota(provider.hour_sent, provider.hour_max)],
		["Today", quota(provider.day_sent, provider.day_max)],
	];
}

function update(card, provider) {
	const standing = find(".standing", card);
	const state = provider.state.replace(/ /g, "-");
	say(find(".kind", card), provider.type === provider.name ? "" : provider.type);
	say(standing, STATES[provider.state] || provider.state);
	standing.dataset.state = provider.state;
	standing.className = `standing p-${state}`;
	const why = why_of(provider);
	find(".why", card).hidden = why === "";
	say(find(".why", card), why);
	show_switch(find(".switch", card), provider.name);
	keep(find(".numbers", card), numbers_of(provider), {
		key: ([name]) => name,
		create: ([name]) => make("div", {}, make("dt", {}, name), make("dd", {})),
		update: (cell, [, value]) => say(cell.lastChild, value),
	});
}

// In short, for narrow screens: a name and whether it is open.
function show_strip(providers) {
	keep(find("#strip"), providers, {
		key: (provider) => provider.name,
		create: (provider) => make("li", {}, make("a",
			{ href: "/providers", "data-place": true },
			make("span", { class: "lamp", "aria-hidden": "true" }),
			make("span", {}, provider.name), make("span", { class: "now" }))),
		update: (item, provider) => {
			item.className = `p-${provider.state.replace(/ /g, "-")}`;
			say(find(".now", item), provider.state);
		},
	});
}

export function show_providers(providers) {
	const made = keep(find("#providers"), providers, {
		key: (provider) => provider.name,
		create: build,
		update,
	});
	show_strip(providers);
	if (made.length > 0 && last_series)
		show_provider_charts(last_series);
}

// Attempts in the last minute.
function rate_of(series, told) {
	const points = Math.round(60000 / series.step_ms);
	return Object.values(told.attempts).map((all) => all.slice(-points))
		.flat().reduce((a, b) => a + (b || 0), 0);
}

// "16:12: 3 accepted, 1 outage"
function tell_bar(series, all, i) {
	const some = all.filter((one) => one.points[i] > 0)
		.map((one) => `${number(one.points[i])} ${CLASSES[one.name]}`);
	return `${clock_of(series, i, all[0].points.length)}: ${
		some.join(", ") || "none"}`;
}

function tell_lines(series, all, i, print) {
	const some = all.filter((one) => one.points[i] !== null)
		.map((one) => `${one.word} ${print(one.points[i])}`);
	return `${clock_of(series, i, all[0].points.length)}: ${
		some.join(", ") || "none"}`;
}

function show_attempts(card, series, told) {
	const size = size_of(series);
	const all = Object.keys(CLASSES).filter((name) => told.attempts[name])
		.map((name) => ({ name,
			points: bundle(column(series, told.attempts[name]), size, sum) }));
	const totals = all.map(({ name, points }) =>
		({ name, count: points.reduce((a, b) => a + (b || 0), 0) }))
		.filter((one) => one.count > 0);
	const highest = all.length === 0 ? 0 : Math.max(...all[0].points.map((_, i) =>
		all.reduce((high, one) => high + (one.points[i] || 0), 0)));
	const top = ceiling(highest, 4);
	const words = totals.map((one) =>
		`${number(one.count)} ${CLASSES[one.name]}`);
	const plot = find(".attempts", card);
	replace(plot, stacked(all, top,
		`Attempts in the last ${minutes()} minutes: ${words.join(", ") || "none"}.`),
		corners(number(top), minutes()));
	if (all.length > 0)
		follow(plot, all[0].points.length, (i) => tell_bar(series, all, i));
	replace(find(".legend", card), totals.map((one) =>
		make("span", { class: `legend-${one.name}` },
			make("span", { class: `key f-${one.name}`, "aria-hidden": "true" }),
			`${number(one.count)} ${CLASSES[one.name]}`)));
	if (totals.length === 0)
		say(find(".legend", card), "none");
	say(find(".rate", card), `${number(rate_of(series, told))}/min`);
}

function show_breaker(card, series, told) {
	const states = bundle(column(series, told.state), size_of(series), worse);
	const seen = [...new Set(states.filter((state) => state !== null))];
	replace(find(".breaker", card), strip(states, seen.length === 0
		? "Nothing is known yet of its breaker and gate."
		: `In the last ${minutes()} minutes it was ${seen.join(", ")}.`));
}

function milliseconds(us) {
	return us === null ? null : us / 1000;
}

function show_latency(card, series, told) {
	const size = size_of(series);
	const [p50, p95] = [told.p50_us, told.p95_us].map((points) =>
		bundle(column(series, points), size, most).map(milliseconds));
	const top = ceiling(Math.max(0, ...p95), 10);
	const [low, high] = [last_of(p50), last_of(p95)];
	const now = low === null ? "none"
		: `p50 ${duration(low)} · p95 ${duration(high)}`;
	const all = [{ name: "p95", word: "p95", points: p95 },
		{ name: "p50", word: "p50", points: p50 }];
	const plot = find(".latency", card);
	replace(plot, lines(all, top, `Latency, last: ${now}.`),
		corners(duration(top), minutes()));
	follow(plot, p50.length, (i) => tell_lines(series, all, i, duration));
	say(find(".latency-now", card), now);
}

function show_gate(card, series, told) {
	const size = size_of(series);
	const [limit, requests] = [told.limit, told.requests].map((points) =>
		bundle(column(series, points), size, most));
	const top = ceiling(Math.max(0, ...limit, ...requests), 4);
	const [open, busy] = [last_of(limit), last_of(requests)];
	const now = open === null ? "none" : `${number(busy)} of ${number(open)}`;
	const all = [{ name: "limit", word: "gate", points: limit },
		{ name: "requests", word: "under way", points: requests }];
	const plot = find(".gate", card);
	replace(plot, lines(all, top,
		`Requests under way and how many its gate lets through, last: ${now}.`),
		corners(number(top), minutes()));
	follow(plot, limit.length, (i) => tell_lines(series, all, i, number));
	say(find(".gate-now", card), now);
}

export function show_provider_charts(series) {
	last_series = series;
	for (const told of series.providers) {
		const card = find(`#providers [data-provider="${CSS.escape(told.name)}"]`);
		if (!card)
			continue;
		show_attempts(card, series, told);
		show_breaker(card, series, told);
		show_latency(card, series, told);
		show_gate(card, series, told);
	}
}
