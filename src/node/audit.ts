/**
 * What was allowed in a tree, and to whom (U23): read from its committed state alone, so every own device tells the same.
 *
 * Rows of devices and permissions stay, since what was signed is judged by them, and that makes them a history: who was let in, by
 * whom, for how long, who was put out, where a device went on without the one that decided, when others came to sign as the root, and
 * whom the owner chose to decide at last.
 * @module
 */
import { type Bytes, equal, fromU64be } from '../core/bytes/bytes.ts'
import { type CredentialSet, principalOf } from '../core/crypto/crypto.ts'
import { type Writecap, readersOf, rights } from '../core/cap/cap.ts'
import { entries } from '../core/merkle/merkle.ts'
import { type BlockId, blockIdOf, rootBlockId } from '../core/path/path.ts'
import {
  type DeviceRow,
  type TreeState,
  accessOf,
  appointmentOf,
  chainOf,
  decodeRow,
  deviceOf,
  devicesOf,
  entryOf,
  keys,
  limitOf,
  rowKind,
  setOf,
  takeOverIn,
} from '../core/tree/tree.ts'
import type { SignersChanged } from './api.ts'

/** Something that was allowed, or was not any more from then on. */
export type Happening = OfDevice | SignersChanged

type OfDevice = {
  readonly atMs: number
  /** Its principal. */
  readonly device: Bytes
} & (
  | { readonly kind: 'planted' }
  /** `by` is the device on which it was approved; null where it came by the recovery card alone. `folder` null: the whole tree. */
  | {
      readonly kind: 'admitted'
      readonly by: Bytes | null
      readonly folder: BlockId | null
      readonly mayWrite: boolean
      readonly untilMs: number
    }
  /** When that was done the tree does not keep: `atMs` is when the device was let in. */
  | { readonly kind: 'extended'; readonly untilMs: number; readonly beforeMs: number }
  /** `by` null: the root did it; the device's own principal: it left. */
  | { readonly kind: 'dismissed'; readonly by: Bytes | null }
  /** `atMs` is of the newest that it had of what was decided before. */
  | { readonly kind: 'tookOver' }
  /**
   * Who decides was chosen on that device; none: nobody, it was left to the tree. The tree keeps the last such choice alone.
   * `endedAtMs` is when it ceased to hold by itself; null while it holds.
   */
  | { readonly kind: 'appointed'; readonly deciders: readonly Bytes[]; readonly endedAtMs: number | null }
)

/** A key that somebody was given. */
export interface Grant {
  /** A device's principal; null: the owner, by passkey or recovery card. */
  readonly reader: Bytes | null
  /** null: the whole tree. */
  readonly folder: BlockId | null
  readonly mayWrite: boolean
  readonly sinceMs: number
  /** null: for good. */
  readonly untilMs: number | null
  /** It was put out, and its key is still the one in force there. */
  readonly isDismissed: boolean
}

/** The newest first. */
export function happeningsIn(state: TreeState): readonly Happening[] {
  const rows = [...devicesOf(state)].toSorted((one, other) => one.admittedAtMs - other.admittedAtMs)
  const permissions = permissionsIn(state)
  const happenings: Happening[] = []
  for (const [at, row] of rows.entries()) {
    const device = principalOf(row.device.fields.credential)
    const isBySelf = equal(row.approver, device)
    const own = permissions.filter(({ holder }) => equal(holder, device))
    const at0 = { atMs: row.admittedAtMs, device }
    if (isBySelf && at === 0) happenings.push({ ...at0, kind: 'planted' })
    else happenings.push({ ...at0, ...termsOf(own[0]), kind: 'admitted', by: isBySelf ? null : row.approver })
    for (const [position, { expiresAtMs }] of own.entries())
      if (position > 0)
        happenings.push({
          ...at0,
          kind: 'extended',
          untilMs: expiresAtMs,
          beforeMs: own[position - 1]!.expiresAtMs,
        })
    if (row.dismissed !== null)
      happenings.push({ atMs: row.dismissed.atMs, device, kind: 'dismissed', by: dismisserOf(row.dismissed) })
  }
  // Of one instant, what followed from another stands above it.
  return [...happenings, ...takeOversIn(state), ...signersIn(state), ...appointedLast(state)]
    .toReversed()
    .toSorted((one, other) => other.atMs - one.atMs)
}

/** Every key in force that was given to somebody, the owner's first: whoever has none of these can read nothing that is written now. */
export function grantsIn(state: TreeState): readonly Grant[] {
  const grants: Grant[] = []
  for (const block of grantedBlocks(state)) {
    const folder = equal(block, rootBlockId(state.treeId)) ? null : block
    for (const reader of readersOf(accessOf(state, block)?.fields.readcaps ?? [])) {
      const row = deviceOf(state, reader)
      if (row === null) grants.push({ ...ownersGrant, folder, sinceMs: foundedAtMs(state) })
      else grants.push({ ...grantOf(state, row), reader, folder })
    }
  }
  return grants
}

const ownersGrant = { reader: null, mayWrite: true, untilMs: null, isDismissed: false }

function grantOf(state: TreeState, { writecapHash, admittedAtMs, dismissed }: DeviceRow) {
  const { mayWrite, untilMs } = termsOf(chainOf(state, writecapHash)?.[0])
  const isDismissed = dismissed !== null
  return { mayWrite: mayWrite && !isDismissed, untilMs, sinceMs: admittedAtMs, isDismissed }
}

/** The root, and the folders of limited devices: elsewhere nobody is given a key. */
function grantedBlocks(state: TreeState): readonly BlockId[] {
  const blocks = [rootBlockId(state.treeId)]
  for (const { device } of devicesOf(state)) {
    const limit = limitOf(state, principalOf(device.fields.credential))
    const folder = limit === null ? null : blockIdOf(limit)
    const isThere = folder !== null && entryOf(state, folder) !== null
    if (isThere && !blocks.some((block) => equal(block, folder))) blocks.push(folder)
  }
  return blocks
}

function termsOf(writecap: Writecap | undefined) {
  const folder = writecap === undefined || writecap.scope.ids.length === 0 ? null : blockIdOf(writecap.scope)
  const mayWrite = writecap !== undefined && (writecap.rights & rights.write) !== 0
  return { folder, mayWrite, untilMs: writecap?.expiresAtMs ?? 0 }
}

/** All that the root ever gave, the shortest first: each that extends another ends later than it. */
const permissionsIn = (state: TreeState): readonly Writecap[] =>
  [...entries(state.map, Uint8Array.of(rowKind.cap))]
    .map(([, octets]) => decodeRow('cap', octets).cap)
    .filter(({ issuer }) => issuer.tag === 'root')
    .toSorted((one, other) => one.expiresAtMs - other.expiresAtMs)

function dismisserOf({ dismissal }: NonNullable<DeviceRow['dismissed']>): Bytes | null {
  const { issuer } = dismissal.fields
  return issuer.tag === 'root' ? null : principalOf(issuer.value.author)
}

function takeOversIn(state: TreeState): readonly Happening[] {
  return [...entries(state.map, keys.takeOvers)].flatMap(([key]): Happening[] => {
    const body = takeOverIn(state, fromU64be(key, 1)!)
    const holder = body === null ? undefined : chainOf(state, body.writecapHash)?.[0]?.holder
    return body === null || holder === undefined ? [] : [{ atMs: body.stampMs, device: holder, kind: 'tookOver' }]
  })
}

function appointedLast(state: TreeState): readonly Happening[] {
  const row = appointmentOf(state)
  if (row === null) return []
  const { author, deciders } = row.appointment.fields
  const device = principalOf(author)
  return [{ kind: 'appointed', atMs: row.atMs, device, deciders, endedAtMs: row.endedAtMs }]
}

function signersIn(state: TreeState): readonly Happening[] {
  return [...entries(state.map, Uint8Array.of(rowKind.setChange))].map(([key, octets]): Happening => {
    const { signature, atMs } = decodeRow('setChange', octets)
    const set = setOf(state, key.slice(1))!
    const before = setOf(state, set.previousHash!)!
    return {
      kind: 'signersChanged',
      atMs,
      by: signature.tag === 'passkey' ? 'passkey' : 'recoveryCard',
      addedCount: newMemberCount(set, before),
      removedCount: newMemberCount(before, set),
      isCardReplaced: signature.tag === 'lastRecovery',
    }
  })
}

const newMemberCount = ({ members }: CredentialSet, before: CredentialSet): number =>
  members.filter(({ credentialId }) => !before.members.some((other) => equal(other.credentialId, credentialId))).length

const foundedAtMs = (state: TreeState): number =>
  Math.min(...[...devicesOf(state)].map(({ admittedAtMs }) => admittedAtMs))
