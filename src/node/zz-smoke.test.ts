import { expect, test } from 'vitest'
import { createCrypto } from '../edge/crypto/crypto.ts'
import { compare, equal, keyOf, type Bytes } from '../core/bytes/bytes.ts'
import { ed25519PublicKey, hpkeOpen, signEd25519, x25519PublicKey } from '../core/crypto/crypto.ts'
import { runNode } from './node.ts'
import type { Platform } from '../port/platform.ts'

function platformOf(tables: Map<string, Map<string, { key: Bytes; value: Bytes }>>): Platform {
  const table = (t: string) => {
    let m = tables.get(t)
    if (!m) tables.set(t, (m = new Map()))
    return m
  }
  const secret = new Uint8Array(32).fill(3)
  const pre = (k: Bytes, p: Bytes) => k.length >= p.length && equal(k.subarray(0, p.length), p)
  return {
    store: {
      async write(changes) {
        for (const c of changes) {
          const m = table(c.table)
          if (c.kind === 'put') m.set(keyOf(c.key), { key: c.key, value: c.value })
          else if (c.kind === 'delete') m.delete(keyOf(c.key))
          else
            for (const [n, r] of m)
              if (pre(r.key, c.prefix) && (!c.from || compare(r.key.subarray(c.prefix.length), c.from) >= 0))
                m.delete(n)
        }
      },
      async read(t, k) {
        return table(t).get(keyOf(k))?.value ?? null
      },
      async readMany(t, ks) {
        return ks.map((k) => table(t).get(keyOf(k))?.value ?? null)
      },
      async scan(t, p, n, after) {
        return [...table(t).values()]
          .filter((r) => pre(r.key, p) && (!after || compare(r.key, after) > 0))
          .sort((a, b) => compare(a.key, b.key))
          .slice(0, n)
      },
      async usage() {
        return { usedBytes: 0, quotaBytes: 1 }
      },
      closed: new Promise(() => {}),
    },
    clock: {
      nowMs: () => Date.now(),
      monotonicMs: () => performance.now(),
      after: (ms, f) => {
        const t = setTimeout(f, ms)
        return () => clearTimeout(t)
      },
    },
    random: { bytes: (n) => crypto.getRandomValues(new Uint8Array(n)) },
    crypto: createCrypto(),
    keys: {
      async node() {
        return {
          credential: { suite: 1, signingKey: ed25519PublicKey(secret), kemKey: x25519PublicKey(secret) },
          sign: (m) => signEd25519(secret, m),
          open: (i, a, s) => hpkeOpen(secret, i, a, s),
        }
      },
    },
  }
}
const readAll = async (api: any, id: string, a?: number, b?: number) => {
  const h = await api.openContent(id, a, b)
  const parts = []
  for (;;) {
    const c = await api.nextChunk(h.streamId)
    if (!c) break
    parts.push(c)
  }
  return new Uint8Array(Buffer.concat(parts))
}

test('smoke', async () => {
  const disk = new Map()
  let node = await runNode(platformOf(disk), { deviceName: 'Laptop' })
  const events: any[] = []
  await node.api.watch((e) => events.push(e))
  const rootId = events[0].tree.rootId
  const folder = await node.api.createFolder('r1', rootId, 'mail')
  expect(await node.api.createFolder('r1', rootId, 'mail')).toBe(folder)
  const big = crypto.getRandomValues(new Uint8Array(65536))
  const data = new Uint8Array(3_000_000)
  for (let i = 0; i < data.length; i += 65536) data.set(big.subarray(0, Math.min(65536, data.length - i)), i)
  data[2_999_999] = 7
  const f1 = await node.api.addFile('r2', folder, 'big.bin', new Blob([data]))
  const f2 = await node.api.addFile('r3', folder, 'small.txt', new Blob(['hello']))
  const f3 = await node.api.addFile('r4', folder, 'empty', new Blob([]))
  expect(equal(await readAll(node.api, f1), data)).toBe(true)
  expect(new TextDecoder().decode(await readAll(node.api, f2, 1, 3))).toBe('el')
  expect((await readAll(node.api, f3)).length).toBe(0)
  await node.api.writeFile('r5', f2, new Blob(['hello two']))
  const other = await node.api.createFolder('r6', rootId, 'photos')
  await node.api.move('r7', folder, other)
  expect(equal(await readAll(node.api, f1), data)).toBe(true)
  await node.api.rename('r8', f2, 'renamed.txt')
  await node.api.trash('r9', f3)
  await node.close()
  node = await runNode(platformOf(disk), { deviceName: 'Laptop' })
  const again: any[] = []
  await node.api.watch((e) => again.push(e))
  console.log(again[0].items.map((i: any) => [i.name, i.kind, i.sizeBytes, i.trashedAtMs !== null]))
  expect(equal(await readAll(node.api, f1), data)).toBe(true)
  // plant with card only
  const card = await node.api.beginPlanting('Anna', 'Laptop', null)
  await expect(node.api.confirmCard(card.plantingId, ['a', 'b', 'c'])).rejects.toThrow()
  await node.api.confirmCard(
    card.plantingId,
    card.askedPositions.map((p) => card.words[p]!),
  )
  await node.api.finishPlanting('p1', card.plantingId, null)
  expect(equal(await readAll(node.api, f1), data)).toBe(true)
  const last = again.filter((e) => e.tree).at(-1).tree
  expect(last.planted).toBe(true)
  const exportId = await node.api.beginExport('x1')
  const archive = await readAll(node.api, exportId)
  await node.close()
  node = await runNode(platformOf(disk), { deviceName: 'Laptop' })
  expect(equal(await readAll(node.api, f1), data)).toBe(true)
  const clean = new Map()
  const node2 = await runNode(platformOf(clean), { deviceName: 'Phone' })
  console.log(await node2.api.inspectArchive(new Blob([archive])))
  await node2.api.recover('q1', new Blob([archive]), card.words, 'Phone')
  const ev: any[] = []
  await node2.api.watch((e) => ev.push(e))
  console.log(
    ev[0].tree,
    ev[0].items.map((i: any) => [i.name, i.kind, i.sizeBytes]),
  )
  expect(equal(await readAll(node2.api, f1), data)).toBe(true)
  console.log(await node2.api.readersOf(f1), await node2.api.storage())
  await node2.api.trash('t1', other)
  await node2.api.purge('t2', null)
  console.log([...clean.entries()].map(([t, m]: any) => [t, m.size]))
}, 60000)
