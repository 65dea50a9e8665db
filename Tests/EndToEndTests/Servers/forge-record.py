# SPDX-License-Identifier: Apache-2.0
"""Alters a record as a liar would who knows its formats: forge-record.py FOLDER HOW [KEY], where KEY seals it anew.

Chain, record.json and sums fit each other afterwards; what only somebody's key can make does not.
"""
import glob
import hashlib
import json
import os
import shutil
import subprocess
import sys

folder, how, key = sys.argv[1], sys.argv[2], (sys.argv[3:] or [None])[0]
os.chdir(folder)


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def text(name):
    with open(name, "rb") as file:
        return file.read()


def put(name, data):
    with open(name, "wb") as file:
        file.write(data)


def store(entries):
    previous, lines = "0" * 64, b""
    for number, entry in enumerate(entries):
        entry["seq"] = True if how == "seq-true" and number == 1 else number
        entry["prev"] = previous
        line = canonical(entry)
        previous = hashlib.sha256(line).hexdigest()
        lines += line + b"\n"
    put("journal.jsonl", lines)
    for name in ("record.json", "README.md"):
        put(name, text(name).replace(last.encode(), previous.encode()))
    record = json.loads(text("record.json"))
    record["journal"]["entries"] = len(entries)
    put("record.json", json.dumps(record, indent=2, ensure_ascii=False).encode() + b"\n")


old = [json.loads(line) for line in text("journal.jsonl").splitlines()]
last = json.loads(text("record.json"))["journal"]["lastLine"]
if how == "no-approvals-folder":
    shutil.rmtree("approvals")
elif how == "no-approvals":
    shutil.rmtree("approvals")
    store([entry for entry in old if entry["kind"] != "approval-recorded"])
elif how == "one-approval-less":
    for name in glob.glob("approvals/03-*"):
        os.remove(name)
    store([entry for entry in old if entry.get("approver") != "ben"])
elif how == "other-plan":
    plan = json.loads(text("plan.json"))
    plan["change"] = "CHG666"
    put("plan.json", canonical(plan))
    old[0]["plan"] = "sha256:" + hashlib.sha256(canonical(plan)).hexdigest()
    store(old)
elif how == "no-end":
    store([entry for entry in old if entry["kind"] != "run-finished"])
elif how == "seq-true":
    store(old)
elif how == "definition-moved":
    os.rename("definitions/runbooks/drill.yaml", "definitions/runbooks/other.yaml")
elif how == "more-files":
    put("note.txt", b"All is well\n")
elif how == "more-approvals":
    shutil.copy("approvals/02-anu.json", "approvals/04-anu.json")
    shutil.copy("approvals/02-anu.json.sig", "approvals/04-anu.json.sig")
elif how == "page":
    put("README.md", text("README.md").replace(b"succeeded", b"SUCCEEDED"))
elif how == "review":
    name = glob.glob("reviews/*/review.json")[0]
    put(name, text(name).replace(b"Seen", b"Read"))
else:
    assert how == "nothing"

if key:
    names = sorted(os.path.relpath(os.path.join(root, name)) for root, _, files in os.walk(".") for name in files)
    own = [name for name in names if not name.startswith(("definitions/", "reviews/", "SHA256SUMS"))]
    put("SHA256SUMS", b"".join(f"{hashlib.sha256(text(name)).hexdigest()}  {name}\n".encode() for name in own))
    if os.path.exists("SHA256SUMS.sig"):
        os.remove("SHA256SUMS.sig")
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", "muster-record@v1", "SHA256SUMS"], check=True)
elif how != "nothing":
    for name in glob.glob("SHA256SUMS*"):
        os.remove(name)
