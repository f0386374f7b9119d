/**
 * What several people do with one tree at once, each at a device of his own, and what all of them may rely on.
 * @module
 */
import type { Bytes } from '../core/bytes/bytes.ts'
import type { Deed, Model, ModelItem, PendingDeed } from './checker.ts'
import type { Random } from './random.ts'
import { drawEdit } from './workload.ts'

const weights = { createFolder: 10, addFile: 45, writeFile: 18, editFile: 18, rename: 10, trash: 10 } as const
const guestWeights = {
  createFolder: 8,
  addFile: 40,
  addLink: 8,
  writeFile: 14,
  editFile: 14,
  rename: 10,
  trash: 10,
} as const
const contentSizes = { empty: 2, small: 70, sectors: 20, large: 2 } as const
export type ContentSizes = { readonly [band in keyof typeof contentSizes]: number }
const itemCountMax = 60
/** Of these are no more made as long as there are so many. */
const linkCountMax = 20

/** What else than files is used, and that all of it was is told by these. */
export const clusterDeedNames = [
  'linkMade',
  'linkFollowed',
  'guestGranted',
  'guestRevoked',
  'guestRead',
  'guestWrote',
] as const
export type ClusterDeedCounts = { [name in (typeof clusterDeedNames)[number]]: number }
export const noClusterDeeds = (): ClusterDeedCounts =>
  Object.fromEntries(clusterDeedNames.map((name) => [name, 0])) as ClusterDeedCounts

/** How a deed may be refused where devices fail or lag behind; nothing has changed then. */
export const cleanRefusals: ReadonlySet<string> = new Set(['itemGone', 'placeUnknown', 'signatureInvalid'])
/**
 * The same for what others do with the same things at the same time. Of what another device wrote the record may be here and nobody
 * in reach who has the content: then there is nothing yet that could be edited.
 */
export const contestRefusals: ReadonlySet<string> = new Set([
  ...cleanRefusals,
  'moveIntoItself',
  'notInTrash',
  'contentAway',
])
/** What may have happened although nobody could say so. */
export const openRefusals: ReadonlySet<string> = new Set([
  'nodeStopped',
  'storeClosed',
  'storeFull',
  'storeDamaged',
  'storageLost',
])

/** How a take-over may be refused: the one that decides is back, or the tree has changed since it was signed. */
export const takeOverRefusals: ReadonlySet<string> = new Set([
  ...openRefusals,
  'takeOverNeedless',
  'takeOverStale',
  'signatureInvalid',
])
/** How a hand-over may be refused; who decided goes on doing so. */
export const handOverRefusals: ReadonlySet<string> = new Set([
  ...openRefusals,
  'handOverAway',
  'handOverChosen',
  'handOverBetween',
  'handOverSlow',
  'handOverTwice',
  'raftTransferring',
  'notLeading',
])

/** How a choice of those who decide may be refused: they are, or go, out of reach, or somebody else has chosen. */
export const appointRefusals: ReadonlySet<string> = new Set([
  ...openRefusals,
  'decidersAway',
  'leaderAway',
  'outcomeUnknown',
  'raceLost',
  'signatureInvalid',
])

export class ClusterWorkload {
  readonly #random: Random
  readonly #model: Model
  readonly #sizes: ContentSizes
  /** Items of deeds whose fate is open: nobody touches them until it is known. */
  readonly #open = new Map<string, PendingDeed>()
  readonly #taken = new Set<string>()
  /** At which device an item was last touched; until all have come together nobody else touches it, and so no race is lost. */
  readonly #owners = new Map<string, number>()
  #count = 0
  #linkCount = 0
  #guestCount = 0

  /** @param sizes how often contents are how large; absent: of all sizes */
  constructor(model: Model, random: Random, sizes: ContentSizes = contentSizes) {
    this.#model = model
    this.#random = random
    this.#sizes = sizes
  }

  get pending(): readonly PendingDeed[] {
    return [...this.#open.values()]
  }

  /** @param at the device at which it will be done */
  draw(at: number): Deed | null {
    const random = this.#random
    const kind = random.weighted(this.#isCrowded ? { ...weights, addFile: 5, createFolder: 1, trash: 25 } : weights)
    if (kind === 'createFolder') return { kind, parentId: this.#folder(), name: this.#name('folder') }
    if (kind === 'addFile')
      return { kind, parentId: this.#folder(), name: this.#name('file'), content: this.#content() }
    return this.#drawChange(at, kind, [...this.#model.items.values()], random, null)
  }

  /** @param name null: one is drawn */
  #drawChange(
    at: number,
    kind: 'writeFile' | 'editFile' | 'rename' | 'trash',
    items: readonly ModelItem[],
    random: Random,
    name: string | null,
  ): Deed | null {
    const free = items.filter(
      ({ id, isTrashed, kind: of }) =>
        !isTrashed &&
        !this.#taken.has(id) &&
        (this.#owners.get(id) ?? at) === at &&
        (kind === 'writeFile' || kind === 'editFile' ? of === 'file' : true),
    )
    // What a folder holds would go with it.
    const item = free.length === 0 ? null : random.pick(free)
    if (item === null || (kind === 'trash' && item.kind === 'folder')) return null
    this.#taken.add(item.id)
    this.#owners.set(item.id, at)
    if (kind === 'writeFile') return { kind, id: item.id, content: this.#content(item.content!.length, random) }
    if (kind === 'editFile') return { kind, id: item.id, ...drawEdit(random, item.content!) }
    return kind === 'rename' ? { kind, id: item.id, name: name ?? this.#name('renamed') } : { kind, id: item.id }
  }

  /** A link to something that is there; drawn apart, so that all else is drawn as without links. */
  drawLink(random: Random): Deed | null {
    const live = [...this.#model.items.values()].filter(({ isTrashed }) => !isTrashed)
    const links = live.filter(({ kind }) => kind === 'link')
    if (links.length >= linkCountMax) return null
    const folders = live.filter(({ kind }) => kind === 'folder')
    const place = (): string => (folders.length === 0 ? this.#model.rootId : random.pick(folders).id)
    const target = random.weighted({ folder: 3, link: links.length > 0 ? 4 : 0, any: live.length > 0 ? 5 : 0 })
    const targetId = target === 'folder' ? place() : random.pick(target === 'link' ? links : live).id
    return { kind: 'addLink', parentId: place(), name: `link ${++this.#linkCount}`, targetId }
  }

  /** In a folder that is shared with a guest. @param at the guest */
  drawWithin(at: number, folderId: string, random: Random): Deed | null {
    const [folder, ...inside] = this.#model.subtree(folderId)
    if (folder === undefined) return null
    const kind = random.weighted(this.#isCrowded ? { ...guestWeights, addFile: 5, createFolder: 1 } : guestWeights)
    const live = inside.filter(({ isTrashed }) => !isTrashed)
    const parentId = random.pick([folder, ...live.filter(({ kind: of }) => of === 'folder')]).id
    const name = `guest ${++this.#guestCount}`
    if (kind === 'createFolder') return { kind, parentId, name }
    if (kind === 'addFile') return { kind, parentId, name, content: this.#content(-1, random) }
    if (kind === 'addLink') return { kind, parentId, name, targetId: random.pick([folder, ...live]).id }
    return this.#drawChange(at, kind, inside, random, name)
  }

  get #isCrowded(): boolean {
    return this.#model.items.size > itemCountMax
  }

  /** A deed has ended. @param id of what it made or changed; null where nobody knows whether it took effect */
  ended(at: number, pending: PendingDeed, id: string | null, isRefused: boolean): void {
    const { deed } = pending
    const touched = 'id' in deed && deed.id !== null ? deed.id : null
    if (id === null && !isRefused) return void this.#open.set(pending.requestId, pending)
    if (touched !== null) this.#taken.delete(touched)
    if (id === null) return
    this.#model.apply(deed, id)
    if (touched === null) this.#owners.set(id, at)
  }

  /** Everything that was open is decided. */
  resolved(): void {
    this.#open.clear()
    this.#taken.clear()
    this.#owners.clear()
  }

  #name(stem: string): string {
    return `${stem} ${++this.#count}`
  }

  #folder(): string {
    const folders = [...this.#model.items.values()].filter(({ kind }) => kind === 'folder')
    return folders.length === 0 || this.#random.chance(0.4) ? this.#model.rootId : this.#random.pick(folders).id
  }

  /** @param butSizeBytes the size that the content must not have, so that versions are told apart by it */
  #content(butSizeBytes = -1, random = this.#random): Bytes {
    const band = random.weighted(this.#sizes)
    const sizeBytes =
      band === 'empty'
        ? 0
        : band === 'small'
          ? random.spread(1, 8000)
          : band === 'sectors'
            ? random.between(65_000, 300_000)
            : random.between(1_100_000, 1_500_000)
    return random.bytes(sizeBytes === butSizeBytes ? sizeBytes + 1 : sizeBytes)
  }
}
