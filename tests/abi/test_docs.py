"""The documents: their C code compiles and works, both languages agree, and links are valid."""
import http.client
import re
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import harness
import tables

sys.path.insert(0, str(harness.ROOT / "tests" / "guides"))
import programs  # noqa: E402
from programs import FRAGMENTS, blocks  # noqa: E402

PAGES = sorted([*harness.ROOT.glob("*.md"), *harness.ROOT.glob("docs/*.md"),
                *harness.ROOT.glob("benches/**/*.md")])
TWINS = (("README.md", "README.zh-CN.md"), ("docs/beyond.md", "docs/beyond.zh-CN.md"),
         ("docs/http.md", "docs/http.zh-CN.md"))
STRICT = ("-Wall", "-Wextra", "-Wpedantic", "-Werror")


def read(name):
    return (harness.ROOT / name).read_text()


def bare(code):
    """Without the parts that differ between the languages."""
    return re.sub(r"\s*/\*.*?\*/", "", code, flags=re.DOTALL)


def serves(text, flags, check):
    """Compiles a server that prints its port, in both ways, and checks it."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "page.c")
        source.write_text(text)
        for kind in harness.KINDS:
            binary = tables.build([source], Path(folder, kind), kind, *flags)
            with harness.Server(binary) as server:
                check(server)


def echo(server):
    with server.connect() as client:
        data = b"as the page says\n" * 1000
        assert harness.exchange(client, data) == data


class Code(unittest.TestCase):
    def compiles(self, text, *flags):
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder, "page.c")
            source.write_text(text)
            for compiler in ("gcc", "clang"):
                for standard in ("gnu99", "gnu17"):
                    done = subprocess.run(
                        [compiler, f"-std={standard}", "-fsyntax-only", *STRICT, *flags,
                         "-I", str(harness.INCLUDE), str(source)], capture_output=True, text=True)
                    self.assertEqual((done.stderr, done.returncode), ("", 0), (compiler, standard))

    def test_readme_s_server(self):
        for name in ("README.md", "README.zh-CN.md"):
            [code] = blocks(name)
            self.compiles(code)
        text = code.replace("SERV_PORT", "0").replace(
            "tcp_server_start(server);",
            'tcp_server_start(server);\n    printf("port %d\\n", server->port);\n    fflush(stdout);')
        serves(text, STRICT, echo)

    def test_beyond_the_course(self):
        """All blocks of the page are one file, which is a server."""
        for name in ("docs/beyond.md", "docs/beyond.zh-CN.md"):
            code = "\n".join(blocks(name))
            self.compiles(code, *FRAGMENTS)

        def check(server):
            echo(server)
            idle = server.connect()
            # If it hasn't sent anything, it might not be accepted yet.
            idle.sendall(b"?")
            self.assertEqual(idle.recv(1), b"?")
            server.signal(signal.SIGTERM)
            self.assertEqual(harness.recv_all(idle), b"")
            self.assertEqual(server.wait_end(), 0)

        serves(programs.beyond(name), FRAGMENTS, check)

    def test_http(self):
        """The same for the page about HTTP."""
        for name in ("docs/http.md", "docs/http.zh-CN.md"):
            code = "\n".join(blocks(name))
            self.compiles(code, *FRAGMENTS)

        def check(server):
            asked = http.client.HTTPConnection("127.0.0.1", server.port, timeout=harness.scaled(20))
            for method, path, body, expected in (
                    ("GET", "/", None, b"hello, network programming\n"),
                    ("GET", "/hello?name=Ada%20L.", None, b"hello, Ada L.\n"),
                    ("GET", "/users/a%20b", None, b"a b"),
                    ("POST", "/echo", b"\0\1", b"\0\1"),
                    ("GET", "/slow", None, b"42\n"),
                    ("GET", "/news", None, b"news\n"),
                    ("GET", "/count", None, b"".join(b"%d\n" % i for i in range(1000))),
                    ("POST", "/upload", bytes(100_000), b"100000 bytes\n"),
                    ("GET", "/files/LICENSE", None, read("LICENSE").encode())):
                asked.request(method, path, body)
                answer = asked.getresponse()
                self.assertEqual((path, answer.status, answer.read()), (path, 200, expected))
            for method, body, status in (("PUT", bytes(1000), 405), ("POST", None, 200)):
                asked.request(method, "/upload", body)
                answer = asked.getresponse()
                self.assertEqual((answer.status, answer.read() == b"0 bytes\n"), (status, status == 200))
            asked.request("POST", "/upload", b"GIF", {"Content-Type": "image/gif"})
            answer = asked.getresponse()
            self.assertEqual((answer.status, answer.read()), (415, b"no pictures, please\n"))
            with server.connect() as gone:
                gone.sendall(b"GET /news HTTP/1.1\r\nHost: a\r\n\r\n")
            asked.request("GET", "/files/none")
            self.assertEqual(asked.getresponse().status, 404)
            asked.close()
            server.signal(signal.SIGTERM)
            self.assertEqual(server.wait_end(), 0)

        serves(programs.http(name), FRAGMENTS, check)

    def test_every_other_block_of_c_is_known(self):
        """Ensures that no code block is added that isn't compiled."""
        for page in PAGES:
            name = str(page.relative_to(harness.ROOT))
            if name not in sum(TWINS, ()):
                self.assertEqual(blocks(name), [], name)


class Words(unittest.TestCase):
    def test_both_languages_show_the_same(self):
        for pair in TWINS:
            shown = []
            for name in pair:
                text = read(name)
                shown.append({
                    "code": [bare(code) for code in blocks(name)],
                    "shell": blocks(name, "sh")[1:],
                    "headings": [line.split()[0] for line in text.splitlines() if line.startswith("#")],
                    "cells": [line.count("|") for line in text.splitlines() if line.startswith("|")],
                    "names": sorted(set(re.findall(r"`(yolanda_\w+)[`(]", text))),
                    "numbers": sorted(set(re.findall(r"\bD\d+\b", text))),
                })
            self.assertEqual(shown[0], shown[1], pair)

    def test_links(self):
        anchors = {}
        for page in PAGES:
            text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
            headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
            anchors[page] = {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-")
                             for head in headings}
        for page in PAGES:
            for link in re.findall(r"\]\(([^)]+)\)", page.read_text()):
                if re.match(r"https?:", link):
                    continue
                path, _, anchor = link.partition("#")
                target = (page.parent / path).resolve() if path else page
                self.assertTrue(target.exists(), (page.name, link))
                if anchor:
                    self.assertIn(anchor, anchors[target], (page.name, link))

    def test_names_are_real(self):
        """Every function and macro of yolanda.h that a page names is in the header."""
        known = set(re.findall(r"\b(?:yolanda|YOLANDA)_\w+", (harness.INCLUDE / "yolanda.h").read_text()
                               + (harness.INCLUDE / "lib/log.h").read_text()
                               + (harness.INCLUDE / "lib/common.h").read_text()))
        known |= {path.stem for path in harness.INCLUDE.glob("yolanda*")}
        known |= {"YOLANDA_DISPATCHER", "YOLANDA_LOG", "YOLANDA_SHARED", "YOLANDA_POLL_DEFAULT"}
        known |= set(re.findall(r"YOLANDA_TEST_\w+", read("tests/harness.py")))
        known |= set(re.findall(r"YOLANDA_RANDOM_\w+", read("tests/random/test_random.py")))
        for page in PAGES:
            for name in re.findall(r"\b(?:yolanda|YOLANDA)_[A-Za-z_]*[A-Za-z](?![*\w])", page.read_text()):
                self.assertIn(name, known, page.name)

    def test_examples_are_listed(self):
        files = {path.name for path in harness.ROOT.glob("c_examples/*.c")}
        for name in TWINS[0]:
            listed = set(re.findall(r"`(\w+\.c)`", read(name)))
            self.assertEqual(listed, files, name)

    def test_versions(self):
        """The version that the pages speak of is the one that is built."""
        version = re.search(r'^version = "(.*)"', read("Cargo.toml"), re.MULTILINE).group(1)
        newest = re.search(r"^## \[(.*?)\]", read("CHANGELOG.md"), re.MULTILINE).group(1)
        self.assertEqual(newest, version)
        self.assertIn(f"\nVersion {version} ", read("README.md"))
        self.assertIn(f"\n{version} 版", read("README.zh-CN.md"))
        minor = version.rpartition(".")[0]
        for name in TWINS[0]:
            self.assertEqual(set(re.findall(r"find_package\(yolanda (\S+)", read(name))), {minor})
        for name in TWINS[1]:
            self.assertRegex(read(name), rf"yolanda {re.escape(minor)}\b")
        self.assertIn(f"libyolanda.so.{version}", read("docs/abi.md"))

    def test_places_exist(self):
        """The files that architecture.md puts into its tables."""
        text = read("docs/architecture.md")
        first, *inside = re.split(r"^### (?=src/)", text.split("\n## The way")[0], flags=re.MULTILINE)
        for section in inside:
            folder = harness.ROOT / section.split()[0]
            for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE):
                for name in re.findall(r"`([\w/.]+)`", row):
                    self.assertTrue((folder / name).exists(), f"{folder}/{name}")
        for row in re.findall(r"^\| (`.*?) \|", first, re.MULTILINE):
            for place in re.findall(r"`([\w/.*]+)`", row):
                self.assertTrue(list(harness.ROOT.glob(place.replace("X", "*"))), place)


if __name__ == "__main__":
    unittest.main()
