/**
 * Snapshots on their way: Raft's message names index, term, configuration and state root; the rows of the state follow over
 * bulk, asked for piece by piece, so that memory and windows stay bounded and an interrupted transfer goes on where it was.
 * @module
 */
import {
  type Bytes,
  type Decoded,
  type Result,
  accepted,
  bytesOf,
  compare,
  decode,
  encode,
  equal,
  nullable,
  record,
  refused,
  u53,
} from '../../core/bytes/bytes.ts'
import { type AuthenticatedMap, emptyMap, entries, get, root, set, size } from '../../core/merkle/merkle.ts'
import type { Answer, Question } from '../../core/message/message.ts'
import type { NodeId, Snapshot } from '../../core/raft/raft.ts'
import { type Attestation, attestationSizeBytesMax, attestationWire, excerptRowCountMax } from '../../core/tree/tree.ts'
import type { PeerId } from '../peers.ts'
import type { Base } from './memory-log.ts'
import { peerOf } from './membership.ts'

/** Of rows in one answer. */
const pieceSizeBytes = 256 * 1024
const pieceCountMax = 2048
/**
 * Of a whole state, which every device holds in memory: four times what a guest takes of it. Where a tree had more, no browser would
 * have room for it.
 */
const rowCountMax = 4 * excerptRowCountMax
const sizeBytesMax = 1024 * 1024 * 1024
/** A receiver that asks for nothing for so long has forgotten the snapshot, or never heard of it. */
const silentMsMax = 15_000

const snapshotDataWire = record('snapshotData', 2, {
  stateRoot: bytesOf(32),
  rowCount: u53,
  attestation: nullable(attestationWire),
})
type SnapshotData = Decoded<typeof snapshotDataWire>

function dataOf({ data }: Pick<Snapshot, 'data'>): SnapshotData | null {
  const decoded = decode(snapshotDataWire, data, 256 + attestationSizeBytesMax)
  return decoded.ok ? decoded.value : null
}

/** A state of the log, to be had whole by another device. */
export interface GivenState {
  readonly base: Base
  readonly map: AuthenticatedMap
  /** Of this very state; null where none is at hand. */
  readonly attestation: Attestation | null
}

/** What a message about a state carries. */
export const snapshotOf = ({ base, map, attestation }: GivenState): Snapshot => ({
  ...base,
  data: encode(snapshotDataWire, { stateRoot: root(map), rowCount: size(map), attestation }),
})

/** What came along with a state, to show that it was decided. */
export const attestationIn = (snapshot: Pick<Snapshot, 'data'>): Attestation | null =>
  dataOf(snapshot)?.attestation ?? null

/** The rows of a state after a key, as many as one answer takes. */
export function rowsAfter(map: AuthenticatedMap, after: Bytes | null): Answer {
  const rows: Row[] = []
  let sizeBytes = 0
  for (const [key, value] of entries(map, undefined, after ?? undefined)) {
    if (isPiece(rows.length, sizeBytes)) return { tag: 'rows', value: { rows, isLast: false } }
    rows.push({ key, value })
    sizeBytes += key.length + value.length
  }
  return { tag: 'rows', value: { rows, isLast: true } }
}

interface Row {
  readonly key: Bytes
  readonly value: Bytes
}
/** Whether so many rows are as many as one answer takes. */
const isPiece = (rowCount: number, sizeBytes: number): boolean =>
  rowCount === pieceCountMax || sizeBytes > pieceSizeBytes
const sizeOf = (rows: readonly Row[]): number =>
  rows.reduce((sizeBytes, { key, value }) => sizeBytes + key.length + value.length, 0)

interface Sending {
  readonly to: NodeId
  readonly index: number
  readonly map: AuthenticatedMap
  askedAtMs: number
}

/** Keeps the states that are being sent. */
export class SnapshotSender {
  readonly #sendings = new Map<PeerId, Sending>()
  /** The newest states that Raft has been told of; a message names one of them. */
  #offered: readonly { readonly index: number; readonly map: AuthenticatedMap }[] = []

  /** @returns what Raft's message carries for a state */
  offer(given: GivenState): Snapshot {
    const { base, map } = given
    if (this.#offered.at(-1)?.index !== base.index)
      this.#offered = [...this.#offered.slice(-1), { index: base.index, map }]
    return snapshotOf(given)
  }

  begin(to: NodeId, index: number, nowMs: number): void {
    const offered = this.#offered.find((state) => state.index === index)
    if (offered !== undefined) this.#sendings.set(peerOf(to), { ...offered, to, askedAtMs: nowMs })
  }

  /** The next rows; `none` where this state is not being sent to who asks. */
  rowsFor(from: PeerId, { index, stateRoot, after }: RowsQuestion, nowMs: number): Answer {
    const sending = this.#sendings.get(from)
    if (sending === undefined || sending.index !== index || !equal(root(sending.map), stateRoot))
      return { tag: 'none', value: {} }
    sending.askedAtMs = nowMs
    return rowsAfter(sending.map, after)
  }

  /**
   * Forgets what need not be kept any more.
   * @param waiting members that Raft takes to be receiving a snapshot
   * @returns those of them that do not
   */
  forget(waiting: ReadonlySet<NodeId>, nowMs: number): readonly NodeId[] {
    for (const [peer, { to, askedAtMs }] of this.#sendings)
      if (!waiting.has(to) || nowMs - askedAtMs > silentMsMax) this.#sendings.delete(peer)
    return [...waiting].filter((id) => this.#sendings.get(peerOf(id))?.to !== id)
  }
}

type RowsQuestion = Extract<Question, { tag: 'rows' }>['value']

interface Receiving {
  readonly from: PeerId
  readonly index: number
  readonly stateRoot: Bytes
  map: AuthenticatedMap
  after: Bytes | null
  sizeBytes: number
}

/** Builds the state that a snapshot stands for. */
export class SnapshotReceiver {
  readonly #ask: (to: PeerId, question: Question) => Promise<Answer | null>
  readonly #known: () => AuthenticatedMap
  #receiving: Receiving | null = null
  #turn = 0

  /** @param known the state that is here: of rows that are the same in both, its own are taken */
  constructor(ask: (to: PeerId, question: Question) => Promise<Answer | null>, known: () => AuthenticatedMap) {
    this.#ask = ask
    this.#known = known
  }

  /** Of what has come by now of a state that has not come whole. */
  get sizeBytes(): number {
    return this.#receiving?.sizeBytes ?? 0
  }

  /**
   * null where it did not come whole, or where another one has begun meanwhile. Refused where what came is not what was spoken of, or
   * more than a tree can be.
   */
  async receive(from: PeerId, snapshot: Snapshot): Promise<Result<AuthenticatedMap> | null> {
    const data = dataOf(snapshot)
    if (data === null) return stateOther
    if (data.rowCount > rowCountMax) return stateTooLarge
    const { index } = snapshot
    const turn = ++this.#turn
    const receiving = (this.#receiving = this.#goesOn(from, index, data.stateRoot)
      ? this.#receiving!
      : { from, index, stateRoot: data.stateRoot, map: emptyMap, after: null, sizeBytes: 0 })
    for (;;) {
      const { after, stateRoot } = receiving
      const answer = await this.#ask(from, { tag: 'rows', value: { index, stateRoot, after } })
      if (turn !== this.#turn || answer?.tag !== 'rows') return null
      const { rows, isLast } = answer.value
      const sizeBytes = sizeOf(rows)
      receiving.sizeBytes += sizeBytes
      if (receiving.sizeBytes > sizeBytesMax) return this.#giveUp(stateTooLarge)
      for (const { key, value } of rows) {
        const isNext = receiving.after === null || compare(key, receiving.after) > 0
        if (!isNext || size(receiving.map) === data.rowCount) return this.#giveUp(stateOther)
        const held = get(this.#known(), key)
        receiving.map = set(receiving.map, key, held !== null && equal(held, value) ? held : value)
        receiving.after = key
      }
      // What has come is hashed while the next is on its way, not all of it at the end.
      root(receiving.map)
      if (isLast) return equal(root(receiving.map), stateRoot) ? accepted(receiving.map) : this.#giveUp(stateOther)
      // Who gives less at a time would never have to come to an end.
      if (!isPiece(rows.length, sizeBytes)) return this.#giveUp(stateOther)
    }
  }

  /** What came is not what the snapshot stands for, or it is installed. */
  forget(): void {
    this.#receiving = null
    this.#turn++
  }

  /** Only from who gave the rows before: he is to blame for all of them. */
  #goesOn(from: PeerId, index: number, stateRoot: Bytes): boolean {
    const earlier = this.#receiving
    return earlier !== null && earlier.from === from && earlier.index === index && equal(earlier.stateRoot, stateRoot)
  }

  #giveUp<T>(why: T): T {
    this.forget()
    return why
  }
}

const stateOther = refused(
  'stateOther',
  'A device gave other rows of a state of the tree than those that it had spoken of. Nothing of it was used.',
)
const stateTooLarge = refused(
  'stateTooLarge',
  'A device spoke of a state of the tree that is larger than any device can hold. Nothing of it was used.',
)
