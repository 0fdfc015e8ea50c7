"""Connections under yolanda.h, with real clients: pausing, water marks, limits, timeouts, references,
on the accepting thread's loop and on others."""
import re
import socket
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import harness
import netcase

MIB = 1 << 20
ECONNRESET, ETIMEDOUT, ECANCELED, EPIPE = 104, 110, 125, 32


def fill(client, most=1 << 40):
    """Sends until nothing more is taken for a while, or `most` bytes are sent, or the connection ends; how much that
    was."""
    client.setblocking(False)
    sent, block = 0, bytes(MIB)
    last = time.monotonic()
    while time.monotonic() - last < 0.3 and sent < most:
        try:
            sent += client.send(block)
            last = time.monotonic()
        except BlockingIOError:
            time.sleep(0.01)
        except ConnectionError:
            break
    client.setblocking(True)
    client.settimeout(harness.TIMEOUT)
    return sent


def ends(server, count):
    """Waits until so many connections have ended: a list of (error, bytes got)."""
    pattern = r"^\d+ ended (\d+) got (\d+)$"
    if count:
        server.wait_line(pattern, count=count)
    return [tuple(map(int, match.groups()))
            for match in re.finditer(pattern, server.output, re.MULTILINE)]


@harness.matrix(threads=(0, 2))
class Pausing(netcase.NetCase):
    def test_a_firehose_waits_and_nothing_spins(self):
        """Paused in the completed callback: no message, no busy loop, also behind the peer's end;
        then all of it."""
        with self.server("flow", "paused") as server:
            base = harness.fds(server.pid)
            clients = [server.connect() for _ in range(4)]
            sent = [fill(client) for client in clients]
            self.assertGreater(min(sent), 0)
            self.assertIdle(server.pid)
            self.assertEqual(netcase.counts(server)[:3], (4, 0, 0))
            for client in clients:
                client.shutdown(socket.SHUT_WR)
            self.assertIdle(server.pid)
            self.assertEqual(netcase.counts(server)[:3], (4, 0, 0))
            server.ask("resume", "^did resume")
            self.assertEqual(sorted(ends(server, 4)), sorted((0, size) for size in sent))
            server.ask("release", "^did release")
            self.assertSettles(server, base, 4)

    def test_paused_again_and_again(self):
        """What a sender that never waits sends arrives whole, and only while it isn't paused (the
        server checks that)."""
        with self.server("flow", "paused") as server, server.connect() as client:
            size = 64 * MIB
            sender = threading.Thread(target=lambda: client.sendall(bytes(size)))
            sender.start()
            for _ in range(30):
                server.ask("resume", "^did resume")
                server.ask("pause", "^did pause")
            server.ask("resume", "^did resume")
            sender.join(harness.TIMEOUT)
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(ends(server, 1), [(0, size)])

    def test_resets_while_paused(self):
        """They close it at once, with the reason, and without a busy loop."""
        with self.server("flow", "paused") as server:
            base = harness.fds(server.pid)
            for turn in range(3):
                clients = [server.connect() for _ in range(30)]
                for client in clients:
                    client.sendall(b"lost")
                harness.wait_until(lambda: netcase.counts(server).completed == 30 * (turn + 1))
                for client in clients:
                    harness.abort(client)
                self.assertEqual(set(ends(server, 30 * (turn + 1))), {(ECONNRESET, 0)})
                self.assertIdle(server.pid, 0.05)
            server.ask("release", "^did release")
            self.assertSettles(server, base, 90)

    def test_closing_from_the_main_thread(self):
        """Closed on another thread than theirs while bytes wait: once each, for the reason given."""
        with self.server("flow", "paused") as server:
            base = harness.fds(server.pid)
            clients = [server.connect() for _ in range(50)]
            for client in clients:
                client.sendall(b"nobody reads this")
            harness.wait_until(lambda: netcase.counts(server).completed == 50)
            server.ask("close", "^did close")
            self.assertEqual(ends(server, 50), [(ECANCELED, 0)] * 50)
            # Again: they are gone, and say so (the server checks that).
            server.ask("close", "^did close")
            server.ask("pause", "^did pause")
            server.ask("resume", "^did resume")
            server.ask("finish 10", "^did finish")
            self.assertRegex(server.ask("nothing", "^did nothing").string, "destroyed 0$")
            server.ask("release", "^did release")
            harness.wait_until(
                lambda: server.ask("nothing", "^did nothing").string.endswith("destroyed 50"))
            self.assertSettles(server, base, 50)

    def test_finishing_from_the_main_thread(self):
        """Paused or not, the peer's end is noticed; a peer that doesn't end is closed at the time limit."""
        with self.server("flow", "paused") as server:
            base = harness.fds(server.pid)
            polite, silent = server.connect(), server.connect()
            polite.sendall(b"dropped")
            harness.wait_until(lambda: netcase.counts(server).completed == 2)
            server.ask("finish 300", "^did finish")
            self.assertEqual(harness.recv_all(polite), b"")
            polite.close()
            self.assertEqual(sorted(ends(server, 2)), [(0, 0), (ETIMEDOUT, 0)])
            self.assertEqual(silent.recv(1), b"")
            server.ask("release", "^did release")
            self.assertSettles(server, base, 2)


@harness.matrix(threads=(0, 2))
class Marks(netcase.NetCase):
    LOW, HIGH = 65536, 262144

    def assertMemory(self, server, limit):
        """Resident KiB; a sanitizer needs memory of its own."""
        if not harness.SANITIZER:
            self.assertLess(harness.rss(server.pid), limit)

    def test_a_slow_reader_is_sent_to_at_its_own_pace(self):
        """A sender that stops at the high mark and goes on at the low one: every byte in order, each
        crossing told once, in turns (the server checks that), and no more memory than the mark."""
        size = 32 * MIB
        with self.server("flow", "marks", self.LOW, self.HIGH) as server, \
                server.connect(rcvbuf=65536) as client:
            client.sendall(b"%d\n" % size)
            memory = harness.rss(server.pid)
            position = 0
            while position < size:
                part = client.recv(262144)
                self.assertTrue(part)
                self.assertEqual(part, netcase.pattern(len(part), position))
                position += len(part)
                if position % (8 * MIB) < 262144:
                    self.assertMemory(server, memory + 2048)
            client.shutdown(socket.SHUT_WR)
            highs, lows = map(int, server.wait_line(r"^marks (\d+) (\d+)$").groups())
            self.assertGreater(highs, 5)
            self.assertEqual(lows, highs)

    def test_one_that_never_reads_costs_the_others_nothing(self):
        """It stays at its mark, idle; others are served meanwhile."""
        with self.server("flow", "marks", self.LOW, self.HIGH) as server:
            stuck = [server.connect(rcvbuf=4096) for _ in range(20)]
            for client in stuck:
                client.sendall(b"100000000\n")
            self.assertIdle(server.pid)
            for _ in range(20):
                with server.connect() as client:
                    client.sendall(b"1000000\n")
                    self.assertEqual(harness.recv_exactly(client, 1000000),
                                     netcase.pattern(1000000))
            self.assertMemory(server, 20 * 1024)


@harness.matrix(threads=(0, 2))
class Limits(netcase.NetCase):
    def test_refused_sends_change_nothing(self):
        """Accepted bytes arrive, to the byte; refused ones don't; the connection stays open."""
        with self.server("flow", "refuse", 300000) as server, server.connect(rcvbuf=4096) as client:
            for turn in range(5):
                client.sendall(b"\n")
                taken = int(server.wait_line(r"^taken (\d+)$", count=turn + 1).group(1))
                # At least the queue's limit, less one send that didn't fit.
                self.assertGreater(taken, 300000 - 1000)
                harness.recv_exactly(client, taken)
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(harness.recv_all(client), b"")
            self.assertEqual(ends(server, 1), [(0, 5)])


@harness.matrix(threads=(0, 2))
class Timeouts(netcase.NetCase):
    def test_idle_connections_end_and_others_stay(self):
        with self.server("flow", "times", 1000, 0, 0) as server:
            base = harness.fds(server.pid)
            start = time.monotonic()
            idle = [server.connect() for _ in range(100)]
            with server.connect() as busy:
                while len(ends(server, 0)) < 100:
                    self.assertLess(time.monotonic() - start, harness.TIMEOUT)
                    busy.sendall(b"x")
                    self.assertEqual(busy.recv(1), b"x")
                    time.sleep(0.02)
                self.assertGreaterEqual(time.monotonic() - start, 1)
                self.assertEqual(set(ends(server, 100)), {(ETIMEDOUT, 0)})
                for client in idle:
                    self.assertEqual(client.recv(1), b"")
                self.assertEqual(netcase.counts(server).closed, 100)
            self.assertEqual(ends(server, 101)[-1][0], 0)
            self.assertSettles(server, base, 101)

    def test_one_that_does_not_read_ends(self):
        with self.server("flow", "times", 0, 0, 500) as server, server.connect(rcvbuf=4096) as stuck, \
                server.connect() as quiet:
            start = time.monotonic()
            # Less than the limit of the queue, which the server would reach before the time where this machine is busy.
            fill(stuck, 32 * MIB)
            (error, _), = ends(server, 1)
            self.assertEqual(error, ETIMEDOUT)
            self.assertGreaterEqual(time.monotonic() - start, 0.5)
            quiet.sendall(b"still here")
            self.assertEqual(harness.recv_exactly(quiet, 10), b"still here")


if __name__ == "__main__":
    unittest.main()
