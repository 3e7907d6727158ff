// Writes where builds run. A node reports again and again, also where nothing changed: only what changed is history.
import { actorOf } from '../auth/principal.js';
import type { Principal } from '../auth/principal.js';
import type { Build } from '../builds/build.entity.js';
import { DeploymentStatusType } from '../builds/build-parts.js';
import type { BuildService } from '../builds/build.service.js';
import { recordChange } from '../events/catalog-log.js';
import { CatalogError } from '../lib/errors.js';
import { newId } from '../lib/ids.js';
import type { Transaction } from '../lib/transaction.js';
import { Deployment, DeploymentState } from './deployment.entity.js';
import { checkReport } from './deployment.input.js';
import type { ReportDeploymentInput } from './deployment.input.js';

export class DeploymentService {
  constructor(private readonly builds: Pick<BuildService, 'find' | 'setDeployment'>) {}

  /** One row per node and build. Throws BAD_USER_INPUT, and NOT_FOUND for an unknown build. */
  async report(tx: Transaction, principal: Principal, input: ReportDeploymentInput): Promise<Deployment> {
    checkReport(input);
    const { accountId } = principal;
    // Reports on a build go one after the other, and none goes on beside its deletion.
    const build = await this.builds.find(tx, accountId, input.buildId);
    if (!build) throw noBuild(input.buildId);
    const key = { accountId, nodeId: input.nodeId.toLowerCase(), buildId: build.id };
    const found = await tx.manager.findOneBy(Deployment, key);
    const before: Deployment | undefined = found ? { ...found } : undefined;
    const after = reported(key, before, input);
    if (before) await tx.manager.update(Deployment, { accountId, id: before.id }, after);
    else await tx.manager.insert(Deployment, after);
    if (!before || isChanged(before, after)) {
      const kind = before ? 'UPDATED' : 'CREATED';
      const change = { entityType: 'Deployment', entityId: after.id, actor: actorOf(principal), before, after };
      recordChange(tx, { accountId, kind, ...change });
    }
    await this.settle(tx, principal, build);
    return after;
  }

  /** Makes the build tell what its nodes say. */
  private async settle(tx: Transaction, principal: Principal, build: Build): Promise<void> {
    const { accountId, id: buildId } = build;
    const runs = await tx.manager.existsBy(Deployment, { accountId, buildId, status: DeploymentState.RUNNING });
    const status = runs ? DeploymentStatusType.DEPLOYED : DeploymentStatusType.UNDEPLOYED;
    if (status === build.deploymentStatusType) return;
    await this.builds.setDeployment(tx, accountId, buildId, status, actorOf(principal));
  }
}

function noBuild(id: string): CatalogError {
  const message = `There is no build with the id ${JSON.stringify(id)}.`;
  return new CatalogError('NOT_FOUND', message, { field: ['buildId'] });
}

function reported(
  key: Pick<Deployment, 'accountId' | 'buildId' | 'nodeId'>,
  before: Deployment | undefined,
  { status, nodeName, attestedAt }: ReportDeploymentInput,
): Deployment {
  const now = new Date();
  const isSame = before?.status === status;
  return {
    ...key,
    id: before?.id ?? newId(),
    nodeName: nodeName ?? before?.nodeName ?? '',
    status,
    statusUpdatedAt: isSame ? before.statusUpdatedAt : now,
    attestedAt: attestedAt ?? before?.attestedAt ?? null,
    createdAt: before?.createdAt ?? now,
    updatedAt: now,
  };
}

const isChanged = (before: Deployment, after: Deployment): boolean =>
  before.status !== after.status ||
  before.nodeName !== after.nodeName ||
  before.attestedAt?.getTime() !== after.attestedAt?.getTime();
