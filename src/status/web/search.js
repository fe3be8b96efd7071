// SPDX-License-Identifier: MIT
// What is typed into the search box, and what the door is asked for it.

const FIELDS = { from: "sender", to: "recipient", provider: "provider",
	tag: "tag", listener: "listener", subject: "subject" };

const ID = /^[0-9A-HJKMNP-TV-Z]{26}$/i;

// from:anna "two words" tag:x: the words of the subject are what is left.
function read_words(text) {
	const found = { words: [], fields: {} };
	for (const [, field, quoted, plain] of
		text.matchAll(/(?:(\w+):)?(?:"([^"]*)"?|(\S+))/g)) {
		const value = quoted !== undefined ? quoted : plain;
		if (field && FIELDS[field.toLowerCase()])
			found.fields[FIELDS[field.toLowerCase()]] = value;
		else
			found.words.push(field ? `${field}:${value}` : value);
	}
	return found;
}

// The id of a mail, when that is all that was typed; or null.
export function id_in(text) {
	return ID.test(text.trim()) ? text.trim().toUpperCase() : null;
}

// The parameters of /v1/messages for a place of the page.
export function parameters(query, limit) {
	const asked = new URLSearchParams({ order: "newest", limit });
	const found = read_words(query.get("q") || "");
	if (query.get("state"))
		asked.set("state", query.get("state"));
	for (const [name, value] of Object.entries(found.fields))
		asked.set(name, value);
	if (found.words.length > 0)
		asked.set("subject", found.words.join(" "));
	return asked;
}
