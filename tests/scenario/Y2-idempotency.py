# SPDX-License-Identifier: MIT
"""Mail handed in by HTTP takes the road that SMTP mail takes: it arrives as it
was said, an answer means that it is safe, whoever waits is answered at the end,
and for one idempotency key there is one mail: again, at once, and whenever the
process dies.

KILLS=50 SEED=7 in the environment for a longer run, or the same one again.
"""

import base64
import json
import os
import random
import signal
import threading
import time

import durable
import ferry

KILLS = int(os.environ.get("KILLS", "5"))
SEED = int(os.environ.get("SEED", random.randrange(1 << 32)))
LONGEST = 0.6  # seconds from a start to its kill
CLIENTS = 8


def message(subject, **more):
    return {"from": "Ann <ann@example.com>", "to": ["bob@example.net"],
            "subject": subject, "text": "Good day.\n", **more}


class Handed(durable.Durable):
    """With a way to hand in."""

    def hand_in(self, mail, key=None, kind="application/json"):
        """(status, headers, JSON); what a listening daemon says."""
        door = durable.Door(os.path.join(self.queue.state, "control"))
        head = {"Content-Type": kind}
        if key is not None:
            head["Idempotency-Key"] = key
        data = mail if isinstance(mail, bytes) else json.dumps(mail).encode()
        try:
            door.request("POST", "/v1/messages", data, head)
            answer = door.getresponse()
            return answer.status, answer.headers, json.loads(answer.read())
        finally:
            door.close()

    def expect(self, wanted, *arguments, **keywords):
        code, head, said = self.hand_in(*arguments, **keywords)
        self.assertEqual(code, wanted, said)
        return head, said

    def subjects(self, simulator):
        return sorted(mail.header("Subject") for mail in simulator.mails())


class Road(Handed):
    """What was said is what arrives, and orders are followed, not sent."""
    providers = ("mailgun", "upstream")
    settings = {"provider mailgun": {"format": "fields"},
                "route second": {"providers": "upstream"}}

    def make(self, **more):
        return message(
            "Gr\u00fc\u00dfe \u2713", cc="Cy, Dr <cy@example.net>".replace(
                "Cy, Dr", '"Cy, Dr"'),
            bcc=["dan@example.net"], html="<p>Good day \u2713</p>\n",
            attachments=[{
                "name": "r\u00e9sum\u00e9.bin",
                "type": "application/octet-stream",
                "content": base64.b64encode(bytes(range(256)) * 800)
                .decode()}], **more)

    def check(self, mail):
        self.assertEqual(mail.recipients, ["bob@example.net",
                                           "cy@example.net",
                                           "dan@example.net"])
        self.assertEqual(mail.header("Subject"), "Gr\u00fc\u00dfe \u2713")
        self.assertEqual(mail.text.replace("\r\n", "\n"), "Good day.\n")
        self.assertEqual(mail.html.replace("\r\n", "\n"),
                         "<p>Good day \u2713</p>\n")
        self.assertNotIn("dan@example.net", mail.shown)
        self.assertNotIn("X-Postferry", mail.shown)
        self.assertEqual(len(mail.files), 1)

    def test_fields(self):
        _, said = self.expect(202, self.make(
            tags=["welcome"], metadata={"order": "17"}))
        mail, = self.mailgun.mails(1)
        self.check(mail)
        self.assertEqual(mail.field("o:tag"), "welcome")
        self.assertEqual(mail.field("v:order"), "17")
        self.queue.drain()
        story = self.queue.story(said["id"])
        self.assertEqual((story["listener"], len(story["recipients"])),
                         ("http", 3))

    def test_raw(self):
        self.expect(202, self.make(route="second"))
        mail, = self.upstream.mails(1)
        self.check(mail)
        for part in mail.mime.walk():
            self.assertEqual(part.defects, [])

    def test_whole(self):
        self.expect(202, b"From: ann@example.com\nTo: bob@example.net\n"
                    b"Subject: whole\nBcc: dan@example.net\n"
                    b"X-Postferry-Route: second\n\nGood day.\n",
                    kind="message/rfc822")
        mail, = self.upstream.mails(1)
        self.assertEqual(mail.recipients,
                         ["bob@example.net", "dan@example.net"])
        self.assertEqual(mail.header("Subject"), "whole")
        self.assertNotIn("dan@example.net", mail.shown)
        self.assertNotIn("X-Postferry", mail.shown)

    def test_unknown_route(self):
        _, said = self.expect(422, message("x", route="third"))
        self.assertIn("third", said["detail"])
        self.assertEqual(self.queue.list(), [])


class Keys(Handed):
    """One mail for a key, of those that say the same."""
    providers = ("upstream",)

    def test_again(self):
        head, first = self.expect(202, message("one"), key="a")
        self.assertIsNone(head["Idempotency-Replayed"])
        head, again = self.expect(202, message("one"), key="a")
        self.assertEqual(again["id"], first["id"])
        self.assertEqual(head["Idempotency-Replayed"], "true")
        _, other = self.expect(409, message("two"), key="a")
        self.assertIn(first["id"], other["detail"])
        _, second = self.expect(202, message("one"), key="b")
        self.assertNotEqual(second["id"], first["id"])
        # the same in the body, and it is no part of what is said
        _, again = self.expect(202, message("one", idempotency_key="a"))
        self.assertEqual(again["id"], first["id"])
        self.upstream.mails(2)
        self.queue.drain()
        self.assertEqual(self.subjects(self.upstream), ["one", "one"])
        # finished mails keep theirs, also over an end
        self.restart()
        head, again = self.expect(202, message("one"), key="a")
        self.assertEqual(again["id"], first["id"])
        self.restart(signal.SIGKILL)
        head, again = self.expect(202, message("one"), key="a")
        self.assertEqual(again["id"], first["id"])
        self.assertEqual(self.upstream.count(), 2)

    def test_large(self):
        """A mail with a file of its own leaves none behind."""
        mail = message("large", html="<p>x</p>\n" * 20000)
        _, first = self.expect(202, mail, key="a")
        _, again = self.expect(202, mail, key="a")
        self.assertEqual(again["id"], first["id"])
        self.queue.drain()
        self.queue.wait_swept()

    def test_at_once(self):
        said, gate = [], threading.Barrier(CLIENTS)

        def run():
            gate.wait()
            said.append(self.hand_in(message("one"), key="a"))

        clients = [threading.Thread(target=run) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        self.assertEqual({code for code, _, _ in said}, {202})
        self.assertEqual(len({body["id"] for _, _, body in said}), 1)
        self.assertEqual(
            sum(head["Idempotency-Replayed"] is None
                for _, head, _ in said), 1)
        self.queue.drain()
        self.assertEqual(self.upstream.count(), 1)


class Killed(Handed):
    """Clients that try until they are told; the process dies under them."""
    providers = ("upstream",)
    # all wait until nothing dies any more
    settings = {"server": {"retry": "1h", "pause_min": "1h",
                           "pause_max": "1h"}}

    def run_client(self, number):
        """One key after the other, each until it is answered; what was
        answered first, and again."""
        dice = random.Random(SEED + number)
        while not self.over.is_set():
            key = f"{number}-{len(self.told[number])}"
            mail = message(key, html="<p>x</p>\n" *
                           dice.choice((1, 1, 20000)))
            ids = [self.insist(mail, key) for _ in range(2)]
            self.told[number].append((key, ids))

    def insist(self, mail, key):
        deadline = time.monotonic() + 3 * ferry.PATIENCE
        while time.monotonic() < deadline:
            try:
                code, _, said = self.hand_in(mail, key)
            except (OSError, ValueError, ferry.http.client.HTTPException):
                durable.pause(0.01)
                continue
            if code == 202:
                return said["id"]
            if code != 503:
                return f"{code} {said}"
        raise ferry.Stuck(f"{key} was never answered")

    def live_and_die(self, dice):
        self.queue.wait_listening()
        durable.pause(dice.uniform(0, LONGEST))
        self.queue.kill()
        self.queue.spawn()

    def test_killed(self):
        print(f"SEED={SEED} KILLS={KILLS}", flush=True)
        dice = random.Random(SEED)
        self.upstream.fault("refuse")
        self.over = threading.Event()
        self.told = [[] for _ in range(CLIENTS)]
        clients = [threading.Thread(target=self.run_client, args=(number,))
                   for number in range(CLIENTS)]
        for client in clients:
            client.start()
        for _ in range(KILLS):
            self.live_and_die(dice)
        self.queue.wait_listening()
        self.over.set()
        for client in clients:
            client.join()
        told = [one for list_ in self.told for one in list_]
        self.assertEqual([one for one in told if len(set(one[1])) > 1], [])
        self.assertEqual({mail["id"] for mail in self.queue.list()},
                         {ids[0] for _, ids in told})
        self.queue.end()
        self.assertEqual(self.queue.database.faults(), [])


class End(Handed):
    """Who waits is answered when it stops; who left has handed in."""
    providers = ("mailgun",)
    settings = {"server": {"http_answer": "delivered"}}

    def start_waiting(self):
        said = []
        client = threading.Thread(
            target=lambda: said.append(self.hand_in(message("slow"))))
        client.start()
        self.mailgun.wait_requests(1)
        return client, said

    def test_stop(self):
        self.mailgun.fault("slow=1500 count=1")
        client, said = self.start_waiting()
        self.queue.end()
        client.join()
        code, _, body = said[0]
        self.assertEqual(code, 200, body)
        self.assertEqual(self.mailgun.count(), 1)

    def test_gone(self):
        self.mailgun.fault("slow=1500 count=1")
        door = durable.Door(os.path.join(self.queue.state, "control"))
        door.request("POST", "/v1/messages",
                     json.dumps(message("gone")).encode(),
                     {"Content-Type": "application/json"})
        self.mailgun.wait_requests(1)
        door.close()
        self.mailgun.mails(1)
        self.queue.drain()
        code, _, body = self.hand_in(message("next"))
        self.assertEqual(code, 200, body)

    def test_refused(self):
        self.mailgun.fault("status=400")
        code, _, body = self.hand_in(message("bad"))
        self.assertEqual(code, 422, body)

    def test_outage(self):
        self.mailgun.fault("refuse")
        code, head, body = self.hand_in(message("later"))
        self.assertEqual(code, 503, body)
        self.assertGreater(int(head["Retry-After"]), 0)


if __name__ == "__main__":
    ferry.main()
