import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { lockFolder } from '../../src/db/folder-lock.js';
import { packageRoot } from '../../src/lib/package-root.js';
import { temporaryFolder } from '../support/folders.js';

const BUILT = join(packageRoot, 'dist', 'src', 'db', 'folder-lock.js');

describe('a locked folder', () => {
  it('can not be locked again until it is free', async () => {
    const folder = temporaryFolder();
    const free = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toThrow(`${folder} is in use by another gateway`);
    await expect(lockFolder(folder)).rejects.toThrow('DATA_DIR');
    await free();
    await (
      await lockFolder(folder)
    )();
  });

  it('does not keep another folder', async () => {
    const free = [await lockFolder(temporaryFolder()), await lockFolder(temporaryFolder())];
    for (const step of free) await step();
  });

  it('stays locked for other processes, and is free once the one that holds it was killed', async () => {
    const folder = temporaryFolder();
    const script = `require(${JSON.stringify(BUILT)}).lockFolder(${JSON.stringify(folder)}).then(() => {
      console.log('locked');
      setInterval(() => {}, 1000);
    });`;
    const holder = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    await expect(lockFolder(folder)).rejects.toThrow('in use');
    const ended = once(holder, 'exit');
    holder.kill('SIGKILL');
    await ended;
    await (
      await lockFolder(folder)
    )();
  });

  it('must exist', async () => {
    await expect(lockFolder(join(temporaryFolder(), 'nothing\0'))).rejects.toThrow();
  });
});
