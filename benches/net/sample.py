"""One sample: a server, a load generator, and what the two did.

A sample is a dictionary that JSON can hold: the server, the workload, "value" in the workload's unit, CPU time, latencies,
and the lists "fails" and "notes". A sample with fails counts for no median."""
import json
import os
import re
import shlex
import signal
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from process import (children, children_cpu, ended, free_port, listening, new_netns, out_segments, sched, spawn,
                     status_kib, ticks)
from workloads import BODY, LUA_DONE, LUA_PIPE, NGINX, PER_MB, WORKLOADS

MEMORY_LIMIT = 8 << 30

# Counters of loadgen that are 0 when all went well.
FAULTS = {
    "e_connect": "connect errors", "e_reset": "connections reset", "e_eof": "connections closed by the server",
    "mismatch": "connections with wrong bytes", "silent": "connections never answered",
    "missing_bytes": "bytes never came back", "no_echo": "connections without echo",
}


def sample(options, name, workload, port):
    """take_sample in a process and, if that is wanted, a network namespace of its own."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        code = 1
        try:
            if options.no_netns:
                port = free_port()
            elif not new_netns():
                print("cannot make a network namespace: be root, or use --no-netns", file=sys.stderr)
                os._exit(3)
            data = json.dumps(take_sample(options, name, workload, port)).encode()
            while data:
                data = data[os.write(writing, data):]
            code = 0
        except BaseException as error:      # A fault of the runner must not look like a result.
            print(f"{name} {workload}: {error!r}", file=sys.stderr)
        os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        data = file.read()
    _, status = os.waitpid(pid, 0)
    if status or not data:
        sys.exit(f"the sample {name} {workload} failed inside the runner")
    return json.loads(data)


def probe(kind, port, timeout=1.0):
    """"" if a new connection is served, else what went wrong."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout) as client:
            client.settimeout(timeout)
            if kind == "echo":
                want = b"probe" * 4
                client.sendall(want)
            else:
                want = BODY
                client.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            got = b""
            while want not in got:
                part = client.recv(4096)
                if not part:
                    return "closed without an answer"
                got += part
            return ""
    except socket.timeout:
        return "no answer"
    except OSError as error:
        return os.strerror(error.errno) if error.errno else str(error)


def wait_listening(options, server, port, before, limit=3.0):
    """The port that the server listens on: the one asked for or, in a namespace of its own, another new one."""
    start = time.monotonic()
    while (passed := time.monotonic() - start) < limit and server.poll() is None:
        ports = listening()
        if port in ports:
            return port
        if ports - before and passed > 0.4 and not options.no_netns:
            return min(ports - before)
        time.sleep(0.02)
    return None


def command_of(options, name, kind, fields):
    command = options.servers[name][kind]
    if "{port}" not in command and "{tmp}" not in command:
        command += " {port} {threads}"
    if name == "nginx":
        with open(f"{fields['tmp']}/nginx.conf", "w") as file:
            file.write(NGINX.format(**fields))
    return ["taskset", "-c", options.server_cpu, *shlex.split(command.format(**fields))]


def stop(server):
    """Ends a server and its children."""
    if server.poll() is None:
        family = children(server.pid)
        # nginx ends its workers; what is left then is killed.
        server.terminate()
        try:
            server.wait(2)
        except subprocess.TimeoutExpired:
            server.kill()
        for pid in family:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
    server.wait()


def take_sample(options, name, workload, port):
    kind = WORKLOADS[workload][0]
    result = {"server": name, "workload": workload, "fails": [], "notes": []}
    tmp = tempfile.mkdtemp(prefix="bench-net-")
    with open(f"{tmp}/stderr", "w+") as errors:
        command = command_of(options, name, kind, {"port": port, "threads": options.threads, "tmp": tmp})
        before = listening()
        server = spawn(command, stdout=subprocess.DEVNULL, stderr=errors)
        try:
            found = wait_listening(options, server, port, before)
            if found is None:
                status = server.poll()
                result["fails"].append("does not listen" if status is None else f"did not start, {ended(status)}")
                return result
            if found != port:
                result["port_ignored"] = found
            wrong = probe(kind, found)
            if wrong:
                result["fails"].append(f"first connection: {wrong}")
            measure(options, result, server, found, tmp)
            status = server.poll()
            if status is not None and not result.get("killed"):
                errors.seek(0)
                said = (errors.read().splitlines() or [""])[-1][-100:]
                result["fails"] = [f"crashed {ended(status)}" + (f" ({said})" if said else "")] + [
                    fail for fail in result["fails"] if fail.startswith(("ended", "first", "stalled"))]
            elif status is None:
                wrong = probe(kind, found)
                if wrong:
                    result["notes"].append(f"new connection afterwards: {wrong}")
            return result
        finally:
            stop(server)
            errors.seek(0)
            lines = errors.read().splitlines()
            if lines:
                result["stderr"] = {"lines": len(lines), "last": lines[-1][:200]}
            shutil.rmtree(tmp, ignore_errors=True)


def load_command(options, workload, port, pid, tmp):
    """The load generator's command line, and for how many seconds it counts."""
    _, tool, args, _ = WORKLOADS[workload]
    if tool == "wrk":
        seconds = max(1, round(options.seconds))
        with open(f"{tmp}/wrk.lua", "w") as file:
            file.write(LUA_DONE + (LUA_PIPE if "pipe" in args else ""))
        return ["wrk", "-t1", f"-d{seconds}s", "--timeout", "2s", "-s", f"{tmp}/wrk.lua",
                *[arg for arg in args if arg != "pipe"], f"http://127.0.0.1:{port}/"], seconds
    mode, connections, size, depth = args
    seconds, warmup = (0.5, 0) if tool == "idle" else (options.seconds, options.warmup)
    command = [f"{options.bin}/loadgen", mode, "127.0.0.1", str(port), str(connections), str(size), str(depth),
               str(seconds), str(warmup), "-p", str(pid)]
    if mode == "churn":
        command += ["-s", "32"]
    return command, seconds


def measure(options, result, server, port, tmp):
    """Runs the load generator and watches it and the server."""
    time.sleep(0.05)
    tool = WORKLOADS[result["workload"]][1]
    family = [server.pid, *children(server.pid)]
    seen = {"rss_start": status_kib(family, "VmRSS")}
    command, seconds = load_command(options, result["workload"], port, server.pid, tmp)
    core = options.server_cpu if options.one_core else ""
    (cpu, wait), (busy, stolen), reaped, start = sched(family), ticks(core), children_cpu(), time.monotonic()
    with open(f"{tmp}/out", "w+") as out:
        client = spawn(["taskset", "-c", options.client_cpu, *command], stdout=out, stderr=subprocess.STDOUT)
        try:
            limit = start + seconds + options.warmup + 15
            segments, last_traffic, died = out_segments(), start, None
            peak = seen["rss"] = seen["rss_start"]
            client_run = (0.0, 0.0)
            silence = (0.0, 0.0)            # The longest, and when it began.
            while client.poll() is None and time.monotonic() < limit:
                time.sleep(0.1)
                now, sent = time.monotonic(), out_segments()
                silence = max(silence, (now - last_traffic, last_traffic - start))
                if sent > segments + 2:
                    segments, last_traffic = sent, now
                client_run = max(client_run, sched([client.pid]))
                seen["rss"] = status_kib(family, "VmRSS")
                peak = max(peak, seen["rss"])
                if tool == "idle" and os.path.getsize(f"{tmp}/out"):    # "READY": all connections are open.
                    seen.setdefault("rss_held", seen["rss"])
                if seen["rss"] * 1024 > MEMORY_LIMIT:
                    result["fails"].append(f"memory over {MEMORY_LIMIT >> 30} GiB, killed")
                    result["killed"] = True
                    server.kill()
                    break
                if server.poll() is not None and died is None:
                    died = now
                if died and now > died + 3:
                    break
            elapsed = time.monotonic() - start
            cpu_after, wait_after = sched(family)
            result["hwm_kib"] = max(status_kib(family, "VmHWM"), peak)
        finally:
            hung = client.poll() is None
            if hung:
                client.kill()
            client.wait()
        out.seek(0)
        text = out.read()
    busy_after, stolen_after = ticks(core)
    result["steal"] = (stolen_after - stolen) / elapsed
    if options.one_core:                    # What neither of the two used.
        result["foreign"] = (busy_after - busy - (cpu_after - cpu) - (children_cpu() - reaped)) / elapsed
    seen.update(cpu=cpu_after - cpu, wait=wait_after - wait, client=client_run,
                silence=None if died else silence)
    said = re.findall(r"^(?:JSON )?(\{.*\})$", text, re.M)
    if not said:
        result["fails"].append("load generator hung" if hung else f"load generator failed: {text[-200:]!r}")
        return
    result["client"] = json.loads(said[-1])
    {"wrk": of_wrk, "idle": of_idle, "loadgen": of_loadgen}[tool](result, result["client"], seen)


def of_wrk(result, said, seen):
    """Reads what wrk said; the server's CPU time is that of its whole run."""
    seconds, requests = said["us"] / 1e6, said["requests"]
    result.update(value=requests / seconds, ops=requests, cpu_us=seen["cpu"] * 1e6 / max(1, requests),
                  srv_busy=seen["cpu"] / seconds, srv_wait=seen["wait"] / seconds,
                  cli_busy=seen["client"][0] / seconds, cli_wait=seen["client"][1] / seconds,
                  p50_us=said["p50_us"], p99_us=said["p99_us"])
    for key in ("connect", "read", "write", "status", "timeout"):
        if key == "read" and said[key] and abs(said[key] - requests) < 200 and result["workload"] == "http_close":
            result["notes"].append("wrk read errors: body ends with the connection")
        elif said[key]:
            result["fails"].append(f"wrk {key} errors {said[key]}")
    if seen["silence"] and seen["silence"][0] > 0.6:
        result["fails"].append(f"stalled after {seen['silence'][1]:.1f} s, {requests} requests")


def faults(result, said):
    """Notes loadgen's faults; True if nothing can be read from the rest."""
    for key, words in FAULTS.items():
        if said.get(key):
            result["fails"].append(f"{said[key]} {words}")
    if "error" in said:
        result["fails"].append(said["error"])
    return "error" in said


def of_idle(result, said, seen):
    if faults(result, said):
        return
    if said["echoed"] < said["conns"]:
        result["fails"].append(f"only {said['echoed']} of {said['conns']} connections served")
    result["rss_start_kib"] = seen["rss_start"]
    result["value"] = (seen.get("rss_held", seen["rss"]) - seen["rss_start"]) / max(1, said["echoed"])


def of_loadgen(result, said, seen):
    if faults(result, said):
        return
    workload = result["workload"]
    if said["stalled_at_s"]:
        result["fails"].append(f"stalled after {said['stalled_at_s']:.2f} s, {said['total_ops']} ops")
    elif not said["complete"]:
        result["fails"].append(f"ended early, {said['total_ops']} ops")
    if said["opened"] < said["conns"] and said["mode"] != "churn":
        result["fails"].append(f"only {said['opened']} of {said['conns']} connections opened")
    seconds = said["secs"]
    result.update(value=said["mbps"] if WORKLOADS[workload][3] == "MB/s" else said["rate"], ops=said["total_ops"],
                  p50_us=said["p50_us"], p99_us=said["p99_us"])
    if seconds > 0.01:
        done = said["mbps"] * seconds if workload in PER_MB else said["ops"]
        result.update(cpu_us=said["srv_cpu_s"] * 1e6 / max(1, done),
                      srv_busy=said["srv_cpu_s"] / seconds, srv_wait=said["srv_wait_s"] / seconds,
                      cli_busy=said["cli_cpu_s"] / seconds, cli_wait=said["cli_wait_s"] / seconds)
