// Thousands of requests to CCM's paths that were thought up by chance: valid, nearly valid and hostile ones. TEST_SCALE
// says how many; TEST_SEED repeats those of a failure, and with TEST_FIGURES it shows
// what was answered.
import fc from 'fast-check';
import { problemsOf } from '../support/ccm-client.js';
import type { CcmRequest } from '../support/ccm-client.js';
import type { CcmAnswer } from '../support/ccm-contract.js';
import { watchCatalog } from '../support/ccm-fingerprint.js';
import type { CatalogWatch } from '../support/ccm-fingerprint.js';
import { anyRequest } from '../support/ccm-fuzz-requests.js';
import type { FuzzRequest } from '../support/ccm-fuzz-requests.js';
import { FuzzWorld } from '../support/ccm-fuzz-world.js';
import { onEachDatabase } from '../support/databases.js';

const SCALE = Number(process.env.TEST_SCALE ?? 1);
const CASES = 500 * SCALE;
const SEED = Number(process.env.TEST_SEED ?? 20_260_729);
const POSTGRES_SCALE = 10;

const LEAKS = [
  /\n\s+at /,
  /node_modules|[\w-]+\.[jt]s:\d+/,
  /\bSELECT\b.*\bFROM\b|\bINSERT INTO\b|\bUPDATE "|SQLITE_|QueryFailed|violates|syntax error at|invalid input syntax/,
];
const MAX_PATH_PART = 1024;
/** What HTTP itself refuses before anybody asks whose path it is. */
const UNROUTED = [400, 404, 414, 431];

/** What must never be, whatever was asked. */
function wrongWith(asked: CcmRequest, answer: CcmAnswer): string[] {
  const { path } = asked;
  if (answer.status === 500) return ['500'];
  const leaks = LEAKS.filter((pattern) => pattern.test(answer.text)).map((pattern) => `tells ${pattern.source}`);
  if (leaks.length > 0) return leaks;
  const problems = problemsOf(asked, answer);
  const isUnroutable = !isDecodable(path) || path.split(/[/?]/).some((part) => part.length > MAX_PATH_PART);
  return isUnroutable && UNROUTED.includes(answer.status) ? [] : problems;
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path.split('?')[0]!);
    return true;
  } catch {
    return false;
  }
}

const cut = (text: string) => (text.length > 600 ? `${text.slice(0, 600)}... (${text.length})` : text);

class Findings {
  readonly statuses: Record<string, number> = {};
  readonly manners: Record<string, number> = {};
  readonly succeeded = new Set<string>();
  successes = 0;
  /** How many of them the fingerprint shows. */
  changes = 0;
  private readonly found = new Map<string, { operations: Set<string>; example: string }>();

  count({ operation, manner }: FuzzRequest, { status }: CcmAnswer): void {
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
    this.manners[manner] = (this.manners[manner] ?? 0) + 1;
    if (status >= 400) return;
    this.successes += 1;
    this.succeeded.add(operation.id);
  }

  /** One example of each, and which operations do it. */
  add(index: number, { operation, actor }: FuzzRequest, asked: CcmRequest, answer: CcmAnswer, problem: string): void {
    const known = this.found.get(cut(problem)) ?? { operations: new Set(), example: '' };
    this.found.set(cut(problem), known);
    known.operations.add(operation.id);
    if (known.example !== '') return;
    const { authorization: _token, ...headers } = asked.headers ?? {};
    const body = asked.body === undefined ? '' : cut(JSON.stringify(String(asked.body)));
    const request = `${asked.method} ${cut(asked.path)} ${JSON.stringify(headers)} ${body}`;
    known.example = `case ${index}, as ${actor}: ${request}\n  answered ${answer.status} ${cut(answer.text)}`;
  }

  /** Nothing where all was well. */
  toString(): string {
    if (this.found.size === 0) return '';
    const list = [...this.found].map(
      ([problem, { operations, example }]) => `${problem} (${[...operations].join(', ')})\n  ${example}`,
    );
    return [`TEST_SEED=${SEED} TEST_SCALE=${SCALE} repeats this.`, ...list].join('\n\n');
  }
}

async function run(world: FuzzWorld, watch: CatalogWatch): Promise<Findings> {
  const findings = new Findings();
  let before = await watch.fingerprint();
  for (const [index, request] of fc.sample(anyRequest, { seed: SEED, numRuns: CASES }).entries()) {
    const asked = world.concrete(request);
    const answer = await world.send(asked);
    findings.count(request, answer);
    const problems = wrongWith(asked, answer);
    const after = await watch.fingerprint();
    if (answer.status >= 400 && after !== before) problems.push(`refused, but changed ${difference(before, after)}`);
    if (answer.status < 400 && after !== before) findings.changes += 1;
    for (const problem of problems) findings.add(index, request, asked, answer, problem);
    if (answer.status === 401) await world.revive(request.actor);
    before = answer.status === 401 ? await watch.fingerprint() : after;
  }
  return findings;
}

function difference(before: string, after: string): string {
  const known = new Set(before.split('\n'));
  return after
    .split('\n')
    .filter((line) => !known.has(line))
    .join(', ');
}

onEachDatabase('requests by chance to the paths of CCM', (kind) => {
  if (kind.name === 'PostgreSQL' && SCALE < POSTGRES_SCALE) {
    it.skip(`are answered as promised (skipped: TEST_SCALE is below ${POSTGRES_SCALE})`, () => undefined);
    return;
  }

  it(
    'are answered as promised, tell nothing of the inside, and change nothing where they are refused',
    async () => {
      const databaseUrl = await kind.create();
      const world = await FuzzWorld.start(databaseUrl);
      const watch = await watchCatalog(databaseUrl);
      const findings = await run(world, watch);
      await watch.close();
      const alive = await fetch(`${world.gateway.url}/healthz`);
      await world.gateway.close();
      if (process.env.TEST_FIGURES) console.log(kind.name, findings);
      expect(`${findings.toString()}`).toBe('');
      expect(alive.status).toBe(200);
      // The gateway lives in this process, so that a polluted prototype would be here too.
      expect(Object.keys(Object.prototype)).toEqual([]);
      expect(findings.successes).toBeGreaterThan(CASES / 10);
      expect(findings.changes).toBeGreaterThan(CASES / 50);
      expect(Object.keys(findings.manners).sort()).toEqual(['hostile', 'nearly', 'valid']);
    },
    60_000 + CASES * 100,
  );
});
