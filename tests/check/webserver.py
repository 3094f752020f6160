"""What the tests of mirrors have in common: a web server on loopback that
answers as a test says, and how a test fails."""

import http.server
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    """A subclass answers both methods in answer(is_head); its server's mirror is
    the Mirror."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.answer(False)

    def do_HEAD(self):
        self.answer(True)

    def send(self, status, body, is_head, headers={}):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)),
                            **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if not is_head:
            try:
                self.wfile.write(body)
            except OSError:
                self.close_connection = True  # the checker has seen enough
        return True


class Mirror:
    """A web server on a port of its own; handler: a class as above."""

    def __init__(self, handler):
        server = http.server.ThreadingHTTPServer
        server.daemon_threads = True
        server.handle_error = lambda *args: None  # faults are meant here
        self.server = server(("127.0.0.1", 0), handler)
        self.server.mirror = self
        self.host = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()


class Failed(Exception):
    pass


def expect(what, got, wanted):
    if got != wanted:
        raise Failed(f"{what}:\n  expected: {wanted!r}\n  got:      {got!r}")
