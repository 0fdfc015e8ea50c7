"""Sending: direct writes, queues, shutdown after what is queued, limits, foreign threads."""
import re
import socket
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import harness
import netcase

MIB = 1 << 20
EPIPE = 32
ENOBUFS = 105


@harness.matrix(threads=(0, 2))
class Sending(netcase.NetCase):
    def test_D5_a_partial_write_is_counted_right_and_the_rest_is_queued(self):
        """tcp_connection_send_data returns the number of bytes written at once; the rest is queued,
        not lost. (D5: a send that fails with EAGAIN is counted as SIZE_MAX bytes: one byte from
        before the caller's data is sent.)"""
        size = 8 * MIB
        with self.server("push") as server, server.connect(rcvbuf=4096) as client:
            client.sendall(b"send %d\n" % size)
            sent, error, queued = sends(server, 1)[0]
            self.assertGreater(sent, 0)
            self.assertLess(sent, size)
            self.assertEqual((error, queued), (0, size - sent))
            # The socket is full now: nothing at all can be written at once.
            client.sendall(b"send 1000\n")
            more, error, queued = sends(server, 2)[1]
            self.assertEqual((error, queued + more), (0, size - sent + 1000))
            self.assertPattern(client, size + 1000)

    def test_output_buffer_shows_what_is_queued(self):
        """What is queued shows as the readable bytes of output_buffer: programs measure
        back-pressure with it."""
        with self.server("push") as server, server.connect(rcvbuf=4096) as client:
            client.sendall(b"send 10\n")
            self.assertEqual(sends(server, 1)[0], (10, 0, 0))
            client.sendall(b"send 4000000\n")
            sent, _, first = sends(server, 2)[1]
            self.assertEqual(first, 4000000 - sent)
            client.sendall(b"send 100000\n")
            more, _, second = sends(server, 3)[2]
            self.assertEqual(second, first + 100000 - more)
            self.assertPattern(client, 10 + 4000000 + 100000)
            server.wait_line(r"^\d+ written, queued 0$")
            client.sendall(b"send 10\n")
            self.assertEqual(sends(server, 4)[3], (10, 0, 0))

    def test_write_completed_comes_when_held_back_bytes_are_drained(self):
        """writeCompletedCallBack when the framework has drained what it held back."""
        with self.server("push") as server, server.connect(rcvbuf=4096) as client:
            for turn in range(3):
                before = netcase.counts(server).written
                client.sendall(b"send 8000000\n")
                self.assertGreater(sends(server, turn + 1)[turn][2], 0)
                harness.recv_exactly(client, 8000000)
                harness.wait_until(lambda: netcase.counts(server).written > before,
                                   "the write-completed callback")
                server.wait_line(r"^\d+ written, queued 0$", count=turn + 1)

    def test_a_direct_write_is_in_order_behind_nothing(self):
        """Order is kept over many sends of all sizes, direct or queued."""
        sizes = [1, 100000, 3, 1000000, 70000, 5, 65536, 2000000, 1] * 5
        with self.server("push") as server, server.connect(rcvbuf=8192) as client:
            client.sendall(b"".join(b"send %d\n" % size for size in sizes))
            self.assertPattern(client, sum(sizes))

    def test_D21_shutdown_with_8_MB_queued_loses_nothing(self):
        """tcp_connection_shutdown half-closes the write side after everything queued has been
        sent (D21: shutdown with unsent data in the buffer loses the data)."""
        size = 8 * MIB
        with self.server("push") as server, server.connect(rcvbuf=4096) as client:
            client.sendall(b"send %d\nshutdown\n" % size)
            server.wait_line("shut down")
            self.assertPattern(client, size)
            self.assertEqual(client.recv(1), b"")

    def test_a_send_after_shutdown_fails_with_EPIPE(self):
        """-1: nothing of this call was or will be sent (EPIPE after shutdown). No SIGPIPE."""
        with self.server("push") as server, server.connect() as client:
            client.sendall(b"send 10\nshutdown\nsend 10\nsend 10\n")
            results = sends(server, 3)
            self.assertEqual(results[0], (10, 0, 0))
            self.assertEqual([r[:2] for r in results[1:]], [(-1, EPIPE)] * 2)
            self.assertEqual(len(harness.recv_all(client)), 10)

    def test_a_send_after_shutdown_fails_while_output_is_queued(self):
        """EPIPE after shutdown, also while the queue is still being sent: the queue stays as it is."""
        size = 8 * MIB
        with self.server("push") as server, server.connect(rcvbuf=4096) as client:
            client.sendall(b"send %d\nshutdown\nsend 10\n" % size)
            first, refused = sends(server, 2)
            self.assertEqual(refused[:2], (-1, EPIPE))
            self.assertEqual(refused[2], first[2])
            self.assertPattern(client, size)
            self.assertEqual(client.recv(1), b"")

    def test_send_buffer_consumes_what_it_sends_or_nothing(self):
        """tcp_connection_send_buffer consumes the buffer's readable bytes, or on -1 none; the caller
        still owns and frees the buffer."""
        with self.server("push") as server, server.connect(rcvbuf=4096) as client:
            client.sendall(b"buffer 100\nbuffer 6000000\nbuffer 1000\nshutdown\nbuffer 10\n")
            regex = r"^\d+ buffer (-?\d+) (\d+) left (\d+)$"
            results = [tuple(map(int, server.wait_line(regex, count=number).groups()))
                       for number in (1, 2, 3, 4)]
            self.assertEqual(results[0], (100, 0, 0))
            self.assertEqual([result[1:] for result in results[1:3]], [(0, 0)] * 2)
            self.assertEqual(results[3], (-1, EPIPE, 10))
            self.assertPattern(client, 6001100)
            self.assertEqual(client.recv(1), b"")

    def test_shutdown_closes_only_the_write_side(self):
        """tcp_connection_shutdown half-closes: what the client sends is still read."""
        with self.server("push") as server:
            base = harness.fds(server.pid)
            with server.connect() as client:
                client.sendall(b"shutdown\n")
                self.assertEqual(client.recv(1), b"")
                before = netcase.counts(server).messages
                client.sendall(b"ping\n")
                harness.wait_until(lambda: netcase.counts(server).messages > before)
                self.assertEqual(netcase.counts(server).closed, 0)
            self.assertSettles(server, base, 1)

    def test_shutdown_twice_is_one_shutdown(self):
        """The second shutdown changes nothing."""
        with self.server("push") as server, server.connect() as client:
            client.sendall(b"send 100\nshutdown\nshutdown\n")
            self.assertEqual(len(harness.recv_all(client)), 100)

    def test_what_is_queued_is_sent_after_the_peers_half_close(self):
        """The peer's end of stream ends reading, not sending: what is queued is sent first, then
        comes the closed callback."""
        size = 8 * MIB
        with self.server("push") as server, server.connect(rcvbuf=4096) as client:
            client.sendall(b"send %d\n" % size)
            client.shutdown(socket.SHUT_WR)
            server.wait_line(r"sent \d+")
            harness.recv_exactly(client, 1000)
            self.assertEqual(netcase.counts(server).closed, 0)
            self.assertPattern(client, size, 1000)
            self.assertEqual(client.recv(1), b"")
            server.wait_line(r"^\d+ closed$")

    def assertPattern(self, client, size, start=0):
        received = harness.recv_exactly(client, size - start)
        wanted = netcase.pattern(size, 0)[start:]
        if received != wanted:
            place = next(i for i in range(len(wanted)) if received[i] != wanted[i])
            self.fail(f"byte {place} of {size} is wrong")


@harness.matrix(threads=(0, 2))
class Limits(netcase.NetCase):
    def test_64_MiB_queued_is_the_limit(self):
        """64 MiB queued for a peer that doesn't read. Beyond: an [err] line, and the connection is
        closed through its callback; the send gets -1 with ENOBUFS; other connections are served
        meanwhile."""
        with self.server("push") as server:
            base = harness.fds(server.pid)
            with server.connect() as other, server.connect(rcvbuf=4096) as client:
                client.sendall(b"flood 1048576\n")
                taken = int(server.wait_line(r"flooded (\d+) times").group(1))
                self.assertGreaterEqual(taken, 64)
                self.assertLess(taken, 64 + 16)
                sent, error, queued = sends(server, taken + 1)[-1]
                self.assertEqual((sent, error), (-1, ENOBUFS))
                self.assertGreaterEqual(queued, 64 * MIB)
                server.wait_line(r"^\d+ closed$")
                server.wait_line(r"\[err\] ")
                for _ in range(10):
                    other.sendall(b"ping\n")
                    self.assertEqual(harness.recv_exactly(other, 5), b"pong\n")
            self.assertSettles(server, base, 2)

    @harness.matrix(threads=(0, 2), kinds=("so",))
    def test_a_send_is_taken_whole_while_the_queue_is_below_the_limit(self):
        """A send is taken whole while the queue is below the limit, be it 80 MiB."""
        size = 80 * MIB
        with self.server("push") as server, server.connect() as client:
            client.sendall(b"send %d\n" % size)
            sent, error, queued = sends(server, 1)[0]
            self.assertEqual((error, sent + queued), (0, size))
            wanted, done = netcase.pattern(16 * MIB), 0
            while done < size:
                # The pattern repeats after 16 MiB.
                part = harness.recv_exactly(client, 2 * MIB)
                place = done % (16 * MIB)
                self.assertTrue(part == wanted[place:place + 2 * MIB], f"near byte {done}")
                done += len(part)

    @harness.matrix(threads=(0, 2))
    def test_64_MiB_unread_is_the_limit(self):
        """64 MiB unread by a callback that doesn't consume. Beyond: an [err] line, and the connection
        is closed through its callback; other connections are served meanwhile."""
        block = b"H" * MIB
        with self.server("unread", "hoard") as server:
            base = harness.fds(server.pid)
            with server.connect() as other, server.connect() as client:
                sent = 0
                try:
                    while sent < 100 * MIB:
                        client.sendall(block)
                        sent += MIB
                        if sent % (8 * MIB) == 0:
                            other.sendall(b"pong")
                            self.assertEqual(harness.recv_exactly(other, 4), b"pong")
                except ConnectionError:
                    pass
                self.assertGreaterEqual(sent, 60 * MIB)
                self.assertLess(sent, 100 * MIB)
                unread = int(server.wait_line(r"closed with (\d+) unread").group(1))
                self.assertLess(unread, 80 * MIB)
                server.wait_line(r"\[err\] ")
                other.sendall(b"still")
                self.assertEqual(harness.recv_exactly(other, 5), b"still")
            self.assertSettles(server, base, 2)

    def test_60_MiB_unread_is_within_the_limit(self):
        """Below the limit nothing is closed."""
        with self.server("unread", "hoard") as server, server.connect() as client:
            for _ in range(60):
                client.sendall(b"H" * MIB)
            with server.connect() as other:
                other.sendall(b"pong")
                self.assertEqual(harness.recv_exactly(other, 4), b"pong")
                self.assertEqual(netcase.counts(server).closed, 0)


@harness.matrix(threads=(0, 2))
class ForeignThreads(netcase.NetCase):
    def test_8_threads_send_1000_messages_each(self):
        """A send on any other thread copies and returns 0; none is lost, order is kept per thread,
        a shutdown after them comes after them."""
        with self.server("foreign", "messages") as server, server.connect() as client:
            client.sendall(b"go")
            received = harness.recv_all(client).decode()
            seen = [[] for _ in range(8)]
            for line in received.splitlines():
                thread, number = map(int, line.split())
                seen[thread].append(number)
            for numbers in seen:
                self.assertEqual(numbers, list(range(1000)))

    def test_posted_sends_count_against_the_limit(self):
        """A send on any other thread counts against the queue limit."""
        with self.server("foreign", "flood") as server:
            base = harness.fds(server.pid)
            with server.connect() as other, server.connect(rcvbuf=4096) as client:
                client.sendall(b"go")
                match = server.wait_line(r"refused after (\d+) with (-?\d+) (\d+)")
                taken, result, error = map(int, match.groups())
                self.assertEqual((result, error), (-1, ENOBUFS))
                self.assertGreaterEqual(taken, 64)
                self.assertLess(taken, 64 + 16)
                server.wait_line(r"^\d+ closed$")
                other.sendall(b"pong")
                self.assertEqual(harness.recv_exactly(other, 4), b"pong")
            self.assertSettles(server, base, 2)

    def test_threads_may_send_until_the_closed_callback_returns(self):
        """A connection pointer is valid until connectionClosedCallBack has returned: threads send
        while the peer goes at any time, by a close or a reset."""
        with self.server("foreign", "gone") as server:
            base = harness.fds(server.pid)
            for turn in range(20):
                client = server.connect()
                client.sendall(b"go")
                harness.recv_exactly(client, 10000)
                harness.abort(client) if turn % 2 else client.close()
            self.assertSettles(server, base, 20)
            self.assertServed(server)


def sends(server, count):
    """The results of the first `count` sends: (result, errno, queued)."""
    regex = r"^\d+ sent (-?\d+) (\d+) queued (\d+)$"
    server.wait_line(regex, count=count)
    return [tuple(map(int, match.groups()))
            for match in map(re.compile(regex).search, list(server.lines)) if match][:count]


if __name__ == "__main__":
    unittest.main()
