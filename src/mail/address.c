/* SPDX-License-Identifier: MIT */
#include "mail/address.h"

#include <idn2.h>
#include <string.h>

#define LABEL_MAX 63

/* A path while it is read; the local part unquoted. */
struct reader {
	const char *at, *end;
	char local[ADDRESS_LOCAL_MAX + 1];
	size_t local_length;
	bool quote; /* the local part needs quotes when printed */
};

/* atext of RFC 5322 3.2.3. */
static bool
is_atext(unsigned char c)
{
	return g_ascii_isalnum(c) ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* A domain in ASCII: labels of letters, digits, hyphens inside; underscores
 * too, which names of hosts have in spite of RFC 1123 2.1. */
static enum address_fault
check_domain(const char *domain, size_t length)
{
	size_t label = 0;

	if (length == 0)
		return ADDRESS_SYNTAX;
	if (length > ADDRESS_DOMAIN_MAX)
		return ADDRESS_LONG;
	for (size_t i = 0; i < length; i++) {
		bool edge =
		    label == 0 || i + 1 == length || domain[i + 1] == '.';

		if (domain[i] == '.' && label > 0 && i + 1 < length) {
			label = 0;
			continue;
		}
		if (!g_ascii_isalnum(domain[i]) && domain[i] != '_' &&
		    (edge || domain[i] != '-'))
			return ADDRESS_SYNTAX;
		if (++label > LABEL_MAX)
			return ADDRESS_LONG;
	}
	return ADDRESS_OK;
}

/* STD3 within a label that was encoded: the ASCII of what it stands for is
 * written in it as it is. */
static bool
has_odd_label(const char *ascii)
{
	g_auto(GStrv) labels = g_strsplit(ascii, ".", -1);

	for (char **label = labels; *label != NULL; label++)
		if (g_str_has_prefix(*label, "xn--") &&
		    strchr(*label, '_') != NULL)
			return true;
	return false;
}

/* The IDNA form of a domain that is not ASCII (RFC 5891 by UTS #46, without
 * the transitional mappings, so that sharp s stays one): a new string.  NULL:
 * it has none.  IDN2_USE_STD3_ASCII_RULES is not for us: libidn2 2.3.3 drops
 * the characters it forbids, and the rest is the name of somebody else. */
static char *
convert_unicode(const char *domain)
{
	char *ascii = NULL, *lower;

	if (!g_utf8_validate(domain, -1, NULL) ||
	    idn2_to_ascii_8z(domain, &ascii,
		IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return NULL;
	lower = g_ascii_strdown(ascii, -1);
	idn2_free(ascii);
	if (check_domain(lower, strlen(lower)) != ADDRESS_OK ||
	    has_odd_label(lower))
		g_clear_pointer(&lower, g_free);
	return lower;
}

/* The domain in IDNA form as *ascii, a new string, unless it is faulty. */
static enum address_fault
convert_domain(const char *domain, size_t length, char **ascii)
{
	g_autofree char *copy = g_strndup(domain, length);
	enum address_fault fault;

	if (!g_str_is_ascii(copy)) {
		*ascii = convert_unicode(copy);
		return *ascii != NULL ? ADDRESS_OK : ADDRESS_IDNA;
	}
	fault = check_domain(copy, length);
	*ascii = fault == ADDRESS_OK ? g_ascii_strdown(copy, -1) : NULL;
	return fault;
}

static enum address_fault
put_local(struct reader *reader, char c)
{
	if ((unsigned char)c > 0x7e)
		return ADDRESS_NON_ASCII;
	if (c == '<' || c == '>')
		return ADDRESS_BRACKET;
	if (reader->local_length == ADDRESS_LOCAL_MAX)
		return ADDRESS_LONG;
	reader->local[reader->local_length++] = c;
	return ADDRESS_OK;
}

/* Quoted-string = DQUOTE *QcontentSMTP DQUOTE */
static enum address_fault
read_quoted(struct reader *reader)
{
	enum address_fault fault = ADDRESS_OK;

	for (reader->at++; reader->at < reader->end && fault == ADDRESS_OK;
	     reader->at++) {
		if (*reader->at == '"') {
			reader->at++;
			return ADDRESS_OK;
		}
		if (*reader->at == '\\' && ++reader->at == reader->end)
			break;
		fault = put_local(reader, *reader->at);
	}
	return fault == ADDRESS_OK ? ADDRESS_SYNTAX : fault;
}

/* Dot-string = Atom *("."  Atom) */
static enum address_fault
read_dots(struct reader *reader)
{
	enum address_fault fault = ADDRESS_OK;
	bool dot = true;

	for (; reader->at < reader->end && *reader->at != '@' &&
	       fault == ADDRESS_OK;
	     reader->at++) {
		char c = *reader->at;

		if ((unsigned char)c <= 0x7e &&
		    (c == '.' ? dot : !is_atext((unsigned char)c)))
			return ADDRESS_SYNTAX;
		fault = put_local(reader, c);
		dot = c == '.';
	}
	return fault == ADDRESS_OK && dot ? ADDRESS_SYNTAX : fault;
}

/* True when the local part cannot stand without quotes. */
static bool
needs_quotes(const char *local, size_t length)
{
	bool dot = true;

	for (size_t i = 0; i < length; i++) {
		if (local[i] == '.' ? dot : !is_atext((unsigned char)local[i]))
			return true;
		dot = local[i] == '.';
	}
	return dot;
}

/* A-d-l ":": a source route, ignored as RFC 5321 appendix C says. */
static enum address_fault
skip_route(struct reader *reader)
{
	while (*reader->at == '@') {
		const char *stop = ++reader->at;
		g_autofree char *unused = NULL;
		enum address_fault fault;

		while (stop < reader->end && *stop != ',' && *stop != ':')
			stop++;
		if (stop == reader->end)
			return ADDRESS_SYNTAX;
		fault = convert_domain(
		    reader->at, (size_t)(stop - reader->at), &unused);
		if (fault != ADDRESS_OK)
			return fault;
		reader->at = stop + 1;
		if (*stop == ':')
			return reader->at < reader->end ? ADDRESS_OK
							: ADDRESS_SYNTAX;
		if (reader->at == reader->end)
			return ADDRESS_SYNTAX;
	}
	return ADDRESS_SYNTAX;
}

static enum address_fault
read_local(struct reader *reader)
{
	enum address_fault fault = ADDRESS_OK;

	if (*reader->at == '@')
		fault = skip_route(reader);
	if (fault == ADDRESS_OK && *reader->at == '"')
		fault = read_quoted(reader);
	else if (fault == ADDRESS_OK)
		fault = read_dots(reader);
	if (fault == ADDRESS_OK && reader->local_length == 0)
		return ADDRESS_SYNTAX;
	reader->quote = needs_quotes(reader->local, reader->local_length);
	return fault;
}

/* The address as printed: only what must be is quoted. */
static struct address *
print_address(const struct reader *reader, const char *domain)
{
	struct address *address = g_new(struct address, 1);
	char *to = g_malloc(2 * reader->local_length + strlen(domain) + 4);

	address->text = to;
	if (reader->quote)
		*to++ = '"';
	for (size_t i = 0; i < reader->local_length; i++) {
		char c = reader->local[i];

		if (reader->quote && (c == '"' || c == '\\'))
			*to++ = '\\';
		*to++ = c;
	}
	if (reader->quote)
		*to++ = '"';
	address->local_length = (size_t)(to - address->text);
	*to++ = '@';
	address->domain = to;
	memcpy(to, domain, strlen(domain) + 1);
	return address;
}

/* No control character, and what is not ASCII is UTF-8. */
static enum address_fault
check_bytes(const char *path, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)path[i] < 0x20 || path[i] == 0x7f)
			return ADDRESS_SYNTAX;
	if (length == 0)
		return ADDRESS_SYNTAX;
	return g_utf8_validate_len(path, length, NULL) ? ADDRESS_OK
						       : ADDRESS_NON_ASCII;
}

/* What follows the local part. */
static enum address_fault
read_domain(
    struct reader *reader, const char *domain_default, struct address **out)
{
	size_t length = (size_t)(reader->end - reader->at);
	g_autofree char *ascii = NULL;
	enum address_fault fault = ADDRESS_OK;

	if (length > 0 && *reader->at != '@')
		return ADDRESS_SYNTAX;
	if (length > 1 && reader->at[1] == '[')
		return ADDRESS_LITERAL;
	if (length > 0)
		fault = convert_domain(reader->at + 1, length - 1, &ascii);
	else if (domain_default != NULL)
		ascii = address_domain_to_ascii(domain_default);
	if (ascii != NULL)
		*out = print_address(reader, ascii);
	else if (fault == ADDRESS_OK)
		fault = ADDRESS_UNQUALIFIED;
	return fault;
}

/* The lengths count as printed: so they pass the next server too. */
static enum address_fault
check_lengths(const struct address *address)
{
	size_t length = address->local_length + 1 + strlen(address->domain);

	return address->local_length > ADDRESS_LOCAL_MAX ||
		       length + strlen("<>") > ADDRESS_PATH_MAX
		   ? ADDRESS_LONG
		   : ADDRESS_OK;
}

struct address *
address_parse(const char *path, size_t length, const char *domain_default,
    enum address_fault *fault)
{
	struct reader reader = { .at = path, .end = path + length };
	struct address *address = NULL;

	*fault = check_bytes(path, length);
	if (*fault == ADDRESS_OK)
		*fault = read_local(&reader);
	if (*fault == ADDRESS_OK)
		*fault = read_domain(&reader, domain_default, &address);
	if (*fault == ADDRESS_OK)
		*fault = check_lengths(address);
	if (*fault != ADDRESS_OK)
		g_clear_pointer(&address, address_free);
	return address;
}

struct address *
address_copy(const struct address *address)
{
	struct address *copy = g_new(struct address, 1);

	copy->text = g_strdup(address->text);
	copy->local_length = address->local_length;
	copy->domain = copy->text + copy->local_length + 1;
	return copy;
}

void
address_free(struct address *address)
{
	if (address == NULL)
		return;
	g_free(address->text);
	g_free(address);
}

bool
address_equal(const struct address *a, const struct address *b)
{
	/* The domain was lowered when it was read. */
	return a->local_length == b->local_length &&
	       strcmp(a->text, b->text) == 0;
}

bool
address_matches(const struct address *address, const char *spec)
{
	const char *open = strrchr(spec, '<');
	const char *start = open == NULL ? spec : open + 1;
	size_t length = strcspn(start, ">");
	enum address_fault fault;
	struct address *other;
	bool same;

	while (length > 0 && g_ascii_isspace(*start)) {
		start++;
		length--;
	}
	while (length > 0 && g_ascii_isspace(start[length - 1]))
		length--;
	other = address_parse(start, length, NULL, &fault);
	same = other != NULL &&
	       g_ascii_strcasecmp(address->text, other->text) == 0;
	address_free(other);
	return same;
}

bool
address_is_among(const struct address *address, const char *const *allowed)
{
	for (; *allowed != NULL; allowed++)
		if (**allowed == '@'
			? strcmp(*allowed + 1, address->domain) == 0
			: address_matches(address, *allowed))
			return true;
	return false;
}

unsigned
address_hash(const char *text)
{
	unsigned hash = 5381;

	for (; *text != '\0'; text++)
		hash = hash * 33 + (unsigned char)g_ascii_tolower(*text);
	return hash;
}

char *
address_domain_to_ascii(const char *domain)
{
	char *ascii;

	convert_domain(domain, strlen(domain), &ascii);
	return ascii;
}

const char *
address_fault_text(enum address_fault fault)
{
	switch (fault) {
	case ADDRESS_OK:
		return "the address is valid";
	case ADDRESS_SYNTAX:
		return "not an address like local@domain.example";
	case ADDRESS_LONG:
		return "address too long: local part 64, domain 255, label 63, "
		       "path 256 octets at most";
	case ADDRESS_NON_ASCII:
		return "the local part is not ASCII: mail can go to and come "
		       "from ASCII ones only";
	case ADDRESS_IDNA:
		return "the domain has no IDNA form: see how it is spelt";
	case ADDRESS_UNQUALIFIED:
		return "address without a domain: write local@domain.example";
	case ADDRESS_BRACKET:
		return "angle bracket in the local part: no provider takes one";
	case ADDRESS_LITERAL:
		return "address literal: use a domain name";
	}
	g_assert_not_reached();
}
