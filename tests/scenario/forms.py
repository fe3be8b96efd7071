# SPDX-License-Identifier: MIT
"""Every form a mail can leave in, each with a simulator of its own; a mail
chooses by X-Postferry-Route."""

import os

import ferry

FORMS = {"mgfields": ("mailgun", "fields"), "mgraw": ("mailgun", "raw"),
         "mdfields": ("mandrill", "fields"), "mdraw": ("mandrill", "raw"),
         "relay": ("smtp", None)}


class Forms(ferry.Scenario):
    """self.mgfields, self.mgraw, ...: the simulators."""
    providers = ()
    kinds = {name: kind for name, (kind, _) in FORMS.items()}
    server = {}  # settings of [server] beside the usual ones

    def setUp(self):
        self.prepare()
        for name in FORMS:
            setattr(self, name, self.start_simulator(name))
        self.start_ferry()

    def write_settings(self):
        server = {"hostname": "ferry.example.com", "answer": "delivered",
                  **self.server}
        if os.geteuid() == 0:
            server["user"] = "root"
        text = "[server]\n" + "".join(
            f"{key} = {value}\n" for key, value in server.items())
        text += "[listener local]\naddress = 127.0.0.1:0\n"
        for name in FORMS:
            text += self.write_provider(name)
            text += f"[route {name}]\nproviders = {name}\n"
        return text + "[route default]\nproviders = relay\n"

    def write_provider(self, name):
        kind, form = FORMS[name]
        simulator = getattr(self, name)
        text = f"[provider {name}]\ntype = {kind}\n"
        if kind == "smtp":
            return text + (f"host = 127.0.0.1\nport = {simulator.port}\n"
                           "tls = off\n")
        if kind == "mailgun":
            text += "domain = mg.example.com\n"
        return text + (f"api_key = key-0123456789\nformat = {form}\n"
                       f"base_url = http://{simulator.address}\n")
