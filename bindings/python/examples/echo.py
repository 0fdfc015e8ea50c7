"""An echo server: python echo.py [ADDRESS]. Ctrl-C ends it."""
import sys

import yolanda


class Echo:
    def connected(self, connection):
        print("+", connection.peer, flush=True)

    def received(self, connection, data):
        connection.send(data)

    def closed(self, connection):
        print("-", connection.id, flush=True)


def main():
    with yolanda.Loop() as loop:
        server = yolanda.Server(loop, sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:43211", Echo())
        server.start()
        print("port", server.port, flush=True)
        try:
            loop.run()
        except KeyboardInterrupt:
            print("stopped", flush=True)


main()
