// What requests bring, by the names that the OpenAPI document has for it.
import type {
  WireAccountRequest,
  WireAccountUpdate,
  WireAuthRequest,
  WireInvite,
  WireSignup,
  WireUserUpdate,
} from './wire-accounts.js';
import type { WireAppRequest, WireAppUpdate } from './wire-apps.js';
import type {
  WireAciConversion,
  WireLegacyConversion,
  WireNitroConversion,
  WireUnregisteredConversion,
} from './wire-conversions.js';
import type { WireReportDeployment } from './wire-deployments.js';
import type { WirePatch } from './wire-lists.js';
import type { WireRegistryRequest } from './wire-registries.js';
import type { WireTaskUpdate } from './wire-tasks.js';

import type { WireBuildUpdate, WireCreateBuild } from './wire.js';

export interface WireBodies {
  AccountRequest: WireAccountRequest;
  AccountUpdateRequest: WireAccountUpdate;
  AciConversionRequest: WireAciConversion;
  AppBodyUpdateRequest: WireAppUpdate;
  AppRequest: WireAppRequest;
  AuthDiscoverRequest: object | undefined;
  AuthRequest: WireAuthRequest | undefined;
  BuildUpdateRequest: WireBuildUpdate;
  ConvertAppBuildRequest: WireLegacyConversion;
  ConverterSvcAciConversionRequest: object;
  ConverterSvcNitroEnclavesConversionRequest: WireUnregisteredConversion;
  CreateBuildRequest: WireCreateBuild;
  InviteUserRequest: WireInvite;
  NitroEnclavesConversionRequest: WireNitroConversion;
  PatchRequest: WirePatch;
  RegistryRequest: WireRegistryRequest;
  ReportDeploymentRequest: WireReportDeployment;
  SelectAccountRequest: { invitation?: string } | undefined;
  SignupRequest: WireSignup;
  TaskUpdateRequest: WireTaskUpdate;
  UpdateUserRequest: WireUserUpdate;
}
