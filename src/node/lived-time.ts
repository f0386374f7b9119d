/**
 * How long ago something was, as far as this device can vouch for it.
 *
 * A clock may be wrong by years, and nobody is there to ask. So between two starts at most a day counts as lived; what the clock
 * says beyond that is a leap, and no leap makes anything old enough to be deleted (design §6, time). A device that was off for
 * a month keeps its trash for longer than it said; one whose clock is wrong keeps it too.
 * @module
 */
import { type Decoded, decode, encode, listOf, must, record, tuple, u53, utf8 } from '../core/bytes/bytes.ts'
import type { StorePort, StoreReader } from '../port/store.ts'

const dayMs = 24 * 60 * 60 * 1000

const leapCountMax = 64
const livedTimeWire = record('livedTime', 1, {
  lastStartMs: u53,
  /** In the order in which they were noticed: when, and by how much more than a day. */
  leaps: listOf(tuple({ atMs: u53, sizeMs: u53 }), leapCountMax),
})
export type LivedTime = Decoded<typeof livedTimeWire>

/** @param before null at the first start of a profile */
export function startedAt(before: LivedTime | null, nowMs: number): LivedTime {
  if (before === null) return { lastStartMs: nowMs, leaps: [] }
  const sizeMs = nowMs - before.lastStartMs - dayMs
  const leaps = sizeMs > 0 ? [...before.leaps, { atMs: nowMs, sizeMs }] : before.leaps
  return { lastStartMs: nowMs, leaps: leaps.length > leapCountMax ? firstTwoMerged(leaps) : leaps }
}

/** As one leap at the later moment they take more off what lies between them, and so delete nothing earlier. */
function firstTwoMerged([first, second, ...rest]: LivedTime['leaps']): LivedTime['leaps'] {
  return [{ atMs: Math.max(first!.atMs, second!.atMs), sizeMs: first!.sizeMs + second!.sizeMs }, ...rest]
}

/** Milliseconds lived since `sinceMs`; negative where a clock that was ahead gave that moment. */
export const livedSince = ({ leaps }: LivedTime, sinceMs: number, nowMs: number): number =>
  leaps.reduce((ageMs, { atMs, sizeMs }) => (sinceMs < atMs && atMs <= nowMs ? ageMs - sizeMs : ageMs), nowMs - sinceMs)

const livedTimeKey = utf8('livedTime')
const rowSizeBytesMax = 4096

export async function readLivedTime(store: StoreReader): Promise<LivedTime | null> {
  const row = await store.read('node', livedTimeKey)
  return row === null ? null : must(decode(livedTimeWire, row, rowSizeBytesMax))
}

export const writeLivedTime = (store: StorePort, lived: LivedTime): Promise<void> =>
  store.write([{ kind: 'put', table: 'node', key: livedTimeKey, value: encode(livedTimeWire, lived) }], 'relaxed')
