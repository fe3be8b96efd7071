# SPDX-License-Identifier: MIT
"""Scenarios of a postferry with several listeners, and a client that says
what it likes on any of them."""

import os
import re
import socket

import durable
import ferry

BOB, EVE, DAN = "bob@example.net", "eve@example.org", "dan@example.com"


class Visitor(ferry.Client):
    """A client on a connected socket, which says `first` before all."""

    def __init__(self, connected, first=b"", hello="EHLO visitor.example.com"):
        self.socket = connected
        self.socket.settimeout(ferry.PATIENCE)
        self.file = self.socket.makefile("rb")
        self.write(first)
        self.greeting = self.reply()
        if hello and self.greeting[0] == 220:
            self.hello = self.command(hello)

    def each(self, sender, recipients, data):
        """A mail of LMTP; the codes, one for each recipient."""
        refused = self.begin(sender, recipients)
        assert refused is None, refused
        self.write(ferry.stuff(data) + b".\r\n")
        return [self.reply() for _ in recipients]


def connect_unix(path):
    connected = socket.socket(socket.AF_UNIX)
    connected.connect(path)
    return connected


class Doors(durable.Durable):
    """listeners: beside the one that all scenarios have."""
    answer = "queued"
    providers = ("mandrill",)
    listeners = {}

    def prepare(self):
        super().prepare()
        self.path = os.path.join(self.folder, "smtp")
        self.settings = {
            **self.settings,
            **{f"listener {name}": {
                key: value.format(path=self.path)
                for key, value in keys.items()}
               for name, keys in self.listeners.items()}}

    def find(self, listener):
        return self.ferry.wait_line(
            rf"listening listener={listener} address=(\S+)")[1]

    def connect(self, listener):
        address = self.find(listener)
        if address.startswith("unix:"):
            return connect_unix(address[len("unix:"):])
        host, port = address.rsplit(":", 1)
        return socket.create_connection((host.strip("[]"), int(port)))

    def visit(self, listener, *arguments, **keywords):
        return Visitor(self.connect(listener), *arguments, **keywords)

    def pass_mail(self, visitor, peer, to=BOB):
        """Insists that it is taken, and that this is who sent it."""
        with visitor:
            code, text = visitor.mail("ann@example.com", [to],
                                      ferry.simple())
            self.assertEqual(code, 250, text)
            number = re.search(durable.ID, text)[0]
        self.ferry.wait_line(rf"mail received mail={number} .*client={peer} ")
        return number

    def refuse_mail(self, visitor):
        with visitor:
            refused = visitor.begin("ann@example.com", [BOB])
            self.assertEqual(refused[0], 554, refused)


class Lmtp(Doors):
    answer = "delivered"
    providers = ("mandrill", "upstream")
    listeners = {"lmtp": {"address": "127.0.0.1:0", "protocol": "lmtp"}}

    def recipients(self, simulator):
        return sorted(mail.recipients for mail in simulator.mails())
