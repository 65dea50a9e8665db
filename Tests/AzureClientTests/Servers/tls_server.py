# SPDX-License-Identifier: Apache-2.0
"""An HTTPS server on loopback for the transport's tests: tls_server.py CERTIFICATE KEY

Prints its port, then serves until its standard input ends. Every request's line is printed as it comes.
"""
import json, os, ssl, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body, headers=()):
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(200, {"access_token": "secret-token", "expires_in": 3599})

    def do_PUT(self):
        """Loses the answer to a change: the end is cut off, or is no TLS any more."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.close_connection = True
        if "/garbled/" in self.path:
            os.write(self.connection.fileno(), b"\x17\x03\x03\x00\x20" + bytes(32))
        elif "/torn/" in self.path:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")

    def do_GET(self):
        name = self.path.split("?")[0].rsplit("/", 1)[-1]
        if name == "redirected":
            self.answer(307, {}, [("Location", "https://elsewhere.localhost/")])
        elif name == "cut":
            self.close_connection = True
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        else:
            host = self.headers["Host"]
            self.answer(200, {"id": self.path.split("?")[0], "name": host, "properties": {"state": "Ready"}},
                        [("x-ms-request-id", "r-tls")])

    def log_message(self, *arguments):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
