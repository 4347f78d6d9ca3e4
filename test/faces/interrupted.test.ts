/** The window's messages and next steps when a token’s work is interrupted or its PIN is about to lock: no dead end, and no loss of existing data. */
import { beforeAll, describe, expect, test } from 'vitest';
import {
  defineAndApprove,
  draftDefinition,
  packEnvelopes,
  playStep,
  type Envelopes,
} from '../../custody/cli/rehearsal/ceremony.ts';
import {
  possible,
  removeFolder,
  setStage,
  TOKEN,
  tokenProcesses,
  until,
  type Stage,
} from '../recovery/stage.ts';
import { endsWithSuite } from '../support/at-end.ts';
import type { Person, Pin } from './cast.ts';
import * as ceremony from './desk-ceremony.ts';
import * as people from './desk-people.ts';
import { Desk } from './desk.ts';
import { buildAll, FACES, openFace, startDisplay, type OpenFace } from './faces.ts';
import { AnsweredFiles } from './files.ts';

const [name] = FACES.toReversed();
const TITLE = 'Form an AES-128 key from three components';
/** A key pair is made in a moment, and the device withholds its answer until the request is given up. */
const HELD = 'C_GenerateKeyPair 1 hang-after 3000';
const ONE_TRY_LEFT = 'C_GetTokenInfo * flags 0x20000';
const LOCKED = 'C_GetTokenInfo * flags 0x40000';

describe.runIf(possible && name !== undefined)('a window whose token is cut short', () => {
  let stage: Stage;
  let face: OpenFace;
  let desk: Desk;
  let envelopes: Envelopes;
  const who = (known: string): Person => {
    const { name, role, passphrase } = stage.room.player(known);
    return { name, role, passphrase: Buffer.from(passphrase).toString() };
  };
  const pinOf = (token: string): Pin => {
    const halves = stage.room.pins.get(token);
    return {
      first: Buffer.from(halves?.first ?? []).toString(),
      second: Buffer.from(halves?.second ?? []).toString(),
    };
  };
  const two = (): [Person, Person] => [who('administrator'), who('officer')];
  const pin = () => pinOf(TOKEN);

  const atEnd = endsWithSuite();
  beforeAll(async () => {
    await buildAll();
    stage = await setStage();
    atEnd(() => {
      removeFolder(stage.folder);
    });
    atEnd(() => stage.room.desk.stop());
    const { room, at, folder } = stage;
    envelopes = packEnvelopes(16);
    const definition = await draftDefinition(room, at, 'AES-128', 'formed', envelopes.expected);
    const { sha256 } = await defineAndApprove(room, {
      ...definition,
      // With this purpose the key gives a check value, by which Recovery can identify it as the sum.
      key: { ...definition.key, purpose: 'mac' },
      importKey: 'RSA-2048',
    });
    let view = await room.call('ceremonies.arm', { definitionSha256: sha256 }, 'administrator');
    while (view.due !== '5') view = await playStep(room, view, definition, envelopes, TOKEN);
    await room.desk.stop();
    const screen = await startDisplay();
    atEnd(screen.end);
    const files = new AnsweredFiles(folder);
    face = await openFace(name!, {
      display: screen.display,
      home: folder,
      env: files.environment(),
    });
    atEnd(() => face.close());
    desk = new Desk(face.page, files);
    await people.openDesk(desk, pinOf('log'), two()[0]);
  });
  /** Begins to make a key on the misbehaving token, after setting its module's behaviour. */
  const generate = async (label: string, ...rules: string[]): Promise<void> => {
    await people.wishForKey(desk, { label, algorithm: 'P-256', token: TOKEN });
    // The same token shows twice: through the training library, and through the one that misbehaves.
    await desk.choose('Token', new RegExp(`^${TOKEN} .*v2\\)$`));
    stage.steer.forget();
    stage.steer.set(...rules);
  };
  const press = async (pin: Pin): Promise<void> => {
    await desk.enterPin('Token’s PIN', pin);
    const [first, second] = two();
    await desk.proveAs({ 'First person': first, 'Second person': second });
    await desk.press(/^Generate P-256/);
  };
  const endTokens = (): void => {
    for (const pid of tokenProcesses(stage, face.servicePid())) process.kill(pid, 'SIGKILL');
    stage.steer.set();
  };
  const interrupted = () => desk.page.getByRole('region', { name: 'Interrupted' });

  test('leads from an ended token process to what it made, and keeps it', async () => {
    await generate('kept', HELD);
    await press(pin());
    await until('the pair is made', () => stage.steer.hanging());
    // While it is being made it is not called interrupted.
    expect(await interrupted().count()).toBe(0);
    endTokens();
    expect(await desk.refusal()).toMatch(/“kept” only the token can tell: two people settle/);
    await desk.follow('Settle it with the token');
    expect(await people.settle(desk, 'keep', TOKEN, pin(), two())).toMatch(/It was adopted/);
    await desk.press('Show the key');
    await desk.heading('kept').waitFor();
  });

  test('says on every page of that token what an ended service left, and destroys it', async () => {
    await generate('not-kept', HELD);
    await press(pin());
    await until('the pair is made', () => stage.steer.hanging());
    process.kill(face.servicePid(), 'SIGKILL');
    expect(await desk.refusal()).toMatch(/The Overview says whether something was interrupted/);
    stage.steer.set();
    await people.openDesk(desk, pinOf('log'), two()[0]);
    await interrupted().getByText('Generating P-256 “not-kept”').waitFor();
    await desk.goTo('Tokens');
    const module = desk.page.getByRole('region', { name: 'Misbehaving' });
    await module.getByRole('link', { name: TOKEN, exact: true }).click();
    await interrupted().waitFor();
    await generate('another');
    await press(pin());
    expect(await desk.refusal()).toMatch(/Two people settle that first\. Nothing was done/);
    await interrupted().getByRole('button', { name: 'Settle it with the token' }).click();
    expect(await people.settle(desk, 'destroy', TOKEN, pin(), two())).toMatch(/was destroyed/);
    await desk.press('Back to the Overview');
    await desk.heading('Overview').waitFor();
    expect(await interrupted().count()).toBe(0);
  });

  test('spends the last try of a PIN only when both holders say so, each time anew', async () => {
    const wrong: Pin = { first: '00000000', second: '00000000' };
    const tries = () => stage.steer.count('C_Login');
    const sure = desk.page.getByRole('checkbox', { name: /want to use the last try/ });
    await generate('tried', ONE_TRY_LEFT);
    await sure.waitFor();
    await press(wrong);
    expect(await desk.refusal()).toMatch(/One try is left[^]*It was not used/);
    expect(tries()).toBe(0);
    await sure.check();
    await desk.press(/^Generate P-256/);
    expect(await desk.refusal()).toMatch(/The PIN is wrong\. One try is left/);
    expect(tries()).toBe(1);
    expect(await sure.isChecked()).toBe(false);

    stage.steer.set(LOCKED);
    await desk.page.getByText('The token’s PIN is locked.').waitFor();
    await press(pin());
    expect(await desk.refusal()).toMatch(/is locked, and nothing was done[^]*sets a new one/);
    stage.steer.set('C_Login * return 0xa3');
    await desk.page.getByText('The token’s PIN is locked.').waitFor({ state: 'detached' });
    await press(pin());
    expect(await desk.refusal()).toMatch(/expired\. Nothing was done[^]*CKR_PIN_EXPIRED/);
    stage.steer.set();
    await press(pin());
    await desk.heading('tried').waitFor();
  });

  test('leads a ceremony on whose key was being formed', async () => {
    await desk.goTo('Ceremonies');
    await desk.follow(TITLE);
    const [cleo, chidi, carmen] = ['Cleo Baptiste', 'Chidi Eze', 'Carmen Ruiz'].map(who);
    const witness = who('witness');
    for (const [at, { hex, check, serial }] of envelopes.components.entries())
      await ceremony.openEnvelope(desk, at + 1, { component: hex, check, serial }, [
        [cleo, chidi, carmen][at]!,
        witness,
      ]);
    stage.steer.forget();
    stage.steer.set('C_UnwrapKey 1 hang-after 3000');
    await desk.write('Type exactly: FORM THE KEY', 'FORM THE KEY');
    await desk.enterPin(`PIN of token ${TOKEN}`, pin());
    await desk.prove(two()[0], witness);
    await desk.press(/^Form AES-128/);
    await until('the key is formed', () => stage.steer.hanging());
    endTokens();
    await desk.page.getByText('The last step was interrupted').waitFor();
    await desk.press('Settle it with the token');
    expect(await people.settle(desk, 'keep', TOKEN, pin(), two())).toMatch(/It was adopted/);
    await desk.goTo('Ceremonies');
    await desk.follow(TITLE);
    await ceremony.stepDue(desk, 9);
  });
});
