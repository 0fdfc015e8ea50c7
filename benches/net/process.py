"""What the kernel says about processes and the network, and how a sample starts its own."""
import ctypes
import os
import re
import resource
import signal
import socket
import subprocess

libc = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1
CLONE_NEWNET = 0x40000000


def spawn(argv, **options):
    """A process that may open all the descriptors there are, and ends with the process that measures."""
    def prepare():
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        # Python ignores it, and that would be inherited.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    return subprocess.Popen(argv, stdin=subprocess.DEVNULL, preexec_fn=prepare, **options)


def ended(status):
    """An exit status as text."""
    if status < 0:
        try:
            return f"rc={status} {signal.Signals(-status).name}"
        except ValueError:
            pass
    return f"rc={status}"


def children(pid):
    """All processes below one."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            own = [int(word) for word in file.read().split()]
    except OSError:
        return []
    return own + [below for child in own for below in children(child)]


def sched(pids):
    """Seconds on a CPU and seconds waiting for one, of all threads of the processes."""
    run = wait = 0
    for pid in pids:
        try:
            for thread in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
                    ran, waited, _ = file.read().split()
                run, wait = run + int(ran), wait + int(waited)
        except OSError:
            pass
    return run / 1e9, wait / 1e9


def status_kib(pids, key):
    """The sum of one line of /proc/PID/status."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/status") as file:
                found = re.search(rf"^{key}:\s+(\d+) kB", file.read(), re.M)
            total += int(found.group(1)) if found else 0
        except OSError:
            pass
    return total


def ticks(cpu=""):
    """Busy and stolen seconds of one CPU, or of all."""
    with open("/proc/stat") as file:
        for line in file:
            name, *values = line.split()
            if name == f"cpu{cpu}":
                values = [int(value) for value in values[:8]]
                return (sum(values) - values[3] - values[4]) / 100, values[7] / 100
    raise SystemExit(f"no CPU {cpu}")


def children_cpu():
    """CPU seconds of the children that have been waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def out_segments():
    """How many TCP segments were sent in this network namespace."""
    with open("/proc/net/snmp") as file:
        names, values = [line.split() for line in file if line.startswith("Tcp:")]
    return int(values[names.index("OutSegs")])


def listening():
    """The TCP ports that something listens on."""
    out = subprocess.run(["ss", "-Hltn"], capture_output=True, text=True).stdout
    return {int(line.split()[3].rsplit(":", 1)[1]) for line in out.splitlines()}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def new_netns():
    """Gives this process a loopback of its own; False without the right to.

    Congestion control becomes the one that such a namespace may always use, whatever the machine is set to."""
    if libc.unshare(CLONE_NEWNET):
        return False
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with open("/proc/sys/net/ipv4/tcp_congestion_control", "w") as file:
        file.write("reno")
    return True
