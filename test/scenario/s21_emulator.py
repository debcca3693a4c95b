#!/usr/bin/env python3
"""eice-emulator as a program: ready lines, background, stop, control, state."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import unittest

import harness
import signing

CURL = shutil.which("curl")
INSIDE = "EICE_TEST_NETWORK"  # Set in the network of the test's own


class Emulator(harness.Scenario):
    def setUp(self):
        super().setUp()
        self.state = self.dir / "state"
        self.env["EICE_EMULATOR_STATE_DIR"] = str(self.state)

    def background(self, *flags):
        """eval "$(eice-emulator --env)"; the variables it sets."""
        text = self.run_ok(["sh", "-c",
                            f'eval "$({harness.EMULATOR} --env --state-dir '
                            f'{self.state} {" ".join(flags)})" && env'])
        env = dict(line.split("=", 1) for line in text.splitlines()
                   if "=" in line)
        self.addCleanup(self.kill, int(env["EICE_EMULATOR_PID"]))
        return env

    @staticmethod
    def kill(pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def command(self, *words, **kw):
        return self.run_any([harness.EMULATOR, *words], **kw)

    def control(self, **order):
        done = self.command("control", json.dumps(order))
        return done.returncode, json.loads(done.stdout)

    def foreground(self, *flags, **kw):
        return self.start([harness.EMULATOR, *flags], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, **kw)

    # ------------------------------------------------------------------

    def test_the_environment_leads_to_it(self):
        env = self.background()
        self.assertTrue(env["AWS_ENDPOINT_URL"].startswith("https://localhost:"))
        self.assertEqual(env["AWS_REGION"], "eu-central-1")
        self.assertEqual(env["AWS_ACCESS_KEY_ID"], "AKIAIOSFODNN7EXAMPLE")
        self.assertIn("BEGIN CERTIFICATE",
                      pathlib.Path(env["AWS_CA_BUNDLE"]).read_text())
        code, state = self.control(do="state")
        self.assertEqual(code, 0)
        self.assertEqual(state["endpoints"][0]["id"], harness.ENDPOINT)
        echo = harness.EchoServer(lambda s: s.sendall(s.recv(99)))
        self.addCleanup(echo.close)
        self.assertEqual(self.control(do="route", **{
            "from": "10.0.1.5:22", "to": f"127.0.0.1:{echo.port}"}), (0, {}))
        done = self.run_any([harness.EICE, "open-tunnel", "--instance-id",
                             harness.INSTANCE], env={**self.env, **env},
                            input="there and back\n")
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, "there and back\n", ""))
        code, trail = self.control(do="trail")
        self.assertEqual([e["eventName"] for e in trail["events"]],
                         ["DescribeInstances",
                          "DescribeInstanceConnectEndpoints", "OpenTunnel"])

    @unittest.skipUnless(CURL, "curl is not installed")
    def test_curl_signs_for_it(self):
        env = self.background()
        key = env["AWS_ACCESS_KEY_ID"] + ":" + env["AWS_SECRET_ACCESS_KEY"]
        answer = self.run_ok(
            [CURL, "-sS", "--aws-sigv4", "aws:amz:eu-central-1:ec2",
             "--user", key, "--cacert", env["AWS_CA_BUNDLE"], "-d",
             "Action=DescribeInstances&Version=2016-11-15",
             env["AWS_ENDPOINT_URL"]])
        self.assertIn(f"<instanceId>{harness.INSTANCE}</instanceId>", answer)

    def test_a_second_call_finds_the_first(self):
        first, second = self.background(), self.background()
        for name in ("EICE_EMULATOR_PID", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE"):
            self.assertEqual(first[name], second[name])

    def test_stop_ends_it_and_says_when_there_is_none(self):
        pid = int(self.background()["EICE_EMULATOR_PID"])
        self.assertEqual(self.command("stop").returncode, 0)
        harness.wait_for("the end", lambda: not pathlib.Path(
            f"/proc/{pid}/exe").exists())
        done = self.command("stop")
        self.assertEqual(done.returncode, 255)
        self.assertIn(f"none is running with its state in {self.state}",
                      done.stderr)
        self.assertEqual(self.command("control", "{}").returncode, 255)

    def test_control_that_was_suspended_still_gets_its_answer(self):
        """^Z while it waits, and fg."""
        emulator = int(self.background()["EICE_EMULATOR_PID"])
        os.kill(emulator, signal.SIGSTOP)
        self.addCleanup(self.go_on, emulator)
        process = self.start([harness.EMULATOR, "control", '{"do": "state"}'],
                             stdout=subprocess.PIPE, text=True)
        harness.wait_for("the question", lambda: any(
            name.startswith("socket:") for name in
            harness.open_fds(process.pid)))

        def stopped():
            process.send_signal(signal.SIGSTOP)
            return harness.state_of(process.pid) in "TZ"

        for _ in range(5):  # The first ones may come before it waits
            time.sleep(0.05)
            harness.wait_for("the stop", stopped)
            process.send_signal(signal.SIGCONT)
        self.go_on(emulator)
        answer = process.stdout.read()
        self.assertEqual(process.wait(harness.PATIENCE), 0)
        self.assertIn("endpoints", json.loads(answer))

    @staticmethod
    def go_on(pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)

    def test_the_background_leaves_the_terminal_alone(self):
        # It ends when nobody has its outputs any more.
        done = self.command("--env", "--state-dir", self.state, "-v", "-v")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.control(do="state")[0], 0)
        self.assertEqual(self.command("stop").returncode, 0)
        self.assertNotIn("start -> head", done.stderr)
        self.assertIn("start -> head",
                      (self.state / "emulator.log").read_text())

    def test_an_unusable_start_is_told_to_the_caller(self):
        done = self.command("--env", "--world", "/nonexistent.json")
        self.assertEqual((done.returncode, done.stdout), (255, ""))
        self.assertIn("/nonexistent.json", done.stderr)
        self.state.mkdir(mode=0o755)
        self.state.chmod(0o755)
        done = self.command("--json", "--state-dir", self.state)
        self.assertEqual((done.returncode, done.stdout), (253, ""))
        self.assertIn("others can reach this directory", done.stderr)

    def test_two_cannot_have_the_same_state(self):
        self.background()
        done = self.command("--json", "--state-dir", self.state)
        self.assertEqual((done.returncode, done.stdout), (253, ""))
        self.assertIn("in use by process", done.stderr)
        self.assertIn("--ephemeral", done.stderr)

    def test_changes_last_unless_ephemeral(self):
        def endpoints():
            return [e["state"] for e in self.control(do="state")[1]["endpoints"]]

        env = self.background()
        self.assertEqual(endpoints(), ["create-complete"])
        key = env["AWS_ACCESS_KEY_ID"] + ":" + env["AWS_SECRET_ACCESS_KEY"]
        self.run_ok([CURL or "curl", "-sSf", "--aws-sigv4",
                     "aws:amz:eu-central-1:ec2", "--user", key, "--cacert",
                     env["AWS_CA_BUNDLE"], "-d",
                     "Action=DeleteInstanceConnectEndpoint&Version=2016-11-15"
                     f"&InstanceConnectEndpointId={harness.ENDPOINT}",
                     env["AWS_ENDPOINT_URL"]])
        self.assertNotEqual(endpoints(), ["create-complete"])
        self.command("stop")
        self.background()
        self.assertNotEqual(endpoints(), ["create-complete"])
        self.command("stop")
        self.background("--ephemeral")
        self.assertEqual(endpoints(), ["create-complete"])

    def test_ready_on_another_descriptor(self):
        read, write = os.pipe()
        process = self.foreground("--ephemeral", "--ready-fd", str(write),
                                  pass_fds=[write])
        os.close(write)
        with os.fdopen(read) as f:
            ready = json.loads(f.readline())
        self.assertEqual(ready["pid"], process.pid)
        self.assertTrue(pathlib.Path(ready["state_dir"]).is_dir())
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(harness.PATIENCE), 0)
        self.assertFalse(pathlib.Path(ready["state_dir"]).exists())

    def test_a_person_is_told_how_to_use_it(self):
        process = self.foreground("--ephemeral")
        lines = [process.stdout.readline() for _ in range(8)]
        self.assertIn("eice-emulator is ready", lines[0])
        self.assertTrue(any("export AWS_CA_BUNDLE=" in x for x in lines))
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(harness.PATIENCE), 0)
        self.assertEqual(process.stderr.read(), "")

    def test_a_fixed_port_and_one_that_is_taken(self):
        port = harness.free_port()
        process = self.foreground("--ephemeral", "--json", "--port", str(port))
        ready = json.loads(process.stdout.readline())
        self.assertEqual(ready["https_port"], port)
        done = self.command("--ephemeral", "--json", "--port", str(port))
        self.assertEqual((done.returncode, done.stdout), (255, ""))
        self.assertIn(f"listen on 127.0.0.1 port {port}: HTTPS port: "
                      "address already in use", done.stderr)

    def test_the_clock_can_be_ahead(self):
        self.background("--clock-offset", "7200")
        ahead = self.control(do="state")[1]["now_ms"] / 1000 - time.time()
        self.assertAlmostEqual(ahead, 7200, delta=30)

    def reaches_itself(self, address, url):
        """Listen on @address only; control, curl, eice and stop get there."""
        env = self.background("--listen", address)
        self.assertTrue(env["AWS_ENDPOINT_URL"].startswith(f"https://{url}:"))
        self.assertTrue(env["AWS_EC2_METADATA_SERVICE_ENDPOINT"].startswith(
            f"http://{url}:"))
        code, state = self.control(do="state")
        self.assertEqual((code, state["endpoints"][0]["id"]),
                         (0, harness.ENDPOINT))
        done = self.run_any([harness.EICE, "list", "--output", "json"],
                            env={**self.env, **env})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn(harness.INSTANCE, done.stdout)
        # A program's own way to the control call, with the address for Host.
        port = env["AWS_EC2_METADATA_SERVICE_ENDPOINT"]
        for extra, status in (([], "200"),
                              (["-H", "Host: elsewhere.example"], "403")):
            self.assertEqual(self.run_ok(
                [CURL or "curl", "-sS", "-o", "/dev/null", "-w",
                 "%{http_code}", "-H", "Content-Type: application/json",
                 *extra, "-d", '{"do": "state"}',
                 f"{port}/_emulator/control"]), status)
        self.assertEqual(self.command("stop").returncode, 0)
        self.assertEqual(self.command("stop").returncode, 255)

    def test_one_address_of_the_loopback(self):
        self.reaches_itself("127.0.0.2", "127.0.0.2")

    @unittest.skipUnless(harness.has_ipv6(), "there is no IPv6")
    def test_only_ipv6(self):
        self.reaches_itself("::1", "localhost")

    def test_every_address(self):
        self.reaches_itself("0.0.0.0", "localhost")

    def test_an_address_that_is_not_loopback(self):
        """In a network of the test's own, that has 10.77.0.1 and fd00:77::1,
        and nothing on either loopback."""
        if INSIDE not in os.environ:
            self.enter_namespace()
            return
        self.reaches_itself("10.77.0.1", "10.77.0.1")
        self.reaches_itself("fd00:77::1", "[fd00:77::1]")
        url = self.background("--listen", "10.77.0.1")[
            "AWS_EC2_METADATA_SERVICE_ENDPOINT"]
        answer = self.run_ok(
            [CURL or "curl", "-sS", "--interface", "10.77.0.2", "-H",
             "Content-Type: application/json", "-d", '{"do": "clear"}',
             f"{url}/_emulator/control"])
        self.assertEqual(answer, "control is for this machine only\n")

    def enter_namespace(self):
        """Run the calling test again where addresses can be had."""
        if not shutil.which("unshare") or not shutil.which(
                "ip", path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            self.skipTest("unshare or ip is not installed")
        if subprocess.run(["unshare", "-Urn", "true"], check=False,
                          capture_output=True).returncode != 0:
            self.skipTest("this machine allows no namespaces")
        script = ("PATH=$PATH:/usr/sbin:/sbin; ip link set lo up; "
                  "ip addr add 10.77.0.1/32 dev lo && "
                  "ip addr add 10.77.0.2/32 dev lo && "
                  "ip addr add fd00:77::1/128 dev lo || exit 77; "
                  'exec "$@"')
        done = subprocess.run(
            ["unshare", "-Urn", "sh", "-c", script, "sh", sys.executable,
             os.path.abspath(__file__), self.id().removeprefix("__main__.")],
            env=dict(os.environ, **{INSIDE: "1"}), check=False,
            capture_output=True, text=True, timeout=4 * harness.PATIENCE)
        if done.returncode == 77:
            self.skipTest("no such addresses can be had: " + done.stderr)
        self.assertEqual(done.returncode, 0, done.stderr)

    def tunnel(self, env, *flags, text="there and back\n"):
        return self.run_any([harness.EICE, "open-tunnel", "--instance-id",
                             harness.INSTANCE, *flags],
                            env={**self.env, **env}, input=text)

    def test_other_ports_when_told_to(self):
        """Asked without eice, which knows that AWS does not."""
        for flags, wanted in (((), "400 Bad Request"),
                              (("--any-port",), "101 Switching Protocols")):
            env = self.background(*flags)
            port = int(env["AWS_ENDPOINT_URL"].rpartition(":")[2])
            host = f"{harness.ENDPOINT}.localhost"
            target = signing.presign(
                f"{host}:{port}", instanceConnectEndpointId=harness.ENDPOINT,
                remotePort="8022", privateIpAddress=harness.ADDRESS)
            tls = ssl.create_default_context(cafile=env["AWS_CA_BUNDLE"])
            with socket.create_connection(("127.0.0.1", port)) as plain, \
                    tls.wrap_socket(plain, server_hostname=host) as s:
                s.sendall(f"GET {target} HTTP/1.1\r\nHost: {host}:{port}\r\n"
                          "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
                          "dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode())
                self.assertTrue(s.recv(4096).startswith(
                    f"HTTP/1.1 {wanted}\r\n".encode()), wanted)
            self.command("stop")

    def endpoint_name(self):
        return self.control(do="state")[1]["endpoints"][0]["dns_name"]

    def test_endpoints_are_called_as_told(self):
        env = self.background("--endpoint-domain", "tunnels.internal")
        port = env["AWS_ENDPOINT_URL"].rpartition(":")[2]
        name = f"{harness.ENDPOINT}.tunnels.internal"
        self.assertEqual(self.endpoint_name(), f"{name}:{port}")
        # The authority vouches for it.
        tls = ssl.create_default_context(cafile=env["AWS_CA_BUNDLE"])
        with socket.create_connection(("127.0.0.1", int(port))) as plain:
            tls.wrap_socket(plain, server_hostname=name).close()
        self.command("stop")
        self.background("--endpoint-domain", "aws")
        self.assertRegex(self.endpoint_name(), rf"^{harness.ENDPOINT}\.[0-9a-f]+"
                         r"\.ec2-instance-connect-endpoint\.eu-central-1"
                         r"\.amazonaws\.com$")

    def test_port_443(self):
        """Where it may have that port: names come without one."""
        if INSIDE not in os.environ:
            self.enter_namespace()
            return
        echo = harness.EchoServer(lambda s: s.sendall(s.recv(99)))
        self.addCleanup(echo.close)
        env = self.background("--port", "443", "--route",
                              f"10.0.1.5:22=127.0.0.1:{echo.port}")
        self.assertEqual(env["AWS_ENDPOINT_URL"], "https://localhost:443")
        self.assertEqual(self.endpoint_name(),
                         f"{harness.ENDPOINT}.localhost")
        done = self.tunnel(env)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, "there and back\n", ""))

    def test_port_443_for_who_may_not(self):
        start = pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
        words = ["unshare", "-U", harness.EMULATOR, "--ephemeral", "--port",
                 "443"]
        if not start.exists() or int(start.read_text()) <= 443:
            self.skipTest("anybody may have it")
        if not shutil.which("unshare") or self.run_any(
                ["unshare", "-U", "true"]).returncode != 0:
            self.skipTest("this machine allows no namespaces")
        done = self.run_any(words)
        self.assertEqual((done.returncode, done.stdout), (255, ""))
        self.assertIn("listen on 127.0.0.1 port 443", done.stderr)
        self.assertIn("ports below 1024 need CAP_NET_BIND_SERVICE",
                      done.stderr)

    def test_cloudtrail_goes_to_a_file(self):
        trail = self.dir / "trail"
        env = self.background("--cloudtrail", str(trail))
        done = self.run_any([harness.EICE, "open-tunnel", "--instance-id",
                             harness.INSTANCE, "--private-ip-address",
                             "10.0.1.99", "--instance-connect-endpoint-id",
                             harness.ENDPOINT], env={**self.env, **env})
        self.assertEqual(done.returncode, 255)
        events = [json.loads(x) for x in trail.read_text().splitlines()]
        self.assertEqual(events[-1]["eventName"], "OpenTunnel")
        self.assertEqual(events[-1]["requestParameters"]["privateIpAddress"],
                         "10.0.1.99")

    def test_words_it_does_not_know(self):
        for words in (["--frob"], ["--port"], ["--port", "x"],
                      ["--port", "70000"], ["word"], ["--clock-offset", "-"]):
            done = self.command(*words)
            self.assertEqual((done.returncode, done.stdout), (252, ""), words)
            self.assertTrue(done.stderr.startswith("eice-emulator: "), words)
        done = self.command("--ephemeral", "--route", "nonsense")
        self.assertEqual(done.returncode, 255)
        self.assertIn("route nonsense", done.stderr)
        self.assertIn("usage: eice-emulator", self.command("--help").stdout)
        self.assertIn("eice-emulator ", self.command("--version").stdout)


if __name__ == "__main__":
    harness.main()
