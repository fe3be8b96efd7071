# SPDX-License-Identifier: MIT
"""A network of a scenario's own, where every address and port is free: its
interface, its name server, and TLS before a simulator."""

import fcntl
import socket
import ssl
import struct
import threading


def raise_loopback(*addresses):
    """In a network of our own: loopback up, with further addresses."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        for number, address in enumerate(("127.0.0.1", *addresses)):
            name = b"lo:%d" % number if number else b"lo"
            where = struct.pack("16sHH4s8x", name, socket.AF_INET, 0,
                                socket.inet_aton(address))
            fcntl.ioctl(door, 0x8916, where)  # SIOCSIFADDR
        fcntl.ioctl(door, 0x8914,  # SIOCSIFFLAGS: up, loopback, running
                    struct.pack("16sH14x", b"lo", 0x1 | 0x8 | 0x40))


class Names(threading.Thread):
    """A name server that knows one name: it is this host."""

    def __init__(self, known):
        super().__init__(daemon=True)
        self.known = known
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        self.start()

    def run(self):
        known = b"".join(bytes([len(label)]) + label.encode()
                         for label in self.known.split("."))
        address = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1"
        while True:
            query, client = self.socket.recvfrom(512)
            question = query[12:query.index(b"\0", 12) + 5]
            found = question == known + b"\0\0\1\0\1"  # of type A
            flags = b"\x81\x80" if question.startswith(known) else b"\x81\x83"
            self.socket.sendto(
                query[:2] + flags + bytes([0, 1, 0, found, 0, 0, 0, 0]) +
                question + (address if found else b""), client)


class TlsFront(threading.Thread):
    """TLS before a simulator that speaks none; its port."""

    def __init__(self, behind, certificate):
        super().__init__(daemon=True)
        self.behind = behind
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*certificate)
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port = self.door.getsockname()[1]
        self.start()

    def run(self):
        while True:
            client, _ = self.door.accept()
            threading.Thread(target=self.serve, args=(client,),
                             daemon=True).start()

    def serve(self, client):
        try:
            near = self.context.wrap_socket(client, server_side=True)
            far = socket.create_connection(("127.0.0.1", self.behind))
        except OSError:
            client.close()
            return
        back = threading.Thread(target=self.pump, args=(far, near),
                                daemon=True)
        with near, far:
            back.start()
            self.pump(near, far)
            back.join()

    @staticmethod
    def pump(source, target):
        try:
            while piece := source.recv(65536):
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass
