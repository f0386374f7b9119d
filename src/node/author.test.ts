import { expect, test } from 'vitest'
import { type Bytes, keyOf, orRefuse } from '../core/bytes/bytes.ts'
import { signEd25519, verifyClaim } from '../core/crypto/crypto.ts'
import { claimOfRecord, signedTogetherCountMax } from '../core/block/block.ts'
import { alice, hash, id, root } from '../core/tree/testing/forest.ts'
import { Author } from './author.ts'

function authorWith(sign: (message: Bytes) => Promise<Bytes>) {
  return new Author(
    {
      credential: alice.credential,
      sign,
      open: () => null,
      hybridKey: () => Promise.reject(new Error('not asked for')),
    },
    () => hash(7),
  )
}
const removal = (octet: number) => ({ parent: root, child: id(octet), previousHash: hash(octet) })

test('what is asked for while a signature is made is signed together, and each record stands by itself', async () => {
  const messages: Bytes[] = []
  const author = authorWith(async (message) => {
    messages.push(message)
    return signEd25519(alice.secret, message)
  })
  const count = 2 * signedTogetherCountMax + 3
  const records = await Promise.all(Array.from({ length: count }, (_, at) => author.sign('removal', removal(at))))
  // The first goes at once, the others behind it.
  expect(messages.length).toBe(1 + 3)
  for (const [at, record] of records.entries()) {
    expect(record.fields.child).toEqual(id(at))
    const claim = orRefuse(claimOfRecord(record))
    expect(verifyClaim(claim)).toBe(true)
    expect(messages.map(keyOf)).toContain(keyOf(claim.message))
  }
})

test('a signature that can not be made fails those that wait for it, and no later one', async () => {
  let callCount = 0
  const author = authorWith(async (message) => {
    if (++callCount === 2) throw new Error('the key is gone')
    return signEd25519(alice.secret, message)
  })
  const first = author.sign('removal', removal(1))
  const others = [author.sign('removal', removal(2)), author.sign('removal', removal(3))]
  await first
  for (const other of others) await expect(other).rejects.toThrow('the key is gone')
  expect((await author.sign('removal', removal(4))).fields.child).toEqual(id(4))
})
