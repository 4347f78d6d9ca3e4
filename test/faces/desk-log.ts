/** The log at the window: exporting it, and judging the export. */
import type { Person } from './cast.ts';
import type { Desk } from './desk.ts';

const QUOTED = /“([^”]+)”/;

export const openAudit = async (
  desk: Desk,
  page: 'Log and seal' | 'Export' | 'Verify a bundle',
): Promise<void> => {
  await desk.goTo('Audit');
  const pages = desk.page.getByRole('navigation', { name: 'Audit' });
  await desk.hands.press(pages.getByRole('link', { name: page }));
};

/** Exports the bundle and its trust file, and gives their paths. */
export const exportLog = async (
  desk: Desk,
  person: Person,
): Promise<{ bundle: string; trust: string }> => {
  await openAudit(desk, 'Export');
  await desk.proveAs({ 'Exported by': person });
  await desk.press('Export the log to a new folder');
  const status = desk.work.getByRole('status');
  const bundle = status.filter({ hasText: 'entries in' });
  await bundle.waitFor();
  await desk.press('Save the trust file');
  const trust = status.filter({ hasText: 'is written' });
  await trust.waitFor();
  await desk.seen('audit: export');
  const [, bundleName = ''] = QUOTED.exec(await bundle.innerText()) ?? [];
  const [, trustName = ''] = QUOTED.exec(await trust.innerText()) ?? [];
  return { bundle: desk.files.at(bundleName), trust: desk.files.at(trustName) };
};

/** Verifies the bundle and trust file that the dialogs give; returns the verdict and each part's result. */
export const verifyInWindow = async (
  desk: Desk,
): Promise<{ verdict: string; parts: Record<string, string> }> => {
  await openAudit(desk, 'Verify a bundle');
  await desk.press('Choose the bundle');
  await desk.press('Choose the trust file');
  await desk.work.getByRole('status').filter({ hasText: 'trust' }).waitFor();
  await desk.seen('audit: verify');
  await desk.press('Verify the bundle');
  const verdict = desk.page.getByRole('region', { name: 'Verdict' });
  await verdict.waitFor();
  await desk.seen('audit: verdict');
  const rows = await verdict.getByRole('row').all();
  const parts: Record<string, string> = {};
  for (const row of rows.slice(1)) {
    const [name = '', result = ''] = await row.getByRole('cell').allInnerTexts();
    parts[name] = result.replace(/^\W+/, '');
  }
  const heading = await verdict.getByRole('heading').first().innerText();
  return { verdict: heading.replace(/^\W+/, '').trim(), parts };
};
