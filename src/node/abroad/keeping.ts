/**
 * Keeping what the owner of another tree shares: a link to it, in the tree of this device.
 * @module
 */
import { type Bytes, RefusedError, orRefuse, refused, toHex } from '../../core/bytes/bytes.ts'
import { nameFromPerson, rootBlockId } from '../../core/path/path.ts'
import { accessOf, checkRendezvous, claimOfRendezvous, linkThere, standingOf } from '../../core/tree/tree.ts'
import { unwatched } from '../jobs.ts'
import type { Home } from '../home.ts'
import type { Joined } from '../joining.ts'
import { sealedIn } from './abroad.ts'

/** @param secret of the link, to which the root there has given a folder */
export async function keepLink(
  { tree, files, view }: Home,
  { card, grant, rendezvous }: Joined,
  secret: Bytes,
): Promise<{ readonly linkId: string; readonly name: string }> {
  const { platform, committed, treeId } = tree
  const standing = orRefuse(standingOf(grant.writecap))
  if (standing !== 'limited' || rendezvous === null) throw new RefusedError(notShared.fault)
  const fits = checkRendezvous(rendezvous, card.treeId, null, platform.clock.nowMs())
  if (!fits.ok) throw new RefusedError(fits.fault)
  const [isSigned] = await platform.crypto.verify([claimOfRendezvous(rendezvous)])
  if (!isSigned) throw new RefusedError(notShared.fault)
  const content = linkThere({
    path: grant.writecap.scope,
    sealedSecret: sealedIn(tree, platform, card.treeId, secret),
    secretKeyEpoch: accessOf(committed, rootBlockId(treeId))!.fields.keyEpoch,
    keyEpoch: grant.nameKeyEpoch,
    rendezvous,
  })
  const typed = nameFromPerson(grant.placeName)
  const name = typed.ok ? typed.value : 'link'
  const request = `keep-link-${toHex(platform.random.bytes(16))}`
  const linkId = await files.addLink(request, view.rootId, name, content, unwatched)
  return { linkId, name: view.get(linkId)?.name ?? name }
}

const notShared = refused(
  'linkNotShared',
  'The other device did not say all that a link to its folder needs, so nothing was changed here. Ask for a new code.',
)
