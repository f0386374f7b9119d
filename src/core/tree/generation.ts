/**
 * Generations: the lives of a cluster's log, one after the other (design §7).
 *
 * A take-over ends one and begins the next, on top of a state of the one before. Devices that were not there, even the one that
 * decided until then, may have gone on in the old one; two devices may have taken over without knowing of each other. So the number
 * of a generation says more than how many came before: its lower half is drawn from what the root signed, and of two the higher
 * one holds. Everybody finds the same, and no two logs ever have one number.
 * @module
 */
import { type Bytes, type Decoded, decode, equal, keyOf, must } from '../bytes/bytes.ts'
import { digest } from '../crypto/crypto.ts'
import { entries } from '../merkle/merkle.ts'
import { type Operation, takeOverBodyWire } from './batch.ts'
import { type TakeOverRow, type TreeState, decodeRow, keys, readRow, takeOverSizeBytesMax } from './state.ts'

/** What the draw takes of a number. */
const drawCount = 2 ** 32

/** Of a tree that nobody has taken over yet. */
export const firstGeneration = 1

/** The generation that a take-over begins over a state of another. */
export function nextGeneration(generation: number, stateRoot: Bytes, writecapHash: Bytes): number {
  const hash = digest('blocktree/1/generation', stateRoot, writecapHash)
  return ordinalOf(generation) * drawCount + new DataView(hash.buffer, hash.byteOffset).getUint32(0)
}

/** Which generation begins with an operation. */
export const generationOf = (first: Operation): number =>
  first.tag === 'takeOver' ? bodyOf(first.value).generation : firstGeneration

/** What the root signed for a generation; null where the state does not have it. */
export function takeOverIn(state: TreeState, generation: number): TakeOverBody | null {
  const row = readRow(state, 'takeOver', keys.takeOver(generation))
  return row === null ? null : bodyOf(row)
}

/** How many generations there are up to one; 1 for the first. */
export const ordinalOf = (generation: number): number => Math.floor(generation / drawCount) + 1

export type TakeOverBody = Decoded<typeof takeOverBodyWire>

const bodyOf = ({ body }: Pick<TakeOverRow, 'body'>): TakeOverBody =>
  must(decode(takeOverBodyWire, body, takeOverSizeBytesMax))

/**
 * Stamp up to which two states have one history: what is stamped later in either is unknown to the other.
 * @returns Infinity where one of them goes on from the other
 */
export function sharedUntilMs(one: TreeState, other: TreeState): number {
  const unshared = [...takeOversBeside(one, other), ...takeOversBeside(other, one)]
  return Math.min(...unshared.map((row) => bodyOf(row).stampMs))
}

function takeOversBeside(one: TreeState, other: TreeState): readonly TakeOverRow[] {
  const known = new Map([...entries(other.map, keys.takeOvers)].map(([key, octets]) => [keyOf(key), octets]))
  return [...entries(one.map, keys.takeOvers)].flatMap(([key, octets]) => {
    const same = known.get(keyOf(key))
    return same !== undefined && equal(same, octets) ? [] : [decodeRow('takeOver', octets)]
  })
}
