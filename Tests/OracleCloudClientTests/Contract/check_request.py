#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Check one OCI REST request (method, URL, JSON body, optional headers) against
operations.json and models.json. Standard library only; own code of this project.

  check_request.py POST https://database.eu-frankfurt-1.oraclecloud.com/20160918/databases/ocid1.../actions/rotateKey
  check_request.py POST URL body.json            (or '-' for standard input)
  check_request.py --jsonl FILE                  lines {"method","url","headers"?,"body"?}; body a JSON value or a string
  options: -H 'name: value' (repeatable)  --quiet

Exit status: 0 all fine (warnings allowed), 1 errors found, 2 no covered operation matches or bad use.
As a library:  check(method, url, body=None, headers=None) -> dict(operation, errors, warnings)
"""
import base64, hashlib, json, os, re, sys
from urllib.parse import urlsplit, parse_qsl, unquote

HERE = os.path.dirname(os.path.abspath(__file__))
_ops = _models = None
RFC3339 = re.compile(r"^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$")
DATE = re.compile(r"^\d{4}-\d\d-\d\d$")
COMMON_HEADERS = {"accept", "content-type", "content-length", "host", "date", "x-date", "authorization", "x-content-sha256",
                  "user-agent", "connection", "accept-encoding", "accept-language", "opc-client-info", "opc-client-retries",
                  "opc-request-id", "expect", "transfer-encoding", "opc-obo-token", "opc-host-serial"}


def load():
    global _ops, _models
    if _ops is None:
        _ops = json.load(open(os.path.join(HERE, "operations.json"), encoding="utf-8"))["operations"]
        _models = json.load(open(os.path.join(HERE, "models.json"), encoding="utf-8"))["models"]
        for o in _ops:
            rx = "".join("([^/]+)" if p.startswith("{") else re.escape(p) for p in re.split(r"(\{[^}]+\})", o["path"]))
            o["_rx"] = re.compile("^" + rx + "/?$")
            o["_literal"] = len(re.sub(r"\{[^}]+\}", "", o["path"]))
    return _ops, _models


def find(method, url):
    ops, _ = load()
    u = urlsplit(url)
    hits = [o for o in ops if o["method"] == method.upper() and o["_rx"].match(u.path)]
    if not hits:
        return None, None
    hits.sort(key=lambda o: -o["_literal"])
    o = hits[0]
    vals = [unquote(v) for v in o["_rx"].match(u.path).groups()]
    return o, dict(zip(re.findall(r"\{([^}]+)\}", o["path"]), vals))


def prim_ok(t, v):
    if t == "str":
        return isinstance(v, str)
    if t == "int":
        return isinstance(v, int) and not isinstance(v, bool)
    if t == "float":
        return isinstance(v, (int, float)) and not isinstance(v, bool)
    if t == "bool":
        return isinstance(v, bool)
    if t == "datetime":
        return isinstance(v, str) and bool(RFC3339.match(v))
    if t == "date":
        return isinstance(v, str) and bool(DATE.match(v) or RFC3339.match(v))
    return True  # object


def enum_check(v, allowed, where, err, warn, hint=False):
    """body values are compared exactly (as the SDK does); query values which differ only in case are a
    warning, because oci-cli itself sends e.g. ?action=softreset"""
    if v in allowed:
        return
    if isinstance(v, str) and v.upper() in [a.upper() for a in allowed]:
        (warn if hint or where.startswith("query ") else err).append(f"{where}: '{v}' differs only in case from the listed {allowed}")
    elif hint:
        warn.append(f"{where}: '{v}' is not among the values the response model lists: {allowed}")
    else:
        err.append(f"{where}: '{v}' is not one of {allowed}")


def check_type(service, t, v, where, err, warn, field=None):
    if v is None:
        warn.append(f"{where}: null (the SDK leaves absent fields out)")
        return
    m = re.match(r"^list\[(.+)\]$", t)
    if m:
        if not isinstance(v, list):
            err.append(f"{where}: expected an array, got {type(v).__name__}")
            return
        for i, x in enumerate(v):
            check_type(service, m.group(1), x, f"{where}[{i}]", err, warn, field)
        return
    m = re.match(r"^dict\(str, (.+)\)$", t)
    if m:
        if not isinstance(v, dict):
            err.append(f"{where}: expected an object, got {type(v).__name__}")
            return
        for k, x in v.items():
            check_type(service, m.group(1), x, f"{where}.{k}", err, warn)
        return
    key = f"{service}.{t}"
    if key in _models:
        check_model(service, t, v, where, err, warn)
        return
    if not prim_ok(t, v):
        err.append(f"{where}: expected {t}, got {type(v).__name__} {json.dumps(v)[:60]}")
        return
    if field:
        if field.get("enum"):
            enum_check(v, field["enum"], where, err, warn)
        elif field.get("enumHint"):
            enum_check(v, field["enumHint"], where, err, warn, hint=True)


def check_model(service, name, v, where, err, warn):
    if not isinstance(v, dict):
        err.append(f"{where}: expected an object ({name}), got {type(v).__name__}")
        return
    info = _models[f"{service}.{name}"]
    d = info.get("discriminator")
    if d:
        val = v.get(d["property"])
        if val is None:
            if info["fields"].get(d["property"], {}).get("required"):
                err.append(f"{where}.{d['property']}: missing; it selects the kind of {name}: {sorted(d['values'])}")
            else:
                warn.append(f"{where}.{d['property']}: missing; kind of {name} unknown, fields not checked")
            return
        if val not in d["values"]:
            near = [k for k in d["values"] if isinstance(val, str) and k.upper() == val.upper()]
            err.append(f"{where}.{d['property']}: '{val}' selects no kind of {name}: {sorted(d['values'])}" + (f" (case: {near[0]})" if near else ""))
            return
        name = d["values"][val]
        info = _models[f"{service}.{name}"]
    fields = info["fields"]
    for k, x in v.items():
        f = fields.get(k)
        if f is None:
            low = [n for n in fields if n.lower() == k.lower()]
            err.append(f"{where}.{k}: not a field of {name}" + (f" (did you mean {low[0]}?)" if low else ""))
            continue
        check_type(service, f["type"], x, f"{where}.{k}", err, warn, f)
    for k, f in fields.items():
        if f.get("required") and v.get(k) is None:
            err.append(f"{where}.{k}: required by {name}, missing")
    for k, want in (info.get("constant") or {}).items():
        if k in v and v[k] != want:
            err.append(f"{where}.{k}: must be '{want}' for {name}")


def check_headers(op, method, body_text, headers, err, warn):
    h = {k.lower(): v for k, v in headers.items()}
    known = COMMON_HEADERS | {p["name"].lower() for p in op["headerParams"]}
    for k in h:
        if k not in known and (k.startswith("opc-") or k == "if-match" or k == "if-none-match"):
            warn.append(f"header {k}: not a parameter of {op['operation']}")
    if op["acceptsRetryToken"] and method == "POST" and "opc-retry-token" not in h:
        warn.append("header opc-retry-token: absent; without it a retry of this POST is not safe")
    if len(h.get("opc-retry-token", "")) > 64:
        err.append("header opc-retry-token: longer than 64 characters")
    auth = h.get("authorization")
    if auth is None:
        return
    if not auth.startswith("Signature "):
        err.append("header authorization: scheme is not 'Signature'")
        return
    p = dict(re.findall(r'(\w+)="([^"]*)"', auth))
    for k in ("keyId", "algorithm", "headers", "signature", "version"):
        if k not in p:
            err.append(f"header authorization: {k} missing")
    if p.get("algorithm", "rsa-sha256") != "rsa-sha256":
        err.append("header authorization: algorithm must be rsa-sha256")
    if p.get("version", "1") != "1":
        err.append("header authorization: version must be 1")
    signed = p.get("headers", "").split()
    need = ["(request-target)", "host"]
    if method in ("POST", "PUT", "PATCH"):
        need += ["content-length", "content-type", "x-content-sha256"]
    for n in need:
        if n not in signed:
            err.append(f"header authorization: '{n}' is not among the signed headers")
    if "date" not in signed and "x-date" not in signed:
        err.append("header authorization: neither 'date' nor 'x-date' is signed")
    for n in signed:
        if n != "(request-target)" and n not in h:
            err.append(f"header {n}: signed but not sent")
    if "x-content-sha256" in h and body_text is not None:
        want = base64.b64encode(hashlib.sha256(body_text.encode()).digest()).decode()
        if want != h["x-content-sha256"]:
            err.append("header x-content-sha256: does not match the body")
    if method in ("POST", "PUT", "PATCH") and "content-length" in h and body_text is not None \
            and h["content-length"].isdigit() and int(h["content-length"]) != len(body_text.encode()):
        err.append("header content-length: does not match the body")


def check(method, url, body=None, headers=None):
    """body: parsed JSON, a str of JSON, or None"""
    load()
    method = method.upper()
    op, path_vals = find(method, url)
    res = {"operation": None, "errors": [], "warnings": []}
    if op is None:
        others = sorted({o["method"] for o in _ops if o["_rx"].match(urlsplit(url).path)})
        res["errors"].append("no covered operation for %s %s%s" % (method, urlsplit(url).path, f" (path exists with {others})" if others else ""))
        return res
    err, warn = res["errors"], res["warnings"]
    res["operation"] = f"{op['service']}.{op['operation']}"
    for k, v in path_vals.items():
        if not v.strip():
            err.append(f"path {k}: empty")
    # query
    q = {}
    for k, v in parse_qsl(urlsplit(url).query, keep_blank_values=True):
        q.setdefault(k, []).append(v)
    specs = {p["name"]: p for p in op["queryParams"]}
    for k, vs in q.items():
        p = specs.get(k)
        if p is None:
            err.append(f"query {k}: not a parameter of {op['operation']}")
            continue
        if len(vs) > 1 and not p["type"].startswith("list["):
            err.append(f"query {k}: given {len(vs)} times")
        for v in vs:
            if p["type"] == "int" and not re.match(r"^-?\d+$", v):
                err.append(f"query {k}: '{v}' is not an integer")
            if p["type"] == "bool" and v not in ("true", "false"):
                err.append(f"query {k}: '{v}' is not true/false")
            if p.get("enum"):
                enum_check(v, p["enum"], f"query {k}", err, warn)
    for p in op["queryParams"]:
        if p["required"] and p["name"] not in q:
            err.append(f"query {p['name']}: required, missing")
    # body
    text = body if isinstance(body, str) else None
    if isinstance(body, str):
        if body == "":
            body = None
        else:
            try:
                body = json.loads(body)
            except ValueError as e:
                err.append(f"body: not JSON: {e}")
                return res
    if op["body"] is None:
        if body not in (None, {}):
            err.append(f"body: {op['operation']} takes none")
    elif body is None:
        if op["body"]["required"]:
            err.append(f"body: required ({op['body']['model']}), missing")
    else:
        check_type(op["service"], op["body"]["model"], body, "body", err, warn)
    if headers:
        check_headers(op, method, text, headers, err, warn)
    return res


def main(argv):
    headers, rest, jsonl, quiet = {}, [], None, False
    i = 0
    while i < len(argv):
        a = argv[i]
        if a in ("-h", "--help"):
            print(__doc__)
            return 0
        if a == "-H":
            k, _, v = argv[i + 1].partition(":")
            headers[k.strip()] = v.strip()
            i += 1
        elif a == "--jsonl":
            jsonl = argv[i + 1]
            i += 1
        elif a == "--quiet":
            quiet = True
        else:
            rest.append(a)
        i += 1
    if jsonl:
        bad = unknown = n = 0
        for no, line in enumerate(open(jsonl, encoding="utf-8"), 1):
            if not line.strip():
                continue
            n += 1
            r = json.loads(line)
            res = check(r["method"], r["url"], r.get("body"), r.get("headers"))
            bad += bool(res["errors"]) and res["operation"] is not None
            unknown += res["operation"] is None
            if res["errors"] or (res["warnings"] and not quiet):
                print(json.dumps({"line": no, "request": f"{r['method']} {r['url']}", **res}))
        print(f"{n} requests, {n - bad - unknown} fine, {bad} with errors, {unknown} not covered")
        return 1 if bad else (2 if unknown else 0)
    if len(rest) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    body = None
    if len(rest) == 3:
        body = sys.stdin.read() if rest[2] == "-" else open(rest[2], encoding="utf-8").read()
    res = check(rest[0], rest[1], body, headers or None)
    print(json.dumps(res, indent=1))
    return 2 if res["operation"] is None else (1 if res["errors"] else 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
