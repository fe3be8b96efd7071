/* SPDX-License-Identifier: MIT */
/* The TCP socket for other programs. */
#include "status.h"

#include "core/log.h"
#include "core/network.h"
#include "responder.h"
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 64
#define OFF     "off"

struct status_http {
	struct config *config;
	GPtrArray *hosts;
	struct porter porter;
	struct responder *responder; /* NULL: not yet */
	int listener;
	char address[NETWORK_LISTENER_LENGTH];
};

const struct setting status_http_settings[] = {
	{ "server", "http_address", SETTING_STRING, "127.0.0.1:8025",
	    .help = "Address and port of the HTTP door, for programs that "
		    "watch (/livez, /readyz, /status, /metrics), and with a "
		    "token for those that send mail and look at it (port 0: "
		    "the system picks one); off: none.  What is said there is "
		    "not encrypted." },
	{ "server", "http_allow", SETTING_NETWORKS, "127.0.0.0/8, ::1",
	    .help = "Networks whose hosts may ask there: private ones only." },
	{ "server", "http_hosts", SETTING_LIST,
	    .help = "Names that requests there may call this host by, beside "
		    "localhost, hostname and its addresses." },
	{ "server", "http_loopback", SETTING_LIST,
	    .help = "What programs on this host may do there without a token: "
		    "send, read, operate; nothing unless it is set.  Not for "
		    "those that ask for others (Forwarded, X-Forwarded-For, "
		    "X-Real-IP, Via)." },
	{ "server", "http_max_body", SETTING_SIZE, "40000000", .min = 65536,
	    .max = 1024 * 1024 * 1024,
	    .help = "Largest body of a request that hands in mail there, as "
		    "it comes: base64 takes a third more than what it "
		    "carries." },
	{ "server", "http_bodies", SETTING_SIZE, "0", 0, INT64_C(1) << 30,
	    .help = "Bytes of the mails that came last which are kept in "
		    "memory (a quarter of memory_budget at most), so that "
		    "their content can be looked at after they are finished; "
		    "0: none are." },
	{ .section = NULL },
};

static GQuark
http_error(void)
{
	return g_quark_from_static_string("status_http");
}

static const char *
find_address(const struct config *config)
{
	const char *address = config_string(config, "server", "http_address");

	return address == NULL || strcmp(address, OFF) == 0 ? NULL : address;
}

static void
add_fault(const struct config *config, GPtrArray *errors, const char *key,
    const char *fault)
{
	g_ptr_array_add(
	    errors, g_strdup_printf("%s: [server] %s: %s",
			config_origin(config, "server", key), key, fault));
}

/* Of who comes from this host. */
static bool
read_loopback(const struct config *config, unsigned *scopes, const char **wrong)
{
	return token_read_scopes(
	    config_list(config, "server", "http_loopback"), scopes, wrong);
}

static void
check_loopback(const struct config *config, GPtrArray *errors)
{
	const char *wrong;
	unsigned scopes;

	if (read_loopback(config, &scopes, &wrong))
		return;
	g_autofree char *fault =
	    g_strdup_printf("\"%s\" is none of send, read, operate", wrong);
	add_fault(config, errors, "http_loopback", fault);
}

void
status_http_check(const struct config *config, GPtrArray *errors)
{
	const char *text = find_address(config);
	const GArray *allow = config_networks(config, "server", "http_allow");
	struct sockaddr_storage address;
	socklen_t length;
	g_autoptr(GError) error = NULL;

	if (text != NULL &&
	    !network_parse_endpoint(text, &address, &length, &error)) {
		g_autofree char *fault =
		    g_strdup_printf("%s; or \"" OFF "\"", error->message);

		add_fault(config, errors, "http_address", fault);
	}
	check_loopback(config, errors);
	for (unsigned i = 0; allow != NULL && i < allow->len; i++)
		if (!network_is_private(
			&g_array_index(allow, struct network, i))) {
			add_fault(config, errors, "http_allow",
			    "a network is not private, and nothing is "
			    "encrypted there: let a proxy that speaks TLS ask "
			    "for those outside");
			return;
		}
}

uint64_t
status_http_body_most(const struct config *config)
{
	return (uint64_t)config_number(config, "server", "http_max_body");
}

/* An address that stands for all is reached by loopback. */
static void
narrow(struct sockaddr_storage *address)
{
	struct sockaddr_in *four = (struct sockaddr_in *)address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;

	if (address->ss_family == AF_INET &&
	    four->sin_addr.s_addr == htonl(INADDR_ANY))
		four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else if (address->ss_family == AF_INET6 &&
		 IN6_IS_ADDR_UNSPECIFIED(&six->sin6_addr))
		six->sin6_addr = in6addr_loopback;
}

/* False when it is off, at fault, or of the system's choice. */
static bool
read_fixed(const struct config *config, struct sockaddr_storage *address)
{
	const char *text = find_address(config);
	socklen_t length;

	return text != NULL &&
	       network_parse_endpoint(text, address, &length, NULL) &&
	       network_port((struct sockaddr *)address) != 0;
}

bool
status_http_is_fixed(const struct config *config)
{
	struct sockaddr_storage address;

	return read_fixed(config, &address);
}

char *
status_http_url(const struct config *config)
{
	struct sockaddr_storage address;
	char text[NETWORK_LISTENER_LENGTH];
	bool fixed = read_fixed(config, &address);

	g_assert(fixed);
	narrow(&address);
	network_print_listener((struct sockaddr *)&address, text);
	return g_strconcat("http://", text, NULL);
}

/* -1 and errno. */
static int
open_listener(const struct sockaddr_storage *address, socklen_t length)
{
	int on = 1;
	int fd = socket(
	    address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (address->ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (bind(fd, (const struct sockaddr *)address, length) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	int why = errno;
	close(fd);
	errno = why;
	return -1;
}

/* Nobody asked for an address that is merely the default: mail goes on without
 * it. */
static struct status_http *
fail(const struct config *config, const char *text, GError **error)
{
	const char *why = g_strerror(errno);

	if (config_is_set(config, "server", "http_address"))
		g_set_error(error, http_error(), 0,
		    "%s: [server] http_address = %s cannot be had: %s; choose "
		    "another address or port, or " OFF,
		    config_origin(config, "server", "http_address"), text, why);
	else
		log_warn("no HTTP door: /livez, /readyz, /status and /metrics "
			 "are not served",
		    log_str("address", text), log_str("why", why),
		    log_str("advice",
			"set http_address of [server] to another address or "
			"port, or to " OFF));
	return NULL;
}

static void
read_porter(struct status_http *http)
{
	const char *const *name =
	    config_list(http->config, "server", "http_hosts");
	const char *wrong;

	for (; name != NULL && *name != NULL; name++)
		g_ptr_array_add(http->hosts, (char *)*name);
	g_ptr_array_add(http->hosts,
	    (char *)config_string(http->config, "server", "hostname"));
	g_ptr_array_add(http->hosts, NULL);
	http->porter = (struct porter){
		.allow = config_networks(http->config, "server", "http_allow"),
		.hosts = (const char *const *)http->hosts->pdata,
	};
	read_loopback(http->config, &http->porter.loopback, &wrong);
}

struct status_http *
status_http_listen(struct config *config, GError **error)
{
	const char *text = find_address(config);
	struct sockaddr_storage address;
	struct status_http *http;
	socklen_t length;
	int fd;

	if (text == NULL ||
	    !network_parse_endpoint(text, &address, &length, error))
		return NULL;
	fd = open_listener(&address, length);
	if (fd < 0)
		return fail(config, text, error);
	http = g_new0(struct status_http, 1);
	http->config = config_ref(config);
	http->hosts = g_ptr_array_new();
	http->listener = fd;
	length = sizeof address;
	getsockname(fd, (struct sockaddr *)&address, &length);
	network_print_listener((struct sockaddr *)&address, http->address);
	read_porter(http);
	return http;
}

bool
status_http_open(struct status_http *http, struct status *status,
    struct token_set *tokens, GError **error)
{
	struct responder_options options = {
		.status = status,
		.listener = http->listener,
		.porter = &http->porter,
	};

	http->porter.tokens = tokens;
	http->responder = responder_open(&options);
	if (http->responder == NULL) {
		g_set_error(error, http_error(), 0,
		    "cannot serve HTTP at %s ([server] http_address): no "
		    "threads or descriptors are left",
		    http->address);
		return false;
	}
	http->listener = -1;
	log_info("serving HTTP", log_str("address", http->address));
	return true;
}

const char *
status_http_address(const struct status_http *http)
{
	return http != NULL ? http->address : NULL;
}

void
status_http_close(struct status_http *http)
{
	if (http == NULL)
		return;
	if (http->responder != NULL)
		responder_close(http->responder);
	if (http->listener >= 0)
		close(http->listener);
	g_ptr_array_unref(http->hosts);
	config_unref(http->config);
	g_free(http);
}
