/**
 * `import "@attest/core/sodium"` makes libsodium, from the optional peer `sodium-native`, the source of Ed25519
 * for every key that is made afterwards: import it before anything that makes keys. Verdicts stay the same, byte
 * for byte; what changes is speed. Without `sodium-native` the import fails: nothing is put in its place.
 */
import { useBackend } from "./keys/current-backend.js";
import { ed25519 } from "./keys/ed25519.sodium.js";

useBackend(ed25519);
