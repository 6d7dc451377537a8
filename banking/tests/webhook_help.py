"""A receiver of webhooks on this machine, as somebody would write one with the library."""

import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook as Verifier


@dataclass
class Got:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verified(self, secret: str):
        """The payload, or the library's exception."""
        return Verifier(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    """Answers with `plan`, one step a request and the last one for ever: (status, headers, body)
    or a number of seconds to be silent first."""

    plan: list = field(default_factory=lambda: [200])
    got: list[Got] = field(default_factory=list)

    def __enter__(self) -> "Receiver":
        receiver, lock = self, threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with lock:
                    headers = {name.lower(): value for name, value in self.headers.items()}
                    receiver.got.append(Got(self.path, headers, body))
                    step = receiver.plan.pop(0) if len(receiver.plan) > 1 else receiver.plan[0]
                if callable(step):
                    step(self)
                    return
                self.answer(step)

            def answer(self, status: int, more: dict[str, str] | None = None) -> None:
                text = f"said {status}".encode()
                self.send_response(status)
                for name, value in (more or {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.02], daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}/hook?from=bank"


def silent(seconds: float):
    """Take the request and say nothing for so long."""

    def step(handler) -> None:
        time.sleep(seconds)
        handler.close_connection = True

    return step


def endless(handler) -> None:
    """A good status, and then a body that never ends, a little at a time."""
    handler.send_response(200)
    handler.end_headers()
    try:
        for _ in range(200):
            handler.wfile.write(b"x\x00" * 2000)
            time.sleep(0.01)
    except OSError:
        pass
    handler.close_connection = True


def redirect(to: str):
    return lambda handler: handler.answer(302, {"Location": to})
