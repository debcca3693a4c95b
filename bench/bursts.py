#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Small writes as a remote desktop makes them, and how late each arrives.

    bursts.py serve PORT            what listens at the far end
    bursts.py run PORT WHAT SECONDS [FRAME]

sixty times a second four messages of 64 bytes, each a write of its own, with
the time in them.  WHAT is

    both    bursts both ways
    down    bursts up, and a frame of FRAME bytes down sixty times a second
    beside  as both, while another connection gets such frames

Both ends are on one machine and so have one clock.  Each prints as JSON how
late the messages that it got were, in microseconds.
"""
import contextlib
import json
import os
import socket
import struct
import sys
import time

SIZE = 64
BURST = 4
TICK = 1 / 60
FRAME = 200_000
BOTH, DOWN, BULK = b"b", b"d", b"f"
HEAD = struct.Struct("!cdQ")  # What, for how long, frames of which size


def count(seconds):
    return round(seconds / TICK)


def ticks(seconds):
    """Yield sixty times a second."""
    begin = time.monotonic()
    for i in range(count(seconds)):
        time.sleep(max(0, begin + i * TICK - time.monotonic()))
        yield


def send_bursts(s, seconds):
    for _ in ticks(seconds):
        for _ in range(BURST):
            s.sendall(struct.pack("!Q", time.monotonic_ns()).ljust(SIZE))


def send_frames(s, seconds, size):
    frame = bytes(size)
    for _ in ticks(seconds):
        s.sendall(frame)


def take_bursts(s, seconds):
    """How late each message was, microseconds, sorted."""
    late = []
    rest = b""
    total = count(seconds) * BURST
    while len(late) < total:
        data = s.recv((total - len(late)) * SIZE - len(rest))
        now = time.monotonic_ns()
        if not data:
            raise OSError("cut short")
        rest += data
        while len(rest) >= SIZE:
            late.append((now - struct.unpack("!Q", rest[:8])[0]) / 1e3)
            rest = rest[SIZE:]
    return sorted(late)


def take_frames(s, seconds, size):
    left = count(seconds) * size
    while left > 0:
        data = s.recv(min(left, 1 << 20))
        if not data:
            raise OSError("cut short")
        left -= len(data)


def summary(late):
    return {"p50": round(late[len(late) // 2]),
            "p99": round(late[len(late) * 99 // 100])}


def beside(function, *args):
    """Run in a process of its own, which waits for nobody's interpreter."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            function(*args)
            code = 0
        except OSError as e:
            print(json.dumps({"error": str(e)}), flush=True)
        finally:
            os._exit(code)
    return pid


def serve_one(s):
    head = s.recv(HEAD.size, socket.MSG_WAITALL)
    if len(head) < HEAD.size:
        return
    what, seconds, size = HEAD.unpack(head)
    if what == BULK:
        send_frames(s, seconds, size)
        s.recv(1)
        return
    if what == BOTH:
        child = beside(send_bursts, s, seconds)
    else:
        child = beside(send_frames, s, seconds, size)
    late = take_bursts(s, seconds)
    os.waitpid(child, 0)
    print(json.dumps(summary(late)), flush=True)
    # The client ends first, and not before: not all half-close.
    s.sendall(b"k")
    s.recv(1)


def serve(port):
    with socket.create_server(("127.0.0.1", port), backlog=64) as listener:
        print("ready", flush=True)
        while True:
            s, _ = listener.accept()
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            beside(serve_one, s)
            s.close()
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG) != (0, 0):
                    pass


def connect(port, what, seconds, size):
    s = socket.create_connection(("127.0.0.1", port), timeout=60)
    s.settimeout(None)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    s.sendall(HEAD.pack(what, seconds, size))
    return s


def run(port, what, seconds, size=FRAME):
    """The client; what is late on the way down is known here, what is on the
    way up is what serve() prints next."""
    bulk = None
    if what == "beside":
        bulk = connect(port, BULK, seconds + 1, size)
        beside(take_frames, bulk, seconds + 1, size)
    s = connect(port, DOWN if what == "down" else BOTH, seconds, size)
    child = beside(send_bursts, s, seconds)
    late = None
    if what == "down":
        take_frames(s, seconds, size)
    else:
        late = summary(take_bursts(s, seconds))
    os.waitpid(child, 0)
    s.recv(1)
    s.close()
    if bulk is not None:
        bulk.close()
        os.wait()
    return late


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]))
    else:
        words = [*sys.argv[4:5], *sys.argv[5:6]]
        print(json.dumps(run(int(sys.argv[2]), sys.argv[3], float(words[0]),
                             int(words[1]) if len(words) > 1 else FRAME)))
