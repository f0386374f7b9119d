import { p256 } from '@noble/curves/nist.js'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { CancelledError, concat, must, toBase64url, utf8 } from '../../core/bytes/bytes.ts'
import {
  type CredentialSet,
  compressedEs256Key,
  deriveKey,
  recoveryFromEntropy,
  rootChallenge,
  rootClaim,
  rootSignatureOf,
  sha256,
  verifyClaim,
} from '../../core/crypto/crypto.ts'
import {
  PasskeyCancelledError,
  PasskeyFailedError,
  PasskeyMissingError,
  PasskeyNotHereError,
  createPasskey,
  passkeyAvailability,
  signWithPasskey,
  unlockWithPasskey,
} from './page.ts'

/** An authenticator that answers as Web Authentication Level 3 says, with the habits that differ between browsers. */
interface Habits {
  /** 'create' gives PRF output at once, 'get' only when asserting, 'none' never. */
  readonly prf: 'create' | 'get' | 'none'
  readonly fails?: string
  readonly neverAnswers?: boolean
  readonly algorithm?: number
}

/** DER before the point in SubjectPublicKeyInfo of P-256 (RFC 5480). */
const infoPrefix = [
  0x30, 0x59, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7, 3,
  0x42, 0,
]

class FakePublicKeyCredential {
  readonly rawId: ArrayBuffer
  readonly response: unknown
  readonly extensions: AuthenticationExtensionsClientOutputs
  static platform = true
  constructor(rawId: ArrayBuffer, response: unknown, extensions: AuthenticationExtensionsClientOutputs) {
    this.rawId = rawId
    this.response = response
    this.extensions = extensions
  }
  getClientExtensionResults = () => this.extensions
  static isUserVerifyingPlatformAuthenticatorAvailable = () => Promise.resolve(FakePublicKeyCredential.platform)
}

class Authenticator {
  readonly prompts: string[] = []
  readonly secrets: ArrayBuffer[] = []
  readonly #habits: Habits
  readonly #keys = p256.keygen(new Uint8Array(48).fill(1))
  readonly credentialId = new Uint8Array(16).fill(7)
  constructor(habits: Habits) {
    this.#habits = habits
  }

  create = async ({ publicKey: options, signal }: CredentialCreationOptions): Promise<unknown> => {
    await this.#prompt('create', signal)
    expect(options).toMatchObject({
      rp: { id: 'tree.example' },
      pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    })
    const point = p256.Point.fromBytes(this.#keys.publicKey).toBytes(false)
    return new FakePublicKeyCredential(
      this.credentialId.buffer,
      {
        getPublicKey: () => concat(Uint8Array.from(infoPrefix), point).buffer,
        getPublicKeyAlgorithm: () => this.#habits.algorithm ?? -7,
        getAuthenticatorData: () => this.#authenticatorData(0x4d).buffer,
      },
      this.#habits.prf === 'create'
        ? { prf: { enabled: true, results: { first: this.#prf(options?.extensions) } } }
        : { prf: { enabled: this.#habits.prf === 'get' } },
    )
  }

  get = async ({ publicKey: options, signal }: CredentialRequestOptions): Promise<unknown> => {
    const asked = options!
    await this.#prompt(asked.extensions?.prf ? 'unlock' : 'sign', signal)
    expect(asked).toMatchObject({ rpId: 'tree.example', userVerification: 'required' })
    expect(asked.allowCredentials).toEqual([{ type: 'public-key', id: this.credentialId }])
    const clientDataJSON = utf8(
      JSON.stringify({
        type: 'webauthn.get',
        challenge: toBase64url(asked.challenge as Uint8Array),
        origin: location.origin,
        crossOrigin: false,
      }),
    )
    const authenticatorData = this.#authenticatorData(0x1d)
    const message = concat(authenticatorData, sha256(clientDataJSON))
    const compact = p256.sign(message, this.#keys.secretKey, { lowS: false })
    return new FakePublicKeyCredential(
      this.credentialId.buffer,
      {
        authenticatorData: authenticatorData.buffer,
        clientDataJSON: clientDataJSON.buffer,
        signature: p256.Signature.fromBytes(compact, 'compact').toBytes('der').buffer,
      },
      asked.extensions?.prf && this.#habits.prf !== 'none'
        ? { prf: { results: { first: this.#prf(asked.extensions) } } }
        : {},
    )
  }

  #prf(extensions: AuthenticationExtensionsClientInputs | undefined): ArrayBuffer {
    const secret = deriveKey(this.#keys.secretKey, 'blocktree/1/test/prf', extensions?.prf?.eval?.first as Uint8Array)
    this.secrets.push(secret.buffer)
    return secret.buffer
  }

  #authenticatorData(flags: number) {
    return concat(sha256(utf8('tree.example')), Uint8Array.of(flags, 0, 0, 0, 0))
  }

  async #prompt(kind: string, signal: AbortSignal | undefined): Promise<void> {
    this.prompts.push(kind)
    const { fails, neverAnswers } = this.#habits
    if (fails !== undefined) throw new DOMException('', fails)
    if (neverAnswers)
      await new Promise((_, reject) =>
        signal!.addEventListener('abort', () => reject(new DOMException('', 'AbortError'))),
      )
  }
}

function plugIn(habits: Habits, hostname = 'tree.example', isSecureContext = true): Authenticator {
  const authenticator = new Authenticator(habits)
  vi.stubGlobal('navigator', { credentials: authenticator })
  vi.stubGlobal('location', { hostname, host: `${hostname}:8443`, origin: `https://${hostname}:8443` })
  vi.stubGlobal('isSecureContext', isSecureContext)
  return authenticator
}

beforeEach(() => {
  vi.stubGlobal('PublicKeyCredential', FakePublicKeyCredential)
  FakePublicKeyCredential.platform = true
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const salt = new Uint8Array(32).fill(2)
const request = { ownerName: 'Ada', salt, userId: new Uint8Array(16).fill(3) }

describe('planting takes at most three prompts', () => {
  test.each([
    { prf: 'create', prompts: ['create', 'sign'], hasPrf: true },
    { prf: 'get', prompts: ['create', 'unlock', 'sign'], hasPrf: true },
    { prf: 'none', prompts: ['create', 'sign'], hasPrf: false },
  ] as const)('PRF at $prf: $prompts', async ({ prf, prompts, hasPrf }) => {
    const authenticator = plugIn({ prf })
    const created = await createPasskey(request)
    expect(created).toMatchObject({ rpId: 'tree.example', origin: 'https://tree.example:8443', isSynced: true })
    expect(created.prf?.length ?? null).toBe(hasPrf ? 32 : null)

    const recovery = recoveryFromEntropy(new Uint8Array(16))
    const set: CredentialSet = {
      sequence: 0,
      members: [
        {
          credentialId: Uint8Array.from(created.credentialId),
          publicKey: must(compressedEs256Key(created.publicKey)),
          synced: true,
        },
      ],
      rpIdHash: sha256(utf8(created.rpId)),
      origins: [created.origin],
      rootKemKey: salt,
      recoveryKey: recovery.signingPublicKey,
      nextRecoveryHash: recovery.nextPublicKeyHash,
      previousHash: null,
    }
    const [domain, body] = ['blocktree/1/test', utf8('a body')] as const
    const assertion = await signWithPasskey({
      challenge: rootChallenge(domain, body),
      credentialIds: [created.credentialId],
      rpId: created.rpId,
    })
    expect(verifyClaim(must(rootClaim(set, domain, body, must(rootSignatureOf(set, assertion)))))).toBe(true)
    expect(authenticator.prompts).toEqual(prompts)
  })
})

test('unlocking gives the PRF output of creation, and leaves no copy in the browser’s object', async () => {
  const authenticator = plugIn({ prf: 'create' })
  const { prf, credentialId } = await createPasskey(request)
  expect(await unlockWithPasskey(credentialId, salt)).toEqual(prf)
  expect(prf!.some((octet) => octet !== 0)).toBe(true)
  expect(authenticator.secrets).toHaveLength(2)
  for (const secret of authenticator.secrets) expect(new Uint8Array(secret)).toEqual(new Uint8Array(32))
})

test('an authenticator without PRF unlocks nothing', async () => {
  const { credentialId } = plugIn({ prf: 'none' })
  expect(await unlockWithPasskey(credentialId, salt)).toBeNull()
})

describe('what can go wrong has a class and a sentence', () => {
  test.each([
    ['NotAllowedError', PasskeyCancelledError, 'try again'],
    ['AbortError', PasskeyCancelledError, 'try again'],
    ['NotSupportedError', PasskeyMissingError, 'recovery card'],
    ['ConstraintError', PasskeyMissingError, 'recovery card'],
    ['SecurityError', PasskeyNotHereError, 'localhost'],
    ['UnknownError', PasskeyFailedError, 'UnknownError'],
  ])('%s', async (fails, errorClass, words) => {
    plugIn({ prf: 'create', fails })
    const refusal = createPasskey(request)
    await expect(refusal).rejects.toBeInstanceOf(errorClass)
    await expect(refusal).rejects.toThrow(words)
  })

  test('a key that is not ES256', async () => {
    plugIn({ prf: 'create', algorithm: -257 })
    await expect(createPasskey(request)).rejects.toBeInstanceOf(PasskeyMissingError)
  })

  test('no answer for two minutes', async () => {
    vi.useFakeTimers()
    plugIn({ prf: 'create', neverAnswers: true })
    const refusal = expect(createPasskey(request)).rejects.toBeInstanceOf(PasskeyCancelledError)
    await vi.advanceTimersByTimeAsync(120_000)
    await refusal
    expect(vi.getTimerCount()).toBe(0)
  })

  test('the caller gives up, before or during the prompt', async () => {
    const authenticator = plugIn({ prf: 'create', neverAnswers: true })
    await expect(createPasskey({ ...request, signal: AbortSignal.abort() })).rejects.toBeInstanceOf(CancelledError)
    expect(authenticator.prompts).toEqual([])
    const controller = new AbortController()
    const refusal = createPasskey({ ...request, signal: controller.signal })
    controller.abort()
    await expect(refusal).rejects.toBeInstanceOf(CancelledError)
  })
})

describe('what to offer', () => {
  test.each([
    ['tree.example', true, 'platform'],
    ['localhost', true, 'platform'],
    ['127.0.0.1', true, 'notHere'],
    ['[::1]', true, 'notHere'],
    ['tree.example', false, 'notHere'],
  ] as const)('at %s, secure: %s', async (hostname, isSecure, expected) => {
    const authenticator = plugIn({ prf: 'create' }, hostname, isSecure)
    expect(await passkeyAvailability()).toBe(expected)
    if (expected !== 'notHere') return
    await expect(createPasskey(request)).rejects.toBeInstanceOf(PasskeyNotHereError)
    expect(authenticator.prompts).toEqual([])
  })

  test('a security key or a phone may still do where the device has none', async () => {
    plugIn({ prf: 'create' })
    FakePublicKeyCredential.platform = false
    expect(await passkeyAvailability()).toBe('elsewhere')
  })

  test('a browser without passkeys', async () => {
    plugIn({ prf: 'create' })
    vi.stubGlobal('navigator', {})
    expect(await passkeyAvailability()).toBe('missing')
    await expect(createPasskey(request)).rejects.toBeInstanceOf(PasskeyMissingError)
  })
})
