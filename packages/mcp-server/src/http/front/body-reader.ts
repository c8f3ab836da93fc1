import { bodySourceOf } from "./body-source.js";
import { FairShares } from "./fair-shares.js";
import { type BodyBounds, noRoom, parseJson, readBody, tooLong } from "./read-body.js";

/** Least that a body counts, in bytes: about what Node keeps of a request, however little of it has come. */
const LEAST_BYTES = 1024;

export interface BodyReaderOptions {
  readonly bytesInFlight: number;
  readonly bodyTimeoutSeconds: number;
}

/** Holder of a body, and the most that is read of it. */
export interface BodyTerms {
  readonly holder: string;
  readonly most: number;
  /** The body, where a middleware has read it already: text and bytes are parsed, all else is taken as it is. */
  readonly parsedBody: unknown;
}

/** A body that has been read, and counts until it is released. */
export interface Body {
  readonly value: unknown;
  /** Returns what `work` settles to, unless the body has to make room for another's meanwhile: then a refusal, 503. */
  during<T>(work: Promise<T>): Promise<T>;
  release(): void;
}

/** A body of which some is held. */
interface Held {
  giveUp: () => void;
}

/**
 * Reads bodies, so many bytes at once and no more. When these are used up, the oldest body of the caller that holds most
 * goes, so that bodies which never end shut nobody out.
 */
export class BodyReader {
  readonly #options: BodyReaderOptions;
  readonly #shares: FairShares<Held>;

  constructor(options: BodyReaderOptions) {
    this.#options = options;
    this.#shares = new FairShares({
      total: options.bytesInFlight,
      shareOf: (_, holders) => options.bytesInFlight / holders,
      turnsOver: true,
      mayGo: () => true,
      isIdle: () => true,
      giveUp: (held) => held.giveUp(),
    });
  }

  /**
   * Reads the JSON in a request's body.
   *
   * @throws {HttpRefusal} 413, 408, 503 or 400.
   * @throws {Error} when another has read the body, and not handed over what it read.
   */
  async read(request: Request, { holder, most, parsedBody }: BodyTerms): Promise<Body> {
    if (Number(request.headers.get("content-length")) > most) throw tooLong(most);
    const held: Held = { giveUp: () => undefined };
    if (!this.#shares.take(holder, held, LEAST_BYTES)) throw noRoom();
    const release = () => this.#shares.release(held);
    try {
      const value =
        parsedBody === undefined
          ? await readBody(bodySourceOf(request), this.#boundsOf(held, most))
          : parsed(parsedBody);
      return { value, release, during: (work) => during(held, work) };
    } catch (error) {
      release();
      throw error;
    }
  }

  #boundsOf(held: Held, most: number): BodyBounds {
    return {
      most,
      seconds: this.#options.bodyTimeoutSeconds,
      grow: (bytes) => this.#shares.grow(held, bytes),
      onStart: (giveUp) => {
        held.giveUp = giveUp;
      },
    };
  }
}

function parsed(body: unknown): unknown {
  return typeof body === "string" || body instanceof Uint8Array ? parseJson(body) : body;
}

function during<T>(held: Held, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    held.giveUp = () => reject(noRoom());
    work.then(resolve, reject);
  });
}
