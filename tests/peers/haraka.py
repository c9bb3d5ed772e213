"""Haraka, a mail server that npm has, for either neighbour's place (neighbours.py): `./dev haraka`."""

import re
import shutil
from pathlib import Path

from children import Child, answers, start, wait_until
from neighbours import Place, Plan
from places import GATEWAY_NAME

_HERE = Path(__file__).resolve().parent / "haraka_server"
NODE = _HERE.parents[2] / "build" / "haraka" / "node"  # what npm installs


def _settings(plan: Plan) -> dict[str, str]:
    listen = ",".join(f"127.0.0.1:{port}" for port in sorted({plan.listen, plan.submit_port}))
    domains = "|".join(domain.replace(".", "[.]").replace("*", ".*") for domain in plan.to_gateway)
    asks = f"requestCert=true\nrequireAuthorized[]={plan.listen}\n" if plan.place is Place.RELAY else "requestCert=false\n"
    return {
        "me": plan.hostname,
        "plugins": "tls\nroute\n",
        "log.ini": "[main]\nlevel=info\n",
        "smtp.ini": f"listen={listen}\nnodes=0\n",
        "connection.ini": "[main]\nsmtputf8=true\n[haproxy]\n[headers]\n[message]\ngreeting=at your service\n[uuid]\n"
                          "[max]\nbytes=67108864\nline_length=2048\ndata_line_length=100000\n",
        "outbound.ini": "local_mx_ok=true\ntemp_fail_intervals=5s*60\n",
        "tls.ini": f"key=own.key\ncert=own.pem\nca=trusted.pem\n{asks}[outbound]\nforce_tls_hosts[]={GATEWAY_NAME}\n",
        "route.ini": f"port={plan.gateway_port}\nname={GATEWAY_NAME}\ndomains={domains}\nsink={plan.sink_port}\n",
    }


def without_renamed_results(content: bytes) -> bytes:
    """It renames the Authentication-Results of another host, and puts them at the end of the header."""
    header, empty_line, body = content.partition(b"\r\n\r\n")
    return re.sub(rb"(?s)\r\nOriginal-Authentication-Results:.*?(?=\r\n(?![ \t])|$)", b"", header) + empty_line + body


def haraka(plan: Plan) -> Child:
    config = plan.folder / "config"
    for folder in (config, plan.folder / "plugins", plan.folder / "queue"):
        folder.mkdir(parents=True)
    for name, text in _settings(plan).items():
        (config / name).write_text(text)
    for name, source in (("own.key", plan.key), ("own.pem", plan.certificate), ("trusted.pem", plan.trusted)):
        shutil.copyfile(source, config / name)
    shutil.copy(_HERE / "route.js", plan.folder / "plugins")
    # Towards the gateway it trusts the world's certificate authorities and those that the variable names.
    child = start(f"peer-{plan.place.value}", ["node", str(NODE / "node_modules/haraka/bin/haraka"), "-c", str(plan.folder)],
                  plan.log, env={"NODE_EXTRA_CA_CERTS": str(plan.trusted)})
    for port in {plan.listen, plan.submit_port}:
        wait_until(f"Haraka did not answer on port {port}", child, lambda: answers(port))
    return child
