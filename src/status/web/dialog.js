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

let tried = false;    // a token that was not taken
let declined = false; // who has none sees what everybody may see

export function ask_token() {
	say(find("#token-wrong"),
		tried ? "postferry does not know that token." : "");
	find("#token").showModal();
}

// A request was refused: asks, but not again and again.
export function want_token() {
	if (!declined && !find("#token").open)
		ask_token();
}

find("#token-form").addEventListener("submit", () => {
	tried = true;
	declined = false;
	keep_token(find("#token-text").value.trim());
	find("#token-text").value = "";
	hurry();
});
find("#token-no").addEventListener("click", () => find("#token").close());
find("#token").addEventListener("close", () => {
	declined = find("#token").returnValue !== "yes";
	find("#token").returnValue = "";
});

export function is_asking() {
	return document.querySelector("dialog[open]") !== null;
}
