/** Who sits where in a ceremony, as its definition says (resources/formats/audit-log.md, section 12): all that the quorum asks of one. */
import { z } from 'zod';
import { parseCanonical } from '../../../../shared/canonical.ts';
import { Uuid, text } from '../../../../shared/domain/basics.ts';

/** Bytes that a definition may have. */
export const MAX_DEFINITION = 2 ** 20;

// Other members are there and don't matter here.
const Seat = z.object({ seat: text(32), person: Uuid });
const Seats = z.object({
  seats: z.array(Seat),
  substitutes: z.array(Seat),
  steps: z.array(z.object({ id: text(32), kind: text(32), seats: z.array(text(32)) })),
});
type Seats = z.infer<typeof Seats>;
type Swap = { person: string; seat: string } | undefined;

export class Seating {
  readonly #says: Seats;
  readonly #sits: Map<string, string>;

  constructor(says: Seats) {
    this.#says = says;
    this.#sits = new Map(says.seats.map(({ seat, person }) => [seat, person]));
  }
  /** A substitute sits down, if the definition names them at that seat. */
  sit(swap: Swap): void {
    const named = this.#says.substitutes.some(
      ({ seat, person }) => seat === swap?.seat && person === swap.person,
    );
    if (named && swap !== undefined) this.#sits.set(swap.seat, swap.person);
  }
  get people(): string[] {
    return [...this.#sits.values()];
  }
  /** A step: its kind, how many seats it has, and who sits there now. */
  at(step: string): { kind: string; seats: number; people: string[] } | undefined {
    const found = this.#says.steps.find(({ id }) => id === step);
    if (found === undefined) return undefined;
    const seats = new Set(found.seats);
    const people = [...seats].flatMap((seat) => this.#sits.get(seat) ?? []);
    return { kind: found.kind, seats: seats.size, people };
  }
}

/** Undefined when these bytes are no definition. */
export const seatingIn = (bytes: Uint8Array): Seating | undefined => {
  if (bytes.length > MAX_DEFINITION) return undefined;
  try {
    return new Seating(Seats.parse(parseCanonical(bytes)));
  } catch {
    return undefined; // not canonical, or not of this form
  }
};
