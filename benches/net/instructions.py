#!/usr/bin/env python3
"""Instructions that a server spends in user space on one operation, counted by callgrind. They are the same on every
machine, however busy it is. The kernel's part, which is most of the time, isn't in them.

usage: instructions.py [NAME:KIND=COMMAND ...]

KIND is echo or http; COMMAND is started as "COMMAND PORT 1". Without arguments: the library's servers in target/bench/net.
Each workload runs twice with different numbers of operations; the result is the difference of the counts divided by the
difference of the numbers.
  http: get (one keep-alive request at a time), pipe16 (16 at a time), close (a connection each)
  echo: echo64 (64 bytes back and forth), churn (connect, 64 bytes, close)
"""
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from process import free_port, spawn
from workloads import BODY, SERVERS, known

REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"
LAST = REQUEST[:-2] + b"Connection: close\r\n\r\n"
MESSAGE = b"x" * 64


def dial(port):
    """A connection; the server may take some time to start."""
    for _ in range(300):
        try:
            client = socket.create_connection(("127.0.0.1", port), timeout=20)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return client
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"no server on port {port}")


def receive(client, complete):
    """Reads until what came is complete."""
    got = b""
    while not complete(got):
        part = client.recv(65536)
        if not part:
            raise SystemExit(f"end of stream after {len(got)} bytes of an answer")
        got += part


def echoed(client):
    client.sendall(MESSAGE)
    receive(client, lambda got: len(got) >= len(MESSAGE))


def answered(client, request, count):
    client.sendall(request * count)
    receive(client, lambda got: got.count(BODY) >= count)


def get(port, n):
    with dial(port) as client:
        for _ in range(n):
            answered(client, REQUEST, 1)


def pipe16(port, n):
    with dial(port) as client:
        for _ in range(n // 16):
            answered(client, REQUEST, 16)


def close(port, n):
    for _ in range(n):
        with dial(port) as client:
            answered(client, LAST, 1)
            while client.recv(4096):
                pass


def echo64(port, n):
    with dial(port) as client:
        for _ in range(n):
            echoed(client)


def churn(port, n):
    for _ in range(n):
        with dial(port) as client:
            echoed(client)


KINDS = {"http": (get, pipe16, close), "echo": (echo64, churn)}
FEW, MANY, WARM = 320, 1920, 160


def total(command, work, n):
    """The instructions of a server that has done the work n times."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        server = spawn(["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", *command.split(),
                        str(port), "1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            dial(port).close()
            work(port, WARM)
            work(port, n)
            # What follows the last answer, the end of its connection for example.
            time.sleep(0.2)
            subprocess.run(["callgrind_control", "-d", str(server.pid)], check=True, capture_output=True)
        finally:
            server.kill()
            server.wait()
        counts = [int(count) for file in Path(folder).iterdir()
                  for count in re.findall(r"^(?:summary|totals): (\d+)", file.read_text(), re.M)]
    if not counts:
        raise SystemExit(f"callgrind wrote no counts for: {command}")
    return max(counts)


def main():
    peers = sys.argv[1:]
    if any(re.fullmatch(r"\w+:(echo|http)=.+", peer) is None for peer in peers):
        raise SystemExit(__doc__)
    if not peers:
        peers = [f"{name}:{kind}={command.split()[0]}" for name, commands in known()[0].items()
                 if name not in SERVERS for kind, command in commands.items()]
    os.environ.setdefault("YOLANDA_LOG", "off")
    for peer in peers:
        name, kind, command = re.fullmatch(r"(\w+):(\w+)=(.+)", peer).groups()
        for work in KINDS[kind]:
            count = (total(command, work, MANY) - total(command, work, FEW)) / (MANY - FEW)
            print(f"{name} {work.__name__} {count:.0f}", flush=True)


if __name__ == "__main__":
    main()
