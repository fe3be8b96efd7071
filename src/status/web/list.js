// SPDX-License-Identifier: MIT
// The list of mails: one row each, newest first, drawn anew only where
// something changed.

import { find, keep, make, replace, say } from "./element.js";
import { badge } from "./mark.js";
import { list_href, mail_href } from "./place.js";
import { at, exactly, moment, name_of, number, state_of, STATES,
	subject_of } from "./words.js";

const FILTERS = [
	{ state: "", word: "All" },
	{ state: "active", word: "Sending", count: "active" },
	{ state: "waiting", word: "Waiting", count: "waiting" },
	{ state: "held", word: "Held", count: "held" },
	{ state: "finished", word: "Finished" },
];

const CROWD = 8; // mails that come at a time

export function show_filters(query, queue) {
	const now = query.get("state") || "";
	keep(find("#filters"), FILTERS, {
		key: (filter) => filter.state || "all",
		create: (filter) => make("a",
			{ "data-place": true, "data-state": filter.state || "all" },
			filter.word, make("span", { class: "count" })),
		update: (link, filter) => {
			const count = queue && filter.count ? queue[filter.count] : 0;
			link.setAttribute("href",
				list_href(query, { state: filter.state }));
			link.toggleAttribute("data-now", filter.state === now);
			if (filter.state === now)
				link.setAttribute("aria-current", "true");
			else
				link.removeAttribute("aria-current");
			say(link.lastChild, count > 0 ? ` ${number(count)}` : "");
		},
	});
}

// "bo@example.net", or "bo@example.net +2".
export function addressed(mail) {
	const all = mail.recipients || [];
	const count = mail.recipients_total || all.length;
	if (all.length === 0)
		return count > 0 ? number(count) : "";
	return count > 1 ? `${all[0].address} +${count - 1}` : all[0].address;
}

// Those that were asked, as far as the recipients tell.
function carried(mail) {
	const names = new Set();
	for (const one of mail.recipients || [])
		if (one.provider)
			names.add(one.provider);
	return [...names].join(", ");
}

function make_row() {
	return make("li", {},
		make("a", { class: "row", "data-place": true },
			make("time", { class: "time" }),
			make("span", { class: "state" }),
			make("span", { class: "from" }),
			make("span", { class: "to" }),
			make("span", { class: "subject", dir: "auto" }),
			make("span", { class: "provider" })));
}

function fill_row(row, mail) {
	const link = row.firstElementChild;
	const [time, state, from, to, subject, provider] = link.children;
	const is = state_of(mail);
	const ms = at(mail.received);
	link.setAttribute("href", mail_href(mail.id));
	link.dataset.id = mail.id;
	link.dataset.state = is;
	say(time, moment(ms));
	time.dateTime = mail.received;
	time.title = exactly(ms);
	if (state.dataset.state !== is) {
		state.dataset.state = is;
		replace(state, badge(is, STATES[is]));
	}
	say(from, name_of(mail.from) || mail.sender || "<>");
	from.title = mail.from || mail.sender || "the null sender";
	say(to, addressed(mail));
	to.title = (mail.recipients || []).map((one) => one.address).join("\n");
	say(subject, subject_of(mail));
	subject.title = mail.subject || "";
	subject.classList.toggle("none", !mail.subject);
	say(provider, carried(mail));
}

// Returns how many rows are new.  Rows of another search do not slide in.
export function show_list(mails, same_search) {
	const list = find("#list");
	const before = list.childElementCount;
	const made = keep(list, mails, {
		key: (mail) => mail.id,
		create: make_row,
		update: fill_row,
	});
	find("#list-head").hidden = mails.length === 0;
	if (!same_search || before === 0)
		return 0;
	// a crowd that comes at once would only flicker
	for (const row of made.length > CROWD ? [] : made) {
		row.classList.add("arrived");
		row.addEventListener("animationend",
			() => row.classList.remove("arrived"), { once: true });
	}
	return made.length;
}

// Focus goes to the next row (by = 1) or the one before (-1).
export function step(by) {
	const rows = [...document.querySelectorAll("#list .row")];
	const now = rows.indexOf(document.activeElement);
	const next = now < 0 ? (by > 0 ? 0 : rows.length - 1) : now + by;
	if (rows[next])
		rows[next].focus();
}

export function focus_mail(id) {
	const row = document.querySelector(`#list .row[data-id="${CSS.escape(id)}"]`);
	if (row)
		row.focus();
	return row !== null;
}
