#!/usr/bin/env python3
"""The caches under ~/.aws, shared with AWS's own clients: what eice wrote, they
use without asking anybody, and the other way round.

The clients are the AWS CLI v2 of the distribution and botocore, the library in
it, of every Python here.  Who asked for something is read in the emulator's
trail.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

import harness
import identity
from identity import ACCOUNT, MFA, MFA_CODE, role, session, user

AWS = "/usr/bin/aws"  # Debian's; one earlier in PATH may be version 1
REGION = identity.REGION
ROLES = (f"[profile plain]\nrole_arn = {role('plain')}\n"
         "source_profile = base\nrole_session_name = me\n"
         f"[profile guarded]\nrole_arn = {role('guarded')}\n"
         "source_profile = base\nrole_session_name = me\n"
         f"external_id = {identity.EXTERNAL_ID}\nduration_seconds = 7200\n"
         f"[profile unnamed]\nrole_arn = {role('plain')}\n"
         "source_profile = base\n"
         f"[profile inner]\nrole_arn = {role('inner')}\n"
         "source_profile = plain\nrole_session_name = two\n"
         f"[profile careful]\nrole_arn = {role('careful')}\n"
         f"source_profile = base\nmfa_serial = {MFA}\n"
         "role_session_name = me\n"
         f"[profile base]\n{identity.keys('config')}")
SSO = (f"[profile sso]\nsso_session = my\nsso_account_id = {ACCOUNT}\n"
       f"sso_role_name = admin\n[sso-session my]\n"
       f"sso_start_url = {identity.START_URL}\nsso_region = {REGION}\n"
       f"[profile old-sso]\nsso_start_url = {identity.START_URL}\n"
       f"sso_region = {REGION}\nsso_account_id = {ACCOUNT}\n"
       "sso_role_name = admin\n")
GIVERS = ("AssumeRole", "AssumeRoleWithWebIdentity", "GetRoleCredentials",
          "CreateToken", "CreateOAuth2Token")

# Who the library thinks it is, with the CLI's cache on disk.
LIBRARY = """
import os, sys
sys.path.append("/usr/lib/python3/dist-packages")
import botocore.session
from botocore.utils import JSONFileCache
session = botocore.session.Session()
chain = session.get_component("credential_provider")
for name in ("assume-role", "assume-role-with-web-identity", "sso"):
    chain.get_provider(name).cache = JSONFileCache(
        os.path.expanduser("~/.aws/cli/cache"))
print(session.create_client("sts").get_caller_identity()["Arn"])
"""
PROBE = """
import sys
sys.path.append("/usr/lib/python3/dist-packages")
import botocore
print("botocore", botocore.__version__)
"""


def clients():
    """Each of AWS's clients that is here: what it is, and how it is asked."""
    found = {}
    if os.access(AWS, os.X_OK):
        found["aws"] = [AWS, "sts", "get-caller-identity", "--query", "Arn",
                        "--output", "text"]
    for python in (sys.executable, "/usr/bin/python3"):
        done = subprocess.run([python, "-c", PROBE], capture_output=True,
                              text=True, check=False)
        if done.returncode == 0:
            found.setdefault(done.stdout.strip(), [python, "-c", LIBRARY])
    return found


CLIENTS = clients()


def shape(value, path=""):
    """What of a document must be the same whoever wrote it."""
    if isinstance(value, dict):
        if path == ".ResponseMetadata.HTTPHeaders":
            return {}
        return {k: shape(v, f"{path}.{k}") for k, v in value.items()}
    if isinstance(value, str):
        if "xpir" in path:  # The library without the CLI writes "UTC"
            return re.sub(r"\d", "0", value.replace("UTC", "+00:00"))
        return str
    return type(value)


class Shared(identity.Identity):
    def setUp(self):
        super().setUp()
        self.through_proxy()  # Not every client knows AWS_ENDPOINT_URL
        self.home_again()

    def home_again(self):
        super().home_again()
        self.env["AWS_REGION"] = REGION
        self.env["AWS_PAGER"] = ""  # On a terminal it wants less
        token = self.write("token", identity.WEB_TOKEN)
        self.config(ROLES + SSO + f"[profile web]\nrole_arn = {role('ci')}\n"
                    f"web_identity_token_file = {token}\n"
                    "role_session_name = me\n"
                    f"[profile login]\nlogin_session = {user('someone')}\n")

    def given(self, *names):
        """Every time that anybody was given anything, as a set."""
        return {e["eventID"] for e in self.trail(*(names or GIVERS))}

    def ours(self):
        return self.whoami()["Arn"]

    def theirs(self, argv):
        return self.run_ok(argv).strip()

    def files(self):
        """Every file of the caches, by its name."""
        found = {}
        for path in sorted(self.aws.rglob("*.json")):
            self.assertEqual(path.stat().st_mode & 0o777, 0o600)
            found[str(path.relative_to(self.aws))] = json.loads(
                path.read_text())
        return found

    def exchange(self, profile, arn, calls, prepare=lambda: None,
                 first=None):
        """With each client: eice first and then the client, and the other way
        round, from nothing each time.  @first replaces the first step."""
        for name, argv in CLIENTS.items():
            written = {}
            for ours_first in (True, False):
                with self.subTest(client=name, eice_first=ours_first):
                    self.home_again()
                    self.env["AWS_PROFILE"] = profile
                    prepare()
                    turns = [self.ours, lambda a=argv: self.theirs(a)]
                    if not ours_first:
                        turns.reverse()
                    if first:
                        turns[0] = lambda a=argv, o=ours_first: first(
                            [harness.EICE, "whoami"] if o else a)
                    before = self.given()
                    self.assertIn(arn, turns[0]())
                    given = self.given() - before
                    self.assertEqual(len(given), calls)
                    files = self.files()
                    self.assertEqual(turns[1](), arn)
                    self.assertEqual(self.given() - before, given)
                    self.assertEqual(self.files(), files)
                    written[ours_first] = files
            self.alike(written[True], written[False])

    def alike(self, ours, theirs):
        """The same files with the same fields and forms."""
        self.assertEqual(list(ours), list(theirs))
        for name in ours:
            mine, other = shape(ours[name]), shape(theirs[name])
            if "AccountId" not in other["Credentials"]:  # Older clients
                mine["Credentials"].pop("AccountId")
            self.assertEqual(mine, other)


@unittest.skipUnless(CLIENTS, "neither the AWS CLI nor botocore is here")
class Roles(Shared):
    def test_a_role(self):
        self.exchange("plain", session("plain", "me"), 1)

    def test_a_role_with_everything(self):
        self.exchange("guarded", session("guarded", "me"), 1)

    def test_a_session_without_a_name(self):
        """The made-up name is not part of the key, and the first one's name
        is kept."""
        for name, argv in CLIENTS.items():
            with self.subTest(name):
                self.home_again()
                self.env["AWS_PROFILE"] = "unnamed"
                before = self.given()
                arn = self.ours()
                self.assertEqual(self.theirs(argv), arn)
                shutil.rmtree(self.aws / "cli")
                arn = self.theirs(argv)
                self.assertEqual(self.ours(), arn)
                self.assertEqual(len(self.given() - before), 2)

    def test_a_chain_of_roles(self):
        self.exchange("inner", session("inner", "two"), 2)

    def test_an_mfa_code_asked_once(self):
        """By whichever came first; the other has no terminal to ask on."""
        def first(argv):
            code, seen = self.on_a_terminal(
                argv, f"Enter MFA code for {MFA}: ".encode(),
                MFA_CODE.encode())
            self.assertEqual(code, 0, seen)
            self.assertEqual(seen.count("Enter MFA code"), 1)
            return seen

        self.exchange("careful", session("careful", "me"), 1, first=first)

    def test_web_identity(self):
        self.exchange("web", session("ci", "me"), 1)


@unittest.skipUnless(CLIENTS, "neither the AWS CLI nor botocore is here")
class Sso(Shared):
    ARN = session("admin", "alice")

    def alike(self, ours, theirs):
        self.assertEqual(list(ours), list(theirs))
        for name in ours:
            if name.startswith("cli/"):
                super().alike({name: ours[name]}, {name: theirs[name]})
            else:
                self.assertEqual(shape(ours[name]), shape(theirs[name]))
                self.assertEqual(list(ours[name]), list(theirs[name]))

    def test_with_a_session(self):
        self.exchange("sso", self.ARN, 1, lambda: self.sso_file("my"))

    def test_of_the_old_form(self):
        self.exchange("old-sso", self.ARN, 1,
                      lambda: self.sso_file(identity.START_URL))

    def test_a_renewed_token(self):
        """The service takes a refresh token once, so that whoever comes
        second needs what the first wrote."""
        latest = {}
        for name, argv in CLIENTS.items():
            written = {}
            for ours_first in (True, False):
                with self.subTest(client=name, eice_first=ours_first):
                    self.home_again()
                    self.env["AWS_PROFILE"] = "sso"
                    path = self.sso_file("my", **{
                        **latest, "expiresAt": identity.in_seconds(60)})
                    turns = [self.ours, lambda a=argv: self.theirs(a)]
                    if not ours_first:
                        turns.reverse()
                    before = self.given("CreateToken")
                    self.assertEqual(turns[0](), self.ARN)
                    made = self.given("CreateToken") - before
                    self.assertEqual(len(made), 1)
                    text = path.read_text()
                    latest = json.loads(text)
                    shutil.rmtree(self.aws / "cli")
                    self.assertEqual(turns[1](), self.ARN)
                    self.assertEqual(self.given("CreateToken") - before, made)
                    self.assertEqual(path.read_text(), text)
                    written[ours_first] = latest
            self.assertEqual(shape(written[True]), shape(written[False]))
            self.assertEqual(list(written[True]), list(written[False]))


if __name__ == "__main__":
    harness.main()
