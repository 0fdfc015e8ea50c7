"""bindings/python: its own tests, its examples, Ctrl-C, and the wheel that carries the library."""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import harness
import tools

PACKAGE = harness.ROOT / "bindings/python"
ENVIRONMENT = {"PYTHONPATH": str(PACKAGE), "YOLANDA_LIBRARY": str(harness.library() / "libyolanda.so")}
# The program waits, or is inside a callback that never ends.
WAITS = "loop.post(ready)"
SPINS = "loop.post(lambda: (ready(), [None for _ in iter(int, 1)]))"
INTERRUPTED = """
import yolanda
def ready():
    print("ready", flush=True)
with yolanda.Loop() as loop:
    POST
    try:
        loop.run()
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


class Program:
    """A Python program with the package, and its first line of output."""

    def __init__(self, *words):
        self.process = subprocess.Popen(
            [tools.python("cffi"), *map(str, words)], env={**os.environ, **ENVIRONMENT}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def __enter__(self):
        self.first = self.process.stdout.readline().strip()
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def interrupt(self):
        """Ctrl-C: what the program prints then."""
        self.process.send_signal(signal.SIGINT)
        output, errors = self.process.communicate(timeout=harness.scaled(20))
        return self.process.returncode, output, errors


class Python(unittest.TestCase):
    def test_package(self):
        done = harness.run(tools.python("cffi"), PACKAGE / "tests/test_yolanda.py", env=ENVIRONMENT)
        self.assertEqual(done.status, 0, done.stderr[-3000:])

    def test_version(self):
        """The package's version is the library's."""
        version = json.loads(tools.DESCRIPTION.read_text())["version"]
        self.assertIn(f'\nversion = "{version}"\n', (PACKAGE / "pyproject.toml").read_text())

    def test_interrupt(self):
        for post in (WAITS, SPINS):
            with Program("-c", INTERRUPTED.replace("POST", post)) as program:
                self.assertEqual(program.first, "ready")
                self.assertEqual(program.interrupt(), (0, "interrupted\n", ""))

    def test_echo_example(self):
        with Program(PACKAGE / "examples/echo.py", "127.0.0.1:0") as program:
            with harness.connect(int(program.first.split()[1])) as client:
                client.sendall(b"hello")
                self.assertEqual(harness.recv_exactly(client, 5), b"hello")
            status, output, errors = program.interrupt()
            self.assertEqual((status, "stopped" in output.splitlines(), errors), (0, True, ""))

    def test_http_example(self):
        with Program(PACKAGE / "examples/http_api.py", "127.0.0.1:0") as program:
            base = f"http://127.0.0.1:{program.first.split()[1]}"
            self.assertEqual(fetch(base + "/notes", b'{"text": "buy milk"}'), (201, {"id": 1, "text": "buy milk"}))
            self.assertEqual(fetch(base + "/notes", b'[]')[0], 400)
            self.assertEqual(fetch(base + "/notes/1"), (200, {"id": 1, "text": "buy milk"}))
            self.assertEqual(fetch(base + "/notes/x")[0], 404)
            self.assertEqual(fetch(base + "/slow"), (200, {"waited": True}))
            self.assertEqual(program.interrupt(), (0, "", ""))

    def test_wheel(self):
        """It carries header and library, and works where neither is found otherwise."""
        python = tools.python("cffi")
        if not tools.has(python, "pip"):
            self.skipTest(f"no pip in {python}")
        with tempfile.TemporaryDirectory() as folder:
            # pip builds in the source folder: a copy keeps the repository clean.
            source = Path(folder, "checkout/bindings/python")
            shutil.copytree(PACKAGE, source)
            shutil.copytree(harness.INCLUDE, source.parents[1] / "include")
            environment = {"YOLANDA_BUNDLE": ENVIRONMENT["YOLANDA_LIBRARY"], "PYTHONPATH": "", "YOLANDA_LIBRARY": ""}
            done = harness.run(python, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder,
                               source, env=environment)
            if "No matching distribution" in done.stderr:
                self.skipTest("no setuptools, and it can't be installed")
            self.assertEqual(done.status, 0, done.stderr[-3000:])
            wheel, = Path(folder).glob("yolanda-*-py3-none-linux_*.whl")
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(Path(folder, "site"))
            done = harness.run(python, "-c", "import yolanda; yolanda.Loop().close(); print(yolanda.__file__)",
                               env={**environment, "PYTHONPATH": str(Path(folder, "site"))})
            module = Path(folder, "site/yolanda/__init__.py")
            self.assertEqual((done.status, done.stdout.strip()), (0, str(module)), done.stderr)
            names = {path.name for path in module.parent.iterdir()}
            self.assertLessEqual({"yolanda_ffi.h", "libyolanda.so", "py.typed"}, names)


def fetch(url, body=None):
    try:
        with urllib.request.urlopen(url, body, timeout=harness.scaled(20)) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


if __name__ == "__main__":
    unittest.main()
