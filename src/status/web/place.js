// SPDX-License-Identifier: MIT
// A place is what the address bar says: which view, and what is searched for.
//
//	/                    all mail, newest first
//	/?state=held&q=text  what is found
//	/mail/ID             one mail
//	/providers           the providers, large

let on_change = () => {};

export function here() {
	const path = location.pathname.split("/").filter((part) => part !== "");
	const query = new URLSearchParams(location.search);
	if (path[0] === "mail" && path.length === 2)
		return { view: "mail", id: decodeURIComponent(path[1]), query };
	if (path[0] === "providers")
		return { view: "providers", query };
	return { view: "mails", query };
}

export function mail_href(id) {
	return `/mail/${encodeURIComponent(id)}`;
}

// The list with the same search but for these: "" and null leave one out.
export function list_href(query, changes) {
	const changed = new URLSearchParams(query);
	for (const [name, value] of Object.entries(changes || {}))
		if (value === null || value === "")
			changed.delete(name);
		else
			changed.set(name, value);
	const text = changed.toString();
	return text === "" ? "/" : `/?${text}`;
}

export function go(href) {
	if (href === location.pathname + location.search)
		return;
	history.pushState({ within: true }, "", href);
	on_change();
}

// While somebody types every letter is a place, but no step of the history.
export function slip(href) {
	history.replaceState(history.state, "", href);
	on_change();
}

// Back to where one came from, as long as that was here.
export function leave(href) {
	if (history.state && history.state.within)
		history.back();
	else
		go(href);
}

// A plain click on one of our links is a step, not a new page.
function on_click(event) {
	const link = event.target.closest && event.target.closest("a[href]");
	if (!link || event.defaultPrevented || event.button !== 0 ||
	    event.metaKey || event.ctrlKey || event.shiftKey || event.altKey ||
	    link.target || link.hasAttribute("download") ||
	    !link.hasAttribute("data-place"))
		return;
	event.preventDefault();
	go(link.getAttribute("href"));
}

export function watch(callback) {
	on_change = callback;
	document.addEventListener("click", on_click);
	addEventListener("popstate", callback);
}
