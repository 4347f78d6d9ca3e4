/** `npm run bench [-- --objects N] [--json]`: ratios within one run, since machines differ and are shared. Never part of the tests. */
import { parseArgs } from 'node:util';
import { benchAppend } from './append.ts';
import { benchListing } from './listing.ts';
import { table, type Row } from './rows.ts';
import { benchService } from './service.ts';

const { values } = parseArgs({
  options: {
    objects: { type: 'string', default: '10000' },
    json: { type: 'boolean', default: false },
  },
});
const rows: Row[] = [
  ...benchAppend(),
  ...(await benchService()),
  ...(await benchListing(Number(values.objects))),
];
process.stdout.write(values.json ? `${JSON.stringify(rows)}\n` : `${table(rows)}\n`);
