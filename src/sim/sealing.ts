/**
 * Keys that a device knows which was put out, as a stranger counts them: nothing that comes after it lies under one of them.
 *
 * It asks none of the rules by which the fold refuses such a thing. Whoever is put out may know each key that was in force at that
 * moment in the places whose keys are sealed to it, and in all below. Every batch is folded here, and of what was taken in it each
 * content, name and key has to lie under a later one.
 * @module
 */
import { equal, keyOf, toHex } from '../core/bytes/bytes.ts'
import type { SignedRecord } from '../core/block/block.ts'
import { type Checked, readersOf } from '../core/cap/cap.ts'
import type { Principal } from '../core/crypto/crypto.ts'
import { entries } from '../core/merkle/merkle.ts'
import { type BlockId, blockIdOf, parentPath } from '../core/path/path.ts'
import {
  type Batch,
  type Operation,
  type TreeState,
  accessOf,
  contentOf,
  decodeRow,
  deviceOf,
  entryOf,
  foldBatch,
  parentOf,
  rowKind,
  sharedUntilMs,
} from '../core/tree/tree.ts'
import { idText } from '../node/read/view.ts'

/** One that was put out. */
export interface PutOut {
  readonly principal: Principal
  readonly atMs: number
  /** The tree as it was then. */
  readonly state: TreeState
  /** Ids of blocks that got a content since, and of such as got a name. */
  readonly written: Set<string>
  readonly named: Set<string>
  /** The newest key of a block that it may know; 0: none. */
  knownEpoch(block: BlockId): number
}

export class SealingAudit {
  readonly #onViolation: (what: string) => void
  /** In whatever generation; the same device may have been put out in two of which neither knew of the other. */
  readonly #all: PutOut[] = []

  constructor(onViolation: (what: string) => void) {
    this.#onViolation = onViolation
  }

  /** Those of whom a state of the tree knows. */
  putOutIn(state: TreeState): readonly PutOut[] {
    return this.#all.filter(
      ({ principal, atMs, state: then }) =>
        // Two generations may have put the same one out with the same stamp.
        deviceOf(state, principal)?.dismissed?.atMs === atMs && atMs <= sharedUntilMs(then, state),
    )
  }

  fold(before: TreeState, batch: Checked<Batch>): TreeState {
    const { state, outcomes } = foldBatch(before, batch)
    const { operations } = batch
    if (this.#all.length === 0 && !operations.some(({ tag }) => tag === 'dismiss')) return state
    const judged = [...this.putOutIn(before)]
    const newest = new Map<string, SignedRecord>()
    for (const [at, operation] of operations.entries()) {
      const outcome = outcomes[at]!
      if (!outcome.ok || outcome.repeated) continue
      if (operation.tag === 'dismiss') {
        const { device: principal } = operation.value.dismissal.fields
        const then = foldBatch(before, { ...batch, operations: operations.slice(0, at) }).state
        const one = putOut(principal, deviceOf(state, principal)!.dismissed!.atMs, then)
        this.#all.push(one)
        judged.push(one)
      }
      for (const signed of recordsOf(operation)) {
        const name = nameOf(signed)
        for (const one of judged) this.#judge(one, signed, newest.get(name) ?? previousOf(before, signed))
        newest.set(name, signed)
      }
    }
    return state
  }

  #judge(one: PutOut, signed: SignedRecord, previous: SignedRecord | null): void {
    const judgeKey = (what: string, block: BlockId, keyEpoch: number): void => {
      if (keyEpoch <= one.knownEpoch(block))
        this.#onViolation(
          `${what} lies under key ${keyEpoch} of ${idText(block)}, which ${shortOf(one)} knows, who was put out`,
        )
    }
    switch (signed.kind) {
      case 'content': {
        const { path, keyEpoch, bodyRoot } = signed.fields
        const block = blockIdOf(path)
        judgeKey('a content', block, keyEpoch)
        if (previous?.kind !== 'content' || !equal(previous.fields.bodyRoot, bodyRoot)) one.written.add(idText(block))
        return
      }
      case 'entry': {
        const { parent, child, sealedName, nameKeyEpoch } = signed.fields
        if (previous?.kind === 'entry' && equal(previous.fields.sealedName, sealedName)) return
        judgeKey(`the name of ${idText(child)}`, blockIdOf(parent), nameKeyEpoch)
        one.named.add(idText(child))
        return
      }
      case 'access': {
        const { path, keyEpoch, parentKeyEpoch, wrappedKey, readcaps } = signed.fields
        // One that leaves the key as it is gives nobody anything new to keep from whom was put out.
        if (previous?.kind === 'access' && previous.fields.keyEpoch === keyEpoch) return
        const block = blockIdOf(path)
        judgeKey('the next key', block, keyEpoch)
        const parent = parentPath(path)
        if (wrappedKey !== null && parent !== null)
          judgeKey(`the key of ${idText(block)}`, blockIdOf(parent), parentKeyEpoch)
        if (isAmong(readersOf(readcaps), one.principal))
          this.#onViolation(`the key of ${idText(block)} is sealed to ${shortOf(one)}, who was put out`)
      }
    }
  }
}

const shortOf = ({ principal }: PutOut): string => toHex(principal).slice(0, 6)

function putOut(principal: Principal, atMs: number, state: TreeState): PutOut {
  const given = new Set<string>()
  for (const [row, octets] of entries(state.map, Uint8Array.of(rowKind.access))) {
    const { readcaps } = decodeRow('access', octets).fields
    if (isAmong(readersOf(readcaps), principal)) given.add(keyOf(row.slice(1)))
  }
  const isInReach = (block: BlockId): boolean => {
    for (let at: BlockId | null = block; at !== null; at = parentOf(state, at)) if (given.has(keyOf(at))) return true
    return false
  }
  const epochs = new Map<string, number>()
  const knownEpoch = (block: BlockId): number => {
    const name = keyOf(block)
    const known = epochs.get(name) ?? (isInReach(block) ? (accessOf(state, block)?.fields.keyEpoch ?? 0) : 0)
    epochs.set(name, known)
    return known
  }
  return { principal, atMs, state, written: new Set(), named: new Set(), knownEpoch }
}

const isAmong = (readers: readonly Principal[], principal: Principal): boolean =>
  readers.some((reader) => equal(reader, principal))

function recordsOf({ tag, value }: Operation): readonly SignedRecord[] {
  if (tag === 'change') return value.records
  if (tag === 'admit') return [value.access]
  return tag === 'takeOver' ? [value.rootAccess] : []
}

const blockOf = (signed: SignedRecord): BlockId =>
  signed.kind === 'entry' || signed.kind === 'removal' ? signed.fields.child : blockIdOf(signed.fields.path)
const nameOf = (signed: SignedRecord): string => `${signed.kind} ${keyOf(blockOf(signed))}`

function previousOf(state: TreeState, signed: SignedRecord): SignedRecord | null {
  const block = blockOf(signed)
  switch (signed.kind) {
    case 'content':
      return contentOf(state, block)?.content ?? null
    case 'entry':
      return entryOf(state, block)?.entry ?? null
    case 'access':
      return accessOf(state, block)
    case 'removal':
      return null
  }
}
