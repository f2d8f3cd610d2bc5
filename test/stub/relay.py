#!/usr/bin/env python3
"""Stands between a client and a server, and can fall silent as a dead host behind a living gateway does.

    relay.py PORT

Its own port is printed on the first line; connections to it go on to PORT.  Orders come by standard input, a line each,
and are answered by a line:

    mute    of the connections that are open now, everything is acknowledged and nothing passed on any more
    count   how many connections there have been

Ends with its standard input.  Standard library only.
"""

import socket
import sys
import threading


class Relay:
    def __init__(self, port):
        self.port = port
        self.lock = threading.Lock()
        self.epoch = 0
        self.accepted = 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def serve(self):
        while True:
            near, _ = self.listener.accept()
            far = socket.create_connection(("127.0.0.1", self.port))
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.accepted += 1
                epoch = self.epoch
            for pair in ((near, far), (far, near)):
                threading.Thread(target=self.pass_on, args=(*pair, epoch), daemon=True).start()

    def pass_on(self, source, target, epoch):
        try:
            while data := source.recv(65536):
                if epoch == self.epoch:
                    target.sendall(data)
        except OSError:
            pass
        # a muted one does not even say that it ends
        if epoch == self.epoch:
            for end in (source, target):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def obey(self, order):
        with self.lock:
            if order == "mute":
                self.epoch += 1
            return self.accepted


def main():
    relay = Relay(int(sys.argv[1]))
    print(relay.listener.getsockname()[1], flush=True)
    threading.Thread(target=relay.serve, daemon=True).start()
    for line in sys.stdin:
        print(relay.obey(line.strip()), flush=True)


if __name__ == "__main__":
    main()
