#!/usr/bin/env python3
"""Measures servers side by side.

Rounds are interleaved (A B C, A B C, ...). Every sample has a server and a load generator of its own, each pinned to a
core, in a network namespace of its own. A crash, a stall, wrong bytes or a missing answer is a result and is shown as such.

--peer adds a server that is started as "PATH PORT THREADS"; or give a command with {port} and {threads} in it. --report
shows stored samples again and puts several files together. README.md explains workloads and columns.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import time

from report import NOISY, noise, report, short, summary
from sample import sample
from workloads import BIN, WORKLOADS, known


class Calm:
    """Waits for a machine that is fast and undisturbed, within a budget of seconds."""

    def __init__(self, options):
        self.options, self.best, self.spare = options, 0.0, options.budget
        for _ in range(10):
            self.speed()

    def speed(self):
        """The speed at the moment, as a share of the best one seen."""
        cpus = [cpus.split(",")[0] for cpus in (self.options.server_cpu, self.options.client_cpu)]
        out = subprocess.run([f"{self.options.bin}/canary", *cpus], capture_output=True, text=True, check=True)
        speed = float(out.stdout)
        self.best = max(self.best, speed)
        return speed / self.best

    def wait(self):
        start = time.monotonic()
        end = start + min(self.options.patience, self.spare)
        speed = self.speed()
        while speed < 1 - NOISY - 0.03 and time.monotonic() < end:
            time.sleep(0.3)
            speed = self.speed()
        self.spare -= time.monotonic() - start
        return speed


def best_sample(options, calm, name, workload, ports):
    """A sample; while it is disturbed and the budget lasts, another one. The least disturbed counts."""
    best = None
    for attempt in range(1 + options.retries):
        speed, start = calm.wait(), time.monotonic()
        taken = sample(options, name, workload, next(ports))
        taken["slow"] = 1 - min(speed, calm.speed())
        if attempt:
            calm.spare -= time.monotonic() - start
        if best is None or taken["fails"] or noise(taken) < noise(best):
            best = taken
        if noise(taken) <= NOISY or calm.spare <= 0:
            break
    return best


def rounds(options, names, workloads, samples):
    """Takes the samples, and stores them after each workload if that is wanted."""
    calm, start, ports = Calm(options), time.monotonic(), iter(range(20001, 60000))

    def store():
        if options.json:
            os.makedirs(os.path.dirname(os.path.abspath(options.json)), exist_ok=True)
            with open(options.json, "w") as file:
                json.dump({"seconds": options.seconds, "threads": options.threads, "one_core": options.one_core,
                           "kernel": os.uname().release, "samples": samples}, file)

    try:
        for workload in workloads:
            kind, _, _, unit = WORKLOADS[workload]
            for number in range(options.rounds):
                for name in names:
                    if kind not in options.servers[name]:
                        continue
                    best = best_sample(options, calm, name, workload, ports)
                    best["round"] = number
                    samples.append(best)
                    print(f"{time.monotonic() - start:6.0f}s {workload:12} {number} {name:10} "
                          f"{short(best.get('value')):>7} {unit:8} busy {best.get('srv_busy', 0):4.0%} "
                          f"noise {noise(best):4.0%} {'; '.join(best['fails'] + best['notes'])}",
                          file=sys.stderr, flush=True)
            store()
    finally:
        store()


def stored(paths):
    """The samples of several files, as if they had been taken in one run."""
    samples, shift = [], 0
    for path in paths:
        with open(path) as file:
            more = json.load(file)["samples"]
        for one in more:
            one["round"] += shift
        shift = max((one["round"] for one in more), default=-1) + 1
        samples += more
    return samples


def parser():
    cpus = sorted(os.sched_getaffinity(0))
    it = argparse.ArgumentParser(formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__)
    it.add_argument("-w", "--workloads", default=",".join(WORKLOADS), help="default: all")
    it.add_argument("-s", "--servers", dest="names", default="", help="default: all that can be started")
    it.add_argument("-r", "--rounds", type=int, default=5)
    it.add_argument("-d", "--seconds", type=float, default=1.5)
    it.add_argument("--warmup", type=float, default=0.25)
    it.add_argument("--threads", type=int, default=1)
    it.add_argument("--peer", action="append", default=[], metavar="NAME:KIND=COMMAND")
    it.add_argument("--base", default="epoll_raw,libevent", help="what ratios refer to")
    it.add_argument("--json", help="store the samples here")
    it.add_argument("--report", nargs="+", metavar="FILE", help="only show stored samples")
    it.add_argument("--summary", action="store_true", help="with --report: one line per workload")
    it.add_argument("--retries", type=int, default=2, help="how often a disturbed sample is repeated")
    it.add_argument("--budget", type=float, default=150, help="seconds for waiting and repeating, in all")
    it.add_argument("--patience", type=float, default=5, help="seconds to wait for a fast machine before a sample")
    it.add_argument("--server-cpu", default=str(cpus[0]))
    it.add_argument("--client-cpu", default=str(cpus[1 % len(cpus)]))
    it.add_argument("--one-core", action="store_true", help="load generator on the server's core too")
    it.add_argument("--no-netns", action="store_true", help="use the machine's loopback; needs no root")
    it.add_argument("--bin", default=str(BIN), help="where the programs are (default: target/bench/net)")
    return it


def main():
    arguments = parser()
    options = arguments.parse_args()
    bases = options.base.split(",")
    if options.one_core:
        options.client_cpu = options.server_cpu
    if options.report:
        (summary if options.summary else report)(stored(options.report), bases)
        return
    os.environ.setdefault("YOLANDA_LOG", "off")
    options.servers, missing = known(options.bin)
    for item in options.peer:
        match = re.fullmatch(r"(\w+):(echo|http)=(.+)", item)
        if not match:
            arguments.error(f"--peer {item}: not NAME:echo=COMMAND or NAME:http=COMMAND")
        options.servers.setdefault(match[1], {})[match[2]] = match[3]
    names = options.names.split(",") if options.names else list(options.servers)
    workloads = options.workloads.split(",")
    for name in names:
        if name not in options.servers:
            reason = "it is not built or installed" if name in missing else f"there are {', '.join(options.servers)}"
            arguments.error(f"no server {name}; {reason}")
    for workload in workloads:
        if workload not in WORKLOADS:
            arguments.error(f"no workload {workload}; there are {', '.join(WORKLOADS)}")
    if missing and not options.names:
        print(f"(left out, not built or installed: {', '.join(missing)})", file=sys.stderr)
    samples = []
    try:
        rounds(options, names, workloads, samples)
    finally:
        report(samples, bases)


if __name__ == "__main__":
    main()
