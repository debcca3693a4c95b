#!/usr/bin/env python3
"""What is remembered: how many round trips it saves, and that nobody sees it
when it is wrong.

The API and the endpoint are reached through bench/relay.py, whose ports stay
the same while the emulators behind it come and go; it counts round trips.
"""
import contextlib
import json
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request

import harness

RELAY = harness.ROOT / "bench" / "relay.py"
OTHER_ENDPOINT = "eice-0fedcba9876543210"
DAY_S = 24 * 3600
# Longer than a slow build thinks between two writes in a row.  On a machine
# that stalls between them an answer comes in the middle, and one round trip
# looks like two: what is counted is counted again, a longer way off each time.
RTTS_MS = [round(40 * harness.SLOW) << i for i in range(6)]


class Gate:
    """A way to the API that can be held shut: who connects then is let in,
    and hears nothing until it is opened."""

    def __init__(self, test):
        self.port_behind = None
        self.waiting = 0
        self.opened = threading.Event()
        self.opened.set()
        test.addCleanup(self.opened.set)
        self.port = test.echo_server(self.serve).port

    def shut(self):
        self.waiting = 0
        self.opened.clear()

    def serve(self, s):
        self.waiting += 1
        self.opened.wait()
        far = socket.create_connection(("127.0.0.1", self.port_behind))
        back = threading.Thread(target=self.carry, args=(far, s), daemon=True)
        back.start()
        self.carry(s, far)
        back.join()
        far.close()

    @staticmethod
    def carry(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


class Remembered(harness.Scenario):
    def setUp(self):
        super().setUp()
        self.api_port = harness.free_port()
        self.far_port = harness.free_port()
        self.ready = None
        self.relay = None
        self.env["XDG_CACHE_HOME"] = str(self.dir / "cache")

    def service(self, port, far_port=None, **changes):
        """The emulator with one world behind the relay, in place of what was
        there before."""
        self.away()
        endpoint = {"dns_name": f"localhost:{far_port or self.far_port}"}
        endpoint.update(changes.pop("endpoint", {}))
        self.ready = self.emulator(
            harness.world({22: port}, endpoint=endpoint, **changes))
        self.env["AWS_ENDPOINT_URL"] = f"https://localhost:{self.api_port}"
        self.far(far_port or self.far_port)

    def far(self, far_port, rtt_ms=0):
        """The relay, anew, so that it counts from nothing. What comes back
        is only told from what was waited for when the way takes a while."""
        if self.relay is not None:
            self.stop(self.relay)
        port = self.ready["https_port"]
        self.relay = self.start(
            [sys.executable, RELAY, rtt_ms,
             f"127.0.0.1:{port}={self.api_port}",
             f"127.1:{port}={far_port}"],
            stdout=subprocess.PIPE, text=True)
        self.relay.stdout.readline()

    def away(self):
        """No service at all."""
        for process in (self.relay, self.ready and self.ready["process"]):
            if process is not None:
                self.stop(process)
        self.relay = self.ready = None

    def counted(self):
        """The relay's count so far: of the API's connections, and of the
        endpoint's."""
        self.relay.send_signal(signal.SIGTERM)
        lines = [json.loads(line) for line in self.relay.stdout]
        self.relay.wait(harness.PATIENCE)
        api = [c["round_trips"] for c in lines if c["to"].startswith("127.0")]
        far = [c["round_trips"] for c in lines if c["to"].startswith("127.1")]
        return api, far

    def so_far(self, n, rtt_ms):
        """The same while the relay goes on: the endpoint's connections only,
        once there are @n and nothing moves any more."""
        last, since = [], time.monotonic()
        end = since + harness.PATIENCE
        while (len(last) < n or last[-1]["round_trips"] < 2 or
               time.monotonic() < since + 4 * rtt_ms / 1e3):
            self.assertLess(time.monotonic(), end, last)
            self.relay.send_signal(signal.SIGUSR1)
            now = [c for c in json.loads(self.relay.stdout.readline())
                   if c["to"].startswith("127.1")]
            if now != last:
                last, since = now, time.monotonic()
            time.sleep(rtt_ms / 4e3)
        return last

    def first_byte(self, *flags):
        """Start a tunnel and wait for what the target says unasked."""
        process = self.start(
            [harness.EICE, "open-tunnel", "--instance-id", harness.INSTANCE,
             *flags], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        byte = process.stdout.read(1)
        counted = self.counted()
        self.assertEqual(byte, b"k", self.stop(process))
        self.stop(process)
        return counted

    @staticmethod
    def greet(s):
        """A target that speaks first, as sshd does."""
        s.sendall(b"k")
        s.recv(1)

    def entries(self):
        return json.loads(self.run_ok([harness.EICE, "cache", "list",
                                       "--json"]))

    def counts(self, fits, *before):
        """What a first byte costs @fits, when @before has been run."""
        seen = []
        for rtt_ms in RTTS_MS:
            if before:
                self.run_ok(before)
            self.far(self.far_port, rtt_ms)
            seen.append(self.first_byte())
            if fits(*seen[-1]):
                return
        self.fail(seen)

    def test_round_trips(self):
        self.service(self.echo_server(self.greet).port)
        # Both questions at the same time
        self.counts(lambda api, far: len(api) == 2
                    and max(api) + max(far) <= 6,
                    harness.EICE, "cache", "clear")
        entry, = self.entries()
        self.assertEqual(entry["InstanceId"], harness.INSTANCE)
        self.assertEqual(entry["EndpointDnsName"], f"localhost:{self.far_port}")
        self.assertTrue(entry["Fresh"])

        self.counts(lambda api, far: api == [] and max(far) <= 3)

        self.far(self.far_port)
        api, far = self.first_byte("--no-cache")
        self.assertEqual(len(api), 2)

        self.far(self.far_port)
        self.assertEqual(self.run_ok([harness.EICE, "cache", "clear"]),
                         "1 removed.\n")
        self.assertEqual(self.entries(), [])
        api, far = self.first_byte()
        self.assertEqual(len(api), 2)

    def gated(self):
        """The service, with its API behind a gate."""
        self.service(self.echo_server(self.greet).port)
        gate = Gate(self)
        gate.port_behind = self.ready["https_port"]
        self.env["AWS_ENDPOINT_URL"] = f"https://localhost:{gate.port}"
        return gate

    def grow_old(self, seconds=DAY_S):
        """Let everything that is kept have been learnt earlier."""
        for path in (self.dir / "cache" / "eice").iterdir():
            entry = json.loads(path.read_text())
            entry["learnt"] -= seconds
            path.write_text(json.dumps(entry))

    def trail(self):
        """The names of all calls and tunnels the emulator has seen."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.ready['http_port']}/_emulator/control",
            b'{"do": "trail"}', {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return [e["eventName"] for e in json.load(answer)["events"]]

    def test_old_facts_are_used_while_they_are_renewed(self):
        """The API says nothing before the tunnel has carried a byte: had the
        tunnel waited for it, that byte would never come."""
        gate = self.gated()
        self.run_ok(["sh", "-c", f"{harness.EICE} open-tunnel --instance-id "
                     f"{harness.INSTANCE} | head -c 1"])
        asked = ["DescribeInstanceConnectEndpoints", "DescribeInstances"]
        before = self.trail()
        self.assertEqual(sorted(before), sorted([*asked, "OpenTunnel"]))
        self.grow_old()
        entry, = self.entries()
        self.assertFalse(entry["Fresh"])

        gate.shut()
        _, port = self.listener()
        with socket.create_connection(("127.0.0.1", port)) as s:
            s.settimeout(harness.PATIENCE)
            self.assertEqual(s.recv(1), b"k")
            # Nobody waited, but both questions are on their way.
            self.assertEqual(self.trail()[len(before):], ["OpenTunnel"])
            harness.wait_for("two questions", lambda: gate.waiting >= 2)
            self.assertFalse(self.entries()[0]["Fresh"])
            gate.opened.set()
            harness.wait_for("new facts", lambda: self.entries()[0]["Fresh"])
            seen = self.trail()[len(before):]
            self.assertEqual(seen[0], "OpenTunnel")
            self.assertEqual(sorted(seen[1:]), asked)

        # What was answered is what the next one goes by: nobody is asked.
        gate.shut()
        with socket.create_connection(("127.0.0.1", port)) as s:
            s.settimeout(harness.PATIENCE)
            self.assertEqual(s.recv(1), b"k")
        self.assertEqual(gate.waiting, 0)

    def test_facts_that_are_too_old_are_not_used(self):
        self.service(self.echo_server(self.greet).port)
        self.first_byte()
        self.grow_old(31 * DAY_S)
        self.assertEqual(self.entries(), [])
        self.far(self.far_port)
        api, _ = self.first_byte()
        self.assertEqual(len(api), 2)

    def preconnected(self, rtt_ms):
        """What the first byte of two tunnels costs when their connections are
        there already."""
        self.far(self.far_port, rtt_ms)
        process, port = self.listener("--preconnect", "1")
        before, = self.so_far(1, rtt_ms)  # TCP and TLS
        costs = []
        for n in 1, 2:
            with socket.create_connection(("127.0.0.1", port)) as s:
                s.settimeout(harness.PATIENCE)
                self.assertEqual(s.recv(1), b"k")
                after = self.so_far(n + 1, rtt_ms)
                self.assertEqual(len(after), n + 1)  # The next one's is there
                costs.append(
                    after[n - 1]["round_trips"] - before["round_trips"])
                # A handshake, resumed or not, and no request.
                self.assertLess(after[n]["bytes_up"],
                                after[n - 1]["bytes_up"])
                before = after[n]
        self.stop(process)
        return costs

    def test_preconnected_is_one_round_trip(self):
        self.service(self.echo_server(self.greet).port)
        costs = []
        while not costs or costs[-1] != [1, 1]:
            self.assertLess(len(costs), len(RTTS_MS), costs)
            costs.append(self.preconnected(RTTS_MS[len(costs)]))

    def test_files_are_private(self):
        self.service(self.echo_server(self.greet).port)
        self.first_byte()
        where = pathlib.Path(self.env["XDG_CACHE_HOME"]) / "eice"
        self.assertEqual(where.stat().st_mode & 0o777, 0o700)
        files = list(where.iterdir())
        self.assertEqual(len(files), 1)
        self.assertEqual(files[0].stat().st_mode & 0o777, 0o600)
        text = files[0].read_text()
        self.assertNotIn(harness.SECRET, text)
        self.assertNotIn(harness.KEY_ID, text)

    def ssh(self):
        """A command through ssh must work and say nothing else."""
        done = self.run_any(["ssh", *self.ssh_options(), *self.proxy_command(),
                             f"{harness.USER}@instance", "echo here"])
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, "here\n", ""))

    def test_an_instance_replaced_is_found_again(self):
        sshd = self.sshd()
        self.service(sshd)
        self.ssh()
        self.service(sshd, instance={"private_ip": "10.0.1.77"})
        self.ssh()
        self.assertEqual(self.entries()[0]["Address"], "10.0.1.77")
        self.ssh()

    def test_an_endpoint_made_anew_is_found_again(self):
        sshd = self.sshd()
        self.service(sshd)
        self.ssh()
        self.service(sshd, harness.free_port(),
                     endpoint={"id": OTHER_ENDPOINT})
        self.ssh()
        self.assertEqual(self.entries()[0]["EndpointId"], OTHER_ENDPOINT)

    def test_an_endpoint_made_anew_under_the_same_name(self):
        sshd = self.sshd()
        self.service(sshd)
        self.ssh()
        self.service(sshd, endpoint={"id": OTHER_ENDPOINT})
        self.ssh()
        self.assertEqual(self.entries()[0]["EndpointId"], OTHER_ENDPOINT)

    def test_a_refusal_is_still_one(self):
        """Asked again, it is refused again: the one error is shown."""
        with socket.socket() as s:  # Nobody listens there.
            s.bind(("127.0.0.1", 0))
            server = self.echo_server(self.greet)
            self.service(server.port)
            self.first_byte()
            self.service(s.getsockname()[1])
            done = self.run_any([harness.EICE, "open-tunnel", "--instance-id",
                                 harness.INSTANCE])
        self.assertEqual(done.returncode, 255, done.stderr)
        self.assertEqual(done.stderr.count("Unable to connect to target"), 1)


if __name__ == "__main__":
    harness.main()
