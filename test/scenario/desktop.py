# SPDX-License-Identifier: Apache-2.0
"""A desktop at the far end of a tunnel: a real xrdp before a real X server,
and a screen of the test's own for clients to draw on.

The desktop is an Xvnc whose password is the instance's: whoever sees it has
logged in.  Clipboard and drives are xrdp-chansrv's business; see channels().
"""
import contextlib
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import threading
import unittest

import harness
from harness import EICE

SBIN = os.environ["PATH"] + ":/usr/sbin:/sbin"
PROGRAMS = {name: shutil.which(name, path=SBIN) for name in
            ("xrdp", "xrdp-chansrv", "Xvnc", "Xvfb", "xfreerdp", "import",
             "display", "convert", "vncpasswd")}
PASSWORD = "Gr8" + os.urandom(3).hex()[:5]  # As long as VNC's can be
COLOUR = (200, 30, 90)


class Relay:
    """Between xrdp and its chansrv, two parts of one server, to mend their
    order: up to 0.9.23 it tells the client that a user has logged on before
    the client has said that it knows that message, and FreeRDP from 2.11 on
    drops it then and never names its drives (neutrinolabs/xrdp#2834).
    """

    LOGGED_ON = b"rDLU"  # [MS-RDPEFS] 2.2.2.5
    CAPABILITIES = b"rDPC"  # 2.2.2.8, the client's

    def __init__(self, path, real):
        self.real = str(real)
        self.sockets = [socket.socket(socket.AF_UNIX)]
        self.sockets[0].bind(str(path))
        self.sockets[0].listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                near = self.sockets[0].accept()[0]
                far = socket.socket(socket.AF_UNIX)
                self.sockets += [near, far]
                far.connect(self.real)
                held = []
                for args in ((near, far, self.up), (far, near, self.down)):
                    threading.Thread(target=self.relay, args=(*args, held),
                                     daemon=True).start()

    def up(self, message, held):
        """From the client: what was held goes after its capabilities."""
        if self.CAPABILITIES in message[:64] and held:
            return [held.pop()]
        return []

    def down(self, message, held):
        """To the client; whether it is to be held."""
        if message.endswith(self.LOGGED_ON) and not held:
            held.append(message)
            return None
        return []

    def relay(self, source, target, look, held):
        with contextlib.suppress(OSError, struct.error):
            while True:
                head = source.recv(8, socket.MSG_WAITALL)
                size = struct.unpack("<II", head)[1]
                message = head + source.recv(size - 8, socket.MSG_WAITALL)
                back = look(message, held)
                if back is None:
                    continue
                target.sendall(message)
                for other in back:
                    source.sendall(other)
        self.end(source, target)

    @staticmethod
    def end(*sockets):
        for s in sockets:
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.end(*self.sockets)
        for s in self.sockets:
            s.close()


@unittest.skipUnless(all(PROGRAMS.values()), "no RDP programs")
class Desktop(harness.Scenario):
    CHANNELS = False  # Whether there are a clipboard and drives

    def setUp(self):
        super().setUp()
        # One of its own, as its port on this machine hangs on it.
        self.instance = "i-0" + os.urandom(8).hex()
        self.key = self.dir / "windows.pem"
        self.run_ok(["openssl", "genrsa", "-traditional", "-out", self.key,
                     "2048"])
        public = self.run_ok(["openssl", "rsa", "-in", self.key, "-pubout"])
        self.port = self.xrdp(self.desktop())
        self.world = harness.world(
            {3389: self.port},
            instance={"id": self.instance, "name": "desk",
                      "platform": "windows",
                      "key_name": "launch", "password": PASSWORD},
            key_pairs=[{"name": "launch", "public_key": public}])
        self.ready = self.emulator(self.world)
        self.env["DISPLAY"] = self.screen()

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

    def screen(self):
        """A screen for clients; what DISPLAY is to be."""
        number = self.display([PROGRAMS["Xvfb"], "-screen", "0",
                               "1100x850x24", "-nolisten", "tcp",
                               "-noreset"])
        return f":{number}"

    def desktop(self):
        """An X server that is seen by VNC, one colour all over; its port."""
        secret = self.dir / "vnc"
        secret.write_bytes(subprocess.run(
            [PROGRAMS["vncpasswd"], "-f"], input=PASSWORD.encode() + b"\n",
            stdout=subprocess.PIPE, check=True).stdout)
        port = harness.free_port()
        number = self.display(
            [PROGRAMS["Xvnc"], "-rfbport", port, "-localhost", "-geometry",
             "1000x700", "-depth", "24", "-SecurityTypes", "VncAuth",
             "-PasswordFile", secret, "-AlwaysShared", "-noreset"])
        picture = self.dir / "desktop.ppm"
        self.run_ok([PROGRAMS["convert"], "-size", "1000x700",
                     "xc:rgb(%d,%d,%d)" % COLOUR, picture])
        self.remote = {**self.env, "DISPLAY": f":{number}"}
        self.start([PROGRAMS["display"], "-window", "root", picture],
                   env=self.remote)
        return port

    def xrdp(self, vnc_port):
        """A server for RDP in front of that X server; its port."""
        where = self.dir / "xrdp"
        where.mkdir()
        self.run_ok(["openssl", "req", "-x509", "-newkey", "rsa:2048",
                     "-nodes", "-subj", "/CN=desk", "-days", "2", "-keyout",
                     where / "key", "-out", where / "cert"])
        port = harness.free_port()
        (where / "xrdp.ini").write_text(
            "[Globals]\nini_version=1\nfork=true\n"
            f"port=tcp://127.0.0.1:{port}\ntcp_nodelay=true\n"
            "security_layer=tls\ncrypt_level=high\n"
            f"certificate={where}/cert\nkey_file={where}/key\n"
            "ssl_protocols=TLSv1.2, TLSv1.3\nautorun=desk\n"
            "allow_channels=true\nmax_bpp=32\nuse_fastpath=both\n"
            f"[Logging]\nLogFile={where}/log\nLogLevel=INFO\n"
            "EnableSyslog=false\n"
            "[Channels]\ndrdynvc=false\nrdpdr=true\nrdpsnd=false\n"
            "cliprdr=true\n"
            "[desk]\nname=desk\nlib=libvnc.so\nusername=ask\npassword=ask\n"
            f"ip=127.0.0.1\nport={vnc_port}\n"
            + (f"chansrvport={where}/channels\n" if self.CHANNELS else ""))
        with open(where / "out", "ab") as log:
            self.start([PROGRAMS["xrdp"], "--nodaemon", "--config",
                        where / "xrdp.ini"], stdout=log, stderr=log)
        harness.wait_for("xrdp", lambda: harness.port_open(port))
        if self.CHANNELS:
            self.channels(where)
        return port

    def channels(self, where):
        """The clipboard and the drives of the desktop."""
        number = self.remote["DISPLAY"].lstrip(":")
        real = pathlib.Path(
            f"/run/xrdp/sockdir/xrdp_chansrv_socket_{number}")
        if not os.access(real.parent, os.W_OK):
            self.skipTest(f"{real.parent} is not ours to write in")
        home = where / "home"
        home.mkdir()
        self.drives = home / "thinclient_drives"
        self.addCleanup(self.run_any,
                        ["fusermount", "-uqz", self.drives])
        self.chansrv = where / "chansrv"
        with open(self.chansrv, "ab") as log:
            self.start([PROGRAMS["xrdp-chansrv"]], stdout=log, stderr=log,
                       stdin=subprocess.DEVNULL, env={
                           **self.remote, "HOME": str(home),
                           "XRDP_SESSION": "1"})
        harness.wait_for("chansrv", real.exists)
        relay = Relay(where / "channels", real)
        self.addCleanup(relay.close)

    def drive(self, name):
        """Where the desktop sees the client's drive."""
        def seen():
            if "mount failed" in self.chansrv.read_text():
                self.skipTest(self.chansrv.read_text().splitlines()[0])
            return os.path.isdir(self.drives / name)
        if not os.path.exists("/dev/fuse"):
            self.skipTest("no FUSE here, xrdp has no drives without")
        harness.wait_for("the drive", seen)
        return self.drives / name

    def console(self, thumbprint):
        """The instance's console shows the thumbprint of a certificate."""
        self.world["instances"][0]["console_output"] = (
            f"RDPCERTIFICATE-SUBJECTNAME: desk\r\n"
            f"RDPCERTIFICATE-THUMBPRINT: {thumbprint}\r\n")
        self.stop(self.ready["process"])
        shutil.rmtree(self.dir / "emulator")
        self.ready = self.emulator(self.world)

    # This side ------------------------------------------------------------

    def rdp(self, *args, **kw):
        kw.setdefault("stdin", subprocess.DEVNULL)
        with open(self.dir / "rdp.log", "ab") as log:
            return self.start([EICE, "rdp", "desk", *args], stdout=log,
                              stderr=log, **kw)

    def share(self, screen=None):
        """How much of our screen has the desktop's colour, 0 to 1."""
        done = self.run_any(
            [PROGRAMS["import"], "-window", "root", "-depth", "8", "rgb:-"],
            text=False,
            env={**self.env, "DISPLAY": screen or self.env["DISPLAY"]})
        data = done.stdout
        if not data:
            return 0
        return data.count(bytes(COLOUR)) / (len(data) / 3)

    def log(self):
        """What eice rdp and its clients have said."""
        path = self.dir / "rdp.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def seen(self, what, least=0.5, most=1.0, screen=None):
        try:
            harness.wait_for(
                what, lambda: least <= self.share(screen) <= most)
        except AssertionError:
            raise AssertionError(
                f"{what}: {self.share(screen):.2f} of the screen\n"
                + self.log()
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

    def ports(self, *processes):
        """Where these run of eice listen on 127.0.0.1."""
        text = self.run_ok(["ss", "-Hltnp"])
        found = re.findall(r"127\.0\.0\.1:(\d+) .*pid=(\d+),", text)
        return [int(port) for port, pid in found
                if int(pid) in [p.pid for p in processes]]
