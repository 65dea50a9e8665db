#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server that speaks the Azure REST specifications as far as the key swap of a failover group needs them.

    azure_sql.py --certificate server.pem --key server.key --log requests.jsonl [--port 0] [--retry-after 0]

Written from the specifications alone (see `azure_sql_world.py`), to show that the shipped runbook works against a server
that Muster's authors' simulator had no part in. It is strict: a request without the right token, with an unknown
api-version, an unknown member or an altered operation URL is refused.

Listens on loopback, one port for all: the authority under `/{tenant}/oauth2/v2.0/token`, the resource manager under
`/subscriptions`, vaults by host name (`https://NAME.vault.localhost:PORT/keys/...`) or by path (`/NAME/keys/...`). Prints one
line of JSON when it is ready, with everything that an environment needs: port, tenant, subscription, clientId,
clientSecret (made anew at each start), keyVaultSuffix (where vaults are reached; their keys' ids stay under
vault.azure.net). Every exchange goes to the log as one line of JSON, without secrets
and tokens. Ends when its standard input closes. Standard library only.
"""
import argparse
import base64
import http.server
import json
import re
import secrets
import ssl
import sys
import threading
import time
import urllib.parse
import uuid

sys.dont_write_bytecode = True  # the folder of the sources stays as it is
import azure_sql_world as azure
from azure_sql_world import Refusal, World

CLIENT_ID = "33333333-3333-3333-3333-333333333333"
ARM, VAULT = "arm", "vault"
AUDIENCES = {
    "https://management.azure.com/.default": ARM,
    "https://management.azure.com//.default": ARM,
    "https://management.core.windows.net/.default": ARM,
    "https://management.core.windows.net//.default": ARM,
    "https://vault.azure.net/.default": VAULT,
}
VERSIONS = {
    "microsoft.sql": {"2021-11-01", "2023-08-01", "2023-08-01-preview", "2025-01-01"},
    "microsoft.keyvault": {"2023-07-01", "2026-02-01", "2026-05-15"},
    "microsoft.authorization": {"2022-04-01"},
}
VAULT_VERSIONS = {"7.5", "7.6", "2025-07-01"}
QUERY = {"api-version", "$filter", "$expand", "$skipToken"}
TOKEN_SECONDS = 3599
BODY_BYTES_MAX = 1 << 20

SUBSCRIPTION = f"/subscriptions/{azure.SUBSCRIPTION}"
GROUP = f"{SUBSCRIPTION}/resourceGroups/{azure.GROUP}"
SERVER = GROUP + r"/providers/Microsoft\.Sql/servers/(?P<server>[^/]+)"
VAULTS = r"/providers/Microsoft\.KeyVault/vaults"


def utc():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


class Answer:
    def __init__(self, status, body=None, headers=None):
        self.status, self.body, self.headers = status, body, headers or {}


def show_list(items):
    return Answer(200, {"value": items})


class Service:
    """Requests in, answers out; no sockets. One lock around it keeps the state whole."""

    def __init__(self, port, retry_after, ticks):
        self.base = f"https://localhost:{port}"
        self.suffix = f"vault.localhost:{port}"  # where vaults are reached
        self.retry_after = retry_after
        self.client_secret = secrets.token_urlsafe(24)
        self.tokens = {}  # token -> (audience, when it ends)
        self.operation_urls = {}  # the URL as handed out -> (operation, "status" or "result")
        self.world = World(lambda vault: f"https://{vault}.vault.azure.net", utc, ticks)
        self.routes = [(method, re.compile(pattern + r"/?\Z", re.I), handler) for method, pattern, handler in self.table()]

    def table(self):
        w = self.world
        server, database = self.on_server, self.on_database
        return [
            ("GET", SERVER, server(lambda s: Answer(200, w.show_server(s)))),
            ("GET", SERVER + "/operations", server(lambda s: show_list(w.list_operations(s)))),
            ("GET", SERVER + "/keys", server(lambda s: show_list(w.list_keys(s)))),
            ("GET", SERVER + "/keys/(?P<key>[^/]+)", server(lambda s, key: Answer(200, w.get_key(s, key)))),
            ("PUT", SERVER + "/keys/(?P<key>[^/]+)", self.put_key),
            ("DELETE", SERVER + "/keys/(?P<key>[^/]+)", self.delete_key),
            ("GET", SERVER + "/encryptionProtector", server(lambda s: show_list([w.show_protector(s)]))),
            ("GET", SERVER + "/encryptionProtector/current", server(lambda s: Answer(200, w.show_protector(s)))),
            ("PUT", SERVER + "/encryptionProtector/current", self.put_protector),
            ("GET", SERVER + "/failoverGroups", server(lambda s: show_list([w.show_failover_group(s)]))),
            ("GET", SERVER + "/failoverGroups/(?P<group>[^/]+)", server(self.get_failover_group)),
            ("GET", SERVER + "/replicationLinks", server(lambda s: show_list([w.show_link(s)]))),
            ("GET", SERVER + "/inaccessibleDatabases", server(lambda s: show_list([]))),
            ("GET", SERVER + "/databases", server(
                lambda s: show_list([w.show_database(s, name) for name in ("master", azure.DATABASE)]))),
            ("GET", SERVER + "/databases/(?P<database>[^/]+)", database(lambda s, d: Answer(200, w.show_database(s, d)))),
            ("GET", SERVER + "/databases/(?P<database>[^/]+)/replicationLinks", database(
                lambda s, d: show_list([w.show_link(s)] if d == azure.DATABASE else []))),
            ("GET", SERVER + "/databases/(?P<database>[^/]+)/transparentDataEncryption", database(
                lambda s, d: show_list([w.show_encryption(s, d)]))),
            ("GET", SERVER + "/databases/(?P<database>[^/]+)/transparentDataEncryption/current", database(
                lambda s, d: Answer(200, w.show_encryption(s, d)))),
            ("GET", SUBSCRIPTION + VAULTS, lambda body, query: show_list([w.show_vault(v) for v in w.vaults])),
            ("GET", GROUP + VAULTS, lambda body, query: show_list([w.show_vault(v) for v in w.vaults])),
            ("GET", GROUP + VAULTS + "/(?P<vault>[^/]+)",
             lambda body, query, vault: Answer(200, w.show_vault(vault.lower()))),
            ("GET", r"(?P<scope>/subscriptions/.+?)/providers/Microsoft\.Authorization/roleAssignments",
             self.list_assignments),
            ("GET", re.escape(azure.ROLES) + "(?P<role>[^/]+)", lambda body, query, role: Answer(200, w.show_role(role))),
        ]

    # Entry

    def answer(self, method, host, target, headers, body):
        """One request to one answer. `target` is the request line's target, verbatim."""
        for operation in self.world.operations.values():
            operation.tick()
        url = urllib.parse.urlsplit(target)
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        path = urllib.parse.unquote(url.path)
        of_vault = re.fullmatch(r"([a-z0-9-]+)\.vault\.(?:localhost|azure\.net)(?::\d+)?", host, re.I)
        label = of_vault[1].lower() if of_vault else None
        by_path = re.fullmatch(r"/([a-z0-9-]+)(/keys/.*)", path, re.I)
        if label is None and by_path:
            label, path = by_path[1].lower(), by_path[2]
        if label is not None:
            return self.vault_answer(method, label, path, query, headers)
        if method == "POST" and path.lower().endswith("/oauth2/v2.0/token"):
            return self.token_answer(path, headers, body)
        return self.manager_answer(method, target, path, query, headers, body)

    # Tokens

    def token_answer(self, path, headers, body):
        def refuse(status, error, number, text):
            return Answer(status, {
                "error": error, "error_description": f"AADSTS{number}: {text}", "error_codes": [number],
                "timestamp": utc(), "trace_id": str(uuid.uuid4()), "correlation_id": str(uuid.uuid4())})

        if headers.get("Content-Type", "").split(";")[0] != "application/x-www-form-urlencoded":
            return refuse(400, "invalid_request", 900144, "The request body must be a form.")
        form = dict(urllib.parse.parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        if path.lower() != f"/{azure.TENANT}/oauth2/v2.0/token":
            return refuse(400, "invalid_request", 90002, "Tenant not found.")
        if form.get("grant_type") != "client_credentials":
            return refuse(400, "unsupported_grant_type", 70003, "This app needs the client credentials grant.")
        if form.get("client_id") != CLIENT_ID:
            return refuse(400, "unauthorized_client", 700016, "The application was not found in the directory.")
        if not secrets.compare_digest(form.get("client_secret", "").encode(), self.client_secret.encode()):
            return refuse(401, "invalid_client", 7000215, "Invalid client secret provided.")
        if form.get("scope") not in AUDIENCES:
            return refuse(400, "invalid_scope", 70011, f"The scope {form.get('scope')} is not valid.")
        token = secrets.token_urlsafe(48)
        self.tokens[token] = (AUDIENCES[form["scope"]], time.monotonic() + TOKEN_SECONDS)
        return Answer(200, {
            "token_type": "Bearer", "expires_in": TOKEN_SECONDS, "ext_expires_in": TOKEN_SECONDS, "access_token": token})

    def has_token(self, headers, audience):
        kind, _, token = headers.get("Authorization", "").partition(" ")
        known = self.tokens.get(token)
        return kind == "Bearer" and known is not None and known[0] == audience and known[1] > time.monotonic()

    # Vaults

    def vault_answer(self, method, vault, path, query, headers):
        if not self.has_token(headers, VAULT):
            message = "AKV10000: Request is missing a Bearer or PoP token."
            challenge = f'Bearer authorization="{self.base}/{azure.TENANT}", resource="https://vault.azure.net"'
            return Answer(401, {"error": {"code": "Unauthorized", "message": message}}, {"WWW-Authenticate": challenge})
        if query.get("api-version") not in VAULT_VERSIONS:
            raise Refusal(400, "BadParameter", "The api-version is missing or not supported.")
        match = re.fullmatch(r"/keys/([^/]+)/?([^/]*)", path)
        if method != "GET" or not match:
            raise Refusal(404, "NotFound", f"{method} {path} is not served here.")
        if match[2] == "versions":
            key, _, enabled = self.world.show_vault_key(vault, match[1], "")
            return show_list([{"kid": self.world.key_uri(key), "attributes": self.key_attributes(enabled)}])
        key, modulus, enabled = self.world.show_vault_key(vault, match[1], match[2])
        text = base64.urlsafe_b64encode(modulus).rstrip(b"=").decode()
        return Answer(200, {
            "key": {"kid": self.world.key_uri(key), "kty": "RSA", "n": text, "e": "AQAB",
                    "key_ops": ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"]},
            "attributes": self.key_attributes(enabled)})

    @staticmethod
    def key_attributes(enabled):
        return {"enabled": enabled, "created": 1768032000, "updated": 1768032000, "recoveryLevel": "Recoverable",
                "recoverableDays": 90, "exportable": False}

    # Resource manager

    def manager_answer(self, method, target, path, query, headers, body):
        if "Authorization" not in headers:
            raise Refusal(401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
        if not self.has_token(headers, ARM):
            raise Refusal(401, "InvalidAuthenticationToken", "The access token is invalid.")
        if "AzureAsyncOperation/" in path or "OperationResults/" in path:
            return self.operation_answer(method, target)
        self.check_version(path, query)
        for route_method, pattern, handler in self.routes:
            match = pattern.match(path)
            if match and method == route_method:
                return handler(self.read_body(method, headers, body), query, **match.groupdict())
        if any(pattern.match(path) for _, pattern, _ in self.routes):
            raise Refusal(405, "MethodNotAllowed", f"{method} is not allowed here.")
        raise Refusal(404, "ResourceNotFound", f"The resource {path} was not found.")

    def check_version(self, path, query):
        version = query.get("api-version")
        if not version:
            message = "The api-version query parameter (?api-version=) is required for all requests."
            raise Refusal(400, "MissingApiVersionParameter", message)
        unknown = set(query) - QUERY
        if unknown:
            raise Refusal(400, "InvalidQueryParameter", f"Unknown query parameters: {', '.join(sorted(unknown))}.")
        provider = path.lower().rpartition("/providers/")[2].split("/")[0]
        if provider in VERSIONS and version not in VERSIONS[provider]:
            message = f"No registered resource provider found for api-version '{version}' of '{provider}'."
            raise Refusal(400, "NoRegisteredProviderFound", message)

    def read_body(self, method, headers, body):
        if method != "PUT":
            if body:
                raise Refusal(400, "InvalidRequestContent", f"{method} takes no body here.")
            return None
        if headers.get("Content-Type", "").split(";")[0] != "application/json":
            raise Refusal(415, "UnsupportedMediaType", "The content media type must be application/json.")
        try:
            return json.loads(body)
        except ValueError:
            raise Refusal(400, "InvalidRequestContent", "The request content was not valid JSON.") from None

    def on_server(self, act):
        return lambda body, query, server, **names: act(self.world.server(server), *names.values())

    def on_database(self, act):
        def run(body, query, server, database):
            if database not in ("master", azure.DATABASE):
                raise Refusal(404, "ResourceNotFound", f"The database '{database}' was not found.")
            return act(self.world.server(server), database)
        return run

    def get_failover_group(self, server, group):
        if group.lower() != azure.FAILOVER_GROUP:
            raise azure.not_found("Microsoft.Sql/servers/failoverGroups", group)
        return Answer(200, self.world.show_failover_group(server))

    def put_key(self, body, query, server, key):
        properties = self.properties(body, {"serverKeyType", "uri"})
        return self.accepted(self.world.put_key(self.world.server(server), key, properties))

    def delete_key(self, body, query, server, key):
        operation = self.world.delete_key(self.world.server(server), key)
        return Answer(204) if operation is None else self.accepted(operation)

    def put_protector(self, body, query, server):
        properties = self.properties(body, {"serverKeyType", "serverKeyName", "autoRotationEnabled"})
        return self.accepted(self.world.put_protector(self.world.server(server), properties))

    def properties(self, body, allowed):
        if not isinstance(body, dict) or set(body) != {"properties"} or not isinstance(body["properties"], dict):
            raise Refusal(400, "InvalidRequestContent", "The body must hold `properties` and nothing else.")
        unknown = set(body["properties"]) - allowed
        if unknown:
            raise Refusal(400, "InvalidRequestContent", f"Unknown properties: {', '.join(sorted(unknown))}.")
        return body["properties"]

    def list_assignments(self, body, query, scope):
        text = query.get("$filter", "")
        match = re.fullmatch(r"(?:principalId eq|assignedTo\()\s*'([^']+)'\)?", text)
        if text not in ("", "atScope()") and not match:
            raise Refusal(400, "InvalidFilter", f"The filter '{text}' is not supported.")
        return show_list(self.world.list_assignments(scope, match[1] if match else None))

    # Long-running operations

    def accepted(self, operation):
        signature = f"t={int(time.time())}&c={secrets.token_urlsafe(2300)}&s={secrets.token_urlsafe(96)}&h=x"
        urls = {}
        for kind, name in (("status", "AzureAsyncOperation"), ("result", "OperationResults")):
            target = (f"{SUBSCRIPTION}/providers/Microsoft.Sql/locations/{operation.server.location}/"
                      f"{operation.family}{name}/{operation.id}?api-version=2023-08-01&{signature}")
            self.operation_urls[target] = (operation, kind)
            urls[kind] = self.base + target
        headers = {"Azure-AsyncOperation": urls["status"], "Location": urls["result"]} | self.retry_headers()
        return Answer(202, {"operation": operation.kind, "startTime": operation.started}, headers)

    def retry_headers(self):
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}

    def operation_answer(self, method, target):
        operation, kind = self.operation_urls.get(target, (None, None))
        if operation is None or method != "GET":
            raise Refusal(403, "AuthorizationFailed", "The operation URL is not as it was handed out.")
        running = operation.status == "InProgress"
        if kind == "status":
            body = {"name": operation.id, "status": operation.status, "startTime": operation.started}
            return Answer(200, body | ({"error": operation.error} if operation.error else {}),
                          self.retry_headers() if running else {})
        if running:
            return Answer(202, None, self.retry_headers())
        if operation.error:
            raise Refusal(400, operation.error["code"], operation.error["message"])
        resource = operation.resource()
        return Answer(204) if resource is None else Answer(200, resource)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    service = None
    log = None
    lock = threading.Lock()

    def respond(self):
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            self.close_connection = True
            return self.send(Answer(411, {"error": {"code": "LengthRequired", "message": "Send Content-Length."}}), b"")
        length = int(self.headers.get("Content-Length") or 0)
        if length > BODY_BYTES_MAX:
            self.close_connection = True
            return self.send(Answer(413, {"error": {"code": "RequestTooLarge", "message": "Too large."}}), b"")
        body = self.rfile.read(length)
        with self.lock:
            try:
                answer = self.service.answer(self.command, self.headers.get("Host", ""), self.path, self.headers, body)
            except Refusal as refusal:
                answer = Answer(refusal.status, {"error": {"code": refusal.code, "message": refusal.message}})
        return self.send(answer, body)

    do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = do_HEAD = respond

    def send(self, answer, request_body):
        data = b"" if answer.body is None else json.dumps(answer.body).encode()
        request_id = str(uuid.uuid4())
        with self.lock:
            self.write_log(answer, request_body, request_id)
        self.send_response(answer.status)
        headers = dict(answer.headers)
        headers["x-ms-request-id"] = request_id
        for name in ("x-ms-client-request-id", "x-ms-correlation-request-id"):
            if name in self.headers:
                headers[name] = self.headers[name]
        if data:
            headers["Content-Type"] = "application/json; charset=utf-8"
        if answer.status != 204:
            headers["Content-Length"] = str(len(data))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def write_log(self, answer, request_body, request_id):
        """One exchange, in the form that contract checkers read; what is secret in it is left out."""
        line = {"at": utc(), "method": self.command, "url": f"https://{self.headers.get('Host', '')}{self.path}",
                "status": answer.status, "requestId": request_id,
                "clientRequestId": self.headers.get("x-ms-client-request-id")}
        if self.path.lower().endswith("/oauth2/v2.0/token"):
            form = urllib.parse.parse_qsl(request_body.decode("utf-8", "replace"), keep_blank_values=True)
            hidden = ("client_secret", "client_assertion")
            line["body"] = urllib.parse.urlencode([(k, "hidden" if k in hidden else v) for k, v in form])
        else:
            line["response"] = answer.body
            if request_body:
                line["body"] = json.loads(request_body) if answer.status < 300 else request_body.decode("utf-8", "replace")
        self.log.write(json.dumps(line) + "\n")
        self.log.flush()

    def log_message(self, *_):
        """The log file says it all; standard error is for what goes wrong."""


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--certificate", required=True, help="certificate in PEM")
    options.add_argument("--key", required=True, help="its private key in PEM")
    options.add_argument("--log", required=True, help="file for one line of JSON an exchange; appended to")
    options.add_argument("--port", type=int, default=0, help="0: any free one")
    options.add_argument("--retry-after", type=int, help="seconds sent with unfinished operations; none by default, as Azure SQL")
    options.add_argument("--ticks", type=int, default=3, help="requests that an operation takes to end")
    given = options.parse_args()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(given.certificate, given.key)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", given.port), Handler)
    server.daemon_threads = True
    # The handshake happens in the connection's own thread, so that a client that says nothing holds nobody up.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    port = server.server_address[1]
    with open(given.log, "a", encoding="utf-8") as log:
        Handler.service, Handler.log = Service(port, given.retry_after, given.ticks), log
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(json.dumps({
            "port": port, "tenant": azure.TENANT, "subscription": azure.SUBSCRIPTION, "clientId": CLIENT_ID,
            "clientSecret": Handler.service.client_secret, "authority": Handler.service.base,
            "resourceManager": Handler.service.base, "keyVaultSuffix": Handler.service.suffix}), flush=True)
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    main()
