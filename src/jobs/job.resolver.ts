import { GraphQLSafeInt } from 'graphql-scalars';
import {
  Arg,
  Args,
  Ctx,
  Field,
  FieldResolver,
  ID,
  Int,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
} from 'type-graphql';
import { Subscription } from 'type-graphql';
import { requireAccess } from '../auth/principal.js';
import { RequestContext } from '../auth/request-context.js';
import { Build } from '../builds/build.entity.js';
import type { BuildQuery } from '../builds/build.query.js';
import { JobEvent, JobEventKind } from '../events/job-event.entity.js';
import type { EventPage, JobEvents } from '../events/job-events.js';
import type { Plain } from '../lib/plain.js';
import { cancellable } from '../lib/cancellable.js';
import { badInput } from '../lib/errors.js';
import { connectionOf, MAX_PAGE, PageArgs } from '../lib/paging.js';
import type { Connection } from '../lib/paging.js';
import { UserError, withUserErrors } from '../lib/user-error.js';
import type { CancelJob } from './cancel-job.js';
import { CancelJobInput, JobFilter } from './job.input.js';
import type { JobQuery } from './job.query.js';
import { Job } from './job.entity.js';

export const JobConnection = connectionOf(() => Job, 'Job');

@ObjectType({ simpleResolvers: true, description: 'Either the cancelled job or why it can not be cancelled.' })
class CancelJobPayload {
  @Field(() => Job, {
    nullable: true,
    description: 'CANCELLED already, though its run may take a moment to stop; null where userErrors say why not.',
  })
  job?: Job | null;

  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@Resolver(() => Job)
export class JobResolver {
  constructor(
    private readonly query: JobQuery,
    private readonly cancelJobs: CancelJob,
  ) {}

  @Query(() => Job, { nullable: true, description: 'One job; null where this account has none of that id.' })
  job(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string): Promise<Job | null> {
    requireAccess(context.principal, 'READER');
    return context.load(this.query, id);
  }

  @Query(() => JobConnection, { description: 'The jobs of the account, newest first.' })
  jobs(
    @Ctx() context: RequestContext,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('filter', () => JobFilter, { nullable: true }) filter?: JobFilter,
  ): Promise<Connection<Job>> {
    requireAccess(context.principal, 'READER');
    return this.query.list(context.principal.accountId, page, filter ?? {});
  }

  @Mutation(() => CancelJobPayload, {
    description:
      'Stops a job. What is not registered yet never will be. A cancelled job stays cancelled; CONFLICT where it ended otherwise.',
  })
  cancelJob(
    @Ctx() context: RequestContext,
    @Arg('input', () => CancelJobInput) { jobId }: CancelJobInput,
  ): Promise<CancelJobPayload> {
    requireAccess(context.principal, 'WRITER');
    const { accountId } = context.principal;
    return withUserErrors(async () => ({
      job: this.query.shown(await this.cancelJobs.cancel(accountId, jobId.toLowerCase())),
    }));
  }
}

@Resolver(() => Job)
export class JobFieldsResolver {
  constructor(
    private readonly jobs: JobQuery,
    private readonly builds: BuildQuery,
    private readonly jobEvents: JobEvents,
  ) {}

  @FieldResolver(() => Build, {
    nullable: true,
    description: 'The build it registered, or made again; null before, and where it was not to register one.',
  })
  build(@Root() job: Plain<Job>, @Ctx() context: RequestContext): Promise<Build | null> {
    return context.load(this.builds, job.buildId);
  }

  @FieldResolver(() => Job, { nullable: true, description: 'The job that this one takes the place of (`retryJob`).' })
  retryOf(@Root() job: Plain<Job>, @Ctx() context: RequestContext): Promise<Job | null> {
    return context.load(this.jobs, job.retryOf);
  }

  @FieldResolver(() => [JobEvent], {
    description:
      'Its log, oldest line first: the events of the kinds LOG and WARNING. `conversionStatus` has them live. Holds no passwords or tokens. A run logs at most 2,000 lines of at most 2,000 characters.',
  })
  log(
    @Root() job: Plain<Job>,
    @Ctx() context: RequestContext,
    @Arg('afterSeq', () => GraphQLSafeInt, { defaultValue: 0, description: 'Only lines with a higher number.' })
    afterSeq: number,
    @Arg('first', () => Int, { defaultValue: 50, description: 'At most so many; up to 200.' }) first: number,
  ): Promise<JobEvent[]> {
    return this.eventsOf(job, context, { afterSeq, first, kinds: [JobEventKind.LOG, JobEventKind.WARNING] });
  }

  @FieldResolver(() => [JobEvent], { description: 'What happened to it, oldest first.' })
  events(
    @Root() job: Plain<Job>,
    @Ctx() context: RequestContext,
    @Arg('afterSeq', () => GraphQLSafeInt, { defaultValue: 0, description: 'Only events with a higher number.' })
    afterSeq: number,
    @Arg('first', () => Int, { defaultValue: 50, description: 'At most so many; up to 200.' }) first: number,
  ): Promise<JobEvent[]> {
    return this.eventsOf(job, context, { afterSeq, first });
  }

  private eventsOf(job: Plain<Job>, context: RequestContext, page: EventPage): Promise<JobEvent[]> {
    const { afterSeq, first, kinds } = page;
    if (first < 0 || first > MAX_PAGE) throw badInput(`\`first\` must be between 0 and ${MAX_PAGE}.`, 'first');
    const read = (ids: readonly string[]) => this.jobEvents.listOfEach(job.accountId, ids, page);
    return context.loadAs(`${kinds ? 'log' : 'events'} ${afterSeq} ${first}`, job.id, read);
  }
}

@Resolver(() => JobEvent)
export class JobEventFieldsResolver {
  constructor(private readonly builds: BuildQuery) {}

  @FieldResolver(() => Build, { nullable: true, description: 'The build a finished job registered.' })
  build(@Root() event: Plain<JobEvent>, @Ctx() context: RequestContext): Promise<Build | null> {
    return context.load(this.builds, event.buildId);
  }
}

@Resolver(() => Build)
export class BuildJobResolver {
  constructor(private readonly query: JobQuery) {}

  @FieldResolver(() => Job, { nullable: true, description: 'The job that made it; null where it was made elsewhere.' })
  job(@Root() build: Plain<Build>, @Ctx() context: RequestContext): Promise<Job | null> {
    return context.load(this.query, build.jobId);
  }
}

interface WatchArgs {
  jobId: string;
  afterSeq: number;
}

/** A class made here, because `subscribe` is given to the decorator, which knows no instance. */
export function conversionStatusResolver(jobs: JobQuery, events: JobEvents) {
  const watch = async ({ args, context }: { args: WatchArgs; context: RequestContext }) => {
    requireAccess(context.principal, 'READER');
    const { accountId } = context.principal;
    const { id } = await jobs.get(accountId, args.jobId.toLowerCase());
    return cancellable((signal) => events.watch(accountId, id, args.afterSeq, signal));
  };

  @Resolver()
  class ConversionStatusResolver {
    @Subscription(() => JobEvent, {
      description:
        'What happens to a job, any job: the events after `afterSeq`, then live ones. Completes after the final one. A client that lost its connection passes the last number it saw; where events were pruned since, it gets a GAP first. NOT_FOUND for an unknown job.',
      subscribe: watch as never,
    })
    conversionStatus(
      @Root() event: Plain<JobEvent>,
      @Ctx() context: RequestContext,
      @Arg('jobId', () => ID, { description: 'A job of this account, final ones included.' }) _jobId: string,
      @Arg('afterSeq', () => GraphQLSafeInt, { defaultValue: 0, description: 'The last number already seen.' })
      _afterSeq: number,
    ): JobEvent {
      context.forget();
      return event;
    }
  }
  return ConversionStatusResolver;
}
