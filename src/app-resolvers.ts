// A third of the composition root: every resolver, handed its services.
import type { GraphQLSchema } from 'graphql';
import { BuildOriginResolver } from './app-origins.js';
import type { Services } from './app-services.js';
import { AppResolver } from './apps/app.resolver.js';
import { AccessTokenResolver } from './auth/access-token.resolver.js';
import { AccountResolver } from './auth/account.resolver.js';
import { CatalogLogResolver } from './auth/catalog-log.resolver.js';
import { OneselfResolver } from './auth/oneself.resolver.js';
import { SignInsResolver } from './auth/sign-ins.resolver.js';
import { UserResolver } from './auth/user.resolver.js';
import { ViewerResolver } from './auth/viewer.resolver.js';
import { AppFieldsResolver, DeleteAppResolver } from './builds/app-fields.resolver.js';
import { ApprovalResolver } from './builds/approval.resolver.js';
import { BuildFieldsResolver, BuildResolver } from './builds/build.resolver.js';
import {
  CatalogChangeEntryResolver,
  catalogChangesResolver,
  CatalogSeqResolver,
} from './builds/catalog-changes.resolver.js';
import { TaskSubjectResolver } from './builds/catalog-entry.js';
import { ConflictQuery } from './builds/conflict.query.js';
import { BuildConflictsResolver, ConflictResolver } from './builds/conflict.resolver.js';
import { SearchResolver } from './builds/search.resolver.js';
import { BuildDiffResolver, EifDiffResolver } from './conversions/build-diff.resolver.js';
import { BuildProvenanceResolver, ConversionResolver } from './conversions/conversion.resolver.js';
import { BuildEifResolver } from './conversions/eif.resolver.js';
import { AccessKeyResolver, ViewerAccessKeysResolver } from './credentials/access-key.resolver.js';
import { RegistryCredentialResolver } from './credentials/registry-credential.resolver.js';
import {
  BuildDeploymentsResolver,
  DeploymentFieldsResolver,
  DeploymentResolver,
} from './deployments/deployment.resolver.js';
import { NodesResolver } from './deployments/node.resolver.js';
import { CatalogLogQuery } from './events/catalog-log.query.js';
import { CycleImageSourceResolver } from './formats/cycle/image-source.resolver.js';
import { CycleImageResolver } from './formats/cycle/image.resolver.js';
import { ImageBuilderImageResolver } from './formats/image-builder/image.resolver.js';
import { NodeResolver } from './graphql/node.resolver.js';
import { createSchema } from './graphql/schema.js';
import { DeleteBuildResolver } from './jobs/delete-build.resolver.js';
import {
  BuildJobResolver,
  conversionStatusResolver,
  JobEventFieldsResolver,
  JobFieldsResolver,
  JobResolver,
} from './jobs/job.resolver.js';
import {
  ReviewWriteBackResolver,
  SourceResolver,
  SourceRunsResolver,
  SyncRunFieldsResolver,
} from './sources/source.resolver.js';
import { TaskResolver } from './tasks/task.resolver.js';

export function createResolvers(services: Services) {
  const { reader, inTransaction, tasks, apps, buildQuery, jobQuery, jobEvents } = services;
  return [
    new NodeResolver([buildQuery, apps, tasks, jobQuery, services.sources]),
    new ViewerResolver(reader, services.accounts, services.accessTokens),
    new AccessTokenResolver(services.accessTokens, inTransaction),
    new UserResolver(services.members, services.users, inTransaction),
    new OneselfResolver(services.sessions, services.users, services.passwords, inTransaction),
    new AccountResolver(services.accounts, services.sessions, inTransaction),
    new TaskResolver(tasks, inTransaction),
    new ApprovalResolver(services.approvals, inTransaction),
    new TaskSubjectResolver(buildQuery, apps),
    new AppResolver(apps, inTransaction),
    new AppFieldsResolver(tasks, buildQuery),
    new DeleteAppResolver(services.deleteApp, inTransaction),
    ...buildResolvers(services),
    new DeleteBuildResolver(services.deleteBuild, inTransaction),
    new BuildJobResolver(jobQuery),
    new JobResolver(jobQuery, services.cancelJob),
    new JobFieldsResolver(jobQuery, buildQuery, jobEvents),
    new JobEventFieldsResolver(buildQuery),
    new ConversionResolver(services.conversions, services.reproductions, jobQuery),
    new BuildProvenanceResolver(services.recipes),
    new BuildDiffResolver(services.buildDiffs),
    EifDiffResolver,
    conversionStatusResolver(jobQuery, jobEvents),
    new BuildEifResolver(services.eifs, services.url),
    new RegistryCredentialResolver(services.logins, inTransaction),
    new DeploymentResolver(services.deploymentQuery, services.deployments, inTransaction),
    new DeploymentFieldsResolver(buildQuery),
    new BuildDeploymentsResolver(services.deploymentQuery),
    new NodesResolver(services.nodes),
    new CycleImageResolver(services),
    new CycleImageSourceResolver(services),
    ...imageBuilderResolvers(services),
    ...createLogResolvers(services),
    new SignInsResolver(reader),
    ...sourceResolvers(services),
  ];
}

const createLogResolvers = ({ reader, catalogChanges, originQuery, buildQuery, apps }: Services) => [
  catalogChangesResolver(catalogChanges, originQuery),
  new CatalogChangeEntryResolver(buildQuery, apps),
  new CatalogSeqResolver(catalogChanges),
  new CatalogLogResolver(new CatalogLogQuery(reader)),
];

/** Builds, where they came from, and where origins disagree. */
function buildResolvers(services: Services) {
  const { reader, inTransaction, apps, tasks, builds, buildQuery } = services;
  const conflicts = new ConflictQuery(reader);
  return [
    new BuildResolver(buildQuery, builds, inTransaction),
    new BuildFieldsResolver(apps, tasks),
    new BuildOriginResolver(services.originQuery, buildQuery, services.sources),
    new ConflictResolver(conflicts, buildQuery),
    new BuildConflictsResolver(conflicts),
    new SearchResolver(buildQuery, apps),
  ];
}

const imageBuilderResolvers = (services: Services) => [
  new AccessKeyResolver(services.accessKeys, services.inTransaction),
  new ViewerAccessKeysResolver(services.accessKeyQuery),
  new ImageBuilderImageResolver(services),
];

const sourceResolvers = ({ sources, syncs, syncRuns, writeBacks, jobQuery, inTransaction }: Services) => [
  new SourceResolver(sources, syncs, inTransaction),
  new SourceRunsResolver(syncRuns),
  new SyncRunFieldsResolver(jobQuery),
  new ReviewWriteBackResolver(writeBacks),
];

/** The schema alone, for printing it: nothing behind it works. */
export const describeSchema = (): GraphQLSchema => createSchema(createResolvers({} as Services));
