"""The loop as a process shows it: back ends, stopping, waking, forking, log lines."""
import os
import re
import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import harness
import netcase


@harness.matrix()
class Dispatchers(netcase.NetCase):
    def serves(self, server):
        """Small and large traffic, clients that come and go."""
        for _ in range(20):
            self.assertServed(server)
        data = os.urandom(8 << 20)
        with server.connect(rcvbuf=4096) as client:
            client.sendall(data)
            self.assertEqual(harness.recv_exactly(client, len(data)), data)
        clients = [server.connect() for _ in range(64)]
        for number, client in enumerate(clients):
            client.sendall(netcase.spread(number))
        for number, client in enumerate(clients):
            wanted = netcase.spread(number)
            self.assertEqual(harness.recv_exactly(client, len(wanted)), wanted)
        for number, client in enumerate(clients):
            harness.abort(client) if number % 2 else client.close()

    def calls(self, server):
        start = len(server.lines)
        server.signal(signal.SIGUSR1)
        match = server.wait_line(
            r"^init (\d+) add (\d+) del (\d+) update (\d+) dispatch (\d+)$", start)
        return list(map(int, match.groups()))

    def test_a_wrapper_is_called_for_everything(self):
        """The loop calls its back end through eventLoop->eventDispatcher, connections included; a
        wrapped copy of either struct works; nothing is added again for it."""
        with self.server("dispatcher", "wrap") as server:
            base = harness.fds(server.pid)
            self.serves(server)
            self.assertSettles(server, base, 85)
            init, add, delete, update, dispatch = self.calls(server)
            # The listening socket, and 85 connections.
            self.assertEqual((init, add, delete), (0, 86, 85))
            self.assertGreater(update, 0)
            self.assertGreater(dispatch, 20)
            self.assertIdle(server.pid)

    def test_a_complete_one_of_the_program(self):
        """A program can supply its own struct event_dispatcher, set after event_loop_init: every
        channel of the map, the wake-up's too, is added to it before the next pass."""
        with self.server("dispatcher", "own") as server:
            base = harness.fds(server.pid)
            self.serves(server)
            self.assertSettles(server, base, 85)
            init, add, delete, update, dispatch = self.calls(server)
            # The wake-up, the listening socket, and 85 connections.
            self.assertEqual((init, add, delete), (1, 87, 85))
            self.assertGreater(update, 0)
            self.assertGreater(dispatch, 20)
            self.assertIdle(server.pid)

    def test_the_librarys_other_back_end_set_by_hand(self):
        """... or the library's init was called again for this loop."""
        other = "epoll" if self.variation.dispatcher == "poll" else "poll"
        with self.server("dispatcher", "switch", env={"YOLANDA_LOG": "msg"}) as server:
            self.serves(server)
            mark = "epoll_wait wakeup" if other == "epoll" else "get message channel i=="
            server.wait_line(re.escape(mark))
            self.assertIdle(server.pid)

    def test_both_in_one_process(self):
        """Both can be used in one process."""
        with self.server("dispatcher", "both") as server:
            second = int(server.wait_line(r"^second (\d+)$").group(1))
            self.serves(server)
            first, server.port = server.port, second
            self.serves(server)
            server.port = first
            self.serves(server)

    def test_another_value_of_YOLANDA_DISPATCHER_counts_as_unset(self):
        """YOLANDA_DISPATCHER=epoll|poll (another value counts as unset); the default is epoll."""
        for value in ("nonsense", "", None):
            env = {"YOLANDA_DISPATCHER": value, "YOLANDA_LOG": None}
            with self.server("echo", env=env) as server:
                server.wait_line("set epoll as dispatcher, main thread")


@harness.matrix()
class Stopping(netcase.NetCase):
    """D24, the part without yolanda.h: quit and a wake-up end a loop, and run returns 0."""

    def stopping(self, mode, log="err"):
        return harness.Server(self.binary("stopping"), mode, port=False,
                              env={**self.variation.env, "YOLANDA_LOG": log})

    def assertReturns(self, server):
        server.wait_line("^returned 0$")
        self.assertEqual(server.wait_end(), 0)

    def test_quit_from_another_thread_and_a_wakeup(self):
        """quit set by another thread followed by event_loop_wakeup stops it at once: by the wake-up."""
        with self.stopping("thread", "msg") as server:
            server.wait_line("event loop run, main thread")
            # If it sleeps after that line, it waits in its back end.
            harness.wait_until(lambda: harness.state(server.pid) == "S", "the loop to wait")
            server.tell("go")
            self.assertReturns(server)
            self.assertIn("[msg] wakeup, main thread", server.output)
            self.assertIn("[msg] event loop end, main thread", server.output)

    def test_quit_without_a_wakeup(self):
        """... without the wake-up within 1 s."""
        with self.stopping("quiet") as server:
            server.wait_line("^runs$")
            server.tell("go")
            self.assertReturns(server)

    def test_quit_and_wakeup_from_a_signal_handler(self):
        """event_loop_wakeup may be called from a signal handler."""
        with self.stopping("signal", "msg") as server:
            server.wait_line("event loop run, main thread")
            server.signal(signal.SIGUSR1)
            self.assertReturns(server)

    def test_a_full_wakeup_pipe_is_no_error(self):
        """event_loop_wakeup: a full pipe isn't an error and doesn't block."""
        with self.stopping("full") as server:
            self.assertReturns(server)
            self.assertNotIn("[err]", server.output)

    def test_the_loop_of_a_thread_ends_and_its_thread_is_joined(self):
        """thread_tid is a joinable pthread."""
        with self.stopping("pool") as server:
            self.assertReturns(server)

    def test_quit_before_the_run(self):
        """It runs until quit is non-zero, then returns 0."""
        with self.stopping("before") as server:
            self.assertReturns(server)


@harness.matrix()
class Changes(netcase.NetCase):
    @harness.of_the_pools
    def test_D23_100000_event_changes_from_another_thread_leak_nothing(self):
        """D23: pending elements are leaked, one per event change."""
        with self.server("changes") as server:
            for turn in range(2):
                server.ask("go", "^taken$")
            memory = harness.rss(server.pid)
            for turn in range(3):
                server.ask("go", "^taken$")
            harness.wait_until(lambda: harness.rss(server.pid) <= memory + 1024,
                               f"{memory} KiB again", timeout=harness.scaled(5))


@harness.matrix(threads=(0, 2))
class Forking(netcase.NetCase):
    def test_a_loop_made_before_fork_runs_in_the_child(self):
        """A loop made before fork/daemon runs in the child, if only the child uses it."""
        with self.server("forking", "fork") as server:
            child = int(server.wait_line(r"^child (\d+)$").group(1))
            try:
                for _ in range(20):
                    self.assertServed(server)
                self.assertIdle(child)
            finally:
                os.kill(child, signal.SIGKILL)
            self.assertEqual(server.wait_end(), 0)

    def test_a_loop_made_before_daemon_runs_in_the_daemon(self):
        """daemon() is fork, and the parent's end."""
        with self.server("forking", "daemon") as server:
            child = int(server.wait_line(r"^child (\d+)$").group(1))
            try:
                for _ in range(20):
                    self.assertServed(server)
                self.assertIdle(child)
            finally:
                os.kill(child, signal.SIGKILL)
            self.assertEqual(server.wait_end(), 0)


@harness.matrix(threads=(0, 2))
class Log(netcase.NetCase):
    def logged(self, level):
        """The lines of one client's visit, at that level."""
        with self.server("echo", env={"YOLANDA_LOG": level}) as server:
            base = harness.fds(server.pid)
            self.assertServed(server)
            self.assertSettles(server, base, 1)
        # All of them are here only when the process has ended.
        return [line for line in server.lines if line.startswith("[")]

    def test_the_lines_of_a_visit(self):
        """With no setting everything is printed; the lines come at the points that a course reader
        knows, in this order, with the loop's name."""
        lines = self.logged(None)
        self.assertEqual([line for line in lines if not line.startswith("[msg] ")], [])
        text = "\n".join(lines)
        loop = "main thread" if self.variation.threads == 0 else "Thread-1"
        epoll = self.variation.dispatcher == "epoll"
        accepted = re.search(r"new connection established, socket == (\d+)", text)
        self.assertIsNotNone(accepted)
        fd = accepted.group(1)
        steps = [
            f"set {self.variation.dispatcher} as dispatcher, main thread",
            r"add channel fd == \d+, main thread",
        ]
        if self.variation.threads:
            steps += ["event loop thread init and signal, Thread-1", "event loop run, Thread-1"]
        served = [
            "new connection established, socket == " + fd,
            f"add channel fd == {fd}, {loop}",
            (f"get message channel fd=={fd} for read, {loop}" if epoll
             else f"get message channel i==\\d+, fd=={fd}, {loop}"),
            f"activate channel fd == {fd}, revents=2, {loop}",
        ]
        for group in (steps, ["event loop run, main thread", *served]):
            place = 0
            for step in group:
                match = re.compile(r"^\[msg\] " + step + "$", re.M).search(text, place)
                self.assertIsNotNone(match, f"no {step!r} behind offset {place} of:\n{text}")
                place = match.start()
        if epoll:
            self.assertIn(f"[msg] epoll_wait wakeup, {loop}", lines)
        else:
            self.assertIn(f"[msg] poll added channel fd=={fd}, {loop}", lines)
            self.assertIn(f"[msg] poll delete channel fd=={fd}, {loop}", lines)
        if self.variation.threads:
            self.assertIn("[msg] event loop thread started, Thread-1", lines)
            self.assertIn("[msg] event loop thread started, Thread-2", lines)
            self.assertIn("[msg] event loop run, Thread-2", lines)
            self.assertIn("[msg] wakeup, Thread-1", lines)

    @harness.matrix(threads=(0, 2), kinds=("so",))
    def test_levels(self):
        """YOLANDA_LOG=off|err|warn|msg|debug; another value counts as unset."""
        for level in ("off", "err", "warn"):
            self.assertEqual(self.logged(level), [], level)
        for level in ("msg", "debug", "nonsense", ""):
            self.assertIn("[msg] event loop run, main thread", self.logged(level), level)

    @harness.matrix(threads=(0, 2), kinds=("so",))
    def test_an_idle_pass_prints_nothing(self):
        """A pass in which nothing happened prints nothing: more than a second has one at least."""
        with self.server("echo", env={"YOLANDA_LOG": None}) as server:
            server.wait_line("event loop run, main thread")
            if self.variation.threads:
                server.wait_line("event loop run, Thread-1")
                server.wait_line("event loop run, Thread-2")
            before = len(server.lines)
            self.assertIdle(server.pid, 1.2)
            self.assertEqual(server.lines[before:], [])

    def test_a_held_back_write_is_logged(self):
        """`handle_write for tcp connection CNAME`: a write that was held back; the write event is
        switched on and off by updates."""
        with self.server("push", env={"YOLANDA_LOG": None}) as server:
            with server.connect(rcvbuf=4096) as client:
                client.sendall(b"send 8000000\n")
                server.wait_line(r" sent \d+")
                harness.recv_exactly(client, 8000000)
                fd = server.wait_line(r"^(\d+) written").group(1)
            server.wait_line(r"handle_write for tcp connection connection-" + fd)
            loop = "main thread" if self.variation.threads == 0 else "Thread-1"
            server.wait_line(f"update channel fd == {fd}, {loop}")
            if self.variation.dispatcher == "poll":
                server.wait_line(f"poll updated channel fd=={fd}, {loop}")

    def test_the_http_servers_lines(self):
        """The HTTP server's: connection completed, get message from tcp connection CNAME,
        connection closed."""
        with self.server("http", env={"YOLANDA_LOG": None}) as server:
            with server.connect() as client:
                client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                harness.recv_until(client, b"hello")
            server.wait_line(r"^\[msg\] connection completed$")
            server.wait_line(r"^\[msg\] get message from tcp connection connection-\d+$")
            server.wait_line(r"^\[msg\] connection closed$")


if __name__ == "__main__":
    unittest.main()
