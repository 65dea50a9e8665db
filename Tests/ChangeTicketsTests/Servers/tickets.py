# SPDX-License-Identifier: Apache-2.0
"""Two ticket systems on loopback: tickets.py --world FILE --log FILE [--certificate FILE --key FILE]

/api/now/table/<table> answers as ServiceNow's Table API does: encoded queries, of which a condition on an unknown column is
left out; only the columns that are asked for; values and shown values; basic and bearer sign-in. POST /hook answers what the
world says. The world is read anew for each request:

  signIn   the only authorization header that is let in; missing: any, and none
  tickets  records of change_request: number, state, and more columns; a list stands for value and shown value
  hook     what /hook answers: an object, or a text as it is
  fault    status, reset, cut, html, garbage, giant, redirect or silent; with faults: for so many requests

It prints its port, writes each request to the log, and serves until its standard input ends.
"""
import argparse
import json
import socket
import ssl
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

parser = argparse.ArgumentParser()
for name in ["world", "log"]:
    parser.add_argument("--" + name, required=True)
for name in ["certificate", "key"]:
    parser.add_argument("--" + name)
options = parser.parse_args()
lock = threading.Lock()
served = 0


def cell(column):
    value, shown = column if isinstance(column, list) else (column, column)
    return {"display_value": shown, "value": value}


def fits(record, query):
    """An encoded query: ^NQ parts of which one holds, in each ^ conditions that all do, in each ^OR alternatives."""
    def condition(text):
        column, equals, value = text.partition("=")
        if not equals or column not in record:
            return True  # not understood: left out
        return cell(record[column])["value"] == value
    return any(
        all(any(condition(one) for one in part.split("^OR")) for part in group.replace("^OR", "\0").split("^")
            for part in [part.replace("\0", "^OR")])
        for group in query.split("^NQ"))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body, headers=(), kind="application/json;charset=UTF-8"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def fail(self, status, message, headers=()):
        self.answer(status, {"error": {"message": message, "detail": self.headers.get("Authorization", "")},
                             "status": "failure"}, headers)

    def fault(self, world):
        """Whether a fault took the request."""
        global served
        fault = world.get("fault")
        with lock:
            served += 1
            if not fault or served > world.get("faults", 1 << 30):
                return False
        if isinstance(fault, int):
            self.fail(fault, "No", [("Retry-After", str(world["retryAfter"]))] if "retryAfter" in world else [])
        elif fault == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
        elif fault == "cut":
            self.close_connection = True
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"result\": [")
        elif fault == "html":
            self.answer(200, b"<html><body>Your instance is hibernating</body></html>", kind="text/html")
        elif fault == "garbage":
            self.answer(200, b"{\"result\": [}")
        elif fault == "giant":
            self.answer(200, b"{\"result\": [\"" + b"x" * (1 << 20) + b"\"]}")
        elif fault == "redirect":
            self.answer(302, {}, [("Location", f"http://127.0.0.1:{self.server.server_address[1]}/elsewhere")])
        elif fault == "silent":
            # Nothing is said until the client has given up.
            self.close_connection = True
            self.connection.recv(1)
        return True

    def opened(self, body=None):
        """The world, once the request is written down and let in; None where it was answered."""
        entry = {"method": self.command, "path": self.path, "authorization": self.headers.get("Authorization"),
                 "body": body}
        # What is in the log has been decided: a test that waits for the line may change the world then.
        with open(options.world) as file:
            world = json.load(file)
        with lock, open(options.log, "a") as log:
            log.write(json.dumps(entry) + "\n")
        if self.fault(world):
            return None
        if "signIn" in world and self.headers.get("Authorization") != world["signIn"]:
            self.fail(401, "User Not Authenticated", [("WWW-Authenticate", "BASIC realm=\"Service-now\"")])
            return None
        return world

    def do_GET(self):
        world = self.opened()
        if world is None:
            return
        url = urlsplit(self.path)
        if not url.path.endswith("/api/now/table/change_request"):
            return self.fail(400 if "/api/now/table/" in url.path else 404, "Invalid table")
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        assert query["sysparm_display_value"] == "all"
        columns = query["sysparm_fields"].split(",")
        found = [record for record in world.get("tickets", []) if fits(record, query["sysparm_query"])]
        self.answer(200, {"result": [{name: cell(record[name]) for name in columns if name in record}
                                     for record in found[:int(query["sysparm_limit"])]]})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        world = self.opened(body)
        if world is None:
            return
        if urlsplit(self.path).path != "/hook" or "hook" not in world:
            return self.fail(404, "Nothing here")
        hook = world["hook"]
        self.answer(world.get("hookStatus", 200), hook.encode() if isinstance(hook, str) else hook)

    def log_message(self, *arguments):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a client that gives up is what some tests are about


server = Server(("127.0.0.1", 0), Handler)
if options.certificate:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.certificate, options.key)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
