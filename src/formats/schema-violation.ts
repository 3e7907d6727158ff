// What a request has that its format's OpenAPI document does not allow. Each format tells it in its own words.
import { CatalogError } from '../lib/errors.js';

export type Place = 'path' | 'query' | 'body';

interface Member {
  /** `docker_info.ports[0]`, as in the message; empty where it is the whole. */
  path?: string;
  /** JSON pointer to it, `/docker_info/ports/0`; empty where it is the whole. */
  pointer?: string;
  /** It is required, and not there. */
  isMissing?: boolean;
}

/** A BAD_USER_INPUT. Names in it may be the client's, but short; values never are. */
export class SchemaViolation extends CatalogError {
  readonly path: string;
  readonly pointer: string;
  readonly isMissing: boolean;

  constructor(
    message: string,
    readonly place: Place,
    { path = '', pointer = '', isMissing = false }: Member = {},
  ) {
    super('BAD_USER_INPUT', message);
    this.name = 'SchemaViolation';
    this.path = path;
    this.pointer = pointer;
    this.isMissing = isMissing;
  }
}
