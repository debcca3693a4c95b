#!/usr/bin/env python3
"""A listener whose credentials last twenty seconds.  It takes three minutes,
nearly all of them asleep."""
import contextlib
import datetime
import os
import socket
import subprocess
import threading
import time

import harness
import identity

LIFE_S = 20  # Of the role "brief" of the world
LONG_S = int(os.environ.get("EICE_TEST_REFRESH_S", "120"))
READ_TIMEOUT_S = 6


class Listening(identity.Identity):
    """A listener with the credentials of a role that go stale quickly."""

    def setUp(self):
        super().setUp()
        echo = self.echo_server()
        self.control(do="route", **{"from": f"{harness.ADDRESS}:22",
                                    "to": f"127.0.0.1:{echo.port}"})
        self.env["AWS_MAX_ATTEMPTS"] = "2"
        self.config(f"[default]\nregion = {identity.REGION}\n"
                    f"role_arn = {identity.role('brief')}\n"
                    "source_profile = base\n"
                    f"[profile base]\n{identity.keys('other')}")

    def listen(self, *flags):
        """A listener that knows everything but its credentials; its process,
        its port, and what it has said so far."""
        said = []
        process, port = self.listener(
            "--private-ip-address", harness.ADDRESS,
            "--instance-connect-endpoint-id", harness.ENDPOINT,
            "--instance-connect-endpoint-dns-name",
            self.api.removeprefix("https://"), "--cli-read-timeout",
            str(READ_TIMEOUT_S), *flags, stderr=subprocess.PIPE)

        def gather():
            for line in process.stderr:
                said.append(line)

        threading.Thread(target=gather, daemon=True).start()
        return process, port, said

    def tunnel(self, port, seconds=30):
        """Whether a connection brings back what is sent; how long it took."""
        began = time.monotonic()
        text = os.urandom(16)
        with socket.create_connection(("127.0.0.1", port)) as s:
            s.settimeout(seconds * harness.SLOW)
            back = b""
            with contextlib.suppress(ConnectionError):
                s.sendall(text)
                while len(back) < len(text):
                    got = s.recv(100)
                    if not got:
                        break
                    back += got
        return back == text, time.monotonic() - began

    def calls(self):
        return [e for e in self.trail("AssumeRole")
                if e["eventTime"] >= self.began]

    def expiry(self, life=LIFE_S):
        """When the latest credentials end, on this machine's clock."""
        at = datetime.datetime.fromisoformat(
            self.calls()[-1]["eventTime"].replace("Z", "+00:00"))
        return at.timestamp() + life

    def serves(self, port, until, said):
        """Whether a tunnel was in time for credentials that end then; if so,
        it must work at once, and else it proves nothing."""
        works, took = self.tunnel(port)
        if time.time() >= until:
            return False
        self.assertTrue(works, said)
        self.assertLess(took, READ_TIMEOUT_S * harness.SLOW)
        return True


class Hung(identity.Identity):
    """A credential_process that never ends, and does not want to: it is given
    up after a minute, which passes beside the rest."""

    DEADLINE_S = 60  # ALONE_S of src/aws/process.c

    def begin(self):
        pid = self.home / "pid"
        program = self.write("hang", "#!/bin/sh\ntrap '' TERM HUP INT\n"
                             f"echo $$ >{pid}.new\nmv {pid}.new {pid}\n"
                             "while :; do sleep 1; done\n", 0o700)
        env = dict(self.env, AWS_CONFIG_FILE=str(self.write(
            "hang.config", f"[default]\nregion = {identity.REGION}\n"
            f"credential_process = {program}\n")))
        began = time.monotonic()
        eice = self.start([harness.EICE, "whoami"], env=env, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, start_new_session=True)
        harness.wait_for("the program", pid.exists)
        return eice, int(pid.read_text()), began

    def end(self, eice, pid, began):
        out, err = eice.communicate(timeout=2 * self.DEADLINE_S * harness.SLOW)
        self.assertGreaterEqual(time.monotonic() - began, self.DEADLINE_S)
        self.assertEqual((eice.returncode, out), (255, ""))
        self.assertIn("Error when retrieving credentials from custom-process: "
                      f"it took longer than {self.DEADLINE_S} s", err)
        harness.wait_for("the program's end", lambda: not harness.alive(pid))


class Refresh(Listening, Hung):
    def test_two_minutes_and_a_stalled_service(self):
        hung = self.begin()
        self.two_minutes_and_a_stalled_service()
        self.end(*hung)

    def two_minutes_and_a_stalled_service(self):
        self.began = identity.in_seconds(0)
        process, port, said = self.listen()
        slowest, n, seen = 0.0, 0, set()
        end = time.monotonic() + LONG_S
        while time.monotonic() < end:
            works, took = self.tunnel(port)
            self.assertTrue(works, said)
            slowest, n = max(slowest, took), n + 1
            seen.update(e["eventID"] for e in self.calls())
            time.sleep(1)
        self.assertEqual(said, [])
        # One for each life at least; no more than one for every three seconds
        self.assertGreaterEqual(len(seen), LONG_S // LIFE_S)
        self.assertLessEqual(len(seen), LONG_S // 3)
        print(f"{n} tunnels in {LONG_S} s, the slowest took {slowest:.2f} s; "
              f"{len(seen)} times AssumeRole")

        # Nobody answers at STS any more: what is there serves to its end.
        self.fault("AssumeRole", delay_ms=3600000)
        until = self.expiry()
        served = 0
        while time.time() < until - 2:
            served += self.serves(port, until, said)
            time.sleep(1)
        self.assertGreater(served, 2)
        while time.time() < until + 1:
            time.sleep(0.1)
        works, _ = self.tunnel(port)
        self.assertFalse(works)
        # A line for each refresh that failed before, and the tunnel's own.
        def tells(words):
            return [line for line in said if words in line]

        harness.wait_for(
            "the reason", lambda: tells("Encountered error with websocket"))
        self.assertTrue(
            tells("Refreshing temporary credentials failed during "), said)
        why, = tells("Encountered error with websocket")
        self.assertIn("Read timeout on endpoint URL", why)
        self.assertIsNone(process.poll())
        print(f"{served} tunnels while STS was silent; then: {why.strip()}")

        # It answers again, and so do we.
        self.control(do="clear")
        self.assertTrue(self.tunnel(port)[0], said)
        self.assertIsNone(process.poll())


if __name__ == "__main__":
    harness.main()
