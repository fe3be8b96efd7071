// SPDX-License-Identifier: MIT
// The story of a mail is drawn: what was asked, what came of it, and where the
// mail went when a provider was taken down.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import test from "node:test";
import { judge, sandbox, shoot, visit } from "./harness.mjs";

const attempts = (page) => page.locator("#timeline .attempt")
	.evaluateAll((all) => all.map((one) =>
		`${one.dataset.provider} ${one.dataset.class}`));

// A mail that would do what a mail must not, and tell that address of it.
const rich = (spy) => `Content-Type: multipart/mixed; boundary=b

--b
Content-Type: multipart/alternative; boundary=c

--c
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Guten Tag, schöne Grüße
--c
Content-Type: text/html; charset=utf-8

<h1 id="hello">Hello</h1><p style="color:green">in green</p>
<script>document.title = "broken out"; top.location = "${spy}"</script>
<img src="${spy}seen.png"><img src="x" onerror="top.stolen = 1">
<img id="own" src="cid:ship@sandbox.example">
<link rel="stylesheet" href="${spy}seen.css"><form action="${spy}"><button>Go</button></form>
--c--
--b
Content-Type: text/csv; name="list.csv"
Content-Disposition: attachment; filename="list.csv"
Content-Transfer-Encoding: base64

YSxiCjEsMgo=
--b
Content-Type: image/gif
Content-ID: <ship@sandbox.example>
Content-Disposition: inline
Content-Transfer-Encoding: base64

R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7
--b--`.replace(/\n/g, "\r\n");

test("a mail's timeline", async () => {
	const id = await sandbox.submit({ subject: "Drawn" });
	await visit("/", async (page) => {
		await page.locator(`#list .row[data-id="${id}"][data-state=sent]`).click();
		await page.locator("#timeline [data-end=sent]").waitFor();
		assert.deepEqual(await attempts(page), ["mailgun accepted"]);
		assert.match(await page.locator("#told").innerText(), /mailgun/);
		assert.match(await page.locator("#recipients").innerText(),
			/you@example\.org/);
		await shoot(page, "mail");
		await judge(page);
	});
});

test("a mail is shown, and can do nothing", async () => {
	const seen = [];
	const spy = createServer((request, response) => {
		seen.push(request.url);
		response.end();
	}).listen(0, "127.0.0.1");
	await once(spy, "listening");
	const address = `http://127.0.0.1:${spy.address().port}/`;
	const id = await sandbox.submit({ subject: "Rich", body: rich(address) });
	await visit(`/mail/${id}`, async (page) => {
		const frame = page.frameLocator("#letter iframe");
		await frame.locator("#hello").waitFor();
		assert.equal(await frame.locator("p").evaluate((node) =>
			getComputedStyle(node).color), "rgb(0, 128, 0)");
		// its own picture is there
		assert.equal(await frame.locator("#own").evaluate((node) =>
			node.decode().then(() => node.naturalWidth)), 1);
		assert.match(await page.title(), /postferry/);
		assert.equal(await page.evaluate(() => globalThis.stolen), undefined);
		await frame.getByRole("button", { name: "Go" }).click();
		await shoot(page, "letter");
		await judge(page);
		await page.getByRole("button", { name: "Text" }).click();
		await page.getByText("Guten Tag, schöne Grüße").waitFor();
		await page.getByRole("button", { name: "Source" }).click();
		await page.getByText("boundary=c").waitFor();
		const [saved] = await Promise.all([page.waitForEvent("download"),
			page.getByRole("link", { name: "list.csv" }).click()]);
		assert.equal(saved.suggestedFilename(), "list.csv");
		assert.equal(await readFile(await saved.path(), "utf8"), "a,b\n1,2\n");
		// what the browser says of it is that it was prevented
	}, { wanted: [/^console: Blocked (script execution|form submission)/,
		/^console: .*'(x|http:[^']*)' violates the following Content Security/,
		/^a request to .*seen\.(png|css)$/] });
	spy.close();
	assert.deepEqual(seen, []);
});

test("Mailgun is taken down, and the failover is drawn", () =>
	visit("/", async (page) => {
		const card = page.locator("[data-provider=mailgun].provider");
		await card.getByRole("button", { name: "Down" }).click();
		await card.locator("[data-fault=down][aria-pressed=true]").waitFor();
		const id = await sandbox.submit({ subject: "Around Mailgun" });
		await page.locator(`#list .row[data-id="${id}"][data-state=sent]`).click();
		await page.locator("#timeline [data-end=sent]").waitFor();
		assert.deepEqual(await attempts(page),
			["mailgun outage", "mandrill accepted"]);
		await shoot(page, "failover");
		await judge(page);
		await page.getByRole("link", { name: "Providers" }).click();
		// what came of it is in the next point of the charts
		await card.locator(".attempts path.f-outage").waitFor();
		await page.locator("[data-provider=mandrill] .attempts path.f-accepted")
			.waitFor();
		await shoot(page, "providers");
		await judge(page);
		await card.getByRole("button", { name: "Works" }).click();
		await card.locator("[data-fault=none][aria-pressed=true]").waitFor();
	}));

test("a held mail is released, a waiting one tried again", async () => {
	for (const provider of ["mailgun", "mandrill", "upstream"])
		await sandbox.fault(provider, "down");
	const id = await sandbox.submit({ subject: "In nobody's hands" });
	await visit(`/mail/${id}`, async (page) => {
		await page.getByRole("button", { name: "Retry now" }).waitFor();
		await page.getByRole("button", { name: "Retry now" }).click();
		await page.getByText("It is tried again now.").waitFor();
		await page.getByRole("button", { name: "Hold" }).click();
		await page.locator("#timeline [data-end=held]").waitFor();
		await shoot(page, "held");
		await judge(page);
		for (const provider of ["mailgun", "mandrill", "upstream"])
			await sandbox.fault(provider, "none");
		await page.getByRole("button", { name: "Release" }).click();
		await page.locator("#timeline [data-end=sent]").waitFor();
		const told = await attempts(page);
		assert.equal(told.at(-1).split(" ")[1], "accepted");
		await shoot(page, "released");
	});
});
