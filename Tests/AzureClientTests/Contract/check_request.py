#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks HTTP exchanges against the API descriptions in specs/ (OpenAPI 2.0).

Reads one JSON object a line: {"method", "url", "body"?, "headers"?, "status"?, "response"?}; prints one verdict a line.
Checked: method and path are a known operation; its api-version; required, unknown and malformed parameters; the
body's properties, types, enumerations, patterns and lengths; the answer where one is given. The host picks the API
when it is one of Azure's, any other host is matched by path alone. Needs the package jsonschema.
"""
import copy, functools, json, os, posixpath, re, sys
from urllib.parse import parse_qsl, unquote, urlsplit
import jsonschema

HERE = os.path.dirname(os.path.abspath(__file__))
SPECS = os.path.join(HERE, 'specs')
METHODS = ('get', 'put', 'post', 'patch', 'delete', 'head')

HOST_KINDS = [
    ('arm', r'^management\.(azure\.com|chinacloudapi\.cn|usgovcloudapi\.net|microsoftazure\.de|sovcloud-api\.(fr|de))$'),
    ('kv', r'^[a-z0-9-]+\.vault\.(azure\.net|azure\.cn|usgovcloudapi\.net|microsoftazure\.de|sovcloud-api\.(fr|de))$'),
    ('hsm', r'^[a-z0-9-]+(\.[a-z0-9-]+)?\.managedhsm\.(azure\.net|azure\.cn|usgovcloudapi\.net|sovcloud-api\.fr)$'),
    ('graph', r'^(graph\.microsoft\.(com|us)|microsoftgraph\.chinacloudapi\.cn|graph\.svc\.sovcloud\.fr|dod-graph\.microsoft\.us)$'),
    ('login', r'^(login\.microsoftonline\.(com|us)|login\.chinacloudapi\.cn|login\.sovcloud-identity\.fr)$'),
    ('logs', r'^api\.(loganalytics\.(io|us|azure\.com|azure\.cn)|monitor\.azure\.(com|us|cn))$'),
    ('imds', r'^169\.254\.169\.254$'),
]


def host_kind(host):
    host = (host or '').lower()
    for k, rx in HOST_KINDS:
        if re.match(rx, host):
            return k
    return None


def spec_kinds(rel, doc):
    """Which host kinds a spec document serves."""
    own = doc.get('x-host-kinds')
    if own:
        return set(own)
    h = doc.get('host', '')
    if 'management.azure.com' in h:
        return {'arm'}
    if 'loganalytics' in h or 'operationalinsights/data-plane' in rel:
        return {'logs'}
    if 'managedhsm' in h:
        return {'hsm'}
    if 'keyvault/data-plane' in rel or '.vault.azure.net' in h:
        name = posixpath.basename(rel)
        return {'hsm'} if name in ('rbac.json', 'securitydomain.json', 'backuprestore.json', 'settings.json') else {'kv', 'hsm'}
    return {'arm'}


@functools.lru_cache(maxsize=None)
def load(rel):
    with open(os.path.join(SPECS, rel), encoding='utf-8-sig') as f:
        return json.load(f)


def resolve(rel, ref):
    """-> (file, node)"""
    f, _, ptr = ref.partition('#')
    target = posixpath.normpath(posixpath.join(posixpath.dirname(rel), f)) if f else rel
    node = load(target)
    for part in ptr.strip('/').split('/'):
        if part:
            node = node[part.replace('~1', '/').replace('~0', '~')]
    return target, node


def deref(rel, node):
    while isinstance(node, dict) and '$ref' in node:
        rel, node = resolve(rel, node['$ref'])
    return rel, node


class Op:
    __slots__ = ('rel', 'doc', 'path', 'method', 'op', 'params', 'regex', 'version', 'kinds', 'literal', 'names')

    def __init__(s, rel, doc, path, item, method):
        s.rel, s.doc, s.path, s.method, s.op = rel, doc, path, method, item[method]
        s.version = doc['info']['version']
        s.kinds = spec_kinds(rel, doc)
        s.params = {}
        for p in item.get('parameters', []) + s.op.get('parameters', []):
            r, p = deref(rel, p)
            s.params[(p['in'], p['name'])] = (r, p)
        base = doc.get('basePath', '').rstrip('/')
        full = base + path.split('?')[0]
        s.names = []
        rx, pos = '', 0
        multi = {n for (w, n), (_, p) in s.params.items() if w == 'path' and p.get('x-ms-skip-url-encoding')}
        multi |= {n for n in re.findall(r'\{([^}]+)\}', full) if n.lower() in ('scope', 'resourceuri', 'resourceid')}
        full = full.rstrip('/') or '/'
        for m in re.finditer(r'\{([^}]+)\}', full):
            lit = full[pos:m.start()]
            name = m.group(1)
            s.names.append(name)
            if name in multi and m.end() == len(full):
                rx += re.escape(lit) + '(.+)'
            elif name in multi:
                if lit.endswith('/'):
                    lit = lit[:-1]
                rx += re.escape(lit) + '(?:/+(.*?))?'
            elif name == 'key-version' and m.end() == len(full):
                if lit.endswith('/'):
                    lit = lit[:-1]
                rx += re.escape(lit) + '(?:/([^/]*))?'
            else:
                rx += re.escape(lit) + '([^/]+)'
            pos = m.end()
        rx += re.escape(full[pos:])
        if re.fullmatch(r'/\{[^}]+\}', full) or '{resourceType}' in full:
            # by-id and generic operations would match everything: keep only the role ones, narrowed
            n = s.names[0].lower()
            kind = 'roleAssignments' if 'roleassignment' in n else 'roleDefinitions' if n.startswith('role') else None
            rx = '/(.*/?providers/Microsoft\\.Authorization/%s/[^/]+)' % kind if kind else '(?!)()'
        av = s.params.get(('query', 'api-version'))
        if av and len(av[1].get('enum', [])) == 1:
            s.version = av[1]['enum'][0]
        s.regex = re.compile('^' + rx + '/?$', re.I)
        s.literal = len(re.sub(r'\{[^}]+\}', '', full))

    @property
    def id(s):
        return s.op.get('operationId', '?')


@functools.lru_cache(maxsize=1)
def operations():
    out = []
    for root, _, files in os.walk(SPECS):
        for fn in sorted(files):
            if not fn.endswith('.json'):
                continue
            rel = os.path.relpath(os.path.join(root, fn), SPECS).replace(os.sep, '/')
            doc = load(rel)
            if 'swagger' not in doc:
                continue
            for path, item in {**doc.get('paths', {}), **doc.get('x-ms-paths', {})}.items():
                for m in METHODS:
                    if m in item and isinstance(item[m], dict):
                        out.append(Op(rel, doc, path, item, m))
    return out


# ---- swagger schema -> JSON schema -------------------------------------------------------------
class Converter:
    """Flattens allOf so that unknown properties can be seen; resolves $ref over files into $defs."""

    def __init__(s, closed=True, request=True):
        s.closed, s.request, s.defs, s.names = closed, request, {}, {}

    def convert(s, rel, schema):
        if not isinstance(schema, dict):
            return {}
        if '$ref' in schema:
            r, node = resolve(rel, schema['$ref'])
            key = (r, schema['$ref'].split('#')[-1])
            if key not in s.names:
                nm = re.sub(r'\W+', '_', key[1]).strip('_') + '_%d' % len(s.names)
                s.names[key] = nm
                s.defs[nm] = {}
                s.defs[nm] = s.convert(r, node)
            return {'$ref': '#/$defs/' + s.names[key]}
        only = schema.get('allOf', [])
        if len(only) == 1 and '$ref' in only[0] and not set(schema) & {'properties', 'required', 'additionalProperties'}:
            return s.convert(rel, only[0])  # by name, since it may lead back here
        return s.plain(rel, schema)

    def merged(s, rel, schema, seen=()):
        """properties (name -> (rel, schema)), required, additional"""
        props, req, add = {}, set(schema.get('required', [])), schema.get('additionalProperties')
        add = (rel, add) if add is not None else None
        for part in schema.get('allOf', []):
            r, node = deref(rel, part)
            if id(node) in seen:
                continue
            p, q, a = s.merged(r, node, seen + (id(node),))
            props.update(p)
            req |= q
            add = add or a
        for k, v in schema.get('properties', {}).items():
            props[k] = (rel, v)
        return props, req, add

    def plain(s, rel, schema):
        out = {}
        t = schema.get('type')
        if 'discriminator' in schema and not schema.get('x-seen'):
            subs = s.subtypes(rel, schema)
            if subs:
                disc = schema['discriminator']
                base = {k: v for k, v in schema.items() if k != 'discriminator'}
                branches = []
                for val, node in subs.items():
                    n = {k: v for k, v in node.items() if k != 'discriminator'}
                    n = copy.deepcopy(n)
                    branches.append({'if': {'properties': {disc: {'const': val}}, 'required': [disc]},
                                     'then': s.plain(rel, n)})
                return {'type': 'object', 'required': [disc], 'allOf': branches,
                        'properties': {disc: s.convert(rel, base.get('properties', {}).get(disc, {'type': 'string'}))}}
        if 'allOf' in schema or 'properties' in schema or t == 'object':
            props, req, add = s.merged(rel, schema)
            out['type'] = 'object'
            if props:
                out['properties'] = {}
                for k, (r, v) in props.items():
                    c = s.convert(r, v)
                    if isinstance(v, dict):
                        _, d = deref(r, v)
                        ro = v.get('readOnly')
                        if ro:
                            if s.request:
                                c = {'x-readonly': True}
                                req.discard(k)
                            else:
                                c = dict(c)
                    out['properties'][k] = c
            req &= set(props) | set(schema.get('required', []))
            if s.request:
                req -= {k for k, (r, v) in props.items() if isinstance(v, dict) and v.get('readOnly')}
            if req:
                out['required'] = sorted(req)
            if add is not None:
                r, a = add
                out['additionalProperties'] = s.convert(r, a) if isinstance(a, dict) else bool(a)
            elif props and s.closed:
                out['additionalProperties'] = False
            elif not props and len(schema.get('allOf', [])) == 0:
                out.pop('type') if t != 'object' else None
        elif t == 'array':
            out = {'type': 'array', 'items': s.convert(rel, schema.get('items', {}))}
            for k in ('minItems', 'maxItems'):
                if k in schema:
                    out[k] = schema[k]
        elif t == 'file':
            out = {}
        elif t:
            out['type'] = t
        for k in ('minLength', 'maxLength', 'minimum', 'maximum', 'pattern'):
            if k in schema:
                out[k] = schema[k]
        if 'enum' in schema:
            ext = schema.get('x-ms-enum', {}).get('modelAsString')
            out['x-extensible' if ext else 'x-enum'] = schema['enum']
        if schema.get('format') in ('uuid', 'date-time'):
            out['x-format'] = schema['format']
        if 'type' in out and (schema.get('x-nullable') or not s.request):
            out['type'] = [out['type'], 'null']  # the service does answer null for absent members
        return out

    def subtypes(s, rel, schema):
        subs, doc = {}, load(rel)
        name = next((n for n, d in doc.get('definitions', {}).items() if d is schema), None)
        if name is None:
            return subs
        for n, d in doc['definitions'].items():
            for part in d.get('allOf', []):
                if part.get('$ref', '').endswith('#/definitions/' + name):
                    subs[d.get('x-ms-discriminator-value', n)] = d
        return subs


def _xenum(v, values, inst, schema):
    if isinstance(inst, str) and all(isinstance(e, str) for e in values):
        if inst.lower() in [e.lower() for e in values]:
            return
    elif inst in values or inst is None:
        return
    yield jsonschema.ValidationError('%r is not one of %r' % (inst, values))


def _xext(v, values, inst, schema):
    for e in _xenum(v, values, inst, schema):
        yield jsonschema.ValidationError('EXTENSIBLE ' + e.message)


def _xro(v, val, inst, schema):
    yield jsonschema.ValidationError('READONLY')


def _xfmt(v, fmt, inst, schema):
    if not isinstance(inst, str):
        return
    if fmt == 'uuid' and not re.match(r'^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$', inst):
        yield jsonschema.ValidationError('%r is not a uuid' % inst)
    if fmt == 'date-time' and not re.match(r'^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)?$', inst, re.I):
        yield jsonschema.ValidationError('%r is not a date-time' % inst)


Validator = jsonschema.validators.extend(jsonschema.Draft7Validator, {
    'x-enum': _xenum, 'x-extensible': _xext, 'x-readonly': _xro, 'x-format': _xfmt})


@functools.lru_cache(maxsize=None)
def compiled(rel, key, request):
    c = Converter(True, request)
    root = c.convert(rel, json.loads(key))
    schema = dict(root) if '$ref' not in root else {'allOf': [root]}
    schema['$defs'] = c.defs
    return Validator(schema)


def walk_errors(errors):
    for e in errors:
        if e.context:
            yield from walk_errors(e.context)
        else:
            yield e


def check_value(rel, schema, value, request, where, out, warn, lenient, strict):
    v = compiled(rel, json.dumps(schema, sort_keys=True), request)
    try:
        found = list(walk_errors(v.iter_errors(value)))
    except RecursionError:  # a schema that names itself in an allOf: the checker can't follow it, which is no fault of the body
        warn.append('%s: not checked, its schema is recursive beyond what this script follows' % where)
        return
    for e in sorted(found, key=lambda e: list(map(str, e.absolute_path))):
        p = where + ''.join('/' + str(x) for x in e.absolute_path)
        if e.message == 'READONLY':
            (out if strict else warn).append('%s is read-only and is ignored or refused in a request' % p)
        elif e.message.startswith('EXTENSIBLE '):
            (warn if lenient or not (request or strict) else out).append('%s: %s' % (p, e.message[11:]))
        elif e.validator == 'additionalProperties':
            (warn if lenient or not (request or strict) else out).append('%s: %s' % (p, e.message.replace('Additional properties are not allowed', 'unknown property')))
        else:
            out.append('%s: %s' % (p, e.message))


def check_param(p, raw, where, out, warn, lenient):
    t, vals = p.get('type'), [raw]
    if t == 'array':
        vals = raw.split({'csv': ',', 'ssv': ' ', 'pipes': '|'}.get(p.get('collectionFormat', 'csv'), ','))
        t = p.get('items', {}).get('type')
        enum, ext = p.get('items', {}).get('enum'), True
    else:
        enum, ext = p.get('enum'), p.get('x-ms-enum', {}).get('modelAsString')
    for v in vals:
        if t == 'integer' and not re.match(r'^-?\d+$', v):
            out.append('%s: %r is not an integer' % (where, v))
        if t == 'boolean' and v.lower() not in ('true', 'false'):
            out.append('%s: %r is not a boolean' % (where, v))
        if enum and v.lower() not in [str(e).lower() for e in enum]:
            (warn if (lenient and ext) else out).append('%s: %r is not one of %r' % (where, v, enum))
        if p.get('pattern') and not re.search(p['pattern'], v):
            out.append('%s: %r does not match %s' % (where, v, p['pattern']))
        if 'minLength' in p and len(v) < p['minLength']:
            out.append('%s: %r is shorter than %d' % (where, v, p['minLength']))
        if 'maxLength' in p and len(v) > p['maxLength']:
            out.append('%s: %r is longer than %d' % (where, v, p['maxLength']))
        if p.get('format') == 'uuid' and not re.match(r'^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$', v):
            out.append('%s: %r is not a uuid' % (where, v))


class Result:
    def __init__(s):
        s.op, s.violations, s.warnings, s.matched = None, [], [], False

    @property
    def ok(s):
        return s.matched and not s.violations


def find(method, url):
    u = urlsplit(url)
    kind = host_kind(u.hostname)
    path = re.sub(r'/{2,}', '/', u.path) or '/'
    hits = []
    for op in operations():
        if kind and kind not in op.kinds:
            continue
        m = op.regex.match(path)
        if m:
            hits.append((op, m))
    same = [h for h in hits if h[0].method == method.lower()]
    return same, hits, u, kind


def versionless(op):
    return ('query', 'api-version') not in op.params


def check(method, url, body=None, headers=None, status=None, response=None, lenient=False, strict=False, has_response=False):
    r = Result()
    same, hits, u, kind = find(method, url)
    if not same:
        if hits:
            r.violations.append('method %s is not known for this path (known: %s)' % (
                method.upper(), ', '.join(sorted({h[0].method.upper() for h in hits}))))
        else:
            r.violations.append('no operation in specs/ matches %s %s' % (method.upper(), u.path))
        return r
    query = parse_qsl(u.query, keep_blank_values=True)
    q = {}
    for k, v in query:
        q.setdefault(k, v)
    ver = next((v for k, v in q.items() if k.lower() == 'api-version'), None)
    best = max(h[0].literal for h in same)
    top = [h for h in same if h[0].literal == best]
    cand = [h for h in top if versionless(h[0]) or h[0].version == ver]
    r.matched = True
    if not cand:
        known = sorted({h[0].version for h in top})
        r.op = top[-1][0]
        r.violations.append('api-version %s; specs/ holds for this operation: %s' % (
            'is missing' if ver is None else repr(ver) + ' is not known', ', '.join(known)))
        top.sort(key=lambda h: (h[0].version, h[0].rel.startswith('specification')))
        cand = [top[-1]]
    cand.sort(key=lambda h: not h[0].rel.startswith('specification'))
    outcomes = []
    for op, m in cand:
        out, warn = [], []
        # path
        for name, val in zip(op.names, m.groups()):
            rp = op.params.get(('path', name))
            if rp and val:
                check_param(rp[1], unquote(val), 'path {%s}' % name, out, warn, lenient)
        # query
        declared = {n.lower(): p for (w, n), (_, p) in op.params.items() if w == 'query'}
        for k, v in query:
            if k.lower() == 'api-version':
                continue
            p = declared.get(k.lower())
            if p is None:
                if op.doc.get('x-any-query') or k.lower() in ('$skiptoken', '$skip', '$top', '$filter') and op.method == 'get' and op.op.get('x-ms-pageable'):
                    continue
                (warn if lenient else out).append('query %s is not a parameter of %s' % (k, op.id))
            else:
                check_param(p, v, 'query ' + k, out, warn, lenient)
        for n, p in declared.items():
            if p.get('required') and n != 'api-version' and n not in [k.lower() for k, _ in query]:
                out.append('query %s is missing' % p['name'])
        # headers
        hl = {k.lower(): v for k, v in (headers or {}).items()}
        for (w, n), (_, p) in op.params.items():
            if w == 'header' and p.get('required') and headers is not None and n.lower() not in hl:
                out.append('header %s is missing' % n)
            elif w == 'header' and n.lower() in hl:
                check_param(p, hl[n.lower()], 'header ' + n, out, warn, lenient)
        # body
        bp = next(((r_, p) for (w, n), (r_, p) in op.params.items() if w == 'body'), None)
        form = {n: p for (w, n), (_, p) in op.params.items() if w == 'formData'}
        if bp:
            if body is None:
                if bp[1].get('required'):
                    out.append('a body is required')
            else:
                check_value(bp[0], bp[1].get('schema', {}), body, True, 'body', out, warn, lenient, strict)
        elif form:
            fields = dict(parse_qsl(body)) if isinstance(body, str) else (body or {})
            for n, p in form.items():
                if p.get('required') and n not in fields:
                    out.append('form field %s is missing' % n)
            for k, v in fields.items():
                if k not in form:
                    (warn if lenient else out).append('form field %s is unknown' % k)
                else:
                    check_param(form[k], str(v), 'form ' + k, out, warn, lenient)
            groups = op.op.get('x-one-of')
            if groups and not any(all(g in fields for g in grp) for grp in groups):
                out.append('form fields: one of these sets is needed: %s' % groups)
        elif body not in (None, '', {}) and op.method in ('get', 'head', 'delete', 'post', 'put', 'patch'):
            (warn if body == {} else out).append('%s takes no body' % op.id)
        # response
        if status is not None:
            resp = op.op.get('responses', {})
            rs = resp.get(str(status))
            if rs is None:
                if 200 <= int(status) < 300 or 'default' not in resp:
                    out.append('status %s is not declared (declared: %s)' % (status, ', '.join(sorted(resp))))
                rs = resp.get('default')
            if rs is not None and has_response and response is not None:
                rr, rs = deref(op.rel, rs)
                if 'schema' in rs:
                    check_value(rr, rs['schema'], response, False, 'response', out, warn, lenient, strict)
        outcomes.append((op, out, warn))
    outcomes.sort(key=lambda o: len(o[1]))
    op, out, warn = outcomes[0]
    r.op = op
    r.violations += out
    r.warnings += warn
    return r


def main():
    """Reads one exchange a line on standard input, writes one verdict a line."""
    for line in sys.stdin:
        if line.strip():
            x = json.loads(line)
            r = check(x['method'], x['url'], x.get('body'), x.get('headers'), x.get('status'), x.get('response'),
                      has_response='response' in x)
            print(json.dumps({'ok': r.ok, 'operation': r.op and r.op.id, 'violations': r.violations}))
    return 0


if __name__ == '__main__':
    sys.exit(main())
