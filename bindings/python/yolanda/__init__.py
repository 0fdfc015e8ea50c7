"""Event loops, TCP and HTTP servers of libyolanda."""
from .client import Client
from .connection import Connection
from .http import Deferred, HTTPServer, Request, Response
from .loop import Loop, Watch
from .server import Server

__all__ = ["Client", "Connection", "Deferred", "HTTPServer", "Loop", "Request", "Response", "Server", "Watch"]
