"""The whole API in random order, see random.c: some worlds that are always the same, and some new ones, whose seeds a
failure tells. By hand, with many:

    YOLANDA_RANDOM_WORLDS=1000 python3 tests/run.py tests/random/test_random.py
    YOLANDA_RANDOM_WORLDS=500 YOLANDA_RANDOM_SEED=7000 scripts/sanitize address tests/random/test_random.py

YOLANDA_RANDOM_WORLDS: how many new worlds each test plays. YOLANDA_RANDOM_SEED: the first one's seed.
YOLANDA_RANDOM_STEPS: how long a world lasts. One world alone, and all that happens in it:

    RANDOM_VERBOSE=1 target/test-bin/random-random-a-... SEED STEPS THREADS
"""
import os
import re
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import harness  # noqa: E402

SOURCE = Path(__file__).with_name("random.c")
STEPS = int(os.environ.get("YOLANDA_RANDOM_STEPS", 3000))
FIXED = 4 if harness.SANITIZER else 15
NEW = int(os.environ.get("YOLANDA_RANDOM_WORLDS", 2 if harness.SANITIZER else 8))
# Some for each world, as the machine may be busy with other tests.
SECONDS = 60 * (1 if not harness.SANITIZER else 4)


@harness.matrix(kinds=("a",), threads=(0, 2))
class Worlds(unittest.TestCase):
    def play(self, first, worlds):
        binary = harness.program(str(SOURCE), self.variation.kind)
        done = harness.run(binary, first, STEPS, self.variation.threads, worlds, env=self.variation.env,
                           timeout=SECONDS * worlds)
        said = re.findall(r"^(ok|FAIL) (\d+)$", done.stdout, re.MULTILINE)
        bad = [seed for verdict, seed in said if verdict == "FAIL"]
        again = f"{binary.name} SEED {STEPS} {self.variation.threads}"
        self.assertEqual((bad, len(said)), ([], worlds), f"{again}: {done.stderr[-6000:]}")

    def test_known(self):
        self.play(1, FIXED)

    def test_new(self):
        seed = int(os.environ.get("YOLANDA_RANDOM_SEED", time.time_ns() // 1000 % 10 ** 9))
        print(f"seeds from {seed}")
        self.play(seed, NEW)


if __name__ == "__main__":
    unittest.main()
