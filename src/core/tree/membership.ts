/**
 * Who is a device of the tree, and who of them is to decide: the part of the fold that admits, revises, dismisses and appoints (design
 * §6, §7, §10).
 * @module
 */
import { type Bytes, type Check, type Result, accepted, equal, ok, refused } from '../bytes/bytes.ts'
import { type Principal, principalOf } from '../crypto/crypto.ts'
import {
  type Chain,
  type Checked,
  type Writecap,
  checkRight,
  checkWritecap,
  isHeldBy,
  rights,
  trusted,
} from '../cap/cap.ts'
import { type SignedRecord, keyEpochMax } from '../block/block.ts'
import { type IdPath, blockIdOf, rootBlockId, rootPath, samePath } from '../path/path.ts'
import type { Appointment } from './appointment.ts'
import {
  type Dismissal,
  type SignedDevice,
  deviceCountMax,
  deviceDismissed,
  deviceLifeMsMax,
  isTermWithin,
  nextRevocation,
  probationLifeMs,
  standingOf,
} from './device.ts'
import type { Draft } from './draft.ts'
import { hasKeysLeft } from './renewal.ts'
import { checkIssuedNow, checkRootNow } from './set-change.ts'
import {
  type DeviceRow,
  type TreeState,
  appointedIn,
  appointmentOf,
  chainOf,
  checkDevice,
  deviceOf,
  devicesOf,
  encodeRow,
  isDirectory,
  keys,
  summaryOf,
} from './state.ts'

/** What a request that may come twice did this time. */
export type Applied = 'applied' | 'repeated'

/** Permissions of a device that was put out, and what it passed on, count no more. What was committed before stays. */
export function checkNotRevoked(state: TreeState, chain: Chain): Check {
  return chain.every(({ holder }) => (deviceOf(state, holder)?.dismissed ?? null) === null)
    ? ok
    : refused(
        'writecapRevoked',
        'The writer, or who let it in, was removed from this tree.',
        'This device was removed from the tree.',
      )
}

/**
 * A permission that may be used at a place.
 * @param place what the author wants to change
 * @param right of `rights`
 */
export function checkPermission(
  state: TreeState,
  author: Principal,
  writecapHash: Bytes,
  place: IdPath,
  right: number,
  stampMs: number,
): Check {
  const held = heldChain(state, author, writecapHash)
  if (!held.ok) return held
  const valid = checkWritecap(held.value, place, state.treeId, stampMs)
  if (!valid.ok) return valid
  const standing = checkNotRevoked(state, held.value)
  return standing.ok ? checkRight(held.value, right) : standing
}

function heldChain(state: TreeState, author: Principal, writecapHash: Bytes): Result<Checked<Chain>> {
  const chain = chainOf(state, writecapHash)
  if (chain === null) return refused('writecapUnknown', 'The writer shows a permission that this tree does not know.')
  return isHeldBy(chain, author)
    ? accepted(chain)
    : refused('writecapNotHeld', 'The writer shows a permission that was issued to someone else.')
}

/** The device that begins the tree, or goes on with it in the name of the root. */
export function seatDevice(draft: Draft, device: SignedDevice, [own]: Chain, stampMs: number): Check {
  const principal = principalOf(device.fields.credential)
  const known = deviceOf(draft.state, principal)
  if (known !== null && known.dismissed !== null) return deviceDismissed()
  if (known === null ? device.fields.version !== 1 : !isSame(known.device, device) && !follows(known.device, device))
    return deviceChanged()
  putDevice(draft, {
    device,
    standing: 'own',
    writecapHash: own!.hash,
    admittedAtMs: known?.admittedAtMs ?? stampMs,
    approver: principal,
    dismissed: null,
  })
  return ok
}

/**
 * Takes a newcomer in as the root has said.
 * @param applyAccess takes the record that gives the newcomer its key, under the permission of who approved
 */
export function admitDevice(
  draft: Draft,
  device: SignedDevice,
  writecap: Writecap,
  access: SignedRecord<'access'>,
  stampMs: number,
  applyAccess: () => Check,
): Result<Applied> {
  const { state } = draft
  if (summaryOf(state) === null) return notFounded()
  const known = deviceOf(state, principalOf(device.fields.credential))
  if (known !== null) {
    if (known.dismissed !== null) return deviceDismissed()
    if (isSame(known.device, device) && equal(known.writecapHash, writecap.hash)) return accepted('repeated')
    return refused('deviceKnown', 'This device belongs to the tree already.')
  }
  if (activeCount(state) >= deviceCountMax)
    return refused(
      'devicesTooMany',
      `A tree has ${deviceCountMax} devices at most; remove one that is not used any more.`,
    )
  const issued = checkIssuedNow(state, [writecap])
  if (!issued.ok) return issued
  // The writecap is a part of the checked batch.
  const valid = checkWritecap(trusted([writecap]), writecap.scope, state.treeId, stampMs)
  if (!valid.ok) return valid
  const standing = standingOf(writecap)
  if (!standing.ok) return standing
  if (standing.value === 'limited' && !isTermWithin(writecap, probationLifeMs, stampMs)) return termTooLong()
  // Before the newcomer's own permission is known, so that nobody lets himself in.
  const given = applyAccess()
  if (!given.ok) return given
  if (!isDirectory(state, blockIdOf(writecap.scope)))
    return refused('notADirectory', 'A device is let into a folder, not into a file.')
  draft.put(keys.cap(writecap.hash), encodeRow('cap', { cap: writecap, next: null }))
  putDevice(draft, {
    device,
    standing: standing.value,
    writecapHash: writecap.hash,
    admittedAtMs: stampMs,
    approver: principalOf(access.fields.author),
    dismissed: null,
  })
  return accepted('applied')
}

/** The root gives a device more time for what it may already. */
export function extendDevice(draft: Draft, writecap: Writecap, stampMs: number): Result<Applied> {
  const { state } = draft
  const row = deviceOf(state, writecap.holder)
  if (row === null) return refused('deviceUnknown', 'This device does not belong to the tree.')
  if (row.dismissed !== null) return deviceDismissed()
  if (equal(row.writecapHash, writecap.hash)) return accepted('repeated')
  const issued = checkIssuedNow(state, [writecap])
  if (!issued.ok) return issued
  // The writecap is a part of the checked batch.
  const valid = checkWritecap(trusted([writecap]), writecap.scope, state.treeId, stampMs)
  if (!valid.ok) return valid
  const [now] = chainOf(state, row.writecapHash) ?? []
  const isForSame = now !== undefined && samePath(now.scope, writecap.scope) && now.rights === writecap.rights
  // One that ends earlier may have been signed long ago, and is not to come back.
  if (!isForSame || writecap.expiresAtMs <= now.expiresAtMs)
    return refused('extensionOther', 'More time is given for the same place and the same rights, and for nothing else.')
  if (!isTermWithin(writecap, deviceLifeMsMax, stampMs)) return termTooLong()
  draft.put(keys.cap(writecap.hash), encodeRow('cap', { cap: writecap, next: null }))
  putDevice(draft, { ...row, writecapHash: writecap.hash })
  return accepted('applied')
}

/** A device says something else of itself; nobody says it for the device. */
export function reviseDevice(draft: Draft, device: SignedDevice, stampMs: number): Result<Applied> {
  const known = checkDevice(draft.state, principalOf(device.fields.credential), stampMs)
  if (!known.ok) return known
  if (isSame(known.value.device, device)) return accepted('repeated')
  if (!follows(known.value.device, device)) return deviceChanged()
  putDevice(draft, { ...known.value, device })
  return accepted('applied')
}

/** Puts a device out: by the root, by a device that may grant everywhere, or by itself. */
export function dismissDevice(draft: Draft, dismissal: Dismissal, stampMs: number): Result<Applied> {
  const { state } = draft
  const summary = summaryOf(state)
  if (summary === null) return notFounded()
  const { device, issuer } = dismissal.fields
  const row = deviceOf(state, device)
  if (row === null) return refused('deviceUnknown', 'This device does not belong to the tree.')
  if (row.dismissed !== null) return accepted('repeated')
  if (issuer.tag === 'node') {
    const { author, writecapHash } = issuer.value
    const principal = principalOf(author)
    // Whoever leaves needs no right, but names a permission of its own all the same, by which he can be told from a stranger.
    const allowed = equal(principal, device)
      ? heldChain(state, principal, writecapHash)
      : checkPermission(state, principal, writecapHash, rootPath(state.treeId), rights.grant, stampMs)
    if (!allowed.ok) return allowed
  } else {
    const byRoot = checkRootNow(state, issuer.value.setHash)
    if (!byRoot.ok) return byRoot
  }
  if (row.standing === 'own' && activeCount(state, 'own') === 1)
    return refused('deviceLast', 'This is the last device of its owner; without it nobody could use the tree.')
  // What is sealed anywhere from here on waits for another key of the root.
  if (row.standing === 'own' && !hasKeysLeft(state, rootBlockId(state.treeId)))
    return refused(
      'keysUsedUp',
      `This tree has had ${keyEpochMax} keys, as many as it can have, so no more of its own devices can be removed. Plant another tree, and copy into it what you want to keep.`,
    )
  putDevice(draft, { ...row, dismissed: { dismissal, atMs: stampMs } })
  const revocationHead = nextRevocation(summary.revocationHead, dismissal)
  draft.put(keys.summary, encodeRow('summary', { ...summary, revocationHead }))
  // Of those who were chosen not all can decide any more, and fewer were not chosen.
  if (appointedIn(state)?.some((decider) => equal(decider, device)) === true) endAppointment(draft, stampMs)
  return accepted('applied')
}

/** The owner says who is to decide, by a device that may grant everywhere; whoever saw another choice than the one in force is refused. */
export function appointDeciders(draft: Draft, appointment: Appointment, stampMs: number): Result<Applied> {
  const { state } = draft
  if (summaryOf(state) === null) return notFounded()
  const { version, deciders, author, writecapHash } = appointment.fields
  const before = appointmentOf(state)?.appointment
  if (before !== undefined && equal(before.body, appointment.body)) return accepted('repeated')
  const place = rootPath(state.treeId)
  const allowed = checkPermission(state, principalOf(author), writecapHash, place, rights.grant, stampMs)
  if (!allowed.ok) return allowed
  if (version !== (before?.fields.version ?? 0) + 1)
    return refused('raceLost', 'Who decides was chosen anew meanwhile; look again and repeat.')
  if (!deciders.every((decider) => isOwnDevice(state, decider)))
    return refused('deciderUnfit', 'Only your own devices can decide, and one of these is none of them any more.')
  draft.put(keys.appointment, encodeRow('appointment', { appointment, atMs: stampMs, endedAtMs: null }))
  return accepted('applied')
}

function isOwnDevice(state: TreeState, device: Principal): boolean {
  const row = deviceOf(state, device)
  return row !== null && row.dismissed === null && row.standing === 'own'
}

/** From now on the tree chooses itself. */
export function endAppointment(draft: Draft, stampMs: number): void {
  const row = appointmentOf(draft.state)
  if (row !== null && row.endedAtMs === null)
    draft.put(keys.appointment, encodeRow('appointment', { ...row, endedAtMs: stampMs }))
}

const putDevice = (draft: Draft, row: DeviceRow): void =>
  draft.put(keys.device(principalOf(row.device.fields.credential)), encodeRow('device', row))

const isSame = (left: SignedDevice, right: SignedDevice): boolean => equal(left.hash, right.hash)

const follows = (previous: SignedDevice, { fields }: SignedDevice): boolean =>
  fields.version === previous.fields.version + 1 &&
  fields.previousHash !== null &&
  equal(fields.previousHash, previous.hash)

function activeCount(state: TreeState, standing?: DeviceRow['standing']): number {
  let count = 0
  for (const row of devicesOf(state))
    if (row.dismissed === null && (standing === undefined || row.standing === standing)) count += 1
  return count
}

const dayMs = 24 * 60 * 60 * 1000
const termTooLong = () =>
  refused(
    'termTooLong',
    `A limited device gets ${probationLifeMs / dayMs} days at first, and ${deviceLifeMsMax / dayMs} at most when it is given more. Choose an earlier day.`,
  )
export const notFounded = () => refused('notFounded', 'This tree does not exist yet.')
const deviceChanged = () =>
  refused('raceLost', 'This device has changed what it says of itself meanwhile; look again and repeat.')
