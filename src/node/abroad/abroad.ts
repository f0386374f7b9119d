/**
 * Links, in this tree and into others: where they lead, and what is seen there (paper §2, R-10, R-39).
 *
 * The core finds the way (`core/tree/link.ts`); the contents of links are read here, and the trees that they lead into are met.
 * @module
 */
import {
  type Bytes,
  RefusedError,
  type Result,
  concat,
  equal,
  keyOf,
  orRefuse,
  refused,
  toHex,
} from '../../core/bytes/bytes.ts'
import { type BlockId, type TreeId, rootBlockId } from '../../core/path/path.ts'
import {
  type Link,
  type LinkSite,
  type LinkSpot,
  type LinkThere,
  accessOf,
  decodeLink,
  devicesOf,
  followLink,
  homeSite,
  linkDamaged,
  linkSecretSizeBytes,
  linkSizeBytesMax,
  linkThere,
  nameOfSpot,
  openLinkSecret,
  pathOf,
  sealLinkSecret,
} from '../../core/tree/tree.ts'
import type { Platform } from '../../port/platform.ts'
import type { FarView, Item } from '../api.ts'
import type { Home } from '../home.ts'
import { type Network, networkMissing } from '../network.ts'
import type { OwnTree } from '../own-tree.ts'
import { type Reading, bodyOf, readContent } from '../read/content.ts'
import type { Readable } from '../read/streams.ts'
import { idFromText, idText } from '../read/view.ts'
import { gone } from '../records.ts'
import { FarFolder } from './far-folder.ts'
import { nodeKeysOfLink } from './link-keys.ts'

/** How long a tree stays met that nobody looks at: its devices can be called by one link of one device at a time. */
const idleMs = 60_000
const askedMs = 5000
/** Before a link is written anew, so that all that is learned comes together. */
const learnedAfterMs = 2000
/** How often it is written only since the other tree is met elsewhere: a device there says so as often as it likes. */
const elsewhereEveryMs = 10 * 60_000

export interface AbroadOptions {
  readonly platform: Platform
  readonly network: Network
  readonly home: () => Home
  /** What a link leads to is another than before. @param linkId of the own tree's */
  onChanged(linkId: string): void
}

interface Met {
  readonly link: BlockId
  readonly folder: FarFolder
  cancelIdle: () => void
  cancelLearned: () => void
}

export class Abroad {
  readonly #options: AbroadOptions
  /** By the name of the site. */
  readonly #met = new Map<string, Met>()
  /** When links were written anew, by the clock that only goes on. */
  readonly #renewedAtMs = new Map<string, number>()
  /** One after the other, so that nobody is called twice at once. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: AbroadOptions) {
    this.#options = options
  }

  /** What a link leads to; rejects with a sentence where it leads nowhere. @param id as `NodeApi.followLink` has it */
  async follow(id: string): Promise<string> {
    return textOf(await this.#end(id))
  }

  /** A folder or file in another tree. @param asked also a link of this one that leads there */
  async look(asked: string): Promise<FarView> {
    const id = isFar(asked) ? asked : await this.follow(asked)
    const { folder, item } = await this.#meetItem(id)
    const { view } = folder
    const linkId = linkIdIn(id)
    const named = (found: Item): Item => {
      const { parentId } = found
      const isTop = found.id === view.rootId
      return {
        ...found,
        id: `${linkId}${mark}${found.id}`,
        parentId: parentId === null || isTop ? null : `${linkId}${mark}${parentId}`,
        // What the folder itself is called no key opens that this device has.
        name: isTop ? (this.#options.home().view.get(linkId)?.name ?? '') : found.name,
      }
    }
    const path: Item[] = []
    for (let at: Item | null = item; at !== null; at = at.parentId === null ? null : view.get(at.parentId))
      path.unshift(named(at))
    const children = view.childrenOf(item.id).filter(({ trashedAtMs }) => trashedAtMs === null)
    return { linkId, item: named(item), path, children: children.map(named) }
  }

  /** The content of a file in another tree. */
  async readable(id: string): Promise<Readable> {
    const { folder, item } = await this.#meetItem(id)
    const block = idFromText(item.id)!
    const body = item.kind === 'file' ? bodyOf(folder.site.state, block) : null
    if (body === null) throw gone()
    return { name: item.name, block, body, reading: folder.reading }
  }

  /** What a link holds that leads to the same as an id of another tree; null for an id of this one. */
  async contentFor(id: string): Promise<Bytes | null> {
    if (!isFar(id)) return null
    const { folder, item, there } = await this.#meetItem(id)
    const path = pathOf(folder.site.state, idFromText(item.id)!)
    if (path === null) throw gone()
    return linkThere({ ...there, ...folder.learned, path })
  }

  /** Names of the links that lead into other trees, whose secrets each device knows that has the whole tree. */
  async farLinkNames(): Promise<readonly string[]> {
    return (await this.#farLinks()).map(({ name }) => name)
  }

  /**
   * Calls the owners of what these links lead to, after a device was put out that can go on to follow them. Who is away, or is
   * just met by another link, hears of it when the link is next followed.
   */
  async warnOwners(): Promise<void> {
    const inUse = new Set([...this.#met.values()].map(({ folder }) => keyOf(folder.treeId)))
    for (const { folder } of this.#met.values()) void folder.warn()
    for (const { id, there } of await this.#farLinks()) {
      if (inUse.has(keyOf(there.path.treeId))) continue
      // The next one may lead into the same tree, and takes its place.
      await this.#meet(idFromText(id)!, there).then(
        (folder) => folder.warn(),
        () => {},
      )
    }
  }

  async #farLinks(): Promise<readonly { readonly id: string; readonly name: string; readonly there: LinkThere }[]> {
    const found = []
    for (const { id, kind, name } of this.#options.home().view.items.values()) {
      const link = kind === 'link' ? await this.#readHere(idFromText(id)!).catch(() => linkDamaged()) : linkDamaged()
      if (link.ok && link.value.target.tag === 'there') found.push({ id, name, there: link.value.target.value })
    }
    return found
  }

  /** No tree is met any more. */
  close(): void {
    for (const name of this.#met.keys()) this.#leave(name)
  }

  async #meetItem(id: string) {
    const spot = spotOf(id)
    if (spot.site === homeSite) throw gone()
    const link = await this.#readHere(spot.link)
    const there = link.ok && link.value.target.tag === 'there' ? link.value.target.value : null
    if (there === null) throw new RefusedError(linkDamaged().fault)
    const folder = await this.#meet(spot.link, there)
    const item = folder.view.get(idText(spot.block))
    if (item === null || folder.view.isTrashed(item.id)) throw gone()
    return { folder, item, there }
  }

  async #end(id: string): Promise<LinkSpot & { readonly link: BlockId }> {
    const { tree, view } = this.#options.home()
    const start = spotOf(id)
    if (start.site !== homeSite) await this.#meetItem(id)
    else if (view.get(id) === null) throw linkGone()
    const sites = new Map<string, LinkSite>([[homeSite, { state: tree.state, reach: tree.ring.base }]])
    const links = new Map<string, Result<Link>>()
    let { link } = start
    if (start.site !== homeSite) sites.set(start.site, this.#met.get(start.site)!.folder.site)
    for (;;) {
      const step = orRefuse(followLink(sites, start, links))
      const { spot } = step
      if (step.kind === 'end') return { ...spot, link }
      if (step.kind === 'unmet') {
        link = spot.block
        const folder = await this.#meet(link, step.there)
        sites.set(keyOf(link), folder.site)
      } else {
        const met = this.#met.get(spot.site)?.folder
        const read =
          spot.site === homeSite ? this.#readHere(spot.block) : readLink(met!.site.state, met!.reading, spot.block)
        links.set(nameOfSpot(spot), await read)
      }
    }
  }

  #readHere(block: BlockId): Promise<Result<Link>> {
    const { tree } = this.#options.home()
    return readLink(tree.state, tree.reading, block)
  }

  // --- other trees ----------------------------------------------------------------------------------------------------------

  async #meet(link: BlockId, there: LinkThere): Promise<FarFolder> {
    const name = keyOf(link)
    const calling = this.#turn.then(() => this.#metBy(name, link, there))
    this.#turn = calling.catch(() => {})
    const met = await calling
    this.#stay(name, met)
    try {
      await met.folder.meet()
    } catch (error) {
      if (met.folder.hasEnded) this.#leave(name)
      throw error
    }
    return met.folder
  }

  async #metBy(name: string, link: BlockId, there: LinkThere): Promise<Met> {
    // Each device there can be called once at a time.
    for (const [other, { folder }] of this.#met)
      if (folder.hasEnded || (other !== name && equal(folder.treeId, there.path.treeId))) this.#leave(other)
    return this.#met.get(name) ?? this.#call(name, link, there)
  }

  async #call(name: string, link: BlockId, there: LinkThere): Promise<Met> {
    const { platform, network, home, onChanged } = this.#options
    const secret = secretOf(home().tree, there)
    const open = await network.open()
    if (open === null) throw networkMissing()
    const folder = await FarFolder.open({
      platform,
      net: open.net,
      buildId: network.buildId,
      keys: await nodeKeysOfLink(platform.crypto, secret),
      there,
      // Of the two clocks one may be wrong; a link that was copied is older than its item.
      isCompromised: (admittedAtMs) => {
        const { tree, view } = home()
        const sinceMs = Math.min(admittedAtMs, view.get(idText(link))?.createdAtMs ?? admittedAtMs)
        return lastPutOutAtMs(tree) > sinceMs
      },
      onUsed: () => {
        const met = this.#met.get(name)
        if (met !== undefined) this.#stay(name, met)
      },
      onReport: (id, fault) => network.reports.tell(id, fault),
      onChanged: () => onChanged(idText(link)),
      onLearned: () => this.#onLearned(name),
    })
    const met: Met = { link, folder, cancelIdle: () => {}, cancelLearned: () => {} }
    this.#met.set(name, met)
    return met
  }

  /** Whoever still looks at it is asked to look again, and stays. */
  #stay(name: string, met: Met): void {
    const { platform, onChanged } = this.#options
    met.cancelIdle()
    if (this.#met.get(name) !== met) return
    met.cancelIdle = platform.clock.after(idleMs, () => {
      met.cancelIdle = platform.clock.after(askedMs, () => this.#leave(name))
      onChanged(idText(met.link))
    })
  }

  #leave(name: string): void {
    const met = this.#met.get(name)
    if (met === undefined) return
    this.#met.delete(name)
    met.cancelIdle()
    met.cancelLearned()
    met.folder.close()
  }

  #onLearned(name: string): void {
    const met = this.#met.get(name)
    if (met === undefined) return
    met.cancelLearned()
    met.cancelLearned = this.#options.platform.clock.after(learnedAfterMs, () => void this.#renew(met).catch(() => {}))
  }

  /** What was learned is kept in the link, where the other devices of its owner find it. */
  async #renew({ link, folder }: Met): Promise<void> {
    const { home, platform } = this.#options
    const { tree, files } = home()
    const read = await this.#readHere(link)
    if (!read.ok || read.value.target.tag !== 'there') return
    const before = read.value.target.value
    const { learned } = folder
    const secretKeyEpoch = accessOf(tree.committed, rootBlockId(tree.treeId))!.fields.keyEpoch
    const name = keyOf(link)
    const nowMs = platform.clock.monotonicMs()
    const isSoon = nowMs - (this.#renewedAtMs.get(name) ?? -Infinity) < elsewhereEveryMs
    if (!isWorthwhile(before, learned, secretKeyEpoch, isSoon)) return
    this.#renewedAtMs.set(name, nowMs)
    const secret = secretOf(tree, before)
    const sealedSecret =
      secretKeyEpoch === before.secretKeyEpoch
        ? before.sealedSecret
        : sealedIn(tree, platform, before.path.treeId, secret)
    const content = linkThere({ ...before, ...learned, sealedSecret, secretKeyEpoch })
    await files.renewLink(`renew-link-${toHex(platform.random.bytes(16))}`, idText(link), content)
  }
}

/** Whether who reads a link later finds more by what was learned: that only a time has passed is no news for half of that time. */
function isWorthwhile(
  { rendezvous: before, keyEpoch, secretKeyEpoch }: LinkThere,
  learned: Pick<LinkThere, 'rendezvous' | 'keyEpoch'>,
  secretKeyEpochNow: number,
  isSoon: boolean,
): boolean {
  const { fields } = learned.rendezvous
  const isElsewhere = !isSoon && placesIn(before.fields) !== placesIn(fields)
  const isLate = 2 * (fields.sequence - before.fields.sequence) > before.fields.expiresAtMs - before.fields.sequence
  return isElsewhere || isLate || learned.keyEpoch > keyEpoch || secretKeyEpochNow > secretKeyEpoch
}

/** When a device was last put out that had the whole tree, and so the secrets of its links; 0 where none was. */
const lastPutOutAtMs = ({ committed }: OwnTree): number =>
  [...devicesOf(committed)].reduce(
    (lastMs, { standing, dismissed }) =>
      standing === 'own' && dismissed !== null ? Math.max(lastMs, dismissed.atMs) : lastMs,
    0,
  )

const placesIn = ({ devices, relays }: LinkThere['rendezvous']['fields']): string =>
  JSON.stringify([
    devices.map(({ principal, transportId }) => toHex(principal) + toHex(transportId)).toSorted(),
    relays.map(({ url, peerId }) => `${url} ${peerId}`).toSorted(),
  ])

/** Of a link in this tree. Whoever has one folder of the tree can read the link, and not follow it. */
function secretOf({ ring, committed, treeId }: OwnTree, there: LinkThere): Bytes {
  const rootKey = ring.keyOf(committed, rootBlockId(treeId), there.secretKeyEpoch)
  if (rootKey === null) throw new RefusedError(notForGuests.fault)
  const secret = openLinkSecret(rootKey, treeId, there)
  if (secret?.length !== linkSecretSizeBytes) throw new RefusedError(linkDamaged().fault)
  return secret
}

/** Under the key of the root that is in force. */
export function sealedIn(
  { ring, committed, treeId }: OwnTree,
  { random }: Pick<Platform, 'random'>,
  target: TreeId,
  secret: Bytes,
): Bytes {
  const rootKey = ring.keyOf(committed, rootBlockId(treeId))
  if (rootKey === null) throw new RefusedError(notForGuests.fault)
  return sealLinkSecret(rootKey, treeId, target, secret, random.bytes(24))
}

async function readLink(state: OwnTree['state'], reading: Reading, block: BlockId): Promise<Result<Link>> {
  const body = bodyOf(state, block)
  if (body === null || body.sizeBytes > linkSizeBytesMax) return linkDamaged()
  const pieces = []
  for await (const piece of readContent(reading, block, body, 0, body.sizeBytes)) pieces.push(piece)
  return decodeLink(concat(...pieces))
}

// --- ids ------------------------------------------------------------------------------------------------------------------

/** Between the id of a link of the own tree and that of what is seen by it. */
const mark = '.'
export const isFar = (id: string): boolean => id.includes(mark)
const linkIdIn = (id: string): string => id.split(mark)[0]!

function spotOf(id: string): LinkSpot & { readonly link: BlockId } {
  const parts = id.split(mark).map(idFromText)
  const [link, block] = parts
  if (link == null || block === null || parts.length > 2) throw linkGone()
  return block === undefined ? { site: homeSite, block: link, link } : { site: keyOf(link), block, link }
}

const textOf = ({ site, block, link }: LinkSpot & { readonly link: BlockId }): string =>
  site === homeSite ? idText(block) : `${idText(link)}${mark}${idText(block)}`

const linkGone = (): RefusedError => new RefusedError(refused('itemGone', 'This link is not there any more.').fault)
const notForGuests = refused(
  'linkNotForGuests',
  'This link leads into somebody else’s tree. Only devices that have the whole of this tree can follow it.',
)
