// ARNs of images: of one build (`.../image/<name>/1.0.0/1`), of a version (`.../1.0.0`), or of any version that fits,
// with `x` for whatever number (`.../1.x.x`).
import { badInput } from '../../lib/errors.js';

const IMAGE =
  /^(arn:aws[^:]*:imagebuilder:[^:/]+:(\d{12}|aws(?:-[a-z-]+)?|third-party):image\/[a-z0-9_-]+\/)(?:((?:\d+|x)\.(?:\d+|x)\.(?:\d+|x))|(\d+\.\d+\.\d+)\/(\d+))$/;
const MAX_ARN = 255;
const MAX_SHOWN = 100;

export interface ImageArn {
  text: string;
  /** All before the version: `arn:...:image/<name>/`. */
  prefix: string;
  /** The AWS account in it, or `aws`. */
  owner: string;
  /** `1.0.0`, maybe with `x`. */
  version: string;
  /** Undefined where it is of a version. */
  build?: number;
  isWildcard: boolean;
}

/** Throws BAD_USER_INPUT, without repeating more than the beginning of what was given. */
export function parseImageArn(text: string): ImageArn {
  const arn = text.length <= MAX_ARN ? findImageArn(text) : undefined;
  if (!arn) throw badInput(`${JSON.stringify(text.slice(0, MAX_SHOWN))} is not the ARN of an image.`);
  return arn;
}

/** Undefined for what is no ARN of an image. */
export function findImageArn(text: string): ImageArn | undefined {
  const [, prefix, owner, anyVersion, ofBuild, build] = IMAGE.exec(text) ?? [];
  const version = anyVersion ?? ofBuild;
  if (prefix === undefined || owner === undefined || version === undefined) return undefined;
  // Right of the first x there is nothing else.
  if (/x\.(?:\d+|x\.\d)/.test(version)) return undefined;
  const isWildcard = version.includes('x');
  return { text, prefix, owner, version, isWildcard, ...(build !== undefined && { build: Number(build) }) };
}

/** The ARN without its build number; one that has none as it is. */
export const versionArnOf = (arn: string): string => /^(.*\/\d+\.\d+\.\d+)\/\d+$/s.exec(arn)?.[1] ?? arn;

/** Whether a version, `1.0.3`, is one that `1.0.x` or `1.0.3` stands for. */
export const isVersionOf = (version: string, wanted: string): boolean =>
  wanted.split('.').every((part, index) => part === 'x' || part === version.split('.')[index]);

/** For sorting: the lower version, or the lower build of one version, first. Numbers may be of any length. */
export function compareVersions(one: ImageArn, other: ImageArn): number {
  const [left, right] = [numbersOf(one), numbersOf(other)];
  const index = left.findIndex((number, position) => number !== right[position]);
  if (index < 0) return 0;
  return left[index]! < right[index]! ? -1 : 1;
}

const numbersOf = ({ version, build = 0 }: ImageArn): bigint[] =>
  [...version.split('.'), String(build)].map((part) => (part === 'x' ? -1n : BigInt(part)));
