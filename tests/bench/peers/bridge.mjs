// SPDX-License-Identifier: MIT
// What people write when they need SMTP in front of a mail API: smtp-server
// takes the mail, undici posts it, raw or taken apart by mailparser, and the
// client hears 250 when the API has taken it.
//
// node bridge.mjs API_URL raw|fields PROCESSES: prints the port it listens on.
import cluster from 'node:cluster';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import api from './api.cjs';

const [url, form] = process.argv.slice(2);
const processes = Number(process.argv[4]);

async function forward(pool, to, bytes) {
	if (form === 'raw')
		return api.postRaw(pool, to, bytes);
	return api.postFields(pool, to, await simpleParser(bytes));
}

function serve(told) {
	const pool = api.open(url);
	const server = new SMTPServer({
		authOptional: true,
		disabledCommands: ['AUTH', 'STARTTLS'],
		disableReverseLookup: true,
		onData(stream, session, callback) {
			const to = session.envelope.rcptTo.map((r) => r.address);
			const pieces = [];
			stream.on('data', (piece) => pieces.push(piece));
			stream.on('end', () => {
				forward(pool, to, Buffer.concat(pieces))
					.then(() => callback(null, 'Ok'), callback);
			});
		},
	});
	const listener = server.listen(0, '127.0.0.1', () =>
		told(listener.address().port));
}

if (!cluster.isPrimary) {
	serve((port) => process.send(port)); // the same for all of them
} else if (processes > 1) {
	let ready = 0;
	cluster.on('message', (worker, port) => {
		if (++ready === processes)
			console.log(port);
	});
	for (let i = 0; i < processes; i++)
		cluster.fork();
} else {
	serve((port) => console.log(port));
}
