// SPDX-License-Identifier: MIT
// What the mail says: its text, its HTML in a frame that may do nothing, its
// attachments, its source.

import { read, read_blob, read_text, Refusal, token } from "./door.js";
import { find, make, replace, say } from "./element.js";
import { size } from "./words.js";

const SOURCE_MOST = 400000; // letters shown; the rest is to be had as a file

let letter = null; // { id, gone, tab, views }

function url(id, part) {
	return part === undefined ? `/v1/messages/${id}/raw`
		: `/v1/messages/${id}/parts/${part.number}`;
}

// The door sends the part with a policy of its own: no script, nothing from
// outside.  The frame has an origin that is nobody's.
function html_view(part) {
	return make("iframe", { title: "The mail as HTML", sandbox: "",
		referrerpolicy: "no-referrer", src: url(letter.id, part) });
}

function text_view(target) {
	const node = make("pre", { tabindex: "0" }, "…");
	read_text(target).then((text) => say(node, text.length > SOURCE_MOST
		? `${text.slice(0, SOURCE_MOST)}\n[…]` : text),
	(error) => say(node, error.message));
	return node;
}

// With a token the browser cannot ask by itself: the page asks, and saves.
async function save(target, name) {
	const link = make("a", { href: URL.createObjectURL(await read_blob(target)),
		download: name });
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function file_link(target, name, detail) {
	const words = [name, detail ? make("span", {}, detail) : null];
	return token()
		? make("button", { type: "button", onclick: () => save(target, name) },
			words)
		: make("a", { href: target, download: name }, words);
}

function pick(name) {
	const { views } = letter;
	letter.tab = name;
	for (const button of document.querySelectorAll("#letter .tabs button"))
		button.setAttribute("aria-pressed", String(button.dataset.tab === name));
	replace(find("#letter-view"),
		views.find((view) => view.name === name).open());
}

function show(parts) {
	const { id } = letter;
	const texts = parts.filter((part) => part.shown);
	const files = parts.filter((part) => part.attachment);
	const html = texts.find((part) => part.type === "text/html");
	const text = texts.find((part) => part.type === "text/plain");
	letter.views = [
		html && !token() && { name: "html", word: "HTML",
			open: () => html_view(html) },
		text && { name: "text", word: "Text",
			open: () => text_view(url(id, text)) },
		// a frame cannot show a token
		html && token() && { name: "html", word: "HTML as text",
			open: () => text_view(url(id, html)) },
		{ name: "source", word: "Source", open: () => text_view(url(id)) },
	].filter(Boolean);
	replace(find("#letter-body"),
		make("div", { class: "tabs", role: "group", "aria-label": "Shown as" },
			letter.views.map((view) => make("button", { type: "button",
				"data-tab": view.name, onclick: () => pick(view.name) },
				view.word))),
		make("div", { id: "letter-view" }),
		make("div", { class: "attachments", id: "attachments" },
			files.map((part) => file_link(url(id, part),
				part.name || `part ${part.number}`,
				`${part.type}, ${size(part.size_bytes)}`)),
			file_link(url(id), `${id}.eml`, "the whole mail")));
	pick(letter.views[0].name);
}

// Looks once: what a mail says does not change, but it may be gone.
export async function open_letter(mail) {
	if (letter && letter.id === mail.id)
		return;
	letter = { id: mail.id };
	if (mail.kept === false) {
		replace(find("#letter-body"), make("p", { class: "hint" },
			"It is finished, and its bytes are not kept: http_bodies of [server] keeps those of the mails that came last."));
		return;
	}
	try {
		const { said } = await read(`/v1/messages/${mail.id}/parts`);
		if (letter && letter.id === mail.id)
			show(said.parts);
	} catch (error) {
		if (!(error instanceof Refusal))
			throw error;
		if (!letter || letter.id !== mail.id)
			return;
		replace(find("#letter-body"),
			make("p", { class: "hint" }, error.message));
		if (error.status === 0)
			letter = null; // it is asked again with the mail
	}
}

export function close_letter() {
	letter = null;
}
