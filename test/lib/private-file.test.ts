import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../src/lib/package-root.js';
import { readOrCreatePrivateFile, readPrivateFile } from '../../src/lib/private-file.js';
import { temporaryFolder } from '../support/folders.js';

const BUILT = join(packageRoot, 'dist', 'src', 'lib', 'private-file.js');

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
const newPath = () => join(temporaryFolder(), 'secret');

describe('a private file', () => {
  it('is made once, for its owner alone', () => {
    const path = newPath();
    expect(readPrivateFile(path)).toBeUndefined();
    expect(readOrCreatePrivateFile(path, () => 'first')).toBe('first');
    expect(readOrCreatePrivateFile(path, () => 'second')).toBe('first');
    expect(readFileSync(path, 'utf8')).toBe('first\n');
    expect(modeOf(path)).toBe('600');
    expect(readdirSync(dirname(path))).toEqual(['secret']);
  });

  it('is closed to others where it was open to them', () => {
    const path = newPath();
    writeFileSync(path, '  by hand \n', { mode: 0o644 });
    expect(readOrCreatePrivateFile(path, () => 'new')).toBe('by hand');
    expect(modeOf(path)).toBe('600');
  });

  it('appears under its name only when complete', () => {
    const path = newPath();
    const content = readOrCreatePrivateFile(path, () => {
      expect(existsSync(path)).toBe(false);
      return 'whole';
    });
    expect(content).toBe('whole');
  });

  it('is the one that another process made in the same moment', () => {
    const path = newPath();
    const content = readOrCreatePrivateFile(path, () => {
      writeFileSync(path, 'of the other\n');
      return 'mine';
    });
    expect(content).toBe('of the other');
    expect(readdirSync(dirname(path))).toEqual(['secret']);
  });

  it('has one content for all processes that start at once', async () => {
    const path = newPath();
    const script = `const { readOrCreatePrivateFile } = require(${JSON.stringify(BUILT)});
      process.stdout.write(readOrCreatePrivateFile(${JSON.stringify(path)}, () => String(process.pid)));`;
    const runs = Array.from({ length: 4 }, () => promisify(execFile)(process.execPath, ['-e', script]));
    const contents = (await Promise.all(runs)).map(({ stdout }) => stdout);
    expect(contents).toEqual(contents.map(() => readPrivateFile(path)));
    expect(readdirSync(dirname(path))).toEqual(['secret']);
  });

  it('passes on any error but that there is no file', () => {
    expect(() => readPrivateFile(join(newPath(), '\0'))).toThrow();
    expect(() => readPrivateFile(temporaryFolder())).toThrow(/EISDIR/);
  });
});
