import {
  answeredId,
  cancelledId,
  errorResponse,
  isResult,
  type Message,
  type RequestId,
  type RequestMessage,
  type RpcError,
} from "@attest/core/wire";
import type { Caller } from "../context/caller.js";
import type { CurrentCall } from "../context/current-call.js";

/** A request that was let through and is not answered yet. */
export interface OpenCall {
  readonly request: RequestMessage;
  readonly call: CurrentCall;
  readonly startedAt: number;
  /** The error by which a guard around the handler denied it. */
  denial?: RpcError;
  isCancelled?: boolean;
}

/** Requests of one connection that may be open at once. */
const MAX_OPEN = 1024;

/**
 * The requests of one connection that the server works at, by their ids: an answer is known by its id alone, since a
 * server may answer from a child process or a worker, where no asynchronous context leads back to the request.
 */
export class OpenCalls {
  readonly #open = new Map<RequestId, OpenCall>();
  readonly #callOf: (request: RequestMessage, caller: Caller) => CurrentCall;

  /** @param callOf makes the call that a request is */
  constructor(callOf: (request: RequestMessage, caller: Caller) => CurrentCall) {
    this.#callOf = callOf;
  }

  /** Whether a request with this id is open: one that was given up may be answered still, and be taken for another. */
  has(id: RequestId): boolean {
    return this.#open.has(id);
  }

  /**
   * Returns whose open request `id` is; `undefined` when none is open under it. A request that was given up has no stream any
   * more: another may have come under its id since, of which nobody has proven anything yet.
   */
  callerOf(id: RequestId): Caller | undefined {
    const open = this.#open.get(id);
    return open?.isCancelled ? undefined : open?.call.caller;
  }

  /** Takes a request up. Returns `false` when too many are open. */
  add(call: OpenCall): boolean {
    if (this.#open.size >= MAX_OPEN && !this.#forgetOneCancelled()) return false;
    this.#open.set(call.request.id, call);
    return true;
  }

  /** Notes that a guard denied the request `id`. */
  deny(id: RequestId, denial: RpcError): void {
    const open = this.#open.get(id);
    if (open !== undefined) open.denial = denial;
  }

  /**
   * Notes that the client gave a request up, and returns it. A cancelled request need not be answered, and stays known in
   * case that it is.
   */
  cancelledBy(message: Message): OpenCall | undefined {
    const id = cancelledId(message);
    const open = id === undefined ? undefined : this.#open.get(id);
    if (open === undefined || open.isCancelled) return undefined;
    open.call.isOver = true;
    open.call.isGivenUp = true;
    // Its parameters, which a peer chose, are not kept for an answer that need not come.
    const { jsonrpc, id: sameId, method } = open.request;
    const request: RequestMessage = { jsonrpc, id: sameId, method };
    this.#open.set(sameId, {
      ...open,
      request,
      call: this.#callOf(request, open.call.caller),
      isCancelled: true,
    });
    return open;
  }

  /** Returns the request that `message` answers, which is open no longer. */
  answeredBy(message: Message): OpenCall | undefined {
    const id = answeredId(message);
    const open = id === undefined ? undefined : this.#open.get(id);
    if (open === undefined) return undefined;
    open.call.isOver = true;
    this.#open.delete(open.request.id);
    return open;
  }

  /** Forgets the request `id`, which the server never got. */
  forget(id: RequestId): void {
    this.#open.delete(id);
  }

  #forgetOneCancelled(): boolean {
    for (const [id, { isCancelled }] of this.#open) if (isCancelled) return this.#open.delete(id);
    return false;
  }
}

/**
 * Returns `answer` with the error that a guard threw, where the SDK's `McpServer` made a tool result of it and its code
 * was lost. A result that is a success stands: the handler dealt with the denial itself.
 */
export function withDenial(answer: Message, { request, denial }: OpenCall): Message {
  if (denial === undefined) return answer;
  const isSuccess = isResult(answer) && answer.result["isError"] !== true;
  return isSuccess ? answer : errorResponse(request.id, denial);
}
