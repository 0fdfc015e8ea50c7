"""The callbacks of a connection: which, when, on which thread, and what they may do."""
import os
import socket
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import harness
import netcase


def events_of(server):
    return [line for line in list(server.lines)
            if line.split(" ")[0].isdigit() and line.split(" ")[1] != "sent"]


@harness.matrix(threads=(0, 2))
class Callbacks(netcase.NetCase):
    def test_order_of_callbacks(self):
        """Completed once, on the accepting thread, before the connection is added to its loop, with
        data already set; messages, then closed once, on the loop's thread, off the loop; fd, name
        and data readable in it (events.c checks all this in each callback)."""
        with self.server("events") as server:
            with server.connect() as client:
                for _ in range(3):
                    client.sendall(b"hello")
                    harness.recv_exactly(client, 5)
            server.wait_line(" closed$")
            events = [line.split(" ", 1) for line in events_of(server)]
            self.assertEqual(len({fd for fd, _ in events}), 1)
            self.assertEqual([what for _, what in events],
                             ["completed", "message", "message", "message", "closed"])

    def test_order_of_callbacks_with_held_back_output(self):
        """Write-completed comes when held back output is drained, and before closed."""
        data = os.urandom(8 << 20)
        with self.server("events") as server:
            with server.connect(rcvbuf=4096) as client:
                client.sendall(data)
                self.assertEqual(harness.recv_exactly(client, len(data)), data)
                server.wait_line(" written$")
            server.wait_line(" closed$")
            kinds = [line.split()[1] for line in events_of(server)]
            self.assertEqual(kinds[0], "completed")
            self.assertEqual(kinds[-1], "closed")
            self.assertEqual(kinds.count("completed") + kinds.count("closed"), 2)

    def test_a_client_that_says_nothing(self):
        """Completed and closed, but no message, for a client that connects and closes."""
        with self.server("events") as server:
            server.connect().close()
            server.wait_line(" closed$")
            self.assertEqual([line.split()[1] for line in events_of(server)], ["completed", "closed"])

    def test_D9_data_is_there_before_the_first_byte(self):
        """D9: conn->data is set after the connection was handed to its thread: a fast client
        reaches the callback first. The server checks it in every callback."""
        with self.server("events") as server:
            for _ in range(10):
                clients = []
                for _ in range(50):
                    client = server.connect()
                    client.sendall(b"at once")
                    clients.append(client)
                for client in clients:
                    self.assertEqual(harness.recv_exactly(client, 7), b"at once")
                    client.close()
            harness.wait_until(lambda: netcase.counts(server).closed == 500)

    def test_data_is_NULL_without_set_data(self):
        """tcp_server_set_data(NULL, ...): nothing."""
        with self.server("events", "nodata") as server:
            self.assertServed(server)
            server.wait_line(" closed$")

    def test_D8_a_read_that_would_block_closes_nothing(self):
        """D8: a read that would block counts as end of stream and closes the connection."""
        with self.server("events", "again") as server, server.connect() as client:
            for _ in range(20):
                client.sendall(b"hello")
                self.assertEqual(harness.recv_exactly(client, 5), b"hello")
            self.assertEqual(netcase.counts(server).closed, 0)

    def test_a_send_inside_the_completed_callback(self):
        """A callback may send, the completed callback too; on the accepting thread of another
        loop's connection the send returns 0. What is sent there comes first."""
        with self.server("events", "greet") as server:
            base = harness.fds(server.pid)
            for _ in range(50):
                with server.connect() as client:
                    client.sendall(b"guest")
                    self.assertEqual(harness.recv_exactly(client, 13), b"welcome guest")
            with server.connect() as client:
                self.assertEqual(harness.recv_exactly(client, 8), b"welcome ")
            self.assertSettles(server, base, 51)

    def test_any_callback_may_be_NULL(self):
        """Any of them may be NULL, in all 16 combinations."""
        data = b"z" * 300000
        for mask in range(16):
            with self.subTest(mask=mask), self.server("events", "null", mask) as server:
                base = harness.fds(server.pid)
                with server.connect() as client:
                    if mask & 2:
                        # Without a message callback bytes are read and dropped.
                        client.sendall(data)
                        client.shutdown(socket.SHUT_WR)
                        self.assertEqual(client.recv(1), b"")
                    else:
                        self.assertEqual(harness.exchange(client, data), data)
                harness.wait_until(lambda: harness.fds(server.pid) == base)
                if not mask & 8:
                    server.wait_line(" closed$")

    def test_without_a_message_callback_bytes_are_read_and_dropped(self):
        """Without a message callback bytes are read and dropped: 100 MB pass, below all limits."""
        with self.server("events", "null", 2) as server, server.connect() as client:
            memory = harness.rss(server.pid)
            block = bytes(1 << 20)
            for _ in range(100):
                client.sendall(block)
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(client.recv(1), b"")
            self.assertLess(harness.rss(server.pid), memory + 4096)

    def test_a_write_event_with_nothing_queued_is_disabled_again(self):
        """A write event that the program enabled on a connection with nothing queued is disabled
        again, without a write-completed callback."""
        with self.server("writeevent") as server, server.connect() as client:
            client.sendall(b"x")
            self.assertEqual(harness.recv_until(client, b"\n"), b"0 0\n")
            self.assertIdle(server.pid)
            for _ in range(5):
                client.sendall(b"x")
                self.assertEqual(harness.recv_until(client, b"\n"), b"0 0\n")
                self.assertIdle(server.pid, 0.05)
            self.assertEqual(netcase.counts(server).written, 0)


@harness.matrix(threads=(0, 2))
class Input(netcase.NetCase):
    def test_bytes_left_unread_stay(self):
        """The message callback may leave bytes unread: they stay, and the next call sees them
        followed by the new ones."""
        with self.server("unread", "lines") as server, server.connect() as client:
            client.sendall(b"one")
            server.wait_line("^unread 3$")
            client.sendall(b" line")
            server.wait_line("^unread 8$")
            client.sendall(b"\nand another")
            self.assertEqual(harness.recv_exactly(client, 9), b"one line\n")
            server.wait_line("^unread 11$")
            client.sendall(b"\n")
            self.assertEqual(harness.recv_exactly(client, 12), b"and another\n")
            server.wait_line("^unread 0$")

    def test_bytes_left_unread_in_many_connections_do_not_mix(self):
        """Unread bytes belong to their connection, whatever block it read into."""
        with self.server("unread", "lines") as server:
            clients = [server.connect() for _ in range(100)]
            texts = [netcase.spread(number, 10 + number * 37).replace(b"\n", b" ")
                     for number in range(100)]
            for client, text in zip(clients, texts):
                client.sendall(text[:5])
            server.wait_line("^unread 5$", count=100)
            for client, text in zip(clients, texts):
                client.sendall(text[5:])
            for client in reversed(clients):
                client.sendall(b"\n")
            for client, text in zip(clients, texts):
                self.assertEqual(harness.recv_exactly(client, len(text) + 1), text + b"\n")
                client.close()

    def test_large_unread_input_grows(self):
        """5 MB that a callback can't use yet, then the byte that it waits for."""
        line = os.urandom(5 << 20).replace(b"\n", b" ")
        with self.server("unread", "lines") as server, server.connect() as client:
            client.sendall(line)
            server.wait_line(f"^unread {len(line)}$")
            client.sendall(b"\n")
            self.assertEqual(harness.recv_exactly(client, len(line) + 1), line + b"\n")

    @harness.matrix(threads=(0,))
    def test_unread_bytes_keep_their_address_until_the_next_read(self):
        """What it left unread keeps its address until the next read, while other connections read."""
        for size in (4, 5, 1000, 65536):
            with self.subTest(size=size), self.server("unread", "peek") as server:
                with server.connect() as keeper, server.connect() as other:
                    keeper.sendall(b"keep".ljust(size, b"."))
                    server.wait_line(f"^keeps {size}$")
                    for turn in range(20):
                        other.sendall(b"look" + b"!" * (turn * 5000))
                        self.assertEqual(harness.recv_exactly(other, 5), b"kept\n")

    def test_percent_s_shows_exactly_the_new_message(self):
        """After every read the byte behind the readable bytes is a NUL; an emptied input buffer starts
        again at index 0 with the next message, so that a print with %s shows the new message."""
        with self.server("unread", "print") as server, server.connect() as client:
            for text in (b"a first and rather long message", b"short", b"s", b"longer again",
                         b"q" * 60000, b"end"):
                client.sendall(text)
                self.assertEqual(harness.recv_exactly(client, len(text)), text)
                with server.connect() as other:
                    other.sendall(b"somebody else")
                    self.assertEqual(harness.recv_exactly(other, 13), b"somebody else")

    def test_a_program_may_replace_the_block_of_its_input(self):
        """After each callback the library checks whether input->data is still the block that it lent."""
        with self.server("unread", "swap") as server:
            base = harness.fds(server.pid)
            for turn in range(10):
                data = os.urandom(3000)
                start = len(server.lines)
                with server.connect() as client:
                    client.sendall(data[:400])
                    server.wait_line("^unread 400$", start)
                    client.sendall(data[400:900])
                    server.wait_line("^unread 900$", start)
                    client.sendall(data[900:])
                    self.assertEqual(harness.recv_exactly(client, 3000), data)
            self.assertSettles(server, base, 10)

    def test_pointers_into_the_input_stay_valid_until_the_callback_returns(self):
        """Pointers into an input buffer are valid until the callback returns, though it has
        consumed everything and sent it ten times over."""
        data = os.urandom(50000)
        with self.server("unread", "stays") as server, server.connect(rcvbuf=4096) as client:
            for _ in range(5):
                client.sendall(data)
                received = harness.recv_exactly(client, 10 * len(data))
                self.assertEqual(sorted_bytes(received), sorted_bytes(data * 10))


def sorted_bytes(data):
    """How often each byte is in it: reads may cut a message anywhere."""
    return [data.count(value) for value in range(256)]


@harness.matrix(threads=(0,))
class Peers(netcase.NetCase):
    """Callbacks that act on other connections."""

    def crowd(self, server, count=20):
        clients = [server.connect() for _ in range(count)]
        for client in clients:
            client.sendall(b"count\n")
            harness.recv_until(client, b"\n")
        return clients

    def assertAlone(self, server, client, left=1):
        def number():
            client.sendall(b"count\n")
            return int(harness.recv_until(client, b"\n"))
        harness.wait_until(lambda: number() == left, "the others to go")

    def test_a_send_on_another_connection(self):
        """A callback may send on every connection of its loop."""
        with self.server("peers") as server:
            clients = self.crowd(server)
            for number, client in enumerate(clients):
                client.sendall(b"all %d\n" % number)
            for client in clients:
                lines = harness.recv_exactly(client, sum(len(b"all %d\n" % n) for n in range(20)))
                self.assertEqual(sorted(lines.split(b"\n")[:-1]),
                                 sorted(b"all %d" % n for n in range(20)))

    def test_a_large_broadcast_is_queued_for_slow_readers(self):
        """A broadcast reaches a peer that reads later; no closed callback runs within a send."""
        line = b"all " + b"w" * 200000 + b"\n"
        with self.server("peers") as server:
            slow = server.connect(rcvbuf=4096)
            slow.sendall(b"count\n")
            harness.recv_until(slow, b"\n")
            with server.connect() as client:
                for _ in range(20):
                    client.sendall(line)
                    self.assertEqual(harness.recv_exactly(client, len(line)), line)
            self.assertEqual(harness.recv_exactly(slow, 20 * len(line)), line * 20)

    def test_closing_others_with_shutdown_fd(self):
        """close other connections (shutdown(fd, SHUT_RDWR)) and use them again: their closed
        callbacks come from the loop's pass, not from within a send."""
        with self.server("peers") as server:
            base = harness.fds(server.pid)
            clients = self.crowd(server)
            clients[7].sendall(b"kill\n")
            self.assertEqual(harness.recv_exactly(clients[7], 5), b"done\n")
            for client in clients[:7] + clients[8:]:
                self.assertEqual(harness.recv_all(client), b"")
            self.assertAlone(server, clients[7])
            clients[7].close()
            self.assertSettles(server, base, 20)

    def test_closing_itself_with_shutdown_fd_and_sending_on(self):
        """A send on a connection that the program has shut down itself: no SIGPIPE, closed once."""
        with self.server("peers") as server:
            base = harness.fds(server.pid)
            for _ in range(20):
                with server.connect() as client:
                    client.sendall(b"suicide\n")
                    self.assertEqual(harness.recv_all(client), b"")
            self.assertSettles(server, base, 20)

    def test_hanging_up_on_others(self):
        """tcp_connection_shutdown on other connections."""
        with self.server("peers") as server:
            base = harness.fds(server.pid)
            clients = self.crowd(server)
            clients[0].sendall(b"hang\n")
            for client in clients[1:]:
                self.assertEqual(harness.recv_all(client), b"")
                client.close()
            self.assertAlone(server, clients[0])
            clients[0].close()
            self.assertSettles(server, base, 20)

    def test_enabling_and_disabling_the_events_of_others(self):
        """A callback may enable and disable the events of other connections."""
        with self.server("peers") as server:
            clients = self.crowd(server)
            for client in clients:
                client.sendall(b"mute\n")
                self.assertEqual(harness.recv_exactly(client, 6), b"muted\n")
            self.assertIdle(server.pid)
            self.assertEqual(netcase.counts(server).written, 0)
            for client in clients:
                client.sendall(b"count\n")
                self.assertEqual(harness.recv_until(client, b"\n"), b"20\n")

    def test_closing_the_descriptors_of_others(self):
        """A program that calls close(fd) of other connections: newcomers that get the numbers are
        served; the old ones get their closed callback, and no close of a number that isn't theirs."""
        with self.server("peers") as server:
            base = harness.fds(server.pid)
            clients = self.crowd(server)
            clients[3].sendall(b"cut\n")
            self.assertEqual(harness.recv_exactly(clients[3], 5), b"done\n")
            for client in clients[:3] + clients[4:]:
                self.assertEqual(harness.recv_all(client), b"")
                client.close()
            newcomers = self.crowd(server, 19)
            self.assertAlone(server, clients[3], 20)
            for client in newcomers:
                client.sendall(b"count\n")
                self.assertEqual(harness.recv_until(client, b"\n"), b"20\n")
            for client in newcomers + [clients[3]]:
                client.close()
            self.assertSettles(server, base, 39)


if __name__ == "__main__":
    unittest.main()
