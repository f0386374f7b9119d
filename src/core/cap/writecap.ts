/**
 * Writecaps: who may write where, until when.
 *
 * A writecap is a chain of signed grants that ends at the owner of the tree (paper §2, "A writecap contains…"). The owner's own
 * grant needs no signature: the tree id is the hash of the first credential set, so a chain ends with a grant that a member of
 * the set signed. Pure: the caller gives the time, signatures arrive checked; revocation is checked in the fold.
 * @module
 */
import {
  type Bytes,
  type Check,
  type Codec,
  type Decoded,
  type Result,
  accepted,
  bytesOf,
  bytesUpTo,
  decode,
  encode,
  equal,
  listOf,
  must,
  ok,
  parsed,
  record,
  refused,
  tuple,
  u53,
  union,
} from '../bytes/bytes.ts'
import {
  type Claim,
  type Principal,
  type RootSignature,
  type SetOf,
  digest,
  principalOf,
  publicCredentialWire,
  rootClaim,
  rootSignatureSizeBytesMax,
  rootSignatureWire,
  signedBy,
} from '../crypto/crypto.ts'
import { type IdPath, type TreeId, contains, idPathWire } from '../path/path.ts'
import { claimOfTogether, togetherOf, togetherWire } from './together.ts'

/** Longer chains are refused before any signature is looked at. */
export const chainLengthMax = 8
export const writecapSizeBytesMax = 4096
export const writecapDomain = 'blocktree/1/writecap'

/** What a writecap allows, explicitly; bits of one number on the wire. */
export const rights = { write: 1, grant: 2, lock: 4, mayRenew: 8 } as const
export const allRights = rights.write | rights.grant | rights.lock | rights.mayRenew

/** Who signed a grant: a node with its public key, or the tree's root through the credential set with that hash. */
const issuerWire = union({ node: publicCredentialWire, root: tuple({ setHash: bytesOf(32) }) })
export type Issuer = Decoded<typeof issuerWire>

export const writecapBodyWire = record('writecap', 1, {
  scope: idPathWire,
  holder: bytesOf(32),
  rights: u53,
  expiresAtMs: u53,
  issuer: issuerWire,
})
export type WritecapBody = Decoded<typeof writecapBodyWire>

const signatureWire = union({ node: bytesOf(64), root: rootSignatureWire, together: togetherWire })
export type WritecapSignature = Decoded<typeof signatureWire>

const signedWire = tuple({ body: bytesUpTo(writecapSizeBytesMax), signature: signatureWire })

/** One grant of a chain. `hash` names it in records. */
export interface Writecap extends WritecapBody {
  readonly body: Bytes
  readonly signature: WritecapSignature
  readonly hash: Bytes
}

/** From the writer's grant to the one that the root signed. */
export type Chain = readonly Writecap[]

const lengthWrong = refused('chainLength', `A chain of grants has 1 to ${chainLengthMax} links; this one has not.`)

declare const checkedMark: unique symbol
/** A value whose every signature was found valid. Made here alone: by `checkedWhere`, and by `trusted` where that was known before. */
export type Checked<T> = T & { readonly [checkedMark]: true }

/** Turns the platform's verdicts on the claims of `value` into the brand that folds ask for. */
export function checkedWhere<T extends object>(value: T, verdicts: readonly boolean[]): Result<Checked<T>> {
  if (verdicts.every(Boolean)) return accepted(trusted(value))
  return refused('signatureInvalid', 'A signature in this record is not valid; the record was not used.')
}

/**
 * The brand for a value whose signatures nobody needs to verify again: a part of what was checked as a whole, one read from what
 * was checked before it was sealed, or one made on this device. Whoever calls it says which.
 */
export const trusted = <T extends object>(value: T): Checked<T> => value as Checked<T>

export const writecapWire: Codec<Writecap> = {
  pack: ({ body, signature }) => signedWire.pack({ body, signature }),
  parse: (item) => {
    const { body, signature } = signedWire.parse(item)
    return withBody(parsed(decode(writecapBodyWire, body, writecapSizeBytesMax)), body, signature)
  },
}

// Field by field, since chains are decoded by the thousand and spreading costs an engine more than the rest of decoding them.
const withBody = (
  { scope, holder, rights: allowed, expiresAtMs, issuer }: WritecapBody,
  body: Bytes,
  signature: WritecapSignature,
): Writecap => ({ scope, holder, rights: allowed, expiresAtMs, issuer, body, signature, hash: writecapHash(body) })

/** Longer chains are refused before any of their links is read. */
export const chainWire: Codec<Chain> = listOf(writecapWire, chainLengthMax, lengthWrong)
/** No chain comes near it: the deepest scope makes a body of 1.4 KiB. */
export const chainSizeBytesMax = chainLengthMax * (writecapSizeBytesMax + rootSignatureSizeBytesMax)
export const decodeChain = (octets: Uint8Array): Result<Chain> => decode(chainWire, octets, chainSizeBytesMax)

export const writecapHash = (body: Bytes): Bytes => digest('blocktree/1/writecapHash', body)

/** A grant ready to be signed: the body's bytes are what the issuer signs under `writecapDomain`. */
export const writecapBody = (fields: WritecapBody): Bytes => encode(writecapBodyWire, fields)

export function writecapOf(body: Bytes, signature: WritecapSignature): Result<Writecap> {
  const decoded = decode(writecapBodyWire, body, writecapSizeBytesMax)
  return decoded.ok ? accepted(withBody(decoded.value, body, signature)) : decoded
}

/**
 * Grants that the root gives with one signature.
 * @param bodies of 1 to 64 grants whose issuer is the root
 * @returns what it has to sign under which domain, and the grants once it has
 */
export function grantsOfRoot(bodies: readonly Bytes[]): {
  readonly domain: string
  readonly body: Bytes
  readonly writecapsOf: (signature: RootSignature) => readonly Writecap[]
} {
  const writecaps = (signatures: readonly WritecapSignature[]): readonly Writecap[] =>
    bodies.map((body, at) => must(writecapOf(body, signatures[at]!)))
  if (bodies.length === 1)
    return {
      domain: writecapDomain,
      body: bodies[0]!,
      writecapsOf: (value) => writecaps([{ tag: 'root', value }]),
    }
  const { domain, body, partsOf } = togetherOf(bodies.map(writecapHash))
  return {
    domain,
    body,
    writecapsOf: (signature) => writecaps(partsOf(signature).map((value) => ({ tag: 'together', value }))),
  }
}

/**
 * The signatures of a chain, as claims for the platform to verify.
 * @param setOf null where the tree never had such a set
 */
export function claimsOfChain(chain: Chain, setOf: SetOf): Result<readonly Claim[]> {
  if (chain.length === 0 || chain.length > chainLengthMax) return lengthWrong
  const claims: Claim[] = []
  for (const link of chain) {
    const claim = claimOfWritecap(link, setOf)
    if (!claim.ok) return claim
    claims.push(claim.value)
  }
  return accepted(claims)
}

function claimOfWritecap({ body, hash, issuer, signature }: Writecap, setOf: SetOf): Result<Claim> {
  if (issuer.tag === 'node' && signature.tag === 'node')
    return accepted(signedBy(issuer.value, writecapDomain, body, signature.value))
  if (issuer.tag === 'root' && signature.tag !== 'node') {
    const set = setOf(issuer.value.setHash)
    if (set === null)
      return refused('credentialSetUnknown', 'This permission was signed under a root that this tree does not know.')
    return signature.tag === 'root'
      ? rootClaim(set, writecapDomain, body, signature.value)
      : claimOfTogether(set, hash, signature.value)
  }
  return refused('issuerMismatch', 'This permission is signed by another kind of key than it names.')
}

/**
 * Checks a chain against the path of what is to be written, at a given time.
 * @param chain signatures checked; the first grant is the writer's, the last is the root's
 * @param treeId the tree that the path must lie in, i.e. its owner
 * @param nowMs milliseconds since 1970, UTC; inside the fold the entry's stamped time
 * @returns `ok`, or the first rule that failed, in the paper's order
 */
export function checkWritecap(chain: Checked<Chain>, path: IdPath, treeId: TreeId, nowMs: number): Check {
  for (const rule of rules) {
    const check = rule(chain, path, treeId, nowMs)
    if (!check.ok) return check
  }
  return ok
}

type Rule = (chain: Checked<Chain>, path: IdPath, treeId: TreeId, nowMs: number) => Check

/** "The signature on every writecap in the chain is valid": said by the brand; an empty chain has no signature to be valid. */
const everySignatureIsValid: Rule = (chain) => (chain.length > 0 && chain.length <= chainLengthMax ? ok : lengthWrong)

/**
 * "The signing principal matches the principal the next writecap was issued to for every writecap in the chain." Beyond the paper,
 * link by link: nobody holds two of them, since who grants to himself, or comes round again, adds nothing but work; the issuer holds
 * `grant`; and none lasts longer than the one it comes from. Scopes and other rights narrow by themselves: every link must allow
 * what is done.
 */
const everyIssuerWasIssuedTheNext: Rule = (chain) => {
  for (let i = 0; i + 1 < chain.length; i++) {
    const { issuer } = chain[i]!
    const next = chain[i + 1]!
    if (issuer.tag !== 'node' || !equal(principalOf(issuer.value), next.holder)) {
      return refused('issuerNotHolder', 'This permission was passed on by someone who did not hold it.')
    }
    if (chain.slice(0, i + 1).some(({ holder }) => equal(holder, next.holder)))
      return refused('holderRepeated', 'This permission goes in a circle: somebody holds it twice.')
    if ((next.rights & rights.grant) === 0)
      return refused('grantMissing', 'This permission was passed on by someone who may not pass it on.')
    if (chain[i]!.expiresAtMs > next.expiresAtMs)
      return refused('expiryWidened', 'This permission claims to last longer than the one it comes from.')
  }
  return ok
}

/** "The path of the block is contained in the path of every writecap in the chain." */
const everyPathContainsTheBlock: Rule = (chain, path) =>
  chain.every(({ scope }) => contains(scope, path))
    ? ok
    : refused('pathOutsideScope', 'This permission is for another folder.', 'Your permission is for another folder.')

/** "The current timestamp is strictly less than the expiration of all the writecaps in the chain." */
const nothingHasExpired: Rule = (chain, _path, _treeId, nowMs) =>
  chain.every(({ expiresAtMs }) => nowMs < expiresAtMs)
    ? ok
    : refused(
        'writecapExpired',
        'The writer may no longer write here; its permission has ended.',
        'Your permission to write here has ended.',
      )

/** "The principal corresponding to the public key used to sign the last writecap in the chain, is the owner of the blocktree." */
const lastIssuerIsTheOwner: Rule = (chain, _path, treeId) => {
  const last = chain.at(-1)!
  return last.issuer.tag === 'root' && equal(last.scope.treeId, treeId)
    ? ok
    : refused('issuerNotOwner', 'This permission does not come from the owner of this tree.')
}

const rules: readonly Rule[] = [
  everySignatureIsValid,
  everyIssuerWasIssuedTheNext,
  everyPathContainsTheBlock,
  nothingHasExpired,
  lastIssuerIsTheOwner,
]

/** Whether every grant of the chain allows `right` (each link can only narrow). */
export function checkRight(chain: Chain, right: number): Check {
  const [own, ...above] = chain
  if (own !== undefined && (own.rights & right) === right && above.every((link) => (link.rights & right) === right))
    return ok
  return refused('rightMissing', 'This permission does not allow that.', 'Your permission does not allow that.')
}

export const isHeldBy = (chain: Chain, principal: Principal): boolean =>
  chain[0] !== undefined && equal(chain[0].holder, principal)
