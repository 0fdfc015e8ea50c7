"""Each C program of this folder, on the part of the matrix that it depends on."""
import re
import signal
import unittest

import apicase
import harness

EVERYWHERE = ("channel", "loop_channels", "loop_readiness", "loop_threads", "loop_run", "loop_log",
              "loop_control", "interrupts", "loop_free", "loop_budget", "timers", "signals", "wakeup",
              "dispatcher", "threads", "connection", "servers", "memory",
              "no_memory", "bad_input")
NO_LOOP = ("buffer", "buffer_read", "buffer_memory", "channel_map", "reads", "sockets", "errors",
           "logs", "log_sink", "log_style", "http_request", "http_parse", "http_parts", "http_response", "http_forms")
# All others, with one link kind on each back end: the longer ones.
LONG = sorted({path.stem for path in apicase.FOLDER.glob("*.c")} - {*EVERYWHERE, *NO_LOOP})


def suite(name, programs):
    """A TestCase class with a test method for each program."""
    def method(program):
        return lambda self: self.check(program)
    return type(name, (apicase.ApiCase,), {f"test_{program}": method(program) for program in programs})


Loops = harness.matrix()(suite("Loops", EVERYWHERE))
EpollLoops = harness.matrix(dispatchers=("epoll",), kinds=("so",))(suite("EpollLoops", LONG))
PollLoops = harness.matrix(dispatchers=("poll",), kinds=("a",))(suite("PollLoops", LONG))
Plain = harness.matrix(dispatchers=("epoll",))(suite("Plain", NO_LOOP))


@harness.matrix(dispatchers=("epoll",))
class NoAssertions(apicase.ApiCase):
    def test_threads(self):
        """D3: nothing depends on assert, in the library (built for release) or in the program."""
        self.check("threads", cflags=("-DNDEBUG", "-O2"))


@harness.matrix(dispatchers=("epoll",), kinds=harness.KINDS)
class Exceptions(apicase.ApiCase):
    """Rule 10: a C++ exception that leaves a callback aborts."""

    def run_it(self, *args):
        binary = harness.program(str(apicase.FOLDER / "exception.cc"), self.variation.kind,
                                 ("-w", "-std=c++17"), "g++")
        return harness.run(binary, *args)

    def test_one_that_leaves_a_callback(self):
        done = self.run_it()
        self.assertEqual(done.status, -signal.SIGABRT)

    def test_one_that_stays_within(self):
        done = self.run_it("within")
        self.assertEqual((done.status, done.stdout), (0, "caught from a callback\n"))


class Complete(unittest.TestCase):
    # Functions without pointers, sizes or descriptors as arguments, or with only a port.
    NOTHING_BAD = {"buffer_new", "event_loop_init", "http_request_new", "http_response_new", "acceptor_init",
                   "tcp_server", "tcp_server_listen", "tcp_nonblocking_server_listen"}

    def test_every_function_gets_bad_input(self):
        table = (apicase.FOLDER.parent / "abi" / "tables" / "functions.tsv").read_text().splitlines()
        functions = {line.split("\t")[1] for line in table[1:] if line}
        text = (apicase.FOLDER / "bad_input.c").read_text()
        given = set(re.findall(r"^(?:BAD|CHANNEL_EVENT)\((\w+)", text, re.MULTILINE))
        self.assertEqual(functions - given, self.NOTHING_BAD)


if __name__ == "__main__":
    unittest.main()
