#!/usr/bin/env python3
"""Ends that come one side at a time: nothing is cut off, nothing waits long.
"""
import contextlib
import socket
import subprocess
import time

import harness

BLOB = 5 << 20


class HalfClose(harness.Scenario):
    def stdio(self, *flags, **kw):
        kw.setdefault("stdin", subprocess.PIPE)
        kw.setdefault("stdout", subprocess.PIPE)
        return self.start([harness.EICE, "open-tunnel", "--instance-id",
                           harness.INSTANCE, *flags],
                          stderr=subprocess.PIPE, **kw)

    def begin(self, handler):
        self.server = self.echo_server(handler)
        self.emulator(harness.world({22: self.server.port}))

    def test_remote_ends_first_and_all_its_bytes_arrive(self):
        blob = harness.os.urandom(BLOB)
        self.begin(lambda s: s.sendall(blob))
        eice = self.stdio()
        self.assertEqual(eice.stdout.read(), blob)
        self.assertEqual(eice.wait(5 * harness.SLOW), 0)
        self.assertEqual(eice.stderr.read(), b"")

    def test_a_slow_reader_still_gets_everything_after_the_end(self):
        blob = harness.os.urandom(BLOB)
        self.begin(lambda s: s.sendall(blob))
        eice = self.stdio()
        got = b""
        while chunk := eice.stdout.read(1 << 19):
            got += chunk
            time.sleep(0.05)
        self.assertEqual(got, blob)
        self.assertEqual(eice.wait(5 * harness.SLOW), 0)

    def test_local_ends_first_and_the_answer_still_comes(self):
        def late(s):
            got = s.recv(100)
            time.sleep(0.7)
            s.sendall(b"you said " + got)

        self.begin(late)
        eice = self.stdio()
        eice.stdin.write(b"hello")
        eice.stdin.close()
        self.assertEqual(eice.stdout.read(), b"you said hello")
        self.assertEqual(eice.wait(5 * harness.SLOW), 0)

    def test_everything_sent_before_the_end_arrives(self):
        got = []

        def collect(s):
            n = 0
            while data := s.recv(1 << 16):
                n += len(data)
                if n == BLOB:
                    break
            got.append(n)
            s.sendall(b"k")

        self.begin(collect)
        eice = self.stdio()
        eice.stdin.write(bytes(BLOB))
        eice.stdin.close()
        self.assertEqual(eice.stdout.read(), b"k")
        self.assertEqual(got, [BLOB])

    def test_quiet_after_local_end_lasts_for_the_linger_time(self):
        self.begin(lambda s: s.recv(1) and time.sleep(60))
        eice = self.stdio("--linger", "1")
        eice.stdin.write(b"x")
        eice.stdin.close()
        begin = time.monotonic()
        self.assertEqual(eice.wait(20 * harness.SLOW), 0)
        took = time.monotonic() - begin
        self.assertGreater(took, 0.9)
        self.assertLess(took, 5 * harness.SLOW)

    def test_stdout_reader_gone_ends_it_at_once(self):
        self.begin(lambda s: list(iter(lambda: s.recv(1), b"")))
        eice = self.stdio()
        eice.stdin.write(b"x")
        eice.stdin.flush()
        time.sleep(0.5)
        eice.stdout.close()
        begin = time.monotonic()
        eice.wait(10 * harness.SLOW)
        self.assertLess(time.monotonic() - begin, 1 * harness.SLOW)
        harness.wait_for("the target to see the end",
                         lambda: not self.server.connections)

    def test_regular_files_as_stdin_and_stdout(self):
        def reverse(s):
            data = b""
            while len(data) < BLOB:
                data += s.recv(1 << 16)
            s.sendall(data[::-1])

        self.begin(reverse)
        source = harness.random_file(self.dir / "in", BLOB)
        with open(source, "rb") as i, open(self.dir / "out", "wb") as o:
            eice = self.stdio(stdin=i, stdout=o)
            self.assertEqual(eice.wait(30 * harness.SLOW), 0)
        self.assertEqual((self.dir / "out").read_bytes(),
                         source.read_bytes()[::-1])

    def test_a_socket_as_stdin_and_stdout(self):
        self.begin(harness.EchoServer.echo)
        ours, theirs = socket.socketpair()
        self.addCleanup(ours.close)
        eice = self.stdio(stdin=theirs, stdout=theirs)
        theirs.close()
        ours.sendall(b"over a socket")
        self.assertEqual(ours.recv(100), b"over a socket")
        ours.close()
        eice.wait(5 * harness.SLOW)

    def test_local_port_zero_is_stdio(self):
        self.begin(lambda s: s.sendall(b"hi"))
        eice = self.stdio("--local-port", "0")
        self.assertEqual(eice.stdout.read(), b"hi")

    def test_stdin_at_its_end_does_not_spin(self):
        self.begin(lambda s: s.sendall(b"hi") or time.sleep(60))
        eice = self.stdio("--linger", "3", stdin=subprocess.DEVNULL)
        self.assertEqual(eice.stdout.read(2), b"hi")
        with open(f"/proc/{eice.pid}/stat", encoding="ascii") as f:
            before = sum(map(int, f.read().rsplit(")", 1)[1].split()[11:13]))
        time.sleep(1)
        with open(f"/proc/{eice.pid}/stat", encoding="ascii") as f:
            after = sum(map(int, f.read().rsplit(")", 1)[1].split()[11:13]))
        self.assertLess(after - before, 10)


class ListenerHalfClose(harness.Scenario):
    def test_client_shuts_down_its_side_and_reads_on(self):
        def count(s):
            n = 0
            while n < BLOB:
                n += len(s.recv(1 << 16))
            time.sleep(0.3)
            s.sendall(b"%d" % n)

        server = self.echo_server(count)
        self.emulator(harness.world({22: server.port}))
        _, port = self.listener()
        with socket.create_connection(("127.0.0.1", port)) as s:
            s.settimeout(20 * harness.SLOW)
            s.sendall(bytes(BLOB))
            s.shutdown(socket.SHUT_WR)
            self.assertEqual(s.recv(100), b"%d" % BLOB)
            self.assertEqual(s.recv(100), b"")

    def test_a_client_that_hangs_up_frees_its_place_at_once(self):
        server = self.echo_server()
        self.emulator(harness.world({22: server.port}))
        _, port = self.listener("--max-websocket-connections", "1")

        def served():
            """Over the limit we would be closed at once."""
            with contextlib.suppress(ConnectionError), \
                    socket.create_connection(("127.0.0.1", port)) as s:
                s.settimeout(5 * harness.SLOW)
                s.sendall(b"x")
                return s.recv(1) == b"x"
            return False

        for _ in range(5):
            harness.wait_for("a place", served, 2)
            harness.wait_for("the target to see the end",
                             lambda: not server.connections, 2)

    def test_client_resets(self):
        server = self.echo_server()
        self.emulator(harness.world({22: server.port}))
        process, port = self.listener(stderr=subprocess.PIPE)
        s = socket.create_connection(("127.0.0.1", port))
        s.sendall(b"x")
        s.recv(1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        s.close()
        harness.wait_for("the target to see the end",
                         lambda: not server.connections)
        self.assertIsNone(process.poll())


if __name__ == "__main__":
    harness.main()
