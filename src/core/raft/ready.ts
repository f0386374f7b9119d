/**
 * Ready: what a node wants done, and in which order.
 *
 * The host takes a Ready when `hasReady`, does what it says, and tells the node so with `advance`. Events may be stepped
 * meanwhile, another Ready may not be taken before. With `asyncStorageWrites` there is no `advance`: writes and applies
 * are handed out with the answers that are due when they are done, and Readies may be taken one after the other.
 *
 * What must come before what:
 * 1. `hardState`, `entries` and `snapshot` are made durable, in ONE transaction (a snapshot replaces the log, it leaves none of
 *    it). Where `mustSync` is false there is only a commit index to write, which may be lost.
 * 2. Only then those of `messages` are sent that promise that nothing of 1 is ever forgotten (`isPromise`); the rest may go at
 *    once, so that followers write while the leader does. (Asynchronously: `messages` go at once, since they promise nothing; those
 *    that do are in `storageAppend.responses`. But those of a term go no sooner than that term is durable here: who is elected by the
 *    votes of others, sends entries of it and dies with an earlier term on its disk could be elected in it a second time, and send
 *    others under the same index. In order 1, 2 that can not be.)
 * 3. Only then `committed` is applied, in order, each configuration entry by the event `applyConfiguration` in its turn. A
 *    `snapshot` is given to the state machine before anything that follows it.
 * 4. Only then `advance`.
 * If 1 fails, the node must stop: nothing is sent, and it starts again from what is on the disk.
 * @module
 */
import type { Check } from '../bytes/bytes.ts'
import {
  type HardState,
  applying,
  entriesToApply,
  entriesToStore,
  handedOver,
  hasEntriesToApply,
  hasEntriesToStore,
  lastIndex,
  lastTerm,
} from './log.ts'
import type { Entry, Message, Snapshot } from './message.ts'
import { Sequence } from './sequence.ts'
import {
  type Draft,
  type Raft,
  type ReadState,
  type SoftState,
  type StorageApplied,
  type StorageAppended,
  type StorageResponse,
  closeDraft,
  hardStateOf,
  isSameHardState,
  openDraft,
} from './state.ts'
import { stepMessage, storageAnswered } from './step.ts'

export interface Ready {
  /** Null where unchanged since the last Ready. Nothing to store; for whoever shows or routes. */
  readonly softState: SoftState | null
  /** Null where unchanged. To be stored before anything is sent. */
  readonly hardState: HardState | null
  /** To be stored before anything is sent. From the first index on they replace what is stored there and after it. */
  readonly entries: readonly Entry[]
  /** To be installed before anything is sent. Never together with entries. */
  readonly snapshot: Snapshot | null
  /** To be applied in order, when all the above is durable. */
  readonly committed: readonly Entry[]
  /** To be sent when all the above is durable, but for what promises nothing. Any may be lost, repeated or late. */
  readonly messages: readonly Message[]
  /** A read may be answered when everything up to its index is applied. */
  readonly readStates: readonly ReadState[]
  /** Term, vote or entries changed: the write must outlast a loss of power. */
  readonly mustSync: boolean
  /** Asynchronously only; else null, as it is where there is nothing to do. */
  readonly storageAppend: StorageAppend | null
  readonly storageApply: StorageApply | null
}

/** To be written in the order given, each in one transaction. */
export interface StorageAppend {
  readonly hardState: HardState | null
  readonly entries: readonly Entry[]
  readonly snapshot: Snapshot | null
  /** To be sent when this and every earlier write is durable; those to this node itself are stepped as messages. */
  readonly responses: readonly Message[]
  /** Then to be stepped, after those. */
  readonly done: StorageAppended | null
}

/** To be applied in the order given; `done` is to be stepped then. */
export interface StorageApply {
  readonly entries: readonly Entry[]
  readonly done: StorageApplied
}

const mayApplyTail = (raft: Raft): boolean => !raft.config.asyncStorageWrites

const softStateOf = ({ leader, role }: Raft): SoftState => ({ leader, role })

const isSameSoftState = (left: SoftState, right: SoftState): boolean =>
  left.leader === right.leader && left.role === right.role

/** Whether there is anything to do. */
export function hasReady(raft: Raft): boolean {
  return (
    raft.messages.length > 0 ||
    raft.messagesAfterAppend.length > 0 ||
    raft.readStates.length > 0 ||
    hasEntriesToStore(raft.log) ||
    raft.log.snapshotToInstall !== null ||
    hasEntriesToApply(raft.log, mayApplyTail(raft)) ||
    !isSameHardState(hardStateOf(raft), raft.readyHardState) ||
    !isSameSoftState(softStateOf(raft), raft.readySoftState)
  )
}

/** Takes what is to be done off the node; it will not be said again, but by the node's next life. */
export function takeReady(raft: Raft): readonly [Raft, Ready] {
  if (raft.stepsOnAdvance !== null) throw new Error('the last Ready must be advanced before the next is taken')
  const { log, config } = raft
  const softState = softStateOf(raft)
  const hardState = hardStateOf(raft)
  const { readyHardState } = raft
  const entries = entriesToStore(log)
  const snapshot = log.snapshotToInstall
  const changedHardState = isSameHardState(hardState, readyHardState) ? null : hardState
  const committed = entriesToApply(log, mayApplyTail(raft))
  const messages = raft.messages.slice()
  const afterAppend = raft.messagesAfterAppend.slice()
  const appendedDone = storageAppendedOf(raft, snapshot)
  const applyDone: StorageApplied | null = committed.length > 0 ? { kind: 'storageApplied', entries: committed } : null
  const isAsync = config.asyncStorageWrites
  const isWriting = entries.length > 0 || changedHardState !== null || snapshot !== null || afterAppend.length > 0
  // What the node tells itself. Its own acknowledgements come before the news that the tail is durable.
  const steps: (Message | StorageResponse)[] = []
  if (!isAsync) {
    for (const message of afterAppend) (message.to === config.id ? steps : messages).push(message)
    if (appendedDone !== null) steps.push(appendedDone)
    if (applyDone !== null) steps.push(applyDone)
  }

  const ready: Ready = {
    softState: isSameSoftState(softState, raft.readySoftState) ? null : softState,
    hardState: changedHardState,
    entries,
    snapshot,
    committed,
    messages,
    readStates: raft.readStates.slice(),
    mustSync:
      entries.length > 0 || hardState.term !== readyHardState.term || hardState.votedFor !== readyHardState.votedFor,
    storageAppend:
      isAsync && isWriting
        ? { hardState: changedHardState, entries, snapshot, responses: afterAppend, done: appendedDone }
        : null,
    storageApply: isAsync && applyDone !== null ? { entries: committed, done: applyDone } : null,
  }
  const taken = openDraft(raft)
  taken.log = applying(handedOver(log), committed, mayApplyTail(raft))
  taken.messages = Sequence.empty()
  taken.messagesAfterAppend = Sequence.empty()
  taken.readStates = Sequence.empty()
  taken.readySoftState = softState
  taken.readyHardState = hardState
  taken.stepsOnAdvance = isAsync ? null : steps
  return [taken, ready]
}

/**
 * What to hear back once the writes are done. It names the end of the tail even where nothing of it is new: the news
 * about an earlier write may have been ignored for coming in a later term, and this one, being of that term, repeats it.
 */
function storageAppendedOf(raft: Raft, snapshot: Snapshot | null): StorageAppended | null {
  const { log, term } = raft
  if (log.tail.length === 0 && snapshot === null) return null
  const stored = log.tail.length === 0 ? null : { index: lastIndex(log), term: lastTerm(log) }
  return { kind: 'storageAppended', term, stored, snapshot }
}

/** The last Ready is stored, sent and applied. */
export function advance(raft: Raft): Raft {
  if (raft.stepsOnAdvance === null) throw new Error('there is no Ready to advance')
  const draft = openDraft(raft)
  draft.stepsOnAdvance = null
  for (const step of raft.stepsOnAdvance) stepSelf(draft, step)
  return closeDraft(draft)
}

function stepSelf(raft: Draft, step: Message | StorageResponse): Check {
  const isOwn = step.kind === 'storageAppended' || step.kind === 'storageApplied'
  return isOwn ? storageAnswered(raft, step) : stepMessage(raft, step)
}
