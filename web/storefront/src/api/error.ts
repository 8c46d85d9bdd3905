/** A refusal of the API, or that it could not be reached (status 0). */

interface Told {
  code: string;
  message: string;
  field?: string | null;
  details?: Record<string, unknown>;
}

export class ApiError extends Error {
  readonly code: string;
  readonly field: string | null;
  readonly details: Record<string, unknown>;

  constructor(
    readonly status: number,
    told: Told,
  ) {
    super(told.message);
    this.name = "ApiError";
    this.code = told.code;
    this.field = told.field ?? null;
    this.details = told.details ?? {};
  }

  /** Whether trying again may help: no answer, or a server that is away for a moment. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }

  /** Whether what was wished may still be open: no answer came, or one must sign in to get it. */
  get leavesOpen(): boolean {
    return this.isPassing || this.status === 401;
  }
}
