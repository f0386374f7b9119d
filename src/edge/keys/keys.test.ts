import { describe, expect, test } from 'vitest'
import { toHex, utf8 } from '../../core/bytes/bytes.ts'
import { ed25519Message, ed25519PublicKey, principalOf, signedBy, verifyClaim } from '../../core/crypto/crypto.ts'
import { cryptoCases } from '../../port/testing/crypto-suite.ts'
import { createCrypto } from '../crypto/crypto.ts'
import { KeysLostError, createKeys } from './keys.ts'
import { type MemoryKeyDatabase, engineWithout, memoryKeyDatabase } from './testing/engines.ts'

const engines = [
  { name: 'an engine that keeps both', database: () => memoryKeyDatabase(), subtle: crypto.subtle, wrapped: [] },
  {
    name: 'an engine that loses X25519 keys in its database',
    database: () => memoryKeyDatabase('X25519'),
    subtle: crypto.subtle,
    wrapped: ['kem'],
  },
  {
    name: 'an engine that loses Ed25519 keys in its database',
    database: () => memoryKeyDatabase('Ed25519'),
    subtle: crypto.subtle,
    wrapped: ['signing'],
  },
  {
    name: 'an engine without Ed25519',
    database: () => memoryKeyDatabase(),
    subtle: engineWithout('Ed25519'),
    wrapped: ['signing'],
  },
  {
    name: 'an engine without X25519',
    database: () => memoryKeyDatabase(),
    subtle: engineWithout('X25519'),
    wrapped: ['kem'],
  },
]

const hybrid = () => import('../../core/hybrid/hybrid.ts')

describe.each(engines)('$name', ({ database: open, subtle, wrapped }) => {
  test.each(cryptoCases)('$name', async ({ run }) => {
    await run(createCrypto({ subtle, hybrid }), createKeys('test', { database: open(), subtle, hybrid }))
  })

  test('after a restart the credential is the same and signs and opens', async () => {
    const database = open()
    const before = await createKeys('test', { database, subtle, hybrid }).node()
    const after = await createKeys('test', { database, subtle, hybrid }).node()
    expect(after.credential).toEqual(before.credential)
    const body = utf8('a body')
    const signature = await after.sign(ed25519Message('blocktree/1/test', body))
    expect(verifyClaim(signedBy(before.credential, 'blocktree/1/test', body, signature))).toBe(true)
    const sealed = await createCrypto({ hybrid }).sealTo(
      { suite: 1, publicKey: before.credential.kemKey },
      body,
      body,
      body,
    )
    expect(await after.open(1, body, body, sealed)).toEqual(body)
  })

  test('two workers that start at once end with one credential and one device key', async () => {
    const database = open()
    const workers = Array.from({ length: 4 }, () => createKeys('test', { database, subtle, hybrid }))
    const nodes = await Promise.all(workers.map(({ node }) => node()))
    for (const { credential } of nodes) expect(principalOf(credential)).toEqual(principalOf(nodes[0]!.credential))
    const keys = await Promise.all(workers.map(({ deviceKey }) => deviceKey()))
    const iv = new Uint8Array(12)
    const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, keys[0]!, utf8('row'))
    for (const key of keys)
      expect(new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, sealed))).toEqual(utf8('row'))
  })

  test('no secret can be taken out, and none is kept in the clear', async () => {
    const database = open()
    await createKeys('test', { database, subtle, hybrid }).node()
    const record = recordOf(database)
    expect(Object.keys(record).filter((part) => record[part as 'signing'].kind === 'wrapped')).toEqual(wrapped)
    for (const kept of Object.values(record)) {
      if (!kept.privateKey) continue
      expect(kept.privateKey.extractable).toBe(false)
      await expect(crypto.subtle.exportKey('pkcs8', kept.privateKey)).rejects.toThrow()
    }
    expect((database.values.get('device') as CryptoKey).extractable).toBe(false)
    // The throwaway keys are gone.
    expect([...database.values.keys()].toSorted()).toEqual(['device', 'node'])
  })
})

interface Kept {
  kind: string
  privateKey?: CryptoKey | null
  publicKey: Uint8Array
  wrapped?: Uint8Array
}
const recordOf = (database: MemoryKeyDatabase) => database.values.get('node') as { signing: Kept; kem: Kept }

describe('keys that were lost', () => {
  const spoilt: [string, (database: MemoryKeyDatabase) => void][] = [
    ['the private key comes back as null', (database) => void (recordOf(database).signing.privateKey = null)],
    ['the record comes back as null', (database) => void database.values.set('node', null)],
    ['the device key comes back as null', (database) => void database.values.set('device', null)],
    ['the public key is another', (database) => void (recordOf(database).signing.publicKey[0]! ^= 1)],
  ]
  test.each(spoilt)('%s: said so, and no second credential is made', async (_, spoil) => {
    const database = memoryKeyDatabase()
    await createKeys('test', { database }).node()
    spoil(database)
    await expect(createKeys('test', { database }).node()).rejects.toThrow(KeysLostError)
  })

  test('a wrapped key that was damaged', async () => {
    const database = memoryKeyDatabase('X25519')
    await createKeys('test', { database }).node()
    recordOf(database).kem.wrapped![20]! ^= 1
    await expect(createKeys('test', { database }).node()).rejects.toThrow(KeysLostError)
  })

  test('one wrapped key cannot stand in for the other', async () => {
    const database = memoryKeyDatabase('X25519')
    const subtle = engineWithout('Ed25519')
    await createKeys('test', { database, subtle, hybrid }).node()
    const record = recordOf(database)
    record.kem.wrapped = record.signing.wrapped!
    await expect(createKeys('test', { database, subtle, hybrid }).node()).rejects.toThrow(KeysLostError)
  })
})

describe('the secret of suite 2', () => {
  test('is made when it is first asked for, is the same ever after, and lies wrapped', async () => {
    const database = memoryKeyDatabase()
    await (await createKeys('test', { database, hybrid }).node()).sign(utf8('a message'))
    expect(database.values.has('hybrid')).toBe(false)
    const [first, second] = await Promise.all(
      [1, 2].map(async () => {
        const keys = createKeys('test', { database, hybrid })
        await keys.useHybrid()
        return (await keys.node()).hybridKey()
      }),
    )
    expect(first).toHaveLength(1216)
    expect(second).toEqual(first)
    expect(database.values.get('hybrid')).toHaveLength(12 + 32 + 16)
    database.values.set('hybrid', database.values.get('transport') ?? new Uint8Array(60))
    await expect((await createKeys('test', { database, hybrid }).node()).hybridKey()).rejects.toThrow(KeysLostError)
  })

  test('is not asked for where its arithmetic is not at hand: a sentence says so', async () => {
    const node = await createKeys('test', { database: memoryKeyDatabase() }).node()
    const body = utf8('a body')
    await expect(node.open(2, body, body, new Uint8Array(1200))).rejects.toMatchObject({ code: 'suiteUnavailable' })
  })
})

describe('the secret of the transport', () => {
  test('is the same ever after, for workers that start at once too, and lies wrapped', async () => {
    const database = memoryKeyDatabase()
    const workers = Array.from({ length: 3 }, () => createKeys('test', { database }))
    const [first, ...others] = await Promise.all(workers.map(({ transportSecret }) => transportSecret()))
    for (const other of [...others, await createKeys('test', { database }).transportSecret()])
      expect(other).toEqual(first)
    expect(first).toHaveLength(32)
    expect(await workers[0]!.transportId()).toEqual(ed25519PublicKey(first!))
    const kept = database.values.get('transport') as Uint8Array
    expect(kept).toHaveLength(12 + 32 + 16)
    expect(toHex(kept)).not.toContain(toHex(first!))
  })

  test.each([
    { name: 'damaged', spoil: (kept: Uint8Array) => kept.with(20, kept[20]! ^ 1) },
    { name: 'cut', spoil: (kept: Uint8Array) => kept.slice(0, 8) },
    { name: 'gone', spoil: () => null },
  ])('that comes back $name is said to be lost', async ({ spoil }) => {
    const database = memoryKeyDatabase()
    await createKeys('test', { database }).transportSecret()
    database.values.set('transport', spoil(database.values.get('transport') as Uint8Array))
    await expect(createKeys('test', { database }).transportSecret()).rejects.toThrow(KeysLostError)
  })
})

test('a database that failed once may be asked again', async () => {
  const database = memoryKeyDatabase()
  let isBroken = true
  const flaky = {
    ...database,
    get: (name: string) => (isBroken ? Promise.reject(new Error('closed')) : database.get(name)),
  }
  const keys = createKeys('test', { database: flaky })
  await expect(keys.node()).rejects.toThrow('closed')
  isBroken = false
  expect((await keys.node()).credential.suite).toBe(1)
})
