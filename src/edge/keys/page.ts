/**
 * The window's half of the keys port: passkeys, which exist in no worker.
 *
 * A passkey is asked to sign or to unlock, never both at once: some authenticators answer wrongly when asked for both.
 * What passes through here (PRF output) is handed on and belongs to the caller, who wipes it.
 * @module
 */
import { BlocktreeError, CancelledError, wipe } from '../../core/bytes/bytes.ts'
import type { PasskeyAssertion, PasskeyCreation } from '../../node/api.ts'

/** The person closed the prompt, refused, or did not answer in time. */
export class PasskeyCancelledError extends BlocktreeError {
  override name = 'PasskeyCancelledError'
  constructor() {
    super(
      'passkeyCancelled',
      'The passkey prompt was closed, was not answered, or found no fitting passkey. Nothing was changed; try again.',
    )
  }
}

/** The authenticator holds a passkey of the tree already. */
export class PasskeyKnownError extends BlocktreeError {
  override name = 'PasskeyKnownError'
  constructor() {
    super('passkeyKnown', 'A passkey of this tree is kept there already. Choose another device or a security key.')
  }
}

/** No authenticator here that can do what is needed. */
export class PasskeyMissingError extends BlocktreeError {
  override name = 'PasskeyMissingError'
  constructor() {
    super(
      'passkeyMissing',
      'This browser has no passkey that checks it is you. Use another browser or a security key, or go on with the recovery card alone.',
    )
  }
}

/** The address of this page cannot have passkeys. */
export class PasskeyNotHereError extends BlocktreeError {
  override name = 'PasskeyNotHereError'
  constructor() {
    super(
      'passkeyNotHere',
      `Passkeys do not work at ${location.host}. Open this page at localhost or at an https address with a name, or go on with the recovery card alone.`,
    )
  }
}

/** The authenticator failed in a way that has no better name. */
export class PasskeyFailedError extends BlocktreeError {
  override name = 'PasskeyFailedError'
  constructor(reason: string) {
    super('passkeyFailed', `The passkey did not work (${reason}). Try again, or go on with the recovery card alone.`)
  }
}

/** `notHere`: not at this address. `missing`: not in this browser. `platform`: the device itself has one; else a phone or a key may. */
export type PasskeyAvailability = 'platform' | 'elsewhere' | 'missing' | 'notHere'

/** What to offer, without a prompt. */
export async function passkeyAvailability(): Promise<PasskeyAvailability> {
  const obstacle = passkeyObstacle()
  if (obstacle !== null) return obstacle
  return (await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable()) ? 'platform' : 'elsewhere'
}

function passkeyObstacle(): 'missing' | 'notHere' | null {
  // Passkeys belong to names: an address of digits cannot have one, nor a page that anyone on the way may have changed.
  if (!isSecureContext || location.hostname.startsWith('[') || /^[\d.]+$/.test(location.hostname)) return 'notHere'
  return 'PublicKeyCredential' in globalThis && 'credentials' in navigator ? null : 'missing'
}

export interface PasskeyRequest {
  /** Shown by the authenticator's own list. */
  readonly ownerName: string
  /** For the PRF, 32 octets. */
  readonly salt: Uint8Array
  /** 1..64 octets; the same in every try of one planting, so that a second try replaces the first one's passkey. */
  readonly userId: Uint8Array
  /** Passkeys that the new one is to be apart from: an authenticator that holds one of them makes no other. */
  readonly knownIds?: readonly Uint8Array[]
  readonly signal?: AbortSignal | undefined
}

/**
 * Makes a passkey for this host. One prompt, and a second one where the authenticator gives its PRF output only afterwards.
 * `prf` of the answer is a secret: wipe it when it was handed on.
 */
export async function createPasskey({
  ownerName,
  salt,
  userId,
  knownIds = [],
  signal,
}: PasskeyRequest): Promise<PasskeyCreation> {
  const rpId = location.hostname
  const credential = await ceremony(signal, (abort) =>
    navigator.credentials.create({
      signal: abort,
      publicKey: {
        rp: { id: rpId, name: 'Blocktree' },
        user: { id: Uint8Array.from(userId), name: ownerName, displayName: ownerName },
        // Nobody checks an attestation: what binds the passkey is the first thing that it signs.
        challenge: crypto.getRandomValues(new Uint8Array(32)),
        attestation: 'none',
        excludeCredentials: knownIds.map(descriptorOf),
        pubKeyCredParams: [{ type: 'public-key', alg: es256 }],
        authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
        timeout: answerWithinMs,
        extensions: { prf: { eval: { first: Uint8Array.from(salt) } } },
      },
    }),
  )
  const response = credential.response as AuthenticatorAttestationResponse
  const publicKey = publicKeyOf(response)
  const credentialId = new Uint8Array(credential.rawId)
  const { prf } = credential.getClientExtensionResults()
  return {
    credentialId,
    publicKey,
    rpId,
    origin: location.origin,
    // `enabled` without a result: this authenticator evaluates only when it asserts.
    prf: takeSecret(prf?.results?.first) ?? (prf?.enabled ? await unlockWithPasskey(credentialId, salt, signal) : null),
    isSynced: isBackupEligible(response),
  }
}

/** Asks a passkey of this host to sign. */
export async function signWithPasskey(request: {
  readonly challenge: Uint8Array
  /** Any one of these signs. */
  readonly credentialIds: readonly Uint8Array[]
  readonly rpId: string
  readonly signal?: AbortSignal | undefined
}): Promise<PasskeyAssertion> {
  const credential = await assert(request.signal, request.rpId, request.credentialIds, request.challenge)
  const response = credential.response as AuthenticatorAssertionResponse
  return {
    credentialId: new Uint8Array(credential.rawId),
    authenticatorData: new Uint8Array(response.authenticatorData),
    clientDataJson: new Uint8Array(response.clientDataJSON),
    signature: new Uint8Array(response.signature),
  }
}

/**
 * The PRF output of a passkey of this host, 32 octets; null where the authenticator has none.
 * A secret: wipe it when it was handed on.
 */
export async function unlockWithPasskey(
  credentialId: Uint8Array,
  salt: Uint8Array,
  signal?: AbortSignal,
): Promise<Uint8Array | null> {
  const challenge = crypto.getRandomValues(new Uint8Array(32))
  const credential = await assert(signal, location.hostname, [credentialId], challenge, {
    prf: { eval: { first: Uint8Array.from(salt) } },
  })
  return takeSecret(credential.getClientExtensionResults().prf?.results?.first)
}

const assert = (
  signal: AbortSignal | undefined,
  rpId: string,
  credentialIds: readonly Uint8Array[],
  challenge: Uint8Array,
  extensions: AuthenticationExtensionsClientInputs = {},
): Promise<PublicKeyCredential> =>
  ceremony(signal, (abort) =>
    navigator.credentials.get({
      signal: abort,
      publicKey: {
        rpId,
        challenge: Uint8Array.from(challenge),
        allowCredentials: credentialIds.map(descriptorOf),
        userVerification: 'required',
        timeout: answerWithinMs,
        extensions,
      },
    }),
  )

const descriptorOf = (id: Uint8Array): PublicKeyCredentialDescriptor => ({
  type: 'public-key',
  id: Uint8Array.from(id),
})

/** ECDSA over P-256 with SHA-256 (IANA COSE algorithms). */
const es256 = -7
const answerWithinMs = 120_000

/**
 * Runs one prompt. The browser's own timeout is a hint that some ignore for ever, so ours aborts.
 * @throws CancelledError where `signal` ended it, one of the classes above otherwise
 */
async function ceremony(
  signal: AbortSignal | undefined,
  ask: (abort: AbortSignal) => Promise<Credential | null>,
): Promise<PublicKeyCredential> {
  if (signal?.aborted) throw new CancelledError()
  const obstacle = passkeyObstacle()
  if (obstacle !== null) throw obstacle === 'notHere' ? new PasskeyNotHereError() : new PasskeyMissingError()
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  // Chromium under load sometimes never answers a prompt that was aborted; nobody is to wait for it.
  const aborted = new Promise<never>((_, reject) =>
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason as DOMException)),
  )
  signal?.addEventListener('abort', abort)
  const timer = setTimeout(abort, answerWithinMs)
  try {
    const credential = await Promise.race([ask(controller.signal), aborted])
    if (credential instanceof PublicKeyCredential) return credential
    throw new PasskeyMissingError()
  } catch (error) {
    throw signal?.aborted ? new CancelledError() : meaningOf(error)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}

/** What the names mean that Web Authentication §5.1 gives to failures. */
function meaningOf(error: unknown): Error {
  if (error instanceof BlocktreeError) return error
  const name = error instanceof Error || error instanceof DOMException ? error.name : 'unknown'
  switch (name) {
    // Deliberately vague in the standard: a site shall not learn which passkeys there are.
    case 'NotAllowedError':
    case 'AbortError':
      return new PasskeyCancelledError()
    case 'InvalidStateError':
      return new PasskeyKnownError()
    case 'NotSupportedError':
    case 'ConstraintError':
    case 'NotReadableError':
      return new PasskeyMissingError()
    case 'SecurityError':
      return new PasskeyNotHereError()
    default:
      return new PasskeyFailedError(name)
  }
}

/** The last 65 of the 91 octets that SubjectPublicKeyInfo has for P-256 are the point. */
function publicKeyOf(response: AuthenticatorAttestationResponse): Uint8Array {
  const info = response.getPublicKey()
  if (info?.byteLength !== 91 || response.getPublicKeyAlgorithm() !== es256) throw new PasskeyMissingError()
  return new Uint8Array(info).slice(26)
}

/** Flag BE, bit 3 of octet 32 (Web Authentication §6.1): whether its provider may copy the passkey to other devices. */
const isBackupEligible = (response: AuthenticatorAttestationResponse): boolean =>
  (new Uint8Array(response.getAuthenticatorData())[32]! & 0x08) !== 0

/** Moves a secret out of the credential object, which stays alive as long as the garbage collector likes. */
function takeSecret(source: BufferSource | undefined): Uint8Array | null {
  if (source === undefined) return null
  const view =
    source instanceof ArrayBuffer
      ? new Uint8Array(source)
      : new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
  const secret = Uint8Array.from(view)
  wipe(view)
  return secret.length === 32 ? secret : null
}

/** Removes a profile's keys, after which what it has stored can not be read by anybody. */
export const removeKeys = async (profile: string): Promise<void> =>
  (await import('./database.ts')).removeKeyDatabase(profile)
