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

    def gone_within_a_second(self, pid):
        end = time.monotonic() + 1.0 * harness.SLOW
        while harness.alive(pid):
            self.assertLess(time.monotonic(), end, "eice is still there")
            time.sleep(0.01)

    def test_a_normal_exit(self):
        ssh, eice = self.session()
        ssh.stdin.close()
        self.assertEqual(ssh.wait(10), 0)
        self.gone_within_a_second(eice)
        self.assertEqual(ssh.stderr.read(), b"")

    def test_ctrl_c(self):
        ssh, eice = self.session()
        ssh.send_signal(signal.SIGINT)
        ssh.wait(10)
        self.gone_within_a_second(eice)

    def test_kill_9(self):
        ssh, eice = self.session()
        ssh.kill()
        ssh.wait(10)
        self.gone_within_a_second(eice)

    def test_kill_9_with_unread_output(self):
        ssh, eice = self.session()
        ssh.stdin.write(b"x" * 65536)
        ssh.stdin.flush()
        ssh.kill()
        ssh.wait(10)
        self.gone_within_a_second(eice)

    def test_kill_9_while_the_target_is_silent_and_nothing_flows(self):
        """The pipe is the only sign of ssh's death."""
        ssh, eice = self.session()
        time.sleep(0.3)
        ssh.kill()
        self.gone_within_a_second(eice)


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

    def ends_within_a_second(self, eice, sig):
        eice.send_signal(sig)
        begin = time.monotonic()
        code = eice.wait(10)
        self.assertLess(time.monotonic() - begin, 1.5 * harness.SLOW)
        self.assertEqual(eice.stderr.read(), b"")
        harness.wait_for("the target to see the end",
                         lambda: not self.server.connections)
        return code

    def test_sigterm(self):
        self.ends_within_a_second(self.carrying(), signal.SIGTERM)

    def test_sighup(self):
        self.ends_within_a_second(self.carrying(), signal.SIGHUP)

    def test_sigint_is_130(self):
        code = self.ends_within_a_second(self.carrying(), signal.SIGINT)
        self.assertEqual(code, 130)

    def test_sigterm_with_a_reader_that_does_not_read(self):
        eice = self.carrying()
        time.sleep(0.5)
        self.ends_within_a_second(eice, signal.SIGTERM)

    def test_listener_and_its_tunnels(self):
        process, port = self.listener(stderr=subprocess.PIPE)
        clients = []
        for _ in range(3):
            s = harness.socket.create_connection(("127.0.0.1", port))
            self.addCleanup(s.close)
            self.assertTrue(s.recv(1))
            clients.append(s)
        begin = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        self.assertLess(time.monotonic() - begin, 1.5 * harness.SLOW)
        harness.wait_for("the targets to see the end",
                         lambda: not self.server.connections)
        self.assertFalse(harness.port_open(port))


if __name__ == "__main__":
    harness.main()
