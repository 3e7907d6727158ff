// `npm run bench`: what the gateway does per second, as a share of a floor that is measured in the same run, because
// machines differ and are noisy. `npm run bench -- conversion 1024` converts an image of so many MiB.
import { benchCatalog } from './catalog.mjs';
import { benchConversion } from './conversion.mjs';

const [what = 'all', ...sizes] = process.argv.slice(2);
if (what === 'all' || what === 'catalog') await benchCatalog();
if (what === 'all' || what === 'conversion') {
  for (const size of sizes.length > 0 ? sizes : ['300']) await benchConversion(Number(size));
}
