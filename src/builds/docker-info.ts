// What is known of the docker image of a build (CCM's DockerInfo). One class for both directions of GraphQL.
import { GraphQLSafeInt } from 'graphql-scalars';
import { Field, Int, registerEnumType } from 'type-graphql';
import { BothWays } from '../lib/both-ways.js';

export enum NetworkProtocol {
  TCP = 'TCP',
  UDP = 'UDP',
}
registerEnumType(NetworkProtocol, {
  name: 'NetworkProtocol',
  description: "CCM writes 'Tcp' and 'Udp'.",
  valuesConfig: {
    TCP: { description: 'Also what an image means by a port without a protocol.' },
    UDP: { description: 'In images `<port>/udp`.' },
  },
});

@BothWays('A port that the docker image exposes.')
export class ExposedPort {
  @Field(() => Int, { description: '1 to 65535.' })
  port!: number;

  @Field(() => NetworkProtocol, { description: 'TCP where the image names none.' })
  protocol!: NetworkProtocol;
}

@BothWays('What is known of the docker image of a build.')
export class DockerInfo {
  @Field({ description: 'Name without tag; with its registry where it is not Docker Hub.' })
  dockerImageName!: string;

  @Field({ description: 'Tag.' })
  dockerVersion!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Image id: the hex of the digest of the config, without `sha256:`.',
  })
  dockerImageSha?: string;

  @Field(() => GraphQLSafeInt, { nullable: true, description: 'Size in MiB (2^20 bytes), rounded up.' })
  dockerImageSizeMib?: number;

  @Field(() => [ExposedPort], {
    nullable: true,
    description: "From the image's config (EXPOSE): empty where it exposes none, null where nobody told.",
  })
  exposedPorts?: ExposedPort[];
}

/** The image id in one spelling, 64 hex digits in lower case; empty where none is known. */
export function imageDigestOf(dockerInfo: DockerInfo | null | undefined): string {
  const hex = /^(?:sha256:)?([0-9a-f]{64})$/i.exec(dockerInfo?.dockerImageSha ?? '')?.[1];
  return hex?.toLowerCase() ?? '';
}
