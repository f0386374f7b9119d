/**
 * Planted bugs: each breaks one promise of the platform, or of the node's use of it, and the simulator must find it.
 * A simulator that has found nothing shows by these that it would have.
 * @module
 */
import type { Platform } from '../port/platform.ts'
import { placePrefixSizeBytes } from '../node/place.ts'
import type { Change, Durability, StorePort } from '../port/store.ts'
import type { Sabotage } from './device.ts'

export interface PlantedBug {
  readonly name: string
  readonly sabotage: Sabotage
}

const withWrite = (platform: Platform, write: StorePort['write']): Platform => {
  const { store } = platform
  return {
    ...platform,
    store: {
      write,
      read: (table, key) => store.read(table, key),
      readMany: (table, keys) => store.readMany(table, keys),
      scan: (table, prefix, countMax, after) => store.scan(table, prefix, countMax, after),
      usage: () => store.usage(),
      closed: store.closed,
    },
  }
}

/** A row of term and vote: the place of its cluster, and the octet 1. */
const isHardState = (change: Change): boolean =>
  change.kind === 'put' &&
  change.table === 'raft' &&
  change.key.length === placePrefixSizeBytes + 1 &&
  change.key.at(-1) === 1

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'acknowledge before persist',
    sabotage: (platform) =>
      withWrite(platform, (changes, durability) => {
        platform.store.write(changes, durability).catch(() => {})
        return Promise.resolve()
      }),
  },
  {
    name: 'forgotten vote',
    sabotage: (platform) =>
      withWrite(platform, (changes, durability) =>
        platform.store.write(
          changes.filter((change) => !isHardState(change)),
          durability,
        ),
      ),
  },
  {
    name: 'skipped check',
    sabotage: (platform) => ({
      ...platform,
      crypto: { ...platform.crypto, verify: (claims) => claims.map(() => true) },
    }),
  },
  {
    name: 'lost relaxed write',
    sabotage: (platform) =>
      withWrite(platform, (changes, _durability: Durability) => platform.store.write(changes, 'relaxed')),
  },
]
