// SPDX-License-Identifier: MIT
// The daemon's HTTP door, as the page asks it.  What did not change is answered
// 304, and costs the daemon nothing.

import { recall, remember } from "./memory.js";

const TOKEN = "postferry.token"; // of this tab, gone with it

export class Refusal extends Error {
	constructor(status, text) {
		super(text);
		this.status = status; // 0: nobody answered
	}
}

let on_unknown = null;
const known = new Map(); // of what is polled: its tag, its text, what it says

export function token() {
	return recall(TOKEN, true);
}

export function keep_token(text) {
	remember(TOKEN, text || null, true);
	known.clear();
}

// Called when the door wants to know who asks.
export function ask_who(callback) {
	on_unknown = callback;
}

async function ask(target, options) {
	const headers = new Headers(options.headers);
	if (token())
		headers.set("Authorization", `Bearer ${token()}`);
	let response;
	try {
		response = await fetch(target,
			{ ...options, headers, cache: "no-store", credentials: "omit" });
	} catch (error) {
		throw new Refusal(0, "postferry does not answer");
	}
	if (response.status === 401 && on_unknown)
		on_unknown();
	if (response.ok || response.status === 304)
		return response;
	throw new Refusal(response.status, await explain(response));
}

// RFC 9457: the detail is written for people.
async function explain(response) {
	try {
		const problem = await response.json();
		const fields = (problem.errors || [])
			.map((error) => `${error.field}: ${error.detail}`);
		return [problem.detail || problem.title, ...fields].join("; ");
	} catch (error) {
		return `postferry answered ${response.status}`;
	}
}

// What the target says, and whether that is new.
export async function read(target) {
	const before = known.get(target);
	const response = await ask(target,
		{ headers: before && before.tag ? { "If-None-Match": before.tag } : {} });
	if (response.status === 304)
		return { said: before.said, fresh: false };
	const text = await response.text();
	if (before && before.text === text)
		return { said: before.said, fresh: false };
	const said = JSON.parse(text);
	known.set(target, { tag: response.headers.get("ETag"), text, said });
	return { said, fresh: true };
}

// What is looked at no longer need not be kept.
export function forget(prefix) {
	for (const target of known.keys())
		if (target.startsWith(prefix))
			known.delete(target);
}

export async function read_blob(target) {
	return (await ask(target, {})).blob();
}

export async function read_text(target) {
	return (await ask(target, {})).text();
}

export async function post(target, what) {
	const options = { method: "POST" };
	if (what !== undefined) {
		options.headers = { "Content-Type": "application/json" };
		options.body = JSON.stringify(what);
	}
	const response = await ask(target, options);
	const text = await response.text();
	return text === "" ? null : JSON.parse(text);
}
