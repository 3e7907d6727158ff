// Requests per second, and latencies at a fixed rate.
import { Pool } from 'undici';

const CONNECTIONS = 16;

/** @param next makes the next request's options */
export async function requestsPerSecond(url, next, seconds = 4) {
  const pool = new Pool(url, { connections: CONNECTIONS });
  const until = Date.now() + seconds * 1000;
  let done = 0;
  const worker = async () => {
    while (Date.now() < until) {
      const { statusCode, body } = await pool.request(next());
      if (statusCode !== 200) throw new Error(`Status ${statusCode}: ${await body.text()}`);
      await body.dump();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  await pool.close();
  return done / seconds;
}

/** Sends `rate` requests a second until `isOver`, and answers the latencies in ms, sorted. */
export async function latenciesAt(rate, url, next, isOver) {
  const pool = new Pool(url, { connections: CONNECTIONS });
  const latencies = [];
  const pending = [];
  const start = performance.now();
  for (let sent = 0; !isOver(); sent += 1) {
    // From when it should have been sent: a server that stalls does not get away with fewer requests.
    const due = start + (sent * 1000) / rate;
    const wait = due - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    pending.push(
      pool.request(next()).then(async ({ body }) => {
        await body.dump();
        latencies.push(performance.now() - due);
      }),
    );
  }
  await Promise.all(pending);
  await pool.close();
  return latencies.sort((a, b) => a - b);
}

export const percentile = (sorted, share) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
