"""Each C program of this folder, on the part of the matrix that it depends on."""
import unittest

import apicase
import harness

EVERYWHERE = ("channel", "loop_channels", "loop_readiness", "loop_threads", "loop_run", "loop_log",
              "dispatcher", "threads", "bad_input")
NO_LOOP = ("buffer", "buffer_read", "buffer_memory", "channel_map", "reads", "sockets", "errors",
           "logs", "http_request", "http_parse", "http_response")


def suite(name, programs):
    """A TestCase class with a test method for each program."""
    def method(program):
        return lambda self: self.check(program)
    return type(name, (apicase.ApiCase,), {f"test_{program}": method(program) for program in programs})


Loops = harness.matrix()(suite("Loops", EVERYWHERE))
Plain = harness.matrix(dispatchers=("epoll",))(suite("Plain", NO_LOOP))


@harness.matrix(dispatchers=("epoll",))
class NoAssertions(apicase.ApiCase):
    def test_threads(self):
        """D3: nothing depends on assert, in the library (built for release) or in the program."""
        self.check("threads", cflags=("-DNDEBUG", "-O2"))


class Complete(unittest.TestCase):
    def test_every_program_is_run(self):
        programs = {path.stem for path in apicase.FOLDER.glob("*.c")}
        self.assertEqual(programs, {*EVERYWHERE, *NO_LOOP})


if __name__ == "__main__":
    unittest.main()
