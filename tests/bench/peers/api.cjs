// SPDX-License-Identifier: MIT
// The mail goes to the API as it is, by undici with connections kept open.
'use strict';

const { Pool } = require('undici');

const BOUNDARY = 'bench-7f3a9c51e2';
const headers = {
	authorization: 'Basic ' +
		Buffer.from('api:key-of-mailgun-0123456789').toString('base64'),
	'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
};

function encode(recipients, mail) {
	const part = `--${BOUNDARY}\r\nContent-Disposition: form-data; name=`;
	const to = recipients.map((r) => `${part}"to"\r\n\r\n${r}\r\n`).join('');
	return Buffer.concat([
		Buffer.from(`${to}${part}"message"; filename="message.mime"\r\n` +
			'Content-Type: message/rfc822\r\n\r\n'),
		mail,
		Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
	]);
}

exports.open = (url) => new Pool(new URL(url).origin, { connections: 32 });

exports.post = async (pool, recipients, mail) => {
	const response = await pool.request({
		method: 'POST',
		path: '/v3/mg.example.com/messages.mime',
		headers,
		body: encode(recipients, mail),
	});
	const answer = await response.body.json();
	if (response.statusCode !== 200 || !answer.id)
		throw new Error(`the API answered ${response.statusCode}`);
};
