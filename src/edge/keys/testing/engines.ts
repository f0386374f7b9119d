/**
 * Engines and databases as they are met in the field, for tests of the fallbacks.
 * @module
 */
import type { KeyDatabase } from '../database.ts'

/** WebCrypto of this engine, as if it had never heard of one algorithm. */
export function engineWithout(algorithm: 'Ed25519' | 'X25519'): SubtleCrypto {
  return new Proxy(crypto.subtle, {
    get(subtle, method) {
      const call = Reflect.get(subtle, method) as (...parameters: unknown[]) => Promise<unknown>
      return (...parameters: unknown[]): Promise<unknown> =>
        parameters.some((parameter) => nameOf(parameter) === algorithm)
          ? Promise.reject(new DOMException('Unrecognized name.', 'NotSupportedError'))
          : call.apply(subtle, parameters)
    },
  })
}

const nameOf = (parameter: unknown): unknown =>
  typeof parameter === 'string' ? parameter : (parameter as { name?: unknown } | null)?.name

export interface MemoryKeyDatabase extends KeyDatabase {
  readonly values: Map<string, unknown>
}

/**
 * Structured-clones what it is given, like IndexedDB.
 * @param loses keys of this algorithm are taken and come back as null, as in WebKitGTK 2.50
 */
export function memoryKeyDatabase(loses?: 'Ed25519' | 'X25519'): MemoryKeyDatabase {
  const values = new Map<string, unknown>()
  const isLost = (value: unknown): boolean => value instanceof CryptoKey && value.algorithm.name === loses
  return {
    values,
    get: (name) => {
      const value = structuredClone(values.get(name))
      return Promise.resolve(isLost(value) ? null : value)
    },
    addIfAbsent: (name, value) => {
      if (!values.has(name)) values.set(name, structuredClone(value))
      return Promise.resolve()
    },
    delete: (name) => {
      values.delete(name)
      return Promise.resolve()
    },
  }
}
