"""What the scenarios about configuration and credentials stand on: an emulator
with many people in it, and one way to ask "who am I, and why".

A user NAME of the world has one access key, and its id and secret are made
from the name, so that the ARN in an answer tells which of several keys were
taken.
"""
import datetime
import hashlib
import json
import os
import pty
import re
import select
import socket
import subprocess
import threading
import time
import urllib.request

import harness

ACCOUNT = "111122223333"
REGION = "eu-central-1"
USERS = ("env", "shared", "config", "other", "process", "old", "boto",
         "someone")
START_URL = "https://my-org.awsapps.com/start"
SSO_CLIENT = {"clientId": "sso-client", "clientSecret": "sso-client-secret"}
SSO_TOKEN = "sso-access-token-of-alice"
SSO_REFRESH = "sso-refresh-token-of-alice"
WEB_TOKEN = "web.identity.token-of-ci"
CONTAINER_TOKEN = "container-authorization-token"
CONTAINER_PATH = "/v2/credentials/task"
LOGIN_REFRESH = "login-refresh-token"
LOGIN_CLIENT = "arn:aws:signin:::devtools/same-device"
EXTERNAL_ID = "external/id:7"
MFA = f"arn:aws:iam::{ACCOUNT}:mfa/me"
MFA_CODE = "246810"
LIVES = {"brief": 20, "fleeting": 8}  # Roles' credentials, in seconds


def dpop_key():
    """A P-256 key as the file of a login session holds it."""
    return subprocess.run(
        ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout"],
        check=True, capture_output=True, text=True).stdout


def key_id(name):
    return ("AKIA" + name.upper()).ljust(20, "0")


def secret(name):
    return f"{name}-secret-word".ljust(40, "/")


def keys(name):
    """The two lines of a profile with the keys of @name."""
    return (f"aws_access_key_id = {key_id(name)}\n"
            f"aws_secret_access_key = {secret(name)}\n")


def env_keys(name):
    return {"AWS_ACCESS_KEY_ID": key_id(name),
            "AWS_SECRET_ACCESS_KEY": secret(name)}


def user(name):
    return f"arn:aws:iam::{ACCOUNT}:user/{name}"


def role(name):
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def session(name, who):
    return f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{who}"


def in_seconds(seconds, form="%Y-%m-%dT%H:%M:%SZ"):
    now = datetime.datetime.now(datetime.timezone.utc)
    return (now + datetime.timedelta(seconds=seconds)).strftime(form)


def sha1(text):
    return hashlib.sha1(text.encode()).hexdigest()


def trust(principal, action="sts:AssumeRole", **condition):
    statement = {"Effect": "Allow", "Principal": principal, "Action": action}
    if condition:
        statement["Condition"] = condition["condition"]
    return {"Version": "2012-10-17", "Statement": [statement]}


def people():
    """The accounts, sessions and services of the world."""
    anyone = {"AWS": ACCOUNT}
    everything = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    mfa = [{"serial": MFA, "code": MFA_CODE}]
    roles = {
        "plain": trust(anyone),
        "brief": trust(anyone),
        "fleeting": trust(anyone),
        "guarded": trust(anyone, condition={
            "StringEquals": {"sts:ExternalId": EXTERNAL_ID}}),
        "careful": trust(anyone, condition={
            "Bool": {"aws:MultiFactorAuthPresent": "true"}}),
        "inner": trust({"AWS": role("plain")}),
        "ci": trust({"Federated":
                     f"arn:aws:iam::{ACCOUNT}:oidc-provider/ci.example"},
                    "sts:AssumeRoleWithWebIdentity"),
        "admin": None, "instance": None, "task": None,
    }
    listed = []
    for name, document in roles.items():
        listed.append({"name": name, "policies": [everything],
                       "max_session_seconds": 7200})
        if document:
            listed[-1]["trust"] = document
        if name in LIVES:
            listed[-1]["credentials_seconds"] = LIVES[name]
    return {
        "accounts": [{
            "id": ACCOUNT,
            "users": [{"name": name, "policies": [everything], "mfa":
                       mfa if name == "config" else [],
                       "keys": [{"id": key_id(name), "secret": secret(name)}]}
                      for name in USERS],
            "roles": listed,
            "oidc_providers": [{"url": "https://ci.example", "tokens": [
                {"token": WEB_TOKEN, "subject": "main"}]}],
        }],
        "sso": [{"start_url": START_URL, "region": REGION, "users": [{
            "name": "alice", "access_token": SSO_TOKEN,
            "refresh_token": SSO_REFRESH,
            "client_id": SSO_CLIENT["clientId"],
            "client_secret": SSO_CLIENT["clientSecret"],
            "access": [{"account": ACCOUNT, "role": "admin"}]}]}],
        "login": [{"arn": user("someone"), "refresh_token": LOGIN_REFRESH}],
        "imds": {"instance": harness.INSTANCE},
        "container": {"role": "task", "token": CONTAINER_TOKEN,
                      "path": CONTAINER_PATH},
    }


class Tunneller:
    """A proxy that leads every CONNECT to the emulator, and remembers where
    it should have led."""

    def __init__(self, port):
        self.target = port
        self.hosts = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(s,),
                             daemon=True).start()

    def serve(self, s):
        head = b""
        with s:
            while b"\r\n\r\n" not in head:
                got = s.recv(4096)
                if not got:
                    return
                head += got
            words = head.split()
            if words[0] != b"CONNECT":
                return
            self.hosts.append(words[1].decode().removesuffix(":443"))
            with socket.create_connection(("127.0.0.1", self.target)) as far:
                s.sendall(b"HTTP/1.1 200 go on\r\n\r\n")
                back = threading.Thread(target=self.copy, args=(far, s),
                                        daemon=True)
                back.start()
                self.copy(s, far)
                back.join()

    @staticmethod
    def copy(a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
            b.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        # The thread first: it might go on with whoever gets the descriptor's
        # number next, and that is another test's proxy.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(harness.PATIENCE)
        self.listener.close()


class Identity(harness.Scenario):
    """Test cases over one emulator; each gets a home of its own."""

    world_changes = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stage = harness.Scenario()
        cls.stage.setUp()
        cls.addClassCleanup(cls.stage.doCleanups)
        world = harness.world({}, instance={"role": "instance"}, **people())
        world.update(cls.world_changes)
        cls.ready = cls.stage.emulator(world, "--ephemeral")
        cls.metadata = cls.ready["metadata_url"]
        cls.api = cls.ready["endpoint_url"]

    def setUp(self):
        super().setUp()
        self.aws = self.home / ".aws"
        self.base = dict(self.env, AWS_ENDPOINT_URL=self.api,
                         AWS_CA_BUNDLE=self.ready["ca_file"],
                         AWS_EC2_METADATA_DISABLED="true")
        self.addCleanup(self.control, do="clear")
        self.home_again()

    def home_again(self):
        """An empty home, and the environment as it was."""
        harness.shutil.rmtree(self.home)
        self.home.mkdir()
        self.aws.mkdir(mode=0o700)
        self.env = dict(self.base)

    # What a case is made of ---------------------------------------------

    def config(self, text):
        self.write(".aws/config", text)

    def credentials(self, text):
        self.write(".aws/credentials", text)

    def write(self, name, text, mode=0o600):
        """A file below the home directory; its path."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(text)
        path.chmod(mode)
        return path

    def use_imds(self):
        del self.env["AWS_EC2_METADATA_DISABLED"]
        self.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = self.metadata
        self.env["AWS_METADATA_SERVICE_TIMEOUT"] = "30"

    def use_container(self):
        self.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = (
            self.metadata + CONTAINER_PATH)
        self.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = CONTAINER_TOKEN

    def sso_file(self, name, **changes):
        """Write a token as "aws sso login" does; its path."""
        token = {"startUrl": START_URL, "region": REGION,
                 "accessToken": SSO_TOKEN, "expiresAt": in_seconds(3600),
                 **SSO_CLIENT, "registrationExpiresAt": in_seconds(86400),
                 "refreshToken": SSO_REFRESH}
        token.update(changes)
        token = {k: v for k, v in token.items() if v is not None}
        return self.write(f".aws/sso/cache/{sha1(name)}.json",
                          json.dumps(token))

    def login_file(self, session_arn=user("someone"), **changes):
        """Write a session as "aws login" does; its path."""
        token = {"accessToken": {
            "accessKeyId": "ASIAGONE", "secretAccessKey": "gone-secret-word",
            "sessionToken": "gone-session-token", "accountId": ACCOUNT,
            "expiresAt": in_seconds(60)},
            "tokenType": "urn:aws:params:oauth:token-type:access_token_sigv4",
            "clientId": LOGIN_CLIENT, "refreshToken": LOGIN_REFRESH,
            "idToken": "header.payload.signature", "dpopKey": dpop_key()}
        token.update(changes)
        token = {k: v for k, v in token.items() if v is not None}
        name = hashlib.sha256(session_arn.encode()).hexdigest()
        return self.write(f".aws/login/cache/{name}.json", json.dumps(token))

    # Asking -------------------------------------------------------------

    def run_eice(self, *words, **kw):
        return self.run_any([harness.EICE, *words], **kw)

    def whoami(self, *flags):
        """The answer of "eice whoami --json"."""
        done = self.run_eice("whoami", "--json", *flags)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def refused(self, code, text, *flags, words=("whoami",)):
        """The command ends with @code and says exactly @text, which may leave
        something out with " ... "."""
        done = self.run_eice(*words, *flags)
        self.assertEqual(done.stdout, "")
        said = done.stderr.removeprefix("eice: [ERROR]: ").rstrip("\n")
        pattern = ".*".join(re.escape(p) for p in text.split(" ... "))
        if not re.fullmatch(pattern, said, re.DOTALL):
            self.fail(f"said:   {said}\nwanted: {text}")
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def on_a_terminal(self, argv, question, answer, seconds=90):
        """Run in the foreground of a terminal of its own; whenever @question
        is asked, type @answer.  The exit code, and what was to be seen."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(argv[0], argv, self.env)
        self.addCleanup(os.close, terminal)
        seen, answered = b"", 0
        end = time.monotonic() + seconds * harness.SLOW
        while time.monotonic() < end:
            if not select.select([terminal], [], [], 0.2)[0]:
                continue
            try:
                got = os.read(terminal, 4096)
            except OSError:  # It has gone
                break
            seen += got
            while seen.count(question) > answered:
                answered += 1
                os.write(terminal, answer + b"\n")
        else:
            os.kill(pid, 9)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return status, seen.decode()

    # The emulator -------------------------------------------------------

    def control(self, **order):
        request = urllib.request.Request(
            self.metadata + "/_emulator/control",
            json.dumps(order).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=harness.PATIENCE) as answer:
            return json.load(answer)

    def fault(self, action, **what):
        self.control(do="api-fault", fault=dict(what, action=action))

    def trail(self, *names):
        """The events of these names that the emulator has logged."""
        events = self.control(do="trail")["events"]
        return [e for e in events if not names or e["eventName"] in names]

    def through_proxy(self):
        """Reach AWS by its own names, which all lead to the emulator."""
        proxy = Tunneller(self.ready["https_port"])
        self.addCleanup(proxy.close)
        self.base.pop("AWS_ENDPOINT_URL", None)
        self.env.pop("AWS_ENDPOINT_URL", None)
        for env in (self.base, self.env):
            env["https_proxy"] = f"http://127.0.0.1:{proxy.port}"
        return proxy
