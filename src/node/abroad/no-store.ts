/**
 * A store that keeps nothing: for what is only looked at.
 * @module
 */
import type { StorePort } from '../../port/store.ts'

export const createNoStore = (): StorePort => ({
  write: async () => {},
  read: async () => null,
  readMany: async (_table, keys) => keys.map(() => null),
  scan: async () => [],
  usage: async () => ({ usedBytes: 0, quotaBytes: 0 }),
  closed: new Promise(() => {}),
})
