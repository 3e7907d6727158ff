// The operations the tests send, typed by codegen.
import { graphql } from '../generated/index.js';

export const CreateApp = graphql(`
  mutation CreateApp($input: CreateAppInput!) {
    createApp(input: $input) {
      app {
        id
        name
        createdAt
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`);

export const CreateBuild = graphql(`
  mutation CreateBuild($input: CreateBuildInput!) {
    createBuild(input: $input) {
      build {
        id
        appName
        status {
          status
        }
        pendingTask {
          id
          type
          status
          subject {
            __typename
          }
        }
        measurements {
          platform
          name
          value
        }
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`);

export const ListBuilds = graphql(`
  query ListBuilds(
    $first: Int
    $after: String
    $last: Int
    $before: String
    $filter: BuildFilter
    $orderBy: BuildOrder
  ) {
    builds(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
      totalCount
      edges {
        cursor
        node {
          id
          name
          appName
        }
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
    }
  }
`);

export const BuildsByMeasurement = graphql(`
  query BuildsByMeasurement($value: String!, $platform: Platform, $name: String, $first: Int, $after: String) {
    buildsByMeasurement(value: $value, platform: $platform, name: $name, first: $first, after: $after) {
      totalCount
      nodes {
        id
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const Convert = graphql(`
  mutation Convert($input: ConvertNitroImageInput!) {
    convertNitroImage(input: $input) {
      job {
        id
        status
        attempt
        outputImage {
          name
        }
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`);

export const CancelJob = graphql(`
  mutation CancelJob($jobId: ID!) {
    cancelJob(input: { jobId: $jobId }) {
      job {
        id
        status
      }
      userErrors {
        code
        message
      }
    }
  }
`);

export const ShowJob = graphql(`
  query ShowJob($id: ID!) {
    job(id: $id) {
      id
      kind
      status
      step
      progress
      attempt
      startedAt
      finishedAt
      build {
        id
        status {
          status
        }
        pendingTask {
          id
        }
        dockerInfo {
          dockerImageName
          dockerVersion
          dockerImageSha
          dockerImageSizeMib
          exposedPorts {
            port
            protocol
          }
        }
        attributes {
          __typename
          ... on NitroEnclaveAttributes {
            key
            hashAlgorithm
            pcr0
            pcr1
            pcr2
          }
        }
        architecture
        memSizeMb
        cpuCount
        job {
          id
        }
        warnings {
          code
          message
        }
      }
      outputImage {
        name
        digest
        sizeBytes
      }
      bootBlobs {
        name
        sha256
        sizeBytes
      }
      failure {
        code
        message
        hint
      }
      warnings {
        code
        message
      }
      events(first: 200) {
        seq
        kind
        status
        step
        progress
        code
        message
      }
    }
  }
`);

export const ListJobs = graphql(`
  query ListJobs($filter: JobFilter) {
    jobs(filter: $filter) {
      totalCount
      nodes {
        id
        status
      }
    }
  }
`);

export const WatchJob = graphql(`
  subscription WatchJob($jobId: ID!, $afterSeq: SafeInt) {
    conversionStatus(jobId: $jobId, afterSeq: $afterSeq) {
      seq
      at
      kind
      status
      step
      progress
      bytesDone
      bytesTotal
      code
      message
      build {
        id
        app {
          id
        }
      }
    }
  }
`);
