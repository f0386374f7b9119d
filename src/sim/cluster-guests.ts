/**
 * Guests among the devices of a run: each has one folder of the tree, reads it and, where it may, writes there while everything fails;
 * some are put out, and others come in their place.
 *
 * When all is calm a guest holds what is in its folder, and nothing else; what it was answered is in the tree, or, where it was put out
 * meanwhile, in its own quarantine.
 * @module
 */
import { type Bytes, fromHex } from '../core/bytes/bytes.ts'
import type { TreeId } from '../core/path/path.ts'
import { type TreeState, deviceOf } from '../core/tree/tree.ts'
import type { TransportId } from '../port/net.ts'
import { blockIdOfRequest } from '../node/request.ts'
import { idText } from '../node/read/view.ts'
import { createSimBlob } from './blob.ts'
import { type Deed, Model, type PendingDeed, compareContent, compareItems } from './checker.ts'
import { type ClusterDeedCounts, type ClusterWorkload, cleanRefusals, openRefusals } from './cluster-workload.ts'
import { type Life, type SimDevice, describeOutcome, readAll, settle } from './device.ts'
import { letInByCode } from './family.ts'
import { GuestAudit, type Since } from './guest-audit.ts'
import { compareEnds, followAll, targetsIn } from './link-ends.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import { describeDeed, perform } from './workload.ts'

/** What the run has for them. */
export interface GuestField {
  readonly random: Random
  readonly scheduler: Scheduler
  readonly treeId: TreeId
  readonly words: readonly string[]
  readonly model: Model
  readonly workload: ClusterWorkload
  readonly deeds: ClusterDeedCounts
  /** Of the owner's devices, those that are alive. */
  alive(): readonly Life[]
  nowMs(): number
  newDevice(name: string): SimDevice
  start(device: SimDevice): Promise<Life>
  /** A folder to share. */
  makeFolder(): Promise<void>
  newRequest(): string
  /** The tree as one of the owner's devices has it on its disk; null where none has the newest there. */
  held(): Promise<TreeState | null>
  until(what: string, isTrue: () => boolean, describe?: () => string): Promise<void>
  within<T>(work: Promise<T>, what: string): Promise<T>
  tell(line: string): void
  note(violation: string): void
}

export interface ClusterGuest {
  readonly name: string
  readonly device: SimDevice
  readonly transport: TransportId
  life: Life
  readonly principal: string
  readonly folderId: string
  readonly mayWrite: boolean
  readonly audit: GuestAudit
  /** Somebody has asked to put it out, and has heard that it is done. */
  isLeaving: boolean
  isRemoved: boolean
  /** The generation that knows of that: one that was begun without it hears of it later. */
  removedIn: number | null
  /** It was put out, and knows it. */
  isOut: boolean
  /** Since all came together last. */
  readonly given: { readonly pending: PendingDeed; readonly isAnswered: boolean }[]
  /** What it made, whatever became of that. */
  readonly made: Set<string>
  /** What others did in its folder after it was put out. */
  readonly since: Since
}

const dayMs = 24 * 60 * 60_000
/** Of what a guest does the place among the devices that touch things. */
const firstAt = 100

export class ClusterGuests {
  readonly #field: GuestField
  readonly #random: Random
  readonly #countWanted: number
  readonly all: ClusterGuest[] = []
  #count = 0
  /** Of a guest that was put out, for the next one. */
  #freedFolderId: string | null = null

  constructor(field: GuestField) {
    this.#field = field
    this.#random = field.random
    this.#countWanted = field.random.pick([0, 1, 1, 2, 2])
  }

  /** Whether nobody may wonder that a device is told to be put out. */
  isLeaving(id: string): boolean {
    return this.all.some(({ principal, isLeaving }) => principal === id && isLeaving)
  }

  // --- storms ---------------------------------------------------------------------------------------------------------------

  doSome(): Promise<void>[] {
    const random = this.#random
    const asked: Promise<void>[] = []
    for (const [at, guest] of this.all.entries()) {
      const { life } = guest
      if (guest.isOut || !life.process.isAlive) continue
      if (random.chance(0.5)) asked.push(this.#read(guest))
      for (let count = guest.mayWrite ? random.below(3) : 0; count > 0; count--) {
        const deed = this.#field.workload.drawWithin(firstAt + at, guest.folderId, random)
        if (deed !== null) asked.push(this.#ask(at, guest, deed))
      }
      if (!guest.isLeaving && random.chance(0.03)) asked.push(this.#putOut(guest))
    }
    return asked
  }

  async #ask(at: number, guest: ClusterGuest, deed: Deed): Promise<void> {
    const { scheduler, tell, note, workload, treeId, deeds } = this.#field
    const { life, name } = guest
    const pending: PendingDeed = { deed, requestId: this.#field.newRequest(), isCareless: false }
    await scheduler.sleep(this.#random.spread(1, 3000))
    tell(`${pending.requestId} at ${name}, life ${life.number}: ${describeDeed(deed)}`)
    guest.made.add(idText(blockIdOfRequest(treeId, pending.requestId)))
    const blobOf = (content: Bytes): Blob => createSimBlob(content, life.process)
    const outcome = await settle(life.process, perform(life.node.api, pending.requestId, deed, blobOf))
    tell(`${pending.requestId}: ${describeOutcome(outcome)}`)
    if (outcome.kind === 'done') deeds.guestWrote++
    const isClean = outcome.kind === 'failed' && writeRefusals.has(outcome.code)
    if (outcome.kind === 'failed' && !isClean && !openRefusals.has(outcome.code) && !guest.isLeaving)
      note(`${describeDeed(deed)} was refused at ${name}: ${describeOutcome(outcome)}`)
    // Even of what was answered it is known only when all is calm whether the tree has it.
    workload.ended(firstAt + at, pending, null, isClean)
    if (!isClean) guest.given.push({ pending, isAnswered: outcome.kind === 'done' })
  }

  async #read({ life, name, folderId }: ClusterGuest): Promise<void> {
    await this.#field.scheduler.sleep(this.#random.spread(1, 3000))
    const files = [...life.page.items.values()].filter(({ kind }) => kind === 'file')
    if (files.length === 0) return
    const { id, name: called } = this.#random.pick(files)
    const read = await settle(life.process, readAll(life.node.api, id))
    if (read.kind === 'done') this.#field.deeds.guestRead++
    if (read.kind === 'failed' && !readRefusals.has(read.code))
      this.#field.note(`"${called}" in ${folderId} cannot be read at ${name}: ${describeOutcome(read)}`)
  }

  async #putOut(guest: ClusterGuest): Promise<void> {
    guest.isLeaving = true
    const { scheduler, alive, tell } = this.#field
    await scheduler.sleep(this.#random.spread(1, 3000))
    const lives = alive().filter(({ process }) => !process.isFrozen)
    if (lives.length === 0) return
    const life = this.#random.pick(lives)
    tell(`${guest.name} is put out`)
    const outcome = await settle(life.process, this.#removal(life, guest))
    tell(`${guest.name} is put out: ${describeOutcome(outcome)}`)
    if (outcome.kind === 'done') this.#removed(guest, life)
  }

  #removal({ node: { api } }: Life, { principal }: ClusterGuest): Promise<void> {
    return api.removeDevice(this.#field.newRequest(), principal)
  }

  #removed(guest: ClusterGuest, life: Life): void {
    if (!guest.isRemoved) this.#field.deeds.guestRevoked++
    guest.isRemoved = true
    guest.removedIn = generationOf(life)
  }

  /** One of the owner's devices does something. @returns what is told when that is answered, with the id of what it touched */
  watch({ kind }: Deed, life: Life): (id: string) => void {
    const generation = generationOf(life)
    const removed = this.all.filter(({ removedIn }) => removedIn === generation)
    return (id) => {
      for (const { folderId, since } of removed) {
        if (!this.#field.model.subtree(folderId).some((item) => item.id === id)) continue
        if (kind !== 'createFolder' && kind !== 'rename') since.written.add(id)
        if (kind !== 'writeFile' && kind !== 'editFile') since.named.add(id)
      }
    }
  }

  /** Those that have died begin another life. @param chance how likely each does */
  async wake(chance: number): Promise<void> {
    for (const guest of this.all) {
      const { process, page } = guest.life
      if ((process.isAlive && page.stopped === null) || !this.#random.chance(chance)) continue
      process.kill()
      guest.device.disk.losePower(this.#random.below(guest.device.disk.relaxedCount + 1))
      guest.life = await this.#field.start(guest.device)
    }
  }

  // --- calm -----------------------------------------------------------------------------------------------------------------

  /** Until each has given what it kept; who is to be put out is. */
  async settle(): Promise<void> {
    const { alive, until, within, note } = this.#field
    for (const guest of this.all) {
      if (guest.isLeaving && !guest.isRemoved) {
        const [life] = alive()
        const outcome = await within(settle(life!.process, this.#removal(life!, guest)), 'putting out')
        if (outcome.kind === 'done') this.#removed(guest, life!)
        else note(`${guest.name} cannot be put out: ${describeOutcome(outcome)}`)
      }
      await until(
        `${guest.name} is settled`,
        () => this.#isSettled(guest),
        () => describeGuest(guest),
      )
    }
  }

  #isSettled({ life, isLeaving }: ClusterGuest): boolean {
    if (!life.process.isAlive || life.page.stopped !== null) return false
    const { keptCount, lackingCount, peers } = life.node.membership.standing()
    if (isLeaving) return life.page.tree.removed !== null
    return keptCount === 0 && lackingCount === 0 && peers.some(({ path }) => path !== null)
  }

  /**
   * All have come together, and the model has what the tree has.
   * @param happened the requests that took effect
   */
  async compare(happened: ReadonlySet<string>): Promise<void> {
    for (const guest of this.all) {
      await this.#compareDeeds(guest, happened)
      if (!guest.isLeaving) await this.#compareFolder(guest)
      await this.#audit(guest)
      if (guest.isLeaving && !guest.isOut) {
        guest.isOut = true
        guest.audit.left()
        this.#freedFolderId = guest.folderId
      }
    }
  }

  async #compareDeeds(guest: ClusterGuest, happened: ReadonlySet<string>): Promise<void> {
    const { life, name, isLeaving } = guest
    const kept = await this.#field.within(settle(life.process, life.node.api.quarantine()), 'reading a quarantine')
    const lines = kept.kind === 'done' ? [...kept.value] : []
    for (const { pending, isAnswered } of guest.given.splice(0)) {
      const { deed, requestId } = pending
      if (!isAnswered || happened.has(requestId)) continue
      const isOf = ({ deed: kind, sizeBytes }: (typeof lines)[number]): boolean =>
        kind === (deed.kind === 'editFile' ? 'writeFile' : deed.kind) &&
        (!('content' in deed) || sizeBytes === deed.content.length)
      const at = isLeaving ? lines.findIndex(isOf) : -1
      if (at < 0) this.#field.note(`${describeDeed(deed)} was answered at ${name} and is nowhere`)
      else lines.splice(at, 1)
    }
  }

  async #compareFolder({ life, name, folderId }: ClusterGuest): Promise<void> {
    const { note, within, model, until } = this.#field
    const shared = new Model(folderId)
    for (const item of model.subtree(folderId).slice(1)) shared.items.set(item.id, item)
    const findings = (): readonly string[] => compareItems(shared, life.page.items)
    await until(
      `${name} shows what is in its folder`,
      () => findings().length === 0 && life.node.membership.standing().lackingCount === 0,
      () => findings().join(', '),
    )
    for (const { id } of shared.items.values()) {
      const file = shared.items.get(id)!
      if (file.content === null) continue
      const read = await within(settle(life.process, readAll(life.node.api, id)), 'reading at a guest')
      if (read.kind !== 'done') note(`"${file.name}" cannot be read at ${name}: ${describeOutcome(read)}`)
      else {
        this.#field.deeds.guestRead++
        const wrong = compareContent(file, [file.content], read.value, 0, file.content.length)
        for (const finding of wrong) note(`at ${name} ${finding}`)
      }
    }
    const ends = await within(followAll(life), 'following links at a guest')
    this.#field.deeds.linkFollowed += ends.size
    const wrong = compareEnds(life.page.items, targetsIn(model), ends, new Map(), 'linkOutOfReach')
    for (const finding of wrong) note(`at ${name} ${finding}`)
  }

  async #audit(guest: ClusterGuest): Promise<void> {
    const { model, note, held, alive } = this.#field
    const { audit, name, folderId, made, since } = guest
    const generation = generationOf(alive()[0]!)
    if (guest.isRemoved && guest.removedIn !== generation) {
      await this.#untilKnown(guest)
      guest.removedIn = generation
      for (const ids of [since.written, since.named]) ids.clear()
    }
    const inside = new Set([...model.subtree(folderId).map(({ id }) => id), ...made])
    const above = new Set(model.ancestors(folderId))
    for (const finding of audit.judge(inside, above)) note(`${name} ${finding}`)
    const state = since.written.size + since.named.size === 0 ? null : await held()
    if (state === null) return
    for (const finding of audit.judgeKeys(state, since)) note(`${name} ${finding}, though it was put out`)
  }

  /** Another device had taken over who did not know of it. */
  async #untilKnown({ name, principal }: ClusterGuest): Promise<void> {
    const { held, scheduler, note } = this.#field
    for (let count = 0; count < 120; count++) {
      const state = await held()
      if (state !== null && deviceOf(state, fromHex(principal)!)?.dismissed != null) return
      await scheduler.sleep(1000)
    }
    note(`${name} was put out, and the tree does not know of it`)
  }

  /** Others come in the place of those who are out. */
  async change(): Promise<void> {
    const stay = this.all.filter(({ isOut, since }) => !isOut || since.written.size === 0)
    for (const guest of this.all) if (!stay.includes(guest)) guest.life.process.kill()
    this.all.splice(0, this.all.length, ...stay)
    if (this.#countWanted > 0 && this.#folders().length === 0) await this.#field.makeFolder()
    while (this.all.filter(({ isOut }) => !isOut).length < this.#countWanted) {
      const folderId = this.#folder()
      if (folderId === null || !(await this.#letIn(folderId))) return
    }
  }

  #folder(): string | null {
    const freed = this.#freedFolderId
    this.#freedFolderId = null
    if (freed !== null && this.#random.chance(0.7)) return freed
    const folders = this.#folders()
    return folders.length === 0 ? null : this.#random.pick(folders)
  }

  #folders(): readonly string[] {
    return [...this.#field.model.items.values()].flatMap(({ kind, id }) => (kind === 'folder' ? [id] : []))
  }

  /** @returns whether it is in */
  async #letIn(folderId: string): Promise<boolean> {
    const { newDevice, start, treeId, words, alive, until, within, tell, nowMs, note, deeds } = this.#field
    const name = `guest ${++this.#count}`
    const device = newDevice(name)
    const audit = new GuestAudit(treeId, device.disk)
    const life = await start(device)
    const mayWrite = this.#random.chance(0.75)
    tell(`${name} is let in to ${folderId}${mayWrite ? '' : ', to read'}`)
    const host = this.#random.pick(alive())
    const course = {
      run: async <T>(one: Life, work: Promise<T>): Promise<T> => {
        const outcome = await within(settle(one.process, work), 'letting in')
        if (outcome.kind === 'done') return outcome.value
        throw new Error(`letting in ${name}: ${describeOutcome(outcome)}`)
      },
      until,
    }
    const choice = { kind: 'limited', folderId, mayWrite, expiresAtMs: nowMs() + 6 * dayMs } as const
    const isIn = await letInByCode(course, host, { life, name }, words, choice)
    if (!isIn) note(`${name} was not let in`)
    if (!isIn) return false
    deeds.guestGranted++
    const transport = await device.keys.transportId()
    const { principal } = life.page.tree
    this.all.push({
      ...{ name, device, transport, life, principal: principal.replaceAll(' ', ''), folderId, mayWrite, audit },
      ...{
        isLeaving: false,
        isRemoved: false,
        removedIn: null,
        isOut: false,
        given: [],
        made: new Set(),
        since: { written: new Set(), named: new Set() },
      },
    })
    return true
  }
}

/** An edit reads what it does not write over. */
const writeRefusals: ReadonlySet<string> = new Set([...cleanRefusals, 'contentAway'])
const readRefusals: ReadonlySet<string> = new Set([...openRefusals, 'itemGone', 'contentAway'])

function describeGuest({ life, name, isLeaving }: ClusterGuest): string {
  if (!life.process.isAlive) return `${name} is dead`
  const { keptCount, lackingCount, peers } = life.node.membership.standing()
  const up = peers.filter(({ path }) => path !== null).length
  return `${name}: keeps ${keptCount}, lacks ${lackingCount}, ${up} peers${isLeaving ? ', is to be put out' : ''}`
}

/** Of two that were begun at once each has its own, though both have one number. */
const generationOf = ({ node }: Life): number => node.membership.standing().generation
