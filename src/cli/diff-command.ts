// `build-catalog diff`: what differs between two EIFs, and which PCR each difference moves.
import { diffEifs } from '../nitro/eif-diff.js';
import type { EifDiff } from '../nitro/eif-diff.js';
import type { DiffCommand } from './arguments.js';
import { withEif } from './eif-files.js';
import type { Reporter } from './reporter.js';

/** Whether they are identical. Throws JobFailure IMAGE_INVALID where one is no EIF. */
export async function runDiff({ a, b }: DiffCommand, reporter: Reporter, signal: AbortSignal): Promise<boolean> {
  const diff = await withEif(a, (first) => withEif(b, (second) => diffEifs(first, second, { signal })));
  reporter.finish(diff.identical ? ['The EIFs are identical.'] : formatDiff(diff), diff);
  return diff.identical;
}

function formatDiff(diff: EifDiff): string[] {
  const { section, file } = diff.firstDifference ?? {};
  return [
    ...diff.pcrs.flatMap(({ name, a, b, moved }) => (moved ? change(name, a, b) : [`${name} same`])),
    ...diff.header.map((field) => `header: ${field}`),
    ...diff.sections.filter(({ changed }) => changed).map((it) => `${it.section}: ${sectionChange(it)}${moves(it)}`),
    ...pairChange('cmdline', diff.cmdline),
    ...pairChange('argv', diff.argv),
    ...diff.env.map((it) => `env ${it.name}: ${it.change.toLowerCase()}`),
    ...diff.metadata.flatMap(({ path, a, b }) => change(`metadata ${path}`, a, b)),
    ...diff.files.map((it) => `${it.ramdisk} ${it.path}: ${it.changes.join(' ').toLowerCase()}${moves(it)}`),
    ...(diff.fileCount > diff.files.length ? [`... and ${diff.fileCount - diff.files.length} more files`] : []),
    ...diff.notes,
    ...(section === undefined ? [] : [`first difference: ${section}${file ? ` ${file}` : ''}`]),
  ];
}

function sectionChange({ a, b }: EifDiff['sections'][number]): string {
  if (!a || !b) return a ? 'removed' : 'added';
  return a.sizeBytes === b.sizeBytes ? 'changed' : `changed, ${a.sizeBytes} -> ${b.sizeBytes} bytes`;
}

const moves = (it: { moves: string[] }): string => (it.moves.length > 0 ? ` (moves ${it.moves.join(', ')})` : '');

function change(what: string, a: string | null, b: string | null): string[] {
  if (a === null && b === null) return [`${what}: changed`];
  return [what, `  a ${a ?? '(none)'}`, `  b ${b ?? '(none)'}`];
}

function pairChange(what: string, pair: { a: unknown; b: unknown } | null): string[] {
  return pair ? change(what, JSON.stringify(pair.a), JSON.stringify(pair.b)) : [];
}
