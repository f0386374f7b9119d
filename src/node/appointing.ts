/**
 * The owner says which devices decide about the tree, or leaves it to the tree (design §7).
 *
 * It is one operation; the change of the members follows from it on the device that leads (`cluster/membership.ts`).
 * @module
 */
import { BlocktreeError, type Bytes, RefusedError, compare, equal } from '../core/bytes/bytes.ts'
import { ed25519Message } from '../core/crypto/crypto.ts'
import { appointedIn, appointmentBody, appointmentDomain, appointmentOf } from '../core/tree/tree.ts'
import type { NodeKeys } from '../port/platform.ts'
import type { OwnTree } from './own-tree.ts'

/** @param deciders principals; none: the tree chooses itself */
export async function appoint(tree: OwnTree, keys: NodeKeys, deciders: readonly Bytes[]): Promise<void> {
  const { treeId, author, committed, ownCluster: cluster } = tree
  if (!cluster.isReachable) throw decidersAway()
  const wanted = deciders.toSorted(compare)
  const before = appointedIn(committed) ?? []
  if (before.length === wanted.length && before.every((one, at) => equal(one, wanted[at]!))) return
  const version = (appointmentOf(committed)?.appointment.fields.version ?? 0) + 1
  const fields = {
    treeId,
    version,
    deciders: wanted,
    author: keys.credential,
    writecapHash: author.writecapHash,
  }
  const body = appointmentBody(fields)
  const signature = await keys.sign(ed25519Message(appointmentDomain, body))
  const outcome = await cluster.propose({ tag: 'appoint', value: { appointment: { fields, body, signature } } })
  if (!outcome.ok) throw new RefusedError(outcome.fault)
}

/** Who decides changes only by a majority of those who do; less than that is the owner's to overrule, by a take-over. */
const decidersAway = (): BlocktreeError =>
  new BlocktreeError(
    'decidersAway',
    'More than half of the devices that decide must be there for that, and now they are not. If they are gone for good, go on without them.',
  )
