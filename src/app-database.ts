// What the catalog's database has: every table class and every migration.
import { CreateCatalog1790000000000 } from '../migrations/1790000000000-create-catalog.js';
import { AddTenancy1790000100000 } from '../migrations/1790000100000-add-tenancy.js';
import { AddProof1790000200000 } from '../migrations/1790000200000-add-proof.js';
import { AddOrigins1790000300000 } from '../migrations/1790000300000-add-origins.js';
import { AddImageSources1790000400000 } from '../migrations/1790000400000-add-image-sources.js';
import { AddAccessKeys1790000500000 } from '../migrations/1790000500000-add-access-keys.js';
import { AddSources1790000600000 } from '../migrations/1790000600000-add-sources.js';
import { AddLogCheckpoints1790000700000 } from '../migrations/1790000700000-add-log-checkpoints.js';
import { App } from './apps/app.entity.js';
import { AccessToken } from './auth/access-token.entity.js';
import { Account } from './auth/account.entity.js';
import { ensureAdministrator, readAdministratorToken } from './auth/administrator.js';
import { Identity } from './auth/identity.entity.js';
import { Membership } from './auth/membership.entity.js';
import { Password } from './auth/password.entity.js';
import { Session } from './auth/session.entity.js';
import { SignIn } from './auth/sign-in.entity.js';
import { User } from './auth/user.entity.js';
import { BuildConfig } from './builds/build-configs.js';
import { Build } from './builds/build.entity.js';
import { Measurement } from './builds/measurements.js';
import { Origin } from './builds/origin.entity.js';
import { UniqueMrenclave } from './builds/unique-mrenclave.js';
import { BuildRecipe } from './conversions/build-recipe.entity.js';
import { AccessKey } from './credentials/access-key.entity.js';
import { RegistryCredential } from './credentials/registry-credential.entity.js';
import { openDatabase } from './db/database.js';
import type { Database } from './db/database.js';
import { Deployment } from './deployments/deployment.entity.js';
import { CatalogLogHead, CatalogLogLine } from './events/catalog-log.entity.js';
import { JobEvent } from './events/job-event.entity.js';
import { ImageSource } from './image-sources/image-source.entity.js';
import { Job } from './jobs/job.entity.js';
import { AppOrigin } from './sources/app-origin.entity.js';
import { ReviewWriteBack } from './sources/review-write-back.entity.js';
import { Source } from './sources/source.entity.js';
import { SyncRun } from './sources/sync-run.entity.js';
import { Task } from './tasks/task.entity.js';

export const ENTITIES = [
  Account,
  User,
  AccessToken,
  Membership,
  Password,
  Session,
  Identity,
  SignIn,
  Task,
  App,
  Build,
  Measurement,
  Origin,
  UniqueMrenclave,
  BuildConfig,
  BuildRecipe,
  Job,
  JobEvent,
  RegistryCredential,
  AccessKey,
  Deployment,
  ImageSource,
  CatalogLogLine,
  CatalogLogHead,
  Source,
  SyncRun,
  AppOrigin,
  ReviewWriteBack,
];
export const MIGRATIONS = [
  CreateCatalog1790000000000,
  AddTenancy1790000100000,
  AddProof1790000200000,
  AddOrigins1790000300000,
  AddImageSources1790000400000,
  AddAccessKeys1790000500000,
  AddSources1790000600000,
  AddLogCheckpoints1790000700000,
];

/** The catalog's database with its tables, and the account and token that every catalog has. */
export async function openCatalog(
  url: string,
  adminTokenFile: string,
  wake?: (topic: string) => void,
): Promise<Database> {
  const database = await openDatabase({ url, entities: ENTITIES, migrations: MIGRATIONS, wake });
  try {
    const adminToken = readAdministratorToken(adminTokenFile);
    await database.inTransaction((tx) => ensureAdministrator(tx, adminToken));
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}
