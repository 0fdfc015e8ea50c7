"""The library beside other parsers, h11 and httptools (llhttp), over the corpus and mutations of it:
they read the same requests. Where the library refuses what another one takes, tests/fuzz/grammar.py
says why; where it takes what another one refuses, DELIBERATE does.

YOLANDA_FUZZ_SECONDS: how long each pair is compared, 4 unless set. YOLANDA_FUZZ_SEED: other mutations.
"""
import os
import random
import re
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "net"))
import corpus
import grammar
import parsers
from parsers import INCOMPLETE, REFUSED

# The methods that llhttp knows.
KNOWN = (b"DELETE GET HEAD POST PUT CONNECT OPTIONS TRACE COPY LOCK MKCOL MOVE PROPFIND PROPPATCH SEARCH "
         b"UNLOCK BIND REBIND UNBIND ACL REPORT MKACTIVITY CHECKOUT MERGE M-SEARCH NOTIFY SUBSCRIBE "
         b"UNSUBSCRIBE PATCH PURGE MKCALENDAR LINK UNLINK SOURCE QUERY").split()


def chunk_lines(data):
    """About: the lines of a chunked body, those within chunks, too."""
    return data.partition(b"\r\n\r\n")[2].split(b"\r\n")


# What the library accepts and another parser refuses, each with the reason for accepting it:
# name, does it concern this request?
DELIBERATE = {
    "h11": [
        ("bytes beyond ASCII in a target: sent by some clients, and read in one way",
         lambda data, seen: max(seen.target) > 0x7f),
        ("empty lines before a request: RFC 9112, 2.2 asks for one at least",
         lambda data, seen: data.startswith(b"\r\n")),
        ("white space in chunk extensions: RFC 9112, 7.1.1 asks for it",
         lambda data, seen: any(re.match(rb"[0-9A-Fa-f]+[ \t]+;|[0-9A-Fa-f]+;.*[ \t=]", line)
                                for line in chunk_lines(data))),
        ("h11 reads Content-Length by itself: at most 20 digits",
         lambda data, seen: any(len(length) > 20 for length in seen.values(b"content-length"))),
    ],
    "httptools": [
        ("methods that llhttp doesn't know: they are the program's matter (RFC 9110, 9.1)",
         lambda data, seen: seen.method not in KNOWN),
        ("minor versions beyond 1: served as 1.1 (RFC 9110, 2.5)",
         lambda data, seen: seen.version not in (b"HTTP/1.0", b"HTTP/1.1")),
        ("bytes beyond ASCII in a target: sent by some clients, and read in one way",
         lambda data, seen: max(seen.target) > 0x7f),
        ("a tab behind `chunked`: white space as any other (RFC 9110, 5.5)",
         lambda data, seen: re.search(rb"(?i)transfer-encoding:[ \t]*chunked *\t", data)),
        ("white space, tabs and escapes in chunk extensions: RFC 9112, 7.1.1 has them",
         lambda data, seen: any(re.match(rb"[0-9A-Fa-f]+[ \t]*;.*[ \t=]|[0-9A-Fa-f]+[ \t]+;", line)
                                for line in chunk_lines(data))),
    ],
}


def is_upgrade(request):
    """llhttp stops after such a head, and takes no bytes for its body."""
    return bool(request.values(b"upgrade")) and any(
        member.strip().lower() == b"upgrade"
        for value in request.values(b"connection") for member in value.split(b","))


def same_fields(name, seen, other):
    """The results that can be compared, without those that each parser reports in its own way."""
    def plain(request):
        headers = []
        for key, value in request.headers:
            if key == b"transfer-encoding":
                # h11 shows it in lower case.
                value = value.lower()
            if key == b"host" and not request.target.startswith(b"/"):
                # The library shows the target's host: RFC 9112, 3.2.2.
                continue
            # llhttp leaves tabs before blanks at the end.
            headers.append((key, value.strip(b" \t")))
        if name == "httptools" and is_upgrade(request):
            request = request._replace(body=b"")
        return request._replace(headers=headers)
    return plain(seen) == plain(other)


def why_different(name, data, seen, other):
    """None if the parsers agree, or disagree for a known reason; else the difference."""
    problem = grammar.problems(data)
    accepted = seen not in (REFUSED, INCOMPLETE)
    # Some problems wait for the end of the head.
    if seen == REFUSED and problem is None or accepted and problem is not None:
        return f"the library: {seen}; the grammar: {problem}"
    if other in (REFUSED, INCOMPLETE):
        if not accepted:
            # One of them wants to see more before it refuses.
            return None
        reasons = [reason for reason, concerns in DELIBERATE[name] if concerns(data, seen)]
        return None if reasons else f"only {name} refuses: {other}"
    if accepted:
        return None if same_fields(name, seen, other) else "other fields"
    # It is refused, for the reason that the grammar gave, or it is incomplete.
    return None if seen == REFUSED else f"only {name} takes it to be complete"


class Mutations:
    WORDS = [b"\r\n", b"\r", b"\n", b"\r\n\r\n", b" ", b"\t", b":", b";", b",", b'"', b"\\", b"=", b"\0", b"#",
             b"?", b"//", b"://", b"@", b"[::1]", b"%00", b"0\r\n\r\n", b"1\r\na\r\n", b'5;a="b"\r\n',
             b"ffffffffffffffff\r\n", b"Transfer-Encoding: chunked\r\n", b"Content-Length: 5\r\n",
             b"Content-Length: 0\r\n", b"Host: a\r\n", b"Expect: 100-continue\r\n", b"HTTP/1.0",
             b"HTTP/1.1", b"OPTIONS *", b"http://b/", b"\x7f", b"\xff", b"-", b"+", b"_", b"0x", b"chunked, "]

    def __init__(self, seeds, seed):
        self.seeds, self.random = seeds, random.Random(seed)

    def one(self):
        pick = self.random
        data = bytearray(pick.choice(self.seeds))
        for _ in range(pick.randint(1, 4)):
            at = pick.randint(0, len(data))
            length = pick.randint(0, min(8, len(data) - at))
            kind = pick.randint(0, 6)
            if kind == 0 and at < len(data):
                data[at] ^= 1 << pick.randint(0, 7)
            elif kind == 1 and at < len(data):
                data[at] = pick.randint(0, 255)
            elif kind == 2:
                del data[at:at + length]
            elif kind == 3:
                data[at:at] = data[at:at + length]
            elif kind == 4:
                other = pick.choice(self.seeds)
                data[at:] = other[pick.randint(0, len(other)):]
            else:
                data[at:at + length * pick.randint(0, 1)] = pick.choice(self.WORDS)
        return bytes(data)


class Grammar(unittest.TestCase):
    def test_it_fits_the_corpus(self):
        """The corpus' files agree with the grammar about first requests."""
        for case in corpus.cases():
            if case.raw.startswith(b"HEAD") or not case.outcomes:
                continue
            refused = not case.outcomes[0].startswith("200")
            self.assertEqual(grammar.problems(case.raw) is not None, refused, case.name)


class Differential(unittest.TestCase):
    def setUp(self):
        self.seeds = [case.raw for case in corpus.cases() if len(case.raw) < 3000]

    def other(self, name):
        if name not in parsers.others():
            self.skipTest(f"{name} can't be installed")
        return parsers.others()[name]

    def compare(self, name, data):
        parse = self.other(name)
        seen, other = parsers.yolanda(data), parse(data)
        wrong = why_different(name, data, seen, other)
        self.assertIsNone(wrong, f"\n{data}\nlibrary: {seen}\n{name}: {other}")

    def run_with(self, name):
        for seed in self.seeds:
            self.compare(name, seed)
        mutations = Mutations(self.seeds, int(os.environ.get("YOLANDA_FUZZ_SEED", "4711")))
        end = time.monotonic() + float(os.environ.get("YOLANDA_FUZZ_SECONDS", "4"))
        count = 0
        while time.monotonic() < end:
            self.compare(name, mutations.one())
            count += 1
        self.assertGreater(count, 0)

    def test_h11(self):
        self.run_with("h11")

    def test_httptools(self):
        self.run_with("httptools")

    def test_deliberate_differences_are_there(self):
        """Each occurs in the corpus or is constructed here: a reason that doesn't occur has to be removed."""
        made = {
            "h11": [b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 000000000000000000001\r\n\r\na"],
            "httptools": [b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n"],
        }
        for name, reasons in DELIBERATE.items():
            parse = self.other(name)
            for reason, concerns in reasons:
                self.assertTrue(any(
                    parsers.yolanda(data) not in (REFUSED, INCOMPLETE) and parse(data) == REFUSED
                    and concerns(data, parsers.yolanda(data)) for data in self.seeds + made[name]),
                    f"{name}: {reason}")


if __name__ == "__main__":
    unittest.main()
