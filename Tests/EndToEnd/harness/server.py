"""Starts, stops and kills the real program, each instance with its own ports and data directory, on loopback only."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[3]
START_SECONDS = 90
STOP_SECONDS = 40


def binary():
    """The program under test: WEKEZA_TEST_BINARY, or the debug build."""
    path = Path(os.environ.get("WEKEZA_TEST_BINARY", ROOT / ".build" / "debug" / "wekeza"))
    if not path.exists():
        raise RuntimeError(f"{path} is missing: run `swift build --product wekeza` first")
    return path


def free_ports(count):
    """Ports that nobody listens on now. They are bound together, so that they differ."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


class Server:
    """One instance of the bank."""

    def __init__(self, **settings):
        # /tmp and not pytest's folder: a unix socket's path has at most 107 bytes.
        self.home = Path(tempfile.mkdtemp(prefix="wekeza-"))
        # The private cluster runs as another user when the tests run as root, and that user has to get in.
        self.home.chmod(0o755)
        self.data = self.home / "var"
        self.log = self.home / "log.txt"
        names = ["API", "PUBLIC", "PERSONAL", "CORPORATE", "SME", "STAFF"]
        self.ports = dict(zip(names, free_ports(len(names))))
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("WEKEZA_")}
        self.environment |= {f"WEKEZA_{name}_PORT": str(port) for name, port in self.ports.items()}
        self.environment |= {"WEKEZA_DATA_DIR": str(self.data), "WEKEZA_MODE": "demo", "WEKEZA_RATE_LIMITS": "off"}
        self.environment |= {"WEKEZA_SWAGGER_UI": str(ROOT / ".venv" / "swagger-ui")}
        if (ROOT / "Web" / "dist" / "personal.html").exists():
            self.environment["WEKEZA_WEB"] = str(ROOT / "Web" / "dist")
        self.environment |= settings
        self.process = None

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.ports['API']}"

    @property
    def scheme(self):
        encrypted = {"WEKEZA_TLS", "WEKEZA_TLS_CERTIFICATE"} & self.environment.keys()
        return "https" if encrypted else "http"

    def origin(self, channel="personal"):
        """Where a browser finds a channel."""
        return f"{self.scheme}://localhost:{self.ports[channel.upper()]}"

    def start(self, wait=True):
        assert self.process is None or self.process.poll() is not None
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [binary(), "serve"], env=self.environment, cwd=self.home, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)
        if wait:
            self.wait_until_ready()
        return self

    def wait_until_ready(self):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError(f"the program ended with {self.process.returncode}:\n{self.log_text()[-8000:]}")
            try:
                if httpx.get(self.url + "/health/ready", timeout=5, verify=False).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"not ready after {START_SECONDS} s:\n{self.log_text()[-8000:]}")

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def stop(self, with_signal=signal.SIGINT):
        """Ends the program as a person would; returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"did not stop within {STOP_SECONDS} s:\n{self.log_text()[-8000:]}") from None

    def kill(self):
        """kill -9 of the program alone; its database keeps running."""
        self.process.kill()
        self.process.wait()

    def postmaster(self):
        """Process id of the private cluster's postmaster, or None."""
        for file in self.data.rglob("postmaster.pid"):
            pid = int(file.read_text().split("\n")[0])
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                continue
            return pid
        return None

    def socket_directory(self):
        """Where the private cluster listens: line 5 of postmaster.pid."""
        for file in self.data.rglob("postmaster.pid"):
            return file.read_text().split("\n")[4].strip()
        raise AssertionError("the private cluster does not run")

    def run(self, *arguments, timeout=120, **settings):
        """Runs another command of the program beside this instance."""
        return subprocess.run(
            [binary(), *arguments], env=self.environment | settings, cwd=self.home, capture_output=True, text=True, timeout=timeout,
            stdin=subprocess.DEVNULL)

    def sql(self, statement, user="wekeza_owner", database="wekeza"):
        """Runs SQL as the cluster's superuser, past everything the program would allow."""
        result = subprocess.run(
            ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.socket_directory(), "-p", self.cluster_port(), "-U", user,
             "-d", database, "-c", statement], capture_output=True, text=True, timeout=60)
        assert result.returncode == 0, result.stderr
        return result.stdout.strip()

    def cluster_port(self):
        for file in self.data.rglob("postmaster.pid"):
            return file.read_text().split("\n")[3].strip()
        raise AssertionError("the private cluster does not run")

    def close(self):
        """Ends whatever of this instance still runs, and removes its files."""
        if self.process is not None and self.process.poll() is None:
            try:
                self.stop()
            except AssertionError:
                pass
        if (pid := self.postmaster()) is not None:
            os.kill(pid, signal.SIGQUIT)
            end = time.monotonic() + 20
            while self.postmaster() is not None and time.monotonic() < end:
                time.sleep(0.05)
        shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
