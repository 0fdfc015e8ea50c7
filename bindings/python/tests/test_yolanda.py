"""The package with real sockets: python -m unittest, or pytest."""
import asyncio
import errno
import gc
import http.client
import json
import os
import signal
import socket
import sys
import threading
import unittest

import yolanda
from yolanda import _handles, aio

# For what takes milliseconds; a test that hangs fails by it.
PATIENCE = 60
CONNECTIONS = 10_000


class Case(unittest.TestCase):
    def setUp(self):
        gc.collect()
        self.handles = _handles.count()
        self.errors = []
        self.loop = yolanda.Loop(on_error=lambda error, function: self.errors.append(error))
        self.addCleanup(self.finish)
        self.late = self.loop.call_later(PATIENCE, self.give_up)

    def give_up(self):
        raise SystemExit("the test takes too long")

    def finish(self):
        self.loop.close()
        gc.collect()
        self.assertEqual(_handles.count(), self.handles)

    def echo(self, threads=0, **callbacks):
        server = yolanda.Server(self.loop, "127.0.0.1:0", threads=threads,
                                received=lambda connection, data: connection.send(data), **callbacks)
        server.start()
        return server

    def client(self, server, *args, **callbacks):
        client = yolanda.Client(self.loop, f"127.0.0.1:{server.port}", *args, **callbacks)
        client.start()
        return client

    def aside(self, function, *args):
        """Runs the loop while another thread calls a function, and returns what that returned."""
        results = []

        def work():
            try:
                results.append(function(*args))
            finally:
                self.loop.stop()

        thread = threading.Thread(target=work)
        thread.start()
        self.loop.run()
        thread.join()
        return results[0]


class Tcp(Case):
    def test_echo(self):
        received = []
        for kind in (bytes, bytearray, memoryview):
            client = self.client(
                self.echo(), connected=lambda connection, kind=kind: connection.send(kind(b"hello")),
                received=lambda _, data: (received.append(data), self.loop.stop()))
            self.loop.run()
            self.assertTrue(client.connection.peer.startswith("127.0.0.1:"))
        self.assertEqual(received, [b"hello"] * 3)

    def test_handler_object(self):
        class Once:
            calls = []

            def connected(self, connection):
                self.calls.append("connected")
                # `sent` is called only if the socket hasn't taken everything at once.
                connection.send(bytes(8 << 20))

            def received(self, connection, data):
                self.calls.append("received")
                if connection.queued == 0:
                    connection.close_after_send()

            def sent(self, connection):
                self.calls.append("sent")
                connection.close_after_send()

            def closed(self, connection):
                self.calls.append(("closed", connection.error))
                connection.data()

        handler = Once()
        self.client(self.echo(connected=lambda connection: setattr(connection, "data", None)), handler,
                    connected=lambda connection: (setattr(connection, "data", self.loop.stop),
                                                  Once.connected(handler, connection)))
        self.loop.run()
        self.assertEqual(set(Once.calls), {"connected", "received", "sent", ("closed", 0)})

    def test_connection_after_its_end(self):
        kept = []
        self.client(self.echo(), connected=lambda connection: connection.close(),
                    closed=lambda connection: (kept.append(connection), self.loop.stop()))
        self.loop.run()
        connection = kept[0]
        for call in (lambda: connection.send(b"x"), connection.pause, connection.resume, connection.close_after_send,
                     lambda: connection.peer):
            with self.assertRaises(OSError) as caught:
                call()
            self.assertEqual(caught.exception.errno, errno.ENOTCONN)
        connection.close()
        self.assertFalse(connection.is_open)
        self.loop.close()
        self.assertGreater(connection.id, 0)
        self.assertEqual(connection.error, errno.ECANCELED)

    def test_pause_and_resume(self):
        received = []

        def connected(connection):
            connection.pause()
            self.loop.call_later(0.01, lambda: (self.assertEqual(received, []), connection.resume()))

        server = yolanda.Server(self.loop, "127.0.0.1:0", connected=connected,
                                received=lambda _, data: (received.append(data), self.loop.stop()))
        server.start()
        self.client(server, connected=lambda connection: connection.send(b"x"))
        self.loop.run()
        self.assertEqual((received, self.errors), ([b"x"], []))

    def test_failures_in_words(self):
        with self.assertRaisesRegex(FileNotFoundError, "no such folder|No such file"):
            yolanda.Server(self.loop, "unix:/no/such/folder/socket")
        server = self.echo()
        with self.assertRaisesRegex(OSError, f"127.0.0.1:{server.port}: Address already in use"):
            yolanda.Server(self.loop, f"127.0.0.1:{server.port}")
        server.close()
        with self.assertRaises(OSError):
            server.start()
        failures = []
        yolanda.Client(self.loop, "unix:@nobody-listens", failed=lambda error: (failures.append(error),
                                                                               self.loop.stop())).start()
        self.loop.run()
        self.assertEqual(failures[0].errno, errno.ECONNREFUSED)

    def test_callback_that_raises(self):
        for threads in (0, 2):
            server = self.echo(threads, connected=lambda _: 1 / 0)
            self.assertEqual(self.aside(exchange, server.port), b"hello")
            self.assertIsInstance(self.errors.pop(), ZeroDivisionError)

    def test_without_on_error(self):
        seen = []
        self.loop.on_error = None
        previous, sys.unraisablehook = sys.unraisablehook, lambda args: seen.append(args.exc_type)
        try:
            self.loop.post(lambda: 1 / 0)
            self.loop.post(self.loop.stop)
            self.loop.run()
        finally:
            sys.unraisablehook = previous
        self.assertEqual(seen, [ZeroDivisionError])

    def test_churn(self):
        """Neither descriptors nor handles nor connections are left, and nothing is collected too early."""
        for threads, count in ((0, CONNECTIONS), (2, CONNECTIONS // 10)):
            before, ended = len(os.listdir("/proc/self/fd")), []
            server = self.echo(threads, closed=lambda connection, ended=ended: ended.append(connection.error))
            port = server.port

            def churn(port=port, count=count):
                for number in range(count):
                    self.assertEqual(exchange(port), b"hello")
                    if number % 100 == 0:
                        gc.collect()

            self.aside(churn)
            while server.connection_count:
                self.loop.run_once(0.1)
            server.close()
            self.assertEqual(len(ended), count)
            gc.collect()
            self.assertEqual(sum(isinstance(each, yolanda.Connection) for each in gc.get_objects()), 0)
            self.assertEqual(len(os.listdir("/proc/self/fd")), before)
            self.assertEqual(_handles.count(), self.handles)

    def test_half_open(self):
        received = []

        def answer(connection):
            connection.send(b"".join(received))
            connection.shutdown()

        server = yolanda.Server(self.loop, "127.0.0.1:0", received=lambda _, data: received.append(data),
                                input_ended=answer)
        server.start()

        def ask(port):
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
                client.sendall(b"hello")
                client.shutdown(socket.SHUT_WR)
                return client.recv(10), client.recv(10)

        self.assertEqual(self.aside(ask, server.port), (b"hello", b""))

    def test_graceful_stop(self):
        server = self.echo()
        server.stop(5, self.loop.stop)
        self.loop.run()


class Loops(Case):
    def test_stop_from_another_thread(self):
        thread = threading.Timer(0.01, self.loop.stop)
        thread.start()
        self.loop.run()
        thread.join()

    def test_posts_are_called_in_order(self):
        called = []

        def post():
            for number in range(100):
                self.loop.post(called.append, number)

        self.aside(post)
        self.assertEqual(called, list(range(100)))

    def test_other_thread(self):
        def use():
            with self.assertRaises(PermissionError):
                self.loop.run()
            with self.assertRaises(PermissionError):
                self.loop.call_later(1, print)
            return True

        self.assertTrue(self.aside(use))

    def test_timers(self):
        calls = []
        every = self.loop.call_every(0.001, lambda: (calls.append("every"), len(calls) < 3 or every.cancel()))
        never = self.loop.call_later(0.001, calls.append, "never")
        never.cancel()
        self.loop.call_later(0.02, self.loop.stop)
        self.loop.run()
        while every.active:
            self.loop.run_once()
        self.assertEqual(calls, ["every"] * 3)
        self.assertFalse(never.active)

    def test_signal(self):
        watch = self.loop.signal(signal.SIGUSR1, self.loop.stop)
        os.kill(os.getpid(), signal.SIGUSR1)
        self.loop.run()
        watch.cancel()
        self.assertFalse(watch.active)

    def test_system_exit_ends_the_run(self):
        self.loop.post(sys.exit, 3)
        with self.assertRaises(SystemExit):
            self.loop.run()

    def test_closed(self):
        self.loop.post(self.loop.close)
        self.loop.post(self.loop.stop)
        self.loop.run()
        self.assertEqual(self.errors[0].errno, errno.EBUSY)
        self.loop.close()
        self.loop.stop()
        for call in (self.loop.run, lambda: self.loop.post(print), lambda: self.loop.call_later(1, print)):
            with self.assertRaises(OSError) as caught:
                call()
            self.assertEqual(caught.exception.errno, errno.ESHUTDOWN)

    def test_asyncio(self):
        async def talk():
            server = self.echo()
            embedded = aio.Embedded(self.loop)
            called = asyncio.Event()
            embedded.call(self.loop.call_later, 0.001, called.set)
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(b"hello")
            answer = await reader.readexactly(5)
            writer.close()
            await called.wait()
            embedded.call(self.loop.stop)
            while self.loop.stopping and embedded._timer is not None:
                await asyncio.sleep(0)
            return answer

        self.assertEqual(asyncio.run(asyncio.wait_for(talk(), PATIENCE)), b"hello")


class Http(Case):
    def setUp(self):
        super().setUp()
        self.server = yolanda.HTTPServer(self.loop, "127.0.0.1:0")
        self.kept = []
        self.server.route("*", "/things/:name", self.describe)
        self.server.route("GET", "/raises", lambda request, response: 1 / 0)
        self.server.route("GET", "/later", self.later)
        self.server.route("GET", "/dropped", lambda request, response: response.defer() and None)
        self.server.route("GET", "/dropped-raising", lambda request, response: response.defer() and 1 / 0)
        self.server.start()
        self.port = self.server.port

    def describe(self, request, response):
        self.kept += [request, response]
        response.status = 201
        response.header("X-Kind", "test")
        response.json({
            "method": request.method, "path": request.path, "name": request.param("name"), "url": request.url,
            "q": request.query("q"), "none": request.query("none", "-"), "pairs": request.query_pairs,
            "agent": request.header("user-agent"), "headers": len(request.headers), "body": request.body.decode(),
        })

    def later(self, request, response):
        deferred = response.defer()

        def answer():
            deferred.body(request.path)
            deferred.send()

        self.kept.append(deferred)
        threading.Timer(0.01, answer).start()

    def ask(self, *args, **kwargs):
        def ask():
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            try:
                connection.request(*args, **kwargs)
                response = connection.getresponse()
                return response.status, response.read().decode(), dict(response.getheaders())
            finally:
                connection.close()

        return self.aside(ask)

    def test_request_and_response(self):
        status, body, headers = self.ask("PUT", "/things/a%20b?q=1&q=%32", "text", {"User-Agent": "me"})
        self.assertEqual((status, headers["X-Kind"], headers["Content-Type"]), (201, "test", "application/json"))
        self.assertEqual(json.loads(body), {
            "method": "PUT", "path": "/things/a b", "name": "a b", "url": "/things/a%20b?q=1&q=%32", "q": "1",
            "none": "-", "pairs": [["q", "1"], ["q", "2"]], "agent": "me", "headers": 4, "body": "text"})
        with self.assertRaises(OSError):
            self.kept[0].method  # noqa: B018
        with self.assertRaises(OSError):
            self.kept[1].body("")

    def test_no_route(self):
        self.assertEqual(self.ask("GET", "/")[0], 404)

    def test_handler_that_raises(self):
        self.assertEqual(self.ask("GET", "/raises")[:2], (500, "Internal Server Error\n"))
        self.assertIsInstance(self.errors[0], ZeroDivisionError)

    def test_deferred(self):
        self.assertEqual(self.ask("GET", "/later")[:2], (200, "/later"))
        self.assertFalse(self.kept[0].is_open)
        with self.assertRaises(OSError):
            self.kept[0].send()

    def test_deferred_and_dropped(self):
        self.assertEqual(self.ask("GET", "/dropped")[0], 500)
        self.loop.on_error = lambda error, function: None
        self.assertEqual(self.ask("GET", "/dropped-raising")[0], 500)

    def test_bad_routes_and_headers(self):
        with self.assertRaises(OSError):
            self.server.route("GET", "/late", print)
        other = yolanda.HTTPServer(self.loop, "127.0.0.1:0")
        with self.assertRaises(OSError):
            other.route("GET", "no-slash", print)


def exchange(port):
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        client.sendall(b"hello")
        answer = b""
        while len(answer) < 5:
            answer += client.recv(5) or b"closed"
        return answer


if __name__ == "__main__":
    unittest.main()
