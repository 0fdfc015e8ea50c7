"""The targets of fuzz/ with libFuzzer and AddressSanitizer, for some seconds, where a nightly toolchain
and cargo-fuzz are installed. YOLANDA_FUZZ_SECONDS: how long each, 5 unless set."""
import os
import subprocess
import unittest

import harness


def is_there(*command):
    try:
        return subprocess.run(command, cwd=harness.ROOT, capture_output=True).returncode == 0
    except OSError:
        return False


@unittest.skipUnless(is_there("cargo", "+nightly", "fuzz", "--version"),
                     "no nightly toolchain with cargo-fuzz")
class Targets(unittest.TestCase):
    limit = 300 + 4 * int(os.environ.get("YOLANDA_FUZZ_SECONDS", "5"))

    def test_nothing_is_found(self):
        seconds = os.environ.get("YOLANDA_FUZZ_SECONDS", "5")
        with open(harness.BIN / "libfuzzer.log", "w+", errors="replace") as log:
            done = subprocess.run(["fuzz/run", seconds], cwd=harness.ROOT, stdout=log, stderr=log,
                                  timeout=harness.scaled(280 + 4 * int(seconds)))
            log.seek(0)
            output = log.read()
        self.assertEqual(done.returncode, 0, output[-4000:])
        self.assertEqual(output.count("stat::number_of_executed_units"), 6, output[-4000:])


if __name__ == "__main__":
    unittest.main()
