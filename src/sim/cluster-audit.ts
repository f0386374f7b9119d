/**
 * What may never be so among devices that share a tree, whatever happens to them: read off every frame that is sent and every
 * write that takes effect.
 *
 * In each generation nobody leads in a term beside another; a vote is given once in a term, and a term never goes back on a disk; two
 * entries of one index and term are the same, and pass gate 1; states of one index are the same, and what a replay of the log gives;
 * nothing is sealed under a key that somebody knows who was put out. A disk never goes back to an earlier generation.
 * @module
 */
import { type Bytes, decode, toHex } from '../core/bytes/bytes.ts'
import type { Checked } from '../core/cap/cap.ts'
import { sha256 } from '../core/crypto/crypto.ts'
import { emptyMap, root, set } from '../core/merkle/merkle.ts'
import { decodeControl, entryWire } from '../core/message/message.ts'
import { type Batch, type TreeState, decodeBatch, examineOperation } from '../core/tree/tree.ts'
import { placePrefixSizeBytes } from '../node/place.ts'
import { checkpointWire, hardStateWire, identityWire } from '../node/read/held-state.ts'
import type { Lane } from '../port/net.ts'
import type { Change } from '../port/store.ts'
import type { SimulatedCrypto } from './crypto.ts'
import type { Disk } from './disk.ts'
import { type PutOut, SealingAudit } from './sealing.ts'

const hardStateKind = 1
const checkpointKind = 2
const identityKind = 3
const sizeBytesMax = 2 * 1024 * 1024

/** What a device has in its log, by index; null for an entry without a batch. */
type Log = Map<number, Checked<Batch> | null>

/** How far a generation is known to be committed, and the state there. */
interface Line {
  index: number
  state: TreeState
}

export class ClusterAudit {
  readonly #treeId: string
  readonly #onViolation: (what: string) => void
  readonly #leaders = new Map<string, string>()
  readonly #votes = new Map<string, string>()
  readonly #entries = new Map<string, string>()
  readonly #roots = new Map<string, string>()
  readonly #lines = new Map<number, Line>()
  /** By the names of the devices. */
  readonly #logs = new Map<string, Log>()
  readonly #sealing: SealingAudit
  entryCount = 0

  readonly #treeIdOctets: Bytes
  readonly #crypto: SimulatedCrypto

  constructor(treeId: Bytes, crypto: SimulatedCrypto, onViolation: (what: string) => void) {
    this.#treeId = toHex(treeId)
    this.#treeIdOctets = treeId
    this.#crypto = crypto
    this.#onViolation = onViolation
    this.#sealing = new SealingAudit(onViolation)
  }

  /** Reads along on a disk, beginning with what is there. */
  observe(name: string, disk: Disk): void {
    let term = 0
    let votedFor: string | null = null
    let generation = 0
    const log: Log = new Map()
    this.#logs.set(name, log)
    const onWrite = (changes: readonly Change[], isWhole: boolean): void => {
      let committed = 0
      const ofTree = changes.flatMap((change) =>
        change.kind === 'put' && toHex(change.key.subarray(0, 32)) === this.#treeId ? [change] : [],
      )
      const ofRaft = ofTree.filter(({ table, key }) => table === 'raft' && key.length === placePrefixSizeBytes + 1)
      for (const { value } of ofRaft.filter(({ key }) => key.at(-1) === identityKind)) {
        const identity = decode(identityWire, value, 4096)
        if (!identity.ok) return this.#onViolation(`${name}: an unreadable identity was stored`)
        if (identity.value.generation < generation) this.#onViolation(`${name} went back to an earlier generation`)
        // Another generation has another log.
        if (identity.value.generation !== generation) [term, votedFor] = [0, null]
        generation = identity.value.generation
      }
      if (isWhole) log.clear()
      for (const change of ofTree) {
        if (change.table === 'log') this.#onEntry(generation, log, change)
        if (!ofRaft.includes(change)) continue
        if (change.key.at(-1) === checkpointKind) {
          const index = this.#onCheckpoint(name, generation, change.value)
          // At its beginning a generation has been written whole, too.
          if ((isWhole || index === 0) && !this.#lines.has(generation))
            this.#lines.set(generation, { index, state: this.#stateIn(ofTree) })
          committed = Math.max(committed, index)
        }
        if (change.key.at(-1) !== hardStateKind) continue
        const next = decode(hardStateWire, change.value, 4096)
        if (!next.ok) return this.#onViolation(`${name}: an unreadable hard state was stored`)
        const { value } = next
        if (value.term < term) this.#onViolation(`${name}: the term went back from ${term} to ${value.term}`)
        if (value.term === term && votedFor !== null && value.votedFor !== votedFor)
          this.#onViolation(`${name}: the vote of term ${term} was changed`)
        term = value.term
        votedFor = value.votedFor
        committed = Math.max(committed, value.commitIndex)
      }
      this.#follow(generation, log, committed)
    }
    const held = (['raft', 'log', 'state'] as const).flatMap((table) =>
      [...disk.rows(table, this.#treeIdOctets)].map(({ key, value }): Change => ({ kind: 'put', table, key, value })),
    )
    onWrite(held, held.length > 0)
    disk.observe((changes) =>
      onWrite(
        changes,
        changes.some((change) => this.#isOfWholeLog(change)),
      ),
    )
  }

  /** A snapshot takes the place of state and log. */
  #isOfWholeLog(change: Change): boolean {
    if (change.kind !== 'deleteAll' || change.table !== 'log' || change.from !== undefined) return false
    return toHex(change.prefix.subarray(0, 32)) === this.#treeId
  }

  #stateIn(changes: readonly Put[]): TreeState {
    let map = emptyMap
    for (const { table, key, value } of changes)
      if (table === 'state') map = set(map, key.slice(placePrefixSizeBytes), value)
    return { treeId: this.#treeIdOctets, map }
  }

  /** Folds what a log has up to an index, as far as nobody else's had it. */
  #follow(generation: number, log: Log, index: number): void {
    const line = this.#lines.get(generation)
    if (line === undefined) return
    while (line.index < index && log.has(line.index + 1)) {
      const batch = log.get(++line.index)!
      if (batch !== null) line.state = this.#sealing.fold(line.state, batch)
    }
    for (const known of log.keys()) if (known <= line.index) log.delete(known)
  }

  /** A generation as far as it is known to be committed, and who was put out there. */
  endOf(generation: number): { readonly state: TreeState; readonly putOut: readonly PutOut[] } {
    const { state } = this.#lines.get(generation)!
    return { state, putOut: this.#sealing.putOutIn(state) }
  }

  /** Of the network. */
  readonly tap = (lane: Lane, frame: Uint8Array): void => {
    if (lane !== 'control') return
    const decoded = decodeControl(frame)
    if (!decoded.ok || decoded.value.body.tag !== 'raft') return
    const message = decoded.value.body.value
    const { generation } = decoded.value
    if (message.kind === 'voteResponse' && message.isGranted) this.#onVote(message.from, message.term, message.to)
    if (message.kind !== 'append' && message.kind !== 'heartbeat' && message.kind !== 'snapshot') return
    const at = `${generation} ${message.term}`
    const leader = this.#leaders.get(at)
    if (leader === undefined) this.#leaders.set(at, message.from)
    else if (leader !== message.from)
      this.#onViolation(`${leader.slice(0, 6)} and ${message.from.slice(0, 6)} both lead in term ${message.term}`)
  }

  #onVote(voter: string, term: number, candidate: string): void {
    const at = `${voter} ${term}`
    const known = this.#votes.get(at)
    if (known === undefined) this.#votes.set(at, candidate)
    else if (known !== candidate) this.#onViolation(`${voter.slice(0, 6)} voted twice in term ${term}`)
  }

  /** A device says at which state it is. */
  onState(name: string, generation: number, index: number, stateRoot: string): void {
    const at = `${generation} ${index}`
    const known = this.#roots.get(at)
    if (known === undefined) this.#roots.set(at, stateRoot)
    else if (known !== stateRoot) this.#onViolation(`${name} has another state at index ${index} than others`)
    this.#follow(generation, this.#logs.get(name)!, index)
    const line = this.#lines.get(generation)
    if (line?.index === index && toHex(root(line.state.map)) !== stateRoot)
      this.#onViolation(`${name} has another state at index ${index} than a replay of the log gives`)
  }

  #onEntry(generation: number, log: Log, { value }: Put): void {
    const entry = decode(entryWire, value, sizeBytesMax)
    if (!entry.ok) return this.#onViolation('an unreadable entry was stored')
    const batch = entry.value.kind === 'command' ? this.#batchIn(entry.value.data as Bytes) : null
    if (entry.value.index > (this.#lines.get(generation)?.index ?? 0)) log.set(entry.value.index, batch)
    const at = `${generation} ${entry.value.index}/${entry.value.term}`
    const hash = toHex(sha256(value))
    const known = this.#entries.get(at)
    if (known === undefined) {
      this.#entries.set(at, hash)
      this.entryCount++
    } else if (known !== hash) this.#onViolation(`two entries have index and term ${at}`)
  }

  /** Of its signatures those of changes are looked at alone: what else there is was made before the storms. */
  #batchIn(data: Bytes): Checked<Batch> | null {
    if (data.length === 0) return null
    const batch = decodeBatch(data)
    if (!batch.ok) {
      this.#onViolation('an entry was stored that holds no batch')
      return null
    }
    for (const operation of batch.value.operations) {
      if (operation.tag !== 'change') continue
      const claims = examineOperation(this.#treeIdOctets, operation, () => null)
      if (!claims.ok || !this.#crypto.verify(claims.value).every(Boolean))
        this.#onViolation('a change was stored that does not pass gate 1')
    }
    return batch.value as Checked<Batch>
  }

  /** @returns where it stands */
  #onCheckpoint(name: string, generation: number, value: Bytes): number {
    const checkpoint = decode(checkpointWire, value, sizeBytesMax)
    if (!checkpoint.ok) {
      this.#onViolation(`${name}: an unreadable checkpoint was stored`)
      return 0
    }
    this.onState(name, generation, checkpoint.value.index, toHex(checkpoint.value.stateRoot))
    return checkpoint.value.index
  }
}

type Put = Extract<Change, { kind: 'put' }>
