// The connection pools of Upstream: guarded or not, direct or through a proxy, each made when it is first needed.
import type { LookupFunction } from 'node:net';
import { createSecureContext, rootCertificates } from 'node:tls';
import { Agent, buildConnector } from 'undici';
import { guardedLookup, judgeName } from './guarded-lookup.js';
import { isWithoutProxy } from './no-proxy.js';
import { proxyConnector } from './proxy-tunnel.js';
import type { UpstreamOptions } from './upstream-options.js';

const CONNECT_TIMEOUT_MS = 10_000;

export class Dispatchers {
  private readonly agents = new Map<string, Agent>();
  private readonly tls: { secureContext?: ReturnType<typeof createSecureContext> };

  constructor(
    private readonly options: Pick<UpstreamOptions, 'proxy' | 'ca'>,
    private readonly lookup: LookupFunction,
  ) {
    const { ca } = options;
    // Made once: to read all those certificates takes longer than a handshake.
    this.tls = ca === undefined ? {} : { secureContext: createSecureContext({ ca: [...rootCertificates, ca] }) };
  }

  /** @param isTrusted whether the address need not be public */
  for(url: URL, isTrusted: boolean): Agent {
    const proxy = this.proxyFor(url);
    const key = `${isTrusted} ${proxy ?? ''}`;
    const agent = this.agents.get(key) ?? new Agent({ connect: this.connector(isTrusted, proxy) });
    this.agents.set(key, agent);
    return agent;
  }

  async close(): Promise<void> {
    await Promise.all([...this.agents.values()].map((agent) => agent.destroy()));
  }

  private proxyFor(url: URL): string | undefined {
    const { proxy } = this.options;
    const chosen = url.protocol === 'https:' ? proxy?.https : proxy?.http;
    return proxy && chosen !== undefined && !isWithoutProxy(url, proxy.no) ? chosen : undefined;
  }

  private connector(isTrusted: boolean, proxy: string | undefined): buildConnector.connector {
    const common = { timeout: CONNECT_TIMEOUT_MS, ...this.tls };
    const lookup = isTrusted ? this.lookup : guardedLookup(this.lookup);
    if (proxy === undefined) return buildConnector({ ...common, lookup });
    const startTls = buildConnector(common);
    const { secureContext } = this.tls;
    const tunnel = proxyConnector(proxy, { timeoutMs: CONNECT_TIMEOUT_MS, secureContext, startTls });
    if (isTrusted) return tunnel;
    return (target, callback) =>
      judgeName(this.lookup, target.hostname, (error) => (error ? callback(error, null) : tunnel(target, callback)));
  }
}
