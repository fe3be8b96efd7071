/* SPDX-License-Identifier: MIT */
#include "smtp/drop.h"
#include "smtp/server.h"

#define SECONDS 1000
#define MINUTES (60 * SECONDS)
#define HOURS   (60 * MINUTES)

/* Durations may be very short so that tests run them at a hundredth. */
#define SHORTEST 1

const struct setting *const server_tables[] = { server_settings,
	server_tls_settings, server_auth_settings, server_door_settings, NULL };

const struct setting server_settings[] = {
	{ "server", "hostname", SETTING_HOST,
	    .help = "Our name in the banner, in Received and in Message-IDs; "
		    "default: the name of the host." },
	{ "server", "answer", SETTING_CHOICE, "queued",
	    .choices = "queued|delivered",
	    .help = "When a client gets its 250: queued = once the mail is on "
		    "disk and synced (needs state_dir), delivered = once a "
		    "provider has it." },
	{ "server", "connections", SETTING_NUMBER, "1000", .min = 1,
	    .max = 100000,
	    .help = "Connections at the same time; further ones get 421." },
	{ "server", "connections_reserved", SETTING_NUMBER, "10", .min = 0,
	    .max = 10000, .help = "Of them, kept for peers in `allow`." },
	{ "server", "stress_share", SETTING_NUMBER, "80", .min = 1, .max = 100,
	    .help = "Percent of `connections` from which on, as when memory "
		    "for mail is short, clients that may not send mail get "
		    "little patience: stress_timeout, and the first error "
		    "closes." },
	{ "server", "stress_calm", SETTING_DURATION, "10s", SHORTEST, 1 * HOURS,
	    .help = "Time below both marks after which that ends." },
	{ "server", "intake_delay", SETTING_DURATION, "1s", 0, 1 * MINUTES,
	    .help = "Wait after MAIL of clients outside `allow` while mail "
		    "comes faster than it leaves: while the queue grew by "
		    "intake_growth mails in the last intake_window; 0: none." },
	{ "server", "intake_growth", SETTING_NUMBER, "1000", .min = 1,
	    .max = 10000000, .help = "Mails by which it grows then." },
	{ "server", "intake_window", SETTING_DURATION, "1m", 2 * SECONDS,
	    1 * HOURS, .help = "Time in which it does, without falling back." },
	{ "server", "peers_remembered", SETTING_NUMBER, "65536", .min = 2,
	    .max = 10000000,
	    .help = "Addresses whose connections and mails a minute are "
		    "remembered (peer_connection_rate, peer_mail_rate), about "
		    "200 bytes each." },
	{ "server", "accept_pause", SETTING_DURATION, "100ms", SHORTEST,
	    10 * SECONDS,
	    .help = "Wait before accepting again when the limit of open files "
		    "is reached." },
	{ "server", "max_size", SETTING_SIZE, "25000000", 1024,
	    1024 * 1024 * 1024,
	    .help = "Largest mail in bytes, as said by SIZE." },
	{ "server", "recipients", SETTING_NUMBER, "1000", .min = 1,
	    .max = 50000,
	    .help = "Recipients of one mail; further ones get 452." },
	{ "server", "sendmail", SETTING_ENDPOINT, HANDOVER_ADDRESS,
	    .help = "The listener that the sendmail command hands mail to, by "
		    "its address; only where a [listener] has it is mail "
		    "taken from `drop`.  A sender without a domain gets "
		    "`domain` of that listener, else hostname." },
	{ "server", "drop", SETTING_PATH, DROP_DIRECTORY,
	    .help = "Directory where the sendmail command leaves mail while "
		    "the daemon is away: of mode 3733, owned by whom "
		    "postferry runs as." },

	{ "listener", "address", SETTING_ENDPOINT, .required = true,
	    .help = "Address and port to listen on (port 0: the system picks "
		    "one), or unix: and the path of a socket." },
	{ "listener", "allow", SETTING_NETWORKS, "127.0.0.0/8, ::1",
	    .help = "Networks whose hosts may send mail through us; others "
		    "get 554." },
	{ "listener", "i_know_this_is_an_open_relay", SETTING_BOOL, "no",
	    .help = "Take an `allow` wider than /8 (IPv4) or /32 (IPv6)." },
	{ "listener", "answer", SETTING_CHOICE, .choices = "queued|delivered",
	    .help = "As in [server], for this listener." },
	{ "listener", "deadline", SETTING_DURATION, "50s", SHORTEST,
	    9 * MINUTES,
	    .help = "Longest wait for the answer to a mail; 240s is right "
		    "behind Postfix." },
	{ "listener", "max_size", SETTING_SIZE, NULL, 1024, 1024 * 1024 * 1024,
	    .help = "As in [server], for this listener." },
	{ "listener", "recipients", SETTING_NUMBER, .min = 1, .max = 50000,
	    .help = "As in [server], for this listener." },
	{ "listener", "line_endings", SETTING_CHOICE, "fix",
	    .choices = "fix|reject",
	    .help = "Bare CR or LF within a mail: fix = mend and log, reject "
		    "= 550." },
	{ "listener", "domain", SETTING_DOMAIN,
	    .help = "Domain added to an address that has none, in the envelope "
		    "and in From, Sender, To, Cc and Reply-To; default: in "
		    "the envelope such addresses are refused, in the header "
		    "they get hostname." },
	{ "listener", "aliases", SETTING_LIST,
	    .help = "Recipients without a domain, and whom they stand for: "
		    "root:ops@example.com, www-data:web@example.com.  Others "
		    "get `domain`, and are refused without it." },
	{ "listener", "sender_domains", SETTING_LIST,
	    .help = "Domains that envelope senders may have; default: any." },
	{ "listener", "control_headers", SETTING_BOOL, "yes",
	    .help =
		"Header fields of a mail may be orders to us and to the "
		"providers (X-Postferry-Route, X-Postferry-Doubt, and tags, "
		"tracking and other options in any dialect: X-Mailgun-, "
		"X-MC-, X-PM-, X-SMTPAPI, X-SES-); no: they are taken out "
		"all the same, and count for nothing.  Clients outside "
		"`allow`, who logged in or have a certificate, may name a "
		"route only where yes is set, not by default." },
	{ "listener", "lenient_commands", SETTING_BOOL, "no",
	    .help = "Take a space after FROM: and TO:, and addresses without "
		    "angle brackets." },

	{ "listener", "command_timeout", SETTING_DURATION, "5m", SHORTEST,
	    1 * HOURS, .help = "Wait for the next command." },
	{ "listener", "stress_timeout", SETTING_DURATION, "10s", SHORTEST,
	    1 * HOURS,
	    .help = "Under stress: wait for a command or a TLS handshake of a "
		    "client that is outside `allow` and not logged in." },
	{ "listener", "data_timeout", SETTING_DURATION, "3m", SHORTEST,
	    1 * HOURS, .help = "Wait for the next bytes of a mail." },
	{ "listener", "data_progress", SETTING_DURATION, "5m", SHORTEST,
	    1 * HOURS,
	    .help = "Time that a mail has in advance; bytes that come at "
		    "data_rate or faster keep it full." },
	{ "listener", "data_rate", SETTING_SIZE, "500", 1, 1024 * 1024,
	    .help = "Slowest rate of a mail, bytes a second." },
	{ "listener", "reply_timeout", SETTING_DURATION, "60s", SHORTEST,
	    1 * HOURS, .help = "Wait for a client to take our replies." },
	{ "listener", "discard_timeout", SETTING_DURATION, "60s", SHORTEST,
	    1 * HOURS,
	    .help = "Longest time to read on in a mail that will be refused." },
	{ "listener", "linger_timeout", SETTING_DURATION, "2s", SHORTEST,
	    1 * MINUTES,
	    .help = "Wait for a client to close after our last word." },
	{ "listener", "greet_pause", SETTING_DURATION, "1s", 0, 1 * MINUTES,
	    .help = "Wait before the banner for clients outside `allow`; who "
		    "talks before gets 554." },
	{ "listener", "session_time", SETTING_DURATION, "1h", SHORTEST,
	    24 * HOURS,
	    .help = "Longest session of a client outside `allow`." },
	{ "listener", "session_mails", SETTING_NUMBER, "1000", .min = 1,
	    .max = 1000000,
	    .help = "Mails in a session of a client outside `allow`." },
	{ "listener", "peer_connections", SETTING_NUMBER, "50", .min = 1,
	    .max = 100000,
	    .help = "Connections at the same time from one address (an IPv6 "
		    "/64) outside `allow`." },

	{ "listener", "peer_connection_rate", SETTING_NUMBER, "0",
	    .max = 1000000,
	    .help = "Connections a minute from one address (an IPv6 /64) "
		    "outside `allow`; further ones get 421; 0: no limit." },
	{ "listener", "peer_mail_rate", SETTING_NUMBER, "0", .max = 1000000,
	    .help = "Mails a minute from one address (an IPv6 /64) outside "
		    "`allow`; further ones get 450; 0: no limit." },

	{ "listener", "errors_soft", SETTING_NUMBER, "10", .min = 1,
	    .max = 10000,
	    .help = "Errors in a session from which on replies are delayed." },
	{ "listener", "error_delay", SETTING_DURATION, "1s", 0, 1 * MINUTES,
	    .help = "That delay." },
	{ "listener", "errors_hard", SETTING_NUMBER, "20", .min = 1,
	    .max = 10000,
	    .help = "Errors after which a session is closed; an accepted mail "
		    "forgets them." },
	{ "listener", "idle_commands", SETTING_NUMBER, "100", .min = 1,
	    .max = 1000000,
	    .help = "NOOP, RSET, VRFY, HELP, HELO per mail; further ones "
		    "count as errors." },
	{ "listener", "command_size", SETTING_SIZE, "2048", 512, 16384,
	    .help = "Longest command line; four times that closes." },
	{ "listener", "unsent_replies", SETTING_SIZE, "8192", 512, 1024 * 1024,
	    .help = "Replies not taken, in bytes, from which on no command is "
		    "read." },

	{ "listener", "header_size", SETTING_SIZE, "256k", 1024,
	    16 * 1024 * 1024, .help = "Largest header of a mail." },
	{ "listener", "header_fields", SETTING_NUMBER, "1000", .min = 10,
	    .max = 100000, .help = "Most fields of a header." },
	{ "listener", "field_size", SETTING_SIZE, "64k", 998, 16 * 1024 * 1024,
	    .help = "Largest field of a header." },
	{ "listener", "hops", SETTING_NUMBER, "50", .min = 5, .max = 1000,
	    .help = "Received fields from which on a mail is in a loop." },
	{ "listener", "own_hops", SETTING_NUMBER, "2", .max = 1000,
	    .help = "Of these, the most that may be of this postferry (by its "
		    "hostname); a mail with more goes in a circle." },
	{ "listener", "parts", SETTING_NUMBER, "1000", .min = 1, .max = 10000,
	    .help = "MIME parts; a mail with more is not parsed, goes raw." },
	{ "listener", "part_depth", SETTING_NUMBER, "20", .min = 1, .max = 32,
	    .help = "Parts within parts; a mail with more is not parsed." },
	{ "listener", "content_field_size", SETTING_SIZE, "8k", 998,
	    1024 * 1024,
	    .help = "Size of a Content field; a mail with more is not "
		    "parsed." },
	{ "listener", "address_colons", SETTING_NUMBER, "1024", .min = 1,
	    .max = 4096,
	    .help = "Colons in an address field; a mail with more is not "
		    "parsed." },
	{ "listener", "boundary_comparisons", SETTING_NUMBER, "5000000",
	    .min = 1000, .max = 1000000000,
	    .help = "Lines that begin with -- times depth; a mail with more "
		    "is not parsed." },
	{ .section = NULL },
};
