"""The grammar of a request as the library takes it, written from the RFCs and apart from it.

`problems(bytes)` names what is wrong with the first request of a stream; nothing, where it is one.
What other parsers let through, the library has to refuse for one of these reasons, and for no other.
"""
import ipaddress
import re

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
TEXT = rb"[\t\x20-\x7e\x80-\xff]*"

LINE = re.compile(rb"(" + TOKEN + rb") ([\x21\x22\x24-\x7e\x80-\xff]+) HTTP/(\d)\.(\d)")
FIELD = re.compile(rb"(" + TOKEN + rb"):(" + TEXT + rb")")
HOST = re.compile(rb"(?:(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*|\[([^\]]*)\])(?::\d*)?")
ABSOLUTE = re.compile(rb"([A-Za-z][A-Za-z0-9+\-.]*)://([^/?]*).*", re.DOTALL)
QUOTED = rb'"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"'
EXTENSION = rb"[ \t]*;[ \t]*" + TOKEN + rb"(?:[ \t]*=[ \t]*(?:" + TOKEN + rb"|" + QUOTED + rb"))?"
SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})((?:" + EXTENSION + rb")*)")

LINE_MAX, HEAD_MAX, BODY_MAX, HEADERS_MAX = 8 << 10, 64 << 10, 64 << 20, 1000
EMPTY_LINES_MAX = 4


class Problem(Exception):
    """Why it is no request."""


def problems(data):
    """Why this doesn't begin with a request. None if it does, or if more bytes are needed."""
    try:
        _request(data)
    except Problem as problem:
        return str(problem)
    return None


def _take_line(data, limit, what):
    """A line and the bytes after it. None if it is incomplete."""
    control = re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", data)
    end = control.start() if control else len(data)
    if end > limit:
        raise Problem(f"{what} too long")
    if control is None or data[end:] == b"\r":
        return None
    if data[end:end + 2] != b"\r\n":
        raise Problem("a bare CR or LF, or another control character (RFC 9112, 2.2; RFC 9110, 5.5)")
    return data[:end], data[end + 2:]


def _request(data):
    for _ in range(EMPTY_LINES_MAX + 1):
        taken = _take_line(data, LINE_MAX, "the request line is")
        if taken is None:
            return
        line, data = taken
        if line:
            break
    else:
        raise Problem("too many empty lines before it")
    match = LINE.fullmatch(line)
    if not match:
        raise Problem("no request line, or a fragment in its target (RFC 9112, 3)")
    method, target, major, minor = match.groups()
    if major != b"1":
        raise Problem("another major version (RFC 9110, 15.6.6)")
    _check_target(method, target)
    fields, left = [], HEAD_MAX - len(line) - 2
    while True:
        taken = _take_line(data, left - 2, "the head is")
        if taken is None:
            # The bytes that have been seen already count.
            return _check_fields(fields, minor == b"0", whole=False)
        line, data = taken
        left -= len(line) + 2
        if not line:
            break
        match = FIELD.fullmatch(line)
        if not match:
            raise Problem("a line that is no header; white space before a name or a colon, folding "
                          "(RFC 9112, 5)")
        fields.append((match[1].lower(), match[2].strip(b" \t")))
        if len(fields) > HEADERS_MAX:
            raise Problem("too many headers")
    _check_fields(fields, minor == b"0", whole=True)
    if any(name == b"transfer-encoding" for name, _ in fields):
        _check_chunks(data, left)


def _is_host(text):
    match = HOST.fullmatch(text)
    if match and match[1] is not None:
        future = rb"v[0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+"
        try:
            ipaddress.IPv6Address(match[1].decode("latin-1"))
            return b"%" not in match[1]
        except ValueError:
            return bool(re.fullmatch(future, match[1], re.IGNORECASE))
    return bool(match)


def _check_target(method, target):
    if method == b"CONNECT":
        raise Problem("tunnels aren't offered (RFC 9110, 9.3.6)")
    if target.startswith(b"/") or (method, target) == (b"OPTIONS", b"*"):
        return
    match = ABSOLUTE.fullmatch(target)
    if not match:
        raise Problem("a target in no form that this method has (RFC 9112, 3.2)")
    scheme, host = match.groups()
    if scheme.lower() != b"http":
        raise Problem("a scheme that isn't served here (RFC 9110, 7.4)")
    if not _is_host(host) or not host or host.startswith(b":"):
        raise Problem("a target without a valid host (RFC 9110, 4.2)")


def _check_fields(fields, is_1_0, whole):
    def values(name):
        return [value for key, value in fields if key == name]

    hosts, lengths = values(b"host"), values(b"content-length")
    codings = values(b"transfer-encoding")
    if len(hosts) > 1 or not all(map(_is_host, hosts)):
        raise Problem("more than one Host, or an invalid one (RFC 9112, 3.2)")
    if len(lengths) > 1 or not all(re.fullmatch(rb"[0-9]+", length) for length in lengths):
        raise Problem("more than one Content-Length, or one that is no number (RFC 9112, 6.3)")
    if any(coding.lower() != b"chunked" for coding in codings) or len(codings) > 1:
        raise Problem("a Transfer-Encoding that isn't chunked and nothing else (RFC 9112, 6.1)")
    for value in values(b"expect"):
        if any(member.strip(b" \t").lower() not in (b"", b"100-continue") for member in value.split(b",")):
            raise Problem("an expectation that can't be met (RFC 9110, 10.1.1)")
    if not whole:
        return
    if codings and (lengths or is_1_0):
        raise Problem("Transfer-Encoding with Content-Length or in HTTP/1.0 (RFC 9112, 6.1)")
    if not is_1_0 and not hosts:
        raise Problem("no Host (RFC 9112, 3.2)")
    if lengths and int(lengths[0]) > BODY_MAX:
        raise Problem("a body too large (RFC 9110, 15.5.14)")


def _check_chunks(data, left):
    total = excess = 0
    while True:
        taken = _take_line(data, 1 << 10, "a chunk's line is")
        if taken is None:
            return
        line, data = taken
        match = SIZE.fullmatch(line)
        if not match:
            raise Problem("a line that is no size of a chunk (RFC 9112, 7.1)")
        size = int(match[1], 16)
        total += size
        if total > BODY_MAX:
            raise Problem("a body too large (RFC 9110, 15.5.14)")
        excess = max(0, excess + len(line) - 16 - 2 * size)
        if excess > 16 << 10:
            raise Problem("more extensions than body")
        if size == 0:
            break
        if len(data) <= size:
            return
        if not b"\r\n".startswith(data[size:size + 2]):
            raise Problem("a chunk that doesn't end where it should (RFC 9112, 7.1)")
        if len(data) < size + 2:
            return
        data = data[size + 2:]
    while True:
        taken = _take_line(data, left - 2, "the trailers are")
        if taken is None or not taken[0]:
            return
        line, data = taken
        left -= len(line) + 2
        match = FIELD.fullmatch(line)
        if not match or match[1].lower() in (b"host", b"content-length", b"transfer-encoding"):
            raise Problem("a trailer that is none (RFC 9110, 6.5.1)")
