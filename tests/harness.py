"""What all test suites share: building programs against the library, starting
servers, and looking at processes from outside.

    PROGRAM = harness.program("tests/net/echo.c", "so")
    with harness.Server(PROGRAM, "2", env=harness.Variation("poll", "so").env) as server:
        with server.connect() as client:
            client.sendall(b"hello")
            assert harness.recv_exactly(client, 5) == b"hello"

A program that `Server` starts binds port 0 and prints a line "port N".
Every wait here is bounded by `TIMEOUT`, or by `scaled(SECONDS)`: longer where the
machine is slow or busy. Nothing sleeps for a fixed time.

Settings, all optional: YOLANDA_TEST_MATRIX=epoll-so,epoll-a runs these parts of the
matrix; YOLANDA_TEST_LIB=DIR takes a library that is built already;
YOLANDA_TEST_DISPATCHERS=epoll,poll are the back ends that it has;
YOLANDA_TEST_FILTER=rot13: it has that filter on the wire (`wire`);
YOLANDA_TEST_SANITIZE=address|thread compiles everything with that sanitizer.
"""
import contextlib
import ctypes
import fcntl
import functools
import hashlib
import math
import os
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import threading
import time
import unittest
import zlib
from pathlib import Path
from typing import NamedTuple

import sanitizers
import wire

ROOT = Path(__file__).resolve().parent.parent
SANITIZER = sanitizers.Sanitizer.from_environment()
DISPATCHERS = tuple(os.environ.get("YOLANDA_TEST_DISPATCHERS", "epoll,poll").split(","))
KINDS = ("a",) if SANITIZER else ("so", "a")

INCLUDE = ROOT / "include"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
LIBRARY = Path(os.environ.get("YOLANDA_TEST_LIB", TARGET / "release"))
BIN = ROOT / "target" / "test-bin"

CFLAGS = ("-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror")


# --- time -------------------------------------------------------------------

def measured_speed():
    """How much slower this machine computes than a usual one, at least 1."""
    started = time.thread_time()
    value = 0
    for number in range(200_000):
        value += number * number % 7
    return max(1.0, (time.thread_time() - started) / 0.02)


def scale():
    """The factor by which everything may take longer than on an idle machine."""
    with open("/proc/loadavg") as handle:
        fields = handle.read().split()
    busy = max(float(fields[0]), float(fields[3].split("/")[0])) / (os.cpu_count() or 1)
    slow = float(os.environ.get("YOLANDA_TEST_SPEED", 1)) * (sanitizers.SLOWNESS if SANITIZER else 1)
    return slow * min(max(busy, 1.0), 10.0)


# The programs' own time limits follow it.
SCALE = scale()


def scaled(seconds):
    """So many seconds of a quiet machine."""
    return seconds * SCALE


TIMEOUT = scaled(10.0)


# --- building ---------------------------------------------------------------

@contextlib.contextmanager
def locked(name):
    """One process at a time."""
    BIN.mkdir(parents=True, exist_ok=True)
    with open(BIN / (name + ".lock"), "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@functools.cache
def library():
    """Builds the release library once per run; the directory it is in."""
    if SANITIZER:
        with locked("sanitizer"):
            return SANITIZER.library()
    if "YOLANDA_TEST_LIB" not in os.environ and "YOLANDA_TEST_BUILT" not in os.environ:
        with locked("cargo"):
            subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=ROOT, check=True)
    return LIBRARY


def soname_link(directory):
    """A directory in which the .so has the name that programs look for at run time."""
    place = BIN / f"soname-{hash_text(str(directory)):x}"
    place.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        (place / "libyolanda.so.1").symlink_to(directory / "libyolanda.so")
    return place


@functools.cache
def archive():
    """The static library that programs link to: what scripts/archive makes of cargo's."""
    made = library() / "libyolanda.a"
    if SANITIZER:
        return made
    script = ROOT / "scripts" / "archive"
    result = BIN / f"archive-{hash_text(str(library())):x}" / "libyolanda.a"
    with locked(result.parent.name):
        if not result.exists() or _mtime(result) < max(_mtime(made), _mtime(script)):
            result.parent.mkdir(exist_ok=True)
            subprocess.run([script, library(), result], check=True)
    return result


def link_flags(kind):
    """The options that link a C program to the library of that kind, "so" or "a"."""
    directory = library()
    if SANITIZER:
        return [str(archive()), *SANITIZER.link_flags()]
    if kind == "so":
        return [f"-L{directory}", "-lyolanda", f"-Wl,-rpath,{soname_link(directory)}", "-lpthread"]
    if kind == "a":
        return [str(archive()), "-lpthread", "-ldl", "-lm"]
    raise ValueError(f"link kind {kind!r}")


def _mtime(path):
    return path.stat().st_mtime_ns


@functools.cache
def _content(path):
    """A hash of a file, or of all files of a folder and their names."""
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(f"{file.relative_to(path)} {file.stat().st_size}\n".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


@functools.cache
def _version(tool):
    return subprocess.run([tool, "--version"], capture_output=True, text=True).stdout


def key_of(paths, *words):
    """What files and words come to, as a short text."""
    parts = [*(_content(Path(path)) for path in paths), *map(repr, words)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _make(result, key, command):
    """Runs a command, with its -o, unless the file was made under the same key."""
    note = result.with_name(result.name + ".key")
    with locked(result.name):
        if not result.exists() or not note.exists() or note.read_text() != key:
            scratch = result.with_name(result.name + ".new")
            subprocess.run([*command, "-o", str(scratch)], cwd=ROOT, check=True)
            scratch.rename(result)
            note.write_text(key)
    return result


@functools.cache
def program(path, kind, cflags=(), compiler="gcc"):
    """Compiles and links one C file, below the repository or absolute, against
    the library; the path of the binary. Compiled once for both kinds, again when a
    source has changed; linked again when the archive has: the .so is found at run time."""
    if SANITIZER:
        compiler = SANITIZER.compiler(compiler)
    return made_of(ROOT / path, compiler, cflags, kind, archive() if kind == "a" else None, link_flags(kind))


def made_of(source, compiler, cflags, label, library_file, flags):
    """The binary of one source and a library, compiled and linked unless it is there."""
    # Not the whole path, although two suites may have a program of the same name.
    name = "-".join(source.with_suffix("").parts[-2:])
    instrumented = SANITIZER.cflags if SANITIZER else ()
    compiling = [compiler, *CFLAGS, *cflags, *instrumented, "-I", str(INCLUDE), "-c", str(source)]
    compiled = key_of([source, *sorted(source.parent.glob("*.h")), INCLUDE], compiling, _version(compiler))
    made = _make(BIN / f"{name}-{hash_text(compiling):x}.o", compiled, compiling)
    linking = [compiler, *CFLAGS, *cflags, str(made), *flags]
    linked = key_of([library_file] if library_file else [], compiled, linking)
    return _make(BIN / f"{name}-{label}-{hash_text(linking):x}", linked, linking)


def hash_text(value):
    """A hash that is the same in every process."""
    return zlib.crc32(repr(value).encode())


# --- skipping ---------------------------------------------------------------

def unchanged(*inputs, tools=()):
    """Decorator of a test method or class: skipped while these files and folders, the test's own file
    and the tools' versions are what they were when it passed. Never with CI=true or YOLANDA_TEST_ALL=1."""
    def decorate(target):
        if isinstance(target, type):
            for name, method in list(vars(target).items()):
                if name.startswith("test"):
                    setattr(target, name, decorate(method))
            return target

        @functools.wraps(target)
        def test(self):
            own = Path(target.__code__.co_filename)
            key = key_of([own, *(ROOT / path for path in inputs)], *map(_version, tools))
            self.unchanged_note = (BIN / "unchanged" / f"{own.stem}.{target.__qualname__}", key)
            note, _ = self.unchanged_note
            asked = os.environ.get("CI") == "true" or os.environ.get("YOLANDA_TEST_ALL")
            if not asked and note.exists() and note.read_text() == key:
                self.skipTest("nothing that it looks at has changed since it passed")
            target(self)
        return test
    return decorate


def passed_unchanged(test):
    """Notes that a test of `unchanged` passed; tests/run.py calls it for every test."""
    note, key = getattr(test, "unchanged_note", (None, None))
    if note:
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(key)


# --- the matrix -------------------------------------------------------------

class Variation(NamedTuple):
    """One way to run a test: back end, link kind, and pool threads if the test counts them."""
    dispatcher: str
    kind: str
    threads: int | None = None

    @property
    def env(self):
        return {"YOLANDA_DISPATCHER": self.dispatcher}

    def __str__(self):
        tail = "" if self.threads is None else f"_{self.threads}t"
        return f"{self.dispatcher}_{self.kind}{tail}"


def variations(dispatchers=DISPATCHERS, kinds=None, threads=(None,)):
    """The matrix, or a part of it, as a list of `Variation`. Both link kinds are the same code, so
    each back end has one of them, unless a test says that it depends on the kind."""
    wanted = os.environ.get("YOLANDA_TEST_MATRIX")
    if SANITIZER:
        kinds = KINDS
    pairs = [(dispatcher, kind) for dispatcher in dispatchers for kind in kinds or KINDS]
    if wanted:
        pairs = [pair for pair in pairs if "-".join(pair) in wanted.split(",")]
    elif not kinds:
        usual = {name: KINDS[number % len(KINDS)] for number, name in enumerate(DISPATCHERS)}
        pairs = [pair for pair in pairs if usual[pair[0]] == pair[1]]
    return [Variation(*pair, count) for pair in pairs for count in threads]


def matrix(**axes):
    """Decorator. On a TestCase class: every test method becomes one per variation,
    `test_x` -> `test_x_epoll_so`, ...; inside, `self.variation` says which. On a
    method of such a class: other axes for that method. kinds=KINDS: where the link
    kind matters."""
    def decorate(target):
        if not isinstance(target, type):
            target.axes = axes
            return target
        for name, method in list(vars(target).items()):
            if not name.startswith("test"):
                continue
            delattr(target, name)
            for variation in variations(**getattr(method, "axes", axes)):
                _add_variant(target, name, method, variation)
        return target
    return decorate


# For tests of memory that the pools have and a sanitizer's malloc hasn't.
of_the_pools = unittest.skipIf(SANITIZER, "about the memory of the pools")


def _add_variant(case, name, method, variation):
    @functools.wraps(method)
    def variant(self):
        self.variation = variation
        return method(self)
    variant.__name__ = f"{name}_{variation}"
    variant.__qualname__ = f"{case.__qualname__}.{variant.__name__}"
    setattr(case, variant.__name__, variant)


# --- processes --------------------------------------------------------------

def _environment(extra):
    env = dict(os.environ)
    for name in ("YOLANDA_LOG", "YOLANDA_DISPATCHER"):
        env.pop(name, None)
    # The log at its default costs more than what most tests measure.
    env["YOLANDA_LOG"] = "err"
    env["YOLANDA_TEST_SCALE"] = str(math.ceil(SCALE))
    if SANITIZER:
        env.update(SANITIZER.environment())
    for name, value in (extra or {}).items():
        if value is None:
            env.pop(name, None)
        else:
            env[name] = str(value)
    return env


_prctl = ctypes.CDLL(None).prctl
_PR_SET_PDEATHSIG = 1


def _limits(nofile):
    def apply():
        # No program of the test is left, whatever happens to the test.
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if nofile is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, (nofile, nofile))
    return apply


class Result(NamedTuple):
    status: int
    stdout: str
    stderr: str


def run(binary, *args, env=None, stdin=b"", timeout=TIMEOUT, nofile=None):
    """Runs a program to its end. A negative status is the signal that ended it."""
    done = subprocess.run(
        [str(binary), *map(str, args)], input=stdin, capture_output=True,
        env=_environment(env), timeout=timeout, preexec_fn=_limits(nofile))
    return Result(done.returncode, done.stdout.decode(errors="replace"),
                  done.stderr.decode(errors="replace"))


class Server:
    """A server process. Leaving the `with` block ends it with SIGTERM and raises
    AssertionError when it had crashed or ended before.

    env: variables to set, or to unset (None); YOLANDA_LOG is "err" unless given.
    nofile: RLIMIT_NOFILE. port: False for a program that prints no port line.
    """

    def __init__(self, binary, *args, env=None, nofile=None, port=True):
        self.lines = []
        self.clients = []
        self.port = None
        self._news = threading.Condition()
        self._expected = False
        self.process = subprocess.Popen(
            [str(binary), *map(str, args)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=_environment(env), preexec_fn=_limits(nofile))
        self.pid = self.process.pid
        self._open_streams = 2
        self._readers = [
            threading.Thread(target=self._collect, args=(stream,), daemon=True)
            for stream in (self.process.stdout, self.process.stderr)]
        for reader in self._readers:
            reader.start()
        if port:
            try:
                self.port = int(self.wait_line(r"^port (\d+)$").group(1))
            except BaseException as error:
                self._end_by_force()
                self.annotate(error)
                raise

    def _collect(self, stream):
        for line in stream:
            with self._news:
                self.lines.append(line.rstrip(b"\n").decode(errors="replace"))
                self._news.notify_all()
        with self._news:
            self._open_streams -= 1
            self._news.notify_all()

    @property
    def output(self):
        """All that the program has printed, stdout and stderr, so far."""
        with self._news:
            return "\n".join(self.lines) + "\n"

    def wait_line(self, pattern, start=0, timeout=TIMEOUT, count=1):
        """Waits for the count-th line that the pattern is found in; the match.
        `start`: number of lines to leave out, `len(server.lines)` for new ones."""
        deadline = time.monotonic() + timeout
        regex = re.compile(pattern)
        seen, position = 0, start
        with self._news:
            while True:
                while position < len(self.lines):
                    match = regex.search(self.lines[position])
                    position += 1
                    seen += match is not None
                    if match and seen == count:
                        return match
                rest = deadline - time.monotonic()
                if self._open_streams == 0 or rest <= 0:
                    raise AssertionError(f"no line {count} like {pattern!r}")
                self._news.wait(rest)

    def tell(self, line):
        """Writes a line to the program's standard input."""
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def ask(self, line, pattern):
        """Tells a line, and waits for a new line of output that the pattern is found in."""
        start = len(self.lines)
        self.tell(line)
        return self.wait_line(pattern, start)

    def connect(self, **options):
        """A connected client socket, see the function `connect`; closed with the server at last."""
        client = connect(self.port, **options)
        self.clients.append(client)
        return client

    def signal(self, number):
        self.process.send_signal(number)

    def wait_end(self, timeout=TIMEOUT):
        """Waits until the program ends by itself; its status (negative: the signal)."""
        self._expected = True
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError("the program goes on") from None
        for reader in self._readers:
            reader.join(TIMEOUT)
        return status

    def _end_by_force(self):
        self.process.kill()
        self.process.wait()
        for reader in self._readers:
            reader.join(TIMEOUT)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(OSError):
                stream.close()

    def annotate(self, error):
        """Adds the server's last output to an error."""
        with self._news:
            lines = list(self.lines)
        # Counters that a test asked for again and again say nothing new.
        tail = [line for line, next_one in zip(lines, lines[1:] + [None]) if line != next_one][-25:]
        error.add_note("server %s, status %s, its last output:\n  %s" % (
            Path(self.process.args[0]).name, self.process.returncode, "\n  ".join(tail)))

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        early = self.process.poll()
        ended = early
        for client in self.clients:
            client.close()
        if early is None and error is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                ended = self.process.wait(TIMEOUT)
        self._end_by_force()
        if error is not None:
            self.annotate(error)
            return
        if self._expected:
            return
        problem = None
        if early is not None:
            problem = AssertionError(f"the server ended too early, status {early}")
        elif ended not in (0, -signal.SIGTERM):
            problem = AssertionError(f"the server didn't end well, status {ended}")
        if problem:
            self.annotate(problem)
            raise problem


def fds(pid):
    """How many descriptors a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def rss(pid):
    """Resident memory of a process in KiB, exact (VmRSS isn't)."""
    with open(f"/proc/{pid}/smaps_rollup") as handle:
        for line in handle:
            if line.startswith("Rss:"):
                return int(line.split()[1])
    raise AssertionError("no Rss line")


def cpu_seconds(pid):
    """CPU time that a process has used, user and kernel."""
    with open(f"/proc/{pid}/stat") as handle:
        fields = handle.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def state(pid):
    """The state of a process's main thread: R runs, S sleeps, T is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def threads(pid):
    """How many threads a process has."""
    return len(os.listdir(f"/proc/{pid}/task"))


# --- waiting and sockets ----------------------------------------------------

def wait_until(condition, what="the condition", timeout=TIMEOUT):
    """Waits until condition() is true. Returns its result."""
    deadline = time.monotonic() + timeout
    pause = 0.001
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} never came true")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)


def connect(port, timeout=TIMEOUT, rcvbuf=None, sndbuf=None):
    """A TCP client socket with a time limit on every call."""
    client = wire.Socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if rcvbuf is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        if sndbuf is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, sndbuf)
        client.settimeout(timeout)
        client.connect(("127.0.0.1", port))
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        client.close()
        raise
    return client


def abort(client):
    """Closes a socket with a reset."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def recv_exactly(client, count):
    """Exactly so many bytes, or AssertionError at an early end of stream."""
    data = bytearray(count)
    view = memoryview(data)
    done = 0
    while done < count:
        got = client.recv_into(view[done:])
        if got == 0:
            raise AssertionError(f"end of stream after {done} of {count} bytes")
        done += got
    return bytes(data)


def recv_all(client):
    """Everything up to the end of stream."""
    parts = []
    while part := client.recv(1 << 18):
        parts.append(part)
    return b"".join(parts)


def recv_until(client, mark):
    """Bytes up to and including the mark; reads ahead by nothing."""
    data = b""
    while not data.endswith(mark):
        part = client.recv(1)
        if not part:
            raise AssertionError(f"end of stream after {data!r}")
        data += part
    return data


def exchange(client, data):
    """Sends data and reads as many bytes at the same time. Returns the received bytes."""
    received = bytearray()
    view = memoryview(data)
    sent = 0
    client.setblocking(False)
    deadline = time.monotonic() + TIMEOUT
    try:
        while len(received) < len(data):
            rest = deadline - time.monotonic()
            writers = [client] if sent < len(data) else []
            readable, writable, _ = select.select([client], writers, [], max(rest, 0))
            if not readable and not writable:
                raise AssertionError(f"stalled: sent {sent}, received {len(received)}")
            if writable:
                sent += client.send(view[sent:sent + (1 << 18)])
            if readable:
                part = client.recv(1 << 18)
                if not part:
                    raise AssertionError(f"end of stream after {len(received)} bytes")
                received += part
    finally:
        client.settimeout(TIMEOUT)
    return bytes(received)


def open_files_wanted(count):
    """Raises this process's own descriptor limit, or skips the test."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        if hard != resource.RLIM_INFINITY and hard < count:
            raise unittest.SkipTest(f"needs {count} descriptors, the limit is {hard}")
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
