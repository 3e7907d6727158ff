// GraphiQL with a field for the token. The token stays in this tab (sessionStorage) and is sent to this gateway only.

const EXAMPLES = [
  `# Who am I here?
query Viewer {
  viewer {
    account { id name hubId awsAccountId }
    roles
  }
}`,
  `# The newest builds, with what attests them.
query Builds {
  builds(first: 10) {
    totalCount
    nodes {
      id
      appName
      status { status statusUpdatedAt }
      dockerInfo { dockerImageName dockerVersion dockerImageSizeMib }
      attributes {
        __typename
        ... on NitroEnclaveAttributes { key pcr0 pcr1 pcr2 }
        ... on SgxAttributes { key mrenclave }
      }
      pendingTask { id type }
    }
    pageInfo { hasNextPage endCursor }
  }
}`,
  `# Which builds does this measurement belong to?
query ByMeasurement($value: String!) {
  buildsByMeasurement(value: $value) {
    nodes { id appName measurements { platform name value } }
  }
}`,
  `# Converts a docker image to an AWS Nitro Enclave image; the result goes into the gateway's store.
mutation Convert {
  convertNitroImage(input: { inputImage: { name: "docker.io/library/hello-world" } }) {
    job { id status outputImage { name } }
    userErrors { code message field }
  }
}`,
  `# What happens to a job: everything so far, then live.
subscription Watch($jobId: ID!) {
  conversionStatus(jobId: $jobId) {
    seq at kind status step progress bytesDone bytesTotal code message
    build { id }
  }
}`,
  `# The newest jobs: take an id from here for the subscription.
query Jobs {
  jobs(first: 10) {
    nodes { id kind status step progress failure { code message hint } outputImage { name digest } build { id } }
  }
}`,
];

const field = document.getElementById('token');
const state = document.getElementById('state');

// A link may bring the token behind '#', which browsers never send to a server.
const fromLink = new URLSearchParams(location.hash.slice(1)).get('token');
if (fromLink) {
  sessionStorage.setItem('token', fromLink);
  history.replaceState(null, '', location.pathname);
}
field.value = sessionStorage.getItem('token') ?? '';

const token = () => field.value.trim();

function show(message, kind) {
  state.textContent = message;
  state.dataset.kind = kind ?? '';
}

let live;
function liveClient() {
  live ??= graphqlWs.createClient({
    url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/graphql`,
    connectionParams: () => ({ authorization: `Bearer ${token()}` }),
  });
  return live;
}

function isSubscription({ operationName }, { documentAST } = {}) {
  const operations = (documentAST?.definitions ?? []).filter(({ kind }) => kind === 'OperationDefinition');
  const chosen = operations.find(({ name }) => !operationName || name?.value === operationName);
  return chosen?.operation === 'subscription';
}

async function ask(parameters) {
  if (!token()) {
    show('Enter the token: the content of DATA_DIR/admin.token.', 'error');
    return { errors: [{ message: 'No token yet: enter it above.' }] };
  }
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token()}` },
    body: JSON.stringify(parameters),
  });
  if (response.status === 401) show('The gateway does not know this token.', 'error');
  else show('');
  return response.json();
}

function fetcher(parameters, options) {
  if (!isSubscription(parameters, options)) return ask(parameters);
  return { subscribe: (observer) => ({ unsubscribe: liveClient().subscribe(parameters, observer) }) };
}

// GraphiQL would keep what is typed, registry passwords in variables too, in localStorage.
const kept = new Map();
const storage = {
  get length() {
    return kept.size;
  },
  getItem: (key) => kept.get(key) ?? null,
  setItem: (key, value) => void kept.set(key, String(value)),
  removeItem: (key) => void kept.delete(key),
  clear: () => kept.clear(),
};

const defaultTabs = EXAMPLES.map((query) => ({ query }));

const root = ReactDOM.createRoot(document.getElementById('graphiql'));
const render = () =>
  // Another key makes GraphiQL read the schema again, now with the new token.
  root.render(
    React.createElement(GraphiQL, { key: token(), fetcher, storage, defaultTabs, isHeadersEditorEnabled: false }),
  );

field.addEventListener('change', () => {
  sessionStorage.setItem('token', token());
  live?.dispose();
  live = undefined;
  render();
});
render();
