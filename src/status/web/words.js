// SPDX-License-Identifier: MIT
// What the daemon's words are called on the page, and how numbers, durations
// and times read.

// Of an attempt: what came of it.
export const CLASSES = {
	accepted: "accepted",
	throttle: "throttled",
	outage: "outage",
	doubt: "in doubt",
	none: "no verdict",
	recipient: "recipient refused",
	payload: "mail refused",
	sender: "sender refused",
	account: "account refused",
};

// Of a mail, as the page shows it.
export const STATES = {
	sending: "sending",
	waiting: "waiting",
	doubt: "in doubt",
	held: "held",
	sent: "sent",
	partly: "partly sent",
	bounced: "bounced",
	dropped: "dropped",
};

// What a mail is comes from where it is and from what its recipients are.
export function state_of(mail) {
	const are = (mail.recipients || []).map((one) => one.state);
	const any = (state) => are.includes(state);
	if (mail.state === "held")
		return "held";
	if (mail.state === "active")
		return "sending";
	if (mail.state === "waiting")
		return any("doubt") ? "doubt" : "waiting";
	if (any("accepted"))
		return are.every((state) => state === "accepted") ? "sent" : "partly";
	if (any("refused"))
		return "bounced";
	return any("dropped") ? "dropped" : "sent";
}

const count = new Intl.NumberFormat(undefined);

export function number(value) {
	return count.format(value);
}

export function plural(value, one, many) {
	return `${number(value)} ${value === 1 ? one : many || one + "s"}`;
}

export function size(bytes) {
	const units = ["B", "kB", "MB", "GB"];
	let unit = 0;
	let value = bytes;
	for (; value >= 1000 && unit < units.length - 1; unit++)
		value /= 1000;
	return `${value >= 10 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

// < 1 ms, 80 ms, 1.2 s, 48 s, 3 min, 1 h 5 min, 2 d 3 h
export function duration(ms) {
	const pair = (big, unit, small, other) =>
		small === 0 ? `${big} ${unit}` : `${big} ${unit} ${small} ${other}`;
	if (ms < 1)
		return "< 1 ms";
	if (ms < 1000)
		return `${Math.round(ms)} ms`;
	if (ms < 9950)
		return `${(ms / 1000).toFixed(1)} s`;
	const seconds = Math.round(ms / 1000);
	if (seconds < 60)
		return `${seconds} s`;
	if (seconds < 600)
		return pair(Math.floor(seconds / 60), "min", seconds % 60, "s");
	const minutes = Math.round(seconds / 60);
	if (minutes < 60)
		return `${minutes} min`;
	if (minutes < 1440)
		return pair(Math.floor(minutes / 60), "h", minutes % 60, "min");
	return pair(Math.floor(minutes / 1440), "d",
		Math.floor((minutes % 1440) / 60), "h");
}

const clock = new Intl.DateTimeFormat(undefined,
	{ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(undefined,
	{ day: "numeric", month: "short" });
const minute = new Intl.DateTimeFormat(undefined,
	{ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const exact = new Intl.DateTimeFormat(undefined,
	{ dateStyle: "full", timeStyle: "long" });

export function at(text) {
	return text ? Date.parse(text) : null;
}

export function time_of_day(ms) {
	return clock.format(ms);
}

export function hour_and_minute(ms) {
	return minute.format(ms);
}

// Today the clock, before that the day.
export function moment(ms) {
	const today = new Date().toDateString() === new Date(ms).toDateString();
	return today ? clock.format(ms) : `${day.format(ms)}, ${minute.format(ms)}`;
}

export function exactly(ms) {
	return exact.format(ms);
}

// A mail that is fresh, or whose subject is not kept, is called by its id.
export function subject_of(mail) {
	return mail.subject || (mail.from ? "(no subject)" : `mail ${mail.id}`);
}

// "Anna Lund <anna@example.org>" is Anna Lund; what has no name its address.
export function name_of(text) {
	const whole = (text || "").trim();
	const from = whole.lastIndexOf("<");
	if (from < 0 || !whole.endsWith(">"))
		return whole;
	const name = whole.slice(0, from).trim();
	const plain = name.startsWith('"') && name.endsWith('"') && name.length > 1
		? name.slice(1, -1) : name;
	return plain || whole.slice(from + 1, -1);
}
