"""A small HTTP API: python http_api.py [ADDRESS]. Ctrl-C ends it gracefully.

    curl -d '{"text": "buy milk"}' localhost:8080/notes
    curl localhost:8080/notes/1
    curl localhost:8080/slow
"""
import signal
import sys

import yolanda

notes = {}


def add(request, response):
    try:
        text = request.json()["text"]
    except (ValueError, KeyError, TypeError):
        response.status = 400
        response.json({"error": "JSON with a text is expected"})
        return
    number = len(notes) + 1
    notes[number] = text
    response.status = 201
    response.header("Location", f"/notes/{number}")
    response.json({"id": number, "text": text})


def show(request, response):
    identifier = request.param("id")
    number = int(identifier) if identifier.isdecimal() else 0
    if number in notes:
        response.json({"id": number, "text": notes[number]})
    else:
        response.status = 404
        response.json({"error": "no such note"})


def main():
    with yolanda.Loop() as loop:
        server = yolanda.HTTPServer(loop, sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:8080")
        server.route("POST", "/notes", add)
        server.route("GET", "/notes/:id", show)

        @server.route("GET", "/slow")
        def slow(_request, response):
            later = response.defer()
            later.json({"waited": True})
            loop.call_later(0.1, later.send)

        loop.signal(signal.SIGINT, server.stop, 5, loop.stop)
        server.start()
        print("port", server.port, flush=True)
        loop.run()


main()
