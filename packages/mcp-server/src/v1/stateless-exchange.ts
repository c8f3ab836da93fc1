import type { RequestMessage } from "@attest/core/wire";
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { handOver } from "../gate/handed-over.js";
import type { Verdict } from "../gate/verdict.js";
import { UnsentBytes } from "../http/front/unsent-bytes.js";
import { watchedResponse, watchWriting } from "../http/front/watched-response.js";
import type { RequestExtra } from "../http/node-handler.js";
import { incomingOf } from "../http/node-requests.js";
import type { ConnectableServer } from "./attest-server.js";

export interface StatelessExchangeOptions {
  readonly unsentBytes: number;
  readonly requestTimeoutSeconds: number;
  readonly enableJsonResponse: boolean;
  /** Called once, when all is over. */
  readonly onEnd: (exchange: StatelessExchange) => void;
  /** Called when the client leaves too much of the answer unread. */
  readonly onUnread: () => void;
  readonly onerror: (error: unknown) => void;
}

/** An admitted request, on its way to the server that exists for it alone. */
export interface AdmittedRequest {
  readonly request: Request;
  readonly extra: RequestExtra;
  readonly message: RequestMessage;
  /** The verdict on the evidence in it; `undefined` where none came. */
  readonly verdict: Verdict | undefined;
}

/** One admitted request of a stateless server, with the server and the transport that exist for it alone. */
export class StatelessExchange {
  readonly #options: StatelessExchangeOptions;
  readonly #transport: WebStandardStreamableHTTPServerTransport;
  readonly #unsent: UnsentBytes;
  readonly #timeout: ReturnType<typeof setTimeout>;
  #isOver = false;

  constructor(options: StatelessExchangeOptions) {
    const { enableJsonResponse, requestTimeoutSeconds, unsentBytes } = options;
    this.#options = options;
    this.#unsent = new UnsentBytes(unsentBytes, () => {
      options.onUnread();
      void this.close();
    });
    this.#transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse });
    this.#timeout = setTimeout(() => void this.close(), requestTimeoutSeconds * 1000);
  }

  /** Has `server` answer a request. */
  async answer(
    server: ConnectableServer,
    { request, extra, message, verdict }: AdmittedRequest,
  ): Promise<Response> {
    // The SDK's class is not assignable to its own interface under exactOptionalPropertyTypes.
    const transport = this.#transport as Transport;
    if (verdict !== undefined) handOver(transport, { id: message.id, verdict, session: undefined });
    await server.connect(transport);
    const authInfo = extra.authInfo === undefined ? {} : { authInfo: extra.authInfo as never };
    const response = await this.#transport.handleRequest(request, { parsedBody: message, ...authInfo });
    const watch = { unsent: this.#unsent, onEnd: () => void this.close() };
    return incomingOf(request) === undefined
      ? watchedResponse(response, watch)
      : watchWriting(response, watch);
  }

  /** Ends the request: its handler is told, and an answer that is under way breaks off. Never rejects. */
  async close(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timeout);
    this.#options.onEnd(this);
    try {
      await this.#transport.close();
    } catch (error) {
      this.#options.onerror(error);
    }
  }
}
