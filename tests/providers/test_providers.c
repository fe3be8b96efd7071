/* SPDX-License-Identifier: MIT */
/*
 * The golden cases: a folder for each type of provider, and in it for each case
 *
 *   NN-what.eml       the mail as it is handed in;
 *   NN-what.request   what is made of it, or ERROR and why it is not;
 *   NN-what.response  what the provider answers; not there: nothing;
 *   NN-what.outcome   what that means.
 *
 * The .eml begins with lines of a dialogue:
 *
 *   SET key=value     a setting of the provider; format=fields or raw is the
 *                     form of the delivery (fields where there are any);
 *                     recipients=0,2 makes it a delivery to these only;
 *                     from=Name <a@b> and redirect=a@b are its guise;
 *                     deaf=yes: its control headers are no orders;
 *                     escapes=yes: \xHH in the mail is that byte;
 *   MAIL FROM:<a@b>, RCPT TO:<c@d>, DATA
 *
 * The .response of HTTP is "HTTP 200", fields, an empty line and the body;
 * "Retry-After: 120" stands for what the carrier made of it, "Cut: yes" says
 * that the body was longer, "Sent: part" that the request had not left whole.
 * That of SMTP has lines "MAIL 250 2.1.0 Ok" (CONNECT, MAIL, RCPT, DATA),
 * "AUTH 535 5.7.8 No", "NOTLS", and "END lost"; without a line RCPT nothing was
 * read of the recipients.
 *
 * REWRITE=1 in the environment writes .request and .outcome anew: read what has
 * changed before it is kept.
 */
#include "mail/options.h"
#include "providers/sample.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct sample_case {
	char *base; /* "providers/mailgun/01-plain" */
	char *type;
};

static char *
read_file(const struct sample_case *c, const char *ending)
{
	g_autofree char *path = g_strconcat(c->base, ending, NULL);
	g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, NULL);

	if (file == NULL)
		return NULL;
	return g_strndup(
	    g_mapped_file_get_contents(file), g_mapped_file_get_length(file));
}

static void
compare(const struct sample_case *c, const char *ending, const GString *have)
{
	g_autofree char *path = g_strconcat(c->base, ending, NULL);
	g_autofree char *want = read_file(c, ending);

	if (g_getenv("REWRITE") != NULL)
		assert_true(g_file_set_contents(
		    path, have->str, (gssize)have->len, NULL));
	else if (want == NULL)
		fail_msg("%s is missing; what there is:\n%s", path, have->str);
	else if (strcmp(want, have->str) != 0)
		fail_msg(
		    "%s says\n%s\nbut there is\n%s", path, want, have->str);
}

/* ---- the mail ---- */

struct mail_case {
	GHashTable *settings;
	struct envelope *envelope;
	GString *bytes;
	char *recipients;            /* of the delivery, "0,2"; NULL: all */
	struct header_address *from; /* the guise; NULL: none */
	struct address *redirect;
	bool deaf;
	struct mail_options *options; /* none when it is deaf */
};

static void
read_setting(struct mail_case *mail, const char *line)
{
	const char *equals = strchr(line, '=');

	assert_non_null(equals);
	g_hash_table_insert(mail->settings,
	    g_strndup(line, (size_t)(equals - line)), g_strdup(equals + 1));
}

static struct address *
read_path(const char *line)
{
	const char *start = strchr(line, '<'), *end = strrchr(line, '>');
	g_autofree char *text = NULL;

	assert_true(start != NULL && end != NULL);
	text = g_strndup(start + 1, (size_t)(end - start - 1));
	return *text == '\0' ? NULL : sample_address(text);
}

/* Each comes once. */
static void
read_recipient(struct mail_case *mail, const char *line)
{
	unsigned count = mail->envelope->recipients->len;

	assert_int_equal(
	    envelope_add_recipient(mail->envelope, read_path(line)), count);
}

static void
read_command(struct mail_case *mail, const char *line)
{
	if (g_str_has_prefix(line, "SET "))
		read_setting(mail, line + 4);
	else if (g_str_has_prefix(line, "MAIL FROM:"))
		mail->envelope->sender = read_path(line);
	else if (g_str_has_prefix(line, "RCPT TO:"))
		read_recipient(mail, line);
	else
		fail_msg("not a line of a case: %s", line);
}

static char *
take_setting(struct mail_case *mail, const char *key)
{
	void *name = NULL, *value = NULL;

	g_hash_table_steal_extended(mail->settings, key, &name, &value);
	g_free(name);
	return value;
}

static void
read_guise(struct mail_case *mail)
{
	g_autofree char *from = take_setting(mail, "from");
	g_autofree char *redirect = take_setting(mail, "redirect");
	g_autofree char *deaf = take_setting(mail, "deaf");
	g_auto(GStrv) words = g_strsplit_set(from ? from : "", "<>", 0);

	mail->deaf = deaf != NULL;
	if (from != NULL)
		mail->from = header_address_new(g_strchomp(words[0]), words[1]);
	if (redirect != NULL)
		mail->redirect = sample_address(redirect);
}

static void
read_escapes(GString *bytes)
{
	GString *out = g_string_new(NULL);

	for (size_t i = 0; i < bytes->len; i++) {
		unsigned byte;

		if (sscanf(bytes->str + i, "\\x%2x", &byte) == 1) {
			g_string_append_c(out, (char)byte);
			i += 3;
		} else {
			g_string_append_c(out, bytes->str[i]);
		}
	}
	g_string_truncate(bytes, 0);
	g_string_append_len(bytes, out->str, (gssize)out->len);
	g_string_free(out, TRUE);
}

static void
read_mail(struct mail_case *mail, const struct sample_case *c)
{
	g_autofree char *text = read_file(c, ".eml");
	g_autofree char *escapes = NULL;
	char *line = text, *end;

	assert_non_null(text);
	mail->settings = sample_settings_new();
	mail->envelope = envelope_new();
	while ((end = strchr(line, '\n')) != NULL) {
		*end = '\0';
		if (strcmp(line, "DATA") == 0)
			break;
		read_command(mail, line);
		line = end + 1;
	}
	assert_non_null(end);
	mail->bytes = sample_lines(end + 1);
	escapes = take_setting(mail, "escapes");
	if (escapes != NULL)
		read_escapes(mail->bytes);
	mail->recipients = take_setting(mail, "recipients");
	read_guise(mail);
}

static struct message *
parse_mail(struct mail_case *mail)
{
	static const struct parse_options options = {
		.hostname = "mail.example.com",
	};
	struct submission *submission =
	    sample_submission(mail->bytes->str, mail->bytes->len);
	GError *error = NULL;
	struct message *message;

	envelope_free(submission->envelope);
	submission->envelope = g_steal_pointer(&mail->envelope);
	message = parse_message(submission, &options, &error);
	assert_non_null(message);
	return message;
}

static struct delivery *
make_delivery(const struct mail_case *mail, struct message *message,
    const struct provider *provider)
{
	const char *chosen = mail->recipients;
	g_auto(GStrv) numbers = g_strsplit(chosen ? chosen : "", ",", 0);
	const struct envelope *envelope = message->submission->envelope;
	g_autofree unsigned *recipients =
	    g_new(unsigned, envelope->recipients->len);
	struct delivery *delivery;
	unsigned count = 0;

	for (unsigned i = 0; i < envelope->recipients->len; i++) {
		g_autofree char *number = g_strdup_printf("%u", i);

		if (chosen == NULL ||
		    g_strv_contains((const char *const *)numbers, number))
			recipients[count++] = i;
	}
	delivery = delivery_new(message, recipients, count);
	delivery->hostname = "mail.example.com";
	delivery->guise.from = mail->from;
	delivery->guise.redirect = mail->redirect;
	delivery->options = mail->options;
	if (provider->format == FORMAT_RAW ||
	    !provider->translator->limits.fields)
		delivery->form = DELIVERY_RAW;
	return delivery;
}

/* ---- the request ---- */

static GString *
read_body(struct segments *segments)
{
	GString *body = g_string_new(NULL);
	struct segment_reader *reader;
	char piece[777];
	ssize_t taken;

	if (segments == NULL)
		return body;
	reader = segment_reader_new(segments);
	while ((taken = segment_reader_read(reader, piece, sizeof piece)) > 0)
		g_string_append_len(body, piece, taken);
	assert_int_equal(taken, 0);
	assert_int_equal(body->len, segments_size(segments));
	segment_reader_free(reader);
	return body;
}

/* A CRLF is a line end; a LF alone is \n and a line end; all else that is not
 * UTF-8 text is \xHH. */
static void
print_lines(GString *out, const GString *body)
{
	for (size_t i = 0; i < body->len; i++) {
		const char *at = body->str + i;
		gunichar letter =
		    g_utf8_get_char_validated(at, (gssize)(body->len - i));

		if (at[0] == '\r' && at[1] == '\n') {
			g_string_append_c(out, '\n');
			i++;
		} else if (*at == '\n') {
			g_string_append(out, "\\n\n");
		} else if (*at == '\\') {
			g_string_append(out, "\\\\");
		} else if ((letter < ' ' && letter != '\t') ||
			   letter > 0x10ffff) {
			g_string_append_printf(
			    out, "\\x%02x", (unsigned char)*at);
		} else {
			g_string_append_unichar(out, letter);
			i += (size_t)(g_utf8_next_char(at) - at) - 1;
		}
	}
}

/* JSON has no line end of its own: one is put behind each comma between values
 * and each \n within a string. */
static void
print_json(GString *out, const GString *body)
{
	bool inside = false;

	for (size_t i = 0; i < body->len; i++) {
		char letter = body->str[i];

		assert_int_not_equal(letter, '\n');
		g_string_append_c(out, letter);
		if (inside && letter == '\\') {
			letter = body->str[++i];
			g_string_append_c(out, letter);
			if (letter == 'n')
				g_string_append_c(out, '\n');
		} else if (letter == '"') {
			inside = !inside;
		} else if (!inside && letter == ',') {
			g_string_append_c(out, '\n');
		}
	}
	g_string_append_c(out, '\n');
}

static void
print_http(GString *out, const struct exchange *exchange)
{
	GPtrArray *fields = exchange->http.fields;
	GString *body = read_body(exchange->body);
	bool json = false;

	g_string_append_printf(out, "%s %s%s\n", exchange->http.method,
	    exchange->endpoint->base_url, exchange->http.path);
	for (unsigned i = 0; i < fields->len; i++) {
		const char *field = fields->pdata[i];

		g_string_append_printf(out, "%s\n", field);
		json |= strcmp(field, "Content-Type: application/json") == 0;
	}
	g_string_append_c(out, '\n');
	if (json)
		print_json(out, body);
	else
		print_lines(out, body);
	g_string_free(body, TRUE);
}

static void
print_smtp(GString *out, const struct exchange *exchange)
{
	const struct smtp_request *smtp = &exchange->smtp;
	GString *body = read_body(exchange->body);

	g_string_append_printf(out, "MAIL FROM:<%s>%s\n",
	    smtp->sender != NULL ? smtp->sender->text : "",
	    smtp->eightbit ? " BODY=8BITMIME" : "");
	for (unsigned i = 0; i < smtp->recipients->len; i++) {
		const struct address *address = smtp->recipients->pdata[i];

		g_string_append_printf(out, "RCPT TO:<%s>\n", address->text);
	}
	g_string_append(out, "DATA\n");
	print_lines(out, body);
	g_string_free(body, TRUE);
}

/* ---- the response ---- */

static void
read_http_field(struct exchange *exchange, const char *line)
{
	struct http_response *response = &exchange->http_response;
	g_auto(GStrv) field = g_strsplit(line, ": ", 2);

	assert_int_equal(g_strv_length(field), 2);
	if (strcmp(field[0], "Content-Type") == 0)
		response->content_type = g_strdup(field[1]);
	else if (strcmp(field[0], "Retry-After") == 0)
		response->retry_ms = 1000 * atoi(field[1]);
	else if (strcmp(field[0], "Cut") == 0)
		response->cut = true;
	else if (strcmp(field[0], "Sent") == 0)
		exchange->sent_bytes = segments_size(exchange->body) - 1;
	else
		fail_msg("not a field of a case: %s", line);
}

/* What the carrier would have made of the file. */
static void
read_http(struct exchange *exchange, char *text)
{
	char *body = strstr(text, "\n\n");
	g_auto(GStrv) lines = NULL;

	assert_non_null(body);
	*body = '\0';
	body += 2;
	lines = g_strsplit(text, "\n", 0);
	exchange->sent_bytes = segments_size(exchange->body);
	assert_int_equal(
	    sscanf(lines[0], "HTTP %u", &exchange->http_response.status), 1);
	for (unsigned i = 1; lines[i] != NULL; i++)
		read_http_field(exchange, lines[i]);
	g_strchomp(body);
	g_string_assign(exchange->http_response.body, body);
}

static void
read_smtp_line(struct exchange *exchange, const char *line, unsigned *count)
{
	struct smtp_response *response = &exchange->smtp_response;
	struct smtp_reply *reply = NULL;
	g_auto(GStrv) words = g_strsplit(line, " ", 4);

	if (strcmp(line, "END lost") == 0) {
		exchange->end = EXCHANGE_LOST;
		exchange->error = g_strdup("the connection was lost");
		return;
	}
	response->tls_missing |= strcmp(line, "NOTLS") == 0;
	response->auth_failed |= strcmp(words[0], "AUTH") == 0;
	if (strcmp(words[0], "CONNECT") == 0 || response->auth_failed)
		reply = &response->greeting;
	else if (strcmp(words[0], "MAIL") == 0)
		reply = &response->sender;
	else if (strcmp(words[0], "RCPT") == 0)
		reply = &response->recipients[(*count)++];
	else if (strcmp(words[0], "DATA") == 0)
		reply = &response->data;
	if (reply == NULL)
		return;
	assert_int_equal(g_strv_length(words), 4);
	smtp_reply_set(reply, (unsigned)atoi(words[1]),
	    strcmp(words[2], "-") == 0 ? NULL : words[2], words[3]);
}

static void
read_smtp(struct exchange *exchange, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
	unsigned count = 0;

	if (strstr(text, "RCPT ") != NULL)
		exchange->smtp_response.recipients =
		    g_new0(struct smtp_reply, exchange->smtp.recipients->len);
	for (unsigned i = 0; lines[i] != NULL && *lines[i] != '\0'; i++)
		read_smtp_line(exchange, lines[i], &count);
	assert_true(count <= exchange->smtp.recipients->len);
}

/* ---- the outcome ---- */

static void
print_outcome(GString *out, const struct delivery *delivery,
    const struct outcome *outcome)
{
	if (outcome->retry_ms != 0)
		g_string_append_printf(
		    out, "retry %" PRId64 " ms\n", outcome->retry_ms);
	if (outcome->unknown)
		g_string_append(out, "unknown\n");
	if (outcome->split)
		g_string_append(out, "split\n");
	for (unsigned i = 0; i < outcome->count; i++) {
		const struct verdict *verdict = &outcome->verdicts[i];

		g_string_append_printf(out, "%s %s%s%s%s%s%s %u id=%s %s\n",
		    delivery_recipient(delivery, i)->text,
		    verdict_class_text(verdict->class),
		    verdict->suppressed ? " suppressed" : "",
		    verdict->unlikely ? " unlikely" : "",
		    verdict->held ? " held" : "",
		    verdict->single ? " single" : "",
		    verdict->surplus ? " surplus" : "", verdict->status,
		    verdict->id != NULL ? verdict->id : "",
		    verdict->text != NULL ? verdict->text : "(none)");
	}
}

static void
check_response(const struct sample_case *c, const struct provider *provider,
    const struct delivery *delivery, struct exchange *exchange)
{
	g_autofree char *text = read_file(c, ".response");
	struct outcome *outcome;
	GString *out;

	if (text == NULL)
		return;
	exchange->end = EXCHANGE_ANSWERED;
	if (exchange->kind == EXCHANGE_HTTP)
		read_http(exchange, text);
	else
		read_smtp(exchange, text);
	outcome = outcome_new(delivery->count);
	/* as the judge does before */
	if (exchange->end == EXCHANGE_LOST)
		outcome_set_all(outcome, VERDICT_DOUBT, 0, exchange->error);
	provider->translator->decode(provider, delivery, exchange, outcome);
	out = g_string_new(NULL);
	print_outcome(out, delivery, outcome);
	compare(c, ".outcome", out);
	g_string_free(out, TRUE);
	outcome_free(outcome);
}

static void
check_delivery(const struct sample_case *c, const struct provider *provider,
    const struct delivery *delivery)
{
	struct exchange *exchange = exchange_new(provider->translator->kind,
	    &provider->endpoint, delivery->message->submission->id);
	g_autoptr(GError) error = NULL;
	GString *out = g_string_new(NULL);
	bool encoded =
	    provider->translator->encode(provider, delivery, exchange, &error);

	if (!encoded)
		g_string_append_printf(out, "ERROR %s\n", error->message);
	else if (exchange->kind == EXCHANGE_HTTP)
		print_http(out, exchange);
	else
		print_smtp(out, exchange);
	compare(c, ".request", out);
	g_string_free(out, TRUE);
	if (encoded)
		check_response(c, provider, delivery, exchange);
	exchange_free(exchange);
}

static void
test_case(void **state)
{
	const struct sample_case *c = *state;
	struct mail_case mail = { 0 };
	struct message *message;
	struct provider *provider;
	struct delivery *delivery;
	GError *error = NULL;

	read_mail(&mail, c);
	message = parse_mail(&mail);
	if (!mail.deaf)
		mail.options = options_read(message);
	provider = sample_provider(c->type, mail.settings, &error);
	if (provider == NULL)
		fail_msg("%s", error->message);
	delivery = make_delivery(&mail, message, provider);
	check_delivery(c, provider, delivery);
	delivery_free(delivery);
	message_unref(message);
	provider_unref(provider);
	g_hash_table_unref(mail.settings);
	g_free(mail.recipients);
	header_address_free(mail.from);
	options_free(mail.options);
	address_free(mail.redirect);
	g_string_free(mail.bytes, TRUE);
}

/* ---- the cases there are ---- */

static int
compare_names(const void *a, const void *b)
{
	const struct CMUnitTest *left = a, *right = b;

	return strcmp(left->name, right->name);
}

static void
add_case(GArray *tests, const char *type, const char *file)
{
	struct CMUnitTest test = { .test_func = test_case };
	struct sample_case *c;

	if (!g_str_has_suffix(file, ".eml"))
		return;
	c = g_new0(struct sample_case, 1);
	c->type = g_strdup(type);
	c->base = g_strdup_printf("providers/%s/%.*s", type,
	    (int)(strlen(file) - strlen(".eml")), file);
	test.name = c->base;
	test.initial_state = c;
	g_array_append_val(tests, test);
}

static void
add_folder(GArray *tests, const char *type)
{
	g_autofree char *path = g_strconcat("providers/", type, NULL);
	GDir *folder = g_dir_open(path, 0, NULL);
	unsigned before = tests->len;
	const char *file;

	g_assert(folder != NULL);
	while ((file = g_dir_read_name(folder)) != NULL)
		add_case(tests, type, file);
	g_dir_close(folder);
	g_assert(tests->len > before);
}

int
main(void)
{
	GArray *tests = g_array_new(FALSE, TRUE, sizeof(struct CMUnitTest));
	int failed;

	parse_start();
	for (unsigned i = 0; registry[i] != NULL; i++)
		add_folder(tests, registry[i]->type);
	g_array_sort(tests, compare_names);
	failed = _cmocka_run_group_tests("providers",
	    (const struct CMUnitTest *)(void *)tests->data, tests->len, NULL,
	    NULL);
	for (unsigned i = 0; i < tests->len; i++) {
		struct sample_case *c =
		    g_array_index(tests, struct CMUnitTest, i).initial_state;

		g_free(c->base);
		g_free(c->type);
		g_free(c);
	}
	g_array_unref(tests);
	return failed;
}
