"""What every scenario stands on: the built programs, real peers, a tidy end.

A scenario is a unittest case on top of Scenario.  It gets a directory of its
own, starts what it needs through the methods below, and everything it started
is gone again after each test, whatever happened.  Only the standard library
is used.

The programs come from $EICE_BUILD (default: build in the project's root).
"""
import contextlib
import getpass
import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("EICE_BUILD", ROOT / "build")).resolve()
EICE = str(BUILD / "eice")
EMULATOR = str(BUILD / "eice-emulator")
SSHD = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
USER = getpass.getuser()

# Slow machines, sanitizers and valgrind: one factor for every deadline.
SLOW = float(os.environ.get("EICE_TEST_SLOW", "1"))

# How many seconds what must happen may take where the time is not what is
# tested: a machine may stall for a while whenever it likes.
PATIENCE = 60 * SLOW

# Under AddressSanitizer and valgrind freed memory is kept for a while, and the
# tool's own is in it: RSS says nothing.
SANITIZED = "ASAN_OPTIONS" in os.environ or "EICE_TEST_VALGRIND" in os.environ

INSTANCE = "i-0123456789abcdef0"
ENDPOINT = "eice-0123456789abcdef0"
ADDRESS = "10.0.1.5"

# Who starts the tests with nohup, or behind a "&", has signals ignored, and so
# would all that we start: the programs respect that, but we send signals.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)


def given_ports():
    """Where the ports begin that the kernel gives to whoever asks for any."""
    with contextlib.suppress(OSError):
        with open("/proc/sys/net/ipv4/ip_local_port_range",
                  encoding="ascii") as f:
            return int(f.read().split()[0])
    return 32768


PORTS = range(10000, given_ports() if given_ports() > 12000 else 65536)
claims = []  # On the ports we have taken, as long as we live


def claim_port(port):
    """Take @port from all other tests, if it is free."""
    claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        claim.bind(("127.0.0.1", port))
        for family, host in ((socket.AF_INET, "127.0.0.1"),
                             *([(socket.AF_INET6, "::1")] * has_ipv6())):
            with socket.socket(family) as s:
                s.bind((host, port))
    except OSError:
        claim.close()
        return False
    claims.append(claim)
    return True


def free_port():
    """A TCP port nobody listens on, and nobody will but whom it is told.

    It is none of those the kernel hands out, be it to a server or to a client
    that connects; and the UDP port of the same number, which nobody needs,
    tells other tests that it is taken.
    """
    while not claim_port(port := random.choice(PORTS)):
        pass
    return port


def wait_for(what, condition, seconds=60.0):
    """Poll until condition() is true; returns its value."""
    end = time.monotonic() + seconds * SLOW
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds * SLOW:.0f} s for {what}")
        time.sleep(0.01)


def in_time(what, seconds, attempt, tries=8):
    """Something takes less than @seconds.

    On a machine that stalls it takes longer now and then, so @attempt, which
    does all of it and returns how long it took, is made until it was quick
    enough.  What is slow by itself is slow each time.
    """
    took = []
    while not took or took[-1] >= seconds * SLOW:
        if len(took) == tries:
            raise AssertionError(
                f"{what} takes {', '.join(f'{t:.2f}' for t in took)} s, "
                f"never less than {seconds * SLOW:g}")
        took.append(attempt())


def port_open(port, host="127.0.0.1"):
    with contextlib.suppress(OSError):
        socket.create_connection((host, port), timeout=PATIENCE).close()
        return True
    return False


def has_ipv6():
    """Whether this host has ::1."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as s:
        s.bind(("::1", 0))
        return True
    return False


def state_of(pid):
    """The process's letter, such as S for asleep; Z when it has gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            return f.read().rsplit(")", 1)[1].split()[0]
    except OSError:
        return "Z"


def alive(pid):
    """Whether the process runs (a zombie does not)."""
    return state_of(pid) != "Z"


def status_kb(pid, field="VmRSS"):
    """A figure of /proc/PID/status in KiB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        for line in f:
            if line.startswith(field + ":"):
                return int(line.split()[1])
    raise AssertionError(f"no {field} for {pid}")


def open_fds(pid):
    """What the process has open, as a sorted list of link targets."""
    names = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            names.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
    return sorted(names)


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as f:
        while chunk := f.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def random_file(path, size):
    """A file of @size incompressible bytes; returns its path."""
    with open(path, "wb") as f:
        left = size
        while left > 0:
            n = min(left, 1 << 20)
            f.write(os.urandom(n))
            left -= n
    return path


KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SECURITY_GROUP = "sg-0a1b2c3d4e5f60001"
SUBNET = "subnet-0a1b2c3d4e5f60001"
VPC = "vpc-0a1b2c3d4e5f60001"


def world(routes, **changes):
    """A world with one instance and one endpoint.

    @routes maps the instance's ports to where they really lead.  @changes
    replace or add top-level parts; "policy" is the document of the one user,
    "endpoint" and "instance" are laid over the one there is.
    """
    allow_all = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    instance = {
        "id": INSTANCE, "name": "web", "subnet": SUBNET,
        "private_ip": ADDRESS, "security_groups": [SECURITY_GROUP],
        "routes": {str(k): f"127.0.0.1:{v}" for k, v in routes.items()},
    }
    endpoint = {"id": ENDPOINT, "subnet": SUBNET,
                "security_groups": [SECURITY_GROUP]}
    instance.update(changes.pop("instance", {}))
    endpoint.update(changes.pop("endpoint", {}))
    everything = {
        "region": "eu-central-1",
        "accounts": [{
            "id": "111122223333",
            "policies": {"mine": changes.pop("policy", allow_all)},
            "users": [{"name": "demo", "policies": ["mine"],
                       "keys": [{"id": KEY_ID, "secret": SECRET}]}],
        }],
        "vpcs": [{"id": VPC, "cidrs": ["10.0.0.0/16", "2001:db8:0:100::/56"]}],
        "subnets": [{"id": SUBNET, "vpc": VPC, "zone": "eu-central-1a",
                     "cidrs": ["10.0.1.0/24", "2001:db8:0:101::/64"]}],
        "security_groups": [{
            "id": SECURITY_GROUP, "name": "all", "vpc": VPC,
            "ingress": [{"protocol": "tcp", "port": port,
                         "groups": [SECURITY_GROUP]}
                        for port in (22, 3389)],
        }],
        "instances": [instance],
        "endpoints": [endpoint],
    }
    everything.update(changes)
    return everything


class EchoServer:
    """A TCP server that sends back what it gets, until its client is done."""

    def __init__(self, handler=None):
        import threading

        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(1024)
        self.port = self.listener.getsockname()[1]
        self.handler = handler or self.echo
        self.connections = []
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        import threading

        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(s)
            threading.Thread(
                target=self.serve, args=(s,), daemon=True).start()

    def serve(self, s):
        with contextlib.suppress(OSError):
            self.handler(s)
        s.close()
        with contextlib.suppress(ValueError):
            self.connections.remove(s)

    @staticmethod
    def echo(s):
        while data := s.recv(1 << 16):
            s.sendall(data)

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(PATIENCE)  # Or it goes on with the number's next owner
        self.listener.close()
        for s in list(self.connections):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)


class Scenario(unittest.TestCase):
    """One directory, some processes, and the certainty that they end."""

    maxDiff = None

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="eice-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.home = self.dir / "home"
        self.home.mkdir()
        keep = ("PATH", "LANG", "TERM", "ASAN_OPTIONS", "UBSAN_OPTIONS",
                "LD_LIBRARY_PATH")
        self.env = {k: os.environ[k] for k in keep if k in os.environ}
        self.env["HOME"] = str(self.home)

    # Processes ----------------------------------------------------------

    def start(self, argv, **kw):
        """Start a process that is killed after the test at the latest."""
        kw.setdefault("env", self.env)
        process = subprocess.Popen([str(a) for a in argv], **kw)
        self.addCleanup(self.stop, process)
        return process

    @staticmethod
    def stop(process, sig=signal.SIGTERM):
        """End a process, politely first."""
        if process.poll() is None:
            process.send_signal(sig)
            try:
                process.wait(20 * SLOW)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()

    def run_ok(self, argv, **kw):
        """Run to the end; its stdout, which must come with exit code 0."""
        done = self.run_any(argv, **kw)
        self.assertEqual(done.returncode, 0,
                         f"{argv}\nstdout: {done.stdout}\n"
                         f"stderr: {done.stderr}")
        return done.stdout

    def run_any(self, argv, timeout=120, **kw):
        """Run to the end, within a deadline, capturing both outputs."""
        kw.setdefault("env", self.env)
        if "input" not in kw:
            kw.setdefault("stdin", subprocess.DEVNULL)
        kw.setdefault("text", True)
        return subprocess.run([str(a) for a in argv], check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=timeout * SLOW, **kw)

    # Peers --------------------------------------------------------------

    def sshd(self, **options):
        """A real sshd on loopback that knows one client key; its port."""
        where = self.dir / "sshd"
        if not where.exists():
            where.mkdir()
            for name in ("host", "client"):
                self.run_ok(["ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                             "-f", where / name])
            shutil.copy(where / "client.pub", where / "authorized")
        if os.getuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        port = free_port()
        lines = {
            "Port": port, "ListenAddress": "127.0.0.1",
            "HostKey": where / "host", "PidFile": "none",
            "AuthorizedKeysFile": where / "authorized",
            "StrictModes": "no", "UsePAM": "no", "PasswordAuthentication": "no",
            "KbdInteractiveAuthentication": "no", "PermitRootLogin": "yes",
            "Subsystem": "sftp internal-sftp", "MaxStartups": "100",
            "MaxSessions": "100", "PrintMotd": "no", "LogLevel": "ERROR",
        }
        lines.update(options)
        config = where / f"config.{port}"
        config.write_text("".join(f"{k} {v}\n" for k, v in lines.items()))
        with open(self.dir / "sshd.log", "ab") as log:
            self.start([SSHD, "-D", "-e", "-f", config], stderr=log)
        wait_for("sshd", lambda: self.listens(port))
        return port

    def listens(self, port):
        """Whether somebody listens there; for those in other networks."""
        return port_open(port)

    def ssh_options(self):
        """What every ssh, scp and sftp of a test is told."""
        return ["-F", "none", "-i", str(self.dir / "sshd" / "client"),
                "-o", "StrictHostKeyChecking=no",
                "-o", f"UserKnownHostsFile={self.dir / 'known_hosts'}",
                "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
                "-o", "LogLevel=ERROR"]

    def emulator(self, the_world, *flags):
        """Start the emulator with @the_world and point the environment at it.

        Returns what it said when it was ready.
        """
        where = self.dir / "emulator"
        where.mkdir(exist_ok=True)
        path = where / "world.json"
        path.write_text(json.dumps(the_world))
        with open(where / "log", "ab") as log:
            process = self.start(
                [EMULATOR, "--world", path, "--state-dir", where / "state",
                 "--json", *flags],
                stdout=subprocess.PIPE, stderr=log, text=True)
        line = process.stdout.readline()
        self.assertTrue(line, (where / "log").read_text())
        ready = json.loads(line)
        ready["process"] = process
        self.env.update({
            "AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": the_world["region"],
            "AWS_CA_BUNDLE": ready["ca_file"],
            "AWS_ENDPOINT_URL": f"https://localhost:{ready['https_port']}",
            "AWS_EC2_METADATA_DISABLED": "true",
        })
        return ready

    def proxy_command(self, *flags):
        """An ssh option that makes eice the ProxyCommand."""
        words = [EICE, "open-tunnel", "--instance-id", INSTANCE, *flags]
        return ["-o", "ProxyCommand=" + " ".join(words)]

    def listener(self, *flags, stderr=None):
        """A listening eice on a port of its choice: the process, the port."""
        process = self.start(
            [EICE, "open-tunnel", "--instance-id", INSTANCE,
             "--local-port", "auto", *flags],
            stdout=subprocess.PIPE, stderr=stderr, text=True,
            stdin=subprocess.DEVNULL)
        line = process.stdout.readline()
        self.assertRegex(line, r"^Listening for connections on port \d+\.$")
        return process, int(line.split()[-1].rstrip("."))

    def echo_server(self, handler=None):
        server = EchoServer(handler)
        self.addCleanup(server.close)
        return server


def main():
    """Run the scenarios of the calling file; 77 tells meson "skipped"."""
    for program in (EICE, EMULATOR):
        if not os.access(program, os.X_OK):
            print(f"{program} is not built")
            sys.exit(77)
    unittest.main(verbosity=2)
