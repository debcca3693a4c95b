#!/usr/bin/env python3
"""The AWS configuration, row by row, as the whole program sees it: what may
stand in the files, which profile and region it makes, what each setting does,
and where a request goes."""
import base64
import json
import os
import re
import socket
import subprocess
import threading
import time
import unittest

import harness
import identity
from identity import REGION, env_keys, keys, user

IN = f"region = {REGION}\n"
DEFAULT = f"[default]\n{IN}" + keys("config")
CONFIG_ARN = user("config")

# --- files and their grammar --------------------------------------------

# [what, config, profile (None: default), what "whoami" must then say]; a
# number in front of the text means a refusal with that code.
GRAMMAR = [
    ("lines end in CRLF", DEFAULT.replace("\n", "\r\n"), None, CONFIG_ARN),
    ("a comment is a line that begins with # or ;",
     "# a\n  ; b = c\n[default]\n   # d\n" + IN + keys("config") + "; e\n",
     None, CONFIG_ARN),
    ("nothing behind a value is a comment",
     f"[default]\nregion = {REGION} # x\n", None,
     (255, f"Provided region_name '{REGION} # x' doesn't match a supported "
           "format.")),
    ("a header ends at its last bracket, and the rest is ignored",
     f'[profile "a]b"] junk\n{IN}{keys("other")}', "a]b", user("other")),
    ("a header is not trimmed", f"[ profile q]\n{IN}{keys('other')}", "q",
     (255, "The config profile (q) could not be found")),
    ("a colon divides as well", f"[default]\nregion : {REGION}\n" +
     keys("config").replace("=", ":"), None, CONFIG_ARN),
    ("the first divider divides", "[default]\nregion = a=b:c\n", None,
     (255, "Provided region_name 'a=b:c' doesn't match a supported format.")),
    ("keys have no case and are trimmed",
     f"[default]\nReGiOn  = {REGION}\n" +
     keys("config").replace("aws_access_key_id", "AWS_Access_KEY_id"),
     None, CONFIG_ARN),
    ("a key may hold spaces",
     "[default]\nsome words here = 1\n" + IN + keys("config"), None,
     CONFIG_ARN),
    ("quotes belong to the value", f'[default]\nregion = "{REGION}"\n', None,
     (255, f"Provided region_name '\"{REGION}\"' doesn't match a supported "
           "format.")),
    ("nothing is interpolated", "[default]\nx = %(region)s $HOME %\n"
     "region = $R\n", None,
     (255, "Provided region_name '$R' doesn't match a supported format.")),
    ("a line without a divider", "[default]\nregion\n", None,
     (255, "Unable to parse config file: {config} (line 2: ... ")),
    ("a key before any section", "region = x\n[default]\n", None,
     (255, "Unable to parse config file: {config} (line 1: ... ")),
    ("a value may be empty", "[default]\naws_access_key_id =\n" + IN, None,
     (255, "Partial credentials found in config-file, missing: "
           "aws_secret_access_key")),
    ("deeper lines continue the value", "[default]\nregion = a\n   b\n\n  c\n",
     None,
     (255, "Provided region_name 'a b  c' doesn't match a supported "
           "format.")),  # A message is one line
    ("an indented section or key is part of the value",
     "[default]\n" + IN + keys("config") + "x = 1\n  [profile y]\n"
     "  region = z\n", None, CONFIG_ARN),
    ("the first key may be indented, its peers with it",
     f"[default]\n   region = {REGION}\n   " +
     keys("config").replace("\n", "\n   "), None, CONFIG_ARN),
    ("a block is a map", "[default]\n" + keys("config") + IN + "services = s\n"
     "endpoint_url = http://127.0.0.1:1\n"
     "[services s]\nsts =\n  endpoint_url = {api}\n  # no comment\n  x = y = z"
     "\nec2 =\n  endpoint_url = http://127.0.0.1:2\n", None, CONFIG_ARN),
    ("keys of a block have a case", "[default]\n" + keys("config") + IN +
     "services = s\nendpoint_url = {api}\n"
     "[services s]\nsts =\n  Endpoint_URL = http://127.0.0.1:1\n", None,
     CONFIG_ARN),
    ("a line of a block without =", "[default]\n" + IN +
     "s3 =\n  a = b\n  what\n", None,
     (255, "Unable to parse config file: {config} ( ... s3 ... ")),
    ("a key twice", "[default]\nregion = a\nREGION = b\n", None,
     (255, "Unable to parse config file: {config} (line 3: ... ")),
    ("a section twice", "[default]\n[profile a]\n[profile a]\n", None,
     (255, "Unable to parse config file: {config} (line 3: ... ")),
    ("[DEFAULT] is in every section",
     f"[DEFAULT]\nregion = {REGION}\n[profile a]\n" + keys("other"), "a",
     user("other")),
    ("[Default] is no profile", "[Default]\n" + IN, None,
     (253, "An error occurred (NoRegion): You must specify a region. ... ")),
    ("not UTF-8", b"[default]\nregion = \xff\n", None,
     (255, "Unable to parse config file: {config} (line 2: ... ")),
    ("a byte order mark", b"\xef\xbb\xbf[default]\n", None,
     (255, "Unable to parse config file: {config} (line 1: ... ")),
    # Names of sections
    ("[profile NAME]", f"[profile a]\n{IN}{keys('other')}", "a",
     user("other")),
    ('[profile "a b"]', f'[profile "a b"]\n{IN}{keys("other")}', "a b",
     user("other")),
    ("[profile 'x']", f"[profile 'x']\n{IN}{keys('other')}", "x",
     user("other")),
    ("[profile a b]", f"[profile a b]\n{IN}", "a",
     (255, "The config profile (a) could not be found")),
    ("[profilez]", f"[profilez]\n{IN}", "profilez",
     (255, "The config profile (profilez) could not be found")),
    ("[foo]", f"[foo]\n{IN}", "foo",
     (255, "The config profile (foo) could not be found")),
    ("[plugins]", f"[plugins]\nregion = x\n{DEFAULT}", None, CONFIG_ARN),
    ("an open quote in a name", f"[profile \"x]\n{DEFAULT}", None,
     CONFIG_ARN),
    ("[profile default] replaces [default] before it",
     f"[default]\nregion = a b\n[profile default]\n{IN}{keys('config')}",
     None, CONFIG_ARN),
    ("[default] replaces [profile default] before it",
     f"[profile default]\nregion = a b\n[default]\n{IN}{keys('config')}",
     None, CONFIG_ARN),
    ("nothing is inherited from [default]", DEFAULT + "[profile a]\n" +
     keys("other"), "a",
     (253, "An error occurred (NoRegion): You must specify a region. ... ")),
]

# --- profile and region -------------------------------------------------

THREE = "".join(f"[profile {n}]\n{IN}{keys(n)}"
                for n in ("config", "other", "shared"))

# [environment, flags, what comes of it] with the three profiles above.
PROFILE = [
    ({"AWS_PROFILE": "other"}, ["--profile", "config"], user("config")),
    ({"AWS_PROFILE": "other", "AWS_DEFAULT_PROFILE": "config"}, [],
     user("other")),
    ({"AWS_DEFAULT_PROFILE": "config"}, [], user("config")),
    ({}, [], (253, "An error occurred (NoRegion): You must specify a region."
                   " You can also configure your region by running "
                   "\"aws configure\".")),
    ({"AWS_PROFILE": "nope"}, [],
     (255, "The config profile (nope) could not be found")),
    ({"AWS_DEFAULT_PROFILE": "nope"}, [],
     (255, "The config profile (nope) could not be found")),
    ({"AWS_PROFILE": "", "AWS_DEFAULT_PROFILE": "other"}, [],
     (255, "The config profile () could not be found")),
    ({}, ["--profile", "nope"],
     (255, "The config profile (nope) could not be found")),
    ({}, ["--profile", "default"],
     (255, "The config profile (default) could not be found")),
]

# [environment, flags, region or refusal, source]; the profile says us-west-2.
REGIONS = [
    ({"AWS_REGION": "ap-south-1"}, ["--region", "eu-west-1"], "eu-west-1",
     "--region"),
    ({"AWS_REGION": "ap-south-1", "AWS_DEFAULT_REGION": "eu-west-3"}, [],
     "ap-south-1", "AWS_REGION"),
    ({"AWS_DEFAULT_REGION": "eu-west-3"}, [], "eu-west-3",
     "AWS_DEFAULT_REGION"),
    ({}, [], "us-west-2", "the profile"),
    ({"AWS_REGION": "us west"}, [],
     (255, "Provided region_name 'us west' doesn't match a supported format."),
     None),
    ({}, ["--region", "1234"],
     (255, "Provided region_name '1234' doesn't match a supported format."),
     None),
    ({}, ["--region=-a"],
     (255, "Provided region_name '-a' doesn't match a supported format."),
     None),
    ({}, ["--region", "a" * 64],
     (255, f"Provided region_name '{'a' * 64}' doesn't match a supported "
           "format."), None),
]

# --- settings that are refused -------------------------------------------

# [environment, lines of the profile, code and text]
BAD_SETTINGS = [
    ({"AWS_MAX_ATTEMPTS": "abc"}, "",
     "invalid literal for int() with base 10: 'abc'"),
    ({}, "max_attempts = 1.5",
     "invalid literal for int() with base 10: '1.5'"),
    ({"AWS_MAX_ATTEMPTS": "0"}, "",
     'Value provided to "max_attempts": 0 must be an integer greater than or '
     'equal to one.'),
    ({}, "retry_mode = legacy",
     'Invalid value provided to "mode": "legacy" must be one of: "standard" '
     'or "adaptive"'),
    ({"AWS_RETRY_MODE": "foo"}, "retry_mode = standard",
     'Invalid value provided to "mode": "foo" must be one of: "standard" or '
     '"adaptive"'),
    ({"AWS_METADATA_SERVICE_TIMEOUT": "x"}, "",
     "invalid literal for int() with base 10: 'x'"),
    ({}, "metadata_service_num_attempts = many",
     "invalid literal for int() with base 10: 'many'"),
    ({"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv5"}, "",
     "Invalid EC2 Instance Metadata endpoint mode: IPv5 Valid endpoint modes "
     "(case-insensitive): ('ipv4', 'ipv6')."),
    ({}, "ec2_metadata_service_endpoint = not a url",
     "Invalid endpoint EC2 Instance Metadata endpoint: not a url"),
    ({"AWS_CA_BUNDLE": " "}, "",
     "Invalid CA bundle: the configured value (ca_bundle, AWS_CA_BUNDLE, "
     "REQUESTS_CA_BUNDLE, or verify) resolved to an empty or whitespace-only "
     "string. Provide a valid path to a CA bundle file."),
    ({}, "services = nope",
     'The profile is configured to use the services section but the "nope" '
     'services configuration does not exist.'),
    ({"AWS_ENDPOINT_URL": "http://no good"}, "",
     "Invalid endpoint: http://no good"),
    ({"AWS_ENDPOINT_URL_STS": "foo"}, "", "Invalid endpoint: foo"),
]

# --- where requests go -----------------------------------------------------

# [environment, lines of the profile, flags, does it reach the emulator?]  The
# emulator is at @; everything else leads nowhere.
URLS = [
    ({"AWS_ENDPOINT_URL": "@"}, "", [], True),
    ({"AWS_ENDPOINT_URL": "@/"}, "", [], True),
    ({"AWS_ENDPOINT_URL": "-"}, "", ["--endpoint-url", "@"], True),
    ({"AWS_ENDPOINT_URL": "@"}, "", ["--endpoint-url", "-"], False),
    ({"AWS_ENDPOINT_URL_STS": "@", "AWS_ENDPOINT_URL": "-"}, "", [], True),
    ({"AWS_ENDPOINT_URL_STS": "", "AWS_ENDPOINT_URL": "@"}, "", [], True),
    ({"AWS_ENDPOINT_URL_EC2": "-", "AWS_ENDPOINT_URL": "@"}, "", [], True),
    ({"AWS_ENDPOINT_URL": "@"}, "endpoint_url = -", [], True),
    ({"AWS_ENDPOINT_URL": ""}, "endpoint_url = @", [], True),
    ({}, "endpoint_url = @", [], True),
    ({"AWS_ENDPOINT_URL": "@"}, "services = s\n[services s]\nsts =\n"
     "  endpoint_url = -", [], True),
    ({}, "services = s\nendpoint_url = -\n[services s]\nsts =\n"
     "  endpoint_url = @", [], True),
    ({}, "services = s\nendpoint_url = @\n[services s]\nsts =\n"
     "  endpoint_url =", [], True),
    ({"AWS_ENDPOINT_URL": "@"}, "services = nope", [], True),
    ({"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, "",
     ["--endpoint-url", "@"], True),
]

PARTITIONS = {  # region: suffix, dual-stack suffix (None: cannot be made)
    "eu-central-1": ("amazonaws.com", "api.aws"),
    "cn-north-1": ("amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    "us-gov-west-1": ("amazonaws.com", "api.aws"),
    "us-iso-east-1": ("c2s.ic.gov", "api.aws.ic.gov"),
    "us-isob-east-1": ("sc2s.sgov.gov", "api.aws.scloud"),
    "eu-isoe-west-1": ("cloud.adc-e.uk", None),
    "us-isof-south-1": ("csp.hci.ic.gov", None),
    "eusc-de-east-1": ("amazonaws.eu", "api.amazonwebservices.eu"),
    "xx-nowhere-7": ("amazonaws.com", "api.aws"),
}
PUBLIC_KEY = "ssh-ed25519 " + base64.b64encode(
    b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(range(32))).decode()
NO_DUAL = ("Unable to construct a modeled endpoint with the following "
           "variant(s) ['dualstack']: ")


class Config(identity.Identity):
    def check(self, want, *flags, text=None):
        """"whoami" says the ARN @want, or refuses as @want says."""
        if isinstance(want, str):
            self.assertEqual(self.whoami(*flags)["Arn"], want)
            return
        code, said = want
        said = said.replace("{config}", str(self.aws / "config"))
        self.refused(code, said, *flags)

    def row(self, *what):
        """One row of a table, in a home of its own."""
        self.home_again()
        return self.subTest(" | ".join(str(w) for w in what))

    def test_grammar(self):
        for what, config, profile, want in GRAMMAR:
            with self.row(what):
                if isinstance(config, str):
                    config = config.replace("{api}", self.api)
                    if "endpoint_url" in config:
                        del self.env["AWS_ENDPOINT_URL"]
                self.config(config)
                self.check(want, *(["--profile", profile] if profile else []))

    def test_the_credentials_file(self):
        name = str(self.aws / "credentials")
        rows = [  # config, credentials, profile, outcome
            ("", f"[x]\n{IN}{keys('shared')}", "x", user("shared")),
            ("", f"[profile z]\n{IN}{keys('shared')}", "profile z",
             user("shared")),
            ("", f"[profile z]\n{IN}{keys('shared')}", "z",
             (255, "The config profile (z) could not be found")),
            # Key by key over the profile of the same name
            (f"[profile m]\nregion = a b\n{keys('config')}",
             f"[m]\n{IN}{keys('shared')}", "m", user("shared")),
            (f"[profile m]\n{IN}{keys('config')}", "[m]\nx = y\n", "m",
             user("config")),
            (f"[profile m]\n{IN}", f"[m]\nendpoint_url = @\n{keys('shared')}",
             "m", user("shared")),
            # The providers of keys look into their own file only
            (f"[profile m]\n{IN}aws_secret_access_key = x\n",
             f"[m]\naws_access_key_id = y\n", "m",
             (255, "Partial credentials found in shared-credentials-file, "
                   "missing: aws_secret_access_key")),
            ("", "[x\n", None,
             (255, f"Unable to parse config file: {name} (line 1: ... ")),
            (DEFAULT, "x = y\n", None,
             (255, f"Unable to parse config file: {name} (line 1: ... ")),
        ]
        for config, credentials, profile, want in rows:
            with self.row(config, credentials):
                if "@" in credentials:
                    credentials = credentials.replace("@", self.api)
                    del self.env["AWS_ENDPOINT_URL"]
                self.config(config)
                self.credentials(credentials)
                self.check(want, *(["--profile", profile] if profile else []))

    def test_where_the_files_are(self):
        elsewhere = self.write("else where/c", DEFAULT)
        rows = [
            ("AWS_CONFIG_FILE", str(elsewhere), user("config")),
            ("AWS_CONFIG_FILE", "~/else where/c", user("config")),
            ("AWS_CONFIG_FILE", "$WHERE/c", user("config")),
            ("AWS_CONFIG_FILE", "${WHERE}/c", user("config")),
            ("AWS_CONFIG_FILE", "/nonexistent/c", None),
            ("AWS_CONFIG_FILE", str(self.home), None),
            ("AWS_CONFIG_FILE", "/dev/null", None),
            ("AWS_SHARED_CREDENTIALS_FILE", "~/else where/c", user("config")),
            ("AWS_SHARED_CREDENTIALS_FILE", "$WHERE/c", user("config")),
            ("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/c", None),
        ]
        for name, value, want in rows:
            with self.row(name, value):
                self.write("else where/c", DEFAULT)
                self.env["WHERE"] = str(elsewhere.parent)
                self.env[name] = value
                if want:
                    self.check(want)
                else:
                    self.check((253, "An error occurred (NoRegion): ... "))
        with self.row("no HOME: the passwd entry is home"):
            home = os.path.expanduser(f"~{harness.USER}")
            del self.env["HOME"]
            self.env["AWS_CONFIG_FILE"] = "~/nonexistent-of-eice"
            done = self.run_eice("whoami", "--debug")
            self.assertEqual(done.returncode, 253, done.stderr)
            self.assertTrue(home.startswith("/"))

    def test_a_file_that_may_not_be_read(self):
        if os.getuid() == 0:
            self.skipTest("root may read everything")
        self.config(DEFAULT)
        (self.aws / "config").chmod(0)
        self.check((253, "An error occurred (NoRegion): ... "))

    def test_profiles(self):
        for env, flags, want in PROFILE:
            with self.row(env, flags):
                self.config(THREE)
                self.env.update(env)
                self.check(want, *flags)

    def test_regions(self):
        for env, flags, want, source in REGIONS:
            with self.row(env, flags):
                self.config(f"[default]\nregion = us-west-2\n{keys('config')}")
                self.env.update(env)
                if source is None:
                    self.refused(*want, *flags)
                    continue
                answer = self.whoami(*flags)
                self.assertEqual((answer["Region"], answer["RegionSource"]),
                                 (want, source))

    def test_no_region_and_an_empty_one(self):
        self.env.update(env_keys("env"))
        self.refused(253, "An error occurred (NoRegion): You must specify a "
                     "region. You can also configure your region by running "
                     "\"aws configure\".")
        del self.env["AWS_ENDPOINT_URL"]
        self.env["AWS_REGION"] = ""
        self.config(DEFAULT)  # Empty is set
        self.refused(255, "Invalid endpoint: https://ec2..amazonaws.com")

    def test_the_region_of_the_instance(self):
        self.env.update(env_keys("env"))
        self.use_imds()
        answer = self.whoami()
        self.assertEqual((answer["Region"], answer["RegionSource"]),
                         (REGION, "IMDS"))
        self.env["AWS_EC2_METADATA_V1_DISABLED"] = "true"
        self.assertEqual(self.whoami()["Region"], REGION)
        self.fault("/latest/api/token", status=404, body="no such thing")
        self.refused(255, "Error retrieving metadata: Unable to retrieve "
                     "token for use in IMDSv2 call and IMDSv1 has been "
                     "disabled")
        del self.env["AWS_EC2_METADATA_V1_DISABLED"]
        self.assertEqual(self.whoami()["RegionSource"], "IMDS")
        self.env["AWS_EC2_METADATA_DISABLED"] = "true"
        self.refused(253, "An error occurred (NoRegion): ... ")

    # Settings ---------------------------------------------------------------

    def test_settings_that_are_refused(self):
        for env, lines, text in BAD_SETTINGS:
            with self.row(env, lines):
                if "services" in lines:
                    del self.env["AWS_ENDPOINT_URL"]
                self.config(DEFAULT + lines + "\n")
                self.env.update(env)
                self.refused(255, text)

    def attempts(self, status, code, *flags):
        """How often a call that always fails is made, and what is said."""
        self.control(do="clear")
        text = f"on order {time.monotonic()}"
        self.fault("GetCallerIdentity", status=status, code=code, message=text)
        done = self.run_eice("whoami", *flags)
        self.assertEqual(done.returncode, 254, done.stderr)
        own = [line for line in done.stderr.splitlines()
               if line.startswith("eice: ")]
        self.assertTrue(own[-1].endswith(f": {text}"), done.stderr)
        return len([e for e in self.trail("GetCallerIdentity")
                    if e.get("errorMessage") == text]), done.stderr

    def test_retries(self):
        rows = [
            ({}, "", 3, 500, "InternalError"),
            ({"AWS_MAX_ATTEMPTS": "2"}, "max_attempts = 4", 2, 500, "x"),
            ({}, "max_attempts = 1", 1, 503, "x"),
            ({"AWS_RETRY_MODE": "standard"}, "retry_mode = adaptive", 3, 400,
             "Throttling"),
            ({}, "retry_mode = adaptive", 3, 400, "RequestLimitExceeded"),
            ({"AWS_NEW_RETRIES_2026": "true"}, "max_attempts = 4", 4, 500,
             "x"),
            ({}, "", 1, 400, "SomethingElse"),
        ]
        for env, lines, n, status, code in rows:
            with self.row(env, lines, code):
                self.config(DEFAULT + lines + "\n")
                self.env.update(env)
                made, said = self.attempts(status, code)
                self.assertEqual(made, n)
                retries = ("" if code == "SomethingElse" else
                           f" (reached max retries: {n - 1})")
                self.assertIn(
                    f"eice: [ERROR]: An error occurred ({code}) when calling "
                    f"the GetCallerIdentity operation{retries}: ", said)

    def test_new_retries_wait_less(self):
        """Three waits of at most 0.05, 0.1 and 0.2 s, where the old ones may
        be 1, 2 and 4: so it says, and then it does no more than that."""
        self.config(DEFAULT + "max_attempts = 4\n")
        self.env["AWS_NEW_RETRIES_2026"] = "true"

        def took():
            began = time.monotonic()
            made, said = self.attempts(500, "x", "--debug")
            self.assertEqual(made, 4)
            waits = re.findall(r"trying again in (\d+) ms", said)
            self.assertEqual(len(waits), 3, said)
            for wait, most in zip(waits, (50, 100, 200)):
                self.assertLessEqual(int(wait), most)
            return time.monotonic() - began

        harness.in_time("a run of four tries", 3, took)

    def test_trust(self):
        ca = self.ready["ca_file"]
        rows = [  # environment, lines, flags, exit code
            ({"AWS_CA_BUNDLE": ca}, "", [], 0),
            ({"AWS_CA_BUNDLE": ca}, "ca_bundle = /nonexistent", [], 0),
            ({}, f"ca_bundle = {ca}", [], 0),
            ({"REQUESTS_CA_BUNDLE": ca}, "", [], 0),
            ({"REQUESTS_CA_BUNDLE": "/nonexistent"}, f"ca_bundle = {ca}", [],
             0),
            ({"AWS_CA_BUNDLE": "/nonexistent"}, "", ["--ca-bundle", ca], 0),
            ({"AWS_CA_BUNDLE": "/nonexistent"}, "", ["--no-verify-ssl"], 0),
            ({"AWS_CA_BUNDLE": "/nonexistent"}, "", [], 255),
            ({}, "", [], 255),
        ]
        for env, lines, flags, code in rows:
            with self.row(env, lines, flags):
                del self.env["AWS_CA_BUNDLE"]
                self.config(DEFAULT + lines + "\n")
                self.env.update(env)
                done = self.run_eice("whoami", "--json", *flags)
                self.assertEqual(done.returncode, code, done.stderr)

    def test_the_application_is_named(self):
        for env, lines, want in (
                ({"AWS_SDK_UA_APP_ID": "from-env"}, "sdk_ua_app_id = p",
                 "app/from-env"),
                ({}, "sdk_ua_app_id = from-profile", "app/from-profile"),
                ({}, "", None)):
            with self.row(env, lines):
                self.config(DEFAULT + lines + "\n")
                self.env.update(env)
                self.whoami()
                agent = self.trail("GetCallerIdentity")[-1]["userAgent"]
                if want:
                    self.assertIn(want, agent)
                else:
                    self.assertNotIn("app/", agent)
        with self.row("more than 50 characters are only warned of"):
            self.config(DEFAULT)
            self.env["AWS_SDK_UA_APP_ID"] = "a" * 51
            done = self.run_eice("whoami")
            self.assertEqual(done.returncode, 0)
            self.assertIn("longer than 50 characters", done.stderr)

    def test_output(self):
        rows = [
            ({}, "", [], r'^{\n    "RequestId": "'),
            ({}, "output = yaml", [], "^RequestId: "),
            ({"AWS_DEFAULT_OUTPUT": "text"}, "output = yaml", [],
             r"^[0-9a-f-]{36}\tTrue\n$"),
            ({"AWS_DEFAULT_OUTPUT": "text"}, "output = yaml",
             ["--output", "json"], "^{"),
            ({}, "output = table", [], "^-+\n\\|  *SendSSHPublicKey"),
        ]
        for env, lines, flags, begin in rows:
            with self.row(env, lines, flags):
                self.config(DEFAULT + lines + "\n")
                self.env.update(env)
                done = self.run_eice("send-ssh-public-key", "--instance-id",
                                     harness.INSTANCE, "--instance-os-user",
                                     "me", "--ssh-public-key", PUBLIC_KEY,
                                     *flags)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertRegex(done.stdout, begin)

    def test_how_errors_are_printed(self):
        rows = [
            ({}, "", [], "eice: [ERROR]: An error occurred (NoCredentials): "
             "Unable"),
            ({"AWS_CLI_ERROR_FORMAT": "legacy"}, "cli_error_format = json",
             [], "eice: [ERROR]: Unable to locate"),
            ({}, "cli_error_format = legacy", [],
             "eice: [ERROR]: Unable to locate"),
            ({}, "cli_error_format = json", [],
             '{"Code": "NoCredentials", "Message": "Unable'),
            ({}, "cli_error_format = json", ["--cli-error-format", "yaml"],
             "Code: NoCredentials\n"),
        ]
        for env, lines, flags, begin in rows:
            with self.row(env, lines, flags):
                self.config(f"[default]\n{IN}{lines}\n")
                self.env.update(env)
                done = self.run_eice("whoami", *flags)
                self.assertEqual(done.returncode, 253)
                self.assertTrue(done.stderr.startswith(begin), done.stderr)

    def test_parameters_are_validated_unless_told_otherwise(self):
        words = ("send-ssh-public-key", "--instance-id", harness.INSTANCE,
                 "--instance-os-user", "me", "--ssh-public-key", "abc")
        self.config(DEFAULT)
        self.refused(252, "An error occurred (ParamValidation): Parameter "
                     "validation failed: Invalid length for parameter "
                     "SSHPublicKey, value: 3, valid min length: 80",
                     words=words)
        self.config(DEFAULT + "parameter_validation = true\n")
        self.refused(252, " ... valid min length: 80", words=words)
        self.config(DEFAULT + "parameter_validation = false\n")
        self.refused(254, "An error occurred (InvalidArgsException) ... ",
                     words=words)

    @unittest.skipUnless(os.path.exists("/proc/net/tcp"), "needs /proc")
    def test_connections_are_probed_if_wanted(self):
        """tcp_keepalive, seen by the kernel's timer of the connection."""
        port = f":{self.ready['https_port']:04X}"

        def timer():
            with open("/proc/net/tcp", encoding="ascii") as table:
                for line in table:
                    words = line.split()
                    if words[2].endswith(port) and words[3] == "01":
                        return words[5].split(":")[0]
            return None

        for lines, want in (("", "00"), ("tcp_keepalive = false", "00"),
                            ("tcp_keepalive = true", "02")):
            with self.row(lines):
                self.config(DEFAULT + lines + "\n")
                self.fault("GetCallerIdentity", delay_ms=120000, times=1)
                eice = self.start([harness.EICE, "whoami"],
                                  stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
                harness.wait_for(f"timer {want}", lambda: timer() == want)
                self.stop(eice)
                self.control(do="clear")
                harness.wait_for("its end", lambda: timer() is None)

    # Where requests go ------------------------------------------------------

    def test_endpoint_urls(self):
        nowhere = f"http://127.0.0.1:{harness.free_port()}"

        def put(text):
            return text.replace("@", self.api) if "@" in text else (
                nowhere if text == "-" else text)

        for env, lines, flags, reaches in URLS:
            with self.row(env, lines, flags):
                del self.env["AWS_ENDPOINT_URL"]
                self.env["AWS_MAX_ATTEMPTS"] = "1"
                self.env.update({k: put(v) for k, v in env.items()})
                self.config(DEFAULT + "\n".join(
                    line.replace("= -", "= " + nowhere).replace(
                        "@", self.api) for line in lines.split("\n")) + "\n")
                flags = [put(f) for f in flags]
                if reaches:
                    self.check(CONFIG_ARN, *flags)
                else:
                    self.refused(255, "Could not connect to the endpoint URL:"
                                 f' "{nowhere}/" ... ', *flags)

    def test_an_endpoint_without_a_scheme(self):
        self.config(DEFAULT)
        self.refused(252, "An error occurred (ParamValidation): Bad value for "
                     '--endpoint-url "foo": scheme is missing.  Must be of '
                     "the form http://<hostname>/ or https://<hostname>/",
                     "--endpoint-url", "foo")

    def hosts(self, proxy, *words):
        proxy.hosts.clear()
        done = self.run_eice(*words)
        if not proxy.hosts:
            self.fail((done.returncode, done.stdout, done.stderr))
        return list(dict.fromkeys(proxy.hosts))

    def test_hosts_of_every_partition(self):
        proxy = self.through_proxy()
        for region, (suffix, dual) in PARTITIONS.items():
            gov = region.startswith("us-gov")
            for variant, host in (
                    ("", f"sts.{region}.{suffix}"),
                    ("f", f"sts{'' if gov else '-fips'}.{region}.{suffix}"),
                    ("d", dual and f"sts.{region}.{dual}"),
                    ("fd", dual and f"sts-fips.{region}.{dual}")):
                with self.row(region, variant):
                    self.env["AWS_MAX_ATTEMPTS"] = "1"
                    self.config(
                        f"[default]\nregion = {region}\n{keys('config')}"
                        f"use_fips_endpoint = {'f' in variant}\n"
                        f"use_dualstack_endpoint = {'d' in variant}\n")
                    if host:
                        self.assertEqual(self.hosts(proxy, "whoami"), [host])
                    else:
                        self.refused(255, NO_DUAL.rstrip() + " ... ")

    def test_hosts_of_every_service(self):
        proxy = self.through_proxy()
        push = ("send-ssh-public-key", "--instance-id", harness.INSTANCE,
                "--instance-os-user", "me", "--ssh-public-key",
                PUBLIC_KEY, "--availability-zone", "x")
        rows = [  # environment, command, hosts in their order
            ({}, ("list",), ["ec2.eu-central-1.amazonaws.com"]),
            ({"AWS_USE_FIPS_ENDPOINT": "true"}, ("list",),
             ["ec2-fips.eu-central-1.amazonaws.com"]),
            ({"AWS_USE_DUALSTACK_ENDPOINT": "TRUE"}, ("list",),
             ["ec2.eu-central-1.api.aws"]),
            ({"AWS_USE_FIPS_ENDPOINT": "yes"}, ("list",),
             ["ec2.eu-central-1.amazonaws.com"]),
            ({}, push, ["ec2-instance-connect.eu-central-1.amazonaws.com"]),
            ({"AWS_REGION": "us-gov-west-1", "AWS_USE_FIPS_ENDPOINT": "true"},
             push,
             ["ec2-instance-connect-fips.us-gov-west-1.amazonaws.com"]),
            ({"AWS_REGION": "fips-eu-central-1"}, ("whoami",),
             ["sts-fips.eu-central-1.amazonaws.com"]),
            ({"AWS_REGION": "eu-central-1-fips"}, ("whoami",),
             ["sts-fips.eu-central-1.amazonaws.com"]),
            ({"AWS_REGION": "aws-global"}, ("whoami",),
             ["sts.amazonaws.com"]),
            ({"AWS_PROFILE": "sso"}, ("whoami",),
             ["oidc.eu-central-1.amazonaws.com",
              "portal.sso.eu-central-1.amazonaws.com",
              "sts.eu-central-1.amazonaws.com"]),
            ({"AWS_PROFILE": "login"}, ("whoami",),
             ["eu-central-1.signin.aws.amazon.com",
              "sts.eu-central-1.amazonaws.com"]),
        ]
        for env, words, want in rows:
            with self.row(env, words):
                self.config(
                    DEFAULT + "[profile sso]\nsso_session = s\n" + IN +
                    f"sso_account_id = {identity.ACCOUNT}\n"
                    "sso_role_name = admin\n[sso-session s]\n"
                    f"sso_start_url = {identity.START_URL}\n"
                    f"sso_region = {REGION}\n"
                    f"[profile login]\n{IN}login_session = "
                    f"{user('someone')}\n")
                self.sso_file("s", expiresAt=identity.in_seconds(60))
                self.login_file()
                self.env["AWS_MAX_ATTEMPTS"] = "1"
                self.env.update(env)
                self.assertEqual(self.hosts(proxy, *words), want)

    def test_configured_urls_may_be_ignored(self):
        proxy = self.through_proxy()
        sts = ["sts.eu-central-1.amazonaws.com"]
        for env, lines, want in (
                ({"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "True"}, "", sts),
                ({}, "ignore_configured_endpoint_urls = true\n", sts),
                ({"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"},
                 "ignore_configured_endpoint_urls = true\n", ["localhost"]),
                ({"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "1"}, "",
                 ["localhost"])):
            with self.row(env, lines):
                self.env["AWS_ENDPOINT_URL"] = "https://localhost"
                self.env["AWS_MAX_ATTEMPTS"] = "1"
                self.env.update(env)
                self.config(DEFAULT + "endpoint_url = https://localhost\n" +
                            lines)
                self.assertEqual(self.hosts(proxy, "whoami"), want)

    def test_a_configured_url_takes_neither_fips_nor_dual_stack(self):
        self.config(DEFAULT + "use_fips_endpoint = true\n"
                    "use_dualstack_endpoint = true\n")
        self.check(CONFIG_ARN)

    def test_urls_lead_the_chain_too_but_the_flag_does_not(self):
        """AWS_ENDPOINT_URL and the profile's are for every client, the flag
        only for that of the command."""
        self.config(f"[default]\n{IN}role_arn = {identity.role('plain')}\n"
                    "source_profile = b\nrole_session_name = me\n"
                    f"[profile b]\n{keys('other')}")
        arn = identity.session("plain", "me")
        self.check(arn)
        harness.shutil.rmtree(self.aws / "cli")
        proxy = self.through_proxy()
        done = self.run_eice("whoami", "--json", "--endpoint-url", self.api)
        self.assertEqual(json.loads(done.stdout)["Arn"], arn)
        self.assertIn("sts.eu-central-1.amazonaws.com", proxy.hosts)


class Silent:
    """Something that takes connections and never says a word."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.taken = []
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        while True:
            try:
                self.taken.append(self.listener.accept()[0])
            except OSError:
                return

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(harness.PATIENCE)
        self.listener.close()


class Metadata(identity.Identity):
    """How IMDS is reached: A4's rows about it."""

    def setUp(self):
        super().setUp()
        self.use_imds()
        self.env["AWS_REGION"] = REGION

    def test_the_endpoint(self):
        del self.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"]
        self.config(f"[default]\nec2_metadata_service_endpoint = "
                    f"{self.metadata}/\n")
        self.assertEqual(self.whoami()["CredentialsSource"], "iam-role")
        self.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = (
            f"http://127.0.0.1:{harness.free_port()}")
        self.refused(253, "An error occurred (NoCredentials): Unable to "
                     "locate credentials. You can configure credentials by "
                     "running \"aws login\".")

    def test_its_modes(self):
        for env, lines in (
                ({"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"}, ""),
                ({}, "ec2_metadata_service_endpoint_mode = ipv6"),
                ({"AWS_IMDS_USE_IPV6": "true"}, ""),
                ({}, "imds_use_ipv6 = true")):
            with self.subTest(str(env) + lines):
                self.env.pop("AWS_EC2_METADATA_SERVICE_ENDPOINT", None)
                self.env["AWS_METADATA_SERVICE_TIMEOUT"] = "1"
                self.config(f"[default]\n{lines}\n")
                done = self.run_eice("whoami", "--debug",
                                     env=dict(self.env, **env,
                                              http_proxy="http://127.0.0.1:1"))
                self.assertEqual(done.returncode, 253)
                self.assertIn("[fd00:ec2::254]", done.stderr)

    def test_time_and_attempts(self):
        silent = Silent()
        self.addCleanup(silent.close)

        def took(env):
            began = time.monotonic()
            done = self.run_eice("whoami", env=dict(self.env, **env))
            self.assertEqual(done.returncode, 253, done.stderr)
            seconds = time.monotonic() - began
            # One second for the token, one more for version 1
            self.assertGreater(seconds, 1.9)
            return seconds

        for env, lines in (
                ({"AWS_METADATA_SERVICE_TIMEOUT": "1"}, ""),
                ({}, "metadata_service_timeout = 1"),
                ({}, "")):
            with self.subTest(str(env) + lines):
                self.env.pop("AWS_METADATA_SERVICE_TIMEOUT", None)
                self.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = (
                    f"http://127.0.0.1:{silent.port}")
                self.config(f"[default]\n{lines}\n")
                harness.in_time("a run of two tries", 10,
                                lambda e=env: took(e))
        self.env["AWS_METADATA_SERVICE_TIMEOUT"] = "30"
        for env, lines, n in (
                ({"AWS_METADATA_SERVICE_NUM_ATTEMPTS": "3"}, "", 3),
                ({}, "metadata_service_num_attempts = 2", 2)):
            with self.subTest(str(env) + lines):
                self.control(do="clear")
                self.fault("/latest/api/token", status=500, body="x",
                           times=n - 1)
                self.config(f"[default]\n{lines}\n")
                self.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = self.metadata
                self.env["AWS_EC2_METADATA_V1_DISABLED"] = "true"
                env = dict(self.env, **env)
                done = self.run_eice("whoami", env=env)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.fault("/latest/api/token", status=500, body="x",
                           times=n)
                done = self.run_eice("whoami", env=env)
                self.assertEqual(done.returncode, 255, done.stderr)

    def test_version_1_switched_off(self):
        self.fault("/latest/api/token", status=403, body="forbidden")
        self.assertEqual(self.whoami()["CredentialsSource"], "iam-role")
        text = ("Error retrieving metadata: Unable to retrieve token for use "
                "in IMDSv2 call and IMDSv1 has been disabled")
        self.config("[default]\nec2_metadata_v1_disabled = TRUE\n")
        self.refused(255, text)
        self.env["AWS_EC2_METADATA_V1_DISABLED"] = "false"
        self.assertEqual(self.whoami()["CredentialsSource"], "iam-role")

    def test_switched_off(self):
        self.env["AWS_EC2_METADATA_DISABLED"] = "TRUE"
        self.refused(253, "An error occurred (NoCredentials): Unable to "
                     "locate credentials. You can configure credentials by "
                     "running \"aws login\".")


if __name__ == "__main__":
    harness.main()
