// SPDX-License-Identifier: MIT
// What the browser remembers for the page.  Where it may not, the page does, as
// long as it is open.

const own = new Map();

function open(tab) {
	return tab ? sessionStorage : localStorage;
}

// null: nothing.  tab: what this tab alone knows, and forgets.
export function recall(key, tab) {
	try {
		return open(tab).getItem(key);
	} catch (error) {
		return own.has(key) ? own.get(key) : null;
	}
}

// null: forgets it.
export function remember(key, value, tab) {
	own.set(key, value);
	try {
		if (value === null)
			open(tab).removeItem(key);
		else
			open(tab).setItem(key, value);
	} catch (error) {
		// then it holds as long as the page
	}
}
