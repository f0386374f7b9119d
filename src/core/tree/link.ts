/**
 * Symbolic links (paper §2: "a block can be marked as a symbolic link and a blocktree path placed in its body").
 *
 * Within a tree a link holds no key. Whoever follows it opens what it leads to by what he may read anyway, so a link never widens that
 * and another key or name or place of its target does not break it: the block at the end of the path is looked for
 * where it stands now.
 *
 * A link into another tree is itself what that tree has let in: it has a credential of its own, to which a folder there is given like
 * to any limited device. So what it may read is what was granted, is listed and taken back as any grant is, and follows each new key
 * of the folder. Its secret is sealed to whoever has the whole tree that the link is in, and to nobody else who can read the link.
 * @module
 */
import {
  type Bytes,
  type Decoded,
  type Result,
  accepted,
  bytesOf,
  concat,
  decode,
  encode,
  equal,
  keyOf,
  record,
  refused,
  tuple,
  u53,
  union,
  utf8,
} from '../bytes/bytes.ts'
import {
  type PublicCredential,
  deriveKey,
  ed25519PublicKey,
  unwrapKey,
  wrapKey,
  wrappedKeySizeBytes,
  x25519PublicKey,
} from '../crypto/crypto.ts'
import { type BlockId, type IdPath, type TreeId, blockIdOf, idPathWire, idsWire, rootBlockId } from '../path/path.ts'
import type { DeviceBody } from './device.ts'
import { isWithin } from './guest.ts'
import { rendezvousWire } from './rendezvous.ts'
import { type TreeState, entryOf, parentOf, pathOf } from './state.ts'

/** So many links may lead one to the other, in whatever trees they are. */
export const linkCountMax = 16
/** Of a link's content. */
export const linkSizeBytesMax = 4096

const linkWire = record('link', 1, {
  target: union({
    /** In the tree that the link itself is in: the path on which whoever made the link saw it. */
    here: idsWire,
    /** In another tree. */
    there: tuple({
      path: idPathWire,
      /** Of the link's own credential, under the key of the root block, of this epoch, of the tree that the link is in. */
      sealedSecret: bytesOf(wrappedKeySizeBytes),
      secretKeyEpoch: u53,
      /** Of the folder there, as it was last seen: an earlier one is an earlier state. */
      keyEpoch: u53,
      rendezvous: rendezvousWire,
    }),
  }),
})
export type Link = Decoded<typeof linkWire>
export type LinkThere = Extract<Link['target'], { tag: 'there' }>['value']

/** The content of a link that leads to a block of its own tree. */
export function linkTo({ ids }: IdPath): Bytes {
  const link: Link = { target: { tag: 'here', value: ids } }
  return encode(linkWire, link)
}

/** The content of one that leads into another tree. */
export function linkThere(value: LinkThere): Bytes {
  const link: Link = { target: { tag: 'there', value } }
  return encode(linkWire, link)
}

export function decodeLink(content: Uint8Array): Result<Link> {
  const link = decode(linkWire, content, linkSizeBytesMax)
  return link.ok ? link : linkDamaged()
}

// --- what a link into another tree is there -------------------------------------------------------------------------------

export const linkSecretSizeBytes = 32

export interface LinkKeys {
  readonly credential: PublicCredential
  /** Ed25519 and X25519. */
  readonly signingSecret: Bytes
  readonly kemSecret: Bytes
}

/** @param secret 32 octets */
export function linkKeysOf(secret: Bytes): LinkKeys {
  const signingSecret = deriveKey(secret, 'blocktree/1/link/sign')
  const kemSecret = deriveKey(secret, 'blocktree/1/link/open')
  const credential: PublicCredential = {
    suite: 1,
    signingKey: ed25519PublicKey(signingSecret),
    kemKey: x25519PublicKey(kemSecret),
  }
  return { credential, signingSecret, kemSecret }
}

/** A link has no transport, since any device of its owner follows it; in the place of one its record names its own key. */
export const isOfLink = ({ credential, transportId }: Pick<DeviceBody, 'credential' | 'transportId'>): boolean =>
  equal(credential.signingKey, transportId)

const secretPlace = (treeId: TreeId, target: TreeId): Bytes => concat(utf8('blocktree/1/link/secret'), treeId, target)

/** @param rootKey of the tree that the link is in @param target the other tree @param nonce 24 octets, fresh */
export const sealLinkSecret = (rootKey: Bytes, treeId: TreeId, target: TreeId, secret: Bytes, nonce: Bytes): Bytes =>
  wrapKey(rootKey, secret, secretPlace(treeId, target), nonce)

/** null where the key is another one, or the secret was sealed for another tree. */
export const openLinkSecret = (rootKey: Bytes, treeId: TreeId, { path, sealedSecret }: LinkThere): Bytes | null =>
  unwrapKey(rootKey, sealedSecret, secretPlace(treeId, path.treeId))

// --- where links lead -----------------------------------------------------------------------------------------------------

/** A tree as whoever follows links knows it, and the folder that he may read there. */
export interface LinkSite {
  readonly state: TreeState
  readonly reach: BlockId
}

/** A block at a site. The own tree is the site without a name; each link of it into another one has a site by `keyOf` its block. */
export interface LinkSpot {
  readonly site: string
  readonly block: BlockId
}
export const homeSite = ''
export const nameOfSpot = ({ site, block }: LinkSpot): string => `${site}/${keyOf(block)}`

export type LinkStep =
  /** What the links lead to. */
  | { readonly kind: 'end'; readonly spot: LinkSpot }
  /** A link whose content has to be read first. */
  | { readonly kind: 'unread'; readonly spot: LinkSpot }
  /** A link of the own tree into another one, which has to be met first: its site is none of those that are known. */
  | { readonly kind: 'unmet'; readonly spot: LinkSpot; readonly there: LinkThere }

/**
 * Where a link leads, from one to the next. Folders on a path are folders, since it is one of ids, so only links lead on.
 * @param sites the own tree, and what links of it have met
 * @param start within what may be read at its site
 * @param links what has been read of them, by `nameOfSpot`
 */
export function followLink(
  sites: ReadonlyMap<string, LinkSite>,
  start: LinkSpot,
  links: ReadonlyMap<string, Result<Link>>,
): Result<LinkStep> {
  const passed = new Set<string>()
  for (let spot = start; ;) {
    const { state } = sites.get(spot.site)!
    if (entryOf(state, spot.block)?.entry.fields.kind !== 'link') return accepted({ kind: 'end', spot })
    const name = nameOfSpot(spot)
    if (passed.has(name))
      return refused('linkCycle', 'This link leads to links that lead back to it, and so to nothing. Delete it.')
    if (passed.size === linkCountMax)
      return refused(
        'linkTooDeep',
        `More than ${linkCountMax} links lead from one to the other here. Make one that leads straight to where you want.`,
      )
    const link = links.get(name)
    if (link === undefined) return accepted({ kind: 'unread', spot })
    if (!link.ok) return link
    const site = siteOf(sites, spot, link.value)
    if (!site.ok) return site
    const { target } = link.value
    const { ids } = target.tag === 'here' ? { ids: target.value } : target.value.path
    const at = sites.get(site.value)
    if (at === undefined)
      return target.tag === 'there' ? accepted({ kind: 'unmet', spot, there: target.value }) : linkDamaged()
    const block = targetIn(at, ids)
    if (!block.ok) return block
    passed.add(name)
    spot = { site: site.value, block: block.value }
  }
}

/**
 * At which site the target of a link is. In another tree links are followed back into the own one, by what may be read there anyway;
 * into a third one they are not, since what is granted to them is granted to their owner.
 */
function siteOf(sites: ReadonlyMap<string, LinkSite>, { site, block }: LinkSpot, { target }: Link): Result<string> {
  if (target.tag === 'here') return accepted(site)
  const { treeId } = target.value.path
  if (equal(treeId, sites.get(site)!.state.treeId)) return accepted(site)
  if (equal(treeId, sites.get(homeSite)!.state.treeId)) return accepted(homeSite)
  return site === homeSite
    ? accepted(keyOf(block))
    : refused(
        'linkBeyond',
        'This link leads on into somebody else’s tree, to which it is not yours to follow. Ask whoever owns that tree for a link of your own.',
      )
}

function targetIn({ state, reach }: LinkSite, ids: readonly BlockId[]): Result<BlockId> {
  const root = rootBlockId(state.treeId)
  const block = blockIdOf({ treeId: state.treeId, ids })
  const isThere = pathOf(state, block) !== null && isWithin(state, reach, block)
  if (!isThere) {
    // Of what lies beyond his folder a guest has no row; only the path tells what was there from what he is not shown.
    const wasWithin = equal(reach, root) || ids.some((id) => equal(id, reach))
    return wasWithin
      ? refused('linkDangling', 'What this link leads to is not there any more.')
      : refused('linkOutOfReach', 'This link leads out of the folder that this device may read.')
  }
  return isInTrash(state, reach, block)
    ? refused('linkInTrash', 'What this link leads to is in the trash. Bring it back, and the link works again.')
    : accepted(block)
}

function isInTrash(state: TreeState, reach: BlockId, block: BlockId): boolean {
  for (let at: BlockId | null = block; at !== null && !equal(at, reach); at = parentOf(state, at))
    if ((entryOf(state, at)?.trashedAtMs ?? null) !== null) return true
  return false
}

/** Of one whose content is none. */
export const linkDamaged = () =>
  refused('linkDamaged', 'This link cannot be read, so it leads nowhere. Delete it and make another one.')
