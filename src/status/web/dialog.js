// SPDX-License-Identifier: MIT
// Questions that stand in the way: a confirmation, and who asks.

import { find, say } from "./element.js";
import { keep_token } from "./door.js";
import { hurry } from "./pulse.js";

// Asks; true when the answer was yes.
export function confirm({ title, text, yes }) {
	const dialog = find("#confirm");
	say(find("#confirm-title"), title);
	say(find("#confirm-text"), text);
	say(find("#confirm-yes"), yes);
	dialog.returnValue = "no";
	dialog.showModal();
	return new Promise((resolve) => {
		dialog.addEventListener("close",
			() => resolve(dialog.returnValue === "yes"), { once: true });
	});
}

let tried = false;

// Opens once, however many requests were refused meanwhile.
export function ask_token() {
	const dialog = find("#token");
	if (dialog.open)
		return;
	say(find("#token-wrong"), tried
		? "postferry does not know that token, or it may not read." : "");
	dialog.showModal();
}

find("#token-form").addEventListener("submit", () => {
	tried = true;
	keep_token(find("#token-text").value.trim());
	find("#token-text").value = "";
	hurry();
});

export function is_asking() {
	return document.querySelector("dialog[open]") !== null;
}
