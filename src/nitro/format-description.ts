// An EIF's description for people at a terminal. Whoever made the file chose most of the words in it, so whatever could
// move the cursor, hide or turn text around is written as an escape.
import type { EifDescription } from './describe.js';

/** Of a list, and characters of each of its items. */
const SHOWN = 40;
const SHOWN_CHARACTERS = 200;

export function formatDescription(eif: EifDescription): string {
  const lines = [
    `EIF version ${eif.EifVersion}, ${eif.Architecture}, ${eif.SizeBytes} bytes`,
    row('Checksum', eif.CheckCRC ? 'right' : 'WRONG'),
    ...signatureRows(eif),
    ...measurementRows(eif),
    '',
    row('Image', `${eif.ImageName ?? '-'} ${eif.ImageVersion ?? ''}`.trimEnd()),
    row('Memory and CPUs', `${eif.DefaultMemoryBytes} bytes, ${eif.DefaultCpus}`),
    row('Command line', eif.Cmdline ?? '-'),
    row('Arguments', eif.Argv ? shortened(eif.Argv.map((argument) => JSON.stringify(argument))) : '-'),
    row('Environment', eif.Env ? shortened(eif.Env.map(variableText)) : '-'),
    '',
    ...sectionRows(eif),
  ];
  if (eif.Problems.length > 0) lines.push('', 'Problems:', ...eif.Problems.map((problem) => `  ${printable(problem)}`));
  return `${lines.join('\n')}\n`;
}

function signatureRows({ IsSigned, SignatureCheck, SigningCertificate: certificate }: EifDescription): string[] {
  if (!IsSigned) return [row('Signature', 'none')];
  const rows = [row('Signature', SignatureCheck ? 'valid for its certificate' : 'NOT VALID')];
  if (!certificate) return rows;
  const { Subject, KeyAlgorithm, NotBefore, NotAfter, Sha256 } = certificate;
  rows.push(row('Certificate', `${String(Subject)} (${String(KeyAlgorithm)}), sha256 ${String(Sha256)}`));
  return [...rows, row('', `from ${String(NotBefore)} to ${String(NotAfter)}`)];
}

function measurementRows({ Measurements: measurements }: EifDescription): string[] {
  const pcrs = Object.entries(measurements ?? {}).filter(([name]) => name.startsWith('PCR'));
  return pcrs.map(([name, value]) => row(name, value));
}

function sectionRows({ Sections: sections, Ramdisks: ramdisks }: EifDescription): string[] {
  let ramdisk = 0;
  return sections.map(({ Name, SizeBytes, Sha256 }) => {
    const facts = Name === 'ramdisk' ? ramdisks[ramdisk++] : undefined;
    const entries = facts ? `  ${facts.Format}, ${facts.EntryCount ?? 'unknown number of'} entries` : '';
    return `${Name.padEnd(10)}${String(SizeBytes).padStart(14)} bytes  sha256 ${Sha256}${entries}`;
  });
}

function variableText({ Name, SizeBytes, Value }: { Name: string; SizeBytes: number; Value?: string }): string {
  return Value === undefined ? `${Name} (${SizeBytes} bytes)` : JSON.stringify(`${Name}=${Value}`);
}

function shortened(items: string[]): string {
  const more = items.length > SHOWN ? ` and ${items.length - SHOWN} more` : '';
  const shown = items.slice(0, SHOWN).map((item) => {
    return item.length > SHOWN_CHARACTERS ? `${item.slice(0, SHOWN_CHARACTERS)}...` : item;
  });
  return `${shown.join(' ')}${more}`;
}

function row(name: string, text: string): string {
  return `${name.padEnd(17)}${printable(text)}`;
}

/** Control, format and unassigned characters as \u{...}. */
export function printable(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}
