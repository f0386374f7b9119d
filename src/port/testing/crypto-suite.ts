/**
 * What every crypto port and its keys must do: run against WebCrypto, against engines that lack a curve, and against the twins.
 *
 * The cases name no test framework, so that they also run inside a page: each throws where a port is wrong.
 * @module
 */
import { type Bytes, equal, utf8 } from '../../core/bytes/bytes.ts'
import {
  type Claim,
  ed25519Message,
  hpkeOverheadBytes,
  hybridKeySizeBytes,
  hybridOverheadBytes,
  isWellFormed,
  recoveryFromEntropy,
  recoverySign,
  sha256,
  signedBy,
} from '../../core/crypto/crypto.ts'
import type { CryptoPort, KeysPort } from '../platform.ts'

export interface CryptoCase {
  readonly name: string
  /** @param keys of one device, which nobody has asked yet */
  run(crypto: CryptoPort, keys: KeysPort): Promise<void>
}

const info = utf8('use')
const place = utf8('place')
const content = utf8('content of a sector')
const sectorKey = new Uint8Array(32).fill(1)
const nonce = new Uint8Array(12).fill(9)

export const cryptoCases: readonly CryptoCase[] = [
  {
    name: 'gives one verdict a claim, in the order of the claims',
    async run(crypto, keys) {
      const node = await keys.node()
      const body = utf8('a body')
      const signature = await node.sign(ed25519Message('blocktree/1/test', body))
      const good = signedBy(node.credential, 'blocktree/1/test', body, signature)
      claim(isWellFormed(good), 'signatures are well formed')
      const bad: readonly Claim[] = [
        signedBy(node.credential, 'blocktree/1/other', body, signature),
        signedBy(node.credential, 'blocktree/1/test', utf8('b body'), signature),
        { ...good, publicKey: recoveryFromEntropy(new Uint8Array(16)).signingPublicKey },
        { ...good, signature: flipped(signature, 0) },
        { ...good, signature: flipped(signature, 63) },
        { ...good, signature: signature.slice(0, 63) },
        { ...good, algorithm: 'es256' },
        { ...good, publicKey: new Uint8Array(32) },
      ]
      const verdicts = await crypto.verify([good, ...bad, good])
      claim(verdicts.length === bad.length + 2, 'one verdict a claim')
      verdicts.forEach((verdict, position) =>
        is(verdict, position === 0 || position === bad.length + 1, `verdict ${position}`),
      )
      claim((await crypto.verify([])).length === 0, 'no claims, no verdicts')
    },
  },
  {
    name: 'verifies what the recovery key signs in the core',
    async run(crypto) {
      const { signingSecret, signingPublicKey } = recoveryFromEntropy(new Uint8Array(16).fill(2))
      const signature = recoverySign(signingSecret, 'blocktree/1/test', content)
      const credential = { suite: 1, signingKey: signingPublicKey, kemKey: sectorKey } as const
      const [good, bad] = await crypto.verify([
        signedBy(credential, 'blocktree/1/test', content, signature),
        signedBy(credential, 'blocktree/1/test', place, signature),
      ])
      claim(good === true && bad === false, 'the recovery key is verified')
    },
  },
  {
    name: 'seals and opens sectors of any size, in the order of the plans',
    async run(crypto) {
      const plaintexts = [0, 1, 31, 32, 33, 65536].map((sizeBytes) => new Uint8Array(sizeBytes).fill(sizeBytes & 255))
      const keys = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
      const plans = plaintexts.map((plaintext, i) => ({
        // Some share a key, as sectors that are sealed together do.
        key: keys[i >> 2]!,
        nonce: new Uint8Array(12).fill(i),
        associatedData: Uint8Array.of(i),
        plaintext,
      }))
      const sealed = await crypto.seal(plans)
      sealed.forEach(({ ciphertext, hash }, i) => {
        is(ciphertext.length, plaintexts[i]!.length + 16, 'size of the ciphertext')
        same(hash, sha256(ciphertext), 'hash of the ciphertext')
      })
      const opened = await crypto.open(plans.map((plan, i) => ({ ...plan, ...sealed[i]! })))
      is(opened.length, plaintexts.length, 'count of opened sectors')
      opened.forEach((plaintext, i) => same(plaintext, plaintexts[i]!, `sector ${i}`))
    },
  },
  {
    name: 'binds key, nonce, associated data, content and hash of a sector',
    async run(crypto) {
      const plan = { key: sectorKey, nonce, associatedData: place, plaintext: content }
      const [sealed] = await crypto.seal([plan])
      const { ciphertext, hash } = sealed!
      claim(!contains(ciphertext, content), 'the ciphertext does not show the content')
      const good = { key: sectorKey, nonce, associatedData: place, ciphertext, hash }
      const damaged = (position: number) => {
        const other = flipped(ciphertext, position)
        return { ...good, ciphertext: other, hash: sha256(other) }
      }
      const empty = new Uint8Array(0)
      const answers = await crypto.open([
        good,
        { ...good, key: flipped(sectorKey, 31) },
        { ...good, nonce: flipped(nonce, 11) },
        { ...good, associatedData: utf8('elsewhere') },
        { ...good, hash: flipped(hash, 0) },
        { ...good, ciphertext: flipped(ciphertext, 0) },
        damaged(0),
        damaged(ciphertext.length - 1),
        { ...good, ciphertext: ciphertext.slice(0, 15), hash: sha256(ciphertext.slice(0, 15)) },
        { ...good, ciphertext: empty, hash: sha256(empty) },
        good,
      ])
      answers.forEach((answer, i) => same(answer, i === 0 || i === answers.length - 1 ? content : null, `answer ${i}`))
    },
  },
  {
    name: 'hashes by SHA-256, in the order of the values',
    async run(crypto) {
      const values = [content, new Uint8Array(0), new Uint8Array(70_000).fill(5), content]
      const hashes = await crypto.hash(values)
      is(hashes.length, values.length, 'count of hashes')
      hashes.forEach((hash, i) => same(hash, sha256(values[i]!), `hash ${i}`))
    },
  },
  {
    name: 'seals to a node, for one use and place',
    async run(crypto, keys) {
      const node = await keys.node()
      const sealed = await crypto.sealTo({ suite: 1, publicKey: node.credential.kemKey }, info, place, content)
      is(sealed.length, content.length + hpkeOverheadBytes, 'size of the message')
      claim(!contains(sealed, content), 'the message does not show the content')
      same(await node.open(1, info, place, sealed), content, 'the message')
      same(await node.open(1, utf8('misuse'), place, sealed), null, 'another use')
      same(await node.open(1, info, utf8('elsewhere'), sealed), null, 'another place')
      for (const position of [0, 32, sealed.length - 1])
        same(await node.open(1, info, place, flipped(sealed, position)), null, `octet ${position} flipped`)
      for (const sizeBytes of [0, 31, 32, 47, sealed.length - 1])
        same(await node.open(1, info, place, sealed.slice(0, sizeBytes)), null, `cut to ${sizeBytes}`)
      const toAnother = await crypto.sealTo(
        { suite: 1, publicKey: await crypto.kemPublicKey(sectorKey) },
        info,
        place,
        content,
      )
      same(await node.open(1, info, place, toAnother), null, 'a message for somebody else')
    },
  },
  {
    name: 'seals to a node in suite 2, for one use and place',
    async run(crypto, keys) {
      const node = await keys.node()
      same(await node.hybridKey(), null, 'the key before it is asked for')
      await keys.useHybrid()
      const publicKey = (await node.hybridKey())!
      is(publicKey.length, hybridKeySizeBytes, 'size of the key')
      same(await (await keys.node()).hybridKey(), publicKey, 'the key, asked for again')
      const sealed = await crypto.sealTo({ suite: 2, publicKey }, info, place, content)
      is(sealed.length, content.length + hybridOverheadBytes, 'size of the message')
      claim(!contains(sealed, content), 'the message does not show the content')
      same(await node.open(2, info, place, sealed), content, 'the message')
      same(await node.open(1, info, place, sealed), null, 'as one of suite 1')
      same(await node.open(2, utf8('misuse'), place, sealed), null, 'another use')
      same(await node.open(2, info, utf8('elsewhere'), sealed), null, 'another place')
      for (const position of [0, 1088, 1120, sealed.length - 1])
        same(await node.open(2, info, place, flipped(sealed, position)), null, `octet ${position} flipped`)
      for (const sizeBytes of [0, 80, 1119, 1135, sealed.length - 1])
        same(await node.open(2, info, place, sealed.slice(0, sizeBytes)), null, `cut to ${sizeBytes}`)
    },
  },
  {
    name: 'opens with a secret at hand what was sealed to its public half',
    async run(crypto) {
      const secret = new Uint8Array(32).fill(8)
      const sealed = await crypto.sealTo(
        { suite: 1, publicKey: await crypto.kemPublicKey(secret) },
        info,
        place,
        content,
      )
      same(await crypto.openWith(secret, info, place, sealed), content, 'the message')
      same(await crypto.openWith(flipped(secret, 5), info, place, sealed), null, 'another secret')
      same(await crypto.openWith(secret, info, utf8('elsewhere'), sealed), null, 'another place')
      for (const sizeBytes of [0, 31, 47, sealed.length - 1])
        same(await crypto.openWith(secret, info, place, sealed.slice(0, sizeBytes)), null, `cut to ${sizeBytes}`)
    },
  },
  {
    name: 'gives one device one credential',
    async run(_crypto, keys) {
      const [first, second] = await Promise.all([keys.node(), keys.node()])
      same(first.credential.signingKey, second.credential.signingKey, 'the signing key')
      same(first.credential.kemKey, second.credential.kemKey, 'the KEM key')
    },
  },
]

function flipped(octets: Uint8Array, position: number): Bytes {
  const copy = Uint8Array.from(octets)
  copy[position]! ^= 1
  return copy
}

function contains(octets: Uint8Array, part: Uint8Array): boolean {
  for (let i = 0; i + part.length <= octets.length; i++)
    if (equal(octets.subarray(i, i + part.length), part)) return true
  return false
}

function claim(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`the port broke: ${what}`)
}
function is<T extends number | boolean>(actual: T | undefined, expected: T, what: string): void {
  claim(actual === expected, `${what}: expected ${expected}, got ${actual}`)
}
function same(actual: Bytes | null | undefined, expected: Bytes | null, what: string): void {
  claim(actual && expected ? equal(actual, expected) : actual === expected, what)
}
