#!/usr/bin/env python3
"""Which case shows which row of the configuration and the credential chain.

The tables below are the AWS CLI's rows; this scenario looks into the sources of
the others and fails when the case of a row, or the text of a message, is no
longer in any of them.
"""
import ast
import pathlib
import re
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
C31, C32 = "s31_config", "s32_providers"
GRAMMAR = f"{C31}:Config.test_grammar"
REFUSED = f"{C31}:Config.test_settings_that_are_refused"

# [row, file:Class.method, a word that has to be in that file's tables]
CASES = [
    # Grammar
    ("encoding", GRAMMAR, "not UTF-8"),
    ("byte order mark", GRAMMAR, "a byte order mark"),
    ("CRLF", GRAMMAR, "lines end in CRLF"),
    ("comment lines", GRAMMAR, "a comment is a line that begins with # or ;"),
    ("no inline comments", GRAMMAR, "nothing behind a value is a comment"),
    ("section header", GRAMMAR, "a header ends at its last bracket"),
    ("header not trimmed", GRAMMAR, "a header is not trimmed"),
    ("key = value, key : value", GRAMMAR, "a colon divides as well"),
    ("the first delimiter", GRAMMAR, "the first divider divides"),
    ("keys lower-cased", GRAMMAR, "keys have no case and are trimmed"),
    ("spaces in keys", GRAMMAR, "a key may hold spaces"),
    ("no quote removal", GRAMMAR, "quotes belong to the value"),
    ("no interpolation", GRAMMAR, "nothing is interpolated"),
    ("no delimiter", GRAMMAR, "a line without a divider"),
    ("key before a section", GRAMMAR, "a key before any section"),
    ("empty value", GRAMMAR, "a value may be empty"),
    ("continuation", GRAMMAR, "deeper lines continue the value"),
    ("indented section", GRAMMAR, "an indented section or key is part"),
    ("indented first key", GRAMMAR, "the first key may be indented"),
    ("nested block", GRAMMAR, "a block is a map"),
    ("case in blocks", GRAMMAR, "keys of a block have a case"),
    ("line of a block without =", GRAMMAR, "a line of a block without ="),
    ("duplicate key", GRAMMAR, "a key twice"),
    ("duplicate section", GRAMMAR, "a section twice"),
    ("[DEFAULT]", GRAMMAR, "[DEFAULT] is in every section"),
    ("[Default]", GRAMMAR, "[Default] is no profile"),
    ("[profile NAME]", GRAMMAR, "[profile NAME]"),
    ("quoted names", GRAMMAR, "[profile 'x']"),
    ("two words", GRAMMAR, "[profile a b]"),
    ("[profilez]", GRAMMAR, "[profilez]"),
    ("anything else", GRAMMAR, "[plugins]"),
    ("the later default", GRAMMAR, "[profile default] replaces [default]"),
    ("no inheritance", GRAMMAR, "nothing is inherited from [default]"),
    ("[sso-session NAME]", f"{C32}:Sso.test_with_a_session", "[sso-session my"),
    ("[services NAME]", f"{C31}:Config.test_endpoint_urls", "[services s]"),
    ("merging", f"{C31}:Config.test_the_credentials_file", None),
    ("where files are", f"{C31}:Config.test_where_the_files_are", "${WHERE}/c"),
    ("unreadable", f"{C31}:Config.test_a_file_that_may_not_be_read", None),
    ("login cache", f"{C32}:Login.test_elsewhere", "AWS_LOGIN_CACHE_DIRECTORY"),
    # Profile and region
    ("profile", f"{C31}:Config.test_profiles", "AWS_DEFAULT_PROFILE"),
    ("region", f"{C31}:Config.test_regions", "AWS_DEFAULT_REGION"),
    ("empty region", f"{C31}:Config.test_no_region_and_an_empty_one", None),
    ("region of IMDS", f"{C31}:Config.test_the_region_of_the_instance", None),
    ("pseudo-regions", f"{C31}:Config.test_hosts_of_every_service",
     "fips-eu-central-1"),
    # Settings
    ("FIPS", f"{C31}:Config.test_hosts_of_every_service",
     "AWS_USE_FIPS_ENDPOINT"),
    ("dual-stack", f"{C31}:Config.test_hosts_of_every_service",
     "AWS_USE_DUALSTACK_ENDPOINT"),
    ("ignored URLs", f"{C31}:Config.test_configured_urls_may_be_ignored",
     "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"),
    ("CA bundle", f"{C31}:Config.test_trust", "REQUESTS_CA_BUNDLE"),
    ("retry mode", f"{C31}:Config.test_retries", "AWS_RETRY_MODE"),
    ("attempts", f"{C31}:Config.test_retries", "AWS_MAX_ATTEMPTS"),
    ("new retries", f"{C31}:Config.test_new_retries_wait_less",
     "AWS_NEW_RETRIES_2026"),
    ("IMDS time", f"{C31}:Metadata.test_time_and_attempts",
     "AWS_METADATA_SERVICE_TIMEOUT"),
    ("IMDS attempts", f"{C31}:Metadata.test_time_and_attempts",
     "AWS_METADATA_SERVICE_NUM_ATTEMPTS"),
    ("IMDS endpoint", f"{C31}:Metadata.test_the_endpoint",
     "AWS_EC2_METADATA_SERVICE_ENDPOINT"),
    ("IMDS mode", f"{C31}:Metadata.test_its_modes",
     "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"),
    ("IMDSv1 off", f"{C31}:Metadata.test_version_1_switched_off",
     "AWS_EC2_METADATA_V1_DISABLED"),
    ("IMDS over v6", f"{C31}:Metadata.test_its_modes", "AWS_IMDS_USE_IPV6"),
    ("IMDS off", f"{C31}:Metadata.test_switched_off",
     "AWS_EC2_METADATA_DISABLED"),
    ("application id", f"{C31}:Config.test_the_application_is_named",
     "AWS_SDK_UA_APP_ID"),
    ("output", f"{C31}:Config.test_output", "AWS_DEFAULT_OUTPUT"),
    ("error format", f"{C31}:Config.test_how_errors_are_printed",
     "AWS_CLI_ERROR_FORMAT"),
    ("timestamp format", f"{C32}:AssumeRole.test_the_form_of_times_in_the_cache",
     "cli_timestamp_format = wire"),
    ("TCP keepalive", f"{C31}:Config.test_connections_are_probed_if_wanted",
     "tcp_keepalive = true"),
    ("validation",
     f"{C31}:Config.test_parameters_are_validated_unless_told_otherwise",
     "parameter_validation = false\n"),
    ("endpoint URL", f"{C31}:Config.test_endpoint_urls",
     "AWS_ENDPOINT_URL_STS"),
    ("URLs and variants",
     f"{C31}:Config.test_a_configured_url_takes_neither_fips_nor_dual_stack",
     None),
    ("whose URL", f"{C31}:Config."
     "test_urls_lead_the_chain_too_but_the_flag_does_not", None),
    ("partitions", f"{C31}:Config.test_hosts_of_every_partition", None),
    ("proxies", "s09_proxies", None),
    # The chain
    ("order", f"{C32}:Order.test_who_wins", None),
    ("the log", f"{C32}:Order.test_the_log_says_who_was_asked", None),
    ("--profile and env", f"{C32}:Environment.test_profiles_and_keys", None),
    ("windows of refresh", "s33_refresh:Refresh."
     "test_two_minutes_and_a_stalled_service", None),
    ("env", f"{C32}:Environment.test_keys", None),
    ("token's older name",
     f"{C32}:Environment.test_the_older_name_of_the_token_wins", None),
    ("env expiry", f"{C32}:Environment.test_an_expiry", None),
    ("source_profile", f"{C32}:AssumeRole.test_from_each_kind_of_profile",
     None),
    ("self reference", f"{C32}:AssumeRole.test_from_itself", None),
    ("chains", f"{C32}:AssumeRole.test_a_chain_of_roles", None),
    ("credential_source", f"{C32}:AssumeRole.test_from_each_credential_source",
     None),
    ("what STS is asked", f"{C32}:AssumeRole.test_what_is_asked_for", None),
    ("MFA", f"{C32}:AssumeRole.test_an_mfa_code", None),
    ("no terminal", f"{C32}:AssumeRole.test_an_mfa_code_without_a_terminal",
     None),
    ("region of STS",
     f"{C32}:AssumeRole.test_the_region_is_the_selected_profiles", None),
    ("900 seconds", f"{C32}:AssumeRole.test_a_life_too_short_for_the_cache",
     None),
    ("broken entries", f"{C32}:AssumeRole.test_broken_entries_are_rewritten",
     None),
    ("cache and CLI", "s35_aws_cli:Roles.test_a_role_with_everything", None),
    ("one question", "s30_credentials:TenAtOnce.test_one_question_and_one_call",
     None),
    ("web identity, env", f"{C32}:WebIdentity.test_by_variables", None),
    ("web identity, profile", f"{C32}:WebIdentity.test_by_a_profile", None),
    ("token verbatim", f"{C32}:WebIdentity.test_the_token_is_sent_as_it_is",
     None),
    ("sso-session", f"{C32}:Sso.test_with_a_session", None),
    ("legacy sso", f"{C32}:Sso.test_of_the_old_form", None),
    ("sso renewal", f"{C32}:Sso.test_a_token_is_renewed_and_written_back",
     None),
    ("failed renewal", f"{C32}:Sso.test_a_renewal_that_fails", None),
    ("shared file", f"{C32}:Files.test_the_credentials_file", None),
    ("login", f"{C32}:Login.test_as_it_is", None),
    ("login renewal", f"{C32}:Login.test_it_is_renewed_and_written_back",
     None),
    ("process", f"{C32}:Process.test_what_it_prints", None),
    ("no shell", f"{C32}:Process.test_no_shell", None),
    ("endless output", f"{C32}:Process.test_one_that_prints_for_ever", None),
    ("never ends", "s33_refresh:Refresh."
     "test_two_minutes_and_a_stalled_service", "it took longer than "),
    ("config file", f"{C32}:Files.test_the_config_file", None),
    ("EC2 tools", f"{C32}:Files.test_the_file_of_the_ec2_tools", None),
    ("boto", f"{C32}:Files.test_the_file_of_boto", None),
    ("container by URL", f"{C32}:Container.test_by_a_url", None),
    ("container by path", f"{C32}:LinkLocal.test_a_container",
     "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
    ("token file", f"{C32}:Container.test_a_token_in_a_file", None),
    ("container's tries", f"{C32}:Container.test_answers_that_are_none", None),
    ("IMDSv2", f"{C32}:Imds.test_version_2", None),
    ("IMDSv1", f"{C32}:Imds.test_no_token_means_version_1", None),
    ("400 of PUT", f"{C32}:Imds.test_a_bad_request_ends_it", None),
    ("bad documents", f"{C32}:Imds.test_answers_that_are_none", None),
    ("stalls", f"{C32}:Imds.test_a_service_that_stalls", None),
    ("extended expiry", f"{C32}:Imds.test_old_credentials_live_on", None),
    ("link-local", f"{C32}:LinkLocal.test_imds_over_ipv6", None),
]

# Every message, with # for what differs from case to case.
TEXTS = """\
Unable to parse config file: #
The config profile (nope) could not be found
The config profile () could not be found
You must specify a region. You can also configure your region by running "aws configure".
Invalid endpoint: https://ec2..amazonaws.com
doesn't match a supported format.
invalid literal for int() with base 10: 'abc'
Value provided to "max_attempts": 0 must be an integer greater than or equal to one.
Invalid value provided to "mode": "foo" must be one of: "standard" or "adaptive"
Invalid CA bundle: the configured value (ca_bundle, AWS_CA_BUNDLE, REQUESTS_CA_BUNDLE, or verify) resolved to an empty or whitespace-only string. Provide a valid path to a CA bundle file.
The profile is configured to use the services section but the "nope" services configuration does not exist.
Bad value for --endpoint-url "foo": scheme is missing.  Must be of the form http://<hostname>/ or https://<hostname>/
Unable to locate credentials. You can configure credentials by running "aws login".
Refreshing temporary credentials failed during #
Credentials were refreshed, but the refreshed credentials are still expired.
Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY
The profile "default" contains both source_profile and credential_source.
Partial credentials found in assume-role, missing: source_profile or credential_source
The source_profile "Z" referenced in the profile "default" does not exist.
The source profile "Z" must have credentials.
The credential source "environment" referenced in profile "default" is not valid.
Error when retrieving credentials from Environment: No credentials found in credential_source referenced in profile default
Infinite loop in credential configuration detected. Attempting to load from profile A which has already been visited. Visited profiles: ['default', 'A', 'B']
An error occurred (AccessDenied) when calling the AssumeRole operation: #
The provided profile or the current environment is configured to assume role with web identity but has no role ARN configured. Ensure that the profile has the role_arnconfiguration set or the AWS_ROLE_ARN env var is set.
[Errno 2] No such file or directory: '/nonexistent/t'
is configured to use SSO but is missing required configuration: sso_role_name, sso_start_url
The specified sso-session does not exist: "my"
The value for sso_region is inconsistent between profile (us-east-1) and sso-session (#).
Error loading SSO Token: Token for my does not exist
Error loading SSO Token: Token for # is invalid
The SSO session associated with this profile has expired or is otherwise invalid. To refresh this SSO session run aws sso login with the corresponding profile.
Error when retrieving token from sso: Token has expired and refresh failed
An error occurred (ForbiddenException) when calling the GetRoleCredentials operation: No access
Error loading login session token: #
Unable to load a existing login session for session #, Please reauthenticate with 'aws login'.
Failed to load access token from token cache, missing one or more required fields.
Your session has expired. Please reauthenticate using 'aws login'.
Unable to refresh login credentials because of a change in your password.
signin:CreateOAuth2Token
Partial credentials found in #, missing: aws_secret_access_key
Partial credentials found in ec2-credentials-file, missing: AWSSecretKey
Partial credentials found in boto-config, missing: aws_secret_access_key
Error when retrieving credentials from custom-process: #
Unsupported version '{}' for credential process provider, supported versions: 1
<Version key not provided>
Missing required key in response: 'SecretAccessKey'
Expecting value: line 1 column 1 (char 0)
[Errno 2] No such file or directory: '/nonexistent/x'
Unsupported host '#'.  Can only retrieve metadata from a loopback address or one of these hosts: 169.254.170.2, 169.254.170.23, fd00:ec2::23, localhost
Auth token value is not a legal header value
Error when retrieving credentials from container-role: #
Error retrieving metadata: Received non 200 response 401 from container metadata: #
Invalid EC2 Instance Metadata endpoint mode: IPv5 Valid endpoint modes (case-insensitive): ('ipv4', 'ipv6').
Invalid endpoint EC2 Instance Metadata endpoint: not a url
Error retrieving metadata: Unable to retrieve token for use in IMDSv2 call and IMDSv1 has been disabled
"""


def constant(node):
    """The text of a string expression, # for what is computed; None if it is
    none."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(constant(v) or "#" for v in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = constant(node.left), constant(node.right)
        return (left or "#") + (right or "#") if left or right else None
    return None


class Module:
    """The methods and the texts of a scenario."""

    def __init__(self, path):
        tree = ast.parse(path.read_text())
        self.methods = {f"{c.name}.{f.name}" for c in tree.body
                        if isinstance(c, ast.ClassDef) for f in c.body
                        if isinstance(f, ast.FunctionDef)}
        self.texts = "\0".join(filter(None, map(constant, ast.walk(tree))))


class Reference(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.modules = {p.stem: Module(p) for p in HERE.glob("s[0-9]*.py")
                       if p.stem != "s37_reference"}

    def test_every_row_has_its_case(self):
        for row, where, word in CASES:
            with self.subTest(row):
                name, _, method = where.partition(":")
                self.assertIn(name, self.modules)
                if method:
                    self.assertIn(method, self.modules[name].methods)
                if word:
                    self.assertIn(word, self.modules[name].texts)

    def test_every_message_has_its_case(self):
        texts = "\0".join(m.texts for m in self.modules.values())
        # Messages are one line
        texts = re.sub(r" *\n *", " ", texts)
        for text in TEXTS.splitlines():
            with self.subTest(text):
                self.assertIn(text.rstrip("#"), texts)


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
