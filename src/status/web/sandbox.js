// SPDX-License-Identifier: MIT
// What only the sandbox has: switches that spoil a provider, a mail to try it
// with, and a word of introduction.

import { post, read, Refusal } from "./door.js";
import { find, keep, make, replace, say } from "./element.js";
import { recall, remember } from "./memory.js";
import { tell } from "./notice.js";
import { hurry } from "./pulse.js";

const SEEN = "postferry.welcome"; // "closed": it was read

// The faults on their switches; the door says which there are.
const WORDS = { none: "Works", down: "Down", slow: "Slow",
	throttle: "Throttles", broken: "Broken", lost: "Loses answers",
	locked: "Locked" };

let sandbox = null; // what the door says of it; null: this is none
let sent = 0;

export function is_sandbox() {
	return sandbox !== null;
}

function played(name) {
	return sandbox && sandbox.providers.find((one) => one.name === name);
}

async function turn(name, fault) {
	try {
		await post("/v1/sandbox", { provider: name, fault });
		await look_sandbox();
	} catch (error) {
		if (!(error instanceof Refusal))
			throw error;
		tell(`Not done: ${error.message}`);
	}
	hurry();
}

export function show_switch(group, name) {
	const now = played(name);
	group.hidden = !now;
	if (!now)
		return;
	keep(group, sandbox.faults, {
		key: (one) => one.fault,
		create: (one) => make("button", { type: "button", title: one.help,
			"data-fault": one.fault, onclick: () => turn(name, one.fault) },
			WORDS[one.fault] || one.fault),
		update: (button, one) => button.setAttribute("aria-pressed",
			String(one.fault === now.fault)),
	});
}

const TRIES = [
	{ subject: "Your ferry leaves at nine", to: "anna@example.org" },
	{ subject: "Receipt for two tickets to Fårö", to: "bo.ek@example.net" },
	{ subject: "Reset your password", to: "chiara@example.com" },
	{ subject: "The weekly timetable", to: "timetable@example.org" },
];

function trial() {
	const { subject, to } = TRIES[sent++ % TRIES.length];
	return { from: `Harbour <${sandbox.sender}>`, to: [to], subject,
		text: `Good morning,\n\n${subject}.\n\nThis mail was sent by the page of the sandbox.\n`,
		html: `<!doctype html><html lang="en"><title>${subject}</title><style>body { font-family: sans-serif } h1 { color: #0b6b82 }</style><h1>${subject}</h1>` +
			`<p>This mail was sent by the page of the sandbox: it has a text and an HTML part.</p>`,
		attachments: [{ name: "timetable.csv", type: "text/csv",
			content: btoa("from,to,leaves\nNynashamn,Visby,09:00\n") }],
		tags: ["trial"] };
}

export async function send_trial() {
	const button = find("#send-test");
	button.disabled = true;
	try {
		await post("/v1/messages", trial());
		tell("A mail is on its way.");
	} catch (error) {
		if (!(error instanceof Refusal))
			throw error;
		tell(`Not sent: ${error.message}`);
	}
	button.disabled = false;
	hurry();
}

function command(text) {
	return make("pre", { tabindex: "0" }, make("code", {}, text));
}

// The lines to copy name the addresses that hold here and now.
function build_welcome(section) {
	const smtp = sandbox.smtp;
	const [host, port] = [smtp.slice(0, smtp.lastIndexOf(":")),
		smtp.slice(smtp.lastIndexOf(":") + 1)];
	replace(section,
		make("div", { class: "bar" },
			make("h2", { id: "welcome-title" }, "This is a sandbox"),
			make("button", { id: "welcome-close", class: "icon", type: "button",
				"aria-label": "Close the introduction",
				onclick: () => keep_welcome(false) },
				make("span", { "aria-hidden": "true" }, "✕"))),
		make("p", {}, "The real postferry runs in front of simulated providers, all on this machine: no account is needed and nothing leaves. It takes mail over SMTP and HTTP, hands it to the first provider of its route, and to the next when that one cannot take it."),
		make("ol", { class: "steps" },
			make("li", {}, make("strong", {}, "Send a mail."), " Press ",
				make("em", {}, "Send a test mail"), ", or from a terminal:",
				command(`swaks --server ${smtp} --from ${sandbox.sender} --to you@example.org`),
				command(`curl http://${location.host}/v1/messages --json '{"from": "${sandbox.sender}", "to": "you@example.org", "subject": "Hello", "text": "Ahoy"}'`),
				make("p", { class: "hint" }, "Any program does: SMTP host ",
					make("code", {}, host), ", port ", make("code", {}, port),
					", no password, no TLS.")),
			make("li", {}, make("strong", {}, "Open it."), " A mail's page draws who was asked, what came of it and how long it took, and shows what was sent."),
			make("li", {}, make("strong", {}, "Take a provider down."), " Beside ",
				make("em", {}, sandbox.providers[0].name), ", press ",
				make("em", {}, "Down"), " and send another: it goes to the next one. Then make it ",
				make("em", {}, "slow"), ", or let it ", make("em", {}, "throttle"),
				", and watch breaker, gate and queue.")));
}

function show_welcome(open) {
	const section = find("#welcome");
	if (open && section.childElementCount === 0)
		build_welcome(section);
	section.hidden = !open;
}

export function keep_welcome(open) {
	remember(SEEN, open ? "open" : "closed");
	show_welcome(open);
	if (open)
		find("#welcome-close").focus();
	else
		find("#query").focus();
}

export async function look_sandbox() {
	const first = sandbox === null;
	const { said, fresh } = await read("/v1/sandbox");
	if (!first && !fresh)
		return;
	sandbox = said;
	for (const group of document.querySelectorAll("#providers .switch"))
		show_switch(group, group.closest("[data-provider]").dataset.provider);
	if (!first)
		return;
	document.body.dataset.sandbox = "";
	find("#send-test").hidden = false;
	find("#welcome-open").hidden = false;
	show_welcome(recall(SEEN) !== "closed");
}

find("#send-test").addEventListener("click", send_trial);
find("#welcome-open").addEventListener("click", () => {
	find("#help").close();
	keep_welcome(true);
});
