#!/usr/bin/env python3
"""Credentials as whole processes see them: ten started at once ask one question
and make one call, and no secret gets out, whatever is said about them."""
import datetime
import http.server
import json
import os
import sys
import threading
import time
import urllib.parse

import harness
import identity

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


class TenAtOnce(identity.Identity):
    """With a terminal and an MFA device, from nothing."""

    def together(self, failures=0):
        """Ten in the foreground of one terminal; what was to be seen there,
        and the AssumeRole calls."""
        script = (f'for i in $(seq {MANY}); do "$@" & p="$p $!"; done; r=0; '
                  "for i in $p; do wait $i || r=$((r + 1)); done; exit $r")
        before = {e["eventID"] for e in self.trail("AssumeRole")}
        code, seen = self.on_a_terminal(
            ["/bin/sh", "-c", script, "sh", harness.EICE, "whoami"],
            b"Enter MFA code for", identity.MFA_CODE.encode())
        self.assertEqual(code, failures, seen)
        self.assertNotIn(identity.MFA_CODE, seen)
        return seen, [e for e in self.trail("AssumeRole")
                      if e["eventID"] not in before]

    def setUp(self):
        super().setUp()
        self.config(f"[default]\nregion = {identity.REGION}\n"
                    f"role_arn = {identity.role('careful')}\n"
                    f"source_profile = base\nmfa_serial = {identity.MFA}\n"
                    "role_session_name = me\n"
                    f"[profile base]\n{identity.keys('config')}")
        # The others have to wait for somebody
        self.fault("AssumeRole", delay_ms=300)

    def test_one_question_and_one_call(self):
        seen, calls = self.together()
        self.assertEqual(seen.count("Enter MFA code for"), 1, seen)
        self.assertEqual(seen.count("assumed-role/careful/me"), MANY, seen)
        self.assertEqual(len(calls), 1)
        self.assertEqual(calls[0]["requestParameters"]["serialNumber"],
                         identity.MFA)
        self.assertNotIn("errorCode", calls[0])
        seen, calls = self.together()  # And then none at all
        self.assertNotIn("Enter MFA code", seen)
        self.assertEqual(calls, [])

    def test_a_wrong_code_is_the_failure_of_one(self):
        """The next in line asks again, and its answer serves the rest."""
        self.fault("AssumeRole", code="AccessDenied", status=403, times=1)
        seen, _ = self.together(failures=1)
        self.assertEqual(seen.count("Enter MFA code for"), 2, seen)
        self.assertEqual(seen.count("assumed-role/careful/me"), MANY - 1)


if __name__ == "__main__":
    sys.exit(harness.main())
