#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Reads the reports of test_bounce (its path is the argument) with Python's
email package: a stranger's eyes."""
import email
import email.policy
import email.utils
import subprocess
import sys

HEADER_MAX = 50000
failures = []


def check(name, what, have, want):
    if have != want:
        failures.append(f"{name}: {what}: have {have!r}, want {want!r}")


def read(name):
    done = subprocess.run([sys.argv[1], name], check=True,
                          stdout=subprocess.PIPE)
    return email.message_from_bytes(done.stdout, policy=email.policy.SMTP)


def blocks(part):
    return [dict(block.items()) for block in part.get_payload()]


def check_top(name, report, subject, sender):
    check(name, "type", report.get_content_type(), "multipart/report")
    check(name, "report-type", report.get_param("report-type"),
          "delivery-status")
    check(name, "From", report["From"],
          "Mail Delivery System <MAILER-DAEMON@example.com>")
    # as written: its own reader would decode within the quotes
    check(name, "To", dict(report.raw_items())["To"].strip(), sender)
    check(name, "Subject", report["Subject"], subject)
    check(name, "Auto-Submitted", report["Auto-Submitted"], "auto-replied")
    check(name, "MIME-Version", report["MIME-Version"], "1.0")
    check(name, "Date", report["Date"], "Thu, 26 Nov 2026 10:30:00 +0000")
    check(name, "fields once", len(set(map(str.lower, report.keys()))),
          len(report.keys()))
    for part in report.walk():
        check(name, "defects of " + part.get_content_type(), part.defects, [])
    check(name, "parts",
          [part.get_content_type() for part in report.get_payload()],
          ["text/plain", "message/delivery-status", "text/rfc822-headers"])


def quoted(report):
    return report.get_payload()[2].get_payload(decode=True)


def text(report):
    return report.get_payload()[0].get_content()


FAILED = "Undelivered Mail Returned to Sender"
DELAYED = "Delayed Mail (still being retried)"


def plain():
    report = read("plain")
    check_top("plain", report, FAILED, "app@example.com")
    check("plain", "References", report["References"], "<1@example.com>")
    check("plain", "In-Reply-To", report["In-Reply-To"], "<1@example.com>")
    mail, one, two = blocks(report.get_payload()[1])
    check("plain", "mail", mail, {
        "Reporting-MTA": "dns; mail.example.com",
        "X-Postferry-ID": "01JQZX3V5K8M2N4P6R7S9T0W1Y",
        "Arrival-Date": "Sat, 21 Nov 2026 10:24:00 +0000"})
    check("plain", "one", one, {
        "Final-Recipient": "rfc822; one@example.org",
        "Action": "failed", "Status": "5.1.1",
        "Remote-MTA": "x-provider; upstream",
        "Diagnostic-Code": "smtp; 550 5.1.1 no such user here",
        "Last-Attempt-Date": "Thu, 26 Nov 2026 10:25:00 +0000"})
    check("plain", "two", two["Diagnostic-Code"],
          "x-http; 413 Message too large")
    check("plain", "header", quoted(report),
          b"From: App <app@example.com>\r\nTo: one@example.org\r\n"
          b"Subject: Your invoice\r\nDate: Fri, 20 Nov 2026 09:00:00 +0000\r\n"
          b"Message-ID: <1@example.com>\r\n")
    for word in ("Your invoice", "<1@example.com>", "<one@example.org>",
                 "no such user here", "Check the address"):
        check("plain", f"text has {word}", word in text(report), True)


def delayed():
    report = read("delayed")
    check_top("delayed", report, DELAYED, "app@example.com")
    _, one, two = blocks(report.get_payload()[1])
    check("delayed", "Action", one["Action"], "delayed")
    check("delayed", "Status", one["Status"], "4.4.1")
    check("delayed", "until", one["Will-Retry-Until"],
          "Fri, 27 Nov 2026 14:10:00 +0000")
    check("delayed", "never tried", "Remote-MTA" in two, False)
    check("delayed", "text", "You need not do anything"
          in text(report).replace("\r\n", " ").replace("\n", " "), True)


def hostile():
    report = read("hostile")
    check_top("hostile", report, FAILED,
              '"a\\"b (c) =?utf-8?q?d?="@example.com')
    check("hostile", "broken id", report["References"], None)
    mail, one, two = blocks(report.get_payload()[1])
    check("hostile", "blocks", len(report.get_payload()[1].get_payload()), 3)
    check("hostile", "Action", one["Action"], "failed")
    check("hostile", "Diagnostic-Code", one["Diagnostic-Code"],
          "x-http; 400 bad Action: delivered gr???e <script>")
    check("hostile", "Diagnostic-Code of none", "Diagnostic-Code" in two,
          False)
    header = quoted(report)
    check("hostile", "hidden", b"hidden" in header, False)
    check("hostile", "bytes", b"X-Raw: caf\xc3\xa9 \xff\x01\r\n" in header,
          True)
    check("hostile", "subject", "Subject:    a Bcc: x@y gr\u00fc\u00dfe"
          in text(report), True)


def many():
    report = read("many")
    check_top("many", report, FAILED, "app@example.com")
    rows = blocks(report.get_payload()[1])[1:]
    check("many", "recipients", [row["Final-Recipient"] for row in rows],
          ["rfc822; one@example.org", "rfc822; two@example.org"] +
          [f"rfc822; r{i}@example.org" for i in range(2, 1000)])
    check("many", "statuses", {row["Status"] for row in rows}, {"5.7.1"})


def long():
    report = read("long")
    check_top("long", report, FAILED, "app@example.com")
    header = quoted(report)
    check("long", "length", HEADER_MAX - 300 < len(header) <= HEADER_MAX, True)
    check("long", "whole fields", set(header.split(b"X-Filler: ")[1:]),
          {header.split(b"X-Filler: ")[1]})
    _, one, two = blocks(report.get_payload()[1])
    check("long", "statuses", (one["Status"], two["Status"]),
          ("4.4.7", "4.4.7"))


def line():
    report = read("line")
    check_top("line", report, FAILED, "app@example.com")
    header = quoted(report)
    check("line", "as it was", header.count(b"X-Line: xxxx"), 40)
    check("line", "one line", header.count(b"\r\n"), 1)
    check("line", "whose words", blocks(report.get_payload()[1])[1]
          ["Diagnostic-Code"], "x-postferry; 554 it has no From")


for case in (plain, delayed, hostile, many, long, line):
    case()
print("\n".join(failures) or "6 reports read")
sys.exit(1 if failures else 0)
