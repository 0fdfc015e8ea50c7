"""A folder served over HTTP: which files are served under which names, and that nothing else is."""
import email.utils
import errno
import os
import shutil
import socket
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import harness
import netcase
from httpclient import Client, request

LINKS, HIDDEN = 1, 2
SECRET = b"the secret outside of the root\n"
PAGE = b"<!DOCTYPE html><title>a page</title>\n"
# 60 KiB is the most that is read instead of sent from the page cache.
SIZES = (1, 10, 60 << 10, (60 << 10) + 1, 700_000)
CLOCK = 784_111_777
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"


def make(root):
    """The folder that is served; beside it lies a secret."""
    (root / "folder/deep").mkdir(parents=True)
    (root / "empty").mkdir()
    (root / ".hidden").mkdir()
    (root / "index.html").mkdir()
    for name in ("folder/index.html", "folder/deep/page.html", "page.html", ".hidden/page.html", ".page",
                 "folder/home.htm", "a b+c%\u00e4.html", "back\\slash.html", "..page", "page..html"):
        (root / name).write_bytes(PAGE)
    for size in SIZES:
        (root / str(size)).write_bytes(netcase.pattern(size))
    (root / "0").write_bytes(b"")
    os.utime(root / "10", (CLOCK, CLOCK))
    (root.parent / "secret").write_bytes(SECRET)
    (root.parent / "root2").mkdir()
    (root.parent / "root2/secret").write_bytes(SECRET)
    for link, target in (("in", "folder/index.html"), ("folder/up", "../page.html"), ("near", "folder"),
                         ("out", "../secret"), ("folder/out", "../../secret"), ("away", ".."),
                         ("absolute", root.parent / "secret"), ("absolute-in", root / "page.html"),
                         ("round", f"../{root.name}/page.html"), ("loop", "loop"), ("dangling", "none"),
                         ("proc", "/proc/self/root"), ("hidden-by-link", ".page")):
        (root / link).symlink_to(target)
    os.mkfifo(root / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(root / "socket"))


class FilesCase(netcase.NetCase):
    @classmethod
    def setUpClass(cls):
        cls.place = Path(tempfile.mkdtemp(prefix="yolanda-files-"))
        cls.addClassCleanup(shutil.rmtree, cls.place)
        cls.root = cls.place / "root"
        make(cls.root)

    def files(self, flags=0, index="", max_age=-1, how="route", error=0, **options):
        return self.server("http_files", self.root, flags, index, max_age, how, error, **options)

    def assertStatus(self, client, url, status, *headers, **options):
        response = client.get(url, *headers, **options)
        self.assertEqual(response.status, status, f"{url} {headers}")
        return response


def states(client, requests):
    """The responses to many requests, (method, url, headers), which are sent at once."""
    for start in range(0, len(requests), 200):
        some = requests[start:start + 200]
        client.send(b"".join(request(url, *headers, method=method) for method, url, headers in some))
        for method, _, _ in some:
            # A 304 has no body, whatever it says.
            yield response_of(client, method)


def response_of(client, method):
    while b"\r\n\r\n" not in client.rest:
        client._more()
    if client.rest.startswith(b"HTTP/1.1 304"):
        head, client.rest = client.rest.split(b"\r\n\r\n", 1)
        client.rest = head + b"\r\nContent-Length: 0\r\n\r\n" + client.rest
    return client.response(head=method == "HEAD")


@harness.matrix(threads=(0, 2))
class Served(FilesCase):
    def test_files_and_their_types(self):
        with self.files() as server, Client(server) as client:
            for url, kind in (("/page.html", "text/html; charset=utf-8"), ("/page..html", "text/html; charset=utf-8"),
                              ("/folder/deep/page.html", "text/html; charset=utf-8"),
                              ("/a%20b+c%25%C3%A4.html", "text/html; charset=utf-8"),
                              ("/%70age%2ehtml?query=/../x", "text/html; charset=utf-8"),
                              ("/back%5Cslash.html", "text/html; charset=utf-8"),
                              ("/back\\slash.html", "text/html; charset=utf-8"),
                              ("http://host/static/page.html", "text/html; charset=utf-8"),
                              ("/static/folder/home.htm", "text/html; charset=utf-8"),
                              ("/folder/", "text/html; charset=utf-8")):
                response = self.assertStatus(client, url, 200)
                self.assertEqual((response.body, response.header("Content-Type")), (PAGE, kind), url)
                self.assertEqual(response.header("X-Content-Type-Options"), "nosniff")
                self.assertEqual(response.header("Accept-Ranges"), "bytes")
                self.assertIsNone(response.header("Cache-Control"))
            for size in (0, *SIZES):
                response = self.assertStatus(client, f"/{size}", 200)
                self.assertTrue(response.body == netcase.pattern(size))
                self.assertEqual(response.header("Content-Type"), "application/octet-stream")

    def test_what_isnt_there(self):
        with self.files() as server, Client(server) as client:
            for url in ("/none", "/folder/none", "/page.html/", "/page.html/x", "/page.html/..", "/empty/",
                        "/folder/deep/", "/index.html/", "/", "/fifo", "/socket", "/.page", "/..page", "/.hidden/page.html",
                        "/.hidden/", "/.hidden", "/folder//index.html", "//page.html", "/folder/./index.html",
                        "/staticpage.html", "/Page.html", "/none.html?/page.html", "/" + "x" * 300, "/" + "x/" * 3000,
                        "/hidden-by-link", "/in", "/near/index.html", "/folder/up"):
                response = self.assertStatus(client, url, 404)
                self.assertEqual((response.body, response.header("Content-Type")), (b"Not Found", "text/plain"))
                self.assertIsNone(response.header("ETag"))
            self.assertStatus(client, "/%zz", 400)
            self.assertStatus(client, "/page.html%00", 400)

    def test_folders(self):
        """Without the slash a folder is elsewhere: on the same host, with the same query."""
        with self.files() as server, Client(server) as client:
            for url, location in (("/folder", "/folder/"), ("/folder?a=b&c", "/folder/?a=b&c"),
                                  ("/static", "/static/"), ("/static/folder", "/static/folder/"),
                                  ("/%66older", "/%66older/"), ("http://evil/folder", "/folder/"),
                                  ("/empty?//evil\"<", "/empty/?//evil%22%3C")):
                for method in ("GET", "HEAD"):
                    response = self.assertStatus(client, url, 301, method=method)
                    self.assertEqual(response.header("Location"), location)
            for url in ("//evil/folder", "//folder", "/%2Fevil/folder", "/\\evil/folder", "///folder"):
                self.assertStatus(client, url, 404)
        with self.files(how="call") as server, Client(server) as client:
            for url, location in (("//evil?path=folder", "/evil/?path=folder"), ("/\\evil?path=/folder", "/%5Cevil/?path=/folder"),
                                  ("///\\/evil?path=folder", "/%5C/evil/?path=folder")):
                self.assertEqual(self.assertStatus(client, url, 301).header("Location"), location)
            # A request with a slash gets the page, wherever the program puts it.
            self.assertEqual(self.assertStatus(client, "/there/?path=folder", 200).body, PAGE)
            self.assertEqual(self.assertStatus(client, "/there?path=/folder/", 200).body, PAGE)

    def test_the_index(self):
        with self.files(index="home.htm") as server, Client(server) as client:
            self.assertEqual(self.assertStatus(client, "/folder/", 200).body, PAGE)
        with self.files(index="-") as server, Client(server) as client:
            self.assertStatus(client, "/folder/", 404)
            self.assertStatus(client, "/folder", 301)
            self.assertStatus(client, "/folder/index.html", 200)

    def test_methods(self):
        for how, allow in (("route", "GET, HEAD, OPTIONS"), ("call", "GET, HEAD")):
            with self.files(how=how) as server, Client(server) as client:
                for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE", "get", "PROPFIND"):
                    response = self.assertStatus(client, "/page.html", 405, method=method)
                    self.assertEqual(response.header("Allow"), allow)
                self.assertEqual(self.assertStatus(client, "/page.html", 200).body, PAGE)

    def test_head_is_get_without_the_body(self):
        with self.files(max_age=60) as server, Client(server) as client:
            for url in ("/page.html", "/0", "/1", "/700000", "/none", "/folder", "/folder/", "/%zz"):
                for headers in ([], ["If-None-Match: *"], ["If-Match: \"x\""]):
                    answers = []
                    for method in ("GET", "HEAD"):
                        client.send(request(url, *headers, method=method))
                        answers.append(response_of(client, method))
                    get, head = ([line for line in each.headers if line[0] != "Date"] for each in answers)
                    self.assertEqual((answers[0].status, get), (answers[1].status, head), url)
                    self.assertEqual(answers[1].body, b"")
            # Ranges are for GET alone.
            response = self.assertStatus(client, "/10", 200, "Range: bytes=1-2", method="HEAD")
            self.assertEqual(response.header("Content-Length"), "10")

    def test_by_a_callback(self):
        """With the request's path, or the program's; what it has added is sent as well."""
        for how in ("call", "later"):
            with self.files(how=how) as server, Client(server) as client:
                response = self.assertStatus(client, "/page.html", 200)
                self.assertEqual(response.header("X-Before"), "kept" if how == "call" else None)
                self.assertStatus(client, "/700000", 206, "Range: bytes=5-600004")
                for path in ("10", "/10"):
                    self.assertEqual(self.assertStatus(client, f"/x?path={path}", 200).body, netcase.pattern(10))
                for path in ("../secret", "/../secret", "/folder/../10", "//10", "%252e%252e/secret", "none", "..%2Fsecret"):
                    self.assertStatus(client, f"/10?path={path}", 404)
                self.assertStatus(client, "/10?path=%zz", 200)
                with open(self.root / "fallback.html", "wb") as file:
                    file.write(b"fallback")
                try:
                    response = self.assertStatus(client, "/none", 200)
                    self.assertEqual((response.body, response.header("Content-Type")),
                                     (b"fallback", "text/html; charset=utf-8"))
                finally:
                    (self.root / "fallback.html").unlink()

    def test_a_site_with_many_visitors(self):
        """Several connections at once, with several requests each, some of which go."""
        urls = ["/page.html", "/folder/", *(f"/{size}" for size in SIZES), "/none"] * 3
        wrong = []

        def visit(server, number):
            with Client(server) as client:
                client.send(b"".join(map(request, urls)))
                if number % 4 == 3:
                    return client.socket.recv(100)
                for url in urls:
                    response = client.response()
                    size = url[1:]
                    if size.isdigit() and response.body != netcase.pattern(int(size)):
                        wrong.append(url)
                return None
        with self.files() as server:
            with Client(server) as client:
                self.assertStatus(client, "/page.html", 200)
                base = harness.fds(server.pid)
                visitors = [threading.Thread(target=visit, args=(server, i)) for i in range(16)]
                for visitor in visitors:
                    visitor.start()
                for visitor in visitors:
                    visitor.join(harness.TIMEOUT)
                self.assertEqual(wrong, [])
                harness.wait_until(lambda: harness.fds(server.pid) <= base)


# Against a secret beside the root and one in a folder whose name begins as the root's.
HOSTILE = [
    "/../secret", "/../../secret", "/../../../../../../../../etc/passwd", "/..", "/../", "/.", "/./", "/...", "/.../secret",
    "/folder/../../secret", "/folder/deep/../../../secret", "/folder/..", "/folder/../", "/folder/../../root2/secret",
    "/../root2/secret", "/..2/secret", "2/secret", "/%2e%2e/secret", "/%2E%2E/secret", "/.%2e/secret", "/%2e./secret",
    "/%2e%2e%2fsecret", "/..%2fsecret", "/..%2Fsecret", "/folder%2f..%2f..%2fsecret", "/folder/..%2f../secret",
    "/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "/%252e%252e/secret", "/%252e%252e%252fsecret", "/..%252fsecret", "/..%c0%afsecret",
    "/%c0%ae%c0%ae/secret", "/..%e0%80%afsecret", "/..\\secret", "/..%5csecret", "/..%5Csecret", "/folder\\..\\..\\secret",
    "/%2e%2e\\secret", "/../secret%00", "/../secret%00.html", "/page.html%00/../../secret", "/..%00/secret", "/..;/secret",
    "/;/../secret", "/folder/;/../../secret", "/..?/secret", "//../secret", "//..//secret", "/.//../secret", "/folder//../../secret",
    "///etc/passwd", "//etc/passwd", "/%2fetc%2fpasswd", "/%2F/etc/passwd", "/etc/passwd", "/C:/secret", "/~/secret", "/~root/",
    "/proc/self/environ", "/proc/etc/passwd", "/out", "/folder/out", "/away/secret", "/away/root2/secret", "/absolute", "/loop",
    "/dangling", "/static/../secret", "/static/..%2fsecret", "/static%2f..%2fsecret", "/static/../../secret", "/static/%2e%2e/secret",
    "/folder/%2e%2e/%2e%2e/secret", "/..%u002fsecret", "/%uff0e%uff0e/secret", "/..%ef%bc%8fsecret", "/..%09/secret",
    "/%09../secret", "/..%20/secret", "/.. /secret", "/..%0d%0a/secret", "/%80../secret", "http://host/../secret",
    "http://host/..%2fsecret", "http://host/%2e%2e/secret", "/fifo/../../secret", "/page.html/../../secret", "/folder/index.html/../../../secret",
]


@harness.matrix(threads=(0,))
class Locked(FilesCase):
    def test_no_way_out(self):
        """For any form of the path, with either way of resolving it, and whether or not links are followed."""
        hostile = [url.replace(" ", "%20") for url in HOSTILE if url.startswith(("/", "http"))]
        self.assertGreater(len(hostile), 80)
        for flags in (0, LINKS, LINKS | HIDDEN):
            for error in (0, errno.ENOSYS, errno.EPERM):
                for how in ("route", "call"):
                    with self.files(flags, how=how, error=error) as server, Client(server) as client:
                        wanted = [("GET", url, ()) for url in hostile]
                        for url, response in zip(hostile, states(client, wanted), strict=True):
                            self.assertIn(response.status, (400, 404), url)
                            self.assertNotIn(b"secret", response.body, url)
                            self.assertNotIn(b"root:", response.body, url)
                        self.assertEqual(client.get("/page.html").body, PAGE)

    def test_links(self):
        """Followed where that was asked for, and only within the root."""
        for flags in (0, LINKS):
            for error in (0, errno.ENOSYS, errno.EPERM):
                with self.files(flags, error=error) as server, Client(server) as client:
                    for url in ("/in", "/folder/up", "/near/index.html", "/near/", "/near/up", "/hidden-by-link"):
                        self.assertStatus(client, url, 200 if flags else 404)
                    self.assertStatus(client, "/near", 301 if flags else 404)
                    for url in ("/out", "/folder/out", "/away/secret", "/absolute", "/absolute-in", "/round", "/loop",
                                "/dangling", "/proc/etc/passwd"):
                        self.assertStatus(client, url, 404)

    def test_hidden_names(self):
        with self.files(HIDDEN) as server, Client(server) as client:
            for url in ("/.page", "/..page", "/.hidden/page.html"):
                self.assertStatus(client, url, 200)
            self.assertStatus(client, "/.hidden/.", 404)

    def test_what_cant_be_opened(self):
        for error, status in ((errno.EACCES, 403), (errno.EMFILE, 503), (errno.ENFILE, 503), (errno.ENOMEM, 503),
                              (errno.EIO, 500), (errno.ENXIO, 404), (errno.ELOOP, 404), (errno.EXDEV, 404)):
            with self.files(error=error) as server, Client(server) as client:
                self.assertStatus(client, "/page.html", status)
                self.assertStatus(client, "/folder/", status)

    def test_the_folder_is_the_same(self):
        """Whatever becomes of its name."""
        moved = self.place / "moved"
        with self.files() as server, Client(server) as client:
            self.root.rename(moved)
            try:
                self.root.mkdir()
                (self.root / "page.html").write_bytes(SECRET)
                self.assertEqual(client.get("/page.html").body, PAGE)
            finally:
                shutil.rmtree(self.root)
                moved.rename(self.root)


@harness.matrix(threads=(0,))
class Ranges(FilesCase):
    def test_every_border(self):
        """As Python cuts it."""
        with self.files() as server, Client(server) as client:
            for size in SIZES:
                whole = netcase.pattern(size)
                borders = sorted({0, 1, 2, size // 2, 4095, 4096, size - 2, size - 1, size, size + 1})
                borders = [border for border in borders if border >= 0]
                wanted = {}
                for first in borders:
                    wanted[f"{first}-"] = (first, size) if first < size else None
                    wanted[f"-{first}"] = (max(size - first, 0), size) if first > 0 else None
                    for last in borders:
                        if last >= first:
                            wanted[f"{first}-{last}"] = (first, min(last + 1, size)) if first < size else None
                requests = [("GET", f"/{size}", (f"Range: bytes={text}",)) for text in wanted]
                for (text, part), response in zip(wanted.items(), states(client, requests), strict=True):
                    if part is None:
                        self.assertEqual(response.status, 416, text)
                        self.assertEqual(response.header("Content-Range"), f"bytes */{size}")
                    else:
                        first, end = part
                        self.assertEqual(response.status, 206, text)
                        self.assertEqual(response.header("Content-Range"), f"bytes {first}-{end - 1}/{size}")
                        self.assertTrue(response.body == whole[first:end], f"{text} of {size}")
                        self.assertEqual(response.header("Accept-Ranges"), "bytes")

    def test_what_is_answered_whole(self):
        """Several ranges, and what is none."""
        with self.files() as server, Client(server) as client:
            for text in ("bytes=0-1,3-4", "bytes=3-1", "bytes=a-b", "bytes=", "lines=0-1", "bytes=-", "bytes=1", "0-1",
                         "bytes=0-1-2"):
                response = self.assertStatus(client, "/10", 200, f"Range: {text}")
                self.assertEqual((response.body, response.header("Content-Range")), (netcase.pattern(10), None), text)
            self.assertStatus(client, "/10", 200, "Range: bytes=0-1", "Range: bytes=0-1")
            self.assertStatus(client, "/0", 200, "Range: bytes=-5")
            self.assertStatus(client, "/0", 416, "Range: bytes=0-")
            self.assertStatus(client, "/10", 206, "Range: BYTES=1-2")

    def test_the_rest_of_a_download(self):
        """An interrupted transfer is resumed if it is still the same file."""
        with self.files() as server, Client(server) as client:
            tag = client.get("/10").header("ETag")
            for validator, status in ((tag, 206), ("\"other\"", 200), (f"W/{tag}", 200), (DATE, 206),
                                      ("Sunday, 06-Nov-94 08:49:37 GMT", 206), ("Sun Nov  6 08:49:37 1994", 206),
                                      ("Sun, 06 Nov 1994 08:49:38 GMT", 200), ("nonsense", 200), ("", 200)):
                response = self.assertStatus(client, "/10", status, "Range: bytes=4-", f"If-Range: {validator}")
                self.assertEqual(response.body, netcase.pattern(10)[4 if status == 206 else 0:], validator)
            # Without a range it says nothing.
            self.assertStatus(client, "/10", 200, "If-Range: \"other\"")
            # Conditions come first.
            self.assertStatus(client, "/10", 412, "Range: bytes=4-", "If-Match: \"other\"")

    @harness.of_the_pools
    def test_a_part_of_a_large_file(self):
        """200 MB that aren't held in memory."""
        with open(self.root / "sparse", "wb") as file:
            file.truncate(200 << 20)
            file.seek(150 << 20)
            file.write(b"here")
        with self.files() as server:
            with Client(server) as client:
                client.get("/700000")
                before = harness.rss(server.pid)
                response = self.assertStatus(client, "/sparse", 206, f"Range: bytes={150 << 20}-")
                self.assertEqual((len(response.body), response.body[:5]), (50 << 20, b"here\0"))
            slow = Client(server, rcvbuf=4096)
            slow.send(request("/sparse"))
            slow.socket.recv(1000)
            self.assertLess(harness.rss(server.pid) - before, 3 << 10)


@harness.matrix(threads=(0,))
class Conditions(FilesCase):
    def test_all_together(self):
        """Each condition with each other one, as RFC 9110, 13.2.2, has it."""
        with self.files() as server, Client(server) as client:
            response = client.get("/10")
            tag = response.header("ETag")
            self.assertRegex(tag, r'^"[0-9a-f]{16}"$')
            self.assertEqual(response.header("Last-Modified"), DATE)
            old, new = "Sun, 06 Nov 1994 08:49:36 GMT", "Sunday, 06-Nov-94 08:49:38 GMT"
            if_match = {None: True, tag: True, "*": True, f"\"a\", {tag}": True, "\"a\"": False, f"W/{tag}": False}
            unmodified = {None: True, old: False, DATE: True, new: True, "nonsense": True}
            if_none_match = {None: None, tag: False, "*": False, f"W/{tag}": False, "\"a\"": True, "nonsense": True}
            modified = {None: True, old: True, DATE: False, "Sun Nov  6 08:49:37 1994": False, "nonsense": True}
            requests, expected = [], []
            for match, matches in if_match.items():
                for since, unchanged in unmodified.items():
                    for none_match, differs in if_none_match.items():
                        for changed_since, changed in modified.items():
                            fails = not (matches if match is not None else unchanged)
                            same = not (differs if none_match is not None else changed)
                            headers = [f"{name}: {value}" for name, value in (
                                ("If-Match", match), ("If-Unmodified-Since", since), ("If-None-Match", none_match),
                                ("If-Modified-Since", changed_since)) if value is not None]
                            expected.append((headers, 412 if fails else 304 if same else 200))
                            requests.append(("HEAD" if len(requests) % 3 == 0 else "GET", "/10", headers))
            for (headers, status), response in zip(expected, states(client, requests), strict=True):
                self.assertEqual(response.status, status, headers)
                self.assertEqual(response.header("ETag"), None if status == 412 else tag)

    def test_not_modified(self):
        """Exactly what a cache needs; the connection stays open."""
        with self.files(max_age=3600) as server, Client(server) as client:
            tag = client.get("/10").header("ETag")
            client.send(request("/10", f"If-None-Match: {tag}") + request("/10"))
            head = harness.recv_until(client.socket, b"\r\n\r\n").decode()
            names = {line.split(":")[0] for line in head.split("\r\n")[1:-2]}
            self.assertTrue(head.startswith("HTTP/1.1 304 Not Modified\r\n"))
            self.assertEqual(names, {"ETag", "Cache-Control", "Date", "Connection"})
            response = client.response()
            self.assertEqual((response.body, response.header("Cache-Control")), (netcase.pattern(10), "max-age=3600"))
            self.assertIsNone(client.get("/none").header("Cache-Control"))

    def test_another_state_has_another_tag(self):
        """Of another file with the same bytes, and of other bytes of the same size and time."""
        path = self.root / "changes"
        with self.files() as server, Client(server) as client:
            tags = []
            for content in (b"one", b"two", b"three"):
                new = self.root / "new"
                new.write_bytes(content)
                os.utime(new, (CLOCK, CLOCK))
                new.rename(path)
                response = client.get("/changes")
                self.assertEqual((response.body, response.header("Last-Modified")), (content, DATE))
                tags.append(response.header("ETag"))
                self.assertEqual(client.get("/changes").header("ETag"), tags[-1])
            self.assertEqual(len(set(tags)), 3)
            for tag in tags[:2]:
                self.assertStatus(client, "/changes", 200, f"If-None-Match: {tag}")

    def test_a_file_of_the_future(self):
        """It isn't dated later than the response is (RFC 9110, 8.8.2.1)."""
        path = self.root / "future"
        path.write_bytes(PAGE)
        os.utime(path, (time.time() + 10_000,) * 2)
        ancient = self.root / "ancient"
        ancient.write_bytes(PAGE)
        os.utime(ancient, (-86_400, -86_400))
        with self.files() as server, Client(server) as client:
            response = client.get("/future")
            date, modified = (email.utils.parsedate_to_datetime(response.header(name))
                              for name in ("Date", "Last-Modified"))
            self.assertLessEqual(modified, date)
            self.assertIsNone(client.get("/ancient").header("Last-Modified"))


if __name__ == "__main__":
    unittest.main()
