#!/usr/bin/env python3
"""Every kind of secret that credentials are made of, looked for everywhere it
must not be: what is said at the loudest, with good ends and bad ones, argument
vectors, what children get to know, files, and memory once it has done its
work."""
import contextlib
import json
import os
import re
import socket
import subprocess
import urllib.parse

import harness
import identity
from identity import ACCOUNT, MFA, MFA_CODE, REGION, keys, role, secret

LOUD = ("--debug", "--log=trace")
PROCESS_SECRET = secret("process")
PROCESS_TOKEN = "session-token-of-the-program/+="


def strings(value):
    """Every string below a JSON value."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, str):
        yield value


class Kinds(identity.Identity):
    """For each source: how it is set up, and which secrets it has then."""

    def home_again(self):
        super().home_again()
        self.env["AWS_REGION"] = REGION

    def base_keys(self):
        self.credentials(f"[base]\n{keys('config')}[other]\n{keys('other')}")
        return [secret("config"), secret("other")]

    def env_source(self):
        self.env.update(identity.env_keys("env"),
                        AWS_SESSION_TOKEN="token-of-the-environment/+=")
        return [secret("env"), "token-of-the-environment/+="]

    def good_env_source(self):
        self.env.update(identity.env_keys("env"))
        return [secret("env")]

    def role_source(self):
        self.config(f"[default]\nrole_arn = {role('guarded')}\n"
                    f"source_profile = base\n"
                    f"external_id = {identity.EXTERNAL_ID}\n")
        return self.base_keys()

    def web_source(self):
        token = self.write("token", identity.WEB_TOKEN)
        self.config(f"[default]\nrole_arn = {role('ci')}\n"
                    f"web_identity_token_file = {token}\n")
        return [identity.WEB_TOKEN]

    def bad_web_source(self):
        found = self.web_source()
        self.write("token", "wrong.web.identity-token")
        return ["wrong.web.identity-token", *found]

    def sso_source(self, **changes):
        """A token that is renewed on the way."""
        self.config(f"[default]\nsso_session = my\nsso_account_id = {ACCOUNT}"
                    "\nsso_role_name = admin\n[sso-session my]\n"
                    f"sso_start_url = {identity.START_URL}\n"
                    f"sso_region = {REGION}\n")
        path = self.sso_file("my", **{
            "accessToken": "old-sso-access-token", **type(self).sso_latest,
            "expiresAt": identity.in_seconds(-60), **changes})
        held = json.loads(path.read_text())
        self.sso_path = path
        return [held["accessToken"], held["refreshToken"],
                held["clientSecret"]]

    sso_latest = {}

    def bad_sso_source(self):
        return self.sso_source(refreshToken="wrong-sso-refresh-token")

    def login_source(self, **changes):
        self.config("[default]\nlogin_session = "
                    f"{identity.user('someone')}\n")
        path = self.login_file(**{**type(self).login_latest, **changes})
        held = json.loads(path.read_text())
        self.login_path = path
        lines = held["dpopKey"].split("\n")[1:-2]
        return [held["refreshToken"], held["idToken"],
                held["accessToken"]["secretAccessKey"],
                held["accessToken"]["sessionToken"], *lines]

    login_latest = {}

    def bad_login_source(self):
        return self.login_source(refreshToken="wrong-login-refresh-token")

    def process_source(self, document=None):
        text = json.dumps(document or {
            "Version": 1, "AccessKeyId": identity.key_id("process"),
            "SecretAccessKey": PROCESS_SECRET})
        path = self.write("out.json", text)
        self.config("[default]\ncredential_process = sh -c "
                    f"'tr \"\\0\" \"\\n\" </proc/self/environ >{self.home}/env"
                    f"; cat {path}; echo words for stderr >&2'\n")
        return [PROCESS_SECRET]

    def bad_process_source(self):
        return self.process_source({
            "Version": 1, "AccessKeyId": "ASIAGONE",
            "SecretAccessKey": PROCESS_SECRET,
            "SessionToken": PROCESS_TOKEN}) + [PROCESS_TOKEN]

    def half_process_source(self):
        return self.process_source({
            "Version": 2, "AccessKeyId": "ASIAGONE",
            "SecretAccessKey": PROCESS_SECRET,
            "SessionToken": PROCESS_TOKEN}) + [PROCESS_TOKEN]

    def container_source(self):
        self.use_container()
        return [identity.CONTAINER_TOKEN]

    def bad_container_source(self):
        """Keys that the service will not have."""
        self.use_container()
        self.given_by_metadata(identity.CONTAINER_PATH)
        return [identity.CONTAINER_TOKEN, "metadata-secret-word",
                "metadata-token-word"]

    def imds_source(self):
        self.use_imds()
        return []

    def bad_imds_source(self):
        self.use_imds()
        self.given_by_metadata(
            "/latest/meta-data/iam/security-credentials/instance")
        return ["metadata-secret-word", "metadata-token-word"]

    def given_by_metadata(self, path):
        self.fault(path, status=200, body=json.dumps({
            "Code": "Success", "AccessKeyId": "ASIAGONE",
            "SecretAccessKey": "metadata-secret-word",
            "Token": "metadata-token-word",
            "Expiration": identity.in_seconds(3600)}))

    GOOD = ("good_env", "role", "web", "sso", "login", "process", "container",
            "imds")
    BAD = ("env", "bad_web", "bad_sso", "bad_login", "bad_process",
           "half_process", "bad_container", "bad_imds")

    # Looking -------------------------------------------------------------

    def after(self):
        """The secrets that files of the home have now, too."""
        found = []
        for path in self.aws.rglob("*.json"):
            self.assertEqual(path.stat().st_mode & 0o777, 0o600, path)
            with contextlib.suppress(ValueError):
                held = json.loads(path.read_text())
                made = held.get("Credentials", held.get("accessToken", {}))
                if isinstance(made, dict):
                    found += [v for k, v in made.items()
                              if k.lower() in ("secretaccesskey",
                                               "sessiontoken")]
                found += [held[k] for k in ("accessToken", "refreshToken",
                                            "clientSecret")
                          if isinstance(held.get(k), str)]
                if "startUrl" in held:
                    type(self).sso_latest = {
                        k: held[k] for k in ("accessToken", "refreshToken")}
                if "dpopKey" in held:
                    type(self).login_latest = {
                        k: held[k] for k in ("refreshToken", "dpopKey")}
        return found

    def nothing_in(self, secrets, *texts):
        self.assertTrue(all(len(s) > 5 for s in secrets), secrets)
        for text in texts:
            if isinstance(text, bytes):
                text = text.decode(errors="replace")
            for word in secrets:
                for form in {word, urllib.parse.quote(word, safe="")}:
                    self.assertNotIn(form, text)
            self.assertNotRegex(text, r"(?i)signature[=:] *[0-9a-f]{64}")
            self.assertNotRegex(text, r"(?i)x-amz-security-token=\w")
            self.assertNotRegex(text, r"eyJ0eXAiOiJkcG9wK2p3dCI")  # DPoP


class Said(Kinds):
    def test_each_source(self):
        tunnel = ("open-tunnel", "--instance-id", harness.INSTANCE)
        for name in self.GOOD + self.BAD:
            for words in (("whoami",), tunnel):
                with self.subTest(name, words=words[0]):
                    self.home_again()
                    self.control(do="clear")
                    secrets = getattr(self, f"{name}_source")()
                    process = self.start(
                        [harness.EICE, *words, *LOUD], text=True,
                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                        stderr=subprocess.PIPE)
                    with open(f"/proc/{process.pid}/cmdline", "rb") as f:
                        argv = f.read()
                    out, err = process.communicate(timeout=harness.PATIENCE)
                    if words[0] == "whoami":
                        self.assertEqual(process.returncode == 0,
                                         name in self.GOOD, err)
                    self.assertIn("creds", err)  # It was loud
                    self.nothing_in(secrets + self.after(), out, err, argv)

    def test_an_mfa_code(self):
        self.config(f"[default]\nrole_arn = {role('careful')}\n"
                    f"source_profile = base\nmfa_serial = {MFA}\n")
        secrets = self.base_keys()
        for code in ("975310", MFA_CODE):
            _, seen = self.on_a_terminal(
                [harness.EICE, "whoami", *LOUD], b"Enter MFA code for ",
                code.encode())
            self.assertIn("creds", seen)
            self.nothing_in([code, *secrets, *self.after()], seen)


class Children(Kinds):
    """A child gets the environment that we were given, and nothing of what we
    found out."""

    def test_a_credential_process(self):
        self.process_source()
        self.env.update(identity.env_keys("env"), AWS_PROFILE="default",
                        MARK="of the test")
        self.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "given"
        self.whoami("--profile", "default")
        got = dict(line.split("=", 1) for line in
                   (self.home / "env").read_text().splitlines() if line)
        own = {"PWD", "SHLVL", "_", "OLDPWD"}  # The shell's
        if "EICE_TEST_VALGRIND" in os.environ:
            own |= {"LD_PRELOAD", "LD_LIBRARY_PATH",  # Its own, and
                    "GLIBCPP_FORCE_NEW", "GLIBCXX_FORCE_NEW"}  # its script's
        for name, value in got.items():
            if name not in own:
                self.assertEqual(self.env.get(name), value, name)

    def test_ssh(self):
        """One that tells what it was given."""
        for name in self.GOOD:
            with self.subTest(name):
                self.home_again()
                secrets = getattr(self, f"{name}_source")()
                self.write("bin/ssh", "#!/bin/sh\n"
                           'tr "\\0" "\\n" </proc/self/environ >$HOME/got\n'
                           'tr "\\0" "\\n" </proc/$$/cmdline >>$HOME/got\n'
                           'tr "\\0" "\\n" </proc/$PPID/cmdline >>$HOME/got\n',
                           0o700)
                given = set(self.env.values())
                self.env["PATH"] = f"{self.home}/bin:{self.env['PATH']}"
                done = self.run_eice("ssh", "--instance-id", harness.INSTANCE,
                                     "--connection-type", "eice")
                self.assertEqual(done.returncode, 0, done.stderr)
                secrets = [s for s in secrets + self.after()
                           if s not in given]
                self.nothing_in(secrets, (self.home / "got").read_text())


# What serves on stays: the credentials that tunnels are signed with, and static
# keys of the files.  So often may each of them be there.
STATIC, IN_USE = 2, 1


class Memory(Kinds):
    """What a core would have in it, were there cores: a listener's memory when
    its first tunnel is over.  SECURITY.md has the promise."""

    def memory(self, pid):
        """All that the process may write but its stack, where the environment
        is, and what vector registers had in them when a function was bound."""
        found = bytearray()
        with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(
                f"/proc/{pid}/mem", "rb", 0) as mem:
            for line in maps:
                where, mode, *rest = line.split()
                if "w" not in mode or rest[-1].startswith(("[v", "[st")):
                    continue
                start, end = (int(x, 16) for x in where.split("-"))
                with contextlib.suppress(OSError, ValueError):
                    mem.seek(start)
                    found += mem.read(end - start)
        return bytes(found)

    def left(self, pid, secrets):
        """What is there that should not be."""
        held = self.memory(pid)
        files = "".join(
            path.read_text() for path in (self.aws / "credentials",)
            if path.exists())
        found = []
        for word in secrets:
            allowed = STATIC if word in files else 0
            allowed += IN_USE * (word in self.in_use)
            n = held.count(word.encode())
            if n > allowed:
                found.append(f"{word} ({n} times)")
        found += re.findall(rb"Signature=[0-9a-f]{8}|eyJ0eXAiOiJk", held)
        return found

    def one_tunnel(self):
        process, port = self.listener(
            "--private-ip-address", harness.ADDRESS,
            "--instance-connect-endpoint-id", harness.ENDPOINT,
            "--instance-connect-endpoint-dns-name",
            self.api.removeprefix("https://"))
        with socket.create_connection(("127.0.0.1", port)) as s:
            s.settimeout(harness.PATIENCE)
            s.sendall(b"x")
            self.assertEqual(s.recv(2), b"x")
        return process

    def test_it(self):
        if harness.SANITIZED:
            self.skipTest("a sanitizer keeps freed memory")
        echo = self.echo_server()
        self.control(do="route", **{"from": f"{harness.ADDRESS}:22",
                                    "to": f"127.0.0.1:{echo.port}"})
        for name in self.GOOD:
            with self.subTest(name):
                self.home_again()
                secrets = getattr(self, f"{name}_source")()
                process = self.one_tunnel()
                try:
                    self.memory(process.pid)
                except PermissionError:
                    self.skipTest("this user may not look")
                made = self.after()
                self.in_use = {secrets[0]} if name in (
                    "good_env", "process") else set()
                for path in self.aws.rglob("cache/*.json"):
                    kept = json.loads(path.read_text())
                    # Of "aws login" it is under another name
                    kept = kept.get("Credentials", kept.get("accessToken"))
                    if isinstance(kept, dict):
                        self.in_use.update(strings(kept))
                found = []

                def clean():
                    found[:] = self.left(process.pid, secrets + made)
                    return not found

                try:
                    harness.wait_for("memory to be wiped", clean)
                except AssertionError:
                    self.fail(f"in memory still: {found}")


if __name__ == "__main__":
    harness.main()
