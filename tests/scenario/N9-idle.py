# SPDX-License-Identifier: MIT
"""Clients that do nothing: what each costs in memory, and that it is given
back; and those that drip, which are hung up on in each phase.

The whole form, with 10,000 of them and its figures, is tests/bench/idle.sh.
"""

import durable
import ferry
import idlers

COUNT = 500
# Besides the budget: what the process itself takes meanwhile.
ALLOWANCE = 1_500_000
SLOW_EACH = 10
DEADLINE = 1


class Idle(ferry.Scenario):
    providers = ("mailgun",)

    def setUp(self):
        idlers.raise_limit(4 * COUNT)
        self.prepare()
        self.addresses = {}
        self.mailgun = self.start_simulator("mailgun")
        certificate, key = ferry.make_certificate(
            self.folder, "own", "IP:127.0.0.1")
        self.settings = {
            **idlers.list_listeners(DEADLINE, certificate, key),
            "listener tls": {
                "address": "127.0.0.1:0", "tls": "implicit",
                "tls_certificate": certificate, "tls_key": key}}
        self.start_ferry()
        self.at = idlers.find_addresses(
            self.ferry, ("slow", "implicit", "proxy", "tls"))
        self.at["local"] = self.address

    def memory(self):
        return idlers.read_memory(self.ferry.child.pid)

    def visit(self, name, count):
        return idlers.Idlers(
            self.at[name], count,
            None if name == "local" else idlers.trust_anybody())

    def check_cost(self, name, budget):
        self.visit(name, 50).leave()  # warm
        before = self.memory()
        crowd = self.visit(name, COUNT)
        cost = self.memory() - before
        self.accept(ferry.simple())
        self.assertTrue(crowd.all_open())
        crowd.leave()
        after = idlers.settle_memory(self.ferry.child.pid, before)
        if not durable.is_sanitized():
            self.assertLess(cost, COUNT * budget + ALLOWANCE)
            self.assertLess(after, before + ALLOWANCE)
        print(f"{name}: {cost // COUNT} bytes a session, "
              f"{(after - before) // 1000} kB stay", end=" ")

    def test_plain(self):
        self.check_cost("local", 10_000)

    def test_tls(self):
        self.check_cost("tls", 40_000)

    def test_slow(self):
        loris = idlers.Loris(0.2)
        loris.attack(self.at, SLOW_EACH)
        self.accept(ferry.simple())
        loris.wait()
        for phase, waits in loris.waits.items():
            self.assertEqual(len(waits), SLOW_EACH, phase)
            for seconds, told in waits:
                self.check_end(phase, seconds, told)
        self.ferry.wait_line("no PROXY header came in time")

    def check_end(self, phase, seconds, told):
        # a moment is lost between its beginning there and ours here
        self.assertGreater(seconds, DEADLINE - 0.1, phase)
        if phase in idlers.SILENT:
            self.assertEqual(told, b"", phase)
        else:
            self.assertIn(b"421 4.4.2 ", told, phase)


if __name__ == "__main__":
    ferry.main()
