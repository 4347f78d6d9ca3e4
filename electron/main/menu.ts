/** The menu: the commands that work without the page. */
import { app, type BrowserWindow, dialog, Menu, type MenuItemConstructorOptions } from 'electron';
import type { FaceInfo } from '../../shared/window/bridge.ts';

const ZOOMS = [100, 110, 125, 150, 175, 200];

export interface MenuActions {
  window: BrowserWindow;
  face: FaceInfo;
  developer: boolean;
  print: () => void;
  /** Shows the data folder in the desktop's file manager. */
  openFolder: () => void;
  show: (route: string) => void;
  help: () => void;
  zoom: () => number;
  setZoom: (percent: number) => void;
}

const about = ({ window, face }: MenuActions): void => {
  const { electron, chrome, node } = process.versions;
  void dialog.showMessageBox(window, {
    type: 'info',
    title: 'About Keymoot',
    message: `Keymoot ${app.getVersion()}`,
    detail: [
      'A desk for key ceremonies.',
      '',
      `Window: ${face.name} ${face.version}`,
      face.why,
      `Electron ${electron}, Chromium ${chrome}, Node ${node}`,
      face.sandboxed ? 'The browser’s sandbox is on.' : 'The browser’s sandbox is OFF.',
    ].join('\n'),
    buttons: ['Close'],
  });
};

export const installMenu = (actions: MenuActions): void => {
  const step = (by: 1 | -1) => () => {
    const at = ZOOMS.findIndex((percent) => percent >= actions.zoom());
    const next =
      ZOOMS[Math.min(Math.max((at < 0 ? ZOOMS.length - 1 : at) + by, 0), ZOOMS.length - 1)];
    actions.setZoom(next ?? 100);
  };
  const mac = process.platform === 'darwin';
  const aboutItem: MenuItemConstructorOptions = {
    label: 'About Keymoot',
    click: () => {
      about(actions);
    },
  };
  const template: MenuItemConstructorOptions[] = [
    ...(mac
      ? [
          {
            label: 'Keymoot',
            submenu: [aboutItem, { type: 'separator' as const }, { role: 'quit' as const }],
          },
        ]
      : []),
    {
      label: '&File',
      submenu: [
        { label: '&Open data folder…', click: actions.openFolder },
        {
          label: '&Export log…',
          click: () => {
            actions.show('audit/export');
          },
        },
        { type: 'separator' },
        {
          label: '&Print…',
          accelerator: 'CmdOrCtrl+P',
          click: actions.print,
        },
        { type: 'separator' },
        mac ? { role: 'close' } : { role: 'quit', label: '&Close Keymoot' },
      ],
    },
    {
      label: '&Edit',
      submenu: [
        { role: 'undo' },
        { role: 'redo' },
        { type: 'separator' },
        { role: 'cut' },
        { role: 'copy' },
        { role: 'paste' },
        { role: 'selectAll' },
      ],
    },
    {
      label: '&View',
      submenu: [
        { label: 'Zoom &in', accelerator: 'CmdOrCtrl+Plus', click: step(1) },
        // The same key without Shift, on keyboards where plus needs it.
        {
          label: 'Zoom in',
          accelerator: 'CmdOrCtrl+=',
          visible: false,
          acceleratorWorksWhenHidden: true,
          click: step(1),
        },
        { label: 'Zoom &out', accelerator: 'CmdOrCtrl+-', click: step(-1) },
        {
          label: '&Actual size',
          accelerator: 'CmdOrCtrl+0',
          click: () => {
            actions.setZoom(100);
          },
        },
        { type: 'separator' },
        { role: 'togglefullscreen' },
        {
          label: '&Reload the window (everybody present leaves)',
          accelerator: 'CmdOrCtrl+R',
          click: () => {
            actions.window.webContents.reload();
          },
        },
        ...(actions.developer ? [{ role: 'toggleDevTools' as const }] : []),
      ],
    },
    {
      label: '&Help',
      // The page handles this key itself; registered here, the key would not reach it.
      submenu: [
        {
          label: '&Help on this screen',
          accelerator: 'F1',
          registerAccelerator: false,
          click: actions.help,
        },
        ...(mac ? [] : [{ type: 'separator' as const }, aboutItem]),
      ],
    },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
};
