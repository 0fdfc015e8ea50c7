"""bindings/python: its own tests, its examples, Ctrl-C, and the wheel that carries the library."""
import json
import shutil
import tempfile
import unittest
import zipfile
from pathlib import Path

import binding
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


def program(*words):
    """A Python program with the package."""
    return binding.Program(tools.python("cffi"), *words, env=ENVIRONMENT)


class Python(binding.Examples, unittest.TestCase):
    def example(self, name, address):
        return program(PACKAGE / f"examples/{name}.py", address)

    def test_package(self):
        done = harness.run(tools.python("cffi"), PACKAGE / "tests/test_yolanda.py", env=ENVIRONMENT)
        self.assertEqual(done.status, 0, done.stderr[-3000:])

    def test_version(self):
        """The package's version is the library's."""
        version = json.loads(tools.DESCRIPTION.read_text())["version"]
        self.assertIn(f'\nversion = "{version}"\n', (PACKAGE / "pyproject.toml").read_text())

    def test_interrupt(self):
        for post in (WAITS, SPINS):
            with program("-c", INTERRUPTED.replace("POST", post)) as waiting:
                self.assertEqual(waiting.first, "ready")
                self.assertEqual(waiting.interrupt(), (0, "interrupted\n", ""))

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


if __name__ == "__main__":
    unittest.main()
