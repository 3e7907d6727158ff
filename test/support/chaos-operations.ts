// What the test of chaos asks a gateway, typed by codegen.
import { graphql } from '../generated/index.js';

export const ChaosJobs = graphql(`
  query ChaosJobs($filter: JobFilter) {
    jobs(first: 200, filter: $filter) {
      nodes {
        id
        status
        step
        signing {
          toBeSigned
        }
      }
    }
  }
`);

export const ChaosRetry = graphql(`
  mutation ChaosRetry($jobId: ID!) {
    retryJob(input: { jobId: $jobId }) {
      job {
        id
      }
      userErrors {
        code
        message
      }
    }
  }
`);

export const ChaosAttach = graphql(`
  mutation ChaosAttach($jobId: ID!, $signature: String!) {
    attachSignature(input: { jobId: $jobId, signature: $signature }) {
      job {
        id
      }
      userErrors {
        code
        message
      }
    }
  }
`);

export const ChaosBuilds = graphql(`
  query ChaosBuilds {
    builds(first: 50) {
      edges {
        node {
          id
        }
      }
    }
  }
`);

export const ChaosReproduce = graphql(`
  mutation ChaosReproduce($buildId: ID!) {
    reproduceBuild(input: { buildId: $buildId }) {
      job {
        id
      }
      userErrors {
        code
        message
      }
    }
  }
`);
