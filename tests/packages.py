"""Packages of PyPI that a test compares with: installed below target/, of versions that are known."""
import functools
import importlib
import subprocess
import sys

import harness

VERSIONS = {"h11": "0.16.0", "httptools": "0.9.0", "httplint": "2026.10.4"}


@functools.cache
def provide(name):
    """The module of that name; None where it can't be installed, and the test has to be skipped."""
    place = harness.ROOT / "target" / "test-python" / f"{name}-{VERSIONS[name]}"
    if not (place / name).exists():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(place),
                   f"{name}=={VERSIONS[name]}"]
        try:
            subprocess.run(command, capture_output=True, timeout=120, check=True)
        except (OSError, subprocess.SubprocessError):
            return None
    sys.path.append(str(place))
    try:
        return importlib.import_module(name)
    except ImportError:
        return None
