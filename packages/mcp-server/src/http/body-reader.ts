import { HttpRefusal } from "./http-refusal.js";
import { readJsonBody } from "./read-json-body.js";
import type { HttpSessionsSettings } from "./session-options.js";

/** Reads bodies, so many at once and no more. */
export class BodyReader {
  readonly #settings: Pick<HttpSessionsSettings, "maxBodiesAtOnce" | "maxBodyBytes" | "bodyTimeoutSeconds">;
  #reading = 0;

  constructor(
    settings: Pick<HttpSessionsSettings, "maxBodiesAtOnce" | "maxBodyBytes" | "bodyTimeoutSeconds">,
  ) {
    this.#settings = settings;
  }

  /**
   * The JSON in a request's body.
   *
   * @throws {HttpRefusal} 503 when too many are being read, and as {@link readJsonBody} does.
   */
  async read(request: Request): Promise<unknown> {
    if (this.#reading >= this.#settings.maxBodiesAtOnce) {
      throw new HttpRefusal(503, "Service Unavailable: too many requests are being read");
    }
    this.#reading += 1;
    try {
      return await readJsonBody(request, this.#settings);
    } finally {
      this.#reading -= 1;
    }
  }
}
