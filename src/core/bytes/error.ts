/**
 * Errors that cross threads. A port rejects with one of these; the thread's top names it and the page shows its sentence.
 * They live in the core because the real platform, the simulated one and the page must mean the same class.
 * @module
 */
import { type Fault, type Refused, type Result, refused } from './fault.ts'

/** The base of all: `code` is compared by programs, `message` is a sentence that says what happened and what to do. */
export class BlocktreeError extends Error {
  override name = 'BlocktreeError'
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** A refusal that reached the party which caused it. */
export class RefusedError extends BlocktreeError {
  override name = 'RefusedError'
  constructor(fault: Fault) {
    super(fault.code, fault.remote ?? fault.local)
  }
}

/** The value of a result whose refusal ends what the caller asked for. */
export function orRefuse<T>(result: Result<T>): T {
  if (result.ok) return result.value
  throw new RefusedError(result.fault)
}

/** What somebody was refused by an exception, as a value; whatever else was thrown is thrown again. */
export function refusalOf(error: unknown): Refused {
  if (error instanceof BlocktreeError) return refused(error.code, error.message)
  throw error
}

/** The device has no room. Nothing of the write was kept. */
export class StoreFullError extends BlocktreeError {
  override name = 'StoreFullError'
  constructor() {
    super(
      'storeFull',
      'This device is out of space, so the last change was not saved. Free some space or empty the trash, then try again.',
    )
  }
}

/** The database went away (closed by the browser, data cleared, disk failure). The node must restart from disk. */
export class StoreClosedError extends BlocktreeError {
  override name = 'StoreClosedError'
  constructor() {
    super(
      'storeClosed',
      'The browser closed the storage of this page. Everything that was marked as saved is safe; reload to go on.',
    )
  }
}

/** Another worker owns this profile by now; this one may not write any more. */
export class StoreSupersededError extends BlocktreeError {
  override name = 'StoreSupersededError'
  constructor() {
    super('storeSuperseded', 'Another tab has taken over this tree; this tab goes on through it.')
  }
}

/** The database was written by a newer release of the program. */
export class StoreTooNewError extends BlocktreeError {
  override name = 'StoreTooNewError'
  constructor() {
    super(
      'storeTooNew',
      'This tree was last used by a newer version of Blocktree. Reload the page to get that version.',
    )
  }
}

/** Stored bytes that do not open or do not match their hash. */
export class StoreDamagedError extends BlocktreeError {
  override name = 'StoreDamagedError'
  constructor(what: string) {
    super(
      'storeDamaged',
      `Stored data on this device is damaged (${what}). Restore the tree from an export or from another device.`,
    )
  }
}

/** The node that a call went to is gone; another one answers from now on. */
export class NodeMovedError extends BlocktreeError {
  override name = 'NodeMovedError'
  constructor() {
    super('nodeMoved', 'The tab that kept this tree was closed; this tab takes over.')
  }
}

/** The person, or the page that was closed, gave up on an operation. */
export class CancelledError extends BlocktreeError {
  override name = 'CancelledError'
  constructor() {
    super('cancelled', 'Cancelled. Nothing was changed.')
  }
}

/** A node that goes, or has gone, takes nothing more; a page that is loaded anew begins another. */
export const nodeStopped = (): BlocktreeError =>
  new BlocktreeError('nodeStopped', 'This node has stopped; reload the page to go on.')
