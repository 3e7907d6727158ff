// The operations on what is in the catalog already, typed by codegen.
import { graphql } from '../generated/index.js';

export const UpdateApp = graphql(`
  mutation UpdateApp($input: UpdateAppInput!) {
    updateApp(input: $input) {
      app {
        id
        description
        labels
        allowedDomains
        whitelistedDomains
        domainsAdded
        domainsRemoved
        pendingTask {
          id
          type
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

export const DeleteApp = graphql(`
  mutation DeleteApp($appId: ID!) {
    deleteApp(input: { appId: $appId }) {
      deletedAppId
      userErrors {
        code
        field
      }
    }
  }
`);

export const UpdateBuild = graphql(`
  mutation UpdateBuild($input: UpdateBuildInput!) {
    updateBuild(input: $input) {
      build {
        id
        configs
      }
      userErrors {
        code
        field
      }
    }
  }
`);

export const DeleteBuild = graphql(`
  mutation DeleteBuild($buildId: ID!) {
    deleteBuild(input: { buildId: $buildId }) {
      deletedBuildId
      userErrors {
        code
        field
      }
    }
  }
`);

export const ApproveTask = graphql(`
  mutation ApproveTask($taskId: ID!) {
    approveTask(input: { taskId: $taskId }) {
      task {
        id
        status
        approvals {
          user {
            id
            name
          }
          status
          at
          reason
        }
        subject {
          __typename
          ... on Build {
            status {
              status
            }
          }
          ... on App {
            whitelistedDomains
          }
        }
      }
      userErrors {
        code
        field
      }
    }
  }
`);

export const DenyTask = graphql(`
  mutation DenyTask($taskId: ID!, $reason: String) {
    denyTask(input: { taskId: $taskId, reason: $reason }) {
      task {
        status
        approvals {
          reason
        }
      }
      userErrors {
        code
        field
      }
    }
  }
`);

export const DeleteTask = graphql(`
  mutation DeleteTask($taskId: ID!) {
    deleteTask(input: { taskId: $taskId }) {
      deletedTaskId
      userErrors {
        code
        field
      }
    }
  }
`);

export const ListTasks = graphql(`
  query ListTasks($filter: TaskFilter, $first: Int, $after: String) {
    tasks(filter: $filter, first: $first, after: $after) {
      totalCount
      nodes {
        id
        type
        status
        requester {
          name
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const Search = graphql(`
  query Search($text: String!, $first: Int, $after: String) {
    search(text: $text, first: $first, after: $after) {
      totalCount
      nodes {
        __typename
        ... on Build {
          id
        }
        ... on App {
          id
        }
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        endCursor
      }
    }
  }
`);

export const AppBuilds = graphql(`
  query AppBuilds($id: ID!, $first: Int) {
    app(id: $id) {
      builds(first: $first) {
        id
      }
    }
  }
`);

export const CatalogChanges = graphql(`
  subscription CatalogChanges($afterSeq: SafeInt, $filter: CatalogChangeFilter) {
    catalogChanges(afterSeq: $afterSeq, filter: $filter) {
      seq
      at
      kind
      entityType
      entityId
      actor {
        type
        name
      }
      entry {
        __typename
        ... on Build {
          id
          appId: app {
            id
          }
          status {
            status
          }
          deploymentStatus {
            status
          }
        }
        ... on App {
          id
          description
        }
      }
    }
  }
`);
