"""The tools of other languages, and the packages that they need: found, installed below target/, or the test is skipped."""
import functools
import shutil
import subprocess
import sys
import unittest

import harness

HEADER = harness.INCLUDE / "yolanda_ffi.h"
DESCRIPTION = harness.INCLUDE / "yolanda_ffi.json"
PACKAGES = harness.ROOT / "target/ffi"
# An installation that takes longer isn't waited for.
PATIENCE = 60


def command(name, package):
    """The path of a command; without it the test is skipped."""
    path = shutil.which(name)
    if path is None:
        raise unittest.SkipTest(f"no {name}: scripts/setup test installs it (Debian: {package})")
    return path


@functools.cache
def python(package):
    """A Python with the package: this one, or one of a virtual environment that is made for it."""
    for candidate in (sys.executable, PACKAGES / "python/bin/python"):
        if has(candidate, package):
            return str(candidate)
    with harness.locked("ffi-python"):
        installed = PACKAGES / "python/bin/python"
        if not installed.exists():
            quietly([sys.executable, "-m", "venv", str(PACKAGES / "python")], package)
        if not has(installed, package):
            quietly([str(installed), "-m", "pip", "install", "--quiet", package], package)
    return str(installed)


def has(interpreter, package):
    try:
        return subprocess.run([str(interpreter), "-c", f"import {package}"], capture_output=True).returncode == 0
    except OSError:
        return False


@functools.cache
def node_modules(package):
    """A folder of Node packages that has the package."""
    npm, folder = command("npm", "npm"), PACKAGES / "node"
    with harness.locked("ffi-node"):
        if not (folder / "node_modules" / package).exists():
            folder.mkdir(parents=True, exist_ok=True)
            quietly([npm, "install", "--silent", "--prefix", str(folder), package], package)
    return folder / "node_modules"


def quietly(words, package):
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=harness.scaled(PATIENCE))
        why = done.stderr.strip()[-300:] if done.returncode != 0 else None
    except subprocess.TimeoutExpired:
        why = "it takes too long"
    if why is not None:
        raise unittest.SkipTest(f"no {package}, and it can't be installed: {why}")
