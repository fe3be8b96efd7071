#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Reads the mail of test_composition (its path is the argument) with Python's
email package: a stranger's eyes."""
import email
import email.policy
import subprocess
import sys

failures = []


def check(what, have, want):
    if have != want:
        failures.append(f"{what}: have {have!r}, want {want!r}")


def people(mail, name):
    return [(one.display_name, one.addr_spec)
            for one in mail[name].addresses]


def check_header(mail):
    check("From", people(mail, "From"),
          [("J\u00f8rgen Name", "some@xn--mnchen-3ya.example")])
    check("To", people(mail, "To"),
          [("One, Two", "one@example.org"), ("", "two@example.org"),
           ("Three", "three@example.org")])
    check("Cc", people(mail, "Cc"),
          [("", "TWO@example.org"), ("", "two@example.org")])
    check("Reply-To", people(mail, "Reply-To"),
          [("", "a@example.com"), ("B", "b@example.com")])
    check("Bcc", mail["Bcc"], None)
    check("Subject", mail["Subject"], "Gr\u00fc\u00dfe \u2713 to all")
    check("X-Campaign", mail["X-Campaign"], "sp\u00e4t")
    check("tags", mail.get_all("X-Postferry-Tag"), ["welcome", "sp\u00e4t"])
    check("MIME-Version", mail["MIME-Version"], "1.0")
    for name in ("Date", "Message-ID", "From", "To", "Cc", "Subject"):
        check(f"{name} once", len(mail.get_all(name)), 1)
    check("defects of Date", mail["Date"].defects, ())


def check_parts(mail):
    for part in mail.walk():
        check("defects of " + part.get_content_type(), part.defects, [])
    check("structure", [part.get_content_type() for part in mail.walk()],
          ["multipart/mixed", "multipart/alternative", "text/plain",
           "multipart/related", "text/html", "image/png", "application/pdf"])
    check("text", mail.get_body(("plain",)).get_content(),
          "Hi \u2713\r\n.\r\nFrom here\r\nend")
    check("html", mail.get_body(("html",)).get_content(),
          '<img src="cid:logo">\r\n')
    logo = [part for part in mail.walk() if part["Content-ID"] is not None]
    check("inline", [(part["Content-ID"], part.get_content_disposition(),
                      part.get_filename(), part.get_content())
                     for part in logo],
          [("<logo>", "inline", "logo.png", b"bytes")])
    check("attached", [(part.get_filename(), part.get_content())
                       for part in mail.iter_attachments()],
          [("r\u00e9sum\u00e9 (1).pdf", b"bytes")])


def main():
    done = subprocess.run([sys.argv[1], "whole"], check=True,
                          stdout=subprocess.PIPE)
    mail = email.message_from_bytes(done.stdout, policy=email.policy.SMTP)
    check_header(mail)
    check_parts(mail)
    for failure in failures:
        print(failure)
    return 1 if failures else 0


sys.exit(main())
