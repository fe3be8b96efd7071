// SPDX-License-Identifier: MIT
// The page: which view is open, and what goes on beside it.

import { watch_daemon } from "./daemon.js";
import { want_token } from "./dialog.js";
import { ask_who } from "./door.js";
import { find, say } from "./element.js";
import { watch_keys } from "./keys.js";
import { focus_mail } from "./list.js";
import { close_mail, open_mail } from "./mail.js";
import { close_mails, open_mails } from "./mails.js";
import { announce } from "./notice.js";
import { go, here, list_href, mail_href, slip, watch } from "./place.js";
import { watch_connection } from "./pulse.js";
import { id_in } from "./search.js";

const TYPING = 250; // ms without a letter

const TITLES = { mails: "Mail – postferry", providers: "Providers – postferry" };

function show_links(view) {
	for (const [name, link] of [["mails", find("#nav-mails")],
		["providers", find("#nav-providers")]])
		if (name === view)
			link.setAttribute("aria-current", "page");
		else
			link.removeAttribute("aria-current");
}

function show_place() {
	const place = here();
	const before = document.body.dataset.view;
	document.body.dataset.view = place.view;
	find("#mails").hidden = place.view !== "mails";
	find("#mail").hidden = place.view !== "mail";
	show_links(place.view);
	find("#providers-title").hidden = place.view !== "providers";
	if (place.view === "mail") {
		close_mails();
		open_mail(place.id);
		return;
	}
	document.title = TITLES[place.view];
	const left = close_mail();
	if (place.view !== "mails") {
		close_mails();
		return;
	}
	if (document.activeElement !== find("#query"))
		find("#query").value = place.query.get("q") || "";
	open_mails(place);
	if (before === "mail" && left && !focus_mail(left))
		find("#main").focus();
}

let typing = null;

function search() {
	clearTimeout(typing);
	const text = find("#query").value.trim();
	const query = here().query;
	if (text === (query.get("q") || ""))
		return;
	if (id_in(text))
		go(mail_href(id_in(text)));
	else if (query.get("q")) // a search that is changed is one step
		slip(list_href(query, { q: text }));
	else
		go(list_href(query, { q: text }));
}

function watch_search() {
	find("#query").addEventListener("input", () => {
		clearTimeout(typing);
		typing = setTimeout(search, TYPING);
	});
	find("#search").addEventListener("submit", (event) => {
		event.preventDefault();
		search();
	});
}

function show_connection(answered, before) {
	find("#connection").dataset.state = answered ? "live" : "lost";
	say(find("#connection-text"), answered ? "live" : "no answer");
	find("#lost").hidden = answered;
	if (before !== null || !answered)
		announce(answered ? "postferry answers again."
			: "postferry does not answer.");
}

watch(show_place);
watch_keys();
watch_search();
watch_connection(show_connection);
ask_who(want_token);
watch_daemon();
show_place();
