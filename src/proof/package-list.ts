// What has been found so far, each package once, and what could not be taken in. An image decides how much it claims
// to hold, so there is an end to it.
import { quoteName } from '../oci/image-failure.js';
import type { Distribution } from './distribution.js';
import { packageUrl } from './package-url.js';
import type { Package } from './package-url.js';

export type FoundPackage = Package & { purl: string };

export interface FoundPackages {
  /** Each once, in the order of their purl. */
  packages: FoundPackage[];
  distribution?: Distribution;
  /** What is missing, a sentence each; empty where everything that was found was read. */
  incomplete: string[];
}

const MAX_PACKAGES = 50_000;
const MAX_LENGTH = 256;
const PRINTABLE = /^[\x21-\x7e]+$/;
const NAMED = 5;

export class PackageList {
  private readonly byUrl = new Map<string, FoundPackage>();
  private readonly unread: string[] = [];
  private unreadFiles = 0;
  private unusable = 0;
  private offered = 0;
  private isCut = false;

  constructor(
    private readonly distribution: Distribution | undefined,
    private readonly maxPackages = MAX_PACKAGES,
  ) {}

  /** False where nothing more is taken in. The same package again and again counts, too. */
  add(found: Package): boolean {
    if (this.byUrl.size >= this.maxPackages || ++this.offered > this.maxPackages * 4) {
      this.isCut = true;
      return false;
    }
    const { name, version, architecture = 'any', license } = found;
    if (![name, version, architecture].every((text) => text.length <= MAX_LENGTH && PRINTABLE.test(text))) {
      this.unusable++;
      return true;
    }
    const purl = packageUrl(found, this.distribution);
    if (this.byUrl.has(purl)) return true;
    this.byUrl.set(purl, { ...found, purl, license: license && license.length <= MAX_LENGTH ? license : undefined });
    return true;
  }

  /** @param why a clause whose subject is the file, e.g. `it is truncated` */
  leaveOut(path: string, why: string): void {
    this.unreadFiles++;
    if (this.unread.length < NAMED) this.unread.push(`${quoteName(path)}: ${why}`);
  }

  result(): FoundPackages {
    const packages = [...this.byUrl.values()].sort((a, b) => (a.purl < b.purl ? -1 : 1));
    return { packages, distribution: this.distribution, incomplete: this.incomplete() };
  }

  private incomplete(): string[] {
    const more = this.unreadFiles - this.unread.length;
    return [
      ...(this.isCut ? [`The list ends after ${this.byUrl.size} packages, but there are more.`] : []),
      ...(this.unusable > 0 ? [`Packages without a usable name or version were left out: ${this.unusable}.`] : []),
      ...this.unread.map((text) => `Not read, or not to its end: ${text}.`),
      ...(more > 0 ? [`Not read, or not to their end: ${more} more files.`] : []),
    ];
  }
}
