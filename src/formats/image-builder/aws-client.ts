// AWS's own client, which signs; but requests go through Upstream, with its guard of addresses, and answers are read as
// they came: its model drops every member that is newer than itself. It is 20 MB, so it is loaded when it is needed.
import { Readable } from 'node:stream';
import type * as Sdk from '@aws-sdk/client-imagebuilder';
import type { VendorDocument } from '../../builds/origin.entity.js';
import type { SourceAccess } from '../../sources/source-connector.js';
import { checkValues, invalid, jsonOf, TryLater, unauthorized } from '../../sources/source-http.js';
import type { SourceAnswer, SourceHttp } from '../../sources/source-http.js';
import type { UpstreamRequest } from '../../lib/upstream.js';
import { JobFailure } from '../../lib/job-failure.js';

/** What of the client's requests matters here. */
interface AwsRequest {
  protocol: string;
  hostname: string;
  port?: number;
  path: string;
  query?: Record<string, string | string[] | null>;
  method: string;
  headers: Record<string, string>;
  body?: unknown;
}

type Command = Parameters<Sdk.ImagebuilderClient['send']>[0];

const PAGE_SIZE = 25;
const DENIED =
  /AccessDenied|Unrecognized|InvalidSignature|IncompleteSignature|MissingAuth|ExpiredToken|Forbidden|NotAuthorized/;
const THROTTLED = /Throttl|TooManyRequests|CallRateLimit/;

/** AWS answered that it can not; the message is its own. */
export class AwsRefused extends Error {
  constructor(
    readonly kind: string,
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export class AwsClient {
  private constructor(
    private readonly sdk: typeof Sdk,
    private readonly client: Sdk.ImagebuilderClient,
    private readonly http: SourceHttp,
    readonly host: string,
  ) {}

  static async open({ endpoint, region, credentials, http }: SourceAccess): Promise<AwsClient> {
    const sdk = await import('@aws-sdk/client-imagebuilder');
    const { accessKeyId = '', secretAccessKey = '', token: sessionToken } = credentials;
    const client = new sdk.ImagebuilderClient({
      ...{ endpoint, region: region!, credentials: { accessKeyId, secretAccessKey, sessionToken } },
      // Tried again by SourceHttp, which everything of a run waits for.
      ...{ maxAttempts: 1, retryMode: 'standard', useFipsEndpoint: false, useDualstackEndpoint: false },
      requestHandler: handlerOf(http) as never,
    });
    return new AwsClient(sdk, client, http, new URL(endpoint).host);
  }

  close(): void {
    this.client.destroy();
  }

  listImages(nextToken?: string): Promise<VendorDocument> {
    const page = { maxResults: PAGE_SIZE, nextToken };
    return this.send(
      () => new this.sdk.ListImagesCommand({ owner: 'Self', byName: false, includeDeprecated: true, ...page }),
    );
  }

  /** Undefined where there is no such version. */
  listBuilds(imageVersionArn: string, nextToken?: string): Promise<VendorDocument | undefined> {
    const input = { imageVersionArn, maxResults: PAGE_SIZE, nextToken };
    return this.find(() => new this.sdk.ListImageBuildVersionsCommand(input));
  }

  /** Undefined where there is none. */
  getImage(imageBuildVersionArn: string): Promise<VendorDocument | undefined> {
    return this.find(() => new this.sdk.GetImageCommand({ imageBuildVersionArn }));
  }

  private async find(commandOf: () => unknown): Promise<VendorDocument | undefined> {
    try {
      return await this.send(commandOf);
    } catch (error) {
      if (error instanceof AwsRefused && (error.status === 404 || /NotFound/.test(error.kind))) return undefined;
      throw error;
    }
  }

  /** Throws AwsRefused and JobFailure. */
  private send(commandOf: () => unknown): Promise<VendorDocument> {
    return this.http.retrying(async () => {
      const command = commandOf() as Command;
      const answer = answerOf(command);
      try {
        await this.client.send(command);
      } catch (error) {
        if (error instanceof TryLater || error instanceof JobFailure) throw error;
        this.http.signal.throwIfAborted();
        const { status = 0 } = answer.last ?? {};
        // An answer that the client's model can not read is read here all the same.
        if (status !== 200) throw this.failureOf(error, status);
      }
      const value = answer.last && jsonOf(answer.last, this.host);
      if (typeof value !== 'object' || value === null)
        throw invalid(`${this.host} answered something that is no object.`);
      return value as VendorDocument;
    });
  }

  private failureOf(error: unknown, status: number): Error {
    const { name: kind = 'Unknown', message = '' } = error as Partial<Error>;
    const said = this.http.quoted(`${kind}: ${message}`);
    const text = `${this.host} answered ${status} ${said}`;
    if (status === 401 || status === 403 || DENIED.test(kind))
      return unauthorized(
        text,
        'Look whether the access key is right and its user may imagebuilder:ListImages, ListImageBuildVersions and GetImage.',
      );
    if (THROTTLED.test(kind)) return new TryLater(invalid(text));
    return status >= 400 && status < 500 ? new AwsRefused(kind, status, said) : invalid(text);
  }
}

/** Keeps the answer to a command as it came. */
function answerOf(command: Command): { last?: SourceAnswer } {
  const kept: { last?: SourceAnswer } = {};
  const stack = command.middlewareStack as unknown as {
    add(middleware: unknown, options: { step: string; priority: string; name: string }): void;
  };
  const keep = (next: (args: unknown) => Promise<{ response: { answer?: SourceAnswer } }>) => async (args: unknown) => {
    const result = await next(args);
    kept.last = result.response.answer;
    return result;
  };
  stack.add(keep, { step: 'deserialize', priority: 'low', name: 'keepAnswer' });
  return kept;
}

/** Sends what the client made and signed, once. */
const handlerOf = (http: SourceHttp) => ({
  async handle(request: AwsRequest) {
    const { protocol, hostname, port, path, method, headers, body } = request;
    const host = port === undefined ? hostname : `${hostname}:${port}`;
    const url = new URL(`${protocol}//${host}${path}${queryOf(request)}`);
    const sent = ArrayBuffer.isView(body) ? Buffer.from(body.buffer, body.byteOffset, body.byteLength) : body;
    const options = { method: method as UpstreamRequest['method'], headers, body: sent as Buffer | string | undefined };
    const answer = await http.once(url, options);
    // The client reads it too, before it can be read here.
    checkValues(answer.body, url.host);
    const response = { statusCode: answer.status, headers: plain(answer.headers), body: Readable.from([answer.body]) };
    return { response: { ...response, answer } };
  },
  updateHttpClientConfig: () => undefined,
  httpHandlerConfigs: () => ({}),
  destroy: () => undefined,
});

const plain = (headers: SourceAnswer['headers']): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')]));

/** As it was signed: encoded by RFC 3986. */
function queryOf({ query = {} }: AwsRequest): string {
  const encode = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((one) => (one === null ? encode(name) : `${encode(name)}=${encode(one)}`)),
  );
  return pairs.length > 0 ? `?${pairs.join('&')}` : '';
}
