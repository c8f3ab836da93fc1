"""An agent in Python that attests over Streamable HTTP, written from docs/protocol.md.

    python3 attested_client.py <url> <audience> <tool> [<arguments as JSON>]

`proof.py` beside it makes the proofs.

It makes a key, prints the public half as a JWK, and reads a token that is bound to it from a line of standard input.
Then it calls the tool and prints what comes back. It needs Python 3 and its `cryptography` package, for Ed25519 alone.
One token serves for as long as it lives: the client does not renew it, and answers no requests of the server's.

With --attack changed-argument or --attack replay it does what a thief of its request would do.
"""

import argparse
import json
import re
import sys
import urllib.error
import urllib.request

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from proof import KEY, base64url, prove

PROTOCOL_VERSION = "2025-11-25"


class Refused(Exception):
    """A JSON-RPC error that the server answered with."""

    def __init__(self, error):
        super().__init__(f"{error['code']} {error['message']}")
        self.code = error["code"]
        self.data = error.get("data") or {}


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
        return prove(self.key, self.token, self.audience, self.url, method, params, self.nonce)

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
