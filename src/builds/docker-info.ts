// What is known of the docker image of a build (CCM's DockerInfo). One class for both directions of GraphQL.
import { GraphQLSafeInt } from 'graphql-scalars';
import { Field, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';

export enum NetworkProtocol {
  TCP = 'TCP',
  UDP = 'UDP',
}
registerEnumType(NetworkProtocol, { name: 'NetworkProtocol', description: "CCM writes 'Tcp' and 'Udp'." });

@ObjectType({ simpleResolvers: true, description: 'A port that the docker image exposes.' })
@InputType('ExposedPortInput')
export class ExposedPort {
  @Field(() => Int, { description: '1 to 65535.' })
  port!: number;

  @Field(() => NetworkProtocol)
  protocol!: NetworkProtocol;
}

@ObjectType({ simpleResolvers: true, description: 'What is known of the docker image of a build.' })
@InputType('DockerInfoInput')
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

  @Field(() => [ExposedPort], { nullable: true })
  exposedPorts?: ExposedPort[];
}
