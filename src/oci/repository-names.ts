// Which repositories an account has. Their names may stand in each other (`acme`, `acme/hello`); no part of a name
// begins with the underline of the folders inside them.
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessAbsent } from './absent-files.js';

/** Names of all repositories below a folder, also of those that are empty by now, in bytewise order. */
export async function repositoriesIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  const look = async (name: string): Promise<void> => {
    const entries = await unlessAbsent(() => readdir(join(folder, name), { withFileTypes: true }), [] as Dirent[]);
    const inside = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    if (inside.some((part) => part.startsWith('_'))) found.push(name);
    for (const part of inside) if (!part.startsWith('_')) await look(name === '' ? part : `${name}/${part}`);
  };
  await look('');
  return found.sort((a, b) => (a < b ? -1 : 1));
}
