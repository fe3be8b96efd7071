// SPDX-License-Identifier: MIT
// Everybody may send to everybody, and the client hears 250 when the API has
// taken the mail.
'use strict';

const api = require(process.env.BENCH_PEERS + '/api.cjs');
let pool;

exports.register = function () {
	pool = api.open(process.env.BENCH_API);
};

exports.hook_rcpt = function (next) {
	next(OK);
};

exports.hook_queue = function (next, connection) {
	const { transaction } = connection;
	const to = transaction.rcpt_to.map((r) => r.address);
	transaction.message_stream.get_data((mail) => {
		api.postRaw(pool, to, mail).then(
			() => next(OK),
			(error) => next(DENYSOFT, error.message));
	});
};
