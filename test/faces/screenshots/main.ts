/**
 * `npm run screenshots [-- --out DIR] [--readme]`: one desk from its first screen on, at a real window over real tokens; every screen and step as a picture.
 * `--readme` puts the four of the README in their place.
 */
import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { at } from '../../../scripts/lib/project.mjs';
import { newCast, newPin, packPapers, seatsOf } from '../cast.ts';
import * as ceremony from '../desk-ceremony.ts';
import * as out from '../desk-export.ts';
import * as log from '../desk-log.ts';
import * as people from '../desk-people.ts';
import { Desk } from '../desk.ts';
import { buildAll, FACES, newHome, openFace, startDisplay } from '../faces.ts';
import { AnsweredFiles } from '../files.ts';
import { lookAround } from '../look-around.ts';
import { Camera } from './camera.ts';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: at('out/screenshots') },
    readme: { type: 'boolean', default: false },
  },
});
const folder = resolve(values.out);
const README = at('resources/screens');
/** The pictures of the README, by their names in the story. */
const CHOSEN: Readonly<Record<string, string>> = {
  key: 'key-aes-256',
  ceremony: 'component-filled-in',
  export: 'export-compare',
  verdict: 'audit-verdict',
};

if (FACES.length === 0) throw new Error('screenshots: there is no Chromium, or no Xvfb');
await buildAll();
rmSync(folder, { recursive: true, force: true });
const { home, remove } = newHome();
const files = new AnsweredFiles(home);
const { display, end } = await startDisplay('1400x900');
const face = await openFace(FACES.includes('Chromium') ? 'Chromium' : 'Electron', {
  display,
  home,
  env: files.environment(),
});
try {
  const desk = new Desk(face.page, files);
  const camera = await Camera.at(face.page, folder);
  desk.seen = (what) => camera.take(what);

  const cast = newCast();
  const { ada, otto, cleo, chidi, carmen, wim } = cast;
  const logPin = newPin();
  const pin = newPin();
  const papers = packPapers();
  const key = { label: 'zone-master-key', token: 'work' };
  const aws = { label: 'aws-key', token: 'work' };
  await people.foundDesk(desk, { name: 'desk.example', pin: logPin, first: ada, second: otto });
  for (const screen of ['Overview', 'Keys', 'Ceremonies', 'Exports', 'Audit'] as const)
    await desk.goTo(screen);
  await people.makeTrainingToken(desk, { label: 'work', pin }, [ada, otto]);
  for (const person of [cleo, chidi, carmen, wim]) await people.enrol(desk, person, [ada, otto]);
  await people.generateKey(desk, { label: 'signing-key', algorithm: 'P-256', token: 'work' }, pin, [
    ada,
    otto,
  ]);
  await people.generateKey(
    desk,
    { label: aws.label, algorithm: 'AES-256', token: 'work', mayLeave: true },
    pin,
    [otto, ada],
  );

  const everyone = [ada, cleo, chidi, carmen, wim];
  await ceremony.draftCeremony(desk, { ...key, seats: seatsOf(cast) }, ada);
  const paper = await desk.words();
  for (const person of [ada, otto]) await ceremony.approve(desk, person);
  await ceremony.arm(desk, ada);
  await ceremony.allArrive(desk, everyone);
  await ceremony.compareClocks(desk, [ada, wim]);
  await ceremony.readBack(desk, paper, [ada, wim]);
  await ceremony.stepDue(desk, 4);
  await ceremony.checkToken(desk, ada);
  for (const [at, custodian] of [cleo, chidi, carmen].entries()) {
    const envelope = papers.envelopes[at as 0 | 1 | 2];
    await ceremony.takeScreen(desk, at + 1);
    await ceremony.fillEnvelope(desk, at + 1, envelope);
    await desk.seen('component filled in');
    await ceremony.enterComponent(desk, at + 1, [custodian, wim]);
    await ceremony.stepDue(desk, 6 + at);
  }
  await ceremony.formKey(desk, key, pin, [ada, wim]);
  await ceremony.stepDue(desk, 9);
  await ceremony.compareCheckValue(desk, papers.letter, [ada, wim]);
  await ceremony.stepDue(desk, 10);
  await ceremony.destroyPapers(desk, papers, [cleo, chidi, carmen, wim]);
  await ceremony.everyoneAgrees(desk, everyone);
  await ceremony.closeCeremony(desk, [ada, wim]);

  const provider = new out.PlayedAws(files.folder);
  await out.requestExport(desk, aws, pin, [ada, otto]);
  await out.bringParameters(desk, JSON.stringify(provider.parameters()), ada);
  await desk.button('Confirm the wrapping key').waitFor();
  await desk.seen('export: compare');
  await out.confirmWrappingKey(desk, await desk.words(), [ada, otto]);
  await out.wrap(desk, aws, pin, [ada, otto]);

  await log.exportLog(desk, ada);
  await log.verifyInWindow(desk);
  // No person is present then, as the reader expects.
  await face.page.reload();
  await lookAround(desk, otto);

  if (values.readme) {
    mkdirSync(README, { recursive: true });
    for (const [name, what] of Object.entries(CHOSEN)) {
      const picture = readdirSync(folder).find((file) => file.endsWith(`-${what}-light.png`));
      if (picture === undefined) throw new Error(`screenshots: there is no picture of ${what}`);
      copyFileSync(join(folder, picture), join(README, `${name}.png`));
    }
  }
  process.stdout.write(`Pictures are in ${folder}\n`);
} finally {
  await face.close();
  end();
  remove();
}
