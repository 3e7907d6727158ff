// The SQL that a gateway in this process sends while something happens.
import { DataSource } from 'typeorm';

export async function statementsDuring(work: () => Promise<void>): Promise<string[]> {
  const statements: string[] = [];
  // SQLite has one runner, which is handed out again and again.
  const watched = new WeakSet<object>();
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with the source it is of
  const create = DataSource.prototype.createQueryRunner;
  const spy = jest.spyOn(DataSource.prototype, 'createQueryRunner').mockImplementation(function (
    this: DataSource,
    mode,
  ) {
    const runner = create.call(this, mode);
    if (watched.has(runner)) return runner;
    watched.add(runner);
    const query = runner.query.bind(runner) as (...args: unknown[]) => Promise<never>;
    runner.query = (...args: unknown[]) => {
      statements.push(String(args[0]));
      return query(...args);
    };
    return runner;
  });
  try {
    await work();
  } finally {
    spy.mockRestore();
  }
  return statements;
}
