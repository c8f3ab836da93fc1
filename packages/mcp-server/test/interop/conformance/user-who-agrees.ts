import type { OAuthClientProvider } from "@modelcontextprotocol/sdk/client/auth.js";
import type {
  OAuthClientInformationMixed,
  OAuthClientMetadata,
  OAuthTokens,
} from "@modelcontextprotocol/sdk/shared/auth.js";

const REDIRECT = "http://localhost:3000/callback";

/** Context that the suite gives a client. In some scenarios it holds a registration. */
interface ConformanceContext {
  readonly client_id?: string;
  readonly client_secret?: string;
}

/** The client's end of an OAuth flow, with a user who agrees to everything at once. */
export class UserWhoAgrees implements OAuthClientProvider {
  readonly redirectUrl = REDIRECT;
  readonly clientMetadataUrl = "https://conformance-test.local/client-metadata.json";
  readonly clientMetadata: OAuthClientMetadata = {
    client_name: "conformance-client",
    redirect_uris: [REDIRECT],
  };
  /** Latest code from the authorization server. */
  code = "";
  #client: OAuthClientInformationMixed | undefined;
  #tokens: OAuthTokens | undefined;
  #verifier = "";

  constructor({ client_id, client_secret }: ConformanceContext) {
    if (client_id !== undefined && client_secret !== undefined) this.#client = { client_id, client_secret };
  }

  clientInformation(): OAuthClientInformationMixed | undefined {
    return this.#client;
  }

  saveClientInformation(client: OAuthClientInformationMixed): void {
    this.#client = client;
  }

  tokens(): OAuthTokens | undefined {
    return this.#tokens;
  }

  saveTokens(tokens: OAuthTokens): void {
    this.#tokens = tokens;
  }

  codeVerifier(): string {
    return this.#verifier;
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }

  async redirectToAuthorization(url: URL): Promise<void> {
    const response = await fetch(url, { redirect: "manual" });
    this.code = new URL(response.headers.get("location") ?? "").searchParams.get("code") ?? "";
  }
}
