// SPDX-License-Identifier: MIT
// The keys.  Those of one letter can be switched off: who speaks to the page
// would press them by accident.

import { is_asking } from "./dialog.js";
import { find } from "./element.js";
import { step } from "./list.js";
import { recall, remember } from "./memory.js";
import { here, leave, list_href, go } from "./place.js";

const SWITCH = "postferry.keys";

function are_on() {
	return recall(SWITCH) !== "off";
}

function is_typing(target) {
	return target.closest("input, textarea, select, [contenteditable]") !== null;
}

function on_escape(target) {
	const place = here();
	if (place.view !== "mails") {
		leave("/");
		return;
	}
	if (is_typing(target))
		target.blur();
	if (place.query.toString() !== "")
		go(list_href(new URLSearchParams()));
}

export function open_help() {
	find("#keys-on").checked = are_on();
	find("#help").showModal();
}

const LETTERS = {
	"/": () => {
		if (here().view !== "mails")
			go("/");
		find("#query").focus();
		find("#query").select();
	},
	"j": () => step(1),
	"k": () => step(-1),
	"?": open_help,
};

function on_key(event) {
	if (is_asking() || event.ctrlKey || event.metaKey || event.altKey)
		return;
	if (event.key === "Escape") {
		event.preventDefault();
		on_escape(event.target);
		return;
	}
	if (is_typing(event.target) || !are_on() || !LETTERS[event.key])
		return;
	event.preventDefault();
	LETTERS[event.key]();
}

export function watch_keys() {
	document.addEventListener("keydown", on_key);
	find("#help-open").addEventListener("click", open_help);
	find("#keys-on").addEventListener("change", (event) =>
		remember(SWITCH, event.target.checked ? "on" : "off"));
}
