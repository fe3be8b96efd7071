# SPDX-License-Identifier: MIT
"""Who goes by which route, and how it leaves: rules on sender, recipient,
listener and header, a mail split between routes, weights, several accounts of
one type, From rewritten, mail redirected or dropped, orders in the header."""

import subprocess

import durable
import ferry

SHOP = "Shop <shop@shop.example>"


class Routes(ferry.Scenario):
    """Beside the usual simulators those in `more`: accounts of one type."""
    more = {}

    def setUp(self):
        self.prepare()
        self.addresses = {}
        for name in self.providers:
            setattr(self, name, ferry.Simulator(
                self.home, self.kinds[name], name))
        for name, domain in self.more.items():
            setattr(self, name, ferry.Simulator(
                self.home, "mailgun", name, "--domain", domain))
        self.start_ferry()

    def write_settings(self):
        given = self.settings
        self.settings = {
            **{f"provider {name}": {
                "type": "mailgun", "domain": domain, "api_key": "key-123456",
                "base_url": f"http://{getattr(self, name).address}"}
               for name, domain in self.more.items()}}
        for section, keys in given.items():
            self.settings.setdefault(section, {}).update(keys)
        try:
            return super().write_settings()
        finally:
            self.settings = given

    def counts(self, *names):
        return [getattr(self, name).count()
                for name in names or self.providers]

    def check(self, text):
        """What `check` says of these settings on stderr."""
        path = f"{self.folder}/check.conf"
        ferry.write_private(path, text)
        done = subprocess.run([ferry.POSTFERRY, "check", "--config", path],
                              capture_output=True, text=True,
                              timeout=ferry.PATIENCE, check=False)
        return done.returncode, done.stdout + done.stderr


class Rules(Routes):
    """The first route all of whose conditions hold, in the order of the
    file."""
    settings = {
        "listener local": {"address": "127.0.0.1:0"},
        "listener other": {"address": "127.0.0.1:0", "control_headers": "no"},
        "route otp": {"providers": "upstream", "header": "X-Class: otp*"},
        "route other": {"providers": "mandrill", "listeners": "other",
                        "sender_domains": "shop.example, .shop.example"},
        "route shop": {"providers": "upstream",
                       "sender_domains": "shop.example, .shop.example"},
        "route near": {"providers": "mandrill",
                       "recipient_domains": "near.example, .near.example"},
        "route night": {"providers": "mandrill"},
        "route default": {"providers": "mailgun"}}

    def start_ferry(self):
        super().start_ferry()
        self.addresses = {
            name: self.ferry.wait_line(
                rf"listening.*listener={name} address=(\S+:\d+)")[1]
            for name in ("local", "other")}
        self.address = self.addresses["local"]

    def goes(self, wanted, data=None, recipients=("bob@example.net",),
             sender="ann@example.com", by="local"):
        self.address = self.addresses[by]
        before = self.counts()
        self.accept(data or ferry.simple(), recipients, sender)
        after = self.counts()
        self.assertEqual([b - a for a, b in zip(before, after)], wanted)

    def test_by_sender(self):
        self.goes([1, 0, 0])
        self.goes([0, 0, 1], sender="app@shop.example")
        self.goes([0, 0, 1], ferry.simple(From="app@Mail.Shop.example"))
        self.goes([1, 0, 0], ferry.simple(From="app@workshop.example"))

    def test_by_header(self):
        self.goes([0, 0, 1], ferry.simple(X_Class="OTP-1"))
        self.goes([1, 0, 0], ferry.simple(X_Class="news"))

    def test_by_listener(self):
        self.goes([0, 1, 0], sender="app@shop.example", by="other")
        self.goes([1, 0, 0], by="other")

    def test_by_recipient_a_mail_is_split(self):
        people = ("bob@example.net", "eve@near.example", "dan@example.net",
                  "kim@x.near.example")
        self.goes([1, 1, 0], ferry.simple(To=", ".join(people)), people)
        self.assertEqual(self.mailgun.mails(1)[0].recipients,
                         ["bob@example.net", "dan@example.net"])
        self.assertEqual(self.mandrill.mails(1)[0].recipients,
                         ["eve@near.example", "kim@x.near.example"])

    def test_the_groups_of_a_mail_do_not_stop_each_other(self):
        self.mailgun.fault("refuse")
        people = ("bob@example.net", "eve@near.example")
        data = ferry.simple()
        code, text = self.send(data, people)
        self.assertEqual(code, 451, text)
        self.assertEqual(self.counts(), [0, 1, 0])
        self.mailgun.fault(None)
        self.send_until(250, data, people)
        self.assertEqual(self.counts(), [1, 1, 0])

    def test_by_name(self):
        self.goes([0, 1, 0], ferry.simple(X_Postferry_Route="night"))
        self.goes([0, 1, 0], ferry.simple(
            X_Class="otp", X_Postferry_Route="night"))
        for mail in self.mandrill.mails(2):
            self.assertNotIn("night", mail.shown)

    def test_by_a_name_that_is_none(self):
        code, text = self.send(ferry.simple(X_Postferry_Route="nihgt"))
        self.assertEqual(code, 554, text)
        self.assertRegex(text, 'X-Postferry-Route is "nihgt".*there are: .*'
                               "night")
        self.assertEqual(self.counts(), [0, 0, 0])

    def test_orders_count_where_they_may_be_given(self):
        self.goes([1, 0, 0], ferry.simple(X_Postferry_Route="night"),
                  by="other")
        self.goes([1, 0, 0], ferry.simple(X_Postferry_Doubt="what?"),
                  by="other")
        self.assertNotIn("what?", self.mailgun.mails(2)[1].shown)

    def test_a_policy_that_is_none(self):
        code, text = self.send(ferry.simple(X_Postferry_Doubt="what?"))
        self.assertEqual(code, 554, text)
        self.assertRegex(text, "X-Postferry-Doubt.*prefer_once")


class Deaf(Routes):
    """Strangers cannot have mail dropped or rendered anew."""
    settings = {"listener local": {"control_headers": "no"},
                "provider mailgun": {"format": "raw"}}

    def test_what_would_bind_counts_for_nothing(self):
        self.accept(ferry.simple(X_Mailgun_Drop_Message="yes"))
        self.mailgun.fault("refuse")
        self.accept(ferry.simple(X_Mailgun_Drop_Message="yes",
                                 X_MC_Template="welcome"))
        self.mandrill.fault("refuse")
        self.accept(ferry.simple(X_MC_Template="welcome"))
        self.assertEqual(self.counts(), [1, 1, 1])
        for simulator in (self.mailgun, self.mandrill, self.upstream):
            mail, = simulator.mails(1)
            self.assertNotRegex(mail.shown, "Drop-Message|Template")


class Weighted(Routes):
    settings = {"route default": {"order": "weighted", "weights": "3, 1, 0"},
                "server": {"pause_min": "30s"}}

    def test_shares(self):
        with ferry.Client(self.address) as client:
            for _ in range(400):
                code, text = client.mail(
                    "ann@example.com", ["bob@example.net"], ferry.simple())
                self.assertEqual(code, 250, text)
            client.command("QUIT")
        mailgun, mandrill, upstream = self.counts()
        self.assertEqual(mailgun + mandrill, 400)
        self.assertEqual(upstream, 0)
        # 300 are expected; five times the deviation of 8.7 on either side
        self.assertGreater(mailgun, 256)
        self.assertLess(mailgun, 344)

    def test_the_rest_is_failover(self):
        self.mailgun.fault("refuse")
        for _ in range(20):
            self.accept(ferry.simple())
        self.assertEqual(self.counts(), [0, 20, 0])
        self.mandrill.fault("refuse")
        self.accept(ferry.simple())
        self.assertEqual(self.counts(), [0, 20, 1])


class Accounts(Routes):
    """Two accounts at Mailgun, each for its own domains, and Mandrill for one
    of them only."""
    providers = ("mandrill",)
    more = {"shop": "shop.example", "news": "from"}
    settings = {
        "provider shop": {"domains": "shop.example"},
        "provider news": {"domains": "a.example, b.example"},
        "provider mandrill": {"domains": "b.example"},
        "route default": {"providers": "shop, news, mandrill"}}

    def setUp(self):
        self.prepare()
        self.addresses = {}
        for name, kind, domains in (
                ("mandrill", "mandrill", "b.example"),
                ("shop", "mailgun", "shop.example"),
                ("news", "mailgun", "a.example,b.example")):
            setattr(self, name, ferry.Simulator(
                self.home, kind, name, "--domain", domains))
        self.start_ferry()

    def all(self):
        return self.counts("shop", "news", "mandrill")

    def test_each_carries_its_own(self):
        self.accept(ferry.simple(From="x@shop.example"))
        self.assertEqual(self.all(), [1, 0, 0])
        self.accept(ferry.simple(From="x@a.example"))
        self.assertEqual(self.all(), [1, 1, 0])
        self.accept(ferry.simple(From="x@b.example"))
        self.assertEqual(self.all(), [1, 2, 0])

    def test_the_next_of_those_that_may(self):
        self.news.fault("refuse")
        self.accept(ferry.simple(From="x@b.example"))
        self.assertEqual(self.all(), [0, 0, 1])
        code, text = self.send(ferry.simple(From="x@a.example"))
        self.assertEqual(code, 451, text)
        self.assertEqual(self.all(), [0, 0, 1])

    def test_nobody_may(self):
        code, text = self.send(ferry.simple(From="x@c.example"))
        self.assertEqual(code, 554, text)
        self.assertIn("domains do not include c.example", text)
        self.assertEqual(self.all(), [0, 0, 0])


class Rewritten(Routes):
    """Mail of the shop leaves as it is; what the first provider may not carry
    leaves as from the shop."""
    settings = {
        "provider mailgun": {"domains": "shop.example"},
        "route always": {"providers": "mandrill", "from": SHOP,
                         "rewrite_from": "always"},
        "route never": {"providers": "mailgun, upstream", "from": SHOP,
                        "rewrite_from": "never"},
        "route default": {"from": SHOP}}

    def one(self, simulator, **fields):
        self.accept(ferry.simple(**fields))
        mail = simulator.mails(1)[0]
        simulator.clear()
        return [mail.addresses(name) for name in ("From", "Reply-To")]

    def test_foreign(self):
        self.assertEqual(
            self.one(self.mailgun),
            [[("Shop", "shop@shop.example")], [("Ann", "ann@example.com")]])
        self.assertEqual(
            self.one(self.mailgun, From="Bo <bo@shop.example>"),
            [[("Bo", "bo@shop.example")], []])
        # who may carry anything gets it as it is
        self.mailgun.fault("refuse")
        self.assertEqual(
            self.one(self.mandrill), [[("Ann", "ann@example.com")], []])

    def test_always(self):
        self.assertEqual(
            self.one(self.mandrill, From="Bo <bo@shop.example>",
                     X_Postferry_Route="always"),
            [[("Shop", "shop@shop.example")], [("Bo", "bo@shop.example")]])
        self.assertEqual(
            self.one(self.mandrill, Reply_To="eve@example.org",
                     X_Postferry_Route="always"),
            [[("Shop", "shop@shop.example")], [("", "eve@example.org")]])

    def test_never(self):
        self.assertEqual(
            self.one(self.upstream, X_Postferry_Route="never"),
            [[("Ann", "ann@example.com")], []])
        self.assertEqual(self.counts(), [0, 0, 0])


class Staging(Routes):
    """Nobody outside gets a mail."""
    settings = {
        "route far": {"providers": "mandrill",
                      "redirect_to": "all@staging.example"},
        "route some": {"providers": "upstream", "only_to": ".inside.example",
                       "redirect_to": "all@staging.example"},
        "route default": {"only_to": "inside.example, bob@example.net"}}
    inside = ("bob@example.net", "eve@inside.example")

    def test_only_to(self):
        text = self.accept(ferry.simple(), self.inside + ("dan@example.net",))
        self.assertRegex(text, "1 of 3 recipients not sent: only_to")
        self.assertEqual(self.mailgun.mails(1)[0].recipients,
                         sorted(self.inside))
        text = self.accept(ferry.simple(), ("dan@example.net",))
        self.assertRegex(text, "not sent: only_to of .route default.")
        self.assertEqual(self.counts(), [1, 0, 0])

    def test_redirect_to(self):
        self.accept(ferry.simple(X_Postferry_Route="far"), self.inside)
        mail, = self.mandrill.mails(1)
        self.assertEqual(mail.recipients, ["all@staging.example"])
        self.assertEqual(self.counts(), [0, 1, 0])
        self.ferry.wait_line(
            r"delivery accepted .* to=\"bob@example\.net \+1\" recipients=2 "
            r".* redirected=all@staging\.example")

    def test_some_are_redirected(self):
        self.accept(ferry.simple(X_Postferry_Route="some"),
                    ("x@a.inside.example", "y@example.net", "z@example.net"))
        self.assertEqual(
            sorted(mail.recipients for mail in self.upstream.mails(2)),
            [["all@staging.example"], ["x@a.inside.example"]])


class Bound(Routes):
    """A test mail is for Mailgun, or for nobody."""

    def test_it_fails_over_to_no_other_type(self):
        data = ferry.simple(X_Mailgun_Drop_Message="yes")
        self.accept(data)
        self.assertEqual(self.counts(), [1, 0, 0])
        self.mailgun.fault("refuse")
        code, text = self.send(data)
        self.assertEqual(code, 451, text)
        self.accept(ferry.simple())
        self.assertEqual(self.counts(), [1, 1, 0])

    def test_it_is_said_when_there_is_none(self):
        self.accept(ferry.simple(X_MC_Template="welcome"))
        self.assertEqual(self.counts(), [0, 1, 0])
        code, text = self.send(ferry.simple(
            X_MC_Template="welcome", X_Mailgun_Drop_Message="yes"))
        self.assertEqual(code, 554, text)
        self.assertRegex(text, "no provider of .route default. can do what it "
                               "asks for by X-MC-Template and "
                               "X-Mailgun-Drop-Message")


class NotBound(Routes):
    providers = ("upstream",)

    def test_no_provider_of_the_type(self):
        code, text = self.send(ferry.simple(X_Mailgun_Drop_Message="yes"))
        self.assertEqual(code, 554, text)
        self.assertRegex(text, "no provider of .route default. can do what it "
                               "asks for by X-Mailgun-Drop-Message")
        self.assertEqual(self.counts(), [0])


class Size(Routes):
    """EHLO says what some provider of the routes takes."""
    settings = {
        "provider mailgun": {"max_size": "20000"},
        "provider mandrill": {"max_size": "30000"},
        "provider upstream": {"max_size": "40000"},
        "server": {"bounce_route": "reports"},
        "route reports": {"providers": "upstream"},
        "route big": {"providers": "mandrill", "header": "X-Big"},
        "route default": {"providers": "mailgun"}}

    def test_size(self):
        with ferry.Client(self.address) as client:
            self.assertIn("SIZE 30000", client.hello[1])


class Queued(durable.Durable):
    """The same of mail in the queue, and of reports."""
    settings = {"server": {"bounce_route": "reports",
                           "bounce_domains": "example.com, example.org"},
                "route reports": {"providers": "upstream",
                                  "only_to": "example.org"},
                "route near": {"providers": "mandrill",
                               "recipient_domains": "near.example"},
                "route default": {"providers": "mailgun",
                                  "only_to": ".net, near.example"}}

    def number(self, *arguments, **keywords):
        text = self.accept(*arguments, **keywords)
        return text.rsplit(" ", 1)[1]

    def test_split_and_dropped(self):
        number = self.number(ferry.simple(), (
            "bob@example.net", "eve@near.example", "dan@example.org"))
        self.queue.drain()
        self.assertEqual(self.mailgun.mails(1)[0].recipients,
                         ["bob@example.net"])
        self.assertEqual(self.mandrill.mails(1)[0].recipients,
                         ["eve@near.example"])
        story = self.queue.story(number)
        states = {one["address"]: one for one in story["recipients"]}
        self.assertEqual(states["dan@example.org"]["state"], "dropped")
        self.assertIn("only_to of [route default]",
                      states["dan@example.org"]["text"])
        self.assertEqual(self.upstream.count(), 0)

    def test_a_route_that_waits_for_one_holds_up_no_other(self):
        self.mailgun.fault("refuse")
        self.number(ferry.simple(), ("bob@example.net", "eve@near.example"))
        self.assertEqual(self.mandrill.mails(1)[0].recipients,
                         ["eve@near.example"])
        self.mailgun.fault(None)
        self.assertEqual(self.mailgun.mails(1)[0].recipients,
                         ["bob@example.net"])
        self.queue.drain()
        self.assertEqual(self.mandrill.count(), 1)

    def test_reports_obey_too(self):
        data = ferry.simple(X_Mailgun_Deliver_By="soon")
        self.number(data, sender="ann@example.com")
        self.queue.drain()
        self.assertEqual(self.upstream.count(), 0)
        self.number(data, sender="ann@example.org")
        report, = self.upstream.mails(1)
        self.assertEqual(report.recipients, ["ann@example.org"])
        self.assertIn("X-Mailgun-Deliver-By", report.shown)
        self.queue.drain()

    def test_a_name_that_is_none_is_not_queued(self):
        code, text = self.send(ferry.simple(X_Postferry_Route="nowhere"))
        self.assertEqual(code, 554, text)
        self.assertRegex(text, "there are: .*near")
        self.queue.drain()
        self.assertEqual([self.mailgun.count(), self.upstream.count()],
                         [0, 0])


WRONG = """[listener local]
address = 127.0.0.1:0
[server]
answer = delivered
[provider a]
type = smtp
host = h
[route one]
providers = a, b
listeners = remote
sender_domains = ann@example.com
[route two]
providers = a
header = "X-Class: otp"
order = weighted
weights = 3, 1
rewrite_from = always
redirect_to = somebody
[route default]
providers = a
listeners = local
"""

SAID = [r":9: \[route one\] providers.*\"b\".*there are: a",
        r":10: \[route one\] listeners.*remote.*there are: local",
        r":11: \[route one\] sender_domains.*ann@example.com.*example.com",
        r":14: \[route two\] header.*without quotes",
        r":16: \[route two\] weights = 3, 1; expected one number",
        r":17: \[route two\] rewrite_from = always needs `from`",
        r":18: \[route two\] redirect_to = somebody.*staging@example.com",
        r":20: \[route default\] has conditions"]


class Settings(Routes):
    providers = ()

    def setUp(self):
        self.prepare()

    def test_all_is_said_at_once(self):
        code, text = self.check(WRONG)
        self.assertEqual(code, 78, text)
        for pattern in SAID:
            with self.subTest(pattern):
                self.assertRegex(text, pattern)
        self.assertIn(f"{len(SAID)} errors in the settings", text)

    def test_a_route_for_nobody(self):
        good = WRONG[:WRONG.index("[route one]")]
        night = "[route night]\nproviders = a\n"
        code, text = self.check(good + night)
        self.assertEqual(code, 0, text)
        code, text = self.check(good + night +
                                "[listener local]\n".replace("local", "x") +
                                "address = 127.0.0.1:0\n")
        self.assertEqual(code, 0, text)
        code, text = self.check(good.replace(
            "[server]", "control_headers = no\n[server]") + night)
        self.assertEqual(code, 78, text)
        self.assertRegex(text, r":10: \[route night\]: nothing goes by it")


if __name__ == "__main__":
    ferry.main()
