"""Gives a process the address that its pod or container would have: sockets for all addresses are bound to that one.

Python imports this by itself in every process of a system that is observed. What is bound is written down.
"""

import os
import socket

ADDRESS = os.environ.get("PROVE_ADDRESS")
BINDS = os.environ.get("PROVE_BINDS")

if ADDRESS and BINDS:
    bind_anywhere = socket.socket.bind

    def bind(self, address):
        if self.family == socket.AF_INET and address[0] in ("", "0.0.0.0"):
            address = (ADDRESS, *address[1:])
        elif self.family == socket.AF_INET6 and address[0] in ("", "::"):
            self.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            address = ("::ffff:" + ADDRESS, *address[1:])
        bind_anywhere(self, address)
        if self.family in (socket.AF_INET, socket.AF_INET6) and self.type == socket.SOCK_STREAM:
            with open(BINDS, "a", encoding="utf-8") as binds:
                binds.write(f"{self.getsockname()[0]} {self.getsockname()[1]}\n")

    socket.socket.bind = bind
