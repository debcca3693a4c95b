#!/usr/bin/env python3
"""Every refusal says its cause and what to do, with the CLI's exit code."""
import contextlib
import json
import subprocess

import harness


class Refusals(harness.Scenario):
    def tunnel(self, *flags):
        return self.run_any([harness.EICE, "open-tunnel", *flags])

    def by_id(self, *flags):
        return self.tunnel("--instance-id", harness.INSTANCE, *flags)

    def refused(self, done, code, *words):
        """@done failed with @code, in one line that holds @words."""
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_unable_to_connect_to_target(self):
        self.emulator(harness.world({22: harness.free_port()}))
        self.refused(self.by_id(), 255, "Unable to connect to target",
                     "security group")

    def test_iam_denial_names_code_status_and_request_id(self):
        self.emulator(harness.world({22: 1}, policy={
            "Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}]}))
        self.refused(self.by_id(), 255, "AccessDenied",
                     "ec2-instance-connect:OpenTunnel", "403", "request id")

    def test_denied_without_duration_hints_at_the_flag(self):
        policy = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"},
            {"Effect": "Allow", "Action": "ec2-instance-connect:OpenTunnel",
             "Resource": "*", "Condition": {"NumericLessThanEquals": {
                 "ec2-instance-connect:maxTunnelDuration": "600"}}}]}
        target = self.echo_server(lambda s: s.sendall(b"hi"))
        self.emulator(harness.world({22: target.port}, policy=policy))
        self.refused(self.by_id(), 255, "AccessDenied",
                     "--max-tunnel-duration")
        done = self.by_id("--max-tunnel-duration", "600")
        self.assertEqual((done.returncode, done.stdout), (0, "hi"))

    def test_api_denial_is_254(self):
        self.emulator(harness.world({22: 1}, policy={
            "Version": "2012-10-17", "Statement": [
                {"Effect": "Deny", "Action": "*", "Resource": "*"}]}))
        self.refused(self.by_id(), 254, "(UnauthorizedOperation)",
                     "when calling the Describe")

    def test_no_endpoint(self):
        self.emulator(harness.world({22: 1}, endpoints=[]))
        self.refused(self.by_id(), 252,
                     "There are no available instance connect endpoints.")

    def test_wrong_keys(self):
        self.emulator(harness.world({22: 1}))
        self.env["AWS_SECRET_ACCESS_KEY"] = "wrong"
        self.refused(self.by_id(), 254, "SignatureDoesNotMatch")

    def test_no_keys(self):
        self.emulator(harness.world({22: 1}))
        del self.env["AWS_ACCESS_KEY_ID"]
        self.refused(self.by_id(), 253, "Unable to locate credentials")

    def test_no_region(self):
        self.emulator(harness.world({22: 1}))
        del self.env["AWS_REGION"]
        self.refused(self.by_id(), 253, "You must specify a region")

    def test_clock_is_off(self):
        self.emulator(harness.world({22: 1}), "--clock-offset", "7260")
        done = self.tunnel(
            "--private-ip-address", harness.ADDRESS,
            "--instance-connect-endpoint-id", harness.ENDPOINT,
            "--instance-connect-endpoint-dns-name",
            self.env["AWS_ENDPOINT_URL"].removeprefix("https://"))
        self.refused(done, 255, "clock", "2 h")

    def test_other_ports_are_refused_here(self):
        self.refused(self.by_id("--remote-port", "5432"), 252, "5432", "22",
                     "3389", "ssh -L")

    def test_other_ports_are_refused_there_when_forced(self):
        self.emulator(harness.world({22: 1}))
        self.refused(
            self.by_id("--remote-port", "5432", "--force-remote-port"), 255,
            "InvalidParameter", "The specified RemotePort is not valid. "
            "Specify either 22 or 3389 as the RemotePort and retry your "
            "request.")

    def test_untrusted_certificate(self):
        self.emulator(harness.world({22: 1}))
        del self.env["AWS_CA_BUNDLE"]
        self.refused(self.by_id(), 255, "SSL validation failed",
                     "--ca-bundle")

    def test_no_verify_ssl_works_and_warns(self):
        target = self.echo_server(lambda s: s.sendall(b"hi"))
        self.emulator(harness.world({22: target.port}))
        del self.env["AWS_CA_BUNDLE"]
        done = self.by_id("--no-verify-ssl")
        self.assertEqual((done.returncode, done.stdout), (0, "hi"))
        self.assertIn("verif", done.stderr)

    def test_nobody_there(self):
        self.emulator(harness.world({22: 1}))
        port = harness.free_port()
        self.refused(
            self.by_id("--endpoint-url", f"https://localhost:{port}"), 255,
            "Could not connect to the endpoint URL", str(port))

    def test_name_not_found(self):
        self.emulator(harness.world({22: 1}))
        self.refused(
            self.tunnel("--private-ip-address", harness.ADDRESS,
                        "--instance-connect-endpoint-id", harness.ENDPOINT,
                        "--instance-connect-endpoint-dns-name",
                        "no-such-name.invalid"),
            255, "no-such-name.invalid")

    def test_errors_as_json(self):
        self.emulator(harness.world({22: 1}, endpoints=[]))
        done = self.by_id("--cli-error-format", "json")
        self.assertEqual(done.returncode, 252)
        self.assertIn("There are no available instance connect endpoints.",
                      json.loads(done.stderr)["Message"])

    def test_the_maximum_duration_ends_the_tunnel(self):
        target = self.echo_server()
        self.emulator(harness.world({22: target.port}))
        got = b""
        for seconds in ("2", "5", "20"):  # Until it is enough for a byte
            if got:
                break
            eice = self.start([harness.EICE, "open-tunnel", "--instance-id",
                               harness.INSTANCE, "--max-tunnel-duration",
                               seconds],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
            with contextlib.suppress(BrokenPipeError):
                eice.stdin.write(b"x")
                eice.stdin.flush()
            got = eice.stdout.read()
            eice.wait(harness.PATIENCE)
        self.assertEqual(got, b"x")


class BadInput(harness.Scenario):
    """Malformed input is 252 and a sentence; no network is touched."""

    GOOD = {"--instance-id": harness.INSTANCE}
    PRIVATE = {"--private-ip-address": harness.ADDRESS,
               "--instance-connect-endpoint-id": harness.ENDPOINT}

    def setUp(self):
        super().setUp()
        self.port = harness.free_port()
        self.env.update({
            "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_REGION": "eu-central-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}"})

    def bad(self, flags, sentence, code=252):
        argv = [harness.EICE, "open-tunnel"]
        for name, value in flags.items():
            argv += [name] if value is None else [name, value]
        done = self.run_any(argv)
        self.assertEqual(done.returncode, code, done)
        self.assertEqual(done.stdout, "")
        self.assertIn(sentence, done.stderr)
        self.assertNotIn("connect to the endpoint URL", done.stderr)

    def test_what_is_missing(self):
        self.bad({}, "Specify an instance id or private ip.")
        self.bad({"--instance-id": harness.INSTANCE,
                  "--instance-connect-endpoint-dns-name": "x.y"},
                 "Specify an instance connect endpoint id when providing a "
                 "DNS name.")
        self.bad({"--private-ip-address": "10.0.0.1"},
                 "Specify an instance connect endpoint id when providing a "
                 "private ip.")

    def test_durations(self):
        for value in ("0", "3601", "-5"):
            self.bad({**self.GOOD, "--max-tunnel-duration": value},
                     "Invalid max connection timeout specified. Value must "
                     "be greater than 1 and less than 3600.")
        self.bad({**self.GOOD, "--max-tunnel-duration": "soon"},
                 "invalid literal for int() with base 10: 'soon'", 255)

    def test_ids_and_addresses(self):
        for value in ("i-xyz!", "", "web server", "i-" + "0" * 400):
            self.bad({"--instance-id": value}, "nstance")
        for value in ("10.0.0", "10.0.0.256", "::g", "host"):
            self.bad({**self.PRIVATE, "--private-ip-address": value}, value)
        for value in ("a b", "x/y", "h:99999", "h:", "-"):
            self.bad({**self.PRIVATE,
                      "--instance-connect-endpoint-dns-name": value}, value)
        self.bad({**self.PRIVATE, "--instance-connect-endpoint-id": "eice/"},
                 "eice/")

    def test_ports(self):
        for value in ("0", "65536", "-1"):
            self.bad({**self.GOOD, "--remote-port": value}, "1 to 65535")
        self.bad({**self.GOOD, "--local-port": "65536"}, "65536")
        self.bad({**self.GOOD, "--local-port": "many"}, "many", 255)

    def test_urls(self):
        self.bad({**self.GOOD, "--endpoint-url": "localhost:1"},
                 'Bad value for --endpoint-url "localhost:1": scheme is '
                 "missing.  Must be of the form http://<hostname>/ or "
                 "https://<hostname>/")

    def test_words(self):
        self.bad({"--no-such-option": "1"}, "--no-such-option")
        self.bad({**self.GOOD, "--when-full": "explode"}, "explode")
        done = self.run_any([harness.EICE, "no-such-command"])
        self.assertEqual(done.returncode, 252)
        self.assertIn("no-such-command", done.stderr)

    def test_prefixes_equals_and_last_wins(self):
        self.bad({"--private-ip": "10.0.0.256", "--instance-connect-endpoint-id":
                  harness.ENDPOINT}, "10.0.0.256")
        done = self.run_any([harness.EICE, "open-tunnel",
                             "--max-tunnel-duration=5",
                             "--max-tunnel-duration=0",
                             f"--instance-id={harness.INSTANCE}"])
        self.assertEqual(done.returncode, 252)
        self.assertIn("Invalid max connection timeout", done.stderr)

    def test_unreadable_ca_file_is_named(self):
        self.bad({**self.GOOD, "--ca-bundle": "/nonexistent/ca.pem"},
                 "/nonexistent/ca.pem", 255)
        broken = self.dir / "broken.pem"
        broken.write_text("no certificate\n")
        self.bad({**self.GOOD, "--ca-bundle": broken}, str(broken), 255)

    def test_unparsable_config_file_is_named_with_its_line(self):
        aws = self.home / ".aws"
        aws.mkdir()
        (aws / "config").write_text("[default]\nregion = x\nnonsense\n")
        self.bad(self.GOOD, "Unable to parse config file: "
                 + str(aws / "config"), 255)
        self.bad(self.GOOD, "line 3", 255)

    def test_a_terminal_is_refused(self):
        import pty

        leader, follower = pty.openpty()
        self.addCleanup(harness.os.close, leader)
        self.addCleanup(harness.os.close, follower)
        done = self.run_any([harness.EICE, "open-tunnel", "--instance-id",
                             harness.INSTANCE], stdin=follower)
        self.assertEqual(done.returncode, 252)
        self.assertIn("This command does not support interactive mode. You "
                      "must use this command as a proxy or in listener mode.",
                      done.stderr)


if __name__ == "__main__":
    harness.main()
