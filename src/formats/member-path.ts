/** `['a', '0', 'b']` -> `a[0].b` */
export function joinPath(parts: string[]): string {
  const text = parts.map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`)).join('');
  return text.replace(/^\./, '');
}
