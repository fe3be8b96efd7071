# SPDX-License-Identifier: MIT
"""draft.py MAIL.eml: what Python's parser makes of a mail, in the form of the
corpus's .json files.  A draft: it is to say what was meant, not this."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../scenario"))

from reading import ADDRESS_FIELDS, RawReading, digest, lf, tidy  # noqa: E402

STANDARD = {"from", "to", "cc", "bcc", "reply-to", "subject", "date",
            "message-id", "mime-version", "received", "content-type",
            "content-transfer-encoding", "content-disposition", "content-id"}


def describe(one):
    content = lf(one.content) if one.kind.startswith("text/") else one.content
    row = {"type": one.kind, "sha256": digest(content)}
    if one.name:
        row["name"] = one.name
    if one.cid:
        row["cid"] = one.cid
    if one.inline:
        row["inline"] = True
    return row


def draft(raw):
    reading = RawReading(raw)
    row = {"why": ""}
    row.update({field: reading.addresses[field] for field in ADDRESS_FIELDS
                if reading.addresses[field]})
    row["subject"] = reading.subject
    row.update({"date": reading.date} if reading.date else {})
    row.update({kind: tidy(getattr(reading, kind)) for kind in
                ("text", "html") if getattr(reading, kind) is not None})
    row["attachments"] = [describe(one) for one in reading.attachments]
    row["headers"] = {name: values for name, values in
                      reading.headers.items() if name not in STANDARD}
    row["also"] = sorted(reading.also)
    return {key: value for key, value in row.items() if value != []
            and value != {}}


if len(sys.argv) != 2:
    sys.exit("usage: draft.py MAIL.eml")
with open(sys.argv[1], "rb") as file:
    print(json.dumps(draft(file.read().replace(b"\n", b"\r\n")),
                     indent=1, ensure_ascii=False))
