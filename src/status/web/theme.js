// SPDX-License-Identifier: MIT
// Dark or light: what the system prefers, until somebody chose.  No module, so
// that it is decided before anything is painted.
"use strict";

(() => {
	const KEY = "postferry.theme";
	const root = document.documentElement;
	const dark = matchMedia("(prefers-color-scheme: dark)");

	function chosen() {
		try {
			return localStorage.getItem(KEY);
		} catch (error) {
			return null; // storage may be forbidden: the system decides
		}
	}

	function current() {
		return root.dataset.theme || (dark.matches ? "dark" : "light");
	}

	function apply(theme) {
		if (theme === "dark" || theme === "light")
			root.dataset.theme = theme;
		else
			delete root.dataset.theme;
	}

	function label(button) {
		const other = current() === "dark" ? "light" : "dark";
		button.setAttribute("aria-label", `Switch to ${other} colours`);
		button.title = `Switch to ${other} colours`;
	}

	apply(chosen());
	addEventListener("DOMContentLoaded", () => {
		const button = document.getElementById("theme");
		label(button);
		dark.addEventListener("change", () => label(button));
		button.addEventListener("click", () => {
			apply(current() === "dark" ? "light" : "dark");
			try {
				localStorage.setItem(KEY, current());
			} catch (error) {
				// then it holds as long as the page
			}
			label(button);
		});
	});
})();
