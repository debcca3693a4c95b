"""The named rows of the comparison: what is measured, and how one run goes.

A row's run(lab, carrier, size) makes one measurement and returns {column:
number}; each column is a line of the table.  Skip says that a carrier cannot
do it.  Runs of the carriers alternate, so that whatever else the machine does
meets all of them alike.
"""
import os
import shlex
import socket
import struct
import subprocess
import time

from lab import (INSTANCE, Aws, Eice, Skip, cpu_seconds, processors,
                 resident_kb)

PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43


class Row:
    """One measurement.  @columns: name -> (title, unit, better, target)."""

    def __init__(self, name, columns, run, only=None, rounds=None):
        self.name = name
        self.columns = columns
        self.run = run
        self.only = only
        self.rounds = rounds  # A cap; None: as many as asked for


def told(column, value):
    """@column with @value, if there is one."""
    return {column: value} if value > 0 else {}


def first_given(lab, carrier, size):
    command = carrier.command(greet=True)
    if command is None:
        raise Skip("no stdio form")
    got = lab.measure("first", "exec:" + command)
    return {"ms": got["ms"], **told("cpu", got["cpu_ms"])}


def first_far(lab, carrier, size):
    """The endpoint given, 50 ms away."""
    relay, (port,) = lab.relay(50, lab.greet_ws)
    try:
        return {"ms": lab.measure("first",
                                  "exec:" + carrier.command(port))["ms"]}
    finally:
        lab.stop(relay)


def by_id(rtt_ms, cached):
    """From the instance's id alone; the API and the endpoint @rtt_ms away."""
    def run(lab, carrier, size):
        relay, env = lab.world(rtt_ms)
        try:
            words = "open-tunnel --instance-id i-0123456789abcdef0"
            if isinstance(carrier, Aws):
                command = carrier.by_id()
            elif cached is not None:
                env = dict(env, XDG_CACHE_HOME=str(lab.dir / "cache"))
                command = f"{lab.eice} {words}"
                if not cached:
                    subprocess.run([lab.eice, "cache", "clear"], env=env,
                                   check=False, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
            mine, lab.env = lab.env, env
            try:
                if cached:  # Whatever the row before has left.
                    lab.measure("first", "exec:" + command)
                return {"ms": lab.measure("first", "exec:" + command)["ms"]}
            finally:
                lab.env = mine
        finally:
            lab.stop(relay)
    return run


def accepted_far(lab, carrier, size):
    """From a listener's client to the target's byte, the endpoint 50 ms
    away: as it is, and with a connection kept ready."""
    relay, (port,) = lab.relay(50, lab.greet_ws)
    out = {}
    try:
        for column, flags in ("fresh", []), ("ready", ["--preconnect", "1"]):
            process = lab.start(
                [lab.eice, *lab.tunnel_words(port), "--local-port", "auto",
                 *flags], stdout=subprocess.PIPE, text=True)
            local = process.stdout.readline().split()[-1].rstrip(".")
            time.sleep(0.5)  # Ten round trips: it is there
            out[column] = lab.measure("first", f"tcp:127.0.0.1:{local}")["ms"]
            lab.stop(process)
    finally:
        lab.stop(relay)
    return out


def with_push(lab, carrier, size):
    """As eice ssh runs it: all known, and a key to push; 50 ms away."""
    relay, env = lab.world(50)
    mine, lab.env = lab.env, env
    try:
        command = shlex.join([lab.eice, *lab.tunnel_words(lab.far_port),
                              "--instance-id", INSTANCE,
                              "--instance-os-user", "bench",
                              "--ssh-public-key", PUBLIC_KEY])
        return {"ms": lab.measure("first", "exec:" + command)["ms"]}
    finally:
        lab.env = mine
        lab.stop(relay)


def bulk_listener(way):
    def run(lab, carrier, size):
        with carrier.listening() as (pid, port):
            lab.measure("down", f"tcp:127.0.0.1:{port}", 1 << 20)
            before = cpu_seconds(pid)
            all_before = processors()
            got = lab.measure(way, f"tcp:127.0.0.1:{port}", size)
            all_after = processors()
            used = cpu_seconds(pid) - before
        out = {"rate": got["mb_per_s"], "cpu": used / size * 1e9}
        if all_before is not None:
            busy, there = (b - a for a, b in zip(all_before, all_after))
            out |= {"all": busy / size * 1e9, "busy": busy / there * 100}
        return out
    return run


def whole_machine(way):
    """What bounds the throughput: who shares the processors, and whether
    there is anything left of them."""
    return {"all": (f"  and of the whole machine, {way}", *CPU, None),
            "busy": (f"  processors at work, {way}", "%", LESS, None)}


def bulk_stdio(way):
    def run(lab, carrier, size):
        command = carrier.command()
        if command is None:
            raise Skip("no stdio form")
        got = lab.measure(way, "exec:" + command, size)
        return {"rate": got["mb_per_s"],
            **told("cpu", got["cpu_s"] / size * 1e9)}
    return run


def echo_listener(lab, carrier, size):
    with carrier.listening() as (_, port):
        got = lab.measure("echo", f"tcp:127.0.0.1:{port}", 3000)
    return {"p50": got["p50_us"], "p99": got["p99_us"]}


def echo_awake(lab, carrier, size):
    with lab.awake():
        return echo_listener(lab, carrier, size)


def echo_stdio(lab, carrier, size):
    command = carrier.command()
    if command is None:
        raise Skip("no stdio form")
    got = lab.measure("echo", "exec:" + command, 3000)
    return {"p50": got["p50_us"], "p99": got["p99_us"]}


def echo_direct(lab):
    """What the same echo costs without anything in between."""
    where = f"tcp:127.0.0.1:{lab.target}"
    title = "echo without a tunnel"
    out = {f"{title}, us": lab.measure("echo", where, 3000)["p50_us"]}
    try:
        with lab.awake():
            out[f"{title}, processors kept awake, us"] = (
                lab.measure("echo", where, 3000)["p50_us"])
    except Skip:
        pass
    return out


def rate(lab, carrier, size):
    count = 100
    with carrier.listening(greet=True) as (pid, port):
        lab.measure("rate", f"tcp:127.0.0.1:{port}", 5)
        before = cpu_seconds(pid)
        got = lab.measure("rate", f"tcp:127.0.0.1:{port}", count)
        used = cpu_seconds(pid) - before
    return {"per_s": got["per_s"], "cpu": used / count * 1e3}


def memory(lab, carrier, size):
    """Resident memory with so many idle tunnels, each used once."""
    counts = (1, 20, 200) if lab.quick else (1, 20, 200, 1000)
    if carrier.name in ("socat", "aws"):
        counts = counts[:2]  # A process each: gigabytes soon; a limit
    out = {}
    lines = []
    try:
        with carrier.listening(counts[-1] + 10) as (pid, port):
            out["0"] = resident_kb(pid) / 1024
            for count in counts:
                while len(lines) < count:
                    lines.append(echo_line(port))
                time.sleep(0.2)
                out[str(count)] = resident_kb(pid) / 1024
                if count == 20:  # Once more, when all have been busy
                    for s in lines:
                        echo_bulk(s, 1 << 20)
                    time.sleep(0.5)
                    out["used"] = resident_kb(pid) / 1024
        last = counts[-1]
        out["each"] = (out[str(last)] - out["0"]) * 1024 / last
    finally:
        for s in lines:
            s.close()
    return out


def echo_line(port):
    """A connection through the tunnel that has echoed one byte."""
    s = socket.create_connection(("127.0.0.1", port), timeout=30)
    s.sendall(b"e" + struct.pack("=Q", 0) + b"x")
    if s.recv(1) != b"x":
        raise RuntimeError("a tunnel did not echo")
    return s


def echo_bulk(s, size):
    """Move @size bytes there and back."""
    part = b"x" * 65536
    for _ in range(size // len(part)):
        s.sendall(part)
        left = len(part)
        while left > 0:
            got = s.recv(left)
            if not got:
                raise RuntimeError("a tunnel ended")
            left -= len(got)


def ssh_command(lab, carrier):
    """How ssh is sent through the carrier: options, and a port."""
    port, options = lab.sshd()
    if isinstance(carrier, (Eice, Aws)):
        if not hasattr(lab, "ssh_ws"):
            lab.ssh_ws = lab.far("ws", port)
        command = carrier.command(lab.ssh_ws)
        return [*options, "-o", f"ProxyCommand={command}"], 22
    if carrier.name == "ssh -L":
        return options, port  # Plain ssh: nothing in between.
    raise Skip("carries a fixed target only")


def ssh_time(lab, carrier, size):
    options, port = ssh_command(lab, carrier)
    began = time.monotonic()
    subprocess.run(["ssh", *options, "-p", str(port), "127.0.0.1", "true"],
                   env=lab.env, check=True, stdin=subprocess.DEVNULL,
                   timeout=60)
    return {"ms": (time.monotonic() - began) * 1e3}


def scp_time(lab, carrier, size):
    options, port = ssh_command(lab, carrier)
    source = lab.dir / "scp.source"
    if not source.exists() or source.stat().st_size != size:
        with open(source, "wb") as f:
            left = size
            while left > 0:
                left -= f.write(os.urandom(min(left, 1 << 20)))
    began = time.monotonic()
    subprocess.run(["scp", "-q", *options, "-P", str(port),
                    f"127.0.0.1:{source}", lab.dir / "scp.copy"],
                   env=lab.env, check=True, stdin=subprocess.DEVNULL,
                   timeout=900)
    return {"rate": size / (time.monotonic() - began) / 1e6}


LESS, MORE = "less", "more"
RATE = ("MB/s", MORE)
CPU = ("s/GB", LESS)

ROWS = [
    Row("first-byte",
        {"ms": ("start to first remote byte, endpoint given", "ms", LESS,
                "<= 10"),
         "cpu": ("  its CPU time", "ms", LESS, None)}, first_given),
    Row("first-byte-50ms",
        {"ms": ("the same, 50 ms round trips", "ms", LESS,
                "<= 3 round trips + 15")}, first_far, only=("eice", "aws")),
    Row("first-byte-id",
        {"ms": ("by instance id, nothing cached", "ms", LESS, None)},
        by_id(0, False), only=("eice", "aws")),
    Row("first-byte-id-50ms",
        {"ms": ("by instance id, nothing cached, 50 ms round trips", "ms",
                LESS, "<= 6 round trips + 20")},
        by_id(50, False), only=("eice", "aws")),
    Row("first-byte-cached",
        {"ms": ("by instance id, cached", "ms", LESS, None)},
        by_id(0, True), only=("eice",)),
    Row("first-byte-cached-50ms",
        {"ms": ("by instance id, cached, 50 ms round trips", "ms", LESS,
                "<= 3 round trips + 15")},
        by_id(50, True), only=("eice",)),
    Row("first-byte-push-50ms",
        {"ms": ("endpoint given and a key pushed, 50 ms round trips", "ms",
                LESS, "<= 3 round trips + 15")}, with_push, only=("eice",)),
    Row("preconnect-50ms",
        {"fresh": ("listener's client to first byte, 50 ms round trips", "ms",
                   LESS, "<= 3 round trips + 15"),
         "ready": ("  the same with --preconnect", "ms", LESS,
                   "<= 1 round trip + 15")}, accepted_far, only=("eice",)),
    Row("listener-down",
        {"rate": ("throughput down, listener", *RATE, ">= 1.2 x stunnel"),
         "cpu": ("CPU per GB down, listener", *CPU, "<= 0.8 x stunnel"),
         **whole_machine("down")},
        bulk_listener("down")),
    Row("listener-up",
        {"rate": ("throughput up, listener", *RATE, ">= 1.2 x stunnel"),
         "cpu": ("CPU per GB up, listener", *CPU, "<= 0.8 x stunnel"),
         **whole_machine("up")},
        bulk_listener("up")),
    Row("stdio-down",
        {"rate": ("throughput down, stdio", *RATE, None),
         "cpu": ("CPU per GB down, stdio", *CPU, None)}, bulk_stdio("down")),
    Row("stdio-up",
        {"rate": ("throughput up, stdio", *RATE, None),
         "cpu": ("CPU per GB up, stdio", *CPU, None)}, bulk_stdio("up")),
    Row("echo",
        {"p50": ("1-byte echo p50, listener", "us", LESS, "<= 70"),
         "p99": ("1-byte echo p99, listener", "us", LESS, None)},
        echo_listener),
    Row("echo-awake",
        {"p50": ("1-byte echo p50, processors kept awake", "us", LESS,
                 "<= 70"),
         "p99": ("1-byte echo p99, processors kept awake", "us", LESS, None)},
        echo_awake),
    Row("echo-stdio",
        {"p50": ("1-byte echo p50, stdio", "us", LESS, None),
         "p99": ("1-byte echo p99, stdio", "us", LESS, None)}, echo_stdio),
    Row("rate",
        {"per_s": ("connections per second, one after the other", "/s", MORE,
                   None),
         "cpu": ("CPU per connection", "ms", LESS, None)}, rate),
    Row("memory",
        {"0": ("resident memory, idle listener", "MB", LESS, "<= 12"),
         "1": ("with 1 tunnel", "MB", LESS, None),
         "20": ("with 20 idle tunnels", "MB", LESS, None),
         "used": ("  the same, idle again after 1 MiB each way", "MB", LESS,
                  None),
         "200": ("with 200 idle tunnels", "MB", LESS, None),
         "1000": ("with 1000 idle tunnels", "MB", LESS, None),
         "each": ("each idle tunnel more", "KB", LESS, "<= 100")},
        memory, rounds=1),
    Row("ssh",
        {"ms": ("ssh host true", "ms", LESS, None)}, ssh_time),
    Row("scp",
        {"rate": ("scp", *RATE, None)}, scp_time),
]
