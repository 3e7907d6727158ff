// The vendor's own description of its interface, where this machine has it: answers are checked against it.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';

const FILE = join(__dirname, '../../../../shared/reference/ccm/swagger.json');

const isThere = existsSync(FILE);

export interface Vendor {
  definitions: Record<string, { properties?: object; enum?: string[] }>;
}

/** What of a document the vendor's definition refuses; nothing where it fits. */
export type VendorCheck = (definition: string, document: unknown) => string[];

export function describeWithVendor(name: string, tests: (check: VendorCheck, vendor: Vendor) => void): void {
  if (isThere) return describe(name, () => tests(...readVendor()));
  if (process.env.REQUIRE_ALL === '1') throw new Error(`${name}: ${FILE} is not there, but REQUIRE_ALL=1.`);
  describe.skip(`${name} (skipped: no ${FILE})`, () => undefined);
}

/** Checks nothing where the vendor's description is not there. */
export const vendorCheck: VendorCheck = isThere ? readVendor()[0] : () => [];

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
