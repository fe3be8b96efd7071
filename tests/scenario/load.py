# SPDX-License-Identifier: MIT
"""Many sessions of mail, each as fast as its pace lets it, through any number
of deaths of the server: a mail whose answer never came is not sent again, it
is written down as unknown."""

import random
import threading
import time

import ferry
import ledger as ledger_module

# Of a hundred mails so many, from bytes to bytes.
SMALL = ((80, 1_000, 8_000), (15, 8_000, 64_000), (5, 64_000, 1_000_000))
POOL = 24
# From what size on the bulk is an attachment.
ATTACHED = 8_000


def addresses(name, count=1, domain="example.net"):
    """Recipients that tell of which mail they are."""
    return [f"{name}.{number}@{domain}" for number in range(count)]


def name_of(address):
    return address.split("@")[0].rsplit(".", 1)[0]


class Load:
    """Sessions that send to `address` while there is one.

    pace: seconds between two mails of a session, on average; domains: to so
    many."""

    def __init__(self, ledger, seed, sessions=50, pace=0.3, sizes=SMALL,
                 domains=1):
        self.ledger = ledger
        self.seed = seed
        self.pace = pace
        self.sizes = sizes
        self.domains = domains
        self.address = None
        self.changed = threading.Condition()
        self.over = threading.Event()
        self.most = None
        self.begun = 0
        self.pools = self.fill_pools()
        self.errors = []
        self.threads = [
            threading.Thread(target=self.run, args=(number,), daemon=True)
            for number in range(sessions)]

    def fill_pools(self):
        """Attachments of each class of sizes: what they hold is told apart
        by its hash, so a few are enough."""
        dice = random.Random(self.seed)
        return [[] if high <= ATTACHED else
                [ledger_module.Blob(dice.randbytes(
                    int(dice.uniform(low, high) * 0.73)))
                 for _ in range(POOL)]
                for _, low, high in self.sizes]

    def start(self, address=None, most=None):
        """most: mails altogether; None: until stop()."""
        self.address, self.most = address, most
        for thread in self.threads:
            thread.start()

    def move(self, address):
        """Where it goes from now on; None: nowhere."""
        with self.changed:
            self.address = address
            self.changed.notify_all()

    def stop(self):
        self.over.set()
        self.move(None)
        self.join()

    def join(self):
        for thread in self.threads:
            thread.join(ferry.PATIENCE)
            assert not thread.is_alive(), "a session of the load is stuck"
        if self.errors:
            raise self.errors[0]

    def run(self, number):
        try:
            dice = random.Random(f"{self.seed} {number}")
            counter = 0
            while (address := self.wait_address()) is not None:
                counter = self.run_session(address, dice, number, counter)
        except Exception as error:  # for join()
            self.errors.append(error)

    def wait_address(self):
        with self.changed:
            while self.address is None and not self.over.is_set():
                self.changed.wait()
            return None if self.over.is_set() else self.address

    def take_one(self):
        """May one more mail be sent?"""
        with self.changed:
            if self.most is not None and self.begun >= self.most:
                self.over.set()
                return False
            self.begun += 1
            return True

    def run_session(self, address, dice, number, counter):
        try:
            with ferry.Client(address) as client:
                for _ in range(dice.randint(1, 20)):
                    if self.address != address or not self.take_one():
                        break
                    counter += 1
                    self.send(client, self.write(dice, number, counter))
                    self.over.wait(dice.uniform(0, 2 * self.pace))
        except OSError:
            # The server died, or is not there yet.
            self.over.wait(0.02)
        return counter

    def write(self, dice, number, counter):
        name = f"m-{number}-{counter}"
        recipients = addresses(
            name, dice.choice((1, 1, 1, 1, 1, 1, 1, 1, 2, 3)),
            "example.net" if self.domains == 1 else
            f"r{counter % self.domains}.example.net")
        choice = dice.choices(range(len(self.sizes)),
                              [row[0] for row in self.sizes])[0]
        pool, (_, low, high) = self.pools[choice], self.sizes[choice]
        if pool:
            return self.ledger.write_large(name, dice.choice(pool), recipients)
        return self.ledger.write(name, recipients, dice.randint(low, high))

    def send(self, client, letter):
        try:
            reply = client.mail(letter.sender, letter.recipients, letter.data)
            if reply[0] == 0:
                raise ConnectionError("the server hung up")
            letter.answered(*reply, time.time())
        finally:
            # Megabytes of each would stay with us for nothing.
            letter.data = None
