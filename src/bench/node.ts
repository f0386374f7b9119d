/**
 * A whole node on the platform of a browser, as the rows of it measure it.
 * @module
 */
import { deleteDB } from 'idb'
import { createClock } from '../edge/clock/clock.ts'
import { createCrypto } from '../edge/crypto/crypto.ts'
import { createKeys } from '../edge/keys/keys.ts'
import { createRandom } from '../edge/random/random.ts'
import { discard } from '../edge/rpc/discard.ts'
import { openStore } from '../edge/store/store.ts'
import type { NodeApi } from '../node/api.ts'
import { runNode } from '../node/node.ts'
import type { Platform } from '../port/platform.ts'
import type { StorePort } from '../port/store.ts'

export const profile = `bench-${Date.now()}`
export const random = createRandom()

/** The platform of `workers/node.worker.ts`, with a store that says when nothing is under way. */
export async function startNode() {
  const keys = createKeys(profile)
  const store = await openStore({ profile, deviceKey: await keys.deviceKey() })
  const watched = watchStore(store)
  const platform: Platform = {
    store: watched.store,
    keys,
    clock: createClock(),
    random,
    crypto: createCrypto(),
    discard,
  }
  const node = await runNode(platform, { deviceName: 'Benchmark' })
  return {
    api: node.api,
    idle: watched.idle,
    async close() {
      await node.close()
      store.close()
      await deleteDB(`blocktree-${profile}`)
    },
  }
}

function watchStore(store: StorePort) {
  let openCount = 0
  const watch = async <T>(work: Promise<T>): Promise<T> => {
    openCount++
    try {
      return await work
    } finally {
      openCount--
    }
  }
  const watched: StorePort = {
    closed: store.closed,
    write: (...given) => watch(store.write(...given)),
    read: (...given) => watch(store.read(...given)),
    readMany: (...given) => watch(store.readMany(...given)),
    scan: (...given) => watch(store.scan(...given)),
    usage: () => store.usage(),
  }
  return {
    store: watched,
    /** Old versions are deleted after a write is answered; that must not run into the next measurement. */
    async idle(): Promise<void> {
      for (let quietCount = 0; quietCount < 5;) {
        await new Promise((resolve) => setTimeout(resolve, 4))
        quietCount = openCount === 0 ? quietCount + 1 : 0
      }
    },
  }
}

/** Of the root folder; from then on somebody watches, as every open page does. */
export async function rootIdOf(api: NodeApi): Promise<string> {
  let rootId = ''
  await api.watch((event) => {
    if (event.kind === 'snapshot') ({ rootId } = event.tree)
  })
  return rootId
}

/**
 * Octets in memory in the place of a blob: the baseline gets its records from memory too, and a blob would be fetched from
 * another process. A block is read in one piece, which is then the node's.
 */
export const contentOf = (octets: Uint8Array<ArrayBuffer>): Blob =>
  ({
    size: octets.length,
    slice: () => ({ arrayBuffer: async () => octets.buffer }),
  }) as unknown as Blob
