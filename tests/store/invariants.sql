-- SPDX-License-Identifier: MIT
-- What is always true of queue.db between two transactions.  A comment that
-- begins with "invariant:" names the SELECT behind it, which ends with a
-- semicolon and returns a row only where the invariant is broken.

-- invariant: the file is whole
SELECT integrity_check FROM pragma_integrity_check
WHERE integrity_check <> 'ok';

-- invariant: no row belongs to a mail that is not there
SELECT "table", rowid FROM pragma_foreign_key_check;

-- invariant: a recipient is in one of the known states
SELECT mail, number, state FROM recipient WHERE state NOT BETWEEN 0 AND 6;

-- invariant: a mail has recipients, numbered from 0 without a gap
SELECT m.number, count(r.number), min(r.number), max(r.number)
FROM mail AS m LEFT JOIN recipient AS r ON r.mail = m.number
GROUP BY m.number
HAVING count(r.number) = 0 OR min(r.number) <> 0
	OR max(r.number) <> count(r.number) - 1;

-- invariant: a recipient is in a mail once
SELECT mail, address, count(*) FROM recipient
GROUP BY mail, address HAVING count(*) > 1;

-- invariant: remaining counts the recipients that are not final
SELECT m.number, m.remaining, count(r.number)
FROM mail AS m LEFT JOIN recipient AS r
	ON r.mail = m.number AND r.state NOT IN (2, 3, 6)
GROUP BY m.number HAVING m.remaining <> count(r.number);

-- invariant: a mail is in one place: waiting, active or held
SELECT number, due, hold FROM mail
WHERE due IS NOT NULL AND hold IS NOT NULL;

-- invariant: a mail whose recipients are all final neither waits nor is held,
-- unless its sender is still to be told of a success
SELECT number FROM mail
WHERE remaining = 0 AND (due IS NOT NULL OR hold IS NOT NULL)
	AND NOT EXISTS (SELECT 1 FROM recipient AS r
		WHERE r.mail = mail.number AND r.state = 2
			AND (r.notify & 2) <> 0 AND r.told = 0);

-- invariant: wishes are those of RFC 3461, NEVER alone
SELECT mail, number, notify FROM recipient
WHERE notify NOT BETWEEN 0 AND 15 OR ((notify & 1) <> 0 AND notify <> 1);

-- invariant: an original recipient has a type and an address
SELECT mail, number, orcpt FROM recipient WHERE orcpt NOT LIKE '_%;_%';

-- invariant: a mail came by a protocol
SELECT number FROM mail WHERE protocol IS NULL OR protocol = '';

-- invariant: a resend is known by a digest, and by the id of a mail
SELECT hex(key), mail FROM resend
WHERE length(key) <> 16 OR length(mail) <> 26;

-- invariant: of a mail in the queue whose resends are known every recipient is
-- known that is not refused or dropped, unless it came again since
SELECT m.number FROM mail AS m
WHERE m.resend IS NOT NULL
	AND (SELECT count(*) FROM resend WHERE resend.mail = m.id) >
	(SELECT count(*) FROM recipient AS r
		WHERE r.mail = m.number AND r.state NOT IN (3, 6));

-- invariant: only a waiting mail can be woken
SELECT number, landed FROM mail WHERE landed IS NOT NULL AND due IS NULL;

-- invariant: a held mail says why
SELECT number FROM mail WHERE hold = '';

-- invariant: an open recipient is in exactly one open attempt
SELECT r.mail, r.number, count(a.number)
FROM recipient AS r LEFT JOIN attempt AS a
	ON a.mail = r.mail AND a.ended IS NULL AND EXISTS (
		SELECT 1 FROM json_each(a.recipients)
		WHERE value = r.number)
WHERE r.state = 1
GROUP BY r.mail, r.number HAVING count(a.number) <> 1;

-- invariant: the recipients of an open attempt are open
SELECT a.mail, a.number, j.value, r.state
FROM attempt AS a, json_each(a.recipients) AS j
LEFT JOIN recipient AS r ON r.mail = a.mail AND r.number = j.value
WHERE a.ended IS NULL AND r.state IS NOT 1;

-- invariant: an open recipient belongs to an active mail
SELECT m.number FROM mail AS m JOIN recipient AS r ON r.mail = m.number
WHERE r.state = 1 AND (m.due IS NOT NULL OR m.hold IS NOT NULL);

-- invariant: an open attempt belongs to an active mail
SELECT m.number, a.number FROM mail AS m JOIN attempt AS a
	ON a.mail = m.number
WHERE a.ended IS NULL AND (m.due IS NOT NULL OR m.hold IS NOT NULL);

-- invariant: an accepted recipient has a provider
SELECT mail, number FROM recipient WHERE state = 2 AND provider IS NULL;

-- invariant: a doubt names the provider and when it has been waited out
SELECT mail, number, provider, until FROM recipient
WHERE state = 4 AND (until <= 0 OR provider IS NULL);

-- invariant: nothing of a doubt is negative
SELECT mail, number, doubts, since, asks, absent FROM recipient
WHERE doubts < 0 OR since < 0 OR asks < 0 OR absent < 0;

-- invariant: only a provider that was asked said that it has it not
SELECT mail, number, asks, absent FROM recipient
WHERE state = 4 AND absent > 0 AND asks = 0;

-- invariant: a mail has its body in one place, whole
SELECT m.number, m.in_file, m.size, length(b.bytes)
FROM mail AS m LEFT JOIN body AS b ON b.mail = m.number
WHERE (m.in_file = 0 AND length(b.bytes) IS NOT m.size)
	OR (m.in_file = 1 AND b.mail IS NOT NULL);

-- invariant: attempts are numbered from 1 to that of the mail's last
SELECT a.mail, a.number, m.attempts
FROM attempt AS a JOIN mail AS m ON m.number = a.mail
WHERE a.number NOT BETWEEN 1 AND m.attempts;

-- invariant: of many attempts the first, the last and those in doubt are kept
SELECT a.mail, a.number, m.attempts
FROM attempt AS a JOIN mail AS m ON m.number = a.mail
WHERE a.number > 20 AND a.number <= m.attempts - 80
	AND a.ended IS NOT NULL AND a.class NOT IN (0, 8);

-- invariant: of many notes the first and the last are kept
SELECT mail, count(*) FROM act WHERE who = 'postferry'
GROUP BY mail HAVING count(*) > 101;

-- invariant: an attempt is for recipients of its mail
SELECT a.mail, a.number, j.value
FROM attempt AS a, json_each(a.recipients) AS j
LEFT JOIN recipient AS r ON r.mail = a.mail AND r.number = j.value
WHERE r.number IS NULL;

-- invariant: an attempt has recipients
SELECT mail, number FROM attempt WHERE json_array_length(recipients) = 0;

-- invariant: an attempt has a known class, an open one none
SELECT mail, number, class FROM attempt
WHERE class NOT BETWEEN 0 AND 8 OR (ended IS NULL AND class <> 0);

-- invariant: nobody is lost: accepted = settled + bounced + dead + remaining
SELECT accepted, settled, bounced, dead, remaining FROM total
WHERE accepted - settled - bounced - dead - remaining <> 0;

-- invariant: the counter of recipients is what the rows say
SELECT remaining FROM total WHERE remaining <>
	(SELECT count(*) FROM recipient WHERE state NOT IN (2, 3, 6));

-- invariant: the counter of doubts is what the rows say
SELECT doubts FROM total WHERE doubts <>
	(SELECT count(*) FROM recipient WHERE state = 4);

-- invariant: the counts of doubts only grow from 0
SELECT doubts_seen, resolved, possible, confirmed FROM total
WHERE doubts_seen < 0 OR resolved < 0 OR possible < 0 OR confirmed < 0;

-- invariant: what is noted of a provider says something
SELECT name, state FROM provider WHERE name = '' OR state = '' OR at <= 0;

-- invariant: the counters of mails are what the rows say
SELECT waiting, active, held FROM total WHERE
	waiting <> (SELECT count(*) FROM mail WHERE due IS NOT NULL)
	OR active <> (SELECT count(*) FROM mail
		WHERE due IS NULL AND hold IS NULL)
	OR held <> (SELECT count(*) FROM mail WHERE hold IS NOT NULL);

-- invariant: the counter of bytes is what the rows say
SELECT bytes FROM total WHERE bytes <>
	(SELECT coalesce(sum(size), 0) FROM mail);

-- invariant: there is one row of totals
SELECT count(*) FROM total HAVING count(*) <> 1;
