/** Why a service cannot start, in one line that says what to do about it. Its message holds no secret. */
export class StartError extends Error {
  override readonly name = "StartError";
}
