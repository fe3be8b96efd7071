# SPDX-License-Identifier: MIT
"""A mail that a simulator accepted, as its recipients would see it: the same
questions whether it came as fields, as raw MIME, or by SMTP."""

import email
import email.policy
import email.utils
import hashlib


def digest(data):
    return hashlib.sha256(data).hexdigest()


class Received:
    """form, recipients (sorted), raw bytes or None, and below what is shown:
    header(name), addresses(name), text, html, files and inline (by name and by
    Content-ID: SHA-256), shown (all text that a recipient's copy holds)."""

    def __new__(cls, record, raw):
        kind = RawMail
        if record["form"] == "fields":
            kind = {"mailgun": MailgunFields,
                    "mandrill": MandrillFields}[record["provider"]]
        return super().__new__(kind)

    def __init__(self, record, raw):
        self.record = record
        self.number = record["number"]
        self.form = record["form"]
        self.raw = raw
        self.recipients = sorted(
            fate["address"] for fate in record["recipients"]
            if fate.get("status") not in ("rejected", "invalid"))
        self.fields = [(field["name"], field.get("value", ""))
                       for field in record.get("fields", ())]
        self.all_files = record["files"]
        self.open()

    def field(self, name):
        values = [value for key, value in self.fields if key == name]
        return values[0] if values else None

    def addresses(self, name):
        return email.utils.getaddresses([self.header(name)] if
                                        self.header(name) else [])


class RawMail(Received):
    def open(self):
        self.mime = email.message_from_bytes(
            self.raw, policy=email.policy.default)
        self.shown = self.raw.decode("utf-8", "replace")
        self.text = self.find_body("plain")
        self.html = self.find_body("html")
        self.files, self.inline = {}, {}
        for part in self.mime.walk():
            if part.is_multipart() or part in (self.text_part, self.html_part):
                continue
            data = digest(part.get_payload(decode=True) or b"")
            if part["Content-ID"]:
                self.inline[part["Content-ID"].strip("<> ")] = data
            else:
                self.files[part.get_filename()] = data

    def find_body(self, kind):
        part = self.mime.get_body((kind,))
        setattr(self, "text_part" if kind == "plain" else "html_part", part)
        return None if part is None else part.get_content()

    def header(self, name):
        value = self.mime[name]
        return None if value is None else str(value)

    def addresses(self, name):
        value = self.mime[name]
        if value is None:
            return []
        return [(one.display_name, one.addr_spec) for one in value.addresses]


class MailgunFields(Received):
    def open(self):
        self.text, self.html = self.field("text"), self.field("html")
        self.files = {file["filename"]: file["sha256"]
                      for file in self.all_files
                      if file["name"] == "attachment"}
        self.inline = {file["content_id"]: file["sha256"]
                       for file in self.all_files if file["name"] == "inline"}
        self.shown = "\n".join(value for name, value in self.fields
                               if name not in ("bcc",))

    def header(self, name):
        if name in ("From", "To", "Cc", "Subject"):
            return self.field(name.lower())
        return next((value for key, value in self.fields
                     if key.lower() == "h:" + name.lower()), None)


class MandrillFields(Received):
    """As the record has the JSON, path by path (message.to[0].email)."""

    def open(self):
        self.text, self.html = (self.field("message.text"),
                                self.field("message.html"))
        self.files = {file["filename"]: file["sha256"]
                      for file in self.all_files
                      if not file.get("content_id")}
        self.inline = {file["content_id"]: file["sha256"]
                       for file in self.all_files if file.get("content_id")}
        self.people = self.read_people()
        self.shown = "\n".join(
            [value for name, value in self.fields
             if not name.startswith("message.to[")]
            + [person["email"] for person in self.people
               if person.get("type", "to") != "bcc"])

    def read_people(self):
        people, number = [], 0
        while True:
            path = f"message.to[{number}]."
            person = {key[len(path):]: value for key, value in self.fields
                      if key.startswith(path)}
            if not person:
                return people
            people.append(person)
            number += 1

    def addresses(self, name):
        if name == "From":
            return [(self.field("message.from_name") or "",
                     self.field("message.from_email"))]
        if name in ("To", "Cc"):
            return [(person.get("name", ""), person["email"])
                    for person in self.people
                    if person.get("type", "to") == name.lower()]
        return super().addresses(name)

    def header(self, name):
        if name == "Subject":
            return self.field("message.subject")
        if name in ("From", "To", "Cc"):
            return ", ".join(email.utils.formataddr(pair, "utf-8")
                             if pair[0] else pair[1]
                             for pair in self.addresses(name))
        path = "message.headers."
        return next((value for key, value in self.fields
                     if key.lower() == (path + name).lower()), None)
