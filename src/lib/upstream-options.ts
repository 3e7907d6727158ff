// How the gateway reaches other servers, as the operator set it. Plain data: it goes to the conversion's process.

export interface UpstreamOptions {
  /** `host` or `host:port` of upstream servers that may be loopback, private or plain http. */
  allow: readonly string[];
  /** Undefined where every server is connected to directly. */
  proxy?: ProxyOptions;
  /** Certificates in PEM of authorities that are trusted besides the ones everybody trusts. */
  ca?: string;
}

/** The URLs may hold a user name and a password: they must be in no message. */
export interface ProxyOptions {
  /** URL of the proxy for https. */
  https?: string;
  /** URL of the proxy for plain http. */
  http?: string;
  /** Hosts that are connected to directly, as NO_PROXY lists them. */
  no: readonly string[];
}
