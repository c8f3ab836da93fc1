"""Proofs of possession, as docs/protocol.md has them: for which request a proof is, and how it is signed."""

import base64
import hashlib
import json
import math
import secrets
import time
import urllib.parse

KEY = "security.attestation"
UNSIGNED_META = {KEY, "traceparent", "tracestate", "baggage", "progressToken"}


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


def prove(key, token, audience, url, method, params, nonce=None):
    """Returns evidence for one sending of one request: the token, and a proof of its own."""
    claims = {
        "aud": audience,
        "iat": int(time.time()),
        "jti": secrets.token_urlsafe(16),
        "wth": sha256(token),
        "req": request_hash(method, params),
        "htu": target(url),
    }
    if nonce is not None:
        claims["nonce"] = nonce
    proof = sign(key, {"alg": "EdDSA", "typ": "attestation-pop+jwt"}, claims)
    return {"version": "0.1.0", "token": token, "proof": proof}
