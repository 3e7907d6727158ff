// Reading and writing the catalog, beside a bare node:http server that answers the same bytes.
import { createServer } from 'node:http';
import { startGateway } from './gateway.mjs';
import { requestsPerSecond } from './load.mjs';

const BUILDS = `{ builds(first: 50) { nodes { id app { id name } dockerInfo { dockerImageName dockerVersion }
  status { status } attributes { ... on SgxAttributes { key mrenclave } } } } }`;
const BUILD = `query ($id: ID!) { build(id: $id) { id appName status { status } attributes { ... on SgxAttributes { mrenclave } } } }`;
const CREATE = `mutation ($input: CreateBuildInput!) { createBuild(input: $input) { build { id } userErrors { message } } }`;

export async function benchCatalog() {
  const gateway = await startGateway();
  try {
    await gateway.ask('mutation { createApp(input: { name: "bench" }) { app { id } } }');
    let count = 0;
    const input = () => ({
      appName: 'bench',
      attributes: [{ sgx: { mrenclave: (count += 1).toString(16).padStart(64, '0') } }],
    });
    let id;
    for (let index = 0; index < 500; index += 1)
      id = (await gateway.ask(CREATE, { input: input() })).createBuild.build.id;
    const operations = [
      ['Q1 50 builds with app and attributes', () => ({ query: BUILDS })],
      ['Q2 one build by id', () => ({ query: BUILD, variables: { id } })],
      ['M1 createBuild', () => ({ query: CREATE, variables: { input: input() } })],
    ];
    console.log('operation                               requests/s   floor   share');
    for (const [name, body] of operations) await compare(gateway, name, body);
  } finally {
    await gateway.stop();
  }
}

async function compare({ url, headers }, name, body) {
  const next = () => ({ path: '/graphql', method: 'POST', headers, body: JSON.stringify(body()) });
  const answer = await (
    await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify(body()) })
  ).text();
  const floor = createServer((request, response) => {
    request.resume().on('end', () => response.setHeader('content-type', 'application/json').end(answer));
  });
  await new Promise((resolve) => floor.listen(0, '127.0.0.1', resolve));
  const floorUrl = `http://127.0.0.1:${floor.address().port}`;
  await requestsPerSecond(url, next, 1);
  const ours = await requestsPerSecond(url, next);
  const theirs = await requestsPerSecond(floorUrl, next);
  floor.close();
  floor.closeAllConnections();
  console.log(
    `${name.padEnd(40)} ${ours.toFixed(0).padStart(9)} ${theirs.toFixed(0).padStart(7)}   ${(ours / theirs).toFixed(3)}`,
  );
}
