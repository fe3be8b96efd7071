/* SPDX-License-Identifier: MIT */
#include "mail/sample.h"

#include <unistd.h>

#include <stdio.h>

/* The traits by a short name each, in the order of their bits. */
static const char *const short_names[TRAIT_COUNT] = { "alternative", "nested",
	"signed", "encrypted", "report", "dkim", "repeated", "long-field",
	"8bit-field", "inline-named", "inline-other", "inline-twins",
	"part-headers", "many-from", "group", "address-broken", "no-to",
	"name-non-ascii", "name-unsafe", "name-missing", "text-large",
	"undecodable", "malformed", "opaque", "unknown", "no-body",
	"attachment-cid", "display-special", "display-8bit", "amp",
	"second-field", "long-word", "long-line", "inline-unsafe",
	"name-pieces", "no-subject", "empty-body", "blanks", "empty-field",
	"results", "date", "percent", "stars", "braces", "empty-part", "twice",
	"unqualified" };

static void
print_traits(GString *out, uint64_t traits)
{
	for (unsigned i = 0; i < TRAIT_COUNT; i++)
		if (traits & UINT64_C(1) << i)
			g_string_append_printf(out, " %s", short_names[i]);
}

static void
print_text(GString *out, const char *label, GBytes *text)
{
	gsize size;
	const char *data;

	if (text == NULL)
		return;
	data = g_bytes_get_data(text, &size);
	g_string_append_printf(
	    out, "%s[%.*s]", label, (int)size, size == 0 ? "" : data);
}

/* Bodies and parts: T[text]H[html] A(type;parameters|name|cid|size) I(...). */
static void
print_structure(GString *out, const struct message *message)
{
	print_text(out, "T", message->text);
	print_text(out, "H", message->html);
	for (unsigned i = 0; i < message->parts->len; i++) {
		const struct part *part = g_ptr_array_index(message->parts, i);

		g_string_append_printf(out, " %c(%s%s|%s|%s|%d)",
		    part->role == PART_INLINE ? 'I' : 'A', part->type,
		    part->parameters, part->name == NULL ? "-" : part->name,
		    part->content_id == NULL ? "-" : part->content_id,
		    (int)part->decoded_size);
	}
	print_traits(out, message->traits);
}

static void
print_addresses(GString *out, const char *label, const GPtrArray *list)
{
	if (list->len > 0)
		g_string_append(out, label);
	for (unsigned i = 0; i < list->len; i++) {
		const struct header_address *address =
		    g_ptr_array_index(list, i);

		g_string_append_printf(out, " %s<%s>",
		    address->name == NULL ? "" : address->name, address->spec);
	}
}

static void
print_header(GString *out, const struct message *message)
{
	print_addresses(out, "F", message->from);
	print_addresses(out, " T", message->to);
	print_addresses(out, " C", message->cc);
	print_addresses(out, " B", message->bcc);
	print_addresses(out, " R", message->reply_to);
	if (message->sender != NULL)
		g_string_append_printf(out, " S <%s>", message->sender->spec);
	/* these have neither subject nor text */
	print_traits(
	    out, message->traits & ~(TRAIT_NO_SUBJECT | TRAIT_EMPTY_BODY));
}

#define BASE       "Subject: s\nFrom: a@b.example\nTo: c@d.example\n"
#define MIME(type) BASE "MIME-Version: 1.0\nContent-Type: " type "\n"
#define MIXED      MIME("multipart/mixed; boundary=m") "\n"
#define RELATED    MIME("multipart/related; boundary=r") "\n"
#define ALT        MIME("multipart/alternative; boundary=a") "\n"
#define PLAIN(x)   "Content-Type: text/plain\n\n" x "\n"
#define HTML(x)    "Content-Type: text/html\n\n" x "\n"
#define PDF                                                 \
	"Content-Type: application/pdf; name=x.pdf\n"       \
	"Content-Disposition: attachment; filename=x.pdf\n" \
	"Content-Transfer-Encoding: base64\n\naGVsbG8=\n"
#define IMAGE(cid, more)                                        \
	"Content-Type: image/png\nContent-ID: <" cid ">\n" more \
	"Content-Transfer-Encoding: base64\n\naGk=\n"

struct row {
	const char *mail;
	const char *expected;
};

/* What fields can give back. */
static const struct row lossless[] = {
	{ BASE "\nhello\n", "T[hello\n]" },
	{ MIME("text/html; charset=iso-8859-1") "\n<p>caf\xe9\n",
	    "H[<p>caf\xc3\xa9\n]" },
	{ MIME("text/plain") "Content-Transfer-Encoding: quoted-printable\n\n"
			     "a=\nb=20\n",
	    "T[ab \n]" },
	{ MIME(
	      "text/plain; charset=gb2312") "Content-Transfer-Encoding: base64\n\nxOO6ww==\n",
	    "T[\xe4\xbd\xa0\xe5\xa5\xbd]" },
	{ ALT "--a\n" PLAIN("t") "--a\n" HTML("h") "--a--\n", "T[t]H[h]" },
	{ ALT "pre\n--a\n" HTML("h") "--a--\npost\n", "H[h]" },
	{ MIXED "--m\n" PLAIN("t") "--m\n" PDF "--m--\n",
	    "T[t] A(application/pdf|x.pdf|-|5)" },
	{ MIXED "--m\nContent-Type: multipart/alternative; boundary=a\n\n"
		"--a\n" PLAIN("t") "--a\n" HTML("h") "--a--\n--m\n" PDF
						     "--m--\n",
	    "T[t]H[h] A(application/pdf|x.pdf|-|5)" },
	{ RELATED "--r\n" HTML("<img src=\"cid:i@x\">") "--r\n" IMAGE(
	      "i@x", "Content-Disposition: inline\n") "--r--\n",
	    "H[<img src=\"cid:i@x\">] I(image/png|-|i@x|2)" },
	{ RELATED "--r\n" HTML("<img src=cid:i%40x>") "--r\n" IMAGE(
	      "i@x", "") "--r--\n",
	    "H[<img src=cid:i%40x>] I(image/png|-|i@x|2)" },
	{ ALT "--a\n" PLAIN(
	      "t") "--a\nContent-Type: multipart/related; boundary=r; "
		   "type=\"text/html\"\n\n--r\n" HTML("'cid:1'") "--r\n" IMAGE(
		       "1", "") "--r--\n--a--\n",
	    "T[t]H['cid:1'] I(image/png|-|1|2)" },
	{ RELATED "--r\nContent-Type: multipart/alternative; boundary=a\n\n"
		  "--a\n" PLAIN("t") "--a\n" HTML(
		      "(cid:1)") "--a--\n--r\n" IMAGE("1", "") "--r--\n",
	    "T[t]H[(cid:1)] I(image/png|-|1|2)" },
	{ MIXED "--m\n" HTML("\"cid:1\"") "--m\n" IMAGE(
	      "1", "Content-Disposition: inline; filename=1\n") "--m--\n",
	    "H[\"cid:1\"] I(image/png|1|1|2)" },
	{ MIXED "--m\n" PLAIN(
	      "t") "--m\nContent-Type: text/csv; charset=utf-8; header=present\n"
		   "Content-Disposition: attachment; filename=\"a b.csv\"\n\n"
		   "1\n2\n--m--\n",
	    "T[t] A(text/csv; charset=utf-8; header=present|a b.csv|-|4)" },
	{ MIXED "--m\n" PLAIN(
	      "t") "--m\nContent-Type: application/x-tar; name=t.tar\n"
		   "Content-Disposition: inline; filename=t.tar\n\nx\n--m--\n",
	    "T[t] A(application/x-tar|t.tar|-|1)" },
	{ BASE "Received: x\nReceived: y\nReturn-Path: <a>\n"
	       "Return-Path: <b>\nBcc: e@f.example\nBcc: g@f.example\n\nx\n",
	    "T[x\n]" },
	{ BASE "Content-Language: en\n\nx\n", "T[x\n]" },
};

/* What they cannot. */
static const struct row lossy[] = {
	{ ALT "--a\n" PLAIN("t") "--a\n" HTML(
	      "h") "--a\nContent-Type: text/calendar; method=REQUEST\n\nB\n"
		   "--a--\n",
	    "T[t]H[h] A(text/calendar; method=REQUEST|-|-|1) alternative "
	    "name-missing unknown" },
	{ ALT "--a\n" HTML("h") "--a\n" PLAIN("t") "--a--\n",
	    "H[h] A(text/plain|-|-|1) alternative name-missing unknown" },
	{ MIXED "--m\n" HTML("h") "--m\n" PLAIN("footer") "--m--\n",
	    "H[h] A(text/plain|-|-|6) name-missing unknown" },
	{ MIXED "--m\n" PDF "--m\n" PLAIN("t") "--m--\n",
	    "T[t] A(application/pdf|x.pdf|-|5) unknown" },
	{ MIXED "--m\n" PLAIN(
	      "t") "--m\nContent-Type: message/rfc822\n\n"
		   "Subject: in\nFrom: x@y.example\n\ninner\n--m--\n",
	    "T[t] A(message/rfc822|-|-|39) nested name-missing" },
	{ MIXED "--m\n" PLAIN(
	      "t") "--m\nContent-Type: message/rfc822\n"
		   "Content-Disposition: attachment; filename=f.eml\n\n"
		   "Content-Type: multipart/mixed; boundary=i\n\n--i\n\nz\n"
		   "--i--\n--m\n" PDF "--m--\n",
	    "T[t] A(message/rfc822|f.eml|-|60) "
	    "A(application/pdf|x.pdf|-|5) nested" },
	{ MIME("message/rfc822") "\nSubject: in\n\ninner\n",
	    " A(message/rfc822|-|-|22) nested name-missing no-body" },
	{ MIME(
	      "multipart/signed; boundary=s; micalg=pgp-sha256; "
	      "protocol=\"application/pgp-signature\"") "\n--s\n" PLAIN("t") "--s\nContent-Type: application/pgp-signature; name=s.asc\n"
									     "\nxx\n--s--\n",
	    "T[t] A(application/pgp-signature|s.asc|-|2) signed" },
	{ MIME(
	      "multipart/encrypted; boundary=s; "
	      "protocol=\"application/pgp-encrypted\"") "\n--s\nContent-Type: application/pgp-encrypted\n\nVersion: 1"
							"\n--s\nContent-Type: application/octet-stream; name=e.asc\n"
							"\nxx\n--s--\n",
	    " A(application/pgp-encrypted|-|-|10) "
	    "A(application/octet-stream|e.asc|-|2) encrypted name-missing "
	    "no-body" },
	{ MIME("application/pkcs7-mime; smime-type=enveloped-data; "
	       "name=smime.p7m") "Content-Transfer-Encoding: base64\n\naGk=\n",
	    " A(application/pkcs7-mime; smime-type=enveloped-data|smime.p7m|-"
	    "|2) encrypted no-body" },
	{ MIME("application/pkcs7-mime; smime-type=signed-data; "
	       "name=smime.p7m") "Content-Transfer-Encoding: base64\n\naGk=\n",
	    " A(application/pkcs7-mime; smime-type=signed-data|smime.p7m|-|2)"
	    " signed no-body" },
	{ BASE "\n-----BEGIN PGP MESSAGE-----\n\nx\n"
	       "-----END PGP MESSAGE-----\n",
	    "T[-----BEGIN PGP MESSAGE-----\n\nx\n"
	    "-----END PGP MESSAGE-----\n] encrypted" },
	{ MIME("multipart/report; report-type=delivery-status; boundary=m") "\n--m\n" PLAIN(
	      "t") "--m\nContent-Type: message/delivery-status\n\n"
		   "Reporting-MTA: dns; x\n\n--m--\n",
	    "T[t] A(message/delivery-status|-|-|23) nested report "
	    "name-missing" },
	{ MIME("multipart/digest; boundary=m") "\n--m\n\nSubject: 1\n\na\n"
					       "--m--\n",
	    " A(message/rfc822|-|-|15) nested name-missing unknown no-body" },
	{ MIME("multipart/parallel; boundary=m") "\n--m\n" PLAIN("t") "--m--\n",
	    "T[t] unknown" },
	{ MIME("text/plain; format=flowed; delsp=yes") "\nx\n",
	    "T[x\n] part-headers" },
	{ MIXED "--m\nContent-Description: d\n" PLAIN("t") "--m--\n",
	    "T[t] part-headers" },
	{ MIXED "--m\n" PLAIN("t") "--m\nX-Attachment-Id: f\n" PDF "--m--\n",
	    "T[t] A(application/pdf|x.pdf|-|5) part-headers" },
	{ MIXED "--m\n" PLAIN(
	      "t") "--m\nContent-Type: application/pdf; name=y.pdf\n"
		   "Content-Disposition: attachment; filename=x.pdf\n\nz\n"
		   "--m\nContent-Type: application/pdf\n"
		   "Content-Disposition: attachment; filename=x.pdf; size=1\n\n"
		   "z\n--m--\n",
	    "T[t] A(application/pdf|x.pdf|-|1) A(application/pdf|x.pdf|-|1) "
	    "part-headers" },
	{ BASE "Content-Description: d\n\nx\n", "T[x\n] part-headers" },
	{ RELATED "--r\n" HTML("cid:1") "--r\n" IMAGE("1",
	      "Content-Disposition: inline; filename=a.png\n") "--r\n" IMAGE("1",
	      "") "--r\n"
		  "Content-Type: audio/ogg\nContent-ID: <1>\n\nx\n--r--\n",
	    "H[cid:1] I(image/png|a.png|1|2) I(image/png|-|1|2) "
	    "I(audio/ogg|-|1|1) inline-named inline-other inline-twins" },
	{ RELATED "--r\n" HTML("no reference") "--r\n" IMAGE(
	      "1", "Content-Disposition: inline; filename=a.png\n") "--r--\n",
	    "H[no reference] A(image/png|a.png|1|2) unknown "
	    "attachment-cid" },
	{ RELATED "--r\n" HTML("cid:1") "--r\n" IMAGE("1",
	      "Content-Disposition: attachment; filename=a.png\n") "--r--\n",
	    "H[cid:1] A(image/png|a.png|1|2) attachment-cid" },
	{ RELATED "--r\n" PLAIN("t") "--r\n" IMAGE("1",
	      "Content-Disposition: attachment; filename=a.png\n") "--r--\n",
	    "T[t] A(image/png|a.png|1|2) attachment-cid" },
	{ RELATED
	    "--r\n" HTML("h") "--r\nContent-Type: image/png\n"
			      "Content-Location: http://x/y\n\nx\n--r--\n",
	    "H[h] A(image/png|-|-|1) part-headers name-missing unknown" },
	{ MIME("multipart/related; boundary=r; start=\"<two>\"") "\n--r\n" HTML(
	      "1") "--r\nContent-ID: <two>\n" HTML("2") "--r--\n",
	    "H[2] A(text/html|-|-|1) name-missing unknown" },
	{ RELATED "--r\n" IMAGE("1", "") "--r\n" HTML("cid:1") "--r--\n",
	    "H[cid:1] I(image/png|-|1|2) unknown" },
	{ MIXED "--m\n" PLAIN(
	      "t") "--m\nContent-Type: image/png\n"
		   "Content-Disposition: inline; filename=a.png\n\nx\n--m--\n",
	    "T[t] A(image/png|a.png|-|1) unknown" },
	{ MIXED "--m\n" PLAIN(
	      "t") "--m\nContent-Type: application/pdf\nContent-Disposition: "
		   "attachment; filename*=utf-8''%E4%BD%A0%2F..%2F%E5%A5%BD.pdf"
		   "\n\nz\n--m--\n",
	    "T[t] A(application/pdf|\xe5\xa5\xbd.pdf|-|1) name-non-ascii "
	    "name-unsafe name-pieces" },
	{ MIXED "--m\n" PLAIN(
	      "t") "--m\nContent-Type: application/pdf\nContent-Disposition: "
		   "attachment; filename=\"..\"\n\nz\n"
		   "--m\nContent-Type: application/pdf\nContent-Disposition: "
		   "attachment; filename=\"C:\\\\a\\\"b.pdf\"\n\nz\n--m--\n",
	    "T[t] A(application/pdf|-|-|1) A(application/pdf|a\"b.pdf|-|1) "
	    "name-unsafe" },
	{ MIXED "--m\n" PLAIN(
	      "t") "--m\nContent-Type: application/pdf\nContent-Disposition: "
		   "attachment;\n filename=\"=?utf-8?B?w7wg?=\n "
		   "=?utf-8?B?YS5wZGY=?=\"\n\nz\n"
		   "--m\nContent-Type: application/pdf; name=a.pdf\n"
		   "Content-Disposition: attachment; filename=\"a.pdf.\"\n\nz\n"
		   "--m--\n",
	    "T[t] A(application/pdf|\xc3\xbc a.pdf|-|1) "
	    "A(application/pdf|a.pdf.|-|1) part-headers name-non-ascii "
	    "name-unsafe" },
	{ BASE "\ncaf\xe9\n", "T[caf\xc3\xa9\n] undecodable" },
	{ MIME("text/plain; charset=utf-8") "\ncaf\xe9\n",
	    "T[caf\xef\xbf\xbd\n] undecodable" },
	{ MIME("text/plain") "Content-Transfer-Encoding: base64\n\naG*k=\n",
	    "T[hi] malformed" },
	{ MIME("text/plain") "Content-Transfer-Encoding: rot13\n\nuv\n",
	    "T[uv\n] malformed" },
	{ MIME("multipart/mixed") "\n--m\n" PLAIN("t") "--m--\n",
	    " malformed no-body" },
	{ MIXED "--m\n" PLAIN("t") "--m\n" PDF,
	    "T[t] A(application/pdf|x.pdf|-|5) malformed" },
	{ MIXED "nothing\n", " malformed no-body" },
	{ BASE "Content-Type: text/plain\nContent-Type: text/html\n\nx\n",
	    " repeated opaque" },
	{ MIXED "--m\nContent-Type: text/plain\nContent-Type: text/html\n\nx"
		"\n--m--\n",
	    " opaque" },
	{ BASE "no field\nhello\n", "T[no field\nhello\n] malformed" },
	{ "hello\n", "T[hello\n] no-to malformed no-subject" },
	{ "\nhello\n", "T[hello\n] no-to no-subject" },
	{ "", "T[] no-to malformed no-subject empty-body" },
	{ BASE "\n", "T[] empty-body" },
	{ MIME("application/octet-stream; name=a.bin") "\nx\n",
	    " A(application/octet-stream|a.bin|-|3) no-body" },
	{ MIME("text/plain; name=a.txt") "\nx\n",
	    " A(text/plain|a.txt|-|3) unknown no-body" },
};

static void
check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct message *message = sample_message(rows[i].mail);
		g_autoptr(GString) out = g_string_new(NULL);

		print_structure(out, message);
		if (strcmp(out->str, rows[i].expected) != 0)
			print_error("of %s\n", rows[i].mail);
		assert_string_equal(out->str, rows[i].expected);
		message_unref(message);
	}
}

static void
test_lossless(void **state)
{
	(void)state;
	check_rows(lossless, G_N_ELEMENTS(lossless));
}

static void
test_lossy(void **state)
{
	(void)state;
	check_rows(lossy, G_N_ELEMENTS(lossy));
}

static const struct row headers[] = {
	{ "From: Ann B <a@b.example>\nTo: c@d.example, \"E, F\" <e@f.example>"
	  "\nCc: g@h.example\nBcc: i@j.example\nReply-To: k@l.example\n"
	  "Sender: m@n.example\n\n",
	    "F Ann B<a@b.example> T <c@d.example> E, F<e@f.example> "
	    "C <g@h.example> B <i@j.example> R <k@l.example> "
	    "S <m@n.example>" },
	{ "From: =?utf-8?Q?J=C3=BCrgen?= <a@b.example>\nTo: x@y.example\n\n",
	    "F J\xc3\xbcrgen<a@b.example> T <x@y.example> display-8bit" },
	{ "From: =?utf-8?Q?J=C3=BC=2C_X?= <a@b.example>\nTo: x@y.example\n\n",
	    "F J\xc3\xbc, X<a@b.example> T <x@y.example> display-special "
	    "display-8bit" },
	{ "From: =?utf-8?Q?a=0D=0ABcc=3A_e=40x?= <a@b.example>\n"
	  "To: x@y.example\n\n",
	    "F a Bcc: e@x<a@b.example> T <x@y.example>" },
	/* two words in B, the first one padded; GBK by the name of gb2312 */
	{ "From: =?utf-8?B?w7wg?= =?utf-8?B?w7w=?= <a@b.example>\n"
	  "To: =?gb2312?B?6UY=?= <x@y.example>\n\n",
	    "F \xc3\xbc \xc3\xbc<a@b.example> "
	    "T \xe9\x95\x95<x@y.example> display-8bit" },
	/* padding between the words, a character parted by them, a charset by
	 * the name of a smaller one */
	{ "From: =?utf-8?B?w7w=?= =?utf-8?B?w6k=?= =?utf-8?B?w6c=?= "
	  "<a@b.example>\nTo: =?utf-8?B?4g==?=\n\t=?utf-8?B?gqw=?= <x@y.example>,"
	  "\n =?gb2312?B?lTKCNg==?= <z@y.example>\n\n",
	    "F \xc3\xbc\xc3\xa9\xc3\xa7<a@b.example> "
	    "T \xe2\x82\xac<x@y.example> "
	    "\xf0\xa0\x80\x80<z@y.example> display-8bit" },
	{ "From: a@b.example, c@d.example\nTo: x@y.example\n\n",
	    "F <a@b.example> <c@d.example> T <x@y.example> many-from" },
	{ "From: a@b.example\nTo: team: c@d.example, e@f.example;\n\n",
	    "F <a@b.example> T <c@d.example> <e@f.example> group" },
	{ "From: a@b.example\nTo: undisclosed-recipients:;\n\n",
	    "F <a@b.example> group" },
	{ "From: root (Cron Daemon)\nTo: root\n\n",
	    "F Cron Daemon<root@mail.example.com> "
	    "T <root@mail.example.com>" },
	{ "From: a@b.example (=?utf-8?Q?J=C3=BC?=)\nTo: (no one) x@y.example\n\n",
	    "F J\xc3\xbc<a@b.example> T <x@y.example> "
	    "address-broken display-8bit" },
	{ "From: a@b.example\nTo: c@d.example (C), e@f.example (E)\n\n",
	    "F <a@b.example> T C<c@d.example> E<e@f.example>" },
	{ "From: a@b.example\nTo: c (C), e (E)\n\n",
	    "F <a@b.example> T <c@mail.example.com> <e@mail.example.com> "
	    "address-broken" },
	/* a parenthesis in quotes begins no comment */
	{ "From: a@b.example\nTo: \"(c)\"@d.example, \"e\\\"(\"@f.example\n\n",
	    "F <a@b.example> T <\"(c)\"@d.example> <\"e\\\"(\"@f.example>" },
	{ "From: a@b.example\nTo: c@d.example, \"E (F)\" <e@f.example>\n\n",
	    "F <a@b.example> T <c@d.example> E (F)<e@f.example>" },
	{ "From: a@b.example\nTo: \"c d\"@e.example, \"f@g\"@h.example,\n"
	  " \"i, j\"@k.example, l/m+n@o.example\n\n",
	    "F <a@b.example> T <\"c d\"@e.example> <\"f@g\"@h.example> "
	    "<\"i, j\"@k.example> <l/m+n@o.example>" },
	{ "From: a@\xe2\x9d\xa4.example\nTo: c@fa\xc3\x9f.example\n\n",
	    " T <c@xn--fa-hia.example> address-broken" },
	{ "From: a@b.example\nTo: x@y.example\nBcc: foo bar@b\nBcc: g:;\n\n",
	    "F <a@b.example> T <x@y.example>" },
	{ "From: a@b.example\nTo: x@y.example\nSender: c@d.example, e@f\n\n",
	    "F <a@b.example> T <x@y.example> S <c@d.example> address-broken" },
	{ "From: a@b\xc3\xbc"
	  "cher.example\nTo: x@y.example\n\n",
	    "F <a@xn--bcher-kva.example> T <x@y.example>" },
	{ "From: J\xc3\xbcrgen <a@b.example>\nTo: x@y.example\n\n",
	    "F J\xc3\xbcrgen<a@b.example> T <x@y.example> display-8bit" },
	{ "From: J\xfcrgen <a@b.example>\nTo: x@y.example\n\n",
	    "F J\xc3\xbcrgen<a@b.example> T <x@y.example> 8bit-field "
	    "display-8bit" },
	{ "From: a@b.example\nTo: foo bar@baz.example\n\n",
	    "F <a@b.example> address-broken" },
	{ "From: a@b.example\nTo: <>, x@y.example\n\n",
	    "F <a@b.example> T <x@y.example>" },
	{ "From: a@[192.0.2.1]\nTo: x@y.example\n\n",
	    " T <x@y.example> address-broken" },
	{ "From: a@b.example\nTo: c@d.example\nTo: e@f.example\n\n",
	    "F <a@b.example> T <c@d.example> <e@f.example> repeated" },
	{ "From: a@b.example\nTo: c@d.example\nDate: x\ndate: y\n\n",
	    "F <a@b.example> T <c@d.example> repeated second-field "
	    "date" },
	{ "From: a@b.example\nTo: c@d.example\nX: x\nX: y\n\n",
	    "F <a@b.example> T <c@d.example> repeated" },
	{ "To: x@y.example\n\n", "F <app@example.com> T <x@y.example>" },
	{ "From:\nTo: x@y.example\n\n",
	    "F <app@example.com> T <x@y.example> empty-field" },
	{ "From: a@b.example\n\n", "F <a@b.example> no-to" },
	{ "From: a@b.example\nTo: x@y.example\nDKIM-Signature: x\n\n",
	    "F <a@b.example> T <x@y.example> dkim" },
	{ "From: a@b.example\nTo: x@y.example\nARC-Seal: x\n\n",
	    "F <a@b.example> T <x@y.example> dkim" },
	{ "From: a@b.example\nTo: x@y.example\nX-A: 1\nx-a: 2\n\n",
	    "F <a@b.example> T <x@y.example> repeated" },
	{ "From: a@b.example\nTo: x@y.example\nX-A: caf\xe9\n\n",
	    "F <a@b.example> T <x@y.example> 8bit-field" },
	{ "From: a@b.example\nTo: x@y.example\nMessage-ID: none\n\n",
	    "F <a@b.example> T <x@y.example> unknown" },
};

static void
test_headers(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(headers); i++) {
		struct message *message = sample_message(headers[i].mail);
		g_autoptr(GString) out = g_string_new(NULL);

		print_header(out, message);
		if (strcmp(out->str, headers[i].expected) != 0)
			print_error("of %s\n", headers[i].mail);
		assert_string_equal(out->str, headers[i].expected);
		message_unref(message);
	}
}

static void
test_values(void **state)
{
	static const struct {
		const char *mail, *subject, *message_id, *date;
		bool had_message_id, had_date, had_from;
	} rows[] = {
		{ "From: a@b.example\nSubject: =?utf-8?B?w6k=?=\n x\n"
		  "Message-ID: <1@b>\nDate: Mon, 1 Jan\n\n",
		    "\xc3\xa9 x", "<1@b>", "Mon, 1 Jan", true, true, true },
		{ "Subject:\n\n", "", "<" SAMPLE_ID "@mail.example.com>",
		    "Sat, 21 Nov 2026 10:24:00 +0000", false, false, false },
		{ "Message-ID: 1@b\nDate:\nDate: x\n\n", NULL, "<1@b>", "x",
		    true, true, false },
		{ "Message-ID: <a b@c>\nFrom: x\n\n", NULL, "<a b@c>",
		    "Sat, 21 Nov 2026 10:24:00 +0000", true, false, true },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct message *message = sample_message(rows[i].mail);

		assert_int_equal(
		    message->subject == NULL, rows[i].subject == NULL);
		if (message->subject != NULL)
			assert_string_equal(message->subject, rows[i].subject);
		assert_string_equal(message->message_id, rows[i].message_id);
		assert_string_equal(message->date, rows[i].date);
		assert_int_equal(
		    message->had_message_id, rows[i].had_message_id);
		assert_int_equal(message->had_date, rows[i].had_date);
		assert_int_equal(message->had_from, rows[i].had_from);
		message_unref(message);
	}
}

static void
test_null_sender(void **state)
{
	static const struct parse_options options = {
		.hostname = "mail.example.com",
		.domain = "example.net",
	};
	static const char mail[] = "To: cron\r\n\r\n";
	struct submission *submission =
	    sample_submission(mail, sizeof mail - 1);
	struct message *message;
	g_autoptr(GString) out = g_string_new(NULL);

	(void)state;
	address_free(submission->envelope->sender);
	submission->envelope->sender = NULL;
	message = parse_message(submission, &options, NULL);
	print_header(out, message);
	assert_string_equal(out->str,
	    "F <MAILER-DAEMON@mail.example.com> T <cron@example.net>");
	message_unref(message);
}

/* A part's range is where its bytes lie. */
static void
test_ranges(void **state)
{
	static const char inner[] = "Subject: in\r\n\r\ninner";
	struct message *message = sample_message(MIXED "--m\n" PLAIN(
	    "t") "--m\nContent-Type: message/rfc822\n\nSubject: in\n\ninner\n"
		 "--m\n" PDF "--m--\n");
	const struct spool *spool = message->submission->spool;
	const struct part *nested = g_ptr_array_index(message->parts, 0);
	const struct part *pdf = g_ptr_array_index(message->parts, 1);
	char bytes[64];

	(void)state;
	assert_int_equal(nested->length, sizeof inner - 1);
	assert_int_equal(
	    spool_read(spool, nested->offset, bytes, nested->length),
	    nested->length);
	assert_memory_equal(bytes, inner, sizeof inner - 1);
	assert_int_equal(pdf->encoding, PART_BASE64);
	assert_int_equal(spool_read(spool, pdf->offset, bytes, 8), 8);
	assert_memory_equal(bytes, "aGVsbG8=", 8);
	message_unref(message);
}

/* More than 64 KiB lie in a file, which is mapped. */
static void
test_large(void **state)
{
	static const struct parse_options options = { .hostname = "h" };
	g_autoptr(GString) mail = g_string_new(
	    "From: a@b.example\r\nTo: c@d.example\r\nContent-Type: "
	    "multipart/mixed; boundary=m\r\n\r\n--m\r\n\r\n");
	struct message *message;
	const struct part *part;

	(void)state;
	for (int i = 0; i < 40000; i++)
		g_string_append(mail, "line of the large text body\r\n");
	g_string_append(mail, "--m\r\nContent-Disposition: attachment; "
			      "filename=x\r\n\r\n");
	for (int i = 0; i < 40000; i++)
		g_string_append(mail, "attached line\r\n");
	g_string_append(mail, "--m--\r\n");
	message = parse_message(
	    sample_submission(mail->str, mail->len), &options, NULL);
	assert_int_equal(message->traits,
	    TRAIT_TEXT_LARGE | TRAIT_NO_SUBJECT | TRAIT_NO_BODY |
		TRAIT_NAME_MISSING | TRAIT_UNKNOWN);
	assert_null(message->text);
	part = g_ptr_array_index(message->parts, 0);
	assert_int_equal(part->decoded_size, 40000 * 29 - 2);
	part = g_ptr_array_index(message->parts, 1);
	assert_int_equal(part->decoded_size, 40000 * 15 - 2);
	assert_string_equal(part->name, "x");
	message_unref(message);
}

/* What the limiter calls opaque is read by its bytes alone. */
static void
test_opaque(void **state)
{
	g_autoptr(GString) mail =
	    g_string_new("From: \"A <x@y>\" <a@b.example>\nSubject: s\nTo: ");
	struct message *message;
	g_autoptr(GString) out = g_string_new(NULL);

	(void)state;
	for (int i = 0; i < 2000; i++)
		g_string_append(mail, "g:");
	g_string_append(mail, "\n\nbody\n");
	message = sample_message(mail->str);
	print_header(out, message);
	print_structure(out, message);
	assert_string_equal(
	    out->str, "F <a@b.example> opaque long-word opaque long-word");
	assert_string_equal(message->subject, "s");
	message_unref(message);
}

/* Work threads parse side by side. */
static void *
parse_many(void *unused)
{
	static const struct parse_options options = { .hostname = "h" };
	static const char mail[] =
	    "From: =?utf-8?Q?J=C3=BC?= <a@b.example>\r\nContent-Type: "
	    "multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: "
	    "text/plain; charset=gb2312\r\n\r\n\xc4\xe3\r\n--m--\r\n";

	for (int i = 0; i < 50; i++)
		message_unref(parse_message(
		    sample_submission(mail, sizeof mail - 1), &options, NULL));
	return unused;
}

static void
test_threads(void **state)
{
	GThread *threads[4];

	(void)state;
	message_unref(sample_message("\n")); /* the sample's own budget */
	for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
		threads[i] = g_thread_new("parse", parse_many, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
		g_thread_join(threads[i]);
}

/* The disk's fault is never taken for the mail's end. */
static void
test_unreadable(void **state)
{
	static const char *const heads[] = { BASE "\n",
		MIXED "--m\nContent-Transfer-Encoding: base64\n\n" };
	static const struct parse_options options = { .hostname = "h" };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(heads); i++) {
		g_autoptr(GString) mail = sample_lines(heads[i]);
		struct submission *submission;
		g_autoptr(GError) error = NULL;

		while (mail->len < 300000)
			g_string_append(mail, "dGV4dA==\r\n");
		submission = sample_submission(mail->str, mail->len);
		assert_int_equal(
		    ftruncate(spool_fd(submission->spool), 200000), 0);
		assert_null(parse_message(submission, &options, &error));
		assert_non_null(strstr(error->message, "cannot be read: "));
		submission_free(submission);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lossless),
		cmocka_unit_test(test_lossy),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_null_sender),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_opaque),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_unreadable),
	};

	parse_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
