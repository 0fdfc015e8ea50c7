#!/usr/bin/env python3
"""Runs every test: python3 tests/run.py [-k PATTERN] [-x PATTERN] [-j JOBS] [-v] [FILE...]

Each file tests/*/test_*.py runs in processes of its own, JOBS of them at a time; one that took long the
last time is dealt out to several. The last line is "N passed, M failed, K skipped"; the exit status is 1
when anything failed.

A test that takes longer than its limit hangs, and says where: `limit` seconds of its class, or LIMIT, on
a quiet machine, more on a slow or busy one. What is skipped while nothing changed (harness.unchanged)
runs all the same when files or patterns are given, with YOLANDA_TEST_ALL=1 and with CI=true.
"""
import argparse
import concurrent.futures
import faulthandler
import fnmatch
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

TESTS = Path(__file__).resolve().parent
sys.path.insert(0, str(TESTS))
import harness  # noqa: E402

LIMIT = 120
# A file that took longer is dealt out, so that none is left over at the end.
SHARE_SECONDS = 12


# --- in the child -----------------------------------------------------------

class Watched(unittest.TextTestResult):
    """Ends the process when a test hangs, and notes which passed of those that may be skipped next time."""

    def startTest(self, test):
        watch(getattr(test, "limit", LIMIT))
        super().startTest(test)

    def stopTest(self, test):
        super().stopTest(test)
        # Work for the class's cleanup and the next one's preparation.
        watch(LIMIT)

    def addSuccess(self, test):
        super().addSuccess(test)
        harness.passed_unchanged(test)


def watch(seconds):
    faulthandler.dump_traceback_later(seconds * harness.scale(), exit=True)


def groups(suite):
    """The tests of a module, those together that share what their class or the module prepares."""
    shared, alone = {}, []
    for test in flat(suite):
        kind = type(test)
        prepares = kind.setUpClass.__func__ is not unittest.TestCase.setUpClass.__func__
        if hasattr(sys.modules[kind.__module__], "setUpModule"):
            shared.setdefault(kind.__module__, []).append(test)
        elif prepares and not getattr(kind, "dealt_out", False):
            shared.setdefault(kind, []).append(test)
        else:
            alone.append([test])
    return [*shared.values(), *alone]


def flat(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from flat(item)
        else:
            yield item


def run_share(options):
    """Runs a file's tests, or those of one share, and leaves the counts in a file."""
    path = options.files[0].resolve()
    watch(LIMIT)
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    loader = unittest.TestLoader()
    if options.patterns:
        loader.testNamePatterns = [p if "*" in p else f"*{p}*" for p in options.patterns]
    mine, shares = map(int, options.share.split("/"))
    chosen = [test for group in groups(loader.loadTestsFromModule(module))[mine::shares] for test in group
              if not any(fnmatch.fnmatchcase(test.id(), pattern) for pattern in options.left_out or ())]
    runner = unittest.TextTestRunner(stream=sys.stdout, verbosity=2 if options.verbose else 1,
                                     resultclass=Watched)
    result = runner.run(unittest.TestSuite(chosen))
    faulthandler.cancel_dump_traceback_later()
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    skipped = len(result.skipped)
    passed = max(result.testsRun - failed - skipped, 0)
    Path(options.child).write_text(json.dumps([passed, failed, skipped]))


# --- in the parent ----------------------------------------------------------

def run_child(path, share, options):
    """One share of a file in a child; its counts, output and seconds."""
    started = time.monotonic()
    with tempfile.NamedTemporaryFile("r", suffix=".json") as counts, \
            tempfile.TemporaryFile("w+", errors="replace") as output:
        command = [sys.executable, __file__, "--child", counts.name, "--share", "%d/%d" % share, str(path)]
        command += ["-v"] if options.verbose else []
        for pattern in options.patterns or ():
            command += ["-k", pattern]
        for pattern in options.left_out or ():
            command += ["-x", pattern]
        # A file, not a pipe, because a process that a test has left may keep it open.
        subprocess.run(command, stdout=output, stderr=subprocess.STDOUT)
        output.seek(0)
        said, text = output.read(), counts.read()
    # No counts: the file couldn't be loaded, or the child died.
    numbers = json.loads(text) if text else [0, 1, 0]
    return numbers, said, time.monotonic() - started


class Lasting:
    """How long each file took the last time, all its shares together."""

    def __init__(self, record):
        self.record = record
        self.now = {}
        try:
            self.seconds = json.loads(record.read_text())
        except (OSError, ValueError):
            self.seconds = {}

    def guess(self, path):
        if path.stem in self.seconds:
            return self.seconds[path.stem]
        programs = {path.parent / f"{name}.c" for name in re.findall(r'"(\w+)"', path.read_text())}
        return sum(file.stat().st_size for file in [path, *programs] if file.exists()) / 2000

    def note(self, path, seconds):
        self.now[path.stem] = round(self.now.get(path.stem, 0) + seconds, 1)

    def write(self):
        self.record.parent.mkdir(parents=True, exist_ok=True)
        self.record.write_text(json.dumps(self.seconds | self.now, indent=1))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-k", dest="patterns", action="append", metavar="PATTERN")
    parser.add_argument("-x", dest="left_out", action="append", metavar="PATTERN",
                        help="leave these tests out")
    # Most tests wait most of the time.
    parser.add_argument("-j", dest="jobs", type=int, default=2 * (os.cpu_count() or 1))
    parser.add_argument("-v", dest="verbose", action="store_true")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--share", default="0/1", help=argparse.SUPPRESS)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    options = parser.parse_args()

    if options.child:
        run_share(options)
        return 0

    os.environ["YOLANDA_TEST_SPEED"] = str(harness.measured_speed())
    if options.patterns or options.files:
        os.environ["YOLANDA_TEST_ALL"] = "1"
    try:
        harness.library()
        harness.archive()
    except subprocess.CalledProcessError:
        sys.exit("the library doesn't build")
    os.environ["YOLANDA_TEST_BUILT"] = "1"

    files = options.files or sorted(TESTS.glob("*/test_*.py"))
    lasting = Lasting(harness.BIN / "seconds.json")
    work = []
    for path in files:
        seconds = lasting.guess(path)
        whole = options.patterns or options.jobs == 1 or "\ndef setUpModule" in path.read_text()
        shares = 1 if whole else min(1 + int(seconds / SHARE_SECONDS), 2 * options.jobs)
        work += [(seconds / shares, path, (number, shares)) for number in range(shares)]
    # The longest first.
    work.sort(key=lambda item: item[0], reverse=True)
    totals = [0, 0, 0]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        jobs = {pool.submit(run_child, path, share, options): (path, share) for _, path, share in work}
        for job in concurrent.futures.as_completed(jobs):
            path, (number, shares) = jobs[job]
            numbers, output, seconds = job.result()
            totals = [a + b for a, b in zip(totals, numbers)]
            if options.patterns and not any(numbers):
                continue
            lasting.note(path, seconds)
            part = f" {number + 1}/{shares}" if shares > 1 else ""
            print(f"--- {path.parent.name}/{path.name}{part}: {seconds:.1f} s")
            print(output, end="", flush=True)
    if not options.patterns:
        lasting.write()
    print("%d passed, %d failed, %d skipped" % tuple(totals))
    return 1 if totals[1] else 0


if __name__ == "__main__":
    sys.exit(main())
