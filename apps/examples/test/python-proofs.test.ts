import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { findProgram, PYTHON } from "../../../test-support/find-program.ts";
import { needs } from "../../../test-support/needs.ts";
import { launchProgram } from "./support/programs.ts";

const FOLDER = fileURLToPath(new URL("../python", import.meta.url));
const PAGE = readFileSync(new URL("../../../docs/protocol.md", import.meta.url), "utf8");

test(
  "the Python client finds the page's request hashes, its proof, and the numbers of ECMAScript",
  await needs(PYTHON),
  async () => {
    const numbers = [
      0,
      1e20,
      1e21,
      123456789012345680000,
      1e-6,
      1.5e-7,
      5e-324,
      1.7976931348623157e308,
      -12.5,
      2 ** 53 - 1,
    ];
    const vectors = [...PAGE.matchAll(/^\| `(\{.*\})` \| `([\w-]{43})` \|$/gm)];
    expect(vectors.length).toBeGreaterThanOrEqual(12);
    const [, proof] = /```text\n(\S+)\n```/.exec(PAGE) ?? [];
    const [, d] = /`d` = `([\w-]{43})`/.exec(PAGE) ?? [];
    const parts = [...PAGE.matchAll(/^```json\n(\{.*\})\n```$/gm)].slice(-2).map(([, part]) => part);
    const program = `
import json, sys
from base64 import urlsafe_b64decode
sys.path.insert(0, sys.argv[1])
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from proof import canonical, request_hash, sign
given = json.load(sys.stdin)
key = Ed25519PrivateKey.from_private_bytes(urlsafe_b64decode(given["d"] + "="))
requests = map(json.loads, given["requests"])
print(json.dumps({
"hashes": [request_hash(request["method"], request.get("params", {})) for request in requests],
"proof": sign(key, *map(json.loads, given["parts"])),
"numbers": canonical(given["numbers"]),
}))`;
    const child = launchProgram(await findProgram(PYTHON), ["-B", "-c", program, FOLDER]);
    child.stdin.end(JSON.stringify({ d, parts, numbers, requests: vectors.map(([, request]) => request) }));
    expect(JSON.parse(await text(child.stdout))).toEqual({
      hashes: vectors.map(([, , hash]) => hash),
      proof,
      numbers: JSON.stringify(numbers),
    });
  },
);
