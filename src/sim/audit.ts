/**
 * The audit: reads every write that takes effect on a disk, as a stranger would, and holds it against what Raft and the fold
 * promise.
 *
 * For each cluster: the term never goes back and a vote is never changed within it; at most one life of the node leads in a
 * term; an entry is stored under a term that was stored before it; what is committed never changes; nothing is committed
 * unsigned; the state goes no further than the durable log, and is what a replay of that log from its first entry gives; nothing is
 * sealed under a key that somebody knows who was put out. While a cluster has one voter, everything in its durable log is committed.
 * @module
 */
import { type Bytes, compare, decode, equal, fromU64be, keyOf, toHex } from '../core/bytes/bytes.ts'
import { checkedWhere } from '../core/cap/cap.ts'
import { type AuthenticatedMap, emptyMap, root, set } from '../core/merkle/merkle.ts'
import { type TreeState, batchSizeBytesMax, decodeBatch, examineBatch, knownSetOf } from '../core/tree/tree.ts'
import { entryWire } from '../core/message/message.ts'
import { checkpointWire, hardStateWire } from '../node/read/held-state.ts'
import { placePrefixSizeBytes } from '../node/place.ts'
import type { Change, Durability } from '../port/store.ts'
import type { SimulatedCrypto } from './crypto.ts'
import type { Disk } from './disk.ts'
import { SealingAudit } from './sealing.ts'

/** The kinds of rows of the `raft` table: the octet behind the place. */
const hardStateKind = 1
const checkpointKind = 2
const treeIdSizeBytes = 32

interface Witnessed {
  readonly treeId: Bytes
  term: number
  votedFor: string | null
  /** Which life has led in a term. */
  readonly leaders: Map<number, number>
  /** Committed entries since the checkpoint and before, by their index. */
  readonly entries: Map<number, { readonly value: Bytes; readonly term: number }>
  lastIndex: number
  checkpointIndex: number
  /** The state after each entry since the checkpoint, folded by nobody but this audit. */
  readonly states: Map<number, TreeState>
  stampMs: number
}

export interface AuditOptions {
  readonly crypto: SimulatedCrypto
  /** Which life of the node writes now. */
  readonly life: () => number
  readonly onViolation: (what: string) => void
  /** Whether a write of `raft` or `log` that is not strict is a violation by itself, before any power fails. */
  readonly isStrictAsked: boolean
}

export class Audit {
  readonly #options: AuditOptions
  readonly #clusters = new Map<string, Witnessed>()
  readonly #sealing: SealingAudit
  #entryCount = 0
  #signatureCount = 0

  constructor(disk: Disk, options: AuditOptions) {
    this.#options = options
    this.#sealing = new SealingAudit(options.onViolation)
    disk.observe((changes, durability) => this.#onWrite(changes, durability))
  }

  get entryCount(): number {
    return this.#entryCount
  }
  get signatureCount(): number {
    return this.#signatureCount
  }

  #onWrite(changes: readonly Change[], durability: Durability): void {
    const isRaft = changes.some(({ table }) => table === 'raft' || table === 'log')
    if (isRaft && durability !== 'strict' && this.#options.isStrictAsked)
      this.#violation('terms, votes and entries were written without waiting for the medium')
    // Within one write all is equally durable, so the term comes first, whatever the order.
    for (const change of changes)
      if (change.kind === 'put' && change.table === 'raft' && kindOf(change.key) === hardStateKind)
        this.#onHardState(change)
    for (const change of changes) if (change.kind === 'put' && change.table === 'log') this.#onEntry(change)
    for (const change of changes)
      if (change.kind === 'put' && change.table === 'raft' && kindOf(change.key) === checkpointKind)
        this.#onCheckpoint(change, changes)
    for (const change of changes) if (change.kind !== 'put' && change.table === 'log') this.#onForgotten(change)
  }

  #onHardState({ key, value }: Put): void {
    const cluster = this.#clusterAt(key)
    const next = decode(hardStateWire, value, 4096)
    if (!next.ok) return this.#violation('an unreadable hard state was stored')
    const { term, votedFor } = next.value
    if (term < cluster.term) this.#violation(`the term went back from ${cluster.term} to ${term}`)
    if (term === cluster.term && cluster.votedFor !== null && votedFor !== cluster.votedFor)
      this.#violation(`the vote of term ${term} was changed`)
    cluster.term = term
    cluster.votedFor = votedFor
  }

  #onEntry({ key, value }: Put): void {
    const cluster = this.#clusterAt(key)
    const decoded = decode(entryWire, value, batchSizeBytesMax + 64)
    const index = fromU64be(key, placePrefixSizeBytes)
    if (!decoded.ok || index === null || decoded.value.index !== index)
      return this.#violation('an unreadable entry was stored')
    const { term } = decoded.value
    const data = decoded.value.kind === 'command' ? (decoded.value.data as Bytes) : new Uint8Array()
    const known = cluster.entries.get(index)
    if (known !== undefined) {
      if (!equal(known.value, value)) this.#violation(`the committed entry ${index} changed`)
      return
    }
    if (index !== cluster.lastIndex + 1)
      return this.#violation(`entry ${index} was stored behind entry ${cluster.lastIndex}`)
    if (term > cluster.term) this.#violation(`entry ${index} of term ${term} was stored while term ${cluster.term} was`)
    if (term < (cluster.entries.get(index - 1)?.term ?? 0)) this.#violation(`entry ${index} is of an earlier term`)
    const life = this.#options.life()
    const leader = cluster.leaders.get(term) ?? life
    if (leader !== life) this.#violation(`lives ${leader} and ${life} both led in term ${term}`)
    cluster.leaders.set(term, leader)
    cluster.entries.set(index, { value, term })
    cluster.lastIndex = index
    this.#entryCount++
    this.#fold(cluster, index, data)
  }

  #fold(cluster: Witnessed, index: number, data: Bytes): void {
    const before = cluster.states.get(index - 1) ?? { treeId: cluster.treeId, map: emptyMap }
    cluster.states.set(index, before)
    if (data.length === 0) return
    const batch = decodeBatch(data)
    if (!batch.ok) return this.#violation(`entry ${index} holds no batch`)
    const claims = examineBatch(cluster.treeId, batch.value, (hash) => knownSetOf(before, hash))
    if (!claims.ok) return this.#violation(`entry ${index} does not pass gate 1: ${claims.fault.code}`)
    this.#signatureCount += claims.value.length
    const admitted = checkedWhere(batch.value, this.#options.crypto.verify(claims.value))
    if (!admitted.ok) return this.#violation(`entry ${index} was committed with a signature that is not valid`)
    if (batch.value.stampMs < cluster.stampMs) this.#violation(`the stamp of entry ${index} went back`)
    cluster.stampMs = batch.value.stampMs
    cluster.states.set(index, this.#sealing.fold(before, admitted.value))
  }

  #onCheckpoint({ key, value }: Put, changes: readonly Change[]): void {
    const cluster = this.#clusterAt(key)
    const decoded = decode(checkpointWire, value, 4096)
    if (!decoded.ok) return this.#violation('an unreadable checkpoint was stored')
    const { index, term, stateRoot } = decoded.value
    if (index < cluster.checkpointIndex)
      this.#violation(`the checkpoint went back from ${cluster.checkpointIndex} to ${index}`)
    if (index > cluster.lastIndex)
      return this.#violation(`the state was stored up to entry ${index}, the log only up to ${cluster.lastIndex}`)
    if (index === 0) cluster.states.set(0, { treeId: cluster.treeId, map: stateIn(changes, key) })
    else if (term !== cluster.entries.get(index)?.term) this.#violation(`the checkpoint at ${index} names term ${term}`)
    const replayed = cluster.states.get(index)
    if (replayed !== undefined && compare(root(replayed.map), stateRoot) !== 0)
      this.#violation(`the stored state at entry ${index} is not what a replay of the log gives`)
    cluster.checkpointIndex = index
    for (const old of cluster.states.keys()) if (old < index) cluster.states.delete(old)
  }

  #onForgotten(change: Exclude<Change, { kind: 'put' }>): void {
    const prefix = change.kind === 'delete' ? change.key : change.prefix
    if (prefix.length <= treeIdSizeBytes) {
      // The whole tree goes: it moved into another, or never arrived.
      for (const [name, { treeId }] of this.#clusters)
        if (prefix.every((octet, at) => treeId[at] === octet)) this.#clusters.delete(name)
      return
    }
    const cluster = this.#clusterAt(prefix)
    const index =
      change.kind === 'delete' ? fromU64be(change.key, placePrefixSizeBytes) : change.from && fromU64be(change.from)
    if (change.kind === 'deleteAll' && typeof index === 'number' && index > cluster.lastIndex) return
    if (change.kind === 'delete' && typeof index === 'number' && index <= cluster.checkpointIndex) return
    this.#violation(
      `committed entries of ${toHex(cluster.treeId).slice(0, 8)} were deleted that no checkpoint stands for`,
    )
  }

  #clusterAt(key: Bytes): Witnessed {
    const name = keyOf(key.subarray(0, placePrefixSizeBytes))
    let cluster = this.#clusters.get(name)
    if (cluster === undefined) {
      cluster = {
        treeId: key.slice(0, treeIdSizeBytes),
        term: 0,
        votedFor: null,
        leaders: new Map(),
        entries: new Map(),
        lastIndex: 0,
        checkpointIndex: 0,
        states: new Map(),
        stampMs: 0,
      }
      this.#clusters.set(name, cluster)
    }
    return cluster
  }

  /** A tree's state after its last committed entry; null for a tree that is not on the disk. */
  stateOf(treeIdHex: string): TreeState | null {
    for (const { treeId, states, lastIndex } of this.#clusters.values())
      if (toHex(treeId) === treeIdHex) return states.get(lastIndex) ?? { treeId, map: emptyMap }
    return null
  }

  #violation(what: string): void {
    this.#options.onViolation(what)
  }
}

type Put = Extract<Change, { kind: 'put' }>

const kindOf = (key: Bytes): number | undefined => (key.length === placePrefixSizeBytes + 1 ? key.at(-1) : undefined)

/** The rows of a state that is written whole. */
function stateIn(changes: readonly Change[], at: Bytes): AuthenticatedMap {
  const place = keyOf(at.subarray(0, placePrefixSizeBytes))
  let map = emptyMap
  for (const change of changes)
    if (change.kind === 'put' && change.table === 'state' && keyOf(change.key).startsWith(place))
      map = set(map, change.key.slice(placePrefixSizeBytes), change.value)
  return map
}
