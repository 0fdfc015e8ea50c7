"""The checks of fuzz/ on the stable toolchain: over the corpus, and some seconds of mutations of it."""
import os
import re
import subprocess
import unittest

import harness

CRATE = harness.ROOT / "fuzz"
# Apart from the library's: other features, other profile.
TARGET = harness.TARGET / "fuzz"


def cargo(*args, env=None):
    return subprocess.run(["cargo", *args], cwd=CRATE, capture_output=True, text=True, timeout=harness.scaled(280),
                          env={**os.environ, **(env or {})})


class Checks(unittest.TestCase):
    limit = 300

    def test_all_hold(self):
        done = cargo("test", "--release", "--locked", "--no-default-features", "--target-dir",
                     str(TARGET), "--test", "corpus", "--", "--nocapture")
        output = done.stdout + done.stderr
        self.assertEqual(done.returncode, 0, output[-4000:])
        self.assertRegex(output, r"test result: ok\. 7 passed; 0 failed")
        mutations = [int(count) for count in re.findall(r"(\d+) mutations", output)]
        self.assertEqual(len(mutations), 6)
        self.assertGreater(min(mutations), 0)

    def test_each_target_is_one_of_the_tests(self):
        """The fuzz targets of libFuzzer are run here, too, and have a corpus."""
        targets = {path.stem for path in (CRATE / "fuzz_targets").iterdir()}
        tests = (CRATE / "tests" / "corpus.rs").read_text()
        for name in targets:
            self.assertIn(f"run(yolanda_fuzz::{name}, ", tests)
            self.assertIn(f'name = "{name}"', (CRATE / "Cargo.toml").read_text())
            self.assertTrue(any((CRATE / "corpus" / name).iterdir()), name)

    def test_the_crate_is_in_form(self):
        self.assertEqual(cargo("fmt", "--check").stdout, "")
        done = cargo("clippy", "--quiet", "--locked", "--release", "--all-targets",
                     "--no-default-features", "--target-dir", str(TARGET), "--", "-D", "warnings")
        self.assertEqual(done.returncode, 0, done.stderr[-4000:])


if __name__ == "__main__":
    unittest.main()
