"""What is measured: the servers, and what a client does with them."""
import os
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = ROOT / "target" / "bench" / "net"
BODY = b"hello, network programming"

# name -> kind -> command. {bin}, {port}, {threads} and {tmp} (a folder for the sample) are filled in.
SERVERS = {
    "epoll_raw": {"echo": "{bin}/echo_epoll {port} {threads}",
                  "http": "{bin}/http_epoll {port} {threads}"},
    "epoll_et": {"echo": "{bin}/echo_epoll {port} {threads} et",
                 "http": "{bin}/http_epoll {port} {threads} et"},
    "uring_raw": {"echo": "{bin}/uring {port} {threads} echo",
                  "http": "{bin}/uring {port} {threads} http"},
    "libevent": {"echo": "{bin}/echo_libevent {port} {threads}",
                 "http": "{bin}/http_libevent {port} {threads}"},
    "libuv": {"echo": "{bin}/echo_libuv {port} {threads}"},
    "h2o": {"http": "{bin}/http_h2o {port} {threads}"},
    "nginx": {"http": "nginx -c {tmp}/nginx.conf -p {tmp}"},
}

NGINX = """
daemon off; worker_processes {threads}; worker_rlimit_nofile 20000;
user root; pid {tmp}/nginx.pid; error_log stderr crit;
events {{ worker_connections 10000; }}
http {{
  access_log off; default_type text/plain; keepalive_requests 1000000000;
  client_body_temp_path {tmp}; proxy_temp_path {tmp}; fastcgi_temp_path {tmp};
  uwsgi_temp_path {tmp}; scgi_temp_path {tmp};
  server {{ listen 127.0.0.1:{port} backlog=1024; location / {{ return 200 "%s"; }} }}
}}
""" % BODY.decode()

# What wrk runs: its result as JSON, and 16 requests at a time.
LUA_DONE = """
done = function(s, l, r)
  io.write(string.format('JSON {"requests":%d,"us":%d,"bytes":%d,"connect":%d,"read":%d,"write":%d,' ..
    '"status":%d,"timeout":%d,"p50_us":%.1f,"p99_us":%.1f,"p999_us":%.1f,"max_us":%.1f}\\n',
    s.requests, s.duration, s.bytes, s.errors.connect, s.errors.read, s.errors.write,
    s.errors.status, s.errors.timeout, l:percentile(50), l:percentile(99), l:percentile(99.9), l.max))
end
"""
LUA_PIPE = """
init = function(args)
  local t = {}
  for i = 1, 16 do t[i] = wrk.format("GET", "/") end
  all = table.concat(t)
end
request = function() return all end
"""

# name -> (kind, tool, arguments, unit). Arguments of loadgen and idle: mode, connections, size, depth.
WORKLOADS = {
    "echo64x1": ("echo", "loadgen", ("pingpong", 1, 64, 1), "msg/s"),
    "echo64x64": ("echo", "loadgen", ("pingpong", 64, 64, 1), "msg/s"),
    "echo64x1000": ("echo", "loadgen", ("pingpong", 1000, 64, 1), "msg/s"),
    "echo16kx64": ("echo", "loadgen", ("pingpong", 64, 16384, 1), "MB/s"),
    "bulk8": ("echo", "loadgen", ("bulk", 8, 65536, 0), "MB/s"),
    "burst8": ("echo", "loadgen", ("burst", 8, 65536, 64), "MB/s"),
    "churn64": ("echo", "loadgen", ("churn", 64, 64, 1), "conn/s"),
    "http64": ("http", "wrk", ("-c64",), "req/s"),
    "http512": ("http", "wrk", ("-c512",), "req/s"),
    "http_pipe16": ("http", "wrk", ("-c64", "pipe"), "req/s"),
    "http_close": ("http", "wrk", ("-c64", "-HConnection: close"), "req/s"),
    "idle9000": ("echo", "idle", ("idle", 9000, 64, 1), "KiB/conn"),
}
# CPU time is shown per MB, not per operation.
PER_MB = {"bulk8", "burst8"}


def known(place=BIN):
    """The servers that can be started here, and a list of what can't: names, or names with a kind."""
    servers, missing = {}, []
    for name, commands in SERVERS.items():
        usable = {kind: command.replace("{bin}", str(place)) for kind, command in commands.items()
                  if shutil.which(command.split()[0].replace("{bin}", str(place)))}
        if usable:
            servers[name] = usable
            missing += [f"{name} ({kind})" for kind in commands if kind not in usable]
        else:
            missing.append(name)
    # The library's, under the names that they were built as.
    for kind in ("echo", "http"):
        for path in sorted(Path(place).glob(f"*_{kind}")):
            if os.access(path, os.X_OK):
                servers.setdefault(path.name[:-len(kind) - 1], {})[kind] = f"{path} {{port}} {{threads}}"
    return servers, missing
