/** A browser profile for one run: created empty, configured to store nothing, removed at the end. */
import { spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFERENCES = {
  autofill: { enabled: false, profile_enabled: false, credit_card_enabled: false },
  browser: { enable_spellchecking: false, show_home_button: false },
  credentials_enable_service: false,
  credentials_enable_autosignin: false,
  dns_prefetching: { enabled: false },
  net: { network_prediction_options: 2 },
  profile: {
    password_manager_enabled: false,
    password_manager_leak_detection: false,
    default_content_setting_values: {
      // 2 is "block": every permission is refused without a prompt.
      automatic_downloads: 2,
      clipboard: 2,
      geolocation: 2,
      media_stream_camera: 2,
      media_stream_mic: 2,
      notifications: 2,
      popups: 2,
      window_placement: 2,
    },
  },
  safebrowsing: { enabled: false },
  search: { suggest_enabled: false },
  signin: { allowed: false },
  spellcheck: { dictionaries: [], use_spelling_service: false },
  translate: { enabled: false },
  webrtc: { ip_handling_policy: 'disable_non_proxied_udp' },
};

const runs = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};

/** Removes profiles of windows that were killed before they could: only our own, and none of a process that still runs. */
const removeLeft = (): void => {
  for (const name of readdirSync(tmpdir())) {
    const [, pid] = /^keymoot-window-([1-9]\d*)-\w{6}$/.exec(name) ?? [];
    if (pid === undefined || runs(Number(pid))) continue;
    const folder = join(tmpdir(), name);
    try {
      const { uid } = lstatSync(folder);
      if (process.getuid === undefined || uid === process.getuid())
        rmSync(folder, { recursive: true, force: true });
    } catch {
      // Another start may remove it at the same time.
    }
  }
};

export const makeProfile = (): { folder: string; remove: () => void } => {
  removeLeft();
  const folder = mkdtempSync(join(tmpdir(), `keymoot-window-${process.pid}-`));
  mkdirSync(join(folder, 'Default'));
  writeFileSync(join(folder, 'Default', 'Preferences'), JSON.stringify(PREFERENCES));
  return {
    folder,
    remove: () => {
      // The browser's last process may still be writing for a moment.
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
};

/**
 * Ends the processes that still use a profile, each by its id. The driver gives no id and does not end a browser that started but never answers, so the
 * processes are found in the system's list by the folder, whose random name is unique.
 */
export const endBrowserOf = (folder: string): void => {
  const { stdout } = spawnSync('ps', ['-A', '-ww', '-o', 'pid=,args='], { encoding: 'utf8' });
  for (const line of stdout.split('\n')) {
    if (!line.includes(`--user-data-dir=${folder}`)) continue;
    try {
      process.kill(Number.parseInt(line), 'SIGKILL');
    } catch {
      // It ended together with an earlier one.
    }
  }
};
