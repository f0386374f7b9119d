/**
 * What the store's tests run inside a page. Built by the spec beside it; no part of the site.
 * @module
 */
import { openStore, openStoreReadOnly } from '../src/edge/store/store.ts'
import { storeCases } from '../src/port/testing/store-suite.ts'

const makeKey = (): Promise<CryptoKey> =>
  crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])

const bench = {
  makeKey,
  openStore,
  openStoreReadOnly,
  /** @returns `passed`, or what was wrong */
  async runCase(name: string): Promise<string> {
    const deviceKey = await makeKey()
    const { run } = storeCases.find((storeCase) => storeCase.name === name)!
    // Every case finds a disk that is empty.
    const profile = crypto.randomUUID()
    return run(() => openStore({ profile, deviceKey })).then(
      () => 'passed',
      (error: Error) => error.stack ?? error.message,
    )
  },
  /** The name of the error that a promise rejects with. */
  nameOfError: (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => 'none',
      (error: Error) => error.name,
    ),
  octets: (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text),
  /** Octets that no browser can compress on the way to its disk. */
  noise(sizeBytes: number): Uint8Array<ArrayBuffer> {
    const octets = new Uint8Array(sizeBytes)
    for (let at = 0; at < sizeBytes; at += 65_536) crypto.getRandomValues(octets.subarray(at, at + 65_536))
    return octets
  },
  /** The database as anyone sees it who has its files. */
  rawDatabase: (profile: string, version?: number): Promise<IDBDatabase> =>
    settled(indexedDB.open(`blocktree-${profile}`, version)),
  settled,
}
export type StoreBench = typeof bench

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(request.error))
  })
}
Object.assign(globalThis, { bench })
