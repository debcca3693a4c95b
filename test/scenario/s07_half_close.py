#!/usr/bin/env python3
"""Ends that come one side at a time: nothing is cut off, nothing waits long.
"""
import contextlib
import socket
import subprocess
import threading
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

    def stay(self, s):
        """A target that takes a byte, and then does nothing."""
        if s.recv(1):
            self.over.wait()

    def begin(self, handler):
        self.over = threading.Event()
        self.addCleanup(self.over.set)
        self.server = self.echo_server(handler)
        self.emulator(harness.world({22: self.server.port}))

    def test_remote_ends_first_and_all_its_bytes_arrive(self):
        blob = harness.os.urandom(BLOB)
        self.begin(lambda s: s.sendall(blob))
        eice = self.stdio()
        self.assertEqual(eice.stdout.read(), blob)
        self.assertEqual(eice.wait(harness.PATIENCE), 0)
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
        self.assertEqual(eice.wait(harness.PATIENCE), 0)

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
        self.assertEqual(eice.wait(harness.PATIENCE), 0)

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
        self.begin(self.stay)

        def attempt():
            eice = self.stdio("--linger", "1")
            eice.stdin.write(b"x")
            begin = time.monotonic()
            eice.stdin.close()
            self.assertEqual(eice.wait(harness.PATIENCE), 0)
            took = time.monotonic() - begin
            self.assertGreater(took, 0.9)
            return took

        harness.in_time("an end that lingers for 1 s", 5, attempt)

    def test_stdout_reader_gone_ends_it_at_once(self):
        arrived = threading.Semaphore(0)

        def serve(s):
            while s.recv(1):
                arrived.release()

        self.begin(serve)

        def attempt():
            eice = self.stdio()
            eice.stdin.write(b"x")
            eice.stdin.flush()
            self.assertTrue(arrived.acquire(timeout=harness.PATIENCE))
            time.sleep(0.3)  # Until it does nothing but wait
            begin = time.monotonic()
            eice.stdout.close()
            eice.wait(harness.PATIENCE)
            took = time.monotonic() - begin
            harness.wait_for("the target to see the end",
                             lambda: not self.server.connections)
            return took

        harness.in_time("eice's end", 1, attempt)

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
            self.assertEqual(eice.wait(harness.PATIENCE), 0)
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
        eice.wait(harness.PATIENCE)

    def test_local_port_zero_is_stdio(self):
        self.begin(lambda s: s.sendall(b"hi"))
        eice = self.stdio("--local-port", "0")
        self.assertEqual(eice.stdout.read(), b"hi")

    def test_stdin_at_its_end_does_not_spin(self):
        self.begin(lambda s: s.sendall(b"hi") or self.over.wait())
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
            s.settimeout(harness.PATIENCE)
            s.sendall(bytes(BLOB))
            s.shutdown(socket.SHUT_WR)
            self.assertEqual(s.recv(100), b"%d" % BLOB)
            self.assertEqual(s.recv(100), b"")

    def test_a_client_that_hangs_up_frees_its_place_at_once(self):
        server = self.echo_server()
        self.emulator(harness.world({22: server.port}))
        # Who waits for the linger time is far too late.
        _, port = self.listener("--max-websocket-connections", "1",
                                "--linger", "300")

        def served():
            """Over the limit we would be closed at once."""
            with contextlib.suppress(ConnectionError), \
                    socket.create_connection(("127.0.0.1", port)) as s:
                s.settimeout(harness.PATIENCE)
                s.sendall(b"x")
                return s.recv(1) == b"x"
            return False

        def attempt():
            begin = time.monotonic()
            harness.wait_for("a place", served)
            harness.wait_for("the target to see the end",
                             lambda: not server.connections)
            return time.monotonic() - begin

        for _ in range(5):
            harness.in_time("a place", 2, attempt)

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
