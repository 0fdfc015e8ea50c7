#!/usr/bin/env python3
"""Runs every test: python3 tests/run.py [-k PATTERN] [-j JOBS] [-v] [FILE...]

Each file tests/*/test_*.py runs in a process of its own, JOBS at a time. The last
line is "N passed, M failed, K skipped"; the exit status is 1 when anything failed.
"""
import argparse
import concurrent.futures
import faulthandler
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

TESTS = Path(__file__).resolve().parent
sys.path.insert(0, str(TESTS))

# A file that takes longer hangs, and says where.
FILE_TIMEOUT = 300


def run_file(path, patterns, verbose, result_path):
    """In the child: runs one file's tests and leaves the counts in result_path."""
    faulthandler.dump_traceback_later(FILE_TIMEOUT, exit=True)
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    loader = unittest.TestLoader()
    if patterns:
        loader.testNamePatterns = [p if "*" in p else f"*{p}*" for p in patterns]
    suite = loader.loadTestsFromModule(module)
    runner = unittest.TextTestRunner(stream=sys.stdout, verbosity=2 if verbose else 1)
    result = runner.run(suite)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    skipped = len(result.skipped)
    passed = max(result.testsRun - failed - skipped, 0)
    Path(result_path).write_text(json.dumps([passed, failed, skipped]))


def run_child(path, options):
    """In the parent: one file in a child; its counts, output and seconds."""
    started = time.monotonic()
    with tempfile.NamedTemporaryFile("r", suffix=".json") as counts:
        command = [sys.executable, __file__, "--child", counts.name, str(path)]
        command += ["-v"] if options.verbose else []
        for pattern in options.patterns or ():
            command += ["-k", pattern]
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=FILE_TIMEOUT + 30, env=os.environ)
            output = done.stdout.decode(errors="replace")
        except subprocess.TimeoutExpired as expired:
            output = (expired.stdout or b"").decode(errors="replace") + "\ntimed out\n"
        text = counts.read()
    # No counts: the file couldn't be loaded, or the child died.
    numbers = json.loads(text) if text else [0, 1, 0]
    return numbers, output, time.monotonic() - started


class Lasting:
    """How long each file took the last time."""

    def __init__(self, record):
        self.record = record
        try:
            self.seconds = json.loads(record.read_text())
        except (OSError, ValueError):
            self.seconds = {}

    def guess(self, path):
        return self.seconds.get(path.stem, path.stat().st_size / 1000)

    def note(self, path, seconds):
        self.seconds[path.stem] = round(seconds, 1)
        self.record.parent.mkdir(parents=True, exist_ok=True)
        self.record.write_text(json.dumps(self.seconds))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-k", dest="patterns", action="append", metavar="PATTERN")
    parser.add_argument("-j", dest="jobs", type=int, default=os.cpu_count() or 2)
    parser.add_argument("-v", dest="verbose", action="store_true")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    options = parser.parse_args()

    if options.child:
        run_file(options.files[0].resolve(), options.patterns, options.verbose, options.child)
        return 0

    import harness
    try:
        harness.library()
    except subprocess.CalledProcessError:
        sys.exit("the library doesn't build")
    os.environ["YOLANDA_TEST_BUILT"] = "1"

    files = options.files or sorted(TESTS.glob("*/test_*.py"))
    lasting = Lasting(harness.BIN / "seconds.json")
    # The longest first, so that none is left over at the end.
    files.sort(key=lasting.guess, reverse=True)
    totals = [0, 0, 0]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        jobs = {pool.submit(run_child, path, options): path for path in files}
        for job in concurrent.futures.as_completed(jobs):
            numbers, output, seconds = job.result()
            totals = [a + b for a, b in zip(totals, numbers)]
            if options.patterns and not any(numbers):
                continue
            if not options.patterns:
                lasting.note(jobs[job], seconds)
            print(f"--- {jobs[job].parent.name}/{jobs[job].name}: {seconds:.1f} s")
            print(output, end="", flush=True)
    print("%d passed, %d failed, %d skipped" % tuple(totals))
    return 1 if totals[1] else 0


if __name__ == "__main__":
    sys.exit(main())
