/**
 * The replica of a guest: the excerpt of the tree that it may see, which comes from a member that it meets, is checked as a whole,
 * and takes the place of the one before (design §10).
 *
 * A guest has no log: what it is told is committed. It shows what came last until something newer does, so with no member around it
 * goes on with what it has. What it does is given to a member, which sees to the rest; the decision comes with the next excerpt.
 * @module
 */
import {
  BlocktreeError,
  type Bytes,
  type Check,
  type Fault,
  compare,
  decode,
  equal,
  keyOf,
  nodeStopped,
  ok,
  refused,
} from '../../core/bytes/bytes.ts'
import { isFor } from '../../core/cap/cap.ts'
import { principalOf, rootClaim } from '../../core/crypto/crypto.ts'
import { type AuthenticatedMap, emptyMap, get, remove, root, set, size } from '../../core/merkle/merkle.ts'
import { type Answer, type Question, decisionCountMax } from '../../core/message/message.ts'
import { emptyConfiguration } from '../../core/raft/raft.ts'
import {
  type Change,
  type Decision,
  type Operation,
  type Outcome,
  type TreeState,
  accessOf,
  checkDevice,
  descendsFrom,
  devicesOf,
  emptyTree,
  encodeBatch,
  examineExcerpt,
  excerptIn,
  excerptRowCountMax,
  firstGeneration,
  guestState,
  isWithin,
  limitOf,
  operationCountMax,
  setOf,
  showsContents,
  summaryOf,
  takeOverBodyWire,
  takeOverDomain,
  takeOverSizeBytesMax,
  takenUnseen,
} from '../../core/tree/tree.ts'
import { type BlockId, blockIdOf } from '../../core/path/path.ts'
import { checkpointChanges, differingKeys } from '../cluster/durable.ts'
import { Gate, decidedAheadMsMax, stampAhead } from '../cluster/gate.ts'
import type { ClusterOptions } from '../cluster/options.ts'
import type { AskOptions } from '../exchange.ts'
import { type PeerId, principalIn } from '../peers.ts'
import { readKept } from '../outbox/rows.ts'
import type { Replica } from '../replica.ts'
import { inSlices } from '../slices.ts'
import { readHeldState } from '../read/held-state.ts'

/** Octets of what is told of a folder: whoever tells it may be a stranger's device. */
const excerptSizeBytesMax = 256 * 1024 * 1024

/** How long a member may say nothing on being asked. */
export const answerMs = 60_000

/** How long a change waits for a member that takes it, and how often it is tried. */
const patienceMs = 20_000
const retryMs = 1000

/** The members that a guest meets. */
export interface Hosts {
  /** Who is connected, the one first that is asked. */
  connected(): readonly PeerId[]
  ask(to: PeerId, question: Question, how?: AskOptions): Promise<Answer | null>
  /** Sees to it that one of them holds what an operation refers to. */
  stageAt(host: PeerId, operation: Operation): Promise<Check>
  /** It gave what is not what it should be. */
  drop(host: PeerId, fault: Fault): void
  /** What it says is of no use, which may be nobody's fault. */
  report(host: PeerId, fault: Fault): void
}

export interface GuestOptions extends ClusterOptions {
  /** This device's. */
  readonly own: Bytes
}

/** With one member: what it is asked is asked in turn. */
interface Talk {
  turn: Promise<unknown>
  /** Under way, or waiting for that. */
  lookCount: number
}

interface Given {
  readonly requestId: Bytes
  /** All that was given under this id. */
  readonly changes: Set<Change>
  /** Who says that it was taken, and shows nothing of it. */
  readonly unseenAt: Set<PeerId>
}

type Told = Extract<Answer, { tag: 'excerpt' }>['value']

export class GuestReplica implements Replica {
  readonly #options: GuestOptions
  readonly #gate: Gate
  #hosts: Hosts | null = null
  #state: TreeState
  /** What the state was made of. */
  #excerpt: TreeState
  /** Of the newest that a member has told. */
  #newest: { readonly generation: number; readonly stampMs: number }
  /** Given in this life of the node, or perhaps in an earlier one, and not known to be decided. */
  readonly #given = new Map<string, Given>()
  /** Who holds the bodies of what is going to be given. */
  readonly #stagedAt = new Map<string, PeerId>()
  /** That is being installed: what it refers to may be asked for already. */
  #arriving: TreeState | null = null
  /** What each member has told last of the folder, by the root of that. */
  readonly #toldBy = new Map<PeerId, Bytes>()
  /** Of these members the ones that told last what was before what is here. */
  readonly #behind = new Set<PeerId>()
  /** Of these members the ones that did not take what was given to them, or a body of it, when it was their turn last. */
  readonly #unhelpful = new Set<PeerId>()
  /** Operations that are given at a time. */
  #giveCountMax = operationCountMax
  /** Who has said last that the folder is not where it was. */
  readonly #goneAt = new Set<PeerId>()
  readonly #talks = new Map<PeerId, Talk>()
  /** One after the other, whoever brought them. */
  #installing: Promise<unknown> = Promise.resolve()
  #failure: { readonly error: unknown } | null = null
  #isClosed = false
  onLeader: () => void = () => {}

  /** @param kept what the outbox held when this life began */
  private constructor(options: GuestOptions, state: TreeState, kept: readonly Operation[]) {
    this.#options = options
    this.#state = state
    this.#excerpt = excerptIn(state)
    const { generation = 0, stampMs = 0 } = summaryOf(state) ?? {}
    this.#newest = { generation, stampMs }
    this.#gate = new Gate(options.platform, () => this.#state)
    for (const operation of kept) this.#noteGiven(operation)
  }

  /** As this device holds it; blank where it holds nothing yet. */
  static async open(options: GuestOptions): Promise<GuestReplica> {
    const { platform, place } = options
    const held = await readHeldState(platform.store, place)
    const waiting = (await readKept(platform.store, place)).filter(({ fault }) => fault === null)
    const kept = waiting.flatMap(({ operation }) => operation ?? [])
    return new GuestReplica(options, held?.state ?? emptyTree(place.treeId), kept)
  }

  get state(): TreeState {
    return this.#state
  }
  get identity() {
    return { nodeId: this.#options.principal, generation: this.#newest.generation }
  }
  get base() {
    return { index: 0, term: 0, configuration: emptyConfiguration }
  }
  get members() {
    return { configuration: emptyConfiguration, leader: null }
  }
  get position() {
    return { term: 0, isLeader: false, appliedIndex: 0 }
  }
  get isSoleVoter(): boolean {
    return false
  }
  get isReachable(): boolean {
    return this.#host !== null
  }
  get #connected(): readonly PeerId[] {
    return this.#hosts?.connected() ?? []
  }
  /**
   * The members that have the folder as it is here. One that is behind, or further, may not know of what is in it, and takes a
   * question about that for one about something beside it.
   */
  get hostsInStep(): readonly PeerId[] {
    const excerpt = this.#arriving ?? this.#excerpt
    const here = root(excerpt.map)
    const nowMs = this.#options.platform.clock.nowMs()
    return this.#connected.filter((id) => {
      const told = this.#toldBy.get(id)
      return told !== undefined && equal(told, here) && checkHost(excerpt, principalIn(id), nowMs).ok
    })
  }
  /** Whether a block is in the folder as it is here: of others whoever is in step may know nothing. */
  isInFolder(block: BlockId): boolean {
    const excerpt = this.#arriving ?? this.#excerpt
    const limit = limitOf(excerpt, this.#options.own)
    return limit !== null && isWithin(excerpt, blockIdOf(limit), block)
  }
  /** Whoever says that the folder is gone is given what was done in it all the same, so that it is decided. */
  get #host(): PeerId | null {
    const hosts = this.hostsInStep
    return this.#helpful(hosts) ?? (this.isFolderGone ? this.#helpful(this.#connected) : null)
  }
  #helpful(hosts: readonly PeerId[]): PeerId | null {
    return hosts.find((id) => !this.#unhelpful.has(id)) ?? hosts[0] ?? null
  }

  /** Members can be reached from here on. */
  connect(hosts: Hosts): void {
    this.#hosts = hosts
  }

  check(operation: Operation): Promise<Check> {
    return this.#gate.check(operation)
  }

  async stage(operation: Operation): Promise<Check> {
    const host = this.#host
    return host === null ? hostsAway : this.#stageAt(host, operation)
  }

  async #stageAt(host: PeerId, operation: Operation): Promise<Check> {
    if (operation.tag !== 'change') return ok
    const staged = await this.#hosts!.stageAt(host, operation)
    const key = keyOf(operation.value.requestId)
    if (staged.ok) this.#stagedAt.set(key, host)
    else {
      this.#rankHost(host, false)
      // It takes no body of what was decided, and stands elsewhere by now.
      if (this.#given.has(key)) await this.#lookSoon(host)
    }
    return staged
  }

  /**
   * Of what is not taken half as much is given a moment later, until something is. A member takes no more at a time than a person
   * does, and does not say how much that is; and what is given in vain takes as long on the way as what is not.
   */
  async give(operations: readonly Operation[]): Promise<void> {
    const given = operations.slice(0, this.#giveCountMax)
    const faults = await this.#give(given).catch(() => null)
    this.#giveCountMax =
      faults === null ? Math.ceil(given.length / 2) : Math.min(2 * this.#giveCountMax, operationCountMax)
    if (faults === null) await this.#pause()
  }

  async propose(operation: Operation): Promise<Outcome> {
    this.#throwIfStopped()
    const passed = await this.#gate.check(operation)
    if (!passed.ok) return passed
    const faults = await this.#untilSaid(operation)
    if (faults === null) return hostsAway
    const fault = faults[0] ?? null
    return fault === null ? { ok: true, repeated: false } : refused(fault, 'This change was refused.')
  }

  /** Who is put out by what it gives is not told, since the connection ends with that: it is halted. */
  async #untilSaid(operation: Operation): Promise<readonly (string | null)[] | null> {
    const { clock } = this.#options.platform
    const endMs = clock.monotonicMs() + patienceMs
    for (;;) {
      const faults = await this.#give([operation])
      if (faults !== null || clock.monotonicMs() >= endMs) return faults
      await this.#pause()
      this.#throwIfStopped()
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#options.platform.clock.after(retryMs, resolve))
  }

  /** @returns what became of each; null where nobody has said so */
  async #give(operations: readonly Operation[]): Promise<readonly (string | null)[] | null> {
    const host = this.#host
    if (host === null || this.#isOver) return null
    for (const operation of operations) {
      if (operation.tag !== 'change') continue
      const { requestId } = operation.value
      const isElsewhere = this.#stagedAt.has(keyOf(requestId)) && this.#stagedAt.get(keyOf(requestId)) !== host
      if (isElsewhere && !(await this.#stageAt(host, operation)).ok) return null
      this.#noteGiven(operation)
    }
    const batch = encodeBatch({ stampMs: 0, operations })
    // To bring a large body to those who decide may take long, and to give it twice would make it longer.
    const isLong = operations.some(({ tag }) => tag === 'change')
    const waitsOn = (): boolean => isLong && !this.hostsInStep.some((id) => id !== host)
    const question: Question = { tag: 'propose', value: { batch } }
    const answer = await this.#hosts!.ask(host, question, { timeoutMs: answerMs, waitsOn })
    const isTaken = answer?.tag === 'proposed' && answer.value.faults.length === operations.length
    // What the tree remembers comes with the excerpt, whatever was said.
    await this.look(host)
    const isDecided = isTaken && !operations.some((operation) => this.#isOpen(operation))
    this.#rankHost(host, isDecided)
    return isDecided ? answer.value.faults : null
  }

  /** Whether it was given, and no member has told a decision that is borne out. */
  #isOpen(operation: Operation): boolean {
    return operation.tag === 'change' && this.#given.has(keyOf(operation.value.requestId))
  }

  #noteGiven(operation: Operation): void {
    if (operation.tag !== 'change') return
    const { requestId } = operation.value
    const given = this.#given.get(keyOf(requestId)) ?? { requestId, changes: new Set(), unseenAt: new Set() }
    given.changes.add(operation.value)
    this.#given.set(keyOf(requestId), given)
  }

  /** Whoever did not take it is given the next only where there is no other, and each gets its turn. */
  #rankHost(host: PeerId, isHelpful: boolean): void {
    this.#unhelpful.delete(host)
    if (isHelpful) return
    if (this.#connected.every((id) => id === host || this.#unhelpful.has(id))) this.#unhelpful.clear()
    this.#unhelpful.add(host)
  }

  /** Whether a member has said that the folder is not where it was, moved or deleted, and none is there that has it as it is here. */
  get isFolderGone(): boolean {
    return this.#goneAt.size > 0 && this.hostsInStep.length === 0
  }

  /** A member says what the excerpt is now. */
  async onTold(host: PeerId, told: Bytes): Promise<void> {
    this.#toldBy.set(host, told)
    if (!equal(told, root(this.#excerpt.map))) await this.#lookSoon(host)
  }

  /** While one look is under way another one is enough, however often there is a reason. */
  async #lookSoon(host: PeerId): Promise<void> {
    if (this.#talkWith(host).lookCount < 2) await this.look(host)
  }

  /** It is not connected any more. */
  onDown(host: PeerId): void {
    this.#toldBy.delete(host)
    this.#behind.delete(host)
    this.#unhelpful.delete(host)
    this.#talks.delete(host)
  }

  /** Resolves when what is being asked for by now has come, as far as somebody answers. */
  async untilLooked(): Promise<void> {
    let cancel = (): void => {}
    const late = new Promise<void>((resolve) => {
      cancel = this.#options.platform.clock.after(answerMs, resolve)
    })
    await Promise.race([Promise.all([...this.#talks.values()].map(({ turn }) => turn)), late]).finally(cancel)
  }

  /** Asks a member what the excerpt is now, and takes it. Resolves when it is in force, or when it can not be had there. */
  look(host: PeerId): Promise<void> {
    const talk = this.#talkWith(host)
    talk.lookCount++
    const looked = talk.turn.then(() => this.#look(host)).finally(() => talk.lookCount--)
    talk.turn = looked.catch((error: unknown) => this.#fail(error))
    return looked
  }

  #talkWith(host: PeerId): Talk {
    const talk = this.#talks.get(host) ?? { turn: Promise.resolve(), lookCount: 0 }
    this.#talks.set(host, talk)
    return talk
  }

  /** About the folder, which the member only has to read: one that is late is given up. */
  #toldOfFolder(host: PeerId, question: Question): Promise<Answer | null> {
    const hosts = this.#hosts!
    return hosts.ask(host, question, { timeoutMs: answerMs, onLate: () => hosts.drop(host, tooLate.fault) })
  }

  async #look(host: PeerId): Promise<void> {
    const hosts = this.#hosts
    if (hosts === null || this.#isOver) return
    const requestIds = [...this.#given.values()].map(({ requestId }) => requestId)
    const told = await this.#toldWith(host, requestIds)
    if (told === null) return
    this.#toldBy.set(host, told.root)
    if (told.stampMs > this.#stampMsMax) return hosts.report(host, stampAhead.fault)
    if (!isAsAsked(told, requestIds)) return hosts.drop(host, excerptUnfitting.fault)
    const isSame = equal(told.root, root(this.#excerpt.map))
    if (this.#isEarlier(told) && (isSame || !(await this.#knowsOfRemoval(host, told))))
      return void this.#behind.add(host)
    const excerpt = isSame ? this.#excerpt : await this.#receive(host, told)
    if (excerpt === null || this.#isOver) return
    const checked = isSame ? ok : await this.#examine(excerpt)
    if (!checked.ok) return hosts.drop(host, checked.fault)
    const entitled = checkHost(excerpt, principalIn(host), this.#options.platform.clock.nowMs())
    if (!entitled.ok) return hosts.report(host, entitled.fault)
    if (!(await this.#isOfGeneration(excerpt, told))) return hosts.drop(host, excerptUnfitting.fault)
    const taken = this.#installing.then(() => this.#take(host, excerpt, told))
    this.#installing = taken.catch(() => {})
    await taken
  }

  /** With all decisions, so that what was taken is known no later than it shows. One question has room for so many. */
  async #toldWith(host: PeerId, requestIds: readonly Bytes[]): Promise<Told | null> {
    const decided: Decision[] = []
    for (let from = 0; ; from += decisionCountMax) {
      const asked = requestIds.slice(from, from + decisionCountMax)
      const answer = await this.#toldOfFolder(host, { tag: 'excerpt', value: { requestIds: asked } })
      if (answer?.tag !== 'excerpt') return null
      decided.push(...answer.value.decided)
      if (from + decisionCountMax >= requestIds.length) return { ...answer.value, decided }
    }
  }

  /** What was told holds together. Another member may have told something newer meanwhile. */
  async #take(host: PeerId, received: TreeState, told: Told): Promise<void> {
    if (this.#isOver) return
    if (this.#isOlder(received, told)) return void this.#behind.add(host)
    this.#behind.delete(host)
    const isSame = equal(told.root, root(this.#excerpt.map))
    let excerpt = isSame ? this.#excerpt : received
    if (isSame) this.#goneAt.delete(host)
    else if (this.#isReadable(excerpt)) this.#goneAt.clear()
    else {
      // The folder was moved or deleted, or this device was put out: what it has stays as it is, and what it did is decided.
      this.#goneAt.add(host)
      if (told.decided.length === 0) return
      excerpt = this.#excerpt
    }
    const shown = excerpt
    const decided = told.decided.flatMap((decision) => this.#borneOut(host, shown, decision))
    if (isSame && decided.length === 0) return this.#heard(told)
    await this.#install(excerpt, { ...told, decided })
  }

  /** Later than that nothing was decided yet, unless by a clock that is wrong by more than can be borne. */
  get #stampMsMax(): number {
    return this.#options.platform.clock.nowMs() + decidedAheadMsMax
  }

  /**
   * Whether it is what was. Who was removed is signed, and the stamp is not: so in one generation what shows a removal that is not
   * known here is newer whatever its stamp, and what lacks one that is known here is older.
   */
  #isOlder(excerpt: TreeState, told: Told): boolean {
    if (told.generation !== this.#newest.generation) return this.#isEarlier(told)
    const [known, shown] = [removedIn(this.#excerpt), removedIn(excerpt)]
    if ([...shown].some((device) => !known.has(device))) return false
    return [...known].some((device) => !shown.has(device)) || this.#isEarlier(told)
  }

  /** Whether a member knows of a removal that is not known here. One that is behind mostly does not, and its excerpt need not come. */
  async #knowsOfRemoval(host: PeerId, { generation }: Told): Promise<boolean> {
    if (generation !== this.#newest.generation) return false
    const answer = await this.#toldOfFolder(host, { tag: 'farewells', value: {} })
    if (answer?.tag !== 'farewells') return false
    const known = removedIn(this.#excerpt)
    return answer.value.some(({ dismissal }) => !known.has(keyOf(dismissal.fields.device)))
  }

  /** By what a member says of when it was. */
  #isEarlier({ generation, stampMs }: Told): boolean {
    const newest = this.#newest
    // It was taken when the clock here was wrong.
    if (newest.stampMs > this.#stampMsMax) return false
    return generation < newest.generation || (generation === newest.generation && stampMs < newest.stampMs)
  }

  #heard({ generation, stampMs }: Told): void {
    this.#newest = { generation, stampMs }
  }

  /** What has changed since the excerpt that is here, where the member can tell that; else the whole. */
  async #receive(host: PeerId, told: Told): Promise<TreeState | null> {
    const { map } = this.#excerpt
    const since = size(map) === 0 ? null : await this.#receiveRows(host, told, map, root(map))
    return since ?? this.#receiveRows(host, told, emptyMap, null)
  }

  async #receiveRows(host: PeerId, told: Told, base: AuthenticatedMap, known: Bytes | null): Promise<TreeState | null> {
    let map = base
    let sizeBytes = 0
    for (let after: Bytes | null = null; ;) {
      const question: Question = { tag: 'excerptRows', value: { root: told.root, known, after } }
      const answer: Answer | null = await this.#toldOfFolder(host, question)
      if (answer?.tag !== 'rows') return null
      const { rows, isLast } = answer.value
      for (const { key, value } of rows) {
        sizeBytes += key.length + value.length
        if (size(map) > excerptRowCountMax || sizeBytes > excerptSizeBytesMax) return null
        if (after !== null && compare(key, after) <= 0) return null
        map = value.length === 0 ? remove(map, key) : set(map, key, this.#sameOctets(key, value))
        after = key
      }
      if (isLast || rows.length === 0) break
    }
    return equal(root(map), told.root) ? { treeId: this.#state.treeId, map } : null
  }

  /** Those that are here already, by which what is mirrored of them is known to be the same. */
  #sameOctets(key: Bytes, value: Bytes): Bytes {
    const known = get(this.#excerpt.map, key)
    return known !== null && equal(known, value) ? known : value
  }

  async #examine(excerpt: TreeState): Promise<Check> {
    const known = summaryOf(this.#excerpt) === null ? null : this.#excerpt
    const { clock, crypto } = this.#options.platform
    const claims = await inSlices(clock, examineExcerpt(excerpt, this.#options.own, known))
    if (!claims.ok) return claims
    const verdicts = await crypto.verify(claims.value)
    return verdicts.every(Boolean) ? ok : signatureInvalid
  }

  /** Whether what is told is of the generation that it names, and that one was begun by the root as this device knows it. */
  async #isOfGeneration(excerpt: TreeState, { generation, takeOver }: Told): Promise<boolean> {
    if (summaryOf(excerpt)?.generation !== generation) return false
    if (generation === this.#newest.generation || generation === firstGeneration) return true
    const signed = takeOver && decode(takeOverBodyWire, takeOver.body, takeOverSizeBytesMax)
    if (!signed?.ok || !equal(signed.value.treeId, excerpt.treeId) || signed.value.generation !== generation)
      return false
    const { setHash } = signed.value
    // A device that has nothing of the tree yet goes by its name.
    const known = summaryOf(this.#excerpt)?.setHash ?? excerpt.treeId
    const set = descendsFrom(excerpt, setHash, known) ? setOf(excerpt, setHash) : null
    const claim = set && rootClaim(set, takeOverDomain, takeOver!.body, takeOver!.signature)
    return claim?.ok === true && (await this.#options.platform.crypto.verify([claim.value])).every(Boolean)
  }

  /**
   * A decision, as the excerpt bears it out: what was taken is in the folder, or what was written over it. Where it is not, another
   * member is asked; and when all that are there and may still say so do, it stays with who did it.
   */
  #borneOut(host: PeerId, excerpt: TreeState, decision: Decision): readonly Decision[] {
    const given = this.#given.get(keyOf(decision.requestId))
    if (given === undefined) return []
    if (decision.fault !== null || [...given.changes].some((change) => showsContents(excerpt, change)))
      return [decision]
    given.unseenAt.add(host)
    this.#rankHost(host, false)
    const nowMs = this.#options.platform.clock.nowMs()
    // What another one says is not used, so it is not waited for.
    const entitled = this.#connected.filter(
      (id) => !this.#behind.has(id) && checkHost(excerpt, principalIn(id), nowMs).ok,
    )
    const isAgreed = entitled.every((id) => given.unseenAt.has(id))
    return isAgreed ? [{ ...decision, fault: takenUnseen.fault.code }] : []
  }

  #isReadable(excerpt: TreeState): boolean {
    const { own } = this.#options
    const limit = limitOf(excerpt, own)
    const access = limit && accessOf(excerpt, blockIdOf(limit))
    return access !== null && access.fields.readcaps.some((readcap) => isFor(readcap, own))
  }

  async #install(excerpt: TreeState, told: Told): Promise<void> {
    const { platform, place, onArriving, onInstalling, onApplied } = this.#options
    const before = this.#state
    const after = guestState(excerpt, before, told.stampMs, told.decided)
    await onArriving?.(after)
    const touched = differingKeys(before.map, after.map)
    this.#arriving = excerpt
    const rows = checkpointChanges(place, this.base, after.map, touched, { from: 0, to: 0 })
    await platform.store.write([...rows, ...onInstalling(before, after, [])], 'strict')
    if (this.#isOver) return
    this.#state = after
    this.#excerpt = excerpt
    this.#arriving = null
    this.#heard(told)
    for (const decision of told.decided) this.#decided(decision)
    onApplied(before, after, touched, null)
  }

  #decided({ requestId }: Decision): void {
    this.#given.delete(keyOf(requestId))
    this.#stagedAt.delete(keyOf(requestId))
  }

  get #isOver(): boolean {
    return this.#isClosed || this.#failure !== null
  }

  #throwIfStopped(): void {
    if (this.#failure !== null) throw this.#failure.error
    if (this.#isClosed) throw nodeStopped()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#installing
  }

  halt(error: unknown): void {
    this.#failure ??= { error }
  }

  #fail(error: unknown): void {
    if (this.#isOver) return
    this.halt(error)
    this.#options.onFailure(error)
  }
}

/** A device that has one folder can not do what is about the whole tree. */
export const limitedOnly = (): BlocktreeError =>
  new BlocktreeError(
    'deviceLimited',
    'This device has one folder of the tree. That is done on a device that has all of it.',
  )

/** Whether nothing is said to be decided but what was asked about, and nothing later than all else. */
const isAsAsked = ({ decided, stampMs }: Told, requestIds: readonly Bytes[]): boolean => {
  const asked = new Set(requestIds.map(keyOf))
  return decided.every((decision) => decision.stampMs <= stampMs && asked.delete(keyOf(decision.requestId)))
}

/** Whether by what it tells it is a device of the owner's own that may go on being one. */
function checkHost(excerpt: TreeState, host: Bytes, nowMs: number): Check {
  const row = checkDevice(excerpt, host, nowMs)
  return row.ok && row.value.standing !== 'own' ? notOwn : row.ok ? ok : row
}

/** The devices that were put out, as far as an excerpt tells of them. */
function removedIn(excerpt: TreeState): ReadonlySet<string> {
  const removed = new Set<string>()
  for (const { device, dismissed } of devicesOf(excerpt))
    if (dismissed !== null) removed.add(keyOf(principalOf(device.fields.credential)))
  return removed
}

const excerptUnfitting = refused(
  'excerptUnfitting',
  'What a device said of the folder does not hold together, so it was not used. Another device is asked.',
)
const notOwn = refused(
  'deviceNotOwn',
  'A device that has not the whole tree said what is in the folder, so it was not used. Another device is asked.',
)
const tooLate = refused(
  'answerLate',
  'A device did not say in time what is in the folder, so the connection to it was closed. Another one is asked.',
)
const hostsAway = refused(
  'leaderAway',
  'None of the devices that have the whole tree can be reached now. Try again when one is there.',
)
const signatureInvalid = refused(
  'signatureInvalid',
  'A signature in what came of the folder is not valid, so it was not used. Another device is asked.',
)
