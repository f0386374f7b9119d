/**
 * How the credential set of a tree changes: the part of the fold that takes a change in, lets devices object, and brings it into
 * force (design §4). What a change may be says `set-change.ts`.
 * @module
 */
import { type Bytes, type Result, accepted, equal, refused } from '../bytes/bytes.ts'
import { credentialSetHash, principalOf } from '../crypto/crypto.ts'
import { rights } from '../cap/cap.ts'
import { rootPath } from '../path/path.ts'
import type { Draft } from './draft.ts'
import { type Applied, checkPermission, notFounded } from './membership.ts'
import { type SetChange, type Veto, isDue, pendingSetOf, wrapsHash } from './set-change.ts'
import { type Wraps, encodeRow, keys, readRow, summaryOf } from './state.ts'

/** The root names other keys for itself. */
export function changeSet(draft: Draft, change: SetChange, stampMs: number): Result<Applied> {
  const { state } = draft
  const { set, wraps, signature } = change
  const summary = summaryOf(state)
  if (summary === null) return notFounded()
  const setHash = credentialSetHash(set)
  const pending = pendingSetOf(state)
  const isKnown = (hash: Bytes): boolean => equal(hash, setHash)
  if (isKnown(summary.setHash) || (pending !== null && isKnown(credentialSetHash(pending.set))))
    return accepted('repeated')
  if (!equal(set.previousHash!, summary.setHash) || set.sequence !== summary.setSequence + 1)
    return refused('setStale', 'The keys of this tree were changed meanwhile; look at them again and repeat.')
  if (signature.tag !== 'passkey') {
    adopt(draft, change, stampMs)
    return accepted('applied')
  }
  if (pending !== null)
    return refused(
      'setPending',
      'Another passkey was added and waits for its 72 hours. Wait until it counts, or stop it first.',
    )
  const known = readRow(state, 'wraps', keys.wraps)!
  if (!isWrappedOnceMore(known, wraps, set.members.at(-1)!.credentialId))
    return refused('setChangeWrong', 'A passkey that is added brings nothing but its own way to the tree’s keys.')
  draft.put(keys.pendingSet, encodeRow('pendingSet', { set, wraps, signature, sinceMs: stampMs }))
  draft.put(keys.summary, encodeRow('summary', { ...summary, setSequence: set.sequence }))
  return accepted('applied')
}

/** Whether all wraps are as before, but for one of a passkey that is new; a passkey without PRF brings none. */
function isWrappedOnceMore(before: Wraps, after: Wraps, credentialId: Bytes): boolean {
  const { length } = before.byPasskey
  const more = after.byPasskey.slice(length)
  const same = { ...after, byPasskey: after.byPasskey.slice(0, length) }
  return (
    equal(wrapsHash(same), wrapsHash(before)) &&
    more.length <= 1 &&
    more.every((wrap) => equal(wrap.credentialId, credentialId))
  )
}

/** A device of the owner objects to what waits. */
export function vetoSet(draft: Draft, { fields }: Veto, stampMs: number): Result<Applied> {
  const { state } = draft
  const summary = summaryOf(state)
  if (summary === null) return notFounded()
  const { setHash, author, writecapHash } = fields
  const place = rootPath(state.treeId)
  const allowed = checkPermission(state, principalOf(author), writecapHash, place, rights.grant, stampMs)
  if (!allowed.ok) return allowed
  if (equal(setHash, summary.setHash))
    return refused('vetoLate', 'That passkey counts already. It can be removed with the recovery card.')
  const pending = pendingSetOf(state)
  if (pending === null || !equal(credentialSetHash(pending.set), setHash)) return accepted('repeated')
  draft.remove(keys.pendingSet)
  return accepted('applied')
}

/** What nobody has objected to for long enough comes into force before anything that is stamped later is judged. */
export function promoteDue(draft: Draft, stampMs: number): void {
  const pending = pendingSetOf(draft.state)
  if (pending !== null && isDue(pending, stampMs)) adopt(draft, pending, stampMs)
}

/** Where a tree is continued, devices that are not there could not object to what waits. */
export const dropPending = (draft: Draft): void => {
  if (pendingSetOf(draft.state) !== null) draft.remove(keys.pendingSet)
}

function adopt(draft: Draft, { set, wraps, signature }: SetChange, stampMs: number): void {
  const setHash = credentialSetHash(set)
  const summary = summaryOf(draft.state)!
  const setSequence = Math.max(summary.setSequence, set.sequence)
  draft.put(keys.set(setHash), encodeRow('set', set))
  draft.put(keys.setChange(setHash), encodeRow('setChange', { wrapsHash: wrapsHash(wraps), signature, atMs: stampMs }))
  draft.put(keys.wraps, encodeRow('wraps', wraps))
  draft.put(keys.summary, encodeRow('summary', { ...summary, setHash, setSequence }))
  dropPending(draft)
}
