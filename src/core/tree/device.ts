/**
 * The devices of a tree: what a device signs about itself, what the root grants to it, and how it is put out again.
 *
 * A device record binds the transport by which a device is found to the node credential by which it is known (design §4), and is
 * signed by that credential. What a device may do is not in it: that says the writecap that the root signs when it approves.
 * @module
 */
import {
  type Bytes,
  type Check,
  type Codec,
  type Decoded,
  type Result,
  type Signed,
  accepted,
  bytesOf,
  bytesUpTo,
  concat,
  encode,
  equal,
  nullable,
  ok,
  record,
  refine,
  refused,
  signedOver,
  tuple,
  u53,
  union,
  utf8,
} from '../bytes/bytes.ts'
import {
  type Claim,
  type KemKey,
  type Principal,
  type RootSignature,
  type SetOf,
  digest,
  ed25519KeyWire,
  hybridKeySizeBytes,
  principalOf,
  publicCredentialWire,
  rootClaim,
  rootSignatureWire,
  sealText,
  signedBy,
} from '../crypto/crypto.ts'
import { type Writecap, allRights, rights } from '../cap/cap.ts'
import { sealedNameSizeBytesMax } from '../block/block.ts'
import { type TreeId, blockIdWire, openName, treeIdWire } from '../path/path.ts'

/** Devices of a tree at a time. */
export const deviceCountMax = 64
/** Of the first permission of a limited device: its probation. */
export const probationLifeMs = 7 * 24 * 60 * 60 * 1000
/** Of every permission of a device, from when it is given. */
export const deviceLifeMsMax = 400 * 24 * 60 * 60 * 1000
/** By how much a stamp may be behind the clock of who asked the root. */
const clockSlackMs = 10 * 60_000
export const deviceDomain = 'blocktree/1/device'
export const dismissalDomain = 'blocktree/1/dismissal'
/** With a key of suite 2. */
const deviceSizeBytesMax = 2304
const dismissalSizeBytesMax = 1024

// --- what a device says of itself -----------------------------------------------------------------------------------------

const deviceBodyWire = record('device', 1, {
  treeId: treeIdWire,
  credential: publicCredentialWire,
  /** The Ed25519 key of the device's transport, 32 octets. */
  transportId: ed25519KeyWire,
  version: u53,
  /** Hash of the record before this one, so that an old one never comes back. */
  previousHash: nullable(bytesOf(32)),
  /** Sealed under the key of `nameBlock`, a block that this device can read, of that epoch. */
  sealedName: bytesUpTo(sealedNameSizeBytesMax),
  nameBlock: blockIdWire,
  nameKeyEpoch: u53,
  /** X-Wing: by it, in suite 2, keys are sealed to this device from now on (U25); null where it asks for suite 1. */
  hybridKey: nullable(bytesOf(hybridKeySizeBytes)),
})
export type DeviceBody = Decoded<typeof deviceBodyWire>

/** A device record with its signature; `hash` is what the next version names as its previous one. */
export interface SignedDevice extends Signed<DeviceBody> {
  readonly hash: Bytes
}

/** The octets that the device signs under `deviceDomain`. */
export const deviceBody = (fields: DeviceBody): Bytes => encode(deviceBodyWire, fields)

export const signedDevice = (fields: DeviceBody, body: Bytes, signature: Bytes): SignedDevice => ({
  fields,
  body,
  signature,
  hash: digest(`${deviceDomain}/hash`, body),
})

export const deviceRecordWire: Codec<SignedDevice> = refine(
  signedOver(deviceBodyWire, deviceSizeBytesMax, bytesOf(64)),
  ({ fields, body, signature }) => signedDevice(fields, body, signature),
  (device) => device,
)

export const claimOfDevice = ({ fields, body, signature }: SignedDevice): Claim =>
  signedBy(fields.credential, deviceDomain, body, signature)

/** Refuses a record that contradicts itself or is of another tree; the fold relies on it. */
export function checkDeviceShape({ fields }: SignedDevice, treeId: TreeId): Check {
  if (!equal(fields.treeId, treeId)) return refused('deviceForeign', 'This device introduces itself to another tree.')
  if (fields.version === 0 || (fields.version === 1) !== (fields.previousHash === null))
    return refused('recordInconsistent', 'This record contradicts itself; it was not used.')
  return ok
}

/** What keys are sealed to for a device. */
export const kemKeyOf = ({ credential, hybridKey }: Pick<DeviceBody, 'credential' | 'hybridKey'>): KemKey =>
  hybridKey === null ? { suite: 1, publicKey: credential.kemKey } : { suite: 2, publicKey: hybridKey }

const namePlace = (device: Principal): Bytes => concat(utf8('blocktree/1/deviceName'), device)

/** @param nonce 24 octets, fresh */
export const sealDeviceName = (key: Bytes, device: Principal, name: string, nonce: Bytes): Bytes =>
  sealText(key, name, namePlace(device), nonce)
/** @returns null where the key is another one, or what it opens is no name */
export const openDeviceName = (key: Bytes, { credential, sealedName }: DeviceBody): string | null =>
  openName(key, namePlace(principalOf(credential)), sealedName)

// --- what the root grants to it -------------------------------------------------------------------------------------------

/** The owner's own device reads and writes everywhere; a limited one has a single folder, until a date. */
export type Standing = 'own' | 'limited'

export const standingWire: Codec<Standing> = refine(
  u53,
  (code) => (code === 0 ? 'own' : code === 1 ? 'limited' : null),
  (standing) => (standing === 'own' ? 0 : 1),
)

/**
 * Where a device stands that the root gives this writecap. The root signs nothing else: what it saw is what is granted.
 * @returns refused for anything between the two, which nobody is asked about (design §10)
 */
export function standingOf({ issuer, scope, rights: granted }: Writecap): Result<Standing> {
  if (issuer.tag === 'root') {
    if (scope.ids.length === 0 && granted === allRights) return accepted('own')
    // A limited device passes nothing on; one that may only read holds a writecap without rights.
    if (scope.ids.length > 0 && (granted & ~(rights.write | rights.lock)) === 0) return accepted('limited')
  }
  return refused(
    'standingUnknown',
    'A device gets either the whole tree or one folder, and the owner’s passkey or card must say so.',
  )
}

/** Whether what the root gives a device ends soon enough. @param stampMs when it is given */
export const isTermWithin = ({ expiresAtMs }: Writecap, lifeMs: number, stampMs: number): boolean =>
  expiresAtMs <= stampMs + lifeMs + clockSlackMs

// --- how it is put out ----------------------------------------------------------------------------------------------------

const dismissalBodyWire = record('dismissal', 1, {
  treeId: treeIdWire,
  device: bytesOf(32),
  /** A device of the tree under its writecap, or the root through the credential set with that hash. */
  issuer: union({
    node: tuple({ author: publicCredentialWire, writecapHash: bytesOf(32) }),
    root: tuple({ setHash: bytesOf(32) }),
  }),
})
export type DismissalBody = Decoded<typeof dismissalBodyWire>

const dismissalSignatureWire = union({ node: bytesOf(64), root: rootSignatureWire })
type DismissalSignature =
  | { readonly tag: 'node'; readonly value: Bytes }
  | { readonly tag: 'root'; readonly value: RootSignature }

/** That a device is put out, with the signature of who says so. Final: a device comes back only under a new credential. */
export type Dismissal = Signed<DismissalBody, DismissalSignature>

/** The octets that are signed under `dismissalDomain`. */
export const dismissalBody = (fields: DismissalBody): Bytes => encode(dismissalBodyWire, fields)

export const dismissalWire: Codec<Dismissal> = signedOver(
  dismissalBodyWire,
  dismissalSizeBytesMax,
  dismissalSignatureWire,
)

/** @param setOf null where the tree never had such a set */
export function claimOfDismissal({ fields, body, signature }: Dismissal, setOf: SetOf): Result<Claim> {
  const { issuer } = fields
  if (issuer.tag === 'node' && signature.tag === 'node')
    return accepted(signedBy(issuer.value.author, dismissalDomain, body, signature.value))
  if (issuer.tag === 'root' && signature.tag === 'root') {
    const set = setOf(issuer.value.setHash)
    if (set === null)
      return refused('credentialSetUnknown', 'This removal was signed under a root that this tree does not know.')
    return rootClaim(set, dismissalDomain, body, signature.value)
  }
  return refused('issuerMismatch', 'This removal is signed by another kind of key than it names.')
}

export const deviceDismissed = () =>
  refused(
    'deviceDismissed',
    'This device was removed from the tree. It can join again with new keys: delete the site’s data there first.',
    'This device was removed from the tree.',
  )

/** How often the tree took a permission back, and a hash over all of these, in order. Of two heads the higher one is newer. */
export const revocationHeadWire = tuple({ sequence: u53, hash: bytesOf(32) })
export type RevocationHead = Decoded<typeof revocationHeadWire>
export const noRevocation: RevocationHead = { sequence: 0, hash: new Uint8Array(32) }

export const nextRevocation = ({ sequence, hash }: RevocationHead, { body }: Dismissal): RevocationHead => ({
  sequence: sequence + 1,
  hash: digest('blocktree/1/revocation', hash, body),
})
