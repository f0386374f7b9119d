/**
 * What people at several devices do with the same things without seeing each other's, and what each may rely on all the same.
 *
 * Whatever was written and answered is found again: as the content of the file, or of one beside it. It may be gone only where
 * somebody replaced or deleted it who had seen it; and it may lie in the trash only where somebody put it there who had. Everything
 * contested has a name that begins so, and no two contents are of one size, by which versions are told apart.
 * @module
 */
import { type Bytes, equal } from '../core/bytes/bytes.ts'
import type { Item } from '../node/api.ts'
import { createSimBlob } from './blob.ts'
import { type Deed, type Findings, edited, twinsIn } from './checker.ts'
import { type Life, type Outcome, describeOutcome, readAll, settle } from './device.ts'
import type { Random } from './random.ts'
import { drawEdit, perform } from './workload.ts'

type Seen = ReadonlyMap<string, Item>

const prefix = 'contested'
const isContested = ({ name }: Pick<Item, 'name'>): boolean => name.startsWith(prefix)

const weights = {
  writeFile: 25,
  editFile: 25,
  addFile: 20,
  createFolder: 6,
  rename: 12,
  trash: 12,
  move: 6,
  purge: 4,
} as const
/** Few, so that people meet. */
const nameCount = 5
const itemCountMax = 14

/** All that others leave alone. */
export const uncontested = ({ page }: Life): Seen => new Map([...page.items].filter(([, item]) => !isContested(item)))

/** Something that a person did, with what he saw when he did it. */
export interface Contested {
  readonly deed: Deed
  /** Sizes of the contents that it replaces or deletes, knowingly. */
  readonly seenSizes: ReadonlySet<number>
}

export class Contest {
  readonly #random: Random
  readonly #rootId: string
  /** Answered, and not known to be replaced or deleted since. */
  #written: Bytes[] = []
  /** All that anybody has made, by size. */
  readonly #made = new Map<number, Bytes>()
  /** Of links whose making was answered. */
  readonly targets = new Map<string, string>()
  /** Sizes that somebody who had seen them wrote over or deleted for good, and that somebody put into the trash. */
  readonly #replaced = new Set<number>()
  readonly #trashed = new Set<number>()
  #count = 0

  constructor(random: Random, rootId: string) {
    this.#random = random
    this.#rootId = rootId
  }

  /** @param seen at the device at which it will be done */
  draw(seen: Seen): Contested | null {
    const random = this.#random
    const live = [...seen.values()].filter((item) => isContested(item) && !isGone(seen, item))
    const folders = live.filter(({ kind }) => kind === 'folder')
    const files = live.filter(({ kind }) => kind === 'file')
    const place = (): string => (folders.length > 0 && random.chance(0.5) ? random.pick(folders).id : this.#rootId)
    const kind =
      live.length === 0 ? 'addFile' : random.weighted(live.length > itemCountMax ? { ...weights, trash: 60 } : weights)
    const nothing = new Set<number>()
    switch (kind) {
      case 'addFile':
        return { deed: { kind, parentId: place(), name: this.#name(), content: this.#content() }, seenSizes: nothing }
      case 'createFolder':
        return { deed: { kind, parentId: place(), name: this.#name() }, seenSizes: nothing }
      case 'writeFile': {
        if (files.length === 0) return null
        const { id, sizeBytes } = random.pick(files)
        return { deed: { kind, id, content: this.#content() }, seenSizes: new Set([sizeBytes]) }
      }
      case 'editFile': {
        if (files.length === 0) return null
        const { id, sizeBytes: seenBytes } = random.pick(files)
        const before = this.#made.get(seenBytes)
        if (before === undefined) return null
        const { parts } = drawEdit(random, before)
        const sizeBytes = this.#newSize()
        const content = this.#make(edited(before, parts, sizeBytes))
        return { deed: { kind, id, parts, sizeBytes, content }, seenSizes: new Set([seenBytes]) }
      }
      case 'rename':
        return { deed: { kind, id: random.pick(live).id, name: this.#name() }, seenSizes: nothing }
      case 'move': {
        const { id } = random.pick(live)
        const inside = new Set(subtree(seen, id).map((item) => item.id))
        const targetId = place()
        return inside.has(targetId) ? null : { deed: { kind, id, targetId }, seenSizes: nothing }
      }
      case 'trash': {
        const { id } = random.pick(live)
        return { deed: { kind, id }, seenSizes: sizesIn(subtree(seen, id)) }
      }
      case 'purge': {
        const gone = [...seen.values()].filter((item) => isContested(item) && item.trashedAtMs !== null)
        if (gone.length === 0) return null
        const { id } = random.pick(gone)
        return { deed: { kind, id }, seenSizes: sizesIn(subtree(seen, id)) }
      }
    }
  }

  /** A link to anything that is shown; drawn apart, so that all else is drawn as without links. */
  drawLink(seen: Seen, random: Random): Contested {
    const live = [...seen.values()].filter((item) => !isGone(seen, item))
    const folders = live.filter((item) => item.kind === 'folder' && isContested(item))
    const parentId = folders.length > 0 && random.chance(0.5) ? random.pick(folders).id : this.#rootId
    const contested = live.filter(isContested)
    const { id: targetId } = random.pick(contested.length > 0 && random.chance(0.8) ? contested : live)
    const name = `${prefix} ${random.below(nameCount)}.txt`
    return { deed: { kind: 'addLink', parentId, name, targetId }, seenSizes: new Set() }
  }

  async perform(life: Life, requestId: string, { deed }: Contested): Promise<Outcome<string>> {
    const blobOf = (content: Bytes): Blob => createSimBlob(content, life.process)
    return settle(life.process, perform(life.node.api, requestId, deed, blobOf))
  }

  /** @param id what was answered; null where it is not known whether it took effect */
  ended({ deed, seenSizes }: Contested, id: string | null): void {
    const into = deed.kind === 'trash' ? this.#trashed : this.#replaced
    for (const sizeBytes of seenSizes) into.add(sizeBytes)
    if (id !== null && 'content' in deed) this.#written.push(deed.content)
    if (id !== null && deed.kind === 'addLink') this.targets.set(id, deed.targetId)
  }

  /** All devices have come together. */
  async judge([first, ...others]: readonly Life[]): Promise<Findings> {
    const contents = new Map<string, Bytes>()
    const findings: string[] = [...twinsIn(first!.page.items)]
    for (const { id, name, kind } of first!.page.items.values()) {
      if (kind !== 'file' || !isContested({ name })) continue
      const read = await settle(first!.process, readAll(first!.node.api, id))
      if (read.kind === 'done') contents.set(id, read.value)
      else findings.push(`"${name}" cannot be read: ${describeOutcome(read)}`)
    }
    for (const other of others) if (describe(other) !== describe(first!)) findings.push('two devices show other things')
    return [...findings, ...this.judgeContents(first!.page.items, contents)]
  }

  /** @param contents of all files that are contested, by their ids */
  judgeContents(seen: Seen, contents: ReadonlyMap<string, Bytes>): Findings {
    const findings: string[] = []
    const holders = (octets: Bytes): readonly Item[] =>
      [...contents].flatMap(([id, content]) => (equal(content, octets) ? [seen.get(id)!] : []))
    this.#written = this.#written.filter((octets) => {
      const found = holders(octets)
      if (found.length === 0) {
        if (!this.#replaced.has(octets.length))
          findings.push(`a content of ${octets.length} bytes was answered and is nowhere`)
        return false
      }
      const isLive = found.some((item) => !isGone(seen, item))
      if (!isLive && !this.#trashed.has(octets.length))
        findings.push(`a content of ${octets.length} bytes lies in the trash, where nobody put it who had seen it`)
      return true
    })
    for (const [id, content] of contents)
      if (content.length !== seen.get(id)!.sizeBytes)
        findings.push(`the file "${seen.get(id)!.name}" has ${content.length} bytes, not those that are shown`)
    return findings
  }

  #name(): string {
    return `${prefix} ${this.#random.below(nameCount)}.txt`
  }

  #content(): Bytes {
    return this.#make(this.#random.bytes(this.#newSize()))
  }

  #newSize(): number {
    const isLarge = this.#random.chance(0.05)
    return (isLarge ? 1_200_000 : 5000) + ++this.#count
  }

  #make(content: Bytes): Bytes {
    this.#made.set(content.length, content)
    return content
  }
}

const describe = ({ page }: Life): string =>
  [...page.items.values()]
    .filter(isContested)
    .map(({ id, parentId, name, sizeBytes, trashedAtMs }) => [id, parentId, name, sizeBytes, trashedAtMs].join(' '))
    .toSorted()
    .join('\n')

/** In the trash itself, or in a folder that is. */
export function isGone(seen: Seen, item: Item): boolean {
  for (let at: Item | undefined = item; at !== undefined; at = at.parentId === null ? undefined : seen.get(at.parentId))
    if (at.trashedAtMs !== null) return true
  return false
}

function subtree(seen: Seen, id: string): readonly Item[] {
  const item = seen.get(id)
  if (item === undefined) return []
  const above = [...seen.values()].filter(({ parentId }) => parentId === id)
  return [item, ...above.flatMap((child) => subtree(seen, child.id))]
}

const sizesIn = (items: readonly Item[]): ReadonlySet<number> =>
  new Set(items.filter(({ kind }) => kind === 'file').map(({ sizeBytes }) => sizeBytes))
