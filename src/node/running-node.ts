/**
 * A running node: which tree is open, what is being watched, and what goes on by itself: resuming, moving in, emptying the trash.
 * @module
 */
import { BlocktreeError, type Bytes, RefusedError, equal, nodeStopped, refused, toHex } from '../core/bytes/bytes.ts'
import { principalOf } from '../core/crypto/crypto.ts'
import type { Farewell } from '../core/message/message.ts'
import type { BlockId, TreeId } from '../core/path/path.ts'
import { type TreeState, deviceDismissed, rowKind } from '../core/tree/tree.ts'
import type { NodeKeys, Platform } from '../port/platform.ts'
import type { Change } from '../port/store.ts'
import type { NodeEvent, TreeStatus } from './api.ts'
import { Abroad } from './abroad/abroad.ts'
import { Arrival } from './arrival.ts'
import { keepLink } from './abroad/keeping.ts'
import { Aside } from './aside.ts'
import { deciderOf } from './decider.ts'
import { limitedOnly } from './guest/guest-replica.ts'
import { visitRow } from './guest/visit.ts'
import { type Home, homeOf } from './home.ts'
import { Jobs } from './jobs.ts'
import { readLivedTime, startedAt, writeLivedTime } from './lived-time.ts'
import { Invitations } from './invitations.ts'
import { Joinings, treeUnderWay } from './joinings.ts'
import { type TreeAddress, admit, announceHybrid, isHybridAsked } from './members.ts'
import { moveIn } from './move-in.ts'
import { Precedence } from './precedence.ts'
import { Network, type NetworkOptions } from './network.ts'
import { OwnTree } from './own-tree.ts'
import { NewCard } from './new-card.ts'
import { Passkeys } from './passkeys.ts'
import { type Founding, Plantings, foundLocalTree } from './planting.ts'
import {
  farewellFrom,
  farewellTo,
  isFarewellTrue,
  keepFarewell,
  overruleFarewell,
  owingBlocks,
  removeDevice,
  renewKeys,
} from './removal.ts'
import { type Profile, forgetTree, readProfile, treeAt, writeProfile } from './profile.ts'
import { obtainNothing } from './read/objects.ts'
import { type Recount, idText } from './read/view.ts'
import { Streams } from './read/streams.ts'
import { isResealingWanted } from './resealing.ts'
import type { Reports } from './reports.ts'
import { blockIdOfRequest } from './request.ts'
import { folderOf, statusOf } from './status.ts'
import { isOverdue } from './trash.ts'
import { welcomeContent, welcomeName, welcomeRequest } from './welcome.ts'

export interface NodeOptions {
  /** What a device is called until its owner says otherwise. */
  readonly deviceName: string
  /** Whether a tree that begins here begins with a file that says what it is. */
  readonly welcomes?: boolean
  /** Absent: this device finds no others. */
  readonly network?: NetworkOptions
}

/** A device that finds no others. */
const alone: NetworkOptions = { meeting: async () => ({ relays: [], stun: [] }), buildId: '' }

/** The node's inside, as `serve.ts` sees it. */
export class RunningNode {
  readonly platform: Platform
  readonly keys: NodeKeys
  readonly jobs: Jobs
  readonly precedence: Precedence
  readonly plantings: Plantings
  readonly invitations: Invitations
  readonly passkeys: Passkeys
  readonly newCard: NewCard
  readonly joinings: Joinings
  readonly abroad: Abroad
  readonly streams = new Streams()
  readonly stopped: Promise<Error>
  readonly #options: NodeOptions
  readonly #network: Network
  readonly #watchers = new Map<string, (event: NodeEvent) => void>()
  #home: Home | null = null
  #aside: Aside | null = null
  /** What is to be the home, as long as it is on its way here. */
  #arrival: Arrival | null = null
  #isReplacing = false
  #profile!: Profile
  #profileTurn: Promise<unknown> = Promise.resolve()
  #watchCount = 0
  #stop!: (error: Error) => void
  #onPutOut!: () => void
  readonly #whenPutOut = new Promise<void>((resolve) => (this.#onPutOut = resolve))
  #isStopped = false
  /** What may change with the devices that are there, as it was told last. */
  #toldStatus = ''

  constructor(platform: Platform, keys: NodeKeys, options: NodeOptions) {
    this.platform = platform
    this.keys = keys
    this.#options = options
    this.plantings = new Plantings(platform, keys)
    this.#network = new Network(platform, keys, options.network ?? alone)
    const common = { platform, keys, network: this.#network, status: () => this.status() }
    this.passkeys = new Passkeys(() => ({ platform, keys, tree: this.home.tree }))
    this.newCard = new NewCard(() => ({ platform, keys, tree: this.home.tree }))
    this.invitations = new Invitations({
      ...common,
      home: () => this.home,
      onChanged: (inviting) => this.emit({ kind: 'inviting', inviting }),
      onFailure: (error) => this.fail(error),
    })
    this.joinings = new Joinings({
      ...common,
      follow: (address, deviceName) => this.join(address, deviceName),
      giveUp: (reason) => this.#arrival?.giveUp(reason),
      isReplacing: () => this.#isReplacing,
      keep: (joined, secret) => keepLink(this.home, joined, secret),
      leaveOthers: () => this.abroad.close(),
      onChanged: (joining) => this.emit({ kind: 'joining', joining }),
      onFailure: (error) => this.fail(error),
    })
    this.abroad = new Abroad({
      ...{ platform, network: this.#network, home: () => this.home },
      onChanged: (linkId) => this.emit({ kind: 'far', linkId }),
    })
    this.precedence = new Precedence(platform.clock)
    this.jobs = new Jobs(platform.clock, this.precedence, {
      onJob: (job) => this.emit({ kind: 'job', job }),
      onJobEnded: (id) => this.emit({ kind: 'jobEnded', id }),
    })
    this.stopped = new Promise((resolve) => (this.#stop = resolve))
  }

  /** What other devices did that they should not have. */
  get reports(): Reports {
    return this.#network.reports
  }

  get home(): Home {
    if (this.#home === null) throw nodeStopped()
    return this.#home
  }

  async start(): Promise<void> {
    const { store } = this.platform
    void store.closed.then((error) => this.fail(error))
    this.#profile = await readProfile(store)
    const halfArrived = treeAt(this.#profile, 'arriving')
    if (halfArrived !== null) await this.forget(halfArrived)
    const home = treeAt(this.#profile, 'home')
    if (home === null) await this.#beginLocal()
    else await this.#open(home)
    const { address } = this.#profile
    if (address !== null) void this.#settle(this.joinings.arrive('', this.#follow(address)))
    this.#resume()
    await this.#emptyOldTrash()
  }

  /** A tree of this browser alone, usable at once. */
  async #beginLocal(): Promise<void> {
    await this.#begin(await foundLocalTree(this.platform, this.keys, this.#options.deviceName), null)
    if (this.#options.welcomes !== true) return
    const { files, view } = this.home
    await this.jobs.run(welcomeRequest, 'add', welcomeName, welcomeContent.size, (job) =>
      files.addFile(welcomeRequest, view.rootId, welcomeName, welcomeContent, job),
    )
  }

  /** Begins a tree on this device and makes it the home; the home before it, if any, is left behind as `leaving`. */
  async #begin(founding: Founding, base: TreeState | null): Promise<void> {
    const { treeId, operation, people } = founding
    // An earlier try may have left rows, which would be mixed with those to come; objects of one that is restored have come before.
    const leftBehind = forgetTree(treeId).filter(({ table }) => table !== 'object')
    await this.#changeProfile(arriving(treeId), leftBehind)
    let tree: OwnTree | null = null
    try {
      tree = await OwnTree.begin(this.#treeOptions(treeId), operation, base)
      await this.#changeProfile(({ trees }) => ({
        deviceName: people.deviceName,
        trees: trees.map((held) => ({ ...held, stage: equal(held.treeId, treeId) ? 'home' : 'leaving' })),
      }))
    } catch (error) {
      await tree?.close()
      tree?.ring.close()
      // On a full disk the next start deletes it.
      await this.forget(treeId).catch(() => {})
      throw error
    }
    await this.#moveTo(tree)
  }

  async #open(treeId: TreeId): Promise<void> {
    const tree = await OwnTree.open(this.#treeOptions(treeId))
    if (tree === null)
      throw new BlocktreeError('treeMissing', 'The tree of this device is not complete. Restore it from an export.')
    await this.#moveTo(tree)
  }

  /** Makes a tree the home, in place of the one before. */
  async #moveTo(tree: OwnTree): Promise<void> {
    const { store } = this.platform
    const before = this.#home
    before?.hold.close()
    const farewell = await farewellFrom(store, tree.committed, this.keys)
    const isResealing = await isResealingWanted(store, tree.treeId)
    this.streams.closeAll()
    this.abroad.close()
    const home = this.#homeOf(tree, isResealing)
    this.#home = home
    // From here on whatever is asked for is asked of the new one.
    const left = before === null ? null : this.#leave(before)
    if (farewell !== null) this.#putOut(home, farewell)
    this.#hearOutbox(home)
    home.sweeper.start()
    tree.arrears.begin((device, writecap) => admit(tree, device, writecap))
    this.#beginReplicating(home)
    if (owingBlocks(tree.committed).length > 0) void this.#settle(renewKeys(tree))
    void this.#settle(this.#followHybrid(tree))
    tree.cluster.onLeader = () => this.#onLeader(home)
    if (tree.visit === null) tree.ownCluster.onTime = () => this.#tellStatus()
    this.#renewRest(home)
    for (const watcher of this.#watchers.values()) watcher(this.#snapshot())
    await left
  }

  #homeOf(tree: OwnTree, isResealing: boolean): Home {
    return homeOf(tree, {
      streams: this.streams,
      principal: toHex(principalOf(this.keys.credential)),
      quotaBytes: () => this.#profile.holdQuotaBytes,
      isResealing,
    })
  }

  #hearOutbox(home: Home): void {
    const { outbox } = home.tree
    outbox.onShown = (shown, touched) => this.#onShown(home, shown, touched)
    outbox.onSettled = (deed) => {
      const top = home.files.unfinishedBy(deed)
      if (top !== null) this.#finishMove(top)
    }
  }

  #beginReplicating(home: Home): void {
    const replicating = this.#settle(this.#replicate(home))
    // A reader is told that a content is away rather than kept waiting for the network.
    const tried = Promise.race([replicating, this.#network.away])
    home.tree.obtain = async (keys) => {
      await tried
      return (home.replication?.sharing.obtain ?? obtainNothing)(keys)
    }
  }

  /** Closes what was the home, as soon as nothing is under way in it any more. */
  async #leave({ tree }: Home): Promise<void> {
    await this.jobs.end(['add', 'move', 'purge'], treeReplaced())
    await tree.close()
    tree.ring.close()
  }

  #treeOptions(treeId: TreeId) {
    return {
      platform: this.platform,
      keys: this.keys,
      treeId,
      onApplied: (before: TreeState, state: TreeState, touched: readonly Bytes[]) => {
        this.#onApplied(treeId, before, state, touched)
        this.#arrival?.look()
      },
      onFailure: (error: unknown) => this.fail(error),
    }
  }

  #onApplied(treeId: TreeId, before: TreeState, state: TreeState, touched: readonly Bytes[]): void {
    const home = this.#home
    if (home === null || !equal(home.tree.treeId, treeId)) return
    home.sweeper.onApplied(touched)
    home.hold.refreshSoon()
    home.replication?.onApplied(before, state, touched)
    if (touched.some((key) => key[0] === rowKind.device)) this.#onDevices(home)
    this.#renewRest(home)
  }

  #onLeader(home: Home): void {
    this.#tellCopies(home, null)
    this.#renewRest(home)
  }

  /** Asked with every entry; mostly there is nothing to be done. */
  #renewRest(home: Home): void {
    if (home.dismissal !== null) return
    if (home.renewing.isDue) void this.#settle(home.renewing.run(this.jobs, home.view.items.size))
    if (home.resealing.isDue) void this.#settle(home.resealing.run(this.jobs))
  }

  #onDevices(home: Home): void {
    const { tree } = home
    const farewell = farewellTo(tree.committed, principalOf(this.keys.credential))
    if (farewell !== null) {
      // From here on nothing is written of the log, and so not that it says so for certain.
      if (home.dismissal === null) void this.#settle(keepFarewell(this.platform.store, tree.treeId, farewell))
      return this.#putOut(home, farewell)
    }
    home.replication?.refresh()
    void this.#settle(this.#replicate(home))
    // In the generation that it was said in before, or before the process died, it may have been lost.
    void this.#settle(this.#followHybrid(tree))
    // Whoever leaves can not give new keys; and one that put another out may be gone before it did.
    if (tree.cluster.position.isLeader) void this.#settle(renewKeys(tree))
  }

  /** Takes a device out, which may be this one. */
  async removeDevice(principal: string): Promise<void> {
    const { home } = this
    if (home.dismissal !== null) throw new RefusedError(deviceDismissed().fault)
    const isReached = home.replication?.isMemberUp === true
    const removed = removeDevice(home.tree, this.keys, principal, isReached)
    const hadAll = await Promise.race([removed, this.#whenPutOut])
    if (hadAll === true && home.dismissal === null) void this.#settle(this.abroad.warnOwners())
  }

  async #onFarewell(home: Home, farewell: Farewell): Promise<void> {
    if (!(await isFarewellTrue(home.tree, this.platform, this.keys, farewell)) || this.#home !== home) return
    this.#putOut(home, farewell)
    await keepFarewell(this.platform.store, home.tree.treeId, farewell)
  }

  /** This device was put out of its tree: it keeps what it has, and changes nothing any more. */
  #putOut(home: Home, farewell: Farewell): void {
    if (home.dismissal !== null) return
    home.dismissal = farewell.dismissal
    home.replication = null
    this.#onPutOut()
    this.#appeal(home, farewell)
    this.abroad.close()
    this.invitations.end()
    home.tree.putOut()
    // Of the others nothing is heard any more.
    home.view.copyCountOf = (block) => (home.tree.holdings.isLacking(block) ? 0 : 1)
    if (this.#home === home) this.#tellStatus()
    this.#tellCopies(home, 'all')
  }

  /** Where the tree here does not say itself that this device was put out, others may know better. */
  #appeal({ tree }: Home, farewell: Farewell): void {
    const { committed, treeId } = tree
    if (farewellTo(committed, principalOf(this.keys.credential)) !== null) return this.#network.leave()
    const onOverruled = (): void => {
      this.#network.leave()
      const overruled = overruleFarewell(this.platform.store, treeId, this.platform.clock.nowMs())
      // What was given up because of it begins anew.
      void this.#settle(overruled.finally(() => this.fail(removalOverruled())))
    }
    void this.#settle(this.#network.appeal(committed, farewell, onOverruled))
  }

  #onShown(home: Home, shown: TreeState, touched: readonly Bytes[]): void {
    if (this.#home !== home || this.#isStopped) return
    this.emit({
      kind: 'changed',
      tree: this.status(),
      ...home.view.update(shown, touched, home.tree.outbox.waiting.flat()),
    })
  }

  /** Other devices are talked to as soon as there are any. */
  async #replicate(home: Home): Promise<void> {
    if (!home.tree.isShared || home.replication !== null || home.dismissal !== null || this.#isStopped) return
    const { tree, sweeper, hold } = home
    const replication = await this.#network.replicate(tree.treeId, {
      held: tree,
      untilSwept: () => sweeper.untilSwept(),
      introduced: [],
      onChanged: (recount) => this.#tellCopies(home, recount),
      onFarewell: (farewell) => void this.#settle(this.#onFarewell(home, farewell)),
    })
    if (replication === null) return
    home.replication = replication
    hold.isSafe = (block, stampMs) => replication.isSafe(block, stampMs)
    hold.onWanted = () => replication.sharing.fetchLacking()
    hold.onLetGo = () => {
      replication.saySoon()
      this.#tellCopies(home, 'all')
    }
    // What is kept here is nowhere else, whatever others say that they have.
    home.view.copyCountOf = (block, stampMs) =>
      tree.outbox.hasNewContent(block) ? 1 : replication.copyCount(block, stampMs)
    this.#tellCopies(home, 'all')
  }

  /** Tells where more or fewer devices hold something than was told before. @param recount null: only who is there has changed */
  #tellCopies(home: Home, recount: Recount | null): void {
    if (this.#home !== home || this.#isStopped) return
    home.hold.refreshSoon()
    const upserted = recount === null ? [] : home.view.recount(recount)
    const { tree } = home
    const own = principalOf(this.keys.credential)
    const { quorum, deviceName, appointed } = deciderOf(home, own)
    const folder = tree.visit === null ? null : folderOf(tree, own)
    const { voters } = tree.cluster.members.configuration
    const isTimeStanding = tree.visit === null && tree.ownCluster.isTimeStanding
    const told = JSON.stringify([quorum, folder, deviceName, appointed, voters, isTimeStanding])
    if (upserted.length === 0 && told === this.#toldStatus) return
    this.#toldStatus = told
    this.emit({ kind: 'changed', tree: this.status(), upserted, removedIds: [] })
  }

  /** Takes part in another device's tree, which becomes the home once it can be read; what is kept here is set aside. */
  join({ visit, ...address }: TreeAddress, deviceName: string): Promise<void> {
    const { treeId } = address
    return this.#follow(address, () =>
      this.#changeProfile(
        ({ trees }) => ({ trees: [...otherThan(treeId, trees), { treeId, stage: 'joining' }], deviceName, address }),
        [visitRow(treeId, visit)],
      ),
    )
  }

  /** @param begin makes it known that the tree comes, where no earlier life of the node did */
  async #follow(address: Omit<TreeAddress, 'visit'>, begin = async (): Promise<void> => {}): Promise<void> {
    const { treeId } = address
    const arrival = new Arrival({
      ...{ tree: this.#treeOptions(treeId), network: this.#network, address },
      onPutOut: () => this.joinings.putOut(),
    })
    this.#arrival = arrival
    const from = this.home.tree.treeId
    let tree: OwnTree
    let isEmpty: boolean
    try {
      await begin()
      tree = await arrival.come()
      await this.#dropWelcome()
      isEmpty = this.home.view.items.size === 1
      const rest = isEmpty ? 'leaving' : 'aside'
      await this.#changeProfile(({ trees }) => ({
        trees: trees.map((one) => ({ ...one, stage: equal(one.treeId, treeId) ? 'home' : rest })),
        address: null,
      }))
    } catch (error) {
      if (error instanceof BlocktreeError) await this.#abandon(arrival)
      throw error
    }
    await this.#moveTo(tree)
    this.#arrival = null
    if (isEmpty) void this.#settle(this.#moveIn(from))
    else await this.#openAside(from)
  }

  /** What has come of a tree that nobody waits for any more is deleted, and where it would be found with it. */
  async #abandon(arrival: Arrival): Promise<void> {
    const { treeId } = arrival
    this.#network.leave()
    try {
      await arrival.close()
      await this.forget(treeId, { address: null })
    } finally {
      // On a full disk the next start goes on with it.
      this.#arrival = null
    }
  }

  /** Lets a tree that begins here take the place of the home, while no other is about to. */
  async replacing<T>(work: () => Promise<T>): Promise<T> {
    this.demandNoArrival()
    this.#isReplacing = true
    return work().finally(() => (this.#isReplacing = false))
  }

  /** Two trees are never mixed: one that comes later would push aside what was planted or restored meanwhile. */
  demandNoArrival(): void {
    if (this.#arrival !== null || this.joinings.isUnderWay) throw new RefusedError(stillJoining.fault)
    if (this.#isReplacing) throw treeUnderWay()
  }

  /** What was cut short by the end of an earlier life: content that moves in, moves that re-key. */
  #resume(): void {
    const from = treeAt(this.#profile, 'leaving')
    if (from !== null) void this.#settle(this.#moveIn(from))
    const aside = treeAt(this.#profile, 'aside')
    if (aside !== null) void this.#settle(this.#openAside(aside))
    for (const block of this.home.files.unfinishedMoves()) this.#finishMove(block)
  }

  #finishMove(top: BlockId): void {
    const { files, view } = this.home
    const name = view.get(idText(top))?.name ?? ''
    void this.#settle(this.jobs.run(`resume-move-${toHex(top)}`, 'move', name, 0, (job) => files.finishMove(top, job)))
  }

  /** Deletes for good what has been in the trash for long enough. */
  async #emptyOldTrash(): Promise<void> {
    const { store, clock } = this.platform
    const nowMs = clock.nowMs()
    const lived = startedAt(await readLivedTime(store), nowMs)
    // On a full disk the emptying matters more than the note.
    void this.#settle(writeLivedTime(store, lived))
    for (const item of this.home.view.items.values()) {
      if (!isOverdue(item, lived, nowMs)) continue
      const { id, name } = item
      void this.#settle(
        this.jobs.run(`trash-${id}`, 'purge', name, 0, (job) => this.home.files.purge(`trash-${id}`, id, job)),
      )
    }
  }

  /** Work that nobody waits for: a refusal is final, anything else stopped the node already. */
  async #settle(work: Promise<unknown>): Promise<void> {
    await work.catch((error: unknown) => {
      if (!(error instanceof BlocktreeError)) this.fail(error)
    })
  }

  async plant(requestId: string, plantingId: string, assertion: Parameters<Plantings['finish']>[1]): Promise<void> {
    if (this.status().isPlanted) {
      throw new BlocktreeError('alreadyPlanted', 'This tree is planted already.')
    }
    const from = this.home.tree.treeId
    await this.replacing(async () => this.#begin(await this.plantings.finish(plantingId, assertion), null))
    this.plantings.abandon()
    await this.#moveIn(from, requestId)
  }

  /**
   * What can not come is shown apart from the tree, and the next start tries it again.
   * @returns why it can not; null where all of it came
   */
  async #moveIn(from: TreeId, requestId = `move-in-${toHex(from)}`): Promise<BlocktreeError | null> {
    const trouble = this.#whyNothingComes() ?? (await this.#moveAll(from, requestId))
    if (trouble === null) await this.forget(from)
    else if (!this.#isStopped) await this.#openAside(from, trouble)
    return trouble
  }

  async #moveAll(from: TreeId, requestId: string): Promise<BlocktreeError | null> {
    const source = await OwnTree.open(this.#treeOptions(from))
    if (source === null) return null
    try {
      return await this.jobs.run(requestId, 'plant', '', 0, (job) => moveIn(source, this.home, job))
    } finally {
      await source.close()
      source.ring.close()
    }
  }

  #whyNothingComes(): BlocktreeError | null {
    if (this.home.dismissal !== null) return new RefusedError(deviceDismissed().fault)
    return this.status().limited?.mayWrite === false ? limitedOnly() : null
  }

  /** Old contents go under new keys from now on, until none is left or somebody cancels. */
  async reseal(): Promise<void> {
    const { home } = this
    if (home.tree.visit !== null) throw limitedOnly()
    if (home.dismissal !== null) throw new RefusedError(deviceDismissed().fault)
    await home.resealing.want()
    this.#renewRest(home)
  }

  /** How much of the tree's contents this device keeps. @param quotaBytes null: all */
  async setHoldQuota(quotaBytes: number | null): Promise<void> {
    await this.#changeProfile(() => ({ holdQuotaBytes: quotaBytes }))
    this.home.hold.refreshSoon()
  }
  get holdQuotaBytes(): number | null {
    return this.#profile.holdQuotaBytes
  }

  /** What one of the owner's devices has asked for all ask for. */
  async #followHybrid(tree: OwnTree): Promise<void> {
    if (isHybridAsked(tree.committed)) await this.platform.keys.useHybrid()
    await announceHybrid(tree, this.keys)
  }

  /** A tree that this device joins or plants later learns of it from its first record. */
  async useHybrid(): Promise<void> {
    await this.platform.keys.useHybrid()
    await announceHybrid(this.home.tree, this.keys)
  }

  // --- what was here before this tree ---------------------------------------------------------------------------------------

  get aside(): Aside | null {
    return this.#aside
  }

  async #openAside(treeId: TreeId, trouble: BlocktreeError | null = null): Promise<void> {
    this.#aside = await Aside.open(this.#treeOptions(treeId), this.streams, trouble)
    this.#tellStatus()
  }

  /** Moves it into the tree. */
  async bringAside(requestId: string): Promise<void> {
    const refusal = this.#whyNothingComes()
    if (refusal !== null) throw refusal
    const treeId = await this.#leaveAside((treeId) =>
      this.#changeProfile(({ trees }) => ({
        trees: trees.map((held) => (equal(held.treeId, treeId) ? { treeId, stage: 'leaving' } : held)),
      })),
    )
    if (treeId === null) return
    const trouble = await this.#moveIn(treeId, requestId)
    if (trouble !== null) throw trouble
  }

  /** Deletes it for good. */
  async dropAside(): Promise<void> {
    await this.#leaveAside((treeId) => this.forget(treeId))
  }

  /** @param run after which it is aside no more; where it fails it stays */
  async #leaveAside(run: (treeId: TreeId) => Promise<void>): Promise<TreeId | null> {
    const aside = this.#aside
    if (aside === null) return null
    this.#aside = null
    await aside.close()
    try {
      await run(aside.treeId)
    } catch (error) {
      await this.#openAside(aside.treeId)
      throw error
    }
    this.#tellStatus()
    return aside.treeId
  }

  #tellStatus(): void {
    this.emit({ kind: 'changed', tree: this.status(), upserted: [], removedIds: [] })
  }

  /** Puts a recovered tree in the place of the one at home, which must be empty or unplanted. */
  async adopt(founding: Founding, base: TreeState): Promise<void> {
    const before = this.home.tree.treeId
    await this.#dropWelcome()
    await this.#begin(founding, base)
    await this.#moveIn(before)
  }

  /** What greets a newcomer is no content of his; it does not come along into a tree that has grown already. */
  async #dropWelcome(): Promise<void> {
    const { tree, view, files } = this.home
    const welcome = idText(blockIdOfRequest(tree.treeId, welcomeRequest))
    if (view.get(welcome)?.trashedAtMs === null) await files.trash('welcome-trash', welcome)
    if (view.get(welcome) === null) return
    await this.jobs.run('welcome-purge', 'purge', welcomeName, 0, (job) => files.purge('welcome-purge', welcome, job))
  }

  /** A tree that is about to arrive in pieces: whatever of it lies here when it does not arrive whole is deleted at the next start. */
  expectArrival(treeId: TreeId): Promise<void> {
    return this.#changeProfile(arriving(treeId))
  }

  /** Deletes a tree from this device, together with what the profile says of it. */
  forget(treeId: TreeId, more: Partial<Profile> = {}): Promise<void> {
    return this.#changeProfile(({ trees }) => ({ ...more, trees: otherThan(treeId, trees) }), forgetTree(treeId))
  }

  watch(observer: (event: NodeEvent) => void): string {
    const id = String(++this.#watchCount)
    this.#watchers.set(id, observer)
    observer(this.#snapshot())
    return id
  }

  unwatch(id: string): void {
    this.#watchers.delete(id)
  }

  emit(event: NodeEvent): void {
    for (const watcher of this.#watchers.values()) watcher(event)
  }

  #snapshot(): NodeEvent {
    return {
      kind: 'snapshot',
      tree: this.status(),
      items: [...this.home.view.items.values()],
      jobs: this.jobs.tellAll(),
      inviting: this.invitations.state,
      joining: this.joinings.state,
    }
  }

  status(): TreeStatus {
    const { tree, dismissal } = this.home
    const aside = this.#aside?.summary ?? null
    const decider = deciderOf(this.home, principalOf(this.keys.credential))
    return { ...statusOf(tree, this.keys, this.#profile.deviceName, dismissal), aside, decider }
  }

  async close(): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    this.jobs.stopAll()
    this.streams.closeAll()
    this.abroad.close()
    await this.#network.close()
    await this.#arrival?.close()
    await this.#home?.tree.close()
    await this.#aside?.close()
    this.plantings.abandon()
    this.passkeys.abandon()
    this.newCard.abandon()
  }

  /** Stops at once; what is durable stays, and the next start goes on from it. */
  fail(error: unknown): void {
    if (this.#isStopped) return
    this.#isStopped = true
    const reason = error instanceof Error ? error : new Error(String(error))
    this.#home?.tree.halt(reason)
    this.#arrival?.halt(reason)
    this.abroad.close()
    void this.#network.close().catch(() => {})
    this.streams.closeAll()
    const code = reason instanceof BlocktreeError ? reason.code : 'internal'
    const message =
      reason instanceof BlocktreeError
        ? reason.message
        : 'Something went wrong inside Blocktree. What was marked as saved is safe; reload to go on.'
    this.emit({ kind: 'stopped', code, message })
    this.#stop(reason)
  }

  /**
   * One change after the other, so that none takes back what another one just made.
   * @param others what changes in the same transaction
   */
  #changeProfile(change: (profile: Profile) => Partial<Profile>, others: readonly Change[] = []): Promise<void> {
    const changed = this.#profileTurn.then(async () => {
      const profile = { ...this.#profile, ...change(this.#profile) }
      await writeProfile(this.platform.store, profile, others)
      this.#profile = profile
    })
    this.#profileTurn = changed.catch(() => {})
    return changed
  }
}

const arriving =
  (treeId: TreeId) =>
  ({ trees }: Profile): Partial<Profile> => ({ trees: [...otherThan(treeId, trees), { treeId, stage: 'arriving' }] })

const otherThan = (treeId: TreeId, trees: Profile['trees']): Profile['trees'] =>
  trees.filter((held) => !equal(held.treeId, treeId))

const stillJoining = refused(
  'stillJoining',
  'This device is joining another tree. Go to “This is my second device” and stop that first; then try again.',
)

const treeReplaced = (): RefusedError =>
  new RefusedError(
    refused(
      'treeReplaced',
      'Another tree has come onto this device meanwhile, so this was not finished. Look what is there now, and add it again where it is missing.',
    ).fault,
  )

const removalOverruled = (): BlocktreeError =>
  new BlocktreeError(
    'removalOverruled',
    'Another of your devices knows that this one was not removed after all. Reload to go on; what could not be written meanwhile lies under “Not taken by the tree”, where you can bring it back.',
  )
