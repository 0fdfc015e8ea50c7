"""The base class of the network tests."""
import contextlib
import functools
import sys
import time
import unittest
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import harness  # noqa: E402

FOLDER = Path(__file__).resolve().parent
_kept = {}


class Counts(NamedTuple):
    """How often each callback of a server ran so far."""
    completed: int
    closed: int
    messages: int
    written: int


class NetCase(unittest.TestCase):
    """A test on one variation of the matrix; `harness.matrix` sets it."""
    variation = harness.Variation("epoll", "so", 0)

    def binary(self, name):
        return harness.program(str(FOLDER / f"{name}.c"), self.variation.kind)

    def server(self, name, *args, env=None, **options):
        """Starts tests/net/NAME.c with the variation's threads before the other arguments."""
        threads = self.variation.threads or 0
        return harness.Server(self.binary(name), threads, *args,
                              env={**self.variation.env, **(env or {})}, **options)

    @contextlib.contextmanager
    def shared(self, name, *args):
        """A server that this variation's tests of the class have in common: for those that count nothing
        in it and leave it as it was. It has to live on, and to end well after the last of them."""
        key = (type(self), self.variation, name, args)
        server = _kept.get(key)
        if server is None:
            server = _kept[key] = self.server(name, *args)
            type(self).addClassCleanup(server.__exit__, None, None, None)
        try:
            yield server
            self.assertIsNone(server.process.poll(), "the server ended")
        except BaseException as error:
            server.annotate(error)
            raise
        finally:
            while server.clients:
                server.clients.pop().close()
            if server.process.poll() is not None:
                del _kept[key]

    def assertServed(self, server, message=b"are you there?\n"):
        """A new client is served by an echo server."""
        with server.connect() as client:
            client.sendall(message)
            self.assertEqual(harness.recv_exactly(client, len(message)), message)

    def assertIdle(self, pid, window=0.2):
        """The process uses less than half a core: no busy loop. What it still had to do may take
        some windows, a busy loop takes them all."""
        for _ in range(5):
            before, start = cpu_ns(pid), time.monotonic_ns()
            time.sleep(window)
            if cpu_ns(pid) - before < (time.monotonic_ns() - start) / 2:
                return
        self.fail("a busy loop")

    def assertSettles(self, server, base_fds, finished=None):
        """All connections end: closed as often as completed, descriptors where they began."""
        def all_closed():
            now = counts(server)
            return now.closed == now.completed and (finished is None or now.closed == finished)
        # First: a server that has accepted nobody yet has its descriptors, too.
        harness.wait_until(all_closed, "a closed callback for each completed one")
        harness.wait_until(lambda: harness.fds(server.pid) <= base_fds,
                           f"{base_fds} descriptors again")
        self.assertEqual(harness.fds(server.pid), base_fds)


def cpu_ns(pid):
    """CPU time of all threads of a process, in nanoseconds."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total


def counts(server):
    """Asks a server of this folder for its counters."""
    start = len(server.lines)
    server.signal(10)
    match = server.wait_line(r"^completed (\d+) closed (\d+) messages (\d+) written (\d+)$", start)
    return Counts(*map(int, match.groups()))


@functools.cache
def pattern(count, start=0):
    """The bytes that the servers' pattern() makes."""
    base = bytes((i ^ (i >> 8)) & 0xff for i in range(65536))
    first, last = start >> 16, (start + count + 65535) >> 16
    blocks = []
    for number in range(first, last):
        # Bits 8 to 15 of i are in the base; only the third term is left.
        high = number * 31 & 0xff
        blocks.append(base.translate(bytes(value ^ high for value in range(256))))
    skip = start - (first << 16)
    return b"".join(blocks)[skip:skip + count]


def spread(count, size=None):
    """Some bytes that differ for each client."""
    text = b"client %d says something\n" % count
    return text if size is None else (text * (size // len(text) + 1))[:size]
