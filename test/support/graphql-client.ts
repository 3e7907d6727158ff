// Speaks GraphQL to a gateway as any client does: over HTTP, and over graphql-ws.
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import type { ExecutionResult } from 'graphql';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

export interface GraphqlClient {
  /** The data of a typed operation; throws where the answer has errors. */
  ask<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables?: Variables): Promise<Data>;
  /** Any text, any answer. */
  send(query: string, variables?: object, headers?: Record<string, string>): Promise<{ status: number; body: any }>;
  /** Results of a subscription until it completes or is left. */
  subscribe<Data, Variables>(
    document: TypedDocumentNode<Data, Variables>,
    variables?: Variables,
  ): AsyncGenerator<ExecutionResult<Data>>;
  dispose(): Promise<void>;
}

export function connect(url: string, token: string): GraphqlClient {
  const live = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${token}` },
    retryAttempts: 0,
  });
  const send: GraphqlClient['send'] = async (query, variables, headers = { authorization: `Bearer ${token}` }) => {
    const body = JSON.stringify({ query, variables });
    const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body };
    const response = await fetch(`${url}/graphql`, init);
    return { status: response.status, body: await response.json() };
  };
  return {
    send,
    async ask(document, variables) {
      const { body } = await send(print(document), variables ?? {});
      if (body.errors) throw new Error(JSON.stringify(body.errors));
      return body.data;
    },
    subscribe: (document, variables) => live.iterate({ query: print(document), variables: variables ?? {} }) as never,
    dispose: async () => {
      await live.dispose();
    },
  };
}
