import { meaningOf } from "../frame/errors.ts";
import { Backoff } from "../stream/backoff.ts";
import { ApiError, waiting } from "./client.ts";

/**
 * Asks until there is an answer. An error that may pass is told, and the question is asked again after a while; any other one ends it. It never gives up by itself: the
 * signal of whoever asks must end it.
 */
export async function withRetry<Answer>(ask: () => Promise<Answer>, signal: AbortSignal, tell: (error: ApiError) => void): Promise<Answer> {
  const backoff = new Backoff();
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (signal.aborted || !(error instanceof ApiError) || !meaningOf(error.code).temporary) throw error;
      tell(error);
      await waiting(Math.max(backoff.next(), (error.retryAfter ?? 0) * 1000), signal);
    }
  }
}
