// SPDX-License-Identifier: MIT
// Elements are made and filled here, and nowhere from text: what a mail says
// becomes a text node or an attribute, never markup.

const SVG = `http://www.w3.org/2000/svg`; // a name, not an address

// A change that is none touches nothing: selections and readers stay where
// they are.
export function set(node, attributes) {
	for (const [name, value] of Object.entries(attributes)) {
		if (name.startsWith("on"))
			node.addEventListener(name.slice(2), value);
		else if (value === null || value === undefined || value === false)
			node.removeAttribute(name);
		else if (node.getAttribute(name) !== String(value))
			node.setAttribute(name, value === true ? "" : value);
	}
	return node;
}

function fill(node, children) {
	for (const child of children.flat())
		if (child !== null && child !== undefined && child !== false)
			node.append(child); // a string becomes a text node
	return node;
}

// make("p", { class: "hint" }, "text", node): null children are left out.
export function make(tag, attributes, ...children) {
	return fill(set(document.createElement(tag), attributes || {}), children);
}

export function draw(tag, attributes, ...children) {
	return fill(set(document.createElementNS(SVG, tag), attributes || {}),
		children);
}

export function find(selector, within) {
	return (within || document).querySelector(selector);
}

export function say(node, text) {
	if (node.textContent !== text)
		node.textContent = text;
}

export function replace(node, ...children) {
	node.replaceChildren();
	return fill(node, children);
}

// Makes the children of a node those of the items, in their order, each known
// by its key: what stays is updated and not made anew, so it keeps its focus.
// Returns the nodes that were made.
export function keep(node, items, { key, create, update }) {
	const old = new Map();
	const made = [];
	for (const child of node.children)
		old.set(child.dataset.key, child);
	let place = node.firstElementChild;
	for (const item of items) {
		const name = String(key(item));
		let child = old.get(name);
		if (child === undefined) {
			child = create(item);
			child.dataset.key = name;
			made.push(child);
		}
		old.delete(name);
		update(child, item);
		if (child === place)
			place = place.nextElementSibling;
		else
			node.insertBefore(child, place);
	}
	for (const child of old.values())
		child.remove();
	return made;
}
