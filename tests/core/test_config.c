/* SPDX-License-Identifier: MIT */
#include "core/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define FILE_NAME "t.conf"

static const struct setting general[] = {
	{ "server", "hostname", SETTING_HOST, .help = "Our name." },
	{ "server", "answer", SETTING_CHOICE, "queued",
	    .choices = "queued|delivered", .help = "When 250 is said." },
	{ "server", "loops", SETTING_NUMBER, "0", .max = 64,
	    .help = "Threads." },
	{ "server", "grace", SETTING_DURATION, "30s", .min = 10, .max = 60000,
	    .help = "Wait." },
	{ "server", "budget", SETTING_SIZE, "64m", .min = 1024,
	    .help = "Memory." },
	{ "server", "pipelining", SETTING_BOOL, "yes", .help = "Offered." },
	{ "server", "banner", SETTING_STRING, "", .help = "Greeting." },
	{ "server", "state_dir", SETTING_PATH, .help = "Directory." },
	{ "listener", "address", SETTING_ENDPOINT, .required = true,
	    .help = "Where it listens." },
	{ "listener", "allow", SETTING_NETWORKS, "loopback",
	    .help = "Who may send." },
	{ .section = NULL },
};

static const struct setting providers[] = {
	{ "provider", "type", SETTING_CHOICE,
	    .choices = "mailgun|mandrill|smtp", .required = true,
	    .help = "Its kind." },
	{ "provider", "base_url", SETTING_URL, .help = "Where it is." },
	{ "provider", "api_key", SETTING_SECRET, .only = "mailgun",
	    .required = true, .help = "The key." },
	{ "provider", "domain", SETTING_DOMAIN, .only = "mailgun",
	    .help = "Sends." },
	{ "provider", "region", SETTING_CHOICE, "us", .choices = "us|eu",
	    .only = "mailgun", .help = "Where." },
	{ "provider", "api_key", SETTING_SECRET, .only = "mandrill",
	    .required = true, .help = "The key." },
	{ "provider", "host", SETTING_HOST, .only = "smtp", .required = true,
	    .help = "The server." },
	{ "provider", "port", SETTING_NUMBER, "587", .min = 1, .max = 65535,
	    .only = "smtp", .help = "Its port." },
	{ "provider", "password", SETTING_SECRET, .only = "smtp",
	    .help = "Its password." },
	{ "route", "providers", SETTING_LIST, .required = true,
	    .help = "In order." },
	{ "route", "retry", SETTING_DURATIONS, "30s, 1m", .min = 1000,
	    .max = 86400000, .help = "Pauses." },
	{ .section = NULL },
};

static const struct setting *const tables[] = { general, providers, NULL };

struct want {
	const char *section, *key, *text; /* text NULL: not set */
};

/* Every row has DIR=... in its environment: the directory of the file. */
struct row {
	const char *name;
	const char *file; /* NULL: none */
	const char *environment[8];
	const char *errors[16]; /* all of them, in order; none: it is fine */
	struct want wants[12];  /* ends with an empty one */
	mode_t mode;            /* of the file; 0: 0600 */
};

static char *directory;

static const struct row rows[] = {
	{ "nothing at all: defaults", NULL,
	    .wants = { { "server", "hostname", NULL },
		{ "server", "answer", "queued" }, { "server", "loops", "0" },
		{ "server", "grace", "30000" },
		{ "server", "budget", "67108864" },
		{ "server", "pipelining", "yes" }, { "server", "banner", "" },
		{ "server", "state_dir", NULL } } },
	{ "a file of every form",
	    "# comment\n"
	    "[server]\n"
	    "  hostname   =   mail.example.com  \n"
	    "answer=delivered\r\n"
	    "loops = 4\n"
	    "grace = 500ms\n"
	    "\n"
	    "\t# indented comment\n"
	    "budget = 1g\n"
	    "pipelining = Off\n"
	    "banner = back\\nslash = \"and\" more\n"
	    "state_dir = /var/lib/x y\n"
	    "[listener local]\n"
	    "address = [::1]:2525\n",
	    .wants = { { "server", "hostname", "mail.example.com" },
		{ "server", "answer", "delivered" }, { "server", "loops", "4" },
		{ "server", "grace", "500" },
		{ "server", "budget", "1073741824" },
		{ "server", "pipelining", "no" },
		{ "server", "banner", "back\\nslash = \"and\" more" },
		{ "server", "state_dir", "/var/lib/x y" },
		{ "listener local", "address", "[::1]:2525" },
		{ "listener local", "allow", "2 networks" } } },
	{ "a mark at the start, blanks in names, no line end",
	    "\xef\xbb\xbf[ provider \t eins.2 ] \n"
	    "type = smtp\n"
	    "host = h\n"
	    "[route default]\n"
	    "providers = eins.2 ,zwei",
	    .wants = { { "provider eins.2", "host", "h" },
		{ "provider eins.2", "port", "587" },
		{ "provider eins.2", "password", NULL },
		/* of another type */
		{ "provider eins.2", "region", NULL },
		{ "route default", "providers", "eins.2+zwei" },
		{ "route default", "retry", "30000,60000" } } },
	{ "durations",
	    "[route a]\nproviders = x\nretry = 5s\n"
	    "[route b]\nproviders = x\nretry = 1s,2m , 1d\n",
	    { "POSTFERRY_ROUTE_A_RETRY=1s, 1s" },
	    .wants = { { "route a", "retry", "1000,1000" },
		{ "route b", "retry", "1000,120000,86400000" } } },
	{ "durations that are wrong",
	    "[route a]\nproviders = x\nretry = 30s, 1x\n"
	    "[route b]\nproviders = x\nretry = 30s, 500ms\n"
	    "[route c]\nproviders = x\nretry = 30s # first\n",
	    .errors = { FILE_NAME ":3: [route a] retry = \"30s, 1x\": \"1x\", "
				  "number 2 of the list: a duration with its "
				  "unit is expected, like 500ms, 30s, 5m, 1h "
				  "or 2d",
		FILE_NAME ":6: [route b] retry = \"30s, 500ms\": \"500ms\", "
			  "number 2 of the list: from 1s to 1d is allowed",
		FILE_NAME ":9: [route c] retry = \"30s # first\": \"30s # "
			  "first\", number 1 of the list: a duration with its "
			  "unit is expected, like 500ms, 30s, 5m, 1h or 2d (a "
			  "# or ; behind a value begins no comment: comments "
			  "have lines of their own)" } },
	{ "the environment alone", NULL,
	    { "POSTFERRY_SERVER_HOSTNAME=env.example.com",
		"POSTFERRY_LISTENER_LOCAL_ADDRESS=127.0.0.1:25",
		"POSTFERRY_PROVIDER_MAIL_GUN_API_KEY=key-1 $${x}",
		"POSTFERRY_PROVIDER_MAIL_GUN_TYPE=mailgun",
		"POSTFERRY_ROUTE_DEFAULT_PROVIDERS=mail_gun", "OTHER=x" },
	    .wants = { { "server", "hostname", "env.example.com" },
		{ "listener local", "address", "127.0.0.1:25" },
		{ "provider mail_gun", "type", "mailgun" },
		{ "provider mail_gun", "api_key", "key-1 $${x}" },
		{ "provider mail_gun", "region", "us" },
		{ "route default", "providers", "mail_gun" } } },
	{ "the environment wins, sections with - and capitals are found",
	    "[server]\nloops = 3\nhostname = not! valid!\n"
	    "[provider Mail-Gun]\ntype = mailgun\napi_key_file = /nowhere\n"
	    "region = eu\n",
	    { "POSTFERRY_SERVER_HOSTNAME=a.example",
		"POSTFERRY_PROVIDER_MAIL_GUN_API_KEY=from the environment\n",
		"POSTFERRY_PROVIDER_MAIL_GUN_REGION=" },
	    .wants = { { "server", "loops", "3" },
		{ "server", "hostname", "a.example" },
		{ "provider Mail-Gun", "region", "eu" },
		{ "provider Mail-Gun", "api_key", "from the environment" } } },
	{ "secrets from files and variables",
	    "[provider a]\ntype = mailgun\napi_key_file = ${DIR}/key\n"
	    "[provider b]\ntype = mandrill\napi_key = ${KEY}\n"
	    "[provider c]\ntype = smtp\nhost = h\n"
	    "password = a$$b$c${ONE}${TWO}$$\n",
	    { "KEY=${DIR}#\"x\" ", "ONE=1", "TWO=" },
	    .wants = { { "provider a", "api_key", "key in a file " },
		{ "provider b", "api_key", "${DIR}#\"x\" " },
		{ "provider c", "password", "a$b$c1$" } } },
	{ "misspelt keys and sections",
	    "[server]\nhostnam = x\nHOSTNAME = x\nstate-dir = /x\n"
	    "qqq = x\naddress = 127.0.0.1:1\n"
	    "[sever]\n[providr x]\nx = y\n[nothing]\n[server x]\n"
	    "[listener]\n[listener a/b]\n[provider x]\ntype = smtp\nhost = h\n"
	    "password_fil = /x\nhost_file = /x\n",
	    .errors = { FILE_NAME ":2: [server] hostnam: there is no such key; "
				  "did you mean hostname?",
		FILE_NAME ":3: [server] HOSTNAME: there is no such key; did "
			  "you mean hostname?",
		FILE_NAME ":4: [server] state-dir: there is no such key; did "
			  "you mean state_dir?",
		FILE_NAME ":5: [server] qqq: there is no such key; \"postferry "
			  "settings\" prints those there are",
		FILE_NAME ":6: [server] address: this key belongs into "
			  "[listener NAME]",
		FILE_NAME ":7: [sever]: there is no such section; did you mean "
			  "[server]?",
		FILE_NAME ":8: [providr x]: there is no such section; did you "
			  "mean [provider x]?",
		FILE_NAME ":10: [nothing]: there is no such section; there are "
			  "[server], [listener NAME], [provider NAME], [route "
			  "NAME]",
		FILE_NAME ":11: [server x]: this section takes no name: write "
			  "[server]",
		FILE_NAME ":12: [listener]: a name is expected, [listener "
			  "NAME], of up to 64 letters, digits, - _ and .",
		FILE_NAME ":13: [listener a/b]: a name is expected, [listener "
			  "NAME], of up to 64 letters, digits, - _ and .",
		FILE_NAME ":17: [provider x] password_fil: there is no such "
			  "key; did you mean password_file?",
		FILE_NAME ":18: [provider x] host_file: there is no such key; "
			  "\"postferry settings\" prints those there are" } },
	{ "what stands there twice",
	    "[server]\nloops = 1\nloops = 2\n[listener a]\n"
	    "address = 127.0.0.1:1\n[ server ]\nloops = 1\nanswer = queued\n"
	    "[provider x]\ntype = mailgun\napi_key = secret-1\n"
	    "api_key_file = ${DIR}/key\n",
	    .errors = { FILE_NAME ":3: [server] loops: this key stands here a "
				  "second time, the first is " FILE_NAME
				  ":2: keep one of them",
		FILE_NAME ":6: [server]: this section stands here a second "
			  "time, the first is " FILE_NAME
			  ":1: make one of them",
		FILE_NAME ":7: [server] loops: this key stands here a second "
			  "time, the first is " FILE_NAME
			  ":2: keep one of them",
		FILE_NAME ":12: [provider x] api_key_file: the secret is given "
			  "by " FILE_NAME ":11 too: keep one of them" } },
	{ "lines that are nothing; their text is never shown",
	    "loops = 1\n[server]\nkey-SECRET\n; comment\n= x\na[b] = x\n"
	    "[listener a] # x\nwhat = is this\n[listener b\n[]\n[a[b]\n"
	    "[route r]\nproviders = a\nEncoding = latin1\n",
	    .errors = { FILE_NAME ":1: this key stands before the first "
				  "section: [server] may be missing above it",
		FILE_NAME ":3: this is neither [section], nor key = value, nor "
			  "a comment, which begins with #",
		FILE_NAME ":4: a comment begins with #",
		FILE_NAME ":5: the key is missing before the =",
		FILE_NAME ":6: a key may hold neither [ nor ]",
		FILE_NAME ":7: nothing may follow the ] of a section, not even "
			  "a comment: put that on a line of its own",
		FILE_NAME ":9: the section's name does not end: ] is missing",
		FILE_NAME ":10: the section has no name",
		FILE_NAME ":11: a section's name may hold neither [ nor "
			  "control characters",
		FILE_NAME ":14: there is no key Encoding: the file is "
			  "UTF-8" } },
	{ "values that are wrong",
	    "[server]\nhostname = \"a b\"\nanswer = queud\nloops = 65\n"
	    "grace = 5 # seconds\nbudget = 1\npipelining = maybe\n"
	    "state_dir = var\nbanner = a\001b\n[listener a]\n"
	    "address = localhost\nallow = 10.0.0.1/8\n",
	    .errors = { FILE_NAME
		":2: [server] hostname = \"\\\"a b\\\"\": "
		"a host name or an IP address is expected, "
		"without scheme, port, brackets or a dot at "
		"its end (quotes are part of the value: leave "
		"them out)",
		FILE_NAME ":3: [server] answer = queud: one of these is "
			  "expected: queued, delivered",
		FILE_NAME ":4: [server] loops = 65: from 0 to 64 is allowed",
		FILE_NAME ":5: [server] grace = \"5 # seconds\": a duration "
			  "with its unit is expected, like 500ms, 30s, 5m, 1h "
			  "or 2d (a # or ; behind a value begins no comment: "
			  "comments have lines of their own)",
		FILE_NAME ":6: [server] budget = 1: at least 1k is expected",
		FILE_NAME ":7: [server] pipelining = maybe: yes or no is "
			  "expected",
		FILE_NAME ":8: [server] state_dir = var: a path is expected "
			  "that begins with /",
		FILE_NAME ":9: [server] banner = a\\x01b: control characters "
			  "(line ends and tabs too) are not allowed",
		FILE_NAME ":11: [listener a] address = localhost: "
			  "\"localhost\" is no address to listen on: "
			  "ADDRESS:PORT is expected, like 127.0.0.1:2525, "
			  "[::1]:2525 or localhost:2525; other names are not "
			  "looked up",
		FILE_NAME ":12: [listener a] allow = 10.0.0.1/8: "
			  "\"10.0.0.1/8\" has bits set beyond its prefix: "
			  "write 10.0.0.0/8 for the network, or the address "
			  "without /8 for the one host" } },
	{ "an empty value is no value",
	    "[server]\nhostname =\nbanner =\n[route r]\nproviders =\n",
	    .errors = { FILE_NAME ":2: [server] hostname = \"\": a host name "
				  "or an IP address is expected, without "
				  "scheme, port, brackets or a dot at its end",
		FILE_NAME ":5: [route r] providers = \"\": names separated by "
			  "commas are expected, at least one" } },
	{ "a key of two types names both",
	    "[provider a]\ntype = smtp\nhost = h\napi_key = k\n",
	    .errors = { FILE_NAME
		":4: [provider a] api_key: this key is for type = mailgun or "
		"mandrill only; this section has type = smtp" } },
	{ "the type decides which keys there may be, and must be",
	    "[provider a]\ntype = mandrill\nregion = eu\nhost = h\n"
	    "[provider b]\ntype = smpt\nregion = eu\nhost = h\nbase_url = x\n"
	    "[provider c]\nhost = h\n[listener l]\n",
	    .errors = { FILE_NAME
		":1: [provider a] has no api_key (or "
		"api_key_file), which it needs: The key. Add a line like: "
		"api_key_file = /etc/postferry/secret",
		FILE_NAME ":3: [provider a] region: this key is for "
			  "type = mailgun only; this section has type "
			  "= mandrill",
		FILE_NAME ":4: [provider a] host: this key is for type = smtp "
			  "only; this section has type = mandrill",
		FILE_NAME ":6: [provider b] type = smpt: one of these is "
			  "expected: mailgun, mandrill, smtp",
		FILE_NAME ":9: [provider b] base_url = x: a URL is expected, "
			  "like https://api.example.com or "
			  "http://127.0.0.1:8080",
		FILE_NAME ":10: [provider c] has no type, which it needs: Its "
			  "kind. Add a line like: type = mailgun",
		FILE_NAME
		":12: [listener l] has no address, which it needs: "
		"Where it listens. Add a line like: address = 127.0.0.1:2525" } },
	{ "variables that cannot be put in",
	    "[server]\nhostname = ${NO_SUCH}\nbanner = ${\nstate_dir = ${A-B}\n"
	    "[provider x]\ntype = mailgun\napi_key = ${NO_KEY}\n",
	    .errors = { FILE_NAME ":2: [server] hostname: the variable NO_SUCH "
				  "is not set in the environment",
		FILE_NAME ":3: [server] banner: ${ must be followed by the "
			  "name of a variable and }; a $ itself is written $$",
		FILE_NAME ":4: [server] state_dir: ${ must be followed by the "
			  "name of a variable and }; a $ itself is written $$",
		FILE_NAME ":7: [provider x] api_key: the variable NO_KEY is "
			  "not set in the environment" } },
	{ "a secret file that is not there, from the environment", NULL,
	    { "POSTFERRY_PROVIDER_X_TYPE=mailgun",
		"POSTFERRY_PROVIDER_X_API_KEY_FILE=/nowhere/key" },
	    .errors = { "POSTFERRY_PROVIDER_X_API_KEY_FILE: [provider x] "
			"api_key_file: cannot read /nowhere/key: No such file "
			"or directory" } },
	{ "secret files that are none",
	    "[provider a]\ntype = mailgun\napi_key_file = ${DIR}/empty\n"
	    "[provider b]\ntype = mailgun\napi_key_file = key\n"
	    "[provider c]\ntype = mailgun\napi_key_file = ${DIR}/zero\n"
	    "[provider d]\ntype = mailgun\napi_key_file = ${DIR}/lines\n"
	    "[provider e]\ntype = mailgun\napi_key =\n"
	    "[provider f]\ntype = mailgun\napi_key_file = ${DIR}/pipe\n",
	    .errors = { FILE_NAME ":3: [provider a] api_key_file: DIR/empty is "
				  "empty: the secret is expected there",
		FILE_NAME ":6: [provider b] api_key_file: a path is expected "
			  "that begins with /",
		FILE_NAME ":9: [provider c] api_key_file: DIR/zero holds NUL "
			  "bytes: text is expected there",
		FILE_NAME ":12: [provider d] api_key: control characters "
			  "(line ends and tabs too) are not allowed",
		FILE_NAME ":15: [provider e] api_key: the secret is "
			  "empty",
		FILE_NAME ":18: [provider f] api_key_file: cannot read "
			  "DIR/pipe: it is a FIFO, a socket or a device; a "
			  "regular file is expected" } },
	{ "comments behind values, names without commas",
	    "[server]\nhostname = h ; ours\nstate_dir = /x # mails\n"
	    "banner = we # you\n"
	    "[provider x]\ntype = mailgun\napi_key = ${KEY}\n"
	    "domain = d.example # d\nbase_url = https://h.example ; x\n"
	    "[route default]\nproviders = a b\n",
	    { "KEY=k #12345678",
		"POSTFERRY_LISTENER_L_ADDRESS=127.0.0.1:1 # x" },
	    .errors = { FILE_NAME
		":2: [server] hostname = \"h ; ours\": a host name or an IP "
		"address is expected, without scheme, port, brackets or a dot "
		"at its end (a # or ; behind a value begins no comment: "
		"comments have lines of their own)",
		FILE_NAME
		":3: [server] state_dir = \"/x # mails\": a path is expected, "
		"and nothing behind it (a # or ; behind a value "
		"begins no comment: comments have lines of their own)",
		FILE_NAME
		":8: [provider x] domain = \"d.example # d\": a mail domain "
		"is expected, like example.com: what stands after the @ (a # "
		"or ; behind a value begins no comment: comments have lines "
		"of their own)",
		FILE_NAME
		":9: [provider x] base_url = \"https://h.example ; x\": a "
		"host name must follow the // "
		"(a # or ; behind a value begins no comment: comments have "
		"lines of their own)",
		FILE_NAME
		":11: [route default] providers = \"a b\": \"a b\" is no "
		"name: names are separated by commas, like a, b, and hold no "
		"blanks",
		"POSTFERRY_LISTENER_L_ADDRESS: [listener l] address = "
		"\"127.0.0.1:1 # x\": \"1 # x\" is no port: a number from 0 "
		"to 65535 is expected after the colon (a # or ; behind a "
		"value begins no comment: comments have lines of their own)" } },
	{ "a section of variables lacks a key", NULL,
	    { "POSTFERRY_PROVIDER_MY_MTA_TYPE=smtp" },
	    .errors = { "POSTFERRY_PROVIDER_MY_MTA_TYPE: [provider my_mta] "
			"has no host, which it needs: The server. Set the variable "
			"POSTFERRY_PROVIDER_MY_MTA_HOST" } },
	{ "by line, then those of variables",
	    "[listener l]\n[server]\nloops = x\n",
	    { "POSTFERRY_SERVER_GRACE=x", "POSTFERRY_SERVER_BUDGET=x" },
	    .errors = { FILE_NAME
		":1: [listener l] has no address, which it "
		"needs: Where it listens. Add a line like: address = "
		"127.0.0.1:2525",
		FILE_NAME ":3: [server] loops = x: a whole number is expected",
		"POSTFERRY_SERVER_GRACE: [server] grace = x: a duration with "
		"its unit is expected, like 500ms, 30s, 5m, 1h or 2d",
		"POSTFERRY_SERVER_BUDGET: [server] budget = x: a size in bytes "
		"is expected, like 25000000, 64k, 25m or 1g" } },
	{ "everyone may read the secret",
	    "[provider x]\ntype = mailgun\napi_key = key-SECRET\n",
	    .mode = 0644,
	    .errors = { FILE_NAME ": it holds a secret, and its mode 0644 lets "
				  "everyone read it: chmod 640 " FILE_NAME } },
	{ "everyone may read where it is",
	    "[provider x]\ntype = mailgun\napi_key_file = ${DIR}/key\n"
	    "[provider y]\ntype = mailgun\napi_key = ${KEY}\n",
	    { "KEY=12345678" }, .mode = 0644,
	    .wants = { { "provider y", "api_key", "12345678" } } },
	{ "variables that name nothing",
	    "[provider mail-gun]\ntype = smtp\n"
	    "host = h\n",
	    { "POSTFERRY_SERVER_HOSTNAM=x", "POSTFERRY_SERVR_LOOPS=1",
		"POSTFERRY_PROVIDER_MAILGUN_APIKEY=SECRET",
		"POSTFERRY_QQQ=SECRET",
		"POSTFERRY_SERVER=", "POSTFERRY_PROVIDER_API_KEY=SECRET" },
	    .errors = { "POSTFERRY_SERVER_HOSTNAM: this variable names no "
			"setting; did you mean POSTFERRY_SERVER_HOSTNAME?",
		"POSTFERRY_SERVR_LOOPS: this variable names no setting; did "
		"you mean POSTFERRY_SERVER_LOOPS?",
		"POSTFERRY_PROVIDER_MAILGUN_APIKEY: this variable names no "
		"setting; did you mean POSTFERRY_PROVIDER_MAILGUN_API_KEY?",
		"POSTFERRY_QQQ: this variable names no setting; \"postferry "
		"settings\" prints those there are",
		"POSTFERRY_SERVER: this variable names no setting; "
		"\"postferry settings\" prints those there are",
		"POSTFERRY_PROVIDER_API_KEY: this variable names no setting; "
		"\"postferry settings\" prints those there are" } },
	{ "a variable makes no section by itself", NULL,
	    { "POSTFERRY_PROVIDER_MAILGUN_API_KEY=SECRET-KEY",
		"POSTFERRY_LISTENER_A_ALLOW=nonsense" },
	    .errors = { "POSTFERRY_PROVIDER_MAILGUN_API_KEY: there is no "
			"section [provider mailgun]; to make one set "
			"POSTFERRY_PROVIDER_MAILGUN_TYPE too",
		"POSTFERRY_LISTENER_A_ALLOW: there is no section [listener "
		"a]; to make one set POSTFERRY_LISTENER_A_ADDRESS too" } },
	{ "a variable that two sections answer to",
	    "[listener a-b]\naddress = 127.0.0.1:1\n"
	    "[listener a_b]\naddress = 127.0.0.1:2\n",
	    { "POSTFERRY_LISTENER_A_B_ADDRESS=127.0.0.1:3" },
	    .errors = { "POSTFERRY_LISTENER_A_B_ADDRESS: this could be "
			"[listener a-b] or [listener a_b]: set it in the "
			"file" } },
	{ "both forms of a secret in the environment", NULL,
	    { "POSTFERRY_PROVIDER_X_TYPE=mailgun",
		"POSTFERRY_PROVIDER_X_API_KEY=SECRET-KEY",
		"POSTFERRY_PROVIDER_X_API_KEY_FILE=/x" },
	    .errors = { "POSTFERRY_PROVIDER_X_API_KEY_FILE: [provider x] "
			"api_key_file: the secret is given by "
			"POSTFERRY_PROVIDER_X_API_KEY too: keep one of "
			"them" } },
	{ "what Kubernetes puts there", NULL,
	    { "POSTFERRY_PORT=tcp://10.0.0.1:2525",
		"POSTFERRY_SERVICE_HOST=10.0.0.1",
		"POSTFERRY_SERVICE_PORT_SMTP=2525",
		"POSTFERRY_PORT_2525_TCP=tcp://10.0.0.1:2525",
		"POSTFERRY_PORT_2525_TCP_ADDR=10.0.0.1",
		"POSTFERRY_SERVER_PORT=tcp://10.0.0.1:25",
		"POSTFERRY_SERVER_SERVICE_HOST=10.0.0.1" },
	    .wants = { { "server", "answer", "queued" } } },
	{ "wrong values from the environment", NULL,
	    { "POSTFERRY_SERVER_LOOPS=many # of them",
		"POSTFERRY_SERVER_STATE_DIR=\xff" },
	    .errors = { "POSTFERRY_SERVER_LOOPS: [server] loops = \"many # of "
			"them\": a whole number is expected (a # or ; behind "
			"a value begins no comment: comments have lines of "
			"their own)",
		"POSTFERRY_SERVER_STATE_DIR: [server] state_dir = \\xff: the "
		"text is not UTF-8" } },
	{ "a secret is not shown by what is wrong elsewhere",
	    "[server]\nhostname = ${KEY}!\nloops = x-canary-key\n"
	    "[provider x]\ntype = mailgun\napi_key = ${KEY}\n",
	    { "KEY=canary-key" },
	    .errors = { FILE_NAME ":2: [server] hostname = ${KEY}!: a host "
				  "name or an IP address is expected, without "
				  "scheme, port, brackets or a dot at its end",
		FILE_NAME ":3: [server] loops = x-<redacted>: a whole number "
			  "is expected" } },
	{ "no text", "[server]\nhostname = a\n# caf\xe9\n",
	    .errors = { FILE_NAME ":3: the byte 0xe9 is not UTF-8 text: save "
				  "the file as UTF-8" } },
};

static char *
join_durations(const GArray *durations)
{
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < durations->len; i++)
		g_string_append_printf(text, "%s%" G_GINT64_FORMAT,
		    i > 0 ? "," : "", g_array_index(durations, int64_t, i));
	return g_string_free(text, FALSE);
}

/* What a key holds, whatever its type, as text. */
static char *
show(const struct config *config, const struct want *want)
{
	const struct setting *row = NULL;
	const char *section = want->section, *key = want->key;

	for (unsigned t = 0; tables[t] != NULL; t++)
		for (const struct setting *s = tables[t]; s->section; s++)
			if (g_str_has_prefix(section, s->section) &&
			    strcmp(s->key, key) == 0)
				row = s;
	assert_non_null(row);
	switch (row->type) {
	case SETTING_NUMBER:
	case SETTING_SIZE:
	case SETTING_DURATION:
		return g_strdup_printf(
		    "%" G_GINT64_FORMAT, config_number(config, section, key));
	case SETTING_DURATIONS:
		return join_durations(config_durations(config, section, key));
	case SETTING_BOOL:
		return g_strdup(
		    config_bool(config, section, key) ? "yes" : "no");
	case SETTING_LIST:
		return g_strjoinv(
		    "+", (char **)config_list(config, section, key));
	case SETTING_NETWORKS:
		return g_strdup_printf(
		    "%u networks", config_networks(config, section, key)->len);
	default:
		return g_strdup(config_string(config, section, key));
	}
}

static char **
make_environment(const struct row *row)
{
	GStrvBuilder *builder = g_strv_builder_new();
	g_autofree char *line = g_strconcat("DIR=", directory, NULL);

	g_strv_builder_add(builder, line);
	for (unsigned i = 0; i < G_N_ELEMENTS(row->environment); i++)
		if (row->environment[i] != NULL)
			g_strv_builder_add(builder, row->environment[i]);
	char **environment = g_strv_builder_end(builder);
	g_strv_builder_unref(builder);
	return environment;
}

static void
check_errors(const struct row *row, const GPtrArray *errors)
{
	const unsigned most = G_N_ELEMENTS(row->errors);

	for (unsigned i = 0; i < MAX(most, errors->len); i++) {
		GString *have =
		    g_string_new(i < errors->len ? errors->pdata[i] : NULL);
		const char *want = i < most ? row->errors[i] : NULL;

		g_string_replace(have, directory, "DIR", 0);
		assert_null(strstr(have->str, "SECRET"));
		if (strcmp(have->str, want ? want : "") != 0)
			fail_msg("%s, error %u:\n  have %s\n  want %s",
			    row->name, i + 1, have->str, want ? want : "none");
		g_string_free(have, TRUE);
	}
}

/* Whatever is at fault, what has to be there is, for checks of the whole. */
static void
check_faulty(const struct config_source *source, unsigned count)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	struct config *config = config_read_on(source, tables, errors);
	const char *const *name;

	assert_int_equal(errors->len, count);
	if (config == NULL)
		return;
	assert_true(config_is_faulty(config) == (count > 0));
	for (name = config_names(config, "provider"); *name != NULL; name++) {
		g_autofree char *section =
		    g_strconcat("provider ", *name, NULL);
		const char *type = config_string(config, section, "type");

		assert_non_null(type);
		assert_non_null(config_string(config, section,
		    strcmp(type, "smtp") == 0 ? "host" : "api_key"));
	}
	for (name = config_names(config, "route"); *name != NULL; name++) {
		g_autofree char *section = g_strconcat("route ", *name, NULL);

		assert_non_null(config_list(config, section, "providers"));
		assert_non_null(config_durations(config, section, "retry"));
	}
	assert_non_null(config_string(config, "server", "answer"));
	config_drop_told(config, errors);
	config_unref(config);
}

static void
check_row(const struct row *row)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) environment = make_environment(row);
	struct config_source source = { .path = row->file ? FILE_NAME : NULL,
		.environment = environment };

	if (row->file != NULL) {
		assert_true(
		    g_file_set_contents(FILE_NAME, row->file, -1, NULL));
		assert_int_equal(
		    chmod(FILE_NAME, row->mode ? row->mode : 0600), 0);
	}
	struct config *config = config_read(&source, tables, errors);
	check_errors(row, errors);
	assert_true((config != NULL) == (errors->len == 0));
	check_faulty(&source, errors->len);
	for (unsigned i = 0; config && row->wants[i].section != NULL; i++) {
		g_autofree char *have = show(config, &row->wants[i]);

		if (g_strcmp0(have, row->wants[i].text) != 0)
			fail_msg("%s: [%s] %s: have %s, want %s", row->name,
			    row->wants[i].section, row->wants[i].key, have,
			    row->wants[i].text);
	}
	config_unref(config);
}

static void
test_rows(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
		check_row(&rows[i]);
}

static void
test_unreadable(void **state)
{
	static const struct {
		const char *path, *error;
	} cases[] = {
		{ "none.conf",
		    "settings: cannot read none.conf: No such file or "
		    "directory" },
		{ "/", "settings: cannot read /: Is a directory" },
		{ "large",
		    "settings: cannot read large: it has more than 4194304 "
		    "bytes, and no such file should: is it the right one?" },
		{ "/dev/zero",
		    "settings: cannot read /dev/zero: it is a FIFO, a socket "
		    "or a device; a regular file is expected" },
		{ "pipe",
		    "settings: cannot read pipe: it is a FIFO, a socket or a "
		    "device; a regular file is expected" },
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GPtrArray) errors =
		    g_ptr_array_new_with_free_func(g_free);
		struct config_source source = { .path = cases[i].path };

		assert_null(config_read(&source, tables, errors));
		assert_int_equal(errors->len, 1);
		assert_string_equal(errors->pdata[0], cases[i].error);
	}
}

/* What has no section that can be is taken for one that was meant, unless that
 * one is there. */
static void
test_meant(void **state)
{
	static const struct {
		const char *text, *providers; /* NULL: nothing is known */
		bool server;                  /* errors of [server] are told */
	} cases[] = {
		{ "[providr a]\n[provider b]\ntype = smtp\nhost = h\n", "b,a",
		    true },
		{ "[providr a]\n[provider a]\ntype = smtp\nhost = h\n", "a",
		    true },
		{ "[provider a]\ntype = smtp\nhost = h\n[providr a]\n", "a",
		    true },
		{ "[provider a/b]\n", "a/b", true },
		{ "[nothing]\n", "", true },
		{ "[sever]\n", "", false },
		{ "[server x]\n", "", false },
		{ "[providr]\n", NULL, true },
		{ "[provider]\n", NULL, true },
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		char *environment[] = { NULL };
		struct config_source source = { .path = FILE_NAME,
			.environment = environment };
		g_autoptr(GPtrArray) errors =
		    g_ptr_array_new_with_free_func(g_free);

		assert_true(
		    g_file_set_contents(FILE_NAME, cases[i].text, -1, NULL));
		struct config *config = config_read_on(&source, tables, errors);
		assert_int_equal(errors->len, 1);
		assert_true((config != NULL) == (cases[i].providers != NULL));
		if (config == NULL)
			continue;
		assert_true(config_is_faulty(config));
		g_autofree char *names =
		    g_strjoinv(",", (char **)config_names(config, "provider"));
		assert_string_equal(names, cases[i].providers);
		g_ptr_array_set_size(errors, 0);
		g_ptr_array_add(errors, g_strdup("[server] has no answer"));
		config_drop_told(config, errors);
		assert_int_equal(errors->len, cases[i].server);
		config_unref(config);
	}
}

static void
test_names_and_origins(void **state)
{
	static const char text[] = "[provider zwei]\ntype = smtp\nhost = h\n"
				   "[provider eins]\ntype = smtp\nhost = h\n";
	char *environment[] = { "POSTFERRY_PROVIDER_DREI_TYPE=smtp",
		"POSTFERRY_PROVIDER_DREI_HOST=h",
		"POSTFERRY_PROVIDER_EINS_PORT=25", NULL };
	struct config_source source = { .path = FILE_NAME,
		.environment = environment };
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);

	(void)state;
	assert_true(g_file_set_contents(FILE_NAME, text, -1, NULL));
	struct config *config = config_read(&source, tables, errors);
	assert_non_null(config);
	g_autofree char *names =
	    g_strjoinv(",", (char **)config_names(config, "provider"));
	assert_string_equal(names, "zwei,eins,drei");
	assert_null(*config_names(config, "route"));
	assert_null(*config_names(config, "server"));
	assert_string_equal(
	    config_origin(config, "provider zwei", "host"), FILE_NAME ":3");
	assert_string_equal(config_origin(config, "provider eins", "port"),
	    "POSTFERRY_PROVIDER_EINS_PORT");
	assert_string_equal(
	    config_origin(config, "provider zwei", "port"), "default");
	assert_true(config_is_set(config, "provider eins", "port"));
	assert_false(config_is_set(config, "provider zwei", "port"));
	assert_false(config_is_set(config, "provider zwei", "region"));
	/* a section that is not there has nothing set */
	assert_null(config_list(config, "route default", "providers"));
	assert_ptr_equal(config_ref(config), config);
	config_unref(config);
	assert_int_equal(config_number(config, "provider eins", "port"), 25);
	config_unref(config);
}

/* Of the one kind all values are read; of the others not one, though the file
 * is still one that can be read. */
static void
test_only(void **state)
{
	static const struct {
		const char *name, *only, *text;
		unsigned errors;
	} cases[] = {
		{ "a secret that cannot be read", "server",
		    "[provider m]\ntype = mandrill\napi_key_file = nowhere\n",
		    0 },
		{ "read when all is", NULL,
		    "[provider m]\ntype = mandrill\napi_key_file = nowhere\n",
		    1 },
		{ "a variable that is not there", "server",
		    "[provider s]\ntype = smtp\nhost = ${NOWHERE}\n", 0 },
		{ "a key that is missing", "server", "[provider s]\n", 0 },
		{ "a wrong value of that kind", "server",
		    "[server]\nloops = x\n", 1 },
		{ "a key that there is not", "server",
		    "[provider s]\nhots = x\n", 1 },
	};
	struct config_source source = { .path = FILE_NAME };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GPtrArray) errors =
		    g_ptr_array_new_with_free_func(g_free);

		source.only = cases[i].only;
		assert_true(
		    g_file_set_contents(FILE_NAME, cases[i].text, -1, NULL));
		struct config *config = config_read(&source, tables, errors);
		if (errors->len != cases[i].errors)
			fail_msg("%s: %u errors", cases[i].name, errors->len);
		if (config != NULL) {
			assert_string_equal(
			    config_string(config, "server", "answer"),
			    "queued");
			assert_null(*config_names(config, "provider"));
			assert_null(
			    config_string(config, "provider s", "host"));
		}
		config_unref(config);
	}
}

/* Of one kind of section what can be read is, whatever else is wrong. */
static void
test_part(void **state)
{
	static const struct {
		const char *path, *text, *hostname;
	} cases[] = {
		{ FILE_NAME, "[server]\nhostname = a.example\nnothing\n",
		    "a.example" },
		{ FILE_NAME, "[nowhere]\n[server]\nhostname = a.example\n",
		    "a.example" },
		{ FILE_NAME, "[server]\nhostnam = a.example\n", NULL },
		{ "none.conf", NULL, NULL },
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct config_source source = { .path = cases[i].path,
			.only = "server" };
		g_autoptr(GPtrArray) errors =
		    g_ptr_array_new_with_free_func(g_free);

		if (cases[i].text != NULL)
			assert_true(g_file_set_contents(
			    FILE_NAME, cases[i].text, -1, NULL));
		struct config *config = config_read_on(&source, tables, errors);
		assert_non_null(config);
		assert_true(config_is_faulty(config));
		assert_int_equal(errors->len, 1);
		if (g_strcmp0(config_string(config, "server", "hostname"),
			cases[i].hostname) != 0)
			fail_msg("%s", cases[i].text);
		config_unref(config);
	}
}

/* Whatever stands in the file: errors or a config, never a crash, and GKeyFile
 * takes what the locator takes. */
static void
test_any_bytes(void **state)
{
	static const char pieces[][24] = { "[", "]", "=", "\n", "\r\n", "#",
		";", " ", "\t", "server", "[server]", "listener a", "hostname",
		"loops = 1", "${", "}", "$", "\\", "\\s", "\xc3\xa9",
		"Encoding", "Encoding=x", "[provider a]\n", "type = smtp\n",
		"host", "\v", "\x01", "\xef\xbb\xbf", "[de]", "\"" };
	GRand *random = g_rand_new_with_seed(1);
	struct config_source source = { .path = FILE_NAME };

	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		g_autoptr(GString) text = g_string_new(NULL);
		g_autoptr(GPtrArray) errors =
		    g_ptr_array_new_with_free_func(g_free);

		for (int n = g_rand_int_range(random, 1, 20); n > 0; n--)
			g_string_append(text, pieces[g_rand_int_range(random, 0,
						  G_N_ELEMENTS(pieces))]);
		assert_true(g_file_set_contents(
		    FILE_NAME, text->str, (gssize)text->len, NULL));
		struct config *config = config_read(&source, tables, errors);
		assert_true((config != NULL) == (errors->len == 0));
		for (unsigned i = 0; i < errors->len; i++)
			if (strstr(errors->pdata[i], "GKeyFile"))
				fail_msg("%s for:\n%s",
				    (char *)errors->pdata[i], text->str);
		config_unref(config);
	}
	g_rand_free(random);
}

static int
make_directory(void **state)
{
	(void)state;
	directory = g_dir_make_tmp("config-XXXXXX", NULL);
	return chdir(directory) == 0 &&
		       g_file_set_contents(
			   "key", "key in a file \n", -1, NULL) &&
		       g_file_set_contents("empty", "\r\n", -1, NULL) &&
		       g_file_set_contents("zero", "a\0b", 3, NULL) &&
		       g_file_set_contents("lines", "a\nb\n", -1, NULL) &&
		       g_file_set_contents("large", "", 0, NULL) &&
		       truncate("large", 1 << 30) == 0 &&
		       mkfifo("pipe", 0600) == 0
		   ? 0
		   : -1;
}

static int
remove_directory(void **state)
{
	static const char *const names[] = { FILE_NAME, "key", "empty", "zero",
		"lines", "large", "pipe" };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
		unlink(names[i]);
	int failed = chdir("/") != 0 || rmdir(directory) != 0;
	g_free(directory);
	return failed;
}

static void
write_private(const char *path, const char *text)
{
	assert_true(g_file_set_contents(path, text, -1, NULL));
	assert_int_equal(chmod(path, 0600), 0);
}

static struct config *
read_again(const char *path, const struct config *again)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	const struct config_source source = { .path = path, .again = again };
	struct config *config = config_read(&source, tables, errors);

	assert_non_null(config);
	return config;
}

/* The text stays, the secret is read anew. */
static void
test_again(void **state)
{
	g_autofree char *folder = g_dir_make_tmp("config-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, FILE_NAME, NULL);
	g_autofree char *key = g_build_filename(folder, "key", NULL);
	g_autofree char *text =
	    g_strdup_printf("[server]\nloops = 3\n"
			    "[provider a]\ntype = mailgun\napi_key_file = %s\n",
		key);

	(void)state;
	write_private(key, "the-first-key\n");
	write_private(path, text);
	struct config *first = read_again(path, NULL);
	assert_string_equal(config_secret_files(first)[0], key);
	assert_null(config_secret_files(first)[1]);
	write_private(key, "the-second-key\n");
	write_private(path, "[server]\nloops = 4\n");
	struct config *again = read_again(path, first);
	struct config *anew = read_again(path, NULL);

	assert_int_equal(config_number(again, "server", "loops"), 3);
	assert_string_equal(
	    config_string(again, "provider a", "api_key"), "the-second-key");
	assert_true(config_is_same(first, again, "server", "loops"));
	assert_true(config_is_same(first, again, "server", "hostname"));
	assert_true(config_is_same(first, again, "provider a", "type"));
	assert_false(config_is_same(first, again, "provider a", "api_key"));
	assert_false(config_is_same(first, anew, "server", "loops"));
	assert_false(config_is_same(first, anew, "provider a", "api_key"));
	assert_null(config_secret_files(anew)[0]);
	config_unref(first);
	config_unref(again);
	config_unref(anew);
	unlink(path);
	unlink(key);
	rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_meant),
		cmocka_unit_test(test_names_and_origins),
		cmocka_unit_test(test_only),
		cmocka_unit_test(test_part),
		cmocka_unit_test(test_any_bytes),
		cmocka_unit_test(test_again),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
