"""What clients have to do with bytes on the wire where the library has a filter of its tests (test-seams)."""
import os
import socket
import string

LOWER, UPPER = string.ascii_lowercase.encode(), string.ascii_uppercase.encode()
ROT13 = bytes.maketrans(LOWER + UPPER, LOWER[13:] + LOWER[:13] + UPPER[13:] + UPPER[:13])


class Rot13Socket(socket.socket):
    """A socket with the filter at its end of the wire."""

    def send(self, data, *flags):
        return super().send(bytes(data).translate(ROT13), *flags)

    def sendall(self, data, *flags):
        return super().sendall(bytes(data).translate(ROT13), *flags)

    def recv(self, *args):
        return super().recv(*args).translate(ROT13)

    def recv_into(self, buffer, *args):
        count = super().recv_into(buffer, *args)
        view = memoryview(buffer)
        view[:count] = bytes(view[:count]).translate(ROT13)
        return count


Socket = {"rot13": Rot13Socket}.get(os.environ.get("YOLANDA_TEST_FILTER"), socket.socket)
