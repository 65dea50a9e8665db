#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks records of Muster with nothing but Python and, for signatures, ssh-keygen.

Usage: verify-record.py [--sealed] [--signers FILE] FOLDER...

FOLDER holds a record, laid down blob by blob: `git archive` and a checkout obey a .gitattributes that hides files. FILE is policy/allowed-signers at the plan's commit; without it
no signature is checked. --sealed: a run that ended must have a seal; give it where muster.yaml says `sign: true` at that commit.
For each folder it prints `verified`, with who signed and what is not proven, or what is wrong. Whether those persons may do so is
in muster.yaml. Exit status 0: all hold; 6: at least one does not.
"""
import argparse, hashlib, json, os, pathlib, re, subprocess, sys, tempfile

DERIVED, SEAL = {"README.md", "record.json", "plan.json", "journal.jsonl"}, {"SHA256SUMS", "SHA256SUMS.sig"}


def sha(data):
    return hashlib.sha256(data).hexdigest()


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def component(text):
    name = re.sub(rb"^\.|[^A-Za-z0-9._@\[\]-]", lambda byte: b"=%02X" % byte[0][0], text.encode()).decode() or "="
    return name if len(name) <= 120 else name[:80] + "=" + sha(text.encode())[:24]


def load(folder):
    paths = [path for path in pathlib.Path(folder).rglob("*") if path.is_symlink() or not path.is_dir()]
    if any(path.is_symlink() or not path.is_file() for path in paths):
        raise ValueError("a record has files and folders alone")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def parse(data):
    def once(pairs):
        if len(pairs) != len({key for key, _ in pairs}):
            raise ValueError("a member stands twice")
        return dict(pairs)
    return json.loads(data.decode("utf-8"), object_pairs_hook=once)


def journal(data):
    """The entries, once each line follows the one before it."""
    lines, previous, entries = data.split(b"\n"), "0" * 64, []
    for number, line in enumerate(lines[:-1]):
        entry = parse(line)
        if type(entry["seq"]) is not int or (entry["seq"], entry["prev"]) != (number, previous):
            raise ValueError(f"journal.jsonl:{number + 1}: not the line that was written, or the one before it was changed")
        previous = sha(line)
        entries.append(entry)
    if lines[-1] != b"" or not entries or entries[0]["kind"] != "run-created":
        raise ValueError("journal.jsonl: it does not begin with a run, or its last line has no end")
    return entries, previous


def documents(plan):
    """The blobs that the plan names, by their paths in the record."""
    named = [(document, "") for document in (plan["runbook"]["document"], plan.get("lock"), plan["environment"].get("document"))]
    named += [(definition.get("document"), "@" + definition["version"]) for definition in plan["definitions"].values()]
    for document, version in (pair for pair in named if pair[0]):
        path = "/".join(component(part) for part in document["path"].split("/") if part)
        yield "definitions/" + (path.removesuffix(".yaml") + version + ".yaml" if version else path), document["blob"]


def check(files, signers, wants_seal, notes):
    """Everything that is wrong, in words."""
    if DERIVED - set(files):
        raise ValueError(f"there is no {' and no '.join(sorted(DERIVED - set(files)))}")
    entries, last = journal(files["journal.jsonl"])
    plan, record, created, end = parse(files["plan.json"]), parse(files["record.json"]), entries[0], None
    if canonical(plan) != files["plan.json"] or created["plan"] != "sha256:" + sha(files["plan.json"]):
        yield "plan.json is not the plan that the run was created for, in its canonical form"
    if record["run"] != created["run"] or record["journal"] != {"entries": len(entries), "lastLine": last}:
        yield "record.json is not about this journal"
    for entry in entries:
        end = entry["outcome"] if entry["kind"] == "run-finished" else None if entry["kind"] == "run-resumed" else end
    if record["outcome"] not in ([end] if end else ["running", "paused", "waiting"]):
        yield "record.json has another outcome than the journal"
    known = DERIVED | SEAL | {"leak-gate.json"}
    for path, wanted in documents(plan):
        known.add(path)
        if path not in files or hashlib.sha1(b"blob %d\0" % len(files[path]) + files[path]).hexdigest() != wanted:
            yield f"{path} is not the blob {wanted[:10]} that the plan names"
    for entry in (entry for entry in entries if entry["kind"] == "evidence"):
        base, more = f"evidence/{component(entry['step'])}/{component(entry['name'])}", range(2, len(entries) + 2)
        path = next(path for path in [base + ".json"] + [f"{base}-{number}.json" for number in more] if path not in known)
        known.add(path)
        piece = {name: entry[name] for name in ("step", "name", "during", "at", "data")} | {"entry": entry["seq"]}
        if path not in files or canonical(parse(files[path])) != canonical(piece):
            yield f"{path} is not what the journal has"
    operators = yield from approvals(files, entries, plan, signers, known, notes)
    yield from reviews(files, entries, signers, known, notes)
    yield from (f"{path} is no file of this record" for path in sorted(set(files) - known))
    notes += [] if end else [f"not over: {record['outcome']}"]
    notes += [] if signers else ["no signer was checked"]
    if not SEAL & set(files):
        notes.append("no seal: README.md and record.json are not proven")
        yield from ["the record has no seal"] if wants_seal and end else []
        return
    # The sums name every file that is the record's own, and are signed by who operated the run.
    sums = dict(reversed(line.split("  ", 1)) for line in files.get("SHA256SUMS", b"").decode().splitlines())
    own = {path for path in files if path not in SEAL and not path.startswith(("definitions/", "reviews/"))}
    for path in sorted(own | set(sums)):
        if path not in files or sums.get(path) != sha(files[path]):
            yield f"{path} is not what SHA256SUMS says"
    yield from signed("SHA256SUMS", files, "muster-record@v1", signers, entries[-1]["at"], operators, notes)


def approvals(files, entries, plan, signers, known, notes):
    """Each word that the run took up, and whether as many as were asked for gave theirs before it began."""
    ran, starter = entries[0]["run"], entries[0]["operatorName"]
    about = {"plan": entries[0]["plan"], "runbook": plan["runbook"]["name"], "environment": plan["environment"]["name"],
             "kind": plan["kind"], "change": plan.get("change")}
    said, wanted, number, glass = {"approve": set(), "reject": set(), "operate": set()}, 0, 0, False
    for entry in entries:
        if entry["kind"] == "policy-applied":
            wanted = sum(group["count"] for group in entry["require"])
        glass = glass or entry["kind"] == "break-glass"
        if entry["kind"] == "run-started" and not glass and len(said["approve"] - said["operate"]) < wanted:
            yield f"the run began without the approvals of {wanted} persons"
        number += entry["kind"] == "approval-recorded"
        if entry["kind"] != "approval-recorded" or not entry["statement"]:  # in a rehearsal nobody signs
            continue
        path, data = f"approvals/{number:02}-{component(entry['approver'])}.json", entry["statement"].encode()
        known |= {path, path + ".sig"}
        if files.get(path) != data or files.get(path + ".sig") != entry["signature"].encode():
            yield f"{path} is not what the journal has"
        word = parse(data)
        about |= {name: entry[name] for name in ("approver", "decision", "id")}
        gate = word.get("gate") or {"run": ran}
        if any(word.get(name) != about[name] for name in about) or (gate["run"], gate.get("step")) != (ran, entry.get("step")):
            yield f"{path} is about another plan or run, or says another thing than the journal"
        if word["expires"] <= entry["at"]:
            yield f"{path} had ended when it was used"
        yield from signed(path, files, "muster-approval@v1", signers, entry["at"], [word["approver"]], [])
        said[word["decision"]] |= set() if entry.get("step") else {word["approver"]}
    notes += [f"{done} by {', '.join(sorted(said[word])) or 'nobody'}" for done, word in (("operated", "operate"), ("approved", "approve"))]
    notes += ["BREAK-GLASS: it ran without the approvals"] if glass else []
    # Others who had a part in it may have sealed it, such as whoever ended it at rest.
    others = any("<" in str(name) and name != starter for entry in entries for name in (entry.get("by"), entry.get("person")))
    return None if others else sorted(said["operate"])


def reviews(files, entries, signers, known, notes):
    for path in sorted(path for path in files if re.fullmatch(r"reviews/[^/]+/review\.json", path)):
        review, lines = parse(files[path]), files["journal.jsonl"].split(b"\n")
        known |= {path, path + ".sig", path.replace("review.json", "findings.yaml")}
        seen = review["journal"]["entries"]
        ends = [entry["kind"] for entry in entries[:seen] if entry["kind"] in ("run-finished", "run-resumed")][-1:]
        about = [review["run"], review["plan"], review["journal"]["lastLine"], ends]
        if seen < 1 or about != [entries[0]["run"], entries[0]["plan"], sha(lines[seen - 1]), ["run-finished"]]:
            yield f"{path} is about another run, or one that was not over"
        notes += [] if path + ".sig" in files else [f"{path} is not signed"]
        yield from signed(path, files, "muster-review", signers, review["at"], None, notes) if path + ".sig" in files else []


def signed(path, files, namespace, signers, at, persons, notes):
    """Whether the signature is by a key that was good then of one of these persons, or of anybody where none are given."""
    with tempfile.TemporaryDirectory() as scratch:
        name = pathlib.Path(scratch, "signature")
        name.write_bytes(files.get(path + ".sig", b""))

        def ask(*order):
            return subprocess.run(["ssh-keygen", "-Y", *order, "-s", name], input=files.get(path, b""), capture_output=True, check=False)
        known = ["-f", signers or os.devnull, "-Overify-time=" + re.sub(r"\D", "", at)[:14] + "Z"]
        found = ask("find-principals", *known).stdout.decode().splitlines()
        for person in found:
            if person in (persons or found) and ask("verify", "-I", person, "-n", namespace, *known).returncode == 0:
                return notes.append(f"{path} signed by {person}")
        # Without signers nobody is known, and a reviewer may have come since.
        if not found and (not signers or namespace == "muster-review") and ask("check-novalidate", "-n", namespace).returncode == 0:
            return notes.append(f"{path} signed by a key that is nobody's here")
    yield f"{path}: the signature of {' or '.join(persons or found) or 'nobody known'} does not hold"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, usage=argparse.SUPPRESS)
    parser.add_argument("--sealed", action="store_true")
    parser.add_argument("--signers")
    parser.add_argument("folders", nargs="+")
    options, bad = parser.parse_args(), 0
    for folder in options.folders:
        notes = []
        try:
            wrong = list(check(load(folder), options.signers, options.sealed, notes))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError, OSError) as error:
            wrong = [f"it cannot be read as a record ({type(error).__name__}: {error})"]
        bad += bool(wrong)
        print(f"{folder}: " + ("; ".join(wrong) or f"verified ({'; '.join(notes)})"))
    sys.exit(6 if bad else 0)


if __name__ == "__main__":
    main()
