// SPDX-License-Identifier: MIT
// The view of all mails: asks for the list, and says what it is when there is
// none.

import { ask_token } from "./dialog.js";
import { forget, read, Refusal } from "./door.js";
import { find, make, replace, say } from "./element.js";
import { show_filters, show_list } from "./list.js";
import { announce } from "./notice.js";
import { hurry, start, stop } from "./pulse.js";
import { parameters } from "./search.js";
import { plural } from "./words.js";

const EVERY = 1000; // ms
const PAGE = 50;
const FAST = 200; // more than that is asked for less often
const MOST = 1000; // the door gives no more at a time
const TURNS = 10;  // it looks at some thousand mails for each

let pulse = null;
let query = new URLSearchParams();
let limit = PAGE;
let turns = TURNS;
let shown = ""; // the search whose mails are seen
let refused = null; // what the door says instead
let queue = null;

export function is_searched() {
	return query.toString() !== "";
}

function show_refusal(error) {
	replace(find("#empty"), make("p", { class: "wrong" }, error.message),
		error.status === 401 ? make("p", {}, make("button",
			{ type: "button", onclick: ask_token }, "Enter a token")) : null);
	find("#empty").hidden = false;
}

function show_empty() {
	const words = query.get("q") || query.get("state")
		? ["Nothing is found.", make("a",
			{ href: "/", "data-place": true }, "Show all mail")]
		: ["No mail yet. What is handed to postferry appears here by itself."];
	replace(find("#empty"), words.map((word) => make("p", {}, word)));
	find("#empty").hidden = false;
}

function show(said) {
	const search = query.toString();
	const arrived = show_list(said.messages, search === shown);
	shown = search;
	refused = null;
	find("#loading").hidden = true;
	find("#empty").hidden = true;
	if (said.messages.length === 0)
		show_empty();
	const more = said.next !== null && said.next !== undefined;
	find("#more").hidden = !more || limit >= MOST;
	const found = find("#found");
	found.hidden = !is_searched() || said.messages.length === 0;
	if (!found.hidden)
		say(found, `${plural(said.messages.length, "mail")} found${
			more ? " so far" : ""}`);
	if (arrived > 0)
		announce(`${plural(arrived, "new mail")}`);
}

// What is searched for may be far between.
async function read_list() {
	const asked = parameters(query, limit);
	const { said, fresh } = await read(`/v1/messages?${asked}`);
	const whole = { messages: [...said.messages], next: said.next };
	for (let turn = 1; fresh && turn < turns && whole.next &&
	    whole.messages.length < limit; turn++) {
		asked.set("after", whole.next);
		asked.set("limit", limit - whole.messages.length);
		const further = (await read(`/v1/messages?${asked}`)).said;
		whole.messages.push(...further.messages);
		whole.next = further.next;
	}
	return { said: whole, fresh };
}

async function look() {
	const search = query.toString();
	try {
		const { said, fresh } = await read_list();
		// meanwhile somebody typed on
		if (search === query.toString() && (fresh || shown !== search ||
		    !find("#loading").hidden))
			show(said);
	} catch (error) {
		if (error instanceof Refusal && error.status >= 400 &&
		    search === query.toString()) {
			find("#loading").hidden = true;
			show_list([], false);
			if (refused !== error.message)
				show_refusal(error);
			refused = error.message;
			shown = null;
		}
		throw error;
	}
}

export function open_mails(place) {
	const changed = place.query.toString() !== query.toString();
	query = place.query;
	if (changed) {
		limit = PAGE;
		turns = TURNS;
		forget("/v1/messages?");
	}
	show_filters(query, queue);
	if (pulse && changed)
		hurry();
	if (!pulse) {
		find("#loading").hidden = find("#list").childElementCount > 0;
		pulse = start(EVERY, look);
	}
}

export function close_mails() {
	stop(pulse);
	pulse = null;
}

export function note_queue(counts) {
	queue = counts;
	show_filters(query, queue);
}

find("#more").addEventListener("click", () => {
	if (find("#list").childElementCount >= limit) {
		limit = Math.min(limit + PAGE, MOST);
		pulse.every = EVERY * Math.ceil(limit / FAST);
	} else
		turns += TURNS;
	forget("/v1/messages?");
	hurry();
});
