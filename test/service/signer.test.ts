/** Acts that require a seal fail unless the seal was really made (design 08, T5). */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ADA, TestDesk, possible, refusedAs, type Inside } from '../support/desk.ts';

describe.skipIf(!possible)('a seal that is the point', () => {
  let desk: TestDesk;
  let inside: Inside;
  beforeAll(async () => {
    desk = await TestDesk.found();
    await desk.room.desk.stop();
    inside = await desk.inside();
  });
  afterAll(async () => {
    inside.desk.close();
    await desk.remove();
  });
  const open = () => inside.call('desk.open', { login: inside.login('log', 'desk.open') }, ADA);
  const arrive = () => inside.call('presence.arrive', { person: desk.person(ADA) }, ADA);

  test('is refused without a signer, where another waits for its return', async () => {
    await arrive();
    await inside.desk.seal();
    await refusedAs('signer-missing', inside.desk.mustSeal());
    expect(inside.desk.signer.state()).toMatchObject({ signer: 'NO SIGNER' });
  });
  test('is refused when the signer leaves between the asking and the sealing', async () => {
    await open();
    await arrive();
    const sealing = inside.desk.mustSeal();
    inside.desk.signer.close('The desk was locked.');
    await refusedAs('signer-missing', sealing);
    expect(inside.desk.signer.state().unsealed).toBeGreaterThan(0);
  });
  test('is done when all that was in the log then is sealed', async () => {
    await open();
    await arrive();
    await inside.desk.mustSeal();
    expect(inside.desk.signer.state()).toMatchObject({ signer: 'SEALING', unsealed: 0 });
  });
  test('comes by itself a minute after the first that was written, when nobody asks for it', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      await arrive();
      vi.advanceTimersByTime(30_000);
      await arrive(); // changes nothing
      const { unsealed } = inside.desk.signer.state();
      expect(unsealed).toBe(2);
      vi.advanceTimersByTime(29_999);
      expect(inside.desk.signer.state()).toMatchObject({ unsealed });
      vi.advanceTimersByTime(1);
      await vi.waitUntil(() => inside.desk.signer.state().unsealed === 0, 30_000);
      // Nothing is left to seal, so nothing is sealed again.
      const { size } = inside.desk.store.log;
      vi.advanceTimersByTime(600_000);
      expect(inside.desk.signer.state()).toMatchObject({ signer: 'SEALING', sealed: size });
    } finally {
      vi.useRealTimers();
    }
  });
});
