#!/usr/bin/env python3
"""A far network on this machine: a TCP relay that adds round-trip time.

    relay.py RTT_MS HOST:PORT[=LOCAL_PORT] ...

For each destination it listens on a loopback port (a free one unless it is
given) and prints one JSON line with the ports. Bytes arrive half a round trip
later in each direction, and a connection's first bytes wait one round trip
more, which is what TCP's own handshake costs on a real path.

On SIGTERM it prints a JSON line per connection: how many round trips the
client waited for (one for TCP, and one each time the answer to something it
had sent came back) and when it began and ended. On SIGUSR1 it prints all that
as a list on one line, and goes on.
"""
import asyncio
import json
import os
import signal
import socket
import sys
import time


class Connection:
    """One relayed connection and what is counted of it."""

    def __init__(self, to):
        self.to = to
        self.began = time.monotonic()
        self.first_answer = None
        self.round_trips = 1
        self.asked = False
        self.bytes_up = 0
        self.bytes_down = 0

    def up(self, n):
        self.bytes_up += n
        self.asked = True

    def down(self, n):
        self.bytes_down += n
        if self.asked:
            self.round_trips += 1
            self.asked = False
        if self.first_answer is None:
            self.first_answer = time.monotonic()

    def report(self, origin):
        return {
            "to": self.to,
            "began_ms": round((self.began - origin) * 1e3, 1),
            "round_trips": self.round_trips,
            "bytes_up": self.bytes_up,
            "bytes_down": self.bytes_down,
        }


async def one_way(reader, writer, delay, count, hold=0.0):
    """Pass bytes on, each @delay after it came; the first @hold later."""
    queue = asyncio.Queue(maxsize=1024)
    ready_at = time.monotonic() + hold

    async def deliver():
        while True:
            when, data = await queue.get()
            wait = max(when, ready_at + delay if hold else when)
            wait -= time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            if not data:
                if writer.can_write_eof():
                    writer.write_eof()
                return
            count(len(data))
            writer.write(data)
            await writer.drain()

    task = asyncio.ensure_future(deliver())
    try:
        while True:
            data = await reader.read(1 << 16)
            await queue.put((time.monotonic() + delay, data))
            if not data:
                break
        await task
    except (ConnectionError, OSError):
        task.cancel()
        writer.close()


async def main():
    rtt = float(sys.argv[1]) / 1e3
    origin = time.monotonic()
    connections = []
    ports = {}
    servers = []

    for destination in sys.argv[2:]:
        destination, _, own = destination.partition("=")
        host, port = destination.rsplit(":", 1)

        async def relay(reader, writer, host=host, port=int(port),
                        to=destination):
            connection = Connection(to)
            connections.append(connection)
            try:
                far_reader, far_writer = await asyncio.open_connection(
                    host, port)
            except OSError:
                writer.close()
                return
            for w in (writer, far_writer):
                w.get_extra_info("socket").setsockopt(
                    socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.gather(
                one_way(reader, far_writer, rtt / 2, connection.up, rtt),
                one_way(far_reader, writer, rtt / 2, connection.down))
            for w in (writer, far_writer):
                w.close()

        server = await asyncio.start_server(relay, "127.0.0.1",
                                            int(own or 0))
        servers.append(server)
        ports[destination] = server.sockets[0].getsockname()[1]

    done = asyncio.Event()
    for sig in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sig, done.set)
    asyncio.get_running_loop().add_signal_handler(
        signal.SIGUSR1, lambda: print(json.dumps(
            [c.report(origin) for c in connections]), flush=True))
    print(json.dumps(ports), flush=True)  # From here on it may be asked
    await done.wait()
    for connection in connections:
        print(json.dumps(connection.report(origin)), flush=True)
    os._exit(0)  # Connections still open need no farewell.


asyncio.run(main())
