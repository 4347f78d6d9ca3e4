/** Exports: a key goes to a provider, wrapped inside its token, across an air gap (design 04). */
import { ExportList } from './list.tsx';
import { Job } from './job.tsx';
import { RequestExport } from './request.tsx';

export const help = [
  'An export brings a copy of a key to AWS KMS. The key is wrapped inside its token under a wrapping key of AWS; it is never readable on this computer.',
  'It crosses the gap twice. Carry in: on a connected machine you run the commands shown, and bring params.json here. Carry out: the package goes back there, and import.sh imports it.',
  'The wrapping key is what an attacker would exchange. So its fingerprint is written down by hand on the connected machine, and two people compare it here, group by group. The second person types words that the desk picks, so that nobody only nods.',
  'The parameters of AWS hold for 24 hours. The time left is always shown. After it, nothing is wrapped any more, and fresh parameters are fetched.',
  'The token is tested before anything is fetched and again before it wraps: it wraps a known value, and the result is opened here. SoftHSM does OAEP with SHA-1 only; NSS does SHA-256.',
  'Only an active AES-256 key that was made for export can go. Whether a key may ever leave its token is decided when it is made, and can’t be changed later.',
  'AWS gives no proof that it holds the right key. The package says what was checked instead.',
] as const;

export const Screen = ({ route }: { route: readonly string[] }) => {
  const [first] = route;
  if (first === 'new') return <RequestExport />;
  if (first !== undefined && first !== '') return <Job key={first} id={first} />;
  return <ExportList />;
};
