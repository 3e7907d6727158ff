// The gateway as its clients see it: GraphQL over HTTP, and over graphql-ws for what is live.
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

export interface UserErrors {
  userErrors: { code: string; message: string }[];
}

export class PublicApi {
  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  /** The data of a query or mutation; throws where the answer has errors. */
  async ask<Data>(query: string, variables: object = {}): Promise<Data> {
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.token}` },
      body: JSON.stringify({ query, variables }),
    });
    const answer = (await response.json()) as { data?: Data; errors?: { message: string }[] };
    if (answer.errors || !answer.data) throw new Error(answer.errors?.[0]?.message ?? `HTTP ${response.status}`);
    return answer.data;
  }

  /** What a subscription delivers, until it completes. */
  async *subscribe<Data>(query: string, variables: Record<string, unknown>): AsyncGenerator<Data> {
    const client = createClient({
      url: `${this.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${this.token}` },
    });
    try {
      for await (const { data, errors } of client.iterate<Data>({ query, variables })) {
        if (errors || !data) throw new Error(errors?.[0]?.message ?? 'No data');
        yield data;
      }
    } finally {
      await client.dispose();
    }
  }
}
