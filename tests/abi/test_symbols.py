"""The exported symbols, and that a program may define any of them itself."""
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import harness
import tables

DATA = {"poll_dispatcher", "epoll_dispatcher"}


def symbols(path, *options):
    """(binding, section, name) of the symbols that `objdump` lists."""
    lines = subprocess.run(["objdump", *options, str(path)], capture_output=True, text=True,
                           check=True).stdout.splitlines()
    found = []
    for line in lines:
        match = re.match(r"[0-9a-f]{16} (.)(.).{5} (\S+)\s+[0-9a-f]{16}\s+(.*)", line)
        if match:
            binding, weak, section, name = match.groups()
            found.append(("w" if weak == "w" else binding, section, name.split()[-1]))
    return found


class SharedLibrary(unittest.TestCase):
    def test_dynamic_symbols(self):
        exported = {name for _, section, name in
                    symbols(harness.library() / "libyolanda.so", "-T") if section != "*UND*"}
        promised = {function.name for function in tables.functions()} | DATA
        self.assertEqual(promised - exported, set())
        self.assertEqual({name for name in exported - promised
                          if not name.startswith("yolanda_")}, set())

    def test_needs_only_the_system(self):
        needed = {name.split(".so")[0] for name in self.dynamic("NEEDED")}
        self.assertLessEqual(needed, {"libc", "libgcc_s", "libpthread", "libdl", "libm",
                                      "ld-linux-x86-64", "ld-linux-aarch64"})

    def test_soname(self):
        self.assertEqual(self.dynamic("SONAME"), ["libyolanda.so.1"])

    def test_is_never_unloaded(self):
        text = subprocess.run(["readelf", "-dW", str(harness.library() / "libyolanda.so")],
                              capture_output=True, text=True, check=True).stdout
        self.assertRegex(text, r"FLAGS_1.*\bNODELETE\b")

    def dynamic(self, tag):
        text = subprocess.run(["readelf", "-dW", str(harness.library() / "libyolanda.so")],
                              capture_output=True, text=True, check=True).stdout
        return re.findall(rf"\({tag}\).*\[(.*)\]", text)


class Archive(unittest.TestCase):
    def test_functions_are_weak(self):
        binding = {name: kind for kind, section, name in
                   symbols(harness.archive(), "-t")
                   if section != "*UND*" and kind in "gw"}
        for function in tables.functions():
            self.assertEqual(binding.get(function.name), "w", function.name)


# The functions that each program calls. It defines every other exported function itself, as one that aborts.
ECHO = r"""
#include "lib/common.h"
static int on_message(struct buffer *input, struct tcp_connection *connection)
{
    struct buffer *output = buffer_new();
    while (buffer_readable_size(input) > 0)
        buffer_append_char(output, buffer_read_char(input));
    tcp_connection_send_buffer(connection, output);
    free(output->data);
    free(output);
    return 0;
}
int main(void)
{
    struct event_loop *loop = event_loop_init();
    struct acceptor *acceptor = acceptor_init(0);
    struct TCPserver *server = tcp_server_init(loop, acceptor, NULL, on_message, NULL, NULL, 1);
    tcp_server_start(server);
    printf("port %d\n", acceptor->listen_port);
    fflush(stdout);
    event_loop_run(loop);
    return 0;
}
"""
HTTP = r"""
#include "lib/common.h"
#include "lib/http_server.h"
static int on_request(struct http_request *request, struct http_response *response)
{
    (void)request;
    response->statusCode = OK;
    response->statusMessage = "OK";
    response->body = "hello";
    return 0;
}
int main(void)
{
    struct event_loop *loop = event_loop_init();
    struct http_server *server = http_server_new(loop, 0, on_request, 1);
    http_server_start(server);
    printf("port %d\n", server->tcpServer->acceptor->listen_port);
    fflush(stdout);
    event_loop_run(loop);
    return 0;
}
"""


@harness.matrix(kinds=harness.KINDS)
class Redefined(unittest.TestCase):
    """The library never calls its own exported names."""

    def start(self, text):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        folder = Path(scratch.name)
        own = [function.name for function in tables.functions()
               if not re.search(rf"\b{function.name}\(", text)]
        self.assertGreater(len(own), 60)
        (folder / "own.c").write_text("#include <stdlib.h>\n" + "".join(
            f"void {name}(void);\nvoid {name}(void) {{ abort(); }}\n" for name in own))
        (folder / "main.c").write_text(text)
        return harness.Server(
            tables.build([folder / "main.c", folder / "own.c"], folder / "program",
                         self.variation.kind, "-fno-builtin"),
            env=self.variation.env | {"YOLANDA_LOG": "debug"})

    def test_echo(self):
        with self.start(ECHO) as server, server.connect() as client:
            self.assertEqual(harness.exchange(client, b"x" * 2_000_000), b"x" * 2_000_000)

    def test_http(self):
        with self.start(HTTP) as server, server.connect() as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
            answer = harness.recv_all(client)
            self.assertTrue(answer.startswith(b"HTTP/1.1 200 OK\r\n"), answer)
            self.assertTrue(answer.endswith(b"\r\n\r\nhello"), answer)


if __name__ == "__main__":
    unittest.main()
