# SPDX-License-Identifier: MIT
"""What the simulators say when they are asked which mail they took, and how
the account is: in the providers' own shapes, and wrong on demand."""

import json
import time
import unittest
import urllib.parse

import doors
from doors import request

DOMAIN = "mg.example.com"
EVENTS = f"/v3/{DOMAIN}/events"
PEOPLE = [f"r{number}@example.org" for number in range(5)]


class Mailgun(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mailgun = doors.Simulator(
            "mailgun", "--domain", DOMAIN + ",other.example",
            "--key", "key-1", "--lookup-key", "key-2")
        cls.number = 0

    @classmethod
    def tearDownClass(cls):
        assert cls.mailgun.end() == 0

    def setUp(self):
        self.mailgun.fault(None)

    def send(self, people=PEOPLE, domain=DOMAIN):
        """Its Message-ID, without <>."""
        Mailgun.number += 1
        name = f"m{self.number}@c.example"
        status, _, text = request(
            self.mailgun.address, "POST", f"/v3/{domain}/messages",
            doors.form(("from", "ann@example.com"), ("subject", "Hi"),
                       ("to", ", ".join(people)), ("text", "Hi"),
                       ("h:Message-Id", f"<{name}>")),
            doors.mailgun_headers())
        self.assertEqual(status, 200, text)
        return name

    def get(self, path, key="key-2", **query):
        query = {name.replace("_", "-"): value
                 for name, value in query.items()}
        if query:
            path += "?" + urllib.parse.urlencode(query)
        status, _, text = request(
            self.mailgun.address, "GET", path,
            headers={"Authorization": doors.basic("api", key)})
        return status, text

    def events(self, name, **query):
        """Who is told of."""
        query = {"event": "accepted", "ascending": "yes",
                 "begin": int(time.time()) - 300, **query}
        status, text = self.get(EVENTS, message_id=name, **query)
        self.assertEqual(status, 200, text)
        answer = json.loads(text)
        self.assertEqual(set(answer["paging"]), {"next", "previous"})
        for event in answer["items"]:
            self.assertEqual(event["event"], "accepted")
            self.assertEqual(event["message"]["headers"]["message-id"], name)
            self.assertAlmostEqual(event["timestamp"], time.time(), delta=60)
        return [event["recipient"] for event in answer["items"]]

    def logs(self, name, key="key-2", **more):
        status, _, text = request(
            self.mailgun.address, "POST", "/v1/analytics/logs",
            json.dumps({
                "duration": "1d", "events": ["accepted"],
                "filter": {"AND": [{
                    "attribute": "message_id", "comparator": "=",
                    "values": [{"label": name, "value": name}]}]},
                "pagination": {"sort": "timestamp:asc", "limit": 100},
                **more}),
            {"Authorization": doors.basic("api", key),
             "Content-Type": "application/json"})
        return status, json.loads(text) if text[:1] == b"{" else text

    def test_events(self):
        name, other = self.send(), self.send(PEOPLE[:1])
        self.assertEqual(self.events(name), PEOPLE)
        self.assertEqual(self.events(other), PEOPLE[:1])
        self.assertEqual(self.events(name, recipient=PEOPLE[3]), PEOPLE[3:4])
        # With <> nothing is found; neither before begin nor after end.
        status, text = self.get(EVENTS, message_id=f"<{name}>",
                                ascending="yes")
        self.assertEqual((status, json.loads(text)["items"]), (200, []))
        now = time.time()
        self.assertEqual(self.events(name, begin=now + 60), [])
        self.assertEqual(self.events(name, begin=now - 600, end=now - 300),
                         [])
        self.assertEqual(self.events(name, begin=now - 300, end=now + 60),
                         PEOPLE)
        self.assertEqual(
            self.events(name, begin="Fri, 21 Nov 2025 10:00:00 +0000"),
            PEOPLE)

    def test_events_of_all_kinds(self):
        name = self.send(PEOPLE[:1])
        _, text = self.get(EVENTS, message_id=name)
        self.assertEqual(
            [event["event"] for event in json.loads(text)["items"]],
            ["accepted", "delivered"])
        _, text = self.get(EVENTS, message_id=name,
                           event="delivered OR failed")
        self.assertEqual(
            [event["event"] for event in json.loads(text)["items"]],
            ["delivered"])

    def test_pages(self):
        name = self.send()
        found = []
        query = {"message_id": name, "event": "accepted", "limit": 2,
                 "begin": int(time.time()) - 300, "ascending": "yes"}
        status, text = self.get(EVENTS, **query)
        sizes = []
        while True:
            self.assertEqual(status, 200, text)
            page = json.loads(text)
            sizes.append(len(page["items"]))
            if not page["items"]:
                break
            found += [event["recipient"] for event in page["items"]]
            url = urllib.parse.urlsplit(page["paging"]["next"])
            self.assertEqual(url.netloc, self.mailgun.address)
            self.assertTrue(url.path.startswith(EVENTS + "/"))
            status, text = self.get(url.path)
        self.assertEqual((sizes, found), ([2, 2, 1, 0], PEOPLE))

    def test_range_is_told_which_way(self):
        status, text = self.get(EVENTS, begin=1)
        self.assertEqual(status, 400, text)
        for wrong in ({"ascending": "up"}, {"begin": "soon", "end": 1}):
            self.assertEqual(self.get(EVENTS, **wrong)[0], 400)

    def test_logs(self):
        name = self.send()
        status, answer = self.logs(name)
        self.assertEqual(status, 200, answer)
        self.assertEqual([item["recipient"] for item in answer["items"]],
                         PEOPLE)
        self.assertEqual(
            {(item["event"], item["domain"]["name"],
              item["message"]["headers"]["message-id"])
             for item in answer["items"]}, {("accepted", DOMAIN, name)})
        self.assertEqual(self.logs(f"<{name}>")[1]["items"], [])
        self.assertEqual(self.logs(name, events=["failed"])[1]["items"], [])
        pages = {"sort": "timestamp:asc", "limit": 3}
        _, first = self.logs(name, pagination=pages)
        _, second = self.logs(name, pagination={
            **pages, "token": first["pagination"]["next"]})
        self.assertEqual([item["recipient"] for item in
                          first["items"] + second["items"]], PEOPLE)
        self.assertNotIn("next", second["pagination"])
        for wrong in ({"pagination": {"limit": 101}}, {"start": "soon"},
                      {"filter": {"AND": [{"attribute": "colour"}]}}):
            self.assertEqual(self.logs(name, **wrong)[0], 400, wrong)

    def test_keys(self):
        name = self.send()
        self.assertEqual(self.get(EVENTS, key="key-1"), (401, b"Forbidden"))
        self.assertEqual(self.logs(name, key="key-1"), (401, b"Forbidden"))
        status, text = self.get(f"/v4/domains/{DOMAIN}", key="key-1")
        self.assertEqual((status, json.loads(text)["message"]),
                         (401, "Invalid private key"))
        # The other key may do all.
        self.assertEqual(request(
            self.mailgun.address, "POST", f"/v3/{DOMAIN}/messages",
            doors.form(("from", "a@b.c"), ("to", "a@b.c"), ("text", "x"),
                       ("subject", "x")), doors.mailgun_headers("key-2"))[0],
            200)

    def test_domains(self):
        self.send(PEOPLE[:1], "other.example")
        for path in ("/v4/domains/nowhere.example", "/v3/nowhere.example/"
                     "events", "/v3/domains/nowhere.example/sending_queues"):
            status, text = self.get(path)
            self.assertEqual((status, json.loads(text)),
                             (404, {"message": "Domain not found"}), path)
        for state in ("active", "unverified", "disabled"):
            self.mailgun.fault(f"domain-state={state}")
            _, text = self.get(f"/v4/domains/{DOMAIN}")
            answer = json.loads(text)
            self.assertEqual(
                (answer["domain"]["state"], answer["domain"]["is_disabled"],
                 "disabled" in answer["domain"],
                 answer["sending_dns_records"][0]["valid"]),
                (state, state == "disabled", state == "disabled",
                 "unknown" if state == "unverified" else "valid"))
        _, text = self.get(f"/v3/domains/{DOMAIN}/sending_queues")
        self.assertFalse(json.loads(text)["regular"]["is_disabled"])
        self.mailgun.fault("queue-disabled")
        _, text = self.get(f"/v3/domains/{DOMAIN}/sending_queues")
        self.assertIn("until", json.loads(text)["regular"]["disabled"])

    def test_wrong_region(self):
        self.mailgun.fault("wrong-region")
        status, _, text = request(
            self.mailgun.address, "POST", f"/v3/{DOMAIN}/messages",
            doors.form(("from", "a@b.c")), doors.mailgun_headers())
        self.assertEqual((status, json.loads(text)["message"]),
                         (404, f"Domain not found: {DOMAIN}"))
        self.assertEqual(self.get(f"/v4/domains/{DOMAIN}")[0], 404)

    def test_a_refusal_names_the_domain_that_was_asked(self):
        for fault, domain in (("text=unverified", "other.example"),
                              ("throttle=60", DOMAIN)):
            self.mailgun.fault(fault)
            _, _, text = request(
                self.mailgun.address, "POST", f"/v3/{domain}/messages",
                doors.form(("from", "ann@example.com"), ("subject", "Hi"),
                           ("to", PEOPLE[0]), ("text", "Hi")),
                doors.mailgun_headers())
            self.assertIn(f"Domain {domain} is not allowed", text.decode())

    def test_a_key_is_asked_for_without_mail(self):
        """It may send or not; nothing is sent, and nobody made a mistake."""
        before = self.mailgun.accepted(), self.mailgun.violations()
        for key, status, said in (("key-1", 400, "from parameter is missing"),
                                  ("key-3", 401, "Forbidden")):
            answer = request(
                self.mailgun.address, "POST", f"/v3/{DOMAIN}/messages",
                doors.form(("o:testmode", "yes")),
                doors.mailgun_headers(key))
            self.assertEqual(answer[0], status, answer)
            self.assertIn(said, answer[2].decode())
        self.assertEqual(
            (self.mailgun.accepted(), self.mailgun.violations()), before)

    def test_faults_of_sending_spare_the_others(self):
        name = self.send()
        for fault in ("status=503", "stall", "reset-after-body", "throttle",
                      "garbage", "odd=page", "unauthorized"):
            self.mailgun.fault(fault)
            self.assertEqual(self.events(name), PEOPLE, fault)
            self.assertEqual(self.get(f"/v4/domains/{DOMAIN}")[0], 200)

    def test_faults_of_lookups_spare_the_others(self):
        rows = (("lookup-status=500", 500), ("lookup-status=401", 401),
                ("lookup-status=403,json", 403),
                ("lookup-throttle=9", 429), ("lookup-odd=page", 200))
        for fault, wanted in rows:
            self.mailgun.fault(fault)
            status, text = self.get(EVENTS, ascending="yes")
            self.assertEqual(status, wanted, fault)
            self.assertFalse(b'"items"' in text, text)
            self.assertEqual(self.get(f"/v4/domains/{DOMAIN}")[0], 200)
            self.send()
        self.mailgun.fault("probe-status=403")
        self.assertEqual(self.get(f"/v4/domains/{DOMAIN}")[0], 403)
        self.events(self.send())

    def test_index(self):
        name = self.send()
        self.mailgun.fault("lookup-never")
        self.assertEqual(self.events(name), [])
        self.assertEqual(self.logs(name)[1]["items"], [])
        self.mailgun.fault("lookup-partial=2")
        self.assertEqual(self.events(name), PEOPLE[:2])
        self.mailgun.fault("lookup-twice")
        self.assertEqual(self.events(name),
                         [one for one in PEOPLE for _ in range(2)])
        self.mailgun.fault("lookup-shuffle")
        found = self.events(name)
        self.assertEqual(sorted(found), PEOPLE)
        self.assertNotEqual(found, PEOPLE)
        self.mailgun.fault("lookup-never count=2")
        self.assertEqual([len(self.events(name)) for _ in range(3)],
                         [0, 0, 5])

    def test_lag(self):
        self.mailgun.fault("lookup-lag=300\nreset-accepted")
        with self.assertRaises(ConnectionResetError):
            self.send(["late@example.org"])
        name, began = f"m{self.number}@c.example", time.monotonic()
        self.assertEqual(self.events(name), [])
        while not self.events(name):
            self.assertLess(time.monotonic() - began, doors.PATIENCE)
        self.assertGreaterEqual(time.monotonic() - began, 0.25)

    def test_counts(self):
        before = self.mailgun.ask("GET", "/state")
        name = self.send()
        self.events(name)
        self.events(name)
        self.get(f"/v4/domains/{DOMAIN}")
        after = self.mailgun.ask("GET", "/state")
        self.assertEqual(
            {what: after[what] - before[what]
             for what in ("sends", "lookups", "probes", "requests")},
            {"sends": 1, "lookups": 2, "probes": 1, "requests": 4})
        self.assertEqual((after["busy"], after["most_busy"]), (0, 1))
        self.mailgun.ask("DELETE", "/most")
        self.assertEqual(self.mailgun.state("most_busy"), 0)


class Mandrill(unittest.TestCase):
    def setUp(self):
        self.mandrill = doors.Simulator(
            "mandrill", "--key", "key-1", "--domain", "a.example,b.example")
        self.addCleanup(lambda: self.assertEqual(self.mandrill.end(), 0))

    def call(self, path, **document):
        status, _, text = request(
            self.mandrill.address, "POST", f"/api/1.0/{path}.json",
            json.dumps({"key": "key-1", **document}),
            {"Content-Type": "application/json"})
        return status, json.loads(text)

    def send(self, name, people=PEOPLE[:2]):
        status, answer = self.call("messages/send", message={
            "from_email": "ann@example.com", "subject": "Hi", "text": "Hi",
            "preserve_recipients": True,
            "metadata": {"postferry_id": name},
            "to": [{"email": one} for one in people]})
        self.assertEqual(status, 200, answer)
        return {one["email"]: one["_id"] for one in answer}

    def search(self, query, **more):
        status, found = self.call("messages/search", query=query, **more)
        self.assertEqual(status, 200, found)
        return found

    def test_search(self):
        ids = self.send("ONE")
        self.send("TWO", PEOPLE[:1])
        found = self.search("u_postferry_id:ONE")
        self.assertEqual({one["email"]: one["_id"] for one in found}, ids)
        self.assertEqual(found[0]["metadata"], {"postferry_id": "ONE"})
        self.assertEqual(found[0]["state"], "sent")
        rows = (
            ("u_postferry_id:ONE OR u_postferry_id:TWO", 3),
            ('u_postferry_id:"ONE"', 2), ("u_postferry_id:NONE", 0),
            (f"u_postferry_id:ONE AND email:{PEOPLE[1]}", 1), ("*", 3))
        for query, count in rows:
            self.assertEqual(len(self.search(query)), count, query)
        self.assertEqual(len(self.search("*", limit=1)), 1)
        today = time.strftime("%Y-%m-%d", time.gmtime())
        self.assertEqual(
            len(self.search("*", date_from=today, date_to="2999-01-01")), 3)
        self.assertEqual(
            len(self.search("*", date_from="2020-01-01",
                            date_to="2020-01-02")), 0)

    def test_raw(self):
        self.call("messages/send-raw", to=PEOPLE[:1],
                  raw_message="From: ann@example.com\r\nTo: r0@example.org"
                  "\r\nX-MC-PreserveRecipients: true\r\nSubject: x\r\n"
                  'X-MC-Metadata: {"postferry_id":"RAW"}\r\n\r\nHi\r\n')
        self.assertEqual(
            [one["email"] for one in self.search("u_postferry_id:RAW")],
            PEOPLE[:1])

    def test_rejected(self):
        self.mandrill.fault("accept=1,reason=hard-bounce")
        self.send("ONE")
        self.assertEqual({one["state"] for one in
                          self.search("u_postferry_id:ONE")},
                         {"sent", "rejected"})

    def test_info(self):
        for address, number in self.send("ONE").items():
            status, one = self.call("messages/info", id=number)
            self.assertEqual((status, one["email"]), (200, address))
        status, error = self.call("messages/info", id="0" * 32)
        self.assertEqual((status, error["name"]), (404, "Unknown_Message"))

    def test_limit(self):
        for _ in range(20):
            self.search("*")
        status, error = self.call("messages/search", query="*")
        self.assertEqual((status, error["name"]),
                         (429, "RequestLimitExceeded"))
        self.mandrill.fault("lookup-limit=0")
        self.search("*")

    def test_index(self):
        self.send("ONE", PEOPLE)
        rows = (("lookup-never", 0), ("lookup-partial=2", 2),
                ("lookup-twice", 10), ("lookup-shuffle", 5),
                ("lookup-lag=3600000", 0))
        for fault, count in rows:
            self.mandrill.fault(fault)
            self.assertEqual(len(self.search("u_postferry_id:ONE")), count,
                             fault)

    def test_account(self):
        self.assertEqual(self.call("users/ping2"), (200, {"PING": "PONG!"}))
        self.assertEqual(self.call("users/ping2", key="key-2")[0], 401)
        self.mandrill.fault("backlog=7")
        self.assertEqual(self.call("users/info")[1]["backlog"], 7)
        for state, valid in (("active", True), ("unverified", False)):
            self.mandrill.fault(f"domain-state={state}")
            self.assertEqual(
                [(one["domain"], one["valid_signing"]) for one in
                 self.call("senders/domains")[1]],
                [("a.example", valid), ("b.example", valid)])

    def test_wrong_questions(self):
        for wrong in ({"query": "(a OR b)"}, {"date_from": "soon"},
                      {"limit": 1001}):
            status, error = self.call("messages/search", **wrong)
            self.assertEqual((status, error["name"]),
                             (422, "ValidationError"), wrong)


if __name__ == "__main__":
    unittest.main()
