/**
 * What a profile has on its disk, asked of the browser's database and not of the node that writes it.
 * @module
 */
import type { Page } from '@playwright/test'
import { decode, fromHex, must, utf8 } from '../../src/core/bytes/bytes.ts'
import { defaultProfile } from '../../src/edge/web/address.ts'
import { placeOf } from '../../src/node/own-tree.ts'
import { identityKey, identityWire } from '../../src/node/read/held-state.ts'
import { expect } from '../fixture.ts'
import { snapshotOf } from './tree.ts'

const databaseOf = (profile: string): string => `blocktree-${profile}`

/** A table of a profile's database: how many rows, and SHA-256 of all their keys and values, hexadecimal. */
export interface Stored {
  readonly count: number
  readonly hash: string
}

/** @param profile as the address of a page names it, `main` where it names none */
export const storedIn = (
  page: Page,
  tables: readonly string[],
  profile = defaultProfile,
): Promise<Readonly<Record<string, Stored>>> =>
  page.evaluate(
    async ({ name, tables }) => {
      const promised = <T>(request: IDBRequest<T>): Promise<T> =>
        new Promise((resolve, reject) => {
          request.addEventListener('success', () => resolve(request.result))
          request.addEventListener('error', () => reject(request.error!))
        })
      const database = await promised(indexedDB.open(name))
      // All of one instant.
      const transaction = database.transaction(tables)
      const rows = await Promise.all(
        tables.map(async (table) => {
          const store = transaction.objectStore(table)
          return Promise.all([promised(store.getAllKeys()), promised(store.getAll())])
        }),
      )
      database.close()
      const digested = rows.map(async ([keys, values]) => {
        const octets = await new Blob([...keys, ...values] as BlobPart[]).arrayBuffer()
        const hash = [...new Uint8Array(await crypto.subtle.digest('SHA-256', octets))]
        return { count: keys.length, hash: hash.map((octet) => octet.toString(16).padStart(2, '0')).join('') }
      })
      return Object.fromEntries((await Promise.all(digested)).map((digest, at) => [tables[at]!, digest]))
    },
    { name: databaseOf(profile), tables },
  )

/**
 * The row is sealed under a key that this browser keeps, and uses for whoever asks in its name.
 * @returns the name under which a device takes part in the decisions of its tree, drawn anew when its storage begins
 */
export async function nodeIdOf(page: Page, profile = defaultProfile): Promise<string> {
  const { treeId } = (await snapshotOf(page)).tree
  const key = identityKey(placeOf(fromHex(treeId)!))
  const octets = await page.evaluate(
    async ({ databases, key, associatedData }) => {
      const read = <T>(database: string, table: string, key: IDBValidKey): Promise<T> =>
        new Promise((resolve, reject) => {
          const opening = indexedDB.open(database)
          opening.addEventListener('error', () => reject(opening.error!))
          opening.addEventListener('success', () => {
            const reading: IDBRequest<T> = opening.result.transaction(table).objectStore(table).get(key)
            reading.addEventListener('success', () => resolve(reading.result))
            reading.addEventListener('error', () => reject(reading.error!))
            opening.result.close()
          })
        })
      const row = await read<Uint8Array<ArrayBuffer>>(databases.store, 'raft', Uint8Array.from(key))
      const deviceKey = await read<CryptoKey>(databases.keys, 'key', 'device')
      const algorithm = { name: 'AES-GCM', iv: row.slice(0, 12), additionalData: Uint8Array.from(associatedData) }
      return [...new Uint8Array(await crypto.subtle.decrypt(algorithm, deviceKey, row.slice(12)))]
    },
    {
      databases: { store: databaseOf(profile), keys: `blocktree-keys-${profile}` },
      key: [...key],
      associatedData: [...utf8('raft'), 0, ...key],
    },
  )
  return must(decode(identityWire, Uint8Array.from(octets), 4096)).nodeId
}

/** All tables of the tree itself: its log, its state with every capability in it, and its blocks, those on their way here too. */
const tablesOfTree = ['log', 'state', 'staging', 'holding', 'outbox', 'object']

/**
 * Of pages that show one profile each, whose devices have no others yet. What was decided is written from the log into the state a
 * while later, which changes the rows and not what they say, so that comes first.
 * @returns fails the test where any row of their trees is another one than now
 */
export async function keepTrees(
  ...shown: readonly (readonly [page: Page, profile: string])[]
): Promise<() => Promise<void>> {
  const stored = () => Promise.all(shown.map(([page, profile]) => storedIn(page, tablesOfTree, profile)))
  const areFolded = async (): Promise<boolean> =>
    (await stored()).every(({ log, state }) => log!.count === 1 && state!.count > 0)
  await expect.poll(areFolded, { timeout: 30_000 }).toBe(true)
  const before = await stored()
  return async () => expect(await stored()).toEqual(before)
}
