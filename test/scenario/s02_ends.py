#!/usr/bin/env python3
"""However ssh ends, eice is gone within a second, and leaves nothing."""
import os
import signal
import subprocess
import time

import harness

HOST = f"{harness.USER}@{harness.INSTANCE}"


def children(pid):
    """The pids whose parent is @pid."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", encoding="ascii") as f:
                    if f.read().rsplit(")", 1)[1].split()[1] == str(pid):
                        found.append(int(entry))
            except OSError:
                continue
    return found


class Ends(harness.Scenario):
    def setUp(self):
        super().setUp()
        self.emulator(harness.world({22: self.sshd()}))
        self.options = self.ssh_options() + self.proxy_command()

    def session(self):
        """A running ssh with its eice; the process and eice's pid."""
        ssh = self.start(["ssh", *self.options, HOST, "echo up; exec cat"],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
        self.assertEqual(ssh.stdout.readline(), b"up\n")
        return ssh, harness.wait_for("eice", lambda: children(ssh.pid))[0]

    def gone_within_a_second(self, end):
        """After @end has ended the ssh it is given, and that has gone."""
        def attempt():
            ssh, eice = self.session()
            end(ssh)
            ssh.wait(harness.PATIENCE)
            begin = time.monotonic()
            harness.wait_for("eice's end", lambda: not harness.alive(eice))
            return time.monotonic() - begin

        harness.in_time("eice's end", 1, attempt)

    def test_a_normal_exit(self):
        def end(ssh):
            ssh.stdin.close()
            self.assertEqual(ssh.wait(harness.PATIENCE), 0)
            self.assertEqual(ssh.stderr.read(), b"")

        self.gone_within_a_second(end)

    def test_ctrl_c(self):
        self.gone_within_a_second(
            lambda ssh: ssh.send_signal(signal.SIGINT))

    def test_kill_9(self):
        self.gone_within_a_second(lambda ssh: ssh.kill())

    def test_kill_9_with_unread_output(self):
        def end(ssh):
            ssh.stdin.write(b"x" * 65536)
            ssh.stdin.flush()
            ssh.kill()

        self.gone_within_a_second(end)

    def test_kill_9_while_the_target_is_silent_and_nothing_flows(self):
        """The pipe is the only sign of ssh's death."""
        def end(ssh):
            time.sleep(0.3)
            ssh.kill()

        self.gone_within_a_second(end)


class Signals(harness.Scenario):
    """eice itself is told to go, in the middle of a transfer."""

    def setUp(self):
        super().setUp()
        self.server = self.echo_server(self.flood)
        self.emulator(harness.world({22: self.server.port}))
        self.closes = []

    @staticmethod
    def flood(s):
        """Send for ever."""
        data = bytes(1 << 16)
        while True:
            s.sendall(data)

    def carrying(self):
        """A stdio eice whose reader takes bytes."""
        eice = self.start([harness.EICE, "open-tunnel", "--instance-id",
                           harness.INSTANCE], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertTrue(eice.stdout.read(1 << 20))
        return eice

    def ends_within_a_second(self, sig, code=None, pause=0):
        """Told so @pause seconds after it has begun to carry."""
        def attempt():
            eice = self.carrying()
            time.sleep(pause)
            begin = time.monotonic()
            eice.send_signal(sig)
            said = eice.wait(harness.PATIENCE)
            took = time.monotonic() - begin
            self.assertEqual(eice.stderr.read(), b"")
            if code is not None:
                self.assertEqual(said, code)
            harness.wait_for("the target to see the end",
                             lambda: not self.server.connections)
            return took

        harness.in_time("eice's end", 1.5, attempt)

    def test_sigterm(self):
        self.ends_within_a_second(signal.SIGTERM)

    def test_sighup(self):
        self.ends_within_a_second(signal.SIGHUP)

    def test_sigint_is_130(self):
        self.ends_within_a_second(signal.SIGINT, code=130)

    def test_sigterm_with_a_reader_that_does_not_read(self):
        self.ends_within_a_second(signal.SIGTERM, pause=0.5)

    def test_listener_and_its_tunnels(self):
        def attempt():
            process, port = self.listener(stderr=subprocess.PIPE)
            clients = []
            for _ in range(3):
                s = harness.socket.create_connection(("127.0.0.1", port))
                self.addCleanup(s.close)
                self.assertTrue(s.recv(1))
                clients.append(s)
            begin = time.monotonic()
            process.send_signal(signal.SIGTERM)
            process.wait(harness.PATIENCE)
            took = time.monotonic() - begin
            harness.wait_for("the targets to see the end",
                             lambda: not self.server.connections)
            self.assertFalse(harness.port_open(port))
            return took

        harness.in_time("the listener's end", 1.5, attempt)


if __name__ == "__main__":
    harness.main()
