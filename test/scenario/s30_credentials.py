#!/usr/bin/env python3
"""Credentials as whole processes see them: ten started at once ask one question
and make one call, and no secret gets out, whatever is said about them."""
import datetime
import http.server
import json
import os
import pty
import select
import sys
import threading
import time
import urllib.parse

import harness

MANY = 10
SECRETS = ("base-secret-word", "role-secret-word", "role-token-word", "246810")
ROLE = """[default]
region = eu-central-1
role_arn = arn:aws:iam::111122223333:role/r
source_profile = base
{}
[profile base]
aws_access_key_id = AKIDBASE
aws_secret_access_key = base-secret-word
"""


class Sts(http.server.BaseHTTPRequestHandler):
    """STS, as far as two actions go."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = dict(urllib.parse.parse_qsl(body))
        self.server.seen.append(form)
        who = "arn:aws:sts::111122223333:assumed-role/r/s"
        if form["Action"] == "GetCallerIdentity":
            inner = (f"<Arn>{who}</Arn><UserId>AROA:s</UserId>"
                     "<Account>111122223333</Account>")
        else:
            time.sleep(0.3)  # The others have to wait for somebody
            end = (datetime.datetime.now(datetime.timezone.utc) +
                   datetime.timedelta(hours=1))
            inner = (f"<AssumedRoleUser><Arn>{who}</Arn></AssumedRoleUser>"
                     "<Credentials><AccessKeyId>ASIAROLE</AccessKeyId>"
                     "<SecretAccessKey>role-secret-word</SecretAccessKey>"
                     "<SessionToken>role-token-word</SessionToken>"
                     f"<Expiration>{end:%Y-%m-%dT%H:%M:%SZ}</Expiration>"
                     "</Credentials>")
        action = form["Action"]
        text = (f"<{action}Response><{action}Result>{inner}</{action}Result>"
                f"</{action}Response>").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


class Credentials(harness.Scenario):
    def setUp(self):
        super().setUp()
        self.sts = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sts)
        self.sts.seen = []
        self.sts.request_queue_size = 2 * MANY
        threading.Thread(target=self.sts.serve_forever, daemon=True).start()
        self.addCleanup(self.sts.server_close)
        self.addCleanup(self.sts.shutdown)
        self.env["AWS_ENDPOINT_URL"] = (
            f"http://127.0.0.1:{self.sts.server_port}")
        (self.home / ".aws").mkdir()

    def configure(self, more=""):
        (self.home / ".aws" / "config").write_text(ROLE.format(more))

    def actions(self, name):
        return [q for q in self.sts.seen if q["Action"] == name]

    def test_who_am_i(self):
        self.configure()
        text = self.run_ok([harness.EICE, "whoami"])
        self.assertIn("111122223333", text)
        self.assertIn("from assume-role", text)
        self.assertIn("eu-central-1 (from the profile)", text)
        answer = json.loads(self.run_ok([harness.EICE, "whoami", "--json"]))
        self.assertEqual(answer["CredentialsSource"], "assume-role")
        self.assertEqual(len(self.actions("AssumeRole")), 1)

    def test_ten_at_once_ask_one_question(self):
        """With a terminal and an MFA device: one prompt, one AssumeRole."""
        self.configure("mfa_serial = arn:aws:iam::111122223333:mfa/me")
        pid, terminal = pty.fork()
        if pid == 0:  # Ten in the foreground of one terminal
            children = []
            for _ in range(MANY):
                child = os.fork()
                if child == 0:
                    os.execve(harness.EICE, [harness.EICE, "whoami"], self.env)
                children.append(child)
            bad = [c for c in children
                   if os.waitstatus_to_exitcode(os.waitpid(c, 0)[1]) != 0]
            os._exit(len(bad))
        self.addCleanup(os.close, terminal)
        seen, answered = b"", False
        end = time.monotonic() + 30 * harness.SLOW
        while time.monotonic() < end:
            if not select.select([terminal], [], [], 0.2)[0]:
                continue
            try:
                got = os.read(terminal, 4096)
            except OSError:  # The last of them has gone
                break
            seen += got
            if b"Enter MFA code for" in seen and not answered:
                answered = True
                os.write(terminal, b"246810\n")
        _, status = os.waitpid(pid, 0)
        self.assertEqual(os.waitstatus_to_exitcode(status), 0, seen)
        self.assertEqual(seen.count(b"Enter MFA code for"), 1, seen)
        self.assertEqual(seen.count(b"Account      111122223333"), MANY)
        self.assertNotIn(b"246810", seen)
        calls = self.actions("AssumeRole")
        self.assertEqual(len(calls), 1)
        self.assertEqual(calls[0]["TokenCode"], "246810")

    def test_no_secret_is_said(self):
        self.configure()
        argv = [harness.EICE, "whoami", "--debug", "--log=trace"]
        said = []
        for config in ("good", "bad"):
            if config == "bad":
                self.env["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1"
            done = self.run_any(argv)
            said.append(done.stdout + done.stderr)
            done = self.run_any(argv[:3])
            said.append(done.stdout + done.stderr)
        self.assertIn("assume-role: found credentials", said[1])
        for text in said:
            for secret in SECRETS:
                self.assertNotIn(secret, text)
            self.assertNotIn("Signature=", text)


if __name__ == "__main__":
    sys.exit(harness.main())
