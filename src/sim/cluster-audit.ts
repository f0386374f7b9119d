/**
 * What may never be so among devices that share a tree, whatever happens to them: read off every frame that is sent and every
 * write that takes effect.
 *
 * In each generation nobody leads in a term beside another; a vote is given once in a term, and a term never goes back on a disk; two
 * entries of one index and term are the same, and pass gate 1; states of one index are the same. A disk never goes back to an earlier
 * generation.
 * @module
 */
import { type Bytes, decode, toHex } from '../core/bytes/bytes.ts'
import { sha256 } from '../core/crypto/crypto.ts'
import { decodeControl, entryWire } from '../core/message/message.ts'
import { decodeBatch, examineOperation } from '../core/tree/tree.ts'
import { placePrefixSizeBytes } from '../node/place.ts'
import { checkpointWire, hardStateWire, identityWire } from '../node/read/held-state.ts'
import type { Lane } from '../port/net.ts'
import type { Change } from '../port/store.ts'
import type { SimulatedCrypto } from './crypto.ts'
import type { Disk } from './disk.ts'

const hardStateKind = 1
const checkpointKind = 2
const identityKind = 3
const sizeBytesMax = 2 * 1024 * 1024

export class ClusterAudit {
  readonly #treeId: string
  readonly #onViolation: (what: string) => void
  readonly #leaders = new Map<string, string>()
  readonly #votes = new Map<string, string>()
  readonly #entries = new Map<string, string>()
  readonly #roots = new Map<string, string>()
  entryCount = 0

  readonly #treeIdOctets: Bytes
  readonly #crypto: SimulatedCrypto

  constructor(treeId: Bytes, crypto: SimulatedCrypto, onViolation: (what: string) => void) {
    this.#treeId = toHex(treeId)
    this.#treeIdOctets = treeId
    this.#crypto = crypto
    this.#onViolation = onViolation
  }

  /** Reads along on a disk from its beginning. */
  observe(name: string, disk: Disk): void {
    let term = 0
    let votedFor: string | null = null
    let generation = 0
    disk.observe((changes) => {
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
      for (const change of ofTree) {
        if (change.table === 'log') this.#onEntry(generation, change)
        if (!ofRaft.includes(change)) continue
        if (change.key.at(-1) === checkpointKind) this.#onCheckpoint(name, generation, change.value)
        if (change.key.at(-1) !== hardStateKind) continue
        const next = decode(hardStateWire, change.value, 4096)
        if (!next.ok) return this.#onViolation(`${name}: an unreadable hard state was stored`)
        const { value } = next
        if (value.term < term) this.#onViolation(`${name}: the term went back from ${term} to ${value.term}`)
        if (value.term === term && votedFor !== null && value.votedFor !== votedFor)
          this.#onViolation(`${name}: the vote of term ${term} was changed`)
        term = value.term
        votedFor = value.votedFor
      }
    })
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
  }

  #onEntry(generation: number, { value }: Extract<Change, { kind: 'put' }>): void {
    const entry = decode(entryWire, value, sizeBytesMax)
    if (!entry.ok) return this.#onViolation('an unreadable entry was stored')
    if (entry.value.kind === 'command') this.#onCommand(entry.value.data as Bytes)
    const at = `${generation} ${entry.value.index}/${entry.value.term}`
    const hash = toHex(sha256(value))
    const known = this.#entries.get(at)
    if (known === undefined) {
      this.#entries.set(at, hash)
      this.entryCount++
    } else if (known !== hash) this.#onViolation(`two entries have index and term ${at}`)
  }

  /** Changes alone: what else there is was made before the storms. */
  #onCommand(data: Bytes): void {
    const batch = data.length === 0 ? null : decodeBatch(data)
    if (batch === null) return
    if (!batch.ok) return this.#onViolation('an entry was stored that holds no batch')
    for (const operation of batch.value.operations) {
      if (operation.tag !== 'change') continue
      const claims = examineOperation(this.#treeIdOctets, operation, () => null)
      if (!claims.ok || !this.#crypto.verify(claims.value).every(Boolean))
        this.#onViolation('a change was stored that does not pass gate 1')
    }
  }

  #onCheckpoint(name: string, generation: number, value: Bytes): void {
    const checkpoint = decode(checkpointWire, value, sizeBytesMax)
    if (!checkpoint.ok) return this.#onViolation(`${name}: an unreadable checkpoint was stored`)
    this.onState(name, generation, checkpoint.value.index, toHex(checkpoint.value.stateRoot))
  }
}
