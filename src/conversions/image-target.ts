// Which image, and who one is to its registry. Alone in its file: the child process loads nothing of the catalog for it.

export interface ImageTarget {
  /** Undefined for the gateway's own store. */
  host?: string;
  repository: string;
  tagOrDigest: string;
}

export interface Login {
  username: string;
  password: string;
}

export interface ConversionCredentials {
  input?: Login;
  output?: Login;
}

/** Every text of the credentials that must not show anywhere, alone and as HTTP's Basic has them. */
export function secretsOf(task: { credentials?: ConversionCredentials; images?: { credentials?: Login }[] }): string[] {
  const logins = [
    task.credentials?.input,
    task.credentials?.output,
    ...(task.images ?? []).map((it) => it.credentials),
  ];
  return logins.flatMap((login) => (login ? [login.password, `${login.username}:${login.password}`] : []));
}

/** As rows hold it: names of the store begin with a slash. */
export function formatTarget({ host = '', repository, tagOrDigest }: ImageTarget): string {
  return `${host}/${repository}${tagOrDigest.startsWith('sha256:') ? '@' : ':'}${tagOrDigest}`;
}
