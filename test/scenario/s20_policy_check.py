#!/usr/bin/env python3
"""eice-emulator policy-check: the program itself, its streams and codes."""
import json
import subprocess

import harness

OPEN = "ec2-instance-connect:OpenTunnel"
DURATION = "ec2-instance-connect:maxTunnelDuration"


class PolicyCheck(harness.Scenario):
    def setUp(self):
        super().setUp()
        self.policy = self.dir / "short.json"
        self.policy.write_text(json.dumps({
            "Version": "2012-10-17", "Statement": {
                "Sid": "Short", "Effect": "Allow", "Action": OPEN,
                "Resource": "*", "Condition": {
                    "NumericLessThanEquals": {DURATION: "600"}}}}))

    def check(self, *words, **kw):
        return self.run_any([harness.EMULATOR, "policy-check", *words], **kw)

    def test_allowed(self):
        done = self.check("--policy", self.policy, "--action", OPEN,
                          "--context", DURATION + "=600")
        self.assertEqual(
            (done.returncode, done.stdout, done.stderr),
            (0, "allowed by statement 0 (Sid \"Short\") of policy "
                "\"short.json\"\n", ""))

    def test_denied_says_what_the_request_had(self):
        done = self.check("--policy", self.policy, "--action", OPEN)
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertIn("to match 600, but it is 3600\n", done.stdout)

    def test_policy_from_standard_input(self):
        with open(self.policy, encoding="utf-8") as f:
            done = self.check("--policy", "-", "--action", OPEN, "--json",
                              "--context", DURATION + "=1", stdin=f)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout), {
            "verdict": "allowed", "source": "identity",
            "policy": "standard input", "statement": 0, "sid": "Short"})

    def test_bad_words_and_bad_files(self):
        done = self.check("--policy", self.policy)
        self.assertEqual((done.returncode, done.stdout), (252, ""))
        self.assertIn("--action", done.stderr)
        self.policy.write_text('{"Statement": []}')
        done = self.check("--policy", self.policy, "--action", OPEN)
        self.assertEqual((done.returncode, done.stdout), (255, ""))
        self.assertIn("$.Statement: there are no statements", done.stderr)

    def test_an_answer_that_cannot_be_written(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [harness.EMULATOR, "policy-check", "--policy",
                 str(self.policy), "--action", OPEN], stdout=full,
                stderr=subprocess.PIPE, env=self.env, check=False,
                timeout=harness.PATIENCE)
        self.assertEqual(done.returncode, 255)


if __name__ == "__main__":
    harness.main()
