/**
 * The workload: a person who keeps folders and files, drawn by the seed.
 *
 * Deeds that run at the same time never touch the same item, so that each outcome can be judged by itself. Careful ones leave
 * alone also what the others need to stay as it is, so none of them may be refused.
 * @module
 */
import type { Bytes } from '../core/bytes/bytes.ts'
import { sectorSizeBytes } from '../core/block/block.ts'
import type { NodeApi } from '../node/api.ts'
import { type Deed, type Model, type ModelItem, type Part, edited } from './checker.ts'
import type { Random } from './random.ts'

/** Above it the node stores a body ahead of its record, in relaxed writes. */
const largeSizeBytes = 1024 * 1024
const itemCountMax = 90

const weights = {
  createFolder: 12,
  addFile: 34,
  writeFile: 12,
  editFile: 12,
  rename: 10,
  move: 10,
  trash: 10,
  restore: 4,
  purge: 5,
} as const satisfies { [K in Exclude<Deed['kind'], 'addLink'>]: number }

/** What a person does how often. */
export interface Habits {
  readonly weights: { readonly [kind in keyof typeof weights]: number }
  /** Of files that are stored ahead of their record. */
  readonly largeCount: number
}

export class Workload {
  readonly #random: Random
  readonly #model: Model
  readonly #weights: Habits['weights']
  #count = 0
  #largeLeft: number

  /** @param habits absent: usual ones */
  constructor(model: Model, random: Random, habits: Habits | null = null) {
    this.#model = model
    this.#random = random
    this.#weights = habits?.weights ?? weights
    this.#largeLeft = habits?.largeCount ?? random.pick([0, 1, 1, 2])
  }

  /**
   * Up to `countMax` deeds that can be done together.
   * @param areCareless deeds may pull the ground from under each other: a folder moves while something is added to it
   */
  draw(countMax: number, areCareless = false): readonly Deed[] {
    const deeds: Deed[] = []
    const taken = new Set<string>()
    for (let attempt = 0; attempt < 3 * countMax && deeds.length < countMax; attempt++) {
      const deed = this.#drawOne()
      // Where a restored item comes back, and what a purge deletes, would be a matter of luck.
      if (deed === null || (areCareless && (deed.kind === 'restore' || deed.kind === 'purge'))) continue
      const { touches, needs } = areCareless
        ? { touches: 'id' in deed ? [deed.id!] : [], needs: [] }
        : this.#reach(deed)
      // Who touches an item excludes who needs it, so both are marked, and only touching asks for both.
      if (touches.some((id) => taken.has(id) || taken.has(`needed ${id}`)) || needs.some((id) => taken.has(id)))
        continue
      for (const id of touches) taken.add(id)
      for (const id of needs) taken.add(`needed ${id}`)
      deeds.push(deed)
    }
    return deeds
  }

  #drawOne(): Deed | null {
    const random = this.#random
    const isCrowded = this.#model.items.size > itemCountMax
    const kind = random.weighted({
      ...this.#weights,
      ...(isCrowded ? { addFile: 4, createFolder: 1, trash: 30, purge: 20 } : {}),
    })
    switch (kind) {
      case 'createFolder':
        return { kind, parentId: this.#folder(), name: this.#name('folder', '') }
      case 'addFile':
        return { kind, parentId: this.#folder(), name: this.#name('file', '.txt'), content: this.#content() }
      case 'writeFile': {
        const file = this.#live((item) => item.kind === 'file')
        return file && { kind, id: file.id, content: this.#content(file.content!.length) }
      }
      case 'editFile': {
        const file = this.#live((item) => item.kind === 'file')
        return file && { kind, id: file.id, ...drawEdit(random, file.content!) }
      }
      case 'rename': {
        const item = this.#live()
        return item && { kind, id: item.id, name: this.#name('renamed', item.kind === 'file' ? '.md' : '') }
      }
      case 'move': {
        const item = this.#live()
        if (item === null) return null
        const inside = new Set(this.#model.subtree(item.id).map(({ id }) => id))
        const targets = this.#folders().filter((id) => !inside.has(id) && id !== item.parentId)
        return targets.length === 0 ? null : { kind, id: item.id, targetId: random.pick(targets) }
      }
      case 'trash': {
        const item = this.#live()
        return item && { kind, id: item.id }
      }
      case 'restore': {
        const item = this.#trashed()
        return item && { kind, id: item.id }
      }
      case 'purge': {
        const item = this.#trashed()
        return item && { kind, id: random.chance(0.3) ? null : item.id }
      }
    }
  }

  /** What a deed changes, and what has to stay as it is meanwhile. */
  #reach(deed: Deed): { readonly touches: readonly string[]; readonly needs: readonly string[] } {
    const model = this.#model
    switch (deed.kind) {
      case 'createFolder':
      case 'addFile':
      case 'addLink':
        return { touches: [], needs: [deed.parentId, ...model.ancestors(deed.parentId)] }
      case 'move':
        return {
          touches: model.subtree(deed.id).map(({ id }) => id),
          needs: [...model.ancestors(deed.id), deed.targetId, ...model.ancestors(deed.targetId)],
        }
      case 'purge':
        // What is brought back meanwhile would be a matter of luck.
        return { touches: [...model.doomedBy(deed.id), ...(deed.id === null ? ['trash'] : [])], needs: ['trash'] }
      case 'trash':
      case 'restore':
        return { touches: [deed.id], needs: [...model.ancestors(deed.id), 'trash'] }
      default:
        return { touches: [deed.id], needs: model.ancestors(deed.id) }
    }
  }

  /** New every time, except that now and then somebody uses a name again. */
  #name(stem: string, ending: string): string {
    if (this.#random.chance(0.1)) return `again${ending}`
    const letters = this.#random.pick(['', ' é', ' 文', ' __proto__', ' (2)'])
    return `${stem} ${++this.#count}${letters}${ending}`
  }

  /** @param butSizeBytes the size that the content must not have */
  #content(butSizeBytes = -1): Bytes {
    const random = this.#random
    const isLarge = this.#largeLeft > 0 && random.chance(0.02)
    if (isLarge) this.#largeLeft--
    const band = random.weighted({ empty: 3, small: 80, sectors: 4 })
    let sizeBytes = isLarge
      ? largeSizeBytes + random.between(1, 700_000)
      : band === 'empty'
        ? 0
        : band === 'small'
          ? random.spread(1, 8_000)
          : random.pick([65_535, 65_536, 65_537, random.between(65_538, 200_000)])
    if (sizeBytes === butSizeBytes) sizeBytes++
    return random.bytes(sizeBytes)
  }

  #folder(): string {
    return this.#random.pick(this.#folders())
  }

  #folders(): readonly string[] {
    const model = this.#model
    const open = [...model.items.values()].filter(({ id, kind }) => kind === 'folder' && !model.isGone(id))
    return [model.rootId, ...open.map(({ id }) => id)]
  }

  #live(isWanted: (item: ModelItem) => boolean = () => true): ModelItem | null {
    const live = [...this.#model.items.values()].filter((item) => !this.#model.isGone(item.id) && isWanted(item))
    return live.length === 0 ? null : this.#random.pick(live)
  }

  #trashed(): ModelItem | null {
    const trashed = [...this.#model.items.values()].filter(({ isTrashed }) => isTrashed)
    return trashed.length === 0 ? null : this.#random.pick(trashed)
  }
}

/** Above it a file is only cut, so that none grows without end. */
const editedSizeBytesMax = 2_500_000

/** An edit of a content; it comes to another size, by which one tells whether it was made. */
export function drawEdit(
  random: Random,
  before: Bytes,
): Pick<Extract<Deed, { kind: 'editFile' }>, 'parts' | 'sizeBytes' | 'content'> {
  const place = (): number =>
    random.pick([
      0,
      random.below(before.length + 1),
      random.below(before.length + 200_000),
      sectorSizeBytes * random.below(Math.ceil(before.length / sectorSizeBytes) + 2),
    ])
  const isLong = before.length > editedSizeBytesMax
  const parts = Array.from({ length: isLong ? 0 : random.below(4) }, (): Part => {
    const band = random.weighted({ small: 60, sectors: 20, large: 1 })
    const sizeBytes =
      band === 'small'
        ? random.spread(1, 8000)
        : band === 'sectors'
          ? random.between(60_000, 140_000)
          : random.between(1_000_000, 1_300_000)
    return { startByte: random.chance(0.3) ? null : place(), content: random.bytes(sizeBytes) }
  })
  const sizeBytes = isLong ? random.below(before.length) : random.chance(0.3) ? place() : null
  const content = edited(before, parts, sizeBytes)
  if (content.length !== before.length) return { parts, sizeBytes, content }
  const longerBytes = content.length + random.between(1, sectorSizeBytes)
  return { parts, sizeBytes: longerBytes, content: edited(before, parts, longerBytes) }
}

/** How one of several careless deeds may be refused. */
export const clashCodes: readonly string[] = ['raceLost', 'placeUnknown', 'itemGone', 'keyEpochWrong', 'moveIntoItself']

/** Asks the node for a deed. @returns the id of what it made, or of what it changed */
export async function perform(
  api: NodeApi,
  requestId: string,
  deed: Deed,
  blobOf: (content: Bytes) => Blob,
): Promise<string> {
  switch (deed.kind) {
    case 'createFolder':
      return api.createFolder(requestId, deed.parentId, deed.name)
    case 'addFile':
      return api.addFile(requestId, deed.parentId, deed.name, blobOf(deed.content))
    case 'addLink':
      return api.addLink(requestId, deed.parentId, deed.name, deed.targetId)
    case 'writeFile':
      await api.writeFile(requestId, deed.id, blobOf(deed.content))
      return deed.id
    case 'editFile': {
      const edits = deed.parts.map(({ startByte, content }) => ({ startByte, content: blobOf(content) }))
      await api.editFile(requestId, deed.id, edits, deed.sizeBytes ?? undefined)
      return deed.id
    }
    case 'rename':
      await api.rename(requestId, deed.id, deed.name)
      return deed.id
    case 'move':
      await api.move(requestId, deed.id, deed.targetId)
      return deed.id
    case 'trash':
      await api.trash(requestId, deed.id)
      return deed.id
    case 'restore':
      await api.restore(requestId, deed.id)
      return deed.id
    case 'purge':
      await api.purge(requestId, deed.id)
      return deed.id ?? ''
  }
}

export function describeDeed(deed: Deed): string {
  switch (deed.kind) {
    case 'createFolder':
      return `create folder "${deed.name}" in ${deed.parentId}`
    case 'addFile':
      return `add file "${deed.name}" of ${deed.content.length} bytes to ${deed.parentId}`
    case 'addLink':
      return `add link "${deed.name}" to ${deed.targetId} in ${deed.parentId}`
    case 'writeFile':
      return `write ${deed.content.length} bytes to ${deed.id}`
    case 'editFile':
      return `edit ${deed.id} in ${deed.parts.length} places to ${deed.content.length} bytes`
    case 'rename':
      return `rename ${deed.id} to "${deed.name}"`
    case 'move':
      return `move ${deed.id} to ${deed.targetId}`
    default:
      return `${deed.kind} ${deed.id ?? 'everything'}`
  }
}
