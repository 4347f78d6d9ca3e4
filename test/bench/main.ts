/**
 * `npm run bench [-- PART… --objects N --json]`: ratios within one run, since machines differ and are shared. Never part of the tests.
 *
 * PART is append, service, listing, start, bundle or window; all of them without one.
 */
import { parseArgs } from 'node:util';
import { benchAppend } from './append.ts';
import { benchBundle } from './bundle.ts';
import { benchListing } from './listing.ts';
import { table, type Row } from './rows.ts';
import { benchService } from './service.ts';
import { benchStart } from './start.ts';
import { benchWindow } from './window.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    objects: { type: 'string', default: '10000' },
    json: { type: 'boolean', default: false },
  },
});
const objects = Number(values.objects);
const parts: Readonly<Record<string, () => Row[] | Promise<Row[]>>> = {
  append: benchAppend,
  service: benchService,
  listing: () => benchListing(objects),
  start: () => benchStart(objects),
  bundle: () => benchBundle(10 * objects),
  window: () => benchWindow(objects),
};
const rows: Row[] = [];
for (const [name, run] of Object.entries(parts))
  if (positionals.length === 0 || positionals.includes(name)) rows.push(...(await run()));
process.stdout.write(values.json ? `${JSON.stringify(rows)}\n` : `${table(rows)}\n`);
