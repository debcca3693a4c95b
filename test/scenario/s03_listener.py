#!/usr/bin/env python3
"""Many connections through one listener: the limit, refusals, the lines."""
import subprocess
import time

import harness


class Limit(harness.Scenario):
    def setUp(self):
        super().setUp()
        self.emulator(harness.world({22: self.sshd()}))

    def ssh(self, port, command):
        return ["ssh", "-p", port, *self.ssh_options(),
                f"{harness.USER}@127.0.0.1", command]

    def test_ten_parallel_sessions_and_the_eleventh_is_told(self):
        process, port = self.listener()
        sessions = []
        for i in range(10):
            s = self.start(self.ssh(port, f"echo {i}; exec cat"),
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            sessions.append(s)
        for i, s in enumerate(sessions):
            self.assertEqual(s.stdout.readline(), b"%d\n" % i)
        done = self.run_any(self.ssh(port, "true"))
        self.assertEqual(done.returncode, 255)
        for i, s in enumerate(sessions):
            s.stdin.write(b"%d\n" % i)
            s.stdin.close()
            self.assertEqual(s.stdout.read(), b"%d\n" % i)
            self.assertEqual(s.wait(harness.PATIENCE), 0)
        self.run_ok(self.ssh(port, "true"))
        lines = []
        while sum("Closing tcp" in line for line in lines) < 11:
            lines.append(process.stdout.readline().rstrip("\n"))
            self.assertTrue(lines[-1], lines)
        self.assertIn("Max websocket connections 10 have been reached, "
                      "closing incoming connection.", lines)
        for k in range(1, 12):
            self.assertIn(f"[{k}] Accepted new tcp connection, opening "
                          "websocket tunnel.", lines)
            self.assertIn(f"[{k}] Closing tcp connection.", lines)

    def test_when_full_wait_serves_everybody_in_the_end(self):
        _, port = self.listener("--max-websocket-connections", "2",
                                "--when-full", "wait")
        begin = time.monotonic()
        sessions = [self.start(self.ssh(port, "sleep 0.3; echo done"),
                               stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE) for _ in range(6)]
        for s in sessions:
            self.assertEqual(s.stdout.read(), b"done\n")
            self.assertEqual(s.wait(harness.PATIENCE), 0)
        self.assertGreater(time.monotonic() - begin, 0.9)

    def test_later_connections_resume_the_first_one_s_tls(self):
        log = self.dir / "log"
        with open(log, "wb") as f:
            _, port = self.listener("--log", "net:debug", stderr=f)
        for _ in range(3):
            self.assertEqual(self.run_ok(self.ssh(port, "echo here")),
                             "here\n")
        ways = [line.rsplit(": ", 1)[1] for line in
                log.read_text().splitlines() if "connected to" in line]
        self.assertEqual(ways[-3:], ["TLSv1.3", *["TLSv1.3, resumed"] * 2])


class Refused(harness.Scenario):
    def test_a_refused_tunnel_leaves_the_listener_serving(self):
        target = self.echo_server()
        self.emulator(harness.world({22: target.port}))
        # Port 3389 has no route: every dial there fails after the 101.
        process, port = self.listener("--remote-port", "3389",
                                      stderr=subprocess.PIPE)
        for _ in range(5):
            with harness.socket.create_connection(("127.0.0.1", port)) as s:
                s.settimeout(harness.PATIENCE)
                self.assertEqual(s.recv(1), b"")
        self.assertIsNone(process.poll())
        process.terminate()
        errors = process.stderr.read()
        self.assertEqual(errors.count("Unable to connect to target"), 5,
                         errors)
        for k in range(1, 6):
            self.assertIn(f"[{k}] Encountered error with websocket: ", errors)

    def test_a_slow_handshake_delays_nobody(self):
        target = self.echo_server()
        self.emulator(harness.world({22: target.port}))
        _, port = self.listener()
        silent = [harness.socket.create_connection(("127.0.0.1", port))
                  for _ in range(5)]
        with harness.socket.create_connection(("127.0.0.1", port)) as s:
            s.settimeout(harness.PATIENCE)
            s.sendall(b"ping")
            self.assertEqual(s.recv(4), b"ping")
        for s in silent:
            s.close()

    def test_a_port_probe_is_no_error(self):
        target = self.echo_server()
        self.emulator(harness.world({22: target.port}))
        process, port = self.listener(stderr=subprocess.PIPE)
        for _ in range(5):
            self.assertTrue(harness.port_open(port))
        with harness.socket.create_connection(("127.0.0.1", port)) as s:
            s.sendall(b"ping")
            self.assertEqual(s.recv(4), b"ping")
        process.terminate()
        self.assertEqual(process.stderr.read(), "")


class Addresses(harness.Scenario):
    def setUp(self):
        super().setUp()
        self.target = self.echo_server()
        self.emulator(harness.world({22: self.target.port}))

    def test_a_port_in_use_is_said_before_anything_else(self):
        self.env["AWS_ENDPOINT_URL"] = "https://localhost:1"
        with harness.socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            done = self.run_any([harness.EICE, "open-tunnel", "--instance-id",
                                 harness.INSTANCE, "--local-port", port])
        self.assertEqual(done.returncode, 255)
        self.assertIn(str(port), done.stderr)
        self.assertIn("in use", done.stderr)
        self.assertEqual(done.stdout, "")

    def test_both_loopbacks(self):
        _, port = self.listener()
        for host in ("127.0.0.1", "::1"):
            try:
                s = harness.socket.create_connection((host, port))
            except OSError:
                if host == "::1" and not harness.has_ipv6():
                    continue
                raise
            with s:
                s.sendall(b"x")
                self.assertEqual(s.recv(1), b"x")

    def test_a_unix_socket_lives_and_dies_with_eice(self):
        path = self.dir / "eice.sock"
        eice = self.start([harness.EICE, "open-tunnel", "--instance-id",
                           harness.INSTANCE, "--local-socket", path],
                          stdout=subprocess.PIPE)
        eice.stdout.readline()
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        with harness.socket.socket(harness.socket.AF_UNIX) as s:
            s.connect(str(path))
            s.sendall(b"x")
            self.assertEqual(s.recv(1), b"x")
        eice.terminate()
        eice.wait(harness.PATIENCE)
        self.assertFalse(path.exists())

    def test_a_stale_unix_socket_is_replaced(self):
        path = self.dir / "eice.sock"
        for _ in range(2):
            eice = self.start([harness.EICE, "open-tunnel", "--instance-id",
                               harness.INSTANCE, "--local-socket", path],
                              stdout=subprocess.PIPE)
            eice.stdout.readline()
            eice.kill()
            eice.wait()
            self.assertTrue(path.exists())

    def test_a_socket_from_systemd(self):
        with harness.socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            port = listening.getsockname()[1]

            def hand_over():
                harness.os.dup2(listening.fileno(), 3)

            env = dict(self.env, LISTEN_FDS="1")
            # Only a shell can put its own pid into the environment.
            self.start(["sh", "-c", "LISTEN_PID=$$ exec \"$@\"", "sh",
                        harness.EICE, "open-tunnel", "--instance-id",
                        harness.INSTANCE], env=env, preexec_fn=hand_over,
                       close_fds=False, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL)
        with harness.socket.create_connection(("127.0.0.1", port)) as s:
            s.settimeout(harness.PATIENCE)
            s.sendall(b"x")
            self.assertEqual(s.recv(1), b"x")


if __name__ == "__main__":
    harness.main()
