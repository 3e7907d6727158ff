import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { RequestContext } from '../auth/request-context.js';
import { Build } from '../builds/build.entity.js';
import type { Plain } from '../lib/plain.js';
import { runCommand } from '../nitro/run-command.js';
import type { EifFile, EifFiles } from './eif-file.js';
import { eifPath } from './eif-routes.js';

/** Reads a manifest and the beginning of a layer. */
const COMPLEXITY = 50;

@Resolver(() => Build)
export class BuildEifResolver {
  /** @param url what clients call the gateway, without a path */
  constructor(
    private readonly eifs: EifFiles,
    private readonly url: string,
  ) {}

  @FieldResolver(() => String, {
    nullable: true,
    complexity: COMPLEXITY,
    description:
      'Where to download the Nitro Enclave image file (EIF), with a token as Bearer or as the password of Basic; takes Range, and tells the sha256 of the file in Repr-Digest where the image has it. Null where the image is not in the store of this gateway, or holds no EIF.',
  })
  async eifUrl(@Root() build: Plain<Build>, @Ctx() context: RequestContext): Promise<string | null> {
    return (await this.find(build, context)) ? this.url + eifPath(build.id) : null;
  }

  @FieldResolver(() => String, {
    nullable: true,
    complexity: COMPLEXITY,
    description:
      'What runs the downloaded EIF on an EC2 instance with Nitro Enclaves enabled. The memory is that of the build, in MiB, at least four times the EIF, as nitro-cli demands; two CPUs where the build names no number. Null where eifUrl is.',
  })
  async runCommand(@Root() build: Plain<Build>, @Ctx() context: RequestContext): Promise<string | null> {
    const eif = await this.find(build, context);
    if (!eif) return null;
    const { memSizeMb, cpuCount } = build;
    return runCommand({ file: eif.fileName, eifBytes: eif.size, memSizeMb, cpuCount }).command;
  }

  /** Once for both fields, however often they are asked for. */
  private find(build: Plain<Build>, context: RequestContext): Promise<EifFile | undefined> {
    return context.loadAs('eifs', build, (builds) => this.eifs.findAll(builds));
  }
}
