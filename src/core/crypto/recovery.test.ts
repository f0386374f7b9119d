import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { equal, must, toHex, utf8 } from '../bytes/bytes.ts'
import {
  ed25519Message,
  entropyFromWords,
  recoveryFromEntropy,
  recoveryKemSecret,
  recoveryKeyHash,
  recoverySign,
  verifyClaim,
  wordsFromEntropy,
} from './crypto.ts'
import { octetsOf } from './testing/damage.ts'

/** From the test vectors of BIP-39 (github.com/trezor/python-mnemonic, vectors.json). */
const spelled = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
const entropy = new Uint8Array(16).fill(0x7f)

describe('words', () => {
  test('BIP-39 vector, both ways', () => {
    expect(wordsFromEntropy(entropy).join(' ')).toBe(spelled)
    expect(must(entropyFromWords(spelled.split(' ')))).toEqual(entropy)
  })

  test('every card comes back', () => {
    fc.assert(fc.property(octetsOf(16), (drawn) => equal(must(entropyFromWords(wordsFromEntropy(drawn))), drawn)))
  })

  test('as people type them', () => {
    expect(must(entropyFromWords([`  ${spelled.toUpperCase()}\n`]))).toEqual(entropy)
    expect(must(entropyFromWords(spelled.split(' ').map((word) => ` ${word}\t`)))).toEqual(entropy)
  })

  const fault = (text: string) => {
    const result = entropyFromWords(text.split(' '))
    return result.ok ? null : result.fault
  }

  test('too few, too many', () => {
    expect(fault('legal winner')).toMatchObject({ code: 'recoveryWordCount', local: expect.stringContaining('2 were') })
    expect(fault(`${spelled} ${spelled}`)).toMatchObject({ code: 'recoveryWordCount' })
  })

  test('the first word that no card holds is named by its place', () => {
    const words = spelled.replace('year', 'jear').replace('useful', 'usefull')
    expect(fault(words)).toMatchObject({ code: 'recoveryWordUnknown', local: expect.stringContaining('Word 4 ') })
  })

  test('two words changed places', () => {
    expect(fault(spelled.replace('legal winner', 'winner legal'))).toMatchObject({ code: 'recoveryChecksum' })
  })

  test('whatever is typed gives an answer', () => {
    fc.assert(fc.property(fc.array(fc.string(), { maxLength: 20 }), (typed) => void entropyFromWords(typed)))
  })
})

describe('keys of the card', () => {
  const recovery = recoveryFromEntropy(entropy)

  test('golden keys', () => {
    expect(toHex(recovery.signingPublicKey)).toBe('c12f59f7e802bc6a1004137e7316442f24aa971e87aad668be50a3217759f4e9')
    expect(toHex(recoveryKemSecret(recovery))).toBe('5771cd3286d86b5600da1bd72645b2f4f48f6ac608b35288ee3f191b0f4ecd1f')
    expect(toHex(recovery.wrapKey)).toBe('e20bc60832234fcf3a408ee14dee54acb1faa605bb4fc35789439bcf2057aed6')
  })

  test('signs for one domain and body', () => {
    const body = utf8('a new credential set')
    const signature = recoverySign(recovery.signingSecret, 'blocktree/1/credentialSet', body)
    const publicKey = recovery.signingPublicKey
    const claimed = (domain: string) =>
      verifyClaim({ algorithm: 'ed25519', publicKey, message: ed25519Message(domain, body), signature })
    expect(claimed('blocktree/1/credentialSet')).toBe(true)
    expect(claimed('blocktree/1/other')).toBe(false)
  })

  test('commits to the key that the next rotation reveals', () => {
    const next = recoveryFromEntropy(entropy, 1)
    expect(recovery.nextPublicKeyHash).toEqual(recoveryKeyHash(next.signingPublicKey))
    expect(next.signingPublicKey).not.toEqual(recovery.signingPublicKey)
    expect(next.wrapKey).toEqual(recovery.wrapKey)
  })

  test('no two secrets are the same octets', () => {
    const { signingSecret, wrapKey } = recovery
    const other = recoveryFromEntropy(new Uint8Array(16))
    const secrets = [signingSecret, wrapKey, recoveryKemSecret(recovery), other.wrapKey, recoveryKemSecret(other)]
    expect(new Set(secrets.map(toHex)).size).toBe(5)
  })
})
