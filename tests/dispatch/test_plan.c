/* SPDX-License-Identifier: MIT */
#include "fixture.h"
#include "plan.h"

/* Fields carry a plain mail and an attachment's name beyond ASCII, raw carries
 * all. */
static const struct carry carries[] = {
	{ TRAIT_NAME_NON_ASCII, CARRY_BOTH, "kept", "here" },
	{ TRAIT_LONG_LINE, CARRY_FIELDS, "cut", "here" },
	{ TRAIT_MARK_STARS, CARRY_NEITHER, "expanded", "here" },
	{ TRAIT_ALL &
		~(TRAIT_NAME_NON_ASCII | TRAIT_LONG_LINE | TRAIT_MARK_STARS),
	    CARRY_RAW, "lost in fields", "here" },
	{ 0 },
};

static const char *const own[] = { "x-own", NULL };

static const struct carry without_dkim[] = {
	{ TRAIT_ALL & ~(uint64_t)TRAIT_DKIM, CARRY_RAW, "kept", "here" },
	{ 0 },
};

#define TO(address) "To: " address "\nSubject: test\n\nText\n"

/* of an encoding that nobody knows: it cannot be given another */
#define EIGHTBIT                                       \
	"To: rcpt0@example.org\nSubject: test\n"       \
	"Content-Transfer-Encoding: odd\n\nGr\xfc\xdf" \
	"e\n"

struct row {
	const char *name, *text;
	uint64_t traits; /* set by hand: what the parser finds is its test */
	struct translator_limits limits;
	enum format format;  /* of the provider */
	uint64_t size_bytes; /* of the provider; 0: enough */
	struct plan plan;
};

#define LIMITS(...)                                           \
	{                                                     \
		.fields = true, .carry = carries, __VA_ARGS__ \
	}

#define NO_FIELDS                \
	{                        \
		.carry = carries \
	}
#define RAW_WITHOUT_DKIM                              \
	{                                             \
		.fields = true, .carry = without_dkim \
	}

static const struct row rows[] = {
	{ "nothing lost: fields", TO("rcpt0@example.org"), 0, LIMITS(),
	    FORMAT_AUTO, 0, { PLAN_POSSIBLE, DELIVERY_FIELDS, 0, 0 } },
	{ "carried: fields", TO("rcpt0@example.org"), TRAIT_NAME_NON_ASCII,
	    LIMITS(), FORMAT_AUTO, 0,
	    { PLAN_POSSIBLE, DELIVERY_FIELDS, 0, 0 } },
	{ "something lost: raw", TO("rcpt0@example.org"), TRAIT_SIGNED,
	    LIMITS(), FORMAT_AUTO, 0,
	    { PLAN_POSSIBLE, DELIVERY_RAW, 0, TRAIT_SIGNED } },
	{ "lost in both: raw, told", TO("rcpt0@example.org"),
	    TRAIT_SIGNED | TRAIT_DKIM, RAW_WITHOUT_DKIM, FORMAT_AUTO, 0,
	    { PLAN_POSSIBLE, DELIVERY_RAW, TRAIT_DKIM,
		TRAIT_SIGNED | TRAIT_DKIM } },
	{ "less lost in fields: fields, told", TO("rcpt0@example.org"),
	    TRAIT_MARK_STARS | TRAIT_LONG_LINE, LIMITS(), FORMAT_AUTO, 0,
	    { PLAN_POSSIBLE, DELIVERY_FIELDS, TRAIT_MARK_STARS, 0 } },
	{ "the same lost in both: raw", TO("rcpt0@example.org"),
	    TRAIT_MARK_STARS, LIMITS(), FORMAT_AUTO, 0,
	    { PLAN_POSSIBLE, DELIVERY_RAW, TRAIT_MARK_STARS,
		TRAIT_MARK_STARS } },
	{ "another lost in each: raw", TO("rcpt0@example.org"),
	    TRAIT_SIGNED | TRAIT_LONG_LINE, LIMITS(), FORMAT_AUTO, 0,
	    { PLAN_POSSIBLE, DELIVERY_RAW, TRAIT_LONG_LINE, TRAIT_SIGNED } },
	{ "a Date is told and changes nothing", TO("rcpt0@example.org"),
	    TRAIT_DATE, LIMITS(), FORMAT_AUTO, 0,
	    { PLAN_POSSIBLE, DELIVERY_FIELDS, TRAIT_DATE, 0 } },
	{ "a Date is no reason for raw", TO("rcpt0@example.org"),
	    TRAIT_DATE | TRAIT_SIGNED, LIMITS(), FORMAT_AUTO, 0,
	    { PLAN_POSSIBLE, DELIVERY_RAW, 0, TRAIT_SIGNED } },
	{ "a field that is the provider's own",
	    "X-Own: 1\n" TO("rcpt0@example.org"), 0, LIMITS(.reserved = own),
	    FORMAT_AUTO, 0,
	    { PLAN_POSSIBLE, DELIVERY_RAW, PLAN_RESERVED, PLAN_RESERVED } },
	{ "fields wanted: the poorer form", TO("rcpt0@example.org"),
	    TRAIT_SIGNED, LIMITS(), FORMAT_FIELDS, 0,
	    { PLAN_POSSIBLE, DELIVERY_FIELDS, TRAIT_SIGNED, 0 } },
	{ "raw wanted", TO("rcpt0@example.org"), 0, LIMITS(), FORMAT_RAW, 0,
	    { PLAN_POSSIBLE, DELIVERY_RAW, 0, 0 } },
	{ "no fields at all", TO("rcpt0@example.org"), 0, NO_FIELDS,
	    FORMAT_AUTO, 0, { PLAN_POSSIBLE, DELIVERY_RAW, 0, 0 } },
	{ "no fields, though wanted", TO("rcpt0@example.org"), 0, NO_FIELDS,
	    FORMAT_FIELDS, 0, { PLAN_POSSIBLE, DELIVERY_RAW, 0, 0 } },

	{ "opaque: raw", TO("rcpt0@example.org"), TRAIT_OPAQUE, LIMITS(),
	    FORMAT_FIELDS, 0,
	    { PLAN_POSSIBLE, DELIVERY_RAW, 0, TRAIT_OPAQUE } },
	{ "a text that is too long to be read: raw", TO("rcpt0@example.org"),
	    TRAIT_TEXT_LARGE, LIMITS(), FORMAT_FIELDS, 0,
	    { PLAN_POSSIBLE, DELIVERY_RAW, 0, TRAIT_TEXT_LARGE } },

	{ "To shows another", TO("rcpt0@example.org, else@example.org"), 0,
	    LIMITS(.header_recipients = true), FORMAT_AUTO, 0,
	    { PLAN_POSSIBLE, DELIVERY_RAW, 0, PLAN_HEADER_RECIPIENTS } },
	{ "Cc shows another: never as fields",
	    "Cc: else@example.org\n" TO("rcpt0@example.org"), 0,
	    LIMITS(.header_recipients = true), FORMAT_FIELDS, 0,
	    { PLAN_POSSIBLE, DELIVERY_RAW, 0, PLAN_HEADER_RECIPIENTS } },
	{ "another, where it does not matter", TO("else@example.org"), 0,
	    LIMITS(), FORMAT_AUTO, 0,
	    { PLAN_POSSIBLE, DELIVERY_FIELDS, 0, 0 } },
	{ "no To", "Cc: rcpt0@example.org\n\nText\n", 0,
	    LIMITS(.header_recipients = true), FORMAT_AUTO, 0,
	    { PLAN_POSSIBLE, DELIVERY_RAW, 0, PLAN_NO_VISIBLE } },
	{ "case does not make another", TO("RCPT0@Example.ORG"), 0,
	    LIMITS(.header_recipients = true), FORMAT_AUTO, 0,
	    { PLAN_POSSIBLE, DELIVERY_FIELDS, 0, 0 } },

	{ "extra fields that fit", "X-A: 12345\n" TO("rcpt0@example.org"), 0,
	    LIMITS(.options_bytes = 8), FORMAT_AUTO, 0,
	    { PLAN_POSSIBLE, DELIVERY_FIELDS, 0, 0 } },
	{ "extra fields that do not", "X-A: 123456\n" TO("rcpt0@example.org"),
	    0, LIMITS(.options_bytes = 8), FORMAT_AUTO, 0,
	    { PLAN_POSSIBLE, DELIVERY_RAW, 0, PLAN_OPTIONS } },

	{ "raw must be UTF-8, and is ASCII", TO("rcpt0@example.org"),
	    TRAIT_SIGNED, LIMITS(.raw_utf8 = true), FORMAT_AUTO, 0,
	    { PLAN_POSSIBLE, DELIVERY_RAW, 0, TRAIT_SIGNED } },
	{ "raw must be UTF-8, and is", TO("rcpt0@example.org") "\xc3\xbc\n",
	    TRAIT_SIGNED, LIMITS(.raw_utf8 = true), FORMAT_AUTO, 0,
	    { PLAN_POSSIBLE, DELIVERY_RAW, 0, TRAIT_SIGNED } },
	{ "raw must be UTF-8, and is not: poorer fields", EIGHTBIT,
	    TRAIT_SIGNED, LIMITS(.raw_utf8 = true), FORMAT_AUTO, 0,
	    { PLAN_POSSIBLE, DELIVERY_FIELDS, TRAIT_SIGNED, 0 } },
	{ "raw must be UTF-8, and becomes it",
	    "To: rcpt0@example.org\n\n\xfc\n", TRAIT_SIGNED,
	    LIMITS(.raw_utf8 = true), FORMAT_AUTO, 0,
	    { PLAN_POSSIBLE, DELIVERY_RAW, 0, TRAIT_SIGNED } },
	{ "raw wanted and not UTF-8", EIGHTBIT, 0, LIMITS(.raw_utf8 = true),
	    FORMAT_RAW, 0, { PLAN_NOT_UTF8, DELIVERY_FIELDS, 0, 0 } },
	{ "opaque and not UTF-8", EIGHTBIT, TRAIT_OPAQUE,
	    LIMITS(.raw_utf8 = true), FORMAT_AUTO, 0,
	    { PLAN_OPAQUE, DELIVERY_FIELDS, 0, 0 } },

	{ "a header encoded where it is signed: told",
	    "Subject: \xc3\xbc\nTo: rcpt0@example.org\n\nText\n", TRAIT_DKIM,
	    LIMITS(.raw_ascii = true), FORMAT_AUTO, 0,
	    { PLAN_POSSIBLE, DELIVERY_RAW, TRAIT_DKIM, TRAIT_DKIM } },
	{ "an ASCII header that is signed: kept", TO("rcpt0@example.org"),
	    TRAIT_DKIM, LIMITS(.raw_ascii = true), FORMAT_AUTO, 0,
	    { PLAN_POSSIBLE, DELIVERY_RAW, 0, TRAIT_DKIM } },
	{ "a header that cannot be encoded: told",
	    "Subject: \xfc\nTo: rcpt0@example.org\n\nText\n", TRAIT_SIGNED,
	    LIMITS(.raw_ascii = true), FORMAT_RAW, 0,
	    { PLAN_POSSIBLE, DELIVERY_RAW, TRAIT_EIGHTBIT_FIELD,
		TRAIT_SIGNED } },

	{ "as large as it takes", TO("rcpt0@example.org"), 0, LIMITS(),
	    FORMAT_AUTO, 46, { PLAN_POSSIBLE, DELIVERY_FIELDS, 0, 0 } },
	{ "too large", TO("rcpt0@example.org"), 0, LIMITS(), FORMAT_AUTO, 45,
	    { PLAN_TOO_LARGE, DELIVERY_FIELDS, 0, 0 } },
};

/* What a route adds to a row. */
struct wish {
	enum format format;
	const char *from;     /* in place of From; NULL: not */
	char *const *domains; /* of the provider; NULL: any */
};

static struct plan
make_plan(
    const struct row *row, const struct wish *wish, struct message *message)
{
	struct translator translator = { .limits = row->limits };
	struct provider provider = {
		.translator = &translator,
		.format = row->format,
		.size_bytes = row->size_bytes ? row->size_bytes : 1000000,
		.domains = (char **)wish->domains,
	};
	struct delivery *delivery = fixture_delivery(message);
	struct header_address *from = header_address_new(NULL, wish->from);
	struct plan plan;

	message->traits = row->traits;
	delivery->format = wish->format;
	if (wish->from != NULL)
		delivery->guise.from = from;
	plan_make(&plan, delivery, &provider);
	delivery_free(delivery);
	header_address_free(from);
	return plan;
}

static void
check_plan(const struct row *row, const struct wish *wish)
{
	struct message *message = fixture_message(row->text, 1);
	struct plan plan = make_plan(row, wish, message);
	const struct plan *wanted = &row->plan;

	if (plan.obstacle != wanted->obstacle || plan.form != wanted->form ||
	    plan.losses != wanted->losses || plan.avoided != wanted->avoided)
		fail_msg("%s: obstacle %d, form %d, losses %jx, avoided %jx "
			 "(%d bytes)",
		    row->name, plan.obstacle, plan.form, (uintmax_t)plan.losses,
		    (uintmax_t)plan.avoided,
		    (int)spool_size(message->submission->spool));
	message_unref(message);
}

static const struct wish none;

static void
test_plans(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		check_plan(&rows[i], &none);
}

static char first[] = "a.example", second[] = "shop.example";
static char *const both[] = { first, second, NULL };

#define FROM(domain) "From: x@" domain "\n" TO("rcpt0@example.org")
#define FINE                                         \
	{                                            \
		PLAN_POSSIBLE, DELIVERY_FIELDS, 0, 0 \
	}
#define FOREIGN                      \
	{                            \
		PLAN_DOMAIN, 0, 0, 0 \
	}

static const struct {
	struct row row;
	struct wish wish;
} wished[] = {
	{ { "raw", TO("rcpt0@example.org"), 0, LIMITS(), FORMAT_FIELDS, 0,
	      { PLAN_POSSIBLE, DELIVERY_RAW, 0, 0 } },
	    { FORMAT_RAW, NULL, NULL } },
	{ { "fields", TO("rcpt0@example.org"), TRAIT_SIGNED, LIMITS(),
	      FORMAT_RAW, 0,
	      { PLAN_POSSIBLE, DELIVERY_FIELDS, TRAIT_SIGNED, 0 } },
	    { FORMAT_FIELDS, NULL, NULL } },
	{ { "fields, where there are none", TO("rcpt0@example.org"), 0,
	      NO_FIELDS, FORMAT_AUTO, 0,
	      { PLAN_POSSIBLE, DELIVERY_RAW, 0, 0 } },
	    { FORMAT_FIELDS, NULL, NULL } },
	{ { "its domain", FROM("Shop.Example"), 0, LIMITS(), FORMAT_AUTO, 0,
	      FINE },
	    { FORMAT_AUTO, NULL, both } },
	{ { "not its domain", FROM("badshop.example"), 0, LIMITS(), FORMAT_AUTO,
	      0, FOREIGN },
	    { FORMAT_AUTO, NULL, both } },
	{ { "below its domain", FROM("x.shop.example"), 0, LIMITS(),
	      FORMAT_AUTO, 0, FINE },
	    { FORMAT_AUTO, NULL, both } },
	{ { "its domain by rewriting", FROM("else.example"), 0, LIMITS(),
	      FORMAT_AUTO, 0, FINE },
	    { FORMAT_AUTO, "b@shop.example", both } },
	{ { "not its domain by rewriting", FROM("shop.example"), 0, LIMITS(),
	      FORMAT_AUTO, 0, FOREIGN },
	    { FORMAT_AUTO, "b@else.example", both } },
};

static void
test_wishes(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(wished); i++)
		check_plan(&wished[i].row, &wished[i].wish);
}

/* A delivery to some of the recipients shows the others in To. */
static void
test_part_of_the_recipients(void **state)
{
	static const struct row row = { "", "", 0,
		LIMITS(.header_recipients = true), FORMAT_AUTO, 0, { 0 } };
	struct message *message =
	    fixture_message(TO("rcpt0@example.org, rcpt1@example.org"), 2);
	struct translator translator = { .limits = row.limits };
	struct provider provider = { .translator = &translator,
		.size_bytes = 1000000 };
	static const unsigned other[] = { 1 };
	struct plan plan;

	(void)state;
	assert_int_equal(make_plan(&row, &none, message).form, DELIVERY_FIELDS);
	struct delivery *delivery = delivery_new(message, other, 1);
	plan_make(&plan, delivery, &provider);
	assert_int_equal(plan.form, DELIVERY_RAW);
	assert_int_equal(plan.avoided, PLAN_HEADER_RECIPIENTS);
	delivery_free(delivery);
	message_unref(message);
}

static void
test_texts(void **state)
{
	g_autofree char *nothing = plan_losses_text(0);
	g_autofree char *some =
	    plan_losses_text(TRAIT_SIGNED | PLAN_OPTIONS | PLAN_NO_VISIBLE);
	g_autofree char *all =
	    plan_losses_text(TRAIT_ALL | PLAN_RESERVED | PLAN_OPTIONS |
			     PLAN_NO_VISIBLE | PLAN_HEADER_RECIPIENTS);
	g_auto(GStrv) each = g_strsplit(all, ", ", -1);

	(void)state;
	assert_string_equal(nothing, "");
	assert_string_equal(some, "a signature, no recipient in To, more "
				  "header fields than the API takes");
	assert_true(g_strv_length(each) >= TRAIT_COUNT + 4);
	for (int i = PLAN_POSSIBLE; i <= PLAN_BOUND; i++)
		assert_true(
		    strlen(plan_obstacle_text((enum plan_obstacle)i)) > 5);
}

/* Mail for somebody else shows who it was for. */
static void
test_redirected(void **state)
{
	static const struct row row = { "", "", 0,
		LIMITS(.header_recipients = true), FORMAT_AUTO, 0, { 0 } };
	struct message *message = fixture_message(TO("rcpt0@example.org"), 1);
	struct translator translator = { .limits = row.limits };
	struct provider provider = { .translator = &translator,
		.size_bytes = 1000000 };
	struct address *staging = sample_address("all@staging.example");
	struct delivery *delivery = fixture_delivery(message);
	struct plan plan;

	(void)state;
	delivery->guise.redirect = staging;
	plan_make(&plan, delivery, &provider);
	assert_int_equal(plan.obstacle, PLAN_POSSIBLE);
	assert_int_equal(plan.form, DELIVERY_RAW);
	assert_int_equal(plan.avoided, PLAN_HEADER_RECIPIENTS);
	delivery_free(delivery);
	address_free(staging);
	message_unref(message);
}

static void
test_explain(void **state)
{
	struct message *with = fixture_message(FIXTURE_TEXT, 1);
	struct delivery *delivery = fixture_delivery(with);
	g_autofree char *domain = plan_obstacle_explain(PLAN_DOMAIN, delivery);
	g_autofree char *size = plan_obstacle_explain(PLAN_TOO_LARGE, delivery);

	(void)state;
	assert_string_equal(domain, "its domains do not include example.com");
	assert_string_equal(size, "larger than it takes");
	delivery_free(delivery);
	message_unref(with);
}

static int
start_parser(void **state)
{
	(void)state;
	parse_start();
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plans),
		cmocka_unit_test(test_wishes),
		cmocka_unit_test(test_part_of_the_recipients),
		cmocka_unit_test(test_redirected),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_explain),
	};

	return cmocka_run_group_tests(tests, start_parser, NULL);
}
