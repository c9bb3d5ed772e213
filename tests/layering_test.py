#!/usr/bin/env python3
"""Who may include what: the dependency rules of the project, executable.

    layering_test.py check ROOT     exit 1 and name each include that breaks a rule
    layering_test.py self-test      plant violations and see that each is found
"""
import re
import sys
import tempfile
from pathlib import Path

BASE = "firmware/base/"

# Folder (or file prefix) -> what of ours it may include besides itself and firmware/base.
# The longest prefix that matches a file is its rule; a file without a rule is an error.
OURS = {
    "firmware/base/": [],
    "firmware/smtp/": [],
    "firmware/policy/": ["firmware/smtp/"],
    "firmware/scan/": [],
    "firmware/firewall/": [],
    "firmware/tls/": [],
    # hsm/audit_signer alone, and not hsm/client: the gateway's TLS keys are reached through OpenSSL only, but
    # a checkpoint of its audit log is no TLS message, so that signature needs a road of its own.
    "firmware/gateway/": ["firmware/smtp/", "firmware/policy/", "firmware/scan/", "firmware/tls/", "firmware/firewall/state", "ca/client", "hsm/audit_signer"],
    "hsm/wire": [],
    "hsm/key_kind": ["hsm/wire"],
    "hsm/client": ["hsm/wire"],
    "hsm/destruction": ["hsm/wire"],
    "hsm/approvers": ["hsm/wire"],
    "hsm/audit_signer": ["hsm/client", "hsm/wire"],
    "hsm/async_client": ["hsm/wire", "hsm/answer_reader"],
    "hsm/answer_reader": ["hsm/wire", "hsm/async_client"],
    "hsm/pkcs11/": ["hsm/pkcs11_uri"],
    "hsm/pkcs11_uri": [],
    "hsm/keyd/": ["hsm/approvers", "hsm/destruction", "hsm/key_kind", "hsm/wire", "hsm/pkcs11/", "hsm/pkcs11_uri"],
    # The back end of benches and tools, and it alone, has the token in the program; keyd's checks are its checks too.
    "hsm/provider/in_process/": ["hsm/provider/keys", "hsm/keyd/csr", "hsm/keyd/key_attributes", "hsm/keyd/key_label",
                                 "hsm/keyd/tls13", "hsm/keyd/token_public_key", "hsm/keyd/token_signature",
                                 "hsm/key_kind", "hsm/pkcs11/", "hsm/wire"],
    "hsm/provider/": ["hsm/client", "hsm/async_client", "hsm/key_kind", "hsm/pkcs11_uri", "hsm/wire"],
    "ca/": ["firmware/tls/", "hsm/client", "hsm/wire"],
    "ca/renewd/": ["ca/", "firmware/tls/", "firmware/smtp/", "hsm/audit_signer", "hsm/client", "hsm/wire"],
    "ca/authority/": ["ca/certificate", "ca/csr", "ca/der", "ca/est", "ca/fingerprint", "ca/import_policy",
                      "ca/openssl", "hsm/client", "hsm/wire"],
    # The console reaches other daemons only by doors (firmware/base/door.h) and keyd's client.
    "web-admin/server/": ["firmware/tls/", "hsm/audit_signer", "hsm/client", "hsm/destruction", "hsm/wire"],
    # What may stand in a declaration is said in one place, for the console and for the command's file.
    "web-admin/server/declaration_register": ["web-admin/server/", "provisioning/evidence/declarations"],
    # What may be said of the token is judged in one place, for pages, pack and command.
    "web-admin/server/token_banner": ["web-admin/server/", "hsm/client", "provisioning/evidence/token_standing"],
    "web-admin/server/own_door": ["web-admin/server/", "provisioning/evidence/token_standing"],
    "web-admin/server/settings.cc": ["web-admin/server/", "provisioning/evidence/declarations"],
    "web-admin/pages/declarations": ["web-admin/server/", "web-admin/pages/", "provisioning/evidence/"],
    "web-admin/server/main.cc": ["web-admin/"],
    "web-admin/server/console_test.cc": ["web-admin/"],
    "web-admin/server/console_fixture.h": ["web-admin/", "tests/support/"],
    # That what the pages bring to keyd is what keyd takes.
    "web-admin/pages/destructions_test.cc": ["web-admin/", "hsm/keyd/approval", "hsm/wire", "tests/support/"],
    "web-admin/pages/": ["web-admin/server/", "hsm/approvers", "hsm/audit_signer", "hsm/destruction", "hsm/client", "hsm/key_kind", "hsm/wire"],
    # The console makes the auditor's pack, and takes ledger and directory out, with the same code as the command.
    "web-admin/server/asked_as": ["web-admin/server/", "provisioning/evidence/appliance"],
    "web-admin/server/packer": ["web-admin/server/", "provisioning/evidence/"],
    "web-admin/server/ledger_exporter": ["web-admin/server/", "provisioning/evidence/"],
    "web-admin/pages/take_out": ["web-admin/server/", "web-admin/pages/", "provisioning/evidence/", "ca/fingerprint"],
    "web-admin/pages/appliance_fixture.h": ["web-admin/", "tests/support/"],
    "web-admin/pages/audit_pack": ["web-admin/server/", "web-admin/pages/", "provisioning/evidence/"],
    "web-admin/pages/ledger": ["web-admin/server/", "web-admin/pages/", "provisioning/evidence/"],
    "web-admin/pages/directory": ["web-admin/server/", "web-admin/pages/", "provisioning/evidence/directory_file"],
    # The same figures as the command's.
    "web-admin/pages/metrics": ["web-admin/server/", "web-admin/pages/", "provisioning/evidence/metrics"],
    # The names of the files that an officer brings; everything else about them is the gateway's.
    "web-admin/pages/rules": ["web-admin/server/", "web-admin/pages/", "firmware/policy/rule_file"],
    # What the command line and the console both make: evidence for an auditor, and figures.
    "provisioning/evidence/": ["provisioning/key_text", "ca/fingerprint", "hsm/client", "hsm/wire"],
    "provisioning/cli/": ["provisioning/arguments", "provisioning/evidence/", "ca/fingerprint", "hsm/client", "hsm/wire"],
    # Who may approve is shown as keyd reads it.
    "provisioning/cli/approvers": ["provisioning/cli/", "hsm/approvers", "hsm/keyd/approval"],
    "provisioning/": ["ca/", "hsm/approvers", "hsm/client", "hsm/destruction", "hsm/key_kind", "hsm/wire", "hsm/pkcs11/"],
    # What a site says of a next hop, or of mail in clear, is read as the gateway reads it.
    "provisioning/box/": ["provisioning/", "firmware/smtp/clear_exception", "firmware/smtp/hop_place", "firmware/smtp/tls_start",
                          "hsm/approvers", "hsm/client"],
    "provisioning/verify/": [],
    "tests/": ["firmware/", "hsm/", "ca/", "provisioning/"],
}

# Foreign header -> where it may be seen. The reasons: only keyd and token set-up may load a PKCS#11
# module; protocol and policy stay pure; asio is slow to compile; one adapter for SQLite; a second opinion that
# shares code with the first would be none.
FOREIGN = {
    r"p11-kit/|pkcs11": ["hsm/pkcs11/", "hsm/keyd/", "provisioning/init_token", "tests/"],
    r"openssl/": ["firmware/tls/", "web-admin/server/crypto.cc", "firmware/base/cpu_crypto.cc", "firmware/base/gmac.cc", "firmware/base/sha256.cc", "firmware/base/audit/checkpoint.cc", "hsm/keyd/",
                  "hsm/provider/", "ca/", "tests/"],
    r"boost/json": ["firmware/base/json.h"],
    r"boost/beast": ["ca/renewd/http_client.cc", "web-admin/server/http.cc"],
    r"boost/(?!json|beast)": ["firmware/tls/", "firmware/gateway/", "ca/renewd/", "web-admin/server/http.cc",
                              "web-admin/server/server.cc", "tests/"],
    r"fido": ["web-admin/server/passkey.cc"],
    r"sqlite3\.h": ["firmware/base/database.cc", "tests/"],
    r"toml\+\+/": ["firmware/base/config.cc"],
    r"mbedtls/|psa/": ["provisioning/verify/", "ca/second_opinion.cc", "tests/"],
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def rule_of(path: str) -> str | None:
    """The longest key of OURS that the path starts with."""
    return max((prefix for prefix in OURS if path.startswith(prefix)), key=len, default=None)


def violation(path: str, quote: str, header: str) -> str | None:
    """Why `path` may not include `header`, or None if it may."""
    is_test = path.endswith(("_test.cc", "_fuzz.cc"))
    if quote == "<":
        for pattern, places in FOREIGN.items():
            if re.match(pattern, header) and not (is_test or path.startswith(tuple(places))):
                return f"{header} may be included only by {', '.join(places)}"
        return None
    rule = rule_of(path)
    allowed = [BASE, rule, *OURS[rule]]
    if is_test:
        allowed.append("tests/support/")
    if header.startswith(tuple(allowed)):
        return None
    return f"{rule} may not include {header}"


def violations(root: Path) -> list[str]:
    """Every broken rule below `root`, one line each."""
    found = []
    folders = {prefix.split("/")[0] for prefix in OURS}
    for file in sorted(f for top in folders for f in (root / top).rglob("*") if f.suffix in (".h", ".cc")):
        path = file.relative_to(root).as_posix()
        if rule_of(path) is None:
            found.append(f"{path}: stands under no rule; add one")
            continue
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            match = INCLUDE.match(line)
            why = match and violation(path, match[1], match[2])
            if why:
                found.append(f"{path}:{number}: {why}")
    return found


PLANTED = {
    "firmware/base/log.h": '#include "firmware/smtp/reply.h"',
    "firmware/smtp/reply.cc": "#include <openssl/ssl.h>",
    "firmware/gateway/session.cc": '#include "hsm/client.h"',
    "firmware/gateway/ledger.cc": "#include <sqlite3.h>",
    "firmware/gateway/token.cc": "#include <p11-kit/pkcs11.h>",
    "firmware/policy/route.cc": '#include "firmware/gateway/settings.h"',
    "firmware/policy/wait.cc": "#include <boost/asio.hpp>",
    "firmware/base/door.cc": "#include <boost/json.hpp>",
    "ca/rotation.cc": "#include <boost/asio.hpp>",
    "ca/renewd/est_client.cc": "#include <boost/beast/http.hpp>",
    "hsm/keyd/server.cc": '#include "hsm/client.h"',
    "hsm/provider/store.cc": '#include "hsm/pkcs11/module.h"',
    "hsm/provider/in_process/token_keys.cc": '#include "hsm/keyd/desk.h"',
    "provisioning/verify/main.cc": '#include "provisioning/site.h"',
    "ca/chain.cc": "#include <mbedtls/x509_crt.h>",
    "ca/authority/tbs.cc": '#include "ca/renewd/renewal.h"',
    "web-admin/server/connection.cc": "#include <boost/beast/http/parser.hpp>",
    "web-admin/server/users.cc": "#include <fido.h>",
    "web-admin/server/doors.cc": '#include "firmware/gateway/ledger_store.h"',
    "web-admin/pages/mail.cc": '#include "hsm/pkcs11/session.h"',
    "web-admin/pages/users.cc": "#include <openssl/evp.h>",
    "provisioning/box/site.cc": '#include "firmware/smtp/reply.h"',
    "provisioning/cli/status.cc": '#include "hsm/pkcs11/module.h"',
    "provisioning/evidence/collect.cc": '#include "provisioning/cli/command.h"',
    "web-admin/pages/holds.cc": '#include "provisioning/evidence/collect.h"',
    "hsm/other.cc": '#include "firmware/base/log.h"',
}


def self_test() -> int:
    """Each planted file alone must be found, and a clean tree must not."""
    missed = []
    for path, include in PLANTED.items():
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / path
            file.parent.mkdir(parents=True)
            file.write_text('#include <vector>\n#include "firmware/base/result.h"\n', encoding="utf-8")
            clean = violations(Path(folder)) if rule_of(path) else []
            file.write_text(include + "\n", encoding="utf-8")
            if clean or len(violations(Path(folder))) != 1:
                missed.append(path)
    for path in missed:
        print(f"the violation planted in {path} was not told from a clean file")
    return 1 if missed else 0


def main() -> int:
    if sys.argv[1:] == ["self-test"]:
        return self_test()
    if len(sys.argv) == 3 and sys.argv[1] == "check":
        found = violations(Path(sys.argv[2]))
        print("\n".join(found) or "every include keeps the rules")
        return 1 if found else 0
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main())
