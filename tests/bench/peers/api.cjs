// SPDX-License-Identifier: MIT
// Mail goes to the API by undici, with connections kept open: as it is, or as
// fields.
'use strict';

const { Pool } = require('undici');

const BOUNDARY = 'bench-7f3a9c51e2';
const headers = {
	authorization: 'Basic ' +
		Buffer.from('api:key-of-mailgun-0123456789').toString('base64'),
	'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
};

function encode(fields, files) {
	const pieces = [];
	for (const [name, value] of fields)
		pieces.push(Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: ` +
			`form-data; name="${name}"\r\n\r\n${value}\r\n`));
	for (const { field, name, type, content } of files)
		pieces.push(Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: ` +
			`form-data; name="${field}"; filename="${name}"\r\n` +
			`Content-Type: ${type}\r\n\r\n`),
			content, Buffer.from('\r\n'));
	pieces.push(Buffer.from(`--${BOUNDARY}--\r\n`));
	return Buffer.concat(pieces);
}

async function post(pool, call, body) {
	const response = await pool.request({
		method: 'POST',
		path: `/v3/mg.example.com/${call}`,
		headers,
		body,
	});
	const answer = await response.body.json();
	if (response.statusCode !== 200 || !answer.id)
		throw new Error(`the API answered ${response.statusCode}`);
}

exports.open = (url) => new Pool(new URL(url).origin, { connections: 32 });

exports.postRaw = (pool, recipients, mail) => post(pool, 'messages.mime',
	encode(recipients.map((r) => ['to', r]), [{
		field: 'message', name: 'message.mime', type: 'message/rfc822',
		content: mail,
	}]));

// mail as mailparser has it
exports.postFields = (pool, recipients, mail) => post(pool, 'messages',
	encode([
		['from', mail.from.text],
		...recipients.map((r) => ['to', r]),
		['subject', mail.subject ?? ' '],
		['text', mail.text ?? ' '],
		...(mail.html ? [['html', mail.html]] : []),
		...(mail.messageId ? [['h:Message-Id', mail.messageId]] : []),
	], mail.attachments.map((a) => ({
		field: 'attachment', name: a.filename ?? 'attachment',
		type: a.contentType, content: a.content,
	}))));
