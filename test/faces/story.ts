/**
 * One desk at a window, from its first screen to a log verified by an outsider, in the order in which people would work, with their mistakes. The same story
 * runs under both faces, one desk each; a mistake that tests the same code in both is made in only one of them.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { at } from '../../scripts/lib/project.mjs';
import { Walk } from './axe.ts';
import { newCast, packPapers, seatsOf, type Pin } from './cast.ts';
import * as ceremony from './desk-ceremony.ts';
import * as out from './desk-export.ts';
import * as log from './desk-log.ts';
import * as people from './desk-people.ts';
import { Desk } from './desk.ts';
import {
  buildAll,
  FACES,
  newHome,
  openFace,
  processesOf,
  startDisplay,
  type FaceName,
  type OpenFace,
} from './faces.ts';
import { AnsweredFiles } from './files.ts';
import { Keys } from './hands.ts';
import { endsWithSuite } from '../support/at-end.ts';
import { bytesUnder, formsOfHex, formsOfText, searchMemory } from '../support/memory.ts';
import { lookAround } from './look-around.ts';
import { shownAfter } from './shown-after.ts';

/** Every passphrase and PIN half begins with it, so that one search finds all of them. */
const MARK = 'kzqwcnry';
/** Every component begins with it. */
const COMPONENT = 'C0FFEE5EA11BADC0';
const MARKS = [...formsOfText(MARK), ...formsOfHex(COMPONENT)];
/** Processes other than the window's: they must hold secrets for a moment. */
const SERVICE = /keymoot(\.cjs)? (serve|token|holder)\b/;

export const tellStory = (name: FaceName): void => {
  describe.runIf(FACES.includes(name))(`a desk at its window on ${name}`, () => {
    const electron = name === 'Electron';
    const { home, remove } = newHome();
    const files = new AnsweredFiles(home);
    const cast = newCast();
    for (const person of Object.values(cast))
      person.passphrase = `${MARK}-${person.name.slice(0, 4)}-${person.passphrase}`;
    const { ada, otto, cleo, chidi, carmen, wim } = cast;
    const everyone = [ada, cleo, chidi, carmen, wim];
    const pinOf = (what: string): Pin => ({
      first: `${MARK}-${what}-first`,
      second: `${MARK}-${what}-second`,
    });
    const logPin = pinOf('log');
    const pin = pinOf('work');
    const papers = packPapers(32, Buffer.from(COMPONENT, 'hex'));
    const key = { label: 'zone-master-key', token: 'work' };
    const aws = { label: 'aws-key', token: 'work' };

    let display: string;
    let face: OpenFace;
    let desk: Desk;
    let keys: Keys;
    const walk = new Walk();
    let broken = false;

    const open = async (): Promise<void> => {
      face = await openFace(name, { display, home, env: files.environment() });
      walk.page = face.page;
      // One face is used without a mouse and checked for accessibility on every view; the page is the same in the other.
      if (electron) desk = new Desk(face.page, files);
      else {
        keys = new Keys(face.page);
        desk = new Desk(face.page, files, keys);
        desk.seen = (what) => walk.look(what);
      }
    };
    const atEnd = endsWithSuite();
    atEnd(remove);
    beforeAll(async () => {
      await buildAll();
      const screen = await startDisplay();
      ({ display } = screen);
      atEnd(screen.end);
      await open();
      atEnd(() => face.close());
    });

    /** A chapter needs those before it. */
    const chapter = (title: string, tell: () => Promise<void>, told = true): void => {
      test.runIf(told)(title, async (context) => {
        if (broken) context.skip('a chapter before it failed');
        broken = true;
        try {
          await tell();
        } catch (error) {
          console.error(`The window showed:\n${await desk.shown()}`);
          throw error;
        }
        broken = false;
      });
    };
    const inElectron = (title: string, tell: () => Promise<void>): void => {
      chapter(title, tell, electron);
    };
    const inChromium = (title: string, tell: () => Promise<void>): void => {
      chapter(title, tell, !electron);
    };
    const now = () => ceremony.now(desk);

    const instruction = () => ceremony.instruction(desk);

    /** Planted secrets that remain in the window's own processes; other tests search the service's processes. */
    const found = (
      searched: (kind: string) => boolean,
    ): { kind: string; form: string; text: string }[] =>
      processesOf(home).flatMap((pid) => {
        const line = commandLine(pid);
        if (line === undefined || SERVICE.test(line)) return [];
        const kind = /--type=([\w-]+)/.exec(line)?.[1] ?? 'main';
        return !searched(kind)
          ? []
          : searchMemory(pid, MARKS).map(({ form, text }) => ({ kind, form, text }));
      });
    /** The page's document, its storage, and every file of the window and the desk. */
    const searchPage = async (): Promise<void> => {
      const kept = await desk.page.evaluate(() =>
        [
          document.documentElement.outerHTML,
          ...[...document.querySelectorAll('input, textarea')].map(
            (field) => (field as HTMLInputElement).value,
          ),
          JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage)]),
          document.cookie,
          location.href,
        ].join('\n'),
      );
      const inFiles = bytesUnder(home);
      for (const { form, bytes } of MARKS) {
        expect(kept, form).not.toContain(bytes.toString('latin1'));
        expect(inFiles.includes(bytes), form).toBe(false);
      }
    };
    /** The processes that have a vendor's library, found among the service's children: quicker than searching all processes. */
    const tokenProcesses = (): number[] => {
      const service = face.servicePid();
      return readFileSync(`/proc/${service}/task/${service}/children`, 'utf8')
        .split(' ')
        .map(Number)
        .filter((pid) => pid > 0 && / token\b/.test(commandLine(pid) ?? ''));
    };
    const collectGarbage = async (): Promise<void> => {
      const session = await face.page.context().newCDPSession(face.page);
      for (let round = 0; round < 3; round++) {
        await session.send('HeapProfiler.collectGarbage');
        await wait(100);
      }
      await session.detach();
    };
    /** Waits until the screen has shown that the service ended and that it runs again. */
    const seesService = async (kill: () => void): Promise<string> => {
      const stopped = 'The custody service stopped';
      const words = await shownAfter(desk.page, stopped, kill);
      await desk.alert.filter({ hasText: stopped }).first().waitFor({ state: 'detached' });
      return words;
    };

    chapter('is founded from the very first screen', async () => {
      await people.foundDesk(desk, { name: 'desk.example', pin: logPin, first: ada, second: otto });
      expect(await desk.stateBar).toMatch(/desk\.example[^]*Log: SEALING/);
    });

    chapter('gets a training token and the rest of its people', async () => {
      await people.makeTrainingToken(desk, { label: 'work', pin }, [ada, otto]);
      for (const person of [cleo, chidi, carmen, wim])
        await people.enrol(desk, person, [ada, otto]);
      await desk.goTo('People');
      for (const { name: who } of Object.values(cast))
        await desk.work.getByRole('link', { name: who }).waitFor();
    });

    chapter('makes two keys by two people in one window', async () => {
      await people.generateKey(
        desk,
        { label: 'signing-key', algorithm: 'P-256', token: 'work' },
        pin,
        [ada, otto],
      );
      await people.generateKey(
        desk,
        { label: aws.label, algorithm: 'AES-256', token: 'work', mayLeave: true },
        pin,
        [otto, ada],
      );
    });

    inElectron('makes no key with a wrong half of the PIN, and one person is not two', async () => {
      const generate = () => desk.press('Generate AES-128 in token “work”');
      await people.wishForKey(desk, { label: 'no-key', algorithm: 'AES-128', token: 'work' });
      await desk.enterPin('Token’s PIN', { first: pin.first, second: 'not-the-half' });
      await desk.proveAs({ 'First person': ada, 'Second person': otto });
      await generate();
      expect(await desk.refusal()).toMatch(/The PIN is wrong[^]*CKR_PIN_INCORRECT from C_Login/);
      // The fields are empty after the act.
      for (const field of await desk.work.locator('input[type=password]').all())
        expect(await field.inputValue()).toBe('');

      await desk.enterPin('Token’s PIN', pin);
      await desk.choose('Second person', ada.name);
      for (const field of await desk.field(`Passphrase of ${ada.name}`).all())
        await field.pressSequentially(ada.passphrase);
      await generate();
      expect(await desk.refusal()).toMatch(/Two people are needed[^]*two-required/);

      await desk.enterPin('Token’s PIN', pin);
      await desk.choose('Second person', otto.name);
      await desk.prove(ada);
      await desk.type(`Passphrase of ${otto.name}`, ada.passphrase);
      await generate();
      expect(await desk.refusal()).toMatch(
        /does not open this person’s signing key\. Nothing was done/,
      );
      await desk.goTo('Keys');
      expect(await desk.work.innerText()).not.toContain('no-key');
    });

    let paper: string[];
    chapter('writes a ceremony, approves it by two and arms it', async () => {
      await ceremony.draftCeremony(desk, { ...key, seats: seatsOf(cast) }, ada);
      paper = await desk.words();
      expect(paper).toHaveLength(32);
      await ceremony.approve(desk, ada);
      await ceremony.approve(desk, otto);
      await ceremony.arm(desk, ada);
    });

    chapter('seats everyone, compares the clocks', async () => {
      await ceremony.allArrive(desk, everyone);
      await ceremony.compareClocks(desk, [ada, wim]);
    });

    inChromium(
      'asks for other words after wrong ones, and for a decision after three',
      async () => {
        const wrong = [...paper].reverse();
        for (const attempt of [2, 3]) {
          await ceremony.readBack(desk, wrong, [ada, wim]);
          expect(await desk.refusal()).toMatch(/not the words of the definition/);
          await desk.page.getByText(`due now, attempt ${attempt}`).waitFor();
        }
        await ceremony.readBack(desk, wrong, [ada, wim]);
        await desk.heading('Exception 1').waitFor();
        await desk.seen('an open exception');
        expect(await now().innerText()).toMatch(/Step 3 failed\.[^]*Nothing else was changed/);
        await ceremony.recordException(desk, 'The wrong line was read.', 'It is read again.', [
          ada,
          wim,
        ]);
        await desk.page.getByText('1. Step 3, decided').waitFor();
        await ceremony.stepDue(desk, 3);
      },
    );

    inChromium('ends presence when it is reloaded, and stands at the same step', async () => {
      await desk.prove(ada);
      await desk.page.reload();
      await ceremony.stepDue(desk, 3);
      expect(await desk.stateBar).toContain('Here: nobody');
      expect(await desk.field(`Passphrase of ${ada.name}`).inputValue()).toBe('');
    });

    chapter('reads the definition back and checks the token', async () => {
      await ceremony.readBack(desk, paper, [ada, wim]);
      await ceremony.stepDue(desk, 4);
      await ceremony.checkToken(desk, ada);
    });

    inElectron('takes a component only as it stands on its paper', async () => {
      const [envelope] = papers.envelopes;
      await ceremony.takeScreen(desk, 1);
      await ceremony.fillEnvelope(desk, 1, envelope);
      await desk.field('Component 1, group 2 of 8').fill('12G45678');
      await ceremony.enterComponent(desk, 1, [cleo, wim]);
      expect(await desk.refusal()).toContain('Group 2 of 8 holds a character that is not 0 to 9');
      await desk.field('Component 1, group 2 of 8').fill('1234567');
      await ceremony.enterComponent(desk, 1, []);
      expect(await desk.refusal()).toContain('Group 2 of 8 has 7 digits');

      // Pasted, with the spaces and line breaks that copies come with.
      const [first] = await desk.page.getByLabel('Component 1, group 1 of 8').all();
      await first!.fill('');
      await first!.evaluate(
        (field, text) => {
          const clipboardData = new DataTransfer();
          clipboardData.setData('text/plain', text);
          field.dispatchEvent(
            new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }),
          );
        },
        // Not a real component: a value that the driver puts into the page may stay in its memory for any time.
        '0123456789ABCDEF'.repeat(4).replace(/(.{8})/g, '$1 \r\n'),
      );
      await desk.page.getByText('Pasting is switched off here').waitFor();
      expect(await first!.inputValue()).toBe('');
      // Typed spaces and line breaks are skipped.
      await ceremony.typeComponent(desk, 1, envelope.component.replace(/(.{8})/g, '$1 '));
      await desk.page.getByText('8 of 8 groups are whole').waitFor();
    });

    inElectron('holds no secret once a component is entered', async () => {
      const [envelope] = papers.envelopes;
      await ceremony.fillEnvelope(desk, 1, { ...envelope, check: '0123456789' });
      await ceremony.enterComponent(desk, 1, [cleo, wim]);
      expect(await desk.refusal()).toMatch(
        /its check value is not the one typed[^]*Nothing was kept of it/,
      );
      expect(await instruction()).toContain('Custodian 1 opens envelope 1');

      await ceremony.fillEnvelope(desk, 1, envelope);
      await desk.prove(cleo, wim);
      // Checks that the search finds existing values.
      const filled = found((kind) => kind === 'renderer').map(({ text }) => text);
      expect(filled.some((text) => text.startsWith(MARK))).toBe(true);
      expect(filled.some((text) => text.startsWith('C0FFEE5E'))).toBe(true);

      await ceremony.enterComponent(desk, 1, []);
      await ceremony.stepDue(desk, 6);
      expect(found((kind) => kind !== 'renderer')).toEqual([]);
      // The page's own process has the browser's strings, which can't be wiped, until its garbage collection.
      await collectGarbage();
      expect(found((kind) => kind === 'renderer')).toEqual([]);
      await searchPage();
    });

    inElectron('says so when the service is ended, and stands at the same step', async () => {
      const said = await seesService(() => {
        process.kill(face.servicePid(), 'SIGKILL');
      });
      expect(said).toMatch(/is being started again[^]*safe/);
      // The held components are lost with it and are due again; presence has ended.
      await ceremony.stepDue(desk, 5);
      await ceremony.takeScreen(desk, 1);
      expect(await now().innerText()).toMatch(/received before the interruption[^]*the same one/);
      expect(await desk.stateBar).toMatch(/Log: NO SIGNER[^]*Here: nobody/);
      await people.openDesk(desk, logPin, ada);
      await desk.follow('Form an AES-256 key from three components');
      await ceremony.stepDue(desk, 5);
      // Another component in its place is noticed.
      const [first, second] = papers.envelopes;
      await ceremony.takeScreen(desk, 1);
      await ceremony.fillEnvelope(desk, 1, { ...second, serial: first.serial });
      await ceremony.enterComponent(desk, 1, [cleo, wim]);
      expect(await desk.refusal()).toMatch(/another one than was entered before/);
      await ceremony.fillEnvelope(desk, 1, first);
      await ceremony.enterComponent(desk, 1, [cleo, wim]);
      await ceremony.stepDue(desk, 6);
    });

    inChromium('takes the first component, and not the same one twice', async () => {
      const [first, second] = papers.envelopes;
      await ceremony.openEnvelope(desk, 1, first, [cleo, wim]);
      await ceremony.takeScreen(desk, 2);
      await ceremony.fillEnvelope(desk, 2, { ...first, serial: second.serial });
      await ceremony.enterComponent(desk, 2, [chidi, wim]);
      expect(await desk.refusal()).toMatch(/the same as component 1[^]*Nothing was kept of it/);
      await desk.press('Blank the screen');
      // The browser itself keeps typed text in its own process and the page's (SECURITY.md); the text must not get further.
      expect(found((kind) => kind !== 'main' && kind !== 'renderer')).toEqual([]);
      await searchPage();
    });

    inChromium('says so when the signer is ended, and goes on when it is back', async () => {
      await ceremony.takeScreen(desk, 2);
      const lost = tokenProcesses();
      expect(lost.length).toBeGreaterThan(0);
      for (const pid of lost) process.kill(pid, 'SIGKILL');
      expect(await desk.notice()).toMatch(/seals the log ended[^]*What was recorded is safe/);
      expect(await desk.stateBar).toContain('Log: NO SIGNER');
      await people.openDesk(desk, logPin, ada);
      await desk.alert.waitFor({ state: 'detached' });
      await desk.follow('Form an AES-256 key from three components');
      await ceremony.stepDue(desk, 6);
    });

    inChromium('may be interrupted at any time, in three ways', async () => {
      await ceremony.takeScreen(desk, 2);
      for (const way of ['Exception', 'Pause', 'Abort …']) {
        await desk.press(way);
        await desk.page.getByRole('dialog').waitFor();
        await desk.seen(`interruption: ${way}`);
        await desk.page.keyboard.press('Escape');
        await desk.page.getByRole('dialog').waitFor({ state: 'detached' });
      }
      await desk.press('Blank the screen');
    });

    chapter('opens the other envelopes', async () => {
      await ceremony.openEnvelope(desk, 2, papers.envelopes[1], [chidi, wim]);
      await ceremony.openEnvelope(desk, 3, papers.envelopes[2], [carmen, wim]);
    });

    inChromium('says what is and isn’t known when the token’s process is ended', async () => {
      const before = new Set(tokenProcesses());
      await ceremony.formKey(desk, key, pin, [ada, wim]);
      // A short-lived process: found and killed in one step.
      const endNew = (): boolean => {
        const [pid] = tokenProcesses().filter((one) => !before.has(one));
        return pid !== undefined && endOne(pid);
      };
      const until = Date.now() + 20_000;
      while (!endNew()) {
        if (Date.now() > until) throw new Error('no process for the token was started');
        await wait(2);
      }
      expect(await desk.refusal()).toMatch(
        /\(SIGKILL\)[^]*is not known; look at the token before anything is repeated/,
      );
      await ceremony.stepDue(desk, 8);
    });

    chapter('forms the key', async () => {
      await ceremony.formKey(desk, key, pin, [ada, wim]);
      await ceremony.stepDue(desk, 9);
    });

    inElectron('is where it was when its window is closed and opened again', async () => {
      await face.close();
      await open();
      await desk.heading('Overview').waitFor();
      await desk.follow('Form an AES-256 key from three components');
      await ceremony.stepDue(desk, 9);
      expect(await desk.stateBar).toMatch(/Log: NO SIGNER[^]*Here: nobody/);
      await people.openDesk(desk, logPin, otto);
      await desk.goTo('Keys');
      await desk.work.getByRole('link', { name: aws.label }).waitFor();
      await desk.goTo('Ceremonies');
      await desk.follow('Form an AES-256 key from three components');
    });

    chapter('compares, destroys the papers, and everyone agrees', async () => {
      await ceremony.compareCheckValue(desk, papers.letter, [ada, wim]);
      await ceremony.stepDue(desk, 10);
      await ceremony.destroyPapers(desk, papers, [cleo, chidi, carmen, wim]);
      await ceremony.everyoneAgrees(desk, everyone);
      expect(await ceremony.closeCeremony(desk, [ada, wim])).toBe('AGREED');
    });

    let provider: out.PlayedAws;
    chapter('asks for an export', async () => {
      provider = new out.PlayedAws(files.folder);
      await out.requestExport(desk, aws, pin, [ada, otto]);
    });

    inChromium('refuses parameters that are damaged or out of date', async () => {
      const good = JSON.stringify(provider.parameters());
      const bad: Record<string, [string, RegExp]> = {
        'cut off': [good.slice(0, -40), /JSON/],
        'of another key': [good.replace(/"PublicKey":"..../, '"PublicKey":"AAAA'), /PublicKey/],
        expired: [JSON.stringify(provider.parameters(-60_000)), /expired/],
      };
      for (const [text, said] of Object.values(bad)) {
        await out.bringParameters(desk, text, ada);
        const refusal = await desk.refusal();
        expect(refusal).toMatch(said);
        expect(refusal).toContain('Nothing was wrapped');
        expect(await instruction()).toMatch(/bring params\.json here/);
      }
    });

    chapter('loads the parameters', async () => {
      await out.bringParameters(desk, JSON.stringify(provider.parameters()), ada);
      await desk.button('Confirm the wrapping key').waitFor();
      await desk.seen('export: compare');
    });

    inChromium('confirms no wrapping key by wrong words', async () => {
      const words = await desk.words();
      const asked = () => desk.work.getByText(/^Word \d+$/).allInnerTexts();
      const before = await asked();
      await out.confirmWrappingKey(desk, [...words].reverse(), [ada, otto]);
      expect(await desk.refusal()).toMatch(/not the ones of this wrapping key/);
      await expect.poll(asked, { timeout: 10_000 }).not.toEqual(before);
    });

    chapter('carries out a package that opens on the other side', async () => {
      await out.confirmWrappingKey(desk, await desk.words(), [ada, otto]);
      const folder = await out.wrap(desk, aws, pin, [ada, otto]);
      await desk.goTo('Keys');
      await desk.follow(aws.label);
      await desk.heading(aws.label).waitFor();
      const shown = await desk.page.getByRole('complementary').innerText();
      expect(shown).toContain(`P11-CHECK ${provider.checkOf(folder, 'sha1')}`);
    });

    inElectron(
      'exports with SHA-256 from a token that does it, and says so of one that does not',
      async () => {
        const sha256 = 'RSAES_OAEP_SHA_256';
        await out.askForExport(desk, { ...aws, algorithm: sha256 }, pin, [ada, otto]);
        expect(await desk.refusal()).toMatch(
          /RSAES_OAEP_SHA_256 is not possible with it\. Nothing was wrapped\. Ask AWS for RSAES_OAEP_SHA_1/,
        );
        const nss = { label: 'nss-key', token: 'nss' };
        await people.makeTrainingToken(desk, { label: nss.token, pin, kind: 'NSS' }, [ada, otto]);
        const wish = { ...nss, algorithm: 'AES-256', mayLeave: true };
        await people.generateKey(desk, wish, pin, [ada, otto]);
        await out.requestExport(desk, nss, pin, [ada, otto]);
        await out.bringParameters(desk, JSON.stringify(provider.parameters()), ada);
        await desk.button('Confirm the wrapping key').waitFor();
        expect(await desk.work.innerText()).toContain(sha256);
        await out.confirmWrappingKey(desk, await desk.words(), [ada, otto]);
        const folder = await out.wrap(desk, nss, pin, [ada, otto]);
        // NSS gives no check value; only opening the package shows that it contains the AES key.
        expect(provider.checkOf(folder, 'sha256')).toMatch(/^[0-9a-f]{6}$/);
      },
    );

    chapter('exports its log, and verifies it in the window and elsewhere', async () => {
      const { bundle, trust } = await log.exportLog(desk, ada);
      const { verdict, parts } = await log.verifyInWindow(desk);
      expect(verdict).toBe('PASS');
      expect(new Set(Object.values(parts))).toEqual(new Set(['pass']));
      const verifier = at('resources/verifier/keymoot-verify.mjs');
      const { status, stdout } = spawnSync(process.execPath, [verifier, bundle, '--trust', trust]);
      expect(status, stdout.toString()).toBe(0);
    });

    inChromium('shows nothing on any screen that somebody would stumble over', async () => {
      await lookAround(desk, ada);
      expect(walk.stumbles).toEqual([]);
      expect(walk.length).toBeGreaterThan(50);
    });

    inChromium('is worked without a mouse, the focus in sight at every step', () => {
      expect(keys.missed).toEqual([]);
      return Promise.resolve();
    });
  });
};

/** Whether the process still existed to be killed. */
const endOne = (pid: number): boolean => {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false; // ended meanwhile
  }
};

const commandLine = (pid: number): string | undefined => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return undefined; // ended meanwhile
  }
};
