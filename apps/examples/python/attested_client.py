"""An agent in Python that attests over Streamable HTTP, written from docs/protocol.md.

    python3 attested_client.py <url> <audience> <tool> [<arguments as JSON>]

It makes a key, prints the public half as a JWK, and reads a token that is bound to it from a line of standard input.
Then it calls the tool and prints what comes back. It needs Python 3 and its `cryptography` package, for Ed25519 alone.
One token serves for as long as it lives: the client does not renew it, and answers no requests of the server's.

With --attack changed-argument or --attack replay it does what a thief of its request would do.
"""

import argparse
import base64
import hashlib
import json
import math
import re
import secrets
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

KEY = "security.attestation"
UNSIGNED_META = {KEY, "traceparent", "tracestate", "baggage", "progressToken"}
PROTOCOL_VERSION = "2025-11-25"


class Refused(Exception):
    """A JSON-RPC error that the server answered with."""

    def __init__(self, error):
        super().__init__(f"{error['code']} {error['message']}")
        self.code = error["code"]
        self.data = error.get("data") or {}


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sha256(text):
    return base64url(hashlib.sha256(text.encode()).digest())


def canonical(value):
    """Writes a JSON value by RFC 8785. Raises ValueError where it has no canonical form."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        # Half of a surrogate pair fails when the text is encoded: UnicodeEncodeError is a ValueError.
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (int, float)):
        return canonical_number(value)
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if "__proto__" in value:
        raise ValueError("no request with a member named __proto__ can be proved")
    names = sorted(value, key=lambda name: name.encode("utf-16-be"))
    return "{" + ",".join(f"{canonical(name)}:{canonical(value[name])}" for name in names) + "}"


def canonical_number(value):
    """Writes a number as ECMAScript does. Python finds the same digits, and sets the point elsewhere."""
    # This rounds integers beyond 2**53 as the server does, and raises OverflowError for one beyond all doubles.
    value = float(value)
    if not math.isfinite(value):
        raise ValueError("a number has to be finite")
    if value == 0:
        return "0"
    mantissa, exponent = f"{abs(value)!r}e0".split("e")[:2]
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    # The value is 0.<digits> times ten to the power of `point`.
    point = len(whole) + int(exponent) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    if len(digits) <= point <= 21:
        text = digits.ljust(point, "0")
    elif 0 < point <= 21:
        text = f"{digits[:point]}.{digits[point:]}"
    elif -6 < point <= 0:
        text = f"0.{'0' * -point}{digits}"
    else:
        text = digits[0] + ("." + digits[1:] if len(digits) > 1 else "") + f"e{point - 1:+d}"
    return f"-{text}" if value < 0 else text


def without(parent, name, members):
    """Copies `parent` with `members` taken out of the object `name`, and that too where it is then empty."""
    if not isinstance(parent.get(name), dict):
        return parent
    left = {key: value for key, value in parent[name].items() if key not in members}
    rest = {key: value for key, value in parent.items() if key != name}
    return {**rest, name: left} if left else rest


def request_hash(method, params):
    meta = params.get("_meta")
    in_session = not (isinstance(meta, dict) and "io.modelcontextprotocol/protocolVersion" in meta)
    signed = without(params, "_meta", UNSIGNED_META)
    if method == "initialize" and in_session and isinstance(signed.get("capabilities"), dict):
        signed = {**signed, "capabilities": without(signed["capabilities"], "experimental", {KEY})}
    return sha256(canonical({"method": method, "params": signed}))


def target(url):
    """Returns `htu`: the URL without query, fragment and user info, as the URL Standard writes an ASCII one."""
    parts = urllib.parse.urlsplit(urllib.parse.urljoin(url, urllib.parse.urlsplit(url).path or "/"))
    port = parts.port if parts.port != {"http": 80, "https": 443}.get(parts.scheme) else None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{'' if port is None else f':{port}'}{parts.path}"


def sign(key, header, claims):
    """Returns a compact JWS."""
    signed = ".".join(base64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    return f"{signed}.{base64url(key.sign(signed.encode()))}"


class AttestedClient:
    """Calls one MCP server, and proves with each request that the token is the agent's own."""

    def __init__(self, url, audience, key, token):
        self.url, self.audience, self.key, self.token = url, audience, key, token
        self.nonce = self.session = self.protocol_version = None
        self.each_request = False
        self.last_id = 0

    def initialize(self):
        client_info = {"name": "attested-client", "version": "1.0.0"}
        params = {"protocolVersion": PROTOCOL_VERSION, "capabilities": {}, "clientInfo": client_info}
        result = self.request("initialize", params)
        self.protocol_version = result["protocolVersion"]
        attestation = result["capabilities"].get("experimental", {}).get(KEY, {})
        if attestation.get("verification_status") != "verified":
            raise SystemExit("the server did not verify the attestation")
        self.take_nonce(attestation.get("nonce"))
        self.each_request = attestation.get("proof") == "each-request"
        self.send("notifications/initialized", {})

    def request(self, method, params):
        self.last_id += 1
        try:
            return self.send(method, params, self.last_id)
        except Refused as refused:
            # Another refusal is final.
            if refused.code != 1012 or not self.take_nonce(refused.data.get("nonce")):
                raise
            return self.send(method, params, self.last_id)

    def take_nonce(self, nonce):
        """Keeps the server's newest nonce for the next proofs, and says whether there is one."""
        is_nonce = isinstance(nonce, str) and re.fullmatch("[!-~]{1,128}", nonce) is not None
        if is_nonce:
            self.nonce = nonce
        return is_nonce

    def send(self, method, params, request_id=None):
        """Sends a request once, or a notification where there is no id, with a proof of its own."""
        return self.post(self.message(method, params, request_id))

    def message(self, method, params, request_id=None):
        if method == "initialize":
            capabilities = params["capabilities"]
            experimental = {**capabilities.get("experimental", {}), KEY: self.evidence(method, params)}
            params = {**params, "capabilities": {**capabilities, "experimental": experimental}}
        elif self.each_request or self.session is None:
            params = {**params, "_meta": {**params.get("_meta", {}), KEY: self.evidence(method, params)}}
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        return message if request_id is None else {**message, "id": request_id}

    def evidence(self, method, params):
        claims = {
            "aud": self.audience,
            "iat": int(time.time()),
            "jti": secrets.token_urlsafe(16),
            "wth": sha256(self.token),
            "req": request_hash(method, params),
            "htu": target(self.url),
        }
        if self.nonce is not None:
            claims["nonce"] = self.nonce
        proof = sign(self.key, {"alg": "EdDSA", "typ": "attestation-pop+jwt"}, claims)
        return {"version": "0.1.0", "token": self.token, "proof": proof}

    def post(self, message):
        """Posts one message, and returns the result of its answer. A notification has none."""
        headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
        if self.session is not None:
            headers["mcp-session-id"] = self.session
        if self.protocol_version is not None:
            headers["mcp-protocol-version"] = self.protocol_version
        body = json.dumps(message, allow_nan=False).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url, body, headers, method="POST")) as response:
            answer = answer_to(message.get("id"), response)
            if answer is None:
                return None
            if "error" in answer:
                raise Refused(answer["error"])
            self.session = self.session or response.headers["mcp-session-id"]
            return answer["result"]


    def close(self):
        """Ends the session. Where each request is proven, a server takes no DELETE, and ends it by itself."""
        if self.session is not None and not self.each_request:
            headers = {"mcp-session-id": self.session, "mcp-protocol-version": self.protocol_version}
            urllib.request.urlopen(urllib.request.Request(self.url, None, headers, method="DELETE")).close()


def answer_to(request_id, response):
    """Reads one JSON text, or server-sent events until the one that answers the request."""
    if request_id is None:
        return None
    if response.headers.get_content_type() == "application/json":
        return json.load(response)
    data = []
    for raw in response:
        line = raw.decode().rstrip("\r\n")
        field, _, value = line.partition(":")
        if field == "data":
            data.append(value)
        elif line == "":
            event = "\n".join(data).strip()
            data = []
            message = json.loads(event) if event else {}
            # Others are notifications and requests of the server's.
            if message.get("id") == request_id and "method" not in message:
                return message
    raise SystemExit("the server ended its answer too early")


def main():
    options = argparse.ArgumentParser(description="Calls a tool of an MCP server that asks for attestation.")
    options.add_argument("url")
    options.add_argument("audience")
    options.add_argument("tool")
    options.add_argument("arguments", type=json.loads, nargs="?", default={})
    options.add_argument("--attack", choices=["changed-argument", "replay"])
    given = options.parse_args()

    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    print(json.dumps({"kty": "OKP", "crv": "Ed25519", "x": base64url(public)}), flush=True)
    client = AttestedClient(given.url, given.audience, key, sys.stdin.readline().strip())
    try:
        client.initialize()
        call = {"name": given.tool, "arguments": given.arguments}
        print(json.dumps(client.request("tools/call", call)))
        if given.attack is not None:
            message = client.message("tools/call", call, 1000)
            if given.attack == "replay":
                client.post(message)
            else:
                message["params"]["arguments"] = {**given.arguments, "changed": True}
            print(json.dumps(client.post(message)))
        client.close()
    except Refused as refused:
        sys.exit(f"refused: {refused} {json.dumps(refused.data)}")
    except urllib.error.HTTPError as error:
        sys.exit(f"HTTP {error.code}: {error.read().decode()}")


if __name__ == "__main__":
    main()
