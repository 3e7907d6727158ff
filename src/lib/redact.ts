// Takes secrets out of texts: what a server wrote, or an error made of it, may repeat what it was sent.

const SHORTEST = 4;

/** Replaces each secret, also in JSON, base64 and percent-encoded, by three asterisks. Shorter ones would hit by chance. */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const forms = secrets
    .filter((secret) => secret.length >= SHORTEST)
    .flatMap((secret) => [
      secret,
      JSON.stringify(secret).slice(1, -1),
      Buffer.from(secret).toString('base64'),
      encodeURIComponent(secret),
    ]);
  // The longest first: one may contain another.
  const ordered = [...new Set(forms)].sort((a, b) => b.length - a.length);
  return (text) => ordered.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
}
