# SPDX-License-Identifier: MIT
"""Every mail can be found again, by what it was about and by who had it, in
pages that lose none while mails finish; asking again for what has not changed
costs a 304; who did what to a mail is told by name; and the records keep no
more than the settings let them."""

import http.client
import json
import os
import subprocess
import time
import urllib.parse

import durable
import ferry
import openapi

os.environ["POSTFERRY_SERVER_HTTP_ADDRESS"] = "127.0.0.1:0"


class Records(durable.Durable):
    """Asked over TCP by programs on this host; each answer is held against
    etc/openapi.yaml."""

    providers = ("mailgun", "mandrill")
    settings = {"server": {"http_loopback": "read, operate"}}
    description = openapi.Description()

    def start_ferry(self, *_, settings=None):
        super().start_ferry(settings=settings)
        self.find_door()

    def find_door(self):
        self.door = self.queue.process.wait_line(
            r"serving HTTP address=(\S+)")[1]

    def restart(self, **keywords):
        super().restart(**keywords)
        self.find_door()

    def ask(self, method, target, **fields):
        """(code, head, JSON or None)"""
        head = {name.replace("_", "-"): value
                for name, value in fields.items()}
        door = http.client.HTTPConnection(self.door, timeout=ferry.PATIENCE)
        try:
            door.request(method, target, None, head)
            answer = door.getresponse()
            text = answer.read().decode()
        finally:
            door.close()
        self.description.check(method, target, answer.status, answer.headers,
                               text)
        return answer.status, answer.headers, json.loads(text) if text else None

    def find(self, limit=100, **wanted):
        """The mails that fit, all pages of them."""
        found, after = [], None
        while True:
            query = {**wanted, "limit": limit}
            if after:
                query["after"] = after
            code, _, page = self.ask(
                "GET", "/v1/messages?" + urllib.parse.urlencode(query))
            self.assertEqual(code, 200, page)
            found += page["messages"]
            after = page["next"]
            if after is None:
                return found

    def until(self, look):
        """What look() returns, as soon as it is something."""
        deadline = time.monotonic() + ferry.PATIENCE
        while not (found := look()):
            if time.monotonic() > deadline:
                raise ferry.Stuck("what is looked for does not come")
            durable.pause(0.02)
        return found

    def post(self, subject, to="bob@example.net", sender="ann@example.com",
             **fields):
        fields = {name.replace("_", "-"): value
                  for name, value in fields.items()}
        return self.accept_id(
            ferry.simple(subject, To=to, **fields), recipients=(to,),
            sender=sender)


class Search(Records):
    def test_by_what_it_is(self):
        mails = {
            "bill": self.post("Your invoice", X_Mailgun_Tag="bill"),
            "shop": self.post("=?utf-8?q?Gr=C3=BC=C3=9Fe?=",
                              "cy@example.net", "shop@example.com"),
            "null": self.post("INVOICE 17%", sender="")}
        self.queue.drain()
        stories = {name: self.ask("GET", f"/v1/messages/{number}")[2]
                   for name, number in mails.items()}
        self.assertEqual(stories["shop"]["subject"], "Gr\u00fc\u00dfe")
        self.assertEqual(stories["bill"]["tags"], ["bill"])
        received = stories["shop"]["received"]
        for wanted, names in (
                ({}, "bill shop null"),
                ({"subject": "invoice"}, "bill null"),
                ({"subject": "GR\u00dcSSE"}, "shop"),
                ({"subject": "7%"}, "null"),
                ({"sender": "SHOP@example.com"}, "shop"),
                ({"sender": ""}, "null"),
                ({"recipient": "Bob@example.net"}, "bill null"),
                ({"provider": "mailgun"}, "bill shop null"),
                ({"provider": "mandrill"}, ""),
                ({"tag": "bill"}, "bill"),
                ({"listener": "local", "limit": 1}, "bill shop null"),
                ({"since": received}, " ".join(
                    name for name, story in stories.items()
                    if story["received"] >= received)),
                ({"until": received}, " ".join(
                    name for name, story in stories.items()
                    if story["received"] < received)),
                ({"state": "finished", "tag": "bill"}, "bill"),
                ({"state": "unfinished"}, "")):
            ids = sorted(mails[name] for name in names.split())
            with self.subTest(**wanted):
                self.assertEqual([mail["id"] for mail in self.find(**wanted)],
                                 ids)
                self.assertEqual(
                    [mail["id"] for mail in
                     self.find(**wanted, order="newest")], ids[::-1])

    def test_words(self):
        for query, said in (
                ("state=gone", "unfinished, all is expected"),
                ("since=now", "2026-11-22T09:30:00Z"),
                ("order=up", "newest or oldest"),
                ("colour=red", 'no parameter "colour"'),
                ("fields=id,colour", 'a mail has no "colour"'),
                ("include=bytes", "recipients, attempts, acts, events"),
                ("include=attempts&limit=101", "at most 100")):
            with self.subTest(query):
                code, _, problem = self.ask("GET", "/v1/messages?" + query)
                self.assertEqual(code, 400)
                self.assertIn(said, problem["detail"])

    def test_in_one_call(self):
        number = self.post("one")
        self.queue.drain()
        code, _, page = self.ask(
            "GET", "/v1/messages?fields=id,state&include=attempts")
        self.assertEqual(code, 200)
        mail, = page["messages"]
        self.assertEqual(sorted(mail), ["attempts", "id", "state"])
        self.assertEqual(mail["id"], number)
        attempt, = mail["attempts"]
        self.assertEqual((attempt["provider"], attempt["class"]),
                         ("mailgun", "accepted"))
        for moment in "begun", "ended":
            self.assertRegex(attempt[moment],
                             r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        code, _, mail = self.ask(
            "GET", f"/v1/messages/{number}?fields=subject,recipients")
        self.assertEqual(sorted(mail), ["recipients", "subject"])


class Moving(Records):
    """A list is read again and again, in small pages, while its mails finish
    one by one: none is missing, none is there twice."""

    def test_pages(self):
        self.fault_all("refuse")
        posted = sorted(self.post(f"mail {number}") for number in range(40))
        self.fault_all(None)

        def look():
            found = self.find(limit=7, include="", fields="id,state")
            self.assertEqual([mail["id"] for mail in found], posted)
            return all(mail["state"] == "finished" for mail in found)
        self.until(look)
        newest = self.find(limit=7, order="newest", fields="id")
        self.assertEqual([mail["id"] for mail in newest], posted[::-1])


class Again(Records):
    def known(self, target, tag):
        code, head, body = self.ask("GET", target, If_None_Match=tag)
        if code == 304:
            self.assertIsNone(body)
            self.assertEqual(head["ETag"], tag)
        return code

    def test_tags(self):
        number = self.post("one")
        self.queue.drain()
        lists = "/v1/messages?order=newest&limit=50"
        mail = f"/v1/messages/{number}"
        tags = {}
        for target in lists, mail:
            code, head, _ = self.ask("GET", target)
            self.assertEqual((code, head["Cache-Control"]),
                             (200, "private, no-cache"))
            tags[target] = head["ETag"]
            self.assertEqual(self.known(target, head["ETag"]), 304)
            self.assertEqual(self.known(target, '"x"'), 200)
        self.post("two")
        self.queue.drain()
        self.assertEqual(self.known(lists, tags[lists]), 200)
        self.assertEqual(self.known(mail, tags[mail]), 304)
        self.restart()
        self.assertEqual(self.known(mail, tags[mail]), 304)


class Audit(Records):
    """Whoever acts by HTTP is in the story by name."""

    def write_settings(self):
        self.users = os.path.join(self.folder, "users")
        done = subprocess.run(
            [ferry.POSTFERRY, "user", "token", "hand", "--scope",
             "read,operate", "--file", self.users],
            capture_output=True, text=True, timeout=ferry.PATIENCE,
            check=True)
        self.token = "Bearer " + done.stdout.splitlines()[-1]
        self.settings = {"server": {
            **self.settings["server"], "users": self.users,
            "http_loopback": "read"}}
        return super().write_settings()

    def act(self, target):
        """How many mails were changed; not while it is with a provider."""
        code, _, said = self.ask("POST", target, Authorization=self.token)
        self.assertIn(code, (200, 409), said)
        return said.get("changed")

    def test_acts(self):
        self.fault_all("refuse")
        number = self.post("one")
        for act in "hold", "release", "hold", "drop":
            target = f"/v1/messages/{number}/{act}"
            self.assertEqual(self.ask("POST", target)[0], 403)
            self.assertEqual(self.until(lambda: self.act(target)), 1)
        self.fault_all(None)
        self.queue.drain()
        _, _, mail = self.ask("GET", f"/v1/messages/{number}?include=acts")
        self.assertEqual([(act["what"], act["who"]) for act in mail["acts"]
                          if act["who"] != "postferry"],
                         [(act, "token hand") for act in
                          ("hold", "release", "hold", "drop")])


class Privacy(Records):
    settings = {"server": {"http_loopback": "read",
                           "records_subjects": "drop",
                           "records_addresses": "hash"}}

    def test_hidden(self):
        self.post("secret", "bob@example.net")
        self.queue.drain()
        self.until(lambda: self.find(state="finished"))
        mail, = self.find(recipient="BOB@example.net")
        self.assertIsNone(mail["subject"])
        self.assertIsNone(mail["from"])
        self.assertRegex(mail["sender"], r"^hidden-[0-9a-f]{16}@example\.com$")
        shown = mail["recipients"][0]["address"]
        self.assertRegex(shown, r"^hidden-[0-9a-f]{16}@example\.net$")
        self.assertEqual(self.find(recipient=shown), [mail])
        self.assertEqual(self.find(recipient="eve@example.net"), [])
        self.queue.end()
        with open(os.path.join(self.queue.state, "records.db"), "rb") as file:
            records = file.read()
        for word in b"secret", b"bob@example.net", b"ann@example.com":
            self.assertNotIn(word, records)
        key = os.stat(os.path.join(self.queue.state, "records.key"))
        self.assertEqual(key.st_mode & 0o777, 0o600)
        self.queue.start()


if __name__ == "__main__":
    ferry.main()
