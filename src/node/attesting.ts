/**
 * Attesting: the voters sign what their tree was at one entry of the log, so that whoever can check signatures need not believe the
 * one device that brought him a state (design §6).
 *
 * The leader names an entry: the newest one when nothing has come for a moment, else one that is to come. All of the statement
 * follows from the log up to it, so each member makes it for itself; voters sign theirs, the leader counts, and tells everybody.
 * Nothing of this is waited for: what is lost is said again at the next entry.
 * @module
 */
import {
  type Bytes,
  type Check,
  bool,
  decode,
  encode,
  equal,
  fromHex,
  ok,
  record,
  refused,
} from '../core/bytes/bytes.ts'
import { ed25519Message } from '../core/crypto/crypto.ts'
import type { AuthenticatedMap } from '../core/merkle/merkle.ts'
import type { ControlBody } from '../core/message/message.ts'
import {
  type Attestation,
  type Equivocation,
  type Statement,
  attestationDomain,
  attestationOf,
  attestationWire,
  checkAttestation,
  checkVoters,
  claimsOfAttestation,
  contradict,
  equivocationsIn,
  statementBody,
  statementOf,
} from '../core/tree/tree.ts'
import type { NodeKeys, Platform } from '../port/platform.ts'
import type { Cluster } from './cluster.ts'
import { verifiedAttestation } from './cluster/gate.ts'
import { peerOf, votersOf, votesIn } from './cluster/membership.ts'
import type { Base } from './cluster/memory-log.ts'
import type { GivenState } from './cluster/snapshots.ts'
import { OwnWord } from './own-word.ts'
import type { PeerId } from './peers.ts'
import { type ClusterPlace, inPlace } from './place.ts'

/** After the last entry, before it is attested. */
const quietMs = 2000
/** Who asks for an attested state waits no longer. */
const soonMs = 10_000
/** So many entries are not left unattested, however busy the tree is; and so far ahead the entry is named then. */
const unattestedCountMax = 1024
const aheadCount = 64
/** The same where somebody waits for it: as many as come in while the others are told. */
const wantedAheadCount = 8
const heardCountMax = 64

export interface AttestingOptions {
  readonly platform: Pick<Platform, 'clock' | 'crypto' | 'store'>
  readonly sign: NodeKeys['sign']
  readonly place: ClusterPlace
  readonly cluster: Pick<Cluster, 'state' | 'base' | 'checkpoint' | 'members' | 'identity' | 'position' | 'isReachable'>
  /** This device's principal. */
  readonly principal: PeerId
  /** Who is connected. */
  peers(): readonly PeerId[]
  send(to: PeerId, body: ControlBody): boolean
  /** Of what was signed two things contradict each other. */
  onEquivocations(proofs: readonly Equivocation[]): void
}

/** What is known about the state of this device. */
export interface Attested {
  readonly attestation: Attestation
  /** Whether this device had that very state; one that was further already, or not there at all, contradicts nothing. */
  readonly agrees: boolean
}

/** A state that this device had, and what there was to sign about it. */
interface Stated extends Omit<GivenState, 'attestation'> {
  readonly statement: Statement
}

/** The leader's count about one entry. */
interface Round {
  readonly index: number
  readonly signatures: Map<PeerId, Bytes>
  /** null until this node has come to the entry. */
  statement: Statement | null
}

/** What is told of it must be the same after a restart, when this device is further. */
const keptWire = record('attestedHere', 2, { attestation: attestationWire, agrees: bool })
const keptSizeBytesMax = 32 * 1024
const attestedKey = (place: ClusterPlace): Bytes => inPlace(place, Uint8Array.of(5))

export class Attesting {
  readonly #options: AttestingOptions
  readonly #word: OwnWord
  #newest: Attested | null = null
  /** The last that hold, to be compared with what else is signed about the same entries. */
  #heard: readonly Attestation[] = []
  /** Of an entry that is still to come here. */
  #early: Attestation | null = null
  /** Which entry this node is to make a statement about, and for whom. */
  #asked: { readonly index: number; readonly by: PeerId } | null = null
  #own: Stated | null = null
  #state: GivenState | null = null
  /** Told of every attested state. */
  readonly #waiting = new Set<() => void>()
  #round: Round | null = null
  #askedIndex = 0
  #askedAtMs = -Infinity
  /** Of all of the above: each generation has a log of its own. */
  #generation: number
  #cancelQuiet = (): void => {}

  constructor(options: AttestingOptions) {
    this.#options = options
    this.#word = new OwnWord(options.platform.store, options.place)
    this.#generation = options.cluster.identity.generation
    void this.#recall()
    this.onApplied()
  }

  /** The newest state that a majority of the voters has signed; null where none is known of this generation. */
  get newest(): Attested | null {
    const { generation } = this.#options.cluster.identity
    return this.#newest?.attestation.statement.generation === generation ? this.#newest : null
  }

  /** The newest state that a majority has signed and that this device has, so that it can be given to others. */
  get state(): GivenState | null {
    return this.#state?.attestation?.statement.generation === this.#options.cluster.identity.generation
      ? this.#state
      : null
  }

  /** Somebody needs an attested state before long, however busy the tree is. */
  want(): void {
    const { cluster, platform } = this.#options
    const { index } = cluster.base
    // What was asked is to be answered first: another question in its place would be asked again as soon.
    const isAsking = this.#askedIndex >= index || platform.clock.monotonicMs() < this.#askedAtMs + quietMs
    if (!cluster.position.isLeader || isAsking) return
    this.#ask(index + wantedAheadCount)
    this.#awaitQuiet()
  }

  /** The state as it is now, or a later one, as soon as it is attested; null where that is not so in time. */
  async soon(): Promise<GivenState | null> {
    const { cluster, platform } = this.#options
    const { index } = cluster.base
    const isThere = (): boolean => (this.state?.base.index ?? -1) >= index
    if (isThere() || !cluster.isReachable) return isThere() ? this.state : null
    if (cluster.position.isLeader) this.#ask(index)
    let cancel = (): void => {}
    let look = (): void => {}
    await new Promise<void>((resolve) => {
      cancel = platform.clock.after(soonMs, resolve)
      look = () => isThere() && resolve()
      this.#waiting.add(look)
    })
    cancel()
    this.#waiting.delete(look)
    return isThere() ? this.state : null
  }

  close(): void {
    this.#cancelQuiet()
  }

  onUp(peer: PeerId): void {
    if (this.newest !== null) this.#tell([peer], this.newest.attestation)
    // What could not be asked, or was lost, while it was away.
    this.onApplied()
  }

  /** This node is at another entry of the log. */
  onApplied(): void {
    const { cluster } = this.#options
    const { index } = cluster.base
    this.#leaveOthers()
    this.#match({ base: cluster.base, map: cluster.state.map })
    this.#answer()
    if (this.#early !== null && this.#early.statement.index <= index) {
      const early = this.#early
      this.#early = null
      this.#take(early)
    }
    this.#cancelQuiet()
    if (!cluster.position.isLeader) return
    if (index - Math.max(this.#askedIndex, this.newest?.attestation.statement.index ?? 0) >= unattestedCountMax)
      this.#ask(index + aheadCount)
    this.#awaitQuiet()
  }

  /** What was named ahead may never come: the newest entry is named when nothing has come for a moment. */
  #awaitQuiet(): void {
    const { cluster, platform, peers } = this.#options
    this.#cancelQuiet()
    this.#cancelQuiet = platform.clock.after(quietMs, () => {
      const isNew = this.newest?.attestation.statement.index !== cluster.base.index
      if (!cluster.position.isLeader || !isNew || peers().length === 0) return
      this.#ask(cluster.base.index)
      // Until it is answered: an answer can be lost.
      this.#awaitQuiet()
    })
  }

  /** Whoever leads wants to know what the tree is at an entry. */
  onAttest(from: PeerId, index: number): Check {
    const { leader } = this.#options.cluster.members
    if (leader === null || peerOf(leader) !== from) return ok
    this.#asked = { index, by: from }
    this.#answer()
    return ok
  }

  /** A voter has signed its statement. */
  async onVouch(from: PeerId, index: number, signature: Bytes): Promise<Check> {
    const round = this.#round
    if (round?.index !== index) return ok
    if (round.statement === null) {
      round.signatures.set(from, signature)
      return ok
    }
    return this.#count(round, from, signature)
  }

  /** A majority has signed, as another device says. */
  async onAttested(from: PeerId, attestation: Attestation): Promise<Check> {
    const { cluster } = this.#options
    const { statement } = attestation
    if (from === this.#options.principal || statement.generation !== cluster.identity.generation) return ok
    if (this.#contradictedBy(statement).length === 0 && !this.#isNews(attestation)) return ok
    const check = await this.#check(attestation)
    // Who votes may have changed by what has not come here yet.
    if (!check.ok) return check.fault.code === 'signatureInvalid' ? check : ok
    // Whoever brings it need not be who made it, and what was heard first stays until it is known which of the two is right.
    const contradicted = this.#contradictedBy(statement)
    if (contradicted.length > 0) {
      const proofs = contradicted.flatMap((other) => equivocationsIn(cluster.state, other, attestation))
      this.#options.onEquivocations(proofs)
      return ok
    }
    this.#hear(attestation)
    if (statement.index > cluster.base.index) {
      this.#early = attestation
      return ok
    }
    this.#take(attestation)
    return ok
  }

  #contradictedBy(statement: Statement): readonly Attestation[] {
    return this.#heard.filter((other) => contradict(other.statement, statement))
  }

  #hear(attestation: Attestation): void {
    this.#heard = [...this.#heard.slice(1 - heardCountMax), attestation]
  }

  // --- the leader -------------------------------------------------------------------------------------------------------------

  #ask(index: number): void {
    const { peers, send, principal } = this.#options
    const all = peers()
    if (all.length === 0) return
    this.#askedIndex = index
    this.#askedAtMs = this.#options.platform.clock.monotonicMs()
    this.#round = { index, signatures: new Map(), statement: null }
    this.#asked = { index, by: principal }
    for (const peer of all) send(peer, { tag: 'attest', value: { index } })
    this.#answer()
  }

  async #count(round: Round, from: PeerId, signature: Bytes): Promise<Check> {
    const { cluster } = this.#options
    const { statement } = round
    if (statement === null || !cluster.position.isLeader || !this.#votes(from)) return ok
    const isSigned = await this.#isSigned(statement, from, signature)
    if (isSigned !== true) return isSigned === null ? ok : vouchContradicts
    round.signatures.set(from, signature)
    if (this.#round !== round) return ok
    const votes = [...round.signatures].map(([peer, signature]) => ({ voter: fromHex(peer)!, signature }))
    const attestation = attestationOf(statement, votes)
    if (!this.#isNews(attestation) || !(await this.#check(attestation)).ok) return ok
    this.#hear(attestation)
    this.#take(attestation)
    this.#tell(this.#options.peers(), attestation)
    return ok
  }

  /** null where the tree does not know who signs. */
  async #isSigned(statement: Statement, by: PeerId, signature: Bytes): Promise<boolean | null> {
    const { cluster, platform } = this.#options
    const claims = claimsOfAttestation(cluster.state, attestationOf(statement, [{ voter: fromHex(by)!, signature }]))
    if (!claims.ok) return null
    return (await platform.crypto.verify(claims.value)).every(Boolean)
  }

  #tell(peers: readonly PeerId[], attestation: Attestation): void {
    for (const peer of peers) this.#options.send(peer, { tag: 'attested', value: attestation })
  }

  /** What was asked and counted in another generation means nothing in this one. */
  #leaveOthers(): void {
    const { generation } = this.#options.cluster.identity
    if (generation === this.#generation) return
    this.#generation = generation
    this.#early = this.#asked = this.#own = this.#round = this.#state = null
    this.#heard = []
    this.#askedIndex = 0
  }

  // --- every member -----------------------------------------------------------------------------------------------------------

  #votes(peer: PeerId): boolean {
    return votesIn(this.#options.cluster.members.configuration, peer)
  }

  #stated(): Stated | null {
    const { cluster } = this.#options
    if (this.#own?.base.index !== cluster.base.index) this.#own = this.#statedAt(cluster.base, cluster.state.map)
    return this.#own
  }

  #statedAt(base: Base, map: AuthenticatedMap): Stated | null {
    const statement = statementAt(this.#options.place, base, map)
    return statement && { base, map, statement }
  }

  /** At the entry that was asked about: the statement, and its signature where this node votes. */
  #answer(): void {
    const asked = this.#asked
    const { index } = this.#options.cluster.base
    if (asked === null || asked.index > index) return
    this.#asked = null
    // Who is further already has forgotten what it was then.
    const statement = asked.index === index ? (this.#stated()?.statement ?? null) : null
    if (statement !== null && this.#votes(this.#options.principal)) void this.#vouch(asked.by, statement)
  }

  async #vouch(by: PeerId, statement: Statement): Promise<void> {
    const { sign, send, principal, cluster } = this.#options
    const round = by === principal ? this.#round : null
    if (round !== null) round.statement = statement
    if (!(await this.#word.give(statement).catch(() => false))) return
    const signature = await sign(ed25519Message(attestationDomain, statementBody(statement)))
    if (round === null) {
      // One that came out wrong would be taken for a word on another state, and so would one on another generation.
      const isSound = await this.#isSigned(statement, principal, signature)
      if (isSound === true && statement.generation === cluster.identity.generation)
        send(by, { tag: 'vouch', value: { index: statement.index, signature } })
      return
    }
    const early = [...round.signatures]
    round.signatures.clear()
    await this.#count(round, principal, signature)
    for (const [peer, theirs] of early) await this.#count(round, peer, theirs)
  }

  #isNews({ statement, body, votes }: Attestation): boolean {
    const known = this.newest?.attestation
    if (known === undefined || statement.index > known.statement.index) return true
    return statement.index === known.statement.index && (!equal(body, known.body) || votes.length > known.votes.length)
  }

  async #check(attestation: Attestation): Promise<Check> {
    const { cluster, platform } = this.#options
    const voters = checkVoters(attestation.statement, votersOf(cluster.members.configuration))
    if (!voters.ok) return voters
    const checked = await verifiedAttestation(platform.crypto, cluster.state, attestation)
    return checked.ok ? checkAttestation(cluster.state, checked.value, platform.clock.nowMs()) : checked
  }

  /** It holds; whether this device has the same state is found here. */
  #take(attestation: Attestation): void {
    const { platform, place, cluster } = this.#options
    const { statement } = attestation
    if (statement.generation !== cluster.identity.generation || !this.#isNews(attestation)) return
    const own = statement.index === cluster.base.index ? this.#stated() : this.#own
    const agrees = own === null || !contradict(own.statement, statement)
    this.#newest = { attestation, agrees }
    this.#keep(own, attestation)
    const value = encode(keptWire, this.#newest)
    platform.store.write([{ kind: 'put', table: 'raft', key: attestedKey(place), value }], 'relaxed').catch(() => {})
  }

  #keep(own: Stated | null, attestation: Attestation): void {
    if (own === null || !equal(statementBody(own.statement), attestation.body)) return
    this.#state = { base: own.base, map: own.map, attestation }
    for (const look of this.#waiting) look()
  }

  async #recall(): Promise<void> {
    const { platform, place, cluster } = this.#options
    const { checkpoint } = cluster
    const row = await platform.store.read('raft', attestedKey(place)).catch(() => null)
    if (row === null || this.#newest !== null) return
    const kept = decode(keptWire, row, keptSizeBytesMax)
    // An earlier program kept it in another form; it is signed anew soon.
    if (!kept.ok) return
    this.#newest = kept.value
    this.#hear(kept.value.attestation)
    // Where all was quiet before the end, the state that was signed is the one that lies here, or that the log has led to again.
    this.#match(checkpoint)
    this.#match({ base: cluster.base, map: cluster.state.map })
  }

  /** A state may be the one that was signed. */
  #match({ base, map }: Omit<GivenState, 'attestation'>): void {
    const { newest } = this
    if (newest?.attestation.statement.index === base.index && this.state === null)
      this.#keep(this.#statedAt(base, map), newest.attestation)
  }
}

function statementAt({ treeId, clusterId }: ClusterPlace, base: Base, map: AuthenticatedMap): Statement | null {
  const { term, index, configuration } = base
  return statementOf({ treeId, map }, clusterId, { term, index, ...votersOf(configuration) })
}

/** What a device that decides alone says of a state: nobody else is needed, nor asked. */
export async function attestedAlone(
  sign: NodeKeys['sign'],
  place: ClusterPlace,
  { base, state: { map }, identity }: Pick<Cluster, 'base' | 'state' | 'identity'>,
): Promise<GivenState | null> {
  const statement = statementAt(place, base, map)
  if (statement === null) return null
  const signature = await sign(ed25519Message(attestationDomain, statementBody(statement)))
  const attestation = attestationOf(statement, [{ voter: fromHex(peerOf(identity.nodeId))!, signature }])
  return { base, map, attestation }
}

const vouchContradicts = refused(
  'vouchContradicts',
  'A device vouches for another state of this tree than the one that is here, so the connection to it was closed.',
)
