// Builds and apps under one name, and the fields of lower folders that lead to them.
import { Ctx, FieldResolver, Resolver, Root, createUnionType } from 'type-graphql';
import { App } from '../apps/app.entity.js';
import type { AppService } from '../apps/app.service.js';
import { RequestContext } from '../auth/request-context.js';
import type { Plain } from '../lib/plain.js';
import { Task, TaskType } from '../tasks/task.entity.js';
import { Build } from './build.entity.js';
import type { BuildQuery } from './build.query.js';

export const CatalogEntry = createUnionType({
  name: 'CatalogEntry',
  description: 'What the catalog is made of.',
  types: () => [Build, App] as const,
  resolveType: (value) => (value as unknown as { __typename: string }).__typename,
});

@Resolver(() => Task)
export class TaskSubjectResolver {
  constructor(
    private readonly builds: BuildQuery,
    private readonly apps: AppService,
  ) {}

  @FieldResolver(() => CatalogEntry, {
    nullable: true,
    description: 'What is to be approved; null once it is deleted.',
  })
  subject(@Root() task: Plain<Task>, @Ctx() context: RequestContext): Promise<Build | App | null> {
    const source = task.type === TaskType.BUILD_WHITELIST ? this.builds : this.apps;
    return context.load<Build | App>(source, task.subjectId);
  }
}
