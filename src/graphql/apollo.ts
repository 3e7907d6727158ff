// GraphQL over HTTP: Apollo Server with this project's limits and errors.
import { ApolloServer } from '@apollo/server';
import type { ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import type { GraphQLSchema } from 'graphql';
import type { RequestContext } from '../auth/request-context.js';
import type { Logger } from '../lib/logger.js';
import type { FormatError } from './errors.js';
import { exceededLimit, MAX_TOKENS } from './limits.js';

export async function startApollo(
  schema: GraphQLSchema,
  formatError: FormatError,
  logger: Logger,
): Promise<ApolloServer<RequestContext>> {
  const apollo = new ApolloServer<RequestContext>({
    schema,
    formatError,
    logger,
    introspection: true,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens: MAX_TOKENS },
    // A page of another origin can't send these headers without asking first.
    csrfPrevention: {
      requestHeaders: ['authorization', 'authentication', 'apollo-require-preflight', 'x-csrf-header'],
    },
    plugins: [
      // Wraps every field's resolver otherwise, which costs a fifth of the speed.
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      limits(schema),
    ],
  });
  await apollo.start();
  return apollo;
}

const limits = (schema: GraphQLSchema): ApolloServerPlugin<RequestContext> => ({
  async requestDidStart() {
    return {
      async didResolveOperation({ document, operationName, request }) {
        const error = exceededLimit(schema, { document, operationName, variables: request.variables });
        if (error) throw error;
      },
    };
  },
});
