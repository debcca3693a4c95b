#!/usr/bin/env python3
"""Each source of credentials: that it gives them, and every way in which it
says that it cannot, in the AWS CLI's words and with its exit code."""
import datetime
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request

import harness
import identity
from identity import (ACCOUNT, EXTERNAL_ID, MFA, MFA_CODE, REGION, START_URL,
                      env_keys, in_seconds, keys, role, session, sha1, user)

NO_CREDENTIALS = ("An error occurred (NoCredentials): Unable to locate "
                  "credentials. You can configure credentials by running "
                  "\"aws login\".")
SSO_EXPIRED = ("The SSO session associated with this profile has expired or "
               "is otherwise invalid. To refresh this SSO session run aws sso "
               "login with the corresponding profile. ... ")
LOGIN = "Error loading login session token: "
PROCESS = "Error when retrieving credentials from custom-process: "
CONTAINER = "Error when retrieving credentials from container-role: "

SSO_PROFILE = (f"[default]\nsso_session = my\nsso_account_id = {ACCOUNT}\n"
               "sso_role_name = admin\n")
SSO_SESSION = (f"[sso-session my]\nsso_start_url = {START_URL}\n"
               f"sso_region = {REGION}\n")
SSO_LEGACY = (f"[default]\nsso_start_url = {START_URL}\nsso_region = {REGION}"
              f"\nsso_account_id = {ACCOUNT}\nsso_role_name = admin\n")
LOGIN_PROFILE = f"[default]\nlogin_session = {user('someone')}\n"


def role_profile(name, *lines, profile="default"):
    head = "default" if profile == "default" else f"profile {profile}"
    return (f"[{head}]\nrole_arn = {role(name)}\n" +
            "".join(line + "\n" for line in lines))


BASE = f"[profile base]\n{keys('other')}"


class Source(identity.Identity):
    """Every test has a region, and no credentials but its own."""

    def home_again(self):
        super().home_again()
        self.env["AWS_REGION"] = REGION

    def comes_from(self, source, arn, *flags):
        answer = self.whoami(*flags)
        self.assertEqual((answer["CredentialsSource"], answer["Arn"]),
                         (source, arn))
        return answer

    def expires_in(self, answer, low, high):
        at = datetime.datetime.fromisoformat(
            answer["Expiration"].replace("Z", "+00:00"))
        left = (at - datetime.datetime.now(
            datetime.timezone.utc)).total_seconds()
        self.assertTrue(low <= left <= high, left)

    def rows(self, table):
        """Run each [config, code, text] in a home of its own."""
        for config, code, text in table:
            self.home_again()
            with self.subTest(config):
                self.config(config)
                self.refused(code, text)

    def cached(self):
        """The entries of the shared cache, by key."""
        found = {}
        for path in (self.aws / "cli" / "cache").glob("*.json"):
            self.assertEqual(path.stat().st_mode & 0o777, 0o600)
            found[path.stem] = json.loads(path.read_text())
        return found


class Environment(Source):
    def test_keys(self):
        self.env.update(env_keys("env"))
        self.comes_from("env", user("env"))

    def test_the_older_name_of_the_token_wins(self):
        self.env.update(env_keys("env"))
        self.config(role_profile("plain", "source_profile = base",
                                 "role_session_name = me") + BASE)
        self.whoami("--profile", "default")
        [entry] = self.cached().values()
        made = entry["Credentials"]
        self.env.update(AWS_ACCESS_KEY_ID=made["AccessKeyId"],
                        AWS_SECRET_ACCESS_KEY=made["SecretAccessKey"],
                        AWS_SECURITY_TOKEN=made["SessionToken"],
                        AWS_SESSION_TOKEN="wrong")
        self.comes_from("env", session("plain", "me"))
        self.env["AWS_SECURITY_TOKEN"] = ""  # Empty is unset
        self.env["AWS_SESSION_TOKEN"] = made["SessionToken"]
        self.comes_from("env", session("plain", "me"))

    def test_an_empty_id_is_none(self):
        self.env.update(env_keys("env"), AWS_ACCESS_KEY_ID="")
        self.config("[default]\n" + keys("config"))
        self.comes_from("config-file", user("config"))

    def test_a_secret_is_needed(self):
        self.env.update(env_keys("env"))
        text = ("Partial credentials found in env, missing: "
                "AWS_SECRET_ACCESS_KEY")
        del self.env["AWS_SECRET_ACCESS_KEY"]
        self.refused(255, text)
        self.env["AWS_SECRET_ACCESS_KEY"] = ""
        self.refused(255, text)

    def test_an_expiry(self):
        self.env.update(env_keys("env"),
                        AWS_CREDENTIAL_EXPIRATION=in_seconds(3600))
        self.expires_in(self.comes_from("env", user("env")), 3500, 3600)
        self.env["AWS_CREDENTIAL_EXPIRATION"] = in_seconds(-10)
        self.refused(255, "Credentials were refreshed, but the refreshed "
                     "credentials are still expired. They came from env.")
        self.env["AWS_CREDENTIAL_EXPIRATION"] = "soon"
        self.refused(255, "Unknown string format: soon")

    def test_profiles_and_keys(self):
        self.env.update(env_keys("env"), AWS_PROFILE="p")
        self.config("[profile p]\n" + keys("config"))
        self.comes_from("env", user("env"))
        self.comes_from("config-file", user("config"), "--profile", "p")


class Files(Source):
    def test_the_credentials_file(self):
        self.credentials("[default]\n" + keys("shared"))
        self.config("[default]\n" + keys("config"))
        self.comes_from("shared-credentials-file", user("shared"))

    def test_the_config_file(self):
        self.config("[default]\n" + keys("config"))
        self.comes_from("config-file", user("config"))

    def test_half_a_pair(self):
        half = f"[default]\naws_access_key_id = {identity.key_id('config')}\n"
        for put, name in ((self.credentials, "shared-credentials-file"),
                          (self.config, "config-file")):
            self.home_again()
            put(half)
            self.refused(255, f"Partial credentials found in {name}, missing: "
                         "aws_secret_access_key")

    def test_the_file_of_the_ec2_tools(self):
        path = self.write(
            "ec2-keys", f"AWSAccessKeyId={identity.key_id('old')}\n"
            f"AWSSecretKey = {identity.secret('old')}\n")
        self.env["AWS_CREDENTIAL_FILE"] = str(path)
        self.comes_from("ec2-credentials-file", user("old"))
        path.write_text("AWSAccessKeyId=x\n")
        self.refused(255, "Partial credentials found in ec2-credentials-file, "
                     "missing: AWSSecretKey")

    def test_the_file_of_boto(self):
        text = "[Credentials]\n" + keys("boto")
        self.write(".boto", text)
        self.comes_from("boto-config", user("boto"))
        self.write("elsewhere", text)
        (self.home / ".boto").unlink()
        self.env["BOTO_CONFIG"] = "~/elsewhere"
        self.comes_from("boto-config", user("boto"))
        self.write("elsewhere", "[Credentials]\naws_access_key_id = x\n")
        self.refused(255, "Partial credentials found in boto-config, missing: "
                     "aws_secret_access_key")

    def test_nothing_anywhere(self):
        self.refused(253, NO_CREDENTIALS)


class AssumeRole(Source):
    def assumed(self):
        """What the AssumeRole calls of this test asked for."""
        return [e["requestParameters"] for e in self.trail("AssumeRole")
                if e["eventTime"] >= self.began]

    def setUp(self):
        super().setUp()
        self.began = in_seconds(0)

    def test_from_each_kind_of_profile(self):
        token = self.write("token", identity.WEB_TOKEN)
        program = json.dumps({"Version": 1, "AccessKeyId":
                              identity.key_id("process"), "SecretAccessKey":
                              identity.secret("process")})
        rows = [
            ("a config file", f"[profile base]\n{keys('config')}"),
            ("web identity", f"[profile base]\nrole_arn = {role('ci')}\n"
             f"web_identity_token_file = {token}\n"),
            ("sso", SSO_PROFILE.replace("default", "profile base") +
             SSO_SESSION),
            ("login", LOGIN_PROFILE.replace("default", "profile base")),
            ("a program", "[profile base]\ncredential_process = "
             f"echo '{program}'\n"),
        ]
        for what, base in rows:
            with self.subTest(what):
                self.home_again()
                self.write("token", identity.WEB_TOKEN)
                self.sso_file("my")
                self.login_file()
                self.config(role_profile("plain", "source_profile = base",
                                         "role_session_name = me") + base)
                self.comes_from("assume-role", session("plain", "me"))
                # Of a source nothing is kept
                self.assertEqual(list(self.cached()), [sha1(
                    f'{{"RoleArn": "{role("plain")}", "RoleSessionName": '
                    '"me"}')])
        with self.subTest("a credentials file"):
            self.home_again()
            self.config(role_profile("plain", "source_profile = base"))
            self.credentials("[base]\n" + keys("shared"))
            self.whoami()

    def test_from_itself(self):
        self.config(role_profile("plain", "source_profile = default",
                                 "role_session_name = me", keys("config")))
        self.comes_from("assume-role", session("plain", "me"))

    def test_a_chain_of_roles(self):
        self.config(role_profile("inner", "source_profile = outer",
                                 "role_session_name = two") +
                    role_profile("plain", "source_profile = base",
                                 "role_session_name = one",
                                 profile="outer") + BASE)
        self.comes_from("assume-role", session("inner", "two"))
        self.assertEqual([r["roleSessionName"] for r in self.assumed()][-2:],
                         ["one", "two"])
        self.assertEqual(len(self.cached()), 2)  # Every link is kept
        before = len(self.assumed())
        self.comes_from("assume-role", session("inner", "two"))
        self.assertEqual(len(self.assumed()), before)

    def test_from_each_credential_source(self):
        for source, prepare in (
                ("Environment", lambda: self.env.update(env_keys("env"))),
                ("Ec2InstanceMetadata", self.use_imds),
                ("EcsContainer", self.use_container)):
            with self.subTest(source):
                self.home_again()
                prepare()
                self.config(role_profile(
                    "plain", f"credential_source = {source}",
                    "role_session_name = me"))
                self.comes_from("assume-role", session("plain", "me"),
                                "--profile", "default")

    def test_what_is_asked_for(self):
        self.config(role_profile(
            "guarded", "source_profile = base", "duration_seconds = 7200",
            f"external_id = {EXTERNAL_ID}", "role_session_name = me") + BASE)
        self.expires_in(self.comes_from(
            "assume-role", session("guarded", "me")), 7100, 7200)
        self.config(role_profile("plain", "source_profile = base",
                                 "duration_seconds = an hour") + BASE)
        answer = self.whoami()
        self.expires_in(answer, 3500, 3600)
        self.assertRegex(answer["Arn"], r"/botocore-session-\d{10,}$")

    def test_an_mfa_code(self):
        config = role_profile("careful", "source_profile = base",
                              f"mfa_serial = {MFA}",
                              "role_session_name = me")
        self.config(config + f"[profile base]\n{keys('config')}")
        question = f"Enter MFA code for {MFA}: ".encode()
        argv = [harness.EICE, "whoami", "--json"]
        code, seen = self.on_a_terminal(argv, question, b"111111")
        self.assertEqual(code, 254, seen)
        self.assertIn("(AccessDenied) when calling the AssumeRole operation: "
                      "MultiFactorAuthentication failed", seen)
        self.assertNotIn("111111", seen)
        code, seen = self.on_a_terminal(argv, question, MFA_CODE.encode())
        self.assertEqual(code, 0, seen)
        self.assertIn(session("careful", "me"), seen)
        self.assertEqual(seen.count("Enter MFA code"), 1)
        self.assertNotIn(MFA_CODE, seen)  # No echo
        self.comes_from("assume-role", session("careful", "me"))  # Cached

    def test_an_mfa_code_without_a_terminal(self):
        self.config(role_profile("careful", "source_profile = base",
                                 f"mfa_serial = {MFA}") + BASE)
        done = self.run_eice("whoami", start_new_session=True)
        self.assertEqual((done.returncode, done.stdout), (255, ""))
        self.assertIn(f"an MFA code of {MFA} is needed, but there is no "
                      "terminal to ask on", done.stderr)
        self.assertIn('run "eice whoami" with the same profile in a terminal',
                      done.stderr)

    def test_refusals(self):
        self.rows([
            (role_profile("plain", "source_profile = base",
                          "credential_source = Environment") + BASE, 255,
             'The profile "default" contains both source_profile and '
             'credential_source.'),
            (role_profile("plain"), 255,
             "Partial credentials found in assume-role, missing: "
             "source_profile or credential_source"),
            (role_profile("plain", "source_profile = Z"), 255,
             'The source_profile "Z" referenced in the profile "default" does '
             'not exist.'),
            (role_profile("plain", "source_profile = Z") +
             "[profile Z]\nregion = x\n", 255,
             'The source profile "Z" must have credentials.'),
            (role_profile("plain", "credential_source = environment"), 255,
             'The credential source "environment" referenced in profile '
             '"default" is not valid.'),
            (role_profile("plain", "credential_source = Environment"), 255,
             "Error when retrieving credentials from Environment: No "
             "credentials found in credential_source referenced in profile "
             "default"),
            (role_profile("plain", "credential_source = EcsContainer"), 255,
             "Error when retrieving credentials from EcsContainer: No "
             "credentials found in credential_source referenced in profile "
             "default"),
            (role_profile("plain", "credential_source = "
                          "Ec2InstanceMetadata"), 255,
             "Error when retrieving credentials from Ec2InstanceMetadata: No "
             "credentials found in credential_source referenced in profile "
             "default"),
            (role_profile("plain", "source_profile = default"), 255,
             "Infinite loop in credential configuration detected. Attempting "
             "to load from profile default which has already been visited. "
             "Visited profiles: ['default']"),
            (role_profile("plain", "source_profile = A") +
             role_profile("plain", "source_profile = B", profile="A") +
             role_profile("plain", "source_profile = A", profile="B"), 255,
             "Infinite loop in credential configuration detected. Attempting "
             "to load from profile A which has already been visited. Visited "
             "profiles: ['default', 'A', 'B']"),
            (role_profile("inner", "source_profile = base") + BASE, 254,
             "An error occurred (AccessDenied) when calling the AssumeRole "
             f"operation: User: {user('other')} is not authorized to perform: "
             f"sts:AssumeRole on resource: {role('inner')}"),
            (role_profile("guarded", "source_profile = base",
                          "external_id = wrong") + BASE, 254,
             "An error occurred (AccessDenied) when calling the AssumeRole "
             "operation: ... "),
        ])

    def test_a_life_too_short_for_the_cache(self):
        """An entry needs 900 s of life left, which the first has for the rest
        of its second at most."""
        for seconds, calls in ((900, 2), (1200, 1)):
            self.home_again()
            self.config(role_profile(
                "plain", "source_profile = base", "role_session_name = me",
                f"duration_seconds = {seconds}") + BASE)
            before = {e["eventID"] for e in self.trail("AssumeRole")}
            self.comes_from("assume-role", session("plain", "me"))
            time.sleep(1.1)
            self.comes_from("assume-role", session("plain", "me"))
            self.assertEqual(len({e["eventID"] for e in self.trail(
                "AssumeRole")} - before), calls)

    def test_the_form_of_times_in_the_cache(self):
        for line, form in (("", r"T\d\d:\d\d:\d\d\+00:00$"),
                           ("cli_timestamp_format = iso8601",
                            r"T\d\d:\d\d:\d\d\+00:00$"),
                           ("cli_timestamp_format = wire",
                            r"T\d\d:\d\d:\d\dZ$")):
            with self.subTest(line):
                self.home_again()
                self.config(role_profile("plain", "source_profile = base",
                                         line) + BASE)
                self.whoami()
                [entry] = self.cached().values()
                self.assertRegex(entry["Credentials"]["Expiration"], form)

    def test_the_region_is_the_selected_profiles(self):
        proxy = self.through_proxy()
        self.home_again()
        del self.env["AWS_REGION"]
        self.config(role_profile("plain", "source_profile = base",
                                 "region = eu-west-3") + BASE +
                    "region = us-east-2\n")
        self.whoami()
        self.assertEqual(set(proxy.hosts), {"sts.eu-west-3.amazonaws.com"})

    def test_broken_entries_are_rewritten(self):
        self.config(role_profile("plain", "source_profile = base",
                                 "role_session_name = me") + BASE)
        self.whoami()
        [key] = self.cached()
        path = self.aws / "cli" / "cache" / f"{key}.json"
        good = path.read_text()
        for broken in ("", "{", "[]", "null", '{"Credentials": 7}',
                       "x" * 100000, "\0" * 100, good[:-1],
                       good.replace("Expiration", "expiration"),
                       json.dumps({"Credentials": {
                           **json.loads(good)["Credentials"],
                           "Expiration": in_seconds(899)}})):
            with self.subTest(broken[:40]):
                path.write_text(broken)
                calls = len(self.assumed())
                self.comes_from("assume-role", session("plain", "me"))
                self.assertEqual(len(self.assumed()), calls + 1)
                self.expires_in({"Expiration": self.cached()[key][
                    "Credentials"]["Expiration"]}, 3500, 3600)


class WebIdentity(Source):
    MISSING_ROLE = (
        "The provided profile or the current environment is configured to "
        "assume role with web identity but has no role ARN configured. Ensure "
        "that the profile has the role_arnconfiguration set or the "
        "AWS_ROLE_ARN env var is set.")

    def token(self, text=identity.WEB_TOKEN):
        return str(self.write("token", text))

    def test_by_variables(self):
        self.env.update(AWS_WEB_IDENTITY_TOKEN_FILE=self.token(),
                        AWS_ROLE_ARN=role("ci"),
                        AWS_ROLE_SESSION_NAME="me")
        self.comes_from("assume-role-with-web-identity", session("ci", "me"))
        self.assertEqual(list(self.cached()), [sha1(
            f'{{"RoleArn": "{role("ci")}", "RoleSessionName": "me"}}')])
        self.config("[default]\n")
        self.refused(253, NO_CREDENTIALS, "--profile", "default")

    def test_by_a_profile(self):
        self.config(role_profile("ci", "role_session_name = me",
                                 f"web_identity_token_file = {self.token()}"))
        self.comes_from("assume-role-with-web-identity", session("ci", "me"),
                        "--profile", "default")
        self.env["AWS_ROLE_SESSION_NAME"] = "env"  # Key by key
        self.comes_from("assume-role-with-web-identity", session("ci", "env"))

    def test_refusals(self):
        token = self.token()
        self.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = token
        self.refused(255, self.MISSING_ROLE)
        self.env["AWS_ROLE_ARN"] = role("ci")
        self.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/nonexistent/t"
        self.refused(255, "[Errno 2] No such file or directory: "
                     "'/nonexistent/t'")
        self.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = self.token("wrong")
        self.refused(254, "An error occurred (InvalidIdentityToken) when "
                     "calling the AssumeRoleWithWebIdentity operation: ... ")
        self.assertEqual(self.cached(), {})

    def test_the_token_is_sent_as_it_is(self):
        """A newline at its end goes along, and the service decides."""
        self.env.update(
            AWS_WEB_IDENTITY_TOKEN_FILE=self.token("odd + token\n"),
            AWS_ROLE_ARN=role("ci"), AWS_ROLE_SESSION_NAME="me",
            AWS_MAX_ATTEMPTS="1")
        seen = []
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)

        def answer():
            s, _ = server.accept()
            with s:
                while b"WebIdentityToken=" not in b"".join(seen):
                    seen.append(s.recv(65536))
                s.sendall(b"HTTP/1.1 403 no\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        self.env["AWS_ENDPOINT_URL"] = (
            f"http://127.0.0.1:{server.getsockname()[1]}")
        self.assertEqual(self.run_eice("whoami").returncode, 254)
        thread.join(harness.PATIENCE)
        text = b"".join(seen)
        self.assertIn(b"WebIdentityToken=odd%20%2B%20token%0A", text.replace(
            b"odd+%2B+token", b"odd%20%2B%20token"))
        self.assertNotIn(b"uthorization:", text)


class Sso(Source):
    ARN = session("admin", "alice")

    def test_with_a_session(self):
        self.config(SSO_PROFILE + SSO_SESSION)
        self.sso_file("my")
        self.expires_in(self.comes_from("sso", self.ARN), 3500, 3600)
        key = sha1(f'{{"accountId":"{ACCOUNT}","roleName":"admin",'
                   '"sessionName":"my"}')
        entry = self.cached()[key]
        self.assertEqual(entry["ProviderType"], "sso")
        self.assertEqual(entry["Credentials"]["AccountId"], ACCOUNT)
        self.fault("GetRoleCredentials", status=500, code="x")
        self.comes_from("sso", self.ARN)

    def test_of_the_old_form(self):
        self.config(SSO_LEGACY)
        self.sso_file(START_URL, refreshToken=None, clientId=None,
                      clientSecret=None, registrationExpiresAt=None,
                      expiresAt=in_seconds(3600, "%Y-%m-%dT%H:%M:%SUTC"))
        self.comes_from("sso", self.ARN)
        self.assertIn(sha1(f'{{"accountId":"{ACCOUNT}","roleName":"admin",'
                           f'"startUrl":"{START_URL}"}}'), self.cached())

    def test_a_token_is_renewed_and_written_back(self):
        self.config(SSO_PROFILE + SSO_SESSION)
        path = self.sso_file("my", expiresAt=in_seconds(60))
        before = json.loads(path.read_text())
        self.comes_from("sso", self.ARN)
        after = json.loads(path.read_text())
        self.assertEqual(list(after), [
            "startUrl", "region", "accessToken", "expiresAt", "clientId",
            "clientSecret", "registrationExpiresAt", "refreshToken"])
        for name in ("startUrl", "region", "clientId", "clientSecret",
                     "registrationExpiresAt"):
            self.assertEqual(after[name], before[name])
        self.assertNotEqual(after["accessToken"], before["accessToken"])
        self.assertNotEqual(after["refreshToken"], before["refreshToken"])
        self.expires_in({"Expiration": after["expiresAt"]}, 3500, 3600)
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)

    def test_a_renewal_that_fails(self):
        """The old token serves while it is good."""
        self.config(SSO_PROFILE + SSO_SESSION)
        path = self.sso_file("my", expiresAt=in_seconds(300),
                             refreshToken="wrong")
        before = path.read_text()
        done = self.run_eice("whoami", "--json")
        self.assertEqual(json.loads(done.stdout)["Arn"], self.ARN)
        self.assertIn("SSO token refresh attempt failed", done.stderr)
        self.assertEqual(path.read_text(), before)
        shutil.rmtree(self.aws / "cli")
        text = ("Error when retrieving token from sso: Token has expired and "
                "refresh failed ... ")
        for changes in ({"refreshToken": "wrong"}, {"refreshToken": None},
                        {"clientSecret": "wrong"}, {"clientId": None},
                        {"registrationExpiresAt": in_seconds(-1)}):
            with self.subTest(str(changes)):
                self.sso_file("my", expiresAt=in_seconds(-1), **changes)
                done = self.run_eice("whoami")
                self.assertEqual(done.returncode, 255)
                self.assertIn(text.removesuffix(" ... "), done.stderr)

    def test_configurations_that_are_none(self):
        profile, session_part = SSO_PROFILE, SSO_SESSION
        self.rows([
            ("[default]\nsso_account_id = 1\nsso_region = x\n", 255,
             'The profile "default" is configured to use SSO but is missing '
             'required configuration: sso_role_name, sso_start_url'),
            (profile, 255,
             'The specified sso-session does not exist: "my"'),
            (profile + "sso_region = us-east-1\n" + session_part, 255,
             "The value for sso_region is inconsistent between profile "
             f"(us-east-1) and sso-session ({REGION})."),
            (profile + "[sso-session my]\nsso_region = x\n", 255,
             'The profile "default" is configured to use SSO but is missing '
             'required configuration: sso_start_url'),
        ])
        self.home_again()  # Repeating is fine
        self.config(profile + f"sso_region = {REGION}\n" + session_part)
        self.sso_file("my")
        self.comes_from("sso", self.ARN)

    def test_tokens_that_are_none(self):
        self.config(SSO_PROFILE + SSO_SESSION)
        self.refused(255, "Error loading SSO Token: Token for my does not "
                     "exist ... ")
        invalid = (f"Error loading SSO Token: Token for {START_URL} is "
                   "invalid ... ")
        for changes in ({"accessToken": None}, {"expiresAt": None}):
            self.sso_file("my", **changes)
            self.refused(255, invalid)
        self.sso_file("my").write_text("{")
        self.refused(255, invalid)
        self.config(SSO_LEGACY)
        self.refused(255, "Error loading SSO Token: Token for "
                     f"{START_URL} does not exist ... ")
        self.sso_file(START_URL, expiresAt=in_seconds(0))
        self.refused(255, SSO_EXPIRED.removesuffix(" ... "))

    def test_the_portal_refuses(self):
        self.config(SSO_PROFILE + SSO_SESSION)
        self.sso_file("my", accessToken="wrong")
        self.refused(255, SSO_EXPIRED.removesuffix(" ... "))
        self.config(SSO_PROFILE.replace("admin", "king") + SSO_SESSION)
        self.sso_file("my")
        self.refused(254, "An error occurred (ForbiddenException) when "
                     "calling the GetRoleCredentials operation: No access")


class Login(Source):
    def test_as_it_is(self):
        """More than five minutes left: nothing is asked."""
        self.config(LOGIN_PROFILE)
        path = self.login_file()
        self.comes_from("login", user("someone"))
        after = path.read_text()
        self.comes_from("login", user("someone"))
        self.assertEqual(path.read_text(), after)

    def test_it_is_renewed_and_written_back(self):
        self.config(LOGIN_PROFILE)
        path = self.login_file()
        before = json.loads(path.read_text())
        self.expires_in(self.comes_from("login", user("someone")), 800, 900)
        after = json.loads(path.read_text())
        self.assertEqual(list(after), list(before))
        self.assertEqual(set(after["accessToken"]),
                         set(before["accessToken"]))
        for name in ("tokenType", "clientId", "idToken", "dpopKey"):
            self.assertEqual(after[name], before[name])
        self.assertEqual(after["accessToken"]["accountId"], ACCOUNT)
        self.assertNotEqual(after["refreshToken"], before["refreshToken"])
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)

    def test_elsewhere(self):
        self.config(LOGIN_PROFILE)
        path = self.login_file()
        path.rename(self.home / path.name)
        self.refused(255, LOGIN + "Unable to load a existing login session "
                     f"for session {user('someone')}, Please reauthenticate "
                     "with 'aws login'.")
        self.env["AWS_LOGIN_CACHE_DIRECTORY"] = "$HOME"
        self.comes_from("login", user("someone"))

    def test_broken_files(self):
        self.config(LOGIN_PROFILE)
        for changes in ({"refreshToken": None}, {"dpopKey": None},
                        {"clientId": None}, {"accessToken": None},
                        {"accessToken": {"accessKeyId": "x"}}):
            with self.subTest(str(changes)):
                self.login_file(**changes)
                self.refused(255, LOGIN + "Failed to load access token from "
                             "token cache, missing one or more required "
                             "fields. ... ")

    def test_the_service_refuses(self):
        self.config(LOGIN_PROFILE)
        self.login_file(refreshToken="wrong")
        self.refused(255, "Your session has expired. Please reauthenticate "
                     "using 'aws login'.")
        for word, text in (
                ("TOKEN_EXPIRED", "Your session has expired. Please "
                 "reauthenticate using 'aws login'."),
                ("USER_CREDENTIALS_CHANGED",
                 "Unable to refresh login credentials because of a change in "
                 "your password. Please reauthenticate with your new password "
                 "using 'aws login'."),
                ("INSUFFICIENT_PERMISSIONS",
                 "Unable to create or refresh login credentials due to "
                 "insufficient permissions. You may be missing permission for "
                 "the 'signin:CreateOAuth2Token' action."),
                ("AUTHCODE_EXPIRED",
                 "An unspecified error happened when resolving AWS "
                 "credentials or refreshing a login session profile.")):
            with self.subTest(word):
                self.control(do="clear")
                self.fault("CreateOAuth2Token", status=403,
                           code="AccessDeniedException", body=json.dumps(
                               {"error": word, "message": "no"}))
                self.login_file()
                self.refused(255, text)

    def test_a_key_that_is_none(self):
        self.config(LOGIN_PROFILE)
        self.login_file(dpopKey="-----BEGIN EC PRIVATE KEY-----\nAAAA\n")
        done = self.run_eice("whoami")
        self.assertEqual(done.returncode, 255, done.stderr)
        self.assertNotIn("AAAA", done.stderr)


class Process(Source):
    GOOD = {"Version": 1, "AccessKeyId": identity.key_id("process"),
            "SecretAccessKey": identity.secret("process")}

    def prints(self, document):
        """A configuration whose program prints @document."""
        text = document if isinstance(document, str) else json.dumps(document)
        path = self.write("out.json", text)
        return f"[default]\ncredential_process = cat {path}\n"

    def test_what_it_prints(self):
        self.config(self.prints(self.GOOD))
        answer = self.comes_from("custom-process", user("process"))
        self.assertNotIn("Expiration", answer)
        self.config(self.prints({**self.GOOD,
                                 "Expiration": in_seconds(3600)}))
        self.expires_in(self.whoami(), 3500, 3600)
        self.assertFalse((self.aws / "cli").exists())  # Never on disk

    def test_no_shell(self):
        program = self.write("with space/p", "#!/bin/sh\n"
                             'printf "%s\\n" "$@" > "$HOME/args"\n'
                             f"cat <<'E'\n{json.dumps(self.GOOD)}\nE\n", 0o700)
        self.config(f"[default]\ncredential_process = '{program}' $HOME ~ * "
                    "\"a b\" 'c \" d' e\\ f | x > y\n")
        self.comes_from("custom-process", user("process"))
        self.assertEqual((self.home / "args").read_text().split("\n"),
                         ["$HOME", "~", "*", "a b", 'c " d', "e f", "|", "x",
                          ">", "y", ""])

    def test_refusals(self):
        without = dict(self.GOOD)
        del without["SecretAccessKey"]
        unversioned = dict(self.GOOD)
        del unversioned["Version"]
        unsupported = ("Unsupported version '{}' for credential process "
                       "provider, supported versions: 1")
        line = "[default]\ncredential_process = "
        self.rows([
            (line + "sh -c 'echo words of its own >&2; exit 3'\n", 255,
             PROCESS + "words of its own"),
            (line + "sh -c 'exit 3'\n", 255,
             PROCESS + "it ended with status 3 and said nothing"),
            (line + "sh -c 'kill -9 $$'\n", 255,
             PROCESS + "it was ended by signal 9"),
            (line + "/nonexistent/x\n", 255,
             "[Errno 2] No such file or directory: '/nonexistent/x'"),
            (line + "/etc/passwd\n", 255,
             "[Errno 13] Permission denied: '/etc/passwd'"),
            (line + "echo \"x\n", 255, "No closing quotation"),
            (line + "echo nothing\n", 255,
             "Expecting value: line 1 column 1 (char 0) ... "),
            (line + "true\n", 255,
             "Expecting value: line 1 column 1 (char 0) ... "),
        ])
        for document, text in (
                (unversioned, PROCESS + unsupported.format(
                    "<Version key not provided>")),
                ({**self.GOOD, "Version": 2},
                 PROCESS + unsupported.format("2")),
                ({**self.GOOD, "Version": "1"},
                 PROCESS + unsupported.format("1")),
                (without, PROCESS + "Missing required key in response: "
                 "'SecretAccessKey'"),
                ({**self.GOOD, "Expiration": in_seconds(-60)},
                 "Credentials were refreshed, but the refreshed credentials "
                 "are still expired. They came from custom-process."),
                ({**self.GOOD, "Expiration": "later"},
                 "Unknown string format: later"),
                ("[]", PROCESS + "it printed no JSON object"),
                ("{", PROCESS + " ... ")):
            with self.subTest(str(document)):
                self.config(self.prints(document))
                self.refused(255, text)

    def test_one_that_prints_for_ever(self):
        self.config("[default]\ncredential_process = yes\n")
        peak = self.write("peak", "#!/usr/bin/env python3\n"
                          "import resource, subprocess, sys\n"
                          "r = subprocess.run(sys.argv[1:])\n"
                          "print(resource.getrusage("
                          "resource.RUSAGE_CHILDREN).ru_maxrss)\n"
                          "sys.exit(r.returncode)\n", 0o700)
        done = self.run_any([peak, harness.EICE, "whoami"])
        self.assertEqual(done.returncode, 255)
        self.assertRegex(done.stderr, PROCESS +
                         r"it printed more than \d+ bytes")
        if not harness.SANITIZED:
            self.assertLess(int(done.stdout), 64 * 1024)


class Container(Source):
    def refused(self, *what, **kw):
        """As elsewhere; but when a try's two seconds are over because the
        machine had other things to do, again."""
        for _ in range(9):
            try:
                return super().refused(*what, **kw)
            except AssertionError as e:
                if "timeout on endpoint URL" not in str(e):
                    raise
        return super().refused(*what, **kw)

    def test_by_a_url(self):
        self.use_container()
        self.comes_from("container-role", session("task", "container"))

    def test_a_token_in_a_file(self):
        self.use_container()
        self.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "wrong"
        path = self.write("token", identity.CONTAINER_TOKEN)
        self.env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = str(path)
        self.comes_from("container-role", session("task", "container"))
        path.write_text(identity.CONTAINER_TOKEN + "\n")
        self.refused(255, "Auth token value is not a legal header value")
        self.env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = "/nonexistent/t"
        self.refused(255, "[Errno 2] No such file or directory: "
                     "'/nonexistent/t'")

    def test_a_token_that_is_no_header(self):
        self.use_container()
        self.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "a\r\nHost: b"
        self.refused(255, "Auth token value is not a legal header value")

    def test_hosts_that_may_not_be_asked(self):
        for url, host in (("http://10.0.0.1/c", "10.0.0.1"),
                          ("http://example.com/c", "example.com"),
                          ("http://127.0.0.1.example/c",
                           "127.0.0.1.example")):
            with self.subTest(url):
                self.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url
                self.refused(
                    255, f"Unsupported host '{host}'.  Can only retrieve "
                    "metadata from a loopback address or one of these hosts: "
                    "169.254.170.2, 169.254.170.23, fd00:ec2::23, localhost")

    def test_a_service_that_refuses(self):
        """Three tries, a second apart; the chain does not go on."""
        self.use_imds()
        self.use_container()
        self.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "wrong"
        self.refused(
            255, CONTAINER + "Error retrieving metadata: Received non 200 "
            "response 401 from container metadata: "
            '{"code":"Unauthorized","message":"The authorization token is '
            'missing or wrong"}')

    def test_answers_that_are_none(self):
        self.use_container()
        self.fault(identity.CONTAINER_PATH, status=200, body="garbage",
                   times=2)
        self.comes_from("container-role", session("task", "container"))
        self.fault(identity.CONTAINER_PATH, status=200, body="garbage")
        self.refused(255, CONTAINER + "Error retrieving metadata: Unable to "
                     "parse JSON returned from container metadata services")
        self.control(do="clear")
        self.fault(identity.CONTAINER_PATH, status=200, body='{"Token": ""}')
        self.refused(255, CONTAINER + "Missing required key in response: "
                     "'AccessKeyId'")

    def test_nobody_there(self):
        self.use_container()
        self.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = (
            f"http://127.0.0.1:{harness.free_port()}/c")
        self.refused(255, CONTAINER + "Error retrieving metadata: Received "
                     "error when attempting to retrieve container metadata: "
                     "... ")


ROLES = "/latest/meta-data/iam/security-credentials/"


class Imds(Source):
    ARN = session("instance", harness.INSTANCE)

    def setUp(self):
        super().setUp()
        self.use_imds()

    def test_version_2(self):
        self.expires_in(self.comes_from("iam-role", self.ARN), 20000, 22000)

    def test_no_token_means_version_1(self):
        for status in (403, 404, 405):
            with self.subTest(status):
                self.control(do="clear")
                self.fault("/latest/api/token", status=status, body="no")
                self.comes_from("iam-role", self.ARN)
        self.control(do="clear")
        self.fault("/latest/api/token", status=500, body="no")
        self.comes_from("iam-role", self.ARN)  # Attempts are used up
        for seconds in (1, 4, 16):  # A hop limit; time enough for version 1
            self.control(do="clear")
            self.fault("/latest/api/token", delay_ms=3000 * seconds)
            self.env["AWS_METADATA_SERVICE_TIMEOUT"] = str(seconds)
            done = self.run_eice("whoami", "--json")
            if done.returncode == 0:
                break
        self.assertEqual(json.loads(done.stdout)["Arn"], self.ARN)

    def test_a_bad_request_ends_it(self):
        self.fault("/latest/api/token", status=400, body="bad")
        self.refused(253, NO_CREDENTIALS)

    def test_without_version_1(self):
        self.fault("/latest/api/token", status=404, body="no")
        self.env["AWS_EC2_METADATA_V1_DISABLED"] = "true"
        self.refused(255, "Error retrieving metadata: Unable to retrieve "
                     "token for use in IMDSv2 call and IMDSv1 has been "
                     "disabled")

    def test_answers_that_are_none(self):
        good = json.dumps({
            "Code": "Success", "AccessKeyId": "a", "SecretAccessKey": "b",
            "Token": "c", "Expiration": in_seconds(3600)})
        rows = [
            (ROLES, 404, "no role"), (ROLES, 200, "a b\nc"),
            (ROLES, 200, "x" * 5000), (ROLES + "instance", 500, "oops"),
            (ROLES + "instance", 200, "garbage"),
            (ROLES + "instance", 200, "\u00ff{[" * 1000),
            (ROLES + "instance", 200, "{}"),
            (ROLES + "instance", 200, "[" * 60000),
            (ROLES + "instance", 200,
             '{"Code": "AssumeRoleUnauthorizedAccess", "Message": "x"}'),
            (ROLES + "instance", 200, good.replace("Token", "tokeN")),
            (ROLES + "instance", 200, good.replace(
                in_seconds(0)[:4], "soon")),
        ]
        for path, status, body in rows:
            with self.subTest(path + " " + body[:30]):
                self.control(do="clear")
                self.fault(path, status=status, body=body)
                self.refused(253, NO_CREDENTIALS)

    def test_a_service_that_stalls(self):
        self.env["AWS_METADATA_SERVICE_TIMEOUT"] = "1"
        self.fault(ROLES + "*", delay_ms=5000)
        self.refused(253, NO_CREDENTIALS)

    def test_another_attempt(self):
        self.env["AWS_METADATA_SERVICE_NUM_ATTEMPTS"] = "2"
        for path in (ROLES, ROLES + "instance"):
            self.fault(path, status=200, body="", times=1)
        self.comes_from("iam-role", self.ARN)

    def test_old_credentials_live_on(self):
        """Close to their end, or past it, they are used some time longer."""
        good = json.loads(self.metadata_answer())
        for left in (600, -3600):
            with self.subTest(left):
                self.control(do="clear")
                good["Expiration"] = in_seconds(left)
                self.fault(ROLES + "instance", status=200,
                           body=json.dumps(good))
                done = self.run_eice("whoami", "--json", "-v")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.expires_in(json.loads(done.stdout), 1000, 1510)
                self.assertIn("using them for", done.stderr)

    def metadata_answer(self):
        """What the service really gives."""
        def ask(path, **kw):
            request = urllib.request.Request(self.metadata + path, **kw)
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.read().decode()

        token = ask("/latest/api/token", method="PUT", headers={
            "x-aws-ec2-metadata-token-ttl-seconds": "60"})
        return ask(ROLES + "instance", headers={
            "x-aws-ec2-metadata-token": token})


class Order(Source):
    def test_who_wins(self):
        """All sources at once; the winner is taken away, again and again."""
        token = self.write("token", identity.WEB_TOKEN)
        printed = self.write("out.json", json.dumps(Process.GOOD))
        old = self.write("old", f"AWSAccessKeyId={identity.key_id('old')}\n"
                         f"AWSSecretKey={identity.secret('old')}\n")
        self.write(".boto", "[Credentials]\n" + keys("boto"))
        self.sso_file("my")
        self.login_file()
        self.use_imds()
        self.use_container()
        self.env.update(env_keys("env"), AWS_CREDENTIAL_FILE=str(old))
        parts = {
            "role": f"role_arn = {role('plain')}\nsource_profile = base\n",
            "web": f"web_identity_token_file = {token}\n",
            "sso": SSO_PROFILE.removeprefix("[default]\n"),
            "login": LOGIN_PROFILE.removeprefix("[default]\n"),
            "process": f"credential_process = cat {printed}\n",
            "keys": keys("config"),
        }
        self.credentials("[default]\n" + keys("shared") + "[base]\n" +
                         keys("other"))

        def write_config(*names):
            self.config("[default]\n" + "".join(parts[n] for n in names) +
                        SSO_SESSION)

        def source():
            return self.whoami()["CredentialsSource"]

        write_config("role", "sso", "login", "process", "keys")
        found = [source()]
        del self.env["AWS_ACCESS_KEY_ID"]
        found.append(source())
        parts["role"] = f"role_arn = {role('ci')}\n"
        write_config("role", "web", "sso", "login", "process", "keys")
        found.append(source())
        write_config("sso", "login", "process", "keys")
        found.append(source())
        write_config("login", "process", "keys")
        found.append(source())
        (self.aws / "credentials").unlink()
        found.append(source())
        write_config("process", "keys")
        found.append(source())
        write_config("keys")
        found.append(source())
        write_config()
        found.append(source())
        del self.env["AWS_CREDENTIAL_FILE"]
        found.append(source())
        (self.home / ".boto").unlink()
        found.append(source())
        del self.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
        found.append(source())
        self.assertEqual(found, [
            "env", "assume-role", "assume-role-with-web-identity", "sso",
            "shared-credentials-file", "login", "custom-process",
            "config-file", "ec2-credentials-file", "boto-config",
            "container-role", "iam-role"])

    def test_the_log_says_who_was_asked(self):
        self.use_imds()
        said = self.run_eice("whoami", "--debug").stderr
        at = 0
        for name in ("env", "assume-role", "assume-role-with-web-identity",
                     "sso", "shared-credentials-file", "login",
                     "custom-process", "config-file", "ec2-credentials-file",
                     "boto-config", "container-role", "iam-role"):
            at = said.find(f"{name}: ", at)
            self.assertGreater(at, -1, f"{name}\n{said}")


# --- the addresses of metadata services ------------------------------------

LINK_LOCAL = ("169.254.169.254", "169.254.170.2", "fd00:ec2::254")
INSIDE = "EICE_TEST_NAMESPACE"


class Forwarder(identity.Tunneller):
    """Port 80 of an address, which leads to the emulator."""

    def __init__(self, address, port):
        self.target = port
        self.listener = socket.create_server(
            (address, 80), family=socket.AF_INET6 if ":" in address
            else socket.AF_INET)
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def serve(self, s):
        with s, socket.create_connection(("127.0.0.1", self.target)) as far:
            back = threading.Thread(target=self.copy, args=(far, s),
                                    daemon=True)
            back.start()
            self.copy(s, far)
            back.join()


class LinkLocal(Source):
    """Without any setting but time, at the well-known addresses.  In a
    namespace of the network, where they can be ours."""

    def test_in_a_namespace(self):
        if INSIDE in os.environ:
            self.skipTest("this is the namespace")
        if not shutil.which("unshare") or not shutil.which(
                "ip", path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            self.skipTest("unshare or ip is not installed")
        if subprocess.run(["unshare", "-Urn", "true"], check=False,
                          capture_output=True).returncode != 0:
            self.skipTest("this machine allows no namespaces")
        script = "PATH=$PATH:/usr/sbin:/sbin; ip link set lo up; " + "".join(
            f"ip addr add {a}/{128 if ':' in a else 32} dev lo "
            "|| exit 77; " for a in LINK_LOCAL) + 'exec "$@"'
        done = subprocess.run(
            ["unshare", "-Urn", "sh", "-c", script, "sh", sys.executable,
             os.path.abspath(__file__), "LinkLocal"],
            env=dict(os.environ, **{INSIDE: "1"}), check=False,
            capture_output=True, text=True, timeout=150 * harness.SLOW)
        if done.returncode == 77:
            self.skipTest("no such addresses can be had: " + done.stderr)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("OK (skipped=1)", done.stderr)

    def forward(self, address):
        if INSIDE not in os.environ:
            self.skipTest("see test_in_a_namespace")
        forwarder = Forwarder(address, self.ready["http_port"])
        self.addCleanup(forwarder.close)
        self.env["AWS_METADATA_SERVICE_TIMEOUT"] = "30"

    def test_imds(self):
        self.forward("169.254.169.254")
        del self.env["AWS_EC2_METADATA_DISABLED"]
        self.comes_from("iam-role", Imds.ARN)
        del self.env["AWS_REGION"]
        self.assertEqual(self.whoami()["RegionSource"], "IMDS")

    def test_imds_over_ipv6(self):
        self.forward("fd00:ec2::254")
        del self.env["AWS_EC2_METADATA_DISABLED"]
        self.env["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"] = "IPv6"
        self.comes_from("iam-role", Imds.ARN)

    def test_a_container(self):
        self.forward("169.254.170.2")
        self.env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = (
            identity.CONTAINER_PATH)
        self.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://10.0.0.1/"
        self.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = (
            identity.CONTAINER_TOKEN)
        self.comes_from("container-role", session("task", "container"))


if __name__ == "__main__":
    harness.main()
