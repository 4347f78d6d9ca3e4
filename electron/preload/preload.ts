/**
 * Runs in the page's process before the page, in a world of its own: hands the page its bridge and nothing else.
 * No part of ipcRenderer, no event object and no error of Electron's reaches the page.
 */
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import {
  ASK_FILE,
  DROPPED,
  FACE_ARGUMENT,
  HOME,
  MESSAGE,
  PRINT,
  REQUEST,
  SHIELD,
  UNSENDABLE,
} from '../common/ipc.ts';
import type { FaceInfo, FaceMessage, PageBridge } from '../../shared/window/bridge.ts';

const introduced = process.argv.find((argument) => argument.startsWith(FACE_ARGUMENT));
const bytes = Uint8Array.from(atob(introduced?.slice(FACE_ARGUMENT.length) ?? ''), (character) =>
  character.charCodeAt(0),
);
const face = JSON.parse(new TextDecoder().decode(bytes)) as FaceInfo;

const chosen = async (channel: string, purpose: string, what: string | undefined) => {
  const answer = (await ipcRenderer.invoke(channel, purpose, what)) as
    { chosen?: { grant: string; name: string } } | { refused: string };
  if ('refused' in answer) throw new Error(answer.refused);
  return answer.chosen;
};
const bridge: PageBridge = {
  face,
  request: async (request) => {
    try {
      return (await ipcRenderer.invoke(REQUEST, request)) as unknown;
    } catch {
      return UNSENDABLE; // it can't be copied out of the page
    }
  },
  askFile: (purpose, suggested) => chosen(ASK_FILE, purpose, suggested),
  // The path goes past the page: a File made by the page itself has none.
  askDropped: (purpose, file) =>
    chosen(
      DROPPED,
      purpose,
      webUtils.getPathForFile(file as Parameters<typeof webUtils.getPathForFile>[0]),
    ),
  print: async () => {
    await ipcRenderer.invoke(PRINT);
  },
  shield: (on) => {
    ipcRenderer.send(SHIELD, on);
  },
  subscribe: (listener) => {
    const hear = (_event: unknown, message: FaceMessage) => {
      listener(message);
    };
    ipcRenderer.on(MESSAGE, hear);
    return () => {
      ipcRenderer.off(MESSAGE, hear);
    };
  },
};
// This check runs in the page's own process and only limits what a foreign page sees; the sender of a call is checked in the main process.
const { location } = globalThis as unknown as { location: { href: string } };
if (location.href.startsWith(`${HOME}/`)) contextBridge.exposeInMainWorld('keymoot', bridge);
