"""Clients that leave at every point: within the request, within the answer, by a reset, a close or a half-close,
and at moments that nobody foresees."""
import random
import socket
import time

import harness

RESET, CLOSE, HALF = range(3)
# How many points of a request and of an answer are tried, and how many resets at any moment.
IN_REQUEST, IN_ANSWER, RACES = 100, 36, 24


def points(length, most, rng):
    """Numbers from 0 to length: all of them, or the first ones and some of the others."""
    if length < most:
        return list(range(length + 1))
    first = most * 2 // 3
    return [*range(first), *sorted(rng.sample(range(first, length), most - first)), length]


def leave(client, how):
    if how == RESET:
        harness.abort(client)
        return
    if how == HALF:
        try:
            client.shutdown(socket.SHUT_WR)
            while client.recv(1 << 16):
                pass
        except (ConnectionResetError, BrokenPipeError):
            pass
    client.close()


def hear(client, count):
    """So many bytes, or fewer where it ends before."""
    try:
        while count > 0 and (got := client.recv(min(count, 1 << 16))):
            count -= len(got)
    except ConnectionResetError:
        pass


def exchange(server, talk):
    """All of it, as a client that stays; the answer."""
    with server.connect() as client:
        client.sendall(talk.said)
        if not talk.is_whole:
            got = b""
            while talk.answer not in got:
                part = client.recv(1 << 16)
                assert part, got[-1000:]
                got += part
            return got
        if b"HTTP/1.1" not in talk.said:
            client.shutdown(socket.SHUT_WR)
        answer = harness.recv_all(client)
    assert talk.answer in answer, answer[:1000]
    return answer


def say(client, data):
    """The server may have answered and closed already."""
    try:
        client.sendall(data)
    except (ConnectionResetError, BrokenPipeError):
        pass


def torment(server, talk, seed):
    """One talk, left at every point."""
    rng = random.Random(seed)
    answer = exchange(server, talk)
    for number, point in enumerate(points(len(talk.said), IN_REQUEST, rng), seed):
        client = server.connect()
        say(client, talk.said[:point])
        leave(client, number % 3 if talk.is_whole else number % 2)
    if talk.is_slow:
        return
    for number, point in enumerate(points(len(answer), IN_ANSWER, rng), seed):
        client = server.connect()
        if number % 2 and len(talk.said) > 1:
            cut = rng.randrange(1, len(talk.said))
            say(client, talk.said[:cut])
            say(client, talk.said[cut:])
        else:
            say(client, talk.said)
        hear(client, point)
        leave(client, number % 3 if talk.is_whole else number % 2)
    for _ in range(RACES):
        client = server.connect()
        say(client, talk.said)
        hear(client, rng.randrange(2))
        time.sleep(rng.random() / 1000)
        leave(client, RESET)
