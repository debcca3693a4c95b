#!/usr/bin/env python3
"""A desktop through the tunnel: eice rdp, a real xrdp before a real X server,
FreeRDP on a screen of the test's own.

The desktop is an Xvnc whose password is the instance's: whoever sees it has
logged in.
"""
import os
import pathlib
import re
import shutil
import subprocess
import unittest

import harness
from harness import EICE, INSTANCE

SBIN = os.environ["PATH"] + ":/usr/sbin:/sbin"
PROGRAMS = {name: shutil.which(name, path=SBIN) for name in
            ("xrdp", "Xvnc", "Xvfb", "xfreerdp", "import",
             "display", "convert", "vncpasswd")}
PASSWORD = "Gr8pe-7x"  # As long as VNC's can be
COLOUR = (200, 30, 90)


@unittest.skipUnless(all(PROGRAMS.values()), "no RDP programs")
class Desktop(harness.Scenario):
    def setUp(self):
        super().setUp()
        self.env["PATH"] = os.environ["PATH"]
        self.key = self.dir / "windows.pem"
        self.run_ok(["openssl", "genrsa", "-traditional", "-out", self.key,
                     "2048"])
        public = self.run_ok(["openssl", "rsa", "-in", self.key, "-pubout"])
        self.port = self.xrdp(self.desktop())
        self.world = harness.world(
            {3389: self.port},
            instance={"name": "desk", "platform": "windows",
                      "key_name": "launch", "password": PASSWORD},
            key_pairs=[{"name": "launch", "public_key": public}])
        self.ready = self.emulator(self.world)
        self.screen = self.display(
            [PROGRAMS["Xvfb"], "-screen", "0", "1100x850x24", "-nolisten",
             "tcp"])
        self.env["DISPLAY"] = f":{self.screen}"

    # The other side -------------------------------------------------------

    def display(self, argv):
        """Start an X server; the number it has chosen."""
        reading, writing = os.pipe()
        with open(self.dir / "X.log", "ab") as log:
            self.start([*argv, "-displayfd", writing], pass_fds=[writing],
                       stdout=log, stderr=log)
        os.close(writing)
        with os.fdopen(reading) as f:
            number = f.readline().strip()
        self.assertTrue(number, (self.dir / "X.log").read_text())
        return int(number)

    def desktop(self):
        """An X server that is seen by VNC, one colour all over; its port."""
        secret = self.dir / "vnc"
        secret.write_bytes(subprocess.run(
            [PROGRAMS["vncpasswd"], "-f"], input=PASSWORD.encode() + b"\n",
            stdout=subprocess.PIPE, check=True).stdout)
        port = low_port()
        self.remote = self.display(
            [PROGRAMS["Xvnc"], "-rfbport", port, "-localhost", "-geometry",
             "1000x700", "-depth", "24", "-SecurityTypes", "VncAuth",
             "-PasswordFile", secret, "-AlwaysShared"])
        picture = self.dir / "desktop.ppm"
        self.run_ok([PROGRAMS["convert"], "-size", "1000x700",
                     "xc:rgb(%d,%d,%d)" % COLOUR, picture])
        self.start([PROGRAMS["display"], "-window", "root", picture],
                   env={**self.env, "DISPLAY": f":{self.remote}"})
        return port

    def xrdp(self, vnc_port):
        """A server for RDP in front of that X server; its port."""
        where = self.dir / "xrdp"
        where.mkdir()
        self.run_ok(["openssl", "req", "-x509", "-newkey", "rsa:2048",
                     "-nodes", "-subj", "/CN=desk", "-days", "2", "-keyout",
                     where / "key", "-out", where / "cert"])
        port = low_port()
        (where / "xrdp.ini").write_text(
            "[Globals]\nini_version=1\nfork=true\n"
            f"port=tcp://127.0.0.1:{port}\ntcp_nodelay=true\n"
            "security_layer=tls\ncrypt_level=high\n"
            f"certificate={where}/cert\nkey_file={where}/key\n"
            "ssl_protocols=TLSv1.2, TLSv1.3\nautorun=desk\n"
            "allow_channels=true\nmax_bpp=32\nuse_fastpath=both\n"
            f"[Logging]\nLogFile={where}/log\nLogLevel=INFO\n"
            "EnableSyslog=false\n"
            "[Channels]\ndrdynvc=false\nrdpdr=false\nrdpsnd=false\n"
            "cliprdr=true\n"
            "[desk]\nname=desk\nlib=libvnc.so\nusername=ask\npassword=ask\n"
            f"ip=127.0.0.1\nport={vnc_port}\n")
        with open(where / "out", "ab") as log:
            self.start([PROGRAMS["xrdp"], "--nodaemon", "--config",
                        where / "xrdp.ini"], stdout=log, stderr=log)
        harness.wait_for("xrdp", lambda: harness.port_open(port))
        return port

    # This side ------------------------------------------------------------

    def rdp(self, *args):
        with open(self.dir / "rdp.log", "ab") as log:
            return self.start([EICE, "rdp", "desk", *args], stdout=log,
                              stderr=log, stdin=subprocess.DEVNULL)

    def share(self):
        """How much of our screen has the desktop's colour, 0 to 1."""
        done = self.run_any(
            [PROGRAMS["import"], "-window", "root", "-depth", "8", "rgb:-"],
            text=False)
        data = done.stdout
        if not data:
            return 0
        return data.count(bytes(COLOUR)) / (len(data) / 3)

    def seen(self, what, least=0.5, most=1.0):
        def check():
            return least <= self.share() <= most
        try:
            harness.wait_for(what, check, 30)
        except AssertionError:
            raise AssertionError(
                f"{what}: {self.share():.2f} of the screen\n"
                + (self.dir / "rdp.log").read_text(errors="replace")
                + (self.dir / "xrdp" / "log").read_text(errors="replace")
                ) from None

    def nobody_tells(self):
        """The password stands in no command line and no environment."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            for name in ("cmdline", "environ"):
                try:
                    text = pathlib.Path(f"/proc/{pid}/{name}").read_bytes()
                except OSError:
                    continue
                self.assertNotIn(PASSWORD.encode(), text, (pid, name))

    def tls_port(self):
        """Where the running eice rdp listens."""
        text = self.run_ok(["ss", "-Hltnp"])
        return [int(m.group(1)) for m in
                re.finditer(r"127\.0\.0\.1:(\d+).*\"eice\"", text)]

    def test_a_desktop(self):
        first = self.rdp("--key", self.key, "--", "/size:1000x700")
        self.seen("the desktop")
        self.nobody_tells()
        # A second one meanwhile, which takes a port of its own.
        second = self.rdp("--key", self.key, "--", "/size:300x200")
        harness.wait_for("two ports", lambda: len(set(self.tls_port())) == 2)
        self.seen("both")
        self.nobody_tells()
        for process in (first, second):
            self.stop(process)
        self.seen("nothing any more", 0.0, 0.01)
        self.assertEqual(self.tls_port(), [])

    def pinned(self, thumbprint):
        """Connect where the console shows this thumbprint."""
        self.world["instances"][0]["console_output"] = (
            f"RDPCERTIFICATE-SUBJECTNAME: desk\r\n"
            f"RDPCERTIFICATE-THUMBPRINT: {thumbprint}\r\n")
        self.stop(self.ready["process"])
        shutil.rmtree(self.dir / "emulator")
        self.emulator(self.world)
        return self.rdp("--key", self.key, "--", "/size:1000x700")

    def test_the_certificate_of_the_console(self):
        digest = self.run_ok(["openssl", "x509", "-in",
                              self.dir / "xrdp" / "cert", "-noout",
                              "-fingerprint", "-sha1"])
        digest = digest.strip().rpartition("=")[2].replace(":", "")
        self.pinned(digest)
        self.seen("the desktop")

    def test_another_certificate_is_refused(self):
        process = self.pinned("ab" * 20)
        self.assertNotEqual(process.wait(30 * harness.SLOW), 0)
        self.assertLess(self.share(), 0.01)

    def test_the_file_opens(self):
        path = self.dir / "desk.rdp"
        self.run_ok([EICE, "rdp", "desk", "--print-file", path])
        text = path.read_bytes().decode()
        self.assertIn("username:s:Administrator\r\n", text)
        self.assertIn("prompt for credentials:i:1\r\n", text)
        port = int(re.search(r"full address:s:127\.0\.0\.1:(\d+)\r\n",
                             text).group(1))
        process = self.start([EICE, "rdp", "desk", "--no-client"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True)
        self.assertEqual(process.stdout.readline(),
                         f"Listening for connections on port {port}.\n")
        client = subprocess.Popen(
            [PROGRAMS["xfreerdp"], str(path), "/cert:ignore",
             "/size:1000x700", "/from-stdin:force"], env=self.env,
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        self.addCleanup(self.stop, client)
        client.stdin.write(PASSWORD.encode() + b"\n")
        client.stdin.flush()
        self.seen_plain("the desktop")
        # A client that comes again gets a tunnel again.
        self.stop(client)
        self.seen_plain("nothing", 0.0, 0.01)
        self.start([PROGRAMS["xfreerdp"], path, "/cert:ignore",
                    "/size:1000x700", f"/p:{PASSWORD}"],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.seen_plain("the desktop again")

    def seen_plain(self, what, least=0.5, most=1.0):
        harness.wait_for(what, lambda: least <= self.share() <= most, 30)

    def test_by_hand(self):
        """The documents' own sequence."""
        port = low_port()
        self.start([EICE, "open-tunnel", "--instance-id", INSTANCE,
                    "--remote-port", "3389", "--local-port", port],
                   stdout=subprocess.DEVNULL)
        harness.wait_for("the listener", lambda: harness.port_open(port))
        self.start([PROGRAMS["xfreerdp"], f"/v:127.0.0.1:{port}",
                    "/u:Administrator", "/cert:ignore", "/size:1000x700",
                    f"/p:{PASSWORD}"], stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
        self.seen_plain("the desktop")

    def test_the_password_alone(self):
        out = self.run_ok([EICE, "rdp", "desk", "--key", self.key,
                           "--password-only"])
        self.assertEqual(out, PASSWORD + "\n")


class Refusals(harness.Scenario):
    def refused(self, code, *words, args=()):
        done = self.run_any([EICE, "rdp", *args])
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_what_cannot_be(self):
        self.emulator(harness.world({3389: 1}))
        self.refused(252, "TARGET")
        self.refused(252, "not a Windows instance", "eice ssh",
                     args=["web", "--no-client"])
        self.refused(253, "no display", "--no-client", args=["web"])
        self.env.update({"DISPLAY": ":9", "PATH": str(self.dir)})
        self.refused(253, "no RDP client", "--no-client", args=["web"])

    def test_keys(self):
        for kind, file in (("ed25519", "ed"), ("rsa", "other")):
            self.run_ok(["ssh-keygen", "-q", "-m", "PEM", "-t", kind, "-N",
                         "", "-f", self.dir / file])
        rsa = self.dir / "rsa.pem"
        self.run_ok(["openssl", "genrsa", "-out", rsa, "2048"])
        public = self.run_ok(["openssl", "rsa", "-in", rsa, "-pubout"])
        windows = {"platform": "windows", "key_name": "launch"}
        pairs = [{"name": "launch", "public_key": public}]
        self.emulator(harness.world(
            {3389: 1}, instance={**windows, "password": PASSWORD},
            key_pairs=pairs))
        only = ["web", "--password-only", "--key"]
        self.refused(255, "Ed25519", args=[*only, self.dir / "ed"])
        self.refused(255, "key", args=[*only, self.dir / "other"])
        self.refused(255, "missing.pem", args=[*only, "missing.pem"])


def low_port():
    """A free port below the ones that connections are given."""
    while True:
        port = 10000 + int.from_bytes(os.urandom(2), "big") % 9000
        if not harness.port_open(port):
            return port


if __name__ == "__main__":
    harness.main()
