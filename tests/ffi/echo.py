"""An echo server and its client, in Python by cffi: LIBRARY and HEADER are the arguments."""
import sys

import cffi

ffi = cffi.FFI()
ffi.cdef(open(sys.argv[2]).read())
yolanda = ffi.dlopen(sys.argv[1])

received = b""


def take(buffer):
    """All bytes of a buffer."""
    length = yolanda.yolanda_buffer_length(buffer)
    data = ffi.buffer(yolanda.yolanda_buffer_data(buffer), length)[:]
    assert yolanda.yolanda_buffer_consume(buffer, length) == 0
    return data


@ffi.callback("message_call_back")
def echo(buffer, connection):
    assert yolanda.yolanda_connection_server(connection) == server
    data = take(buffer)
    return yolanda.yolanda_connection_send(connection, data, len(data))


@ffi.callback("connection_completed_call_back")
def greet(connection):
    return yolanda.yolanda_connection_send(connection, b"hello", 5)


@ffi.callback("message_call_back")
def answer(buffer, connection):
    global received
    received += take(buffer)
    if len(received) == 5:
        yolanda.yolanda_loop_quit(yolanda.yolanda_connection_loop(connection))
    return 0


NULL = ffi.NULL
yolanda.yolanda_log_set_level(yolanda.LOG_ERR_TYPE)
loop = yolanda.yolanda_loop_new(b"cffi", NULL)
server = yolanda.yolanda_server_new(loop, b"127.0.0.1:0", NULL, echo, NULL, NULL, 0)
assert yolanda.yolanda_server_start(server) == 0
address = b"127.0.0.1:%d" % yolanda.yolanda_server_port(server)
client = yolanda.yolanda_client_new(loop, address, greet, answer, NULL, NULL)
assert yolanda.yolanda_client_start(client) == 0
assert yolanda.event_loop_run(loop) == 0

stats = ffi.new("struct yolanda_loop_stats *")
assert yolanda.yolanda_loop_get_stats(loop, stats, ffi.sizeof(stats[0])) == 0
assert stats.bytes_read == 10
assert yolanda.yolanda_loop_free(loop) == 0
print(received.decode())
