#!/usr/bin/env python3
"""ssh through the proxies people sit behind, with every way to log in.

squid asks by Basic, Digest, NTLM and Negotiate (with a Kerberos realm of the
test's own); ssh -D is the SOCKS proxy.  Both the API and the tunnel go that
way: there is none around it, which squid's log shows.
"""
import os
import shutil
import socket
import subprocess
import unittest

import harness

NAME, WORD = "us.er", "pass-Word-7341"
LIB = "/usr/lib/squid"
SBIN = os.environ["PATH"] + ":/usr/sbin:/sbin"
SQUID = shutil.which("squid", path=SBIN)
KDC_PROGRAMS = {name: shutil.which(name, path=SBIN) for name in
                ("kdb5_util", "kadmin.local", "krb5kdc", "kinit")}
REALM = "TEST.EXAMPLE"


def has_own_name():
    """Whether this host's name can be resolved; in a bare root it cannot, and
    squid's helper for Kerberos refuses everybody."""
    try:
        socket.getaddrinfo(socket.gethostname(), None)
    except OSError:
        return False
    return True


@unittest.skipUnless(SQUID, "squid is not installed")
class Proxies(harness.Scenario):
    def setUp(self):
        super().setUp()
        self.port = self.sshd()
        # An address, since a proxy does not resolve ID.localhost.
        here = f"127.0.0.1:{harness.free_port()}"
        self.emulator(
            harness.world({22: self.port}, endpoint={"dns_name": here}),
            "--port", here.rpartition(":")[2])
        self.env["AWS_ENDPOINT_URL"] = f"https://{here}"
        # Started by root, squid and its helpers are another user.
        self.dir.chmod(0o755)

    def squid(self, auth, env=None):
        """A squid that lets only those in who logged in; its port."""
        port = harness.free_port()
        config = self.dir / "squid.conf"
        known = "acl known proxy_auth REQUIRED\n" if auth else \
            "acl known src all\n"
        config.write_text(
            f"http_port 127.0.0.1:{port}\n{auth}{known}"
            "http_access allow known\nhttp_access deny all\n"
            "acl SSL_ports port 1-65535\npid_filename none\n"
            f"cache_log {self.dir / 'squid.errors'}\n"
            f"access_log stdio:{self.dir / 'squid.log'}\n"
            "cache deny all\nshutdown_lifetime 0 seconds\n"
            "pinger_enable off\nvisible_hostname localhost\n")
        for name in ("squid.errors", "squid.log"):
            (self.dir / name).touch()
            (self.dir / name).chmod(0o666)
        self.start([SQUID, "-N", "-f", config], env=env,
                   stderr=subprocess.DEVNULL)
        harness.wait_for("squid", lambda: harness.port_open(port))
        return port

    def ssh(self):
        return self.run_any(["ssh", *self.ssh_options(), *self.proxy_command(),
                             f"{harness.USER}@instance", "echo here"])

    def passes(self):
        """ssh works, says nothing else, and both ways went through squid."""
        done = self.ssh()
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, "here\n", ""), (self.dir / "squid.errors")
                         .read_text())
        # The API and the tunnel; logged when they have ended.
        harness.wait_for("both in squid's log", lambda: (
            self.dir / "squid.log").read_text().count("TCP_TUNNEL/200") > 1)

    def is_refused(self):
        """The one line names the status, the proxy, and no password."""
        done = self.ssh()
        self.assertEqual(done.returncode, 255)
        self.assertIn("407", done.stderr)
        self.assertIn("proxy", done.stderr)
        self.assertNotIn(WORD, done.stderr)
        self.assertNotIn("wrong-Word", done.stderr)

    def logged_in(self, auth, names=("HTTPS_PROXY",)):
        """With the password it works, with another or none it is refused."""
        port = self.squid(auth)
        for name in names:
            self.env[name] = f"http://{NAME}:{WORD}@127.0.0.1:{port}"
        self.passes()
        for other in (f"http://{NAME}:wrong-Word@", "http://"):
            for name in names:
                self.env[name] = f"{other}127.0.0.1:{port}"
            self.is_refused()

    def users(self, *lines):
        path = self.dir / "users"
        path.write_text("".join(f"{line}\n" for line in lines))
        path.chmod(0o644)
        return path

    def test_no_login(self):
        port = self.squid("")
        self.env["HTTPS_PROXY"] = f"http://127.0.0.1:{port}"
        self.passes()

    def test_basic(self):
        digest = self.run_ok(["openssl", "passwd", "-apr1", WORD]).strip()
        users = self.users(f"{NAME}:{digest}")
        self.logged_in(
            f"auth_param basic program {LIB}/basic_ncsa_auth {users}\n"
            "auth_param basic realm test\nauth_param basic children 1\n")

    def test_digest(self):
        users = self.users(f"{NAME}:{WORD}")
        self.logged_in(
            f"auth_param digest program {LIB}/digest_file_auth {users}\n"
            "auth_param digest realm test\nauth_param digest children 1\n",
            ("https_proxy",))

    def test_ntlm(self):
        """squid's helper takes every name and password that comes in the
        right form; only none at all is refused."""
        port = self.squid(
            f"auth_param ntlm program {LIB}/ntlm_fake_auth\n"
            "auth_param ntlm children 1\n")
        self.env["HTTPS_PROXY"] = f"http://{NAME}:{WORD}@127.0.0.1:{port}"
        self.passes()
        self.assertIn(NAME, (self.dir / "squid.log").read_text())
        self.env["HTTPS_PROXY"] = f"http://127.0.0.1:{port}"
        self.is_refused()

    @unittest.skipUnless(all(KDC_PROGRAMS.values()), "no Kerberos server")
    @unittest.skipUnless(has_own_name(), "squid's helper wants a host name")
    def test_negotiate(self):
        """A ticket instead of a password."""
        kerberos = self.kerberos()
        keytab = self.dir / "squid.keytab"
        port = self.squid(
            "auth_param negotiate program "
            f"{LIB}/negotiate_kerberos_auth -s GSS_C_NO_NAME -k {keytab}\n"
            "auth_param negotiate children 1\n",
            {**self.env, **kerberos, "KRB5_KTNAME": str(keytab)})
        self.env.update(kerberos)
        self.env["HTTPS_PROXY"] = f"http://:@127.0.0.1:{port}"
        self.is_refused()
        self.run_ok([KDC_PROGRAMS["kinit"], "someone"], input=WORD + "\n")
        self.passes()
        self.assertIn(f"someone@{REALM}",
                      (self.dir / "squid.log").read_text())

    def kerberos(self):
        """A Kerberos realm with one user and the proxy; what a client's
        environment needs."""
        where = self.dir / "kdc"
        where.mkdir()
        port = harness.free_port()
        (where / "krb5.conf").write_text(
            f"[libdefaults]\n default_realm = {REALM}\n"
            " dns_lookup_kdc = false\n dns_canonicalize_hostname = false\n"
            " rdns = false\n udp_preference_limit = 1\n"
            f"[realms]\n {REALM} = {{\n  kdc = 127.0.0.1:{port}\n }}\n"
            f"[domain_realm]\n 127.0.0.1 = {REALM}\n")
        (where / "kdc.conf").write_text(
            f"[kdcdefaults]\n kdc_listen = \"\"\n"
            f" kdc_tcp_listen = 127.0.0.1:{port}\n"
            f"[realms]\n {REALM} = {{\n  database_name = {where}/db\n"
            f"  key_stash_file = {where}/stash\n }}\n"
            f"[logging]\n kdc = FILE:{where}/log\n")
        client = {"KRB5_CONFIG": str(where / "krb5.conf"),
                  "KRB5CCNAME": f"FILE:{self.dir / 'tickets'}"}
        env = {**self.env, **client,
               "KRB5_KDC_PROFILE": str(where / "kdc.conf")}
        self.run_ok([KDC_PROGRAMS["kdb5_util"], "create", "-s", "-P", "x"],
                    env=env)
        keytab = self.dir / "squid.keytab"
        for query in (f"addprinc -pw {WORD} someone",
                      "addprinc -randkey HTTP/127.0.0.1",
                      f"ktadd -k {keytab} HTTP/127.0.0.1"):
            self.run_ok([KDC_PROGRAMS["kadmin.local"], "-q", query], env=env)
        keytab.chmod(0o644)
        self.start([KDC_PROGRAMS["krb5kdc"], "-n"], env=env,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        harness.wait_for("the KDC", lambda: harness.port_open(port))
        return client

    def test_socks_of_ssh(self):
        """`ssh -D`, as over a jump host: names are resolved beyond it."""
        port = harness.free_port()
        self.start(["ssh", *self.ssh_options(), "-N", "-D",
                    f"127.0.0.1:{port}", "-p", self.port,
                    f"{harness.USER}@127.0.0.1"])
        harness.wait_for("ssh -D", lambda: harness.port_open(port))
        self.env["ALL_PROXY"] = f"socks5h://127.0.0.1:{port}"
        done = self.ssh()
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, "here\n", ""))

    def test_what_no_proxy_excludes_goes_straight(self):
        self.env["HTTPS_PROXY"] = f"http://127.0.0.1:{harness.free_port()}"
        self.assertEqual(self.ssh().returncode, 255)
        self.env["NO_PROXY"] = "example.com,127.0.0.0/8"
        self.assertEqual(self.ssh().returncode, 0)


if __name__ == "__main__":
    harness.main()
