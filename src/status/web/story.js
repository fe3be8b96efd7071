// SPDX-License-Identifier: MIT
// The story of a mail: its facts in the order of time, from what the daemon
// keeps of it.  The drawing and the table tell the same ones.

import { at, CLASSES, duration, plural, size, state_of, STATES }
	from "./words.js";

const NOTED = "postferry"; // acts of nobody: what was noted of the mail

// What a provider tells later, and nobody likes to hear.
const BAD = ["deferred", "bounced", "soft-bounced", "rejected", "complained",
	"unsubscribed"];

function received(mail) {
	const by = [mail.protocol, mail.listener && `listener ${mail.listener}`,
		mail.peer && `from ${mail.peer}`, mail.user && `as ${mail.user}`];
	return { kind: "received", from: at(mail.received), what: "received",
		detail: [size(mail.size_bytes), ...by].filter(Boolean).join(", ") };
}

function attempt_of(attempt, now) {
	const open = !attempt.ended;
	const what = open ? "asked, no answer yet"
		: CLASSES[attempt.class] || attempt.class || "ended";
	const to = attempt.recipients && attempt.recipients.length > 1
		? `for ${plural(attempt.recipients.length, "recipient")}` : null;
	const from = at(attempt.begun);
	const until = open ? Math.max(now, from) : Math.max(at(attempt.ended), from);
	return { kind: "attempt", from, until, open, number: attempt.number,
		provider: attempt.provider, class: open ? "open" : attempt.class,
		status: attempt.status, what, took: open ? null
			: attempt.duration_ms ?? until - from,
		detail: [attempt.text, to, attempt.redirected &&
			`redirected to ${attempt.redirected}`]
			.filter(Boolean).join(" · ") };
}

// "asked mailgun: it has the mail" is mailgun's.
function provider_in(text, providers) {
	const words = text.split(/[\s:,;]+/);
	return providers.find((name) => words.includes(name)) || null;
}

function act_of(act, providers) {
	const from = at(act.at);
	if (act.who !== NOTED)
		return { kind: "act", from, provider: null, what: act.what,
			who: act.who, short: act.what, detail: "" };
	const provider = provider_in(act.what, providers);
	const asked = act.what.startsWith("asked ");
	return { kind: "note", from, provider, what: asked ? "asked" : "noted",
		// the others only say what the drawing shows
		short: asked ? act.what.replace(/^asked \S+?:? /, "asked: ") : null,
		detail: act.what };
}

function event_of(event) {
	return { kind: "event", from: at(event.at), provider: event.provider,
		what: event.kind,
		// that it was taken is drawn already
		short: event.kind === "accepted" ? null : event.kind, bad: BAD.includes(event.kind),
		detail: [event.recipient, event.status, event.enhanced, event.text]
			.filter(Boolean).join(" ") };
}

function ending(mail) {
	const is = state_of(mail);
	if (mail.state === "finished" && mail.finished)
		return { kind: "settled", from: at(mail.finished), state: is,
			what: STATES[is], detail: "" };
	if (mail.state === "held")
		return { kind: "held", from: null, state: is, what: "held",
			detail: mail.hold || "until somebody releases or drops it" };
	if (mail.state === "waiting" && mail.due)
		return { kind: "due", from: at(mail.due), state: is,
			what: is === "doubt" ? "asked next" : "next try", detail: "" };
	return null;
}

// In the order of time; `end` is apart, as it may be to come.
export function story_of(mail, now) {
	const attempts = (mail.attempts || []).map((one) => attempt_of(one, now));
	const providers = [...new Set(attempts.map((one) => one.provider))];
	const facts = [received(mail), ...attempts,
		...(mail.acts || []).map((act) => act_of(act, providers)),
		...(mail.events || []).map(event_of)];
	for (const fact of facts)
		if (fact.kind === "event" && fact.provider &&
		    !providers.includes(fact.provider))
			providers.push(fact.provider);
	// sort() is stable: what the clock calls equal stays as it was told
	facts.sort((a, b) => a.from - b.from);
	return { facts, providers, end: ending(mail), start: at(mail.received) };
}

// All of them, the end where it belongs: a provider tells things after it.
export function facts_of(story) {
	const { facts, end } = story;
	if (!end)
		return facts;
	const later = end.kind !== "settled" ? -1
		: facts.findIndex((fact) => fact.from > end.from);
	return later < 0 ? [...facts, end]
		: [...facts.slice(0, later), end, ...facts.slice(later)];
}

// What a provider told last of a recipient; null: nothing.
export function later_of(mail, address) {
	const told = (mail.events || []).filter((event) => event.recipient &&
		event.recipient.toLowerCase() === address.toLowerCase());
	return told.length === 0 ? null
		: `${told[told.length - 1].provider}: ${told[told.length - 1].kind}`;
}

// The story in one sentence, for who does not see the drawing.
export function sentence_of(story) {
	const parts = [];
	for (const fact of facts_of(story))
		if (fact.kind === "attempt")
			parts.push(`${fact.provider} ${fact.what}` +
				(fact.took === null ? "" : ` after ${duration(fact.took)}`));
		else if (fact.kind !== "note")
			parts.push(fact.what);
	return parts.join(", then ");
}
