#!/usr/bin/env python3
"""No secret of ours is ever shown: not at the loudest log level, not in an
error, not in an argument vector, not in a file."""
import subprocess
import time
import urllib.parse

import harness

TOKEN = "FwoGZXIvYXdzEXAMPLE/TOKEN+with=signs"
PAYLOAD = b"the bytes of the tunnel are nobody's business"


class Secrets(harness.Scenario):
    def nothing_shown(self, *texts):
        secrets = [harness.SECRET, TOKEN, PAYLOAD.decode()]
        secrets += [urllib.parse.quote(s, safe="") for s in secrets]
        secrets += ["X-Amz-Signature=", "X-Amz-Security-Token="]
        for text in texts:
            if isinstance(text, bytes):
                text = text.decode(errors="replace")
            for secret in secrets:
                self.assertNotIn(secret, text)
            self.assertNotRegex(text, r"(?i)signature[=:] *[0-9a-f]{64}")

    def loudly(self, *flags, payload=PAYLOAD):
        """Run a stdio tunnel with everything logged; what it said."""
        eice = self.start(
            [harness.EICE, "open-tunnel", "--instance-id", harness.INSTANCE,
             "--log", "trace", *flags], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with open(f"/proc/{eice.pid}/cmdline", "rb") as f:
            self.nothing_shown(f.read())
        out, err = eice.communicate(payload, timeout=harness.PATIENCE)
        return out, err

    def test_a_tunnel_at_the_loudest(self):
        target = self.echo_server(lambda s: s.sendall(s.recv(1000)))
        self.emulator(harness.world({22: target.port}))
        out, err = self.loudly()
        self.assertEqual(out, PAYLOAD)
        self.assertIn(b"openTunnel", err)  # It was loud indeed.
        self.nothing_shown(err)

    def test_a_refused_signature_with_a_session_token(self):
        self.emulator(harness.world({22: 1}))
        self.env["AWS_SESSION_TOKEN"] = TOKEN
        out, err = self.loudly()
        self.assertEqual(out, b"")
        self.assertTrue(err)
        self.nothing_shown(err)

    def test_a_refused_tunnel_with_a_session_token(self):
        self.emulator(harness.world({22: 1}))
        self.env["AWS_SESSION_TOKEN"] = TOKEN
        out, err = self.loudly(
            "--private-ip-address", harness.ADDRESS,
            "--instance-connect-endpoint-id", harness.ENDPOINT,
            "--instance-connect-endpoint-dns-name",
            self.env["AWS_ENDPOINT_URL"].removeprefix("https://"))
        self.assertEqual(out, b"")
        self.assertTrue(err)
        self.nothing_shown(err)

    def test_keys_from_files(self):
        target = self.echo_server(lambda s: s.sendall(s.recv(1000)))
        self.emulator(harness.world({22: target.port}))
        del self.env["AWS_ACCESS_KEY_ID"], self.env["AWS_SECRET_ACCESS_KEY"]
        aws = self.home / ".aws"
        aws.mkdir()
        (aws / "credentials").write_text(
            "[default]\n"
            f"aws_access_key_id = {harness.KEY_ID}\n"
            f"aws_secret_access_key = {harness.SECRET}\n")
        out, err = self.loudly()
        self.assertEqual(out, PAYLOAD)
        self.nothing_shown(err)

    def test_no_core_is_dumped(self):
        target = self.echo_server()
        self.emulator(harness.world({22: target.port}))
        process, _ = self.listener()
        with open(f"/proc/{process.pid}/limits", encoding="ascii") as f:
            core = [line for line in f if line.startswith("Max core")][0]
        self.assertEqual(core.split()[4], "0")
        process.send_signal(harness.signal.SIGABRT)
        process.wait(harness.PATIENCE)
        time.sleep(0.2)
        self.assertEqual([p for p in self.dir.rglob("core*")], [])


if __name__ == "__main__":
    harness.main()
