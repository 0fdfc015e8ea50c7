"""A part of the tests with the library and the programs built for a sanitizer: what crosses
threads under ThreadSanitizer, what ends objects under AddressSanitizer. `scripts/sanitize` runs
all of them."""
import os
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import harness  # noqa: E402
import sanitizers  # noqa: E402

# Files and name patterns for tests/run.py: a minute's worth.
CROSSED = "tests/crossed/test_crossed.py"
API = "tests/api/test_api.py"
RANDOM = "tests/random/test_random.py"
GUIDES = "tests/guides/test_guides.py"
THREAD = ((CROSSED, API, RANDOM), ("Cells.*2t", "Worlds.*2t", "Loops.test_loop_threads*", "Loops.test_signals*",
                                   "Loops.test_connection_threads*", "Loops.test_connection_made*"))
ADDRESS = ((CROSSED, API, RANDOM, GUIDES),
           ("Cells.*", "Worlds.*", "Guides.*", "Loops.test_loop_free*", "Loops.test_signals*"))


def report_of(name, which):
    """The sanitizer's report about tests/sanitize/bug.c."""
    sanitizer = sanitizers.Sanitizer(name)
    folder = sanitizer.library()
    binary = harness.BIN / f"bug-{name}"
    compiled = binary.with_suffix(".o")
    harness.BIN.mkdir(parents=True, exist_ok=True)
    subprocess.run(["clang", "-g", *sanitizer.cflags, "-I", str(harness.INCLUDE), "-c",
                    str(Path(__file__).with_name("bug.c")), "-o", str(compiled)], check=True)
    subprocess.run(["clang", str(compiled), "-o", str(binary), str(folder / "libyolanda.a"),
                    *sanitizer.link_flags()], check=True)
    env = {**os.environ, "YOLANDA_LOG": "err", "ASAN_OPTIONS": "detect_leaks=0"}
    done = subprocess.run([str(binary), which], env=env, capture_output=True, text=True,
                          timeout=harness.TIMEOUT * sanitizers.SLOWNESS)
    return done.stderr


class Sanitizers(unittest.TestCase):
    # It may have to build first.
    limit = 600
    dealt_out = True

    @classmethod
    def setUpClass(cls):
        try:
            sanitizers.requirements()
        except sanitizers.Missing as missing:
            raise unittest.SkipTest(f"no sanitizers: {missing}") from None

    def run_part(self, name, part):
        files, patterns = part
        options = [item for pattern in patterns for item in ("-k", f"*{pattern}")]
        done = subprocess.run(
            ["scripts/sanitize", name, "-j", "1", *options, *files], cwd=harness.ROOT,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(done.returncode, 0, done.stdout[-20000:])
        last = done.stdout.splitlines()[-1]
        self.assertRegex(last, r"^[1-9]\d* passed, 0 failed, ")

    def test_thread(self):
        self.run_part("thread", THREAD)

    def test_address(self):
        self.run_part("address", ADDRESS)

    def test_they_see_into_the_library(self):
        self.assertRegex(report_of("thread", "race"), r"data race(.|\n)*reactor/event_loop/state\.rs")
        self.assertRegex(report_of("address", "freed"), r"use-after-free(.|\n)*reactor/buffer\.rs")
        self.assertEqual(report_of("thread", "none"), "")
        self.assertEqual(report_of("address", "none"), "")


if __name__ == "__main__":
    unittest.main()
