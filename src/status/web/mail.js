// SPDX-License-Identifier: MIT
// The view of one mail: its story drawn and told, its recipients, what can be
// done with it, and what it says.

import { confirm } from "./dialog.js";
import { forget, post, read, Refusal } from "./door.js";
import { find, make, replace, say } from "./element.js";
import { close_letter, open_letter } from "./letter.js";
import { addressed } from "./list.js";
import { badge } from "./mark.js";
import { announce, tell } from "./notice.js";
import { leave } from "./place.js";
import { hurry, start, stop } from "./pulse.js";
import { facts_of, later_of, sentence_of, story_of } from "./story.js";
import { timeline } from "./timeline.js";
import { at, CLASSES, duration, exactly, moment, number, plural, size, state_of,
	STATES, subject_of } from "./words.js";

const EVERY = 1000;     // ms
const RECIPIENTS = 100; // shown at first

// What a person may do, by where the mail is.
const ACTS = {
	retry: { word: "Retry now", places: ["waiting"], done: "It is tried again now." },
	hold: { word: "Hold", places: ["waiting", "active"], done: "It is held." },
	release: { word: "Release", places: ["held"], done: "It is released." },
	drop: { word: "Drop", places: ["waiting", "held"], done: "It is dropped.",
		question: "Drop this mail?",
		text: "It is never sent to those who have not got it yet, and nobody is told. This cannot be undone." },
};

let open = null; // { id, pulse, said, parts of the view }

async function act(name) {
	const id = open.id;
	const what = ACTS[name];
	if (what.question && !await confirm({ title: what.question,
		text: what.text, yes: what.word }))
		return;
	try {
		const done = await post(`/v1/messages/${id}/${name}`);
		tell(done && done.changed === 0
			? "Nothing was changed: the mail has moved on meanwhile." : what.done);
	} catch (error) {
		if (!(error instanceof Refusal))
			throw error;
		tell(`Not done: ${error.message}`);
	}
	hurry();
}

function fact(name, ...value) {
	const told = value.flat().filter((one) => one);
	return told.length === 0 ? null
		: make("div", {}, make("dt", {}, name), make("dd", {}, told));
}

function clock(text) {
	const ms = at(text);
	return ms === null ? null
		: make("time", { datetime: text, title: exactly(ms) }, moment(ms));
}

function facts_list(mail) {
	const door = [mail.protocol, mail.peer && `from ${mail.peer}`,
		mail.helo && `(${mail.helo})`, mail.user && `as ${mail.user}`];
	return [
		fact("From", mail.from),
		fact("To", addressed(mail)),
		fact("Envelope sender", mail.sender || "<> (a report)"),
		fact("Received", clock(mail.received)),
		fact("By", door.filter(Boolean).join(" ")),
		fact("Size", size(mail.size_bytes)),
		mail.tags && mail.tags.length > 0
			? fact("Tags", mail.tags.join(", ")) : null,
		mail.state === "waiting" ? fact("Next try", clock(mail.due)) : null,
		fact("Held because", mail.hold),
		fact("Id", make("code", {}, mail.id)),
	];
}

// The roles are said, as narrow screens show a row in lines of its own.
function row(kind, ...cells) {
	return make("tr", { role: "row", "data-kind": kind }, cells);
}

function cell(name, ...children) {
	return make("td", { role: "cell", class: name }, children);
}

function table({ name, caption, heads, rows }) {
	return make("div", { class: "scroll", tabindex: "0", role: "region",
		"aria-label": caption },
		make("table", { role: "table", class: name },
			make("caption", { class: "unseen" }, caption),
			make("thead", { role: "rowgroup" }, make("tr", { role: "row" },
				heads.map((head) => make("th",
					{ scope: "col", role: "columnheader" }, head)))),
			make("tbody", { role: "rowgroup" }, rows)));
}

function when(one, story) {
	if (one.from === null)
		return "now";
	return make("time", { datetime: new Date(one.from).toISOString(),
		title: exactly(one.from) }, one.from === story.start
		? moment(one.from) : `+${duration(one.from - story.start)}`);
}

function told_row(one, story) {
	const who = one.provider || one.who || "postferry";
	return row(one.kind,
		cell("when", when(one, story)),
		cell("who", one.number ? `${one.number} · ${who}` : who),
		cell("what", one.class
			? make("span", { class: `class c-${one.class}` }, one.what) : one.what,
			one.status ? ` ${one.status}` : ""),
		cell("took", one.took === null || one.took === undefined ? ""
			: duration(one.took)),
		cell("said", one.detail));
}

// A recipient's state, as a mail of one recipient would have it.
const RECIPIENT = { accepted: "sent", refused: "bounced", open: "sending" };

function recipient_row(one, mail) {
	const state = RECIPIENT[one.state] || one.state;
	const verdict = one.class ? CLASSES[one.class] || one.class : "";
	return row("recipient",
		cell("who", one.address),
		cell("what", badge(state, STATES[state] || one.state)),
		cell("when", one.provider || ""),
		cell("took", `${verdict} ${one.status || ""}`),
		cell("said", [one.text, one.suppressed ? "on a suppression list" : null,
			later_of(mail, one.address)]
			.filter(Boolean).join(" · ")));
}

// The frame that stays, whatever becomes of the mail.
function build() {
	const actions = make("div", { id: "actions", role: "group",
		"aria-label": "What can be done" });
	for (const [name, what] of Object.entries(ACTS))
		actions.append(make("button", { type: "button", id: `act-${name}`,
			class: what.question ? "danger" : "quiet", "data-act": name,
			onclick: () => act(name), hidden: true }, what.word));
	replace(find("#mail"),
		make("p", { class: "back" }, make("a", { id: "back", href: "/",
			onclick: (event) => {
				event.preventDefault();
				leave("/");
			} }, "← All mail")),
		make("div", { class: "bar" },
			make("h1", { id: "mail-title", tabindex: "-1", dir: "auto" }, "…"),
			make("span", { id: "mail-state" }), actions),
		make("p", { id: "mail-wrong", class: "wrong", hidden: true }),
		make("div", { id: "mail-body" },
			make("dl", { id: "mail-facts", class: "facts" }),
			make("section", { class: "card", "aria-labelledby": "story-title" },
				make("h2", { id: "story-title" }, "Timeline"),
				make("div", { id: "timeline", class: "scroll" }),
				make("p", { class: "hint" },
					"No scale: a stretch grows with the logarithm of its time.")),
			make("section", { "aria-labelledby": "told-title" },
				make("h2", { id: "told-title" }, "What happened"),
				make("div", { id: "told" })),
			make("section", { "aria-labelledby": "recipients-title" },
				make("h2", { id: "recipients-title" }, "Recipients"),
				make("div", { id: "recipients" })),
			make("section", { id: "letter", "aria-labelledby": "letter-title" },
				make("h2", { id: "letter-title" }, "The mail"),
				make("div", { id: "letter-body" }))));
}

function show_drawing(story) {
	const room = find("#timeline");
	const svg = timeline(story, Date.now(), Math.max(280, room.clientWidth));
	const wide = Number(svg.getAttribute("width")) > room.clientWidth;
	svg.setAttribute("aria-label", `Timeline: ${sentence_of(story)}. The table below tells the same.`);
	// what scrolls is reached by the keyboard
	room.toggleAttribute("data-wide", wide);
	if (wide) {
		room.tabIndex = 0;
		room.setAttribute("role", "region");
		room.setAttribute("aria-label", "Timeline, drawn");
	} else {
		room.removeAttribute("tabindex");
		room.removeAttribute("role");
		room.removeAttribute("aria-label");
	}
	replace(room, svg);
}

function show_story(mail) {
	const story = story_of(mail, Date.now());
	const rows = facts_of(story).map((one) => told_row(one, story));
	open.moving = mail.state !== "finished";
	show_drawing(story);
	replace(find("#told"), table({ name: "told",
		caption: "What happened, in order",
		heads: ["When", "Who", "What", "Took", "Detail"], rows }));
}

// Of very many the first, until somebody wants all.
function show_recipients(mail) {
	const all = mail.recipients;
	const some = open.all ? all : all.slice(0, RECIPIENTS);
	replace(find("#recipients"), table({ name: "recipients",
		caption: plural(all.length, "recipient"),
		heads: ["Address", "State", "Provider", "Verdict", "Said"],
		rows: some.map((one) => recipient_row(one, mail)) }),
	some.length === all.length ? null : make("button", { type: "button",
		onclick: () => {
			open.all = true;
			show_recipients(mail);
		} }, `Show all ${number(all.length)}`));
}

function show(mail) {
	const is = state_of(mail);
	const was = open.said ? state_of(open.said) : null;
	open.said = mail;
	find("#mail-wrong").hidden = true;
	find("#mail-body").hidden = false;
	say(find("#mail-title"), subject_of(mail));
	document.title = `${subject_of(mail)} – postferry`;
	replace(find("#mail-state"), badge(is, STATES[is]));
	for (const [name, what] of Object.entries(ACTS))
		find(`#act-${name}`).hidden = !what.places.includes(mail.state);
	replace(find("#mail-facts"), facts_list(mail));
	show_story(mail);
	show_recipients(mail);
	if (was !== null && was !== is)
		announce(`The mail is ${STATES[is]} now.`);
}

async function look() {
	const id = open.id;
	try {
		const { said, fresh } = await read(`/v1/messages/${id}`);
		if (!open || open.id !== id)
			return;
		if (fresh || !open.said)
			show(said);
		else if (open.moving)
			show_drawing(story_of(said, Date.now()));
		open_letter(said);
	} catch (error) {
		if (error instanceof Refusal && error.status >= 400 && open &&
		    open.id === id && !open.said) {
			say(find("#mail-title"), error.status === 404
				? "There is no such mail" : "This mail cannot be shown");
			say(find("#mail-wrong"), error.message);
			find("#mail-wrong").hidden = false;
			find("#mail-body").hidden = true;
			if (error.status === 404)
				stop(open.pulse);
		}
		throw error;
	}
}

export function open_mail(id) {
	if (open && open.id === id)
		return;
	close_mail();
	build();
	open = { id, said: null, moving: false, all: false };
	find("#mail-body").hidden = true;
	find("#mail-title").focus();
	open.pulse = start(EVERY, look);
}

// Returns the id of the mail that was seen, or null.
export function close_mail() {
	if (!open)
		return null;
	const { id } = open;
	stop(open.pulse);
	close_letter();
	forget(`/v1/messages/${id}`);
	open = null;
	return id;
}

addEventListener("resize", () => {
	if (open && open.said)
		show_drawing(story_of(open.said, Date.now()));
});
