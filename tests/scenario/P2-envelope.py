# SPDX-License-Identifier: MIT
"""The envelope decides who gets a mail, whatever the header shows: split by a
client, with odd addresses, with IDN domains and SMTPUTF8, from nobody, and for
more recipients than an API takes, by every form of every provider."""

import email
import email.policy
import email.utils
import re

import ferry
import forms

ODD = ('"john doe"@example.com', '"a\\"b"@example.com', '"a\\\\b"@example.com',
       '"a@b"@example.com', '"a,b"@example.com', '"a;b: c"@example.com',
       '"(a)"@example.com', '".a"@example.com', '"a..b"@example.com',
       "a+b@example.com", "a/b=c@example.com", "o'neil@example.com",
       "a%b!c@example.com", "{a}|~`^@example.com", "#!$&*?-_@example.com",
       "x" * 64 + "@example.com", "a@" + ".".join(["y" * 61] * 3) + ".example",
       "a@my_host.example.com", "a@b", "A.B@example.com")


def write(form, number, to, *, sender="Ann <ann@example.com>", extra=""):
    head = f"From: {sender}\n" if sender else ""
    return ferry.crlf(
        head + (f"To: {to}\n" if to else "") + extra +
        f"Subject: Hello\nMessage-ID: <{number}.{form}@c.example>\n"
        "Date: Fri, 21 Nov 2025 10:00:00 +0000\n"
        f"X-Postferry-Route: {form}\n\nGood day.\n")


def as_sent(address):
    """Its domain in IDNA form."""
    return address.replace("gr\u00fc\u00dfe", "xn--gre-6ka8l").replace(
        "m\u00fcnchen", "xn--mnchen-3ya")


class Envelope(forms.Forms):
    server = {"recipients": "2500", "max_size": "10000000"}

    def each(self, check):
        for form in forms.FORMS:
            with self.subTest(form=form):
                check(form, getattr(self, form))

    def got(self, form, count):
        """All who got anything, once for each copy."""
        return sorted(address for mail in getattr(self, form).mails(count)
                      for address in mail.recipients)

    def shown(self, mail):
        """The addresses of To, as a reader sees them."""
        if mail.form == "fields" and mail.record["provider"] == "mailgun":
            texts = [value for name, value in mail.fields if name == "to"]
            return [address for _, address in email.utils.getaddresses(texts)]
        return [address for _, address in mail.addresses("To")]

    def test_split_by_the_client(self):
        """As Postfix does by domain: each recipient has one copy, and sees
        all of To."""
        people = ["bob@one.example", "eve@two.example"]
        def check(form, simulator):
            data = write(form, 1, ", ".join(people))
            self.accept(data, people[:1])
            self.accept(data, people[1:] + ["blind@two.example"])
            self.assertEqual(self.got(form, 2), sorted(
                people + ["blind@two.example"]))
            for mail in simulator.mails(2):
                self.assertEqual(self.shown(mail), people)
                self.assertNotIn("blind", mail.shown)
        self.each(check)

    def test_nobody_of_the_header(self):
        """An alias: none of the envelope stands in To."""
        def check(form, simulator):
            self.accept(write(form, 2, "list@example.com"),
                        ["bob@one.example", "eve@two.example"])
            mail, = simulator.mails(1)
            self.assertEqual(mail.recipients,
                             ["bob@one.example", "eve@two.example"])
            self.assertEqual(self.shown(mail), ["list@example.com"])
        self.each(check)

    def test_named_twice(self):
        def check(form, simulator):
            self.accept(
                write(form, 3, "Bob@One.example, bob@one.example",
                      extra="Cc: Eve <EVE@two.example>\n"),
                ["Bob@ONE.example", "Bob@one.example", "eve@two.example"])
            mail, = simulator.mails(1)
            self.assertEqual(mail.recipients,
                             ["Bob@one.example", "eve@two.example"])
        self.each(check)

    def test_odd_addresses(self):
        def check(form, simulator):
            self.accept(write(form, 4, ",\n ".join(ODD)), ODD)
            mail, = simulator.mails(1)
            self.assertEqual(mail.recipients, sorted(ODD))
            for address in ODD:
                self.check_shown(mail, address)
            simulator.clear()
            for address in ODD[:4]:
                self.accept(write(form, address, "undisclosed:;",
                                  sender=f"Ann <{address}>"),
                            [address], sender=address)
            for mail, address in zip(simulator.mails(4), ODD):
                self.assertEqual(mail.recipients, [address])
                self.check_author(mail, address)
        self.each(check)

    def check_shown(self, mail, address):
        if mail.form == "fields" and mail.record["provider"] == "mailgun":
            self.assertIn(("to", address), mail.fields)
        elif mail.form == "fields":
            self.assertIn(("", address), mail.addresses("To"))
        else:
            self.assertRegex(mail.shown,
                             rf"(?m)(^ |^To: ){re.escape(address)},?\r?$")

    def check_author(self, mail, address):
        if mail.form == "fields" and mail.record["provider"] == "mandrill":
            self.assertEqual(mail.addresses("From"), [("Ann", address)])
        else:
            self.assertIn(f"Ann <{address}>", mail.shown)
        if "sender" in mail.record:
            self.assertEqual(mail.record["sender"], address)

    def test_literals_are_refused_with_a_reason(self):
        with ferry.Client(self.address) as client:
            self.assertEqual(
                client.command("MAIL FROM:<ann@example.com>")[0], 250)
            for address in ("bob@[192.0.2.1]", "bob@[IPv6:2001:db8::1]"):
                code, text = client.command(f"RCPT TO:<{address}>")
                self.assertEqual(code, 501)
                self.assertIn("use a domain name", text)
            code, text = client.command('RCPT TO:<"<bob>"@example.com>')
            self.assertEqual(code, 501)
            self.assertIn("angle bracket", text)
            client.command("QUIT")

    def test_null_sender(self):
        def check(form, simulator):
            self.accept(write(form, 5, "bob@one.example"),
                        ["bob@one.example"], sender="")
            self.accept(write(form, 6, "bob@one.example", sender=""),
                        ["bob@one.example"], sender="")
            first, second = simulator.mails(2)
            self.assertEqual(first.addresses("From"),
                             [("Ann", "ann@example.com")])
            self.assertEqual([address for _, address in
                              second.addresses("From")],
                             ["MAILER-DAEMON@ferry.example.com"])
            if form == "relay":
                self.assertEqual(first.record["sender"], "")
        self.each(check)

    def test_unicode(self):
        """A mail written in UTF-8 throughout."""
        def check(form, simulator):
            data = write(
                form, 7, "M\u00fc <bob@m\u00fcnchen.example>",
                sender="\u00c4nn <ann@gr\u00fc\u00dfe.example>",
                extra="X-Note: f\u00fcr dich\n").replace(
                    b"Hello", "Gr\u00fc\u00dfe".encode())
            with ferry.Client(self.address) as client:
                self.assertIn("SMTPUTF8", client.hello[1].split("\n"))
                for command in (
                        "MAIL FROM:<ann@gr\u00fc\u00dfe.example> SMTPUTF8",
                        "RCPT TO:<bob@m\u00fcnchen.example>",
                        "RCPT TO:<eve@xn--mnchen-3ya.example>"):
                    self.assertEqual(client.command(command)[0], 250)
                code, text = client.command("RCPT TO:<\u00fc@one.example>")
                self.assertEqual((code, text[:5]), (553, "5.6.7"))
                self.assertEqual(client.command("DATA")[0], 354)
                client.write(data + b".\r\n")
                self.assertEqual(client.reply()[0], 250)
                client.command("QUIT")
            mail, = simulator.mails(1)
            self.assertEqual(mail.recipients, ["bob@xn--mnchen-3ya.example",
                                               "eve@xn--mnchen-3ya.example"])
            self.check_unicode(form, mail)
        self.each(check)

    def check_unicode(self, form, mail):
        if form == "relay":
            self.assertTrue(mail.raw.isascii())
        self.assertEqual(self.read(mail, "Subject"), "Gr\u00fc\u00dfe")
        self.assertEqual(self.read(mail, "X-Note"), "f\u00fcr dich")
        self.assertEqual(
            self.people(mail, "From"),
            [("\u00c4nn", "ann@xn--gre-6ka8l.example")])
        if form != "mgfields":
            self.assertEqual(self.people(mail, "To"),
                             [("M\u00fc", "bob@xn--mnchen-3ya.example")])
        if form == "relay":
            self.assertEqual(mail.record["sender"],
                             "ann@xn--gre-6ka8l.example")

    @staticmethod
    def read(mail, name):
        """The same whether it left in UTF-8 or in encoded words."""
        if mail.raw is None:
            return mail.header(name)
        return str(email.message_from_string(
            mail.raw.decode(), policy=email.policy.default)[name])

    def people(self, mail, name):
        if mail.raw is None:
            return mail.addresses(name)
        head = email.message_from_string(
            mail.raw.decode(), policy=email.policy.default)
        return [(one.display_name, as_sent(one.addr_spec))
                for one in head[name].addresses]

    def test_more_than_an_api_takes(self):
        people = [f"user{number}@example.net" for number in range(2500)]
        def check(form, simulator):
            self.accept(write(form, 8, "list@example.com"), people)
            self.assertEqual(self.got(form, 3), sorted(people))
            for mail in simulator.mails(3):
                self.assertLessEqual(len(mail.recipients), 1000)
        self.each(check)


if __name__ == "__main__":
    ferry.main()
