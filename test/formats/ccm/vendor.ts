// The vendor's own description of its interface, which answers are checked against. It is no part of the project:
// where ../shared is absent, its tests are skipped and say so, also with REQUIRE_ALL=1.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';

const FILE = join(__dirname, '../../../../shared/reference/ccm/swagger.json');

const isThere = existsSync(FILE);
const why = isThere ? '' : ' (skipped: ../shared is absent)';

export interface Vendor {
  definitions: Record<string, { properties?: object; enum?: string[] }>;
}

/** What of a document the vendor's definition refuses; nothing where it fits. */
export type VendorCheck = (definition: string, document: unknown) => string[];

export function describeWithVendor(name: string, tests: (check: VendorCheck, vendor: Vendor) => void): void {
  if (isThere) return describe(name, () => tests(...readVendor()));
  describe(name, () => it.skip(`agree${why}`, () => undefined));
}

/** A test of its own for what only the vendor's description can tell, so that it never passes unchecked. */
export function itWithVendor(name: string, test: (check: VendorCheck) => Promise<void> | void): void {
  (isThere ? it : it.skip)(`${name}${why}`, async () => test(readVendor()[0]));
}

function readVendor(): [VendorCheck, Vendor] {
  const vendor = JSON.parse(readFileSync(FILE, 'utf8')) as Vendor;
  // Swagger 2.0 is JSON Schema of an older draft, with formats and words of its own.
  const ajv = new Ajv({ strict: false, validateSchema: false, validateFormats: false, allErrors: true });
  ajv.addSchema({ definitions: vendor.definitions }, 'vendor');
  const check: VendorCheck = (definition, document) => {
    const validate = ajv.getSchema(`vendor#/definitions/${definition}`)!;
    return validate(document) ? [] : validate.errors!.map(({ instancePath, message }) => `${instancePath} ${message}`);
  };
  return [check, vendor];
}
