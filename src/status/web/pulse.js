// SPDX-License-Identifier: MIT
// A pulse asks again and again: one request at a time, none while nobody looks,
// slower while nobody answers.

const SLOWEST = 5000; // ms between two tries when nothing is said

const pulses = new Set();
let lost = 0;       // pulses in a row that nobody answered
let answers = null; // what was told last; null: nothing yet
let on_change = () => {};

// callback(answers, before): when postferry answers, and when not any more;
// before is null the first time.
export function watch_connection(callback) {
	on_change = callback;
}

function note(answered) {
	lost = answered ? 0 : lost + 1;
	// one that is lost may be a restart that nobody has to hear of
	if (answered === answers || lost === 1)
		return;
	on_change(answered, answers);
	answers = answered;
}

async function beat(pulse) {
	pulse.timer = null;
	if (document.hidden) {
		pulse.slept = true;
		return;
	}
	pulse.busy = true;
	let patience = 1;
	try {
		await pulse.work();
		note(true);
	} catch (error) {
		if (!("status" in error))
			throw error;
		note(error.status !== 0);
		patience = 5; // what was refused is so a moment later
	} finally {
		pulse.busy = false;
		if (pulses.has(pulse))
			plan(pulse, pulse.again ? 0
				: Math.min(SLOWEST, pulse.every * patience));
		pulse.again = false;
	}
}

function plan(pulse, wait) {
	clearTimeout(pulse.timer);
	pulse.timer = setTimeout(beat, wait, pulse);
}

// Calls work, which may be asynchronous, now and every so many ms after it has
// ended.  A Refusal is its affair; other errors are ours.
export function start(every, work) {
	const pulse = { every, work, timer: null, busy: false, again: false,
		slept: false };
	pulses.add(pulse);
	plan(pulse, 0);
	return pulse;
}

export function stop(pulse) {
	if (pulse)
		clearTimeout(pulse.timer);
	pulses.delete(pulse);
}

// Something was done: look at once what came of it.
export function hurry() {
	for (const pulse of pulses)
		if (pulse.busy)
			pulse.again = true; // what it asked may be of before
		else
			plan(pulse, 0);
}

document.addEventListener("visibilitychange", () => {
	if (document.hidden)
		return;
	for (const pulse of pulses)
		if (pulse.slept) {
			pulse.slept = false;
			plan(pulse, 0);
		}
});
