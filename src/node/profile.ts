/**
 * What this device knows of itself: which trees it holds, and which of them the person works in.
 *
 * A tree is `arriving` until it is whole, or `joining` until another device has brought enough of it to read, then `home`; a tree
 * whose content moves into another is `leaving` until all of it has arrived there, and `aside` until its owner has said whether it
 * is to. One row for all, so that every step from one to the next is one transaction.
 * @module
 */
import {
  type Codec,
  type Decoded,
  bytesOf,
  concat,
  decode,
  encode,
  listOf,
  must,
  nullable,
  record,
  refine,
  textUpTo,
  tuple,
  u53,
  utf8,
} from '../core/bytes/bytes.ts'
import { type TreeId, treeIdWire } from '../core/path/path.ts'
import type { Change, StorePort, StoreReader } from '../port/store.ts'

const stages = ['arriving', 'home', 'leaving', 'joining', 'aside'] as const
type Stage = (typeof stages)[number]
const stageWire: Codec<Stage> = refine(
  u53,
  (code) => stages[code] ?? null,
  (stage) => stages.indexOf(stage),
)

const profileWire = record('profile', 1, {
  trees: listOf(tuple({ treeId: treeIdWire, stage: stageWire }), 16),
  deviceName: textUpTo(64),
  /** Where the tree that is being joined is found. */
  address: nullable(
    tuple({
      treeId: treeIdWire,
      generation: u53,
      devices: listOf(tuple({ principal: bytesOf(32), transportId: bytesOf(32) }), 64),
    }),
  ),
  /** Of what is held of the home's bodies; null: all of them. */
  holdQuotaBytes: nullable(u53),
})
export type Profile = Decoded<typeof profileWire>

const profileKey = utf8('profile')

export const emptyProfile: Profile = { trees: [], deviceName: '', address: null, holdQuotaBytes: null }

export async function readProfile(store: StoreReader): Promise<Profile> {
  const row = await store.read('node', profileKey)
  return row === null ? emptyProfile : must(decode(profileWire, row, 8192))
}

/** @param others what changes together with it */
export const writeProfile = (store: StorePort, profile: Profile, others: readonly Change[] = []): Promise<void> =>
  store.write(
    [...others, { kind: 'put', table: 'node', key: profileKey, value: encode(profileWire, profile) }],
    'strict',
  )

export const treeAt = (profile: Profile, stage: Stage): TreeId | null =>
  profile.trees.find((tree) => tree.stage === stage)?.treeId ?? null

/** Everything of a tree on this device, gone in one transaction; what the profile says of it goes with it. */
export const forgetTree = (treeId: TreeId): readonly Change[] => [
  ...treeTables.map((table) => ({ kind: 'deleteAll' as const, table, prefix: treeId })),
  // That this device is a guest in it: `guest/visit.ts`; and what of it has come into another one: `move-in.ts`.
  { kind: 'deleteAll', table: 'node', prefix: concat(utf8('visit'), treeId) },
  { kind: 'deleteAll', table: 'node', prefix: concat(utf8('moved'), treeId) },
]
const treeTables = ['raft', 'log', 'state', 'staging', 'holding', 'outbox', 'object'] as const
