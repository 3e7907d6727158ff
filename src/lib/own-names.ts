// Names of docker images in the gateway's own store. Rows hold them without the host (`/acme/hello`), so that they stay
// right when the gateway moves to another address; whoever reads them sees the host of today.

export class OwnNames {
  private readonly aliases: Set<string>;

  /**
   * @param host what clients call the gateway, with its port where that is not the scheme's own
   * @param aliases other names of the same place
   */
  constructor(
    readonly host: string,
    aliases: string[] = [],
  ) {
    this.aliases = new Set([host, ...aliases]);
  }

  isOwnHost(host: string): boolean {
    return this.aliases.has(host.toLowerCase());
  }

  /** `localhost:4000/acme/hello` -> `/acme/hello`; other names stay as they are. */
  toStored(name: string): string {
    const slash = name.indexOf('/');
    return slash > 0 && this.isOwnHost(name.slice(0, slash)) ? name.slice(slash) : name;
  }

  /** `/acme/hello` -> `localhost:4000/acme/hello`; other names stay as they are. */
  toShown(name: string): string {
    return name.startsWith('/') ? this.host + name : name;
  }
}
