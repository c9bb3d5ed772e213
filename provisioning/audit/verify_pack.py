#!/usr/bin/env python3
"""Checks an audit pack with Python and the openssl program alone: verify_pack.py [FOLDER [AUDIT-KEY]]

AUDIT-KEY is the SHA-256 of the audit key as the organisation gave it to you: without it you must compare it yourself.
Exit status 0: every file is as it was signed, every audit log agrees with its signed checkpoint, and every mail
of the ledger is in gatewayd's log; in an export of the ledger, which has no MANIFEST, ledger.csv says what the proved
rows say. 1: not so; the first thing found is named. Tree: RFC 6962; note: C2SP tlog-checkpoint.
"""
import base64, hashlib, io, json, re, subprocess, sys, tempfile
from datetime import datetime, timedelta
from pathlib import Path

OF_END = "closed_at size_bytes reply message_id marking verdict connect_ms record_ms body_ms verdict_ms".split()  # null in a row until it is closed

def sha(data): return hashlib.sha256(data).digest()

def need(condition, why):
    if not condition: raise SystemExit("NOT SOUND: " + why)

def root_of(lines):
    stack = []  # (leaves, hash): full subtrees, the largest first
    for line in lines:
        stack.append((1, sha(b"\0" + line)))
        while len(stack) > 1 and stack[-1][0] == stack[-2][0]:
            (_, right), (size, left) = stack.pop(), stack.pop()
            stack.append((2 * size, sha(b"\1" + left + right)))
    root = stack.pop()[1] if stack else sha(b"")
    while stack: root = sha(b"\1" + stack.pop()[1] + root)
    return root

def lines_of(data, name):
    need(not data or data.endswith(b"\n"), name + " ends in the middle of a line")
    return data.split(b"\n")[:-1]

def check_note(note, lines, name, spki, pem):
    """That `note` is a signed checkpoint, in its only form, over exactly `lines`; gives its origin."""
    match = re.fullmatch(rb"((\S+)\n(\d+)\n(\S+)\n)\n\xe2\x80\x94 (\S+) (\S+)\n", note)
    need(match, name + " is no signed checkpoint")
    text, origin, size, root, signer, blob = match.groups()
    need(origin == signer and int(size) == len(lines) and str(len(lines)).encode() == size, name + ": other entries than were signed")
    need(root == base64.b64encode(root_of(lines)), name + ": the entries differ from what was signed")
    try: raw = base64.b64decode(blob, validate=True)
    except ValueError: raw = b""
    need(base64.b64encode(raw) == blob and raw[:4] == sha(origin + b"\n\x02" + spki)[:4], name + ": signed by another key")
    with tempfile.NamedTemporaryFile() as signature:
        signature.write(raw[4:]); signature.flush()
        done = subprocess.run(["openssl", "dgst", "-sha256", "-verify", pem, "-signature", signature.name], input=text, capture_output=True)
    need(done.returncode == 0, name + ": the signature is wrong")
    return origin.decode()

def mails_in(data):
    """One after the other: a year of them, read all at once, would need gigabytes."""
    need(not data or data.endswith(b"\n"), "ledger ends in the middle of a line")
    return map(json.loads, io.BytesIO(data))

def check_mail(mail, log):
    """That the log holds the hash of this row as it was opened, and as it was closed."""
    row, name = mail["row"], f"mail {mail['id']}"
    need(isinstance(mail["opened_seq"], int), name + ": no entry of the log vouches for it")
    opened = {column: None if column in OF_END else value for column, value in row.items()} | {"outcome": "open"}
    need(mail["closed_seq"] is not None or row == opened, name + ": closed, but the log does not say so")
    for seq, state, action in ((mail["opened_seq"], opened, "mail-opened"), (mail["closed_seq"], row, "mail-closed")):
        if seq is None: continue
        need(0 <= seq < len(log), name + ": the signed log does not reach so far")
        entry, text = json.loads(log[seq]), json.dumps(state, ensure_ascii=False, separators=(",", ":"))
        need((entry["action"], entry["object"]) == (action, f"mail/{row['id']}") and row["id"] == mail["id"], f"{name}: entry {seq} is about something else")
        need(entry["params_hash"] == hashlib.sha256(text.encode()).hexdigest(), f"{name} differs from entry {seq} of the log")

def is_purged(opened, purges):
    """Whether the log says that this mail went, six months after it came: a row may be missing for no other reason."""
    number, at = int(opened["object"][5:]), datetime.fromisoformat(opened["ts"])
    return any(first <= number <= last and when - at >= timedelta(days=184) for first, last, when in purges)

def check_ledger(rows, log):
    there, without_end, first, last = set(), set(), 0, -1
    for mail in mails_in(rows):
        check_mail(mail, log)
        need(mail["opened_seq"] > last, f"mail {mail['id']} is not in the order of the log")
        there.add(f"mail/{mail['id']}")
        if mail["closed_seq"] is None: without_end.add(f"mail/{mail['id']}")
        last = mail["opened_seq"]
        if len(there) == 1: first = last
    for seq, line in enumerate(log) if without_end else ():
        if b'"action":"mail-closed"' not in line: continue
        ended = json.loads(line)["object"]
        need(ended not in without_end, f"mail {ended[5:]}: open, but entry {seq} of the log says that it ended")
    purges = [(*map(int, entry["object"][6:].split("-")), datetime.fromisoformat(entry["ts"]))
              for entry in (json.loads(line) for line in log if b'"action":"mail-purged"' in line)]
    for line in log[first:last + 1]:
        entry = json.loads(line)
        need(entry["action"] != "mail-opened" or entry["object"] in there or is_purged(entry, purges),
             f"{entry['object']} is in the log, but not in the ledger")
    print(f"ledger    {len(there)} mails, each in the log")

def csv_line(cells):
    """As provisioning/evidence/ledger_csv.cc writes it: what a spreadsheet would take for a formula has an apostrophe in front."""
    texts = ("" if cell is None else str(cell) for cell in cells)
    safe = ("'" + text if text.startswith(tuple("=+-@\t\r")) else text for text in texts)
    return (",".join('"' + text.replace('"', '""') + '"' if re.search('[,"\r\n]', text) else text for text in safe) + "\r\n").encode()

def check_csv(file, rows):
    """That the spreadsheet says, byte for byte, what the rows say."""
    columns = list(dict.fromkeys(column for mail in mails_in(rows) for column in mail["row"]))
    with open(file, "rb") as csv:
        heading = (",".join(columns) + "\r\n").encode() if columns else b""
        need(csv.read(len(heading)) == heading, "ledger.csv has another heading than the rows in ledger.jsonl have columns")
        for mail in mails_in(rows):
            line = csv_line(map(mail["row"].get, columns))
            need(csv.read(len(line)) == line, f"ledger.csv does not say of mail {mail['id']} what ledger.jsonl says: it was changed, perhaps saved by a spreadsheet")
        need(not csv.read(1), "ledger.csv goes on behind the last mail of ledger.jsonl")
    print("csv       ledger.csv says the same")

def verify_export(folder, key=None):
    """What `privyseal ledger export` wrote: rows, the same for a spreadsheet, and the signed log that they are in."""
    for name in ("ledger.csv", "gatewayd.jsonl", "gatewayd.note", "audit-key.pem"):
        need((folder / name).is_file(), name + " is missing")
    files, pem = {n: (folder / n).read_bytes() for n in ("ledger.jsonl", "gatewayd.jsonl", "gatewayd.note")}, str(folder / "audit-key.pem")
    spki = subprocess.run(["openssl", "pkey", "-pubin", "-in", pem, "-outform", "DER"], capture_output=True).stdout
    need(spki and key in (None, hashlib.sha256(spki).hexdigest()), "audit-key.pem is another key")
    log = lines_of(files["gatewayd.jsonl"], "gatewayd")
    need(check_note(files["gatewayd.note"], log, "gatewayd.note", spki, pem).endswith("/gatewayd"), "gatewayd.note is another log's")
    check_ledger(files["ledger.jsonl"], log)
    check_csv(folder / "ledger.csv", files["ledger.jsonl"])
    print(f"audit key {hashlib.sha256(spki).hexdigest()}\nSOUND")

def verify(folder, key=None):
    if (folder / "ledger.jsonl").exists() and not (folder / "data").exists(): return verify_export(folder, key)
    files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    for name in ("MANIFEST", "MANIFEST.note", "audit-key.pem", "data/ledger.jsonl", "logs/gatewayd.note"):
        need(name in files, name + " is missing")
    manifest, note, pem = files.pop("MANIFEST"), files.pop("MANIFEST.note"), str(folder / "audit-key.pem")
    wanted = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)).encode()
    for line in sorted(set(wanted.splitlines()) ^ set(manifest.splitlines()), key=lambda line: line[66:]):
        need(False, f"{line[66:].decode(errors='replace')} is not as in MANIFEST")
    need(manifest == wanted, "MANIFEST is not in its form")
    spki = subprocess.run(["openssl", "pkey", "-pubin", "-in", pem, "-outform", "DER"], capture_output=True).stdout
    need(spki, "audit-key.pem is no key")
    need(key in (None, hashlib.sha256(spki).hexdigest()), "audit-key.pem is another key")
    origin = check_note(note, lines_of(manifest, "MANIFEST"), "MANIFEST.note", spki, pem)
    need(origin.endswith("/pack"), "MANIFEST.note is not of a pack")
    for name in sorted(n[5:-5] for n in files if n.startswith("logs/") and n.endswith(".note")):
        log = lines_of(files[f"logs/{name}.jsonl"], name)
        of = check_note(files[f"logs/{name}.note"], log, f"logs/{name}.note", spki, pem)
        need(of.endswith("/" + name), f"logs/{name}.note is of {of}")
        need(set(lines_of(files[f"data/{name}.jsonl"], name)) <= set(log), f"data/{name}.jsonl is not in the log")
        print(f"{name:9} {len(log)} entries, as signed")
    log = lines_of(files["logs/gatewayd.jsonl"], "gatewayd")
    check_ledger(files["data/ledger.jsonl"], log)
    content = b"".join(line + b"\n" for line in manifest.splitlines() if line[66:].startswith(b"data/"))
    print(f"pack      {len(files)} files, as signed by {origin[:-5]}")
    print(f"content   {hashlib.sha256(content).hexdigest()}\naudit key {hashlib.sha256(spki).hexdigest()}\nSOUND")

if __name__ == "__main__":
    key = "".join("".join(sys.argv[2:]).split()).lower() or None  # as the console shows it, in groups
    try: verify(Path(sys.argv[1] if len(sys.argv) > 1 else "."), key)
    except (KeyError, ValueError, TypeError) as error: raise SystemExit(f"NOT SOUND: {error!r}")
