#!/usr/bin/env python3
"""Runs the benchmarks: python3 benches/run.py [NAME...] [--quick]

NAMEs are timers, posts, marks, nodelay, timeouts; all without any. See README.md.
"""
import argparse
import math
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
OUT = ROOT / "target" / "bench"
ENV = {**os.environ, "YOLANDA_LOG": "off"}
ENV.pop("YOLANDA_DISPATCHER", None)

# What links a program to each library; a header says whether it is there.
PEERS = {
    "yolanda": (None, ["-I", str(ROOT / "include"), str(OUT / "libyolanda.a"),
                       "-lpthread", "-ldl", "-lm"]),
    "libuv": ("uv.h", ["-luv", "-lpthread"]),
    "libevent": ("event2/event.h", ["-levent", "-levent_pthreads", "-lpthread"]),
    "eventfd": (None, ["-lpthread"]),
}


def build(name, sources, flags):
    OUT.mkdir(parents=True, exist_ok=True)
    binary = OUT / name
    command = ["gcc", "-O2", "-Wall", "-Wextra", *(str(HERE / one) for one in sources),
               "-o", str(binary), *flags]
    subprocess.run(command, check=True)
    return binary


def peers(name):
    """The programs NAME_PEER.c that can be built here."""
    found = {}
    for peer, (header, flags) in PEERS.items():
        source = HERE / f"{name}_{peer}.c"
        if not source.exists():
            continue
        if header and not any((Path(place) / header).exists()
                              for place in ("/usr/include", "/usr/local/include")):
            print(f"({peer} is left out: no {header})")
            continue
        found[peer] = build(f"{name}-{peer}", [f"{name}.c", source.name], flags)
    return found


def numbers(binary, *args):
    """Runs a program that prints "name number name number ..."."""
    done = subprocess.run([str(binary), *map(str, args)], env=ENV, check=True,
                          stdout=subprocess.PIPE, text=True)
    words = done.stdout.split()
    return {name: float(value) for name, value in zip(words[::2], words[1::2])}


def interleaved(cases, rounds, measure):
    """Medians of each case's numbers, from rounds in which the cases take turns; and the samples."""
    samples = {case: [] for case in cases}
    for _ in range(rounds):
        for case in cases:
            samples[case].append(measure(case))
    medians = {case: {key: statistics.median(one[key] for one in taken) for key in taken[0]}
               for case, taken in samples.items()}
    return medians, samples


def ratio(samples, case, base, key):
    """The median of the ratios round by round."""
    return statistics.median(a[key] / b[key] for a, b in zip(samples[case], samples[base]))


def show(title, columns, rows):
    print(f"\n{title}\n")
    widths = [max(len(str(row[i])) for row in [columns, *rows]) for i in range(len(columns))]
    for row in [columns, ["-" * width for width in widths], *rows]:
        cells = [str(cell).ljust(widths[0]) if i == 0 else str(cell).rjust(widths[i])
                 for i, cell in enumerate(row)]
        print("| " + " | ".join(cells) + " |")
    sys.stdout.flush()


# --- timers and posts -------------------------------------------------------

PHASES = ("start", "restart", "stop", "fire")


def instructions(binary, size):
    """Instructions per timer in each phase of timers.c, as valgrind counts them."""
    profile = OUT / "callgrind.out"
    subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}", str(binary),
                    str(size), "1"], env=ENV, check=True, capture_output=True)
    text = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", str(profile)],
                          check=True, capture_output=True, text=True).stdout
    counts = {}
    for phase in PHASES:
        # "1,234 (5.6%)  timers.c:phase_start [...]"
        found = re.search(rf"^ *([\d,]+) .*:phase_{phase}\b", text, re.MULTILINE)
        counts[phase] = int(found.group(1).replace(",", "")) / size
    return counts


def timers(options):
    programs = peers("timers")
    sizes = (1000, 10000, 100000) if options.quick else (1000, 10000, 100000, 1000000)
    rounds = 1 if options.quick else 5
    rows = []
    for size in sizes:
        medians, samples = interleaved(programs, rounds, lambda peer: numbers(programs[peer], size))
        for peer in programs:
            row = [f"{size} {peer}"]
            for phase in PHASES:
                text = f"{medians[peer][phase]:.0f}"
                if peer != "yolanda":
                    text += f" ({ratio(samples, peer, 'yolanda', phase):.2f})"
                row.append(text)
            rows.append(row)
    show("Timers: ns per operation, in brackets the peer's time as a multiple of ours",
         ["timers at a time", *PHASES], rows)
    if shutil.which("valgrind") is None:
        print("(instructions are left out: no valgrind)")
        return
    rows = []
    for peer in programs:
        few, many = (instructions(programs[peer], size) for size in (sizes[0], sizes[-1]))
        rows.append([peer, *(f"{few[phase]:.0f} {many[phase]:.0f} ({many[phase] / few[phase]:.2f})"
                             for phase in PHASES)])
    growth = math.log(sizes[-1]) / math.log(sizes[0])
    show(f"Timers: instructions per operation, {sizes[0]} and {sizes[-1]} at a time; log n grows by "
         f"{growth:.2f}", ["library", *PHASES], rows)


def posts(options):
    programs = peers("posts")
    count = 100000 if options.quick else 1000000
    rounds = 1 if options.quick else 7
    rows = []
    for threads in (1, 8):
        medians, samples = interleaved(programs, rounds,
                                       lambda peer: numbers(programs[peer], threads, count))
        for peer in programs:
            text = f"{medians[peer]['post']:.0f}"
            if peer != "yolanda":
                text += f" ({ratio(samples, peer, 'yolanda', 'post'):.2f})"
            rows.append([f"{threads} {peer}", text, f"{medians[peer]['batch']:.0f}"])
    show(f"Posts: {count} from so many threads; in brackets the peer's time as a multiple of ours",
         ["threads", "ns per post", "posts per wake-up"], rows)


# --- servers ----------------------------------------------------------------

class Echo:
    """A running echo server, and its CPU time."""

    def __init__(self, binary, *options):
        self.process = subprocess.Popen([str(binary), *options], env=ENV, stdout=subprocess.PIPE,
                                        text=True)
        self.port = int(self.process.stdout.readline())

    def cpu_us(self):
        return sum(int((task / "schedstat").read_text().split()[0])
                   for task in Path(f"/proc/{self.process.pid}/task").iterdir()) / 1000

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def server_programs():
    return (build("echo", ["echo.c"], PEERS["yolanda"][1]), build("load", ["load.c"], []))


def echo_sample(echo, load, options, connections, size, seconds):
    """One run of the load against a fresh server: its numbers, and CPU time per message."""
    with Echo(echo, *options) as server:
        before = server.cpu_us()
        result = numbers(load, server.port, connections, size, seconds)
        result["cpu"] = (server.cpu_us() - before) / (result["rate"] * seconds)
        return result


def compare(title, cases, loads, options):
    """A table of server options against each other under each load; the first case is the base."""
    echo, load = server_programs()
    seconds, rounds = (0.5, 1) if options.quick else (1.5, 9)
    base = next(iter(cases))
    rows = []
    for connections, size in loads:
        medians, samples = interleaved(
            cases, rounds,
            lambda case: echo_sample(echo, load, cases[case], connections, size, seconds))
        for case in cases:
            row = [f"{size} bytes, {connections} connections: {case}"]
            for key, form in (("rate", "%.0f"), ("cpu", "%.2f"), ("median", "%.0f"), ("p99", "%.0f")):
                text = form % medians[case][key]
                if case != base:
                    text += f" ({ratio(samples, case, base, key):.3f})"
                row.append(text)
            rows.append(row)
    show(f"{title}; in brackets the ratio to \"{base}\"",
         ["load", "messages/s", "server us/message", "median us", "p99 us"], rows)


def marks(options):
    compare("Water marks", {"off": [], "on": ["marks=1000000"]}, [(64, 64), (64, 16384)], options)


def nodelay(options):
    off, on = ["nodelay=0"], ["nodelay=1"]
    compare("TCP_NODELAY, a reply by one send", {"off": off, "on": on}, [(1, 64), (64, 64)], options)
    compare("TCP_NODELAY, a reply by two sends",
            {"off": [*off, "split=1"], "on": [*on, "split=1"]}, [(1, 64), (64, 64)], options)


def idle_sample(echo, load, options, connections, seconds):
    """CPU time of a server per second while so many connections do nothing, in us."""
    with Echo(echo, *options) as server:
        clients = subprocess.Popen([str(load), str(server.port), str(connections), "64", "0"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if clients.stdout.readline() != "ready\n":
            raise SystemExit("the clients didn't get through")
        time.sleep(1)
        before = server.cpu_us()
        time.sleep(seconds)
        used = (server.cpu_us() - before) / seconds
        clients.stdin.close()
        clients.wait()
        clients.stdout.close()
        return {"cpu": used}


def timeouts(options):
    cases = {"off": [], "on": ["timeouts=60000"]}
    compare("Connection timeouts, busy", cases, [(64, 64), (1000, 64)], options)
    echo, load = server_programs()
    count = 1000 if options.quick else 10000
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count + 100:
        print(f"(idle connections are left out: at most {hard} descriptors)")
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    seconds, rounds = (1, 1) if options.quick else (5, 3)
    # Short ones: with 60 s nothing at all would be due meanwhile.
    cases = {"off": [], "60 s": ["timeouts=60000"], "8 s": ["timeouts=8000"]}
    medians, _ = interleaved(cases, rounds,
                             lambda case: idle_sample(echo, load, cases[case], count, seconds))
    show(f"Connection timeouts, {count} idle connections", ["timeouts", "CPU us per second"],
         [[case, f"{medians[case]['cpu']:.0f}"] for case in cases])


BENCHES = {"timers": timers, "posts": posts, "marks": marks, "nodelay": nodelay, "timeouts": timeouts}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one short round: does it work?")
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args()
    for name in options.names:
        if name not in BENCHES:
            parser.error(f"no benchmark {name}; there are {', '.join(BENCHES)}")
    if shutil.which("gcc") is None:
        raise SystemExit("no gcc")
    subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=ROOT, check=True)
    OUT.mkdir(parents=True, exist_ok=True)
    subprocess.run(["scripts/archive", "target/release", str(OUT / "libyolanda.a")], cwd=ROOT, check=True)
    for name in options.names or BENCHES:
        BENCHES[name](options)


if __name__ == "__main__":
    main()
