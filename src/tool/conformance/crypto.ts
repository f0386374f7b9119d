/**
 * Conformance of our cryptography with the vectors of others: Wycheproof, CCTV and RFC 9180 appendix A.
 *
 * Files are known by what they say, not by where they lie. Each case goes through our own code (`core/crypto`, and the crypto
 * port over this runtime's WebCrypto) where it has a way there, else through the primitive that our code stands on.
 * @module
 */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { gcm } from '@noble/ciphers/aes.js'
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import * as hpke from 'hpke'
import { type Bytes, concat, equal, fromHex, must, utf8 } from '../../core/bytes/bytes.ts'
import {
  type Claim,
  agree,
  compressedEs256Key,
  derToCompact,
  isWellFormed,
  kemSecret,
  keySchedule,
  lowS,
  unwrapKey,
  verifyClaim,
  wrapKey,
  x25519PublicKey,
} from '../../core/crypto/crypto.ts'
import { createCrypto } from '../../edge/crypto/crypto.ts'

export interface CryptoResult {
  /** The file, and why cases were skipped. */
  readonly name: string
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** The first few, each with its case. */
  readonly failures: string[]
}

/** What a case comes to: right, wrong, or not ours with the reason. */
type Outcome = 'passed' | 'failed' | { readonly skipped: string }
interface Case {
  readonly name: string
  readonly run: () => Outcome | Promise<Outcome>
}

export const recognisesCrypto = (_path: string, json: unknown): boolean => casesOf(json) !== null

export async function runCrypto(path: string, json: unknown): Promise<CryptoResult> {
  const cases = casesOf(json)
  if (cases === null) throw new RangeError(`"json" expected known vectors, got ${basename(path)}`)
  const reasons = new Map<string, number>()
  const failures: string[] = []
  let passed = 0
  let failed = 0
  for (const { name, run } of cases) {
    // A verifier that throws has failed its case, not the run.
    const outcome = await Promise.resolve()
      .then(run)
      .catch((error: unknown) => `threw ${String(error)}` as const)
    if (outcome === 'passed') passed++
    else if (typeof outcome === 'object') reasons.set(outcome.skipped, (reasons.get(outcome.skipped) ?? 0) + 1)
    else {
      failed++
      if (failures.length < 5) failures.push(`${name}: ${outcome}`)
    }
  }
  const words = [...reasons].map(([reason, count]) => `${count} skipped: ${reason}`)
  const skipped = [...reasons.values()].reduce((sum, count) => sum + count, 0)
  return { name: [basename(path), ...words].join('; '), passed, failed, skipped, failures }
}

function casesOf(json: unknown): readonly Case[] | null {
  if (Array.isArray(json)) {
    if (json.length === 0) return null
    if (json.every(isCctvCase)) return cctvCases(json)
    return json.every(isHpkeSetup) ? json.flatMap(hpkeCases) : null
  }
  return isWycheproof(json) ? wycheproofCases(json) : null
}

const passIf = (condition: boolean): Outcome => (condition ? 'passed' : 'failed')
const skip = (reason: string): Outcome => ({ skipped: reason })
const hex = (text: string): Bytes => {
  const octets = fromHex(text)
  if (octets === null) throw new RangeError(`"hex" expected hexadecimal digits, got ${text.slice(0, 20)}`)
  return octets
}
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

const port = createCrypto()

/** The verdict that the core and this runtime's WebCrypto agree on; null where they differ. */
async function jointVerdict(claim: Claim): Promise<boolean | null> {
  const [native] = await port.verify([claim])
  const pure = verifyClaim(claim)
  return native === pure ? pure : null
}

// Wycheproof (github.com/C2SP/wycheproof, testvectors_v1)

interface WycheproofTest {
  readonly tcId: number
  readonly result: 'valid' | 'invalid' | 'acceptable'
  readonly comment: string
  /** The rest is hexadecimal text, or a size. */
  readonly [field: string]: unknown
}
interface WycheproofGroup {
  readonly type: string
  readonly tests: readonly WycheproofTest[]
  readonly [field: string]: unknown
}
interface Wycheproof {
  readonly algorithm: string
  readonly testGroups: readonly WycheproofGroup[]
}

const isWycheproof = (json: unknown): json is Wycheproof =>
  isRecord(json) &&
  typeof json['algorithm'] === 'string' &&
  Array.isArray(json['testGroups']) &&
  json['testGroups'].length > 0 &&
  json['testGroups'].every(
    (group) =>
      isRecord(group) && Array.isArray(group['tests']) && runners[`${json['algorithm']} ${String(group['type'])}`],
  )

function wycheproofCases({ algorithm, testGroups }: Wycheproof): Case[] {
  return testGroups.flatMap((group) => {
    const run = runners[`${algorithm} ${group.type}`]!
    return group.tests.map((test) => ({
      name: `tcId ${test.tcId} (${test.result}) ${test.comment}`,
      run: () => run(test, group),
    }))
  })
}

type Runner = (test: WycheproofTest, group: WycheproofGroup) => Outcome | Promise<Outcome>

const octetsIn = (source: Record<string, unknown>, field: string): Bytes => hex(String(source[field]))
const isValid = ({ result }: WycheproofTest): boolean => result === 'valid'

const runners: Readonly<Record<string, Runner>> = {
  'EDDSA EddsaVerify': async (test, group) => {
    const publicKey = octetsIn(group['publicKey'] as Record<string, unknown>, 'pk')
    const signature = octetsIn(test, 'sig')
    const verdict = await jointVerdict({ algorithm: 'ed25519', publicKey, message: octetsIn(test, 'msg'), signature })
    return passIf(verdict === isValid(test))
  },
  'ECDSA EcdsaP1363Verify': (test, group) => es256(test, group, lowS(octetsIn(test, 'sig'))),
  'ECDSA EcdsaVerify': (test, group) => {
    const compact = derToCompact(octetsIn(test, 'sig'))
    return es256(test, group, compact.ok ? compact.value : null)
  },
  'XDH XdhComp': (test) => {
    const shared = agree(octetsIn(test, 'private'), octetsIn(test, 'public'))
    const expected = octetsIn(test, 'shared')
    // Suite 1 refuses the all-zero result, and nothing else (RFC 9180 §7.1.4).
    const isZero = expected.every((octet) => octet === 0)
    return passIf(isZero || test.result === 'invalid' ? shared === null : shared !== null && equal(shared, expected))
  },
  'AES-GCM AeadTest': async (test, group) => {
    if (group['keySize'] !== 256 || group['ivSize'] !== 96)
      return skip('suite 1 has 256-bit keys and 96-bit nonces only')
    const [key, nonce, associatedData, message] = ['key', 'iv', 'aad', 'msg'].map((field) => octetsIn(test, field))
    const sealed = concat(octetsIn(test, 'ct'), octetsIn(test, 'tag'))
    const native = await openNative(key!, nonce!, associatedData!, sealed)
    const pure = opened(() => gcm(key!, nonce!, associatedData).decrypt(sealed))
    return passIf(fits(test, native, message!) && fits(test, pure, message!))
  },
  'CHACHA20-POLY1305 AeadTest': (test, group) => {
    if (group['ivSize'] !== 96) return skip('the cipher takes 96-bit nonces only')
    const [key, nonce, associatedData, message] = ['key', 'iv', 'aad', 'msg'].map((field) => octetsIn(test, field))
    const sealed = concat(octetsIn(test, 'ct'), octetsIn(test, 'tag'))
    return passIf(
      fits(
        test,
        opened(() => chacha20poly1305(key!, nonce!, associatedData).decrypt(sealed)),
        message!,
      ),
    )
  },
  'XCHACHA20-POLY1305 AeadTest': (test, group) => {
    if (group['ivSize'] !== 192) return skip('a wrapped key begins with a 192-bit nonce')
    const [key, nonce, associatedData, message] = ['key', 'iv', 'aad', 'msg'].map((field) => octetsIn(test, field))
    const wrapped = concat(nonce!, octetsIn(test, 'ct'), octetsIn(test, 'tag'))
    const isSameWrap = equal(wrapKey(key!, message!, associatedData!, nonce!), wrapped)
    return passIf(fits(test, unwrapKey(key!, wrapped, associatedData!), message!) && (isSameWrap || !isValid(test)))
  },
  'HKDF-SHA-256 HkdfTest': (test) => {
    const [input, salt, info] = ['ikm', 'salt', 'info'].map((field) => octetsIn(test, field))
    const output = opened(() => hkdf(sha256, input!, salt, info, Number(test['size'])))
    return passIf(isValid(test) ? output !== null && equal(output, octetsIn(test, 'okm')) : output === null)
  },
  'HMACSHA256 MacTest': (test, group) => {
    // By a clone of the keyed state, as the key schedule does it.
    const tag = hmac.create(sha256, octetsIn(test, 'key')).clone().update(octetsIn(test, 'msg')).digest()
    const isSame = equal(tag.subarray(0, Number(group['tagSize']) / 8), octetsIn(test, 'tag'))
    return passIf(isSame === isValid(test))
  },
}

async function es256(test: WycheproofTest, group: WycheproofGroup, signature: Bytes | null): Promise<Outcome> {
  const key = octetsIn(group['publicKey'] as Record<string, unknown>, 'uncompressed')
  if (signature === null) return passIf(!isValid(test))
  const publicKey = must(compressedEs256Key(key))
  const verdict = await jointVerdict({ algorithm: 'es256', publicKey, message: octetsIn(test, 'msg'), signature })
  return passIf(verdict === isValid(test))
}

const fits = (test: WycheproofTest, plaintext: Uint8Array | null, message: Bytes): boolean =>
  isValid(test) ? plaintext !== null && equal(plaintext, message) : plaintext === null

/** noble refuses by throwing. */
function opened(open: () => Uint8Array): Uint8Array | null {
  try {
    return open()
  } catch {
    return null
  }
}

async function openNative(key: Bytes, iv: Bytes, additionalData: Bytes, sealed: Bytes): Promise<Bytes | null> {
  const imported = await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['decrypt'])
  const plaintext = await crypto.subtle
    .decrypt({ name: 'AES-GCM', iv, additionalData }, imported, sealed)
    .catch(() => null)
  return plaintext === null ? null : new Uint8Array(plaintext)
}

// CCTV (github.com/C2SP/CCTV, ed25519): edge cases without verdicts. Ours are frozen, one character a case:
// `-` refused for its key or its S, `0` refused by the equation, `1` accepted.

interface CctvCase {
  readonly number: number
  readonly key: string
  readonly sig: string
  readonly msg: string
}

const isCctvCase = (value: unknown): value is CctvCase =>
  isRecord(value) &&
  typeof value['number'] === 'number' &&
  [value['key'], value['sig'], value['msg']].every((field) => typeof field === 'string') &&
  (value['flags'] === null || Array.isArray(value['flags']))

function cctvCases(list: readonly CctvCase[]): Case[] {
  const golden = readFileSync(new URL('../../core/crypto/cctv.golden.txt', import.meta.url), 'utf8').trim()
  return list.map(({ number, key, sig, msg }) => ({
    name: `case ${number}`,
    async run() {
      const claim: Claim = { algorithm: 'ed25519', publicKey: hex(key), message: utf8(msg), signature: hex(sig) }
      const verdict = await jointVerdict(claim)
      if (verdict === null) return 'failed'
      return passIf((isWellFormed(claim) ? (verdict ? '1' : '0') : '-') === golden[number])
    },
  }))
}

// RFC 9180, appendix A

interface HpkeSetup {
  readonly suite: string
  readonly mode: string
  readonly kem_id: string
  readonly kdf_id: string
  readonly aead_id: string
  readonly info: string
  readonly skRm: string
  readonly enc: string
  readonly shared_secret: string
  readonly key: string
  readonly base_nonce: string
  readonly encryptions: readonly { sequence_number: string; pt: string; aad: string; ct: string }[]
  readonly exports: readonly { exporter_context: string; L: string; exported_value: string }[]
}

const isHpkeSetup = (value: unknown): value is HpkeSetup =>
  isRecord(value) &&
  ['suite', 'mode', 'kem_id', 'kdf_id', 'aead_id', 'skRm', 'enc'].every((field) => typeof value[field] === 'string') &&
  Array.isArray(value['encryptions']) &&
  Array.isArray(value['exports'])

const kems: Readonly<Record<string, hpke.KEMFactory<hpke.CryptoKey>>> = {
  16: hpke.KEM_DHKEM_P256_HKDF_SHA256,
  18: hpke.KEM_DHKEM_P521_HKDF_SHA512,
  32: hpke.KEM_DHKEM_X25519_HKDF_SHA256,
}
const kdfs: Readonly<Record<string, hpke.KDFFactory>> = { 1: hpke.KDF_HKDF_SHA256, 3: hpke.KDF_HKDF_SHA512 }
const aeads: Readonly<Record<string, hpke.AEADFactory>> = {
  1: hpke.AEAD_AES_128_GCM,
  2: hpke.AEAD_AES_256_GCM,
  3: hpke.AEAD_ChaCha20Poly1305,
  65535: hpke.AEAD_EXPORT_ONLY,
}

function hpkeCases(setup: HpkeSetup): Case[] {
  const title = `${setup.suite}, mode ${setup.mode}`
  const kem = kems[setup.kem_id]
  const kdf = kdfs[setup.kdf_id]
  const aead = aeads[setup.aead_id]
  if (setup.mode !== '0' || !kem || !kdf || !aead)
    return [{ name: title, run: () => skip('readcaps use the base mode only') }]
  return [...libraryCases(setup, title, new hpke.CipherSuite(kem, kdf, aead)), ...twinCases(setup, title)]
}

/** The library that seals readcaps in browsers. Its receiver counts messages, so only those in unbroken order are given. */
function libraryCases(setup: HpkeSetup, title: string, suite: hpke.CipherSuite<hpke.CryptoKey>): Case[] {
  const receiver = async (): Promise<hpke.RecipientContext> => {
    const key = await suite.DeserializePrivateKey(hex(setup.skRm), true)
    return suite.SetupRecipient(key, hex(setup.enc), { info: hex(setup.info) })
  }
  /** Node has no ChaCha20-Poly1305 in WebCrypto; some browsers do. */
  const orSkip = async (run: () => Promise<Outcome>): Promise<Outcome> => {
    try {
      return await run()
    } catch (error) {
      if (error instanceof hpke.NotSupportedError) return skip('this runtime lacks the cipher')
      throw error
    }
  }
  const inOrder = setup.encryptions.filter(({ sequence_number }, position) => Number(sequence_number) === position)
  return [
    ...inOrder.map((_, last) => ({
      name: `${title}, library, message ${last}`,
      run: () =>
        orSkip(async () => {
          const context = await receiver()
          let isRight = true
          for (const { aad, ct, pt } of inOrder.slice(0, last + 1))
            isRight &&= equal(await context.Open(hex(ct), hex(aad)), hex(pt))
          return passIf(isRight)
        }),
    })),
    ...setup.exports.map((wanted, position) => ({
      name: `${title}, library, export ${position}`,
      run: () =>
        orSkip(async () => {
          const exported = await (await receiver()).Export(hex(wanted.exporter_context), Number(wanted.L))
          return passIf(equal(exported, hex(wanted.exported_value)))
        }),
    })),
  ]
}

/** The core's own HPKE, which knows one KEM and one KDF. */
function twinCases(setup: HpkeSetup, title: string): Case[] {
  if (setup.kem_id !== '32' || setup.kdf_id !== '1' || setup.encryptions.length === 0) return []
  const secretOf = (): Bytes => {
    const [secret, enc] = [hex(setup.skRm), hex(setup.enc)]
    const shared = agree(secret, enc)
    if (shared === null) throw new Error('the shared secret is zero')
    return kemSecret(shared, enc, x25519PublicKey(secret))
  }
  const scheduleOf = () =>
    keySchedule(0x0020, secretOf(), hex(setup.info), { id: Number(setup.aead_id), keySizeBytes: setup.key.length / 2 })
  return [
    { name: `${title}, core, shared secret`, run: () => passIf(equal(secretOf(), hex(setup.shared_secret))) },
    {
      name: `${title}, core, key and nonce`,
      run() {
        const { key, nonce } = scheduleOf()
        return passIf(equal(key, hex(setup.key)) && equal(nonce, hex(setup.base_nonce)))
      },
    },
    ...setup.encryptions.map(({ sequence_number, pt, aad, ct }) => ({
      name: `${title}, core, message ${sequence_number}`,
      run() {
        const { key, nonce } = scheduleOf()
        // RFC 9180 §5.2: the sequence number is added to the last octets of the nonce by XOR.
        const sequence = Number(sequence_number)
        nonce[10]! ^= sequence >> 8
        nonce[11]! ^= sequence & 255
        const cipher = setup.aead_id === '3' ? chacha20poly1305 : gcm
        const plaintext = opened(() => cipher(key, nonce, hex(aad)).decrypt(hex(ct)))
        return passIf(plaintext !== null && equal(plaintext, hex(pt)))
      },
    })),
  ]
}
