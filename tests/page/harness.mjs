// SPDX-License-Identifier: MIT
// A sandbox of its own, a browser that looks at it, and what every view must
// hold: nothing in the console, no violation of the policy, no request to
// anywhere else, nothing that axe-core finds.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { after, before } from "node:test";
import { chromium } from "playwright-core";

export const PATIENCE = 30000; // ms: whatever takes longer does not come

const PROGRAM = process.env.POSTFERRY;
const SHOTS = process.env.PAGE_SHOTS;
const AXE = readFileSync(
	createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// ---- the sandbox ----

class Sandbox {
	async start() {
		this.child = spawn(PROGRAM, ["sandbox", "--listen", "127.0.0.1:0"],
			{ stdio: ["ignore", "pipe", "inherit"] });
		this.text = "";
		await new Promise((done, fail) => {
			this.child.stdout.on("data", (data) => {
				this.text += data;
				if (this.text.includes("Ctrl-C ends it."))
					done();
			});
			this.child.once("exit", (code) =>
				fail(new Error(`the sandbox ended with ${code}`)));
		});
		this.smtp = /mail in +(\S+):(\d+)/.exec(this.text).slice(1, 3);
		this.url = /^ +(http:\/\/\S+)\/$/m.exec(this.text)[1];
	}

	stop() {
		const ended = new Promise((done) => this.child.once("exit", done));
		this.child.kill("SIGTERM");
		return ended;
	}

	async ask(target, body) {
		const response = await fetch(this.url + target,
			body === undefined ? {} : { method: "POST",
				headers: { "Content-Type": "application/json" },
				body: JSON.stringify(body) });
		assert.ok(response.ok, `${target}: ${response.status}`);
		return response.json();
	}

	fault(provider, fault) {
		return this.ask("/v1/sandbox", { provider, fault });
	}

	// Hands a mail in over SMTP; its id, as the client is told.
	async submit({ subject, to = "you@example.org", from = "me@sandbox.example",
		body }) {
		const [host, port] = this.smtp;
		const socket = connect(Number(port), host);
		const replies = reader(socket);
		const text = body || `Content-Type: text/plain\r\n\r\nAbout ${subject}.`;
		const head = `From: Me <${from}>\r\nTo: <${to}>\r\nSubject: ${subject}`;
		await replies();
		for (const line of ["EHLO page.example", `MAIL FROM:<${from}>`,
			`RCPT TO:<${to}>`, "DATA"]) {
			socket.write(`${line}\r\n`);
			await replies();
		}
		socket.write(`${head}\r\nMIME-Version: 1.0\r\n${text}\r\n.\r\n`);
		const reply = await replies();
		socket.end("QUIT\r\n");
		return /queued as (\S+)/.exec(reply)[1];
	}
}

// The next reply each time; one that refuses is an error.
function reader(socket) {
	let text = "";
	let wake = () => {};
	socket.setEncoding("utf8");
	for (const event of ["data", "close"])
		socket.on(event, (data) => {
			text += event === "data" ? data : "421 closed\r\n";
			wake();
		});
	socket.on("error", () => {});
	return async () => {
		for (;;) {
			const found = /^(?:\d{3}-.*\r\n)*(\d)\d\d .*\r\n/.exec(text);
			if (found) {
				text = text.slice(found[0].length);
				assert.match(found[1], /[23]/, found[0]);
				return found[0];
			}
			await new Promise((done) => { wake = done; });
		}
	};
}

export const sandbox = new Sandbox();
let browser = null;
let failed = 0;

before(async () => {
	mkdirSync(SHOTS, { recursive: true });
	await sandbox.start();
	browser = await chromium.launch({
		executablePath: process.env.CHROMIUM,
		// its own sandbox cannot be had by root, nor in a container
		args: ["--no-sandbox", "--disable-dev-shm-usage"],
	});
});

after(async () => {
	if (browser)
		await browser.close();
	await sandbox.stop();
});

// ---- a page ----

// Whatever goes wrong unseen: told when the page is closed.
function watch(page, faults) {
	page.on("console", (message) => {
		if (["error", "warning"].includes(message.type()))
			faults.push(`console: ${message.text()}`);
	});
	page.on("pageerror", (error) => faults.push(`script: ${error.stack}`));
	page.on("request", (request) => {
		if (!/^(data|blob|about):/.test(request.url()) &&
		    !request.url().startsWith(sandbox.url))
			faults.push(`a request to ${request.url()}`);
	});
	page.on("response", (response) => {
		if (response.status() >= 500)
			faults.push(`${response.url()}: ${response.status()}`);
	});
}

// Policies are told by an event, not every one in the console.
function watch_policy() {
	globalThis.policy_faults = [];
	document.addEventListener("securitypolicyviolation", (event) =>
		globalThis.policy_faults.push(
			`${event.violatedDirective}: ${event.blockedURI}`));
}

// Runs look(page) with a page at `place`.  options: those of a context, and
// faults that are wanted (patterns).
export async function visit(place, look, { wanted = [], ...options } = {}) {
	const context = await browser.newContext({ reducedMotion: "reduce",
		locale: "en-GB", viewport: { width: 1280, height: 900 }, ...options });
	const page = await context.newPage();
	const faults = [];
	page.setDefaultTimeout(PATIENCE);
	watch(page, faults);
	await page.addInitScript(watch_policy);
	try {
		await page.goto(sandbox.url + place);
		await look(page);
		faults.push(...await page.evaluate(() => globalThis.policy_faults));
	} catch (error) {
		await shoot(page, `failed-${++failed}`);
		faults.forEach((fault) => console.error(fault));
		throw error;
	} finally {
		await context.close();
	}
	assert.deepEqual(faults.filter((fault) =>
		!wanted.some((pattern) => pattern.test(fault))), []);
}

// The head of the page goes along when somebody scrolls.
export async function shoot(page, name) {
	await page.evaluate(() => scrollTo(0, 0));
	await page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true });
}

// What axe-core finds against WCAG 2.2 A and AA, and its own best practices.
export async function judge(page) {
	// a script of the driver, in a world of its own: the policy is not its
	const found = await page.evaluate(`${AXE}; axe.run(document, {
		resultTypes: ["violations"], iframes: false,
		runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa",
			"best-practice"] })`);
	assert.deepEqual(found.violations.map((one) =>
		`${one.id}: ${one.help}: ${one.nodes.map((node) =>
			`${node.target.join(" ")} (${node.failureSummary})`).join("; ")}`), []);
}

// No view is wider than the window.
export async function fits(page) {
	const [wide, room] = await page.evaluate(() =>
		[document.documentElement.scrollWidth, innerWidth]);
	assert.ok(wide <= room, `${wide} pixels in a window of ${room}`);
}
