#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks records of Muster with nothing but Python and, for signatures, ssh-keygen.

Usage: verify-record.py [--signers FILE] FOLDER...

FOLDER holds a record, as `git archive` or a checkout lays it down. FILE is the catalog's policy/allowed-signers at the plan's
commit. For each folder it prints `verified`, or what is wrong. Exit status 0: all hold; 6: at least one does not.
"""
import hashlib
import json
import os
import re
import subprocess
import sys

DERIVED = {"README.md", "record.json", "plan.json", "journal.jsonl"}


def blob(data):
    """The id that git gives to a file."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def load(folder):
    files = {}
    for root, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(root, name)
            with open(path, "rb") as file:
                files[os.path.relpath(path, folder)] = file.read()
    return files


def no_doubles(pairs):
    keys = [key for key, _ in pairs]
    if len(keys) != len(set(keys)):
        raise ValueError("a member stands twice")
    return dict(pairs)


def parse(data):
    return json.loads(data.decode("utf-8"), object_pairs_hook=no_doubles)


def journal(files):
    """The entries, once each line follows the one before it."""
    lines = files["journal.jsonl"].split(b"\n")
    if lines.pop() != b"":
        raise ValueError("journal.jsonl: the last line has no end")
    previous, entries = "0" * 64, []
    for number, line in enumerate(lines):
        try:
            entry = parse(line)
            good = entry["seq"] == number and entry["prev"] == previous
        except (ValueError, LookupError, TypeError):
            good = False
        if not good:
            raise ValueError(f"journal.jsonl:{number + 1}: not the line that was written, or the one before it was changed")
        previous = hashlib.sha256(line).hexdigest()
        entries.append(entry)
    if not entries or entries[0].get("kind") != "run-created":
        raise ValueError("journal.jsonl: it does not begin with a run")
    return entries, previous


def documents(plan):
    """The files in definitions/ and the blobs that the plan names for them."""
    for document in [plan["runbook"]["document"], plan.get("lock"), plan["environment"].get("document")]:
        if document:
            yield document["path"], document["blob"]
    for definition in plan["definitions"].values():
        if definition.get("document"):
            path, version = definition["document"]["path"], definition["version"]
            yield re.sub(r"\.yaml$", f"@{version}.yaml", path), definition["document"]["blob"]


def check(files, signers):
    """Everything that is wrong, in words."""
    for name in sorted(DERIVED - set(files)):
        yield f"{name} is missing"
    if DERIVED - set(files):
        return
    try:
        entries, last = journal(files)
        plan, record = parse(files["plan.json"]), parse(files["record.json"])
    except (ValueError, UnicodeDecodeError) as error:
        yield str(error)
        return
    created = entries[0]
    if canonical(plan) != files["plan.json"]:
        yield "plan.json is not in its canonical form"
    if created["plan"] != "sha256:" + hashlib.sha256(files["plan.json"]).hexdigest():
        yield "plan.json is not the plan that the run was created for"
    if record.get("run") != created["run"] or record.get("journal", {}).get("lastLine") != last:
        yield "record.json is not about this journal"
    if entries[-1]["kind"] == "run-finished" and record.get("outcome") != entries[-1]["outcome"]:
        yield "record.json has another outcome than the journal"
    blobs = {blob(data) for path, data in files.items() if path.startswith("definitions/")}
    for path, wanted in documents(plan):
        if wanted not in blobs:
            yield f"definitions: {path} is not the blob {wanted[:10]} that the plan names"
    wanted = {document for _, document in documents(plan)}
    for path in sorted(path for path in files if path.startswith("definitions/") and blob(files[path]) not in wanted):
        yield f"{path} is no document of the plan"
    yield from evidence(files, entries)
    yield from approvals(files, entries, signers)
    yield from seal(files, signers)


def evidence(files, entries):
    shown = {entry["seq"]: entry for entry in entries if entry["kind"] == "evidence"}
    found = set()
    for path, data in sorted(files.items()):
        if not path.startswith("evidence/"):
            continue
        try:
            piece = parse(data)
            entry = shown[piece["entry"]]
            found.add(piece["entry"])
            good = piece["data"] == entry["data"] and piece["step"] == entry["step"] and piece["name"] == entry["name"]
        except (ValueError, LookupError, TypeError):
            good = False
        if not good:
            yield f"{path} is not what the journal has"
    for missing in sorted(set(shown) - found):
        yield f"the evidence of journal.jsonl:{missing + 1} is missing"


def approvals(files, entries, signers):
    told = {entry["statement"]: entry["signature"] for entry in entries if entry["kind"] == "approval-recorded"}
    for path, data in sorted(files.items()):
        if path.startswith("approvals/") and path.endswith(".json"):
            signature = files.get(path + ".sig", b"").decode()
            if told.get(data.decode()) != signature:
                yield f"{path} is not what the journal has"
            elif signers:
                yield from signed(path, data, signature, "muster-approval@v1", signers, parse(data)["approver"])


def seal(files, signers):
    """The sums name every file that is the record's own, and are signed."""
    if "SHA256SUMS" not in files:
        if "SHA256SUMS.sig" in files:
            yield "SHA256SUMS is missing"
        return
    sums = dict(reversed(line.split("  ", 1)) for line in files["SHA256SUMS"].decode().splitlines())
    own = {path for path in files if path not in ("SHA256SUMS", "SHA256SUMS.sig")
           and not path.startswith("definitions/") and not path.startswith("reviews/")}
    for path in sorted(own | set(sums)):
        if path not in files or sums.get(path) != hashlib.sha256(files[path]).hexdigest():
            yield f"{path} is not what SHA256SUMS says"
    if signers:
        signature = files.get("SHA256SUMS.sig", b"").decode()
        yield from signed("SHA256SUMS", files["SHA256SUMS"], signature, "muster-record@v1", signers, None)


def signed(path, data, signature, namespace, signers, person):
    scratch = f"/tmp/verify-record-{os.getpid()}.sig"
    with open(scratch, "w", encoding="utf-8") as file:
        file.write(signature)
    try:
        tool = ["ssh-keygen", "-Y"]
        if person is None:
            found = subprocess.run(tool + ["find-principals", "-s", scratch, "-f", signers], capture_output=True, text=True)
            person = (found.stdout.splitlines() or [""])[0]
        order = tool + ["verify", "-f", signers, "-I", person or "nobody", "-n", namespace, "-s", scratch]
        if subprocess.run(order, input=data, capture_output=True).returncode != 0:
            yield f"{path}: the signature of {person or 'nobody known'} does not hold"
    finally:
        os.remove(scratch)


def main():
    arguments, signers = sys.argv[1:], None
    if arguments[:1] in (["-h"], ["--help"]):
        return print(__doc__.strip())
    if arguments[:1] == ["--signers"] and len(arguments) > 1:
        signers, arguments = arguments[1], arguments[2:]
    if not arguments:
        sys.exit(__doc__)
    bad = 0
    for folder in arguments:
        try:
            wrong = list(check(load(folder), signers))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError, OSError) as error:
            wrong = [f"it cannot be read as a record ({type(error).__name__}: {error})"]
        bad += bool(wrong)
        print(f"{folder}: " + ("verified" if not wrong else "; ".join(wrong)))
    sys.exit(6 if bad else 0)


if __name__ == "__main__":
    main()
