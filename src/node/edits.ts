/**
 * Edits of a content: which sectors they touch, and what those hold afterwards. Nothing else of it is looked at, however large it is.
 * @module
 */
import { type ByteRange, type Bytes, RefusedError, refused } from '../core/bytes/bytes.ts'
import { type Body, sectorCountOf, sectorSizeBytes } from '../core/block/block.ts'
import type { Edit } from './api.ts'

/** What a body becomes. */
export interface Rewriting {
  readonly base: Body
  /** In the order in which they are made. */
  readonly edits: readonly PlacedEdit[]
  /** Of what it becomes. */
  readonly sizeBytes: number
}

interface PlacedEdit extends ByteRange {
  readonly content: { slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> } }
}

/** Sectors that stand together. */
export interface Run {
  readonly firstIndex: number
  readonly sectorCount: number
  /** Those that touch them, in their order. */
  readonly edits: readonly PlacedEdit[]
}

/** Throws RefusedError for a place or a size that no file can have. */
export function rewritingOf(base: Body, edits: readonly Edit[], sizeBytes: number | null): Rewriting {
  let endByte = base.sizeBytes
  const placed = edits.map(({ startByte, content }): PlacedEdit => {
    const start = startByte ?? endByte
    const edit = { startByte: start, endByte: start + content.size, content }
    if (!isSize(start) || !isSize(edit.endByte)) throw rangeWrong()
    if (content.size > 0) endByte = Math.max(endByte, edit.endByte)
    return edit
  })
  if (sizeBytes !== null && !isSize(sizeBytes)) throw rangeWrong()
  return { base, edits: placed, sizeBytes: sizeBytes ?? endByte }
}

/** Whether it is the same body afterwards. */
export const isIdle = (rewriting: Rewriting): boolean =>
  rewriting.sizeBytes === rewriting.base.sizeBytes && runsOf(rewriting, 1).length === 0

/** The sectors that are sealed anew, ascending. @param sectorCountMax of a run */
export function runsOf({ base, edits, sizeBytes }: Rewriting, sectorCountMax: number): readonly Run[] {
  const touched: { readonly start: number; readonly end: number }[] = edits
    .map(({ startByte, endByte }) => ({ startByte, endByte: Math.min(endByte, sizeBytes) }))
    .filter(({ startByte, endByte }) => startByte < endByte)
    .map(({ startByte, endByte }) => ({ start: Math.floor(startByte / sectorSizeBytes), end: sectorCountOf(endByte) }))
  if (sizeBytes !== base.sizeBytes) {
    // With the sector that ends it a body has a root that no other had; and what ended in the middle of one ends there no more.
    if (sizeBytes > 0) touched.push(lastOf(sizeBytes))
    const firstNew = sectorCountOf(base.sizeBytes)
    const isSealed = touched.some(({ start, end }) => start <= firstNew && firstNew < end)
    // A page of what was there and of holes would be that of every version which goes on from here.
    const isOpen = base.sizeBytes % sectorSizeBytes > 0 || !isSealed
    if (base.sizeBytes > 0 && base.sizeBytes < sizeBytes && isOpen) touched.push(lastOf(base.sizeBytes))
  }
  const runs: Omit<Run, 'edits'>[] = []
  let next = 0
  for (const { start, end } of touched.toSorted((one, other) => one.start - other.start))
    for (next = Math.max(next, start); next < end;) {
      const last = runs.at(-1)
      const isLonger =
        last !== undefined && last.firstIndex + last.sectorCount === next && last.sectorCount < sectorCountMax
      const sectorCount = Math.min(end - next, isLonger ? sectorCountMax - last.sectorCount : sectorCountMax)
      if (isLonger) runs[runs.length - 1] = { ...last, sectorCount: last.sectorCount + sectorCount }
      else runs.push({ firstIndex: next, sectorCount })
      next += sectorCount
    }
  return withEdits(runs, edits)
}

/** Each edit is looked at where it is, and nowhere else: both may be many. */
function withEdits(runs: readonly Omit<Run, 'edits'>[], edits: readonly PlacedEdit[]): readonly Run[] {
  const touching: PlacedEdit[][] = runs.map(() => [])
  const startOf = (at: number): number => runs[at]!.firstIndex * sectorSizeBytes
  const endOf = (at: number): number => startOf(at) + runs[at]!.sectorCount * sectorSizeBytes
  for (const edit of edits) {
    let first = 0
    for (let end = runs.length; first < end;) {
      const middle = (first + end) >>> 1
      if (endOf(middle) <= edit.startByte) first = middle + 1
      else end = middle
    }
    for (let at = first; at < runs.length && startOf(at) < edit.endByte; at++) touching[at]!.push(edit)
  }
  return runs.map((run, at) => ({ ...run, edits: touching[at]! }))
}

const lastOf = (sizeBytes: number) => ({ start: sectorCountOf(sizeBytes) - 1, end: sectorCountOf(sizeBytes) })

/**
 * What a run holds afterwards.
 * @param read octets of the base; asked only for sectors that are not wholly written over
 */
export async function composed(
  { base, sizeBytes }: Rewriting,
  { firstIndex, sectorCount, edits }: Run,
  read: (startByte: number, endByte: number) => Promise<ArrayBuffer>,
): Promise<Bytes> {
  const runStart = firstIndex * sectorSizeBytes
  const runEnd = Math.min(runStart + sectorCount * sectorSizeBytes, sizeBytes)
  const whole = new Uint8Array(runEnd - runStart)
  for (let start = runStart; start < runEnd; start += sectorSizeBytes) {
    const end = Math.min(start + sectorSizeBytes, base.sizeBytes, sizeBytes)
    const isCovered = edits.some(({ startByte, endByte }) => startByte <= start && endByte >= end)
    if (start < end && !isCovered) whole.set(new Uint8Array(await read(start, end)), start - runStart)
  }
  for (const { startByte, endByte, content } of edits) {
    const [start, end] = [Math.max(startByte, runStart), Math.min(endByte, runEnd)]
    if (start >= end) continue
    const octets = await content.slice(start - startByte, end - startByte).arrayBuffer()
    whole.set(new Uint8Array(octets), start - runStart)
  }
  return whole
}

const isSize = (value: number): boolean => Number.isSafeInteger(value) && value >= 0

const rangeWrong = (): RefusedError =>
  new RefusedError(refused('rangeWrong', 'No file can be that large, or have a part at that place.').fault)
