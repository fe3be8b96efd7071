// SPDX-License-Identifier: MIT
// Both colour schemes, a phone's width, and the keyboard alone.

import assert from "node:assert/strict";
import test from "node:test";
import { fits, judge, sandbox, shoot, visit } from "./harness.mjs";

const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true,
	hasTouch: true, deviceScaleFactor: 2 };

let number = 0;

async function fill() {
	const id = await sandbox.submit({ subject: `A line of some length ${++number}`,
		to: "somebody.with.a.long.name@department.example.org" });
	await sandbox.submit({ subject: "Grüße aus 東京 🚢", to: "b@example.net" });
	return id;
}

async function look_around(page, id, name) {
	await page.goto(`${sandbox.url}/`);
	await page.locator(`#list .row[data-id="${id}"]`).waitFor();
	for (const [place, there] of [["/", `#list .row[data-id="${id}"]`],
		[`/mail/${id}`, "#timeline [data-end]"],
		["/providers", ".provider .chart"]]) {
		await page.goto(sandbox.url + place);
		await page.locator(there).first().waitFor();
		await fits(page);
		await shoot(page, `${name}-${place.split("/")[1] || "list"}`);
		await judge(page);
	}
}

for (const colorScheme of ["light", "dark"]) {
	test(`the ${colorScheme} scheme`, async () => {
		const id = await fill();
		await visit("/", async (page) => {
			await look_around(page, id, colorScheme);
			const [r, g, b] = await page.evaluate(() =>
				getComputedStyle(document.body).backgroundColor
					.match(/\d+/g).map(Number));
			assert.equal((r + g + b) / 3 < 128, colorScheme === "dark");
		}, { colorScheme });
	});
	test(`a phone's width, ${colorScheme}`, async () => {
		const id = await fill();
		await visit("/", (page) => look_around(page, id, `phone-${colorScheme}`),
			{ colorScheme, ...PHONE });
	});
}

test("the colours can be switched, and stay so", () => visit("/", async (page) => {
	const ground = () => page.evaluate(() =>
		getComputedStyle(document.body).backgroundColor);
	const before = await ground();
	await page.locator("#theme").click();
	await page.waitForFunction((colour) =>
		getComputedStyle(document.body).backgroundColor !== colour, before);
	const switched = await ground();
	await page.reload();
	assert.equal(await ground(), switched);
}, { colorScheme: "light" }));

test("the keyboard alone", async () => {
	const id = await fill();
	await visit("/", async (page) => {
		await page.locator(`#list .row[data-id="${id}"]`).waitFor();
		// the first stop is the way past the head
		await page.keyboard.press("Tab");
		assert.equal(await page.evaluate(() =>
			document.activeElement.textContent), "Skip to the content");
		await page.keyboard.press("/");
		await page.keyboard.type("some length");
		await page.locator("#found").waitFor();
		await page.keyboard.press("Escape");
		await page.waitForFunction(() => location.search === "");
		await page.keyboard.press("j");
		await page.keyboard.press("j");
		await page.keyboard.press("k");
		const first = await page.evaluate(() => document.activeElement.dataset.id);
		assert.ok(first);
		await page.keyboard.press("Enter");
		await page.waitForURL(`**/mail/${first}`);
		await page.locator("#timeline [data-end]").waitFor();
		await page.keyboard.press("Escape");
		await page.waitForURL(`${sandbox.url}/`);
		await page.keyboard.press("?");
		await page.getByRole("dialog", { name: "Keys and search" }).waitFor();
		await shoot(page, "help");
		await judge(page);
		await page.keyboard.press("Escape");
		await page.getByRole("dialog").waitFor({ state: "hidden" });
	});
});
