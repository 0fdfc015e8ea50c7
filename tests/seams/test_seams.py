"""The two seams of a connection, each with the suites on top of it: a filter between the wire and the program
(rot13), and a back end that reads by itself and hands over bytes. The library has both only with the
feature `test-seams`."""
import functools
import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import harness

NET = harness.ROOT / "tests" / "net"
# With one number of threads. Besides echo, HTTP and closing: out of the queue and a buffer of the program's, from
# other threads, and out of a file.
CHOSEN = ("test_echo.*_2t", "test_http.*_2t", "test_closing.*_2t", "test_closing.*_so", "test_output.Sending.*_2t",
          "test_http_later.Parts.*_2t", "test_http_file_body.Bodies.*_2t")
SUITES = sorted({pattern.split(".")[0] for pattern in CHOSEN})

# By back end: the tests that it can't pass, and why.
LEFT_OUT = {
    "epoll": {},
    "completing": {
        "test_a_handler_that_forgets_the_terminator_finds_fresh_memory":
            "the back end takes its blocks from malloc, and frees them on the loop's thread",
    },
}


@functools.cache
def library():
    """Builds the library with the seams' tests in it; its directory. With a --target that is a folder of its
    own, and what builds the library is there already. Nobody measures it: no link-time optimisation."""
    said = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout
    target = re.search(r"^host: (.*)$", said, re.MULTILINE).group(1)
    fast = {"CARGO_PROFILE_RELEASE_LTO": "off", "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16",
            "CARGO_PROFILE_RELEASE_OPT_LEVEL": "1"}
    with harness.locked("seams"):
        subprocess.run(["cargo", "build", "--lib", "--quiet", "--locked", "--release", "--features", "test-seams",
                        "--target", target], cwd=harness.ROOT, check=True, env={**os.environ, **fast})
    return harness.TARGET / target / "release"


@unittest.skipIf(harness.SANITIZER, "about bytes, not about memory")
@harness.unchanged("src", "Cargo.toml", "tests/net", "tests/harness.py", "tests/run.py", "tests/wire.py",
                   tools=("rustc", "gcc"))
class Seams(unittest.TestCase):
    def runs(self, dispatcher, env):
        command = [sys.executable, harness.ROOT / "tests" / "run.py"]
        for pattern in CHOSEN:
            command += ["-k", pattern]
        for name in LEFT_OUT[dispatcher]:
            command += ["-x", f"*.{name}_*"]
        done = subprocess.run(
            [*command, *(NET / f"{suite}.py" for suite in SUITES)], capture_output=True, text=True,
            env={**os.environ, "YOLANDA_TEST_LIB": str(library()), "YOLANDA_TEST_DISPATCHERS": dispatcher,
                 "YOLANDA_TEST_MATRIX": f"{dispatcher}-so", **env})
        passed = re.search(r"^(\d+) passed, 0 failed", done.stdout, re.MULTILINE)
        self.assertTrue(done.returncode == 0 and passed, done.stdout + done.stderr)
        self.assertGreater(int(passed.group(1)), 80)

    def test_a_filter_between_the_wire_and_the_program(self):
        """The clients turn the letters as well; HTTP shows that the server does."""
        self.runs("epoll", {"YOLANDA_TEST_FILTER": "rot13"})

    def test_a_back_end_that_reads_by_itself(self):
        """It passes on all bytes that it has read, in order, however the program reads."""
        self.runs("completing", {})

    def test_the_back_end_is_the_one_that_was_chosen(self):
        """A name that the library doesn't know means the usual one."""
        result = harness.run(harness.program(str(NET / "newconn.c"), "so"), "socketpair", env={
            "LD_LIBRARY_PATH": harness.soname_link(library()), "YOLANDA_DISPATCHER": "completing",
            "YOLANDA_LOG": "msg"})
        self.assertEqual(result.status, 0, result.stderr)
        self.assertIn("set completing as dispatcher", result.stdout + result.stderr)

    def test_a_release_has_neither(self):
        """Both are behind the feature."""
        for name in (b"YOLANDA_TEST_FILTER", b"completing"):
            self.assertNotIn(name, (harness.library() / "libyolanda.so").read_bytes())
            self.assertIn(name, (library() / "libyolanda.so").read_bytes())


if __name__ == "__main__":
    unittest.main()
