// What a mutation answers when the caller's input or the state of things is at fault: data, not an exception.
import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { CatalogError } from './errors.js';

export enum UserErrorCode {
  BAD_USER_INPUT = 'BAD_USER_INPUT',
  NOT_FOUND = 'NOT_FOUND',
  CONFLICT = 'CONFLICT',
  FEATURE_NOT_SUPPORTED = 'FEATURE_NOT_SUPPORTED',
}
registerEnumType(UserErrorCode, {
  name: 'UserErrorCode',
  description: 'What a caller can mend. Any other error is thrown, and the answer has no payload.',
  valuesConfig: {
    BAD_USER_INPUT: { description: 'A value can never be right; `field` says which.' },
    NOT_FOUND: { description: 'Something the input refers to does not exist in this account.' },
    CONFLICT: { description: 'The input contradicts what is there; another value or another moment may do.' },
    FEATURE_NOT_SUPPORTED: {
      description: 'This gateway, as it is set up, cannot do that; the message says what it takes.',
    },
  },
});

@ObjectType({ simpleResolvers: true, description: 'Why a mutation changed nothing.' })
export class UserError {
  @Field(() => UserErrorCode, { description: 'For programs; thrown errors have theirs in `extensions.code`.' })
  code!: UserErrorCode;

  @Field({ description: 'One sentence for people.' })
  message!: string;

  @Field(() => [String], { nullable: true, description: 'Path of the offending value inside `input`.' })
  field!: string[] | null;
}

/** Runs a mutation; what the caller can mend becomes userErrors, anything else is thrown. */
export async function withUserErrors<Payload extends object>(
  work: () => Promise<Payload>,
): Promise<(Payload | { [K in keyof Payload]?: null }) & { userErrors: UserError[] }> {
  try {
    return { ...(await work()), userErrors: [] };
  } catch (error) {
    if (!(error instanceof CatalogError) || !(error.code in UserErrorCode)) throw error;
    const { message, field } = error;
    return { userErrors: [{ code: error.code as UserErrorCode, message, field: field ?? null }] } as never;
  }
}
