/**
 * Noting: writing what this node knows already and goes on with, without waiting.
 * @module
 */
import type { Change, StorePort } from '../port/store.ts'

/** A store that cannot take it closes, and with it the node: the next start begins with what is on the disk. */
export const note = (store: Pick<StorePort, 'write'>, changes: readonly Change[]): void =>
  void store.write(changes, 'noted').catch(() => {})
