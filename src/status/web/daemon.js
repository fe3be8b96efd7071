// SPDX-License-Identifier: MIT
// The daemon itself: what it says of how it is, which the panel shows.

import { read, Refusal } from "./door.js";
import { find, keep, make, say } from "./element.js";
import { note_queue } from "./mails.js";
import { show_provider_charts, show_providers } from "./providers.js";
import { start } from "./pulse.js";
import { show_queue, show_queue_chart } from "./queue.js";
import { is_sandbox, look_sandbox } from "./sandbox.js";
import { minutes, show_minutes } from "./series.js";
import { at, duration } from "./words.js";

const EVERY = 2000;
const EVERY_CHART = 5000;
const YOUNG = 20 * 60000; // ms: there is no hour to look at yet

let series = null;
let chosen = false; // somebody said how much time is shown

function show_complaints(status) {
	const list = [...status.complaints || []];
	if (!status.ready && status.why)
		list.unshift({ kind: "ready", subject: "", text: status.why, advice: "" });
	find("#complaints").hidden = list.length === 0;
	keep(find("#complaints"), list, {
		key: (one) => `${one.kind} ${one.subject}`,
		create: () => make("li", {}, make("strong", {}), make("span", {})),
		update: (item, one) => {
			say(item.firstChild, one.text);
			say(item.lastChild, one.advice ? ` ${one.advice}` : "");
		},
	});
}

function show_daemon(status) {
	const started = at(status.started);
	say(find("#daemon"), [`postferry ${status.version}`,
		is_sandbox() ? "sandbox" : null,
		started === null ? null
			: `up ${duration(Math.max(0, Date.now() - started))}`]
		.filter(Boolean).join(" · "));
}

function choose(count) {
	show_minutes(count);
	for (const button of document.querySelectorAll("#range button"))
		button.setAttribute("aria-pressed",
			String(Number(button.dataset.minutes) === count));
	if (series)
		show_series();
}

function show_series() {
	show_queue_chart(series);
	show_provider_charts(series);
}

async function look() {
	const { said } = await read("/status");
	if (said.sandbox)
		await look_sandbox();
	const started = at(said.started);
	if (!chosen && started !== null)
		choose_silently(Date.now() - started < YOUNG ? 10 : 60);
	show_daemon(said);
	show_complaints(said);
	show_queue(said);
	note_queue(said.queue);
	show_providers(said.providers);
}

function choose_silently(count) {
	if (minutes() !== count)
		choose(count);
}

async function look_series() {
	try {
		const { said, fresh } = await read("/v1/series");
		if (!fresh && series)
			return;
		series = said;
		show_series();
	} catch (error) {
		// who may not read sees how things are now, and no charts
		if (!(error instanceof Refusal) || error.status === 0)
			throw error;
	}
}

export function watch_daemon() {
	for (const button of document.querySelectorAll("#range button"))
		button.addEventListener("click", () => {
			chosen = true;
			choose(Number(button.dataset.minutes));
		});
	start(EVERY, look);
	start(EVERY_CHART, look_series);
}
