"""What the tests of all bindings share: programs, Ctrl-C, and the two examples, which do the same in every language."""
import json
import os
import signal
import subprocess
import urllib.error
import urllib.request

import harness


class Program:
    """A program, and its first line of output."""

    def __init__(self, *words, env=None):
        self.process = subprocess.Popen(
            list(map(str, words)), env={**os.environ, **(env or {})}, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)

    def __enter__(self):
        self.first = self.process.stdout.readline().strip()
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def interrupt(self):
        """Ctrl-C: the exit status, and what the program prints then."""
        self.process.send_signal(signal.SIGINT)
        output, errors = self.process.communicate(timeout=harness.scaled(20))
        return self.process.returncode, output, errors


class Examples:
    """For a TestCase: `example(name, address)` returns a Program that runs the example "echo" or "http_api"."""

    def test_echo_example(self):
        with self.example("echo", "127.0.0.1:0") as program:
            with harness.connect(int(program.first.split()[1])) as client:
                client.sendall(b"hello")
                self.assertEqual(harness.recv_exactly(client, 5), b"hello")
            status, output, errors = program.interrupt()
            self.assertEqual((status, "stopped" in output.splitlines(), errors), (0, True, ""))

    def test_http_example(self):
        with self.example("http_api", "127.0.0.1:0") as program:
            base = f"http://127.0.0.1:{program.first.split()[1]}"
            self.assertEqual(fetch(base + "/notes", b'{"text": "buy milk"}'), (201, {"id": 1, "text": "buy milk"}))
            self.assertEqual(fetch(base + "/notes", b'[]')[0], 400)
            self.assertEqual(fetch(base + "/notes/1"), (200, {"id": 1, "text": "buy milk"}))
            self.assertEqual(fetch(base + "/notes/x")[0], 404)
            self.assertEqual(fetch(base + "/slow"), (200, {"waited": True}))
            self.assertEqual(program.interrupt(), (0, "", ""))


def fetch(url, body=None):
    """The status of a response, and its JSON."""
    try:
        with urllib.request.urlopen(url, body, timeout=harness.scaled(20)) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)
