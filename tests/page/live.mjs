// SPDX-License-Identifier: MIT
// Mail arrives on a page that is open; a search finds it.

import assert from "node:assert/strict";
import test from "node:test";
import { judge, sandbox, shoot, visit } from "./harness.mjs";

const row = (page, subject) => page.locator("#list .row", { hasText: subject });

test("a mail arrives live", () => visit("/", async (page) => {
	await page.getByText("No mail yet.").waitFor();
	await shoot(page, "empty");
	await judge(page);
	const id = await sandbox.submit({ subject: "The first of all" });
	await row(page, "The first of all").waitFor();
	await page.locator(`#list .row[data-id="${id}"][data-state=sent]`).waitFor();
	const text = await row(page, "The first of all").innerText();
	assert.match(text, /you@example\.org/);
	assert.match(text, /mailgun/);
	await sandbox.submit({ subject: "Another one", to: "two@example.net" });
	await row(page, "Another one").waitFor();
	assert.match(await page.locator("#list .row").first().innerText(),
		/Another one/);
	await shoot(page, "list");
	await judge(page);
}));

test("what has not changed is answered 304", () => visit("/", async (page) => {
	const code = (target) => page.waitForResponse((response) =>
		new URL(response.url()).pathname === target &&
		response.status() === 304);
	await Promise.all([code("/v1/messages"), code("/v1/series")]);
}));

test("a search finds what it says and no more", () => visit("/", async (page) => {
	await sandbox.submit({ subject: "Invoice 4711", to: "anna@example.org" });
	await sandbox.submit({ subject: "Holiday", to: "bo@example.org" });
	await row(page, "Holiday").waitFor();
	await page.locator("#query").fill("invoice");
	await page.getByText("1 mail found").waitFor();
	await row(page, "Invoice 4711").waitFor();
	assert.equal(await page.locator("#list .row").count(), 1);
	await shoot(page, "search");
	await judge(page);
	await page.locator("#query").fill("to:bo@example.org");
	await row(page, "Holiday").waitFor();
	assert.equal(await page.locator("#list .row").count(), 1);
	await page.locator("#query").fill("nothing like it");
	await page.getByText("Nothing is found.").waitFor();
	// the address says what is searched for
	await page.reload();
	await page.getByText("Nothing is found.").waitFor();
	await page.getByText("Show all mail").click();
	await row(page, "Invoice 4711").waitFor();
}));

test("the test mail of the sandbox", () => visit("/", async (page) => {
	const before = await page.locator("#list .row").count();
	await page.getByRole("button", { name: "Send a test mail" }).click();
	await page.waitForFunction((count) =>
		document.querySelectorAll("#list .row").length > count, before);
}));

test("a token is asked for", async () => {
	// from this host nothing is: a proxy in between makes it a stranger
	await visit("/", async (page) => {
		await page.getByRole("dialog").waitFor();
		await shoot(page, "token");
		await judge(page);
	}, { wanted: [/401/],
		extraHTTPHeaders: { "X-Forwarded-For": "192.0.2.1" } });
});
