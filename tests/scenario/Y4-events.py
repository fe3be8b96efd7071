# SPDX-License-Identifier: MIT
"""Y4: providers tell what became of the mail, by webhooks that are signed or
when they are asked; it stands in the mail's record, and ends doubts."""

import base64
import hashlib
import hmac
import http.client
import json
import os
import re
import time
import urllib.parse

import durable
import ferry

# Any port; of these scenarios alone.
os.environ["POSTFERRY_SERVER_HTTP_ADDRESS"] = "127.0.0.1:0"

KEY = "webhook-key-0123456789"
URL = "http://ferry.example.com/v1/events/mandrill"
FORM = "application/x-www-form-urlencoded"


def sign_mailgun(event, key=KEY, at=None, token=None):
    """A webhook as Mailgun posts it: (body, type)."""
    stamp = str(int(time.time() if at is None else at))
    token = token or os.urandom(25).hex()
    digest = hmac.new(key.encode(), (stamp + token).encode(), hashlib.sha256)
    return json.dumps({
        "signature": {"timestamp": stamp, "token": token,
                      "signature": digest.hexdigest()},
        "event-data": event}), {"Content-Type": "application/json"}


def sign_mandrill(events, key=KEY, url=URL):
    text = json.dumps(events)
    digest = hmac.new(key.encode(), (url + "mandrill_events" + text).encode(),
                      hashlib.sha1).digest()
    return urllib.parse.urlencode({"mandrill_events": text}), {
        "Content-Type": FORM,
        "X-Mandrill-Signature": base64.b64encode(digest).decode()}


def write_event(message_id, kind="opened", name=None, recipient="bob@example.net"):
    return {"event": kind, "id": name or os.urandom(12).hex(),
            "timestamp": time.time(), "recipient": recipient,
            "message": {"headers": {"message-id": message_id.strip("<>")}}}


class Told(durable.Durable):
    settings = {"server": {"probe_interval": "0"},
                "provider mailgun": {"webhook_key": KEY},
                "provider mandrill": {"webhook_key": KEY, "webhook_url": URL}}

    def start_ferry(self, *arguments, settings=None):
        super().start_ferry(*arguments, settings=settings)
        self.hire()

    def hire(self):
        """The simulators post to the door that there is now."""
        self.door = self.ferry.wait_line(r"serving HTTP address=(\S+)")[1]
        for name in self.providers:
            if name != "upstream":
                getattr(self, name).ask(
                    "PUT", "/webhook",
                    f"http://{self.door}/v1/events/{name} {KEY} {URL}")

    def mute(self):
        for name in self.providers:
            if name != "upstream":
                getattr(self, name).ask("DELETE", "/webhook")

    def restart(self, *arguments):
        super().restart(*arguments)
        self.hire()

    def ask(self, method, path, body=None, fields=()):
        """(code, text)"""
        door = http.client.HTTPConnection(self.door, timeout=ferry.PATIENCE)
        try:
            door.request(method, path, body, dict(fields))
            answer = door.getresponse()
            return answer.status, answer.read().decode()
        finally:
            door.close()

    def tell(self, provider, webhook):
        """Posts it; the code."""
        body, fields = webhook
        return self.ask("POST", f"/v1/events/{provider}", body, fields)[0]

    def heard(self, number):
        return sorted(event["kind"] for event in
                      self.queue.story(number)["events"])

    def wait_heard(self, number, *wanted):
        """Until its record has events of these kinds, and no others."""
        deadline = time.monotonic() + ferry.PATIENCE
        while (heard := self.heard(number)) != sorted(wanted):
            if time.monotonic() > deadline:
                raise ferry.Stuck(f"{number} has {heard}, not {wanted}")
            durable.pause(0.05)
        return self.queue.story(number)["events"]

    def wait_state(self, number, wanted):
        deadline = time.monotonic() + ferry.PATIENCE
        while True:
            story = self.queue.story(number)
            states = {one["state"] for one in story["recipients"]}
            if states == {wanted}:
                return story
            if time.monotonic() > deadline:
                raise ferry.Stuck(f"{number} is {states}, not {wanted}")
            durable.pause(0.02)


class ByWebhook(Told):
    def test_a_bounce_arrives_on_the_record(self):
        number = self.accept_id(ferry.simple(),
                                recipients=["bounce@example.net"])
        event = {event["kind"]: event for event in self.wait_heard(
            number, "accepted", "bounced")}["bounced"]
        self.assertEqual(
            (event["provider"], event["status"], event["enhanced"]),
            ("mailgun", 550, "5.1.1"))
        self.assertIn("no such mailbox", event["text"])
        # Those of Mandrill know our own id.
        self.mailgun.fault("status=503")
        number = self.accept_id(ferry.simple(),
                                recipients=["complain@example.net"])
        self.wait_heard(number, "accepted", "complained")

    def test_the_mail_of_others_is_nobody_s(self):
        self.assertEqual(self.tell("mailgun", sign_mailgun(
            write_event("<somebody@else>", "failed"))), 200)
        self.assertEqual(self.tell("mandrill", sign_mandrill(
            [{"event": "spam", "_id": "x", "ts": 1, "msg": {
                "_id": "x", "email": "a@b.c"}}])), 200)


class Refused(Told):
    providers = ("mailgun", "mandrill")

    def setUp(self):
        super().setUp()
        self.mute()
        self.message_id = "<refused@ferry.example.com>"
        self.number = self.accept_id(ferry.simple(Message_ID=self.message_id))
        self.wait_state(self.number, "accepted")

    def mailgun_event(self, **keywords):
        return sign_mailgun(write_event(self.message_id), **keywords)

    def test_forged(self):
        rows = (
            ("mailgun", self.mailgun_event(key="another"), 403),
            ("mailgun", ("{}", {"Content-Type": "application/json"}), 403),
            ("mailgun", ("", {}), 403),
            ("mailgun", ("\0" * 1000, {}), 403),
            ("mailgun", ("a=b&c", {"Content-Type": FORM}), 403),
            ("mandrill", sign_mandrill([{}], key="another"), 403),
            ("mandrill", sign_mandrill([{}], url=URL + "/"), 403),
            ("mandrill", sign_mandrill([{}])[:1] + ({"Content-Type": FORM},),
             403),
            ("mandrill", self.mailgun_event(), 403),
            ("upstream", self.mailgun_event(), 404),
            ("nobody", self.mailgun_event(), 404),
        )
        for provider, webhook, code in rows:
            with self.subTest(provider=provider, body=webhook[0][:60]):
                self.assertEqual(self.tell(provider, webhook), code)
        self.assertEqual(self.heard(self.number), [])
        # Told of once a minute, however many there are.
        self.ferry.wait_line(r"warn webhook refused")
        self.assertLess(self.ferry.text().count("webhook refused"), len(rows))

    def test_late(self):
        for late in (-3600, -310, 310):
            self.assertEqual(self.tell("mailgun", self.mailgun_event(
                at=time.time() + late)), 406)
        self.assertEqual(self.heard(self.number), [])

    def test_replayed(self):
        event = write_event(self.message_id)
        once = sign_mailgun(event)
        self.assertEqual(self.tell("mailgun", once), 200)
        self.assertEqual(self.tell("mailgun", once), 406)
        # The body is not signed: another one with that signature is none.
        signature = json.loads(once[0])["signature"]
        forged = json.dumps({"signature": signature, "event-data":
                             write_event(self.message_id, "complained")})
        self.assertEqual(self.tell("mailgun", (forged, once[1])), 406)
        # The same event, told anew: taken, and not told twice.
        self.assertEqual(self.tell("mailgun", sign_mailgun(event)), 200)
        self.assertEqual(self.heard(self.number), ["opened"])

    def test_too_large(self):
        code, _ = self.ask("POST", "/v1/events/mailgun", "x" * (2 << 20))
        self.assertEqual(code, 413)

    def test_unreadable(self):
        self.assertEqual(self.tell("mailgun", sign_mailgun(None)), 406)
        self.assertEqual(self.tell("mailgun", sign_mailgun([1])), 406)
        self.assertEqual(self.tell("mandrill", sign_mandrill({})), 406)
        self.assertEqual(self.tell("mandrill", sign_mandrill([])), 200)

    def test_mandrill_looks_first(self):
        for method in ("HEAD", "GET"):
            self.assertEqual(self.ask(method, "/v1/events/mandrill")[0], 200)
            self.assertEqual(self.ask(method, "/v1/events/nobody")[0], 404)
        # It posts none then, signed with another key.
        self.assertEqual(self.tell("mandrill", sign_mandrill(
            [], key="test-webhook")), 200)


class Doubts(Told):
    """The answer is lost, and who asks hears nothing."""
    settings = {**Told.settings,
                "server": {"probe_interval": "0", "doubt_wait": "1h",
                           "doubt_asks": "200ms, 1h"},
                "provider mailgun": {"webhook_key": KEY,
                                     "answer_timeout": "300ms"}}
    providers = ("mailgun", "mandrill")

    def check(self, number):
        story = self.wait_state(number, "accepted")
        self.assertEqual(self.mandrill.count(), 0)
        self.assertEqual(story["recipients"][0]["provider"], "mailgun")
        self.assertEqual(self.queue.drain()["doubts"], 0)
        return story

    def test_it_was_told_before_the_doubt(self):
        self.mailgun.fault("stall-accepted\nlookup-never")
        number = self.accept_id(ferry.simple())
        story = self.check(number)
        self.wait_heard(number, "accepted", "delivered")
        self.assertRegex(json.dumps(story["acts"]), "heard from mailgun")
        self.assertEqual(self.check_totals()["resolved"], 1)

    def test_it_is_told_later(self):
        self.mute()
        self.mailgun.fault("stall-accepted\nlookup-never")
        message_id = "<later@ferry.example.com>"
        number = self.accept_id(ferry.simple(Message_ID=message_id))
        # Asked in vain, it lies in the store; nothing is done for an hour.
        self.ferry.wait_line(r"doubt remains")
        self.wait_state(number, "doubt")
        self.assertEqual(self.tell("mailgun", sign_mailgun(
            write_event(message_id, "delivered"))), 200)
        self.check(number)

    def test_of_a_client_that_waits(self):
        self.mailgun.fault("stall-accepted\nlookup-never")
        self.queue.end()
        self.settings = {**self.settings, "listener local": {
            "address": "127.0.0.1:0", "answer": "delivered",
            "deadline": "50s"}}
        ferry.write_private(self.queue.config,
                            self.write_durable(self.queue.state))
        self.address = self.queue.start()
        self.hire()
        text = self.accept(ferry.simple())
        self.assertIn("mailgun", text)
        self.assertEqual(self.mandrill.count(), 0)


class ByPolling(Told):
    providers = ("mailgun", "mandrill")
    settings = {"server": {"probe_interval": "0"},
                "provider mailgun": {"events": "poll", "events_poll": "1s"},
                "provider mandrill": {"events": "poll", "events_poll": "1s"}}

    def hire(self):
        pass

    def test_events_are_fetched_over_a_restart(self):
        first = self.accept_id(ferry.simple(),
                               recipients=["soft-bounce@example.net"])
        self.wait_heard(first, "accepted", "deferred", "soft-bounced")
        # What happens meanwhile is fetched afterwards.
        second = self.accept_id(ferry.simple())
        self.wait_state(second, "accepted")
        self.restart()
        self.wait_heard(second, "accepted", "delivered")
        third = self.accept_id(ferry.simple())
        self.wait_heard(third, "accepted", "delivered")
        # They were all seen again, and entered once.
        self.assertEqual(self.heard(first),
                         ["accepted", "deferred", "soft-bounced"])

    def test_mandrill_is_searched(self):
        self.mailgun.fault("status=503")
        number = self.accept_id(ferry.simple(),
                                recipients=["bounce@example.net"])
        self.wait_heard(number, "bounced")

    def test_one_that_says_no_is_left_alone(self):
        self.mailgun.fault("lookup-status=429,retry-after=3600")
        self.ferry.wait_line(r"provider does not tell of events "
                             r"provider=mailgun class=throttle")
        number = self.accept_id(ferry.simple())
        self.wait_state(number, "accepted")
        lookups = self.mailgun.state()["lookups"]
        self.mailgun.fault(None)
        # Others are asked meanwhile.
        before = self.mandrill.state()["lookups"]
        deadline = time.monotonic() + ferry.PATIENCE
        while self.mandrill.state()["lookups"] < before + 3:
            self.assertLess(time.monotonic(), deadline)
            durable.pause(0.1)
        self.assertEqual(self.mailgun.state()["lookups"], lookups)
        # Settings read anew are a reason to try.
        self.assertEqual(self.heard(number), [])


if __name__ == "__main__":
    ferry.main()
