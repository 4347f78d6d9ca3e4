/** Where the Electron page is, and the names under which its preload and the main process talk, and how the face introduces itself. */
export const REQUEST = 'keymoot:request';
export const ASK_FILE = 'keymoot:ask-file';
export const DROPPED = 'keymoot:dropped';
export const PRINT = 'keymoot:print';
export const SHIELD = 'keymoot:shield';
export const MESSAGE = 'keymoot:message';
/** Followed by FaceInfo as JSON in base64url, among the page process's arguments. */
export const FACE_ARGUMENT = '--keymoot-face=';
/** Nothing listens there: port 9 takes an administrator to open, and discards by its name. */
export const DEAD_PROXY = 'http://127.0.0.1:9';
export const SCHEME = 'keymoot';
export const HOME = `${SCHEME}://desk`;
/** The answer to a message that can't be sent: its content can't be cloned out of the page. */
export const UNSENDABLE = {
  ok: false,
  error: {
    code: 'message-malformed',
    message: 'The message is not one of ours. Nothing was done.',
  },
};
