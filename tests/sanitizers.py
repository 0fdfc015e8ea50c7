"""Building the library and test programs with a sanitizer, and reading what it reports.

AddressSanitizer and ThreadSanitizer need a nightly Rust, whose runtime both the library and the
C programs are linked to, and clang. The library takes its memory from malloc (`plain-malloc`).
"""
import functools
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILDS = ROOT / "target" / "sanitize"
SUPPRESSIONS = ROOT / "tests" / "sanitize"

# How much longer everything may take.
SLOWNESS = 4

TARGET = "x86_64-unknown-linux-gnu"


class Missing(Exception):
    """A requirement of the sanitizers that is missing."""


@functools.cache
def requirements():
    """Raises Missing, or gives the directory of the nightly Rust's runtimes."""
    for tool in ("rustup", "clang"):
        if shutil.which(tool) is None:
            raise Missing(f"no {tool}")
    asked = subprocess.run(["rustc", "+nightly", "--print", "target-libdir", "--target", TARGET],
                           capture_output=True, text=True,
                           env={**os.environ, "RUSTUP_AUTO_INSTALL": "0"})
    if asked.returncode != 0:
        raise Missing(f"no nightly Rust for {TARGET}: rustup toolchain install nightly")
    for name in ("address", "thread"):
        tried = subprocess.run(["clang", f"-fsanitize={name}", "-x", "c", "-c", "-o", "/dev/null", "-"],
                               input="", capture_output=True, text=True)
        if tried.returncode != 0:
            raise Missing(f"clang can't compile for the {name} sanitizer: {tried.stderr.strip()}")
    return Path(asked.stdout.strip())


class Sanitizer:
    """One of them, by name: "address" or "thread"."""

    def __init__(self, name):
        if name not in ("address", "thread"):
            raise ValueError(f"no sanitizer {name!r}")
        self.name = name
        self.reports = BUILDS / name / "reports"
        # To compile with, not to link with: clang would want a part of its own runtime then.
        self.cflags = (f"-fsanitize={name}", "-fno-omit-frame-pointer", "-Wno-error",
                       f"-DSANITIZER_{name.upper()}")

    @classmethod
    def from_environment(cls):
        name = os.environ.get("YOLANDA_TEST_SANITIZE")
        return cls(name) if name else None

    def runtime(self):
        found = list(requirements().glob(f"librustc-*_rt.{self.name[0]}san.a"))
        if not found:
            raise Missing(f"the nightly Rust has no runtime of the {self.name} sanitizer")
        return found[0]

    def library(self):
        """Builds the library; the directory of libyolanda.a."""
        self.runtime()
        variable = TARGET.replace("-", "_")
        env = {
            **os.environ,
            "RUSTUP_AUTO_INSTALL": "0",
            "CARGO_PROFILE_RELEASE_DEBUG": "line-tables-only",
            # Rust's standard libraries aren't instrumented; thread.supp has the consequences.
            "RUSTFLAGS": f"-Zsanitizer={self.name} -Cunsafe-allow-abi-mismatch=sanitizer",
            f"CC_{variable}": "clang",
            f"CFLAGS_{variable}": f"-fsanitize={self.name}",
        }
        subprocess.run(
            ["cargo", "+nightly", "build", "--quiet", "--release", "--locked",
             "--features", "plain-malloc", "--target", TARGET,
             "--target-dir", str(BUILDS / self.name)],
            cwd=ROOT, env=env, check=True)
        return BUILDS / self.name / TARGET / "release"

    @staticmethod
    def compiler(wanted):
        return {"gcc": "clang", "g++": "clang++"}.get(wanted, wanted)

    def link_flags(self):
        return ["-Wl,--whole-archive", str(self.runtime()), "-Wl,--no-whole-archive",
                "-lpthread", "-ldl", "-lm", "-lrt"]

    def environment(self):
        """The variables that a program runs with; its reports go to files in `reports`."""
        self.reports.mkdir(parents=True, exist_ok=True)
        common = f"log_path={self.reports}/report:log_exe_name=1:allocator_may_return_null=1"
        if self.name == "address":
            return {"ASAN_OPTIONS": f"{common}:detect_leaks=0:detect_stack_use_after_return=1"}
        # Programs that fork go on in the child, as they do without the sanitizer.
        return {"TSAN_OPTIONS": f"{common}:die_after_fork=0:second_deadlock_stack=1:report_thread_leaks=0:"
                                f"suppressions={SUPPRESSIONS / 'thread.supp'}"}

    def clear_reports(self):
        shutil.rmtree(self.reports, ignore_errors=True)

    def read_reports(self):
        """The texts of all reports since `clear_reports`."""
        return [path.read_text(errors="replace") for path in sorted(self.reports.glob("report*"))]
