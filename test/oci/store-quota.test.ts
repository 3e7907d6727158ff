import { StoreQuota } from '../../src/oci/store-quota.js';

/** A quota of ten bytes over an account whose looks end when they are told to. */
function startQuota() {
  const looks: (() => void)[] = [];
  const disk = { bytes: 0 };
  const quota = new StoreQuota(10, () => {
    const { bytes } = disk;
    return new Promise((resolve) => looks.push(() => resolve(bytes)));
  });
  return { quota, looks, disk };
}

describe('the quota of an account', () => {
  it('holds however many looks go on at the same time, and in whatever order they end', async () => {
    const { quota, looks, disk } = startQuota();
    const first = quota.admission('alice');
    looks[0]!();
    const admit = await first;
    const keep = (bytes: number) => {
      const settle = admit(bytes);
      disk.bytes += bytes;
      settle();
    };
    keep(3);
    const early = [quota.admission('alice'), quota.admission('alice')];
    keep(3);
    const late = [quota.admission('alice'), quota.admission('alice')];
    for (const end of looks.reverse()) end();
    await Promise.all([...early, ...late]);
    expect(() => keep(5)).toThrow(/may keep/);
    keep(4);
    expect(() => keep(1)).toThrow(/may keep/);
    const full = quota.admission('alice');
    for (const end of looks) end();
    await expect(full).rejects.toThrow(/may keep/);
  });

  it('has room again once a look finds that something is gone', async () => {
    const { quota, looks, disk } = startQuota();
    disk.bytes = 10;
    const full = quota.admission('alice');
    looks[0]!();
    await expect(full).rejects.toThrow(/may keep/);
    disk.bytes = 4;
    const again = quota.admission('alice');
    looks[1]!();
    const admit = await again;
    expect(() => admit(7)).toThrow(/may keep/);
    admit(6)();
  });
});
